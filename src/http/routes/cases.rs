//! Cases: list them, look at one, resolve it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderValue;

use super::{Ask, Call, IDEMPOTENT_REPLAYED, end_page, json};
use crate::engine::handle::{Answer, Handle, ProgramView};
use crate::engine::{CaseFilter, Whereabouts};
use crate::http::json::Json;
use crate::http::problem::{Code, Problem};
use crate::http::query::cursor;
use crate::http::render::{self, Names};
use crate::http::wire::ResolveWire;
use crate::ledger::desk::Case;
use crate::ledger::record::{Input, Record, Status};
use crate::ledger::review::{Resolution, Review};
use crate::ledger::types::{Seq, Text};
use crate::limits::{CASE_EVENTS_SHOWN, CASE_EVENTS_SHOWN_LISTED, EVIDENCE_EVENTS_NAMED_MAX, ID_BYTES_MAX};

/// `GET …/cases?status=&entity=&member=`: the most points at risk first.
pub async fn list(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let query = call.query(&["status", "entity", "member", "limit", "cursor"])?;
    let open = match query.get("status") {
        None | Some("all") => None,
        Some("open") => Some(true),
        Some("resolved" | "closed") => Some(false),
        Some(_) => return Err(Problem::parameter("status", "expected open, resolved or all")),
    };
    let after = query.cursor::<2>()?;
    let filter = CaseFilter {
        open,
        entity: query.get("entity").map(Text::new),
        member: query.get("member").map(Text::new),
        after: after.map(|[points, id]| (points, Seq::new(u64::try_from(id).unwrap_or(0)))),
        limit: query.limit()?,
    };
    let (cases, more) = call.edge.handle.cases(view.id, filter).await?;
    let view = call.view()?;
    let mut out = Json::with_capacity(cases.len() * 600 + 64);
    out.begin_object();
    out.key("data");
    out.begin_array();
    for case in &cases {
        write(&call, &view, &mut out, case, (CASE_EVENTS_SHOWN_LISTED, None)).await?;
    }
    out.end_array();
    let place = |case: &Arc<Case>| cursor(&[case.at_risk, i64::try_from(case.id.get()).unwrap_or(i64::MAX)]);
    let next = cases.last().filter(|_| more).map(place);
    end_page(&mut out, next.as_deref());
    Ok(json(StatusCode::OK, out))
}

/// `GET …/cases/{id}`.
pub async fn show(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let id = id(ask.param("case"))?;
    answer(&call, &view, id).await
}

/// `POST …/cases/{id}/resolve`.
pub async fn resolve(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let key = call.idempotency_key(ID_BYTES_MAX)?;
    let id = id(ask.param("case"))?;
    let asked = ask.read::<ResolveWire, _>(body).await?;
    let resolution = Resolution { case: id, key, ..asked };
    let answered = call.edge.handle.resolve(view.id, resolution).await?;
    let replayed = match &answered {
        Answer::Recorded(_) => false,
        Answer::Replayed(_) => true,
        Answer::Rejected(reject) => return Err(Problem::from(reject)),
    };
    let mut response = answer(&call, &view, id).await?;
    if replayed {
        response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
        call.edge.handle.metrics().replays(1);
    }
    Ok(response)
}

/// The record a case is named by.
fn id(text: &str) -> Result<Seq, Problem> {
    let number = text.strip_prefix("case_").unwrap_or(text);
    number.parse().map(Seq::new).map_err(|_| Problem::new(Code::UnknownCase, "there is no case with this id"))
}

async fn answer(call: &Call<'_>, view: &ProgramView, id: Seq) -> Result<Response, Problem> {
    let case = call.edge.handle.case(view.id, id).await?;
    let case = case.ok_or_else(|| Problem::new(Code::UnknownCase, "there is no case with this id"))?;
    let view = call.view()?;
    let mut out = Json::with_capacity(2_048);
    let found = call.edge.handle.whereabouts(view.id, &case).await?;
    write(call, &view, &mut out, &case, (CASE_EVENTS_SHOWN, Some(&found))).await?;
    Ok(json(StatusCode::OK, out))
}

/// Writes a case with the first of its records, what became of each, and where its points went, where that is wanted.
async fn write(
    call: &Call<'_>,
    view: &ProgramView,
    out: &mut Json,
    case: &Case,
    (most, found): (usize, Option<&Whereabouts>),
) -> Result<(), Problem> {
    let mut records: Vec<(Arc<Record>, Option<Arc<Record>>)> = Vec::new();
    for seq in case.held.iter().chain(&case.referred).take(most) {
        let Some(record) = call.edge.handle.record(*seq).await? else { continue };
        let released = match case.closed {
            Some(_) if record.status == Status::Held => call.edge.handle.released(view.id, *seq).await?,
            _ => None,
        };
        records.push((record, released));
    }
    let known = evidence(&call.edge.handle, records.iter().map(|(record, _)| record.as_ref()))?;
    let names = Names { events: Some(&known), ..Names::new(&view.state, &view.compiled.terms) };
    let listed: Vec<_> = records.iter().map(|(record, released)| (record.as_ref(), released.as_deref())).collect();
    let traced = found.map(|found| (found, call.edge.handle.now()));
    render::case(out, case, &listed, traced, names);
    Ok(())
}

/// Source and id of the events that records' reasons counted, so many of them as an answer names.
pub fn evidence<'a>(
    handle: &Handle,
    records: impl Iterator<Item = &'a Record>,
) -> Result<HashMap<Seq, (Text, Text)>, Problem> {
    let reasons = records.flat_map(|record| &record.fraud.reasons);
    let mut counted = BTreeSet::new();
    for seq in reasons.filter_map(|reason| reason.evidence.as_ref()).flat_map(|evidence| &evidence.events) {
        if counted.len() < EVIDENCE_EVENTS_NAMED_MAX {
            counted.insert(*seq);
        }
    }
    if counted.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(handle.events(&counted)?)
}

/// The same of answers to writes.
pub fn evidence_of(handle: &Handle, answers: &[Answer]) -> Result<HashMap<Seq, (Text, Text)>, Problem> {
    evidence(handle, answers.iter().filter_map(Answer::record))
}

/// What became of a record that was held, where its case was closed.
pub async fn released(call: &Call<'_>, view: &ProgramView, record: &Record) -> Result<Option<Arc<Record>>, Problem> {
    if record.status != Status::Held {
        return Ok(None);
    }
    let found = call.edge.handle.released(view.id, record.seq).await?;
    Ok(found.filter(|found| matches!(&found.input, Input::Review(of) if matches!(**of, Review::Release(_)))))
}

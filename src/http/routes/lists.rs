//! Lists of a program's events and members. A page does bounded work, so one that filters much may hold few rows, or none, and
//! still say that more follow.

use std::ops::ControlFlow;
use std::sync::Arc;

use axum::response::Response;
use hyper::StatusCode;

use super::{Ask, Call, cases, end_page, json, off_network};
use crate::engine::handle::ProgramView;
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::http::query::{Query, cursor};
use crate::http::render::{self, Names};
use crate::ledger::decide::settled;
use crate::ledger::event::EventKind;
use crate::ledger::record::{Input, Record, Status};
use crate::ledger::types::{NameId, Seq, Text, TimeMs};
use crate::limits::{FUTURE_MS_MAX, LIST_EXAMINED_MAX, MEMBERS_EXAMINED_MAX};

/// Which events are wanted.
#[derive(Clone, Debug)]
struct Wanted {
    kind: Option<EventKind>,
    order: Option<Text>,
    from: Option<TimeMs>,
    to: Option<TimeMs>,
    status: Option<Status>,
}

impl Wanted {
    fn read(query: &Query, view: &ProgramView) -> Result<Self, Problem> {
        let (from, to) = query.period(&view.compiled.terms.zone)?;
        let kind = match query.get("type") {
            None => None,
            Some(name) => {
                Some(EventKind::parse(name).ok_or_else(|| Problem::parameter("type", "is not a type of events"))?)
            }
        };
        let status = match query.get("status") {
            None => None,
            Some("posted") => Some(Status::Posted),
            Some("held") => Some(Status::Held),
            Some("denied") => Some(Status::Denied),
            Some(_) => return Err(Problem::parameter("status", "expected posted, held or denied")),
        };
        Ok(Self { kind, order: query.get("order").map(Text::new), from, to, status })
    }

    fn matches(&self, record: &Record) -> bool {
        let Input::Event(event) = &record.input else { return false };
        self.kind.as_ref().is_none_or(|kind| event.kind == *kind)
            && self.order.as_ref().is_none_or(|order| event.order() == order)
            && self.from.is_none_or(|from| event.occurred_at >= from)
            && self.to.is_none_or(|to| event.occurred_at < to)
            && self.status.is_none_or(|status| record.status == status || record.status == Status::Held)
    }

    /// Whether a matching record stands where it is wanted to: a held one by what became of it.
    fn stands(&self, record: &Record, released: Option<&Record>) -> bool {
        self.status.is_none_or(|status| render::standing(record, released) == render::status_name(status))
    }

    /// Whether no event recorded at an instant or before can match: an event lies at most so far ahead of its record.
    fn is_past(&self, recorded_at: TimeMs) -> bool {
        self.from.is_some_and(|from| recorded_at.plus_ms(FUTURE_MS_MAX) < from)
    }
}

/// `GET …/events?member=&type=&order=&from=&to=&status=`: a member's events oldest first; without `member` those of all, newest
/// first.
pub async fn events(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let query = call.query(&["member", "type", "order", "from", "to", "status", "limit", "cursor"])?;
    let wanted = Wanted::read(&query, &view)?;
    let limit = query.limit()?;
    let standing = wanted.clone();
    let (records, next) = if let Some(member) = query.get("member") {
        let after = query.cursor::<1>()?.map_or(Seq::ZERO, |[seq]| seq_of(seq));
        of_member(&call, &view, member, &wanted, (after, limit)).await?
    } else {
        let before = query.cursor::<2>()?.map_or(Seq::new(u64::MAX), |[seq, _]| seq_of(seq));
        of_all(&call, &view, wanted, (before, limit)).await?
    };
    let view = call.view()?;
    let known = cases::evidence(&call.edge.handle, records.iter().map(Arc::as_ref))?;
    let mut out = Json::with_capacity(records.len() * 640 + 64);
    out.begin_object();
    out.key("data");
    out.begin_array();
    for record in &records {
        let released = cases::released(&call, &view, record).await?;
        if standing.stands(record, released.as_deref()) {
            let names = Names { events: Some(&known), released: released.as_deref(), ..Names::of(&view) };
            render::event(&mut out, record, names, false);
        }
    }
    out.end_array();
    end_page(&mut out, next.as_deref());
    Ok(json(StatusCode::OK, out))
}

/// A page of records, and the cursor to the next.
type Rows = (Vec<Arc<Record>>, Option<String>);

fn seq_of(number: i64) -> Seq {
    Seq::new(u64::try_from(number).unwrap_or(0))
}

fn number(seq: Seq) -> i64 {
    i64::try_from(seq.get()).unwrap_or(i64::MAX)
}

async fn of_member(
    call: &Call<'_>,
    view: &ProgramView,
    member: &str,
    wanted: &Wanted,
    (after, limit): (Seq, usize),
) -> Result<Rows, Problem> {
    let records = call.edge.handle.history(view.id, member).await?;
    let mut matching = records.into_iter().filter(|record| record.seq > after && wanted.matches(record));
    let rows: Vec<Arc<Record>> = matching.by_ref().take(limit).collect();
    let next = matching.next().and(rows.last()).map(|last| cursor(&[number(last.seq)]));
    Ok((rows, next))
}

async fn of_all(
    call: &Call<'_>,
    view: &ProgramView,
    wanted: Wanted,
    (before, limit): (Seq, usize),
) -> Result<Rows, Problem> {
    let (handle, program) = (call.edge.handle.clone(), view.id);
    off_network(move || {
        let mut rows: Vec<Arc<Record>> = Vec::new();
        let (mut examined, mut more) = (0, false);
        let shown = handle.walk_back(before, &mut |record| {
            examined += 1;
            if wanted.is_past(record.recorded_at) {
                return ControlFlow::Break(());
            }
            if record.program == program && wanted.matches(&record) {
                if rows.len() == limit {
                    more = true;
                    return ControlFlow::Break(());
                }
                rows.push(Arc::new(record));
            }
            if examined == LIST_EXAMINED_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        let next = if more {
            rows.last().map(|last| last.seq)
        } else {
            // The work of a page is done, and there are records that it did not come to.
            (examined == LIST_EXAMINED_MAX && shown > Seq::new(1)).then_some(shown)
        };
        Ok((rows, next.map(|seq| cursor(&[number(seq), 0]))))
    })
    .await?
}

/// `GET …/members?tier=&from=&to=`: in the order of their ids' bytes; `from` and `to` are about the time of enrolment.
pub async fn members(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let query = call.query(&["tier", "from", "to", "limit", "cursor"])?;
    let (from, to) = query.period(&view.compiled.terms.zone)?;
    let tier = tier(&query, &view)?;
    let limit = query.limit()?;
    let mut after = query.text_cursor()?.unwrap_or_default();
    let now = call.edge.handle.now();
    let names = Names::new(&view.state, &view.compiled.terms);
    let mut out = Json::with_capacity(limit * 512);
    out.begin_object();
    out.key("data");
    out.begin_array();
    let (mut written, mut examined, mut more) = (0, 0, true);
    'pages: while more && examined < MEMBERS_EXAMINED_MAX {
        let count = if tier.is_some() || from.is_some() || to.is_some() { MEMBERS_EXAMINED_MAX } else { limit + 1 };
        let (handle, program, from_id) = (call.edge.handle.clone(), view.id, after.clone());
        let rows = off_network(move || handle.member_rows(program, &from_id, count)).await??;
        more = rows.len() == count;
        for (id, row) in rows {
            if written == limit {
                more = true;
                break 'pages;
            }
            examined += 1;
            let member = match row {
                Some(member) => Some(member),
                None => call.edge.handle.member(view.id, &id).await?,
            };
            after = id.to_string();
            let Some(member) = member else { continue };
            let member = settled(&member, &view.compiled.terms, now);
            let wanted = tier.is_none_or(|tier| member.tier == Some(tier))
                && from.is_none_or(|from| member.enrolled_at >= from)
                && to.is_none_or(|to| member.enrolled_at < to);
            if wanted {
                render::member(&mut out, &id, &member, names, now);
                written += 1;
            }
        }
    }
    out.end_array();
    let next = more.then(|| Query::cursor_of(&after));
    end_page(&mut out, next.as_deref());
    Ok(json(StatusCode::OK, out))
}

/// The tier asked for, which must be one of the program's.
fn tier(query: &Query, view: &ProgramView) -> Result<Option<NameId>, Problem> {
    let Some(name) = query.get("tier") else { return Ok(None) };
    let tiers = view.compiled.terms.tiers.iter().flat_map(|tiers| &tiers.levels);
    let found = tiers.map(|level| level.name).find(|tier| view.state.name_of(*tier) == name);
    found.map(Some).ok_or_else(|| Problem::parameter("tier", "is not a tier of the program"))
}

//! Events: post one, read one by its natural key, list a member's, simulate.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::Body as HttpBody;
use hyper::header::HeaderValue;

use super::{Ask, Call, IDEMPOTENT_REPLAYED, cases, json, rulesets};
use crate::engine::handle::{Answer, Command, ProgramView};
use crate::engine::simulate::Simulated;
use crate::http::json::Json;
use crate::http::problem::{Code, Problem};
use crate::http::query::decode;
use crate::http::render::{self, Names};
use crate::http::tally;
use crate::http::wire::{self, EventWire, SimulateWire};
use crate::ledger::event::Event;
use crate::ledger::record::{Record, Status};

/// `POST …/events`.
pub async fn post_event<B: HttpBody<Data = Bytes>>(call: &Call<'_>, body: B) -> Result<Response, Problem> {
    let view = call.view()?;
    let whole = call.body(body).await?;
    let event = wire::read::<EventWire>(&whole.bytes)?;
    submit(call, &view, Arc::new(event)).await
}

/// `POST …/events`, through the router.
pub async fn post(ask: Ask, body: Body) -> Result<Response, Problem> {
    post_event(&ask.call(), body).await
}

/// Does one event and answers it.
pub async fn submit(call: &Call<'_>, view: &ProgramView, event: Arc<Event>) -> Result<Response, Problem> {
    let answer = submit_one(call, view, Command::Event(event)).await?;
    // Rules may have changed meanwhile: the names of today include those of every record.
    let view = call.view()?;
    let minimal = call.wants_minimal();
    let known =
        if minimal { HashMap::new() } else { cases::evidence_of(&call.edge.handle, std::slice::from_ref(&answer))? };
    let names = Names { events: Some(&known), ..Names::of(&view) };
    respond(call, &answer, |out, record| {
        if minimal {
            render::event_minimal(out, record, false);
        } else {
            render::event(out, record, names, false);
        }
    })
}

/// Hands one command to the engine.
pub async fn submit_one(call: &Call<'_>, view: &ProgramView, command: Command) -> Result<Answer, Problem> {
    let mut answers = call.edge.handle.submit(view.id, vec![command]).await?;
    tally::records(call.edge.handle.metrics(), &view.state.name, &answers);
    answers.pop().ok_or_else(|| Problem::new(Code::ReadFailed, "the engine gave no answer"))
}

/// The response to a write: 201, 202 where it waits for a review, 200 with a header where it was done before.
pub fn respond(call: &Call<'_>, answer: &Answer, write: impl FnOnce(&mut Json, &Record)) -> Result<Response, Problem> {
    let (record, replayed) = match answer {
        Answer::Recorded(record) => (&**record, false),
        Answer::Replayed(record) => (&**record, true),
        Answer::Rejected(reject) => return Err(Problem::from(reject)),
    };
    let status = match record.status {
        _ if replayed => StatusCode::OK,
        Status::Held => StatusCode::ACCEPTED,
        Status::Posted | Status::Denied => StatusCode::CREATED,
    };
    let mut out = Json::with_capacity(1_024);
    write(&mut out, record);
    let mut response = json(status, out);
    if replayed {
        response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
        call.edge.handle.metrics().replays(1);
    }
    Ok(response)
}

/// `GET …/events/{source}/{id}`. A source's own slashes may be encoded or not; an id's are encoded.
pub async fn show(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let unknown = || Problem::new(Code::UnknownEvent, "no event with this source and id was recorded");
    // The raw path: `/v1/programs/{program}/events/{source}/{id}`.
    let key = call.uri.path().splitn(6, '/').nth(5).unwrap_or_default();
    let (source, id) = key.rsplit_once('/').ok_or_else(unknown)?;
    let (source, id) = (decode(source).ok_or_else(unknown)?, decode(id).ok_or_else(unknown)?);
    // A NUL in front would name a write that was no event.
    if source.contains('\0') {
        return Err(unknown());
    }
    let record = call.edge.handle.event(view.id, &source, &id).await?.ok_or_else(unknown)?;
    let view = call.view()?;
    let known = cases::evidence(&call.edge.handle, std::iter::once(record.as_ref()))?;
    let released = cases::released(&call, &view, &record).await?;
    let names = Names { events: Some(&known), released: released.as_deref(), ..Names::of(&view) };
    let mut out = Json::with_capacity(1_024);
    render::event(&mut out, &record, names, false);
    Ok(json(StatusCode::OK, out))
}

/// `POST …/simulate`.
pub async fn simulate(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let asked = ask.read::<SimulateWire, _>(body).await?;
    let version = match asked.ruleset.as_deref() {
        None => None,
        Some(name) => {
            let version = rulesets::named_version(name, &view)?;
            Some(rulesets::compile(&call, &view, version).await?.compiled)
        }
    };
    let event = Arc::new(asked.event);
    let Simulated { asked: outcome, live } =
        call.edge.handle.simulate(view.id, Arc::clone(&event), asked.at, version).await?;
    let view = call.view()?;
    let names = Names { simulated: true, ..Names::of(&view) };
    let record = outcome.record.map_err(|reject| Problem::from(&reject))?;
    let mut out = Json::with_capacity(2_048);
    let live = live.as_ref().map(|live| (&live.record, live.trace.as_slice()));
    render::simulation(&mut out, &record, names, asked.explain.then_some(outcome.trace.as_slice()), live);
    Ok(json(StatusCode::OK, out))
}

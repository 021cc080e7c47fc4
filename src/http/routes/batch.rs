//! Batches of events and transfers: parsed, done as one job in order, answered element by element.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::Body as HttpBody;
use hyper::header::{ACCEPT, HeaderName, HeaderValue};

use super::{Ask, Call, IDEMPOTENT_REPLAYED, answer, cases};
use crate::engine::handle::{Answer, Command, Prepared};
use crate::http::body::{self, Format};
use crate::http::edge::Settings;
use crate::http::json::Json;
use crate::http::problem::{Code, Problem};
use crate::http::render::{self, Names};
use crate::http::tally;
use crate::http::wire::{self, EventWire, TransferWire, Wire};
use crate::ledger::record::{Input, Record};
use crate::ledger::types::Text;
use crate::limits::{BATCH_KEY_BYTES_MAX, ON_REACTOR_BYTES_MAX};

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// `POST …/events/batch`, through the router.
pub async fn events(ask: Ask, body: Body) -> Result<Response, Problem> {
    post_events(&ask.call(), body).await
}

/// `POST …/transfers/batch`, through the router.
pub async fn transfers(ask: Ask, body: Body) -> Result<Response, Problem> {
    post_transfers(&ask.call(), body).await
}

/// `POST …/events/batch`.
pub async fn post_events<B: HttpBody<Data = Bytes>>(call: &Call<'_>, body: B) -> Result<Response, Problem> {
    run::<EventWire, _, B>(call, body, |event, _| Command::Event(Arc::new(event))).await
}

/// `POST …/transfers/batch`. An `Idempotency-Key` of the request gives each element one of its own.
pub async fn post_transfers<B: HttpBody<Data = Bytes>>(call: &Call<'_>, body: B) -> Result<Response, Problem> {
    let key = call.idempotency_key(BATCH_KEY_BYTES_MAX)?;
    run::<TransferWire, _, B>(call, body, move |transfer, at| {
        Command::Transfer(Arc::new(transfer), element_key(&key, at))
    })
    .await
}

/// The key of a batch's element. The separator cannot stand in a header, so no single request can use such a key.
fn element_key(key: &Text, at: usize) -> Text {
    if key.is_empty() { Text::default() } else { smol_str::format_smolstr!("{key}\u{1f}{at}") }
}

/// A batch that was read: what to do, and what each element became so far.
struct Parsed {
    prepared: Prepared,
    /// In order; `None` stands for the next command.
    problems: Vec<Option<Problem>>,
}

async fn run<W, I, B>(
    call: &Call<'_>,
    body: B,
    to_command: impl Fn(I, usize) -> Command + Send + 'static,
) -> Result<Response, Problem>
where
    W: for<'de> Wire<'de, Input = I>,
    I: 'static,
    B: HttpBody<Data = Bytes>,
{
    let view = call.view()?;
    let format = body::format(call.headers, true)?;
    let Settings { batch_body_bytes, body_read, .. } = call.edge.settings;
    let whole = body::read(&call.edge.bodies, call.headers, body, batch_body_bytes, body_read).await?;
    let size = whole.bytes.len();
    let bytes = whole.bytes.clone();
    let (handle, program) = (call.edge.handle.clone(), view.id);
    let parsed = off_reactor(size, move || {
        let (commands, problems) = parse::<W, I>(&bytes, format, to_command)?;
        Ok::<_, Problem>(Parsed { prepared: handle.prepare(program, commands), problems })
    });

    let Parsed { prepared, problems } = parsed.await?;
    let answers = if prepared.is_empty() { Vec::new() } else { call.edge.handle.submit_prepared(prepared).await? };
    let replays = answers.iter().filter(|answer| matches!(answer, Answer::Replayed(_))).count();
    let elements = problems.len();
    let metrics = call.edge.handle.metrics();
    metrics.replays(replays.try_into().unwrap_or(u64::MAX));
    tally::records(metrics, &view.state.name, &answers);
    tally::refused_elements(metrics, &problems, &answers);

    // Rules may have changed meanwhile: the names of today include those of every record.
    let view = call.view()?;
    let minimal = call.wants_minimal();
    let lines = body::names(call.headers, &ACCEPT, "application/x-ndjson");
    let request_id = Text::new(call.request_id);
    let style = Style { lines, minimal };
    let handle = call.edge.handle.clone();
    let out = off_reactor(size, move || {
        let known = if minimal { HashMap::new() } else { cases::evidence_of(&handle, &answers)? };
        let names = Names { events: Some(&known), ..Names::of(&view) };
        Ok::<_, Problem>(write(names, &problems, &answers, style, &request_id))
    });
    let out = out.await?;
    let media = if lines { "application/x-ndjson" } else { "application/json" };
    let mut response = answer(StatusCode::OK, media, out);
    if replays > 0 && replays == elements {
        response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
    if minimal {
        response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static("return=minimal"));
    }
    Ok(response)
}

/// Does long work on a thread that answers no other request.
async fn off_reactor<T: Send + 'static>(size: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
    if size <= ON_REACTOR_BYTES_MAX {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Work is only cancelled while the runtime shuts down, when nothing waits for the answer.
            Err(_) => std::future::pending().await,
        },
    }
}

fn parse<W, I>(
    bytes: &[u8],
    format: Format,
    to_command: impl Fn(I, usize) -> Command,
) -> Result<(Vec<Command>, Vec<Option<Problem>>), Problem>
where
    W: for<'de> Wire<'de, Input = I>,
{
    let elements = match format {
        Format::Json => wire::array::<W, _>(bytes, to_command)?,
        Format::Ndjson => wire::ndjson::<W, _>(bytes, to_command)?,
    };
    let mut commands = Vec::with_capacity(elements.len());
    let mut problems = Vec::with_capacity(elements.len());
    for element in elements {
        problems.push(element.map(|command| commands.push(command)).err());
    }
    Ok((commands, problems))
}

#[derive(Clone, Copy)]
struct Style {
    lines: bool,
    minimal: bool,
}

fn write(
    names: Names<'_>,
    problems: &[Option<Problem>],
    answers: &[Answer],
    style: Style,
    request_id: &str,
) -> Vec<u8> {
    let mut out = Json::with_capacity(problems.len() * if style.minimal { 96 } else { 640 } + 32);
    if !style.lines {
        out.begin_object();
        out.key("results");
        out.begin_array();
    }
    let mut answers = answers.iter();
    for problem in problems {
        let reject;
        let element = match problem {
            Some(problem) => Err(problem),
            None => match answers.next() {
                Some(Answer::Recorded(record)) => Ok((&**record, false)),
                Some(Answer::Replayed(record)) => Ok((&**record, true)),
                Some(Answer::Rejected(refused)) => {
                    reject = Problem::from(refused);
                    Err(&reject)
                }
                // The engine answers every command; a missing answer would be its bug, and is told as a failure.
                None => {
                    reject = Problem::new(Code::ReadFailed, "the engine gave no answer for this element");
                    Err(&reject)
                }
            },
        };
        match element {
            Ok((record, replayed)) => write_record(&mut out, record, names, replayed, style.minimal),
            Err(problem) => {
                out.begin_object();
                out.key("problem");
                problem.write(&mut out, request_id);
                out.end_object();
            }
        }
        if style.lines {
            out.end_line();
        }
    }
    if !style.lines {
        out.end_array();
        out.end_object();
    }
    out.into_bytes()
}

fn write_record(out: &mut Json, record: &Record, names: Names<'_>, replayed: bool, minimal: bool) {
    match &record.input {
        _ if minimal => render::event_minimal(out, record, replayed),
        Input::Transfer(transfer, _) => render::transfer(out, record, transfer, names, replayed),
        _ => render::event(out, record, names, replayed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_elements_differ_from_every_key_of_a_request() {
        assert_eq!(element_key(&Text::default(), 3), "");
        let key = element_key(&Text::new("k"), 3);
        assert!(key != element_key(&Text::new("k"), 4) && key.bytes().any(|b| b.is_ascii_control()));
    }
}

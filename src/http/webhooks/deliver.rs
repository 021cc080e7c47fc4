//! Delivery: one task an endpoint, from its position onwards through what is durable, each message until it is taken. What an
//! endpoint fails to take holds up only itself, and after days of failing it is disabled, never skipped.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::handshake;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, watch};
use tokio::time::{sleep, timeout};

use super::registry::{Endpoint, Health, Registry, Status, covers};
use super::sign::signature;
use super::target::Target;
use crate::http::edge::Edge;
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::http::render::{self, Names, status_name};
use crate::http::routes::off_network;
use crate::http::tally;
use crate::ledger::record::{Input, KeyField, Reason, Record};
use crate::ledger::review::Review;
use crate::ledger::types::Seq;
use crate::limits::{FEED_EXAMINED_MAX, FOLLOW_LOOK_MS, WEBHOOK_RETRIES, WEBHOOK_RETRY_MS_DEFAULT, WEBHOOK_TIMEOUT_MS};

/// How often new endpoints are looked for.
const LOOK: Duration = Duration::from_millis(200);

/// Something to send.
struct Message {
    seq: Seq,
    body: Vec<u8>,
}

/// What became of an attempt.
enum Attempt {
    Taken,
    /// The receiver wants no more, ever.
    Gone,
    Failed(String),
}

/// Sends to all endpoints for as long as the server runs.
pub async fn run(edge: Arc<Edge>) {
    let Some(registry) = edge.webhooks.clone() else { return };
    let served: Arc<Mutex<HashSet<String>>> = Arc::default();
    let mut closing = edge.closing();
    loop {
        for endpoint in registry.all().into_iter().filter(|endpoint| endpoint.status == Status::Enabled) {
            if served.lock().await.insert(endpoint.id.clone()) {
                let (edge, registry, served) = (Arc::clone(&edge), Arc::clone(&registry), Arc::clone(&served));
                tokio::spawn(async move {
                    serve(&edge, &registry, &endpoint.program, &endpoint.id).await;
                    served.lock().await.remove(&endpoint.id);
                });
            }
        }
        if rest(&mut closing, LOOK).await {
            return;
        }
    }
}

/// Waits; true where the server closes meanwhile.
async fn rest(closing: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::select! {
        () = sleep(time) => false,
        _ = closing.changed() => true,
    }
}

/// Sends to one endpoint until it is disabled or deleted, or the server closes.
async fn serve(edge: &Arc<Edge>, registry: &Registry, program: &str, id: &str) {
    let mut closing = edge.closing();
    let mut at = registry.position(id);
    loop {
        let Some(endpoint) = registry.get(program, id).filter(|one| one.status == Status::Enabled) else { return };
        if at >= edge.handle.status().durable_seq {
            if rest(&mut closing, Duration::from_millis(FOLLOW_LOOK_MS)).await {
                return;
            }
            continue;
        }
        let (reading, wanted) = (Arc::clone(edge), Arc::clone(&endpoint));
        let Ok(Ok((message, shown))) = off_network(move || next(&reading, &wanted, at)).await else { return };
        let Some(message) = message else {
            at = shown;
            continue;
        };
        let outcome = attempt(edge, &endpoint, &message).await;
        edge.handle.metrics().webhook(matches!(outcome, Attempt::Taken));
        match outcome {
            Attempt::Taken => {
                at = message.seq;
                registry.note(id, Health::default());
                if let Err(error) = registry.store_position(id, at) {
                    tracing::error!(%error, endpoint = id, "a webhook's position could not be kept");
                }
            }
            Attempt::Gone => return disable(registry, &endpoint, "it answered 410"),
            Attempt::Failed(why) => {
                let failures = registry.health(id).failures + 1;
                registry.note(id, Health { failures, last_error: Some(why.clone()) });
                let Some(factor) = failures.checked_sub(1).and_then(|at| WEBHOOK_RETRIES.get(at)) else {
                    return disable(registry, &endpoint, &why);
                };
                tracing::debug!(endpoint = id, %why, failures, "a webhook was not delivered");
                let first = edge.webhook_retry_ms.unwrap_or(WEBHOOK_RETRY_MS_DEFAULT);
                if rest(&mut closing, Duration::from_millis(first.saturating_mul(*factor))).await {
                    return;
                }
            }
        }
    }
}

fn disable(registry: &Registry, endpoint: &Endpoint, why: &str) {
    tracing::warn!(endpoint = endpoint.id, why, "a webhook endpoint is disabled");
    if let Err(error) = registry.change(&endpoint.program, &endpoint.id, |one| one.status = Status::Disabled) {
        tracing::error!(%error, "a webhook endpoint could not be disabled");
    }
    registry.note(&endpoint.id, Health { failures: 0, last_error: Some(format!("disabled: {why}")) });
}

/// The next message after a record, and the latest record that was looked at.
fn next(edge: &Edge, endpoint: &Endpoint, after: Seq) -> Result<(Option<Message>, Seq), Problem> {
    let view = edge.program(&endpoint.program)?;
    let names = Names::new(&view.state, &view.compiled.terms);
    let (mut found, mut examined) = (None, 0);
    let shown = edge.handle.walk(after, &mut |record| {
        examined += 1;
        if record.program == view.id
            && let Some(kind) = kind_for(&record, &endpoint.events)
        {
            found = Some(Message { seq: record.seq, body: body(&record, &kind, names) });
        }
        if found.is_some() || examined == FEED_EXAMINED_MAX {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok((found, shown))
}

/// The type of a record's message: what it was, and whether it stands.
fn kind_of(record: &Record) -> String {
    format!("{}.{}", tally::kind(record), status_name(record.status))
}

/// The type of a record's message to an endpoint, where it wants one: what fraud checks did to themselves or to earlier decisions
/// has a type of its own for who names it.
fn kind_for(record: &Record, wanted: &[String]) -> Option<String> {
    let wants = |kind: &str| wanted.iter().any(|pattern| covers(pattern, kind));
    let named = of_fraud(record).filter(|kind| wanted.iter().any(|p| p.starts_with("fraud.") && covers(p, kind)));
    let kind = || Some(kind_of(record)).filter(|kind| wanted.is_empty() || wants(kind));
    named.map(str::to_owned).or_else(kind)
}

/// A rule that was silenced for all; decisions that a late event would have changed.
fn of_fraud(record: &Record) -> Option<&'static str> {
    match &record.input {
        Input::Review(review) => match review.as_ref() {
            Review::List(change) if change.allow && change.kind == KeyField::Rule && change.put.is_some() => {
                Some("fraud.rule_silenced")
            }
            _ => None,
        },
        _ => record.fraud.reasons.iter().any(Reason::is_retro).then_some("fraud.retro_verdict"),
    }
}

fn body(record: &Record, kind: &str, names: Names<'_>) -> Vec<u8> {
    let mut out = Json::with_capacity(1_024);
    out.begin_object();
    out.field("type", kind);
    out.time_field("timestamp", record.recorded_at);
    out.key("data");
    render::record(&mut out, record, names);
    out.end_object();
    out.into_bytes()
}

async fn attempt(edge: &Edge, endpoint: &Endpoint, message: &Message) -> Attempt {
    let sending = timeout(Duration::from_millis(WEBHOOK_TIMEOUT_MS), send(edge, endpoint, message)).await;
    match sending.unwrap_or_else(|_| Err(format!("no answer within {WEBHOOK_TIMEOUT_MS} ms"))) {
        Ok(status) if status.is_success() => Attempt::Taken,
        Ok(StatusCode::GONE) => Attempt::Gone,
        // A redirect is not followed: where it leads was not allowed by anyone.
        Ok(status) => Attempt::Failed(format!("it answered {status}")),
        Err(why) => Attempt::Failed(why),
    }
}

async fn send(edge: &Edge, endpoint: &Endpoint, message: &Message) -> Result<StatusCode, String> {
    let target = Target::parse(&endpoint.url)?;
    let address = target.resolve(edge.webhooks_private).await?;
    let id = format!("msg_{}_{}", endpoint.id.trim_start_matches("whe_"), message.seq);
    let now = Timestamp::now().as_second();
    let signed = signature(&endpoint.secret, &id, now, &message.body).ok_or("the secret cannot be read")?;
    let request = Request::post(&target.path)
        .header(HOST, &target.authority)
        .header(USER_AGENT, concat!("tallystick/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", now)
        .header("webhook-signature", signed)
        .body(Full::new(Bytes::from(message.body.clone())))
        .map_err(|error| error.to_string())?;
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let open = tokio::spawn(connection);
    // Only the status is read; the connection, and with it whatever else would come, is let go.
    let answered = sender.send_request(request).await.map(|response| response.status());
    open.abort();
    answered.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::record::{Assessment, Status, Verdict};
    use crate::ledger::types::{ProgramId, Text, TimeMs};

    #[test]
    fn what_is_of_fraud_goes_by_its_own_name_to_who_asks_for_it() {
        let late = Reason::plain(Text::default(), Verdict::Flag, 0, format!("{}1 earlier decision", "came late: "));
        let record = |reasons| Record {
            seq: Seq::new(1),
            program: ProgramId::new(0),
            recorded_at: TimeMs::EPOCH,
            occurred_at: TimeMs::EPOCH,
            ruleset: 1,
            input: Input::Due(Text::new("m")),
            status: Status::Posted,
            parties: Vec::new(),
            effects: Vec::new(),
            clipped: Vec::new(),
            fraud: Assessment { reasons, ..Assessment::default() },
            observed: Vec::new(),
            operations: 0,
            faults: Vec::new(),
        };
        let (retro, plain) = (record(vec![late]), record(Vec::new()));
        for (record, wanted, kind) in [
            (&retro, &["fraud.*"][..], Some("fraud.retro_verdict")),
            (&retro, &["due.*", "fraud.retro_verdict"], Some("fraud.retro_verdict")),
            (&retro, &["fraud.rule_silenced", "due.posted"], Some("due.posted")),
            (&retro, &[], Some("due.posted")),
            (&retro, &["*"], Some("due.posted")),
            (&plain, &["fraud.*"], None),
        ] {
            let wanted: Vec<String> = wanted.iter().map(|pattern| (*pattern).to_owned()).collect();
            assert_eq!(kind_for(record, &wanted).as_deref(), kind, "{wanted:?}");
        }
    }
}

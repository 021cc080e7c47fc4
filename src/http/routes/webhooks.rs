//! Webhook endpoints of a program: made, listed, changed, deleted. A secret is shown once, when it is made.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderValue;

use super::{Ask, IDEMPOTENT_REPLAYED, end_page, json};
use crate::http::json::Json;
use crate::http::problem::{Code, Problem};
use crate::http::time;
use crate::http::webhooks::{Asked, Created, Endpoint, Error, Registry, Status, Target, Wanted, is_public};
use crate::http::wire::{self, WebhookChangeWire, WebhookWire};
use crate::ledger::reject::Reject;
use crate::ledger::types::Seq;
use crate::limits::ID_BYTES_MAX;

/// `POST …/webhook_endpoints`.
pub async fn create(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let key = call.idempotency_key(ID_BYTES_MAX)?;
    let whole = call.body(body).await?;
    let asked = wire::read::<WebhookWire>(&whole.bytes)?;
    let registry = registry(&ask)?;
    check_url(&ask, &asked.url)?;
    let mut now = Vec::new();
    time::write(&mut now, ask.edge.handle.now());
    let wanted = Wanted {
        program: view.state.name.to_string(),
        url: asked.url,
        events: asked.events,
        description: asked.description,
        after: asked.after_seq.map_or_else(|| ask.edge.handle.status().durable_seq, Seq::new),
        now: String::from_utf8(now).unwrap_or_default(),
        asked: (!key.is_empty())
            .then(|| Asked { key: key.to_string(), body: blake3::hash(&whole.bytes).to_hex().to_string() }),
    };
    let (endpoint, replayed) = match registry.create(wanted).map_err(|error| refused(&error))? {
        Created::New(endpoint) => (endpoint, false),
        Created::Before(endpoint) => (endpoint, true),
        Created::KeyReused => return Err(Problem::from(&Reject::IdempotencyKeyReused)),
    };
    let mut out = Json::with_capacity(512);
    write(&mut out, registry, &endpoint, true);
    let mut response = json(if replayed { StatusCode::OK } else { StatusCode::CREATED }, out);
    if replayed {
        response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// `GET …/webhook_endpoints`.
pub async fn list(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let registry = registry(&ask)?;
    let mut out = Json::with_capacity(1_024);
    out.begin_object();
    out.key("data");
    out.begin_array();
    for endpoint in registry.all().iter().filter(|endpoint| view.state.name == endpoint.program) {
        write(&mut out, registry, endpoint, false);
    }
    out.end_array();
    end_page(&mut out, None);
    Ok(json(StatusCode::OK, out))
}

/// `GET …/webhook_endpoints/{endpoint}`.
pub async fn show(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    call.view()?;
    call.query(&[])?;
    let registry = registry(&ask)?;
    let endpoint = registry.get(call.program, ask.param("endpoint")).ok_or_else(unknown)?;
    let mut out = Json::with_capacity(512);
    write(&mut out, registry, &endpoint, false);
    Ok(json(StatusCode::OK, out))
}

/// `PATCH …/webhook_endpoints/{endpoint}`.
pub async fn change(ask: Ask, body: Body) -> Result<Response, Problem> {
    ask.call().view()?;
    let asked = ask.read::<WebhookChangeWire, _>(body).await?;
    let registry = registry(&ask)?;
    if let Some(url) = &asked.url {
        check_url(&ask, url)?;
    }
    let changed = registry.change(ask.call().program, ask.param("endpoint"), |endpoint| {
        endpoint.url = asked.url.unwrap_or_else(|| std::mem::take(&mut endpoint.url));
        endpoint.events = asked.events.unwrap_or_else(|| std::mem::take(&mut endpoint.events));
        endpoint.description = asked.description.unwrap_or_else(|| std::mem::take(&mut endpoint.description));
        endpoint.status = match asked.enabled {
            Some(true) => Status::Enabled,
            Some(false) => Status::Disabled,
            None => endpoint.status,
        };
    });
    let endpoint = changed.map_err(|error| refused(&error))?.ok_or_else(unknown)?;
    let mut out = Json::with_capacity(512);
    write(&mut out, registry, &endpoint, false);
    Ok(json(StatusCode::OK, out))
}

/// `DELETE …/webhook_endpoints/{endpoint}`.
pub async fn delete(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    call.view()?;
    let id = ask.param("endpoint");
    if !registry(&ask)?.delete(call.program, id).map_err(|error| refused(&error))? {
        return Err(unknown());
    }
    let mut out = Json::with_capacity(64);
    out.begin_object();
    out.field("id", id);
    out.key("deleted");
    out.bool(true);
    out.end_object();
    Ok(json(StatusCode::OK, out))
}

fn registry(ask: &Ask) -> Result<&Arc<Registry>, Problem> {
    ask.edge.webhooks.as_ref().ok_or_else(|| Problem::new(Code::NotFound, "this ledger sends no webhooks"))
}

fn unknown() -> Problem {
    Problem::new(Code::NotFound, "there is no such webhook endpoint")
}

fn refused(error: &Error) -> Problem {
    match error {
        Error::Full => Problem::new(Code::LimitOfEndpoints, error.to_string()),
        Error::Io { .. } | Error::Format { .. } | Error::Random => {
            tracing::error!(%error, "webhook endpoints could not be kept");
            Problem::new(Code::ReadFailed, "the endpoints could not be kept")
        }
    }
}

/// Refuses what is no target, and addresses that the configuration does not open. Names are looked up when they are used.
fn check_url(ask: &Ask, url: &str) -> Result<(), Problem> {
    let wrong = |detail: String| Problem::pointer("/url", detail);
    let target = Target::parse(url).map_err(|why| wrong(why.to_owned()))?;
    match target.literal() {
        Some(address) if !ask.edge.webhooks_private && !is_public(address) => {
            Err(wrong(format!("{address} is not an address of the public internet")))
        }
        _ => Ok(()),
    }
}

fn write(out: &mut Json, registry: &Registry, endpoint: &Endpoint, with_secret: bool) {
    out.begin_object();
    out.field("id", &endpoint.id);
    out.field("url", &endpoint.url);
    out.key("events");
    out.begin_array();
    for kind in &endpoint.events {
        out.string(kind);
    }
    out.end_array();
    out.field("description", &endpoint.description);
    out.field("status", if endpoint.status == Status::Enabled { "enabled" } else { "disabled" });
    out.field("created_at", &endpoint.created_at);
    out.int_field("delivered_seq", registry.position(&endpoint.id).get());
    let health = registry.health(&endpoint.id);
    out.int_field("failures", health.failures);
    out.key("last_error");
    out.optional(health.last_error.as_deref());
    if with_secret {
        out.field("secret", &endpoint.secret);
    }
    out.end_object();
}

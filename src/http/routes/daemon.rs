//! What is about the daemon and not about a program: health, numbers, the manual clock, pages of problems.

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;

use super::{Ask, answer, json};
use crate::http::json::Json;
use crate::http::openapi;
use crate::http::problem::{self, Code, Problem};
use crate::http::render;
use crate::http::wire::ClockWire;
use crate::http::{body, console};

const PLAIN: &str = "text/plain; charset=utf-8";

/// `GET /livez`: the process answers.
pub async fn live() -> Response {
    answer(StatusCode::OK, PLAIN, b"live\n".to_vec())
}

/// `GET /readyz`: 503 while the ledger cannot take work.
pub async fn ready(ask: Ask) -> Result<Response, Problem> {
    if ask.edge.handle.is_ready() {
        Ok(answer(StatusCode::OK, PLAIN, b"ready\n".to_vec()))
    } else {
        Err(Problem::new(Code::Stopping, "the ledger is stopping or has stopped after a failure"))
    }
}

/// `GET /metrics`: all numbers, in Prometheus's text format.
pub async fn metrics(ask: Ask) -> Response {
    let (status, metrics) = (ask.edge.handle.status(), ask.edge.handle.metrics());
    metrics.queue(status.queue_events);
    metrics.projector_lag(status.durable_seq.get().saturating_sub(status.projected_seq.get()));
    metrics.progress(status.durable_seq.get(), status.members);
    let mut text = metrics.expose();
    text.push_str(&render::rules_cost(&ask.edge.handle.programs()));
    answer(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text.into_bytes())
}

/// `GET /console`.
pub async fn console() -> Response {
    console::page()
}

/// `GET /openapi.json`.
pub async fn openapi() -> Response {
    answer(StatusCode::OK, "application/json", openapi::describe().into_bytes())
}

/// `GET /v1/version`.
pub async fn version() -> Response {
    let mut out = Json::with_capacity(64);
    out.begin_object();
    out.field("name", env!("CARGO_PKG_NAME"));
    out.field("version", env!("CARGO_PKG_VERSION"));
    out.end_object();
    json(StatusCode::OK, out)
}

/// `GET /v1/status`.
pub async fn status(ask: Ask) -> Response {
    let status = ask.edge.handle.status();
    let mut out = Json::with_capacity(256);
    out.begin_object();
    out.int_field("seq", status.seq.get());
    out.int_field("durable_seq", status.durable_seq.get());
    out.int_field("projected_seq", status.projected_seq.get());
    out.field("head_hash", &blake3::Hash::from(status.head_hash).to_hex());
    out.int_field("members", status.members);
    out.key("queue");
    out.begin_object();
    out.int_field("events", status.queue_events);
    out.int_field("limit", status.queue_limit);
    out.end_object();
    out.time_field("now", ask.edge.handle.now());
    out.key("ready");
    out.bool(ask.edge.handle.is_ready());
    out.end_object();
    json(StatusCode::OK, out)
}

/// `POST /v1/clock`: answers once everything due by then is on disk.
pub async fn set_clock(ask: Ask, body: Body) -> Result<Response, Problem> {
    let now = ask.read::<ClockWire, _>(body).await?;
    let moved = ask.edge.handle.set_clock(now).await?;
    moved.map_err(|message| Problem::new(Code::ClockRefused, message))?;
    let mut out = Json::with_capacity(64);
    out.begin_object();
    out.time_field("now", ask.edge.handle.now());
    out.end_object();
    Ok(json(StatusCode::OK, out))
}

/// `GET /problems/{code}`: HTML where `Accept` asks for it, else JSON.
pub async fn problem(ask: Ask) -> Result<Response, Problem> {
    let code =
        Code::named(ask.param("code")).ok_or_else(|| Problem::new(Code::NotFound, "there is no such problem"))?;
    let html = body::prefers_html(&ask.headers);
    let media = if html { "text/html; charset=utf-8" } else { "application/json" };
    Ok(answer(StatusCode::OK, media, problem::page(code, html)))
}

//! A program: what it declares, and checking rules for it without installing them.

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;

use super::{Ask, json};
use crate::http::json::Json;
use crate::http::problem::{Code, Problem, write_diagnostics};
use crate::http::render::{self, Names};
use crate::http::wire::RulesCheckWire;
use crate::ledger::types::Text;

/// `GET …/`.
pub async fn show(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let mut out = Json::with_capacity(2_048);
    render::program(&mut out, Names::of(&view), call.edge.handle.now());
    Ok(json(StatusCode::OK, out))
}

/// `POST …/rules/check`: the program's files with those of the request in their place.
pub async fn check_rules(ask: Ask, body: Body) -> Result<Response, Problem> {
    let view = ask.call().view()?;
    let given = ask.read::<RulesCheckWire, _>(body).await?;
    let files = view.files.with(given.into_iter().map(|(path, content)| (Text::new(path), content)));
    // Compiling takes milliseconds, which no other request should wait for.
    let diagnostics = tokio::task::spawn_blocking(move || crate::rules::check(&files))
        .await
        .map_err(|_| Problem::new(Code::Stopping, "the ledger is stopping"))?;
    let mut out = Json::with_capacity(512);
    out.begin_object();
    out.key("ok");
    out.bool(diagnostics.is_empty());
    out.key("diagnostics");
    write_diagnostics(&mut out, &diagnostics);
    out.end_object();
    Ok(json(StatusCode::OK, out))
}

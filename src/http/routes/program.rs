//! A program: what it declares, and checking rules for it without installing them.

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;

use super::rulesets::off_thread;
use super::{Ask, answer, json};
use crate::http::body;
use crate::http::json::Json;
use crate::http::problem::{Problem, write_diagnostics};
use crate::http::render::{self, Names};
use crate::http::wire::RulesCheckWire;
use crate::ledger::types::Text;
use crate::rules::{Program, Warning, warnings};

/// `GET …/`.
pub async fn show(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    if body::prefers_html(call.headers) {
        let page = render::program_page(Names::of(&view), &view.compiled);
        return Ok(answer(StatusCode::OK, "text/html; charset=utf-8", page.into_bytes()));
    }
    let mut out = Json::with_capacity(4_096);
    render::program(&mut out, Names::of(&view), &view.compiled, call.edge.handle.now());
    Ok(json(StatusCode::OK, out))
}

/// `POST …/rules/check`: the program's files with those of the request in their place.
pub async fn check_rules(ask: Ask, body: Body) -> Result<Response, Problem> {
    let view = ask.call().view()?;
    let given = ask.read::<RulesCheckWire, _>(body).await?;
    let files = view.files.with(given.into_iter().map(|(path, content)| (Text::new(path), content)));
    // Compiling takes milliseconds, which no other request should wait for.
    let now = ask.call().edge.handle.now();
    let (diagnostics, warned) = off_thread(move || match Program::compile(&files) {
        Ok(program) => (Vec::new(), warnings(&files, &program, Some(program.day_of(now)))),
        Err(wrong) => (wrong, Vec::new()),
    })
    .await?;
    let mut out = Json::with_capacity(512);
    out.begin_object();
    out.key("ok");
    out.bool(diagnostics.is_empty());
    out.key("diagnostics");
    write_diagnostics(&mut out, &diagnostics);
    out.key("warnings");
    out.begin_array();
    for Warning { code, at } in &warned {
        out.begin_object();
        out.field("code", code);
        out.field("file", &at.file);
        out.int_field("line", at.line);
        out.int_field("column", at.column);
        out.field("message", &at.message);
        out.end_object();
    }
    out.end_array();
    out.end_object();
    Ok(json(StatusCode::OK, out))
}

/// `GET …/rules/schema`: what may be written, for editors.
pub async fn schema(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    call.view()?;
    call.query(&[])?;
    let mut out = Json::with_capacity(16_384);
    render::schema(&mut out);
    Ok(json(StatusCode::OK, out))
}

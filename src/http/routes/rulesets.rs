//! Versions of a program's rules: written down, listed, read, activated, left, run without effect.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderValue;

use super::{Ask, Call, IDEMPOTENT_REPLAYED, end_page, json};
use crate::engine;
use crate::engine::backtest::Plan;
use crate::engine::cases::run_cases;
use crate::engine::deploy::Version;
use crate::engine::handle::{ProgramView, SubmitError};
use crate::engine::rulesets::{self, Change, Changed, Refused};
use crate::http::json::Json;
use crate::http::problem::{Code, Problem};
use crate::http::query::cursor;
use crate::http::render::{self, BacktestAsked, KnownVersion};
use crate::http::time;
use crate::http::wire::{ActivateWire, BacktestWire, DraftWire, SignedWire};
use crate::ledger::calendar::Zone;
use crate::ledger::rollout::Signature;
use crate::ledger::types::{Text, TimeMs};
use crate::limits::ID_BYTES_MAX;
use crate::rules::{Diagnostic, Program, ProgramFiles};

/// `POST …/rulesets`: a version that decides nothing yet. Refused unless it compiles and its own cases pass.
pub async fn draft(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let key = call.idempotency_key(ID_BYTES_MAX)?;
    let draft = ask.read::<DraftWire, _>(body).await?;
    let base = match draft.base {
        None => Some(ProgramFiles::clone(&view.files)),
        Some(0) => Some(ProgramFiles::new(&view.state.name, Vec::new())),
        Some(version) => call.edge.handle.ruleset_files(&view, version)?,
    };
    let base = base.ok_or_else(|| unknown(draft.base.unwrap_or(0)))?;
    let mut files = base.files.clone();
    for (path, content) in draft.files {
        files.retain(|(known, _)| *known != path);
        files.extend(content.map(|content| (Text::new(&path), content)));
    }
    let files = ProgramFiles::new(&base.name, files);
    // Compiling and testing take milliseconds and more, which no other request should wait for.
    let (files, checked) = off_thread(move || {
        let checked = check_and_test(&files);
        (files, checked)
    })
    .await?;
    let names = checked?;
    let ask = rulesets::Ask::Draft { files: Arc::new(files), names };
    let change = Change { ask, by: draft.by, key, compiled: Vec::new() };
    done(&call, &view, change, StatusCode::CREATED).await
}

/// The names that files declare; a problem with everything that is wrong, or with the cases that fail.
fn check_and_test(files: &ProgramFiles) -> Result<Vec<Text>, Problem> {
    let refused = |wrong: Vec<Diagnostic>| {
        let count = wrong.len();
        Problem::with_diagnostics(Code::RulesetInvalid, format!("{count} wrong in the rules"), wrong)
    };
    let program = Program::compile(files).map_err(refused)?;
    let report = run_cases(files).map_err(refused)?;
    if !report.failures.is_empty() {
        let detail = format!("{} of the program's own cases failed, {} passed", report.failures.len(), report.passed);
        let told = report.failures.iter().map(|failure| Diagnostic {
            file: failure.file.clone(),
            line: failure.line,
            column: 0,
            message: format!("{}, step {}: {}", failure.case, failure.step, failure.differences.join("; ")),
        });
        return Err(Problem::with_diagnostics(Code::CasesFailed, detail, told.collect()));
    }
    Ok(program.names())
}

/// `GET …/rulesets`: newest first, without their files.
pub async fn list(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let query = call.query(&["limit", "cursor"])?;
    let (limit, before) = (query.limit()?, query.cursor::<1>()?.map_or(i64::MAX, |[version]| version));
    let mut out = Json::with_capacity(2_048);
    out.begin_object();
    out.key("data");
    out.begin_array();
    let mut matching = view.rollout.versions.iter().rev().filter(|known| i64::from(known.version) < before).peekable();
    let mut last = 0;
    for version in matching.by_ref().take(limit) {
        render::ruleset(&mut out, &view, version, &KnownVersion::default());
        last = version.version;
    }
    out.end_array();
    let next = matching.peek().map(|_| cursor(&[i64::from(last)]));
    end_page(&mut out, next.as_deref());
    Ok(json(StatusCode::OK, out))
}

/// `GET …/rulesets/{v}`: with its files and how it does. `{v}` is a number, `active` or `draft`.
pub async fn show(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let version = asked_version(&ask, &view)?;
    write(&call, &view, version, StatusCode::OK)
}

/// `POST …/rulesets/{v}/activate`.
pub async fn activate(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let key = call.idempotency_key(ID_BYTES_MAX)?;
    let version = asked_version(&ask, &view)?;
    let (reach, at, by) = ask.read_or_nothing::<ActivateWire, _>(body).await?;
    let at = at.map(|text| when("/at", &text, &view.compiled.terms.zone)).transpose()?;
    let compiled = vec![compile(&call, &view, version).await?];
    let change = Change { ask: rulesets::Ask::Activate { version, reach, at }, by, key, compiled };
    done(&call, &view, change, StatusCode::OK).await
}

/// `DELETE …/rulesets/{v}/activate`: what is planned for it is cancelled.
pub async fn unplan(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let key = call.idempotency_key(ID_BYTES_MAX)?;
    let version = asked_version(&ask, &view)?;
    let by = ask.read_or_nothing::<SignedWire, _>(body).await?;
    let change = Change { ask: rulesets::Ask::Unplan { version }, by, key, compiled: Vec::new() };
    done(&call, &view, change, StatusCode::OK).await
}

/// `POST …/rulesets/{v}/rollback`, and `…/rulesets/rollback` for whatever came last.
pub async fn rollback(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let key = call.idempotency_key(ID_BYTES_MAX)?;
    let version = if ask.param("version").is_empty() { None } else { Some(asked_version(&ask, &view)?) };
    let by: Signature = ask.read_or_nothing::<SignedWire, _>(body).await?;
    // The version it leads to is compiled here, so that the engine does not wait for it.
    let back = version.filter(|version| *version != view.rollout.live()).or(view.rollout.before());
    let compiled = match back {
        Some(version) => vec![compile(&call, &view, version).await?],
        None => Vec::new(),
    };
    let change = Change { ask: rulesets::Ask::Rollback { version }, by, key, compiled };
    done(&call, &view, change, StatusCode::OK).await
}

/// `POST …/rulesets/{v}/shadow`.
pub async fn shadow(ask: Ask, body: Body) -> Result<Response, Problem> {
    set_shadow(ask, body, true).await
}

/// `DELETE …/rulesets/{v}/shadow`.
pub async fn end_shadow(ask: Ask, body: Body) -> Result<Response, Problem> {
    set_shadow(ask, body, false).await
}

async fn set_shadow(ask: Ask, body: Body, on: bool) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let key = call.idempotency_key(ID_BYTES_MAX)?;
    let version = asked_version(&ask, &view)?;
    let by = ask.read_or_nothing::<SignedWire, _>(body).await?;
    let compiled = if on { vec![compile(&call, &view, version).await?] } else { Vec::new() };
    let change = Change { ask: rulesets::Ask::Shadow { version, on }, by, key, compiled };
    done(&call, &view, change, StatusCode::OK).await
}

/// `POST …/rulesets/{v}/backtest`: one at a time, since each holds a ledger in memory.
pub async fn backtest(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let version = asked_version(&ask, &view)?;
    let asked = ask.read_or_nothing::<BacktestWire, _>(body).await?;
    let zone = &view.compiled.terms.zone;
    let from = asked.from.as_deref().map(|text| when("/from", text, zone)).transpose()?;
    let to = asked.to.as_deref().map(|text| when("/to", text, zone)).transpose()?;
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Problem::pointer("/to", "lies before from"));
    }
    let compiled = compile(&call, &view, version).await?.compiled;
    let Ok(turn) = Arc::clone(&call.edge.backtests).try_acquire_owned() else {
        return Err(Problem::new(Code::Overloaded, "another backtest is running; they are run one at a time"));
    };
    let plan = Plan { program: view.id, version: compiled, names: view.state.names.clone(), from, to, curves: true };
    let handle = call.edge.handle.clone();
    let (plan, found) = off_thread(move || {
        let found = handle.backtest(&plan);
        drop(turn);
        (plan, found)
    })
    .await?;
    let report = found.map_err(|error| match error {
        engine::Error::TooManyMembers(_) => Problem::new(Code::RulesetConflict, error.to_string()),
        other => Problem::from(SubmitError::Read(other.to_string())),
    })?;
    let hash = view.rollout.hash_of(version).cloned().unwrap_or_default();
    let asked = BacktestAsked {
        program: &view.state.name,
        version: Some(version),
        hash: &hash,
        currency: plan.version.currency(),
        from: plan.from,
        to: plan.to,
    };
    let mut out = Json::with_capacity(8_192);
    render::backtest(&mut out, &asked, &report);
    Ok(json(StatusCode::OK, out))
}

/// A day of the program's zone, or an instant.
fn when(pointer: &'static str, text: &str, zone: &Zone) -> Result<TimeMs, Problem> {
    let day = time::parse_day(text).map(|day| zone.start_of_day(day));
    day.or_else(|| time::parse(text))
        .ok_or_else(|| Problem::pointer(pointer, format!("expected a day such as 2026-05-02, or {}", time::EXPECTED)))
}

/// Makes a change and answers with the version it is about.
async fn done(call: &Call<'_>, view: &ProgramView, change: Change, new: StatusCode) -> Result<Response, Problem> {
    let changed = call.edge.handle.change_rules(view.id, change).await?.map_err(|refused| refusal(&refused))?;
    let Changed { version, seq, replayed } = changed;
    let status = if replayed || seq.is_none() { StatusCode::OK } else { new };
    let view = call.view()?;
    let mut response = write(call, &view, version, status)?;
    if replayed {
        response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
        call.edge.handle.metrics().replays(1);
    }
    Ok(response)
}

fn write(call: &Call<'_>, view: &ProgramView, version: u32, status: StatusCode) -> Result<Response, Problem> {
    let found = view.rollout.version(version).ok_or_else(|| unknown(version))?;
    let files = call.edge.handle.ruleset_files(view, version)?;
    let (live, shadow) = call.edge.handle.tally(view.id, version);
    let mut out = Json::with_capacity(4_096);
    render::ruleset(&mut out, view, found, &KnownVersion { files, live, shadow });
    Ok(json(status, out))
}

/// The version of the path.
fn asked_version(ask: &Ask, view: &ProgramView) -> Result<u32, Problem> {
    named_version(ask.param("version"), view)
}

/// A version by its number, or `active`, or `draft` for the newest that never decided.
pub fn named_version(name: &str, view: &ProgramView) -> Result<u32, Problem> {
    let missing = || Problem::new(Code::UnknownRuleset, format!("there is no version {name:?} of the rules"));
    let version = match name {
        "active" => Some(view.rollout.live()),
        "draft" => view.rollout.draft(),
        number => number.parse().ok(),
    };
    version.filter(|version| view.rollout.version(*version).is_some()).ok_or_else(missing)
}

/// A version, compiled, away from the threads that serve requests.
pub async fn compile(call: &Call<'_>, view: &ProgramView, version: u32) -> Result<Version, Problem> {
    let running = view.running(version);
    if let Some(known) = running {
        return Ok(known);
    }
    let files = call.edge.handle.ruleset_files(view, version)?.ok_or_else(|| unknown(version))?;
    let state = Arc::clone(&view.state);
    off_thread(move || Version::compile(files, &state, version)).await?.map_err(|wrong| {
        Problem::with_diagnostics(Code::RulesetInvalid, "this version no longer compiles".to_owned(), wrong)
    })
}

/// Runs something on a thread where it holds nobody up.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::new(Code::Stopping, "the ledger is stopping"))
}

fn unknown(version: u32) -> Problem {
    Problem::new(Code::UnknownRuleset, format!("there is no version {version} of the rules"))
}

fn refusal(refused: &Refused) -> Problem {
    let code = match refused {
        Refused::UnknownVersion(_) => Code::UnknownRuleset,
        Refused::Conflict(_) => Code::RulesetConflict,
        Refused::TooManyNames(_) => Code::RulesetInvalid,
        Refused::KeyReused => Code::IdempotencyKeyReused,
    };
    Problem::new(code, refused.to_string())
}

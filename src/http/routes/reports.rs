//! Reports over a period: one pass over the journal, on a thread of its own, one report at a time.

use std::ops::ControlFlow;

use axum::response::Response;
use hyper::StatusCode;

use super::{Ask, json, off_network};
use crate::engine::handle::{Handle, ProgramView};
use crate::http::json::Json;
use crate::http::problem::{Code, Problem};
use crate::http::query::Query;
use crate::http::render::{self, Names, Report};
use crate::ledger::types::{Seq, TimeMs};
use crate::limits::{ACTIVE_WINDOW_DAYS_DEFAULT, ACTIVE_WINDOW_DAYS_MAX};
use crate::reports::{Asked, Collected, Collector};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// `GET …/reports/{report}?from=&to=`: `from` is within, `to` is not. Without them, all up to now.
pub async fn show(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let report = Report::named(ask.param("report")).ok_or_else(|| {
        Problem::new(Code::NotFound, "there are four reports: liability, activity, metrics and fraud")
    })?;
    let query = call.query(&["from", "to", "active_window_days"])?;
    let (from, to) = query.period(&view.compiled.terms.zone)?;
    let active_ms = active_window(&query)? * DAY_MS;
    // A moment past now, so that what is recorded at this instant is within.
    let to = to.unwrap_or_else(|| call.edge.handle.now().plus_ms(1));
    let asked = Asked { from: from.unwrap_or(TimeMs::EPOCH), to, active_ms };
    let _turn =
        call.edge.reports.acquire().await.map_err(|_| Problem::new(Code::Stopping, "the ledger is stopping"))?;
    let (handle, of) = (call.edge.handle.clone(), view.clone());
    let collected = off_network(move || collect(&handle, &of, asked)).await??;
    let view = call.view()?;
    let mut out = Json::with_capacity(2_048);
    render::report(&mut out, report, &collected, &asked, Names::new(&view.state, &view.compiled.terms));
    Ok(json(StatusCode::OK, out))
}

fn active_window(query: &Query) -> Result<i64, Problem> {
    let Some(text) = query.get("active_window_days") else { return Ok(ACTIVE_WINDOW_DAYS_DEFAULT) };
    match text.parse::<i64>() {
        Ok(days) if (1..=ACTIVE_WINDOW_DAYS_MAX).contains(&days) => Ok(days),
        _ => Err(Problem::parameter(
            "active_window_days",
            format!("expected a number from 1 to {ACTIVE_WINDOW_DAYS_MAX}"),
        )),
    }
}

fn collect(handle: &Handle, view: &ProgramView, asked: Asked) -> Result<Collected, Problem> {
    let mut collector = Collector::new(asked);
    handle.walk(Seq::ZERO, &mut |record| {
        if record.program == view.id {
            collector.take(&record);
        }
        ControlFlow::Continue(())
    })?;
    Ok(collector.finish())
}

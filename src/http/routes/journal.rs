//! The journal as a feed: pages of records as lines, or followed as they become durable. Only what is synced is ever sent.

use std::ops::ControlFlow;
use std::sync::Arc;

use axum::response::Response;
use hyper::StatusCode;
use hyper::header::{ACCEPT, CACHE_CONTROL, HeaderName, HeaderValue};

use super::{Ask, answer, off_network};
use crate::engine::handle::{Handle, ProgramView};
use crate::http::body;
use crate::http::follow::{self, Feed, Page};
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::render::{self, Names};
use crate::http::tally;
use crate::ledger::types::Seq;
use crate::limits::{FEED_EXAMINED_MAX, FEED_PAGE_BYTES, FEED_RECORDS_MAX};

const NEXT_AFTER_SEQ: HeaderName = HeaderName::from_static("next-after-seq");
const HAS_MORE: HeaderName = HeaderName::from_static("has-more");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// `GET …/journal?after_seq=&limit=`: lines of JSON, oldest first, up to what is durable now. Of a page with a `limit`,
/// `next-after-seq` says from where the next goes on, and `has-more` whether there is one now. With
/// `Accept: text/event-stream` it goes on as records come.
pub async fn feed(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let query = call.query(&["after_seq", "limit"])?;
    let limit = limit(&query)?;
    let handle = call.edge.handle.clone();
    if body::names(call.headers, &ACCEPT, "text/event-stream") {
        let resumed = call.headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
        let after = match resumed {
            Some(text) => seq("last-event-id", text)?,
            None => after(&query)?,
        };
        let name = view.state.name.clone();
        let feed: Feed = Arc::new(move |after| match handle.program(&name) {
            Some(view) => page(&handle, &view, after, FEED_RECORDS_MAX, Style::Events),
            None => Ok(Page { bytes: Vec::new(), shown: after }),
        });
        return follow::follow(&ask.edge, ask.grant.clone(), after, feed);
    }
    let after = after(&query)?;
    let until = handle.status().durable_seq;
    let most = limit.unwrap_or(FEED_RECORDS_MAX);
    let feed: Feed = Arc::new(move |after| page(&handle, &view, after, most, Style::Lines));
    let first = Arc::clone(&feed);
    let page = off_network(move || first(after)).await??;
    let whole = limit.is_none() && page.shown < until;
    let shown = if whole { until } else { page.shown };
    let more = shown < call.edge.handle.status().durable_seq;
    let mut response = if whole {
        follow::all(&ask.edge, page, until, feed)?
    } else {
        answer(StatusCode::OK, "application/x-ndjson", page.bytes)
    };
    let headers = response.headers_mut();
    headers.insert(NEXT_AFTER_SEQ, HeaderValue::from(shown.get()));
    headers.insert(HAS_MORE, HeaderValue::from_static(if more { "true" } else { "false" }));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn after(query: &Query) -> Result<Seq, Problem> {
    query.get("after_seq").map_or(Ok(Seq::ZERO), |text| seq("after_seq", text))
}

fn seq(name: &str, text: &str) -> Result<Seq, Problem> {
    let number = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    // Sequences are far below the largest number that a JSON reader holds exactly.
    let number = number.filter(|number| *number < (1 << 53));
    number.map(Seq::new).ok_or_else(|| Problem::parameter(name, "expected the sequence number of a record, or 0"))
}

fn limit(query: &Query) -> Result<Option<usize>, Problem> {
    let Some(text) = query.get("limit") else { return Ok(None) };
    match text.parse::<usize>() {
        Ok(limit) if limit >= 1 => Ok(Some(limit.min(FEED_RECORDS_MAX))),
        _ => Err(Problem::parameter("limit", format!("expected a number from 1 to {FEED_RECORDS_MAX}"))),
    }
}

/// How records are written one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// A line each.
    Lines,
    /// A server-sent event each.
    Events,
}

/// The program's records after one: at most `limit`, at most some megabytes, and no more of the journal read than is bounded.
fn page(handle: &Handle, view: &ProgramView, after: Seq, limit: usize, style: Style) -> Result<Page, Problem> {
    let names = Names::new(&view.state, &view.compiled.terms);
    let mut bytes = Vec::new();
    let (mut written, mut examined) = (0, 0);
    let shown = handle.walk(after, &mut |record| {
        examined += 1;
        if record.program == view.id {
            written += 1;
            let mut out = Json::with_capacity(640);
            render::record(&mut out, &record, names);
            if style == Style::Events {
                let kind = tally::kind(&record);
                bytes.extend_from_slice(format!("id: {}\nevent: {kind}\ndata: ", record.seq).as_bytes());
            }
            bytes.append(&mut out.into_bytes());
            bytes.extend_from_slice(if style == Style::Events { b"\n\n" } else { b"\n" });
        }
        if written == limit || examined == FEED_EXAMINED_MAX || bytes.len() >= FEED_PAGE_BYTES {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(Page { bytes, shown })
}

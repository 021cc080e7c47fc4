//! What analysts set and see: the declared limits with how each has done, and the lists of who is allowed and who is not.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderValue;

use super::{Ask, Call, IDEMPOTENT_REPLAYED, end_page, json};
use crate::engine::handle::{Answer, Command, ProgramView};
use crate::http::json::Json;
use crate::http::problem::{Code, Problem};
use crate::http::query::Query;
use crate::http::render;
use crate::http::wire::ListEntryWire;
use crate::ledger::lists::{ListChange, ListEntry, ListTerms};
use crate::ledger::record::{Input, KeyField};
use crate::ledger::review::Review;
use crate::ledger::types::Text;
use crate::limits::{COUNTER_KEY_BYTES_MAX, ID_BYTES_MAX};

/// `GET …/fraud/rules`: every limit that is declared, and every other rule that ever spoke.
pub async fn rules(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let (stats, held_out) = call.edge.handle.desk_stats(view.id).await?;
    let entries = call.edge.handle.list_entries(view.id).await?;
    let mut out = Json::with_capacity(4_096);
    render::fraud_rules(&mut out, &view.compiled.terms, (&stats, &held_out), &entries);
    Ok(json(StatusCode::OK, out))
}

/// `GET …/fraud/counters?key=`: what the limits have counted for a key such as `member=ann` or `staff=cy,member=ann`, or for a
/// value of any kind.
pub async fn counters(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let query = call.query(&["key"])?;
    let key = query.get("key").filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| Problem::parameter("key", "is missing: a key such as member=ann"))?;
    if key.len() > COUNTER_KEY_BYTES_MAX {
        return Err(Problem::parameter("key", format!("has more than {COUNTER_KEY_BYTES_MAX} bytes")));
    }
    let kinds: Option<Vec<(KeyField, Text)>> = key.split(',').map(field).collect();
    let single = kinds.is_none();
    let given = match (kinds, field(key)) {
        (Some(kinds), _) => kinds,
        (None, Some(one)) => vec![one],
        (None, None) => KeyField::ALL.into_iter().map(|kind| (kind, Text::new(key))).collect(),
    };
    let found = call.edge.handle.counters(view.id, given, single).await?;
    let mut events = HashMap::new();
    for seq in found.iter().flat_map(|counter| &counter.reading.events) {
        if !events.contains_key(seq)
            && let Some(record) = call.edge.handle.record(*seq).await?
            && let Input::Event(event) = &record.input
        {
            events.insert(*seq, (event.source.clone(), event.id.clone()));
        }
    }
    let mut out = Json::with_capacity(found.len() * 400 + 64);
    render::counters(&mut out, &found, &events);
    Ok(json(StatusCode::OK, out))
}

/// `member=ann`, also written `member:ann`.
fn field(text: &str) -> Option<(KeyField, Text)> {
    let (kind, value) = text.split_once(['=', ':'])?;
    Some((KeyField::told(kind)?, Text::new(value)))
}

/// `GET …/fraud/lists?list=&kind=`.
pub async fn lists(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let query = call.query(&["list", "kind", "limit", "cursor"])?;
    let list = query.get("list").map(is_allow).transpose()?;
    page(&call, &view, list, &query).await
}

/// `GET …/fraud/lists/{list}`.
pub async fn list(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let query = call.query(&["kind", "limit", "cursor"])?;
    let list = is_allow(ask.param("list"))?;
    page(&call, &view, Some(list), &query).await
}

async fn page(call: &Call<'_>, view: &ProgramView, list: Option<bool>, query: &Query) -> Result<Response, Problem> {
    let kind = query.get("kind").map(kind).transpose()?;
    let limit = query.limit()?;
    let after = query.text_cursor()?;
    let entries = call.edge.handle.list_entries(view.id).await?;
    let wanted = |entry: &&Arc<ListEntry>| {
        list.is_none_or(|allow| entry.allow == allow)
            && kind.is_none_or(|kind| entry.kind == kind)
            && after.as_ref().is_none_or(|after| place(entry) > *after)
    };
    let mut found: Vec<&Arc<ListEntry>> = entries.iter().filter(wanted).collect();
    found.sort_unstable_by_key(|entry| place(entry));
    let more = found.len() > limit;
    found.truncate(limit);
    let mut out = Json::with_capacity(found.len() * 200 + 64);
    out.begin_object();
    out.key("data");
    out.begin_array();
    for entry in &found {
        render::list_entry(&mut out, entry);
    }
    out.end_array();
    let next = found.last().filter(|_| more).map(|entry| Query::cursor_of(&place(entry)));
    end_page(&mut out, next.as_deref());
    Ok(json(StatusCode::OK, out))
}

/// Where an entry stands in a listing.
fn place(entry: &ListEntry) -> String {
    format!("{}/{}/{}", render::list_name(entry.allow), entry.kind.name(), entry.value)
}

/// `GET …/fraud/lists/{list}/{kind}/{value}`.
pub async fn entry(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let (allow, kind, value) = named(&ask)?;
    let entry = find(&call, &view, (allow, kind, &value)).await?.ok_or_else(unknown)?;
    let mut out = Json::with_capacity(256);
    render::list_entry(&mut out, &entry);
    Ok(json(StatusCode::OK, out))
}

/// `PUT …/fraud/lists/{list}/{kind}/{value}`: puts an entry there, in place of the one before.
pub async fn put(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let place = named(&ask)?;
    let terms = ask.read_or_nothing::<ListEntryWire, _>(body).await?;
    if terms.expires_at.is_some_and(|end| end <= call.edge.handle.now()) {
        return Err(Problem::pointer("/expires_at", "has passed already"));
    }
    if !place.0 && !terms.rules.is_empty() {
        return Err(Problem::pointer("/rules", "only an entry of the allow list silences rules"));
    }
    change(&call, &view, place, Some(terms)).await
}

/// `DELETE …/fraud/lists/{list}/{kind}/{value}`.
pub async fn delete(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let place = named(&ask)?;
    find(&call, &view, (place.0, place.1, &place.2)).await?.ok_or_else(unknown)?;
    change(&call, &view, place, None).await
}

async fn change(
    call: &Call<'_>,
    view: &ProgramView,
    (allow, kind, value): (bool, KeyField, Text),
    put: Option<ListTerms>,
) -> Result<Response, Problem> {
    let key = call.idempotency_key(ID_BYTES_MAX)?;
    let gone = put.is_none();
    let change = ListChange { allow, kind, value: value.clone(), put, key };
    let review = Arc::new(Review::List(change));
    let mut replayed = false;
    for answer in call.edge.handle.submit(view.id, vec![Command::Review(review)]).await? {
        match answer {
            Answer::Recorded(_) => {}
            Answer::Replayed(_) => replayed = true,
            Answer::Rejected(reject) => return Err(Problem::from(&reject)),
        }
    }
    let mut out = Json::with_capacity(256);
    match find(call, view, (allow, kind, &value)).await? {
        Some(entry) if !gone => render::list_entry(&mut out, &entry),
        // A replayed answer is about an entry that may have gone since.
        _ => render::no_list_entry(&mut out, allow, kind, &value),
    }
    let mut response = json(StatusCode::OK, out);
    if replayed {
        call.edge.handle.metrics().replays(1);
        response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

async fn find(
    call: &Call<'_>,
    view: &ProgramView,
    (allow, kind, value): (bool, KeyField, &Text),
) -> Result<Option<Arc<ListEntry>>, Problem> {
    let entries = call.edge.handle.list_entries(view.id).await?;
    Ok(entries.into_iter().find(|entry| (entry.allow, entry.kind, &entry.value) == (allow, kind, value)))
}

/// The entry that the path names.
fn named(ask: &Ask) -> Result<(bool, KeyField, Text), Problem> {
    let value = ask.param("value");
    if value.is_empty() || value.len() > ID_BYTES_MAX {
        return Err(Problem::new(Code::NotFound, format!("the value has 1 to {ID_BYTES_MAX} bytes")));
    }
    let allow = is_allow(ask.param("list"))?;
    // On the allow list a rule may stand, which is then silenced for everybody.
    let rule = allow && ask.param("kind") == KeyField::Rule.name();
    let kind = if rule { KeyField::Rule } else { kind(ask.param("kind"))? };
    Ok((allow, kind, Text::new(value)))
}

fn is_allow(list: &str) -> Result<bool, Problem> {
    match list {
        "allow" => Ok(true),
        "deny" => Ok(false),
        _ => Err(Problem::new(Code::NotFound, "the lists are allow and deny")),
    }
}

fn kind(name: &str) -> Result<KeyField, Problem> {
    KeyField::told(name).ok_or_else(|| {
        let kinds: Vec<&str> = KeyField::ALL.iter().map(|field| field.name()).collect();
        Problem::new(Code::NotFound, format!("no such kind of key; there are {}", kinds.join(", ")))
    })
}

fn unknown() -> Problem {
    Problem::new(Code::UnknownEntry, "there is no such entry")
}

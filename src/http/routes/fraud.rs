//! What analysts set and see: the declared limits with how each has done, and the lists of who is allowed and who is not.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderValue;

use super::{Ask, Call, IDEMPOTENT_REPLAYED, end_page, json};
use crate::engine::handle::{Answer, Command, ProgramView};
use crate::http::json::Json;
use crate::http::problem::{Code, FieldError, Place, Problem};
use crate::http::query::Query;
use crate::http::render;
use crate::http::wire::ListEntryWire;
use crate::ledger::lists::{ListChange, ListEntry, ListTerms};
use crate::ledger::record::{KeyField, KeyFields};
use crate::ledger::review::Review;
use crate::ledger::types::Text;
use crate::limits::ID_BYTES_MAX;

/// `GET …/fraud/rules`: every limit that is declared, and every other rule that ever spoke.
pub async fn rules(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let stats = call.edge.handle.desk_stats(view.id).await?;
    let entries = call.edge.handle.list_entries(view.id).await?;
    let mut out = Json::with_capacity(4_096);
    render::fraud_rules(&mut out, &view.compiled.terms, &stats, &entries);
    Ok(json(StatusCode::OK, out))
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
        return Err(fault("/expires_at", "has passed already"));
    }
    if !place.0 && !terms.rules.is_empty() {
        return Err(fault("/rules", "only an entry of the allow list silences rules"));
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
    KeyField::named(name).ok_or_else(|| {
        let kinds: Vec<&str> = KeyField::ALL.iter().map(|field| field.name()).collect();
        Problem::new(Code::NotFound, format!("no such kind of key; there are {}", kinds.join(", ")))
    })
}

fn fault(pointer: &str, detail: &'static str) -> Problem {
    Problem::invalid(vec![FieldError { place: Place::Pointer(pointer.to_owned()), detail: detail.into() }])
}

fn unknown() -> Problem {
    Problem::new(Code::NotFound, "there is no such entry")
}

/// `GET …/fraud/counters?key=member=m-1`: what every limit by this key has counted, within its window up to now.
pub async fn counters(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let query = call.query(&["key"])?;
    let text = query.get("key").unwrap_or_default();
    let Some((fields, key)) = parse(text) else {
        return Err(Problem::parameter(
            "key",
            "expected a key as evidence says it, such as member=m-1 or staff=e-4,member=m-1",
        ));
    };
    answer(&call, &view, text, fields, key).await
}

async fn answer(
    call: &Call<'_>,
    view: &ProgramView,
    text: &str,
    fields: KeyFields,
    key: Text,
) -> Result<Response, Problem> {
    let counters = call.edge.handle.counters(view.id, fields, key).await?;
    let mut out = Json::with_capacity(counters.len() * 200 + 64);
    render::counters(&mut out, text, &counters);
    Ok(json(StatusCode::OK, out))
}

/// The fields of a key as it stands in evidence, and their values as rings are named by.
fn parse(text: &str) -> Option<(KeyFields, Text)> {
    let mut fields: Vec<KeyField> = Vec::new();
    let mut values: Vec<String> = Vec::new();
    for part in text.split(',') {
        let field = part.split_once('=').and_then(|(name, value)| Some((KeyField::named(name)?, value)));
        match (field, values.last_mut()) {
            (Some((field, value)), _) => {
                fields.push(field);
                values.push(value.to_owned());
            }
            // A comma of the value before.
            (None, Some(last)) => {
                last.push(',');
                last.push_str(part);
            }
            (None, None) => return None,
        }
    }
    let lacks = values.iter().any(String::is_empty);
    KeyFields::new(&fields).filter(|_| !lacks).map(|fields| (fields, Text::new(values.join("\u{1f}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_evidence_writes_them() {
        let read = |text: &str| parse(text).map(|(fields, key)| (fields.iter().map(KeyField::name).collect(), key));
        let one = |name: &'static str, key: &str| Some((vec![name], Text::new(key)));
        assert_eq!(read("member=m-1"), one("member", "m-1"));
        assert_eq!(read("device=a=b,c"), one("device", "a=b,c"));
        assert_eq!(read("staff=e-4,member=m-1"), Some((vec!["staff", "member"], Text::new("e-4\u{1f}m-1"))));
        for wrong in ["", "m-1", "nobody=1", "member=", "member=1,ip=1,device=1,card=1,store=1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}

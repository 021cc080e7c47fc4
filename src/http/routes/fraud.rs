//! The fraud rules and how they do, the lists that stand above them, and what has been counted by a key.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderValue;

use super::events::submit_one;
use super::{Ask, Call, IDEMPOTENT_REPLAYED, json};
use crate::engine::handle::{Answer, Command, ProgramView};
use crate::http::json::Json;
use crate::http::problem::{Code, Problem};
use crate::http::render::{self, Names};
use crate::http::wire::ListEntryWire;
use crate::ledger::lists::{ListChange, ListTerms};
use crate::ledger::record::{Input, KeyField, KeyFields};
use crate::ledger::review::Review;
use crate::ledger::types::Text;
use crate::limits::ID_BYTES_MAX;

/// `GET …/fraud/rules`: every limit, what it stopped, and how often it was right.
pub async fn rules(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let stats = call.edge.handle.desk_stats(view.id).await?;
    let entries = call.edge.handle.list_entries(view.id).await?;
    let view = call.view()?;
    let mut out = Json::with_capacity(4_096);
    render::fraud_rules(&mut out, &stats, &entries, Names::new(&view.state, &view.compiled.terms));
    Ok(json(StatusCode::OK, out))
}

/// `GET …/fraud/lists` and `GET …/fraud/lists/{list}`: the entries that stand.
pub async fn list(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let wanted = match ask.param("list") {
        "" => None,
        name => Some(is_allow(name)?),
    };
    let now = call.edge.handle.now();
    let entries = call.edge.handle.list_entries(view.id).await?;
    let mut out = Json::with_capacity(entries.len() * 256 + 64);
    out.begin_object();
    out.key("data");
    out.begin_array();
    for entry in entries.iter().filter(|entry| wanted.is_none_or(|allow| entry.allow == allow)) {
        if entry.expires_at.is_none_or(|end| end > now) {
            let terms = ListTerms {
                rules: entry.rules.clone(),
                reason: entry.reason.clone(),
                author: entry.author.clone(),
                expires_at: entry.expires_at,
            };
            render::list_entry(&mut out, (entry.allow, entry.kind, &entry.value), Some(&terms), entry.at);
        }
    }
    out.end_array();
    out.key("has_more");
    out.bool(false);
    out.key("next_cursor");
    out.null();
    out.end_object();
    Ok(json(StatusCode::OK, out))
}

/// `PUT …/fraud/lists/{list}/{kind}/{value}`.
pub async fn put(ask: Ask, body: Body) -> Result<Response, Problem> {
    let terms = ask.read_or_nothing::<ListEntryWire, _>(body).await?;
    change(&ask, Some(terms)).await
}

/// `DELETE …/fraud/lists/{list}/{kind}/{value}`: also where there is no such entry.
pub async fn delete(ask: Ask) -> Result<Response, Problem> {
    change(&ask, None).await
}

async fn change(ask: &Ask, put: Option<ListTerms>) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let allow = is_allow(ask.param("list"))?;
    let kind = kind(ask.param("kind"), allow)?;
    let value = Text::new(ask.param("value"));
    if value.is_empty() || value.len() > ID_BYTES_MAX {
        return Err(Problem::parameter("value", "expected 1 to 128 bytes"));
    }
    let (key, made) = (call.idempotency_key(ID_BYTES_MAX)?, put.is_some());
    let asked = Command::Review(Arc::new(Review::List(ListChange { allow, kind, value, put, key })));
    let answer = submit_one(&call, &view, asked).await?;
    let (record, replayed) = match &answer {
        Answer::Recorded(record) => (&**record, false),
        Answer::Replayed(record) => (&**record, true),
        Answer::Rejected(reject) => return Err(Problem::from(reject)),
    };
    let mut out = Json::with_capacity(256);
    if let Input::Review(review) = &record.input
        && let Review::List(done) = review.as_ref()
    {
        render::list_entry(&mut out, (done.allow, done.kind, &done.value), done.put.as_ref(), record.recorded_at);
    }
    let mut response = json(if made && !replayed { StatusCode::CREATED } else { StatusCode::OK }, out);
    if replayed {
        response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
        call.edge.handle.metrics().replays(1);
    }
    Ok(response)
}

fn is_allow(name: &str) -> Result<bool, Problem> {
    match name {
        "allow" => Ok(true),
        "deny" => Ok(false),
        _ => Err(Problem::new(Code::NotFound, "the lists are allow and deny")),
    }
}

/// The field of an entry; on the allow list also a rule, which is then silenced for everybody.
fn kind(name: &str, allow: bool) -> Result<KeyField, Problem> {
    let rule = (allow && name == KeyField::Rule.name()).then_some(KeyField::Rule);
    KeyField::named(name).or(rule).ok_or_else(|| {
        let known: Vec<&str> = KeyField::ALL.into_iter().map(KeyField::name).collect();
        Problem::parameter("kind", format!("expected one of {}, or rule on the allow list", known.join(", ")))
    })
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

//! Members: enrol, look up, balance now or then, statement, lots.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;

use super::{Ask, Call, end_page, events, json};
use crate::engine::handle::ProgramView;
use crate::http::json::Json;
use crate::http::problem::{Code, Problem};
use crate::http::query::{cursor, instant};
use crate::http::render::{self, Names, Statement};
use crate::http::wire::{Enrolment, MemberWire};
use crate::ledger::decide::settled;
use crate::ledger::history::{Until, member_at};
use crate::ledger::member::{Lot, Member};
use crate::ledger::record::{Input, Record};
use crate::ledger::types::{LotId, NameId, Seq, Text, TimeMs};
use crate::limits::ID_BYTES_MAX;

/// The source of enrolments that are known by their `Idempotency-Key`.
const KEYED_SOURCE: Text = Text::new_static("idempotency-key");

/// `POST …/members`: an enroll event. One that names no id is known by its `Idempotency-Key`, and without one by its member;
/// where that member was enrolled otherwise before, it is a new event, which changes nothing. Sent again without a time of its
/// own it takes the one it had, so that it replays.
pub async fn enroll(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let key = call.idempotency_key(ID_BYTES_MAX)?;
    let Enrolment { mut event, named, timed } = ask.read::<MemberWire, _>(body).await?;
    if !named && !key.is_empty() {
        (event.id, event.source) = (key.clone(), KEYED_SOURCE);
    }
    let now = call.edge.handle.now();
    let earlier = call.edge.handle.event(view.id, &event.source, &event.id).await?;
    let timed = timed.then_some(event.occurred_at);
    event.occurred_at = timed.unwrap_or(now);
    if let Some(Input::Event(first)) = earlier.as_deref().map(|record| &record.input) {
        event.occurred_at = timed.unwrap_or(first.occurred_at);
        if **first != event && !named && key.is_empty() {
            (event.id, event.occurred_at) = (Text::new(call.request_id), timed.unwrap_or(now));
        }
    }
    events::submit(&call, &view, Arc::new(event)).await
}

/// The member's durable state, not settled.
pub(super) async fn find(call: &Call<'_>, view: &ProgramView, id: &str) -> Result<Arc<Member>, Problem> {
    if id.is_empty() || id.len() > ID_BYTES_MAX {
        return Err(Problem::unknown_member(id));
    }
    call.edge.handle.member(view.id, id).await?.ok_or_else(|| Problem::unknown_member(id))
}

/// All of the member's records; 404 where there is no such member.
async fn history(call: &Call<'_>, view: &ProgramView, id: &str) -> Result<Vec<Arc<Record>>, Problem> {
    find(call, view, id).await?;
    Ok(call.edge.handle.history(view.id, id).await?)
}

/// `GET …/members/{member}`.
pub async fn show(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let id = ask.param("member");
    let member = find(&call, &view, id).await?;
    let view = call.view()?;
    let now = call.edge.handle.now();
    let mut out = Json::with_capacity(1_024);
    let names = Names::of(&view);
    render::member(&mut out, id, &settled(&member, &view.compiled.terms, now), names, now);
    Ok(json(StatusCode::OK, out))
}

/// `GET …/members/{member}/balance`, through the router.
pub async fn balance(ask: Ask) -> Result<Response, Problem> {
    get_balance(&ask.call(), ask.param("member")).await
}

/// `GET …/members/{member}/balance[?at=time|seq]`: what is there now, was there at a business time, or after a record.
pub async fn get_balance(call: &Call<'_>, id: &str) -> Result<Response, Problem> {
    let view = call.view()?;
    let Some(at) = call.query(&["at"])?.get("at").map(str::to_owned) else {
        let member = find(call, &view, id).await?;
        let view = call.view()?;
        let now = call.edge.handle.now();
        let home = household(call, &member).await?;
        return Ok(write_balance(call, id, (&settled(&member, &view.compiled.terms, now), &home), &view, now));
    };
    let until = if !at.is_empty() && at.bytes().all(|b| b.is_ascii_digit()) {
        let seq = at.parse().map_err(|_| Problem::parameter("at", "is not a sequence number"))?;
        Until::Seq(Seq::new(seq))
    } else {
        Until::Time(instant("at", &at)?)
    };
    let records = history(call, &view, id).await?;
    let view = call.view()?;
    let at = match until {
        Until::Time(at) => at,
        Until::Seq(seq) => records.iter().rfind(|r| r.seq <= seq).map_or(TimeMs::EPOCH, |r| r.recorded_at),
    };
    let member = member_at(&records, id, &view.compiled.terms, until)
        .ok_or_else(|| Problem::new(Code::UnknownMember, format!("member {id:?} was not enrolled then")))?;
    Ok(write_balance(call, id, (&member, &Vec::new()), &view, at))
}

/// The other members of a member's household, where they have one.
async fn household(call: &Call<'_>, member: &Member) -> Result<Vec<(Text, Arc<Member>)>, Problem> {
    let mut others = Vec::new();
    let home = member.standing().and_then(|standing| standing.household.as_ref());
    let view = call.view()?;
    for id in home.iter().flat_map(|(_, members)| members) {
        if let Some(other) = call.edge.handle.member(view.id, id).await? {
            others.push((id.clone(), other));
        }
    }
    Ok(others)
}

/// Writes `pools`: what the members of a household can spend together of the pools that they have in common.
pub async fn household_pools(out: &mut Json, call: &Call<'_>, members: &[Text]) -> Result<(), Problem> {
    let view = call.view()?;
    let mut all = Vec::with_capacity(members.len());
    for id in members {
        if let Some(member) = call.edge.handle.member(view.id, id).await? {
            all.push((id.clone(), member));
        }
    }
    let view = call.view()?;
    let names = Names::new(&view.state, &view.compiled.terms);
    render::common_pools(out, &all, names, call.edge.handle.now());
    Ok(())
}

fn write_balance(
    call: &Call<'_>,
    id: &str,
    (member, home): (&Member, &[(Text, Arc<Member>)]),
    view: &ProgramView,
    at: TimeMs,
) -> Response {
    let mut out = Json::with_capacity(1_024);
    let names = Names { vouchers: Some((view.id, &call.edge.vouchers)), ..Names::of(view) };
    render::balance(&mut out, id, (member, home), names, at);
    json(StatusCode::OK, out)
}

/// `GET …/members/{member}/statement?from=&to=`: `from` is within, `to` is not.
pub async fn statement(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let query = call.query(&["from", "to", "limit", "cursor"])?;
    let (from, to) = query.period(&view.compiled.terms.zone)?;
    let after = query.cursor::<3>()?.map(|[at, seq, index]| {
        (TimeMs::new(at), Seq::new(u64::try_from(seq).unwrap_or(0)), usize::try_from(index).unwrap_or(0))
    });
    let id = ask.param("member");
    let asked = Statement { member: id, from, to, after, limit: query.limit()? };
    let records = history(&call, &view, id).await?;
    let view = call.view()?;
    let mut out = Json::with_capacity(4_096);
    let next = render::statement(&mut out, &records, &asked, Names::of(&view));
    let next = next.map(|(at, seq, index)| {
        cursor(&[at.get(), i64::try_from(seq.get()).unwrap_or(i64::MAX), i64::try_from(index).unwrap_or(i64::MAX)])
    });
    end_page(&mut out, next.as_deref());
    Ok(json(StatusCode::OK, out))
}

/// `GET …/members/{member}/lots`: lots with something left, in the order they came to be.
pub async fn lots(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let query = call.query(&["pool", "limit", "cursor"])?;
    let (limit, after) = (query.limit()?, query.cursor::<3>()?);
    let id = ask.param("member");
    let member = find(&call, &view, id).await?;
    let view = call.view()?;
    let now = call.edge.handle.now();
    let member = settled(&member, &view.compiled.terms, now);
    let names = Names::of(&view);
    let only = match query.get("pool") {
        None => None,
        Some(name) => {
            Some(view.state.name_id(name).ok_or_else(|| Problem::parameter("pool", "is not a pool of the program"))?)
        }
    };
    let place = |(pool, lot): &(NameId, &Lot)| {
        let LotId { seq, index } = lot.id;
        [i64::try_from(seq.get()).unwrap_or(i64::MAX), i64::from(index), i64::from(pool.get())]
    };
    let mut rows: Vec<(NameId, &Lot)> = member
        .pools
        .iter()
        .filter(|pool| only.is_none_or(|only| pool.pool == only))
        .flat_map(|pool| pool.lots.iter().filter(|lot| !lot.expired_at(now)).map(|lot| (pool.pool, lot)))
        .filter(|row| after.is_none_or(|after| place(row) > after))
        .collect();
    rows.sort_unstable_by_key(place);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let mut out = Json::with_capacity(rows.len() * 200 + 64);
    out.begin_object();
    out.key("data");
    out.begin_array();
    render::lots(&mut out, &rows, names, now);
    out.end_array();
    let next = rows.last().filter(|_| more).map(|row| cursor(&place(row)));
    end_page(&mut out, next.as_deref());
    Ok(json(StatusCode::OK, out))
}

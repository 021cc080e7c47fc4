//! Households: founding, joining, leaving, looking one up. Who is in one is read from its latest record; the ledger refuses where
//! that has changed meanwhile.

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;

use super::spending::act;
use super::{Ask, Call, json};
use crate::engine::handle::ProgramView;
use crate::http::json::Json;
use crate::http::problem::{Code, Faults, Problem};
use crate::http::wire::{HouseholdAsked, HouseholdWire};
use crate::ledger::act::{Act, What};
use crate::ledger::record::{Effect, HOUSEHOLD_SOURCE, IDEMPOTENCY_SOURCE, Input};
use crate::ledger::types::Text;
use crate::limits::ID_BYTES_MAX;

/// Everyone in a household, in order of joining; nobody where there is none.
async fn living(call: &Call<'_>, view: &ProgramView, household: &str) -> Result<Vec<Text>, Problem> {
    let latest = call.edge.handle.event(view.id, HOUSEHOLD_SOURCE, household).await?;
    let Some(latest) = latest else { return Ok(Vec::new()) };
    let told = latest.effects.iter().find_map(|effect| match effect {
        Effect::Household { household: Some((name, members)), .. } if name == household => Some(members.clone()),
        _ => None,
    });
    let mut members = Vec::new();
    for id in told.unwrap_or_default() {
        let member = call.edge.handle.member(view.id, &id).await?;
        let home = member.as_ref().and_then(|member| member.standing()?.household.as_ref());
        if home.is_some_and(|(name, _)| name == household) {
            members.push(id);
        }
    }
    Ok(members)
}

/// `POST …/households`: founds one, or joins it where it is there.
pub async fn join(ask: Ask, body: Body) -> Result<Response, Problem> {
    let asked = ask.read::<HouseholdWire, _>(body).await?;
    let mut faults = Faults::default();
    if asked.household.is_none() {
        faults.add("/household", "is missing");
    }
    let asked = faults.into_result(asked)?;
    let household = asked.household.clone().unwrap_or_default();
    enter(&ask.call(), household, asked).await
}

/// `POST …/households/{household}/members`.
pub async fn join_named(ask: Ask, body: Body) -> Result<Response, Problem> {
    let asked = ask.read::<HouseholdWire, _>(body).await?;
    let household = Text::new(ask.param("household"));
    let mut faults = Faults::default();
    if asked.household.is_some() || household.is_empty() || household.len() > ID_BYTES_MAX {
        faults.add("/household", "is named by the path, in 1 to 128 bytes");
    }
    let asked = faults.into_result(asked)?;
    enter(&ask.call(), household, asked).await
}

async fn enter(call: &Call<'_>, household: Text, asked: HouseholdAsked) -> Result<Response, Problem> {
    let view = call.view()?;
    let HouseholdAsked { members: joining, context, .. } = asked;
    let member = joining.first().cloned().unwrap_or_default();
    let mut members = living(call, &view, &household).await?;
    for id in joining {
        if !members.contains(&id) {
            members.push(id);
        }
    }
    // Asked again under its key, it names whom it named then.
    let key = call.idempotency_key(ID_BYTES_MAX)?;
    if !key.is_empty()
        && let Some(first) = call.edge.handle.event(view.id, IDEMPOTENCY_SOURCE, &key).await?
        && let Input::Act(act, _) = &first.input
        && let What::Join { household: name, members: then } = &act.what
        && act.member == member
        && *name == household
    {
        members.clone_from(then);
    }
    act(call, &view, Act { member, context, what: What::Join { household, members } }).await
}

/// `POST …/households/{household}/leave`.
pub async fn leave(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let HouseholdAsked { household, members, context } = ask.read::<HouseholdWire, _>(body).await?;
    let mut faults = Faults::default();
    if household.is_some() {
        faults.add("/household", "is named by the path");
    }
    if members.len() != 1 {
        faults.add("/members", "one member leaves at a time");
    }
    let members = faults.into_result(members)?;
    let member = members.into_iter().next().unwrap_or_default();
    if !living(&call, &view, ask.param("household")).await?.contains(&member) {
        return Err(unknown(&ask));
    }
    act(&call, &view, Act { member, context, what: What::Leave }).await
}

fn unknown(ask: &Ask) -> Problem {
    Problem::new(Code::UnknownHousehold, format!("nobody of that name lives in {:?}", ask.param("household")))
}

/// `GET …/households/{household}`.
pub async fn show(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let name = ask.param("household");
    let members = living(&call, &view, name).await?;
    if members.is_empty() {
        return Err(unknown(&ask));
    }
    let mut out = Json::with_capacity(512);
    out.begin_object();
    out.field("id", name);
    out.key("members");
    out.begin_array();
    for member in &members {
        out.string(member);
    }
    out.end_array();
    super::members::household_pools(&mut out, &call, &members).await?;
    out.end_object();
    Ok(json(StatusCode::OK, out))
}

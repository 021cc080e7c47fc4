//! `member`: the member as they stood just before the event. Somebody who is not a member yet reads as one with nothing.

use std::rc::Rc;

use rhai::{Engine, EvalAltResult, ImmutableString};

use super::{Answer, Call, Shared, running, text};
use crate::ledger::calendar::{Day, month_index, parts_of, year_of};
use crate::ledger::event::Birthday;
use crate::ledger::tiers::tier_at;
use crate::ledger::types::{NameId, Text};
use crate::rules::bound::Compiled;
use crate::rules::diagnostic::suggestion;
use crate::rules::loaded::Loaded;

/// `member`, as a script holds it.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct ScriptMember;

/// Every name that may follow `member.`.
pub(in crate::rules) const NAMES: [&str; 14] = [
    "id",
    "tier",
    "enrolled_days",
    "is_birthday",
    "birthday_month",
    "balance",
    "lifetime",
    "count",
    "attribute",
    "has",
    "choice",
    "membership",
    "segment",
    "stamps",
];

/// What a counter can be read over.
pub(in crate::rules) const WINDOWS: [&str; 4] = ["day", "month", "year", "ever"];

pub(super) fn register(engine: &mut Engine, call: &Shared) {
    engine.register_type_with_name::<ScriptMember>("Member");
    register_person(engine, call);
    register_holdings(engine, call);
    register_rights(engine, call);
}

/// Who they are.
fn register_person(engine: &mut Engine, call: &Shared) {
    let shared = Rc::clone(call);
    engine.register_get("id", move |_: &mut ScriptMember| -> Answer<ImmutableString> {
        Ok(text(Some(&running(&shared.borrow())?.1.member)))
    });
    let shared = Rc::clone(call);
    engine.register_get("tier", move |_: &mut ScriptMember| -> Answer<ImmutableString> {
        let call = shared.borrow();
        let (loaded, _) = running(&call)?;
        Ok(loaded.tier_name(tier_at(call.member(), &loaded.compiled.terms, call.at)))
    });
    let shared = Rc::clone(call);
    engine.register_get("enrolled_days", move |_: &mut ScriptMember| -> Answer<i64> {
        let call = shared.borrow();
        let Some(member) = call.member.as_deref() else { return Ok(0) };
        let zone = &running(&call)?.0.compiled.terms.zone;
        Ok((i64::from(local_day(&call)?) - i64::from(zone.day(member.enrolled_at))).max(0))
    });
    let shared = Rc::clone(call);
    engine.register_get("is_birthday", move |_: &mut ScriptMember| -> Answer<bool> {
        let call = shared.borrow();
        let today = local_day(&call)?;
        Ok(call.member().profile.birthday.is_some_and(|birthday| falls_on(birthday, today)))
    });
    let shared = Rc::clone(call);
    engine.register_get("birthday_month", move |_: &mut ScriptMember| -> i64 {
        shared.borrow().member().profile.birthday.map_or(0, |birthday| i64::from(birthday.month))
    });
    let shared = Rc::clone(call);
    engine.register_fn("attribute", move |_: &mut ScriptMember, name: &str| -> ImmutableString {
        text(shared.borrow().member().profile.attribute(name).map(Text::as_str))
    });
}

/// What they have.
fn register_holdings(engine: &mut Engine, call: &Shared) {
    let shared = Rc::clone(call);
    engine.register_fn("balance", move |_: &mut ScriptMember, pool: &str| -> Answer<i64> {
        let call = shared.borrow();
        let pool = pool_id(running(&call)?.0, pool)?;
        Ok(call.member().available(pool, call.at).get())
    });
    let shared = Rc::clone(call);
    engine.register_fn("lifetime", move |_: &mut ScriptMember, pool: &str| -> Answer<i64> {
        let call = shared.borrow();
        let pool = pool_id(running(&call)?.0, pool)?;
        Ok(call.member().pool(pool).map_or(0, |pool| pool.lifetime.get()))
    });
    let shared = Rc::clone(call);
    engine.register_fn("stamps", move |_: &mut ScriptMember, card: &str| -> Answer<i64> {
        let call = shared.borrow();
        let names = &running(&call)?.0.compiled.names;
        let card = names.card(card).ok_or_else(|| unknown("card", card, names.cards()))?;
        Ok(call.member().card(card).map_or(0, |card| i64::from(card.stamps)))
    });
    let shared = Rc::clone(call);
    engine.register_fn("count", move |_: &mut ScriptMember, counter: &str, window: &str| -> Answer<i64> {
        let call = shared.borrow();
        let names = &running(&call)?.0.compiled.names;
        let id = names.counter(counter).ok_or_else(|| unknown("counter", counter, names.counters()))?;
        let day = local_day(&call)?;
        let counted = call.member().counter(id);
        Ok(match window {
            "day" => counted.map_or(0, |counter| counter.days.get(day)),
            "month" => counted.map_or(0, |counter| counter.months.get(month_index(day))),
            "year" => counted.map_or(0, |counter| counter.years.get(year_of(day))),
            "ever" => counted.map_or(0, |counter| counter.ever),
            _ => return Err(unknown("window", window, WINDOWS.into_iter())),
        })
    });
}

/// What they chose, and what they have a right to.
fn register_rights(engine: &mut Engine, call: &Shared) {
    let shared = Rc::clone(call);
    engine.register_fn("choice", move |_: &mut ScriptMember, name: &str| -> ImmutableString {
        let call = shared.borrow();
        text(call.member().standing().and_then(|standing| standing.choice(name)).map(Text::as_str))
    });
    let shared = Rc::clone(call);
    engine.register_fn("membership", move |_: &mut ScriptMember, plan: &str| -> Answer<bool> {
        let call = shared.borrow();
        let plan = running(&call)?.0.compiled.id(plan);
        let period = plan.and_then(|plan| call.member().standing()?.running(plan, call.at));
        Ok(period.is_some_and(|period| !period.ended))
    });
    let shared = Rc::clone(call);
    engine.register_fn("has", move |_: &mut ScriptMember, entitlement: &str| -> Answer<bool> {
        let call = shared.borrow();
        let compiled = &running(&call)?.0.compiled;
        let rights = crate::ledger::rights::rights(call.member(), &compiled.terms, call.at);
        Ok(compiled.id(entitlement).is_some_and(|name| rights.iter().any(|right| right.0 == name)))
    });
    let shared = Rc::clone(call);
    engine.register_fn("segment", move |_: &mut ScriptMember, name: &str| -> Answer<bool> {
        let call = shared.borrow();
        let Compiled { segments, terms, .. } = &*running(&call)?.0.compiled;
        // Who is not a member yet is in no segment, but a name that is none is an error all the same.
        let known = segments.is_in(name, call.member(), terms, call.at);
        known.map(|is| is && call.member.is_some()).ok_or_else(|| unknown("segment", name, segments.names()))
    });
}

/// The event's day in the program's zone.
fn local_day(call: &Call) -> Answer<Day> {
    let (loaded, event) = running(call)?;
    Ok(loaded.compiled.terms.zone.day(event.occurred_at))
}

/// Whether a birthday is celebrated on a day; 29 February on the 28th of common years.
fn falls_on(birthday: Birthday, day: Day) -> bool {
    let (month, date, _) = parts_of(day);
    if (birthday.month, birthday.day) == (month, date) {
        return true;
    }
    let last_of_february = (month, date) == (2, 28) && parts_of(day.saturating_add(1)).1 == 1;
    (birthday.month, birthday.day) == (2, 29) && last_of_february
}

pub(super) fn pool_id(loaded: &Loaded, pool: &str) -> Answer<NameId> {
    let names = &loaded.compiled.names;
    names.pool(pool).ok_or_else(|| unknown("pool", pool, names.pools()))
}

/// The error of a name that is not declared.
#[expect(clippy::unnecessary_box_returns, reason = "boxed errors are what the script engine takes")]
pub(super) fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Box<EvalAltResult> {
    format!("no {what} {name:?} is declared{}", suggestion(name, known)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::calendar::first_day_of_year;

    #[test]
    fn a_leap_day_birthday_is_the_28th_in_common_years() {
        let leap = Birthday { month: 2, day: 29, year: Some(2000) };
        let january = 31;
        let common = first_day_of_year(2027) + january;
        assert!(falls_on(leap, common + 27));
        assert!(!falls_on(leap, common + 28));
        let leap_year = first_day_of_year(2028) + january;
        assert!(!falls_on(leap, leap_year + 27));
        assert!(falls_on(leap, leap_year + 28));
    }
}

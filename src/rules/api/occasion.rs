//! `request`, `change` and `tick`: what a script is told where it is asked about something else than an event.

use std::rc::Rc;

use rhai::{Engine, ImmutableString};

use super::event::{TIMES, day_text, local_day};
use super::{Answer, Call, Shared, running, text};
use crate::ledger::event::Event;
use crate::ledger::types::{AMOUNT_MAX, NameId, Points, Text};
use crate::rules::asked::Occasion;

/// `request`, `change` or `tick`, as a script holds it.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct ScriptOccasion;

/// What every one of them knows of its time.
const TIME_NAMES: [&str; 6] = ["day", "weekday", "month", "year", "hour", "occurred_at"];

type TextField = (&'static str, fn(&Event) -> Option<&Text>);

/// Where a redemption is asked for.
const PLACES: [TextField; 7] = [
    ("channel", |e| e.context.channel.as_ref()),
    ("store", |e| e.context.store.as_ref()),
    ("terminal", |e| e.context.terminal.as_ref()),
    ("staff", |e| e.context.staff.as_ref()),
    ("device", |e| e.context.device.as_ref()),
    ("ip", |e| e.context.ip.as_ref()),
    ("order", |e| e.order.as_ref()),
];

/// Every name that may follow `request.`.
pub(in crate::rules) fn request_names() -> impl Iterator<Item = &'static str> + Clone {
    ["kind", "reward", "pool", "amount"].into_iter().chain(PLACES.iter().map(|place| place.0)).chain(TIME_NAMES)
}

/// Every name that may follow `change.`.
pub(in crate::rules) fn change_names() -> impl Iterator<Item = &'static str> + Clone {
    ["from", "to", "up", "cause"].into_iter().chain(TIME_NAMES)
}

/// Every name that may follow `tick.`.
pub(in crate::rules) fn tick_names() -> impl Iterator<Item = &'static str> + Clone {
    std::iter::once("name").chain(TIME_NAMES)
}

pub(super) fn register(engine: &mut Engine, call: &Shared) {
    engine.register_type_with_name::<ScriptOccasion>("Occasion");
    times(engine, call);
    register_request(engine, call);
    register_change(engine, call);
    let shared = Rc::clone(call);
    engine.register_get("name", move |_: &mut ScriptOccasion| -> Answer<ImmutableString> {
        match occasion(&shared.borrow())? {
            Occasion::Schedule { name } => Ok(text(Some(name))),
            Occasion::Redeem(_) | Occasion::TierChange { .. } => Err(NOT_HERE.into()),
        }
    });
    register_verdict(engine, call);
}

/// A handle belongs to the handler it was given to.
const NOT_HERE: &str = "this is not what the handler is about";

fn occasion(call: &Call) -> Answer<&Occasion> {
    call.occasion.as_ref().ok_or_else(|| NOT_HERE.into())
}

/// The calendar of the occasion's instant, in the program's zone.
fn times(engine: &mut Engine, call: &Shared) {
    for (name, read) in TIMES {
        let call = Rc::clone(call);
        engine.register_get(name, move |_: &mut ScriptOccasion| -> Answer<i64> {
            let call = call.borrow();
            let (loaded, event) = running(&call)?;
            Ok(read(event, &loaded.compiled.terms))
        });
    }
    let shared = Rc::clone(call);
    engine.register_get("day", move |_: &mut ScriptOccasion| -> Answer<ImmutableString> {
        let call = shared.borrow();
        let (loaded, event) = running(&call)?;
        Ok(day_text(local_day(event, &loaded.compiled.terms)).into())
    });
    let shared = Rc::clone(call);
    engine.register_get("occurred_at", move |_: &mut ScriptOccasion| -> Answer<ImmutableString> {
        Ok(super::event::instant_text(running(&shared.borrow())?.1.occurred_at).into())
    });
}

fn register_request(engine: &mut Engine, call: &Shared) {
    for (name, read) in PLACES {
        let call = Rc::clone(call);
        engine.register_get(name, move |_: &mut ScriptOccasion| -> Answer<ImmutableString> {
            Ok(text(read(running(&call.borrow())?.1).map(Text::as_str)))
        });
    }
    let shared = Rc::clone(call);
    engine.register_get("kind", move |_: &mut ScriptOccasion| -> Answer<ImmutableString> {
        let call = shared.borrow();
        Ok(match occasion(&call)? {
            Occasion::Redeem(asked) if asked.hold => "hold".into(),
            _ => "redemption".into(),
        })
    });
    let shared = Rc::clone(call);
    engine.register_get("reward", move |_: &mut ScriptOccasion| -> Answer<ImmutableString> {
        let call = shared.borrow();
        let Occasion::Redeem(asked) = occasion(&call)? else { return Err(NOT_HERE.into()) };
        Ok(text(asked.reward.as_deref()))
    });
    let shared = Rc::clone(call);
    engine.register_get("pool", move |_: &mut ScriptOccasion| -> Answer<ImmutableString> {
        let call = shared.borrow();
        let Occasion::Redeem(asked) = occasion(&call)? else { return Err(NOT_HERE.into()) };
        Ok(text(Some(&asked.pool)))
    });
    let shared = Rc::clone(call);
    engine.register_get("amount", move |_: &mut ScriptOccasion| -> Answer<i64> {
        let call = shared.borrow();
        let Occasion::Redeem(asked) = occasion(&call)? else { return Err(NOT_HERE.into()) };
        Ok(asked.amount.get())
    });
}

fn register_change(engine: &mut Engine, call: &Shared) {
    type Side = fn(Option<NameId>, Option<NameId>) -> Option<NameId>;
    const SIDES: [(&str, Side); 2] = [("from", |from, _| from), ("to", |_, to| to)];
    for (name, side) in SIDES {
        let shared = Rc::clone(call);
        engine.register_get(name, move |_: &mut ScriptOccasion| -> Answer<ImmutableString> {
            let call = shared.borrow();
            let Occasion::TierChange { from, to, .. } = occasion(&call)? else { return Err(NOT_HERE.into()) };
            Ok(running(&call)?.0.tier_name(side(*from, *to)))
        });
    }
    let shared = Rc::clone(call);
    engine.register_get("up", move |_: &mut ScriptOccasion| -> Answer<bool> {
        let call = shared.borrow();
        let Occasion::TierChange { up, .. } = occasion(&call)? else { return Err(NOT_HERE.into()) };
        Ok(*up)
    });
    let shared = Rc::clone(call);
    engine.register_get("cause", move |_: &mut ScriptOccasion| -> Answer<ImmutableString> {
        let call = shared.borrow();
        let Occasion::TierChange { cause, .. } = occasion(&call)? else { return Err(NOT_HERE.into()) };
        Ok(text(Some(cause)))
    });
}

/// What a redemption costs, or that there is none.
fn register_verdict(engine: &mut Engine, call: &Shared) {
    let shared = Rc::clone(call);
    engine.register_fn("price", move |amount: i64| -> Answer<()> {
        let mut call = shared.borrow_mut();
        if !matches!(call.occasion, Some(Occasion::Redeem(_))) {
            return Err("only on_redeem says a price".into());
        }
        if !(0..=AMOUNT_MAX).contains(&amount) {
            return Err(format!("{amount} is not a price: from 0 to {AMOUNT_MAX}").into());
        }
        call.price = Some(Points::new(amount));
        Ok(())
    });
    let shared = Rc::clone(call);
    engine.register_fn("deny", move |reason: &str| -> Answer<()> {
        let reason = Text::new(super::calls::bounded(reason)?);
        let mut call = shared.borrow_mut();
        if !matches!(call.occasion, Some(Occasion::Redeem(_))) {
            return Err("only on_redeem denies; an event has happened: hold(reason) keeps its effects back".into());
        }
        call.denied.get_or_insert(reason);
        Ok(())
    });
}

//! What a script may ask for: `earn`, `stamp`, `grant`, `count`, `flag`, `hold`, and arithmetic that floors once.
//!
//! Each call only notes an intent; the ledger decides later. Anything out of range is an error at the call's place, and
//! the handler that made it loses its effects.

use std::rc::Rc;

use rhai::{Engine, Map, NativeCallContext};

use super::member::{pool_id, unknown};
use super::{Answer, Call, Shared, running};
use crate::ledger::calendar::Span;
use crate::ledger::proposal::{Basis, Intent};
use crate::ledger::provenance::{Back, Lines, Punched};
use crate::ledger::record::{Reason, Verdict};
use crate::ledger::types::{AMOUNT_MAX, Points, Text};
use crate::limits::{INTENTS_MAX, ITEM_QUANTITY_MAX, TEXT_BYTES_MAX};
use crate::rules::length::{self, ShortM};

/// What a script's `hold` adds to the score.
const HOLD_WEIGHT: u8 = 50;

pub(super) fn register(engine: &mut Engine, call: &Shared) {
    register_effects(engine, call);
    register_verdicts(engine, call);
    engine.register_fn("mul_div", mul_div);
    engine.register_fn("bps", |amount: i64, rate: i64| mul_div(amount, rate, 10_000));
    engine.register_fn("clamp", |value: i64, low: i64, high: i64| value.min(high).max(low));
}

fn register_effects(engine: &mut Engine, call: &Shared) {
    let shared = Rc::clone(call);
    engine.register_fn("earn", move |at: NativeCallContext, pool: &str, amount: i64, reason: &str| {
        earn(&at, &mut shared.borrow_mut(), pool, amount, reason, (None, None))
    });
    let shared = Rc::clone(call);
    engine.register_fn("earn", move |at: NativeCallContext, pool: &str, amount: i64, reason: &str, options: Map| {
        earn(&at, &mut shared.borrow_mut(), pool, amount, reason, terms_of(&options)?)
    });
    let shared = Rc::clone(call);
    engine.register_fn("stamp", move |at: NativeCallContext, card: &str, count: i64, reason: &str| -> Answer<()> {
        let mut call = shared.borrow_mut();
        let (loaded, _) = running(&call)?;
        let names = &loaded.compiled.names;
        let card = names.card(card).ok_or_else(|| unknown("card", card, names.cards()))?;
        let count = u32::try_from(count)
            .ok()
            .filter(|count| *count <= ITEM_QUANTITY_MAX)
            .ok_or_else(|| format!("{count} stamps cannot be given: from 0 to {ITEM_QUANTITY_MAX}"))?;
        let (rule, reason) = loaded.noted(call.script, at.call_position(), bounded(reason)?);
        if count == 0 {
            return Ok(());
        }
        let marks = vec![Punched::default(); usize::try_from(count).unwrap_or(usize::MAX)];
        push(&mut call, Intent::Stamp { card, marks, reason, rule, basis: WHOLE })
    });
    let shared = Rc::clone(call);
    engine.register_fn("grant", move |at: NativeCallContext, reward: &str, reason: &str| -> Answer<()> {
        let mut call = shared.borrow_mut();
        let (loaded, _) = running(&call)?;
        let names = &loaded.compiled.names;
        let reward = names.reward(reward).ok_or_else(|| unknown("reward", reward, names.rewards()))?;
        let (rule, reason) = loaded.noted(call.script, at.call_position(), bounded(reason)?);
        push(&mut call, Intent::Grant { reward, reason, rule, condition: None, once: None, basis: WHOLE })
    });
    let shared = Rc::clone(call);
    engine.register_fn("count", move |counter: &str, amount: i64| -> Answer<()> {
        let mut call = shared.borrow_mut();
        let names = &running(&call)?.0.compiled.names;
        let own = names.own_counters();
        let counter = names.own_counter(counter).ok_or_else(|| unknown("counter", counter, own))?;
        if !(-AMOUNT_MAX..=AMOUNT_MAX).contains(&amount) {
            return Err(format!("{amount} cannot be counted: at most {AMOUNT_MAX}").into());
        }
        push(&mut call, Intent::Count { counter, amount, basis: Basis::default() })
    });
}

fn register_verdicts(engine: &mut Engine, call: &Shared) {
    let shared = Rc::clone(call);
    engine.register_fn("flag", move |code: &str, weight: i64, reason: &str| -> Answer<()> {
        let weight = u8::try_from(weight)
            .ok()
            .filter(|weight| *weight <= 100)
            .ok_or_else(|| format!("{weight} is not a weight: from 0 to 100"))?;
        let (rule, detail) = (Text::new(bounded(code)?), bounded(reason)?.to_owned());
        raise(&mut shared.borrow_mut(), Reason { rule, verdict: Verdict::Flag, weight, detail, evidence: None })
    });
    let shared = Rc::clone(call);
    engine.register_fn("hold", move |at: NativeCallContext, reason: &str| -> Answer<()> {
        let mut call = shared.borrow_mut();
        let (rule, _) = running(&call)?.0.noted(call.script, at.call_position(), "");
        let detail = bounded(reason)?.to_owned();
        raise(&mut call, Reason { rule, verdict: Verdict::Hold, weight: HOLD_WEIGHT, detail, evidence: None })
    });
}

/// Goes back once the whole order does.
const WHOLE: Basis = Basis { lines: Lines::All, back: Back::Whole };

/// How long a credit waits, and how long it lasts, where a script says so.
type OwnTerms = (Option<Span>, Option<Span>);

fn earn(
    at: &NativeCallContext,
    call: &mut Call,
    pool: &str,
    amount: i64,
    reason: &str,
    (pending, expires): OwnTerms,
) -> Answer<()> {
    let (loaded, _) = running(call)?;
    let pool = pool_id(loaded, pool)?;
    if !(0..=AMOUNT_MAX).contains(&amount) {
        return Err(format!("{amount} cannot be earned: from 0 to {AMOUNT_MAX}").into());
    }
    let (rule, reason) = loaded.noted(call.script, at.call_position(), bounded(reason)?);
    if amount == 0 {
        return Ok(());
    }
    let (amount, basis) = (Points::new(amount), Basis::default());
    push(call, Intent::Earn { pool, amount, reason, rule, pending, expires, basis, cap: None })
}

/// `#{pending: "30d", expires: "12m"}`
fn terms_of(options: &Map) -> Answer<OwnTerms> {
    let (mut pending, mut expires) = (None, None);
    for (name, value) in options {
        let text = value.as_immutable_string_ref().map_err(|found| format!("{name} is a text, not {found}"))?;
        match name.as_str() {
            "pending" => pending = Some(length::span(&text, ShortM::Minutes)?),
            "expires" => expires = Some(length::span(&text, ShortM::Months)?),
            other => return Err(unknown("option", other, ["pending", "expires"].into_iter())),
        }
    }
    Ok((pending, expires))
}

fn push(call: &mut Call, intent: Intent) -> Answer<()> {
    if call.intents.len() >= INTENTS_MAX {
        return Err(format!("an event gives at most {INTENTS_MAX} things").into());
    }
    call.intents.push(intent);
    Ok(())
}

fn raise(call: &mut Call, reason: Reason) -> Answer<()> {
    if call.raised.len() >= INTENTS_MAX {
        return Err(format!("an event is flagged at most {INTENTS_MAX} times").into());
    }
    call.raised.push(reason);
    Ok(())
}

fn bounded(text: &str) -> Answer<&str> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("a reason has at most {TEXT_BYTES_MAX} bytes, this one {}", text.len()).into());
    }
    Ok(text)
}

/// `floor(a × b / c)` without passing the range of a number in between.
fn mul_div(a: i64, b: i64, c: i64) -> Answer<i64> {
    if c == 0 {
        return Err("division by zero".into());
    }
    let product = i128::from(a) * i128::from(b);
    // Euclidean division floors only for divisors above zero.
    let (product, divisor) = if c < 0 { (-product, -i128::from(c)) } else { (product, i128::from(c)) };
    i64::try_from(product.div_euclid(divisor)).map_err(|_| "the result is too large a number".into())
}

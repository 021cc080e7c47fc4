//! What a script may ask for: `earn`, `stamp`, `grant`, `count`, `flag`, `hold`, and arithmetic that floors once.
//!
//! Each call only notes an intent; the ledger decides later. Anything out of range is an error at the call's place, and
//! the handler that made it loses its effects.

use std::rc::Rc;

use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::member::{pool_id, unknown};
use super::{Answer, Call, Shared, running};
use crate::ledger::calendar::Span;
use crate::ledger::event::{Event, Item};
use crate::ledger::proposal::{Basis, Intent};
use crate::ledger::provenance::{Back, Lines, Punched};
use crate::ledger::record::{Reason, Verdict};
use crate::ledger::types::{AMOUNT_MAX, Money, Points, Text};
use crate::limits::{CASE_MARKS_MAX, INTENTS_MAX, STAMPS_PER_EVENT_MAX, TEXT_BYTES_MAX};
use crate::rules::asked::Occasion;
use crate::rules::length::{self, ShortM};
use crate::rules::marks::MARK;

/// What a script's `hold` adds to the score.
const HOLD_WEIGHT: u8 = 50;

pub(super) fn register(engine: &mut Engine, call: &Shared) {
    register_effects(engine, call);
    register_verdicts(engine, call);
    // Only scripts that were marked to tell their lines call this.
    let shared = Rc::clone(call);
    engine.register_fn(MARK, move |line: i64| {
        let mut call = shared.borrow_mut();
        let reached = (call.script, u32::try_from(line).unwrap_or(0));
        if call.lines.last() != Some(&reached) && call.lines.len() < CASE_MARKS_MAX {
            call.lines.push(reached);
        }
    });
    engine.register_fn("mul_div", mul_div);
    engine.register_fn("bps", |amount: i64, rate: i64| mul_div(amount, rate, 10_000));
    engine.register_fn("clamp", |value: i64, low: i64, high: i64| value.min(high).max(low));
}

fn register_effects(engine: &mut Engine, call: &Shared) {
    let shared = Rc::clone(call);
    engine.register_fn("earn", move |at: NativeCallContext, pool: &str, amount: i64, reason: &str| {
        earn(&at, &mut shared.borrow_mut(), pool, amount, reason, &Map::new())
    });
    let shared = Rc::clone(call);
    engine.register_fn("earn", move |at: NativeCallContext, pool: &str, amount: i64, reason: &str, options: Map| {
        earn(&at, &mut shared.borrow_mut(), pool, amount, reason, &options)
    });
    let shared = Rc::clone(call);
    engine.register_fn("stamp", move |at: NativeCallContext, card: &str, count: i64, reason: &str| {
        stamp(&at, &mut shared.borrow_mut(), card, count, reason, &Map::new())
    });
    let shared = Rc::clone(call);
    engine.register_fn("stamp", move |at: NativeCallContext, card: &str, count: i64, reason: &str, options: Map| {
        stamp(&at, &mut shared.borrow_mut(), card, count, reason, &options)
    });
    let shared = Rc::clone(call);
    engine.register_fn("grant", move |at: NativeCallContext, reward: &str, reason: &str| {
        grant(&at, &mut shared.borrow_mut(), reward, reason, &Map::new())
    });
    let shared = Rc::clone(call);
    engine.register_fn("grant", move |at: NativeCallContext, reward: &str, reason: &str, options: Map| {
        grant(&at, &mut shared.borrow_mut(), reward, reason, &options)
    });
    let shared = Rc::clone(call);
    engine.register_fn("count", move |counter: &str, amount: i64| {
        count(&mut shared.borrow_mut(), counter, amount, &Map::new())
    });
    let shared = Rc::clone(call);
    engine.register_fn("count", move |counter: &str, amount: i64, options: Map| {
        count(&mut shared.borrow_mut(), counter, amount, &options)
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
        raise(&mut shared.borrow_mut(), Reason::plain(rule, Verdict::Flag, weight, detail))
    });
    let shared = Rc::clone(call);
    engine.register_fn("hold", move |at: NativeCallContext, reason: &str| -> Answer<()> {
        let mut call = shared.borrow_mut();
        let (rule, _) = running(&call)?.0.noted(call.script, at.call_position(), "");
        let detail = bounded(reason)?.to_owned();
        if matches!(call.occasion, Some(Occasion::Schedule { .. })) {
            return Err("on_schedule holds nothing: what the calendar brings does not wait".into());
        }
        raise(&mut call, Reason::plain(rule, Verdict::Hold, HOLD_WEIGHT, detail))
    });
}

fn earn(at: &NativeCallContext, call: &mut Call, pool: &str, amount: i64, reason: &str, options: &Map) -> Answer<()> {
    let (loaded, event) = running(call)?;
    let Told { pending, expires, basis } = Told::read(options, event, Takes::Terms, Back::Share)?;
    let pool = pool_id(loaded, pool)?;
    if !(0..=AMOUNT_MAX).contains(&amount) {
        return Err(format!("{amount} cannot be earned: from 0 to {AMOUNT_MAX}").into());
    }
    let (rule, reason) = loaded.noted(call.script, at.call_position(), bounded(reason)?);
    if amount == 0 {
        return Ok(());
    }
    let amount = Points::new(amount);
    push(call, Intent::Earn { pool, amount, reason, rule, pending, expires, basis, cap: None })
}

fn stamp(at: &NativeCallContext, call: &mut Call, card: &str, count: i64, reason: &str, options: &Map) -> Answer<()> {
    let (loaded, event) = running(call)?;
    let basis = Told::read(options, event, Takes::Lines, Back::Whole)?.basis;
    let names = &loaded.compiled.names;
    let card = names.card(card).ok_or_else(|| unknown("card", card, names.cards()))?;
    let most = STAMPS_PER_EVENT_MAX;
    let allowed = usize::try_from(count).ok().filter(|count| u32::try_from(*count).is_ok_and(|count| count <= most));
    let count = allowed.ok_or_else(|| format!("{count} stamps cannot be given: from 0 to {most}"))?;
    let (rule, reason) = loaded.noted(call.script, at.call_position(), bounded(reason)?);
    if count == 0 {
        return Ok(());
    }
    let worth = match &basis.lines {
        Lines::All => event.amount(),
        Lines::Of(numbers) => {
            let mine = event.items.iter().filter(|item| numbers.contains(&item.line));
            Money::new(mine.fold(0i64, |sum, item| sum.saturating_add(item.amount.get())))
        }
    };
    let marks = vec![Punched { worth, ..Punched::default() }; count];
    push(call, Intent::Stamp { card, marks, reason, rule, basis })
}

fn grant(at: &NativeCallContext, call: &mut Call, reward: &str, reason: &str, options: &Map) -> Answer<()> {
    let (loaded, event) = running(call)?;
    let basis = Told::read(options, event, Takes::Lines, Back::Whole)?.basis;
    let names = &loaded.compiled.names;
    let reward = names.reward(reward).ok_or_else(|| unknown("reward", reward, names.rewards()))?;
    let (rule, reason) = loaded.noted(call.script, at.call_position(), bounded(reason)?);
    push(call, Intent::Grant { reward, reason, rule, condition: None, once: None, basis })
}

fn count(call: &mut Call, counter: &str, amount: i64, options: &Map) -> Answer<()> {
    let (loaded, event) = running(call)?;
    let basis = Told::read(options, event, Takes::Lines, Back::Share)?.basis;
    let names = &loaded.compiled.names;
    let own = names.own_counters();
    let counter = names.own_counter(counter).ok_or_else(|| unknown("counter", counter, own))?;
    if !(-AMOUNT_MAX..=AMOUNT_MAX).contains(&amount) {
        return Err(format!("{amount} cannot be counted: at most {AMOUNT_MAX}").into());
    }
    push(call, Intent::Count { counter, amount, basis })
}

/// Which options a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// Where it comes from.
    Lines,
    /// That, and how long a credit waits and lasts.
    Terms,
}

/// What a call's options say: `#{pending: "30d", expires: "12m", category: "coffee", back: "quantity"}`.
struct Told {
    pending: Option<Span>,
    expires: Option<Span>,
    basis: Basis,
}

/// Whether a line is meant.
type Fits = Box<dyn Fn(&Item) -> bool>;

impl Told {
    fn read(options: &Map, event: &Event, takes: Takes, usual: Back) -> Answer<Self> {
        let (mut pending, mut expires, mut back) = (None, None, usual);
        let mut fits: Vec<Fits> = Vec::new();
        for (name, value) in options {
            if name == "lines" {
                let numbers = line_numbers(value)?;
                fits.push(Box::new(move |item| numbers.contains(&item.line)));
                continue;
            }
            let text = value.as_immutable_string_ref().map_err(|found| format!("{name} is a text, not {found}"))?;
            let wanted = text.to_string();
            match (name.as_str(), takes) {
                ("pending", Takes::Terms) => pending = Some(length::span(&text, ShortM::Minutes)?),
                ("expires", Takes::Terms) => expires = Some(length::span(&text, ShortM::Months)?),
                ("category", _) => fits.push(Box::new(move |item| item.category.as_deref() == Some(&wanted))),
                ("brand", _) => fits.push(Box::new(move |item| item.brand.as_deref() == Some(&wanted))),
                ("tag", _) => fits.push(Box::new(move |item| item.tags.iter().any(|tag| *tag == wanted))),
                ("sku", _) => fits.push(Box::new(move |item| item.sku.as_deref() == Some(&wanted))),
                ("back", _) => back = back_named(&wanted)?,
                (other, _) => return Err(unknown("option", other, option_names(takes))),
            }
        }
        let lines: Vec<u32> =
            event.items.iter().filter(|item| fits.iter().all(|fits| fits(item))).map(|item| item.line).collect();
        // Where no line fits the whole event is meant: what was given must be able to go back.
        let all = fits.is_empty() || lines.is_empty() || lines.len() == event.items.len();
        let lines = if all { Lines::All } else { Lines::Of(lines) };
        Ok(Self { pending, expires, basis: Basis { lines, back } })
    }
}

fn option_names(takes: Takes) -> impl Iterator<Item = &'static str> + Clone {
    let own: &[&str] = if takes == Takes::Terms { &["pending", "expires"] } else { &[] };
    own.iter().copied().chain(["lines", "category", "brand", "tag", "sku", "back"])
}

/// `lines: [1, 3]`
fn line_numbers(value: &Dynamic) -> Answer<Vec<u32>> {
    let wrong = "lines is a list of line numbers";
    let list = value.as_array_ref().map_err(|_| wrong)?;
    let number = |value: &Dynamic| value.as_int().ok().and_then(|number| u32::try_from(number).ok());
    Ok(list.iter().map(number).collect::<Option<Vec<_>>>().ok_or(wrong)?)
}

/// How something goes back with its lines: in proportion, by quantity, or as a whole.
fn back_named(name: &str) -> Answer<Back> {
    match name {
        "share" => Ok(Back::Share),
        "quantity" => Ok(Back::Quantity),
        "whole" => Ok(Back::Whole),
        "never" => Ok(Back::Never),
        other => Err(unknown("way back", other, ["share", "quantity", "whole", "never"].into_iter())),
    }
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

pub(super) fn bounded(text: &str) -> Answer<&str> {
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

//! Rules that need no script: `[[earn]]`, `[[stamp]]`, `[[grant]]` and `[[count]]` of the manifest, made ready to run.
//!
//! Pure arithmetic over an event and the member as it stood before. One floor, at the end, per rule and per event.

mod bind;
mod lines;

pub(super) use bind::bind;

use std::cell::OnceCell;

use lines::Lines;

use super::bound::Compiled;
use super::manifest::{MostPer, Once};
use crate::ledger::calendar::{Day, Span, day_of, month_index, year_of};
use crate::ledger::event::{Event, EventKind, Item};
use crate::ledger::member::{Counter, Member};
use crate::ledger::proposal::{Basis, Intent};
use crate::ledger::provenance::{Back, Condition, Lines as From, Punched, Window};
use crate::ledger::terms::Terms;
use crate::ledger::tiers::tier_at;
use crate::ledger::types::{AMOUNT_MAX, Money, NameId, Points, Text, TimeMs};
use crate::limits::STAMPS_PER_EVENT_MAX;

/// A table of the manifest, bound to the program's names.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    kinds: Vec<EventKind>,
    lines: Option<Lines>,
    except: Option<Lines>,
    minimum: i64,
    once: Option<(Once, NameId)>,
    /// At most so many times a day, by the counter of how often it paid.
    per_day: Option<(i64, NameId)>,
    /// The counter of how often it paid, where anything asks for it.
    counts_itself: Option<NameId>,
    /// Once for each value of an attribute, by what remembers them.
    values: Option<(Text, NameId)>,
    /// The counter of its own cap.
    cap: Option<NameId>,
    expires: Option<Span>,
    whom: Whom,
    reaches: Option<Reaches>,
    action: Action,
    reason: Text,
    /// `program.toml:12`
    pub at: Text,
}

#[derive(Clone, Debug)]
enum Action {
    Fixed { pool: NameId, points: i64 },
    Each { pool: NameId, points: i64 },
    Rate(Box<Rate>),
    Stamp { card: NameId, count: u32, per_quantity: bool },
    Grant { reward: NameId },
    Count { counter: NameId, of: Of },
}

/// Points by what was spent. The best of the rates that apply is taken.
#[derive(Clone, Debug)]
struct Rate {
    pool: NameId,
    give: i64,
    per: i64,
    by_tier: Vec<(NameId, i64)>,
    steps: bool,
    /// For a time after something began.
    boost: Option<(NameId, Span, i64)>,
    chosen_day: Option<ChosenDay>,
}

/// A rate of the day that the member chose.
#[derive(Clone, Debug)]
struct ChosenDay {
    choice: Text,
    tiers: Vec<NameId>,
    give: i64,
}

/// What a counter is moved by.
#[derive(Clone, Copy, Debug)]
enum Of {
    Amount,
    Quantity,
    Event,
    Rate { give: i64, per: i64 },
}

/// For whom a rule is; empty lists mean everybody.
#[derive(Clone, Debug, Default)]
struct Whom {
    tiers: Vec<NameId>,
    plans: Vec<NameId>,
    attributes: Vec<(Text, Text)>,
    segments: Vec<Text>,
}

impl Whom {
    fn is(&self, seen: &Seen<'_>) -> bool {
        let runs = |plan: &NameId| {
            seen.member.standing().and_then(|standing| standing.running(*plan, seen.at)).is_some_and(|p| !p.ended)
        };
        (self.tiers.is_empty() || seen.tier().is_some_and(|tier| self.tiers.contains(&tier)))
            && (self.plans.is_empty() || self.plans.iter().any(runs))
            && self.attributes.iter().all(|(name, value)| seen.member.profile.attribute(name) == Some(value))
            && (self.segments.is_empty() || self.segments.iter().any(|name| seen.is_in(name)))
    }
}

/// How far a counter must have come.
#[derive(Clone, Copy, Debug)]
struct Reaches {
    counter: NameId,
    window: MostPer,
    at_least: i64,
}

impl Reaches {
    /// The condition a reward then hangs on; nothing where the counter has not come so far, this event's counts included.
    fn condition(&self, seen: &Seen<'_>, intents: &[Intent]) -> Result<Condition, Nothing> {
        let day = seen.day();
        let window = match self.window {
            MostPer::Day => Window::Day(day),
            MostPer::Month => Window::Month(month_index(day)),
            MostPer::Year => Window::Year(year_of(day)),
            MostPer::Ever => Window::Ever,
        };
        let known = seen.member.counter(self.counter).map_or(0, |known| match window {
            Window::Day(day) => known.days.get(day),
            Window::Month(month) => known.months.get(month),
            Window::Year(year) => known.years.get(year),
            Window::Ever => known.ever,
        });
        let counted = intents.iter().map(|intent| match intent {
            Intent::Count { counter, amount, .. } if *counter == self.counter => *amount,
            _ => 0,
        });
        // What the ledger counts by itself is not among the intents.
        let own = match seen.event.kind {
            EventKind::Purchase if self.counter == seen.terms.spend_counter => seen.event.amount().get(),
            EventKind::Purchase if self.counter == seen.terms.purchases_counter => 1,
            _ => 0,
        };
        let total = counted.fold(known.saturating_add(own), i64::saturating_add);
        let Self { counter, at_least, .. } = *self;
        if total < at_least {
            return Err(Nothing::NotReached { counted: total, at_least });
        }
        Ok(Condition::Counter { counter, window, at_least })
    }
}

/// What of an event counts for a rule.
struct Counted {
    amount: i64,
    quantity: u32,
    lines: From,
}

impl Counted {
    /// What comes from these lines, going back so.
    fn basis(&self, back: Back) -> Basis {
        Basis { lines: self.lines.clone(), back }
    }
}

/// What a rule looks at.
pub(super) struct Seen<'a> {
    pub event: &'a Event,
    pub member: &'a Member,
    pub terms: &'a Terms,
    pub at: TimeMs,
    compiled: &'a Compiled,
    /// Found when first asked for: most rules of most programs do not ask.
    pub tier: OnceCell<Option<NameId>>,
}

impl<'a> Seen<'a> {
    pub fn new(event: &'a Event, member: &'a Member, compiled: &'a Compiled, at: TimeMs) -> Self {
        Self { event, member, terms: &compiled.terms, at, compiled, tier: OnceCell::new() }
    }

    fn is_in(&self, segment: &str) -> bool {
        self.compiled.segments.is_in(segment, self.member, self.terms, self.at) == Some(true)
    }

    fn tier(&self) -> Option<NameId> {
        *self.tier.get_or_init(|| tier_at(self.member, self.terms, self.at))
    }

    fn day(&self) -> Day {
        self.terms.zone.day(self.event.occurred_at)
    }
}

/// Why a rule gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nothing {
    OtherKind,
    NoLine,
    BelowMinimum { amount: i64, minimum: i64 },
    GivenBefore,
    TooLittle { amount: i64 },
    OtherMember,
    NotReached { counted: i64, at_least: i64 },
}

impl Nothing {
    pub fn detail(self) -> String {
        match self {
            Self::OtherKind => "not for this kind of event".to_owned(),
            Self::NoLine => "no line counts for it".to_owned(),
            Self::BelowMinimum { amount, minimum } => format!("{amount} is below its minimum of {minimum}"),
            Self::GivenBefore => "given before, as often as it may be".to_owned(),
            Self::TooLittle { amount } => format!("{amount} is too little for a whole unit"),
            Self::OtherMember => "not for this member: their tier, plan, attribute or segment".to_owned(),
            Self::NotReached { counted, at_least } => {
                format!("its counter has come to {counted}, not to {at_least}")
            }
        }
    }
}

impl Rule {
    /// Adds what this rule gives for an event.
    pub fn run(&self, seen: &Seen<'_>, intents: &mut Vec<Intent>) -> Result<(), Nothing> {
        if !self.kinds.contains(&seen.event.kind) {
            return Err(Nothing::OtherKind);
        }
        let counted = self.counted(seen.event)?;
        if counted.amount < self.minimum {
            return Err(Nothing::BelowMinimum { amount: counted.amount, minimum: self.minimum });
        }
        if !self.whom.is(seen) {
            return Err(Nothing::OtherMember);
        }
        if self.given_before(seen) {
            return Err(Nothing::GivenBefore);
        }
        let mut intent = self.intent(seen, &counted)?;
        if let (Some(reaches), Intent::Grant { condition, .. }) = (&self.reaches, &mut intent) {
            *condition = Some(reaches.condition(seen, intents)?);
        }
        intents.push(intent);
        // A grant remembers by itself that it was given.
        if let Some(counter) = self.counts_itself {
            intents.push(Intent::Count { counter, amount: 1, basis: counted.basis(Back::Whole) });
        }
        if let Some((attribute, name)) = &self.values {
            intents.push(Intent::Seen { name: *name, value: value_of(seen.event, attribute) });
        }
        Ok(())
    }

    /// Whether it has paid as often as it may.
    fn given_before(&self, seen: &Seen<'_>) -> bool {
        let times = |counter: NameId, of: &dyn Fn(&Counter) -> i64| seen.member.counter(counter).map_or(0, of);
        let once = self.once.is_some_and(|(once, counter)| {
            let day = seen.day();
            times(counter, &|known| match once {
                Once::Ever => known.ever,
                Once::Day => known.days.get(day),
                Once::Month => known.months.get(month_index(day)),
                Once::Year => known.years.get(year_of(day)),
            }) > 0
        });
        let today = |(most, counter): (i64, NameId)| times(counter, &|known| known.days.get(seen.day())) >= most;
        let value = |(attribute, name): &(Text, NameId)| {
            let value = value_of(seen.event, attribute);
            seen.member.standing().is_some_and(|standing| standing.has_seen(*name, &value))
        };
        once || self.per_day.is_some_and(today) || self.values.as_ref().is_some_and(value)
    }

    fn counts(&self, item: &Item) -> bool {
        self.lines.as_ref().is_none_or(|lines| lines.all(item))
            && !self.except.as_ref().is_some_and(|lines| lines.any(item))
    }

    /// Amount and quantity of the lines that count. An event without lines is one line without a category, brand or tag.
    fn counted(&self, event: &Event) -> Result<Counted, Nothing> {
        if self.lines.is_none() && (self.except.is_none() || event.items.is_empty()) {
            let quantity = event.items.iter().fold(0u32, |sum, item| sum.saturating_add(item.quantity));
            return Ok(Counted { amount: event.amount().get(), quantity: quantity.max(1), lines: From::All });
        }
        let mut found = 0;
        let (mut amount, mut quantity) = (0i64, 0u32);
        for item in event.items.iter().filter(|item| self.counts(item)) {
            found += 1;
            amount = amount.saturating_add(item.amount.get());
            quantity = quantity.saturating_add(item.quantity);
        }
        if found == 0 {
            return Err(Nothing::NoLine);
        }
        let mine = || event.items.iter().filter(|item| self.counts(item)).map(|item| item.line).collect();
        let lines = if found == event.items.len() { From::All } else { From::Of(mine()) };
        Ok(Counted { amount, quantity, lines })
    }

    /// The stamps of an event: one for each unit of its lines, or so many for the whole.
    fn marks(&self, event: &Event, counted: &Counted, count: u32, per_quantity: bool) -> Vec<Punched> {
        let most = usize::try_from(STAMPS_PER_EVENT_MAX).unwrap_or(usize::MAX);
        if per_quantity && !event.items.is_empty() {
            return event.items.iter().filter(|item| self.counts(item)).flat_map(units).take(most).collect();
        }
        let whole = Punched { worth: Money::new(counted.amount), ..Punched::default() };
        vec![whole; usize::try_from(count).unwrap_or(usize::MAX).min(most)]
    }

    fn intent(&self, seen: &Seen<'_>, counted: &Counted) -> Result<Intent, Nothing> {
        let (reason, rule) = (self.reason.clone(), self.at.clone());
        let earn = |pool: NameId, points: i64| {
            if points == 0 {
                return Err(Nothing::TooLittle { amount: counted.amount });
            }
            let amount = Points::new(points);
            Ok(Intent::Earn {
                pool,
                amount,
                reason: reason.clone(),
                rule: rule.clone(),
                pending: None,
                expires: self.expires,
                basis: counted.basis(Back::Share),
                cap: self.cap,
            })
        };
        match &self.action {
            Action::Fixed { pool, points } => earn(*pool, *points),
            Action::Each { pool, points } => earn(*pool, share(i64::from(counted.quantity), *points, 1)),
            Action::Rate(rate) => earn(rate.pool, rate.points(seen, counted.amount)),
            Action::Stamp { card, count, per_quantity } => {
                let marks = self.marks(seen.event, counted, if *per_quantity { 1 } else { *count }, *per_quantity);
                Ok(Intent::Stamp { card: *card, marks, reason, rule, basis: counted.basis(Back::Whole) })
            }
            Action::Grant { reward } => {
                let (once, basis) = (self.once.map(|(_, counter)| counter), counted.basis(Back::Whole));
                Ok(Intent::Grant { reward: *reward, reason, rule, condition: None, once, basis })
            }
            Action::Count { counter, of } => {
                let (amount, back) = match *of {
                    Of::Amount => (counted.amount, Back::Share),
                    Of::Rate { give, per } => (share(counted.amount, give, per), Back::Share),
                    Of::Quantity => (i64::from(counted.quantity), Back::Quantity),
                    Of::Event => (1, Back::Whole),
                };
                Ok(Intent::Count { counter: *counter, amount, basis: counted.basis(back) })
            }
        }
    }
}

impl Rate {
    /// The points of an amount at the best rate that applies.
    fn points(&self, seen: &Seen<'_>, amount: i64) -> i64 {
        let own = self.by_tier.iter().find(|(tier, _)| Some(*tier) == seen.tier());
        let mut give = own.map_or(self.give, |(_, give)| *give);
        let standing = seen.member.standing();
        if let Some((since, lasts, boosted)) = self.boost {
            let began = standing.and_then(|standing| standing.since(since));
            let within = |began: TimeMs| began <= seen.at && seen.at < seen.terms.zone.after(began, lasts);
            if began.is_some_and(within) {
                give = give.max(boosted);
            }
        }
        if let Some(day) = &self.chosen_day {
            let chosen = standing.and_then(|standing| standing.choice(&day.choice)).and_then(|text| day_of(text));
            let meant = day.tiers.is_empty() || seen.tier().is_some_and(|tier| day.tiers.contains(&tier));
            if meant && chosen == Some(seen.day()) {
                give = give.max(day.give);
            }
        }
        if self.steps { share(amount / self.per.max(1), give, 1) } else { share(amount, give, self.per) }
    }
}

/// A stamp for each unit of a line: the line's amount shared evenly, the first units a cent more.
pub(super) fn units(item: &Item) -> impl Iterator<Item = Punched> {
    let (amount, quantity) = (item.amount.get().max(0), i64::from(item.quantity.max(1)));
    let (each, more, line) = (amount / quantity, amount % quantity, item.line);
    (0..quantity).map(move |unit| Punched { line, worth: Money::new(each + i64::from(unit < more)), expires_at: None })
}

/// `floor(amount × give / per)`, at most what the ledger keeps.
pub(super) fn share(amount: i64, give: i64, per: i64) -> i64 {
    let product = i128::from(amount.max(0)) * i128::from(give);
    i64::try_from(product / i128::from(per.max(1))).map_or(AMOUNT_MAX, |points| points.min(AMOUNT_MAX))
}

/// The value of an attribute that a rule pays once for; an event without it has an empty one.
fn value_of(event: &Event, attribute: &str) -> Text {
    event.attribute(attribute).cloned().unwrap_or_default()
}

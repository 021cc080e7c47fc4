//! Rules that need no script: `[[earn]]`, `[[stamp]]`, `[[grant]]` and `[[count]]` of the manifest, made ready to run.
//!
//! Pure arithmetic over an event and the member as it stood before. One floor, at the end, per rule and per event.

use std::cell::OnceCell;

use toml::Spanned;

use super::diagnostic::line_and_column;
use super::files::MANIFEST;
use super::manifest::{CountOf, EarnTable, LinesTable, Manifest, Once, RateTable};
use super::terms::{Ids, once_name};
use super::values::{Kind, OneOrMany, Words};
use crate::ledger::calendar::Day;
use crate::ledger::event::{Event, EventKind, Item};
use crate::ledger::member::Member;
use crate::ledger::proposal::{Basis, Intent};
use crate::ledger::provenance::{Back, Lines as From, Punched};
use crate::ledger::terms::Terms;
use crate::ledger::tiers::tier_at;
use crate::ledger::types::{AMOUNT_MAX, NameId, Points, Text, TimeMs};

/// A table of the manifest, bound to the program's names.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    kinds: Vec<EventKind>,
    lines: Option<Lines>,
    except: Option<Lines>,
    minimum: i64,
    once: Option<(Once, NameId)>,
    action: Action,
    reason: Text,
    /// `program.toml:12`
    pub at: Text,
}

#[derive(Clone, Debug)]
enum Action {
    Fixed { pool: NameId, points: i64 },
    Rate { pool: NameId, give: i64, per: i64, by_tier: Vec<(NameId, i64)> },
    Stamp { card: NameId, count: u32, per_quantity: bool },
    Grant { reward: NameId },
    Count { counter: NameId, of: CountOf },
}

/// Which lines are meant; an empty list means any.
#[derive(Clone, Debug)]
struct Lines {
    category: Vec<Text>,
    brand: Vec<Text>,
    tag: Vec<Text>,
    sku: Vec<Text>,
}

/// Goes back once the whole order does.
const WHOLE: Basis = Basis { lines: From::All, back: Back::Whole };

/// What a rule looks at.
pub(super) struct Seen<'a> {
    pub event: &'a Event,
    pub member: &'a Member,
    pub terms: &'a Terms,
    pub at: TimeMs,
    /// Found when first asked for: most rules of most programs do not ask.
    pub tier: OnceCell<Option<NameId>>,
}

impl<'a> Seen<'a> {
    pub const fn new(event: &'a Event, member: &'a Member, terms: &'a Terms, at: TimeMs) -> Self {
        Self { event, member, terms, at, tier: OnceCell::new() }
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
    BelowMinimum,
    GivenBefore,
    TooLittle,
}

impl Nothing {
    pub const fn detail(self) -> &'static str {
        match self {
            Self::OtherKind => "not for this kind of event",
            Self::NoLine => "no line counts for it",
            Self::BelowMinimum => "below its minimum",
            Self::GivenBefore => "given before",
            Self::TooLittle => "too little for a whole unit",
        }
    }
}

impl Rule {
    /// Adds what this rule gives for an event.
    pub fn run(&self, seen: &Seen<'_>, intents: &mut Vec<Intent>) -> Result<(), Nothing> {
        if !self.kinds.contains(&seen.event.kind) {
            return Err(Nothing::OtherKind);
        }
        let (amount, quantity) = self.counted(seen.event)?;
        if amount < self.minimum {
            return Err(Nothing::BelowMinimum);
        }
        if let Some((once, counter)) = self.once
            && given_before(seen, once, counter)
        {
            return Err(Nothing::GivenBefore);
        }
        intents.push(self.intent(seen, amount, quantity)?);
        if let Some((_, counter)) = self.once {
            intents.push(Intent::Count { counter, amount: 1, basis: WHOLE });
        }
        Ok(())
    }

    /// Amount and quantity of the lines that count. An event without lines is one line without a category, brand or tag.
    fn counted(&self, event: &Event) -> Result<(i64, u32), Nothing> {
        if self.lines.is_none() && (self.except.is_none() || event.items.is_empty()) {
            let quantity = event.items.iter().fold(0u32, |sum, item| sum.saturating_add(item.quantity));
            return Ok((event.amount().get(), quantity.max(1)));
        }
        let mut found = false;
        let (mut amount, mut quantity) = (0i64, 0u32);
        for item in &event.items {
            let wanted = self.lines.as_ref().is_none_or(|lines| lines.all(item));
            if wanted && !self.except.as_ref().is_some_and(|lines| lines.any(item)) {
                found = true;
                amount = amount.saturating_add(item.amount.get());
                quantity = quantity.saturating_add(item.quantity);
            }
        }
        if found { Ok((amount, quantity)) } else { Err(Nothing::NoLine) }
    }

    fn intent(&self, seen: &Seen<'_>, amount: i64, quantity: u32) -> Result<Intent, Nothing> {
        let (reason, rule) = (self.reason.clone(), self.at.clone());
        let earn = |pool: NameId, points: i64| {
            if points == 0 {
                return Err(Nothing::TooLittle);
            }
            let amount = Points::new(points);
            Ok(Intent::Earn {
                pool,
                amount,
                reason: reason.clone(),
                rule: rule.clone(),
                pending: None,
                expires: None,
                basis: Basis::default(),
                cap: None,
            })
        };
        match &self.action {
            Action::Fixed { pool, points } => earn(*pool, *points),
            Action::Rate { pool, give, per, by_tier } => {
                let own = by_tier.iter().find(|(tier, _)| Some(*tier) == seen.tier());
                earn(*pool, share(amount, own.map_or(*give, |(_, give)| *give), *per))
            }
            Action::Stamp { card, count, per_quantity } => {
                let count = if *per_quantity { quantity } else { *count };
                let marks = vec![Punched::default(); usize::try_from(count).unwrap_or(usize::MAX)];
                Ok(Intent::Stamp { card: *card, marks, reason, rule, basis: WHOLE })
            }
            Action::Grant { reward } => {
                Ok(Intent::Grant { reward: *reward, reason, rule, condition: None, once: None, basis: WHOLE })
            }
            Action::Count { counter, of } => {
                let amount = match of {
                    CountOf::Amount => amount,
                    CountOf::Quantity => i64::from(quantity),
                    CountOf::Event => 1,
                };
                Ok(Intent::Count { counter: *counter, amount, basis: Basis::default() })
            }
        }
    }
}

/// `floor(amount × give / per)`, at most what the ledger keeps.
pub(super) fn share(amount: i64, give: i64, per: i64) -> i64 {
    let product = i128::from(amount.max(0)) * i128::from(give);
    i64::try_from(product / i128::from(per.max(1))).map_or(AMOUNT_MAX, |points| points.min(AMOUNT_MAX))
}

fn given_before(seen: &Seen<'_>, once: Once, counter: NameId) -> bool {
    seen.member.counter(counter).is_some_and(|counter| match once {
        Once::Ever => counter.ever > 0,
        Once::Day => counter.days.get(seen.day()) > 0,
    })
}

impl Lines {
    fn bind(table: &LinesTable) -> Self {
        let texts = |words: &OneOrMany<Words>| words.0.iter().map(|word| word.0.clone()).collect();
        Self {
            category: texts(&table.category),
            brand: texts(&table.brand),
            tag: texts(&table.tag),
            sku: texts(&table.sku),
        }
    }

    fn checks<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = bool> + 'a {
        let one = |wanted: &'a [Text], has: &'a Option<Text>| {
            (!wanted.is_empty()).then(|| has.as_ref().is_some_and(|has| wanted.contains(has)))
        };
        let tag = (!self.tag.is_empty()).then(|| item.tags.iter().any(|tag| self.tag.contains(tag)));
        [one(&self.category, &item.category), one(&self.brand, &item.brand), one(&self.sku, &item.sku), tag]
            .into_iter()
            .flatten()
    }

    fn all(&self, item: &Item) -> bool {
        self.checks(item).all(|fits| fits)
    }

    fn any(&self, item: &Item) -> bool {
        self.checks(item).any(|fits| fits)
    }
}

/// All rules of a manifest, in the order earn, stamp, grant, count, and within each in order of declaration.
pub(super) fn bind(manifest: &Manifest, text: &str, id: Ids<'_>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for table in &manifest.earn {
        let earn = table.get_ref();
        let mut rule = rule(table, text, &earn.on, earn_action(earn, id), &earn.reason);
        rule.lines = earn.lines.as_ref().map(Lines::bind);
        rule.except = earn.except.as_ref().map(Lines::bind);
        rule.minimum = earn.minimum.map_or(0, |minimum| minimum.0);
        rule.once = earn.once.zip(once_name(earn).map(|name| id(&name)));
        rules.push(rule);
    }
    for table in &manifest.stamp {
        let stamp = table.get_ref();
        let count = stamp.count.map_or(1, |count| u32::try_from(count.0).unwrap_or(u32::MAX));
        let action = Action::Stamp { card: id(&stamp.card.get_ref().0), count, per_quantity: stamp.per_quantity };
        let mut rule = rule(table, text, &stamp.on, action, stamp.reason.as_ref().unwrap_or(&STAMP_REASON));
        rule.lines = stamp.lines.as_ref().map(Lines::bind);
        rule.except = stamp.except.as_ref().map(Lines::bind);
        rule.minimum = stamp.minimum.map_or(0, |minimum| minimum.0);
        rules.push(rule);
    }
    for table in &manifest.grant {
        let grant = table.get_ref();
        let action = Action::Grant { reward: id(&grant.reward.get_ref().0) };
        let mut rule = rule(table, text, &grant.on, action, &grant.reason);
        rule.lines = grant.lines.as_ref().map(Lines::bind);
        rule.except = grant.except.as_ref().map(Lines::bind);
        rule.minimum = grant.minimum.map_or(0, |minimum| minimum.0);
        rule.once = grant.once.zip(once_name(grant).map(|name| id(&name)));
        rules.push(rule);
    }
    for table in &manifest.count {
        let count = table.get_ref();
        let action = Action::Count { counter: id(&count.counter.get_ref().0), of: count.of };
        let mut rule = rule(table, text, &count.on, action, &STAMP_REASON);
        rule.lines = count.lines.as_ref().map(Lines::bind);
        rule.except = count.except.as_ref().map(Lines::bind);
        rules.push(rule);
    }
    rules
}

/// What a stamp says where the program does not.
static STAMP_REASON: Words = Words(Text::new_static("stamp"));

fn rule<T>(table: &Spanned<T>, text: &str, on: &OneOrMany<Kind>, action: Action, reason: &Words) -> Rule {
    let (line, _) = line_and_column(text, table.span().start);
    Rule {
        kinds: on.0.iter().map(|kind| kind.0.clone()).collect(),
        lines: None,
        except: None,
        minimum: 0,
        once: None,
        action,
        reason: reason.0.clone(),
        at: smol_str::format_smolstr!("{MANIFEST}:{line}"),
    }
}

fn earn_action(earn: &EarnTable, id: Ids<'_>) -> Action {
    let pool = id(&earn.pool.get_ref().0);
    match (&earn.rate, earn.points) {
        (Some(RateTable { give, per, by_tier }), _) => Action::Rate {
            pool,
            give: give.0,
            per: per.0,
            by_tier: by_tier.0.iter().map(|(tier, give)| (id(&tier.get_ref().0), give.0)).collect(),
        },
        (None, points) => Action::Fixed { pool, points: points.map_or(0, |points| points.0) },
    }
}

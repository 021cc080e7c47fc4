//! What must agree within a manifest: every name that is used is declared, levels ascend, limits fit their rings.
//!
//! Collects everything that is wrong instead of stopping at the first. Reads the manifest only; scripts are checked by
//! [`lint`](super::lint).

mod fraud;
mod life;

use std::ops::Range;

use toml::Spanned;

use super::diagnostic::{Diagnostic, suggestion};
use super::files::MANIFEST;
use super::manifest::{EarnTable, Manifest, PeriodText, TiersTable};
use super::terms::once_name;
use super::values::{CounterName, Length, Name};
use crate::ledger::calendar::Span;
use crate::ledger::types::Text;
use crate::limits::{MANIFEST_TABLES_MAX, TIER_GRACE_MONTHS_MAX, TIER_WINDOW_MONTHS_MAX};

/// Counters every program has: money spent on purchases, purchases, and friends a referral was paid for.
pub(super) const BUILT_IN_COUNTERS: [&str; 3] = ["spend", "purchases", "referrals"];

/// Everything in a manifest that does not agree with the rest of it.
pub(super) fn validate(manifest: &Manifest, text: &str) -> Vec<Diagnostic> {
    let mut check = Check { manifest, text, wrong: Vec::new() };
    check.sizes();
    check.declarations();
    check.tiers();
    check.caps();
    check.limits();
    check.earn();
    check.other_rules();
    check.once();
    check.life();
    check.wrong
}

pub(super) struct Check<'a> {
    pub(super) manifest: &'a Manifest,
    text: &'a str,
    wrong: Vec<Diagnostic>,
}

impl<'a> Check<'a> {
    pub(super) fn wrong(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.wrong.push(Diagnostic::at_offset(MANIFEST, self.text, span.start, message));
    }

    pub(super) fn declared(&mut self, name: &Spanned<Name>, what: &str, known: impl Iterator<Item = &'a Text> + Clone) {
        let wanted = &name.get_ref().0;
        if !known.clone().any(|known| known == wanted) {
            let hint = suggestion(wanted, known.map(Text::as_str));
            self.wrong(name.span(), format!("no {what} {wanted:?} is declared{hint}"));
        }
    }

    pub(super) fn unique(&mut self, names: impl Iterator<Item = &'a Spanned<Name>>, what: &str) {
        let mut seen: Vec<&Text> = Vec::new();
        for name in names {
            if seen.contains(&&name.get_ref().0) {
                self.wrong(name.span(), format!("there are two {what}s called {:?}", name.get_ref().0));
            }
            seen.push(&name.get_ref().0);
        }
    }

    fn sizes(&mut self) {
        let m = self.manifest;
        let counts = [m.caps.len(), m.limits.len(), m.earn.len(), m.stamp.len(), m.grant.len(), m.count.len()];
        if counts.iter().any(|count| *count > MANIFEST_TABLES_MAX) {
            self.wrong(0..0, format!("a program has at most {MANIFEST_TABLES_MAX} tables of a kind"));
        }
    }

    fn declarations(&mut self) {
        let m = self.manifest;
        for (_, card) in &m.cards.0 {
            self.declared(&card.reward, "reward", m.rewards.names());
        }
        for (_, reward) in &m.rewards.0 {
            if let Some(price) = &reward.price {
                self.declared(&price.pool, "pool", m.pools.names());
            }
        }
        for (name, _) in &m.counters.0 {
            if BUILT_IN_COUNTERS.contains(&name.get_ref().0.as_str()) {
                self.wrong(name.span(), format!("the counter {:?} is built in", name.get_ref().0));
            }
        }
        for pool in m.household.iter().flat_map(|household| &household.pools) {
            self.declared(pool, "pool", m.pools.names());
        }
        if let Some(referral) = &m.referral {
            self.declared(&referral.pool, "pool", m.pools.names());
        }
    }

    fn tiers(&mut self) {
        let m = self.manifest;
        let Some(tiers) = &m.tiers else { return };
        self.counter(&tiers.credit);
        if tiers.levels.is_empty() {
            self.wrong(tiers.credit.span(), "tiers need at least one level");
        }
        self.unique(tiers.levels.iter().map(|level| &level.name), "level");
        self.falls(tiers);
        for level in &tiers.levels {
            for need in &level.any {
                self.counter(&need.counter);
            }
            if level.from.is_none() && level.any.is_empty() && level.attribute.0.is_empty() {
                let message = format!("{:?} says neither from, any nor attribute", level.name.get_ref().0);
                self.wrong(level.name.span(), message);
            }
        }
        let by_credit: Vec<_> = tiers.levels.iter().filter_map(|level| Some((level, level.from?.0))).collect();
        for ((_, lower), (level, higher)) in by_credit.iter().zip(by_credit.iter().skip(1)) {
            if lower >= higher {
                let message = format!("levels are declared lowest first: {:?} must need more", level.name.get_ref().0);
                self.wrong(level.name.span(), message);
            }
        }
    }

    /// How tiers are lost: windows and grace are whole days, and what is never lost has neither.
    fn falls(&mut self, tiers: &TiersTable) {
        match (&tiers.window, tiers.period) {
            (None, PeriodText::Rolling) => {
                self.wrong(tiers.credit.span(), "period = \"rolling\" needs a window, such as window = \"12 months\"");
            }
            (Some(window), PeriodText::CalendarYear | PeriodText::Anniversary | PeriodText::Lifetime) => {
                self.wrong(window.span(), "a window is for period = \"rolling\"");
            }
            (Some(window), PeriodText::Rolling) => self.days(window, "a window", TIER_WINDOW_MONTHS_MAX),
            (None, _) => {}
        }
        if let Some(grace) = &tiers.grace {
            self.days(grace, "grace", TIER_GRACE_MONTHS_MAX);
        }
        if tiers.period == PeriodText::Lifetime {
            let spans = [tiers.grace.as_ref().map(Spanned::span), tiers.downgrade.as_ref().map(Spanned::span)];
            for span in spans.into_iter().flatten() {
                self.wrong(span, "a tier by period = \"lifetime\" does not fall with time");
            }
        }
    }

    fn days(&mut self, length: &Spanned<Length>, what: &str, months_max: u16) {
        let fits = match length.get_ref().0 {
            Span::Exact(_) => false,
            Span::Days(days) => days > 0 && days <= months_max * 30,
            Span::Months(months) => months > 0 && months <= months_max,
        };
        if !fits {
            self.wrong(
                length.span(),
                format!("{what} is of days, weeks, months or years, at most {months_max} months"),
            );
        }
    }

    /// A counter that is declared or built in, or what rules credit to a declared pool.
    pub(super) fn counter(&mut self, counter: &Spanned<CounterName>) {
        let (m, wanted) = (self.manifest, &counter.get_ref().0);
        let known = match wanted.strip_prefix("earned:") {
            Some(pool) => m.pools.has(pool),
            None => BUILT_IN_COUNTERS.contains(&wanted.as_str()) || m.counters.has(wanted),
        };
        if !known {
            let all = BUILT_IN_COUNTERS.into_iter().chain(m.counters.names().map(Text::as_str));
            self.wrong(counter.span(), format!("no counter {wanted:?} is declared{}", suggestion(wanted, all)));
        }
    }

    fn caps(&mut self) {
        let m = self.manifest;
        self.unique(m.caps.iter().map(|cap| &cap.name), "cap");
        for cap in &m.caps {
            self.declared(&cap.pool, "pool", m.pools.names());
        }
    }

    fn earn(&mut self) {
        let m = self.manifest;
        for table in &m.earn {
            let earn: &EarnTable = table.get_ref();
            self.declared(&earn.pool, "pool", m.pools.names());
            let ways = [earn.points.is_some(), earn.rate.is_some(), earn.per_quantity.is_some()];
            if ways.into_iter().filter(|given| *given).count() != 1 {
                self.wrong(table.span(), "[[earn]] gives points, a rate or points per_quantity: one of them");
            }
            let levels = m.tiers.iter().flat_map(|tiers| tiers.levels.iter().map(|level| &level.name.get_ref().0));
            for (tier, _) in earn.rate.iter().flat_map(|rate| &rate.by_tier.0) {
                self.declared(tier, "tier", levels.clone());
            }
        }
    }

    fn other_rules(&mut self) {
        let m = self.manifest;
        for table in &m.stamp {
            self.declared(&table.get_ref().card, "card", m.cards.names());
            if table.get_ref().per_quantity && table.get_ref().count.is_some() {
                self.wrong(table.span(), "[[stamp]] has either a count or per_quantity");
            }
        }
        for table in &m.grant {
            self.declared(&table.get_ref().reward, "reward", m.rewards.names());
        }
        for table in &m.count {
            self.declared(&table.get_ref().counter, "counter", m.counters.names());
        }
    }

    /// Two rules remembered under one name would silence each other.
    fn once(&mut self) {
        let earn = self.manifest.earn.iter().map(|table| (once_name(table.get_ref()), table.span()));
        let grant = self.manifest.grant.iter().map(|table| (once_name(table.get_ref()), table.span()));
        let mut seen: Vec<Text> = Vec::new();
        for (name, span) in earn.chain(grant) {
            let Some(name) = name else { continue };
            if seen.contains(&name) {
                self.wrong(span, "another table with `once` is remembered alike; give this one an id of its own");
            }
            seen.push(name);
        }
    }
}

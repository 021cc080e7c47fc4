//! What must agree in the part of a manifest about members' lives, and whom rules are for.

use std::ops::Range;

use toml::Spanned;

use super::Check;
use crate::ledger::types::Text;
use crate::limits::MANIFEST_TABLES_MAX;
use crate::rules::diagnostic::suggestion;
use crate::rules::manifest::life::ScheduleTable;
use crate::rules::values::{LawWords, Name, OneOrMany, WhenWords};

impl Check<'_> {
    pub(super) fn life(&mut self) {
        let m = self.manifest;
        let counts = [m.require.len(), m.since.len(), m.schedule.len(), m.law.len()];
        if counts.iter().any(|count| *count > MANIFEST_TABLES_MAX) {
            self.wrong(0..0, format!("a program has at most {MANIFEST_TABLES_MAX} tables of a kind"));
        }
        for (name, perk) in &m.perks.0 {
            self.whom(name.span(), &perk.tiers, &perk.plans);
        }
        for (name, plan) in &m.plans.0 {
            if plan.trial && plan.price.is_some_and(|price| price.0 > 0) {
                self.wrong(name.span(), "a trial costs nothing");
            }
            if plan.trial && plan.lasts.is_none() {
                self.wrong(name.span(), "a trial says how long it lasts");
            }
            if let Some(gift) = &plan.gift {
                self.declared(&gift.pool, "pool", m.pools.names());
            }
        }
        for (name, reward) in &m.rewards.0 {
            self.whom(name.span(), &reward.tiers, &OneOrMany::default());
        }
        for table in &m.require {
            self.whom(table.span(), &OneOrMany::default(), &table.get_ref().plans);
        }
        for (name, segment) in &m.segments.0 {
            self.whom(name.span(), &segment.tiers, &segment.plans);
            for counted in &segment.counters {
                self.counter(&counted.counter);
                if counted.from.is_none() && counted.below.is_none() {
                    self.wrong(counted.counter.span(), "a counter of a segment says from, below or both");
                }
            }
        }
        self.unique(m.since.iter().map(|since| &since.name), "since");
        self.unique(m.schedule.iter().map(|table| &table.get_ref().name), "schedule");
        self.unique(m.law.iter().map(|table| &table.get_ref().name), "law");
        for table in &m.schedule {
            self.schedule(table);
        }
        for table in &m.law {
            let law = table.get_ref();
            self.counter(&law.counter);
            self.declared(&law.pool, "pool", m.pools.names());
            if let LawWords::Plan(plan) = &law.window.get_ref().0 {
                self.plan(law.window.span(), plan);
                // A paid period keeps the totals of one law.
                let laws = m.law.iter().map(|other| &other.get_ref().window.get_ref().0);
                if laws.filter(|other| matches!(other, LawWords::Plan(of) if of == plan)).count() > 1 {
                    self.wrong(law.window.span(), "one [[law]] over the periods of a plan, not several");
                }
            }
        }
        self.rules();
    }

    fn plan(&mut self, span: Range<usize>, plan: &Text) {
        let plans = self.manifest.plans.names();
        if !plans.clone().any(|known| known == plan) {
            let hint = suggestion(plan, plans.map(Text::as_str));
            self.wrong(span, format!("no plan {plan:?} is declared{hint}"));
        }
    }

    /// Tiers and plans that are declared.
    fn whom(&mut self, span: Range<usize>, tiers: &OneOrMany<Name>, plans: &OneOrMany<Name>) {
        let m = self.manifest;
        for tier in &tiers.0 {
            let known = m.tiers.iter().flat_map(|tiers| tiers.levels.iter().map(|level| &level.name.get_ref().0));
            if !known.clone().any(|known| *known == tier.0) {
                let hint = suggestion(&tier.0, known.map(Text::as_str));
                self.wrong(span.clone(), format!("no tier {:?} is declared{hint}", tier.0));
            }
        }
        for plan in &plans.0 {
            self.plan(span.clone(), &plan.0);
        }
    }

    /// Segments that are declared.
    fn segments(&mut self, span: Range<usize>, names: &OneOrMany<Name>) {
        let known = self.manifest.segments.names();
        for name in names.0.iter().filter(|name| !self.manifest.segments.has(&name.0)) {
            let hint = suggestion(&name.0, known.clone().map(Text::as_str));
            self.wrong(span.clone(), format!("no segment {:?} is declared{hint}", name.0));
        }
    }

    fn schedule(&mut self, table: &Spanned<ScheduleTable>) {
        let (m, schedule) = (self.manifest, table.get_ref());
        self.whom(table.span(), &schedule.tiers, &schedule.plans);
        if let WhenWords::PlanMonth(plan) | WhenWords::PlanEnd(plan) = &schedule.when.get_ref().0 {
            self.plan(schedule.when.span(), plan);
        }
        let tables = [schedule.earn.is_some(), schedule.grant.is_some(), schedule.convert.is_some()];
        let ways = tables.into_iter().chain([schedule.law.is_some(), schedule.script]);
        if ways.filter(|given| *given).count() != 1 {
            self.wrong(table.span(), "[[schedule]] does one of earn, grant, convert, law and script");
        }
        if schedule.on_becoming && schedule.tiers.0.is_empty() {
            self.wrong(table.span(), "on_becoming needs the tiers that are meant");
        }
        if let Some(earn) = &schedule.earn {
            self.declared(&earn.pool, "pool", m.pools.names());
        }
        if let Some(reward) = &schedule.grant {
            self.declared(reward, "reward", m.rewards.names());
        }
        if let Some(convert) = &schedule.convert {
            self.declared(&convert.from, "pool", m.pools.names());
            self.declared(&convert.to, "pool", m.pools.names());
        }
        if let Some(law) = &schedule.law {
            self.declared(law, "law", m.law.iter().map(|table| &table.get_ref().name.get_ref().0));
        }
    }

    /// For whom rules are, and what they look at.
    fn rules(&mut self) {
        let m = self.manifest;
        for table in &m.earn {
            let earn = table.get_ref();
            self.whom(table.span(), &earn.tiers, &earn.plans);
            self.segments(table.span(), &earn.segments);
            let Some(rate) = &earn.rate else { continue };
            if let Some(boost) = &rate.boost {
                self.declared(&boost.since, "since", m.since.iter().map(|since| &since.name.get_ref().0));
            }
            if let Some(day) = &rate.chosen_day {
                self.declared(&day.choice, "choice", m.choices.names());
                self.whom(table.span(), &day.tiers, &OneOrMany::default());
            }
        }
        for table in &m.stamp {
            self.whom(table.span(), &table.get_ref().tiers, &table.get_ref().plans);
            self.segments(table.span(), &table.get_ref().segments);
        }
        for table in &m.grant {
            self.whom(table.span(), &table.get_ref().tiers, &table.get_ref().plans);
            self.segments(table.span(), &table.get_ref().segments);
            if let Some(when) = &table.get_ref().when {
                self.counter(&when.counter);
            }
        }
        for table in &m.count {
            let count = table.get_ref();
            self.whom(table.span(), &count.tiers, &count.plans);
            self.segments(table.span(), &count.segments);
            if count.of.is_some() == count.rate.is_some() {
                self.wrong(table.span(), "[[count]] counts either of something or at a rate");
            }
        }
    }
}

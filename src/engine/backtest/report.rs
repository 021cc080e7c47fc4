//! What a backtest found, added up event by event: amounts by pool, rule, tier and store, members who gain and lose, scripts
//! that fail, operations. The same history and version give the same report.

use std::collections::BTreeMap;

use super::Plan;
use super::closed::Closed;
use super::curves::Curve;
use crate::engine::differ::{is_same, moved};
use crate::ledger::record::{Account, Effect, Input, Record, Status};
use crate::ledger::reject::Reject;
use crate::ledger::types::{NameId, Text};
use crate::limits::BACKTEST_ROWS_MAX;

/// What was recorded, and what the version comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// As recorded.
    pub recorded: i64,
    /// As the version has it.
    pub backtest: i64,
}

impl Numbers {
    /// The version's less what was recorded.
    #[must_use]
    pub const fn difference(self) -> i64 {
        self.backtest.saturating_sub(self.recorded)
    }

    pub(super) fn add(&mut self, recorded: i64, backtest: i64) {
        self.recorded = self.recorded.saturating_add(recorded);
        self.backtest = self.backtest.saturating_add(backtest);
    }
}

/// Points of a pool by something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// By what: a rule's reason, a tier, a store; empty for none.
    pub by: Text,
    /// The pool.
    pub pool: NameId,
    /// The points.
    pub points: Numbers,
}

/// A script that failed where none had failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewError {
    /// Where, and what was said.
    pub at: (Text, String),
    /// In how many events.
    pub events: u64,
    /// Source and id of the first.
    pub first: (Text, Text),
}

type By = BTreeMap<(Text, NameId), Numbers>;

/// A backtest's findings.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Events compared.
    pub events: u64,
    /// Events that come to something else.
    pub changed: u64,
    /// Of these, events that the version refuses.
    pub refused: u64,
    /// Events by status, as recorded and now: posted, held, denied.
    pub statuses: [Numbers; 3],
    /// Writes other than events that the version's ledger refused.
    pub other_refused: u64,
    /// Records that a backtest passes over.
    pub skipped: u64,
    /// Points moved to members (or from them, below zero), by pool.
    pub pools: BTreeMap<NameId, Numbers>,
    /// Money that the points of the pools with a declared cost come to, in minor units.
    pub money: Option<Numbers>,
    /// Rewards granted, by name.
    pub rewards: BTreeMap<NameId, Numbers>,
    /// By a rule's reason.
    pub rules: Vec<Row>,
    /// By the member's tier before the event.
    pub tiers: Vec<Row>,
    /// By store.
    pub stores: Vec<Row>,
    /// Members with an event that was compared.
    pub members: u64,
    /// Members who come to more, and to less, over all pools.
    pub winners: u64,
    /// Members who come to less.
    pub losers: u64,
    /// Those who gain most, the most first.
    pub most_gained: Vec<(Text, i64)>,
    /// Those who lose most, the most first.
    pub most_lost: Vec<(Text, i64)>,
    /// Events in which a script of the version fails, and those in which one had failed.
    pub faulty: Numbers,
    /// Scripts that fail where none had.
    pub new_errors: Vec<NewError>,
    /// Operations an event takes: the median, 99 of 100, the most.
    pub operations: [u32; 3],
    /// Source and id of the event that takes most.
    pub dearest: Option<(Text, Text)>,
    /// What it comes to in the end.
    pub closed: Closed,
    /// What other numbers of its limits come to; empty where they were not tried.
    pub curves: Vec<Curve>,
    working: Working,
}

/// What is only needed while adding up.
#[derive(Clone, Debug, Default)]
struct Working {
    names: Vec<Text>,
    costs: Vec<(NameId, i64, i64)>,
    rules: By,
    tiers: By,
    stores: By,
    members: BTreeMap<Text, i64>,
    errors: BTreeMap<(Text, String), (u64, (Text, Text))>,
    operations: BTreeMap<u32, u64>,
}

impl Report {
    pub(super) fn new(plan: &Plan) -> Self {
        let working = Working { names: plan.names.clone(), costs: plan.version.costs(), ..Working::default() };
        Self { working, ..Self::default() }
    }

    /// Notes an event: as it was recorded, and as the version decided it. `tier` is what the member had before it.
    pub(super) fn note(&mut self, recorded: &Record, decided: Result<&Record, &Reject>, tier: Option<NameId>) {
        let Input::Event(event) = &recorded.input else { return };
        self.events += 1;
        let named = (event.source.clone(), event.id.clone());
        self.status(recorded.status, decided.ok().map(|record| record.status));
        let decided = decided.ok();
        self.refused += u64::from(decided.is_none());
        self.changed += u64::from(!decided.is_some_and(|decided| is_same(recorded, decided)));
        let by_tier = tier.map_or_else(Text::default, |tier| self.name(tier));
        let by_store = event.context.store.clone().unwrap_or_default();
        self.working.members.entry(event.member.clone()).or_default();
        for (record, is_new) in [(Some(recorded), false), (decided, true)] {
            let Some(record) = record else { continue };
            let one = |amount: i64| if is_new { (0, amount) } else { (amount, 0) };
            for ((party, pool), amount) in moved(record) {
                let (was, now) = one(amount);
                self.pools.entry(pool).or_default().add(was, now);
                self.working.tiers.entry((by_tier.clone(), pool)).or_default().add(was, now);
                self.working.stores.entry((by_store.clone(), pool)).or_default().add(was, now);
                if let Some(party) = record.parties.get(usize::from(party)) {
                    let sum = self.working.members.entry(party.member.clone()).or_default();
                    *sum = sum.saturating_add(now - was);
                }
            }
            for effect in record.effects.iter().filter(|_| record.status != Status::Denied) {
                match effect {
                    Effect::Credit(credit) if credit.from == Account::Issued => {
                        let (was, now) = one(credit.amount.get());
                        self.working.rules.entry((credit.reason.clone(), credit.pool)).or_default().add(was, now);
                    }
                    Effect::Grant { reward, .. } => {
                        let (was, now) = one(1);
                        self.rewards.entry(*reward).or_default().add(was, now);
                    }
                    _ => {}
                }
            }
        }
        self.scripts(recorded, decided, &named);
    }

    fn status(&mut self, was: Status, now: Option<Status>) {
        let place = |status| match status {
            Status::Posted => 0,
            Status::Held => 1,
            Status::Denied => 2,
        };
        for (at, numbers) in self.statuses.iter_mut().enumerate() {
            numbers.add(i64::from(place(was) == at), i64::from(now.map(place) == Some(at)));
        }
    }

    fn scripts(&mut self, recorded: &Record, decided: Option<&Record>, named: &(Text, Text)) {
        let Some(decided) = decided else { return };
        self.faulty.add(i64::from(!recorded.faults.is_empty()), i64::from(!decided.faults.is_empty()));
        for fault in decided.faults.iter().filter(|fault| !recorded.faults.contains(fault)) {
            let key = (fault.at.clone(), fault.message.clone());
            let known = self.working.errors.len() < BACKTEST_ROWS_MAX || self.working.errors.contains_key(&key);
            if known {
                self.working.errors.entry(key).or_insert_with(|| (0, named.clone())).0 += 1;
            }
        }
        if self.working.operations.last_key_value().is_none_or(|(most, _)| *most < decided.operations) {
            self.dearest = Some(named.clone());
        }
        *self.working.operations.entry(decided.operations).or_default() += 1;
    }

    /// A declared name.
    #[must_use]
    pub fn name(&self, id: NameId) -> Text {
        self.working.names.get(usize::from(id.get())).cloned().unwrap_or_default()
    }

    /// What a pool's points cost, in minor units; rounded down. Nothing where the program does not say.
    #[must_use]
    pub fn cost(&self, pool: NameId, points: i64) -> Option<i64> {
        let (_, money, per) = self.working.costs.iter().find(|(known, _, _)| *known == pool)?;
        let cost = i128::from(points) * i128::from(*money);
        i64::try_from(cost.div_euclid(i128::from(*per))).ok()
    }

    pub(super) fn finish(mut self, curves: Vec<Curve>) -> Self {
        self.closed.finish();
        self.curves = curves;
        let working = std::mem::take(&mut self.working);
        self.rules = rows(working.rules);
        self.tiers = rows(working.tiers);
        self.stores = rows(working.stores);
        self.members = working.members.len() as u64;
        self.winners = working.members.values().filter(|change| **change > 0).count() as u64;
        self.losers = working.members.values().filter(|change| **change < 0).count() as u64;
        let mut changes: Vec<(Text, i64)> = working.members.into_iter().filter(|(_, change)| *change != 0).collect();
        changes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        self.most_gained = changes.iter().filter(|(_, change)| *change > 0).take(20).cloned().collect();
        self.most_lost = changes.iter().rev().filter(|(_, change)| *change < 0).take(20).cloned().collect();
        let errors = working.errors.into_iter().map(|(at, (events, first))| NewError { at, events, first });
        self.new_errors = errors.collect();
        self.operations = percentiles(&working.operations);
        self.working = Working { names: working.names, costs: working.costs, ..Working::default() };
        for (pool, points) in &self.pools {
            let (was, now) = (self.cost(*pool, points.recorded), self.cost(*pool, points.backtest));
            if let (Some(was), Some(now)) = (was, now) {
                self.money.get_or_insert_default().add(was, now);
            }
        }
        self
    }
}

/// Rows with the largest difference first, no more than a person reads.
fn rows(by: By) -> Vec<Row> {
    let mut rows: Vec<Row> = by.into_iter().map(|((by, pool), points)| Row { by, pool, points }).collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.points.difference().unsigned_abs()), row.by.clone(), row.pool));
    rows.truncate(BACKTEST_ROWS_MAX);
    rows
}

/// The median, 99 of 100 and the most of counted values.
fn percentiles(counts: &BTreeMap<u32, u64>) -> [u32; 3] {
    let total: u64 = counts.values().sum();
    let at = |percent: u64| {
        let rank = (total * percent).div_ceil(100).max(1);
        let mut passed = 0;
        let reached = counts.iter().find(|(_, count)| {
            passed += **count;
            passed >= rank
        });
        reached.map_or(0, |(value, _)| *value)
    };
    [at(50), at(99), at(100)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_list() {
        let counts: BTreeMap<u32, u64> = (1..=100).map(|value| (value, 1)).collect();
        assert_eq!(percentiles(&counts), [50, 99, 100]);
        assert_eq!(percentiles(&BTreeMap::from([(7, 1_000), (900, 1)])), [7, 7, 900]);
        assert_eq!(percentiles(&BTreeMap::new()), [0, 0, 0]);
    }
}

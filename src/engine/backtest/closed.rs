//! The closed loop: what the members would have in the end had the version decided all along, what later writes could not have
//! been done, and, limit by limit, what other thresholds would have stopped. Whole numbers, and the same every time.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::report::Numbers;
use crate::fraud;
use crate::fraud::rings::{RingKey, Rings};
use crate::ledger::record::{Input, Record, Snapshot, Status};
use crate::ledger::reject::Reject;
use crate::ledger::terms::{LimitTerms, Metric, Terms};
use crate::ledger::types::{NameId, ProgramId, Seq, Text, TimeMs};
use crate::limits::BACKTEST_DEPENDENTS_MAX;

/// Thresholds on either side of a limit on a number of things.
const AROUND: i64 = 5;
/// Thresholds of a limit on a sum, in hundredths of it.
const SHARES: [i64; 9] = [25, 50, 75, 90, 100, 110, 125, 150, 200];

/// A write that was done and could not have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependent {
    /// Its record.
    pub seq: Seq,
    /// Whom it was about.
    pub member: Text,
    /// Why not.
    pub why: String,
}

/// What one threshold of a limit comes to on this history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Threshold {
    /// The most that passes.
    pub limit: i64,
    /// Events beyond it.
    pub events: u64,
    /// Of how many keys.
    pub keys: u64,
}

/// A limit's thresholds, lowest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curve {
    /// The limit.
    pub rule: Text,
    /// The most that passes as it is declared.
    pub limit: i64,
    /// Inputs it counted.
    pub counted: u64,
    /// Others, and itself.
    pub thresholds: Vec<Threshold>,
}

/// The findings.
#[derive(Clone, Debug, Default)]
pub struct Closed {
    /// Writes that stood and would have been held, challenged or denied by fraud checks.
    pub stopped: u64,
    /// Writes that were held or denied and would have stood.
    pub passed: u64,
    /// Writes that no check stops, and that could not have been done for want of what was stopped before.
    pub dependent: u64,
    /// The first of them.
    pub dependents: Vec<Dependent>,
    /// What members have in the end, by pool: spendable, waiting and kept aside, less what they owe.
    pub balances: BTreeMap<NameId, Numbers>,
    /// Members who have something else in the end.
    pub members: u64,
    /// Members whose tier is another in the end: from the recorded one, to the version's.
    pub tiers: BTreeMap<(Option<NameId>, Option<NameId>), u64>,
    /// By limit.
    pub curves: Vec<Curve>,
    recorded: HashMap<Text, Snapshot>,
    here: HashMap<Text, Snapshot>,
    highest: HashMap<(usize, Text), i64>,
}

impl Closed {
    pub(super) fn new(terms: &Terms) -> Self {
        let curve = |limit: &LimitTerms| Curve {
            rule: limit.id.clone(),
            limit: limit.limit,
            counted: 0,
            thresholds: thresholds(limit)
                .into_iter()
                .map(|limit| Threshold { limit, ..Threshold::default() })
                .collect(),
        };
        Self { curves: terms.limits.iter().map(curve).collect(), ..Self::default() }
    }

    /// What a record left its members with: the recorded one, or the backtest's own.
    pub(super) fn left(&mut self, record: &Record, is_new: bool) {
        let ends = if is_new { &mut self.here } else { &mut self.recorded };
        for party in &record.parties {
            ends.insert(party.member.clone(), party.after.clone());
        }
    }

    /// What was recorded and what was decided now.
    pub(super) fn note(&mut self, recorded: &Record, decided: Result<&Record, &Reject>) {
        match decided {
            Ok(record) => {
                let (was, is) = (recorded.status == Status::Posted, record.status == Status::Posted);
                self.stopped += u64::from(was && !is);
                self.passed += u64::from(!was && is);
            }
            Err(Reject::StepUpRequired(_)) => self.stopped += u64::from(recorded.status == Status::Posted),
            Err(reject) if recorded.status == Status::Posted => self.depends(recorded, reject.to_string()),
            Err(_) => {}
        }
    }

    /// A write that stood and could not be done here.
    pub(super) fn depends(&mut self, recorded: &Record, why: String) {
        self.dependent += 1;
        if self.dependents.len() < BACKTEST_DEPENDENTS_MAX {
            let member = recorded.parties.first().map_or_else(Text::default, |party| party.member.clone());
            self.dependents.push(Dependent { seq: recorded.seq, member, why });
        }
    }

    /// What each limit counts for an input, before it is counted.
    pub(super) fn count(&mut self, rings: &Rings, terms: &Terms, program: ProgramId, input: &Input, at: TimeMs) {
        for (number, (limit, curve)) in terms.limits.iter().zip(&mut self.curves).enumerate() {
            if curve.thresholds.is_empty() || !fraud::is_counted(limit, input) {
                continue;
            }
            let Some(key) = RingKey::of(program, limit.ring, &limit.key, input) else { continue };
            let Some(counted) = fraud::counted(limit, rings.get(&key), input, at) else { continue };
            curve.counted += 1;
            for threshold in curve.thresholds.iter_mut().filter(|threshold| counted > threshold.limit) {
                threshold.events += 1;
            }
            let highest = self.highest.entry((number, key.key)).or_insert(i64::MIN);
            *highest = (*highest).max(counted);
        }
    }

    pub(super) fn finish(&mut self) {
        for ((number, _), highest) in std::mem::take(&mut self.highest) {
            let Some(curve) = self.curves.get_mut(number) else { continue };
            for threshold in curve.thresholds.iter_mut().filter(|threshold| highest > threshold.limit) {
                threshold.keys += 1;
            }
        }
        self.curves.retain(|curve| !curve.thresholds.is_empty());
        let recorded = std::mem::take(&mut self.recorded);
        let here = std::mem::take(&mut self.here);
        let untouched = |id: &Text| recorded.get(id).filter(|_| !here.contains_key(id));
        for id in recorded.keys().chain(here.keys().filter(|id| !recorded.contains_key(*id))) {
            let (was, now) = (recorded.get(id), here.get(id).or_else(|| untouched(id)));
            let mut differs = false;
            for (snapshot, is_new) in [(was, false), (now, true)] {
                for pool in snapshot.into_iter().flat_map(|snapshot| &snapshot.pools) {
                    let sum = pool.available.get() + pool.pending.get() + pool.held.get() - pool.debt.get();
                    let (before, after) = if is_new { (0, sum) } else { (sum, 0) };
                    self.balances.entry(pool.pool).or_default().add(before, after);
                }
            }
            differs |= was.map(|was| &was.pools) != now.map(|now| &now.pools);
            let (before, after) = (was.and_then(|was| was.tier), now.and_then(|now| now.tier));
            if before != after {
                *self.tiers.entry((before, after)).or_default() += 1;
                differs = true;
            }
            self.members += u64::from(differs);
        }
    }
}

/// Thresholds of a limit that can be tried; none of one that is no number over a rolling window.
fn thresholds(limit: &LimitTerms) -> Vec<i64> {
    let extra = &limit.extra;
    if extra.calendar.is_some() || extra.since.is_some() || extra.excludes_current || !extra.is_unconditional() {
        return Vec::new();
    }
    match limit.metric {
        Metric::Count | Metric::Distinct(_) => ((limit.limit - AROUND).max(0)..=limit.limit + AROUND)
            .filter(|most| *most < i64::from(limit.capacity))
            .collect(),
        Metric::Sum => SHARES.iter().map(|share| limit.limit / 100 * share).collect(),
        _ => Vec::new(),
    }
}

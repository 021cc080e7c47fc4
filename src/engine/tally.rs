//! How versions of rules do on live traffic: events decided, scripts failed, operations; and for a version that runs without
//! effect, where it would have decided otherwise. Kept in memory, from the start of the daemon on.

use std::collections::{BTreeMap, VecDeque};

use hashbrown::HashMap;

use super::differ::{is_same, moved_by_pool};
use crate::ledger::record::{Input, Record, ScriptFault};
use crate::ledger::reject::Reject;
use crate::ledger::types::{NameId, ProgramId, Seq, Text, TimeMs};
use crate::limits::SHADOW_SAMPLES_MAX;
use crate::rules::ErrorLimit;

/// What a version did on live traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events it decided.
    pub events: u64,
    /// Events in which a script of it failed.
    pub faulty: u64,
    /// Operations its scripts used.
    pub operations: u64,
    /// The most that one event used.
    pub operations_max: u32,
    /// The latest failure.
    pub last_fault: Option<ScriptFault>,
}

impl Tally {
    fn note(&mut self, record: &Record) {
        self.events += 1;
        self.operations = self.operations.saturating_add(u64::from(record.operations));
        self.operations_max = self.operations_max.max(record.operations);
        if let Some(fault) = record.faults.last() {
            self.faulty += 1;
            self.last_fault = Some(fault.clone());
        }
    }
}

/// What a version would have done on live traffic, had it decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShadowTally {
    /// What it ran.
    pub run: Tally,
    /// When it began.
    pub since: TimeMs,
    /// Events it would have decided otherwise.
    pub changed: u64,
    /// Events it would have refused.
    pub refused: u64,
    /// What was moved in each pool, and what it would have moved.
    pub pools: BTreeMap<NameId, (i64, i64)>,
    /// The latest events that it would have decided otherwise.
    pub samples: VecDeque<Sample>,
}

/// An event that a version would have decided otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its record.
    pub seq: Seq,
    /// Its source and id.
    pub event: (Text, Text),
    /// What was moved in each pool, and what would have been.
    pub pools: BTreeMap<NameId, (i64, i64)>,
}

impl ShadowTally {
    /// Notes what was decided and what would have been.
    pub fn note(&mut self, live: &Record, shadow: Result<&Record, &Reject>) {
        let Ok(shadow) = shadow else {
            self.run.events += 1;
            self.changed += 1;
            self.refused += 1;
            return;
        };
        self.run.note(shadow);
        let pools = side_by_side(live, shadow);
        for (pool, (was, would)) in &pools {
            let sums = self.pools.entry(*pool).or_default();
            *sums = (sums.0.saturating_add(*was), sums.1.saturating_add(*would));
        }
        if is_same(live, shadow) {
            return;
        }
        self.changed += 1;
        if let Input::Event(event) = &live.input {
            if self.samples.len() >= SHADOW_SAMPLES_MAX {
                self.samples.pop_front();
            }
            let event = (event.source.clone(), event.id.clone());
            self.samples.push_back(Sample { seq: live.seq, event, pools });
        }
    }
}

/// What two records move in each pool.
fn side_by_side(live: &Record, shadow: &Record) -> BTreeMap<NameId, (i64, i64)> {
    let mut pools: BTreeMap<NameId, (i64, i64)> = BTreeMap::new();
    for (pool, amount) in moved_by_pool(live) {
        pools.entry(pool).or_default().0 = amount;
    }
    for (pool, amount) in moved_by_pool(shadow) {
        pools.entry(pool).or_default().1 = amount;
    }
    pools
}

/// All tallies of one engine: by program and version.
#[derive(Clone, Debug, Default)]
pub(super) struct Tallies {
    pub(super) deciding: HashMap<(ProgramId, u32), Tally>,
    pub(super) shadows: HashMap<(ProgramId, u32), ShadowTally>,
}

impl Tallies {
    /// Notes an event that was decided; how many its version has decided with it.
    pub(super) fn note(&mut self, record: &Record) -> u64 {
        let tally = self.deciding.entry((record.program, record.ruleset)).or_default();
        tally.note(record);
        tally.events
    }

    /// Notes what a shadow would have made of it.
    pub(super) fn note_shadow(&mut self, version: u32, live: &Record, would: Result<&Record, &Reject>, now: TimeMs) {
        let begun = || ShadowTally { since: now, ..ShadowTally::default() };
        self.shadows.entry((live.program, version)).or_insert_with(begun).note(live, would);
    }
}

/// Watches how often the scripts of each version fail.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The places of each version's latest faulty events among all it decided.
    faulty: HashMap<(ProgramId, u32), VecDeque<u64>>,
}

impl Watch {
    /// Notes the `at`-th event of a version, in which a script failed; true where the version has passed its limit with it.
    pub(super) fn failed(&mut self, record: &Record, at: u64, limit: ErrorLimit) -> bool {
        let faulty = self.faulty.entry((record.program, record.ruleset)).or_default();
        let from = at.saturating_sub(u64::from(limit.events));
        while faulty.front().is_some_and(|known| *known <= from) {
            faulty.pop_front();
        }
        faulty.push_back(at);
        faulty.len() as u64 > u64::from(limit.errors)
    }

    /// Forgets a version, so that it begins anew.
    pub(super) fn forget(&mut self, program: ProgramId, version: u32) {
        self.faulty.remove(&(program, version));
    }
}

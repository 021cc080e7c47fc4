//! The closed loop: what the members would have in the end had the version decided all along, and what later writes could not
//! have been done. Whole numbers, and the same every time.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::report::Numbers;
use crate::ledger::record::{Record, Snapshot, Status};
use crate::ledger::reject::Reject;
use crate::ledger::types::{NameId, Seq, Text};
use crate::limits::BACKTEST_DEPENDENTS_MAX;

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
    recorded: HashMap<Text, Snapshot>,
    here: HashMap<Text, Snapshot>,
}

impl Closed {
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

    pub(super) fn finish(&mut self) {
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

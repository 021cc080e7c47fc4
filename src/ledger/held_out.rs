//! What is known of denials that were held instead, so that it comes to be known how often the rules that deny are right. Built from
//! records alone, like the [`desk`](super::desk) it belongs to. Nothing here chooses which.

use std::collections::BTreeMap;

use super::record::{Reason, Record, Status};
use super::review::Outcome;
use super::types::{ProgramId, Seq, Text};
use super::verdict::HELD_OUT;
use crate::limits::RULE_STATS_MAX;

/// The rule that says that a denial is held instead.
pub const HOLDOUT: &str = "holdout";
/// What its evidence counts: points of the day.
pub const HELD_OUT_POINTS: &str = "held_out_points";

/// A rule's denials that were held instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleHeldOut {
    /// How many.
    pub held: u64,
    /// Of these, those found to be fraud.
    pub confirmed: u64,
    /// Those found honest: the rule would have been wrong.
    pub cleared: u64,
}

/// A program's denials that were held instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldOut {
    /// Whose.
    pub program: ProgramId,
    /// The latest local day with one, as `day=2026-01-05`.
    pub day: Text,
    /// Points of that day.
    pub points: i64,
    /// By rule.
    pub rules: BTreeMap<Text, RuleHeldOut>,
    /// What waits in open cases: the rules that would have denied, once for each record.
    pub open: BTreeMap<Seq, Vec<Text>>,
}

impl HeldOut {
    /// Points held so far of a day.
    #[must_use]
    pub fn of_day(&self, day: &str) -> i64 {
        if self.day == day { self.points } else { 0 }
    }

    /// Takes in a record that joined a case.
    pub(super) fn take(&mut self, record: &Record, case: Seq) {
        let Some(evidence) = mark(record).and_then(|reason| reason.evidence.as_ref()) else { return };
        (self.day, self.points) = (evidence.key.clone(), evidence.counted);
        let waits = self.open.entry(case).or_default();
        for reason in record.fraud.reasons.iter().filter(|reason| reason.detail.starts_with(HELD_OUT)) {
            if self.rules.len() < RULE_STATS_MAX || self.rules.contains_key(&reason.rule) {
                self.rules.entry(reason.rule.clone()).or_default().held += 1;
                waits.push(reason.rule.clone());
            }
        }
    }

    /// Notes what a case came to.
    pub(super) fn close(&mut self, case: Seq, outcome: Outcome) {
        for rule in self.open.remove(&case).unwrap_or_default() {
            let rule = self.rules.entry(rule).or_default();
            match outcome {
                Outcome::Cleared => rule.cleared += 1,
                Outcome::Confirmed => rule.confirmed += 1,
            }
        }
    }
}

/// The reason that says so, of a record that was held instead of being denied.
pub(super) fn mark(record: &Record) -> Option<&Reason> {
    let is_mark = |reason: &&Reason| {
        reason.rule == HOLDOUT && reason.evidence.as_ref().is_some_and(|evidence| evidence.metric == HELD_OUT_POINTS)
    };
    record.fraud.reasons.iter().rev().find(is_mark).filter(|_| record.status == Status::Held)
}

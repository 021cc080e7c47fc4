//! Other ways to count within a window, as well-known systems do it, with the program's own limits and on the same steps. They
//! see counts and sums over rolling windows only: what else a program checks has no counterpart there.

use std::collections::{BTreeMap, HashMap};

use super::step::{Kind, Step};
use crate::ledger::record::Verdict;
use crate::ledger::terms::{Counted, LimitTerms, Metric};

/// Parts of a window that hops, or that is counted in buckets: five minutes of an hour.
const PARTS: i64 = 12;

/// A way to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Every entry, at its time.
    Exact,
    /// Fixed hours, fixed days: counts begin anew.
    Tumbling,
    /// This fixed window, and of the one before the part that has not passed, as if it had come evenly.
    TwoBuckets,
    /// The last twelve whole parts; the unfinished one is not seen yet.
    Hopping,
    /// The last twelve parts and the one that runs: a window that is longer by up to a part.
    Buckets,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Exact, Self::Tumbling, Self::TwoBuckets, Self::Hopping, Self::Buckets];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Tumbling => "tumbling",
            Self::TwoBuckets => "two buckets",
            Self::Hopping => "hopping",
            Self::Buckets => "5-min buckets",
        }
    }
}

/// One key's history.
#[derive(Debug, Default)]
struct History {
    /// By time: the sum of what came then.
    entries: BTreeMap<i64, i64>,
}

impl History {
    fn add(&mut self, at: i64, value: i64) {
        *self.entries.entry(at).or_default() += value;
    }

    /// What lies from a time on, before another.
    fn between(&self, from: i64, before: i64) -> i64 {
        if from >= before { 0 } else { self.entries.range(from..before).map(|(_, value)| value).sum() }
    }

    /// What a way to count says, the entry of `value` at `at`, which is in the history, included.
    fn count(&self, way: Way, at: i64, window: i64, value: i64) -> i64 {
        let begun = at.div_euclid(window) * window;
        let part = (window / PARTS).max(1);
        let part_begun = at.div_euclid(part) * part;
        match way {
            Way::Exact => self.between(at - window + 1, at + 1),
            Way::Tumbling => self.between(begun, at + 1),
            Way::TwoBuckets => {
                let left = window - (at - begun);
                self.between(begun, at + 1) + self.between(begun - window, begun) * left / window
            }
            Way::Hopping => self.between(part_begun - window, part_begun) + value,
            Way::Buckets => self.between(part_begun - window, at + 1),
        }
    }
}

/// What one way to count came to.
#[derive(Clone, Debug)]
pub struct Counts {
    /// For each step, whether a limit that holds was passed.
    pub stopped: Vec<bool>,
    /// The highest true count that was let through, in hundredths of its limit.
    pub worst: i64,
}

/// Limits that every way can count.
pub fn comparable(limits: &[LimitTerms]) -> Vec<&LimitTerms> {
    let plain = |limit: &&LimitTerms| {
        let extra = &limit.extra;
        matches!(limit.metric, Metric::Count | Metric::Sum)
            && limit.verdict >= Verdict::Hold
            && extra.is_unconditional()
            && extra.calendar.is_none()
            && extra.since.is_none()
            && !extra.shadow
            && !extra.excludes_current
            && limit.limit > 0
    };
    limits.iter().filter(plain).collect()
}

/// Has all steps judged by one way to count.
pub fn run(way: Way, limits: &[&LimitTerms], steps: &[Step]) -> Counts {
    let mut histories: HashMap<(usize, String), History> = HashMap::new();
    let mut found = Counts { stopped: vec![false; steps.len()], worst: 0 };
    for (step, stopped) in steps.iter().zip(&mut found.stopped) {
        for (number, limit) in limits.iter().enumerate() {
            let Some(value) = value(limit, step) else { continue };
            let Some(key) = key(limit, step) else { continue };
            let history = histories.entry((number, key)).or_default();
            history.add(step.at, value);
            let said = history.count(way, step.at, limit.window_ms, value);
            if said > limit.limit {
                *stopped = true;
            } else {
                let truly = history.count(Way::Exact, step.at, limit.window_ms, value);
                found.worst = found.worst.max(truly.saturating_mul(100) / limit.limit);
            }
        }
    }
    found
}

/// What a step adds to a limit's count; nothing where it is not counted.
fn value(limit: &LimitTerms, step: &Step) -> Option<i64> {
    let counted = limit.on.iter().any(|counted| match (counted, step.kind) {
        (Counted::Event(kind), Kind::Event(name)) => kind.wire_name() == name,
        (Counted::Transfer, Kind::Transfer) | (Counted::Redeem, Kind::Redeem) => true,
        _ => false,
    });
    let fits = limit.extra.when.iter().all(|(name, value)| step.attribute_of(name) == Some(value));
    match limit.metric {
        Metric::Sum if counted && fits => Some(step.amount),
        Metric::Count if counted && fits => Some(1),
        _ => None,
    }
}

fn key(limit: &LimitTerms, step: &Step) -> Option<String> {
    let fields: Option<Vec<&str>> = limit.key.iter().map(|field| step.key(field)).collect();
    fields.map(|fields| fields.join("\u{1f}"))
}

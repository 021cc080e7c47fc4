//! The largest, the smallest, the first and the last amount of a window. A ring keeps only what can decide: of the largest those
//! beyond the limit, of the smallest those below it, of the first the one that a day, week or month began with; so few places
//! answer for any number of events, and the newest of them for every event in order.

use super::assess::{Found, reach, unproven};
use super::measure::within;
use super::question::Question;
use super::window::Ring;
use super::words;
use crate::ledger::record::{MARK, Reason, Taken};
use crate::ledger::terms::{LimitTerms, Metric};
use crate::ledger::types::{Seq, TimeMs};
use crate::limits::EVIDENCE_EVENTS_MIN;

/// What a window's amounts come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extreme {
    /// The amount; of the largest and smallest only those that the ring keeps are known. Nothing where there is none.
    pub amount: Option<i64>,
    /// False where entries of the window may have been dropped that would matter.
    pub complete: bool,
}

/// What the kept amounts of the window that ends at an instant come to, `own` being the newest of them. Of a metric that is none
/// of the four it says nothing.
#[must_use]
pub fn extreme(metric: Metric, ring: &Ring, (at, window_ms): (TimeMs, i64), own: Option<i64>) -> Extreme {
    let kept = || within(ring, at, window_ms).map(|entry| entry.value).filter(|value| *value != MARK);
    let is_whole = ring.is_complete(at, window_ms);
    match metric {
        Metric::Max => Extreme { amount: kept().chain(own).max(), complete: is_whole },
        Metric::Min => Extreme { amount: kept().chain(own).min(), complete: is_whole },
        Metric::First => Extreme { amount: kept().last().or(own), complete: is_whole },
        // What a ring dropped is older than all it keeps.
        Metric::Last => match own.or_else(|| kept().next()) {
            None => Extreme { amount: None, complete: is_whole },
            amount => Extreme { amount, complete: true },
        },
        _ => Extreme { amount: None, complete: true },
    }
}

/// Whether a ring has to keep an amount, so that a limit can be decided by it later.
#[must_use]
pub fn keeps(metric: Metric, limit: i64, ring: &Ring, (at, window_ms): (TimeMs, i64), amount: i64) -> bool {
    match metric {
        Metric::Max => amount > limit,
        Metric::Min => amount < limit,
        Metric::First => within(ring, at, window_ms).all(|entry| entry.value == MARK),
        _ => true,
    }
}

/// Whether a limit's ring takes in an input at all.
pub(super) fn takes(limit: &LimitTerms, ring: Option<&Ring>, question: &Question<'_>) -> bool {
    match limit.metric {
        Metric::Max | Metric::Min | Metric::First => {
            let empty = Ring::default();
            let ring = ring.unwrap_or(&empty);
            keeps(limit.metric, limit.limit, ring, reach(limit, ring, question), question.amount())
        }
        _ => limit.extra.taken != Taken::Reversed,
    }
}

/// What a limit on such an amount says.
pub(super) fn exceeded(limit: &LimitTerms, ring: &Ring, question: &Question<'_>) -> Option<Reason> {
    let (at, window_ms) = reach(limit, ring, question);
    let own = (!limit.extra.excludes_current).then(|| question.amount());
    let found = extreme(limit.metric, ring, (at, window_ms), own);
    let is_beyond = |amount: i64| match limit.metric {
        Metric::Min => amount < limit.limit,
        _ => amount > limit.limit,
    };
    let beyond = found.amount.filter(|amount| is_beyond(*amount));
    let is_proven = match limit.metric {
        Metric::Max | Metric::Min => beyond.is_some(),
        _ => found.complete,
    };
    if beyond.is_none() && found.complete {
        return None;
    }
    let detail = words::extreme(limit, found.amount, window_ms);
    let mut reason = Found {
        counted: found.amount.unwrap_or(limit.limit),
        limit: limit.limit,
        window_ms,
        records: records(limit, ring, (at, window_ms), own.is_some(), &is_beyond),
        detail,
    }
    .reason(limit, question);
    if !is_proven {
        (reason.verdict, reason.weight) = unproven(limit, false);
        reason.detail.push_str(words::UNKNOWN);
    }
    Some(reason)
}

/// The records that made it, newest first.
fn records(
    limit: &LimitTerms,
    ring: &Ring,
    (at, window_ms): (TimeMs, i64),
    includes_own: bool,
    is_beyond: &impl Fn(i64) -> bool,
) -> Vec<Seq> {
    let mut kept = within(ring, at, window_ms).filter(|entry| entry.value != MARK);
    match limit.metric {
        Metric::Last if includes_own => Vec::new(),
        Metric::Last => kept.next().map(|entry| entry.seq).into_iter().collect(),
        Metric::First => kept.last().map(|entry| entry.seq).into_iter().collect(),
        _ => kept.filter(|entry| is_beyond(entry.value)).take(EVIDENCE_EVENTS_MIN).map(|entry| entry.seq).collect(),
    }
}

//! What a limit's ring says at an instant, for those who look: nothing is asked and nothing is counted.

use super::measure;
use super::window::{Ring, Tally};
use crate::ledger::terms::{LimitTerms, Metric};
use crate::ledger::types::TimeMs;

/// What the rolling window that ends at `at` holds: a sum, a number of different values, else a number of entries.
#[must_use]
pub fn reading(limit: &LimitTerms, ring: &Ring, at: TimeMs) -> Tally {
    match limit.metric {
        Metric::Sum => ring.sum(at, limit.window_ms),
        Metric::Distinct(_) => measure::distinct(ring, at, limit.window_ms, None),
        _ => ring.count(at, limit.window_ms),
    }
}

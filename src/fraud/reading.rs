//! What a limit's ring says at an instant when nothing is asked of the ledger: for people who look. It never judges.

use super::assess::window_of;
use super::window::{Ring, Tally};
use super::{extremes, measure};
use crate::ledger::calendar::Zone;
use crate::ledger::terms::{LimitTerms, Metric};
use crate::ledger::types::{Seq, TimeMs};

/// A limit's ring at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What the limit counts, of counts, sums, distinct values and amounts; `None` for what only an event has (a gap, a speed).
    pub counted: Option<Tally>,
    /// Entries in the window.
    pub entries: i64,
    /// The length of the window that ends at the instant, in milliseconds.
    pub window_ms: i64,
    /// When the newest entry of all happened.
    pub newest_at: Option<TimeMs>,
    /// The newest records in the window.
    pub events: Vec<Seq>,
}

/// Reads a limit's ring at an instant, with at most `most` of the records that count.
#[must_use]
pub fn read(limit: &LimitTerms, ring: &Ring, zone: &Zone, at: TimeMs, most: usize) -> Reading {
    let window_ms = window_of(limit, ring, zone, at);
    let counted = match limit.metric {
        Metric::Count => Some(ring.count(at, window_ms)),
        Metric::Sum => Some(ring.sum(at, window_ms)),
        Metric::Distinct(_) => Some(measure::distinct(ring, at, window_ms, None)),
        Metric::Max | Metric::Min | Metric::First | Metric::Last => {
            let found = extremes::extreme(limit.metric, ring, (at, window_ms), None);
            found.amount.map(|value| Tally { value, complete: found.complete })
        }
        Metric::Gap
        | Metric::Speed
        | Metric::Share
        | Metric::Age
        | Metric::Favour
        | Metric::Cycle
        | Metric::Passed
        | Metric::Sequence
        | Metric::Copies => None,
    };
    Reading {
        counted,
        entries: ring.count(at, window_ms).value,
        window_ms,
        newest_at: ring.entries().next_back().map(|entry| entry.at),
        events: ring.contributing(at, window_ms, most),
    }
}

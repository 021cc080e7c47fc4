//! What a ring says beyond counts and sums: distinct values, the nearest neighbour in time, the speed from place to place.
//!
//! Everything is exact for events in order; where a late event asks about what is no longer kept, the answer says so.

use super::place::distance_m;
use super::window::{Entry, Ring, Tally};
use crate::ledger::record::MARK;
use crate::ledger::types::{Seq, Text, TimeMs};

/// A number that tells one text from another. It is never [`MARK`].
#[must_use]
pub fn fingerprint(text: &Text) -> i64 {
    crate::ledger::kin::fingerprint(text)
}

/// Entries in the window that ends at `at`, newest first.
pub fn within(ring: &Ring, at: TimeMs, window_ms: i64) -> impl Iterator<Item = &Entry> {
    let skip = move |entry: &&Entry| entry.at > at;
    ring.entries().rev().skip_while(skip).take_while(move |entry| at.since(entry.at) < window_ms)
}

/// How many different values lie in the window that ends at `at`, `own` included where it is given.
#[must_use]
pub fn distinct(ring: &Ring, at: TimeMs, window_ms: i64, own: Option<i64>) -> Tally {
    let mut values: Vec<i64> = own.into_iter().collect();
    for entry in within(ring, at, window_ms) {
        if entry.value != MARK && !values.contains(&entry.value) {
            values.push(entry.value);
        }
    }
    let complete = ring.is_complete(at, window_ms) && ring.blurred().is_none_or(|blurred| blurred <= at);
    Tally { value: i64::try_from(values.len()).unwrap_or(i64::MAX), complete }
}

/// One record for each of the different values in the window, newest first.
#[must_use]
pub fn distinct_records(ring: &Ring, at: TimeMs, window_ms: i64, max: usize) -> Vec<Seq> {
    let mut seen: Vec<i64> = Vec::new();
    let mut records = Vec::new();
    for entry in within(ring, at, window_ms) {
        if entry.value != MARK && !seen.contains(&entry.value) && records.len() < max {
            seen.push(entry.value);
            records.push(entry.seq);
        }
    }
    records
}

/// The entries before and after an instant; at the instant itself counts as before.
#[must_use]
pub fn neighbours(ring: &Ring, at: TimeMs) -> [Option<&Entry>; 2] {
    let mut later = None;
    for entry in ring.entries().rev() {
        if entry.at <= at {
            return [Some(entry), later];
        }
        later = Some(entry);
    }
    [None, later]
}

/// The time to the nearest entry, and which one it is.
#[must_use]
pub fn gap(ring: &Ring, at: TimeMs) -> Option<(i64, Seq)> {
    let away = |entry: &Entry| (at.since(entry.at).saturating_abs(), entry.seq);
    neighbours(ring, at).into_iter().flatten().map(away).min()
}

/// A way between two places and how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Metres.
    pub metres: i64,
    /// Milliseconds.
    pub ms: i64,
    /// Kilometres an hour, rounded down; the largest number where it took no time.
    pub kmh: i64,
    /// The record of the other end.
    pub seq: Seq,
}

/// The fastest way between a place and those before and after it, of ways longer than `ignore_m`.
#[must_use]
pub fn speed(ring: &Ring, at: TimeMs, here: i64, ignore_m: i64) -> Option<Way> {
    let ways = neighbours(ring, at).into_iter().flatten().map(|entry| way(entry, at, here));
    ways.filter(|way| way.metres > ignore_m).max_by_key(|way| way.kmh)
}

/// The ways between the places of a window that ends at `at`, newest first, of those longer than `ignore_m`.
pub fn ways(ring: &Ring, at: TimeMs, window_ms: i64, ignore_m: i64) -> impl Iterator<Item = Way> {
    let pairs = within(ring, at, window_ms).zip(within(ring, at, window_ms).skip(1));
    pairs.map(|(to, from)| way(from, to.at, to.value)).filter(move |way| way.metres > ignore_m)
}

/// The way from an entry to a place.
fn way(from: &Entry, at: TimeMs, here: i64) -> Way {
    let metres = distance_m(from.value, here);
    let ms = at.since(from.at).saturating_abs();
    // Metres a millisecond are 3,600 km/h.
    let kmh = metres.saturating_mul(3_600).checked_div(ms).unwrap_or(i64::MAX);
    Way { metres, ms, kmh, seq: from.seq }
}

/// The latest mark not later than an instant: counts since it begin after it.
#[must_use]
pub fn mark_before(ring: &Ring, at: TimeMs) -> Option<TimeMs> {
    ring.entries().rev().find(|entry| entry.value == MARK && entry.at <= at).map(|entry| entry.at)
}

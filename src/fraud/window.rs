//! One ring: the newest entries of one key by event time, which answer every window and every limit up to its capacity
//! exactly. It never approximates: where entries that would matter were dropped, the answer says so.

use std::ops::Range;

use crate::ledger::types::{Seq, TimeMs};

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, in business time.
    pub at: TimeMs,
    /// What a sum adds: an amount, or 1 where only the count matters.
    pub value: i64,
    /// The record that observed it.
    pub seq: Seq,
}

/// What a window holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The count or the sum of the entries the ring still has.
    pub value: i64,
    /// False where entries of the window may have been dropped: the true value is at least this one.
    pub complete: bool,
}

/// The newest entries of one key, ordered by event time, so that a late event is counted where it belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ring {
    /// In order of (time, sequence), oldest first; at most `capacity` of them.
    entries: Vec<Entry>,
    /// The latest record taken in.
    last: Seq,
    /// What was dropped, of the few rings that ever dropped anything.
    lost: Option<Box<Lost>>,
    /// How many entries are kept.
    capacity: u16,
}

/// What a ring no longer knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lost {
    /// The newest time that was ever dropped: windows that begin at or after it are complete.
    dropped: Option<TimeMs>,
    /// Where entries were dropped that a later one with the same value stands for: the newest time of such a later one.
    /// Windows that end at or after it are complete for distinct values.
    blurred: Option<TimeMs>,
}

/// Room that a ring's first entry makes, and the most it makes at once: most rings have few entries.
const ROOM: std::ops::RangeInclusive<usize> = 2..=16;

impl Ring {
    /// A ring that has taken in nothing and keeps nothing yet.
    #[must_use]
    pub const fn empty() -> Self {
        Self { entries: Vec::new(), last: Seq::ZERO, lost: None, capacity: 0 }
    }

    /// An empty ring that keeps `capacity` entries.
    #[must_use]
    pub fn new(capacity: u16) -> Self {
        Self { capacity, ..Self::default() }
    }

    /// A ring as it was stored: what the getters of the same names returned. Entries are put in order; where there are
    /// more than the capacity, the newest stay.
    #[must_use]
    pub fn restore(capacity: u16, last: Seq, dropped: Option<TimeMs>, mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable_by_key(|entry| (entry.at, entry.seq));
        let over = entries.len().saturating_sub(usize::from(capacity));
        let dropped = dropped.max(entries.drain(..over).next_back().map(|newest| newest.at));
        let gone = dropped.map(|at| Box::new(Lost { dropped: Some(at), blurred: None }));
        Self { entries, last, lost: gone, capacity }
    }

    /// Whether it is as if it had never been made.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.last == Seq::ZERO && self.capacity == 0 && self.entries.is_empty()
    }

    /// The sequence of the newest entry by event time; zero where there is none.
    pub(super) fn newest(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.seq.get())
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> + DoubleEndedIterator {
        self.entries.iter()
    }

    /// How many entries are kept at most.
    #[must_use]
    pub const fn capacity(&self) -> u16 {
        self.capacity
    }

    /// The latest record taken in, kept or not.
    #[must_use]
    pub const fn last(&self) -> Seq {
        self.last
    }

    /// The newest time among the entries dropped so far.
    #[must_use]
    pub fn dropped(&self) -> Option<TimeMs> {
        self.lost.as_ref()?.dropped
    }

    /// The newest time of a later entry that stands for dropped ones of its value.
    #[must_use]
    pub fn blurred(&self) -> Option<TimeMs> {
        self.lost.as_ref()?.blurred
    }

    /// The same ring with what [`Ring::blurred`] returned when it was stored.
    #[must_use]
    pub fn with_blurred(mut self, blurred: Option<TimeMs>) -> Self {
        if blurred.is_some() {
            self.lost.get_or_insert_default().blurred = blurred;
        }
        self
    }

    /// Takes in an entry of a ring that counts distinct values: where there is no room, first goes the oldest entry that a later
    /// one with the same value stands for.
    pub fn insert_distinct(&mut self, entry: Entry) {
        if self.entries.len() >= usize::from(self.capacity)
            && let Some((at, stands_for)) = self.superseded(&entry)
        {
            self.entries.remove(at);
            let lost = self.lost.get_or_insert_default();
            lost.blurred = lost.blurred.max(Some(stands_for));
        }
        self.insert(entry);
    }

    /// The oldest entry with a later one of its value, be it the one to come, and when that one is.
    fn superseded(&self, coming: &Entry) -> Option<(usize, TimeMs)> {
        self.entries.iter().enumerate().find_map(|(at, entry)| {
            let mut later = self.entries.iter().skip(at + 1).chain(std::iter::once(coming));
            later.find(|other| other.value == entry.value && other.at >= entry.at).map(|other| (at, other.at))
        })
    }

    /// Makes room for more entries; a ring never shrinks, so that an older declaration cannot forget for a newer one.
    pub fn grow(&mut self, capacity: u16) {
        self.capacity = self.capacity.max(capacity);
    }

    /// Takes in an entry at its place in event time and keeps the newest `capacity` of them.
    pub fn insert(&mut self, entry: Entry) {
        self.last = self.last.max(entry.seq);
        let place = if self.entries.last().is_none_or(|newest| newest.at <= entry.at) {
            self.entries.len()
        } else {
            self.entries.partition_point(|kept| (kept.at, kept.seq) <= (entry.at, entry.seq))
        };
        if self.entries.len() >= usize::from(self.capacity) {
            if place == 0 {
                self.note_dropped(entry.at);
                return;
            }
            // The oldest makes room: those before the place move down by one.
            if let Some(older) = self.entries.get_mut(..place)
                && let Some(first) = older.first_mut()
            {
                let oldest = std::mem::replace(first, entry);
                older.rotate_left(1);
                self.note_dropped(oldest.at);
            }
            return;
        }
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(self.entries.len().clamp(*ROOM.start(), *ROOM.end()));
        }
        self.entries.insert(place, entry);
    }

    /// Leaves so much of an entry, or nothing of it, because of a record that gave something back.
    pub fn leave(&mut self, of: Seq, left: Option<i64>, because: Seq) {
        self.last = self.last.max(because);
        let Some(at) = self.entries.iter().position(|entry| entry.seq == of) else { return };
        match (left, self.entries.get_mut(at)) {
            (Some(value), Some(entry)) => entry.value = value,
            _ => drop(self.entries.remove(at)),
        }
    }

    /// Takes in an entry that a later record is the cause of, or its new value where it is known.
    pub fn revise(&mut self, entry: Entry, because: Seq) {
        self.last = self.last.max(because);
        match self.entries.iter_mut().find(|known| known.seq == entry.seq) {
            Some(known) => known.value = entry.value,
            None => self.insert(entry),
        }
    }

    /// How many entries lie in the window that ends at `at`: not later than `at`, and younger than `window_ms` then.
    #[must_use]
    pub fn count(&self, at: TimeMs, window_ms: i64) -> Tally {
        let value = i64::try_from(self.within(at, window_ms).len()).unwrap_or(i64::MAX);
        Tally { value, complete: self.is_complete(at, window_ms) }
    }

    /// The sum of the values in the window that ends at `at`; saturates at the ends of `i64`.
    #[must_use]
    pub fn sum(&self, at: TimeMs, window_ms: i64) -> Tally {
        let within = self.entries.get(self.within(at, window_ms)).unwrap_or_default();
        let value = within.iter().fold(0i64, |sum, entry| sum.saturating_add(entry.value));
        Tally { value, complete: self.is_complete(at, window_ms) }
    }

    /// Whether at least `n` kept entries lie in the window that ends at `at`: for an event in order, one look at the
    /// n-th latest.
    #[must_use]
    pub fn reaches(&self, n: usize, at: TimeMs, window_ms: i64) -> bool {
        // Where there are fewer, none of them has to be looked at.
        let Some(place) = self.entries.len().checked_sub(n) else { return false };
        if self.entries.last().is_some_and(|newest| newest.at > at) {
            return self.within(at, window_ms).len() >= n;
        }
        self.entries.get(place).is_none_or(|nth| at.since(nth.at) < window_ms)
    }

    /// How many entries were ever taken in; nothing where some were dropped or are later than `at`.
    #[must_use]
    pub fn seen_by(&self, at: TimeMs) -> Option<usize> {
        (self.lost.is_none() && self.entries.last().is_none_or(|newest| newest.at <= at)).then_some(self.entries.len())
    }

    /// Whether nothing that lies in the window that ends at `at` can have been dropped.
    #[must_use]
    pub fn is_complete(&self, at: TimeMs, window_ms: i64) -> bool {
        self.dropped().is_none_or(|dropped| at.since(dropped) >= window_ms)
    }

    /// The records in the window that ends at `at`, newest first, at most `max` of them.
    #[must_use]
    pub fn contributing(&self, at: TimeMs, window_ms: i64, max: usize) -> Vec<Seq> {
        self.entries
            .get(self.within(at, window_ms))
            .unwrap_or_default()
            .iter()
            .rev()
            .take(max)
            .map(|entry| entry.seq)
            .collect()
    }

    /// The places of the entries in a window.
    fn within(&self, at: TimeMs, window_ms: i64) -> Range<usize> {
        let end = if self.entries.last().is_none_or(|newest| newest.at <= at) {
            self.entries.len()
        } else {
            self.entries.partition_point(|entry| entry.at <= at)
        };
        let start = self.entries.partition_point(|entry| at.since(entry.at) >= window_ms);
        start.min(end)..end
    }

    fn note_dropped(&mut self, at: TimeMs) {
        let lost = self.lost.get_or_insert_default();
        lost.dropped = lost.dropped.max(Some(at));
    }
}

//! A ring against a list that forgets nothing.

use proptest::prelude::*;

use crate::fraud::window::{Entry, Ring};
use crate::ledger::types::{Seq, TimeMs};

/// Everything that ever happened.
#[derive(Default)]
struct List(Vec<Entry>);

impl List {
    fn within(&self, at: i64, window_ms: i64) -> Vec<Entry> {
        let inside = |entry: &&Entry| entry.at.get() <= at && at - entry.at.get() < window_ms;
        let mut found: Vec<Entry> = self.0.iter().filter(inside).copied().collect();
        found.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.seq)));
        found
    }

    fn newer_than(&self, start: i64) -> usize {
        self.0.iter().filter(|entry| entry.at.get() > start).count()
    }

    fn newest(&self) -> i64 {
        self.0.iter().map(|entry| entry.at.get()).max().unwrap_or(i64::MIN)
    }
}

/// Every question at one instant, for one window.
fn compare(list: &List, ring: &Ring, at: i64, window_ms: i64) {
    let (capacity, instant) = (usize::from(ring.capacity()), TimeMs::new(at));
    let truth = list.within(at, window_ms);
    let true_sum: i64 = truth.iter().map(|entry| entry.value).sum();
    let (count, sum) = (ring.count(instant, window_ms), ring.sum(instant, window_ms));
    let count_value = usize::try_from(count.value).unwrap();
    assert_eq!(count.complete, sum.complete);
    if count.complete {
        assert_eq!((count_value, sum.value), (truth.len(), true_sum));
    } else {
        assert!(count_value <= truth.len() && sum.value <= true_sum);
    }
    if list.newer_than(at - window_ms) <= capacity {
        assert!(count.complete, "nothing of this window can have been dropped");
    }
    if at >= list.newest() {
        assert_eq!(count_value, truth.len().min(capacity), "in order, a count is exact up to the capacity");
    }
    for n in 0..=capacity + 1 {
        assert_eq!(ring.reaches(n, instant, window_ms), count_value >= n);
    }
    let named = ring.contributing(instant, window_ms, 3);
    let expected: Vec<Seq> = truth.iter().map(|entry| entry.seq).take(3.min(count_value)).collect();
    if count.complete || at >= list.newest() {
        assert_eq!(named, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Times and windows come from a coarse grid, so that most questions are about an exact edge.
    #[test]
    fn a_ring_agrees_with_a_list(
        capacity in 1u16..12,
        steps in prop::collection::vec((-25i64..15, 0i64..1_000, 1i64..30), 1..80),
    ) {
        let (mut list, mut ring, mut now) = (List::default(), Ring::new(capacity), 0i64);
        for (seq, (step, value, window)) in (1u64..).zip(steps) {
            // A negative step is a late entry: time does not move, the entry lies in the past.
            let at = now + step;
            now = now.max(at);
            for (end, length) in [(at, window), (now, window), (at - 1, window), (at + window, window), (at, window + 1)] {
                compare(&list, &ring, end, length);
            }
            let entry = Entry { at: TimeMs::new(at), value, seq: Seq::new(seq) };
            list.0.push(entry);
            ring.insert(entry);
            compare(&list, &ring, at, window);
            compare(&list, &ring, at + window, window);
            compare(&list, &ring, at + window - 1, window);
            let stored = Ring::restore(ring.capacity(), ring.last(), ring.dropped(), ring.entries().copied().collect());
            prop_assert_eq!(&stored, &ring);
        }
    }
}

fn ring_of(capacity: u16, times: &[i64]) -> Ring {
    let mut ring = Ring::new(capacity);
    for (seq, at) in (1u64..).zip(times) {
        ring.insert(Entry { at: TimeMs::new(*at), value: 10, seq: Seq::new(seq) });
    }
    ring
}

#[test]
fn an_entry_exactly_a_window_old_does_not_count() {
    let ring = ring_of(4, &[1_000]);
    let rows = [(1_000, 1), (1_999, 1), (2_000, 0), (999, 0)];
    for (at, expected) in rows {
        assert_eq!(ring.count(TimeMs::new(at), 1_000).value, expected, "at {at}");
    }
}

#[test]
fn a_full_ring_says_when_it_cannot_know() {
    let ring = ring_of(3, &[0, 100, 200, 300, 400]);
    let rows = [
        // (at, window, sum, complete)
        (400, 250, 30, true),
        (400, 300, 30, true),
        (400, 301, 30, false),
        (250, 150, 10, true),
        (250, 151, 10, false),
        (250, 10, 0, true),
    ];
    for (at, window, value, complete) in rows {
        let tally = ring.sum(TimeMs::new(at), window);
        assert_eq!((tally.value, tally.complete), (value, complete), "at {at} over {window}");
    }
}

#[test]
fn a_sum_saturates_and_extreme_times_do_not_wrap() {
    let mut ring = Ring::new(4);
    for (seq, at) in [(1, i64::MIN), (2, 0), (3, i64::MAX)] {
        ring.insert(Entry { at: TimeMs::new(at), value: i64::MAX, seq: Seq::new(seq) });
    }
    assert_eq!(ring.sum(TimeMs::new(i64::MAX), i64::MAX).value, i64::MAX);
    assert_eq!(ring.count(TimeMs::new(i64::MAX), i64::MAX).value, 1);
    assert_eq!(ring.count(TimeMs::new(i64::MIN), 1).value, 1);
    assert_eq!(ring.count(TimeMs::new(0), 0).value, 0);
    assert_eq!(ring.count(TimeMs::new(0), -5).value, 0);
}

#[test]
fn a_grown_ring_remembers_what_the_small_one_dropped() {
    let mut ring = ring_of(2, &[10, 20, 30]);
    ring.grow(4);
    ring.insert(Entry { at: TimeMs::new(40), value: 10, seq: Seq::new(4) });
    assert_eq!(ring.count(TimeMs::new(40), 100).value, 3);
    assert!(!ring.is_complete(TimeMs::new(40), 31));
    assert!(ring.is_complete(TimeMs::new(40), 30));
}

//! Rings against brute force, by the million: a list that forgets nothing answers every question the plain way.
//!
//! `TALLYSTICK_WINDOW_OPERATIONS` sets how many; ten million where it does not.

use std::collections::VecDeque;

use tallystick::fraud::extremes::{extreme, keeps};
use tallystick::fraud::measure;
use tallystick::fraud::window::{Entry, Ring};
use tallystick::ledger::terms::Metric;
use tallystick::ledger::types::{Seq, TimeMs};

const KEYS: usize = 64;
const LIMIT: i64 = 5;
const WINDOW_MS: i64 = 40;
/// Nothing is later than this, so that older entries can be forgotten by the list.
const LATE_MS: i64 = 25;
/// A calendar window: what `first` is asked of.
const DAY_MS: i64 = 60;
/// The largest and the smallest are asked whether they are beyond this.
const AMOUNTS: [(Metric, i64); 4] = [(Metric::Max, 6), (Metric::Min, 2), (Metric::First, 5), (Metric::Last, 5)];

/// One key: a ring that counts, one that counts distinct values, one that counts and adds up what is kept, one of what was given back,
/// one for each question about amounts, and all that happened of late.
struct Key {
    counts: Ring,
    values: Ring,
    kept: Ring,
    reversed: Ring,
    amounts: [Ring; AMOUNTS.len()],
    all: VecDeque<Happened>,
    now: i64,
}

/// Something that happened.
struct Happened {
    at: i64,
    value: i64,
    seq: u64,
    /// What is left of it.
    left: i64,
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        i64::try_from(drawn).unwrap_or(0) % bound
    }
}

impl Key {
    fn new() -> Self {
        let (counts, values, kept, reversed) = (Ring::new(6), Ring::new(12), Ring::new(12), Ring::new(6));
        let amounts = [(); AMOUNTS.len()].map(|()| Ring::new(4));
        Self { counts, values, kept, reversed, amounts, all: VecDeque::new(), now: 0 }
    }

    /// What the list says of the window that ends at an instant: how many, how many different, how near the nearest.
    fn truth(&self, at: i64, window_ms: i64, own: i64) -> (i64, i64, Option<i64>) {
        let (mut count, mut values, mut nearest) = (0, 1u64 << own, None);
        for Happened { at: when, value, .. } in &self.all {
            if *when <= at && at - when < window_ms {
                count += 1;
                values |= 1 << value;
            }
            let away = (at - when).abs();
            nearest = Some(nearest.map_or(away, |least: i64| least.min(away)));
        }
        (count, i64::from(values.count_ones()), nearest)
    }

    fn step(&mut self, random: &mut Random, seq: u64) -> bool {
        let late = random.below(8) == 0;
        let at = if late { self.now - random.below(LATE_MS) } else { self.now + random.below(9) };
        let (value, window_ms) = (random.below(9), WINDOW_MS - random.below(3));
        let (count, different, nearest) = self.truth(at, window_ms, value);
        let instant = TimeMs::new(at);
        let counted = self.counts.count(instant, window_ms);
        let distinct = measure::distinct(&self.values, instant, window_ms, Some(value));
        for (tally, truth) in [(counted, count), (distinct, different)] {
            assert!(tally.value <= truth, "never more than there is: {tally:?} for {truth} at {at}");
            if tally.complete {
                assert_eq!(tally.value, truth, "a complete tally is exact at {at}");
            }
            if at >= self.now {
                assert_eq!(
                    tally.value > LIMIT,
                    truth > LIMIT,
                    "in order every decision is exact: {tally:?} for {truth}"
                );
            }
        }
        assert_eq!(self.counts.reaches(5, instant, window_ms), counted.value >= 5);
        if at >= self.now && nearest.is_some_and(|nearest| nearest < WINDOW_MS) {
            assert_eq!(measure::gap(&self.counts, instant).map(|(gap, _)| gap), nearest);
        }
        self.check_kept(at, window_ms);
        self.check_reversed(at, window_ms);
        let unsure = self.check_amounts(at, window_ms, value, seq);
        let entry = Entry { at: instant, value, seq: Seq::new(seq) };
        self.counts.insert(entry);
        self.values.insert_distinct(entry);
        self.kept.insert(Entry { value: value + 1, ..entry });
        self.now = self.now.max(at);
        self.all.push_back(Happened { at, value, seq, left: value + 1 });
        if random.below(3) == 0 {
            self.give_back(random, seq);
        }
        while self.all.front().is_some_and(|past| past.at < self.now - LATE_MS - 2 * WINDOW_MS) {
            self.all.pop_front();
        }
        !counted.complete || !distinct.complete || unsure
    }
}

impl Key {
    /// Gives back some or all of something that happened of late.
    fn give_back(&mut self, random: &mut Random, seq: u64) {
        let len = i64::try_from(self.all.len()).unwrap_or(1);
        let which = usize::try_from(random.below(len)).unwrap_or(0);
        if let Some(past) = self.all.get_mut(which).filter(|past| past.left > 0) {
            past.left -= (random.below(4) + 1).min(past.left);
            self.kept.leave(Seq::new(past.seq), (past.left > 0).then_some(past.left), Seq::new(seq));
            let value = past.value + 1 - past.left;
            self.reversed.revise(Entry { at: TimeMs::new(past.at), value, seq: Seq::new(past.seq) }, Seq::new(seq));
        }
    }

    /// What was given back by now of what happened in the window that ends at an instant, against the list.
    fn check_reversed(&self, at: i64, window_ms: i64) {
        let within = self.all.iter().filter(|past| past.at <= at && at - past.at < window_ms);
        let back: Vec<i64> = within.map(|past| past.value + 1 - past.left).filter(|back| *back > 0).collect();
        let (count, sum) = (i64::try_from(back.len()).unwrap_or(i64::MAX), back.iter().sum::<i64>());
        let (counted, summed) =
            (self.reversed.count(TimeMs::new(at), window_ms), self.reversed.sum(TimeMs::new(at), window_ms));
        assert!(counted.value <= count && summed.value <= sum, "never more than was given back");
        if counted.complete {
            assert_eq!((counted.value, summed.value), (count, sum), "a complete tally is exact at {at}");
        }
    }

    /// The largest, smallest, first and last amount of a window with this one, against the list; each ring then keeps what it has
    /// to. True where one could not tell.
    fn check_amounts(&mut self, at: i64, window_ms: i64, own: i64, seq: u64) -> bool {
        let mut unsure = false;
        for ((metric, limit), ring) in AMOUNTS.into_iter().zip(&mut self.amounts) {
            let window_ms = if metric == Metric::First { at.rem_euclid(DAY_MS) + 1 } else { window_ms };
            let mut within: Vec<&Happened> =
                self.all.iter().filter(|past| past.at <= at && at - past.at < window_ms).collect();
            within.sort_by_key(|past| (past.at, past.seq));
            let amounts = || within.iter().map(|past| past.value).chain(std::iter::once(own));
            let truth = match metric {
                Metric::Max => amounts().max(),
                Metric::Min => amounts().min(),
                Metric::First => amounts().next(),
                _ => amounts().next_back(),
            };
            let beyond = |amount: i64| if metric == Metric::Min { amount < limit } else { amount > limit };
            let window = (TimeMs::new(at), window_ms);
            let found = extreme(metric, ring, window, Some(own));
            let before = extreme(metric, ring, window, None);
            let (is_beyond, truly) = (found.amount.is_some_and(beyond), truth.is_some_and(beyond));
            // The first of a day is lost with those that came before it, and late, and were too many: then it is not complete.
            if found.complete || (at >= self.now && metric != Metric::First) {
                assert_eq!(is_beyond, truly, "{metric:?} at {at}: {found:?} for {truth:?}");
            }
            if matches!(metric, Metric::Max | Metric::Min) {
                assert!(!is_beyond || truly, "{metric:?} at {at} accuses nobody wrongly: {found:?} for {truth:?}");
            }
            if metric == Metric::Last && (before.complete || at >= self.now) {
                assert_eq!(before.amount, within.last().map(|past| past.value), "the one before, at {at}");
            }
            unsure |= !found.complete;
            if keeps(metric, limit, ring, window, own) {
                ring.insert(Entry { at: window.0, value: own, seq: Seq::new(seq) });
            }
        }
        unsure
    }

    /// What is kept in the window that ends at an instant, against the list.
    fn check_kept(&self, at: i64, window_ms: i64) {
        let within = self.all.iter().filter(|past| past.at <= at && at - past.at < window_ms && past.left > 0);
        let (mut count, mut sum) = (0, 0);
        for past in within {
            (count, sum) = (count + 1, sum + past.left);
        }
        let (counted, summed) =
            (self.kept.count(TimeMs::new(at), window_ms), self.kept.sum(TimeMs::new(at), window_ms));
        assert!(counted.value <= count && summed.value <= sum, "never more is kept than there is");
        if counted.complete {
            assert_eq!(
                (counted.value, summed.value),
                (count, sum),
                "a complete tally of what is kept is exact at {at}"
            );
        }
    }
}

#[test]
fn rings_agree_with_brute_force() {
    let asked = std::env::var("TALLYSTICK_WINDOW_OPERATIONS").ok().and_then(|text| text.parse().ok());
    let operations: u64 = asked.unwrap_or(10_000_000);
    let mut keys: Vec<Key> = (0..KEYS).map(|_| Key::new()).collect();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut unsure = 0u64;
    for seq in 1..=operations {
        let at = usize::try_from(random.below(i64::try_from(KEYS).unwrap_or(1))).unwrap_or(0);
        if let Some(key) = keys.get_mut(at) {
            unsure += u64::from(key.step(&mut random, seq));
        }
    }
    assert!(unsure > 0, "some late questions are past what a ring keeps, and it says so");
}

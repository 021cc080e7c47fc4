//! The lots of a pool, in spending order, with what most questions ask of all of them kept beside: sums, when the last of
//! them becomes available, how many still wait. However many lots a member has, an ordinary event looks at one or two.
//!
//! Lots change only through this list, so that what is kept beside them is always theirs. It decides nothing.

use std::ops::Deref;

use super::types::{LotId, Points, TimeMs};

/// A credit that still holds something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lot {
    /// The record that made it, and where in it.
    pub id: LotId,
    /// What it began with, transfers merged into it included.
    pub amount: Points,
    /// What is left, above zero.
    pub remaining: Points,
    /// How much of what is left is kept aside by holds.
    pub held: Points,
    /// When it was earned, in business time.
    pub earned_at: TimeMs,
    /// When it can be spent; [`TimeMs::NEVER`] while it waits for a review.
    pub available_at: TimeMs,
    /// When it is lost.
    pub expires_at: Option<TimeMs>,
    /// Whether a record has said that it is available (a pending lot waits for one).
    pub active: bool,
    /// Whether it came by transfer. Transfers with the same expiry grow one lot; earned lots are never merged.
    pub received: bool,
}

impl Lot {
    /// Spending order: soonest-expiring first, never-expiring last, then oldest.
    #[must_use]
    pub fn order(&self) -> (TimeMs, TimeMs, LotId) {
        (self.expires_at.unwrap_or(TimeMs::NEVER), self.earned_at, self.id)
    }

    /// What is left and not kept aside.
    #[must_use]
    pub fn free(&self) -> Points {
        self.remaining - self.held
    }

    /// Whether the lot can be spent at an instant.
    #[must_use]
    pub fn spendable_at(&self, at: TimeMs) -> bool {
        self.available_at <= at && !self.expired_at(at)
    }

    /// Whether the lot is lost by an instant; the instant of expiry itself is too late.
    #[must_use]
    pub fn expired_at(&self, at: TimeMs) -> bool {
        self.expires_at.is_some_and(|expires| expires <= at)
    }
}

/// Lots with something left, in spending order. Reads as a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lots {
    list: Vec<Lot>,
    remaining: Points,
    held: Points,
    /// When the last of them becomes available.
    ripe_at: TimeMs,
    /// How many no record has said to be available.
    waiting: usize,
}

impl Default for Lots {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl From<Vec<Lot>> for Lots {
    /// Lots as they were stored, in spending order. A damaged row may say anything: sums that are none end at the largest
    /// number, and the audit finds them.
    fn from(list: Vec<Lot>) -> Self {
        let sum = |of: fn(&Lot) -> Points| {
            Points::new(list.iter().fold(0, |sum: i64, lot| sum.saturating_add(of(lot).get())))
        };
        let (remaining, held) = (sum(|lot| lot.remaining), sum(|lot| lot.held));
        let waiting = list.iter().filter(|lot| !lot.active).count();
        let mut lots = Self { list, remaining, held, ripe_at: TimeMs::EPOCH, waiting };
        lots.ripen();
        lots
    }
}

impl Deref for Lots {
    type Target = [Lot];

    fn deref(&self) -> &[Lot] {
        &self.list
    }
}

impl<'a> IntoIterator for &'a Lots {
    type Item = &'a Lot;
    type IntoIter = std::slice::Iter<'a, Lot>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl Lots {
    /// What is left in all of them, whatever its state.
    #[must_use]
    pub const fn remaining(&self) -> Points {
        self.remaining
    }

    /// What holds keep aside.
    #[must_use]
    pub const fn held(&self) -> Points {
        self.held
    }

    /// What can be spent at an instant.
    #[must_use]
    pub fn available(&self, at: TimeMs) -> Points {
        if self.ripe_at <= at && !self.first_expired_at(at) {
            return self.remaining - self.held;
        }
        self.list.iter().filter(|lot| lot.spendable_at(at)).map(Lot::free).sum()
    }

    /// What is still to become available.
    #[must_use]
    pub fn pending(&self, at: TimeMs) -> Points {
        if self.ripe_at <= at {
            return Points::ZERO;
        }
        self.list.iter().filter(|lot| lot.available_at > at && !lot.expired_at(at)).map(Lot::free).sum()
    }

    /// The next instant at which one of them activates, or expires with something that is not kept aside.
    #[must_use]
    pub fn next_due(&self) -> Option<TimeMs> {
        let expires = self.list.iter().find(|lot| lot.free().is_positive()).and_then(|lot| lot.expires_at);
        if self.waiting == 0 {
            return expires;
        }
        let waits = |lot: &&Lot| !lot.active && lot.available_at != TimeMs::NEVER;
        let activates = self.list.iter().filter(waits).map(|lot| lot.available_at).min();
        [expires, activates].into_iter().flatten().min()
    }

    /// The place of the first lot of a name.
    #[must_use]
    pub fn place_of(&self, id: LotId) -> Option<usize> {
        self.list.iter().position(|lot| lot.id == id)
    }

    /// Takes a lot in at its place.
    pub fn insert(&mut self, lot: Lot) {
        self.remaining += lot.remaining;
        self.held += lot.held;
        self.ripe_at = self.ripe_at.max(lot.available_at);
        self.waiting += usize::from(!lot.active);
        let order = lot.order();
        // What is earned in order of time is also lost in that order.
        let place = if self.list.last().is_none_or(|last| last.order() < order) {
            self.list.len()
        } else {
            self.list.partition_point(|known| known.order() < order)
        };
        self.list.insert(place, lot);
    }

    /// Changes the lot at a place. It moves to where its new instants belong, and goes where nothing is left of it.
    ///
    /// # Panics
    /// Where there is no lot at that place.
    pub fn change<T>(&mut self, place: usize, how: impl FnOnce(&mut Lot) -> T) -> T {
        let lot = self.list.get_mut(place).expect("a place of a lot");
        let (remaining, held, active, order, ripe) =
            (lot.remaining, lot.held, lot.active, lot.order(), lot.available_at);
        let answer = how(lot);
        self.remaining += lot.remaining - remaining;
        self.held += lot.held - held;
        if lot.active != active {
            self.waiting = if lot.active { self.waiting - 1 } else { self.waiting + 1 };
        }
        let (gone, moved, ripens) = (lot.remaining.is_zero(), lot.order() != order, lot.available_at != ripe);
        if gone || moved {
            let lot = self.list.remove(place);
            self.remaining -= lot.remaining;
            self.held -= lot.held;
            self.waiting -= usize::from(!lot.active);
            if !gone {
                self.insert(lot);
            }
        }
        if ripens || (gone && ripe == self.ripe_at) {
            self.ripen();
        }
        answer
    }

    fn first_expired_at(&self, at: TimeMs) -> bool {
        self.list.first().is_some_and(|lot| lot.expired_at(at))
    }

    fn ripen(&mut self) {
        self.ripe_at = self.list.iter().map(|lot| lot.available_at).max().unwrap_or(TimeMs::EPOCH);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::types::Seq;

    fn lot() -> impl Strategy<Value = Lot> {
        let time = || (0i64..20).prop_map(TimeMs::new);
        let available = prop_oneof![9 => time(), 1 => Just(TimeMs::NEVER)];
        (1i64..50, 0i64..50, time(), available, proptest::option::of(time()), any::<bool>()).prop_map(
            |(remaining, held, earned_at, available_at, expires_at, active)| Lot {
                id: LotId { seq: Seq::ZERO, index: 0 },
                amount: Points::new(50),
                remaining: Points::new(remaining),
                held: Points::new(held.min(remaining)),
                earned_at,
                available_at,
                expires_at,
                active,
                received: false,
            },
        )
    }

    proptest! {
        /// What is kept beside the lots is what a look at all of them says, whatever was done to them.
        #[test]
        fn what_is_kept_beside_the_lots_is_theirs(steps in prop::collection::vec((lot(), 0usize..4, 0i64..50), 1..60)) {
            let mut lots = Lots::default();
            for (number, (mut lot, what, amount)) in (0u64..).zip(steps) {
                lot.id.seq = Seq::new(number);
                let place = lots.len() / 2;
                match what {
                    0 if !lots.is_empty() => lots.change(place, |known| {
                        known.remaining -= Points::new(amount.min(known.free().get()));
                    }),
                    1 if !lots.is_empty() => lots.change(place, |known| {
                        (known.active, known.available_at, known.expires_at) = (lot.active, lot.available_at, lot.expires_at);
                    }),
                    2 if !lots.is_empty() => lots.change(place, |known| known.held = known.remaining),
                    _ => lots.insert(lot),
                }
                prop_assert!(lots.is_sorted_by_key(Lot::order));
                prop_assert!(lots.iter().all(|lot| lot.remaining.is_positive()));
                prop_assert_eq!(&Lots::from(lots.to_vec()), &lots);
                for at in (0..21).map(TimeMs::new) {
                    let (mut available, mut pending) = (0, 0);
                    for lot in &lots {
                        available += if lot.spendable_at(at) { lot.free().get() } else { 0 };
                        pending += if lot.available_at > at && !lot.expired_at(at) { lot.free().get() } else { 0 };
                    }
                    prop_assert_eq!((lots.available(at).get(), lots.pending(at).get()), (available, pending));
                }
                let of_lot = |lot: &Lot| {
                    let activates = (!lot.active && lot.available_at != TimeMs::NEVER).then_some(lot.available_at);
                    [activates, lot.expires_at.filter(|_| lot.free().is_positive())].into_iter().flatten().min()
                };
                prop_assert_eq!(lots.next_due(), lots.iter().filter_map(of_lot).min());
            }
        }
    }
}

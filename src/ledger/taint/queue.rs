//! What a lot holds, in the order in which it came: parts of sources, and what is of none. It decides nothing.

use std::collections::{BTreeMap, VecDeque};

use crate::ledger::types::Points;

/// A part of what a lot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Of which source, where it is of one that is followed.
    pub(super) source: Option<usize>,
    /// How much.
    pub(super) amount: Points,
}

/// Parts, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Queue(VecDeque<Segment>);

impl Queue {
    pub(super) fn one(segment: Segment) -> Self {
        let mut queue = Self::default();
        queue.push(segment);
        queue
    }

    fn push(&mut self, segment: Segment) {
        if !segment.amount.is_positive() {
            return;
        }
        match self.0.back_mut().filter(|last| last.source == segment.source) {
            Some(last) => last.amount += segment.amount,
            None => self.0.push_back(segment),
        }
    }

    /// Puts parts behind all others.
    pub(super) fn append(&mut self, other: Self) {
        for segment in other.0 {
            self.push(segment);
        }
    }

    /// Puts parts before all others.
    pub(super) fn prepend(&mut self, mut other: Self) {
        other.append(std::mem::take(self));
        *self = other;
    }

    /// Whether any part is of a source.
    pub(super) fn is_tainted(&self) -> bool {
        self.0.iter().any(|segment| segment.source.is_some())
    }

    pub(super) fn sum(&self) -> Points {
        self.0.iter().map(|segment| segment.amount).sum()
    }

    /// How much is of each source.
    pub(super) fn sums(&self) -> BTreeMap<usize, Points> {
        let mut sums = BTreeMap::new();
        for Segment { source, amount } in &self.0 {
            if let Some(source) = source {
                *sums.entry(*source).or_insert(Points::ZERO) += *amount;
            }
        }
        sums
    }

    /// Takes an amount, oldest first. What is not there is of no source.
    pub(super) fn take(&mut self, amount: Points) -> Self {
        let mut taken = self.take_of(amount, |_| true);
        taken.push(Segment { source: None, amount: amount - taken.sum() });
        taken
    }

    /// Takes up to an amount of the parts that are wanted, oldest first.
    pub(super) fn take_of(&mut self, amount: Points, wanted: impl Fn(&Segment) -> bool) -> Self {
        let (mut taken, mut kept, mut left) = (Self::default(), Self::default(), amount);
        for mut segment in std::mem::take(&mut self.0) {
            if wanted(&segment) && left.is_positive() {
                let part = segment.amount.min(left);
                left -= part;
                taken.push(Segment { source: segment.source, amount: part });
                segment.amount -= part;
            }
            kept.push(segment);
        }
        *self = kept;
        taken
    }

    /// Takes an amount, latest first; its parts stay in their order.
    pub(super) fn take_back(&mut self, amount: Points) -> Self {
        let stays = self.sum() - amount;
        let front = self.take_of(stays, |_| true);
        std::mem::replace(self, front)
    }
}

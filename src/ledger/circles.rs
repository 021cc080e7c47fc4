//! Soft clusters: accounts made lately on devices that others were made on too, and behind the same client addresses. It makes
//! nobody one with anybody: it says who came about in one place, for so long as that says something.
//!
//! A circle begins where a second account enrols on a device; the client addresses of such enrolments join circles. What was seen
//! longer than [`CIRCLE_MS`] ago counts no more, an identifier that turns out to be shared by too many dissolves the circles it is
//! in, and a circle keeps its latest sightings only, so that its size is bounded. Built from records alone. It judges nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::types::{ProgramId, Seq, TimeMs};
use super::verdict::KeyField;
use crate::limits::{CIRCLE_SIGHTINGS_MAX, CIRCLES_MAX};

/// How long a sighting counts.
pub const CIRCLE_MS: i64 = 30 * 86_400_000;

/// An account was made with an identifier that others were made with lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// What kind of identifier: a device or a client address.
    pub kind: KeyField,
    /// Its fingerprint.
    pub ident: i64,
    /// The member's fingerprint.
    pub member: i64,
    /// When they were found together, by the ledger's time.
    pub at: TimeMs,
    /// The record that saw the member with it.
    pub seq: Seq,
}

/// Accounts that came about in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// Whose program.
    pub program: ProgramId,
    /// The fingerprint of the member seen first: its name.
    pub id: i64,
    /// What was seen, in order; nothing where it was joined to another or dissolved.
    pub seen: Vec<Near>,
}

/// What sightings come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Accounts on devices of which each was shared.
    pub accounts: usize,
    /// Those devices.
    pub devices: usize,
}

impl Shape {
    /// What the sightings come to that count at an instant.
    #[must_use]
    pub fn of(seen: &[Near], now: TimeMs) -> Self {
        let lately = || seen.iter().filter(|near| near.kind == KeyField::Device && counts(near, now));
        let accounts: BTreeSet<i64> = lately().map(|near| near.member).collect();
        let devices: BTreeSet<i64> = lately().map(|near| near.ident).collect();
        Self { accounts: accounts.len(), devices: devices.len() }
    }

    /// How many more accounts than devices.
    #[must_use]
    pub const fn surplus(self) -> usize {
        self.accounts.saturating_sub(self.devices)
    }
}

const fn counts(near: &Near, now: TimeMs) -> bool {
    now.since(near.at) < CIRCLE_MS
}

/// Adds sightings that are not among those known.
pub fn join(known: &mut Vec<Near>, more: impl IntoIterator<Item = Near>) {
    for one in more {
        if !known.iter().any(|near| (near.kind, near.ident, near.member) == (one.kind, one.ident, one.member)) {
            known.push(one);
        }
    }
}

/// All circles.
#[derive(Clone, Debug, Default)]
pub struct Circles {
    of: BTreeMap<(ProgramId, i64), i64>,
    all: BTreeMap<(ProgramId, i64), Arc<Circle>>,
    /// The same by when each last grew.
    ages: BTreeSet<(TimeMs, ProgramId, i64)>,
    touched: BTreeMap<(ProgramId, i64), Arc<Circle>>,
}

impl Circles {
    /// The circle of a member.
    #[must_use]
    pub fn of(&self, program: ProgramId, member: i64) -> Option<&Arc<Circle>> {
        self.of.get(&(program, member)).and_then(|id| self.all.get(&(program, *id)))
    }

    /// A member was seen with an identifier, and others, each with the record that saw them.
    pub(super) fn add(&mut self, program: ProgramId, own: &Near, with: &[(i64, Seq)]) {
        self.expire(own.at);
        let others = with.iter().map(|(member, seq)| Near { member: *member, seq: *seq, ..own.clone() });
        let fresh: Vec<Near> = others.chain(std::iter::once(own.clone())).collect();
        let ids: BTreeSet<i64> =
            fresh.iter().filter_map(|near| self.of.get(&(program, near.member)).copied()).collect();
        let mut seen: Vec<Near> = Vec::new();
        for id in ids {
            if let Some(part) = self.all.get(&(program, id)).cloned() {
                seen.extend(part.seen.iter().filter(|near| counts(near, own.at)).cloned());
                self.drop_circle(&part);
            }
        }
        join(&mut seen, fresh);
        seen.sort_unstable_by_key(|near| (near.at, near.seq, near.member, near.kind));
        seen.drain(..seen.len().saturating_sub(CIRCLE_SIGHTINGS_MAX));
        self.put(program, seen);
    }

    /// An identifier is shared by too many to say anything; some of those seen with it.
    pub(super) fn dissolve(&mut self, program: ProgramId, (kind, ident): (KeyField, i64), with: &[(i64, Seq)]) {
        for (member, _) in with {
            let circle = self.of(program, *member).cloned();
            let holds = |circle: &Circle| circle.seen.iter().any(|near| (near.kind, near.ident) == (kind, ident));
            if let Some(circle) = circle.filter(|circle| holds(circle)) {
                self.drop_circle(&circle);
            }
        }
    }

    /// A member was erased.
    pub(super) fn forget(&mut self, program: ProgramId, member: i64) {
        let Some(circle) = self.of(program, member).cloned() else { return };
        self.drop_circle(&circle);
        self.put(program, circle.seen.iter().filter(|near| near.member != member).cloned().collect());
    }

    /// Circles that have not grown for long go, and the oldest of too many.
    fn expire(&mut self, now: TimeMs) {
        while let Some((last, program, id)) = self.ages.first().copied() {
            if now.since(last) < CIRCLE_MS && self.all.len() < CIRCLES_MAX {
                return;
            }
            match self.all.get(&(program, id)).cloned() {
                Some(circle) => self.drop_circle(&circle),
                None => drop(self.ages.pop_first()),
            }
        }
    }

    fn drop_circle(&mut self, circle: &Circle) {
        let (program, id) = (circle.program, circle.id);
        self.all.remove(&(program, id));
        self.ages.remove(&(last(circle), program, id));
        for near in &circle.seen {
            self.of.remove(&(program, near.member));
        }
        self.touched.insert((program, id), Arc::new(Circle { program, id, seen: Vec::new() }));
    }

    fn put(&mut self, program: ProgramId, seen: Vec<Near>) {
        let Some(id) = seen.first().map(|near| near.member) else { return };
        let circle = Arc::new(Circle { program, id, seen });
        self.touched.insert((program, id), Arc::clone(&circle));
        self.restore(circle);
    }

    /// The circles that changed since this was asked last, as they are now.
    pub(super) fn take_touched(&mut self) -> impl Iterator<Item = Arc<Circle>> + use<> {
        std::mem::take(&mut self.touched).into_values()
    }

    /// Puts in a circle that was read from disk.
    pub(super) fn restore(&mut self, circle: Arc<Circle>) {
        if circle.seen.is_empty() {
            return;
        }
        for near in &circle.seen {
            self.of.insert((circle.program, near.member), circle.id);
        }
        self.ages.insert((last(&circle), circle.program, circle.id));
        self.all.insert((circle.program, circle.id), circle);
    }

    /// Every circle, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Circle>> {
        self.all.values()
    }
}

fn last(circle: &Circle) -> TimeMs {
    circle.seen.iter().map(|near| near.at).max().unwrap_or(TimeMs::EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: ProgramId = ProgramId::new(0);
    const DAY: i64 = 86_400_000;

    fn enrols(circles: &mut Circles, day: i64, member: i64, on: (KeyField, i64), with: &[i64]) {
        let (kind, ident) = on;
        let own = Near { kind, ident, member, at: TimeMs::new(day * DAY), seq: Seq::new(member.unsigned_abs()) };
        let with: Vec<(i64, Seq)> = with.iter().map(|other| (*other, Seq::new(other.unsigned_abs()))).collect();
        circles.add(PROGRAM, &own, &with);
    }

    fn shape(circles: &Circles, member: i64, day: i64) -> (usize, usize) {
        let circle = circles.of(PROGRAM, member).map(|circle| Shape::of(&circle.seen, TimeMs::new(day * DAY)));
        circle.map_or((0, 0), |shape| (shape.accounts, shape.devices))
    }

    #[test]
    fn devices_make_circles_addresses_join_them_and_time_dissolves_them() {
        let mut circles = Circles::default();
        enrols(&mut circles, 0, 2, (KeyField::Device, 50), &[1]);
        enrols(&mut circles, 1, 4, (KeyField::Device, 51), &[3]);
        assert_eq!((shape(&circles, 1, 1), shape(&circles, 4, 1)), ((2, 1), (2, 1)));
        enrols(&mut circles, 20, 5, (KeyField::Device, 51), &[4]);
        enrols(&mut circles, 20, 5, (KeyField::Ip, 90), &[2]);
        assert_eq!(shape(&circles, 1, 20), (5, 2), "two phones behind one address");
        assert_eq!(Shape::of(&circles.of(PROGRAM, 1).unwrap().seen, TimeMs::new(20 * DAY)).surplus(), 3);
        assert_eq!(shape(&circles, 5, 31), (1, 1), "what was seen a month ago counts no more");
        enrols(&mut circles, 60, 9, (KeyField::Device, 70), &[8]);
        assert_eq!((circles.all.len(), circles.ages.len(), circles.of.len()), (1, 1, 2), "it is gone");
    }

    #[test]
    fn who_is_erased_leaves_and_what_too_many_share_joins_nobody() {
        let mut circles = Circles::default();
        enrols(&mut circles, 0, 2, (KeyField::Device, 50), &[1]);
        enrols(&mut circles, 0, 2, (KeyField::Ip, 90), &[1, 7]);
        circles.forget(PROGRAM, 1);
        assert_eq!((shape(&circles, 1, 0), shape(&circles, 2, 0)), ((0, 0), (1, 1)));
        circles.dissolve(PROGRAM, (KeyField::Ip, 90), &[(7, Seq::ZERO)]);
        assert!(circles.of(PROGRAM, 2).is_none() && circles.of(PROGRAM, 7).is_none());
        let mut again = Circles::default();
        for circle in circles.take_touched() {
            again.restore(circle);
        }
        assert!(again.all.is_empty() && again.ages.is_empty(), "rows of what is gone bring nothing back");
    }

    #[test]
    fn a_circle_keeps_its_latest_sightings() {
        let mut circles = Circles::default();
        for member in 2..i64::try_from(CIRCLE_SIGHTINGS_MAX).unwrap() + 40 {
            enrols(&mut circles, 0, member, (KeyField::Device, 50), &[member - 1]);
        }
        let circle = circles.iter().next().unwrap();
        assert_eq!((circle.seen.len(), circles.ages.len()), (CIRCLE_SIGHTINGS_MAX, 1));
        assert!(circles.of(PROGRAM, 1).is_none() && circles.of(PROGRAM, circle.id).is_some());
    }
}

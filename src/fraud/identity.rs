//! Which identifiers an input shows, who else is known with them, and what that makes of the member: links and clusters.
//!
//! An identifier that the member is known with costs a comparison. One that is new, or was not looked at for long, costs one
//! ring: the latest members seen with it, by their fingerprints. Hard identifiers unite, the others only weigh, and an
//! identifier with too many members, or one the program owns, does neither. Nothing here raises a verdict.

use super::Seen;
use super::channel::is_in_person;
use super::lockstep;
use super::measure;
use super::rings::{Needed, RingKey, Rings};
use crate::ledger::act::What;
use crate::ledger::circles::{self, CIRCLE_MS, Near};
use crate::ledger::clusters::Clusters;
use crate::ledger::event::EventKind;
use crate::ledger::kin::{KinEffect, fingerprint, is_hard};
use crate::ledger::member::Member;
use crate::ledger::record::{Effect, Input, Keep, KeyField, KeyFields, Observation, Taken};
use crate::ledger::terms::Terms;
use crate::ledger::types::{NameId, ProgramId, Seq, Text, TimeMs};

/// Kinds of identifier, hard ones first.
pub const KINDS: [KeyField; 6] =
    [KeyField::Card, KeyField::Email, KeyField::Phone, KeyField::Address, KeyField::Device, KeyField::Ip];

/// Names of rings from here on are nobody's: a program declares fewer.
const RINGS_FROM: u16 = 0xff00;
/// The ring of a referrer's friends, by their enrolment.
pub const FRIENDS_RING: NameId = NameId::new(RINGS_FROM + 32);
/// The ring of enrolments by a device.
pub const SIGNUPS_RING: NameId = NameId::new(RINGS_FROM + 33);
/// The ring of enrolments by a client address.
pub const SIGNUPS_IP_RING: NameId = NameId::new(RINGS_FROM + 34);
/// Entries of the rings of enrolments and of friends.
pub const SIGNUPS_KEPT: u16 = 64;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// A client address ties those who were seen with it within a day.
pub const IP_WINDOW_MS: i64 = DAY_MS;
/// A client address brings those near each other who enrolled from it within so much time.
const NEAR_IP_MS: i64 = 3 * DAY_MS;
/// A known identifier is looked at anew after this long; a client address sooner.
const STALE_MS: i64 = 7 * DAY_MS;
const STALE_IP_MS: i64 = 6 * HOUR_MS;

/// The ring of the members seen with an identifier.
const fn ring_of(kind: KeyField) -> NameId {
    let at = match kind {
        KeyField::Card => 0,
        KeyField::Email => 1,
        KeyField::Phone => 2,
        KeyField::Address => 3,
        KeyField::Device => 4,
        _ => 5,
    };
    NameId::new(RINGS_FROM + at)
}

/// The key of the ring of the members seen with an identifier.
#[must_use]
pub const fn ring_key(program: ProgramId, kind: KeyField, value: Text) -> RingKey {
    RingKey { program, ring: ring_of(kind), key: value }
}

/// An identifier of an input, with who else is known with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What it is.
    pub kind: KeyField,
    /// Its fingerprint.
    pub ident: i64,
    /// Other members seen with it, newest first, each with the record that saw them and its time.
    pub others: Vec<(i64, Seq, TimeMs)>,
    /// Whether it ties nobody.
    pub hub: bool,
    /// Where a device or a client address is shown by who enrols: others who enrolled with it lately.
    pub near: Vec<(i64, Seq)>,
}

/// What identifiers are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The program.
    pub program: ProgramId,
    /// Its terms.
    pub terms: &'a Terms,
    /// What is asked of the ledger.
    pub input: &'a Input,
    /// Business time.
    pub at: TimeMs,
    /// The member it is about, where they are known.
    pub member: Option<&'a Member>,
}

/// Whether an act is the member's own, so that its device is theirs.
const fn ties(what: &What) -> bool {
    matches!(what, What::Hold { .. } | What::Redeem { .. } | What::Donate { .. } | What::Use { .. })
}

impl<'a> Asked<'a> {
    /// The identifiers an input shows of its member: an event but a refund, and what spends points or gives them away. What an
    /// enrolment in a shop shows of device and address is the shop's.
    fn shown(&self) -> impl Iterator<Item = (KeyField, &'a Text)> {
        let input = self.input;
        let (context, enrols) = match input {
            Input::Event(event) if event.kind != EventKind::Refund => {
                (Some(&event.context), event.kind == EventKind::Enroll)
            }
            Input::Act(act, _) if ties(&act.what) => (act.context.as_deref(), false),
            Input::Transfer(transfer, _) => (transfer.context.as_deref(), false),
            _ => (None, false),
        };
        let kinds: &[KeyField] = match context {
            None => &[],
            Some(_) if !is_in_person(input) => &KINDS,
            Some(_) if enrols => KINDS.get(..4).unwrap_or(&[]),
            Some(_) => KINDS.get(..5).unwrap_or(&[]),
        };
        kinds.iter().filter_map(move |kind| {
            let value = input.key_field(*kind).filter(|value| !value.is_empty())?;
            Some((*kind, value))
        })
    }

    /// Whether an identifier has to be looked at: it is new, or was last looked at long ago.
    fn is_due(&self, kind: KeyField, ident: i64) -> bool {
        let known = self.member.and_then(|member| member.kin.as_deref()).and_then(|kin| kin.link(kind, ident));
        let stale = match self.input {
            // Who else is known with it is asked of every trial; fees are rare.
            Input::Event(event) if event.kind == EventKind::Fee => 0,
            // What is known ties already, and points are spent from it again and again.
            Input::Act(..) | Input::Transfer(..) => return known.is_none(),
            _ if kind == KeyField::Ip => STALE_IP_MS,
            _ => STALE_MS,
        };
        known.is_none_or(|link| self.at.since(link.at) >= stale && !link.hub)
    }

    /// Whether the input shows any identifier at all.
    pub(super) fn shows_any(&self) -> bool {
        self.shown().next().is_some()
    }

    fn owned(&self, kind: KeyField, value: &Text) -> bool {
        let owned = &self.terms.identity.owned;
        !owned.is_empty() && owned.iter().any(|(of, known)| *of == kind && known == value)
    }

    /// Adds the rings that [`looks`] reads, each once. True where nothing the input shows has to be looked at.
    pub fn add_keys(&self, keys: &mut Vec<Needed>) -> bool {
        let program = self.program;
        let mut all_known = true;
        for (kind, value) in self.shown().filter(|(kind, value)| self.is_due(*kind, fingerprint(value))) {
            all_known = false;
            if !self.owned(kind, value) {
                keys.push(Needed { by: KeyFields::of(kind), key: ring_key(program, kind, value.clone()) });
            }
        }
        if let Input::Event(event) = self.input
            && event.kind == EventKind::Enroll
        {
            for (ring, by) in ENROLMENT_RINGS {
                keys.extend(RingKey::of(program, ring, &by, self.input).map(|key| Needed { by, key }));
            }
        }
        lockstep::add_keys(self, keys);
        all_known
    }
}

/// The rings an enrolment is counted in, by what.
const ENROLMENT_RINGS: [(NameId, KeyFields); 3] = [
    (FRIENDS_RING, KeyFields::of(KeyField::Referrer)),
    (SIGNUPS_RING, KeyFields::of(KeyField::Device)),
    (SIGNUPS_IP_RING, KeyFields::of(KeyField::Ip)),
];

/// Looks at the identifiers of an input that are new or were not looked at for long.
#[must_use]
pub fn looks(asked: &Asked<'_>, own: i64, clusters: &Clusters, rings: &Rings, seen: &Seen) -> Vec<Look> {
    let mut found = Vec::new();
    for (kind, value) in asked.shown() {
        let ident = fingerprint(value);
        if !asked.is_due(kind, ident) {
            continue;
        }
        if asked.owned(kind, value) {
            found.push(Look { kind, ident, others: Vec::new(), hub: true, near: Vec::new() });
            continue;
        }
        let Some(ring) = rings.of_seen(seen, ring_of(kind), &KeyFields::of(kind)) else { continue };
        let mut others: Vec<(i64, Seq, TimeMs)> = Vec::new();
        for entry in ring.entries().rev() {
            let apart = asked.at.since(entry.at).saturating_abs();
            let counts = entry.value != own
                && (kind != KeyField::Ip || apart < IP_WINDOW_MS)
                && !others.iter().any(|(other, ..)| *other == entry.value)
                && !clusters.is_ghost(asked.program, entry.value);
            if counts {
                others.push((entry.value, entry.seq, entry.at));
            }
        }
        let many = others.len() >= usize::from(asked.terms.identity.hub);
        let hub = many || clusters.hub(asked.program, kind, ident).is_some();
        let near = if hub { Vec::new() } else { near(asked, (kind, own), clusters, rings, seen) };
        found.push(Look { kind, ident, others, hub, near });
    }
    found
}

/// Who else enrolled lately with a device or a client address that somebody enrols with. Behind an address of very many is
/// nobody near.
fn near(
    asked: &Asked<'_>,
    (kind, own): (KeyField, i64),
    clusters: &Clusters,
    rings: &Rings,
    seen: &Seen,
) -> Vec<(i64, Seq)> {
    let (ring, window_ms) = match kind {
        KeyField::Device => (SIGNUPS_RING, CIRCLE_MS),
        KeyField::Ip => (SIGNUPS_IP_RING, NEAR_IP_MS),
        _ => return Vec::new(),
    };
    let enrols = matches!(asked.input, Input::Event(event) if event.kind == EventKind::Enroll);
    let Some(ring) = rings.of_seen(seen, ring, &KeyFields::of(kind)).filter(|_| enrols && asked.member.is_none())
    else {
        return Vec::new();
    };
    let mut near: Vec<(i64, Seq)> = Vec::new();
    for entry in measure::within(ring, asked.at, window_ms) {
        let counts = entry.value != own && !clusters.is_ghost(asked.program, entry.value);
        if counts && !near.iter().any(|(other, _)| *other == entry.value) {
            near.push((entry.value, entry.seq));
        }
    }
    if near.len() < usize::from(asked.terms.identity.hub) { near } else { Vec::new() }
}

/// Whether who enrols does so on a device that others enrolled on lately: from then on their client address says something too.
fn is_on_a_shared_device(looks: &[Look]) -> bool {
    looks.iter().any(|look| look.kind == KeyField::Device && !look.near.is_empty())
}

/// What an input's identifiers leave: links of the member, and what the rings take in.
#[must_use]
pub fn leave(
    asked: &Asked<'_>,
    own: i64,
    looks: &[Look],
    clusters: &Clusters,
    seen: &Seen,
) -> (Vec<Effect>, Vec<Observation>) {
    let (program, hub_at) = (asked.program, asked.terms.identity.hub);
    let mut observed: Vec<Observation> = Vec::new();
    let mut effects = Vec::with_capacity(looks.len());
    let is_near = is_on_a_shared_device(looks);
    for look in looks {
        let (kind, ident) = (look.kind, look.ident);
        let known = clusters.hub(program, kind, ident).is_some();
        // Of those who are in one cluster by this identifier already, one stands for all.
        let joined = |other: i64| {
            let cluster = clusters.of(program, other);
            cluster.is_some_and(|c| c.sightings.iter().any(|s| s.member == other && s.ident == ident && s.kind == kind))
        };
        let mut with: Vec<(i64, Seq)> = Vec::new();
        let needed = if look.hub { !known && !look.others.is_empty() } else { is_hard(kind) && !joined(own) };
        if needed {
            let mut stood_for = false;
            for (other, seq, _) in look.others.iter().rev() {
                let is_joined = joined(*other);
                if !is_joined || !stood_for {
                    with.push((*other, *seq));
                }
                stood_for |= is_joined;
            }
        }
        if is_near && !is_hard(kind) && !look.hub {
            with.clone_from(&look.near);
        }
        let others = u16::try_from(look.others.len()).unwrap_or(u16::MAX);
        effects.push(Effect::Kin(KinEffect::Link { party: 0, kind, ident, others, hub: look.hub, with }));
        if seen.has(ring_of(kind), &KeyFields::of(kind)) {
            let keep = Keep { entries: hub_at + 1, distinct: true, first: false, taken: Taken::Accepted };
            let key = KeyFields::of(kind);
            observed.push(Observation { ring: ring_of(kind), key, capacity: keep.pack(), value: own });
        }
    }
    (effects, observed)
}

/// What the rings of enrolments take in.
pub fn count_enrolment(asked: &Asked<'_>, own: i64, seen: &Seen, observed: &mut Vec<Observation>) {
    let Input::Event(event) = asked.input else { return };
    if event.kind != EventKind::Enroll || asked.member.is_some() {
        return;
    }
    let capacity = Keep { entries: SIGNUPS_KEPT, distinct: false, first: false, taken: Taken::Accepted }.pack();
    for (ring, key) in ENROLMENT_RINGS {
        if seen.has(ring, &key) {
            observed.push(Observation { ring, key, capacity, value: own });
        }
    }
}

/// A member, with what an input is about to make of them.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The program.
    pub program: ProgramId,
    /// The member's fingerprint.
    pub own: i64,
    /// Who is one with whom so far.
    pub clusters: &'a Clusters,
    /// What the input shows.
    pub looks: &'a [Look],
}

impl Person<'_> {
    /// Whether the member is one with another by identifiers of some kinds, and the records that say so.
    #[must_use]
    pub fn is_one_with(&self, other: i64, kinds: &[KeyField]) -> Option<Vec<Seq>> {
        let Self { program, own, clusters, looks } = *self;
        if own == other {
            return Some(Vec::new());
        }
        if let Some(path) = clusters.of(program, own).and_then(|cluster| cluster.path(own, other, kinds)) {
            return Some(path);
        }
        let hard = looks.iter().filter(|look| is_hard(look.kind) && !look.hub && kinds.contains(&look.kind));
        for (near, seq, _) in hard.flat_map(|look| &look.others) {
            if *near == other {
                return Some(vec![*seq]);
            }
            if let Some(mut path) = clusters.of(program, *near).and_then(|cluster| cluster.path(*near, other, kinds)) {
                path.push(*seq);
                path.sort_unstable();
                path.dedup();
                return Some(path);
            }
        }
        None
    }

    /// How many members this one is made one with, themselves not counted.
    #[must_use]
    pub fn size(&self) -> usize {
        self.one_with().len()
    }

    /// Whom this member is made one with.
    #[must_use]
    pub fn one_with(&self) -> Vec<i64> {
        let Self { program, own, clusters, looks } = *self;
        let mut all: Vec<i64> = clusters.of(program, own).map_or_else(Vec::new, |cluster| cluster.members());
        let hard = looks.iter().filter(|look| is_hard(look.kind) && !look.hub);
        for (near, ..) in hard.flat_map(|look| &look.others) {
            all.push(*near);
            all.extend(clusters.of(program, *near).iter().flat_map(|cluster| cluster.members()));
        }
        all.retain(|member| *member != own);
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Who came about in one place with this member, them included: what is known, and what their enrolment shows at `now`.
    #[must_use]
    pub fn circle(&self, now: TimeMs) -> Vec<Near> {
        let Self { program, own, clusters, looks } = *self;
        let circle_of = |member| clusters.circles.of(program, member).map_or(&[][..], |circle| circle.seen.as_slice());
        let mut seen: Vec<Near> = circle_of(own).to_vec();
        if !is_on_a_shared_device(looks) {
            return seen;
        }
        for look in looks.iter().filter(|look| !look.near.is_empty()) {
            let new = |member, seq| Near { kind: look.kind, ident: look.ident, member, at: now, seq };
            for (other, seq) in &look.near {
                circles::join(&mut seen, circle_of(*other).iter().cloned());
                circles::join(&mut seen, [new(*other, *seq)]);
            }
            circles::join(&mut seen, [new(own, Seq::ZERO)]);
        }
        seen
    }
}

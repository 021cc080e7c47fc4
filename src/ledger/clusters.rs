//! Who is one person with whom: members that share a hard identifier, and those that share one with them.
//!
//! A cluster keeps every sighting that holds it together, so that each merge is explained by an identifier and two records, and
//! can be undone: an identifier that turns out to be shared by too many ties nobody any more, and what it alone had joined comes
//! apart. Built from records only. Members without a hard identifier in common with anybody are not here.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::apply::takes_effect;
use super::circles::{Circle, Circles, Near};
use super::kin::{KinEffect, fingerprint, is_hard};
use super::record::{Effect, Record};
use super::types::{ProgramId, Seq, Text};
use super::verdict::KeyField;
use crate::limits::{CLUSTER_SIGHTINGS_MAX, HUBS_MAX};

/// A member was seen with an identifier that others share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What kind of identifier.
    pub kind: KeyField,
    /// Its fingerprint.
    pub ident: i64,
    /// The member's fingerprint.
    pub member: i64,
    /// The record that saw them together.
    pub seq: Seq,
}

/// Members that are one, with the sightings that say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Whose program.
    pub program: ProgramId,
    /// The fingerprint of the member seen first: its name.
    pub id: i64,
    /// In the order of their records; none where it was merged into another or came apart.
    pub sightings: Vec<Sighting>,
}

/// An identifier that ties nobody, since too many share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// Whose program.
    pub program: ProgramId,
    /// What kind of identifier.
    pub kind: KeyField,
    /// Its fingerprint.
    pub ident: i64,
    /// The record that found it out: its input has the identifier itself.
    pub seq: Seq,
    /// How many members were known by then.
    pub members: u16,
}

/// A row of what is kept here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KinRow {
    /// A cluster, be it empty.
    Cluster(Arc<Cluster>),
    /// A hub.
    Hub(Hub),
    /// A member who was erased: nothing joins them any more.
    Ghost(ProgramId, i64),
    /// A member who has had a trial.
    Tried(ProgramId, i64),
    /// Accounts that came about in one place, be it none.
    Circle(Arc<Circle>),
    /// The points a member owes over all pools: those of one who does, none of one who did.
    Owes(ProgramId, i64, i64),
}

impl Cluster {
    /// The fingerprints of its members, in the order they were first seen in it.
    #[must_use]
    pub fn members(&self) -> Vec<i64> {
        let mut members: Vec<i64> = Vec::new();
        for sighting in &self.sightings {
            if !members.contains(&sighting.member) {
                members.push(sighting.member);
            }
        }
        members
    }

    /// Whether two members are joined by identifiers of some kinds alone, and the records along a way between them.
    #[must_use]
    pub fn path(&self, from: i64, to: i64, kinds: &[KeyField]) -> Option<Vec<Seq>> {
        let usable: Vec<&Sighting> = self.sightings.iter().filter(|s| kinds.contains(&s.kind)).collect();
        // By member: how it was come to, which is the member before it and the two sightings of their identifier.
        let mut reached: BTreeMap<i64, Option<(i64, [Seq; 2])>> = BTreeMap::from([(from, None)]);
        let mut edge = vec![from];
        while let Some(member) = edge.pop() {
            for own in usable.iter().filter(|s| s.member == member) {
                for other in usable.iter().filter(|s| s.kind == own.kind && s.ident == own.ident) {
                    if let Entry::Vacant(place) = reached.entry(other.member) {
                        place.insert(Some((member, [own.seq, other.seq])));
                        edge.push(other.member);
                    }
                }
            }
        }
        let mut records = Vec::new();
        let mut at = to;
        while let Some((before, seqs)) = *reached.get(&at)? {
            records.extend(seqs);
            at = before;
        }
        records.sort_unstable();
        records.dedup();
        Some(records)
    }
}

/// All clusters and hubs.
#[derive(Clone, Debug, Default)]
pub struct Clusters {
    of: BTreeMap<(ProgramId, i64), i64>,
    all: BTreeMap<(ProgramId, i64), Arc<Cluster>>,
    hubs: BTreeMap<(ProgramId, KeyField, i64), Hub>,
    ghosts: BTreeSet<(ProgramId, i64)>,
    tried: BTreeSet<(ProgramId, i64)>,
    owing: BTreeMap<(ProgramId, i64), i64>,
    /// Who came about in one place. Nobody is one by it.
    pub circles: Circles,
    touched: BTreeMap<(ProgramId, i64), Arc<Cluster>>,
    touched_rows: Vec<KinRow>,
}

impl Clusters {
    /// The cluster of a member.
    #[must_use]
    pub fn of(&self, program: ProgramId, member: i64) -> Option<&Arc<Cluster>> {
        self.of.get(&(program, member)).and_then(|id| self.all.get(&(program, *id)))
    }

    /// A hub.
    #[must_use]
    pub fn hub(&self, program: ProgramId, kind: KeyField, ident: i64) -> Option<&Hub> {
        self.hubs.get(&(program, kind, ident))
    }

    /// The hubs of a program, in the order of their kinds.
    pub fn hubs(&self, program: ProgramId) -> impl Iterator<Item = &Hub> {
        self.hubs.values().filter(move |hub| hub.program == program)
    }

    /// Whether a member was erased.
    #[must_use]
    pub fn is_ghost(&self, program: ProgramId, member: i64) -> bool {
        !self.ghosts.is_empty() && self.ghosts.contains(&(program, member))
    }

    /// Whether a member has had a trial.
    #[must_use]
    pub fn has_tried(&self, program: ProgramId, member: i64) -> bool {
        !self.tried.is_empty() && self.tried.contains(&(program, member))
    }

    /// Whether anybody owes points.
    #[must_use]
    pub fn owes_any(&self) -> bool {
        !self.owing.is_empty()
    }

    /// Whether a member owes points.
    #[must_use]
    pub fn owes(&self, program: ProgramId, member: i64) -> bool {
        self.owing.contains_key(&(program, member))
    }

    /// An effect has changed what a member owes.
    fn owe(&mut self, program: ProgramId, member: &Text, change: i64) {
        let key = (program, fingerprint(member));
        let owes = self.owing.get(&key).copied().unwrap_or(0).saturating_add(change).max(0);
        if owes > 0 {
            self.owing.insert(key, owes)
        } else {
            self.owing.remove(&key)
        };
        self.touched_rows.push(KinRow::Owes(key.0, key.1, owes));
    }

    /// Takes in what a record means to clusters.
    pub(super) fn take(&mut self, record: &Record) {
        for effect in &record.effects {
            let owed = owed(effect);
            if owed == 0 && !matches!(effect, Effect::Kin(_) | Effect::Erased { .. } | Effect::Plan { .. }) {
                continue;
            }
            let party = record.parties.get(usize::from(effect.party()));
            let Some(party) = party.filter(|_| takes_effect(record.status, effect)) else { continue };
            if owed != 0 {
                self.owe(record.program, &party.member, owed);
                continue;
            }
            let (program, member) = (record.program, fingerprint(&party.member));
            match effect {
                Effect::Kin(KinEffect::Link { kind, ident, others, hub: true, with, .. }) if !with.is_empty() => {
                    let members = others.saturating_add(1);
                    let hub = Hub { program, kind: *kind, ident: *ident, seq: record.seq, members };
                    self.circles.dissolve(program, (*kind, *ident), with);
                    self.suppress(hub, with);
                }
                Effect::Kin(KinEffect::Link { kind, ident, with, .. }) if !with.is_empty() && !is_hard(*kind) => {
                    let (at, seq) = (record.recorded_at, record.seq);
                    self.circles.add(program, &Near { kind: *kind, ident: *ident, member, at, seq }, with);
                }
                Effect::Kin(KinEffect::Link { kind, ident, with, .. }) if !with.is_empty() => {
                    let own = Sighting { kind: *kind, ident: *ident, member, seq: record.seq };
                    self.unite(program, own, with);
                }
                Effect::Erased { .. } => self.forget(program, member),
                Effect::Plan { paid, .. } if paid.is_zero() && self.tried.insert((program, member)) => {
                    self.touched_rows.push(KinRow::Tried(program, member));
                }
                _ => {}
            }
        }
    }

    /// Joins a member with others that were seen with the same identifier. A cluster that would grow past its bound stays as
    /// it is.
    fn unite(&mut self, program: ProgramId, own: Sighting, with: &[(i64, Seq)]) {
        let (kind, ident) = (own.kind, own.ident);
        let others = with.iter().map(|(member, seq)| Sighting { kind, ident, member: *member, seq: *seq });
        let fresh: Vec<Sighting> = others.chain(std::iter::once(own)).collect();
        let mut ids: Vec<i64> = fresh.iter().filter_map(|s| self.of.get(&(program, s.member)).copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        let parts: Vec<Arc<Cluster>> = ids.iter().filter_map(|id| self.all.get(&(program, *id)).cloned()).collect();
        let mut sightings: Vec<Sighting> = parts.iter().flat_map(|part| part.sightings.iter().cloned()).collect();
        for one in fresh {
            let known = sightings.iter().any(|s| (s.kind, s.ident, s.member) == (one.kind, one.ident, one.member));
            if !known {
                sightings.push(one);
            }
        }
        if sightings.len() > CLUSTER_SIGHTINGS_MAX {
            return;
        }
        for part in parts {
            self.drop_cluster(&part);
        }
        self.put(program, sightings);
    }

    /// An identifier ties nobody any more; what it alone had joined comes apart.
    fn suppress(&mut self, hub: Hub, with: &[(i64, Seq)]) {
        let (program, kind, ident) = (hub.program, hub.kind, hub.ident);
        if self.hubs.len() >= HUBS_MAX || self.hubs.contains_key(&(program, kind, ident)) {
            return;
        }
        self.hubs.insert((program, kind, ident), hub.clone());
        self.touched_rows.push(KinRow::Hub(hub));
        for (member, _) in with {
            self.cut(program, *member, |s| s.kind == kind && s.ident == ident);
        }
    }

    /// A member was erased.
    fn forget(&mut self, program: ProgramId, member: i64) {
        self.ghosts.insert((program, member));
        self.touched_rows.push(KinRow::Ghost(program, member));
        if self.owing.remove(&(program, member)).is_some() {
            self.touched_rows.push(KinRow::Owes(program, member, 0));
        }
        self.circles.forget(program, member);
        self.cut(program, member, |s| s.member == member);
    }

    /// Takes sightings out of a member's cluster, and makes clusters of what still hangs together.
    fn cut(&mut self, program: ProgramId, member: i64, gone: impl Fn(&Sighting) -> bool) {
        let Some(cluster) = self.of(program, member).cloned() else { return };
        if !cluster.sightings.iter().any(&gone) {
            return;
        }
        self.drop_cluster(&cluster);
        let mut left: Vec<Sighting> = cluster.sightings.iter().filter(|s| !gone(s)).cloned().collect();
        while let Some(first) = left.first().cloned() {
            let mut part = vec![first];
            loop {
                let touches = |s: &Sighting| {
                    part.iter().any(|p| p.member == s.member || (p.kind == s.kind && p.ident == s.ident))
                };
                let (mut near, far): (Vec<Sighting>, Vec<Sighting>) = left.drain(..).partition(touches);
                left = far;
                if near.is_empty() {
                    break;
                }
                part.append(&mut near);
            }
            part.sort_unstable_by_key(|s| (s.seq, s.member, s.kind));
            part.dedup();
            if part.iter().any(|s| Some(s.member) != part.first().map(|p| p.member)) {
                self.put(program, part);
            }
        }
    }

    fn drop_cluster(&mut self, cluster: &Cluster) {
        let key = (cluster.program, cluster.id);
        self.all.remove(&key);
        for sighting in &cluster.sightings {
            self.of.remove(&(cluster.program, sighting.member));
        }
        let (program, id) = key;
        self.touched.insert(key, Arc::new(Cluster { program, id, sightings: Vec::new() }));
    }

    fn put(&mut self, program: ProgramId, mut sightings: Vec<Sighting>) {
        sightings.sort_unstable_by_key(|s| (s.seq, s.member, s.kind));
        let Some(id) = sightings.first().map(|s| s.member) else { return };
        for sighting in &sightings {
            self.of.insert((program, sighting.member), id);
        }
        let cluster = Arc::new(Cluster { program, id, sightings });
        self.touched.insert((program, id), Arc::clone(&cluster));
        self.all.insert((program, id), cluster);
    }

    /// The rows that changed since this was asked last, as they are now.
    pub(super) fn take_touched(&mut self) -> Vec<KinRow> {
        let mut rows = std::mem::take(&mut self.touched_rows);
        rows.extend(std::mem::take(&mut self.touched).into_values().map(KinRow::Cluster));
        rows.extend(self.circles.take_touched().map(KinRow::Circle));
        rows
    }

    /// Puts in a row that was read from disk.
    pub(super) fn restore(&mut self, row: KinRow) {
        match row {
            KinRow::Cluster(cluster) if cluster.sightings.is_empty() => {}
            KinRow::Cluster(cluster) => {
                for sighting in &cluster.sightings {
                    self.of.insert((cluster.program, sighting.member), cluster.id);
                }
                self.all.insert((cluster.program, cluster.id), cluster);
            }
            KinRow::Hub(hub) => drop(self.hubs.insert((hub.program, hub.kind, hub.ident), hub)),
            KinRow::Ghost(program, member) => drop(self.ghosts.insert((program, member))),
            KinRow::Tried(program, member) => drop(self.tried.insert((program, member))),
            KinRow::Circle(circle) => self.circles.restore(circle),
            KinRow::Owes(program, member, owes) => {
                if owes > 0 {
                    self.owing.insert((program, member), owes);
                }
            }
        }
    }

    /// Every row, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = KinRow> + '_ {
        let clusters = self.all.values().cloned().map(KinRow::Cluster);
        let hubs = self.hubs.values().cloned().map(KinRow::Hub);
        let ghosts = self.ghosts.iter().map(|(program, member)| KinRow::Ghost(*program, *member));
        let tried = self.tried.iter().map(|(program, member)| KinRow::Tried(*program, *member));
        let circles = self.circles.iter().cloned().map(KinRow::Circle);
        let owing = self.owing.iter().map(|((program, member), owes)| KinRow::Owes(*program, *member, *owes));
        clusters.chain(hubs).chain(ghosts).chain(tried).chain(circles).chain(owing)
    }
}

/// By how much an effect changes what its member owes.
fn owed(effect: &Effect) -> i64 {
    match effect {
        Effect::Owe { amount, .. } => amount.get(),
        Effect::Credit(credit) => -credit.repaid.get(),
        Effect::Vest(given) => -given.repaid.get(),
        Effect::Activate { repaid, .. } | Effect::Restore { repaid, .. } => -repaid.get(),
        _ => 0,
    }
}

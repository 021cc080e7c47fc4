//! The order a refund is about: its record, found by walking the member's own records back, and what became of it since.
//!
//! A refund lies soon after its order in most lives, so the walk is short. That an order is not there is found out at the
//! beginning of the member's history, once: which orders lie in it is kept as the member's [`Past`].

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashSet};

use super::super::event::Event;
use super::super::provenance::LineBack;
use super::super::record::{Account, Effect, Input, Record, Status};
use super::super::review::{Review, Vest};
use super::super::types::{LotId, NameId, Points, Seq, Text};
use super::shares::is_order;

/// An order and its life since, as refunds need it.
#[derive(Clone, Debug)]
pub struct Subject {
    pub(super) order: Record,
    /// Oldest first for each party.
    pub(super) since: Vec<Since>,
}

/// Which orders a member has, up to a record. Made of a walk through all of their history; a later one stops where it began.
#[derive(Clone, Debug, Default)]
pub struct Past {
    until: Seq,
    /// Hashes of their names. Of two names with one hash, one is looked for in vain.
    orders: HashSet<u64>,
    hasher: DefaultHashBuilder,
}

impl Past {
    /// How many orders are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    fn hash(&self, order: &Text) -> u64 {
        self.hasher.hash_one(order)
    }
}

/// Something that became of an order, or of what it gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// It was refunded; what has been given back in all.
    Refunded(Vec<LineBack>),
    /// Part of one of its lots was lost by time.
    Expired { lot: LotId, amount: Points },
    /// One of its stamps was lost by time.
    Faded(LotId),
    /// All its points were taken back, since a case that counts on it was confirmed.
    Clawed(Seq),
}

/// A lot that an order gave: by a credit, or when one that waited for a review was cleared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gave {
    pub(super) party: u8,
    pub(super) pool: NameId,
    pub(super) lot: LotId,
    pub(super) amount: Points,
}

/// The lot that an effect gave.
pub(super) fn gave(effect: &Effect) -> Option<Gave> {
    match effect {
        Effect::Credit(credit) => {
            Some(Gave { party: credit.party, pool: credit.pool, lot: credit.lot, amount: credit.amount })
        }
        Effect::Vest(Vest { party, pool, lot, amount, .. }) => {
            Some(Gave { party: *party, pool: *pool, lot: *lot, amount: *amount })
        }
        _ => None,
    }
}

impl Subject {
    /// Looks for a member's order, from their latest record back. `None` where they have no such order, or where it waits for
    /// a review: then it is not yet a sale. One that was cleared is what its release did; one that was confirmed gave nothing.
    /// Where the walk comes to its end, the member's `past` reaches to `last` afterwards.
    ///
    /// # Errors
    /// Passes on why a record could not be read.
    pub fn find<E>(
        member: &Text,
        last: Seq,
        order: &Text,
        past: &mut Past,
        read: &mut dyn FnMut(Seq) -> Result<Record, E>,
    ) -> Result<Option<Self>, E> {
        let mut walk = Walk::default();
        let mut at = last;
        let mut void: Vec<Seq> = Vec::new();
        let mut passed: Vec<u64> = Vec::new();
        let wanted = past.hash(order);
        while at > Seq::ZERO && (at > past.until || past.orders.contains(&wanted)) {
            let record = read(at)?;
            let Some(party) = record.parties.iter().position(|party| party.member == *member) else { break };
            let previous = record.parties.get(party).map_or(Seq::ZERO, |party| party.previous);
            if let Some(release) = record.input.release().filter(|release| release.event.is_none()) {
                void.push(release.held);
            }
            if let Some(event) = sale(&record).filter(|event| party == 0 && event.member == *member) {
                if event.order() == order {
                    let waits = record.status == Status::Held && !void.contains(&record.seq);
                    return Ok((!waits).then(|| Self { since: walk.life(&record), order: record }));
                }
                passed.push(past.hash(event.order()));
            }
            walk.note(&record, party);
            at = previous;
        }
        past.orders.extend(passed);
        past.until = past.until.max(last);
        Ok(None)
    }

    /// Records whose lives since are wanted, whatever they are: purchases, visits. Each member's own records are read once for all.
    ///
    /// # Errors
    /// Passes on why a record could not be read.
    pub fn of_records<E>(
        records: Vec<Record>,
        last: impl Fn(&Text) -> Option<Seq>,
        read: &mut dyn FnMut(Seq) -> Result<Record, E>,
    ) -> Result<Vec<Self>, E> {
        let mut oldest: BTreeMap<Text, Seq> = BTreeMap::new();
        for record in &records {
            for party in &record.parties {
                let oldest = oldest.entry(party.member.clone()).or_insert(record.seq);
                *oldest = record.seq.min(*oldest);
            }
        }
        let mut walks: BTreeMap<Text, Walk> = BTreeMap::new();
        for (member, oldest) in oldest {
            if let Some(last) = last(&member) {
                let walk = Walk::back(&member, (last, oldest), read)?;
                walks.insert(member, walk);
            }
        }
        let subjects = records.into_iter().map(|order| {
            let mut subject = Self { order, since: Vec::new() };
            for party in &subject.order.parties {
                let since = walks.get(&party.member).map(|walk| walk.life(&subject.order));
                subject.since.splice(0..0, since.unwrap_or_default());
            }
            subject
        });
        Ok(subjects.collect())
    }

    /// The members beside the first whom the order's record touches, with their places among its parties.
    pub fn others(&self) -> impl Iterator<Item = &Text> {
        self.order.parties.iter().skip(1).map(|party| &party.member)
    }

    /// Takes in what became of what the order gave to another member, from their latest record back.
    ///
    /// # Errors
    /// Passes on why a record could not be read.
    pub fn follow<E>(
        &mut self,
        member: &Text,
        last: Seq,
        read: &mut dyn FnMut(Seq) -> Result<Record, E>,
    ) -> Result<(), E> {
        let walk = Walk::back(member, (last, self.order.seq), read)?;
        self.since.splice(0..0, walk.life(&self.order));
        Ok(())
    }

    /// An order that was recorded just now, with the refunds of it that were recorded after it, oldest first.
    #[must_use]
    pub fn fresh(order: Record, refunds: &[Record]) -> Self {
        let mut walk = Walk::default();
        for refund in refunds.iter().rev() {
            walk.note(refund, 0);
        }
        Self { since: walk.life(&order), order }
    }

    pub(super) fn event(&self) -> Option<&Event> {
        sale(&self.order)
    }

    /// The records that made its lots: its own, and the held one that it released.
    pub(super) fn seqs(&self) -> [Seq; 2] {
        seqs(&self.order)
    }
}

/// What a walk back has seen, latest first.
#[derive(Default)]
struct Walk(Vec<Noted>);

struct Noted {
    /// In which record.
    at: Seq,
    /// Of a refund, the record of its order.
    order: Seq,
    since: Since,
}

impl Walk {
    /// A member's records from their latest back to those after one.
    fn back<E>(
        member: &Text,
        (last, after): (Seq, Seq),
        read: &mut dyn FnMut(Seq) -> Result<Record, E>,
    ) -> Result<Self, E> {
        let mut walk = Self::default();
        let mut at = last;
        while at > after {
            let record = read(at)?;
            let Some(party) = record.parties.iter().position(|party| party.member == *member) else { break };
            walk.note(&record, party);
            at = record.parties.get(party).map_or(Seq::ZERO, |party| party.previous);
        }
        Ok(walk)
    }

    fn note(&mut self, record: &Record, party: usize) {
        if record.status != Status::Posted {
            return;
        }
        let at = record.seq;
        let mut see = |order, since| self.0.push(Noted { at, order, since });
        if let Input::Review(review) = &record.input
            && let Review::ClawBack(taken) = review.as_ref()
        {
            see(Seq::ZERO, Since::Clawed(taken.of));
        }
        for effect in record.effects.iter().rev().filter(|effect| usize::from(effect.party()) == party) {
            match effect {
                Effect::Debit { lot, amount, to: Account::Expired, .. }
                | Effect::Spend { lot, amount, to: Account::Expired, .. } => {
                    see(Seq::ZERO, Since::Expired { lot: *lot, amount: *amount });
                }
                Effect::Unpunch { marks, .. } if matches!(record.input, Input::Due(_)) => {
                    for mark in marks {
                        see(Seq::ZERO, Since::Faded(*mark));
                    }
                }
                Effect::Refund { first, lines, .. } => see(*first, Since::Refunded(lines.clone())),
                _ => {}
            }
        }
    }

    /// What is about an order, oldest first.
    fn life(&self, order: &Record) -> Vec<Since> {
        let is_its = |noted: &&Noted| match &noted.since {
            Since::Refunded(_) => noted.order == order.seq,
            Since::Expired { lot, .. } => seqs(order).contains(&lot.seq),
            Since::Faded(mark) => mark.seq == order.seq,
            Since::Clawed(of) => *of == order.seq,
        };
        let its = self.0.iter().rev().filter(|noted| noted.at > order.seq).filter(is_its);
        its.map(|noted| noted.since.clone()).collect()
    }
}

/// The sale a record is of, where it is one, or where it releases one that was held.
pub(super) fn sale(record: &Record) -> Option<&Event> {
    record.input.event().map(AsRef::as_ref).filter(|event| is_order(&event.kind))
}

fn seqs(order: &Record) -> [Seq; 2] {
    [order.seq, order.input.release().map_or(order.seq, |release| release.held)]
}

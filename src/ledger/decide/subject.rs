//! The order a refund is about: its record, found by walking the member's own records back, and what became of it since.
//!
//! A refund lies soon after its order in most lives, so the walk is short; an order that is not there is found out at the
//! beginning of the member's history.

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
    ///
    /// # Errors
    /// Passes on why a record could not be read.
    pub fn find<E>(
        member: &Text,
        last: Seq,
        order: &Text,
        read: &mut dyn FnMut(Seq) -> Result<Record, E>,
    ) -> Result<Option<Self>, E> {
        let mut walk = Walk::default();
        let mut at = last;
        let mut void: Vec<Seq> = Vec::new();
        while at > Seq::ZERO {
            let record = read(at)?;
            let Some(party) = record.parties.iter().position(|party| party.member == *member) else { break };
            let previous = record.parties.get(party).map_or(Seq::ZERO, |party| party.previous);
            if let Some(release) = record.input.release().filter(|release| release.event.is_none()) {
                void.push(release.held);
            }
            if party == 0 && sale(&record).is_some_and(|event| event.order() == order && event.member == *member) {
                let waits = record.status == Status::Held && !void.contains(&record.seq);
                return Ok((!waits).then(|| walk.end(record)));
            }
            walk.note(&record, party, Some(order));
            at = previous;
        }
        Ok(None)
    }

    /// A record whose life since is wanted, whatever it is: a purchase, a visit.
    ///
    /// # Errors
    /// Passes on why a record could not be read.
    pub fn of_record<E>(
        record: Record,
        last: impl Fn(&Text) -> Option<Seq>,
        read: &mut dyn FnMut(Seq) -> Result<Record, E>,
    ) -> Result<Self, E> {
        let order = sale(&record).map(|event| event.order().clone());
        let mut subject = Self { order: record, since: Vec::new() };
        for party in subject.order.parties.iter().map(|party| party.member.clone()).collect::<Vec<_>>() {
            if let Some(last) = last(&party) {
                subject.walk(&party, last, order.as_ref(), read)?;
            }
        }
        Ok(subject)
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
        self.walk(member, last, None, read)
    }

    fn walk<E>(
        &mut self,
        member: &Text,
        last: Seq,
        order: Option<&Text>,
        read: &mut dyn FnMut(Seq) -> Result<Record, E>,
    ) -> Result<(), E> {
        let mut walk = Walk::default();
        let mut at = last;
        while at > self.order.seq {
            let record = read(at)?;
            let Some(party) = record.parties.iter().position(|party| party.member == *member) else { break };
            walk.note(&record, party, order);
            at = record.parties.get(party).map_or(Seq::ZERO, |party| party.previous);
        }
        self.since.splice(0..0, walk.end(self.order.clone()).since);
        Ok(())
    }

    /// An order that was recorded just now, with the refunds of it that were recorded after it, oldest first.
    #[must_use]
    pub fn fresh(order: Record, refunds: &[Record]) -> Self {
        let mut walk = Walk::default();
        let name = sale(&order).map(|event| event.order().clone());
        for refund in refunds.iter().rev() {
            walk.note(refund, 0, name.as_ref());
        }
        walk.end(order)
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
struct Walk {
    seen: Vec<Since>,
    /// Which of them are refunds, and of which record.
    refund_at: Vec<(usize, Seq)>,
}

impl Walk {
    fn note(&mut self, record: &Record, party: usize, order: Option<&Text>) {
        if record.status != Status::Posted {
            return;
        }
        if let Input::Review(review) = &record.input
            && let Review::ClawBack(taken) = review.as_ref()
        {
            self.seen.push(Since::Clawed(taken.of));
        }
        let mine = record.effects.iter().rev().filter(|effect| usize::from(effect.party()) == party);
        for effect in mine {
            match effect {
                Effect::Debit { lot, amount, to: Account::Expired, .. }
                | Effect::Spend { lot, amount, to: Account::Expired, .. } => {
                    self.seen.push(Since::Expired { lot: *lot, amount: *amount });
                }
                Effect::Unpunch { marks, .. } if matches!(record.input, Input::Due(_)) => {
                    self.seen.extend(marks.iter().map(|mark| Since::Faded(*mark)));
                }
                Effect::Refund { order: name, first, lines, .. } if order == Some(name) => {
                    self.refund_at.push((self.seen.len(), *first));
                    self.seen.push(Since::Refunded(lines.clone()));
                }
                _ => {}
            }
        }
    }

    /// Keeps what is about this order, oldest first.
    fn end(self, order: Record) -> Subject {
        let of_order = |at: usize, since: &Since| match since {
            Since::Refunded(_) => self.refund_at.iter().any(|(place, first)| *place == at && *first == order.seq),
            Since::Expired { lot, .. } => seqs(&order).contains(&lot.seq),
            Since::Faded(mark) => mark.seq == order.seq,
            Since::Clawed(of) => *of == order.seq,
        };
        let kept = self.seen.iter().enumerate().filter(|(at, since)| of_order(*at, since));
        let mut since: Vec<Since> = kept.map(|(_, since)| since.clone()).collect();
        since.reverse();
        Subject { order, since }
    }
}

/// The sale a record is of, where it is one, or where it releases one that was held.
pub(super) fn sale(record: &Record) -> Option<&Event> {
    record.input.event().map(AsRef::as_ref).filter(|event| is_order(&event.kind))
}

fn seqs(order: &Record) -> [Seq; 2] {
    [order.seq, order.input.release().map_or(order.seq, |release| release.held)]
}

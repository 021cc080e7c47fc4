//! What one record does to what is followed: takes, passes on, brings back. It changes no lot, only what is known of it.

use std::collections::BTreeMap;

use super::queue::{Queue, Segment};
use super::{Move, Source, Taint, Went};
use crate::ledger::act::{Act, What};
use crate::ledger::posting::{Account, Credit};
use crate::ledger::record::{Effect, Input, Record, Status};
use crate::ledger::review::{Review, Vest};
use crate::ledger::types::{LotId, NameId, Points, Seq, Text};
/// A record on its way: what lies in transit, by pool, who gave it, and what was redeemed.
#[derive(Debug, Default)]
struct Passing {
    transit: BTreeMap<NameId, Queue>,
    giver: Text,
    redeemed: Queue,
}

impl Taint {
    pub(super) fn follow(&mut self, record: &Record) {
        if record.status != Status::Posted {
            return;
        }
        let mut passing = Passing::default();
        for effect in &record.effects {
            self.step(record, effect, &mut passing);
        }
        if passing.redeemed.is_tainted() {
            self.redeemed.insert(record.seq, passing.redeemed);
        }
    }

    fn step(&mut self, record: &Record, effect: &Effect, passing: &mut Passing) {
        let who = name(record, effect.party());
        match effect {
            Effect::Debit { pool, lot, amount, to, .. } | Effect::Spend { pool, lot, amount, to, .. } => {
                let taken = self.take((who, *pool, *lot), *amount, clawed(record));
                match to {
                    Account::Transit => {
                        passing.giver.clone_from(who);
                        passing.transit.entry(*pool).or_default().append(taken);
                    }
                    to => {
                        self.gone(record, who, to, &taken);
                        self.made_good(record, (who, *pool), Went::MadeGood, self.of_others(record, &taken));
                        if matches!(effect, Effect::Spend { to: Account::Redeemed, .. }) {
                            passing.redeemed.append(taken);
                        }
                    }
                }
            }
            Effect::Owe { pool, amount, to: Account::Transit, .. } => {
                let clean = Segment { source: None, amount: *amount };
                passing.transit.entry(*pool).or_default().append(Queue::one(clean));
            }
            Effect::Owe { pool, amount, .. } => self.made_good(record, (who, *pool), Went::Owed, *amount),
            Effect::Credit(credit) => self.arrive(record, credit, passing),
            Effect::Activate { pool, lot, repaid, .. } | Effect::Vest(Vest { pool, lot, repaid, .. }) => {
                let taken = self.take((who, *pool, *lot), *repaid, None);
                self.note_all(record, Went::Repaid, (who, None), &taken);
            }
            Effect::Restore { .. } => self.come_back(record, effect),
            _ => {}
        }
    }

    /// How much of what a claw-back took is not of its own origin.
    fn of_others(&self, record: &Record, taken: &Queue) -> Points {
        let own = |source: &usize| self.sources.get(*source).is_some_and(|of| clawed(record) == Some(of.origin));
        taken.sum() - taken.sums().into_iter().filter(|(source, _)| own(source)).map(|(_, amount)| amount).sum()
    }

    /// Points that left the members.
    fn gone(&mut self, record: &Record, who: &Text, to: &Account, taken: &Queue) {
        let bought = record.effects.iter().find_map(|effect| match effect {
            Effect::Redeem { id, reward, .. } => Some(Went::Redeemed(*id, reward.map(|(name, _)| name))),
            _ => None,
        });
        let went = match to {
            Account::Redeemed => bought.unwrap_or(Went::Spent),
            Account::Donated(charity) => Went::Donated(*charity),
            Account::Expired => Went::Expired,
            Account::Reversed if clawed(record).is_some() => Went::ClawedBack,
            Account::Reversed => Went::Refunded,
            Account::Adjusted => Went::Adjusted,
            Account::Member | Account::Issued | Account::Transit => Went::Spent,
        };
        self.note_all(record, went, (who, None), taken);
    }

    /// What a claw-back of a source took from other points of who had earned it, or left as a debt.
    fn made_good(&mut self, record: &Record, (who, pool): (&Text, NameId), went: Went, amount: Points) {
        let Some(of) = clawed(record).filter(|_| amount.is_positive()) else { return };
        let is_it = |source: &Source| source.origin == of && source.pool == pool && source.owner == *who;
        if let Some(source) = self.sources.iter().position(is_it) {
            self.note(record, (source, went), (who, None), amount);
        }
    }

    /// Points that came out of transit: they pay what is owed, and the rest is in a lot.
    fn arrive(&mut self, record: &Record, credit: &Credit, passing: &mut Passing) {
        let who = name(record, credit.party);
        let key = (who.clone(), credit.pool, credit.lot);
        let mut coming = match (&credit.from, passing.transit.get_mut(&credit.pool)) {
            (Account::Transit, Some(transit)) => transit.take(credit.amount),
            _ => Queue::one(Segment { source: None, amount: credit.amount }),
        };
        if coming.is_tainted() {
            let merged =
                matches!(&record.input, Input::Act(act, _) if matches!(**act, Act { what: What::Merge { .. }, .. }));
            let went = if merged { Went::Merged } else { Went::Transferred };
            self.note_all(record, went, (&passing.giver, Some(who)), &coming);
        }
        let repaid = coming.take(credit.repaid);
        self.note_all(record, Went::Repaid, (who, None), &repaid);
        if coming.is_tainted() || self.places.contains_key(&key) {
            if let Some(before) = self.before(&key, record) {
                let place = self.track(key, before);
                self.put(place, coming);
            } else {
                self.out_of_sight = true;
            }
        }
    }

    /// Points of a redemption that was reversed: what was taken last comes first.
    fn come_back(&mut self, record: &Record, effect: &Effect) {
        let Effect::Restore { pool, lot, amount, repaid, .. } = effect else { return };
        let who = name(record, effect.party());
        let of = record.effects.iter().find_map(|effect| match effect {
            Effect::Reversal { first, .. } => Some(*first),
            _ => None,
        });
        let mut coming = match of.and_then(|first| self.redeemed.get_mut(&first)) {
            Some(redeemed) => redeemed.take_back(*amount),
            None => Queue::one(Segment { source: None, amount: *amount }),
        };
        self.note_all(record, Went::Returned, (who, None), &coming);
        let paid = coming.take(*repaid);
        self.note_all(record, Went::Repaid, (who, None), &paid);
        let key = (who.clone(), *pool, *lot);
        if coming.is_tainted() || self.places.contains_key(&key) {
            let Some(before) = self.before(&key, record) else { return };
            let place = self.track(key, before);
            if let Some(tracked) = self.tracked.get_mut(place) {
                tracked.queue.prepend(coming);
            }
        }
    }

    fn note_all(&mut self, record: &Record, went: Went, who: (&Text, Option<&Text>), what: &Queue) {
        for (source, amount) in what.sums() {
            self.note(record, (source, went), who, amount);
        }
    }

    /// Notes a step; parts of one step are told as one.
    pub(super) fn note(
        &mut self,
        record: &Record,
        (source, went): (usize, Went),
        (from, to): (&Text, Option<&Text>),
        amount: Points,
    ) {
        let of_record = self.moves.iter_mut().rev().take_while(|known| known.seq == record.seq);
        let same =
            |known: &&mut Move| (known.source, known.went, &known.from, known.to.as_ref()) == (source, went, from, to);
        if let Some(known) = of_record.into_iter().find(same) {
            known.amount += amount;
            return;
        }
        let (from, to) = (from.clone(), to.cloned());
        self.moves.push(Move { source, went, seq: record.seq, at: record.recorded_at, from, to, amount });
    }
}

/// The member whom a party's index names.
pub(super) fn name(record: &Record, party: u8) -> &Text {
    const NOBODY: &Text = &Text::new_static("");
    record.parties.get(usize::from(party)).map_or(NOBODY, |party| &party.member)
}

/// The record whose points a record takes back, where it does.
fn clawed(record: &Record) -> Option<Seq> {
    match &record.input {
        Input::Review(review) => match review.as_ref() {
            Review::ClawBack(taken) => Some(taken.of),
            Review::Resolve(_) | Review::Release(_) | Review::List(_) => None,
        },
        _ => None,
    }
}

/// By how much an effect grew a lot.
pub(super) fn grew(effect: &Effect, of: NameId, named: LotId) -> i64 {
    match effect {
        Effect::Credit(Credit { pool, lot, amount, repaid, .. })
        | Effect::Restore { pool, lot, amount, repaid, .. }
            if (*pool, *lot) == (of, named) =>
        {
            amount.get() - repaid.get()
        }
        Effect::Debit { pool, lot, amount, .. } | Effect::Spend { pool, lot, amount, .. }
            if (*pool, *lot) == (of, named) =>
        {
            -amount.get()
        }
        Effect::Activate { pool, lot, repaid, .. } | Effect::Vest(Vest { pool, lot, repaid, .. })
            if (*pool, *lot) == (of, named) =>
        {
            -repaid.get()
        }
        _ => 0,
    }
}

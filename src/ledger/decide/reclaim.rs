//! Taking points back: the order's own lots first, then the member's other lots, and what is not there is owed.
//!
//! What holds keep aside is never taken. A pool's policy may stop short of a debt. Where a lot's points are taken back because
//! they were earned by fraud, they are followed to where they went; whoever got them loses what is left of them, and owes
//! nothing.

use super::super::member::{Lot, Member};
use super::super::provenance::RefundPolicy;
use super::super::record::{Account, Effect};
use super::super::taint::Left;
use super::super::types::{LotId, NameId, Points, Seq};
use super::{Books, Draft};

/// What is asked back of a member in one pool.
#[derive(Clone, Debug)]
pub(super) struct Reclaim {
    pub(super) party: u8,
    pub(super) pool: NameId,
    /// Which lots the order made, with what is asked of each.
    pub(super) own: Vec<(LotId, Points)>,
    /// Where the points of such a lot went.
    pub(super) went: Vec<(LotId, Left)>,
    /// The order's records: other lots of theirs go before those of others.
    pub(super) order: [Seq; 2],
    /// What may be taken.
    pub(super) policy: RefundPolicy,
}

/// What a refund may take of a pool.
pub(super) fn policy_of(books: &Books<'_>, pool: NameId) -> RefundPolicy {
    books.terms.pool(pool).map_or(RefundPolicy::Debt, |pool| pool.refund)
}

impl Draft {
    /// Takes what is asked. Says how much was found or is owed: all, but for pools whose policy stops short.
    pub(super) fn reclaim(&mut self, books: &Books<'_>, member: &Member, asked: &Reclaim) -> Points {
        let total: Points = asked.own.iter().map(|(_, amount)| *amount).sum();
        let policy = asked.policy;
        let lots = member.pool(asked.pool).map_or(&[][..], |pool| &pool.lots);
        let may = |lot: &Lot| policy != RefundPolicy::PendingOnly || !lot.active;
        let mut left = total;
        for (id, amount) in &asked.own {
            let mut missing = *amount;
            for lot in lots.iter().filter(|lot| lot.id == *id && may(lot)) {
                missing -= self.take_from(books, (asked.party, asked.pool), lot, *amount);
            }
            for (_, there) in asked.went.iter().filter(|(of, _)| of == id) {
                missing -= self.take_elsewhere(books, there, missing);
            }
            left -= *amount - missing;
        }
        for lot in lots.iter().filter(|lot| asked.order.contains(&lot.id.seq) && may(lot)) {
            left -= self.take_from(books, (asked.party, asked.pool), lot, left);
        }
        if policy == RefundPolicy::PendingOnly {
            return total - left;
        }
        for lot in lots.iter().filter(|lot| lot.spendable_at(books.now)) {
            left -= self.take_from(books, (asked.party, asked.pool), lot, left);
        }
        if left.is_positive() && policy == RefundPolicy::Debt {
            let (party, pool) = (asked.party, asked.pool);
            self.effects.push(Effect::Owe { party, pool, amount: left, to: Account::Reversed });
            left = Points::ZERO;
        }
        total - left
    }

    /// Takes up to an amount of points from where they went.
    fn take_elsewhere(&mut self, books: &Books<'_>, there: &Left, wanted: Points) -> Points {
        let Some(member) = books.member(&there.member) else { return Points::ZERO };
        let lots = member.pool(there.pool).map_or(&[][..], |pool| &pool.lots);
        let Some(lot) = lots.iter().find(|lot| lot.id == there.lot && lot.free().is_positive()) else {
            return Points::ZERO;
        };
        if !wanted.is_positive() {
            return Points::ZERO;
        }
        let party = self.party(&there.member, Some(member));
        self.take_from(books, (party, there.pool), lot, wanted.min(there.amount))
    }

    /// Takes up to an amount of what a lot has free.
    fn take_from(&mut self, books: &Books<'_>, (party, pool): (u8, NameId), lot: &Lot, wanted: Points) -> Points {
        let amount = (lot.free() - self.taken_from(party, pool, lot.id)).min(wanted);
        if !amount.is_positive() || lot.expired_at(books.now) {
            return Points::ZERO;
        }
        self.effects.push(Effect::Debit { party, pool, lot: lot.id, amount, to: Account::Reversed });
        amount
    }

    /// What this record has taken from a lot so far.
    fn taken_from(&self, party: u8, pool: NameId, id: LotId) -> Points {
        let of_lot = |effect: &Effect| match effect {
            Effect::Debit { party: whose, pool: of, lot, amount, .. }
            | Effect::Spend { party: whose, pool: of, lot, amount, .. }
                if *whose == party && *of == pool && *lot == id =>
            {
                *amount
            }
            _ => Points::ZERO,
        };
        self.effects.iter().map(of_lot).sum()
    }
}

//! Giving a redemption back: the points return to the lots they came from, with the expiry they had, what was bought with
//! them is cancelled, and what limits counted is given back.
//!
//! What was taken last comes back first. A reward that was used, or given up, stays paid for: its redemption is not reversed.

use std::sync::Arc;

use super::super::super::calendar::Span;
use super::super::super::member::Member;
use super::super::super::provenance::Leaving;
use super::super::super::record::{Account, Effect, Record, Status};
use super::super::super::reject::Reject;
use super::super::super::types::{LotId, NameId, Points, TimeMs};
use super::super::due::is_inactive;
use super::super::within;
use super::Work;
use crate::limits::REVERSAL_GRACE_DAYS;

/// The redemption in its record: its party, amount, pool, and the reward's grant.
struct Bought {
    party: u8,
    pool: NameId,
    amount: Points,
    reward: Option<(NameId, LotId)>,
}

fn bought(record: &Record, redemption: LotId) -> Option<Bought> {
    record.effects.iter().filter(|_| record.status == Status::Posted).find_map(|effect| match effect {
        Effect::Redeem { party, id, pool, amount, reward } if *id == redemption => Some(Bought {
            party: *party,
            pool: *pool,
            amount: *amount,
            reward: reward.map(|(name, index)| (name, LotId { seq: record.seq, index })),
        }),
        _ => None,
    })
}

impl Work<'_> {
    pub(super) fn reverse(&mut self, redemption: LotId, amount: Option<Points>) -> Result<(), Reject> {
        let earlier = self.earlier;
        let first = earlier.first.as_deref().filter(|first| first.program == self.books.program);
        let first = first.ok_or(Reject::UnknownRedemption)?;
        let Bought { party, pool, amount: all, reward } = bought(first, redemption).ok_or(Reject::UnknownRedemption)?;
        if first.parties.get(usize::from(party)).is_none_or(|party| party.member != self.act.member) {
            return Err(Reject::UnknownRedemption);
        }
        let before = earlier.latest.as_deref().map_or(Points::ZERO, |latest| reversed(latest, redemption));
        let left = all - before;
        let wanted = amount.unwrap_or(left);
        if wanted > left || !left.is_positive() {
            return Err(Reject::ExceedsRedemption { wanted, left });
        }
        let total = before + wanted;
        if let Some((name, grant)) = reward {
            if self.member.grant(grant).is_none() {
                let why = "the reward it bought was used or given up: it stays paid for";
                return Err(Reject::RewardUnavailable(super::Text::new_static(why)));
            }
            if total == all {
                let why = Leaving::Cancelled;
                self.draft.effects.push(Effect::Ungrant { party: 0, reward: name, grant, why });
                self.give_back_counts(first);
            }
        }
        self.draft.effects.push(Effect::Reversal { party: 0, of: redemption, first: first.seq, total });
        self.give_back_points(first, pool, before, wanted)
    }

    /// What limits counted of the redemption no longer counts, in the period of the redemption.
    fn give_back_counts(&mut self, first: &Record) {
        for effect in &first.effects {
            match effect {
                Effect::Count { party: 0, counter, day, amount } => {
                    let (counter, day, amount) = (*counter, *day, -*amount);
                    self.draft.effects.push(Effect::Count { party: 0, counter, day, amount });
                }
                Effect::Budget { counter, amount, .. } if amount.is_positive() => {
                    let (counter, amount) = (*counter, -*amount);
                    self.draft.effects.push(Effect::Budget { party: 0, counter, amount });
                }
                _ => {}
            }
        }
    }

    /// Puts `wanted` points back, after the `before` that came back earlier.
    fn give_back_points(
        &mut self,
        first: &Record,
        pool: NameId,
        mut before: Points,
        mut wanted: Points,
    ) -> Result<(), Reject> {
        for effect in first.effects.iter().rev() {
            let Effect::Spend { party, lot, amount, earned_at, expires_at, to: Account::Redeemed, .. } = effect else {
                continue;
            };
            let skipped = (*amount).min(before);
            before -= skipped;
            let part = (*amount - skipped).min(wanted);
            if !part.is_positive() {
                continue;
            }
            wanted -= part;
            let Some(whose) = first.parties.get(usize::from(*party)) else { continue };
            let member = self.books.known_member(&whose.member)?;
            let party = self.draft.party(&whose.member, Some(member));
            self.restore(member, (party, pool), *lot, part, (*earned_at, *expires_at))?;
        }
        assert!(wanted.is_zero(), "a redemption's spends are its amount");
        Ok(())
    }

    fn restore(
        &mut self,
        member: &Arc<Member>,
        (party, pool): (u8, NameId),
        lot: LotId,
        amount: Points,
        (earned_at, expires_at): (TimeMs, Option<TimeMs>),
    ) -> Result<(), Reject> {
        let (books, now) = (self.books, self.books.now);
        let known = member.pool(pool);
        let total: i64 = known.map_or(0, |pool| pool.lots.remaining().get());
        within(total.checked_add(amount.get()), "pool's balance")?;
        let inactive = is_inactive(member, books.terms, pool, (earned_at, now));
        // A lot whose time is over is another one now: the old one may still be there for a hold.
        let (lot, earned_at, expires_at) = if inactive || expires_at.is_some_and(|expires| expires <= now) {
            let end = books.terms.zone.after(now, Span::Days(REVERSAL_GRACE_DAYS));
            let earned_at = if inactive { now } else { earned_at };
            (LotId { seq: books.seq(), index: self.draft.index() }, earned_at, Some(end))
        } else {
            (lot, earned_at, expires_at)
        };
        let debt = known.map_or(Points::ZERO, |pool| pool.debt);
        let repaid_before: Points = self.draft.effects.iter().map(|effect| repaid_of(effect, party, pool)).sum();
        let repaid = (debt - repaid_before).min(amount);
        let from = Account::Redeemed;
        self.draft.effects.push(Effect::Restore { party, pool, lot, amount, repaid, earned_at, expires_at, from });
        Ok(())
    }
}

fn repaid_of(effect: &Effect, whose: u8, of: NameId) -> Points {
    match effect {
        Effect::Restore { party, pool, repaid, .. } if (*party, *pool) == (whose, of) => *repaid,
        _ => Points::ZERO,
    }
}

/// How much of a redemption a record says has been given back in all.
fn reversed(latest: &Record, redemption: LotId) -> Points {
    let total = |effect: &Effect| match effect {
        Effect::Reversal { of, total, .. } if *of == redemption => Some(*total),
        _ => None,
    };
    latest.effects.iter().find_map(total).unwrap_or(Points::ZERO)
}

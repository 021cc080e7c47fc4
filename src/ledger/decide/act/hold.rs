//! Holds: points kept aside in named lots, spent by a capture, free again by a release or when their time is over.

use super::super::super::act::Spend;
use super::super::super::member::Lot;
use super::super::super::provenance::{Hold, HoldEnd};
use super::super::super::record::{Account, Effect, Status};
use super::super::super::reject::Reject;
use super::super::super::types::{LotId, Points, Text, TimeMs};
use super::super::due::free;
use super::{Price, Work};
use crate::limits::HOLDS_MAX;

impl Work<'_> {
    pub(super) fn hold(&mut self, spend: &Spend, ttl_ms: i64, order: Option<&Text>) -> Result<(), Reject> {
        self.may_spend()?;
        let price = self.price(spend)?;
        self.confirmed()?;
        match self.status {
            Status::Posted => {
                let until = self.books.now.plus_ms(ttl_ms);
                self.keep_aside(price, until, order)?;
                if let Some((counter, _)) = price.reward.and_then(|reward| reward.stock) {
                    self.draft.effects.push(Effect::Budget { party: 0, counter, amount: Points::new(1) });
                }
                Ok(())
            }
            Status::Held => self.keep_aside(price, TimeMs::NEVER, order),
            Status::Denied => Ok(()),
        }
    }

    /// Keeps the price aside in spending order. What waits for a review has no end of its own.
    pub(super) fn keep_aside(&mut self, price: Price<'_>, until: TimeMs, order: Option<&Text>) -> Result<(), Reject> {
        let Price { pool, amount, reward } = price;
        let now = self.books.now;
        let available = self.member.available(pool, now);
        if available < amount {
            return Err(Reject::InsufficientBalance { wanted: amount, available });
        }
        if self.standing().is_some_and(|standing| standing.holds.len() >= HOLDS_MAX) {
            let why = smol_str::format_smolstr!("a member may have {HOLDS_MAX} holds at once");
            return Err(Reject::LimitReached(why));
        }
        let mut left = amount;
        let mut lots = Vec::new();
        let all = self.member.pool(pool).map_or(&[][..], |pool| &pool.lots);
        for lot in all.iter().filter(|lot: &&Lot| lot.spendable_at(now) && lot.free().is_positive()) {
            let part = lot.free().min(left);
            lots.push((lot.id, part));
            left -= part;
            if left.is_zero() {
                break;
            }
        }
        assert!(left.is_zero(), "what is available can be kept aside");
        let (index, reward, order) = (self.draft.index(), reward.map(|reward| reward.name), order.cloned());
        self.draft.effects.push(Effect::Hold { party: 0, index, pool, lots, until, reward, order });
        Ok(())
    }

    /// A hold that can be captured or released by its owner.
    fn active(&self, id: LotId) -> Result<Hold, Reject> {
        let hold = self
            .member
            .hold(id)
            .ok_or(Reject::HoldNotActive("the hold was captured, released, or its time is over"))?;
        if hold.until == TimeMs::NEVER {
            return Err(Reject::HoldNotActive("the hold waits for a review"));
        }
        Ok(hold.clone())
    }

    pub(super) fn capture(&mut self, id: LotId, amount: Option<Points>) -> Result<(), Reject> {
        let hold = self.active(id)?;
        self.may_spend()?;
        let kept: Points = hold.lots.iter().map(|(_, amount)| *amount).sum();
        let wanted = amount.unwrap_or(kept);
        if wanted > kept {
            return Err(Reject::InsufficientBalance { wanted, available: kept });
        }
        if hold.reward.is_some() && wanted != kept {
            return Err(Reject::RewardUnavailable(Text::new_static("a reward is captured whole, at its price")));
        }
        self.end(&hold, HoldEnd::Captured, wanted);
        let reward = hold.reward.and_then(|name| self.books.terms.reward(name));
        if let Some((counter, _)) = reward.and_then(|reward| reward.stock) {
            // Its place moves from the hold to the redemption, whose reversal gives it back.
            self.draft.effects.push(Effect::Budget { party: 0, counter, amount: Points::new(-1) });
        }
        self.bought(Price { pool: hold.pool, amount: wanted, reward }, hold.reward);
        Ok(())
    }

    pub(super) fn release(&mut self, id: LotId) -> Result<(), Reject> {
        let hold = self.active(id)?;
        self.end(&hold, HoldEnd::Released, Points::ZERO);
        Ok(())
    }

    /// Ends a hold: the first `spent` of its points are redeemed, the rest is free, and expires now where its time is over.
    pub(super) fn end(&mut self, hold: &Hold, end: HoldEnd, spent: Points) {
        self.draft.effects.push(Effect::Unhold { party: 0, hold: hold.id, end });
        let mut left = spent;
        for (id, kept) in &hold.lots {
            let amount = (*kept).min(left);
            left -= amount;
            let lots = self.member.pool(hold.pool).map_or(&[][..], |pool| &pool.lots);
            if let Some(lot) = lots.iter().find(|lot| lot.id == *id).filter(|_| amount.is_positive()) {
                self.spend_lot(0, hold.pool, lot, amount, &Account::Redeemed);
            }
        }
        free(self.member, self.books.terms, hold, spent, (0, self.books.now), &mut self.draft.effects);
    }
}

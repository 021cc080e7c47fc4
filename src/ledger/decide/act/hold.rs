//! Holds: points kept aside in named lots, spent by a capture, free again by a release or when their time is over.

use super::super::super::act::Spend;
use super::super::super::member::{Lot, Member};
use super::super::super::provenance::{Hold, HoldEnd};
use super::super::super::record::{Account, Effect, Status};
use super::super::super::reject::Reject;
use super::super::super::types::{LotId, Points, Text, TimeMs};
use super::super::due::{Freed, free};
use super::redeem::Chosen;
use super::{Price, Work};
use crate::limits::HOLDS_MAX;

impl<'a> Work<'a> {
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

    /// Keeps the price aside in spending order, of the household's lots where the pool is its own. What waits for a review has
    /// no end of its own.
    pub(super) fn keep_aside(&mut self, price: Price<'_>, until: TimeMs, order: Option<&Text>) -> Result<(), Reject> {
        let Price { pool, amount, reward } = price;
        let chosen = self.choose(pool, amount)?;
        // The one who asks keeps the hold, even where all points are the others'.
        let mut kept: Vec<(u8, Vec<(LotId, Points)>)> = vec![(0, Vec::new())];
        room_for_hold(self.member)?;
        for Chosen { owner, member, lot, amount } in chosen {
            let party = self.draft.party(owner, Some(member));
            if let Some((_, lots)) = kept.iter_mut().find(|(known, _)| *known == party) {
                lots.push((lot.id, amount));
            } else {
                room_for_hold(member)?;
                kept.push((party, vec![(lot.id, amount)]));
            }
        }
        let index = self.draft.index();
        for (party, lots) in kept {
            let mine = party == 0;
            let reward = reward.map(|reward| reward.name).filter(|_| mine);
            let order = order.filter(|_| mine).cloned();
            self.draft.effects.push(Effect::Hold { party, index, pool, lots, until, reward, order });
        }
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
        let first = self.earlier.first.as_deref().filter(|first| first.seq == id.seq);
        if first.and_then(|first| first.parties.first()).is_some_and(|owner| owner.member != self.act.member) {
            return Err(Reject::HoldNotActive("the hold is another member's of the household"));
        }
        Ok(hold.clone())
    }

    /// What everybody keeps aside for a hold, its owner first. Who the others are, the record that made it says.
    pub(super) fn parts(&mut self, hold: &Hold) -> Vec<Part<'a>> {
        let mut parts = vec![Part { party: 0, member: self.member, hold: hold.clone() }];
        let Some(first) = self.earlier.first.as_deref().filter(|first| first.seq == hold.id.seq) else { return parts };
        for effect in &first.effects {
            let Effect::Hold { party: whose, index, .. } = effect else { continue };
            let owner = first.parties.get(usize::from(*whose)).filter(|_| *whose != 0 && *index == hold.id.index);
            let Some(owner) = owner else { continue };
            let Some(member) = self.books.member(&owner.member) else { continue };
            if let Some(theirs) = member.hold(hold.id) {
                let here = self.draft.party(&owner.member, Some(member));
                parts.push(Part { party: here, member, hold: theirs.clone() });
            }
        }
        parts
    }

    pub(super) fn capture(&mut self, id: LotId, amount: Option<Points>) -> Result<(), Reject> {
        let hold = self.active(id)?;
        self.may_spend()?;
        let parts = self.parts(&hold);
        let kept: Points = parts.iter().map(Part::kept).sum();
        let wanted = amount.unwrap_or(kept);
        if wanted > kept {
            return Err(self.books.insufficient(hold.pool, wanted, kept));
        }
        if hold.reward.is_some() && wanted != kept {
            return Err(Reject::RewardUnavailable(Text::new_static("a reward is captured whole, at its price")));
        }
        self.end(&parts, HoldEnd::Captured, (wanted, &Account::Redeemed));
        let reward = hold.reward.and_then(|name| self.books.terms.reward(name));
        if let Some((counter, _)) = reward.and_then(|reward| reward.stock) {
            // Its place moves from the hold to the redemption, whose reversal gives it back.
            self.draft.effects.push(Effect::Budget { party: 0, counter, amount: Points::new(-1) });
        }
        self.bought(Price { pool: hold.pool, amount: wanted, reward }, hold.reward, None);
        Ok(())
    }

    pub(super) fn release(&mut self, id: LotId) -> Result<(), Reject> {
        let hold = self.active(id)?;
        let parts = self.parts(&hold);
        self.end(&parts, HoldEnd::Released, (Points::ZERO, &Account::Redeemed));
        Ok(())
    }

    /// Ends a hold: the first `spent` of its points go, in spending order, the rest is free, and expires now where its time is
    /// over.
    pub(super) fn end(&mut self, parts: &[Part<'_>], end: HoldEnd, (spent, to): (Points, &Account)) {
        let mut all: Vec<(&Part<'_>, &Lot, Points)> = Vec::new();
        for part in parts {
            let lots = part.member.pool(part.hold.pool).map_or(&[][..], |pool| &pool.lots);
            for (id, kept) in &part.hold.lots {
                all.extend(lots.iter().find(|lot| lot.id == *id).map(|lot| (part, lot, *kept)));
            }
        }
        all.sort_by_key(|(_, lot, _)| lot.order());
        for part in parts {
            self.draft.effects.push(Effect::Unhold { party: part.party, hold: part.hold.id, end });
        }
        let mut left = spent;
        let mut spent_of = vec![Points::ZERO; parts.len()];
        for (part, lot, kept) in &all {
            let amount = (*kept).min(left);
            left -= amount;
            if amount.is_positive() {
                self.spend_lot(part.party, part.hold.pool, lot, amount, to);
            }
            let at = parts.iter().position(|known| known.party == part.party);
            if let Some(spent) = at.and_then(|at| spent_of.get_mut(at)) {
                *spent += amount;
            }
        }
        for (part, spent) in parts.iter().zip(spent_of) {
            let freed = Freed { spent, end, party: part.party, at: self.books.now };
            free(part.member, self.books.terms, &part.hold, freed, &mut self.draft.effects);
        }
    }
}

/// What one member keeps aside for a hold.
pub(super) struct Part<'a> {
    pub(super) party: u8,
    pub(super) member: &'a Member,
    pub(super) hold: Hold,
}

impl Part<'_> {
    pub(super) fn kept(&self) -> Points {
        self.hold.lots.iter().map(|(_, amount)| *amount).sum()
    }
}

/// Refuses a hold more than a member may have.
pub(in super::super) fn room_for_hold(member: &Member) -> Result<(), Reject> {
    if member.standing().is_some_and(|standing| standing.holds.len() >= HOLDS_MAX) {
        let why = smol_str::format_smolstr!("a member may have {HOLDS_MAX} holds at once");
        return Err(Reject::LimitReached(why));
    }
    Ok(())
}

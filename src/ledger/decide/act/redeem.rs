//! Spending at once: redemptions by amount and by reward, and gifts to charities.

use std::sync::Arc;

use super::super::super::act::Spend;
use super::super::super::member::{Lot, Member};
use super::super::super::record::{Account, Effect, Status};
use super::super::super::reject::Reject;
use super::super::super::types::{LotId, NameId, Points, Text, TimeMs};
use super::super::credit::ends;
use super::{Price, Work};

/// Part of a lot that is to be spent or kept aside, and whose it is.
pub(super) struct Chosen<'a> {
    pub(super) owner: &'a Text,
    pub(super) member: &'a Arc<Member>,
    pub(super) lot: &'a Lot,
    pub(super) amount: Points,
}

impl<'a> Work<'a> {
    pub(super) fn redeem(&mut self, spend: &Spend, order: Option<&Text>) -> Result<(), Reject> {
        self.may_spend()?;
        let price = self.price(spend)?;
        self.confirmed()?;
        match self.status {
            Status::Posted => {
                self.spend(price.pool, price.amount, &Account::Redeemed)?;
                self.bought(price, price.reward.map(|reward| reward.name), None);
                Ok(())
            }
            Status::Held => self.keep_aside(price, TimeMs::NEVER, order),
            Status::Denied => Ok(()),
        }
    }

    /// Notes what was bought: the redemption, its reward, and what limits count.
    ///
    /// `id` is that of the spending that waited for a review, where one did.
    pub(super) fn bought(&mut self, price: Price<'_>, reward: Option<NameId>, id: Option<LotId>) {
        let Price { pool, amount, reward: terms } = price;
        let id = id.unwrap_or_else(|| LotId { seq: self.books.seq(), index: self.draft.index() });
        let grant = reward.map(|reward| (reward, self.draft.index()));
        self.draft.effects.push(Effect::Redeem { party: 0, id, pool, amount, reward: grant });
        let Some((reward, index)) = grant else { return };
        let now = self.books.now;
        self.draft.effects.push(Effect::Grant {
            party: 0,
            index,
            reward,
            value: terms.and_then(|terms| terms.value),
            expires_at: terms.and_then(|terms| ends(self.books, terms.expires, now)),
            reason: Text::new_static("bought"),
        });
        if let Some((counter, _, _)) = terms.and_then(|terms| terms.per_member) {
            let day = self.books.terms.zone.day(now);
            self.draft.effects.push(Effect::Count { party: 0, counter, day, amount: 1 });
        }
        if let Some((counter, _)) = terms.and_then(|terms| terms.stock) {
            self.draft.effects.push(Effect::Budget { party: 0, counter, amount: Points::new(1) });
        }
    }

    pub(super) fn donate(&mut self, pool: &Text, amount: Points, charity: &Text) -> Result<(), Reject> {
        self.may_spend()?;
        let pool = self.books.pool(pool)?;
        let terms = self.books.terms.pool(pool);
        let minimum = terms.map_or(Points::ZERO, |terms| terms.donate_minimum);
        if amount < minimum {
            return Err(Reject::BelowMinimum { wanted: amount, minimum, what: "given" });
        }
        let to = self.charity(pool, charity)?;
        self.confirmed()?;
        match self.status {
            Status::Posted => self.spend(pool, amount, &Account::Donated(to)),
            Status::Held => self.keep_aside(Price { pool, amount, reward: None }, TimeMs::NEVER, None),
            Status::Denied => Ok(()),
        }
    }

    /// A charity that a pool can be given to.
    pub(super) fn charity(&self, pool: NameId, charity: &Text) -> Result<NameId, Reject> {
        let known = self.books.state.program(self.books.program).and_then(|program| program.name_id(charity));
        known
            .filter(|id| self.books.terms.pool(pool).is_some_and(|terms| terms.charities.contains(id)))
            .ok_or_else(|| Reject::UnknownCharity(charity.clone()))
    }

    /// Takes points from the member's lots in spending order, and from those of the household where the pool is its own.
    fn spend(&mut self, pool: NameId, wanted: Points, to: &Account) -> Result<(), Reject> {
        for Chosen { owner, member, lot, amount } in self.choose(pool, wanted)? {
            let party = self.draft.party(owner, Some(member));
            self.spend_lot(party, pool, lot, amount, to);
        }
        Ok(())
    }

    /// The lots that an amount is taken from, in spending order over all whose points the member may spend.
    pub(super) fn choose(&self, pool: NameId, wanted: Points) -> Result<Vec<Chosen<'a>>, Reject> {
        let now = self.books.now;
        let spendable = |lot: &&Lot| lot.spendable_at(now) && lot.free().is_positive();
        let mut lots: Vec<Chosen<'a>> = Vec::new();
        for (owner, member) in self.owners(pool) {
            let all = member.pool(pool).map_or(&[][..], |pool| &pool.lots);
            lots.extend(all.iter().filter(spendable).map(|lot| Chosen { owner, member, lot, amount: lot.free() }));
        }
        lots.sort_by_key(|chosen| chosen.lot.order());
        let available: Points = lots.iter().map(|chosen| chosen.amount).sum();
        if available < wanted {
            return Err(self.books.insufficient(pool, wanted, available));
        }
        let mut left = wanted;
        for chosen in &mut lots {
            chosen.amount = chosen.amount.min(left);
            left -= chosen.amount;
        }
        lots.retain(|chosen| chosen.amount.is_positive());
        assert!(left.is_zero(), "what is available can be spent");
        Ok(lots)
    }

    /// Whose points the member may spend: their own, and of a pool that households have in common those of the others in
    /// theirs, but for who is frozen.
    fn owners(&self, pool: NameId) -> Vec<(&'a Text, &'a Arc<Member>)> {
        let mut owners = vec![(&self.act.member, self.member)];
        let common = self.books.terms.household.as_ref().is_some_and(|terms| terms.pools.contains(&pool));
        let household = self.standing().and_then(|standing| standing.household.as_ref()).filter(|_| common);
        for id in household.iter().flat_map(|(_, members)| members).filter(|id| **id != self.act.member) {
            let may = |member: &&Arc<Member>| member.standing().is_some_and(|standing| !standing.frozen);
            owners.extend(self.books.member(id).filter(may).map(|member| (id, member)));
        }
        owners
    }

    /// Takes part of a lot, with what a reversal needs to bring it back.
    pub(super) fn spend_lot(&mut self, party: u8, pool: NameId, lot: &Lot, amount: Points, to: &Account) {
        self.draft.effects.push(Effect::Spend {
            party,
            pool,
            lot: lot.id,
            amount,
            earned_at: lot.earned_at,
            expires_at: lot.expires_at,
            to: to.clone(),
        });
    }
}

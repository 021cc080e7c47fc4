//! Spending in the naive model: transfers, holds, redemptions and their undoing.

use std::collections::BTreeMap;

use super::super::model::{DAY_MS, Expiry, add_months};
use super::{Hold, Lot, MUGS, Outcome, Redemption, Refusal, Spend, Taken, Verdict, Waiting, Whole, lot};

/// How long points live that come back after their time.
const GRACE_DAYS: i64 = 30;

impl Whole {
    /// A move of points that keep their expiry.
    pub fn transfer(&mut self, from: &str, to: &str, amount: i64, verdict: Verdict) -> Outcome {
        if from == to {
            return Err("not_transferable");
        }
        self.who(from)?;
        self.who(to)?;
        self.may_spend(from)?;
        if verdict == Verdict::Deny {
            return Ok(());
        }
        let chosen = self.afford(&[from.to_owned()], amount)?;
        if verdict == Verdict::Hold {
            let id = self.keep_aside(from, chosen, None, false);
            self.wait_for_review(from, Waiting::Transfer { id, to: to.to_owned() });
            return Ok(());
        }
        self.move_to(to, &chosen);
        Ok(())
    }

    pub(super) fn move_to(&mut self, to: &str, chosen: &[(String, usize, i64)]) {
        let mut arriving: Vec<(Option<i64>, i64)> = Vec::new();
        for (whose, lot, part) in chosen {
            let taken = self.take(whose, *lot, *part);
            let late = taken.until.is_some_and(|until| until <= self.now);
            let until = if late { Some(self.now + GRACE_DAYS * DAY_MS) } else { taken.until };
            match arriving.iter_mut().find(|(known, _)| *known == until) {
                Some((_, sum)) => *sum += part,
                None => arriving.push((until, *part)),
            }
        }
        let now = self.now;
        for (until, left) in arriving {
            let id = self.fresh();
            let mut lot = lot(id, (left, now), (Some(now), until), None);
            lot.received = true;
            self.holders.get_mut(to).unwrap().credit(lot, now);
        }
    }

    /// Whose points a member may spend: their own, and those of their household but for who is frozen.
    pub(super) fn purses(&self, member: &str) -> Vec<String> {
        let mut purses = vec![member.to_owned()];
        if self.holders[member].home {
            purses.extend(self.home.iter().filter(|id| *id != member && !self.holders[*id].frozen).cloned());
        }
        purses
    }

    pub(super) fn afford(&self, purses: &[String], amount: i64) -> Result<Vec<(String, usize, i64)>, Refusal> {
        let lots = purses.iter().flat_map(|id| &self.holders[id].lots);
        if lots.filter(|lot| lot.available).map(Lot::free).sum::<i64>() < amount {
            return Err("insufficient_balance");
        }
        Ok(self.choose(purses, amount))
    }

    /// Parts of lots that come to an amount: first what is lost first, of equals the oldest.
    pub(super) fn choose(&self, purses: &[String], amount: i64) -> Vec<(String, usize, i64)> {
        let mut lots: Vec<(&String, &Lot)> =
            purses.iter().flat_map(|id| self.holders[id].lots.iter().map(move |lot| (id, lot))).collect();
        lots.retain(|(_, lot)| lot.available && lot.free() > 0);
        lots.sort_by_key(|(_, lot)| lot.rank());
        let mut left = amount;
        let mut chosen = Vec::new();
        for (whose, lot) in lots {
            let part = lot.free().min(left);
            left -= part;
            if part > 0 {
                chosen.push((whose.clone(), lot.id, part));
            }
        }
        chosen
    }

    /// Part of a lot goes.
    pub(super) fn take(&mut self, whose: &str, id: usize, amount: i64) -> Taken {
        let holder = self.holders.get_mut(whose).unwrap();
        let lot = holder.lots.iter_mut().find(|lot| lot.id == id && lot.free() >= amount).unwrap();
        lot.left -= amount;
        let (earned, until, order) = (lot.earned, lot.until, lot.order);
        holder.lots.retain(|lot| lot.left > 0);
        Taken { whose: whose.to_owned(), lot: id, amount, earned, until, order }
    }

    pub(super) fn keep_aside(
        &mut self,
        member: &str,
        chosen: Vec<(String, usize, i64)>,
        until: Option<i64>,
        mug: bool,
    ) -> usize {
        let id = self.fresh();
        let mut own = Hold { id, until, mug, lots: Vec::new(), own: true };
        let mut others: BTreeMap<String, Hold> = BTreeMap::new();
        for (whose, lot, part) in chosen {
            if whose == member {
                own.lots.push(lot);
            } else {
                let hold = || Hold { id, until, mug: false, lots: Vec::new(), own: false };
                others.entry(whose.clone()).or_insert_with(hold).lots.push(lot);
            }
            let known = self.holders.get_mut(&whose).unwrap().lots.iter_mut().find(|known| known.id == lot).unwrap();
            known.kept.insert(id, part);
        }
        self.holders.get_mut(member).unwrap().holds.push(own);
        for (whose, hold) in others {
            self.holders.get_mut(&whose).unwrap().holds.push(hold);
        }
        id
    }

    pub(super) fn in_stock(&self) -> Outcome {
        if self.mugs_sold >= MUGS { Err("reward_unavailable") } else { Ok(()) }
    }

    /// Keeps points aside; the hold's name, where it is one.
    pub fn hold(&mut self, member: &str, spend: Spend, ttl: i64, verdict: Verdict) -> Result<Option<usize>, Refusal> {
        self.may_spend(member)?;
        let mug = matches!(spend, Spend::Mug);
        if mug {
            self.in_stock()?;
        }
        if verdict == Verdict::Deny {
            return Ok(None);
        }
        let chosen = self.afford(&self.purses(member), spend.price())?;
        let until = (verdict == Verdict::Allow).then_some(self.now + ttl);
        let id = self.keep_aside(member, chosen, until, mug);
        if verdict == Verdict::Hold {
            self.wait_for_review(member, Waiting::Hold { id, ttl });
        } else {
            self.mugs_sold += i64::from(mug);
        }
        Ok(Some(id))
    }

    pub(super) fn active(&self, member: &str, id: usize) -> Result<Hold, Refusal> {
        let holds = self.holders.get(member).map_or(&[][..], |holder| &holder.holds);
        let known = holds.iter().find(|hold| hold.id == id && hold.until.is_some());
        known.cloned().ok_or("hold_not_active")
    }

    /// Ends a hold everywhere: takes so much of what it kept, in spending order, and frees the rest.
    pub(super) fn end(&mut self, id: usize, spent: i64, captured_by: Option<&str>) -> Vec<Taken> {
        let mut kept: Vec<(String, (i64, i64, usize), i64)> = Vec::new();
        for (whose, holder) in &self.holders {
            for lot in &holder.lots {
                kept.extend(lot.kept.get(&id).map(|amount| (whose.clone(), lot.rank(), *amount)));
            }
        }
        kept.sort_by_key(|(_, rank, _)| *rank);
        let mut left = spent;
        let mut took = Vec::new();
        for (whose, (_, _, lot), amount) in kept {
            let part = amount.min(left);
            left -= part;
            let holder = self.holders.get_mut(&whose).unwrap();
            let known = holder.lots.iter_mut().find(|known| known.id == lot && known.kept.contains_key(&id)).unwrap();
            known.kept.insert(id, amount - part);
            known.left -= part;
            if part > 0 {
                let (earned, until, order) = (known.earned, known.until, known.order);
                took.push(Taken { whose, lot, amount: part, earned, until, order });
            }
        }
        let (now, expiry) = (self.now, self.expiry);
        for (whose, holder) in &mut self.holders {
            let active = captured_by == Some(whose);
            let oldest = holder.oldest();
            for (order, amount) in holder.free(id, (expiry, oldest), now, active) {
                self.orders[order].expired += amount;
            }
        }
        took
    }

    /// Spends what a hold keeps; what is not needed is free.
    pub fn capture(&mut self, member: &str, id: usize, amount: Option<i64>) -> Result<usize, Refusal> {
        self.who(member)?;
        let hold = self.active(member, id)?;
        self.may_spend(member)?;
        let kept = self.kept(id);
        let wanted = amount.unwrap_or(kept);
        if wanted > kept {
            return Err("insufficient_balance");
        }
        if hold.mug && wanted != kept {
            return Err("reward_unavailable");
        }
        let took = self.end(id, wanted, Some(member));
        let redemption = self.fresh();
        self.bought(redemption, member, took, hold.mug);
        Ok(redemption)
    }

    pub(super) fn kept(&self, id: usize) -> i64 {
        self.holders.values().flat_map(|holder| &holder.lots).filter_map(|lot| lot.kept.get(&id)).sum()
    }

    pub(super) fn bought(&mut self, id: usize, member: &str, took: Vec<Taken>, mug: bool) {
        let grant = mug.then(|| self.fresh());
        let now = self.now;
        let holder = self.holders.get_mut(member).unwrap();
        holder.active = holder.active.max(now);
        holder.grants.extend(grant);
        self.redemptions.insert(id, Redemption { owner: member.to_owned(), took, back: 0, grant });
    }

    /// Gives a hold up.
    pub fn release(&mut self, member: &str, id: usize) -> Outcome {
        self.who(member)?;
        let hold = self.active(member, id)?;
        self.mugs_sold -= i64::from(hold.mug);
        self.end(id, 0, None);
        Ok(())
    }

    /// Spends at once; the redemption's name, where it is one or will be.
    pub fn redeem(&mut self, member: &str, spend: Spend, verdict: Verdict) -> Result<Option<usize>, Refusal> {
        self.may_spend(member)?;
        let mug = matches!(spend, Spend::Mug);
        if mug {
            self.in_stock()?;
        }
        if verdict == Verdict::Deny {
            return Ok(None);
        }
        let chosen = self.afford(&self.purses(member), spend.price())?;
        if verdict == Verdict::Hold {
            let id = self.keep_aside(member, chosen, None, mug);
            self.wait_for_review(member, Waiting::Redeem { id });
            return Ok(Some(id));
        }
        let took = chosen.iter().map(|(whose, lot, part)| self.take(whose, *lot, *part)).collect();
        let id = self.fresh();
        self.mugs_sold += i64::from(mug);
        self.bought(id, member, took, mug);
        Ok(Some(id))
    }

    /// Gives points away.
    pub fn donate(&mut self, member: &str, amount: i64, verdict: Verdict) -> Outcome {
        self.may_spend(member)?;
        if verdict == Verdict::Deny {
            return Ok(());
        }
        let chosen = self.afford(&self.purses(member), amount)?;
        if verdict == Verdict::Hold {
            let id = self.keep_aside(member, chosen, None, false);
            self.wait_for_review(member, Waiting::Donate { id });
            return Ok(());
        }
        for (whose, lot, part) in chosen {
            self.take(&whose, lot, part);
        }
        Ok(())
    }

    /// Gives a redemption back; what was taken last comes back first.
    pub fn reverse(&mut self, member: &str, id: usize, amount: Option<i64>) -> Outcome {
        self.who(member)?;
        let known =
            self.redemptions.get(&id).filter(|known| known.owner == member).ok_or("unknown_redemption")?.clone();
        let all: i64 = known.took.iter().map(|taken| taken.amount).sum();
        let left = all - known.back;
        let wanted = amount.unwrap_or(left);
        if wanted > left || left <= 0 {
            return Err("exceeds_redemption");
        }
        if known.grant.is_some_and(|grant| !self.holders[member].grants.contains(&grant)) {
            return Err("reward_unavailable");
        }
        let (mut skip, mut missing) = (known.back, wanted);
        let mut parts = Vec::new();
        for taken in known.took.iter().rev() {
            let skipped = taken.amount.min(skip);
            skip -= skipped;
            let part = (taken.amount - skipped).min(missing);
            missing -= part;
            if part > 0 {
                parts.push((taken, part));
            }
        }
        if parts.iter().any(|(taken, _)| self.is_merged(&taken.whose)) {
            return Err("member_merged");
        }
        for (taken, part) in parts {
            self.bring_back(taken, part);
        }
        if let Some(grant) = known.grant.filter(|_| wanted == left) {
            self.who(member)?.grants.retain(|known| *known != grant);
            self.mugs_sold -= 1;
        }
        self.redemptions.get_mut(&id).unwrap().back += wanted;
        Ok(())
    }

    pub(super) fn bring_back(&mut self, taken: &Taken, amount: i64) {
        let (now, expiry) = (self.now, self.expiry);
        let fresh = self.fresh();
        let grace = now + GRACE_DAYS * DAY_MS;
        let holder = self.holders.get_mut(&taken.whose).unwrap();
        let inactive = matches!(expiry, Expiry::Inactivity(months)
            if add_months(holder.active.max(taken.earned), months) <= now);
        let over = taken.until.is_some_and(|until| until <= now);
        let (id, until, order) =
            if over || inactive { (fresh, Some(grace), None) } else { (taken.lot, taken.until, taken.order) };
        let earned = if inactive { now } else { taken.earned };
        let paid = amount.min(holder.debt);
        holder.debt -= paid;
        let left = amount - paid;
        if let Some(lot) = holder.lots.iter_mut().find(|lot| lot.id == id && lot.until == until) {
            lot.left += left;
        } else if left > 0 {
            let (kept, from) = (BTreeMap::new(), Some(earned));
            holder.lots.push(Lot { id, left, kept, earned, from, until, available: true, received: false, order });
        }
    }

    /// Uses or gives up the reward a redemption bought.
    pub fn leave_reward(&mut self, member: &str, redemption: usize, uses: bool) -> Outcome {
        self.who(member)?;
        if uses {
            self.may_spend(member)?;
        }
        let grant =
            self.redemptions.get(&redemption).filter(|known| known.owner == member).and_then(|known| known.grant);
        let holder = self.who(member)?;
        let place =
            grant.and_then(|grant| holder.grants.iter().position(|known| *known == grant)).ok_or("voucher_used")?;
        holder.grants.remove(place);
        Ok(())
    }
}

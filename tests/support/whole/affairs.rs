//! Members' own affairs and reviews in the naive model: freezing, households, merging, and what becomes of what waited.

use super::super::model::DAY_MS;
use super::{EARLY, Lot, Outcome, Part, Waiting, Whole};

/// How many live in a household.
const HOUSEHOLD: usize = 3;

impl Whole {
    /// Stops a member from spending, or lets them again.
    pub fn freeze(&mut self, member: &str, frozen: bool) -> Outcome {
        self.who(member)?.frozen = frozen;
        Ok(())
    }

    /// What is known of the person goes; points stay.
    pub fn erase(&mut self, member: &str) -> Outcome {
        self.who(member).map(drop)
    }

    /// Moves into the one household.
    pub fn join(&mut self, member: &str) -> Outcome {
        self.who(member)?;
        let alone = usize::from(!self.home.iter().any(|id| id == member));
        if self.home.len() + alone > HOUSEHOLD {
            return Err("limit_reached");
        }
        if self.holders[member].home {
            return Err("member_busy");
        }
        self.home.push(member.to_owned());
        self.who(member)?.home = true;
        Ok(())
    }

    /// Who lives in the household, in order of joining.
    pub fn home(&self) -> &[String] {
        &self.home
    }

    /// Moves out.
    pub fn leave(&mut self, member: &str) -> Outcome {
        if !self.who(member)?.home {
            return Err("member_busy");
        }
        self.who(member)?.home = false;
        self.home.retain(|id| id != member);
        Ok(())
    }

    /// One member becomes another, with all they have.
    pub fn merge(&mut self, member: &str, into: &str) -> Outcome {
        self.who(member)?;
        if member == into {
            return Err("member_busy");
        }
        self.who(into)?;
        let now = self.now;
        let holder = self.who(member)?;
        let waits = holder.lots.iter().any(|lot| lot.from.is_none());
        if !holder.holds.is_empty() || holder.home || !holder.early.is_empty() || waits {
            return Err("member_busy");
        }
        holder.lots.sort_by_key(Lot::rank);
        let (lots, debt) = (std::mem::take(&mut holder.lots), std::mem::take(&mut holder.debt));
        let (spend, purchases) = (std::mem::take(&mut holder.spend), std::mem::take(&mut holder.purchases));
        let grants = std::mem::take(&mut holder.grants);
        holder.merged = true;
        let fresh: Vec<usize> = lots.iter().map(|_| self.fresh()).collect();
        // A reward moves as a new one: its redemption is the old member's, and stays.
        let moved: Vec<usize> = grants.iter().map(|_| self.fresh()).collect();
        let target = self.who(into)?;
        target.grants.extend(moved);
        target.debt += debt;
        for (of, sum) in spend {
            *target.spend.entry(of).or_default() += sum;
        }
        target.purchases += purchases;
        for (lot, id) in lots.into_iter().zip(fresh) {
            target.credit_apart(Lot { id, order: None, received: true, ..lot }, now);
        }
        target.lots.sort_by_key(Lot::rank);
        for at in 0..target.lots.len() {
            if target.lots[at].available {
                let paid = target.lots[at].free().min(target.debt);
                target.lots[at].left -= paid;
                target.debt -= paid;
            }
        }
        target.lots.retain(|lot| lot.left > 0);
        Ok(())
    }

    /// Closes the case about a member: what waited happens, or never will.
    pub fn resolve(&mut self, member: &str, cleared: bool) -> Outcome {
        let waiting = self.cases.remove(member).ok_or("unknown_case")?;
        for what in waiting {
            match what {
                Waiting::Order(at) => self.resolve_order(member, at, cleared),
                Waiting::Refund(name, part) if cleared && !self.is_merged(member) => {
                    self.resolve_refund(member, &name, part);
                }
                Waiting::Refund(..) => {}
                Waiting::Hold { id, .. }
                | Waiting::Redeem { id }
                | Waiting::Donate { id }
                | Waiting::Transfer { id, .. }
                    if !cleared || self.holders[member].frozen =>
                {
                    self.end(id, 0, None);
                }
                Waiting::Hold { id, ttl } => {
                    let mug = self.is_for_mug(member, id);
                    if mug && self.in_stock().is_err() {
                        self.end(id, 0, None);
                        continue;
                    }
                    self.mugs_sold += i64::from(mug);
                    let until = Some(self.now + ttl);
                    for hold in
                        self.holders.values_mut().flat_map(|holder| &mut holder.holds).filter(|hold| hold.id == id)
                    {
                        hold.until = until;
                    }
                }
                Waiting::Redeem { id } => {
                    let mug = self.is_for_mug(member, id);
                    if mug && self.in_stock().is_err() {
                        self.end(id, 0, None);
                        continue;
                    }
                    let took = self.end(id, self.kept(id), Some(member));
                    self.mugs_sold += i64::from(mug);
                    self.bought(id, member, took, mug);
                }
                Waiting::Donate { id } => drop(self.end(id, self.kept(id), Some(member))),
                Waiting::Transfer { id, to } => self.resolve_transfer(member, id, &to),
            }
        }
        Ok(())
    }

    pub(super) fn is_for_mug(&self, member: &str, id: usize) -> bool {
        self.holders[member].holds.iter().any(|hold| hold.id == id && hold.mug)
    }

    pub(super) fn resolve_transfer(&mut self, from: &str, id: usize, to: &str) {
        if self.is_merged(to) {
            self.end(id, 0, None);
            return;
        }
        let holder = self.holders.get_mut(from).unwrap();
        let hold = holder.holds.iter().find(|hold| hold.id == id).unwrap().clone();
        let mut chosen = Vec::new();
        for lot in hold.lots {
            let known = holder.lots.iter_mut().find(|known| known.id == lot && known.kept.contains_key(&id)).unwrap();
            let part = known.kept.remove(&id).unwrap();
            chosen.push((from.to_owned(), lot, part));
        }
        holder.holds.retain(|hold| hold.id != id);
        self.move_to(to, &chosen);
    }

    pub(super) fn resolve_order(&mut self, member: &str, at: usize, cleared: bool) {
        let now = self.now;
        self.orders[at].waits = false;
        let id = self.orders[at].lot.unwrap();
        let occurred = self.orders[at].occurred;
        let pending_until = occurred + self.pending_days * DAY_MS;
        let from = pending_until.max(now);
        let until = self.until(from);
        let holder = self.holders.get_mut(member).unwrap();
        let place = holder.lots.iter().position(|lot| lot.id == id).unwrap();
        let mut lot = holder.lots.remove(place);
        if !cleared {
            let name = self.orders[at].name.clone();
            holder.early.retain(|(waits, _)| *waits != name);
            return;
        }
        (lot.from, lot.until) = (Some(from), until);
        holder.active = holder.active.max(now);
        holder.credit_apart(lot, now);
        self.orders[at].stands = true;
        self.count(at);
        self.refund_early(at);
    }

    pub(super) fn resolve_refund(&mut self, member: &str, name: &str, part: Part) {
        let known = self.orders.iter().position(|order| order.owner == member && order.name == name && !order.waits);
        if let Some(at) = known {
            let parts = self.orders[at].lines.at_most(&part);
            self.take_back(at, &parts);
            return;
        }
        let early = &mut self.holders.get_mut(member).unwrap().early;
        if early.len() < EARLY {
            early.push((name.to_owned(), part));
        }
    }
}

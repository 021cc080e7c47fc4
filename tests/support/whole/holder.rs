//! One member of the naive model: credits that pay what is owed, and every instant at which something falls due.

use super::super::model::{Expiry, add_months};
use super::{Hold, Holder, Lot};

impl Holder {
    /// What is owed is paid first, by what is available at once. Points received with an end that others have join them.
    pub(super) fn credit(&mut self, mut lot: Lot, now: i64) {
        if lot.from.is_some_and(|from| from <= now) {
            lot.available = true;
            self.repay(&mut lot);
        }
        let same = |known: &&mut Lot| known.received && lot.received && known.available && known.until == lot.until;
        self.lots.sort_by_key(Lot::rank);
        match self.lots.iter_mut().find(same) {
            Some(known) => known.left += lot.left,
            None => self.lots.push(lot),
        }
        self.lots.retain(|lot| lot.left > 0);
    }

    /// The same, for what never joins others.
    pub(super) fn credit_apart(&mut self, mut lot: Lot, now: i64) {
        lot.available = lot.from.is_some_and(|from| from <= now);
        if lot.available {
            self.repay(&mut lot);
        }
        if lot.left > 0 {
            self.lots.push(lot);
        }
    }

    pub(super) fn repay(&mut self, lot: &mut Lot) {
        let paid = lot.free().min(self.debt);
        lot.left -= paid;
        self.debt -= paid;
    }

    pub(super) fn oldest(&self) -> Option<i64> {
        self.lots.iter().filter(|lot| lot.from.is_some()).map(|lot| lot.earned).min()
    }

    /// When inactivity takes everything that is not kept aside.
    pub(super) fn all_lost(&self, expiry: Expiry) -> Option<i64> {
        let Expiry::Inactivity(months) = expiry else { return None };
        let first = self.lots.iter().filter(|lot| lot.free() > 0 && lot.from.is_some()).map(|lot| lot.earned).min()?;
        Some(add_months(first.max(self.active), months))
    }

    pub(super) fn next(&self, expiry: Expiry) -> Option<i64> {
        let starts = self.lots.iter().filter(|lot| !lot.available).filter_map(|lot| lot.from);
        let ends = self.lots.iter().filter(|lot| lot.free() > 0).filter_map(|lot| lot.until);
        let holds = self.holds.iter().filter_map(|hold| hold.until);
        starts.chain(ends).chain(holds).chain(self.all_lost(expiry)).min()
    }

    /// What falls due at an instant: what is lost, then holds end, then points become available and pay what is owed. What was
    /// lost, by order, and the mugs nobody bought.
    pub(super) fn happen(&mut self, expiry: Expiry, now: i64) -> (Vec<(usize, i64)>, i64) {
        let all_lost = self.all_lost(expiry).is_some_and(|end| end <= now);
        let oldest = self.oldest();
        let mut lost = Vec::new();
        for lot in &mut self.lots {
            if (all_lost && lot.from.is_some()) || lot.until.is_some_and(|until| until <= now) {
                let amount = lot.free();
                lot.left -= amount;
                lost.extend(lot.order.filter(|_| amount > 0).map(|order| (order, amount)));
            }
        }
        self.lots.retain(|lot| lot.left > 0);
        let over: Vec<Hold> =
            self.holds.iter().filter(|hold| hold.until.is_some_and(|until| until <= now)).cloned().collect();
        let mugs = over.iter().filter(|hold| hold.own && hold.mug).count();
        // What becomes available pays before what was kept aside does.
        self.lots.sort_by_key(Lot::rank);
        let starting = |lot: &Lot| !lot.available && lot.from.is_some_and(|from| from <= now);
        for mut lot in std::mem::take(&mut self.lots) {
            if starting(&lot) {
                lot.available = true;
                self.repay(&mut lot);
            }
            self.lots.push(lot);
        }
        self.lots.retain(|lot| lot.left > 0);
        for hold in over {
            lost.extend(self.free(hold.id, (expiry, oldest), now, false));
        }
        (lost, i64::try_from(mugs).unwrap())
    }

    /// What a hold kept is free: it pays what is owed, and what is left is lost where it is over. What was lost, by order.
    pub(super) fn free(
        &mut self,
        id: usize,
        (expiry, oldest): (Expiry, Option<i64>),
        now: i64,
        active: bool,
    ) -> Vec<(usize, i64)> {
        let Some(place) = self.holds.iter().position(|hold| hold.id == id) else { return Vec::new() };
        let hold = self.holds.remove(place);
        let all_lost = !active
            && matches!((expiry, oldest), (Expiry::Inactivity(months), Some(oldest))
                if add_months(oldest.max(self.active), months) <= now);
        let mut lost = Vec::new();
        for of in hold.lots {
            let Some(known) = self.lots.iter_mut().find(|lot| lot.id == of && lot.kept.contains_key(&id)) else {
                continue;
            };
            let amount = known.kept.remove(&id).unwrap_or(0);
            let paid = amount.min(self.debt);
            known.left -= paid;
            self.debt -= paid;
            if all_lost || known.until.is_some_and(|until| until <= now) {
                known.left -= amount - paid;
                lost.extend(known.order.filter(|_| amount > paid).map(|order| (order, amount - paid)));
            }
        }
        self.lots.retain(|lot| lot.left > 0);
        lost
    }
}

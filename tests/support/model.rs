//! The ledger once more, as naively as it can be told: a list of lots a member, and every instant gone through one by one.
//!
//! It shares nothing with the product, the calendar included, and knows one pool, in UTC. It exists to be compared with.

use std::collections::BTreeMap;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// When lots are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Never.
    Never,
    /// So many days after they become available.
    Days(i64),
    /// So many months after they become available.
    Months(i64),
    /// At the end of the year after the one they become available in.
    EndOfNextYear,
    /// All together, so many months after the last purchase.
    Inactivity(i64),
}

#[derive(Clone, Debug)]
struct Lot {
    left: i64,
    earned: i64,
    /// When it becomes available; never, where nothing is said.
    from: Option<i64>,
    until: Option<i64>,
    available: bool,
    received: bool,
}

#[derive(Clone, Debug, Default)]
struct Holder {
    lots: Vec<Lot>,
    debt: i64,
    last_purchase: i64,
}

/// Members of a program with one pool.
#[derive(Clone, Debug)]
pub struct Model {
    expiry: Expiry,
    pending_days: i64,
    holders: BTreeMap<String, Holder>,
}

impl Model {
    /// A program without members.
    pub fn new(expiry: Expiry, pending_days: i64) -> Self {
        Self { expiry, pending_days, holders: BTreeMap::new() }
    }

    /// Available, pending and debt, once everything has happened that falls due by then.
    pub fn balance(&self, member: &str, at: i64) -> [i64; 3] {
        let Some(holder) = self.holders.get(member) else { return [0; 3] };
        let mut holder = holder.clone();
        holder.pass(self.expiry, at);
        let sum = |available| holder.lots.iter().filter(|lot| lot.available == available).map(|lot| lot.left).sum();
        [sum(true), sum(false), holder.debt]
    }

    /// True for a member.
    pub fn knows(&self, member: &str) -> bool {
        self.holders.contains_key(member)
    }

    /// Time passes.
    pub fn pass(&mut self, to: i64) {
        for holder in self.holders.values_mut() {
            holder.pass(self.expiry, to);
        }
    }

    /// A purchase that earns, at a time that may lie in the past; a held one waits for ever.
    pub fn buy(&mut self, member: &str, points: i64, (occurred, now): (i64, i64), held: bool) {
        let from = (!held).then_some(occurred + self.pending_days * DAY_MS);
        let until = from.and_then(|from| self.until(from));
        let holder = self.holders.entry(member.to_owned()).or_default();
        holder.credit(Lot { left: points, earned: occurred, from, until, available: false, received: false }, now);
        if !held {
            holder.last_purchase = holder.last_purchase.max(occurred);
        }
    }

    /// A correction; says why not.
    pub fn adjust(&mut self, member: &str, amount: i64, now: i64) -> Result<(), &'static str> {
        let until = self.until(now);
        let holder = self.holders.get_mut(member).ok_or("unknown_member")?;
        if amount < 0 {
            return holder.spend(-amount).map(drop);
        }
        holder
            .credit(Lot { left: amount, earned: now, from: Some(now), until, available: false, received: false }, now);
        Ok(())
    }

    /// A move of points that keep their expiry; says why not.
    pub fn transfer(&mut self, from: &str, to: &str, amount: i64, now: i64) -> Result<(), &'static str> {
        if from == to {
            return Err("not_transferable");
        }
        if !self.knows(from) || !self.knows(to) {
            return Err("unknown_member");
        }
        let taken = self.holders.get_mut(from).ok_or("unknown_member")?.spend(amount)?;
        let receiver = self.holders.get_mut(to).ok_or("unknown_member")?;
        for (left, until) in taken {
            receiver.credit(Lot { left, earned: now, from: Some(now), until, available: false, received: true }, now);
        }
        Ok(())
    }

    /// A debt.
    pub fn owe(&mut self, member: &str, amount: i64) {
        self.holders.get_mut(member).unwrap().debt += amount;
    }

    fn until(&self, from: i64) -> Option<i64> {
        match self.expiry {
            Expiry::Never | Expiry::Inactivity(_) => None,
            Expiry::Days(days) => Some(from + days * DAY_MS),
            Expiry::Months(months) => Some(add_months(from, months)),
            Expiry::EndOfNextYear => Some(start_of_year(year(from) + 2)),
        }
    }
}

impl Holder {
    /// What is owed is paid first, by what is available at once.
    fn credit(&mut self, mut lot: Lot, now: i64) {
        if lot.from.is_some_and(|from| from <= now) {
            lot.available = true;
            self.repay(&mut lot);
        }
        let same = |known: &&mut Lot| known.received && lot.received && known.until == lot.until;
        match self.lots.iter_mut().find(same) {
            Some(known) => known.left += lot.left,
            None => self.lots.push(lot),
        }
        self.lots.retain(|lot| lot.left > 0);
    }

    fn repay(&mut self, lot: &mut Lot) {
        let paid = lot.left.min(self.debt);
        lot.left -= paid;
        self.debt -= paid;
    }

    /// Takes from the lot that is lost first, among equals from the oldest; says what was taken, by expiry.
    fn spend(&mut self, amount: i64) -> Result<Vec<(i64, Option<i64>)>, &'static str> {
        let spendable = self.lots.iter().filter(|lot| lot.available).map(|lot| lot.left).sum::<i64>();
        if spendable < amount {
            return Err("insufficient_balance");
        }
        self.lots.sort_by_key(|lot| (lot.until.unwrap_or(i64::MAX), lot.earned));
        let mut taken = Vec::new();
        let mut missing = amount;
        for lot in self.lots.iter_mut().filter(|lot| lot.available) {
            let part = lot.left.min(missing);
            lot.left -= part;
            missing -= part;
            if part > 0 {
                taken.push((part, lot.until));
            }
        }
        self.lots.retain(|lot| lot.left > 0);
        Ok(taken)
    }

    /// Goes through every instant up to one at which anything happens.
    fn pass(&mut self, expiry: Expiry, to: i64) {
        loop {
            let all_lost = self.all_lost(expiry);
            let starts = self.lots.iter().filter(|lot| !lot.available).filter_map(|lot| lot.from);
            let ends = self.lots.iter().filter_map(|lot| lot.until);
            let Some(now) = starts.chain(ends).chain(all_lost).min().filter(|at| *at <= to) else { return };
            self.lots.retain(|lot| lot.until.is_none_or(|until| until > now));
            if all_lost.is_some_and(|end| end <= now) {
                self.lots.retain(|lot| lot.from.is_none());
            }
            for mut lot in std::mem::take(&mut self.lots) {
                if !lot.available && lot.from.is_some_and(|from| from <= now) {
                    lot.available = true;
                    self.repay(&mut lot);
                }
                self.lots.push(lot);
            }
            self.lots.retain(|lot| lot.left > 0);
        }
    }

    /// When inactivity takes everything: counted from the last purchase, or from the first lot since then.
    fn all_lost(&self, expiry: Expiry) -> Option<i64> {
        let Expiry::Inactivity(months) = expiry else { return None };
        let first = self.lots.iter().filter(|lot| lot.from.is_some()).map(|lot| lot.earned).min()?;
        Some(add_months(first.max(self.last_purchase), months))
    }
}

/// The same time of day, months later, at the latest on that month's last day.
pub fn add_months(at: i64, months: i64) -> i64 {
    let (year, month, day) = civil(at.div_euclid(DAY_MS));
    let (year, month) = (year + (month - 1 + months) / 12, (month - 1 + months) % 12 + 1);
    day_number(year, month, day.min(month_days(year, month))) * DAY_MS + at.rem_euclid(DAY_MS)
}

/// The calendar year of an instant.
pub fn year(at: i64) -> i64 {
    civil(at.div_euclid(DAY_MS)).0
}

/// The first instant of a calendar year.
pub fn start_of_year(year: i64) -> i64 {
    day_number(year, 1, 1) * DAY_MS
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01, counted month by month.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let years: i64 = (1970..year).flat_map(|y| (1..=12).map(move |m| month_days(y, m))).sum();
    years + (1..month).map(|m| month_days(year, m)).sum::<i64>() + day - 1
}

/// Year, month and day, counted month by month.
fn civil(mut days: i64) -> (i64, i64, i64) {
    let (mut year, mut month) = (1970, 1);
    while days >= month_days(year, month) {
        days -= month_days(year, month);
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    }
    (year, month, days + 1)
}

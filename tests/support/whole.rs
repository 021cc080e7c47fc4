//! The whole ledger once more, as naively as it can be told: lists of lots, orders, holds and redemptions, and every instant gone
//! through one by one. It knows one pool, in UTC, and shares nothing with the product. It exists to be compared with.

mod affairs;
mod holder;
mod spending;

use std::collections::BTreeMap;

use super::model::{DAY_MS, Expiry, add_months, year};
use super::shares::Lines;

/// Price of the one reward, `mug`.
pub const MUG: i64 = 10;
/// How many mugs there are.
pub const MUGS: i64 = 3;
/// Spend that makes silver and gold.
pub const LEVELS: [(i64, &str); 3] = [(1_000, "gold"), (300, "silver"), (0, "basic")];
/// How many refunds of a member may wait for their sale.
const EARLY: usize = 64;

/// What a refused step says.
pub type Refusal = &'static str;
type Outcome = Result<(), Refusal>;

#[derive(Clone, Debug)]
struct Lot {
    /// Its name; a restored lot keeps the one it had.
    id: usize,
    left: i64,
    /// What is kept aside of it, by hold.
    kept: BTreeMap<usize, i64>,
    earned: i64,
    /// When it becomes available; never, while it waits for a review.
    from: Option<i64>,
    until: Option<i64>,
    available: bool,
    received: bool,
    /// The order that gave it.
    order: Option<usize>,
}

impl Lot {
    fn free(&self) -> i64 {
        self.left - self.kept.values().sum::<i64>()
    }

    fn rank(&self) -> (i64, i64, usize) {
        (self.until.unwrap_or(i64::MAX), self.earned, self.id)
    }
}

#[derive(Clone, Debug)]
struct Hold {
    id: usize,
    until: Option<i64>,
    mug: bool,
    /// The lots, in the order they were taken.
    lots: Vec<usize>,
    /// Whether it is the owner's own, and not a part kept for somebody of the household.
    own: bool,
}

#[derive(Clone, Debug, Default)]
struct Holder {
    lots: Vec<Lot>,
    holds: Vec<Hold>,
    debt: i64,
    active: i64,
    spend: BTreeMap<i64, i64>,
    purchases: i64,
    grants: Vec<usize>,
    /// Refunds that wait for their sale: the order's name and what they ask.
    early: Vec<(String, Part)>,
    frozen: bool,
    merged: bool,
    home: bool,
}

/// What is refunded of an order.
#[derive(Clone, Debug)]
pub enum Part {
    /// Part of a line, by its number.
    Line(i64, i64),
    /// An amount.
    Amount(i64),
    /// All that is left.
    Rest,
}

#[derive(Clone, Debug)]
struct Order {
    owner: String,
    name: String,
    lines: Lines,
    points: i64,
    occurred: i64,
    /// Whether it stands: else it was denied, or found to be fraud.
    stands: bool,
    waits: bool,
    lot: Option<usize>,
    asked: i64,
    expired: i64,
}

/// A spending that was done: what it took of which lots, in order.
#[derive(Clone, Debug)]
struct Redemption {
    owner: String,
    took: Vec<Taken>,
    back: i64,
    grant: Option<usize>,
}

#[derive(Clone, Debug)]
struct Taken {
    whose: String,
    lot: usize,
    amount: i64,
    earned: i64,
    until: Option<i64>,
    order: Option<usize>,
}

/// What waits for a review.
#[derive(Clone, Debug)]
enum Waiting {
    Order(usize),
    Refund(String, Part),
    Hold { id: usize, ttl: i64 },
    Redeem { id: usize },
    Donate { id: usize },
    Transfer { id: usize, to: String },
}

/// How a step is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It stands.
    Allow,
    /// It waits for a review.
    Hold,
    /// It is recorded and does nothing.
    Deny,
}

/// What is spent.
#[derive(Clone, Copy, Debug)]
pub enum Spend {
    /// So many points.
    Points(i64),
    /// The price of a mug.
    Mug,
}

impl Spend {
    const fn price(self) -> i64 {
        match self {
            Self::Points(amount) => amount,
            Self::Mug => MUG,
        }
    }
}

/// Everybody.
#[derive(Clone, Debug)]
pub struct Whole {
    expiry: Expiry,
    pending_days: i64,
    now: i64,
    holders: BTreeMap<String, Holder>,
    orders: Vec<Order>,
    redemptions: BTreeMap<usize, Redemption>,
    cases: BTreeMap<String, Vec<Waiting>>,
    home: Vec<String>,
    mugs_sold: i64,
    next: usize,
}

impl Whole {
    /// A program without members.
    pub fn new(expiry: Expiry, pending_days: i64, now: i64) -> Self {
        Self {
            expiry,
            pending_days,
            now,
            holders: BTreeMap::new(),
            orders: Vec::new(),
            redemptions: BTreeMap::new(),
            cases: BTreeMap::new(),
            home: Vec::new(),
            mugs_sold: 0,
            next: 0,
        }
    }

    /// Available, pending, held and debt of everybody, once everything has happened that falls due by then.
    pub fn balances(&self, at: i64) -> BTreeMap<String, [i64; 4]> {
        let mut then = self.clone();
        then.pass(at);
        let of = |holder: &Holder| {
            let sum = |available| holder.lots.iter().filter(|lot| lot.available == available).map(Lot::free).sum();
            let held = holder.lots.iter().flat_map(|lot| lot.kept.values()).sum();
            [sum(true), sum(false), held, holder.debt]
        };
        then.holders.iter().map(|(id, holder)| (id.clone(), of(holder))).collect()
    }

    /// Tier, rewards, refunds that wait, purchases and spend now; nothing for who is nobody, or somebody else.
    pub fn standing(&self, member: &str) -> Option<(&'static str, usize, usize, i64, i64)> {
        let holder = self.holders.get(member).filter(|holder| !holder.merged)?;
        let of = |year: i64| holder.spend.get(&year).copied().unwrap_or(0);
        let credit = of(year(self.now)).max(of(year(self.now) - 1));
        let tier = LEVELS.iter().find(|(from, _)| credit >= *from).map_or("none", |(_, name)| name);
        let spend = holder.spend.values().sum();
        Some((tier, holder.grants.len(), holder.early.len(), holder.purchases, spend))
    }

    /// Whether a case about a member is open.
    pub fn has_case(&self, member: &str) -> bool {
        self.cases.contains_key(member)
    }

    fn fresh(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    fn until(&self, from: i64) -> Option<i64> {
        match self.expiry {
            Expiry::Never | Expiry::Inactivity(_) => None,
            Expiry::Days(days) => Some(from + days * DAY_MS),
            Expiry::Months(months) => Some(add_months(from, months)),
            Expiry::EndOfNextYear => Some(super::model::start_of_year(year(from) + 2)),
        }
    }

    /// Everything that falls due up to an instant happens at its own.
    pub fn pass(&mut self, to: i64) {
        let expiry = self.expiry;
        for holder in self.holders.values_mut() {
            while let Some(at) = holder.next(expiry).filter(|at| *at <= to) {
                let (lost, mugs) = holder.happen(expiry, at);
                self.mugs_sold -= mugs;
                for (order, amount) in lost {
                    self.orders[order].expired += amount;
                }
            }
        }
        self.now = self.now.max(to);
    }

    /// Somebody who can act: enrolled, and still themselves.
    fn who(&mut self, member: &str) -> Result<&mut Holder, Refusal> {
        match self.holders.get_mut(member) {
            None => Err("unknown_member"),
            Some(holder) if holder.merged => Err("member_merged"),
            Some(holder) => Ok(holder),
        }
    }

    fn may_spend(&mut self, member: &str) -> Outcome {
        if self.who(member)?.frozen { Err("member_frozen") } else { Ok(()) }
    }

    fn is_merged(&self, member: &str) -> bool {
        self.holders.get(member).is_some_and(|holder| holder.merged)
    }

    fn wait_for_review(&mut self, member: &str, what: Waiting) {
        self.cases.entry(member.to_owned()).or_default().push(what);
    }

    /// A purchase that earns, at a time that may lie in the past. Refunds that came before it are done.
    pub fn buy(
        &mut self,
        member: &str,
        (name, lines, points): (&str, Vec<i64>, i64),
        occurred: i64,
        verdict: Verdict,
    ) -> Outcome {
        if self.is_merged(member) {
            return Err("member_merged");
        }
        if verdict == Verdict::Deny && !self.holders.contains_key(member) {
            return Ok(());
        }
        self.holders.entry(member.to_owned()).or_default();
        let order = Order {
            owner: member.to_owned(),
            name: name.to_owned(),
            lines: Lines::new(lines),
            points,
            occurred,
            stands: verdict == Verdict::Allow,
            waits: verdict == Verdict::Hold,
            lot: None,
            asked: 0,
            expired: 0,
        };
        self.orders.push(order);
        let at = self.orders.len() - 1;
        match verdict {
            Verdict::Deny => self.refund_early(at),
            Verdict::Hold => {
                let id = self.fresh();
                self.orders[at].lot = Some(id);
                let lot = lot(id, (points, occurred), (None, None), Some(at));
                self.who(member)?.lots.push(lot);
                self.wait_for_review(member, Waiting::Order(at));
            }
            Verdict::Allow => {
                let id = self.fresh();
                self.orders[at].lot = Some(id);
                let from = occurred + self.pending_days * DAY_MS;
                let lot = lot(id, (points, occurred), (Some(from), self.until(from)), Some(at));
                self.count(at);
                let now = self.now;
                let holder = self.who(member)?;
                holder.active = holder.active.max(occurred);
                holder.credit(lot, now);
                self.refund_early(at);
            }
        }
        Ok(())
    }

    fn count(&mut self, at: usize) {
        let (owner, total) = (self.orders[at].owner.clone(), self.orders[at].lines.total());
        let of = year(self.orders[at].occurred);
        let holder = self.holders.get_mut(&owner).unwrap();
        *holder.spend.entry(of).or_default() += total;
        holder.purchases += 1;
    }

    /// Refunds that waited for an order take at most what it gave, in the order they came.
    fn refund_early(&mut self, at: usize) {
        let (owner, name) = (self.orders[at].owner.clone(), self.orders[at].name.clone());
        while let Some(place) = self.holders[&owner].early.iter().position(|(waits, _)| *waits == name) {
            let (_, part) = self.holders.get_mut(&owner).unwrap().early.remove(place);
            let part = self.orders[at].lines.at_most(&part);
            self.take_back(at, &part);
        }
    }

    /// A refund: of an order that is there, or of one that may still come.
    pub fn refund(&mut self, member: &str, name: &str, part: &Part, verdict: Verdict) -> Outcome {
        if self.is_merged(member) {
            return Err("member_merged");
        }
        if verdict == Verdict::Deny {
            return Ok(());
        }
        let known = self.orders.iter().position(|order| order.owner == member && order.name == name && !order.waits);
        let full = self.holders.get(member).is_some_and(|holder| holder.early.len() >= EARLY);
        if full && (known.is_none() || verdict == Verdict::Hold) {
            return Err("unknown_order");
        }
        self.holders.entry(member.to_owned()).or_default();
        if verdict == Verdict::Hold {
            self.wait_for_review(member, Waiting::Refund(name.to_owned(), part.clone()));
            return Ok(());
        }
        let Some(at) = known else {
            self.who(member)?.early.push((name.to_owned(), part.clone()));
            return Ok(());
        };
        let exact = self.orders[at].lines.exactly(part).ok_or("refund_exceeds_order")?;
        self.take_back(at, &exact);
        Ok(())
    }

    /// Takes back what goes back with some amounts of an order's lines.
    fn take_back(&mut self, at: usize, parts: &[i64]) {
        let now = self.now;
        let (lot, owner) = (self.orders[at].lot, self.orders[at].owner.clone());
        let over = |known: &&Lot| Some(known.id) == lot && known.until.is_some_and(|until| until <= now);
        let late = self.holders[&owner].lots.iter().find(over).map_or(0, Lot::free);
        let order = &mut self.orders[at];
        let spend_before = order.lines.gone(order.lines.total());
        let was_whole = order.lines.is_whole();
        order.lines.give_back(parts);
        if !order.stands {
            return;
        }
        let back = order.lines.gone(order.points);
        let wanted = (back - order.expired - late - order.asked).max(0);
        order.asked = order.asked.max(back - order.expired);
        let spend = order.lines.gone(order.lines.total()) - spend_before;
        let of = year(order.occurred);
        let whole = order.lines.is_whole() && !was_whole;
        let holder = self.holders.get_mut(&owner).unwrap();
        *holder.spend.entry(of).or_default() -= spend;
        holder.purchases -= i64::from(whole);
        let mut left = wanted;
        holder.lots.sort_by_key(Lot::rank);
        for lot in holder.lots.iter_mut().filter(|known| Some(known.id) == lot) {
            if lot.until.is_none_or(|until| until > now) {
                let part = lot.free().min(left);
                lot.left -= part;
                left -= part;
            }
        }
        for lot in holder.lots.iter_mut().filter(|lot| lot.available && lot.until.is_none_or(|until| until > now)) {
            let part = lot.free().min(left);
            lot.left -= part;
            left -= part;
        }
        holder.lots.retain(|lot| lot.left > 0);
        holder.debt += left;
    }

    /// A correction.
    pub fn adjust(&mut self, member: &str, amount: i64) -> Outcome {
        let (now, until) = (self.now, self.until(self.now));
        self.who(member)?;
        if amount < 0 {
            let available = self.who(member)?.lots.iter().filter(|lot| lot.available).map(Lot::free).sum::<i64>();
            if available < -amount {
                return Err("insufficient_balance");
            }
            for (whose, lot, part) in self.choose(&[member.to_owned()], -amount) {
                self.take(&whose, lot, part);
            }
            return Ok(());
        }
        let id = self.fresh();
        let lot = lot(id, (amount, now), (Some(now), until), None);
        self.who(member)?.credit(lot, now);
        Ok(())
    }
}

fn lot(id: usize, (left, earned): (i64, i64), (from, until): (Option<i64>, Option<i64>), order: Option<usize>) -> Lot {
    Lot { id, left, kept: BTreeMap::new(), earned, from, until, available: false, received: false, order }
}

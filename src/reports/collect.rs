//! One pass over the records: orders with what was refunded of them, the flows of each pool, members, answers, verdicts.

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};

use crate::ledger::apply::{Posting, posting, takes_effect};
use crate::ledger::event::{Event, EventKind};
use crate::ledger::provenance::Leaving;
use crate::ledger::record::{Account, Credit, Effect, Input, Record, Status, Verdict};
use crate::ledger::review::Review;
use crate::ledger::types::{LotId, NameId, Seq, Text, TimeMs};

/// What a report is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The start of the period, which is within it.
    pub from: TimeMs,
    /// The end of the period, which is not.
    pub to: TimeMs,
    /// How long a customer is active after an order, in milliseconds.
    pub active_ms: i64,
}

/// A posted purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// Who bought: a place in [`Collected::customers`].
    pub customer: u32,
    /// When.
    pub at: TimeMs,
    /// For how much, in minor units.
    pub amount: i64,
    /// How much of it was refunded.
    pub refunded: i64,
}

impl Order {
    /// Whether it counts: an order that was wholly refunded is none.
    pub const fn stands(&self) -> bool {
        self.amount == 0 || self.refunded < self.amount
    }

    /// Its amount less refunds.
    pub fn net(&self) -> i128 {
        i128::from(self.amount) - i128::from(self.refunded)
    }
}

/// Where a pool's points came from and went, in units of the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Credited by rules.
    pub issued: i128,
    /// Spent, less what reversals gave back.
    pub redeemed: i128,
    /// Lost by expiry.
    pub expired: i128,
    /// Taken back by refunds.
    pub reversed: i128,
    /// Corrected by hand; below zero where more was taken than given.
    pub adjusted: i128,
    /// Given to charities.
    pub donated: i128,
    /// Come by transfer less gone: zero, unless a transfer crosses to another ledger.
    pub transferred: i128,
}

impl Flow {
    /// What members hold after it, where they held nothing before.
    pub const fn outstanding(&self) -> i128 {
        self.issued - self.redeemed - self.expired - self.reversed + self.adjusted - self.donated + self.transferred
    }

    /// Takes a move between two accounts. What the program gives away itself concerns no member, and is left out.
    fn take(&mut self, from: &Account, to: &Account, amount: i128) {
        if *to == Account::Member {
            self.add(from, amount);
        } else if *from == Account::Member {
            self.add(to, -amount);
        }
    }

    fn add(&mut self, account: &Account, to_member: i128) {
        match account {
            Account::Issued => self.issued += to_member,
            Account::Redeemed => self.redeemed -= to_member,
            Account::Expired => self.expired -= to_member,
            Account::Reversed => self.reversed -= to_member,
            Account::Adjusted => self.adjusted += to_member,
            Account::Donated(_) => self.donated -= to_member,
            Account::Transit | Account::Member => self.transferred += to_member,
        }
    }
}

/// What is known of one member up to the end of the period.
#[expect(clippy::struct_excessive_bools, reason = "four facts that are independent of each other")]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Customer {
    pub enrolled: bool,
    /// Earned or spent within the period.
    pub took_part: bool,
    pub ever_issued: bool,
    pub ever_redeemed: bool,
}

/// Members, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberCounts {
    /// Enrolled by the end of the period.
    pub at_end: u64,
    /// Enrolled within it.
    pub enrolled: u64,
}

/// Records of a fraud rule or of a kind of verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerdictCounts {
    /// By [`Verdict`], from `allow` to `deny`.
    pub by_verdict: [u64; 5],
}

impl VerdictCounts {
    fn add(&mut self, verdict: Verdict) {
        let at = match verdict {
            Verdict::Allow => 0,
            Verdict::Flag => 1,
            Verdict::Hold => 2,
            Verdict::StepUp => 3,
            Verdict::Deny => 4,
        };
        if let Some(count) = self.by_verdict.get_mut(at) {
            *count += 1;
        }
    }
}

/// What the pass came to.
#[derive(Debug, Default)]
pub struct Collected {
    pub(super) customers: Vec<Customer>,
    pub(super) orders: Vec<Order>,
    /// Flows of each pool within the period.
    pub within: BTreeMap<NameId, Flow>,
    /// Flows of each pool up to the end of the period.
    pub ever: BTreeMap<NameId, Flow>,
    /// Members.
    pub members: MemberCounts,
    /// Events within the period, by the wire name of their type and by status: posted, held, denied.
    pub events: BTreeMap<Text, [u64; 3]>,
    /// Verdicts of the period's events and spendings.
    pub verdicts: VerdictCounts,
    /// The same by rule that had something to say.
    pub rules: BTreeMap<Text, VerdictCounts>,
    /// Points that the period's held records would have given and had not, by pool.
    pub held: BTreeMap<NameId, i128>,
    /// Rewards granted within the period.
    pub granted: u64,
    /// Of those, how many were used by its end.
    pub used: u64,
    /// Answers to "would you recommend us": all, 9 to 10, 0 to 6.
    pub promoters: [i128; 3],
    /// Answers to "how easy was it", and their sum.
    pub efforts: [i128; 2],
}

/// Whether a record's grant was paid for in it: a reward that was bought is no offer.
fn is_bought(record: &Record, grant: u16) -> bool {
    let bought = |effect: &Effect| matches!(effect, Effect::Redeem { reward: Some((_, index)), .. } if *index == grant);
    record.effects.iter().any(bought)
}

/// Takes records one by one.
#[derive(Debug)]
pub struct Collector {
    asked: Asked,
    collected: Collected,
    ids: HashMap<Text, u32>,
    /// Orders by the records that hold them: of one that was held, also the record that cleared it.
    by_record: HashMap<Seq, u32>,
    /// The period's offers that were not used yet.
    offers: HashSet<LotId>,
}

impl Collector {
    /// A collector that has seen nothing.
    pub fn new(asked: Asked) -> Self {
        let (collected, ids, by_record) = (Collected::default(), HashMap::new(), HashMap::new());
        Self { asked, collected, ids, by_record, offers: HashSet::new() }
    }

    /// Takes a record of the program.
    pub fn take(&mut self, record: &Record) {
        if record.occurred_at >= self.asked.to {
            return;
        }
        let within = record.occurred_at >= self.asked.from;
        if let Input::Event(event) = &record.input {
            self.count(record, event, within);
        }
        // What was held counts from its own time on, once a review has cleared it.
        if let Some(event) = record.input.event().filter(|_| record.status == Status::Posted) {
            self.event(record, event, event.occurred_at >= self.asked.from);
        }
        for effect in record.effects.iter().filter(|effect| takes_effect(record.status, effect)) {
            self.effect(record, effect, within);
        }
        let judged = !matches!(record.input, Input::Due(_) | Input::Ruleset(_));
        if within && judged {
            self.collected.verdicts.add(record.fraud.verdict);
            for reason in &record.fraud.reasons {
                self.collected.rules.entry(reason.rule.clone()).or_default().add(reason.verdict);
            }
        }
    }

    /// What all records came to.
    pub fn finish(self) -> Collected {
        self.collected
    }

    fn customer(&mut self, id: &Text) -> u32 {
        if let Some(at) = self.ids.get(id) {
            return *at;
        }
        let at = u32::try_from(self.collected.customers.len()).expect("a ledger has less than 2^32 members");
        self.collected.customers.push(Customer::default());
        self.ids.insert(id.clone(), at);
        at
    }

    /// Changes what is known of a party of a record.
    fn note(&mut self, record: &Record, party: u8, change: impl FnOnce(&mut Customer)) {
        let Some(party) = record.parties.get(usize::from(party)) else { return };
        let at = self.customer(&party.member);
        if let Some(customer) = self.collected.customers.get_mut(at as usize) {
            change(customer);
        }
    }

    fn count(&mut self, record: &Record, event: &Event, within: bool) {
        if within {
            let status = match record.status {
                Status::Posted => 0,
                Status::Held => 1,
                Status::Denied => 2,
            };
            let counts = self.collected.events.entry(event.kind.wire_name()).or_default();
            if let Some(count) = counts.get_mut(status) {
                *count += 1;
            }
        }
    }

    fn event(&mut self, record: &Record, event: &Event, within: bool) {
        match event.kind {
            EventKind::Purchase => {
                let customer = self.customer(&event.member);
                let order = Order { customer, at: event.occurred_at, amount: event.amount().get(), refunded: 0 };
                let at = u32::try_from(self.collected.orders.len()).expect("a report is over less than 2^32 orders");
                self.collected.orders.push(order);
                self.by_record.insert(record.seq, at);
                if let Input::Review(review) = &record.input
                    && let Review::Release(release) = review.as_ref()
                {
                    self.by_record.insert(release.held, at);
                }
            }
            EventKind::Survey if within => self.survey(event),
            _ => {}
        }
    }

    fn survey(&mut self, event: &Event) {
        let Some(score) = event.attribute("score").and_then(|score| score.parse::<i128>().ok()) else { return };
        match event.attribute("kind").map(Text::as_str) {
            Some("nps") if (0..=10).contains(&score) => {
                let [answers, promoters, detractors] = &mut self.collected.promoters;
                *answers += 1;
                *promoters += i128::from(score >= 9);
                *detractors += i128::from(score <= 6);
            }
            Some("ces") if (1..=7).contains(&score) => {
                let [answers, sum] = &mut self.collected.efforts;
                *answers += 1;
                *sum += score;
            }
            _ => {}
        }
    }

    fn effect(&mut self, record: &Record, effect: &Effect, within: bool) {
        match effect {
            Effect::Enroll { party, .. } => {
                let mut fresh = false;
                self.note(record, *party, |customer| fresh = !std::mem::replace(&mut customer.enrolled, true));
                self.collected.members.at_end += u64::from(fresh);
                self.collected.members.enrolled += u64::from(fresh && within);
            }
            Effect::Credit(credit) => self.credited(record, credit, within),
            Effect::Debit { party, to, .. } | Effect::Owe { party, to, .. } | Effect::Spend { party, to, .. }
                if matches!(to, Account::Redeemed | Account::Donated(_)) =>
            {
                self.note(record, *party, |customer| {
                    customer.ever_redeemed = true;
                    customer.took_part |= within;
                });
            }
            Effect::Grant { index, .. } if within && !is_bought(record, *index) => {
                self.collected.granted += 1;
                self.offers.insert(LotId { seq: record.seq, index: *index });
            }
            // What has been refunded of each line so far, as the ledger worked it out: by line, by amount, or all.
            Effect::Refund { first, lines, .. } => {
                let order = self.by_record.get(first).and_then(|at| usize::try_from(*at).ok());
                if let Some(order) = order.and_then(|at| self.collected.orders.get_mut(at)) {
                    order.refunded = lines.iter().map(|line| line.amount.get()).sum();
                }
            }
            Effect::Ungrant { grant, why: Leaving::Used, .. } if self.offers.remove(grant) => self.collected.used += 1,
            _ => {}
        }
        if let Some(moved) = posting(effect) {
            self.moved(&moved, within);
        }
    }

    fn credited(&mut self, record: &Record, credit: &Credit, within: bool) {
        if within && record.status == Status::Held {
            *self.collected.held.entry(credit.pool).or_default() += i128::from(credit.amount.get());
        }
        if credit.from == Account::Issued {
            self.note(record, credit.party, |customer| {
                customer.ever_issued = true;
                customer.took_part |= within;
            });
        }
    }

    fn moved(&mut self, moved: &Posting, within: bool) {
        let Posting { pool, from, to, amount } = moved;
        let amount = i128::from(amount.get());
        self.collected.ever.entry(*pool).or_default().take(from, to, amount);
        if within {
            self.collected.within.entry(*pool).or_default().take(from, to, amount);
        }
    }
}

//! Orders and refunds in the ledger's tables: what a purchase's rules want, by words of its line, and the steps that refund.
//!
//! ```text
//! buy A 300 order=o1 lines=1:100:2,2:200 earn=30@2     line:amount:quantity; 30 points that come from line 2 (@1/2: from both)
//! buy A 300 earn=30 own=scripts plain=20 miles=5       30 points under a cap of their own, 20 under none, 5 miles
//! buy A 300 brief=20:30d slow=20:10d seen=sku:77       points with an expiry or a delay of their own; what a rule has seen
//! buy A 300 stamp=1 tea=1 nights count=days:2@1/q       a stamp for the whole, on two cards, one for each unit, a counter going back by quantity
//! buy A 300 grant=gift if=spend:month:3000 once=gifts   a reward that hangs on a month's spend
//! refund A order=o1 lines=2:50 | amount=50              part of a line, part of the order, or all that is left
//! ```

use super::{World, option};
use tallystick::ledger::calendar::{Day, month_index, year_of};
use tallystick::ledger::decide::{self, Subject};
use tallystick::ledger::event::{Event, EventKind, Item};
use tallystick::ledger::member::Member;
use tallystick::ledger::proposal::{Basis, Intent, Proposal};
use tallystick::ledger::provenance::{Back, Condition, Lines, Punched, RefundPolicy, Window};
use tallystick::ledger::record::Record;
use tallystick::ledger::terms::{CardWorth, LawTerms, LawWindow, RewardTerms};
use tallystick::ledger::types::{LotId, MemberKey, Money, Points, Seq, Text, TimeMs};

/// `lines=line:amount:quantity,…`
pub fn items(line: &str, kind: &EventKind) -> Vec<Item> {
    let usual = u32::from(*kind != EventKind::Refund);
    let item = |word: &str| {
        let mut parts = word.split(':').map(|part| part.parse::<i64>().unwrap());
        let number = u32::try_from(parts.next().unwrap()).unwrap();
        let amount = Money::new(parts.next().unwrap_or(0));
        let quantity = parts.next().map_or(usual, |quantity| u32::try_from(quantity).unwrap());
        Item { line: number, amount, quantity, ..Item::default() }
    };
    option(line, "lines").map_or_else(Vec::new, |words| words.split(',').map(item).collect())
}

/// `refund=within_balance` or `refund=pending_only`
pub fn policy(line: &str) -> RefundPolicy {
    match option(line, "refund") {
        Some("within_balance") => RefundPolicy::WithinBalance,
        Some("pending_only") => RefundPolicy::PendingOnly,
        _ => RefundPolicy::Debt,
    }
}

/// Words side by side.
pub fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(",")
}

/// `worth=mean` or `worth=least`
pub fn worth(line: &str) -> CardWorth {
    match option(line, "worth") {
        Some("mean") => CardWorth::Mean,
        Some("least") => CardWorth::Least,
        _ => CardWorth::Declared,
    }
}

/// `10@1/2/q`: a number, the lines it comes from, and `q` where it goes back by quantity, `w` where as a whole.
fn number_and_basis(word: &str, usual: Back) -> (i64, Basis) {
    let (number, from) = word.split_once('@').map_or((word, None), |(number, from)| (number, Some(from)));
    let mut basis = Basis { lines: Lines::All, back: usual };
    for part in from.into_iter().flat_map(|from| from.split('/')) {
        match (part, &mut basis.lines) {
            ("q", _) => basis.back = Back::Quantity,
            ("w", _) => basis.back = Back::Whole,
            (line, Lines::Of(lines)) => lines.push(line.parse().unwrap()),
            (line, all) => *all = Lines::Of(vec![line.parse().unwrap()]),
        }
    }
    (number.parse().unwrap(), basis)
}

impl World {
    /// `law step kids spend credit 500 10000`: kind, name, counter, pool, give, per; `year` for a calendar year's total.
    pub(super) fn declare_more(&mut self, line: &str) {
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["law", kind, name, counter, pool, give, per, ..] => {
                let law = LawTerms {
                    credited: self.name(name),
                    counter: self.name(counter),
                    window: match option(line, "plan").map(|plan| self.name(plan)) {
                        Some(plan) => LawWindow::Plan(plan),
                        None if line.ends_with("year") => LawWindow::Year,
                        None => LawWindow::Ever,
                    },
                    pool: self.name(pool),
                    give: give.parse().unwrap(),
                    per: per.parse().unwrap(),
                    steps: *kind == "step",
                    most: option(line, "most").map(|most| Points::new(most.parse().unwrap())),
                    at_once: !line.contains("later"),
                    reason: Text::new("law"),
                    rule: Text::new("law"),
                };
                self.terms.laws.push(law);
            }
            ["reward", name, ..] => {
                let name = self.name(name);
                self.terms.rewards.push(RewardTerms { name, ..RewardTerms::default() });
            }
            other => panic!("terms: {other:?}"),
        }
    }

    /// What the words of a line ask for.
    pub(super) fn proposal(&mut self, event: &Event, line: &str) -> Proposal {
        let mut proposal = Proposal::default();
        let (reason, rule) = (Text::new("test"), Text::new("test"));
        let day = self.terms.zone.day(event.occurred_at);
        for word in line.split_whitespace() {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let intent = match name {
                "earn" => self.earn("points", value, option(line, "own")),
                "plain" => self.earn("points", value, None),
                "miles" => self.earn("miles", value, None),
                "brief" | "slow" => {
                    let (amount, of) = value.split_once(':').unwrap();
                    let mut earn = self.earn("points", amount, None);
                    if let Intent::Earn { pending, expires, .. } = &mut earn {
                        *(if name == "slow" { pending } else { expires }) = Some(super::span(of));
                    }
                    earn
                }
                "seen" => {
                    let (name, value) = value.split_once(':').unwrap();
                    Intent::Seen { name: self.name(name), value: Text::new(value) }
                }
                "stamp" | "tea" => {
                    let (count, basis) = number_and_basis(value, Back::Whole);
                    let mark = Punched { worth: event.amount(), ..Punched::default() };
                    let card = self.name(if name == "tea" { "tea" } else { "coffee" });
                    let marks = vec![mark; usize::try_from(count).unwrap()];
                    Intent::Stamp { card, marks, reason: reason.clone(), rule: rule.clone(), basis }
                }
                "nights" => self.nights(event),
                "count" => {
                    let (counter, amount) = value.split_once(':').unwrap();
                    let (amount, basis) = number_and_basis(amount, Back::Share);
                    Intent::Count { counter: self.name(counter), amount, basis }
                }
                "grant" => Intent::Grant {
                    reward: self.name(value),
                    condition: option(line, "if").map(|text| self.condition(text, day)),
                    once: option(line, "once").map(|name| self.name(name)),
                    basis: Basis {
                        lines: Lines::All,
                        back: if option(line, "if").is_some() { Back::Never } else { Back::Whole },
                    },
                    reason: reason.clone(),
                    rule: rule.clone(),
                },
                _ => continue,
            };
            proposal.intents.push(intent);
        }
        proposal
    }

    fn earn(&mut self, pool: &str, value: &str, own: Option<&str>) -> Intent {
        let (amount, basis) = number_and_basis(value, Back::Share);
        let cap = own.map(|cap| self.name(&format!("cap:points:{cap}")));
        let rule = Text::new(if cap.is_some() { "own" } else { "test" });
        let (pool, amount, reason) = (self.name(pool), Points::new(amount), Text::new("test"));
        Intent::Earn { pool, amount, reason, rule, pending: None, expires: None, basis, cap }
    }

    fn nights(&mut self, event: &Event) -> Intent {
        let mut marks = Vec::new();
        for item in &event.items {
            let (amount, quantity) = (item.amount.get(), i64::from(item.quantity));
            for unit in 0..quantity {
                let worth = Money::new(amount / quantity + i64::from(unit < amount % quantity));
                marks.push(Punched { line: item.line, worth, expires_at: None });
            }
        }
        let basis = Basis { lines: Lines::All, back: Back::Whole };
        Intent::Stamp { card: self.name("coffee"), marks, reason: Text::new("test"), rule: Text::new("test"), basis }
    }

    /// `spend:month:3000` (`day`, `year`, `ever`) or `tier:gold`
    fn condition(&mut self, text: &str, day: Day) -> Condition {
        match text.split(':').collect::<Vec<_>>().as_slice() {
            ["tier", tier] => Condition::Tier(vec![self.name(tier)]),
            [counter, window, at_least] => Condition::Counter {
                counter: self.name(counter),
                window: match *window {
                    "year" => Window::Year(year_of(day)),
                    "month" => Window::Month(month_index(day)),
                    "day" => Window::Day(day),
                    _ => Window::Ever,
                },
                at_least: at_least.parse().unwrap(),
            },
            other => panic!("condition {other:?}"),
        }
    }

    /// The order a refund is about, found as the engine does.
    pub(super) fn subject(&self, event: &Event) -> Option<Subject> {
        let last =
            |id: &Text| self.state.member(&MemberKey { program: super::PROGRAM, id: id.clone() }).map(|m| m.last);
        let mut read = |seq: Seq| -> Result<Record, std::convert::Infallible> {
            self.read.set(self.read.get() + 1);
            Ok(self.records[usize::try_from(seq.get() - 1).unwrap()].clone())
        };
        let mut pasts = self.pasts.borrow_mut();
        let past = pasts.entry(event.member.clone()).or_default();
        let Ok(found) = Subject::find(&event.member, last(&event.member)?, event.order(), past, &mut read);
        let mut subject = found?;
        for other in subject.others().cloned().collect::<Vec<_>>() {
            let Ok(()) = subject.follow(&other, last(&other)?, &mut read);
        }
        Some(subject)
    }

    /// How many records were read to find orders, since this was asked last.
    pub fn take_read(&self) -> usize {
        self.read.take()
    }

    /// Refunds that waited for an order that was recorded just now.
    pub(super) fn find_awaited(&mut self, order: &Record) {
        let mut refunds: Vec<Record> = Vec::new();
        while let Some(record) = decide::awaited(&self.books(), order, &refunds) {
            self.take(record.clone());
            refunds.push(record);
        }
    }

    /// Further words that a balance is compared by.
    pub(super) fn more(&self, member: &Member, at: TimeMs) -> Vec<(&'static str, String)> {
        let name = |id: tallystick::ledger::types::NameId| self.names[usize::from(id.get())].to_string();
        let counters = member.counters.iter().map(|counter| format!("{}:{}", name(counter.name), counter.ever));
        let rewards: Vec<String> = member.grants.iter().map(|grant| name(grant.reward)).collect();
        let standing = member.standing.as_deref().cloned().unwrap_or_default();
        let owed: u32 = standing.stamps_owed.iter().map(|(_, owed)| owed).sum();
        let running = standing.plans.iter().filter(|plan| plan.covers(at)).count();
        let mut counters: Vec<String> = counters.collect();
        counters.sort();
        let lot = |lot: &tallystick::ledger::member::Lot| {
            let LotId { seq, .. } = lot.id;
            format!("{seq}:{}", lot.remaining)
        };
        let lots: Vec<String> = member.pools.iter().flat_map(|pool| pool.lots.iter().map(lot)).collect();
        let pool = |pool: &tallystick::ledger::member::PoolState| {
            format!("{}:{}/{}", name(pool.pool), pool.available(at), pool.debt)
        };
        let cards = member.cards.iter().map(|card| format!("{}:{}", name(card.card), card.stamps));
        vec![
            ("cards", cards.collect::<Vec<_>>().join(",")),
            ("pools", member.pools.iter().map(pool).collect::<Vec<_>>().join(",")),
            ("counters", counters.join(",")),
            ("named", rewards.join(",")),
            ("owed", owed.to_string()),
            ("plans", running.to_string()),
            ("waiting", standing.early_refunds.len().to_string()),
            ("lots", lots.join(",")),
            (
                "chose",
                standing.choices.iter().map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>().join(","),
            ),
            ("seen", joined(standing.seen.iter().map(|(of, value)| format!("{}:{value}", name(*of))))),
            ("ever", member.pools.iter().map(|pool| pool.lifetime.get()).sum::<i64>().to_string()),
        ]
    }
}

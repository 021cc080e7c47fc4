//! Long random lives of a few members with every kind of spending, refund and review, told to the ledger and to the naive
//! [`Whole`]: after every step both say the same of everybody, now and as far ahead as reads may look.

use std::io::Write as _;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::World;
use crate::support::model::Expiry;
use crate::support::whole::{Part, Spend, Verdict, Whole};
use tallystick::ledger::record::{Effect, Record};
use tallystick::ledger::reject::Reject;
use tallystick::ledger::types::{LotId, TimeMs};

const HOUR_MS: i64 = 3_600_000;
const MEMBERS: [&str; 4] = ["A", "B", "C", "D"];
/// Steps of the longest life.
const STEPS: usize = 300;

/// One step. Members and what was made before are indices.
#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    ToNextDue(i64),
    Buy { who: usize, order: usize, lines: Vec<i64>, points: i64, hours_ago: i64, verdict: Verdict },
    Refund { who: usize, order: usize, own: bool, part: Part, verdict: Verdict },
    Adjust(usize, i64),
    Transfer(usize, usize, i64, Verdict),
    Hold(usize, Spend, i64, Verdict),
    Capture(usize, Option<i64>),
    Release(usize),
    Redeem(usize, Spend, Verdict),
    Donate(usize, i64, Verdict),
    Reverse(usize, Option<i64>),
    Reward(usize, bool),
    Freeze(usize, bool),
    Erase(usize),
    Merge(usize, usize),
    Join(usize),
    Leave(usize),
    Resolve(usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..MEMBERS.len();
    let wait = prop_oneof![Just(1), (1i64..72).prop_map(|h| h * HOUR_MS), (1i64..200).prop_map(|d| d * 24 * HOUR_MS)];
    let hours_ago = prop_oneof![6 => Just(0), 1 => 1i64..2_000];
    let verdict = || prop_oneof![8 => Just(Verdict::Allow), 2 => Just(Verdict::Hold), 1 => Just(Verdict::Deny)];
    let spend = || prop_oneof![3 => (1i64..40).prop_map(Spend::Points), 1 => Just(Spend::Mug)];
    let part = prop_oneof![
        2 => (1i64..4, 1i64..160).prop_map(|(line, amount)| Part::Line(line, amount)),
        3 => (1i64..200).prop_map(Part::Amount),
        2 => Just(Part::Rest),
    ];
    let some = || prop::option::of(1i64..30);
    let many = 0usize..1_000;
    let earning = prop_oneof![
        10 => (who(), 0usize..24, prop::collection::vec(1i64..160, 1..4), 1i64..60, hours_ago, verdict()).prop_map(
            |(who, order, lines, points, hours_ago, verdict)| Step::Buy { who, order, lines, points, hours_ago, verdict }
        ),
        8 => (who(), 0usize..24, prop::bool::weighted(0.8), part, verdict())
            .prop_map(|(who, order, own, part, verdict)| Step::Refund { who, order, own, part, verdict }),
        2 => (who(), prop_oneof![-30i64..0, 1i64..20]).prop_map(|(who, amount)| Step::Adjust(who, amount)),
        4 => (who(), prop::bool::weighted(0.6)).prop_map(|(who, cleared)| Step::Resolve(who, cleared)),
    ];
    let spending = prop_oneof![
        3 => (who(), who(), 1i64..40, verdict()).prop_map(|(from, to, n, verdict)| Step::Transfer(from, to, n, verdict)),
        4 => (who(), spend(), 1i64..900, verdict()).prop_map(|(who, n, ttl, verdict)| Step::Hold(who, n, ttl, verdict)),
        3 => (many.clone(), some()).prop_map(|(which, amount)| Step::Capture(which, amount)),
        2 => many.clone().prop_map(Step::Release),
        5 => (who(), spend(), verdict()).prop_map(|(who, n, verdict)| Step::Redeem(who, n, verdict)),
        1 => (who(), 1i64..30, verdict()).prop_map(|(who, n, verdict)| Step::Donate(who, n, verdict)),
        4 => (many.clone(), some()).prop_map(|(which, amount)| Step::Reverse(which, amount)),
        1 => (many, any::<bool>()).prop_map(|(which, uses)| Step::Reward(which, uses)),
    ];
    let affairs = prop_oneof![
        3 => (who(), prop::bool::weighted(0.3)).prop_map(|(who, frozen)| Step::Freeze(who, frozen)),
        1 => who().prop_map(Step::Erase),
        1 => (who(), who()).prop_map(|(who, into)| Step::Merge(who, into)),
        3 => who().prop_map(Step::Join),
        1 => who().prop_map(Step::Leave),
    ];
    prop_oneof![
        4 => wait.prop_map(Step::Wait),
        3 => (0i64..2).prop_map(Step::ToNextDue),
        14 => earning,
        13 => spending,
        2 => affairs,
    ]
}

/// How lots end, how long they are pending, when it begins, what happens.
fn life() -> impl Strategy<Value = (Expiry, i64, i64, Vec<Step>)> {
    let expiry = prop_oneof![
        Just(Expiry::Never),
        (1i64..60).prop_map(Expiry::Days),
        (1i64..14).prop_map(Expiry::Months),
        Just(Expiry::EndOfNextYear),
        (1i64..8).prop_map(Expiry::Inactivity),
    ];
    let pending_days = prop_oneof![2 => Just(0), 1 => 1i64..40];
    // Any hour of the years 2023 to 2028: two of them are leap years.
    let begin = (464_592i64..517_200).prop_map(|hours| hours * HOUR_MS);
    (expiry, pending_days, begin, prop::collection::vec(step(), 1..STEPS))
}

/// What was made, and by whom: the ledger's name of it and the model's.
type Made = (usize, LotId, usize);

struct Both {
    world: World,
    model: Whole,
    now: i64,
    bought: Vec<(usize, String)>,
    holds: Vec<Made>,
    redemptions: Vec<Made>,
}

/// How many lives are lived: some where this runs many times a day, many where a change is accepted.
pub fn lives() -> u32 {
    std::env::var("TALLYSTICK_LIVES").ok().and_then(|lives| lives.parse().ok()).unwrap_or(64)
}

#[test]
fn random_lives_of_everything_agree_with_a_naive_model() {
    let cases = lives();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let count = std::cell::Cell::new(0usize);
    let lived = runner.run(&life(), |(expiry, pending_days, begin, steps)| {
        count.set(count.get() + live(expiry, pending_days, begin, &steps));
        Ok(())
    });
    if let Err(failed) = lived {
        panic!("{failed}");
    }
    let said = format!("    {} random commands in {cases} lives agree with the naive model", count.get());
    writeln!(std::io::stderr().lock(), "{said}").unwrap();
}

/// Lives it on both sides; how many commands that were.
fn live(expiry: Expiry, pending_days: i64, begin: i64, steps: &[Step]) -> usize {
    let expires = match expiry {
        Expiry::Never => String::new(),
        Expiry::Days(days) => format!("expires={days}d"),
        Expiry::Months(months) => format!("expires={months}m"),
        Expiry::EndOfNextYear => "expires=year+1".to_owned(),
        Expiry::Inactivity(months) => format!("expires=inactive{months}m"),
    };
    let pending = if pending_days == 0 { String::new() } else { format!("pending={pending_days}d") };
    let terms = format!(
        "pool points {expires} {pending} transferable\n spending points\n reward mug 10 stock=3\n tier basic 0\n \
         tier silver 300\n tier gold 1000\n household 3"
    );
    let mut both = Both {
        world: World::new(&terms),
        model: Whole::new(expiry, pending_days, begin),
        now: begin,
        bought: Vec::new(),
        holds: Vec::new(),
        redemptions: Vec::new(),
    };
    both.world.set_now(TimeMs::new(begin));
    for (number, step) in steps.iter().enumerate() {
        both.take(step, number);
        both.compare(step);
    }
    both.world.replay();
    both.world.commands()
}

fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "",
        Verdict::Hold => "verdict=hold",
        Verdict::Deny => "verdict=deny",
    }
}

fn price(spend: Spend) -> String {
    match spend {
        Spend::Points(amount) => amount.to_string(),
        Spend::Mug => "mug".to_owned(),
    }
}

fn of(id: LotId) -> String {
    format!("of={}:{}", id.seq, id.index)
}

fn amount(amount: Option<i64>) -> String {
    amount.map_or_else(String::new, |amount| amount.to_string())
}

fn pick(made: &[Made], which: usize) -> Option<Made> {
    // The latest are the likeliest to be of interest.
    made.len().checked_sub(1 + which % made.len().clamp(1, 6)).map(|at| made[at])
}

impl Both {
    fn take(&mut self, step: &Step, number: usize) {
        match step {
            Step::Wait(ms) => return self.pass(self.now + ms),
            Step::ToNextDue(before_ms) => {
                let next = self.world.next_instant().map_or(self.now, |at| at.get() - before_ms);
                return self.pass(next.max(self.now));
            }
            Step::Buy { .. } | Step::Refund { .. } | Step::Adjust(..) | Step::Resolve(..) => self.earn(step, number),
            Step::Transfer(..) | Step::Donate(..) => self.give(step),
            Step::Hold(who, spend, ttl, verdict) => {
                let expected = self.model.hold(MEMBERS[*who], *spend, ttl * HOUR_MS, *verdict);
                let line = format!("hold {} {} ttl={ttl}h {}", MEMBERS[*who], price(*spend), words(*verdict));
                let record = self.tell(&line, expected.map(drop));
                if let (Some(record), Ok(Some(id))) = (record, expected) {
                    self.holds.push((*who, made(&record).unwrap(), id));
                }
            }
            Step::Redeem(who, spend, verdict) => {
                let expected = self.model.redeem(MEMBERS[*who], *spend, *verdict);
                let line = format!("redeem {} {} {}", MEMBERS[*who], price(*spend), words(*verdict));
                let record = self.tell(&line, expected.map(drop));
                if let (Some(record), Ok(Some(id))) = (record, expected) {
                    self.redemptions.push((*who, made(&record).unwrap(), id));
                }
            }
            Step::Capture(..) | Step::Release(_) | Step::Reverse(..) | Step::Reward(..) => self.end(step),
            _ => self.affair(step),
        }
        self.pass(self.now);
    }

    /// Tells the ledger a line; its record, where both take it.
    fn tell(&mut self, line: &str, expected: Result<(), &'static str>) -> Option<Record> {
        let outcome = self.world.attempt(line);
        assert_eq!(outcome.as_ref().map(drop).map_err(Reject::code), expected, "{line}");
        outcome.ok()
    }

    fn earn(&mut self, step: &Step, number: usize) {
        let now = self.now;
        match step {
            Step::Buy { who, order, lines, points, hours_ago, verdict } => {
                let named = format!("o{order}");
                let taken = self.bought.iter().any(|(_, name)| *name == named);
                let name = if taken { format!("u{number}") } else { named };
                let occurred = now - hours_ago * HOUR_MS;
                let total: i64 = lines.iter().sum();
                let items: Vec<String> =
                    (1..).zip(lines).map(|(n, amount): (usize, _)| format!("{n}:{amount}")).collect();
                let on = jiff::Timestamp::from_millisecond(occurred).unwrap();
                let (member, items, said) = (MEMBERS[*who], items.join(","), words(*verdict));
                let expected = self.model.buy(member, (&name, lines.clone(), *points), occurred, *verdict);
                let line = format!("buy {member} {total} order={name} lines={items} earn={points} on={on} {said}");
                if self.tell(&line, expected).is_some() {
                    self.bought.push((*who, name));
                }
            }
            Step::Refund { who, order, own, part, verdict } => {
                let known = self.bought.len().checked_sub(1 + order % self.bought.len().clamp(1, 12));
                let known = known.map(|at| self.bought[at].clone()).filter(|_| *own);
                let (who, name) = known.unwrap_or((*who, format!("o{order}")));
                let words_of_part = match part {
                    Part::Line(line, amount) => format!("lines={line}:{amount}"),
                    Part::Amount(amount) => format!("amount={amount}"),
                    Part::Rest => String::new(),
                };
                let expected = self.model.refund(MEMBERS[who], &name, part, *verdict);
                let line = format!("refund {} order={name} {words_of_part} {}", MEMBERS[who], words(*verdict));
                self.tell(&line, expected);
            }
            Step::Adjust(who, amount) => {
                let expected = self.model.adjust(MEMBERS[*who], *amount);
                self.tell(&format!("adjust {} {amount}", MEMBERS[*who]), expected);
            }
            Step::Resolve(who, cleared) if self.model.has_case(MEMBERS[*who]) => {
                let expected = self.model.resolve(MEMBERS[*who], *cleared);
                let outcome = if *cleared { "clear" } else { "confirm" };
                self.tell(&format!("{outcome} {}", MEMBERS[*who]), expected);
            }
            _ => {}
        }
    }

    fn give(&mut self, step: &Step) {
        match step {
            Step::Transfer(from, to, amount, verdict) => {
                let (from, to) = (MEMBERS[*from], MEMBERS[*to]);
                let expected = self.model.transfer(from, to, *amount, *verdict);
                self.tell(&format!("transfer {from} {to} {amount} {}", words(*verdict)), expected);
            }
            Step::Donate(who, amount, verdict) => {
                let expected = self.model.donate(MEMBERS[*who], *amount, *verdict);
                self.tell(&format!("donate {} {amount} wildlife {}", MEMBERS[*who], words(*verdict)), expected);
            }
            _ => {}
        }
    }

    /// What ends something that was made before.
    fn end(&mut self, step: &Step) {
        match step {
            Step::Capture(which, wanted) => {
                let Some((who, hold, id)) = pick(&self.holds, *which) else { return };
                let expected = self.model.capture(MEMBERS[who], id, *wanted);
                let line = format!("capture {} {} {}", MEMBERS[who], amount(*wanted), of(hold));
                if let Some(record) = self.tell(&line, expected.map(drop)) {
                    self.redemptions.push((who, made(&record).unwrap(), expected.unwrap()));
                }
            }
            Step::Release(which) => {
                let Some((who, hold, id)) = pick(&self.holds, *which) else { return };
                let expected = self.model.release(MEMBERS[who], id);
                self.tell(&format!("release {} {}", MEMBERS[who], of(hold)), expected);
            }
            Step::Reverse(which, wanted) => {
                let Some((who, redemption, id)) = pick(&self.redemptions, *which) else { return };
                let expected = self.model.reverse(MEMBERS[who], id, *wanted);
                self.tell(&format!("reverse {} {} {}", MEMBERS[who], amount(*wanted), of(redemption)), expected);
            }
            Step::Reward(which, uses) => {
                let Some((who, redemption, id)) = pick(&self.redemptions, *which) else { return };
                let Some(grant) = self.world.grant_of(redemption) else { return };
                let expected = self.model.leave_reward(MEMBERS[who], id, *uses);
                let verb = if *uses { "use" } else { "cancel" };
                self.tell(&format!("{verb} {} {}", MEMBERS[who], of(grant)), expected);
            }
            _ => {}
        }
    }

    fn affair(&mut self, step: &Step) {
        match step {
            Step::Freeze(who, frozen) => {
                let expected = self.model.freeze(MEMBERS[*who], *frozen);
                self.tell(&format!("{} {}", if *frozen { "freeze" } else { "unfreeze" }, MEMBERS[*who]), expected);
            }
            Step::Erase(who) => {
                let expected = self.model.erase(MEMBERS[*who]);
                self.tell(&format!("erase {}", MEMBERS[*who]), expected);
            }
            Step::Merge(who, into) => {
                let (who, into) = (MEMBERS[*who], MEMBERS[*into]);
                let expected = self.model.merge(who, into);
                self.tell(&format!("merge {who} {into}"), expected);
            }
            Step::Join(who) => {
                let who = MEMBERS[*who];
                let mut all: Vec<String> = self.model.home().to_vec();
                if !all.iter().any(|id| id == who) {
                    all.push(who.to_owned());
                }
                let expected = self.model.join(who);
                self.tell(&format!("join {who} home {}", all.join(" ")), expected);
            }
            Step::Leave(who) => {
                let expected = self.model.leave(MEMBERS[*who]);
                self.tell(&format!("leave {}", MEMBERS[*who]), expected);
            }
            _ => {}
        }
    }

    fn pass(&mut self, to: i64) {
        self.now = to;
        self.model.pass(to);
        self.world.set_now(TimeMs::new(to));
    }

    fn compare(&self, step: &Step) {
        for ahead_ms in [0, 1, 24 * HOUR_MS, 31 * 24 * HOUR_MS, 800 * 24 * HOUR_MS] {
            let at = self.now + ahead_ms;
            let expected = self.model.balances(at);
            for member in MEMBERS {
                let expected = expected.get(member).copied().unwrap_or_default();
                let found = self.world.buckets(member, TimeMs::new(at));
                assert_eq!(found, expected, "{member} at {at}, {ahead_ms} ms after {step:?}");
            }
        }
        for member in MEMBERS {
            if let Some(expected) = self.model.standing(member) {
                assert_eq!(self.world.standing(member), expected, "{member} after {step:?}");
            }
        }
    }
}

/// The name of what a record made: a redemption, else a hold.
fn made(record: &Record) -> Option<LotId> {
    let redeemed = |effect: &Effect| match effect {
        Effect::Redeem { id, .. } => Some(*id),
        _ => None,
    };
    let held = |effect: &Effect| match effect {
        Effect::Hold { index, .. } => Some(LotId { seq: record.seq, index: *index }),
        _ => None,
    };
    record.effects.iter().find_map(redeemed).or_else(|| record.effects.iter().find_map(held))
}

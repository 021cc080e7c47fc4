//! Random lives of a few members, told to the ledger and to the [`Model`]: after every step both say the same.

use proptest::prelude::*;

use super::World;
use super::model::{Expiry, Model};
use tallystick::ledger::types::TimeMs;

const HOUR_MS: i64 = 3_600_000;
const MEMBERS: [&str; 3] = ["A", "B", "C"];

/// One step. Members are indices.
#[derive(Clone, Debug)]
pub enum Step {
    /// Time passes.
    Wait { ms: i64 },
    /// Time passes up to just before, or exactly to, what falls due next.
    ToNextDue { before_ms: i64 },
    /// A purchase, that many hours ago.
    Buy { who: usize, points: i64, hours_ago: i64, held: bool },
    /// A correction.
    Adjust { who: usize, amount: i64 },
    /// A move.
    Transfer { from: usize, to: usize, amount: i64 },
    /// A debt, where nothing is available.
    Owe { who: usize, amount: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..MEMBERS.len();
    let wait = prop_oneof![Just(1), (1i64..72).prop_map(|h| h * HOUR_MS), (1i64..450).prop_map(|d| d * 24 * HOUR_MS)];
    let hours_ago = prop_oneof![4 => Just(0), 1 => 1i64..2_000];
    prop_oneof![
        3 => wait.prop_map(|ms| Step::Wait { ms }),
        2 => (0i64..2).prop_map(|before_ms| Step::ToNextDue { before_ms }),
        6 => (who(), 1i64..40, hours_ago, prop::bool::weighted(0.1))
            .prop_map(|(who, points, hours_ago, held)| Step::Buy { who, points, hours_ago, held }),
        3 => (who(), prop_oneof![-40i64..0, 1i64..20]).prop_map(|(who, amount)| Step::Adjust { who, amount }),
        4 => (who(), who(), 1i64..40).prop_map(|(from, to, amount)| Step::Transfer { from, to, amount }),
        1 => (who(), 1i64..40).prop_map(|(who, amount)| Step::Owe { who, amount }),
    ]
}

/// A life: how lots end, how long they are pending, when it begins, what happens.
pub fn life() -> impl Strategy<Value = (Expiry, i64, i64, Vec<Step>)> {
    let expiry = prop_oneof![
        Just(Expiry::Never),
        (1i64..60).prop_map(Expiry::Days),
        (1i64..14).prop_map(Expiry::Months),
        Just(Expiry::EndOfNextYear),
        (1i64..8).prop_map(Expiry::Inactivity),
    ];
    let pending_days = prop_oneof![Just(0), 1i64..40];
    // Any hour of the years 2023 to 2028: two of them are leap years.
    let begin = (464_592i64..517_200).prop_map(|hours| hours * HOUR_MS);
    (expiry, pending_days, begin, prop::collection::vec(step(), 1..60))
}

/// Lives it on both sides.
pub fn live(expiry: Expiry, pending_days: i64, begin: i64, steps: &[Step]) {
    let expires = match expiry {
        Expiry::Never => String::new(),
        Expiry::Days(days) => format!("expires={days}d"),
        Expiry::Months(months) => format!("expires={months}m"),
        Expiry::EndOfNextYear => "expires=year+1".to_owned(),
        Expiry::Inactivity(months) => format!("expires=inactive{months}m"),
    };
    let pending = if pending_days == 0 { String::new() } else { format!("pending={pending_days}d") };
    let mut both = Both {
        world: World::new(&format!("pool points {expires} {pending} transferable")),
        model: Model::new(expiry, pending_days),
        now: begin,
    };
    both.world.now = TimeMs::new(begin);
    for step in steps {
        both.take(step);
        both.compare(step);
    }
    both.world.replay();
}

struct Both {
    world: World,
    model: Model,
    now: i64,
}

impl Both {
    fn take(&mut self, step: &Step) {
        let now = self.now;
        let (line, expected) = match *step {
            Step::Wait { ms } => return self.pass(now + ms),
            Step::ToNextDue { before_ms } => {
                let next = self.world.next_due().map_or(now, |(at, _)| at.get() - before_ms);
                return self.pass(next.max(now));
            }
            Step::Buy { who, points, hours_ago, held } => {
                let occurred = now - hours_ago * HOUR_MS;
                self.model.buy(MEMBERS[who], points, (occurred, now), held);
                let on = jiff::Timestamp::from_millisecond(occurred).unwrap();
                let verdict = if held { "verdict=hold" } else { "" };
                (format!("buy {} 100 earn={points} on={on} {verdict}", MEMBERS[who]), Ok(()))
            }
            Step::Adjust { who, amount } => {
                (format!("adjust {} {amount}", MEMBERS[who]), self.model.adjust(MEMBERS[who], amount, now))
            }
            Step::Transfer { from, to, amount } => {
                let (from, to) = (MEMBERS[from], MEMBERS[to]);
                (format!("transfer {from} {to} {amount}"), self.model.transfer(from, to, amount, now))
            }
            Step::Owe { who, .. } if !self.model.knows(MEMBERS[who]) => return,
            Step::Owe { who, .. } if self.model.balance(MEMBERS[who], now)[0] > 0 => return,
            Step::Owe { who, amount } => {
                self.model.owe(MEMBERS[who], amount);
                (format!("owe {} {amount}", MEMBERS[who]), Ok(()))
            }
        };
        let outcome = self.world.attempt(&line).map(drop).map_err(|reject| reject.code());
        assert_eq!(outcome, expected, "{line}");
        self.pass(now);
    }

    fn pass(&mut self, to: i64) {
        self.now = to;
        self.model.pass(to);
        self.world.now = TimeMs::new(to);
        self.world.catch_up();
    }

    /// Now, and as far ahead as reads may look.
    fn compare(&self, step: &Step) {
        for ahead_ms in [0, 1, 24 * HOUR_MS, 31 * 24 * HOUR_MS, 800 * 24 * HOUR_MS] {
            let at = self.now + ahead_ms;
            for member in MEMBERS {
                let [available, pending, _, debt] = self.world.buckets(member, TimeMs::new(at));
                let (found, expected) = ([available, pending, debt], self.model.balance(member, at));
                assert_eq!(found, expected, "{member} at {at}, {ahead_ms} ms after {step:?}");
            }
        }
    }
}

//! Random lives with everything a program can declare: laws, cards, caps, plans, referrals, free rewards, reviews and claw-backs.
//! No model foretells them; what must hold for any of them is checked after every record by the tables' door (the books, the
//! entries, what reading ahead said, replay), and in the end everything is refunded and nothing may be left of it.

use std::io::Write as _;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::World;
use crate::whole::lives;
use tallystick::ledger::types::TimeMs;

const HOUR_MS: i64 = 3_600_000;
const MEMBERS: [&str; 3] = ["A", "B", "C"];
const TERMS: &str = "
    pool points earned=gained expires=90d pending=3d transferable
    spending points
    card coffee 3 stamps_expire=40d worth=mean
    cap daily points day 150
    cap scripts points year 400 own
    cap pot points program 3000
    law step kids spend points 50 1000
    tier basic 0
    tier silver 300
    tier gold 1000
    plan annual 2500
    reward mug 10 stock=9 yearly=4 expires=20d
    reward gift
    referral friend=50 referrer=100 minimum=200 cap=2
    household 3";

/// One line of a life, written once it is known what was bought before.
#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    Line(String),
    Buy { who: usize, words: String },
    Refund { which: usize, words: String },
    Confirm { who: usize, which: usize },
}

fn who() -> impl Strategy<Value = usize> {
    0..MEMBERS.len()
}

fn verdict() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(""), 2 => Just("verdict=hold"), 1 => Just("verdict=deny")]
}

fn buy() -> impl Strategy<Value = Step> {
    let lines = prop::collection::vec((1i64..400, 1i64..4), 1..4);
    let earn = prop_oneof![
        4 => (1i64..90).prop_map(|n| format!("earn={n}")),
        1 => (1i64..90).prop_map(|n| format!("earn={n}@1")),
        1 => (1i64..90).prop_map(|n| format!("earn={n}@1/q own=scripts")),
        1 => Just(String::new()),
    ];
    let more = prop_oneof![
        3 => Just(""),
        1 => Just("stamp=1"),
        1 => Just("nights"),
        1 => Just("count=days:2@1/q"),
        1 => Just("grant=gift once=gifts"),
        1 => Just("grant=gift if=spend:month:500 once=gifts"),
        1 => Just("grant=gift if=tier:gold"),
    ];
    (who(), lines, earn, more, verdict(), any::<bool>()).prop_map(|(who, lines, earn, more, verdict, fee)| {
        let total: i64 = lines.iter().map(|(amount, _)| amount).sum();
        let lines: Vec<String> =
            (1..).zip(&lines).map(|(n, (amount, quantity)): (usize, _)| format!("{n}:{amount}:{quantity}")).collect();
        let words = match (fee, more) {
            (true, "stamp=1") => format!("fee {{}} 2500 plan=annual {verdict}"),
            _ => format!("buy {{}} {total} lines={} {earn} {more} {verdict}", lines.join(",")),
        };
        Step::Buy { who, words }
    })
}

fn step() -> impl Strategy<Value = Step> {
    let refund = (0usize..1_000, verdict(), 0i64..4, 1i64..500).prop_map(|(which, verdict, kind, amount)| {
        let words = match kind {
            0 => format!("lines=1:{amount} {verdict}"),
            1 => format!("amount={amount} {verdict}"),
            2 => format!("lines=1 {verdict}"),
            _ => verdict.to_owned(),
        };
        Step::Refund { which, words }
    });
    let line = (who(), who(), 1i64..60, verdict(), 0u8..14).prop_map(|(who, other, amount, verdict, kind)| {
        let (who, other) = (MEMBERS[who], MEMBERS[other]);
        Step::Line(match kind {
            0 => format!("redeem {who} {amount} {verdict}"),
            1 => format!("redeem {who} mug {verdict}"),
            2 => format!("hold {who} {amount} ttl=90h {verdict}"),
            3 => format!("capture {who}"),
            4 => format!("release {who}"),
            5 => format!("reverse {who}"),
            6 => format!("transfer {who} {other} {amount} {verdict}"),
            7 => format!("donate {who} {amount} wildlife {verdict}"),
            8 => format!("adjust {who} {}", amount - 20),
            9 => format!("join {who} home {who} {other}"),
            10 => format!("leave {who}"),
            11 => format!("use {who}"),
            12 => format!("tell {who} city=Ghent"),
            _ => format!("clear {who}"),
        })
    });
    let wait = prop_oneof![1i64..100, 100i64..5_000].prop_map(|hours| Step::Wait(hours * HOUR_MS));
    prop_oneof![
        6 => buy(),
        5 => refund,
        6 => line,
        1 => (who(), 0usize..1_000).prop_map(|(who, which)| Step::Confirm { who, which }),
        3 => wait,
    ]
}

struct Life {
    world: World,
    now: i64,
    bought: Vec<(usize, String)>,
}

impl Life {
    fn attempt(&mut self, line: &str) -> bool {
        // What names the latest hold or redemption has nothing to name where there is none.
        let made = |kinds: [&str; 2]| !kinds.iter().any(|kind| line.starts_with(kind)) || self.world.has(kinds[0]);
        let names = made(["capture", "release"]) && made(["reverse", "reverse"]) && made(["use", "cancel"]);
        let taken = names && self.world.attempt(line).is_ok();
        self.world.set_now(TimeMs::new(self.now));
        taken
    }

    fn take(&mut self, step: &Step, number: usize) {
        match step {
            Step::Wait(ms) => {
                self.now += ms;
                self.world.set_now(TimeMs::new(self.now));
            }
            Step::Line(line) => drop(self.attempt(line)),
            Step::Buy { who, words } => {
                let name = format!("o{number}");
                if self.attempt(&format!("{} order={name}", words.replace("{}", MEMBERS[*who]))) {
                    self.bought.push((*who, name));
                }
            }
            Step::Refund { which, words } => {
                if let Some((who, name)) = self.bought.get(which % self.bought.len().max(1)).cloned() {
                    self.attempt(&format!("refund {} order={name} {words}", MEMBERS[who]));
                }
            }
            Step::Confirm { who, which } => {
                let claw = self.bought.get(which % self.bought.len().max(1)).map_or("", |(_, name)| name.as_str());
                let line = format!("confirm {}", MEMBERS[*who]);
                // Only what stands can be clawed back.
                let claw = if self.world.stands(claw) { format!(" claw={claw}") } else { String::new() };
                self.attempt(&format!("{line}{claw}"));
            }
        }
    }

    /// Everything that waits is cleared and everything bought is given back: nothing is left of it.
    fn unwind(&mut self) {
        for member in MEMBERS {
            while self.attempt(&format!("clear {member}")) {}
        }
        for (who, name) in self.bought.clone() {
            self.attempt(&format!("refund {} order={name}", MEMBERS[who]));
        }
        for member in MEMBERS {
            for (name, sum) in self.world.counted(member) {
                let gone = !name.starts_with("bought:") && name != "gifts";
                assert!(!gone || sum == 0, "{name} of {member} is {sum} after everything was refunded");
            }
        }
    }
}

#[test]
fn random_lives_of_everything_leave_nothing_behind() {
    let cases = lives() * 2;
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let count = std::cell::Cell::new(0usize);
    let lived = runner.run(&prop::collection::vec(step(), 1..250), |steps| {
        let now = 1_760_000_000_000;
        let mut life = Life { world: World::new(TERMS), now, bought: Vec::new() };
        life.world.set_now(TimeMs::new(now));
        for line in ["enroll A", "enroll B referrer=A", "enroll C referrer=B"] {
            life.attempt(line);
        }
        for (number, step) in steps.iter().enumerate() {
            life.take(step, number);
        }
        life.unwind();
        life.world.replay();
        count.set(count.get() + life.world.commands());
        Ok(())
    });
    if let Err(failed) = lived {
        panic!("{failed}");
    }
    let said = format!("    {} random commands in {cases} lives of everything keep the books", count.get());
    writeln!(std::io::stderr().lock(), "{said}").unwrap();
}

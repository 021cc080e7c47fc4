//! The default pack's own examples: each of its rules has lives that it must stop or note, and lives that it must leave alone.
//!
//! `cases.txt` is a list of them. A case begins with `fires RULE: …` or `passes RULE: …`; each further line is one thing
//! that happens:
//!
//! ```text
//! DAY HH:MM KIND MEMBER [key=value …] [xTIMES/MINUTES]
//! ```
//!
//! In a case that fires, nothing before the last line is held or denied, and the rule speaks at the last. In one that passes, the
//! rule says nothing at any line.

mod documented;
mod explained;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use tallystick::engine::Command;
use tallystick::engine::core::{About, Core};
use tallystick::ledger::act::{Act, Spend, What};
use tallystick::ledger::decide::{Past, Subject};
use tallystick::ledger::event::{Adjustment, Birthday, Context, Event, EventKind, Personal, Tender, Transfer};
use tallystick::ledger::record::{Record, Status};
use tallystick::ledger::types::{Money, Points, ProgramId, Seq, Text, TimeMs};
use tallystick::rules::ProgramFiles;

const PROGRAM: ProgramId = ProgramId::new(0);
/// 1 March 2026, 00:00 UTC.
const FIRST_DAY_MS: i64 = 1_772_323_200_000;
const MINUTE_MS: i64 = 60_000;

/// A shop that gives a point for each unit of money and lets members give them to each other.
const SHOP: &str = r#"
[program]
name = "Shop"
zone = "UTC"
auto_enroll = true
max_lateness = "none"
[pools.points]
transferable = true
[[earn]]
on = "purchase"
pool = "points"
rate = { give = 1, per = 1 }
reason = "a purchase"
[rewards.lamp]
value = 1000
price = { pool = "points", amount = 900 }
"#;

struct Shop {
    core: Core,
    number: u64,
    records: Vec<Record>,
}

impl Shop {
    fn new() -> Self {
        let files = ProgramFiles::new("shop", vec![(Text::new_static("program.toml"), SHOP.to_owned())]);
        let mut core = Core::default();
        tallystick::engine::install(&mut core, &[files], TimeMs::EPOCH).expect("it compiles");
        Self { core, number: 0, records: Vec::new() }
    }

    fn happen(&mut self, command: &Command, now: TimeMs) -> Result<Record, String> {
        let proposal = self.core.propose(PROGRAM, command, now);
        let seen = self.core.look_up(PROGRAM, command);
        let order = self.order(command);
        let about = About { now, seen: &seen, order: order.as_ref(), earlier: None };
        let decided = self.core.decide_about(PROGRAM, command, proposal, about);
        let mut record = decided.map_err(|reject| reject.to_string())?;
        self.core.apply(&mut record, &seen);
        self.records.push(record.clone());
        Ok(record)
    }

    /// What is known of the order that a refund names.
    fn order(&self, command: &Command) -> Option<Subject> {
        let Command::Event(event) = command else { return None };
        if event.kind != EventKind::Refund {
            return None;
        }
        let last = self.core.member(PROGRAM, &event.member)?.last;
        let mut read = |seq: Seq| -> Result<Record, std::convert::Infallible> {
            Ok(self.records.iter().find(|record| record.seq == seq).expect("it was recorded").clone())
        };
        let Ok(subject) = Subject::find(&event.member, last, event.order(), &mut Past::default(), &mut read);
        subject
    }

    fn command(&mut self, kind: &str, member: &str, at: TimeMs, given: &BTreeMap<&str, &str>) -> Command {
        self.number += 1;
        let text = |key: &str| given.get(key).map(Text::new);
        let number = |key: &str, usual: i64| given.get(key).map_or(usual, |value| value.parse().expect("a number"));
        let context = Context {
            channel: text("channel"),
            store: text("store"),
            terminal: text("terminal"),
            staff: text("staff"),
            device: text("device"),
            ip: text("ip"),
            location: text("lat").zip(text("lon")),
        };
        let pool = Text::new_static("points");
        let act = |what: What| {
            Command::Act(
                Arc::new(Act { member: Text::new(member), context: Some(Box::new(context.clone())), what }),
                Text::default(),
            )
        };
        let amount = Points::new(number("amount", 1_000));
        match kind {
            "redeem" => act(What::Redeem { spend: Spend::Points { pool, amount }, order: None }),
            "buy_lamp" => act(What::Redeem { spend: Spend::Reward(Text::new_static("lamp")), order: None }),
            "credit" => Command::Adjust(Arc::new(goodwill(Text::new(member), pool, amount, context)), Text::default()),
            "transfer" => {
                let to = text("to").expect("a transfer has a receiver");
                let transfer =
                    Transfer { from: Text::new(member), to, pool, amount, context: Some(Box::new(context.clone())) };
                Command::Transfer(Arc::new(transfer), Text::default())
            }
            kind => {
                let attributes = ["receipt", "employee", "result", "terminal_sequence"].into_iter();
                let mut attributes: Vec<_> =
                    attributes.filter_map(|name| Some((Text::new_static(name), text(name)?))).collect();
                attributes.sort();
                let tender = Tender {
                    kind: Text::new_static("card"),
                    amount: Money::new(number("amount", 1_000)),
                    fingerprint: text("card"),
                };
                let birthday = given.get("birthday").and_then(|told| {
                    let (month, day) = told.split_once('-')?;
                    Some(Birthday { month: month.parse().ok()?, day: day.parse().ok()?, year: None })
                });
                let (email_hash, phone_hash) = (text("email"), text("phone"));
                let personal = Personal { email_hash, phone_hash, birthday, ..Personal::default() };
                Command::Event(Arc::new(Event {
                    id: Text::new(format!("e-{}", self.number)),
                    source: Text::new_static("till"),
                    kind: EventKind::parse(kind).unwrap_or_else(|| panic!("{kind} is a kind of event")),
                    member: Text::new(member),
                    occurred_at: at,
                    order: text("order"),
                    currency: None,
                    given_amount: matches!(kind, "purchase" | "refund").then(|| Money::new(number("amount", 1_000))),
                    items: Vec::new(),
                    tenders: if given.contains_key("card") { vec![tender] } else { Vec::new() },
                    context,
                    membership: None,
                    personal: Some(Box::new(personal)),
                    attributes,
                }))
            }
        }
    }
}

/// Points given by hand.
fn goodwill(member: Text, pool: Text, amount: Points, context: Context) -> Adjustment {
    let (reason, context) = (Text::new_static("goodwill"), Some(Box::new(context)));
    Adjustment { member, pool, amount, reason, expires_at: None, pending: false, context }
}

/// Days are given as they come; minutes within them.
fn at(day: &str, time: &str) -> TimeMs {
    let (hour, minute) = time.split_once(':').expect("a time is HH:MM");
    let [day, hour, minute] = [day, hour, minute].map(|part| part.parse::<i64>().expect("a number"));
    TimeMs::new(FIRST_DAY_MS + ((day * 24 + hour) * 60 + minute) * MINUTE_MS)
}

/// What a line says.
struct Line<'a> {
    from: TimeMs,
    kind: &'a str,
    member: &'a str,
    given: BTreeMap<&'a str, &'a str>,
    times: i64,
    step_ms: i64,
    late_ms: i64,
}

fn parse(text: &str) -> Line<'_> {
    let mut words = text.split_whitespace();
    let mut next = || words.next().unwrap_or_else(|| panic!("{text:?} says when, what and who"));
    let (from, kind, member) = (at(next(), next()), next(), next());
    let mut given = BTreeMap::new();
    let (mut times, mut step) = (1, 0);
    for word in words {
        if let Some((key, value)) = word.split_once('=') {
            given.insert(key, value);
        } else {
            let (count, minutes) =
                word.strip_prefix('x').and_then(|rest| rest.split_once('/')).expect("xTIMES/MINUTES");
            (times, step) = (count.parse().expect("a number"), minutes.parse::<i64>().expect("a number"));
        }
    }
    let late = given.get("late").map_or(0, |minutes| minutes.parse::<i64>().expect("a number"));
    Line { from, kind, member, given, times, step_ms: step * MINUTE_MS, late_ms: late * MINUTE_MS }
}

impl Line<'_> {
    /// Does one of its repetitions, at a time.
    fn happens(&self, shop: &mut Shop, turn: i64, at: TimeMs) -> Record {
        self.try_to(shop, turn, at).unwrap_or_else(|why| panic!("{} {}: {why}", self.kind, self.member))
    }

    /// The same, where it may be refused.
    fn try_to(&self, shop: &mut Shop, turn: i64, at: TimeMs) -> Result<Record, String> {
        let member = self.member.replace('#', &turn.to_string());
        let command = shop.command(self.kind, &member, at, &self.given);
        let now = TimeMs::new(at.get() + self.late_ms);
        shop.happen(&command, now)
    }

    /// When a repetition happens.
    fn at(&self, turn: i64) -> TimeMs {
        TimeMs::new(self.from.get() + turn * self.step_ms)
    }
}

/// Does a line; what each of its repetitions came to.
fn line(shop: &mut Shop, text: &str) -> Vec<Record> {
    let line = parse(text);
    (0..line.times).map(|turn| line.happens(shop, turn, line.at(turn))).collect()
}

fn run(head: &str, lines: &[&str]) -> Result<(), String> {
    let (wanted, rest) = head.split_once(' ').expect("a case says what is wanted");
    let (rule, _) = rest.split_once(':').expect("a case tells its story");
    let mut shop = Shop::new();
    let records: Vec<Record> = lines.iter().flat_map(|text| line(&mut shop, text)).collect();
    let says = |record: &Record| record.fraud.reasons.iter().any(|reason| reason.rule == rule);
    let told = |record: &Record| {
        let said: Vec<_> =
            record.fraud.reasons.iter().map(|reason| format!("{}: {}", reason.rule, reason.detail)).collect();
        format!("{:?} {}", record.status, said.join("; "))
    };
    let (last, before) = records.split_last().expect("something happens");
    match wanted {
        "fires" => match before.iter().find(|record| record.status != Status::Posted) {
            Some(early) => Err(format!("{head}\n  stopped early: {}", told(early))),
            None if !says(last) => Err(format!("{head}\n  at last: {}", told(last))),
            None => Ok(()),
        },
        "passes" => records
            .iter()
            .find(|record| says(record))
            .map_or(Ok(()), |record| Err(format!("{head}\n  at {}: {}", record.seq, told(record)))),
        other => panic!("{other} is neither fires nor passes"),
    }
}

fn cases() -> Vec<(String, Vec<String>)> {
    let file = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("tests/fraud/cases.txt");
    let text = std::fs::read_to_string(file).expect("the cases are there");
    let mut cases: Vec<(String, Vec<String>)> = Vec::new();
    for text in text.lines().map(str::trim).filter(|text| !text.is_empty() && !text.starts_with("//")) {
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            cases.last_mut().expect("a case begins with what is wanted").1.push(text.to_owned());
        } else {
            cases.push((text.to_owned(), Vec::new()));
        }
    }
    cases
}

#[test]
fn every_rule_fires_where_it_must_and_nowhere_else() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter_map(|(head, lines)| run(head, &lines.iter().map(String::as_str).collect::<Vec<_>>()).err())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_of_the_pack_has_a_case_of_each_kind() {
    let shop = Shop::new();
    let rules: BTreeSet<String> =
        shop.core.compiled(PROGRAM).terms.limits.iter().map(|limit| limit.id.to_string()).collect();
    for wanted in ["fires", "passes"] {
        let told: BTreeSet<String> = cases()
            .iter()
            .filter_map(|(head, _)| head.strip_prefix(wanted)?.trim().split_once(':').map(|(rule, _)| rule.to_owned()))
            .collect();
        let missing: Vec<_> = rules.difference(&told).collect();
        assert!(missing.is_empty(), "{wanted}: {missing:?}");
    }
}

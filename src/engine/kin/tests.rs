//! Who is tied to whom, and what is made of it, as text tables run on the real core: [`check`] posts what each line says and
//! compares what comes of it. At the end all records are replayed through the journal's bytes, and must give the same state.
//!
//! ```text
//! at 2026-05-01T10:00              moves the clock
//! enroll F referrer=R email=e1     an event; fields as on the wire
//! buy F 2500 card=c1 -> posted referral_shared:hold      its status, and what the detectors said, in order
//! = F 120 pending=100              the balance
//! one F R / two F R                whether two members are one
//! clear R / confirm R              resolves the open case about a member
//! ```

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::engine::cache::encode_ring;
use crate::engine::core::{About, Core};
use crate::engine::handle::Command;
use crate::engine::verify::state_hash;
use crate::engine::{install, review};
use crate::journal::codec::{decode_record, encode_record};
use crate::ledger::act::{Act, Spend, What};
use crate::ledger::decide::{Past, Subject};
use crate::ledger::event::{Adjustment, Birthday, Context, Event, EventKind, Personal, Tender};
use crate::ledger::kin::fingerprint;
use crate::ledger::record::{Record, Status, Verdict};
use crate::ledger::review::{Outcome, Resolution};
use crate::ledger::taint::Taint;
use crate::ledger::types::{MemberKey, Money, Points, ProgramId, Seq, Text, TimeMs};
use crate::rules::ProgramFiles;

mod clusters;
mod referrals;
mod synthetic;

const PROGRAM: ProgramId = ProgramId::new(0);

/// A program that pays 500 to the friend and 1000 to the referrer for a purchase of 20.00, and a point a unit of money.
const MANIFEST: &str = r#"
[program]
name = "Kin"
zone = "UTC"
max_lateness = "none"

[pools.points]
expires = "never"

[referral]
pool = "points"
friend = 500
referrer = 1000
minimum = 2000
"#;

struct World {
    core: Core,
    now: TimeMs,
    records: Vec<Record>,
    files: ProgramFiles,
    events: u32,
}

/// Runs `steps` on the program with `more` in its manifest; panics with the line that does not hold.
#[track_caller]
fn check(more: &str, steps: &str) {
    let mut world = World::new(more);
    for line in steps.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        world.step(line);
    }
    world.replay();
}

/// Steps for each of a range of numbers.
fn many(range: RangeInclusive<u32>, steps: impl Fn(u32) -> String) -> String {
    range.map(steps).collect()
}

fn option<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

fn instant(text: &str) -> TimeMs {
    let full = if text.contains('T') { format!("{text}:00Z") } else { format!("{text}T12:00:00Z") };
    TimeMs::new(full.parse::<jiff::Timestamp>().unwrap_or_else(|e| panic!("{text}: {e}")).as_millisecond())
}

impl World {
    fn new(more: &str) -> Self {
        let manifest = format!("{MANIFEST}\n{more}\n");
        let files = ProgramFiles::new("kin", vec![("program.toml".into(), manifest)]);
        let mut core = Core::default();
        install::changed(&mut core, std::slice::from_ref(&files), TimeMs::EPOCH).unwrap();
        Self { core, now: TimeMs::EPOCH, records: Vec::new(), files, events: 0 }
    }

    #[track_caller]
    fn step(&mut self, line: &str) {
        let (todo, wanted) = line.split_once("->").map_or((line, None), |(todo, wanted)| (todo, Some(wanted.trim())));
        let words: Vec<&str> = todo.split_whitespace().collect();
        match *words.as_slice() {
            ["at", when] => self.now = instant(when),
            ["=", member, available, ..] => self.balance(member, available, line),
            ["one", a, b] => assert!(self.one(a, b), "{line}"),
            ["two", a, b] => assert!(!self.one(a, b), "{line}"),
            ["hub", kind, value] => {
                let kind = crate::ledger::record::KeyField::named(kind).unwrap();
                let hub = self.core.state.desk.clusters.hub(PROGRAM, kind, fingerprint(value));
                assert!(hub.is_some(), "{line}");
            }
            ["clear", member] => self.resolve(member, Outcome::Cleared),
            ["confirm", member] => self.resolve(member, Outcome::Confirmed),
            ["erase", member] => {
                let act = Act { member: Text::new(member), what: What::Erase, context: None };
                self.post(&Command::Act(Arc::new(act), Text::default()));
            }
            ["redeem", member, amount, ..] => {
                let spend =
                    Spend::Points { pool: Text::new_static("points"), amount: Points::new(amount.parse().unwrap()) };
                let what = What::Redeem { spend, order: None };
                let device = option(line, "device").map(Text::new);
                let context = device.map(|device| Box::new(Context { device: Some(device), ..Context::default() }));
                let act = Act { member: Text::new(member), what, context };
                let record = self.post(&Command::Act(Arc::new(act), Text::default()));
                assert_eq!(Some(told(record).as_str()), wanted, "{line}: {:#?}", record.fraud);
            }
            ["credit", member, amount, ..] => {
                let staff = option(line, "staff").map(Text::new);
                let adjustment = Adjustment {
                    member: Text::new(member),
                    pool: Text::new_static("points"),
                    amount: Points::new(amount.parse().unwrap()),
                    reason: Text::new_static("goodwill"),
                    expires_at: None,
                    pending: false,
                    context: Some(Box::new(Context { staff, ..Context::default() })),
                };
                let record = self.post(&Command::Adjust(Arc::new(adjustment), Text::default()));
                assert_eq!(Some(told(record).as_str()), wanted, "{line}: {:#?}", record.fraud);
            }
            [kind, member, ..] => {
                let kind = match kind {
                    "buy" => EventKind::Purchase,
                    other => EventKind::parse(other).unwrap_or_else(|| panic!("{line}")),
                };
                let command = Command::Event(Arc::new(self.event(kind, member, todo)));
                let record = self.post(&command);
                if let Some(wanted) = wanted {
                    assert_eq!(told(record), wanted, "{line}: {:#?}", record.fraud);
                }
            }
            _ => panic!("{line}"),
        }
    }

    fn event(&mut self, kind: EventKind, member: &str, line: &str) -> Event {
        self.events += 1;
        let text = |name: &str| option(line, name).map(Text::new);
        let amount = line.split_whitespace().nth(2).and_then(|amount| amount.parse().ok()).map(Money::new);
        let tender =
            |kind: &str, fingerprint| Tender { kind: Text::new(kind), amount: amount.unwrap_or_default(), fingerprint };
        let card = option(line, "card").map(|card| tender("card", Some(Text::new(card))));
        let paid = option(line, "paid").map(|kind| tender(kind, None));
        let birthday = option(line, "birthday").map(|day| {
            let (month, day) = day.split_once('-').unwrap();
            Birthday { month: month.parse().unwrap(), day: day.parse().unwrap(), year: None }
        });
        let personal = Personal {
            referrer: text("referrer"),
            birthday,
            email_hash: text("email"),
            phone_hash: text("phone"),
            address_hash: text("address"),
        };
        let context = Context {
            channel: text("channel"),
            store: text("store"),
            staff: text("staff"),
            device: text("device"),
            ip: text("ip"),
            ..Context::default()
        };
        Event {
            id: option(line, "id").map_or_else(|| Text::new(format!("e{}", self.events)), Text::new),
            source: Text::new_static("test"),
            kind,
            member: Text::new(member),
            occurred_at: self.now,
            order: text("order"),
            currency: None,
            given_amount: amount,
            items: Vec::new(),
            tenders: card.into_iter().chain(paid).collect(),
            context,
            membership: text("membership"),
            personal: (personal != Personal::default()).then(|| Box::new(personal)),
            attributes: Vec::new(),
        }
    }

    fn post(&mut self, command: &Command) -> &Record {
        let proposal = self.core.propose(PROGRAM, command, self.now);
        let seen = self.core.look_up(PROGRAM, command);
        let order = match command {
            Command::Event(event) if event.kind == EventKind::Refund => {
                let last = self.core.member(PROGRAM, &event.member).unwrap().last;
                let records = &self.records;
                let mut read = |seq: Seq| -> Result<Record, std::convert::Infallible> {
                    Ok(records.iter().find(|record| record.seq == seq).unwrap().clone())
                };
                let Ok(subject) = Subject::find(&event.member, last, event.order(), &mut Past::default(), &mut read);
                let mut subject = subject.unwrap();
                for other in subject.others().cloned().collect::<Vec<Text>>() {
                    let last = self.core.member(PROGRAM, &other).unwrap().last;
                    let Ok(()) = subject.follow(&other, last, &mut read);
                }
                Some(subject)
            }
            _ => None,
        };
        let about = About { now: self.now, seen: &seen, order: order.as_ref(), earlier: None };
        let mut record = self.core.decide_about(PROGRAM, command, proposal, about).unwrap();
        self.core.apply(&mut record, &seen);
        self.records.push(record);
        self.records.last().unwrap()
    }

    fn one(&self, a: &str, b: &str) -> bool {
        let cluster = self.core.state.desk.clusters.of(PROGRAM, fingerprint(a));
        cluster.is_some_and(|cluster| cluster.members().contains(&fingerprint(b)))
    }

    fn balance(&self, member: &str, available: &str, line: &str) {
        let member = self.core.member(PROGRAM, &Text::new(member)).unwrap();
        let snapshot = member.snapshot(self.now);
        let pool = snapshot.pools.first();
        let [has, pending, debt] = pool.map_or([0; 3], |p| [p.available.get(), p.pending.get(), p.debt.get()]);
        assert_eq!(has.to_string(), available, "{line}");
        for (name, value) in [("pending", pending), ("debt", debt)] {
            if let Some(wanted) = option(line, name) {
                assert_eq!(value.to_string(), wanted, "{line}");
            }
        }
    }

    #[track_caller]
    fn resolve(&mut self, member: &str, outcome: Outcome) {
        let entity = format!("member={member}");
        let case = self
            .core
            .state
            .desk
            .cases()
            .find(|case| case.entity.ends_with(entity.as_str()) && case.closed.is_none())
            .cloned();
        let case = case.unwrap_or_else(|| panic!("no open case about {member}"));
        let (note, author, key) = Default::default();
        let claw_back = outcome == Outcome::Confirmed;
        let resolution = Resolution { case: case.id, outcome, note, author, claw_back, key };
        let find = |seqs: &[Seq]| -> Vec<Record> {
            self.records.iter().filter(|record| seqs.contains(&record.seq)).cloned().collect()
        };
        let (held, referred) = (find(&case.held), find(&case.referred));
        let counted = if claw_back { find(&review::evidence(held.iter().chain(&referred))) } else { Vec::new() };
        let (record, closing) = self.core.close(PROGRAM, &resolution, self.now).unwrap();
        self.records.push(record);
        for one in held {
            let record = self.core.release(closing, &one, None);
            self.records.push(record);
        }
        let last = |id: &Text| self.core.member(PROGRAM, id).map(|member| member.last);
        let mut read = |seq: Seq| -> Result<Record, std::convert::Infallible> {
            Ok(self.records.iter().find(|record| record.seq == seq).unwrap().clone())
        };
        let Ok(subjects) = Subject::of_records(counted, last, &mut read);
        for subject in subjects {
            let record = self.core.claw_back(closing, &subject, &Taint::default());
            self.records.extend(record);
        }
    }

    /// All records once more, through the journal's bytes; then erasing the rows and reading them back changes nothing.
    fn replay(&self) {
        let mut again = Core::default();
        let first = install::changed(&mut again, std::slice::from_ref(&self.files), TimeMs::EPOCH).unwrap();
        drop(first);
        for record in &self.records {
            let mut bytes = Vec::new();
            encode_record(record, &mut bytes);
            let (read, _) = decode_record(&bytes).unwrap();
            again.replay(&read).unwrap();
        }
        assert_eq!(state_hash(&again), state_hash(&self.core), "a replay gives the same state");
        let mut restored = crate::ledger::desk::Desk::default();
        for row in self.core.state.desk.rows() {
            restored.restore(row);
        }
        assert_eq!(restored.rows(), self.core.state.desk.rows(), "rows hold all there is");
        assert!(self.core.rings.iter().all(|(_, ring)| !encode_ring(ring).is_empty()));
    }

    /// A member's key.
    fn key(member: &str) -> MemberKey {
        MemberKey { program: PROGRAM, id: Text::new(member) }
    }
}

/// A record's status, and what the detectors said.
fn told(record: &Record) -> String {
    let status = match record.status {
        Status::Posted => "posted",
        Status::Held => "held",
        Status::Denied => "denied",
    };
    let ours = ["referral_", "identity_", "synthetic_"];
    let said = record.fraud.reasons.iter().filter(|reason| ours.iter().any(|own| reason.rule.starts_with(own)));
    let said = said.map(|reason| {
        let verdict = match reason.verdict {
            Verdict::Allow => "allow",
            Verdict::Flag => "flag",
            Verdict::Hold => "hold",
            Verdict::StepUp => "step_up",
            Verdict::Deny => "deny",
        };
        format!(" {}:{verdict}", reason.rule)
    });
    format!("{status}{}", said.collect::<String>())
}

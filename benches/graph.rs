//! What identity links cost where there are many members: a million of them, each with an e-mail address and a phone of their own,
//! every second one with the telephone number of the member before, so that half of all enrolments join two members into one.
//!
//! `cargo bench --bench graph`; `GRAPH_MEMBERS` says how many others. Everything is done once, on one thread; times are of single
//! calls, so that they have percentiles, and the clock itself takes some 30 ns of each. It prints on standard error.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tallystick::engine::Command;
use tallystick::engine::core::Core;
use tallystick::fraud::identity::{Asked, looks};
use tallystick::ledger::event::{Event, EventKind, Personal};
use tallystick::ledger::kin::fingerprint;
use tallystick::ledger::types::{ProgramId, Text, TimeMs};
use tallystick::rules::ProgramFiles;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const PROGRAM: ProgramId = ProgramId::new(0);
const MEMBERS: u64 = 1_000_000;
/// The last so many enrolments are timed.
const TIMED: u64 = 100_000;

const SHOP: &str = r#"
[program]
name = "Shop"
zone = "UTC"
max_lateness = "none"
[pools.points]
"#;

/// Scatters a number, so that neighbours in time are none in memory.
const fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn enrolment(number: u64) -> (Command, TimeMs) {
    let text = |t: String| Some(Text::new(t));
    let personal = Personal {
        email_hash: text(format!("e:{:016x}", scattered(number))),
        phone_hash: text(format!("p:{:016x}", scattered(number / 2))),
        ..Personal::default()
    };
    let at = TimeMs::new(1_780_000_000_000 + i64::try_from(number).unwrap_or(0) * 1_000);
    let mut event = Event {
        id: Text::new(format!("enrolment-{number}")),
        source: Text::new_static("app"),
        kind: EventKind::Enroll,
        member: Text::new(format!("member-{number}")),
        occurred_at: at,
        order: None,
        currency: None,
        given_amount: None,
        items: Vec::new(),
        tenders: Vec::new(),
        context: tallystick::ledger::event::Context::default(),
        membership: None,
        personal: Some(Box::new(personal)),
        attributes: Vec::new(),
    };
    event.context.device = text(format!("d:{:016x}", scattered(number)));
    (Command::Event(Arc::new(event)), at)
}

/// The resident memory of this process, in bytes; nothing where the system does not say.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1_024)
}

/// Times of one kind of call.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn tell(&mut self, what: &str) {
        self.0.sort_unstable();
        let at = |thousandths: usize| self.0.get(self.0.len() * thousandths / 1_000).map_or(0, Duration::as_nanos);
        eprintln!("{what}: p50 {} ns, p99 {} ns, of {}", at(500), at(990), self.0.len());
    }
}

fn main() {
    let members = std::env::var("GRAPH_MEMBERS").ok().and_then(|number| number.parse().ok()).unwrap_or(MEMBERS);
    let files = ProgramFiles::new("shop", vec![(Text::new_static("program.toml"), SHOP.to_owned())]);
    let mut core = Core::default();
    tallystick::engine::install(&mut core, &[files], TimeMs::EPOCH).expect("it compiles");
    let before = resident();
    let (mut lookups, mut joins, mut others) = (Times::default(), Times::default(), Times::default());
    for number in 0..members {
        let (command, now) = enrolment(number);
        let proposal = core.propose(PROGRAM, &command, now);
        let seen = core.look_up(PROGRAM, &command);
        let input = command.input();
        let Command::Event(event) = &command else { return };
        if number + TIMED >= members {
            let asked =
                Asked { program: PROGRAM, terms: &core.compiled(PROGRAM).terms, input: &input, at: now, member: None };
            let started = Instant::now();
            let found = looks(&asked, fingerprint(&event.member), &core.state.desk.clusters, &core.rings, &seen);
            lookups.0.push(started.elapsed());
            black_box(found);
        }
        let mut record = core.decide(PROGRAM, &command, proposal, now, &seen).expect("an enrolment is taken");
        let started = Instant::now();
        core.apply(&mut record, &seen);
        if number + TIMED >= members {
            let kind = if number % 2 == 1 { &mut joins } else { &mut others };
            kind.0.push(started.elapsed());
        }
    }
    let grown = before.zip(resident()).map_or(0, |(before, after)| after.saturating_sub(before));
    eprintln!(
        "{members} members, {} rings, half of them one with another: {} bytes a member, with all that is kept of them",
        core.rings.len(),
        grown / members.max(1)
    );
    lookups.tell("who else is known with three identifiers");
    others.tell("applying an enrolment that joins nobody");
    joins.tell("applying an enrolment that joins two members");
}

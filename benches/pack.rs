//! What the default pack costs an event, and what it keeps: purchases that say all they can and purchases that say nothing, with
//! the pack and without it, on one thread.
//!
//! `cargo bench --bench pack`; 20,000 members with eight purchases each. Memory is told on standard error, once.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use tallystick::engine::Command;
use tallystick::engine::core::Core;
use tallystick::fraud;
use tallystick::ledger::event::{Context, Event, EventKind, Tender};
use tallystick::ledger::types::{Money, ProgramId, Text, TimeMs};
use tallystick::rules::ProgramFiles;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const PROGRAM: ProgramId = ProgramId::new(0);
const MEMBERS: u64 = 20_000;
const PURCHASES: u64 = 8;

const SHOP: &str = r#"
[program]
name = "Shop"
zone = "UTC"
auto_enroll = true
max_lateness = "none"
[pools.points]
[[earn]]
on = "purchase"
pool = "points"
rate = { give = 1, per = 100 }
reason = "a purchase"
"#;

/// What a purchase says of itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    All,
    Nothing,
}

fn purchase(number: u64, says: Says) -> Command {
    let member = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % MEMBERS;
    let text = |t: String| Some(Text::new(t));
    let all = says == Says::All;
    let card = Tender { kind: Text::new("card"), amount: Money::new(750), fingerprint: text(format!("c:{member}")) };
    let context = Context {
        channel: text("store".to_owned()),
        store: text(format!("{}", member % 400)),
        terminal: text("4".to_owned()),
        staff: text(format!("cashier-{}", member % 3_000)),
        device: text(format!("d:{member}")),
        ..Context::default()
    };
    Command::Event(Arc::new(Event {
        id: Text::new(format!("basket-{number}")),
        source: Text::new("till"),
        kind: EventKind::Purchase,
        member: Text::new(format!("member-{member}")),
        occurred_at: TimeMs::new(1_780_000_000_000 + i64::try_from(number).unwrap_or(0) * 7_000),
        order: None,
        currency: None,
        given_amount: Some(Money::new(750)),
        items: Vec::new(),
        tenders: if all { vec![card] } else { Vec::new() },
        context: if all { context } else { Context::default() },
        membership: None,
        personal: None,
        attributes: Vec::new(),
    }))
}

fn now(command: &Command) -> TimeMs {
    match command {
        Command::Event(event) => event.occurred_at,
        Command::Adjust(..) | Command::Transfer(..) | Command::Act(..) | Command::Review(_) => TimeMs::EPOCH,
    }
}

/// Does a purchase, and says how long its rings took to look up and its limits to ask.
fn step(core: &mut Core, command: &Command) -> Duration {
    let now = now(command);
    let proposal = core.propose(PROGRAM, command, now);
    let input = command.input();
    let started = Instant::now();
    let seen = core.look_up(PROGRAM, command);
    let terms = &core.compiled(PROGRAM).terms;
    black_box(fraud::assess_seen(&core.rings, &fraud::Question::of(PROGRAM, terms, &input, now), &seen));
    let took = started.elapsed();
    if let Ok(mut record) = core.decide(PROGRAM, command, proposal, now, &seen) {
        core.apply(&mut record, &seen);
        black_box(record);
    }
    took
}

/// The resident memory of this process, in bytes; nothing where the system does not say.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1_024)
}

/// Tells how many rings a purchase touches in the shipped coffee shop, with the pack that is in this binary.
fn rings_of_a_coffee() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/corner_coffee");
    let files = ProgramFiles::load(&folder).expect("it is shipped");
    let mut core = Core::default();
    tallystick::engine::install(&mut core, &[files], TimeMs::EPOCH).expect("it compiles");
    for (told, says) in [("says nothing", Says::Nothing), ("says all", Says::All)] {
        let input = purchase(0, says).input();
        let touched = fraud::keys_of(&core.compiled(PROGRAM).terms, PROGRAM, &input).len();
        eprintln!("corner_coffee, a purchase that {told} touches {touched} rings");
    }
}

fn pack(c: &mut Criterion) {
    rings_of_a_coffee();
    let mut group = c.benchmark_group("pack");
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    for (name, pack) in [("none", "none"), ("standard", "standard")] {
        for (told, says) in [("says nothing", Says::Nothing), ("says all", Says::All)] {
            let before = resident();
            let manifest = format!("{SHOP}[fraud]\npack = \"{pack}\"\n");
            let files = ProgramFiles::new("shop", vec![(Text::new_static("program.toml"), manifest)]);
            let mut core = Core::default();
            tallystick::engine::install(&mut core, &[files], TimeMs::EPOCH).expect("it compiles");
            let mut next = MEMBERS * PURCHASES;
            for number in 0..next {
                step(&mut core, &purchase(number, says));
            }
            let entries: usize = core.rings.iter().map(|(_, ring)| ring.entries().len()).sum();
            let grown = before.zip(resident()).map_or(0, |(before, after)| after.saturating_sub(before));
            eprintln!(
                "pack {name}, a purchase that {told}: {} rings with {entries} entries; the whole state grew by {} KiB",
                core.rings.len(),
                grown / 1_024
            );
            group.bench_function(format!("{name}, a purchase that {told}"), |bench| {
                bench.iter_custom(|rounds| {
                    let times = (next..next + rounds).map(|number| step(&mut core, &purchase(number, says)));
                    let sum = times.sum();
                    next += rounds;
                    sum
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, pack);
criterion_main!(benches);

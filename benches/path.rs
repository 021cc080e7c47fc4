//! What each step of an event's path costs, one at a time, on one thread: parse, propose, assess, decide, apply, encode.
//!
//! `cargo bench --bench path`; 100,000 members, uniformly drawn, so that memory is as cold as in a large program.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use tallystick::engine::Command;
use tallystick::engine::core::Core;
use tallystick::fraud;
use tallystick::journal::codec::encode_record;
use tallystick::ledger::event::{Context, Event, EventKind, Item, Tender};
use tallystick::ledger::types::{Money, ProgramId, Text, TimeMs};
use tallystick::rules::ProgramFiles;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const PROGRAM: ProgramId = ProgramId::new(0);
const MEMBERS: u64 = 100_000;

/// A purchase like that of the contract: five lines, a card, a store, a terminal, a cashier, a device.
fn purchase(number: u64) -> Command {
    let member = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % MEMBERS;
    let text = |t: &str| Some(Text::new(t));
    let items = (1..=5).map(|line| Item {
        line,
        sku: text("1095275"),
        category: text(if line == 2 { "coffee" } else { "grocery" }),
        brand: text("national"),
        quantity: 1,
        amount: Money::new(150),
        tags: Vec::new(),
    });
    Command::Event(Arc::new(Event {
        id: Text::new(format!("basket-{number}")),
        source: Text::new("store-330/till-4"),
        kind: EventKind::Purchase,
        member: Text::new(format!("member-{member}")),
        occurred_at: TimeMs::new(1_780_000_000_000 + i64::try_from(number).unwrap_or(0) * 200),
        order: None,
        currency: text("USD"),
        given_amount: Some(Money::new(750)),
        items: items.collect(),
        tenders: vec![Tender {
            kind: Text::new("card"),
            amount: Money::new(750),
            fingerprint: Some(Text::new(format!("c:{member}"))),
        }],
        context: Context {
            channel: text("store"),
            store: Some(Text::new(format!("{}", member % 400))),
            terminal: text("4"),
            staff: Some(Text::new(format!("cashier-{}", member % 3_000))),
            device: Some(Text::new(format!("d:{member}"))),
            ..Context::default()
        },
        membership: None,
        personal: None,
        attributes: Vec::new(),
    }))
}

fn core() -> Core {
    let files = ProgramFiles::load(
        &Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("rules/corner_coffee"),
    )
    .expect("it ships");
    let mut core = Core::default();
    tallystick::engine::install(&mut core, &[files], TimeMs::EPOCH).expect("it compiles");
    for number in 0..MEMBERS * 3 {
        step(&mut core, &purchase(number));
    }
    core
}

fn step(core: &mut Core, command: &Command) {
    let proposal = core.propose(PROGRAM, command, now(command));
    let seen = core.look_up(PROGRAM, command);
    let now = now(command);
    if let Ok(mut record) = core.decide(PROGRAM, command, proposal, now, &seen) {
        core.apply(&mut record, &seen);
        black_box(record);
    }
}

fn now(command: &Command) -> TimeMs {
    match command {
        Command::Event(event) => event.occurred_at,
        Command::Adjust(..) | Command::Transfer(..) | Command::Act(..) | Command::Review(_) => TimeMs::EPOCH,
    }
}

/// One step of the path over a fresh event: how long it took. What comes before it in the path is not counted.
type Part = fn(&mut Core, &Command) -> Duration;

fn propose(core: &mut Core, command: &Command) -> Duration {
    let started = Instant::now();
    black_box(core.propose(PROGRAM, command, now(command)));
    started.elapsed()
}

fn assess(core: &mut Core, command: &Command) -> Duration {
    let input = command.input();
    let terms = &core.compiled(PROGRAM).terms;
    let started = Instant::now();
    black_box(fraud::assess(&core.rings, &fraud::Question::of(PROGRAM, terms, &input, now(command))));
    started.elapsed()
}

fn decide(core: &mut Core, command: &Command) -> Duration {
    let proposal = core.propose(PROGRAM, command, now(command));
    let seen = core.look_up(PROGRAM, command);
    let started = Instant::now();
    let decided = core.decide(PROGRAM, command, proposal, now(command), &seen);
    let took = started.elapsed();
    if let Ok(mut record) = decided {
        core.apply(&mut record, &seen);
    }
    took
}

fn apply(core: &mut Core, command: &Command) -> Duration {
    let proposal = core.propose(PROGRAM, command, now(command));
    let seen = core.look_up(PROGRAM, command);
    let Ok(mut record) = core.decide(PROGRAM, command, proposal, now(command), &seen) else { return Duration::ZERO };
    let started = Instant::now();
    core.apply(&mut record, &seen);
    started.elapsed()
}

fn encode(core: &mut Core, command: &Command) -> Duration {
    let proposal = core.propose(PROGRAM, command, now(command));
    let seen = core.look_up(PROGRAM, command);
    let Ok(mut record) = core.decide(PROGRAM, command, proposal, now(command), &seen) else { return Duration::ZERO };
    core.apply(&mut record, &seen);
    let mut out = Vec::with_capacity(1024);
    let started = Instant::now();
    encode_record(&record, &mut out);
    let took = started.elapsed();
    black_box(out);
    took
}

fn path(c: &mut Criterion) {
    let parts: [(&str, Part); 5] = [
        ("propose", propose),
        ("assess", assess),
        ("decide, assess included", decide),
        ("apply", apply),
        ("encode", encode),
    ];
    let mut core = core();
    // Events go on where the last round ended.
    let mut next = MEMBERS * 3;
    let mut group = c.benchmark_group("path");
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    for (name, part) in parts {
        group.bench_function(name, |b| {
            b.iter_custom(|rounds| {
                let times = (next..next + rounds).map(|number| part(&mut core, &purchase(number)));
                let sum = times.sum();
                next += rounds;
                sum
            });
        });
    }
    group.finish();
}

criterion_group!(benches, path);
criterion_main!(benches);

//! The cost of an assessment and of what the rings take in: five limits over four keys, and three windows of one key, where the
//! bytes of a key are told too, on standard error.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tallystick::fraud::rings::Rings;
use tallystick::fraud::{Question, assess};
use tallystick::ledger::event::{Context, Event, EventKind};
use tallystick::ledger::record::{Assessment, Input, KeyField, KeyFields, Record, Status, Verdict};
use tallystick::ledger::terms::{Absent, Concerns, Counted, LimitExtra, LimitTerms, Metric, Terms};
use tallystick::ledger::types::{Money, NameId, ProgramId, Seq, Text, TimeMs};

/// The allocator of the daemon.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const PROGRAM: ProgramId = ProgramId::new(0);

fn limit(ring: u16, key: &[KeyField], window_ms: i64, limit: i64) -> LimitTerms {
    LimitTerms {
        id: Text::new_static("limit"),
        on: vec![Counted::Event(EventKind::Purchase)],
        key: KeyFields::new(key).expect("one to four fields"),
        metric: Metric::Count,
        window_ms,
        limit,
        verdict: Verdict::Hold,
        weight: 40,
        absent: Absent::Skip,
        ring: NameId::new(ring),
        capacity: 16,
        extra: LimitExtra::default(),
    }
}

fn terms() -> Terms {
    Terms {
        version: 1,
        limits: vec![
            limit(2, &[KeyField::Member], 3_600_000, 6),
            limit(2, &[KeyField::Member], 86_400_000, 15),
            limit(3, &[KeyField::Device], 3_600_000, 10),
            limit(4, &[KeyField::Card], 3_600_000, 10),
            limit(5, &[KeyField::Member, KeyField::Staff], 86_400_000, 12),
        ],
        spend_counter: NameId::new(0),
        purchases_counter: NameId::new(1),
        ..Terms::default()
    }
}

fn purchase(number: u64, members: u64) -> Record {
    let member = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % members;
    let event = Event {
        id: Text::new(format!("b-{number}")),
        source: Text::new_static("till"),
        kind: EventKind::Purchase,
        member: Text::new(format!("member-{member}")),
        occurred_at: TimeMs::EPOCH,
        order: None,
        currency: None,
        given_amount: Some(Money::new(1_000)),
        items: Vec::new(),
        tenders: vec![tallystick::ledger::event::Tender {
            kind: Text::new_static("card"),
            amount: Money::new(1_000),
            fingerprint: Some(Text::new(format!("c:{member}"))),
        }],
        context: Context {
            device: Some(Text::new(format!("d:{member}"))),
            staff: Some(Text::new(format!("s:{}", number % 50))),
            ..Context::default()
        },
        membership: None,
        personal: None,
        attributes: Vec::new(),
    };
    // One purchase of a member every half hour or so.
    let at = TimeMs::new(i64::try_from(number * 1_800_000 / members).unwrap_or(0));
    Record {
        seq: Seq::new(number),
        program: PROGRAM,
        recorded_at: at,
        occurred_at: at,
        ruleset: 1,
        input: Input::Event(Arc::new(event)),
        status: Status::Posted,
        parties: Vec::new(),
        effects: Vec::new(),
        clipped: Vec::new(),
        fraud: Assessment::default(),
        observed: Vec::new(),
        operations: 0,
        faults: Vec::new(),
    }
}

fn windows(criterion: &mut Criterion) {
    let terms = terms();
    let mut group = criterion.benchmark_group("five_limits");
    group.throughput(Throughput::Elements(1));
    for members in [500u64, 10_000, 200_000] {
        let mut rings = Rings::default();
        let mut records: Vec<Record> = (1..=members * 2).map(|number| purchase(number, members)).collect();
        for record in &mut records {
            let (_, observed) = assess(&rings, &Question::of(PROGRAM, &terms, &record.input, record.occurred_at));
            record.observed = observed;
            rings.observe(record);
        }
        let mut next = 0usize;
        let mut number = members * 2;
        group.bench_function(format!("assess/{members}"), |bench| {
            bench.iter(|| {
                next = (next + 1) % records.len();
                let record = records.get(next).expect("within bounds by the line above");
                black_box(assess(&rings, &Question::of(PROGRAM, &terms, &record.input, record.occurred_at)))
            });
        });
        group.bench_function(format!("observe/{members}"), |bench| {
            bench.iter(|| {
                next = (next + 1) % records.len();
                number += 1;
                let record = records.get_mut(next).expect("within bounds by the line above");
                record.seq = Seq::new(number);
                record.occurred_at = TimeMs::new(i64::try_from(number).unwrap_or(0) * 1_800_000);
                rings.observe(record);
            });
        });
    }
    group.finish();
}

/// The resident memory of this process, in bytes; nothing where the system does not say.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1_024)
}

/// Three windows of one key, asked and taken in, for few keys and for many.
fn one_key(criterion: &mut Criterion) {
    const HOUR_MS: i64 = 3_600_000;
    let of = |window_ms, most| limit(2, &[KeyField::Member], window_ms, most);
    let limits = vec![of(HOUR_MS, 6), of(24 * HOUR_MS, 10), of(168 * HOUR_MS, 15)];
    let concerns = Concerns::of(&limits, &[]);
    let terms = Terms { limits, concerns, ..terms() };
    let mut group = criterion.benchmark_group("three_windows_of_one_key");
    group.throughput(Throughput::Elements(1));
    for members in [1_000u64, 1_000_000] {
        let mut rings = Rings::default();
        let before = resident();
        let step = |number: u64, rings: &mut Rings| {
            let mut record = purchase(number, members);
            // Every twelve hours: fifteen in a week pass, and say nothing.
            record.occurred_at = TimeMs::new(i64::try_from(number * 12 / members).unwrap_or(0) * HOUR_MS);
            let started = std::time::Instant::now();
            let (_, observed) = assess(rings, &Question::of(PROGRAM, &terms, &record.input, record.occurred_at));
            record.observed = black_box(observed);
            rings.observe(&record);
            started.elapsed()
        };
        for (round, entries) in [(0..4, 4), (4..16, 16)] {
            round.flat_map(|round| round * members..(round + 1) * members).for_each(|number| {
                step(number, &mut rings);
            });
            let grown = before.zip(resident()).map_or(0, |(before, after)| after.saturating_sub(before));
            eprintln!("{members} keys of {entries} entries each: {} bytes a key", grown / members);
        }
        let mut next = members * 16;
        group.bench_function(format!("check_and_update/{members}"), |bench| {
            bench.iter_custom(|rounds| {
                let times = (next..next + rounds).map(|number| step(number, &mut rings)).sum();
                next += rounds;
                times
            });
        });
    }
    group.finish();
}

// Memory first: what others leave behind would be used again and not be told.
criterion_group!(benches, one_key, windows);
criterion_main!(benches);

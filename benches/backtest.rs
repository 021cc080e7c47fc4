//! How fast a backtest decides the recorded history anew: with tables alone, with the default pack, with a script, and with every
//! number of every limit tried beside it. Also how many bytes the evidence of a flagged purchase takes.
//!
//! `cargo bench --bench backtest`; `BACKTEST_EVENTS` says how many purchases other than 200,000. One thread decides; each line is
//! the best of three. It prints on standard error.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tallystick::engine::backtest::{self, Plan};
use tallystick::engine::core::Core;
use tallystick::engine::{Command, Config, Engine};
use tallystick::journal::codec::encode_record;
use tallystick::ledger::event::{Context, Event, EventKind, Tender};
use tallystick::ledger::types::{Money, ProgramId, Text, TimeMs};
use tallystick::rules::ProgramFiles;
use tallystick::store::{Store, StoreConfig};
use tallystick::telemetry::Metrics;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const PROGRAM: ProgramId = ProgramId::new(0);
const EVENTS: u64 = 200_000;
const MEMBERS: u64 = 20_000;
const FROM: i64 = 1_780_000_000_000;

const SHOP: &str = r#"
[program]
name = "Shop"
zone = "UTC"
auto_enroll = true
max_lateness = "none"
[pools.points]
"#;
const EARN: &str = r#"
[[earn]]
on = "purchase"
pool = "points"
rate = { give = 1, per = 100 }
reason = "a purchase"
"#;
const SCRIPT: &str = r#"
fn on_purchase(event, member) {
    earn("points", event.amount / 100, "a purchase");
}
"#;

fn files(pack: &str, script: bool) -> ProgramFiles {
    let tables = if script { "" } else { EARN };
    let manifest = format!("{SHOP}{tables}[fraud]\npack = \"{pack}\"\n");
    let mut files = vec![(Text::new_static("program.toml"), manifest)];
    files.extend(script.then(|| (Text::new_static("earn.rhai"), SCRIPT.to_owned())));
    ProgramFiles::new("shop", files)
}

fn purchase(number: u64, member: u64) -> Event {
    let text = |t: String| Some(Text::new(t));
    let card = Tender { kind: Text::new("card"), amount: Money::new(750), fingerprint: text(format!("c:{member}")) };
    let context = Context {
        channel: text("store".to_owned()),
        store: text(format!("{}", member % 400)),
        terminal: text("4".to_owned()),
        staff: text(format!("cashier-{}", member % 3_000)),
        ..Context::default()
    };
    Event {
        id: Text::new(format!("basket-{number}")),
        source: Text::new_static("till"),
        kind: EventKind::Purchase,
        member: Text::new(format!("member-{member}")),
        occurred_at: TimeMs::new(FROM + i64::try_from(number).unwrap_or(0) * 7_000),
        order: None,
        currency: None,
        given_amount: Some(Money::new(750)),
        items: Vec::new(),
        tenders: vec![card],
        context,
        membership: None,
        personal: None,
        attributes: Vec::new(),
    }
}

/// Records the history that is decided anew.
fn record(data: &Path, events: u64) {
    let config = Config {
        data: data.to_owned(),
        store: StoreConfig::default(),
        cache_members: 1_000_000,
        cache_rings: 4_000_000,
        block_events: 4_096,
        queue_events: 100_000,
        evaluate_threads: 1,
        manual_clock: true,
    };
    let metrics = Arc::new(Metrics::new().expect("metrics have their own names"));
    let engine = Engine::start(&config, &[files("none", false)], metrics, &mut |_, _| {}).expect("an empty folder");
    let handle = engine.handle();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let end = FROM + i64::try_from(events).unwrap_or(0) * 7_000;
        handle.set_clock(TimeMs::new(end)).await.expect("it runs").expect("it goes on");
        for from in (0..events).step_by(10_000) {
            let member = |number: u64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % MEMBERS;
            let some = (from..events.min(from + 10_000)).map(|n| Command::Event(Arc::new(purchase(n, member(n)))));
            handle.submit(PROGRAM, some.collect()).await.expect("it runs");
        }
    });
    drop(handle);
    engine.stop().expect("it stops");
}

fn best(store: &Store, plan: &Plan) -> Duration {
    let run = |_| {
        let started = Instant::now();
        let report = backtest::run(store, plan, &mut |_, _| {}).expect("the journal is whole");
        assert!(report.events > 0, "there is a history");
        started.elapsed()
    };
    (0..3).map(run).min().unwrap_or_default()
}

/// The bytes of a flagged purchase, beside those of the same one that passes.
fn evidence() {
    let limit = "[[limits]]\nid = \"hourly\"\non = \"purchase\"\nkey = \"member\"\nwindow = \"1h\"\nlimit = 5\nverdict = \"flag\"\n";
    let manifest = format!("{SHOP}{EARN}[fraud]\npack = \"none\"\n{limit}");
    let files = ProgramFiles::new("shop", vec![(Text::new_static("program.toml"), manifest)]);
    let mut core = Core::default();
    tallystick::engine::install(&mut core, &[files], TimeMs::EPOCH).expect("it compiles");
    let mut bytes = Vec::new();
    for number in 0..7 {
        let command = Command::Event(Arc::new(purchase(number, 1)));
        let now = TimeMs::new(FROM + i64::try_from(number).unwrap_or(0) * 7_000);
        let proposal = core.propose(PROGRAM, &command, now);
        let seen = core.look_up(PROGRAM, &command);
        let mut record = core.decide(PROGRAM, &command, proposal, now, &seen).expect("a purchase is taken");
        core.apply(&mut record, &seen);
        let mut encoded = Vec::new();
        encode_record(&record, &mut encoded);
        bytes.push(encoded.len());
    }
    let (passed, flagged) = (bytes.get(4).copied().unwrap_or(0), bytes.get(6).copied().unwrap_or(0));
    eprintln!("a purchase that passes takes {passed} bytes, one that is flagged {flagged}");
}

fn main() {
    evidence();
    let events = std::env::var("BACKTEST_EVENTS").ok().and_then(|number| number.parse().ok()).unwrap_or(EVENTS);
    let folder = tempfile::tempdir().expect("a folder");
    record(folder.path(), events);
    let store = Store::open(folder.path(), &StoreConfig::default()).expect("the ledger's folder");
    let known = backtest::programs(&store).expect("the journal is whole");
    let (state, _) = known.first().expect("a program");
    for (name, pack, script, curves) in [
        ("tables", "none", false, false),
        ("a script", "none", true, false),
        ("tables and the pack", "standard", false, false),
        ("tables and the pack, every number tried", "standard", false, true),
        ("a script and the pack", "standard", true, false),
        ("a script and the pack, every number tried", "standard", true, true),
    ] {
        let plan = Plan::of_files(PROGRAM, state, &files(pack, script)).expect("it compiles");
        let took = best(&store, &Plan { curves, ..plan });
        let rate = u128::from(events) * 1_000_000 / took.as_micros().max(1);
        eprintln!("{name}: {rate} events a second, {} ms of {events}", took.as_millis());
    }
}

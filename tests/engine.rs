//! The engine as the edge uses it, on a folder of its own. It sends no HTTP.

use std::path::Path;
use std::sync::Arc;

use tallystick::engine::{Command, Config, Engine, Handle};
use tallystick::ledger::event::{Context, Event, EventKind};
use tallystick::ledger::types::{Money, NameId, Points, ProgramId, Text, TimeMs};
use tallystick::rules::ProgramFiles;
use tallystick::store::StoreConfig;
use tallystick::telemetry::Metrics;

const CACHE_MEMBERS: usize = 16;

fn started(data: &Path) -> Engine {
    let config = Config {
        data: data.to_owned(),
        store: StoreConfig::default(),
        cache_members: CACHE_MEMBERS,
        cache_rings: CACHE_MEMBERS,
        block_events: 64,
        queue_events: 10_000,
        evaluate_threads: 1,
        manual_clock: false,
    };
    let rules = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("rules/grocer");
    let metrics = Arc::new(Metrics::new().expect("metrics have their own names"));
    let files = ProgramFiles::load(&rules).expect("it ships");
    Engine::start(&config, &[files], metrics, &mut |_, _| {}).expect("the folder is fresh")
}

/// A basket of 10.00, which is worth 10 points.
fn basket(id: usize, member: usize) -> Command {
    Command::Event(Arc::new(Event {
        id: Text::new(format!("basket-{id}")),
        source: Text::new_static("till"),
        kind: EventKind::Purchase,
        member: Text::new(format!("m{member}")),
        occurred_at: TimeMs::new(1_700_000_000_000),
        order: None,
        currency: None,
        given_amount: Some(Money::new(1_000)),
        items: Vec::new(),
        tenders: Vec::new(),
        context: Context::default(),
        membership: None,
        personal: None,
        attributes: Vec::new(),
    }))
}

async fn points(handle: &Handle, program: ProgramId, member: usize) -> Points {
    let pool: NameId =
        handle.program("grocer").and_then(|grocer| grocer.state.name_id("points")).expect("grocer has points");
    let member = handle.member(program, &format!("m{member}")).await.expect("it runs").expect("enrolled");
    member.available(pool, handle.now())
}

#[tokio::test]
async fn a_read_is_never_old_however_many_members_are_read() {
    let data = tempfile::tempdir().unwrap();
    let engine = started(data.path());
    let handle = engine.handle();
    let program = handle.program("grocer").unwrap().id;
    let members = CACHE_MEMBERS * 3;
    for round in 0..4 {
        for member in 0..members {
            handle.submit(program, vec![basket(round * members + member, member)]).await.unwrap();
        }
        let expected = Points::new(10 * (i64::try_from(round).unwrap() + 1));
        for member in 0..members {
            assert_eq!(points(&handle, program, member).await, expected, "member {member} after round {round}");
        }
    }
    engine.stop().unwrap();
}

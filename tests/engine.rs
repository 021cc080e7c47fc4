//! The engine as the edge uses it, on a folder of its own. It sends no HTTP.

use std::path::Path;
use std::sync::Arc;

use tallystick::engine::core::Core;
use tallystick::engine::{Answer, Command, Config, Engine, Handle, install};
use tallystick::fraud;
use tallystick::ledger::event::{Adjustment, Context, Event, EventKind, Transfer};
use tallystick::ledger::record::{Input, Observation, Verdict};
use tallystick::ledger::terms::{Concerns, Terms};
use tallystick::ledger::types::{Money, NameId, Points, ProgramId, Text, TimeMs};
use tallystick::rules::ProgramFiles;
use tallystick::store::StoreConfig;
use tallystick::telemetry::Metrics;

const CACHE_MEMBERS: usize = 16;

fn started(data: &Path, program: &str) -> Engine {
    let config = Config {
        data: data.to_owned(),
        store: StoreConfig::default(),
        cache_members: CACHE_MEMBERS,
        cache_rings: CACHE_MEMBERS,
        block_events: 64,
        queue_events: 10_000,
        evaluate_threads: 1,
        manual_clock: true,
    };
    let rules = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("rules").join(program);
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
    let engine = started(data.path(), "grocer");
    let handle = engine.handle();
    handle.set_clock(TimeMs::new(1_700_000_000_000)).await.unwrap().unwrap();
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

/// What the fraud checks made of each of some commands.
fn judged(answers: Vec<Answer>) -> Vec<(Verdict, Vec<Observation>)> {
    let record = |answer: Answer| match answer {
        Answer::Recorded(record) => (record.fraud.verdict, record.observed.clone()),
        other => panic!("{other:?}"),
    };
    answers.into_iter().map(record).collect()
}

/// Which rings a transfer needs depends on how much of the giver's points it takes, and that changes with the transfers before
/// it. Posted together, their rings were looked up together, when ten points of a thousand were a crumb.
#[tokio::test]
async fn transfers_posted_together_are_judged_as_one_after_the_other() {
    let give = |number: usize, to: usize, amount: i64| {
        let (from, to) = (Text::new_static("giver"), Text::new(format!("m{to}")));
        let (pool, amount) = (Text::new_static("points"), Points::new(amount));
        let transfer = Transfer { from, to, pool, amount, context: None };
        Command::Transfer(Arc::new(transfer), Text::new(format!("t{number}")))
    };
    let amounts = [10, 900, 10, 10, 40, 1];
    let transfers: Vec<Command> =
        amounts.iter().enumerate().map(|(number, amount)| give(number, number % 4, *amount)).collect();
    let mut outcomes = Vec::new();
    for together in [true, false] {
        let data = tempfile::tempdir().unwrap();
        let engine = started(data.path(), "corner_coffee");
        let handle = engine.handle();
        let program = handle.program("corner_coffee").unwrap().id;
        handle.set_clock(TimeMs::new(1_700_000_000_000)).await.unwrap().unwrap();
        let mut first: Vec<Command> = (0..4).map(|member| basket(member, member)).collect();
        let Command::Event(event) = basket(4, 4) else { unreachable!("a basket is an event") };
        first.push(Command::Event(Arc::new(Event { member: Text::new_static("giver"), ..(*event).clone() })));
        handle.submit(program, first).await.unwrap();
        let funds = Adjustment {
            member: Text::new_static("giver"),
            pool: Text::new_static("points"),
            amount: Points::new(1_000),
            reason: Text::new_static("funds"),
            expires_at: None,
            pending: false,
            context: None,
        };
        handle.submit(program, vec![Command::Adjust(Arc::new(funds), Text::new_static("funds"))]).await.unwrap();
        let mut answers = Vec::new();
        if together {
            answers = handle.submit(program, transfers.clone()).await.unwrap();
        } else {
            for transfer in &transfers {
                answers.extend(handle.submit(program, vec![transfer.clone()]).await.unwrap());
            }
        }
        outcomes.push(judged(answers));
        engine.stop().unwrap();
    }
    assert_eq!(outcomes[0], outcomes[1]);
    assert!(outcomes[0][2].1.len() > outcomes[0][0].1.len(), "ten points are a crumb of a thousand, not of a hundred");
}

/// Which rings inputs of a kind always read is worked out once for a version of the rules. What is looked up is the same as when every
/// limit and feed is asked of every input.
#[test]
fn rings_that_are_worked_out_once_are_those_that_every_limit_is_asked_for() {
    let programs = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("rules");
    let mut asked = 0;
    for folder in std::fs::read_dir(programs).unwrap().filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        let Ok(files) = ProgramFiles::load(&folder) else { continue };
        let mut core = Core::default();
        install(&mut core, &[files], TimeMs::EPOCH).unwrap();
        let sorted = &core.compiled(ProgramId::new(0)).terms;
        let unsorted = Terms { concerns: Concerns::default(), ..Terms::clone(sorted) };
        for input in inputs() {
            for sizeable in [false, true] {
                let keys = |terms: &Terms| {
                    let mut keys = Vec::new();
                    fraud::add_keys(&mut keys, terms, ProgramId::new(0), &input, sizeable);
                    keys.sort_unstable_by(|one, other| {
                        (&one.key, format!("{:?}", one.by)).cmp(&(&other.key, format!("{:?}", other.by)))
                    });
                    keys
                };
                asked += keys(sorted).len();
                assert_eq!(keys(sorted), keys(&unsorted), "{}: {input:?}", folder.display());
            }
        }
    }
    assert!(asked > 10_000, "{asked} rings are few");
}

/// Events of every kind with every set of what they may say.
fn inputs() -> Vec<Input> {
    let kinds = [
        EventKind::Enroll,
        EventKind::Purchase,
        EventKind::Refund,
        EventKind::Visit,
        EventKind::Review,
        EventKind::SocialFollow,
        EventKind::SocialShare,
        EventKind::Newsletter,
        EventKind::Survey,
        EventKind::Activity,
        EventKind::Fee,
        EventKind::Profile,
        EventKind::Login,
        EventKind::Custom(Text::new_static("bike_ride")),
        EventKind::Custom(Text::new_static("other")),
    ];
    let mut inputs = Vec::new();
    for said in 0..1u32 << 9 {
        let says = |bit: u32, text: &'static str| (said & 1 << bit != 0).then(|| Text::new_static(text));
        let context = Context {
            channel: says(0, "store"),
            store: says(1, "s1"),
            terminal: says(2, "t1"),
            staff: says(3, "anna"),
            device: says(4, "d1"),
            ip: says(5, "10.0.0.1"),
            location: says(6, "52.5").map(|lat| (lat, Text::new_static("13.4"))),
        };
        let of = |kind: &EventKind| {
            let Command::Event(plain) = basket(1, 1) else { unreachable!("a basket is an event") };
            Input::Event(Arc::new(Event {
                kind: kind.clone(),
                order: says(7, "order-1"),
                attributes: says(8, "login_failed").map(|name| (name, Text::new_static("true"))).into_iter().collect(),
                context: context.clone(),
                ..Event::clone(&plain)
            }))
        };
        inputs.extend(kinds.iter().map(of));
    }
    inputs
}

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
    let rules = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("rules").join(program);
    start(data, &[ProgramFiles::load(&rules).expect("it ships")])
}

fn start(data: &Path, programs: &[ProgramFiles]) -> Engine {
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
    let metrics = Arc::new(Metrics::new().expect("metrics have their own names"));
    Engine::start(&config, programs, metrics, &mut |_, _| {}).expect("the folder is whole")
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

/// Whoever buys and brings back was counted like one who buys. A limit on what is `kept` counts what was not given back, where it was in time, also when its rings have
/// left the memory, and also after a start.
#[tokio::test]
async fn what_is_given_back_is_not_counted_among_what_is_kept() {
    const AT: i64 = 1_700_000_000_000;
    let (data, rules) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = rules.path().join("kept");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("program.toml"), KEPT).unwrap();
    let files = || ProgramFiles::load(&folder).unwrap();
    let sale = |id: &str, staff: &str, cents: i64, refund_of: Option<&str>| {
        let Command::Event(plain) = basket(0, 0) else { unreachable!("a basket is an event") };
        Command::Event(Arc::new(Event {
            id: Text::new(id),
            kind: if refund_of.is_some() { EventKind::Refund } else { EventKind::Purchase },
            order: refund_of.map(Text::new),
            given_amount: Some(Money::new(cents)),
            context: Context { staff: (!staff.is_empty()).then(|| Text::new(staff)), ..Context::default() },
            ..Event::clone(&plain)
        }))
    };
    let engine = start(data.path(), &[files()]);
    let handle = engine.handle();
    handle.set_clock(TimeMs::new(AT)).await.unwrap().unwrap();
    let program = handle.programs()[0].id;
    let reasons = |answers: Vec<Answer>| match &answers[..] {
        [Answer::Recorded(record)] => record.fraud.reasons.iter().map(|r| r.rule.to_string()).collect::<Vec<_>>(),
        other => panic!("one record, not {other:?}"),
    };
    let post = async |command: Command| reasons(handle.submit(program, vec![command]).await.unwrap());
    for sold in ["a", "b", "c"] {
        assert!(post(sale(sold, "anna", 1_000, None)).await.is_empty());
    }
    assert_eq!(post(sale("d", "anna", 1_000, None)).await, ["three_by_hand"]);
    // Most of one order is still an order, but less money.
    assert!(post(sale("r1", "", 900, Some("a"))).await.is_empty());
    assert_eq!(post(sale("e", "anna", 100, None)).await, ["three_by_hand"]);
    // The rings go out of memory while others buy.
    for other in 0..CACHE_MEMBERS * 4 {
        post(basket(1_000 + other, 1 + other)).await;
    }
    for (refund, order, cents) in [("r2", "a", 100), ("r3", "b", 1_000), ("r4", "c", 1_000)] {
        assert!(post(sale(refund, "", cents, Some(order))).await.is_empty());
    }
    assert!(post(sale("f", "anna", 100, None)).await.is_empty(), "d, e and f are kept");
    assert_eq!(post(sale("g", "anna", 100, None)).await, ["three_by_hand"]);
    // d, e, f and g come to 13.00 of the 50.00 that fit a day.
    assert_eq!(post(sale("h", "", 3_700, None)).await, Vec::<String>::new());
    assert_eq!(post(sale("i", "", 1, None)).await, ["fifty_a_day"]);
    // A refund that comes before its sale takes it out as it comes.
    assert!(post(sale("r5", "", 5_000, Some("early"))).await.is_empty());
    assert_eq!(post(sale("early", "bob", 5_000, None)).await, ["fifty_a_day"]);
    assert!(post(sale("r6", "", 3_700, Some("h"))).await.is_empty());
    assert!(post(sale("j", "bob", 3_699, None)).await.is_empty(), "50.00 again, with what came early gone");
    engine.stop().unwrap();
    drop(handle);
    // The same after a start without views.
    std::fs::remove_dir_all(data.path().join("views")).unwrap();
    let engine = start(data.path(), &[files()]);
    let handle = engine.handle();
    let post = async |command: Command| reasons(handle.submit(program, vec![command]).await.unwrap());
    assert_eq!(post(sale("k", "bob", 1, None)).await, ["fifty_a_day"]);
    assert!(post(sale("r7", "", 3_699, Some("j"))).await.is_empty());
    assert!(post(sale("l", "bob", 100, None)).await.is_empty());
    engine.stop().unwrap();
}

const KEPT: &str = r#"
[program]
name = "Kept"
zone = "UTC"
auto_enroll = true
max_lateness = "none"
[fraud]
pack = "none"
[pools.points]
[[earn]]
on = "purchase"
pool = "points"
rate = { give = 1, per = 100 }
reason = "a purchase"
[[limits]]
id = "three_by_hand"
on = "purchase"
key = ["staff", "member"]
window = "1h"
limit = 3
counts = "kept"
verdict = "flag"
[[limits]]
id = "fifty_a_day"
on = "purchase"
key = "member"
metric = "sum"
window = "day"
limit = 5000
counts = "kept"
verdict = "flag"
"#;

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
                    fraud::add_keys(&mut keys, terms, (ProgramId::new(0), &input, fraud::Said::by(&input)), sizeable);
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

/// Limits that have nothing to say are passed over by a glance; asked one by one, each whole, they say the same.
#[test]
fn limits_passed_over_would_have_said_nothing() {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("rules");
    let inputs = inputs();
    let (mut said, mut observed) = (0, 0);
    for program in ["corner_coffee", "classic_points", "grocer"] {
        let mut core = Core::default();
        let files = ProgramFiles::load(&folder.join(program)).expect("it ships");
        install(&mut core, &[files], TimeMs::EPOCH).expect("it compiles");
        let sorted = Arc::clone(&core.compiled(ProgramId::new(0)).terms);
        let unsorted = Terms { concerns: Concerns::default(), ..Terms::clone(&sorted) };
        let mut drawn: usize = 7;
        for number in 0..6_000 {
            drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let Input::Event(event) = &inputs[(drawn >> 33) % inputs.len()] else { unreachable!("all are events") };
            // Mostly in order, at times late; a few members with few cards at few tills.
            let late = if (drawn >> 20).is_multiple_of(16) { 40_000_000 } else { 0 };
            let at = TimeMs::new(1_700_000_000_000 + i64::from(number) * 20_000 - late);
            let mut event = Event { occurred_at: at, id: Text::new(format!("e-{number}")), ..Event::clone(event) };
            // Half of all are purchases.
            if drawn >> 60 & 1 == 0 {
                event.kind = EventKind::Purchase;
            }
            event.member = Text::new(format!("m{}", drawn >> 50 & 7));
            event.context.staff = event.context.staff.map(|_| Text::new(format!("anna-{}", drawn >> 40 & 3)));
            event.context.store = event.context.store.map(|_| Text::new(format!("s{}", drawn >> 44 & 3)));
            let command = Command::Event(Arc::new(event));
            let (program, input) = (ProgramId::new(0), command.input());
            let member = core.member(program, &Text::new(format!("m{}", drawn >> 50 & 7))).map(Arc::as_ref);
            let of = |terms| fraud::Question { member, ..fraud::Question::of(program, terms, &input, at) };
            let asked = fraud::assess(&core.rings, &of(&sorted));
            assert_eq!(asked, fraud::assess(&core.rings, &of(&unsorted)), "{number}: {input:?}");
            (said, observed) = (said + asked.0.reasons.len(), observed + asked.1.len());
            let seen = core.look_up(program, &command);
            if let Ok(mut record) = core.decide(program, &command, core.propose(program, &command, at), at, &seen) {
                core.apply(&mut record, &seen);
            }
        }
    }
    assert!(said > 1_000 && observed > 10_000, "{said} reasons and {observed} observations are few");
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

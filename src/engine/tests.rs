//! The engine on a disk that fails: random commands, many of them sent again and at once, while appends are lost or kept without
//! being acknowledged, the process starts anew and the views are deleted. Whatever happens, one thing has one effect and one
//! answer (invariant 4), nothing that was answered is ever missing (3), deleted views come back the same (7), and after a failed
//! append nothing is appended or answered any more (8).

use std::path::Path;
use std::sync::{Arc, Mutex};

use hashbrown::{HashMap, HashSet};
use proptest::prelude::*;
use proptest::test_runner::{Config as Runs, TestRunner};
use tokio::task::JoinSet;

use super::log::RocksLog;
use super::verify::verify;
use super::{Answer, Command, Config, Engine, SubmitError};
use crate::journal::Error;
use crate::journal::block::EncodedBlock;
use crate::journal::codec::{decode_member, encode_member};
use crate::journal::log::{Blocks, Head, Log};
use crate::journal::memory::Fault;
use crate::ledger::act::{Act, Spend, What};
use crate::ledger::event::{Adjustment, Context, Event, EventKind, Transfer};
use crate::ledger::record::{Record, Status};
use crate::ledger::reject::Reject;
use crate::ledger::types::{MemberKey, Money, Points, ProgramId, Seq, Text, TimeMs};
use crate::rules::ProgramFiles;
use crate::store::{MemberWrite, Store, StoreConfig, ViewBatch};
use crate::telemetry::Metrics;

/// A point for each unit of money.
const MANIFEST: &str = r#"
[program]
name = "Once"
zone = "UTC"
auto_enroll = true
max_lateness = "none"

[pools.points]
expires = "never"
transferable = true

[[earn]]
on = "purchase"
pool = "points"
rate = { give = 1, per = 100 }
reason = "1 point for every dollar"

[[limits]]
id = "member_hour"
on = "purchase"
key = "member"
window = "1h"
limit = 1000
verdict = "flag"
"#;
const PROGRAM: ProgramId = ProgramId::new(0);
/// Things that can be asked, each in two wordings under the same key.
const THINGS: usize = 24;
const MEMBERS: usize = 3;
/// Lives of this test: each opens a store several times.
const LIVES: u32 = 10;

/// What the disk does next, and what it was asked after it had failed.
#[derive(Debug, Default)]
struct Disk {
    /// Appends until one fails, and how.
    fault: Option<(u64, Fault)>,
    failed: bool,
    asked_again: bool,
}

/// A journal whose appends fail when the disk does.
struct Failing {
    log: RocksLog,
    disk: Arc<Mutex<Disk>>,
}

impl Log for Failing {
    fn head(&self) -> Head {
        self.log.head()
    }

    fn append(&mut self, expected: &Head, block: &EncodedBlock) -> Result<Head, Error> {
        let mut disk = self.disk.lock().unwrap();
        disk.asked_again |= disk.failed;
        let fault = match &mut disk.fault {
            Some((0, fault)) => Some(*fault),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        };
        let Some(fault) = fault else { return self.log.append(expected, block) };
        disk.failed = true;
        if fault == Fault::Unacknowledged {
            self.log.append(expected, block)?;
        }
        Err(Error::Log("it was told to fail".into()))
    }

    fn read_from(&self, seq: Seq) -> Blocks<'_> {
        self.log.read_from(seq)
    }

    fn block_with(&self, seq: Seq) -> Result<Option<Vec<u8>>, Error> {
        self.log.block_with(seq)
    }
}

/// A thing in one of its wordings.
type Asked = (usize, bool);

#[derive(Clone, Debug)]
enum Step {
    /// Sent over as many connections at once, each with a list.
    Send(Vec<Vec<Asked>>),
    /// The disk fails at an append from now on.
    Fail(u64, Fault),
    Restart,
    /// The views are deleted while it is stopped.
    Rebuild,
}

fn step() -> impl Strategy<Value = Step> {
    let asked = (0..THINGS, prop::bool::weighted(0.1));
    let sent = prop::collection::vec(prop::collection::vec(asked, 1..6), 1..6);
    let fault = prop_oneof![Just(Fault::Lost), Just(Fault::Unacknowledged)];
    prop_oneof![
        12 => sent.prop_map(Step::Send),
        3 => (0u64..3, fault).prop_map(|(nth, fault)| Step::Fail(nth, fault)),
        1 => Just(Step::Restart),
        1 => Just(Step::Rebuild),
    ]
}

/// The command of a thing. Its other wording asks for a unit more under the same key.
fn command((thing, other): Asked) -> Command {
    let member = |n: usize| Text::new(format!("m{}", n % MEMBERS));
    let (pool, key) = (Text::new_static("points"), Text::new(format!("k{thing}")));
    let amount = i64::try_from(thing + 1).unwrap() + i64::from(other);
    let points = Points::new(amount);
    match thing % 6 {
        0..=2 => Command::Event(Arc::new(Event {
            id: key,
            source: Text::new_static("till"),
            kind: EventKind::Purchase,
            member: member(thing),
            occurred_at: TimeMs::new(amount),
            order: None,
            currency: None,
            given_amount: Some(Money::new(amount * 100)),
            items: Vec::new(),
            tenders: Vec::new(),
            context: Context::default(),
            membership: None,
            personal: None,
            attributes: Vec::new(),
        })),
        3 => Command::Adjust(
            Arc::new(Adjustment {
                member: member(thing / 6),
                pool,
                amount: points,
                reason: Text::new_static("sorry"),
                expires_at: None,
                pending: false,
                context: None,
            }),
            key,
        ),
        // Away from one member only: points that come back in a circle would be held.
        4 => {
            let (from, to) = (member(0), member(1 + thing / 6 % 2));
            Command::Transfer(Arc::new(Transfer { from, to, pool, amount: points, context: None }), key)
        }
        _ => {
            let what = What::Redeem { spend: Spend::Points { pool, amount: points }, order: None };
            Command::Act(Arc::new(Act { member: member(thing / 6), context: None, what }), key)
        }
    }
}

/// By how much a command that was done changes what a member has.
fn moved(command: &Command, member: &str) -> i64 {
    let sign = |who: &Text, amount: i64| if who == member { amount } else { 0 };
    match command {
        Command::Event(event) => sign(&event.member, event.given_amount.unwrap().get() / 100),
        Command::Adjust(adjustment, _) => sign(&adjustment.member, adjustment.amount.get()),
        Command::Transfer(transfer, _) => {
            sign(&transfer.to, transfer.amount.get()) - sign(&transfer.from, transfer.amount.get())
        }
        Command::Act(act, _) => match &act.what {
            What::Redeem { spend: Spend::Points { amount, .. }, .. } => -sign(&act.member, amount.get()),
            other => panic!("{other:?} is not among the things"),
        },
        Command::Review(step) => panic!("{step:?} is not among the things"),
    }
}

/// An engine, the disk under it, and what it has said so far.
struct Life<'a> {
    data: &'a Path,
    engine: Option<Engine>,
    disk: Arc<Mutex<Disk>>,
    /// Of each thing that was done: the wording, and the one answer.
    done: HashMap<usize, (bool, Arc<Record>)>,
    /// Things that were sent and not answered.
    open: HashSet<Asked>,
    crashes: usize,
}

impl Life<'_> {
    fn start(&mut self) {
        let config = Config {
            data: self.data.to_owned(),
            store: StoreConfig::default(),
            cache_members: 16,
            cache_rings: 16,
            block_events: 4,
            queue_events: 1_000,
            evaluate_threads: 1,
            manual_clock: true,
        };
        let files = ProgramFiles::new("once", vec![("program.toml".into(), MANIFEST.into())]);
        let metrics = Arc::new(Metrics::new().unwrap());
        self.disk = Arc::default();
        let disk = Arc::clone(&self.disk);
        let appends = |log| -> Box<dyn Log> { Box::new(Failing { log, disk }) };
        self.engine = Some(Engine::start_on(&config, &[files], metrics, &mut |_, _| {}, appends).unwrap());
    }

    /// Ends the engine, which says that it failed where it did.
    fn stop(&mut self) {
        let Some(engine) = self.engine.take() else { return };
        let stopped = engine.stop();
        let disk = self.disk.lock().unwrap();
        assert_eq!(stopped.is_err(), disk.failed, "{stopped:?}");
        assert!(!disk.asked_again, "after a failed append nothing is appended");
        self.crashes += usize::from(disk.failed);
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Send(lists) => self.send(lists).await,
            Step::Fail(nth, fault) => self.disk.lock().unwrap().fault = Some((*nth, *fault)),
            Step::Restart => {
                self.stop();
                self.start();
            }
            Step::Rebuild => {
                self.stop();
                let store = Store::open(self.data, &StoreConfig::default()).unwrap();
                store.drop_views().unwrap();
                drop(store);
                self.start();
            }
        }
    }

    async fn send(&mut self, lists: &[Vec<Asked>]) {
        let handle = self.engine.as_ref().unwrap().handle();
        let mut sending = JoinSet::new();
        for list in lists {
            let (handle, list) = (handle.clone(), list.clone());
            sending.spawn(async move {
                let commands = list.iter().map(|asked| command(*asked)).collect();
                (list, handle.submit(PROGRAM, commands).await)
            });
        }
        drop(handle);
        let mut answered = Vec::new();
        let mut stopped = false;
        for (list, answers) in sending.join_all().await {
            match answers {
                Ok(answers) => answered.extend(list.into_iter().zip(answers)),
                Err(SubmitError::Stopped) => {
                    stopped = true;
                    self.open.extend(list);
                }
                Err(other) => panic!("{other}"),
            }
        }
        // Of what was sent at once a refusal may have come before the record, and what refers to a record comes after it.
        answered.sort_by_key(|(_, answer)| match answer {
            Answer::Replayed(_) | Answer::Rejected(Reject::IdempotencyKeyReused) => 2,
            Answer::Recorded(_) => 1,
            Answer::Rejected(_) => 0,
        });
        for (asked, answer) in answered {
            self.hear(asked, answer);
        }
        assert!(!stopped || self.disk.lock().unwrap().failed, "it stops only where the disk failed");
        if stopped {
            self.stop();
            self.start();
        }
    }

    /// Compares an answer with all earlier ones.
    fn hear(&mut self, (thing, other): Asked, answer: Answer) {
        let known = self.done.get(&thing);
        match answer {
            Answer::Recorded(record) => {
                assert!(known.is_none(), "thing {thing} was done twice");
                assert_eq!(record.status, Status::Posted);
                self.done.insert(thing, (other, Arc::new(Record::clone(&record))));
            }
            Answer::Replayed(record) => {
                if let Some((wording, first)) = known {
                    assert_eq!((*wording, first), (other, &record), "one answer");
                } else {
                    // It was done in the moment of a crash.
                    assert!(self.open.contains(&(thing, other)), "thing {thing} was never sent");
                    self.done.insert(thing, (other, record));
                }
            }
            Answer::Rejected(Reject::IdempotencyKeyReused) => {
                let first = known.map(|(wording, _)| *wording);
                assert!(first == Some(!other) || (first.is_none() && self.open.contains(&(thing, !other))));
            }
            Answer::Rejected(reject) => {
                assert!(known.is_none(), "thing {thing} was done, and is refused now: {reject:?}");
                assert!(!matches!(command((thing, other)), Command::Event(_)), "a purchase is taken: {reject:?}");
            }
        }
    }

    /// Everything open is asked again; then members have exactly what was done, and the journal holds each of it once.
    async fn end(&mut self) {
        self.disk.lock().unwrap().fault = None;
        let mut open: Vec<Vec<Asked>> = self.open.iter().map(|asked| vec![*asked]).collect();
        open.sort_unstable();
        self.send(&open).await;
        let handle = self.engine.as_ref().unwrap().handle();
        let pool = handle.program("once").unwrap().state.name_id("points").unwrap();
        for member in (0..MEMBERS).map(|n| format!("m{n}")) {
            let has = handle.member(PROGRAM, &member).await.unwrap();
            let has = has.map_or(0, |has| has.available(pool, handle.now()).get());
            let expected: i64 =
                self.done.iter().map(|(thing, (other, _))| moved(&command((*thing, *other)), &member)).sum();
            assert_eq!(has, expected, "{member} has what was done");
        }
        drop(handle);
        self.stop();
        let store = Store::open(self.data, &StoreConfig::default()).unwrap();
        let verified = verify(&store, &mut |_, _| {}).unwrap();
        assert!(verified.found.is_empty(), "{:?}", verified.found);
        assert!(self.done.is_empty() || verified.rows > 0);
        let log = RocksLog::open(store.clone()).unwrap();
        let mut keyed = 0;
        crate::journal::chain::follow(&log, Seq::new(1), &mut |block| {
            for record in block.records() {
                let record = record?;
                let same = |(_, first): &(bool, Arc<Record>)| **first == record;
                keyed += usize::from(record.input.natural_key().is_some() && self.done.values().any(same));
                assert!(
                    record.input.natural_key().is_none() || self.done.values().any(same),
                    "nobody asked for {record:?}"
                );
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(keyed, self.done.len(), "each is in the journal, as it was answered");
    }
}

impl<'a> Life<'a> {
    fn new(data: &'a Path) -> Self {
        let (done, open) = (HashMap::new(), HashSet::new());
        let mut life = Self { data, engine: None, disk: Arc::default(), done, open, crashes: 0 };
        life.start();
        life
    }
}

#[test]
fn one_effect_and_one_answer_whatever_the_disk_does() {
    let mut runner =
        TestRunner::new(Runs { cases: LIVES, max_shrink_iters: 64, failure_persistence: None, ..Runs::default() });
    let seen = std::cell::Cell::new((0, 0));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let lived = runner.run(&prop::collection::vec(step(), 4..24), |steps| {
        let data = tempfile::tempdir().unwrap();
        let mut life = Life::new(data.path());
        runtime.block_on(async {
            for step in &steps {
                life.take(step).await;
            }
            life.end().await;
        });
        let (done, crashes) = seen.get();
        seen.set((done + life.done.len(), crashes + life.crashes));
        Ok(())
    });
    if let Err(failed) = lived {
        panic!("{failed}");
    }
    let (done, crashes) = seen.get();
    assert!(done > 0 && crashes > 0, "{done} things were done through {crashes} crashes");
}

/// A binary that came to keep more of a member went on with the rows of the one before, which lacked it: deleting the views gave
/// another state than keeping them.
#[tokio::test]
async fn rows_of_another_version_are_built_again_at_a_start() {
    let data = tempfile::tempdir().unwrap();
    let mut life = Life::new(data.path());
    life.send(&[vec![(0, false)]]).await;
    life.stop();
    let open = || Store::open(data.path(), &StoreConfig::default()).unwrap();
    let key = MemberKey { program: PROGRAM, id: Text::new_static("m0") };
    let row_of = |store: &Store| store.member_rows(std::slice::from_ref(&key)).unwrap().pop().flatten().unwrap();
    let wrong = |store: &Store| verify(store, &mut |_, _| {}).unwrap().found;
    let store = open();
    let row = row_of(&store);
    // The row as version 2 wrote it, before credit by days and before whom a member is tied to; one that says something else; and
    // damaged ones.
    let (older, ends) = row.split_last_chunk::<2>().unwrap();
    assert_eq!((row[0], ends), (4, &[0, 0]));
    let mut richer = decode_member(&row).unwrap();
    richer.pools[0].lifetime = Points::new(1_000);
    drop(store);
    for other in [[&[2], &older[1..]].concat(), encode_member(&richer), vec![9], Vec::new()] {
        let store = open();
        let members = vec![MemberWrite { key: key.clone(), row: other, previous_due: None, next_due: None }];
        store.write_views(ViewBatch { members, ..ViewBatch::default() }).unwrap();
        assert_eq!(wrong(&store), ["the row of member \"m0\" is not what the journal says"]);
        // A journal that an older binary kept says nothing of formats, or of other ones.
        store.note_formats(&[0]).unwrap();
        let outdated = verify(&store, &mut |_, _| {}).unwrap();
        assert!(outdated.outdated_views, "rows that the next start builds again");
        assert_eq!((outdated.found, outdated.rows), (Vec::<String>::new(), 0), "nothing is compared with them");
        drop(store);
        life.start();
        life.stop();
        let store = open();
        assert_eq!((row_of(&store), wrong(&store)), (row.clone(), Vec::new()));
    }
}

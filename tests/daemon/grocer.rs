//! A grocer's year through the whole daemon: posted as it happened, posted again, posted while the daemon is killed again and
//! again, posted with a cache that is far too small. It must come to the same, member by member, each time.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Client, Request};
use super::process::{Daemon, Ledger, say, take_turn};
use super::year::{Standing, Year};

/// Baskets of the whole year.
const YEAR_BASKETS: usize = 155_321;
/// Points of the whole year: counted twice, by programs that share no code with this one.
const YEAR_POINTS: i64 = 4_493_664;
/// Members with the most points in the whole year.
const YEAR_TOP: [(&str, i64); 10] = [
    ("household-1023", 24_635),
    ("household-1609", 16_416),
    ("household-2322", 13_066),
    ("household-1453", 13_037),
    ("household-1430", 12_709),
    ("household-1111", 12_270),
    ("household-400", 11_615),
    ("household-707", 11_331),
    ("household-1653", 11_031),
    ("household-1489", 10_808),
];
/// Members by tier at the end of the whole year: gold, silver, none.
const YEAR_TIERS: [usize; 3] = [1_046, 773, 650];

/// Baskets of a part that is long enough where the whole would only take longer.
const PART_BASKETS: usize = 60_000;
/// Connections that read, or post where order does not matter.
const CONNECTIONS: usize = 4;
/// How often the daemon is killed.
const KILLS: usize = 10;
/// The seed of all that is random here.
const SEED: u64 = 0x7a11_7571_c4a1_1e55;

/// One line of a batch's answer.
#[derive(Debug, Deserialize)]
struct Line<'a> {
    id: &'a str,
    status: &'a str,
    seq: u64,
    verdict: &'a str,
    #[serde(default)]
    replayed: bool,
}

/// What a batch came to.
#[derive(Clone, Copy, Debug, Default)]
struct Posted {
    fresh: usize,
    replayed: usize,
    last_seq: u64,
}

impl Posted {
    fn add(&mut self, other: Self) {
        self.fresh += other.fresh;
        self.replayed += other.replayed;
        self.last_seq = self.last_seq.max(other.last_seq);
    }
}

/// Posts some baskets as one batch. An error where there was no whole answer; a wrong answer fails the test.
fn post(client: &mut Client, year: &Year, batch: &Range<usize>) -> io::Result<Posted> {
    let answer = client
        .send(&Request {
            method: "POST",
            path: "/v1/programs/grocer/events/batch",
            headers: &[
                ("content-type", "application/x-ndjson"),
                ("accept", "application/x-ndjson"),
                ("prefer", "return=minimal"),
            ],
            body: year.lines(batch).as_bytes(),
        })?
        .expect_status(200);
    let mut posted = Posted::default();
    let mut lines = answer.text().lines();
    for basket in &year.baskets[batch.clone()] {
        let text = lines.next().unwrap();
        let line: Line<'_> = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        // Some real baskets look busy, and are noted; nobody's may wait.
        assert!(matches!(line.verdict, "allow" | "flag"), "{text}");
        assert_eq!((line.id, line.status), (basket.id, "posted"), "{text}");
        posted.fresh += usize::from(!line.replayed);
        posted.replayed += usize::from(line.replayed);
        posted.last_seq = posted.last_seq.max(line.seq);
    }
    assert_eq!(lines.next(), None);
    Ok(posted)
}

/// Moves the clock to the last basket of a batch. Another connection may have moved it further.
fn move_clock(client: &mut Client, year: &Year, batch: &Range<usize>) -> io::Result<()> {
    let now = year.baskets[batch.end - 1].occurred_at;
    let body = json!({"now": now}).to_string();
    let headers = &[("content-type", "application/json")];
    let answer = client.send(&Request { method: "POST", path: "/v1/clock", headers, body: body.as_bytes() })?;
    assert!(answer.status == 200 || answer.json()["code"] == "clock_refused", "{}", answer.text());
    Ok(())
}

/// Posts the first `count` baskets in order over one connection; with `clock`, it moves along.
fn post_in_order(daemon: &Daemon, year: &Year, count: usize, size: usize, clock: bool) -> (Posted, Duration) {
    let mut client = daemon.client();
    let mut posted = Posted::default();
    let begun = Instant::now();
    for batch in Year::batches(count, size) {
        if clock {
            move_clock(&mut client, year, &batch).unwrap();
        }
        posted.add(post(&mut client, year, &batch).unwrap());
    }
    (posted, begun.elapsed())
}

/// Reads every member's points now and their tier at the end of the year, over a few connections.
fn read_standings<'a>(address: SocketAddr, members: &[&'a str]) -> BTreeMap<&'a str, Standing> {
    let read = |members: &[&'a str]| {
        let mut client = Client::new(address);
        let mut balance = |member: &str, at: &str| {
            client.get(&format!("/v1/programs/grocer/members/{member}/balance{at}")).expect_status(200).json()
        };
        let mut standing = |member: &str| {
            let points = balance(member, "")["pools"]["points"]["available"].as_i64().unwrap();
            let tier = balance(member, "?at=2017-12-31T23:59:59Z")["tier"].as_str().map(str::to_owned);
            Standing { points, tier }
        };
        members.iter().map(|member| (*member, standing(member))).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let shares = members.chunks(members.len().div_ceil(CONNECTIONS));
        let readers: Vec<_> = shares.map(|share| scope.spawn(move || read(share))).collect();
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    })
}

/// Reads every member and compares with what the first `count` baskets come to.
#[track_caller]
fn expect_standings(test: &str, daemon: &Daemon, year: &Year, count: usize) -> BTreeMap<&'static str, Standing> {
    let expected = year.standings(count);
    let members: Vec<&str> = expected.keys().copied().collect();
    let begun = Instant::now();
    let read = read_standings(daemon.address, &members);
    say(format!("{test}: {}", rate("balances read", 2 * members.len(), begun.elapsed())));
    for (member, standing) in &expected {
        assert_eq!(&read[member], standing, "{member}");
    }
    read
}

/// The constants that are known of the whole year.
fn expect_the_known_year(standings: &BTreeMap<&str, Standing>) {
    assert_eq!(standings.values().map(|standing| standing.points).sum::<i64>(), YEAR_POINTS);
    let mut ranked: Vec<(&str, i64)> = standings.iter().map(|(member, standing)| (*member, standing.points)).collect();
    ranked.sort_unstable_by_key(|(_, points)| std::cmp::Reverse(*points));
    assert_eq!(ranked[..YEAR_TOP.len()], YEAR_TOP);
    let in_tier = |tier: Option<&str>| standings.values().filter(|standing| standing.tier.as_deref() == tier).count();
    assert_eq!([Some("gold"), Some("silver"), None].map(in_tier), YEAR_TIERS);
}

fn status(client: &mut Client) -> Value {
    client.get("/v1/status").expect_status(200).json()
}

fn rate(what: &str, count: usize, took: Duration) -> String {
    let per_second = u128::try_from(count).unwrap() * 1_000_000 / took.as_micros().max(1);
    format!("{count} {what} in {} ms, {per_second}/s", took.as_millis())
}

/// Posts everything again: all of it is known, nothing is recorded.
#[track_caller]
fn expect_replays(test: &str, daemon: &Daemon, year: &Year, count: usize, size: usize) {
    let mut client = daemon.client();
    let before = status(&mut client);
    let (posted, took) = post_in_order(daemon, year, count, size, false);
    say(format!("{test}: {}", rate("baskets replayed", count, took)));
    assert_eq!((posted.fresh, posted.replayed), (0, count));
    assert_eq!(status(&mut client)["head_hash"], before["head_hash"]);
}

/// Stops the daemon and verifies its ledger.
#[track_caller]
fn expect_sound_end(test: &str, ledger: &Ledger, daemon: Daemon) {
    let peak_mib = daemon.peak_kib().map_or_else(|| "unknown".to_owned(), |kib| format!("{} MiB", kib / 1_024));
    say(format!("{test}: peak memory {peak_mib}"));
    assert_eq!(daemon.stop().code(), Some(0));
    let begun = Instant::now();
    let said = ledger.expect_verified();
    let (first, _) = said.split_once(';').unwrap_or((&said, ""));
    say(format!("{test}: verified in {} ms: {first}", begun.elapsed().as_millis()));
}

#[test]
fn grocer_year() {
    const TEST: &str = "grocer_year";
    let _turn = take_turn();
    let Some(year) = Year::load(TEST) else { return };
    assert_eq!(year.baskets.len(), YEAR_BASKETS);
    let ledger = Ledger::new();
    let daemon = ledger.start();
    let (posted, took) = post_in_order(&daemon, year, YEAR_BASKETS, 5_000, true);
    say(format!("{TEST}: {}", rate("baskets posted", YEAR_BASKETS, took)));
    assert_eq!((posted.fresh, posted.replayed), (YEAR_BASKETS, 0));
    let standings = expect_standings(TEST, &daemon, year, YEAR_BASKETS);
    expect_the_known_year(&standings);
    expect_replays(TEST, &daemon, year, YEAR_BASKETS, 5_000);
    expect_standings(TEST, &daemon, year, YEAR_BASKETS);
    expect_sound_end(TEST, &ledger, daemon);
}

#[test]
fn grocer_year_small_cache() {
    const TEST: &str = "grocer_year_small_cache";
    let _turn = take_turn();
    let Some(year) = Year::load(TEST) else { return };
    let ledger = Ledger::new();
    // A tenth of the members.
    ledger.configure("[cache]\nmembers = 247\n");
    let daemon = ledger.start();
    let (posted, took) = post_in_order(&daemon, year, PART_BASKETS, 1_000, true);
    say(format!("{TEST}: {}", rate("baskets posted", PART_BASKETS, took)));
    assert_eq!((posted.fresh, posted.replayed), (PART_BASKETS, 0));
    expect_standings(TEST, &daemon, year, PART_BASKETS);
    // What was not yet in rows is replayed within the same cache.
    daemon.kill();
    drop(daemon);
    let daemon = ledger.start();
    expect_replays(TEST, &daemon, year, PART_BASKETS, 1_000);
    expect_standings(TEST, &daemon, year, PART_BASKETS);
    expect_sound_end(TEST, &ledger, daemon);
}

/// Numbers from a seed, the same each time: xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }
}

/// Posts what waits over a few connections until nothing does or the daemon is gone. After `kill_after` answers one of them
/// kills it, a moment later, while the others' batches are under way. What was not answered waits again.
fn post_until_killed(
    daemon: &Daemon,
    year: &Year,
    waiting: &Mutex<VecDeque<Range<usize>>>,
    kill_after: usize,
    moment: Duration,
) -> Posted {
    let answered = AtomicUsize::new(0);
    let work = || {
        let mut client = daemon.client();
        let mut done = Posted::default();
        loop {
            let Some(batch) = waiting.lock().unwrap().pop_front() else { return done };
            let answer = move_clock(&mut client, year, &batch).and_then(|()| post(&mut client, year, &batch));
            let Ok(posted) = answer else {
                waiting.lock().unwrap().push_front(batch);
                return done;
            };
            done.add(posted);
            if answered.fetch_add(1, Ordering::SeqCst) + 1 == kill_after {
                thread::sleep(moment);
                daemon.kill();
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(work)).collect();
        let mut posted = Posted::default();
        for worker in workers {
            posted.add(worker.join().unwrap());
        }
        posted
    })
}

#[test]
fn grocer_year_killed() {
    const TEST: &str = "grocer_year_killed";
    /// Few enough that batches still wait after the last kill.
    const ANSWERS_BETWEEN_KILLS_MAX: u64 = 6;
    const BATCH: usize = 750;
    let _turn = take_turn();
    let Some(year) = Year::load(TEST) else { return };
    let ledger = Ledger::new();
    let waiting = Mutex::new(Year::batches(PART_BASKETS, BATCH).collect::<VecDeque<_>>());
    let mut random = Random(SEED);
    let mut all = Posted::default();
    let mut ready_ms = Vec::new();
    let mut daemon = ledger.start();
    for kill in 1..=KILLS {
        let kill_after = usize::try_from(1 + random.below(ANSWERS_BETWEEN_KILLS_MAX)).unwrap();
        let moment = Duration::from_micros(random.below(25_000));
        all.add(post_until_killed(&daemon, year, &waiting, kill_after, moment));
        assert!(!daemon.ended().success(), "kill {kill}");
        daemon = ledger.start();
        ready_ms.push(daemon.ready_after.as_millis());
        let durable = status(&mut daemon.client())["durable_seq"].as_u64().unwrap();
        assert!(durable >= all.last_seq, "kill {kill}: {} was answered, {durable} is there", all.last_seq);
    }
    say(format!("{TEST}: killed {KILLS} times, ready after {ready_ms:?} ms"));
    all.add(post_until_killed(&daemon, year, &waiting, usize::MAX, Duration::ZERO));
    say(format!("{TEST}: {} baskets answered as posted, {} as replayed after a kill", all.fresh, all.replayed));
    assert_eq!(all.fresh + all.replayed, PART_BASKETS);
    expect_standings(TEST, &daemon, year, PART_BASKETS);
    expect_replays(TEST, &daemon, year, PART_BASKETS, BATCH);
    expect_sound_end(TEST, &ledger, daemon);
}

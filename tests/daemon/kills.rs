//! One history, told to a daemon that is killed at random instants and told to one that never is: a replay must come to the same
//! state hash, to the last ring.
//!
//! `TALLYSTICK_KILLS` says how many kills other than a few.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Client, Request};
use super::process::{Daemon, Ledger, say, take_turn};

const EVENTS: usize = 480;
const BATCH: usize = 8;
const MEMBERS: usize = 25;
/// Kills of one life of the ledger; few enough that batches still wait after the last.
const KILLS_OF_A_LIFE: usize = 10;
const ANSWERS_BETWEEN_KILLS_MAX: u64 = 5;
/// A kill comes within so many microseconds of an answer: before, while or after the next batch is written.
const MOMENT_US_MAX: u64 = 12_000;

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

/// Purchases of members with devices, cards and employees, some often enough to be looked at; every ninth is given back.
fn event(number: usize) -> String {
    let (member, minute) = (number * 7 % MEMBERS, number * 2);
    let at = format!("2026-01-05T{:02}:{:02}:00Z", minute / 60 % 24, minute % 60);
    let event = if number % 9 == 8 {
        let of = format!("order-{}", number - 8);
        json!({"id": format!("back-{number}"), "source": "till", "type": "refund", "order": of, "amount": 300,
            "member": format!("m{}", (number - 8) * 7 % MEMBERS), "occurred_at": at})
    } else {
        json!({"id": format!("sale-{number}"), "source": "till", "type": "purchase", "order": format!("order-{number}"),
            "member": format!("m{member}"), "amount": 700 + number, "occurred_at": at, "device": format!("d{}", member % 6),
            "store": "s1", "terminal": "2", "staff": format!("e{}", number % 3)})
    };
    format!("{event}\n")
}

/// Posts batches in order from one on, until all are answered or the daemon is gone; says which waits.
fn post_from(daemon: &Daemon, first: usize, mut answered: impl FnMut()) -> usize {
    let mut client = daemon.client();
    for batch in first..EVENTS / BATCH {
        let lines: String = (batch * BATCH..(batch + 1) * BATCH).map(event).collect();
        let Ok(()) = post(&mut client, &lines) else { return batch };
        answered();
    }
    EVENTS / BATCH
}

fn post(client: &mut Client, lines: &str) -> io::Result<()> {
    let headers = &[("content-type", "application/x-ndjson"), ("accept", "application/x-ndjson")];
    let path = "/v1/programs/corner_coffee/events/batch";
    let answer = client.send(&Request { method: "POST", path, headers, body: lines.as_bytes() })?.expect_status(200);
    for line in answer.text().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["status"] == "posted" || line["status"] == "held", "{line}");
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// What `verify` says the whole state comes to, having replayed it and compared it with what is stored.
fn state_of(ledger: &Ledger) -> String {
    let said = ledger.expect_verified();
    said.lines().find(|line| line.starts_with("state ")).unwrap().to_owned()
}

/// A ledger that began as another did, so that both have the same first records.
fn begun_as(begun: &Ledger) -> Ledger {
    let ledger = Ledger::new();
    copy(&begun.data(), &ledger.data());
    ledger
}

#[test]
fn a_daemon_killed_at_any_instant_comes_to_the_state_of_one_that_never_was() {
    let _turn = take_turn();
    let kills: usize = std::env::var("TALLYSTICK_KILLS").ok().and_then(|number| number.parse().ok()).unwrap_or(3);
    let begun = Ledger::new();
    let daemon = begun.start();
    daemon.client().post("/v1/clock", &json!({"now": "2026-01-06T12:00:00Z"})).expect_status(200);
    post(&mut daemon.client(), &event(0)).unwrap();
    assert_eq!(daemon.stop().code(), Some(0));

    let calm = begun_as(&begun);
    let daemon = calm.start();
    assert_eq!(post_from(&daemon, 0, || {}), EVENTS / BATCH);
    assert_eq!(daemon.stop().code(), Some(0));
    let expected = state_of(&calm);
    assert_ne!(expected, state_of(&begun), "something has happened");

    let mut random = Random(0x7a11_7571_c4a1_1e55);
    let (mut done, mut lives, mut under_way) = (0, 0, 0);
    while done < kills {
        let ledger = begun_as(&begun);
        let mut next = 0;
        for _ in 0..KILLS_OF_A_LIFE.min(kills - done) {
            let (after, moment) = (1 + random.below(ANSWERS_BETWEEN_KILLS_MAX), random.below(MOMENT_US_MAX));
            let daemon = ledger.start();
            let (answered, answers) = channel();
            next = thread::scope(|scope| {
                let daemon = &daemon;
                scope.spawn(move || {
                    for () in answers.iter().take(usize::try_from(after).unwrap()) {}
                    thread::sleep(Duration::from_micros(moment));
                    daemon.kill();
                });
                post_from(daemon, next, || answered.send(()).unwrap_or(()))
            });
            assert!(!daemon.ended().success());
            under_way += usize::from(next < EVENTS / BATCH);
            done += 1;
        }
        let daemon = ledger.start();
        assert_eq!(post_from(&daemon, next, || {}), EVENTS / BATCH);
        assert_eq!(daemon.stop().code(), Some(0));
        assert_eq!(state_of(&ledger), expected, "after {done} kills");
        lives += 1;
    }
    assert!(under_way > 0, "some batch was under way");
    say(format!("{done} kills in {lives} lives, {under_way} of them before all was told: one state hash, {expected}"));
}

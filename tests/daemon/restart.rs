//! What a stop, a lost folder of views, a second daemon and a damaged journal do to a ledger: nothing that anyone could see,
//! or a plain refusal; never another answer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use super::client::{Client, Request};
use super::process::{Daemon, Ledger, verify};

/// The ledger's time throughout.
const NOW: &str = "2026-01-05T12:00:00Z";
/// Members that the events are about.
const MEMBERS: [&str; 4] = ["ann", "bob", "cem", "dee"];
const CANNOT_START: i32 = 3;

/// The event number `number`: purchases with a coffee now and then, of members in turn, minutes apart.
fn event(number: usize) -> Value {
    json!({
        "id": format!("sale-{number}"), "source": "till-1", "type": "purchase", "member": MEMBERS[number % MEMBERS.len()],
        "occurred_at": format!("2026-01-05T{:02}:{:02}:00Z", 8 + number / 60, number % 60),
        "items": [
            {"line": 1, "category": "coffee", "quantity": 1, "amount": 380 + number},
            {"line": 2, "category": "beans", "quantity": 1, "amount": 1_600},
        ],
        "device": format!("phone-{}", number % 7),
    })
}

fn post(client: &mut Client, number: usize) -> super::client::Answer {
    client.post("/v1/programs/corner_coffee/events", &event(number))
}

fn set_clock(daemon: &Daemon) {
    daemon.client().post("/v1/clock", &json!({"now": NOW})).expect_status(200);
}

/// All that a member could read: balance, lots, events, statement.
fn all_reads(daemon: &Daemon) -> Vec<String> {
    let mut client = daemon.client();
    let mut reads = Vec::new();
    for member in MEMBERS {
        for what in ["balance", "lots", "statement", "balance?at=2026-01-05T08:20:00Z"] {
            let path = format!("/v1/programs/corner_coffee/members/{member}/{what}");
            reads.push(client.get(&path).expect_status(200).text().to_owned());
        }
        let path = format!("/v1/programs/corner_coffee/events?member={member}");
        reads.push(client.get(&path).expect_status(200).text().to_owned());
    }
    reads
}

/// A stopped ledger with `count` events in it, and what could be read there.
fn ledger_with(count: usize) -> (Ledger, Vec<String>) {
    let ledger = Ledger::new();
    let daemon = ledger.start();
    set_clock(&daemon);
    let mut client = daemon.client();
    for number in 0..count {
        post(&mut client, number).expect_status(201);
    }
    let reads = all_reads(&daemon);
    drop(client);
    assert_eq!(daemon.stop().code(), Some(0));
    (ledger, reads)
}

#[test]
fn a_restart_changes_nothing() {
    let (ledger, reads) = ledger_with(40);
    let daemon = ledger.start();
    set_clock(&daemon);
    assert_eq!(all_reads(&daemon), reads);

    let mut client = daemon.client();
    let before = client.get("/v1/status").json();
    let again = post(&mut client, 7).expect_status(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.json()["id"], "sale-7");
    assert_eq!(client.get("/v1/status").json(), before);
    let mut other = event(7);
    other["items"][0]["amount"] = json!(1);
    let refused = client.post("/v1/programs/corner_coffee/events", &other).expect_status(422);
    assert_eq!(refused.json()["code"], "idempotency_key_reused");
    assert_eq!(all_reads(&daemon), reads);
    drop(client);
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
}

#[test]
fn lost_views_are_rebuilt_from_the_journal() {
    let (ledger, reads) = ledger_with(40);
    let verified = ledger.expect_verified();
    fs::remove_dir_all(ledger.data().join("views")).unwrap();
    let daemon = ledger.start();
    set_clock(&daemon);
    assert_eq!(all_reads(&daemon), reads);
    post(&mut daemon.client(), 39).expect_status(200);
    // The eleventh purchase within an hour waits for a review: what was counted is back as well.
    post(&mut daemon.client(), 40).expect_status(202);
    assert_eq!(daemon.stop().code(), Some(0));
    assert_ne!(ledger.expect_verified(), verified, "one more event was recorded");
}

#[test]
fn a_killed_ledger_without_views_loses_nothing_that_was_answered() {
    let ledger = Ledger::new();
    let daemon = ledger.start();
    set_clock(&daemon);
    for number in 0..25 {
        post(&mut daemon.client(), number).expect_status(201);
    }
    let reads = all_reads(&daemon);
    daemon.kill();
    assert!(!daemon.ended().success());
    fs::remove_dir_all(ledger.data().join("views")).unwrap();
    let daemon = ledger.start();
    set_clock(&daemon);
    assert_eq!(all_reads(&daemon), reads);
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
}

#[test]
fn a_second_daemon_on_the_same_folder_is_refused() {
    let ledger = Ledger::new();
    let first = ledger.start();
    let Output { status, stdout, stderr } = ledger.serve().output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(CANNOT_START), "{said}");
    assert!(said.contains("in use by another process"), "{said}");
    assert_eq!(String::from_utf8(stdout).unwrap(), "");
    assert_eq!(ledger.verify().status.code(), Some(CANNOT_START), "verify is for stopped ledgers");
    first.client().get("/readyz").expect_status(200);
    assert_eq!(first.stop().code(), Some(0));
}

#[test]
fn a_stop_lets_an_idle_connection_go() {
    let ledger = Ledger::new();
    let daemon = ledger.start();
    let mut idle = daemon.client();
    idle.get("/livez").expect_status(200);
    assert_eq!(daemon.stop().code(), Some(0));
    assert!(idle.send(&Request { method: "GET", path: "/livez", headers: &[], body: b"" }).is_err());
}

/// Files of the journal that hold blocks.
fn block_files(data: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(data.join("journal")).unwrap().map(|entry| entry.unwrap().path());
    let holds_blocks = |path: &PathBuf| {
        let kind = path.extension().unwrap_or_default();
        (kind == "log" || kind == "sst") && fs::metadata(path).unwrap().len() > 0
    };
    files.filter(holds_blocks).collect()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Flips a byte at several places of every file that holds blocks. Either `verify` and the daemon refuse it, or the byte was
/// of no consequence and everything is as it was.
fn expect_damage_to_be_seen(ledger: &Ledger, sound: &str, reads: &[String]) {
    const PLACES: usize = 6;
    let mut refused = 0;
    for file in block_files(&ledger.data()) {
        for place in 0..PLACES {
            let damaged = ledger.folder().join("damaged");
            copy_folder(&ledger.data(), &damaged.join("data"));
            let path = damaged.join("data/journal").join(file.file_name().unwrap());
            let mut bytes = fs::read(&path).unwrap();
            let at = bytes.len() * (2 * place + 1) / (2 * PLACES);
            bytes[at] ^= 0x10;
            fs::write(&path, bytes).unwrap();
            let Output { status, stdout, .. } = verify(&damaged.join("data"));
            let said = String::from_utf8(stdout).unwrap();
            if status.success() {
                assert_eq!(said, sound, "byte {at} of {}", path.display());
                let served = Ledger::at(&damaged);
                let daemon = served.start();
                set_clock(&daemon);
                assert_eq!(all_reads(&daemon), reads, "byte {at} of {}", path.display());
            } else {
                refused += 1;
            }
            fs::remove_dir_all(damaged).unwrap();
        }
    }
    assert!(refused > 0, "no damage was seen at all");
}

#[test]
fn a_damaged_journal_is_refused_or_read_right() {
    // After a stop, blocks lie in the log or in a file, as the store pleases; after a kill, in the log.
    let (ledger, reads) = ledger_with(40);
    let sound = ledger.expect_verified();
    expect_damage_to_be_seen(&ledger, &sound, &reads);
    let daemon = ledger.start();
    set_clock(&daemon);
    post(&mut daemon.client(), 40).expect_status(202);
    let reads = all_reads(&daemon);
    daemon.kill();
    drop(daemon);
    let untouched = ledger.folder().join("untouched");
    copy_folder(&ledger.data(), &untouched);
    let sound = String::from_utf8(verify(&untouched).stdout).unwrap();
    expect_damage_to_be_seen(&ledger, &sound, &reads);
}

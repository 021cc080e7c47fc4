//! What people tell of themselves and what an erasure leaves of it: nothing that can be read, on disk or over HTTP, while every
//! point stays where it was.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::client::{Answer, Client, Request};
use super::process::{Daemon, Ledger};

const NOW: &str = "2026-01-05T12:00:00Z";
const PROGRAM: &str = "/v1/programs/corner_coffee";
/// What is told, and must be nowhere in the journal's files.
const TOLD: [&str; 4] = ["Wetteren-on-Sea", "quince-jelly", "oat-milk-only", "left-handed"];

fn start(ledger: &Ledger) -> (Daemon, Client) {
    let daemon = ledger.start();
    let mut client = daemon.client();
    client.post("/v1/clock", &json!({"now": NOW})).expect_status(200);
    (daemon, client)
}

fn enroll(member: &str) -> Value {
    json!({
        "id": format!("enroll-{member}"), "source": "app", "type": "enroll", "member": member, "occurred_at": NOW,
        "birthday": "1984-02-29", "attributes": {"town": TOLD[0], "likes": TOLD[1]}
    })
}

fn patch(client: &mut Client, member: &str, body: &Value) -> Answer {
    let headers = &[("content-type", "application/json")];
    let path = format!("{PROGRAM}/members/{member}");
    client.send(&Request { method: "PATCH", path: &path, headers, body: body.to_string().as_bytes() }).unwrap()
}

/// Two members who tell of themselves and buy.
fn tell(client: &mut Client) {
    for member in ["ann", "bob"] {
        client.post(&format!("{PROGRAM}/events"), &enroll(member)).expect_status(201);
        patch(client, member, &json!({"attributes": {"milk": TOLD[2]}, "choices": {"cup": TOLD[3]}}))
            .expect_status(200);
        let sale = json!({
            "id": format!("sale-{member}"), "source": "till", "type": "purchase", "member": member, "occurred_at": NOW,
            "amount": 1_200
        });
        client.post(&format!("{PROGRAM}/events"), &sale).expect_status(201);
    }
}

/// Which of what was told lies readable in a folder's files.
fn readable(folder: &Path) -> Vec<&'static str> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = if path.is_file() { fs::read(path).unwrap() } else { Vec::new() };
        found.extend(TOLD.into_iter().filter(|told| bytes.windows(told.len()).any(|window| window == told.as_bytes())));
    }
    found
}

fn journal(client: &mut Client) -> String {
    client.get(&format!("{PROGRAM}/journal?after_seq=0")).expect_status(200).text().to_owned()
}

fn member(client: &mut Client, id: &str) -> Value {
    client.get(&format!("{PROGRAM}/members/{id}")).expect_status(200).json()
}

#[test]
fn what_people_tell_is_sealed_and_gone_once_they_are_erased() {
    let ledger = Ledger::new();
    let (daemon, mut client) = start(&ledger);
    tell(&mut client);
    let told = member(&mut client, "ann");
    let feed = journal(&mut client);
    assert!(feed.contains(TOLD[0]) && feed.contains(TOLD[1]), "{feed}");
    let balance = client.get(&format!("{PROGRAM}/members/ann/balance")).json();
    client.post(&format!("{PROGRAM}/members/ann/erase"), &json!({})).expect_status(201);
    let erased = member(&mut client, "ann");
    daemon.kill();
    assert_eq!(readable(&ledger.data().join("journal")), Vec::<&str>::new(), "nothing is told in the clear");

    // Without the views all is replayed: who was erased stays so, and everybody else is who they were.
    fs::remove_dir_all(ledger.data().join("views")).unwrap();
    let (daemon, mut client) = start(&ledger);
    assert_eq!(member(&mut client, "ann"), erased);
    assert_eq!(client.get(&format!("{PROGRAM}/members/ann/balance")).json(), balance);
    assert_eq!(member(&mut client, "bob")["attributes"], told["attributes"]);
    let feed = journal(&mut client);
    assert_eq!(feed.matches(TOLD[0]).count(), 1, "one of the two is known still: {feed}");
    let event = client.get(&format!("{PROGRAM}/events/app/enroll-ann")).expect_status(200).json();
    assert!(!event.to_string().contains(TOLD[1]), "{event}");

    // A till that sends an old event again gets its old answer; another event under its name is still another one.
    client.post(&format!("{PROGRAM}/events"), &enroll("ann")).expect_status(200);
    let mut other = enroll("ann");
    other["occurred_at"] = json!("2026-01-05T11:00:00Z");
    client.post(&format!("{PROGRAM}/events"), &other).expect_status(422);

    // Who comes back is known anew, under another key.
    patch(&mut client, "ann", &json!({"attributes": {"town": "Ghent"}})).expect_status(200);
    let again = member(&mut client, "ann");
    assert_eq!(again["attributes"], json!({"town": "Ghent"}));
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
    fs::remove_dir_all(ledger.data().join("views")).unwrap();
    let (_daemon, mut client) = start(&ledger);
    assert_eq!(member(&mut client, "ann"), again);
}

#[test]
fn what_a_merged_member_told_goes_with_the_one_they_became() {
    let ledger = Ledger::new();
    let (daemon, mut client) = start(&ledger);
    tell(&mut client);
    patch(&mut client, "bob", &json!({"attributes": {"town": "Ghent"}})).expect_status(200);
    client.post(&format!("{PROGRAM}/members/ann/merge"), &json!({"into": "bob"})).expect_status(201);
    let merged = member(&mut client, "bob");
    assert_eq!(merged["attributes"], json!({"likes": TOLD[1], "milk": TOLD[2], "town": "Ghent"}));
    client.post(&format!("{PROGRAM}/members/bob/erase"), &json!({})).expect_status(201);
    let feed = journal(&mut client);
    assert!(TOLD.iter().all(|word| !feed.contains(word)), "{feed}");
    let left = ["ann", "bob"].map(|id| member(&mut client, id));
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
    fs::remove_dir_all(ledger.data().join("views")).unwrap();
    let (_daemon, mut client) = start(&ledger);
    assert_eq!(["ann", "bob"].map(|id| member(&mut client, id)), left);
}

//! A storm of retries over many connections with a `kill -9` in the middle of it: every event happens once and is counted
//! once, and whoever had an answer before gets the same one after.

use std::collections::HashMap;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use serde_json::{Value, json};

use super::client::{Answer, Client, Request};
use super::process::{Daemon, Ledger};

const CONNECTIONS: usize = 8;
const MEMBERS: usize = 50;
const EACH: usize = 4;
/// Answers after which the daemon is killed.
const KILLED_AFTER: usize = 120;

fn event(number: usize) -> Vec<u8> {
    let (member, minute) = (number % MEMBERS, 10 + number / MEMBERS * 7);
    json!({
        "id": format!("sale-{number}"), "source": "till", "type": "purchase", "member": format!("m{member}"),
        "amount": 700, "occurred_at": format!("2026-01-05T11:{minute}:00Z"), "device": format!("d{member}"),
    })
    .to_string()
    .into_bytes()
}

fn send(client: &mut Client, number: usize) -> std::io::Result<Answer> {
    let headers = &[("content-type", "application/json")];
    let path = "/v1/programs/corner_coffee/events";
    client.send(&Request { method: "POST", path, headers, body: &event(number) })
}

/// Every connection sends every event, each from another place on; ends where the daemon does.
fn storm(daemon: &Daemon, told: &Sender<(usize, Answer)>) {
    thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let (told, mut client) = (told.clone(), daemon.client());
            scope.spawn(move || {
                for step in 0..MEMBERS * EACH {
                    let number = (step + connection * 3) % (MEMBERS * EACH);
                    let Ok(answer) = send(&mut client, number) else { return };
                    drop(told.send((number, answer)));
                }
            });
        }
    });
}

#[test]
fn a_storm_of_retries_and_a_kill_in_the_middle_count_nothing_twice() {
    let ledger = Ledger::new();
    let daemon = ledger.start();
    daemon.client().post("/v1/clock", &json!({"now": "2026-01-05T12:00:00Z"})).expect_status(200);
    let before = daemon.client().get("/v1/status").json()["seq"].as_u64().unwrap();

    let (told, answers) = channel();
    let mut first: HashMap<usize, Value> = HashMap::new();
    thread::scope(|scope| {
        let (daemon, told) = (&daemon, &told);
        scope.spawn(move || storm(daemon, told));
        for (number, answer) in answers.iter().take(KILLED_AFTER) {
            assert!(answer.status == 201 || answer.status == 200, "{}", answer.text());
            first.entry(number).or_insert_with(|| answer.json());
        }
        daemon.kill();
    });
    drop(daemon);

    let daemon = ledger.start();
    storm(&daemon, &told);
    drop(told);
    let mut count = 0;
    for (number, answer) in answers {
        assert!(answer.status == 201 || answer.status == 200, "{}", answer.text());
        let same = first.entry(number).or_insert_with(|| answer.json());
        assert_eq!(*same, answer.json(), "event {number} has one answer");
        count += 1;
    }
    assert!(count >= CONNECTIONS * MEMBERS * EACH, "{count}");
    let mut client = daemon.client();
    let after = client.get("/v1/status").json()["seq"].as_u64().unwrap();
    assert_eq!(after - before, (MEMBERS * EACH) as u64, "one record an event");
    for member in 0..MEMBERS {
        let path = format!("/v1/programs/corner_coffee/fraud/counters?key=member%3Dm{member}");
        let counters = client.get(&path).expect_status(200).json();
        let hourly = counters["data"].as_array().unwrap().iter().find(|one| one["rule"] == "member_hour").unwrap();
        assert_eq!(hourly["counted"], EACH, "m{member}: {counters}");
        let balance = client.get(&format!("/v1/programs/corner_coffee/members/m{member}/balance")).json();
        assert_eq!(balance["pools"]["points"]["available"], EACH * 7, "m{member}");
    }
    assert!(daemon.stop().success());
    ledger.expect_verified();
}

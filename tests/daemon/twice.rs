//! The same thing at once, from many connections: it happens once, and everyone is told the same.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use super::client::{Answer, Request};
use super::process::{Daemon, Ledger};

const CONNECTIONS: usize = 32;
const JSON: (&str, &str) = ("content-type", "application/json");

/// Sends one request over many connections at once; their answers.
fn all_at_once(daemon: &Daemon, request: Request<'_>) -> Vec<Answer> {
    let start = Barrier::new(CONNECTIONS);
    let send = || {
        let mut client = daemon.client();
        client.connect().unwrap();
        start.wait();
        client.send(&request).unwrap()
    };
    thread::scope(|scope| {
        let senders: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(send)).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    })
}

fn seq(daemon: &Daemon) -> u64 {
    daemon.client().get("/v1/status").json()["seq"].as_u64().unwrap()
}

fn points(daemon: &Daemon, member: &str) -> Value {
    let path = format!("/v1/programs/corner_coffee/members/{member}/balance");
    daemon.client().get(&path).expect_status(200).json()["pools"]["points"]["available"].clone()
}

fn started() -> (Ledger, Daemon) {
    let ledger = Ledger::new();
    let daemon = ledger.start();
    daemon.client().post("/v1/clock", &json!({"now": "2026-01-05T12:00:00Z"})).expect_status(200);
    (ledger, daemon)
}

#[test]
fn same_event_in_parallel() {
    let (ledger, daemon) = started();
    for round in 0..10 {
        let event = json!({
            "id": format!("sale-{round}"), "source": "till-1", "type": "purchase", "member": format!("ann-{round}"),
            "occurred_at": "2026-01-05T11:59:00Z", "amount": 1_234,
            "device": "phone-1",
        })
        .to_string();
        let before = seq(&daemon);
        let path = "/v1/programs/corner_coffee/events";
        let answers = all_at_once(&daemon, Request { method: "POST", path, headers: &[JSON], body: event.as_bytes() });
        let first: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert_eq!(first.len(), 1, "round {round}");
        assert_eq!(first[0].header("idempotent-replayed"), None);
        for other in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((other.status, other.header("idempotent-replayed")), (200, Some("true")), "{}", other.text());
            assert_eq!(other.text(), first[0].text(), "the first answer is everyone's");
        }
        assert_eq!(seq(&daemon), before + 1);
        assert_eq!(points(&daemon, &format!("ann-{round}")), 12);
    }
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
}

#[test]
fn same_batch_of_transfers_in_parallel() {
    let (ledger, daemon) = started();
    let mut client = daemon.client();
    for member in ["ann", "bob"] {
        let event = json!({
            "id": format!("sale-{member}"), "source": "till-1", "type": "purchase", "member": member,
            "occurred_at": "2026-01-05T11:59:00Z", "amount": 10_000,
        });
        client.post("/v1/programs/corner_coffee/events", &event).expect_status(201);
    }
    let body = json!([
        {"from": "ann", "to": "bob", "pool": "points", "amount": 30},
        {"from": "bob", "to": "ann", "pool": "points", "amount": 5},
        {"from": "ann", "to": "bob", "pool": "points", "amount": 1_000_000},
    ])
    .to_string();
    let headers = &[JSON, ("idempotency-key", "treats-of-monday")];
    let request =
        Request { method: "POST", path: "/v1/programs/corner_coffee/transfers/batch", headers, body: body.as_bytes() };
    let before = seq(&daemon);
    let answers = all_at_once(&daemon, request);
    let mut fresh = 0;
    for answer in &answers {
        let json = answer.clone().expect_status(200).json();
        let results = json["results"].as_array().unwrap();
        assert_eq!(results.len(), 3);
        assert_eq!(results[2]["problem"]["code"], "insufficient_balance");
        let replayed: Vec<bool> = results[..2].iter().map(|result| result["replayed"] == true).collect();
        assert!(replayed[0] == replayed[1], "{json}");
        fresh += usize::from(!replayed[0]);
        assert!(results[..2].iter().all(|result| result["status"] == "posted"), "{json}");
    }
    assert_eq!(fresh, 1);
    assert_eq!(seq(&daemon), before + 2);
    assert_eq!((points(&daemon, "ann"), points(&daemon, "bob")), (json!(75), json!(125)));

    // The same key for another list: each element that differs is refused, the others are replayed.
    let other = body.replace(":30,", ":31,").replace("\"amount\":30}", "\"amount\":31}");
    assert_ne!(other, body);
    let answer = client.send(&Request { body: other.as_bytes(), ..request }).unwrap().expect_status(200).json();
    assert_eq!(answer["results"][0]["problem"]["code"], "idempotency_key_reused");
    assert_eq!(answer["results"][1]["replayed"], true);
    assert_eq!((points(&daemon, "ann"), points(&daemon, "bob")), (json!(75), json!(125)));
    drop(client);
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
}

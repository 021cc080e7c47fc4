//! Cases over HTTP: from a held event to its outcome, once, also across a kill.

use serde_json::{Value, json};

use super::client::Client;
use super::process::{Daemon, Ledger};

const EVENTS: &str = "/v1/programs/corner_coffee/events";
const CASES: &str = "/v1/programs/corner_coffee/cases";

fn started() -> (Ledger, Daemon) {
    let ledger = Ledger::new();
    let daemon = ledger.start();
    daemon.client().post("/v1/clock", &json!({"now": "2026-01-05T12:00:00Z"})).expect_status(200);
    (ledger, daemon)
}

/// Posts so many purchases of one member, a second apart; the status of the last.
fn buy(client: &mut Client, member: &str, times: u32) -> u16 {
    let mut status = 0;
    for at in 1..=times {
        let event = json!({
            "id": format!("{member}-{at}"), "source": "till-1", "type": "purchase", "member": member,
            "occurred_at": format!("2026-01-05T11:00:{at:02}Z"), "amount": 1_000,
        });
        status = client.post(EVENTS, &event).status;
    }
    status
}

fn points(client: &mut Client, member: &str) -> Value {
    let path = format!("/v1/programs/corner_coffee/members/{member}/balance");
    let balance = client.get(&path).expect_status(200).json();
    json!([balance["pools"]["points"]["available"], balance["pools"]["points"]["pending"]])
}

fn open_case(client: &mut Client, member: &str) -> Value {
    let page = client.get(&format!("{CASES}?status=open&member={member}")).expect_status(200).json();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(1), "{page}");
    page["data"][0].clone()
}

#[test]
fn a_case_is_cleared_once_and_survives_a_kill() {
    let (ledger, daemon) = started();
    let mut client = daemon.client();
    assert_eq!(buy(&mut client, "ann", 12), 202, "what passes the limit is held");
    assert_eq!(points(&mut client, "ann"), json!([100, 20]));
    let case = open_case(&mut client, "ann");
    assert_eq!(
        (&case["entity"], &case["held"], &case["points_at_risk"]),
        (&json!("member=ann"), &json!(2), &json!(20))
    );
    daemon.kill();
    let daemon = ledger.start();
    let mut client = daemon.client();
    assert_eq!(open_case(&mut client, "ann"), case, "the case is there after a kill");

    let resolve = format!("{CASES}/{}/resolve", case["id"].as_str().unwrap());
    let body = json!({"outcome": "cleared", "note": "a wedding"});
    let first = client.post_with(&resolve, &body, &[("idempotency-key", "r-1")]).expect_status(200).json();
    assert_eq!((&first["status"], &first["outcome"]), (&json!("resolved"), &json!("cleared")));
    assert_eq!(points(&mut client, "ann"), json!([120, 0]));
    let again = client.post_with(&resolve, &body, &[("idempotency-key", "r-1")]).expect_status(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = client.post_with(&resolve, &body, &[("idempotency-key", "r-2")]).expect_status(409).json();
    assert_eq!(other["code"], "case_not_open");
    daemon.kill();
    let daemon = ledger.start();
    let mut client = daemon.client();
    client.post_with(&resolve, &body, &[("idempotency-key", "r-1")]).expect_status(200);
    assert_eq!(points(&mut client, "ann"), json!([120, 0]), "a retry after a kill counts nothing twice");
    let event = client.get(&format!("{EVENTS}/till-1/ann-12")).expect_status(200).json();
    assert_eq!((&event["status"], &event["effects"][0]["state"]), (&json!("posted"), &json!("available")), "{event}");
    daemon.stop();
    ledger.expect_verified();
}

#[test]
fn a_confirmed_case_voids_what_it_held_and_claws_back_when_asked() {
    let (ledger, daemon) = started();
    let mut client = daemon.client();
    buy(&mut client, "bob", 11);
    buy(&mut client, "cat", 11);
    for (member, claw_back, left) in [("bob", false, json!([100, 0])), ("cat", true, json!([0, 0]))] {
        let case = open_case(&mut client, member);
        let resolve = format!("{CASES}/{}/resolve", case["id"].as_str().unwrap());
        let mut body = json!({"outcome": "confirmed", "note": "one card, many hands"});
        if claw_back {
            body["claw_back"] = json!(true);
        }
        client.post(&resolve, &body).expect_status(200);
        assert_eq!(points(&mut client, member), left);
        let event = client.get(&format!("{EVENTS}/till-1/{member}-11")).expect_status(200).json();
        assert_eq!((&event["status"], &event["effects"][0]["state"]), (&json!("denied"), &json!("void")));
    }
    let resolved = client.get(&format!("{CASES}?status=resolved")).expect_status(200).json();
    assert_eq!(resolved["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(client.get(&format!("{CASES}/case_1")).status, 404);
    daemon.stop();
    ledger.expect_verified();
}

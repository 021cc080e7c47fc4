//! Cases over HTTP: from a held event to its outcome, once, also across a kill.

use serde_json::{Value, json};

use super::client::{Answer, Client, Request};
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
fn a_confirmed_case_voids_what_it_held_and_claws_back_unless_asked_not_to() {
    let (ledger, daemon) = started();
    let mut client = daemon.client();
    buy(&mut client, "bob", 11);
    buy(&mut client, "cat", 11);
    for (member, claw_back, left) in [("bob", false, json!([100, 0])), ("cat", true, json!([0, 0]))] {
        let case = open_case(&mut client, member);
        let resolve = format!("{CASES}/{}/resolve", case["id"].as_str().unwrap());
        let mut body = json!({"outcome": "confirmed", "note": "one card, many hands"});
        if !claw_back {
            body["claw_back"] = json!(false);
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

const FRAUD: &str = "/v1/programs/corner_coffee/fraud";

fn put(client: &mut Client, path: &str, body: &Value) -> Answer {
    let headers = &[("content-type", "application/json")];
    client.send(&Request { method: "PUT", path, headers, body: body.to_string().as_bytes() }).unwrap()
}

fn delete(client: &mut Client, path: &str) -> Answer {
    client.send(&Request { method: "DELETE", path, headers: &[], body: b"" }).unwrap()
}

fn rule(client: &mut Client, id: &str) -> Value {
    let rules = client.get(&format!("{FRAUD}/rules")).expect_status(200).json();
    let found = rules["data"].as_array().unwrap().iter().find(|rule| rule["rule"] == id);
    found.unwrap_or_else(|| panic!("{id} is not among {rules}")).clone()
}

#[test]
fn lists_decide_before_counts_do_and_survive_a_kill() {
    let (ledger, daemon) = started();
    let mut client = daemon.client();
    let allow = format!("{FRAUD}/lists/allow/member/ann");
    let deny = format!("{FRAUD}/lists/deny/member/bob");
    let entry = json!({"reason": "buys for an office", "author": "eve", "expires_at": "2026-02-01T00:00:00Z"});
    let known = put(&mut client, &allow, &entry).expect_status(200).json();
    assert_eq!(
        (&known["list"], &known["kind"], &known["value"], &known["reason"], &known["author"], &known["expires_at"]),
        (&json!("allow"), &json!("member"), &json!("ann"), &entry["reason"], &json!("eve"), &entry["expires_at"])
    );
    put(&mut client, &deny, &json!({})).expect_status(200);
    assert_eq!(buy(&mut client, "ann", 12), 201, "who is allowed is not held");
    assert_eq!(buy(&mut client, "bob", 1), 201, "a denied event is a fact that was recorded");
    let denied = client.get(&format!("{EVENTS}/till-1/bob-1")).expect_status(200).json();
    assert_eq!((&denied["status"], &denied["fraud"]["reasons"][0]["rule"]), (&json!("denied"), &json!("deny_list")));
    let lists = client.get(&format!("{FRAUD}/lists")).expect_status(200).json();
    daemon.kill();
    let daemon = ledger.start();
    let mut client = daemon.client();
    assert_eq!(client.get(&format!("{FRAUD}/lists")).json(), lists, "lists are there after a kill");
    assert_eq!(lists["data"].as_array().map(Vec::len), Some(2), "{lists}");
    let denied = client.get(&format!("{FRAUD}/lists/deny?limit=1")).expect_status(200).json();
    assert_eq!((&denied["data"][0]["value"], &denied["has_more"]), (&json!("bob"), &json!(false)));

    delete(&mut client, &deny).expect_status(200);
    client.get(&deny).expect_status(404);
    delete(&mut client, &deny).expect_status(404);
    assert_eq!(buy(&mut client, "bob", 2), 201);
    let posted = client.get(&format!("{EVENTS}/till-1/bob-2")).expect_status(200).json();
    assert_eq!(posted["status"], "posted");
    for (path, body) in
        [(format!("{FRAUD}/lists/maybe/member/ann"), json!({})), (format!("{FRAUD}/lists/deny/moon/ann"), json!({}))]
    {
        put(&mut client, &path, &body).expect_status(404);
    }
    for body in [
        json!({"expires_at": "2020-01-01T00:00:00Z"}),
        json!({"reason": 7}),
        json!({"why": "x"}),
        json!({"rules": ["member_hour"]}),
    ] {
        put(&mut client, &deny, &body).expect_status(400);
    }
}

#[test]
fn a_rules_precision_follows_what_its_cases_came_to() {
    let (_ledger, daemon) = started();
    let mut client = daemon.client();
    assert_eq!(rule(&mut client, "member_hour")["fired"], 0);
    for (member, outcome) in [("ann", "cleared"), ("bob", "confirmed"), ("cay", "confirmed")] {
        assert_eq!(buy(&mut client, member, 11), 202);
        let case = open_case(&mut client, member);
        let resolve = format!("{CASES}/{}/resolve", case["id"].as_str().unwrap());
        client.post(&resolve, &json!({"outcome": outcome})).expect_status(200);
    }
    let known = rule(&mut client, "member_hour");
    assert_eq!(
        (&known["fired"], &known["stopped"], &known["confirmed"], &known["cleared"], &known["precision_bp"]),
        (&json!(3), &json!(3), &json!(2), &json!(1), &json!(6_666))
    );
    assert_eq!(
        (&known["limit"], &known["window_ms"], &known["key"]),
        (&json!(10), &json!(3_600_000), &json!(["member"]))
    );
}

#[test]
fn counters_say_what_was_counted_and_by_which_events() {
    let (_ledger, daemon) = started();
    let mut client = daemon.client();
    assert_eq!(buy(&mut client, "ann", 3), 201);
    for key in ["member=ann", "member%3Aann", "ann"] {
        let counters = client.get(&format!("{FRAUD}/counters?key={key}")).expect_status(200).json();
        let found = counters["data"].as_array().unwrap().iter().find(|counter| counter["rule"] == "member_hour");
        let found = found.unwrap_or_else(|| panic!("{key}: {counters}"));
        assert_eq!(
            (&found["key"], &found["counted"], &found["room"], &found["limit"]),
            (&json!("member=ann"), &json!(3), &json!(7), &json!(10))
        );
        assert_eq!((&found["events"][0]["id"], &found["events"][2]["id"]), (&json!("ann-3"), &json!("ann-1")));
    }
    let none = client.get(&format!("{FRAUD}/counters?key=member=zed")).expect_status(200).json();
    assert_eq!(none["data"], json!([]));
    client.get(&format!("{FRAUD}/counters")).expect_status(400);
    client.get(&format!("{FRAUD}/counters?k=1")).expect_status(400);
}

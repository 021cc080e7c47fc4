//! Investigations over HTTP, from the verdict to the resolved case: the evidence leads to the events, the links to the others, the
//! trace to where the points went, and the outcome to the balances and to what is known of the rule. In between the daemon is
//! killed.

use std::thread;

use serde_json::{Value, json};

use super::client::{Client, Request};
use super::kiosk;
use super::process::{Daemon, Ledger};

const PROGRAM: &str = "/v1/programs/toyzoo";

fn started() -> (Ledger, Daemon) {
    let ledger = Ledger::new();
    let daemon = ledger.start();
    daemon.client().post("/v1/clock", &json!({"now": "2026-05-01T00:00:00Z"})).expect_status(200);
    (ledger, daemon)
}

/// Posts an event of a member on a day of May, with the clock at its time; its answer.
fn post(client: &mut Client, (kind, member, day): (&str, &str, u32), more: &Value) -> Value {
    let id = format!("{kind}-{member}-{day}");
    let at = format!("2026-05-{day:02}T10:00:00Z");
    client.post("/v1/clock", &json!({"now": at})).expect_status(200);
    let mut event = json!({"id": id, "source": "web", "type": kind, "member": member, "occurred_at": at});
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    let answer = client.post(&format!("{PROGRAM}/events"), &event);
    assert!([201, 202].contains(&answer.status), "{event}");
    answer.json()
}

fn points(client: &mut Client, member: &str) -> (i64, i64) {
    let balance = client.get(&format!("{PROGRAM}/members/{member}/balance")).expect_status(200).json();
    let pool = &balance["pools"]["points"];
    (pool["available"].as_i64().unwrap_or(0), pool["pending"].as_i64().unwrap_or(0))
}

fn links(client: &mut Client, member: &str) -> Value {
    client.get(&format!("{PROGRAM}/members/{member}/links")).expect_status(200).json()
}

/// The open case about an entity.
fn case(client: &mut Client, entity: &str) -> Value {
    let page = client.get(&format!("{PROGRAM}/cases?status=open&entity={entity}")).expect_status(200).json();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(1), "{page}");
    page["data"][0].clone()
}

fn resolve(client: &mut Client, case: &Value, body: &Value) {
    let path = format!("{PROGRAM}/cases/{}/resolve", case["id"].as_str().unwrap());
    let resolved = client.post(&path, body).expect_status(200).json();
    assert_eq!(resolved["status"], "resolved");
}

/// The events that the evidence of a case's first event names, each looked up.
fn evidence(client: &mut Client, case: &Value) -> Vec<String> {
    let reason =
        case["events"][0]["reasons"].as_array().unwrap().iter().find(|reason| reason["verdict"] == "hold").unwrap();
    let named: Vec<(String, String)> = reason["evidence"]["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["source"].as_str().unwrap().to_owned(), event["id"].as_str().unwrap().to_owned()))
        .collect();
    for (source, id) in &named {
        client.get(&format!("{PROGRAM}/events/{source}/{id}")).expect_status(200);
    }
    named.into_iter().map(|(_, id)| id).collect()
}

/// How often cases with a rule were confirmed and cleared.
fn outcomes(client: &mut Client, rule: &str) -> (Value, Value) {
    let rules = client.get(&format!("{PROGRAM}/fraud/rules")).expect_status(200).json();
    let all = rules["data"].as_array().unwrap();
    let row = all.iter().find(|row| row["id"] == rule || row["rule"] == rule);
    let row = row.unwrap_or_else(|| panic!("{rule} in {rules}"));
    (row["confirmed"].clone(), row["cleared"].clone())
}

fn paid(card: &str, amount: u32) -> Value {
    json!({"amount": amount, "tenders": [{"kind": "card", "amount": amount, "fingerprint": card}]})
}

#[test]
fn one_person_with_two_accounts_and_one_card() {
    let (ledger, daemon) = started();
    let mut client = daemon.client();
    post(&mut client, ("enroll", "rita", 1), &json!({"device": "d-rita"}));
    post(&mut client, ("purchase", "rita", 2), &paid("c-1", 900));
    post(&mut client, ("enroll", "rob", 3), &json!({"referrer": "rita", "device": "d-rob"}));
    let bought = post(&mut client, ("purchase", "rob", 4), &paid("c-1", 3_000));
    assert_eq!((&bought["status"], &bought["fraud"]["verdict"]), (&json!("posted"), &json!("hold")), "{bought}");
    assert_eq!(bought["fraud"]["reasons"][0]["rule"], "referral_self");
    assert_eq!(points(&mut client, "rob"), (80, 100), "the purchase stands, the bonus waits");
    assert_eq!(points(&mut client, "rita"), (59, 200));

    daemon.kill();
    let daemon = ledger.start();
    let mut client = daemon.client();
    let case = case(&mut client, "member=rita");
    assert_eq!(evidence(&mut client, &case), ["purchase-rita-2"]);
    let links = links(&mut client, "rob");
    assert_eq!(links["cluster"]["members"], json!(["rita", "rob"]), "{links}");
    let because = &links["cluster"]["because"][0];
    assert_eq!((&because["kind"], &because["value"]), (&json!("card"), &json!("c-1")), "{links}");

    resolve(&mut client, &case, &json!({"outcome": "confirmed", "note": "one person", "claw_back": false}));
    assert_eq!((points(&mut client, "rob"), points(&mut client, "rita")), ((80, 0), (59, 0)));
    assert_eq!(outcomes(&mut client, "referral_self"), (json!(1), json!(0)));
    daemon.stop();
    ledger.expect_verified();
}

#[test]
fn a_farm_of_friends_on_one_device() {
    let (ledger, daemon) = started();
    let mut client = daemon.client();
    post(&mut client, ("enroll", "rex", 1), &json!({}));
    for (at, friend) in (1..).step_by(2).zip(["f1", "f2", "f3"]) {
        let answer = post(&mut client, ("enroll", friend, at), &json!({"referrer": "rex", "device": "d-farm"}));
        assert_eq!(answer["status"], "posted");
        post(&mut client, ("purchase", friend, at + 1), &json!({"amount": 2_600 + at, "device": "d-farm"}));
    }
    assert_eq!(points(&mut client, "rex"), (450, 0), "two friends are paid for, the third waits");
    daemon.kill();
    let daemon = ledger.start();
    let mut client = daemon.client();
    let case = case(&mut client, "member=rex");
    assert_eq!(evidence(&mut client, &case), ["purchase-f1-2", "purchase-f2-4"]);
    let links = links(&mut client, "f3");
    let device = links["links"].as_array().unwrap().iter().find(|link| link["kind"] == "device").unwrap();
    let mut others: Vec<&str> =
        device["members"].as_array().unwrap().iter().map(|other| other["member"].as_str().unwrap()).collect();
    others.sort_unstable();
    assert_eq!((others, &device["strength"], &links["cluster"]), (vec!["f1", "f2"], &json!("soft"), &Value::Null));

    let body = json!({"outcome": "confirmed", "note": "a farm"});
    resolve(&mut client, &case, &body);
    assert_eq!(points(&mut client, "rex"), (50, 0), "what was paid along the evidence is taken back");
    assert_eq!(outcomes(&mut client, "referral_fan_in"), (json!(1), json!(0)));
    daemon.stop();
    ledger.expect_verified();
}

#[test]
fn a_couple_with_one_tablet_is_cleared() {
    let (ledger, daemon) = started();
    let mut client = daemon.client();
    post(&mut client, ("enroll", "ann", 1), &json!({"device": "tablet"}));
    post(&mut client, ("enroll", "ben", 2), &json!({"referrer": "ann", "device": "tablet"}));
    let bought = post(&mut client, ("purchase", "ben", 3), &json!({"amount": 4_000}));
    assert_eq!(bought["fraud"]["reasons"][0]["rule"], "referral_shared", "{bought}");
    assert_eq!((points(&mut client, "ann"), points(&mut client, "ben")), ((50, 200), (90, 100)));
    let case = case(&mut client, "member=ann");
    resolve(&mut client, &case, &json!({"outcome": "cleared", "note": "they live together"}));
    assert_eq!((points(&mut client, "ann"), points(&mut client, "ben")), ((250, 0), (190, 0)));
    assert_eq!(outcomes(&mut client, "referral_shared"), (json!(0), json!(1)));
    daemon.kill();
    let daemon = ledger.start();
    let mut client = daemon.client();
    assert_eq!(points(&mut client, "ann"), (250, 0));
    daemon.stop();
    ledger.expect_verified();
}

#[test]
fn hubs_are_reported_and_addresses_have_one_name() {
    let (ledger, daemon) = started();
    let mut client = daemon.client();
    for member in 0..27 {
        post(&mut client, ("enroll", &format!("m{member}"), 2), &json!({"phone_hash": "p-shop"}));
    }
    let hubs = client.get(&format!("{PROGRAM}/fraud/hubs")).expect_status(200).json();
    assert_eq!((&hubs["data"][0]["kind"], &hubs["data"][0]["value"]), (&json!("phone"), &json!("p-shop")), "{hubs}");
    assert_eq!(links(&mut client, "m0")["cluster"], Value::Null, "what the number alone had joined came apart");
    let answer = client.post(&format!("{PROGRAM}/normalise-email"), &json!({"email": " Jane.Doe+x@GoogleMail.com"}));
    let answer = answer.expect_status(200).json();
    assert_eq!(answer["normalised"], "janedoe@gmail.com");
    assert_eq!(client.post(&format!("{PROGRAM}/normalise-email"), &json!({"email": "jane"})).status, 400);
    daemon.stop();
    ledger.expect_verified();
}

/// What a member of the kiosk can spend, and what they owe.
fn kiosk_points(client: &mut Client, member: &str) -> (i64, i64) {
    let balance = client.get(&kiosk::at(&format!("/members/{member}/balance"))).expect_status(200).json();
    let pool = &balance["pools"]["points"];
    (pool["available"].as_i64().unwrap(), pool["debt"].as_i64().unwrap())
}

/// A mule got 4 of the 10 points of a fraud, with 5 of their own, and passed 2 of them on; the other has bought with one.
fn passed_on(client: &mut Client, round: u32) -> [String; 3] {
    let [thief, mule, other] = ["thief", "mule", "other"].map(|name| format!("{name}-{round}"));
    for (member, minute) in [(&mule, 1), (&other, 2), (&thief, 5), (&thief, 6)] {
        assert_eq!(kiosk::buys(client, member, minute).status, 201);
    }
    for (from, to, amount) in [(&thief, &mule, 4), (&mule, &other, 7)] {
        let moved = json!({"from": from, "to": to, "pool": "points", "amount": amount});
        client.post(&kiosk::at("/transfers"), &moved).expect_status(201);
    }
    let bought = json!({"member": other, "pool": "points", "amount": 11});
    client.post(&kiosk::at("/redemptions"), &bought).expect_status(201);
    assert_eq!(kiosk::buys(client, &thief, 7).status, 202, "the third purchase waits");
    [thief, mule, other]
}

#[test]
fn points_that_moved_on_are_found_and_taken_back_once_whenever_the_daemon_is_killed() {
    let limit = "limit = 2\nverdict = \"hold\"";
    let transferable = "expires = \"never\"\ntransferable = true\n\n[fraud]\npack = \"none\"";
    let program = kiosk::program(limit).replace("expires = \"never\"", transferable);
    let ledger = Ledger::with_program("kiosk", &program);
    let mut daemon = ledger.start();
    daemon.client().post("/v1/clock", &json!({"now": "2026-01-05T10:00:00Z"})).expect_status(200);
    for round in 0..6 {
        let mut client = daemon.client();
        let [thief, mule, other] = passed_on(&mut client, round);
        let page = client.get(&kiosk::at(&format!("/cases?status=open&member={thief}"))).expect_status(200).json();
        let id = page["data"][0]["id"].as_str().unwrap().to_owned();
        let shown = client.get(&kiosk::at(&format!("/cases/{id}"))).expect_status(200).json();
        let (mut went, mut left) = (Vec::new(), 0);
        for source in shown["trace"]["sources"].as_array().unwrap() {
            left += source["left"].as_i64().unwrap();
            let steps = source["steps"].as_array().unwrap().iter();
            went.extend(
                steps.map(|step| (step["kind"].as_str().unwrap().to_owned(), step["amount"].as_i64().unwrap())),
            );
        }
        // Own points were first: of the 7 passed on 2 are the thief's, and of the 11 spent one is.
        let expected = [("transfer", 4), ("transfer", 2), ("redeemed", 1)].map(|(kind, n)| (kind.to_owned(), n));
        assert_eq!((went.as_slice(), left), (expected.as_slice(), 9), "{shown}");

        let path = kiosk::at(&format!("/cases/{id}/resolve"));
        let body = json!({"outcome": "confirmed", "note": "a farm"}).to_string();
        let key = format!("round-{round}");
        let send = |mut client: Client| {
            let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
            client.send(&Request { method: "POST", path: &path, headers: &headers, body: body.as_bytes() })
        };
        thread::scope(|scope| {
            let unread = daemon.client();
            let asked = scope.spawn(move || send(unread));
            if round % 2 == 0 {
                // Be it before, between or after: nobody reads the answer.
                thread::yield_now();
            } else {
                assert!(asked.join().unwrap().is_ok());
            }
            daemon.kill();
        });
        daemon = ledger.start();
        assert_eq!(send(daemon.client()).unwrap().status, 200);
        assert_eq!(send(daemon.client()).unwrap().header("idempotent-replayed"), Some("true"));
        let mut client = daemon.client();
        assert_eq!(kiosk_points(&mut client, &thief), (0, 1), "what was spent is owed by who earned it");
        assert_eq!(kiosk_points(&mut client, &mule), (0, 0));
        assert_eq!(kiosk_points(&mut client, &other), (0, 0));
    }
    daemon.stop();
    ledger.expect_verified();
}

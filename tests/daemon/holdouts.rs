//! Denials that are held instead: a few, always the same ones, never for more points than a day may have; what people find of them
//! says how often a rule that denies is wrong.

use serde_json::{Value, json};

use super::client::Client;
use super::kiosk::{self, at};
use super::process::Daemon;

const DENIES: &str = "limit = 1\nverdict = \"deny\"";
/// Purchases within the hour, all but the first of them too many.
const TRIED: usize = 2_000;

fn batch(client: &mut Client, day: u32) -> Vec<Value> {
    let now = format!("2026-01-{day:02}T10:00:00Z");
    client.post("/v1/clock", &json!({"now": now})).expect_status(200);
    let event = |number: usize| {
        json!({
            "id": format!("{day}-{number}"), "source": "till", "type": "purchase", "member": "ann", "amount": 500,
            "occurred_at": format!("2026-01-{day:02}T09:00:00Z"),
        })
    };
    let events: Vec<Value> = (0..TRIED).map(event).collect();
    let found = client.post(&at("/events/batch"), &json!(events)).expect_status(200).json();
    found["results"].as_array().unwrap().clone()
}

/// The ids of those with a status.
fn with(results: &[Value], status: &str) -> Vec<String> {
    let all = results.iter().filter(|result| result["status"] == status);
    all.map(|result| result["id"].as_str().unwrap().to_owned()).collect()
}

/// What is known of the rule that denies.
fn rule(client: &mut Client) -> Value {
    let rules = client.get(&at("/fraud/rules")).expect_status(200).json();
    rules["data"].as_array().unwrap().iter().find(|rule| rule["rule"] == "hourly").unwrap()["holdout"].clone()
}

fn held_by(daemon: &Daemon, day: u32) -> Vec<String> {
    with(&batch(&mut daemon.client(), day), "held")
}

#[test]
fn a_few_denials_are_held_and_tell_how_often_their_rule_is_wrong() {
    let plain = kiosk::ledger(DENIES);
    assert_eq!(held_by(&plain.start(), 5), Vec::<String>::new(), "none where the program does not ask for it");

    let holds = |points: i64| {
        kiosk::ledger(&format!("{DENIES}\n[fraud]\nholdout = {{ per_thousand = 10, points_per_day = {points} }}"))
    };
    let much = held_by(&holds(1_000_000).start(), 5);
    assert!((10..=40).contains(&much.len()), "one in a hundred of 2,000, by their ids: {much:?}");

    // Each is worth five points: four of them fit twenty-one.
    let ledger = holds(21);
    let daemon = ledger.start();
    let client = &mut daemon.client();
    let results = batch(client, 5);
    assert_eq!(with(&results, "held"), much[..4], "the same ones, as long as the day's points last");
    assert_eq!(with(&results, "posted").len(), 1);
    let held = results.iter().find(|result| result["status"] == "held").unwrap();
    let reasons = held["fraud"]["reasons"].as_array().unwrap();
    let said = reasons.iter().find(|reason| reason["rule"] == "hourly").unwrap();
    assert_eq!(said["verdict"], "hold");
    assert!(said["detail"].as_str().unwrap().starts_with("held out, would have denied: "), "{said}");
    let mark = reasons.iter().find(|reason| reason["rule"] == "holdout").unwrap();
    assert_eq!(mark["evidence"]["key"], "day=2026-01-05", "{mark}");
    assert_eq!(rule(client), json!({"held": 4, "confirmed": 0, "cleared": 0, "false_positive_bp": null}));

    let open = client.get(&at("/cases?status=open")).expect_status(200).json();
    let case = open["data"][0]["id"].as_str().unwrap().to_owned();
    let path = at(&format!("/cases/{case}/resolve"));
    client.post(&path, &json!({"outcome": "cleared", "note": "a wholesaler"})).expect_status(200);
    assert_eq!(rule(client), json!({"held": 4, "confirmed": 0, "cleared": 4, "false_positive_bp": 10_000}));

    // Another day has points of its own; what was found is remembered, also after a start.
    assert_eq!(with(&batch(client, 6), "held").len(), 4);
    let found = rule(client);
    assert_eq!(found, json!({"held": 8, "confirmed": 0, "cleared": 4, "false_positive_bp": 10_000}));
    daemon.stop();
    let daemon = ledger.start();
    assert_eq!(rule(&mut daemon.client()), found);
    daemon.stop();
    ledger.expect_verified();
}

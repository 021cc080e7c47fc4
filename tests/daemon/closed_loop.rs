//! A backtest goes all the way: what is stopped at first is not there to be spent later, and holds, captures and reversals
//! follow what they name.

use serde_json::{Value, json};

use super::client::Client;
use super::kiosk::{self, at, buys};

const LIMIT: &str = "limit = 10\nverdict = \"deny\"";

fn backtest(client: &mut Client, version: u32) -> Value {
    client.post(&at(&format!("/rulesets/{version}/backtest")), &json!({})).expect_status(200).json()
}

/// What is said of every number of a limit.
fn curve(found: &Value, rule: &str) -> Vec<Value> {
    let limit = found["limits"].as_array().unwrap().iter().find(|limit| limit["rule"] == rule).unwrap();
    limit["thresholds"].as_array().unwrap().clone()
}

/// A number with what it comes to: events, keys, members and points; honest and fraud, events and members.
fn tried([limit, events, keys, members, points]: [i64; 5], [honest, fraud, good, bad]: [i64; 4]) -> Value {
    json!({
        "limit": limit, "events": events, "keys": keys, "members": members, "points": points,
        "honest": honest, "fraud": fraud, "honest_members": good, "fraud_members": bad,
    })
}

#[test]
fn what_is_stopped_is_not_there_to_be_spent_and_later_writes_follow_what_they_name() {
    let ledger = kiosk::ledger(LIMIT);
    let daemon = ledger.start();
    let client = &mut daemon.client();
    client.post("/v1/clock", &json!({"now": "2026-01-05T10:00:00Z"})).expect_status(200);
    // Ann buys four times within an hour and spends 15 of her 20 points; Bob buys twice, keeps 6 aside, spends 4 of them
    // and has 3 of those back.
    for minute in [1, 2, 3, 4] {
        assert_eq!(buys(client, "ann", minute).json()["status"], "posted");
    }
    for minute in [1, 2] {
        assert_eq!(buys(client, "bob", minute).json()["status"], "posted");
    }
    client.post(&at("/redemptions"), &json!({"member": "ann", "pool": "points", "amount": 15})).expect_status(201);
    let hold = client.post(&at("/holds"), &json!({"member": "bob", "pool": "points", "amount": 6})).expect_status(201);
    let hold = hold.json()["id"].as_str().unwrap().to_owned();
    let captured = client.post(&at(&format!("/holds/{hold}/capture")), &json!({"amount": 4})).expect_status(201);
    let redemption = captured.json()["id"].as_str().unwrap().to_owned();
    let back = client.post(&at(&format!("/redemptions/{redemption}/reverse")), &json!({"amount": 3}));
    back.expect_status(201);

    let same = backtest(client, 1);
    assert_eq!((&same["events"]["changed"], &same["events"]["passed_over"]), (&0.into(), &0.into()), "{same}");
    let closed = &same["closed_loop"];
    assert_eq!((&closed["later_writes_undone"], &closed["members_changed"]), (&0.into(), &0.into()), "{closed}");
    assert_eq!(closed["balances"][0]["recorded"], 14, "{closed}");

    let stricter = json!({"files": {"program.toml": kiosk::program(LIMIT).replace("limit = 10", "limit = 2")}});
    client.post(&at("/rulesets"), &stricter).expect_status(201);
    let found = backtest(client, 2);
    let closed = &found["closed_loop"];
    assert_eq!((&closed["newly_stopped"], &closed["newly_passed"]), (&2.into(), &0.into()), "{closed}");
    assert_eq!(closed["later_writes_undone"], 1, "ann has 10 points for 15: {closed}");
    assert_eq!(closed["undone"][0]["member"], "ann", "{closed}");
    assert_eq!(closed["balances"][0]["backtest"], 19, "ann keeps her 10, bob his 9: {closed}");
    assert_eq!(closed["tiers"], json!([{"from": "friend", "to": "guest", "members": 1}]), "{closed}");
    let thresholds = curve(&found, "hourly");
    assert_eq!(thresholds.first(), Some(&tried([1, 4, 2, 2, 20], [0; 4])), "{thresholds:?}");
    assert_eq!(thresholds.get(2), Some(&tried([3, 1, 1, 1, 5], [0; 4])), "{thresholds:?}");
    assert_eq!(thresholds.get(3), Some(&tried([4, 0, 0, 0, 0], [0; 4])), "{thresholds:?}");
    assert_eq!(backtest(client, 2), found, "the same every time");
}

/// Ann's fourth and fifth purchase of an hour and Bob's fourth are held; Ann is found to be a fraud, Bob to be honest. A lower number
/// would have stopped more of both, a number of four would have let Bob pass.
#[test]
fn every_number_of_a_limit_is_told_with_what_people_found() {
    let ledger = kiosk::ledger("limit = 3\nverdict = \"hold\"");
    let daemon = ledger.start();
    let client = &mut daemon.client();
    client.post("/v1/clock", &json!({"now": "2026-01-05T10:00:00Z"})).expect_status(200);
    for (member, times) in [("ann", 5), ("bob", 4), ("cat", 2)] {
        for minute in 1..=times {
            buys(client, member, minute);
        }
    }
    let open = client.get(&at("/cases?status=open")).expect_status(200).json();
    for case in open["data"].as_array().unwrap() {
        let outcome = if case["entity"] == "member=ann" { "confirmed" } else { "cleared" };
        let path = at(&format!("/cases/{}/resolve", case["id"].as_str().unwrap()));
        client.post(&path, &json!({"outcome": outcome, "note": "looked"})).expect_status(200);
    }
    let thresholds = curve(&backtest(client, 1), "hourly");
    let told: Vec<Value> = [
        ([1, 8, 3, 3, 40], [1, 2, 1, 1]),
        ([2, 5, 2, 2, 25], [1, 2, 1, 1]),
        ([3, 3, 2, 2, 15], [1, 2, 1, 1]),
        ([4, 1, 1, 1, 5], [0, 1, 0, 1]),
        ([5, 0, 0, 0, 0], [0; 4]),
    ]
    .map(|(numbers, found)| tried(numbers, found))
    .to_vec();
    assert_eq!(thresholds.get(..5), Some(told.as_slice()), "{thresholds:?}");
}

//! A backtest goes all the way: what is stopped at first is not there to be spent later, and holds, captures and reversals
//! follow what they name.

use serde_json::{Value, json};

use super::client::Client;
use super::kiosk::{self, at, buys};

const LIMIT: &str = "limit = 10\nverdict = \"deny\"";

fn backtest(client: &mut Client, version: u32) -> Value {
    client.post(&at(&format!("/rulesets/{version}/backtest")), &json!({})).expect_status(200).json()
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
    let hourly = found["limits"].as_array().unwrap().iter().find(|limit| limit["rule"] == "hourly").unwrap();
    let thresholds = hourly["thresholds"].as_array().unwrap();
    let beyond = |limit: i64| thresholds.iter().find(|one| one["limit"] == limit).unwrap().clone();
    assert_eq!(beyond(1), json!({"limit": 1, "events": 4, "keys": 2}), "{hourly}");
    assert_eq!(beyond(3), json!({"limit": 3, "events": 1, "keys": 1}), "{hourly}");
    assert_eq!(beyond(4), json!({"limit": 4, "events": 0, "keys": 0}), "{hourly}");
    assert_eq!(backtest(client, 2), found, "the same every time");
}

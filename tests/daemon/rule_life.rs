//! The life of fraud rules over HTTP: how each does, silenced for one key or for all, the breaker, counters, and what a late
//! event says of decisions that were made before it came.

use serde_json::{Value, json};

use super::client::{Answer, Client, Request};
use super::kiosk::{self, at};

const LIMIT: &str = "limit = 2\nverdict = \"hold\"\nmax_per_thousand = 2";

fn buys(client: &mut Client, member: &str, minute: u32) -> Value {
    kiosk::buys(client, member, minute).json()
}

fn rule(client: &mut Client) -> Value {
    let rules = client.get(&at("/fraud/rules")).expect_status(200).json();
    rules["data"].as_array().unwrap().iter().find(|rule| rule["rule"] == "hourly").unwrap().clone()
}

fn put(client: &mut Client, path: &str, body: &Value) -> Answer {
    let headers = &[("content-type", "application/json")];
    client.send(&Request { method: "PUT", path: &at(path), headers, body: body.to_string().as_bytes() }).unwrap()
}

fn delete(client: &mut Client, path: &str) -> Answer {
    client.send(&Request { method: "DELETE", path: &at(path), headers: &[], body: b"" }).unwrap()
}

#[test]
fn a_rule_is_counted_silenced_for_a_key_and_heard_again() {
    let ledger = kiosk::ledger(LIMIT);
    let daemon = ledger.start();
    let mut client = daemon.client();
    client.post("/v1/clock", &json!({"now": "2026-01-05T10:00:00Z"})).expect_status(200);
    for minute in [1, 2] {
        assert_eq!(buys(&mut client, "ann", minute)["status"], "posted");
    }
    let counters = client.get(&at("/fraud/counters?key=member%3Dann")).expect_status(200).json();
    assert_eq!(
        (&counters["data"][0]["rule"], &counters["data"][0]["counted"]),
        (&"hourly".into(), &2.into()),
        "{counters}"
    );
    assert_eq!(buys(&mut client, "ann", 3)["status"], "held");
    assert_eq!(rule(&mut client)["stopped"], 1);

    let entry =
        json!({"reason": "a school class", "author": "mia", "rules": ["hourly"], "expires_at": "2026-01-06T00:00:00Z"});
    put(&mut client, "/fraud/lists/allow/member/ann", &entry).expect_status(200);
    let silenced = buys(&mut client, "ann", 4);
    assert_eq!(silenced["status"], "posted", "{silenced}");
    assert_eq!(buys(&mut client, "bob", 1)["status"], "posted");
    let listed = client.get(&at("/fraud/lists/allow")).expect_status(200).json();
    assert_eq!(listed["data"][0]["value"], "ann", "{listed}");
    delete(&mut client, "/fraud/lists/allow/member/ann").expect_status(200);
    assert_eq!(buys(&mut client, "ann", 5)["status"], "held");

    put(&mut client, "/fraud/lists/deny/member/eve", &json!({"reason": "known"})).expect_status(200);
    assert_eq!(buys(&mut client, "eve", 1)["status"], "denied");
    put(&mut client, "/fraud/lists/deny/shoe/1", &json!({})).expect_status(404);
}

/// At most 2 of 1,000 judged records: the fifth member of a round of 2,000 is one too many.
#[test]
fn a_rule_that_stops_too_many_is_silenced_on_record_and_stays_so_after_a_kill() {
    let ledger = kiosk::ledger(LIMIT);
    let mut daemon = ledger.start();
    let mut client = daemon.client();
    client.post("/v1/clock", &json!({"now": "2026-01-05T10:00:00Z"})).expect_status(200);
    for number in 0..5 {
        if number == 3 {
            // What was counted before a kill counts on.
            daemon.kill();
            daemon = ledger.start();
            client = daemon.client();
            client.post("/v1/clock", &json!({"now": "2026-01-05T10:00:00Z"})).expect_status(200);
        }
        let member = format!("m{number}");
        for minute in [1, 2] {
            assert_eq!(buys(&mut client, &member, minute)["status"], "posted");
        }
        assert_eq!(buys(&mut client, &member, 3)["status"], "held", "{number}");
    }
    let silenced = rule(&mut client)["silenced"].clone();
    assert_eq!(silenced["author"], "breaker", "{silenced}");
    let metrics = client.get("/metrics").expect_status(200).text().to_owned();
    assert!(
        metrics.contains("tallystick_fraud_rules_silenced_total{program=\"kiosk\",rule=\"hourly\"} 1"),
        "{metrics}"
    );

    daemon.kill();
    daemon = ledger.start();
    client = daemon.client();
    assert_eq!(rule(&mut client)["silenced"], silenced);
    let noted = buys(&mut client, "m0", 4);
    assert_eq!(
        (&noted["status"], &noted["fraud"]["reasons"][0]["verdict"]),
        (&"posted".into(), &"allow".into()),
        "{noted}"
    );
    delete(&mut client, "/fraud/lists/allow/rule/hourly").expect_status(200);
    assert_eq!(buys(&mut client, "m0", 5)["status"], "held");
    assert!(daemon.stop().success());
    ledger.expect_verified();
}

#[test]
fn a_late_event_names_the_decisions_it_would_have_changed_and_changes_none() {
    let ledger = kiosk::ledger(LIMIT);
    let daemon = ledger.start();
    let mut client = daemon.client();
    client.post("/v1/clock", &json!({"now": "2026-01-05T10:00:00Z"})).expect_status(200);
    for minute in [30, 40] {
        assert_eq!(buys(&mut client, "ann", minute)["status"], "posted");
    }
    let late = buys(&mut client, "ann", 10);
    assert_eq!((&late["status"], &late["fraud"]["verdict"]), (&"posted".into(), &"flag".into()), "{late}");
    let reason = late["fraud"]["reasons"][0].clone();
    assert!(reason["detail"].as_str().unwrap().starts_with("came late: 1 earlier decision passes"), "{reason}");
    let late = client.get(&at("/events/till/ann-10")).expect_status(200).json();
    assert!(late["fraud"]["reasons"][0]["evidence"].to_string().contains("ann-40"), "{late}");
    let event = client.get(&at("/events/till/ann-40")).expect_status(200).json();
    assert_eq!(event["status"], "posted");
    assert_eq!(event["fraud"]["verdict"], "allow");
}

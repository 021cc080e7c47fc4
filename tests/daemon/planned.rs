//! Activations that wait for their time, activations under load, and what scripts say of redemptions: over HTTP, also after a kill.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::client::{Client, Request};
use super::process::{Daemon, Ledger};

/// One point a purchase, and one on every fifth of a month, each times what is put in.
fn shop(points: u64) -> String {
    format!(
        r#"
[program]
name = "The Shop"
zone = "UTC"
auto_enroll = true
max_lateness = "none"
[pools.points]
[pools.monthly]
[[earn]]
on = "purchase"
pool = "points"
points = {points}
reason = "for a purchase"
[[schedule]]
name = "monthly"
when = "monthly 5"
earn = {{ pool = "monthly", points = {points} }}
reason = "monthly"
"#
    )
}

const CASES: &str = r#"
[[case]]
name = "A purchase earns"
[[case.step]]
at = "2026-05-02"
post = { type = "purchase", amount = 1000 }
"#;

fn ledger() -> Ledger {
    let ledger = Ledger::with_program("shop", &shop(1));
    ledger.write_rules("shop/tests/points.toml", CASES);
    ledger
}

fn path(rest: &str) -> String {
    format!("/v1/programs/shop{rest}")
}

fn draft(client: &mut Client, points: u64) -> u64 {
    let files = json!({"files": {"program.toml": shop(points)}});
    client.post(&path("/rulesets"), &files).expect_status(201).json()["version"].as_u64().unwrap()
}

/// Posts a purchase at the ledger's time; what it earned and the version that decided.
fn buy(client: &mut Client, id: &str, day: u32) -> (i64, u64) {
    let event = json!({"id": id, "source": "till", "type": "purchase", "member": "ana", "amount": 100,
        "occurred_at": format!("1970-01-{day:02}T00:00:00Z")});
    let answer = client.post(&path("/events"), &event).expect_status(201).json();
    (
        answer["effects"].as_array().unwrap().iter().find(|e| e["kind"] == "earn").unwrap()["amount"].as_i64().unwrap(),
        answer["ruleset"]["version"].as_u64().unwrap(),
    )
}

fn set_clock(client: &mut Client, to: &str) {
    client.post("/v1/clock", &json!({"now": to})).expect_status(200);
}

fn active(client: &mut Client) -> Value {
    client.get(&path("/rulesets/active")).expect_status(200).json()["version"].clone()
}

#[test]
fn an_activation_waits_for_its_instant_and_outlives_a_kill() {
    let ledger = ledger();
    let daemon = ledger.start();
    let client = &mut daemon.client();
    assert_eq!(buy(client, "e1", 1), (1, 1));
    assert_eq!((draft(client, 10), draft(client, 100)), (2, 3));
    let activate = |client: &mut Client, version: u64, body: Value| {
        client.post(&path(&format!("/rulesets/{version}/activate")), &body)
    };
    // Two for the third of January, three for the sixth, and back to one on the eighth; two again after that, which is cancelled.
    let planned = activate(client, 2, json!({"at": "1970-01-03", "author": "ana"})).expect_status(200).json();
    assert_eq!((&planned["state"], &planned["planned"][0]["at"]), (&json!("planned"), &json!("1970-01-03T00:00:00Z")));
    activate(client, 3, json!({"at": "1970-01-06T00:00:00Z"})).expect_status(200);
    activate(client, 1, json!({"at": "1970-01-08"})).expect_status(200);
    activate(client, 2, json!({"at": "1970-01-09"})).expect_status(200);
    let past = activate(client, 2, json!({"at": "1969-12-31"})).expect_status(409).json();
    assert_eq!(past["code"], "ruleset_conflict", "{past}");
    assert_eq!(activate(client, 2, json!({"at": "soon"})).expect_status(400).json()["errors"][0]["pointer"], "/at");
    assert_eq!(active(client), 1);
    daemon.kill();

    let daemon = ledger.start();
    let client = &mut daemon.client();
    set_clock(client, "1970-01-02T23:59:59.999Z");
    assert_eq!((buy(client, "e2", 2), active(client)), ((1, 1), json!(1)));
    set_clock(client, "1970-01-03T00:00:00Z");
    assert_eq!((active(client), buy(client, "e3", 3)), (json!(2), (10, 2)));
    // The fifth is the second version's, however late the clock looks; the sixth comes after it.
    set_clock(client, "1970-01-07T00:00:00Z");
    let balance = client.get(&path("/members/ana/balance")).json();
    assert_eq!(balance["pools"]["monthly"]["available"], 10, "{balance}");
    assert_eq!((active(client), buy(client, "e4", 7)), (json!(3), (100, 3)));
    let delete = Request { method: "DELETE", path: &path("/rulesets/2/activate"), headers: &[], body: b"" };
    let cancelled = client.send(&delete).unwrap().expect_status(200).json();
    assert_eq!((&cancelled["state"], &cancelled["planned"]), (&json!("retired"), &Value::Null), "{cancelled}");
    daemon.kill();

    let daemon = ledger.start();
    let client = &mut daemon.client();
    set_clock(client, "1970-02-10T00:00:00Z");
    assert_eq!((active(client), buy(client, "e5", 10).1), (json!(1), 1));
    let balance = client.get(&path("/members/ana/balance")).json();
    assert_eq!(balance["pools"]["monthly"]["available"], 11, "the fifth of February is the first version's: {balance}");
    drop(daemon);
    ledger.expect_verified();
}

/// The daemon was off when an activation's time came, and the folder changed meanwhile. The folder's version was put in force
/// first, so that everything until then was the first version's, and the planned one, which is older, took over from it.
#[test]
fn what_was_planned_for_a_time_that_passed_comes_before_what_the_folder_says_now() {
    let ledger = ledger();
    let daemon = ledger.start();
    let client = &mut daemon.client();
    assert_eq!(buy(client, "e1", 1), (1, 1));
    // From February on nobody gets anything for the fifth of a month; nor by what the folder says now.
    let files = json!({"files": {"program.toml": without_grants(10)}});
    assert_eq!(client.post(&path("/rulesets"), &files).expect_status(201).json()["version"], 2);
    client.post(&path("/rulesets/2/activate"), &json!({"at": "1970-02-01"})).expect_status(200);
    daemon.kill();

    ledger.write_rules("shop/program.toml", &without_grants(100));
    let daemon = ledger.start_in_time();
    let client = &mut daemon.client();
    assert_eq!(active(client), 3, "the folder speaks last");
    let second = client.get(&path("/rulesets/2")).expect_status(200).json();
    assert_eq!(second["state"], "retired", "{second}");
    let balance = client.get(&path("/members/ana/balance")).json();
    assert_eq!(balance["pools"]["monthly"]["available"], 1, "the fifth of January and no other: {balance}");
    drop(daemon);
    ledger.expect_verified();
}

/// The shop without what it gives every month.
fn without_grants(points: u64) -> String {
    shop(points).split("[[schedule]]").next().unwrap().to_owned()
}

/// Posts purchases one after the other until told to stop; how many, and the versions in the order they decided.
fn traffic(daemon: &Daemon, name: usize, stop: &AtomicBool) -> (usize, Vec<u64>) {
    let mut client = daemon.client();
    let (mut posted, mut versions) = (0, Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let events: Vec<Value> = (0..20)
            .map(|n| {
                json!({"id": format!("{name}-{}", posted + n), "source": "till", "type": "purchase", "member": format!("m{name}-{n}"),
                    "amount": 100, "occurred_at": "1970-01-01T00:00:00Z"})
            })
            .collect();
        let answers = client.post(&path("/events/batch"), &json!(events)).expect_status(200).json();
        let results = answers["results"].as_array().unwrap();
        assert_eq!(results.len(), events.len());
        for result in results {
            let version = result["ruleset"]["version"].as_u64().unwrap();
            let earned = result["effects"].as_array().unwrap().iter().find(|effect| effect["kind"] == "earn").unwrap();
            assert_eq!(earned["amount"], if version == 1 { 1 } else { 10 }, "each is decided by one version: {result}");
            if versions.last() != Some(&version) {
                versions.push(version);
            }
        }
        posted += events.len();
    }
    (posted, versions)
}

#[test]
fn activations_under_load_drop_no_request() {
    const SWITCHES: u64 = 30;
    let ledger = ledger();
    let daemon = ledger.start();
    let client = &mut daemon.client();
    assert_eq!(draft(client, 10), 2);
    let stop = AtomicBool::new(false);
    let done: Vec<(usize, Vec<u64>)> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3)
            .map(|name| {
                scope.spawn({
                    let (daemon, stop) = (&daemon, &stop);
                    move || traffic(daemon, name, stop)
                })
            })
            .collect();
        for switch in 0..SWITCHES {
            let version = 2 - switch % 2;
            client.post(&path(&format!("/rulesets/{version}/activate")), &json!({})).expect_status(200);
            assert_eq!(active(client), version);
        }
        stop.store(true, Ordering::Relaxed);
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let posted: usize = done.iter().map(|(posted, _)| posted).sum();
    assert!(posted > 0 && done.iter().all(|(_, versions)| !versions.is_empty()));
    let metrics = client.get("/metrics").text().to_owned();
    assert!(!metrics.contains("tallystick_rule_runs_total"), "tables run no handler");
    drop(daemon);
    ledger.expect_verified();
}

fn asked_rules() -> PathBuf {
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/programs")
}

#[test]
fn scripts_say_what_redemptions_cost_and_why_not() {
    let ledger = Ledger::with_rules(asked_rules());
    let daemon = ledger.start();
    let client = &mut daemon.client();
    let at = |rest: &str| format!("/v1/programs/asked{rest}");
    let event = |id: &str, amount: u64| {
        json!({"id": id, "source": "till", "type": "purchase", "member": "ana", "amount": amount,
            "occurred_at": "1970-01-01T00:00:00Z"})
    };
    client.post(&at("/events"), &event("e0", 0)).expect_status(201);
    let answer = client.post(&at("/events"), &event("e1", 100_000)).expect_status(201).json();
    // Gold at once: the tier's gift is in the answer of the purchase itself, with its place.
    assert_eq!(answer["balance"]["pools"]["gifts"]["available"], 50, "{answer}");
    let gift = answer["effects"].as_array().unwrap().iter().find(|effect| effect["pool"] == "gifts").unwrap();
    assert_eq!(gift["reason"], "gold by purchase", "{answer}");
    let simulated =
        client.post(&at("/simulate"), &json!({"event": event("e2", 100), "explain": true})).expect_status(200);
    let trace = simulated.json()["trace"].clone();
    let line = trace.as_array().unwrap().iter().find(|line| line["rule"] == "asked.rhai:on_redeem").unwrap();
    assert_eq!(
        (&line["fired"], &line["file"], &line["line"]),
        (&json!(false), &json!("asked.rhai"), &json!(3)),
        "{line}"
    );
    let mug = json!({"member": "ana", "reward": "mug"});
    let bought = client.post(&at("/redemptions"), &mug).expect_status(201).json();
    assert_eq!(bought["balance"]["pools"]["points"]["available"], 900, "gold pays half: {bought}");
    let denied = client.post(&at("/redemptions"), &mug).expect_status(422).json();
    assert_eq!(
        (&denied["code"], &denied["detail"]),
        (&json!("reward_unavailable"), &json!("one mug a month")),
        "{denied}"
    );
    let held =
        client.post(&at("/holds"), &json!({"member": "ana", "pool": "points", "amount": 5001})).expect_status(422);
    let held = held.json();
    assert!(held["detail"].as_str().unwrap().contains("5001 points at once on 1969-12-31"), "{held}");
    let broken = json!({"member": "ana", "reward": "lamp", "channel": "broken"});
    let answer = client.post(&at("/redemptions"), &broken).expect_status(201).json();
    assert_eq!(answer["faults"][0]["message"], "cannot say", "a failing script changes nothing and is told: {answer}");
    assert_eq!(answer["balance"]["pools"]["points"]["available"], 600);
    let metrics = client.get("/metrics").text().to_owned();
    let runs = "tallystick_rule_runs_total{program=\"asked\",rule=\"asked.rhai:on_redeem\",version=\"1\"} 4";
    assert!(metrics.lines().any(|line| line == runs), "{metrics}");
    let id = bought["id"].as_str().unwrap();
    let back = client.post(&at(&format!("/redemptions/{id}/reverse")), &json!({})).expect_status(201).json();
    assert_eq!(back["balance"]["pools"]["points"]["available"], 700, "what was paid comes back: {back}");
    drop(daemon);
    ledger.expect_verified();
}

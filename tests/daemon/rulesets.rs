//! The life of a version of rules over HTTP: drafted, refused, simulated, shadowed, activated for some, for all, left again; hot,
//! and the same after a kill.

use std::fs;

use serde_json::{Value, json};

use super::client::{Answer, Client, Request};
use super::process::Ledger;

const SHOP: &str = r#"
[program]
name = "The Shop"
zone = "UTC"
auto_enroll = true
max_lateness = "none"
error_limit = { errors = 2, events = 10 }
[pools.points]
cost = { money = 1, points = 2 }
[[earn]]
on = "purchase"
pool = "points"
rate = { give = 1, per = 100 }
reason = "a point per dollar"
"#;
const CASES: &str = r#"
[[case]]
name = "A dollar is a point"
[[case.step]]
at = "2026-05-02"
post = { type = "purchase", amount = 1000 }
expect = { points = 10 }
"#;
const DOUBLE: &str = "fn on_purchase(event, member) {\n    earn(\"points\", event.spend_in(\"produce\") / 100, \"double on produce\");\n}\n";

/// A ledger with one program, and a client of its daemon.
fn shop() -> (Ledger, std::path::PathBuf) {
    let rules = tempfile::TempDir::new().unwrap().keep();
    let folder = rules.join("shop");
    fs::create_dir_all(folder.join("tests")).unwrap();
    fs::write(folder.join("program.toml"), SHOP).unwrap();
    fs::write(folder.join("tests/points.toml"), CASES).unwrap();
    (Ledger::with_rules(rules), folder)
}

fn path(rest: &str) -> String {
    format!("/v1/programs/shop{rest}")
}

fn post(client: &mut Client, rest: &str, body: &Value) -> Answer {
    client.post(&path(rest), body)
}

/// Posts a purchase of 10.00 of produce; the points it earned and the version that decided.
fn buy(client: &mut Client, id: &str, member: &str) -> (i64, u64) {
    let event = json!({"id": id, "source": "till", "type": "purchase", "member": member, "store": "7",
        "occurred_at": "1970-01-01T00:00:00Z", "items": [{"line": 1, "category": "produce", "amount": 1000}]});
    let answer = post(client, "/events", &event).expect_status(201).json();
    assert_eq!(answer["ruleset"]["hash"].as_str().unwrap().len(), 64, "{answer}");
    let earned = answer["effects"].as_array().unwrap().iter().filter(|effect| effect["kind"] == "earn");
    (earned.map(|effect| effect["amount"].as_i64().unwrap()).sum(), answer["ruleset"]["version"].as_u64().unwrap())
}

fn keyed(client: &mut Client, rest: &str, key: &str, body: &Value) -> Answer {
    let headers = &[("content-type", "application/json"), ("idempotency-key", key)];
    client.send(&Request { method: "POST", path: &path(rest), headers, body: body.to_string().as_bytes() }).unwrap()
}

#[test]
fn a_version_from_a_typo_to_activation_and_back() {
    let (ledger, _) = shop();
    let daemon = ledger.start();
    let client = &mut daemon.client();
    assert_eq!(buy(client, "e1", "ana"), (10, 1));
    is_refused(client);
    is_drafted(client);
    is_tried(client);
    is_activated(client);
    let active = client.get(&path("/rulesets/active")).json();
    daemon.kill();

    let daemon = ledger.start();
    let client = &mut daemon.client();
    assert_eq!(buy(client, "e7", "bea"), (20, 2));
    post(client, "/rulesets/2/rollback", &json!({"message": "too dear"})).expect_status(200);
    assert_eq!(buy(client, "e8", "bea"), (10, 1));
    let listed = client.get(&path("/rulesets")).json();
    let states: Vec<_> = listed["data"].as_array().unwrap().iter().map(|version| version["state"].clone()).collect();
    assert_eq!(states, [json!("retired"), json!("active")], "{listed}");
    let old = client.get(&path("/events/till/e6")).json();
    assert_eq!(old["ruleset"], json!({"version": 2, "hash": active["hash"]}));
    drop(daemon);
    ledger.expect_verified();
}

fn is_refused(client: &mut Client) {
    // A typo is refused where it stands, and a version whose cases fail is refused with the step.
    let typo = json!({"files": {"double.rhai": DOUBLE.replace("points", "ponts")}});
    let problem = post(client, "/rulesets", &typo).expect_status(422).json();
    assert_eq!(problem["code"], "ruleset_invalid");
    assert_eq!(
        (&problem["diagnostics"][0]["file"], &problem["diagnostics"][0]["line"]),
        (&json!("double.rhai"), &json!(2))
    );
    assert!(problem["diagnostics"][0]["message"].as_str().unwrap().contains("did you mean \"points\""), "{problem}");
    let dearer = json!({"files": {"program.toml": SHOP.replace("per = 100", "per = 50")}});
    let problem = post(client, "/rulesets", &dearer).expect_status(422).json();
    assert_eq!(
        (&problem["code"], &problem["diagnostics"][0]["line"]),
        (&json!("tests_failed"), &json!(4)),
        "{problem}"
    );
}

fn is_drafted(client: &mut Client) {
    // A draft is a version that decides nothing. The same files again are the same version; the key answers again.
    let draft = json!({"files": {"double.rhai": DOUBLE}, "author": "ana", "message": "produce counts twice"});
    let written = keyed(client, "/rulesets", "k1", &draft).expect_status(201).json();
    assert_eq!((&written["version"], &written["state"]), (&json!(2), &json!("draft")), "{written}");
    assert_eq!(keyed(client, "/rulesets", "k1", &draft).header("idempotent-replayed"), Some("true"));
    assert_eq!(
        keyed(client, "/rulesets", "k1", &typo_free()).expect_status(422).json()["code"],
        "idempotency_key_reused"
    );
    assert_eq!(post(client, "/rulesets", &draft).expect_status(200).json()["version"], 2);
    let shown = client.get(&path("/rulesets/2")).expect_status(200).json();
    assert_eq!((&shown["files"]["double.rhai"], &shown["author"]), (&json!(DOUBLE), &json!("ana")));
    assert_eq!(buy(client, "e2", "ana"), (10, 1));
}

fn is_tried(client: &mut Client) {
    // Simulated against the one in force, side by side, with a balance and nothing written.
    let event = json!({"id": "s", "source": "till", "type": "purchase", "member": "nobody",
        "occurred_at": "1970-01-01T00:00:00Z", "items": [{"line": 1, "category": "produce", "amount": 1000}]});
    let asked = json!({"event": event, "ruleset": "draft", "explain": true});
    let simulated = post(client, "/simulate", &asked).expect_status(200).json();
    assert_eq!(simulated["balance"]["pools"]["points"]["available"], 20, "{simulated}");
    assert_eq!(simulated["live"]["balance"]["pools"]["points"]["available"], 10, "{simulated}");
    assert_eq!((&simulated["changed"], &simulated["ruleset"]["version"]), (&json!(true), &json!(2)));
    assert_eq!(client.get(&path("/members/nobody")).status, 404);

    // As a shadow it changes nothing and is counted.
    post(client, "/rulesets/2/shadow", &json!({})).expect_status(200);
    assert_eq!(buy(client, "e3", "ana"), (10, 1));
    let shadow = client.get(&path("/rulesets/2")).json()["shadow"].clone();
    assert_eq!((&shadow["events"], &shadow["changed"]), (&json!(1), &json!(1)), "{shadow}");
    assert_eq!(shadow["pools"]["points"], json!({"live": 10, "shadow": 20, "difference": 10}));

    // Against history: three events, ten points more each, half a cent a point.
    let found = post(client, "/rulesets/2/backtest", &json!({})).expect_status(200).json();
    assert_eq!((&found["events"]["compared"], &found["events"]["changed"]), (&json!(3), &json!(3)), "{found}");
    assert_eq!((&found["pools"][0]["difference"], &found["money"]["difference"]), (&json!(30), &json!(15)));
    assert_eq!(found["members"]["most_gained"], json!([{"member": "ana", "difference": 30}]));
    let same = post(client, "/rulesets/1/backtest", &json!({})).expect_status(200).json();
    assert_eq!((&same["events"]["changed"], &same["pools"][0]["difference"]), (&json!(0), &json!(0)), "{same}");
}

fn is_activated(client: &mut Client) {
    // In one store at first, then everywhere, then back.
    post(client, "/rulesets/2/activate", &json!({"stores": ["8"]})).expect_status(200);
    assert_eq!(buy(client, "e4", "ana"), (10, 1));
    post(client, "/rulesets/2/activate", &json!({"stores": ["7"]})).expect_status(200);
    assert_eq!(buy(client, "e5", "ana"), (20, 2));
    let active = post(client, "/rulesets/2/activate", &json!({})).expect_status(200).json();
    assert_eq!(active["state"], "active");
    assert_eq!(buy(client, "e6", "ana"), (20, 2));
    assert_eq!(post(client, "/rulesets/1/shadow", &json!({})).status, 200);
    assert_eq!(post(client, "/rulesets/2/shadow", &json!({})).expect_status(409).json()["code"], "ruleset_conflict");
}

fn typo_free() -> Value {
    json!({"files": {"double.rhai": DOUBLE.replace("double on", "twice on")}})
}

#[test]
fn a_version_whose_scripts_fail_is_left_by_itself() {
    let (ledger, folder) = shop();
    let daemon = ledger.start();
    let client = &mut daemon.client();
    let failing =
        "fn on_purchase(event, member) {\n    if event.store == \"7\" { earn(\"points\", 1 / 0, \"x\"); }\n}\n";
    let draft = json!({"files": {"failing.rhai": failing}});
    post(client, "/rulesets", &draft).expect_status(201);
    post(client, "/rulesets/2/activate", &json!({})).expect_status(200);
    let versions: Vec<u64> = (0..5).map(|n| buy(client, &format!("e{n}"), "ana").1).collect();
    assert_eq!(versions, [2, 2, 2, 1, 1], "two failures of ten are within the limit, three are not");
    let left = client.get(&path("/rulesets/2")).json();
    assert_eq!((&left["state"], &left["live"]["script_errors"]), (&json!("retired"), &json!(3)), "{left}");
    assert!(left["left_because"].as_str().unwrap().contains("more than 2 of 10"), "{left}");
    drop(daemon);

    // The folder speaks where it says something new; what it said before stays left.
    let daemon = ledger.start();
    assert_eq!(daemon.client().get(&path("/rulesets/active")).json()["version"], 1);
    drop(daemon);
    fs::write(folder.join("double.rhai"), DOUBLE).unwrap();
    let daemon = ledger.start();
    let client = &mut daemon.client();
    assert_eq!(buy(client, "e9", "ana"), (20, 3));
    let nothing = post(client, "/rulesets/9/activate", &json!({})).expect_status(404).json();
    assert_eq!(nothing["code"], "unknown_ruleset");
    assert_eq!(
        post(client, "/rulesets/1/activate", &json!({"share": 0})).expect_status(400).json()["errors"][0]["pointer"],
        "/share"
    );
}

/// Two ledgers with as many records before the traffic; in one of them a version that would do everything otherwise is in shadow.
#[test]
fn a_shadow_changes_no_byte_of_an_answer_nor_of_the_journal() {
    let other = SHOP.replace("per = 100", "per = 10")
        + "[[limits]]\nid = \"none\"\non = \"purchase\"\nkey = \"member\"\nwindow = \"1h\"\nlimit = 0\nverdict = \"deny\"\n";
    let told = |shadows: bool| {
        let (ledger, _) = shop();
        let daemon = ledger.start();
        let client = &mut daemon.client();
        let files = json!({"files": {"program.toml": other, "tests/points.toml": null}});
        post(client, "/rulesets", &files).expect_status(201);
        post(client, "/rulesets/2/shadow", &json!({})).expect_status(200);
        if shadows {
            // A draft more, so that what follows has the same numbers.
            let further = json!({"base": 2, "files": {"double.rhai": DOUBLE}});
            post(client, "/rulesets", &further).expect_status(201);
        } else {
            let gone = Request { method: "DELETE", path: &path("/rulesets/2/shadow"), headers: &[], body: b"" };
            client.send(&gone).unwrap().expect_status(200);
        }
        let before = client.get("/v1/status").json()["seq"].as_u64().unwrap();
        let mut answers = Vec::new();
        for number in 0..12 {
            let event = json!({"id": format!("e{number}"), "source": "till", "type": "purchase", "amount": 700,
                "member": format!("m{}", number % 2), "device": "d-1", "occurred_at": "1970-01-01T00:00:00Z"});
            answers.push(post(client, "/events", &event).text().to_owned());
        }
        let journal = client.get(&path(&format!("/journal?after_seq={before}"))).text().to_owned();
        let seen = client.get(&path("/rulesets/2")).json()["shadow"].clone();
        (before, answers, journal, seen)
    };
    let (alone, shadowed) = (told(false), told(true));
    assert_eq!(alone.0, shadowed.0, "as many records before");
    assert_eq!(alone.1, shadowed.1);
    assert_eq!(alone.2, shadowed.2);
    assert_ne!(alone.3, shadowed.3, "the shadow saw the traffic");
}

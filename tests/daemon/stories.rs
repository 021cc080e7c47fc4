//! The stories of `docs/refunds.md` and `docs/fraud.md`: every request of a document is sent to the real daemon, and every answer
//! is what the document says. Once more with kills before answers were read.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::client::{Answer, Client, Request};
use super::process::{Daemon, Ledger};

/// Where the daemon listens, in the document.
const HOST: &str = "localhost:7070";

/// A request of the document and what it is answered.
struct Step {
    path: String,
    body: Option<String>,
    status: u16,
    answer: Value,
}

fn root() -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).to_owned()
}

fn steps(document: &str) -> Vec<Step> {
    let text = fs::read_to_string(root().join("docs").join(document)).unwrap();
    let mut lines = text.lines();
    let mut steps = Vec::new();
    while let Some(line) = lines.next() {
        let Some(request) = line.strip_prefix("curl ") else { continue };
        let (url, body) = request.split_once(" --json ").map_or((request, None), |(url, body)| (url, Some(body)));
        let bare = |text: &str| text.trim().trim_matches('\'').to_owned();
        let path = bare(url).strip_prefix(HOST).unwrap().to_owned();
        let (status, answer) = lines.next().unwrap().split_once(' ').unwrap();
        let (status, answer) = (status.parse().unwrap(), serde_json::from_str(answer).unwrap());
        steps.push(Step { path, body: body.map(bare), status, answer });
    }
    steps
}

/// Where an answer lacks something that it should have.
fn missing(found: &Value, expected: &Value, at: &str) -> Option<String> {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => expected.iter().find_map(|(key, value)| {
            let at = format!("{at}/{key}");
            found.get(key).map_or_else(|| Some(format!("{at} is not there")), |found| missing(found, value, &at))
        }),
        (Value::Array(found), Value::Array(expected)) if found.len() >= expected.len() && !expected.is_empty() => {
            let pairs = found.iter().zip(expected).enumerate();
            pairs.into_iter().find_map(|(index, (found, value))| missing(found, value, &format!("{at}/{index}")))
        }
        _ => (found != expected).then(|| format!("{at} is {found}, not {expected}")),
    }
}

fn send(client: &mut Client, step: &Step, case: Option<&str>) -> Answer {
    let path = step.path.replace("{case}", case.unwrap_or("none"));
    match &step.body {
        None => client.get(&path),
        Some(body) => {
            // Writes that are no events are named by their place in the story, so that a retry is one.
            let key = format!("{path}-{body}");
            let key = format!("story-{:x}", key.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte)));
            let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
            client.send(&Request { method: "POST", path: &path, headers: &headers, body: body.as_bytes() }).unwrap()
        }
    }
}

/// Runs the stories; every write whose body names what `killed` says is followed by a kill and sent again.
fn run(document: &str, killed: Option<&str>) {
    let ledger = Ledger::with_rules(root().join("tests/stories"));
    let mut daemon: Daemon = ledger.start();
    let mut client = daemon.client();
    let mut case = None;
    for step in steps(document) {
        let mut answer = send(&mut client, &step, case.as_deref());
        assert_eq!(answer.status, step.status, "{}: {}", step.path, answer.text());
        let named = step.body.as_ref().zip(killed).is_some_and(|(body, killed)| body.contains(killed));
        if named && step.path.ends_with("/events") {
            daemon.kill();
            daemon = ledger.start();
            client = daemon.client();
            let again = send(&mut client, &step, case.as_deref());
            let known = if [201, 202].contains(&step.status) { 200 } else { step.status };
            assert_eq!(again.status, known, "{} after a kill: {}", step.path, again.text());
            answer = again;
        }
        let found = answer.json();
        if let Some(what) = missing(&found, &step.answer, "") {
            panic!("{} {:?}: {what}\n{found}", step.path, step.body);
        }
        let listed = found.get("data").and_then(|data| data[0].get("id")).and_then(Value::as_str);
        case = listed.map(str::to_owned).or(case);
    }
    daemon.stop();
    ledger.expect_verified();
}

#[test]
fn the_refund_stories_are_true() {
    run("refunds.md", None);
}

#[test]
fn a_kill_after_each_refund_changes_nothing() {
    run("refunds.md", Some("\"refund\""));
}

#[test]
fn the_fraud_stories_are_true() {
    run("fraud.md", None);
}

#[test]
fn a_kill_after_each_purchase_leaves_its_verdict_as_it_was() {
    run("fraud.md", Some("\"purchase\""));
}

#[test]
fn the_comparison_finds_what_is_missing() {
    let found = json!({"a": [1, {"b": 2}], "c": null});
    assert_eq!(missing(&found, &json!({"a": [1]}), ""), None);
    assert_eq!(missing(&found, &json!({"a": [1, {"b": 3}]}), "").as_deref(), Some("/a/1/b is 2, not 3"));
    assert_eq!(missing(&found, &json!({"d": 1}), "").as_deref(), Some("/d is not there"));
    assert_eq!(missing(&found, &json!({"a": []}), "").as_deref(), Some("/a is [1,{\"b\":2}], not []"));
}

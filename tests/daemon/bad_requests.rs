//! Bad requests, as data: `tests/http/bad_requests.toml`. Each is answered with its code and where it is wrong, and leaves no
//! trace in the ledger.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Answer, Client, Request};
use super::process::{Ledger, shipped_rules};

const REQUESTS: &str = include_str!("../http/bad_requests.toml");
/// A program that does not enrol by itself.
const MEMBERS_ONLY: &str =
    "[program]\nname = \"Members only\"\nzone = \"UTC\"\nauto_enroll = false\n\n[pools.points]\n";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    request: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    path: String,
    method: Option<String>,
    r#type: Option<String>,
    body: String,
    repeat: Option<usize>,
    expect: Vec<Value>,
    #[serde(default)]
    records: u64,
    results: Option<Vec<String>>,
}

impl Row {
    fn send(&self, client: &mut Client) -> Answer {
        let body = self.body.replace("{x129}", &"x".repeat(129));
        let body = match self.repeat {
            Some(times) => format!("{body}\n").repeat(times),
            None => body.trim_start().to_owned(),
        };
        let path = format!("/v1/programs/{}", self.path);
        let media = self.r#type.as_deref().unwrap_or("application/json");
        let method = self.method.as_deref().unwrap_or("POST");
        let request = Request { method, path: &path, headers: &[("content-type", media)], body: body.as_bytes() };
        client.send(&request).unwrap()
    }

    /// What the answer is, in the words of the row.
    fn described(answer: &Answer, with_pointer: bool) -> Vec<Value> {
        let mut found = vec![json!(answer.status)];
        if answer.status >= 400 {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            let problem = answer.json();
            assert_eq!(problem["status"], answer.status, "{problem}");
            assert_eq!(problem["type"], format!("/problems/{}", problem["code"].as_str().unwrap()), "{problem}");
            assert_eq!(problem["request_id"].as_str(), answer.header("request-id"), "{problem}");
            assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
            found.push(problem["code"].clone());
            if with_pointer {
                found.push(problem["errors"][0]["pointer"].clone());
            }
        }
        found
    }
}

fn seq(client: &mut Client) -> u64 {
    client.get("/v1/status").json()["seq"].as_u64().unwrap()
}

/// The shipped coffee program and one more.
fn two_programs(into: &Path) {
    let copy = |from: &Path, to: &Path| {
        fs::create_dir_all(to).unwrap();
        for file in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    };
    copy(&shipped_rules().join("corner_coffee"), &into.join("corner_coffee"));
    fs::create_dir_all(into.join("members_only")).unwrap();
    fs::write(into.join("members_only/program.toml"), MEMBERS_ONLY).unwrap();
}

#[test]
fn bad_input() {
    let rules = tempfile::TempDir::new().unwrap();
    two_programs(rules.path());
    let ledger = Ledger::with_rules(rules.path().to_owned());
    let daemon = ledger.start();
    let mut client = daemon.client();
    client.post("/v1/clock", &json!({"now": "2026-01-05T12:00:00Z"})).expect_status(200);
    let File { request: rows } = toml::from_str(REQUESTS).unwrap();
    let mut wrong = Vec::new();
    for row in &rows {
        let before = seq(&mut client);
        let answer = row.send(&mut client);
        let found = Row::described(&answer, row.expect.len() > 2);
        if found != row.expect {
            wrong.push(format!("{}: {found:?}, expected {:?}: {}", row.name, row.expect, answer.text()));
        }
        if let Some(expected) = &row.results {
            let json = answer.json();
            let word =
                |result: &Value| result["problem"]["code"].as_str().or(result["status"].as_str()).map(str::to_owned);
            let results: Vec<String> = json["results"].as_array().unwrap().iter().filter_map(word).collect();
            if results != *expected {
                wrong.push(format!("{}: {results:?}, expected {expected:?}", row.name));
            }
        }
        let recorded = seq(&mut client) - before;
        if recorded != row.records {
            wrong.push(format!("{}: {recorded} records, expected {}", row.name, row.records));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    drop(client);
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
}

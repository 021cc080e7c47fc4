//! What the contract promises of answers, as data: `tests/http/contract.toml`, requests with what each is answered.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Answer, Client, Request};
use super::process::Ledger;

const PAIRS: &str = include_str!("../http/contract.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pair: Vec<Pair>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    name: String,
    method: Option<String>,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    times: Option<u32>,
    status: u16,
    replayed: Option<bool>,
    #[serde(default)]
    says: BTreeMap<String, Value>,
}

impl Pair {
    fn send(&self, client: &mut Client, time: u32) -> Answer {
        let body = self.body.replace("{n}", &time.to_string());
        let path = match self.path.strip_prefix('/') {
            Some(_) => self.path.clone(),
            None => format!("/v1/programs/{}", self.path),
        };
        let mut headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            headers.push(("content-type", "application/json"));
        }
        let method = self.method.as_deref().unwrap_or(if body.is_empty() { "GET" } else { "POST" });
        client.send(&Request { method, path: &path, headers: &headers, body: body.trim().as_bytes() }).unwrap()
    }

    /// What of the answer is not as it is promised.
    fn wrong(&self, answer: &Answer) -> Vec<String> {
        let mut wrong = Vec::new();
        if answer.status != self.status {
            wrong.push(format!("{}, expected {}: {}", answer.status, self.status, answer.text()));
        }
        let replayed = answer.header("idempotent-replayed") == Some("true");
        if self.replayed.is_some_and(|expected| expected != replayed) {
            wrong.push(format!("replayed: {replayed}"));
        }
        let json = if self.says.is_empty() { Value::Null } else { answer.json() };
        for (pointer, expected) in &self.says {
            let found = json.pointer(pointer).cloned().unwrap_or_else(|| json!("nothing"));
            if found != *expected {
                wrong.push(format!("{pointer} is {found}, expected {expected}: {json}"));
            }
        }
        wrong
    }
}

#[test]
fn answers_are_what_the_contract_says() {
    let ledger = Ledger::new();
    let daemon = ledger.start();
    let mut client = daemon.client();
    client.post("/v1/clock", &json!({"now": "2026-01-05T12:00:00Z"})).expect_status(200);
    let File { pair: pairs } = toml::from_str(PAIRS).unwrap();
    let mut wrong = Vec::new();
    for pair in &pairs {
        let times = pair.times.unwrap_or(1);
        let answer = (1..=times).map(|time| pair.send(&mut client, time)).last().unwrap();
        wrong.extend(pair.wrong(&answer).into_iter().map(|what| format!("{}: {what}", pair.name)));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), pairs.len(), wrong.join("\n"));
    drop(client);
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
}

/// A reader that knows no pages used to get the first thousand records, and nothing said so but a header of our own.
#[test]
fn the_journal_comes_whole() {
    let ledger = Ledger::new();
    let daemon = ledger.start();
    let mut client = daemon.client();
    client.post("/v1/clock", &json!({"now": "2026-01-05T12:00:00Z"})).expect_status(200);
    let visit = |n: u32| json!({"id": n.to_string(), "source": "t", "type": "visit", "member": format!("m{n}"), "occurred_at": "2026-01-05T11:00:00Z"});
    for batch in 0..2 {
        let events: Vec<Value> = (1..=6_000).map(|n| visit(batch * 6_000 + n)).collect();
        client.post("/v1/programs/grocer/events/batch", &json!(events)).expect_status(200);
    }
    let lines = |client: &mut Client, query: &str| {
        let answer = client.get(&format!("/v1/programs/grocer/journal{query}")).expect_status(200);
        let seqs: Vec<u64> = answer
            .text()
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap())
            .collect();
        assert!(seqs.is_sorted_by(|a, b| a < b));
        (seqs.len(), answer.header("has-more").unwrap() == "true")
    };
    // One of them is the version of the rules.
    assert_eq!(lines(&mut client, ""), (12_001, false));
    assert_eq!(lines(&mut client, "?after_seq=0"), (12_001, false));
    assert_eq!(lines(&mut client, "?limit=3"), (3, true));
}

/// What followed a request in one packet used to hold its answer back: with half a request until the rest came, with what is no
/// request for ever, and nobody was told 400.
#[test]
fn what_follows_a_request_does_not_hold_its_answer_back() {
    let ledger = Ledger::new();
    let daemon = ledger.start();
    let send = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(daemon.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(3))).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    };
    let mut half = send(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\nGET /li");
    let mut first = [0; 15];
    half.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    for (bytes, expected) in [
        (&b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n\x16\x03\x01 what\r\n\r\n"[..], &["200", "400"][..]),
        (b"GARBAGE\r\n\r\n", &["400"]),
        (b"GET /livez HTTP/1.1\r\nhost: x\r\nidempotency-key: \x01\r\n\r\n", &["400"]),
    ] {
        let mut told = String::new();
        send(bytes).read_to_string(&mut told).unwrap();
        let lines = told.lines().filter_map(|line| line.split_once("HTTP/1.1 ").map(|(_, rest)| rest));
        let found: Vec<&str> = lines.filter_map(|rest| rest.get(..3)).collect();
        assert_eq!(found, expected, "{told}");
    }
}

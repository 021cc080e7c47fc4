//! A ledger's ways out and in: backup of a stopped and of a running one, restore, export, import. What comes out must be what
//! went in.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use super::client::Client;
use super::process::{Ledger, verify};

const PROGRAM: &str = "/v1/programs/corner_coffee";

fn event(number: u32, member: &str) -> Value {
    let occurred_at = format!("2026-01-{:02}T10:00:00Z", 1 + number / 4);
    json!({"id": number.to_string(), "source": "t", "type": "purchase", "member": member, "occurred_at": occurred_at,
           "items": [{"line": 1, "category": "beans", "amount": 100 * number, "tags": ["sale"]}]})
}

fn lines(events: &[Value]) -> String {
    events.iter().fold(String::new(), |text, event| text + &event.to_string() + "\n")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The balance's points of a member.
fn points(client: &mut Client, member: &str) -> i64 {
    client.get(&format!("{PROGRAM}/members/{member}/balance")).json()["pools"]["points"]["available"].as_i64().unwrap()
}

#[track_caller]
fn tallystick(words: &[&str], code: i32) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_tallystick")).args(words).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{words:?}: {}", said(&output));
    said(&output)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn what_is_exported_is_imported() {
    let ledger = Ledger::new();
    let rules = super::process::shipped_rules();
    let file = ledger.folder().join("events.ndjson");
    let mut events: Vec<Value> =
        (1..=60).map(|number| event(number, ["ann", "ben", "cid"][number as usize % 3])).collect();
    fs::write(&file, lines(&events)).unwrap();
    let data = ledger.data();
    let import = ["import", text(&file), "--program", "corner_coffee", "--data", text(&data), "--rules", text(&rules)];
    let first = tallystick(&import, 0);
    assert!(first.contains("60 imported") && first.contains(" 0 held, 0 denied), 0 were there, 0 rejected"), "{first}");
    let again = tallystick(&import, 0);
    assert!(again.contains("0 imported") && again.contains("60 were there"), "{again}");

    // Bad lines are told by their number, and the others go in.
    let mut bad = lines(&[event(61, "dan")]);
    bad.push_str("\n{\"id\": 1}\nnot json\n");
    bad.push_str(&lines(&[event(62, "dan")]));
    fs::write(&file, bad).unwrap();
    let some = tallystick(&import, 1);
    assert!(some.contains("line 3: invalid_request") && some.contains("line 4: malformed_json"), "{some}");
    assert!(some.contains("2 imported") && some.contains("2 rejected"), "{some}");
    events.extend([event(61, "dan"), event(62, "dan")]);

    // Out again, as it went in.
    let out = ledger.folder().join("out.ndjson");
    let export = ["export", "--program", "corner_coffee", "--data", text(&data), "--to", text(&out)];
    tallystick(&export, 0);
    tallystick(&export, 3);
    let exported: Vec<Value> =
        fs::read_to_string(&out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids = |events: &[Value]| events.iter().map(|event| event["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&exported), ids(&events));
    assert_eq!(exported[0]["items"][0]["tags"], json!(["sale"]));

    // Into another ledger over HTTP, which then is the same.
    let other = Ledger::new();
    let daemon = other.start();
    let url = format!("http://{}", daemon.address);
    let over = ["import", text(&out), "--program", "corner_coffee", "--url", &url, "--move-clock"];
    assert!(tallystick(&over, 0).contains("62 imported"));
    let mut copy = daemon.client();
    let theirs = ["ann", "ben", "cid", "dan"].map(|member| points(&mut copy, member));
    let records = tallystick(&["export", "--program", "corner_coffee", "--url", &url, "--records"], 0);
    assert!(records.contains("\"kind\":\"ruleset\"") && records.contains("\"effects\""), "{records}");
    drop(copy);
    assert_eq!(daemon.stop().code(), Some(0));
    other.expect_verified();
    let daemon = ledger.start();
    let mut client = daemon.client();
    assert_eq!(theirs, ["ann", "ben", "cid", "dan"].map(|member| points(&mut client, member)));
    assert!(tallystick(&import, 3).contains("--url"), "the folder is in use");
    tallystick(&["import", "no/such/file", "--program", "x"], 3);
    let unknown = ["export", "--program", "nowhere", "--url", &format!("http://{}", daemon.address)];
    assert!(tallystick(&unknown, 1).contains("there is no program"));
}

#[test]
fn a_backup_restores_to_the_same_ledger() {
    let ledger = Ledger::new();
    ledger.configure(&format!("backups = \"{}\"\n", ledger.folder().join("backups").display()));
    ledger.run(&["keys", "create", "--all-programs"]);
    let daemon = ledger.start();
    let mut client = daemon.client();
    client.post("/v1/clock", &json!({"now": "2026-01-20T12:00:00Z"})).expect_status(200);
    for number in 1..=20 {
        let mut late = event(number, "ann");
        late["occurred_at"] = json!("2026-01-20T10:00:00Z");
        client.post(&format!("{PROGRAM}/events"), &late);
    }
    let before = points(&mut client, "ann");
    let url = format!("http://{}", daemon.address);
    let made = tallystick(&["backup", "running", "--url", &url], 0);
    assert!(made.contains("holds the ledger up to record"), "{made}");
    assert!(tallystick(&["backup", "running", "--url", &url], 1).contains("already"));
    for bad in ["", ".hidden", "a/b", "..", &"x".repeat(65)] {
        client.post("/v1/backups", &json!({"name": bad})).expect_status(400);
    }
    // What comes after the backup is not in it.
    client
        .post(
            &format!("{PROGRAM}/events"),
            &json!({"id": "late", "source": "t", "type": "purchase", "member": "ann",
        "occurred_at": "2026-01-20T11:00:00Z", "amount": 5_000}),
        )
        .expect_status(201);
    let data = ledger.data();
    let stopped = ledger.folder().join("stopped");
    assert!(tallystick(&["backup", text(&stopped), "--data", text(&data)], 3).contains("--url"));
    drop(client);
    assert_eq!(daemon.stop().code(), Some(0));
    tallystick(&["backup", text(&stopped), "--data", text(&data)], 0);
    tallystick(&["backup", text(&stopped), "--data", text(&data)], 3);

    let state = |output: &str| output.lines().find(|line| line.starts_with("state ")).unwrap().to_owned();
    let whole = ledger.folder().join("restored");
    let restored = tallystick(&["restore", text(&stopped), "--data", text(&whole)], 0);
    assert_eq!(state(&restored), state(&ledger.expect_verified()));
    assert_eq!(fs::read(whole.join("keys.json")).unwrap(), fs::read(data.join("keys.json")).unwrap());
    tallystick(&["restore", text(&stopped), "--data", text(&whole)], 3);
    tallystick(&["restore", text(ledger.folder()), "--data", text(&ledger.folder().join("x"))], 3);
    let other = Ledger::new();
    tallystick(&["restore", text(&ledger.folder().join("backups/running")), "--data", text(&other.data())], 0);
    let daemon = other.start();
    assert_eq!(points(&mut daemon.client(), "ann"), before);

    // A copy that is damaged is found out.
    let journal = stopped.join("journal");
    let files = fs::read_dir(&journal).unwrap().map(|entry| entry.unwrap().path());
    let largest = files.filter(|path| path.is_file()).max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    let mut bytes = fs::read(&largest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&largest, bytes).unwrap();
    let broken = ledger.folder().join("broken");
    let output = ledger.run(&["restore", text(&stopped)]);
    assert_eq!(output.status.code(), Some(3), "the data folder is taken");
    let damaged = tallystick_code(&["restore", text(&stopped), "--data", text(&broken)]);
    assert_ne!(damaged, 0);
    assert_eq!(verify(&whole).status.code(), Some(0));
}

fn tallystick_code(words: &[&str]) -> i32 {
    std::process::Command::new(env!("CARGO_BIN_EXE_tallystick")).args(words).output().unwrap().status.code().unwrap()
}

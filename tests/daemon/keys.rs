//! API keys over the real daemon: made and revoked while it runs, each opening its own programs as far as its scope goes.

use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Answer, Client, Request};
use super::process::Ledger;

/// How long the daemon may take to see a change of keys.
const PATIENCE: Duration = Duration::from_mins(1);

/// Sends a request with a token, or with none.
fn ask(client: &mut Client, token: &str, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("content-type", "application/json")];
    if !token.is_empty() {
        headers.push(("authorization", &bearer));
    }
    client.send(&Request { method, path, headers: &headers, body: body.as_bytes() }).unwrap()
}

/// Makes a key: its id and its token.
#[track_caller]
fn create(ledger: &Ledger, words: &[&str]) -> (String, String) {
    let Output { status, stdout, stderr } = ledger.run(&[&["keys", "create"][..], words].concat());
    let (token, said) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(token.starts_with("tsk_"), "{token}");
    (said.split(' ').next().unwrap().to_owned(), token.trim().to_owned())
}

/// Asks until the answer has a status: changes of keys arrive within a second, on a machine that has one to spare.
#[track_caller]
fn until(client: &mut Client, token: &str, status: u16) {
    let begun = Instant::now();
    while ask(client, token, "GET", "/v1/status", "").status != status {
        assert!(begun.elapsed() < PATIENCE, "no {status}");
        std::thread::yield_now();
    }
}

fn purchase(id: &str) -> String {
    let occurred_at = "2026-01-05T11:00:00Z";
    json!({"id": id, "source": "t", "type": "purchase", "member": "ann", "occurred_at": occurred_at, "amount": 4000})
        .to_string()
}

#[test]
fn a_daemon_without_keys_says_how_to_make_one() {
    let ledger = Ledger::keyed();
    let Output { status, stderr, .. } = ledger.serve().output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(3), "{said}");
    assert!(said.contains("tallystick keys create --data"), "{said}");
    // Without keys the daemon is for its own machine only, whatever else was asked for.
    let open = ledger.serve().args(["--insecure-no-auth", "--listen", "0.0.0.0:0"]).output().unwrap();
    assert_eq!(open.status.code(), Some(2), "an argument given twice");
    let open = Ledger::new();
    open.configure("listen = \"0.0.0.0:0\"\n");
    let words = ["serve", "--insecure-no-auth", "--config", open.folder().join("tallystick.toml").to_str().unwrap()]
        .map(str::to_owned);
    let refused = open.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("insecure_no_auth: only where `listen` is a loopback"));
}

#[test]
fn keys_open_their_programs_as_far_as_their_scope_goes() {
    let ledger = Ledger::keyed();
    let (_, admin) = create(&ledger, &["--all-programs", "--scope", "admin"]);
    let (_, reads) = create(&ledger, &["--program", "corner_coffee", "--scope", "read"]);
    let daemon = ledger.start();
    let mut client = daemon.client();
    ask(&mut client, &admin, "POST", "/v1/clock", r#"{"now": "2026-01-05T12:00:00Z"}"#).expect_status(200);
    let (events, other) = ("/v1/programs/corner_coffee/events", "/v1/programs/grocer/events");

    // Nobody in particular.
    for path in ["/livez", "/readyz", "/v1/version", "/openapi.json", "/problems/forbidden"] {
        ask(&mut client, "", "GET", path, "").expect_status(200);
    }
    for (method, path) in [("GET", "/v1/status"), ("GET", "/metrics"), ("POST", events), ("GET", "/v1/no/such/path")] {
        for token in ["", "tsk_0123", &admin[..admin.len() - 1]] {
            let problem = ask(&mut client, token, method, path, "{}").expect_status(401);
            assert_eq!(problem.header("www-authenticate"), Some("Bearer"));
            let problem = problem.json();
            assert_eq!((&problem["code"], &problem["retryable"]), (&json!("unauthenticated"), &json!(false)));
        }
    }

    // A key that reads, and one for the till made while the daemon runs.
    let code = |answer: Answer| -> (u16, Value) { (answer.status, answer.json()["code"].clone()) };
    assert_eq!(code(ask(&mut client, &reads, "POST", events, &purchase("1"))), (403, json!("forbidden")));
    assert_eq!(code(ask(&mut client, &reads, "POST", other, &purchase("1"))), (404, json!("unknown_program")));
    let unknown = ask(&mut client, &reads, "GET", "/v1/programs/grocer/", "").text().to_owned();
    let nowhere = ask(&mut client, &reads, "GET", "/v1/programs/nowhere/", "").text().to_owned();
    let without_id = |text: &str| text.split("\"request_id\"").next().unwrap().replace("grocer", "nowhere");
    assert_eq!(without_id(&unknown), without_id(&nowhere), "another's program looks like none");
    let (id, till) = create(&ledger, &["--program", "corner_coffee", "--name", "till 4"]);
    until(&mut client, &till, 200);
    ask(&mut client, &till, "POST", events, &purchase("1")).expect_status(201);
    ask(&mut client, &reads, "GET", "/v1/programs/corner_coffee/members/ann/balance", "").expect_status(200);
    ask(&mut client, &till, "POST", other, &purchase("1")).expect_status(404);
    ask(&mut client, &till, "GET", "/v1/programs/grocer/members/ann/balance", "").expect_status(404);
    ask(&mut client, &till, "GET", "/metrics", "").expect_status(403);
    let adjustment = r#"{"member":"ann","pool":"points","amount":5,"reason":"sorry"}"#;
    ask(&mut client, &till, "POST", "/v1/programs/corner_coffee/adjustments", adjustment).expect_status(403);
    ask(&mut client, &admin, "POST", "/v1/programs/corner_coffee/adjustments", adjustment).expect_status(201);
    ask(&mut client, &admin, "GET", "/metrics", "").expect_status(200);

    // Revoked, it is unknown; the others stay.
    let revoked = ledger.run(&["keys", "revoke", &id]);
    assert_eq!(revoked.status.code(), Some(0));
    until(&mut client, &till, 401);
    until(&mut client, &reads, 200);
    assert_eq!(ledger.run(&["keys", "revoke", &id]).status.code(), Some(1));
    let listed = String::from_utf8(ledger.run(&["keys", "list"]).stdout).unwrap();
    assert!(listed.lines().count() == 4 && listed.contains("till 4") && !listed.contains("tsk_"), "{listed}");
    let bad = [&["--scope", "write"][..], &["--program", "a/b"], &["--program", "a", "--scope", "all"]];
    for words in bad {
        let refused = ledger.run(&[&["keys", "create"][..], words].concat());
        assert_eq!(refused.status.code(), Some(2), "{words:?}");
    }
    drop(client);
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
    for entry in std::fs::read_dir(ledger.folder()).unwrap().map(Result::unwrap).filter(|e| e.path().is_file()) {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        assert!(!text.contains(&till) && !text.contains(&admin), "a token is in {:?}", entry.path());
    }
}

//! The settings of `[http]`, each with a value so small that the daemon shows it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::client::{Answer, Client, Request};
use super::process::{Daemon, Ledger};

/// After this long without an answer a test has failed.
const PATIENCE: Duration = Duration::from_mins(3);

fn serve(settings: &str) -> (Ledger, Daemon) {
    let ledger = Ledger::new();
    ledger.configure(&format!("[http]\n{settings}\n"));
    let daemon = ledger.start();
    (ledger, daemon)
}

/// Sends bytes that are no whole request, and reads what comes back until the daemon closes.
fn unfinished(daemon: &Daemon, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(daemon.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

fn post(client: &mut Client, path: &str, body: &[u8]) -> Answer {
    let headers = &[("content-type", "application/x-ndjson")][..];
    let headers = if path.ends_with("batch") { headers } else { &[("content-type", "application/json")] };
    client.send(&Request { method: "POST", path, headers, body }).unwrap()
}

const EVENTS: &str = "/v1/programs/corner_coffee/events";
const BATCH: &str = "/v1/programs/corner_coffee/events/batch";

#[test]
fn bodies_are_as_large_as_the_configuration_says() {
    let (_ledger, daemon) = serve("body_bytes = 1024\nbatch_body_bytes = 2048");
    let mut client = daemon.client();
    for (path, bytes, status) in [(EVENTS, 1024, 400), (EVENTS, 1025, 413), (BATCH, 2048, 200), (BATCH, 2049, 413)] {
        let answer = post(&mut client, path, &vec![b'x'; bytes]);
        assert_eq!(answer.status, status, "{path} {bytes}: {}", answer.text());
        if status == 413 {
            let problem = answer.json();
            assert_eq!(problem["code"], "body_too_large");
            assert_eq!(problem["detail"], format!("the body has more than {} bytes", bytes - 1));
        }
    }
}

#[test]
fn what_is_no_http_is_refused_with_a_problem() {
    let (_ledger, daemon) = serve("");
    let many = format!("GET /livez HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(65));
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(65_534));
    for (sent, status, code) in [
        ("GET  /livez\r\n\r\n", 400, "invalid_request"),
        ("GET /livez HTTP/1.1\r\nno colon\r\n\r\n", 400, "invalid_request"),
        (&many, 431, "head_too_large"),
        (&long, 414, "uri_too_long"),
    ] {
        let answer = unfinished(&daemon, sent.as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(head.contains("\r\ncontent-type: application/problem+json\r\n"), "{head}");
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)));
        assert!(head.contains(&format!("\r\nrequest-id: {}", problem["request_id"].as_str().unwrap())), "{head}");
    }
}

#[test]
fn slow_heads_and_bodies_are_given_up() {
    let (_ledger, daemon) = serve("header_read_ms = 50\nbody_read_ms = 50");
    let closed = unfinished(&daemon, b"GET /livez HTTP/1.1\r\nhost: x\r\n");
    assert!(!closed.contains("200 OK"), "{closed}");
    let head = format!("POST {EVENTS} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{{");
    let late = unfinished(&daemon, head.as_bytes());
    assert!(late.starts_with("HTTP/1.1 408 ") && late.contains("\"code\":\"request_timeout\""), "{late}");
    assert!(late.contains("the body took longer than 50 ms"), "{late}");
    daemon.client().get("/livez").expect_status(200);
}

#[test]
fn connections_beyond_their_number_are_told_to_come_back() {
    let (_ledger, daemon) = serve("connections = 1");
    let mut first = daemon.client();
    first.get("/livez").expect_status(200);
    let refused = unfinished(&daemon, b"");
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after: 1"), "{refused}");
    let (_, problem) = refused.split_once("\r\n\r\n").unwrap();
    let problem: serde_json::Value = serde_json::from_str(problem).unwrap();
    assert_eq!((&problem["code"], &problem["retryable"]), (&json!("overloaded"), &json!(true)), "{refused}");
    let metrics = first.get("/metrics");
    assert!(metrics.text().contains("tallystick_http_connections_refused_total 1"), "{}", metrics.text());
}

#[test]
fn a_stop_waits_for_open_requests_only_so_long() {
    let (ledger, daemon) = serve("drain_ms = 1");
    // A request that never ends: its head says that a hundred bytes follow.
    let mut open = TcpStream::connect(daemon.address).unwrap();
    write!(open, "POST {EVENTS} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n").unwrap();
    let mut continued = [0; 12];
    open.read_exact(&mut continued).unwrap();
    assert_eq!(&continued, b"HTTP/1.1 100");
    let mut client = daemon.client();
    client.post("/v1/clock", &json!({"now": "2026-01-05T12:00:00Z"})).expect_status(200);
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
}

//! Lists, the feed of the journal, and reports over the real daemon, page by page.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Answer, Client, Request};
use super::process::{Daemon, Ledger};

const PROGRAM: &str = "/v1/programs/corner_coffee";
/// After this long without a line a test has failed.
const PATIENCE: Duration = Duration::from_mins(3);

fn purchase(id: &str, member: &str, hour: u32, amount: u32) -> Value {
    let occurred_at = format!("2026-01-05T{hour:02}:00:00Z");
    json!({"id": id, "source": "t", "type": "purchase", "member": member, "occurred_at": occurred_at, "amount": amount})
}

/// A daemon whose clock stands at noon of 5 January 2026 and has seen seven events of three members.
fn busy() -> (Ledger, Daemon, Client) {
    let ledger = Ledger::new();
    let daemon = ledger.start();
    let mut client = daemon.client();
    client.post("/v1/clock", &json!({"now": "2026-01-05T12:00:00Z"})).expect_status(200);
    let events = [
        purchase("1", "ann", 8, 100),
        purchase("2", "ben", 9, 20_000),
        purchase("3", "cid", 9, 300),
        purchase("4", "ann", 10, 400),
        json!({"id": "5", "source": "t", "type": "visit", "member": "ann", "occurred_at": "2026-01-05T10:30:00Z"}),
        purchase("6", "ben", 11, 600),
        purchase("7", "ann", 11, 700),
    ];
    for event in events {
        client.post(&format!("{PROGRAM}/events"), &event).expect_status(201);
    }
    (ledger, daemon, client)
}

/// The values of a field over all pages of a list.
fn all(client: &mut Client, path: &str, field: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..50 {
        let page = client.get(&format!("{PROGRAM}/{path}{cursor}")).expect_status(200).json();
        found.extend(page["data"].as_array().unwrap().iter().map(|row| row[field].as_str().unwrap().to_owned()));
        assert_eq!(page["has_more"], !page["next_cursor"].is_null(), "{page}");
        let Some(next) = page["next_cursor"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
    panic!("{path} does not end");
}

#[test]
fn events_are_listed_page_by_page() {
    let (_ledger, _daemon, mut client) = busy();
    let rows = [
        ("events?limit=2", "7 6 5 4 3 2 1"),
        ("events?limit=7", "7 6 5 4 3 2 1"),
        ("events?member=ann&limit=3", "1 4 5 7"),
        ("events?member=nobody&limit=3", ""),
        ("events?type=visit&limit=1", "5"),
        ("events?type=purchase&limit=5", "7 6 4 3 2 1"),
        ("events?status=denied&limit=1", ""),
        ("events?order=3&limit=1", "3"),
        ("events?from=2026-01-05T09:00:00Z&to=2026-01-05T11:00:00Z&limit=2", "5 4 3 2"),
        ("events?member=ann&from=2026-01-05T10:00:00Z&limit=1", "4 5 7"),
        ("events?from=2026-01-06&limit=2", ""),
    ];
    for (path, expected) in rows {
        assert_eq!(all(&mut client, path, "id").join(" "), expected, "{path}");
    }
    let cursor = client.get(&format!("{PROGRAM}/events?limit=1")).json()["next_cursor"].as_str().unwrap().to_owned();
    let bad = [
        ("events?type=sale", "type"),
        ("events?status=open", "status"),
        ("events?limit=0", "limit"),
        ("events?from=yesterday", "from"),
        ("events?from=2026-01-06&to=2026-01-05", "to"),
        ("events?members=ann", "members"),
        (&format!("events?member=ann&cursor={cursor}"), "cursor"),
        ("members?cursor=t0", "cursor"),
        ("members?tier=platinum", "tier"),
        ("members/ann/statement?from=2026-01-06&to=2026-01-05", "to"),
        ("journal?after_seq=-1", "after_seq"),
        ("journal?after_seq=99999999999999999999", "after_seq"),
        ("journal?limit=x", "limit"),
        ("reports/metrics?active_window_days=0", "active_window_days"),
        ("reports/metrics?from=2026-01-06&to=2026-01-05", "to"),
    ];
    for (path, parameter) in bad {
        let problem = client.get(&format!("{PROGRAM}/{path}")).expect_status(400).json();
        assert_eq!(
            (&problem["code"], &problem["errors"][0]["parameter"]),
            (&json!("invalid_request"), &json!(parameter))
        );
    }
    client.get(&format!("{PROGRAM}/reports/profit")).expect_status(404);
}

#[test]
fn members_are_listed_also_those_whose_rows_are_not_written() {
    let (ledger, daemon, mut client) = busy();
    let rows = [
        ("members?limit=2", "ann ben cid"),
        ("members?limit=3", "ann ben cid"),
        ("members?tier=silver&limit=1", "ben"),
        ("members?tier=bronze&limit=1", "ann cid"),
        ("members?from=2026-01-05T09:00:00Z&limit=1", "ben cid"),
        ("members?to=2026-01-05T09:00:00Z&limit=1", "ann"),
    ];
    let check = |client: &mut Client, when: &str| {
        for (path, expected) in rows {
            assert_eq!(all(client, path, "member").join(" "), expected, "{path} {when}");
        }
    };
    check(&mut client, "in memory");
    drop(client);
    assert_eq!(daemon.stop().code(), Some(0));
    let daemon = ledger.start();
    let mut client = daemon.client();
    check(&mut client, "on disk");
    // A new one among them, and one who changed, come from the journal.
    client.post(&format!("{PROGRAM}/events"), &purchase("8", "bea", 11, 50)).expect_status(201);
    client.post(&format!("{PROGRAM}/events"), &purchase("9", "cid", 11, 90_000)).expect_status(201);
    assert_eq!(all(&mut client, "members?limit=1", "member").join(" "), "ann bea ben cid");
    assert!(all(&mut client, "members?tier=bronze&limit=5", "member").join(" ") == "ann bea");
}

fn line_seqs(answer: &Answer) -> Vec<u64> {
    answer.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap()).collect()
}

#[test]
fn the_journal_is_read_in_pages() {
    let (_ledger, _daemon, mut client) = busy();
    let end = client.get("/v1/status").json()["durable_seq"].as_u64().unwrap();
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = client.get(&format!("{PROGRAM}/journal?after_seq={after}&limit=3")).expect_status(200);
        assert_eq!(page.header("content-type"), Some("application/x-ndjson"));
        seen.extend(line_seqs(&page));
        after = page.header("next-after-seq").unwrap().parse().unwrap();
        if page.header("has-more") == Some("false") {
            break;
        }
    }
    assert_eq!(after, end);
    assert!(seen.is_sorted() && seen.len() >= 8, "{seen:?}");
    let whole = client.get(&format!("{PROGRAM}/journal"));
    assert_eq!(line_seqs(&whole), seen);
    // What was posted comes out as it can be posted again: another body would be refused.
    for line in whole.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if line["kind"] == "purchase" || line["kind"] == "visit" {
            let again = client.post(&format!("{PROGRAM}/events"), &line["event"]).expect_status(200);
            assert_eq!(again.header("idempotent-replayed"), Some("true"));
        }
    }
    let past = client.get(&format!("{PROGRAM}/journal?after_seq={}", end + 10)).expect_status(200);
    assert_eq!((past.text(), past.header("has-more")), ("", Some("false")));
}

/// Lines of an event stream.
fn follow(daemon: &Daemon, headers: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(daemon.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "GET {PROGRAM}/journal?after_seq=1 HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n{headers}\r\n"
    )
    .unwrap();
    BufReader::new(stream)
}

/// Reads up to a line that begins so; `None` where the stream ended before.
fn read_to(stream: &mut BufReader<TcpStream>, start: &str) -> Option<String> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        if line.starts_with(start) {
            return Some(line.trim_end().to_owned());
        }
    }
}

#[test]
fn the_journal_is_followed_as_it_grows() {
    let (ledger, daemon, mut client) = busy();
    let mut stream = follow(&daemon, "");
    assert_eq!(read_to(&mut stream, "HTTP/1.1").unwrap(), "HTTP/1.1 200 OK");
    assert_eq!(read_to(&mut stream, "content-type").unwrap(), "content-type: text/event-stream");
    let data = |line: String| serde_json::from_str::<Value>(line.strip_prefix("data: ").unwrap()).unwrap();
    while data(read_to(&mut stream, "data: ").unwrap())["event"]["id"] != "7" {}
    client.post(&format!("{PROGRAM}/events"), &purchase("8", "ann", 11, 800)).expect_status(201);
    let id = read_to(&mut stream, "id: ").unwrap();
    assert_eq!(read_to(&mut stream, "event: ").unwrap(), "event: purchase");
    assert_eq!(data(read_to(&mut stream, "data: ").unwrap())["event"]["id"], "8");
    // A reader who was cut off goes on after what they saw.
    let before = id.strip_prefix("id: ").unwrap().parse::<u64>().unwrap() - 1;
    let mut resumed = follow(&daemon, &format!("last-event-id: {before}\r\n"));
    assert_eq!(data(read_to(&mut resumed, "data: ").unwrap())["event"]["id"], "8");
    let bad = Request {
        method: "GET",
        path: &format!("{PROGRAM}/journal"),
        headers: &[("accept", "text/event-stream"), ("last-event-id", "x")],
        body: b"",
    };
    client.send(&bad).unwrap().expect_status(400);
    // The stream does not hold a stop up.
    assert_eq!(daemon.stop().code(), Some(0));
    assert_eq!(read_to(&mut stream, "id: "), None);
    ledger.expect_verified();
}

#[test]
fn reports_tell_what_was_posted() {
    let (_ledger, _daemon, mut client) = busy();
    let mut report =
        |name: &str| client.get(&format!("{PROGRAM}/reports/{name}?from=2026-01-05")).expect_status(200).json();
    let metrics = report("metrics");
    let expected =
        [("orders", 6), ("revenue", 22_100), ("customers", 3), ("members", 3), ("average_order_value", 3_683)];
    for (name, value) in expected {
        assert_eq!(metrics[name], value, "{name}: {metrics}");
    }
    assert!(metrics["churn_rate_bp"].is_null(), "nobody was active before: {metrics}");
    let liability = report("liability");
    let points = &liability["pools"]["points"];
    let held = points["issued"].as_i64().unwrap();
    assert!(held > 0 && points["opening"] == 0 && points["closing"] == held && liability["liability_points"] == held);
    let activity = report("activity");
    assert_eq!(activity["events"]["purchase"], json!({"posted": 6, "held": 0, "denied": 0}));
    assert_eq!(report("fraud")["verdicts"]["allow"], 7);
    let nothing = client.get(&format!("{PROGRAM}/reports/metrics?from=2025-01-01&to=2025-02-01")).json();
    assert_eq!((&nothing["orders"], &nothing["average_order_value"]), (&json!(0), &Value::Null));
}

//! What the generator writes, byte by byte where it matters.

use super::{Answer, Calendar, Plan, Tally, Work};

/// 2026-11-22T02:00:00Z.
const NOW_MS: i64 = 1_795_312_800_000;

fn plan(batch: u64) -> Plan {
    Plan {
        host: "127.0.0.1:7070".to_owned(),
        authorization: None,
        program: "corner_coffee".to_owned(),
        pool: "points".to_owned(),
        seed: 1,
        members: 1_000,
        batch,
        calendar: Calendar::new(NOW_MS, 1_000_000),
    }
}

fn written(plan: &Plan, work: Work, ticket: u64) -> (String, String, u64) {
    let mut out = b"left over".to_vec();
    let operations = plan.request(work, ticket, &mut out);
    let text = String::from_utf8(out).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned(), operations)
}

#[test]
fn a_batch_of_purchases_is_a_line_of_json_each() {
    let (head, body, operations) = written(&plan(50), Work::Purchases, 3);
    assert!(head.starts_with("POST /v1/programs/corner_coffee/events/batch HTTP/1.1\r\nHost: 127.0.0.1:7070\r\n"));
    assert!(head.contains("Prefer: return=minimal") && head.ends_with(&format!("Content-Length: {:010}", body.len())));
    assert_eq!((operations, body.lines().count()), (50, 50));
    let mut times = Vec::new();
    for (number, line) in (150..).zip(body.lines()) {
        assert!((430..620).contains(&line.len()), "{} bytes: {line}", line.len());
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["id"], format!("b-1-{number}"));
        let items = event["items"].as_array().unwrap();
        let sum: i64 = items.iter().map(|item| item["amount"].as_i64().unwrap()).sum();
        assert_eq!(event["amount"].as_i64().unwrap(), sum);
        times.push(event["occurred_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond());
    }
    assert!(times.is_sorted() && times[0] > NOW_MS - 60 * 3_600_000 && times[49] < NOW_MS);
}

#[test]
fn the_same_seed_and_number_give_the_same_bytes() {
    for work in [Work::Enroll, Work::Fund, Work::Purchases, Work::Transfers, Work::Mixed] {
        assert_eq!(written(&plan(20), work, 7), written(&plan(20), work, 7));
    }
    let other = Plan { seed: 2, ..plan(20) };
    assert_ne!(written(&plan(20), Work::Purchases, 7).1, written(&other, Work::Purchases, 7).1);
}

#[test]
fn transfers_never_go_to_the_giver_and_carry_a_key() {
    let (head, body, operations) = written(&Plan { members: 2, ..plan(500) }, Work::Transfers, 9);
    assert!(head.contains("POST /v1/programs/corner_coffee/transfers/batch") && operations == 500);
    assert!(head.contains("\r\nIdempotency-Key: bench-1-transfer-9\r\n"));
    for line in body.lines() {
        let transfer: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_ne!(transfer["from"], transfer["to"]);
        assert!((1..=10).contains(&transfer["amount"].as_u64().unwrap()));
    }
}

#[test]
fn the_last_batch_of_enrolments_ends_with_the_last_member() {
    let (_, body, operations) = written(&plan(300), Work::Enroll, 3);
    assert_eq!((operations, body.lines().count()), (100, 100));
    assert!(body.lines().last().unwrap().contains("\"member\":\"m-999\",\"occurred_at\":\"2026-11-19T13:00:00.000Z\""));
}

#[test]
fn single_requests_of_the_mixed_workload_are_of_all_kinds() {
    let heads: Vec<String> = (0..200).map(|ticket| written(&plan(1), Work::Mixed, ticket).0).collect();
    for wanted in
        ["POST /v1/programs/corner_coffee/events HTTP", "POST /v1/programs/corner_coffee/transfers HTTP", "GET "]
    {
        assert!(heads.iter().any(|head| head.starts_with(wanted)), "{wanted}");
    }
}

#[test]
fn answers_are_counted_operation_by_operation() {
    let lines = "{\"id\":\"1\",\"status\":\"posted\"}\n{\"id\":\"2\",\"status\":\"held\"}\n\
                 {\"problem\":{\"status\":422}}\n{\"id\":\"4\",\"status\":\"denied\"}\n";
    let answer = Answer { status: 200, body: lines.as_bytes() };
    assert_eq!(Plan::tally(&answer, 4), Tally { posted: 1, held: 1, denied: 1, errors: 1 });
    assert_eq!(Plan::tally(&Answer { status: 200, body: b"{\"pools\":{}}" }, 1).posted, 1);
    assert_eq!(Plan::tally(&Answer { status: 503, body: b"" }, 4), Tally::lost(4));
    assert_eq!(Plan::tally(&Answer { status: 200, body: b"" }, 4).errors, 4);
}

//! Bodies and what they become: good ones field by field, bad ones by pointer and detail from data files.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::ledger::event::{Event, EventKind};
use crate::ledger::types::{AMOUNT_MAX, Money, TimeMs};
use crate::limits::{ATTRIBUTES_MAX, BATCH_EVENTS_MAX, EVENT_ITEMS_MAX, EVENT_TENDERS_MAX, ITEM_TAGS_MAX};

const EVENT: &str = include_str!("../../../tests/http_event.json");
const BAD_EVENTS: &str = include_str!("../../../tests/http_bad_events.json");
const BAD_REQUESTS: &str = include_str!("../../../tests/http_bad_requests.json");

fn keep<T>(input: T, _: usize) -> T {
    input
}

fn event(text: &str) -> Result<Event, Problem> {
    read::<EventWire>(text.as_bytes())
}

/// The event of the contract with some fields set, or taken out where null.
fn changed(changes: &Value) -> String {
    let mut base: Value = serde_json::from_str(EVENT).unwrap();
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(base.as_object_mut().unwrap().remove(key)),
            value => base[key] = value.clone(),
        }
    }
    base.to_string()
}

fn found(problem: &Problem) -> Value {
    let errors = problem.errors().iter().map(|error| match &error.place {
        Place::Pointer(pointer) => json!([pointer, error.detail]),
        other => panic!("a body has pointers, not {other:?}"),
    });
    Value::Array(errors.collect())
}

#[test]
fn the_contract_s_own_event_is_read_field_by_field() {
    let event = event(EVENT).unwrap();
    assert_eq!((event.id.as_str(), event.source.as_str()), ("basket-31198570044", "store-330/till-4"));
    assert_eq!((event.kind.clone(), event.member.as_str()), (EventKind::Purchase, "household-900"));
    assert_eq!(event.occurred_at, TimeMs::new(1_483_271_606_000));
    assert_eq!((event.order.as_deref(), event.currency.as_deref()), (Some("31198570044"), Some("USD")));
    assert_eq!((event.given_amount, event.amount()), (Some(Money::new(149)), Money::new(149)));
    assert_eq!(event.items.len(), 2);
    assert_eq!((event.items[0].line, event.items[0].tags.as_slice()), (1, &["sale".into()][..]));
    assert_eq!((event.items[1].amount, event.items[1].brand.as_deref()), (Money::new(99), Some("private")));
    assert_eq!(event.card().map(AsRef::as_ref), Some("c:9f2"));
    assert_eq!(event.context.terminal.as_deref(), Some("4"));
    assert_eq!(event.context.location, Some(("39.10".into(), "-84.51".into())));
    assert_eq!(event.attribute("receipt").map(AsRef::as_ref), Some("330-4-0007"));
    assert!(event.personal.is_none());
}

#[test]
fn what_may_be_left_out_has_its_default() {
    let event = event(
        r#"{"id":"1","source":"s","type":"purchase","member":"m","occurred_at":"2017-01-01T12:53:26.5+01:00",
            "order":null,"items":[{"line":4,"amount":7},{"line":3,"amount":0}]}"#,
    )
    .unwrap();
    assert_eq!((event.order().as_str(), event.amount()), ("1", Money::new(7)));
    assert_eq!((event.items[0].quantity, event.items[1].line), (1, 3));
    assert_eq!(event.occurred_at, TimeMs::new(1_483_271_606_500));
}

#[test]
fn an_enrolment_says_who_someone_is() {
    let event = event(
        r#"{"id":"1","source":"s","type":"enroll","member":"m","occurred_at":"2017-01-01T00:00:00Z","referrer":"friend",
            "birthday":"1984-02-29","email_hash":"e","attributes":{"b":"2","a":"1","Ü":"line\nend"}}"#,
    )
    .unwrap();
    let personal = event.personal.clone().unwrap();
    assert_eq!((personal.referrer.as_deref(), personal.email_hash.as_deref()), (Some("friend"), Some("e")));
    assert_eq!(personal.birthday.map(|b| (b.year, b.month, b.day)), Some((Some(1984), 2, 29)));
    assert_eq!(event.attribute("a").map(AsRef::as_ref), Some("1"));
    assert_eq!(event.attribute("Ü").map(AsRef::as_ref), Some("line\nend"));
}

#[test]
fn bad_events_are_told_by_pointer_and_detail() {
    let cases: Vec<Value> = serde_json::from_str(BAD_EVENTS).unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let mut body = EVENT.to_owned();
        for key in ["replace", "also"] {
            if let Some([from, to]) = case[key].as_array().map(Vec::as_slice) {
                let (from, to) = (from.as_str().unwrap(), to.as_str().unwrap());
                assert!(body.contains(from), "{case}");
                body = body.replacen(from, to, 1);
            }
        }
        check_case(&case, event(&body).map(drop), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn other_bad_bodies_are_told_by_pointer_and_detail() {
    let cases: Vec<Value> = serde_json::from_str(BAD_REQUESTS).unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let body = match &case["body"] {
            Value::String(text) => text.clone(),
            body => body.to_string(),
        };
        let body = body.as_bytes();
        let outcome = match case["of"].as_str().unwrap() {
            "adjustment" => read::<AdjustmentWire>(body).map(drop),
            "transfer" => read::<TransferWire>(body).map(drop),
            "member" => read::<MemberWire>(body).map(drop),
            "simulate" => read::<SimulateWire>(body).map(drop),
            "rules" => read::<RulesCheckWire>(body).map(drop),
            "clock" => read::<ClockWire>(body).map(drop),
            "batch" => array::<TransferWire, _>(body, keep).map(drop),
            other => panic!("no body is called {other}"),
        };
        check_case(&case, outcome, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check_case(case: &Value, outcome: Result<(), Problem>, wrong: &mut Vec<String>) {
    let code = case["code"].as_str().unwrap_or("invalid_request");
    match outcome {
        Ok(()) => wrong.push(format!("{} passed", case["name"])),
        Err(problem) => {
            let same = problem.code().info().code == code && (found(&problem) == case["errors"]);
            if !same {
                wrong.push(format!("{}: {} {}", case["name"], problem.code().info().code, found(&problem)));
            }
        }
    }
}

#[test]
fn lists_have_their_limits() {
    let items: Vec<Value> = (0..=EVENT_ITEMS_MAX).map(|line| json!({"line": line, "amount": 1})).collect();
    let tenders: Vec<Value> = (0..=EVENT_TENDERS_MAX).map(|_| json!({"kind": "cash", "amount": AMOUNT_MAX})).collect();
    let tags = vec!["t"; ITEM_TAGS_MAX + 1];
    let attributes: Value =
        (0..=ATTRIBUTES_MAX).map(|n| (n.to_string(), json!("v"))).collect::<serde_json::Map<_, _>>().into();
    for (change, pointer) in [
        (json!({"items": items}), "/items"),
        (json!({"tenders": tenders}), "/tenders"),
        (json!({"tenders": tenders[..2]}), "/tenders"),
        (json!({"items": [{"line": 1, "amount": 1, "tags": tags}]}), "/items/0/tags"),
        (json!({"attributes": attributes}), "/attributes"),
        (json!({"attributes": {"a": "x".repeat(513)}}), "/attributes/a"),
        (json!({"attributes": {"a/b": "\u{1}"}}), "/attributes/a~1b"),
    ] {
        let problem = event(&changed(&change)).unwrap_err();
        assert_eq!(found(&problem)[0][0], pointer, "{problem:?}");
    }
    let most: Vec<Value> = (0..EVENT_ITEMS_MAX).rev().map(|line| json!({"line": line, "amount": 1})).collect();
    assert_eq!(event(&changed(&json!({"items": most}))).unwrap().items.len(), EVENT_ITEMS_MAX);
}

#[test]
fn depth_and_bytes_are_bounded() {
    let deep = changed(&json!({"id": "x"})).replacen("\"x\"", &"[".repeat(100_000), 1);
    assert_eq!(event(&deep).unwrap_err().code(), Code::InvalidRequest);
    let deep = "[".repeat(1_000_000);
    assert!(
        matches!(array::<EventWire, _>(deep.as_bytes(), keep), Err(problem) if problem.code() == Code::MalformedJson)
    );
    for (body, detail) in
        [(&b"\xff{}"[..], "invalid UTF-8 at byte 0"), (b"", "the body is empty"), (b" \n", "the body is empty")]
    {
        let problem = read::<EventWire>(body).unwrap_err();
        assert_eq!(problem.code(), Code::MalformedJson);
        assert!(format!("{problem:?}").contains(detail), "{problem:?}");
    }
}

const TRANSFER: &str = r#"{"from":"a","to":"b","pool":"points","amount":1}"#;

fn kinds<T>(elements: Vec<Result<T, Problem>>) -> Vec<Option<Code>> {
    elements.into_iter().map(|element| element.err().map(|problem| problem.code())).collect()
}

#[test]
fn a_bad_element_does_not_stop_the_others() {
    let bad_value = r#"{"from":"a","to":"b","pool":"points","amount":0}"#;
    let bad_type = r#"{"from":"a","to":"b","pool":"points","amount":"1"}"#;
    let all = [TRANSFER, bad_value, bad_type, TRANSFER];
    let expected = [None, Some(Code::InvalidRequest), Some(Code::InvalidRequest), None];
    assert_eq!(kinds(array::<TransferWire, _>(format!("[{}]", all.join(",")).as_bytes(), keep).unwrap()), expected);
    assert_eq!(
        kinds(ndjson::<TransferWire, _>(format!("\r\n{}\n\n", all.join("\r\n")).as_bytes(), keep).unwrap()),
        expected
    );
    let broken = format!("{TRANSFER}\n{{\"from\n{TRANSFER}");
    let expected = [None, Some(Code::MalformedJson), None];
    assert_eq!(kinds(ndjson::<TransferWire, _>(broken.as_bytes(), keep).unwrap()), expected);
    let mut bytes = format!("{TRANSFER}\n").into_bytes();
    bytes.extend(b"\xff\n");
    assert_eq!(kinds(ndjson::<TransferWire, _>(&bytes, keep).unwrap()), [None, Some(Code::MalformedJson)]);
    assert_eq!(kinds(array::<TransferWire, _>(b"[]", keep).unwrap()), []);
}

#[test]
fn batches_have_their_limit() {
    let lines = |count: usize| vec![TRANSFER; count].join("\n");
    let list = |count: usize, element: &str| format!("[{}]", vec![element; count].join(","));
    assert_eq!(ndjson::<TransferWire, _>(lines(BATCH_EVENTS_MAX).as_bytes(), keep).unwrap().len(), BATCH_EVENTS_MAX);
    assert_eq!(
        array::<TransferWire, _>(list(BATCH_EVENTS_MAX, TRANSFER).as_bytes(), keep).unwrap().len(),
        BATCH_EVENTS_MAX
    );
    for body in [list(BATCH_EVENTS_MAX + 1, TRANSFER), list(BATCH_EVENTS_MAX + 1, "1")] {
        assert_eq!(array::<TransferWire, _>(body.as_bytes(), keep).unwrap_err().code(), Code::BatchTooLarge);
    }
    assert_eq!(
        ndjson::<TransferWire, _>(lines(BATCH_EVENTS_MAX + 1).as_bytes(), keep).unwrap_err().code(),
        Code::BatchTooLarge
    );
    for (body, code) in [("{}", Code::InvalidRequest), ("[1,", Code::MalformedJson), ("[] []", Code::MalformedJson)] {
        assert_eq!(array::<TransferWire, _>(body.as_bytes(), keep).unwrap_err().code(), code, "{body}");
    }
    assert_eq!(ndjson::<TransferWire, _>(b" \n\n", keep).unwrap_err().code(), Code::MalformedJson);
}

#[test]
fn the_other_bodies_become_inputs() {
    let adjusted =
        read::<AdjustmentWire>(br#"{"member":"m","pool":"points","amount":-5,"reason":"a mistake","staff":"s-1"}"#)
            .unwrap();
    assert_eq!((adjusted.amount.get(), adjusted.pending, adjusted.expires_at), (-5, false, None));
    let moved = read::<TransferWire>(br#"{"from":"a","to":"b","pool":"points","amount":1,"device":"d"}"#).unwrap();
    assert_eq!(moved.context.unwrap().device.as_deref(), Some("d"));
    let Enrolment { event: enrolled, timed, .. } = read::<MemberWire>(br#"{"member":"m","birthday":"12-31"}"#).unwrap();
    assert_eq!((enrolled.id.as_str(), enrolled.source.as_str(), timed), ("m", "members", false));
    let simulated = format!(r#"{{"event":{EVENT},"at":"2017-01-02T00:00:00Z","ruleset":3,"explain":true}}"#);
    let simulated = read::<SimulateWire>(simulated.as_bytes()).unwrap();
    assert_eq!((simulated.ruleset, simulated.explain), (Some("3".to_owned()), true));
    let files = read::<RulesCheckWire>(br#"{"files":{"tests/a.toml":"x","earn.rhai":""}}"#).unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["earn.rhai", "tests/a.toml"]);
    assert_eq!(read::<ClockWire>(br#"{"now":"1970-01-01T00:00:01Z"}"#).unwrap(), TimeMs::new(1_000));
}

/// What is read quickly is what serde reads; where quick reading gives up, nothing is said.
fn agrees<'de, T: Wire<'de> + std::fmt::Debug>(text: &'de str) -> bool {
    let Some(quick) = T::quick(text) else { return false };
    assert_eq!(format!("{quick:?}"), format!("{:?}", parse::<T>(text).unwrap()), "{text}");
    true
}

#[test]
fn plain_bodies_are_read_quickly_and_the_same() {
    let compact = changed(&json!({"birthday": "01-31", "items": [], "tenders": [{"kind": "cash", "amount": 0}]}));
    assert!(agrees::<EventWire>(EVENT) && agrees::<EventWire>(&compact));
    assert!(agrees::<EventWire>(&EVENT.replacen("149", "null", 1).replace("\":", "\"\t:\r\n ")));
    let transfer = r#"{"from":"a","to":"Ü","pool":"points","amount":-999999999999999999,"device":null,"ip":"1"} "#;
    assert!(agrees::<TransferWire>(TRANSFER) && agrees::<TransferWire>(transfer));
}

#[test]
fn what_is_not_plain_is_left_to_serde() {
    for (from, to) in [
        (r#""amount":1"#, r#""amount":01"#),
        (r#""amount":1"#, r#""amount":-0"#),
        (r#""amount":1"#, r#""amount":1.0"#),
        (r#""amount":1"#, r#""amount":1e2"#),
        (r#""amount":1"#, r#""amount":1234567890123456789"#),
        (r#""amount":1"#, r#""amount":"1""#),
        (r#""amount":1"#, r#""amount":-"#),
        (r#""amount":1"#, r#""amount":1,"amount":1"#),
        (r#""amount":1"#, r#""amount":1,"#),
        (r#""amount":1"#, r#""amount":1,"ip":nul"#),
        (r#""amount":1"#, r#""amount":1,"ip":null,"ip":null"#),
        (r#""amount":1"#, r#""amount":1,"other":null"#),
        (r#""amount":1"#, r#""amount":1]"#),
        (r#","amount":1"#, ""),
        (r#""a""#, r#""\u0061""#),
        (r#""a""#, "\"a\t\""),
        (r#""a""#, "null"),
        (r#""a","#, r#""a" "#),
        ("}", ""),
        ("}", "}}"),
        ("}", "} {"),
        ("{", ""),
    ] {
        assert!(TRANSFER.contains(from), "{from}");
        let text = TRANSFER.replacen(from, to, 1);
        assert!(!agrees::<TransferWire>(&text), "{text}");
    }
}

proptest! {
    #[test]
    fn nothing_panics_on_any_bytes(bytes in any::<Vec<u8>>()) {
        let _ = (read::<EventWire>(&bytes).is_ok(), array::<EventWire, _>(&bytes, keep).is_ok(), ndjson::<TransferWire, _>(&bytes, keep).is_ok());
    }

    #[test]
    fn nothing_panics_on_a_damaged_event(at in 0..EVENT.len(), with in ".{0,3}") {
        if EVENT.is_char_boundary(at) {
            let text = format!("{}{with}{}", &EVENT[..at], EVENT.get(at + 1..).unwrap_or_default());
            let _ = (event(&text).is_ok(), agrees::<EventWire>(&text));
        }
    }

    #[test]
    fn any_amount_and_text_is_kept_or_refused(amount in any::<i64>(), member in ".{0,140}") {
        let body = changed(&json!({"amount": amount, "member": member.clone()}));
        let good = (0..=AMOUNT_MAX).contains(&amount)
            && (1..=128).contains(&member.len())
            && !member.chars().any(char::is_control);
        match event(&body) {
            Ok(event) => {
                prop_assert!(good);
                prop_assert_eq!((event.amount().get(), event.member.as_str()), (amount, member.as_str()));
            }
            Err(problem) => prop_assert!(!good, "{:?}", problem),
        }
    }
}

//! What a rule says would have passed, passes; a moment earlier or a point more, and it does not. Told of every case in which a
//! rule fires.

use tallystick::ledger::record::{Change, Reason, Record};
use tallystick::ledger::types::TimeMs;

use super::{Line, Shop, cases, line, parse};

/// Everything of a case but the last thing that happens.
fn before_the_last(lines: &[String]) -> (Shop, Line<'_>) {
    let mut shop = Shop::new();
    let (last, before) = lines.split_last().expect("something happens");
    for text in before {
        drop(line(&mut shop, text));
    }
    let last = parse(last);
    for turn in 0..last.times - 1 {
        last.happens(&mut shop, turn, last.at(turn));
    }
    (shop, last)
}

fn says<'a>(record: &'a Record, rule: &str) -> Option<&'a Reason> {
    record.fraud.reasons.iter().find(|reason| reason.rule == rule && reason.evidence.is_some())
}

/// Whether a rule speaks at the last of a case at another time or with another amount; as it is, or once more after it. Nothing
/// where there are no points left to do it with.
fn again(lines: &[String], rule: &str, (at, twice): (Option<TimeMs>, bool), amount: Option<i64>) -> Option<bool> {
    let (mut shop, mut last) = before_the_last(lines);
    let turn = last.times - 1;
    if twice {
        last.happens(&mut shop, turn, last.at(turn));
    }
    let amount = amount.map(|amount| amount.to_string());
    last.given.extend(amount.as_deref().map(|amount| ("amount", amount)));
    let record = last.try_to(&mut shop, turn, at.unwrap_or_else(|| last.at(turn))).ok()?;
    Some(says(&record, rule).is_some())
}

#[test]
fn what_would_pass_passes_and_no_less() {
    let (mut waits, mut amounts) = (0, 0);
    for (head, lines) in cases() {
        let Some((rule, _)) = head.strip_prefix("fires ").and_then(|rest| rest.split_once(':')) else { continue };
        let (mut shop, last) = before_the_last(&lines);
        let record = last.happens(&mut shop, last.times - 1, last.at(last.times - 1));
        let Some(reason) = says(&record, rule) else { continue };
        let (evidence, Some(told)) = (reason.evidence.as_ref().expect("just seen"), &reason.told) else { continue };
        assert!(told.margin > 0, "{head}: {told:?}");
        assert!(told.expression.contains(&*evidence.key), "{head}: {told:?}");
        // Who travels is already there the second time: they are asked about as though they had come later.
        let twice = evidence.metric != "speed";
        for change in &told.passes {
            match change {
                Change::After(at) => {
                    let just_before = TimeMs::new(at.get() - 1);
                    let Some(then) = again(&lines, rule, (Some(*at), twice), None) else { continue };
                    assert!(!then, "{head}: not from {at:?} on");
                    assert_eq!(
                        again(&lines, rule, (Some(just_before), twice), None),
                        Some(true),
                        "{head}: before {at:?}"
                    );
                    waits += 1;
                }
                Change::AtMost(amount) => {
                    assert_eq!(again(&lines, rule, (None, false), Some(*amount)), Some(false), "{head}: with {amount}");
                    assert_eq!(again(&lines, rule, (None, false), Some(amount + 1)), Some(true), "{head}: with more");
                    amounts += 1;
                }
                Change::ArrivedBy(_) | Change::Otherwise(_) => {}
            }
        }
    }
    assert!(waits > 15 && amounts > 10, "{waits} times to wait for and {amounts} amounts");
}

/// The device was asked about as though it were never seen before, however late: nothing was said to the member of when it would pass.
#[test]
fn a_device_that_was_seen_once_grows_old() {
    let rule = "drain_new_device";
    let lines = [
        "0 09:00 purchase ann amount=5000 channel=app device=d1".to_owned(),
        "30 09:00 redeem ann amount=2000 channel=app device=d2".to_owned(),
    ];
    let (mut shop, last) = before_the_last(&lines);
    let record = last.happens(&mut shop, 0, last.at(0));
    let told = says(&record, rule).and_then(|reason| reason.told.clone()).expect("the device is new");
    let old = TimeMs::new(last.at(0).get() + 7 * 86_400_000);
    assert!(told.passes.contains(&Change::After(old)), "{told:?}");
    assert_eq!(again(&lines, rule, (Some(old), true), None), Some(false));
    assert_eq!(again(&lines, rule, (Some(TimeMs::new(old.get() - 1)), true), None), Some(true));
}

//! The numbers that a till gives its own events, one after the other, so that what it brings after it was offline can be told from
//! what somebody made up: a number used twice, one that goes back while time goes on, numbers that are missing. It only compares.

use super::assess::Found;
use super::measure::{neighbours, within};
use super::question::Question;
use super::window::Ring;
use super::words;
use crate::ledger::record::Input;
use crate::ledger::terms::LimitTerms;

/// The attribute that says it.
const ATTRIBUTE: &str = "terminal_sequence";

/// An event's number, where it has one: digits, from 0.
pub(super) fn number(input: &Input) -> Option<i64> {
    let Input::Event(event) = input else { return None };
    let text = event.attribute(ATTRIBUTE)?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// What is wrong with a number among those before and after it in time. A till that began anew is noticed once: only its
/// neighbours are asked, but for whether it was used.
pub(super) fn broken(limit: &LimitTerms, ring: &Ring, question: &Question<'_>, number: i64) -> Option<Found> {
    let found = |counted: i64, limit_of: i64, record, detail: String| Found {
        counted,
        limit: limit_of,
        window_ms: limit.window_ms,
        records: vec![record],
        detail,
    };
    let at = question.at;
    let used = ring
        .entries()
        .rev()
        .find(|entry| entry.value == number && at.since(entry.at).saturating_abs() < limit.window_ms);
    if let Some(used) = used {
        return Some(found(2, 1, used.seq, words::used_number(limit, number)));
    }
    let [before, after] = neighbours(ring, at);
    if let Some(after) = after.filter(|after| after.value < number) {
        let back = number.saturating_sub(after.value);
        return Some(found(back, 0, after.seq, words::number_back(limit, (number, after.value))));
    }
    let before = before.filter(|_| within(ring, at, limit.window_ms).next().is_some())?;
    if before.value > number {
        let back = before.value.saturating_sub(number);
        return Some(found(back, 0, before.seq, words::number_back(limit, (before.value, number))));
    }
    let missing = number.saturating_sub(before.value).saturating_sub(1);
    let detail = || words::numbers_missing(limit, (before.value, number), missing);
    (missing > limit.limit).then(|| found(missing, limit.limit, before.seq, detail()))
}

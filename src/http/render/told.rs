//! What is told of a verdict: to who looks into it, what was compared and what would have passed; to the member, a sentence that
//! gives nothing of the rules away. Nothing here decides anything.

use super::{Names, verdict_name};
use crate::http::json::Json;
use crate::http::time;
use crate::ledger::record::{Change, Evidence, Input, Reason, Record, Told, Verdict};
use crate::ledger::types::TimeMs;

/// Writes a reason.
pub fn reason(out: &mut Json, reason: &Reason, record: &Record, names: Names<'_>) {
    out.begin_object();
    out.field("rule", &reason.rule);
    out.field("verdict", verdict_name(reason.verdict));
    out.int_field("weight", reason.weight);
    out.field("detail", &reason.detail);
    if let Some(text) = to_member(reason, &record.input) {
        out.field("member_reason", text);
    }
    out.key("evidence");
    match &reason.evidence {
        Some(evidence) => write_evidence(out, evidence, reason.told.as_deref(), names),
        None => out.null(),
    }
    out.end_object();
}

/// Writes what is told of a verdict as a whole, where anything was stopped: the strongest reason's words to the member, and when
/// the same would pass, where waiting helps with every rule that stopped it.
pub fn whole(out: &mut Json, record: &Record) {
    let stopping = || record.fraud.reasons.iter().filter(|reason| reason.verdict >= Verdict::Hold);
    // Of equally strong ones the first.
    let strongest = stopping().rev().max_by_key(|reason| reason.verdict);
    if let Some(text) = strongest.and_then(|reason| to_member(reason, &record.input)) {
        out.field("member_reason", text);
    }
    let times = stopping().map(|reason| reason.told.as_ref().and_then(|told| told.retry_after()));
    let last = times.collect::<Option<Vec<TimeMs>>>().and_then(|times| times.into_iter().max());
    if let Some(at) = last {
        out.time_field("retry_after", at);
    }
}

/// What a member is told: only where something was stopped.
fn to_member<'a>(reason: &'a Reason, input: &Input) -> Option<&'a str> {
    let own = reason.told.as_ref().map(|told| told.member.as_str()).filter(|text| !text.is_empty());
    let is_receipt = || reason.evidence.as_ref().is_some_and(|evidence| evidence.key.contains("receipt="));
    let spends = matches!(input, Input::Act(..) | Input::Transfer(..));
    let usual = match reason.verdict {
        Verdict::Allow | Verdict::Flag => return None,
        Verdict::Hold if spends => "We are checking this first. Your points stay reserved until it is done.",
        Verdict::Hold => "We are checking this first. What it earns follows when it is done.",
        Verdict::StepUp => "Please confirm that it is you, and try again.",
        Verdict::Deny if is_receipt() => "This receipt cannot be used. If you think it should count, please ask us.",
        Verdict::Deny => "This could not be accepted. If you think it should be, please ask us.",
    };
    Some(own.unwrap_or(usual))
}

fn write_evidence(out: &mut Json, evidence: &Evidence, told: Option<&Told>, names: Names<'_>) {
    out.begin_object();
    out.field("key", &evidence.key);
    out.field("metric", &evidence.metric);
    // "Ever" has no length, and the number that stands for it is beyond what readers of JSON hold exactly.
    out.key("window_ms");
    match evidence.window_ms {
        i64::MAX => out.null(),
        window_ms => out.int(window_ms),
    }
    out.int_field("counted", evidence.counted);
    out.int_field("limit", evidence.limit);
    let Evidence { key, metric, counted, limit, .. } = evidence;
    if let Some(told) = told {
        out.int_field("margin", told.margin);
        out.field("expression", &told.expression);
    } else {
        out.int_field("margin", counted.saturating_sub(*limit).max(0));
        out.field("expression", &format!("{metric} by {key} = {counted} > {limit}"));
    }
    out.key("passes_if");
    out.begin_array();
    for change in told.map_or(&[][..], |told| &told.passes) {
        write_change(out, change);
    }
    out.end_array();
    out.key("retry_after");
    match told.and_then(Told::retry_after) {
        Some(at) => out.time(at),
        None => out.null(),
    }
    out.key("events");
    out.begin_array();
    for seq in &evidence.events {
        out.begin_object();
        out.int_field("seq", seq.get());
        if let Some((source, id)) = names.events.and_then(|known| known.get(seq)) {
            out.field("source", source);
            out.field("id", id);
        }
        out.end_object();
    }
    out.end_array();
    out.end_object();
}

fn write_change(out: &mut Json, change: &Change) {
    let written = |at: TimeMs| {
        let mut text = Vec::new();
        time::write(&mut text, at);
        String::from_utf8(text).unwrap_or_default()
    };
    out.begin_object();
    match change {
        Change::After(at) => {
            out.field("text", &format!("from {} on", written(*at)));
            out.time_field("after", *at);
        }
        Change::ArrivedBy(at) => {
            out.field("text", &format!("arrived by {}", written(*at)));
            out.time_field("arrived_by", *at);
        }
        Change::AtMost(amount) => {
            out.field("text", &format!("an amount of at most {amount}"));
            out.int_field("at_most", *amount);
        }
        Change::Otherwise(how) => out.field("text", how),
    }
    out.end_object();
}

//! Fraud rules with how they do, entries of lists, and counters. Nothing here decides anything.

use std::sync::Arc;

use super::{Names, verdict_name};
use crate::engine::Counter;
use crate::http::json::Json;
use crate::ledger::desk::{DeskStats, ListEntry, RuleStats};
use crate::ledger::lists::ListTerms;
use crate::ledger::record::KeyField;
use crate::ledger::terms::{Counted, LimitTerms};
use crate::ledger::types::{Text, TimeMs};
use crate::limits::{ALWAYS_FIRED_AFTER, ALWAYS_FIRED_PER_THOUSAND, FIRE_RATE_DEFAULT, NEVER_FIRED_AFTER};

/// Writes all rules: those declared, then those that only ever fired (scripts' own, earlier versions').
pub fn rules(out: &mut Json, stats: &DeskStats, entries: &[Arc<ListEntry>], names: Names<'_>) {
    let none = RuleStats::default();
    out.begin_object();
    out.int_field("judged", stats.judged);
    out.key("data");
    out.begin_array();
    for limit in &names.terms.limits {
        out.begin_object();
        out.field("rule", &limit.id);
        declared(out, limit);
        let done = stats.rules.get(&limit.id).unwrap_or(&none);
        numbers(out, done, entries, &limit.id);
        out.key("lints");
        out.begin_array();
        if let Some(lint) = lint(stats.judged, done) {
            out.string(lint);
        }
        out.end_array();
        out.end_object();
    }
    let declared = |rule: &Text| names.terms.limits.iter().any(|limit| limit.id == *rule);
    for (rule, done) in stats.rules.iter().filter(|(rule, _)| !declared(rule)) {
        out.begin_object();
        out.field("rule", rule);
        numbers(out, done, entries, rule);
        out.end_object();
    }
    out.end_array();
    out.end_object();
}

/// What is seldom meant: a rule that has never fired, and one that fires on nearly everything.
#[must_use]
pub fn lint(judged: u64, done: &RuleStats) -> Option<&'static str> {
    if done.fired == 0 {
        return (judged >= NEVER_FIRED_AFTER).then_some("never_fired");
    }
    let always = judged >= ALWAYS_FIRED_AFTER
        && done.fired.saturating_mul(1_000) >= judged.saturating_mul(ALWAYS_FIRED_PER_THOUSAND);
    always.then_some("always_fired")
}

fn declared(out: &mut Json, limit: &LimitTerms) {
    out.field("verdict", verdict_name(limit.verdict));
    out.key("on");
    out.begin_array();
    for counted in &limit.on {
        match counted {
            Counted::Event(kind) => out.string(&kind.wire_name()),
            Counted::Transfer => out.string("transfer"),
            Counted::Redeem => out.string("redeem"),
            Counted::Hold => out.string("hold"),
            Counted::Donate => out.string("donate"),
        }
    }
    out.end_array();
    out.key("key");
    out.begin_array();
    for field in limit.key.iter() {
        out.string(field.name());
    }
    out.end_array();
    window(out, limit.window_ms);
    out.int_field("limit", limit.limit);
    out.int_field("weight", limit.weight);
    out.key("shadow");
    out.bool(limit.extra.shadow);
    out.int_field("max_per_thousand", limit.extra.max_per_thousand.unwrap_or(FIRE_RATE_DEFAULT));
}

fn window(out: &mut Json, window_ms: i64) {
    out.key("window_seconds");
    if window_ms == i64::MAX { out.null() } else { out.int(window_ms / 1_000) }
}

fn numbers(out: &mut Json, done: &RuleStats, entries: &[Arc<ListEntry>], rule: &Text) {
    out.int_field("fired", done.fired);
    out.int_field("stopped", done.stopped);
    out.int_field("confirmed", done.confirmed);
    out.int_field("cleared", done.cleared);
    out.key("precision_percent");
    match (done.confirmed * 100).checked_div(done.confirmed + done.cleared) {
        Some(percent) => out.int(percent),
        None => out.null(),
    }
    time_or_null(out, "last_fired_at", (done.fired > 0).then_some(done.last_at));
    out.key("silenced");
    let silenced = entries.iter().find(|entry| entry.allow && entry.kind == KeyField::Rule && entry.value == *rule);
    match silenced {
        Some(entry) => {
            out.begin_object();
            out.field("reason", &entry.reason);
            out.field("author", &entry.author);
            out.time_field("since", entry.at);
            time_or_null(out, "expires_at", entry.expires_at);
            out.end_object();
        }
        None => out.null(),
    }
}

fn time_or_null(out: &mut Json, name: &'static str, at: Option<TimeMs>) {
    out.key(name);
    match at {
        Some(at) => out.time(at),
        None => out.null(),
    }
}

/// Writes an entry of a list, or that it is gone.
pub fn list_entry(
    out: &mut Json,
    (allow, kind, value): (bool, KeyField, &Text),
    terms: Option<&ListTerms>,
    at: TimeMs,
) {
    out.begin_object();
    out.field("list", if allow { "allow" } else { "deny" });
    out.field("kind", kind.name());
    out.field("value", value);
    let Some(terms) = terms else {
        out.key("deleted");
        out.bool(true);
        out.end_object();
        return;
    };
    out.field("reason", &terms.reason);
    out.field("author", &terms.author);
    out.key("rules");
    out.begin_array();
    for rule in &terms.rules {
        out.string(rule);
    }
    out.end_array();
    out.time_field("since", at);
    time_or_null(out, "expires_at", terms.expires_at);
    out.end_object();
}

/// Writes what has been counted by a key.
pub fn counters(out: &mut Json, key: &str, counters: &[Counter]) {
    out.begin_object();
    out.field("key", key);
    out.key("data");
    out.begin_array();
    for counter in counters {
        out.begin_object();
        out.field("rule", &counter.rule);
        out.field("metric", &counter.metric);
        window(out, counter.window_ms);
        out.int_field("counted", counter.counted);
        out.int_field("limit", counter.limit);
        out.field("verdict", verdict_name(counter.verdict));
        out.key("exact");
        out.bool(counter.exact);
        time_or_null(out, "last_at", counter.last_at);
        out.end_object();
    }
    out.end_array();
    out.end_object();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_never_or_always_fires_is_remarked_upon() {
        let fired = |fired: u64| RuleStats { fired, ..RuleStats::default() };
        for (judged, times, wanted) in [
            (NEVER_FIRED_AFTER - 1, 0, None),
            (NEVER_FIRED_AFTER, 0, Some("never_fired")),
            (NEVER_FIRED_AFTER, 1, None),
            (ALWAYS_FIRED_AFTER, 899, None),
            (ALWAYS_FIRED_AFTER, 900, Some("always_fired")),
            (ALWAYS_FIRED_AFTER - 1, 999, None),
        ] {
            assert_eq!(lint(judged, &fired(times)), wanted, "{times} of {judged}");
        }
    }
}

//! Fraud rules with how they have done, what they have counted, entries of lists. Nothing here decides anything.

use std::collections::HashMap;
use std::sync::Arc;

use super::verdict_name;
use crate::engine::counters::Counter;
use crate::http::json::Json;
use crate::ledger::desk::{DeskStats, RuleStats};
use crate::ledger::held_out::{HeldOut, RuleHeldOut};
use crate::ledger::lists::ListEntry;
use crate::ledger::record::KeyField;
use crate::ledger::terms::{Absent, CalendarWindow, Counted, LimitTerms, Metric, Terms};
use crate::ledger::types::{Seq, Text};
use crate::limits::{ALWAYS_FIRED_AFTER, ALWAYS_FIRED_PER_THOUSAND, FIRE_RATE_DEFAULT, NEVER_FIRED_AFTER};

/// One percent in basis points, of which there are 10,000 in all.
const BASIS_POINTS: u64 = 10_000;

/// `allow` or `deny`.
pub const fn list_name(allow: bool) -> &'static str {
    if allow { "allow" } else { "deny" }
}

/// The declared limits in order, then other rules that spoke: of scripts, of the ledger itself, of versions before.
pub fn fraud_rules(
    out: &mut Json,
    terms: &Terms,
    (stats, held_out): (&DeskStats, &HeldOut),
    entries: &[Arc<ListEntry>],
) {
    out.begin_object();
    out.int_field("judged", stats.judged);
    out.key("data");
    out.begin_array();
    for limit in &terms.limits {
        out.begin_object();
        out.field("rule", &limit.id);
        out.bool_field("declared", true);
        declared(out, limit);
        let none = RuleStats::default();
        let known = stats.rules.get(&limit.id).unwrap_or(&none);
        done(out, known);
        holdout(out, held_out, &limit.id);
        silenced(out, entries, &limit.id);
        out.key("lints");
        out.begin_array();
        if let Some(lint) = lint(stats.judged, known) {
            out.string(lint);
        }
        out.end_array();
        out.end_object();
    }
    let others = stats.rules.iter().filter(|(rule, _)| terms.limits.iter().all(|limit| limit.id != **rule));
    for (rule, known) in others {
        out.begin_object();
        out.field("rule", rule);
        out.bool_field("declared", false);
        done(out, known);
        holdout(out, held_out, rule);
        silenced(out, entries, rule);
        out.end_object();
    }
    out.end_array();
    out.bool_field("has_more", false);
    out.key("next_cursor");
    out.null();
    out.end_object();
}

fn declared(out: &mut Json, limit: &LimitTerms) {
    out.key("on");
    out.begin_array();
    for counted in &limit.on {
        match counted {
            Counted::Event(kind) => out.string(&kind.wire_name()),
            Counted::Transfer => out.string("transfer"),
            Counted::Redeem => out.string("redemption"),
            Counted::Hold => out.string("hold"),
            Counted::Donate => out.string("donation"),
            Counted::Credit => out.string("credit"),
        }
    }
    out.end_array();
    out.key("key");
    out.begin_array();
    for field in limit.key.iter() {
        out.string(field.name());
    }
    out.end_array();
    out.field("metric", limit.metric.name());
    if let Metric::Distinct(of) = limit.metric {
        out.field("of", of.name());
    }
    out.key("window_ms");
    match limit.window_ms {
        i64::MAX => out.null(),
        window_ms => out.int(window_ms),
    }
    out.key("calendar");
    out.optional(limit.extra.calendar.map(|period| match period {
        CalendarWindow::Day => "day",
        CalendarWindow::Week => "week",
        CalendarWindow::Month => "month",
    }));
    out.int_field("limit", limit.limit);
    out.field("verdict", verdict_name(limit.verdict));
    out.int_field("weight", limit.weight);
    out.field(
        "absent",
        match limit.absent {
            Absent::Skip => "skip",
            Absent::Verdict(verdict) => verdict_name(verdict),
        },
    );
    out.bool_field("shadow", limit.extra.shadow);
    out.int_field("max_per_thousand", limit.extra.max_per_thousand.unwrap_or(FIRE_RATE_DEFAULT));
}

/// What is seldom meant: a rule that has never fired, and one that fires on nearly everything.
#[must_use]
pub fn lint(judged: u64, done: &RuleStats) -> Option<&'static str> {
    if done.fired == 0 {
        return (judged >= NEVER_FIRED_AFTER).then_some("never_fired");
    }
    let most = judged.saturating_mul(ALWAYS_FIRED_PER_THOUSAND);
    (judged >= ALWAYS_FIRED_AFTER && done.fired.saturating_mul(1_000) >= most).then_some("always_fired")
}

/// The entry of the allow list that silences a rule for everybody, where there is one.
fn silenced(out: &mut Json, entries: &[Arc<ListEntry>], rule: &Text) {
    out.key("silenced");
    let entry = entries.iter().find(|entry| entry.allow && entry.kind == KeyField::Rule && entry.value == *rule);
    match entry {
        Some(entry) => list_entry(out, entry),
        None => out.null(),
    }
}

/// How a rule has done. Its precision: of the closed cases with it, the share that was confirmed.
fn done(out: &mut Json, known: &RuleStats) {
    out.int_field("fired", known.fired);
    out.int_field("stopped", known.stopped);
    out.key("last_fired_at");
    if known.fired == 0 {
        out.null();
    } else {
        out.time(known.last_at);
    }
    out.int_field("confirmed", known.confirmed);
    out.int_field("cleared", known.cleared);
    out.key("precision_bp");
    let closed = known.confirmed.saturating_add(known.cleared);
    match known.confirmed.saturating_mul(BASIS_POINTS).checked_div(closed) {
        Some(precision) => out.int(precision),
        None => out.null(),
    }
}

/// Denials of a rule that were held instead, and of those a person has looked at the share that the rule would have got wrong.
fn holdout(out: &mut Json, held_out: &HeldOut, rule: &Text) {
    let RuleHeldOut { held, confirmed, cleared } = held_out.rules.get(rule).copied().unwrap_or_default();
    out.key("holdout");
    out.begin_object();
    out.int_field("held", held);
    out.int_field("confirmed", confirmed);
    out.int_field("cleared", cleared);
    out.key("false_positive_bp");
    match cleared.saturating_mul(BASIS_POINTS).checked_div(confirmed.saturating_add(cleared)) {
        Some(wrong) => out.int(wrong),
        None => out.null(),
    }
    out.end_object();
}

/// What limits have counted, with the events where they are known.
pub fn counters(out: &mut Json, found: &[Counter], events: &HashMap<Seq, (Text, Text)>) {
    out.begin_object();
    out.key("data");
    out.begin_array();
    for counter in found {
        let Counter { rule, key, limit, reading } = counter;
        out.begin_object();
        out.field("rule", rule);
        let parts: Vec<String> = key.iter().map(|(field, value)| format!("{}={value}", field.name())).collect();
        out.field("key", &parts.join(","));
        out.key("window_ms");
        match reading.window_ms {
            i64::MAX => out.null(),
            window_ms => out.int(window_ms),
        }
        out.int_field("limit", *limit);
        out.key("counted");
        match reading.counted {
            Some(counted) => out.int(counted.value),
            None => out.null(),
        }
        out.bool_field("complete", reading.counted.is_none_or(|counted| counted.complete));
        out.key("room");
        match reading.counted {
            Some(counted) => out.int(limit.saturating_sub(counted.value)),
            None => out.null(),
        }
        out.int_field("entries", reading.entries);
        out.key("newest_at");
        match reading.newest_at {
            Some(at) => out.time(at),
            None => out.null(),
        }
        out.key("events");
        out.begin_array();
        for seq in &reading.events {
            out.begin_object();
            out.int_field("seq", seq.get());
            if let Some((source, id)) = events.get(seq) {
                out.field("source", source);
                out.field("id", id);
            }
            out.end_object();
        }
        out.end_array();
        out.end_object();
    }
    out.end_array();
    out.bool_field("has_more", false);
    out.key("next_cursor");
    out.null();
    out.end_object();
}

/// An entry of a list.
pub fn list_entry(out: &mut Json, entry: &ListEntry) {
    out.begin_object();
    out.field("list", list_name(entry.allow));
    out.field("kind", entry.kind.name());
    out.field("value", &entry.value);
    out.field("reason", &entry.reason);
    out.field("author", &entry.author);
    out.key("rules");
    out.begin_array();
    for rule in &entry.rules {
        out.string(rule);
    }
    out.end_array();
    out.time_field("created_at", entry.at);
    out.key("expires_at");
    match entry.expires_at {
        Some(end) => out.time(end),
        None => out.null(),
    }
    out.int_field("seq", entry.seq.get());
    out.end_object();
}

/// That there is no such entry now.
pub fn no_list_entry(out: &mut Json, allow: bool, kind: KeyField, value: &str) {
    out.begin_object();
    out.field("list", list_name(allow));
    out.field("kind", kind.name());
    out.field("value", value);
    out.bool_field("deleted", true);
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

//! The answer to an event, whole or minimal.

use super::balance::snapshot;
use super::case::standing;
use super::{Names, case, effect, status_name, told, verdict_name};
use crate::engine::differ::is_same;
use crate::engine::handle::Trace;
use crate::http::json::Json;
use crate::ledger::record::{Input, Record};
use crate::ledger::reject::Reject;
use crate::limits::SCRIPT_OPERATIONS_MAX;

/// Writes the answer to an event. A batch says in each element whether it was `replayed`; a single answer has a header
/// for that.
pub fn event(out: &mut Json, record: &Record, names: Names<'_>, replayed: bool) {
    out.begin_object();
    identity(out, record);
    out.field("status", standing(record, names.released));
    out.int_field("seq", record.seq.get());
    if replayed {
        out.key("replayed");
        out.bool(true);
    }
    out.time_field("recorded_at", record.recorded_at);
    body(out, record, names);
    out.end_object();
}

/// Writes only `id`, `status`, `seq` and `verdict`, and whether it was done before.
pub fn event_minimal(out: &mut Json, record: &Record, replayed: bool) {
    out.begin_object();
    match &record.input {
        Input::Event(event) => out.field("id", &event.id),
        Input::Adjust(..)
        | Input::Transfer(..)
        | Input::Act(..)
        | Input::Due(_)
        | Input::Ruleset(_)
        | Input::Review(_)
        | Input::Rules(..) => {
            out.key("id");
            out.transaction_id(record.seq.get());
        }
    }
    out.field("status", status_name(record.status));
    out.int_field("seq", record.seq.get());
    out.field("verdict", verdict_name(record.fraud.verdict));
    if replayed {
        out.key("replayed");
        out.bool(true);
    }
    out.end_object();
}

/// Writes what an event would be answered: no sequence, since nothing was recorded. Where another version than the one in
/// force was asked, what that one would answer stands beside it.
pub fn simulation(
    out: &mut Json,
    record: &Record,
    names: Names<'_>,
    trace: Option<&[Trace]>,
    live: Option<(&Result<Record, Reject>, &[Trace])>,
) {
    out.begin_object();
    identity(out, record);
    out.field("status", status_name(record.status));
    out.key("seq");
    out.null();
    out.time_field("recorded_at", record.recorded_at);
    body(out, record, names);
    if let Some(trace) = trace {
        traced(out, trace);
    }
    if let Some((live, lines)) = live {
        out.key("live");
        out.begin_object();
        match live {
            Ok(live) => {
                out.field("status", status_name(live.status));
                body(out, live, names);
            }
            Err(reject) => {
                out.field("refused", reject.code());
                out.field("detail", &reject.to_string());
            }
        }
        if trace.is_some() {
            traced(out, lines);
        }
        out.end_object();
        out.key("changed");
        out.bool(!live.as_ref().is_ok_and(|live| is_same(live, record)));
    }
    out.end_object();
}

/// Each rule and handler: whether it fired, where it stands, and why.
fn traced(out: &mut Json, trace: &[Trace]) {
    out.key("trace");
    out.begin_array();
    for line in trace {
        out.begin_object();
        out.field("rule", &line.rule);
        out.field("file", &line.file);
        out.int_field("line", line.line);
        out.key("fired");
        out.bool(line.fired);
        out.field("detail", &line.detail);
        if let Some(operations) = line.operations {
            out.int_field("operations", operations);
            out.int_field("limit", SCRIPT_OPERATIONS_MAX);
        }
        out.end_object();
    }
    out.end_array();
}

fn identity(out: &mut Json, record: &Record) {
    if let Input::Event(event) = &record.input {
        out.field("id", &event.id);
        out.field("source", &event.source);
    }
}

fn body(out: &mut Json, record: &Record, names: Names<'_>) {
    effect::effects(out, record, names);
    if let Some(released) = names.released {
        review(out, released, names);
    }
    out.key("clipped");
    out.begin_array();
    for clip in &record.clipped {
        effect::clip(out, record, clip, names);
    }
    out.end_array();
    balance_after(out, record, names);
    fraud(out, record, names);
    faults(out, record);
    out.key("ruleset");
    out.begin_object();
    out.int_field("version", record.ruleset);
    out.key("hash");
    out.optional(names.ruleset_hash(record.ruleset));
    out.end_object();
    cost(out, record, names);
}

fn faults(out: &mut Json, record: &Record) {
    if record.faults.is_empty() {
        return;
    }
    out.key("faults");
    out.begin_array();
    for fault in &record.faults {
        out.begin_object();
        out.field("at", &fault.at);
        out.field("message", &fault.message);
        out.end_object();
    }
    out.end_array();
}

fn cost(out: &mut Json, record: &Record, names: Names<'_>) {
    out.key("cost");
    out.begin_object();
    out.int_field("operations", record.operations);
    if names.simulated {
        out.int_field("limit", SCRIPT_OPERATIONS_MAX);
    }
    out.end_object();
}

/// Writes what scripts failed on and used, of a record that no event made.
pub fn ran(out: &mut Json, record: &Record, names: Names<'_>) {
    faults(out, record);
    cost(out, record, names);
}

/// Writes `balance`: what the record left the member it is about.
pub fn balance_after(out: &mut Json, record: &Record, names: Names<'_>) {
    out.key("balance");
    match record.parties.first() {
        Some(party) => {
            out.begin_object();
            snapshot(out, &party.after, names);
            out.end_object();
        }
        None => out.null(),
    }
}

/// Writes `fraud`.
pub fn fraud(out: &mut Json, record: &Record, names: Names<'_>) {
    let fraud = &record.fraud;
    out.key("fraud");
    out.begin_object();
    out.field("verdict", verdict_name(fraud.verdict));
    out.int_field("score", fraud.score);
    reasons(out, record, names);
    told::whole(out, record);
    out.end_object();
}

/// Writes `reasons`.
pub fn reasons(out: &mut Json, record: &Record, names: Names<'_>) {
    out.key("reasons");
    out.begin_array();
    for reason in &record.fraud.reasons {
        told::reason(out, reason, record, names);
    }
    out.end_array();
}

/// Writes `review`: what became of a held event, and what it did then.
fn review(out: &mut Json, released: &Record, names: Names<'_>) {
    out.key("review");
    out.begin_object();
    case::review(out, released);
    out.int_field("seq", released.seq.get());
    out.time_field("resolved_at", released.recorded_at);
    effect::effects(out, released, names);
    out.end_object();
}

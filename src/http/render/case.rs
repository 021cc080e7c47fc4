//! Cases: what a person has to look at, and what became of it. Nothing here decides anything.

use super::trace::trace;
use super::{Names, status_name, verdict_name};
use crate::engine::Whereabouts;
use crate::http::json::Json;
use crate::ledger::desk::{Case, Closed};
use crate::ledger::record::{Input, Record, Status};
use crate::ledger::review::{Outcome, Review};
use crate::ledger::types::TimeMs;

/// A record of a case, and the record that released it, where there is one.
pub type Listed<'a> = (&'a Record, Option<&'a Record>);

/// The name of an outcome.
pub const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Cleared => "cleared",
        Outcome::Confirmed => "confirmed",
    }
}

/// Where a record stands now: held ones by what became of them.
pub fn standing(record: &Record, released: Option<&Record>) -> &'static str {
    match released {
        Some(released) if takes_effect(released) => status_name(Status::Posted),
        Some(_) => status_name(Status::Denied),
        None => status_name(record.status),
    }
}

/// Whether a release did what was held.
fn takes_effect(released: &Record) -> bool {
    match &released.input {
        Input::Review(review) => match review.as_ref() {
            Review::Release(release) => release.outcome == Outcome::Cleared && released.faults.is_empty(),
            Review::Resolve(_) | Review::ClawBack(_) | Review::List(_) => false,
        },
        _ => false,
    }
}

/// Where the points of a case went by a time.
pub type Traced<'a> = (&'a Whereabouts, TimeMs);

/// Writes a case with the records that were read for it, and where its points went, where that was looked up.
pub fn case(out: &mut Json, case: &Case, events: &[Listed<'_>], traced: Option<Traced<'_>>, names: Names<'_>) {
    out.begin_object();
    out.key("id");
    out.prefixed("case_", itoa::Buffer::new().format(case.id.get()));
    out.field("status", if case.closed.is_none() { "open" } else { "resolved" });
    out.key("outcome");
    out.optional(case.closed.as_ref().map(|closed| outcome_name(closed.outcome)));
    out.field("entity", &case.entity);
    let (kind, value) = case.entity.split_once('=').unwrap_or((case.entity.as_str(), ""));
    out.field("kind", if case.entity.contains(',') { "pair" } else { kind });
    out.field("value", if case.entity.contains(',') { &case.entity } else { value });
    out.key("member");
    out.optional(case.members.first().map(smol_str::SmolStr::as_str));
    out.int_field("priority", case.at_risk);
    out.int_field("points_at_risk", case.at_risk);
    out.time_field("opened_at", case.opened_at);
    out.time_field("updated_at", case.updated_at);
    out.int_field("held", case.held.len());
    out.int_field("referred", case.referred.len());
    out.key("members");
    out.begin_array();
    for member in &case.members {
        out.string(member);
    }
    out.end_array();
    out.key("rules");
    out.begin_array();
    for (rule, fired) in &case.rules {
        out.begin_object();
        out.field("rule", rule);
        out.int_field("fired", *fired);
        out.end_object();
    }
    out.end_array();
    out.key("events");
    out.begin_array();
    for (record, released) in events {
        event(out, record, *released, names);
    }
    out.end_array();
    if let Some((found, now)) = traced {
        out.key("trace");
        trace(out, found, now, names);
    }
    out.key("resolution");
    match &case.closed {
        Some(closed) => resolution(out, closed),
        None => out.null(),
    }
    out.end_object();
}

fn resolution(out: &mut Json, closed: &Closed) {
    out.begin_object();
    out.field("outcome", outcome_name(closed.outcome));
    out.field("note", &closed.note);
    out.key("author");
    out.optional((!closed.author.is_empty()).then_some(closed.author.as_str()));
    out.time_field("resolved_at", closed.at);
    out.int_field("seq", closed.seq.get());
    out.end_object();
}

fn event(out: &mut Json, record: &Record, released: Option<&Record>, names: Names<'_>) {
    out.begin_object();
    out.int_field("seq", record.seq.get());
    match &record.input {
        Input::Event(event) => {
            out.field("source", &event.source);
            out.field("id", &event.id);
            out.field("type", &event.kind.wire_name());
            out.int_field("amount", event.amount().get());
        }
        Input::Transfer(transfer, _) => {
            out.field("type", "transfer");
            out.field("to", &transfer.to);
            out.int_field("amount", transfer.amount.get());
        }
        Input::Adjust(adjustment, _) => {
            out.field("type", "adjustment");
            out.int_field("amount", adjustment.amount.get());
        }
        _ => out.field("type", "other"),
    }
    if let Some(party) = record.parties.first() {
        out.field("member", &party.member);
    }
    out.time_field("occurred_at", record.occurred_at);
    out.time_field("recorded_at", record.recorded_at);
    out.field("status", standing(record, released));
    out.field("verdict", verdict_name(record.fraud.verdict));
    super::answer::reasons(out, record, names);
    if let Some(released) = released {
        out.int_field("released_by", released.seq.get());
    }
    out.end_object();
}

/// Writes, for a line of a statement, which review it belongs to.
pub fn review(out: &mut Json, record: &Record) {
    let Input::Review(review) = &record.input else { return };
    let case = match review.as_ref() {
        Review::Resolve(resolution) => resolution.case,
        Review::Release(release) => release.case,
        Review::ClawBack(taken) => taken.case,
        Review::List(_) => return,
    };
    out.key("case");
    out.prefixed("case_", itoa::Buffer::new().format(case.get()));
    if let Some(event) = review.event() {
        out.key("event");
        out.begin_object();
        out.field("source", &event.source);
        out.field("id", &event.id);
        out.end_object();
    }
}

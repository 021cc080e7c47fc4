//! Retro-verdicts: a late event lies in windows of events that were decided before it came. Where one of those would have
//! passed its limit, had the late one been there, that is said with the late one, by name; nothing that was decided changes.

use super::window::Ring;
use super::words;
use crate::ledger::record::{Evidence, Input, Reason, Verdict};
use crate::ledger::terms::{LimitTerms, Metric};
use crate::ledger::types::{Seq, Text, TimeMs};
use crate::limits::EVIDENCE_EVENTS_MAX;

/// Later events that pass the limit with this one, and would not without it; and the highest of their counts.
fn overtaken(limit: &LimitTerms, ring: &Ring, at: TimeMs, value: i64) -> (Vec<Seq>, i64) {
    let (mut records, mut most) = (Vec::new(), 0);
    let after = ring.entries().rev().take_while(|entry| entry.at > at);
    for entry in after.filter(|entry| entry.at.since(at) < limit.window_ms) {
        let tally = match limit.metric {
            Metric::Sum => ring.sum(entry.at, limit.window_ms),
            _ => ring.count(entry.at, limit.window_ms),
        };
        let with = tally.value.saturating_add(value);
        if tally.complete && tally.value <= limit.limit && with > limit.limit && records.len() < EVIDENCE_EVENTS_MAX {
            records.push(entry.seq);
            most = most.max(with);
        }
    }
    (records, most)
}

/// What a late event says of those decided before it; nothing for an event in order.
pub(super) fn reason(
    limit: &LimitTerms,
    ring: Option<&Ring>,
    (input, at): (&Input, TimeMs),
    value: i64,
) -> Option<Reason> {
    let ring = ring.filter(|_| limit.verdict >= Verdict::Hold)?;
    let extra = &limit.extra;
    let plain = matches!(limit.metric, Metric::Count | Metric::Sum)
        && extra.calendar.is_none()
        && extra.since.is_none()
        && extra.counts_itself()
        && extra.is_unconditional();
    if !plain || ring.entries().next_back().is_none_or(|newest| newest.at <= at) {
        return None;
    }
    let own = if limit.metric == Metric::Sum { value } else { 1 };
    let (events, counted) = overtaken(limit, ring, at, own);
    if events.is_empty() {
        return None;
    }
    let evidence = Evidence {
        key: words::key(limit, input),
        metric: Text::new_static(limit.metric.name()),
        window_ms: limit.window_ms,
        counted,
        limit: limit.limit,
        events,
    };
    let detail = words::overtaken(limit, &evidence);
    // It accuses nobody of this event: whoever looks decides about those named.
    Some(Reason { evidence: Some(evidence), ..Reason::plain(limit.id.clone(), Verdict::Flag, 0, detail) })
}

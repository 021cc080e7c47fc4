//! What is said about points that move: how much of a balance goes, whether it is passed on, whether it comes back in a circle.

use super::assess::Found;
use super::facts::Find;
use super::feeds::hops_to;
use super::measure::{fingerprint, within};
use super::question::Question;
use super::window::Ring;
use super::words;
use crate::ledger::record::{KeyField, KeyFields};
use crate::ledger::terms::LimitTerms;
use crate::ledger::types::Seq;

/// The share of the spendable points that goes, with what went before.
pub(super) fn share(limit: &LimitTerms, ring: &Ring, question: &Question<'_>) -> Option<Found> {
    let spending = question.spending?;
    let before = ring.sum(question.at, limit.window_ms);
    let gone = before.value.checked_add(spending.amount)?;
    let had = before.value.checked_add(spending.available)?;
    let share = gone.checked_mul(100)?.checked_div(had)?.min(100);
    let records = ring.contributing(question.at, limit.window_ms, 10);
    (share > limit.limit).then(|| Found {
        counted: share,
        limit: limit.limit,
        window_ms: limit.window_ms,
        records,
        detail: words::share(limit, (gone, had, share)),
    })
}

/// The part of what was received that is passed on.
pub(super) fn passed<'a>(
    limit: &LimitTerms,
    ring: &Ring,
    question: &Question<'_>,
    find: &impl Find<'a>,
) -> Option<Found> {
    let own = question.amount();
    let received = find(limit.extra.other?, &KeyFields::of(KeyField::Member))??;
    let inflow = received.sum(question.at, limit.window_ms).value;
    let out = ring.sum(question.at, limit.window_ms).value.checked_add(own)?;
    let passed = out.checked_mul(100)?.checked_div(inflow)?;
    // Who has much of their own and received a little passes nothing on.
    let spending = question.spending?;
    let had = spending.available.saturating_add(out.saturating_sub(own));
    if out.saturating_mul(2) < had {
        return None;
    }
    let records: Vec<Seq> = received.contributing(question.at, limit.window_ms, 10);
    (passed > limit.limit).then(|| Found {
        counted: passed,
        limit: limit.limit,
        window_ms: limit.window_ms,
        records,
        detail: words::passed(limit, (out, inflow, passed)),
    })
}

/// Points on their way back to where they came from.
pub(super) fn cycle(limit: &LimitTerms, question: &Question<'_>, origins: Option<&Ring>) -> Option<Found> {
    let to = question.input.key_field(KeyField::Recipient).map(fingerprint)?;
    let hops = |entry: &super::window::Entry| Some((hops_to(to, entry.value)?, entry.seq));
    let (hops, record) = within(origins?, question.at, limit.window_ms).filter_map(hops).max()?;
    if hops <= limit.limit {
        return None;
    }
    Some(Found {
        counted: hops,
        limit: limit.limit,
        window_ms: limit.window_ms,
        records: vec![record],
        detail: words::cycle(limit, hops),
    })
}

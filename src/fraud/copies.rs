//! Receipts brought again under other numbers: what a receipt says beside its number is when and over how much it was printed. It
//! only compares.

use super::assess::Found;
use super::question::Question;
use super::window::Ring;
use super::words;
use crate::ledger::terms::LimitTerms;

/// How many of the kept entries lie within the window of this one, before or after it, over the same amount, itself included.
pub(super) fn copied(limit: &LimitTerms, ring: &Ring, question: &Question<'_>, amount: i64) -> Option<Found> {
    if amount <= 0 {
        return None;
    }
    let near = |at| question.at.since(at).saturating_abs() < limit.window_ms;
    let same = ring.entries().filter(|entry| entry.value == amount && near(entry.at));
    let records: Vec<_> = same.map(|entry| entry.seq).collect();
    let counted = i64::try_from(records.len()).unwrap_or(i64::MAX).saturating_add(1);
    (counted > limit.limit).then(|| Found {
        counted,
        limit: limit.limit,
        window_ms: limit.window_ms,
        records,
        detail: words::copied(limit, counted),
    })
}

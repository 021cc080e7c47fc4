//! What limits on a number count for an input, whatever they let pass: with it every number that a ring can answer is tried
//! at once. It never judges.

use super::assess::{is_owned, reach};
use super::facts;
use super::measure;
use super::question::Question;
use super::rings::{Rings, Seen, counts};
use super::window::{Ring, Tally};
use crate::ledger::terms::{LimitTerms, Metric};

/// Whether a limit's number can be tried: it counts, sums or tells values apart, and not by looking at the latest entries alone.
#[must_use]
pub fn is_swept(limit: &LimitTerms) -> bool {
    matches!(limit.metric, Metric::Count | Metric::Sum | Metric::Distinct(_)) && limit.extra.latest.is_none()
}

/// Tells, of every limit that counts this input and speaks about it, its place among all and what it counts, the input
/// included as the limit says. `least` is the smallest number of a limit that is of interest: what passes that is not told.
pub fn sweep(
    rings: &Rings,
    question: &Question<'_>,
    seen: &Seen,
    least: impl Fn(usize) -> Option<i64>,
    mut each: impl FnMut(usize, Counted),
) {
    let (terms, input) = (question.terms, question.input);
    let find = |ring, by: &_| rings.of_seen(seen, ring, by).map(Some);
    let told = facts::told(input);
    let known = facts::known(told, question);
    let mut all = terms.limits.iter().enumerate();
    for concern in terms.concerns.limits(&terms.limits, input) {
        let limit = concern.limit;
        let Some((at, _)) = all.find(|(_, one)| std::ptr::eq(*one, limit)) else { return };
        let Some(least) = least(at) else { continue };
        if !counts(concern, input, told) || !known.include(limit.extra.only) || is_owned(limit, question) {
            continue;
        }
        let Some(Some(ring)) = find(limit.ring, &limit.key) else { continue };
        let Some(counted) = counted(limit, ring, question) else { continue };
        if counted > least && facts::speaks(limit, question, Some(ring), &find).is_some() {
            each(at, Counted::Beyond(counted));
        } else {
            each(at, Counted::Within);
        }
    }
}

/// What a limit counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// No number of interest stops it.
    Within,
    /// So much: every smaller number stops it.
    Beyond(i64),
}

/// What a limit counts for an input; nothing where the input lacks what is counted.
fn counted(limit: &LimitTerms, ring: &Ring, question: &Question<'_>) -> Option<i64> {
    let (at, window_ms) = reach(limit, ring, question);
    let tally = |own: i64, before: Tally| {
        let own = if limit.extra.counts_itself() { own } else { 0 };
        Tally { value: before.value.saturating_add(own), ..before }
    };
    let found = match limit.metric {
        Metric::Count => tally(1, ring.count(at, window_ms)),
        Metric::Sum => tally(question.amount(), ring.sum(at, window_ms)),
        Metric::Distinct(of) => {
            let own = question.input.key_field(of).filter(|value| !value.is_empty()).map(measure::fingerprint)?;
            measure::distinct(ring, at, window_ms, Some(own).filter(|_| !limit.extra.excludes_current))
        }
        _ => return None,
    };
    // As where it is decided: what a ring cannot hold any more is beyond every limit.
    let overflows = !found.complete && ring.reaches(usize::from(limit.capacity), at, window_ms);
    Some(if overflows { i64::MAX } else { found.value })
}

//! What the declared limits say about an input: every one is asked, the strongest wins. It reads the rings and never
//! changes them; what they must take in is returned, to become part of the record.

use super::rings::{RingKey, Rings, Seen, counts};
use super::window::{Ring, Tally};
use super::words;
use crate::ledger::act::{Spend, What};
use crate::ledger::record::{Assessment, Evidence, Input, Observation, Reason, Verdict};
use crate::ledger::terms::{Absent, LimitTerms, Metric, Terms};
use crate::ledger::types::{ProgramId, TimeMs};
use crate::limits::EVIDENCE_EVENTS_MAX;

/// The highest score.
const SCORE_MAX: u8 = 100;

/// Asks every limit that counts this kind of input; counts include the input itself. The rings of
/// [`keys_of`](super::rings::keys_of) must be in memory: a ring that is not there counts as empty.
///
/// The observations are one for each ring that any of the limits reads, whatever the verdict: a denied attempt is an
/// attempt.
#[must_use]
pub fn assess(
    rings: &Rings,
    terms: &Terms,
    program: ProgramId,
    input: &Input,
    at: TimeMs,
) -> (Assessment, Vec<Observation>) {
    ask(terms, input, at, |limit| {
        let key = RingKey::of(program, limit.ring, &limit.key, input)?;
        Some(rings.get(&key))
    })
}

/// [`assess`] where the rings of the input have been looked up already.
#[must_use]
pub fn assess_seen(
    rings: &Rings,
    terms: &Terms,
    input: &Input,
    at: TimeMs,
    seen: &Seen,
) -> (Assessment, Vec<Observation>) {
    ask(terms, input, at, |limit| seen.slot(limit.ring).map(|slot| rings.ring(slot)))
}

/// Asks every limit. `find` gives a limit's ring, or nothing where the input lacks a field of its key.
fn ask<'a>(
    terms: &Terms,
    input: &Input,
    at: TimeMs,
    find: impl Fn(&LimitTerms) -> Option<Option<&'a Ring>>,
) -> (Assessment, Vec<Observation>) {
    let mut assessment = Assessment::default();
    let mut observed: Vec<Observation> = Vec::with_capacity(terms.limits.len());
    let mut read: Vec<Option<&Ring>> = Vec::with_capacity(terms.limits.len());
    for limit in terms.limits.iter().filter(|limit| counts(limit, input)) {
        let known = observed.iter().zip(&read).find(|(seen, _)| seen.ring == limit.ring);
        let ring = if let Some((_, ring)) = known {
            *ring
        } else if let Some(ring) = find(limit) {
            read.push(ring);
            observed.push(Observation {
                ring: limit.ring,
                key: limit.key,
                capacity: limit.capacity,
                value: value_of(limit.metric, input),
            });
            ring
        } else {
            if let Absent::Verdict(verdict) = limit.absent {
                raise(&mut assessment, missing(limit, verdict, input));
            }
            continue;
        };
        if let Some(reason) = exceeded(limit, ring, input, at) {
            raise(&mut assessment, reason);
        }
    }
    (assessment, observed)
}

/// Adds the reasons that scripts raised. They can raise the verdict and the score, never lower them.
#[must_use]
pub fn combine(mut assessment: Assessment, raised: Vec<Reason>) -> Assessment {
    for reason in raised {
        raise(&mut assessment, reason);
    }
    assessment
}

fn raise(assessment: &mut Assessment, reason: Reason) {
    assessment.verdict = assessment.verdict.max(reason.verdict);
    assessment.score = assessment.score.saturating_add(reason.weight).min(SCORE_MAX);
    assessment.reasons.push(reason);
}

/// What an input adds to a ring.
fn value_of(metric: Metric, input: &Input) -> i64 {
    match (metric, input) {
        (Metric::Count, _) => 1,
        (Metric::Sum, Input::Event(event)) => event.amount().get(),
        (Metric::Sum, Input::Transfer(transfer, _)) => transfer.amount.get(),
        (Metric::Sum, Input::Act(act, _)) => amount_of(&act.what),
        (Metric::Sum, Input::Adjust(..) | Input::Due(_) | Input::Ruleset(_) | Input::Rules(..)) => 0,
    }
}

/// The points that an act asks for; nothing where it asks for a reward, whose price only the ledger knows.
fn amount_of(what: &What) -> i64 {
    match what {
        What::Hold { spend: Spend::Points { amount, .. }, .. }
        | What::Redeem { spend: Spend::Points { amount, .. }, .. }
        | What::Donate { amount, .. } => amount.get(),
        _ => 0,
    }
}

/// What a limit says once the input is counted; `None` where it is within the limit.
fn exceeded(limit: &LimitTerms, ring: Option<&Ring>, input: &Input, at: TimeMs) -> Option<Reason> {
    let empty = Ring::default();
    let ring = ring.unwrap_or(&empty);
    let tally = match limit.metric {
        // The usual answer, "fewer than the limit before this one", is one look at one entry.
        Metric::Count => {
            let before = usize::try_from(limit.limit).unwrap_or(0);
            if !ring.reaches(before, at, limit.window_ms) && ring.is_complete(at, limit.window_ms) {
                return None;
            }
            ring.count(at, limit.window_ms)
        }
        Metric::Sum => ring.sum(at, limit.window_ms),
    };
    let counted = Tally { value: tally.value.saturating_add(value_of(limit.metric, input)), ..tally };
    let (verdict, weight, detail) = if counted.value > limit.limit {
        (limit.verdict, limit.weight, words::over(limit, counted))
    } else if counted.complete {
        return None;
    } else if ring.reaches(usize::from(limit.capacity), at, limit.window_ms) {
        // A window that holds more than a ring keeps is taken as over its limit: else a sum could be hidden behind
        // many small amounts.
        (limit.verdict, limit.weight, words::unknown(limit, counted))
    } else {
        // A late event whose window has been overtaken: nothing is proven, so it is noted and accuses nobody.
        (limit.verdict.min(Verdict::Flag), 0, words::unknown(limit, counted))
    };
    let evidence = Evidence {
        key: words::key(limit, input),
        metric: words::metric(limit.metric),
        window_ms: limit.window_ms,
        counted: counted.value,
        limit: limit.limit,
        events: ring.contributing(at, limit.window_ms, EVIDENCE_EVENTS_MAX),
    };
    Some(Reason { rule: limit.id.clone(), verdict, weight, detail, evidence: Some(evidence) })
}

/// What a limit says about an input that lacks a field of its key.
fn missing(limit: &LimitTerms, verdict: Verdict, input: &Input) -> Reason {
    let detail = words::absent(limit, input);
    Reason { rule: limit.id.clone(), verdict, weight: limit.weight, detail, evidence: None }
}

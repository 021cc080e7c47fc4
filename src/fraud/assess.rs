//! What the declared limits say about an input: every one is asked, the strongest wins. It reads the rings and never
//! changes them; what they must take in is returned, to become part of the record.

use super::late;
use super::lists;
use super::measure;
use super::place;
use super::rings::{RingKey, Rings, Seen, counts, restarts};
use super::window::{Ring, Tally};
use super::words;
use crate::ledger::act::{Spend, What};
use crate::ledger::desk::Lists;
use crate::ledger::member::Member;
use crate::ledger::record::{Assessment, Evidence, Input, Keep, MARK, Observation, Reason, Verdict};
use crate::ledger::terms::{Absent, CalendarWindow, LimitTerms, Metric, Terms};
use crate::ledger::types::{ProgramId, TimeMs};
use crate::limits::{EVIDENCE_EVENTS_MAX, EVIDENCE_EVENTS_MIN};

/// The highest score.
const SCORE_MAX: u8 = 100;

/// All that an assessment reads besides rings.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The program.
    pub program: ProgramId,
    /// Its terms.
    pub terms: &'a Terms,
    /// What is asked of the ledger.
    pub input: &'a Input,
    /// Business time.
    pub at: TimeMs,
    /// The ledger's time.
    pub now: TimeMs,
    /// The member it is about, where they are known.
    pub member: Option<&'a Member>,
    /// Who is allowed and who is not, whatever is counted.
    pub lists: &'a Lists,
}

impl<'a> Question<'a> {
    /// A question of which nothing is known but the input and its time: no member, no lists.
    #[must_use]
    pub const fn of(program: ProgramId, terms: &'a Terms, input: &'a Input, at: TimeMs) -> Self {
        static NO_LISTS: Lists = Lists::new();
        Self { program, terms, input, at, now: at, member: None, lists: &NO_LISTS }
    }
}

/// Asks every limit that counts this kind of input; counts include the input itself. The rings of
/// [`keys_of`](super::rings::keys_of) must be in memory: a ring that is not there counts as empty.
///
/// The observations are one for each ring that any of the limits reads, whatever the verdict: a denied attempt is an
/// attempt.
#[must_use]
pub fn assess(rings: &Rings, question: &Question<'_>) -> (Assessment, Vec<Observation>) {
    ask(question, |limit| {
        let key = RingKey::of(question.program, limit.ring, &limit.key, question.input)?;
        Some(rings.get(&key))
    })
}

/// [`assess`] where the rings of the input have been looked up already.
#[must_use]
pub fn assess_seen(rings: &Rings, question: &Question<'_>, seen: &Seen) -> (Assessment, Vec<Observation>) {
    ask(question, |limit| seen.slot(limit.ring).map(|slot| rings.ring(slot)))
}

/// Asks every limit. `find` gives a limit's ring, or nothing where the input lacks a field of its key.
fn ask<'a>(
    question: &Question<'_>,
    find: impl Fn(&LimitTerms) -> Option<Option<&'a Ring>>,
) -> (Assessment, Vec<Observation>) {
    let Question { terms, input, .. } = question;
    let mut assessment = Assessment::default();
    let mut observed: Vec<Observation> = Vec::with_capacity(terms.limits.len());
    let mut read: Vec<Option<&Ring>> = Vec::with_capacity(terms.limits.len());
    for limit in &terms.limits {
        if !counts(limit, input) {
            if restarts(limit, input) && find(limit).is_some() {
                observe(&mut observed, limit, MARK);
            }
            continue;
        }
        let Some(value) = value_of(limit, input) else {
            absent(&mut assessment, limit, question);
            continue;
        };
        let known = observed.iter().zip(&read).find(|(seen, _)| seen.ring == limit.ring);
        let ring = if let Some((_, ring)) = known {
            *ring
        } else if let Some(ring) = find(limit) {
            read.push(ring);
            observe(&mut observed, limit, value);
            ring
        } else {
            absent(&mut assessment, limit, question);
            continue;
        };
        if let Some(reason) = exceeded(limit, ring, question, value) {
            raise(&mut assessment, lists::heard(reason, limit.extra.shadow, question));
        }
        if let Some(reason) = late::reason(limit, ring, (input, question.at), value) {
            raise(&mut assessment, lists::heard(reason, limit.extra.shadow, question));
        }
    }
    if !question.lists.is_empty() {
        for reason in lists::denied(question) {
            raise(&mut assessment, reason);
        }
    }
    (assessment, observed)
}

fn observe(observed: &mut Vec<Observation>, limit: &LimitTerms, value: i64) {
    let distinct = matches!(limit.metric, Metric::Distinct(_));
    let keep = Keep { entries: limit.capacity, distinct, taken: limit.extra.taken };
    observed.push(Observation { ring: limit.ring, key: limit.key, capacity: keep.pack(), value });
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

/// What an input adds to a limit's ring; `None` where it lacks what is counted.
fn value_of(limit: &LimitTerms, input: &Input) -> Option<i64> {
    match (limit.metric, input) {
        (Metric::Count | Metric::Gap, _) => Some(1),
        (Metric::Sum, Input::Event(event)) => Some(event.amount().get()),
        (Metric::Sum, Input::Transfer(transfer, _)) => Some(transfer.amount.get()),
        (Metric::Distinct(of), _) => input.key_field(of).filter(|v| !v.is_empty()).map(measure::fingerprint),
        (Metric::Speed, Input::Event(event)) => {
            event.context.location.as_ref().and_then(|(lat, lon)| place::pack(lat, lon))
        }
        (Metric::Speed, _) => None,
        (Metric::Sum, Input::Act(act, _)) => Some(amount_of(&act.what)),
        (Metric::Sum, _) => Some(0),
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

/// The length of a limit's window that ends at the question's instant.
fn window_of(limit: &LimitTerms, ring: &Ring, question: &Question<'_>) -> i64 {
    let extra = &limit.extra;
    let mut window_ms = match extra.calendar {
        None => limit.window_ms,
        Some(period) => {
            let zone = &question.terms.zone;
            let day = zone.day(question.at);
            let first = match period {
                CalendarWindow::Day => day,
                // 1 January 1970 was a Thursday.
                CalendarWindow::Week => day - (day + 3).rem_euclid(7),
                CalendarWindow::Month => day - i32::from(crate::ledger::calendar::parts_of(day).1) + 1,
            };
            question.at.since(zone.start_of_day(first)).saturating_add(1)
        }
    };
    if extra.since.is_some()
        && let Some(mark) = measure::mark_before(ring, question.at)
    {
        window_ms = window_ms.min(question.at.since(mark));
    }
    window_ms
}

/// What a limit says once the input is counted; `None` where it is within the limit.
fn exceeded(limit: &LimitTerms, ring: Option<&Ring>, question: &Question<'_>, value: i64) -> Option<Reason> {
    let empty = Ring::default();
    let ring = ring.unwrap_or(&empty);
    let at = question.at;
    let own = if limit.extra.excludes_current { None } else { Some(value) };
    let is_plain = limit.extra.calendar.is_none() && limit.extra.since.is_none();
    let window_ms = if is_plain { limit.window_ms } else { window_of(limit, ring, question) };
    let counted = match limit.metric {
        // The usual answer, "fewer than the limit before this one", is one look at one entry.
        Metric::Count => {
            let before = usize::try_from(limit.limit).unwrap_or(0) + usize::from(own.is_none());
            if !ring.reaches(before, at, window_ms) && ring.is_complete(at, window_ms) {
                return None;
            }
            ring.count(at, window_ms).plus(i64::from(own.is_some()))
        }
        Metric::Sum => ring.sum(at, window_ms).plus(own.unwrap_or(0)),
        Metric::Distinct(_) => measure::distinct(ring, at, window_ms, own),
        Metric::Gap => return too_close(limit, ring, question),
        Metric::Speed => return too_fast(limit, ring, question, value),
    };
    let (verdict, weight, detail) = if counted.value > limit.limit {
        (limit.verdict, limit.weight, words::over(limit, counted, window_ms))
    } else if counted.complete {
        return None;
    } else if ring.reaches(usize::from(limit.capacity), at, window_ms) {
        // A window that holds more than a ring keeps is taken as over its limit: else a sum could be hidden behind
        // many small amounts.
        (limit.verdict, limit.weight, words::unknown(limit, counted, window_ms))
    } else {
        // A late event whose window has been overtaken: nothing is proven, so it is noted and accuses nobody.
        (limit.verdict.min(Verdict::Flag), 0, words::unknown(limit, counted, window_ms))
    };
    let named = usize::try_from(limit.limit).unwrap_or(0).clamp(EVIDENCE_EVENTS_MIN, EVIDENCE_EVENTS_MAX);
    let events = match limit.metric {
        Metric::Distinct(_) => measure::distinct_records(ring, at, window_ms, named),
        _ => ring.contributing(at, window_ms, named),
    };
    let evidence = Evidence {
        key: words::key(limit, question.input),
        metric: words::metric(limit.metric),
        window_ms,
        counted: counted.value,
        limit: limit.limit,
        events,
    };
    Some(Reason { rule: limit.id.clone(), verdict, weight, detail, evidence: Some(evidence) })
}

/// What a limit on the time between two events says.
fn too_close(limit: &LimitTerms, ring: &Ring, question: &Question<'_>) -> Option<Reason> {
    let (gap_ms, seq) = measure::gap(ring, question.at).filter(|(gap_ms, _)| *gap_ms < limit.window_ms)?;
    let evidence = Evidence {
        key: words::key(limit, question.input),
        metric: words::metric(limit.metric),
        window_ms: limit.window_ms,
        counted: gap_ms,
        limit: limit.window_ms,
        events: vec![seq],
    };
    let detail = words::too_close(limit, gap_ms);
    Some(Reason {
        rule: limit.id.clone(),
        verdict: limit.verdict,
        weight: limit.weight,
        detail,
        evidence: Some(evidence),
    })
}

/// What a limit on speed says.
fn too_fast(limit: &LimitTerms, ring: &Ring, question: &Question<'_>, here: i64) -> Option<Reason> {
    let way = measure::speed(ring, question.at, here, limit.extra.ignore_m)?;
    if way.kmh <= limit.limit || way.ms >= limit.window_ms {
        return None;
    }
    let evidence = Evidence {
        key: words::key(limit, question.input),
        metric: words::metric(limit.metric),
        window_ms: limit.window_ms,
        counted: way.kmh,
        limit: limit.limit,
        events: vec![way.seq],
    };
    let detail = words::too_fast(limit, way);
    Some(Reason {
        rule: limit.id.clone(),
        verdict: limit.verdict,
        weight: limit.weight,
        detail,
        evidence: Some(evidence),
    })
}

/// What a limit says about an input that lacks a field of its key, or what it counts.
fn absent(assessment: &mut Assessment, limit: &LimitTerms, question: &Question<'_>) {
    let Absent::Verdict(verdict) = limit.absent else { return };
    let detail = words::absent(limit, question.input);
    let reason = Reason { rule: limit.id.clone(), verdict, weight: limit.weight, detail, evidence: None };
    raise(assessment, lists::heard(reason, limit.extra.shadow, question));
}

impl Tally {
    /// The same with more in it.
    fn plus(self, value: i64) -> Self {
        Self { value: self.value.saturating_add(value), ..self }
    }
}

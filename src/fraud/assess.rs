//! What the declared limits say about an input: every one is asked, the strongest wins. It reads the rings and never
//! changes them; what they must take in is returned, to become part of the record.

use super::facts::{self, Find};
use super::glance::Glances;
use super::question::Question;
use super::rings::{RingKey, Rings, Seen, counts, restarts};
use super::said::Said;
use super::together::Together;
use super::window::{Ring, Tally};
use super::{copies, explain, extremes, feeds, flows, late, lists, measure, place, sequence, trail, words};
use crate::ledger::calendar::Zone;
use crate::ledger::record::{
    Assessment, Evidence, Input, Keep, KeyField, KeyFields, MARK, Observation, Reason, Told, Verdict,
};
use crate::ledger::terms::{Absent, CalendarWindow, Concern, Facts, LimitTerms, Metric};
use crate::ledger::types::{Seq, Text, TimeMs};
use crate::limits::{EVIDENCE_EVENTS_MAX, EVIDENCE_EVENTS_MIN, FLIGHT_GROUND_MS, FLIGHT_KMH, FLIGHT_MIN_M};

/// The highest score.
const SCORE_MAX: u8 = 100;

/// Asks every limit that counts this kind of input; counts include the input itself. The rings of
/// [`keys_of`](super::rings::keys_of) must be in memory: a ring that is not there counts as empty.
///
/// The observations are one for each ring that any of the limits reads, whatever the verdict: a denied attempt is an
/// attempt.
#[must_use]
pub fn assess(rings: &Rings, question: &Question<'_>) -> (Assessment, Vec<Observation>) {
    ask(question, Said::by(question.input), |ring, by| {
        let key = RingKey::of(question.program, ring, by, question.input)?;
        Some(rings.get(&key))
    })
}

/// [`assess`] where the rings of the input have been looked up already.
#[must_use]
pub fn assess_seen(rings: &Rings, question: &Question<'_>, seen: &Seen) -> (Assessment, Vec<Observation>) {
    let said = seen.said.unwrap_or_else(|| Said::by(question.input));
    ask(question, said, |ring, by| rings.of_seen(seen, ring, by).map(Some))
}

/// Asks every limit.
fn ask<'a>(question: &Question<'_>, said: Said, find: impl Find<'a>) -> (Assessment, Vec<Observation>) {
    let Question { terms, input, .. } = question;
    let mut assessment = Assessment::default();
    let mut together = Together::default();
    let mut looked = Looked::new();
    let mut fired: Vec<Fired<'_>> = Vec::new();
    let told = said.told;
    let known = facts::known(told, question);
    for concern in terms.concerns.limits(&terms.limits, input) {
        if looked.glances.pass_over(concern, known, question) {
            continue;
        }
        let limit = concern.limit;
        if !counts(concern, input, told) {
            if restarts(concern, input)
                && let Some(ring) = find(limit.ring, &limit.key)
            {
                looked.observe(limit, ring, MARK);
            }
            continue;
        }
        let is_meant = known.include(limit.extra.only);
        if limit.extra.latest.is_none() && !is_meant || is_owned(limit, question) {
            continue;
        }
        let Some(value) = value_of(limit, question, said) else {
            absent(&mut assessment, limit, question);
            continue;
        };
        let Own::Ring(ring) = looked.own(concern, question, value, &find) else {
            absent(&mut assessment, limit, question);
            continue;
        };
        if !is_meant || is_out_of_reach(limit, ring, question.at) {
            continue;
        }
        let Some(led) = facts::speaks(limit, question, ring, &find) else { continue };
        if let Some(reason) = exceeded(limit, ring, question, value, &find) {
            let reason = lists::heard(with(reason, led), limit.extra.shadow, question);
            together.add(limit, &reason);
            fired.push(Fired { reason: assessment.reasons.len(), limit, ring, value });
            raise(&mut assessment, reason);
        }
        if let Some(reason) = late::reason(limit, ring, (input, question.at), value) {
            raise(&mut assessment, lists::heard(reason, limit.extra.shadow, question));
        }
    }
    feed(&mut looked.observed, question, known, &find);
    if let Some(reason) = together.hold(question, &assessment) {
        raise(&mut assessment, reason);
    }
    if !question.lists.is_empty() {
        for reason in lists::denied(question) {
            raise(&mut assessment, reason);
        }
    }
    explain::tell_all(&fired, question, &mut assessment, &find);
    (assessment, looked.observed)
}

/// What limits have looked at so far: each ring once, with what it takes in of the input.
struct Looked<'a> {
    observed: Vec<Observation>,
    /// The rings of what is observed, in its order.
    read: Vec<Option<&'a Ring>>,
    glances: Glances<'a>,
}

/// The ring of a limit's own.
enum Own<'a> {
    /// The input lacks a field of its key.
    Lacking,
    /// It, where it exists, or the limit does without.
    Ring(Option<&'a Ring>),
}

impl<'a> Looked<'a> {
    fn new() -> Self {
        Self { observed: Vec::with_capacity(8), read: Vec::with_capacity(8), glances: Glances::new() }
    }

    /// A limit's ring, which is to take in a value.
    fn own(&mut self, concern: Concern<'_>, question: &Question<'_>, value: i64, find: &impl Find<'a>) -> Own<'a> {
        let limit = concern.limit;
        if !limit.metric.has_ring() && limit.key.iter().all(|field| facts::has(question.input, field)) {
            return Own::Ring(None);
        }
        let mut seen = self.observed.iter().zip(&self.read);
        if let Some((_, ring)) = seen.find(|(seen, _)| seen.ring == limit.ring && seen.key == limit.key) {
            return Own::Ring(*ring);
        }
        let found = find(limit.ring, &limit.key);
        self.glances.note(concern, found.is_some(), found.flatten(), question.at);
        let Some(ring) = found else { return Own::Lacking };
        if extremes::takes(limit, ring, question) {
            self.observe(limit, ring, value);
        }
        Own::Ring(ring)
    }

    fn observe(&mut self, limit: &LimitTerms, ring: Option<&'a Ring>, value: i64) {
        self.read.push(ring);
        observe(&mut self.observed, limit, value);
    }
}

/// Adds what the feeds' rings take in, but for those a limit has observed already.
fn feed<'a>(observed: &mut Vec<Observation>, question: &Question<'_>, known: Facts, find: &impl Find<'a>) {
    let Question { terms, input, .. } = question;
    for fed in terms.concerns.feeds(&terms.feeds, input) {
        let is_meant = feeds::feeds(fed, input, known);
        if is_meant && !observed.iter().any(|seen| seen.ring == fed.ring && seen.key == fed.key) {
            feeds::feed(observed, fed, question, find);
        }
    }
}

/// A limit that had something to say, and what it read.
pub(super) struct Fired<'a> {
    /// Which reason it gave.
    pub(super) reason: usize,
    pub(super) limit: &'a LimitTerms,
    pub(super) ring: Option<&'a Ring>,
    /// What the input adds to the ring.
    pub(super) value: i64,
}

/// Whether one of the pack would count by what the program itself owns: a tablet in a shop, the shop's address.
pub(super) fn is_owned(limit: &LimitTerms, question: &Question<'_>) -> bool {
    let owned = &question.terms.identity.owned;
    let is = |field: KeyField| {
        owned.iter().any(|(of, value)| *of == field && question.input.key_field(field) == Some(value))
    };
    !owned.is_empty() && limit.extra.standard && limit.key.iter().any(is)
}

/// Whether a ring has taken in too little for a limit to say anything, whatever the input: so it is with most inputs.
fn is_out_of_reach(limit: &LimitTerms, ring: Option<&Ring>, at: TimeMs) -> bool {
    // Each of these has to find as many entries as it lets pass before it looks any further.
    let counts = matches!(limit.metric, Metric::Count | Metric::Distinct(_) | Metric::Favour);
    let seen = ring.map_or(Some(0), |ring| ring.seen_by(at));
    counts && limit.limit > 0 && seen.is_some_and(|seen| i64::try_from(seen).is_ok_and(|seen| seen < limit.limit))
}

/// A reason with the records of what led up to it.
fn with(mut reason: Reason, led: Vec<Seq>) -> Reason {
    if let Some(evidence) = &mut reason.evidence {
        for seq in led {
            if evidence.events.len() < EVIDENCE_EVENTS_MAX && !evidence.events.contains(&seq) {
                evidence.events.push(seq);
            }
        }
    }
    reason
}

fn observe(observed: &mut Vec<Observation>, limit: &LimitTerms, value: i64) {
    let distinct = matches!(limit.metric, Metric::Distinct(_)) && limit.extra.latest.is_none();
    let keep = Keep { entries: limit.capacity, distinct, first: false, taken: limit.extra.taken };
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

pub(super) fn raise(assessment: &mut Assessment, reason: Reason) {
    assessment.verdict = assessment.verdict.max(reason.verdict);
    assessment.score = assessment.score.saturating_add(reason.weight).min(SCORE_MAX);
    assessment.reasons.push(reason);
}

/// What an input adds to a limit's ring; `None` where it lacks what is counted.
fn value_of(limit: &LimitTerms, question: &Question<'_>, said: Said) -> Option<i64> {
    let input = question.input;
    if limit.extra.trail {
        return Some(said.trail);
    }
    match limit.metric {
        Metric::Count | Metric::Gap | Metric::Age | Metric::Favour | Metric::Cycle => Some(1),
        Metric::Distinct(of) => input.key_field(of).filter(|v| !v.is_empty()).map(measure::fingerprint),
        Metric::Speed => {
            let Input::Event(event) = input else { return None };
            event.context.location.as_ref().and_then(|(lat, lon)| place::pack(lat, lon))
        }
        Metric::Sum
        | Metric::Share
        | Metric::Passed
        | Metric::Copies
        | Metric::Max
        | Metric::Min
        | Metric::First
        | Metric::Last => Some(question.amount()),
        Metric::Sequence => sequence::number(input),
    }
}

/// The length of a limit's window that ends at an instant.
pub(super) fn window_of(limit: &LimitTerms, ring: &Ring, zone: &Zone, at: TimeMs) -> i64 {
    let extra = &limit.extra;
    let mut window_ms = match extra.calendar {
        None => limit.window_ms,
        Some(period) => {
            let day = zone.day(at);
            let first = match period {
                CalendarWindow::Day => day,
                // 1 January 1970 was a Thursday.
                CalendarWindow::Week => day - (day + 3).rem_euclid(7),
                CalendarWindow::Month => day - i32::from(crate::ledger::calendar::parts_of(day).1) + 1,
            };
            at.since(zone.start_of_day(first)).saturating_add(1)
        }
    };
    if extra.since.is_some()
        && let Some(mark) = measure::mark_before(ring, at)
    {
        window_ms = window_ms.min(at.since(mark));
    }
    window_ms
}

/// What one limit found.
pub(super) struct Found {
    pub(super) counted: i64,
    pub(super) limit: i64,
    pub(super) window_ms: i64,
    pub(super) records: Vec<Seq>,
    pub(super) detail: String,
}

impl Found {
    pub(super) fn reason(self, limit: &LimitTerms, question: &Question<'_>) -> Reason {
        let evidence = Evidence {
            key: words::key(limit, question.input),
            metric: Text::new_static(limit.metric.name()),
            window_ms: self.window_ms,
            counted: self.counted,
            limit: self.limit,
            events: self.records,
        };
        let (rule, verdict, weight) = (limit.id.clone(), limit.verdict, limit.weight);
        Reason { evidence: Some(evidence), ..Reason::plain(rule, verdict, weight, self.detail) }
    }
}

/// What a limit says once the input is counted; `None` where it is within the limit.
pub(super) fn exceeded<'a>(
    limit: &LimitTerms,
    ring: Option<&Ring>,
    question: &Question<'_>,
    value: i64,
    find: &impl Find<'a>,
) -> Option<Reason> {
    let empty = Ring::default();
    let ring = ring.unwrap_or(&empty);
    let other = |field: KeyField| limit.extra.other.and_then(|other| find(other, &KeyFields::of(field))).flatten();
    let found = match limit.metric {
        Metric::Distinct(of) if limit.extra.latest.is_some() => {
            let (counted, records) = trail::distinct(ring, question, limit, of);
            let window_ms = limit.window_ms;
            (counted > limit.limit).then(|| Found {
                counted,
                limit: limit.limit,
                window_ms,
                records,
                detail: words::over(limit, Tally { value: counted, complete: true }, window_ms),
            })
        }
        Metric::Count if limit.extra.quick_ms.is_some() => {
            let (counted, records) =
                trail::quick(ring, question, limit, (limit.extra.apart_ms, limit.extra.quick_ms?))?;
            let detail = words::quick(limit, counted);
            Some(Found { counted, limit: limit.limit, window_ms: limit.window_ms, records, detail })
        }
        Metric::Count | Metric::Sum | Metric::Distinct(_) => return too_many(limit, ring, question, value),
        Metric::Max | Metric::Min | Metric::First | Metric::Last => return extremes::exceeded(limit, ring, question),
        Metric::Gap => too_close(limit, ring, question),
        Metric::Speed => too_fast(limit, ring, question, value),
        Metric::Share => flows::share(limit, ring, question),
        Metric::Passed => flows::passed(limit, ring, question, find),
        Metric::Cycle => flows::cycle(limit, question, other(KeyField::Member)),
        Metric::Age => too_old(limit, question),
        Metric::Sequence => sequence::broken(limit, ring, question, value),
        Metric::Copies => copies::copied(limit, ring, question, value),
        Metric::Favour => limit.extra.favour.and_then(|terms| {
            let favoured = trail::favoured(ring, other(KeyField::Staff), question, (limit, terms))?;
            let detail = words::favoured(limit, &favoured);
            let (counted, window_ms) = (favoured.count, limit.window_ms);
            Some(Found { counted, limit: limit.limit, window_ms, records: favoured.records, detail })
        }),
    };
    found.map(|found| found.reason(limit, question))
}

/// Where the window of a limit on a number ends for an input, and how long it is.
pub(super) fn reach(limit: &LimitTerms, ring: &Ring, question: &Question<'_>) -> (TimeMs, i64) {
    let after_ms = if limit.extra.around { limit.window_ms } else { 0 };
    let at = TimeMs::new(question.at.get().saturating_add(after_ms));
    let is_plain = limit.extra.calendar.is_none() && limit.extra.since.is_none();
    let window_ms = if is_plain {
        limit.window_ms.saturating_add(after_ms)
    } else {
        window_of(limit, ring, &question.terms.zone, at)
    };
    (at, window_ms)
}

/// What a limit on a number says.
fn too_many(limit: &LimitTerms, ring: &Ring, question: &Question<'_>, value: i64) -> Option<Reason> {
    let (at, window_ms) = reach(limit, ring, question);
    let own = if limit.extra.counts_itself() { Some(value) } else { None };
    let counted = match limit.metric {
        Metric::Sum => ring.sum(at, window_ms).plus(own.unwrap_or(0)),
        Metric::Distinct(_) => measure::distinct(ring, at, window_ms, own),
        // The usual answer, "fewer than the limit before this one", is one look at one entry.
        _ => {
            let before = usize::try_from(limit.limit).unwrap_or(0) + usize::from(own.is_none());
            if !ring.reaches(before, at, window_ms) && ring.is_complete(at, window_ms) {
                return None;
            }
            ring.count(at, window_ms).plus(i64::from(own.is_some()))
        }
    };
    let (verdict, weight, detail) = if counted.value > limit.limit {
        (limit.verdict, limit.weight, words::over(limit, counted, window_ms))
    } else if counted.complete {
        return None;
    } else {
        let (verdict, weight) = unproven(limit, ring.reaches(usize::from(limit.capacity), at, window_ms));
        (verdict, weight, words::unknown(limit, counted, window_ms))
    };
    let named = usize::try_from(limit.limit).unwrap_or(0).clamp(EVIDENCE_EVENTS_MIN, EVIDENCE_EVENTS_MAX);
    let records = match limit.metric {
        Metric::Distinct(_) => measure::distinct_records(ring, at, window_ms, named),
        _ => ring.contributing(at, window_ms, named),
    };
    let found = Found { counted: counted.value, limit: limit.limit, window_ms, records, detail };
    Some(Reason { verdict, weight, ..found.reason(limit, question) })
}

/// What a limit says where a ring has dropped what would matter: what the program declares for that. Where it declares nothing, a
/// window that holds more than a ring keeps is taken as over the limit, else a sum could be hidden behind many small amounts; a
/// late event whose window has been overtaken proves nothing, so it is noted and accuses nobody.
pub(super) fn unproven(limit: &LimitTerms, overflows: bool) -> (Verdict, u8) {
    match limit.extra.unevaluable {
        None if overflows => (limit.verdict, limit.weight),
        None => (limit.verdict.min(Verdict::Flag), 0),
        Some(Absent::Skip) => (Verdict::Allow, 0),
        Some(Absent::Verdict(verdict)) => (verdict, limit.weight),
    }
}

/// What a limit on the time between two events says.
fn too_close(limit: &LimitTerms, ring: &Ring, question: &Question<'_>) -> Option<Found> {
    let (gap_ms, seq) = measure::gap(ring, question.at).filter(|(gap_ms, _)| *gap_ms < limit.window_ms)?;
    Some(Found {
        counted: gap_ms,
        limit: limit.window_ms,
        window_ms: limit.window_ms,
        records: vec![seq],
        detail: words::too_close(limit, gap_ms),
    })
}

/// What a limit on speed says.
fn too_fast(limit: &LimitTerms, ring: &Ring, question: &Question<'_>, here: i64) -> Option<Found> {
    let way = measure::speed(ring, question.at, here, limit.extra.ignore_m)?;
    if way.kmh <= limit.limit || way.ms >= fair_ms(limit, way.metres) {
        return None;
    }
    let mut records = vec![way.seq];
    if limit.extra.often > 1 {
        let is_fast = |way: &measure::Way| way.kmh > limit.limit && way.ms < fair_ms(limit, way.metres);
        let before = measure::ways(ring, question.at, limit.window_ms, limit.extra.ignore_m);
        records.extend(before.filter(is_fast).map(|way| way.seq));
        if records.len() < limit.extra.often {
            return None;
        }
    }
    let often = records.len();
    Some(Found {
        counted: way.kmh,
        limit: limit.limit,
        window_ms: limit.window_ms,
        records,
        detail: words::too_fast(limit, way, often),
    })
}

/// From how long on a way raises no question: the limit's speed less its slack, a flight where it allows one, its window.
pub(super) fn fair_ms(limit: &LimitTerms, metres: i64) -> i64 {
    let (slack_ms, by_air) = (limit.extra.slack_ms, limit.extra.by_air);
    let driven = metres.saturating_mul(3_600).checked_div(limit.limit).filter(|_| slack_ms > 0);
    let flown = metres.saturating_mul(3_600) / FLIGHT_KMH;
    let drive_ms = driven.map(|ms| ms.saturating_sub(slack_ms));
    let flight_ms = (by_air && metres >= FLIGHT_MIN_M).then(|| flown.saturating_add(FLIGHT_GROUND_MS));
    [drive_ms, flight_ms].into_iter().flatten().fold(limit.window_ms, i64::min)
}

/// What a limit on lateness says.
fn too_old(limit: &LimitTerms, question: &Question<'_>) -> Option<Found> {
    let age_ms = question.now.since(question.at);
    (age_ms > limit.window_ms).then(|| Found {
        counted: age_ms,
        limit: limit.window_ms,
        window_ms: limit.window_ms,
        records: Vec::new(),
        detail: words::too_old(limit, age_ms),
    })
}

/// What a limit says about an input that lacks a field of its key, or what it counts.
fn absent(assessment: &mut Assessment, limit: &LimitTerms, question: &Question<'_>) {
    let Absent::Verdict(verdict) = limit.absent else { return };
    let detail = words::absent(limit, question.input);
    let mut reason = Reason::plain(limit.id.clone(), verdict, limit.weight, detail);
    if !limit.extra.member.is_empty() {
        reason.told = Some(Box::new(Told { member: limit.extra.member.clone(), ..Told::default() }));
    }
    raise(assessment, lists::heard(reason, limit.extra.shadow, question));
}

impl Tally {
    /// The same with more in it.
    fn plus(self, value: i64) -> Self {
        Self { value: self.value.saturating_add(value), ..self }
    }
}

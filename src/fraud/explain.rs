//! What a limit that spoke tells of it: the comparison with its values, how far beyond the limit, and the smallest changes
//! with which it would have let the input pass. Done only for limits that spoke. It asks the limit itself, at later times and
//! with other values, so what it says is what the limit would say; it never judges.

use super::assess::{Fired, exceeded};
use super::facts::{self, Find};
use super::question::{Question, Spending};
use super::window::{Entry, Ring};
use super::{feeds, measure, words};
use crate::ledger::calendar::{Zone, parts_of};
use crate::ledger::record::{Assessment, Change, Input, KeyField, KeyFields, MARK, Taken, Told, Verdict};
use crate::ledger::terms::{CalendarWindow, Fact, Fresh, LimitTerms, Metric};
use crate::ledger::types::{NameId, Seq, Text, TimeMs};
use crate::limits::KNOWN_VALUES_MAX;

/// Adds to the reasons of limits that spoke what they tell.
pub(super) fn tell_all<'a>(
    fired: &[Fired<'_>],
    question: &Question<'_>,
    assessment: &mut Assessment,
    find: &impl Find<'a>,
) {
    for fired in fired {
        let told = tell(fired, question, assessment, find);
        if let Some(reason) = assessment.reasons.get_mut(fired.reason) {
            reason.told = Some(Box::new(told));
        }
    }
}

/// What a limit that spoke tells.
fn tell<'a>(fired: &Fired<'_>, question: &Question<'_>, assessment: &Assessment, find: &impl Find<'a>) -> Told {
    let limit = fired.limit;
    let Some(evidence) = assessment.reasons.get(fired.reason).and_then(|reason| reason.evidence.as_ref()) else {
        return Told { member: limit.extra.member.clone(), ..Told::default() };
    };
    let beyond = evidence.counted.saturating_sub(evidence.limit);
    let margin = if matches!(limit.metric, Metric::Gap | Metric::Min) { beyond.saturating_neg() } else { beyond };
    let mut passes: Vec<Change> = Vec::new();
    passes.extend(later(fired, question, assessment.verdict, find).map(Change::After));
    if limit.metric == Metric::Age {
        passes.extend(question.at.get().checked_add(limit.window_ms).map(|by| Change::ArrivedBy(TimeMs::new(by))));
    }
    passes.extend(smaller(fired, question, find).map(Change::AtMost));
    passes.extend(otherwise(fired, question).into_iter().map(|what| Change::Otherwise(Text::new(what))));
    Told {
        expression: words::expression(limit, evidence, &priors(limit, question, find)),
        margin: margin.max(0),
        passes,
        member: limit.extra.member.clone(),
    }
}

/// How often what must have happened before did, in order of declaration.
fn priors<'a>(limit: &LimitTerms, question: &Question<'_>, find: &impl Find<'a>) -> Vec<i64> {
    let happened = limit.extra.after.iter().map(|prior| {
        let ring = find(prior.ring, &prior.key).flatten()?;
        let (at, window_ms) = (question.at, prior.window_ms);
        let distinct = || measure::distinct(ring, at, window_ms, None);
        Some(if prior.distinct { distinct() } else { ring.count(at, window_ms) }.value)
    });
    happened.map(|value| value.unwrap_or(0)).collect()
}

/// From when on the same would pass for good, where nothing else happens until then.
fn later<'a>(fired: &Fired<'_>, question: &Question<'_>, verdict: Verdict, find: &impl Find<'a>) -> Option<TimeMs> {
    let Fired { limit, ring, value, .. } = *fired;
    if limit.extra.around || limit.extra.only.has(Fact::BirthdaySoon) {
        // Later another birthday is near. What comes later may lie beside what came before it in time: no instant is safe to name.
        return None;
    }
    match limit.metric {
        Metric::Speed => return arrived_slower(fired, question),
        // Of the last one, what comes next is the answer.
        Metric::Age | Metric::Cycle | Metric::Favour | Metric::Sequence | Metric::Copies | Metric::Last => return None,
        Metric::Count
        | Metric::Sum
        | Metric::Distinct(_)
        | Metric::Gap
        | Metric::Share
        | Metric::Passed
        | Metric::Max
        | Metric::Min
        | Metric::First => {}
    }
    let mut ring = ring.cloned().unwrap_or_default();
    if is_taken(limit, question.input, verdict) {
        ring.grow(limit.capacity);
        ring.insert(Entry { at: question.at, value, seq: Seq::new(u64::MAX) });
    }
    let told = facts::told(question.input);
    let sighted = sighted(limit, question, verdict, find);
    let find = &|name: NameId, by: &KeyFields| match sighted.iter().find(|(known, _)| *known == name) {
        Some((_, ring)) => Some(Some(ring)),
        None => find(name, by),
    };
    let newest = ring.entries().next_back().map_or(question.at, |entry| entry.at.max(question.at));
    let zone = &question.terms.zone;
    let ends = ring.entries().map(|entry| entry.at).chain(ring.dropped()).filter_map(|at| end(limit, zone, at));
    // One that comes a moment later than what is still quick is not.
    let quick = limit.extra.quick_ms.and_then(|ms| newest.get().checked_add(ms)?.checked_add(1)).map(TimeMs::new);
    let mut instants: Vec<TimeMs> =
        ends.chain(lapses(limit, question, find)).chain(quick).filter(|at| *at > newest).collect();
    if newest > question.at {
        instants.push(newest);
    }
    // What comes long enough after the one before is not quick.
    let slow = limit.extra.quick_ms.and_then(|quick_ms| newest.get().checked_add(quick_ms)?.checked_add(1));
    instants.extend(slow.map(TimeMs::new));
    instants.sort_unstable();
    instants.dedup();
    let stops = |at: &TimeMs| {
        // It arrives as late as it did.
        let now = TimeMs::new(question.now.get().saturating_add(at.since(question.at)));
        let then = Question { at: *at, now, ..*question };
        facts::known(told, &then).include(limit.extra.only)
            && facts::speaks(limit, &then, Some(&ring), find).is_some()
            && exceeded(limit, Some(&ring), &then, value, find).is_some()
    };
    let extra = &limit.extra;
    if extra.after.is_empty() && extra.fresh.is_empty() {
        // A window that only empties lets more pass the later it is.
        return instants.get(instants.partition_point(stops)).copied();
    }
    instants.into_iter().find(|at| !stops(at))
}

/// Whether the ring takes in the input itself, by what becomes of it: what asks for a confirmation and is refused leaves nothing.
fn is_taken(limit: &LimitTerms, input: &Input, verdict: Verdict) -> bool {
    if verdict == Verdict::StepUp && !matches!(input, Input::Event(_)) {
        return false;
    }
    match limit.extra.taken {
        Taken::Attempted => true,
        Taken::Accepted | Taken::Kept => verdict < Verdict::Deny,
        Taken::Denied => verdict == Verdict::Deny,
        Taken::Reversed => false,
    }
}

/// When an entry of some time counts no more.
fn end(limit: &LimitTerms, zone: &Zone, at: TimeMs) -> Option<TimeMs> {
    let Some(period) = limit.extra.calendar else {
        return at.get().checked_add(limit.window_ms).map(TimeMs::new);
    };
    let day = zone.day(at);
    let next = match period {
        CalendarWindow::Day => day + 1,
        // 1 January 1970 was a Thursday.
        CalendarWindow::Week => day - (day + 3).rem_euclid(7) + 7,
        CalendarWindow::Month => {
            let within_next = day - i32::from(parts_of(day).1) + 32;
            within_next - i32::from(parts_of(within_next).1) + 1
        }
    };
    Some(zone.start_of_day(next))
}

/// The rings of values that are new to the member, with those the input itself shows for the first time: what was seen once grows
/// old, however it came to be seen.
fn sighted<'a>(
    limit: &LimitTerms,
    question: &Question<'_>,
    verdict: Verdict,
    find: &impl Find<'a>,
) -> Vec<(NameId, Ring)> {
    let told = facts::told(question.input);
    let of_ring = |fresh: &&Fresh| {
        question.terms.feeds.iter().any(|feed| feed.ring == fresh.ring && feeds::feeds(feed, question.input, told))
    };
    let with = |fresh: &Fresh| {
        let value = facts::value_of(fresh.of, question.input)?;
        let mut ring = find(fresh.ring, &KeyFields::of(KeyField::Member))??.clone();
        if ring.entries().all(|entry| entry.value != value) {
            ring.grow(KNOWN_VALUES_MAX);
            ring.insert(Entry { at: question.at, value, seq: Seq::new(u64::MAX) });
        }
        Some((fresh.ring, ring))
    };
    limit.extra.fresh.iter().filter(|_| verdict < Verdict::StepUp).filter(of_ring).filter_map(with).collect()
}

/// When one of the limit's conditions may cease to hold.
fn lapses<'a>(limit: &LimitTerms, question: &Question<'_>, find: &impl Find<'a>) -> Vec<TimeMs> {
    let extra = &limit.extra;
    let mut starts: Vec<(TimeMs, i64)> = Vec::new();
    starts.extend(question.member.map(|member| member.enrolled_at).zip(extra.newer_ms));
    for prior in &extra.after {
        let ring = find(prior.ring, &prior.key).flatten();
        starts.extend(ring.into_iter().flat_map(Ring::entries).map(|entry| (entry.at, prior.window_ms)));
    }
    for fresh in &extra.fresh {
        let (ring, value) =
            (find(fresh.ring, &KeyFields::of(KeyField::Member)).flatten(), facts::value_of(fresh.of, question.input));
        let first = ring.and_then(|ring| ring.entries().find(|entry| Some(entry.value) == value));
        starts.extend(first.map(|entry| (entry.at, fresh.window_ms)));
    }
    starts.into_iter().filter_map(|(from, ms)| from.get().checked_add(ms).map(TimeMs::new)).collect()
}

/// When the way would have been slow enough.
fn arrived_slower(fired: &Fired<'_>, question: &Question<'_>) -> Option<TimeMs> {
    let Fired { limit, ring, value, .. } = *fired;
    let way = measure::speed(ring?, question.at, value, limit.extra.ignore_m)?;
    let from = ring?.entries().find(|entry| entry.seq == way.seq).map(|entry| entry.at)?;
    if from > question.at {
        return None;
    }
    // The first millisecond at which the speed, rounded down, is no more than the limit.
    let slow = way.metres.checked_mul(3_600)?.checked_div(limit.limit.checked_add(1)?)?.checked_add(1)?;
    let least = slow.min(super::assess::fair_ms(limit, way.metres));
    from.get().checked_add(least).map(TimeMs::new)
}

/// The largest amount that would have passed at the same time, where there is one.
fn smaller<'a>(fired: &Fired<'_>, question: &Question<'_>, find: &impl Find<'a>) -> Option<i64> {
    let Fired { limit, ring, .. } = *fired;
    let by_amount = match limit.metric {
        Metric::Sum => limit.extra.counts_itself(),
        Metric::Max | Metric::First | Metric::Last => !limit.extra.excludes_current,
        metric => matches!(metric, Metric::Share | Metric::Passed),
    };
    if !by_amount && !limit.extra.only.has(Fact::Sizeable) {
        return None;
    }
    let (amount, told) = (question.amount(), facts::told(question.input));
    let stops = |smaller: i64| {
        let spending = question.spending.map(|spending| Spending { amount: smaller, ..spending });
        let then = Question {
            spending: spending.or(Some(Spending { amount: smaller, available: 0, pool: NameId::default() })),
            ..*question
        };
        facts::known(told, &then).include(limit.extra.only)
            && exceeded(limit, ring, &then, if limit.metric == Metric::Sum { smaller } else { fired.value }, find)
                .is_some()
    };
    // The more goes, the less passes: halve what lies between one that passes and one that does not.
    let (mut passes, mut fails) = (0, amount);
    if amount <= 1 || stops(1) {
        return None;
    }
    while fails - passes > 1 {
        let middle = passes + (fails - passes) / 2;
        if stops(middle) { fails = middle } else { passes = middle }
    }
    Some(passes)
}

/// What an input must be for the limit to ask nothing of it, where that can be said.
const fn without(fact: Fact) -> Option<&'static str> {
    Some(match fact {
        Fact::OwnTill => "served by somebody else",
        Fact::Unlinked => "with the order it belongs to",
        Fact::Remote => "in person",
        Fact::NoStore => "with the store it is of",
        Fact::Unproven => "after a purchase",
        Fact::Passing => "after two purchases",
        Fact::Trifling => "for more than a few cents",
        Fact::LateReceipt => "within a day of the sale",
        Fact::Asleep => "after a purchase or a redemption",
        Fact::Indebted => "once nothing is owed",
        Fact::ToNewcomer => "to who has been a member for two weeks",
        Fact::Late => "brought within the hour",
        Fact::BirthdaySoon => "with a birthday that is further off",
        Fact::InPerson | Fact::Contact | Fact::Sizeable | Fact::Receipt | Fact::Mailbox => return None,
    })
}

/// What would have passed, done otherwise.
fn otherwise(fired: &Fired<'_>, question: &Question<'_>) -> Vec<String> {
    let Fired { limit, ring, .. } = *fired;
    let mut ways = Vec::new();
    if let (Metric::Distinct(of), Some(ring)) = (limit.metric, ring) {
        let counts = |entry: &&Entry| entry.value != MARK;
        let known = measure::within(ring, question.at, limit.window_ms).filter(counts).count();
        let evidence = limit.limit;
        let before = measure::distinct(ring, question.at, limit.window_ms, None);
        if limit.extra.latest.is_none() && before.complete && known > 0 && before.value <= evidence {
            ways.push(format!("with a {} counted already", of.name()));
        }
    }
    if let (Metric::Sequence, Some(ring)) = (limit.metric, ring)
        && let [Some(before), None] = measure::neighbours(ring, question.at)
    {
        ways.push(format!("with number {}", before.value.saturating_add(1)));
    }
    if limit.metric == Metric::Min && !limit.extra.excludes_current && question.amount() < limit.limit {
        ways.push(format!("with an amount of at least {}", limit.limit));
    }
    match limit.metric {
        Metric::Favour => ways.push("served by somebody else".to_owned()),
        Metric::Cycle => ways.push("to somebody outside the circle".to_owned()),
        Metric::Copies => ways.push("over another amount".to_owned()),
        _ => {}
    }
    ways.extend(limit.extra.only.iter().filter_map(without).map(str::to_owned));
    for fresh in &limit.extra.fresh {
        ways.push(format!("with a {} known for {}", fresh.of.name(), words::duration(fresh.window_ms)));
    }
    ways
}

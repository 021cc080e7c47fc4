//! What an input is, beside its kind, and what must have happened before a limit speaks. Reads the rings, changes nothing.

use std::cell::LazyCell;

use super::channel::{is_in_person, is_in_person_of};
use super::measure;
use super::question::{Question, Spending};
use super::window::Ring;
use crate::ledger::calendar::parts_of;
use crate::ledger::member::Member;
use crate::ledger::record::{Input, KeyField, KeyFields};
use crate::ledger::terms::{Fact, Facts, Fields, Fresh, LimitTerms, Metric, Prior};
use crate::ledger::types::{NameId, Seq, Text, TimeMs};

/// Finds the ring of a name by fields of the input: nothing where the input lacks one of them, and no ring where there is none yet.
pub(super) trait Find<'a>: Fn(NameId, &KeyFields) -> Option<Option<&'a Ring>> {}

impl<'a, T: Fn(NameId, &KeyFields) -> Option<Option<&'a Ring>>> Find<'a> for T {}

/// What an input may be, as far as it says so itself: what only the ledger knows counts as so.
pub(super) fn told(input: &Input) -> Facts {
    told_of(input, Fields::of(input))
}

/// The same of an input that has these fields.
pub(super) fn told_of(input: &Input, fields: Fields) -> Facts {
    let has = |field| fields.has(field);
    let (in_person, has_receipt) = (is_in_person_of(input, fields), has(KeyField::Receipt));
    let contact = has(KeyField::Email) || has(KeyField::Phone) || has(KeyField::Address);
    FOR_THE_LEDGER
        .with(Fact::InPerson, in_person)
        .with(Fact::Remote, !in_person)
        .with(Fact::OwnTill, has(KeyField::Staff))
        .with(Fact::Unlinked, !has(KeyField::Order))
        .with(Fact::NoStore, !has(KeyField::Store))
        .with(Fact::Trifling, is_trifling(input))
        .with(Fact::Receipt, has_receipt)
        .with(Fact::LateReceipt, has_receipt)
        .with(Fact::Contact, contact)
        .with(Fact::BirthdaySoon, is_birthday_soon(input))
        .with(Fact::Mailbox, has(KeyField::Email))
        .with(Fact::Late, is_numbered(input))
}

/// What only the ledger knows.
const FOR_THE_LEDGER: Facts = Facts::NONE
    .with(Fact::Sizeable, true)
    .with(Fact::Unproven, true)
    .with(Fact::Passing, true)
    .with(Fact::Asleep, true)
    .with(Fact::Indebted, true)
    .with(Fact::ToNewcomer, true);

pub(super) fn has(input: &Input, field: KeyField) -> bool {
    input.key_field(field).is_some_and(|value| !value.is_empty())
}

/// What an input is, of what [`told`] says it may be, by what the ledger knows; of the facts that nobody asks for it may say
/// either.
pub(super) fn known(told: Facts, question: &Question<'_>) -> Facts {
    let asked = question.terms.concerns.facts(question.input).and(told).and(KNOWN_TO_THE_LEDGER);
    if asked.is_empty() {
        return told;
    }
    let (bought, at) = (LazyCell::new(|| bought(question)), question.at);
    let age_ms = question.now.since(at);
    let is_new = |since: TimeMs| at.since(since) < NEWCOMER_MS;
    let owes = |member: &Member| member.pools.iter().any(|pool| pool.debt.is_positive());
    let is = |fact: Fact| match fact {
        Fact::Sizeable => is_sizeable(question),
        Fact::Unproven => *bought == 0,
        Fact::Passing => *bought <= 1,
        Fact::ToNewcomer => question.recipient_since.is_some_and(is_new),
        Fact::Indebted => question.member.is_some_and(owes),
        Fact::Asleep => is_idle(question, ASLEEP_MS),
        Fact::LateReceipt => age_ms > LATE_MS,
        Fact::Late => age_ms > SOON_MS,
        _ => true,
    };
    OF_THE_LEDGER.into_iter().filter(|fact| asked.has(*fact)).fold(told, |known, fact| known.with(fact, is(fact)))
}

/// What the input alone does not say.
const OF_THE_LEDGER: [Fact; 8] = [
    Fact::Sizeable,
    Fact::Unproven,
    Fact::Passing,
    Fact::ToNewcomer,
    Fact::Indebted,
    Fact::Asleep,
    Fact::LateReceipt,
    Fact::Late,
];

const KNOWN_TO_THE_LEDGER: Facts = FOR_THE_LEDGER.with(Fact::LateReceipt, true).with(Fact::Late, true);

/// How often the member bought, less what was given back.
pub(super) fn bought(question: &Question<'_>) -> i64 {
    let counter = question.member.and_then(|member| member.counter(question.terms.purchases_counter));
    counter.map_or(0, |counter| counter.ever)
}

/// A sale of next to nothing. What is free may be a reward.
fn is_trifling(input: &Input) -> bool {
    matches!(input, Input::Event(event) if (1..=TRIFLE).contains(&event.amount().get()))
}

/// The most a trifle costs, in the smallest coins.
const TRIFLE: i64 = 10;

/// Who enrolled is a newcomer for so long.
const NEWCOMER_MS: i64 = 14 * 86_400_000;

/// Who neither bought nor redeemed for so long is asleep.
const ASLEEP_MS: i64 = 30 * 86_400_000;

/// Whether the member neither bought nor redeemed for so long.
fn is_idle(question: &Question<'_>, idle_ms: i64) -> bool {
    question.member.is_some_and(|member| question.at.since(member.active_at.max(member.enrolled_at)) >= idle_ms)
}

/// A receipt is late after so long.
const LATE_MS: i64 = 86_400_000;

/// Whether a till numbers its own events, as those do that may be offline.
fn is_numbered(input: &Input) -> bool {
    matches!(input, Input::Event(event) if event.attribute("terminal_sequence").is_some())
}

/// What arrives after so long is late.
const SOON_MS: i64 = 3_600_000;

/// A birthday is soon within so many days.
const SOON_DAYS: i32 = 7;

/// Whether a birthday is told that is today or within the week; a day of another zone is near enough.
pub(super) fn is_birthday_soon(input: &Input) -> bool {
    let Input::Event(event) = input else { return false };
    let Some(birthday) = event.personal.as_deref().and_then(|personal| personal.birthday) else { return false };
    let today = i32::try_from(event.occurred_at.get().div_euclid(86_400_000)).unwrap_or(0);
    let is_on = |day: i32| {
        let (month, day_of_month, _) = parts_of(day);
        (month, day_of_month) == (birthday.month, birthday.day)
    };
    (0..=SOON_DAYS).any(|days| is_on(today.saturating_add(days)))
}

fn is_sizeable(question: &Question<'_>) -> bool {
    question.spending.is_some_and(Spending::is_sizeable)
}

/// What else a limit asks of the member.
fn member_fits(limit: &LimitTerms, question: &Question<'_>) -> bool {
    let extra = &limit.extra;
    if extra.only.has(Fact::OwnTill) {
        let works_as = question.member.and_then(|member| member.profile.attribute("employee"));
        if works_as.is_none() || works_as != question.input.key_field(KeyField::Staff) {
            return false;
        }
    }
    let at = question.at;
    let newer = |newer_ms: i64| question.member.is_none_or(|member| at.since(member.enrolled_at) < newer_ms);
    extra.newer_ms.is_none_or(newer) && extra.idle_ms.is_none_or(|idle_ms| is_idle(question, idle_ms))
}

/// Whether a limit speaks about an input that is what it must be; the records that made it so.
pub(super) fn speaks<'a>(
    limit: &LimitTerms,
    question: &Question<'_>,
    own: Option<&Ring>,
    find: &impl Find<'a>,
) -> Option<Vec<Seq>> {
    let extra = &limit.extra;
    if !member_fits(limit, question) {
        return None;
    }
    let mut records = Vec::new();
    for fresh in &extra.fresh {
        if !is_fresh(fresh, question, find) {
            return None;
        }
    }
    for prior in &extra.after {
        records.extend(happened(prior, (limit, question), own, find)?);
    }
    Some(records)
}

/// Whether a value is new to the member, who has used another for longer. A till sees no phone: there it is the one they were last
/// seen to begin with.
fn is_fresh<'a>(fresh: &Fresh, question: &Question<'_>, find: &impl Find<'a>) -> bool {
    let member = KeyFields::of(KeyField::Member);
    let Some(Some(ring)) = find(fresh.ring, &member) else { return false };
    let latest = || ring.entries().next_back().filter(|_| fresh.of == KeyField::Device && is_in_person(question.input));
    let Some(value) = value_of(fresh.of, question.input).or_else(|| Some(latest()?.value)) else { return false };
    let age = |at: TimeMs| question.at.since(at);
    let is_new = ring.entries().find(|entry| entry.value == value).is_none_or(|entry| age(entry.at) < fresh.window_ms);
    let established = ring.entries().any(|entry| entry.value != value && age(entry.at) >= fresh.window_ms);
    is_new && established
}

/// The records of what had to happen before, where it did.
fn happened<'a>(
    prior: &Prior,
    (limit, question): (&LimitTerms, &Question<'_>),
    own: Option<&Ring>,
    find: &impl Find<'a>,
) -> Option<Vec<Seq>> {
    let ring = find(prior.ring, &prior.key)??;
    let (at, window_ms) = (question.at, prior.window_ms);
    let tally = if prior.distinct { measure::distinct(ring, at, window_ms, None) } else { ring.count(at, window_ms) };
    if tally.value < prior.least {
        return None;
    }
    if let Some(percent) = prior.percent {
        // Of more than is kept nothing is said.
        let all = own.map(|own| own.count(at, window_ms)).filter(|all| all.complete)?;
        if tally.value.saturating_mul(100) < all.value.saturating_mul(percent) {
            return None;
        }
    }
    if let Some(percent) = prior.most_percent
        && tally.value.saturating_mul(100) > counted(limit, question, (own, ring), prior).saturating_mul(percent)
    {
        return None;
    }
    Some(ring.contributing(at, window_ms, usize::try_from(prior.least).unwrap_or(1).clamp(1, 10)))
}

/// What a limit itself counted within the time of a prior, this input included; of more than is kept at least so much. Where both
/// are about different values, those that are among the prior's.
fn counted(limit: &LimitTerms, question: &Question<'_>, (own, before): (Option<&Ring>, &Ring), prior: &Prior) -> i64 {
    let (at, window_ms) = (question.at, prior.window_ms);
    match limit.metric {
        Metric::Distinct(of) => {
            let value = question.input.key_field(of).map(measure::fingerprint);
            let own = own.into_iter().flat_map(|own| measure::within(own, at, window_ms)).map(|entry| entry.value);
            let mut values: Vec<i64> = own.chain(value).collect();
            values.sort_unstable();
            values.dedup();
            let among = |value: &i64| measure::within(before, at, window_ms).any(|entry| entry.value == *value);
            values.retain(|value| !prior.distinct || among(value));
            i64::try_from(values.len()).unwrap_or(i64::MAX)
        }
        _ => own.map_or(0, |own| own.count(at, window_ms).value).saturating_add(1),
    }
}

/// What tells one value of a field from another. Addresses of one network are one.
pub(super) fn value_of(field: KeyField, input: &Input) -> Option<i64> {
    let value = input.key_field(field).filter(|value| !value.is_empty())?;
    if field != KeyField::Ip {
        return Some(measure::fingerprint(value));
    }
    let network = match value.rsplit_once('.') {
        Some((network, _)) => network,
        None => value.match_indices(':').nth(3).map_or(value.as_str(), |(at, _)| value.get(..at).unwrap_or(value)),
    };
    Some(measure::fingerprint(&Text::new(network)))
}

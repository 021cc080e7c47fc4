//! Trails: entries of a plain count that also tell which employee, card and store an event named, in twenty bits each. Two of a
//! million may look alike; then fewer are counted than there were, so nobody is accused by it.

use super::measure::{fingerprint, within};
use super::question::Question;
use super::window::{Entry, Ring};
use crate::ledger::record::{Input, KeyField, MARK};
use crate::ledger::terms::{Favour, LimitTerms, TRAIL_FIELDS};
use crate::ledger::types::{Seq, Text, TimeMs};

/// Bits of each.
const BITS: u32 = 20;
/// Tells a trail from a plain count's 1.
const TRAIL: i64 = 1 << 60;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// An input's trail.
pub(super) fn pack(input: &Input) -> i64 {
    TRAIL_FIELDS.into_iter().fold(1, |packed, field| packed << BITS | told(input, field).unwrap_or(0))
}

/// An input's part of its trail.
fn told(input: &Input, field: KeyField) -> Option<i64> {
    input.key_field(field).filter(|value| !value.is_empty()).map(small)
}

/// A value in twenty bits, never zero.
fn small(value: &Text) -> i64 {
    (fingerprint(value) & ((1 << BITS) - 1)).max(1)
}

/// The part of a trail, where the event had the field.
fn part(entry: i64, field: KeyField) -> Option<i64> {
    part_at(entry, bits_after(field)?)
}

/// How many bits of a trail come after a field's part.
fn bits_after(field: KeyField) -> Option<u32> {
    let at = TRAIL_FIELDS.iter().rev().position(|known| *known == field)?;
    Some(BITS * u32::try_from(at).unwrap_or(0))
}

fn part_at(entry: i64, bits: u32) -> Option<i64> {
    let part = entry >> bits & ((1 << BITS) - 1);
    (entry != MARK && entry >= TRAIL && part != 0).then_some(part)
}

/// The latest entries of the window that ends at an instant.
fn latest(ring: &Ring, at: TimeMs, window_ms: i64, most: u16) -> impl Iterator<Item = &Entry> {
    within(ring, at, window_ms).take(usize::from(most))
}

/// Whether a ring has too few entries for the limit to be passed by the input too: so it is with most members, and costs one look.
fn is_short(ring: &Ring, limit: &LimitTerms) -> bool {
    i64::try_from(ring.entries().len()).unwrap_or(i64::MAX) < limit.limit
}

/// Different values that are counted without room being made for them.
const FEW: usize = 16;

/// How many different values of a field are among the latest entries, the input's own included, and where that is more than the limit a
/// record of each.
pub(super) fn distinct(ring: &Ring, question: &Question<'_>, limit: &LimitTerms, of: KeyField) -> (i64, Vec<Seq>) {
    if is_short(ring, limit) {
        return (0, Vec::new());
    }
    let own = told(question.input, of).filter(|_| TRAIL_FIELDS.contains(&of));
    let bits = bits_after(of);
    let told = || {
        let latest = latest(ring, question.at, limit.window_ms, limit.extra.latest.unwrap_or(u16::MAX));
        latest.filter_map(|entry| Some((part_at(entry.value, bits?)?, entry.seq)))
    };
    let (mut few, mut count) = ([own.unwrap_or(0); FEW], usize::from(own.is_some()));
    for (value, _) in told() {
        if !few.get(..count).is_some_and(|few| few.contains(&value)) {
            let Some(free) = few.get_mut(count) else { return all_distinct(own, told()) };
            (*free, count) = (value, count + 1);
        }
    }
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    if count > limit.limit { all_distinct(own, told()) } else { (count, Vec::new()) }
}

/// How many different values of a field a ring's entries and the input name: at least as many as any window holds; more than
/// [`FEW`] are not told apart.
pub(super) fn values(ring: &Ring, input: &Input, of: KeyField) -> u16 {
    let own = told(input, of);
    let (mut few, mut count) = ([own.unwrap_or(0); FEW], usize::from(own.is_some()));
    for value in ring.entries().filter_map(|entry| part(entry.value, of)) {
        if !few.get(..count).is_some_and(|few| few.contains(&value)) {
            let Some(free) = few.get_mut(count) else { return u16::MAX };
            (*free, count) = (value, count + 1);
        }
    }
    u16::try_from(count).unwrap_or(u16::MAX)
}

fn all_distinct(own: Option<i64>, told: impl Iterator<Item = (i64, Seq)>) -> (i64, Vec<Seq>) {
    let mut values: Vec<i64> = own.into_iter().collect();
    let mut records = Vec::new();
    for (value, seq) in told {
        if !values.contains(&value) {
            values.push(value);
            records.push(seq);
        }
    }
    (i64::try_from(values.len()).unwrap_or(i64::MAX), records)
}

/// How many of the latest entries, the input included, came soon after the one before, which is after the one time and no later than
/// the other, and the records of those; nothing where the input did not. Most inputs cost a look at one entry.
pub(super) fn quick(
    ring: &Ring,
    question: &Question<'_>,
    limit: &LimitTerms,
    (apart_ms, quick_ms): (i64, i64),
) -> Option<(i64, Vec<Seq>)> {
    let most = limit.extra.latest.unwrap_or(u16::MAX);
    let (mut before, mut count, mut records) = (question.at, 0, Vec::new());
    for entry in latest(ring, question.at, limit.window_ms, most) {
        let gap_ms = before.since(entry.at);
        if gap_ms <= quick_ms && (gap_ms > apart_ms || apart_ms == 0) {
            count += 1;
            records.push(entry.seq);
        } else if count == 0 {
            return None;
        }
        before = entry.at;
    }
    (count > limit.limit).then_some((count, records))
}

/// A member whom an employee serves out of proportion.
pub(super) struct Favoured {
    /// How often the employee served them, this time included.
    pub(super) count: i64,
    /// On how many days.
    pub(super) days: i64,
    /// Of a hundred of the member's own events.
    pub(super) share: i64,
    /// How often others whom the employee served come in a day, in hundredths.
    pub(super) usual: i64,
    /// How many others were compared.
    pub(super) others: usize,
    pub(super) records: Vec<Seq>,
}

/// What the trail of a member and the latest sales of the employee say; nothing where it is in proportion, or where there is
/// nobody to compare with: a customer who comes every morning meets the same cashier, and is one of many who do.
pub(super) fn favoured(
    own: &Ring,
    served: Option<&Ring>,
    question: &Question<'_>,
    (limit, terms): (&LimitTerms, Favour),
) -> Option<Favoured> {
    let staff = told(question.input, KeyField::Staff)?;
    if terms.cash && told(question.input, KeyField::Card).is_some() {
        return None;
    }
    if is_short(own, limit) {
        return None;
    }
    let entries = || latest(own, question.at, limit.window_ms, limit.extra.latest.unwrap_or(u16::MAX));
    let by = |entry: &Entry| part(entry.value, KeyField::Staff);
    let counts = |entry: &Entry| !(terms.cash && part(entry.value, KeyField::Card).is_some());
    // Most members are served by many: then nothing further is looked at.
    let at_most = entries().filter(|entry| by(entry) == Some(staff) && counts(entry)).count();
    if i64::try_from(at_most).is_ok_and(|before| before < limit.limit) {
        return None;
    }
    let (mut count, mut all, mut quick, mut last) = (1, 1, 0, question.at);
    let (mut days, mut records) = (vec![day(last)], Vec::new());
    for entry in entries().filter(|entry| by(entry).is_some()) {
        if by(entry) != Some(staff) || !counts(entry) {
            all += 1;
        } else if terms.apart_ms == 0 || last.since(entry.at) > terms.apart_ms {
            quick += i64::from(limit.extra.quick_ms.is_some_and(|quick_ms| last.since(entry.at) <= quick_ms));
            (all, count, last) = (all + 1, count + 1, entry.at);
            records.push(entry.seq);
            if !days.contains(&day(last)) {
                days.push(day(last));
            }
        }
    }
    let share = count * 100 / all;
    // Who comes thrice a day, in the morning, at noon and in the evening, does not come one time after the other.
    let in_rows = limit.extra.quick_ms.is_none() || quick * 2 >= count;
    if count <= limit.limit || share < terms.share || !in_rows {
        return None;
    }
    let days = i64::try_from(days.len()).unwrap_or(i64::MAX);
    if days < terms.days || count < terms.a_day.saturating_mul(days) {
        return None;
    }
    let member = question.input.key_field(KeyField::Member).map(fingerprint)?;
    let mut visits: Vec<(i64, i64)> = Vec::new();
    let (mut sales, mut others) = (0i64, Vec::new());
    for entry in within(served?, question.at, limit.window_ms).filter(|entry| entry.value != member) {
        sales += 1;
        if !visits.contains(&(entry.value, day(entry.at))) {
            visits.push((entry.value, day(entry.at)));
        }
        if !others.contains(&entry.value) {
            others.push(entry.value);
        }
    }
    let usual = (sales * 100).checked_div(i64::try_from(visits.len()).unwrap_or(i64::MAX))?;
    let out_of_proportion = count * 100 >= terms.times * usual * days;
    (others.len() >= terms.others && out_of_proportion).then_some(Favoured {
        count,
        days,
        share,
        usual,
        others: others.len(),
        records,
    })
}

const fn day(at: TimeMs) -> i64 {
    at.get().div_euclid(DAY_MS)
}

//! Tiers by calendar years: the highest level that this year's or last year's credit reaches.
//!
//! A status therefore lasts from the event that reaches it to the end of the following calendar year, and falls at once
//! when a refund takes the credit away. It is a function of counters and time: no sweep can be late.

use super::member::Member;
use super::terms::{Terms, TierTerms};
use super::types::{NameId, TimeMs};

/// The tier at an instant; `None` where the program has none or even the lowest asks for more.
#[must_use]
pub fn tier_at(member: &Member, terms: &Terms, at: TimeMs) -> Option<NameId> {
    tier_with(member, terms, at, None)
}

/// The tier at an instant once `added` (a year and an amount) has reached the qualifying counter.
#[must_use]
pub fn tier_with(member: &Member, terms: &Terms, at: TimeMs, added: Option<(i32, i64)>) -> Option<NameId> {
    let tiers = terms.tiers.as_ref()?;
    let year = terms.zone.year(at);
    let extra = |y: i32| added.map_or(0, |(in_year, amount)| if in_year == y { amount } else { 0 });
    let credit = |y: i32| credit_of(member, tiers, y).saturating_add(extra(y));
    level(tiers, credit(year).max(credit(year - 1)))
}

/// The qualifying credit of a calendar year.
#[must_use]
pub fn credit_of(member: &Member, tiers: &TierTerms, year: i32) -> i64 {
    member.counter(tiers.counter).map_or(0, |counter| counter.years.get(year))
}

/// The highest level whose threshold a credit reaches.
#[must_use]
pub fn level(tiers: &TierTerms, credit: i64) -> Option<NameId> {
    tiers.levels.iter().rev().find(|(_, from)| credit >= *from).map(|(name, _)| *name)
}

/// The next year's end at which the recorded tier falls. Time alone never raises one.
#[must_use]
pub fn next_fall(member: &Member, terms: &Terms) -> Option<TimeMs> {
    let tiers = terms.tiers.as_ref()?;
    let recorded = rank(tiers, member.tier);
    if recorded <= rank(tiers, level(tiers, 0)) {
        return None;
    }
    let latest = member.counter(tiers.counter)?.years.latest();
    // The credit of a year carries the tier to the end of the next one, so two boundaries decide everything.
    [latest.saturating_add(1), latest.saturating_add(2)]
        .map(|year| terms.zone.start_of_year(year))
        .into_iter()
        .find(|boundary| rank(tiers, tier_at(member, terms, *boundary)) < recorded)
}

/// A tier's place above having none. One that is no longer declared stands above all, and so falls to what fits.
fn rank(tiers: &TierTerms, tier: Option<NameId>) -> usize {
    let Some(name) = tier else { return 0 };
    tiers.levels.iter().position(|(level, _)| *level == name).map_or(usize::MAX, |at| at + 1)
}

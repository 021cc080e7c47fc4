//! Tiers: the highest level that a member qualifies for, by credit of counters or by what is known of them.
//!
//! By calendar years a status lasts from the event that reaches it to the end of the following year, and falls at once
//! when a refund takes the credit away. It is a function of counters, attributes and time: no sweep can be late.

use super::calendar::{Day, year_of};
use super::member::Member;
use super::terms::{LevelTerms, Need, Terms, TierPeriod, TierTerms};
use super::types::{NameId, Text, TimeMs};

/// What a record in the making adds to what the member has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Added<'a> {
    /// Counts: counter, civil day, amount.
    pub counts: &'a [(NameId, Day, i64)],
    /// Attributes that replace what was known, sorted by name.
    pub attributes: &'a [(Text, Text)],
}

/// The tier at an instant; `None` where the program has none or even the lowest asks for more.
#[must_use]
pub fn tier_at(member: &Member, terms: &Terms, at: TimeMs) -> Option<NameId> {
    tier_with(member, terms, at, Added::default())
}

/// The tier at an instant once a record's counts and attributes are in.
#[must_use]
pub fn tier_with(member: &Member, terms: &Terms, at: TimeMs, added: Added<'_>) -> Option<NameId> {
    let tiers = terms.tiers.as_ref()?;
    let year = terms.zone.year(at);
    let qualifies = |need: &Need| match need {
        Need::Credit(counter, from) => credit_with(member, tiers.period, *counter, year, added) >= *from,
        Need::Attribute(name, value) => {
            let told = added.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value);
            told.or_else(|| member.profile.attribute(name)) == Some(value)
        }
    };
    tiers.levels.iter().rev().find(|level| level.any.iter().any(qualifies)).map(|level| level.name)
}

/// A counter's credit towards tiers in a calendar year, the year before included where that is more.
#[must_use]
pub fn credit_of(member: &Member, tiers: &TierTerms, counter: NameId, year: i32) -> i64 {
    credit_with(member, tiers.period, counter, year, Added::default())
}

fn credit_with(member: &Member, period: TierPeriod, counter: NameId, year: i32, added: Added<'_>) -> i64 {
    let known = member.counter(counter);
    let sum = |of: i64, counts: &dyn Fn(Day) -> bool| {
        let here = added.counts.iter().filter(|(name, day, _)| *name == counter && counts(*day));
        here.fold(of, |sum, (_, _, amount)| sum.saturating_add(*amount))
    };
    match period {
        TierPeriod::Lifetime => sum(known.map_or(0, |known| known.ever), &|_| true),
        TierPeriod::CalendarYear => {
            let of = |year: i32| sum(known.map_or(0, |known| known.years.get(year)), &|day| year_of(day) == year);
            of(year).max(of(year - 1))
        }
    }
}

/// The next year's end at which the recorded tier falls. Time alone never raises one.
#[must_use]
pub fn next_fall(member: &Member, terms: &Terms) -> Option<TimeMs> {
    let tiers = terms.tiers.as_ref().filter(|tiers| tiers.period == TierPeriod::CalendarYear)?;
    let recorded = rank(tiers, member.tier);
    let lowest = tiers.levels.first().filter(|level| level.any.iter().any(|need| matches!(need, Need::Credit(_, 0))));
    if recorded <= rank(tiers, lowest.map(|level| level.name)) {
        return None;
    }
    let latest = counters(tiers).filter_map(|name| member.counter(name)).map(|known| known.years.latest()).max()?;
    // The credit of a year carries the tier to the end of the next one, so two boundaries decide everything.
    [latest.saturating_add(1), latest.saturating_add(2)]
        .map(|year| terms.zone.start_of_year(year))
        .into_iter()
        .find(|boundary| rank(tiers, tier_at(member, terms, *boundary)) < recorded)
}

/// Whether the recorded tier falls by an instant: [`next_fall`], with no look at what lies after it.
#[must_use]
pub fn falls_by(member: &Member, terms: &Terms, at: TimeMs) -> bool {
    let Some(tiers) = terms.tiers.as_ref().filter(|tiers| tiers.period == TierPeriod::CalendarYear) else {
        return false;
    };
    let latest = counters(tiers).filter_map(|name| member.counter(name)).map(|known| known.years.latest()).max();
    latest.is_some_and(|latest| terms.zone.year(at) > latest)
        && next_fall(member, terms).is_some_and(|falls| falls <= at)
}

/// The counters that qualify, each as often as levels name it.
pub fn counters(tiers: &TierTerms) -> impl Iterator<Item = NameId> + '_ {
    tiers.levels.iter().flat_map(|level| &level.any).filter_map(|need| match need {
        Need::Credit(counter, _) => Some(*counter),
        Need::Attribute(..) => None,
    })
}

/// What a level asks of its first qualifying counter; `None` for levels by attribute.
#[must_use]
pub fn threshold(level: &LevelTerms) -> Option<(NameId, i64)> {
    level.any.iter().find_map(|need| match need {
        Need::Credit(counter, from) => Some((*counter, *from)),
        Need::Attribute(..) => None,
    })
}

/// A tier's place above having none. One that is no longer declared stands above all, and so falls to what fits.
#[must_use]
pub fn rank(tiers: &TierTerms, tier: Option<NameId>) -> usize {
    let Some(name) = tier else { return 0 };
    tiers.levels.iter().position(|level| level.name == name).map_or(usize::MAX, |at| at + 1)
}

//! Tiers: the highest level that a member qualifies for, by credit of counters or by what is known of them.
//!
//! By calendar years and by the member's own years a status lasts from the event that reaches it to the end of the following
//! year; by a rolling window as long as what lies in it suffices. It falls so much later as there is grace, and at once when
//! a refund takes the credit away. It is a function of counters, attributes, landings and time: no sweep can be late.

mod days;

use super::calendar::{Day, year_of};
use super::member::Member;
use super::status::Landing;
use super::terms::{Downgrade, LevelTerms, Need, Terms, TierPeriod, TierTerms};
use super::types::{NameId, Text, TimeMs};

/// Days that are kept beyond need, so that not every record has some to forget.
const SPARE_DAYS: Day = 62;

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
    let now = Now::of(terms, tiers, at);
    let qualifies = |need: &Need| match need {
        Need::Credit(counter, from) => credit_with(member, (terms, tiers), *counter, now, added) >= *from,
        Need::Attribute(name, value) => {
            let told = added.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value);
            told.or_else(|| member.profile.attribute(name)) == Some(value)
        }
    };
    let fits = tiers.levels.iter().rposition(|level| level.any.iter().any(qualifies));
    let landing = member.status.as_deref().and_then(|status| status.landing).filter(|landing| at < landing.until);
    let landed = landing.and_then(|landing| tiers.levels.iter().position(|level| level.name == landing.tier));
    tiers.levels.get(fits.max(landed)?).map(|level| level.name)
}

/// An instant as tiers look at it: its calendar year, or its civil day where credit is kept by days.
#[derive(Clone, Copy, Debug)]
enum Now {
    Year(i32),
    Day(Day),
}

impl Now {
    fn of(terms: &Terms, tiers: &TierTerms, at: TimeMs) -> Self {
        if tiers.by_days() { Self::Day(terms.zone.day(at)) } else { Self::Year(terms.zone.year(at)) }
    }
}

/// A counter's credit towards tiers at an instant.
#[must_use]
pub fn credit_at(member: &Member, terms: &Terms, counter: NameId, at: TimeMs) -> i64 {
    let Some(tiers) = terms.tiers.as_ref() else { return 0 };
    credit_with(member, (terms, tiers), counter, Now::of(terms, tiers, at), Added::default())
}

fn credit_with(
    member: &Member,
    (terms, tiers): (&Terms, &TierTerms),
    counter: NameId,
    now: Now,
    added: Added<'_>,
) -> i64 {
    let known = member.counter(counter);
    let sum = |of: i64, counts: &dyn Fn(Day) -> bool| {
        let here = added.counts.iter().filter(|(name, day, _)| *name == counter && counts(*day));
        here.fold(of, |sum, (_, _, amount)| sum.saturating_add(*amount))
    };
    match (tiers.period, now) {
        (TierPeriod::Lifetime, _) => sum(known.map_or(0, |known| known.ever), &|_| true),
        (_, Now::Day(today)) => days::credit(member, (terms, tiers), counter, today, added),
        (_, Now::Year(year)) => {
            let of = |year: i32| sum(known.map_or(0, |known| known.years.get(year)), &|day| year_of(day) == year);
            of(year).max(of(year - 1))
        }
    }
}

/// The next instant at which the recorded tier falls. Time alone never raises one.
#[must_use]
pub fn next_fall(member: &Member, terms: &Terms) -> Option<TimeMs> {
    let tiers = terms.tiers.as_ref().filter(|tiers| tiers.period != TierPeriod::Lifetime)?;
    let recorded = rank(tiers, member.tier);
    let lowest = tiers.levels.first().filter(|level| level.any.iter().any(|need| matches!(need, Need::Credit(_, 0))));
    if recorded <= rank(tiers, lowest.map(|level| level.name)) {
        return None;
    }
    if tiers.by_days() {
        let instants = days::ends(member, terms, tiers);
        // Nothing is earned after the last day there is credit for, so from then on the tier only falls.
        let at = instants.partition_point(|at| rank(tiers, tier_at(member, terms, *at)) >= recorded);
        return instants.get(at).map(|at| (*at).max(terms.since));
    }
    let latest = counters(tiers).filter_map(|name| member.counter(name)).map(|known| known.years.latest()).max()?;
    // The credit of a year carries the tier to the end of the next one, so two boundaries decide everything.
    [latest.saturating_add(1), latest.saturating_add(2)]
        .map(|year| terms.zone.start_of_year(year))
        .into_iter()
        .find(|boundary| rank(tiers, tier_at(member, terms, *boundary)) < recorded)
        .map(|at| at.max(terms.since))
}

/// Whether the recorded tier falls by an instant: [`next_fall`], with no look at what lies after it.
#[must_use]
pub fn falls_by(member: &Member, terms: &Terms, at: TimeMs) -> bool {
    let Some(tiers) = terms.tiers.as_ref().filter(|tiers| tiers.period != TierPeriod::Lifetime) else {
        return false;
    };
    let latest = || counters(tiers).filter_map(|name| member.counter(name)).map(|known| known.years.latest()).max();
    (tiers.by_days() || latest().is_some_and(|latest| terms.zone.year(at) > latest))
        && next_fall(member, terms).is_some_and(|falls| falls <= at)
}

/// What the recorded tier falls to at an instant, and the level it keeps for a time where it falls one step only.
#[must_use]
pub fn fall(member: &Member, terms: &Terms, at: TimeMs) -> (Option<NameId>, Option<Landing>) {
    let fits = tier_at(member, terms, at);
    let Some(tiers) = terms.tiers.as_ref().filter(|tiers| tiers.downgrade == Downgrade::ByOne) else {
        return (fits, None);
    };
    let below = rank(tiers, member.tier).checked_sub(2).and_then(|at| tiers.levels.get(at));
    match below.map(|level| level.name).filter(|tier| rank(tiers, Some(*tier)) > rank(tiers, fits)) {
        Some(tier) => (Some(tier), Some(Landing { tier, until: days::landing_ends(member, terms, tiers, at) })),
        None => (fits, None),
    }
}

/// The counters that a record which may count must first keep by days, or of which days can be forgotten, and since when they
/// matter at an instant. Nothing where tiers go by calendar years alone.
#[must_use]
pub fn to_keep(member: &Member, terms: &Terms, at: TimeMs) -> Option<(Vec<NameId>, Day)> {
    let tiers = terms.tiers.as_ref().filter(|tiers| tiers.by_days())?;
    let since = days::keep_since(terms, tiers, at);
    let kept = |counter| member.status.as_deref().and_then(|status| status.credits(counter));
    let asks = |counter: &NameId| {
        kept(*counter)
            .is_none_or(|kept| kept.days.first().is_some_and(|(day, _)| day.saturating_add(SPARE_DAYS) < since))
    };
    let mut asking: Vec<NameId> = counters(tiers).filter(asks).collect();
    asking.sort_unstable();
    asking.dedup();
    Some((asking, since)).filter(|(asking, _)| !asking.is_empty())
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

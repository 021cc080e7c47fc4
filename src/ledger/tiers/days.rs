//! Credit by days: the member's own years, rolling windows, grace. Everything here is a civil day; a boundary is its midnight.
//!
//! What a boundary means for a tier is decided in [`super`].

use super::super::calendar::{Day, Span, civil_day, civil_parts, year_of};
use super::super::member::Member;
use super::super::status::{add, by_days};
use super::super::terms::{Terms, TierPeriod, TierTerms};
use super::super::types::{NameId, TimeMs};
use super::{Added, counters};

const DAY_MS: i64 = 86_400_000;
/// No month is longer.
const MONTH_DAYS: i32 = 31;

/// A counter's credit on a day, and what of an earlier one is still kept by grace.
pub(super) fn credit(
    member: &Member,
    (terms, tiers): (&Terms, &TierTerms),
    counter: NameId,
    today: Day,
    added: Added<'_>,
) -> i64 {
    let mut days = known(member, counter);
    for (_, day, amount) in added.counts.iter().filter(|(name, _, _)| *name == counter) {
        add(&mut days, *day, *amount);
    }
    days.truncate(days.partition_point(|(day, _)| *day <= today));
    match tiers.period {
        TierPeriod::Rolling(window) => rolling(&days, window, tiers.grace, today),
        _ => by_years(&days, Years::of(member, terms, tiers), tiers.grace, today),
    }
}

/// The days a counter is known to have moved on, in order.
fn known(member: &Member, counter: NameId) -> Vec<(Day, i64)> {
    let kept = member.status.as_deref().and_then(|status| status.credits(counter));
    match kept {
        Some(credits) => credits.days.clone(),
        None => member.counter(counter).map_or_else(Vec::new, by_days),
    }
}

fn sum(days: &[(Day, i64)]) -> i64 {
    days.iter().fold(0, |sum, (_, amount)| sum.saturating_add(*amount))
}

/// The best of the years whose credit still counts.
fn by_years(days: &[(Day, i64)], years: Years, grace: Option<Span>, today: Day) -> i64 {
    let mut year = years.containing(today);
    let mut best = i64::MIN;
    while today < years.counts_until(year, grace) {
        let from = days.partition_point(|(day, _)| *day < years.start(year));
        let to = days.partition_point(|(day, _)| *day < years.start(year + 1));
        best = best.max(sum(days.get(from..to).unwrap_or_default()));
        year -= 1;
    }
    best
}

/// What lies in the window today, or lay in it at an end that grace still covers.
fn rolling(days: &[(Day, i64)], window: Span, grace: Option<Span>, today: Day) -> i64 {
    let first_of = |today: Day| days.partition_point(|(day, _)| leaves(*day, window) <= today);
    let now = first_of(today);
    let mut best = sum(days.get(now..).unwrap_or_default());
    let graced = days.partition_point(|(day, _)| plus(leaves(*day, window), grace) <= today);
    for at in graced..now {
        let Some((day, _)) = days.get(at) else { break };
        let end = leaves(*day, window);
        // The day before the window let go of it: what was there then.
        let until = days.partition_point(|(day, _)| *day < end);
        best = best.max(sum(days.get(first_of(end - 1)..until).unwrap_or_default()));
    }
    best
}

/// The first day on which a rolling window no longer holds a day: the one it was counted on is whole.
fn leaves(day: Day, window: Span) -> Day {
    plus(day.saturating_add(1), Some(window))
}

/// Years that begin on a day of the calendar.
#[derive(Clone, Copy, Debug)]
struct Years {
    month: u8,
    day: u8,
}

impl Years {
    /// Calendar years, or the member's own, which begin on the day they enrolled; those of a 29 February on the 28th in common years.
    fn of(member: &Member, terms: &Terms, tiers: &TierTerms) -> Self {
        if tiers.period == TierPeriod::Anniversary {
            let (_, month, day) = civil_parts(terms.zone.day(member.enrolled_at));
            Self { month, day }
        } else {
            Self { month: 1, day: 1 }
        }
    }

    fn start(self, year: i32) -> Day {
        civil_day(year, self.month, self.day)
    }

    fn containing(self, day: Day) -> i32 {
        let year = year_of(day);
        if day < self.start(year) { year - 1 } else { year }
    }

    /// The first day on which a year's credit no longer counts: the end of the year after it, and grace.
    fn counts_until(self, year: i32, grace: Option<Span>) -> Day {
        plus(self.start(year + 2), grace)
    }
}

fn plus(day: Day, span: Option<Span>) -> Day {
    match span {
        None => day,
        Some(Span::Days(days)) => day.saturating_add(i32::from(days)),
        Some(Span::Months(months)) => {
            let (year, month, of_month) = civil_parts(day);
            let month = i32::from(month) - 1 + i32::from(months);
            let of_year = u8::try_from(month.rem_euclid(12) + 1).expect("1 to 12");
            civil_day(year + month.div_euclid(12), of_year, of_month)
        }
        Some(Span::Exact(ms)) => day.saturating_add(i32::try_from(ms / DAY_MS).unwrap_or(i32::MAX)),
    }
}

/// The most days a span can come to.
fn at_most(span: Span) -> Day {
    match span {
        Span::Days(days) => Day::from(days),
        Span::Months(months) => Day::from(months).saturating_mul(MONTH_DAYS),
        Span::Exact(ms) => i32::try_from(ms / DAY_MS).unwrap_or(i32::MAX),
    }
}

/// The instants at which credit that a member has ends, after the last day there is any for, and the end of a landing; in order.
pub(super) fn ends(member: &Member, terms: &Terms, tiers: &TierTerms) -> Vec<TimeMs> {
    let (years, mut latest, mut days) = (Years::of(member, terms, tiers), Day::MIN, Vec::new());
    for counter in counters(tiers) {
        for (day, _) in known(member, counter) {
            latest = latest.max(day);
            days.push(match tiers.period {
                TierPeriod::Rolling(window) => plus(leaves(day, window), tiers.grace),
                _ => years.counts_until(years.containing(day), tiers.grace),
            });
        }
    }
    days.retain(|day| *day > latest);
    days.sort_unstable();
    days.dedup();
    let mut instants: Vec<TimeMs> = days.into_iter().map(|day| terms.zone.start_of_day(day)).collect();
    let landing = member.status.as_deref().and_then(|status| status.landing).map(|landing| landing.until);
    instants.extend(landing.filter(|until| latest == Day::MIN || *until > terms.zone.start_of_day(latest)));
    instants.sort_unstable();
    instants
}

/// When a level that a fall at an instant leaves is lost in its turn: at the end of the period that has begun, and grace.
pub(super) fn landing_ends(member: &Member, terms: &Terms, tiers: &TierTerms, at: TimeMs) -> TimeMs {
    let today = terms.zone.day(at);
    let years = Years::of(member, terms, tiers);
    let end = match tiers.period {
        TierPeriod::Rolling(window) => plus(today, Some(window)),
        _ => years.start(years.containing(today) + 1),
    };
    terms.zone.start_of_day(plus(end, tiers.grace))
}

/// The first day whose credit may still matter at an instant: earlier ones can be forgotten.
pub(super) fn keep_since(terms: &Terms, tiers: &TierTerms, at: TimeMs) -> Day {
    let period = match tiers.period {
        TierPeriod::Rolling(window) => at_most(window),
        // A year counts to the end of the next.
        _ => 2 * 12 * MONTH_DAYS,
    };
    let grace = tiers.grace.map_or(0, at_most);
    terms.zone.day(at).saturating_sub(period).saturating_sub(grace).saturating_sub(1)
}

//! What tiers by anniversaries, by a rolling window, with grace or one step at a time must know of a member: credit by days,
//! and the level that a fall has left for a time. Members of other programs have none of it.
//!
//! It changes only in [`apply`](super::apply); what follows from it at an instant is [`tiers`](super::tiers)' affair.

use super::calendar::{Day, civil_day, year_of};
use super::member::Counter;
use super::types::{NameId, TimeMs};

/// See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Credit by days, of each counter that qualifies.
    pub credits: Vec<Credits>,
    /// The level a fall has left.
    pub landing: Option<Landing>,
}

/// A counter's credit by days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credits {
    /// Which counter.
    pub counter: NameId,
    /// The first day that is kept; what is counted for an earlier one is passed over.
    pub since: Day,
    /// Day and sum, by day.
    pub days: Vec<(Day, i64)>,
}

/// A level that a member keeps for a time though their credit fits a lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landing {
    /// Which level.
    pub tier: NameId,
    /// The first instant without it.
    pub until: TimeMs,
}

impl Status {
    /// The credit of a counter, where it is kept by days.
    #[must_use]
    pub fn credits(&self, counter: NameId) -> Option<&Credits> {
        self.credits.iter().find(|credits| credits.counter == counter)
    }

    /// Adds what a counter grew by, where it is kept by days.
    pub fn count(&mut self, counter: NameId, day: Day, amount: i64) {
        if let Some(credits) = self.credits.iter_mut().find(|credits| credits.counter == counter)
            && day >= credits.since
        {
            add(&mut credits.days, day, amount);
        }
    }

    /// Keeps a counter by days from `since` on: what is known of it begins the list, earlier days are forgotten.
    pub fn keep(&mut self, counter: NameId, since: Day, known: Option<&Counter>) {
        let at = self.credits.iter().position(|credits| credits.counter == counter).unwrap_or_else(|| {
            self.credits.push(Credits { counter, since, days: known.map_or_else(Vec::new, by_days) });
            self.credits.len() - 1
        });
        let Some(credits) = self.credits.get_mut(at) else { return };
        credits.since = since;
        credits.days.retain(|(day, _)| *day >= since);
    }
}

/// Adds to a list of days.
pub fn add(days: &mut Vec<(Day, i64)>, day: Day, amount: i64) {
    match days.binary_search_by_key(&day, |(known, _)| *known) {
        Ok(at) => {
            if let Some((_, sum)) = days.get_mut(at) {
                *sum = sum.saturating_add(amount);
            }
        }
        Err(at) => days.insert(at, (day, amount)),
    }
}

/// What a counter that was not kept by days says of them: a year's sum counts for its last day, but for none after the latest day
/// it moved on.
#[must_use]
pub fn by_days(counter: &Counter) -> Vec<(Day, i64)> {
    let mut days = Vec::new();
    for (year, sum) in counter.years.0.into_iter().filter(|(_, sum)| *sum != 0) {
        let latest = counter.days.latest();
        let last = civil_day(year, 12, 31);
        add(&mut days, if year_of(latest) == year { latest } else { last }, sum);
    }
    days
}

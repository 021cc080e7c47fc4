//! Civil time in a program's zone: days, months, years, and spans that end at the same local clock time.
//!
//! Pure arithmetic over the bundled time-zone data. Month arithmetic clamps: 31 January + 1 month is 28 or 29 February.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span as JiffSpan, Timestamp, ToSpan};

use super::terms::Period;
use super::types::{Text, TimeMs};

/// A length of calendar time: n local days, months or years end at the same local clock time; the rest is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Exact milliseconds (seconds, minutes, hours).
    Exact(i64),
    /// Calendar days.
    Days(u16),
    /// Calendar months, clamped to the month's last day.
    Months(u16),
}

/// A civil day: days since 1970-01-01, in whatever zone it was taken.
pub type Day = i32;

/// A time zone by its IANA name.
#[derive(Clone, Debug)]
pub struct Zone {
    name: Text,
    rules: TimeZone,
    /// The first instants of the years from 1970 on, so that the hot path asks no calendar for them.
    year_starts: Arc<[TimeMs]>,
}

/// Years from 1970 whose first instants are kept ready.
const YEARS_READY: i32 = 256;

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self::with("UTC", TimeZone::UTC)
    }

    /// The zone of an IANA name such as `America/New_York`, from the bundled data.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == "UTC" {
            return Some(Self::utc());
        }
        let zone = jiff::tz::db().get(name).ok()?;
        Some(Self::with(name, zone))
    }

    fn with(name: &str, zone: TimeZone) -> Self {
        let mut made = Self { name: Text::new(name), rules: zone, year_starts: Arc::new([]) };
        made.year_starts = (1970..1970 + YEARS_READY).map(|year| made.start_of_day(first_day_of_year(year))).collect();
        made
    }

    /// The calendar year of an instant.
    #[must_use]
    pub fn year(&self, at: TimeMs) -> i32 {
        match i32::try_from(self.year_starts.partition_point(|start| *start <= at)) {
            Ok(passed) if (1..YEARS_READY).contains(&passed) => 1969 + passed,
            _ => year_of(self.day(at)),
        }
    }

    /// The first instant of a calendar year.
    #[must_use]
    pub fn start_of_year(&self, year: i32) -> TimeMs {
        usize::try_from(year - 1970)
            .ok()
            .and_then(|at| self.year_starts.get(at).copied())
            .unwrap_or_else(|| self.start_of_day(first_day_of_year(year)))
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The civil day of an instant.
    #[must_use]
    pub fn day(&self, at: TimeMs) -> Day {
        const DAY_MS: i64 = 86_400_000;
        let offset_ms = if self.rules == TimeZone::UTC {
            0
        } else {
            i64::from(self.rules.to_offset(timestamp(at)).seconds()) * 1000
        };
        i32::try_from(at.get().saturating_add(offset_ms).div_euclid(DAY_MS)).unwrap_or(i32::MAX)
    }

    /// The local hour of an instant, 0 to 23.
    #[must_use]
    pub fn hour(&self, at: TimeMs) -> u8 {
        self.rules.to_datetime(timestamp(at)).hour().unsigned_abs()
    }

    /// The first instant of a civil day.
    #[must_use]
    pub fn start_of_day(&self, day: Day) -> TimeMs {
        self.rules
            .to_zoned(date_of(day).to_datetime(jiff::civil::Time::midnight()))
            .map_or(TimeMs::NEVER, |zoned| TimeMs::new(zoned.timestamp().as_millisecond()))
    }

    /// The instant a span after `from` ends.
    #[must_use]
    pub fn after(&self, from: TimeMs, span: Span) -> TimeMs {
        let calendar: JiffSpan = match span {
            Span::Exact(ms) => return from.plus_ms(ms),
            Span::Days(days) => i64::from(days).days(),
            Span::Months(months) => i64::from(months).months(),
        };
        timestamp(from)
            .to_zoned(self.rules.clone())
            .checked_add(calendar)
            .map_or(TimeMs::NEVER, |zoned| TimeMs::new(zoned.timestamp().as_millisecond()))
    }

    /// The first instant after the period that contains `at`, `further` periods on.
    #[must_use]
    pub fn end_of(&self, at: TimeMs, period: Period, further: u16) -> TimeMs {
        let date = date_of(self.day(at));
        let ahead = i64::from(further) + 1;
        let (first, step) = match period {
            Period::Day => (date, ahead.days()),
            Period::Month => (date.first_of_month(), ahead.months()),
            Period::Quarter => {
                let month = (date.month() - 1) / 3 * 3 + 1;
                let first = Date::new(date.year(), month, 1).unwrap_or(date);
                (first, (ahead * 3).months())
            }
            Period::Year => (date.first_of_year(), ahead.years()),
        };
        first.checked_add(step).map_or(TimeMs::NEVER, |next| self.start_of_day(day_number(next)))
    }
}

/// The year of a civil day.
#[must_use]
pub fn year_of(day: Day) -> i32 {
    civil(day).0
}

/// Months since January 1970 of a civil day.
#[must_use]
pub fn month_index(day: Day) -> i32 {
    let (year, month, _) = civil(day);
    (year - 1970) * 12 + i32::from(month) - 1
}

/// Month (1 to 12), day of the month (1 to 31) and weekday (Monday 1 to Sunday 7) of a civil day.
#[must_use]
pub fn parts_of(day: Day) -> (u8, u8, u8) {
    let (_, month, day_of_month) = civil(day);
    // 1 January 1970 was a Thursday.
    let weekday = (i64::from(day) + 3).rem_euclid(7) + 1;
    (month, day_of_month, u8::try_from(weekday).expect("1 to 7"))
}

/// Year, month and day of the month of a civil day in the proleptic Gregorian calendar; days past its range clamp.
///
/// Neri and Schneider, "Euclidean affine functions and their application to calendar algorithms" (2023). Every counter of every
/// event asks for it, which is why it is not left to the calendar library; a test compares the two.
fn civil(day: Day) -> (i32, u8, u8) {
    /// Spans of 400 years before 1 March 0000, so that nothing is negative, and the days from then to 1970.
    const ERAS: i32 = 26;
    const BEFORE: i32 = 719_468 + 146_097 * ERAS;
    let fits = "a clamped day lies in the years -9999 to 9999";
    let shifted = u32::try_from(day.clamp(-4_371_587, 2_932_896) + BEFORE).expect(fits);
    let (century, of_century) = ((4 * shifted + 3) / 146_097, (4 * shifted + 3) % 146_097 / 4);
    // The year of the century, and what is left of it, from one product's halves.
    let product = 2_939_745 * u64::from(4 * of_century + 3);
    let (year, rest) = (product >> 32, product & u64::from(u32::MAX));
    let day_of_year = u32::try_from(rest / 2_939_745 / 4).expect(fits);
    // Years that begin in March, so that the leap day is the last.
    let split = 2_141 * day_of_year + 197_913;
    let (month, day_of_month) = (split >> 16, (split & 0xffff) / 2_141 + 1);
    let after_new_year = day_of_year >= 306;
    let year = i64::from(100 * century) + i64::try_from(year).expect(fits) - i64::from(400 * ERAS);
    let month = if after_new_year { month - 12 } else { month };
    let year = i32::try_from(year + i64::from(after_new_year)).expect(fits);
    (year, u8::try_from(month).expect(fits), u8::try_from(day_of_month).expect(fits))
}

/// Year, month (1 to 12) and day of the month of a civil day.
#[must_use]
pub fn civil_parts(day: Day) -> (i32, u8, u8) {
    civil(day)
}

/// The civil day of a date; the day of the month is clamped to the month's last.
#[must_use]
pub fn civil_day(year: i32, month: u8, day: u8) -> Day {
    let year = i16::try_from(year).unwrap_or(i16::MAX).clamp(-9999, 9999);
    let month = i8::try_from(month.clamp(1, 12)).expect("1 to 12");
    let first = Date::constant(year, month, 1);
    let day = i8::try_from(day.max(1)).unwrap_or(i8::MAX).min(first.days_in_month());
    day_number(first) + i32::from(day) - 1
}

/// The civil day of 1 January of a year.
#[must_use]
pub fn first_day_of_year(year: i32) -> Day {
    let year = i16::try_from(year).unwrap_or(i16::MAX).clamp(-9999, 9999);
    Date::new(year, 1, 1).map_or(0, day_number)
}

fn timestamp(at: TimeMs) -> Timestamp {
    Timestamp::from_millisecond(at.get()).unwrap_or(if at.get() < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// The Gregorian date of a day number; out-of-range days clamp to the calendar's ends.
fn date_of(day: Day) -> Date {
    let epoch = Date::constant(1970, 1, 1);
    epoch.checked_add(i64::from(day).clamp(-4_000_000, 2_900_000).days()).unwrap_or(if day < 0 {
        Date::MIN
    } else {
        Date::MAX
    })
}

/// The civil day of a date written `2026-12-24`.
#[must_use]
pub fn day_of(text: &str) -> Option<Day> {
    let date: Date = text.parse().ok()?;
    (text.len() == "2026-12-24".len()).then(|| day_number(date))
}

fn day_number(date: Date) -> Day {
    (date - Date::constant(1970, 1, 1)).get_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_days_agree_with_the_calendar_library() {
        let mut day = -800_000;
        while day < 2_900_000 {
            let date = date_of(day);
            let (year, month, of_month) = civil(day);
            assert_eq!(
                (year, i16::from(month), i16::from(of_month)),
                (i32::from(date.year()), i16::from(date.month()), i16::from(date.day())),
                "day {day}"
            );
            let weekday = date.weekday().to_monday_one_offset().unsigned_abs();
            assert_eq!(parts_of(day).2, weekday, "day {day}");
            day += 97;
        }
    }

    fn at(text: &str) -> TimeMs {
        TimeMs::new(text.parse::<Timestamp>().expect("a time").as_millisecond())
    }

    #[test]
    fn periods_end_with_the_local_day() {
        let zone = Zone::named("America/New_York").expect("a zone");
        let ends = |from: &str, period, further| zone.end_of(at(from), period, further);
        let told = [
            (ends("2026-03-08T04:59:59Z", Period::Day, 0), "2026-03-08T05:00:00Z"),
            // A day of 23 hours.
            (ends("2026-03-08T05:00:00Z", Period::Day, 0), "2026-03-09T04:00:00Z"),
            (ends("2026-03-08T05:00:00Z", Period::Day, 2), "2026-03-11T04:00:00Z"),
            (ends("2026-01-31T12:00:00Z", Period::Month, 0), "2026-02-01T05:00:00Z"),
            (ends("2026-01-31T12:00:00Z", Period::Month, 13), "2027-03-01T05:00:00Z"),
            (ends("2026-01-01T05:00:00Z", Period::Quarter, 0), "2026-04-01T04:00:00Z"),
            (ends("2026-03-31T12:00:00Z", Period::Quarter, 0), "2026-04-01T04:00:00Z"),
            (ends("2026-04-01T04:00:00Z", Period::Quarter, 1), "2026-10-01T04:00:00Z"),
            (ends("2026-12-31T12:00:00Z", Period::Quarter, 0), "2027-01-01T05:00:00Z"),
            (ends("2026-09-15T12:00:00Z", Period::Quarter, 3), "2027-07-01T04:00:00Z"),
            (ends("2026-12-31T12:00:00Z", Period::Year, 0), "2027-01-01T05:00:00Z"),
            (ends("2027-01-01T04:59:59Z", Period::Year, 2), "2029-01-01T05:00:00Z"),
        ];
        for (ends, expected) in told {
            assert_eq!(ends, at(expected), "{expected}");
        }
    }

    #[test]
    fn years_are_the_same_with_and_without_the_ready_ones() {
        for name in ["UTC", "America/New_York", "Pacific/Kiritimati"] {
            let zone = Zone::named(name).expect("a zone");
            for year in [1_900, 1_969, 1_970, 1_971, 2_026, 2_224, 2_225, 2_226, 2_300] {
                let begins = zone.start_of_day(first_day_of_year(year));
                assert_eq!(zone.start_of_year(year), begins, "{name} {year}");
                let told = [-1, 0, 1].map(|ms| zone.year(begins.plus_ms(ms)));
                assert_eq!(told, [year - 1, year, year], "{name} {year}");
            }
        }
        assert_ne!(Zone::named("America/New_York"), Zone::named("Europe/Berlin"));
        assert_eq!(Zone::named("Europe/Berlin"), Zone::named("Europe/Berlin"));
    }

    #[test]
    fn hours_months_and_days_are_read_as_people_say_them() {
        let zone = Zone::named("America/New_York").expect("a zone");
        assert_eq!(
            ["2026-01-10T04:59:59Z", "2026-01-10T05:00:00Z", "2026-07-10T05:00:00Z"].map(|t| zone.hour(at(t))),
            [23, 0, 1]
        );
        let months = [(1969, 12, -1), (1970, 1, 0), (1970, 12, 11), (2026, 5, 676)];
        for (year, month, index) in months {
            assert_eq!([1, 28].map(|day| month_index(civil_day(year, month, day))), [index, index]);
        }
        assert_eq!(day_of("2026-12-24"), Some(civil_day(2026, 12, 24)));
        for text in ["2026-12-32", "2026-02-29", "20261224", "2026-12-24T00:00", "24.12.2026", "", "+002026-12-24"] {
            assert_eq!(day_of(text), None, "{text}");
        }
        // Instants and days past the ends of the calendar stay within it.
        assert_eq!(
            [i64::MIN, -1, 0, i64::MAX].map(|ms| year_of(Zone::utc().day(at_end(ms)))),
            [-9999, 1969, 1970, 9999]
        );
        assert_eq!([i32::MIN, -1, 0, i32::MAX].map(|day| date_of(day).year()), [-8982, 1969, 1970, 9909]);
    }

    fn at_end(ms: i64) -> TimeMs {
        TimeMs::new(timestamp(TimeMs::new(ms)).as_millisecond())
    }
}

//! RFC 3339 in and out: `2017-01-01T11:53:26.250+01:00` to milliseconds and back.
//!
//! Written by hand because every event carries one. It knows no time zones beyond the offset and never reads a clock.

use crate::ledger::types::TimeMs;

const DAY_MS: i64 = 86_400_000;

/// What a time that [`parse`] refuses should have looked like.
pub const EXPECTED: &str =
    "a time as RFC 3339 writes it, with an offset: 2017-01-01T11:53:26Z or 2017-01-01T12:53:26.250+01:00";

/// The instant of `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±hh:mm)`. Digits beyond milliseconds are dropped; a leap second
/// counts as the second before it. `None` for anything else, dates that do not exist included.
pub fn parse(text: &str) -> Option<TimeMs> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T' | b't', rest @ ..] = text.as_bytes() else { return None };
    let [h0, h1, b':', n0, n1, b':', s0, s1, rest @ ..] = rest else { return None };
    let year = two(*y0, *y1)? * 100 + two(*y2, *y3)?;
    let days = days_of(year, two(*m0, *m1)?, two(*d0, *d1)?)?;
    let (hour, minute, second) = (two(*h0, *h1)?, two(*n0, *n1)?, two(*s0, *s1)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction_ms, rest) = fraction(rest)?;
    let offset_minutes = offset(rest)?;
    let seconds = (hour * 60 + minute - offset_minutes) * 60 + second.min(59);
    Some(TimeMs::new(days * DAY_MS + seconds * 1_000 + fraction_ms))
}

/// Month and day of `MM-DD`, or with the year in front of `YYYY-MM-DD`. 29 February is a birthday with any year: people
/// mistype the year, and only month and day decide anything.
pub fn parse_birthday(text: &str) -> Option<(Option<u16>, u8, u8)> {
    let (year, rest) = match text.as_bytes() {
        [y0, y1, y2, y3, b'-', rest @ ..] => (Some(two(*y0, *y1)? * 100 + two(*y2, *y3)?), rest),
        rest => (None, rest),
    };
    let [m0, m1, b'-', d0, d1] = rest else { return None };
    let (month, day) = (two(*m0, *m1)?, two(*d0, *d1)?);
    // A leap year knows every day there is.
    days_of(2000, month, day)?;
    let year = match year {
        Some(0) => return None,
        Some(year) => Some(u16::try_from(year).ok()?),
        None => None,
    };
    Some((year, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
}

/// Days since 1970-01-01 of `YYYY-MM-DD`.
pub fn parse_day(text: &str) -> Option<i32> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text.as_bytes() else { return None };
    let days = days_of(two(*y0, *y1)? * 100 + two(*y2, *y3)?, two(*m0, *m1)?, two(*d0, *d1)?)?;
    i32::try_from(days).ok()
}

/// Appends the instant in UTC, with milliseconds only where there are any; false, and nothing written, where its year
/// has no four digits.
pub fn write(out: &mut Vec<u8>, at: TimeMs) -> bool {
    let (days, in_day) = (at.get().div_euclid(DAY_MS), at.get().rem_euclid(DAY_MS));
    let Some((year, month, day)) = date_of(days) else { return false };
    let (seconds, ms) = (in_day / 1_000, in_day % 1_000);
    push_two(out, year / 100);
    push_two(out, year % 100);
    for (mark, value) in
        [(b'-', month), (b'-', day), (b'T', seconds / 3_600), (b':', seconds / 60 % 60), (b':', seconds % 60)]
    {
        out.push(mark);
        push_two(out, value);
    }
    if ms != 0 {
        out.push(b'.');
        push_two(out, ms / 10);
        out.push(digit(ms % 10));
    }
    out.push(b'Z');
    true
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
}

fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', digits @ ..] = rest else { return Some((0, rest)) };
    let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 || count > 9 {
        return None;
    }
    let (digits, rest) = digits.split_at(count);
    let place = |at: usize| digits.get(at).map_or(0, |b| i64::from(b - b'0'));
    Some((place(0) * 100 + place(1) * 10 + place(2), rest))
}

fn offset(rest: &[u8]) -> Option<i64> {
    match rest {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h0, h1, b':', n0, n1] => {
            let (hours, minutes) = (two(*h0, *h1)?, two(*n0, *n1)?);
            let minutes = (hours <= 23 && minutes <= 59).then_some(hours * 60 + minutes)?;
            Some(if *sign == b'-' { -minutes } else { minutes })
        }
        _ => None,
    }
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days since 1970-01-01 of a date that exists. Years are counted from March, so that the leap day comes last.
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let longest = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => return None,
    };
    if day < 1 || day > longest {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Year, month and day of a day number, where the year has four digits: the inverse of [`days_of`].
fn date_of(days: i64) -> Option<(i64, i64, i64)> {
    let days = days.checked_add(719_468)?;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (0..=9_999).contains(&year).then_some((year, month, day))
}

/// The digit of a value below 10.
fn digit(value: i64) -> u8 {
    b'0' + u8::try_from(value).unwrap_or_default()
}

fn push_two(out: &mut Vec<u8>, value: i64) {
    out.push(digit(value / 10));
    out.push(digit(value % 10));
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn written(at: i64) -> Option<String> {
        let mut out = Vec::new();
        write(&mut out, TimeMs::new(at)).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        for text in [
            "",
            "2017",
            "2017-01-01",
            "2017-01-01T11:53:26",
            "2017-01-01 11:53:26Z",
            "2017-13-01T00:00:00Z",
            "2017-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2017-01-00T00:00:00Z",
            "2017-01-01T24:00:00Z",
            "2017-01-01T00:60:00Z",
            "2017-01-01T00:00:61Z",
            "2017-01-01T00:00:00.Z",
            "2017-01-01T00:00:00.1234567890Z",
            "2017-01-01T00:00:00+0100",
            "2017-01-01T00:00:00+24:00",
            "2017-01-01T00:00:00+01:60",
            "2017-01-01T00:00:00Zz",
            "+2017-01-01T00:00:00Z",
            "2017-01-01T00:00:00Z ",
            "２017-01-01T00:00:00Z",
            "2017-1-1T0:0:0Z",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn knows_birthdays() {
        assert_eq!(parse_birthday("02-29"), Some((None, 2, 29)));
        assert_eq!(parse_birthday("1984-02-29"), Some((Some(1984), 2, 29)));
        assert_eq!(parse_birthday("2021-02-29"), Some((Some(2021), 2, 29)));
        for text in ["1985-02-30", "0000-01-01", "13-01", "04-31", "4-3", "", "1984-02", "1984-02-29T", "02-30"] {
            assert_eq!(parse_birthday(text), None, "{text:?}");
        }
    }

    #[test]
    fn writes_the_ends() {
        assert_eq!(written(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(written(253_402_300_799_999).as_deref(), Some("9999-12-31T23:59:59.999Z"));
        assert_eq!(written(253_402_300_800_000), None);
        assert_eq!(written(TimeMs::NEVER.get()), None);
        assert_eq!(written(i64::MIN), None);
        assert_eq!(parse("2016-12-31T23:59:60Z"), parse("2016-12-31T23:59:59Z"));
    }

    proptest! {
        #[test]
        fn writes_and_reads_as_jiff_does(ms in -62_167_219_200_000i64..=253_402_300_799_999) {
            let text = written(ms).unwrap();
            let stamp: Timestamp = text.parse().unwrap();
            prop_assert_eq!(stamp.as_millisecond(), ms);
            prop_assert_eq!(parse(&text), Some(TimeMs::new(ms)));
        }

        #[test]
        fn agrees_with_jiff_on_every_field(
            (y, mo, d) in (0u16..=9999, 0u8..=13, 0u8..=32),
            (h, mi, s) in (0u8..=25, 0u8..=61, 0u8..=59),
            fraction in proptest::option::of("[0-9]{1,9}"),
            offset in proptest::option::of((any::<bool>(), 0u8..=23, 0u8..=60)),
        ) {
            let fraction = fraction.map_or(String::new(), |f| format!(".{f}"));
            let offset = offset.map_or("Z".to_owned(), |(minus, h, m)| format!("{}{h:02}:{m:02}", if minus { '-' } else { '+' }));
            let text = format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}{fraction}{offset}");
            // Fractions are cut towards the past on both sides of 1970, which is what nanoseconds divided down give.
            let theirs = text.parse::<Timestamp>().ok().map(|t| i64::try_from(t.as_nanosecond().div_euclid(1_000_000)).unwrap());
            let ours = parse(&text).map(TimeMs::get);
            // The first and last day of jiff's range are narrower than four digits of years.
            if (2..=9997).contains(&y) {
                prop_assert_eq!(ours, theirs, "{}", text);
            }
        }

        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = (parse(&text), parse_birthday(&text), parse_day(&text));
        }
    }
}

//! Lengths of time as merchants write them: `30m`, `72h`, `15d`, `30 days`, `12 months`, `end of year + 1`.
//!
//! Parsing only; what a length means on a calendar is [`crate::ledger::calendar`]'s affair.

use crate::ledger::calendar::Span;
use crate::ledger::terms::{Expiry, Period};

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What a bare `m` stands for: nothing expires after minutes, nothing is spaced by months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShortM {
    Minutes,
    Months,
}

/// A length such as `30m`, `1h`, `15d`, `2 weeks`, `12 months`, `1 year`.
pub(super) fn span(text: &str, short_m: ShortM) -> Result<Span, String> {
    let wrong =
        || format!("{text:?} is not a length of time; write it as \"30m\", \"72h\", \"30 days\" or \"12 months\"");
    let text_trimmed = text.trim();
    let digits = text_trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text_trimmed.split_at_checked(digits).ok_or_else(wrong)?;
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let exact = |unit_ms: i64| number.checked_mul(unit_ms).map(Span::Exact);
    let small = |factor: i64| number.checked_mul(factor).and_then(|count| u16::try_from(count).ok());
    let months = |factor: i64| small(factor).map(Span::Months);
    let span = match unit.trim() {
        "s" | "second" | "seconds" => exact(SECOND_MS),
        "m" if short_m == ShortM::Months => months(1),
        "m" | "min" | "minute" | "minutes" => exact(MINUTE_MS),
        "h" | "hour" | "hours" => exact(HOUR_MS),
        "d" | "day" | "days" => small(1).map(Span::Days),
        "w" | "week" | "weeks" => small(7).map(Span::Days),
        "month" | "months" => months(1),
        "y" | "year" | "years" => months(12),
        _ => return Err(wrong()),
    };
    span.ok_or_else(|| format!("{text:?} is longer than any length of time a program can use"))
}

/// A length in milliseconds: what windows and spacings are. A day is 24 hours here.
pub(super) fn exact_ms(text: &str) -> Result<i64, String> {
    match span(text, ShortM::Minutes)? {
        Span::Exact(ms) => Ok(ms),
        Span::Days(days) => Ok(i64::from(days) * DAY_MS),
        Span::Months(_) => Err(format!("{text:?} has no fixed length; use seconds, minutes, hours or days")),
    }
}

/// When a pool's credits are lost.
pub(super) fn expiry(text: &str) -> Result<Expiry, String> {
    if text == "never" {
        return Ok(Expiry::Never);
    }
    if let Some(period) = text.strip_prefix("end of ") {
        return end_of(period).ok_or_else(|| {
            format!("{text:?} is not a period's end; write \"end of year\", \"end of year + 1\", month, quarter or day")
        });
    }
    if let Some(idle) = text.strip_prefix("inactivity ") {
        return match span(idle, ShortM::Months)? {
            Span::Months(months) if months > 0 => Ok(Expiry::Inactivity { months }),
            Span::Exact(_) | Span::Days(_) | Span::Months(_) => {
                Err("inactivity is counted in months or years: \"inactivity 18 months\"".to_owned())
            }
        };
    }
    match span(text, ShortM::Months)? {
        Span::Exact(0) | Span::Days(0) | Span::Months(0) => Err("credits must last for some time".to_owned()),
        some => Ok(Expiry::Rolling(some)),
    }
}

fn end_of(text: &str) -> Option<Expiry> {
    let (period, after) = match text.split_once('+') {
        Some((period, after)) => (period, after.trim().parse().ok()?),
        None => (text, 0),
    };
    let period = match period.trim() {
        "day" => Period::Day,
        "month" => Period::Month,
        "quarter" => Period::Quarter,
        "year" => Period::Year,
        _ => return None,
    };
    Some(Expiry::EndOf { period, after })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        for (text, expected) in [
            ("30m", Some(Span::Exact(30 * MINUTE_MS))),
            ("1h", Some(Span::Exact(HOUR_MS))),
            ("72 hours", Some(Span::Exact(72 * HOUR_MS))),
            ("30d", Some(Span::Days(30))),
            ("30 days", Some(Span::Days(30))),
            ("2 weeks", Some(Span::Days(14))),
            ("12 months", Some(Span::Months(12))),
            ("1 year", Some(Span::Months(12))),
            ("", None),
            ("m", None),
            ("-1h", None),
            ("1.5h", None),
            ("5 parsecs", None),
            ("99999999999999999999h", None),
            ("9223372036854775807h", None),
            ("70000 days", None),
        ] {
            assert_eq!(span(text, ShortM::Minutes).ok(), expected, "{text}");
        }
        assert_eq!(span("12m", ShortM::Months), Ok(Span::Months(12)));
        assert_eq!(exact_ms("1d"), Ok(DAY_MS));
        assert!(exact_ms("1 month").is_err());
    }

    #[test]
    fn expiries() {
        for (text, expected) in [
            ("never", Some(Expiry::Never)),
            ("12 months", Some(Expiry::Rolling(Span::Months(12)))),
            ("12m", Some(Expiry::Rolling(Span::Months(12)))),
            ("30 days", Some(Expiry::Rolling(Span::Days(30)))),
            ("end of year + 1", Some(Expiry::EndOf { period: Period::Year, after: 1 })),
            ("end of month", Some(Expiry::EndOf { period: Period::Month, after: 0 })),
            ("inactivity 18 months", Some(Expiry::Inactivity { months: 18 })),
            ("inactivity 30 days", None),
            ("end of time", None),
            ("0 days", None),
            ("soon", None),
        ] {
            assert_eq!(expiry(text).ok(), expected, "{text}");
        }
    }
}

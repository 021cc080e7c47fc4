//! Numbers, money, names and lengths of time in words for members.

use crate::ledger::calendar::Span;
use crate::ledger::terms::{Expiry, Period};

/// `free_coffee` as `free coffee`.
pub(super) fn named(name: &str) -> String {
    name.replace('_', " ")
}

/// `12500` as `12,500`.
pub(super) fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::from(if value < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 point`, `500 points`: of a pool called `points`.
pub(super) fn amount_of(amount: i64, pool: &str) -> String {
    let name = named(pool);
    match name.strip_suffix('s') {
        Some(one) if amount == 1 => format!("1 {one}"),
        _ => format!("{} {name}", number(amount)),
    }
}

/// `450` as `4.50 USD`; currencies without minor units as they are.
pub(super) fn money(minor: i64, currency: &str) -> String {
    const WHOLE: [&str; 8] = ["JPY", "KRW", "VND", "CLP", "ISK", "XOF", "XAF", "PYG"];
    if WHOLE.contains(&currency) {
        return format!("{} {currency}", number(minor));
    }
    format!("{}.{:02} {currency}", number(minor / 100), minor.unsigned_abs() % 100)
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn joined(parts: &[String], join: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {join} {last}", most.join(", ")),
    }
}

/// A length on the calendar.
pub(super) fn span(span: Span) -> String {
    match span {
        Span::Exact(ms) => length_ms(ms),
        Span::Days(days) => several(i64::from(days), "day"),
        Span::Months(months) if months > 0 && months.is_multiple_of(12) => several(i64::from(months / 12), "year"),
        Span::Months(months) => several(i64::from(months), "month"),
    }
}

/// A length in milliseconds, in the largest unit that is whole.
pub(super) fn length_ms(ms: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
    let whole = UNITS.into_iter().find(|(unit, _)| ms >= *unit && ms % unit == 0);
    whole.map_or_else(|| several(ms, "millisecond"), |(unit, name)| several(ms / unit, name))
}

fn several(count: i64, unit: &str) -> String {
    format!("{} {unit}{}", number(count), if count == 1 { "" } else { "s" })
}

const fn period(period: Period) -> &'static str {
    match period {
        Period::Day => "day",
        Period::Month => "month",
        Period::Quarter => "quarter",
        Period::Year => "year",
    }
}

/// How long points last.
pub(super) fn expiry(expiry: Expiry) -> String {
    match expiry {
        Expiry::Never => "for ever".to_owned(),
        Expiry::Rolling(length) => format!("{} each", span(length)),
        Expiry::EndOf { period: of, after: 0 } => format!("to the end of the {} they were earned in", period(of)),
        Expiry::EndOf { period: of, after } => {
            format!(
                "to the end of the {}after the one they were earned in",
                match after {
                    1 => format!("{} ", period(of)),
                    more => format!("{} {}s ", number(i64::from(more)), period(of)),
                }
            )
        }
        Expiry::Inactivity { months } => format!("as long as you buy something within {}", span(Span::Months(months))),
    }
}

/// By when something given can be used.
pub(super) fn used(expiry: Expiry) -> String {
    match expiry {
        Expiry::Never => "any time".to_owned(),
        Expiry::Rolling(length) => format!("within {}", span(length)),
        Expiry::EndOf { period: of, after: 0 } => format!("by the end of the {}", period(of)),
        Expiry::EndOf { period: of, after: 1 } => format!("by the end of the next {}", period(of)),
        Expiry::EndOf { period: of, after } => format!("within {} full {}s", number(i64::from(after)), period(of)),
        Expiry::Inactivity { months } => format!("as long as you buy something within {}", span(Span::Months(months))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!([0, 999, 1_000, -1_234_567].map(number), ["0", "999", "1,000", "-1,234,567"]);
        assert_eq!([1, 2].map(|amount| amount_of(amount, "bonus_points")), ["1 bonus point", "2 bonus points"]);
        assert_eq!((money(450, "USD"), money(1_000, "JPY")), ("4.50 USD".to_owned(), "1,000 JPY".to_owned()));
        assert_eq!(joined(&["a", "b", "c"].map(String::from), "or"), "a, b or c");
    }

    #[test]
    fn lengths_read_as_people_say_them() {
        assert_eq!([Span::Months(12), Span::Months(18), Span::Days(1)].map(span), ["1 year", "18 months", "1 day"]);
        assert_eq!([1_800_000, 86_400_000, 1_500].map(length_ms), ["30 minutes", "1 day", "1,500 milliseconds"]);
        let end = Expiry::EndOf { period: Period::Year, after: 1 };
        assert_eq!(expiry(end), "to the end of the year after the one they were earned in");
        let month = Expiry::EndOf { period: Period::Month, after: 0 };
        let told = [end, month, Expiry::Rolling(Span::Days(30)), Expiry::Never].map(used);
        assert_eq!(told, ["by the end of the next year", "by the end of the month", "within 30 days", "any time"]);
    }
}

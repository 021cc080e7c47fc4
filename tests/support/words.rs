//! The words of tables: lines, options, instants, lengths.

use tallystick::ledger::calendar::Span;
use tallystick::ledger::types::TimeMs;

/// The lines of a table that say something.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// `name=value` words of a line.
pub fn option<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

/// An instant: a day, or a time of RFC 3339.
pub fn time(text: &str) -> TimeMs {
    let full = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    TimeMs::new(full.parse::<jiff::Timestamp>().unwrap_or_else(|e| panic!("{text}: {e}")).as_millisecond())
}

/// A length: `30d`, `12m`, `36h`.
pub fn span(text: &str) -> Span {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: u16 = number.parse().unwrap();
    match unit {
        "d" => Span::Days(number),
        "m" => Span::Months(number),
        "h" => Span::Exact(i64::from(number) * 3_600_000),
        other => panic!("unit {other}"),
    }
}

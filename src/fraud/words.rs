//! Reasons in words, with the numbers in them. It never decides what is said, only how.

use super::measure::Way;
use super::window::Tally;
use crate::ledger::event::EventKind;
use crate::ledger::record::{Evidence, Input, KeyField};
use crate::ledger::terms::{CalendarWindow, Counted, LimitTerms, Metric};
use crate::ledger::types::Text;

/// `7 purchases by member within 1h, at most 6`.
pub(super) fn over(limit: &LimitTerms, counted: Tally, window_ms: i64) -> String {
    let (least, what) = (if counted.complete { "" } else { "at least " }, things(limit));
    let (value, by) = (counted.value, fields(&limit.key.iter().collect::<Vec<_>>()));
    let (window, most) = (span(limit, window_ms), limit.limit);
    match limit.metric {
        Metric::Sum => format!("{what} worth {least}{value} by {by} {window}, at most {most}"),
        Metric::Distinct(of) => {
            format!("{what} with {least}{value} different {}s by {by} {window}, at most {most}", of.name())
        }
        Metric::Count | Metric::Gap | Metric::Speed => {
            format!("{least}{value} {what} by {by} {window}, at most {most}")
        }
    }
}

/// The window in words: `within 1h`, `in the local day`, `ever`.
fn span(limit: &LimitTerms, window_ms: i64) -> String {
    let since = if limit.extra.since.is_some() { " since the count began anew" } else { "" };
    match limit.extra.calendar {
        Some(CalendarWindow::Day) => format!("in the local day{since}"),
        Some(CalendarWindow::Week) => format!("in the local week{since}"),
        Some(CalendarWindow::Month) => format!("in the local month{since}"),
        None if limit.window_ms == i64::MAX => format!("ever{since}"),
        None if limit.extra.since.is_some() => format!("within {}{since}", duration(limit.window_ms)),
        None => format!("within {}", duration(window_ms)),
    }
}

/// `2 purchases by member 4min apart, at least 30min`.
pub(super) fn too_close(limit: &LimitTerms, gap_ms: i64) -> String {
    let (what, by) = (things(limit), fields(&limit.key.iter().collect::<Vec<_>>()));
    format!("2 {what} by {by} {} apart, at least {}", duration(gap_ms), duration(limit.window_ms))
}

/// `12,400 m in 5min by member are 148 km/h, at most 130`.
pub(super) fn too_fast(limit: &LimitTerms, way: Way) -> String {
    let by = fields(&limit.key.iter().collect::<Vec<_>>());
    let Way { metres, ms, kmh, .. } = way;
    let speed = if kmh == i64::MAX { "no time at all".to_owned() } else { format!("{kmh} km/h") };
    format!("{metres} m in {} by {by} are {speed}, at most {} km/h", duration(ms), limit.limit)
}

/// `came late: 2 earlier decisions pass it with this one: 11 purchases by member within 1h, at most 10`.
pub(super) fn overtaken(limit: &LimitTerms, evidence: &Evidence) -> String {
    let decisions = if evidence.events.len() == 1 { "decision passes" } else { "decisions pass" };
    let counted = Tally { value: evidence.counted, complete: true };
    let over = over(limit, counted, limit.window_ms);
    format!("came late: {} earlier {decisions} it with this one: {over}", evidence.events.len())
}

/// What is said where entries that might matter are no longer kept.
pub(super) fn unknown(limit: &LimitTerms, counted: Tally, window_ms: i64) -> String {
    format!("{}; more happened than is kept, so it cannot be told exactly", over(limit, counted, window_ms))
}

/// `no device given; purchases by device are limited to 6 within 1h`.
pub(super) fn absent(limit: &LimitTerms, input: &Input) -> String {
    let lacks = |field: &KeyField| input.key_field(*field).is_none_or(Text::is_empty);
    let missing: Vec<KeyField> = limit.key.iter().filter(lacks).collect();
    let (what, by, window) =
        (things(limit), fields(&limit.key.iter().collect::<Vec<_>>()), span(limit, limit.window_ms));
    if missing.is_empty() {
        return format!("nothing given to measure {what} by {by} with");
    }
    format!("no {} given; {what} by {by} are limited to {} {window}", fields(&missing), limit.limit)
}

/// `store=330,terminal=4`.
pub(super) fn key(limit: &LimitTerms, input: &Input) -> Text {
    let mut text = String::new();
    for field in limit.key.iter() {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(field.name());
        text.push('=');
        text.push_str(input.key_field(field).map_or("", |value| value.as_str()));
    }
    Text::new(text)
}

/// The name of a metric.
pub(super) const fn metric(metric: Metric) -> Text {
    match metric {
        Metric::Count => Text::new_static("count"),
        Metric::Sum => Text::new_static("sum"),
        Metric::Distinct(_) => Text::new_static("distinct"),
        Metric::Gap => Text::new_static("gap"),
        Metric::Speed => Text::new_static("speed"),
    }
}

/// A length of time in its largest whole unit: `1h`, `90s`, `7d`.
fn duration(ms: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let whole = UNITS.iter().find(|(unit, _)| ms >= *unit && ms % unit == 0);
    whole.map_or_else(|| format!("{ms}ms"), |(unit, name)| format!("{}{name}", ms / unit))
}

fn things(limit: &LimitTerms) -> String {
    match limit.on.as_slice() {
        [Counted::Transfer] => "transfers".to_owned(),
        [Counted::Redeem] => "redemptions".to_owned(),
        [Counted::Hold] => "holds".to_owned(),
        [Counted::Donate] => "donations".to_owned(),
        [Counted::Event(kind)] => plural(kind),
        _ => "events".to_owned(),
    }
}

fn plural(kind: &EventKind) -> String {
    let plain = match kind {
        EventKind::Enroll => "enrolments",
        EventKind::Purchase => "purchases",
        EventKind::Refund => "refunds",
        EventKind::Visit => "visits",
        EventKind::Review => "reviews",
        EventKind::SocialFollow => "social follows",
        EventKind::SocialShare => "social shares",
        EventKind::Newsletter => "newsletter subscriptions",
        EventKind::Survey => "surveys",
        EventKind::Activity => "activities",
        EventKind::Fee => "fees",
        EventKind::Profile => "profile changes",
        EventKind::Login => "logins",
        EventKind::Custom(name) => return format!("{name} events"),
    };
    plain.to_owned()
}

fn fields(fields: &[KeyField]) -> String {
    fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(" and ")
}

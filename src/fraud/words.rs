//! Reasons in words, with the numbers in them. It never decides what is said, only how.

use super::window::Tally;
use crate::ledger::event::EventKind;
use crate::ledger::record::{Input, KeyField};
use crate::ledger::terms::{Counted, LimitTerms, Metric};
use crate::ledger::types::Text;

/// `7 purchases by member within 1h, at most 6`.
pub(super) fn over(limit: &LimitTerms, counted: Tally) -> String {
    let (least, what) = (if counted.complete { "" } else { "at least " }, things(limit));
    let (value, by) = (counted.value, fields(&limit.key.iter().collect::<Vec<_>>()));
    let (window, most) = (duration(limit.window_ms), limit.limit);
    match limit.metric {
        Metric::Count => format!("{least}{value} {what} by {by} within {window}, at most {most}"),
        Metric::Sum => format!("{what} worth {least}{value} by {by} within {window}, at most {most}"),
    }
}

/// What is said where entries that might matter are no longer kept.
pub(super) fn unknown(limit: &LimitTerms, counted: Tally) -> String {
    format!("{}; more happened than is kept, so it cannot be told exactly", over(limit, counted))
}

/// `no device given; purchases by device are limited to 6 within 1h`.
pub(super) fn absent(limit: &LimitTerms, input: &Input) -> String {
    let lacks = |field: &KeyField| input.key_field(*field).is_none_or(Text::is_empty);
    let missing: Vec<KeyField> = limit.key.iter().filter(lacks).collect();
    let (what, by, window) = (things(limit), fields(&limit.key.iter().collect::<Vec<_>>()), duration(limit.window_ms));
    format!("no {} given; {what} by {by} are limited to {} within {window}", fields(&missing), limit.limit)
}

/// `store=330,terminal=4`.
pub(super) fn key(limit: &LimitTerms, input: &Input) -> Text {
    let mut text = String::new();
    for field in limit.key.iter() {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(name(field));
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
    fields.iter().map(|field| name(*field)).collect::<Vec<_>>().join(" and ")
}

const fn name(field: KeyField) -> &'static str {
    match field {
        KeyField::Member => "member",
        KeyField::Device => "device",
        KeyField::Ip => "ip",
        KeyField::Card => "card",
        KeyField::Store => "store",
        KeyField::Terminal => "terminal",
        KeyField::Staff => "staff",
        KeyField::Referrer => "referrer",
        KeyField::Email => "email",
        KeyField::Phone => "phone",
        KeyField::Address => "address",
        KeyField::Recipient => "recipient",
    }
}

//! Reasons in words, with the numbers in them. It never decides what is said, only how.

use super::measure::Way;
use super::trail::Favoured;
use super::window::Tally;
use crate::ledger::event::EventKind;
use crate::ledger::record::{CAME_LATE, Evidence, Input, KeyField, Taken};
use crate::ledger::terms::{CalendarWindow, Counted, Fact, LimitTerms, Metric};
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
        _ if limit.limit == 0 && !given(limit).is_empty() => conditions(limit),
        _ => format!("{least}{value} {what} by {by} {window}, at most {most}"),
    }
}

/// `the largest amount of purchases by member within 1h is 700, at most 500`.
pub(super) fn extreme(limit: &LimitTerms, amount: Option<i64>, window_ms: i64) -> String {
    let (which, most) = match limit.metric {
        Metric::Max => ("largest", "at most"),
        Metric::Min => ("smallest", "at least"),
        Metric::First => ("first", "at most"),
        _ => ("last", "at most"),
    };
    let (what, by) = (things(limit), fields(&limit.key.iter().collect::<Vec<_>>()));
    let is = amount.map_or_else(|| "not known".to_owned(), |amount| amount.to_string());
    format!("the {which} amount of {what} by {by} {} is {is}, {most} {}", span(limit, window_ms), limit.limit)
}

/// `3 receipts of one store within 1min over the same amount, at most 1`.
pub(super) fn copied(limit: &LimitTerms, counted: i64) -> String {
    let (by, window) = (fields(&limit.key.iter().collect::<Vec<_>>()), duration(limit.window_ms));
    format!("{counted} receipts of one {by} within {window} over the same amount, at most {}", limit.limit)
}

/// `9 purchases by member came at most 45s after the one before, within 30d, at most 6`.
pub(super) fn quick(limit: &LimitTerms, counted: i64) -> String {
    let (what, by) = (things(limit), fields(&limit.key.iter().collect::<Vec<_>>()));
    let gap = duration(limit.extra.quick_ms.unwrap_or_default());
    let (window, most) = (span(limit, limit.window_ms), limit.limit);
    format!("{counted} {what} by {by} came at most {gap} after the one before, {window}, at most {most}")
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
pub(super) fn too_fast(limit: &LimitTerms, way: Way, often: usize) -> String {
    let by = fields(&limit.key.iter().collect::<Vec<_>>());
    let Way { metres, ms, kmh, .. } = way;
    let again = match limit.extra.often {
        0 | 1 => String::new(),
        least => format!("; {often} such ways within {}, fewer than {least} pass", duration(limit.window_ms)),
    };
    let speed = if kmh == i64::MAX { "no time at all".to_owned() } else { format!("{kmh} km/h") };
    format!("{metres} m in {} by {by} are {speed}, at most {} km/h{again}", duration(ms), limit.limit)
}

/// `came late: 2 earlier decisions pass it with this one: 11 purchases by member within 1h, at most 10`.
pub(super) fn overtaken(limit: &LimitTerms, evidence: &Evidence) -> String {
    let decisions = if evidence.events.len() == 1 { "decision passes" } else { "decisions pass" };
    let counted = Tally { value: evidence.counted, complete: true };
    let over = over(limit, counted, limit.window_ms);
    format!("{CAME_LATE}{} earlier {decisions} it with this one: {over}", evidence.events.len())
}

/// What had to be so for a limit to speak: `a redemption from a new device, after 3 logins (result=failure) within 1d`.
fn conditions(limit: &LimitTerms) -> String {
    let extra = &limit.extra;
    let mut text = things(limit);
    let facts = extra.only.iter().map(|fact| match fact {
        Fact::InPerson => " in person".to_owned(),
        Fact::Remote => " from afar".to_owned(),
        Fact::OwnTill => " served by the member's own hand".to_owned(),
        Fact::Unlinked => " that name no order".to_owned(),
        Fact::NoStore => " that name no store".to_owned(),
        Fact::Contact => " that change how the member is reached".to_owned(),
        Fact::Sizeable => String::new(),
        Fact::Unproven => " of a member who has bought nothing".to_owned(),
        Fact::Passing => " of a member who has bought at most once".to_owned(),
        Fact::Trifling => " for next to nothing".to_owned(),
        Fact::ToNewcomer => " to a new member".to_owned(),
        Fact::Indebted => " of a member who owes points".to_owned(),
        Fact::Receipt => " with a receipt".to_owned(),
        Fact::LateReceipt => " whose receipt is more than a day old".to_owned(),
        Fact::Late => " that a till brings more than an hour later".to_owned(),
        Fact::BirthdaySoon => " with a birthday within the week".to_owned(),
        Fact::Mailbox => " that change the e-mail address".to_owned(),
        Fact::Asleep => " of a member who was away for a month".to_owned(),
    });
    text.extend(facts);
    text.extend(extra.newer_ms.map(|ms| format!(" of a member of less than {}", duration(ms))));
    text.extend(extra.idle_ms.map(|ms| format!(" after {} of rest", duration(ms))));
    text.extend(extra.fresh.iter().map(|fresh| format!(" with a new {}", fresh.of.name())));
    text.extend(extra.after.iter().map(|prior| {
        let percent = prior.percent.map_or_else(String::new, |percent| format!(", {percent} % of all"));
        if let Some(most) = prior.most_percent {
            return format!(
                " beside few other {} within {} (at most {most} % of these)",
                prior.what,
                duration(prior.window_ms)
            );
        }
        format!(" after {} {} within {}{percent}", prior.least, prior.what, duration(prior.window_ms))
    }));
    text
}

/// What had to be so, behind a sentence.
fn given(limit: &LimitTerms) -> String {
    let said = conditions(limit);
    let only = said.strip_prefix(&things(limit)).unwrap_or_default();
    if only.is_empty() { String::new() } else { format!(";{only}") }
}

/// `redemptions take 950 of 1000 points (95 %) within 1h, at most 80 %; with a new device`.
pub(super) fn share(limit: &LimitTerms, (gone, had, share): (i64, i64, i64)) -> String {
    let (what, window) = (things(limit), duration(limit.window_ms));
    format!("{what} take {gone} of {had} points ({share} %) within {window}, at most {} %{}", limit.limit, given(limit))
}

/// `1900 of 2000 points received within 1d are passed on (95 %), at most 79 %`.
pub(super) fn passed(limit: &LimitTerms, (out, inflow, passed): (i64, i64, i64)) -> String {
    let window = duration(limit.window_ms);
    format!("{out} of {inflow} points received within {window} are passed on ({passed} %), at most {} %", limit.limit)
}

/// `points come back to where they came from within 7d, over 3 transfers`.
pub(super) fn cycle(limit: &LimitTerms, hops: i64) -> String {
    format!("points come back to where they came from within {}, over {hops} transfers", duration(limit.window_ms))
}

/// `arrived 26h after it happened, at most 1d`.
pub(super) fn too_old(limit: &LimitTerms, age_ms: i64) -> String {
    format!("arrived {} h after it happened, at most {}", age_ms / 3_600_000, duration(limit.window_ms))
}

/// `served 14 times within 14d on 3 days by one employee (100 % of their purchases, 4 a day); 31 others come 1.05 times a day`.
pub(super) fn favoured(limit: &LimitTerms, found: &Favoured) -> String {
    let Favoured { count, days, share, usual, others, .. } = found;
    let window = duration(limit.window_ms);
    let a_day = count * 100 / days.max(&1);
    format!(
        "served {count} times within {window} on {days} days by one employee ({share} % of their {}, {}.{:02} a day); {others} \
         others come {}.{:02} times a day",
        things(limit),
        a_day / 100,
        a_day % 100,
        usual / 100,
        usual % 100
    )
}

/// The comparison with its values, as a formula: `count(purchase) by member=ana within 1h = 9 > 8`. `priors` are the counts of
/// what must have happened before, in order of declaration.
pub(super) fn expression(limit: &LimitTerms, evidence: &Evidence, priors: &[i64]) -> String {
    let unit = |value: i64| match limit.metric {
        Metric::Gap | Metric::Age => duration(value),
        Metric::Speed if value == i64::MAX => "any speed".to_owned(),
        Metric::Speed => format!("{value} km/h"),
        Metric::Share | Metric::Passed => format!("{value} %"),
        _ => value.to_string(),
    };
    let kinds: Vec<Text> = limit.on.iter().map(Counted::name).collect();
    let of = if let Metric::Distinct(of) = limit.metric { format!("{} of ", of.name()) } else { String::new() };
    let span = match limit.metric {
        Metric::Gap | Metric::Age | Metric::Speed | Metric::Sequence | Metric::Copies => String::new(),
        _ => format!(" {}", span(limit, evidence.window_ms)),
    };
    let (counted, most) = (evidence.counted, evidence.limit);
    // What cannot be told exactly fires with fewer than the limit in sight.
    let compared = match limit.metric {
        Metric::Gap | Metric::Min if counted < most => format!("= {} < {}", unit(counted), unit(most)),
        _ if counted > most => format!("= {} > {}", unit(counted), unit(most)),
        _ => format!(">= {}, limit {}", unit(counted), unit(most)),
    };
    let back = if limit.extra.taken == Taken::Reversed { " given back" } else { "" };
    let (metric, kinds) = (limit.metric.name(), kinds.join("|"));
    let mut text = format!("{metric}({of}{kinds}{back}) by {}{span} {compared}", evidence.key);
    let extra = &limit.extra;
    let priors = extra.after.iter().zip(priors).map(|(prior, happened)| {
        let (what, least, within) = (&prior.what, prior.least, duration(prior.window_ms));
        format!("before({what}) within {within} = {happened} >= {least}")
    });
    let facts = extra.only.iter().map(|fact| fact.name().to_owned());
    let newer = extra.newer_ms.map(|ms| format!("enrolled within {}", duration(ms)));
    let idle = extra.idle_ms.map(|ms| format!("idle for {}", duration(ms)));
    let fresh =
        extra.fresh.iter().map(|fresh| format!("new({}) within {}", fresh.of.name(), duration(fresh.window_ms)));
    for condition in priors.chain(facts).chain(newer).chain(idle).chain(fresh) {
        text.push_str(" and ");
        text.push_str(&condition);
    }
    text
}

/// `number 17 of store and terminal was used before`.
pub(super) fn used_number(limit: &LimitTerms, number: i64) -> String {
    format!("number {number} of {} was used before", fields(&limit.key.iter().collect::<Vec<_>>()))
}

/// `the numbers of store and terminal go back from 17 to 12`.
pub(super) fn number_back(limit: &LimitTerms, (from, to): (i64, i64)) -> String {
    format!("the numbers of {} go back from {from} to {to}", fields(&limit.key.iter().collect::<Vec<_>>()))
}

/// `numbers of store and terminal missing between 12 and 16: 3, at most 0`.
pub(super) fn numbers_missing(limit: &LimitTerms, (from, to): (i64, i64), missing: i64) -> String {
    let by = fields(&limit.key.iter().collect::<Vec<_>>());
    format!("numbers of {by} missing between {from} and {to}: {missing}, at most {}", limit.limit)
}

/// What is said where entries that might matter are no longer kept.
pub(super) const UNKNOWN: &str = "; more happened than is kept, so it cannot be told exactly";

/// The same of a number.
pub(super) fn unknown(limit: &LimitTerms, counted: Tally, window_ms: i64) -> String {
    format!("{}{UNKNOWN}", over(limit, counted, window_ms))
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

/// A length of time in its largest whole unit: `1h`, `90s`, `7d`.
pub(super) fn duration(ms: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let whole = UNITS.iter().find(|(unit, _)| ms >= *unit && ms % unit == 0);
    whole.map_or_else(|| format!("{ms}ms"), |(unit, name)| format!("{}{name}", ms / unit))
}

fn things(limit: &LimitTerms) -> String {
    let things = kinds(limit);
    if limit.extra.taken == Taken::Reversed { format!("{things} that were given back") } else { things }
}

fn kinds(limit: &LimitTerms) -> String {
    match limit.on.as_slice() {
        [Counted::Transfer] => "transfers".to_owned(),
        [Counted::Redeem] => "redemptions".to_owned(),
        [Counted::Hold] => "holds".to_owned(),
        [Counted::Donate] => "donations".to_owned(),
        [Counted::Credit] => "credits by hand".to_owned(),
        [Counted::Event(kind)] => plural(kind),
        all if all.iter().all(|counted| !matches!(counted, Counted::Event(_) | Counted::Credit)) => {
            "spendings".to_owned()
        }
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

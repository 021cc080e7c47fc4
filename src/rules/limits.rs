//! What `[[limits]]` mean to the ledger: each with the ring it reads, and room in that ring for the highest limit on it.
//!
//! Expects a manifest that [`validate`](super::validate) found nothing wrong with.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::manifest::fraud::{FreshTable, PriorTable};
use super::manifest::{CountsText, FactText, LimitTable, Manifest, MetricText};
use super::terms::Ids;
use super::values::{AbsentText, CountedKind, Key, OneOrMany, WindowOf};
use crate::ledger::event::EventKind;
use crate::ledger::record::{KeyField, KeyFields, Taken, Verdict};
use crate::ledger::terms::{
    Absent, Counted, Fact, Facts, Favour, Feed, FeedValue, Fresh, LimitExtra, LimitTerms, Metric, Prior, Since,
};
use crate::ledger::types::{NameId, Text};
use crate::limits::{
    COPIES_RING_ENTRIES, EVIDENCE_EVENTS_MIN, KNOWN_VALUES_MAX, OFTEN_RING_ENTRIES, ORIGINS_MAX, RING_CAPACITY_MAX,
    RING_LATE_ROOM, SEQUENCE_RING_ENTRIES, SERVED_MAX, SPEED_RING_ENTRIES, SUM_RING_ENTRIES_DEFAULT,
};

/// Entries of a ring that conditions look things up in, at least.
const PRIOR_ENTRIES_MIN: u16 = 32;
/// The ring of a limit that has none; nothing is ever found under it, since no program declares so many names.
const NO_RING: NameId = NameId::new(u16::MAX);

/// The ring a limit reads: the same for every limit with the same key, metric, kinds and conditions.
pub(super) fn ring_name(limit: &LimitTable) -> Text {
    let metric = match limit.metric {
        _ if limit.latest.is_some() => "count",
        // A gap is read from the same ring as a count.
        MetricText::Count | MetricText::Gap | MetricText::Favour | MetricText::Age | MetricText::Cycle => "count",
        MetricText::Sum | MetricText::Share | MetricText::Passed => "sum",
        MetricText::Distinct => "distinct",
        MetricText::Speed => "speed",
        MetricText::Sequence => "sequence",
        MetricText::Copies => "copies",
        MetricText::Max => "max",
        MetricText::Min => "min",
        MetricText::First => "first",
        MetricText::Last => "last",
    };
    let mut name = format!("ring:{}:{metric}:{}", keys(&limit.key), kinds(&limit.on));
    let mut add = |what: &str, text: &str| write!(name, ":{what}={text}").expect("a string takes everything");
    if let Some(of) = limit.of.as_ref().filter(|_| limit.latest.is_none()) {
        add("of", of.get_ref().0.name());
    }
    match (limit.metric, limit.window.get_ref().0) {
        // What such a ring keeps depends on the number, or on where the window begins.
        (MetricText::Max | MetricText::Min, _) => add("limit", &most(limit).to_string()),
        (MetricText::First, WindowOf::Calendar(period)) => add("in", &format!("{period:?}")),
        _ => {}
    }
    if !limit.when.is_empty() {
        add("when", &conditions(&limit.when));
    }
    if let Some(since) = &limit.since {
        add("since", &format!("{}({})", kinds(&since.on), conditions(&since.when)));
    }
    if !limit.only.0.is_empty() && limit.latest.is_none() {
        add("only", &facts_name(&limit.only));
    }
    match limit.counts {
        CountsText::Attempted => {}
        CountsText::Accepted => add("counts", "accepted"),
        CountsText::Denied => add("counts", "denied"),
        CountsText::Kept => add("counts", "kept"),
        CountsText::Reversed => add("counts", "reversed"),
    }
    Text::new(name)
}

/// Whether a limit of this metric has a ring of its own.
const fn has_ring(metric: MetricText) -> bool {
    !matches!(metric, MetricText::Age | MetricText::Cycle)
}

/// The names of all rings that a limit reads, be they fed by others.
pub(super) fn ring_names(limit: &LimitTable) -> Vec<Text> {
    let own = has_ring(limit.metric).then(|| ring_name(limit));
    let priors = limit.after.iter().map(|prior| prior_ring(limit, prior));
    let fresh = limit.fresh.iter().flat_map(|fresh| &fresh.of.0).map(|of| known_ring(of.0));
    own.into_iter().chain(priors).chain(fresh).chain(other_ring(limit)).collect()
}

fn prior_ring(limit: &LimitTable, prior: &PriorTable) -> Text {
    let mut name = format!("fed:{}:{}", keys(prior.key.as_ref().unwrap_or(&limit.key)), kinds(&prior.on));
    let mut add = |what: &str, text: &str| write!(name, ":{what}={text}").expect("a string takes everything");
    if let Some(of) = &prior.of {
        add("of", of.0.name());
    }
    if !prior.when.is_empty() {
        add("when", &conditions(&prior.when));
    }
    if !prior.only.0.is_empty() {
        add("only", &facts_name(&prior.only));
    }
    Text::new(name)
}

fn known_ring(of: KeyField) -> Text {
    Text::new(format!("known:member:{}", of.name()))
}

fn other_ring(limit: &LimitTable) -> Option<Text> {
    match limit.metric {
        MetricText::Favour => Some(Text::new(format!("served:staff:{}", kinds(&limit.on)))),
        MetricText::Passed => Some(Text::new_static("received:recipient")),
        MetricText::Cycle => Some(Text::new_static("origins:recipient")),
        _ => None,
    }
}

fn keys(keys: &OneOrMany<Key>) -> String {
    keys.0.iter().map(|key| key.0.name()).collect::<Vec<_>>().join("+")
}

fn facts_name(facts: &OneOrMany<FactText>) -> String {
    facts.0.iter().map(|fact| format!("{fact:?}")).collect::<Vec<_>>().join("+")
}

fn facts(only: &OneOrMany<FactText>) -> Facts {
    let fact = |fact: &FactText| match fact {
        FactText::InPerson => Fact::InPerson,
        FactText::Remote => Fact::Remote,
        FactText::OwnTill => Fact::OwnTill,
        FactText::Unlinked => Fact::Unlinked,
        FactText::NoStore => Fact::NoStore,
        FactText::Contact => Fact::Contact,
        FactText::Sizeable => Fact::Sizeable,
        FactText::Unproven => Fact::Unproven,
        FactText::Passing => Fact::Passing,
        FactText::Trifling => Fact::Trifling,
        FactText::Receipt => Fact::Receipt,
        FactText::Asleep => Fact::Asleep,
        FactText::LateReceipt => Fact::LateReceipt,
        FactText::Indebted => Fact::Indebted,
        FactText::ToNewcomer => Fact::ToNewcomer,
        FactText::Late => Fact::Late,
        FactText::BirthdaySoon => Fact::BirthdaySoon,
        FactText::Mailbox => Fact::Mailbox,
    };
    only.0.iter().map(fact).collect()
}

pub(super) fn kinds(on: &OneOrMany<CountedKind>) -> String {
    let mut on: Vec<_> = on.0.iter().map(|kind| kind.0.name()).collect();
    on.sort();
    on.dedup();
    on.join("+")
}

fn conditions(when: &BTreeMap<String, String>) -> String {
    let all: Vec<_> = when.iter().map(|(name, value)| format!("{name}={value}")).collect();
    all.join("+")
}

fn key_fields(keys: &OneOrMany<Key>) -> KeyFields {
    KeyFields::new(&keys.0.iter().map(|key| key.0).collect::<Vec<_>>())
        .expect("a limit has one to four fields: validation has said so")
}

/// The terms of all limits.
pub(super) fn limits(m: &Manifest, id: Ids<'_>) -> Vec<LimitTerms> {
    let limits = m.limits.iter().map(|limit| {
        let ring = ring_name(limit);
        let sharing = || m.limits.iter().filter(|other| has_ring(other.metric) && ring_name(other) == ring);
        let (window_ms, calendar) = match limit.window.get_ref().0 {
            WindowOf::Rolling(ms) => (ms, None),
            WindowOf::Calendar(period) => (0, Some(period)),
        };
        let mut extra = extra(limit, id);
        extra.calendar = calendar;
        extra.trail = sharing().any(|limit| limit.latest.is_some());
        LimitTerms {
            id: limit.id.get_ref().0.clone(),
            on: counted(&limit.on),
            key: key_fields(&limit.key),
            metric: metric(limit),
            window_ms,
            limit: most(limit),
            verdict: limit.verdict.0,
            weight: limit
                .weight
                .map_or_else(|| usual_weight(limit.verdict.0), |weight| u8::try_from(weight.0).unwrap_or(100)),
            absent: limit.absent.as_ref().map_or(Absent::Skip, missing),
            ring: if has_ring(limit.metric) { id(&ring) } else { NO_RING },
            capacity: sharing().map(capacity).max().unwrap_or(1),
            extra,
        }
    });
    limits.collect()
}

const fn missing(text: &AbsentText) -> Absent {
    match text {
        AbsentText(None) => Absent::Skip,
        AbsentText(Some(verdict)) => Absent::Verdict(*verdict),
    }
}

fn counted(on: &OneOrMany<CountedKind>) -> Vec<Counted> {
    on.0.iter().map(|kind| kind.0.clone()).collect()
}

fn extra(limit: &LimitTable, id: Ids<'_>) -> LimitExtra {
    LimitExtra {
        calendar: None,
        since: limit.since.as_ref().map(|since| Since { on: counted(&since.on), when: pairs(&since.when) }),
        when: pairs(&limit.when),
        taken: match limit.counts {
            CountsText::Attempted => Taken::Attempted,
            CountsText::Accepted => Taken::Accepted,
            CountsText::Denied => Taken::Denied,
            CountsText::Kept => Taken::Kept,
            CountsText::Reversed => Taken::Reversed,
        },
        excludes_current: !limit.current,
        ignore_m: limit.ignore_below_m.map_or(0, |metres| metres.0),
        shadow: limit.shadow,
        max_per_thousand: limit.max_per_thousand.and_then(|most| u16::try_from(most.0).ok()),
        family: limit.family.as_ref().map(|family| family.0.clone()),
        only: facts(&limit.only),
        newer_ms: limit.newer_than.as_ref().map(|ms| ms.0),
        idle_ms: limit.idle_for.as_ref().map(|ms| ms.0),
        after: limit.after.iter().map(|prior| prior_terms(limit, prior, id)).collect(),
        fresh: limit.fresh.iter().flat_map(|fresh| fresh_terms(fresh, id)).collect(),
        latest: limit.latest.as_ref().and_then(|latest| u16::try_from(latest.get_ref().0).ok()),
        trail: false,
        around: limit.around,
        quick_ms: limit.quick.as_ref().map(|quick| quick.0),
        apart_ms: limit.apart.as_ref().map_or(0, |apart| apart.0),
        slack_ms: limit.slack.as_ref().map_or(0, |slack| slack.0),
        by_air: limit.by_air,
        often: limit.often.as_ref().map_or(1, |often| usize::try_from(often.0).unwrap_or(usize::MAX)),
        favour: limit.favour.as_ref().map(|favour| Favour {
            share: favour.share.0,
            times: favour.times.0,
            others: usize::try_from(favour.others.0).unwrap_or(usize::MAX),
            days: favour.days.0,
            a_day: favour.a_day.0,
            cash: favour.cash,
            apart_ms: favour.apart.as_ref().map_or(0, |apart| apart.0),
        }),
        other: other_ring(limit).map(|ring| id(&ring)),
        about: limit.about.as_ref().map_or(Text::new_static(""), |about| about.0.clone()),
        member: limit.member_reason.as_ref().map_or(Text::new_static(""), |told| told.0.clone()),
        unevaluable: limit.unevaluable.as_ref().map(missing),
        standard: limit.standard,
    }
}

fn prior_terms(limit: &LimitTable, prior: &PriorTable, id: Ids<'_>) -> Prior {
    let when = if prior.when.is_empty() { String::new() } else { format!(" ({})", conditions(&prior.when)) };
    let of = prior.of.as_ref().map_or_else(String::new, |of| format!(" of different {}s", of.0.name()));
    Prior {
        ring: id(&prior_ring(limit, prior)),
        key: key_fields(prior.key.as_ref().unwrap_or(&limit.key)),
        distinct: prior.of.is_some(),
        window_ms: prior.within.0,
        least: prior.least.0,
        percent: prior.percent.map(|percent| percent.0),
        most_percent: prior.most_percent.map(|percent| percent.0),
        what: Text::new(format!("{}{when}{of}", kinds(&prior.on).replace('+', " or "))),
    }
}

fn fresh_terms(fresh: &FreshTable, id: Ids<'_>) -> Vec<Fresh> {
    let one = |of: &Key| Fresh { ring: id(&known_ring(of.0)), of: of.0, window_ms: fresh.within.0 };
    fresh.of.0.iter().map(one).collect()
}

/// What rings are fed beside what limits count: one feed for each ring and kind.
pub(super) fn feeds(m: &Manifest, id: Ids<'_>) -> Vec<Feed> {
    let mut feeds: Vec<Feed> = Vec::new();
    let mut put = |feed: Feed| match feeds.iter_mut().find(|known| known.ring == feed.ring && known.on == feed.on) {
        Some(known) => known.entries = known.entries.max(feed.entries),
        None => feeds.push(feed),
    };
    for limit in &m.limits {
        for prior in &limit.after {
            let least = u16::try_from(prior.least.0).unwrap_or(1);
            put(Feed {
                ring: id(&prior_ring(limit, prior)),
                key: key_fields(prior.key.as_ref().unwrap_or(&limit.key)),
                on: counted(&prior.on),
                when: pairs(&prior.when),
                only: facts(&prior.only),
                value: prior.of.as_ref().map_or(FeedValue::One, |of| FeedValue::Distinct(of.0)),
                entries: least.saturating_mul(2).max(PRIOR_ENTRIES_MIN),
            });
        }
        for of in limit.fresh.iter().flat_map(|fresh| &fresh.of.0) {
            known_feeds(of.0, id).into_iter().for_each(&mut put);
        }
        if let Some(feed) = other_feed(limit, id) {
            put(feed);
        }
    }
    feeds
}

/// Where a member's own values are first seen: wherever they act from afar, but for logins that failed.
fn known_feeds(of: KeyField, id: Ids<'_>) -> [Feed; 2] {
    let acts = [Counted::Transfer, Counted::Redeem, Counted::Hold, Counted::Donate];
    let events = [EventKind::Enroll, EventKind::Purchase, EventKind::Visit, EventKind::Profile].map(Counted::Event);
    let feed = |on: Vec<Counted>, when: Vec<(Text, Text)>| Feed {
        ring: id(&known_ring(of)),
        key: KeyFields::of(KeyField::Member),
        on,
        when,
        only: Facts::NONE.with(Fact::Remote, true),
        value: FeedValue::First(of),
        entries: KNOWN_VALUES_MAX,
    };
    let success = (Text::new_static("result"), Text::new_static("success"));
    [
        feed(events.into_iter().chain(acts).collect(), Vec::new()),
        feed(vec![Counted::Event(EventKind::Login)], vec![success]),
    ]
}

/// What the second ring of a limit is fed.
fn other_feed(limit: &LimitTable, id: Ids<'_>) -> Option<Feed> {
    let (key, value, entries) = match limit.metric {
        MetricText::Favour => (KeyField::Staff, FeedValue::Each(KeyField::Member), SERVED_MAX),
        MetricText::Passed => (KeyField::Recipient, FeedValue::Amount, PRIOR_ENTRIES_MIN),
        MetricText::Cycle => (KeyField::Recipient, FeedValue::Origins, ORIGINS_MAX),
        _ => return None,
    };
    Some(Feed {
        ring: id(&other_ring(limit)?),
        key: KeyFields::of(key),
        on: counted(&limit.on),
        when: Vec::new(),
        only: facts(&limit.only),
        value,
        entries,
    })
}

fn pairs(when: &BTreeMap<String, String>) -> Vec<(Text, Text)> {
    when.iter().map(|(name, value)| (Text::new(name), Text::new(value))).collect()
}

fn metric(limit: &LimitTable) -> Metric {
    match (limit.metric, &limit.of) {
        (MetricText::Distinct, Some(of)) => Metric::Distinct(of.get_ref().0),
        (MetricText::Count | MetricText::Distinct, _) => Metric::Count,
        (MetricText::Sum, _) => Metric::Sum,
        (MetricText::Gap, _) => Metric::Gap,
        (MetricText::Speed, _) => Metric::Speed,
        (MetricText::Share, _) => Metric::Share,
        (MetricText::Age, _) => Metric::Age,
        (MetricText::Favour, _) => Metric::Favour,
        (MetricText::Cycle, _) => Metric::Cycle,
        (MetricText::Passed, _) => Metric::Passed,
        (MetricText::Sequence, _) => Metric::Sequence,
        (MetricText::Copies, _) => Metric::Copies,
        (MetricText::Max, _) => Metric::Max,
        (MetricText::Min, _) => Metric::Min,
        (MetricText::First, _) => Metric::First,
        (MetricText::Last, _) => Metric::Last,
    }
}

/// The most that passes; a gap has no number but its length.
fn most(limit: &LimitTable) -> i64 {
    limit.limit.as_ref().map_or(0, |limit| limit.get_ref().0)
}

/// Places in a ring that one counted event may take: marks of what a count begins after take places too, and where what was given back
/// leaves its place, older ones must still be there.
pub(super) fn places(limit: &LimitTable) -> u16 {
    1 + u16::from(limit.since.is_some()) + u16::from(limit.counts == CountsText::Kept)
}

/// Entries one limit needs: one more than passes, so that passing it is seen, enough to name what made the count, and room for
/// what is newer than a late event.
fn capacity(limit: &LimitTable) -> u16 {
    let evidence = u16::try_from(EVIDENCE_EVENTS_MIN).unwrap_or(RING_CAPACITY_MAX);
    let needed = u16::try_from(most(limit)).map_or(RING_CAPACITY_MAX, |limit| limit.saturating_add(1));
    if let Some(latest) = &limit.latest {
        return u16::try_from(latest.get_ref().0).unwrap_or(RING_CAPACITY_MAX);
    }
    match limit.metric {
        MetricText::Count => {
            let needed = needed.max(evidence).saturating_mul(places(limit));
            needed.saturating_add(RING_LATE_ROOM).min(RING_CAPACITY_MAX)
        }
        // Room for repeated values, so that late events find what lay before them.
        MetricText::Distinct => needed.saturating_mul(2).max(evidence).min(RING_CAPACITY_MAX),
        // Of these the newest decides; of marks of what they begin after there may be as many.
        MetricText::Max | MetricText::Min | MetricText::First | MetricText::Last => {
            evidence.saturating_mul(places(limit))
        }
        MetricText::Gap | MetricText::Favour | MetricText::Age | MetricText::Cycle => evidence,
        MetricText::Share | MetricText::Passed => PRIOR_ENTRIES_MIN,
        MetricText::Speed if limit.often.is_some() => OFTEN_RING_ENTRIES,
        MetricText::Speed => SPEED_RING_ENTRIES,
        MetricText::Sequence => SEQUENCE_RING_ENTRIES,
        MetricText::Copies => COPIES_RING_ENTRIES,
        MetricText::Sum => limit
            .entries
            .as_ref()
            .and_then(|entries| u16::try_from(entries.get_ref().0).ok())
            .unwrap_or(SUM_RING_ENTRIES_DEFAULT),
    }
}

/// What a verdict adds to the score where the program does not say.
const fn usual_weight(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Allow => 0,
        Verdict::Flag => 20,
        Verdict::Hold => 50,
        Verdict::StepUp => 70,
        Verdict::Deny => 100,
    }
}

//! What `[[limits]]` mean to the ledger: each with the ring it reads, and room in that ring for the highest limit on it.
//!
//! Expects a manifest that [`validate`](super::validate) found nothing wrong with.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::manifest::{CountsText, LimitTable, Manifest, MetricText};
use super::terms::Ids;
use super::values::{AbsentText, CountedKind, OneOrMany, WindowOf};
use crate::ledger::record::{KeyFields, Taken, Verdict};
use crate::ledger::terms::{Absent, Counted, LimitExtra, LimitTerms, Metric, Since};
use crate::ledger::types::Text;
use crate::limits::{EVIDENCE_EVENTS_MIN, RING_CAPACITY_MAX, SPEED_RING_ENTRIES, SUM_RING_ENTRIES_DEFAULT};

/// The ring a limit reads: the same for every limit with the same key, metric, kinds and conditions.
pub(super) fn ring_name(limit: &LimitTable) -> Text {
    let key: Vec<_> = limit.key.0.iter().map(|key| key.0.name()).collect();
    let metric = match limit.metric {
        // A gap is read from the same ring as a count.
        MetricText::Count | MetricText::Gap => "count",
        MetricText::Sum => "sum",
        MetricText::Distinct => "distinct",
        MetricText::Speed => "speed",
    };
    let mut name = format!("ring:{}:{metric}:{}", key.join("+"), kinds(&limit.on));
    let mut add = |what: &str, text: &str| write!(name, ":{what}={text}").expect("a string takes everything");
    if let Some(of) = &limit.of {
        add("of", of.get_ref().0.name());
    }
    if !limit.when.is_empty() {
        add("when", &conditions(&limit.when));
    }
    if let Some(since) = &limit.since {
        add("since", &format!("{}({})", kinds(&since.on), conditions(&since.when)));
    }
    match limit.counts {
        CountsText::Attempted => {}
        CountsText::Accepted => add("counts", "accepted"),
        CountsText::Denied => add("counts", "denied"),
    }
    Text::new(name)
}

fn kinds(on: &OneOrMany<CountedKind>) -> String {
    let mut on: Vec<_> =
        on.0.iter()
            .map(|kind| match &kind.0 {
                Counted::Event(kind) => kind.wire_name(),
                Counted::Transfer => Text::new_static("transfer"),
                Counted::Redeem => Text::new_static("redeem"),
                Counted::Hold => Text::new_static("hold"),
                Counted::Donate => Text::new_static("donate"),
            })
            .collect();
    on.sort();
    on.dedup();
    on.join("+")
}

fn conditions(when: &BTreeMap<String, String>) -> String {
    let all: Vec<_> = when.iter().map(|(name, value)| format!("{name}={value}")).collect();
    all.join("+")
}

/// The terms of all limits.
pub(super) fn limits(m: &Manifest, id: Ids<'_>) -> Vec<LimitTerms> {
    let limits = m.limits.iter().map(|limit| {
        let ring = ring_name(limit);
        let sharing = m.limits.iter().filter(|other| ring_name(other) == ring);
        let (window_ms, calendar) = match limit.window.get_ref().0 {
            WindowOf::Rolling(ms) => (ms, None),
            WindowOf::Calendar(period) => (0, Some(period)),
        };
        LimitTerms {
            id: limit.id.get_ref().0.clone(),
            on: limit.on.0.iter().map(|kind| kind.0.clone()).collect(),
            key: KeyFields::new(&limit.key.0.iter().map(|key| key.0).collect::<Vec<_>>())
                .expect("a limit has one to four fields: validation has said so"),
            metric: metric(limit),
            window_ms,
            limit: most(limit),
            verdict: limit.verdict.0,
            weight: limit
                .weight
                .map_or_else(|| usual_weight(limit.verdict.0), |weight| u8::try_from(weight.0).unwrap_or(100)),
            absent: match &limit.absent {
                None | Some(AbsentText(None)) => Absent::Skip,
                Some(AbsentText(Some(verdict))) => Absent::Verdict(*verdict),
            },
            ring: id(&ring),
            capacity: sharing.map(capacity).max().unwrap_or(1),
            extra: LimitExtra {
                calendar,
                since: limit.since.as_ref().map(|since| Since {
                    on: since.on.0.iter().map(|kind| kind.0.clone()).collect(),
                    when: pairs(&since.when),
                }),
                when: pairs(&limit.when),
                taken: match limit.counts {
                    CountsText::Attempted => Taken::Attempted,
                    CountsText::Accepted => Taken::Accepted,
                    CountsText::Denied => Taken::Denied,
                },
                excludes_current: !limit.current,
                ignore_m: limit.ignore_below_m.map_or(0, |metres| metres.0),
                shadow: limit.shadow,
                max_per_thousand: limit.max_per_thousand.and_then(|most| u16::try_from(most.0).ok()),
            },
        }
    });
    limits.collect()
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
    }
}

/// The most that passes; a gap has no number but its length.
fn most(limit: &LimitTable) -> i64 {
    limit.limit.as_ref().map_or(0, |limit| limit.get_ref().0)
}

/// Entries one limit needs: one more than passes, so that passing it is seen, and enough to name what made the count.
fn capacity(limit: &LimitTable) -> u16 {
    let evidence = u16::try_from(EVIDENCE_EVENTS_MIN).unwrap_or(RING_CAPACITY_MAX);
    let needed = u16::try_from(most(limit)).map_or(RING_CAPACITY_MAX, |limit| limit.saturating_add(1));
    match limit.metric {
        // Marks of what a count begins after take places too.
        MetricText::Count => {
            needed.max(evidence).saturating_mul(1 + u16::from(limit.since.is_some())).min(RING_CAPACITY_MAX)
        }
        // Room for repeated values, so that late events find what lay before them.
        MetricText::Distinct => needed.saturating_mul(2).max(evidence).min(RING_CAPACITY_MAX),
        MetricText::Gap => evidence,
        MetricText::Speed => SPEED_RING_ENTRIES,
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

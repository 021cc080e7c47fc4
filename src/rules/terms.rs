//! What a manifest means to the ledger: [`Terms`], with every name replaced by its number.
//!
//! Expects a manifest that [`validate`](super::validate) found nothing wrong with.

use super::manifest::{CapPer, EarnTable, GrantTable, LevelTable, LimitTable, Manifest, MetricText, TiersTable};
use super::validate::BUILT_IN_COUNTERS;
use super::values::{AbsentText, KEY_FIELDS, Kind, OneOrMany};
use crate::ledger::record::{KeyFields, Verdict};
use crate::ledger::terms::{
    Absent, CapPeriod, CapTerms, CardTerms, Counted, Expiry, LevelTerms, LimitTerms, Need, Period, PoolTerms,
    ReferralTerms, RewardTerms, Terms, TierPeriod, TierTerms,
};
use crate::ledger::types::{Money, NameId, Points, Text};
use crate::limits::{EVIDENCE_EVENTS_MAX, LATENESS_MS_DEFAULT, RING_CAPACITY_MAX, SUM_RING_ENTRIES_DEFAULT};

/// The id of a declared name.
pub(super) type Ids<'a> = &'a dyn Fn(&str) -> NameId;

/// A table that can pay once: what it is remembered by.
pub(super) trait PaysOnce {
    /// The table's own id, where it has one, else what tells it apart; `None` where it pays every time.
    fn once_id(&self) -> Option<String>;
}

impl PaysOnce for EarnTable {
    fn once_id(&self) -> Option<String> {
        self.once?;
        let own = self.id.as_ref().map(|id| id.get_ref().0.to_string());
        Some(own.unwrap_or_else(|| format!("earn:{}:{}", self.pool.get_ref().0, kinds(&self.on))))
    }
}

impl PaysOnce for GrantTable {
    fn once_id(&self) -> Option<String> {
        self.once?;
        let own = self.id.as_ref().map(|id| id.get_ref().0.to_string());
        Some(own.unwrap_or_else(|| format!("grant:{}:{}", self.reward.get_ref().0, kinds(&self.on))))
    }
}

/// The counter that remembers whether a table has paid.
pub(super) fn once_name(table: &impl PaysOnce) -> Option<Text> {
    table.once_id().map(|id| Text::new(format!("once:{id}")))
}

fn kinds(on: &OneOrMany<Kind>) -> String {
    let names: Vec<_> = on.0.iter().map(|kind| kind.0.wire_name()).collect();
    names.join("+")
}

/// The counter of a cap.
fn cap_counter(name: &str) -> Text {
    Text::new(format!("cap:{name}"))
}

/// The ring a limit reads: the same for every limit with the same key, metric and kinds.
fn ring_name(limit: &LimitTable) -> Text {
    let key: Vec<_> = limit
        .key
        .0
        .iter()
        .filter_map(|key| KEY_FIELDS.iter().find(|(_, field)| *field == key.0).map(|(name, _)| *name))
        .collect();
    let mut on: Vec<_> = limit
        .on
        .0
        .iter()
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
    let metric = match limit.metric {
        MetricText::Count => "count",
        MetricText::Sum => "sum",
    };
    Text::new(format!("ring:{}:{metric}:{}", key.join("+"), on.join("+")))
}

/// Every name a program declares, in an order that depends on nothing but the manifest, each once.
pub(super) fn names(manifest: &Manifest) -> Vec<Text> {
    let m = manifest;
    let mut names: Vec<Text> = Vec::new();
    let tiers = m.tiers.iter().flat_map(|tiers| tiers.levels.iter().map(|level| level.name.get_ref().0.clone()));
    let all = (m.pools.names().cloned())
        .chain(m.cards.names().cloned())
        .chain(m.rewards.names().cloned())
        .chain(tiers)
        .chain(BUILT_IN_COUNTERS.into_iter().map(Text::new_static))
        .chain(m.counters.names().cloned())
        .chain(m.caps.iter().map(|cap| cap_counter(&cap.name.get_ref().0)))
        .chain(m.earn.iter().filter_map(|table| once_name(table.get_ref())))
        .chain(m.grant.iter().filter_map(|table| once_name(table.get_ref())))
        .chain(m.limits.iter().map(ring_name));
    let mut seen = hashbrown::HashSet::new();
    names.extend(all.filter(|name| seen.insert(name.clone())));
    names
}

/// The terms of a version of the rules.
pub(super) fn terms(manifest: &Manifest, version: u32, id: Ids<'_>) -> Terms {
    let m = manifest;
    Terms {
        version,
        zone: m.program.zone.0.clone(),
        auto_enroll: m.program.auto_enroll,
        max_lateness_ms: m.program.max_lateness.as_ref().map_or(Some(LATENESS_MS_DEFAULT), |lateness| lateness.0),
        pools: pools(m, id),
        cards: cards(m, id),
        rewards: rewards(m, id),
        tiers: m.tiers.as_ref().map(|tiers| TierTerms { period: TierPeriod::CalendarYear, levels: levels(tiers, id) }),
        caps: caps(m, id),
        referral: m.referral.as_ref().map(|referral| ReferralTerms {
            pool: id(&referral.pool.get_ref().0),
            friend: Points::new(referral.friend.0),
            referrer: Points::new(referral.referrer.0),
            minimum: Money::new(referral.minimum.0),
            yearly_cap: referral.yearly_cap.map(|cap| small(cap.0)),
            counter: id("referrals"),
        }),
        limits: limits(m, id),
        household: m.household.as_ref().map(|household| household.terms(id)),
        spend_counter: id("spend"),
        purchases_counter: id("purchases"),
        ..Terms::default()
    }
}

fn levels(tiers: &TiersTable, id: Ids<'_>) -> Vec<LevelTerms> {
    let credit = id(&tiers.credit.get_ref().0);
    let level = |level: &LevelTable| LevelTerms {
        name: id(&level.name.get_ref().0),
        any: vec![Need::Credit(credit, level.from.0)],
    };
    tiers.levels.iter().map(level).collect()
}

fn small(number: i64) -> u32 {
    u32::try_from(number).expect("the manifest's types bound every count by a u32")
}

fn pools(m: &Manifest, id: Ids<'_>) -> Vec<PoolTerms> {
    let all = m.pools.0.iter().map(|(name, pool)| PoolTerms {
        name: id(&name.get_ref().0),
        expiry: pool.expires.as_ref().map_or(Expiry::Never, |expires| expires.0),
        pending: pool.pending.as_ref().map(|pending| pending.0),
        transferable: pool.transferable,
        ..PoolTerms::default()
    });
    all.collect()
}

fn cards(m: &Manifest, id: Ids<'_>) -> Vec<CardTerms> {
    let all = m.cards.0.iter().map(|(name, card)| CardTerms {
        name: id(&name.get_ref().0),
        size: small(card.size.0),
        spacing_ms: card.spacing.as_ref().map_or(0, |spacing| spacing.0),
        per_event: card.per_event.map(|count| small(count.0)),
        per_day: card.per_day.map(|count| small(count.0)),
        reward: id(&card.reward.get_ref().0),
        ..CardTerms::default()
    });
    all.collect()
}

fn rewards(m: &Manifest, id: Ids<'_>) -> Vec<RewardTerms> {
    let all = m.rewards.0.iter().map(|(name, reward)| RewardTerms {
        name: id(&name.get_ref().0),
        value: reward.value.map(|value| Money::new(value.0)),
        expires: reward.expires.as_ref().map_or(Expiry::Never, |expires| Expiry::Rolling(expires.0)),
        price: reward.price.as_ref().map(|price| (id(&price.pool.get_ref().0), Points::new(price.amount.0))),
        ..RewardTerms::default()
    });
    all.collect()
}

fn caps(m: &Manifest, id: Ids<'_>) -> Vec<CapTerms> {
    let caps = m.caps.iter().map(|cap| CapTerms {
        name: cap.name.get_ref().0.clone(),
        pool: id(&cap.pool.get_ref().0),
        period: match cap.per {
            CapPer::Event => CapPeriod::Event,
            CapPer::Day => CapPeriod::Member(Period::Day),
            CapPer::Month => CapPeriod::Member(Period::Month),
            CapPer::Year => CapPeriod::Member(Period::Year),
            CapPer::Program => CapPeriod::Program,
        },
        limit: Points::new(cap.limit.0),
        counter: id(&cap_counter(&cap.name.get_ref().0)),
        own: false,
    });
    caps.collect()
}

fn limits(m: &Manifest, id: Ids<'_>) -> Vec<LimitTerms> {
    let limits = m.limits.iter().map(|limit| {
        let ring = ring_name(limit);
        let sharing = m.limits.iter().filter(|other| ring_name(other) == ring);
        LimitTerms {
            id: limit.id.get_ref().0.clone(),
            on: limit.on.0.iter().map(|kind| kind.0.clone()).collect(),
            key: KeyFields::new(&limit.key.0.iter().map(|key| key.0).collect::<Vec<_>>())
                .expect("a limit has one to four fields: validation has said so"),
            metric: limit.metric.metric(),
            window_ms: limit.window.get_ref().0,
            limit: limit.limit.get_ref().0,
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
        }
    });
    limits.collect()
}

/// Entries one limit needs: one more than passes, so that passing it is seen, and enough to name what made the count.
fn capacity(limit: &LimitTable) -> u16 {
    match limit.metric {
        MetricText::Count => {
            let evidence = u16::try_from(EVIDENCE_EVENTS_MAX).unwrap_or(RING_CAPACITY_MAX);
            let needed =
                u16::try_from(limit.limit.get_ref().0).map_or(RING_CAPACITY_MAX, |limit| limit.saturating_add(1));
            needed.max(evidence).min(RING_CAPACITY_MAX)
        }
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

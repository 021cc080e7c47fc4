//! What a manifest means to the ledger: [`Terms`], with every name replaced by its number.
//!
//! Expects a manifest that [`validate`](super::validate) found nothing wrong with.

pub(super) mod life;

use toml::Spanned;

use super::identity::IdentityTable;
use super::limits;
use super::manifest::{
    CapPer, DowngradeText, EarnTable, GrantTable, LevelTable, Manifest, MostPer, PackText, PeriodText, RefundText,
    TiersTable, WorthText,
};
use super::validate::BUILT_IN_COUNTERS;
use super::values::{Kind, OneOrMany};
use crate::ledger::provenance::RefundPolicy;
use crate::ledger::terms::{
    CapPeriod, CapTerms, CardTerms, CardWorth, Concerns, Downgrade, Expiry, Holdout, IdentityTerms, LevelTerms, Need,
    Period, PoolTerms, ReferralTerms, RewardTerms, Terms, TierPeriod, TierTerms,
};
use crate::ledger::types::{Money, NameId, Points, Text};
use crate::limits::LATENESS_MS_DEFAULT;

/// What an answer calls the cap of a rule that has no id.
const OWN_CAP: Text = Text::new_static("rule");

/// What flags of several families weigh together where they hold, if a program does not say.
const TOGETHER_DEFAULT: i64 = 60;

/// The id of a declared name.
pub(super) type Ids<'a> = &'a dyn Fn(&str) -> NameId;

/// A table that can pay once: what it is remembered by.
pub(super) trait PaysOnce {
    /// The table's own id, where it has one, else what tells it apart; `None` where it pays every time.
    fn once_id(&self) -> Option<String>;
}

impl PaysOnce for EarnTable {
    fn once_id(&self) -> Option<String> {
        (self.once.is_some() || self.per_day.is_some()).then(|| self.known_as())
    }
}

impl EarnTable {
    /// What tells the table apart from others: its own id, else what it earns for what.
    fn known_as(&self) -> String {
        let own = self.id.as_ref().map(|id| id.get_ref().0.to_string());
        own.unwrap_or_else(|| format!("earn:{}:{}", self.pool.get_ref().0, kinds(&self.on)))
    }

    /// What remembers the values of an attribute that it has paid for.
    pub(super) fn values_name(&self) -> Option<Text> {
        self.once_per.as_ref().map(|_| Text::new(format!("per:{}", self.known_as())))
    }

    /// The counter of its own cap.
    pub(super) fn cap_name(&self) -> Option<Text> {
        self.cap.as_ref().map(|_| Text::new(format!("cap:rule:{}", self.known_as())))
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
        .chain(m.limits.iter().flat_map(limits::ring_names))
        .chain(m.earn.iter().filter_map(|table| table.get_ref().values_name()))
        .chain(m.earn.iter().filter_map(|table| table.get_ref().cap_name()))
        .chain(life::names(m));
    let mut seen = hashbrown::HashSet::new();
    names.extend(all.filter(|name| seen.insert(name.clone())));
    names
}

/// The terms of a version of the rules.
pub(super) fn terms(manifest: &Manifest, text: &str, version: u32, id: Ids<'_>) -> Terms {
    let m = manifest;
    let mut terms = Terms {
        version,
        zone: m.program.zone.0.clone(),
        currency: m.program.currency.0.clone(),
        auto_enroll: m.program.auto_enroll,
        max_lateness_ms: m.program.max_lateness.as_ref().map_or(Some(LATENESS_MS_DEFAULT), |lateness| lateness.0),
        pools: pools(m, id),
        cards: cards(m, id),
        rewards: rewards(m, id),
        tiers: m.tiers.as_ref().map(|tiers| self::tiers(tiers, id)),
        caps: caps(m, id),
        referral: m.referral.as_ref().map(|referral| ReferralTerms {
            pool: id(&referral.pool.get_ref().0),
            friend: Points::new(referral.friend.0),
            referrer: Points::new(referral.referrer.0),
            minimum: Money::new(referral.minimum.0),
            yearly_cap: referral.yearly_cap.map(|cap| small(cap.0)),
            counter: id("referrals"),
            vest: referral.vest.as_ref().map(|length| length.0),
        }),
        identity: identity(m),
        limits: limits::limits(m, id),
        household: m.household.as_ref().map(|household| household.terms(id)),
        holdout: m.fraud.holdout.as_ref().map(|holdout| Holdout {
            per_thousand: u16::try_from(holdout.per_thousand.0).unwrap_or(0),
            points_per_day: holdout.points_per_day.0,
        }),
        spend_counter: id("spend"),
        purchases_counter: id("purchases"),
        ..Terms::default()
    };
    terms.feeds = limits::feeds(m, id);
    terms.concerns = Concerns::of(&terms.limits, &terms.feeds);
    let together = m.fraud.together.map_or(TOGETHER_DEFAULT, |together| together.0);
    terms.together = u8::try_from(together).unwrap_or(u8::MAX);
    life::add(&mut terms, m, text, id);
    terms
}

/// A program that goes without the standard limits goes without the detectors of who is tied to whom, too.
fn identity(m: &Manifest) -> IdentityTerms {
    let terms = m.identity.as_ref().map_or_else(IdentityTerms::default, IdentityTable::terms);
    let detects = terms.detects && m.fraud.pack != PackText::None;
    IdentityTerms { detects, ..terms }
}

fn tiers(tiers: &TiersTable, id: Ids<'_>) -> TierTerms {
    let falls = tiers.downgrade.as_ref().map(|downgrade| *downgrade.get_ref());
    TierTerms {
        period: match (tiers.period, &tiers.window) {
            (PeriodText::Rolling, Some(window)) => TierPeriod::Rolling(window.get_ref().0),
            (PeriodText::CalendarYear | PeriodText::Rolling, _) => TierPeriod::CalendarYear,
            (PeriodText::Anniversary, _) => TierPeriod::Anniversary,
            (PeriodText::Lifetime, _) => TierPeriod::Lifetime,
        },
        levels: levels(tiers, id),
        downgrade: if falls == Some(DowngradeText::ByOne) { Downgrade::ByOne } else { Downgrade::ToFit },
        grace: tiers.grace.as_ref().map(|grace| grace.get_ref().0),
    }
}

fn levels(tiers: &TiersTable, id: Ids<'_>) -> Vec<LevelTerms> {
    let credit = id(&tiers.credit.get_ref().0);
    let level = |level: &LevelTable| {
        let from = level.from.iter().map(|from| Need::Credit(credit, from.0));
        let counters = level.any.iter().map(|need| Need::Credit(id(&need.counter.get_ref().0), need.from.0));
        let attributes = level.attribute.0.iter();
        let attributes = attributes.map(|(name, value)| Need::Attribute(name.get_ref().0.clone(), value.0.clone()));
        LevelTerms { name: id(&level.name.get_ref().0), any: from.chain(counters).chain(attributes).collect() }
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
        refund: match pool.refund {
            RefundText::Debt => RefundPolicy::Debt,
            RefundText::WithinBalance => RefundPolicy::WithinBalance,
            RefundText::PendingOnly => RefundPolicy::PendingOnly,
        },
        spend_minimum: Points::new(pool.spend_minimum.map_or(0, |minimum| minimum.0)),
        donate_minimum: Points::new(pool.donate_minimum.map_or(0, |minimum| minimum.0)),
        charities: life::ids(&pool.charities, id),
        earned: life::earned_counter(m, &name.get_ref().0).map(|name| id(&name)),
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
        worth: match card.worth {
            WorthText::Declared => CardWorth::Declared,
            WorthText::Mean => CardWorth::Mean,
            WorthText::Least => CardWorth::Least,
        },
        stamps_expire: card.stamps_expire.as_ref().map(|expire| expire.0),
    });
    all.collect()
}

fn rewards(m: &Manifest, id: Ids<'_>) -> Vec<RewardTerms> {
    let all = m.rewards.0.iter().map(|(name, reward)| RewardTerms {
        name: id(&name.get_ref().0),
        value: reward.value.map(|value| Money::new(value.0)),
        expires: reward.expires.as_ref().map_or(Expiry::Never, |expires| expires.0),
        price: reward.price.as_ref().map(|price| (id(&price.pool.get_ref().0), Points::new(price.amount.0))),
        stock: reward.stock.map(|stock| (id(&life::stock_counter(&name.get_ref().0)), stock.0)),
        per_member: reward.per_member.as_ref().map(|limit| {
            let period = match limit.per {
                MostPer::Day => CapPeriod::Member(Period::Day),
                MostPer::Month => CapPeriod::Member(Period::Month),
                MostPer::Year => CapPeriod::Member(Period::Year),
                MostPer::Ever => CapPeriod::Program,
            };
            (id(&life::bought_counter(&name.get_ref().0)), period, limit.most.0)
        }),
        tiers: life::ids(&reward.tiers, id),
    });
    all.collect()
}

fn caps(m: &Manifest, id: Ids<'_>) -> Vec<CapTerms> {
    let period = |per: CapPer| match per {
        CapPer::Event => CapPeriod::Event,
        CapPer::Day => CapPeriod::Member(Period::Day),
        CapPer::Month => CapPeriod::Member(Period::Month),
        CapPer::Year => CapPeriod::Member(Period::Year),
        CapPer::Program => CapPeriod::Program,
    };
    let own = m.earn.iter().map(Spanned::get_ref).filter_map(|earn| {
        let (cap, counter) = (earn.cap.as_ref()?, earn.cap_name()?);
        Some(CapTerms {
            name: earn.id.as_ref().map_or(OWN_CAP, |id| id.get_ref().0.clone()),
            pool: id(&earn.pool.get_ref().0),
            period: period(cap.per),
            limit: Points::new(cap.limit.0),
            counter: id(&counter),
            own: true,
        })
    });
    let caps = m.caps.iter().map(|cap| CapTerms {
        name: cap.name.get_ref().0.clone(),
        pool: id(&cap.pool.get_ref().0),
        period: period(cap.per),
        limit: Points::new(cap.limit.0),
        counter: id(&cap_counter(&cap.name.get_ref().0)),
        own: false,
    });
    caps.chain(own).collect()
}

//! A program's declared terms, as the ledger needs them to decide: pools and their expiry, cards, tiers, caps, referral.
//!
//! Compiled from `program.toml` by `rules`. Only `decide` and `due` read terms; `apply` never does, so that history does
//! not change when the terms do.

use super::calendar::{Span, Zone};
use super::event::EventKind;
use super::record::{KeyField, KeyFields, Taken, Verdict};
use super::types::{Money, NameId, Points, Text};

/// When credits of a pool are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Never.
    Never,
    /// A span after the credit became available.
    Rolling(Span),
    /// At the end of the `after`-th calendar period following the one it became available in.
    /// `EndOf { period: Year, after: 1 }` is "the end of next year".
    EndOf {
        /// Which period.
        period: Period,
        /// How many further periods pass.
        after: u16,
    },
    /// All lots of the pool together, this many months after the last posted purchase or redemption.
    Inactivity {
        /// How many months.
        months: u16,
    },
}

/// A calendar period in the program's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A day.
    Day,
    /// A month.
    Month,
    /// A quarter.
    Quarter,
    /// A year.
    Year,
}

/// A declared pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolTerms {
    /// Its name.
    pub name: NameId,
    /// When its credits are lost.
    pub expiry: Expiry,
    /// How long credits are pending, where they are.
    pub pending: Option<Span>,
    /// Whether members may transfer it.
    pub transferable: bool,
}

/// A declared stamp card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardTerms {
    /// Its name.
    pub name: NameId,
    /// Stamps that fill it.
    pub size: u32,
    /// The least time between two stamps, in milliseconds; exactly this is enough.
    pub spacing_ms: i64,
    /// Stamps one event may give.
    pub per_event: Option<u32>,
    /// Stamps one local day may give.
    pub per_day: Option<u32>,
    /// What a full card grants.
    pub reward: NameId,
}

/// A reward that can be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewardTerms {
    /// Its name.
    pub name: NameId,
    /// What it is worth, where it has a value.
    pub value: Option<Money>,
    /// How long it can be used.
    pub expires: Option<Span>,
    /// What it costs, where it can be bought: a pool and a price.
    pub price: Option<(NameId, Points)>,
}

/// Tiers by a counter over calendar years: the highest whose threshold this year's or last year's credit reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierTerms {
    /// The counter that qualifies.
    pub counter: NameId,
    /// Name and threshold, lowest first.
    pub levels: Vec<(NameId, i64)>,
}

/// How long a cap counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapPeriod {
    /// Within one event.
    Event,
    /// A member's local day, month or year.
    Member(Period),
    /// The program's whole life, over all members.
    Program,
}

/// A limit on what a pool may be credited by rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapTerms {
    /// The name reported in `clipped`: `member_daily` …
    pub name: Text,
    /// Which pool.
    pub pool: NameId,
    /// Over which period.
    pub period: CapPeriod,
    /// The most in that period.
    pub limit: Points,
    /// The counter that keeps what was given (not used by event caps).
    pub counter: NameId,
}

/// Bonuses for bringing a friend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferralTerms {
    /// Which pool pays.
    pub pool: NameId,
    /// What the friend gets.
    pub friend: Points,
    /// What the referrer gets.
    pub referrer: Points,
    /// The least purchase that pays.
    pub minimum: Money,
    /// Friends a referrer is paid for in a calendar year.
    pub yearly_cap: Option<u32>,
    /// The referrer's counter of paid friends.
    pub counter: NameId,
}

/// What a velocity limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// How many events.
    Count,
    /// The sum of the events' amounts.
    Sum,
    /// How many different values of a field.
    Distinct(KeyField),
    /// The time to the nearest other event: less than the window is too little.
    Gap,
    /// Kilometres an hour between this event's location and its neighbours' in time.
    Speed,
}

/// A window that the calendar ends, in the program's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalendarWindow {
    /// The local day.
    Day,
    /// The local week, from Monday.
    Week,
    /// The local month.
    Month,
}

/// An event that a count begins after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// Of which kinds.
    pub on: Vec<Counted>,
    /// With which attributes.
    pub when: Vec<(Text, Text)>,
}

/// What most limits do not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitExtra {
    /// Instead of a rolling window.
    pub calendar: Option<CalendarWindow>,
    /// Only what came after the latest of these counts.
    pub since: Option<Since>,
    /// Attributes that an event must have to be counted, by name and value.
    pub when: Vec<(Text, Text)>,
    /// What the ring takes in by the outcome.
    pub taken: Taken,
    /// Whether the event itself is left out of the count.
    pub excludes_current: bool,
    /// Speeds over shorter ways than this, in metres, say nothing.
    pub ignore_m: i64,
    /// Whether it only notes what it would have said.
    pub shadow: bool,
}

/// What a limit says about an event that lacks a field of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// Nothing: the limit does not apply.
    Skip,
    /// The verdict given here.
    Verdict(Verdict),
}

/// What kinds of input a limit counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Events of this kind.
    Event(EventKind),
    /// Transfers.
    Transfer,
}

/// A declared velocity limit: at most `limit` of `metric` by `key` within `window_ms`, this event included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitTerms {
    /// Its id, reported in reasons.
    pub id: Text,
    /// What it counts.
    pub on: Vec<Counted>,
    /// What it counts by; several fields make one key.
    pub key: KeyFields,
    /// What is counted.
    pub metric: Metric,
    /// Over which length of event time: an earlier event counts while it is younger than this.
    pub window_ms: i64,
    /// The most that passes.
    pub limit: i64,
    /// What more than that raises.
    pub verdict: Verdict,
    /// What it adds to the score, 0 to 100.
    pub weight: u8,
    /// What a missing field means.
    pub absent: Absent,
    /// The ring it reads, shared by limits with the same key, metric and kinds.
    pub ring: NameId,
    /// Entries the ring keeps: more than the highest limit that reads it.
    pub capacity: u16,
    /// What most limits do not say.
    pub extra: LimitExtra,
}

/// All a program declares that the ledger decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The version of the rules these terms belong to.
    pub version: u32,
    /// The zone of its days, months and years.
    pub zone: Zone,
    /// Whether an unknown member's first event enrols it.
    pub auto_enroll: bool,
    /// The oldest event that posts without a review, in milliseconds; `None` takes any age.
    pub max_lateness_ms: Option<i64>,
    /// Pools, in order of declaration.
    pub pools: Vec<PoolTerms>,
    /// Cards.
    pub cards: Vec<CardTerms>,
    /// Rewards.
    pub rewards: Vec<RewardTerms>,
    /// Tiers, where there are any.
    pub tiers: Option<TierTerms>,
    /// Caps, in order of declaration.
    pub caps: Vec<CapTerms>,
    /// Referral, where there is one.
    pub referral: Option<ReferralTerms>,
    /// Velocity limits, in order of declaration.
    pub limits: Vec<LimitTerms>,
    /// The built-in counter of money spent on purchases.
    pub spend_counter: NameId,
    /// The built-in counter of purchases.
    pub purchases_counter: NameId,
}

impl Terms {
    /// The terms of a pool.
    #[must_use]
    pub fn pool(&self, name: NameId) -> Option<&PoolTerms> {
        self.pools.iter().find(|pool| pool.name == name)
    }

    /// The terms of a card.
    #[must_use]
    pub fn card(&self, name: NameId) -> Option<&CardTerms> {
        self.cards.iter().find(|card| card.name == name)
    }

    /// The terms of a reward.
    #[must_use]
    pub fn reward(&self, name: NameId) -> Option<&RewardTerms> {
        self.rewards.iter().find(|reward| reward.name == name)
    }
}

//! A program's declared terms, as the ledger needs them to decide: pools and their expiry, cards, tiers, caps, referral.
//!
//! Compiled from `program.toml` by `rules`. Only `decide` and `due` read terms; `apply` never does, so that history does
//! not change when the terms do.

mod tiers;

use super::calendar::{Span, Zone};
use super::event::EventKind;
use super::provenance::RefundPolicy;
use super::types::{Money, NameId, Points, Text, TimeMs};
use super::verdict::KeyField;
use crate::limits::HUB_MEMBERS_DEFAULT;

pub use super::concerns::{Concern, Concerns, Glance, Near};
pub use super::velocity::{
    Absent, CalendarWindow, Counted, Fact, Facts, Favour, Feed, FeedValue, Fields, Fresh, LimitExtra, LimitTerms,
    Metric, Prior, Since, TRAIL_FIELDS,
};
pub use tiers::{Downgrade, LevelTerms, Need, TierPeriod, TierTerms};

/// When credits of a pool, or rewards, are lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// Never.
    #[default]
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolTerms {
    /// Its name.
    pub name: NameId,
    /// When its credits are lost.
    pub expiry: Expiry,
    /// How long credits are pending, where they are.
    pub pending: Option<Span>,
    /// Whether members may transfer it.
    pub transferable: bool,
    /// What a refund may take.
    pub refund: RefundPolicy,
    /// The least that may be spent of it at once; zero where anything may.
    pub spend_minimum: Points,
    /// The least that may be given to a charity at once; zero where anything may.
    pub donate_minimum: Points,
    /// Charities it can be given to.
    pub charities: Vec<NameId>,
    /// The counter of what rules credit to it, net of refunds, where a tier or a law asks for it.
    pub earned: Option<NameId>,
}

/// A declared stamp card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// What that is worth.
    pub worth: CardWorth,
    /// How long a stamp stays, where stamps are lost.
    pub stamps_expire: Option<Span>,
}

/// What the reward of a full card is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CardWorth {
    /// What the reward declares.
    #[default]
    Declared,
    /// The mean of what the stamps were given for, rounded down.
    Mean,
    /// The least of what the stamps were given for.
    Least,
}

/// A reward that can be granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RewardTerms {
    /// Its name.
    pub name: NameId,
    /// What it is worth, where it has a value.
    pub value: Option<Money>,
    /// How long it can be used.
    pub expires: Expiry,
    /// What it costs, where it can be bought: a pool and a price.
    pub price: Option<(NameId, Points)>,
    /// How many there are over the program's whole life, and the budget that counts them.
    pub stock: Option<(NameId, i64)>,
    /// How many a member may buy, over which period, and the counter that counts them.
    pub per_member: Option<(NameId, CapPeriod, i64)>,
    /// The tiers it is offered to; empty for everybody.
    pub tiers: Vec<NameId>,
}

/// A right that comes with membership, a tier or a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerkTerms {
    /// Its name.
    pub name: NameId,
    /// Tiers that have it.
    pub tiers: Vec<NameId>,
    /// Plans (trials included) that have it while they run. Where neither is named, every member has it.
    pub plans: Vec<NameId>,
}

/// A paid membership.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanTerms {
    /// Its name, as a fee's `membership` says it.
    pub name: NameId,
    /// What a period costs; a trial costs nothing.
    pub price: Money,
    /// How long a period is; for life where not given.
    pub lasts: Option<Span>,
    /// Whether it is the trial: only for members who had neither a trial nor a plan before.
    pub trial: bool,
    /// What the program gives to a charity at each fee: pool, amount, charity.
    pub gift: Option<(NameId, Points, NameId)>,
}

/// Something that begins once: when an attribute has a value for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinceTerms {
    /// Its name.
    pub name: NameId,
    /// The attribute.
    pub attribute: Text,
    /// Its value.
    pub value: Text,
}

/// A choice that is bound to a rule: one day of a calendar year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceTerms {
    /// Its name, as a request's `choices` says it.
    pub name: Text,
}

/// Something that happens to members by the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleTerms {
    /// Its name, and the counter of how often it ran: what happens at most once a year is remembered by it.
    pub name: NameId,
    /// When.
    pub when: When,
    /// Also at once when one of its tiers is reached, if it was not given yet in that calendar year.
    pub on_becoming: bool,
    /// Only for these tiers, at that moment; empty for all.
    pub tiers: Vec<NameId>,
    /// Only while one of these plans runs; empty for all.
    pub plans: Vec<NameId>,
    /// What happens.
    pub action: Action,
    /// Why, for the statement.
    pub reason: Text,
    /// The rule's place: `program.toml:12`.
    pub rule: Text,
}

/// When a schedule runs, at 00:00 in the program's zone where it goes by days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// On the birthday, at most once a calendar year.
    Birthday,
    /// On the day of enrolment, in later years.
    Anniversary,
    /// On a day of every month, clamped to its last.
    Monthly(u8),
    /// On a day of every year: month and day.
    Yearly(u8, u8),
    /// At the start of each month of a paid period of this plan.
    PlanMonth(NameId),
    /// At the end of each paid period of this plan.
    PlanEnd(NameId),
}

/// What a schedule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Credits a pool, with an expiry of its own where given.
    Earn {
        /// Which pool.
        pool: NameId,
        /// How much.
        points: Points,
        /// When it is lost, instead of the pool's own terms. A plan's month ends with that month.
        expires: Option<Expiry>,
    },
    /// Grants a reward; one of a schedule for tiers is withdrawn by a refund that ends the tier.
    Grant {
        /// Which reward.
        reward: NameId,
    },
    /// Turns every full `per` of a pool into `give` of another.
    Convert {
        /// From which pool.
        from: NameId,
        /// How much makes a unit.
        per: Points,
        /// To which pool.
        to: NameId,
        /// What a unit gives.
        give: Points,
    },
    /// Pays what a law owes for the year or the period that has ended: its place in [`Terms::laws`].
    Law(u16),
    /// Is told to the scripts, who say what happens.
    Script,
}

/// A law over a net total: what it has credited in all never exceeds `floor(total × give / per)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawTerms {
    /// The counter of what it has credited.
    pub credited: NameId,
    /// The counter it looks at.
    pub counter: NameId,
    /// Over which total.
    pub window: LawWindow,
    /// Which pool it credits.
    pub pool: NameId,
    /// Points given …
    pub give: i64,
    /// … for each of so many units of the total. With `steps` only full multiples of `per` count.
    pub per: i64,
    /// Whether only full multiples of `per` count: `give × floor(total / per)`.
    pub steps: bool,
    /// The most it credits in all.
    pub most: Option<Points>,
    /// Whether each event pays what has become due; else a schedule does.
    pub at_once: bool,
    /// Why, for the statement.
    pub reason: Text,
    /// The rule's place.
    pub rule: Text,
}

/// Over which total a law looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LawWindow {
    /// Since enrolment.
    Ever,
    /// A calendar year.
    Year,
    /// Each paid period of a plan.
    Plan(NameId),
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
    /// Whether it limits only the rules that name its counter, instead of the whole pool.
    pub own: bool,
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
    /// How long both bonuses are pending, where they are.
    pub vest: Option<Span>,
}

/// What ties members to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityTerms {
    /// An identifier with so many other members ties nobody.
    pub hub: u16,
    /// Identifiers that are the program's own, such as the tablets of its shops.
    pub owned: Vec<(KeyField, Text)>,
    /// Whether the detectors of referrals and of made-up accounts speak.
    pub detects: bool,
}

impl Default for IdentityTerms {
    fn default() -> Self {
        Self { hub: HUB_MEMBERS_DEFAULT, owned: Vec::new(), detects: true }
    }
}

/// Households: members who may spend each other's points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HouseholdTerms {
    /// The pools that its members may spend of each other's.
    pub pools: Vec<NameId>,
    /// How many members one may have.
    pub members_max: u16,
}

/// How many denials are held instead, to learn how often they are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdout {
    /// Of a thousand.
    pub per_thousand: u16,
    /// The most points that they may come to in a day of the program's zone.
    pub points_per_day: i64,
}

/// All a program declares that the ledger decides by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The version of the rules these terms belong to.
    pub version: u32,
    /// Since when they decide, or who decides has last changed: by them nothing falls due before, since what did was recorded
    /// by those before.
    pub since: TimeMs,
    /// The zone of its days, months and years.
    pub zone: Zone,
    /// The currency of its money, by its ISO 4217 code; empty takes any.
    pub currency: Text,
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
    /// What ties members to each other.
    pub identity: IdentityTerms,
    /// Velocity limits, in order of declaration.
    pub limits: Vec<LimitTerms>,
    /// What rings are fed beside what the limits count.
    pub feeds: Vec<Feed>,
    /// Flags of several families that weigh this much together hold; never where it is zero.
    pub together: u8,
    /// Of what limits deny, what is held instead, where the program wants that.
    pub holdout: Option<Holdout>,
    /// Which limits and feeds each kind of input concerns.
    pub concerns: Concerns,
    /// Rights by membership, tier and plan.
    pub perks: Vec<PerkTerms>,
    /// Paid memberships and the trial.
    pub plans: Vec<PlanTerms>,
    /// What happens by the calendar.
    pub schedules: Vec<ScheduleTerms>,
    /// Laws over net totals.
    pub laws: Vec<LawTerms>,
    /// Kinds of event that only members with one of these plans may post; others are recorded as denied.
    pub requires: Vec<(EventKind, Vec<NameId>)>,
    /// What begins when an attribute has a value for the first time.
    pub sinces: Vec<SinceTerms>,
    /// Choices that are bound to rules; all others are free.
    pub choices: Vec<ChoiceTerms>,
    /// Households, where the program has them.
    pub household: Option<HouseholdTerms>,
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

    /// The terms of a plan.
    #[must_use]
    pub fn plan(&self, name: NameId) -> Option<&PlanTerms> {
        self.plans.iter().find(|plan| plan.name == name)
    }

    /// The terms of a reward.
    #[must_use]
    pub fn reward(&self, name: NameId) -> Option<&RewardTerms> {
        self.rewards.iter().find(|reward| reward.name == name)
    }
}

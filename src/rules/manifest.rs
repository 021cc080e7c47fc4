//! `program.toml`: the language merchants declare programs in, key by key.
//!
//! Declared first, scripted second: what a table here can say needs no script. These types only say what may be
//! written; [`validate`](super::validate) says what must agree, [`terms`](super::terms) what it means to the ledger.

pub(super) mod fraud;
pub(super) mod life;
pub(super) mod look;
pub(super) mod rules;
pub(super) mod segments;

use serde::Deserialize;
use toml::Spanned;

use super::household::HouseholdTable;
use super::identity::IdentityTable;

use super::values::{
    CounterName, Currency, ExactMs, Expires, Lasting, Lateness, Length, Name, Named, OneOrMany, Whole, Words, ZoneName,
};
use crate::ledger::types::AMOUNT_MAX;
use crate::limits::ITEM_QUANTITY_MAX;
pub(super) use fraud::{CountsText, FactText, FraudTable, LimitTable, MetricText, PackText};
use life::{ChoiceTable, LawTable, PerkTable, PlanTable, RequireTable, ScheduleTable, SinceTable};
use look::{LintTable, PageTable};
pub(super) use rules::{CountOf, CountTable, EarnTable, GrantTable, LinesTable, Once, RateTable, StampTable};
use segments::SegmentTable;

/// Points or money, at least nothing.
pub(super) type Amount = Whole<0, AMOUNT_MAX>;
/// Points or money, more than nothing.
pub(super) type Positive = Whole<1, AMOUNT_MAX>;
/// How many of something.
pub(super) type Count = Whole<1, { ITEM_QUANTITY_MAX as i64 }>;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// `[program]`: what it is called and how it keeps time.
    pub program: ProgramTable,
    /// `[page]`: how the page members read looks.
    pub page: Option<PageTable>,
    /// `[pools.<name>]`: kinds of points.
    #[serde(default)]
    pub pools: Named<PoolTable>,
    /// `[cards.<name>]`: stamp cards.
    #[serde(default)]
    pub cards: Named<CardTable>,
    /// `[rewards.<name>]`: what can be granted or bought.
    #[serde(default)]
    pub rewards: Named<RewardTable>,
    /// `[tiers]`: status by what a counter reached.
    pub tiers: Option<TiersTable>,
    /// `[counters.<name>]`: what is counted for a member besides the built-in `spend`, `purchases` and `referrals`.
    #[serde(default)]
    pub counters: Named<CounterTable>,
    /// `[[caps]]`: the most that rules may credit.
    #[serde(default)]
    pub caps: Vec<CapTable>,
    /// `[referral]`: bonuses for bringing a friend.
    pub referral: Option<ReferralTable>,
    /// `[identity]`: what ties members to each other.
    pub identity: Option<IdentityTable>,
    /// `[household]`: members who may spend each other's points.
    pub household: Option<HouseholdTable>,
    /// `[fraud]`: the default pack of limits, and what to change of it.
    #[serde(default)]
    pub fraud: FraudTable,
    /// `[[limits]]`: how much of something is believed. Those of the pack follow once it has been added.
    #[serde(default)]
    pub limits: Vec<LimitTable>,
    /// `[[earn]]`: points for an event, without a script.
    #[serde(default)]
    pub earn: Vec<Spanned<EarnTable>>,
    /// `[[stamp]]`: stamps for an event, without a script.
    #[serde(default)]
    pub stamp: Vec<Spanned<StampTable>>,
    /// `[[grant]]`: a reward for an event, without a script.
    #[serde(default)]
    pub grant: Vec<Spanned<GrantTable>>,
    /// `[[count]]`: a counter moved by an event, without a script.
    #[serde(default)]
    pub count: Vec<Spanned<CountTable>>,
    /// `[perks]`: rights of members, tiers and plans.
    #[serde(default)]
    pub perks: Named<PerkTable>,
    /// `[plans.<name>]`: paid memberships.
    #[serde(default)]
    pub plans: Named<PlanTable>,
    /// `[[require]]`: events that need a plan.
    #[serde(default)]
    pub require: Vec<Spanned<RequireTable>>,
    /// `[[since]]`: what begins once.
    #[serde(default)]
    pub since: Vec<SinceTable>,
    /// `[segments.<name>]`: members who have something in common.
    #[serde(default)]
    pub segments: Named<SegmentTable>,
    /// `[choices.<name>]`: choices that are bound to a rule.
    #[serde(default)]
    pub choices: Named<ChoiceTable>,
    /// `[[schedule]]`: what happens by the calendar.
    #[serde(default)]
    pub schedule: Vec<Spanned<ScheduleTable>>,
    /// `[lint]`: warnings that are meant to stand.
    #[serde(default)]
    pub lint: LintTable,
    /// `[[law]]`: laws over net totals.
    #[serde(default)]
    pub law: Vec<Spanned<LawTable>>,
}

/// `[program]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgramTable {
    /// What members know it as.
    pub name: Words,
    /// The time zone of its days, months and years: an IANA name.
    pub zone: ZoneName,
    /// The currency of its amounts.
    #[serde(default = "usd")]
    pub currency: Currency,
    /// Whether the first event of somebody unknown enrols them.
    #[serde(default)]
    pub auto_enroll: bool,
    /// How old an event may be and still post without a review: a length, or `none` for any age. `72h` where not given.
    pub max_lateness: Option<Lateness>,
    /// What happens to an event whose script failed: `post` it without that script's effects, or `hold` it.
    #[serde(default)]
    pub on_error: OnError,
    /// How often scripts of a version may fail before the version before it decides again by itself.
    #[serde(default)]
    pub error_limit: ErrorLimitTable,
}

/// `error_limit = { errors = 10, events = 100 }`: more errors than this among so many events.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErrorLimitTable {
    /// Events in which a script failed.
    pub errors: Whole<0, 1_000_000>,
    /// Among how many.
    pub events: Whole<1, 1_000_000>,
}

impl Default for ErrorLimitTable {
    fn default() -> Self {
        Self { errors: Whole(10), events: Whole(100) }
    }
}

fn usd() -> Currency {
    Currency("USD".into())
}

/// What happens to an event whose script failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnError {
    #[default]
    Post,
    Hold,
}

/// `[pools.<name>]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PoolTable {
    /// When credits are lost: `never`, `12 months`, `30 days`, `end of year + 1` (the end of next year), `inactivity 18 months`.
    pub expires: Option<Expires>,
    /// How long credits wait before they can be spent.
    pub pending: Option<Length>,
    /// Whether members may give them to each other.
    #[serde(default)]
    pub transferable: bool,
    /// Whether its points are minor units of the program's currency, and so read as money.
    #[serde(default)]
    pub money: bool,
    /// What a refund may take: `debt` (all, the rest is owed), `within_balance`, or `pending_only`.
    #[serde(default)]
    pub refund: RefundText,
    /// The least that may be spent of it at once.
    pub spend_minimum: Option<Amount>,
    /// The least that may be given to a charity at once.
    pub donate_minimum: Option<Amount>,
    /// Charities it can be given to.
    #[serde(default)]
    pub charities: OneOrMany<Name>,
    /// What its points cost the program, for reports and backtests.
    pub cost: Option<CostTable>,
}

/// `cost = { money = 50, points = 100 }`: 100 points cost 0.50
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CostTable {
    /// Minor units …
    pub money: Amount,
    /// … that so many points cost.
    pub points: Positive,
}

/// What a refund may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RefundText {
    #[default]
    Debt,
    WithinBalance,
    PendingOnly,
}

/// `[cards.<name>]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardTable {
    /// Stamps that fill it.
    pub size: Count,
    /// The least time between two stamps; exactly this is enough.
    pub spacing: Option<ExactMs>,
    /// Stamps one event may give.
    pub per_event: Option<Count>,
    /// Stamps one day may give.
    pub per_day: Option<Count>,
    /// The reward a full card grants.
    pub reward: Spanned<Name>,
    /// What that is worth: what it `declared`, or the `mean` or the `least` of what the stamps were given for.
    #[serde(default)]
    pub worth: WorthText,
    /// How long a stamp stays.
    pub stamps_expire: Option<Lasting>,
}

/// What a full card's reward is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WorthText {
    #[default]
    Declared,
    Mean,
    Least,
}

/// `[rewards.<name>]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RewardTable {
    /// What it is worth, in minor units.
    pub value: Option<Amount>,
    /// How long it can be used: `60 days`, `12 months`, `end of year`, `end of month + 1`.
    pub expires: Option<Expires>,
    /// What it costs, where members can buy it.
    pub price: Option<PriceTable>,
    /// How many there are to buy, over the program's whole life.
    pub stock: Option<Positive>,
    /// How many a member may buy.
    pub per_member: Option<PerMemberTable>,
    /// The tiers it is offered to.
    #[serde(default)]
    pub tiers: OneOrMany<Name>,
}

/// `per_member = { per = "year", most = 1 }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PerMemberTable {
    /// In a `day`, `month` or `year`, or `ever`.
    pub per: MostPer,
    /// The most.
    pub most: Count,
}

/// Over which time something is counted for a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MostPer {
    Day,
    Month,
    Year,
    Ever,
}

/// `price = { pool = "points", amount = 500 }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceTable {
    /// Which pool pays.
    pub pool: Spanned<Name>,
    /// How much.
    pub amount: Positive,
}

/// `[tiers]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TiersTable {
    /// The counter whose sum qualifies: `spend`, a counter, or `earned:<pool>`.
    pub credit: Spanned<CounterName>,
    /// Over which time: the `calendar_year` or the member's own year, by `anniversary` (this one or the last), a `rolling`
    /// window, or the whole `lifetime`.
    #[serde(default)]
    pub period: PeriodText,
    /// How long the rolling window is.
    pub window: Option<Spanned<Length>>,
    /// How far a tier falls.
    pub downgrade: Option<Spanned<DowngradeText>>,
    /// How much later it falls.
    pub grace: Option<Spanned<Length>>,
    /// The levels, lowest first.
    pub levels: Vec<LevelTable>,
}

/// Over which time credit counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PeriodText {
    #[default]
    CalendarYear,
    Anniversary,
    Rolling,
    Lifetime,
}

/// How far a tier falls at the end of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DowngradeText {
    ToFit,
    ByOne,
}

/// `{ name = "silver", from = 50000 }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelTable {
    /// The level's name.
    pub name: Spanned<Name>,
    /// The credit that reaches it. Members below the lowest level have no tier.
    pub from: Option<Amount>,
    /// An attribute that gives it: `{ credit_card = "approved" }`.
    #[serde(default)]
    pub attribute: Named<Words>,
    /// Counters of which any is enough: `[{ counter = "rentals", from = 12 }]`.
    #[serde(default)]
    pub any: Vec<NeedTable>,
}

/// `{ counter = "rentals", from = 12 }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NeedTable {
    /// Which counter.
    pub counter: Spanned<CounterName>,
    /// The credit that is enough.
    pub from: Amount,
}

/// `[counters.<name>]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CounterTable {
    /// What it counts, for whoever reads the program.
    #[serde(rename = "about")]
    pub _about: Option<Words>,
}

/// `[[caps]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CapTable {
    /// What the answer calls it when it cuts something.
    pub name: Spanned<Name>,
    /// The pool it limits.
    pub pool: Spanned<Name>,
    /// What it is counted over: an `event`, a member's `day`, `month` or `year`, or the whole `program`.
    pub per: CapPer,
    /// The most.
    pub limit: Amount,
}

/// What a cap is counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CapPer {
    Event,
    Day,
    Month,
    Year,
    Program,
}

/// `[referral]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReferralTable {
    /// Which pool pays.
    pub pool: Spanned<Name>,
    /// What the friend gets.
    pub friend: Amount,
    /// What the referrer gets.
    pub referrer: Amount,
    /// The least purchase that pays, in minor units.
    #[serde(default = "nothing")]
    pub minimum: Amount,
    /// Friends a referrer is paid for in a calendar year.
    pub yearly_cap: Option<Count>,
    /// How long both bonuses are pending, from the purchase that pays them: as long as it can be given back.
    pub vest: Option<Length>,
}

fn nothing() -> Amount {
    Whole(0)
}

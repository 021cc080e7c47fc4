//! The part of `program.toml` about members' lives: rights, paid plans, what happens by the calendar, laws over net totals.

use serde::Deserialize;
use toml::Spanned;

use super::super::values::{
    CounterName, Expires, Kind, Lasting, LawWindowText, Name, Named, OneOrMany, WhenText, Words,
};
use super::{Amount, Positive};

/// `[perks]`: a right of every member, or of those with a tier or a plan.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct PerkTable {
    /// Tiers that have it.
    pub tiers: OneOrMany<Name>,
    /// Plans that have it while they run.
    pub plans: OneOrMany<Name>,
}

/// `[plans.<name>]`: a paid membership, or the trial.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct PlanTable {
    /// What a period costs, in minor units.
    #[serde(default)]
    pub price: Option<Amount>,
    /// How long a period is; for life where not given.
    pub lasts: Option<Lasting>,
    /// Whether it is the trial, for those who never had a trial or a plan.
    #[serde(default)]
    pub trial: bool,
    /// What the program gives to a charity at each fee.
    pub gift: Option<GiftTable>,
}

/// `gift = { pool = "dividend", amount = 500, charity = "wildlife" }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct GiftTable {
    /// In which pool's books.
    pub pool: Spanned<Name>,
    /// How much.
    pub amount: Positive,
    /// To whom.
    pub charity: Spanned<Name>,
}

/// `[[require]]`: events that only members with one of these plans may post; others are recorded as denied.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct RequireTable {
    /// Which events.
    pub on: OneOrMany<Kind>,
    /// Any of these plans is enough.
    pub plans: OneOrMany<Name>,
}

/// `[[since]]`: something that begins once, when an attribute has a value for the first time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct SinceTable {
    /// Its name, for `boost`.
    pub name: Spanned<Name>,
    /// The attribute and its value.
    pub attribute: Named<Words>,
}

/// `[choices.<name>]`: a choice that is bound to a rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct ChoiceTable {
    /// What may be chosen: `day_of_year`, one later day of a calendar year, until it has begun.
    #[serde(rename = "kind")]
    pub _kind: ChoiceKind,
}

/// What may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::rules) enum ChoiceKind {
    DayOfYear,
}

/// `[[schedule]]`: something that happens to members by the calendar, at 00:00 of the day.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct ScheduleTable {
    /// What it is called.
    pub name: Spanned<Name>,
    /// When: `birthday`, `anniversary`, `monthly 1`, `yearly 03-01`, `plan_month <plan>` or `plan_end <plan>`.
    pub when: Spanned<WhenText>,
    /// Also at once when one of its tiers is reached, once a calendar year.
    #[serde(default)]
    pub on_becoming: bool,
    /// Only for members with one of these tiers at that moment.
    #[serde(default)]
    pub tiers: OneOrMany<Name>,
    /// Only while one of these plans runs.
    #[serde(default)]
    pub plans: OneOrMany<Name>,
    /// Credits a pool.
    pub earn: Option<ScheduledEarn>,
    /// Grants a reward.
    pub grant: Option<Spanned<Name>>,
    /// Turns one pool into another.
    pub convert: Option<ConvertTable>,
    /// Pays what a law owes for the year or the period that has ended.
    pub law: Option<Spanned<Name>>,
    /// Asks the scripts: `on_schedule(tick, member)`.
    #[serde(default)]
    pub script: bool,
    /// Why, on the member's statement.
    pub reason: Words,
}

/// `earn = { pool = "points", points = 100, expires = "60 days" }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct ScheduledEarn {
    /// Which pool.
    pub pool: Spanned<Name>,
    /// How much.
    pub points: Positive,
    /// When it is lost, instead of the pool's own terms.
    pub expires: Option<Expires>,
}

/// `convert = { from = "points", per = 100, to = "certificates", give = 500 }`: every full `per`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct ConvertTable {
    /// From which pool.
    pub from: Spanned<Name>,
    /// How much makes a unit.
    pub per: Positive,
    /// To which pool.
    pub to: Spanned<Name>,
    /// What a unit gives.
    pub give: Positive,
}

/// `[[law]]`: what it has credited in all never exceeds `floor(total × give / per)`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct LawTable {
    /// What it is called.
    pub name: Spanned<Name>,
    /// The counter whose net total it looks at.
    pub counter: Spanned<CounterName>,
    /// Over which total: `ever`, `year`, or `plan <name>` (each paid period).
    pub window: Spanned<LawWindowText>,
    /// Which pool it credits.
    pub pool: Spanned<Name>,
    /// Points given …
    pub give: Positive,
    /// … for each of so many units of the total.
    pub per: Positive,
    /// Only full multiples of `per` count: `give × floor(total / per)`.
    #[serde(default)]
    pub steps: bool,
    /// The most it credits in all.
    pub most: Option<Positive>,
    /// Whether each purchase pays what has become due, or a schedule does.
    #[serde(default)]
    pub pays: Pays,
    /// Why, on the member's statement.
    pub reason: Words,
}

/// When a law pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::rules) enum Pays {
    #[default]
    AtOnce,
    Scheduled,
}

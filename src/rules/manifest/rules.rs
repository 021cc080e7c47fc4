//! The part of `program.toml` that are rules: what an event earns, stamps, grants and counts, and for whom.

use serde::Deserialize;
use toml::Spanned;

use super::super::values::{CounterName, Kind, Lasting, Name, Named, OneOrMany, Words};
use super::{Amount, CapPer, Count, MostPer, Positive};

/// Which lines of a sale are meant: every key given must fit, any of its values is enough.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct LinesTable {
    /// Of one of these categories.
    pub category: OneOrMany<Words>,
    /// Of one of these brands.
    pub brand: OneOrMany<Words>,
    /// With one of these tags.
    pub tag: OneOrMany<Words>,
    /// One of these articles.
    pub sku: OneOrMany<Words>,
}

/// How often a rule pays a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::rules) enum Once {
    /// Once for ever.
    Ever,
    /// Once a day.
    Day,
    /// Once a calendar month.
    Month,
    /// Once a calendar year.
    Year,
}

/// `[[earn]]`: either `points` or `rate`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct EarnTable {
    /// The events that earn.
    pub on: OneOrMany<Kind>,
    /// The pool they are credited to.
    pub pool: Spanned<Name>,
    /// A fixed number of points.
    pub points: Option<Positive>,
    /// So many points for each of the quantity of the lines that count.
    pub per_quantity: Option<Positive>,
    /// Points by what was spent: `floor(amount × give / per)`.
    pub rate: Option<RateTable>,
    /// Only these lines count.
    pub lines: Option<LinesTable>,
    /// These lines do not count: any key that fits leaves a line out.
    pub except: Option<LinesTable>,
    /// The least amount (of the lines that count) that earns.
    pub minimum: Option<Amount>,
    /// How often it earns for a member.
    pub once: Option<Once>,
    /// Once for each value of this attribute, for ever: `sku`, `network`, `survey`.
    pub once_per: Option<Words>,
    /// At most so many times a day.
    pub per_day: Option<Count>,
    /// The most this rule gives a member.
    pub cap: Option<OwnCapTable>,
    /// How long its credits last, instead of the pool's own terms.
    pub expires: Option<Lasting>,
    /// Only for members with one of these tiers, as they stand before the event.
    #[serde(default)]
    pub tiers: OneOrMany<Name>,
    /// Only while one of these plans runs.
    #[serde(default)]
    pub plans: OneOrMany<Name>,
    /// Only for members with these attributes.
    #[serde(default)]
    pub attribute: Named<Words>,
    /// Only for members of one of these segments.
    #[serde(default)]
    pub segments: OneOrMany<Name>,
    /// What `once` is remembered by; needed where two tables would be remembered alike.
    pub id: Option<Spanned<Name>>,
    /// Why, on the member's statement.
    pub reason: Words,
}

/// `cap = { per = "year", limit = 5000 }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct OwnCapTable {
    /// In a member's `day`, `month` or `year`, or one `event`.
    pub per: CapPer,
    /// The most.
    pub limit: Amount,
}

/// `rate = { give = 1, per = 100, by_tier = { gold = 2 } }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct RateTable {
    /// Points given …
    pub give: Amount,
    /// … for each of so many minor units. There is one floor, at the end.
    pub per: Positive,
    /// What is given instead to members of a tier.
    #[serde(default)]
    pub by_tier: Named<Amount>,
    /// Only full multiples of `per` count: `give × floor(amount / per)`.
    #[serde(default)]
    pub steps: bool,
    /// A higher rate for a time after something began.
    pub boost: Option<BoostTable>,
    /// A higher rate on the day the member chose.
    pub chosen_day: Option<ChosenDayTable>,
}

/// `boost = { since = "gold_start", lasts = "30 days", give = 10 }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct BoostTable {
    /// What began.
    pub since: Spanned<Name>,
    /// For how long after it.
    pub lasts: Lasting,
    /// What is given then, where it is more.
    pub give: Amount,
}

/// `chosen_day = { choice = "triple_day", tiers = ["gold"], give = 3 }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct ChosenDayTable {
    /// Which choice.
    pub choice: Spanned<Name>,
    /// Only for members with one of these tiers.
    #[serde(default)]
    pub tiers: OneOrMany<Name>,
    /// What is given then, where it is more.
    pub give: Amount,
}

/// `[[stamp]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct StampTable {
    /// The events that stamp.
    pub on: OneOrMany<Kind>,
    /// The card they stamp.
    pub card: Spanned<Name>,
    /// How many stamps (1 where not given).
    pub count: Option<Count>,
    /// A stamp for each of the quantity of the lines that count, instead of `count`.
    #[serde(default)]
    pub per_quantity: bool,
    /// Only these lines count, and without one there is no stamp.
    pub lines: Option<LinesTable>,
    /// These lines do not count.
    pub except: Option<LinesTable>,
    /// The least amount (of the lines that count) that stamps.
    pub minimum: Option<Amount>,
    /// Only for members with one of these tiers, as they stand before the event.
    #[serde(default)]
    pub tiers: OneOrMany<Name>,
    /// Only while one of these plans runs.
    #[serde(default)]
    pub plans: OneOrMany<Name>,
    /// Only for members with these attributes.
    #[serde(default)]
    pub attribute: Named<Words>,
    /// Only for members of one of these segments.
    #[serde(default)]
    pub segments: OneOrMany<Name>,
    /// Why.
    pub reason: Option<Words>,
}

/// `[[grant]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct GrantTable {
    /// The events that grant.
    pub on: OneOrMany<Kind>,
    /// The reward.
    pub reward: Spanned<Name>,
    /// Only where there are such lines.
    pub lines: Option<LinesTable>,
    /// These lines do not count.
    pub except: Option<LinesTable>,
    /// The least amount (of the lines that count) that grants.
    pub minimum: Option<Amount>,
    /// Only once a counter has come this far, this event's own counts included.
    pub when: Option<ReachesTable>,
    /// Only for members with one of these tiers, as they stand before the event.
    #[serde(default)]
    pub tiers: OneOrMany<Name>,
    /// Only while one of these plans runs.
    #[serde(default)]
    pub plans: OneOrMany<Name>,
    /// Only for members with these attributes.
    #[serde(default)]
    pub attribute: Named<Words>,
    /// Only for members of one of these segments.
    #[serde(default)]
    pub segments: OneOrMany<Name>,
    /// How often it grants to a member.
    pub once: Option<Once>,
    /// What `once` is remembered by; needed where two tables would be remembered alike.
    pub id: Option<Spanned<Name>>,
    /// Why.
    pub reason: Words,
}

/// `[[count]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct CountTable {
    /// The events that count.
    pub on: OneOrMany<Kind>,
    /// The counter they move.
    pub counter: Spanned<Name>,
    /// By what: the `amount` or the `quantity` of the lines that count, or 1 for the `event`.
    pub of: Option<CountOf>,
    /// By `floor(amount × give / per)` of the lines that count, instead of `of`.
    pub rate: Option<CountRateTable>,
    /// Only for members with one of these tiers, as they stand before the event.
    #[serde(default)]
    pub tiers: OneOrMany<Name>,
    /// Only while one of these plans runs.
    #[serde(default)]
    pub plans: OneOrMany<Name>,
    /// Only for members with these attributes.
    #[serde(default)]
    pub attribute: Named<Words>,
    /// Only for members of one of these segments.
    #[serde(default)]
    pub segments: OneOrMany<Name>,
    /// Only these lines count.
    pub lines: Option<LinesTable>,
    /// These lines do not count.
    pub except: Option<LinesTable>,
}

/// `rate = { give = 6, per = 100 }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct CountRateTable {
    /// Units counted …
    pub give: Amount,
    /// … for each of so many minor units.
    pub per: Positive,
}

/// `when = { counter = "beauty", window = "month", reaches = 3000 }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct ReachesTable {
    /// Which counter.
    pub counter: Spanned<CounterName>,
    /// In this `day`, `month` or `year`, or `ever`.
    pub window: MostPer,
    /// How far.
    pub reaches: Positive,
}

/// What a counter is moved by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::rules) enum CountOf {
    Amount,
    Quantity,
    Event,
}

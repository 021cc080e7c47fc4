//! What a manifest says about fraud: limits, and what it changes of the default pack of them.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::Amount;
use crate::limits::{LATEST_MAX, OFTEN_MAX, RING_CAPACITY_MAX};
use crate::rules::values::{
    AbsentText, CountedKind, ExactMs, Key, Name, Named, OneOrMany, RaisedVerdict, Whole, Window, Words,
};

/// `[fraud]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct FraudTable {
    /// The limits every program begins with: the `standard` ones, or `none`.
    #[serde(default)]
    pub pack: PackText,
    /// Flags of several families that weigh this much together hold; 0 for never. 60 where not given.
    pub together: Option<Whole<0, 100>>,
    /// Of what limits deny, what is held for a person instead, to learn how often they are right; nothing where not given.
    pub holdout: Option<HoldoutTable>,
    /// `[fraud.rules.<id>]`: what to change of one of the pack.
    #[serde(default)]
    pub rules: Named<OverrideTable>,
}

/// `holdout = { per_thousand = 10, points_per_day = 500 }`: by the event's own id, so the same every time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct HoldoutTable {
    /// Of a thousand denials, so many.
    pub per_thousand: Whole<1, 10>,
    /// The most points that they may come to in a day.
    pub points_per_day: Whole<1, { i64::MAX }>,
}

/// Which limits every program begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::rules) enum PackText {
    #[default]
    Standard,
    None,
}

/// `[fraud.rules.<id>]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct OverrideTable {
    /// True to go without it.
    #[serde(default)]
    pub off: bool,
    /// What it raises instead.
    pub verdict: Option<RaisedVerdict>,
    /// The most that passes instead.
    pub limit: Option<Spanned<Amount>>,
    /// Over which time instead.
    pub window: Option<Spanned<Window>>,
    /// What it adds to the score instead.
    pub weight: Option<Whole<0, 100>>,
    /// What a member is told whom it stops, instead.
    pub member_reason: Option<Words>,
    /// Whether it only notes what it would have said.
    #[serde(default)]
    pub shadow: bool,
}

/// `[[limits]]`: at most `limit` of `metric` by `key` within `window`, this one included.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key that is true or false")]
pub(in crate::rules) struct LimitTable {
    /// What reasons call it.
    pub id: Spanned<Name>,
    /// What it is for, for whoever reads the program.
    pub about: Option<Words>,
    /// What a member is told whom it stops; a sentence that gives nothing of it away where not given.
    pub member_reason: Option<Words>,
    /// What it counts: kinds of event, `transfer`, `redeem`, `hold` or `donate`, and `credit` for points given by hand.
    pub on: OneOrMany<CountedKind>,
    /// What it counts by; several make one key.
    pub key: OneOrMany<Key>,
    /// `count` events, `sum` their amounts, count `distinct` values `of` a field, the `gap` between two, the `speed` from place to
    /// place; the `share` of a balance that goes, the `age` of what arrives, `favour` of one employee, a `cycle` of transfers,
    /// how much of what was received is `passed` on, in percent, or the `sequence` of `attributes.terminal_sequence`: so many numbers
    /// may be missing, none is used twice, none goes back; or `copies`, which are over the same amount within the window. Of amounts the
    /// `max` and the `last` within the window, and the `first` of a calendar window or `ever`, are at most `limit`, the `min` at least.
    #[serde(default)]
    pub metric: MetricText,
    /// For distinct values: of which field.
    pub of: Option<Spanned<Key>>,
    /// Over which time: a length, a calendar `day`, `week` or `month` of the program's zone, or `ever`. For a gap, the least time.
    pub window: Spanned<Window>,
    /// The most that passes; for speeds in km/h, for shares in percent, for a cycle the hops. A gap and an age have none.
    pub limit: Option<Spanned<Amount>>,
    /// Only events with these attributes are counted.
    #[serde(default)]
    pub when: BTreeMap<String, String>,
    /// Only what came after the latest of these is counted.
    pub since: Option<AfterTable>,
    /// What is counted by its outcome: `attempted`, `accepted`, `denied`; `kept`: what was accepted and not given back since, where it was in time; or
    /// `reversed`: what was given back by now, all or in part, at the time of the order.
    #[serde(default)]
    pub counts: CountsText,
    /// Whether the event itself is in the count.
    #[serde(default = "yes")]
    pub current: bool,
    /// For speeds: ways shorter than this many metres say nothing.
    pub ignore_below_m: Option<Amount>,
    /// For speeds: time that is not counted.
    pub slack: Option<ExactMs>,
    /// For speeds: whether a way from 150 km on may have been flown, in an hour and at 850 km/h.
    #[serde(default)]
    pub by_air: bool,
    /// For speeds: only from so many such ways within the window on.
    pub often: Option<Whole<2, OFTEN_MAX>>,
    /// Look at so many of the latest entries of the plain count of the key: they tell `staff`, `card` and `store` apart, and cost
    /// no ring of their own.
    pub latest: Option<Spanned<Whole<1, LATEST_MAX>>>,
    /// For counts and sums: whether what happened within the window after this one, and came before it, counts too.
    #[serde(default)]
    pub around: bool,
    /// Of the latest entries only those that come at most this long after the one before count.
    pub quick: Option<ExactMs>,
    /// … and later than this after it, so that what belongs together counts for nothing.
    pub apart: Option<ExactMs>,
    /// Only where all of these hold: `in_person`, `remote`, `own_till`, `unlinked`, `no_store`,
    /// `contact`, `sizeable` (at least a fiftieth of what the member can spend), `unproven` (of who has bought nothing), `passing` (of
    /// who has bought at most once), `trifling` (for at most ten cents), `receipt` (with the number of one), `late_receipt` (more than a day old), `asleep` (of who
    /// neither bought nor redeemed for 30 days), `indebted` (of who owes points), `to_newcomer` (to who enrolled less than two weeks ago),
    /// `late` (of a till that numbers its events, more than an hour after it happened), `birthday_soon` (tells a birthday that is at most a week away),
    /// `mailbox` (tells a new e-mail address).
    #[serde(default)]
    pub only: OneOrMany<FactText>,
    /// Only where the member enrolled less than this ago.
    pub newer_than: Option<ExactMs>,
    /// Only where the member neither bought nor redeemed for at least this long.
    pub idle_for: Option<ExactMs>,
    /// Only where all of these happened before.
    #[serde(default)]
    pub after: Vec<PriorTable>,
    /// Only where these are new to the member, who has used others for longer.
    pub fresh: Option<FreshTable>,
    /// For favours: what is out of proportion.
    pub favour: Option<FavourTable>,
    /// What kind of evidence it is: of several flags of one family the heaviest counts where `together` gathers them.
    pub family: Option<Name>,
    /// Whether it only notes what it would have said.
    #[serde(default)]
    pub shadow: bool,
    /// Of a thousand events, the most whose keys it may stop before it is silenced for a person to look at; 250 where not given.
    pub max_per_thousand: Option<Whole<1, 1_000>>,
    /// What more than that raises: `flag`, `hold`, `step_up` or `deny`.
    pub verdict: RaisedVerdict,
    /// What it adds to the score, 0 to 100; by the verdict where not given.
    pub weight: Option<Whole<0, 100>>,
    /// What a missing field of the key means: `skip` this limit, or a verdict.
    pub absent: Option<AbsentText>,
    /// What it means that more happened than its ring keeps: `skip`, which only notes it, or a verdict. Where not given, a window that
    /// holds more than is kept counts as beyond the limit, and what came late and cannot be told is flagged.
    pub unevaluable: Option<AbsentText>,
    /// Whether it is one of the default pack.
    #[serde(skip)]
    pub standard: bool,
    /// For sums: events remembered per key.
    pub entries: Option<Spanned<Whole<1, { RING_CAPACITY_MAX as i64 }>>>,
}

const fn yes() -> bool {
    true
}

/// `since = { on = "login", when = { result = "success" } }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct AfterTable {
    /// Kinds of event that a count begins after.
    pub on: OneOrMany<CountedKind>,
    /// Only those with these attributes.
    #[serde(default)]
    pub when: BTreeMap<String, String>,
}

/// What is counted by its outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::rules) enum CountsText {
    #[default]
    Attempted,
    Accepted,
    Denied,
    Kept,
    Reversed,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::rules) enum MetricText {
    #[default]
    Count,
    Sum,
    Distinct,
    Gap,
    Speed,
    Share,
    Age,
    Favour,
    Cycle,
    Passed,
    Sequence,
    Copies,
    Max,
    Min,
    First,
    Last,
}

impl MetricText {
    /// What messages call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Distinct => "number of distinct values",
            Self::Gap => "gap",
            Self::Speed => "speed",
            Self::Share => "share",
            Self::Age => "age",
            Self::Favour => "favour",
            Self::Cycle => "cycle",
            Self::Passed => "part that is passed on",
            Self::Sequence => "gap in numbers",
            Self::Copies => "number of copies",
            Self::Max => "largest amount",
            Self::Min => "smallest amount",
            Self::First => "first amount",
            Self::Last => "last amount",
        }
    }
}

/// `after = [{ on = "login", when = { result = "failure" }, within = "24h", least = 3 }]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct PriorTable {
    /// Kinds of input.
    pub on: OneOrMany<CountedKind>,
    /// By what they are found again; the limit's own key where not given.
    pub key: Option<OneOrMany<Key>>,
    /// Different values of this field count, and not how often.
    pub of: Option<Key>,
    /// Only those with these attributes.
    #[serde(default)]
    pub when: BTreeMap<String, String>,
    /// Only those where all of these hold.
    #[serde(default)]
    pub only: OneOrMany<FactText>,
    /// Within which time before.
    pub within: ExactMs,
    /// How often, at least.
    #[serde(default = "once")]
    pub least: Whole<0, 63>,
    /// At least so many in a hundred of what the limit itself counted in that time; where that is more than is kept, it says nothing.
    pub percent: Option<Whole<1, 100>>,
    /// At most so many in a hundred of that. Where both are of different values, only those counted that are among these stand for it.
    pub most_percent: Option<Whole<1, 1_000>>,
}

const fn once() -> Whole<0, 63> {
    Whole(1)
}

/// `fresh = { of = ["device", "ip"], within = "7d" }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct FreshTable {
    /// Which fields. Addresses of one network are one.
    pub of: OneOrMany<Key>,
    /// New is what the member was first seen with less than this ago.
    pub within: ExactMs,
}

/// `favour = { share = 80, times = 3, others = 8, days = 3 }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct FavourTable {
    /// Of a hundred of the member's own events, so many by this employee.
    pub share: Whole<1, 100>,
    /// The member comes so many times as often a day as others whom the employee served …
    pub times: Whole<1, 100>,
    /// … of whom there are at least so many.
    pub others: Whole<1, 100>,
    /// On at least so many days.
    pub days: Whole<1, 31>,
    /// At least so often a day.
    #[serde(default = "daily")]
    pub a_day: Whole<1, 100>,
    /// Whether only what was paid without a card counts.
    #[serde(default)]
    pub cash: bool,
    /// What comes at most so long after another is one visit with it.
    pub apart: Option<ExactMs>,
}

const fn daily() -> Whole<1, 100> {
    Whole(1)
}

/// What an input must be, beside its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::rules) enum FactText {
    InPerson,
    Remote,
    OwnTill,
    Unlinked,
    NoStore,
    Contact,
    Sizeable,
    Unproven,
    Passing,
    Trifling,
    Receipt,
    LateReceipt,
    Asleep,
    Indebted,
    ToNewcomer,
    Late,
    BirthdaySoon,
    Mailbox,
}

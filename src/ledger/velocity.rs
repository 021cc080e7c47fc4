//! Declared velocity limits: how much of something is believed, by which key, over which window.
//!
//! Only the vocabulary: the counting is done by `fraud`.

use super::act::What;
use super::event::{Event, EventKind};
pub use super::fact::{Fact, Facts};
pub use super::fields::Fields;
use super::record::{Input, KeyField, KeyFields, Taken, Verdict};
use super::types::{NameId, Text};

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
    /// The percentage of the member's spendable points that goes, with what went within the window before.
    Share,
    /// Milliseconds between an event and its arrival: more than the window is too much.
    Age,
    /// How often one employee served the member, where that is out of all proportion: see [`Favour`].
    Favour,
    /// Transfers that lead back to where points came from: how many hops. See [`CYCLE_HOPS_MAX`](crate::limits::CYCLE_HOPS_MAX).
    Cycle,
    /// The percentage of what was received by transfer within the window that is passed on.
    Passed,
    /// The numbers a till gives its own events, `attributes.terminal_sequence`: how many are missing before this one, one that
    /// was used, one that goes back.
    Sequence,
    /// How many within the window, earlier or later, are over the same amount.
    Copies,
    /// The largest amount.
    Max,
    /// The smallest amount; less than the limit is too little.
    Min,
    /// The amount the calendar window, or everything, began with.
    First,
    /// The latest amount.
    Last,
}

impl Metric {
    /// Its name in programs and evidence.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Distinct(_) => "distinct",
            Self::Gap => "gap",
            Self::Speed => "speed",
            Self::Share => "share",
            Self::Age => "age",
            Self::Favour => "favour",
            Self::Cycle => "cycle",
            Self::Passed => "passed",
            Self::Sequence => "sequence",
            Self::Copies => "copies",
            Self::Max => "max",
            Self::Min => "min",
            Self::First => "first",
            Self::Last => "last",
        }
    }

    /// Whether what is counted is kept in a ring of the limit's own.
    #[must_use]
    pub const fn has_ring(self) -> bool {
        !matches!(self, Self::Age | Self::Cycle)
    }
}

/// The fields that the latest entries of a plain count tell apart.
pub const TRAIL_FIELDS: [KeyField; 3] = [KeyField::Staff, KeyField::Card, KeyField::Store];

/// When one employee serves a member out of proportion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Favour {
    /// Of the member's own events, so many in a hundred by this employee.
    pub share: i64,
    /// The member comes so many times as often in a day as others whom this employee served …
    pub times: i64,
    /// … of whom there are at least so many.
    pub others: usize,
    /// On at least so many days.
    pub days: i64,
    /// At least so often a day.
    pub a_day: i64,
    /// Whether only what was paid without a card counts: who pays with their own card is there.
    pub cash: bool,
    /// What comes at most so long after what was counted is part of the same visit: who fetches coffee for an office came once.
    pub apart_ms: i64,
}

/// Something that must have happened before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prior {
    /// The ring it is counted in.
    pub ring: NameId,
    /// By which fields of the present input it is looked up.
    pub key: KeyFields,
    /// Whether different values count, and not events.
    pub distinct: bool,
    /// Over which time.
    pub window_ms: i64,
    /// How often, at least.
    pub least: i64,
    /// At least so many in a hundred of the limit's own events of the same time.
    pub percent: Option<i64>,
    /// At most so many in a hundred of them.
    pub most_percent: Option<i64>,
    /// What it is called in words.
    pub what: Text,
}

/// A value that is new to the member, who has used another one for longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// The ring of values first seen.
    pub ring: NameId,
    /// Of which field.
    pub of: KeyField,
    /// New is what was first seen less than this ago.
    pub window_ms: i64,
}

/// What a ring is fed that no limit of its kind feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Which ring.
    pub ring: NameId,
    /// By which fields.
    pub key: KeyFields,
    /// With which inputs.
    pub on: Vec<Counted>,
    /// With these attributes only.
    pub when: Vec<(Text, Text)>,
    /// Only where all of these hold.
    pub only: Facts,
    /// What goes in.
    pub value: FeedValue,
    /// How many entries the ring keeps.
    pub entries: u16,
}

/// What goes into a ring beside the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedValue {
    /// 1.
    One,
    /// The amount.
    Amount,
    /// What tells one value of a field from another; of equal ones the latest matters.
    Distinct(KeyField),
    /// The same, each time.
    Each(KeyField),
    /// The same, the first time only.
    First(KeyField),
    /// Where transferred points come from.
    Origins,
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
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the language merchants write limits in")]
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
    /// Of a thousand judged records, the most whose keys it may stop before it is silenced; what is usual where not given.
    pub max_per_thousand: Option<u16>,
    /// The kind of evidence: of several flags of one family the heaviest counts where weak signals are gathered.
    pub family: Option<Text>,
    /// It speaks only where all of these hold.
    pub only: Facts,
    /// … where the member enrolled less than this ago …
    pub newer_ms: Option<i64>,
    /// … or neither bought nor redeemed for at least this long …
    pub idle_ms: Option<i64>,
    /// … where all of these happened before …
    pub after: Vec<Prior>,
    /// … and all of these are new.
    pub fresh: Vec<Fresh>,
    /// Whether what happened later, but was known before, counts too.
    pub around: bool,
    /// Of the latest entries, only those that came at most this long after the one before count.
    pub quick_ms: Option<i64>,
    /// … and later than this after it; 0 for any.
    pub apart_ms: i64,
    /// It looks at so many of the latest entries of the plain count of its key, which tell staff, card and store apart.
    pub latest: Option<u16>,
    /// Whether its ring keeps such entries.
    pub trail: bool,
    /// For speeds: time that is not counted, in milliseconds.
    pub slack_ms: i64,
    /// For speeds: whether one may have flown.
    pub by_air: bool,
    /// For speeds: how many such ways there must be within the window, this one included; 0 and 1 for the first.
    pub often: usize,
    /// For favours.
    pub favour: Option<Favour>,
    /// For favours: the ring of whom an employee served. For what is passed on: the ring of what was received. For cycles: of origins.
    pub other: Option<NameId>,
    /// What it is for; empty where nobody said.
    pub about: Text,
    /// What it says where its ring has dropped what would matter; what is usual where not given.
    pub unevaluable: Option<Absent>,
    /// What a member is told whom it stops; empty where the program leaves it at what is usual.
    pub member: Text,
    /// Whether it is of the default pack; else the program itself declares it.
    pub standard: bool,
}

impl LimitExtra {
    /// Whether an input is in what is counted for it: nothing is given back before it was.
    #[must_use]
    pub fn counts_itself(&self) -> bool {
        !self.excludes_current && self.taken != Taken::Reversed
    }

    /// Whether an event has the attributes that it must have to be counted.
    #[must_use]
    pub fn has_all(&self, event: &Event) -> bool {
        self.when.iter().all(|(name, value)| event.attribute(name) == Some(value))
    }

    /// Whether the number alone decides: nothing else has to be so for the limit to speak.
    #[must_use]
    pub fn is_unconditional(&self) -> bool {
        let Self { only, newer_ms, idle_ms, after, fresh, latest, .. } = self;
        only.is_empty()
            && after.is_empty()
            && fresh.is_empty()
            && newer_ms.is_none()
            && idle_ms.is_none()
            && latest.is_none()
    }
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
    /// Redemptions.
    Redeem,
    /// Holds.
    Hold,
    /// Gifts to charities.
    Donate,
    /// Points given by hand.
    Credit,
}

impl Counted {
    /// Whether an input is of this kind.
    #[must_use]
    pub fn is(&self, input: &Input) -> bool {
        match (self, input) {
            (Self::Event(kind), Input::Event(event)) => *kind == event.kind,
            (Self::Transfer, Input::Transfer(..)) => true,
            (Self::Redeem, Input::Act(act, _)) => matches!(act.what, What::Redeem { .. }),
            (Self::Hold, Input::Act(act, _)) => matches!(act.what, What::Hold { .. }),
            (Self::Donate, Input::Act(act, _)) => matches!(act.what, What::Donate { .. }),
            (Self::Credit, Input::Adjust(adjustment, _)) => adjustment.amount.is_positive(),
            _ => false,
        }
    }

    /// Its name in programs.
    #[must_use]
    pub fn name(&self) -> Text {
        match self {
            Self::Event(kind) => kind.wire_name(),
            Self::Transfer => Text::new_static("transfer"),
            Self::Redeem => Text::new_static("redeem"),
            Self::Hold => Text::new_static("hold"),
            Self::Donate => Text::new_static("donate"),
            Self::Credit => Text::new_static("credit"),
        }
    }
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

impl Feed {
    /// Whether it takes in every input of its kinds that has its key.
    #[must_use]
    pub const fn takes_all(&self) -> bool {
        self.when.is_empty()
            && self.only.is_empty()
            && matches!(self.value, FeedValue::One | FeedValue::Amount | FeedValue::Origins)
    }
}

impl LimitTerms {
    /// Its own ring, and the fields of the input that lead to it.
    #[must_use]
    pub const fn own_ring(&self) -> (NameId, KeyFields) {
        (self.ring, self.key)
    }

    /// Whether it reads its own ring for every input of its kinds that has its key.
    #[must_use]
    pub fn always_reads_its_ring(&self) -> bool {
        let Self { metric, extra, .. } = self;
        let unasked =
            extra.since.is_none() && extra.when.is_empty() && (extra.latest.is_some() || extra.only.is_empty());
        unasked && metric.has_ring() && *metric != Metric::Speed
    }

    /// The rings that its conditions read beside its own, by the fields of the input that lead to them.
    pub fn conditions(&self, ask: &mut impl FnMut(NameId, &KeyFields)) {
        for prior in &self.extra.after {
            ask(prior.ring, &prior.key);
        }
        for fresh in &self.extra.fresh {
            ask(fresh.ring, &KeyFields::of(KeyField::Member));
        }
        if let Some(other) = self.extra.other {
            ask(other, &KeyFields::of(if self.metric == Metric::Favour { KeyField::Staff } else { KeyField::Member }));
        }
    }
}

//! Declared velocity limits: how much of something is believed, by which key, over which window.
//!
//! Only the vocabulary: the counting is done by `fraud`.

use super::event::EventKind;
use super::record::{KeyField, KeyFields, Taken, Verdict};
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
    /// Of a thousand judged records, the most whose keys it may stop before it is silenced; what is usual where not given.
    pub max_per_thousand: Option<u16>,
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

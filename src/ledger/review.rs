//! Reviews: what a person decided about what the fraud checks held, and what came of each held record.
//!
//! Only the vocabulary. [`decide`](super::decide) makes the records, [`desk`](super::desk) keeps the cases.

use std::sync::Arc;

use super::event::Event;
use super::lists::ListChange;
use super::types::{LotId, NameId, Points, Seq, Text, TimeMs};

/// What a person found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Honest: what was held takes effect.
    Cleared,
    /// Fraud: what was held is void.
    Confirmed,
}

/// A step of a review, as a record's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Review {
    /// A case is closed. The records of what it held follow at once, in the same block.
    Resolve(Resolution),
    /// One held record takes effect, or is void.
    Release(Release),
    /// What an earlier event gave is taken back, since a case that counts on it was confirmed.
    ClawBack(ClawBack),
    /// A list changes.
    List(ListChange),
}

/// `POST …/cases/{id}/resolve`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The case: the record that opened it.
    pub case: Seq,
    /// What was found.
    pub outcome: Outcome,
    /// Why, in the reviewer's words; may be empty.
    pub note: Text,
    /// Who; may be empty.
    pub author: Text,
    /// Whether a confirmed case also takes back what the events of its evidence gave.
    pub claw_back: bool,
    /// The `Idempotency-Key`, empty where none was sent.
    pub key: Text,
}

/// What became of one held record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The case that held it.
    pub case: Seq,
    /// The held record.
    pub held: Seq,
    /// What was found.
    pub outcome: Outcome,
    /// The held event, where it was one: this record does what that one could not.
    pub event: Option<Arc<Event>>,
    /// The natural key: the held record's sequence in decimal, so that it happens once and is found again.
    pub id: Text,
}

/// What an earlier event gave, taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClawBack {
    /// The case that was confirmed.
    pub case: Seq,
    /// The event's record.
    pub of: Seq,
    /// The natural key: that record's sequence in decimal.
    pub id: Text,
}

/// A lot that waited for a review gets its instants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vest {
    /// Whose lot.
    pub party: u8,
    /// Which pool.
    pub pool: NameId,
    /// Which lot.
    pub lot: LotId,
    /// What is left of it.
    pub amount: Points,
    /// When it can be spent.
    pub available_at: TimeMs,
    /// When it is lost, where it is.
    pub expires_at: Option<TimeMs>,
    /// How much of it repays debt at that moment (only where it is available at once).
    pub repaid: Points,
}

/// The source of the natural keys of releases: no event's source may contain a NUL.
pub const RELEASE_SOURCE: &str = "\0release";
/// The source of the natural keys of what was clawed back.
pub const CLAW_BACK_SOURCE: &str = "\0claw-back";

impl Review {
    /// The event this record stands for: a held one that takes effect.
    #[must_use]
    pub const fn event(&self) -> Option<&Arc<Event>> {
        match self {
            Self::Release(Release { outcome: Outcome::Cleared, event, .. }) => event.as_ref(),
            Self::Release(_) | Self::Resolve(_) | Self::ClawBack(_) | Self::List(_) => None,
        }
    }
}

//! What moves: the accounts of the books, lots coming to be, and what limits cut from them.
//!
//! Only the vocabulary; see [`apply::posting`](super::apply::posting) for how effects become postings.

use super::types::{LotId, NameId, Points, Text, TimeMs};

/// An account of the double-entry books: a member's, or one of the system's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What the record's party holds.
    Member,
    /// Where points come from.
    Issued,
    /// Where spent points go.
    Redeemed,
    /// Where expired points go.
    Expired,
    /// Where points taken back by refunds go.
    Reversed,
    /// The other side of corrections by hand.
    Adjusted,
    /// Points given to a charity, by its declared name.
    Donated(NameId),
    /// Points on their way to another partition.
    Transit,
}

/// A lot coming to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Whose.
    pub party: u8,
    /// In which pool.
    pub pool: NameId,
    /// The lot's id. A received transfer may name a lot that exists and grow it.
    pub lot: LotId,
    /// How much; above zero.
    pub amount: Points,
    /// How much of it repays debt at once (only for lots that are available at once).
    pub repaid: Points,
    /// When it was earned, in business time.
    pub earned_at: TimeMs,
    /// When it can be spent; [`TimeMs::NEVER`] while it waits for a review.
    pub available_at: TimeMs,
    /// When it is lost, where it is.
    pub expires_at: Option<TimeMs>,
    /// Where it comes from.
    pub from: Account,
    /// Why, for the statement.
    pub reason: Text,
    /// The rule that gave it: `earn.rhai:4`, or a manifest key.
    pub rule: Text,
}

/// Something a limit cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    /// Of whom.
    pub party: u8,
    /// The pool or the card.
    pub what: Clipped,
    /// What the rule wanted.
    pub wanted: i64,
    /// What it was given.
    pub given: i64,
    /// The name of the limit: `member_daily`, `spacing` …
    pub limit: Text,
}

/// What kind of thing was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clipped {
    /// A pool's credit.
    Pool(NameId),
    /// A card's stamps.
    Card(NameId),
}

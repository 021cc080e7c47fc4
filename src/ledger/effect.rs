//! What a record did: credits, debits, stamps, grants and the rest, and what limits cut from them.
//!
//! An effect is complete: it names its lot, its account, its instant. It never says how it was worked out.

use super::calendar::Span;
use super::types::{LotId, Money, NameId, Points, Text, TimeMs};

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

/// One consequence of a record. `party` is an index into [`Record::parties`](super::record::Record::parties).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The party becomes a member; what is known of them is in the event.
    Enroll {
        /// Who.
        party: u8,
        /// Who brought them, where the referral counts.
        referrer: Option<Text>,
    },
    /// A lot comes to be.
    Credit(Credit),
    /// Part of a lot goes.
    Debit {
        /// Whose lot.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// Which lot.
        lot: LotId,
        /// How much of it.
        amount: Points,
        /// Where it goes.
        to: Account,
    },
    /// A debt comes to be, with nothing to pay it.
    Owe {
        /// Who owes.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// How much.
        amount: Points,
        /// To which account it was paid on credit.
        to: Account,
    },
    /// A pending lot becomes available.
    Activate {
        /// Whose lot.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// Which lot.
        lot: LotId,
        /// How much of it repays debt at that moment.
        repaid: Points,
    },
    /// Stamps on a card.
    Stamp {
        /// Whose card.
        party: u8,
        /// Which card.
        card: NameId,
        /// How many were given.
        count: u32,
        /// How many stamps complete the card, as declared then.
        of: u32,
        /// Stamps on the card afterwards.
        stamps: u32,
        /// The civil day it counts for, in the program's zone.
        day: i32,
    },
    /// A reward to use.
    Grant {
        /// Who gets it.
        party: u8,
        /// Its number within the record, for its id.
        index: u16,
        /// Which reward.
        reward: NameId,
        /// What it is worth, where it has a value.
        value: Option<Money>,
        /// Until when it can be used.
        expires_at: Option<TimeMs>,
        /// Why.
        reason: Text,
    },
    /// A change of tier.
    Tier {
        /// Who.
        party: u8,
        /// From which, where there was one.
        from: Option<NameId>,
        /// To which; none where even the lowest tier asks for more.
        to: Option<NameId>,
    },
    /// A named counter of the member's grows.
    Count {
        /// Whose.
        party: u8,
        /// Which counter.
        counter: NameId,
        /// The civil day it counts for, in the program's zone: days since 1970-01-01.
        day: i32,
        /// By how much.
        amount: i64,
    },
    /// A program-wide budget is used.
    Budget {
        /// By whom.
        party: u8,
        /// The cap's counter.
        counter: NameId,
        /// How much of it.
        amount: Points,
    },
    /// What the event says about the person or their attributes replaces what was known.
    Profile {
        /// Whose.
        party: u8,
    },
    /// The friend's first qualifying purchase paid the referral; it will not be paid again.
    ReferralPaid {
        /// The friend.
        party: u8,
        /// The referrer, as a party of the same record.
        referrer: u8,
    },
    /// A lot that waited for a review gets its instants.
    Vest {
        /// Whose lot.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// Which lot.
        lot: LotId,
        /// What is left of it.
        amount: Points,
        /// When it can be spent.
        available_at: TimeMs,
        /// When it is lost, where it is.
        expires_at: Option<TimeMs>,
        /// How much of it repays debt at that moment (only where it is available at once).
        repaid: Points,
    },
    /// The terms of its own that a rule asked for a lot which waits for a review; only noted.
    HeldTerms {
        /// Whose lot.
        party: u8,
        /// Which lot.
        lot: LotId,
        /// How long it is to be pending, where the rule said so.
        pending: Option<Span>,
        /// How long it is to last, where the rule said so.
        expires: Option<Span>,
    },
    /// The record is referred to a case, though it stands. The last of a record's effects.
    Refer {
        /// Whose.
        party: u8,
    },
}

impl Effect {
    /// Whose state it changes: an index into [`Record::parties`](super::record::Record::parties).
    #[must_use]
    pub const fn party(&self) -> u8 {
        match self {
            Self::Credit(credit) => credit.party,
            Self::Enroll { party, .. }
            | Self::Debit { party, .. }
            | Self::Owe { party, .. }
            | Self::Activate { party, .. }
            | Self::Stamp { party, .. }
            | Self::Grant { party, .. }
            | Self::Tier { party, .. }
            | Self::Count { party, .. }
            | Self::Budget { party, .. }
            | Self::Profile { party }
            | Self::ReferralPaid { party, .. }
            | Self::Vest { party, .. }
            | Self::HeldTerms { party, .. }
            | Self::Refer { party } => *party,
        }
    }
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

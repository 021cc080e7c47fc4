//! What the merchant's rules want for an event: intents, before any limit of the ledger has been applied.
//!
//! `rules` makes proposals from manifests and scripts; [`decide`](super::decide) turns them into effects or cuts them.

use super::calendar::Span;
use super::provenance::{Back, Condition, Lines, Punched};
use super::record::{Reason, ScriptFault};
use super::types::{NameId, Points, Text};

/// From which lines an intent comes, and how it goes back with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The lines.
    pub lines: Lines,
    /// How it goes back.
    pub back: Back,
}

impl Default for Basis {
    fn default() -> Self {
        Self { lines: Lines::All, back: Back::Share }
    }
}

/// One thing a rule asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Credit a pool.
    Earn {
        /// Which pool.
        pool: NameId,
        /// How much, above or equal to zero.
        amount: Points,
        /// Why, for the statement.
        reason: Text,
        /// Which rule: `earn.rhai:4`.
        rule: Text,
        /// Pending for this long, instead of the pool's own terms.
        pending: Option<Span>,
        /// Expiring after this long, instead of the pool's own terms.
        expires: Option<Span>,
        /// Where it comes from.
        basis: Basis,
        /// The counter of the rule's own cap, where it has one.
        cap: Option<NameId>,
    },
    /// Stamp a card.
    Stamp {
        /// Which card.
        card: NameId,
        /// The stamps, each with what it is for.
        marks: Vec<Punched>,
        /// Where they come from.
        basis: Basis,
        /// Why.
        reason: Text,
        /// Which rule.
        rule: Text,
    },
    /// Grant a reward.
    Grant {
        /// Which reward.
        reward: NameId,
        /// On what it hangs while it is unused.
        condition: Option<Condition>,
        /// The counter that remembers that it was given, where one does: the grant adds one to it.
        once: Option<NameId>,
        /// Where it comes from.
        basis: Basis,
        /// Why.
        reason: Text,
        /// Which rule.
        rule: Text,
    },
    /// Note that a rule which counts once for each value has counted this one.
    Seen {
        /// The rule's name.
        name: NameId,
        /// The value.
        value: Text,
    },
    /// Add to a counter of the member's.
    Count {
        /// Which counter.
        counter: NameId,
        /// By how much.
        amount: i64,
        /// Where it comes from.
        basis: Basis,
    },
}

/// All that the rules want for one event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// In the order the rules asked.
    pub intents: Vec<Intent>,
    /// Verdicts raised by scripts (`flag`, `hold`).
    pub raised: Vec<Reason>,
    /// What a script says a redemption costs, where one does.
    pub price: Option<Points>,
    /// Why a script refuses a redemption, where one does.
    pub denied: Option<Text>,
    /// Operations used by all handlers.
    pub operations: u32,
    /// Handlers that failed; none of their intents are here.
    pub faults: Vec<ScriptFault>,
}

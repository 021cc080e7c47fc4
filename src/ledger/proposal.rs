//! What the merchant's rules want for an event: intents, before any limit of the ledger has been applied.
//!
//! `rules` makes proposals from manifests and scripts; [`decide`](super::decide) turns them into effects or cuts them.

use super::calendar::Span;
use super::record::{Reason, ScriptFault};
use super::types::{NameId, Points, Text};

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
    },
    /// Stamp a card.
    Stamp {
        /// Which card.
        card: NameId,
        /// How many.
        count: u32,
        /// Why.
        reason: Text,
        /// Which rule.
        rule: Text,
    },
    /// Grant a reward.
    Grant {
        /// Which reward.
        reward: NameId,
        /// Why.
        reason: Text,
        /// Which rule.
        rule: Text,
    },
    /// Add to a counter of the member's.
    Count {
        /// Which counter.
        counter: NameId,
        /// By how much.
        amount: i64,
    },
}

/// All that the rules want for one event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// In the order the rules asked.
    pub intents: Vec<Intent>,
    /// Verdicts raised by scripts (`flag`, `hold`).
    pub raised: Vec<Reason>,
    /// Operations used by all handlers.
    pub operations: u32,
    /// Handlers that failed; none of their intents are here.
    pub faults: Vec<ScriptFault>,
}

//! Business refusals: a closed list with stable codes. Nothing was recorded, nothing changed.
//!
//! A `Reject` is an answer, never a failure of the world; codes and numbers are never reused.

use super::types::{Points, Seq, Text, TimeMs};

/// Why the ledger will not record something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// No such member, and the program does not enrol by itself.
    #[error("member {0:?} is not enrolled in this program")]
    UnknownMember(Text),
    /// The program declares no such pool.
    #[error("the program has no pool {0:?}")]
    UnknownPool(Text),
    /// The event lies too far ahead of the ledger's clock.
    #[error("occurred_at is {ahead_ms} ms ahead of the ledger's clock; at most {limit_ms} ms are accepted")]
    OccurredInFuture {
        /// How far ahead.
        ahead_ms: i64,
        /// How far is accepted.
        limit_ms: i64,
        /// The ledger's time.
        now: TimeMs,
    },
    /// The same key was used for something else.
    #[error("this id was used before with a different body")]
    IdempotencyKeyReused,
    /// There is not enough to debit.
    #[error("{wanted} wanted, {available} available")]
    InsufficientBalance {
        /// What was asked.
        wanted: Points,
        /// What there is.
        available: Points,
    },
    /// A sum would pass the largest amount the ledger keeps.
    #[error("the {what} would pass the largest amount, {limit}")]
    AmountOverflow {
        /// Which sum.
        what: &'static str,
        /// The largest.
        limit: i64,
    },
    /// The pool cannot be transferred, or giver and receiver are one.
    #[error("{0}")]
    NotTransferable(&'static str),
    /// Nothing can be recorded: the fraud checks want the member to prove who they are first.
    #[error("the member must confirm their identity first: {0}")]
    StepUpRequired(String),
    /// The program has no such case.
    #[error("the program has no case {0}")]
    UnknownCase(Seq),
    /// The lists are full.
    #[error("the lists hold {0} entries, and no more are taken")]
    ListFull(usize),
    /// The case was resolved before.
    #[error("case {0} is closed")]
    CaseNotOpen(Seq),
}

impl Reject {
    /// The stable code of the problem.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownMember(_) => "unknown_member",
            Self::UnknownPool(_) => "unknown_pool",
            Self::OccurredInFuture { .. } => "occurred_in_future",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::InsufficientBalance { .. } => "insufficient_balance",
            Self::AmountOverflow { .. } => "amount_overflow",
            Self::NotTransferable(_) => "not_transferable",
            Self::StepUpRequired(_) => "step_up_required",
            Self::UnknownCase(_) => "unknown_case",
            Self::CaseNotOpen(_) => "case_not_open",
            Self::ListFull(_) => "list_full",
        }
    }
}

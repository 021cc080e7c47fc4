//! Business refusals: a closed list with stable codes. Nothing was recorded, nothing changed.
//!
//! A `Reject` is an answer, never a failure of the world; codes and numbers are never reused.

use super::types::{Money, Points, Seq, Text, TimeMs};

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
    #[error("occurred_at is {} s ahead of the ledger's clock, at most {} s pass", (.ahead_ms + 999) / 1_000, .limit_ms / 1_000)]
    OccurredInFuture {
        /// How far ahead.
        ahead_ms: i64,
        /// How far is accepted.
        limit_ms: i64,
        /// The ledger's time.
        now: TimeMs,
    },
    /// The event's money is not the program's.
    #[error("amounts are in {program}, and the event's are in {given}")]
    CurrencyMismatch {
        /// What the event says.
        given: Text,
        /// What the program counts in.
        program: Text,
    },
    /// A credit would expire before it is there.
    #[error("expires_at has passed already")]
    ExpiryPassed,
    /// The same key was used for something else.
    #[error("this id was used before with a different body")]
    IdempotencyKeyReused,
    /// There is not enough to debit.
    #[error("{wanted} {pool} wanted, {available} available")]
    InsufficientBalance {
        /// Of which pool.
        pool: Text,
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
    /// A frozen member earns and does not spend.
    #[error("member {0:?} is frozen: they earn, and cannot spend")]
    MemberFrozen(Text),
    /// The member is now another one.
    #[error("member {member:?} was merged into {into:?}: name that one")]
    MemberMerged {
        /// Who was asked for.
        member: Text,
        /// Who they are now.
        into: Text,
    },
    /// Something of the member's waits that cannot move.
    #[error("{0}")]
    MemberBusy(&'static str),
    /// The hold has been captured, released, or its time is over; or it waits for a review.
    #[error("{0}")]
    HoldNotActive(&'static str),
    /// No such redemption of this member.
    #[error("no such redemption was recorded")]
    UnknownRedemption,
    /// More than is left of a redemption.
    #[error("{wanted} wanted back, {left} of the redemption is left to reverse")]
    ExceedsRedemption {
        /// What was asked.
        wanted: Points,
        /// What has not been given back.
        left: Points,
    },
    /// The reward is not there, not for sale, not offered to this member, or there are none left.
    #[error("{0}")]
    RewardUnavailable(Text),
    /// The voucher was used, cancelled or withdrawn.
    #[error("the voucher has been used, cancelled or withdrawn")]
    VoucherUsed,
    /// The voucher's time is over.
    #[error("the voucher has expired")]
    VoucherExpired,
    /// Less than may be spent at once.
    #[error("{wanted} is below the least that can be {what} at once, {minimum}")]
    BelowMinimum {
        /// What was asked.
        wanted: Points,
        /// The least.
        minimum: Points,
        /// `spent` or `given`.
        what: &'static str,
    },
    /// A limit of the program's is used up.
    #[error("{0}")]
    LimitReached(Text),
    /// The pool cannot be given to such a charity.
    #[error("the pool cannot be given to {0:?}")]
    UnknownCharity(Text),
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
    /// More is refunded than is left of an order, or of one of its lines.
    #[error("{} has {left} left to refund", .line.map_or_else(|| "the order".to_owned(), |line| format!("line {line} of the order")))]
    RefundExceedsOrder {
        /// The line, where one was named.
        line: Option<u32>,
        /// What is left, in minor units.
        left: Money,
    },
    /// The member has no such order, and too many of their refunds wait for an order already.
    #[error("the member has no order {0:?}, and too many of their refunds wait for one already")]
    UnknownOrder(Text),
}

impl Reject {
    /// The stable code of the problem.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownMember(_) => "unknown_member",
            Self::UnknownPool(_) => "unknown_pool",
            Self::OccurredInFuture { .. } => "occurred_in_future",
            Self::CurrencyMismatch { .. } => "currency_mismatch",
            Self::ExpiryPassed => "expiry_passed",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::InsufficientBalance { .. } => "insufficient_balance",
            Self::AmountOverflow { .. } => "amount_overflow",
            Self::NotTransferable(_) => "not_transferable",
            Self::MemberFrozen(_) => "member_frozen",
            Self::MemberMerged { .. } => "member_merged",
            Self::MemberBusy(_) => "member_busy",
            Self::HoldNotActive(_) => "hold_not_active",
            Self::UnknownRedemption => "unknown_redemption",
            Self::ExceedsRedemption { .. } => "exceeds_redemption",
            Self::RewardUnavailable(_) => "reward_unavailable",
            Self::VoucherUsed => "voucher_used",
            Self::VoucherExpired => "voucher_expired",
            Self::BelowMinimum { .. } => "below_minimum",
            Self::LimitReached(_) => "limit_reached",
            Self::UnknownCharity(_) => "unknown_charity",
            Self::StepUpRequired(_) => "step_up_required",
            Self::UnknownCase(_) => "unknown_case",
            Self::CaseNotOpen(_) => "case_not_open",
            Self::ListFull(_) => "list_full",
            Self::RefundExceedsOrder { .. } => "refund_exceeds_order",
            Self::UnknownOrder(_) => "unknown_order",
        }
    }
}

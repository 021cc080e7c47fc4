//! The codes of refunds and spending.

use hyper::StatusCode;

use super::{Code, Info, info};

impl Code {
    pub(super) const fn spending_info(self) -> Info {
        const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
        match self {
            Self::RefundExceedsOrder => info(
                "refund_exceeds_order",
                REFUSED,
                "More is refunded than is left",
                "The refund asks for more than is left of the order, or of the line that the detail names. Nothing was changed. \
                 A refund with neither items nor amount takes all that is left.",
            ),
            Self::UnknownOrder => info(
                "unknown_order",
                REFUSED,
                "There is no such order",
                "The member has no order of this name, and 64 of their refunds wait for a sale that has not come already.",
            ),
            Self::MemberFrozen => info(
                "member_frozen",
                REFUSED,
                "The member is frozen",
                "The member earns and cannot spend until POST …/members/{member}/unfreeze. Nothing was taken.",
            ),
            Self::MemberMerged => info(
                "member_merged",
                StatusCode::CONFLICT,
                "The member was merged into another",
                "Name the member that the detail names; everything this one had is there.",
            ),
            Self::MemberBusy => info(
                "member_busy",
                StatusCode::CONFLICT,
                "The member has something open",
                "Something of the member's waits (a hold, or a review) or stands in the way; the detail says what. Finish it, then try again.",
            ),
            Self::HoldNotActive => info(
                "hold_not_active",
                StatusCode::CONFLICT,
                "The hold is not active",
                "It was captured or released, its time is over, or it waits for a review. Points of a hold that is over are free or spent; nothing changed.",
            ),
            Self::UnknownHold => info(
                "unknown_hold",
                StatusCode::NOT_FOUND,
                "No such hold",
                "The id is not one that POST …/holds of this program answered with.",
            ),
            Self::UnknownRedemption => info(
                "unknown_redemption",
                StatusCode::NOT_FOUND,
                "No such redemption",
                "The id is not one that a redemption or a capture of this program answered with.",
            ),
            Self::ExceedsRedemption => info(
                "exceeds_redemption",
                REFUSED,
                "More than is left of the redemption",
                "All reversals of a redemption together give back no more than it took. The detail names what is left.",
            ),
            _ => self.reward_info(),
        }
    }
}

//! The codes of a program's rules, cases and rewards.

use hyper::StatusCode;

use super::{Code, Info, info};

impl Code {
    pub(super) const fn rules_info(self) -> Info {
        match self {
            Self::RulesetInvalid => info(
                "ruleset_invalid",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The rules have errors",
                "diagnostics[] says what is wrong, with file, line and column. Nothing was recorded.",
            ),
            Self::CasesFailed => info(
                "tests_failed",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The program's own cases fail",
                "diagnostics[] names the first step of each case that went another way than expected. Nothing was recorded.",
            ),
            _ => info(
                "ruleset_conflict",
                StatusCode::CONFLICT,
                "That does not fit which rules decide",
                "The detail says why. GET /v1/programs/{program}/rulesets shows what each version is at.",
            ),
        }
    }

    pub(super) const fn review_info(self) -> Info {
        match self {
            Self::ListFull => info(
                "list_full",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The lists are full",
                "The allow and deny lists of all programs hold 100,000 entries together. Take away what has expired.",
            ),
            _ => info(
                "case_not_open",
                StatusCode::CONFLICT,
                "The case is closed",
                "The case was resolved before, and an outcome stands. A retry of that request needs its Idempotency-Key.",
            ),
        }
    }

    pub(super) const fn reward_info(self) -> Info {
        const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
        match self {
            Self::RewardUnavailable => info(
                "reward_unavailable",
                REFUSED,
                "The reward cannot be had",
                "There is no such reward, it is not for sale or not to this member, it is sold out, or it was used already. Nothing was taken.",
            ),
            Self::UnknownVoucher => info(
                "unknown_voucher",
                StatusCode::NOT_FOUND,
                "No such voucher",
                "The code was not issued by this program; check it character by character.",
            ),
            Self::VoucherUsed => info(
                "voucher_used",
                StatusCode::CONFLICT,
                "The voucher was used",
                "Each code is good for one use; this one was used, cancelled or withdrawn before.",
            ),
            Self::UnknownHousehold => info(
                "unknown_household",
                StatusCode::NOT_FOUND,
                "No such household",
                "Nobody lives in a household of this name, or the member named lives in another.",
            ),
            Self::VoucherExpired => info(
                "voucher_expired",
                StatusCode::CONFLICT,
                "The voucher has expired",
                "Its time is over; the balance shows which rewards can still be used.",
            ),
            Self::BelowMinimum => info(
                "below_minimum",
                REFUSED,
                "Below the minimum",
                "The program says how much must be spent or given at once, at the least. Nothing was taken.",
            ),
            Self::LimitReached => info(
                "limit_reached",
                REFUSED,
                "A limit is reached",
                "The program or the ledger limits how often or how much; the detail says which. Nothing changed.",
            ),
            _ => info(
                "unknown_charity",
                REFUSED,
                "No such charity",
                "The pool cannot be given to a charity of that name; GET …/ lists the charities.",
            ),
        }
    }
}

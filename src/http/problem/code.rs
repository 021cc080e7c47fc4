//! The closed list of problem codes, with what each means. A code is never renamed and never reused.

mod programs;
mod spending;

use hyper::StatusCode;

/// What kind of problem an answer reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The body is not JSON.
    MalformedJson,
    /// The request breaks a rule of the contract; `errors` says where.
    InvalidRequest,
    /// No key, or one that is not known.
    Unauthenticated,
    /// The key does not open this.
    Forbidden,
    /// No such path or object.
    NotFound,
    /// No such program.
    UnknownProgram,
    /// No such member.
    UnknownMember,
    /// No such event.
    UnknownEvent,
    /// No such case.
    UnknownCase,
    /// The path does not take this method.
    MethodNotAllowed,
    /// The body did not arrive in time.
    RequestTimeout,
    /// The body is larger than the route takes.
    BodyTooLarge,
    /// The batch has more elements than one request may.
    BatchTooLarge,
    /// The request's address is too long.
    UriTooLong,
    /// The request's line and headers are too many or too long.
    HeadTooLarge,
    /// The body's type is not one the route reads.
    UnsupportedMediaType,
    /// The program has no such pool.
    UnknownPool,
    /// The event lies in the future.
    OccurredInFuture,
    /// The event's money is not the program's.
    CurrencyMismatch,
    /// A credit would expire before it is there.
    ExpiryPassed,
    /// The key was used for another request.
    IdempotencyKeyReused,
    /// Not enough to debit.
    InsufficientBalance,
    /// A sum would be too large.
    AmountOverflow,
    /// The move is not allowed.
    NotTransferable,
    /// The member must confirm who they are.
    StepUpRequired,
    /// No such version of the rules.
    UnknownRuleset,
    /// The rules do not compile.
    RulesetInvalid,
    /// The program's own cases fail.
    CasesFailed,
    /// The change does not fit which rules decide.
    RulesetConflict,
    /// More is refunded than is left.
    RefundExceedsOrder,
    /// No such order, and too many refunds wait for one.
    UnknownOrder,
    /// A frozen member cannot spend.
    MemberFrozen,
    /// The member is now another one.
    MemberMerged,
    /// Something of the member's waits that cannot move.
    MemberBusy,
    /// The hold is over, or waits for a review.
    HoldNotActive,
    /// No such hold.
    UnknownHold,
    /// No such redemption.
    UnknownRedemption,
    /// More than is left of the redemption.
    ExceedsRedemption,
    /// The reward cannot be had.
    RewardUnavailable,
    /// No such voucher.
    UnknownVoucher,
    /// The voucher was used or cancelled.
    VoucherUsed,
    /// The voucher has expired.
    VoucherExpired,
    /// Less than may be spent at once.
    BelowMinimum,
    /// A limit is used up.
    LimitReached,
    /// No such charity.
    UnknownCharity,
    /// No such household.
    UnknownHousehold,
    /// The case was resolved before.
    CaseNotOpen,
    /// The lists are full.
    ListFull,
    /// No such entry of a list.
    UnknownEntry,
    /// The clock cannot be set so.
    ClockRefused,
    /// No more webhook endpoints.
    LimitOfEndpoints,
    /// No backup was made.
    BackupRefused,
    /// Too much is waiting.
    Overloaded,
    /// The daemon is stopping.
    Stopping,
    /// The store failed.
    ReadFailed,
}

/// What is fixed about a code.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// Its name on the wire.
    pub code: &'static str,
    /// The status it answers with.
    pub status: StatusCode,
    /// The title, the same for every occurrence.
    pub title: &'static str,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// What it means and what to do, for its page.
    pub help: &'static str,
}

const fn info(code: &'static str, status: StatusCode, title: &'static str, help: &'static str) -> Info {
    let retryable = matches!(
        status,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT | StatusCode::INTERNAL_SERVER_ERROR
    );
    Info { code, status, title, retryable, help }
}

impl Code {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 55] = [
        Self::MalformedJson,
        Self::InvalidRequest,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::UnknownProgram,
        Self::UnknownMember,
        Self::UnknownEvent,
        Self::UnknownCase,
        Self::UnknownEntry,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::BodyTooLarge,
        Self::BatchTooLarge,
        Self::UriTooLong,
        Self::HeadTooLarge,
        Self::UnsupportedMediaType,
        Self::UnknownPool,
        Self::OccurredInFuture,
        Self::CurrencyMismatch,
        Self::ExpiryPassed,
        Self::IdempotencyKeyReused,
        Self::InsufficientBalance,
        Self::AmountOverflow,
        Self::NotTransferable,
        Self::StepUpRequired,
        Self::UnknownRuleset,
        Self::RulesetInvalid,
        Self::CasesFailed,
        Self::RulesetConflict,
        Self::RefundExceedsOrder,
        Self::UnknownOrder,
        Self::MemberFrozen,
        Self::MemberMerged,
        Self::MemberBusy,
        Self::HoldNotActive,
        Self::UnknownHold,
        Self::UnknownRedemption,
        Self::ExceedsRedemption,
        Self::RewardUnavailable,
        Self::UnknownVoucher,
        Self::VoucherUsed,
        Self::VoucherExpired,
        Self::BelowMinimum,
        Self::LimitReached,
        Self::UnknownCharity,
        Self::UnknownHousehold,
        Self::CaseNotOpen,
        Self::ListFull,
        Self::ClockRefused,
        Self::LimitOfEndpoints,
        Self::BackupRefused,
        Self::Overloaded,
        Self::Stopping,
        Self::ReadFailed,
    ];

    /// The code of a wire name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.info().code == name)
    }

    /// What is fixed about the code.
    pub const fn info(self) -> Info {
        match self {
            Self::MalformedJson
            | Self::InvalidRequest
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::RequestTimeout
            | Self::BodyTooLarge
            | Self::BatchTooLarge
            | Self::UriTooLong
            | Self::HeadTooLarge
            | Self::UnsupportedMediaType => self.request_info(),
            Self::NotFound
            | Self::UnknownProgram
            | Self::UnknownMember
            | Self::UnknownEvent
            | Self::UnknownCase
            | Self::UnknownEntry
            | Self::UnknownRuleset
            | Self::MethodNotAllowed => self.path_info(),
            Self::UnknownPool
            | Self::OccurredInFuture
            | Self::CurrencyMismatch
            | Self::ExpiryPassed
            | Self::IdempotencyKeyReused
            | Self::InsufficientBalance
            | Self::AmountOverflow
            | Self::NotTransferable
            | Self::StepUpRequired
            | Self::ClockRefused => self.ledger_info(),
            Self::CaseNotOpen | Self::ListFull => self.review_info(),
            Self::RulesetInvalid | Self::CasesFailed | Self::RulesetConflict => self.rules_info(),
            Self::RefundExceedsOrder
            | Self::UnknownOrder
            | Self::MemberFrozen
            | Self::MemberMerged
            | Self::MemberBusy
            | Self::HoldNotActive
            | Self::UnknownHold
            | Self::UnknownRedemption
            | Self::ExceedsRedemption
            | Self::RewardUnavailable
            | Self::UnknownVoucher
            | Self::VoucherUsed
            | Self::VoucherExpired
            | Self::BelowMinimum
            | Self::LimitReached
            | Self::UnknownCharity
            | Self::UnknownHousehold => self.spending_info(),
            Self::LimitOfEndpoints | Self::BackupRefused | Self::Overloaded | Self::Stopping | Self::ReadFailed => {
                self.daemon_info()
            }
        }
    }

    const fn request_info(self) -> Info {
        match self {
            Self::MalformedJson => info(
                "malformed_json",
                StatusCode::BAD_REQUEST,
                "The body is not JSON",
                "The body could not be read as JSON in UTF-8; the detail names the line and column. Nothing was recorded.",
            ),
            Self::Unauthenticated => info(
                "unauthenticated",
                StatusCode::UNAUTHORIZED,
                "A key is needed",
                "Send a key of this program as Authorization: Bearer tsk_… . Keys are compared exactly; a revoked key is unknown.",
            ),
            Self::Forbidden => info(
                "forbidden",
                StatusCode::FORBIDDEN,
                "The key may not do this",
                "The key is known and its scope, or the programs it belongs to, do not cover this. Scopes: read looks up and \
                 simulates, write posts and spends, admin changes rules and balances; each includes those before it.",
            ),
            Self::RequestTimeout => info(
                "request_timeout",
                StatusCode::REQUEST_TIMEOUT,
                "The body did not arrive in time",
                "The request's body took too long to arrive. Nothing was recorded; send it again.",
            ),
            Self::BodyTooLarge => info(
                "body_too_large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is too large",
                "One event may take 1 MiB, a batch 64 MiB, less where the configuration says so. Split the batch; nothing of this \
                 request was recorded.",
            ),
            Self::BatchTooLarge => info(
                "batch_too_large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The batch has too many elements",
                "A batch may have 10,000 elements. Split it; nothing of this request was recorded.",
            ),
            Self::UriTooLong => info(
                "uri_too_long",
                StatusCode::URI_TOO_LONG,
                "The address is too long",
                "Ids have at most 128 bytes and a path few of them. Nothing was recorded; the connection is closed.",
            ),
            Self::HeadTooLarge => info(
                "head_too_large",
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The request has too many headers, or too long ones",
                "A request's line and headers may have 64 KiB and 64 lines. Nothing was recorded; the connection is closed.",
            ),
            Self::UnsupportedMediaType => info(
                "unsupported_media_type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body's type is not supported",
                "Send Content-Type: application/json, or application/x-ndjson where the path takes batches, without Content-Encoding.",
            ),
            _ => info(
                "invalid_request",
                StatusCode::BAD_REQUEST,
                "The request is not valid",
                "A field is missing, unknown, of the wrong type or out of its bounds: errors[] has a JSON pointer for each. \
                 Amounts are integers without fraction or exponent. Nothing was recorded.",
            ),
        }
    }

    const fn path_info(self) -> Info {
        match self {
            Self::UnknownProgram => info(
                "unknown_program",
                StatusCode::NOT_FOUND,
                "There is no such program",
                "The path names a program that this ledger does not run, or that the key does not belong to.",
            ),
            Self::UnknownMember => info(
                "unknown_member",
                StatusCode::NOT_FOUND,
                "There is no such member",
                "The member is not enrolled. Enrol them first, or set auto_enroll = true in the program.",
            ),
            Self::UnknownEvent => info(
                "unknown_event",
                StatusCode::NOT_FOUND,
                "There is no such event",
                "No event with this source and id was recorded. Slashes within a source are written %2F.",
            ),
            Self::UnknownEntry => info(
                "unknown_entry",
                StatusCode::NOT_FOUND,
                "There is no such entry",
                "The list has no entry for this kind and value.",
            ),
            Self::UnknownCase => info(
                "unknown_case",
                StatusCode::NOT_FOUND,
                "There is no such case",
                "No case of this program has this id. GET …/cases?status=open lists the open ones.",
            ),
            Self::UnknownRuleset => info(
                "unknown_ruleset",
                StatusCode::NOT_FOUND,
                "There is no such version of the rules",
                "GET /v1/programs/{program}/rulesets lists the versions; `active` and `draft` are names for two of them.",
            ),
            Self::MethodNotAllowed => info(
                "method_not_allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "The path does not take this method",
                "The Allow header lists the methods that the path takes.",
            ),
            _ => info("not_found", StatusCode::NOT_FOUND, "There is nothing here", "Nothing is served at this path."),
        }
    }

    const fn ledger_info(self) -> Info {
        const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
        match self {
            Self::UnknownPool => info(
                "unknown_pool",
                REFUSED,
                "The program has no such pool",
                "Name a pool that the program declares: GET /v1/programs/{program}/ lists them.",
            ),
            Self::OccurredInFuture => info(
                "occurred_in_future",
                REFUSED,
                "The event lies in the future",
                "occurred_at may be at most five minutes ahead of the ledger's clock. Check the caller's clock and its offset.",
            ),
            Self::CurrencyMismatch => info(
                "currency_mismatch",
                REFUSED,
                "The money is not the program's",
                "A program counts in one currency, which GET /v1/programs/{program}/ names. Convert the amounts, or leave currency out.",
            ),
            Self::ExpiryPassed => info(
                "expiry_passed",
                REFUSED,
                "The points would be gone at once",
                "expires_at lies before the ledger's clock. Give a later time, or leave it out for the pool's own expiry.",
            ),
            Self::IdempotencyKeyReused => info(
                "idempotency_key_reused",
                REFUSED,
                "The key was used for something else",
                "The same source and id, or the same Idempotency-Key, came before with another body. A new fact needs a new id.",
            ),
            Self::InsufficientBalance => info(
                "insufficient_balance",
                REFUSED,
                "There is not enough",
                "The pool's available balance is lower than the amount. Pending and held points cannot be spent.",
            ),
            Self::AmountOverflow => info(
                "amount_overflow",
                REFUSED,
                "An amount is too large",
                "A balance or a counter would pass 9,007,199,254,740,991, the largest amount that is kept.",
            ),
            Self::NotTransferable => info(
                "not_transferable",
                REFUSED,
                "This cannot be transferred",
                "The pool is not declared transferable, or giver and receiver are the same member.",
            ),
            Self::StepUpRequired => info(
                "step_up_required",
                REFUSED,
                "The member must confirm who they are",
                "The fraud checks want a second proof of identity. Ask for it, then send the request again as a new one.",
            ),
            _ => info(
                "clock_refused",
                StatusCode::CONFLICT,
                "The clock cannot be set so",
                "Only a daemon started with --clock manual takes a time, and never an earlier one.",
            ),
        }
    }

    const fn daemon_info(self) -> Info {
        match self {
            Self::Overloaded => info(
                "overloaded",
                StatusCode::SERVICE_UNAVAILABLE,
                "Too much is waiting",
                "The queue is full and nothing of this request was accepted. Try again after Retry-After seconds, with the same ids.",
            ),
            Self::LimitOfEndpoints => info(
                "limit_of_endpoints",
                StatusCode::CONFLICT,
                "There are as many endpoints as there may be",
                "Delete a webhook endpoint that is not used any more; a ledger serves 64.",
            ),
            Self::BackupRefused => info(
                "backup_refused",
                StatusCode::CONFLICT,
                "No backup was made",
                "There is a backup of this name, or the folder of backups cannot be written; the ledger goes on as it was.",
            ),
            Self::Stopping => info(
                "stopping",
                StatusCode::SERVICE_UNAVAILABLE,
                "The ledger is stopping",
                "Whether this request was recorded is not known; sending it again with the same ids is safe.",
            ),
            _ => info(
                "read_failed",
                StatusCode::INTERNAL_SERVER_ERROR,
                "The store could not be read",
                "The disk or the database failed while reading. The daemon's log has the cause.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_name_and_an_error_status() {
        for (at, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(Code::named(code.info().code), Some(code), "{code:?}");
            assert!(code.info().status.as_u16() >= 400 && !code.info().help.is_empty());
            assert!(Code::ALL.iter().skip(at + 1).all(|other| other.info().title != code.info().title), "{code:?}");
        }
    }
}

//! Problems (RFC 9457): what an answer says when a request was not done, and the page of each code.
//!
//! A [`Problem`] is built where it is found and written in one place, at the end of the request, with its request id.

mod code;
mod page;

use std::borrow::Cow;
use std::fmt::Display;

use axum::body::Body;
use axum::response::{IntoResponse, Response};

pub use code::Code;
pub use page::page;

use super::json::Json;
use crate::engine::handle::SubmitError;
use crate::ledger::reject::Reject;
use crate::rules::Diagnostic;

/// One field of a request that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Where.
    pub place: Place,
    /// What is wrong with it, in words.
    pub detail: Cow<'static, str>,
}

/// Which part of a request is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A JSON pointer into the body.
    Pointer(String),
    /// A parameter of the query.
    Parameter(String),
    /// A header.
    Header(&'static str),
}

/// Why a request was not done.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    diagnostics: Vec<Diagnostic>,
}

impl Problem {
    /// A problem with its detail in words.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), diagnostics: Vec::new() }
    }

    /// `invalid_request` with everything that is wrong; `errors` is not empty.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [FieldError { place: Place::Pointer(at), detail }] if at.is_empty() => detail.clone(),
            [FieldError { place: Place::Pointer(at) | Place::Parameter(at), detail }] => {
                format!("{at}: {detail}").into()
            }
            [FieldError { place: Place::Header(at), detail }] => format!("{at}: {detail}").into(),
            several => format!("{} fields are not valid", several.len()).into(),
        };
        Self { code: Code::InvalidRequest, detail, errors, diagnostics: Vec::new() }
    }

    /// A problem with what is wrong in rules, by file and line.
    pub fn with_diagnostics(code: Code, detail: String, diagnostics: Vec<Diagnostic>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), diagnostics }
    }

    /// `invalid_request` about one parameter of the query.
    pub fn parameter(name: &str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::invalid(vec![FieldError { place: Place::Parameter(name.to_owned()), detail: detail.into() }])
    }

    /// `invalid_request` for one field of the body.
    pub fn pointer(at: &str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::invalid(vec![FieldError { place: Place::Pointer(at.to_owned()), detail: detail.into() }])
    }

    /// `unauthenticated`, where there is no key at all.
    pub fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "the request has no Authorization: Bearer header")
    }

    /// `unknown_program`: there is none, or the key does not belong to it.
    pub fn unknown_program(name: &str) -> Self {
        Self::new(Code::UnknownProgram, format!("there is no program {name:?}"))
    }

    /// `unknown_member`.
    pub fn unknown_member(id: &str) -> Self {
        Self::new(Code::UnknownMember, format!("member {id:?} is not enrolled in this program"))
    }

    /// What kind it is.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The fields that are wrong.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// Writes the problem as an object.
    pub fn write(&self, out: &mut Json, request_id: &str) {
        let info = self.code.info();
        out.begin_object();
        out.key("type");
        out.prefixed("/problems/", info.code);
        out.field("title", info.title);
        out.int_field("status", info.status.as_u16());
        out.field("detail", &self.detail);
        out.field("code", info.code);
        out.key("retryable");
        out.bool(info.retryable);
        out.field("request_id", request_id);
        if !self.errors.is_empty() {
            out.key("errors");
            out.begin_array();
            for error in &self.errors {
                out.begin_object();
                match &error.place {
                    Place::Pointer(pointer) => out.field("pointer", pointer),
                    Place::Parameter(name) => out.field("parameter", name),
                    Place::Header(name) => out.field("header", name),
                }
                out.field("detail", &error.detail);
                out.end_object();
            }
            out.end_array();
        }
        if !self.diagnostics.is_empty() {
            out.key("diagnostics");
            write_diagnostics(out, &self.diagnostics);
        }
        out.end_object();
    }
}

/// Writes diagnostics as a list.
pub fn write_diagnostics(out: &mut Json, diagnostics: &[Diagnostic]) {
    out.begin_array();
    for found in diagnostics {
        out.begin_object();
        out.field("file", &found.file);
        out.int_field("line", found.line);
        out.int_field("column", found.column);
        out.field("message", &found.message);
        out.end_object();
    }
    out.end_array();
}

impl From<&Reject> for Problem {
    fn from(reject: &Reject) -> Self {
        let code = match reject {
            Reject::UnknownMember(_) => Code::UnknownMember,
            Reject::UnknownPool(_) => Code::UnknownPool,
            Reject::OccurredInFuture { .. } => Code::OccurredInFuture,
            Reject::CurrencyMismatch { .. } => Code::CurrencyMismatch,
            Reject::ExpiryPassed => Code::ExpiryPassed,
            Reject::IdempotencyKeyReused => Code::IdempotencyKeyReused,
            Reject::InsufficientBalance { .. } => Code::InsufficientBalance,
            Reject::AmountOverflow { .. } => Code::AmountOverflow,
            Reject::NotTransferable(_) => Code::NotTransferable,
            Reject::StepUpRequired(_) => Code::StepUpRequired,
            Reject::UnknownCase(_) => Code::UnknownCase,
            Reject::CaseNotOpen(_) => Code::CaseNotOpen,
            Reject::ListFull(_) => Code::ListFull,
            Reject::RefundExceedsOrder { .. } => Code::RefundExceedsOrder,
            Reject::UnknownOrder(_) => Code::UnknownOrder,
            Reject::MemberFrozen(_) => Code::MemberFrozen,
            Reject::MemberMerged { .. } => Code::MemberMerged,
            Reject::MemberBusy(_) => Code::MemberBusy,
            Reject::HoldNotActive(_) => Code::HoldNotActive,
            Reject::UnknownRedemption => Code::UnknownRedemption,
            Reject::ExceedsRedemption { .. } => Code::ExceedsRedemption,
            Reject::RewardUnavailable(_) => Code::RewardUnavailable,
            Reject::VoucherUsed => Code::VoucherUsed,
            Reject::VoucherExpired => Code::VoucherExpired,
            Reject::BelowMinimum { .. } => Code::BelowMinimum,
            Reject::LimitReached(_) => Code::LimitReached,
            Reject::UnknownCharity(_) => Code::UnknownCharity,
        };
        Self::new(code, reject.to_string())
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Overloaded => {
                Self::new(Code::Overloaded, "the queue is full; nothing of this request was accepted")
            }
            SubmitError::Stopped => Self::new(Code::Stopping, "the ledger is stopping"),
            SubmitError::Read(cause) => {
                tracing::error!(cause, "reading for a request failed");
                Self::new(Code::ReadFailed, "the store could not be read")
            }
        }
    }
}

/// Carried to the end of the request within the response's extensions, where its id is known.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.code.info().status;
        response.extensions_mut().insert(self);
        response
    }
}

/// Collects what is wrong with a body, so that one answer names all of it.
#[derive(Debug, Default)]
pub struct Faults {
    prefix: &'static str,
    found: Vec<FieldError>,
}

impl Faults {
    /// Faults of an object that lies at `prefix` of the body.
    pub const fn within(prefix: &'static str) -> Self {
        Self { prefix, found: Vec::new() }
    }

    /// Notes a fault at a JSON pointer.
    pub fn add(&mut self, pointer: impl Display, detail: impl Into<Cow<'static, str>>) {
        self.found
            .push(FieldError { place: Place::Pointer(format!("{}{pointer}", self.prefix)), detail: detail.into() });
    }

    /// The value where nothing was wrong.
    pub fn into_result<T>(self, value: T) -> Result<T, Problem> {
        if self.found.is_empty() { Ok(value) } else { Err(Problem::invalid(self.found)) }
    }
}

//! A script file: its source, the functions in it and which of them handle events.

use std::ops::Range;

use super::diagnostic::line_and_column;
use super::scan::{Piece, Token, tokens};
use crate::ledger::event::EventKind;
use crate::ledger::types::Text;

/// One `.rhai` file of a program. Each file stands alone: its functions are its own, and where several files handle the
/// same event, each handler runs, in order of the files' names.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// The path within the program's folder.
    pub file: Text,
    pub source: String,
    pub handlers: Vec<(Handled, Text)>,
}

impl Script {
    /// The line a function begins at, from 1; 0 where there is none.
    pub fn line_of(&self, function: &str) -> u32 {
        let tokens = tokens(&self.source);
        let found = functions(&tokens).iter().find(|known| known.name == function).map(|known| known.offset);
        found.map_or(0, |offset| line_and_column(&self.source, offset).0)
    }
}

/// A function as it stands in a source.
pub(super) struct Function<'a> {
    pub name: &'a str,
    /// Where its name begins, in bytes.
    pub offset: usize,
    pub params: Vec<&'a str>,
    /// Its tokens between the braces.
    pub body: Range<usize>,
}

/// What calls a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Handled {
    /// An event of a kind.
    Event(EventKind),
    /// A redemption, or a hold for one.
    Redeem,
    /// A member's tier has changed.
    TierChange,
    /// A schedule that asks the scripts has come round.
    Schedule,
}

impl Handled {
    /// What its first argument is usually called.
    pub const fn argument(&self) -> &'static str {
        match self {
            Self::Event(_) => "event",
            Self::Redeem => "request",
            Self::TierChange => "change",
            Self::Schedule => "tick",
        }
    }
}

/// Every handler's name but those of custom events.
pub(super) const HANDLERS: [&str; 16] = [
    "on_enroll",
    "on_purchase",
    "on_refund",
    "on_visit",
    "on_review",
    "on_social_follow",
    "on_social_share",
    "on_newsletter",
    "on_survey",
    "on_activity",
    "on_fee",
    "on_profile",
    "on_login",
    "on_redeem",
    "on_tier_change",
    "on_schedule",
];

/// What a function is by its name.
pub(super) enum Role {
    Handler(Handled),
    UnknownHandler,
    Helper,
}

/// What a function of this name is for.
pub(super) fn role(name: &str) -> Role {
    let Some(event) = name.strip_prefix("on_") else { return Role::Helper };
    match event {
        "redeem" => return Role::Handler(Handled::Redeem),
        "tier_change" => return Role::Handler(Handled::TierChange),
        "schedule" => return Role::Handler(Handled::Schedule),
        _ => {}
    }
    let wire = event.strip_prefix("custom_").map(|own| format!("custom.{own}"));
    match EventKind::parse(wire.as_deref().unwrap_or(event)) {
        Some(kind) => Role::Handler(Handled::Event(kind)),
        None => Role::UnknownHandler,
    }
}

/// The functions of a source, in order.
pub(super) fn functions<'a>(tokens: &[Token<'a>]) -> Vec<Function<'a>> {
    let kind = |at: usize| tokens.get(at).map(|token| token.kind);
    let mut functions = Vec::new();
    for at in 0..tokens.len() {
        let (Some(Piece::Word("fn")), Some(Piece::Word(name)), Some(Piece::Sign(b'('))) =
            (kind(at), kind(at + 1), kind(at + 2))
        else {
            continue;
        };
        let close = closing(tokens, at + 2);
        let params = tokens.get(at + 3..close).unwrap_or_default();
        let params = params.iter().filter_map(|token| match token.kind {
            Piece::Word(param) => Some(param),
            Piece::Literal(_) | Piece::Value | Piece::Sign(_) => None,
        });
        let open = close + 1;
        let body = if kind(open) == Some(Piece::Sign(b'{')) { open + 1..closing(tokens, open) } else { open..open };
        let offset = tokens.get(at + 1).map_or(0, |token| token.offset);
        functions.push(Function { name, offset, params: params.collect(), body });
    }
    functions
}

/// The token that closes the bracket at `open`; the end where none does.
pub(super) fn closing(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Piece::Sign(b'(' | b'[' | b'{') => depth += 1,
            Piece::Sign(b')' | b']' | b'}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            Piece::Word(_) | Piece::Literal(_) | Piece::Value | Piece::Sign(_) => {}
        }
    }
    tokens.len()
}

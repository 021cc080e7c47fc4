//! The format of reviews, and of the desk's rows: cases and the numbers of rules.
//!
//! Field orders and tags are frozen; see [`super`]. Rows can be rebuilt from the journal.

use super::wire::{wire_enum, wire_struct};
use super::{decode_row, encode_row};
use crate::journal::Error;
use crate::ledger::desk::{Case, Closed, DeskRow, DeskStats, RuleStats};
use crate::ledger::held_out::{HeldOut, RuleHeldOut};
use crate::ledger::lists::{ListChange, ListEntry, ListTerms};
use crate::ledger::review::{ClawBack, Outcome, Release, Resolution, Review, Vest};
use crate::ledger::suspects::Named;

/// The version the desk's rows are written in.
pub const DESK_VERSION: u8 = 1;

/// A row of the desk.
pub fn encode_desk(row: &DeskRow) -> Vec<u8> {
    encode_row(DESK_VERSION, row)
}

/// A row as one of the desk.
pub fn decode_desk(row: &[u8]) -> Result<DeskRow, Error> {
    decode_row("desk row", DESK_VERSION, row)
}

// Tags are never changed and never reused.
wire_enum!(Outcome, "outcome" {
    0 = Cleared,
    1 = Confirmed,
});

// Tags are never changed and never reused.
wire_enum!(Review, "review" {
    0 = Resolve(resolution),
    1 = Release(release),
    2 = ClawBack(taken),
    3 = List(change),
});

wire_struct!(Resolution { case, outcome, note, author, claw_back, key });

wire_struct!(Release { case, held, outcome, event, id });

wire_struct!(Vest { party, pool, lot, amount, available_at, expires_at, repaid });

wire_struct!(ClawBack { case, of, id });

// Tags are never changed and never reused.
wire_enum!(DeskRow, "desk row" {
    0 = Case(case),
    1 = Stats(program, stats),
    2 = Entry(entry),
    80 = Kin(row),
    81 = Named(named),
    82 = HeldOut(held_out),
});

wire_struct!(Case { id, program, entity, opened_at, updated_at, held, referred, members, rules, at_risk, closed });

wire_struct!(Named { case, program, records });

wire_struct!(HeldOut { program, day, points, rules, open });

wire_struct!(RuleHeldOut { held, confirmed, cleared });

wire_struct!(ListChange { allow, kind, value, put, key });

wire_struct!(ListTerms { rules, reason, author, expires_at });

wire_struct!(ListEntry { program, allow, kind, value, rules, reason, author, at, expires_at, seq, gone });

wire_struct!(Closed { seq, at, outcome, note, author });

wire_struct!(DeskStats { judged, rules });

wire_struct!(RuleStats { fired, stopped, last_at, confirmed, cleared });

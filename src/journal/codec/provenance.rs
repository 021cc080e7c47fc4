//! The format of provenance: lines, conditions, holds, stamps in detail, plans; parts of effects and of members' rows.
//!
//! Field orders and tags are frozen; see [`super`].

use super::wire::{wire_enum, wire_struct};
use crate::ledger::provenance::{
    Back, Condition, Cycle, EarlyRefund, Entitlement, Hold, HoldEnd, Leaving, LineBack, Lines, Mark, PlanPeriod,
    Punched, Window,
};
use crate::ledger::standing::{Hanging, Standing};

// Tags are never changed and never reused.
wire_enum!(Lines, "lines" {
    0 = All,
    1 = Of(lines),
});

// Tags are never changed and never reused.
wire_enum!(Back, "back" {
    0 = Share,
    1 = Quantity,
    2 = Whole,
    3 = Below(amount),
    4 = With(effect),
    5 = Never,
});

// Tags are never changed and never reused.
wire_enum!(Condition, "condition" {
    0 = Counter { counter, window, at_least },
    1 = Tier(tiers),
});

// Tags are never changed and never reused.
wire_enum!(Window, "window" {
    0 = Ever,
    1 = Year(year),
    2 = Month(month),
    3 = Day(day),
});

// Tags are never changed and never reused.
wire_enum!(HoldEnd, "end of a hold" {
    0 = Captured,
    1 = Released,
    2 = Lapsed,
});

// Tags are never changed and never reused.
wire_enum!(Leaving, "end of a grant" {
    0 = Used,
    1 = Withdrawn,
    2 = Expired,
    3 = Cancelled,
});

wire_struct!(LineBack { line, quantity, amount });

wire_struct!(Punched { line, worth, expires_at });

wire_struct!(Mark { card, id, of });

wire_struct!(Cycle { grant, marks });

wire_struct!(Hold { id, pool, lots, until, reward, order });

wire_struct!(Entitlement { id, name, from, until });

wire_struct!(PlanPeriod { id, plan, from, until, paid, spend, credited, ended });

wire_struct!(EarlyRefund { refund, order, lines, amount });

wire_struct!(Hanging { grant, condition, counter });

wire_struct!(Standing {
    holds,
    plans,
    entitlements,
    choices,
    marks,
    cycles,
    stamps_owed,
    conditions,
    early_refunds,
    seen,
    since,
    had_plan,
    frozen,
    erased,
    merged_into,
    household,
});

//! Where effects come from and on what free rewards hang: what a refund needs to take back exactly what an order gave.
//!
//! Only the vocabulary, written into records when they are decided; refunds read it back and never ask today's rules.

use super::types::{LotId, Money, NameId, Points, Text, TimeMs};

/// Lines of an order that an effect came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Lines {
    /// All of them; also an order without lines.
    #[default]
    All,
    /// These, by their numbers, in the order's own order.
    Of(Vec<u32>),
}

/// How an effect goes back when part of its order is refunded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Back {
    /// In proportion to the amounts of its lines: what an effect without an origin does.
    Share,
    /// By the quantity refunded of its lines.
    Quantity,
    /// As a whole, once all its lines are refunded whole.
    Whole,
    /// As a whole, once the order's net amount is below this.
    Below(Money),
    /// By as much as goes back of an earlier effect of the record: its place among the effects.
    With(u16),
    /// Never by its order: a law over the net total decides, or nothing does.
    Never,
}

/// Whose credit a refund may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefundPolicy {
    /// All of it; what is not there becomes a debt.
    #[default]
    Debt,
    /// What the balance holds and no more.
    WithinBalance,
    /// Only what is still pending.
    PendingOnly,
}

/// What a reward that came free hangs on while it is unused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A counter's sum over a period is at least this.
    Counter {
        /// Which counter.
        counter: NameId,
        /// Over which period.
        window: Window,
        /// The least.
        at_least: i64,
    },
    /// The member has one of these tiers.
    Tier(Vec<NameId>),
}

/// A period of a counter, by the counter's own numbering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Since enrolment.
    Ever,
    /// A calendar year.
    Year(i32),
    /// A calendar month: months since January 1970.
    Month(i32),
    /// A civil day: days since 1970-01-01.
    Day(i32),
}

/// How much of an order's line has been given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineBack {
    /// The line's number; 0 for an order without lines.
    pub line: u32,
    /// How many of it.
    pub quantity: u32,
    /// How much money.
    pub amount: Money,
}

/// A stamp as it is given: the line it came from and what that is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Punched {
    /// The line's number; 0 where the whole order gave it.
    pub line: u32,
    /// What the unit or the order was worth.
    pub worth: Money,
    /// When the stamp is lost, where stamps are.
    pub expires_at: Option<TimeMs>,
}

/// A stamp on a card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The card.
    pub card: NameId,
    /// The record that gave it, and its number among that record's stamps of this card.
    pub id: LotId,
    /// What it was given for.
    pub of: Punched,
}

/// A full card whose reward is unused: its stamps come back if the reward is withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// The reward.
    pub grant: LotId,
    /// The stamps that filled the card.
    pub marks: Vec<Mark>,
}

/// Points kept aside for a spending that is not yet certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The record that made it, and where in it.
    pub id: LotId,
    /// The pool.
    pub pool: NameId,
    /// How much of which lots.
    pub lots: Vec<(LotId, Points)>,
    /// When it is released by itself.
    pub until: TimeMs,
    /// The reward it will buy, where it is for one.
    pub reward: Option<NameId>,
    /// The order it is for, in the caller's words.
    pub order: Option<Text>,
}

/// How a hold ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldEnd {
    /// Its points were spent; what was not needed is free again.
    Captured,
    /// It was given up.
    Released,
    /// Its time was over.
    Lapsed,
}

/// Why a reward leaves the member's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// It was used.
    Used,
    /// What it hung on no longer holds.
    Withdrawn,
    /// Its time was over.
    Expired,
    /// It was given up, or the redemption that bought it was reversed.
    Cancelled,
}

/// A right the member has for a time, beside those of tiers and plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// The record that gave it, and where in it.
    pub id: LotId,
    /// Its declared name.
    pub name: NameId,
    /// From when.
    pub from: TimeMs,
    /// Until when, where it ends.
    pub until: Option<TimeMs>,
}

/// One paid (or tried) period of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanPeriod {
    /// The record of the fee, and where in it.
    pub id: LotId,
    /// The plan.
    pub plan: NameId,
    /// Its first instant.
    pub from: TimeMs,
    /// The first instant after it; none for a plan for life.
    pub until: Option<TimeMs>,
    /// What was paid for it.
    pub paid: Money,
    /// Net spend within it.
    pub spend: i64,
    /// What the law of the period (a reward on its spend) has credited.
    pub credited: i64,
    /// Whether its end has been recorded.
    pub ended: bool,
}

/// A refund that came before its sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyRefund {
    /// The record of the refund.
    pub refund: super::types::Seq,
    /// The order it names.
    pub order: Text,
    /// The lines it gives back; empty for an amount or for all.
    pub lines: Vec<LineBack>,
    /// The amount it gives back, where it names no lines.
    pub amount: Option<Money>,
}

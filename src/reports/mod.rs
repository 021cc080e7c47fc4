//! Reports of a program over a period: what is owed, what happened, how customers behave, what the fraud checks said.
//!
//! [`Collector`] takes each record of the journal once, in order; [`Collected`] is what it came to; [`formulas`] turns counts
//! into rates. Nothing here reads a disk or a clock, and nothing is estimated: a report says what the records say.
//!
//! A record belongs to the business time at which it happened. A period `[from, to)` ends before `to`, and whatever happened at
//! `to` or later is as if it were not known: a report over a past period stays the same.

mod collect;
pub mod formulas;
mod metrics;

#[cfg(test)]
mod tests;

pub use collect::{Asked, Collected, Collector, Flow, MemberCounts, VerdictCounts};
pub use metrics::{Metrics, metrics};

//! Merchants' programs: what is declared in `program.toml`, what is computed in `*.rhai`, and their own cases.
//!
//! * [`ProgramFiles`] reads a folder; [`Program::compile`] finds everything that is wrong with it, with file, line and
//!   column; [`Program::bind`] gives its names their numbers;
//! * [`evaluate`](evaluate()) turns an event into a [`Proposal`](crate::ledger::proposal::Proposal), [`ask`] a redemption, a change of
//!   tier or a schedule;
//! * [`cases`] runs the merchants' own cases against a ledger that the caller provides.
//!
//! Rules propose, the ledger decides: nothing here changes a balance, reads a clock or knows what a limit has left.

mod api;
mod asked;
mod bound;
pub mod cases;
mod diagnostic;
mod evaluate;
mod files;
mod frame;
mod household;
mod identity;
mod length;
mod limits;
mod lint;
mod loaded;
mod manifest;
mod marks;
mod meter;
mod pack;
mod page;
mod program;
pub mod reference;
mod sandbox;
mod scan;
mod script;
mod segments;
mod tables;
mod terms;
#[cfg(test)]
mod tests;
mod validate;
mod values;
mod warn;
mod words;

pub use asked::{Asked, Occasion, RedeemAsked};
pub use bound::{Compiled, ErrorLimit};
pub use diagnostic::Diagnostic;
pub use evaluate::{ReachedLine, TraceLine, ask, evaluate, evaluate_marked, evaluate_traced, reached};
pub use files::{MANIFEST, ProgramFiles, is_name, load_all};
pub use frame::frame;
pub use meter::RuleCost;
pub use page::{Page, Section};
pub use program::{Program, check};
pub use warn::{Warning, warnings};

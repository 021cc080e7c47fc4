//! Answers out: records, balances and lists as JSON, in the shapes of the contract. Nothing here decides anything.

mod act;
mod answer;
mod balance;
mod effect;
mod member;
mod money;
mod program;
mod record;
mod report;
mod standing;
mod statement;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::http::vouchers::Vouchers;
use crate::ledger::record::{Record, Status, Verdict};
use crate::ledger::state::ProgramState;
use crate::ledger::terms::Terms;
use crate::ledger::types::{ProgramId, Seq, Text};

pub use act::{act, hold, voucher};
pub use answer::{event, event_minimal, simulation};
pub use balance::balance;
pub use member::{lots, member};
pub use money::{adjustment, transfer};
pub use program::program;
pub use record::record;
pub use report::{Report, report};
pub use statement::{Statement, statement};

/// What numbers in records are called, and what else an answer wants to know of its program.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The declared names.
    pub state: &'a ProgramState,
    /// The terms in force.
    pub terms: &'a Terms,
    /// Source and id of events that evidence names, where they were looked up.
    pub events: Option<&'a HashMap<Seq, (Text, Text)>>,
    /// Whether the record was only simulated, so that what it made has no id.
    pub simulated: bool,
    /// The program, and what makes voucher codes, where the answer shows any.
    pub vouchers: Option<(ProgramId, &'a Vouchers)>,
}

impl<'a> Names<'a> {
    /// The names of a program.
    pub const fn new(state: &'a ProgramState, terms: &'a Terms) -> Self {
        Self { state, terms, events: None, simulated: false, vouchers: None }
    }
}

/// A status on the wire.
pub const fn status_name(status: Status) -> &'static str {
    match status {
        Status::Posted => "posted",
        Status::Held => "held",
        Status::Denied => "denied",
    }
}

/// A verdict on the wire.
pub const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Flag => "flag",
        Verdict::Hold => "hold",
        Verdict::StepUp => "step_up",
        Verdict::Deny => "deny",
    }
}

/// The member whom a party's index names; empty where there is none, which no record can say.
fn party_name(record: &Record, party: u8) -> &str {
    record.parties.get(usize::from(party)).map_or("", |party| party.member.as_str())
}

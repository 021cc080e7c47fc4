//! Answers out: records, balances and lists as JSON, in the shapes of the contract. Nothing here decides anything.

mod act;
mod answer;
mod backtest;
mod balance;
mod case;
mod effect;
mod fraud;
mod member;
mod money;
mod program;
mod record;
mod report;
mod rules_cost;
mod ruleset;
mod schema;
mod standing;
mod statement;
#[cfg(test)]
mod tests;
mod told;
mod trace;

use std::collections::HashMap;

use crate::engine::handle::ProgramView;
use crate::http::vouchers::Vouchers;
use crate::ledger::record::{Record, Status, Verdict};
use crate::ledger::rollout::Rollout;
use crate::ledger::state::ProgramState;
use crate::ledger::terms::Terms;
use crate::ledger::types::{ProgramId, Seq, Text};

pub use act::{act, hold, voucher};
pub use answer::{event, event_minimal, simulation};
pub use backtest::{Asked as BacktestAsked, backtest};
pub use balance::{balance, common_pools};
pub use case::{case, standing};
pub use fraud::{counters, fraud_rules, lint as rule_lint, list_entry, list_name, no_list_entry};
pub use member::{lots, member};
pub use money::{adjustment, transfer};
pub use program::{program, program_page};
pub use record::record;
pub use report::{Report, report};
pub use rules_cost::rules_cost;
pub use ruleset::{Known as KnownVersion, ruleset};
pub use schema::schema;
pub use statement::{Statement, statement};

/// What numbers in records are called, and what else an answer wants to know of its program.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The declared names.
    pub state: &'a ProgramState,
    /// The terms in force.
    pub terms: &'a Terms,
    /// The versions of the rules, for the hash of the one that decided.
    pub versions: Option<&'a Rollout>,
    /// Source and id of events that evidence names, where they were looked up.
    pub events: Option<&'a HashMap<Seq, (Text, Text)>>,
    /// What became of the record, where it was held and its case is closed.
    pub released: Option<&'a Record>,
    /// Whether the record was only simulated, so that what it made has no id.
    pub simulated: bool,
    /// The program, and what makes voucher codes, where the answer shows any.
    pub vouchers: Option<(ProgramId, &'a Vouchers)>,
}

impl<'a> Names<'a> {
    /// The names of a program.
    pub const fn new(state: &'a ProgramState, terms: &'a Terms) -> Self {
        Self { state, terms, versions: None, events: None, released: None, simulated: false, vouchers: None }
    }

    /// The names of a program as it stands, with the versions of its rules.
    pub fn of(view: &'a ProgramView) -> Self {
        Self { versions: Some(&view.rollout), ..Self::new(&view.state, &view.compiled.terms) }
    }

    /// The hash of a version of the rules, where it is known.
    pub fn ruleset_hash(&self, version: u32) -> Option<&'a str> {
        let known = self.versions.and_then(|versions| versions.hash_of(version));
        let current = (version == self.state.version).then_some(&self.state.hash);
        known.or(current).map(Text::as_str)
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

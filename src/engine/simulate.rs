//! What an event would come to: decided on copies of the members it touches, settled to the time asked for, by the rules in
//! force or by any version of them. Nothing is written, and nothing in memory changes.

use std::borrow::Cow;
use std::sync::Arc;

use super::core::{About, Core};
use super::handle::{Command, Trace};
use super::moments::By;
use super::touched::{named, payee};
use crate::ledger::apply::apply_to_member;
use crate::ledger::decide::settled;
use crate::ledger::desk::Desk;
use crate::ledger::event::Event;
use crate::ledger::record::Record;
use crate::ledger::reject::Reject;
use crate::ledger::state::State;
use crate::ledger::table::Table;
use crate::ledger::terms::Terms;
use crate::ledger::types::{MemberKey, ProgramId, TimeMs};
use crate::rules::{self, Compiled};

/// A record that was never journaled, or why there would be none, and why it is as it is.
#[derive(Debug)]
pub struct Outcome {
    /// The record, with what it would leave.
    pub record: Result<Record, Reject>,
    /// Each rule and handler: whether it fired, and why.
    pub trace: Vec<Trace>,
}

/// What was asked, by the version asked for; and by the rules in force, where those are others.
#[derive(Debug)]
pub struct Simulated {
    /// By the version asked for.
    pub asked: Outcome,
    /// By the rules in force.
    pub live: Option<Outcome>,
}

impl Core {
    /// What an event would come to at a time, by a version. `about` says when, and has the rings of that version's limits.
    #[must_use]
    pub fn simulate(
        &self,
        version: &Arc<Compiled>,
        program: ProgramId,
        event: &Arc<Event>,
        about: About<'_>,
    ) -> Outcome {
        let About { now: at, seen, .. } = about;
        let command = Command::Event(Arc::clone(event));
        let terms = open_to_all(&version.terms);
        let scratch = self.copies(program, &command, &terms, at);
        let member = scratch.member(&MemberKey { program, id: event.member.clone() });
        let (proposal, mut trace) = rules::evaluate_traced(version, event, member, event.occurred_at);
        let judged = self.judged(&terms, (program, &command), at, seen);
        let by = By { state: &scratch, program, version, terms: &terms };
        let (desk, told) = (&self.state.desk, Some(&mut trace));
        let record = by.decide_or_hold_out((desk, &command), proposal, about, judged, told);
        let record = record.map(|mut record| {
            leave(&scratch, &mut record);
            record
        });
        Outcome { record, trace }
    }

    /// A state of copies: the members a command touches, with everything due by then done.
    fn copies(&self, program: ProgramId, command: &Command, terms: &Terms, at: TimeMs) -> State {
        let touched = named(program, command).into_iter().flatten().chain(payee(self, program, command));
        let copy = |key: MemberKey| {
            let member = self.state.member(&key)?;
            let member = match settled(member, terms, at) {
                Cow::Borrowed(_) => Arc::clone(member),
                Cow::Owned(moved) => Arc::new(moved),
            };
            Some((key, member))
        };
        let mut members = Table::default();
        for (key, member) in touched.filter_map(copy) {
            members.insert(key, member);
        }
        State {
            seq: self.state.seq,
            now: at,
            programs: self.state.programs.clone(),
            rollouts: Vec::new(),
            members,
            desk: Desk::default(),
        }
    }
}

/// Notes in a record what it would leave its members.
fn leave(state: &State, record: &mut Record) {
    let decided = record.clone();
    for (index, party) in (0u8..).zip(&mut record.parties) {
        let key = MemberKey { program: decided.program, id: party.member.clone() };
        let mut member = state.member(&key).map_or_else(Default::default, |member| (**member).clone());
        apply_to_member(&mut member, &decided, index, false);
        party.after = member.snapshot(decided.recorded_at);
    }
}

/// Terms that take somebody who is not a member yet for one who enrols.
fn open_to_all(terms: &Arc<Terms>) -> Cow<'_, Terms> {
    if terms.auto_enroll {
        return Cow::Borrowed(terms);
    }
    Cow::Owned(Terms { auto_enroll: true, ..(**terms).clone() })
}

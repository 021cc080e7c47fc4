//! Applying what belongs to a program and not to a member: its rules in force, its books, budgets and numbers.
//!
//! Nothing here looks at a member.

use std::sync::Arc;

use super::super::record::{Effect, Record, RulesetFiles};
use super::super::rollout::{Rollout, RulesChange};
use super::super::state::{ProgramState, State};
use super::{Posting, posting, takes_effect};

pub(super) fn install(state: &mut State, record: &Record, files: &RulesetFiles) {
    let index = usize::from(record.program.get());
    assert!(index <= state.programs.len(), "programs are declared in order");
    if index == state.programs.len() {
        state.programs.push(Arc::new(ProgramState { name: files.program.clone(), ..ProgramState::default() }));
        state.rollouts.push(Arc::new(Rollout::default()));
    }
    let program = Arc::make_mut(state.programs.get_mut(index).expect("just made"));
    assert_eq!(program.name, files.program, "a program keeps its name");
    program.version = record.ruleset;
    program.hash.clone_from(&files.hash);
    program.ruleset_seq = record.seq;
    program.names.extend(files.new_names.iter().cloned());
    let rollout = Arc::make_mut(state.rollouts.get_mut(index).expect("every program has its versions"));
    rollout.install(record.ruleset, record.seq, record.recorded_at, &files.hash);
}

pub(super) fn change_rules(state: &mut State, record: &Record, change: &RulesChange) {
    let index = usize::from(record.program.get());
    let program = Arc::make_mut(state.programs.get_mut(index).expect("a record's program was declared"));
    let rollout = Arc::make_mut(state.rollouts.get_mut(index).expect("every program has its versions"));
    rollout.change(change, record.ruleset, record.seq, record.occurred_at);
    if let RulesChange::Draft { files, .. } = change {
        program.names.extend(files.new_names.iter().cloned());
    }
    let live = rollout.version(rollout.live()).expect("a version that decides is known");
    program.version = live.version;
    program.hash.clone_from(&live.hash);
    program.ruleset_seq = live.seq;
}

pub(super) fn keep_books(program: &mut ProgramState, record: &Record) {
    for effect in record.effects.iter().filter(|e| takes_effect(record.status, e)) {
        if let Some(Posting { pool, from, to, amount }) = posting(effect) {
            assert!(amount.is_positive(), "a posting moves something");
            *program.books.entry((pool, from)).or_default() -= amount.get();
            *program.books.entry((pool, to)).or_default() += amount.get();
        }
        match effect {
            Effect::Enroll { .. } => program.members += 1,
            Effect::Budget { counter, amount, .. } => *program.budgets.entry(*counter).or_default() += amount.get(),
            Effect::Credit(_)
            | Effect::Debit { .. }
            | Effect::Owe { .. }
            | Effect::Activate { .. }
            | Effect::Stamp { .. }
            | Effect::Grant { .. }
            | Effect::Tier { .. }
            | Effect::Count { .. }
            | Effect::Profile { .. }
            | Effect::ReferralPaid { .. }
            | Effect::Vest(_)
            | Effect::HeldTerms { .. }
            | Effect::Refer { .. }
            | Effect::Kin(_)
            | Effect::Unobserve(_)
            | Effect::Reverse(_)
            | Effect::Private(_)
            | Effect::Origin { .. }
            | Effect::Spend { .. }
            | Effect::Restore { .. }
            | Effect::Hold { .. }
            | Effect::Unhold { .. }
            | Effect::Redeem { .. }
            | Effect::Reversal { .. }
            | Effect::Refund { .. }
            | Effect::Await { .. }
            | Effect::Awaited { .. }
            | Effect::Punch { .. }
            | Effect::Unpunch { .. }
            | Effect::Hangs { .. }
            | Effect::Ungrant { .. }
            | Effect::Entitle { .. }
            | Effect::Disentitle { .. }
            | Effect::Plan { .. }
            | Effect::PlanEnd { .. }
            | Effect::PlanSpend { .. }
            | Effect::Seen { .. }
            | Effect::Since { .. }
            | Effect::Told { .. }
            | Effect::Freeze { .. }
            | Effect::Merged { .. }
            | Effect::Erased { .. }
            | Effect::Household { .. }
            | Effect::Gift { .. }
            | Effect::Extend { .. }
            | Effect::Lifetime { .. }
            | Effect::Chose { .. }
            | Effect::Qualify { .. }
            | Effect::Land { .. }
            | Effect::HeldCap { .. } => {}
        }
    }
}

//! Putting programs in force: those the journal holds, then those of the rules folder where they differ.
//!
//! A version is a record with its files: what decided any record can always be read back.

use std::sync::Arc;

use super::Error;
use super::core::Core;
use super::handle::ProgramView;
use super::reads;
use crate::ledger::apply::apply;
use crate::ledger::record::{Assessment, Input, Record, RulesetFiles, Status};
use crate::ledger::state::ProgramState;
use crate::ledger::types::{ProgramId, Text, TimeMs};
use crate::limits::NAMES_MAX;
use crate::rules::{Compiled, Diagnostic, Program, ProgramFiles};
use crate::store::Store;

/// Compiles the version in force of every program the journal declared.
pub(super) fn recorded(core: &mut Core, store: &Store) -> Result<(), Error> {
    core.programs.clear();
    core.sources.clear();
    for program in core.state.programs.clone() {
        let record = reads::record(store, program.ruleset_seq).map_err(|error| unreadable(&program.name, &error))?;
        let Some(Record { input: Input::Ruleset(files), .. }) = record else {
            return Err(unreadable(&program.name, &"its record is not in the journal"));
        };
        let files = ProgramFiles::new(&files.program, files.files.clone());
        let compiled = bind(&Program::compile(&files).map_err(Error::Rules)?, &program);
        core.programs.push(Arc::new(compiled));
        core.sources.push(Arc::new(files));
    }
    Ok(())
}

/// The records that put a folder's programs in force where they differ from those that are; applied, not yet journaled.
pub fn changed(core: &mut Core, programs: &[ProgramFiles], now: TimeMs) -> Result<Vec<Record>, Error> {
    let mut records = Vec::new();
    for files in programs {
        let hash = files.hash();
        let known = core.state.program_id(&files.name);
        let state = known.and_then(|id| core.state.program(id)).cloned().unwrap_or_default();
        if known.is_some() && state.hash == hash {
            continue;
        }
        let program = Program::compile(files).map_err(Error::Rules)?;
        let new_names: Vec<Text> = program.names().into_iter().filter(|name| !state.names.contains(name)).collect();
        if state.names.len() + new_names.len() > NAMES_MAX {
            let message =
                format!("{} names declared over its life, at most {NAMES_MAX}", state.names.len() + new_names.len());
            return Err(Error::Rules(vec![Diagnostic::of_file(&files.name, message)]));
        }
        let id = known.unwrap_or_else(|| {
            ProgramId::new(u16::try_from(core.state.programs.len()).expect("programs are bounded by limits"))
        });
        let record = Record {
            seq: core.seq().next(),
            program: id,
            recorded_at: now,
            occurred_at: now,
            ruleset: state.version + 1,
            input: Input::Ruleset(Arc::new(RulesetFiles {
                program: files.name.clone(),
                hash,
                files: files.files.clone(),
                new_names,
            })),
            status: Status::Posted,
            parties: Vec::new(),
            effects: Vec::new(),
            clipped: Vec::new(),
            fraud: Assessment::default(),
            observed: Vec::new(),
            operations: 0,
            faults: Vec::new(),
        };
        apply(&mut core.state, &record);
        let compiled = Arc::new(bind(&program, core.state.program(id).expect("just applied")));
        core.install(id, compiled, Arc::new(files.clone()));
        records.push(record);
    }
    Ok(records)
}

/// What the edge sees of the programs. The copies are its own, so that the engine keeps its books in place.
pub(super) fn views(core: &Core) -> Vec<Arc<ProgramView>> {
    core.state
        .programs
        .iter()
        .zip(core.programs.iter().zip(&core.sources))
        .zip(0u16..)
        .map(|((state, (compiled, files)), index)| {
            Arc::new(ProgramView {
                id: ProgramId::new(index),
                state: Arc::new(ProgramState::clone(state)),
                compiled: Arc::clone(compiled),
                files: Arc::clone(files),
            })
        })
        .collect()
}

fn bind(program: &Program, state: &ProgramState) -> Compiled {
    program.bind(state.version, |name| state.name_id(name))
}

fn unreadable(program: &str, why: &dyn std::fmt::Display) -> Error {
    Error::Rules(vec![Diagnostic::of_file(program, format!("the version in force cannot be read back: {why}"))])
}

//! Putting programs in force: those the journal holds, then those of the rules folder where they differ.
//!
//! A version is a record with its files: what decided any record can always be read back.

use std::sync::Arc;

use super::Error;
use super::core::Core;
use super::deploy::{Beside, Version, bind, deploy};
use super::handle::ProgramView;
use crate::ledger::apply::apply;
use crate::ledger::record::{Assessment, Input, Record, RulesetFiles, Status};
use crate::ledger::state::ProgramState;
use crate::ledger::types::{ProgramId, Text, TimeMs};
use crate::limits::NAMES_MAX;
use crate::rules::{Diagnostic, Program, ProgramFiles};
use crate::store::Store;

/// Compiles the versions of every program that the journal says run.
pub(super) fn recorded(core: &mut Core, store: &Store) -> Result<(), Error> {
    for program in 0..core.state.programs.len() {
        let program = ProgramId::new(u16::try_from(program).expect("programs are bounded by limits"));
        deploy(core, store, program, &[])?;
    }
    Ok(())
}

/// A folder's program that says something else than the one in force, compiled.
#[derive(Debug)]
pub(super) struct Fresh<'a> {
    files: &'a ProgramFiles,
    program: Program,
    new_names: Vec<Text>,
}

/// A folder's programs where they differ from those in force.
///
/// # Errors
/// Says what is wrong with them.
pub(super) fn fresh<'a>(core: &Core, programs: &'a [ProgramFiles]) -> Result<Vec<Fresh<'a>>, Error> {
    let mut fresh = Vec::new();
    for files in programs {
        let known = core.state.program_id(&files.name);
        let state = known.and_then(|id| core.state.program(id)).cloned().unwrap_or_default();
        let rollout = known.and_then(|id| core.state.rollout(id)).cloned().unwrap_or_default();
        // The folder speaks where it says something else than it said last, whatever was activated meanwhile; and where what it
        // said last decides and this daemon's default pack has rings that the journal does not know yet.
        let hash = files.hash();
        let said = known.is_some() && rollout.folder_hash == hash;
        let decides = rollout.version(rollout.live()).is_some_and(|live| live.hash == hash);
        if said && !decides {
            continue;
        }
        let program = Program::compile(files).map_err(Error::Rules)?;
        let new_names: Vec<Text> = program.names().into_iter().filter(|name| !state.names.contains(name)).collect();
        if said && new_names.is_empty() {
            continue;
        }
        let names = state.names.len() + new_names.len();
        if names > NAMES_MAX {
            let message = format!("{names} names declared over its life, at most {NAMES_MAX}");
            return Err(Error::Rules(vec![Diagnostic::of_file(&files.name, message)]));
        }
        fresh.push(Fresh { files, program, new_names });
    }
    Ok(fresh)
}

/// The records that put a folder's programs in force where they differ from those that are; applied, not yet journaled.
pub fn changed(core: &mut Core, programs: &[ProgramFiles], now: TimeMs) -> Result<Vec<Record>, Error> {
    Ok(put_in_force(core, fresh(core, programs)?, now))
}

/// The records that put programs in force; applied, not yet journaled.
pub(super) fn put_in_force(core: &mut Core, programs: Vec<Fresh<'_>>, now: TimeMs) -> Vec<Record> {
    let mut records = Vec::with_capacity(programs.len());
    for Fresh { files, program, new_names } in programs {
        let known = core.state.program_id(&files.name);
        let id = known.unwrap_or_else(|| {
            ProgramId::new(u16::try_from(core.state.programs.len()).expect("programs are bounded by limits"))
        });
        let record = Record {
            seq: core.seq().next(),
            program: id,
            recorded_at: now,
            occurred_at: now,
            ruleset: core.state.rollout(id).map_or(0, |rollout| rollout.newest()) + 1,
            input: Input::Ruleset(Arc::new(RulesetFiles {
                program: files.name.clone(),
                hash: files.hash(),
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
        let compiled = Arc::new(bind(&program, core.state.program(id).expect("just applied"), record.ruleset));
        let compiled = compiled.deciding_since(now);
        let shadow = core.beside.get(usize::from(id.get())).and_then(|beside| beside.shadow.clone());
        core.install(id, Version { compiled, files: Arc::new(files.clone()) }, Beside { partial: None, shadow });
        records.push(record);
    }
    records
}

/// What the edge sees of the programs. The copies are its own, so that the engine keeps its books in place.
pub(super) fn views(core: &Core) -> Vec<Arc<ProgramView>> {
    core.state
        .programs
        .iter()
        .zip(&core.state.rollouts)
        .zip(core.programs.iter().zip(&core.sources).zip(&core.beside))
        .zip(0u16..)
        .map(|(((state, rollout), ((compiled, files), beside)), index)| {
            Arc::new(ProgramView {
                id: ProgramId::new(index),
                state: Arc::new(ProgramState::clone(state)),
                rollout: Arc::clone(rollout),
                compiled: Arc::clone(compiled),
                files: Arc::clone(files),
                beside: beside.clone(),
            })
        })
        .collect()
}

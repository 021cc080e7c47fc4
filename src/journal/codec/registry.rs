//! The format of the ledger's state without its members: the ledger's time and all programs. Kept beside the projector's mark.

use std::sync::Arc;

use super::wire::wire_struct;
use super::{decode_row, encode_row};
use crate::journal::Error;
use crate::ledger::rollout::{Planned, Rollout};
use crate::ledger::state::ProgramState;
use crate::ledger::types::TimeMs;

/// The version program rows are written in.
pub const PROGRAM_VERSION: u8 = 1;

/// The version registry rows are written in.
pub const REGISTRY_VERSION: u8 = 3;

/// A program as a row.
pub fn encode_program(program: &ProgramState) -> Vec<u8> {
    encode_row(PROGRAM_VERSION, program)
}

/// A row as a program.
pub fn decode_program(row: &[u8]) -> Result<ProgramState, Error> {
    decode_row("program row", PROGRAM_VERSION, row)
}

/// The versions of a program's rules as a row.
pub fn encode_rollout(rollout: &Rollout) -> Vec<u8> {
    encode_row(PROGRAM_VERSION, rollout)
}

/// The ledger's time, its programs and the versions of their rules, in order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    /// The ledger's time.
    pub now: TimeMs,
    /// Programs by id.
    pub programs: Vec<Arc<ProgramState>>,
    /// The versions of their rules; empty in a row of the first version, which did not keep them.
    pub rollouts: Vec<Arc<Rollout>>,
}

/// A registry as a row.
pub fn encode_registry(registry: &Registry) -> Vec<u8> {
    let planned = registry.rollouts.iter().map(|rollout| rollout.planned.clone()).collect();
    encode_row(REGISTRY_VERSION, &ThirdRegistry { registry: registry.clone(), planned })
}

/// A row as a registry.
pub fn decode_registry(row: &[u8]) -> Result<Registry, Error> {
    if row.first() == Some(&1) {
        let FirstRegistry { now, programs } = decode_row("registry row", 1, row)?;
        return Ok(Registry { now, programs, rollouts: Vec::new() });
    }
    if row.first() == Some(&2) {
        return decode_row("registry row", 2, row);
    }
    let ThirdRegistry { mut registry, planned } = decode_row("registry row", REGISTRY_VERSION, row)?;
    for (rollout, planned) in registry.rollouts.iter_mut().zip(planned) {
        Arc::make_mut(rollout).planned = planned;
    }
    Ok(registry)
}

/// A registry with the activations that wait, by program.
struct ThirdRegistry {
    registry: Registry,
    planned: Vec<Vec<Planned>>,
}

wire_struct!(ThirdRegistry { registry, planned });

/// A registry as it was written first.
struct FirstRegistry {
    now: TimeMs,
    programs: Vec<Arc<ProgramState>>,
}

wire_struct!(FirstRegistry { now, programs });

wire_struct!(Registry { now, programs, rollouts });

wire_struct!(ProgramState { name, version, hash, ruleset_seq, names, books, budgets, members });

//! The format of the ledger's state without its members: the ledger's time and all programs. Kept beside the projector's mark.

use std::sync::Arc;

use super::wire::wire_struct;
use super::{decode_row, encode_row};
use crate::journal::Error;
use crate::ledger::state::ProgramState;
use crate::ledger::types::TimeMs;

/// The version program and registry rows are written in.
pub const REGISTRY_VERSION: u8 = 1;

/// A program as a row.
pub fn encode_program(program: &ProgramState) -> Vec<u8> {
    encode_row(REGISTRY_VERSION, program)
}

/// A row as a program.
pub fn decode_program(row: &[u8]) -> Result<ProgramState, Error> {
    decode_row("program row", REGISTRY_VERSION, row)
}

/// The ledger's time and its programs, in order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    /// The ledger's time.
    pub now: TimeMs,
    /// Programs by id.
    pub programs: Vec<Arc<ProgramState>>,
}

/// A registry as a row.
pub fn encode_registry(registry: &Registry) -> Vec<u8> {
    encode_row(REGISTRY_VERSION, registry)
}

/// A row as a registry.
pub fn decode_registry(row: &[u8]) -> Result<Registry, Error> {
    decode_row("registry row", REGISTRY_VERSION, row)
}

wire_struct!(Registry { now, programs });

wire_struct!(ProgramState { name, version, hash, ruleset_seq, names, books, budgets, members });

//! What an input says by itself, worked out once for all checks, on whatever thread. Nothing here knows terms, members or time.

use super::{facts, trail};
use crate::ledger::record::Input;
use crate::ledger::terms::Facts;

/// What an input says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its facts: those that more than the input decides are taken to hold.
    pub(super) told: Facts,
    /// Where it came from, as rings of trails keep it.
    pub(super) trail: i64,
}

impl Said {
    /// What an input says.
    #[must_use]
    pub fn by(input: &Input) -> Self {
        Self { told: facts::told(input), trail: trail::pack(input) }
    }
}

//! The ledger's whole state: programs with their books, and members.
//!
//! It may hold only some of the members at a time (the engine keeps the others on disk); nothing here knows that.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::member::Member;
use super::record::Account;
use super::rollout::Rollout;
use super::table::Table;
use super::types::{MemberKey, NameId, ProgramId, Seq, Text, TimeMs};

/// A program as the journal has declared it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgramState {
    /// The folder's name, as in `/v1/programs/{name}`.
    pub name: Text,
    /// The version of its rules in force, from 1.
    pub version: u32,
    /// BLAKE3 of that version's files, hexadecimal.
    pub hash: Text,
    /// The record that put that version in force.
    pub ruleset_seq: Seq,
    /// Declared names by [`NameId`]. Only ever grows.
    pub names: Vec<Text>,
    /// System accounts' balances by pool, and the members' total under [`Account::Member`].
    pub books: BTreeMap<(NameId, Account), i64>,
    /// What program-wide caps have given, by the cap's counter.
    pub budgets: BTreeMap<NameId, i64>,
    /// How many members enrolled.
    pub members: u64,
}

impl ProgramState {
    /// The id of a declared name.
    #[must_use]
    pub fn name_id(&self, name: &str) -> Option<NameId> {
        let at = self.names.iter().position(|known| known == name)?;
        u16::try_from(at).ok().map(NameId::new)
    }

    /// A declared name; `?` for one that is not, which no record can hold.
    #[must_use]
    pub fn name_of(&self, id: NameId) -> &Text {
        const UNKNOWN: &Text = &Text::new_static("?");
        self.names.get(usize::from(id.get())).unwrap_or(UNKNOWN)
    }
}

/// All that records have built.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The latest record applied.
    pub seq: Seq,
    /// The ledger's time: never before any record's.
    pub now: TimeMs,
    /// Programs by id. Shared, so that a block's readers see one version while the next is written.
    pub programs: Vec<Arc<ProgramState>>,
    /// The versions of each program's rules, by the same ids.
    pub rollouts: Vec<Arc<Rollout>>,
    /// Members in memory.
    pub members: Table<MemberKey, Arc<Member>>,
}

impl State {
    /// A program.
    #[must_use]
    pub fn program(&self, id: ProgramId) -> Option<&Arc<ProgramState>> {
        self.programs.get(usize::from(id.get()))
    }

    /// The versions of a program's rules.
    #[must_use]
    pub fn rollout(&self, id: ProgramId) -> Option<&Arc<Rollout>> {
        self.rollouts.get(usize::from(id.get()))
    }

    /// The id of a program by its name.
    #[must_use]
    pub fn program_id(&self, name: &str) -> Option<ProgramId> {
        let at = self.programs.iter().position(|program| program.name == name)?;
        u16::try_from(at).ok().map(ProgramId::new)
    }

    /// A member.
    #[must_use]
    pub fn member(&self, key: &MemberKey) -> Option<&Arc<Member>> {
        self.members.get(key)
    }
}

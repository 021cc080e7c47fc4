//! Whom a command touches, and who was touched before in a chunk.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::core::Core;
use super::handle::Command;
use crate::ledger::act::What;
use crate::ledger::event::EventKind;
use crate::ledger::types::{MemberKey, ProgramId, Text};

/// Everyone a command may change or read, as far as the command itself says.
pub(super) fn named(program: ProgramId, command: &Command) -> [Option<MemberKey>; 2] {
    let key = |id: &Text| Some(MemberKey { program, id: id.clone() });
    match command {
        Command::Event(event) => {
            let referrer = event.personal.as_deref().and_then(|personal| personal.referrer.as_ref());
            [key(&event.member), referrer.and_then(key)]
        }
        Command::Adjust(adjustment, _) => [key(&adjustment.member), None],
        Command::Transfer(transfer, _) => [key(&transfer.from), key(&transfer.to)],
        Command::Act(act, _) => match &act.what {
            What::Merge { into } => [key(&act.member), key(into)],
            _ => [key(&act.member), None],
        },
    }
}

/// The referrer whom a purchase may pay: known only once the member is in memory.
pub(super) fn payee(core: &Core, program: ProgramId, command: &Command) -> Option<MemberKey> {
    let Command::Event(event) = command else { return None };
    if event.kind != EventKind::Purchase || core.deciding(program, command).terms.referral.is_none() {
        return None;
    }
    let member = core.member(program, &event.member).filter(|member| !member.referral_paid)?;
    member.profile.referrer.as_ref().map(|id| MemberKey { program, id: id.clone() })
}

/// The members that the items so far touch, by their hashes: two members taken for one only cost an evaluation ahead.
#[derive(Debug)]
pub(super) struct Touched {
    hashes: HashTable<u64>,
}

impl Touched {
    /// Nobody yet, with room for the members of so many items.
    pub(super) fn with_capacity(items: usize) -> Self {
        Self { hashes: HashTable::with_capacity(items * 2) }
    }

    /// Adds an item's members. False where one of them was there already.
    pub(super) fn admit<'a>(&mut self, core: &Core, members: impl Iterator<Item = &'a MemberKey>) -> bool {
        let mut first = true;
        for key in members {
            let hash = core.state.members.hash_of(key);
            match self.hashes.entry(hash, |known| *known == hash, |known| *known) {
                Entry::Occupied(_) => first = false,
                Entry::Vacant(vacant) => drop(vacant.insert(hash)),
            }
        }
        first
    }
}

//! A command on its way to the engine, with all that its caller's thread could find out about it: the hash of its natural key,
//! what it says by itself to fraud checks, and the rings that they need.
//!
//! What was found out holds for the rules that were in force then; under others it is found out again, on the engine's thread.
//! Nothing here reads a member, a ring or the clock.

use std::cell::Cell;

use super::deploy::{Beside, decided_by};
use super::handle::Command;
use super::shared::Shared;
use crate::fraud::{self, Needed, Said};
use crate::ledger::types::ProgramId;
use crate::rules::Compiled;
use crate::store::keys::natural_key;

/// Rings that an event needs, about: room for them is made at once.
const RINGS_TYPICAL: usize = 8;

/// A command with what is known of it beforehand.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) command: Command,
    /// The hash of its natural key, where it has one.
    pub(super) key: Option<[u8; 16]>,
    /// What it says by itself.
    pub(super) said: Said,
    foreseen: Foreseen,
}

/// Rings that a command needs by some rules, until they are taken.
#[derive(Default)]
struct Foreseen {
    /// Which rules: their identity.
    by: u64,
    needed: Cell<Option<Vec<Needed>>>,
}

impl std::fmt::Debug for Foreseen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Foreseen").field("by", &self.by).finish_non_exhaustive()
    }
}

impl Item {
    /// A command without a natural key that only the engine looks into.
    pub(super) fn plain(command: Command) -> Self {
        let said = Said::by(&command.input());
        Self { command, key: None, said, foreseen: Foreseen::default() }
    }

    /// A command, looked into by the rules that decide it: those in force, or one that runs beside them.
    fn of(program: ProgramId, live: &Compiled, beside: &Beside, command: Command) -> Self {
        let input = command.input();
        let key = input.natural_key().map(|key| natural_key(program, key.source, key.id));
        let (member, store) = decided_by(&command);
        let version = beside.deciding(member, store).map_or(live, |other| other);
        let mut needed = Vec::with_capacity(RINGS_TYPICAL);
        let said = Said::by(&input);
        fraud::add_keys(&mut needed, &version.terms, (program, &input, said), false);
        Self { command, key, said, foreseen: Foreseen { by: version.identity(), needed: Cell::new(Some(needed)) } }
    }

    /// The rings it needs, where it is no sizeable spending: once, and only by the rules that they were found out by.
    pub(super) fn take_needed(&self, version: &Compiled) -> Option<Vec<Needed>> {
        if self.foreseen.by == version.identity() { self.foreseen.needed.take() } else { None }
    }
}

/// Commands of a program, ready to be submitted.
#[derive(Debug)]
pub struct Prepared {
    pub(super) program: ProgramId,
    pub(super) items: Vec<Item>,
}

impl Prepared {
    pub(super) fn new(shared: &Shared, program: ProgramId, commands: Vec<Command>) -> Self {
        let programs = shared.programs();
        let view = programs.get(usize::from(program.get()));
        let item = |command| match view {
            Some(view) => Item::of(program, &view.compiled, &view.beside, command),
            None => Item::plain(command),
        };
        Self { program, items: commands.into_iter().map(item).collect() }
    }

    /// True where there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::engine::core::Core;
    use crate::engine::install;
    use crate::ledger::event::{Context, Event, EventKind};
    use crate::ledger::types::{Money, Text, TimeMs};
    use crate::rules::ProgramFiles;

    /// Rules may change while a request waits. What was found out by those before would then be the wrong rings.
    #[test]
    fn what_was_foreseen_is_taken_once_and_only_by_the_rules_it_was_foreseen_by() {
        let rules = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("rules/corner_coffee");
        let version = || {
            let mut core = Core::default();
            install(&mut core, &[ProgramFiles::load(&rules).unwrap()], TimeMs::EPOCH).unwrap();
            (Arc::clone(core.compiled(ProgramId::new(0))), core)
        };
        let ((then, core), (now, _)) = (version(), version());
        let event = Event {
            id: Text::new("1"),
            source: Text::new("till"),
            kind: EventKind::Purchase,
            member: Text::new("m"),
            occurred_at: TimeMs::EPOCH,
            order: None,
            currency: None,
            given_amount: Some(Money::new(450)),
            items: Vec::new(),
            tenders: Vec::new(),
            context: Context { device: Some(Text::new("d")), ..Context::default() },
            membership: None,
            personal: None,
            attributes: Vec::new(),
        };
        let command = Command::Event(Arc::new(event));
        let item = Item::of(ProgramId::new(0), &then, &Beside::default(), command.clone());
        assert!(item.key.is_some());
        assert_eq!(item.take_needed(&now), None, "other rules");
        let needed = item.take_needed(&then).unwrap();
        assert!(!needed.is_empty());
        let mut anew = Vec::new();
        let input = command.input();
        let about = (ProgramId::new(0), &input, Said::by(&input));
        fraud::add_keys(&mut anew, &core.compiled(ProgramId::new(0)).terms, about, false);
        assert_eq!(needed, anew);
        assert_eq!(item.take_needed(&then), None, "taken");
        assert_eq!(Item::plain(command).take_needed(&then), None, "never foreseen");
    }
}

//! Which compiled versions a program runs: the one in force, the one that decides for some, the one that runs without
//! effect. It follows what the state says and decides nothing.

use std::sync::Arc;

use super::Error;
use super::core::Core;
use super::handle::Command;
use super::reads;
use crate::ledger::record::{Input, Record, RulesetFiles};
use crate::ledger::rollout::{Reach, RulesChange};
use crate::ledger::state::ProgramState;
use crate::ledger::types::{ProgramId, Seq, Text, TimeMs};
use crate::rules::{Compiled, Diagnostic, Program, ProgramFiles};
use crate::store::Store;

/// A version ready to run, with the files it was compiled from.
#[derive(Clone, Debug)]
pub struct Version {
    /// The rules.
    pub compiled: Arc<Compiled>,
    /// The files.
    pub files: Arc<ProgramFiles>,
}

impl Version {
    /// Compiles files that the journal holds; the program's state knows all their names.
    ///
    /// # Errors
    /// Says what is wrong where this daemon finds something wrong that the one that recorded them did not.
    pub fn compile(files: ProgramFiles, state: &ProgramState, version: u32) -> Result<Self, Vec<Diagnostic>> {
        let compiled = bind(&Program::compile(&files)?, state, version);
        Ok(Self { compiled: Arc::new(compiled), files: Arc::new(files) })
    }

    /// The same, deciding since an instant.
    fn deciding_since(self, since: TimeMs) -> Self {
        Self { compiled: self.compiled.deciding_since(since), ..self }
    }
}

/// The versions that run beside the one in force.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// Decides for some.
    pub partial: Option<(Reach, Version)>,
    /// Runs without effect.
    pub shadow: Option<Version>,
}

impl Beside {
    /// The version that decides for a member in a store, where it is not the one in force.
    #[must_use]
    pub fn deciding(&self, member: &str, store: Option<&str>) -> Option<&Arc<Compiled>> {
        let (reach, version) = self.partial.as_ref()?;
        reach.includes(member, store).then_some(&version.compiled)
    }
}

/// What is about no member.
const NOBODY: &Text = &Text::new_static("");

/// The member a command is about, and the store it names.
pub(super) fn decided_by(command: &Command) -> (&Text, Option<&str>) {
    match command {
        Command::Event(event) => (&event.member, event.context.store.as_deref()),
        Command::Adjust(adjustment, _) => (&adjustment.member, None),
        Command::Review(_) => (NOBODY, None),
        Command::Act(act, _) => (&act.member, act.context.as_deref().and_then(|context| context.store.as_deref())),
        Command::Transfer(transfer, _) => {
            (&transfer.from, transfer.context.as_deref().and_then(|context| context.store.as_deref()))
        }
    }
}

/// Makes a program's running versions what the state says. `known` are versions that are compiled already; others are read
/// back from the journal.
pub(super) fn deploy(core: &mut Core, store: &Store, program: ProgramId, known: &[Version]) -> Result<(), Error> {
    let (Some(state), Some(rollout)) = (core.state.program(program).cloned(), core.state.rollout(program).cloned())
    else {
        return Ok(());
    };
    let mut at_hand: Vec<Version> = known.to_vec();
    at_hand.extend(core.versions(program));
    let find = |version: u32| {
        if let Some(known) = at_hand.iter().find(|known| known.compiled.version() == version) {
            return Ok(known.clone());
        }
        let seq = rollout.version(version).map_or(Seq::ZERO, |known| known.seq);
        load(store, &state, seq, version)
    };
    let since = rollout.deciding_since();
    let deciding = |version: u32| find(version).map(|version| version.deciding_since(since));
    let live = deciding(rollout.live())?;
    let partial =
        rollout.partial.as_ref().map(|partial| Ok::<_, Error>((partial.reach.clone(), deciding(partial.version)?)));
    let shadow = rollout.shadow.map(find);
    let beside = Beside { partial: partial.transpose()?, shadow: shadow.transpose()? };
    core.install(program, live, beside);
    Ok(())
}

/// A version as its record has it, compiled.
fn load(store: &Store, program: &ProgramState, seq: Seq, version: u32) -> Result<Version, Error> {
    let unreadable = |why: &dyn std::fmt::Display| {
        let message = format!("version {version} cannot be read back: {why}");
        Error::Rules(vec![Diagnostic::of_file(&program.name, message)])
    };
    let record = reads::record(store, seq).map_err(|error| unreadable(&error))?;
    let files = record.as_ref().and_then(files_of).ok_or_else(|| unreadable(&"its record is not in the journal"))?;
    let files = ProgramFiles::new(&files.program, files.files.clone());
    Version::compile(files, program, version).map_err(Error::Rules)
}

/// The files a record holds, where it is one of a version.
pub(super) fn files_of(record: &Record) -> Option<&RulesetFiles> {
    match &record.input {
        Input::Ruleset(files) => Some(files),
        Input::Rules(change, _) => match &**change {
            RulesChange::Draft { files, .. } => Some(files),
            RulesChange::Activate { .. }
            | RulesChange::Plan { .. }
            | RulesChange::Unplan { .. }
            | RulesChange::Rollback { .. }
            | RulesChange::Shadow { .. } => None,
        },
        _ => None,
    }
}

/// A program with the numbers that the journal has for its names.
pub(super) fn bind(program: &Program, state: &ProgramState, version: u32) -> Compiled {
    program.bind(version, |name| state.name_id(name))
}

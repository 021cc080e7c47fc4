//! Changing which rules decide, while events are decided: a draft, an activation, a rollback, a shadow. Each is a record like
//! any other, and takes effect between two events.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Error;
use super::block::{Open, Release};
use super::deploy::{Version, deploy, files_of};
use super::handle::SubmitError;
use super::install;
use super::pipeline::Pipeline;
use super::reads;
use crate::ledger::apply::apply;
use crate::ledger::record::{Assessment, IDEMPOTENCY_SOURCE, Input, Record, RulesetFiles, Status};
use crate::ledger::rollout::{Planned, Reach, Rollout, RulesChange, Signature};
use crate::ledger::state::{ProgramState, State};
use crate::ledger::types::{ProgramId, Seq, Text, TimeMs};
use crate::limits::{NAMES_MAX, PLANNED_MAX};
use crate::rules::ProgramFiles;
use crate::store::Store;
use crate::store::keys::natural_key;

/// What is asked.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Write a version down. Its files compile; `names` are those it declares.
    Draft {
        /// The files.
        files: Arc<ProgramFiles>,
        /// What they declare.
        names: Vec<Text>,
    },
    /// Let a version decide.
    Activate {
        /// Which.
        version: u32,
        /// For whom.
        reach: Reach,
        /// From when on, where not at once.
        at: Option<TimeMs>,
    },
    /// Cancel what is planned for a version.
    Unplan {
        /// Which.
        version: u32,
    },
    /// Go back: from this version where it decides, to this version where it decided before, or from whatever is newest. A version
    /// that was left by a rollback decides again only where it is activated.
    Rollback {
        /// Which, where it was said.
        version: Option<u32>,
    },
    /// Run a version without effect, or stop running it.
    Shadow {
        /// Which.
        version: u32,
        /// Whether to run it.
        on: bool,
    },
}

/// A change to make, by whom, under which idempotency key (empty for none).
#[derive(Clone, Debug)]
pub struct Change {
    /// What.
    pub ask: Ask,
    /// By whom, and why.
    pub by: Signature,
    /// The idempotency key.
    pub key: Text,
    /// Versions that were compiled for this, so that the engine need not.
    pub compiled: Vec<Version>,
}

/// Why which rules decide was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such version.
    #[error("there is no version {0}")]
    UnknownVersion(u32),
    /// It does not fit what is.
    #[error("{0}")]
    Conflict(String),
    /// Too many names over the program's life.
    #[error("{0} names declared over its life, at most {NAMES_MAX}")]
    TooManyNames(usize),
    /// The key was used for something else.
    #[error("this key was used before for something else")]
    KeyReused,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The version it was about.
    pub version: u32,
    /// The record, where there is a new one; nothing where everything was so already.
    pub seq: Option<Seq>,
    /// True where the same was asked and done before.
    pub replayed: bool,
}

/// What the engine says to a change, before a replay was compared.
#[derive(Debug)]
pub(super) enum Outcome {
    Done(Changed),
    Replayed(Seq),
    Refused(Refused),
}

/// What a change comes to, or why not; nothing where all is so already. The number is the version it is about.
fn decide(
    (program, rollout): (&ProgramState, &Rollout),
    change: &Change,
    now: TimeMs,
) -> Result<(u32, Option<RulesChange>), Refused> {
    let by = change.by.clone();
    let known = |version: u32| rollout.version(version).ok_or(Refused::UnknownVersion(version));
    match &change.ask {
        Ask::Draft { files, names } => {
            let hash = files.hash();
            if let Some(same) = rollout.versions.iter().rev().find(|known| known.hash == hash) {
                return Ok((same.version, None));
            }
            let new_names: Vec<Text> = names.iter().filter(|name| !program.names.contains(name)).cloned().collect();
            let count = program.names.len() + new_names.len();
            if count > NAMES_MAX {
                return Err(Refused::TooManyNames(count));
            }
            let files = RulesetFiles { program: files.name.clone(), hash, files: files.files.clone(), new_names };
            Ok((rollout.newest() + 1, Some(RulesChange::Draft { files: Arc::new(files), by })))
        }
        Ask::Activate { version, reach, at: Some(at) } => {
            known(*version)?;
            if *at <= now {
                return Err(Refused::Conflict("that time has passed; leave `at` out to activate now".to_owned()));
            }
            if rollout.planned.len() >= PLANNED_MAX {
                return Err(Refused::Conflict(format!("{PLANNED_MAX} activations are planned already")));
            }
            Ok((*version, Some(RulesChange::Plan { version: *version, reach: reach.clone(), at: *at, by })))
        }
        Ask::Unplan { version } => {
            known(*version)?;
            let planned = rollout.planned.iter().any(|planned| planned.version == *version);
            Ok((*version, planned.then_some(RulesChange::Unplan { version: *version, by })))
        }
        Ask::Activate { version, reach, at: None } => {
            known(*version)?;
            let in_force = *version == rollout.live();
            if in_force && *reach != Reach::All {
                return Err(Refused::Conflict(format!("version {version} decides for everybody already")));
            }
            if in_force && rollout.partial.is_none() {
                return Ok((*version, None));
            }
            Ok((*version, Some(RulesChange::Activate { version: *version, reach: reach.clone(), by })))
        }
        // Asked again, a rollback is done already: it must not bring back what was left.
        Ask::Rollback { version: Some(version) } if rollout.was_left(*version) => Ok((rollout.live(), None)),
        Ask::Rollback { version } => {
            let (from, to) = way_back(rollout, *version)?;
            Ok((to, Some(RulesChange::Rollback { from, to, automatic: false, by })))
        }
        Ask::Shadow { version, on } => {
            known(*version)?;
            if *on && rollout.live() == *version {
                return Err(Refused::Conflict(format!("version {version} decides already; a shadow has no effect")));
            }
            let change = RulesChange::Shadow { version: *version, on: *on, by };
            Ok((*version, ((rollout.shadow == Some(*version)) != *on).then_some(change)))
        }
    }
}

/// Where a rollback leads: from and to.
fn way_back(rollout: &Rollout, version: Option<u32>) -> Result<(u32, u32), Refused> {
    let live = rollout.live();
    let partial = rollout.partial.as_ref().map(|partial| partial.version);
    if let Some(partial) = partial.filter(|partial| version.is_none_or(|version| version == *partial)) {
        return Ok((partial, live));
    }
    match version.filter(|version| *version != live) {
        None => match rollout.before() {
            Some(before) => Ok((live, before)),
            None => Err(Refused::Conflict(format!("there is no version to go back to before version {live}"))),
        },
        Some(version) if rollout.version(version).is_none() => Err(Refused::UnknownVersion(version)),
        Some(version) if rollout.has_decided(version) => Ok((live, version)),
        Some(version) => {
            Err(Refused::Conflict(format!("version {version} never decided, so there is no going back to it")))
        }
    }
}

/// The record of a change.
fn record(state: &State, program: ProgramId, version: u32, change: RulesChange, key: &Text, now: TimeMs) -> Record {
    Record {
        seq: state.seq.next(),
        program,
        recorded_at: now,
        occurred_at: now,
        ruleset: change.version(version),
        input: Input::Rules(Arc::new(change), key.clone()),
        status: Status::Posted,
        parties: Vec::new(),
        effects: Vec::new(),
        clipped: Vec::new(),
        fraud: Assessment::default(),
        observed: Vec::new(),
        operations: 0,
        faults: Vec::new(),
    }
}

impl Pipeline {
    /// Makes a change between two events. Its answer, and what the edge sees, come after its sync.
    pub(super) fn change_rules(
        &mut self,
        block: &mut Open,
        program: ProgramId,
        change: &Change,
        reply: oneshot::Sender<Outcome>,
    ) -> Result<(), Error> {
        let key = (!change.key.is_empty()).then(|| natural_key(program, IDEMPOTENCY_SOURCE, &change.key));
        if let Some(key) = key {
            let stored = self.shared.store.key_seqs(&[key])?.first().copied().flatten().map(Seq::new);
            if let Some(first) = self.recent.get(&key).copied().or(stored) {
                block.releases.push(Release::Rules { reply, outcome: Outcome::Replayed(first), views: None });
                return Ok(());
            }
        }
        let state = self.core.state.program(program).zip(self.core.state.rollout(program));
        let (state, rollout) = state.expect("a program's id comes from an installed program");
        let now = self.now();
        let outcome = match decide((state, rollout), change, now) {
            Err(refused) => Outcome::Refused(refused),
            Ok((version, None)) => Outcome::Done(Changed { version, seq: None, replayed: false }),
            Ok((version, Some(made))) => {
                if matches!(made, RulesChange::Activate { .. } | RulesChange::Rollback { .. }) {
                    self.settle_before(block, (now, now), false)?;
                }
                let seq = self.record_change(block, (program, version), made, (now, &change.key, &change.compiled))?;
                if let Some(key) = key {
                    self.recent.insert(key, seq);
                    self.recent_order.push_back((seq, key));
                    block.keys.push((key, seq.get()));
                }
                Outcome::Done(Changed { version, seq: Some(seq), replayed: false })
            }
        };
        let views = matches!(outcome, Outcome::Done(Changed { seq: Some(_), .. })).then(|| install::views(&self.core));
        block.releases.push(Release::Rules { reply, outcome, views });
        Ok(())
    }

    /// Records a change that happens at an instant, which may have passed.
    fn record_change(
        &mut self,
        block: &mut Open,
        (program, version): (ProgramId, u32),
        change: RulesChange,
        (at, key, compiled): (TimeMs, &Text, &[Version]),
    ) -> Result<Seq, Error> {
        let mut record = record(&self.core.state, program, version, change, key, self.now());
        record.occurred_at = at;
        apply(&mut self.core.state, &record);
        deploy(&mut self.core, &self.shared.store, program, compiled)?;
        let seq = record.seq;
        self.begin_sweeps(seq)?;
        block.records.push(record);
        Ok(seq)
    }

    /// Lets versions decide whose time has come, each from its very instant on: what fell due before it has been decided by the
    /// version before.
    pub(super) fn activate_planned(&mut self, block: &mut Open, now: TimeMs) -> Result<(), Error> {
        loop {
            let of = |(program, rollout): (u16, &Arc<Rollout>)| Some((rollout.planned.first()?.at, program));
            let next = (0u16..).zip(&self.core.state.rollouts).filter_map(of).min().filter(|(at, _)| *at <= now);
            let Some((at, program)) = next else { return Ok(()) };
            let program = ProgramId::new(program);
            self.settle_before(block, (at, now), false)?;
            let Some(planned) = self.core.state.rollout(program).and_then(|r| r.planned.first()).cloned() else {
                continue;
            };
            let Planned { version, reach, by, .. } = planned;
            let change = RulesChange::Activate { version, reach, by };
            self.record_change(block, (program, version), change, (at, &Text::default(), &[]))?;
            block.releases.push(Release::Programs(install::views(&self.core)));
        }
    }

    /// Leaves versions whose scripts failed too often for the ones before them.
    pub(super) fn roll_back_failing(&mut self, block: &mut Open) -> Result<(), Error> {
        for (program, failing) in std::mem::take(&mut self.failing) {
            self.watch.forget(program, failing);
            let Some(rollout) = self.core.state.rollout(program) else { continue };
            let decides = rollout.live() == failing || rollout.partial.as_ref().is_some_and(|p| p.version == failing);
            let Ok((from, to)) = way_back(rollout, Some(failing)) else { continue };
            if !decides {
                continue;
            }
            let limit = self.core.versions(program).iter().find(|v| v.compiled.version() == failing).map_or_else(
                || "scripts failed too often".to_owned(),
                |version| {
                    let limit = version.compiled.error_limit();
                    format!("its scripts failed in more than {} of {} events", limit.errors, limit.events)
                },
            );
            let by = Signature { author: Text::new_static("tallystick"), message: limit };
            let now = self.now();
            self.settle_before(block, (now, now), true)?;
            tracing::warn!(program = program.get(), from, to, why = %by.message, "rules rolled back");
            let change = RulesChange::Rollback { from, to, automatic: true, by };
            self.record_change(block, (program, to), change, (now, &Text::default(), &[]))?;
            block.releases.push(Release::Programs(install::views(&self.core)));
        }
        Ok(())
    }
}

/// What was done under a key before, where the same was asked.
pub(super) fn replayed(store: &Store, first: Seq, change: &Change) -> Result<Result<Changed, Refused>, SubmitError> {
    let found = reads::record(store, first)?;
    let record = found.ok_or_else(|| SubmitError::Read(format!("record {first} is not in the journal")))?;
    let Input::Rules(done, _) = &record.input else { return Ok(Err(Refused::KeyReused)) };
    let same = match (&**done, &change.ask) {
        (RulesChange::Draft { by, .. }, Ask::Draft { files, .. }) => {
            *by == change.by && files_of(&record).is_some_and(|known| known.files == files.files)
        }
        (RulesChange::Activate { version, reach, by }, Ask::Activate { version: asked, reach: wanted, at: None }) => {
            version == asked && reach == wanted && *by == change.by
        }
        (
            RulesChange::Plan { version, reach, at, by },
            Ask::Activate { version: asked, reach: wanted, at: Some(when) },
        ) => version == asked && reach == wanted && at == when && *by == change.by,
        (RulesChange::Unplan { version, by }, Ask::Unplan { version: asked }) => version == asked && *by == change.by,
        (RulesChange::Rollback { from, to, by, .. }, Ask::Rollback { version }) => {
            version.is_none_or(|version| version == *from || version == *to) && *by == change.by
        }
        (RulesChange::Shadow { version, on, by }, Ask::Shadow { version: asked, on: wanted }) => {
            version == asked && on == wanted && *by == change.by
        }
        _ => false,
    };
    let changed = Changed { version: record.ruleset, seq: Some(first), replayed: true };
    Ok(if same { Ok(changed) } else { Err(Refused::KeyReused) })
}

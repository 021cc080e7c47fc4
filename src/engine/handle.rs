//! What the edge may ask of the engine: submit, look up, simulate, set a manual clock. Never the engine's own state.

use std::collections::{BTreeSet, HashMap};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};

use tokio::sync::oneshot;

use super::Error;
use super::backtest::{self, Plan, Report};
use super::deploy::{Beside, Version, files_of};
pub use super::item::Prepared;
use super::reads;
pub(super) use super::request::{JobAnswers, Pending, Request};
use super::review::RulesDone;
use super::review::{CaseFilter, CasePage};
use super::rulesets::{self, Change, Changed, Outcome, Refused};
use super::shared::Shared;
use super::simulate::Simulated;
use super::tally::{ShadowTally, Tally};
use crate::ledger::act::Act;
use crate::ledger::desk::Case;
use crate::ledger::event::{Adjustment, Event, Transfer};
use crate::ledger::lists::ListEntry;
use crate::ledger::member::Member;
use crate::ledger::record::{Input, Record};
use crate::ledger::reject::Reject;
use crate::ledger::review::{RELEASE_SOURCE, Resolution, Review};
use crate::ledger::rollout::Rollout;
use crate::ledger::state::ProgramState;
use crate::ledger::types::{MemberKey, ProgramId, Seq, Text, TimeMs};
use crate::rules::{Compiled, ProgramFiles};
use crate::store::keys::natural_key;
use crate::telemetry::Metrics;

/// One thing to do. The `Text` is the `Idempotency-Key`, empty where none was sent.
#[derive(Clone, Debug)]
pub enum Command {
    /// Post an event.
    Event(Arc<Event>),
    /// Correct a balance.
    Adjust(Arc<Adjustment>, Text),
    /// Move points.
    Transfer(Arc<Transfer>, Text),
    /// Spend, undo a spending, or change something of a member's own.
    Act(Arc<Act>, Text),
    /// Change a list; other steps of a review are taken by [`Handle::resolve`].
    Review(Arc<Review>),
}

impl Command {
    /// The command behind a record's input, where it can be decided again.
    #[must_use]
    pub fn of(input: &Input) -> Option<Self> {
        match input {
            Input::Event(event) => Some(Self::Event(Arc::clone(event))),
            Input::Adjust(adjustment, key) => Some(Self::Adjust(Arc::clone(adjustment), key.clone())),
            Input::Transfer(transfer, key) => Some(Self::Transfer(Arc::clone(transfer), key.clone())),
            Input::Act(act, key) => Some(Self::Act(Arc::clone(act), key.clone())),
            Input::Due(_) | Input::Ruleset(_) | Input::Rules(..) | Input::Review(_) => None,
        }
    }

    /// The same as a record's input.
    #[must_use]
    pub fn input(&self) -> Input {
        match self {
            Self::Event(event) => Input::Event(Arc::clone(event)),
            Self::Adjust(adjustment, key) => Input::Adjust(Arc::clone(adjustment), key.clone()),
            Self::Transfer(transfer, key) => Input::Transfer(Arc::clone(transfer), key.clone()),
            Self::Act(act, key) => Input::Act(Arc::clone(act), key.clone()),
            Self::Review(step) => Input::Review(Arc::clone(step)),
        }
    }
}

/// A record within its block.
#[derive(Clone, Debug)]
pub struct RecordRef {
    pub(super) block: Arc<Vec<Record>>,
    pub(super) index: usize,
}

impl Deref for RecordRef {
    type Target = Record;

    fn deref(&self) -> &Record {
        self.block.get(self.index).expect("a reference is made with its block")
    }
}

/// What became of a command, once it is on disk.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is a new record.
    Recorded(RecordRef),
    /// It was done before; this is the first record.
    Replayed(Arc<Record>),
    /// It was refused; nothing changed.
    Rejected(Reject),
}

/// A program as it stands: names, terms and the rules in force. Immutable; ask again for a newer one.
#[derive(Clone, Debug)]
pub struct ProgramView {
    /// Its number in this journal.
    pub id: ProgramId,
    /// Its names and version; the books in it are those of the moment it was installed.
    pub state: Arc<ProgramState>,
    /// The versions of its rules.
    pub rollout: Arc<Rollout>,
    /// Its terms and scripts in force.
    pub compiled: Arc<Compiled>,
    /// The files they were compiled from.
    pub files: Arc<ProgramFiles>,
    /// The versions that run beside.
    pub beside: Beside,
}

impl ProgramView {
    /// A version that runs already.
    #[must_use]
    pub fn running(&self, version: u32) -> Option<Version> {
        let live = Version { compiled: Arc::clone(&self.compiled), files: Arc::clone(&self.files) };
        let partial = self.beside.partial.as_ref().map(|(_, version)| version.clone());
        let all = [Some(live), partial, self.beside.shadow.clone()];
        all.into_iter().flatten().find(|known| known.compiled.version() == version)
    }

    /// Every version that runs: the one in force first.
    pub fn compiled_versions(&self) -> impl Iterator<Item = &Arc<Compiled>> {
        let partial = self.beside.partial.as_ref().map(|(_, version)| &version.compiled);
        let shadow = self.beside.shadow.as_ref().map(|version| &version.compiled);
        [Some(&self.compiled), partial, shadow].into_iter().flatten()
    }

    /// The rules that decide for a member, wherever they are.
    #[must_use]
    pub fn deciding_for(&self, member: &str) -> &Arc<Compiled> {
        self.beside.deciding(member, None).unwrap_or(&self.compiled)
    }
}

/// Why the engine did not take a request.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The queue is full: nothing was accepted; try again after a moment.
    #[error("the queue is full")]
    Overloaded,
    /// The daemon is stopping, or has stopped after a failed sync. What was accepted and not answered may be on disk.
    #[error("the engine has stopped")]
    Stopped,
    /// The store failed while reading; nothing was changed.
    #[error("reading failed: {0}")]
    Read(String),
}

/// Numbers of `GET /v1/status`.
#[derive(Clone, Debug, Default)]
pub struct EngineStatus {
    /// The latest record applied.
    pub seq: Seq,
    /// The latest record on disk.
    pub durable_seq: Seq,
    /// The latest record that the derived rows on disk reflect.
    pub projected_seq: Seq,
    /// The hash of the latest block on disk.
    pub head_hash: [u8; 32],
    /// Members of all programs.
    pub members: u64,
    /// Events waiting for the engine.
    pub queue_events: usize,
    /// How many may wait.
    pub queue_limit: usize,
}

/// Why a handler or a rule fired or did not.
pub type Trace = crate::rules::TraceLine;

/// A cloneable handle.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) shared: Arc<Shared>,
    pub(super) queue: SyncSender<Request>,
}

impl Handle {
    /// Does all commands, in order; one answer each, after the sync.
    pub async fn submit(&self, program: ProgramId, commands: Vec<Command>) -> Result<Vec<Answer>, SubmitError> {
        self.submit_prepared(self.prepare(program, commands)).await
    }

    /// Looks into commands as far as the caller's thread can: long work where they are many.
    #[must_use]
    pub fn prepare(&self, program: ProgramId, commands: Vec<Command>) -> Prepared {
        Prepared::new(&self.shared, program, commands)
    }

    /// [`Handle::submit`] of commands that were prepared.
    pub async fn submit_prepared(&self, prepared: Prepared) -> Result<Vec<Answer>, SubmitError> {
        let Prepared { program, items } = prepared;
        let count = items.len();
        if self.shared.queued.fetch_add(count, Ordering::AcqRel) + count > self.shared.queue_limit {
            self.shared.queued.fetch_sub(count, Ordering::AcqRel);
            return Err(SubmitError::Overloaded);
        }
        let (reply, answers) = oneshot::channel();
        if let Err(refused) = self.send(Request::Work { program, items, reply }) {
            self.shared.queued.fetch_sub(count, Ordering::AcqRel);
            return Err(refused);
        }
        let (block, pending, items) = answers.await.map_err(|_| SubmitError::Stopped)?;
        reads::answers(&self.shared.store, &block, pending, &items)
    }

    /// What the event would give now, or at another time, by the rules in force or by another version: a record that is not
    /// journaled.
    pub async fn simulate(
        &self,
        program: ProgramId,
        event: Arc<Event>,
        at: Option<TimeMs>,
        version: Option<Arc<Compiled>>,
    ) -> Result<Simulated, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Simulate { program, event, at, version, reply })?;
        answer.await.map_err(|_| SubmitError::Stopped)
    }

    /// Changes which rules decide; answered once it is on disk.
    pub async fn change_rules(
        &self,
        program: ProgramId,
        change: Change,
    ) -> Result<Result<Changed, Refused>, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Rules { program, change: Box::new(change.clone()), reply })?;
        Ok(match answer.await.map_err(|_| SubmitError::Stopped)? {
            Outcome::Done(changed) => Ok(changed),
            Outcome::Refused(refused) => Err(refused),
            Outcome::Replayed(first) => rulesets::replayed(&self.shared.store, first, &change)?,
        })
    }

    /// The files of a version, as its record has them.
    pub fn ruleset_files(&self, view: &ProgramView, version: u32) -> Result<Option<ProgramFiles>, SubmitError> {
        let Some(known) = view.rollout.version(version) else { return Ok(None) };
        let record = reads::record(&self.shared.store, known.seq)?;
        let files = record.as_ref().and_then(files_of);
        Ok(files.map(|files| ProgramFiles::new(&files.program, files.files.clone())))
    }

    /// Runs a plan against the recorded history, on the caller's thread.
    pub fn backtest(&self, plan: &Plan) -> Result<Report, Error> {
        backtest::run(&self.shared.store, plan, &mut |_, _| {})
    }

    /// How a version does on live traffic: what it decided, and what it would have decided as a shadow.
    #[must_use]
    pub fn tally(&self, program: ProgramId, version: u32) -> (Option<Tally>, Option<ShadowTally>) {
        let tallies = self.shared.tallies.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = (program, version);
        (tallies.deciding.get(&key).cloned(), tallies.shadows.get(&key).cloned())
    }

    /// A program by name.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<Arc<ProgramView>> {
        self.shared.programs().iter().find(|program| program.state.name == name).cloned()
    }

    /// All programs.
    #[must_use]
    pub fn programs(&self) -> Vec<Arc<ProgramView>> {
        self.shared.programs().to_vec()
    }

    /// A member as their last durable record left them; not settled to any time. `None` where there is none.
    pub async fn member(&self, program: ProgramId, id: &str) -> Result<Option<Arc<Member>>, SubmitError> {
        let key = MemberKey { program, id: Text::new(id) };
        if let Some(view) = self.shared.views.get(&key) {
            return Ok(Some(view));
        }
        let (reply, answer) = oneshot::channel();
        self.send(Request::Member { key, reply })?;
        answer.await.map_err(|_| SubmitError::Stopped)
    }

    /// A durable record.
    #[expect(clippy::unused_async, reason = "that the journal is read in place is nothing for callers to rely on")]
    pub async fn record(&self, seq: Seq) -> Result<Option<Arc<Record>>, SubmitError> {
        if seq > self.shared.status().durable_seq {
            return Ok(None);
        }
        reads::record(&self.shared.store, seq).map(|found| found.map(Arc::new))
    }

    /// Source and id of those of the records that are events. It reads the disk where it is called.
    pub fn events(&self, seqs: &BTreeSet<Seq>) -> Result<HashMap<Seq, (Text, Text)>, SubmitError> {
        reads::events(&self.shared.store, seqs)
    }

    /// The durable record of an event.
    pub async fn event(&self, program: ProgramId, source: &str, id: &str) -> Result<Option<Arc<Record>>, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Find { key: natural_key(program, source, id), reply })?;
        match answer.await.map_err(|_| SubmitError::Stopped)? {
            Some(seq) => self.record(seq).await,
            None => Ok(None),
        }
    }

    /// All of a member's durable records, oldest first.
    pub async fn history(&self, program: ProgramId, id: &str) -> Result<Vec<Arc<Record>>, SubmitError> {
        match self.member(program, id).await? {
            Some(member) => reads::history(&self.shared.store, id, member.last),
            None => Ok(Vec::new()),
        }
    }

    /// Closes a case with everything it held; the answer's record says so, and what became of each held record follows it.
    pub async fn resolve(&self, program: ProgramId, resolution: Resolution) -> Result<Answer, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Resolve { program, resolution, reply })?;
        let (block, pending, items) = answer.await.map_err(|_| SubmitError::Stopped)?;
        let mut answers = reads::answers(&self.shared.store, &block, pending, &items)?;
        answers.pop().ok_or(SubmitError::Stopped)
    }

    /// Cases, the most points at risk first.
    pub async fn cases(&self, program: ProgramId, filter: CaseFilter) -> Result<CasePage, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Cases { program, filter, reply })?;
        answer.await.map_err(|_| SubmitError::Stopped)
    }

    /// A case, open or closed.
    pub async fn case(&self, program: ProgramId, id: Seq) -> Result<Option<Arc<Case>>, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Case { program, id, reply })?;
        let (found, _) = answer.await.map_err(|_| SubmitError::Stopped)?;
        Ok(found.into_iter().next())
    }

    /// How a program's fraud rules have done.
    pub async fn desk_stats(&self, program: ProgramId) -> Result<RulesDone, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Stats { program, reply })?;
        answer.await.map_err(|_| SubmitError::Stopped)
    }

    /// All entries of a program's lists.
    pub async fn list_entries(&self, program: ProgramId) -> Result<Vec<Arc<ListEntry>>, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Entries { program, reply })?;
        answer.await.map_err(|_| SubmitError::Stopped)
    }

    /// What became of a held record once its case was closed.
    pub async fn released(&self, program: ProgramId, held: Seq) -> Result<Option<Arc<Record>>, SubmitError> {
        self.event(program, RELEASE_SOURCE, &smol_str::format_smolstr!("{held}")).await
    }

    /// The ledger's time.
    #[must_use]
    pub fn now(&self) -> TimeMs {
        self.shared.now()
    }

    /// Moves a manual clock and returns once everything due is on disk. The inner error says why it was not moved.
    pub async fn set_clock(&self, now: TimeMs) -> Result<Result<(), String>, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::SetClock { now, reply })?;
        answer.await.map_err(|_| SubmitError::Stopped)
    }

    /// Numbers of progress.
    #[must_use]
    pub fn status(&self) -> EngineStatus {
        self.shared.status()
    }

    /// False while draining or after a failed sync.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shared.is_open()
    }

    /// The daemon's metrics.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// Copies the ledger into a folder that does not exist yet, while it goes on: what was durable when this was called is in
    /// the copy. Returns the latest record that certainly is. It works on the disk where it is called.
    pub fn back_up(&self, to: &Path) -> Result<Seq, crate::store::Error> {
        let durable = self.shared.status().durable_seq;
        self.shared.store.checkpoint(to)?;
        Ok(durable)
    }

    pub(super) fn send(&self, request: Request) -> Result<(), SubmitError> {
        if !self.shared.is_open() {
            return Err(SubmitError::Stopped);
        }
        self.queue.try_send(request).map_err(|refused| match refused {
            TrySendError::Full(_) => SubmitError::Overloaded,
            TrySendError::Disconnected(_) => SubmitError::Stopped,
        })
    }
}

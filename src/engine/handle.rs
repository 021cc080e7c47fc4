//! What the edge may ask of the engine.

use std::sync::Arc;

use crate::ledger::event::{Adjustment, Event, Transfer};
use crate::ledger::member::Member;
use crate::ledger::record::Record;
use crate::ledger::reject::Reject;
use crate::ledger::state::ProgramState;
use crate::ledger::terms::Terms;
use crate::ledger::types::{ProgramId, Seq, Text, TimeMs};
use crate::rules::Compiled;

/// One thing to do. `key` is the `Idempotency-Key`, empty where none was sent.
#[derive(Clone, Debug)]
pub enum Command {
    /// Post an event.
    Event(Arc<Event>),
    /// Correct a balance.
    Adjust(Arc<Adjustment>, Text),
    /// Move points.
    Transfer(Arc<Transfer>, Text),
}

/// A record within its block.
#[derive(Clone, Debug)]
pub struct RecordRef {
    block: Arc<Vec<Record>>,
    index: usize,
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

/// A program as it stands: for names, terms and the rules in force. Immutable; ask again for a newer one.
#[derive(Clone, Debug)]
pub struct ProgramView {
    pub id: ProgramId,
    pub state: Arc<ProgramState>,
    /// `rules::Compiled` has `pub terms: Arc<Terms>`.
    pub compiled: Arc<Compiled>,
}

/// Why the engine did not take a job.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The queue is full: nothing was accepted; try again after a moment.
    #[error("the queue is full")]
    Overloaded,
    /// The daemon is stopping or has stopped after a failed sync.
    #[error("the engine has stopped")]
    Stopped,
    /// The store failed while reading.
    #[error("reading failed: {0}")]
    Read(String),
}

/// Numbers of `GET /v1/status`.
#[derive(Clone, Debug, Default)]
pub struct EngineStatus {
    pub seq: Seq,
    pub durable_seq: Seq,
    pub head_hash: [u8; 32],
    pub members: u64,
    pub queue_events: usize,
    pub queue_limit: usize,
}

/// A cloneable handle.
#[derive(Clone, Debug)]
pub struct Handle {}

impl Handle {
    /// Does all commands, in order; one answer each, after the sync.
    pub async fn submit(&self, program: ProgramId, commands: Vec<Command>) -> Result<Vec<Answer>, SubmitError> { todo!() }
    /// What the event would give: a record with sequence 0 that was never journaled, and a trace line per handler and rule.
    pub async fn simulate(&self, program: ProgramId, event: Arc<Event>, at: Option<TimeMs>) -> Result<(Result<Record, Reject>, Vec<Trace>), SubmitError> { todo!() }
    /// A program by name.
    pub fn program(&self, name: &str) -> Option<Arc<ProgramView>> { todo!() }
    pub fn programs(&self) -> Vec<Arc<ProgramView>> { todo!() }
    /// A member's durable view; `None` where there is no such member. Not settled: use `ledger::due::settled(&member, &terms, at)`.
    pub async fn member(&self, program: ProgramId, id: &str) -> Result<Option<Arc<Member>>, SubmitError> { todo!() }
    /// A durable record by sequence.
    pub async fn record(&self, seq: Seq) -> Result<Option<Arc<Record>>, SubmitError> { todo!() }
    /// The record of an event by its natural key.
    pub async fn event(&self, program: ProgramId, source: &str, id: &str) -> Result<Option<Arc<Record>>, SubmitError> { todo!() }
    /// All of a member's durable records, oldest first.
    pub async fn history(&self, program: ProgramId, id: &str) -> Result<Vec<Arc<Record>>, SubmitError> { todo!() }
    /// The ledger's time.
    pub fn now(&self) -> TimeMs { todo!() }
    /// Moves a manual clock; `Ok(Err(message))` where the clock is not manual or would go back. Returns once everything due is on disk.
    pub async fn set_clock(&self, now: TimeMs) -> Result<Result<(), String>, SubmitError> { todo!() }
    pub fn status(&self) -> EngineStatus { todo!() }
    /// False while draining or after a failed sync.
    pub fn is_ready(&self) -> bool { todo!() }
    /// Checks sources without installing them (for `POST …/rules/check`): see `rules`.
    pub fn metrics(&self) -> String { todo!() }
}

/// Why a handler or a rule fired or did not.
#[derive(Clone, Debug)]
pub struct Trace {
    pub rule: Text,
    pub fired: bool,
    pub detail: String,
}
impl std::ops::Deref for RecordRef {
    type Target = Record;
    fn deref(&self) -> &Record { &self.block[self.index] }
}
fn _t(_: &Terms) {}

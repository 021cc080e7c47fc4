//! The pipeline: queue, evaluate, decide, journal, release. The only module that knows rules, fraud, journal and store.
//!
//! ```text
//!  handle ──bounded queue──▶ engine thread ──sealed block──▶ committer ──synced block──▶ projector
//!                            drain, prefetch,                append + sync,              encode rows,
//!                            evaluate, decide, apply         publish, reply              write views
//! ```
//!
//! * [`core`]: the ledger in memory: propose, decide, apply. No thread, no disk; simulation and tests use it as it is.
//! * `pipeline`, `chunk` and `block`: one thread that takes what waits as one block and does it a chunk at a time;
//!   `ahead`: helper threads that run the rules of a chunk's events before their turns.
//! * `schedule` and `sweep`: what falls due, recorded at its due time; what a new version makes due for those nobody touches.
//! * `deploy`, `install` and `rulesets`: which versions of a program's rules run, and how that changes.
//! * `breaker`: a fraud rule that stops too much is silenced; `holdout`: a few denials are held instead, to learn of them.
//! * `vault`: what people tell of themselves is sealed on its way into a block.
//! * `commit`: one thread that appends blocks and, only then, answers. After a failed append nothing is answered.
//! * `checkpoint` and `projector`: what changed is handed over in rounds, and one thread writes the rows, behind the journal.
//! * [`backtest`]: a version of rules against the recorded history.
//! * `whereabouts`: where the points of a case went.
//! * `walk`: the durable journal and the members, for lists, reports and followers.
//! * [`verify`]: the whole ledger counted again from the journal.
//! * `recover`: opening a folder: views, then the journal after them, then the rules folder.
//!
//! A read is never ahead of the sync: views are published, and questions answered, in block order after it.

mod acts;
mod ahead;
pub mod backtest;
mod block;
mod breaker;
mod cache;
pub mod cases;
mod checkpoint;
mod chunk;
pub mod clock;
mod commit;
pub mod core;
pub mod counters;
pub mod deploy;
pub mod differ;
pub mod handle;
mod holdout;
mod install;
mod item;
pub mod kin;
mod log;
mod moments;
mod orders;
mod pipeline;
mod projector;
mod reads;
mod recover;
mod request;
mod review;
pub mod rulesets;
mod schedule;
mod shared;
pub mod simulate;
mod start;
mod sweep;
pub mod tally;
mod touched;
mod vault;
pub mod verify;
mod walk;
mod whereabouts;

#[cfg(test)]
mod tests;

pub use counters::{Counter, desks};
pub use handle::{Answer, Command, EngineStatus, Handle, ProgramView, RecordRef, SubmitError, Trace};
pub use install::changed as install;
pub use review::{CaseFilter, CasePage, RulesDone};
pub use start::{Config, Engine};
pub use whereabouts::Whereabouts;

/// What can stop the engine. Nothing that was answered is lost; what was not answered may or may not be on disk.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed; see its own documentation for the state it leaves.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The journal is damaged or could not be written.
    #[error(transparent)]
    Journal(#[from] crate::journal::Error),
    /// Replaying the journal gave something else than its records say.
    #[error(
        "record {seq} left another balance than it says for member {member:?}: the journal or the views are damaged"
    )]
    Diverged {
        /// Which record.
        seq: crate::ledger::types::Seq,
        /// Whose balance.
        member: String,
    },
    /// The rules folder has errors; nothing was installed.
    #[error("{} errors in the rules, the first: {}", .0.len(), .0.first().map_or_else(String::new, ToString::to_string))]
    Rules(Vec<crate::rules::Diagnostic>),
    /// A backtest holds all of a program's members in memory.
    #[error("a backtest holds at most {0} members in memory")]
    TooManyMembers(usize),
    /// The system gave no random bytes.
    #[error("no randomness: {0}")]
    Random(String),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(std::io::Error),
}

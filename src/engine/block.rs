//! A block: what one drain of the queue came to, on its way from the engine thread to the committer and the projector.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use tokio::sync::oneshot;

use super::core::Core;
use super::handle::{JobAnswers, Pending, Simulated};
use crate::fraud::rings::{RingKey, keys_observed};
use crate::fraud::window::Ring;
use crate::ledger::member::Member;
use crate::ledger::record::Record;
use crate::ledger::state::ProgramState;
use crate::ledger::types::{MemberKey, Seq, TimeMs};

/// Something to say once the block is on disk.
#[derive(Debug)]
pub(super) enum Release {
    Work { reply: oneshot::Sender<JobAnswers>, pending: Vec<Pending> },
    Member { reply: oneshot::Sender<Option<Arc<Member>>>, key: MemberKey, member: Option<Arc<Member>> },
    Find { reply: oneshot::Sender<Option<Seq>>, found: Option<Seq> },
    Simulated { reply: oneshot::Sender<Simulated>, result: Box<Simulated> },
    Clock { reply: oneshot::Sender<Result<(), String>>, result: Result<(), String> },
}

/// A block in the making.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) records: Vec<Record>,
    pub(super) releases: Vec<Release>,
    pub(super) keys: Vec<([u8; 16], u64)>,
    /// Due rows that were looked at: whatever was due there has been done.
    pub(super) due_seen: Vec<(TimeMs, MemberKey)>,
}

/// A finished block.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) records: Arc<Vec<Record>>,
    pub(super) releases: Vec<Release>,
    pub(super) views: Vec<(MemberKey, Arc<Member>)>,
    pub(super) rows: Rows,
    /// Told when the rows of this block and all before it are written.
    pub(super) barrier: Option<Sender<()>>,
}

/// What a block changes in the derived rows.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) mark: Seq,
    pub(super) now: TimeMs,
    pub(super) programs: Vec<Arc<ProgramState>>,
    pub(super) members: Vec<(MemberKey, Arc<Member>)>,
    pub(super) rings: Vec<(RingKey, Arc<Ring>)>,
    pub(super) keys: Vec<([u8; 16], u64)>,
    pub(super) due_seen: Vec<(TimeMs, MemberKey)>,
}

impl Open {
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.releases.is_empty() && self.due_seen.is_empty()
    }

    /// Closes the block with the state it left. `is_viewed` says which members are published.
    pub(super) fn seal(self, core: &Core, is_viewed: impl Fn(&MemberKey) -> bool) -> Sealed {
        let mut rows = rows_of(core, &self.records);
        rows.keys = self.keys;
        rows.due_seen = self.due_seen;
        let views = rows.members.iter().filter(|(key, _)| is_viewed(key)).cloned().collect();
        Sealed { records: Arc::new(self.records), releases: self.releases, views, rows, barrier: None }
    }
}

/// Members and rings as the last of these records left them, each once.
pub(super) fn rows_of(core: &Core, records: &[Record]) -> Rows {
    let mut rows = Rows {
        mark: core.seq(),
        now: core.state.now,
        programs: core.state.programs.clone(),
        members: Vec::with_capacity(records.len()),
        ..Rows::default()
    };
    for record in records {
        for party in &record.parties {
            let key = MemberKey { program: record.program, id: party.member.clone() };
            // Of several records in the block, only a member's last one finds itself noted in the member.
            if let Some(member) = core.state.member(&key).filter(|member| member.last == record.seq) {
                rows.members.push((key, Arc::clone(member)));
            }
        }
        for key in keys_observed(record) {
            if let Some(ring) = core.rings.get(&key).filter(|ring| ring.last() == record.seq) {
                rows.rings.push((key, Arc::clone(ring)));
            }
        }
    }
    rows
}

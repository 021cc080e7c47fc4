//! The projector: writes the derived rows of synced blocks, in batches, behind the journal.
//!
//! Rows of one key are written once a batch however often they changed. A stop loses nothing: the rows after the mark are
//! rebuilt from the journal.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::Error;
use super::block::{Mark, Rows};
use super::cache::{encode_ring, ring_row_key};
use super::review::desk_key;
use super::shared::Shared;
use crate::journal::codec::{self, Registry};
use crate::ledger::decide::next_due;
use crate::ledger::member::Member;
use crate::ledger::types::{MemberKey, Seq, TimeMs};
use crate::store::{MemberWrite, ViewBatch};

/// Rows that are written without waiting for more.
const BATCH_ROWS_MAX: usize = 50_000;
/// How long the first row of a batch waits for others.
const BATCH_AGE_MAX: Duration = Duration::from_millis(200);
/// Records after which the rows are brought to disk, so that a start after a crash replays no more than about this many.
const FLUSH_RECORDS: u64 = 1_000_000;

/// One block's rows on their way.
pub(super) struct Projection {
    pub(super) rows: Rows,
    pub(super) barrier: Option<Sender<()>>,
}

/// Rows gathered and not yet written.
pub(super) struct Projector {
    shared: Arc<Shared>,
    /// Of a key that comes twice the later row counts; the store keeps their order.
    members: Vec<MemberWrite>,
    rings: Vec<(Vec<u8>, Vec<u8>)>,
    keys: Vec<([u8; 16], u64)>,
    due_seen: Vec<(TimeMs, MemberKey)>,
    keys_until: Seq,
    mark: Option<Mark>,
    /// Rows of the desk; they reach the store with the mark they are as of.
    desk: Vec<(Vec<u8>, Vec<u8>)>,
    since: Option<Instant>,
    flushed: Seq,
}

impl Projector {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let flushed = shared.mark();
        Self {
            shared,
            members: Vec::new(),
            rings: Vec::new(),
            keys: Vec::new(),
            due_seen: Vec::new(),
            keys_until: Seq::ZERO,
            mark: None,
            desk: Vec::new(),
            since: None,
            flushed,
        }
    }

    /// Runs until the committer is gone; what is gathered then is written and brought to disk.
    pub(super) fn run(mut self, projections: &Receiver<Projection>) {
        if let Err(error) = self.serve(projections) {
            self.shared.fail(error.to_string());
        }
    }

    fn serve(&mut self, projections: &Receiver<Projection>) -> Result<(), Error> {
        loop {
            let wait = self.since.map_or(BATCH_AGE_MAX, |since| BATCH_AGE_MAX.saturating_sub(since.elapsed()));
            match projections.recv_timeout(wait) {
                Ok(Projection { rows, barrier }) => {
                    self.take(rows);
                    let full = self.members.len() + self.rings.len() + self.keys.len() >= BATCH_ROWS_MAX;
                    if full || barrier.is_some() {
                        self.write()?;
                    }
                    if let Some(done) = barrier {
                        // Whoever waits may have stopped waiting.
                        let _ = done.send(());
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.write()?,
                Err(RecvTimeoutError::Disconnected) => {
                    self.write()?;
                    self.shared.store.flush_views()?;
                    return Ok(());
                }
            }
        }
    }

    /// Gathers a block's rows. Members are encoded here and let go at once, so that the engine changes them in place.
    pub(super) fn take(&mut self, rows: Rows) {
        let programs = self.shared.programs();
        let due = |key: &MemberKey, member: &Member| {
            let program = programs.get(usize::from(key.program.get()));
            program.and_then(|program| next_due(member, &program.deciding_for(&key.id).terms))
        };
        let Rows { members, rings, keys, due_seen, keys_until, mark } = rows;
        for (key, member) in members {
            let next_due = due(&key, &member);
            let row = codec::encode_member(&member);
            self.members.push(MemberWrite { key, row, previous_due: None, next_due });
        }
        for (key, ring) in rings {
            self.rings.push((ring_row_key(&key), encode_ring(&ring)));
        }
        self.keys.extend(keys);
        self.due_seen.extend(due_seen);
        self.keys_until = keys_until;
        // Of two rounds that ended, the later one's mark stands for both.
        let desk = mark.iter().flat_map(|mark| &mark.desk);
        self.desk.extend(desk.map(|row| (desk_key(row), codec::encode_desk(row))));
        self.mark = mark.or(self.mark.take());
        self.since.get_or_insert_with(Instant::now);
    }

    /// Writes what is gathered, with its mark.
    pub(super) fn write(&mut self) -> Result<(), Error> {
        if self.since.take().is_none() {
            return Ok(());
        }
        let mark = self.mark.take();
        let registry = |mark: &Mark| {
            let (programs, rollouts) = (mark.programs.clone(), mark.rollouts.clone());
            codec::encode_registry(&Registry { now: mark.now, programs, rollouts })
        };
        let batch = ViewBatch {
            mark: mark.as_ref().map(|mark| (mark.seq.get(), registry(mark))),
            members: std::mem::take(&mut self.members),
            rings: std::mem::take(&mut self.rings),
            keys: std::mem::take(&mut self.keys),
            due_seen: std::mem::take(&mut self.due_seen),
            desk: std::mem::take(&mut self.desk),
        };
        self.shared.store.write_views(batch)?;
        self.shared.note_keys_until(self.keys_until);
        if let Some(mark) = mark {
            self.shared.note_mark(mark.seq.get());
            if mark.seq.get() - self.flushed.get() >= FLUSH_RECORDS {
                self.shared.store.flush_views()?;
                self.flushed = mark.seq;
            }
        }
        Ok(())
    }
}

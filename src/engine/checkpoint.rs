//! Checkpoints: the changed members and rings written out a few at a time, so that a hot member's row is written once a round
//! and not once an event, and no block waits for many.
//!
//! A round takes the list of what changed since the round before, and sends it along with the following blocks. Rows are as of
//! the block they travel with, so they may be ahead of the round's **mark**, the record at which the list was taken; each row
//! says which record it reflects, and replay passes over what a row already has. When the list is through, all rows reflect
//! at least the mark: it is written with the last of them.

use std::time::{Duration, Instant};

use super::block::{Mark, Rows};
use super::core::Core;
use crate::fraud::rings::Slot;
use crate::ledger::types::{MemberKey, Seq};

/// Members sent with one block.
const MEMBERS_A_BLOCK: usize = 4_096;
/// Rings sent with one block.
const RINGS_A_BLOCK: usize = 8_192;
/// The longest a change waits for its round.
const ROUND_EVERY: Duration = Duration::from_secs(15);
/// Records after which a round begins, so that a start after a crash replays few seconds of traffic.
const ROUND_RECORDS: u64 = 1_000_000;

/// The round under way, and when the next one begins.
#[derive(Debug)]
pub(super) struct Checkpoint {
    members: Vec<MemberKey>,
    rings: Vec<Slot>,
    mark: Option<Mark>,
    begun: Instant,
    begun_seq: u64,
    touched_max: usize,
    /// A record that the rows are to reflect soon.
    wanted: u64,
}

impl Checkpoint {
    /// `touched_max` members changed begin a round whatever the time: a small cache must be able to evict.
    pub(super) fn new(touched_max: usize) -> Self {
        let (members, rings) = (Vec::new(), Vec::new());
        Self { members, rings, mark: None, begun: Instant::now(), begun_seq: 0, touched_max, wanted: 0 }
    }

    /// The rows to send with a block; begins a round where it is time for one.
    pub(super) fn some(&mut self, core: &mut Core, idle: bool) -> Rows {
        let many = core.touched() >= self.touched_max || core.seq().get() - self.begun_seq >= ROUND_RECORDS;
        let wanted = self.begun_seq < self.wanted;
        if self.mark.is_none() && (many || wanted || self.begun.elapsed() >= ROUND_EVERY) {
            self.begin(core);
        }
        if idle { self.take(core, usize::MAX, usize::MAX) } else { self.take(core, MEMBERS_A_BLOCK, RINGS_A_BLOCK) }
    }

    /// All rows of the round under way; a further call begins and ends a round of its own.
    pub(super) fn all(&mut self, core: &mut Core) -> Rows {
        if self.mark.is_none() {
            self.begin(core);
        }
        self.take(core, usize::MAX, usize::MAX)
    }

    /// Lets a round begin as soon as it can, so that the rows reflect a record.
    pub(super) fn reach(&mut self, seq: Seq) {
        self.wanted = self.wanted.max(seq.get());
    }

    /// True while a round is under way.
    pub(super) const fn is_running(&self) -> bool {
        self.mark.is_some()
    }

    fn begin(&mut self, core: &mut Core) {
        self.begun = Instant::now();
        self.begun_seq = core.seq().get();
        self.members = core.take_touched();
        self.rings = core.rings.take_touched(core.seq());
        let (programs, rollouts) = (core.state.programs.clone(), core.state.rollouts.clone());
        self.mark = Some(Mark {
            seq: core.seq(),
            now: core.state.now,
            programs,
            rollouts,
            desk: core.state.desk.take_touched(),
        });
    }

    fn take(&mut self, core: &Core, members: usize, rings: usize) -> Rows {
        let mut rows = Rows::default();
        if self.mark.is_none() {
            return rows;
        }
        let from = self.members.len().saturating_sub(members);
        for key in self.members.drain(from..) {
            let member = core.state.member(&key).expect("a changed member stays in memory until its row is written");
            rows.members.push((key, std::sync::Arc::clone(member)));
        }
        let from = self.rings.len().saturating_sub(rings);
        for slot in self.rings.drain(from..) {
            let ring = core.rings.ring(slot).expect("a changed ring stays in memory until its row is written");
            let key = core.rings.key(slot).expect("a ring has a key");
            rows.rings.push((key.clone(), ring.clone()));
        }
        if self.members.is_empty() && self.rings.is_empty() {
            rows.mark = self.mark.take();
        }
        rows
    }
}

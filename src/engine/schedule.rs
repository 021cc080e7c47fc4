//! Time as an input: what falls due is recorded in due order, at its due time, once, however long the daemon was off.
//!
//! The store's due rows say who may have something due; the member says what. Rows may be stale, never missing, as of the
//! projector's mark; members an event touches are settled before it, so a row that is still to be written is never waited for.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Error;
use super::block::{Open, Release};
use super::pipeline::Pipeline;
use super::sweep::Sweep;
use crate::fraud::Seen;
use crate::ledger::decide::{is_due, next_due};
use crate::ledger::record::Record;
use crate::ledger::types::{MemberKey, TimeMs};

/// Due rows read at once: at most so many with a block of traffic.
const DUE_ROWS_MAX: usize = 1_024;
/// How often due rows are looked for while the system's clock runs.
const SCHEDULE_EVERY: Duration = Duration::from_secs(1);
/// Changes of members that are remembered between moves of the clock.
const UNWRITTEN_MAX: usize = 1_000_000;

/// Members by when something falls due for them, the earliest first.
pub(super) type Falling = BinaryHeap<Reverse<(TimeMs, MemberKey)>>;

/// How far the engine is with what time brings.
#[derive(Debug)]
pub(super) struct Agenda {
    /// Programs whose members are looked at because other rules decide for them.
    pub(super) sweeps: Vec<Sweep>,
    /// The due row read last, where more come after it.
    read: Option<(TimeMs, MemberKey)>,
    looked: Instant,
    /// Where the clock is moved by hand: what is due beside the due rows. Nothing before the first move.
    unwritten: Option<Unwritten>,
}

/// Members changed since all rows were written last, so that a move of the clock need not wait for their rows.
#[derive(Debug, Default)]
struct Unwritten {
    /// Changed since the latest move.
    changed: Vec<MemberKey>,
    /// When something was to fall due for those changed before it. May be stale, as due rows may.
    falling: Falling,
}

impl Agenda {
    pub(super) fn new() -> Self {
        Self { sweeps: Vec::new(), read: None, looked: Instant::now(), unwritten: None }
    }

    /// Notes whom records change, where the clock is moved by hand. Where they become too many, the next move waits for rows.
    pub(super) fn note_changed(&mut self, records: &[Record]) {
        let Some(unwritten) = &mut self.unwritten else { return };
        let parties =
            records.iter().flat_map(|record| record.parties.iter().map(|party| (record.program, &party.member)));
        unwritten.changed.extend(parties.map(|(program, id)| MemberKey { program, id: id.clone() }));
        if unwritten.changed.len() + unwritten.falling.len() > UNWRITTEN_MAX {
            self.unwritten = None;
        }
    }
}

impl Pipeline {
    /// How long the engine waits for something to do.
    pub(super) fn patience(&self) -> Duration {
        if self.agenda.read.is_some() || self.can_sweep() { Duration::ZERO } else { SCHEDULE_EVERY }
    }

    /// Does a bounded part of what time brings: looks at members for whom other rules decide, then records what is due.
    pub(super) fn tend(&mut self, block: &mut Open, now: TimeMs, idle: bool) -> Result<(), Error> {
        if self.can_sweep() {
            self.sweep()?;
        }
        let wanted = idle || self.agenda.read.is_some() || self.agenda.looked.elapsed() >= SCHEDULE_EVERY;
        if wanted && self.agenda.sweeps.is_empty() {
            self.agenda.looked = Instant::now();
            self.run_due(block, (now, now), &mut Falling::new())?;
        }
        Ok(())
    }

    /// Records now what is due by an instant for those who are `falling` and among the next due rows, in due order. True where
    /// there may be more; those who are due after the rows read stay among the falling.
    pub(super) fn run_due(
        &mut self,
        block: &mut Open,
        (by, now): (TimeMs, TimeMs),
        falling: &mut Falling,
    ) -> Result<bool, Error> {
        let rows = self.shared.store.due_until(self.agenda.read.as_ref(), by, DUE_ROWS_MAX)?;
        self.agenda.read = rows.last().filter(|_| rows.len() == DUE_ROWS_MAX).cloned();
        // What falls due after the last row read waits for the rows between, so that due order holds across reads.
        let until = self.agenda.read.as_ref().map_or(by, |(at, _)| *at);
        let keys = rows.iter().map(|(_, key)| key).chain(falling.iter().map(|Reverse((_, key))| key));
        self.cache.fetch_members(&mut self.core, &self.shared.store, keys.cloned())?;
        for (_, key) in &rows {
            self.note_falling(key, by, falling);
        }
        block.due_seen.extend(rows);
        while falling.peek().is_some_and(|Reverse((at, _))| *at <= until) {
            let Some(Reverse((at, key))) = falling.pop() else { break };
            if self.next_due_of(&key) == Some(at) && self.settle_once(block, &key, now) {
                self.note_falling(&key, by, falling);
            }
        }
        Ok(self.agenda.read.is_some())
    }

    /// Moves the clock, and records what is due by then. Its answer comes when that is on disk.
    pub(super) fn set_clock(
        &mut self,
        block: &mut Open,
        to: TimeMs,
        reply: oneshot::Sender<Result<(), String>>,
    ) -> Result<(), Error> {
        let result = self.shared.clock.set(to);
        if result.is_ok() {
            let now = self.now();
            self.activate_planned(block, now)?;
            self.agenda.note_changed(&block.records);
            if self.agenda.unwritten.is_none() || !self.agenda.sweeps.is_empty() {
                // From here on due rows are complete, but for those who change from here on.
                self.barrier(std::mem::take(block))?;
                self.finish_sweeps()?;
                self.agenda.unwritten = Some(Unwritten::default());
            }
            let mut falling = self.fallen(now);
            self.agenda.read = None;
            while self.run_due(block, (now, now), &mut falling)? {
                let rows = self.checkpoint.some(&mut self.core, true);
                self.send(std::mem::take(block), rows, None)?;
            }
        }
        block.releases.push(Release::Clock { reply, result });
        Ok(())
    }

    /// Who may have something due by an instant of those whose rows may not be written.
    fn fallen(&mut self, by: TimeMs) -> Falling {
        let mut fallen = Falling::new();
        let Some(mut unwritten) = self.agenda.unwritten.take() else { return fallen };
        for key in unwritten.changed.drain(..) {
            unwritten.falling.extend(self.next_due_of(&key).map(|at| Reverse((at, key))));
        }
        while unwritten.falling.peek().is_some_and(|Reverse((at, _))| *at <= by) {
            fallen.extend(unwritten.falling.pop());
        }
        self.agenda.unwritten = Some(unwritten);
        fallen
    }

    fn note_falling(&self, key: &MemberKey, by: TimeMs, falling: &mut Falling) {
        falling.extend(self.next_due_of(key).filter(|at| *at <= by).map(|at| Reverse((at, key.clone()))));
    }

    /// Records now all that falls due before an instant, by the versions that decide until then: in blocks of its own, or `whole`
    /// in this one.
    pub(super) fn settle_before(
        &mut self,
        block: &mut Open,
        (at, now): (TimeMs, TimeMs),
        whole: bool,
    ) -> Result<(), Error> {
        self.finish_sweeps()?;
        let (before, mark) = (at.plus_ms(-1), self.shared.mark());
        // Of members changed since the mark rows may be on their way; those members are all in memory.
        let changed = self.core.state.members.iter().filter(|(_, member)| member.last > mark);
        let mut falling = Falling::new();
        for (key, _) in changed.filter(|(key, _)| self.is_due(key, before)) {
            self.note_falling(key, before, &mut falling);
        }
        self.agenda.read = None;
        while self.run_due(block, (before, now), &mut falling)? {
            if !whole {
                let rows = self.checkpoint.some(&mut self.core, true);
                self.send(std::mem::take(block), rows, None)?;
            }
        }
        Ok(())
    }

    /// Records everything due for a member by `now`.
    pub(super) fn settle(&mut self, block: &mut Open, key: &MemberKey, now: TimeMs) {
        while self.is_due(key, now) && self.settle_once(block, key, now) {}
    }

    fn settle_once(&mut self, block: &mut Open, key: &MemberKey, now: TimeMs) -> bool {
        let Some(mut record) = self.core.due(key, now) else { return false };
        self.core.apply(&mut record, &Seen::default());
        block.records.push(record);
        true
    }

    fn is_due(&self, key: &MemberKey, now: TimeMs) -> bool {
        let Some(member) = self.core.state.member(key) else { return false };
        is_due(member, &self.core.deciding_for(key.program, &key.id, None).terms, now)
    }

    fn next_due_of(&self, key: &MemberKey) -> Option<TimeMs> {
        let member = self.core.state.member(key)?;
        next_due(member, &self.core.deciding_for(key.program, &key.id, None).terms)
    }
}

//! Time as an input: what falls due is recorded in due order, at its due time, once, however long the daemon was off.
//!
//! The store's due rows say who may have something due; the member says what. Rows may be stale, never missing, as of the
//! projector's mark; members an event touches are settled before it, so a row that is still to be written is never waited for.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::block::Open;
use super::pipeline::Pipeline;
use crate::fraud::Seen;
use crate::ledger::decide::{is_due, next_due};
use crate::ledger::types::{MemberKey, TimeMs};

/// Due rows read at once.
const DUE_ROWS_MAX: usize = 4_096;

impl Pipeline {
    /// Records what is due by `now` among the first due rows, in due order. True where there may be more.
    pub(super) fn run_due(&mut self, block: &mut Open, now: TimeMs) -> Result<bool, super::Error> {
        let rows = self.shared.store.due_until(now, DUE_ROWS_MAX)?;
        let more = rows.len() == DUE_ROWS_MAX;
        // What falls due after the last row read waits for the rows between, so that due order holds across reads.
        let until = rows.last().filter(|_| more).map_or(now, |(at, _)| *at);
        self.cache.fetch_members(&mut self.core, &self.shared.store, rows.iter().map(|(_, key)| key.clone()))?;
        let mut heap: BinaryHeap<Reverse<(TimeMs, MemberKey)>> = BinaryHeap::with_capacity(rows.len());
        for (_, key) in &rows {
            heap.extend(self.next_due_of(key).map(|at| Reverse((at, key.clone()))));
        }
        block.due_seen.extend(rows);
        while let Some(Reverse((at, key))) = heap.pop() {
            if at > until || self.next_due_of(&key) != Some(at) {
                continue;
            }
            if self.settle_once(block, &key, now) {
                heap.extend(self.next_due_of(&key).map(|next| Reverse((next, key))));
            }
        }
        Ok(more)
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

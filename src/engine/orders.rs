//! The orders that refunds are about: found in the block in the making, in blocks on their way to the disk, or in the journal.
//!
//! It finds records and brings their members into memory; what goes back is decided by the ledger alone.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use super::Error;
use super::block::Open;
use super::pipeline::Pipeline;
use super::reads;
use crate::fraud::Seen;
use crate::ledger::decide::Subject;
use crate::ledger::event::{Event, EventKind};
use crate::ledger::record::Record;
use crate::ledger::types::{MemberKey, ProgramId, Seq, Text, TimeMs};
use crate::store::Store;

/// Sealed blocks until they are on disk. Whoever holds their records lets go only then, so none is kept alive by this.
#[derive(Debug, Default)]
pub(super) struct Flight {
    blocks: VecDeque<(Seq, Weak<Vec<Record>>)>,
}

impl Flight {
    /// Notes a sealed block, and forgets those that have arrived.
    pub(super) fn add(&mut self, records: &Arc<Vec<Record>>) {
        while self.blocks.front().is_some_and(|(_, block)| block.strong_count() == 0) {
            self.blocks.pop_front();
        }
        if let Some(first) = records.first() {
            self.blocks.push_back((first.seq, Arc::downgrade(records)));
        }
    }

    fn find(&self, seq: Seq) -> Option<Record> {
        let at = self.blocks.partition_point(|(first, _)| *first <= seq).checked_sub(1)?;
        let (_, block) = self.blocks.get(at)?;
        of_block(&block.upgrade()?, seq)
    }
}

fn of_block(records: &[Record], seq: Seq) -> Option<Record> {
    let first = records.first()?.seq;
    let at = usize::try_from(seq.get().checked_sub(first.get())?).ok()?;
    records.get(at).cloned()
}

/// A record wherever it is.
fn read(block: &Open, flight: &Flight, store: &Store, seq: Seq) -> Result<Record, Error> {
    if let Some(record) = of_block(&block.records, seq).or_else(|| flight.find(seq)) {
        return Ok(record);
    }
    reads::one(store, seq)
}

impl Pipeline {
    /// The order that a refund names, with everyone whom it touched in memory and settled by `now`. `None` for other events,
    /// and where the member has no such order.
    pub(super) fn order_of(
        &mut self,
        block: &mut Open,
        program: ProgramId,
        event: &Event,
        now: TimeMs,
    ) -> Result<Option<Subject>, Error> {
        let Some(last) = self.core.member(program, &event.member).map(|member| member.last) else { return Ok(None) };
        if event.kind != EventKind::Refund {
            return Ok(None);
        }
        let shared = Arc::clone(&self.shared);
        let found = Subject::find(&event.member, last, event.order(), &mut |seq| {
            read(block, &self.flight, &shared.store, seq)
        })?;
        let Some(mut subject) = found else { return Ok(None) };
        for other in subject.others().cloned().collect::<Vec<Text>>() {
            let key = MemberKey { program, id: other };
            self.cache.fetch_members(&mut self.core, &shared.store, std::iter::once(key.clone()))?;
            self.settle(block, &key, now);
            let Some(last) = self.core.state.member(&key).map(|member| member.last) else { continue };
            subject.follow(&key.id, last, &mut |seq| read(block, &self.flight, &shared.store, seq))?;
        }
        Ok(Some(subject))
    }

    /// What became of a record and of what it gave, so far. Everyone it touches is in memory.
    pub(super) fn life_of(&mut self, block: &Open, of: Record) -> Result<Subject, Error> {
        let (program, shared) = (of.program, Arc::clone(&self.shared));
        let last = |id: &Text| self.core.member(program, id).map(|member| member.last);
        Subject::of_record(of, last, &mut |seq| read(block, &self.flight, &shared.store, seq))
    }

    /// Does the refunds that waited for an order that was recorded just now.
    pub(super) fn find_awaited(&mut self, block: &mut Open, order_at: usize, now: TimeMs) {
        let mut found = 0;
        loop {
            let Some((order, done)) = block.records.get(order_at..).and_then(<[Record]>::split_first) else { return };
            let refunds = done.get(..found).unwrap_or_default();
            let Some(mut record) = self.core.awaited(order, refunds, now) else { return };
            self.core.apply(&mut record, &Seen::default());
            block.records.push(record);
            found += 1;
        }
    }
}

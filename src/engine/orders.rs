//! The orders that refunds are about: found in the block in the making, in blocks on their way to the disk, or in the journal.
//!
//! It finds records and brings their members into memory; what goes back is decided by the ledger alone.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use hashbrown::HashMap;

use super::Error;
use super::block::Open;
use super::pipeline::Pipeline;
use super::reads;
use crate::fraud::Seen;
use crate::ledger::decide::{Past, Subject};
use crate::ledger::event::{Event, EventKind};
use crate::ledger::record::Record;
use crate::ledger::taint::Taint;
use crate::ledger::types::{MemberKey, ProgramId, Seq, Text, TimeMs};
use crate::limits::PAST_ORDERS_MAX;
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

/// The pasts of members whose refunds named orders they do not have, so that a history is walked once for all of them.
#[derive(Debug, Default)]
pub(super) struct Pasts {
    members: HashMap<MemberKey, Past>,
    /// In all of them.
    orders: usize,
}

impl Pasts {
    fn take(&mut self, key: &MemberKey) -> Past {
        let past = self.members.remove(key).unwrap_or_default();
        self.orders -= past.len();
        past
    }

    /// Keeps a past where there is anything in it, in place of others beyond the limit.
    fn keep(&mut self, key: MemberKey, past: Past) {
        if past.is_empty() {
            return;
        }
        self.orders += past.len();
        self.members.insert(key, past);
        while self.orders > PAST_ORDERS_MAX {
            let Some(any) = self.members.keys().next().cloned() else { return };
            self.take(&any);
        }
    }
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
        let key = MemberKey { program, id: event.member.clone() };
        let mut past = self.pasts.take(&key);
        let found = Subject::find(&event.member, last, event.order(), &mut past, &mut |seq| {
            read(block, &self.flight, &shared.store, seq)
        })?;
        self.pasts.keep(key, past);
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

    /// What became of records of a program and of what they gave, so far. Everyone they touch is in memory.
    pub(super) fn lives_of(
        &self,
        block: &Open,
        program: ProgramId,
        records: Vec<Record>,
    ) -> Result<Vec<Subject>, Error> {
        let last = |id: &Text| self.core.member(program, id).map(|member| member.last);
        let shared = &self.shared;
        Subject::of_records(records, last, &mut |seq| read(block, &self.flight, &shared.store, seq))
    }

    /// Where the points that records gave are by now, with everyone to whom they went in memory and settled by then.
    pub(super) fn taint_of(
        &mut self,
        block: &mut Open,
        program: ProgramId,
        records: &[Record],
        now: TimeMs,
    ) -> Result<Taint, Error> {
        let mut taint = Taint::of(records.iter());
        let shared = Arc::clone(&self.shared);
        while let Some(id) = taint.wants() {
            let key = MemberKey { program, id };
            self.cache.fetch_members(&mut self.core, &shared.store, std::iter::once(key.clone()))?;
            self.settle(block, &key, now);
            let member = self.core.state.member(&key).map(AsRef::as_ref);
            taint.load(&key.id, member, &mut |seq| read(block, &self.flight, &shared.store, seq))?;
        }
        Ok(taint)
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

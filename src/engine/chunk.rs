//! The work of a block, a chunk at a time: what the chunk touches is fetched, its rules are evaluated ahead where that cannot
//! change what comes out, and its items are decided and applied one after the other, in order of arrival.
//!
//! The outcome is the same as one at a time, however the queue was cut into blocks and chunks: what was evaluated ahead counts
//! only where the member is still as it was when the chunk began.

use std::sync::Arc;

use super::Error;
use super::ahead::{Ahead, Asked, GROUP};
use super::block::{Open, Release};
use super::cache::Cache;
use super::core::About;
use super::handle::{Command, Item, JobAnswers, Pending};
use super::pipeline::Pipeline;
use super::touched::{Touched, named, payee};
use crate::fraud::Seen;
use crate::fraud::rings::RingKey;
use crate::ledger::event::EventKind;
use crate::ledger::proposal::Proposal;
use crate::ledger::record::{Effect, Record};
use crate::ledger::types::{MemberKey, ProgramId, Seq, TimeMs};
use tokio::sync::oneshot;

/// Chunks with fewer rules to run than this are evaluated on the engine thread: telling others costs more than it saves.
const AHEAD_MIN: usize = 64;

/// Items fetched and done together: what they touch fits near the processor.
const CHUNK: usize = 160;

/// A job of a block: where its answers go, and its items.
pub(super) struct Job {
    pub(super) program: ProgramId,
    pub(super) items: Vec<Item>,
    pub(super) reply: oneshot::Sender<JobAnswers>,
}

/// A chunk's items, with what was found out about them before their turns.
struct Chunk<'a> {
    items: &'a [(ProgramId, &'a Item)],
    seen: Vec<Seen>,
    /// The records before the chunk that already hold the items' keys.
    known: Vec<Option<Seq>>,
    now: TimeMs,
    /// Members whose latest record is not after this one are as they were when the chunk began, and settled.
    base: Seq,
}

impl Pipeline {
    /// Does all jobs of a block.
    pub(super) fn work(&mut self, block: &mut Open, jobs: Vec<Job>, now: TimeMs) -> Result<(), Error> {
        if jobs.is_empty() {
            return Ok(());
        }
        let flat: Vec<(ProgramId, &Item)> =
            jobs.iter().flat_map(|job| job.items.iter().map(move |item| (job.program, item))).collect();
        let mut results: Vec<Pending> = Vec::with_capacity(flat.len());
        block.records.reserve(flat.len());
        // What a chunk touches is still near the processor when its turn comes.
        for chunk in flat.chunks(CHUNK) {
            self.chunk(block, chunk, now, &mut results)?;
        }
        let mut results = results.into_iter();
        for Job { items, reply, .. } in jobs {
            let pending = results.by_ref().take(items.len()).collect();
            block.releases.push(Release::Work { reply, pending, items });
        }
        Ok(())
    }

    fn chunk(
        &mut self,
        block: &mut Open,
        items: &[(ProgramId, &Item)],
        now: TimeMs,
        results: &mut Vec<Pending>,
    ) -> Result<(), Error> {
        let seen = self.prefetch(items)?;
        let known = self.known_keys(items)?;
        let first = self.settle_chunk(block, items, &known, now);
        let chunk = Chunk { items, seen, known, now, base: self.core.seq() };
        let ahead = self.ask_ahead(items, &first);
        let mut proposals = Vec::new();
        for index in 0..items.len() {
            if index % GROUP == 0 {
                proposals = ahead.as_ref().map_or_else(Vec::new, |ahead| ahead.take(index / GROUP));
            }
            let proposal = proposals.get_mut(index % GROUP).and_then(Option::take);
            results.push(self.turn_of(block, &chunk, index, proposal)?);
        }
        if !self.failing.is_empty() {
            self.roll_back_failing(block)?;
        }
        Ok(())
    }

    /// Records what is due for everyone a chunk touches. Says which items are the first to touch their members.
    fn settle_chunk(
        &mut self,
        block: &mut Open,
        items: &[(ProgramId, &Item)],
        known: &[Option<Seq>],
        now: TimeMs,
    ) -> Vec<bool> {
        let mut touched = Touched::with_capacity(items.len());
        let mut first = Vec::with_capacity(items.len());
        for ((program, item), known) in items.iter().zip(known) {
            if known.is_some() {
                first.push(false);
                continue;
            }
            let [one, two] = named(*program, &item.command);
            let all = [one, two, payee(&self.core, *program, &item.command)];
            first.push(touched.admit(&self.core, all.iter().flatten()));
            for key in all.iter().flatten() {
                self.settle(block, key, now);
            }
        }
        first
    }

    /// Hands the evaluations that need not wait for their turn to the helpers, where there are enough of them.
    fn ask_ahead(&self, items: &[(ProgramId, &Item)], first: &[bool]) -> Option<Arc<Ahead>> {
        let rules = items.iter().filter(|(_, item)| matches!(item.command, Command::Event(_))).count();
        if rules < AHEAD_MIN || !self.helpers.are_any() {
            return None;
        }
        let asked = items.iter().zip(first).map(|((program, item), first)| match &item.command {
            Command::Event(event) if *first => Some(Asked {
                compiled: Arc::clone(self.core.deciding(*program, &item.command)),
                event: Arc::clone(event),
                member: self.core.member(*program, &event.member).cloned(),
            }),
            _ => None,
        });
        let ahead = Arc::new(Ahead::new(asked));
        self.helpers.tell(&ahead);
        Some(ahead)
    }

    /// One item's turn. A proposal made ahead is taken where its member has not changed since.
    fn turn_of(
        &mut self,
        block: &mut Open,
        chunk: &Chunk<'_>,
        index: usize,
        proposal: Option<Proposal>,
    ) -> Result<Pending, Error> {
        let (program, item) = *chunk.items.get(index).expect("a turn for each item");
        let seen = chunk.seen.get(index).expect("one an item");
        let known = chunk.known.get(index).copied().flatten();
        // The record that holds the key may be of this very chunk.
        if let Some(first) = known.or_else(|| item.key.and_then(|key| self.recent.get(&key).copied())) {
            return Ok(Pending::Replayed(first));
        }
        let unchanged = |member: Option<&MemberKey>| {
            member.and_then(|key| self.core.state.member(key)).is_none_or(|member| member.last <= chunk.base)
        };
        let [one, two] = named(program, &item.command);
        let all = [one, two, payee(&self.core, program, &item.command)];
        let proposal = proposal.filter(|_| unchanged(all.first().and_then(Option::as_ref)));
        if !all.iter().all(|key| unchanged(key.as_ref())) {
            for key in all.iter().flatten() {
                self.settle(block, key, chunk.now);
            }
        }
        let proposal = proposal.unwrap_or_else(|| self.core.propose(program, &item.command));
        let (mut order, mut earlier) = (None, None);
        self.fetch_friends(program, &item.command)?;
        match &item.command {
            Command::Event(event) if event.kind == EventKind::Refund => {
                order = self.order_of(block, program, event, chunk.now)?;
            }
            Command::Act(act, _) => earlier = Some(self.earlier(block, program, act, chunk.now)?),
            _ => {}
        }
        let about = About { now: chunk.now, seen, order: order.as_ref(), earlier: earlier.as_ref() };
        Ok(match self.core.decide_about(program, &item.command, proposal, about) {
            Err(reject) => Pending::Rejected(reject),
            Ok(mut record) => {
                self.note_versions(&item.command, &record, about);
                self.core.apply(&mut record, seen);
                self.note_enrolled(&record);
                if let Some(key) = item.key {
                    self.recent.insert(key, record.seq);
                    self.recent_order.push_back((record.seq, key));
                    block.keys.push((key, record.seq.get()));
                }
                self.note_latest(block, &record);
                block.records.push(record);
                let at = block.records.len() - 1;
                self.find_awaited(block, at, chunk.now);
                Pending::Recorded(at)
            }
        })
    }

    /// Notes how the version that decided an event does, and what the shadow would have done.
    fn note_versions(&mut self, command: &Command, record: &Record, about: About<'_>) {
        let Command::Event(_) = command else { return };
        let program = record.program;
        let events = self.tallies.note(record);
        if !record.faults.is_empty() {
            let limit = self.core.deciding(program, command).error_limit();
            if self.watch.failed(record, events, limit) {
                self.failing.push((program, record.ruleset));
            }
        }
        if let Some(shadow) = self.core.shadow(program) {
            let would = self.core.decide_as(shadow, program, command, about);
            self.tallies.note_shadow(shadow.version(), record, would.as_ref(), about.now);
        }
    }

    fn note_enrolled(&mut self, record: &Record) {
        if let (Some(Effect::Enroll { .. }), Some(party)) = (record.effects.first(), record.parties.first()) {
            self.cache.note_enrolled(MemberKey { program: record.program, id: party.member.clone() });
        }
    }

    /// Brings everyone and every ring that the commands may touch into memory, and near the processor; says where each
    /// command's rings are.
    pub(super) fn prefetch(&mut self, items: &[(ProgramId, &Item)]) -> Result<Vec<Seen>, Error> {
        let store = &self.shared.store;
        let members: Vec<MemberKey> =
            items.iter().flat_map(|(program, item)| named(*program, &item.command)).flatten().collect();
        self.core.begin(&members);
        self.cache.fetch_members(&mut self.core, store, members.into_iter())?;
        self.core.warm(items.iter().map(|(program, item)| (*program, &item.command)));
        let core = &self.core;
        let payees: Vec<_> = items.iter().filter_map(|(program, item)| payee(core, *program, &item.command)).collect();
        self.cache.fetch_members(&mut self.core, store, payees.into_iter())?;
        let core = &self.core;
        let keys = |(program, item): &(ProgramId, &Item)| {
            core.rings_of(&core.deciding(*program, &item.command).terms, *program, &item.command)
        };
        let rings: Vec<Vec<RingKey>> = items.iter().map(keys).collect();
        self.core.rings.begin(rings.iter().flatten());
        Cache::fetch_rings(&mut self.core, store, rings.iter().flatten())?;
        let seen: Vec<Seen> = rings.into_iter().map(|keys| self.core.rings.look_up(keys)).collect();
        self.core.rings.warm(&seen);
        Ok(seen)
    }

    /// The records before the chunk that already hold the items' keys.
    fn known_keys(&self, items: &[(ProgramId, &Item)]) -> Result<Vec<Option<Seq>>, Error> {
        let keys: Vec<[u8; 16]> = items.iter().filter_map(|(_, item)| item.key).collect();
        let mut found = self.shared.store.key_seqs(&keys)?.into_iter();
        let mut known = |key: [u8; 16]| {
            let stored = found.next().flatten().map(Seq::new);
            self.recent.get(&key).copied().or(stored)
        };
        Ok(items.iter().map(|(_, item)| item.key.and_then(&mut known)).collect())
    }
}

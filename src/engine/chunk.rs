//! The work of a block, a chunk at a time: what the chunk touches is fetched, its rules are evaluated ahead where that cannot
//! change what comes out, and its items are decided and applied one after the other, in order of arrival.
//!
//! A chunk begins before the turns of the one before it, so that helpers have found out what can be known ahead by its own
//! turns. The outcome is the same as one at a time, however the queue was cut into blocks and chunks: what was evaluated ahead
//! counts only where the member is still as it was when the chunk began.

use std::borrow::Cow;
use std::sync::Arc;

use super::Error;
use super::ahead::{Ahead, Asked, GROUP, Keys};
use super::block::{Open, Release};
use super::cache::Cache;
use super::core::About;
use super::handle::{Command, JobAnswers, Pending};
use super::item::Item;
use super::pipeline::Pipeline;
use super::touched::{Touched, named, payee};
use crate::fraud::{Needed, Seen};
use crate::ledger::event::EventKind;
use crate::ledger::proposal::Proposal;
use crate::ledger::record::{Effect, Record};
use crate::ledger::types::{MemberKey, ProgramId, Seq, TimeMs};
use tokio::sync::oneshot;

/// Of smaller chunks the engine thread finds out everything itself: telling others costs more than it saves.
const AHEAD_MIN: usize = 32;

/// Rings that a purchase is counted in, about: room for them is made at once.
const RINGS_TYPICAL: usize = 8;

/// Items fetched and done together: what two chunks touch fits near the processor.
const CHUNK: usize = 48;

/// A job of a block: where its answers go, and its items.
pub(super) struct Job {
    pub(super) program: ProgramId,
    pub(super) items: Vec<Item>,
    pub(super) reply: oneshot::Sender<JobAnswers>,
}

/// A chunk that has begun: its items, with what is found out about them before their turns.
struct Chunk<'a> {
    items: &'a [(ProgramId, &'a Item)],
    seen: Vec<Seen>,
    ahead: Arc<Ahead>,
    now: TimeMs,
    /// Members whose latest record is not after this one are as they were when their rings were looked up.
    fetched: Seq,
    /// Members whose latest record is not after this one are as they were when the chunk began, and settled.
    base: Seq,
}

impl Pipeline {
    /// Does all jobs of a block.
    pub(super) fn work(&mut self, block: &mut Open, jobs: Vec<Job>, now: TimeMs) -> Result<(), Error> {
        if jobs.is_empty() {
            return Ok(());
        }
        let mut flat: Vec<(ProgramId, &Item)> = Vec::with_capacity(jobs.iter().map(|job| job.items.len()).sum());
        for job in &jobs {
            flat.extend(job.items.iter().map(|item| (job.program, item)));
        }
        let mut results: Vec<Pending> = Vec::with_capacity(flat.len());
        block.records.reserve(flat.len());
        // What a chunk touches is still near the processor when its turn comes.
        let mut chunks = flat.chunks(CHUNK);
        let mut next = chunks.next().map(|items| self.begin(block, items, now)).transpose()?;
        while let Some(chunk) = next.take() {
            // Nothing that others do meanwhile can make a key known that is not: rows of keys are let go of between blocks.
            chunk.ahead.known()?;
            let coming = chunks.next();
            next = coming.map(|items| self.begin(block, items, now)).transpose()?;
            self.turns(block, &chunk, &mut results)?;
            if !self.failing.is_empty() {
                self.roll_back_failing(block)?;
                // What was found out ahead was by rules that may be in force no longer.
                next = coming.map(|items| self.begin(block, items, now)).transpose()?;
            }
        }
        let mut results = results.into_iter();
        for Job { items, reply, .. } in jobs {
            let pending = results.by_ref().take(items.len()).collect();
            block.releases.push(Release::Work { reply, pending, items });
        }
        Ok(())
    }

    /// Brings what a chunk touches into memory, records what is due for everyone it touches, and has found out ahead what
    /// can be.
    fn begin<'a>(
        &mut self,
        block: &mut Open,
        items: &'a [(ProgramId, &'a Item)],
        now: TimeMs,
    ) -> Result<Chunk<'a>, Error> {
        let fetched = self.core.seq();
        let seen = self.prefetch(items, now)?;
        let first = self.settle_chunk(block, items, now);
        let ahead = Arc::new(self.ahead_of(items, &first));
        // Keys alone are found as fast as anybody is told.
        let rules = items.iter().filter(|(_, item)| matches!(item.command, Command::Event(_))).count();
        if rules >= AHEAD_MIN {
            self.helpers.tell(&ahead);
        }
        Ok(Chunk { items, seen, ahead, now, fetched, base: self.core.seq() })
    }

    fn turns(&mut self, block: &mut Open, chunk: &Chunk<'_>, results: &mut Vec<Pending>) -> Result<(), Error> {
        let mut proposals = Vec::new();
        for index in 0..chunk.items.len() {
            if index % GROUP == 0 {
                proposals = chunk.ahead.take(index / GROUP);
            }
            let proposal = proposals.get_mut(index % GROUP).and_then(Option::take);
            results.push(self.turn_of(block, chunk, index, proposal)?);
        }
        Ok(())
    }

    /// Records what is due for everyone a chunk touches. Says which items are the first to touch their members.
    fn settle_chunk(&mut self, block: &mut Open, items: &[(ProgramId, &Item)], now: TimeMs) -> Vec<bool> {
        let mut touched = Touched::with_capacity(items.len());
        let mut first = Vec::with_capacity(items.len());
        for (program, item) in items {
            let [one, two] = named(*program, &item.command);
            let all = [one, two, payee(&self.core, *program, &item.command)];
            first.push(touched.admit(&self.core, all.iter().flatten()));
            for key in all.iter().flatten() {
                self.settle(block, key, now);
            }
        }
        first
    }

    /// The keys of a chunk, and the evaluations that need not wait for their turn.
    fn ahead_of(&self, items: &[(ProgramId, &Item)], first: &[bool]) -> Ahead {
        let keys = items.iter().map(|(_, item)| item.key).collect();
        let asked = items.iter().zip(first).map(|((program, item), first)| match &item.command {
            Command::Event(event) if *first => Some(Asked {
                compiled: Arc::clone(self.core.deciding(*program, &item.command)),
                event: Arc::clone(event),
                member: self.core.member(*program, &event.member).cloned(),
            }),
            _ => None,
        });
        Ahead::new(Some(Keys { store: self.shared.store.clone(), keys }), asked)
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
        let known = chunk.ahead.known()?.get(index).copied().flatten();
        // The record that holds the key may be of this very chunk.
        if let Some(first) = known.or_else(|| item.key.and_then(|key| self.recent.get(&key).copied())) {
            return Ok(Pending::Replayed(first));
        }
        let unchanged = |member: Option<&MemberKey>| {
            member.and_then(|key| self.core.state.member(key)).is_none_or(|member| member.last <= chunk.base)
        };
        let [one, two] = named(program, &item.command);
        let all = [one, two, payee(&self.core, program, &item.command)];
        let is_as_it_was = unchanged(all.first().and_then(Option::as_ref));
        let proposal = proposal.filter(|_| is_as_it_was);
        if !is_as_it_was || !all.iter().skip(1).all(|key| unchanged(key.as_ref())) {
            for key in all.iter().flatten() {
                self.settle(block, key, chunk.now);
            }
        }
        let proposal = proposal.unwrap_or_else(|| self.core.propose(program, &item.command, chunk.now));
        let (mut order, mut earlier) = (None, None);
        if let Some(referrer) = all.last().and_then(Option::as_ref) {
            self.fetch_friends(referrer)?;
        }
        match &item.command {
            Command::Event(event) if event.kind == EventKind::Refund => {
                order = self.order_of(block, program, event, chunk.now)?;
            }
            Command::Act(act, _) => earlier = Some(self.earlier(block, program, act, chunk.now)?),
            _ => {}
        }
        let seen = &*self.seen_at(chunk, index)?;
        let about = About { now: chunk.now, seen, order: order.as_ref(), earlier: earlier.as_ref() };
        Ok(match self.core.decide_about(program, &item.command, proposal, about) {
            Err(reject) => Pending::Rejected(reject),
            Ok(mut record) => {
                self.note_versions(&item.command, &record, about);
                self.fetch_unobserved(&record)?;
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
                self.find_awaited(block, at, chunk.now)?;
                self.watch_rules(block, at, chunk.now);
                Pending::Recorded(at)
            }
        })
    }

    /// The rings of an item. What a member can spend may have changed since they were looked up, and with it which are needed.
    fn seen_at<'a>(&mut self, chunk: &'a Chunk<'_>, index: usize) -> Result<Cow<'a, Seen>, Error> {
        let (program, item) = *chunk.items.get(index).expect("a turn for each item");
        let spender = match &item.command {
            Command::Transfer(transfer, _) => Some(&transfer.from),
            Command::Act(act, _) => Some(&act.member),
            Command::Event(_) | Command::Adjust(..) | Command::Review(_) => None,
        };
        let member = spender.and_then(|id| self.core.member(program, id));
        if member.is_some_and(|member| member.last > chunk.fetched)
            && self.core.is_sizeable(program, &item.command, chunk.now)
        {
            return Ok(Cow::Owned(self.prefetch(&[(program, item)], chunk.now)?.pop().expect("one an item")));
        }
        Ok(Cow::Borrowed(chunk.seen.get(index).expect("one an item")))
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
    pub(super) fn prefetch(&mut self, items: &[(ProgramId, &Item)], now: TimeMs) -> Result<Vec<Seen>, Error> {
        let store = &self.shared.store;
        let mut members: Vec<MemberKey> = Vec::with_capacity(items.len() * 2);
        members.extend(items.iter().flat_map(|(program, item)| named(*program, &item.command)).flatten());
        self.core.begin(&members);
        self.cache.fetch_members(&mut self.core, store, members.into_iter())?;
        self.core.warm(items.iter().map(|(program, item)| (*program, &item.command)));
        let core = &self.core;
        let payees: Vec<_> = items.iter().filter_map(|(program, item)| payee(core, *program, &item.command)).collect();
        self.cache.fetch_members(&mut self.core, store, payees.into_iter())?;
        let mut keys: Vec<Needed> = Vec::with_capacity(items.len() * RINGS_TYPICAL);
        let (mut ends, mut known) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
        for (program, item) in items {
            let version = self.core.deciding(*program, &item.command);
            let sizeable = self.core.is_sizeable(*program, &item.command, now);
            let foreseen = if sizeable { None } else { item.take_needed(version) };
            let about = (*program, &item.command);
            known.push(self.core.add_rings(&mut keys, &version.terms, about, (foreseen, sizeable)));
            ends.push(keys.len());
        }
        let as_of = self.core.seq();
        let seen = Cache::find_rings(&mut self.core, store, keys, &ends)?;
        let seen = seen.into_iter().zip(known).zip(items).map(|((seen, known), (_, item))| {
            let seen = seen.saying(item.said);
            if known { seen.knowing_all(as_of) } else { seen }
        });
        let seen: Vec<Seen> = seen.collect();
        self.core.rings.warm(&seen);
        Ok(seen)
    }
}

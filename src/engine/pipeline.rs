//! The engine thread: takes what waits as one block, evaluates it wave by wave, decides and applies one at a time, seals.
//!
//! It never syncs and never answers: the committer does, in block order. It never runs a merchant's script outside the
//! budgeted sandbox, and never waits for a client.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel};
use std::time::Duration;

use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;
use tokio::sync::oneshot;

use super::Error;
use super::block::{Open, Release, Rows, Sealed, changed_views};
use super::cache::Cache;
use super::checkpoint::Checkpoint;
use super::core::Core;
use super::handle::{Command, Item, JobAnswers, Pending, Request};
use super::review;
use super::shared::Shared;
use super::waves::{Wave, named, payee};
use crate::fraud::rings::RingKey;
use crate::fraud::{self, Seen};
use crate::ledger::proposal::Proposal;
use crate::ledger::record::{Effect, Record};
use crate::ledger::types::{MemberKey, ProgramId, Seq, TimeMs};
use crate::store::keys::natural_key;

/// Waves smaller than this are evaluated on the engine thread: handing them out costs more than it saves.
const PARALLEL_MIN: usize = 64;
/// How often due rows are looked for while the system's clock runs.
const SCHEDULE_EVERY: Duration = Duration::from_secs(1);

/// Items fetched and done together.
const CHUNK: usize = 512;

/// One item of a wave.
enum Turn {
    Replayed(Seq),
    Propose(usize),
}

/// A job of a block: where its answers go, and its items.
struct Job {
    program: ProgramId,
    items: Vec<Item>,
    reply: oneshot::Sender<JobAnswers>,
}

/// Everything the engine thread owns.
pub(super) struct Pipeline {
    pub(super) core: Core,
    pub(super) cache: Cache,
    pub(super) checkpoint: Checkpoint,
    pub(super) shared: Arc<Shared>,
    pub(super) requests: Receiver<Request>,
    pub(super) blocks: SyncSender<Sealed>,
    pub(super) pool: rayon::ThreadPool,
    /// Natural keys of records whose rows may not be written yet.
    pub(super) recent: HashMap<[u8; 16], Seq>,
    pub(super) recent_order: VecDeque<(Seq, [u8; 16])>,
    /// Members that were read and so are published with every block that changes them.
    pub(super) viewed: HashSet<MemberKey>,
    pub(super) viewed_max: usize,
    /// Events after which a block takes no further request.
    pub(super) block_events: usize,
}

impl Pipeline {
    /// Runs until told to stop, or until the world fails.
    pub(super) fn run(mut self) {
        loop {
            match self.turn() {
                Ok(true) => {}
                Ok(false) => {
                    // Everything is written out, so that the next start replays nothing. A failure is noted where it happens.
                    drop(self.barrier(Open::default()));
                    break;
                }
                Err(error) => {
                    self.shared.fail(error.to_string());
                    break;
                }
            }
        }
    }

    /// One block. False where there will be no more.
    fn turn(&mut self) -> Result<bool, Error> {
        let first = match self.requests.recv_timeout(SCHEDULE_EVERY) {
            Ok(request) => Some(request),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(false),
        };
        let mut block = Open::default();
        let now = self.now();
        let idle = first.is_none();
        if idle {
            self.run_due(&mut block, now)?;
        }
        let mut jobs = Vec::new();
        let mut events = 0;
        let mut going = true;
        let mut next = first;
        while let Some(request) = next {
            match request {
                Request::Work { program, items, reply } => {
                    events += items.len();
                    self.shared.queued.fetch_sub(items.len(), std::sync::atomic::Ordering::AcqRel);
                    jobs.push(Job { program, items, reply });
                }
                Request::Resolve { program, resolution, reply } => {
                    self.work(&mut block, std::mem::take(&mut jobs), self.now())?;
                    self.resolve(&mut block, program, &resolution, reply)?;
                }
                Request::SetClock { now: to, reply } => {
                    self.work(&mut block, std::mem::take(&mut jobs), self.now())?;
                    self.set_clock(&mut block, to, reply)?;
                }
                Request::Stop => {
                    going = false;
                    break;
                }
                other => {
                    self.work(&mut block, std::mem::take(&mut jobs), now)?;
                    self.look_up(&mut block, other)?;
                }
            }
            next = if events < self.block_events { self.requests.try_recv().ok() } else { None };
        }
        self.work(&mut block, jobs, self.now())?;
        if !block.is_empty() || self.checkpoint.is_running() || idle {
            let rows = self.checkpoint.some(&mut self.core, idle);
            self.send(block, rows, None)?;
        }
        Ok(going)
    }

    /// The ledger's time never goes back, whatever the clock does.
    pub(super) fn now(&self) -> TimeMs {
        self.shared.clock.now().max(self.core.state.now)
    }

    /// Hands a block to the committer, with rows for the projector; waits where two are on their way already.
    pub(super) fn send(&mut self, block: Open, mut rows: Rows, barrier: Option<Sender<()>>) -> Result<(), Error> {
        let views = changed_views(&self.core, &block.records, |key| self.viewed.contains(key));
        // A view that no block would renew must not stay; whoever is read again is published again.
        let full = self.viewed.len() > self.viewed_max;
        let forgotten = if full { self.viewed.drain().collect() } else { Vec::new() };
        let Open { records, releases, keys, due_seen } = block;
        (rows.keys, rows.due_seen, rows.keys_until) = (keys, due_seen, self.core.seq());
        let members = self.core.state.programs.iter().map(|program| program.members).sum();
        self.shared.note_applied(self.core.seq(), self.core.state.now, members);
        let written = self.shared.keys_until();
        while let Some((seq, key)) = self.recent_order.front().copied().filter(|(seq, _)| *seq <= written) {
            self.recent_order.pop_front();
            if self.recent.get(&key) == Some(&seq) {
                self.recent.remove(&key);
            }
        }
        let sent = self.blocks.send(Sealed { records: Arc::new(records), releases, views, forgotten, rows, barrier });
        self.cache.evict(&mut self.core, self.shared.mark());
        // A committer that is gone has noted why; its answers are dropped with it.
        sent.map_err(|_| Error::Thread(std::io::Error::other("the committer has stopped")))
    }

    /// Moves the clock, then records and projects what is due until nothing is.
    fn set_clock(
        &mut self,
        block: &mut Open,
        to: TimeMs,
        reply: oneshot::Sender<Result<(), String>>,
    ) -> Result<(), Error> {
        let result = self.shared.clock.set(to);
        if result.is_ok() {
            loop {
                self.barrier(std::mem::take(block))?;
                let more = self.run_due(block, self.now())?;
                if block.is_empty() && !more {
                    break;
                }
            }
        }
        block.releases.push(Release::Clock { reply, result });
        Ok(())
    }

    /// Sends a block and waits until the rows of everything so far are written, so that due rows are complete.
    pub(super) fn barrier(&mut self, block: Open) -> Result<(), Error> {
        if self.checkpoint.is_running() {
            let rows = self.checkpoint.all(&mut self.core);
            self.send(Open::default(), rows, None)?;
        }
        let rows = self.checkpoint.all(&mut self.core);
        let (done, wait) = channel();
        self.send(block, rows, Some(done))?;
        wait.recv().map_err(|_| Error::Thread(std::io::Error::other("the projector has stopped")))
    }

    /// Questions, answered in block order.
    fn look_up(&mut self, block: &mut Open, request: Request) -> Result<(), Error> {
        match request {
            Request::Member { key, reply } => {
                self.cache.fetch_members(&mut self.core, &self.shared.store, std::iter::once(key.clone()))?;
                let member = self.core.state.member(&key).cloned();
                if member.is_some() {
                    self.viewed.insert(key.clone());
                }
                block.releases.push(Release::Member { reply, key, member });
            }
            Request::Find { key, reply } => {
                let found = self.find_key(key)?;
                block.releases.push(Release::Find { reply, found });
            }
            Request::Simulate { program, event, at, reply } => {
                let command = Command::Event(event);
                let seen = self.prefetch(&[(program, &command)])?.pop().unwrap_or_default();
                let (proposal, trace) = self.core.propose_traced(program, &command);
                let at = at.unwrap_or_else(|| self.now());
                let decided = self.core.decide(program, &command, proposal, at, &seen);
                block.releases.push(Release::Simulated { reply, result: Box::new((decided, trace)) });
            }
            Request::Cases { program, filter, reply } => {
                let page = review::page(&self.core, program, &filter);
                block.releases.push(Release::Cases { reply, page });
            }
            Request::Case { program, id, reply } => {
                let found = review::find(&self.core, &self.shared, program, id)?;
                block.releases.push(Release::Cases { reply, page: (found.into_iter().collect(), false) });
            }
            Request::Stats { program, reply } => {
                let stats = review::stats(&self.core, program);
                block.releases.push(Release::Stats { reply, stats });
            }
            Request::Work { .. } | Request::Resolve { .. } | Request::SetClock { .. } | Request::Stop => {}
        }
        Ok(())
    }

    /// The record that holds a natural key.
    pub(super) fn find_key(&self, key: [u8; 16]) -> Result<Option<Seq>, Error> {
        match self.recent.get(&key) {
            Some(seq) => Ok(Some(*seq)),
            None => Ok(self.shared.store.key_seqs(&[key])?.first().copied().flatten().map(Seq::new)),
        }
    }

    /// Notes the natural key of a new record, where it has one.
    pub(super) fn note_key(&mut self, block: &mut Open, record: &Record) {
        if let Some(key) = record.input.natural_key() {
            let key = natural_key(record.program, key.source, key.id);
            self.recent.insert(key, record.seq);
            self.recent_order.push_back((record.seq, key));
            block.keys.push((key, record.seq.get()));
        }
    }

    /// Does all jobs of a block.
    fn work(&mut self, block: &mut Open, jobs: Vec<Job>, now: TimeMs) -> Result<(), Error> {
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
        for job in jobs {
            let pending = results.by_ref().take(job.items.len()).collect();
            block.releases.push(Release::Work { reply: job.reply, pending });
        }
        Ok(())
    }

    /// Fetches what some items touch, then does them wave by wave.
    fn chunk(
        &mut self,
        block: &mut Open,
        items: &[(ProgramId, &Item)],
        now: TimeMs,
        results: &mut Vec<Pending>,
    ) -> Result<(), Error> {
        let commands: Vec<_> = items.iter().map(|(program, item)| (*program, &item.command)).collect();
        let seen = self.prefetch(&commands)?;
        let known = self.known_keys(items)?;
        let mut wave = Wave::default();
        let mut start = 0;
        while start < items.len() {
            wave.clear();
            let mut turns: Vec<Turn> = Vec::new();
            for (index, (program, item)) in items.iter().enumerate().skip(start) {
                let stored = known.get(index).copied().flatten();
                match item.key.and_then(|key| self.recent.get(&key).copied()).or(stored) {
                    Some(first) => turns.push(Turn::Replayed(first)),
                    None if wave.admit(&self.core, *program, &item.command) => turns.push(Turn::Propose(index)),
                    None => break,
                }
            }
            for key in wave.members() {
                self.settle(block, key, now);
            }
            let proposals = self.evaluate(items, &turns);
            for (turn, proposal) in turns.iter().zip(proposals) {
                results.push(match *turn {
                    Turn::Replayed(first) => Pending::Replayed(first),
                    Turn::Propose(index) => {
                        let (program, item) = items.get(index).expect("a turn names an item");
                        self.decide(block, *program, item, proposal, (now, seen.get(index).expect("one an item")))
                    }
                });
            }
            start += turns.len();
        }
        Ok(())
    }

    /// What the rules want for each turn of a wave; nothing for a replay.
    fn evaluate(&self, items: &[(ProgramId, &Item)], turns: &[Turn]) -> Vec<Proposal> {
        let core = &self.core;
        let propose = |turn: &Turn| match turn {
            Turn::Replayed(_) => Proposal::default(),
            Turn::Propose(index) => items
                .get(*index)
                .map_or_else(Proposal::default, |(program, item)| core.propose(*program, &item.command)),
        };
        // Only events have rules to run.
        let is_event = |turn: &&Turn| match turn {
            Turn::Replayed(_) => false,
            Turn::Propose(index) => {
                items.get(*index).is_some_and(|(_, item)| matches!(item.command, Command::Event(_)))
            }
        };
        if turns.iter().filter(is_event).count() < PARALLEL_MIN || self.pool.current_num_threads() == 1 {
            return turns.iter().map(propose).collect();
        }
        self.pool.install(|| turns.par_iter().with_min_len(PARALLEL_MIN / 4).map(propose).collect())
    }

    /// Decides one command and applies what comes of it.
    fn decide(
        &mut self,
        block: &mut Open,
        program: ProgramId,
        item: &Item,
        proposal: Proposal,
        (now, seen): (TimeMs, &Seen),
    ) -> Pending {
        // Two items of one wave can carry the same key for different members.
        if let Some(seq) = item.key.and_then(|key| self.recent.get(&key).copied()) {
            return Pending::Replayed(seq);
        }
        match self.core.decide(program, &item.command, proposal, now, seen) {
            Err(reject) => Pending::Rejected(reject),
            Ok(mut record) => {
                self.core.apply(&mut record, seen);
                self.note_enrolled(&record);
                if let Some(key) = item.key {
                    self.recent.insert(key, record.seq);
                    self.recent_order.push_back((record.seq, key));
                    block.keys.push((key, record.seq.get()));
                }
                block.records.push(record);
                Pending::Recorded(block.records.len() - 1)
            }
        }
    }

    fn note_enrolled(&mut self, record: &Record) {
        if let (Some(Effect::Enroll { .. }), Some(party)) = (record.effects.first(), record.parties.first()) {
            self.cache.note_enrolled(MemberKey { program: record.program, id: party.member.clone() });
        }
    }

    /// Brings everyone and every ring that the commands may touch into memory; says where each command's rings are.
    fn prefetch(&mut self, commands: &[(ProgramId, &Command)]) -> Result<Vec<Seen>, Error> {
        let store = &self.shared.store;
        let members = commands.iter().flat_map(|(program, command)| named(*program, command)).flatten();
        self.cache.fetch_members(&mut self.core, store, members)?;
        let core = &self.core;
        let payees: Vec<_> = commands.iter().filter_map(|(program, command)| payee(core, *program, command)).collect();
        self.cache.fetch_members(&mut self.core, store, payees.into_iter())?;
        let core = &self.core;
        let keys = |(program, command): &(ProgramId, &Command)| {
            fraud::keys_of(&core.compiled(*program).terms, *program, &command.input())
        };
        let rings: Vec<Vec<RingKey>> = commands.iter().map(keys).collect();
        Cache::fetch_rings(&mut self.core, store, rings.iter().flatten())?;
        Ok(rings.into_iter().map(|keys| self.core.rings.look_up(keys)).collect())
    }

    /// The records that already hold the items' keys, as far as the store's rows know.
    fn known_keys(&self, flat: &[(ProgramId, &Item)]) -> Result<Vec<Option<Seq>>, Error> {
        let keys: Vec<[u8; 16]> = flat.iter().filter_map(|(_, item)| item.key).collect();
        let mut found = self.shared.store.key_seqs(&keys)?.into_iter();
        Ok(flat.iter().map(|(_, item)| item.key.and_then(|_| found.next().flatten()).map(Seq::new)).collect())
    }
}

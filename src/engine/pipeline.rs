//! The engine thread: takes what waits as one block, has it done chunk by chunk, seals.
//!
//! It never syncs and never answers: the committer does, in block order. It never runs a merchant's script outside the
//! budgeted sandbox, and never waits for a client.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel};
use std::time::{Duration, Instant};

use hashbrown::{HashMap, HashSet};

use super::Error;
use super::ahead::Helpers;
use super::block::{Open, Release, Rows, Sealed, changed_views};
use super::breaker::Breaker;
use super::cache::Cache;
use super::checkpoint::Checkpoint;
use super::chunk::Job;
use super::core::{About, Core};
use super::handle::{Command, Request};
use super::item::Item;
use super::review;
use super::schedule::Agenda;
use super::shared::Shared;
use super::simulate::Simulated;
use super::tally::{Tallies, Watch};
use crate::ledger::event::Event;
use crate::ledger::record::Record;
use crate::ledger::types::{MemberKey, ProgramId, Seq, TimeMs};
use crate::rules::Compiled;
use crate::store::keys::natural_key;

/// Records of a block up to which it is told with it how versions of rules do.
const TELL_AT_ONCE: usize = 64;
/// How often it is told where blocks are larger.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// Everything the engine thread owns.
pub(super) struct Pipeline {
    pub(super) core: Core,
    pub(super) cache: Cache,
    pub(super) checkpoint: Checkpoint,
    pub(super) shared: Arc<Shared>,
    pub(super) requests: Receiver<Request>,
    pub(super) blocks: SyncSender<Sealed>,
    pub(super) helpers: Helpers,
    /// Natural keys of records whose rows may not be written yet.
    pub(super) recent: HashMap<[u8; 16], Seq>,
    pub(super) recent_order: VecDeque<(Seq, [u8; 16])>,
    /// Blocks that are not on disk yet.
    pub(super) flight: super::orders::Flight,
    /// Which orders some members have.
    pub(super) pasts: super::orders::Pasts,
    /// Reversals and changes of households among them: their records may not be in the journal yet.
    pub(super) latest_records: HashMap<Seq, Arc<Record>>,
    /// Members that were read and so are published with every block that changes them.
    pub(super) viewed: HashSet<MemberKey>,
    pub(super) viewed_max: usize,
    /// How often scripts of each version fail, and versions that failed too often.
    pub(super) watch: Watch,
    pub(super) failing: Vec<(ProgramId, u32)>,
    /// How often fraud rules fire.
    pub(super) breaker: Breaker,
    /// How versions do, and when that was last told.
    pub(super) tallies: Tallies,
    pub(super) tallied: Instant,
    /// How far it is with what time brings.
    pub(super) agenda: Agenda,
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
        let first = match self.requests.recv_timeout(self.patience()) {
            Ok(request) => Some(request),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(false),
        };
        let mut block = Open::default();
        let now = self.now();
        let idle = first.is_none();
        self.activate_planned(&mut block, now)?;
        self.tend(&mut block, now, idle)?;
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

    /// Hands a block to the committer, with rows for the projector; waits while the one before is being synced.
    pub(super) fn send(&mut self, block: Open, mut rows: Rows, barrier: Option<Sender<()>>) -> Result<(), Error> {
        let views = if self.viewed.is_empty() {
            Vec::new()
        } else {
            changed_views(&self.core, &block.records, |key| self.viewed.contains(key))
        };
        // A view that no block would renew must not stay; whoever is read again is published again.
        let full = self.viewed.len() > self.viewed_max;
        let forgotten = if full { self.viewed.drain().collect() } else { Vec::new() };
        if block.records.len() <= TELL_AT_ONCE || self.tallied.elapsed() >= TELL_EVERY {
            self.tallied = Instant::now();
            self.shared.publish_tallies(&self.tallies);
        }
        self.agenda.note_changed(&block.records);
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
            self.latest_records.remove(&seq);
        }
        let records = Arc::new(records);
        self.flight.add(&records);
        let sent = self.blocks.send(Sealed { records, releases, views, forgotten, rows, barrier });
        self.cache.evict(&mut self.core, self.shared.mark());
        // A committer that is gone has noted why; its answers are dropped with it.
        sent.map_err(|_| Error::Thread(std::io::Error::other("the committer has stopped")))
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
            Request::Simulate { program, event, at, version, reply } => {
                let result = Box::new(self.simulate(block, program, &event, at, version)?);
                block.releases.push(Release::Simulated { reply, result });
            }
            Request::Cases { program, filter, reply } => {
                let page = review::page(&self.core, program, &filter);
                block.releases.push(Release::Cases { reply, page });
            }
            Request::Case { program, id, reply } => {
                let found = review::find(&self.core, &self.shared, program, id)?;
                block.releases.push(Release::Cases { reply, page: (found.into_iter().collect(), false) });
            }
            Request::Counters { program, given, single, reply } => {
                let counters = self.counters(program, &given, single)?;
                block.releases.push(Release::Counters { reply, counters });
            }
            Request::Entries { program, reply } => {
                let entries = self.core.state.desk.lists.iter().filter(|entry| entry.program == program).cloned();
                block.releases.push(Release::Entries { reply, entries: entries.collect() });
            }
            Request::Stats { program, reply } => {
                let stats = review::stats(&self.core, program);
                block.releases.push(Release::Stats { reply, stats });
            }
            Request::Kin { program, question, reply } => {
                let view = self.kin(program, &question)?;
                block.releases.push(Release::Kin { reply, view });
            }
            Request::Rules { program, change, reply } => self.change_rules(block, program, &change, reply)?,
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

    /// What an event would come to, by a version and by the rules in force.
    fn simulate(
        &mut self,
        block: &mut Open,
        program: ProgramId,
        event: &Arc<Event>,
        at: Option<TimeMs>,
        version: Option<Arc<Compiled>>,
    ) -> Result<Simulated, Error> {
        let item = Item::plain(Command::Event(Arc::clone(event)));
        let now = self.now();
        let seen = self.prefetch(&[(program, &item)], now)?.pop().unwrap_or_default();
        let command = item.command;
        let order = self.order_of(block, program, event, now)?;
        let at = at.unwrap_or(now);
        let about = About { now: at, seen: &seen, order: order.as_ref(), earlier: None };
        let live = Arc::clone(self.core.deciding(program, &command));
        let Some(version) = version.filter(|version| version.version() != live.version()) else {
            return Ok(Simulated { asked: self.core.simulate(&live, program, event, about), live: None });
        };
        let keys = self.core.rings_of(&version.terms, program, &command);
        Cache::fetch_rings(&mut self.core, &self.shared.store, keys.iter().map(|asked| asked.key.clone()))?;
        let own = self.core.rings.look_up(keys);
        Ok(Simulated {
            asked: self.core.simulate(&version, program, event, About { seen: &own, ..about }),
            live: Some(self.core.simulate(&live, program, event, about)),
        })
    }
}

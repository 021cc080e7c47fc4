//! What the engine's threads and its handles share: published views, programs, counters of progress, the stop flags.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::clock::Clock;
use super::handle::{EngineStatus, ProgramView};
use super::tally::Tallies;
use crate::ledger::types::{Seq, TimeMs};
use crate::store::Store;
use crate::store::views::Views;
use crate::telemetry::Metrics;

/// Shared by all threads of one engine. Locks are held for a copy of an `Arc` or a hash, never across a call.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) views: Views,
    pub(super) clock: Clock,
    pub(super) metrics: Arc<Metrics>,
    programs: RwLock<Arc<Vec<Arc<ProgramView>>>>,
    head_hash: Mutex<[u8; 32]>,
    /// The latest record applied, synced, and reflected by the rows, and the ledger's time.
    applied: AtomicU64,
    durable: AtomicU64,
    mark: AtomicU64,
    keys_until: AtomicU64,
    now: AtomicU64,
    members: AtomicU64,
    /// Events accepted and not yet taken by the engine.
    pub(super) queued: AtomicUsize,
    /// How many events may wait.
    pub(super) queue_limit: usize,
    /// How versions of rules do.
    pub(super) tallies: Mutex<Tallies>,
    /// No more requests are taken.
    draining: AtomicBool,
    /// The journal or the store failed; why.
    failure: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn new(store: Store, views: Views, clock: Clock, metrics: Arc<Metrics>, queue_limit: usize) -> Self {
        Self {
            store,
            views,
            clock,
            metrics,
            programs: RwLock::default(),
            head_hash: Mutex::default(),
            applied: AtomicU64::new(0),
            durable: AtomicU64::new(0),
            mark: AtomicU64::new(0),
            keys_until: AtomicU64::new(0),
            now: AtomicU64::new(0),
            members: AtomicU64::new(0),
            queued: AtomicUsize::new(0),
            queue_limit,
            tallies: Mutex::default(),
            draining: AtomicBool::new(false),
            failure: Mutex::default(),
        }
    }

    pub(super) fn programs(&self) -> Arc<Vec<Arc<ProgramView>>> {
        Arc::clone(&self.programs.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn publish_programs(&self, programs: Vec<Arc<ProgramView>>) {
        *self.programs.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(programs);
    }

    /// Publishes how versions do.
    pub(super) fn publish_tallies(&self, tallies: &Tallies) {
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner).clone_from(tallies);
    }

    pub(super) fn note_applied(&self, seq: Seq, now: TimeMs, members: u64) {
        self.applied.store(seq.get(), Ordering::Release);
        self.now.store(now.get().unsigned_abs(), Ordering::Release);
        self.members.store(members, Ordering::Release);
    }

    pub(super) fn note_durable(&self, seq: Seq, hash: [u8; 32]) {
        *self.head_hash.lock().unwrap_or_else(PoisonError::into_inner) = hash;
        self.durable.store(seq.get(), Ordering::Release);
    }

    pub(super) fn note_mark(&self, mark: u64) {
        self.mark.store(mark, Ordering::Release);
    }

    pub(super) fn note_keys_until(&self, seq: Seq) {
        self.keys_until.store(seq.get(), Ordering::Release);
    }

    /// The latest record up to which every natural key's row is written.
    pub(super) fn keys_until(&self) -> Seq {
        Seq::new(self.keys_until.load(Ordering::Acquire))
    }

    /// The latest record that the rows in the store reflect.
    pub(super) fn mark(&self) -> Seq {
        Seq::new(self.mark.load(Ordering::Acquire))
    }

    /// The ledger's time: the clock's, or the latest record's where that is later.
    pub(super) fn now(&self) -> TimeMs {
        let recorded = i64::try_from(self.now.load(Ordering::Acquire)).unwrap_or(i64::MAX);
        self.clock.now().max(TimeMs::new(recorded))
    }

    pub(super) fn status(&self) -> EngineStatus {
        EngineStatus {
            seq: Seq::new(self.applied.load(Ordering::Acquire)),
            durable_seq: Seq::new(self.durable.load(Ordering::Acquire)),
            projected_seq: self.mark(),
            head_hash: *self.head_hash.lock().unwrap_or_else(PoisonError::into_inner),
            members: self.members.load(Ordering::Acquire),
            queue_events: self.queued.load(Ordering::Acquire),
            queue_limit: self.queue_limit,
        }
    }

    /// Stops taking requests.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Notes a failure of the world: from here on nothing is taken and nothing is answered.
    pub(super) fn fail(&self, why: String) {
        tracing::error!(%why, "the engine stops");
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
        self.drain();
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn is_open(&self) -> bool {
        !self.draining.load(Ordering::Acquire)
    }
}

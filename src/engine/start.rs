//! Starting and stopping an engine: open the folder, recover, install the rules, start the threads; drain, sync, end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Instant;

use hashbrown::{HashMap, HashSet};

use super::Error;
use super::ahead::Helpers;
use super::block::{Open, Release, Rows};
use super::breaker::Breaker;
use super::cache::Cache;
use super::checkpoint::Checkpoint;
use super::clock::Clock;
use super::core::Core;
use super::handle::{Handle, Request};
use super::install::Fresh;
use super::log::RocksLog;
use super::pipeline::Pipeline;
use super::projector::Projector;
use super::schedule::Agenda;
use super::shared::Shared;
use super::tally::{Tallies, Watch};
use super::{commit, install, recover};
use crate::journal::log::Log;
use crate::ledger::types::{Seq, TimeMs};
use crate::limits::QUEUE_REQUESTS_MAX;
use crate::rules::ProgramFiles;
use crate::store::views::Views;
use crate::store::{Store, StoreConfig};
use crate::telemetry::Metrics;

/// Blocks that wait while one is being synced, besides the one the engine holds out. None: what arrives meanwhile makes the next
/// block larger, and one sync serves more requests.
const BLOCKS_WAITING: usize = 0;
/// Blocks whose rows are not gathered yet.
const PROJECTIONS_IN_FLIGHT: usize = 16;

/// How an engine runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// Memory of the store.
    pub store: StoreConfig,
    /// Members kept in memory.
    pub cache_members: usize,
    /// Velocity rings kept in memory.
    pub cache_rings: usize,
    /// Events after which a block takes no further request.
    pub block_events: usize,
    /// Events that may wait.
    pub queue_events: usize,
    /// Threads that evaluate rules, the engine's own included.
    pub evaluate_threads: usize,
    /// True for a clock that is set over HTTP; it starts at the journal's last time.
    pub manual_clock: bool,
}

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    handle: Handle,
    threads: Vec<JoinHandle<()>>,
}

impl Engine {
    /// Opens, recovers, installs the given programs and starts the threads. `progress` is told the sequence reached and
    /// the one to reach.
    ///
    /// # Errors
    /// Where the folder cannot be opened, its journal is damaged, or the rules have errors; nothing was changed then, but
    /// for rows that were behind and may have caught up.
    pub fn start(
        config: &Config,
        programs: &[ProgramFiles],
        metrics: Arc<Metrics>,
        progress: &mut dyn FnMut(Seq, Seq),
    ) -> Result<Self, Error> {
        Self::start_on(config, programs, metrics, progress, |log| Box::new(log))
    }

    /// The same with blocks appended through what `appends` makes of the journal: a test's may fail like a disk.
    pub(super) fn start_on(
        config: &Config,
        programs: &[ProgramFiles],
        metrics: Arc<Metrics>,
        progress: &mut dyn FnMut(Seq, Seq),
        appends: impl FnOnce(RocksLog) -> Box<dyn Log>,
    ) -> Result<Self, Error> {
        let store = Store::open(&config.data, &config.store)?;
        let log = RocksLog::open(store.clone())?;
        let views = Views::default();
        let clock = if config.manual_clock { Clock::manual(TimeMs::EPOCH) } else { Clock::System };
        let shared = Arc::new(Shared::new(store, views, clock, metrics, config.queue_events));
        let mut core = Core::default();
        let mut cache = Cache::new(config.cache_members, config.cache_rings);
        let mut checkpoint = Checkpoint::new((config.cache_members / 4).max(1));
        recover::recover(&mut core, &mut cache, &mut checkpoint, &log, &shared, progress)?;
        let breaker = Breaker::restore(&core, &shared.store)?;
        if config.manual_clock {
            shared.clock.set(core.state.now).unwrap_or_default();
        }
        let now = shared.clock.now().max(core.state.now);
        // What is wrong with the folder is found before anything is written.
        let fresh = install::fresh(&core, programs)?;
        let (queue, requests) = sync_channel(QUEUE_REQUESTS_MAX);
        let (blocks, sealed) = sync_channel(BLOCKS_WAITING);
        let (rows, projections) = sync_channel(PROJECTIONS_IN_FLIGHT);
        let helpers = Helpers::start(config.evaluate_threads.saturating_sub(1)).map_err(Error::Thread)?;
        let mut pipeline = Pipeline {
            core,
            cache,
            checkpoint,
            shared: Arc::clone(&shared),
            requests,
            blocks,
            helpers,
            recent: HashMap::new(),
            recent_order: std::collections::VecDeque::new(),
            flight: super::orders::Flight::default(),
            pasts: super::orders::Pasts::default(),
            latest_records: HashMap::new(),
            viewed: HashSet::new(),
            viewed_max: config.cache_members,
            watch: Watch::default(),
            breaker,
            failing: Vec::new(),
            tallies: Tallies::default(),
            tallied: Instant::now(),
            agenda: Agenda::new(),
            block_events: config.block_events,
        };
        let projector = Projector::new(Arc::clone(&shared));
        let (committer, log) = (Arc::clone(&shared), appends(log));
        let threads = vec![
            spawn("projector", move || projector.run(&projections))?,
            spawn("committer", move || commit::run(log, &sealed, &rows, &committer))?,
        ];
        let block = begin(&mut pipeline, programs, fresh, now)?;
        pipeline.send(block, Rows::default(), None)?;
        let mut engine = Self { handle: Handle { shared, queue }, threads };
        engine.threads.push(spawn("engine", move || pipeline.run())?);
        Ok(engine)
    }

    /// A handle to ask it things.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Why the engine failed, where it did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.handle.shared.failure()
    }

    /// Finishes what was accepted, brings everything to disk and ends the threads.
    ///
    /// # Errors
    /// Says why the engine had failed before, where it had.
    pub fn stop(self) -> Result<(), String> {
        let Self { handle, threads } = self;
        handle.shared.drain();
        // The queue may be full for a moment; the engine is draining it. It may also be gone.
        drop(handle.queue.send(Request::Stop));
        for thread in threads.into_iter().rev() {
            if thread.join().is_err() {
                handle.shared.fail("a thread of the engine panicked".to_owned());
            }
        }
        handle.shared.failure().map_or(Ok(()), Err)
    }
}

/// What comes first: what was planned for a time that passed while nobody served, then what the folder says now.
fn begin<'a>(
    pipeline: &mut Pipeline,
    programs: &'a [ProgramFiles],
    mut fresh: Vec<Fresh<'a>>,
    now: TimeMs,
) -> Result<Open, Error> {
    pipeline.begin_sweeps(Seq::ZERO)?;
    let mut block = Open::default();
    let found = pipeline.core.seq();
    pipeline.activate_planned(&mut block, now)?;
    if pipeline.core.seq() != found {
        fresh = install::fresh(&pipeline.core, programs)?;
    }
    if !fresh.is_empty() {
        pipeline.settle_before(&mut block, (now, now), false)?;
        block.records.extend(install::put_in_force(&mut pipeline.core, fresh, now));
        pipeline.begin_sweeps(pipeline.core.seq())?;
    }
    // What is told with the block says the same, not what was so before the folder spoke.
    let views = install::views(&pipeline.core);
    pipeline.shared.publish_programs(views.clone());
    block.releases.push(Release::Programs(views));
    Ok(block)
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new().name(name.to_owned()).spawn(body).map_err(Error::Thread)
}

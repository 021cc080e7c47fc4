//! What handlers cost: how often they ran and failed, their operations, and of some of their runs the time. For whoever watches
//! the daemon; nothing decides by it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::ledger::types::Text;

/// One run in so many is timed: reading the clock costs a part of what a short handler does.
const TIMED_EVERY: u64 = 16;

/// The counts of one handler of one version, since it was compiled.
#[derive(Debug, Default)]
pub(super) struct Meter {
    runs: AtomicU64,
    operations: AtomicU64,
    failures: AtomicU64,
    timed: AtomicU64,
    nanos: AtomicU64,
}

/// What a handler has cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleCost {
    /// `earn.rhai:on_purchase`
    pub rule: Text,
    /// How often it ran, simulations and backtests included.
    pub runs: u64,
    /// Operations of all runs.
    pub operations: u64,
    /// Runs that failed.
    pub failures: u64,
    /// Runs that were timed.
    pub timed: u64,
    /// How long those took together.
    pub took: Duration,
}

impl Meter {
    /// Notes that a run begins; its start, where it is one to time.
    pub fn begin(&self) -> Option<Instant> {
        let before = self.runs.fetch_add(1, Ordering::Relaxed);
        before.is_multiple_of(TIMED_EVERY).then(Instant::now)
    }

    /// Notes a run that has ended.
    pub fn end(&self, begun: Option<Instant>, operations: u64, failed: bool) {
        self.operations.fetch_add(operations, Ordering::Relaxed);
        if failed {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(begun) = begun {
            self.timed.fetch_add(1, Ordering::Relaxed);
            let nanos = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.nanos.fetch_add(nanos, Ordering::Relaxed);
        }
    }

    pub fn cost(&self, rule: Text) -> RuleCost {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        RuleCost {
            rule,
            runs: read(&self.runs),
            operations: read(&self.operations),
            failures: read(&self.failures),
            timed: read(&self.timed),
            took: Duration::from_nanos(read(&self.nanos)),
        }
    }
}

//! What the limits of a program have counted by a key: a look into the rings, for those who want to know. Nothing is counted
//! by looking.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Error;
use super::cache::Cache;
use super::handle::{Handle, Request, SubmitError};
use super::log::RocksLog;
use super::pipeline::Pipeline;
use crate::fraud::reading;
use crate::fraud::rings::RingKey;
use crate::journal::chain::follow;
use crate::ledger::desk::{Desk, DeskStats};
use crate::ledger::record::{Input, KeyFields, Verdict};
use crate::ledger::types::{ProgramId, Seq, Text, TimeMs};
use crate::store::Store;

/// What one limit has counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The limit.
    pub rule: Text,
    /// What it counts.
    pub metric: Text,
    /// Over which length of time.
    pub window_ms: i64,
    /// What the window that ends now holds.
    pub counted: i64,
    /// The most that passes.
    pub limit: i64,
    /// What more than that raises.
    pub verdict: Verdict,
    /// False where more happened than is kept.
    pub exact: bool,
    /// When the latest of it happened.
    pub last_at: Option<TimeMs>,
}

/// How the fraud rules of every program of a journal have done, by the program's name.
///
/// # Errors
/// Where the journal cannot be read.
pub fn desks(store: &Store) -> Result<Vec<(Text, Arc<DeskStats>)>, Error> {
    let log = RocksLog::open(store.clone())?;
    let (mut desk, mut names) = (Desk::default(), Vec::<Text>::new());
    follow(&log, Seq::new(1), &mut |block| {
        for record in block.records() {
            let record = record?;
            if let Input::Ruleset(files) = &record.input
                && usize::from(record.program.get()) == names.len()
            {
                names.push(files.program.clone());
            }
            desk.take(&record);
        }
        Ok(())
    })?;
    let stats = (0u16..).map(|program| desk.stats(ProgramId::new(program)).cloned().unwrap_or_default());
    Ok(names.into_iter().zip(stats).collect())
}

impl Handle {
    /// What the limits that are kept by these fields have counted for a key, up to the ledger's time.
    pub async fn counters(
        &self,
        program: ProgramId,
        fields: KeyFields,
        key: Text,
    ) -> Result<Vec<Counter>, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Counters { program, fields, key, reply })?;
        answer.await.map_err(|_| SubmitError::Stopped)
    }
}

impl Pipeline {
    /// Reads the rings of every limit that is kept by these fields.
    pub(super) fn counters(
        &mut self,
        program: ProgramId,
        fields: KeyFields,
        key: &Text,
    ) -> Result<Vec<Counter>, Error> {
        let terms = Arc::clone(&self.core.compiled(program).terms);
        let now = self.now();
        let mut counters = Vec::new();
        for limit in terms.limits.iter().filter(|limit| limit.key == fields && limit.metric.has_ring()) {
            let ring = RingKey { program, ring: limit.ring, key: key.clone() };
            Cache::fetch_rings(&mut self.core, &self.shared.store, std::iter::once(&ring))?;
            let Some(ring) = self.core.rings.get(&ring) else { continue };
            let tally = reading(limit, ring, now);
            counters.push(Counter {
                rule: limit.id.clone(),
                metric: Text::new_static(limit.metric.name()),
                window_ms: limit.window_ms,
                counted: tally.value,
                limit: limit.limit,
                verdict: limit.verdict,
                exact: tally.complete,
                last_at: ring.entries().next_back().map(|entry| entry.at),
            });
        }
        Ok(counters)
    }
}

//! What the declared limits have counted for a key, and how rules have done, for people who look. It changes nothing but what
//! is in memory.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Error;
use super::cache::Cache;
use super::handle::{Handle, Request, SubmitError};
use super::log::RocksLog;
use super::pipeline::Pipeline;
use crate::fraud::reading::{Reading, read};
use crate::fraud::rings::RingKey;
use crate::journal::chain::follow;
use crate::ledger::desk::{Desk, DeskStats};
use crate::ledger::record::{Input, KeyField};
use crate::ledger::types::{ProgramId, Seq, Text};
use crate::limits::EVIDENCE_EVENTS_MAX;
use crate::store::Store;

/// A limit with what it has counted for a key.
#[derive(Clone, Debug)]
pub struct Counter {
    /// The limit.
    pub rule: Text,
    /// By which fields, with their values.
    pub key: Vec<(KeyField, Text)>,
    /// The most that passes.
    pub limit: i64,
    /// What was counted.
    pub reading: Reading,
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
    /// What the limits have counted for a key; `single` leaves out limits by several fields.
    pub async fn counters(
        &self,
        program: ProgramId,
        given: Vec<(KeyField, Text)>,
        single: bool,
    ) -> Result<Vec<Counter>, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Counters { program, given, single, reply })?;
        answer.await.map_err(|_| SubmitError::Stopped)
    }
}

impl Pipeline {
    /// Every limit in force all of whose fields are `given`; of a value without a kind, only those with a single field.
    pub(super) fn counters(
        &mut self,
        program: ProgramId,
        given: &[(KeyField, Text)],
        single: bool,
    ) -> Result<Vec<Counter>, Error> {
        let terms = Arc::clone(&self.core.compiled(program).terms);
        let now = self.now();
        let value = |field: KeyField| given.iter().find(|(known, _)| *known == field).map(|(_, value)| value);
        let mut found = Vec::new();
        for limit in terms.limits.iter().filter(|limit| limit.metric.has_ring()) {
            if single && limit.key.iter().count() > 1 {
                continue;
            }
            let Some(ring) = RingKey::of_values(program, limit.ring, &limit.key, value) else { continue };
            Cache::fetch_rings(&mut self.core, &self.shared.store, [ring.clone()])?;
            let Some(known) = self.core.rings.get(&ring).filter(|ring| ring.entries().len() > 0) else { continue };
            found.push(Counter {
                rule: limit.id.clone(),
                key: limit.key.iter().filter_map(|field| Some((field, value(field)?.clone()))).collect(),
                limit: limit.limit,
                reading: read(limit, known, &terms.zone, now, EVIDENCE_EVENTS_MAX),
            });
        }
        Ok(found)
    }
}

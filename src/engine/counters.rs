//! What the declared limits have counted for a key, for people who look. It changes nothing but what is in memory.

use super::Error;
use super::cache::Cache;
use super::pipeline::Pipeline;
use crate::fraud::reading::{Reading, read};
use crate::fraud::rings::RingKey;
use crate::ledger::record::KeyField;
use crate::ledger::types::{ProgramId, Text};
use crate::limits::EVIDENCE_EVENTS_MAX;

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

impl Pipeline {
    /// Every limit in force all of whose fields are `given`; of a value without a kind, only those with a single field.
    pub(super) fn counters(
        &mut self,
        program: ProgramId,
        given: &[(KeyField, Text)],
        single: bool,
    ) -> Result<Vec<Counter>, Error> {
        let terms = std::sync::Arc::clone(&self.core.compiled(program).terms);
        let now = self.now();
        let value = |field: KeyField| given.iter().find(|(known, _)| *known == field).map(|(_, value)| value);
        let mut found = Vec::new();
        for limit in terms.limits.iter().filter(|limit| limit.metric.has_ring()) {
            if single && limit.key.iter().count() > 1 {
                continue;
            }
            let Some(ring) = RingKey::of_values(program, limit.ring, &limit.key, value) else { continue };
            Cache::fetch_rings(&mut self.core, &self.shared.store, std::iter::once(&ring))?;
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

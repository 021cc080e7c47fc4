//! Where the points went that a case is about: of the events that its evidence counted, and of those referred to it. Read from the
//! durable journal for whoever asks; it decides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::handle::{Handle, SubmitError};
use super::{reads, review};
use crate::ledger::desk::Case;
use crate::ledger::record::{Record, Status};
use crate::ledger::taint::Taint;
use crate::ledger::types::{ProgramId, Seq, Text};
use crate::limits::CASE_EVENTS_SHOWN;

/// What became of the points.
#[derive(Debug, Default)]
pub struct Whereabouts {
    /// The records that gave them, by sequence. One that was held is here by what released it.
    pub origins: BTreeMap<Seq, Arc<Record>>,
    /// Where they went.
    pub taint: Taint,
    /// Whether all records of the case were looked at, and nothing went out of sight.
    pub complete: bool,
}

impl Handle {
    /// Where the points went that a case is about.
    ///
    /// # Errors
    /// Where the store failed, or the engine has stopped or is overloaded.
    pub async fn whereabouts(&self, program: ProgramId, case: &Case) -> Result<Whereabouts, SubmitError> {
        let mut records = Vec::new();
        for seq in case.held.iter().chain(&case.referred).take(CASE_EVENTS_SHOWN) {
            records.extend(self.record(*seq).await?);
        }
        let complete = case.held.len() + case.referred.len() <= CASE_EVENTS_SHOWN;
        let mut named = review::evidence(records.iter().map(AsRef::as_ref));
        named.extend(case.referred.iter().take(CASE_EVENTS_SHOWN));
        let mut origins = BTreeMap::new();
        for seq in named {
            let Some(record) = self.record(seq).await? else { continue };
            let released = match record.status {
                Status::Held => self.released(program, seq).await?,
                Status::Posted | Status::Denied => None,
            };
            let record = released.unwrap_or(record);
            if record.program == program {
                origins.insert(record.seq, record);
            }
        }
        let mut taint = Taint::of(origins.values().map(AsRef::as_ref));
        while let Some(id) = taint.wants() {
            self.bring(program, &mut taint, &id).await?;
        }
        let complete = complete && taint.is_complete();
        Ok(Whereabouts { origins, taint, complete })
    }

    async fn bring(&self, program: ProgramId, taint: &mut Taint, id: &Text) -> Result<(), SubmitError> {
        let member = self.member(program, id).await?;
        let missing = |seq: Seq| SubmitError::Read(format!("record {seq} is not in the journal"));
        taint
            .load(id, member.as_deref(), &mut |seq| reads::record(&self.shared.store, seq)?.ok_or_else(|| missing(seq)))
    }
}

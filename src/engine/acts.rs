//! Acts in the pipeline: what they refer to is read back from the journal, and whoever it touches is brought into memory.
//!
//! A redemption's latest reversal is found by a key row of its own. It never decides anything.

use std::sync::Arc;

use super::Error;
use super::block::Open;
use super::pipeline::Pipeline;
use crate::journal::block::BlockReader;
use crate::ledger::act::{Act, What};
use crate::ledger::decide::Earlier;
use crate::ledger::record::{Effect, Record, Status};
use crate::ledger::types::{LotId, MemberKey, ProgramId, Seq, Text, TimeMs};
use crate::store::keys::natural_key;

/// The source of keys that name a redemption and lead to its latest reversal. No event's source may contain a NUL.
const REVERSAL_SOURCE: &str = "\0reversal";

fn reversal_key(program: ProgramId, of: LotId) -> [u8; 16] {
    natural_key(program, REVERSAL_SOURCE, &format!("{}-{}", of.seq, of.index))
}

/// The row that leads from a redemption to this record, where it reverses one.
pub(super) fn reversal_row(record: &Record) -> Option<([u8; 16], u64)> {
    let of = record.effects.iter().filter(|_| record.status == Status::Posted).find_map(|effect| match effect {
        Effect::Reversal { of, .. } => Some(*of),
        _ => None,
    })?;
    Some((reversal_key(record.program, of), record.seq.get()))
}

impl Pipeline {
    /// What an act refers to. Everyone it touches is then in memory, and what is due for them has been done.
    pub(super) fn earlier(
        &mut self,
        block: &mut Open,
        program: ProgramId,
        act: &Act,
        now: TimeMs,
    ) -> Result<Earlier, Error> {
        let earlier = match &act.what {
            What::Reverse { redemption, .. } => {
                Earlier { first: self.journaled(redemption.seq)?, latest: self.latest_reversal(program, *redemption)? }
            }
            _ => Earlier::default(),
        };
        let key = |id: &Text| MemberKey { program, id: id.clone() };
        let parties = earlier.first.iter().filter(|first| first.program == program).flat_map(|first| &first.parties);
        let mut others: Vec<MemberKey> = parties.map(|party| key(&party.member)).collect();
        if let Some(household) = self.core.member(program, &act.member).and_then(|m| m.standing()?.household.as_ref()) {
            others.extend(household.1.iter().map(key));
        }
        if let What::Join { members, .. } = &act.what {
            others.extend(members.iter().map(key));
        }
        others.retain(|key| key.id != act.member);
        self.cache.fetch_members(&mut self.core, &self.shared.store, others.iter().cloned())?;
        for key in &others {
            self.settle(block, key, now);
        }
        Ok(earlier)
    }

    /// Notes a record that reverses a redemption, so that the next reversal finds it.
    pub(super) fn note_reversal(&mut self, block: &mut Open, record: &Record) {
        if let Some((key, seq)) = reversal_row(record) {
            self.recent.insert(key, record.seq);
            self.recent_order.push_back((record.seq, key));
            self.reversals.insert(record.seq, Arc::new(record.clone()));
            block.keys.push((key, seq));
        }
    }

    fn latest_reversal(&self, program: ProgramId, of: LotId) -> Result<Option<Arc<Record>>, Error> {
        let key = reversal_key(program, of);
        let latest = match self.recent.get(&key) {
            Some(seq) => Some(*seq),
            None => self.shared.store.key_seqs(&[key])?.first().copied().flatten().map(Seq::new),
        };
        let Some(latest) = latest else { return Ok(None) };
        match self.reversals.get(&latest) {
            Some(record) => Ok(Some(Arc::clone(record))),
            None => self.journaled(latest),
        }
    }

    /// A record that is in the journal; nothing where it is still on its way, so that nobody can have been told of it.
    fn journaled(&self, seq: Seq) -> Result<Option<Arc<Record>>, Error> {
        if seq > self.shared.status().durable_seq {
            return Ok(None);
        }
        let Some((_, bytes)) = self.shared.store.block_with(seq.get())? else { return Ok(None) };
        Ok(BlockReader::parse(&bytes)?.record(seq)?.map(Arc::new))
    }
}

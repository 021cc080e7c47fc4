//! Acts in the pipeline: what they refer to is read back from the journal, and whoever it touches is brought into memory.
//!
//! A redemption's latest reversal, and the latest record of a household, are found by key rows of their own. It never decides anything.

use std::sync::Arc;

use super::block::Open;
use super::pipeline::Pipeline;
use super::{Error, vault};
use crate::journal::block::BlockReader;
use crate::ledger::act::{Act, What};
use crate::ledger::decide::Earlier;
use crate::ledger::record::{Effect, HOUSEHOLD_SOURCE, Record, Status};
use crate::ledger::review::RELEASE_SOURCE;
use crate::ledger::types::{LotId, MemberKey, ProgramId, Seq, Text, TimeMs};
use crate::store::keys::natural_key;

/// The source of keys that name a redemption and lead to its latest reversal. No event's source may contain a NUL.
const REVERSAL_SOURCE: &str = "\0reversal";

pub(super) fn reversal_key(program: ProgramId, of: LotId) -> [u8; 16] {
    natural_key(program, REVERSAL_SOURCE, &format!("{}-{}", of.seq, of.index))
}

pub(super) fn household_key(program: ProgramId, household: &Text) -> [u8; 16] {
    natural_key(program, HOUSEHOLD_SOURCE, household)
}

/// The row that leads to this record from the redemption it reverses, or from the household it changes.
pub(super) fn latest_row(record: &Record) -> Option<([u8; 16], u64)> {
    let key = record.effects.iter().filter(|_| record.status == Status::Posted).find_map(|effect| match effect {
        Effect::Reversal { of, .. } => Some(reversal_key(record.program, *of)),
        Effect::Household { household: Some((name, _)), .. } => Some(household_key(record.program, name)),
        _ => None,
    })?;
    Some((key, record.seq.get()))
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
                let latest = self.latest(reversal_key(program, *redemption))?;
                Earlier { first: self.redemption(program, redemption.seq)?, latest }
            }
            // Only of a household do others keep points aside for a hold.
            What::Capture { hold, .. } | What::Release { hold }
                if self.core.compiled(program).terms.household.is_some() =>
            {
                Earlier { first: self.journaled(hold.seq)?, latest: None }
            }
            What::Join { household, .. } => {
                Earlier { first: None, latest: self.latest(household_key(program, household))? }
            }
            _ => Earlier::default(),
        };
        let key = |id: &Text| MemberKey { program, id: id.clone() };
        let records = earlier.first.iter().chain(&earlier.latest);
        let parties = records.filter(|first| first.program == program).flat_map(|first| &first.parties);
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

    /// Notes a record that reverses a redemption or changes a household, so that the next one finds it.
    pub(super) fn note_latest(&mut self, block: &mut Open, record: &Record) {
        if let Some((key, seq)) = latest_row(record) {
            self.recent.insert(key, record.seq);
            self.recent_order.push_back((record.seq, key));
            self.latest_records.insert(record.seq, Arc::new(record.clone()));
            block.keys.push((key, seq));
        }
    }

    fn latest(&self, key: [u8; 16]) -> Result<Option<Arc<Record>>, Error> {
        let latest = match self.recent.get(&key) {
            Some(seq) => Some(*seq),
            None => self.shared.store.key_seqs(&[key])?.first().copied().flatten().map(Seq::new),
        };
        let Some(latest) = latest else { return Ok(None) };
        match self.latest_records.get(&latest) {
            Some(record) => Ok(Some(Arc::clone(record))),
            None => self.journaled(latest),
        }
    }

    /// The record of a redemption; of one that was held, that of its release.
    fn redemption(&self, program: ProgramId, seq: Seq) -> Result<Option<Arc<Record>>, Error> {
        let first = self.journaled(seq)?;
        if first.as_ref().is_none_or(|first| first.status != Status::Held) {
            return Ok(first);
        }
        let release = natural_key(program, RELEASE_SOURCE, &smol_str::format_smolstr!("{seq}"));
        match self.find_key(release)? {
            Some(released) => self.journaled(released),
            None => Ok(first),
        }
    }

    /// A record that is in the journal; nothing where it is still on its way, so that nobody can have been told of it.
    fn journaled(&self, seq: Seq) -> Result<Option<Arc<Record>>, Error> {
        if seq > self.shared.status().durable_seq {
            return Ok(None);
        }
        let Some((_, bytes)) = self.shared.store.block_with(seq.get())? else { return Ok(None) };
        let found = vault::record(&self.shared.store, &BlockReader::parse(&bytes)?, seq)?;
        Ok(found.map(|(record, _)| Arc::new(record)))
    }
}

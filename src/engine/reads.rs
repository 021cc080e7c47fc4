//! Reading the journal for the edge: first answers of replays, single records, a member's chain. Only what is synced.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::handle::{Answer, Pending, RecordRef, SubmitError};
use super::item::Item;
use super::vault::{self, Opened};
use crate::journal::block::BlockReader;
use crate::ledger::private::Private;
use crate::ledger::record::{Input, Record};
use crate::ledger::reject::Reject;
use crate::ledger::types::{Seq, Text};
use crate::store::Store;

impl Answer {
    /// The record that was made, now or before.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        match self {
            Self::Recorded(record) => Some(record),
            Self::Replayed(record) => Some(record),
            Self::Rejected(_) => None,
        }
    }
}

/// The latest block read, so that neighbours are found in it.
struct Reader<'a> {
    store: &'a Store,
    block: Option<(u64, Vec<u8>)>,
}

impl<'a> Reader<'a> {
    const fn new(store: &'a Store) -> Self {
        Self { store, block: None }
    }

    fn record(&mut self, seq: Seq) -> Result<Option<(Record, Opened)>, SubmitError> {
        if let Some((_, bytes)) = &self.block {
            let block = BlockReader::open(bytes).map_err(|e| failed(&e))?;
            if let Some(record) = vault::record(self.store, &block, seq).map_err(|e| failed(&e))? {
                return Ok(Some(record));
            }
        }
        self.block = self.store.block_with(seq.get()).map_err(|e| failed(&e))?;
        let Some((_, bytes)) = &self.block else { return Ok(None) };
        let block = BlockReader::open(bytes).map_err(|e| failed(&e))?;
        vault::record(self.store, &block, seq).map_err(|e| failed(&e))
    }
}

/// What the edge is told of an error of the store or the journal.
pub(super) fn failed(error: &dyn std::error::Error) -> SubmitError {
    SubmitError::Read(error.to_string())
}

/// A record that the journal holds, read where it lies.
pub(super) fn one(store: &Store, seq: Seq) -> Result<Record, super::Error> {
    let found = store.read_block(seq.get(), |_, bytes| vault::record(store, &BlockReader::parse(bytes)?, seq))?;
    let missing = || crate::journal::Error::Log(format!("record {seq} is not in the journal"));
    Ok(found.transpose()?.flatten().ok_or_else(missing)?.0)
}

/// A record, where the journal holds it.
pub(super) fn record(store: &Store, seq: Seq) -> Result<Option<Record>, SubmitError> {
    Ok(Reader::new(store).record(seq)?.map(|(record, _)| record))
}

/// Source and id of those of the records that are events. In the order of the journal, so that a block is read once.
pub(super) fn events(store: &Store, seqs: &BTreeSet<Seq>) -> Result<HashMap<Seq, (Text, Text)>, SubmitError> {
    let mut reader = Reader::new(store);
    let mut found = HashMap::with_capacity(seqs.len());
    for seq in seqs {
        if let Some((Record { input: Input::Event(event), .. }, _)) = reader.record(*seq)? {
            found.insert(*seq, (event.source.clone(), event.id.clone()));
        }
    }
    Ok(found)
}

/// A job's answers: new records by their block, replays by reading the first record and comparing what was asked.
pub(super) fn answers(
    store: &Store,
    block: &Arc<Vec<Record>>,
    pending: Vec<Pending>,
    items: &[Item],
) -> Result<Vec<Answer>, SubmitError> {
    let mut reader = Reader::new(store);
    pending
        .into_iter()
        .zip(items)
        .map(|(pending, item)| match pending {
            Pending::Recorded(index) => Ok(Answer::Recorded(RecordRef { block: Arc::clone(block), index })),
            Pending::Rejected(reject) => Ok(Answer::Rejected(reject)),
            Pending::Replayed(seq) => {
                let first = reader.record(seq)?;
                let (first, opened) =
                    first.ok_or_else(|| SubmitError::Read(format!("record {seq} is not in the journal")))?;
                let asked = item.command.input();
                // What an erased member told is unknown: a retry is the same where all the rest of it is.
                let same = || opened == Opened::Blank && first.input == Private::blank(&asked);
                if first.input == asked || same() {
                    Ok(Answer::Replayed(Arc::new(first)))
                } else {
                    Ok(Answer::Rejected(Reject::IdempotencyKeyReused))
                }
            }
        })
        .collect()
}

/// A member's records from `last` back to the first, returned oldest first. They lie far apart, so each is read where it
/// lies: copying its block would cost far more than the record does.
pub(super) fn history(store: &Store, member: &str, last: Seq) -> Result<Vec<Arc<Record>>, SubmitError> {
    let mut found = Vec::new();
    let mut at = last;
    while at > Seq::ZERO {
        let record = store
            .read_block(at.get(), |_, bytes| vault::record(store, &BlockReader::open(bytes)?, at))
            .map_err(|e| failed(&e))?
            .transpose()
            .map_err(|e| failed(&e))?
            .flatten();
        let missing = || SubmitError::Read(format!("record {at} is not in the journal"));
        let (record, _) = record.ok_or_else(missing)?;
        let party = record.parties.iter().find(|party| party.member == member);
        let previous = party.map(|party| party.previous);
        let previous = previous.ok_or_else(|| SubmitError::Read(format!("record {at} does not touch {member:?}")))?;
        assert!(previous < at, "a chain of history leads back");
        found.push(Arc::new(record));
        at = previous;
    }
    found.reverse();
    Ok(found)
}

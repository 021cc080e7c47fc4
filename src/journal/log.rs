//! The seam between the ledger and what keeps its journal: one writer, blocks in order, append only if nobody else did.
//!
//! `RocksDB` keeps it on one machine, a replicated log on several; `memory` keeps it in tests.
//! A log stores blocks and never looks into their records.

use super::Error;
use super::block::{EncodedBlock, Hash};
use crate::ledger::types::Seq;

/// Where a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The sequence the next record will have.
    pub next: Seq,
    /// The hash of the last block; zeros before the first.
    pub hash: Hash,
}

impl Head {
    /// The head of an empty log.
    pub const GENESIS: Self = Self { next: Seq::new(1), hash: [0; 32] };
}

/// Blocks read in order.
pub type Blocks<'a> = Box<dyn Iterator<Item = Result<Vec<u8>, Error>> + 'a>;

/// Something that keeps blocks.
pub trait Log: Send {
    /// Where the log ends.
    fn head(&self) -> Head;

    /// Appends a block if the log ends at `expected`, and returns the new head. The block is durable when this returns.
    ///
    /// On [`Error::Conflict`] nothing was written. After any other error nobody knows, and the log must not be used again:
    /// a failed sync is never retried.
    fn append(&mut self, expected: &Head, block: &EncodedBlock) -> Result<Head, Error>;

    /// Blocks in order, beginning with the one that holds `seq`; none where the log ends before it.
    fn read_from(&self, seq: Seq) -> Blocks<'_>;

    /// The block that holds a record.
    fn block_with(&self, seq: Seq) -> Result<Option<Vec<u8>>, Error>;
}

/// Refuses a block that does not follow the log's head, or an `expected` that is not it. For implementations of [`Log`].
pub fn check_append(head: &Head, expected: &Head, block: &EncodedBlock) -> Result<(), Error> {
    if head != expected {
        return Err(Error::Conflict { expected: expected.next, found: head.next });
    }
    if block.first() != head.next {
        return Err(Error::OutOfOrder { expected: head.next, found: block.first() });
    }
    Ok(())
}

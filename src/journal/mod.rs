//! The journal: records as bytes, blocks of records, the hash chain, and the seam to whatever keeps them.
//!
//! The journal is the ledger: everything else is a view of it. This module knows formats and order; it never decides or
//! applies anything, and knows no disk (the log over `RocksDB` is an adapter in the engine).
//!
//! * [`codec`]: one record, one row, as bytes;
//! * [`block`]: many records with the hash of the block before;
//! * [`log`]: what keeps blocks: append if the head is as expected, read in order;
//! * [`chain`]: walking a log and checking every link.

pub mod block;
pub mod chain;
pub mod codec;
pub mod log;
#[cfg(test)]
pub mod memory;

#[cfg(test)]
mod tests;

use crate::ledger::types::Seq;

/// What can go wrong with bytes and logs. Unless a variant says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Written by a newer program, or not by this one.
    #[error("unknown version {version} of a {what}")]
    UnknownVersion {
        /// Of what.
        what: &'static str,
        /// What was found.
        version: u8,
    },
    /// A variant this program does not know.
    #[error("unknown {what} tag {tag}")]
    UnknownTag {
        /// Of what.
        what: &'static str,
        /// What was found.
        tag: u8,
    },
    /// Bytes that end early, are no text, or no number of the right size.
    #[error("bytes that do not decode: {0}")]
    Decode(#[from] bincode::error::DecodeError),
    /// A text or list that claims more bytes or elements than there are bytes.
    #[error("a text or list of {length} in {remaining} bytes")]
    TooLong {
        /// What it claims.
        length: u64,
        /// What there is.
        remaining: usize,
    },
    /// A velocity key of no fields, or of too many.
    #[error("a key of {fields} fields")]
    NotAKey {
        /// How many.
        fields: usize,
    },
    /// Something follows where nothing may.
    #[error("{bytes} bytes follow the end of a {what}")]
    TrailingBytes {
        /// Of what.
        what: &'static str,
        /// How many.
        bytes: usize,
    },
    /// Not a block, or a damaged one.
    #[error("not a block: {0}")]
    NotABlock(&'static str),
    /// A block without records was to be made.
    #[error("a block holds at least one record")]
    EmptyBlock,
    /// A record that would make a block too large; the block is as it was before.
    #[error("the block is full: {bytes} bytes, at most {limit}")]
    BlockFull {
        /// What it would have been.
        bytes: usize,
        /// What is accepted.
        limit: usize,
    },
    /// A record out of order: its sequence is not the one after the record before it.
    #[error("record {found} where {expected} was expected")]
    OutOfOrder {
        /// The sequence it should have.
        expected: Seq,
        /// The sequence it has.
        found: Seq,
    },
    /// The hash chain is broken at the block that begins at a sequence: blocks were lost, swapped or altered.
    #[error("the chain is broken at the block of record {at}: {what}")]
    Broken {
        /// The first sequence of the block, or where a block should begin.
        at: Seq,
        /// How.
        what: &'static str,
    },
    /// The log's head is not the expected one: somebody else appended. Nothing was written.
    #[error("the log continues with record {found}, not {expected}")]
    Conflict {
        /// The next sequence the caller expected.
        expected: Seq,
        /// The next sequence there is.
        found: Seq,
    },
    /// The log failed. After a failed append nobody knows whether the block is kept: the log must not be used again, and
    /// whoever opens it next will find the block or not.
    #[error("the log failed: {0}")]
    Log(String),
}

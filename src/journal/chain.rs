//! Walking a log: every block's magic, sequence and link to the block before, up to the head.
//!
//! Nothing is repaired here. What does not fit is an error that says where.

use super::Error;
use super::block::BlockReader;
use super::log::{Head, Log};
use crate::ledger::types::Seq;

/// What a walk saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Blocks.
    pub blocks: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes of the blocks.
    pub bytes: u64,
    /// Where the log ends.
    pub head: Head,
}

/// Checks the whole log, telling `progress` the sequence after each block.
pub fn verify(log: &dyn Log, progress: &mut dyn FnMut(Seq)) -> Result<Walked, Error> {
    follow(log, Seq::new(1), &mut |block| {
        progress(block.next());
        Ok(())
    })
}

/// Walks from the block that holds `from` to the head, checking every link and showing each block to `visit` once its own
/// link to the block before is known to hold. The first block's link is checked too where it is the log's first block; else
/// it is taken as it is, since what came before is not read.
///
/// Blocks were shown to `visit` before a later one proves broken; the caller must discard what it made of them.
pub fn follow(
    log: &dyn Log,
    from: Seq,
    visit: &mut dyn FnMut(&BlockReader<'_>) -> Result<(), Error>,
) -> Result<Walked, Error> {
    let end = log.head();
    let mut walked = Walked { blocks: 0, records: 0, bytes: 0, head: Head::GENESIS };
    if from >= end.next && from > Seq::new(1) {
        return Ok(Walked { head: end, ..walked });
    }
    for bytes in log.read_from(from) {
        let bytes = bytes?;
        let block = BlockReader::parse(&bytes).map_err(|error| {
            // A damaged block is a broken chain; a newer format is not.
            if matches!(error, Error::UnknownVersion { .. }) {
                return error;
            }
            Error::Broken { at: walked.head.next, what: "its bytes are not a block" }
        })?;
        if walked.blocks == 0 && block.first() > Seq::new(1) && block.first() <= from {
            walked.head = Head { next: block.first(), hash: *block.previous() };
        }
        let head = block.verify(&walked.head)?;
        visit(&block)?;
        walked.blocks += 1;
        walked.records += block.len() as u64;
        walked.bytes += bytes.len() as u64;
        walked.head = head;
    }
    if walked.head != end {
        return Err(Error::Broken { at: walked.head.next, what: "the log's head does not follow its last block" });
    }
    Ok(walked)
}

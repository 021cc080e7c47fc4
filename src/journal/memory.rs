//! A log in memory, for tests only: fails when told to, the way a disk does.

use super::Error;
use super::block::{BlockReader, EncodedBlock};
use super::log::{Blocks, Head, Log, check_append};
use crate::ledger::types::Seq;

/// How an append fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The block is gone.
    Lost,
    /// The block is kept, but the caller is told that the append failed.
    Unacknowledged,
}

/// A log in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryLog {
    /// First sequence, sequence after the last, bytes.
    blocks: Vec<(Seq, Seq, Vec<u8>)>,
    last: Option<Head>,
    appends: u64,
    fault: Option<(u64, Fault)>,
    failed: bool,
}

impl MemoryLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the `nth` append from now fail; 1 is the next one.
    pub fn fail_append(&mut self, nth: u64, fault: Fault) {
        self.fault = Some((self.appends + nth, fault));
    }

    /// The log as the next process finds it: what was kept, and no memory of the failure.
    #[must_use]
    pub fn reopen(self) -> Self {
        Self { fault: None, failed: false, ..self }
    }

    /// Changes the bytes of the block that holds a record, as a broken disk or a forger would.
    pub fn tamper(&mut self, seq: Seq, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some((_, _, bytes)) = self.blocks.iter_mut().find(|(first, next, _)| *first <= seq && seq < *next) {
            change(bytes);
        }
    }

    /// The number of blocks.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// True while nothing was appended.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    fn keep(&mut self, block: &EncodedBlock) {
        self.blocks.push((block.first(), block.head().next, block.bytes().to_vec()));
        self.last = Some(block.head());
    }
}

impl Log for MemoryLog {
    fn head(&self) -> Head {
        self.last.unwrap_or(Head::GENESIS)
    }

    fn append(&mut self, expected: &Head, block: &EncodedBlock) -> Result<Head, Error> {
        if self.failed {
            return Err(Error::Log("it failed before".into()));
        }
        check_append(&self.head(), expected, block)?;
        debug_assert!(BlockReader::parse(block.bytes()).is_ok(), "an encoded block always parses");
        self.appends += 1;
        match self.fault {
            Some((nth, fault)) if nth == self.appends => {
                if fault == Fault::Unacknowledged {
                    self.keep(block);
                }
                self.failed = true;
                Err(Error::Log("it was told to fail".into()))
            }
            Some(_) | None => {
                self.keep(block);
                Ok(self.head())
            }
        }
    }

    fn read_from(&self, seq: Seq) -> Blocks<'_> {
        Box::new(self.blocks.iter().skip_while(move |(_, next, _)| *next <= seq).map(|(_, _, bytes)| Ok(bytes.clone())))
    }

    fn block_with(&self, seq: Seq) -> Result<Option<Vec<u8>>, Error> {
        let holds = |(first, next, _): &&(Seq, Seq, Vec<u8>)| *first <= seq && seq < *next;
        Ok(self.blocks.iter().find(holds).map(|(_, _, bytes)| bytes.clone()))
    }
}

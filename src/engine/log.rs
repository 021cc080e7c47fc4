//! The journal's seam on RocksDB: [`Log`] over [`Store`]. It adds the head, and nothing else.

use crate::journal::Error;
use crate::journal::block::{BlockReader, EncodedBlock};
use crate::journal::log::{Blocks, Head, Log, check_append};
use crate::ledger::types::Seq;
use crate::store::Store;

/// A journal in a store.
#[derive(Debug)]
pub struct RocksLog {
    store: Store,
    head: Head,
}

impl RocksLog {
    /// The journal of an open store; its last block says where it ends.
    pub fn open(store: Store) -> Result<Self, super::Error> {
        let head = match store.last_block()? {
            None => Head::GENESIS,
            Some((_, bytes)) => {
                let block = BlockReader::parse(&bytes)?;
                Head { next: block.next(), hash: block.hash() }
            }
        };
        Ok(Self { store, head })
    }
}

impl Log for RocksLog {
    fn head(&self) -> Head {
        self.head
    }

    fn append(&mut self, expected: &Head, block: &EncodedBlock) -> Result<Head, Error> {
        check_append(&self.head, expected, block)?;
        self.store.append_block(block.first().get(), block.bytes()).map_err(|error| Error::Log(error.to_string()))?;
        self.head = block.head();
        Ok(self.head)
    }

    fn read_from(&self, seq: Seq) -> Blocks<'_> {
        let blocks = self.store.blocks_from(seq.get());
        Box::new(blocks.map(|block| block.map(|(_, bytes)| bytes).map_err(|error| Error::Log(error.to_string()))))
    }

    fn block_with(&self, seq: Seq) -> Result<Option<Vec<u8>>, Error> {
        if seq >= self.head.next {
            return Ok(None);
        }
        let found = self.store.block_with(seq.get()).map_err(|error| Error::Log(error.to_string()))?;
        Ok(found.map(|(_, bytes)| bytes))
    }
}

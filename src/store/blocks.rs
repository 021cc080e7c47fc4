//! The journal's part of the store: append with a sync, read in order. Blocks are bytes here.

use std::sync::atomic::Ordering;

use rocksdb::{DBRawIterator, ReadOptions, WriteOptions};

use super::{Error, Store, keys};

impl Store {
    /// Writes a block under its first sequence and syncs it. It is durable when this returns. After an error nobody knows
    /// whether it is; the store then takes no more writes.
    ///
    /// There is one writer at a time.
    pub fn append_block(&self, first: u64, bytes: &[u8]) -> Result<(), Error> {
        self.check_health()?;
        let last = self.inner.last_block.load(Ordering::Acquire);
        if first <= last {
            return Err(Error::NotNext { last, found: first });
        }
        let mut options = WriteOptions::default();
        options.set_sync(true);
        if let Err(source) = self.inner.journal.put_opt(first.to_be_bytes(), bytes, &options) {
            return self.fail(Error::RocksDb { what: "appending a block", source });
        }
        self.inner.last_block.store(first, Ordering::Release);
        self.inner.witness.note(first, bytes.len() as u64).or_else(|error| self.fail(error))?;
        // A background failure may have struck while this block was written; it must not count as durable then.
        self.check_health()
    }

    /// The last block and its first sequence.
    pub fn last_block(&self) -> Result<Option<(u64, Vec<u8>)>, Error> {
        let mut rows = self.inner.journal.raw_iterator();
        rows.seek_to_last();
        read(&rows)
    }

    /// Blocks in order, with their first sequences, beginning with the one that holds a sequence.
    pub fn blocks_from(&self, seq: u64) -> Blocks<'_> {
        const READ_AHEAD_BYTES: usize = 4 << 20;
        let mut options = ReadOptions::default();
        options.fill_cache(false);
        options.set_readahead_size(READ_AHEAD_BYTES);
        let mut rows = self.inner.journal.raw_iterator_opt(options);
        rows.seek_for_prev(seq.to_be_bytes());
        if !rows.valid() && rows.status().is_ok() {
            rows.seek_to_first();
        }
        Blocks { rows, done: false }
    }

    /// The latest block that begins at or before a sequence, with its first sequence: the one that holds it, unless the
    /// journal ends before it.
    pub fn block_with(&self, seq: u64) -> Result<Option<(u64, Vec<u8>)>, Error> {
        self.read_block(seq, |first, bytes| (first, bytes.to_vec()))
    }

    /// Shows that block to `read` where it lies, without a copy: for one record out of it.
    pub fn read_block<T>(&self, seq: u64, read: impl FnOnce(u64, &[u8]) -> T) -> Result<Option<T>, Error> {
        let mut rows = self.inner.journal.raw_iterator();
        rows.seek_for_prev(seq.to_be_bytes());
        Ok(look(&rows)?.map(|(first, bytes)| read(first, bytes)))
    }
}

/// Blocks in order with their first sequences; ends after the first error.
pub struct Blocks<'a> {
    rows: DBRawIterator<'a>,
    done: bool,
}

impl Iterator for Blocks<'_> {
    type Item = Result<(u64, Vec<u8>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let row = read(&self.rows).transpose();
        match row {
            Some(Ok(_)) => self.rows.next(),
            Some(Err(_)) | None => self.done = true,
        }
        row
    }
}

/// The row an iterator stands on.
fn look<'a>(rows: &'a DBRawIterator<'_>) -> Result<Option<(u64, &'a [u8])>, Error> {
    rows.status().map_err(|source| Error::RocksDb { what: "reading the journal", source })?;
    let Some((key, bytes)) = rows.item() else { return Ok(None) };
    Ok(Some((keys::read_u64("journal", key)?, bytes)))
}

fn read(rows: &DBRawIterator<'_>) -> Result<Option<(u64, Vec<u8>)>, Error> {
    Ok(look(rows)?.map(|(first, bytes)| (first, bytes.to_vec())))
}

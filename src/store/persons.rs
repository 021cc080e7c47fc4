//! Keys under which the journal holds what people told of themselves: a family of the journal's database, since nothing can
//! make them again. They are bytes here.
//!
//! A key that is destroyed leaves the files too: the family is written out and the range it lay in is rewritten.

use rocksdb::{ColumnFamily, WriteBatch, WriteOptions};

use super::{Error, Store};

/// The family's name.
pub(super) const PERSONS: &str = "persons";
const SECRET_BYTES: usize = 32;
const SINCE_BYTES: usize = 8;

/// A member's key. After an erasure they may get another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonKey {
    /// The key itself.
    pub secret: [u8; SECRET_BYTES],
    /// The record from which on it may have been needed.
    pub since: u64,
}

impl Store {
    fn persons(&self) -> &ColumnFamily {
        self.inner.journal.cf_handle(PERSONS).expect("the family is opened with the journal")
    }

    /// A member's keys, oldest first; nearly always one or none. No member's `row` begins another's.
    pub fn person_keys(&self, row: &[u8]) -> Result<Vec<PersonKey>, Error> {
        let mut keys = Vec::new();
        let mut found = self.inner.journal.raw_iterator_cf(self.persons());
        found.seek(row);
        while let Some((key, secret)) = found.item().filter(|(key, _)| key.starts_with(row)) {
            let since = key.get(row.len()..).and_then(|since| <[u8; SINCE_BYTES]>::try_from(since).ok());
            let (Some(since), Ok(secret)) = (since, secret.try_into()) else {
                return Err(Error::Damaged { family: PERSONS });
            };
            keys.push(PersonKey { secret, since: u64::from_be_bytes(since) });
            found.next();
        }
        found.status().map_err(|source| Error::RocksDb { what: "reading a member's keys", source })?;
        Ok(keys)
    }

    /// Writes a member's key. It is durable with the block that is appended after it, and never later than that.
    pub fn put_person_key(&self, row: &[u8], key: &PersonKey) -> Result<(), Error> {
        self.check_health()?;
        match self.inner.journal.put_cf(self.persons(), key_of(row, key), key.secret) {
            Ok(()) => Ok(()),
            Err(source) => self.fail(Error::RocksDb { what: "writing a member's key", source }),
        }
    }

    /// Destroys a member's keys that were made before a record. They are gone from the disk when this returns, but for copies
    /// of the store made earlier.
    pub fn destroy_person_keys(&self, row: &[u8], before: u64) -> Result<(), Error> {
        let old: Vec<_> = self.person_keys(row)?.into_iter().filter(|key| key.since < before).collect();
        if old.is_empty() {
            return Ok(());
        }
        self.check_health()?;
        let mut synced = WriteOptions::default();
        synced.set_sync(true);
        let mut batch = WriteBatch::default();
        for key in &old {
            batch.delete_cf(self.persons(), key_of(row, key));
        }
        let db = &self.inner.journal;
        // The log holds the keys until all families are written out.
        let gone = db.write_opt(&batch, &synced).and_then(|()| db.flush_cf(self.persons())).and_then(|()| db.flush());
        if let Err(source) = gone {
            return self.fail(Error::RocksDb { what: "destroying a member's key", source });
        }
        let past = [row, &[u8::MAX; SINCE_BYTES]].concat();
        db.compact_range_cf(self.persons(), Some(row), Some(past.as_slice()));
        Ok(())
    }
}

fn key_of(row: &[u8], key: &PersonKey) -> Vec<u8> {
    [row, &key.since.to_be_bytes()].concat()
}

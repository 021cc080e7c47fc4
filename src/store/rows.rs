//! The views' part of the store: batches of rows written with their mark, and rows read many at a time.
//!
//! Rows are bytes here. What the journal has and the mark does not reach is missing from them; the reader knows.

use rocksdb::{FlushOptions, ReadOptions, WriteBatch, WriteOptions};

use super::options::{Family, handle};
use super::{Error, Store, keys};
use crate::ledger::types::{MemberKey, ProgramId, Text, TimeMs};

/// A member's row and due time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberWrite {
    /// Who.
    pub key: MemberKey,
    /// The row.
    pub row: Vec<u8>,
    /// When something fell due for them by the row before this one.
    pub previous_due: Option<TimeMs>,
    /// When something falls due for them next.
    pub next_due: Option<TimeMs>,
}

/// Rows on their way from one mark to the next. A row says itself which record it reflects; it may be ahead of the mark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ViewBatch {
    /// Where all rows reflect at least this record, this batch included: its sequence, and all that is not per member
    /// (programs, the ledger's time) exactly as of it.
    pub mark: Option<(u64, Vec<u8>)>,
    /// Members that changed, each once.
    pub members: Vec<MemberWrite>,
    /// Velocity rings that changed: key and row, each once.
    pub rings: Vec<(Vec<u8>, Vec<u8>)>,
    /// Due rows that were looked at: whatever was due there has been done.
    pub due_seen: Vec<(TimeMs, MemberKey)>,
    /// Rows of the fraud desk, exactly as of `mark`: key and row; of one key the last counts.
    pub desk: Vec<(Vec<u8>, Vec<u8>)>,
    /// New natural keys and the records that hold them.
    pub keys: Vec<([u8; 16], u64)>,
}

impl Store {
    /// Writes rows and their mark, all or nothing. They reach the disk later, also all or nothing; until then a stop
    /// of the process takes the views back to an earlier mark.
    ///
    /// Large batches are cheaper: a key of a batch of 50,000 costs half as much as one of 1,000, since sorted
    /// neighbours share their way into the table.
    pub fn write_views(&self, mut batch: ViewBatch) -> Result<(), Error> {
        self.check_health()?;
        // Neighbouring keys of a sorted batch find their places near each other.
        batch.keys.sort_unstable();
        // Of rows with one key the later one counts, so their order stays.
        batch.members.sort_by(|a, b| a.key.cmp(&b.key));
        batch.rings.sort_by(|a, b| a.0.cmp(&b.0));
        self.write_rows(&self.assemble(&batch))
    }

    fn write_rows(&self, writes: &WriteBatch) -> Result<(), Error> {
        let mut options = WriteOptions::default();
        options.disable_wal(true);
        match self.inner.views.write_opt(writes, &options) {
            Ok(()) => Ok(()),
            Err(source) => self.fail(Error::RocksDb { what: "writing views", source }),
        }
    }

    fn assemble(&self, batch: &ViewBatch) -> WriteBatch {
        let ViewBatch { mark, members, rings, due_seen, keys, desk } = batch;
        let views = &self.inner.views;
        let mut writes = WriteBatch::default();
        let family = handle(views, Family::Keys);
        for (key, seq) in keys {
            writes.put_cf(family, key, seq.to_be_bytes());
        }
        let family = handle(views, Family::Rings);
        for (key, row) in rings {
            writes.put_cf(family, key, row);
        }
        let family = handle(views, Family::Desk);
        for (key, row) in desk {
            writes.put_cf(family, key, row);
        }
        let family = handle(views, Family::Members);
        for member in members {
            writes.put_cf(family, keys::member(&member.key), &member.row);
        }
        let family = handle(views, Family::Due);
        for (at, key) in due_seen {
            writes.delete_cf(family, keys::due(*at, key));
        }
        for MemberWrite { key, row: _, previous_due, next_due } in members {
            // A row that is to stay may be among those looked at and deleted above.
            if previous_due == next_due && due_seen.is_empty() {
                continue;
            }
            if let Some(at) = previous_due {
                writes.delete_cf(family, keys::due(*at, key));
            }
            if let Some(at) = next_due {
                writes.put_cf(family, keys::due(*at, key), []);
            }
        }
        if let Some((seq, registry)) = mark {
            let mut value = seq.to_be_bytes().to_vec();
            value.extend_from_slice(registry);
            writes.put_cf(handle(views, Family::Meta), keys::MARK, value);
        }
        writes
    }

    /// What the caller said of the formats of its rows; `None` where it never did.
    pub fn formats(&self) -> Result<Option<Vec<u8>>, Error> {
        let found = self.inner.views.get_cf(handle(&self.inner.views, Family::Meta), keys::FORMATS);
        found.map_err(|source| Error::RocksDb { what: "reading the formats of rows", source })
    }

    /// Notes the formats of the rows that are written from here on.
    pub fn note_formats(&self, formats: &[u8]) -> Result<(), Error> {
        self.check_health()?;
        let mut writes = WriteBatch::default();
        writes.put_cf(handle(&self.inner.views, Family::Meta), keys::FORMATS, formats);
        self.write_rows(&writes)
    }

    /// The latest record the views reflect, and the registry as of it. `None` where there are no views.
    pub fn mark(&self) -> Result<Option<(u64, Vec<u8>)>, Error> {
        let value = self
            .inner
            .views
            .get_cf(handle(&self.inner.views, Family::Meta), keys::MARK)
            .map_err(|source| Error::RocksDb { what: "reading the mark", source })?;
        let Some(value) = value else { return Ok(None) };
        let (seq, registry) = value.split_first_chunk().ok_or(Error::Damaged { family: "meta" })?;
        Ok(Some((u64::from_be_bytes(*seq), registry.to_vec())))
    }

    /// Members' rows, in the order asked.
    pub fn member_rows(&self, members: &[MemberKey]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let keys: Vec<Vec<u8>> = members.iter().map(keys::member).collect();
        self.read_many(Family::Members, &keys, |row| Ok(row.to_vec()))
    }

    /// Rows of a program's members whose ids come after one, in the order of the ids' bytes, at most `limit`.
    pub fn members_from(&self, program: ProgramId, after: &str, limit: usize) -> Result<Vec<(Text, Vec<u8>)>, Error> {
        let start = keys::member(&MemberKey { program, id: Text::new(after) });
        let mut rows = self.inner.views.raw_iterator_cf(handle(&self.inner.views, Family::Members));
        rows.seek(&start);
        let mut found = Vec::new();
        while found.len() < limit {
            let Some((key, row)) = rows.item() else { break };
            let member = keys::read_member(key)?;
            if member.program != program {
                break;
            }
            if member.id.as_str() > after {
                found.push((member.id, row.to_vec()));
            }
            rows.next();
        }
        rows.status().map_err(|source| Error::RocksDb { what: "reading members", source })?;
        Ok(found)
    }

    /// Rings' rows, in the order asked.
    pub fn ring_rows(&self, rings: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        self.read_many(Family::Rings, rings, |row| Ok(row.to_vec()))
    }

    /// A row of the desk.
    pub fn desk_row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.inner
            .views
            .get_cf(handle(&self.inner.views, Family::Desk), key)
            .map_err(|source| Error::RocksDb { what: "reading the desk", source })
    }

    /// All rows of the desk, in order of their keys.
    pub fn desk_rows(&self) -> Result<Vec<Vec<u8>>, Error> {
        let mut rows = self.inner.views.raw_iterator_cf(handle(&self.inner.views, Family::Desk));
        rows.seek_to_first();
        let mut found = Vec::new();
        while let Some(row) = rows.value() {
            found.push(row.to_vec());
            rows.next();
        }
        rows.status().map_err(|source| Error::RocksDb { what: "reading the desk", source })?;
        Ok(found)
    }

    /// Which records hold natural keys, in the order asked.
    pub fn key_seqs(&self, keys: &[[u8; 16]]) -> Result<Vec<Option<u64>>, Error> {
        let mut order: Vec<(&[u8; 16], usize)> = keys.iter().zip(0..).collect();
        order.sort_unstable();
        let sorted: Vec<&[u8; 16]> = order.iter().map(|(key, _)| *key).collect();
        let found = self.read_many(Family::Keys, &sorted, |value| keys::read_u64("keys", value))?;
        let mut in_order = vec![None; keys.len()];
        for ((_, at), seq) in order.into_iter().zip(found) {
            in_order.get_mut(at).into_iter().for_each(|place| *place = seq);
        }
        Ok(in_order)
    }

    /// Reads rows in the order of their keys; where that is the order of the bytes, nobody has to sort them.
    fn read_many<K: AsRef<[u8]> + PartialOrd, T>(
        &self,
        family: Family,
        keys: &[K],
        read: impl Fn(&[u8]) -> Result<T, Error>,
    ) -> Result<Vec<Option<T>>, Error> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let failed = |source| Error::RocksDb { what: "reading rows", source };
        let rows = self
            .inner
            .views
            .batched_multi_get_pinned_batch_cf(handle(&self.inner.views, family), keys, keys.is_sorted())
            .map_err(failed)?;
        rows.iter().map(|row| row.map_err(failed)?.map(&read).transpose()).collect()
    }

    /// Members for whom something is due at or before an instant, earliest first, after a row that was read before.
    pub fn due_until(
        &self,
        read: Option<&(TimeMs, MemberKey)>,
        at: TimeMs,
        limit: usize,
    ) -> Result<Vec<(TimeMs, MemberKey)>, Error> {
        let mut options = ReadOptions::default();
        if let Some(after) = at.get().checked_add(1) {
            options.set_iterate_upper_bound(keys::due_time(TimeMs::new(after)));
        }
        let mut rows = self.inner.views.raw_iterator_cf_opt(handle(&self.inner.views, Family::Due), options);
        match read {
            Some((at, key)) => rows.seek([&*keys::due(*at, key), &[0]].concat()),
            None => rows.seek_to_first(),
        }
        let mut due = Vec::new();
        while due.len() < limit {
            let Some(key) = rows.key() else { break };
            due.push(keys::read_due(key)?);
            rows.next();
        }
        rows.status().map_err(|source| Error::RocksDb { what: "reading due members", source })?;
        Ok(due)
    }

    /// Adds due rows; with the last ones of a program's members, by which rules all of them were looked at.
    pub fn add_due(&self, due: &[(TimeMs, MemberKey)], by: Option<(ProgramId, &[u8])>) -> Result<(), Error> {
        self.check_health()?;
        let views = &self.inner.views;
        let mut writes = WriteBatch::default();
        for (at, key) in due {
            writes.put_cf(handle(views, Family::Due), keys::due(*at, key), []);
        }
        if let Some((program, rules)) = by {
            writes.put_cf(handle(views, Family::Meta), keys::swept(program), rules);
        }
        self.write_rows(&writes)
    }

    /// By which rules all members of a program were looked at last; see [`Store::add_due`].
    pub fn swept_by(&self, program: ProgramId) -> Result<Option<Vec<u8>>, Error> {
        let meta = handle(&self.inner.views, Family::Meta);
        let found = self.inner.views.get_cf(meta, keys::swept(program));
        found.map_err(|source| Error::RocksDb { what: "reading by which rules members were looked at", source })
    }

    /// Brings all rows written so far to disk, with their mark.
    pub fn flush_views(&self) -> Result<(), Error> {
        self.check_health()?;
        let families = Family::ALL.map(|family| handle(&self.inner.views, family));
        let families: Vec<_> = families.iter().collect();
        match self.inner.views.flush_cfs_opt(&families, &FlushOptions::default()) {
            Ok(()) => Ok(()),
            Err(source) => self.fail(Error::RocksDb { what: "flushing views", source }),
        }
    }

    /// Deletes all rows and their mark. The next start rebuilds them from the journal.
    pub fn drop_views(&self) -> Result<(), Error> {
        const AFTER_EVERY_KEY: [u8; 1_024] = [0xff; 1_024];
        self.check_health()?;
        let mut writes = WriteBatch::default();
        for family in Family::ALL {
            writes.delete_range_cf(handle(&self.inner.views, family), &[][..], &AFTER_EVERY_KEY[..]);
        }
        if let Err(source) = self.inner.views.write_without_wal(&writes) {
            return self.fail(Error::RocksDb { what: "deleting views", source });
        }
        self.flush_views()?;
        for family in Family::ALL {
            self.inner.views.compact_range_cf(handle(&self.inner.views, family), None::<&[u8]>, None::<&[u8]>);
        }
        self.check_health()
    }
}

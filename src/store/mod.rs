//! The store: two `RocksDB` databases in one folder, and the published views in memory.
//!
//! It keeps bytes and knows no records. `journal/` holds blocks, each written with one sync, and is the truth. `views/` holds
//! what can be rebuilt from it (members, velocity rings, idempotency keys, due times), written without a log of its own, in
//! batches that reach the disk whole, together with the mark of the last record they reflect. They are two databases
//! because `RocksDB` takes one write at a time: a block's sync must not wait for a batch of rows.
//!
//! ```text
//!  FORMAT      the folder's format, checked before anything else is read
//!  LOCK        held while a process has the store open
//!  WITNESS     the latest synced block, outside `RocksDB`: a journal that ends before it has lost blocks
//!  journal/    family default: first sequence → block; family persons: members' keys, see [`persons`]
//!  views/      families members, rings, keys, due, meta, desk; see [`keys`]
//! ```
//!
//! A failed write is never tried again. The store then refuses everything that follows, and says so in
//! [`Store::failed`]; what is on disk is found out by opening it anew.

mod blocks;
mod folder;
mod health;
pub mod keys;
mod options;
pub mod persons;
mod rows;
pub mod views;
mod witness;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rocksdb::DB;
use rocksdb::checkpoint::Checkpoint;

pub use blocks::Blocks;
pub use folder::{FORMAT, FORMAT_FILE};
pub use options::StoreConfig;
pub use rows::{MemberWrite, ViewBatch};

use folder::Folder;
use health::Health;
use options::Family;
use witness::Witness;

/// What can go wrong. Unless a variant says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process, or another part of this one, has the folder open.
    #[error("the data folder {0} is in use by another process")]
    InUse(PathBuf),
    /// The folder was written in a format this program does not read.
    #[error("the data folder {path} has format {found:?}, this program reads {expected:?}")]
    Format {
        /// The folder.
        path: PathBuf,
        /// What its `FORMAT` says.
        found: String,
        /// What it should say.
        expected: &'static str,
    },
    /// The folder holds databases but no `FORMAT`.
    #[error("the data folder {0} holds databases but no FORMAT file: it is not a data folder, or not whole")]
    NotAStore(PathBuf),
    /// The journal ends before a block that was synced: the disk has lost it.
    #[error(
        "the journal in {path} ends with the block of record {found}, but the block of record {witnessed} was synced"
    )]
    LostBlocks {
        /// The folder.
        path: PathBuf,
        /// The first sequence of the last block there is; zero for none.
        found: u64,
        /// The first sequence of the last block that was synced.
        witnessed: u64,
    },
    /// A file outside the databases could not be read or written.
    #[error("a file operation failed: {what}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// How it failed.
        source: std::io::Error,
    },
    /// `RocksDB` failed. A write may or may not be on disk.
    #[error("RocksDB failed: {what}: {source}")]
    RocksDb {
        /// What was tried.
        what: &'static str,
        /// How it failed.
        source: rocksdb::Error,
    },
    /// A row or key that has not the shape it was written in.
    #[error("a row of {family} is damaged")]
    Damaged {
        /// The column family.
        family: &'static str,
    },
    /// A block that does not come after the last one.
    #[error("a block that begins with record {found} cannot follow the block of record {last}")]
    NotNext {
        /// First sequence of the last block.
        last: u64,
        /// First sequence of the refused one.
        found: u64,
    },
    /// A write failed before; the store takes no more.
    #[error("the store has failed before: {0}")]
    Failed(String),
}

impl Error {
    /// Whether what is on disk is not what was written, rather than out of reach.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::LostBlocks { .. } | Self::Damaged { .. } => true,
            Self::RocksDb { source, .. } => source.kind() == rocksdb::ErrorKind::Corruption,
            _ => false,
        }
    }
}

/// An open store. Cheap to clone; the last clone closes it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    // Fields are dropped in order: the databases are closed before the lock is let go.
    journal: DB,
    views: DB,
    health: Health,
    witness: Witness,
    /// First sequence of the last block; zero for none.
    last_block: AtomicU64,
    folder: Folder,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path()).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in a folder, creating it where there is none, and checks that no synced block is missing.
    pub fn open(path: impl AsRef<Path>, config: &StoreConfig) -> Result<Self, Error> {
        let folder = Folder::open(path.as_ref())?;
        let health = Health::default();
        let shared = options::Shared::new(config);
        let journal =
            DB::open_cf_descriptors(&shared.journal(&health), folder.journal(), shared.journal_families(&health))
                .map_err(|source| Error::RocksDb { what: "opening the journal", source })?;
        let views = DB::open_cf_descriptors(&shared.views(&health), folder.views(), shared.view_families())
            .map_err(|source| Error::RocksDb { what: "opening the views", source })?;
        let witness = Witness::open(&folder.witness())?;
        let last_block = AtomicU64::new(0);
        let store = Self { inner: Arc::new(Inner { journal, views, health, witness, last_block, folder }) };
        let (last, bytes) = store.last_block()?.map_or((0, 0), |(first, bytes)| (first, bytes.len() as u64));
        store.inner.last_block.store(last, Ordering::Release);
        match store.inner.witness.latest() {
            Some((first, length)) if first > last || (first == last && length != bytes) => {
                Err(Error::LostBlocks { path: path.as_ref().into(), found: last, witnessed: first })
            }
            Some(_) | None => Ok(store),
        }
    }

    /// Whether a folder is a store's. [`Store::open`] would make one where there is none.
    pub fn is_at(path: impl AsRef<Path>) -> bool {
        Folder::is_at(path.as_ref())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.inner.folder.path()
    }

    /// Why the store takes no more writes, where it does not.
    pub fn failed(&self) -> Option<String> {
        self.inner.health.failed()
    }

    /// Copies the store as it is now into a folder that does not exist yet, on the same file system: by hard links, so
    /// it takes little time and room. What was synced when this was called is in the copy, and so are the small files beside
    /// the databases; it opens like any store.
    pub fn checkpoint(&self, to: impl AsRef<Path>) -> Result<(), Error> {
        // Views first: the journal's copy then has every record the views' copy reflects.
        let copy = Folder::prepare_copy(to.as_ref())?;
        self.flush_views()?;
        let steps = [
            (&self.inner.views, copy.views(), "copying the views"),
            (&self.inner.journal, copy.journal(), "copying the journal"),
        ];
        for (db, target, what) in steps {
            Checkpoint::new(db)
                .and_then(|checkpoint| checkpoint.create_checkpoint(target))
                .map_err(|source| Error::RocksDb { what, source })?;
        }
        self.inner.folder.take_along(&copy)?;
        copy.finish()
    }

    /// Bytes of all files, and of memory in write buffers and table readers, as `RocksDB` counts them: for metrics.
    pub fn sizes(&self) -> Result<Sizes, Error> {
        const FILES: &str = "rocksdb.total-sst-files-size";
        const IN_MEMORY: [&str; 2] = ["rocksdb.size-all-mem-tables", "rocksdb.estimate-table-readers-mem"];
        let Inner { journal, views, .. } = &*self.inner;
        let mut sizes = Sizes {
            journal_bytes: property(journal, None, FILES)?,
            views_bytes: 0,
            memory_bytes: property(journal, None, "rocksdb.block-cache-usage")?,
        };
        for name in IN_MEMORY {
            sizes.memory_bytes += property(journal, None, name)?;
        }
        for family in Family::ALL {
            sizes.views_bytes += property(views, Some(family), FILES)?;
            for name in IN_MEMORY {
                sizes.memory_bytes += property(views, Some(family), name)?;
            }
        }
        Ok(sizes)
    }

    /// An error where a write failed before.
    fn check_health(&self) -> Result<(), Error> {
        self.inner.health.failed().map_or(Ok(()), |why| Err(Error::Failed(why)))
    }

    /// Notes that a write failed; the store then takes no more.
    fn fail<T>(&self, error: Error) -> Result<T, Error> {
        self.inner.health.fail(error.to_string());
        Err(error)
    }
}

/// What the store uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes of the journal's files, without what is only in its log yet.
    pub journal_bytes: u64,
    /// Bytes of the views' files.
    pub views_bytes: u64,
    /// Bytes of memory in caches, buffers and open files' indexes.
    pub memory_bytes: u64,
}

fn property(db: &DB, family: Option<Family>, name: &'static str) -> Result<u64, Error> {
    let value = match family {
        Some(family) => db.property_int_value_cf(options::handle(db, family), name),
        None => db.property_int_value(name),
    };
    Ok(value.map_err(|source| Error::RocksDb { what: name, source })?.unwrap_or(0))
}

//! How the two databases are set up. All of `RocksDB`'s settings are here, each with its reason.

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode, LogLevel,
    LruCacheOptions, Options, WriteBufferManager,
};

use super::health::Health;
use super::persons::PERSONS;
use crate::limits::{STORE_CACHE_BYTES_DEFAULT, STORE_WRITE_BUFFER_BYTES_DEFAULT};

/// How much memory the store may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// Bytes for what is read from files. Their indexes and filters, about two bytes a key, come on top: a miss must not
    /// have to fetch a filter.
    pub cache_bytes: usize,
    /// Bytes for rows and blocks not yet in files; half of it may be more for a moment while a flush runs.
    pub write_buffer_bytes: usize,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { cache_bytes: STORE_CACHE_BYTES_DEFAULT, write_buffer_bytes: STORE_WRITE_BUFFER_BYTES_DEFAULT }
    }
}

/// A column family of the views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Members,
    Rings,
    Keys,
    Due,
    Meta,
    Desk,
}

impl Family {
    pub(super) const ALL: [Self; 6] = [Self::Members, Self::Rings, Self::Keys, Self::Due, Self::Meta, Self::Desk];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Rings => "rings",
            Self::Keys => "keys",
            Self::Due => "due",
            Self::Meta => "meta",
            Self::Desk => "desk",
        }
    }
}

/// The handle of a family.
pub(super) fn handle(db: &DB, family: Family) -> &ColumnFamily {
    db.cf_handle(family.name()).expect("the views are opened with every family")
}

/// What both databases share: one cache, one budget of write buffers.
pub(super) struct Shared {
    cache: Cache,
    buffers: WriteBufferManager,
    buffer_bytes: usize,
}

impl Shared {
    pub(super) fn new(config: &StoreConfig) -> Self {
        Self {
            cache: cache(config.cache_bytes),
            buffers: WriteBufferManager::new_write_buffer_manager(config.write_buffer_bytes, false),
            // Four of them fit the budget: one filling and one being flushed, in each database.
            buffer_bytes: config.write_buffer_bytes / 4,
        }
    }

    fn database(&self, health: &Health) -> Options {
        const INFO_LOG_BYTES: usize = 8 << 20;
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_paranoid_checks(true);
        options.add_event_listener(health.clone());
        options.set_write_buffer_manager(&self.buffers);
        options.set_write_buffer_size(self.buffer_bytes);
        // One flush and one compaction at a time: the rest of the processors is the engine's.
        options.set_max_background_jobs(2);
        // Smooths writeback, so that a sync of the journal does not wait for megabytes of a compaction.
        options.set_bytes_per_sync(1 << 20);
        options.set_log_level(LogLevel::Warn);
        options.set_keep_log_file_num(4);
        options.set_max_log_file_size(INFO_LOG_BYTES);
        options.set_stats_dump_period_sec(0);
        options
    }

    /// The journal: large values in order of their keys, each synced.
    pub(super) fn journal(&self, health: &Health) -> Options {
        let mut options = self.database(health);
        // Only an incomplete last write is forgiven; damage before it refuses to open, where the default would drop
        // everything after it without a word. This rules out recycling log files.
        options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
        options.set_track_and_verify_wals_in_manifest(true);
        // Blocks are short of time, not of room, and files in key order are moved between levels, not rewritten.
        options.set_compression_type(DBCompressionType::None);
        options.set_target_file_size_base(256 << 20);
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&self.cache);
        options.set_block_based_table_factory(&table);
        options
    }

    /// The views: no log; what is flushed is flushed of all families at once, the mark included.
    pub(super) fn views(&self, health: &Health) -> Options {
        let mut options = self.database(health);
        options.set_atomic_flush(true);
        options
    }

    /// Blocks, and the few small rows that nothing can make again.
    pub(super) fn journal_families(&self, health: &Health) -> [ColumnFamilyDescriptor; 2] {
        const PERSONS_BUFFER_BYTES: usize = 1 << 20;
        let mut persons = Options::default();
        persons.set_write_buffer_size(PERSONS_BUFFER_BYTES);
        persons.set_compression_type(DBCompressionType::None);
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&self.cache);
        persons.set_block_based_table_factory(&table);
        let blocks = ColumnFamilyDescriptor::new("default", self.journal(health));
        [blocks, ColumnFamilyDescriptor::new(PERSONS, persons)]
    }

    pub(super) fn view_families(&self) -> Vec<ColumnFamilyDescriptor> {
        let mut families = vec![ColumnFamilyDescriptor::new("default", Options::default())];
        families.extend(
            Family::ALL.into_iter().map(|family| ColumnFamilyDescriptor::new(family.name(), self.family(family))),
        );
        families
    }

    fn family(&self, family: Family) -> Options {
        let mut options = Options::default();
        options.set_write_buffer_size(self.buffer_bytes);
        options.set_compression_type(DBCompressionType::Lz4);
        options.set_level_compaction_dynamic_level_bytes(true);
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&self.cache);
        match family {
            // Mostly asked for what is not there: filters answer, in files and in memory.
            Family::Keys => {
                options.set_compression_type(DBCompressionType::None);
                filtered(&mut options, &mut table);
            }
            Family::Members | Family::Rings => {
                filtered(&mut options, &mut table);
            }
            // Read from its front, where rows are deleted: compacted before a read has to step over many of them.
            Family::Due => options.add_compact_on_deletion_collector_factory(4_096, 1_024, 0.5),
            Family::Meta | Family::Desk => {}
        }
        options.set_block_based_table_factory(&table);
        options
    }
}

/// A cache in few parts: RocksDB's own choice has parts of 4 MiB, and a block of the journal is a megabyte or more.
fn cache(bytes: usize) -> Cache {
    const PARTS_LOG2: i32 = 2;
    let mut options = LruCacheOptions::default();
    options.set_capacity(bytes);
    options.set_num_shard_bits(PARTS_LOG2);
    Cache::new_lru_cache_opts(&options)
}

/// Filters in memory, at a twentieth of a buffer, and in files, at 12 bits a key: one in 300 misses then costs a read.
fn filtered(options: &mut Options, table: &mut BlockBasedOptions) {
    options.set_memtable_whole_key_filtering(true);
    options.set_memtable_prefix_bloom_ratio(0.05);
    table.set_bloom_filter(12.0, false);
}

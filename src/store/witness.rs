//! The witness: which block was last synced, kept outside `RocksDB`.
//!
//! `RocksDB` cannot tell the end of its log from a damaged or vanished end. The witness can: it is written after a block's
//! sync, so the journal never rightly ends before it. It is not synced itself; after a power cut it may name an older
//! block, which only makes it say less. Two slots are written in turn, each with its own checksum, so that one is
//! always whole.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Error;

/// Slots lie in pages of their own: a torn page takes one of them.
const SLOT_STRIDE: u64 = 4_096;
/// First sequence, length, checksum.
const SLOT_BYTES: usize = 32;

/// The witness of an open store.
#[derive(Debug)]
pub(super) struct Witness {
    file: File,
    found: Option<(u64, u64)>,
    second: AtomicBool,
}

impl Witness {
    /// Opens the file, creating it where there is none: a copy of a store has none.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let open = || {
            let file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
            if file.metadata()?.len() < 2 * SLOT_STRIDE {
                file.set_len(2 * SLOT_STRIDE)?;
                file.sync_all()?;
            }
            let mut slots = [[0; SLOT_BYTES]; 2];
            for (slot, at) in slots.iter_mut().zip([0, SLOT_STRIDE]) {
                file.read_exact_at(slot, at)?;
            }
            Ok((file, slots))
        };
        let (file, [first, second]) = open().map_err(|source| Error::Io { what: "opening the witness", source })?;
        let (first, second) = (read(&first), read(&second));
        // The next write goes over the older slot.
        Ok(Self { file, found: first.max(second), second: AtomicBool::new(first > second) })
    }

    /// The block the file named when it was opened: first sequence and length in bytes.
    pub(super) const fn latest(&self) -> Option<(u64, u64)> {
        self.found
    }

    /// Names a block that has been synced. There is one writer.
    pub(super) fn note(&self, first: u64, length: u64) -> Result<(), Error> {
        let second = self.second.fetch_xor(true, Ordering::Relaxed);
        self.file
            .write_all_at(&slot(first, length), if second { SLOT_STRIDE } else { 0 })
            .map_err(|source| Error::Io { what: "writing the witness", source })
    }
}

fn slot(first: u64, length: u64) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    let (numbers, checksum) = slot.split_at_mut(16);
    for (to, byte) in numbers.iter_mut().zip(first.to_le_bytes().into_iter().chain(length.to_le_bytes())) {
        *to = byte;
    }
    for (to, byte) in checksum.iter_mut().zip(blake3::hash(numbers).as_bytes()) {
        *to = *byte;
    }
    slot
}

fn read(bytes: &[u8; SLOT_BYTES]) -> Option<(u64, u64)> {
    let (first, rest) = bytes.split_first_chunk()?;
    let (length, _) = rest.split_first_chunk()?;
    let (first, length) = (u64::from_le_bytes(*first), u64::from_le_bytes(*length));
    (slot(first, length) == *bytes).then_some((first, length))
}

//! A block: records in order, with the hash of the block before. What is appended, synced and replicated as one.
//!
//! ```text
//!  offset   bytes
//!  0        4     magic, "TLY1"
//!  4        1     format version, 1
//!  5        3     zero
//!  8        8     sequence of the first record, u64
//!  16       4     number of records n, u32, at least 1
//!  20       4     bytes of all records b, u32
//!  24       8     ledger time of the last record, i64 milliseconds
//!  32       32    BLAKE3 of the block before; zeros in the first
//!  64       b     records, back to back; record i has sequence first + i
//!  64 + b   4n    where each record ends, counted from 64, u32
//! ```
//!
//! All integers are little-endian. The block's hash is BLAKE3 over all of it; it is not stored in the block but in the next
//! one and in the log's head, so nothing in a chain can change without changing everything after. The table at the end lets
//! one record be read without the others.
//!
//! Nothing here reads or writes anything but memory.

use std::borrow::Borrow;

use super::Error;
use super::codec::{decode_record, encode_record};
use super::log::Head;
use crate::ledger::record::Record;
use crate::ledger::types::{Seq, TimeMs};
use crate::limits::BLOCK_BYTES_MAX;

/// The first bytes of every block.
pub const MAGIC: [u8; 4] = *b"TLY1";
/// The version blocks are written in.
pub const BLOCK_VERSION: u8 = 1;
/// Bytes before the records.
const HEADER_BYTES: usize = 64;
/// Bytes of one entry of the table at the end.
const END_BYTES: usize = 4;

/// A BLAKE3 hash.
pub type Hash = [u8; 32];

/// A finished block, ready to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedBlock {
    bytes: Vec<u8>,
    hash: Hash,
    first: Seq,
    next: Seq,
}

impl EncodedBlock {
    /// Gives the memory back.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// All of the block.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its hash.
    pub const fn hash(&self) -> &Hash {
        &self.hash
    }

    /// Its first record's sequence: the key it is kept under.
    pub const fn first(&self) -> Seq {
        self.first
    }

    /// The log's head once this block is its last.
    pub const fn head(&self) -> Head {
        Head { next: self.next, hash: self.hash }
    }
}

/// A block in the making: takes records as they are decided.
#[derive(Debug)]
pub struct BlockBuilder {
    first: Seq,
    next: Seq,
    recorded_at: TimeMs,
    /// The header's place, then the records.
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl BlockBuilder {
    /// An empty block whose first record will be `first`.
    pub fn new(first: Seq) -> Self {
        Self { first, next: first, recorded_at: TimeMs::EPOCH, bytes: vec![0; HEADER_BYTES], ends: Vec::new() }
    }

    /// The number of records so far.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True while there is no record.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of the block so far.
    pub fn size_bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * END_BYTES
    }

    /// Adds the next record. After an error the block is as it was.
    pub fn push(&mut self, record: &Record) -> Result<(), Error> {
        if record.seq != self.next {
            return Err(Error::OutOfOrder { expected: self.next, found: record.seq });
        }
        let before = self.bytes.len();
        encode_record(record, &mut self.bytes);
        let bytes = self.size_bytes() + END_BYTES;
        match u32::try_from(self.bytes.len() - HEADER_BYTES) {
            Ok(end) if bytes <= BLOCK_BYTES_MAX => self.ends.push(end),
            Ok(_) | Err(_) => {
                self.bytes.truncate(before);
                return Err(Error::BlockFull { bytes, limit: BLOCK_BYTES_MAX });
            }
        }
        self.next = record.seq.next();
        self.recorded_at = record.recorded_at;
        Ok(())
    }

    /// The finished block, after the block with the hash `previous`.
    pub fn finish(self, previous: &Hash) -> Result<EncodedBlock, Error> {
        let Self { first, next, recorded_at, mut bytes, ends } = self;
        let size = *ends.last().ok_or(Error::EmptyBlock)?;
        let count = u32::try_from(ends.len()).expect("every record takes a byte, and their bytes fit 32 bits");
        let mut header = Vec::with_capacity(HEADER_BYTES);
        header.extend_from_slice(&MAGIC);
        header.extend_from_slice(&[BLOCK_VERSION, 0, 0, 0]);
        header.extend_from_slice(&first.get().to_le_bytes());
        header.extend_from_slice(&count.to_le_bytes());
        header.extend_from_slice(&size.to_le_bytes());
        header.extend_from_slice(&recorded_at.get().to_le_bytes());
        header.extend_from_slice(previous);
        bytes.get_mut(..HEADER_BYTES).expect("the header's place was kept free").copy_from_slice(&header);
        bytes.reserve_exact(ends.len() * END_BYTES);
        for end in ends {
            bytes.extend_from_slice(&end.to_le_bytes());
        }
        let hash = *blake3::hash(&bytes).as_bytes();
        Ok(EncodedBlock { bytes, hash, first, next })
    }
}

/// Makes a block of records that follow each other, the first being `first`.
pub fn encode_block(first: Seq, previous: &Hash, records: &[Record]) -> Result<EncodedBlock, Error> {
    encode_block_in(Vec::new(), first, previous, records)
}

/// [`encode_block`] in memory that an earlier block has given back ([`EncodedBlock::into_bytes`]): a fresh buffer of some
/// megabytes costs as much as filling it.
pub fn encode_block_in(
    buffer: Vec<u8>,
    first: Seq,
    previous: &Hash,
    records: impl IntoIterator<Item = impl Borrow<Record>>,
) -> Result<EncodedBlock, Error> {
    let mut builder = BlockBuilder::new(first);
    builder.bytes = buffer;
    builder.bytes.clear();
    builder.bytes.resize(HEADER_BYTES, 0);
    for record in records {
        builder.push(record.borrow())?;
    }
    builder.finish(previous)
}

/// A block's bytes, checked as far as its layout goes. Whether it is unaltered only [`BlockReader::verify`] can tell.
#[derive(Clone, Copy, Debug)]
pub struct BlockReader<'a> {
    all: &'a [u8],
    records: &'a [u8],
    ends: &'a [u8],
    first: Seq,
    next: Seq,
    recorded_at: TimeMs,
    previous: &'a Hash,
}

impl<'a> BlockReader<'a> {
    /// Reads the header and checks the table.
    pub fn parse(all: &'a [u8]) -> Result<Self, Error> {
        let block = Self::open(all)?;
        block.check_ends()?;
        Ok(block)
    }

    /// Reads the header only, for a few records out of many: each checks its own place in the table.
    pub fn open(all: &'a [u8]) -> Result<Self, Error> {
        let mut rest = all;
        if take(&mut rest)? != &MAGIC {
            return Err(Error::NotABlock("the magic is not TLY1"));
        }
        let [version, zeros @ ..] = take::<4>(&mut rest)?;
        if *version != BLOCK_VERSION {
            return Err(Error::UnknownVersion { what: "block", version: *version });
        }
        if *zeros != [0; 3] {
            return Err(Error::NotABlock("a reserved byte is not zero"));
        }
        let first = u64::from_le_bytes(*take(&mut rest)?);
        let count = u32::from_le_bytes(*take(&mut rest)?);
        let size = u32::from_le_bytes(*take(&mut rest)?);
        let recorded_at = TimeMs::new(i64::from_le_bytes(*take(&mut rest)?));
        let previous = take(&mut rest)?;
        if count == 0 || first == 0 {
            return Err(Error::NotABlock("it holds no record"));
        }
        let next = first.checked_add(u64::from(count)).ok_or(Error::NotABlock("its sequences pass the largest"))?;
        let (records, ends) =
            rest.split_at_checked(size as usize).ok_or(Error::NotABlock("it ends within its records"))?;
        if ends.len() as u64 != u64::from(count) * END_BYTES as u64 {
            return Err(Error::NotABlock("the table at its end has the wrong length"));
        }
        Ok(Self { all, records, ends, first: Seq::new(first), next: Seq::new(next), recorded_at, previous })
    }

    fn check_ends(&self) -> Result<(), Error> {
        let mut last = 0;
        for end in self.ends.as_chunks::<END_BYTES>().0 {
            let end = u32::from_le_bytes(*end);
            if end <= last {
                return Err(Error::NotABlock("a record ends before it begins"));
            }
            last = end;
        }
        if last as usize == self.records.len() { Ok(()) } else { Err(Error::NotABlock("bytes follow the last record")) }
    }

    /// The sequence of the first record.
    pub const fn first(&self) -> Seq {
        self.first
    }

    /// The sequence after the last record.
    pub const fn next(&self) -> Seq {
        self.next
    }

    /// The ledger's time of the last record.
    pub const fn recorded_at(&self) -> TimeMs {
        self.recorded_at
    }

    /// The hash of the block before.
    pub const fn previous(&self) -> &'a Hash {
        self.previous
    }

    /// The number of records, at least one.
    pub const fn len(&self) -> usize {
        self.ends.len() / END_BYTES
    }

    /// False: a block holds at least one record.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The block's hash, computed anew.
    pub fn hash(&self) -> Hash {
        *blake3::hash(self.all).as_bytes()
    }

    /// Checks that the block follows a head, and gives the head after it. The link holds only if the block that was
    /// appended after `expected` is this one, byte for byte, which the next block's link then proves.
    pub fn verify(&self, expected: &Head) -> Result<Head, Error> {
        if self.first != expected.next {
            return Err(Error::Broken { at: expected.next, what: "the sequence does not continue" });
        }
        if self.previous != &expected.hash {
            return Err(Error::Broken { at: self.first, what: "it does not follow the block before it" });
        }
        Ok(Head { next: self.next, hash: self.hash() })
    }

    /// All records, oldest first. Ends after the first error.
    pub fn records(&self) -> impl Iterator<Item = Result<Record, Error>> + use<'a> {
        let block = *self;
        let mut failed = false;
        (0..block.len()).map_while(move |index| {
            if failed {
                return None;
            }
            let record = block.at(index)?;
            failed = record.is_err();
            Some(record)
        })
    }

    /// One record, where the block holds it.
    pub fn record(&self, seq: Seq) -> Result<Option<Record>, Error> {
        let Some(index) = seq.get().checked_sub(self.first.get()) else { return Ok(None) };
        let Ok(index) = usize::try_from(index) else { return Ok(None) };
        self.at(index).transpose()
    }

    fn at(&self, index: usize) -> Option<Result<Record, Error>> {
        let ends = self.ends.as_chunks::<END_BYTES>().0;
        let end = u32::from_le_bytes(*ends.get(index)?);
        let start = match index.checked_sub(1) {
            Some(before) => u32::from_le_bytes(*ends.get(before)?),
            None => 0,
        };
        let bytes = self.records.get(start as usize..end as usize);
        Some(
            bytes.ok_or(Error::NotABlock("a record ends before it begins")).and_then(|bytes| self.decode(bytes, index)),
        )
    }

    fn decode(&self, bytes: &[u8], index: usize) -> Result<Record, Error> {
        let (record, taken) = decode_record(bytes)?;
        if taken != bytes.len() {
            return Err(Error::TrailingBytes { what: "record", bytes: bytes.len() - taken });
        }
        let expected = Seq::new(self.first.get() + index as u64);
        if record.seq != expected {
            return Err(Error::OutOfOrder { expected, found: record.seq });
        }
        Ok(record)
    }
}

/// The next bytes of a header.
fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8; N], Error> {
    let (taken, after) = rest.split_first_chunk().ok_or(Error::NotABlock("it ends within its header"))?;
    *rest = after;
    Ok(taken)
}

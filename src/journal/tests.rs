//! Blocks, chains and the log in memory.

use proptest::prelude::*;

use super::block::{BlockBuilder, BlockReader, EncodedBlock, Hash, encode_block};
use super::chain::{follow, verify};
use super::codec::tests::strategies;
use super::log::{Head, Log};
use super::memory::{Fault, MemoryLog};
use super::*;
use crate::ledger::record::{Assessment, Input, Record, Status};
use crate::ledger::types::{ProgramId, Text, TimeMs};

fn record(seq: u64) -> Record {
    Record {
        seq: Seq::new(seq),
        program: ProgramId::new(0),
        recorded_at: TimeMs::new(1_000 + seq.cast_signed()),
        occurred_at: TimeMs::new(900),
        ruleset: 1,
        input: Input::Due(Text::new("m-1")),
        status: Status::Posted,
        parties: Vec::new(),
        effects: Vec::new(),
        clipped: Vec::new(),
        fraud: Assessment::default(),
        observed: Vec::new(),
        operations: 0,
        faults: Vec::new(),
    }
}

fn block(first: u64, count: u64, previous: &Hash) -> EncodedBlock {
    let records: Vec<_> = (first..first + count).map(record).collect();
    encode_block(Seq::new(first), previous, &records).unwrap()
}

/// Blocks of 3, 1 and 4 records.
fn log() -> MemoryLog {
    let mut log = MemoryLog::new();
    for count in [3, 1, 4] {
        let head = log.head();
        log.append(&head, &block(head.next.get(), count, &head.hash)).unwrap();
    }
    log
}

#[test]
fn a_block_gives_back_its_records() {
    let encoded = block(7, 5, &[9; 32]);
    let reader = BlockReader::parse(encoded.bytes()).unwrap();
    assert_eq!((reader.first(), reader.next(), reader.len()), (Seq::new(7), Seq::new(12), 5));
    assert_eq!(reader.recorded_at(), TimeMs::new(1_011));
    let all: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(all, (7..12).map(record).collect::<Vec<_>>());
    assert_eq!(reader.record(Seq::new(9)).unwrap(), Some(record(9)));
    assert_eq!(reader.record(Seq::new(6)).unwrap(), None);
    assert_eq!(reader.record(Seq::new(12)).unwrap(), None);
    let expected = Head { next: Seq::new(7), hash: [9; 32] };
    assert_eq!(reader.verify(&expected).unwrap(), encoded.head());
}

#[test]
fn a_block_refuses_what_does_not_follow() {
    let mut builder = BlockBuilder::new(Seq::new(3));
    assert!(matches!(builder.push(&record(4)), Err(Error::OutOfOrder { .. })));
    assert!(builder.is_empty());
    assert!(matches!(builder.finish(&[0; 32]), Err(Error::EmptyBlock)));
    let reader_of = block(3, 1, &[1; 32]);
    let reader = BlockReader::parse(reader_of.bytes()).unwrap();
    assert!(reader.verify(&Head { next: Seq::new(4), hash: [1; 32] }).is_err());
    assert!(reader.verify(&Head { next: Seq::new(3), hash: [2; 32] }).is_err());
}

#[test]
fn a_block_stops_growing_at_its_limit() {
    let mut builder = BlockBuilder::new(Seq::new(1));
    let mut large = record(1);
    large.input = Input::Due(Text::new("x".repeat(100 << 20)));
    for seq in 1..=10 {
        large.seq = Seq::new(seq);
        builder.push(&large).unwrap();
    }
    large.seq = Seq::new(11);
    let before = builder.size_bytes();
    assert!(matches!(builder.push(&large), Err(Error::BlockFull { .. })));
    assert_eq!((builder.len(), builder.size_bytes()), (10, before));
}

#[test]
fn a_log_appends_only_at_its_head() {
    let mut log = log();
    let stale = Head::GENESIS;
    assert!(matches!(log.append(&stale, &block(1, 1, &[0; 32])), Err(Error::Conflict { .. })));
    let head = log.head();
    assert!(matches!(log.append(&head, &block(100, 1, &head.hash)), Err(Error::OutOfOrder { .. })));
    assert_eq!(log.head().next, Seq::new(9));
    let found = log.block_with(Seq::new(4)).unwrap().unwrap();
    assert_eq!(BlockReader::parse(&found).unwrap().first(), Seq::new(4));
    assert_eq!(log.block_with(Seq::new(9)).unwrap(), None);
    assert_eq!(log.read_from(Seq::new(3)).count(), 3);
    assert_eq!(log.read_from(Seq::new(9)).count(), 0);
}

#[test]
fn a_failed_log_takes_nothing_more() {
    for (fault, kept) in [(Fault::Lost, 0), (Fault::Unacknowledged, 1)] {
        let mut log = MemoryLog::new();
        log.fail_append(1, fault);
        assert!(matches!(log.append(&Head::GENESIS, &block(1, 1, &[0; 32])), Err(Error::Log(_))));
        assert!(matches!(log.append(&Head::GENESIS, &block(1, 1, &[0; 32])), Err(Error::Log(_))));
        assert_eq!(log.len(), kept);
        let mut log = log.reopen();
        let head = log.head();
        log.append(&head, &block(head.next.get(), 2, &head.hash)).unwrap();
        assert_eq!(verify(&log, &mut |_| {}).unwrap().records, 2 + kept as u64);
    }
}

#[test]
fn a_whole_chain_verifies() {
    let log = log();
    let mut seen = Vec::new();
    let walked = verify(&log, &mut |next| seen.push(next.get())).unwrap();
    assert_eq!((walked.blocks, walked.records, walked.head), (3, 8, log.head()));
    assert_eq!(seen, [4, 5, 9]);
    let empty = verify(&MemoryLog::new(), &mut |_| {}).unwrap();
    assert_eq!((empty.blocks, empty.head), (0, Head::GENESIS));
}

#[test]
fn a_walk_may_begin_anywhere() {
    let log = log();
    for (from, blocks) in [(1, 3), (3, 3), (4, 2), (6, 1), (8, 1), (9, 0)] {
        let walked = follow(&log, Seq::new(from), &mut |_| Ok(())).unwrap();
        assert_eq!((walked.blocks, walked.head), (blocks, log.head()), "from {from}");
    }
}

#[test]
fn a_shortened_front_is_noticed() {
    assert!(verify(&Fronted(log()), &mut |_| {}).is_err());
}

/// A log whose first block is gone.
struct Fronted(MemoryLog);
impl Log for Fronted {
    fn head(&self) -> Head {
        self.0.head()
    }
    fn append(&mut self, expected: &Head, block: &EncodedBlock) -> Result<Head, Error> {
        self.0.append(expected, block)
    }
    fn read_from(&self, seq: Seq) -> log::Blocks<'_> {
        self.0.read_from(seq.max(Seq::new(4)))
    }
    fn block_with(&self, seq: Seq) -> Result<Option<Vec<u8>>, Error> {
        self.0.block_with(seq)
    }
}

proptest! {
    /// Every change of any byte of any block is noticed.
    #[test]
    fn an_altered_chain_does_not_verify(at in any::<prop::sample::Index>(), bits in 1u8.., seq in 1u64..9) {
        let mut log = log();
        log.tamper(Seq::new(seq), |bytes| *at.get_mut(bytes) ^= bits);
        let verified = verify(&log, &mut |_| {});
        prop_assert!(verified.is_err());
    }

    #[test]
    fn a_damaged_block_does_not_panic(
        records in prop::collection::vec(strategies::record(), 1..4),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut builder = BlockBuilder::new(Seq::new(5));
        for (mut record, seq) in records.into_iter().zip(5..) {
            record.seq = Seq::new(seq);
            builder.push(&record).unwrap();
        }
        let mut bytes = builder.finish(&[3; 32]).unwrap().bytes().to_vec();
        for (at, bits) in flips {
            *at.get_mut(&mut bytes) ^= bits;
        }
        if let Ok(block) = BlockReader::parse(&bytes) {
            drop(block.records().collect::<Vec<_>>());
            drop(block.record(Seq::new(6)));
        }
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(BlockReader::parse(&bytes).is_err());
    }

    #[test]
    fn foreign_bytes_are_no_block(mut bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(BlockReader::parse(&bytes).is_err());
        for (to, byte) in bytes.iter_mut().zip(*b"TLY1\x01\0\0\0") {
            *to = byte;
        }
        drop(BlockReader::parse(&bytes));
    }
}

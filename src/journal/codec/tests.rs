//! Whatever is written is read back the same; whatever is damaged is an error or another value, never a panic.

mod kin;
pub(crate) mod lives;
pub(crate) mod strategies;
mod verdicts;

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::ledger::types::{Seq, TimeMs};
use strategies::{member, program, record, rollout};

fn encoded(record: &crate::ledger::record::Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_record(record, &mut bytes);
    bytes
}

proptest! {
    #[test]
    fn records_survive(record in record(), following in any::<[u8; 3]>()) {
        let mut bytes = encoded(&record);
        let length = bytes.len();
        bytes.extend_from_slice(&following);
        let (read, taken) = decode_record(&bytes).unwrap();
        prop_assert_eq!(read, record);
        prop_assert_eq!(taken, length);
    }

    #[test]
    fn rows_survive(member in member(), program in program(), rollout in rollout(), now in any::<i64>()) {
        prop_assert_eq!(decode_member(&encode_member(&member)).unwrap(), member);
        prop_assert_eq!(decode_program(&encode_program(&program)).unwrap(), program.clone());
        let registry = Registry { now: TimeMs::new(now), programs: vec![Arc::new(program), Arc::default()], rollouts: vec![Arc::new(rollout)] };
        prop_assert_eq!(decode_registry(&encode_registry(&registry)).unwrap(), registry);
    }

    #[test]
    fn rings_survive(
        (capacity, last, dropped) in any::<(u16, u64, Option<i64>)>(),
        entries in prop::collection::vec(any::<(i64, i64, u64)>(), 0..20),
    ) {
        let entries = entries.into_iter().map(|(at, value, seq)| (TimeMs::new(at), value, Seq::new(seq))).collect();
        let ring = RingRow { capacity, last: Seq::new(last), dropped: dropped.map(TimeMs::new), blurred: dropped.map(|at| TimeMs::new(at / 2)), entries };
        prop_assert_eq!(decode_ring(&encode_ring(&ring)).unwrap(), ring);
    }

    #[test]
    fn a_cut_record_is_an_error(record in record(), at in any::<prop::sample::Index>()) {
        let bytes = encoded(&record);
        prop_assert!(decode_record(&bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn a_cut_row_is_an_error(member in member(), at in any::<prop::sample::Index>()) {
        let row = encode_member(&member);
        prop_assert!(decode_member(&row[..at.index(row.len())]).is_err());
        let longer = [row.as_slice(), &[0]].concat();
        let refused = matches!(decode_member(&longer), Err(Error::TrailingBytes { bytes: 1, .. }));
        prop_assert!(refused);
    }

    #[test]
    fn flipped_bytes_do_not_panic(
        record in record(),
        member in member(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..8),
    ) {
        let (mut bytes, mut row) = (encoded(&record), encode_member(&member));
        for (at, bits) in flips {
            *at.get_mut(&mut bytes) ^= bits;
            *at.get_mut(&mut row) ^= bits;
        }
        drop(decode_record(&bytes));
        drop(decode_member(&row));
        drop(decode_registry(&row));
        drop(decode_ring(&row));
    }

    #[test]
    fn foreign_bytes_do_not_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        drop(decode_record(&bytes));
        if let Some(version) = bytes.first_mut() {
            *version = 1;
        }
        drop(decode_record(&bytes));
        drop(decode_member(&bytes));
        drop(decode_registry(&bytes));
        drop(decode_program(&bytes));
        drop(decode_ring(&bytes));
    }
}

#[test]
fn a_list_is_believed_only_as_far_as_there_are_bytes() {
    let mut row =
        encode_ring(&RingRow { capacity: 8, last: Seq::new(1), dropped: None, blurred: None, entries: Vec::new() });
    row.pop();
    row.extend_from_slice(&[253]);
    row.extend_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(decode_ring(&row), Err(Error::TooLong { length: u64::MAX, remaining: 0 })));
}

#[test]
fn other_versions_are_refused_by_name() {
    let error = decode_record(&[9]).unwrap_err();
    assert_eq!(error.to_string(), "unknown version 9 of a record");
    assert_eq!(decode_member(&[0]).unwrap_err().to_string(), "unknown version 0 of a member row");
}

//! The format of a member's row. It can be rebuilt from the journal, so an unknown version is only a reason to rebuild.

use super::wire::{Reader, Wire, Writer, wire_struct};
use super::{decode_row, encode_row};
use crate::journal::Error;
use crate::ledger::member::{Buckets, CardState, Counter, Grant, Lot, Member, PoolState, Profile};

/// The version member rows are written in.
pub const MEMBER_VERSION: u8 = 1;

/// A member as a row.
pub fn encode_member(member: &Member) -> Vec<u8> {
    encode_row(MEMBER_VERSION, member)
}

/// A row as a member.
pub fn decode_member(row: &[u8]) -> Result<Member, Error> {
    decode_row("member row", MEMBER_VERSION, row)
}

wire_struct!(Member { last, enrolled_at, active_at, profile, referral_paid, tier, pools, cards, counters, grants });

wire_struct!(Profile { referrer, birthday, email_hash, phone_hash, address_hash, attributes });

wire_struct!(PoolState { pool, lots, debt, lifetime });

wire_struct!(Lot { id, amount, remaining, earned_at, available_at, expires_at, active, received });

wire_struct!(CardState { card, stamps, of, last_at, day, day_count });

wire_struct!(Counter { name, ever, years, months, days });

wire_struct!(Grant { id, reward, value, expires_at });

impl Wire for Buckets {
    fn put(&self, out: &mut Writer<'_>) {
        let Self([newest, older]) = self;
        newest.put(out);
        older.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self([Wire::take(from)?, Wire::take(from)?]))
    }
}

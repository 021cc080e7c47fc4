//! The format of a member's row. It can be rebuilt from the journal, so an unknown version is only a reason to rebuild.

use super::encode_row;
use super::wire::{Reader, Wire, Writer, wire_struct};
use crate::journal::Error;
use crate::ledger::member::{Buckets, CardState, Counter, Grant, Lot, Lots, Member, PoolState, Profile};
use crate::ledger::status::{Credits, Landing, Status};
use crate::ledger::types::Points;

/// The version member rows are written in.
pub const MEMBER_VERSION: u8 = 4;

/// A member as a row.
pub fn encode_member(member: &Member) -> Vec<u8> {
    encode_row(MEMBER_VERSION, member)
}

/// A row as a member. Rows of version 1 knew no holds and no schedules, those of version 2 not whom a member is tied to, those
/// of version 3 no credit by days.
pub fn decode_member(row: &[u8]) -> Result<Member, Error> {
    const WHAT: &str = "member row";
    let mut from = Reader::new(row);
    let mut member = match from.byte()? {
        1 => {
            let mut member = take_first_fields(&mut from)?;
            member.settled_at = member.enrolled_at.max(member.active_at);
            member
        }
        2 => take_second_fields(&mut from)?,
        3 => take_third_fields(&mut from)?,
        MEMBER_VERSION => Member::take(&mut from)?,
        version => return Err(Error::UnknownVersion { what: WHAT, version }),
    };
    from.finish(WHAT)?;
    reserve_held(&mut member);
    Ok(member)
}

/// What lots have kept aside is the sum of the holds, so it is not written twice.
fn reserve_held(member: &mut Member) {
    let Some(standing) = member.standing.as_deref() else { return };
    for hold in &standing.holds {
        let Some(pool) = member.pools.iter_mut().find(|pool| pool.pool == hold.pool) else { continue };
        for (id, amount) in &hold.lots {
            if let Some(at) = pool.lots.place_of(*id) {
                // A damaged row may say anything; a sum that is none is left out, and the audit finds it.
                let add = |lot: &mut Lot| lot.held = lot.held.checked_add(*amount).unwrap_or(lot.held);
                pool.lots.change(at, add);
            }
        }
    }
}

fn take_first_fields(from: &mut Reader<'_>) -> Result<Member, Error> {
    Ok(Member {
        last: Wire::take(from)?,
        enrolled_at: Wire::take(from)?,
        active_at: Wire::take(from)?,
        profile: Wire::take(from)?,
        referral_paid: Wire::take(from)?,
        tier: Wire::take(from)?,
        pools: Wire::take(from)?,
        cards: Wire::take(from)?,
        counters: Wire::take(from)?,
        grants: Wire::take(from)?,
        ..Member::default()
    })
}

fn take_second_fields(from: &mut Reader<'_>) -> Result<Member, Error> {
    let first = take_first_fields(from)?;
    Ok(Member { settled_at: Wire::take(from)?, standing: Wire::take(from)?, ..first })
}

fn take_third_fields(from: &mut Reader<'_>) -> Result<Member, Error> {
    let first = take_second_fields(from)?;
    Ok(Member { kin: Wire::take(from)?, ..first })
}

impl Wire for Member {
    fn put(&self, out: &mut Writer<'_>) {
        let Self {
            last,
            enrolled_at,
            active_at,
            profile,
            referral_paid,
            tier,
            pools,
            cards,
            counters,
            grants,
            settled_at,
            standing,
            kin,
            status,
        } = self;
        last.put(out);
        enrolled_at.put(out);
        active_at.put(out);
        profile.put(out);
        referral_paid.put(out);
        tier.put(out);
        pools.put(out);
        cards.put(out);
        counters.put(out);
        grants.put(out);
        settled_at.put(out);
        standing.put(out);
        kin.put(out);
        status.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        let first = take_third_fields(from)?;
        Ok(Self { status: Wire::take(from)?, ..first })
    }
}

wire_struct!(Profile { referrer, birthday, email_hash, phone_hash, address_hash, attributes });

wire_struct!(Status { credits, landing });

wire_struct!(Credits { counter, since, days });

wire_struct!(Landing { tier, until });

wire_struct!(PoolState { pool, lots, debt, lifetime });

impl Wire for Lots {
    fn put(&self, out: &mut Writer<'_>) {
        out.length(self.len());
        for lot in self {
            lot.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Vec::take(from).map(Self::from)
    }
}

impl Wire for Lot {
    fn put(&self, out: &mut Writer<'_>) {
        let Self { id, amount, remaining, held: _, earned_at, available_at, expires_at, active, received } = self;
        id.put(out);
        amount.put(out);
        remaining.put(out);
        earned_at.put(out);
        available_at.put(out);
        expires_at.put(out);
        active.put(out);
        received.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: Wire::take(from)?,
            amount: Wire::take(from)?,
            remaining: Wire::take(from)?,
            held: Points::ZERO,
            earned_at: Wire::take(from)?,
            available_at: Wire::take(from)?,
            expires_at: Wire::take(from)?,
            active: Wire::take(from)?,
            received: Wire::take(from)?,
        })
    }
}

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

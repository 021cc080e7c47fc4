//! Applying holds: parts of lots kept aside, and freed again.

use super::super::member::Member;
use super::super::record::Effect;
use super::super::types::{LotId, NameId, Points};
use super::{When, pool_mut, standing};

/// Makes a hold, ends one or gives it another end; false where a lot or the hold is not there.
pub(super) fn hold(member: &mut Member, effect: &Effect, when: When) -> bool {
    let known = match effect {
        Effect::Hold { pool, lots, .. } => lots.iter().all(|(lot, amount)| keep_aside(member, *pool, *lot, *amount)),
        Effect::Unhold { hold, .. } => member
            .hold(*hold)
            .cloned()
            .is_some_and(|hold| hold.lots.iter().all(|(lot, amount)| keep_aside(member, hold.pool, *lot, -*amount))),
        Effect::Extend { hold, .. } => member.hold(*hold).is_some(),
        _ => false,
    };
    if known {
        standing::change(member, effect, when, None);
    }
    known
}

/// Keeps part of a lot aside, or frees it; false where the lot is not there.
fn keep_aside(member: &mut Member, pool: NameId, lot: LotId, amount: Points) -> bool {
    let pool = pool_mut(member, pool);
    let Some(at) = pool.lots.place_of(lot) else { return false };
    pool.lots.change(at, |known| {
        known.held += amount;
        assert!(known.held <= known.remaining && known.held >= Points::ZERO, "a hold keeps no more than there is");
    });
    true
}

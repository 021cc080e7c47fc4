//! Applying whom a member is tied to. It keeps what records say and judges nothing.

use super::super::kin::{Friend, KinEffect, Link};
use super::super::member::Member;
use super::When;

/// What a record says about whom a member is tied to.
pub(super) fn relate(member: &mut Member, effect: &KinEffect, when: When) {
    let kin = member.kin.get_or_insert_default();
    match effect {
        KinEffect::Link { kind, ident, others, hub, .. } => kin.note(Link {
            kind: *kind,
            ident: *ident,
            others: *others,
            hub: *hub,
            first: when.seq,
            last: when.seq,
            at: when.occurred_at,
        }),
        KinEffect::Descend { ancestors, quick, slow, .. } => kin.descend(ancestors, *quick, *slow),
        KinEffect::Befriend { friend, amount, .. } => {
            kin.befriend(Friend { member: friend.clone(), seq: when.seq, at: when.occurred_at, amount: *amount });
        }
        KinEffect::Forgo { .. } => member.referral_paid = true,
    }
}

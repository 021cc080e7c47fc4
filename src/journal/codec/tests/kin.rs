//! Any who is tied to whom, and any credit towards tiers.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::strategies::{money, name, seq, text, time};
use crate::ledger::kin::{Friend, Kin, KinEffect, Link};
use crate::ledger::record::KeyField;
use crate::ledger::status::{Credits, Landing, Status};

fn field() -> impl Strategy<Value = KeyField> {
    proptest::sample::select(KeyField::ALL.to_vec())
}

/// Any effect on who is tied to whom.
pub(super) fn effect() -> BoxedStrategy<KinEffect> {
    let party = || any::<u8>();
    let with = vec((any::<i64>(), seq()), 0..3);
    prop_oneof![
        (party(), field(), any::<i64>(), any::<u16>(), any::<bool>(), with).prop_map(
            |(party, kind, ident, others, hub, with)| KinEffect::Link { party, kind, ident, others, hub, with }
        ),
        (party(), vec(any::<i64>(), 0..3), any::<u8>(), any::<u8>())
            .prop_map(|(party, ancestors, quick, slow)| KinEffect::Descend { party, ancestors, quick, slow }),
        (party(), text(), money()).prop_map(|(party, friend, amount)| KinEffect::Befriend { party, friend, amount }),
        party().prop_map(|party| KinEffect::Forgo { party }),
    ]
    .boxed()
}

/// Any member's part of it.
pub(super) fn kin() -> BoxedStrategy<Kin> {
    let link = (field(), any::<i64>(), any::<u16>(), any::<bool>(), seq(), seq(), time())
        .prop_map(|(kind, ident, others, hub, first, last, at)| Link { kind, ident, others, hub, first, last, at });
    let friend =
        (text(), seq(), time(), money()).prop_map(|(member, seq, at, amount)| Friend { member, seq, at, amount });
    (vec(link, 0..3), vec(any::<i64>(), 0..3), any::<u8>(), any::<u8>(), of(seq()), vec(friend, 0..3))
        .prop_map(|(links, ancestors, quick, slow, paid, friends)| Kin { links, ancestors, quick, slow, paid, friends })
        .boxed()
}

/// Any level kept for a time.
pub(super) fn landing() -> impl Strategy<Value = Landing> {
    (name(), time()).prop_map(|(tier, until)| Landing { tier, until })
}

/// Any credit by days.
pub(super) fn status() -> BoxedStrategy<Status> {
    let credits = (name(), any::<i32>(), vec((any::<i32>(), any::<i64>()), 0..4));
    let credits = credits.prop_map(|(counter, since, days)| Credits { counter, since, days });
    (vec(credits, 0..3), of(landing())).prop_map(|(credits, landing)| Status { credits, landing }).boxed()
}

//! What two records of one input do differently, as far as it matters to anybody: amounts, times, stamps, rewards, tiers,
//! verdicts. Ids, and the words in which a rule explains itself, are not a difference.

use std::collections::BTreeMap;

use crate::ledger::act::{Spend, What};
use crate::ledger::apply::{posting, takes_effect};
use crate::ledger::record::{Account, Credit, Effect, Input, Record};
use crate::ledger::types::{LotId, NameId, Text};

/// Whether two records of one input come to the same.
#[must_use]
pub fn is_same(a: &Record, b: &Record) -> bool {
    a.status == b.status
        && a.fraud.verdict == b.fraud.verdict
        && a.clipped == b.clipped
        && a.parties.len() == b.parties.len()
        && a.parties.iter().zip(&b.parties).all(|(a, b)| a.member == b.member)
        && a.effects.len() == b.effects.len()
        && a.effects.iter().zip(&b.effects).all(|(a, b)| bare(a) == bare(b))
}

/// An effect without what only names or explains it.
fn bare(effect: &Effect) -> Effect {
    let mut bare = effect.clone();
    match &mut bare {
        Effect::Credit(Credit { lot, reason, rule, .. }) => {
            (*lot, *reason, *rule) = (LotId::default(), Text::default(), Text::default());
        }
        Effect::Debit { lot, .. } | Effect::Activate { lot, .. } => *lot = LotId::default(),
        Effect::Grant { index, reason, .. } => (*index, *reason) = (0, Text::default()),
        _ => {}
    }
    bare
}

/// What a record moves to its members (or, below zero, from them): by party and pool.
#[must_use]
pub fn moved(record: &Record) -> BTreeMap<(u8, NameId), i64> {
    let mut moved = BTreeMap::new();
    for effect in record.effects.iter().filter(|effect| takes_effect(record.status, effect)) {
        let Some(posting) = posting(effect) else { continue };
        let amount = posting.amount.get();
        let change = i64::from(posting.to == Account::Member) - i64::from(posting.from == Account::Member);
        let sum: &mut i64 = moved.entry((effect.party(), posting.pool)).or_default();
        *sum = sum.saturating_add(change.saturating_mul(amount));
    }
    moved.retain(|_, amount| *amount != 0);
    moved
}

/// What a record moves in each pool, over all its members.
#[must_use]
pub fn moved_by_pool(record: &Record) -> BTreeMap<NameId, i64> {
    let mut sums: BTreeMap<NameId, i64> = BTreeMap::new();
    for ((_, pool), amount) in moved(record) {
        let sum = sums.entry(pool).or_default();
        *sum = sum.saturating_add(amount);
    }
    sums
}

/// Points that a record brings; where it brings none, those it takes or is asked to.
#[must_use]
pub fn at_stake(record: &Record) -> i64 {
    let (mut brought, mut taken) = (0i64, 0i64);
    for effect in &record.effects {
        match effect {
            Effect::Credit(credit) => brought = brought.saturating_add(credit.amount.get()),
            Effect::Debit { amount, .. } | Effect::Spend { amount, .. } => taken = taken.saturating_add(amount.get()),
            _ => {}
        }
    }
    let asked = match &record.input {
        Input::Transfer(transfer, _) => transfer.amount.get(),
        Input::Act(act, _) => match &act.what {
            What::Hold { spend: Spend::Points { amount, .. }, .. }
            | What::Redeem { spend: Spend::Points { amount, .. }, .. }
            | What::Donate { amount, .. } => amount.get(),
            _ => 0,
        },
        _ => 0,
    };
    if brought > 0 { brought } else { taken.max(asked) }
}

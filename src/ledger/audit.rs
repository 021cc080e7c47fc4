//! The full recount: every invariant of the books, checked from nothing but the state.

use std::collections::BTreeMap;

use super::member::{Lot, Member, PoolState};
use super::record::Account;
use super::state::State;
use super::types::{MemberKey, NameId, ProgramId, TimeMs};

/// Counts everything again and says, in words, what does not agree; empty where all does.
///
/// Every member must be in memory.
#[must_use]
pub fn audit(state: &State) -> Vec<String> {
    let mut found = Vec::new();
    let mut held: BTreeMap<(ProgramId, NameId), i64> = BTreeMap::new();
    let mut members: BTreeMap<ProgramId, u64> = BTreeMap::new();
    for (key, member) in state.members.iter() {
        *members.entry(key.program).or_default() += 1;
        for pool in &member.pools {
            *held.entry((key.program, pool.pool)).or_default() += pool.total().get();
            audit_pool(key, pool, state.now, &mut found);
        }
        audit_member(key, member, &mut found);
    }
    for (index, program) in state.programs.iter().enumerate() {
        let id = ProgramId::new(u16::try_from(index).expect("program ids are 16 bit"));
        let mut sums: BTreeMap<NameId, i64> = BTreeMap::new();
        for ((pool, account), balance) in &program.books {
            *sums.entry(*pool).or_default() += balance;
            let counted = held.get(&(id, *pool)).copied().unwrap_or(0);
            if *account == Account::Member && *balance != counted {
                let name = program.name_of(*pool);
                found.push(format!("{}/{name}: members hold {counted}, the books say {balance}", program.name));
            }
            if *account == Account::Transit && *balance != 0 {
                found.push(format!("{}/{}: {balance} left in transit", program.name, program.name_of(*pool)));
            }
        }
        for (pool, sum) in sums.into_iter().filter(|(_, sum)| *sum != 0) {
            found.push(format!("{}/{}: accounts sum to {sum}, not zero", program.name, program.name_of(pool)));
        }
        let counted = members.get(&id).copied().unwrap_or(0);
        if counted != program.members {
            found.push(format!("{}: {counted} members, {} enrolled", program.name, program.members));
        }
    }
    found
}

fn audit_pool(key: &MemberKey, pool: &PoolState, now: TimeMs, found: &mut Vec<String>) {
    let mut say = |what: String| found.push(format!("member {:?}: {what}", key.id));
    for lot in &pool.lots {
        if !lot.remaining.is_positive() || lot.remaining > lot.amount {
            say(format!("lot {:?} holds {} of {}", lot.id, lot.remaining, lot.amount));
        }
    }
    if !pool.lots.is_sorted_by_key(Lot::order) {
        say("lots are not in spending order".to_owned());
    }
    if pool.debt.get() < 0 {
        say(format!("debt is {}", pool.debt));
    }
    // A lot whose time is over may still wait for the record that says so.
    let spendable = |lot: &Lot| lot.active && lot.free().is_positive() && !lot.expired_at(now);
    if pool.debt.is_positive() && pool.lots.iter().any(spendable) {
        say(format!("owes {} beside available lots", pool.debt));
    }
}

fn audit_member(key: &MemberKey, member: &Member, found: &mut Vec<String>) {
    for card in &member.cards {
        if card.of == 0 || card.stamps >= card.of {
            found.push(format!("member {:?}: card {:?} has {} of {}", key.id, card.card, card.stamps, card.of));
        }
    }
}

//! The full recount: every invariant of the books, checked from nothing but the state.

use std::collections::BTreeMap;

use super::member::{Lot, Member, PoolState};
use super::record::Account;
use super::state::State;
use super::types::{LotId, MemberKey, NameId, ProgramId, TimeMs};

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
            audit_pool(key, (member, pool), state.now, &mut found);
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

fn audit_pool(key: &MemberKey, (member, pool): (&Member, &PoolState), now: TimeMs, found: &mut Vec<String>) {
    let mut say = |what: String| found.push(format!("member {:?}: {what}", key.id));
    for lot in &pool.lots {
        if !lot.remaining.is_positive() || lot.remaining > lot.amount {
            say(format!("lot {:?} holds {} of {}", lot.id, lot.remaining, lot.amount));
        }
        let kept = kept_of(member, pool.pool, lot.id);
        if lot.held.get() != kept || lot.held > lot.remaining {
            say(format!("lot {:?} keeps {} of {} aside, its holds {kept}", lot.id, lot.held, lot.remaining));
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

/// What a member's holds keep aside of a lot.
fn kept_of(member: &Member, pool: NameId, lot: LotId) -> i64 {
    let holds = member.standing().map_or(&[][..], |standing| standing.holds.as_slice());
    let lots = holds.iter().filter(|hold| hold.pool == pool).flat_map(|hold| &hold.lots);
    lots.filter(|(id, _)| *id == lot).map(|(_, kept)| kept.get()).sum()
}

fn audit_member(key: &MemberKey, member: &Member, found: &mut Vec<String>) {
    for card in &member.cards {
        if card.of == 0 || card.stamps >= card.of {
            found.push(format!("member {:?}: card {:?} has {} of {}", key.id, card.card, card.stamps, card.of));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::member::CardState;
    use super::super::provenance::Hold;
    use super::super::standing::Standing;
    use super::super::state::ProgramState;
    use super::super::types::{Points, Seq, Text};
    use super::*;

    const POINTS: NameId = NameId::new(0);

    fn lot(number: u64, remaining: i64) -> Lot {
        Lot {
            id: LotId { seq: Seq::new(number), index: 0 },
            amount: Points::new(10),
            remaining: Points::new(remaining),
            held: Points::ZERO,
            earned_at: TimeMs::new(1),
            available_at: TimeMs::new(1),
            expires_at: Some(TimeMs::new(100)),
            active: true,
            received: false,
        }
    }

    fn pool(lots: Vec<Lot>, debt: i64) -> PoolState {
        PoolState { pool: POINTS, lots: lots.into(), debt: Points::new(debt), ..PoolState::default() }
    }

    /// Ana with some pools, and books that agree with them.
    fn state(pools: Vec<PoolState>) -> State {
        let held: i64 = pools.iter().map(|pool| pool.total().get()).sum();
        let books = BTreeMap::from([((POINTS, Account::Member), held), ((POINTS, Account::Issued), -held)]);
        let names = vec![Text::new("points")];
        let program = ProgramState { name: Text::new("shop"), names, books, members: 1, ..ProgramState::default() };
        let mut state = State { programs: vec![Arc::new(program)], now: TimeMs::new(50), ..State::default() };
        let key = MemberKey { program: ProgramId::new(0), id: Text::new("ana") };
        state.members.insert(key, Arc::new(Member { pools, ..Member::default() }));
        state
    }

    fn ana(state: &mut State) -> &mut Member {
        let key = MemberKey { program: ProgramId::new(0), id: Text::new("ana") };
        Arc::make_mut(state.members.get_mut(&key).expect("she is there"))
    }

    fn shop(state: &mut State) -> &mut ProgramState {
        Arc::make_mut(state.programs.first_mut().expect("it is there"))
    }

    /// What was broken, how, and what is said of it.
    type Broken = (&'static str, fn(&mut State), &'static [&'static str]);

    #[test]
    fn whatever_is_broken_is_said() {
        let broken: [Broken; 8] = [
            ("nothing", |_| {}, &[]),
            (
                "the books lost a point of hers",
                |state| *shop(state).books.entry((POINTS, Account::Member)).or_default() -= 1,
                &["shop/points: members hold 12, the books say 11", "shop/points: accounts sum to -1, not zero"],
            ),
            (
                "an account of the program's has one too many",
                |state| *shop(state).books.entry((POINTS, Account::Expired)).or_default() += 1,
                &["shop/points: accounts sum to 1, not zero"],
            ),
            (
                "a point got lost on its way",
                |state| {
                    *shop(state).books.entry((POINTS, Account::Transit)).or_default() += 1;
                    *shop(state).books.entry((POINTS, Account::Issued)).or_default() -= 1;
                },
                &["shop/points: 1 left in transit"],
            ),
            ("somebody is missing", |state| shop(state).members += 1, &["shop: 1 members, 2 enrolled"]),
            (
                "her card is fuller than full",
                |state| ana(state).cards = vec![CardState { stamps: 10, of: 10, ..CardState::default() }],
                &["member \"ana\": card NameId(0) has 10 of 10"],
            ),
            (
                "her card has no size",
                |state| ana(state).cards = vec![CardState::default()],
                &["member \"ana\": card NameId(0) has 0 of 0"],
            ),
            (
                "her card is as it may be",
                |state| ana(state).cards = vec![CardState { stamps: 9, of: 10, ..CardState::default() }],
                &[],
            ),
        ];
        for (what, how, said) in broken {
            let mut state = state(vec![pool(vec![lot(1, 10), lot(2, 2)], 0)]);
            how(&mut state);
            assert_eq!(audit(&state), said, "{what}");
        }
    }

    #[test]
    fn each_pool_of_hers_is_looked_at() {
        let id = |number: u64| format!("{:?}", LotId { seq: Seq::new(number), index: 0 });
        let late = Lot { expires_at: Some(TimeMs::new(40)), ..lot(1, 10) };
        let pending = Lot { active: false, available_at: TimeMs::new(60), ..lot(1, 10) };
        let kept = Lot { held: Points::new(10), ..lot(1, 10) };
        let expected = [
            (pool(vec![lot(1, 11)], 0), vec![format!("lot {} holds 11 of 10", id(1))]),
            (pool(vec![lot(1, 0)], 0), vec![format!("lot {} holds 0 of 10", id(1))]),
            (pool(vec![lot(2, 1), lot(1, 1)], 0), vec!["lots are not in spending order".to_owned()]),
            (pool(vec![], -1), vec!["debt is -1".to_owned()]),
            (pool(vec![lot(1, 10)], 3), vec!["owes 3 beside available lots".to_owned()]),
            (pool(vec![late], 3), vec![]),
            (pool(vec![pending], 3), vec![]),
            (pool(vec![], 3), vec![]),
            (pool(vec![kept], 0), vec![format!("lot {} keeps 10 of 10 aside, its holds 0", id(1))]),
        ];
        for (pool, said) in expected {
            let said: Vec<String> = said.into_iter().map(|what| format!("member \"ana\": {what}")).collect();
            assert_eq!(audit(&state(vec![pool.clone()])), said, "{pool:?}");
        }
    }

    #[test]
    fn what_holds_keep_is_what_lots_keep_aside() {
        let hold = |pool: NameId, kept: &[(u64, i64)]| Hold {
            id: LotId::default(),
            pool,
            lots: kept
                .iter()
                .map(|(lot, kept)| (LotId { seq: Seq::new(*lot), index: 0 }, Points::new(*kept)))
                .collect(),
            until: TimeMs::NEVER,
            reward: None,
            order: None,
        };
        let said = |holds: Vec<Hold>, held: i64| {
            let mut state = state(vec![pool(vec![Lot { held: Points::new(held), ..lot(1, 10) }, lot(2, 10)], 4)]);
            ana(&mut state).standing = Some(Box::new(Standing { holds, ..Standing::default() }));
            // Debt beside lots that are free: what is said first is not about holds.
            audit(&state).len() - 1
        };
        assert_eq!(said(vec![hold(POINTS, &[(1, 3)]), hold(POINTS, &[(1, 2)])], 5), 0);
        assert_eq!(said(vec![hold(POINTS, &[(1, 3)])], 5), 1);
        assert_eq!(said(vec![hold(POINTS, &[(2, 3)])], 3), 2);
        assert_eq!(said(vec![hold(NameId::new(1), &[(1, 3)])], 3), 1);
        assert_eq!(said(vec![hold(POINTS, &[(1, 11)])], 11), 1);
    }
}

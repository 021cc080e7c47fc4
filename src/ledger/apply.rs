//! Applying records: what was decided becomes state. It cannot fail; what it asserts is what a bug would break.
//!
//! Live traffic, recovery, verification and tests all come through here. Terms, scripts and clocks do not.

mod cards;
mod holds;
mod kin;
mod program;
mod standing;

use std::sync::Arc;

use super::calendar::Day;
use super::kin::KinEffect;
use super::member::{Counter, Grant, Lot, Member, PoolState, Profile};
use super::record::{Account, Credit, Effect, Input, Record, Status};
use super::review::Vest;
use super::state::State;
use super::types::{LotId, MemberKey, NameId, Points, Seq, Text, TimeMs};

/// An amount moved from one account of a pool to another: the two sides of double entry in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Which pool.
    pub pool: NameId,
    /// What falls by the amount.
    pub from: Account,
    /// What grows by it.
    pub to: Account,
    /// Above zero.
    pub amount: Points,
}

/// The posting of an effect, where it moves points. All of a record's postings sum to zero in each pool, since each does.
#[must_use]
pub fn posting(effect: &Effect) -> Option<Posting> {
    match effect {
        Effect::Credit(credit) => {
            Some(Posting { pool: credit.pool, from: credit.from.clone(), to: Account::Member, amount: credit.amount })
        }
        Effect::Debit { pool, amount, to, .. }
        | Effect::Owe { pool, amount, to, .. }
        | Effect::Spend { pool, amount, to, .. } => {
            Some(Posting { pool: *pool, from: Account::Member, to: to.clone(), amount: *amount })
        }
        Effect::Restore { pool, amount, from, .. } => {
            Some(Posting { pool: *pool, from: from.clone(), to: Account::Member, amount: *amount })
        }
        Effect::Gift { pool, amount, to, .. } => {
            Some(Posting { pool: *pool, from: Account::Issued, to: to.clone(), amount: *amount })
        }
        Effect::Enroll { .. }
        | Effect::Activate { .. }
        | Effect::Stamp { .. }
        | Effect::Grant { .. }
        | Effect::Tier { .. }
        | Effect::Count { .. }
        | Effect::Budget { .. }
        | Effect::Profile { .. }
        | Effect::ReferralPaid { .. }
        | Effect::Vest(_)
        | Effect::HeldTerms { .. }
        | Effect::Refer { .. }
        | Effect::Kin(_)
        | Effect::Private(_)
        | Effect::Unobserve(_)
        | Effect::Reverse(_)
        | Effect::Origin { .. }
        | Effect::Hold { .. }
        | Effect::Unhold { .. }
        | Effect::Redeem { .. }
        | Effect::Reversal { .. }
        | Effect::Refund { .. }
        | Effect::Await { .. }
        | Effect::Awaited { .. }
        | Effect::Punch { .. }
        | Effect::Unpunch { .. }
        | Effect::Hangs { .. }
        | Effect::Ungrant { .. }
        | Effect::Entitle { .. }
        | Effect::Disentitle { .. }
        | Effect::Plan { .. }
        | Effect::PlanEnd { .. }
        | Effect::PlanSpend { .. }
        | Effect::Seen { .. }
        | Effect::Since { .. }
        | Effect::Told { .. }
        | Effect::Freeze { .. }
        | Effect::Merged { .. }
        | Effect::Erased { .. }
        | Effect::Household { .. }
        | Effect::Extend { .. }
        | Effect::Lifetime { .. }
        | Effect::Chose { .. }
        | Effect::Qualify { .. }
        | Effect::Land { .. }
        | Effect::HeldCap { .. } => None,
    }
}

/// Whether an effect of a record with this status is done, or only noted until a review.
#[must_use]
pub const fn takes_effect(status: Status, effect: &Effect) -> bool {
    match status {
        Status::Posted => true,
        Status::Held => {
            // What a held spending would take is kept aside until its review.
            matches!(
                effect,
                Effect::Credit(_)
                    | Effect::Enroll { .. }
                    | Effect::Profile { .. }
                    | Effect::Tier { .. }
                    | Effect::Hold { .. }
                    | Effect::Kin(KinEffect::Link { .. } | KinEffect::Descend { .. })
            )
        }
        Status::Denied => false,
    }
}

/// Takes a record into the state. Every member it touches must be in memory.
///
/// # Panics
/// Where the record does not follow the state: a bug or a damaged journal, never an input.
pub fn apply(state: &mut State, record: &Record) {
    assert_eq!(record.seq, state.seq.next(), "records are applied in sequence");
    state.seq = record.seq;
    state.now = state.now.max(record.recorded_at);
    match &record.input {
        Input::Ruleset(files) => return program::install(state, record, files),
        Input::Rules(change, _) => return program::change_rules(state, record, change),
        _ => {}
    }
    for (index, party) in record.parties.iter().enumerate() {
        let key = MemberKey { program: record.program, id: party.member.clone() };
        let index = u8::try_from(index).expect("a record has at most 255 parties");
        let enrolls = record.effects.iter().any(|e| matches!(e, Effect::Enroll { party, .. } if *party == index));
        let slot = if enrolls {
            state.members.get_or_insert_with(key, |_| Arc::default())
        } else {
            state.members.get_mut(&key).expect("a touched member is in memory")
        };
        // A member read back from a row may already reflect this record, and later ones.
        if slot.last >= record.seq {
            continue;
        }
        let member = Arc::make_mut(slot);
        assert_eq!(member.last, party.previous, "a member's records form a chain");
        apply_to_member(member, record, index, true);
    }
    let program = state.programs.get_mut(usize::from(record.program.get())).expect("a record's program was declared");
    program::keep_books(Arc::make_mut(program), record);
    state.desk.take(record);
}

/// Applies to one member what a record does to its party `index`. With `strict`, a lot that is not there is a bug;
/// without, it lies outside the history being rebuilt and is passed over.
pub fn apply_to_member(member: &mut Member, record: &Record, index: u8, strict: bool) {
    member.last = record.seq;
    let Record { seq, status, occurred_at, recorded_at, .. } = record;
    let when = When { seq: *seq, occurred_at: *occurred_at, recorded_at: *recorded_at };
    for effect in record.effects.iter().filter(|e| e.party() == index && takes_effect(*status, e)) {
        let found = apply_effect(member, effect, when, Some(&record.input));
        assert!(found || !strict, "record {} names a lot that is not there: {effect:?}", record.seq);
    }
    if *status == Status::Posted && index == 0 && is_activity(record) {
        // What a review has kept waiting is an activity when it is done: else what it gives might be lost already.
        let at = if matches!(record.input, Input::Review(_)) { *recorded_at } else { *occurred_at };
        member.active_at = member.active_at.max(at);
    }
    // What fell due before any other record of the member has been recorded before it.
    let settled_at = if matches!(record.input, Input::Due(_)) { *occurred_at } else { *recorded_at };
    member.settled_at = member.settled_at.max(settled_at);
}

/// Whether a record is what inactivity counts from: a purchase or a redemption.
fn is_activity(record: &Record) -> bool {
    let redeems = || record.effects.iter().any(|effect| matches!(effect, Effect::Redeem { .. }));
    match &record.input {
        Input::Event(event) => event.kind == super::event::EventKind::Purchase,
        // A held one that takes effect now.
        Input::Review(review) => match review.event() {
            Some(event) => event.kind == super::event::EventKind::Purchase,
            None => redeems(),
        },
        Input::Act(..) => redeems(),
        Input::Adjust(..) | Input::Transfer(..) | Input::Due(_) | Input::Ruleset(_) | Input::Rules(..) => false,
    }
}

/// The record an effect belongs to, in short.
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// Its sequence.
    pub seq: Seq,
    /// Its business time.
    pub occurred_at: TimeMs,
    /// The ledger's time.
    pub recorded_at: TimeMs,
}

/// Applies one effect; false where it names a lot that is not there. Only [`Effect::Profile`] reads the input.
pub fn apply_effect(member: &mut Member, effect: &Effect, when: When, input: Option<&Input>) -> bool {
    match effect {
        Effect::Enroll { referrer, .. } => {
            member.enrolled_at = when.occurred_at;
            Arc::make_mut(&mut member.profile).referrer.clone_from(referrer);
        }
        Effect::Credit(credit) => add_credit(member, credit, when),
        Effect::Debit { pool, lot, amount, .. } | Effect::Spend { pool, lot, amount, .. } => {
            return debit(member, *pool, *lot, *amount);
        }
        Effect::Owe { pool, amount, .. } => pool_mut(member, *pool).debt += *amount,
        Effect::Activate { pool, lot, repaid, .. } => return activate(member, *pool, *lot, *repaid, when.occurred_at),
        Effect::Stamp { card, count, of, stamps, day, .. } => {
            cards::stamp(member, *card, *count, (*of, *stamps, *day), when.occurred_at);
        }
        Effect::Grant { index, reward, value, expires_at, .. } => member.grants.push(Grant {
            id: LotId { seq: when.seq, index: *index },
            reward: *reward,
            value: *value,
            expires_at: *expires_at,
        }),
        Effect::Tier { to, .. } => member.tier = *to,
        Effect::Count { counter, day, amount, .. } => count(member, *counter, *day, *amount),
        Effect::Profile { .. } => learn(Arc::make_mut(&mut member.profile), input),
        Effect::ReferralPaid { .. } => {
            member.referral_paid = true;
            member.kin.get_or_insert_default().paid = Some(when.seq);
        }
        Effect::Kin(effect) => kin::relate(member, effect, when),
        Effect::Vest(given) => return vest(member, given, when.recorded_at),
        Effect::Lifetime { pool, amount, .. } => pool_mut(member, *pool).lifetime += *amount,
        Effect::Qualify { .. } | Effect::Land { .. } => climb(member, effect),
        Effect::Chose { choices, .. } => put_all(&mut member.standing.get_or_insert_default().choices, choices),
        Effect::Restore { .. } => restore(member, effect),
        Effect::Punch { .. } => cards::punch(member, effect, when),
        Effect::Unpunch { .. } => cards::unpunch(member, effect),
        Effect::Hold { .. } | Effect::Unhold { .. } | Effect::Extend { .. } => {
            return holds::hold(member, effect, when);
        }
        Effect::Ungrant { grant, why, .. } => standing::forget_grant(member, *grant, *why),
        Effect::Budget { .. }
        | Effect::Origin { .. }
        | Effect::Redeem { .. }
        | Effect::Reversal { .. }
        | Effect::Refund { .. }
        | Effect::HeldTerms { .. }
        | Effect::Refer { .. }
        | Effect::HeldCap { .. }
        | Effect::Gift { .. } => {}
        Effect::Await { .. }
        | Effect::Awaited { .. }
        | Effect::Hangs { .. }
        | Effect::Entitle { .. }
        | Effect::Disentitle { .. }
        | Effect::Plan { .. }
        | Effect::PlanEnd { .. }
        | Effect::PlanSpend { .. }
        | Effect::Seen { .. }
        | Effect::Since { .. }
        | Effect::Told { .. }
        | Effect::Freeze { .. }
        | Effect::Merged { .. }
        | Effect::Erased { .. }
        | Effect::Private(_)
        | Effect::Unobserve(_)
        | Effect::Reverse(_)
        | Effect::Household { .. } => standing::change(member, effect, when, input),
    }
    true
}

/// Puts points back into a lot, made anew where nothing was left of it.
fn restore(member: &mut Member, effect: &Effect) {
    let Effect::Restore { pool, lot, amount, repaid, earned_at, expires_at, .. } = effect else { return };
    let pool = pool_mut(member, *pool);
    assert!(*repaid <= pool.debt && repaid <= amount, "points that come back repay no more than is owed");
    pool.debt -= *repaid;
    let left = *amount - *repaid;
    if left.is_zero() {
        return;
    }
    if let Some(at) = pool.lots.iter().position(|known| known.id == *lot && known.expires_at == *expires_at) {
        return pool.lots.change(at, |known| {
            known.remaining += left;
            known.amount = known.amount.max(known.remaining);
        });
    }
    pool.lots.insert(Lot {
        id: *lot,
        amount: left,
        remaining: left,
        held: Points::ZERO,
        earned_at: *earned_at,
        available_at: *earned_at,
        expires_at: *expires_at,
        active: true,
        received: false,
    });
}

/// The pool of a member, made where it is touched for the first time.
fn pool_mut(member: &mut Member, name: NameId) -> &mut PoolState {
    let at = member.pools.iter().position(|pool| pool.pool == name).unwrap_or_else(|| {
        member.pools.push(PoolState { pool: name, ..PoolState::default() });
        member.pools.len() - 1
    });
    member.pools.get_mut(at).expect("found or made")
}

fn add_credit(member: &mut Member, credit: &Credit, when: When) {
    let pool = pool_mut(member, credit.pool);
    if credit.from == Account::Issued {
        pool.lifetime += credit.amount;
    }
    assert!(credit.repaid <= pool.debt && credit.repaid <= credit.amount, "a credit repays no more than is owed");
    pool.debt -= credit.repaid;
    let left = credit.amount - credit.repaid;
    if left.is_zero() {
        return;
    }
    let known = if credit.lot.seq == when.seq { None } else { pool.lots.place_of(credit.lot) };
    if let Some(at) = known {
        return pool.lots.change(at, |known| {
            known.amount += credit.amount;
            known.remaining += left;
        });
    }
    pool.lots.insert(Lot {
        id: credit.lot,
        amount: credit.amount,
        remaining: left,
        held: Points::ZERO,
        earned_at: credit.earned_at,
        available_at: credit.available_at,
        expires_at: credit.expires_at,
        active: credit.available_at <= when.recorded_at,
        received: credit.from == Account::Transit,
    });
}

fn debit(member: &mut Member, pool: NameId, lot: LotId, amount: Points) -> bool {
    let pool = pool_mut(member, pool);
    let Some(at) = pool.lots.place_of(lot) else { return false };
    pool.lots.change(at, |known| {
        assert!(known.free() >= amount, "a lot gives no more than it has free");
        known.remaining -= amount;
    });
    true
}

fn activate(member: &mut Member, pool: NameId, lot: LotId, repaid: Points, at: TimeMs) -> bool {
    let state = pool_mut(member, pool);
    let Some(place) = state.lots.place_of(lot) else { return false };
    state.lots.change(place, |known| {
        known.active = true;
        known.available_at = known.available_at.min(at);
    });
    assert!(state.debt >= repaid, "an activation repays no more than is owed");
    state.debt -= repaid;
    repaid.is_zero() || debit(member, pool, lot, repaid)
}

/// A lot that waited for a review gets its instants, and with them its place in the spending order.
fn vest(member: &mut Member, given: &Vest, recorded_at: TimeMs) -> bool {
    let Vest { pool, lot, available_at, expires_at, repaid, .. } = given;
    let state = pool_mut(member, *pool);
    let Some(at) = state.lots.place_of(*lot) else { return false };
    assert!(state.debt >= *repaid, "a lot repays no more than is owed");
    state.debt -= *repaid;
    state.lots.change(at, |known| {
        assert!(known.remaining >= *repaid, "a lot repays no more than it has");
        (known.available_at, known.expires_at) = (*available_at, *expires_at);
        known.active = *available_at <= recorded_at;
        known.remaining -= *repaid;
    });
    true
}

/// What tiers by days must know.
fn climb(member: &mut Member, effect: &Effect) {
    let status = member.status.get_or_insert_default();
    match effect {
        Effect::Qualify { counter, since, .. } => {
            let known = member.counters.iter().find(|known| known.name == *counter);
            status.keep(*counter, *since, known);
        }
        Effect::Land { landing, .. } => status.landing = Some(*landing),
        _ => {}
    }
}

fn count(member: &mut Member, name: NameId, day: Day, amount: i64) {
    let at = member.counters.iter().position(|known| known.name == name).unwrap_or_else(|| {
        member.counters.push(Counter { name, ..Counter::default() });
        member.counters.len() - 1
    });
    member.counters.get_mut(at).expect("found or made").add(day, amount);
    if let Some(status) = member.status.as_deref_mut() {
        status.count(name, day, amount);
    }
}

fn learn(profile: &mut Profile, input: Option<&Input>) {
    let Some(Input::Event(event)) = input else { return };
    if let Some(personal) = event.personal.as_deref() {
        for (known, told) in [
            (&mut profile.email_hash, &personal.email_hash),
            (&mut profile.phone_hash, &personal.phone_hash),
            (&mut profile.address_hash, &personal.address_hash),
        ] {
            if told.is_some() {
                known.clone_from(told);
            }
        }
        profile.birthday = personal.birthday.or(profile.birthday);
    }
    put_all(&mut profile.attributes, &event.attributes);
}

/// Adds what was told to a list sorted by name; what was known by the same name is replaced.
fn put_all(known: &mut Vec<(Text, Text)>, told: &[(Text, Text)]) {
    for (name, value) in told {
        match known.binary_search_by(|(key, _)| key.cmp(name)) {
            Ok(at) => {
                if let Some((_, old)) = known.get_mut(at) {
                    old.clone_from(value);
                }
            }
            Err(at) => known.insert(at, (name.clone(), value.clone())),
        }
    }
}

//! Time as an input: what falls due for a member, at its own instant, whenever it is noticed.
//!
//! At one instant the order is expiry, activation, then tiers. A read at t applies what is due by t to a copy
//! ([`settled`]); the scheduler records the same effects ([`due`]).

use std::borrow::Cow;

use super::super::apply::{When, apply_effect};
use super::super::member::{Lot, Member, PoolState};
use super::super::record::{Account, Effect, Input, Record};
use super::super::terms::{Expiry, Terms};
use super::super::tiers;
use super::super::types::{Points, Text, TimeMs};
use super::{Books, Draft, Judgement};

/// The next instant at which something falls due for a member; never, for most.
#[must_use]
pub fn next_due(member: &Member, terms: &Terms) -> Option<TimeMs> {
    let lots = member.pools.iter().filter_map(|pool| next_of_pool(pool, terms, member.active_at)).min();
    match (lots, tiers::next_fall(member, terms)) {
        (Some(lots), Some(tier)) => Some(lots.min(tier)),
        (lots, tier) => lots.or(tier),
    }
}

fn next_of_pool(pool: &PoolState, terms: &Terms, active_at: TimeMs) -> Option<TimeMs> {
    let of_lot = |lot: &Lot| {
        let waits = !lot.active && lot.available_at != TimeMs::NEVER;
        let activates = waits.then_some(lot.available_at);
        [activates, lot.expires_at].into_iter().flatten().min()
    };
    let lots = pool.lots.iter().filter_map(of_lot).min();
    match inactivity_end(pool, terms, active_at) {
        Some(end) => Some(lots.map_or(end, |lots| lots.min(end))),
        None => lots,
    }
}

/// When all lots of a pool are lost by inactivity, where its terms say so.
fn inactivity_end(pool: &PoolState, terms: &Terms, active_at: TimeMs) -> Option<TimeMs> {
    let Expiry::Inactivity { months } = terms.pool(pool.pool)?.expiry else { return None };
    let oldest = pool.lots.iter().map(|lot| lot.earned_at).min()?;
    // Lots that never saw a purchase (a welcome bonus) count from their own earning.
    Some(terms.zone.after(active_at.max(oldest), super::super::calendar::Span::Months(months)))
}

/// What falls due for a member at an instant, in order.
fn effects_at(member: &Member, terms: &Terms, at: TimeMs) -> Vec<Effect> {
    let mut effects = Vec::new();
    for pool in &member.pools {
        let all_end = inactivity_end(pool, terms, member.active_at).is_some_and(|end| end <= at);
        let mut debt = pool.debt;
        for lot in &pool.lots {
            let (party, name, id) = (0, pool.pool, lot.id);
            if all_end || lot.expired_at(at) {
                effects.push(Effect::Debit { party, pool: name, lot: id, amount: lot.remaining, to: Account::Expired });
            } else if !lot.active && lot.available_at <= at {
                let repaid: Points = lot.remaining.min(debt);
                debt -= repaid;
                effects.push(Effect::Activate { party, pool: name, lot: id, repaid });
            }
        }
    }
    // Expiry comes before activation at the same instant.
    effects.sort_by_key(|effect| matches!(effect, Effect::Activate { .. }));
    if tiers::next_fall(member, terms).is_some_and(|falls| falls <= at) {
        effects.push(Effect::Tier { party: 0, from: member.tier, to: tiers::tier_at(member, terms, at) });
    }
    effects
}

/// The record of what falls due for a member at its next instant, where that is not after the ledger's time.
#[must_use]
pub fn due(books: &Books<'_>, id: &Text) -> Option<Record> {
    let member = books.member(id)?;
    let at = next_due(member, books.terms).filter(|at| *at <= books.now)?;
    let effects = effects_at(member, books.terms, at);
    if effects.is_empty() {
        return None;
    }
    let mut draft = Draft::default();
    draft.party(id, Some(member));
    draft.effects = effects;
    Some(draft.record(books, Input::Due(id.clone()), at, Judgement::default()))
}

/// The member as of an instant: everything due by then is done, on a copy where there is anything.
#[must_use]
pub fn settled<'a>(member: &'a Member, terms: &Terms, at: TimeMs) -> Cow<'a, Member> {
    let mut settled = Cow::Borrowed(member);
    while let Some(due_at) = next_due(&settled, terms).filter(|due_at| *due_at <= at) {
        let effects = effects_at(&settled, terms, due_at);
        if effects.is_empty() {
            break;
        }
        let copy = settled.to_mut();
        copy.settled_at = copy.settled_at.max(due_at);
        for effect in &effects {
            let when = When { seq: copy.last, occurred_at: due_at, recorded_at: due_at };
            apply_effect(copy, effect, when, None);
        }
    }
    settled
}

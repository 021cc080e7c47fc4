//! Time as an input: what falls due for a member, at its own instant, whenever it is noticed.
//!
//! At one instant the order is expiry, the end of holds, activation, lapse of plans, tiers, then what the calendar gives. Points that a hold keeps aside do not expire
//! while it lasts; what it frees after their time expires in the record of its end. A read at t applies what is due by t to a copy
//! ([`settled`]); the scheduler records the same effects ([`due`]).

use std::borrow::Cow;

use super::super::apply::{When, apply_effect};
use super::super::member::{Lot, Member, PoolState};
use super::super::provenance::{Hold, HoldEnd};
use super::super::record::{Account, Effect, Input, Record};
use super::super::terms::{Expiry, Terms};
use super::super::tiers;
use super::super::types::{NameId, Points, Seq, Text, TimeMs};
use super::cards::{fade, next_fade};
use super::{Books, Draft, Judgement, plans, schedule};

/// The next instant at which something falls due for a member; never, for most.
#[must_use]
pub fn next_due(member: &Member, terms: &Terms) -> Option<TimeMs> {
    let lots = member.pools.iter().filter_map(|pool| next_of_pool(pool, terms, member.active_at)).min();
    let holds = member.standing().and_then(|standing| standing.holds.iter().map(|hold| hold.until).min());
    let holds = holds.filter(|until| *until != TimeMs::NEVER);
    let known = [lots, holds, tiers::next_fall(member, terms), next_fade(member), plans::next_lapse(member)];
    let known = known.into_iter().flatten().min();
    schedule::next(member, terms, known).or(known)
}

/// Whether anything falls due for a member by an instant: [`next_due`], with no look at what lies after it.
#[must_use]
pub fn is_due(member: &Member, terms: &Terms, by: TimeMs) -> bool {
    let passed = |at: Option<TimeMs>| at.is_some_and(|at| at <= by);
    let holds = || member.standing().and_then(|standing| standing.holds.iter().map(|hold| hold.until).min());
    member.pools.iter().any(|pool| passed(next_of_pool(pool, terms, member.active_at)))
        || passed(holds())
        || tiers::falls_by(member, terms, by)
        || passed(next_fade(member))
        || passed(plans::next_lapse(member))
        || schedule::next(member, terms, Some(by.plus_ms(1))).is_some()
}

fn next_of_pool(pool: &PoolState, terms: &Terms, active_at: TimeMs) -> Option<TimeMs> {
    let lots = pool.lots.next_due();
    match inactivity_end(pool, terms, active_at) {
        Some(end) => Some(lots.map_or(end, |lots| lots.min(end))),
        None => lots,
    }
}

/// When all lots of a pool are lost by inactivity, where its terms say so.
#[must_use]
pub fn inactivity_end(pool: &PoolState, terms: &Terms, active_at: TimeMs) -> Option<TimeMs> {
    let Expiry::Inactivity { months } = terms.pool(pool.pool)?.expiry else { return None };
    // What waits for a review is not lost meanwhile: its time begins when it is cleared.
    let lost = |lot: &&Lot| lot.free().is_positive() && lot.available_at != TimeMs::NEVER;
    let oldest = pool.lots.iter().filter(lost).map(|lot| lot.earned_at).min()?;
    // Lots that never saw a purchase (a welcome bonus) count from their own earning.
    let end = terms.zone.after(active_at.max(oldest), super::super::calendar::Span::Months(months));
    Some(end.max(terms.since))
}

/// Whether points earned at an instant, and nothing else, would have been lost by inactivity by now.
pub(super) fn is_inactive(member: &Member, terms: &Terms, pool: NameId, (earned_at, now): (TimeMs, TimeMs)) -> bool {
    match terms.pool(pool).map(|pool| pool.expiry) {
        Some(Expiry::Inactivity { months }) => {
            terms.zone.after(member.active_at.max(earned_at), super::super::calendar::Span::Months(months)) <= now
        }
        _ => false,
    }
}

/// What falls due for a member at an instant, in order.
fn effects_at(member: &Member, terms: &Terms, (at, seq): (TimeMs, Seq)) -> Vec<Effect> {
    let mut effects = Vec::new();
    for pool in &member.pools {
        let all_end = inactivity_end(pool, terms, member.active_at).is_some_and(|end| end <= at);
        let mut debt = pool.debt;
        for lot in &pool.lots {
            let (party, name, id) = (0, pool.pool, lot.id);
            if (all_end && lot.available_at != TimeMs::NEVER) || lot.expired_at(at) {
                let amount = lot.free();
                if amount.is_positive() {
                    effects.push(Effect::Debit { party, pool: name, lot: id, amount, to: Account::Expired });
                }
            } else if !lot.active && lot.available_at <= at {
                let repaid: Points = lot.remaining.min(debt);
                debt -= repaid;
                effects.push(Effect::Activate { party, pool: name, lot: id, repaid });
            }
        }
    }
    for hold in member.standing().map_or(&[][..], |standing| &standing.holds).iter().filter(|hold| hold.until <= at) {
        effects.push(Effect::Unhold { party: 0, hold: hold.id, end: HoldEnd::Lapsed });
        let freed = Freed { spent: Points::ZERO, end: HoldEnd::Lapsed, party: 0, at };
        free(member, terms, hold, freed, &mut effects);
    }
    // Expiry comes before activation at the same instant.
    effects.sort_by_key(|effect| matches!(effect, Effect::Activate { .. }));
    effects.extend(fade(member, at));
    plans::lapse(member, at, &mut effects);
    let mut tier = member.tier;
    if tiers::next_fall(member, terms).is_some_and(|falls| falls <= at) {
        let (to, landing) = tiers::fall(member, terms, at);
        tier = to;
        effects.push(Effect::Tier { party: 0, from: member.tier, to });
        effects.extend(landing.map(|landing| Effect::Land { party: 0, landing }));
    }
    schedule::run(member, terms, (at, seq), tier, &mut effects);
    effects
}

/// How a hold ends, for one of those whose points it kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Freed {
    /// What of its points is spent.
    pub(super) spent: Points,
    pub(super) end: HoldEnd,
    pub(super) party: u8,
    pub(super) at: TimeMs,
}

/// What becomes of points that a hold has freed, all but the first `spent` of them: they repay debt, such as that of a refund
/// that could not take them, and what is left of those that would have expired meanwhile expires now.
pub(super) fn free(
    member: &Member,
    terms: &Terms,
    hold: &Hold,
    Freed { mut spent, end, party, at }: Freed,
    effects: &mut Vec<Effect>,
) {
    give_back_stock(terms, hold, (party, end), effects);
    let Some(pool) = member.pool(hold.pool) else { return };
    // A capture is an activity of its own: it keeps what is left from being lost by inactivity.
    let all_end = !(end == HoldEnd::Captured && party == 0)
        && inactivity_end(&unheld(pool), terms, member.active_at).is_some_and(|end| end <= at);
    let mut debt = effects.iter().fold(pool.debt, |debt, effect| match effect {
        Effect::Activate { party: whose, pool: of, repaid, .. } if (*whose, *of) == (party, hold.pool) => {
            debt - *repaid
        }
        _ => debt,
    });
    for (id, kept) in &hold.lots {
        let used = (*kept).min(spent);
        spent -= used;
        let amount = *kept - used;
        let Some(lot) = pool.lots.iter().find(|lot| lot.id == *id).filter(|_| amount.is_positive()) else { continue };
        let over = all_end || lot.expired_at(at);
        let (pool, lot) = (hold.pool, *id);
        let repaid = amount.min(debt);
        debt -= repaid;
        if repaid.is_positive() {
            effects.push(Effect::Activate { party, pool, lot, repaid });
        }
        let amount = amount - repaid;
        if over && amount.is_positive() {
            effects.push(Effect::Debit { party, pool, lot, amount, to: Account::Expired });
        }
    }
}

/// A pool without what holds keep aside, to ask when inactivity would end it.
fn unheld(pool: &PoolState) -> PoolState {
    let mut pool = pool.clone();
    for place in 0..pool.lots.len() {
        pool.lots.change(place, |lot| lot.held = Points::ZERO);
    }
    pool
}

/// A reward that a hold had reserved and that nobody bought is for sale again.
fn give_back_stock(terms: &Terms, hold: &Hold, (party, end): (u8, HoldEnd), effects: &mut Vec<Effect>) {
    // What waits for a review has reserved nothing of the stock.
    let reserved = end != HoldEnd::Captured && hold.until != TimeMs::NEVER;
    let stock = hold.reward.and_then(|reward| terms.reward(reward)?.stock);
    if let (Some((counter, _)), true) = (stock, reserved) {
        effects.push(Effect::Budget { party, counter, amount: Points::new(-1) });
    }
}

/// The record of what falls due for a member at its next instant, where that is not after the ledger's time.
#[must_use]
pub fn due(books: &Books<'_>, id: &Text) -> Option<Record> {
    let member = books.member(id).filter(|member| is_due(member, books.terms, books.now))?;
    let at = next_due(member, books.terms).filter(|at| *at <= books.now)?;
    let effects = effects_at(member, books.terms, (at, books.seq()));
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
    foresee(member, terms, at, &mut |_, _| {})
}

/// [`settled`], which also shows what happens at each instant on the way.
pub fn foresee<'a>(
    member: &'a Member,
    terms: &Terms,
    at: TimeMs,
    each: &mut dyn FnMut(TimeMs, Vec<Effect>),
) -> Cow<'a, Member> {
    let mut settled = Cow::Borrowed(member);
    let mut seq = member.last;
    while let Some(due_at) = next_due(&settled, terms).filter(|due_at| *due_at <= at) {
        // What a read makes is never recorded; it needs a name of its own all the same.
        seq = seq.next();
        let effects = effects_at(&settled, terms, (due_at, seq));
        if effects.is_empty() {
            break;
        }
        let copy = settled.to_mut();
        copy.settled_at = copy.settled_at.max(due_at);
        for effect in &effects {
            let when = When { seq, occurred_at: due_at, recorded_at: due_at };
            apply_effect(copy, effect, when, None);
        }
        each(due_at, effects);
    }
    settled
}

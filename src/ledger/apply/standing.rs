//! Applying what few members have: holds, plans, entitlements, choices, households.
//!
//! Effects that do not concern a member's standing never come here.

use std::sync::Arc;

use super::super::act::What;
use super::super::member::{Member, Profile};
use super::super::private::{Known, PrivateEffect};
use super::super::provenance::{EarlyRefund, Entitlement, Hold, Leaving, PlanPeriod};
use super::super::record::{Effect, Input};
use super::super::standing::{Hanging, Standing};
use super::super::types::LotId;
use super::{When, put_all};

/// Ended periods of plans that are kept for refunds of their fee and laws over their spend.
const ENDED_PERIODS_KEPT: usize = 24;

/// Applies one effect to a member's standing, which is made where there was none.
pub(super) fn change(member: &mut Member, effect: &Effect, when: When, input: Option<&Input>) {
    match effect {
        Effect::Told { .. } => return tell(member, input),
        Effect::Private(PrivateEffect::Knows { known, .. }) => return know(member, known),
        // Whoever reads a journal opens what is sealed; what cannot be opened is unknown.
        Effect::Private(PrivateEffect::Sealed { .. }) => return,
        _ => {}
    }
    if let Effect::Erased { .. } = effect {
        let referrer = member.profile.referrer.clone();
        member.profile = Arc::new(Profile { referrer, ..Profile::default() });
        if let Some(kin) = member.kin.as_deref_mut() {
            kin.links.clear();
            kin.friends.clear();
        }
    }
    let standing = member.standing.get_or_insert_default();
    let id = |index: u16| LotId { seq: when.seq, index };
    match effect {
        Effect::Hold { index, pool, lots, until, reward, order, .. } => standing.holds.push(Hold {
            id: id(*index),
            pool: *pool,
            lots: lots.clone(),
            until: *until,
            reward: *reward,
            order: order.clone(),
        }),
        Effect::Unhold { hold, .. } => standing.holds.retain(|known| known.id != *hold),
        Effect::Extend { hold, until, .. } => {
            if let Some(known) = standing.holds.iter_mut().find(|known| known.id == *hold) {
                known.until = *until;
            }
        }
        Effect::Await { order, lines, amount, .. } => standing.early_refunds.push(EarlyRefund {
            refund: when.seq,
            order: order.clone(),
            lines: lines.clone(),
            amount: *amount,
        }),
        Effect::Awaited { refund, .. } => standing.early_refunds.retain(|early| early.refund != *refund),
        Effect::Hangs { grant, condition, counter, .. } => {
            standing.conditions.push(Hanging { grant: id(*grant), condition: condition.clone(), counter: *counter });
        }
        Effect::Entitle { index, entitlement, from, until, .. } => {
            standing.entitlements.push(Entitlement { id: id(*index), name: *entitlement, from: *from, until: *until });
        }
        Effect::Disentitle { id, .. } => standing.entitlements.retain(|known| known.id != *id),
        Effect::Seen { name, value, .. } => standing.seen.push((*name, value.clone())),
        Effect::Since { name, .. } => standing.since.push((*name, when.occurred_at)),
        Effect::Freeze { frozen, .. } => standing.frozen = *frozen,
        Effect::Merged { into, .. } => standing.merged_into = Some(into.clone()),
        Effect::Erased { .. } => {
            standing.erased = true;
            standing.choices.clear();
        }
        Effect::Household { household, .. } => standing.household.clone_from(household),
        _ => change_plans(standing, effect, id),
    }
}

fn change_plans(standing: &mut Standing, effect: &Effect, id: impl Fn(u16) -> LotId) {
    match effect {
        Effect::Plan { index, plan, from, until, paid, .. } => {
            standing.had_plan = true;
            let ended = standing.plans.iter().filter(|period| period.ended).count();
            if ended > ENDED_PERIODS_KEPT
                && let Some(at) = standing.plans.iter().position(|period| period.ended)
            {
                standing.plans.remove(at);
            }
            standing.plans.push(PlanPeriod {
                id: id(*index),
                plan: *plan,
                from: *from,
                until: *until,
                paid: *paid,
                spend: 0,
                credited: 0,
                ended: false,
            });
        }
        Effect::PlanEnd { period, at, .. } => {
            if let Some(known) = standing.plans.iter_mut().find(|known| known.id == *period) {
                known.until = Some(*at);
                known.ended = true;
            }
        }
        Effect::PlanSpend { period, spend, credited, .. } => {
            if let Some(known) = standing.plans.iter_mut().find(|known| known.id == *period) {
                known.spend = known.spend.saturating_add(*spend);
                known.credited = known.credited.saturating_add(*credited);
            }
        }
        _ => {}
    }
}

/// A reward leaves the list: what it hung on, and the card it filled, are forgotten with it.
pub(super) fn forget_grant(member: &mut Member, grant: LotId, why: Leaving) {
    member.grants.retain(|known| known.id != grant);
    let Some(standing) = member.standing.as_deref_mut() else { return };
    standing.conditions.retain(|hanging| hanging.grant != grant);
    // A withdrawn reward gives its stamps back in an effect of its own.
    if why != Leaving::Withdrawn {
        standing.cycles.retain(|cycle| cycle.grant != grant);
    }
}

/// What is known is replaced as a whole, but for who brought them: that is a member's name, and stays.
fn know(member: &mut Member, known: &Known) {
    let referrer = member.profile.referrer.clone();
    member.profile = Arc::new(Profile { referrer, ..known.profile.clone() });
    if member.standing.is_some() || !known.choices.is_empty() {
        member.standing.get_or_insert_default().choices.clone_from(&known.choices);
    }
}

/// What an update says replaces what was known.
fn tell(member: &mut Member, input: Option<&Input>) {
    let Some(Input::Act(act, _)) = input else { return };
    let What::Update { birthday, attributes, choices } = &act.what else { return };
    if birthday.is_some() || !attributes.is_empty() {
        let profile = Arc::make_mut(&mut member.profile);
        profile.birthday = birthday.or(profile.birthday);
        put_all(&mut profile.attributes, attributes);
    }
    if !choices.is_empty() {
        put_all(&mut member.standing.get_or_insert_default().choices, choices);
    }
}

//! What a member is entitled to at an instant: rights of membership, of a tier, of a running plan, and those given for a
//! time. Reads only; it never decides whether something may be had.

use super::member::Member;
use super::provenance::PlanPeriod;
use super::terms::Terms;
use super::types::{NameId, TimeMs};

/// The rights of a member at `at`, in order of declaration, each with its end where one is known. `member` is settled by
/// then.
#[must_use]
pub fn rights(member: &Member, terms: &Terms, at: TimeMs) -> Vec<(NameId, Option<TimeMs>)> {
    let mut rights: Vec<(NameId, Option<TimeMs>)> = Vec::new();
    for perk in &terms.perks {
        let of_all = perk.tiers.is_empty() && perk.plans.is_empty();
        if of_all || member.tier.is_some_and(|tier| perk.tiers.contains(&tier)) {
            rights.push((perk.name, None));
        } else if let Some(until) = running(member, &perk.plans, at).last() {
            rights.push((perk.name, *until));
        }
    }
    let given = member.standing().map_or(&[][..], |standing| standing.entitlements.as_slice());
    for right in given.iter().filter(|right| right.from <= at && right.until.is_none_or(|until| at < until)) {
        match rights.iter_mut().find(|(name, _)| *name == right.name) {
            Some((_, until)) => *until = until.and_then(|known| Some(known.max(right.until?))),
            None => rights.push((right.name, right.until)),
        }
    }
    rights
}

/// The ends of the periods of these plans that run now and of those that follow on them; the last one is when the right
/// ends, `None` for life. Empty where none runs.
fn running(member: &Member, plans: &[NameId], at: TimeMs) -> Vec<Option<TimeMs>> {
    let periods = member.standing().map_or(&[][..], |standing| standing.plans.as_slice());
    let of = |period: &&PlanPeriod| plans.contains(&period.plan) && period.covers(at) && !period.ended;
    let mut ends: Vec<Option<TimeMs>> = periods.iter().filter(of).map(|period| period.until).collect();
    while let Some(Some(end)) = ends.last().copied() {
        let next = periods.iter().find(|next| plans.contains(&next.plan) && next.from == end && !next.ended);
        match next {
            Some(next) if next.until != Some(end) => ends.push(next.until),
            _ => break,
        }
    }
    ends
}

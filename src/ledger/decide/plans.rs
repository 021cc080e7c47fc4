//! Paid memberships: what a fee starts or extends, who may buy at all, and when a period lapses.
//!
//! A plan gives its rights exactly while a period runs; there is no grace.

use super::super::event::{Event, EventKind};
use super::super::member::Member;
use super::super::provenance::PlanPeriod;
use super::super::record::{Account, Effect, Reason, Verdict};
use super::super::terms::{PlanTerms, Terms};
use super::super::types::{NameId, Points, Text, TimeMs};
use super::{Books, Draft};

/// What a denied event adds to the score: nothing, since it is no sign of fraud.
const WEIGHT: u8 = 0;

/// Why an event is recorded as denied by the terms of plans, where it is: a fee that is too low, a second trial, a purchase
/// without the plan it needs.
pub(super) fn refusal(books: &Books<'_>, member: Option<&Member>, event: &Event) -> Option<Reason> {
    let terms = books.terms;
    let detail = match event.kind {
        EventKind::Fee if !terms.plans.is_empty() => match plan_of(books, event) {
            None => "the program has no such plan".to_owned(),
            Some(plan) => unfit(plan, member, event)?,
        },
        _ => {
            let (_, plans) = terms.requires.iter().find(|(kind, _)| *kind == event.kind)?;
            let runs = |plan: &NameId| {
                member.and_then(Member::standing).and_then(|s| s.running(*plan, event.occurred_at)).is_some()
            };
            if plans.iter().any(runs) {
                return None;
            }
            "needs a paid membership that runs at that time".to_owned()
        }
    };
    let rule = Text::new_static("membership");
    Some(Reason::plain(rule, Verdict::Deny, WEIGHT, detail))
}

fn unfit(plan: &PlanTerms, member: Option<&Member>, event: &Event) -> Option<String> {
    let standing = member.and_then(Member::standing);
    if plan.trial && standing.is_some_and(|standing| standing.had_plan) {
        return Some("a trial is only for members who had neither a trial nor a plan before".to_owned());
    }
    if event.amount() < plan.price {
        return Some(format!("{} paid, the plan costs {}", event.amount(), plan.price));
    }
    let for_life = |period: &PlanPeriod| period.until.is_none() && !period.ended;
    if standing.is_some_and(|standing| standing.plans.iter().any(for_life)) {
        return Some("the member has a plan for life".to_owned());
    }
    None
}

fn plan_of<'a>(books: &Books<'a>, event: &Event) -> Option<&'a PlanTerms> {
    let name = books.state.program(books.program)?.name_id(event.membership.as_ref()?)?;
    books.terms.plan(name)
}

/// The period a fee pays for: from now, or from the end of what runs or is paid ahead.
pub(super) fn pay(books: &Books<'_>, member: Option<&Member>, event: &Event, draft: &mut Draft) {
    if event.kind != EventKind::Fee {
        return;
    }
    let Some(plan) = plan_of(books, event) else { return };
    let periods = member.and_then(Member::standing).map_or(&[][..], |standing| standing.plans.as_slice());
    let ends = periods.iter().filter(|period| !period.ended).filter_map(|period| period.until);
    let from = ends.fold(event.occurred_at, TimeMs::max);
    let until = plan.lasts.map(|span| books.terms.zone.after(from, span));
    let index = draft.index();
    draft.effects.push(Effect::Plan { party: 0, index, plan: plan.name, from, until, paid: event.amount() });
    if let Some((pool, amount, charity)) = plan.gift.filter(|(_, amount, _)| *amount > Points::ZERO) {
        draft.effects.push(Effect::Gift { party: 0, pool, amount, to: Account::Donated(charity) });
    }
}

/// When the next period of a plan ends.
pub(super) fn next_lapse(member: &Member) -> Option<TimeMs> {
    let periods = &member.standing()?.plans;
    periods.iter().filter(|period| !period.ended).filter_map(|period| period.until).min()
}

/// The periods that end at an instant.
pub(super) fn lapse(member: &Member, at: TimeMs, effects: &mut Vec<Effect>) {
    let periods = member.standing().map_or(&[][..], |standing| standing.plans.as_slice());
    for period in periods.iter().filter(|period| !period.ended) {
        if let Some(until) = period.until.filter(|until| *until <= at) {
            effects.push(Effect::PlanEnd { party: 0, period: period.id, at: until, refunded: false });
        }
    }
}

/// What begins with an attribute's value, where it never began before.
pub(super) fn begin(terms: &Terms, member: Option<&Member>, attributes: &[(Text, Text)], effects: &mut Vec<Effect>) {
    for since in &terms.sinces {
        let told = attributes.iter().any(|(name, value)| *name == since.attribute && *value == since.value);
        let began = member.and_then(Member::standing).and_then(|standing| standing.since(since.name)).is_some();
        if told && !began {
            effects.push(Effect::Since { party: 0, name: since.name });
        }
    }
}

//! Laws over net totals: what a law has credited in all never exceeds its formula, whichever order is refunded.
//!
//! Called once a record's counts are in its draft, by purchases (which pay what has become due) and by refunds.

use super::super::calendar::{Day, year_of};
use super::super::member::{Counter, Member};
use super::super::provenance::{Back, Lines, PlanPeriod};
use super::super::record::{Account, Effect};
use super::super::reject::Reject;
use super::super::terms::{LawTerms, LawWindow};
use super::super::types::{NameId, Points, TimeMs};
use super::credit::Wanted;
use super::reclaim::{Reclaim, policy_of};
use super::subject::Subject;
use super::{Books, Draft};

/// Whose totals have moved, and by what.
pub(super) struct Moved<'a> {
    pub(super) member: Option<&'a Member>,
    /// The business time that the totals belong to: of a refund, that of its order.
    pub(super) at: TimeMs,
    /// When what becomes due is earned.
    pub(super) earned_at: TimeMs,
    pub(super) day: Day,
    /// The order refunded; none where something is bought.
    pub(super) refund_of: Option<&'a Subject>,
}

/// What a law would have credited in all on a total.
#[must_use]
pub(super) fn formula(law: &LawTerms, total: i64) -> i64 {
    let (total, per) = (i128::from(total.max(0)), i128::from(law.per.max(1)));
    let give = i128::from(law.give);
    let due = if law.steps { give * (total / per) } else { total * give / per };
    let due = i64::try_from(due).unwrap_or(i64::MAX);
    law.most.map_or(due, |most| due.min(most.get()))
}

/// Holds every law of the program to the totals as the draft's counts leave them: pays what has become due at once, takes back
/// what is no longer due.
///
/// # Errors
/// Refuses a credit past the largest amount.
pub(super) fn after_counts(books: &Books<'_>, draft: &mut Draft, moved: &Moved<'_>) -> Result<(), Reject> {
    for law in &books.terms.laws {
        let Some(known) = Known::of(law, moved, draft) else { continue };
        let due = formula(law, known.total);
        let change = match (due - known.credited, moved.refund_of) {
            (owed, None) if owed > 0 && law.at_once => pay(books, draft, moved, law, Points::new(owed))?,
            (too_much, Some(subject)) if too_much < 0 => -take(books, draft, moved, law, (subject, -too_much)),
            _ => 0,
        };
        if let (Some(period), true) = (known.period, known.moved != 0 || change != 0) {
            let (party, period, spend, credited) = (0, period, known.moved, change);
            draft.effects.push(Effect::PlanSpend { party, period, spend, credited });
            draft.origin_of_last(Lines::All, Back::Never);
        } else if change != 0 {
            draft.effects.push(Effect::Count { party: 0, counter: law.credited, day: moved.day, amount: change });
            draft.origin_of_last(Lines::All, Back::Never);
        }
    }
    Ok(())
}

/// A law's totals once the draft's counts are in.
struct Known {
    total: i64,
    credited: i64,
    /// By how much the draft moves the total.
    moved: i64,
    period: Option<super::super::types::LotId>,
}

impl Known {
    fn of(law: &LawTerms, moved: &Moved<'_>, draft: &Draft) -> Option<Self> {
        let here = |name: NameId| counted(draft, name);
        let sum = |name: NameId, of: &dyn Fn(&Counter) -> i64| {
            moved.member.and_then(|member| member.counter(name)).map_or(0, of).saturating_add(here(name))
        };
        let by = |of: &dyn Fn(&Counter) -> i64| Self {
            total: sum(law.counter, of),
            credited: sum(law.credited, of),
            moved: here(law.counter),
            period: None,
        };
        match law.window {
            LawWindow::Ever => Some(by(&|counter| counter.ever)),
            LawWindow::Year => {
                let year = year_of(moved.day);
                // Without the year's total nothing can be said of it, and nothing is taken.
                moved
                    .member
                    .and_then(|member| member.counter(law.counter))
                    .map_or(Some(0), |known| known.years.kept(year))?;
                Some(by(&|counter| counter.years.get(year)))
            }
            LawWindow::Plan(plan) => {
                let covers = |period: &&PlanPeriod| period.plan == plan && period.covers(moved.at);
                let period = moved.member?.standing()?.plans.iter().find(covers)?;
                let total = period.spend.saturating_add(here(law.counter));
                let (credited, id) = (period.credited, period.id);
                Some(Self { total, credited, moved: here(law.counter), period: Some(id) })
            }
        }
    }
}

/// What the draft adds to a counter of the member's.
pub(super) fn counted(draft: &Draft, name: NameId) -> i64 {
    let of_effect = |effect: &Effect| match effect {
        Effect::Count { party: 0, counter, amount, .. } if *counter == name => *amount,
        _ => 0,
    };
    draft.effects.iter().map(of_effect).sum()
}

fn pay(books: &Books<'_>, draft: &mut Draft, moved: &Moved<'_>, law: &LawTerms, amount: Points) -> Result<i64, Reject> {
    let wanted = Wanted {
        party: 0,
        pool: law.pool,
        amount,
        earned_at: moved.earned_at,
        pending: books.terms.pool(law.pool).and_then(|pool| pool.pending),
        expires: None,
        from: Account::Issued,
        reason: law.reason.clone(),
        rule: law.rule.clone(),
        held: false,
    };
    draft.credit(books, moved.member, wanted)?;
    draft.origin_of_last(Lines::All, Back::Never);
    Ok(amount.get())
}

/// Takes back what is no longer due: what the law gave with this very order first. What the pool's policy leaves with the member
/// stays credited, so that the law does not give it again.
fn take(
    books: &Books<'_>,
    draft: &mut Draft,
    moved: &Moved<'_>,
    law: &LawTerms,
    (subject, too_much): (&Subject, i64),
) -> i64 {
    let Some(member) = moved.member else { return 0 };
    let by_law = |effect: &Effect| match effect {
        Effect::Credit(credit) if credit.party == 0 && credit.pool == law.pool && credit.rule == law.rule => {
            Some(credit.lot)
        }
        _ => None,
    };
    let (order, policy) = (subject.seqs(), policy_of(books, law.pool));
    let own = subject.order.effects.iter().find_map(by_law).unwrap_or_default();
    let (own, went) = (vec![(own, Points::new(too_much))], Vec::new());
    let asked = Reclaim { party: 0, pool: law.pool, own, went, order, policy };
    draft.reclaim(books, member, &asked).get()
}

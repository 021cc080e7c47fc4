//! Deciding an act: spending and its undoing, and the member's own affairs. One file a family.
//!
//! What an act refers to (a redemption to reverse) is read back from the journal by the caller and handed in; nothing here
//! looks anything up outside the state.

mod held;
mod hold;
mod household;
mod merge;
mod own;
mod redeem;
mod reverse;

use std::sync::Arc;

pub(super) use held::take_held;
pub(super) use hold::room_for_hold;

use super::super::act::{Act, Spend, What};
use super::super::member::Member;
use super::super::proposal::Proposal;
use super::super::record::{Effect, Input, Record, Status, Verdict};
use super::super::reject::Reject;
use super::super::standing::Standing;
use super::super::terms::{CapPeriod, Period, RewardTerms};
use super::super::types::{NameId, Points, Text};
use super::{Books, Draft, Judgement, status_of};
use crate::ledger::calendar::{month_index, year_of};

/// What an act refers to, read back from the journal.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// The record that made it.
    pub first: Option<Arc<Record>>,
    /// The latest record that took something of it back.
    pub latest: Option<Arc<Record>>,
}

/// Decides an act, with what the scripts say of a redemption.
///
/// # Errors
/// Refuses unknown members, pools, rewards, holds, redemptions and charities; members that are frozen or were merged; what is
/// below a minimum, above a limit or more than there is; and what the fraud checks want confirmed first.
pub fn act(
    books: &Books<'_>,
    act: &Arc<Act>,
    key: &Text,
    (earlier, proposal): (&Earlier, Proposal),
    mut judgement: Judgement,
) -> Result<Record, Reject> {
    let member = books.known_member(&act.member)?;
    let verdict = judgement.assessment.verdict;
    let spends = matches!(act.what, What::Hold { .. } | What::Redeem { .. } | What::Donate { .. });
    let status = if spends { status_of(verdict) } else { Status::Posted };
    let confirm = (spends && verdict == Verdict::StepUp)
        .then(|| judgement.assessment.reasons.first().map_or_else(String::new, |reason| reason.detail.clone()));
    let mut draft = Draft::default();
    draft.party(&act.member, Some(member));
    let mut work = Work { books, act, member, earlier, proposal: &proposal, status, confirm, draft };
    match &act.what {
        What::Hold { spend, ttl_ms, order } => work.hold(spend, *ttl_ms, order.as_ref())?,
        What::Capture { hold, amount } => work.capture(*hold, *amount)?,
        What::Release { hold } => work.release(*hold)?,
        What::Redeem { spend, order } => work.redeem(spend, order.as_ref())?,
        What::Donate { pool, amount, charity } => work.donate(pool, *amount, charity)?,
        What::Reverse { redemption, amount } => work.reverse(*redemption, *amount)?,
        What::Use { grant } => work.use_voucher(*grant)?,
        What::Cancel { grant } => work.cancel_voucher(*grant)?,
        What::Update { birthday, attributes, choices } => work.update(*birthday, attributes, choices)?,
        What::Freeze { frozen, .. } => work.freeze(*frozen),
        What::Erase => work.draft.effects.push(Effect::Erased { party: 0 }),
        What::Merge { into } => work.merge(into)?,
        What::Join { household, members } => work.join(household, members)?,
        What::Leave => work.leave_household()?,
        // The ledger asks this of itself: see the refunds.
        What::Awaited { .. } => return Err(Reject::MemberBusy("no refund waits")),
    }
    let Work { mut draft, .. } = work;
    draft.effects.append(&mut judgement.kin.effects);
    let mut record = draft.record(books, Input::Act(Arc::clone(act), key.clone()), books.now, judgement);
    record.status = status;
    super::scripted(books, &mut record, proposal);
    Ok(record)
}

/// What the steps of one decision read, and the record in the making.
struct Work<'a> {
    books: &'a Books<'a>,
    act: &'a Arc<Act>,
    member: &'a Arc<Member>,
    earlier: &'a Earlier,
    proposal: &'a Proposal,
    status: Status,
    /// What the fraud checks want confirmed before anything is recorded.
    confirm: Option<String>,
    draft: Draft,
}

/// What is to be paid, and the reward it buys.
#[derive(Clone, Copy)]
struct Price<'a> {
    pool: NameId,
    amount: Points,
    reward: Option<&'a RewardTerms>,
}

impl<'a> Work<'a> {
    fn standing(&self) -> Option<&'a Standing> {
        self.member.standing()
    }

    /// Refuses a member who may not spend.
    fn may_spend(&self) -> Result<(), Reject> {
        match self.standing() {
            Some(standing) if standing.frozen => Err(Reject::MemberFrozen(self.act.member.clone())),
            _ => Ok(()),
        }
    }

    /// Refuses, once the request itself holds, what must be confirmed first.
    fn confirmed(&mut self) -> Result<(), Reject> {
        self.confirm.take().map_or(Ok(()), |why| Err(Reject::StepUpRequired(why)))
    }

    /// What a spending costs. The minimum of a pool is checked before anything else about it.
    fn price(&self, spend: &Spend) -> Result<Price<'a>, Reject> {
        match spend {
            Spend::Points { pool, amount } => {
                let pool = self.books.pool(pool)?;
                let minimum = self.books.terms.pool(pool).map_or(Points::ZERO, |terms| terms.spend_minimum);
                if *amount < minimum {
                    return Err(Reject::BelowMinimum { wanted: *amount, minimum, what: "spent" });
                }
                self.not_denied()?;
                Ok(Price { pool, amount: self.proposal.price.unwrap_or(*amount), reward: None })
            }
            Spend::Reward(name) => {
                let state = self.books.state.program(self.books.program);
                let id = state.and_then(|program| program.name_id(name));
                let unknown = || Reject::RewardUnavailable(smol_str::format_smolstr!("there is no reward {name:?}"));
                let terms = id.and_then(|id| self.books.terms.reward(id)).ok_or_else(unknown)?;
                let (pool, amount) = self.priced(terms).ok_or_else(|| {
                    Reject::RewardUnavailable(smol_str::format_smolstr!("{name:?} has no price: it is given, not sold"))
                })?;
                self.offered(terms, name)?;
                self.not_denied()?;
                Ok(Price { pool, amount, reward: Some(terms) })
            }
        }
    }

    /// What a reward costs: as a script says, else as it is declared. A script's price is paid in the declared pool, or the only one.
    fn priced(&self, terms: &RewardTerms) -> Option<(NameId, Points)> {
        let Some(amount) = self.proposal.price else { return terms.price };
        let only = || match self.books.terms.pools.as_slice() {
            [pool] => Some(pool.name),
            _ => None,
        };
        terms.price.map(|(pool, _)| pool).or_else(only).map(|pool| (pool, amount))
    }

    /// Refuses what a script denies.
    fn not_denied(&self) -> Result<(), Reject> {
        self.proposal.denied.as_ref().map_or(Ok(()), |why| Err(Reject::RewardUnavailable(why.clone())))
    }

    /// Refuses a reward that is sold out.
    fn left_in_stock(&self, terms: &RewardTerms) -> Result<(), Reject> {
        let Some((counter, stock)) = terms.stock else { return Ok(()) };
        let program = self.books.state.program(self.books.program);
        let sold = program.and_then(|program| program.budgets.get(&counter)).copied().unwrap_or(0);
        if sold < stock {
            return Ok(());
        }
        let name = program.map_or("?", |program| program.name_of(terms.name).as_str());
        Err(Reject::RewardUnavailable(smol_str::format_smolstr!("{name:?} is sold out")))
    }

    /// Refuses a reward that is not offered to the member, is sold out, or was bought often enough.
    fn offered(&self, terms: &RewardTerms, name: &Text) -> Result<(), Reject> {
        if !terms.tiers.is_empty() && !self.member.tier.is_some_and(|tier| terms.tiers.contains(&tier)) {
            let why = smol_str::format_smolstr!("{name:?} is not offered to the member's tier");
            return Err(Reject::RewardUnavailable(why));
        }
        self.left_in_stock(terms)?;
        if let Some((counter, period, most)) = terms.per_member {
            let day = self.books.terms.zone.day(self.books.now);
            let known = self.member.counter(counter);
            let bought = known.map_or(0, |known| match period {
                CapPeriod::Event => 0,
                CapPeriod::Member(Period::Day) => known.days.get(day),
                CapPeriod::Member(Period::Month) => known.months.get(month_index(day)),
                CapPeriod::Member(Period::Quarter | Period::Year) => known.years.get(year_of(day)),
                CapPeriod::Program => known.ever,
            });
            // What is reserved counts: else several holds could pass a limit of one.
            let reserved = self
                .standing()
                .map_or(0, |standing| standing.holds.iter().filter(|hold| hold.reward == Some(terms.name)).count());
            if bought.saturating_add(i64::try_from(reserved).unwrap_or(i64::MAX)) >= most {
                let why = smol_str::format_smolstr!("a member may have {most} of {name:?} in that time");
                return Err(Reject::LimitReached(why));
            }
        }
        Ok(())
    }
}

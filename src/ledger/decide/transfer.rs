//! Deciding a transfer: the giver's lots move, in spending order, with the expiry they had.

use std::sync::Arc;

use super::super::calendar::Span;
use super::super::event::Transfer;
use super::super::member::Member;
use super::super::provenance::HoldEnd;
use super::super::record::{Account, Credit, Effect, Input, Record, Status, Verdict};
use super::super::reject::Reject;
use super::super::types::{AMOUNT_MAX, LotId, NameId, Points, Text, TimeMs};
use super::act::room_for_hold;
use super::{Books, Draft, Judgement, status_of, within};
use crate::limits::REVERSAL_GRACE_DAYS;

/// Effects that a transfer from a few lots comes to, about: room for them is made at once.
const EFFECTS_TYPICAL: usize = 8;

/// Decides a transfer between two members, through the `transit` account.
///
/// # Errors
/// Refuses unknown members and pools, a pool that may not be transferred, a transfer to oneself, more than is available,
/// and one that the fraud checks want confirmed first.
pub fn transfer(
    books: &Books<'_>,
    transfer: &Arc<Transfer>,
    key: &Text,
    mut judgement: Judgement,
) -> Result<Record, Reject> {
    if transfer.from == transfer.to {
        return Err(Reject::NotTransferable("giver and receiver are the same member"));
    }
    let from = books.known_member(&transfer.from)?;
    let to = books.known_member(&transfer.to)?;
    if from.standing().is_some_and(|standing| standing.frozen) {
        return Err(Reject::MemberFrozen(transfer.from.clone()));
    }
    let pool = books.pool(&transfer.pool)?;
    if !books.terms.pool(pool).is_some_and(|terms| terms.transferable) {
        return Err(Reject::NotTransferable("members may not transfer this pool"));
    }
    if judgement.assessment.verdict == Verdict::StepUp {
        let why = judgement.assessment.reasons.first().map_or_else(String::new, |reason| reason.detail.clone());
        return Err(Reject::StepUpRequired(why));
    }
    let status = status_of(judgement.assessment.verdict);
    let mut draft = Draft { effects: Vec::with_capacity(EFFECTS_TYPICAL), ..Draft::default() };
    let giver = draft.party(&transfer.from, Some(from));
    let receiver = draft.party(&transfer.to, Some(to));
    match status {
        Status::Posted => {
            draft.take(books, from, (giver, pool), transfer.amount, &Account::Transit)?;
            draft.receive(books, from, to, (receiver, pool))?;
        }
        // Else they could be spent before the review is done.
        Status::Held => draft.keep_aside(books, from, (giver, pool), transfer.amount)?,
        Status::Denied => {}
    }
    draft.effects.append(&mut judgement.kin.effects);
    let input = Input::Transfer(Arc::clone(transfer), key.clone());
    let mut record = draft.record(books, input, books.now, judgement);
    record.status = status;
    Ok(record)
}

/// Does a transfer that was held, with the points that were kept aside for it.
///
/// # Errors
/// Refuses a giver who may not spend any more, and a receiver who is another member by now.
pub(super) fn take_held(books: &Books<'_>, asked: &Transfer, waited: &Record) -> Result<Draft, Reject> {
    let from = books.known_member(&asked.from)?;
    let to = books.known_member(&asked.to)?;
    if from.standing().is_some_and(|standing| standing.frozen) {
        return Err(Reject::MemberFrozen(asked.from.clone()));
    }
    let made = |effect: &Effect| match effect {
        Effect::Hold { party: 0, index, .. } => Some(LotId { seq: waited.seq, index: *index }),
        _ => None,
    };
    let hold = waited.effects.iter().find_map(made).and_then(|id| from.hold(id));
    let hold = hold.ok_or(Reject::HoldNotActive("what was kept aside is gone"))?;
    let mut draft = Draft::default();
    let giver = draft.party(&asked.from, Some(from));
    let receiver = draft.party(&asked.to, Some(to));
    let (pool, end) = (hold.pool, HoldEnd::Captured);
    draft.effects.push(Effect::Unhold { party: giver, hold: hold.id, end });
    let debits = hold.lots.iter().map(|(lot, amount)| {
        let (lot, amount, to) = (*lot, *amount, Account::Transit);
        Effect::Debit { party: giver, pool, lot, amount, to }
    });
    draft.effects.extend(debits);
    draft.receive(books, from, to, (receiver, pool))?;
    Ok(draft)
}

impl Draft {
    /// Keeps an amount aside, in spending order, until a review is done.
    fn keep_aside(
        &mut self,
        books: &Books<'_>,
        from: &Member,
        (party, pool): (u8, NameId),
        wanted: Points,
    ) -> Result<(), Reject> {
        room_for_hold(from)?;
        let mut chosen = Self::default();
        chosen.take(books, from, (party, pool), wanted, &Account::Transit)?;
        let part = |effect: &Effect| match effect {
            Effect::Debit { lot, amount, .. } => Some((*lot, *amount)),
            _ => None,
        };
        let lots = chosen.effects.iter().filter_map(part).collect();
        let (index, until) = (self.index(), TimeMs::NEVER);
        self.effects.push(Effect::Hold { party, index, pool, lots, until, reward: None, order: None });
        Ok(())
    }

    /// Credits the receiver with what the debits so far put in transit, one lot an expiry.
    fn receive(
        &mut self,
        books: &Books<'_>,
        from: &Member,
        to: &Member,
        (party, pool): (u8, NameId),
    ) -> Result<(), Reject> {
        let mut arriving: Vec<(Option<TimeMs>, Points)> = Vec::with_capacity(EFFECTS_TYPICAL / 2);
        let grace = || books.terms.zone.after(books.now, Span::Days(REVERSAL_GRACE_DAYS));
        let source = from.pool(pool).map_or(&[][..], |pool| &pool.lots);
        for effect in &self.effects {
            let Effect::Debit { lot, amount, .. } = effect else { continue };
            let expires_at = source.iter().find(|known| known.id == *lot).and_then(|known| known.expires_at);
            // What a review has kept past its time can still be used for a while.
            let expires_at = expires_at.map(|at| if at > books.now { at } else { grace() });
            match arriving.iter_mut().find(|(expires, _)| *expires == expires_at) {
                Some((_, sum)) => *sum += *amount,
                None => arriving.push((expires_at, *amount)),
            }
        }
        let has = to.pool(pool);
        let total: i64 = has.map_or(0, |pool| pool.lots.remaining().get());
        let all: Points = arriving.iter().map(|(_, amount)| *amount).sum();
        within(total.checked_add(all.get()).filter(|sum| *sum <= AMOUNT_MAX), "receiver's balance")?;
        for (expires_at, amount) in arriving {
            let known = has.and_then(|pool| {
                pool.lots.iter().find(|lot| lot.received && lot.active && lot.expires_at == expires_at)
            });
            let fresh = LotId { seq: books.seq(), index: self.index() };
            let repaid = self.debt(Some(to), party, pool).min(amount);
            self.effects.push(Effect::Credit(Credit {
                party,
                pool,
                lot: known.map_or(fresh, |lot| lot.id),
                amount,
                repaid,
                earned_at: books.now,
                available_at: books.now,
                expires_at,
                from: Account::Transit,
                reason: Text::new_static("transfer"),
                rule: Text::new_static("transfer"),
            }));
        }
        Ok(())
    }
}

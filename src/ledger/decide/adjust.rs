//! Deciding a correction by hand: a credit from, or a debit to, the `adjusted` account.

use std::sync::Arc;

use super::super::event::Adjustment;
use super::super::member::Member;
use super::super::record::{Account, Effect, Input, Record, Status, Verdict};
use super::super::reject::Reject;
use super::super::types::{NameId, Points, Text};
use super::credit::Wanted;
use super::{Books, Draft, Judgement, status_of};

/// Decides an adjustment. A pending credit waits as long as credits of its pool do, and for ever where those do not; one that a
/// fraud check holds waits for its case. A debit takes lots in spending order, never goes below zero, and is never held.
///
/// Credits are asked about as spendings are: held, they wait for a case; denied, they are recorded and give nothing.
///
/// # Errors
/// Refuses an unknown member or pool, a debit of more than is available, a credit past the largest amount, one that expires
/// before it is there, and one that the fraud checks want confirmed first.
pub fn adjust(
    books: &Books<'_>,
    adjustment: &Arc<Adjustment>,
    key: &Text,
    judgement: Judgement,
) -> Result<Record, Reject> {
    let judgement = if adjustment.amount.is_positive() { judgement } else { Judgement::default() };
    let member = books.known_member(&adjustment.member)?;
    let pool = books.pool(&adjustment.pool)?;
    if adjustment.expires_at.is_some_and(|end| end <= books.now) {
        return Err(Reject::ExpiryPassed);
    }
    if judgement.assessment.verdict == Verdict::StepUp {
        let why = judgement.assessment.reasons.first().map_or_else(String::new, |reason| reason.detail.clone());
        return Err(Reject::StepUpRequired(why));
    }
    let status = status_of(judgement.assessment.verdict);
    let mut draft = Draft::default();
    let party = draft.party(&adjustment.member, Some(member));
    if adjustment.amount.is_positive() && status != Status::Denied {
        let is_held = status == Status::Held;
        let pool_pending = books.terms.pool(pool).and_then(|terms| terms.pending);
        let pending = pool_pending.filter(|_| adjustment.pending && !is_held);
        let wanted = Wanted {
            party,
            pool,
            amount: adjustment.amount,
            earned_at: books.now,
            pending,
            expires: None,
            from: Account::Adjusted,
            reason: adjustment.reason.clone(),
            rule: Text::new_static("adjustment"),
            held: is_held || (adjustment.pending && pending.is_none()),
        };
        draft.credit(books, Some(member), wanted)?;
        if let (Some(Effect::Credit(credit)), Some(at)) = (draft.effects.last_mut(), adjustment.expires_at) {
            credit.expires_at = Some(at);
        }
        if adjustment.pending && pending.is_none() && !is_held {
            // It waits in a case, for whoever clears or confirms it.
            draft.effects.push(Effect::Refer { party });
        }
    } else if !adjustment.amount.is_positive() {
        draft.take(books, member, (party, pool), -adjustment.amount, &Account::Adjusted)?;
    }
    let input = Input::Adjust(Arc::clone(adjustment), key.clone());
    let mut record = draft.record(books, input, books.now, judgement);
    record.status = status;
    Ok(record)
}

impl Draft {
    /// Debits lots in spending order.
    pub(super) fn take(
        &mut self,
        books: &Books<'_>,
        member: &Member,
        (party, pool): (u8, NameId),
        wanted: Points,
        to: &Account,
    ) -> Result<(), Reject> {
        let available = member.available(pool, books.now);
        if available < wanted {
            return Err(books.insufficient(pool, wanted, available));
        }
        let mut left = wanted;
        let lots = member.pool(pool).map_or(&[][..], |pool| &pool.lots);
        for lot in lots.iter().filter(|lot| lot.spendable_at(books.now)) {
            let amount = lot.free().min(left);
            if amount.is_zero() {
                continue;
            }
            self.effects.push(Effect::Debit { party, pool, lot: lot.id, amount, to: to.clone() });
            left -= amount;
            if left.is_zero() {
                break;
            }
        }
        assert!(left.is_zero(), "what is available can be taken");
        Ok(())
    }
}

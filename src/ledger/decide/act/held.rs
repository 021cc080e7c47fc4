//! Spending that waited for a review and was cleared: what was kept aside is spent now, once, under the id it was told by.
//!
//! Prices and limits are those of the day it was asked; only what may have run out since (stock, the right to spend) is asked
//! again.

use std::sync::Arc;

use super::super::super::act::{Act, What};
use super::super::super::proposal::Proposal;
use super::super::super::provenance::{Hold, HoldEnd};
use super::super::super::record::{Account, Effect, Record, Status};
use super::super::super::reject::Reject;
use super::super::super::types::{LotId, NameId, Points};
use super::super::{Books, Draft};
use super::hold::Part;
use super::{Earlier, Price, Work};

/// Does a spending that was held.
///
/// # Errors
/// Refuses who may not spend any more, and a reward that is sold out meanwhile.
pub(in super::super) fn take_held(books: &Books<'_>, asked: &Arc<Act>, waited: &Record) -> Result<Draft, Reject> {
    let member = books.known_member(&asked.member)?;
    let earlier = Earlier { first: Some(Arc::new(waited.clone())), latest: None };
    let mut draft = Draft::default();
    draft.party(&asked.member, Some(member));
    // What it costs was said when it was asked.
    let (proposal, earlier) = (&Proposal::default(), &earlier);
    let mut work = Work { books, act: asked, member, earlier, proposal, status: Status::Posted, confirm: None, draft };
    work.may_spend()?;
    let made = |effect: &Effect| match effect {
        Effect::Hold { party: 0, index, .. } => Some(LotId { seq: waited.seq, index: *index }),
        _ => None,
    };
    let gone = Reject::HoldNotActive("what was kept aside is gone");
    let hold = waited.effects.iter().find_map(made).and_then(|id| member.hold(id)).cloned().ok_or(gone)?;
    let parts = work.parts(&hold);
    let all: Points = parts.iter().map(Part::kept).sum();
    match &asked.what {
        What::Hold { ttl_ms, .. } => work.begin(&hold, &parts, *ttl_ms)?,
        What::Redeem { .. } => {
            work.in_stock(hold.reward)?;
            work.end(&parts, HoldEnd::Captured, (all, &Account::Redeemed));
            let reward = hold.reward.and_then(|name| books.terms.reward(name));
            work.bought(Price { pool: hold.pool, amount: all, reward }, hold.reward, Some(hold.id));
        }
        What::Donate { charity, .. } => {
            let to = work.charity(hold.pool, charity)?;
            work.end(&parts, HoldEnd::Captured, (all, &Account::Donated(to)));
        }
        _ => {}
    }
    Ok(work.draft)
}

impl Work<'_> {
    /// The hold is certain from now on: its time begins, and its reward is reserved.
    fn begin(&mut self, hold: &Hold, parts: &[Part<'_>], ttl_ms: i64) -> Result<(), Reject> {
        self.in_stock(hold.reward)?;
        let until = self.books.now.plus_ms(ttl_ms);
        for part in parts {
            self.draft.effects.push(Effect::Extend { party: part.party, hold: hold.id, until });
        }
        let stock = hold.reward.and_then(|reward| self.books.terms.reward(reward)?.stock);
        if let Some((counter, _)) = stock {
            self.draft.effects.push(Effect::Budget { party: 0, counter, amount: Points::new(1) });
        }
        Ok(())
    }

    /// Refuses a reward that is sold out: what waits for a review has reserved none.
    fn in_stock(&self, reward: Option<NameId>) -> Result<(), Reject> {
        let terms = reward.and_then(|reward| self.books.terms.reward(reward));
        terms.map_or(Ok(()), |terms| self.left_in_stock(terms))
    }
}

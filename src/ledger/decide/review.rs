//! Deciding a review: closing a case, changing a list, taking back what an earlier event gave.
//!
//! What becomes of the records that a case held is decided by [`release`](super::release()).

use std::sync::Arc;

use super::super::desk::Case;
use super::super::lists::ListChange;
use super::super::provenance::{Leaving, RefundPolicy};
use super::super::record::{Effect, Input, Record, Status};
use super::super::reject::Reject;
use super::super::review::{ClawBack, Resolution, Review};
use super::super::taint::Taint;
use super::super::types::{LotId, Seq};
use super::reclaim::Reclaim;
use super::refund::left_of;
use super::subject::Subject;
use super::{Books, Draft, Judgement};
use crate::limits::LIST_ENTRIES_MAX;

/// Decides the closing of a case; the records of what it held follow with [`release`](super::release()).
///
/// # Errors
/// Refuses a case that is not known to this program, and one that is closed.
pub fn resolve(books: &Books<'_>, resolution: &Resolution) -> Result<(Record, Arc<Case>), Reject> {
    let known = books.state.desk.case(resolution.case).filter(|case| case.program == books.program);
    let case = known.ok_or(Reject::UnknownCase(resolution.case))?;
    if case.closed.is_some() {
        return Err(Reject::CaseNotOpen(resolution.case));
    }
    let input = Input::Review(Arc::new(Review::Resolve(resolution.clone())));
    let record = Draft::default().record(books, input, books.now, Judgement::default());
    Ok((record, Arc::clone(case)))
}

/// Decides a change of a list.
///
/// # Errors
/// Refuses an entry more than are kept.
pub fn list(books: &Books<'_>, review: &Arc<Review>) -> Result<Record, Reject> {
    let entries = books.state.desk.lists.len();
    let adds = matches!(review.as_ref(), Review::List(ListChange { put: Some(_), .. }));
    if adds && entries >= LIST_ENTRIES_MAX {
        return Err(Reject::ListFull(entries));
    }
    let input = Input::Review(Arc::clone(review));
    Ok(Draft::default().record(books, input, books.now, Judgement::default()))
}

/// Takes back the points that are left of what a record gave, where it stands, and the unused rewards of an event;
/// `None` where it gave none.
///
/// Its own lots go first, then what is left of them with those to whom they were passed on, in the order in which it came there
/// (`taint` has followed them; nobody's other points are touched, and nobody else comes to owe anything), then other points of
/// who had earned them; what is then missing is owed. What holds keep aside stays there.
#[must_use]
pub fn claw_back(books: &Books<'_>, subject: &Subject, case: Seq, taint: &Taint) -> Option<Record> {
    let of = &subject.order;
    if of.status != Status::Posted {
        return None;
    }
    let mut draft = Draft::default();
    let mut gave_any = false;
    let mut asked: Vec<Reclaim> = Vec::new();
    for (gave, left) in left_of(books, subject) {
        gave_any = true;
        let id = &of.parties.get(usize::from(gave.party))?.member;
        let Some(member) = books.member(id) else { continue };
        let party = draft.party(id, Some(member));
        if !left.is_positive() {
            continue;
        }
        let at = asked.iter().position(|known| (known.party, known.pool) == (party, gave.pool)).unwrap_or_else(|| {
            let (pool, order, policy) = (gave.pool, subject.seqs(), RefundPolicy::Debt);
            asked.push(Reclaim { party, pool, own: Vec::new(), went: Vec::new(), order, policy });
            asked.len() - 1
        });
        if let Some(known) = asked.get_mut(at) {
            known.own.push((gave.lot, left));
            known.went.extend(taint.left_elsewhere(gave.lot).map(|left| (gave.lot, left)));
        }
    }
    // Rewards of full cards stay as long as their stamps do.
    let of_cards = |index: u16| {
        of.effects.iter().any(|effect| matches!(effect, Effect::Punch { filled, .. } if filled.contains(&index)))
    };
    let given = of.effects.iter().filter_map(|effect| match effect {
        Effect::Grant { party, index, reward, .. } if !of_cards(*index) => Some((*party, *index, *reward)),
        _ => None,
    });
    for (owner, index, reward) in given.filter(|_| subject.event().is_some()) {
        let grant = LotId { seq: of.seq, index };
        let id = &of.parties.get(usize::from(owner))?.member;
        let Some(member) = books.member(id).filter(|member| member.grant(grant).is_some()) else { continue };
        let party = draft.party(id, Some(member));
        gave_any = true;
        draft.effects.push(Effect::Ungrant { party, reward, grant, why: Leaving::Withdrawn });
    }
    for asked in &asked {
        let id = draft.parties.get(usize::from(asked.party)).map(|party| party.member.clone())?;
        draft.reclaim(books, books.member(&id)?, asked);
    }
    let id = smol_str::format_smolstr!("{}", of.seq);
    let input = Input::Review(Arc::new(Review::ClawBack(ClawBack { case, of: of.seq, id })));
    gave_any.then(|| draft.record(books, input, books.now, Judgement::default()))
}

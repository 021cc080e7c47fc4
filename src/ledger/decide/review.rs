//! Deciding a review: closing a case, and what becomes of each record that it held.
//!
//! What was held was noted in its record and not done. When it is cleared it is done now, as of its own business time, with
//! the stamps, caps, debts and tiers of now; when it is confirmed, its lots go. Today's rules are not asked either way.

use std::sync::Arc;

use super::super::calendar::Span;
use super::super::desk::Case;
use super::super::event::Event;
use super::super::kin::KinEffect;
use super::super::lists::ListChange;
use super::super::member::{Lot, Member};
use super::super::record::{Account, Credit, Effect, Input, Record, ScriptFault, Status};
use super::super::reject::Reject;
use super::super::review::{ClawBack, Outcome, Release, Resolution, Review, Vest};
use super::super::types::{LotId, Points, Seq, Text, TimeMs};
use super::credit::{Wanted, expiry};
use super::event::Work;
use super::{Books, Draft, Judgement, transfer, within};
use crate::limits::LIST_ENTRIES_MAX;

/// The reward of a card that is filled by a released stamp.
const FULL_CARD: Text = Text::new_static("a full card");

/// Decides the closing of a case; the records of what it held follow with [`release`].
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

/// What becomes of a held record once its case is closed. What cannot be done any more (a transfer without the points for it)
/// is void, and says why.
#[must_use]
pub fn release(books: &Books<'_>, held: &Record, case: Seq, outcome: Outcome) -> Record {
    let done = match outcome {
        Outcome::Confirmed => Ok((void(books, held), Status::Posted)),
        Outcome::Cleared => take_effect(books, held).map(|draft| (draft, Status::Posted)),
    };
    let (draft, status, faults) = match done {
        Ok((draft, status)) => (draft, status, Vec::new()),
        Err(reject) => {
            let fault = ScriptFault { at: Text::new_static("release"), message: reject.to_string() };
            (void(books, held), Status::Posted, vec![fault])
        }
    };
    let event = match &held.input {
        Input::Event(event) if held.status == Status::Held && outcome == Outcome::Cleared && faults.is_empty() => {
            Some(Arc::clone(event))
        }
        _ => None,
    };
    let id = smol_str::format_smolstr!("{}", held.seq);
    let input = Input::Review(Arc::new(Review::Release(Release { case, held: held.seq, outcome, event, id })));
    let mut record = draft.record(books, input, held.occurred_at, Judgement::default());
    (record.status, record.faults) = (status, faults);
    record
}

/// The lots that a held record made and that wait still.
fn waiting<'a>(
    books: &'a Books<'a>,
    held: &'a Record,
) -> impl Iterator<Item = (&'a Credit, &'a Text, &'a Arc<Member>, &'a Lot)> {
    held.effects.iter().filter_map(|effect| {
        let Effect::Credit(credit) = effect else { return None };
        if credit.available_at != TimeMs::NEVER {
            return None;
        }
        let id = &held.parties.get(usize::from(credit.party))?.member;
        let member = books.member(id)?;
        let lots = member.pool(credit.pool).map_or(&[][..], |pool| pool.lots.as_slice());
        lots.iter().find(|lot| lot.id == credit.lot).map(|lot| (credit, id, member, lot))
    })
}

/// Everything that a held record made goes.
fn void(books: &Books<'_>, held: &Record) -> Draft {
    let mut draft = Draft::default();
    if let Some(first) = held.parties.first() {
        draft.party(&first.member, books.member(&first.member));
    }
    for (credit, id, member, lot) in waiting(books, held) {
        let party = draft.party(id, Some(member));
        let (pool, amount) = (credit.pool, lot.remaining);
        draft.effects.push(Effect::Debit { party, pool, lot: lot.id, amount, to: Account::Reversed });
    }
    draft
}

/// Gives what waits of a record that stands: the bonuses of a referral.
fn take_rest(books: &Books<'_>, held: &Record) -> Draft {
    let mut draft = Draft::default();
    for party in &held.parties {
        draft.party(&party.member, books.member(&party.member));
    }
    for (credit, _, member, lot) in waiting(books, held) {
        draft.vest(books, Some(member), (credit, lot), own_terms(held, credit));
    }
    draft
}

/// Does now what a held record noted.
fn take_effect(books: &Books<'_>, held: &Record) -> Result<Draft, Reject> {
    if held.status == Status::Posted {
        return Ok(take_rest(books, held));
    }
    match &held.input {
        Input::Event(event) => take_event(books, held, event),
        Input::Transfer(asked, key) => {
            let done = transfer(books, asked, key, Judgement::default())?;
            Ok(Draft { parties: done.parties, effects: done.effects, clipped: done.clipped, next_index: 0 })
        }
        Input::Adjust(..)
        | Input::Act(..)
        | Input::Due(_)
        | Input::Ruleset(_)
        | Input::Rules(..)
        | Input::Review(_) => {
            let mut draft = Draft::default();
            for (credit, id, member, lot) in waiting(books, held) {
                draft.party(id, Some(member));
                draft.vest(books, Some(member), (credit, lot), (None, None));
            }
            Ok(draft)
        }
    }
}

fn take_event(books: &Books<'_>, held: &Record, event: &Event) -> Result<Draft, Reject> {
    let mut draft = Draft::default();
    let known = books.known_member(&event.member)?;
    draft.party(&event.member, Some(known));
    let day = books.terms.zone.day(event.occurred_at);
    let member = Some(known.as_ref());
    let work = Work { books, event, member, day, status: Status::Posted };
    let (mut of_card, mut granted): (Vec<u16>, u16) = (Vec::new(), 0);
    for effect in &held.effects {
        match effect {
            Effect::Credit(credit) => {
                let lot = waiting(books, held).find(|(of, ..)| of.lot == credit.lot);
                if let Some((_, _, member, lot)) = lot {
                    draft.vest(books, Some(member), (credit, lot), own_terms(held, credit));
                }
            }
            Effect::Punch { card, marks, filled, .. } => {
                // Grants for a full card follow the stamps that filled it; whether they fill it now is worked out anew.
                of_card.extend_from_slice(filled);
                work.stamp(&mut draft, *card, marks, &FULL_CARD);
            }
            Effect::Grant { index, .. } if of_card.contains(index) => {}
            Effect::Grant { reward, reason, .. } => granted = work.grant(&mut draft, *reward, reason),
            Effect::Hangs { condition, counter, .. } => draft.effects.push(Effect::Hangs {
                party: 0,
                grant: granted,
                condition: condition.clone(),
                counter: *counter,
            }),
            Effect::Seen { .. } => draft.effects.push(effect.clone()),
            Effect::Count { counter, day, amount, .. } => {
                let ever = known.counter(*counter).map_or(0, |c| c.ever);
                within(ever.checked_add(*amount), "counter")?;
                draft.effects.push(Effect::Count { party: 0, counter: *counter, day: *day, amount: *amount });
            }
            _ => {}
        }
    }
    // Who was found to be the referrer under another name is not paid, whatever else the case was about.
    if held.effects.iter().any(|effect| matches!(effect, Effect::Kin(KinEffect::Forgo { .. }))) {
        draft.effects.push(Effect::Kin(KinEffect::Forgo { party: 0 }));
    } else {
        work.pay_referral(&mut draft, false)?;
    }
    work.move_tier(&mut draft);
    Ok(draft)
}

/// The terms that a rule asked for a lot of its own.
fn own_terms(held: &Record, credit: &Credit) -> (Option<Span>, Option<Span>) {
    let terms = held.effects.iter().find_map(|effect| match effect {
        Effect::HeldTerms { lot, pending, expires, .. } if *lot == credit.lot => Some((*pending, *expires)),
        _ => None,
    });
    terms.unwrap_or_default()
}

impl Draft {
    /// Gives a lot that waited its instants, cut to what the caps leave of it now.
    fn vest(
        &mut self,
        books: &Books<'_>,
        member: Option<&Member>,
        (credit, lot): (&Credit, &Lot),
        (pending, expires): (Option<Span>, Option<Span>),
    ) {
        let (party, pool) = (credit.party, credit.pool);
        let mut wanted = Wanted {
            party,
            pool,
            amount: lot.remaining,
            earned_at: credit.earned_at,
            pending,
            expires,
            from: credit.from.clone(),
            reason: credit.reason.clone(),
            rule: credit.rule.clone(),
            held: false,
        };
        if credit.from == Account::Issued {
            self.cap(books, member, &mut wanted, None);
        }
        let amount = wanted.amount;
        let cut = lot.remaining - amount;
        if cut.is_positive() {
            self.effects.push(Effect::Debit { party, pool, lot: lot.id, amount: cut, to: Account::Reversed });
        }
        let Some(terms) = books.terms.pool(pool).filter(|_| amount.is_positive()) else { return };
        let later = pending.map_or(books.now, |span| books.terms.zone.after(credit.earned_at, span));
        let available_at = later.max(books.now);
        let expires_at = lot.expires_at.or_else(|| expiry(books, terms, available_at, expires));
        let repaid = if available_at <= books.now { self.debt(member, party, pool).min(amount) } else { Points::ZERO };
        self.effects.push(Effect::Vest(Vest { party, pool, lot: lot.id, amount, available_at, expires_at, repaid }));
    }

    /// Takes an amount that must go: from one lot first, then from the others in spending order; the rest is owed.
    fn take_back(&mut self, books: &Books<'_>, member: &Member, party: u8, credit: &Credit) {
        let pool = credit.pool;
        let own = |lot: &&Lot| lot.id == credit.lot;
        let lots = member.pool(pool).map_or(&[][..], |pool| pool.lots.as_slice());
        let others = lots.iter().filter(|lot| !own(lot) && lot.spendable_at(books.now));
        let mut left = credit.amount;
        let mut taken: Vec<(LotId, Points)> = Vec::new();
        for lot in lots.iter().filter(own).chain(others) {
            let gone = self.gone(party, lot.id);
            let amount = (lot.remaining - gone).min(left);
            if amount.is_positive() {
                taken.push((lot.id, amount));
                left -= amount;
            }
        }
        let debits =
            taken.into_iter().map(|(lot, amount)| Effect::Debit { party, pool, lot, amount, to: Account::Reversed });
        self.effects.extend(debits);
        if left.is_positive() {
            self.effects.push(Effect::Owe { party, pool, amount: left, to: Account::Reversed });
        }
    }

    /// What this record has taken from a lot so far.
    fn gone(&self, party: u8, lot: LotId) -> Points {
        let of_lot = |effect: &Effect| match effect {
            Effect::Debit { party: whose, lot: from, amount, .. } if *whose == party && *from == lot => *amount,
            _ => Points::ZERO,
        };
        self.effects.iter().map(of_lot).sum()
    }
}

/// Takes back the points that an event's record gave, where it stands; `None` where it gave none.
#[must_use]
pub fn claw_back(books: &Books<'_>, of: &Record, case: Seq) -> Option<Record> {
    let gave = |effect: &Effect| matches!(effect, Effect::Credit(credit) if credit.from == Account::Issued);
    if of.status != Status::Posted || !of.effects.iter().any(gave) {
        return None;
    }
    let mut draft = Draft::default();
    for effect in &of.effects {
        let Effect::Credit(credit) = effect else { continue };
        let id = &of.parties.get(usize::from(credit.party))?.member;
        let member = books.member(id).filter(|_| credit.from == Account::Issued);
        let Some(member) = member else { continue };
        let party = draft.party(id, Some(member));
        draft.take_back(books, member, party, credit);
    }
    let id = smol_str::format_smolstr!("{}", of.seq);
    let input = Input::Review(Arc::new(Review::ClawBack(ClawBack { case, of: of.seq, id })));
    Some(draft.record(books, input, books.now, Judgement::default()))
}

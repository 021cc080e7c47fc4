//! What becomes of each record that a case held, once it is closed.
//!
//! What was held was noted in its record and not done. When it is cleared it is done now, as of its own business time, with
//! the stamps, caps, debts and tiers of now; when it is confirmed, its lots go, and what was kept aside is free again. Today's
//! rules are not asked either way.

use std::ops::Range;
use std::sync::Arc;

use super::super::calendar::Span;
use super::super::event::{Event, EventKind};
use super::super::kin::KinEffect;
use super::super::member::{Lot, Member};
use super::super::provenance::{Back, HoldEnd};
use super::super::record::{Account, Credit, Effect, Input, Record, ScriptFault, Status};
use super::super::reject::Reject;
use super::super::review::{Outcome, Release, Review, Vest};
use super::super::types::{LotId, NameId, Points, Seq, Text, TimeMs};
use super::credit::{Wanted, expiry};
use super::event::Work;
use super::subject::Subject;
use super::{Books, Draft, Judgement, act, due, plans, refund, take_held_transfer, transfer, within};

/// The reward of a card that is filled by a released stamp.
const FULL_CARD: Text = Text::new_static("a full card");

/// A held event that was confirmed as fraud is voided, and is not among what is kept.
fn never_was(books: &Books<'_>, held: &Record) -> Draft {
    let mut draft = void(books, held);
    if let Some(event) = held.input.event() {
        draft.unobserve(books, (event, held.seq), |_| Some(None));
    }
    draft
}

/// What becomes of a held record once its case is closed. What cannot be done any more (a reward that is sold out meanwhile) is
/// void, and says why. `subject` is the order that a held refund names.
#[must_use]
pub fn release(books: &Books<'_>, held: &Record, case: Seq, outcome: Outcome, subject: Option<&Subject>) -> Record {
    let done = match outcome {
        Outcome::Confirmed => Ok(never_was(books, held)),
        Outcome::Cleared => take_effect(books, held, subject),
    };
    let (draft, faults) = match done {
        Ok(draft) => (draft, Vec::new()),
        Err(reject) => {
            let fault = ScriptFault { at: Text::new_static("release"), message: reject.to_string() };
            (void(books, held), vec![fault])
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
    record.faults = faults;
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
        let lots = member.pool(credit.pool).map_or(&[][..], |pool| &pool.lots);
        lots.iter().find(|lot| lot.id == credit.lot).map(|lot| (credit, id, member, lot))
    })
}

/// Everything that a held record made goes, what it kept aside is free again, and refunds wait for it no longer.
fn void(books: &Books<'_>, held: &Record) -> Draft {
    let mut draft = Draft::default();
    let first = held.parties.first();
    let known = first.and_then(|first| books.member(&first.member));
    if let Some(first) = first {
        draft.party(&first.member, known);
    }
    for (credit, id, member, lot) in waiting(books, held) {
        let party = draft.party(id, Some(member));
        let (pool, amount) = (credit.pool, lot.remaining);
        draft.effects.push(Effect::Debit { party, pool, lot: lot.id, amount, to: Account::Reversed });
    }
    for effect in &held.effects {
        let Effect::Hold { party, index, .. } = effect else { continue };
        let Some(owner) = held.parties.get(usize::from(*party)) else { continue };
        let Some(member) = books.member(&owner.member) else { continue };
        let Some(kept) = member.hold(LotId { seq: held.seq, index: *index }) else { continue };
        let party = draft.party(&owner.member, Some(member));
        draft.effects.push(Effect::Unhold { party, hold: kept.id, end: HoldEnd::Released });
        let freed = due::Freed { spent: Points::ZERO, end: HoldEnd::Released, party, at: books.now };
        due::free(member, books.terms, kept, freed, &mut draft.effects);
    }
    if let (Some(order), Some(standing)) = (held_order(held), known.and_then(|member| member.standing())) {
        for early in standing.early_refunds.iter().filter(|early| early.order == *order) {
            draft.effects.push(Effect::Awaited { party: 0, refund: early.refund });
        }
    }
    draft
}

/// The order that a held record would have been.
fn held_order(held: &Record) -> Option<&Text> {
    match &held.input {
        Input::Event(event) if super::shares::is_order(&event.kind) => Some(event.order()),
        _ => None,
    }
}

/// Does now what a held record noted.
fn take_effect(books: &Books<'_>, held: &Record, subject: Option<&Subject>) -> Result<Draft, Reject> {
    if held.status == Status::Posted && matches!(held.input, Input::Event(_)) {
        return Ok(take_rest(books, held));
    }
    match &held.input {
        Input::Event(event) => take_event(books, (held, event), subject),
        Input::Act(asked, _) => act::take_held(books, asked, held),
        // Transfers of the first version kept nothing aside.
        Input::Transfer(asked, key) if !held.effects.iter().any(|effect| matches!(effect, Effect::Hold { .. })) => {
            let done = transfer(books, asked, key, Judgement::default())?;
            let Record { parties, effects, clipped, .. } = done;
            Ok(Draft { parties, effects, clipped, ..Draft::default() })
        }
        Input::Transfer(asked, _) => take_held_transfer(books, asked, held),
        Input::Adjust(..) => Ok(take_rest(books, held)),
        Input::Due(_) | Input::Ruleset(_) | Input::Rules(..) | Input::Review(_) => {
            let mut draft = Draft::default();
            for (credit, id, member, lot) in waiting(books, held) {
                draft.party(id, Some(member));
                draft.vest(books, Some(member), (credit, lot), OwnTerms::default());
            }
            Ok(draft)
        }
    }
}

/// Gives what waits of an event that stands, the bonuses of a referral, or of a credit by hand: no cap cuts it.
fn take_rest(books: &Books<'_>, held: &Record) -> Draft {
    let mut draft = Draft::default();
    for party in &held.parties {
        draft.party(&party.member, books.member(&party.member));
    }
    for (credit, _, member, lot) in waiting(books, held) {
        let OwnTerms { pending, expires, .. } = OwnTerms::of(held, credit.lot);
        let Some(terms) = books.terms.pool(credit.pool) else { continue };
        let later = pending.map_or(books.now, |span| books.terms.zone.after(credit.earned_at, span));
        let available_at = later.max(books.now);
        let (party, pool, amount) = (credit.party, credit.pool, lot.remaining);
        let owed = draft.debt(Some(member), party, pool).min(amount);
        let repaid = if available_at <= books.now { owed } else { Points::ZERO };
        let expires_at = lot.expires_at.or_else(|| expiry(books, terms, available_at, expires));
        draft.effects.push(Effect::Vest(Vest { party, pool, lot: lot.id, amount, available_at, expires_at, repaid }));
    }
    draft
}

fn take_event(books: &Books<'_>, (held, event): (&Record, &Event), subject: Option<&Subject>) -> Result<Draft, Reject> {
    let mut draft = Draft::default();
    let known = books.known_member(&event.member)?;
    draft.party(&event.member, Some(known));
    draft.keep_days(books, (0, known));
    let day = books.terms.zone.day(event.occurred_at);
    let (member, status, earned_at) = (Some(known.as_ref()), Status::Posted, books.now);
    let work = Work { books, event, member, day, status, earned_at };
    if event.kind == EventKind::Refund {
        refund::cleared(books, &mut draft, (event, known), subject)?;
    }
    if held.effects.iter().any(|effect| matches!(effect, Effect::Plan { .. })) {
        if let Some(reason) = plans::refusal(books, Some(known), event) {
            return Err(Reject::LimitReached(Text::from(reason.detail)));
        }
        plans::pay(books, Some(known), event, &mut draft);
    }
    let done = follow(books, &mut draft, (held, &work), known)?;
    repeat_origins(&mut draft, held, &done);
    // Who was found to be the referrer under another name is not paid, whatever else the case was about.
    if held.effects.iter().any(|effect| matches!(effect, Effect::Kin(KinEffect::Forgo { .. }))) {
        draft.effects.push(Effect::Kin(KinEffect::Forgo { party: 0 }));
    } else {
        work.pay_referral(&mut draft, false)?;
    }
    work.keep_laws(&mut draft)?;
    work.move_tier(&mut draft);
    if event.kind == EventKind::Refund {
        refund::recheck(&mut draft, known);
    } else if !books.terms.schedules.is_empty() {
        draft.happen_now(books, Some(known), (&held.input, event.occurred_at), None);
    }
    Ok(draft)
}

/// Does each effect that was noted; says which effects came of each.
fn follow(
    books: &Books<'_>,
    draft: &mut Draft,
    (held, work): (&Record, &Work<'_>),
    known: &Member,
) -> Result<Vec<Range<usize>>, Reject> {
    let (mut of_card, mut granted): (Vec<u16>, u16) = (Vec::new(), 0);
    let mut done = Vec::with_capacity(held.effects.len());
    for effect in &held.effects {
        let from = draft.effects.len();
        match effect {
            Effect::Credit(credit) => {
                let lot = waiting(books, held).find(|(of, ..)| of.lot == credit.lot);
                if let Some((_, _, member, lot)) = lot {
                    draft.vest(books, Some(member), (credit, lot), OwnTerms::of(held, credit.lot));
                }
            }
            Effect::Punch { card, marks, filled, .. } => {
                // Grants for a full card follow the stamps that filled it; whether they fill it now is worked out anew.
                of_card.extend_from_slice(filled);
                work.stamp(draft, *card, marks, &FULL_CARD);
            }
            Effect::Grant { index, .. } if of_card.contains(index) => {}
            Effect::Grant { reward, reason, .. } => granted = work.grant(draft, *reward, reason),
            Effect::Hangs { condition, counter, .. } => draft.effects.push(Effect::Hangs {
                party: 0,
                grant: granted,
                condition: condition.clone(),
                counter: *counter,
            }),
            Effect::Seen { .. } => draft.effects.push(effect.clone()),
            Effect::Since { name, .. } if known.standing().and_then(|standing| standing.since(*name)).is_none() => {
                draft.effects.push(effect.clone());
            }
            Effect::Count { counter, day, amount, .. } => {
                let ever = known.counter(*counter).map_or(0, |c| c.ever);
                within(ever.checked_add(*amount), "counter")?;
                draft.effects.push(Effect::Count { party: 0, counter: *counter, day: *day, amount: *amount });
            }
            _ => {}
        }
        done.push(from..draft.effects.len());
    }
    Ok(done)
}

/// Where the effects came from is as it was noted, so that a refund finds it.
fn repeat_origins(draft: &mut Draft, held: &Record, done: &[Range<usize>]) {
    let has_origin = |effect: &Effect| {
        matches!(
            effect,
            Effect::Vest(_)
                | Effect::Count { .. }
                | Effect::Budget { .. }
                | Effect::Grant { .. }
                | Effect::Punch { .. }
        )
    };
    for effect in &held.effects {
        let Effect::Origin { of, lines, back, .. } = effect else { continue };
        let first_of = |at: u16| {
            let mut range = done.get(usize::from(at))?.clone();
            range.find(|at| draft.effects.get(*at).is_some_and(|effect| !matches!(effect, Effect::Debit { .. })))
        };
        let back = match back {
            Back::With(other) => match first_of(*other).and_then(|at| u16::try_from(at).ok()) {
                Some(other) => Back::With(other),
                None => Back::Never,
            },
            other => other.clone(),
        };
        let Some(range) = done.get(usize::from(*of)).cloned() else { continue };
        let is_card = range.clone().any(|at| matches!(draft.effects.get(at), Some(Effect::Punch { .. })));
        for at in range {
            let fits = draft.effects.get(at).is_some_and(|effect| {
                // A card's reward goes back with the card's stamps.
                has_origin(effect) && !(is_card && matches!(effect, Effect::Grant { .. }))
            });
            if fits {
                draft.origin(0, at, lines.clone(), back.clone());
            }
        }
    }
}

/// The terms that a rule asked for a lot of its own.
#[derive(Clone, Copy, Debug, Default)]
struct OwnTerms {
    pending: Option<Span>,
    expires: Option<Span>,
    cap: Option<NameId>,
}

impl OwnTerms {
    fn of(held: &Record, of: LotId) -> Self {
        let mut own = Self::default();
        for effect in &held.effects {
            match effect {
                Effect::HeldTerms { lot, pending, expires, .. } if *lot == of => {
                    (own.pending, own.expires) = (*pending, *expires);
                }
                Effect::HeldCap { lot, cap, .. } if *lot == of => own.cap = Some(*cap),
                _ => {}
            }
        }
        own
    }
}

impl Draft {
    /// Gives a lot that waited its instants, cut to what the caps leave of it now.
    fn vest(
        &mut self,
        books: &Books<'_>,
        member: Option<&Member>,
        (credit, lot): (&Credit, &Lot),
        OwnTerms { pending, expires, cap }: OwnTerms,
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
            self.cap(books, member, &mut wanted, cap);
        }
        let amount = wanted.amount;
        let cut = lot.remaining - amount;
        if cut.is_positive() {
            self.effects.push(Effect::Debit { party, pool, lot: lot.id, amount: cut, to: Account::Reversed });
        }
        let Some(terms) = books.terms.pool(pool).filter(|_| amount.is_positive()) else { return };
        if let (Some(counter), true) = (terms.earned, credit.from == Account::Issued) {
            let (day, amount) = (books.terms.zone.day(credit.earned_at), amount.get());
            self.effects.push(Effect::Count { party, counter, day, amount });
        }
        let later = pending.map_or(books.now, |span| books.terms.zone.after(credit.earned_at, span));
        let available_at = later.max(books.now);
        let expires_at = lot.expires_at.or_else(|| expiry(books, terms, available_at, expires));
        let repaid = if available_at <= books.now { self.debt(member, party, pool).min(amount) } else { Points::ZERO };
        self.vested.push((lot.id, credit.rule.clone()));
        self.effects.push(Effect::Vest(Vest { party, pool, lot: lot.id, amount, available_at, expires_at, repaid }));
    }
}

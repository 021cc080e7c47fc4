//! Deciding an event: what the rules propose becomes effects, within the program's terms.

use std::sync::Arc;

use super::super::apply::takes_effect;
use super::super::calendar::{Day, year_of};
use super::super::event::{Event, EventKind};
use super::super::kin::KinEffect;
use super::super::member::{Member, Profile};
use super::super::proposal::{Basis, Intent, Proposal};
use super::super::provenance::{Back, Condition, Lines};
use super::super::record::{Account, Assessment, Effect, Input, Reason, Record, Status, Verdict};
use super::super::reject::Reject;
use super::super::terms::ReferralTerms;
use super::super::tiers::{self, Added};
use super::super::types::{Money, NameId, Text, TimeMs};
use super::credit::{Wanted, ends};
use super::laws::{self, Moved};
use super::shares::is_order;
use super::{Bonus, Books, Draft, Judgement, Kinship, plans, status_of, within};
use crate::limits::FUTURE_MS_MAX;

/// Effects that a purchase with a card, a cap and a tier comes to, about: room for them is made at once.
const EFFECTS_TYPICAL: usize = 8;

/// Decides an event with what its rules proposed and its fraud checks said.
///
/// # Errors
/// Refuses an event of an unknown member where the program does not enrol by itself, one too far ahead of the
/// ledger's clock, and one whose sums pass the largest amount.
pub fn event(
    books: &Books<'_>,
    event: &Arc<Event>,
    proposal: Proposal,
    judgement: Judgement,
) -> Result<Record, Reject> {
    if event.kind == EventKind::Refund {
        return super::refund(books, event, proposal, judgement, None);
    }
    let Opened { mut draft, member, status, mut judgement } = open(books, event, judgement)?;
    let kin = std::mem::take(&mut judgement.kin);
    let refers = kin.refers;
    if status != Status::Denied {
        let (day, earned_at) = (books.terms.zone.day(event.occurred_at), event.occurred_at);
        let work = Work { books, event, member, day, status, earned_at };
        work.enroll(&mut draft, &kin);
        plans::pay(books, member, event, &mut draft);
        work.count_purchase(&mut draft)?;
        work.follow(&mut draft, &proposal.intents)?;
        work.refer(&mut draft, kin, &mut judgement.assessment)?;
        work.keep_laws(&mut draft)?;
        work.move_tier(&mut draft);
        if status == Status::Posted && !books.terms.schedules.is_empty() {
            let told = event.personal.as_deref().and_then(|personal| personal.birthday);
            let told = told.filter(|_| draft.effects.iter().any(|e| matches!(e, Effect::Profile { .. })));
            draft.happen_now(books, member, (&Input::Event(Arc::clone(event)), event.occurred_at), told);
        }
    }
    if status == Status::Posted && (refers || draft.effects.iter().any(waits_for_review)) {
        draft.effects.push(Effect::Refer { party: 0 });
    }
    let mut record = draft.record(books, Input::Event(Arc::clone(event)), event.occurred_at, judgement);
    record.status = status;
    record.operations = proposal.operations;
    record.faults = proposal.faults;
    Ok(record)
}

/// Whether an effect waits for a review though its record stands.
pub(in crate::ledger) fn waits_for_review(effect: &Effect) -> bool {
    matches!(effect, Effect::Credit(credit) if credit.available_at == TimeMs::NEVER)
}

/// An event that is not refused outright: whose it is, and whether its effects stand.
pub(super) struct Opened<'a> {
    pub(super) draft: Draft,
    pub(super) member: Option<&'a Member>,
    pub(super) status: Status,
    pub(super) judgement: Judgement,
}

/// What every event is asked first.
///
/// # Errors
/// Refuses what lies too far ahead of the ledger's clock, another currency than the program's, and unknown members where the program does not enrol by itself.
pub(super) fn open<'a>(books: &Books<'a>, event: &Event, mut judgement: Judgement) -> Result<Opened<'a>, Reject> {
    let ahead_ms = event.occurred_at.since(books.now);
    if ahead_ms > FUTURE_MS_MAX {
        return Err(Reject::OccurredInFuture { ahead_ms, limit_ms: FUTURE_MS_MAX, now: books.now });
    }
    if let Some(given) = event.currency.as_ref().filter(|given| **given != books.terms.currency)
        && !books.terms.currency.is_empty()
    {
        return Err(Reject::CurrencyMismatch { given: given.clone(), program: books.terms.currency.clone() });
    }
    let known = books.member(&event.member);
    let member = known.map(Arc::as_ref);
    if let Some(member) = member {
        super::not_merged(&event.member, member)?;
    }
    if member.is_none() && event.kind != EventKind::Enroll && !books.terms.auto_enroll {
        return Err(Reject::UnknownMember(event.member.clone()));
    }
    note_lateness(books, event, &mut judgement);
    if let Some(reason) = plans::refusal(books, member, event) {
        judgement.assessment.verdict = judgement.assessment.verdict.max(reason.verdict);
        judgement.assessment.reasons.push(reason);
    }
    let status = status_of(judgement.assessment.verdict);
    let mut draft = Draft { effects: Vec::with_capacity(EFFECTS_TYPICAL), ..Draft::default() };
    if member.is_some() || status != Status::Denied {
        draft.party(&event.member, known);
    }
    if let (Status::Posted, Some(member)) = (status, member) {
        draft.keep_days(books, (0, member));
    }
    Ok(Opened { draft, member, status, judgement })
}

/// An event older than the program takes is held for review.
fn note_lateness(books: &Books<'_>, event: &Event, judgement: &mut Judgement) {
    let Some(limit_ms) = books.terms.max_lateness_ms else { return };
    let late_ms = books.now.since(event.occurred_at);
    if late_ms > limit_ms {
        judgement.assessment.verdict = judgement.assessment.verdict.max(Verdict::Hold);
        let detail = format!("posted {} h after it occurred, at most {} h", late_ms / 3_600_000, limit_ms / 3_600_000);
        let rule = Text::new_static("max_lateness");
        judgement.assessment.reasons.push(Reason::plain(rule, Verdict::Hold, 0, detail));
    }
}

/// What the steps of one decision read.
pub(super) struct Work<'a> {
    pub(super) books: &'a Books<'a>,
    pub(super) event: &'a Event,
    pub(super) member: Option<&'a Member>,
    pub(super) day: Day,
    pub(super) status: Status,
    /// When what comes of it is earned: when it occurred; of what a review has kept, when it is cleared.
    pub(super) earned_at: TimeMs,
}

impl Work<'_> {
    pub(super) fn enroll(&self, draft: &mut Draft, kin: &Kinship) {
        if self.member.is_none() {
            let referrer = if kin.refuses_referrer { None } else { self.accepted_referrer() };
            draft.effects.push(Effect::Enroll { party: 0, referrer });
        }
        draft.effects.extend(kin.effects.iter().cloned());
        let enrolls_now = self.member.is_none() && self.event.kind == EventKind::Enroll;
        if enrolls_now || (self.event.kind == EventKind::Profile) {
            draft.effects.push(Effect::Profile { party: 0 });
            plans::begin(self.books.terms, self.member, &self.event.attributes, &mut draft.effects);
        }
    }

    /// The referrer, where it is another member who shares no e-mail, phone or address with this one.
    fn accepted_referrer(&self) -> Option<Text> {
        let personal = self.event.personal.as_deref()?;
        let id = personal.referrer.as_ref().filter(|id| **id != self.event.member)?;
        let referrer = self.books.member(id)?;
        let own = Profile {
            email_hash: personal.email_hash.clone(),
            phone_hash: personal.phone_hash.clone(),
            address_hash: personal.address_hash.clone(),
            ..Profile::default()
        };
        (!referrer.profile.shares_identity(&own)).then(|| id.clone())
    }

    fn count_purchase(&self, draft: &mut Draft) -> Result<(), Reject> {
        if self.event.kind != EventKind::Purchase {
            return Ok(());
        }
        let amount = self.event.amount().get();
        let spent = self.member.and_then(|m| m.counter(self.books.terms.spend_counter)).map_or(0, |c| c.ever);
        within(spent.checked_add(amount), "member's spend")?;
        let day = self.day;
        draft.effects.push(Effect::Count { party: 0, counter: self.books.terms.spend_counter, day, amount });
        draft.effects.push(Effect::Count { party: 0, counter: self.books.terms.purchases_counter, day, amount: 1 });
        Ok(())
    }

    pub(super) fn follow(&self, draft: &mut Draft, intents: &[Intent]) -> Result<(), Reject> {
        for intent in intents {
            let from = draft.effects.len();
            match intent {
                Intent::Earn { pool, amount, reason, rule, pending, expires, basis, cap } => {
                    let wanted = Wanted {
                        party: 0,
                        pool: *pool,
                        amount: *amount,
                        earned_at: self.event.occurred_at,
                        pending: *pending,
                        expires: *expires,
                        from: Account::Issued,
                        reason: reason.clone(),
                        rule: rule.clone(),
                        held: self.status == Status::Held,
                    };
                    draft.earn(self.books, self.member, wanted, *cap)?;
                    self.origins(draft, from, basis);
                }
                Intent::Stamp { card, marks, reason, basis, .. } => {
                    self.stamp(draft, *card, marks, reason);
                    self.origins(draft, from, basis);
                }
                Intent::Grant { reward, reason, condition, once, basis, .. } => {
                    let index = self.grant(draft, *reward, reason);
                    self.origins(draft, from, basis);
                    self.remember(draft, (from, index), condition.as_ref(), *once);
                }
                Intent::Seen { name, value } => {
                    draft.effects.push(Effect::Seen { party: 0, name: *name, value: value.clone() });
                }
                Intent::Count { counter, amount, basis } => {
                    let ever = self.member.and_then(|m| m.counter(*counter)).map_or(0, |c| c.ever);
                    within(ever.checked_add(*amount), "counter")?;
                    draft.effects.push(Effect::Count { party: 0, counter: *counter, day: self.day, amount: *amount });
                    self.origins(draft, from, basis);
                }
            }
        }
        Ok(())
    }

    /// Notes where the effects since `from` came from, where that is not what goes without saying. Only orders are refunded.
    pub(super) fn origins(&self, draft: &mut Draft, from: usize, basis: &Basis) {
        if !is_order(&self.event.kind) {
            return;
        }
        for at in from..draft.effects.len() {
            let usual = match draft.effects.get(at) {
                Some(Effect::Credit(_) | Effect::Count { .. } | Effect::Budget { .. }) => Back::Share,
                // A card's reward goes back with the card's stamps, which say themselves of which line they are.
                Some(Effect::Punch { marks, .. }) if marks.iter().all(|mark| mark.line != 0) => continue,
                Some(Effect::Punch { .. }) => Back::Whole,
                Some(Effect::Grant { .. }) if at == from => Back::Whole,
                _ => continue,
            };
            if basis.lines != Lines::All || basis.back != usual {
                draft.origin(0, at, basis.lines.clone(), basis.back.clone());
            }
        }
    }

    pub(super) fn grant(&self, draft: &mut Draft, reward: NameId, reason: &Text) -> u16 {
        let terms = self.books.terms.reward(reward);
        let expires_at = terms.and_then(|t| ends(self.books, t.expires, self.event.occurred_at));
        let index = draft.index();
        let value = terms.and_then(|t| t.value);
        draft.effects.push(Effect::Grant { party: 0, index, reward, value, expires_at, reason: reason.clone() });
        index
    }

    /// On what a free reward hangs, and that it was given.
    fn remember(
        &self,
        draft: &mut Draft,
        (grant_at, grant): (usize, u16),
        condition: Option<&Condition>,
        once: Option<NameId>,
    ) {
        if let Some(condition) = condition {
            let (condition, counter) = (condition.clone(), once.map(|counter| (counter, self.day)));
            draft.effects.push(Effect::Hangs { party: 0, grant, condition, counter });
        }
        if let Some(counter) = once {
            draft.effects.push(Effect::Count { party: 0, counter, day: self.day, amount: 1 });
            if is_order(&self.event.kind) {
                let with = u16::try_from(grant_at).expect("the effects of a record are bounded");
                draft.origin_of_last(Lines::All, Back::With(with));
            }
        }
    }

    /// A purchase pays what a law has become due.
    pub(super) fn keep_laws(&self, draft: &mut Draft) -> Result<(), Reject> {
        let bought = self.status == Status::Posted && self.event.kind == EventKind::Purchase;
        if !bought || self.books.terms.laws.is_empty() {
            return Ok(());
        }
        let (at, day, earned_at) = (self.event.occurred_at, self.day, self.earned_at);
        let moved = Moved { member: self.member, at, day, earned_at, refund_of: None };
        laws::after_counts(self.books, draft, &moved)
    }

    /// Pays the referral as far as it is believed. What is said about it is said only where it would have been paid.
    fn refer(&self, draft: &mut Draft, kin: Kinship, said: &mut Assessment) -> Result<(), Reject> {
        if self.owed_referral().is_none() {
            return Ok(());
        }
        for reason in kin.about_bonus {
            said.verdict = said.verdict.max(reason.verdict);
            said.score = said.score.saturating_add(reason.weight).min(100);
            said.reasons.push(reason);
        }
        match kin.bonus {
            Bonus::Later => Ok(()),
            Bonus::Forgo => {
                draft.effects.push(Effect::Kin(KinEffect::Forgo { party: 0 }));
                Ok(())
            }
            Bonus::Pay | Bonus::Hold if self.status != Status::Posted => Ok(()),
            Bonus::Pay => self.pay_referral(draft, false),
            Bonus::Hold => self.pay_referral(draft, true),
        }
    }

    /// The referral that this event pays, where it is the friend's first purchase of enough: its terms, the friend, and the
    /// referrer.
    fn owed_referral(&self) -> Option<(&ReferralTerms, &Member, &Text, &Arc<Member>)> {
        let terms = self.books.terms.referral.as_ref()?;
        let member = self.member.filter(|member| !member.referral_paid)?;
        let enough = self.event.kind == EventKind::Purchase && self.event.amount() >= terms.minimum;
        let id = member.profile.referrer.as_ref().filter(|_| enough)?;
        Some((terms, member, id, self.books.member(id)?))
    }

    /// The friend's first purchase of enough pays both sides, once. What is `held` waits for a case.
    pub(super) fn pay_referral(&self, draft: &mut Draft, held: bool) -> Result<(), Reject> {
        let Some((terms, member, id, referrer)) = self.owed_referral() else { return Ok(()) };
        let year = year_of(self.day);
        let paid = referrer.counter(terms.counter).map_or(0, |c| c.years.get(year));
        let party = draft.party(id, Some(referrer));
        // Both go back whole with the purchase that paid them; the friend has had the chance all the same.
        let below = Back::Below(terms.minimum.max(Money::new(1)));
        draft.effects.push(Effect::ReferralPaid { party: 0, referrer: party });
        let (friend, amount) = (self.event.member.clone(), self.event.amount());
        draft.effects.push(Effect::Kin(KinEffect::Befriend { party, friend, amount }));
        self.bonus(draft, terms, (0, member), (terms.friend, held))?;
        if terms.yearly_cap.is_none_or(|cap| paid < i64::from(cap)) {
            draft.effects.push(Effect::Count { party, counter: terms.counter, day: self.day, amount: 1 });
            draft.origin_of_last(Lines::All, below);
            self.bonus(draft, terms, (party, referrer), (terms.referrer, held))?;
        }
        Ok(())
    }

    fn bonus(
        &self,
        draft: &mut Draft,
        terms: &ReferralTerms,
        (party, member): (u8, &Member),
        (amount, held): (super::super::types::Points, bool),
    ) -> Result<(), Reject> {
        if !amount.is_positive() {
            return Ok(());
        }
        let wanted = Wanted {
            party,
            pool: terms.pool,
            amount,
            earned_at: self.earned_at,
            pending: terms.vest,
            expires: None,
            from: Account::Issued,
            reason: Text::new_static(if party == 0 { "welcome by referral" } else { "for bringing a friend" }),
            rule: Text::new_static("referral"),
            held,
        };
        let at = draft.effects.len();
        draft.credit(self.books, Some(member), wanted)?;
        draft.origin(party, at, Lines::All, Back::Below(terms.minimum.max(Money::new(1))));
        Ok(())
    }

    /// The tier the member has once this record's counts are in.
    pub(super) fn move_tier(&self, draft: &mut Draft) {
        let told = draft.effects.iter().any(|e| matches!(e, Effect::Profile { party: 0 }));
        let attributes = if told { self.event.attributes.as_slice() } else { &[] };
        let enrolling = Member { enrolled_at: self.event.occurred_at, ..Member::default() };
        let at = self.books.now.max(self.event.occurred_at);
        draft.move_tier(self.books, self.member.unwrap_or(&enrolling), (self.status, at), attributes);
    }
}

impl Draft {
    /// Notes what must be known by days before a party's counts come. Of who enrols there is only this record's day to know.
    pub(super) fn keep_days(&mut self, books: &Books<'_>, (party, member): (u8, &Member)) {
        let Some((counters, since)) = tiers::to_keep(member, books.terms, books.now) else { return };
        self.effects.extend(counters.into_iter().map(|counter| Effect::Qualify { party, counter, since }));
    }

    /// The tier of the first party once the counts so far are in, and these attributes known.
    pub(super) fn move_tier(
        &mut self,
        books: &Books<'_>,
        member: &Member,
        (status, at): (Status, TimeMs),
        attributes: &[(Text, Text)],
    ) {
        let Some(tiers) = books.terms.tiers.as_ref() else { return };
        let counted = |e: &Effect| match e {
            Effect::Count { party: 0, counter, amount, day } if tiers::counters(tiers).any(|name| name == *counter) => {
                Some((*counter, *day, *amount))
            }
            _ => None,
        };
        // What a held event counts is not done yet; but who it enrols has the tier of those without credit.
        let done = self.effects.iter().filter(|e| takes_effect(status, e));
        let counts: Vec<_> = done.filter_map(counted).collect();
        let added = Added { counts: &counts, attributes };
        let to = tiers::tier_with(member, books.terms, at, added);
        let from = member.tier;
        if from != to {
            self.effects.push(Effect::Tier { party: 0, from, to });
        }
    }

    /// Where an effect came from.
    pub(super) fn origin(&mut self, party: u8, at: usize, lines: Lines, back: Back) {
        let of = u16::try_from(at).expect("the effects of a record are bounded");
        self.effects.push(Effect::Origin { party, of, lines, back });
    }

    /// Where the latest effect came from.
    pub(super) fn origin_of_last(&mut self, lines: Lines, back: Back) {
        let Some(last) = self.effects.last() else { return };
        let (party, at) = (last.party(), self.effects.len() - 1);
        self.origin(party, at, lines, back);
    }
}

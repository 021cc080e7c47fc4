//! Deciding an event: what the rules propose becomes effects, within the program's terms.

use std::sync::Arc;

use super::super::apply::takes_effect;
use super::super::calendar::{Day, year_of};
use super::super::event::{Event, EventKind};
use super::super::member::{Member, Profile};
use super::super::proposal::{Intent, Proposal};
use super::super::record::{Account, Clip, Clipped, Effect, Input, Reason, Record, Status, Verdict};
use super::super::reject::Reject;
use super::super::terms::ReferralTerms;
use super::super::tiers::{self, Added};
use super::super::types::{NameId, Text, TimeMs};
use super::credit::{Wanted, ends};
use super::{Books, Draft, Judgement, status_of, within};
use crate::limits::FUTURE_MS_MAX;

/// Decides an event with what its rules proposed and its fraud checks said.
///
/// # Errors
/// Refuses an event of an unknown member where the program does not enrol by itself, one too far ahead of the
/// ledger's clock, and one whose sums pass the largest amount.
pub fn event(
    books: &Books<'_>,
    event: &Arc<Event>,
    proposal: Proposal,
    mut judgement: Judgement,
) -> Result<Record, Reject> {
    let ahead_ms = event.occurred_at.since(books.now);
    if ahead_ms > FUTURE_MS_MAX {
        return Err(Reject::OccurredInFuture { ahead_ms, limit_ms: FUTURE_MS_MAX, now: books.now });
    }
    let member = books.member(&event.member).map(Arc::as_ref);
    if member.is_none() && event.kind != EventKind::Enroll && !books.terms.auto_enroll {
        return Err(Reject::UnknownMember(event.member.clone()));
    }
    note_lateness(books, event, &mut judgement);
    let status = status_of(judgement.assessment.verdict);
    let mut draft = Draft::default();
    if member.is_some() || status != Status::Denied {
        draft.party(&event.member, books.member(&event.member));
    }
    if status != Status::Denied {
        let work = Work { books, event, member, day: books.terms.zone.day(event.occurred_at), status };
        work.enroll(&mut draft);
        work.count_purchase(&mut draft)?;
        work.follow(&mut draft, &proposal.intents)?;
        work.pay_referral(&mut draft)?;
        work.move_tier(&mut draft);
    }
    let mut record = draft.record(books, Input::Event(Arc::clone(event)), event.occurred_at, judgement);
    record.status = status;
    record.operations = proposal.operations;
    record.faults = proposal.faults;
    Ok(record)
}

/// An event older than the program takes is held for review.
fn note_lateness(books: &Books<'_>, event: &Event, judgement: &mut Judgement) {
    let Some(limit_ms) = books.terms.max_lateness_ms else { return };
    let late_ms = books.now.since(event.occurred_at);
    if late_ms > limit_ms {
        judgement.assessment.verdict = judgement.assessment.verdict.max(Verdict::Hold);
        judgement.assessment.reasons.push(Reason {
            rule: Text::new_static("max_lateness"),
            verdict: Verdict::Hold,
            weight: 0,
            detail: format!("posted {} h after it occurred, at most {} h", late_ms / 3_600_000, limit_ms / 3_600_000),
            evidence: None,
        });
    }
}

/// What the steps of one decision read.
pub(super) struct Work<'a> {
    pub(super) books: &'a Books<'a>,
    pub(super) event: &'a Event,
    pub(super) member: Option<&'a Member>,
    pub(super) day: Day,
    pub(super) status: Status,
}

impl Work<'_> {
    fn enroll(&self, draft: &mut Draft) {
        if self.member.is_none() {
            draft.effects.push(Effect::Enroll { party: 0, referrer: self.accepted_referrer() });
        }
        let enrolls_now = self.member.is_none() && self.event.kind == EventKind::Enroll;
        if enrolls_now || (self.event.kind == EventKind::Profile) {
            draft.effects.push(Effect::Profile { party: 0 });
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

    fn follow(&self, draft: &mut Draft, intents: &[Intent]) -> Result<(), Reject> {
        for intent in intents {
            match intent {
                Intent::Earn { pool, amount, reason, rule, pending, expires, .. } => {
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
                    draft.earn(self.books, self.member, wanted)?;
                }
                Intent::Stamp { card, marks, reason, .. } => {
                    self.stamp(draft, *card, u32::try_from(marks.len()).unwrap_or(u32::MAX), reason);
                }
                Intent::Grant { reward, reason, .. } => self.grant(draft, *reward, reason),
                Intent::Count { counter, amount, .. } => {
                    let ever = self.member.and_then(|m| m.counter(*counter)).map_or(0, |c| c.ever);
                    within(ever.checked_add(*amount), "counter")?;
                    draft.effects.push(Effect::Count { party: 0, counter: *counter, day: self.day, amount: *amount });
                }
            }
        }
        Ok(())
    }

    pub(super) fn stamp(&self, draft: &mut Draft, name: NameId, wanted: u32, reason: &Text) {
        let Some(card) = self.books.terms.card(name) else { return };
        let given_now = |e: &Effect| match e {
            Effect::Stamp { card, count, stamps, .. } if *card == name => Some((*count, *stamps)),
            _ => None,
        };
        let known = self.member.and_then(|m| m.card(name));
        let so_far: u32 = draft.effects.iter().filter_map(given_now).map(|(count, _)| count).sum();
        let last = draft.effects.iter().rev().find_map(given_now).map(|(_, stamps)| stamps);
        let stamps = last.or(known.map(|k| k.stamps)).unwrap_or(0);
        let today = known.filter(|k| k.day == self.day).map_or(0, |k| k.day_count) + so_far;
        let (mut given, mut limit) = (wanted, "");
        let too_soon = |at: TimeMs| self.event.occurred_at.since(at).abs() < card.spacing_ms;
        if so_far == 0 && known.and_then(|k| k.last_at).is_some_and(too_soon) {
            (given, limit) = (0, "spacing");
        }
        for (most, used, name) in [(card.per_event, so_far, "per_event"), (card.per_day, today, "per_day")] {
            let room = most.map_or(u32::MAX, |most| most.saturating_sub(used));
            if given > room {
                (given, limit) = (room, name);
            }
        }
        if given < wanted {
            let (wanted, given) = (i64::from(wanted), i64::from(given));
            draft.clipped.push(Clip {
                party: 0,
                what: Clipped::Card(name),
                wanted,
                given,
                limit: Text::new_static(limit),
            });
        }
        if given == 0 {
            return;
        }
        let total = stamps.saturating_add(given);
        let stamp = Effect::Stamp {
            party: 0,
            card: name,
            count: given,
            of: card.size,
            stamps: total % card.size,
            day: self.day,
        };
        draft.effects.push(stamp);
        for _ in 0..total / card.size {
            self.grant(draft, card.reward, reason);
        }
    }

    pub(super) fn grant(&self, draft: &mut Draft, reward: NameId, reason: &Text) {
        let terms = self.books.terms.reward(reward);
        let expires_at = terms.and_then(|t| ends(self.books, t.expires, self.event.occurred_at));
        let index = draft.index();
        let value = terms.and_then(|t| t.value);
        draft.effects.push(Effect::Grant { party: 0, index, reward, value, expires_at, reason: reason.clone() });
    }

    /// The friend's first purchase of enough pays both sides, once.
    pub(super) fn pay_referral(&self, draft: &mut Draft) -> Result<(), Reject> {
        let (Some(terms), Some(member)) = (&self.books.terms.referral, self.member) else { return Ok(()) };
        let qualifies = self.event.kind == EventKind::Purchase
            && self.status == Status::Posted
            && !member.referral_paid
            && self.event.amount() >= terms.minimum;
        let Some(id) = member.profile.referrer.as_ref().filter(|_| qualifies) else { return Ok(()) };
        let Some(referrer) = self.books.member(id) else { return Ok(()) };
        let year = year_of(self.day);
        let paid = referrer.counter(terms.counter).map_or(0, |c| c.years.get(year));
        let party = draft.party(id, Some(referrer));
        draft.effects.push(Effect::ReferralPaid { party: 0, referrer: party });
        self.bonus(draft, terms, 0, Some(member), terms.friend)?;
        if terms.yearly_cap.is_none_or(|cap| paid < i64::from(cap)) {
            draft.effects.push(Effect::Count { party, counter: terms.counter, day: self.day, amount: 1 });
            self.bonus(draft, terms, party, Some(referrer), terms.referrer)?;
        }
        Ok(())
    }

    fn bonus(
        &self,
        draft: &mut Draft,
        terms: &ReferralTerms,
        party: u8,
        member: Option<&Member>,
        amount: super::super::types::Points,
    ) -> Result<(), Reject> {
        if !amount.is_positive() {
            return Ok(());
        }
        let wanted = Wanted {
            party,
            pool: terms.pool,
            amount,
            earned_at: self.event.occurred_at,
            pending: None,
            expires: None,
            from: Account::Issued,
            reason: Text::new_static(if party == 0 { "welcome by referral" } else { "for bringing a friend" }),
            rule: Text::new_static("referral"),
            held: false,
        };
        draft.credit(self.books, member, wanted)
    }

    /// The tier the member has once this record's counts are in.
    pub(super) fn move_tier(&self, draft: &mut Draft) {
        let Some(tiers) = self.books.terms.tiers.as_ref() else { return };
        let counted = |e: &Effect| match e {
            Effect::Count { party: 0, counter, amount, day } if tiers::counters(tiers).any(|name| name == *counter) => {
                Some((*counter, *day, *amount))
            }
            _ => None,
        };
        // What a held event counts is not done yet; but who it enrols has the tier of those without credit.
        let done = draft.effects.iter().filter(|e| takes_effect(self.status, e));
        let counts: Vec<_> = done.filter_map(counted).collect();
        let told = draft.effects.iter().any(|e| matches!(e, Effect::Profile { party: 0 }));
        let attributes = if told { self.event.attributes.as_slice() } else { &[] };
        let added = Added { counts: &counts, attributes };
        let at = self.books.now.max(self.event.occurred_at);
        let nobody = Member::default();
        let member = self.member.unwrap_or(&nobody);
        let to = tiers::tier_with(member, self.books.terms, at, added);
        let from = member.tier;
        if from != to {
            draft.effects.push(Effect::Tier { party: 0, from, to });
        }
    }
}

//! Deciding stamps: what a card takes of them, what fills it, and what goes back with a refund.
//!
//! Every stamp is kept with what it was for until its card's reward is used, so that a refund finds it again.

use std::collections::VecDeque;

use super::super::member::{Grant, Member};
use super::super::provenance::{Cycle, Leaving, Mark, Punched};
use super::super::record::{Clip, Clipped, Effect};
use super::super::terms::{CardTerms, CardWorth};
use super::super::types::{LotId, Money, NameId, Text, TimeMs};
use super::event::Work;
use super::{Books, Draft};
use crate::limits::STAMPS_PER_EVENT_MAX;

/// The reward of a card that is full again after a refund.
const FULL_CARD: Text = Text::new_static("a full card");

impl Work<'_> {
    /// Gives what spacing and limits leave of some stamps. Those owed are paid first; full cards grant their reward.
    pub(super) fn stamp(&self, draft: &mut Draft, name: NameId, wanted: &[Punched], reason: &Text) {
        let Some(card) = self.books.terms.card(name) else { return };
        let so_far = given_here(draft, name);
        let (given, limit) = self.room(card, so_far, wanted.len());
        if given < wanted.len() {
            draft.clipped.push(Clip {
                party: 0,
                what: Clipped::Card(name),
                wanted: i64::try_from(wanted.len()).unwrap_or(i64::MAX),
                given: i64::try_from(given).unwrap_or(i64::MAX),
                limit: Text::new_static(limit),
            });
        }
        let expires_at = card.stamps_expire.map(|span| self.books.terms.zone.after(self.event.occurred_at, span));
        let fresh: Vec<Punched> = wanted.iter().take(given).map(|mark| Punched { expires_at, ..*mark }).collect();
        if fresh.is_empty() {
            return;
        }
        let (worths, repaid, stamps) = self.on_card(draft, card, &fresh);
        let filled: Vec<u16> = (0..stamps / card.size.max(1)).map(|_| draft.index()).collect();
        let left = stamps % card.size.max(1);
        self.punch(draft, card, (fresh, repaid), (&filled, left));
        let size = usize::try_from(card.size.max(1)).unwrap_or(usize::MAX);
        for (index, worths) in filled.iter().zip(worths.chunks(size)) {
            let grant = reward_of(self.books, card, worths, (*index, self.event.occurred_at), reason);
            draft.effects.push(grant);
        }
    }

    /// How many stamps spacing and limits leave, and which of them was the tightest.
    fn room(&self, card: &CardTerms, so_far: usize, wanted: usize) -> (usize, &'static str) {
        let known = self.member.and_then(|member| member.card(card.name));
        let today = known.filter(|known| known.day == self.day).map_or(0, |known| known.day_count);
        let too_soon = |at: TimeMs| self.event.occurred_at.since(at).abs() < card.spacing_ms;
        let (mut given, mut limit) = (wanted, "");
        if so_far == 0 && known.and_then(|known| known.last_at).is_some_and(too_soon) {
            (given, limit) = (0, "spacing");
        }
        let used = u32::try_from(so_far).unwrap_or(u32::MAX);
        let per_event = card.per_event.unwrap_or(STAMPS_PER_EVENT_MAX).min(STAMPS_PER_EVENT_MAX);
        for (most, used, name) in
            [(Some(per_event), used, "per_event"), (card.per_day, today.saturating_add(used), "per_day")]
        {
            let room = most.map_or(u32::MAX, |most| most.saturating_sub(used));
            let room = usize::try_from(room).unwrap_or(usize::MAX);
            if given > room {
                (given, limit) = (room, name);
            }
        }
        (given, limit)
    }

    /// What lies on a card with fresh stamps, by worth and oldest first; how many of those pay owed ones; how many that makes.
    fn on_card(&self, draft: &Draft, card: &CardTerms, fresh: &[Punched]) -> (Vec<Money>, u32, u32) {
        let known = self.member.and_then(|member| member.card(card.name)).map_or(0, |known| known.stamps);
        let standing = self.member.and_then(Member::standing);
        let owed = standing.map_or(0, |s| s.stamps_owed.iter().find(|(name, _)| *name == card.name).map_or(0, |o| o.1));
        let mut stamps = known;
        let mut owed = owed;
        let mut worths: VecDeque<Money> = standing
            .map_or(&[][..], |standing| standing.marks.as_slice())
            .iter()
            .filter(|mark| mark.card == card.name)
            .map(|mark| mark.of.worth)
            .collect();
        for effect in &draft.effects {
            let Effect::Punch { card: name, marks, repaid, filled, stamps: after, .. } = effect else { continue };
            if *name == card.name {
                let kept = marks.iter().skip(usize::try_from(*repaid).unwrap_or(usize::MAX));
                worths.extend(kept.map(|mark| mark.worth));
                let gone = filled.len() * usize::try_from(card.size).unwrap_or(usize::MAX);
                worths.drain(..gone.min(worths.len()));
                (stamps, owed) = (*after, owed.saturating_sub(*repaid));
            }
        }
        let count = u32::try_from(fresh.len()).unwrap_or(u32::MAX);
        let repaid = owed.min(count);
        let kept = fresh.iter().skip(usize::try_from(repaid).unwrap_or(usize::MAX));
        worths.extend(kept.map(|mark| mark.worth));
        (worths.into(), repaid, stamps.saturating_add(count - repaid))
    }

    /// Notes stamps: in the effect that is there for the card already, so that an event's stamps of a card have one numbering.
    fn punch(
        &self,
        draft: &mut Draft,
        card: &CardTerms,
        (fresh, fresh_repaid): (Vec<Punched>, u32),
        (fresh_filled, left): (&[u16], u32),
    ) {
        let known = draft.effects.iter_mut().find_map(|effect| match effect {
            Effect::Punch { card: name, marks, repaid, filled, stamps, .. } if *name == card.name => {
                Some((marks, repaid, filled, stamps))
            }
            _ => None,
        });
        if let Some((marks, repaid, filled, stamps)) = known {
            marks.extend(fresh);
            *repaid += fresh_repaid;
            filled.extend(fresh_filled);
            *stamps = left;
            return;
        }
        draft.effects.push(Effect::Punch {
            party: 0,
            card: card.name,
            day: self.day,
            of: card.size,
            marks: fresh,
            repaid: fresh_repaid,
            filled: fresh_filled.to_vec(),
            stamps: left,
        });
    }
}

/// Stamps of a card that the record in the making gives.
fn given_here(draft: &Draft, card: NameId) -> usize {
    let given = |effect: &Effect| match effect {
        Effect::Punch { card: name, marks, .. } if *name == card => marks.len(),
        _ => 0,
    };
    draft.effects.iter().map(given).sum()
}

/// The grant of a full card, worth what its stamps were given for where the card says so.
pub(super) fn reward_of(
    books: &Books<'_>,
    card: &CardTerms,
    worths: &[Money],
    (index, at): (u16, TimeMs),
    reason: &Text,
) -> Effect {
    let terms = books.terms.reward(card.reward);
    let declared = terms.and_then(|terms| terms.value);
    let sum = || worths.iter().fold(0i64, |sum, worth| sum.saturating_add(worth.get()));
    let value = match card.worth {
        CardWorth::Declared => declared,
        CardWorth::Mean => Some(Money::new(sum() / i64::from(card.size.max(1)))),
        CardWorth::Least => worths.iter().min().copied(),
    };
    let expires_at = terms.and_then(|terms| super::credit::ends(books, terms.expires, at));
    Effect::Grant { party: 0, index, reward: card.reward, value, expires_at, reason: reason.clone() }
}

/// Stamps of an order that a refund takes back from one card.
pub(super) struct Unstamp<'a> {
    pub(super) party: u8,
    pub(super) card: NameId,
    /// Stamps that fill the card, as declared when they were given.
    pub(super) of: u32,
    pub(super) marks: &'a [LotId],
    /// Those of them that were lost by time.
    pub(super) faded: &'a [LotId],
    pub(super) at: TimeMs,
}

impl Draft {
    /// Takes stamps off a card. A full card that they were part of is open again where its reward is unused; else they are owed.
    pub(super) fn unstamp(&mut self, books: &Books<'_>, member: &Member, asked: &Unstamp<'_>) {
        let Some(standing) = member.standing() else { return };
        let on_card: Vec<&Mark> = standing.marks.iter().filter(|mark| mark.card == asked.card).collect();
        let mut marks = Vec::new();
        let mut owed = 0;
        let mut broken: Vec<&Grant> = Vec::new();
        for id in asked.marks {
            let cycle = standing.cycles.iter().find(|cycle| {
                let mut stamped = cycle.marks.iter().filter(|mark| mark.card == asked.card);
                stamped.any(|mark| mark.id == *id)
            });
            let unused = cycle.and_then(|cycle| member.grant(cycle.grant));
            if let Some(grant) = unused {
                if !broken.iter().any(|known| known.id == grant.id) {
                    broken.push(grant);
                }
                marks.push(*id);
            } else if on_card.iter().any(|mark| mark.id == *id) {
                marks.push(*id);
            } else if !asked.faded.contains(id) {
                owed += 1;
            }
        }
        if marks.is_empty() && owed == 0 {
            return;
        }
        // As they come to lie on the card: each card that opens again goes before what is there, the latest first.
        let opens = |cycle: &&Cycle| broken.iter().any(|grant| grant.id == cycle.grant);
        let open: Vec<&Cycle> = standing.cycles.iter().rev().filter(opens).collect();
        let reopened: Vec<LotId> = open.iter().map(|cycle| cycle.grant).collect();
        let mut lying: VecDeque<&Mark> = on_card.iter().copied().collect();
        for mark in open.iter().flat_map(|cycle| cycle.marks.iter().rev()) {
            lying.push_front(mark);
        }
        lying.retain(|mark| !marks.contains(&mark.id));
        // Stamps of the first version lie on the card without a mark.
        let known = member.card(asked.card).map_or(0, |card| card.stamps);
        let unmarked = known.saturating_sub(u32::try_from(on_card.len()).unwrap_or(u32::MAX));
        let total = unmarked + u32::try_from(lying.len()).unwrap_or(u32::MAX);
        for grant in broken {
            let (party, reward, grant) = (asked.party, grant.reward, grant.id);
            self.effects.push(Effect::Ungrant { party, reward, grant, why: Leaving::Withdrawn });
        }
        let (party, card, size) = (asked.party, asked.card, asked.of.max(1));
        self.effects.push(Effect::Unpunch { party, card, marks, owed, reopened, stamps: total % size });
        let worths: Vec<Money> = lying.iter().map(|mark| mark.of.worth).collect();
        self.fill_again(books, asked, (total, size), &worths);
    }

    /// What opened again may be more than a card holds: it is full again at once.
    fn fill_again(&mut self, books: &Books<'_>, asked: &Unstamp<'_>, (total, size): (u32, u32), worths: &[Money]) {
        let filled: Vec<u16> = (0..total / size).map(|_| self.index()).collect();
        if filled.is_empty() {
            return;
        }
        let (party, card) = (asked.party, asked.card);
        self.effects.push(Effect::Punch {
            party,
            card,
            day: books.terms.zone.day(asked.at),
            of: asked.of,
            marks: Vec::new(),
            repaid: 0,
            filled: filled.clone(),
            stamps: total % size,
        });
        let Some(terms) = books.terms.card(card) else { return };
        let of = usize::try_from(size).unwrap_or(usize::MAX);
        for (index, worths) in filled.into_iter().zip(worths.chunks(of)) {
            self.effects.push(reward_of(books, terms, worths, (index, asked.at), &FULL_CARD));
        }
    }
}

/// The earliest instant at which a stamp of a member is lost.
pub(super) fn next_fade(member: &Member) -> Option<TimeMs> {
    member.standing()?.marks.iter().filter_map(|mark| mark.of.expires_at).min()
}

/// Stamps that are lost by an instant, card by card.
pub(super) fn fade(member: &Member, at: TimeMs) -> Vec<Effect> {
    let Some(standing) = member.standing() else { return Vec::new() };
    let mut effects = Vec::new();
    for card in &member.cards {
        let lost = |mark: &&Mark| mark.card == card.card && mark.of.expires_at.is_some_and(|expires| expires <= at);
        let marks: Vec<LotId> = standing.marks.iter().filter(lost).map(|mark| mark.id).collect();
        if !marks.is_empty() {
            let stamps = card.stamps.saturating_sub(u32::try_from(marks.len()).unwrap_or(u32::MAX));
            let (party, card, reopened) = (0, card.card, Vec::new());
            effects.push(Effect::Unpunch { party, card, marks, owed: 0, reopened, stamps });
        }
    }
    effects
}

//! Merging: everything a member has becomes another member's, lot by lot, with the terms it had; the member's name is then only a
//! pointer. What moves goes through `transit`, out of one and into the other in the same record.
//!
//! What both have chosen or told stays the other one's; what only the merged member chose or told moves. Not moved: where a lot's
//! order was, so that an order of the merged member can no longer be refunded by rule, only adjusted by hand; and since when a
//! benefit runs that began with an attribute.

use std::collections::BTreeMap;

use super::super::super::calendar::{Day, civil_day, first_day_of_year, month_index, year_of};
use super::super::super::member::{Counter, Member, PoolState, Profile};
use super::super::super::private::{Known, PrivateEffect};
use super::super::super::provenance::{Leaving, Mark};
use super::super::super::record::{Account, Credit, Effect};
use super::super::super::reject::Reject;
use super::super::super::status::Status;
use super::super::super::tiers::{self, Added};
use super::super::super::types::{LotId, Money, NameId, Points, Text, TimeMs};
use super::super::cards::reward_of;
use super::super::within;
use super::Work;
use crate::limits::ATTRIBUTES_MAX;

/// What moves says so in its reason and rule.
const MERGE: Text = Text::new_static("merge");

impl Work<'_> {
    pub(super) fn merge(&mut self, into: &Text) -> Result<(), Reject> {
        if *into == self.act.member {
            return Err(Reject::MemberBusy("a member cannot be merged into themselves"));
        }
        let target = self.books.known_member(into)?;
        self.can_move()?;
        let party = self.draft.party(into, Some(target));
        let member = self.member;
        for pool in &member.pools {
            self.move_pool(pool, target, party)?;
        }
        self.move_cards(target, party);
        self.move_owed_stamps(target, party);
        for grant in &member.grants {
            let (reward, why) = (grant.reward, Leaving::Cancelled);
            self.draft.effects.push(Effect::Ungrant { party: 0, reward, grant: grant.id, why });
            let (index, value, expires_at) = (self.draft.index(), grant.value, grant.expires_at);
            self.draft.effects.push(Effect::Grant { party, index, reward, value, expires_at, reason: MERGE });
        }
        self.move_rights(target, party);
        let told = self.move_profile(target, party)?;
        self.draft.keep_days(self.books, (party, target));
        let mut counts = Vec::new();
        for counter in &member.counters {
            for (day, amount) in parts(counter, member.status.as_deref()) {
                let known = target.counter(counter.name).map_or(0, |known| known.ever);
                within(known.checked_add(amount), "counter")?;
                counts.push((counter.name, day, amount));
                self.draft.effects.push(Effect::Count { party, counter: counter.name, day, amount });
            }
        }
        if self.books.terms.tiers.is_some() {
            let added = Added { counts: &counts, attributes: &told };
            let (from, to) = (target.tier, tiers::tier_with(target, self.books.terms, self.books.now, added));
            if from != to {
                self.draft.effects.push(Effect::Tier { party, from, to });
            }
        }
        self.draft.effects.push(Effect::Merged { party: 0, into: into.clone() });
        Ok(())
    }

    /// Refuses a member of whom something waits.
    fn can_move(&self) -> Result<(), Reject> {
        if let Some(standing) = self.standing() {
            if !standing.holds.is_empty() {
                return Err(Reject::MemberBusy("the member has holds: capture or release them first"));
            }
            if standing.household.is_some() {
                return Err(Reject::MemberBusy("the member is in a household: let them leave it first"));
            }
            if !standing.early_refunds.is_empty() {
                return Err(Reject::MemberBusy("a refund of the member's waits for its sale"));
            }
        }
        let waits = |pool: &PoolState| pool.lots.iter().any(|lot| lot.available_at == TimeMs::NEVER);
        if self.member.pools.iter().any(waits) {
            return Err(Reject::MemberBusy("points of the member's wait for a review"));
        }
        Ok(())
    }

    fn move_pool(&mut self, pool: &PoolState, target: &Member, party: u8) -> Result<(), Reject> {
        let (name, now) = (pool.pool, self.books.now);
        let known = target.pool(name);
        let has: i64 = known.map_or(0, |pool| pool.lots.remaining().get());
        let moved: i64 = pool.lots.remaining().get();
        within(has.checked_add(moved), "pool's balance")?;
        if pool.lifetime.is_positive() {
            let amount = pool.lifetime;
            let ever = known.map_or(0, |pool| pool.lifetime.get());
            within(ever.checked_add(amount.get()), "pool's balance")?;
            self.draft.effects.push(Effect::Lifetime { party, pool: name, amount });
        }
        let mut debt = known.map_or(Points::ZERO, |pool| pool.debt) + pool.debt;
        if pool.debt.is_positive() {
            let (amount, to) = (pool.debt, Account::Transit);
            self.draft.effects.push(Effect::Owe { party, pool: name, amount, to });
            let paid = self.arriving(0, name, amount, (now, now, None), amount);
            self.draft.effects.push(Effect::Credit(paid));
        }
        for lot in &pool.lots {
            let (amount, to) = (lot.remaining, Account::Transit);
            self.draft.effects.push(Effect::Debit { party: 0, pool: name, lot: lot.id, amount, to });
            let repaid = if lot.available_at <= now { debt.min(amount) } else { Points::ZERO };
            debt -= repaid;
            let times = (lot.earned_at, lot.available_at, lot.expires_at);
            let credit = self.arriving(party, name, amount, times, repaid);
            self.draft.effects.push(Effect::Credit(credit));
        }
        for lot in known.iter().flat_map(|pool| &pool.lots).filter(|lot| lot.spendable_at(now)) {
            let repaid = lot.free().min(debt);
            if repaid.is_positive() {
                debt -= repaid;
                self.draft.effects.push(Effect::Activate { party, pool: name, lot: lot.id, repaid });
            }
        }
        Ok(())
    }

    fn arriving(
        &mut self,
        party: u8,
        pool: NameId,
        amount: Points,
        (earned_at, available_at, expires_at): (TimeMs, TimeMs, Option<TimeMs>),
        repaid: Points,
    ) -> Credit {
        Credit {
            party,
            pool,
            lot: LotId { seq: self.books.seq(), index: self.draft.index() },
            amount,
            repaid,
            earned_at,
            available_at,
            expires_at,
            from: Account::Transit,
            reason: MERGE,
            rule: MERGE,
        }
    }

    /// Stamps pay what the other one owes and come on top of those that are there; a card they fill gives its reward.
    fn move_cards(&mut self, target: &Member, party: u8) {
        let day = self.books.terms.zone.day(self.books.now);
        for card in self.member.cards.iter().filter(|card| card.stamps > 0 && card.of > 0) {
            let (name, of) = (card.card, card.of);
            let marks: Vec<Mark> = self.standing().map_or_else(Vec::new, |standing| {
                standing.marks.iter().filter(|mark| mark.card == name).copied().collect()
            });
            let known = usize::try_from(card.stamps).is_ok_and(|stamps| stamps == marks.len());
            let owed = target.standing().and_then(|standing| standing.stamps_owed.iter().find(|(of, _)| *of == name));
            let repaid = owed.map_or(0, |(_, owed)| *owed).min(card.stamps).min(if known { u32::MAX } else { 0 });
            let has = target.card(name).map_or(0, |known| known.stamps);
            let total = has.saturating_add(card.stamps - repaid);
            let filled: Vec<u16> = (0..total / of).map(|_| self.draft.index()).collect();
            let stamps = total % of;
            if known {
                let (ids, reopened) = (marks.iter().map(|mark| mark.id).collect(), Vec::new());
                let leave = Effect::Unpunch { party: 0, card: name, marks: ids, owed: 0, reopened, stamps: 0 };
                let (ofs, filled) = (marks.iter().map(|mark| mark.of).collect(), filled.clone());
                let come = Effect::Punch { party, card: name, day, of, marks: ofs, repaid, filled, stamps };
                self.draft.effects.extend([leave, come]);
            } else {
                let leave = Effect::Stamp { party: 0, card: name, count: 0, of, stamps: 0, day };
                let come = Effect::Stamp { party, card: name, count: card.stamps, of, stamps, day };
                self.draft.effects.extend([leave, come]);
            }
            let Some(terms) = self.books.terms.card(name) else { continue };
            let theirs = target.standing().map_or(&[][..], |standing| standing.marks.as_slice());
            let theirs = theirs.iter().filter(|mark| mark.card == name);
            let moved = marks.iter().skip(usize::try_from(repaid).unwrap_or(usize::MAX));
            let worths: Vec<Money> = theirs.chain(moved).map(|mark| mark.of.worth).collect();
            let size = usize::try_from(of).unwrap_or(usize::MAX);
            for (at, index) in filled.into_iter().enumerate() {
                let from = at.saturating_mul(size);
                let worths = worths.get(from..from.saturating_add(size)).unwrap_or_default();
                let mut grant = reward_of(self.books, terms, worths, (index, self.books.now), &MERGE);
                if let Effect::Grant { party: whose, .. } = &mut grant {
                    *whose = party;
                }
                self.draft.effects.push(grant);
            }
        }
    }

    /// Stamps that are owed are owed by the other one: the next ones pay.
    fn move_owed_stamps(&mut self, target: &Member, party: u8) {
        let Some(standing) = self.standing() else { return };
        for (card, owed) in &standing.stamps_owed {
            let stamps = target.card(*card).map_or(0, |known| known.stamps);
            let (card, owed, marks, reopened) = (*card, *owed, Vec::new(), Vec::new());
            self.draft.effects.push(Effect::Unpunch { party, card, marks, owed, reopened, stamps });
        }
    }

    /// What is known of the person and what they chose, where the other one has not said it. Nothing of it stays here. The
    /// attributes that are known then.
    fn move_profile(&mut self, target: &Member, party: u8) -> Result<Vec<(Text, Text)>, Reject> {
        let (own, theirs) = (&self.member.profile, &target.profile);
        let chosen = self.standing().map_or(&[][..], |standing| standing.choices.as_slice());
        let kept = target.standing().map_or(&[][..], |standing| standing.choices.as_slice());
        let profile = Profile {
            referrer: None,
            birthday: theirs.birthday.or(own.birthday),
            email_hash: theirs.email_hash.as_ref().or(own.email_hash.as_ref()).cloned(),
            phone_hash: theirs.phone_hash.as_ref().or(own.phone_hash.as_ref()).cloned(),
            address_hash: theirs.address_hash.as_ref().or(own.address_hash.as_ref()).cloned(),
            attributes: joined(&own.attributes, &theirs.attributes),
        };
        let choices = joined(chosen, kept);
        if profile.attributes.len() > ATTRIBUTES_MAX || choices.len() > ATTRIBUTES_MAX {
            return Err(Reject::MemberBusy("the two have told or chosen more than one member may"));
        }
        let attributes = profile.attributes.clone();
        let nothing = Profile { referrer: own.referrer.clone(), ..Profile::default() };
        if **own != nothing || !chosen.is_empty() {
            let knows = |party, known| Effect::Private(PrivateEffect::Knows { party, known: Box::new(known) });
            self.draft.effects.push(knows(party, Known { profile, choices }));
            self.draft.effects.push(knows(0, Known::default()));
        }
        Ok(attributes)
    }

    /// Rights, what is left of plans, and that there was one: a trial is for who never had any. What a rule has seen, the other one
    /// has seen.
    fn move_rights(&mut self, target: &Member, party: u8) {
        let Some(standing) = self.standing() else { return };
        let now = self.books.now;
        for right in &standing.entitlements {
            let (index, entitlement) = (self.draft.index(), right.name);
            self.draft.effects.push(Effect::Disentitle { party: 0, id: right.id });
            let (from, until) = (right.from, right.until);
            self.draft.effects.push(Effect::Entitle { party, index, entitlement, from, until });
        }
        let theirs = target.standing();
        for (name, value) in &standing.seen {
            if theirs.is_none_or(|theirs| !theirs.has_seen(*name, value)) {
                self.draft.effects.push(Effect::Seen { party, name: *name, value: value.clone() });
            }
        }
        let runs = standing.plans.iter().any(|period| !period.ended);
        if let (false, false, Some(period)) = (runs, theirs.is_some_and(|s| s.had_plan), standing.plans.last()) {
            let (index, plan, from, until) = (self.draft.index(), period.plan, period.from, period.until);
            self.draft.effects.push(Effect::Plan { party, index, plan, from, until, paid: Money::ZERO });
            let (period, at) = (LotId { seq: self.books.seq(), index }, until.unwrap_or(now).min(now));
            self.draft.effects.push(Effect::PlanEnd { party, period, at, refunded: false });
        }
        for period in standing.plans.iter().filter(|period| !period.ended) {
            let (index, plan, from, until) = (self.draft.index(), period.plan, period.from, period.until);
            self.draft.effects.push(Effect::PlanEnd { party: 0, period: period.id, at: now, refunded: false });
            self.draft.effects.push(Effect::Plan { party, index, plan, from, until, paid: period.paid });
            // What a law has seen of the period, and paid on it, goes on with it.
            if (period.spend, period.credited) != (0, 0) {
                let (spend, credited) = (period.spend, period.credited);
                let period = LotId { seq: self.books.seq(), index };
                self.draft.effects.push(Effect::PlanSpend { party, period, spend, credited });
            }
        }
    }
}

/// Two lists sorted by name as one; of what both say, the second's counts.
fn joined(first: &[(Text, Text)], second: &[(Text, Text)]) -> Vec<(Text, Text)> {
    let mut all: BTreeMap<&Text, &Text> = first.iter().map(|(name, value)| (name, value)).collect();
    all.extend(second.iter().map(|(name, value)| (name, value)));
    all.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A counter as days and amounts that add up to the same in every period it keeps.
fn parts(counter: &Counter, status: Option<&Status>) -> Vec<(Day, i64)> {
    let kept = status.and_then(|status| status.credits(counter.name)).map_or(&[][..], |credits| &credits.days);
    let mut parts: Vec<(Day, i64)> = kept.iter().filter(|(_, sum)| *sum != 0).copied().collect();
    let summed = |parts: &[(Day, i64)], within: &dyn Fn(Day) -> bool| -> i64 {
        parts.iter().filter(|(day, _)| within(*day)).map(|(_, sum)| *sum).sum()
    };
    for (day, sum) in counter.days.0 {
        let rest = sum - summed(&parts, &|known| known == day);
        if rest != 0 {
            parts.push((day, rest));
        }
    }
    for (month, sum) in counter.months.0 {
        let rest = sum - summed(&parts, &|day| month_index(day) == month);
        if rest != 0 {
            parts.push((
                civil_day(1970 + month.div_euclid(12), u8::try_from(month.rem_euclid(12) + 1).unwrap_or(1), 1),
                rest,
            ));
        }
    }
    for (year, sum) in counter.years.0 {
        let rest = sum - summed(&parts, &|day| year_of(day) == year);
        if rest != 0 {
            parts.push((first_day_of_year(year), rest));
        }
    }
    let rest = counter.ever - summed(&parts, &|_| true);
    if rest != 0 {
        // Older than every year that is kept.
        parts.push((0, rest));
    }
    parts.sort_unstable_by_key(|(day, _)| std::cmp::Reverse(*day));
    parts
}

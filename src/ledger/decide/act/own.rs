//! The member's own affairs: vouchers used and given up, what they tell and choose, freezing.

use std::sync::Arc;

use super::super::super::calendar::{day_of, year_of};
use super::super::super::event::Birthday;
use super::super::super::provenance::Leaving;
use super::super::super::record::{Effect, Input};
use super::super::super::reject::Reject;
use super::super::super::tiers::{self, Added};
use super::super::super::types::{LotId, Text};
use super::super::plans;
use super::Work;
use crate::limits::ATTRIBUTES_MAX;

impl Work<'_> {
    pub(super) fn use_voucher(&mut self, grant: LotId) -> Result<(), Reject> {
        self.may_spend()?;
        self.leave(grant, Leaving::Used)
    }

    pub(super) fn cancel_voucher(&mut self, grant: LotId) -> Result<(), Reject> {
        self.leave(grant, Leaving::Cancelled)
    }

    fn leave(&mut self, id: LotId, why: Leaving) -> Result<(), Reject> {
        let grant = self.member.grant(id).ok_or(Reject::VoucherUsed)?;
        if grant.expires_at.is_some_and(|expires| expires <= self.books.now) {
            return Err(Reject::VoucherExpired);
        }
        self.draft.effects.push(Effect::Ungrant { party: 0, reward: grant.reward, grant: id, why });
        Ok(())
    }

    pub(super) fn update(
        &mut self,
        birthday: Option<Birthday>,
        attributes: &[(Text, Text)],
        choices: &[(Text, Text)],
    ) -> Result<(), Reject> {
        let known = &self.member.profile.attributes;
        let new = attributes.iter().filter(|(name, _)| known.binary_search_by(|(key, _)| key.cmp(name)).is_err());
        let chosen = self.standing().map_or(&[][..], |standing| standing.choices.as_slice());
        let newly = choices.iter().filter(|(name, _)| chosen.iter().all(|(known, _)| known != name));
        if known.len() + new.count() > ATTRIBUTES_MAX || chosen.len() + newly.count() > ATTRIBUTES_MAX {
            let why = smol_str::format_smolstr!("a member has at most {ATTRIBUTES_MAX} attributes and as many choices");
            return Err(Reject::LimitReached(why));
        }
        for choice in choices {
            self.may_choose(choice)?;
        }
        self.draft.effects.push(Effect::Told { party: 0 });
        plans::begin(self.books.terms, Some(self.member), attributes, &mut self.draft.effects);
        if self.books.terms.tiers.is_some() && !attributes.is_empty() {
            let added = Added { counts: &[], attributes };
            let (from, to) = (self.member.tier, tiers::tier_with(self.member, self.books.terms, self.books.now, added));
            if from != to {
                self.draft.effects.push(Effect::Tier { party: 0, from, to });
            }
        }
        if !self.books.terms.schedules.is_empty() {
            let input = Input::Act(Arc::clone(self.act), Text::default());
            let now = self.books.now;
            self.draft.happen_now(self.books, Some(self.member), (&input, now), birthday);
        }
        Ok(())
    }

    /// A day of a calendar year is chosen before it begins; once it has begun, another day of that year cannot be.
    fn may_choose(&self, (name, value): &(Text, Text)) -> Result<(), Reject> {
        let terms = self.books.terms;
        if !terms.choices.iter().any(|choice| choice.name == *name) {
            return Ok(());
        }
        let refuse = |why: String| Err(Reject::LimitReached(Text::from(why)));
        let Some(day) = day_of(value) else { return refuse(format!("{name} is a day such as 2026-12-24")) };
        let today = terms.zone.day(self.books.now);
        if day <= today {
            return refuse(format!("{name} is a day later than today"));
        }
        let chosen = self.standing().and_then(|standing| standing.choice(name)).and_then(|chosen| day_of(chosen));
        match chosen {
            Some(begun) if begun <= today && year_of(begun) == year_of(day) => {
                refuse(format!("{name} of that year has begun already"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn freeze(&mut self, frozen: bool) {
        self.draft.effects.push(Effect::Freeze { party: 0, frozen });
    }
}

//! The member's own affairs: vouchers used and given up, what they tell and choose, freezing.

use super::super::super::provenance::Leaving;
use super::super::super::record::Effect;
use super::super::super::reject::Reject;
use super::super::super::tiers::{self, Added};
use super::super::super::types::{LotId, Text};
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

    pub(super) fn update(&mut self, attributes: &[(Text, Text)], choices: &[(Text, Text)]) -> Result<(), Reject> {
        let known = &self.member.profile.attributes;
        let new = attributes.iter().filter(|(name, _)| known.binary_search_by(|(key, _)| key.cmp(name)).is_err());
        let chosen = self.standing().map_or(&[][..], |standing| standing.choices.as_slice());
        let newly = choices.iter().filter(|(name, _)| chosen.iter().all(|(known, _)| known != name));
        if known.len() + new.count() > ATTRIBUTES_MAX || chosen.len() + newly.count() > ATTRIBUTES_MAX {
            let why = smol_str::format_smolstr!("a member has at most {ATTRIBUTES_MAX} attributes and as many choices");
            return Err(Reject::LimitReached(why));
        }
        self.draft.effects.push(Effect::Told { party: 0 });
        if self.books.terms.tiers.is_some() && !attributes.is_empty() {
            let added = Added { counts: &[], attributes };
            let (from, to) = (self.member.tier, tiers::tier_with(self.member, self.books.terms, self.books.now, added));
            if from != to {
                self.draft.effects.push(Effect::Tier { party: 0, from, to });
            }
        }
        Ok(())
    }

    pub(super) fn freeze(&mut self, frozen: bool) {
        self.draft.effects.push(Effect::Freeze { party: 0, frozen });
    }
}

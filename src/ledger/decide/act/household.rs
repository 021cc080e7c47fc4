//! Households: members who may spend each other's points of the pools that the program pools. Every lot keeps its owner, so who
//! leaves takes theirs.

use super::super::super::record::Effect;
use super::super::super::reject::Reject;
use super::super::super::types::Text;
use super::Work;

impl Work<'_> {
    /// Founds a household or joins one: `members` is everyone who is then in it.
    pub(super) fn join(&mut self, household: &Text, members: &[Text]) -> Result<(), Reject> {
        let Some(terms) = self.books.terms.household.as_ref() else {
            return Err(Reject::LimitReached(Text::new_static("the program has no households")));
        };
        if members.len() > usize::from(terms.members_max) {
            let why = smol_str::format_smolstr!("a household has at most {} members", terms.members_max);
            return Err(Reject::LimitReached(why));
        }
        let busy = || Reject::MemberBusy("somebody is in a household already, or this one has changed meanwhile");
        if !members.contains(&self.act.member) {
            return Err(busy());
        }
        for id in members {
            let member = self.books.known_member(id)?;
            match member.standing().and_then(|standing| standing.household.as_ref()) {
                None => {}
                // Whoever was there before the last one joined.
                Some((name, known)) => {
                    let joining = members.len() > known.len() && members.get(..known.len()) == Some(known.as_slice());
                    if name != household || *id == self.act.member || !joining {
                        return Err(busy());
                    }
                }
            }
        }
        self.is_free(household, members)?;
        for id in members {
            let party = self.draft.party(id, Some(self.books.known_member(id)?));
            let household = Some((household.clone(), members.to_vec()));
            self.draft.effects.push(Effect::Household { party, household });
        }
        Ok(())
    }

    /// Refuses a name under which other members live. The latest record of the name tells who did; who left since has no
    /// household of it.
    fn is_free(&self, household: &Text, members: &[Text]) -> Result<(), Reject> {
        let latest = self.earlier.latest.as_deref();
        let told = latest.into_iter().flat_map(|latest| &latest.effects).find_map(|effect| match effect {
            Effect::Household { household: Some((name, told)), .. } if name == household => Some(told),
            _ => None,
        });
        let lives = |id: &Text| {
            let home = self.books.member(id).and_then(|member| member.standing()?.household.as_ref());
            home.is_some_and(|(name, _)| name == household)
        };
        if told.into_iter().flatten().any(|id| lives(id) && !members.contains(id)) {
            return Err(Reject::MemberBusy("a household of this name exists"));
        }
        Ok(())
    }

    pub(super) fn leave_household(&mut self) -> Result<(), Reject> {
        let known = self.standing().and_then(|standing| standing.household.clone());
        let Some((name, members)) = known else {
            return Err(Reject::MemberBusy("the member is in no household"));
        };
        self.draft.effects.push(Effect::Household { party: 0, household: None });
        let left: Vec<Text> = members.into_iter().filter(|id| *id != self.act.member).collect();
        for id in &left {
            let party = self.draft.party(id, Some(self.books.known_member(id)?));
            let household = Some((name.clone(), left.clone()));
            self.draft.effects.push(Effect::Household { party, household });
        }
        Ok(())
    }
}

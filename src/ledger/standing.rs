//! What few members have beside points: holds, plans, entitlements, choices, stamps in detail, and marks of their life cycle.
//!
//! Kept apart from the member so that those who have none of it stay small. It changes only in [`apply`](super::apply).

use super::provenance::{Condition, Cycle, EarlyRefund, Entitlement, Hold, Mark, PlanPeriod};
use super::types::{LotId, NameId, Text, TimeMs};

/// See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Points kept aside, in order of making.
    pub holds: Vec<Hold>,
    /// Periods of plans, in order of their start; ended ones are kept while a refund of their fee or a law may ask for them.
    pub plans: Vec<PlanPeriod>,
    /// Rights given for a time.
    pub entitlements: Vec<Entitlement>,
    /// What the member chose, sorted by name.
    pub choices: Vec<(Text, Text)>,
    /// Stamps on cards, oldest first.
    pub marks: Vec<Mark>,
    /// Full cards whose reward is unused.
    pub cycles: Vec<Cycle>,
    /// Stamps owed, by card: taken from the next ones.
    pub stamps_owed: Vec<(NameId, u32)>,
    /// What unused free rewards hang on, with the counter that remembers them and the civil day it counted for.
    pub conditions: Vec<Hanging>,
    /// Refunds that came before their sale.
    pub early_refunds: Vec<EarlyRefund>,
    /// Values that rules which count once for each have seen, by the rule's name.
    pub seen: Vec<(NameId, Text)>,
    /// When an attribute-bound benefit began for the first time, by its declared name.
    pub since: Vec<(NameId, TimeMs)>,
    /// Whether a trial or a paid plan was ever had.
    pub had_plan: bool,
    /// Whether the member may not spend.
    pub frozen: bool,
    /// Whether what is known of the person was destroyed.
    pub erased: bool,
    /// The member this one was merged into.
    pub merged_into: Option<Text>,
    /// The household's name and its members in order of joining, this one included.
    pub household: Option<(Text, Vec<Text>)>,
}

impl Standing {
    /// Reads a little of each part of it; see [`Member::warm`](super::member::Member::warm).
    pub(super) fn warm(&self) -> usize {
        let lists = self.holds.len() + self.entitlements.len() + self.marks.len() + self.stamps_owed.len();
        let flags = usize::from(self.merged_into.is_some()) + usize::from(self.household.is_some());
        lists + self.early_refunds.len() + self.since.len() + flags
    }
}

/// An unused reward that came free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hanging {
    /// The reward.
    pub grant: LotId,
    /// On what.
    pub condition: Condition,
    /// The counter that remembers that it was given, and the civil day it counted for.
    pub counter: Option<(NameId, i32)>,
}

impl Standing {
    /// A hold that is active.
    #[must_use]
    pub fn hold(&self, id: LotId) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.id == id)
    }

    /// The period of a plan that runs at an instant; trials are plans too.
    #[must_use]
    pub fn running(&self, plan: NameId, at: TimeMs) -> Option<&PlanPeriod> {
        self.plans.iter().find(|period| period.plan == plan && period.covers(at))
    }

    /// What the member chose.
    #[must_use]
    pub fn choice(&self, name: &str) -> Option<&Text> {
        let at = self.choices.binary_search_by(|(key, _)| key.as_str().cmp(name)).ok()?;
        self.choices.get(at).map(|(_, value)| value)
    }

    /// Whether a rule that counts once for each value has seen this one.
    #[must_use]
    pub fn has_seen(&self, name: NameId, value: &str) -> bool {
        self.seen.iter().any(|(known, seen)| *known == name && seen == value)
    }

    /// When something that begins only once began.
    #[must_use]
    pub fn since(&self, name: NameId) -> Option<TimeMs> {
        self.since.iter().find(|(known, _)| *known == name).map(|(_, at)| *at)
    }
}

impl PlanPeriod {
    /// Whether an instant lies in it; its end is excluded.
    #[must_use]
    pub fn covers(&self, at: TimeMs) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

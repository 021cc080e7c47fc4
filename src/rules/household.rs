//! `[household]`: members who may spend each other's points of some pools.

use serde::Deserialize;
use toml::Spanned;

use super::manifest::Count;
use super::values::Name;
use crate::ledger::terms::HouseholdTerms;
use crate::ledger::types::NameId;
use crate::limits::HOUSEHOLD_MEMBERS_MAX;

/// `[household]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HouseholdTable {
    /// The pools that members of a household may spend of each other's; none where they only live together.
    #[serde(default)]
    pub pools: Vec<Spanned<Name>>,
    /// How many members one may have.
    pub members: Option<Count>,
}

impl HouseholdTable {
    pub(super) fn terms(&self, id: &dyn Fn(&str) -> NameId) -> HouseholdTerms {
        let most = u16::try_from(HOUSEHOLD_MEMBERS_MAX).unwrap_or(u16::MAX);
        let members_max = self.members.and_then(|count| u16::try_from(count.0).ok()).unwrap_or(most).min(most);
        HouseholdTerms { pools: self.pools.iter().map(|pool| id(&pool.get_ref().0)).collect(), members_max }
    }
}

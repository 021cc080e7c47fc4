//! The body of `PUT …/fraud/lists/{list}/{kind}/{value}`. Whose entry it is, is in the path.

use serde::Deserialize;

use super::{Wire, check};
use crate::http::problem::{Faults, Problem};
use crate::ledger::lists::ListTerms;
use crate::ledger::types::Text;
use crate::limits::CASE_RULES_MAX;

/// What an entry says; all of it may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListEntryWire {
    expires_at: Option<Text>,
    reason: Option<Text>,
    author: Option<Text>,
    rules: Option<Vec<Text>>,
}

impl Wire<'_> for ListEntryWire {
    type Input = ListTerms;

    fn check(self) -> Result<ListTerms, Problem> {
        let mut faults = Faults::default();
        let rules = self.rules.unwrap_or_default();
        if rules.len() > CASE_RULES_MAX {
            faults.add("/rules", format!("at most {CASE_RULES_MAX} rules are named"));
        }
        for (at, rule) in rules.iter().enumerate() {
            check::id(&mut faults, format_args!("/rules/{at}"), rule);
        }
        let reason = self.reason.unwrap_or_default();
        check::text(&mut faults, "/reason", &reason);
        check::optional_id(&mut faults, "/author", self.author.as_ref());
        let expires_at = self.expires_at.map(|text| check::time(&mut faults, "/expires_at", &text));
        faults.into_result(ListTerms { rules, reason, author: self.author.unwrap_or_default(), expires_at })
    }
}

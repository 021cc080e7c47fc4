//! The bodies of `POST …/cases/{id}/resolve`, `PUT …/fraud/lists/{list}/{kind}/{value}` and `POST …/normalise-email`.

use serde::Deserialize;

use super::{Wire, check};
use crate::http::problem::{Faults, Problem};
use crate::ledger::lists::ListTerms;
use crate::ledger::review::{Outcome, Resolution};
use crate::ledger::types::{Seq, Text};
use crate::limits::LIST_RULES_MAX;

/// What was found. The case and the key are not in the body: they are zero and empty, and to be set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveWire {
    outcome: Text,
    note: Option<Text>,
    author: Option<Text>,
    claw_back: Option<bool>,
}

impl Wire<'_> for ResolveWire {
    type Input = Resolution;

    fn check(self) -> Result<Resolution, Problem> {
        let mut faults = Faults::default();
        let outcome = match self.outcome.as_str() {
            "cleared" => Outcome::Cleared,
            "confirmed" => Outcome::Confirmed,
            _ => {
                faults.add("/outcome", "expected cleared or confirmed");
                Outcome::Cleared
            }
        };
        let claw_back = self.claw_back.unwrap_or(outcome == Outcome::Confirmed);
        if claw_back && outcome == Outcome::Cleared {
            faults.add("/claw_back", "only a confirmed case takes anything back");
        }
        let note = self.note.unwrap_or_default();
        check::text(&mut faults, "/note", &note);
        check::optional_id(&mut faults, "/author", self.author.as_ref());
        let author = self.author.unwrap_or_default();
        faults.into_result(Resolution { case: Seq::ZERO, outcome, note, author, claw_back, key: Text::default() })
    }
}

/// `POST …/normalise-email`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailWire {
    email: Text,
}

impl Wire<'_> for EmailWire {
    type Input = Text;

    fn check(self) -> Result<Text, Problem> {
        let mut faults = Faults::default();
        let name = crate::email::normalise(&self.email).map(Text::new);
        let name = name.unwrap_or_else(|why| {
            faults.add("/email", why);
            Text::default()
        });
        faults.into_result(name)
    }
}

/// An entry of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListEntryWire {
    reason: Option<Text>,
    author: Option<Text>,
    expires_at: Option<Text>,
    rules: Option<Vec<Text>>,
}

impl Wire<'_> for ListEntryWire {
    type Input = ListTerms;

    fn check(self) -> Result<ListTerms, Problem> {
        let mut faults = Faults::default();
        let reason = self.reason.unwrap_or_default();
        check::text(&mut faults, "/reason", &reason);
        check::optional_id(&mut faults, "/author", self.author.as_ref());
        let expires_at = self.expires_at.map(|text| check::time(&mut faults, "/expires_at", &text));
        let rules = self.rules.unwrap_or_default();
        if rules.len() > LIST_RULES_MAX {
            faults.add("/rules", format!("names {} rules; at most {LIST_RULES_MAX} are accepted", rules.len()));
        }
        for (at, rule) in rules.iter().enumerate() {
            check::id(&mut faults, format_args!("/rules/{at}"), rule);
        }
        faults.into_result(ListTerms { rules, reason, author: self.author.unwrap_or_default(), expires_at })
    }
}

//! Bodies about versions of rules: a draft, an activation, and who says so and why. Nothing here knows which versions there
//! are.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::field::Int;
use super::request::{Files, check_paths};
use super::{Wire, check};
use crate::http::problem::{Faults, Problem};
use crate::ledger::rollout::{Reach, SHARE_WHOLE, Signature};
use crate::ledger::types::Text;
use crate::limits::ACTIVATION_STORES_MAX;

/// Who, and why.
#[derive(Debug, Default, Deserialize)]
struct By {
    author: Option<Text>,
    message: Option<String>,
}

impl By {
    fn check(self, faults: &mut Faults) -> Signature {
        check::label(faults, "/author", self.author.as_ref());
        let message = self.message.unwrap_or_default();
        check::text(faults, "/message", &message);
        Signature { author: self.author.unwrap_or_default(), message }
    }
}

/// The body of `POST …/rulesets`. A file given as `null` is taken away.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftWire {
    files: Files<Option<String>>,
    base: Option<Int>,
    author: Option<Text>,
    message: Option<String>,
}

/// A draft to write down.
#[derive(Debug)]
pub struct Draft {
    /// Contents by path; nothing for a file that goes.
    pub files: BTreeMap<String, Option<String>>,
    /// The version the files change, where it is not the one in force; 0 for none.
    pub base: Option<u32>,
    /// Who, and why.
    pub by: Signature,
}

impl Wire<'_> for DraftWire {
    type Input = Draft;

    fn check(self) -> Result<Draft, Problem> {
        let mut faults = Faults::default();
        let Files(files) = self.files;
        check_paths(&mut faults, files.iter().map(|(path, content)| (path.as_str(), content.as_deref().unwrap_or(""))));
        let base = self.base.map(|Int(base)| {
            u32::try_from(base).unwrap_or_else(|_| {
                faults.add("/base", "expected the number of a version, or 0 for none");
                0
            })
        });
        let by = By { author: self.author, message: self.message }.check(&mut faults);
        faults.into_result(Draft { files, base, by })
    }
}

/// The body of `POST …/rulesets/{v}/activate`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivateWire {
    share: Option<Int>,
    stores: Option<Vec<Text>>,
    at: Option<String>,
    author: Option<Text>,
    message: Option<String>,
}

/// An activation: for whom, from when on as it was written, and who says so.
pub type Activation = (Reach, Option<String>, Signature);

impl Wire<'_> for ActivateWire {
    type Input = Activation;

    fn check(self) -> Result<Activation, Problem> {
        let mut faults = Faults::default();
        let by = By { author: self.author, message: self.message }.check(&mut faults);
        let reach = match (self.share, self.stores) {
            (None, None) => Reach::All,
            (Some(Int(percent)), None) => share(&mut faults, percent),
            (None, Some(stores)) => in_stores(&mut faults, stores),
            (Some(_), Some(_)) => {
                faults.add("/stores", "give a share of members or stores, not both");
                Reach::All
            }
        };
        faults.into_result((reach, self.at, by))
    }
}

/// A share of members in percent; all of them is everybody.
fn share(faults: &mut Faults, percent: i64) -> Reach {
    let small = u16::try_from(percent).ok().filter(|percent| (1..=100).contains(percent));
    if small.is_none() {
        faults.add("/share", "expected a share of members in percent, 1 to 100");
    }
    small.filter(|percent| *percent < 100).map_or(Reach::All, |percent| Reach::Share(percent * (SHARE_WHOLE / 100)))
}

fn in_stores(faults: &mut Faults, mut stores: Vec<Text>) -> Reach {
    if stores.is_empty() || stores.len() > ACTIVATION_STORES_MAX {
        faults.add("/stores", format!("expected 1 to {ACTIVATION_STORES_MAX} stores"));
    }
    for (at, store) in stores.iter().enumerate() {
        check::id(faults, format_args!("/stores/{at}"), store);
    }
    stores.sort();
    stores.dedup();
    Reach::Stores(stores)
}

/// The body of a rollback or a shadow.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedWire {
    author: Option<Text>,
    message: Option<String>,
}

impl Wire<'_> for SignedWire {
    type Input = Signature;

    fn check(self) -> Result<Signature, Problem> {
        let mut faults = Faults::default();
        let by = By { author: self.author, message: self.message }.check(&mut faults);
        faults.into_result(by)
    }
}

/// The body of a backtest. Times are read where the program's zone is known.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BacktestWire {
    from: Option<String>,
    to: Option<String>,
}

/// A backtest's window, as it was written.
#[derive(Debug)]
pub struct Window {
    /// Its first instant or day.
    pub from: Option<String>,
    /// The first instant or day after it.
    pub to: Option<String>,
}

impl Wire<'_> for BacktestWire {
    type Input = Window;

    fn check(self) -> Result<Window, Problem> {
        Ok(Window { from: self.from, to: self.to })
    }
}

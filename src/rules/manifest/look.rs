//! The parts of `program.toml` that decide nothing: how the members' page looks, and which warnings are meant to stand.

use serde::Deserialize;
use toml::Spanned;

use super::super::values::{Colour, Words};

/// `[lint]`: warnings that are known and meant, each with its reason; `check` is quiet about them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct LintTable {
    /// Why a rate has no cap.
    pub no_cap: Option<Spanned<Words>>,
    /// Why gift cards earn.
    pub earns_on_gift_cards: Option<Spanned<Words>>,
    /// Why what points paid earns.
    pub earns_on_points: Option<Spanned<Words>>,
    /// Why a rule that can never give is there.
    pub unreachable_rule: Option<Spanned<Words>>,
    /// Why something is declared that nothing uses.
    pub unused: Option<Spanned<Words>>,
    /// Why a window that is over is still there.
    pub window_over: Option<Spanned<Words>>,
    /// Why the program has no cases.
    pub no_cases: Option<Spanned<Words>>,
    /// Why a handler is not tried by a case.
    pub handler_not_tested: Option<Spanned<Words>>,
    /// Why a limit has no case in which it fires, or none in which it is silent.
    pub limit_not_tested: Option<Spanned<Words>>,
    /// Why a limit speaks of all that it counts.
    pub always_fires: Option<Spanned<Words>>,
    /// Why it may stay unsaid what a missing field of a limit's key means.
    pub no_absent: Option<Spanned<Words>>,
}

impl LintTable {
    /// Every warning it accepts, by its code.
    pub(in crate::rules) fn accepted(&self) -> Vec<(&'static str, &Spanned<Words>)> {
        let all = [
            ("no_cap", &self.no_cap),
            ("earns_on_gift_cards", &self.earns_on_gift_cards),
            ("earns_on_points", &self.earns_on_points),
            ("unreachable_rule", &self.unreachable_rule),
            ("unused", &self.unused),
            ("window_over", &self.window_over),
            ("no_cases", &self.no_cases),
            ("handler_not_tested", &self.handler_not_tested),
            ("limit_not_tested", &self.limit_not_tested),
            ("always_fires", &self.always_fires),
            ("no_absent", &self.no_absent),
        ];
        all.into_iter().filter_map(|(code, why)| Some((code, why.as_ref()?))).collect()
    }
}

/// `[page]`: how the page that members read looks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct PageTable {
    /// What it says below the title.
    pub about: Option<Words>,
    /// The brand's colour: `#006241`.
    pub colour: Option<Colour>,
    /// The colour of text on it; white where not given.
    pub on_colour: Option<Colour>,
}

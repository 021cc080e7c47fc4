//! The part of `program.toml` that names groups of members: segments, by what they are, have and do.

use serde::Deserialize;
use toml::Spanned;

use super::super::values::{CounterName, Lasting, Name, Named, OneOrMany, Words};
use super::{Amount, MostPer, Positive};

/// `[segments.<name>]`: members who have something in common; every key given must fit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::rules) struct SegmentTable {
    /// Who they are, for whoever reads the program.
    #[serde(rename = "about")]
    pub _about: Option<Words>,
    /// With one of these tiers.
    pub tiers: OneOrMany<Name>,
    /// While one of these plans runs.
    pub plans: OneOrMany<Name>,
    /// With these attributes.
    pub attribute: Named<Words>,
    /// Who counted so much: `[{ counter = "purchases", window = "month", from = 3 }]`.
    pub counters: Vec<CountedTable>,
    /// Who bought or redeemed something within this time.
    pub active_within: Option<Lasting>,
    /// Who did neither for this long, since they enrolled.
    pub inactive_for: Option<Lasting>,
    /// Who enrolled within this time.
    pub enrolled_within: Option<Lasting>,
    /// Who enrolled this long ago, or earlier.
    pub enrolled_for: Option<Lasting>,
}

/// `counters = [{ counter = "spend", window = "year", from = 50000, below = 100000 }]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::rules) struct CountedTable {
    /// Which counter.
    pub counter: Spanned<CounterName>,
    /// In this `day`, `month` or `year`, or `ever`.
    pub window: MostPer,
    /// At least so much.
    pub from: Option<Amount>,
    /// Less than this.
    pub below: Option<Positive>,
}

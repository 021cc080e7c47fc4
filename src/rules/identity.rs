//! `[identity]`: what ties members to each other.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::values::{Whole, Words};
use crate::ledger::record::KeyField;
use crate::ledger::terms::IdentityTerms;
use crate::limits::{HUB_MEMBERS_DEFAULT, HUB_MEMBERS_MAX, OWNED_IDENTIFIERS_MAX};

/// `[identity]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentityTable {
    /// An identifier (a card, a device, an address …) that so many other members were seen with ties nobody. 25 where not given.
    pub hub: Option<Whole<2, { HUB_MEMBERS_MAX as i64 }>>,
    /// Identifiers that are the program's own and tie nobody: `{ device = ["tablet-1"], ip = ["203.0.113.9"] }`.
    #[serde(default)]
    pub owned: BTreeMap<OwnedKind, Vec<Words>>,
    /// Whether the detectors of referrals and of made-up accounts speak. They do where not given; nobody is ever paid for
    /// bringing themselves.
    #[serde(default = "yes")]
    pub detect: bool,
}

const fn yes() -> bool {
    true
}

/// A kind of identifier that a program can own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OwnedKind {
    Card,
    Email,
    Phone,
    Address,
    Device,
    Ip,
}

impl OwnedKind {
    const fn field(self) -> KeyField {
        match self {
            Self::Card => KeyField::Card,
            Self::Email => KeyField::Email,
            Self::Phone => KeyField::Phone,
            Self::Address => KeyField::Address,
            Self::Device => KeyField::Device,
            Self::Ip => KeyField::Ip,
        }
    }
}

impl IdentityTable {
    /// What it means to the ledger.
    pub(super) fn terms(&self) -> IdentityTerms {
        let all = self.owned.iter().flat_map(|(kind, values)| values.iter().map(|value| (kind.field(), value)));
        IdentityTerms {
            hub: self.hub.map_or(HUB_MEMBERS_DEFAULT, |hub| u16::try_from(hub.0).unwrap_or(HUB_MEMBERS_DEFAULT)),
            owned: all.map(|(kind, value)| (kind, value.0.clone())).take(OWNED_IDENTIFIERS_MAX).collect(),
            detects: self.detect,
        }
    }
}

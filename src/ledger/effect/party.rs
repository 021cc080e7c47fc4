//! Whose state an effect changes. Only a lookup.

use super::super::review::Vest;
use super::Effect;

impl Effect {
    /// Whose state it changes: an index into [`Record::parties`](crate::ledger::record::Record::parties).
    #[must_use]
    pub const fn party(&self) -> u8 {
        match self {
            Self::Credit(credit) => credit.party,
            Self::Kin(kin) => kin.party(),
            Self::Private(private) => private.party(),
            Self::Unobserve(gone) => gone.party,
            Self::Reverse(back) => back.party,
            Self::Enroll { party, .. }
            | Self::Debit { party, .. }
            | Self::Owe { party, .. }
            | Self::Activate { party, .. }
            | Self::Stamp { party, .. }
            | Self::Grant { party, .. }
            | Self::Tier { party, .. }
            | Self::Count { party, .. }
            | Self::Budget { party, .. }
            | Self::Profile { party }
            | Self::ReferralPaid { party, .. }
            | Self::Vest(Vest { party, .. })
            | Self::HeldTerms { party, .. }
            | Self::Refer { party }
            | Self::Origin { party, .. }
            | Self::Spend { party, .. }
            | Self::Restore { party, .. }
            | Self::Hold { party, .. }
            | Self::Unhold { party, .. }
            | Self::Redeem { party, .. }
            | Self::Reversal { party, .. }
            | Self::Refund { party, .. }
            | Self::Await { party, .. }
            | Self::Awaited { party, .. }
            | Self::Punch { party, .. }
            | Self::Unpunch { party, .. }
            | Self::Hangs { party, .. }
            | Self::Ungrant { party, .. }
            | Self::Entitle { party, .. }
            | Self::Disentitle { party, .. }
            | Self::Plan { party, .. }
            | Self::PlanEnd { party, .. }
            | Self::PlanSpend { party, .. }
            | Self::Seen { party, .. }
            | Self::Since { party, .. }
            | Self::Told { party }
            | Self::Freeze { party, .. }
            | Self::Merged { party, .. }
            | Self::Erased { party }
            | Self::Household { party, .. }
            | Self::Gift { party, .. }
            | Self::Extend { party, .. }
            | Self::Lifetime { party, .. }
            | Self::Chose { party, .. }
            | Self::Qualify { party, .. }
            | Self::Land { party, .. }
            | Self::HeldCap { party, .. } => *party,
        }
    }
}

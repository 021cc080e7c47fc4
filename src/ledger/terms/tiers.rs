//! The terms of tiers: levels, what qualifies for them and over which time, and how they are lost.
//!
//! What follows from them is [`tiers`](super::super::tiers)' affair.

use super::super::calendar::Span;
use super::super::types::{NameId, Text};

/// Tiers: the highest level that a member qualifies for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TierTerms {
    /// Over which time credit counts.
    pub period: TierPeriod,
    /// The levels, lowest first.
    pub levels: Vec<LevelTerms>,
    /// How far a tier falls at the end of a period.
    pub downgrade: Downgrade,
    /// How much later than the end of a period it falls, in days or months.
    pub grace: Option<Span>,
}

impl TierTerms {
    /// Whether it takes credit by days, and not by calendar years alone, to know the tier.
    #[must_use]
    pub fn by_days(&self) -> bool {
        match self.period {
            TierPeriod::Anniversary | TierPeriod::Rolling(_) => true,
            TierPeriod::CalendarYear => self.grace.is_some() || self.downgrade == Downgrade::ByOne,
            TierPeriod::Lifetime => false,
        }
    }
}

/// Over which time a tier's credit counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TierPeriod {
    /// This calendar year's or the last one's, whichever is more.
    #[default]
    CalendarYear,
    /// That of the member's own years, which begin on the day they enrolled: this one's or the last one's.
    Anniversary,
    /// What was earned within a window of days or months up to now; the day it was earned on is whole.
    Rolling(Span),
    /// The whole life.
    Lifetime,
}

/// How far a tier falls at the end of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Downgrade {
    /// To what credit fits.
    #[default]
    ToFit,
    /// One level, which is kept for another period.
    ByOne,
}

/// A tier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LevelTerms {
    /// Its name.
    pub name: NameId,
    /// Any of these is enough.
    pub any: Vec<Need>,
}

/// What qualifies for a tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// A counter's credit of at least this.
    Credit(NameId, i64),
    /// An attribute with this value.
    Attribute(Text, Text),
}

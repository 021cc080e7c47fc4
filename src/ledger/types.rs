//! The ledger's vocabulary of numbers and names: amounts, times, ids.
//!
//! Every quantity is an integer behind a newtype, so that points are never added to money and a sequence
//! is never taken for a time. Nothing here reads a clock or knows a format.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// A short, cheaply cloned string: ids, names, reasons. Up to 23 bytes are stored inline.
pub type Text = smol_str::SmolStr;

/// The largest amount accepted from outside, 2^53 − 1: what every JSON reader can hold exactly.
pub const AMOUNT_MAX: i64 = (1 << 53) - 1;

macro_rules! amount {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// Wraps a raw number of units.
            #[must_use]
            pub const fn new(units: i64) -> Self {
                Self(units)
            }

            /// The raw number of units.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }

            /// The sum, or `None` where it would pass the range of `i64`.
            #[must_use]
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// True for amounts above zero.
            #[must_use]
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// True for exactly nothing.
            #[must_use]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }
        }

        // Overflow here is a bug, not an input: `decide` has refused it before. The release profile keeps overflow checks on.
        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
                iter.fold(Self::ZERO, Add::add)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

amount! {
    /// Units of a pool: points, miles, or cents of a cash-back pool.
    Points
}
amount! {
    /// Money in minor units of the program's currency: `4599` is 45.99.
    Money
}

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeMs(i64);

impl TimeMs {
    /// The last instant there is; a lot that waits for a review is available "never", which is this.
    pub const NEVER: Self = Self(i64::MAX);
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// Wraps milliseconds since the epoch.
    #[must_use]
    pub const fn new(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// This instant moved by `ms`, staying within the range of `i64`.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative where `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A record's place in the journal, from 1, without gaps. Zero stands for "before the first record".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(u64);

impl Seq {
    /// Before the first record.
    pub const ZERO: Self = Self(0);

    /// Wraps a raw sequence number.
    #[must_use]
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// The raw sequence number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The record after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A program's number in one journal, given by the record that declared it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProgramId(u16);

impl ProgramId {
    /// Wraps a raw program number.
    #[must_use]
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }

    /// The raw program number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// A declared name of a program (a pool, card, tier, counter, reward, ring): its place in the program's list of
/// names, which only grows. Records carry the number, the list is journaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(u16);

impl NameId {
    /// Wraps a raw index.
    #[must_use]
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }

    /// The raw index.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// A member within one journal: the program and the caller's own id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberKey {
    /// The program the member belongs to.
    pub program: ProgramId,
    /// The caller's id, 1 to 128 bytes.
    pub id: Text,
}

/// A lot or a grant: the record that made it and its place among that record's effects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LotId {
    /// The record that made it.
    pub seq: Seq,
    /// Its number within that record, from 0.
    pub index: u16,
}

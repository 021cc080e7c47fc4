//! The format of what a record did: effects, credits, cuts, accounts.
//!
//! Field orders and tags are frozen; see [`super`].

use super::wire::{wire_enum, wire_struct};
use crate::ledger::calendar::Span;
use crate::ledger::record::{Account, Clip, Clipped, Credit, Effect};

// Tags are never changed and never reused.
wire_enum!(Account, "account" {
    0 = Member,
    1 = Issued,
    2 = Redeemed,
    3 = Expired,
    4 = Reversed,
    5 = Adjusted,
    6 = Donated(charity),
    7 = Transit,
});

// Tags are never changed and never reused.
wire_enum!(Effect, "effect" {
    0 = Enroll { party, referrer },
    1 = Credit(credit),
    2 = Debit { party, pool, lot, amount, to },
    3 = Owe { party, pool, amount, to },
    4 = Activate { party, pool, lot, repaid },
    5 = Stamp { party, card, count, of, stamps, day },
    6 = Grant { party, index, reward, value, expires_at, reason },
    7 = Tier { party, from, to },
    8 = Count { party, counter, day, amount },
    9 = Profile { party },
    10 = ReferralPaid { party, referrer },
    11 = Budget { party, counter, amount },
    60 = Vest { party, pool, lot, amount, available_at, expires_at, repaid },
    61 = HeldTerms { party, lot, pending, expires },
    62 = Refer { party },
});

// Tags are never changed and never reused.
wire_enum!(Span, "span" {
    0 = Exact(ms),
    1 = Days(days),
    2 = Months(months),
});

// Tags are never changed and never reused.
wire_enum!(Clipped, "clipped" {
    0 = Pool(name),
    1 = Card(name),
});

wire_struct!(Credit { party, pool, lot, amount, repaid, earned_at, available_at, expires_at, from, reason, rule });

wire_struct!(Clip { party, what, wanted, given, limit });

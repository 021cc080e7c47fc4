//! The format of what a record did: effects, credits, cuts, accounts.
//!
//! Field orders and tags are frozen; see [`super`].

use super::wire::{wire_enum, wire_struct};
use crate::ledger::calendar::Span;
use crate::ledger::record::{Account, Clip, Clipped, Credit, Effect, Reversed, Unobserved};

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
    20 = Origin { party, of, lines, back },
    21 = Spend { party, pool, lot, amount, earned_at, expires_at, to },
    22 = Restore { party, pool, lot, amount, repaid, earned_at, expires_at, from },
    23 = Hold { party, index, pool, lots, until, reward, order },
    24 = Unhold { party, hold, end },
    25 = Redeem { party, id, pool, amount, reward },
    26 = Reversal { party, of, first, total },
    27 = Refund { party, order, first, lines },
    28 = Await { party, order, lines, amount },
    29 = Awaited { party, refund },
    30 = Punch { party, card, day, of, marks, repaid, filled, stamps },
    31 = Unpunch { party, card, marks, owed, reopened, stamps },
    32 = Hangs { party, grant, condition, counter },
    33 = Ungrant { party, reward, grant, why },
    34 = Entitle { party, index, entitlement, from, until },
    35 = Disentitle { party, id },
    36 = Plan { party, index, plan, from, until, paid },
    37 = PlanEnd { party, period, at, refunded },
    38 = PlanSpend { party, period, spend, credited },
    39 = Seen { party, name, value },
    40 = Since { party, name },
    41 = Told { party },
    42 = Freeze { party, frozen },
    43 = Merged { party, into },
    44 = Erased { party },
    45 = Household { party, household },
    46 = Gift { party, pool, amount, to },
    47 = Extend { party, hold, until },
    48 = HeldCap { party, lot, cap },
    49 = Lifetime { party, pool, amount },
    50 = Chose { party, choices },
    51 = Qualify { party, counter, since },
    52 = Land { party, landing },
    53 = Private(private),
    60 = Vest(given),
    61 = HeldTerms { party, lot, pending, expires },
    62 = Refer { party },
    63 = Unobserve(gone),
    64 = Reverse(back),
    80 = Kin(kin),
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

wire_struct!(Unobserved { party, ring, key, of, left });

wire_struct!(Reversed { party, ring, key, of, at, entries, value });

wire_struct!(Clip { party, what, wanted, given, limit });

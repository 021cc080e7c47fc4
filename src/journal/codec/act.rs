//! The format of acts: spending, its undoing, and the member's own affairs.
//!
//! Field orders and tags are frozen; see [`super`].

use super::wire::{wire_enum, wire_struct};
use crate::ledger::act::{Act, Spend, What};

wire_struct!(Act { member, context, what });

// Tags are never changed and never reused.
wire_enum!(Spend, "spend" {
    0 = Points { pool, amount },
    1 = Reward(reward),
});

// Tags are never changed and never reused.
wire_enum!(What, "act" {
    0 = Hold { spend, ttl_ms, order },
    1 = Capture { hold, amount },
    2 = Release { hold },
    3 = Redeem { spend, order },
    4 = Reverse { redemption, amount },
    5 = Use { grant },
    6 = Cancel { grant },
    7 = Donate { pool, amount, charity },
    8 = Update { birthday, attributes, choices },
    9 = Freeze { frozen, reason },
    10 = Merge { into },
    11 = Erase,
    12 = Join { household, members },
    13 = Leave,
    14 = Awaited { refund },
});

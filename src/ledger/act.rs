//! What is asked of the ledger beside events, corrections and transfers: spending and its undoing, and the member's own affairs.
//!
//! Like events, an act is what the journal keeps and what a retry is compared with; it holds no conclusion.

use super::event::{Birthday, Context};
use super::types::{LotId, Points, Text};

/// One request of section 4 of the contract, or one about a member's own record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Whose.
    pub member: Text,
    /// Where and how, for the fraud checks.
    pub context: Option<Box<Context>>,
    /// What.
    pub what: What,
}

/// What is spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spend {
    /// An amount of a pool, by its name.
    Points {
        /// The pool.
        pool: Text,
        /// Above zero.
        amount: Points,
    },
    /// The price of a reward, by its name.
    Reward(Text),
}

/// What an act does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Keep points aside.
    Hold {
        /// What for.
        spend: Spend,
        /// How long, in milliseconds.
        ttl_ms: i64,
        /// The order it is for.
        order: Option<Text>,
    },
    /// Spend what a hold keeps; less than all releases the rest.
    Capture {
        /// The hold.
        hold: LotId,
        /// How much; all where not given.
        amount: Option<Points>,
    },
    /// Give a hold up.
    Release {
        /// The hold.
        hold: LotId,
    },
    /// Spend at once.
    Redeem {
        /// What.
        spend: Spend,
        /// The order it is for.
        order: Option<Text>,
    },
    /// Give a redemption back, all that is left of it or a part.
    Reverse {
        /// The redemption.
        redemption: LotId,
        /// How much; all that is left where not given.
        amount: Option<Points>,
    },
    /// Use a reward that was issued.
    Use {
        /// The grant.
        grant: LotId,
    },
    /// Give a reward up that was issued.
    Cancel {
        /// The grant.
        grant: LotId,
    },
    /// Give points to a charity.
    Donate {
        /// The pool.
        pool: Text,
        /// Above zero.
        amount: Points,
        /// The charity, by its declared name.
        charity: Text,
    },
    /// Tell or choose something.
    Update {
        /// The birthday.
        birthday: Option<Birthday>,
        /// Attributes, sorted by name.
        attributes: Vec<(Text, Text)>,
        /// Choices, sorted by name.
        choices: Vec<(Text, Text)>,
    },
    /// Stop the member from spending, or let them again.
    Freeze {
        /// Whether to stop them.
        frozen: bool,
        /// Why, in the operator's words.
        reason: Text,
    },
    /// Make this member part of another one, who gets all they have.
    Merge {
        /// Into whom.
        into: Text,
    },
    /// Destroy what is known of the person.
    Erase,
    /// Found a household, or join one: its name and everyone in it, this member included.
    Join {
        /// The household's name.
        household: Text,
        /// Everyone in it, in order of joining.
        members: Vec<Text>,
    },
    /// Leave the household.
    Leave,
    /// The sale that a refund waited for has come: the ledger itself asks to do the refund now.
    Awaited {
        /// The record of the refund.
        refund: super::types::Seq,
    },
}

impl What {
    /// What it is called, in metrics and lists.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Hold { .. } => "hold",
            Self::Capture { .. } => "capture",
            Self::Release { .. } => "release",
            Self::Redeem { .. } => "redemption",
            Self::Reverse { .. } => "reversal",
            Self::Use { .. } => "voucher_use",
            Self::Cancel { .. } => "voucher_cancel",
            Self::Donate { .. } => "donation",
            Self::Update { .. } => "update",
            Self::Freeze { .. } => "freeze",
            Self::Merge { .. } => "merge",
            Self::Erase => "erase",
            Self::Join { .. } => "join",
            Self::Leave => "leave",
            Self::Awaited { .. } => "awaited_refund",
        }
    }
}

//! What scripts are asked about beside events: a redemption before it is decided, a tier that has changed, a schedule that has
//! come round. Only told here; `evaluate` runs the handlers, the ledger decides.

use std::sync::Arc;

use super::script::Handled;
use crate::ledger::event::{Context, Event, EventKind};
use crate::ledger::types::{NameId, Points, Text, TimeMs};

/// A redemption, or a hold for one, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedeemAsked {
    /// Whether points are only kept aside.
    pub hold: bool,
    /// The reward, where one is asked for.
    pub reward: Option<Text>,
    /// The pool that pays; empty where nothing says.
    pub pool: Text,
    /// What it costs where no script says otherwise.
    pub amount: Points,
}

/// What a script is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// `on_redeem`
    Redeem(RedeemAsked),
    /// `on_tier_change`
    TierChange {
        /// The tier before.
        from: Option<NameId>,
        /// The tier now.
        to: Option<NameId>,
        /// Whether it is a higher one.
        up: bool,
        /// What moved it: an event's type, `due`, `update` …
        cause: Text,
    },
    /// `on_schedule`
    Schedule {
        /// The schedule's declared name.
        name: Text,
    },
}

/// One question to the scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub(super) occasion: Occasion,
    /// Whose it is, when and where, as an event without lines.
    pub(super) event: Arc<Event>,
}

impl Asked {
    /// A question about a member at an instant, with where a redemption is asked for and the order it names.
    #[must_use]
    pub fn new(
        occasion: Occasion,
        member: &Text,
        at: TimeMs,
        (context, order): (Option<&Context>, Option<&Text>),
    ) -> Self {
        let event = Event {
            id: Text::default(),
            source: Text::default(),
            kind: EventKind::Custom(Text::default()),
            member: member.clone(),
            occurred_at: at,
            order: order.cloned(),
            currency: None,
            given_amount: None,
            items: Vec::new(),
            tenders: Vec::new(),
            context: context.cloned().unwrap_or_default(),
            membership: None,
            personal: None,
            attributes: Vec::new(),
        };
        Self { occasion, event: Arc::new(event) }
    }

    /// The tier that was reached, where it is about one.
    #[must_use]
    pub const fn reached(&self) -> Option<NameId> {
        match self.occasion {
            Occasion::TierChange { to, up: true, .. } => to,
            Occasion::TierChange { .. } | Occasion::Redeem(_) | Occasion::Schedule { .. } => None,
        }
    }

    pub(super) const fn handled(&self) -> Handled {
        match self.occasion {
            Occasion::Redeem(_) => Handled::Redeem,
            Occasion::TierChange { .. } => Handled::TierChange,
            Occasion::Schedule { .. } => Handled::Schedule,
        }
    }
}

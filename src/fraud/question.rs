//! What is asked about an input: all that an assessment reads besides rings. It answers nothing.

use crate::ledger::act::{Spend, What};
use crate::ledger::desk::Lists;
use crate::ledger::member::Member;
use crate::ledger::record::Input;
use crate::ledger::terms::Terms;
use crate::ledger::types::{NameId, ProgramId, TimeMs};

/// What an act or a transfer takes, and of how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spending {
    /// The points it takes; of a reward its price.
    pub amount: i64,
    /// What the member could spend of that pool before.
    pub available: i64,
    /// Of which pool.
    pub pool: NameId,
}

impl Spending {
    /// Whether it takes more than a crumb of what there is.
    #[must_use]
    pub const fn is_sizeable(self) -> bool {
        self.amount.saturating_mul(CRUMBS) >= self.available
    }
}

/// Less than one in so many of a member's points is a crumb.
const CRUMBS: i64 = 50;

/// All that an assessment reads besides rings.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The program.
    pub program: ProgramId,
    /// Its terms.
    pub terms: &'a Terms,
    /// What is asked of the ledger.
    pub input: &'a Input,
    /// Business time.
    pub at: TimeMs,
    /// The ledger's time.
    pub now: TimeMs,
    /// The member it is about, where they are known.
    pub member: Option<&'a Member>,
    /// Who is allowed and who is not, whatever is counted.
    pub lists: &'a Lists,
    /// What is spent, where anything is.
    pub spending: Option<Spending>,
    /// Since when the receiver of a transfer is a member.
    pub recipient_since: Option<TimeMs>,
}

impl<'a> Question<'a> {
    /// A question of which nothing is known but the input and its time: no member, no lists.
    #[must_use]
    pub const fn of(program: ProgramId, terms: &'a Terms, input: &'a Input, at: TimeMs) -> Self {
        static NO_LISTS: Lists = Lists::new();
        Self {
            program,
            terms,
            input,
            at,
            now: at,
            member: None,
            lists: &NO_LISTS,
            spending: None,
            recipient_since: None,
        }
    }

    /// The amount an input moves.
    pub(super) fn amount(&self) -> i64 {
        match (self.spending, self.input) {
            (Some(spending), _) => spending.amount,
            (None, Input::Event(event)) => event.amount().get(),
            (None, Input::Transfer(transfer, _)) => transfer.amount.get(),
            (None, Input::Act(act, _)) => amount_of(&act.what),
            (None, Input::Adjust(adjustment, _)) => adjustment.amount.get(),
            (None, _) => 0,
        }
    }
}

/// The points that an act asks for; nothing where it asks for a reward, whose price only the ledger knows.
fn amount_of(what: &What) -> i64 {
    match what {
        What::Hold { spend: Spend::Points { amount, .. }, .. }
        | What::Redeem { spend: Spend::Points { amount, .. }, .. }
        | What::Donate { amount, .. } => amount.get(),
        _ => 0,
    }
}

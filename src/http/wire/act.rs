//! The bodies of spending and of members' own affairs. Whose they are, where the body does not say, is in the path.

use serde::Deserialize;

use super::field::{Int, Pairs};
use super::{Wire, check};
use crate::http::problem::{Faults, Problem};
use crate::ledger::act::{Act, Spend, What};
use crate::ledger::event::Context;
use crate::ledger::types::{AMOUNT_MAX, Points, Text};
use crate::limits::{HOLD_SECONDS_DEFAULT, HOLD_SECONDS_MAX, HOUSEHOLD_MEMBERS_MAX};

/// Declares a body that may also carry the context of the act.
macro_rules! body {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($field: $type,)*
            channel: Option<Text>,
            store: Option<Text>,
            terminal: Option<Text>,
            staff: Option<Text>,
            device: Option<Text>,
            ip: Option<Text>,
        }

        impl $name {
            fn context(&mut self, faults: &mut Faults) -> Option<Box<Context>> {
                let given = Context {
                    channel: self.channel.take(),
                    store: self.store.take(),
                    terminal: self.terminal.take(),
                    staff: self.staff.take(),
                    device: self.device.take(),
                    ip: self.ip.take(),
                    location: None,
                };
                check::boxed_context(faults, given)
            }
        }
    };
}

body! {
    /// The body of `POST …/holds`.
    HoldWire {
        member: Text,
        pool: Option<Text>,
        amount: Option<Int>,
        reward: Option<Text>,
        ttl_seconds: Option<Int>,
        order: Option<Text>,
    }
}

body! {
    /// The body of `POST …/redemptions`.
    RedemptionWire {
        member: Text,
        pool: Option<Text>,
        amount: Option<Int>,
        reward: Option<Text>,
        order: Option<Text>,
    }
}

body! {
    /// The body of `POST …/donations`.
    DonationWire {
        member: Text,
        pool: Text,
        amount: Int,
        charity: Text,
    }
}

body! {
    /// The body of a capture, a reversal, or an act that needs none: an amount may be given.
    AmountWire {
        amount: Option<Int>,
    }
}

body! {
    /// The body of `PATCH …/members/{member}`.
    UpdateWire {
        birthday: Option<Text>,
        attributes: Option<Pairs>,
        choices: Option<Pairs>,
    }
}

body! {
    /// The body of freezing, merging, erasing: a reason, and into whom.
    AffairWire {
        reason: Option<Text>,
        into: Option<Text>,
    }
}

body! {
    /// The body of `POST …/households` and of joining one.
    HouseholdWire {
        household: Option<Text>,
        id: Option<Text>,
        member: Option<Text>,
        members: Option<Vec<Text>>,
    }
}

fn amount(faults: &mut Faults, Int(value): Int) -> Points {
    if !(1..=AMOUNT_MAX).contains(&value) {
        faults.add("/amount", format!("must be from 1 to {AMOUNT_MAX}"));
    }
    Points::new(value)
}

/// Either a reward, or a pool and an amount.
fn spend(faults: &mut Faults, reward: Option<Text>, pool: Option<Text>, of: Option<Int>) -> Spend {
    check::optional_id(faults, "/reward", reward.as_ref());
    check::optional_id(faults, "/pool", pool.as_ref());
    match (reward, pool, of) {
        (Some(reward), None, None) => Spend::Reward(reward),
        (None, Some(pool), Some(of)) => Spend::Points { pool, amount: amount(faults, of) },
        (None, Some(pool), None) => {
            faults.add("/amount", "is missing");
            Spend::Points { pool, amount: Points::ZERO }
        }
        (reward, ..) => {
            let what = if reward.is_some() {
                "a reward is bought at its own price: give no pool and amount"
            } else {
                "is missing, or a reward"
            };
            faults.add("/pool", what);
            Spend::Reward(Text::default())
        }
    }
}

impl Wire<'_> for HoldWire {
    type Input = Act;

    fn check(mut self) -> Result<Act, Problem> {
        let mut faults = Faults::default();
        let context = self.context(&mut faults);
        check::id(&mut faults, "/member", &self.member);
        check::optional_id(&mut faults, "/order", self.order.as_ref());
        let Int(seconds) = self.ttl_seconds.unwrap_or(Int(HOLD_SECONDS_DEFAULT));
        if !(1..=HOLD_SECONDS_MAX).contains(&seconds) {
            faults.add("/ttl_seconds", format!("must be from 1 to {HOLD_SECONDS_MAX}"));
        }
        let spend = spend(&mut faults, self.reward, self.pool, self.amount);
        let what = What::Hold { spend, ttl_ms: seconds.saturating_mul(1_000), order: self.order };
        faults.into_result(Act { member: self.member, context, what })
    }
}

impl Wire<'_> for RedemptionWire {
    type Input = Act;

    fn check(mut self) -> Result<Act, Problem> {
        let mut faults = Faults::default();
        let context = self.context(&mut faults);
        check::id(&mut faults, "/member", &self.member);
        check::optional_id(&mut faults, "/order", self.order.as_ref());
        let spend = spend(&mut faults, self.reward, self.pool, self.amount);
        let what = What::Redeem { spend, order: self.order };
        faults.into_result(Act { member: self.member, context, what })
    }
}

impl Wire<'_> for DonationWire {
    type Input = Act;

    fn check(mut self) -> Result<Act, Problem> {
        let mut faults = Faults::default();
        let context = self.context(&mut faults);
        check::id(&mut faults, "/member", &self.member);
        check::id(&mut faults, "/pool", &self.pool);
        check::id(&mut faults, "/charity", &self.charity);
        let amount = amount(&mut faults, self.amount);
        let what = What::Donate { pool: self.pool, amount, charity: self.charity };
        faults.into_result(Act { member: self.member, context, what })
    }
}

impl Wire<'_> for AmountWire {
    /// The amount, where one was given, and the context.
    type Input = (Option<Points>, Option<Box<Context>>);

    fn check(mut self) -> Result<Self::Input, Problem> {
        let mut faults = Faults::default();
        let context = self.context(&mut faults);
        let amount = self.amount.map(|of| amount(&mut faults, of));
        faults.into_result((amount, context))
    }
}

impl Wire<'_> for UpdateWire {
    /// The act without its member.
    type Input = (What, Option<Box<Context>>);

    fn check(mut self) -> Result<Self::Input, Problem> {
        let mut faults = Faults::default();
        let context = self.context(&mut faults);
        let birthday = self.birthday.and_then(|text| check::birthday(&mut faults, "/birthday", &text));
        let attributes = self.attributes.map_or_else(Vec::new, |pairs| check::attributes(&mut faults, pairs));
        let choices = self.choices.map_or_else(Vec::new, |pairs| check::pairs(&mut faults, "/choices", pairs));
        if birthday.is_none() && attributes.is_empty() && choices.is_empty() {
            faults.add("", "expected birthday, attributes or choices");
        }
        faults.into_result((What::Update { birthday, attributes, choices }, context))
    }
}

/// What is asked about a member besides whom and what.
#[derive(Debug)]
pub struct Affair {
    /// Why, in the operator's words; may be empty.
    pub reason: Text,
    /// Into whom.
    pub into: Option<Text>,
    /// Where and how.
    pub context: Option<Box<Context>>,
}

impl Wire<'_> for AffairWire {
    type Input = Affair;

    fn check(mut self) -> Result<Affair, Problem> {
        let mut faults = Faults::default();
        let context = self.context(&mut faults);
        check::label(&mut faults, "/reason", self.reason.as_ref());
        check::optional_id(&mut faults, "/into", self.into.as_ref());
        faults.into_result(Affair { reason: self.reason.unwrap_or_default(), into: self.into, context })
    }
}

/// A household to found or to join.
#[derive(Debug)]
pub struct HouseholdAsked {
    /// Its name, where the body gives it.
    pub household: Option<Text>,
    /// Who joins, in order.
    pub members: Vec<Text>,
    /// Where and how.
    pub context: Option<Box<Context>>,
}

impl Wire<'_> for HouseholdWire {
    type Input = HouseholdAsked;

    fn check(mut self) -> Result<HouseholdAsked, Problem> {
        let mut faults = Faults::default();
        let context = self.context(&mut faults);
        let household = self.household.or(self.id);
        check::optional_id(&mut faults, "/household", household.as_ref());
        let mut members = self.members.unwrap_or_default();
        members.extend(self.member);
        if members.is_empty() || members.len() > HOUSEHOLD_MEMBERS_MAX {
            faults.add("/members", format!("expected 1 to {HOUSEHOLD_MEMBERS_MAX} members"));
        }
        for (at, member) in members.iter().enumerate() {
            check::id(&mut faults, format_args!("/members/{at}"), member);
            if members.iter().take(at).any(|earlier| earlier == member) {
                faults.add(format_args!("/members/{at}"), "is named twice");
            }
        }
        faults.into_result(HouseholdAsked { household, members, context })
    }
}

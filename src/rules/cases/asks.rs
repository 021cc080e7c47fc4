//! What is asked for in a case beside events: redemptions, gifts to charities and choices, and corrections by hand, read into the
//! ledger's own. Whether it may be had is the ledger's to say.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::ledger::act::{Act, Spend, What};
use crate::ledger::event::{Adjustment, Context};
use crate::ledger::types::{Points, Text};

/// `redeem = { reward }` or `{ pool, amount }`, with the `channel` and `store` it is asked for in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RedeemTable {
    member: Option<Text>,
    reward: Option<Text>,
    pool: Option<Text>,
    amount: Option<i64>,
    order: Option<Text>,
    channel: Option<Text>,
    store: Option<Text>,
}

/// `donate = { pool, amount, charity }`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DonateTable {
    member: Option<Text>,
    pool: Text,
    amount: i64,
    charity: Text,
}

/// `adjust = { pool, amount }`, with the `staff` and `store` that do it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdjustTable {
    member: Option<Text>,
    pool: Text,
    amount: i64,
    staff: Option<Text>,
    store: Option<Text>,
}

/// `choose = { NAME = VALUE }`
pub(super) type ChooseTable = BTreeMap<Text, Text>;

/// The act of a redemption.
pub(super) fn redeem(table: &Spanned<RedeemTable>) -> Result<Act, String> {
    let ask = table.get_ref();
    let spend = match (&ask.reward, &ask.pool, ask.amount) {
        (Some(reward), None, None) => Spend::Reward(reward.clone()),
        (None, Some(pool), Some(amount)) => Spend::Points { pool: pool.clone(), amount: Points::new(amount) },
        _ => return Err("a redemption is of a reward, or of a pool and an amount".to_owned()),
    };
    let (channel, store) = (ask.channel.clone(), ask.store.clone());
    let context = Context { channel, store, ..Context::default() };
    let context = (context != Context::default()).then(|| Box::new(context));
    Ok(Act { context, ..act(ask.member.as_ref(), What::Redeem { spend, order: ask.order.clone() }) })
}

/// The act of a gift.
pub(super) fn donate(table: &DonateTable) -> Act {
    let (pool, amount, charity) = (table.pool.clone(), Points::new(table.amount), table.charity.clone());
    act(table.member.as_ref(), What::Donate { pool, amount, charity })
}

/// A correction by hand.
pub(super) fn adjust(table: &AdjustTable) -> Adjustment {
    let context = Context { staff: table.staff.clone(), store: table.store.clone(), ..Context::default() };
    Adjustment {
        member: table.member.clone().unwrap_or_else(|| Text::new_static("A")),
        pool: table.pool.clone(),
        amount: Points::new(table.amount),
        reason: Text::new_static("a case"),
        expires_at: None,
        pending: false,
        context: (context != Context::default()).then(|| Box::new(context)),
    }
}

/// The act of choosing.
pub(super) fn choose(table: &ChooseTable) -> Act {
    let choices = table.iter().filter(|(name, _)| *name != "member");
    let choices = choices.map(|(name, value)| (name.clone(), value.clone())).collect();
    act(table.get("member"), What::Update { birthday: None, attributes: Vec::new(), choices })
}

fn act(member: Option<&Text>, what: What) -> Act {
    Act { member: member.cloned().unwrap_or_else(|| Text::new_static("A")), context: None, what }
}

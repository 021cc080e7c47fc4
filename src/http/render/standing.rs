//! Effects beside plain credits and debits: spending, refunds, holds, stamps, plans, and the member's own affairs.

use super::Names;
use super::effect::{begin, credit_kind, debit_kind, made, repaid_debt};
use crate::http::json::Json;
use crate::ledger::provenance::{HoldEnd, Leaving};
use crate::ledger::record::{Account, Effect, Record};
use crate::ledger::types::{LotId, NameId, TimeMs};

/// Begins and fills an effect's object; the caller ends it.
pub(super) fn effect(out: &mut Json, record: &Record, effect: &Effect, names: Names<'_>) {
    let name = |id: NameId| names.state.name_of(id).as_str();
    let own = |index: u16| LotId { seq: record.seq, index };
    let party = effect.party();
    match effect {
        Effect::Spend { pool, lot, amount, to, .. } => {
            begin(out, record, debit_kind(to), party);
            out.field("pool", name(*pool));
            out.int_field("amount", amount.get());
            if let Account::Donated(charity) = to {
                out.field("charity", name(*charity));
            }
            out.key("lot");
            out.lot_id("lot", *lot);
        }
        Effect::Restore { pool, lot, amount, repaid, expires_at, from, .. } => {
            begin(out, record, credit_kind(from), party);
            out.field("pool", name(*pool));
            out.int_field("amount", amount.get());
            out.key("lot");
            out.lot_id("lot", *lot);
            if let Some(at) = expires_at {
                out.time_field("expires_at", *at);
            }
            repaid_debt(out, *repaid);
        }
        Effect::Hold { index, pool, lots, until, .. } => {
            begin(out, record, "hold", party);
            out.key("hold");
            made(out, "hold", own(*index), names);
            out.field("pool", name(*pool));
            out.int_field("amount", lots.iter().map(|(_, amount)| amount.get()).sum::<i64>());
            if *until != TimeMs::NEVER {
                out.time_field("until", *until);
            }
        }
        Effect::Extend { hold, until, .. } => {
            begin(out, record, "hold", party);
            out.key("hold");
            out.lot_id("hold", *hold);
            out.time_field("until", *until);
        }
        Effect::Unhold { hold, end, .. } => {
            let kind = match end {
                HoldEnd::Captured => "capture",
                HoldEnd::Released => "release",
                HoldEnd::Lapsed => "hold_lapse",
            };
            begin(out, record, kind, party);
            out.key("hold");
            out.lot_id("hold", *hold);
        }
        other => spending(out, record, other, names),
    }
}

/// Redemptions, refunds and gifts.
fn spending(out: &mut Json, record: &Record, effect: &Effect, names: Names<'_>) {
    let name = |id: NameId| names.state.name_of(id).as_str();
    let party = effect.party();
    match effect {
        Effect::Redeem { id, pool, amount, reward, .. } => {
            begin(out, record, "redemption", party);
            out.key("redemption");
            made(out, "redemption", *id, names);
            out.field("pool", name(*pool));
            out.int_field("amount", amount.get());
            if let Some((reward, _)) = reward {
                out.field("reward", name(*reward));
            }
        }
        Effect::Reversal { of, total, .. } => {
            begin(out, record, "reversal", party);
            out.key("redemption");
            out.lot_id("redemption", *of);
            out.int_field("reversed", total.get());
        }
        Effect::Refund { order, .. } => {
            begin(out, record, "refund", party);
            out.field("order", order);
        }
        Effect::Await { order, .. } => {
            begin(out, record, "refund_waits", party);
            out.field("order", order);
        }
        Effect::Gift { pool, amount, to, .. } => {
            begin(out, record, "gift", party);
            out.field("pool", name(*pool));
            out.int_field("amount", amount.get());
            if let Account::Donated(charity) = to {
                out.field("charity", name(*charity));
            }
        }
        other => life(out, record, other, names),
    }
}

/// Stamps, rewards, rights and plans.
fn life(out: &mut Json, record: &Record, effect: &Effect, names: Names<'_>) {
    let name = |id: NameId| names.state.name_of(id).as_str();
    let party = effect.party();
    match effect {
        Effect::Punch { card, of, marks, stamps, .. } => {
            begin(out, record, "stamp", party);
            out.field("card", name(*card));
            out.int_field("count", marks.len() as u64);
            out.int_field("stamps", *stamps);
            out.int_field("of", *of);
        }
        Effect::Unpunch { card, marks, owed, stamps, .. } => {
            begin(out, record, "unstamp", party);
            out.field("card", name(*card));
            out.int_field("count", marks.len() as u64);
            out.int_field("owed", *owed);
            out.int_field("stamps", *stamps);
        }
        Effect::Ungrant { reward, grant, why, .. } => {
            let kind = match why {
                Leaving::Used => "reward_used",
                Leaving::Withdrawn => "reward_withdrawn",
                Leaving::Expired => "reward_expired",
                Leaving::Cancelled => "reward_cancelled",
            };
            begin(out, record, kind, party);
            out.field("reward", name(*reward));
            out.key("grant");
            out.lot_id("grant", *grant);
        }
        Effect::Entitle { entitlement, until, .. } => {
            begin(out, record, "entitlement", party);
            out.field("entitlement", name(*entitlement));
            if let Some(until) = until {
                out.time_field("until", *until);
            }
        }
        Effect::Plan { plan, from, until, .. } => {
            begin(out, record, "membership", party);
            out.field("plan", name(*plan));
            out.time_field("from", *from);
            if let Some(until) = until {
                out.time_field("until", *until);
            }
        }
        Effect::PlanEnd { at, refunded, .. } => {
            begin(out, record, if *refunded { "membership_refunded" } else { "membership_lapsed" }, party);
            out.time_field("at", *at);
        }
        Effect::Merged { into, .. } => {
            begin(out, record, "merged", party);
            out.field("into", into);
        }
        other => begin(out, record, plain_kind(other), party),
    }
}

/// Effects whose kind says all.
fn plain_kind(effect: &Effect) -> &'static str {
    match effect {
        Effect::Awaited { .. } => "refund_found",
        Effect::Disentitle { .. } => "entitlement_ended",
        Effect::Told { .. } => "profile",
        Effect::Freeze { frozen: true, .. } => "frozen",
        Effect::Freeze { frozen: false, .. } => "unfrozen",
        Effect::Erased { .. } => "erased",
        Effect::Household { household: Some(_), .. } => "household",
        Effect::Household { household: None, .. } => "household_left",
        _ => "noted",
    }
}

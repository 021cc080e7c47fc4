//! Answers to acts: what was asked, what came of it, the balance it left.

use super::answer::{balance_after, fraud, ran};
use super::balance::code;
use super::{Names, effect, status_name};
use crate::http::json::Json;
use crate::ledger::act::{Act, Spend, What};
use crate::ledger::provenance::Hold;
use crate::ledger::record::{Effect, Input, Record};
use crate::ledger::types::{LotId, TimeMs};

/// Writes the answer to an act.
pub fn act(out: &mut Json, record: &Record, names: Names<'_>) {
    let Input::Act(act, _) = &record.input else { return out.null() };
    out.begin_object();
    id(out, record, act);
    out.int_field("seq", record.seq.get());
    out.field("status", status_name(record.status));
    out.time_field("recorded_at", record.recorded_at);
    out.field("member", &act.member);
    asked(out, record, act, names);
    effect::effects(out, record, names);
    balance_after(out, record, names);
    fraud(out, record, names);
    if record.operations > 0 || !record.faults.is_empty() {
        ran(out, record, names);
    }
    out.end_object();
}

/// The id of what was made: it names the record and what of it.
fn id(out: &mut Json, record: &Record, act: &Act) {
    out.key("id");
    let at = |index: u16| LotId { seq: record.seq, index };
    let held = |effect: &Effect| match effect {
        Effect::Hold { index, .. } => Some(at(*index)),
        _ => None,
    };
    let bought = |effect: &Effect| match effect {
        Effect::Redeem { id, .. } => Some(*id),
        _ => None,
    };
    let first = LotId { seq: record.seq, index: 0 };
    match &act.what {
        What::Hold { .. } => out.lot_id("hold", record.effects.iter().find_map(held).unwrap_or(first)),
        What::Redeem { .. } | What::Capture { .. } => {
            let found = record.effects.iter().find_map(bought).or_else(|| record.effects.iter().find_map(held));
            out.lot_id("redemption", found.unwrap_or(first));
        }
        What::Reverse { .. } => out.lot_id("reversal", first),
        What::Donate { .. } => out.lot_id("donation", first),
        _ => out.transaction_id(record.seq.get()),
    }
}

/// What was asked, and what it came to.
fn asked(out: &mut Json, record: &Record, act: &Act, names: Names<'_>) {
    match &act.what {
        What::Hold { spend, order, .. } => {
            spent(out, spend);
            kept_until(out, record);
            out.key("order");
            out.optional(order.as_deref());
        }
        What::Redeem { spend, .. } => {
            spent(out, spend);
            bought(out, record, names);
        }
        What::Capture { hold, .. } => {
            out.key("hold");
            out.lot_id("hold", *hold);
            bought(out, record, names);
        }
        What::Release { hold } => {
            out.key("hold");
            out.lot_id("hold", *hold);
        }
        What::Reverse { redemption, .. } => {
            out.key("redemption");
            out.lot_id("redemption", *redemption);
            for effect in &record.effects {
                if let Effect::Reversal { total, .. } = effect {
                    out.int_field("reversed", total.get());
                }
            }
            let returned = |effect: &Effect| match effect {
                Effect::Restore { amount, .. } => amount.get(),
                _ => 0,
            };
            out.int_field("amount", record.effects.iter().map(returned).sum::<i64>());
        }
        What::Donate { pool, amount, charity } => {
            out.field("pool", pool);
            out.int_field("amount", amount.get());
            out.field("charity", charity);
        }
        What::Use { grant } | What::Cancel { grant } => left(out, record, *grant, names),
        What::Freeze { frozen, reason } => {
            out.key("frozen");
            out.bool(*frozen);
            out.field("reason", reason);
        }
        other => told(out, other),
    }
}

fn told(out: &mut Json, what: &What) {
    match what {
        What::Update { birthday, attributes, choices } => {
            if let Some(birthday) = birthday {
                let day = format!("{:02}-{:02}", birthday.month, birthday.day);
                out.key("birthday");
                match birthday.year {
                    Some(year) => out.prefixed(&format!("{year:04}-"), &day),
                    None => out.string(&day),
                }
            }
            for (key, pairs) in [("attributes", attributes), ("choices", choices)] {
                out.key(key);
                out.begin_object();
                for (name, value) in pairs {
                    out.text_key(name);
                    out.string(value);
                }
                out.end_object();
            }
        }
        What::Merge { into } => out.field("into", into),
        What::Join { household, members } => {
            out.field("household", household);
            out.key("members");
            out.begin_array();
            for member in members {
                out.string(member);
            }
            out.end_array();
        }
        _ => {}
    }
}

fn spent(out: &mut Json, spend: &Spend) {
    match spend {
        Spend::Points { pool, amount } => {
            out.field("pool", pool);
            out.int_field("amount", amount.get());
        }
        Spend::Reward(reward) => out.field("reward", reward),
    }
}

/// What the member's hold keeps until when, over everybody in their household.
fn kept_until(out: &mut Json, record: &Record) {
    for effect in &record.effects {
        if let Effect::Hold { party: 0, until, .. } = effect {
            out.int_field("held", kept(record));
            if *until != TimeMs::NEVER {
                out.time_field("expires_at", *until);
            }
        }
    }
}

/// What a record keeps aside in all.
fn kept(record: &Record) -> i64 {
    let of_effect = |effect: &Effect| match effect {
        Effect::Hold { lots, .. } => lots.iter().map(|(_, amount)| amount.get()).sum(),
        _ => 0,
    };
    record.effects.iter().map(of_effect).sum()
}

/// What a redemption took and gave.
fn bought(out: &mut Json, record: &Record, names: Names<'_>) {
    for effect in &record.effects {
        match effect {
            Effect::Redeem { pool, amount, .. } => {
                out.key("paid");
                out.begin_object();
                out.field("pool", names.state.name_of(*pool));
                out.int_field("amount", amount.get());
                out.end_object();
            }
            Effect::Grant { index, value, expires_at, .. } => {
                let grant = LotId { seq: record.seq, index: *index };
                out.key("grant");
                out.lot_id("grant", grant);
                if let Some(value) = value {
                    out.int_field("value", value.get());
                }
                if let Some(at) = expires_at {
                    out.time_field("expires_at", *at);
                }
                code(out, grant, names);
            }
            _ => {}
        }
    }
}

fn left(out: &mut Json, record: &Record, grant: LotId, names: Names<'_>) {
    out.key("grant");
    out.lot_id("grant", grant);
    code(out, grant, names);
    for effect in &record.effects {
        if let Effect::Ungrant { reward, .. } = effect {
            out.field("reward", names.state.name_of(*reward));
        }
    }
}

/// Writes a hold as its record made it, and as it is now, where it has not ended.
pub fn hold(out: &mut Json, record: &Record, id: LotId, known: Option<&Hold>, names: Names<'_>) {
    let made = |effect: &&Effect| matches!(effect, Effect::Hold { index, .. } if *index == id.index);
    let Some(Effect::Hold { party, pool, until, reward, order, .. }) = record.effects.iter().find(made) else {
        return out.null();
    };
    out.begin_object();
    out.key("id");
    out.lot_id("hold", id);
    out.field("member", record.parties.get(usize::from(*party)).map_or("", |party| party.member.as_str()));
    out.field(
        "status",
        match known {
            None => "ended",
            Some(known) if known.until == TimeMs::NEVER => "in_review",
            Some(_) => "active",
        },
    );
    out.field("pool", names.state.name_of(*pool));
    out.int_field("amount", kept(record));
    out.time_field("made_at", record.recorded_at);
    let until = known.map_or(*until, |known| known.until);
    if until != TimeMs::NEVER {
        out.time_field("expires_at", until);
    }
    out.key("reward");
    out.optional(reward.map(|reward| names.state.name_of(reward).as_str()));
    out.key("order");
    out.optional(order.as_deref());
    out.end_object();
}

/// Writes a voucher: the reward, until when, and whether it can be used. `here` says whether its owner still has it.
pub fn voucher(out: &mut Json, record: &Record, id: LotId, (here, now): (bool, TimeMs), names: Names<'_>) {
    let made = |effect: &&Effect| matches!(effect, Effect::Grant { index, .. } if *index == id.index);
    let Some(Effect::Grant { party, reward, value, expires_at, .. }) = record.effects.iter().find(made) else {
        return out.null();
    };
    let expired = expires_at.is_some_and(|at| at <= now);
    out.begin_object();
    code(out, id, names);
    out.key("grant");
    out.lot_id("grant", id);
    out.field("reward", names.state.name_of(*reward));
    out.field("member", record.parties.get(usize::from(*party)).map_or("", |party| party.member.as_str()));
    out.field(
        "status",
        if expired {
            "expired"
        } else if here {
            "usable"
        } else {
            "used"
        },
    );
    if let Some(value) = value {
        out.int_field("value", value.get());
    }
    if let Some(at) = expires_at {
        out.time_field("expires_at", *at);
    }
    out.end_object();
}

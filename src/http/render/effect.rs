//! Effects and what was clipped, one object each.

use super::{Names, party_name, standing};
use crate::http::json::Json;
use crate::ledger::apply::takes_effect;
use crate::ledger::record::{Account, Clip, Clipped, Credit, Effect, Record, Status};
use crate::ledger::review::Vest;
use crate::ledger::terms::Terms;
use crate::ledger::types::{LotId, NameId, Points, TimeMs};

/// Writes `effects`: what a record did.
pub fn effects(out: &mut Json, record: &Record, names: Names<'_>) {
    out.key("effects");
    out.begin_array();
    for one in &record.effects {
        effect(out, record, one, names);
    }
    out.end_array();
}

/// Writes an effect; nothing for bookkeeping that callers never asked for.
fn effect(out: &mut Json, record: &Record, effect: &Effect, names: Names<'_>) {
    if is_bookkeeping(effect) {
        return;
    }
    let name = |id: NameId| names.state.name_of(id).as_str();
    match effect {
        Effect::Enroll { party, referrer } => {
            begin(out, record, "enroll", *party);
            if let Some(referrer) = referrer {
                out.field("referrer", referrer);
            }
        }
        Effect::Credit(given) => credit(out, record, given, names),
        Effect::Debit { party, pool, lot, amount, to } => {
            begin(out, record, debit_kind(to), *party);
            out.field("pool", name(*pool));
            out.int_field("amount", amount.get());
            if let Account::Donated(charity) = to {
                out.field("charity", name(*charity));
            }
            out.key("lot");
            out.lot_id("lot", *lot);
        }
        Effect::Owe { .. } => owe(out, record, effect, names),
        Effect::Activate { party, pool, lot, repaid } => {
            begin(out, record, "activate", *party);
            out.field("pool", name(*pool));
            out.key("lot");
            out.lot_id("lot", *lot);
            repaid_debt(out, *repaid);
        }
        Effect::Stamp { party, card, count, of, stamps, .. } => {
            begin(out, record, "stamp", *party);
            out.field("card", name(*card));
            out.int_field("count", *count);
            out.int_field("stamps", *stamps);
            out.int_field("of", *of);
        }
        Effect::Grant { .. } => grant(out, record, effect, names),
        Effect::Tier { party, from, to } => {
            begin(out, record, "tier", *party);
            for (key, tier) in [("from", from), ("to", to)] {
                out.key(key);
                out.optional(tier.map(name));
            }
        }
        Effect::Count { counter, .. } if is_built_in(names.terms, *counter) => return,
        Effect::Count { party, counter, amount, .. } => {
            begin(out, record, "count", *party);
            out.field("counter", name(*counter));
            out.int_field("amount", *amount);
        }
        Effect::Vest(given) => vest(out, record, given, names),
        Effect::Profile { party } => begin(out, record, "profile", *party),
        Effect::ReferralPaid { .. } => referral(out, record, effect),
        other => standing::effect(out, record, other, names),
    }
    if !takes_effect(record.status, effect) && names.released.is_none() {
        out.field("state", "held");
    }
    out.end_object();
}

/// What callers never asked for.
const fn is_bookkeeping(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Budget { .. }
            | Effect::Seen { .. }
            | Effect::Since { .. }
            | Effect::Origin { .. }
            | Effect::Hangs { .. }
            | Effect::PlanSpend { .. }
            | Effect::HeldTerms { .. }
            | Effect::Kin(_)
            | Effect::Unobserve(_)
            | Effect::Reverse(_)
            | Effect::HeldCap { .. }
            | Effect::Lifetime { .. }
            | Effect::Chose { .. }
            | Effect::Private(_)
            | Effect::Qualify { .. }
            | Effect::Land { .. }
            | Effect::Refer { .. }
    )
}

fn referral(out: &mut Json, record: &Record, effect: &Effect) {
    let Effect::ReferralPaid { party, referrer } = effect else { return };
    begin(out, record, "referral_paid", *party);
    out.field("referrer", party_name(record, *referrer));
}

/// The start of an effect's object; the member is named where it is not the one the record is about.
pub(super) fn begin(out: &mut Json, record: &Record, kind: &'static str, party: u8) {
    out.begin_object();
    out.field("kind", kind);
    if party != 0 {
        out.field("member", party_name(record, party));
    }
}

fn credit(out: &mut Json, record: &Record, credit: &Credit, names: Names<'_>) {
    begin(out, record, credit_kind(&credit.from), credit.party);
    out.field("pool", names.state.name_of(credit.pool));
    out.int_field("amount", credit.amount.get());
    // The instant the record's own balance is told for.
    let at = record.recorded_at.max(record.occurred_at);
    let waits = credit.available_at > at;
    let for_review = credit.available_at == TimeMs::NEVER;
    out.field(
        "state",
        if for_review {
            after_review(credit, record.status, names)
        } else if waits {
            "pending"
        } else {
            "available"
        },
    );
    out.key("lot");
    made(out, "lot", credit.lot, names);
    if waits && !for_review {
        out.time_field("available_at", credit.available_at);
    }
    if let Some(at) = credit.expires_at {
        out.time_field("expires_at", at);
    }
    repaid_debt(out, credit.repaid);
    out.field("reason", &credit.reason);
    out.field("rule", &credit.rule);
}

/// The state of a credit that waits until somebody lets it go: for a review, or because it was given so by hand.
fn after_review(credit: &Credit, status: Status, names: Names<'_>) -> &'static str {
    if credit.from == Account::Adjusted && status != Status::Held {
        return "pending";
    }
    let Some(released) = names.released else { return "held" };
    let vested = released.effects.iter().find_map(|effect| match effect {
        Effect::Vest(Vest { lot, available_at, .. }) if *lot == credit.lot => {
            Some(*available_at > released.recorded_at)
        }
        _ => None,
    });
    match vested {
        Some(true) => "pending",
        Some(false) => "available",
        None => "void",
    }
}

/// The id of something the record made.
pub(super) fn made(out: &mut Json, prefix: &'static str, id: LotId, names: Names<'_>) {
    if names.simulated {
        out.null();
    } else {
        out.lot_id(prefix, id);
    }
}

pub(super) fn repaid_debt(out: &mut Json, repaid: Points) {
    if repaid.is_positive() {
        out.int_field("repaid_debt", repaid.get());
    }
}

fn owe(out: &mut Json, record: &Record, effect: &Effect, names: Names<'_>) {
    let Effect::Owe { party, pool, amount, .. } = effect else { return };
    begin(out, record, "debt", *party);
    out.field("pool", names.state.name_of(*pool));
    out.int_field("amount", amount.get());
}

fn vest(out: &mut Json, record: &Record, given: &Vest, names: Names<'_>) {
    let Vest { party, pool, lot, amount, available_at, expires_at, repaid } = given;
    begin(out, record, "activate", *party);
    out.field("pool", names.state.name_of(*pool));
    out.int_field("amount", amount.get());
    out.field("state", if *available_at > record.recorded_at { "pending" } else { "available" });
    out.key("lot");
    out.lot_id("lot", *lot);
    out.time_field("available_at", *available_at);
    if let Some(at) = expires_at {
        out.time_field("expires_at", *at);
    }
    repaid_debt(out, *repaid);
}

fn grant(out: &mut Json, record: &Record, effect: &Effect, names: Names<'_>) {
    let Effect::Grant { party, index, reward, value, expires_at, reason } = effect else { return };
    begin(out, record, "reward", *party);
    out.field("reward", names.state.name_of(*reward));
    out.key("grant");
    made(out, "grant", LotId { seq: record.seq, index: *index }, names);
    if let Some(value) = value {
        out.int_field("value", value.get());
    }
    if let Some(at) = expires_at {
        out.time_field("expires_at", *at);
    }
    out.field("reason", reason);
}

/// What a credit is called by where it comes from.
pub const fn credit_kind(from: &Account) -> &'static str {
    match from {
        Account::Issued => "earn",
        Account::Adjusted => "adjust",
        Account::Transit => "transfer_in",
        Account::Redeemed | Account::Expired | Account::Reversed | Account::Donated(_) | Account::Member => "restore",
    }
}

/// What a debit is called by where it goes.
pub const fn debit_kind(to: &Account) -> &'static str {
    match to {
        Account::Redeemed => "redeem",
        Account::Expired => "expire",
        Account::Reversed | Account::Issued => "reverse",
        Account::Adjusted => "deduct",
        Account::Donated(_) => "donate",
        Account::Transit | Account::Member => "transfer_out",
    }
}

/// Counters that the ledger keeps for itself: spend, purchases, caps, referrals.
fn is_built_in(terms: &Terms, counter: NameId) -> bool {
    counter == terms.spend_counter
        || counter == terms.purchases_counter
        || terms.caps.iter().any(|cap| cap.counter == counter)
        || terms.referral.as_ref().is_some_and(|referral| referral.counter == counter)
}

/// Writes what a limit cut.
pub fn clip(out: &mut Json, record: &Record, clip: &Clip, names: Names<'_>) {
    out.begin_object();
    if clip.party != 0 {
        out.field("member", party_name(record, clip.party));
    }
    match clip.what {
        Clipped::Pool(pool) => out.field("pool", names.state.name_of(pool)),
        Clipped::Card(card) => out.field("card", names.state.name_of(card)),
    }
    out.int_field("wanted", clip.wanted);
    out.int_field("given", clip.given);
    out.field("limit", &clip.limit);
    out.end_object();
}

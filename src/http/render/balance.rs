//! Balances: the short one in every answer, and the whole one of `GET …/balance`.

use std::sync::Arc;

use super::Names;
use crate::http::json::Json;
use crate::ledger::decide::{inactivity_end, settled};
use crate::ledger::member::{Lot, Member, PoolState};
use crate::ledger::record::Snapshot;
use crate::ledger::rights::rights;
use crate::ledger::tiers::{self, credit_at, fall, next_fall, rank, threshold};
use crate::ledger::types::{LotId, NameId, Points, Text, TimeMs};
use crate::limits::EXPIRING_ROWS_MAX;

/// Writes `pools`, `cards` and `tier` into an open object.
pub fn snapshot(out: &mut Json, after: &Snapshot, names: Names<'_>) {
    out.key("pools");
    out.begin_object();
    for pool in &after.pools {
        out.text_key(names.state.name_of(pool.pool));
        buckets(out, [pool.available, pool.pending, pool.held, pool.debt]);
    }
    out.end_object();
    cards(out, after, names);
}

fn buckets(out: &mut Json, [available, pending, held, debt]: [Points; 4]) {
    out.begin_object();
    out.int_field("available", available.get());
    out.int_field("pending", pending.get());
    out.int_field("held", held.get());
    out.int_field("debt", debt.get());
    out.end_object();
}

fn cards(out: &mut Json, after: &Snapshot, names: Names<'_>) {
    out.key("cards");
    out.begin_object();
    for (card, stamps, of) in &after.cards {
        out.text_key(names.state.name_of(*card));
        out.begin_object();
        out.int_field("stamps", *stamps);
        out.int_field("of", *of);
        out.end_object();
    }
    out.end_object();
    out.key("tier");
    out.optional(after.tier.map(|tier| names.state.name_of(tier).as_str()));
}

/// Writes the whole balance of a member, settled by `at`. Pools that were declared and never touched are zeros.
pub fn balance(
    out: &mut Json,
    id: &str,
    (member, home): (&Member, &[(Text, Arc<Member>)]),
    names: Names<'_>,
    at: TimeMs,
) {
    let after = member.snapshot(at);
    out.begin_object();
    out.field("member", id);
    out.time_field("at", at);
    out.key("pools");
    out.begin_object();
    for pool in &after.pools {
        out.text_key(names.state.name_of(pool.pool));
        buckets(out, [pool.available, pool.pending, pool.held, pool.debt]);
    }
    for pool in &names.terms.pools {
        if after.pools.iter().all(|touched| touched.pool != pool.name) {
            out.text_key(names.state.name_of(pool.name));
            buckets(out, [Points::ZERO; 4]);
        }
    }
    out.end_object();
    cards(out, &after, names);
    rewards(out, member, names, at);
    expiring(out, member, names, at);
    tier_progress(out, member, names, at);
    entitlements(out, member, names, at);
    memberships(out, member, names, at);
    holds(out, member, names);
    if let Some((household, members)) = member.standing().and_then(|standing| standing.household.as_ref()) {
        out.key("household");
        out.begin_object();
        out.field("id", household);
        out.key("members");
        out.begin_array();
        for member in members {
            out.string(member);
        }
        out.end_array();
        common_pools(out, home, names, at);
        out.end_object();
    }
    out.end_object();
}

/// Writes `pools`: what the members of a household can spend together of the pools that they have in common.
pub fn common_pools(out: &mut Json, members: &[(Text, Arc<Member>)], names: Names<'_>, at: TimeMs) {
    out.key("pools");
    out.begin_object();
    for pool in names.terms.household.iter().flat_map(|terms| &terms.pools) {
        let may = |member: &&(Text, Arc<Member>)| member.1.standing().is_none_or(|standing| !standing.frozen);
        let of = |(_, member): &(Text, Arc<Member>)| settled(member, names.terms, at).available(*pool, at);
        out.text_key(names.state.name_of(*pool));
        out.begin_object();
        out.int_field("available", members.iter().filter(may).map(of).sum::<Points>().get());
        out.end_object();
    }
    out.end_object();
}

/// Rewards that can still be used.
fn rewards(out: &mut Json, member: &Member, names: Names<'_>, at: TimeMs) {
    out.key("rewards");
    out.begin_array();
    for grant in member.grants.iter().filter(|grant| grant.expires_at.is_none_or(|expires| expires > at)) {
        out.begin_object();
        out.field("reward", names.state.name_of(grant.reward));
        out.key("grant");
        out.lot_id("grant", grant.id);
        if let Some(value) = grant.value {
            out.int_field("value", value.get());
        }
        if let Some(expires) = grant.expires_at {
            out.time_field("expires_at", expires);
        }
        code(out, grant.id, names);
        out.end_object();
    }
    out.end_array();
}

/// Writes the voucher code of a grant.
pub(super) fn code(out: &mut Json, grant: LotId, names: Names<'_>) {
    if let Some((program, vouchers)) = names.vouchers {
        out.field("code", &vouchers.code(program, grant));
    }
}

/// Rights that come with membership, a tier or a running plan, and those given for a time.
fn entitlements(out: &mut Json, member: &Member, names: Names<'_>, at: TimeMs) {
    out.key("entitlements");
    out.begin_array();
    for (name, until) in rights(member, names.terms, at) {
        out.begin_object();
        out.field("entitlement", names.state.name_of(name));
        if let Some(until) = until {
            out.time_field("until", until);
        }
        out.end_object();
    }
    out.end_array();
}

/// Periods of plans that run or are paid ahead.
fn memberships(out: &mut Json, member: &Member, names: Names<'_>, at: TimeMs) {
    out.key("memberships");
    out.begin_array();
    let periods = member.standing().map_or(&[][..], |standing| standing.plans.as_slice());
    for period in periods.iter().filter(|p| !p.ended && p.until.is_none_or(|until| at < until)) {
        out.begin_object();
        out.field("plan", names.state.name_of(period.plan));
        out.field("status", if period.from <= at { "active" } else { "paid_ahead" });
        out.time_field("from", period.from);
        out.key("until");
        match period.until {
            Some(until) => out.time(until),
            None => out.null(),
        }
        out.end_object();
    }
    out.end_array();
}

/// Points kept aside, hold by hold.
fn holds(out: &mut Json, member: &Member, names: Names<'_>) {
    out.key("holds");
    out.begin_array();
    for hold in member.standing().map_or(&[][..], |standing| standing.holds.as_slice()) {
        out.begin_object();
        out.key("id");
        out.lot_id("hold", hold.id);
        out.field("pool", names.state.name_of(hold.pool));
        out.int_field("amount", hold.lots.iter().map(|(_, amount)| amount.get()).sum::<i64>());
        if hold.until == TimeMs::NEVER {
            out.field("waits_for", "review");
        } else {
            out.time_field("expires_at", hold.until);
        }
        if let Some(order) = &hold.order {
            out.field("order", order);
        }
        out.end_object();
    }
    out.end_array();
}

/// What is lost next: the soonest instants over all pools, what each takes of a pool in one row.
fn expiring(out: &mut Json, member: &Member, names: Names<'_>, at: TimeMs) {
    // What a hold keeps aside does not expire while it lasts; what waits for a review is not lost by inactivity.
    let row = |pool: &PoolState, lot: &Lot| {
        let idle = inactivity_end(pool, names.terms, member.active_at).filter(|_| lot.available_at != TimeMs::NEVER);
        Some((lot.expires_at.into_iter().chain(idle).min()?, pool.pool, lot.free()))
    };
    let mut rows: Vec<(TimeMs, NameId, Points)> = member
        .pools
        .iter()
        .flat_map(|pool| pool.lots.iter().filter_map(|lot| row(pool, lot)))
        .filter(|(expires, _, amount)| *expires > at && amount.is_positive())
        .collect();
    rows.sort_unstable_by_key(|(expires, pool, _)| (*expires, *pool));
    rows.dedup_by(|next, kept| {
        let same = (next.0, next.1) == (kept.0, kept.1);
        if same {
            kept.2 += next.2;
        }
        same
    });
    out.key("expiring");
    out.begin_array();
    for (expires, pool, amount) in rows.into_iter().take(EXPIRING_ROWS_MAX) {
        out.begin_object();
        out.field("pool", names.state.name_of(pool));
        out.int_field("amount", amount.get());
        out.time_field("expires_at", expires);
        out.end_object();
    }
    out.end_array();
}

/// How far credit has come on the way to the next tier, until when the present one is kept by what is known, and how much more
/// by then keeps it longer.
fn tier_progress(out: &mut Json, member: &Member, names: Names<'_>, at: TimeMs) {
    out.key("tier_progress");
    let Some(tiers) = &names.terms.tiers else { return out.null() };
    let reached = rank(tiers, member.tier);
    let next = tiers.levels.iter().skip(reached).find_map(|level| Some((level.name, threshold(level)?)));
    let shown = next.map(|(_, (counter, _))| counter).or_else(|| tiers::counters(tiers).next());
    let credit = shown.map_or(0, |counter| credit_at(member, names.terms, counter, at));
    let name = |id: NameId| names.state.name_of(id).as_str();
    out.begin_object();
    out.key("tier");
    out.optional(member.tier.map(name));
    out.key("next");
    out.optional(next.map(|(tier, _)| name(tier)));
    out.int_field("credit", credit);
    out.key("missing");
    match next {
        Some((_, (_, threshold))) => out.int(threshold.saturating_sub(credit).max(0)),
        None => out.null(),
    }
    if let Some(falls_at) = next_fall(member, names.terms) {
        let (to, _) = fall(member, names.terms, falls_at);
        out.time_field("kept_until", falls_at);
        out.key("then");
        out.optional(to.map(name));
        let level = reached.checked_sub(1).and_then(|at| tiers.levels.get(at)).and_then(threshold);
        if let Some((counter, from)) = level {
            let left = credit_at(member, names.terms, counter, falls_at);
            out.int_field("missing_to_keep", from.saturating_sub(left).max(0));
        }
    }
    out.end_object();
}

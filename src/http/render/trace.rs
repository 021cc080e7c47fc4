//! Where the points of a case went, lot by lot. Nothing here decides anything.

use super::Names;
use crate::engine::Whereabouts;
use crate::http::json::Json;
use crate::ledger::taint::{Left, Move, Source, Went};
use crate::ledger::types::TimeMs;

/// Writes what became of each lot, by a time.
pub fn trace(out: &mut Json, found: &Whereabouts, now: TimeMs, names: Names<'_>) {
    let all: Vec<Left> = found.taint.left().collect();
    out.begin_object();
    out.key("complete");
    out.bool(found.complete);
    out.key("sources");
    out.begin_array();
    for (at, of) in found.taint.sources().iter().enumerate() {
        let left: Vec<&Left> = all.iter().filter(|left| left.source == at).collect();
        let (lost, kept): (Vec<&Left>, Vec<&Left>) =
            left.into_iter().partition(|left| left.expires_at.is_some_and(|expires| expires <= now));
        out.begin_object();
        source(out, of, found, names);
        out.int_field("left", kept.iter().map(|left| left.amount.get()).sum::<i64>());
        out.key("steps");
        out.begin_array();
        for done in found.taint.moves().iter().filter(|step| step.source == at) {
            step(out, done, names);
        }
        for left in lost {
            out.begin_object();
            out.field("kind", "expired");
            out.time_field("at", left.expires_at.unwrap_or(now));
            out.field("from", &left.member);
            out.int_field("amount", left.amount.get());
            out.end_object();
        }
        out.end_array();
        holders(out, &kept);
        out.end_object();
    }
    out.end_array();
    out.end_object();
}

fn source(out: &mut Json, of: &Source, found: &Whereabouts, names: Names<'_>) {
    out.int_field("seq", of.origin.get());
    if let Some(event) = found.origins.get(&of.origin).and_then(|record| record.input.event()) {
        out.field("source", &event.source);
        out.field("id", &event.id);
        out.field("type", &event.kind.wire_name());
    }
    out.field("member", &of.owner);
    out.field("pool", names.state.name_of(of.pool));
    out.key("lot");
    out.lot_id("lot", of.lot);
    out.int_field("amount", of.amount.get());
}

fn step(out: &mut Json, done: &Move, names: Names<'_>) {
    out.begin_object();
    out.field("kind", kind(done.went));
    out.int_field("seq", done.seq.get());
    out.time_field("at", done.at);
    out.field("from", &done.from);
    if let Some(to) = &done.to {
        out.field("to", to);
    }
    out.int_field("amount", done.amount.get());
    match done.went {
        Went::Redeemed(redemption, reward) => {
            out.key("redemption");
            out.lot_id("redemption", redemption);
            if let Some(reward) = reward {
                out.field("reward", names.state.name_of(reward));
            }
        }
        Went::Donated(charity) => out.field("charity", names.state.name_of(charity)),
        _ => {}
    }
    out.end_object();
}

/// Who has what is left, and in which lots.
fn holders(out: &mut Json, left: &[&Left]) {
    out.key("holders");
    out.begin_array();
    for left in left {
        out.begin_object();
        out.field("member", &left.member);
        out.key("lot");
        out.lot_id("lot", left.lot);
        out.int_field("amount", left.amount.get());
        out.end_object();
    }
    out.end_array();
}

const fn kind(went: Went) -> &'static str {
    match went {
        Went::Transferred => "transfer",
        Went::Merged => "merge",
        Went::Redeemed(..) => "redeemed",
        Went::Spent => "spent",
        Went::Returned => "returned",
        Went::Donated(_) => "donated",
        Went::Expired => "expired",
        Went::Refunded => "refunded",
        Went::Adjusted => "adjusted",
        Went::Repaid => "repaid",
        Went::ClawedBack => "clawed_back",
        Went::MadeGood => "made_good",
        Went::Owed => "owed",
    }
}

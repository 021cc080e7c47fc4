//! Answers to adjustments and transfers.

use super::answer::{balance_after, fraud};
use super::{Names, effect, status_name};
use crate::http::json::Json;
use crate::ledger::event::{Adjustment, Transfer};
use crate::ledger::record::Record;

fn begin(out: &mut Json, record: &Record, replayed: bool) {
    out.begin_object();
    out.key("id");
    out.transaction_id(record.seq.get());
    out.int_field("seq", record.seq.get());
    out.field("status", status_name(record.status));
    if replayed {
        out.key("replayed");
        out.bool(true);
    }
    out.time_field("recorded_at", record.recorded_at);
}

fn end(out: &mut Json, record: &Record, names: Names<'_>) {
    effect::effects(out, record, names);
    balance_after(out, record, names);
    fraud(out, record, names);
    out.end_object();
}

/// Writes the answer to a correction by hand.
pub fn adjustment(out: &mut Json, record: &Record, asked: &Adjustment, names: Names<'_>, replayed: bool) {
    begin(out, record, replayed);
    out.field("member", &asked.member);
    out.field("pool", &asked.pool);
    out.int_field("amount", asked.amount.get());
    out.field("reason", &asked.reason);
    end(out, record, names);
}

/// Writes the answer to a move between members; the balance is the giver's.
pub fn transfer(out: &mut Json, record: &Record, asked: &Transfer, names: Names<'_>, replayed: bool) {
    begin(out, record, replayed);
    out.field("from", &asked.from);
    out.field("to", &asked.to);
    out.field("pool", &asked.pool);
    out.int_field("amount", asked.amount.get());
    end(out, record, names);
}

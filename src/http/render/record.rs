//! A record of the journal as one JSON object, for feeds and exports: what was asked as it was sent, and all that was decided.

use super::answer::fraud;
use super::{Names, effect, status_name};
use crate::http::json::Json;
use crate::http::tally::kind;
use crate::ledger::act::{Act, Spend, What};
use crate::ledger::event::{Adjustment, Context, Event, Transfer};
use crate::ledger::record::{Input, Record};
use crate::ledger::types::Text;

/// Writes a record.
pub fn record(out: &mut Json, record: &Record, names: Names<'_>) {
    out.begin_object();
    out.int_field("seq", record.seq.get());
    out.field("kind", kind(record));
    out.time_field("recorded_at", record.recorded_at);
    out.time_field("occurred_at", record.occurred_at);
    out.field("status", status_name(record.status));
    out.int_field("ruleset", record.ruleset);
    out.key("members");
    out.begin_array();
    for party in &record.parties {
        out.string(&party.member);
    }
    out.end_array();
    match &record.input {
        Input::Event(event) => {
            out.key("event");
            self::event(out, event);
        }
        Input::Adjust(adjustment, _) => self::adjustment(out, adjustment),
        Input::Transfer(transfer, _) => self::transfer(out, transfer),
        Input::Ruleset(files) => {
            out.field("hash", &files.hash);
            out.key("files");
            out.begin_array();
            for (path, _) in &files.files {
                out.string(path);
            }
            out.end_array();
        }
        Input::Act(asked, _) => act(out, asked),
        Input::Review(_) => super::case::review(out, record),
        Input::Rules(change, _) => {
            let (what, by) = change.told();
            out.field("change", what);
            out.field("author", &by.author);
            out.field("message", &by.message);
        }
        Input::Due(_) => {}
    }
    effect::effects(out, record, names);
    out.key("clipped");
    out.begin_array();
    for clip in &record.clipped {
        effect::clip(out, record, clip, names);
    }
    out.end_array();
    fraud(out, record, names);
    out.end_object();
}

/// Writes an event as it can be posted: to another ledger, an import takes it as it is.
pub fn event(out: &mut Json, event: &Event) {
    out.begin_object();
    out.field("id", &event.id);
    out.field("source", &event.source);
    out.field("type", &event.kind.wire_name());
    out.field("member", &event.member);
    out.time_field("occurred_at", event.occurred_at);
    optional(out, "order", event.order.as_ref());
    optional(out, "currency", event.currency.as_ref());
    if let Some(amount) = event.given_amount {
        out.int_field("amount", amount.get());
    }
    lines(out, event);
    context(out, &event.context);
    optional(out, "membership", event.membership.as_ref());
    if let Some(personal) = event.personal.as_deref() {
        optional(out, "referrer", personal.referrer.as_ref());
        if let Some(day) = personal.birthday {
            let year = day.year.map_or_else(String::new, |year| format!("{year:04}-"));
            out.field("birthday", &format!("{year}{:02}-{:02}", day.month, day.day));
        }
        optional(out, "email_hash", personal.email_hash.as_ref());
        optional(out, "phone_hash", personal.phone_hash.as_ref());
        optional(out, "address_hash", personal.address_hash.as_ref());
    }
    if !event.attributes.is_empty() {
        out.key("attributes");
        out.begin_object();
        for (name, value) in &event.attributes {
            out.text_key(name);
            out.string(value);
        }
        out.end_object();
    }
    out.end_object();
}

/// What was sold, and how it was paid.
fn lines(out: &mut Json, event: &Event) {
    if !event.items.is_empty() {
        out.key("items");
        out.begin_array();
        for item in &event.items {
            out.begin_object();
            out.int_field("line", item.line);
            optional(out, "sku", item.sku.as_ref());
            optional(out, "category", item.category.as_ref());
            optional(out, "brand", item.brand.as_ref());
            out.int_field("quantity", item.quantity);
            out.int_field("amount", item.amount.get());
            if !item.tags.is_empty() {
                out.key("tags");
                out.begin_array();
                item.tags.iter().for_each(|tag| out.string(tag));
                out.end_array();
            }
            out.end_object();
        }
        out.end_array();
    }
    if !event.tenders.is_empty() {
        out.key("tenders");
        out.begin_array();
        for tender in &event.tenders {
            out.begin_object();
            out.field("kind", &tender.kind);
            out.int_field("amount", tender.amount.get());
            optional(out, "fingerprint", tender.fingerprint.as_ref());
            out.end_object();
        }
        out.end_array();
    }
}

fn context(out: &mut Json, context: &Context) {
    optional(out, "channel", context.channel.as_ref());
    optional(out, "store", context.store.as_ref());
    optional(out, "terminal", context.terminal.as_ref());
    optional(out, "staff", context.staff.as_ref());
    optional(out, "device", context.device.as_ref());
    optional(out, "ip", context.ip.as_ref());
    if let Some((lat, lon)) = &context.location {
        out.key("location");
        out.begin_object();
        out.field("lat", lat);
        out.field("lon", lon);
        out.end_object();
    }
}

fn adjustment(out: &mut Json, asked: &Adjustment) {
    out.key("adjustment");
    out.begin_object();
    out.field("member", &asked.member);
    out.field("pool", &asked.pool);
    out.int_field("amount", asked.amount.get());
    out.field("reason", &asked.reason);
    if let Some(at) = asked.expires_at {
        out.time_field("expires_at", at);
    }
    out.field("state", if asked.pending { "pending" } else { "available" });
    if let Some(context) = &asked.context {
        self::context(out, context);
    }
    out.end_object();
}

fn transfer(out: &mut Json, asked: &Transfer) {
    out.key("transfer");
    out.begin_object();
    out.field("from", &asked.from);
    out.field("to", &asked.to);
    out.field("pool", &asked.pool);
    out.int_field("amount", asked.amount.get());
    if let Some(told) = asked.context.as_deref() {
        context(out, told);
    }
    out.end_object();
}

fn act(out: &mut Json, asked: &Act) {
    out.key("act");
    out.begin_object();
    out.field("what", asked.what.name());
    out.field("member", &asked.member);
    match &asked.what {
        What::Hold { spend, order, .. } | What::Redeem { spend, order } => {
            match spend {
                Spend::Points { pool, amount } => {
                    out.field("pool", pool);
                    out.int_field("amount", amount.get());
                }
                Spend::Reward(reward) => out.field("reward", reward),
            }
            optional(out, "order", order.as_ref());
        }
        What::Donate { pool, amount, charity } => {
            out.field("pool", pool);
            out.int_field("amount", amount.get());
            out.field("charity", charity);
        }
        What::Capture { amount: Some(amount), .. } | What::Reverse { amount: Some(amount), .. } => {
            out.int_field("amount", amount.get());
        }
        What::Freeze { reason, .. } => out.field("reason", reason),
        What::Merge { into } => out.field("into", into),
        What::Join { household, .. } => out.field("household", household),
        // What else was asked is told whole by the effects.
        _ => {}
    }
    if let Some(told) = asked.context.as_deref() {
        context(out, told);
    }
    out.end_object();
}

fn optional(out: &mut Json, key: &'static str, value: Option<&Text>) {
    if let Some(value) = value {
        out.field(key, value);
    }
}

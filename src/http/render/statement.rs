//! A member's statement: what they held, every entry with the running balance of its pool, what they hold.
//!
//! The balance of a statement is all of a pool's lots, pending ones included, less its debt. Entries are in order of
//! business time, so a late event stands where it happened. What is due and not recorded yet is an entry without a sequence, so that
//! entries always add up to the balance.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::case::review;
use super::effect::{credit_kind, debit_kind};
use super::{Names, status_name};
use crate::http::json::Json;
use crate::ledger::apply::takes_effect;
use crate::ledger::history::UNRECORDED;
use crate::ledger::record::{Account, Effect, Input, Record};
use crate::ledger::types::{LotId, NameId, Points, Seq, Text, TimeMs};

/// A place among a statement's entries: business time, record, effect.
pub type Place = (TimeMs, Seq, usize);

/// What a statement is asked for.
#[derive(Debug)]
pub struct Statement<'a> {
    /// The member.
    pub member: &'a str,
    /// From this instant on.
    pub from: Option<TimeMs>,
    /// Before this instant.
    pub to: Option<TimeMs>,
    /// Entries after this one only.
    pub after: Option<Place>,
    /// How many entries at most.
    pub limit: usize,
}

/// What is held of each pool.
type Totals = BTreeMap<NameId, Points>;

struct Entry<'a> {
    place: Place,
    record: &'a Record,
    kind: &'static str,
    pool: NameId,
    amount: Points,
    lot: Option<LotId>,
    reason: Option<&'a Text>,
    rule: Option<&'a Text>,
    /// What was kept aside, of a hold.
    held: Option<Points>,
    /// Who it was given to.
    charity: Option<NameId>,
}

/// Writes the statement into an object that is left open; the place of the last entry, where more follow.
pub fn statement(out: &mut Json, records: &[Arc<Record>], asked: &Statement<'_>, names: Names<'_>) -> Option<Place> {
    let mut entries: Vec<Entry<'_>> = records.iter().flat_map(|record| entries_of(record, asked.member)).collect();
    entries.sort_by_key(|entry| entry.place);
    entries.truncate(asked.to.map_or(entries.len(), |to| entries.partition_point(|entry| entry.place.0 < to)));
    let within = entries.split_off(asked.from.map_or(0, |from| entries.partition_point(|entry| entry.place.0 < from)));

    let mut held: Totals = names.terms.pools.iter().map(|pool| (pool.name, Points::ZERO)).collect();
    for entry in &entries {
        entry.add_to(&mut held);
    }
    let opening = held.clone();
    let running: Vec<(&Entry<'_>, Points)> = within.iter().map(|entry| (entry, entry.add_to(&mut held))).collect();
    let first = asked.after.map_or(0, |after| running.partition_point(|(entry, _)| entry.place <= after));
    let page = running.iter().skip(first).take(asked.limit);

    out.begin_object();
    out.field("member", asked.member);
    totals(out, "opening", &opening, names);
    out.key("entries");
    out.begin_array();
    let mut last = None;
    for (entry, after) in page {
        write(out, entry, *after, names);
        last = Some(entry.place);
    }
    out.end_array();
    totals(out, "closing", &held, names);
    last.filter(|_| running.len() > first.saturating_add(asked.limit))
}

impl Entry<'_> {
    /// Adds the entry to its pool; what is held then.
    fn add_to(&self, held: &mut Totals) -> Points {
        let running = held.entry(self.pool).or_insert(Points::ZERO);
        *running += self.amount;
        *running
    }
}

fn totals(out: &mut Json, key: &'static str, held: &Totals, names: Names<'_>) {
    out.key(key);
    out.begin_object();
    for (pool, amount) in held {
        out.text_key(names.state.name_of(*pool));
        out.int(amount.get());
    }
    out.end_object();
}

/// An entry of which no more is known than what moved.
const fn bare<'a>(record: &'a Record, index: usize, moved: (&'static str, NameId, Points)) -> Entry<'a> {
    let (kind, pool, amount) = moved;
    let place = (record.occurred_at, record.seq, index);
    Entry { place, record, kind, pool, amount, lot: None, reason: None, rule: None, held: None, charity: None }
}

/// The entries of a record for one member: what came to them and what went.
fn entries_of<'a>(record: &'a Record, member: &'a str) -> impl Iterator<Item = Entry<'a>> {
    let ours = move |effect: &Effect| {
        takes_effect(record.status, effect)
            && record.parties.get(usize::from(effect.party())).is_some_and(|party| party.member == member)
    };
    record.effects.iter().enumerate().filter(move |(_, effect)| ours(effect)).filter_map(move |(index, effect)| {
        let entry = |kind, pool: &NameId, amount| bare(record, index, (kind, *pool, amount));
        match effect {
            Effect::Credit(credit) => Some(Entry {
                lot: Some(credit.lot),
                reason: Some(&credit.reason),
                rule: Some(&credit.rule),
                ..entry(credit_kind(&credit.from), &credit.pool, credit.amount)
            }),
            Effect::Debit { pool, lot, amount, to, .. } | Effect::Spend { pool, lot, amount, to, .. } => {
                Some(Entry { lot: Some(*lot), charity: charity(to), ..entry(debit_kind(to), pool, -*amount) })
            }
            // Nothing moves, and yet less can be spent.
            Effect::Hold { pool, lots, .. } => {
                let held = Some(lots.iter().map(|(_, amount)| *amount).sum());
                Some(Entry { held, ..entry("hold", pool, Points::ZERO) })
            }
            Effect::Owe { pool, amount, .. } => Some(entry("debt", pool, -*amount)),
            Effect::Restore { pool, lot, amount, from, .. } => {
                Some(Entry { lot: Some(*lot), ..entry(credit_kind(from), pool, *amount) })
            }
            // What a refund or a plan did beside moving points is told by the record itself.
            _ => None,
        }
    })
}

/// The charity that points went to.
const fn charity(to: &Account) -> Option<NameId> {
    match to {
        Account::Donated(charity) => Some(*charity),
        _ => None,
    }
}

fn write(out: &mut Json, entry: &Entry<'_>, after: Points, names: Names<'_>) {
    let record = entry.record;
    out.begin_object();
    let recorded = (record.seq != UNRECORDED).then_some(record);
    out.key("seq");
    match recorded {
        Some(record) => out.int(record.seq.get()),
        None => out.null(),
    }
    out.time_field("occurred_at", record.occurred_at);
    out.key("recorded_at");
    match recorded {
        Some(record) => out.time(record.recorded_at),
        None => out.null(),
    }
    out.field("status", status_name(record.status));
    out.field("kind", entry.kind);
    out.field("pool", names.state.name_of(entry.pool));
    out.int_field("amount", entry.amount.get());
    out.int_field("balance", after.get());
    // A lot that no record has made yet has no name.
    let made =
        |lot: &LotId| recorded.is_some() || record.parties.first().is_some_and(|party| lot.seq <= party.previous);
    if let Some(lot) = entry.lot.filter(made) {
        out.key("lot");
        out.lot_id("lot", lot);
    }
    if let Some(held) = entry.held {
        out.int_field("held", held.get());
    }
    if let Some(charity) = entry.charity {
        out.field("charity", names.state.name_of(charity));
    }
    if let Some(reason) = entry.reason {
        out.field("reason", reason);
    }
    if let Some(rule) = entry.rule {
        out.field("rule", rule);
    }
    match &record.input {
        Input::Event(event) => {
            out.key("event");
            out.begin_object();
            out.field("source", &event.source);
            out.field("id", &event.id);
            out.end_object();
        }
        Input::Transfer(transfer, _) => {
            out.field("from", &transfer.from);
            out.field("to", &transfer.to);
        }
        Input::Adjust(adjustment, _) => {
            if entry.reason.is_none() {
                out.field("reason", &adjustment.reason);
            }
        }
        Input::Act(act, _) => out.field("act", act.what.name()),
        Input::Review(_) => review(out, record),
        Input::Due(_) | Input::Ruleset(_) | Input::Rules(..) => {}
    }
    out.end_object();
}

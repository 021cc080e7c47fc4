//! Tests of the rings against a plain list, and of what limits say.

mod assessing;
mod explaining;
mod windows;

use std::sync::Arc;

use super::rings::Rings;
use crate::ledger::event::{Context, Event, EventKind, Tender, Transfer};
use crate::ledger::record::{Assessment, Input, KeyField, KeyFields, Observation, Record, Status, Verdict};
use crate::ledger::terms::{Absent, Counted, LimitExtra, LimitTerms, Metric, Terms};
use crate::ledger::types::{Money, NameId, Points, ProgramId, Seq, Text, TimeMs};

/// An hour, in milliseconds.
const HOUR: i64 = 3_600_000;
/// The program of all tests here.
const PROGRAM: ProgramId = ProgramId::new(0);

/// At most `limit` purchases by `key` within an hour, else hold with weight 40.
fn limit(id: &'static str, ring: u16, key: &[KeyField], limit: i64) -> LimitTerms {
    LimitTerms {
        id: Text::new_static(id),
        on: vec![Counted::Event(EventKind::Purchase)],
        key: KeyFields::new(key).unwrap(),
        metric: Metric::Count,
        window_ms: HOUR,
        limit,
        verdict: Verdict::Hold,
        weight: 40,
        absent: Absent::Skip,
        ring: NameId::new(ring),
        capacity: u16::try_from(limit + 1).unwrap_or(u16::MAX),
        extra: LimitExtra::default(),
    }
}

fn terms(limits: Vec<LimitTerms>) -> Terms {
    Terms { version: 1, limits, spend_counter: NameId::new(0), purchases_counter: NameId::new(1), ..Terms::default() }
}

/// A purchase of 10.00 by member `M1` on device `D1` with card `C1`.
fn purchase() -> Event {
    Event {
        id: Text::new_static("E"),
        source: Text::new_static("till"),
        kind: EventKind::Purchase,
        member: Text::new_static("M1"),
        occurred_at: TimeMs::EPOCH,
        order: None,
        currency: None,
        given_amount: Some(Money::new(1_000)),
        items: Vec::new(),
        tenders: vec![Tender {
            kind: Text::new_static("card"),
            amount: Money::new(1_000),
            fingerprint: Some(Text::new_static("C1")),
        }],
        context: Context { device: Some(Text::new_static("D1")), ..Context::default() },
        membership: None,
        personal: None,
        attributes: Vec::new(),
    }
}

fn transfer(amount: i64) -> Input {
    let transfer = Transfer {
        from: Text::new_static("M1"),
        to: Text::new_static("M2"),
        pool: Text::new_static("points"),
        amount: Points::new(amount),
        context: None,
    };
    Input::Transfer(Arc::new(transfer), Text::default())
}

fn record(seq: u64, at: i64, input: Input, observed: Vec<Observation>) -> Record {
    Record {
        seq: Seq::new(seq),
        program: PROGRAM,
        recorded_at: TimeMs::new(at),
        occurred_at: TimeMs::new(at),
        ruleset: 1,
        input,
        status: Status::Posted,
        parties: Vec::new(),
        effects: Vec::new(),
        clipped: Vec::new(),
        fraud: Assessment::default(),
        observed,
        operations: 0,
        faults: Vec::new(),
    }
}

/// Assesses an input and lets the rings take it in, as the engine does.
fn post(rings: &mut Rings, terms: &Terms, seq: u64, at: i64, input: &Input) -> Assessment {
    let (assessment, observed) = super::assess(rings, &super::Question::of(PROGRAM, terms, input, TimeMs::new(at)));
    rings.observe(&record(seq, at, input.clone(), observed));
    assessment
}

//! The format of a whole record, and of its fraud side and its parties.
//!
//! A record is written with its version first. Its own times and sequences are then the origin of all others in it, so
//! that "earned now", "available now" and "this record's lot" take a byte each. Field orders and tags are frozen.

use super::wire::{Reader, Wire, Writer, wire_enum, wire_struct};
use crate::journal::Error;
use crate::ledger::record::{
    Assessment, Change, Evidence, KeyField, KeyFields, Observation, Party, PoolAfter, Reason, Record, ScriptFault,
    Snapshot, Status, Told, Verdict,
};
use crate::ledger::types::{Seq, TimeMs};

/// The version records are written in. A record whose shape changes gets a higher one, and this decoder keeps reading
/// the lower ones.
pub const RECORD_VERSION: u8 = 1;

/// Appends a record to a buffer.
pub fn encode_record(record: &Record, out: &mut Vec<u8>) {
    let Record {
        seq,
        program,
        recorded_at,
        occurred_at,
        ruleset,
        input,
        status,
        parties,
        effects,
        clipped,
        fraud,
        observed,
        operations,
        faults,
    } = record;
    let mut out = Writer::new(out);
    out.byte(RECORD_VERSION);
    out.unsigned(seq.get());
    out.signed(recorded_at.get());
    out.signed(occurred_at.get().wrapping_sub(recorded_at.get()));
    out.set_origin(*occurred_at, *seq);
    program.put(&mut out);
    ruleset.put(&mut out);
    input.put(&mut out);
    status.put(&mut out);
    parties.put(&mut out);
    effects.put(&mut out);
    clipped.put(&mut out);
    fraud.put(&mut out);
    observed.put(&mut out);
    operations.put(&mut out);
    faults.put(&mut out);
}

/// Reads the record a buffer begins with, and says how many bytes it took.
pub fn decode_record(bytes: &[u8]) -> Result<(Record, usize), Error> {
    let mut from = Reader::new(bytes);
    match from.byte()? {
        RECORD_VERSION => {}
        version => return Err(Error::UnknownVersion { what: "record", version }),
    }
    let seq = Seq::new(from.unsigned()?);
    let recorded_at = TimeMs::new(from.signed()?);
    let occurred_at = TimeMs::new(from.signed::<i64>()?.wrapping_add(recorded_at.get()));
    from.set_origin(occurred_at, seq);
    let from = &mut from;
    let record = Record {
        seq,
        program: Wire::take(from)?,
        recorded_at,
        occurred_at,
        ruleset: Wire::take(from)?,
        input: Wire::take(from)?,
        status: Wire::take(from)?,
        parties: Wire::take(from)?,
        effects: Wire::take(from)?,
        clipped: Wire::take(from)?,
        fraud: Wire::take(from)?,
        observed: Wire::take(from)?,
        operations: Wire::take(from)?,
        faults: Wire::take(from)?,
    };
    let taken = bytes.len() - from.remaining();
    Ok((record, taken))
}

// Tags are never changed and never reused.
wire_enum!(Status, "status" {
    0 = Posted,
    1 = Held,
    2 = Denied,
});

// Tags are never changed and never reused.
wire_enum!(Verdict, "verdict" {
    0 = Allow,
    1 = Flag,
    2 = Hold,
    3 = StepUp,
    4 = Deny,
});

// Tags are never changed and never reused.
wire_enum!(KeyField, "key field" {
    0 = Member,
    1 = Device,
    2 = Ip,
    3 = Card,
    4 = Store,
    5 = Terminal,
    6 = Staff,
    7 = Referrer,
    8 = Email,
    9 = Phone,
    10 = Address,
    11 = Recipient,
    60 = Receipt,
    61 = Order,
    62 = Channel,
    63 = Campaign,
    130 = Rule,
});

impl Wire for KeyFields {
    fn put(&self, out: &mut Writer<'_>) {
        out.length(self.iter().count());
        self.iter().for_each(|field| field.put(out));
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        let fields: Vec<KeyField> = Wire::take(from)?;
        Self::new(&fields).ok_or(Error::NotAKey { fields: fields.len() })
    }
}

wire_struct!(Party { member, previous, after });

wire_struct!(Snapshot { pools, cards, tier });

wire_struct!(PoolAfter { pool, available, pending, held, debt });

wire_struct!(Assessment { verdict, score, reasons });

/// What tells whether evidence follows is also what says that the rule told more of it.
const EVIDENCE_TOLD: u8 = 60;
/// … or told something without any.
const TOLD_ALONE: u8 = 61;

impl Wire for Reason {
    fn put(&self, out: &mut Writer<'_>) {
        let Self { rule, verdict, weight, detail, evidence, told } = self;
        rule.put(out);
        verdict.put(out);
        weight.put(out);
        detail.put(out);
        match (evidence, told) {
            (evidence, None) => evidence.put(out),
            (Some(evidence), Some(told)) => {
                out.byte(EVIDENCE_TOLD);
                evidence.put(out);
                told.put(out);
            }
            (None, Some(told)) => {
                out.byte(TOLD_ALONE);
                told.put(out);
            }
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        let (rule, verdict, weight, detail) =
            (Wire::take(from)?, Wire::take(from)?, Wire::take(from)?, Wire::take(from)?);
        let (evidence, told) = match from.byte()? {
            0 => (None, None),
            1 => (Some(Wire::take(from)?), None),
            EVIDENCE_TOLD => (Some(Wire::take(from)?), Some(Wire::take(from)?)),
            TOLD_ALONE => (None, Some(Wire::take(from)?)),
            tag => return Err(Error::UnknownTag { what: "evidence", tag }),
        };
        Ok(Self { rule, verdict, weight, detail, evidence, told })
    }
}

wire_struct!(Told { expression, margin, passes, member });

// Tags are never changed and never reused.
wire_enum!(Change, "change" {
    60 = After(at),
    61 = ArrivedBy(at),
    62 = AtMost(amount),
    63 = Otherwise(what),
});

wire_struct!(Evidence { key, metric, window_ms, counted, limit, events });

wire_struct!(Observation { ring, key, capacity, value });

wire_struct!(ScriptFault { at, message });

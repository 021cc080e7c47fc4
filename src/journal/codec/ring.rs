//! The format of a velocity ring's row: the latest entries of one key. It can be rebuilt from the journal.

use super::open_row;
use super::wire::{Wire, Writer};
use crate::journal::Error;
use crate::ledger::types::{Seq, TimeMs};
use crate::limits::LIST_RESERVE_MAX;

/// The version ring rows are written in, unless they say more.
pub const RING_VERSION: u8 = 1;
/// The version of rows with [`RingRow::blurred`].
pub(super) const RING_VERSION_BLURRED: u8 = 2;

/// One entry of a ring: when, how much, which record.
pub type RingEntry = (TimeMs, i64, Seq);

/// A velocity ring as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingRow {
    /// How many entries it keeps.
    pub capacity: u16,
    /// The latest record it reflects.
    pub last: Seq,
    /// The newest time it ever dropped.
    pub dropped: Option<TimeMs>,
    /// The newest time of an entry that stands for dropped ones of its value.
    pub blurred: Option<TimeMs>,
    /// What it keeps, in order.
    pub entries: Vec<RingEntry>,
}

/// A ring as a row.
///
/// Neighbours are close in time and sequence, so each entry is the origin of the next.
pub fn encode_ring(ring: &RingRow) -> Vec<u8> {
    let RingRow { capacity, last, dropped, blurred, entries } = ring;
    let mut row = Vec::with_capacity(24 + entries.len() * 12);
    let mut out = Writer::new(&mut row);
    let version = if blurred.is_some() { RING_VERSION_BLURRED } else { RING_VERSION };
    version.put(&mut out);
    capacity.put(&mut out);
    last.put(&mut out);
    dropped.put(&mut out);
    if blurred.is_some() {
        blurred.put(&mut out);
    }
    out.length(entries.len());
    let mut origin = (TimeMs::EPOCH, *last);
    for (at, value, seq) in entries {
        out.signed(at.get().wrapping_sub(origin.0.get()));
        value.put(&mut out);
        out.signed(seq.get().wrapping_sub(origin.1.get()).cast_signed());
        origin = (*at, *seq);
    }
    row
}

/// A row as a ring.
pub fn decode_ring(row: &[u8]) -> Result<RingRow, Error> {
    let has_blurred = row.first() == Some(&RING_VERSION_BLURRED);
    let mut from = open_row("ring row", if has_blurred { RING_VERSION_BLURRED } else { RING_VERSION }, row)?;
    let capacity = u16::take(&mut from)?;
    let last = Seq::take(&mut from)?;
    let dropped = <Option<TimeMs> as Wire>::take(&mut from)?;
    let blurred = if has_blurred { Wire::take(&mut from)? } else { None };
    let length = from.length()?;
    let mut entries = Vec::with_capacity(length.min(LIST_RESERVE_MAX));
    let mut origin = (TimeMs::EPOCH, last);
    for _ in 0..length {
        let at = TimeMs::new(from.signed::<i64>()?.wrapping_add(origin.0.get()));
        let value = i64::take(&mut from)?;
        let seq = Seq::new(from.signed::<i64>()?.cast_unsigned().wrapping_add(origin.1.get()));
        origin = (at, seq);
        entries.push((at, value, seq));
    }
    from.finish("ring row")?;
    Ok(RingRow { capacity, last, dropped, blurred, entries })
}

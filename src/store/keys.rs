//! The layouts of keys. Frozen: a change needs a new [`FORMAT`](super::FORMAT).
//!
//! ```text
//!  journal   first sequence, u64                                  → block
//!  members   program, u16 · member id                             → row
//!  rings     as the caller makes them                             → row
//!  keys      first 16 bytes of BLAKE3 of the natural key          → sequence, u64
//!  due       due time, u64 · program, u16 · member id             → nothing
//!  meta      "mark"                                               → sequence, u64 · registry row
//!  meta      "formats"                                            → as the caller says them
//!  meta      "swept" · program, u16                               → by which rules, as the caller says it
//!  desk      as the caller makes them                             → row
//! ```
//!
//! Integers are big-endian, so that keys sort as numbers do. A due time is milliseconds with the sign bit flipped, so that
//! times before 1970 sort first.

use super::Error;
use crate::ledger::types::{MemberKey, ProgramId, Text, TimeMs};

/// The key of the mark.
pub(super) const MARK: &[u8] = b"mark";
/// The key of the formats of rows.
pub(super) const FORMATS: &[u8] = b"formats";
const SIGN: u64 = 1 << 63;

/// A natural key's place in `keys`: who says it and their id for it, within a program.
///
/// BLAKE3 over the program, and each text with its length before it, cut to 16 bytes: two keys meet with a
/// probability of 2⁻¹²⁸, and nobody can make them meet.
pub fn natural_key(program: ProgramId, source: &str, id: &str) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&program.get().to_be_bytes());
    for text in [source, id] {
        hasher.update(&(text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    let mut key = [0; 16];
    hasher.finalize_xof().fill(&mut key);
    key
}

/// Where it is noted by which rules a program's members were looked at for what falls due.
pub(super) fn swept(program: ProgramId) -> Vec<u8> {
    [b"swept".as_slice(), &program.get().to_be_bytes()].concat()
}

pub(super) fn member(key: &MemberKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + key.id.len());
    put_member(key, &mut bytes);
    bytes
}

/// A key of `members`, read back.
pub(super) fn read_member(bytes: &[u8]) -> Result<MemberKey, Error> {
    let read = || {
        let (program, id) = bytes.split_first_chunk()?;
        Some(MemberKey {
            program: ProgramId::new(u16::from_be_bytes(*program)),
            id: Text::new(str::from_utf8(id).ok()?),
        })
    };
    read().ok_or(Error::Damaged { family: "members" })
}

fn put_member(key: &MemberKey, bytes: &mut Vec<u8>) {
    let MemberKey { program, id } = key;
    bytes.extend_from_slice(&program.get().to_be_bytes());
    bytes.extend_from_slice(id.as_bytes());
}

pub(super) fn due(at: TimeMs, key: &MemberKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(10 + key.id.len());
    bytes.extend_from_slice(&due_time(at));
    put_member(key, &mut bytes);
    bytes
}

/// The part of a due key that holds its time.
pub(super) fn due_time(at: TimeMs) -> [u8; 8] {
    (at.get().cast_unsigned() ^ SIGN).to_be_bytes()
}

pub(super) fn read_due(bytes: &[u8]) -> Result<(TimeMs, MemberKey), Error> {
    let read = || {
        let (time, rest) = bytes.split_first_chunk()?;
        let (program, id) = rest.split_first_chunk()?;
        let at = TimeMs::new((u64::from_be_bytes(*time) ^ SIGN).cast_signed());
        let id = Text::new(str::from_utf8(id).ok()?);
        Some((at, MemberKey { program: ProgramId::new(u16::from_be_bytes(*program)), id }))
    };
    read().ok_or(Error::Damaged { family: "due" })
}

/// A big-endian `u64` that is all of a key or value.
pub(super) fn read_u64(family: &'static str, bytes: &[u8]) -> Result<u64, Error> {
    Ok(u64::from_be_bytes(bytes.try_into().map_err(|_| Error::Damaged { family })?))
}

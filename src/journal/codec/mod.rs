//! Records and rows as bytes: frozen tags and field orders over bincode's varints.
//!
//! What is written once must be read for ever, so:
//!
//! * a tag is never changed and never reused, a field never moves; `tests/golden/` holds bytes of every version, and a test
//!   that fails if they stop being written or read so;
//! * a new variant gets the next free tag;
//! * a new or changed field gets a new version of what begins with a version byte (a record or a row): the decoder then
//!   matches on the version and keeps the old shape;
//! * bytes that are foreign, cut or flipped give an [`Error`], never a panic, and no more memory than a
//!   small multiple of their length.
//!
//! Integers are varints (bincode 2 `standard()`), text and lists are preceded by their length, an option by 0 or 1, an enum's
//! fields by its tag. Nothing is self-describing; the lists of fields in these files are the specification.

mod act;
mod effect;
mod event;
mod kin;
mod member;
mod private;
mod provenance;
mod record;
mod registry;
mod review;
mod ring;
mod rules;
mod wire;

#[cfg(test)]
pub(crate) mod tests;

pub use member::{MEMBER_VERSION, decode_member, encode_member};
pub use private::{PRIVATE_VERSION, decode_private, encode_private};
pub use record::{RECORD_VERSION, decode_record, encode_record};
pub use registry::{
    PROGRAM_VERSION, REGISTRY_VERSION, Registry, decode_program, decode_registry, encode_program, encode_registry,
    encode_rollout,
};
pub use review::{DESK_VERSION, decode_desk, encode_desk};
pub use ring::{RING_VERSION, RingEntry, RingRow, decode_ring, encode_ring};

use crate::journal::Error;
use wire::{Reader, Wire, Writer};

/// The formats of all rows that are derived from the journal, and which edition of deriving they hold the outcome of. Rows of
/// others are not gone on with: they may lack what a replay by this code would put in them.
///
/// The first number is raised where the same records come to something else in a row whose own version does not tell.
pub const ROW_FORMATS: [u8; 7] =
    [3, PROGRAM_VERSION, REGISTRY_VERSION, MEMBER_VERSION, RING_VERSION, ring::RING_VERSION_BLURRED, DESK_VERSION];

/// A value as a row: its version, then itself.
fn encode_row<T: Wire>(version: u8, value: &T) -> Vec<u8> {
    const TYPICAL_ROW_BYTES: usize = 256;
    let mut row = Vec::with_capacity(TYPICAL_ROW_BYTES);
    let mut out = Writer::new(&mut row);
    out.byte(version);
    value.put(&mut out);
    row
}

/// The value of a row that is all of it.
fn decode_row<T: Wire>(what: &'static str, version: u8, row: &[u8]) -> Result<T, Error> {
    let mut from = open_row(what, version, row)?;
    let value = T::take(&mut from)?;
    from.finish(what)?;
    Ok(value)
}

/// A row past its version.
fn open_row<'a>(what: &'static str, version: u8, row: &'a [u8]) -> Result<Reader<'a>, Error> {
    let mut from = Reader::new(row);
    match from.byte()? {
        found if found == version => Ok(from),
        found => Err(Error::UnknownVersion { what, version: found }),
    }
}

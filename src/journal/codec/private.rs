//! The format of what is personal: an effect's part, and what is sealed of a record.
//!
//! Field orders and tags are frozen; see [`super`].

use super::wire::{wire_enum, wire_struct};
use super::{decode_row, encode_row};
use crate::journal::Error;
use crate::ledger::private::{Known, Private, PrivateEffect};

/// The version what is sealed is written in.
pub const PRIVATE_VERSION: u8 = 1;

/// What was taken out of a record, as it is encrypted.
pub fn encode_private(private: &Private) -> Vec<u8> {
    encode_row(PRIVATE_VERSION, private)
}

/// What was taken out of a record.
pub fn decode_private(bytes: &[u8]) -> Result<Private, Error> {
    decode_row("sealed part", PRIVATE_VERSION, bytes)
}

// Tags are never changed and never reused.
wire_enum!(PrivateEffect, "private effect" {
    0 = Knows { party, known },
    1 = Sealed { party, bytes },
});

wire_struct!(Known { profile, choices });

wire_struct!(Private { birthday, attributes, choices, known });

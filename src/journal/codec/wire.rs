//! How values become bytes: bincode's varints behind a writer, a reader and one trait.
//!
//! The ledger's types know nothing of this. Their shapes are listed in the neighbouring files with the two macros below,
//! which name every field and every variant, so that one added to the ledger does not compile until the format says what
//! becomes of it. Nothing here trusts what it reads: a length is believed only as far as there are bytes left.

use std::collections::BTreeMap;
use std::sync::Arc;

use bincode::config::{Configuration, LittleEndian, Varint};
use bincode::de::read::{BorrowReader, Reader as BincodeReader};
use bincode::de::{Decode, Decoder, DecoderImpl};
use bincode::enc::write::Writer as BincodeWriter;
use bincode::enc::{Encode, Encoder, EncoderImpl};
use bincode::error::{DecodeError, EncodeError};

use crate::journal::Error;
use crate::ledger::types::{LotId, Money, NameId, Points, ProgramId, Seq, Text, TimeMs};
use crate::limits::{LIST_RESERVE_MAX, RECORD_BYTES_MAX};

type Wiring = Configuration<LittleEndian, Varint>;

/// Frozen: little-endian varints.
const WIRING: Wiring = bincode::config::standard();

/// Varints up to this are the byte itself. Most numbers and lengths are that small, so they are written and read here without
/// going through bincode; a test holds the two to the same bytes.
const SINGLE_BYTE_MAX: u8 = 250;

struct Sink<'a>(&'a mut Vec<u8>);

impl BincodeWriter for Sink<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// Appends values to a buffer. Times and sequences are written as the distance from an origin, which makes most of a
/// record's one byte long; the distance wraps, so every value survives.
pub(super) struct Writer<'a> {
    encoder: EncoderImpl<Sink<'a>, Wiring>,
    time_origin: i64,
    seq_origin: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { encoder: EncoderImpl::new(Sink(out), WIRING), time_origin: 0, seq_origin: 0 }
    }

    /// Sets what later times and sequences are counted from.
    pub(super) fn set_origin(&mut self, time: TimeMs, seq: Seq) {
        self.time_origin = time.get();
        self.seq_origin = seq.get();
    }

    /// A single byte: a tag, a version, a flag.
    #[inline]
    pub(super) fn byte(&mut self, byte: u8) {
        self.encoder.writer().0.push(byte);
    }

    #[inline]
    pub(super) fn unsigned(&mut self, value: u64) {
        match u8::try_from(value) {
            Ok(byte) if byte <= SINGLE_BYTE_MAX => self.byte(byte),
            Ok(_) | Err(_) => self.varint(value),
        }
    }

    /// Small numbers of either sign are small varints: 0, −1, 1, −2 …
    #[inline]
    pub(super) fn signed(&mut self, value: i64) {
        self.unsigned((value << 1 ^ value >> 63).cast_unsigned());
    }

    #[inline]
    pub(super) fn length(&mut self, length: usize) {
        self.unsigned(length as u64);
    }

    #[inline]
    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.encoder.writer().0.extend_from_slice(text.as_bytes());
    }

    fn varint(&mut self, value: u64) {
        value.encode(&mut self.encoder).expect("a number always encodes, and memory takes every byte");
    }
}

struct Source<'a> {
    rest: &'a [u8],
}

impl BincodeReader for Source<'_> {
    #[inline]
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), DecodeError> {
        bytes.copy_from_slice(self.take_bytes(bytes.len())?);
        Ok(())
    }

    #[inline]
    fn peek_read(&mut self, n: usize) -> Option<&[u8]> {
        self.rest.get(..n)
    }

    #[inline]
    fn consume(&mut self, n: usize) {
        self.rest = self.rest.get(n..).unwrap_or_default();
    }
}

impl<'a> BorrowReader<'a> for Source<'a> {
    #[inline]
    fn take_bytes(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            return Err(DecodeError::UnexpectedEnd { additional: length - self.rest.len() });
        };
        self.rest = rest;
        Ok(taken)
    }
}

/// Reads values back; see [`Writer`].
pub(super) struct Reader<'a> {
    decoder: DecoderImpl<Source<'a>, Wiring, ()>,
    time_origin: i64,
    seq_origin: u64,
}

impl<'a> Reader<'a> {
    /// Reads from the front of `bytes`, and never more than a record may be long.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let rest = bytes.get(..RECORD_BYTES_MAX).unwrap_or(bytes);
        Self { decoder: DecoderImpl::new(Source { rest }, WIRING, ()), time_origin: 0, seq_origin: 0 }
    }

    /// Sets what later times and sequences are counted from.
    pub(super) fn set_origin(&mut self, time: TimeMs, seq: Seq) {
        self.time_origin = time.get();
        self.seq_origin = seq.get();
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Error> {
        let source = self.decoder.reader();
        let Some((byte, rest)) = source.rest.split_first() else {
            return Err(DecodeError::UnexpectedEnd { additional: 1 }.into());
        };
        source.rest = rest;
        Ok(*byte)
    }

    #[inline]
    pub(super) fn unsigned<T: Decode<()> + From<u8>>(&mut self) -> Result<T, Error> {
        match self.small() {
            Some(byte) => Ok(byte.into()),
            None => Ok(T::decode(&mut self.decoder)?),
        }
    }

    #[inline]
    pub(super) fn signed<T: Decode<()> + From<i8>>(&mut self) -> Result<T, Error> {
        match self.small() {
            Some(byte) => Ok(((byte >> 1).cast_signed() ^ -(byte & 1).cast_signed()).into()),
            None => Ok(T::decode(&mut self.decoder)?),
        }
    }

    /// The next byte, if it is a whole varint.
    #[inline]
    fn small(&mut self) -> Option<u8> {
        let source = self.decoder.reader();
        let (byte, rest) = source.rest.split_first()?;
        (*byte <= SINGLE_BYTE_MAX).then(|| {
            source.rest = rest;
            *byte
        })
    }

    #[inline]
    fn text(&mut self) -> Result<&'a str, Error> {
        let length = self.length()?;
        let bytes = self.decoder.reader().take_bytes(length)?;
        str::from_utf8(bytes).map_err(|inner| DecodeError::Utf8 { inner }.into())
    }

    /// How many bytes have not been read.
    pub(super) fn remaining(&mut self) -> usize {
        self.decoder.reader().rest.len()
    }

    /// The length of a text or a list, each of whose elements takes at least one byte.
    #[inline]
    pub(super) fn length(&mut self) -> Result<usize, Error> {
        let length = self.unsigned::<u64>()?;
        let remaining = self.remaining();
        match usize::try_from(length) {
            Ok(length) if length <= remaining => Ok(length),
            Ok(_) | Err(_) => Err(Error::TooLong { length, remaining }),
        }
    }

    /// An error unless everything has been read.
    pub(super) fn finish(mut self, what: &'static str) -> Result<(), Error> {
        match self.remaining() {
            0 => Ok(()),
            bytes => Err(Error::TrailingBytes { what, bytes }),
        }
    }
}

/// A value with a place in the format.
pub(super) trait Wire: Sized {
    fn put(&self, out: &mut Writer<'_>);
    fn take(from: &mut Reader<'_>) -> Result<Self, Error>;
}

macro_rules! numbers {
    ($($type:ty, $kind:ident, $wide:ty;)*) => { $(
        impl Wire for $type {
            #[inline]
            fn put(&self, out: &mut Writer<'_>) {
                out.$kind(<$wide>::from(*self));
            }
            #[inline]
            fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
                from.$kind()
            }
        }
    )* };
}
numbers! { u16, unsigned, u64; u32, unsigned, u64; u64, unsigned, u64; i32, signed, i64; i64, signed, i64; }

macro_rules! wrappers {
    ($($type:ty, $raw:ty;)*) => { $(
        impl Wire for $type {
            #[inline]
            fn put(&self, out: &mut Writer<'_>) {
                self.get().put(out);
            }
            #[inline]
            fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
                Ok(Self::new(<$raw>::take(from)?))
            }
        }
    )* };
}
wrappers! { Points, i64; Money, i64; NameId, u16; ProgramId, u16; }

impl Wire for u8 {
    #[inline]
    fn put(&self, out: &mut Writer<'_>) {
        out.byte(*self);
    }
    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        from.byte()
    }
}

impl Wire for bool {
    #[inline]
    fn put(&self, out: &mut Writer<'_>) {
        out.byte(u8::from(*self));
    }
    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            tag => Err(Error::UnknownTag { what: "flag", tag }),
        }
    }
}

impl Wire for TimeMs {
    #[inline]
    fn put(&self, out: &mut Writer<'_>) {
        out.signed(self.get().wrapping_sub(out.time_origin));
    }
    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self::new(from.signed::<i64>()?.wrapping_add(from.time_origin)))
    }
}

impl Wire for Seq {
    /// Sequences of a record lie behind it, so they count backwards from the origin; those of a row count from zero.
    #[inline]
    fn put(&self, out: &mut Writer<'_>) {
        out.unsigned(match out.seq_origin {
            0 => self.get(),
            origin => origin.wrapping_sub(self.get()),
        });
    }
    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        let distance = from.unsigned::<u64>()?;
        Ok(Self::new(match from.seq_origin {
            0 => distance,
            origin => origin.wrapping_sub(distance),
        }))
    }
}

impl Wire for Text {
    #[inline]
    fn put(&self, out: &mut Writer<'_>) {
        out.text(self);
    }
    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self::new(from.text()?))
    }
}

impl Wire for String {
    #[inline]
    fn put(&self, out: &mut Writer<'_>) {
        out.text(self);
    }
    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(from.text()?.to_owned())
    }
}

impl<T: Wire> Wire for Option<T> {
    #[inline]
    fn put(&self, out: &mut Writer<'_>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }
    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(if bool::take(from)? { Some(T::take(from)?) } else { None })
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Writer<'_>) {
        out.length(self.len());
        for value in self {
            value.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        let length = from.length()?;
        let mut list = Self::with_capacity(length.min(LIST_RESERVE_MAX));
        for _ in 0..length {
            list.push(T::take(from)?);
        }
        Ok(list)
    }
}

impl<K: Wire + Ord, V: Wire> Wire for BTreeMap<K, V> {
    fn put(&self, out: &mut Writer<'_>) {
        out.length(self.len());
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        let length = from.length()?;
        (0..length).map(|_| Ok((K::take(from)?, V::take(from)?))).collect()
    }
}

impl<T: Wire> Wire for Box<T> {
    fn put(&self, out: &mut Writer<'_>) {
        T::put(self, out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self::new(T::take(from)?))
    }
}

impl<T: Wire> Wire for Arc<T> {
    fn put(&self, out: &mut Writer<'_>) {
        T::put(self, out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self::new(T::take(from)?))
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Writer<'_>) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok((A::take(from)?, B::take(from)?))
    }
}

impl<A: Wire, B: Wire, C: Wire> Wire for (A, B, C) {
    fn put(&self, out: &mut Writer<'_>) {
        self.0.put(out);
        self.1.put(out);
        self.2.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok((A::take(from)?, B::take(from)?, C::take(from)?))
    }
}

/// Lists a struct's fields in the order they are written. The order is frozen.
macro_rules! wire_struct {
    ($type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::journal::codec::wire::Wire for $type {
            fn put(&self, out: &mut $crate::journal::codec::wire::Writer<'_>) {
                let Self { $($field),* } = self;
                $( $field.put(out); )*
            }
            fn take(
                from: &mut $crate::journal::codec::wire::Reader<'_>,
            ) -> Result<Self, $crate::journal::Error> {
                Ok(Self { $($field: $crate::journal::codec::wire::Wire::take(from)?),* })
            }
        }
    };
}

/// Lists an enum's variants with their tags, and each variant's fields in the order they are written.
/// A tag is never changed and never reused; a new variant gets the next free one.
macro_rules! wire_enum {
    ($type:ident, $what:literal {
        $( $tag:literal = $variant:ident $( ( $($part:ident),* ) )? $( { $($field:ident),* } )? ),* $(,)?
    }) => {
        impl $crate::journal::codec::wire::Wire for $type {
            #[inline]
            fn put(&self, out: &mut $crate::journal::codec::wire::Writer<'_>) {
                match self {
                    $( Self::$variant $( ( $($part),* ) )? $( { $($field),* } )? => {
                        const TAG: u8 = $tag;
                        out.byte(TAG);
                        $( $( $part.put(out); )* )?
                        $( $( $field.put(out); )* )?
                    } )*
                }
            }
            #[inline]
            fn take(
                from: &mut $crate::journal::codec::wire::Reader<'_>,
            ) -> Result<Self, $crate::journal::Error> {
                match from.byte()? {
                    $( $tag => {
                        $( $( let $part = $crate::journal::codec::wire::Wire::take(from)?; )* )?
                        $( $( let $field = $crate::journal::codec::wire::Wire::take(from)?; )* )?
                        Ok(Self::$variant $( ( $($part),* ) )? $( { $($field),* } )?)
                    } )*
                    tag => Err($crate::journal::Error::UnknownTag { what: $what, tag }),
                }
            }
        }
    };
}

pub(super) use {wire_enum, wire_struct};

wire_struct!(LotId { seq, index });

#[cfg(test)]
mod tests;

//! How values become bytes: bincode's varints behind a writer, a reader and one trait.
//!
//! The ledger's types know nothing of this. Their shapes are listed in the neighbouring files with the two macros below,
//! which name every field and every variant, so that one added to the ledger does not compile until the format says what
//! becomes of it. Nothing here trusts what it reads: a length is believed only as far as there are bytes left.

use std::collections::BTreeMap;
use std::sync::Arc;

use bincode::config::{Config, Configuration, Limit, LittleEndian, Varint};
use bincode::de::read::{BorrowReader, Reader as BincodeReader};
use bincode::de::{BorrowDecode, Decode, Decoder, DecoderImpl};
use bincode::enc::write::Writer as BincodeWriter;
use bincode::enc::{Encode, EncoderImpl};
use bincode::error::{DecodeError, EncodeError};

use crate::journal::Error;
use crate::ledger::types::{LotId, Money, NameId, Points, ProgramId, Seq, Text, TimeMs};
use crate::limits::{LIST_RESERVE_MAX, RECORD_BYTES_MAX};

type Wiring = Configuration<LittleEndian, Varint, Limit<RECORD_BYTES_MAX>>;

/// Frozen: little-endian varints, and no value longer than a record may be.
const WIRING: Wiring = bincode::config::standard().with_limit::<RECORD_BYTES_MAX>();

const _: () = assert_config(WIRING);
const fn assert_config<C: Config + Copy>(_: C) {}

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

    #[inline]
    pub(super) fn value(&mut self, value: impl Encode) {
        value.encode(&mut self.encoder).expect("numbers and text always encode, and memory takes every byte");
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
        let missing = length.saturating_sub(self.rest.len());
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or(DecodeError::UnexpectedEnd { additional: missing })?;
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
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { decoder: DecoderImpl::new(Source { rest: bytes }, WIRING, ()), time_origin: 0, seq_origin: 0 }
    }

    /// Sets what later times and sequences are counted from.
    pub(super) fn set_origin(&mut self, time: TimeMs, seq: Seq) {
        self.time_origin = time.get();
        self.seq_origin = seq.get();
    }

    #[inline]
    pub(super) fn value<T: Decode<()>>(&mut self) -> Result<T, Error> {
        Ok(T::decode(&mut self.decoder)?)
    }

    #[inline]
    fn text(&mut self) -> Result<&'a str, Error> {
        Ok(<&str>::borrow_decode(&mut self.decoder)?)
    }

    /// How many bytes have not been read.
    pub(super) fn remaining(&mut self) -> usize {
        self.decoder.reader().rest.len()
    }

    /// The length of a list, each of whose elements takes at least one byte.
    pub(super) fn list_length(&mut self) -> Result<usize, Error> {
        let length = self.value::<u64>()?;
        let remaining = self.remaining();
        match usize::try_from(length) {
            Ok(length) if length <= remaining => Ok(length),
            Ok(_) | Err(_) => Err(Error::ListTooLong { length, remaining }),
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

macro_rules! primitives {
    ($($type:ty),*) => { $(
        impl Wire for $type {
            #[inline]
            fn put(&self, out: &mut Writer<'_>) {
                out.value(*self);
            }
            #[inline]
            fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
                from.value()
            }
        }
    )* };
}
primitives!(bool, u8, u16, u32, u64, i32, i64);

macro_rules! numbers {
    ($($type:ty),*) => { $(
        impl Wire for $type {
            #[inline]
            fn put(&self, out: &mut Writer<'_>) {
                out.value(self.get());
            }
            #[inline]
            fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
                Ok(Self::new(from.value()?))
            }
        }
    )* };
}
numbers!(Points, Money, NameId, ProgramId);

impl Wire for TimeMs {
    #[inline]
    fn put(&self, out: &mut Writer<'_>) {
        out.value(self.get().wrapping_sub(out.time_origin));
    }
    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self::new(from.value::<i64>()?.wrapping_add(from.time_origin)))
    }
}

impl Wire for Seq {
    /// Sequences of a record lie behind it, so they count backwards from the origin; those of a row count from zero.
    #[inline]
    fn put(&self, out: &mut Writer<'_>) {
        out.value(match out.seq_origin {
            0 => self.get(),
            origin => origin.wrapping_sub(self.get()),
        });
    }
    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        let distance = from.value::<u64>()?;
        Ok(Self::new(match from.seq_origin {
            0 => distance,
            origin => origin.wrapping_sub(distance),
        }))
    }
}

impl Wire for Text {
    #[inline]
    fn put(&self, out: &mut Writer<'_>) {
        out.value(self.as_str());
    }
    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self::new(from.text()?))
    }
}

impl Wire for String {
    #[inline]
    fn put(&self, out: &mut Writer<'_>) {
        out.value(self.as_str());
    }
    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(from.text()?.to_owned())
    }
}

impl<T: Wire> Wire for Option<T> {
    #[inline]
    fn put(&self, out: &mut Writer<'_>) {
        out.value(self.is_some());
        if let Some(value) = self {
            value.put(out);
        }
    }
    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(if from.value()? { Some(T::take(from)?) } else { None })
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Writer<'_>) {
        out.value(self.len() as u64);
        for value in self {
            value.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        let length = from.list_length()?;
        let mut list = Self::with_capacity(length.min(LIST_RESERVE_MAX));
        for _ in 0..length {
            list.push(T::take(from)?);
        }
        Ok(list)
    }
}

impl<K: Wire + Ord, V: Wire> Wire for BTreeMap<K, V> {
    fn put(&self, out: &mut Writer<'_>) {
        out.value(self.len() as u64);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        let length = from.list_length()?;
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
                        out.value(TAG);
                        $( $( $part.put(out); )* )?
                        $( $( $field.put(out); )* )?
                    } )*
                }
            }
            #[inline]
            fn take(
                from: &mut $crate::journal::codec::wire::Reader<'_>,
            ) -> Result<Self, $crate::journal::Error> {
                match from.value::<u8>()? {
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

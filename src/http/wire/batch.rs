//! Batches: a JSON array or lines of JSON. One bad element does not stop the others, and nothing is read past the limit.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use memchr::memchr;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::field::Object;
use super::{Wire, parse, text_of};
use crate::http::problem::{Code, FieldError, Place, Problem};
use crate::limits::BATCH_EVENTS_MAX;

/// The elements of a batch in order, each ready or with its problem.
pub type Elements<T> = Vec<Result<T, Problem>>;

fn too_large() -> Problem {
    Problem::new(Code::BatchTooLarge, format!("the batch has more than {BATCH_EVENTS_MAX} elements"))
}

/// Reads a JSON array; `make` makes something of each good element, which has its place in the array. Fails as a whole where
/// it is no array, is not JSON, or is too long.
pub fn array<'de, T: Wire<'de>, M>(
    body: &'de [u8],
    mut make: impl FnMut(T::Input, usize) -> M,
) -> Result<Elements<M>, Problem> {
    let text = text_of(body)?;
    let mut elements: Elements<M> = Vec::new();
    let full = Cell::new(false);
    let mut add = |elements: &mut Elements<M>, checked: Result<T::Input, Problem>| {
        let at = elements.len();
        elements.push(checked.map(|input| make(input, at)));
    };
    if for_each(text, &full, |Object(wire): Object<T>| add(&mut elements, wire.check())).is_ok() {
        return Ok(elements);
    }
    if full.get() {
        return Err(too_large());
    }
    // Some element does not fit its type: take the array apart first, then read each element on its own.
    elements.clear();
    let read = |raw: &'de RawValue| parse::<T>(raw.get()).and_then(T::check);
    match for_each(text, &full, |raw| add(&mut elements, read(raw))) {
        Ok(()) => Ok(elements),
        Err(_) if full.get() => Err(too_large()),
        Err(error) if error.is_data() => Err(Problem::invalid(vec![FieldError {
            place: Place::Pointer(String::new()),
            detail: "a batch is an array".into(),
        }])),
        Err(error) => Err(Problem::new(Code::MalformedJson, error.to_string())),
    }
}

/// Reads lines of JSON; empty lines are passed over. `make` makes something of each good one, which has its place among the
/// lines. Fails as a whole only where there are none, or too many.
pub fn ndjson<'de, T: Wire<'de>, M>(
    body: &'de [u8],
    mut make: impl FnMut(T::Input, usize) -> M,
) -> Result<Elements<M>, Problem> {
    let count = Lines(body).take(BATCH_EVENTS_MAX + 1).count();
    match count {
        0 => Err(Problem::new(Code::MalformedJson, "the body is empty")),
        count if count > BATCH_EVENTS_MAX => Err(too_large()),
        count => {
            let mut elements = Vec::with_capacity(count);
            let lines = Lines(body).enumerate();
            elements.extend(lines.map(|(at, line)| super::read::<T>(line).map(|input| make(input, at))));
            Ok(elements)
        }
    }
}

/// The lines of a body that are not empty.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.0.is_empty() {
            let end = memchr(b'\n', self.0).unwrap_or(self.0.len());
            let (line, rest) = self.0.split_at(end);
            self.0 = rest.get(1..).unwrap_or_default();
            if !line.trim_ascii().is_empty() {
                return Some(line);
            }
        }
        None
    }
}

/// Hands each element of an array to `each`; stops with `full` set where there are too many.
fn for_each<'de, E: Deserialize<'de>>(
    text: &'de str,
    full: &Cell<bool>,
    each: impl FnMut(E),
) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_seq(Collect { full, each, element: PhantomData })?;
    json.end()
}

struct Collect<'a, E, F> {
    full: &'a Cell<bool>,
    each: F,
    element: PhantomData<E>,
}

impl<'de, E: Deserialize<'de>, F: FnMut(E)> Visitor<'de> for Collect<'_, E, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let mut count = 0usize;
        while let Some(element) = seq.next_element()? {
            count += 1;
            if count > BATCH_EVENTS_MAX {
                self.full.set(true);
                return Err(A::Error::custom("too many elements"));
            }
            (self.each)(element);
        }
        Ok(())
    }
}

//! Batches: a JSON array or lines of JSON. One bad element does not stop the others, and nothing is read past the limit.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

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

/// Reads a JSON array. Fails as a whole where it is no array, is not JSON, or is too long.
pub fn array<'de, T: Wire<'de>>(body: &'de [u8]) -> Result<Elements<T::Input>, Problem> {
    let text = text_of(body)?;
    let mut elements = Vec::new();
    let full = Cell::new(false);
    if for_each(text, &full, |Object(wire): Object<T>| elements.push(wire.check())).is_ok() {
        return Ok(elements);
    }
    if full.get() {
        return Err(too_large());
    }
    // Some element does not fit its type: take the array apart first, then read each element on its own.
    elements.clear();
    match for_each(text, &full, |raw: &'de RawValue| elements.push(parse::<T>(raw.get()).and_then(T::check))) {
        Ok(()) => Ok(elements),
        Err(_) if full.get() => Err(too_large()),
        Err(error) if error.is_data() => Err(Problem::invalid(vec![FieldError {
            place: Place::Pointer(String::new()),
            detail: "a batch is an array".into(),
        }])),
        Err(error) => Err(Problem::new(Code::MalformedJson, error.to_string())),
    }
}

/// Reads lines of JSON; empty lines are passed over. Fails as a whole only where there are none, or too many.
pub fn ndjson<'de, T: Wire<'de>>(body: &'de [u8]) -> Result<Elements<T::Input>, Problem> {
    let lines = || body.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let count = lines().take(BATCH_EVENTS_MAX + 1).count();
    match count {
        0 => Err(Problem::new(Code::MalformedJson, "the body is empty")),
        count if count > BATCH_EVENTS_MAX => Err(too_large()),
        count => {
            let mut elements = Vec::with_capacity(count);
            elements.extend(lines().map(|line| super::read::<T>(line)));
            Ok(elements)
        }
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

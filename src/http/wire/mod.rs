//! Bodies in: JSON to the ledger's inputs, with every limit checked and every fault named by a JSON pointer.
//!
//! The first pass reads straight into the target; only a body that fails is read a second time, to say where. Nothing
//! here knows what a program declares: names of pools and members are the ledger's to judge.

mod act;
mod batch;
mod check;
mod event;
mod field;
mod quick;
mod request;
mod review;
mod rulesets;
mod scan;
#[cfg(test)]
mod tests;
mod webhook;

use std::borrow::Cow;

use field::Object;
use serde::Deserialize;

pub use act::{
    Affair, AffairWire, AmountWire, DonationWire, HoldWire, HouseholdAsked, HouseholdWire, RedemptionWire, UpdateWire,
};
pub use batch::{array, ndjson};
pub use event::EventWire;
pub use request::{
    AdjustmentWire, BackupWire, ClockWire, Enrolment, MemberWire, RulesCheckWire, SimulateWire, TransferWire,
};
pub use review::{EmailWire, ListEntryWire, ResolveWire};
pub use rulesets::{ActivateWire, BacktestWire, DraftWire, SignedWire};
pub use webhook::{WebhookChangeWire, WebhookWire};

use super::problem::{Code, FieldError, Place, Problem};

/// A body, or an element of a batch, that becomes an input of the ledger.
pub trait Wire<'de>: Deserialize<'de> {
    /// What it becomes.
    type Input;

    /// Reads a body that is plain enough to be read quickly. `None` says nothing about the body.
    fn quick(_body: &'de str) -> Option<Self> {
        None
    }

    /// Checks every limit; all faults at once.
    fn check(self) -> Result<Self::Input, Problem>;
}

/// Reads and checks a whole body.
pub fn read<'de, T: Wire<'de>>(body: &'de [u8]) -> Result<T::Input, Problem> {
    let text = text_of(body)?;
    match T::quick(text) {
        Some(read) => read.check(),
        None => parse::<T>(text)?.check(),
    }
}

/// The body as text: not empty, and UTF-8.
fn text_of(body: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Problem::new(Code::MalformedJson, format!("invalid UTF-8 at byte {}", error.valid_up_to())))?;
    if text.trim_ascii().is_empty() {
        return Err(Problem::new(Code::MalformedJson, "the body is empty"));
    }
    Ok(text)
}

/// Reads one JSON object, strictly.
fn parse<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Problem> {
    serde_json::from_str(text).map(|Object(read)| read).map_err(|error| explain::<T>(text, &error))
}

/// Reads the text once more to find where it fails.
#[cold]
fn explain<'de, T: Deserialize<'de>>(text: &'de str, first: &serde_json::Error) -> Problem {
    let malformed = || Problem::new(Code::MalformedJson, first.to_string());
    if !first.is_data() {
        return malformed();
    }
    let mut json = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, Object<T>>(&mut json) {
        Err(error) if error.inner().is_data() => {
            let (pointer, detail) = described(pointer_of(error.path()), &error.inner().to_string());
            Problem::invalid(vec![FieldError { place: Place::Pointer(pointer), detail }])
        }
        Err(_) | Ok(_) => malformed(),
    }
}

/// Where and what, of a message by serde: the field it names becomes part of the pointer, and the position in the text,
/// which says less than the pointer, is left out.
fn described(pointer: String, message: &str) -> (String, Cow<'static, str>) {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let named = |start: &str| message.strip_prefix(start)?.strip_suffix('`');
    if let Some(field) = named("missing field `") {
        (format!("{pointer}/{field}"), "is missing".into())
    } else if let Some(field) = named("duplicate field `") {
        (format!("{pointer}/{field}"), "is given twice".into())
    } else if message.starts_with("unknown field `") {
        (pointer, "is not a known field".into())
    } else {
        (pointer, message.to_owned().into())
    }
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(itoa::Buffer::new().format(*index)),
            Segment::Map { key } => pointer.push_str(&escaped(key)),
            Segment::Enum { variant } => pointer.push_str(&escaped(variant)),
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}

/// A name as a step of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

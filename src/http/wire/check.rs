//! Bounds of single fields: ids, short texts, amounts, times.

use std::fmt::Display;

use crate::http::problem::Faults;
use crate::http::time;
use crate::ledger::event::{Birthday, Context};
use crate::ledger::types::{AMOUNT_MAX, Money, Text, TimeMs};
use crate::limits::{ATTRIBUTES_MAX, ID_BYTES_MAX, TEXT_BYTES_MAX};

use super::escaped;
use super::field::{Int, Pairs};

/// Whether a text holds none of the control characters of ASCII and Unicode.
fn is_plain(text: &str) -> bool {
    // All of it is looked at, many bytes together, rather than one after the other up to the first that is not.
    text.bytes().fold(true, |plain, b| plain & (0x20..0x7f).contains(&b)) || !text.chars().any(char::is_control)
}

/// An id: 1 to 128 bytes without control characters.
pub fn id(faults: &mut Faults, pointer: impl Display, value: &Text) {
    if value.is_empty() {
        faults.add(pointer, "must not be empty");
    } else if value.len() > ID_BYTES_MAX {
        faults.add(pointer, format!("has {} bytes; at most {ID_BYTES_MAX} are accepted", value.len()));
    } else if !is_plain(value) {
        faults.add(pointer, "must not contain control characters");
    }
}

/// An id, where it was given.
pub fn optional_id(faults: &mut Faults, pointer: impl Display, value: Option<&Text>) {
    if let Some(value) = value {
        id(faults, pointer, value);
    }
}

/// A free text: up to 512 bytes, without control characters other than tabs and line ends.
pub fn text(faults: &mut Faults, pointer: impl Display, value: &str) {
    if value.len() > TEXT_BYTES_MAX {
        faults.add(pointer, format!("has {} bytes; at most {TEXT_BYTES_MAX} are accepted", value.len()));
    } else if !is_plain(value) && value.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        faults.add(pointer, "must not contain control characters");
    }
}

/// A label: a free text that says something, on one line.
pub fn label(faults: &mut Faults, pointer: impl Display, value: Option<&Text>) {
    let Some(value) = value else { return };
    if value.is_empty() {
        faults.add(pointer, "must not be empty");
    } else if value.len() > TEXT_BYTES_MAX {
        faults.add(pointer, format!("has {} bytes; at most {TEXT_BYTES_MAX} are accepted", value.len()));
    } else if !is_plain(value) {
        faults.add(pointer, "must not contain control characters");
    }
}

/// Money from outside: 0 to 2^53 − 1.
pub fn money(faults: &mut Faults, pointer: impl Display, Int(value): Int) -> Money {
    if !(0..=AMOUNT_MAX).contains(&value) {
        faults.add(pointer, format!("must be from 0 to {AMOUNT_MAX}"));
    }
    Money::new(value)
}

/// An instant.
pub fn time(faults: &mut Faults, pointer: impl Display, value: &str) -> TimeMs {
    time::parse(value).unwrap_or_else(|| {
        faults.add(pointer, format!("expected {}", time::EXPECTED));
        TimeMs::EPOCH
    })
}

/// A birthday.
pub fn birthday(faults: &mut Faults, pointer: impl Display, value: &str) -> Option<Birthday> {
    let parsed = time::parse_birthday(value).map(|(year, month, day)| Birthday { month, day, year });
    if parsed.is_none() {
        faults.add(pointer, "expected a day that exists, as MM-DD or YYYY-MM-DD");
    }
    parsed
}

/// [`pairs`] that are attributes.
pub fn attributes(faults: &mut Faults, attributes: Pairs) -> Vec<(Text, Text)> {
    pairs(faults, "/attributes", attributes)
}

/// Names and values: at most 64, names are ids, values free texts; sorted by name, no name twice.
pub fn pairs(faults: &mut Faults, place: &'static str, Pairs(mut pairs): Pairs) -> Vec<(Text, Text)> {
    if pairs.len() > ATTRIBUTES_MAX {
        faults.add(place, format!("has {} entries; at most {ATTRIBUTES_MAX} are accepted", pairs.len()));
        return Vec::new();
    }
    for (name, value) in &pairs {
        let at = || format!("{place}/{}", escaped(name));
        if name.len() > ID_BYTES_MAX {
            faults.add(place, format!("a name has {} bytes; at most {ID_BYTES_MAX} are accepted", name.len()));
        } else if name.is_empty() || !is_plain(name) {
            faults.add(at(), "the name must not be empty or contain control characters");
        }
        text(faults, format_args!("{place}/{}", escaped(name)), value);
    }
    pairs.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    for pair in pairs.windows(2) {
        if let [(a, _), (b, _)] = pair
            && a == b
        {
            faults.add(format_args!("{place}/{}", escaped(a)), "is given twice");
        }
    }
    pairs
}

/// Where and how something was done.
pub fn context(faults: &mut Faults, context: &Context) {
    optional_id(faults, "/channel", context.channel.as_ref());
    optional_id(faults, "/store", context.store.as_ref());
    optional_id(faults, "/terminal", context.terminal.as_ref());
    optional_id(faults, "/staff", context.staff.as_ref());
    optional_id(faults, "/device", context.device.as_ref());
    optional_id(faults, "/ip", context.ip.as_ref());
}

/// The context of an act, kept only where it says something.
pub fn boxed_context(faults: &mut Faults, given: Context) -> Option<Box<Context>> {
    context(faults, &given);
    (given != Context::default()).then(|| Box::new(given))
}

/// Decimal degrees as text, such as `-84.51`, not beyond `limit`.
pub fn degrees(faults: &mut Faults, pointer: impl Display, value: &str, limit: u32) {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number =
        |text: &str, most: usize| !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
    let within = |whole: u32| whole < limit || (whole == limit && fraction.bytes().all(|b| b == b'0'));
    if !is_number(whole, 3) || !is_number(fraction, 12) || !whole.parse().is_ok_and(within) {
        faults.add(pointer, format!("expected decimal degrees as a string, from -{limit} to {limit}"));
    }
}

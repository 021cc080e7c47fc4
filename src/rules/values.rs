//! The kinds of value a manifest is made of, each read and checked in one place so that a wrong one is reported where
//! it stands. Nothing here knows which key a value belongs to.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::files::is_name;
use super::length::{self, ShortM};
use crate::ledger::calendar::{Span, Zone};
use crate::ledger::event::EventKind;
use crate::ledger::record::{KeyField, Verdict};
use crate::ledger::terms::{CalendarWindow, Counted, Expiry};
use crate::ledger::types::Text;
use crate::limits::{MANIFEST_TABLES_MAX, TEXT_BYTES_MAX};

/// Defines a value written as a string, with its parser.
macro_rules! written {
    ($(#[$doc:meta])* $name:ident($inner:ty) = $parse:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(super) struct $name(pub(super) $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let parse: fn(&str) -> Result<$inner, String> = $parse;
                parse(&text).map(Self).map_err(de::Error::custom)
            }
        }
    };
}

written! {
    /// The name of something declared.
    Name(Text) = name
}
written! {
    /// A counter: a declared one, a built-in one, or what rules credit to a pool: `earned:<pool>`.
    CounterName(Text) = |text| match text.strip_prefix("earned:") {
        Some(pool) => name(pool).map(|_| Text::new(text)),
        None => name(text),
    }
}
written! {
    /// When a schedule runs.
    WhenText(WhenWords) = when
}
written! {
    /// Over which total a law looks.
    LawWindowText(LawWords) = |text| match text {
        "ever" => Ok(LawWords::Ever),
        "year" => Ok(LawWords::Year),
        other => match other.strip_prefix("plan ") {
            Some(plan) => name(plan.trim()).map(LawWords::Plan),
            None => Err(format!("{text:?} is not a window of a law; use \"ever\", \"year\" or \"plan <name>\"")),
        },
    }
}
written! {
    /// Words for a person to read.
    Words(Text) = |text| {
        if text.trim().is_empty() || text.len() > TEXT_BYTES_MAX {
            return Err(format!("must say something, in at most {TEXT_BYTES_MAX} bytes"));
        }
        Ok(Text::new(text))
    }
}
written! {
    /// An IANA time zone.
    ZoneName(Zone) = |text| {
        Zone::named(text).ok_or_else(|| {
            format!("{text:?} is not a time zone; use an IANA name such as \"UTC\" or \"America/New_York\"")
        })
    }
}
written! {
    /// An ISO 4217 code.
    Currency(Text) = |text| {
        if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Ok(Text::new(text));
        }
        Err(format!("{text:?} is not a currency; use an ISO 4217 code such as \"USD\""))
    }
}
written! {
    /// A colour, as `#rrggbb`.
    Colour(Text) = |text| {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        if digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            return Ok(Text::new(text));
        }
        Err(format!("{text:?} is not a colour; write it as \"#006241\""))
    }
}
written! {
    /// A length of calendar time.
    Length(Span) = |text| length::span(text, ShortM::Minutes)
}
written! {
    /// How long something can be used.
    Lasting(Span) = |text| length::span(text, ShortM::Months)
}
written! {
    /// A length in milliseconds.
    ExactMs(i64) = length::exact_ms
}
written! {
    /// A length in milliseconds, or `none`.
    Lateness(Option<i64>) = |text| if text == "none" { Ok(None) } else { length::exact_ms(text).map(Some) }
}
written! {
    /// What a limit looks back over.
    Window(WindowOf) = |text| Ok(match text {
        "day" => WindowOf::Calendar(CalendarWindow::Day),
        "week" => WindowOf::Calendar(CalendarWindow::Week),
        "month" => WindowOf::Calendar(CalendarWindow::Month),
        "ever" => WindowOf::Rolling(i64::MAX),
        length => WindowOf::Rolling(length::exact_ms(length)?),
    })
}
written! {
    /// When credits are lost.
    Expires(Expiry) = length::expiry
}
written! {
    /// A kind of event.
    Kind(EventKind) = kind
}
written! {
    /// A kind of event, `transfer`, or a kind of spending.
    CountedKind(Counted) = |text| match text {
        "transfer" => Ok(Counted::Transfer),
        "redeem" => Ok(Counted::Redeem),
        "hold" => Ok(Counted::Hold),
        "donate" => Ok(Counted::Donate),
        "adjust" => Ok(Counted::Adjust),
        event => kind(event).map(Counted::Event),
    }
}
written! {
    /// A field to count by.
    Key(KeyField) = key_field
}
written! {
    /// What a limit raises.
    RaisedVerdict(Verdict) = verdict
}
written! {
    /// What a missing field means: `skip`, or a verdict.
    AbsentText(Option<Verdict>) = |text| if text == "skip" { Ok(None) } else { verdict(text).map(Some) }
}

/// What a limit looks back over: a length in milliseconds, or the calendar's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WindowOf {
    Rolling(i64),
    Calendar(CalendarWindow),
}

/// When a schedule runs, with the plan's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WhenWords {
    Birthday,
    Anniversary,
    Monthly(u8),
    Yearly(u8, u8),
    PlanMonth(Text),
    PlanEnd(Text),
}

/// Over which total a law looks, with the plan's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LawWords {
    Ever,
    Year,
    Plan(Text),
}

fn when(text: &str) -> Result<WhenWords, String> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let day = |text: &str, most: u8| text.parse::<u8>().ok().filter(|day| (1..=most).contains(day));
    let found = match word {
        "birthday" if rest.is_empty() => Some(WhenWords::Birthday),
        "anniversary" if rest.is_empty() => Some(WhenWords::Anniversary),
        "monthly" => day(rest, 31).map(WhenWords::Monthly),
        "yearly" => rest.split_once('-').and_then(|(month, of)| Some(WhenWords::Yearly(day(month, 12)?, day(of, 31)?))),
        "plan_month" => name(rest.trim()).ok().map(WhenWords::PlanMonth),
        "plan_end" => name(rest.trim()).ok().map(WhenWords::PlanEnd),
        _ => None,
    };
    found.ok_or_else(|| {
        format!(
            "{text:?} is not a time; use \"birthday\", \"anniversary\", \"monthly 1\", \"yearly 03-01\", \"plan_month <plan>\" or \
             \"plan_end <plan>\""
        )
    })
}

fn name(text: &str) -> Result<Text, String> {
    if is_name(text) {
        return Ok(Text::new(text));
    }
    Err(format!("{text:?} is not a name; use lower-case letters, digits and _, beginning with a letter, at most 64"))
}

fn kind(text: &str) -> Result<EventKind, String> {
    EventKind::parse(text).ok_or_else(|| {
        format!(
            "{text:?} is not a kind of event; for your own use \"custom.\" and a name, such as \"custom.wishlist_add\""
        )
    })
}

fn verdict(text: &str) -> Result<Verdict, String> {
    Ok(match text {
        "flag" => Verdict::Flag,
        "hold" => Verdict::Hold,
        "step_up" => Verdict::StepUp,
        "deny" => Verdict::Deny,
        _ => return Err(format!("{text:?} is not a verdict; use \"flag\", \"hold\", \"step_up\" or \"deny\"")),
    })
}

fn key_field(text: &str) -> Result<KeyField, String> {
    KeyField::named(text).ok_or_else(|| {
        let all: Vec<_> = KeyField::ALL.into_iter().map(KeyField::name).collect();
        format!("{text:?} cannot be counted by; use {}", all.join(", "))
    })
}

/// A whole number within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole<const MIN: i64, const MAX: i64>(pub(super) i64);

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number<const MIN: i64, const MAX: i64>;
        impl<const MIN: i64, const MAX: i64> Visitor<'_> for Number<MIN, MAX> {
            type Value = Whole<MIN, MAX>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                if (MIN..=MAX).contains(&number) {
                    return Ok(Whole(number));
                }
                Err(de::Error::custom(format!("{number} is out of range: from {MIN} to {MAX}")))
            }
        }
        deserializer.deserialize_i64(Number)
    }
}

/// One value, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OneOrMany<T>(pub(super) Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Values<T> {
            type Value = OneOrMany<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                T::deserialize(de::value::StrDeserializer::new(text)).map(|value| OneOrMany(vec![value]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                if values.is_empty() || values.len() > MANIFEST_TABLES_MAX {
                    return Err(de::Error::custom("a list here holds something, and not without end"));
                }
                Ok(OneOrMany(values))
            }
        }
        deserializer.deserialize_any(Values(PhantomData))
    }
}

/// Tables by name, in the order they are declared, each with the place of its name.
#[derive(Clone, Debug)]
pub(super) struct Named<T>(pub(super) Vec<(Spanned<Name>, T)>);

impl<T> Named<T> {
    pub(super) fn names(&self) -> impl Iterator<Item = &Text> + Clone {
        self.0.iter().map(|(name, _)| &name.get_ref().0)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tables<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Tables<T> {
            type Value = Named<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tables by name")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut tables = Vec::new();
                while let Some(name) = map.next_key()? {
                    if tables.len() >= MANIFEST_TABLES_MAX {
                        map.next_value::<IgnoredAny>()?;
                        return Err(de::Error::custom(format!("at most {MANIFEST_TABLES_MAX} of a kind")));
                    }
                    tables.push((name, map.next_value()?));
                }
                Ok(Named(tables))
            }
        }
        deserializer.deserialize_map(Tables(PhantomData))
    }
}

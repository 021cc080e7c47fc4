//! Paths and queries: percent-decoding, known parameters, `limit` and `cursor`.

use std::borrow::Cow;

use super::problem::Problem;
use super::time;
use crate::ledger::calendar::Zone;
use crate::ledger::types::TimeMs;
use crate::limits::{LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX};

/// Decodes `%XX`; `None` where what comes out is not UTF-8 or a `%` stands alone.
pub fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let (high, low) = (hex(bytes.next()?)?, hex(bytes.next()?)?);
            out.push(high << 4 | low);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The parameters of a request's query.
#[derive(Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query of which only `known` parameters may be given, each once. `+` stands for a space, as forms write it.
    pub fn read(query: Option<&str>, known: &[&str]) -> Result<Self, Problem> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in query.unwrap_or("").split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = value.replace('+', " ");
            let (Some(name), Some(value)) = (decode(name), decode(&value)) else {
                return Err(Problem::parameter(name, "is not percent-encoded UTF-8"));
            };
            if !known.contains(&name.as_ref()) {
                return Err(Problem::parameter(&name, "is not a parameter of this path"));
            }
            if pairs.iter().any(|(earlier, _)| *earlier == name) {
                return Err(Problem::parameter(&name, "is given twice"));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(pairs))
    }

    /// A parameter's value, where it was given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// An instant: RFC 3339, or `YYYY-MM-DD` for the first instant of a day of the program's zone.
    pub fn time(&self, name: &str, zone: &Zone) -> Result<Option<TimeMs>, Problem> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match time::parse_day(text) {
            Some(day) => Ok(Some(zone.start_of_day(day))),
            None => instant(name, text).map(Some),
        }
    }

    /// `from` and `to`, of which the first is within the period and the second is not.
    pub fn period(&self, zone: &Zone) -> Result<(Option<TimeMs>, Option<TimeMs>), Problem> {
        let (from, to) = (self.time("from", zone)?, self.time("to", zone)?);
        match (from, to) {
            (Some(from), Some(to)) if from > to => Err(Problem::parameter("to", "lies before from")),
            period => Ok(period),
        }
    }

    /// The text of a cursor that an earlier page gave, where pages go on from an id.
    pub fn text_cursor(&self) -> Result<Option<String>, Problem> {
        let Some(text) = self.get("cursor") else { return Ok(None) };
        let bytes: Option<Vec<u8>> = text.strip_prefix('t').and_then(|digits| {
            let pairs = digits.as_bytes().as_chunks::<2>();
            let byte = |[high, low]: &[u8; 2]| Some(hex(*high)? << 4 | hex(*low)?);
            pairs.1.is_empty().then(|| pairs.0.iter().map(byte).collect())?
        });
        let id = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        id.map(Some).ok_or_else(|| Problem::parameter("cursor", "is not a cursor that a page of this list gave"))
    }

    /// The cursor from which [`Query::text_cursor`] reads an id.
    pub fn cursor_of(id: &str) -> String {
        id.bytes().fold("t".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// How many rows are wanted: 1 to 500, 50 where nothing is said.
    pub fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.get("limit") else { return Ok(LIST_LIMIT_DEFAULT) };
        match text.parse::<usize>() {
            Ok(limit) if (1..=LIST_LIMIT_MAX).contains(&limit) => Ok(limit),
            _ => Err(Problem::parameter("limit", format!("expected a number from 1 to {LIST_LIMIT_MAX}"))),
        }
    }

    /// The numbers of a cursor that an earlier page gave.
    pub fn cursor<const N: usize>(&self) -> Result<Option<[i64; N]>, Problem> {
        let Some(text) = self.get("cursor") else { return Ok(None) };
        let mut numbers = [0i64; N];
        let mut parts = text.strip_prefix('c').unwrap_or_default().split('.');
        let read =
            numbers.iter_mut().all(|number| parts.next().and_then(|p| p.parse().ok()).map(|n| *number = n).is_some());
        if read && parts.next().is_none() {
            Ok(Some(numbers))
        } else {
            Err(Problem::parameter("cursor", "is not a cursor that a page of this list gave"))
        }
    }
}

/// An instant of a parameter. A `+` of its offset may have been read as a space.
pub fn instant(name: &str, text: &str) -> Result<TimeMs, Problem> {
    time::parse(&text.replace(' ', "+")).ok_or_else(|| Problem::parameter(name, format!("expected {}", time::EXPECTED)))
}

/// The text of a cursor: opaque to callers, numbers to us.
pub fn cursor(numbers: &[i64]) -> String {
    let parts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    format!("c{}", parts.join("."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decodes_what_is_encoded() {
        assert_eq!(decode("store-330%2Ftill-4").as_deref(), Some("store-330/till-4"));
        assert_eq!(decode("plain").as_deref(), Some("plain"));
        for bad in ["%", "%2", "%zz", "%ff", "a%"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn refuses_unknown_and_double_parameters() {
        assert!(Query::read(Some("a=1&b=2"), &["a"]).is_err());
        assert!(Query::read(Some("a=1&a=1"), &["a"]).is_err());
        assert!(Query::read(Some("a=%"), &["a"]).is_err());
        let query = Query::read(Some("a=x%20y+z&&limit=500"), &["a", "limit"]).unwrap();
        assert_eq!(query.get("a"), Some("x y z"));
        assert_eq!(query.limit().unwrap(), LIST_LIMIT_MAX);
        for bad in ["limit=0", "limit=501", "limit=", "limit=-1", "limit=1.0"] {
            assert!(Query::read(Some(bad), &["limit"]).unwrap().limit().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_offset_survives_the_plus_of_forms() {
        let query = Query::read(Some("at=2017-01-01T12:00:00+01:00"), &["at"]).unwrap();
        assert_eq!(query.time("at", &Zone::utc()).unwrap(), time::parse("2017-01-01T11:00:00Z"));
        let query = Query::read(Some("at=2017-01-01"), &["at"]).unwrap();
        assert_eq!(query.time("at", &Zone::utc()).unwrap(), time::parse("2017-01-01T00:00:00Z"));
    }

    proptest! {
        #[test]
        fn cursors_come_back(numbers in any::<[i64; 3]>()) {
            let text = format!("cursor={}", cursor(&numbers));
            prop_assert_eq!(Query::read(Some(&text), &["cursor"]).unwrap().cursor::<3>().unwrap(), Some(numbers));
            prop_assert!(Query::read(Some(&text), &["cursor"]).unwrap().cursor::<2>().is_err());
        }

        #[test]
        fn ids_come_back(id in any::<String>()) {
            let text = format!("cursor={}", Query::cursor_of(&id));
            prop_assert_eq!(Query::read(Some(&text), &["cursor"]).unwrap().text_cursor().unwrap(), Some(id));
        }

        #[test]
        fn never_panics(text in ".{0,60}") {
            let _ = (decode(&text), Query::read(Some(&text), &["a", "cursor"]).map(|q| (q.cursor::<1>(), q.text_cursor())));
        }
    }
}

//! The quick way into plain JSON: objects, lists, texts without escapes, short integers, null. Most bodies hold nothing else.
//!
//! It never decides what is wrong: at anything unusual it gives up, and the body is read the thorough way.

use crate::http::json::plain_length;

/// Digits of an integer that certainly fits `i64`.
const DIGITS_MAX: usize = 18;

/// A place in a text. Every reader gives `None` where it gives up; nothing that was read counts then.
#[derive(Debug)]
pub struct Scan<'de> {
    text: &'de str,
    at: usize,
}

impl<'de> Scan<'de> {
    /// The beginning of a text.
    pub const fn new(text: &'de str) -> Self {
        Self { text, at: 0 }
    }

    /// The next byte after white space, which is not taken.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Takes the next byte after white space, which must be this one.
    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    /// Nothing but white space is left.
    pub fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// A text without escapes.
    pub fn text(&mut self) -> Option<&'de str> {
        self.take(b'"')?;
        let rest = self.text.as_bytes().get(self.at..)?;
        let length = plain_length(rest);
        let text = self.text.get(self.at..self.at + length)?;
        self.at += length + 1;
        // Whatever else ended it is an escape or no JSON.
        (*rest.get(length)? == b'"').then_some(text)
    }

    /// An integer of at most 18 digits.
    pub fn int(&mut self) -> Option<i64> {
        let minus = self.peek()? == b'-';
        self.at += usize::from(minus);
        let rest = self.text.as_bytes().get(self.at..)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let first = *rest.first()?;
        let plain = !matches!(rest.get(digits), Some(b'.' | b'e' | b'E'));
        // Zeros in front are no JSON, and minus zero is no integer.
        if !(1..=DIGITS_MAX).contains(&digits) || !plain || (first == b'0' && (digits > 1 || minus)) {
            return None;
        }
        self.at += digits;
        let value = rest.iter().take(digits).fold(0i64, |value, byte| value * 10 + i64::from(byte - b'0'));
        Some(if minus { -value } else { value })
    }

    /// Takes a null, where there is one.
    pub fn is_null(&mut self) -> bool {
        let is_null =
            self.peek() == Some(b'n') && self.text.as_bytes().get(self.at..).is_some_and(|r| r.starts_with(b"null"));
        self.at += if is_null { 4 } else { 0 };
        is_null
    }

    /// An object; `each` reads the value of each key.
    pub fn object(&mut self, mut each: impl FnMut(&mut Self, &'de str) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            let key = self.text()?;
            self.take(b':')?;
            each(self, key)?;
            if self.is_last(b'}')? {
                return Some(());
            }
        }
    }

    /// A list; `each` reads each element.
    pub fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.take(b'[')?;
        let mut list = Vec::new();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(list);
        }
        loop {
            list.push(each(self)?);
            if self.is_last(b']')? {
                return Some(list);
            }
        }
    }

    /// Takes a comma, or the closing bracket and says so.
    fn is_last(&mut self, close: u8) -> Option<bool> {
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b',' => Some(false),
            byte if byte == close => Some(true),
            _ => None,
        }
    }
}

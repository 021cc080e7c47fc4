//! A JSON writer for answers: straight into a byte buffer, with escaping and without floats.
//!
//! It does not check that braces match; tests parse what it writes. Where plain text ends is looked for here, also for who reads.

use crate::ledger::types::{LotId, TimeMs};

use super::time;

/// A growing JSON text. Commas are put where the last byte says that one is due.
#[derive(Debug, Default)]
pub struct Json {
    out: Vec<u8>,
}

impl Json {
    /// An empty text with room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes) }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// A comma, unless this is the first value of its object, array, key or line.
    fn separate(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':' | b'\n')) {
            self.out.push(b',');
        }
    }

    /// `{`.
    pub fn begin_object(&mut self) {
        self.separate();
        self.out.push(b'{');
    }

    /// `}`.
    pub fn end_object(&mut self) {
        self.out.push(b'}');
    }

    /// `[`.
    pub fn begin_array(&mut self) {
        self.separate();
        self.out.push(b'[');
    }

    /// `]`.
    pub fn end_array(&mut self) {
        self.out.push(b']');
    }

    /// The end of a line of NDJSON.
    pub fn end_line(&mut self) {
        self.out.push(b'\n');
    }

    /// A key that needs no escaping.
    pub fn key(&mut self, name: &'static str) {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// A key from outside.
    pub fn text_key(&mut self, name: &str) {
        self.string(name);
        self.out.push(b':');
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        self.separate();
        self.out.push(b'"');
        escape(&mut self.out, text);
        self.out.push(b'"');
    }

    /// A string of two parts, such as a prefix and an id.
    pub fn prefixed(&mut self, prefix: &str, text: &str) {
        self.separate();
        self.out.push(b'"');
        escape(&mut self.out, prefix);
        escape(&mut self.out, text);
        self.out.push(b'"');
    }

    /// An integer.
    pub fn int(&mut self, value: impl itoa::Integer) {
        self.separate();
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) {
        self.separate();
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// `null`.
    pub fn null(&mut self) {
        self.separate();
        self.out.extend_from_slice(b"null");
    }

    /// A string, or `null`.
    pub fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.string(text),
            None => self.null(),
        }
    }

    /// An instant as RFC 3339, or `null` where it lies past the year 9999 ("never").
    pub fn time(&mut self, at: TimeMs) {
        self.separate();
        self.out.push(b'"');
        if time::write(&mut self.out, at) {
            self.out.push(b'"');
        } else {
            self.out.pop();
            self.out.extend_from_slice(b"null");
        }
    }

    /// `"<prefix>_<seq>_<index>"`.
    pub fn lot_id(&mut self, prefix: &'static str, id: LotId) {
        let mut buffer = itoa::Buffer::new();
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(prefix.as_bytes());
        self.out.push(b'_');
        self.out.extend_from_slice(buffer.format(id.seq.get()).as_bytes());
        self.out.push(b'_');
        self.out.extend_from_slice(buffer.format(id.index).as_bytes());
        self.out.push(b'"');
    }

    /// `"txn_<seq>"`.
    pub fn transaction_id(&mut self, seq: u64) {
        self.separate();
        self.out.extend_from_slice(b"\"txn_");
        self.out.extend_from_slice(itoa::Buffer::new().format(seq).as_bytes());
        self.out.push(b'"');
    }

    /// A key and a string.
    pub fn field(&mut self, name: &'static str, text: &str) {
        self.key(name);
        self.string(text);
    }

    /// A key and true or false.
    pub fn bool_field(&mut self, name: &'static str, value: bool) {
        self.key(name);
        self.bool(value);
    }

    /// A key and an integer.
    pub fn int_field(&mut self, name: &'static str, value: impl itoa::Integer) {
        self.key(name);
        self.int(value);
    }

    /// A key and an instant.
    pub fn time_field(&mut self, name: &'static str, at: TimeMs) {
        self.key(name);
        self.time(at);
    }
}

/// A byte in each of a word's eight.
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// How many bytes stand before the first quote, backslash or control character, or before the end. Eight are looked at together, by the
/// usual trick of bytes in a word: what is subtracted borrows into a byte's highest bit where the byte is the smaller one.
pub fn plain_length(bytes: &[u8]) -> usize {
    let below = |word: u64, byte: u8| word.wrapping_sub(each(byte)) & !word;
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let ends = below(word, 0x20) | below(word ^ each(b'"'), 1) | below(word ^ each(b'\\'), 1);
        // Bytes after the first that is found may be found wrongly, and do not matter.
        let found = ends & each(0x80);
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
    words.len() * 8 + rest.iter().take_while(plain).count()
}

/// Appends `text` with what JSON wants escaped: quotes, backslashes, control characters.
fn escape(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while let Some((plain, [byte, after @ ..])) = rest.split_at_checked(plain_length(rest)) {
        out.extend_from_slice(plain);
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                out.extend_from_slice(b"\\u00");
                out.extend([control >> 4, control & 0xf].map(|n| if n < 10 { b'0' + n } else { b'a' + n - 10 }));
            }
        }
        rest = after;
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::ledger::types::Seq;

    #[test]
    fn a_text_ends_where_reading_byte_by_byte_ends_it() {
        for byte in 0..=u8::MAX {
            for length in 0..20 {
                for (first, second) in (0..length).flat_map(|first| (0..length).map(move |second| (first, second))) {
                    let mut bytes = [b'a', b' ', b'~', 0x80, 0xff, b'!', b'[', b'#'].repeat(3);
                    bytes.truncate(length);
                    bytes[first] = byte;
                    bytes[second] ^= byte;
                    let naive = bytes.iter().take_while(|b| !matches!(b, b'"' | b'\\' | 0..0x20)).count();
                    assert_eq!(plain_length(&bytes), naive, "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn commas_fall_between_values_only() {
        let mut out = Json::default();
        out.begin_object();
        out.key("a");
        out.begin_array();
        out.int(-1);
        out.string("x,{");
        out.begin_object();
        out.end_object();
        out.null();
        out.end_array();
        out.key("b");
        out.bool(true);
        out.time_field("never", TimeMs::NEVER);
        out.key("lot");
        out.lot_id("lot", LotId { seq: Seq::new(7), index: 2 });
        out.end_object();
        let value: Value = serde_json::from_slice(&out.into_bytes()).unwrap();
        assert_eq!(value, json!({"a": [-1, "x,{", {}, null], "b": true, "never": null, "lot": "lot_7_2"}));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(key in any::<String>(), text in any::<String>(), number in any::<i64>()) {
            let mut out = Json::default();
            out.begin_object();
            out.text_key(&key);
            out.begin_array();
            out.string(&text);
            out.int(number);
            out.prefixed(&key, &text);
            out.end_array();
            out.end_object();
            let value: Value = serde_json::from_slice(&out.into_bytes()).unwrap();
            let both = format!("{key}{text}");
            prop_assert_eq!(value, json!({ key: [text, number, both] }));
        }
    }
}

//! A script's text as words, strings and signs, with places: enough to look for names, not enough to run anything.
//!
//! Total: any text gives tokens. What is not well-formed is left for the compiler to report.

/// One piece of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub kind: Piece<'a>,
    /// Where it begins, in bytes.
    pub offset: usize,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A name or a word of the language.
    Word(&'a str),
    /// A string that says exactly this.
    Literal(&'a str),
    /// A string with escapes or with expressions in it, a character, or a number.
    Value,
    /// Anything else, one byte at a time.
    Sign(u8),
}

/// The tokens of a source, without comments and white space.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut scan = Scan { source, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = scan.token() {
        tokens.push(token);
    }
    tokens
}

struct Scan<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.source.as_bytes().get(self.at + ahead).copied()
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&wanted) {
            self.at += 1;
        }
    }

    fn token(&mut self) -> Option<Token<'a>> {
        self.skip();
        let first = self.peek(0)?;
        let offset = self.at;
        let kind = match first {
            b'"' => {
                self.at += 1;
                let plain = self.quoted(b'"');
                let end = self.at.saturating_sub(1).max(offset + 1);
                if plain { self.source.get(offset + 1..end).map_or(Piece::Value, Piece::Literal) } else { Piece::Value }
            }
            b'`' => {
                self.at += 1;
                self.interpolated();
                Piece::Value
            }
            b'\'' => {
                self.at += 1;
                self.quoted(b'\'');
                Piece::Value
            }
            b'0'..=b'9' => {
                self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                Piece::Value
            }
            _ if is_word(first) => {
                self.take_while(is_word);
                self.source.get(offset..self.at).map_or(Piece::Value, Piece::Word)
            }
            sign => {
                self.at += 1;
                Piece::Sign(sign)
            }
        };
        Some(Token { kind, offset })
    }

    /// White space and comments, which nest when they are blocks.
    fn skip(&mut self) {
        loop {
            self.take_while(|byte| byte.is_ascii_whitespace());
            match (self.peek(0), self.peek(1)) {
                (Some(b'/'), Some(b'/')) => self.take_while(|byte| byte != b'\n'),
                (Some(b'/'), Some(b'*')) => {
                    let mut depth = 0usize;
                    while let Some(byte) = self.peek(0) {
                        match (byte, self.peek(1)) {
                            (b'/', Some(b'*')) => depth += 1,
                            (b'*', Some(b'/')) => depth -= 1,
                            _ => {
                                self.at += 1;
                                continue;
                            }
                        }
                        self.at += 2;
                        if depth == 0 {
                            break;
                        }
                    }
                }
                _ => return,
            }
        }
    }

    /// To the end of a quoted string; true where it says what it is written as.
    fn quoted(&mut self, quote: u8) -> bool {
        let mut plain = true;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'\\' => {
                    plain = false;
                    self.at += 1;
                }
                _ if byte == quote => return plain,
                _ => {}
            }
        }
        false
    }

    /// To the end of a string between back-ticks; braces within `${…}` are counted.
    fn interpolated(&mut self) {
        let mut depth = 0usize;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'`' if depth == 0 => return,
                b'$' if depth == 0 && self.peek(0) == Some(b'{') => {
                    depth = 1;
                    self.at += 1;
                }
                b'"' if depth > 0 => {
                    self.quoted(b'"');
                }
                b'{' if depth > 0 => depth += 1,
                b'}' if depth > 0 => depth -= 1,
                _ => {}
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_strings_and_signs() {
        let kinds: Vec<_> = tokens("earn(\"points\", 1_0, `a ${b(\"`\")} }`) // x\n/* /* */ */ é \"a\\\"\" \"open")
            .into_iter()
            .map(|token| token.kind)
            .collect();
        let expected = [
            Piece::Word("earn"),
            Piece::Sign(b'('),
            Piece::Literal("points"),
            Piece::Sign(b','),
            Piece::Value,
            Piece::Sign(b','),
            Piece::Value,
            Piece::Sign(b')'),
            Piece::Word("é"),
            Piece::Value,
            Piece::Value,
        ];
        assert_eq!(kinds, expected);
        assert_eq!(tokens("/* open"), []);
        assert_eq!(tokens("\"").len(), 1);
        assert_eq!(tokens("\"\\").len(), 1);
    }
}

//! What is wrong with a program, and where: file, line, column and a sentence a merchant can act on.
//!
//! Diagnostics are about what somebody wrote. They never report a failure of the daemon.

use std::fmt;

use crate::ledger::types::Text;

/// One thing wrong with a program's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The path within the program's folder, or the folder where a file could not be read.
    pub file: Text,
    /// The line, from 1; zero where it is about the file as a whole.
    pub line: u32,
    /// The column in characters, from 1; zero where it is about the line or file as a whole.
    pub column: u32,
    /// What is wrong, in words.
    pub message: String,
}

impl Diagnostic {
    /// A diagnostic about a file as a whole.
    #[must_use]
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self { file: Text::new(file), line: 0, column: 0, message: message.into() }
    }

    /// A diagnostic at a byte offset of a file's text.
    #[must_use]
    pub fn at_offset(file: &str, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let (line, column) = line_and_column(text, offset);
        Self { file: Text::new(file), line, column, message: message.into() }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        write!(f, ": {}", self.message)
    }
}

/// Line and column (characters), both from 1, of a byte offset; an offset past the end is the end.
pub(super) fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..text.floor_char_boundary(offset)).unwrap_or(text);
    let line = before.split('\n').count();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

/// ` (did you mean "points"?)` where a known name is near, else what there is to choose from.
pub(super) fn suggestion<'a>(wrong: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = known.clone().map(|name| (distance(wrong, name), name)).min();
    match near {
        Some((steps, name)) if steps <= 1 + wrong.len() / 4 => format!(" (did you mean {name:?}?)"),
        Some(_) => {
            let mut all: Vec<_> = known.take(12).map(|name| format!("{name:?}")).collect();
            if all.len() == 12 {
                all.push("…".to_owned());
            }
            format!(" (there is {})", all.join(", "))
        }
        None => String::new(),
    }
}

/// What the reader of TOML says, in words: an unknown key or value with the known one that is nearest.
pub(super) fn toml_message(message: &str) -> String {
    for (start, what) in [("unknown field `", "key"), ("unknown variant `", "value")] {
        let Some((wrong, known)) = message.strip_prefix(start).and_then(|rest| rest.split_once("`, ")) else {
            continue;
        };
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        return format!("there is no {what} {wrong:?} here{}", suggestion(wrong, known.iter().copied()));
    }
    if let Some(missing) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return format!("the key {missing:?} is missing");
    }
    message.to_owned()
}

/// Insertions, deletions and replacements of one byte that turn one name into the other.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (slot, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let cost = (diagonal + usize::from(x != y)).min(*slot + 1).min(left + 1);
            diagonal = *slot;
            *slot = cost;
            left = cost;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        assert_eq!(line_and_column("ab\ncd", 4), (2, 2));
        assert_eq!(line_and_column("é!", 2), (1, 2));
        assert_eq!(line_and_column("ab", 99), (1, 3));
    }

    #[test]
    fn an_unknown_key_is_answered_with_the_nearest() {
        let said = "unknown field `transferabel`, expected one of `expires`, `pending`, `transferable`";
        let expected = "there is no key \"transferabel\" here (did you mean \"transferable\"?)";
        assert_eq!(toml_message(said), expected);
        assert_eq!(
            toml_message("unknown variant `x`, expected `day`"),
            "there is no value \"x\" here (there is \"day\")"
        );
        assert_eq!(toml_message("missing field `zone`"), "the key \"zone\" is missing");
    }

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["points", "promo"];
        assert_eq!(suggestion("pionts", known.into_iter()), " (did you mean \"points\"?)");
        assert_eq!(suggestion("stars", known.into_iter()), " (there is \"points\", \"promo\")");
        assert_eq!(suggestion("stars", std::iter::empty()), "");
    }
}

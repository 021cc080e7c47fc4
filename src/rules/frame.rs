//! A diagnostic as a person at a terminal wants it: the line it is about, and a mark under the place.

use super::diagnostic::Diagnostic;

/// Characters of a line that are shown.
const LINE_SHOWN_MAX: usize = 160;

/// The message, where it is, the line, and carets under the word it begins at. `kind` is `error` or a warning's code; `path` is
/// the file as the reader knows it, `text` its content.
#[must_use]
pub fn frame(kind: &str, path: &str, text: Option<&str>, found: &Diagnostic) -> String {
    let mut out = format!("{kind}: {}\n", found.message);
    let place = match (found.line, found.column) {
        (0, _) => path.to_owned(),
        (line, 0) => format!("{path}:{line}"),
        (line, column) => format!("{path}:{line}:{column}"),
    };
    let number = found.line.to_string();
    let margin = " ".repeat(number.len());
    out.extend([format!("{margin}--> {place}\n")]);
    let at = usize::try_from(found.line).unwrap_or(usize::MAX).checked_sub(1);
    let Some(line) = at.and_then(|at| text?.lines().nth(at)) else { return out };
    let shown: String = line.chars().take(LINE_SHOWN_MAX).map(|c| if c == '\t' { ' ' } else { c }).collect();
    out.extend([format!("{margin} |\n{number} | {shown}\n")]);
    let before = usize::try_from(found.column).unwrap_or(0).saturating_sub(1);
    if found.column > 0 && before <= shown.chars().count() {
        let carets = "^".repeat(word_length(&shown, before));
        out.extend([format!("{margin} | {}{carets}\n", " ".repeat(before))]);
    }
    out
}

/// How long the word, string or sign is that begins at a character.
fn word_length(line: &str, start: usize) -> usize {
    let mut rest = line.chars().skip(start);
    match rest.next() {
        Some(quote @ ('"' | '\'')) => 1 + rest.by_ref().take_while(|c| *c != quote).count() + 1,
        Some('[') => 1 + rest.take_while(|c| !c.is_whitespace()).count(),
        Some(c) if c.is_alphanumeric() || c == '_' => 1 + rest.take_while(|c| c.is_alphanumeric() || *c == '_').count(),
        Some(_) | None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_marked() {
        let text = "[cards.bread]\nreward = \"free_lof\"\n";
        let found = Diagnostic::at_offset("program.toml", text, 23, "no reward \"free_lof\" is declared");
        let expected = "error: no reward \"free_lof\" is declared\n --> rules/bakery/program.toml:2:10\n  |\n2 | reward = \"free_lof\"\n  |          ^^^^^^^^^^\n";
        assert_eq!(frame("error", "rules/bakery/program.toml", Some(text), &found), expected);
        let whole = Diagnostic::of_file("program.toml", "is missing");
        assert_eq!(frame("error", "x/program.toml", None, &whole), "error: is missing\n --> x/program.toml\n");
        let end = Diagnostic::at_offset("a", "é\n", 99, "ends");
        assert!(frame("error", "a", Some("é\n"), &end).contains("--> a:2:1"));
    }
}

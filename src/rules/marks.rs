//! A script with a mark before every statement, so that a run of the merchant's cases can tell which lines were reached. Live
//! traffic never runs marked scripts.

use std::collections::BTreeSet;

use super::diagnostic::line_and_column;
use super::scan::{Piece, Token, tokens};

/// The function a mark calls, with its line.
pub(super) const MARK: &str = "line__";

/// What a brace encloses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Block,
    Switch,
    Other,
}

/// The source with marks, all on the lines they are about, and those lines.
pub(super) fn marked(source: &str) -> (String, BTreeSet<u32>) {
    let tokens = tokens(source);
    let mut stack: Vec<Inside> = Vec::new();
    let mut switches: Vec<usize> = Vec::new();
    let mut out = String::with_capacity(source.len() * 2);
    let (mut copied, mut lines) = (0, BTreeSet::new());
    let mut before: Option<(Piece<'_>, Inside)> = None;
    for (at, token) in tokens.iter().enumerate() {
        if begins_statement(before, stack.last().copied(), token) {
            let (line, _) = line_and_column(source, token.offset);
            out.push_str(source.get(copied..token.offset).unwrap_or_default());
            out.extend([format!("{MARK}({line});")]);
            copied = token.offset;
            lines.insert(line);
        }
        let mut closed = Inside::Other;
        match token.kind {
            Piece::Word("switch") => switches.push(stack.len()),
            Piece::Sign(b'{') => {
                let map = at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|b| b.kind == Piece::Sign(b'#'));
                let switch = !map && switches.last() == Some(&stack.len());
                if switch {
                    switches.pop();
                }
                stack.push(if map {
                    Inside::Other
                } else if switch {
                    Inside::Switch
                } else {
                    Inside::Block
                });
                closed = *stack.last().unwrap_or(&Inside::Other);
            }
            Piece::Sign(b'(' | b'[') => stack.push(Inside::Other),
            Piece::Sign(b')' | b']' | b'}') => closed = stack.pop().unwrap_or(Inside::Other),
            Piece::Word(_) | Piece::Literal(_) | Piece::Value | Piece::Sign(_) => {}
        }
        before = Some((token.kind, closed));
    }
    out.push_str(source.get(copied..).unwrap_or_default());
    (out, lines)
}

/// Whether a statement of a function begins with a token.
fn begins_statement(before: Option<(Piece<'_>, Inside)>, within: Option<Inside>, token: &Token<'_>) -> bool {
    if within != Some(Inside::Block) || token.kind == Piece::Sign(b'}') {
        return false;
    }
    let joins = |word: &str| ["else", "catch", "while", "until"].contains(&word);
    match before {
        Some((Piece::Sign(b'{'), Inside::Block) | (Piece::Sign(b';'), _)) => token.kind != Piece::Sign(b';'),
        Some((Piece::Sign(b'}'), Inside::Block | Inside::Switch)) => {
            matches!(token.kind, Piece::Word(word) if !joins(word))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_is_marked_on_its_own_line() {
        let source = "const A = 1;\nfn f(x) {\n    let m = #{a: 1};\n    if x > 1 {\n        g(x);\n    } else { h(x) }\n    \
                      let y = switch x { 1 => 2, _ => { k(); 3 } };\n    y\n}\n";
        let (text, lines) = marked(source);
        assert_eq!(lines.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8]);
        assert!(text.contains("{ line__(6);h(x) }") && text.contains("{ line__(7);k(); line__(7);3 }"), "{text}");
        assert_eq!(text.lines().count(), source.lines().count());
        assert_eq!(text.replace("line__(", "").len(), text.len() - 8 * "line__(".len());
    }
}

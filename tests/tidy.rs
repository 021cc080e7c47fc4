//! The rules of the house that the compiler does not know: who imports whom, how long things get, what is never written.
//! Each finding is `file:line: what`. It reads the sources as text and never builds or changes anything.

#![expect(clippy::unwrap_used, reason = "a source that cannot be read is a failed test")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a file.
const FILE_LINES_MAX: usize = 500;
/// Lines of a function, from its `fn` to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;

/// What each module of the crate may import beside itself and `limits`.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("limits", &[]),
    ("ledger", &[]),
    ("fraud", &["ledger"]),
    ("rules", &["ledger"]),
    ("journal", &["ledger"]),
    ("store", &["ledger"]),
    ("engine", &["rules", "fraud", "journal", "store", "ledger", "telemetry"]),
    // `rules` only to check sources that are not installed.
    ("reports", &["ledger"]),
    ("http", &["engine", "ledger", "reports", "rules", "telemetry", "keys", "email"]),
    ("config", &[]),
    ("email", &[]),
    ("keys", &[]),
    ("telemetry", &[]),
];
/// Modules that compose the others and may import all of them.
const COMPOSERS: &[&str] = &["cli", "main", "lib"];
/// Modules without floats.
const EXACT: &[&str] = &["ledger", "fraud", "rules", "journal", "store", "engine", "reports"];
/// Where a float is needed all the same: file and reason. None of them ever meets an amount.
const INEXACT: &[(&str, &str)] =
    &[("src/store/options.rs", "RocksDB takes the bits of a filter and shares of memory as floats")];
/// Modules without input, output, clock, randomness, async, serialization and logging.
const PURE: &[&str] = &["ledger", "fraud"];
/// What a pure module never names.
const IMPURE: &[&str] = &[
    "std::time",
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::thread",
    "SystemTime",
    "Instant",
    "tokio",
    "rand",
    "serde",
    "serde_json",
    "tracing",
    "async",
    "await",
    "println",
    "eprintln",
];
/// Names that say nothing.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "manager", "misc"];
/// What is finished before it is committed. Put together here so that this file does not contain them.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!"),
    concat!("db", "g!"),
    concat!("unimple", "mented!"),
];

/// A source file.
struct Source {
    /// From the repository's root, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// Numbered lines of code: comments are left out, documentation too.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = (1usize..).zip(self.text.lines());
        numbered.filter(|(_, line)| !line.trim_start().starts_with("//")).map(|(number, line)| {
            let end = line.find(" // ").unwrap_or(line.len());
            (number, &line[..end])
        })
    }

    /// The module of the crate a file of `src` belongs to.
    fn module(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        Some(inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs"))
    }

    /// How many modules lie between the crate's root and this file's own: `super` as often as this is the root.
    fn depth(&self) -> usize {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        inside.split('/').count()
    }
}

fn root() -> PathBuf {
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"))
}

/// Every file below some folders of the repository whose name ends so.
fn files_in(folders: &[&str], ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    for folder in folders {
        walk(&root().join(folder), ending, &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(folder: &Path, ending: &str, found: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            walk(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            found.push(Source { path, text });
        }
    }
}

fn rust_files() -> Vec<Source> {
    files_in(&["src", "tests", "benches"], ".rs")
}

#[track_caller]
fn assert_none(findings: &[String], rule: &str) {
    let mut list = String::new();
    for finding in findings {
        writeln!(list, "  {finding}").unwrap();
    }
    assert!(findings.is_empty(), "{rule}\n{list}");
}

/// Whether a word or a path occurs with no letter, digit or `_` around it.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
}

/// The modules of the crate's root that code names, by `crate::x`, `crate::{x, y::z}` or as many `super` as lead there.
fn imported(code: &str, depth: usize) -> Vec<String> {
    let climb = "super::".repeat(depth);
    let mut found = Vec::new();
    for prefix in ["crate::", climb.as_str()] {
        for (at, _) in code.match_indices(prefix) {
            if code[..at].ends_with("super::") || code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &code[at + prefix.len()..];
            let paths = match rest.strip_prefix('{') {
                Some(group) => top_level(group),
                None => vec![rest],
            };
            for path in paths {
                let name: String = path.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                found.push(name);
            }
        }
    }
    found
}

/// The parts of a `{…}` group, which begins after its brace, that are separated by commas of that group itself.
fn top_level(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0usize, 0usize, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&group[start..at]);
                return parts;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts
}

#[test]
fn imports_point_down() {
    let mut findings = Vec::new();
    for file in files_in(&["src"], ".rs") {
        let Some(module) = file.module().filter(|module| !COMPOSERS.contains(module)) else { continue };
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            findings.push(format!("{}:1: module {module} is not in the table of imports", file.path));
            continue;
        };
        let lines: Vec<(usize, &str)> = file.code().collect();
        for (place, (number, line)) in lines.iter().enumerate() {
            // A group may go on over the next lines.
            let statement = if line.trim_end().ends_with('{') && line.contains("::{") {
                let rest: Vec<&str> = lines[place..].iter().map(|(_, line)| *line).collect();
                let text = rest.join("\n");
                let end = text.find(';').unwrap_or(text.len());
                text[..end].to_owned()
            } else {
                (*line).to_owned()
            };
            for name in imported(&statement, file.depth()) {
                let is_module =
                    MAY_IMPORT.iter().any(|(known, _)| *known == name) || COMPOSERS.contains(&name.as_str());
                let fine = name == module || name == "limits" || allowed.contains(&name.as_str());
                if is_module && !fine {
                    findings.push(format!("{}:{number}: {module} may not import {name}", file.path));
                }
            }
        }
    }
    assert_none(&findings, "http → engine → {rules, fraud, journal, store} → ledger; siblings never import each other");
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut findings = Vec::new();
    for file in rust_files() {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX {
            findings.push(format!("{}:{lines}: at most {FILE_LINES_MAX} lines", file.path));
        }
        if !file.text.starts_with("//! ") {
            findings.push(format!("{}:1: begins without `//!`", file.path));
        }
    }
    assert_none(&findings, "files are short and open with their purpose");
}

/// Line, name and length of every function of formatted code: the closing brace stands under the `fn`.
fn functions(text: &str) -> Vec<(usize, String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let Some(at) = code.find("fn ").filter(|at| *at == 0 || code[..*at].ends_with(' ')) else { continue };
        let declared = code[..at].split_whitespace().all(|word| {
            ["pub", "const", "async", "unsafe", "extern"].contains(&word)
                || word.starts_with("pub(")
                || word == "super)"
        });
        if !declared || code.ends_with('}') || code.ends_with(';') {
            continue;
        }
        let closing = format!("{}}}", &line[..line.len() - code.len()]);
        // A declaration without a body ends before any brace does.
        let body = lines.iter().skip(start).position(|line| *line == closing);
        let bodyless = lines.iter().skip(start).position(|line| line.trim_end().ends_with(';'));
        let opens = lines.iter().skip(start).position(|line| line.trim_end().ends_with('{'));
        if opens.is_none() || bodyless.is_some_and(|end| opens.is_some_and(|open| end < open)) {
            continue;
        }
        if let Some(end) = body {
            let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push((start + 1, name, end + 1));
        }
    }
    found
}

#[test]
fn functions_are_short() {
    let mut findings = Vec::new();
    for file in rust_files() {
        for (line, name, length) in functions(&file.text) {
            if length > FUNCTION_LINES_MAX {
                findings.push(format!("{}:{line}: {name} has {length} lines", file.path));
            }
        }
    }
    assert_none(&findings, &format!("at most {FUNCTION_LINES_MAX} lines a function"));
}

/// What is between backquotes in the last column of a row of `tests/README.md`.
fn proofs(row: &str) -> Vec<&str> {
    let column = row.trim_end().trim_end_matches('|').rsplit('|').next().unwrap_or("");
    column.split('`').skip(1).step_by(2).collect()
}

#[test]
fn what_proves_a_sentence_is_there() {
    let text = fs::read_to_string(root().join("tests/README.md")).unwrap();
    let sources = rust_files();
    let is_there = |name: &str| {
        let declared = format!("fn {name}(");
        if name.contains('/') {
            root().join(name).exists()
        } else {
            sources.iter().any(|file| file.text.contains(&declared))
        }
    };
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| sentence"));
    let mut findings = Vec::new();
    for row in rows {
        let named = proofs(row);
        if named.is_empty() {
            findings.push(format!("nothing proves: {row}"));
        }
        findings.extend(named.into_iter().filter(|name| !is_there(name)).map(|name| format!("{name} is not there")));
    }
    assert_none(&findings, "tests/README.md names what is there");
    assert_eq!(proofs("| a `b` | `c`, `d/e.toml`. Not built: f |"), ["c", "d/e.toml"]);
}

#[test]
fn nothing_is_left_unfinished() {
    let mut findings = Vec::new();
    let mut files = rust_files();
    files.extend(files_in(&["rules"], ".rhai"));
    files.extend(files_in(&["rules", "config"], ".toml"));
    for file in files {
        for (number, line) in (1usize..).zip(file.text.lines()) {
            for word in UNFINISHED.iter().filter(|word| line.contains(**word)) {
                findings.push(format!("{}:{number}: {word}", file.path));
            }
        }
    }
    assert_none(&findings, "what is committed is finished");
}

#[test]
fn modules_have_names_that_say_something() {
    let mut findings = Vec::new();
    for file in rust_files() {
        for part in file.path.trim_end_matches(".rs").split('/') {
            if EMPTY_NAMES.contains(&part) {
                findings.push(format!("{}:1: {part} says nothing", file.path));
            }
        }
        for (number, line) in file.code() {
            for name in EMPTY_NAMES.iter().filter(|name| has_word(line, &format!("mod {name}"))) {
                findings.push(format!("{}:{number}: {name} says nothing", file.path));
            }
        }
    }
    assert_none(&findings, "a module is called after what it holds");
}

#[test]
fn the_core_is_exact_and_pure() {
    let mut findings = Vec::new();
    for file in files_in(&["src"], ".rs") {
        let Some(module) = file.module() else { continue };
        for (number, line) in file.code() {
            if EXACT.contains(&module) && !INEXACT.iter().any(|(path, _)| *path == file.path) {
                for word in ["f32", "f64"].into_iter().filter(|word| has_word(line, word)) {
                    findings.push(format!("{}:{number}: {word}", file.path));
                }
            }
            if PURE.contains(&module) {
                for word in IMPURE.iter().filter(|word| has_word(line, word)) {
                    findings.push(format!("{}:{number}: {word} in a pure module", file.path));
                }
            }
            if module != "journal" && has_word(line, "bincode") {
                findings.push(format!("{}:{number}: bincode belongs to journal alone", file.path));
            }
        }
    }
    assert_none(&findings, "no floats in the core; the ledger and fraud are pure; bincode lives in journal");
}

#[test]
fn exceptions_to_lints_have_reasons() {
    let mut findings = Vec::new();
    for file in rust_files() {
        for (number, line) in file.code() {
            let code = line.trim_start();
            if code.starts_with("#[allow") || code.starts_with("#![allow") {
                findings.push(format!("{}:{number}: expect, with a reason, instead of allow", file.path));
            }
            if code.starts_with("#[expect") || code.starts_with("#![expect") {
                let rest: String = file.text.lines().skip(number - 1).collect::<Vec<_>>().join("\n");
                let attribute = rest.split(")]").next().unwrap_or("");
                if !attribute.contains("reason = \"") {
                    findings.push(format!("{}:{number}: expect without a reason", file.path));
                }
            }
        }
    }
    assert_none(&findings, "an exception says why");
}

#[test]
fn the_crate_documentation_names_every_folder() {
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let docs: String = library.lines().filter(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n");
    let mut findings = Vec::new();
    for entry in fs::read_dir(root().join("src")).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !docs.contains(&format!("[`{name}`]")) && !docs.contains(&format!("{name}/")) {
            findings.push(format!("src/lib.rs:1: says nothing of {name}/"));
        }
    }
    assert_none(&findings, "the crate's documentation is the map");
}

#[test]
fn no_path_of_one_machine_is_written_down() {
    let mut files = rust_files();
    files.extend(files_in(&["rules", "config", ".ci"], ""));
    for script in ["run", "test", "README.md", "CONTRIBUTING.md", "Cargo.toml"] {
        if let Ok(text) = fs::read_to_string(root().join(script)) {
            files.push(Source { path: script.to_owned(), text });
        }
    }
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in (1usize..).zip(file.text.lines()) {
            for path in [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")] {
                if line.contains(path) {
                    findings.push(format!("{}:{number}: {path}", file.path));
                }
            }
        }
    }
    assert_none(&findings, "the repository works wherever it lies");
}

#[test]
fn the_checks_see_what_they_look_for() {
    assert_eq!(imported("use crate::store::keys;", 2), ["store"]);
    assert_eq!(imported("use crate::{ledger::types::{Seq, Text}, journal::Log};", 2), ["ledger", "journal"]);
    assert_eq!(imported("let x = crate::engine::run(crate::http::y);", 1), ["engine", "http"]);
    assert_eq!(imported("use super::super::store::Row;", 2), ["store"]);
    assert_eq!(imported("use super::rings::RingKey;", 2), Vec::<String>::new());
    assert!(has_word("let x: f64 = 1;", "f64") && !has_word("let buf64 = 1;", "f64"));
    assert!(has_word("use std::time::Duration;", "std::time") && !has_word("operand", "rand"));
    let text =
        "impl X {\n    pub(super) fn a(\n        b: u8,\n    ) {\n        b;\n    }\n    fn c();\n    fn d() {}\n}\n";
    assert_eq!(functions(text), [(2, "a".to_owned(), 5)]);
}

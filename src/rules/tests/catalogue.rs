//! `rules/PROGRAMS.md`: the programs that ship side by side. It is written by this test, so that it cannot say what is not so.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::super::{Program, ProgramFiles, load_all, warnings};

/// Lines that say something: neither blank nor a comment alone.
fn lines(text: &str, comment: &str) -> usize {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(comment)).count()
}

fn of(files: &ProgramFiles, ends: &str, comment: &str) -> usize {
    let mine = files.files.iter().filter(|(path, _)| path.ends_with(ends) && !path.starts_with("tests/"));
    mine.map(|(_, text)| lines(text, comment)).sum()
}

/// Tables of a manifest that begin with a name.
fn tables(files: &ProgramFiles, begin: &[&str]) -> usize {
    let text = files.get("program.toml").unwrap_or_default();
    text.lines().filter(|line| begin.iter().any(|begin| line.starts_with(begin))).count()
}

fn row(files: &ProgramFiles) -> String {
    let program = Program::compile(files).unwrap();
    let (manifest, _) = program.source();
    let tests: Vec<&String> =
        files.files.iter().filter(|(path, _)| path.starts_with("tests/")).map(|(_, text)| text).collect();
    let count =
        |what: &str| tests.iter().map(|text| text.lines().filter(|line| line.trim() == what).count()).sum::<usize>();
    let rules = tables(files, &["[[earn", "[[stamp", "[[grant", "[[count"]);
    let calendar = tables(files, &["[[schedule", "[[law"]);
    let tiers = manifest.tiers.as_ref().map_or(0, |tiers| tiers.levels.len());
    let some = |number: usize| if number == 0 { "–".to_owned() } else { number.to_string() };
    format!(
        "| `{}` | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
        files.name,
        manifest.program.name.0,
        of(files, "program.toml", "#"),
        some(of(files, ".rhai", "//")),
        rules,
        some(calendar),
        some(tiers),
        some(manifest.plans.0.len()),
        count("[[case]]"),
        count("[[case.step]]"),
    )
}

#[test]
fn the_programs_that_ship_are_compared_as_they_are() {
    let rules = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("rules");
    let programs = load_all(&rules).unwrap();
    let mut page = String::from(
        "# The programs that ship\n\nWhat each took to write: lines of manifest and of script (without blank lines and comments), tables that earn, stamp, \
         grant or count, tables of the calendar, tiers, plans, and its own cases with their steps. A test writes this page:\n\
         `TALLYSTICK_REFERENCE=write cargo test --release --lib the_programs_that_ship`.\n\n\
         | folder | program | manifest | script | rules | calendar | tiers | plans | cases | steps |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let (mut manifest, mut script, mut scripted) = (0, 0, 0);
    for files in &programs {
        page.push_str(&row(files));
        manifest += of(files, "program.toml", "#");
        script += of(files, ".rhai", "//");
        scripted += usize::from(of(files, ".rhai", "//") > 0);
    }
    let _ = write!(
        page,
        "\n{} programs: {manifest} lines of manifest, {script} of script; programs that need a script: {scripted}.\n",
        programs.len()
    );
    let file = rules.join("PROGRAMS.md");
    if std::env::var_os("TALLYSTICK_REFERENCE").is_some_and(|value| value == "write") {
        fs::write(&file, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(&file).unwrap_or_default(), page, "run this test with TALLYSTICK_REFERENCE=write");
}

/// A merchant's first look is at a program that ships: nothing in it is seldom meant without saying why.
#[test]
fn programs_that_ship_have_no_warnings() {
    let rules = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("rules");
    for files in load_all(&rules).unwrap() {
        let found = warnings(&files, &Program::compile(&files).unwrap(), None);
        assert!(found.is_empty(), "{}: {found:#?}", files.name);
    }
}

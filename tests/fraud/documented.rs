//! `docs/fraud.md` says of every rule of the pack what the pack says, and forgets none; what it says besides is somebody's to write.

use std::collections::BTreeSet;
use std::path::Path;

use toml::Value;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .expect("the file is part of the repository")
}

/// The cells of the tables' rows that begin with a rule's name, by the number of their columns.
fn rows(text: &str, columns: usize) -> Vec<Vec<String>> {
    let lines = text.lines().filter(|line| line.starts_with("| `"));
    let cells = lines.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect());
    cells.filter(|cells: &Vec<String>| cells.len() == columns).collect()
}

fn words(value: Option<&Value>, otherwise: &str) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Array(all)) => all.iter().map(|one| words(Some(one), "")).collect::<Vec<_>>().join(", "),
        _ => otherwise.to_owned(),
    }
}

/// Every text in quotes in a file that begins with one of some words.
fn named(text: &str, begins: &[&str]) -> BTreeSet<String> {
    let quoted = text.split('"').skip(1).step_by(2);
    quoted.filter(|word| begins.iter().any(|begin| word.starts_with(begin))).map(str::to_owned).collect()
}

#[test]
fn the_table_says_what_the_pack_says() {
    let pack: Value = toml::from_str(&read("src/rules/pack/standard.toml")).unwrap();
    let limits = pack["limits"].as_array().unwrap();
    let (table, families) = (rows(&read("docs/fraud.md"), 9), read("src/cli/bench/fraud/attacks/mod.rs"));
    assert_eq!(table.len(), limits.len());
    for (row, limit) in table.iter().zip(limits) {
        let of = |name: &str, otherwise: &str| words(limit.get(name), otherwise);
        let wanted = [
            of("id", ""),
            of("about", ""),
            of("key", ""),
            of("window", ""),
            of("limit", "—"),
            of("verdict", ""),
            of("absent", "skip"),
        ];
        assert_eq!(row[..7], wanted);
        assert!(row[7].len() > 5, "{}: why do honest people pass?", row[0]);
        assert!(row[8] == "—" || families.contains(&format!("\"{}\"", row[8])), "{}: {}", row[0], row[8]);
    }
}

#[test]
fn every_detector_is_in_the_table() {
    let table = rows(&read("docs/fraud.md"), 5);
    let families = read("src/cli/bench/fraud/attacks/mod.rs");
    let known: BTreeSet<String> = table.iter().map(|row| row[0].clone()).collect();
    let mut spoken = BTreeSet::from(["tainted".to_owned(), "weak_signals".to_owned()]);
    for file in ["synthetic", "circle", "lockstep", "referral", "referral/friends"] {
        spoken.append(&mut named(&read(&format!("src/fraud/{file}.rs")), &["synthetic_", "referral_"]));
    }
    assert_eq!(known, spoken);
    for row in table {
        assert!(row[4] == "—" || families.contains(&format!("\"{}\"", row[4])), "{}: {}", row[0], row[4]);
    }
}

//! Programs of `tests/programs`: what scripts see and do, as merchants' cases.

use std::path::Path;

use super::run_cases_with;
use crate::rules::load_all;

#[test]
fn cases_of_the_programs_for_tests_go_as_they_expect() {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/programs");
    let programs = load_all(&folder).unwrap();
    assert!(programs.len() > 1);
    for files in &programs {
        let (report, _) =
            run_cases_with(files, None, false).unwrap_or_else(|wrong| panic!("{}: {wrong:#?}", files.name));
        let failures: Vec<_> = report.failures.iter().map(ToString::to_string).collect();
        assert!(failures.is_empty(), "{}:\n{}", files.name, failures.join("\n"));
        assert!(report.passed > 0, "{} has cases", files.name);
    }
}

#[test]
fn what_is_asked_beside_events_is_reached_by_the_cases() {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/programs/asked");
    let files = crate::rules::ProgramFiles::load(&folder).unwrap();
    let (_, coverage) = run_cases_with(&files, None, true).unwrap();
    let coverage = coverage.unwrap();
    for handler in ["on_redeem", "on_tier_change", "on_schedule"] {
        assert!(coverage.rules[format!("asked.rhai:{handler}").as_str()] > 0, "{coverage:?}");
    }
    let (all, ran) = &coverage.lines["asked.rhai"];
    assert_eq!(all, ran, "every line of the scripts is reached");
}

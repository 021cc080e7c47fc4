//! `tallystick test`: the merchants' own cases, each on a fresh ledger in memory, with the engine's own code.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::{FINE, WRONG, cannot_start, counted, programs_in, say};
use crate::engine::cases::{Coverage, run_cases_with};
use crate::rules::ProgramFiles;
use crate::rules::cases::{CaseResult, Failure, Report};

/// Lines of one file that were not reached and are named.
const LINES_NAMED: usize = 20;

/// Flags of `test`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the programs.
    #[arg(long, value_name = "DIR", default_value = "rules")]
    rules: PathBuf,
    /// Name every case, with how long it took.
    #[arg(short, long)]
    verbose: bool,
    /// Only cases with this in their name, or in their program's.
    #[arg(long, value_name = "NAME")]
    run: Option<String>,
    /// Say which rules, handlers and lines of scripts the cases reached.
    #[arg(long)]
    coverage: bool,
    /// Write the results as `JUnit` does.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// What came of a program's cases.
struct Suite {
    program: String,
    report: Report,
    took: Duration,
}

/// Runs every case of every program.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let programs = match programs_in(&args.rules) {
        Ok(programs) => programs,
        Err(wrong) => {
            wrong.iter().for_each(say);
            return ExitCode::from(WRONG);
        }
    };
    let (mut passed, mut failed) = (0, 0);
    let mut suites = Vec::new();
    for files in &programs {
        let started = Instant::now();
        // A program's own name chooses all of its cases.
        let only = args.run.as_deref().filter(|name| !files.name.contains(*name));
        match run_cases_with(files, only, args.coverage) {
            Ok((report, coverage)) => {
                passed += report.passed;
                failed += report.failures.len();
                let took = started.elapsed();
                tell(args, files, &report, took, coverage.as_ref());
                suites.push(Suite { program: files.name.to_string(), report, took });
            }
            Err(diagnostics) => {
                failed += 1;
                for diagnostic in diagnostics {
                    say(format!("{}/{}/{diagnostic}", args.rules.display(), files.name));
                }
            }
        }
    }
    if args.run.is_some() && passed + failed == 0 {
        say("no case has that in its name");
        return ExitCode::from(WRONG);
    }
    if let Some(file) = &args.junit
        && let Err(error) = fs::write(file, junit(&suites))
    {
        return cannot_start(format!("{}: {error}", file.display()));
    }
    say(format!("{passed} passed, {failed} failed"));
    ExitCode::from(if failed == 0 { FINE } else { WRONG })
}

fn tell(args: &Args, files: &ProgramFiles, report: &Report, took: Duration, coverage: Option<&Coverage>) {
    if report.cases.is_empty() && args.run.is_some() {
        return;
    }
    for case in report.cases.iter().filter(|_| args.verbose) {
        let word = if case.passed { "ok  " } else { "FAIL" };
        say(format!("  {word} {} ({} ms)", case.name, case.took.as_millis()));
    }
    for failure in &report.failures {
        say(shown(failure, &format!("{}/{}", args.rules.display(), files.name)));
    }
    let (passed, failed) = (counted(report.passed, "case"), report.failures.len());
    let took = if args.verbose { format!(" in {} ms", took.as_millis()) } else { String::new() };
    say(format!("{}: {passed} passed, {failed} failed{took}", files.name));
    if let Some(coverage) = coverage {
        tell_coverage(coverage);
    }
}

/// A failed step, with what was expected beside what came.
fn shown(failure: &Failure, folder: &str) -> String {
    let Failure { file, line, case, step, at, differences } = failure;
    let mut out = format!("{folder}/{file}:{line}: {case}, step {step} ({at})");
    let sides: Vec<(String, String)> = differences.iter().filter_map(|difference| sides(difference)).collect();
    if sides.len() == differences.len() && !sides.is_empty() {
        let width = sides.iter().map(|(expected, _)| expected.chars().count()).max().unwrap_or(0).max("expected".len());
        out.extend([format!("\n    {:width$}   got", "expected")]);
        for (expected, got) in &sides {
            let gap = " ".repeat(width - expected.chars().count());
            out.extend([format!("\n    {expected}{gap}   {got}")]);
        }
    } else {
        out.extend(differences.iter().map(|difference| format!("\n    {difference}")));
    }
    out
}

/// `expected points = 3, got 4` as its two sides.
fn sides(difference: &str) -> Option<(String, String)> {
    let (expected, got) = difference.strip_prefix("expected ")?.rsplit_once(", got ")?;
    Some((expected.to_owned(), got.to_owned()))
}

fn tell_coverage(coverage: &Coverage) {
    let reached = coverage.rules.iter().filter(|(_, fired)| **fired > 0).count();
    say(format!("  tables and handlers: {reached} of {} fired", coverage.rules.len()));
    for (rule, _) in coverage.rules.iter().filter(|(_, fired)| **fired == 0) {
        say(format!("    never: {rule}"));
    }
    for (file, (all, run)) in &coverage.lines {
        say(format!("  {file}: {} of {} lines ran", run.len(), all.len()));
        let missed: Vec<String> = all.difference(run).take(LINES_NAMED).map(ToString::to_string).collect();
        if !missed.is_empty() {
            say(format!("    never: {}", missed.join(", ")));
        }
    }
}

/// The results as `JUnit` writes them.
fn junit(suites: &[Suite]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for Suite { program, report, took } in suites {
        out.extend([format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" time=\"{}\">\n",
            escaped(program),
            report.cases.len(),
            report.failures.len(),
            seconds(*took)
        )]);
        for CaseResult { file, name, passed, took } in &report.cases {
            let head = format!(
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
                escaped(&format!("{program}/{file}")),
                escaped(name),
                seconds(*took)
            );
            let failure = report.failures.iter().find(|failure| failure.case == *name && failure.file == *file);
            match failure.filter(|_| !passed) {
                None => out.extend([head, "/>\n".to_owned()]),
                Some(failure) => {
                    let message = escaped(&failure.differences.join("; "));
                    let text = escaped(&shown(failure, program));
                    out.extend([format!(
                        "{head}>\n      <failure message=\"{message}\">{text}</failure>\n    </testcase>\n"
                    )]);
                }
            }
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn seconds(took: Duration) -> String {
    format!("{}.{:03}", took.as_secs(), took.subsec_millis())
}

/// Text within XML; what XML cannot say is left out.
fn escaped(text: &str) -> String {
    let plain = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    let parts = plain.map(|c| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        other => other.to_string(),
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::types::Text;

    fn failure(differences: &[&str]) -> Failure {
        let differences = differences.iter().map(|text| (*text).to_owned()).collect();
        let (file, case) = (Text::new("tests/a.toml"), Text::new("A <case>"));
        Failure { file, line: 4, case, step: 1, at: Text::new("2026-05-02"), differences }
    }

    #[test]
    fn differences_stand_side_by_side() {
        let both = failure(&["expected points pending = 10, got 9", "expected coffee = 1, got 0"]);
        let told = "rules/x/tests/a.toml:4: A <case>, step 1 (2026-05-02)\n    expected              got\n    \
                    points pending = 10   9\n    coffee = 1            0";
        assert_eq!(shown(&both, "rules/x"), told);
        assert!(shown(&failure(&["refused: \"unknown_member\""]), "x").ends_with("\n    refused: \"unknown_member\""));
    }

    #[test]
    fn junit_is_well_formed() {
        let failures = vec![failure(&["expected points = 1, got 2"])];
        let took = Duration::from_millis(1_234);
        let case = |name: &str, passed| CaseResult { file: "tests/a.toml".into(), name: name.into(), passed, took };
        let report = Report { passed: 1, failures, cases: vec![case("fine", true), case("A <case>", false)] };
        let text = junit(&[Suite { program: "x".into(), report, took }]);
        assert!(text.contains("tests=\"2\" failures=\"1\" time=\"1.234\""), "{text}");
        assert!(text.contains("name=\"A &lt;case&gt;\"") && text.contains("points = 1   2</failure>"), "{text}");
    }
}

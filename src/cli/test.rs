//! `tallystick test`: the merchants' own cases, each on a fresh ledger in memory, with the engine's own code.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{FINE, WRONG, counted, programs_in, say};
use crate::engine::cases::run_cases;

/// Flags of `test`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the programs.
    #[arg(long, value_name = "DIR", default_value = "rules")]
    rules: PathBuf,
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
    for files in &programs {
        match run_cases(files) {
            Ok(report) => {
                passed += report.passed;
                failed += report.failures.len();
                for failure in &report.failures {
                    say(format!("{}/{}/{failure}", args.rules.display(), files.name));
                }
                let (passed, failed) = (counted(report.passed, "case"), report.failures.len());
                say(format!("{}: {passed} passed, {failed} failed", files.name));
            }
            Err(diagnostics) => {
                failed += 1;
                for diagnostic in diagnostics {
                    say(format!("{}/{}/{diagnostic}", args.rules.display(), files.name));
                }
            }
        }
    }
    say(format!("{passed} passed, {failed} failed"));
    ExitCode::from(if failed == 0 { FINE } else { WRONG })
}

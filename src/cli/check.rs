//! `tallystick check`: everything wrong with the programs of a folder, each with file, line and column.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{FINE, WRONG, say};
use crate::rules::{ProgramFiles, check, load_all};

/// Flags of `check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the programs.
    #[arg(long, value_name = "DIR", default_value = "rules")]
    rules: PathBuf,
}

/// Checks every program.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let programs: Vec<ProgramFiles> = match load_all(&args.rules) {
        Ok(programs) => programs,
        Err(diagnostics) => {
            diagnostics.iter().for_each(say);
            return ExitCode::from(WRONG);
        }
    };
    let mut wrong = 0;
    for files in &programs {
        for diagnostic in check(files) {
            say(format!("{}/{}/{diagnostic}", args.rules.display(), files.name));
            wrong += 1;
        }
    }
    if wrong > 0 {
        say(format!("{wrong} found in {} programs", programs.len()));
        return ExitCode::from(WRONG);
    }
    say(format!("{} programs, nothing wrong", programs.len()));
    ExitCode::from(FINE)
}

//! `tallystick check`: everything wrong with the programs of a folder, each with file, line and column.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{FINE, WRONG, counted, programs_in, say};
use crate::rules::check;

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
    let programs = match programs_in(&args.rules) {
        Ok(programs) => programs,
        Err(wrong) => {
            wrong.iter().for_each(say);
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
        say(format!("{} wrong in {}", counted(wrong, "thing"), counted(programs.len(), "program")));
        return ExitCode::from(WRONG);
    }
    say(format!("{}, nothing wrong", counted(programs.len(), "program")));
    ExitCode::from(FINE)
}

//! `tallystick check`: everything wrong with the programs of a folder, each with file, line and column, and what is seldom
//! meant. On a terminal the line is shown, too.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{FINE, WRONG, counted, programs_in, say};
use crate::engine::clock::Clock;
use crate::rules::{Diagnostic, Program, ProgramFiles, frame, warnings};

/// Flags of `check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the programs.
    #[arg(long, value_name = "DIR", default_value = "rules")]
    rules: PathBuf,
    /// Warnings count as errors.
    #[arg(long)]
    strict: bool,
    /// Show the line of each finding also where the output is no terminal.
    #[arg(long)]
    frames: bool,
    /// Say nothing of what is only seldom meant.
    #[arg(long, conflicts_with = "strict")]
    no_warnings: bool,
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
    let frames = args.frames || std::io::stdout().is_terminal();
    let (mut wrong, mut warned) = (0, 0);
    for files in &programs {
        match Program::compile(files) {
            Ok(program) if !args.no_warnings => {
                // Windows of time are looked at on the day in the program's own zone.
                let today = program.day_of(Clock::System.now());
                for warning in warnings(files, &program, Some(today)) {
                    tell(args, files, &format!("warning[{}]", warning.code), &warning.at, frames);
                    warned += 1;
                }
            }
            Ok(_) => {}
            Err(found) => {
                wrong += found.len();
                for diagnostic in &found {
                    tell(args, files, "error", diagnostic, frames);
                }
            }
        }
    }
    let warnings = if warned > 0 { format!(", {}", counted(warned, "warning")) } else { String::new() };
    if wrong > 0 {
        say(format!("{} wrong in {}{warnings}", counted(wrong, "thing"), counted(programs.len(), "program")));
        return ExitCode::from(WRONG);
    }
    say(format!("{}, nothing wrong{warnings}", counted(programs.len(), "program")));
    ExitCode::from(if args.strict && warned > 0 { WRONG } else { FINE })
}

fn tell(args: &Args, files: &ProgramFiles, kind: &str, found: &Diagnostic, frames: bool) {
    let folder = format!("{}/{}", args.rules.display(), files.name);
    if frames {
        let path = format!("{folder}/{}", found.file);
        say(frame(kind, &path, files.get(&found.file), found));
    } else if kind == "error" {
        say(format!("{folder}/{found}"));
    } else {
        say(format!("{folder}/{}", Diagnostic { message: format!("{kind}: {}", found.message), ..found.clone() }));
    }
}

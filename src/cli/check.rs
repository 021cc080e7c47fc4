//! `tallystick check`: everything wrong with the programs of a folder, each with file, line and column, and what is seldom
//! meant. On a terminal the line is shown, too.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use super::{FINE, WRONG, cannot_start, counted, programs_in, say};
use crate::engine;
use crate::engine::clock::Clock;
use crate::http::render::rule_lint;
use crate::ledger::desk::DeskStats;
use crate::ledger::types::{NameId, Text};
use crate::rules::{Diagnostic, Program, ProgramFiles, frame, warnings};
use crate::store::{Store, StoreConfig};

/// Flags of `check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the programs.
    #[arg(long, value_name = "DIR", default_value = "rules")]
    rules: PathBuf,
    /// The folder of a stopped ledger: fraud rules that have never fired there, and those that nearly always do, are told.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
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
    let done = match args.data.as_deref().map(desks).transpose() {
        Ok(done) => done.unwrap_or_default(),
        Err(why) => return cannot_start(why),
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
                warned += tell_of_rules(args, files, &program, &done);
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

/// How the fraud rules of a ledger's programs have done.
fn desks(data: &Path) -> Result<Vec<(Text, Arc<DeskStats>)>, String> {
    if !Store::is_at(data) {
        return Err(format!("{} is not a ledger's data folder", data.display()));
    }
    let store = Store::open(data, &StoreConfig::default()).map_err(|error| error.to_string())?;
    engine::desks(&store).map_err(|error| error.to_string())
}

/// Tells of rules that have never fired, or nearly always; how many.
fn tell_of_rules(args: &Args, files: &ProgramFiles, program: &Program, done: &[(Text, Arc<DeskStats>)]) -> usize {
    let Some((_, stats)) = done.iter().find(|(name, _)| *name == files.name) else { return 0 };
    let names = program.names();
    let number = |name: &str| names.iter().position(|known| known == name).and_then(|at| u16::try_from(at).ok());
    let terms = program.bind(0, |name| number(name).map(NameId::new)).terms;
    let mut told = 0;
    for limit in &terms.limits {
        let fired = stats.rules.get(&limit.id).cloned().unwrap_or_default();
        if let Some(lint) = rule_lint(stats.judged, &fired) {
            let (folder, id, judged, fired) = (args.rules.display(), &limit.id, stats.judged, fired.fired);
            say(format!("{folder}/{}: warning[{lint}]: {id} fired on {fired} of {judged} records", files.name));
            told += 1;
        }
    }
    told
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

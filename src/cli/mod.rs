//! The command line: one file a subcommand. Exit codes: 0 fine, 1 found something wrong, 2 usage, 3 cannot start.

pub mod backtest;
pub mod backup;
pub mod bench;
pub mod check;
pub mod demo;
pub mod export;
pub mod import;
pub mod keys;
pub mod new;
pub mod normalise;
mod progress;
pub mod serve;
mod shipped;
pub mod test;
mod transport;
pub mod verify;

use std::fmt::Display;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::rules::{MANIFEST, ProgramFiles, is_name, load_all};

/// A fraud-aware loyalty ledger in one binary.
#[derive(Debug, Parser)]
#[command(name = "tallystick", version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve a ledger over HTTP.
    Serve(serve::Args),
    /// A throw-away ledger with the shipped programs and sample traffic, and the curl lines to try next.
    Demo(demo::Args),
    /// Check the programs: exit 0, or what is wrong with file, line and column and exit 1.
    Check(check::Args),
    /// Run the merchants' own cases.
    Test(test::Args),
    /// Check a stopped ledger: hash chain, double entry, every balance rebuilt from the journal.
    Verify(verify::Args),
    /// Make, list and revoke API keys.
    Keys(keys::Args),
    /// Print the description of the HTTP interface, as `GET /openapi.json` serves it.
    Openapi,
    /// A new program's folder from a template.
    New(new::Args),
    /// The one name of a mailbox and its hash, as events bring it.
    NormaliseEmail(normalise::Args),
    /// Rules against the recorded history of a stopped ledger: what would have been different, in points and money.
    Backtest(backtest::Args),
    /// Copy a ledger whole, also while a daemon serves it.
    Backup(backup::BackupArgs),
    /// Make a data folder of a copy, and verify it.
    Restore(backup::RestoreArgs),
    /// Post a file of events, a line each.
    Import(import::Args),
    /// Write a program's events, or its records, a line each.
    Export(export::Args),
    /// Load a ledger over HTTP and measure it, with every block synced; then verify it.
    Bench(bench::Args),
}

/// Nothing was wrong.
pub const FINE: u8 = 0;
/// Something was found wrong.
pub const WRONG: u8 = 1;
/// It could not start.
pub const CANNOT_START: u8 = 3;

/// Runs a subcommand.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Serve(args) => serve::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::Backup(args) => backup::backup(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Import(args) => import::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Openapi => {
            say(crate::http::describe().trim_end());
            ExitCode::from(FINE)
        }
        Command::New(args) => new::run(&args),
        Command::NormaliseEmail(args) => normalise::run(&args),
        Command::Backtest(args) => backtest::run(&args),
        Command::Bench(args) => bench::run(&args),
    }
}

/// Writes a line to standard output. A reader that has gone away is not an error of ours.
pub fn say(line: impl Display) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

/// Says on standard error why nothing was done, and gives the code for it.
pub fn cannot_start(why: impl Display) -> ExitCode {
    drop(writeln!(std::io::stderr().lock(), "tallystick: {why}"));
    ExitCode::from(CANNOT_START)
}

/// The programs of a rules folder, at least one; else what is wrong, a line each.
fn programs_in(rules: &Path) -> Result<Vec<ProgramFiles>, Vec<String>> {
    let programs = load_all(rules).map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    if !programs.is_empty() {
        return Ok(programs);
    }
    let folder = rules.display();
    Err(vec![if rules.join(MANIFEST).is_file() {
        format!("{folder}: this is a program's own folder; give the folder it lies in")
    } else {
        format!("{folder}: no program here; a program is a folder with a {MANIFEST}")
    }])
}

/// Reads an address and a port, or says what they look like.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:7070".to_owned())
}

/// Reads a program's name, or says what one looks like.
fn program_name(text: &str) -> Result<String, String> {
    if is_name(text) {
        return Ok(text.to_owned());
    }
    Err("a program is named with lower-case letters, digits and _, beginning with a letter, at most 64".to_owned())
}

/// `1 program`, `2 programs`.
fn counted<N: Display + PartialEq + From<u8> + Copy>(number: N, what: &str) -> String {
    format!("{number} {what}{}", if number == N::from(1) { "" } else { "s" })
}

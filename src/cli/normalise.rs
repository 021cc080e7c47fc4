//! `tallystick normalise-email`: the one name of a mailbox and its hash, for whoever makes the hashes that events bring.

use std::io::BufRead as _;
use std::process::ExitCode;

use super::{FINE, WRONG, say};
use crate::email;

/// Flags of `normalise-email`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The addresses; read from standard input, a line each, where none is given.
    addresses: Vec<String>,
}

/// Prints a line for each address: its hash, a tab, its one name. 1 where one of them is no address; the others are printed.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let mut code = FINE;
    let mut one = |address: &str| match email::normalise(address) {
        Ok(name) => say(format_args!("{}\t{name}", email::hash(&name))),
        Err(why) => {
            super::cannot_start(format_args!("{address:?} {why}"));
            code = WRONG;
        }
    };
    if args.addresses.is_empty() {
        std::io::stdin().lock().lines().map_while(Result::ok).for_each(|line| one(&line));
    } else {
        args.addresses.iter().for_each(|address| one(address));
    }
    ExitCode::from(code)
}

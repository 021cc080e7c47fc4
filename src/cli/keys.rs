//! `tallystick keys`: make, list and revoke API keys. They lie in the data folder, so a running daemon takes changes within a
//! second; a token is printed once and kept nowhere.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use jiff::Timestamp;

use super::{FINE, WRONG, cannot_start, program_name, say};
use crate::keys::{self, Error, Key, Scope, Wanted};

/// Flags of `keys`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key and print its token, which is not shown again.
    Create {
        /// The folder of the ledger.
        #[arg(long, value_name = "DIR", default_value = "data")]
        data: PathBuf,
        /// A program the key belongs to; may be given several times.
        #[arg(long = "program", visible_alias = "programs", value_name = "NAME", value_delimiter = ',', value_parser = program_name)]
        programs: Vec<String>,
        /// The key belongs to every program, and may ask about the daemon as a whole.
        #[arg(long, conflicts_with = "programs", required_unless_present = "programs")]
        all_programs: bool,
        /// What the key may do: read looks up and simulates; write also posts and spends; admin also changes rules and
        /// balances. Of several, the widest counts.
        #[arg(long = "scope", visible_alias = "scopes", value_enum, value_delimiter = ',', default_value = "write")]
        scopes: Vec<Scope>,
        /// What you call the key: the till or shop that will use it.
        #[arg(long, value_name = "TEXT", default_value = "")]
        name: String,
    },
    /// List the keys, without their tokens.
    List {
        /// The folder of the ledger.
        #[arg(long, value_name = "DIR", default_value = "data")]
        data: PathBuf,
    },
    /// Revoke a key.
    Revoke {
        /// The key's id, as `create` and `list` print it.
        id: String,
        /// The folder of the ledger.
        #[arg(long, value_name = "DIR", default_value = "data")]
        data: PathBuf,
    },
}

/// Runs one of the commands. 0 where it was done, 1 where there is no such key, 3 where the file of keys is out of reach.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    if let Command::List { data } | Command::Revoke { data, .. } = &args.command
        && !data.is_dir()
    {
        return cannot_start(format!("there is no folder {}", data.display()));
    }
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let done = match &args.command {
        Command::Create { data, programs, all_programs: _, scopes, name } => {
            let scope = scopes.iter().copied().max().unwrap_or(Scope::Read);
            let wanted = Wanted { name: name.clone(), programs: programs.clone(), scope, now };
            keys::create(data, wanted).map(|(key, token)| created(&key, &token))
        }
        Command::List { data } => keys::list(data).map(|keys| listed(&keys)),
        Command::Revoke { id, data } => keys::revoke(data, id, now).map(|key| say(format!("revoked {}", key.id))),
    };
    match done {
        Ok(()) => ExitCode::from(FINE),
        Err(error @ Error::Unknown(_)) => {
            cannot_start(error);
            ExitCode::from(WRONG)
        }
        Err(error) => cannot_start(error),
    }
}

/// The token alone goes to standard output, so that a script can take it; what is about it goes to standard error.
fn created(key: &Key, token: &str) {
    let whose = if key.every_program() { "all programs".to_owned() } else { key.programs.join(", ") };
    let said = format!("{} for {whose}, scope {}. The token is shown this once:", key.id, key.scope.name());
    drop(writeln!(std::io::stderr().lock(), "{said}"));
    say(token);
}

fn listed(keys: &[Key]) {
    say(format!("{:<16}  {:<6}  {:<20}  {:<20}  programs  name", "id", "scope", "created", "revoked"));
    for key in keys {
        let revoked = key.revoked_at.as_deref().unwrap_or("-");
        let Key { id, name, created_at, .. } = key;
        let scope = key.scope.name();
        say(format!("{id:<16}  {scope:<6}  {created_at:<20}  {revoked:<20}  {}  {name}", key.programs.join(",")));
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn scopes_are_called_on_the_command_line_as_everywhere() {
        for scope in Scope::value_variants() {
            assert_eq!(scope.to_possible_value().unwrap().get_name(), scope.name());
        }
    }
}

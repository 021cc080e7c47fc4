//! `tallystick verify`: a stopped ledger counted again from its journal alone: hash chain, double entry, every balance at
//! every record, and every derived row that the views hold.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{FINE, WRONG, cannot_start, counted, progress, say};
use crate::engine::verify::{Verified, verify};
use crate::store::{Store, StoreConfig};

/// Flags of `verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the ledger.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Verifies a folder. No record and no row in it is changed; a folder that is no ledger is left as it is.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    if !Store::is_at(&args.data) {
        return cannot_start(format!("{} is not a ledger's data folder", args.data.display()));
    }
    folder(&args.data)
}

/// Verifies a data folder.
pub(super) fn folder(data: &Path) -> ExitCode {
    let store = match Store::open(data, &StoreConfig::default()) {
        Ok(store) => store,
        Err(error) if error.is_damage() => {
            say(format!("WRONG: {error}"));
            return ExitCode::from(WRONG);
        }
        Err(error) => return cannot_start(error),
    };
    let bar = progress::bar("verifying");
    let verified = verify(&store, &mut |at, end| {
        bar.set_length(end.get());
        bar.set_position(at.get());
    });
    bar.finish_and_clear();
    match verified {
        Ok(verified) => report(&verified),
        Err(error) => {
            say(format!("WRONG: {error}"));
            ExitCode::from(WRONG)
        }
    }
}

fn report(verified: &Verified) -> ExitCode {
    for what in &verified.found {
        say(format!("WRONG: {what}"));
    }
    let Verified { walked, members, state_hash, rows, outdated_views, .. } = verified;
    let views = if *outdated_views {
        "the views are of another version, the next start builds them again".to_owned()
    } else {
        format!("{} of the views agree", counted(*rows, "row"))
    };
    say(format!(
        "{} in {}, chain whole; {}, every balance rebuilt; {views}",
        counted(walked.records, "record"),
        counted(walked.blocks, "block"),
        counted(*members, "member"),
    ));
    say(format!("head {}", hex(&walked.head.hash)));
    say(format!("state {}", hex(state_hash)));
    if verified.found.is_empty() {
        say("verified");
        return ExitCode::from(FINE);
    }
    say(format!("{} things wrong", verified.found.len()));
    ExitCode::from(WRONG)
}

fn hex(hash: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*hash).to_hex().to_string()
}

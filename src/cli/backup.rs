//! `tallystick backup` and `tallystick restore`: a whole copy of a ledger, and a new data folder from one, verified.
//!
//! A copy holds the journal, the views, and the small files that nothing can rebuild: keys and webhook endpoints. It opens like
//! any data folder, since it is one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bytes::Bytes;
use serde_json::{Value, json};

use super::transport::{Target, Transport};
use super::{FINE, WRONG, cannot_start, say, verify};
use crate::store::{self, FORMAT_FILE, Store, StoreConfig};

/// Flags of `backup`.
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// The folder of the copy, which must not exist; with --url its name within the daemon's own folder of backups.
    to: PathBuf,
    #[command(flatten)]
    target: Target,
}

/// Flags of `restore`.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// The folder of the copy.
    from: PathBuf,
    /// The new data folder; it must not exist, or be empty.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Makes a copy. 0 where it is whole and on disk, 1 where the daemon refused, 3 where it cannot be made.
#[must_use]
pub fn backup(args: &BackupArgs) -> ExitCode {
    if let Some(url) = &args.target.url {
        return ask(url, &args.to);
    }
    let data = &args.target.data;
    if !Store::is_at(data) {
        return cannot_start(format!("{} is not a ledger's data folder", data.display()));
    }
    if args.to.exists() {
        return cannot_start(format!("{} exists already; a backup overwrites nothing", args.to.display()));
    }
    let copied = Store::open(data, &StoreConfig::default()).and_then(|store| {
        store.checkpoint(&args.to)?;
        Ok(store.last_block()?.map_or(0, |(first, _)| first))
    });
    match copied {
        Ok(last) => {
            say(format!("{} holds the ledger up to the block of record {last}", args.to.display()));
            ExitCode::from(FINE)
        }
        Err(store::Error::InUse(_)) => cannot_start(format!(
            "{} is served by a daemon, which makes a backup while it runs: tallystick backup NAME --url http://…",
            data.display()
        )),
        Err(error) => cannot_start(error),
    }
}

/// Asks a running daemon.
fn ask(url: &str, name: &Path) -> ExitCode {
    let Some(name) = name.to_str() else { return cannot_start("a backup's name is text") };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cannot_start(error),
    };
    let answered = runtime.block_on(async {
        let mut transport = Transport::remote(url)?;
        let body = Bytes::from(json!({"name": name}).to_string());
        let headers = [("content-type", "application/json")];
        transport.send("POST", "/v1/backups", &headers, body).await.map_err(|error| format!("{url}: {error}"))
    });
    match answered {
        Ok(answer) if answer.status.is_success() => {
            let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let text = |key: &str| said.get(key).map_or_else(String::new, ToString::to_string);
            say(format!("{} holds the ledger up to record {}", text("path").trim_matches('"'), text("seq")));
            ExitCode::from(FINE)
        }
        Ok(answer) => {
            cannot_start(answer.problem());
            ExitCode::from(WRONG)
        }
        Err(why) => cannot_start(why),
    }
}

/// Makes a data folder of a copy, and verifies it. 0 where it is sound, 1 where something is wrong with it, 3 where there is
/// no copy, or something in the way.
#[must_use]
pub fn restore(args: &RestoreArgs) -> ExitCode {
    let RestoreArgs { from, data } = args;
    if !Store::is_at(from) {
        return cannot_start(format!("{} is not a whole copy of a ledger", from.display()));
    }
    let taken = fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some()) || data.is_file();
    if taken {
        return cannot_start(format!("{} exists already; a restore overwrites nothing", data.display()));
    }
    // FORMAT goes last: without it the folder does not open, so a restore that broke off is no ledger.
    let copied = copy(from, data).and_then(|()| {
        fs::copy(from.join(FORMAT_FILE), data.join(FORMAT_FILE))?;
        File::open(data.join(FORMAT_FILE))?.sync_all()?;
        File::open(data)?.sync_all()
    });
    if let Err(error) = copied {
        return cannot_start(format!("copying {} to {}: {error}", from.display(), data.display()));
    }
    say(format!("{} is restored; verifying it", data.display()));
    verify::folder(data)
}

/// Copies a folder and all in it but `FORMAT`, and brings it to disk.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, target) = (entry.file_name(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else if name != FORMAT_FILE {
            fs::copy(entry.path(), &target)?;
            File::open(&target)?.sync_all()?;
        }
    }
    File::open(to)?.sync_all()
}

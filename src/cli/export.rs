//! `tallystick export`: a program's events as they can be imported again, or its records with all that was decided, a line each.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::transport::{Target, Transport};
use super::{FINE, WRONG, cannot_start};
use crate::limits::FEED_RECORDS_MAX;
use crate::store::Store;

/// Flags of `export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The program.
    #[arg(long, value_name = "NAME", value_parser = super::program_name)]
    program: String,
    #[command(flatten)]
    target: Target,
    /// Whole records, with effects and verdicts, instead of the events alone. Records cannot be imported.
    #[arg(long)]
    records: bool,
    /// Only what comes after a record.
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after_seq: u64,
    /// The file to write; standard output without it.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// What of a record's line is looked at.
#[derive(Debug, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    event: Option<&'a RawValue>,
}

/// Exports. 0 where all was written, 1 where it broke off, 3 where it cannot start.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let mut out: Box<dyn Write> = match &args.to {
        None => Box::new(BufWriter::new(io::stdout().lock())),
        Some(path) => match File::create_new(path) {
            Ok(file) => Box::new(BufWriter::new(file)),
            Err(error) => return cannot_start(format!("{}: {error}", path.display())),
        },
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cannot_start(error),
    };
    runtime.block_on(async {
        let mut transport = match reach(args) {
            Ok(transport) => transport,
            Err(why) => return cannot_start(why),
        };
        let written = all(args, &mut transport, &mut out).await;
        let closed = transport.close();
        match written.map_err(|error| error.to_string()).and_then(|lines| closed.map(|()| lines)) {
            Ok(lines) => {
                drop(writeln!(io::stderr().lock(), "{lines} lines"));
                ExitCode::from(FINE)
            }
            Err(why) => {
                cannot_start(format!("broken off: {why}"));
                ExitCode::from(WRONG)
            }
        }
    })
}

fn reach(args: &Args) -> Result<Transport, String> {
    let Target { data, url } = &args.target;
    match url {
        Some(url) => Transport::remote(url),
        None if !Store::is_at(data) => Err(format!("{} is not a ledger's data folder", data.display())),
        // The programs are those that the journal holds.
        None => Transport::local(data, &[], true),
    }
}

async fn all(args: &Args, transport: &mut Transport, out: &mut dyn Write) -> io::Result<u64> {
    let (mut after, mut lines) = (args.after_seq.to_string(), 0);
    loop {
        let path = format!("/v1/programs/{}/journal?after_seq={after}&limit={FEED_RECORDS_MAX}", args.program);
        let answer = transport.send("GET", &path, &[], Bytes::new()).await?;
        if !answer.status.is_success() {
            return Err(io::Error::other(answer.problem()));
        }
        for line in answer.body.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            if args.records {
                out.write_all(line)?;
            } else {
                let Line { event: Some(event) } = serde_json::from_slice(line).map_err(io::Error::other)? else {
                    continue;
                };
                out.write_all(event.get().as_bytes())?;
            }
            out.write_all(b"\n")?;
            lines += 1;
        }
        match (answer.header("has-more"), answer.header("next-after-seq")) {
            (Some("true"), Some(next)) => next.clone_into(&mut after),
            _ => break,
        }
    }
    out.flush()?;
    Ok(lines)
}

//! `tallystick import`: a file of events, a line each, into a ledger. Events keep their business times, and each has its natural
//! key, so an import that was broken off is simply run again: what was there is told as such and counts once.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bytes::Bytes;
use hyper::StatusCode;
use indicatif::ProgressBar;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::transport::{Target, Transport};
use super::{FINE, WRONG, cannot_start, programs_in, progress, say};
use crate::limits::{BATCH_EVENTS_MAX, BODY_BYTES_MAX};

/// Events of one request.
const BATCH: usize = 2_000;
/// Bytes after which a request takes no further event.
const BATCH_BYTES: usize = 8 << 20;
/// The longest time between the first and the last event of a request, in seconds, where the clock goes along: it then stands at
/// the last, and what lies further back than the program's `max_lateness` would be late.
const BATCH_SECONDS_MAX: i64 = 3_600;
/// Rejected lines that are told one by one.
const REJECTS_TOLD_MAX: u64 = 100;

const _: () = assert!(BATCH <= BATCH_EVENTS_MAX);

/// Flags of `import`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file, one event a line; `.zst` is unpacked, `-` is standard input.
    file: PathBuf,
    /// The program the events belong to.
    #[arg(long, value_name = "NAME", value_parser = super::program_name)]
    program: String,
    #[command(flatten)]
    target: Target,
    /// The folder of the programs, for a ledger that no daemon serves.
    #[arg(long, value_name = "DIR", default_value = "rules")]
    rules: PathBuf,
    /// Moves the clock of a daemon that was started with `--clock manual` along with the events. Without a daemon the clock
    /// always goes along: a ledger's time never goes back, so older events are then late.
    #[arg(long, requires = "url")]
    move_clock: bool,
}

/// What became of the lines.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    posted: u64,
    held: u64,
    denied: u64,
    replayed: u64,
    rejected: u64,
}

/// A line of a batch's answer.
#[derive(Debug, Deserialize)]
struct Line<'a> {
    status: Option<&'a str>,
    #[serde(default)]
    replayed: bool,
    problem: Option<serde_json::Value>,
}

/// The one field of an event that is read here.
#[derive(Debug, Deserialize)]
struct When<'a> {
    #[serde(borrow)]
    occurred_at: Option<std::borrow::Cow<'a, str>>,
}

/// Imports a file. 0 where every line is in the ledger, 1 where some were rejected or it broke off, 3 where it cannot start.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let (input, bytes) = match open(&args.file) {
        Ok(opened) => opened,
        Err(error) => return cannot_start(format!("{}: {error}", args.file.display())),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cannot_start(error),
    };
    runtime.block_on(async {
        let transport = match reach(args) {
            Ok(transport) => transport,
            Err(why) => return cannot_start(why),
        };
        let bar = progress::bar("importing");
        bar.set_length(bytes);
        let moves = args.move_clock || args.target.url.is_none();
        let mut import =
            Import { transport, program: &args.program, moves, bar, totals: Totals::default(), clock: None };
        let outcome = import.all(input).await;
        import.bar.finish_and_clear();
        let Import { transport, totals, .. } = import;
        let closed = transport.close();
        report(&totals);
        match outcome.map_err(|error| error.to_string()).and(closed) {
            Ok(()) if totals.rejected == 0 => ExitCode::from(FINE),
            Ok(()) => ExitCode::from(WRONG),
            Err(why) => {
                cannot_start(format!("broken off: {why}; run it again, what is there counts once"));
                ExitCode::from(WRONG)
            }
        }
    })
}

fn open(file: &Path) -> io::Result<(Box<dyn BufRead>, u64)> {
    if file == Path::new("-") {
        return Ok((Box::new(io::stdin().lock()), 0));
    }
    let opened = File::open(file)?;
    let bytes = opened.metadata()?.len();
    if file.extension().is_some_and(|extension| extension == "zst") {
        return Ok((Box::new(BufReader::new(zstd::stream::read::Decoder::new(opened)?)), 0));
    }
    Ok((Box::new(BufReader::new(opened)), bytes))
}

fn reach(args: &Args) -> Result<Transport, String> {
    if let Some(url) = &args.target.url {
        return Transport::remote(url);
    }
    let programs = programs_in(&args.rules).map_err(|wrong| wrong.join("\n"))?;
    Transport::local(&args.target.data, &programs, true)
}

fn report(totals: &Totals) {
    let Totals { posted, held, denied, replayed, rejected } = totals;
    let fresh = posted + held + denied;
    say(format!(
        "{fresh} imported ({posted} posted, {held} held, {denied} denied), {replayed} were there, {rejected} rejected"
    ));
}

/// An import under way.
struct Import<'a> {
    transport: Transport,
    program: &'a str,
    moves: bool,
    bar: ProgressBar,
    totals: Totals,
    /// The latest instant the clock was moved to.
    clock: Option<Timestamp>,
}

/// Lines on their way, with the number of each.
#[derive(Default)]
struct Batch {
    numbers: Vec<u64>,
    body: Vec<u8>,
    earliest: Option<Timestamp>,
    latest: Option<Timestamp>,
}

impl Import<'_> {
    async fn all(&mut self, mut input: Box<dyn BufRead>) -> io::Result<()> {
        let mut batch = Batch::default();
        let mut line = Vec::new();
        let mut number = 0;
        loop {
            line.clear();
            let read = (&mut input).take(BODY_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line)?;
            number += 1;
            if read == 0 {
                break;
            }
            self.bar.inc(read as u64);
            if line.len() > BODY_BYTES_MAX {
                return Err(io::Error::other(format!("line {number} has more than {BODY_BYTES_MAX} bytes")));
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let when = when(line.trim_ascii());
            if self.moves && batch.spans_too_much(when) {
                self.post(std::mem::take(&mut batch)).await?;
            }
            batch.add(number, line.trim_ascii(), when);
            if batch.numbers.len() == BATCH || batch.body.len() >= BATCH_BYTES {
                self.post(std::mem::take(&mut batch)).await?;
            }
        }
        if batch.numbers.is_empty() { Ok(()) } else { self.post(batch).await }
    }

    async fn post(&mut self, batch: Batch) -> io::Result<()> {
        if self.moves {
            self.move_clock(batch.latest).await?;
        }
        let path = format!("/v1/programs/{}/events/batch", self.program);
        let headers = [
            ("content-type", "application/x-ndjson"),
            ("accept", "application/x-ndjson"),
            ("prefer", "return=minimal"),
        ];
        let answer = self.transport.send("POST", &path, &headers, Bytes::from(batch.body)).await?;
        if !answer.status.is_success() {
            return Err(io::Error::other(answer.problem()));
        }
        let lines: Vec<&[u8]> = answer.body.split(|b| *b == b'\n').filter(|line| !line.is_empty()).collect();
        if lines.len() != batch.numbers.len() {
            return Err(io::Error::other("the answer has another number of lines than the request"));
        }
        for (number, line) in batch.numbers.iter().zip(lines) {
            let line: Line<'_> = serde_json::from_slice(line).map_err(io::Error::other)?;
            self.count(*number, &line);
        }
        Ok(())
    }

    fn count(&mut self, number: u64, line: &Line<'_>) {
        let totals = &mut self.totals;
        if let Some(problem) = &line.problem {
            totals.rejected += 1;
            if totals.rejected <= REJECTS_TOLD_MAX {
                let said = |key: &str| problem.get(key).and_then(serde_json::Value::as_str).unwrap_or("?").to_owned();
                let text = format!("line {number}: {}: {}", said("code"), said("detail"));
                self.bar.suspend(|| drop(writeln!(io::stderr().lock(), "{text}")));
            }
            return;
        }
        match line.status {
            _ if line.replayed => totals.replayed += 1,
            Some("held") => totals.held += 1,
            Some("denied") => totals.denied += 1,
            _ => totals.posted += 1,
        }
    }

    /// Moves the clock to the latest event of a batch, where that is later than it stands.
    async fn move_clock(&mut self, latest: Option<Timestamp>) -> io::Result<()> {
        let Some(latest) = latest.filter(|latest| self.clock.is_none_or(|clock| clock < *latest)) else {
            return Ok(());
        };
        let body = json!({"now": latest.to_string()}).to_string();
        let headers = [("content-type", "application/json")];
        let answer = self.transport.send("POST", "/v1/clock", &headers, Bytes::from(body)).await?;
        // A clock that stands later already is as good: it never goes back.
        let later = answer.status == StatusCode::CONFLICT && answer.problem().contains("never goes back");
        if !answer.status.is_success() && !later {
            return Err(io::Error::other(answer.problem()));
        }
        self.clock = Some(latest);
        Ok(())
    }
}

impl Batch {
    fn add(&mut self, number: u64, line: &[u8], when: Option<Timestamp>) {
        self.numbers.push(number);
        self.body.extend_from_slice(line);
        self.body.push(b'\n');
        self.earliest = self.earliest.or(when);
        self.latest = self.latest.max(when);
    }

    /// Whether an event lies too far after the first one to go along with it.
    fn spans_too_much(&self, when: Option<Timestamp>) -> bool {
        let seconds = self.earliest.zip(when).map(|(first, when)| when.as_second().saturating_sub(first.as_second()));
        seconds.is_some_and(|seconds| seconds > BATCH_SECONDS_MAX)
    }
}

/// When an event happened, where it says so in a way that can be read.
fn when(line: &[u8]) -> Option<Timestamp> {
    let when: When<'_> = serde_json::from_slice(line).ok()?;
    when.occurred_at?.parse().ok()
}

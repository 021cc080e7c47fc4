//! `tallystick bench`: starts a daemon on a throw-away ledger, drives it over HTTP from the same machine, says what it found
//! and verifies the ledger. Every answer waits for its block's sync: there is no mode without.

pub mod client;
pub mod daemon;
mod drive;
mod fraud;
mod report;
mod workload;

use std::io::{self, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use client::Connection;
use daemon::Daemon;
use drive::{Extent, Outcome, drive};
use report::{Machine, Report, State, grouped};
use workload::{Calendar, Plan, Work};

use super::shipped;

/// Exit code of a run that found something wrong.
const FOUND_WRONG: u8 = 1;
/// Exit code of a run that could not start.
const CANNOT_START: u8 = 3;
/// Members where nothing is said.
const MEMBERS: u64 = 100_000;
/// Connections of single requests, and of batches, where nothing is said.
const CONNECTIONS_SINGLE: usize = 128;
const CONNECTIONS_BATCH: usize = 4;
/// Events, and transfers, of a batch where nothing is said.
const BATCH_EVENTS: u64 = 2_000;
const BATCH_TRANSFERS: u64 = 8_000;
/// Members of a batch of enrolments.
const BATCH_ENROLMENTS: u64 = 5_000;
/// Operations a second a closed loop may reach, for spreading the events over business time.
const BATCH_RATE_EXPECTED: u64 = 250_000;
const SINGLE_RATE_EXPECTED: u64 = 60_000;

/// What is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Workload {
    /// Baskets of two lines, each by a member drawn evenly.
    Purchase,
    /// Moves of a few points between two members drawn evenly.
    Transfer,
    /// Purchases, visits, transfers and, in single mode, reads of balances.
    Mixed,
    /// Honest members and attacks of many kinds: not how fast, but how right the verdicts are.
    Fraud,
}

/// How it is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Many in a request.
    Batch,
    /// One a request.
    Single,
}

/// Measure the daemon over HTTP, every answer after its sync, and verify the ledger it leaves.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What is posted
    #[arg(long, value_enum, default_value = "purchase")]
    pub workload: Workload,
    /// Many operations in a request, or one
    #[arg(long, value_enum, default_value = "batch")]
    pub mode: Mode,
    /// Operations a second, sent on schedule whatever the daemon does; without it, as fast as it answers
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub rate: Option<u64>,
    /// Seconds that are measured
    #[arg(long, default_value = "10", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
    /// Seconds before that
    #[arg(long, default_value = "2", value_parser = clap::value_parser!(u64).range(0..=3_600))]
    pub warm_up_seconds: u64,
    /// Members of the program: 100000, or 2000 honest ones of the fraud workload, unless given
    #[arg(long, value_parser = clap::value_parser!(u64).range(2..=1_000_000_000))]
    pub members: Option<u64>,
    /// Days that the fraud workload lasts
    #[arg(long, default_value = "30", value_parser = clap::value_parser!(u16).range(7..=365))]
    pub days: u16,
    /// Attacks of each family at each level, in the fraud workload
    #[arg(long, default_value = "3", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub attacks: u8,
    /// Write every step of the fraud workload here, a JSON object on a line: who is behind it, and what was said of it
    #[arg(long)]
    pub steps: Option<PathBuf>,
    /// Connections, each with one request under way: 64 for single requests and 4 for batches unless given
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=4_096))]
    pub connections: Option<u16>,
    /// Operations of a batch: 2000 events or 8000 transfers unless given
    #[arg(long, value_parser = clap::value_parser!(u64).range(2..=10_000))]
    pub batch_size: Option<u64>,
    /// What everything is drawn from; a second run against one ledger needs another
    #[arg(long, default_value = "1")]
    pub seed: u64,
    /// The program to post to
    #[arg(long, default_value = "corner_coffee")]
    pub program: String,
    /// The pool of transfers
    #[arg(long, default_value = "points")]
    pub pool: String,
    /// The folder of the programs; where it is not there, the shipped program is in the binary
    #[arg(long, default_value = shipped::FOLDER)]
    pub rules: PathBuf,
    /// The daemon's configuration; its defaults unless given
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Where the throw-away ledger is made; the system's temporary folder unless given
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Measure a daemon that runs already, as http://host:port; nothing is stopped or verified
    #[arg(long)]
    pub url: Option<String>,
    /// The API key for `--url`
    #[arg(long, requires = "url")]
    pub key: Option<String>,
    /// End with one JSON object on a line of its own
    #[arg(long)]
    pub json: bool,
}

/// Runs the benchmark. 0 where all was well, 1 where an answer was wrong or the ledger is, 3 where it cannot start.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    if args.workload == Workload::Fraud {
        return judge(args);
    }
    match measure(args) {
        Ok(report) => {
            let mut out = io::stdout().lock();
            let written = report
                .write(&mut out)
                .and_then(|()| if args.json { writeln!(out, "{}", report.json()) } else { Ok(()) });
            if written.is_ok() && report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(FOUND_WRONG) }
        }
        Err(error) => {
            // Standard error may be closed; then there is nobody to tell.
            let _ = writeln!(io::stderr(), "bench: {error}");
            ExitCode::from(CANNOT_START)
        }
    }
}

/// Runs the fraud workload. 0 where the ledger was sound at the end, whatever the verdicts were worth.
fn judge(args: &Args) -> ExitCode {
    match fraud::run(args) {
        Ok(findings) => {
            let mut out = io::stdout().lock();
            let written = findings
                .write(&mut out)
                .and_then(|()| if args.json { writeln!(out, "{}", findings.json()) } else { Ok(()) });
            if written.is_ok() && findings.verified { ExitCode::SUCCESS } else { ExitCode::from(FOUND_WRONG) }
        }
        Err(error) => {
            tell(&format!("bench: {error}"));
            ExitCode::from(CANNOT_START)
        }
    }
}

impl Args {
    fn members(&self) -> u64 {
        self.members.unwrap_or(MEMBERS)
    }

    fn batch(&self) -> u64 {
        match (self.mode, self.workload) {
            (Mode::Single, _) => 1,
            (Mode::Batch, Workload::Transfer) => self.batch_size.unwrap_or(BATCH_TRANSFERS),
            (Mode::Batch, Workload::Purchase | Workload::Mixed | Workload::Fraud) => {
                self.batch_size.unwrap_or(BATCH_EVENTS)
            }
        }
    }

    fn connections(&self) -> usize {
        let unsaid = if self.mode == Mode::Single { CONNECTIONS_SINGLE } else { CONNECTIONS_BATCH };
        self.connections.map_or(unsaid, usize::from)
    }

    fn plan(&self, address: SocketAddr) -> Plan {
        let expected = if self.mode == Mode::Single { SINGLE_RATE_EXPECTED } else { BATCH_RATE_EXPECTED };
        let events = self.rate.unwrap_or(expected) * (self.seconds + self.warm_up_seconds);
        Plan {
            host: address.to_string(),
            authorization: self.key.as_ref().map(|key| format!("Bearer {key}")),
            program: self.program.clone(),
            pool: self.pool.clone(),
            seed: self.seed,
            members: self.members(),
            batch: self.batch(),
            calendar: Calendar::new(jiff::Timestamp::now().as_millisecond(), events),
        }
    }

    fn work(&self) -> Work {
        match self.workload {
            Workload::Purchase => Work::Purchases,
            Workload::Transfer => Work::Transfers,
            Workload::Mixed | Workload::Fraud => Work::Mixed,
        }
    }
}

fn measure(args: &Args) -> io::Result<Report> {
    let folder = match &args.dir {
        Some(dir) => tempfile::Builder::new().prefix("tallystick-bench-").tempdir_in(dir)?,
        None => tempfile::Builder::new().prefix("tallystick-bench-").tempdir()?,
    };
    let machine = Machine::look(folder.path())?;
    let rules = shipped::rules(&args.rules, folder.path())?;
    let started = match &args.url {
        Some(_) => None,
        None => Some(Daemon::start(folder.path(), &rules, args.config.as_deref(), "127.0.0.1:0")?),
    };
    let address = match (&started, &args.url) {
        (Some(daemon), _) => daemon.address,
        (None, url) => resolve(url.as_deref().unwrap_or_default())?,
    };
    let plan = args.plan(address);
    state_at(address, plan.authorization.as_ref())
        .map_err(|error| io::Error::other(format!("no daemon answers at {address}: {error}")))?;
    prepare(args, &plan, address)?;
    let outcome = drive(
        &plan,
        args.work(),
        address,
        args.connections(),
        Extent::Time {
            warm_up: Duration::from_secs(args.warm_up_seconds),
            measured: Duration::from_secs(args.seconds),
            rate: args.rate.map(|rate| (rate, plan.batch)),
        },
    )?;
    let state = state_at(address, plan.authorization.as_ref())?;
    let used = started.as_ref().map(Daemon::used);
    let verified = match started {
        Some(daemon) => {
            daemon.stop()?;
            tell("verifying the ledger");
            let (verified, said) = daemon::verify(folder.path())?;
            if !verified {
                tell(said.trim_end());
            }
            Some(verified)
        }
        None => None,
    };
    Ok(report_of(args, &plan, outcome, machine, state, used, verified))
}

/// Enrols the members, and gives them points where they will be moved.
fn prepare(args: &Args, plan: &Plan, address: SocketAddr) -> io::Result<()> {
    let phase = |what: &str, work: Work, batch: u64, connections: usize| {
        tell(&format!("{what} {} members", grouped(plan.members)));
        let plan = Plan { batch, ..plan.clone() };
        let requests = plan.members.div_ceil(batch);
        let outcome = drive(&plan, work, address, connections, Extent::Requests(requests))?;
        if outcome.total.errors == 0 {
            return Ok(());
        }
        let (errors, first) = (outcome.total.errors, outcome.first_error.unwrap_or_default());
        Err(io::Error::other(format!("{what} members gave {errors} errors; the first: {first}")))
    };
    phase("enrolling", Work::Enroll, BATCH_ENROLMENTS, CONNECTIONS_BATCH)?;
    if args.workload != Workload::Purchase {
        phase("funding", Work::Fund, 1, CONNECTIONS_SINGLE)?;
    }
    tell(&format!("measuring for {} s after {} s of warm-up", args.seconds, args.warm_up_seconds));
    Ok(())
}

fn report_of(
    args: &Args,
    plan: &Plan,
    outcome: Outcome,
    machine: Machine,
    state: State,
    used: Option<daemon::Used>,
    verified: Option<bool>,
) -> Report {
    let Outcome { latency, measured, total, first_error } = outcome;
    Report {
        workload: match args.workload {
            Workload::Purchase => "purchase",
            Workload::Transfer => "transfer",
            Workload::Mixed | Workload::Fraud => "mixed",
        },
        mode: if args.mode == Mode::Single { "single" } else { "batch" },
        batch: plan.batch,
        connections: args.connections(),
        rate: args.rate,
        seconds: args.seconds,
        warm_up_seconds: args.warm_up_seconds,
        members: args.members(),
        seed: args.seed,
        latency,
        measured,
        total,
        first_error,
        machine,
        state,
        used,
        verified,
    }
}

/// What `/v1/status` says of the ledger.
fn state_at(address: SocketAddr, authorization: Option<&String>) -> io::Result<State> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection = Connection::new(address);
        let authorization = authorization.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
        let request = format!("GET /v1/status HTTP/1.1\r\nHost: {address}\r\n{authorization}\r\n");
        let answer = connection.exchange(request.as_bytes()).await?;
        let status: serde_json::Value = serde_json::from_slice(answer.body).map_err(io::Error::other)?;
        let head_hash = status.get("head_hash").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let durable_seq = status.get("durable_seq").and_then(serde_json::Value::as_u64).unwrap_or_default();
        Ok(State { head_hash, durable_seq })
    })
}

/// The address of `http://host:port`.
fn resolve(url: &str) -> io::Result<SocketAddr> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidInput, format!("{url}: expected http://host:port"));
    let host = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/')).ok_or_else(wrong)?;
    host.to_socket_addrs()?.next().ok_or_else(wrong)
}

/// Progress, on standard error; where that is closed there is nobody to tell.
fn tell(what: &str) {
    let _ = writeln!(io::stderr(), "{what}");
}

#[cfg(test)]
mod tests {
    use super::{Args, Mode, Workload, resolve};
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn what_is_not_said_fits_the_workload() {
        let args = |line: &str| Line::try_parse_from(line.split(' ')).unwrap().args;
        let plain = args("bench");
        assert_eq!((plain.workload, plain.mode), (Workload::Purchase, Mode::Batch));
        assert_eq!((plain.batch(), plain.connections(), plain.seconds), (2_000, 4, 10));
        let transfers = args("bench --workload transfer");
        assert_eq!((transfers.batch(), transfers.connections()), (8_000, 4));
        let single = args("bench --mode single --workload mixed");
        assert_eq!((single.batch(), single.connections()), (1, 128));
        assert!(Line::try_parse_from(["bench", "--seconds", "0"]).is_err());
    }

    #[test]
    fn a_url_is_a_host_and_a_port() {
        assert_eq!(resolve("http://127.0.0.1:80/").unwrap().port(), 80);
        assert!(resolve("https://127.0.0.1:80").is_err());
        assert!(resolve("127.0.0.1:80").is_err());
    }
}

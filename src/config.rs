//! The configuration: a file read as it is written, flags laid over it, then checked once. It never opens what it names
//! and no part of the daemon sees a value that was not checked.

use std::fs;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::limits;

/// Why the daemon cannot be configured; nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{}: {source}", file.display())]
    Read {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what it should be: not TOML, an unknown key, a wrong type.
    #[error("{}:{line}:{column}: {message}", file.display())]
    Parse {
        /// Which file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in characters.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A value is outside its range, or two values do not go together.
    #[error("configuration: {key}: {message}")]
    Value {
        /// The key, as `section.key`.
        key: &'static str,
        /// What is wrong with it.
        message: String,
    },
}

/// Which clock the ledger goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The machine's, never backwards.
    System,
    /// One that only a request moves.
    Manual,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The checked configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// The folder of the journal and what is derived from it.
    pub data: PathBuf,
    /// The folder of the programs.
    pub rules: PathBuf,
    /// The folder that backups of the running ledger are made in.
    pub backups: PathBuf,
    /// True where API keys are off.
    pub insecure_no_auth: bool,
    /// Which clock.
    pub clock: Clock,
    /// Events that may wait for the engine.
    pub queue_events: usize,
    /// Events of one block at most.
    pub block_events: usize,
    /// Threads that run scripts, at least 1.
    pub evaluate_threads: usize,
    /// Members kept in memory.
    pub cache_members: usize,
    /// Velocity rings kept in memory.
    pub cache_rings: usize,
    /// The store's block cache, in mebibytes.
    pub cache_store_mib: usize,
    /// Connections at once.
    pub connections: usize,
    /// How long a request's header may take, in milliseconds.
    pub header_read_ms: u64,
    /// How long a request's body may take, in milliseconds.
    pub body_read_ms: u64,
    /// How long a stop waits for open requests, in milliseconds.
    pub drain_ms: u64,
    /// Bytes of a body of one event or command.
    pub body_bytes: usize,
    /// Bytes of a batch's body.
    pub batch_body_bytes: usize,
    /// Whether webhooks may go to addresses that are not of the public internet.
    pub webhooks_private: bool,
    /// How long after a first failed delivery of a webhook the next is tried, in milliseconds.
    pub webhooks_retry_ms: u64,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// What is logged, in the language of `tracing_subscriber::EnvFilter`.
    pub log_filter: String,
}

/// What the command line says instead of the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--listen`.
    pub listen: Option<SocketAddr>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--rules`.
    pub rules: Option<PathBuf>,
    /// `--insecure-no-auth`.
    pub insecure_no_auth: bool,
    /// `--clock`.
    pub clock: Option<Clock>,
}

impl Default for Config {
    fn default() -> Self {
        File::default()
            .check()
            .expect("the defaults are within their ranges: a test checks them against the shipped file")
    }
}

impl Config {
    /// Reads a file, or takes the defaults where there is none, lays the flags over it and checks the whole.
    pub fn load(file: Option<&Path>, flags: Overrides) -> Result<Self, Error> {
        let mut read = match file {
            Some(path) => {
                let text = fs::read_to_string(path).map_err(|source| Error::Read { file: path.to_owned(), source })?;
                File::parse(path, &text)?
            }
            None => File::default(),
        };
        read.listen = flags.listen.unwrap_or(read.listen);
        read.data = flags.data.unwrap_or(read.data);
        read.rules = flags.rules.unwrap_or(read.rules);
        read.clock = flags.clock.unwrap_or(read.clock);
        read.insecure_no_auth |= flags.insecure_no_auth;
        read.check()
    }
}

/// The file as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    listen: SocketAddr,
    data: PathBuf,
    rules: PathBuf,
    backups: PathBuf,
    insecure_no_auth: bool,
    clock: Clock,
    engine: Engine,
    cache: Cache,
    http: Http,
    webhooks: Webhooks,
    log: Log,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Engine {
    queue_events: usize,
    block_events: usize,
    evaluate_threads: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Cache {
    members: usize,
    rings: usize,
    store_mib: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Http {
    connections: usize,
    header_read_ms: u64,
    body_read_ms: u64,
    drain_ms: u64,
    body_bytes: usize,
    batch_body_bytes: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Webhooks {
    allow_private: bool,
    retry_ms: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Log {
    format: LogFormat,
    filter: String,
}

impl Default for File {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7070)),
            data: PathBuf::from("data"),
            rules: PathBuf::from("rules"),
            backups: PathBuf::from("backups"),
            insecure_no_auth: false,
            clock: Clock::System,
            engine: Engine::default(),
            cache: Cache::default(),
            http: Http::default(),
            webhooks: Webhooks::default(),
            log: Log::default(),
        }
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self { queue_events: limits::QUEUE_EVENTS_MAX, block_events: limits::BLOCK_EVENTS_MAX, evaluate_threads: 0 }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            members: limits::CACHE_MEMBERS_DEFAULT,
            rings: limits::CACHE_RINGS_DEFAULT,
            store_mib: limits::STORE_CACHE_MIB_DEFAULT,
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS_MAX,
            header_read_ms: limits::HEADER_READ_MS_DEFAULT,
            body_read_ms: limits::BODY_READ_MS_MAX,
            drain_ms: limits::DRAIN_MS_MAX,
            body_bytes: limits::BODY_BYTES_MAX,
            batch_body_bytes: limits::BATCH_BODY_BYTES_MAX,
        }
    }
}

impl Default for Webhooks {
    fn default() -> Self {
        Self { allow_private: false, retry_ms: limits::WEBHOOK_RETRY_MS_DEFAULT }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

impl File {
    fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            Error::Parse {
                file: path.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before.get(line_start..).map_or(0, |line| line.chars().count()) + 1,
                message: error.message().to_owned(),
            }
        })
    }

    fn check(self) -> Result<Config, Error> {
        let Self { listen, data, rules, backups, insecure_no_auth, clock, engine, cache, http, webhooks, log } = self;
        let loopback = |key, wanted: bool| {
            let message = || format!("only where `listen` is a loopback address, and {listen} is not");
            if wanted && !listen.ip().is_loopback() { Err(Error::Value { key, message: message() }) } else { Ok(()) }
        };
        loopback("insecure_no_auth", insecure_no_auth)?;
        loopback("clock", clock == Clock::Manual)?;
        within("engine.queue_events", engine.queue_events, limits::BATCH_EVENTS_MAX..=limits::QUEUE_EVENTS_MAX)?;
        within("engine.block_events", engine.block_events, 1..=limits::BLOCK_EVENTS_MAX)?;
        within("engine.evaluate_threads", engine.evaluate_threads, 0..=limits::EVALUATE_THREADS_MAX)?;
        within("cache.members", cache.members, limits::CACHE_ENTRIES_MIN..=limits::CACHE_ENTRIES_MAX)?;
        within("cache.rings", cache.rings, limits::CACHE_ENTRIES_MIN..=limits::CACHE_ENTRIES_MAX)?;
        within("cache.store_mib", cache.store_mib, 8..=limits::STORE_CACHE_MIB_MAX)?;
        within("http.connections", http.connections, 1..=limits::CONNECTIONS_MAX)?;
        within("http.header_read_ms", http.header_read_ms, 1..=limits::HEADER_READ_MS_MAX)?;
        within("http.body_read_ms", http.body_read_ms, 1..=limits::BODY_READ_MS_MAX)?;
        within("http.drain_ms", http.drain_ms, 0..=limits::DRAIN_MS_MAX)?;
        within("http.body_bytes", http.body_bytes, limits::BODY_BYTES_MIN..=limits::BODY_BYTES_MAX)?;
        within("http.batch_body_bytes", http.batch_body_bytes, limits::BODY_BYTES_MIN..=limits::BATCH_BODY_BYTES_MAX)?;
        within("webhooks.retry_ms", webhooks.retry_ms, 1..=limits::WEBHOOK_RETRY_MS_DEFAULT)?;
        let evaluate_threads = match engine.evaluate_threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        Ok(Config {
            listen,
            data,
            rules,
            backups,
            insecure_no_auth,
            clock,
            queue_events: engine.queue_events,
            block_events: engine.block_events,
            evaluate_threads,
            cache_members: cache.members,
            cache_rings: cache.rings,
            cache_store_mib: cache.store_mib,
            connections: http.connections,
            header_read_ms: http.header_read_ms,
            body_read_ms: http.body_read_ms,
            drain_ms: http.drain_ms,
            body_bytes: http.body_bytes,
            batch_body_bytes: http.batch_body_bytes,
            webhooks_private: webhooks.allow_private,
            webhooks_retry_ms: webhooks.retry_ms,
            log_format: log.format,
            log_filter: log.filter,
        })
    }
}

fn within<T: Copy + PartialOrd + std::fmt::Display>(
    key: &'static str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), Error> {
    if range.contains(&value) {
        return Ok(());
    }
    let message = format!("{value} is not between {} and {}", range.start(), range.end());
    Err(Error::Value { key, message })
}

#[cfg(test)]
mod tests {
    use super::{Clock, Config, Error, File, Overrides};
    use std::path::Path;

    const SHIPPED: &str = include_str!("../config/tallystick.toml");

    #[test]
    fn the_shipped_file_is_every_key_with_its_default() {
        let shipped: toml::Value = toml::from_str(SHIPPED).unwrap();
        assert_eq!(shipped, toml::Value::try_from(File::default()).unwrap());
        let read = File::parse(Path::new("config/tallystick.toml"), SHIPPED).unwrap();
        assert_eq!(read.check().unwrap(), Config::default());
    }

    #[test]
    fn what_is_wrong_is_said_where_it_is() {
        let rows = [
            ("listen = 7\n", "x.toml:1:10: invalid type: integer `7`, expected socket address"),
            ("[engine]\nqueue = 1\n", "x.toml:2:1: unknown field `queue`"),
            ("[cache]\nmembers = 1.5\n", "x.toml:2:11: invalid type: floating point"),
            ("[engine]\nblock_events = 0\n", "configuration: engine.block_events: 0 is not between 1 and 4096"),
            ("[http]\nconnections = 0\n", "configuration: http.connections: 0 is not between 1 and 4096"),
            ("[http]\nheader_read_ms = 0\n", "configuration: http.header_read_ms: 0 is not between 1 and 60000"),
            ("[http]\nbody_read_ms = 30001\n", "configuration: http.body_read_ms: 30001 is not between 1 and 30000"),
            ("[http]\ndrain_ms = 10001\n", "configuration: http.drain_ms: 10001 is not between 0 and 10000"),
            ("[http]\nbody_bytes = 99\n", "configuration: http.body_bytes: 99 is not between 1024 and 1048576"),
            ("[http]\nbatch_body_bytes = -1\n", "x.toml:2:20: invalid value: integer `-1`"),
            ("[cache]\nrings = 1\n", "configuration: cache.rings: 1 is not between 16 and 1000000000"),
        ];
        for (text, expected) in rows {
            let said = File::parse(Path::new("x.toml"), text).and_then(File::check).unwrap_err().to_string();
            assert!(said.starts_with(expected), "{text:?} gives {said:?}");
        }
    }

    #[test]
    fn flags_win_and_are_checked_too() {
        let open = Some("0.0.0.0:7070".parse().unwrap());
        let flags = Overrides { listen: open, clock: Some(Clock::Manual), ..Overrides::default() };
        assert!(matches!(Config::load(None, flags), Err(Error::Value { key: "clock", .. })));
        let flags = Overrides { listen: open, insecure_no_auth: true, ..Overrides::default() };
        assert!(matches!(Config::load(None, flags), Err(Error::Value { key: "insecure_no_auth", .. })));
        let flags = Overrides { insecure_no_auth: true, data: Some("elsewhere".into()), ..Overrides::default() };
        let config = Config::load(None, flags).unwrap();
        assert!(config.insecure_no_auth && config.data == Path::new("elsewhere") && config.evaluate_threads >= 1);
        assert!(matches!(Config::load(Some(Path::new("no/such.toml")), Overrides::default()), Err(Error::Read { .. })));
    }
}

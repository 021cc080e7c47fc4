//! `tallystick serve`: configuration, recovery, engine, listener; then requests until a signal, a drain, and the exit code.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{FINE, WRONG, address, cannot_start, progress, say};
use crate::config::{Clock, Config, LogFormat, Overrides};
use crate::engine::{self, Engine};
use crate::http::webhooks::Registry;
use crate::http::{self, Auth, Edge, Settings, Vouchers};
use crate::keys::Ring;
use crate::limits::KEYS_REFRESH_MS;
use crate::rules::{check, load_all};
use crate::store::{self, StoreConfig};
use crate::telemetry::{Metrics, start_logging};

/// Flags of `serve`; they win over the configuration file.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file; without it, every key has its default.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the ledger; `data` unless the configuration says another.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The folder of the programs; `rules` unless the configuration says another.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Serve without API keys. Loopback addresses only.
    #[arg(long)]
    insecure_no_auth: bool,
    /// `manual` starts the clock at the journal's last time and moves it with POST /v1/clock. Loopback addresses only.
    #[arg(long, value_enum)]
    clock: Option<Clock>,
}

/// Serves until told to stop.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let overrides = Overrides {
        listen: args.listen,
        data: args.data.clone(),
        rules: args.rules.clone(),
        insecure_no_auth: args.insecure_no_auth,
        clock: args.clock,
    };
    let config = match Config::load(args.config.as_deref(), overrides) {
        Ok(config) => config,
        Err(error) => return cannot_start(error),
    };
    if let Err(error) = start_logging(config.log_format == LogFormat::Json, &config.log_filter) {
        return cannot_start(error);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cannot_start(error),
    };
    runtime.block_on(serve(&config))
}

async fn serve(config: &Config) -> ExitCode {
    let auth = match auth(config) {
        Ok(auth) => auth,
        Err(why) => return cannot_start(why),
    };
    let programs = match load_all(&config.rules) {
        Ok(programs) => programs,
        Err(diagnostics) => return cannot_start(lines(&diagnostics)),
    };
    // The engine would find the same, but does not know where the programs lie.
    let wrong: Vec<String> = programs
        .iter()
        .flat_map(|files| check(files).into_iter().map(move |found| (files, found)))
        .map(|(files, found)| format!("{}/{}/{found}", config.rules.display(), files.name))
        .collect();
    if !wrong.is_empty() {
        return cannot_start(wrong.join("\n"));
    }
    if programs.is_empty() {
        tracing::warn!(rules = %config.rules.display(), "the rules folder has no program");
    }
    let metrics = match Metrics::new() {
        Ok(metrics) => Arc::new(metrics),
        Err(error) => return cannot_start(error),
    };
    // The port is taken before the journal is read: a second daemon, or a wrong address, is found out at once.
    let listener = match TcpListener::bind(config.listen).await {
        Ok(listener) => listener,
        Err(error) => return cannot_start(format!("cannot listen on {}: {error}", config.listen)),
    };
    let bar = progress::bar("recovering");
    let engine = tokio::task::block_in_place(|| {
        Engine::start(&engine_config(config), &programs, Arc::clone(&metrics), &mut |at, end| {
            bar.set_length(end.get());
            bar.set_position(at.get());
        })
    });
    bar.finish_and_clear();
    let engine = match engine {
        Ok(engine) => engine,
        Err(error) => return cannot_start(why(error, config)),
    };
    let address = listener.local_addr().unwrap_or(config.listen);
    let vouchers = match Vouchers::open(&config.data) {
        Ok(vouchers) => vouchers,
        Err(error) => return cannot_start(format!("the key of voucher codes: {error}")),
    };
    let endpoints = match Registry::open(&config.data) {
        Ok(endpoints) => endpoints,
        Err(error) => return cannot_start(error),
    };
    let edge = Edge::new(engine.handle(), auth.clone(), settings(config), vouchers)
        .with_backups(config.backups.clone())
        .with_webhooks(endpoints, config.webhooks_private, config.webhooks_retry_ms);
    let edge = Arc::new(edge);
    tokio::spawn(http::webhooks::run(Arc::clone(&edge)));
    say(format!("listening on http://{address}"));
    tracing::info!(%address, data = %config.data.display(), seq = engine.handle().status().seq.get(), "ready");
    if let Auth::Keys(keys) = auth {
        tokio::spawn(watch_keys(keys));
    }
    let watched = engine.handle();
    http::serve(listener, edge, stop_signal(watched)).await;
    stop(engine)
}

/// Why the engine does not start, and what to do.
fn why(error: engine::Error, config: &Config) -> String {
    let data = config.data.display();
    match error {
        engine::Error::Rules(diagnostics) => lines(&diagnostics),
        engine::Error::Store(error) if error.is_damage() => format!(
            "the data folder {data}: {error}\n\n\
             Damaged views can be deleted, {data}/views: the next start builds them again. A damaged journal is not \
             repaired: restore a backup."
        ),
        engine::Error::Store(error @ (store::Error::Io { .. } | store::Error::RocksDb { .. })) => {
            format!("the data folder {data}: {error}")
        }
        error => error.to_string(),
    }
}

/// The keys of the data folder, at least one; or none at all where the configuration says so.
fn auth(config: &Config) -> Result<Auth, String> {
    if config.insecure_no_auth {
        return Ok(Auth::Off);
    }
    let keys = Ring::open(&config.data).map_err(|error| error.to_string())?;
    if keys.is_empty() {
        let data = config.data.display();
        return Err(format!(
            "there is no API key in {data}. Make one, for each till or shop:\n\n  \
             tallystick keys create --data {data} --program NAME --scope write\n\n\
             or serve without keys, on a loopback address only: --insecure-no-auth"
        ));
    }
    Ok(Auth::Keys(Arc::new(keys)))
}

/// Takes over new keys and drops revoked ones, for as long as the daemon runs.
async fn watch_keys(keys: Arc<Ring>) {
    let mut look = tokio::time::interval(Duration::from_millis(KEYS_REFRESH_MS));
    loop {
        look.tick().await;
        if let Err(error) = keys.refresh() {
            tracing::error!(%error, "the keys could not be read again; those of before stay valid");
        }
    }
}

/// Drains the engine and says how it ended.
fn stop(engine: Engine) -> ExitCode {
    match tokio::task::block_in_place(|| engine.stop()) {
        Ok(()) => ExitCode::from(FINE),
        Err(why) => {
            tracing::error!(%why, "stopped after a failure");
            ExitCode::from(WRONG)
        }
    }
}

fn settings(config: &Config) -> Settings {
    Settings {
        connections: config.connections,
        header_read: Duration::from_millis(config.header_read_ms),
        body_read: Duration::from_millis(config.body_read_ms),
        drain: Duration::from_millis(config.drain_ms),
        body_bytes: config.body_bytes,
        batch_body_bytes: config.batch_body_bytes,
    }
}

fn engine_config(config: &Config) -> engine::Config {
    let store = StoreConfig { cache_bytes: config.cache_store_mib << 20, ..StoreConfig::default() };
    engine::Config {
        data: config.data.clone(),
        store,
        cache_members: config.cache_members,
        cache_rings: config.cache_rings,
        block_events: config.block_events,
        queue_events: config.queue_events,
        evaluate_threads: config.evaluate_threads,
        manual_clock: config.clock == Clock::Manual,
    }
}

/// Ends with SIGINT or SIGTERM, or when the engine has failed and nothing can be answered any more.
async fn stop_signal(handle: engine::Handle) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::error!("signals cannot be watched");
        return;
    };
    let mut look = tokio::time::interval(Duration::from_millis(100));
    loop {
        tokio::select! {
            _ = interrupt.recv() => return,
            _ = terminate.recv() => return,
            _ = look.tick() => if !handle.is_ready() { return },
        }
    }
}

fn lines(diagnostics: &[crate::rules::Diagnostic]) -> String {
    diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

//! What the daemon tells its operators: log lines on standard error, and metrics. Every metric's name, unit and labels are
//! in this file. It never decides anything, and it never sees a member's id or any other personal fact.

use std::io::{self, IsTerminal};
use std::time::Duration;

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
    exponential_buckets,
};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// Before every metric's name.
const PREFIX: &str = "tallystick";

/// Why telemetry cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter of log lines cannot be read.
    #[error("log.filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Log lines already go somewhere.
    #[error("logging was started before")]
    Started(#[from] tracing_subscriber::util::TryInitError),
    /// Two metrics have one name, which is a mistake in this file.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}

/// Sends log lines to standard error, as text or as one JSON object each.
pub fn start_logging(json: bool, filter: &str) -> Result<(), Error> {
    let lines = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_env_filter(EnvFilter::try_new(filter)?);
    if json {
        lines.json().flatten_event(true).finish().try_init()?;
    } else {
        lines.with_target(false).finish().try_init()?;
    }
    Ok(())
}

/// All metrics of one daemon. Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    events: IntCounterVec,
    rejects: IntCounterVec,
    block_events: Histogram,
    sync_seconds: Histogram,
    queue_events: IntGauge,
    projector_lag: IntGauge,
    http_requests: IntCounterVec,
    http_seconds: HistogramVec,
    http_connections: IntGauge,
    http_refused: IntCounter,
    replays: IntCounter,
    webhooks: IntCounterVec,
    rules_silenced: IntCounterVec,
    durable_seq: IntGauge,
    members: IntGauge,
}

impl Metrics {
    /// A set of metrics, all at nothing.
    pub fn new() -> Result<Self, Error> {
        let registry = Registry::new_custom(Some(PREFIX.to_owned()), None)?;
        let counter = |name: &str, help: &str, labels: &[&str]| -> Result<IntCounterVec, Error> {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let gauge = |name: &str, help: &str| -> Result<IntGauge, Error> {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let histogram = |name: &str, help: &str, start: f64, factor: f64, steps: usize| -> Result<Histogram, Error> {
            let buckets = exponential_buckets(start, factor, steps)?;
            let histogram = Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets))?;
            registry.register(Box::new(histogram.clone()))?;
            Ok(histogram)
        };
        let http_seconds = HistogramVec::new(
            HistogramOpts::new("http_request_seconds", "From a request's head to its answer.")
                .buckets(exponential_buckets(0.000_1, 2.0, 16)?),
            &["route"],
        )?;
        registry.register(Box::new(http_seconds.clone()))?;
        let version = Opts::new("build_info", "Always 1; its label says which version runs.");
        let build = IntGauge::with_opts(version.const_label("version", env!("CARGO_PKG_VERSION")))?;
        build.set(1);
        registry.register(Box::new(build))?;
        let single = |name: &str, help: &str| -> Result<IntCounter, Error> {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        Ok(Self {
            events: counter("events_total", "Writes recorded.", &["program", "type", "status", "verdict"])?,
            rejects: counter(
                "rejects_total",
                "Requests and elements of batches refused, by the code of their problem.",
                &["code"],
            )?,
            block_events: histogram("block_events", "Records of a block.", 1.0, 4.0, 7)?,
            sync_seconds: histogram("sync_seconds", "How long a block's write and sync took.", 0.000_05, 2.0, 16)?,
            queue_events: gauge("queue_events", "Commands that wait for the engine.")?,
            projector_lag: gauge("projector_lag_records", "Durable records not yet in the derived rows.")?,
            http_requests: counter("http_requests_total", "Requests answered.", &["route", "status"])?,
            http_connections: gauge("http_connections", "Connections open.")?,
            http_refused: single(
                "http_connections_refused_total",
                "Connections turned away because too many were open.",
            )?,
            replays: single("replays_total", "Writes answered with their first answer.")?,
            rules_silenced: counter(
                "fraud_rules_silenced_total",
                "Fraud rules that fired too often and were silenced.",
                &["program", "rule"],
            )?,
            webhooks: counter("webhook_deliveries_total", "Attempts to deliver a webhook.", &["result"])?,
            durable_seq: gauge("durable_seq", "The newest record on disk.")?,
            members: gauge("members", "Members of all programs.")?,
            http_seconds,
            registry,
        })
    }

    /// Counts recorded writes. `kind` is an event kind's name without a custom event's own, so that the number of
    /// series stays bounded; callers add up a request and call once for each combination.
    pub fn events(&self, program: &str, [kind, status, verdict]: [&str; 3], number: u64) {
        self.events.with_label_values(&[program, kind, status, verdict]).inc_by(number);
    }

    /// Counts refusals of one code.
    pub fn rejects(&self, code: &str, number: u64) {
        self.rejects.with_label_values(&[code]).inc_by(number);
    }

    /// Notes a block that is on disk: its records, and how long its write and sync took.
    pub fn block(&self, records: usize, took: Duration) {
        self.block_events.observe(f64::from(u32::try_from(records).unwrap_or(u32::MAX)));
        self.sync_seconds.observe(took.as_secs_f64());
    }

    /// Says how many commands wait.
    pub fn queue(&self, waiting: usize) {
        self.queue_events.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    /// Says how far the ledger has come: its newest record on disk, and its members.
    pub fn progress(&self, durable_seq: u64, members: u64) {
        self.durable_seq.set(i64::try_from(durable_seq).unwrap_or(i64::MAX));
        self.members.set(i64::try_from(members).unwrap_or(i64::MAX));
    }

    /// Counts a fraud rule that fired too often and was silenced.
    pub fn rule_silenced(&self, program: &str, rule: &str) {
        self.rules_silenced.with_label_values(&[program, rule]).inc();
    }

    /// Says how many durable records the derived rows do not reflect yet.
    pub fn projector_lag(&self, records: u64) {
        self.projector_lag.set(i64::try_from(records).unwrap_or(i64::MAX));
    }

    /// Counts an answered request and how long it took. `route` is the route's pattern, never the path, so that the
    /// number of series stays bounded.
    pub fn http_request(&self, route: &str, status: u16, took: Duration) {
        self.http_requests.with_label_values(&[route, itoa::Buffer::new().format(status)]).inc();
        self.http_seconds.with_label_values(&[route]).observe(took.as_secs_f64());
    }

    /// Notes a connection that was opened, or one that ended.
    pub fn connection(&self, opened: bool) {
        if opened { self.http_connections.inc() } else { self.http_connections.dec() }
    }

    /// Counts a connection that was turned away.
    pub fn connection_refused(&self) {
        self.http_refused.inc();
    }

    /// Counts an attempt to deliver a webhook.
    pub fn webhook(&self, taken: bool) {
        self.webhooks.with_label_values(&[if taken { "taken" } else { "failed" }]).inc();
    }

    /// Counts writes that had been done before.
    pub fn replays(&self, number: u64) {
        self.replays.inc_by(number);
    }

    /// All metrics in Prometheus's text format.
    #[must_use]
    pub fn expose(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Metrics;
    use std::time::Duration;

    #[test]
    fn what_was_counted_is_exposed_under_the_documented_names() {
        let metrics = Metrics::new().unwrap();
        metrics.events("corner_coffee", ["purchase", "posted", "flag"], 3);
        metrics.progress(12, 5);
        metrics.rejects("unknown_member", 2);
        metrics.block(500, Duration::from_micros(120));
        metrics.queue(7);
        metrics.projector_lag(11);
        metrics.clone().http_request("/v1/programs/{program}/events", 201, Duration::from_millis(1));
        metrics.connection(true);
        metrics.connection_refused();
        metrics.replays(6);
        metrics.webhook(false);
        let text = metrics.expose();
        for line in [
            r#"tallystick_events_total{program="corner_coffee",status="posted",type="purchase",verdict="flag"} 3"#,
            r"tallystick_durable_seq 12",
            r"tallystick_members 5",
            r#"tallystick_rejects_total{code="unknown_member"} 2"#,
            r#"tallystick_block_events_bucket{le="1024"} 1"#,
            r#"tallystick_block_events_bucket{le="256"} 0"#,
            r"tallystick_sync_seconds_count 1",
            r"tallystick_queue_events 7",
            r"tallystick_projector_lag_records 11",
            r#"tallystick_http_requests_total{route="/v1/programs/{program}/events",status="201"} 1"#,
            r#"tallystick_http_request_seconds_count{route="/v1/programs/{program}/events"} 1"#,
            r"tallystick_http_connections 1",
            r"tallystick_http_connections_refused_total 1",
            r"tallystick_replays_total 6",
            r#"tallystick_webhook_deliveries_total{result="failed"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}

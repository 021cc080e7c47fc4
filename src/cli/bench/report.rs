//! What a run found, for people and for machines, with the machine and the settings it was found on. It never leaves out what
//! went wrong.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use hdrhistogram::Histogram;

use super::daemon::Used;
use super::workload::Tally;

/// How often the disk's sync is measured, and the bytes written before each.
const SYNCS: usize = 101;
const SYNC_BYTES: usize = 4_096;

/// The machine a run was made on.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    cpu: String,
    cores: usize,
    memory_mib: u64,
    /// The median time of a small write and its sync, where the ledger lies.
    fsync_us: u64,
}

/// The ledger's state after a run.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The hash of the newest block, hexadecimal.
    pub head_hash: String,
    /// The newest record on disk.
    pub durable_seq: u64,
}

/// Everything a run found.
#[derive(Debug)]
pub struct Report {
    /// `purchase`, `transfer` or `mixed`.
    pub workload: &'static str,
    /// `batch` or `single`.
    pub mode: &'static str,
    /// Events or transfers a request.
    pub batch: u64,
    /// Connections, each with one request at a time.
    pub connections: usize,
    /// Operations a second that were asked for, in an open loop.
    pub rate: Option<u64>,
    /// Seconds measured.
    pub seconds: u64,
    /// Seconds before that.
    pub warm_up_seconds: u64,
    /// Members.
    pub members: u64,
    /// The seed.
    pub seed: u64,
    /// Latencies in microseconds.
    pub latency: Histogram<u64>,
    /// Operations done in the measured time.
    pub measured: u64,
    /// Everything, with the warm-up.
    pub total: Tally,
    /// What the first error said.
    pub first_error: Option<String>,
    /// Where it ran.
    pub machine: Machine,
    /// What the ledger's state was.
    pub state: State,
    /// What the daemon used in all, where it was started here.
    pub used: Option<Used>,
    /// Whether the ledger was verified, where it was started here.
    pub verified: Option<bool>,
}

impl Machine {
    /// Looks at this machine, and at the disk below `folder`.
    pub fn look(folder: &Path) -> io::Result<Self> {
        let field = |file: &str, name: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':')).map_or_else(String::new, |(_, value)| value.trim().to_owned())
        };
        let kib: u64 = field("/proc/meminfo", "MemTotal").trim_end_matches("kB").trim().parse().unwrap_or(0);
        Ok(Self {
            cpu: field("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            memory_mib: kib / 1_024,
            fsync_us: fsync_us(folder)?,
        })
    }
}

/// The median time of appending a little and syncing it, in microseconds.
fn fsync_us(folder: &Path) -> io::Result<u64> {
    let path = folder.join("fsync.probe");
    let mut file = File::create(&path)?;
    let block = [0x5A; SYNC_BYTES];
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let begun = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        times.push(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    drop(file);
    fs::remove_file(&path)?;
    times.sort_unstable();
    Ok(times.get(SYNCS / 2).copied().unwrap_or_default())
}

impl Report {
    /// Operations a second, over the measured time.
    fn throughput(&self) -> u64 {
        self.measured / self.seconds.max(1)
    }

    fn quantiles(&self) -> [u64; 3] {
        [0.5, 0.99, 0.999].map(|quantile| self.latency.value_at_quantile(quantile))
    }

    /// True where nothing went wrong.
    pub fn is_clean(&self) -> bool {
        self.total.errors == 0 && self.measured > 0 && self.verified != Some(false)
    }

    /// Writes the report for people.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let Self { workload, mode, connections, members, seed, machine, total, state, .. } = self;
        let shape = match self.rate {
            Some(rate) => format!("open loop at {}/s", grouped(rate)),
            None => "closed loop".to_owned(),
        };
        let each =
            if self.batch > 1 { format!("requests of {}", grouped(self.batch)) } else { "one a request".to_owned() };
        let members = grouped(*members);
        writeln!(
            out,
            "workload    {workload}, {mode}: {each}, {connections} connections, {shape}, {members} members, seed {seed}"
        )?;
        let Machine { cpu, cores, memory_mib, fsync_us } = machine;
        writeln!(
            out,
            "machine     {cpu}, {cores} cores, {memory_mib} MiB, fsync {fsync_us} µs (median of {SYNCS}); daemon and load share it"
        )?;
        writeln!(out, "durability  every block is synced to disk before anything in it is answered")?;
        let (throughput, seconds, before) = (grouped(self.throughput()), self.seconds, self.warm_up_seconds);
        writeln!(out, "throughput  {throughput} operations/s over {seconds} s, after {before} s of warm-up")?;
        let [p50, p99, p999] = self.quantiles().map(milliseconds);
        let since = if self.rate.is_some() { "when it was meant to be sent" } else { "when it was sent" };
        writeln!(out, "latency     p50 {p50} ms, p99 {p99} ms, p99.9 {p999} ms: a request's answer, since {since}")?;
        let (done, held, denied) = (grouped(total.done()), grouped(total.held), grouped(total.denied));
        writeln!(
            out,
            "answers     {done} done, of which {held} held and {denied} denied; {} errors",
            grouped(total.errors)
        )?;
        if let Some(error) = &self.first_error {
            writeln!(out, "first error {error}")?;
        }
        if let Some(Used { cpu_ms, peak_kib }) = self.used {
            writeln!(
                out,
                "daemon      {} s of processor time, {} MiB at its peak",
                milliseconds(cpu_ms),
                peak_kib / 1_024
            )?;
        }
        writeln!(out, "state hash  {} at seq {}", state.head_hash, grouped(state.durable_seq))?;
        match self.verified {
            Some(true) => writeln!(out, "verified    chain, double entry and every balance, from the journal"),
            Some(false) => writeln!(out, "verified    NO: `tallystick verify` found something wrong"),
            None => writeln!(out, "verified    not from here: the daemon was not started by this command"),
        }
    }

    /// The report as one JSON object.
    pub fn json(&self) -> serde_json::Value {
        let [p50, p99, p999] = self.quantiles().map(|us| {
            // Milliseconds with three decimals, exact: the text of a number, not a float.
            serde_json::from_str::<serde_json::Value>(&milliseconds(us)).unwrap_or_default()
        });
        serde_json::json!({
            "workload": self.workload,
            "mode": self.mode,
            "throughput_per_second": self.throughput(),
            "latency_ms": {"p50": p50, "p99": p99, "p999": p999},
            "events": self.measured,
            "errors": self.total.errors,
            "verified": self.verified,
            "held": self.total.held,
            "denied": self.total.denied,
            "total": self.total.done(),
            "first_error": self.first_error,
            "batch_size": self.batch,
            "connections": self.connections,
            "rate": self.rate,
            "seconds": self.seconds,
            "warm_up_seconds": self.warm_up_seconds,
            "members": self.members,
            "seed": self.seed,
            "durability": "fsync of every block before its answers",
            "state_hash": self.state.head_hash,
            "durable_seq": self.state.durable_seq,
            "machine": {
                "cpu": self.machine.cpu,
                "cores": self.machine.cores,
                "memory_mib": self.machine.memory_mib,
                "fsync_us": self.machine.fsync_us,
            },
            "daemon": self.used.map(|used| serde_json::json!({"cpu_ms": used.cpu_ms, "peak_kib": used.peak_kib})),
        })
    }
}

/// Thousandths as a decimal: 12345 is `12.345`.
fn milliseconds(thousandths: u64) -> String {
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::workload::Tally;
    use super::{Machine, Report, State, grouped, milliseconds};
    use hdrhistogram::Histogram;

    fn report() -> Report {
        let mut latency = Histogram::new(3).unwrap();
        latency.record_n(12_345, 998).unwrap();
        latency.record_n(40_000, 2).unwrap();
        Report {
            workload: "purchase",
            mode: "batch",
            batch: 2_000,
            connections: 4,
            rate: None,
            seconds: 10,
            warm_up_seconds: 2,
            members: 100_000,
            seed: 1,
            latency,
            measured: 2_000_000,
            total: Tally { posted: 2_399_990, held: 10, denied: 0, errors: 0 },
            first_error: None,
            machine: Machine::default(),
            state: State { head_hash: "ab".to_owned(), durable_seq: 7 },
            used: None,
            verified: Some(true),
        }
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(milliseconds(12_345), "12.345");
    }

    #[test]
    fn the_object_has_the_documented_fields() {
        let json = report().json();
        assert_eq!(json["throughput_per_second"], 200_000);
        assert_eq!(json["latency_ms"]["p50"].to_string(), "12.351");
        assert_eq!((&json["events"], &json["errors"], &json["verified"]), (&2_000_000.into(), &0.into(), &true.into()));
        assert!(!json.to_string().contains('\n'));
    }

    #[test]
    fn errors_and_a_failed_verification_are_not_clean() {
        assert!(report().is_clean());
        assert!(!Report { verified: Some(false), ..report() }.is_clean());
        assert!(!Report { total: Tally::lost(1), ..report() }.is_clean());
        let mut text = Vec::new();
        Report { first_error: Some("503 busy".to_owned()), ..report() }.write(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("first error 503 busy") && text.contains("200,000 operations/s"), "{text}");
    }

    #[test]
    fn the_machine_is_looked_at() {
        let machine = Machine::look(&std::env::temp_dir()).unwrap();
        assert!(machine.cores >= 1);
    }
}

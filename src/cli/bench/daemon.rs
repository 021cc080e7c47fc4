//! The daemon under test: a child process of this same executable on a throw-away folder, started, watched, stopped and
//! verified. It is never left running.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long the daemon may take to start, and to stop.
const START_TIMEOUT: Duration = Duration::from_mins(1);
const STOP_TIMEOUT: Duration = Duration::from_mins(1);
/// What `serve` prints once it accepts connections.
const LISTENING: &str = "listening on http://";

/// A running daemon.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

/// What a process has used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    /// Processor time of user and system, in milliseconds.
    pub cpu_ms: u64,
    /// The most memory it ever had resident, in KiB.
    pub peak_kib: u64,
}

impl Daemon {
    /// Starts `serve` without keys on `listen`, with its ledger in `folder`, and waits until it accepts connections. Its log goes
    /// to `daemon.log` beside the ledger.
    pub fn start(folder: &Path, rules: &Path, config: Option<&Path>, listen: &str) -> io::Result<Self> {
        Self::start_with(&[], folder, rules, config, listen)
    }

    /// The same, with a clock that only requests move.
    pub fn start_on_manual_clock(folder: &Path, rules: &Path, config: Option<&Path>, listen: &str) -> io::Result<Self> {
        Self::start_with(&["--clock", "manual"], folder, rules, config, listen)
    }

    fn start_with(more: &[&str], folder: &Path, rules: &Path, config: Option<&Path>, listen: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let log = folder.join("daemon.log");
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", "--insecure-no-auth", "--listen", listen, "--data"]).arg(ledger(folder));
        command.arg("--rules").arg(rules).args(more);
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::from(File::create(&log)?)).spawn()?;
        match wait_for_address(&mut child) {
            Ok(address) => Ok(Self { child, address }),
            Err(error) => {
                // It may have ended by itself already; both calls then say so, and that is fine.
                let _ = child.kill();
                let _ = child.wait();
                let said = fs::read_to_string(&log).unwrap_or_default();
                let tail: Vec<&str> = said.lines().rev().take(10).collect();
                let tail: String = tail.into_iter().rev().fold(String::new(), |text, line| text + "\n" + line);
                Err(io::Error::new(error.kind(), format!("the daemon did not start: {error}{tail}")))
            }
        }
    }

    /// What it has used so far; nothing where the system does not tell.
    pub fn used(&self) -> Used {
        used(self.child.id()).unwrap_or_default()
    }

    /// Asks it to stop as an operator would, with SIGTERM, and waits. An error where it had to be killed or failed.
    pub fn stop(mut self) -> io::Result<()> {
        // The shell's own `kill`: there is no safe call for it in the standard library, and a minimal system has no other.
        let _ = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.child.id())])
            .stderr(Stdio::null())
            .status()?;
        let begun = Instant::now();
        while begun.elapsed() < STOP_TIMEOUT {
            if let Some(status) = self.child.try_wait()? {
                return if status.success() {
                    Ok(())
                } else {
                    Err(io::Error::other(format!("the daemon ended with {status}")))
                };
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "the daemon did not stop and was killed"))
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail where it has ended, which is what they are for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The ledger's folder within the throw-away one.
pub fn ledger(folder: &Path) -> PathBuf {
    folder.join("ledger")
}

/// Runs `tallystick verify` over a stopped daemon's ledger; what it printed, and whether it found all in order.
pub fn verify(folder: &Path) -> io::Result<(bool, String)> {
    let output = Command::new(std::env::current_exe()?).arg("verify").arg("--data").arg(ledger(folder)).output()?;
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output.status.success(), said))
}

/// Reads the daemon's standard output until it says where it listens, and keeps reading so that it is never blocked.
fn wait_for_address(child: &mut Child) -> io::Result<SocketAddr> {
    let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no standard output"))?;
    let (found, address) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines() {
            let Ok(line) = line else { break };
            if let Some((_, rest)) = line.split_once(LISTENING) {
                // The receiver is gone once it has what it waited for.
                let _ = found.send(rest.split(|c: char| c == '/' || c.is_whitespace()).next().unwrap_or("").parse());
            }
        }
    });
    match address.recv_timeout(START_TIMEOUT) {
        Ok(Ok(address)) => Ok(address),
        Ok(Err(_)) => Err(io::Error::other("it listens on an address that cannot be read")),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(io::Error::other("it ended")),
    }
}

/// A process's use of the machine, from Linux's `/proc`.
fn used(process: u32) -> Option<Used> {
    /// Linux counts processor time in hundredths of a second for every program.
    const TICK_MS: u64 = 10;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in brackets and may hold blanks; user and system time are 14 and 15.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let mut status = String::new();
    File::open(format!("/proc/{process}/status")).ok()?.read_to_string(&mut status).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(Used { cpu_ms: (user + system) * TICK_MS, peak_kib: peak.trim().trim_end_matches("kB").trim().parse().ok()? })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_process_knows_what_it_used() {
        if std::path::Path::new("/proc/self/stat").exists() {
            assert!(super::used(std::process::id()).unwrap().peak_kib > 0);
        }
    }
}

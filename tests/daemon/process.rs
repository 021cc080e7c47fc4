//! The daemon as a child process on a free port and a folder of the test's own: started, watched, stopped, killed; and the
//! other subcommands that a test runs over its folder. Nothing is left running, whatever becomes of the test.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::client::Client;

/// How long the daemon may take for its next line, or for its end.
const PATIENCE: Duration = Duration::from_mins(3);
/// Lines it may print before the one that says where it listens.
const LINES_BEFORE_READY_MAX: usize = 100;
/// What that line begins with.
const LISTENING: &str = "listening on http://";

/// Tests that measure, or that load the machine, take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Waits until no other test has its turn. A test that failed in its turn does not fail the others.
pub fn take_turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says something on the terminal, also where a test passes.
pub fn say(line: impl Display) {
    writeln!(io::stderr().lock(), "    {line}").unwrap();
}

/// The repository's own programs.
pub fn shipped_rules() -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("rules")
}

/// A ledger's folder and how it is served.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
    rules: PathBuf,
    /// Whether requests need a key.
    keyed: bool,
    /// Deletes the folder in the end, where it is this ledger's own.
    _own: Option<TempDir>,
}

impl Ledger {
    /// An empty ledger with the shipped programs.
    pub fn new() -> Self {
        let own = TempDir::new().unwrap();
        Self { folder: own.path().to_owned(), rules: shipped_rules(), keyed: false, _own: Some(own) }
    }

    /// The same with other programs.
    pub fn with_rules(rules: PathBuf) -> Self {
        Self { rules, ..Self::new() }
    }

    /// The same with one program of the test's own, which lies in the ledger's folder.
    pub fn with_program(name: &str, manifest: &str) -> Self {
        let own = Self::new();
        let ledger = Self { rules: own.folder.join("rules"), ..own };
        ledger.write_rules(&format!("{name}/program.toml"), manifest);
        ledger
    }

    /// Writes a file of its programs, as somebody does who edits them between two starts.
    pub fn write_rules(&self, path: &str, text: &str) {
        let path = self.rules.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// An empty ledger that answers only to keys.
    pub fn keyed() -> Self {
        Self { keyed: true, ..Self::new() }
    }

    /// A ledger that lies in a folder, in its `data`.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), rules: shipped_rules(), keyed: false, _own: None }
    }

    /// The folder around the data, for what a test needs.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Writes the configuration file that the next start reads.
    pub fn configure(&self, text: &str) {
        fs::write(self.config(), text).unwrap();
    }

    fn config(&self) -> PathBuf {
        self.folder.join("tallystick.toml")
    }

    /// The command that serves this ledger with a manual clock on a free port.
    pub fn serve(&self) -> Command {
        let mut command = self.serve_in_time();
        command.args(["--clock", "manual"]);
        command
    }

    /// The same with the system's clock.
    fn serve_in_time(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tallystick"));
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        if !self.keyed {
            command.arg("--insecure-no-auth");
        }
        command.arg("--data").arg(self.data()).arg("--rules").arg(&self.rules);
        if self.config().exists() {
            command.arg("--config").arg(self.config());
        }
        command
    }

    /// Starts the daemon and waits until it listens.
    #[track_caller]
    pub fn start(&self) -> Daemon {
        self.spawn(self.serve())
    }

    /// The same with the system's clock: whatever the ledger waits for has passed.
    #[track_caller]
    pub fn start_in_time(&self) -> Daemon {
        self.spawn(self.serve_in_time())
    }

    #[track_caller]
    fn spawn(&self, mut command: Command) -> Daemon {
        let log = self.folder.join("daemon.log");
        let started = Instant::now();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let lines = lines_of(&mut child);
        for _ in 0..LINES_BEFORE_READY_MAX {
            let Ok(line) = lines.recv_timeout(PATIENCE) else { break };
            if let Some(address) = line.strip_prefix(LISTENING) {
                let address = address.trim_end_matches('/').parse().unwrap();
                let ready_after = started.elapsed();
                return Daemon { child: Mutex::new(child), lines: Mutex::new(lines), address, ready_after };
            }
        }
        drop(child.kill());
        let status = child.wait();
        panic!("the daemon did not start, {status:?}: {}", fs::read_to_string(&log).unwrap());
    }

    /// Runs another subcommand over the data folder.
    pub fn run(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tallystick")).args(words).arg("--data").arg(self.data()).output().unwrap()
    }

    /// Runs `tallystick verify` over the stopped ledger.
    pub fn verify(&self) -> Output {
        verify(&self.data())
    }

    /// Runs `tallystick verify`, which must find everything in order; what it printed.
    #[track_caller]
    pub fn expect_verified(&self) -> String {
        let Output { status, stdout, stderr } = self.verify();
        let said = String::from_utf8(stdout).unwrap();
        assert_eq!(status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&stderr));
        said
    }
}

/// Runs `tallystick verify` over a data folder.
pub fn verify(data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tallystick")).arg("verify").arg("--data").arg(data).output().unwrap()
}

/// Reads a child's standard output on a thread of its own, so that the child never waits for it. The channel ends when the
/// child does.
fn lines_of(child: &mut Child) -> Receiver<String> {
    let stdout = child.stdout.take().unwrap();
    let (send, lines) = channel();
    thread::spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    lines
}

/// A running daemon; killed when dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Mutex<Child>,
    /// What it prints; ends with it.
    lines: Mutex<Receiver<String>>,
    /// Where it listens.
    pub address: SocketAddr,
    /// From its start until it listened.
    pub ready_after: Duration,
}

impl Daemon {
    /// A new client of it.
    pub const fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// The most memory it ever had resident, in KiB; nothing where the system does not tell.
    pub fn peak_kib(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child().id())).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        peak.trim().trim_end_matches("kB").trim().parse().ok()
    }

    /// Ends it at once, as `kill -9` does; until it is gone its folder is in use. It takes no notice of a daemon that has ended.
    pub fn kill(&self) {
        let mut child = self.child();
        drop(child.kill());
        drop(child.wait());
    }

    /// Asks it to stop, as an operator does, and waits for its end.
    pub fn stop(self) -> ExitStatus {
        let id = self.child().id();
        // The standard library sends no signal but SIGKILL; the shell's own `kill` is everywhere.
        assert!(Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status().unwrap().success());
        self.ended()
    }

    /// Waits for its end.
    pub fn ended(self) -> ExitStatus {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match lines.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return self.child().wait().unwrap(),
                Err(RecvTimeoutError::Timeout) => panic!("the daemon did not end"),
            }
        }
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let mut child = self.child();
        drop(child.kill());
        drop(child.wait());
    }
}

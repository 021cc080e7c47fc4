//! Drives a plan over many connections and measures. One thread, because it shares the machine with the daemon. Latency of an
//! open loop counts from when a request was meant to be sent, so that a daemon that falls behind cannot hide it.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};

use super::client::Connection;
use super::workload::{Plan, Tally, Work};

/// The longest latency the histogram tells from longer ones, in microseconds, and its digits of precision.
const LATENCY_US_MAX: u64 = 120_000_000;
const LATENCY_DIGITS: u8 = 3;
/// How long an open loop may go on after its end to send what it still owes.
const LATE_MAX: Duration = Duration::from_secs(30);
/// How long a connection rests after an error, so that a broken daemon is not hammered.
const ERROR_PAUSE: Duration = Duration::from_millis(10);
/// How often due requests of an open loop are handed out.
const PACE: Duration = Duration::from_micros(100);
/// Bytes of the first error that are kept.
const ERROR_BYTES_MAX: usize = 400;

/// How long a phase goes on.
#[derive(Clone, Copy, Debug)]
pub enum Extent {
    /// So many requests, each as soon as a connection is free.
    Requests(u64),
    /// So long, after a warm-up that is not measured.
    Time {
        /// Not measured.
        warm_up: Duration,
        /// Measured.
        measured: Duration,
        /// Requests a second in an open loop, as a fraction: operations a second, operations of a request. `None` is a closed
        /// loop: each connection sends its next request once the last is answered.
        rate: Option<(u64, u64)>,
    },
}

/// What a phase measured.
#[derive(Debug)]
pub struct Outcome {
    /// Latencies of the measured requests, in microseconds.
    pub latency: Histogram<u64>,
    /// Operations answered well within the measured time.
    pub measured: u64,
    /// Everything, the warm-up included.
    pub total: Tally,
    /// What the first error said.
    pub first_error: Option<String>,
}

struct Shared {
    plan: Plan,
    work: Work,
    address: SocketAddr,
    begun: Instant,
    /// Requests handed out so far.
    next: Cell<u64>,
    /// Requests to hand out in all.
    last: u64,
    measured_from: Instant,
    end: Instant,
    /// When the n-th request is meant to be sent, in an open loop.
    rate: Option<(u64, u64)>,
    due: Option<Arc<Semaphore>>,
    outcome: RefCell<Outcome>,
}

/// Runs one phase to its end.
pub fn drive(plan: &Plan, work: Work, address: SocketAddr, connections: usize, extent: Extent) -> io::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let begun = Instant::now();
    let (measured_from, end, last, rate) = match extent {
        Extent::Requests(requests) => (begun, begun + Duration::from_hours(24), requests, None),
        Extent::Time { warm_up, measured, rate } => {
            let last = rate.map_or(u64::MAX, |(operations, each)| {
                operations.saturating_mul((warm_up + measured).as_secs()).div_ceil(each.max(1))
            });
            (begun + warm_up, begun + warm_up + measured, last, rate)
        }
    };
    let latency = Histogram::new_with_bounds(1, LATENCY_US_MAX, LATENCY_DIGITS).map_err(io::Error::other)?;
    let shared = Rc::new(Shared {
        plan: plan.clone(),
        work,
        address,
        begun,
        next: Cell::new(0),
        last,
        measured_from,
        end,
        rate,
        due: rate.map(|rate| pace(begun, rate, last)),
        outcome: RefCell::new(Outcome { latency, measured: 0, total: Tally::default(), first_error: None }),
    });
    LocalSet::new().block_on(&runtime, async {
        let mut workers = JoinSet::new();
        for _ in 0..connections {
            workers.spawn_local(worker(Rc::clone(&shared)));
        }
        while let Some(ended) = workers.join_next().await {
            ended.map_err(io::Error::other)?;
        }
        Ok::<(), io::Error>(())
    })?;
    let shared = Rc::into_inner(shared).ok_or_else(|| io::Error::other("a worker is still running"))?;
    let mut outcome = shared.outcome.into_inner();
    if shared.rate.is_some() {
        // What was never sent, because the daemon fell too far behind, was lost.
        let unsent = shared.last.saturating_sub(shared.next.get());
        outcome.total.add(Tally::lost(unsent * plan.batch));
    }
    Ok(outcome)
}

/// Hands out requests as they fall due, from a thread of its own: the runtime's timer only knows milliseconds.
fn pace(begun: Instant, rate: (u64, u64), last: u64) -> Arc<Semaphore> {
    let due = Arc::new(Semaphore::new(0));
    let handed = Arc::downgrade(&due);
    thread::spawn(move || {
        let mut issued = 0u64;
        while issued < last {
            let Some(due) = handed.upgrade() else { return };
            let now = begun.elapsed();
            while issued < last && intended(rate, issued) <= now {
                issued += 1;
                due.add_permits(1);
            }
            drop(due);
            thread::sleep(PACE);
        }
    });
    due
}

/// When the n-th request is meant to be sent, after the beginning.
fn intended((operations, each): (u64, u64), number: u64) -> Duration {
    let nanos = u128::from(number) * u128::from(each) * 1_000_000_000 / u128::from(operations.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

async fn worker(shared: Rc<Shared>) {
    let mut connection = Connection::new(shared.address);
    let mut request = Vec::new();
    while let Some((ticket, meant)) = take_ticket(&shared).await {
        let operations = shared.plan.request(shared.work, ticket, &mut request);
        let sent = meant.unwrap_or_else(Instant::now);
        let answered = connection.exchange(&request).await;
        let now = Instant::now();
        let (tally, error) = match &answered {
            Ok(answer) => {
                let tally = Plan::tally(answer, operations);
                (tally, (tally.errors > 0).then(|| describe(answer.status, answer.body)))
            }
            Err(error) => (Tally::lost(operations), Some(error.to_string())),
        };
        note(&shared, sent, now, tally, error);
        if tally.errors > 0 {
            tokio::time::sleep(ERROR_PAUSE).await;
        }
    }
}

/// The next request's number and when it is meant to be sent; `None` at the end.
async fn take_ticket(shared: &Shared) -> Option<(u64, Option<Instant>)> {
    if shared.next.get() >= shared.last {
        return None;
    }
    if let Some(due) = &shared.due {
        // The last permits go to whoever waits; the others are let go at the end.
        let waited = tokio::time::timeout_at((shared.end + LATE_MAX).into(), due.acquire()).await;
        waited.ok()?.ok()?.forget();
    }
    let now = Instant::now();
    let over = if shared.due.is_some() { shared.end + LATE_MAX } else { shared.end };
    let ticket = shared.next.get();
    if ticket >= shared.last || now >= over {
        return None;
    }
    shared.next.set(ticket + 1);
    if ticket + 1 == shared.last
        && let Some(due) = &shared.due
    {
        due.close();
    }
    Some((ticket, shared.rate.map(|rate| shared.begun + intended(rate, ticket))))
}

fn note(shared: &Shared, sent: Instant, now: Instant, tally: Tally, error: Option<String>) {
    let mut outcome = shared.outcome.borrow_mut();
    outcome.total.add(tally);
    if now >= shared.measured_from && now < shared.end {
        outcome.measured += tally.done();
    }
    if sent >= shared.measured_from && tally.done() > 0 {
        let took = u64::try_from(now.duration_since(sent).as_micros()).unwrap_or(u64::MAX);
        outcome.latency.saturating_record(took.max(1));
    }
    if outcome.first_error.is_none() {
        outcome.first_error = error;
    }
}

/// An answer in which something went wrong: its status, and the first line that says what.
fn describe(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.lines().find(|line| line.contains("problem")).or_else(|| text.lines().next()).unwrap_or("");
    format!("{status} {}", line.chars().take(ERROR_BYTES_MAX).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::super::workload::{Calendar, Plan, Work};
    use super::{Extent, drive, intended};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[test]
    fn requests_of_an_open_loop_are_evenly_spaced() {
        assert_eq!(intended((1_000, 1), 5), Duration::from_millis(5));
        assert_eq!(intended((200_000, 2_000), 100), Duration::from_secs(1));
    }

    /// A daemon that answers every request well after a pause, on a thread of its own.
    fn slow_daemon(pause: Duration) -> std::net::SocketAddr {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                listener.set_nonblocking(true).unwrap();
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((mut stream, _)) = listener.accept().await {
                    tokio::spawn(async move {
                        let mut buffer = vec![0u8; 64 << 10];
                        while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                            tokio::time::sleep(pause).await;
                            let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 19\r\n\r\n{\"status\":\"posted\"}";
                            stream.write_all(answer).await.unwrap();
                        }
                    });
                }
            });
        });
        address
    }

    fn plan() -> Plan {
        Plan {
            host: "test".to_owned(),
            authorization: None,
            program: "p".to_owned(),
            pool: "points".to_owned(),
            seed: 1,
            members: 10,
            batch: 1,
            calendar: Calendar::new(1_795_312_800_000, 1_000),
        }
    }

    #[test]
    fn a_daemon_that_falls_behind_cannot_hide_it() {
        // 10 ms an answer on one connection serves 100 requests a second; 200 are wanted.
        let address = slow_daemon(Duration::from_millis(10));
        let extent = Extent::Time { warm_up: Duration::ZERO, measured: Duration::from_secs(1), rate: Some((200, 1)) };
        let outcome = drive(&plan(), Work::Purchases, address, 1, extent).unwrap();
        assert_eq!((outcome.total.posted, outcome.total.errors), (200, 0), "{:?}", outcome.first_error);
        assert!(outcome.latency.max() > 800_000, "the last was sent a second late: {} µs", outcome.latency.max());
        assert!(outcome.measured < 120);
    }

    #[test]
    fn a_closed_loop_sends_as_many_as_it_is_told() {
        let address = slow_daemon(Duration::ZERO);
        let outcome = drive(&plan(), Work::Purchases, address, 4, Extent::Requests(100)).unwrap();
        assert_eq!((outcome.total.posted, outcome.latency.len()), (100, 100));
        let lost = drive(&plan(), Work::Purchases, "127.0.0.1:1".parse().unwrap(), 2, Extent::Requests(4)).unwrap();
        assert_eq!(lost.total.errors, 4);
        assert!(lost.first_error.is_some());
    }
}

//! `tallystick demo`: a throw-away ledger with the shipped programs, a morning's traffic with the daemon's real answers, and
//! the curl lines to go on with. It serves until it is interrupted, verifies the ledger and leaves nothing behind.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::bench::client::Connection;
use super::bench::daemon::{Daemon, verify};
use super::{CANNOT_START, WRONG, address, cannot_start, shipped};
use crate::rules::MANIFEST;

/// The program that is shown.
const PROGRAM: &str = "corner_coffee";
/// Purchases of the greedy member, two minutes apart, until the velocity limits speak.
const BURST_MAX: u32 = 40;

/// A throw-away ledger with sample traffic, and the curl lines to try next.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where to serve; a free port where this one is taken
    #[arg(long, default_value = "127.0.0.1:7070", value_name = "ADDRESS", value_parser = address)]
    pub listen: SocketAddr,
    /// The folder of the programs; where it is not there, the shipped program is in the binary
    #[arg(long, default_value = shipped::FOLDER)]
    pub rules: PathBuf,
    /// Stop after the sample traffic
    #[arg(long)]
    pub once: bool,
}

/// Runs the demo. 0 where it was interrupted or finished, 1 where the daemon failed or its ledger is wrong, 3 where it cannot
/// start.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    match show(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(WRONG),
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            cannot_start(error);
            ExitCode::from(CANNOT_START)
        }
    }
}

/// True where the daemon served until it was asked to stop, and left a sound ledger.
fn show(args: &Args) -> io::Result<bool> {
    let folder = tempfile::Builder::new().prefix("tallystick-demo-").tempdir()?;
    let rules = shipped::rules(&args.rules, folder.path())?;
    if !rules.join(PROGRAM).join(MANIFEST).is_file() {
        let folder = args.rules.display();
        let missing = format!("there is no {PROGRAM}/{MANIFEST} in {folder}; give the folder with --rules");
        return Err(io::Error::new(io::ErrorKind::NotFound, missing));
    }
    let free = TcpListener::bind(args.listen).is_ok();
    let listen = if free { args.listen } else { SocketAddr::new(args.listen.ip(), 0) };
    let mut daemon = Daemon::start(folder.path(), &rules, None, &listen.to_string())?;
    let mut out = io::stdout();
    if !free {
        writeln!(out, "{} is taken, so this is another port.", args.listen)?;
    }
    writeln!(out, "Tallystick serves a throw-away ledger on http://{}, program {PROGRAM}.\n", daemon.address)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        traffic(&mut Caller::new(daemon.address), &mut out).await?;
        if args.once {
            return Ok(true);
        }
        lines_to_try(daemon.address, &mut out)?;
        serve_until_interrupted(&mut daemon).await
    })?;
    if !served {
        writeln!(out, "\nThe daemon has ended by itself.")?;
        return Ok(false);
    }
    daemon.stop()?;
    verified(folder.path(), &mut out)
}

/// Verifies the stopped ledger and prints what that found.
fn verified(folder: &Path, out: &mut impl Write) -> io::Result<bool> {
    let (sound, said) = verify(folder)?;
    writeln!(out, "\n`tallystick verify` on what is left on disk:")?;
    for line in said.lines() {
        writeln!(out, "    {line}")?;
    }
    Ok(sound)
}

/// Sends what a shop sends, and prints what comes back.
async fn traffic(caller: &mut Caller, out: &mut impl Write) -> io::Result<()> {
    let opened = Timestamp::now() - SignedDuration::from_hours(4);
    let post = format!("/v1/programs/{PROGRAM}/events");
    let joined = json!({
        "id": "join-ana", "source": "app", "type": "enroll", "member": "ana", "occurred_at": opened.to_string(),
    });
    step(out, "Ana joins", &caller.post(&post, None, &joined).await?)?;
    let first = purchase("1", "ana", opened, 10, &[("coffee", 450), ("cake", 395)]);
    step(out, "Ana buys a latte and a croissant for 8.45", &caller.post(&post, None, &first).await?)?;
    step(out, "The till was not sure and sends it again", &caller.post(&post, None, &first).await?)?;
    let second = purchase("2", "ana", opened, 90, &[("coffee", 450), ("beans", 1_600)]);
    step(out, "Ana comes back for a coffee and beans, which earn twice", &caller.post(&post, None, &second).await?)?;
    let wrong = json!({"id": "3", "source": "till-1", "type": "purchase", "member": "ana", "occured_at": "today"});
    step(out, "A till with a typing mistake", &caller.post(&post, None, &wrong).await?)?;
    let sorry = json!({"member": "ana", "pool": "points", "amount": 50, "reason": "sorry for the cold coffee"});
    let adjust = format!("/v1/programs/{PROGRAM}/adjustments");
    step(out, "The manager adds 50 points", &caller.post(&adjust, Some("demo-sorry-1"), &sorry).await?)?;
    burst(caller, &post, opened, out).await?;
    let treat = json!({"from": "ana", "to": "max", "pool": "points", "amount": 20});
    let transfer = format!("/v1/programs/{PROGRAM}/transfers");
    step(out, "Ana gives Max 20 points", &caller.post(&transfer, Some("demo-treat-1"), &treat).await?)?;
    let balance = caller.get(&format!("/v1/programs/{PROGRAM}/members/ana/balance")).await?;
    step(out, "Ana's balance", &balance)
}

/// One member buys every two minutes until the fraud limits do more than note it.
async fn burst(caller: &mut Caller, post: &str, opened: Timestamp, out: &mut impl Write) -> io::Result<()> {
    for number in 0..BURST_MAX {
        let event = purchase(&format!("max-{number}"), "max", opened, 100 + i64::from(number) * 2, &[("coffee", 300)]);
        let answer = caller.post(post, None, &event).await?;
        let verdict = answer.body.pointer("/fraud/verdict").and_then(Value::as_str).unwrap_or("allow");
        if !answer.is_success() || !matches!(verdict, "allow" | "flag") {
            let told = format!("Max buys for the {} time in {} minutes", ordinal(number + 1), number * 2);
            return step(out, &told, &answer);
        }
    }
    writeln!(out, "* Max bought {BURST_MAX} times, and no limit of this program minds")
}

fn purchase(id: &str, member: &str, opened: Timestamp, minutes: i64, lines: &[(&str, i64)]) -> Value {
    let at = opened + SignedDuration::from_mins(minutes);
    let amount: i64 = lines.iter().map(|line| line.1).sum();
    let items: Vec<Value> = (1..)
        .zip(lines)
        .map(|(line, (category, amount))| json!({"line": line, "category": category, "quantity": 1, "amount": amount}))
        .collect();
    json!({
        "id": format!("demo-{id}"), "source": "till-1", "type": "purchase", "member": member,
        "occurred_at": at.to_string(), "currency": "USD", "amount": amount, "items": items,
        "tenders": [{"kind": "card", "amount": amount, "fingerprint": format!("c:{member}")}],
        "channel": "store", "store": "330", "terminal": "1", "staff": "cashier-17", "device": format!("d:{member}"),
    })
}

/// Prints what was done, and what the daemon said of it in short.
fn step(out: &mut impl Write, what: &str, answer: &Answer) -> io::Result<()> {
    let replayed = if answer.body.get("balance").is_some() && answer.status == 200 { ", the first answer" } else { "" };
    writeln!(out, "* {what}\n    {}{replayed}: {}", answer.status, in_short(&answer.body))
}

/// What became of something; nothing for what nobody at a till asks about.
fn effect_in_short(effect: &Value) -> Option<String> {
    let text = |field: &str| effect.get(field).and_then(Value::as_str).unwrap_or_default();
    let number = |field: &str| effect.get(field).and_then(Value::as_i64).unwrap_or_default();
    let state = match text("state") {
        "" | "available" => String::new(),
        waits => format!(" {waits}"),
    };
    let whose = match text("member") {
        "" => String::new(),
        member => format!(" for {member}"),
    };
    Some(match text("kind") {
        "profile" | "count" => return None,
        "enroll" => "enrolled".to_owned(),
        "stamp" => format!("{} stamp on {}{state}", number("count"), text("card")),
        "reward" => format!("reward {}{state}", text("reward")),
        "tier" => format!("now {}", text("to")),
        "deduct" | "expire" | "transfer_out" => format!("-{} {}{whose}", number("amount"), text("pool")),
        "earn" | "adjust" | "transfer_in" => format!("+{} {}{state}{whose}", number("amount"), text("pool")),
        other => other.to_owned(),
    })
}

/// An answer in a line: its problem, or its effects, its balance and what fraud checks said.
fn in_short(body: &Value) -> String {
    let text = |value: &Value, field: &str| match value.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    if body.get("code").is_some() {
        return [&text(body, "code"), ": ", &text(body, "detail")].concat();
    }
    let mut parts: Vec<String> = body.get("status").map(|_| text(body, "status")).into_iter().collect();
    for effect in body.get("effects").and_then(Value::as_array).into_iter().flatten() {
        parts.extend(effect_in_short(effect));
    }
    let balance = body.get("balance").or_else(|| body.get("pools").map(|_| body));
    if let Some(balance) = balance {
        parts.push(format!("balance {}", balance_in_short(balance)));
    }
    for reason in body.pointer("/fraud/reasons").and_then(Value::as_array).into_iter().flatten() {
        parts.push(format!("{} by {}: {}", text(reason, "verdict"), text(reason, "rule"), text(reason, "detail")));
    }
    parts.join("; ")
}

fn balance_in_short(balance: &Value) -> String {
    let of = |value: &Value, field: &str| value.get(field).and_then(Value::as_i64).unwrap_or(0);
    let mut parts = Vec::new();
    for (pool, buckets) in balance.get("pools").and_then(Value::as_object).into_iter().flatten() {
        let waiting = of(buckets, "pending");
        let waiting = if waiting == 0 { String::new() } else { format!(" and {waiting} pending") };
        parts.push(format!("{} {pool}{waiting}", of(buckets, "available")));
    }
    for (card, state) in balance.get("cards").and_then(Value::as_object).into_iter().flatten() {
        parts.push(format!("{} of {} stamps on {card}", of(state, "stamps"), of(state, "of")));
    }
    if let Some(tier) = balance.get("tier").and_then(Value::as_str) {
        parts.push(format!("tier {tier}"));
    }
    parts.join(", ")
}

fn lines_to_try(address: SocketAddr, out: &mut impl Write) -> io::Result<()> {
    let base = format!("http://{address}/v1/programs/{PROGRAM}");
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let event = format!(
        r#"{{"id":"mine-1","source":"me","type":"purchase","member":"ana","occurred_at":"{now}","amount":499}}"#
    );
    writeln!(out, "\nTry next:\n")?;
    writeln!(out, "  curl -s {base}/events -H 'content-type: application/json' -d '{event}'")?;
    writeln!(
        out,
        "  curl -s {base}/simulate -H 'content-type: application/json' -d '{{\"event\":{event},\"explain\":true}}'"
    )?;
    writeln!(out, "  curl -s {base}/members/ana/balance")?;
    writeln!(out, "  curl -s {base}/members/ana/statement")?;
    writeln!(out, "  curl -s {base}/members/ana/lots")?;
    writeln!(out, "  curl -s http://{address}/v1/status")?;
    writeln!(out, "  curl -s http://{address}/metrics")?;
    writeln!(out, "\nServing until Ctrl-C; then the ledger is verified and deleted.")?;
    out.flush()
}

/// True once the demo is asked to stop, false where the daemon ended by itself.
async fn serve_until_interrupted(daemon: &mut Daemon) -> io::Result<bool> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let mut look = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => return interrupted.map(|()| true),
            _ = terminated.recv() => return Ok(true),
            _ = look.tick() => if daemon.has_ended() {
                return Ok(false);
            },
        }
    }
}

/// `1st`, `2nd`, `11th`.
fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// An answer and its parsed body; null where it has none.
struct Answer {
    status: u16,
    body: Value,
}

impl Answer {
    const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

/// Posts and gets JSON over one connection.
struct Caller {
    address: SocketAddr,
    connection: Connection,
}

impl Caller {
    const fn new(address: SocketAddr) -> Self {
        Self { address, connection: Connection::new(address) }
    }

    async fn get(&mut self, path: &str) -> io::Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        self.exchange(&request).await
    }

    async fn post(&mut self, path: &str, key: Option<&str>, body: &Value) -> io::Result<Answer> {
        let (body, host) = (body.to_string(), self.address);
        let key = key.map(|key| format!("Idempotency-Key: {key}\r\n")).unwrap_or_default();
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{key}Content-Length: {length}\r\n\r\n{body}"
        );
        self.exchange(&request).await
    }

    async fn exchange(&mut self, request: &str) -> io::Result<Answer> {
        let answer = self.connection.exchange(request.as_bytes()).await?;
        Ok(Answer { status: answer.status, body: serde_json::from_slice(answer.body).unwrap_or(Value::Null) })
    }
}

#[cfg(test)]
mod tests {
    use super::{in_short, ordinal};
    use serde_json::json;

    #[test]
    fn answers_are_told_in_a_line() {
        let body = json!({
            "status": "held",
            "effects": [
                {"kind": "enroll"}, {"kind": "profile"},
                {"kind": "earn", "pool": "points", "amount": 8, "state": "held"},
                {"kind": "transfer_out", "pool": "points", "amount": 3},
                {"kind": "transfer_in", "pool": "points", "amount": 3, "state": "available", "member": "bo"},
                {"kind": "stamp", "card": "coffee", "count": 1},
                {"kind": "tier", "from": null, "to": "silver"},
            ],
            "balance": {
                "pools": {"points": {"available": 12, "pending": 8, "held": 0, "debt": 0}},
                "cards": {"coffee": {"stamps": 3, "of": 10}}, "tier": "silver",
            },
            "fraud": {"verdict": "hold", "reasons": [{"rule": "hourly", "verdict": "hold", "detail": "7 purchases"}]},
        });
        assert_eq!(
            in_short(&body),
            "held; enrolled; +8 points held; -3 points; +3 points for bo; 1 stamp on coffee; now silver; \
             balance 12 points and 8 pending, 3 of 10 stamps on coffee, tier silver; hold by hourly: 7 purchases"
        );
        let problem = json!({"code": "invalid_request", "status": 400, "detail": "/occured_at: is not a known field"});
        assert_eq!(in_short(&problem), "invalid_request: /occured_at: is not a known field");
    }

    #[test]
    fn ordinals_end_as_they_should() {
        assert_eq!(
            [1, 2, 3, 4, 11, 12, 13, 21, 112].map(ordinal).join(" "),
            "1st 2nd 3rd 4th 11th 12th 13th 21st 112th"
        );
    }
}

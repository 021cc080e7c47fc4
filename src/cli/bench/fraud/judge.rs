//! The judge: a daemon is given everybody's steps in order of their arrival, its clock moved along, and says of each what it
//! thinks. It is told nothing of who is behind a step.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::step::{Kind, MINUTE, STAMP_POINTS, Step, time};
use crate::cli::bench::client::Connection;

/// Events of a batch at most, and the time they may span: what tills upload together.
const BATCH_MAX: usize = 500;
const BATCH_SPAN: i64 = 15 * MINUTE;
/// Bytes of a refusal that are kept.
const TOLD_MAX: usize = 300;

/// What became of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Done.
    #[default]
    Posted,
    /// Refused by the ledger itself: not enough points, nothing left to refund.
    Refused,
    /// Waits for a person.
    Held,
    /// The member has to prove who they are.
    StepUp,
    /// Recorded without effect.
    Denied,
}

/// What the daemon said of a step.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// What became of it.
    pub fate: Fate,
    /// Whether any rule noted it.
    pub noted: bool,
    /// Points that whoever is behind it has of it.
    pub gain: i64,
    /// Rules that stopped it.
    pub rules: Vec<String>,
    /// Rules that noted it.
    pub notes: Vec<String>,
    /// What was said of it, where any rule spoke.
    pub reasons: Value,
}

impl Answer {
    /// True where fraud checks kept it from taking effect.
    pub fn is_stopped(&self) -> bool {
        self.fate >= Fate::Held
    }
}

/// A connection to the judge.
pub struct Judge {
    connection: Connection,
    host: String,
    program: String,
    /// What was refused, by code, and how often.
    pub refused: BTreeMap<String, u64>,
    /// The clock's last time.
    now: i64,
}

impl Judge {
    /// A judge at an address.
    pub fn new(address: SocketAddr, program: &str) -> Self {
        let (connection, host) = (Connection::new(address), address.to_string());
        Self { connection, host, program: program.to_owned(), refused: BTreeMap::new(), now: i64::MIN }
    }

    /// Has all steps judged, in order. `progress` is told how many are.
    pub async fn judge(&mut self, steps: &[Step], progress: &mut dyn FnMut(usize)) -> io::Result<Vec<Answer>> {
        let mut answers = Vec::with_capacity(steps.len());
        while let Some(first) = steps.get(answers.len()) {
            let rest = steps.get(answers.len()..).unwrap_or_default();
            if matches!(first.kind, Kind::Event(_)) {
                let together = |step: &&Step| {
                    matches!(step.kind, Kind::Event(_)) && step.arrives < first.arrives.saturating_add(BATCH_SPAN)
                };
                let count = rest.iter().take(BATCH_MAX).take_while(together).count();
                let batch = rest.get(..count).unwrap_or_default();
                self.clock(batch.last().map_or(first.arrives, |step| step.arrives)).await?;
                let first_number = answers.len();
                answers.extend(self.events(first_number, batch).await?);
            } else {
                self.clock(first.arrives).await?;
                let answer = self.act(answers.len(), first).await?;
                answers.push(answer);
            }
            progress(answers.len());
        }
        Ok(answers)
    }

    async fn clock(&mut self, now: i64) -> io::Result<()> {
        if now <= self.now {
            return Ok(());
        }
        self.now = now;
        let (status, body) =
            self.post("/v1/clock", None, &json!({"now": time(now)}).to_string(), "application/json").await?;
        if status == 200 { Ok(()) } else { Err(io::Error::other(format!("the clock: {status} {body}"))) }
    }

    async fn events(&mut self, first: usize, batch: &[Step]) -> io::Result<Vec<Answer>> {
        let lines = (first..).zip(batch).map(|(number, step)| step.request(number).1.to_string() + "\n");
        let path = format!("/v1/programs/{}/events/batch", self.program);
        let (status, body) = self.post(&path, None, &lines.collect::<String>(), "application/x-ndjson").await?;
        if status != 200 {
            return Err(io::Error::other(format!("a batch: {status} {}", short(&body))));
        }
        let answers = body.lines().zip(batch).map(|(line, step)| {
            let said: Value = serde_json::from_str(line).map_err(io::Error::other)?;
            Ok(match said.get("problem") {
                Some(problem) => self.refusal(problem),
                None => answer(&said, step),
            })
        });
        let answers: Vec<Answer> = answers.collect::<io::Result<_>>()?;
        if answers.len() == batch.len() { Ok(answers) } else { Err(io::Error::other("a batch was answered in part")) }
    }

    async fn act(&mut self, number: usize, step: &Step) -> io::Result<Answer> {
        let (path, body) = step.request(number);
        let path = format!("/v1/programs/{}{path}", self.program);
        let key = format!("act-{number}");
        let (status, said) = self.post(&path, Some(&key), &body.to_string(), "application/json").await?;
        let said: Value = serde_json::from_str(&said).map_err(io::Error::other)?;
        match status {
            200..=299 => Ok(answer(&said, step)),
            400..=499 => Ok(self.refusal(&said)),
            _ => Err(io::Error::other(format!("{path}: {status} {}", short(&said.to_string())))),
        }
    }

    fn refusal(&mut self, problem: &Value) -> Answer {
        let code = problem.get("code").and_then(Value::as_str).unwrap_or("unnamed");
        *self.refused.entry(code.to_owned()).or_default() += 1;
        if code == "step_up_required" {
            return Answer { fate: Fate::StepUp, noted: true, ..Answer::default() };
        }
        Answer { fate: Fate::Refused, ..Answer::default() }
    }

    async fn post(&mut self, path: &str, key: Option<&str>, body: &str, media: &str) -> io::Result<(u16, String)> {
        let key = key.map_or_else(String::new, |key| format!("Idempotency-Key: {key}\r\n"));
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {media}\r\nAccept: {media}\r\n{key}Content-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        let answer = self.connection.exchange(request.as_bytes()).await?;
        Ok((answer.status, String::from_utf8_lossy(answer.body).into_owned()))
    }
}

fn short(text: &str) -> String {
    text.chars().take(TOLD_MAX).collect()
}

/// Reads an answer to a step.
fn answer(said: &Value, step: &Step) -> Answer {
    let fate = match said.get("status").and_then(Value::as_str) {
        Some("held") => Fate::Held,
        Some("denied") => Fate::Denied,
        _ => Fate::Posted,
    };
    let mut answer = Answer { fate, ..Answer::default() };
    for reason in said.pointer("/fraud/reasons").and_then(Value::as_array).into_iter().flatten() {
        let text = |field: &str| reason.get(field).and_then(Value::as_str).unwrap_or_default();
        match text("verdict") {
            "allow" => {}
            "flag" => answer.notes.push(text("rule").to_owned()),
            _ => answer.rules.push(text("rule").to_owned()),
        }
    }
    if let Some(reasons) = said.pointer("/fraud/reasons").filter(|reasons| **reasons != json!([])) {
        answer.reasons = reasons.clone();
    }
    answer.noted = fate >= Fate::Held || !answer.notes.is_empty();
    if fate == Fate::Posted {
        answer.gain = match step.kind {
            // What only prepares brings nothing yet; what is taken back is taken back.
            Kind::Event(_) if step.stake == 0 => gained(said).min(0),
            Kind::Event(_) => gained(said),
            Kind::Redeem | Kind::Transfer | Kind::Adjust | Kind::Erase => step.stake,
        };
    }
    answer
}

/// Points that an event's effects brought to whom it may concern, less what was taken back.
fn gained(said: &Value) -> i64 {
    let mut sum = 0i64;
    for effect in said.get("effects").and_then(Value::as_array).into_iter().flatten() {
        let number = |field: &str| effect.get(field).and_then(Value::as_i64).unwrap_or_default();
        let change = match effect.get("kind").and_then(Value::as_str) {
            Some("earn") => number("amount").saturating_sub(number("repaid_debt")),
            Some("reverse") => -number("amount"),
            Some("stamp") => number("count").saturating_mul(STAMP_POINTS),
            _ => 0,
        };
        sum = sum.saturating_add(change);
    }
    sum
}

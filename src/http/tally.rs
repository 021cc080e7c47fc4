//! What answers add to the metrics: records by kind, status and verdict, refusals by code. It names no member.

use super::problem::{Code, Problem};
use super::render::{status_name, verdict_name};
use crate::engine::handle::Answer;
use crate::ledger::record::{Input, Record};
use crate::telemetry::Metrics;

/// Counts the fresh records among a request's answers.
pub fn records(metrics: &Metrics, program: &str, answers: &[Answer]) {
    let mut counted: Vec<([&'static str; 3], u64)> = Vec::new();
    for answer in answers {
        let Answer::Recorded(record) = answer else { continue };
        let labels = [kind(record), status_name(record.status), verdict_name(record.fraud.verdict)];
        match counted.iter_mut().find(|(known, _)| *known == labels) {
            Some((_, number)) => *number += 1,
            None => counted.push((labels, 1)),
        }
    }
    for (labels, number) in counted {
        metrics.events(program, labels, number);
    }
}

/// Counts a batch's refused elements: those that could not be read, and those that the ledger refused.
pub fn refused_elements(metrics: &Metrics, problems: &[Option<Problem>], answers: &[Answer]) {
    let read = problems.iter().flatten().map(Problem::code);
    let decided = answers.iter().filter_map(|answer| match answer {
        Answer::Rejected(reject) => Some(Problem::from(reject).code()),
        Answer::Recorded(_) | Answer::Replayed(_) => None,
    });
    let mut counted: Vec<(Code, u64)> = Vec::new();
    for code in read.chain(decided) {
        match counted.iter_mut().find(|(known, _)| *known == code) {
            Some((_, number)) => *number += 1,
            None => counted.push((code, 1)),
        }
    }
    for (code, number) in counted {
        metrics.rejects(code.info().code, number);
    }
}

/// What kind of write a record is of; a custom event's own name is left out, so that kinds stay few.
pub fn kind(record: &Record) -> &'static str {
    match &record.input {
        Input::Event(event) => event.kind.name(),
        Input::Adjust(..) => "adjustment",
        Input::Transfer(..) => "transfer",
        Input::Due(_) => "due",
        Input::Ruleset(_) | Input::Rules(..) => "ruleset",
        Input::Act(act, _) => act.what.name(),
    }
}

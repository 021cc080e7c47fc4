//! `tallystick bench --workload fraud`: a benchmark of loyalty fraud. A town of honest members, with all that makes false
//! alarms, and attacks of many families at three levels of cunning, all drawn from a seed, are given to a daemon over HTTP in
//! the order of their arrival; what it stopped, what leaked before, and whom it bothered is counted.
//!
//! The judge is the shipped program as it stands. What is simulated proves nothing about any shop: the seed, the steps and
//! the numbers by family are there so that others can look, and families that are kept apart show what tuning did.

mod attacks;
mod good;
mod judge;
mod rng;
mod score;
mod step;
mod table;
#[cfg(test)]
mod tests;
mod town;
mod windows;

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Instant;

use serde_json::json;

use super::daemon::{self, Daemon};
use super::{Args, shipped, state_at, tell};
use crate::ledger::terms::LimitTerms;
use crate::ledger::types::NameId;
use crate::rules::{Program, ProgramFiles};
use attacks::Written;
use judge::{Answer, Fate, Judge};
use score::Score;
use step::{By, Step};
use table::{Baseline, Findings};
use town::{Script, Town};
use windows::Way;

/// Honest members where nothing is said, and days.
const MEMBERS: u64 = 2_000;
/// Honest members of a store.
const MEMBERS_A_STORE: i64 = 100;
/// Stores at least: two cities.
const STORES_MIN: i64 = 8;
/// How often progress is told, in steps.
const TELL_EVERY: usize = 10_000;

/// What everybody does: all steps in order, and the attacks among them.
fn script(seed: u64, members: i64, days: i64, times: u64) -> (Vec<Step>, Vec<Written>) {
    let town = Town { stores: (members / MEMBERS_A_STORE).max(STORES_MIN) };
    let mut script = Script::default();
    good::write(&mut script, town, seed, members, days);
    let attacks = attacks::write(&mut script, town, seed, days, times);
    (script.in_order(), attacks)
}

/// Runs the benchmark against a daemon of its own.
pub fn run(args: &Args) -> io::Result<Findings> {
    let members = i64::try_from(args.members.unwrap_or(MEMBERS)).unwrap_or(i64::MAX);
    let days = i64::from(args.days);
    let (steps, attacks) = script(args.seed, members, days, u64::from(args.attacks));
    let folder = match &args.dir {
        Some(dir) => tempfile::Builder::new().prefix("tallystick-bench-").tempdir_in(dir)?,
        None => tempfile::Builder::new().prefix("tallystick-bench-").tempdir()?,
    };
    let rules = shipped::rules(&args.rules, folder.path())?;
    let daemon = Daemon::start_on_manual_clock(folder.path(), &rules, args.config.as_deref(), "127.0.0.1:0")?;
    let address = daemon.address;
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut judge = Judge::new(address, &args.program);
    let mut told = 0;
    let answers = runtime.block_on(judge.judge(&steps, &mut |done| {
        if done / TELL_EVERY > told {
            told = done / TELL_EVERY;
            tell(&format!("{done} of {} steps", steps.len()));
        }
    }))?;
    if let Some(path) = &args.steps {
        write_steps(path, &steps, &answers, &attacks)?;
    }
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let state = state_at(address, None)?;
    daemon.stop()?;
    let (verified, said) = daemon::verify(folder.path())?;
    if !verified {
        tell(said.trim_end());
    }
    let limits = limits(args, &rules)?;
    let (limits, baselines) = compare(&limits, &steps, &attacks, members * days);
    Ok(Findings {
        seed: args.seed,
        members,
        days,
        program: args.program.clone(),
        steps: steps.len(),
        attacks: attacks.len(),
        score: Score::of(&steps, &answers, &attacks, members * days),
        limits,
        baselines,
        refused: judge.refused,
        state_hash: state.head_hash,
        verified,
        took_ms,
    })
}

/// Writes every step with who is behind it and what was said of it.
fn write_steps(path: &Path, steps: &[Step], answers: &[Answer], attacks: &[Written]) -> io::Result<()> {
    let mut out = io::BufWriter::new(std::fs::File::create(path)?);
    for (number, (step, answer)) in steps.iter().zip(answers).enumerate() {
        let (path, body) = step.request(number);
        let by = match step.by {
            By::Good => "good".to_owned(),
            By::Attack(attack) => format!("{}/{attack}", attacks.get(attack).map_or_else(String::new, Written::name)),
        };
        let (fate, arrives) = (format!("{:?}", answer.fate).to_lowercase(), step::time(step.arrives));
        let line = json!({
            "by": by, "fate": fate, "gain": answer.gain, "arrives": arrives, "path": path, "body": body,
            "reasons": answer.reasons,
        });
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// The limits the program declares.
fn limits(args: &Args, rules: &Path) -> io::Result<Vec<LimitTerms>> {
    let wrong = |found: Vec<crate::rules::Diagnostic>| {
        io::Error::other(found.first().map_or_else(String::new, ToString::to_string))
    };
    let files = ProgramFiles::load(&rules.join(&args.program)).map_err(wrong)?;
    let program = Program::compile(&files).map_err(wrong)?;
    let names = program.names();
    let id = |name: &str| {
        let at = names.iter().position(|known| known == name)?;
        u16::try_from(at).ok().map(NameId::new)
    };
    Ok(program.bind(1, id).terms.limits.clone())
}

/// Every way to count on the same steps.
fn compare(limits: &[LimitTerms], steps: &[Step], attacks: &[Written], member_days: i64) -> (usize, Vec<Baseline>) {
    let comparable = windows::comparable(limits);
    let baseline = |way: Way| {
        let counts = windows::run(way, &comparable, steps);
        let answers: Vec<Answer> = counts
            .stopped
            .iter()
            .zip(steps)
            .map(|(stopped, step)| {
                let fate = if *stopped { Fate::Held } else { Fate::Posted };
                Answer { fate, gain: if *stopped { 0 } else { step.stake }, ..Answer::default() }
            })
            .collect();
        Baseline { way, score: Score::of(steps, &answers, attacks, member_days), worst: counts.worst }
    };
    (comparable.len(), Way::ALL.map(baseline).into())
}

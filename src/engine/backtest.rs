//! A version of a program against what was recorded: the same propose, decide and apply as live traffic, on a ledger in
//! memory that stands, at the first event, exactly where the real one stood. Nothing is written.
//!
//! Every event is decided again at its own time, on what the version itself has made of the events before it; what is due
//! falls due by the version's own terms. The version that decided all of it comes to no difference.

mod closed;
mod curves;
mod named;
mod report;

use std::sync::Arc;

use hashbrown::HashMap;

pub use closed::{Closed, Dependent};
pub use curves::{Curve, Threshold};
pub use report::{Numbers, Report, Row};

use super::core::{About, Core};
use super::deploy::Version;
use super::handle::Command;
use super::log::RocksLog;
use super::touched::{named, payee};
use super::{Error, vault};
use crate::fraud::Seen;
use crate::journal::chain::follow;
use crate::journal::log::Log;
use crate::ledger::apply::apply;
use crate::ledger::decide::{Past, Subject, is_due};
use crate::ledger::event::EventKind;
use crate::ledger::record::{Input, Record};
use crate::ledger::rollout::Rollout;
use crate::ledger::state::ProgramState;
use crate::ledger::types::{MemberKey, ProgramId, Seq, Text, TimeMs};
use crate::limits::BACKTEST_MEMBERS_MAX;
use crate::rules::{Compiled, Diagnostic, Program, ProgramFiles};
use crate::store::Store;
use curves::{Curves, Hits};

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The program.
    pub program: ProgramId,
    /// The rules.
    pub version: Arc<Compiled>,
    /// All names the program declares, with those the version adds.
    pub names: Vec<Text>,
    /// Events from this business time on are compared.
    pub from: Option<TimeMs>,
    /// Events before this business time are.
    pub to: Option<TimeMs>,
    /// Whether every number of every limit is tried.
    pub curves: bool,
}

impl Plan {
    /// A plan for rules that no record holds: names they add are numbered after those there are.
    ///
    /// # Errors
    /// Says what is wrong with the files.
    pub fn of_files(program: ProgramId, state: &ProgramState, files: &ProgramFiles) -> Result<Self, Vec<Diagnostic>> {
        let compiled = Program::compile(files)?;
        let mut names = state.names.clone();
        names.extend(compiled.names().into_iter().filter(|name| !state.names.contains(name)));
        let known = ProgramState { names: names.clone(), ..ProgramState::default() };
        let version = Version::compile(files.clone(), &known, state.version.saturating_add(1))?.compiled;
        Ok(Self { program, version, names, from: None, to: None, curves: true })
    }
}

/// A program of a journal, and the versions of its rules.
pub type Declared = (Arc<ProgramState>, Arc<Rollout>);

/// The programs a journal declares, and their versions, without their members.
///
/// # Errors
/// Where the journal cannot be read.
pub fn programs(store: &Store) -> Result<Vec<Declared>, Error> {
    let log = RocksLog::open(store.clone())?;
    let mut core = Core::default();
    follow(&log, Seq::new(1), &mut |block| {
        for record in block.records() {
            let record = record?;
            if matches!(record.input, Input::Ruleset(_) | Input::Rules(..)) {
                take_in(&mut core, &record);
            }
        }
        Ok(())
    })?;
    Ok(core.state.programs.into_iter().zip(core.state.rollouts).collect())
}

/// Applies a record whatever lies between it and the one before.
fn take_in(core: &mut Core, record: &Record) {
    core.state.seq = Seq::new(record.seq.get() - 1);
    apply(&mut core.state, record);
}

/// Runs a plan. `progress` is told the record reached and the one to reach.
///
/// # Errors
/// Where the journal cannot be read, or the program has more members than a backtest holds in memory.
pub fn run(store: &Store, plan: &Plan, progress: &mut dyn FnMut(Seq, Seq)) -> Result<Report, Error> {
    let log = RocksLog::open(store.clone())?;
    let end = log.head().next;
    let mut trial = Trial {
        core: Core::default(),
        plan,
        store,
        begun: None,
        records: Vec::new(),
        seqs: HashMap::new(),
        latest: HashMap::new(),
        report: Report::new(plan),
        curves: Curves::new(&plan.version.terms, plan.curves),
    };
    let mut failed = None;
    follow(&log, Seq::new(1), &mut |block| {
        let records = vault::records(store, block).map_err(|error| crate::journal::Error::Log(error.to_string()))?;
        for record in records {
            let outcome = trial.record(&record);
            outcome.map_err(|error| {
                let what = error.to_string();
                failed = Some(error);
                crate::journal::Error::Log(what)
            })?;
        }
        progress(trial.core.seq(), end);
        Ok(())
    })
    .map_err(|error| failed.take().unwrap_or(Error::Journal(error)))?;
    Ok(trial.report.finish(trial.curves.finish(&plan.version.terms)))
}

/// A ledger in memory that goes another way.
struct Trial<'a> {
    core: Core,
    plan: &'a Plan,
    store: &'a Store,
    /// From which record on the version decides; before, what was recorded is taken in as it is.
    begun: Option<Seq>,
    /// What the version decided: refunds go by it.
    records: Vec<Record>,
    /// By recorded write: what the version made of it.
    seqs: HashMap<Seq, Seq>,
    /// The latest record of a redemption's reversal, and of a household.
    latest: HashMap<[u8; 16], Seq>,
    report: Report,
    curves: Curves,
}

impl Trial<'_> {
    fn record(&mut self, record: &Record) -> Result<(), Error> {
        if record.program != self.plan.program {
            // Other programs are there in name only, so that this one keeps its number.
            if matches!(record.input, Input::Ruleset(_)) && self.begun.is_none() {
                take_in(&mut self.core, record);
            }
            return Ok(());
        }
        self.report.closed.left(record, false);
        self.curves.found(record);
        if self.begun.is_none() {
            if !self.begins(record) {
                self.note_latest(record);
                self.report.closed.left(record, true);
                take_in(&mut self.core, record);
                self.core.rings.observe(record);
                return self.check_memory();
            }
            self.begin();
        }
        match &record.input {
            Input::Due(member) => {
                let key = MemberKey { program: record.program, id: member.clone() };
                self.settle(&key, record.recorded_at);
            }
            Input::Ruleset(_) | Input::Rules(..) => {}
            Input::Review(step) => self.review(record, step)?,
            input => match Command::of(input).map(|command| self.translated(command)).transpose()? {
                Some(Some(command)) => self.decide(record, &command)?,
                Some(None) => {
                    self.report.closed.depends(record, "what it names was never made".to_owned());
                    self.report.other_refused += 1;
                }
                None => self.report.skipped += 1,
            },
        }
        self.check_memory()
    }

    /// Whether a record is the first that the version decides.
    fn begins(&self, record: &Record) -> bool {
        !matches!(record.input, Input::Ruleset(_) | Input::Rules(..) | Input::Due(_))
            && self.plan.from.is_none_or(|from| record.occurred_at >= from)
    }

    fn begin(&mut self) {
        self.begun = Some(self.core.seq().next());
        let at = usize::from(self.plan.program.get());
        let state = self.core.state.programs.get_mut(at).expect("a program is declared before its first event");
        Arc::make_mut(state).names.clone_from(&self.plan.names);
        // Only this program's rules are asked; the others' places are filled with the same.
        self.core.programs = vec![Arc::clone(&self.plan.version); self.core.state.programs.len()];
        self.core.beside = Vec::new();
    }

    fn check_memory(&self) -> Result<(), Error> {
        if self.core.state.members.len() > BACKTEST_MEMBERS_MAX {
            return Err(Error::TooManyMembers(BACKTEST_MEMBERS_MAX));
        }
        Ok(())
    }

    /// Records in memory what is due for a member by a time.
    fn settle(&mut self, key: &MemberKey, now: TimeMs) {
        loop {
            let Some(member) = self.core.state.member(key) else { return };
            if !is_due(member, &self.plan.version.terms, now) {
                return;
            }
            let Some(record) = self.core.due(key, now) else { return };
            self.apply(record, &Seen::default());
        }
    }

    fn apply(&mut self, mut record: Record, seen: &Seen) {
        self.core.apply(&mut record, seen);
        self.report.closed.left(&record, true);
        self.records.push(record);
    }

    /// The order a refund names, as the version has it.
    fn order_of(&self, command: &Command) -> Result<Option<Subject>, Error> {
        let Command::Event(event) = command else { return Ok(None) };
        if event.kind != EventKind::Refund {
            return Ok(None);
        }
        let last = |id: &Text| self.core.member(self.plan.program, id).map(|member| member.last);
        let mut read = |seq: Seq| self.read(seq);
        let Some(from) = last(&event.member) else { return Ok(None) };
        let Some(mut subject) = Subject::find(&event.member, from, event.order(), &mut Past::default(), &mut read)?
        else {
            return Ok(None);
        };
        for other in subject.others().cloned().collect::<Vec<Text>>() {
            if let Some(last) = last(&other) {
                subject.follow(&other, last, &mut read)?;
            }
        }
        Ok(Some(subject))
    }

    /// What numbers of limits a write goes beyond, where it is within the time that is compared.
    fn hits(&mut self, recorded: &Record, command: &Command, seen: &Seen) -> Hits {
        if self.plan.to.is_some_and(|to| recorded.occurred_at >= to) {
            return Hits::new();
        }
        let (terms, input) = (&self.plan.version.terms, command.input());
        let question = self.core.question(terms, (self.plan.program, command, &input), recorded.recorded_at);
        self.curves.count(&self.core.rings, &question, seen)
    }

    /// Decides once more what was decided, and notes the difference.
    fn decide(&mut self, recorded: &Record, command: &Command) -> Result<(), Error> {
        let (program, now) = (self.plan.program, recorded.recorded_at);
        let touched = named(program, command).into_iter().flatten().chain(payee(&self.core, program, command));
        for key in touched.collect::<Vec<_>>() {
            self.settle(&key, now);
        }
        let proposal = self.core.propose(program, command, now);
        let seen = self.core.look_up(program, command);
        let tier = recorded.parties.first().and_then(|party| self.core.member(program, &party.member)?.tier);
        let order = self.order_of(command)?;
        let earlier = match command {
            Command::Act(act, _) => Some(self.earlier(act, now)?),
            _ => None,
        };
        let hits = self.hits(recorded, command, &seen);
        let about = About { now, seen: &seen, order: order.as_ref(), earlier: earlier.as_ref() };
        let decided = self.core.decide_about(program, command, proposal, about);
        let compared = match command {
            Command::Event(_) => {
                self.plan.from.is_none_or(|from| recorded.occurred_at >= from)
                    && self.plan.to.is_none_or(|to| recorded.occurred_at < to)
            }
            Command::Adjust(..) | Command::Transfer(..) | Command::Act(..) | Command::Review(_) => false,
        };
        if compared {
            self.report.note(recorded, decided.as_ref(), tier);
        }
        self.report.closed.note(recorded, decided.as_ref());
        self.curves.note(hits, &self.plan.version.terms, recorded, decided.as_ref().ok());
        match decided {
            Ok(record) => {
                let at = self.records.len();
                self.seqs.insert(recorded.seq, record.seq);
                self.note_latest(&record);
                self.apply(record, &seen);
                while let Some((order, found)) = self.records.get(at..).and_then(<[Record]>::split_first) {
                    let Some(record) = self.core.awaited(order, found, now) else { break };
                    self.apply(record, &Seen::default());
                }
            }
            Err(_) if compared => {}
            Err(_) => self.report.other_refused += 1,
        }
        Ok(())
    }
}

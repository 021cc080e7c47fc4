//! Merchants' cases on the real core: the same propose, decide and apply as live traffic, in memory, with a clock that the
//! case moves. Each case gets a ledger of its own.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use super::core::{About, Core};
use super::handle::Command;
use super::{CaseFilter, install, review};
use crate::fraud::Seen;
use crate::ledger::act::Act;
use crate::ledger::decide::{Past, Subject, next_due, settled};
use crate::ledger::event::{Adjustment, Event, EventKind, Transfer};
use crate::ledger::proposal::Proposal;
use crate::ledger::record::{Clipped, Input, Record};
use crate::ledger::reject::Reject;
use crate::ledger::review::{Outcome, Resolution};
use crate::ledger::rights::rights;
use crate::ledger::taint::Taint;
use crate::ledger::types::{MemberKey, ProgramId, Seq, Text, TimeMs};
use crate::rules::cases::{Balance, Cut, Ledger, PoolBalance, Posted, Report, run};
use crate::rules::{Diagnostic, Program, ProgramFiles, evaluate_marked, reached as reached_since};

/// Runs all cases of a program.
///
/// # Errors
/// Where the program or its cases cannot be read: what is wrong, and where.
pub fn run_cases(files: &ProgramFiles) -> Result<Report, Vec<Diagnostic>> {
    run_cases_with(files, None, false).map(|(report, _)| report)
}

/// What the cases of a program reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Tables and handlers, and in how many events each fired.
    pub rules: BTreeMap<Text, u64>,
    /// By script: its lines with statements, and those that ran.
    pub lines: BTreeMap<Text, (BTreeSet<u32>, BTreeSet<u32>)>,
}

/// The same for the cases with a text in their names, with what they reached where that is wanted.
///
/// # Errors
/// Where the program or its cases cannot be read: what is wrong, and where.
pub fn run_cases_with(
    files: &ProgramFiles,
    only: Option<&str>,
    coverage: bool,
) -> Result<(Report, Option<Coverage>), Vec<Diagnostic>> {
    let program = Program::compile(files)?;
    if !coverage {
        return Ok((run(files, &program, only, || InMemory::new(files))?, None));
    }
    let (marked, lines) = program.marked();
    let reached = Rc::new(RefCell::new(Coverage::default()));
    for (file, all) in lines {
        reached.borrow_mut().lines.insert(file, (all, BTreeSet::new()));
    }
    let report = run(files, &program, only, || InMemory::covered(files, &marked, &reached))?;
    Ok((report, Some(reached.take())))
}

/// One program in memory.
struct InMemory {
    core: Core,
    now: TimeMs,
    /// Every record, for replays of the same event.
    records: Vec<Record>,
    /// What the cases reach, where that is wanted.
    reached: Option<Rc<RefCell<Coverage>>>,
}

/// A core that installs one program has just this one.
const PROGRAM: ProgramId = ProgramId::new(0);

impl InMemory {
    fn new(files: &ProgramFiles) -> Self {
        let mut core = Core::default();
        install::changed(&mut core, std::slice::from_ref(files), TimeMs::EPOCH)
            .expect("cases are run on a program that compiles");
        Self { core, now: TimeMs::EPOCH, records: Vec::new(), reached: None }
    }

    /// The same with scripts that tell which of their lines ran.
    fn covered(files: &ProgramFiles, marked: &Program, reached: &Rc<RefCell<Coverage>>) -> Self {
        let mut ledger = Self::new(files);
        let state = ledger.core.state.program(PROGRAM).expect("just installed");
        let compiled = marked.bind(state.version, |name| state.name_id(name));
        ledger.core.programs = vec![Arc::new(compiled)];
        ledger.reached = Some(Rc::clone(reached));
        ledger
    }

    /// What the rules want for a command, noting what was reached.
    fn propose(&self, command: &Command) -> Proposal {
        let (Some(reached), Command::Event(event)) = (&self.reached, command) else {
            return self.core.propose(PROGRAM, command, self.now);
        };
        let member = self.core.member(PROGRAM, &event.member);
        let (proposal, trace) = evaluate_marked(self.core.compiled(PROGRAM), event, member, event.occurred_at);
        let mut reached = reached.borrow_mut();
        for line in trace {
            *reached.rules.entry(line.rule).or_default() += u64::from(line.fired);
        }
        proposal
    }

    /// Notes what ran since this was called last.
    fn note_reached(&self) {
        let Some(reached) = &self.reached else { return };
        let (lines, ran) = reached_since(self.core.compiled(PROGRAM));
        let mut reached = reached.borrow_mut();
        for (file, line) in lines {
            if let Some((_, run)) = reached.lines.get_mut(&file) {
                run.insert(line);
            }
        }
        for rule in ran {
            *reached.rules.entry(rule).or_default() += 1;
        }
    }

    fn apply(&mut self, mut record: Record, seen: &Seen) -> Posted {
        self.core.apply(&mut record, seen);
        self.note_reached();
        let posted = self.posted(&record, false);
        self.records.push(record);
        posted
    }

    fn posted(&self, record: &Record, replayed: bool) -> Posted {
        let clipped = record.clipped.iter().map(|clip| {
            let (Clipped::Pool(name) | Clipped::Card(name)) = clip.what;
            Cut { what: self.name(name), wanted: clip.wanted, given: clip.given, limit: clip.limit.clone() }
        });
        Posted {
            status: record.status,
            verdict: record.fraud.verdict,
            replayed,
            clipped: clipped.collect(),
            faults: record.faults.clone(),
            spoke: record.fraud.reasons.iter().map(|reason| reason.rule.clone()).collect(),
        }
    }

    fn name(&self, id: crate::ledger::types::NameId) -> Text {
        self.core.state.program(PROGRAM).map_or_else(Text::default, |program| program.name_of(id).clone())
    }

    fn submit(&mut self, command: &Command) -> Result<Posted, Reject> {
        let input = command.input();
        let same_key =
            |record: &&Record| record.input.natural_key().is_some_and(|key| Some(key) == input.natural_key());
        if let Some(first) = self.records.iter().find(same_key) {
            return if first.input == input { Ok(self.posted(first, true)) } else { Err(Reject::IdempotencyKeyReused) };
        }
        let proposal = self.propose(command);
        let seen = self.core.look_up(PROGRAM, command);
        let order = match command {
            Command::Event(event) => self.order_of(event),
            _ => None,
        };
        let about = About { now: self.now, seen: &seen, order: order.as_ref(), earlier: None };
        let record = self.core.decide_about(PROGRAM, command, proposal, about)?;
        let at = self.records.len();
        let posted = self.apply(record, &seen);
        self.do_awaited(at);
        Ok(posted)
    }

    /// Does the refunds that waited for an order that was recorded just now.
    fn do_awaited(&mut self, at: usize) {
        while let Some((order, found)) = self.records.get(at..).and_then(<[Record]>::split_first) {
            let Some(record) = self.core.awaited(order, found, self.now) else { break };
            self.apply(record, &Seen::default());
        }
    }
}

impl InMemory {
    /// Finds a record by its sequence.
    fn reader(&self) -> impl FnMut(Seq) -> Result<Record, Infallible> + '_ {
        |seq: Seq| {
            let at = self.records.binary_search_by_key(&seq, |record| record.seq).expect("all records are kept");
            Ok(self.records.get(at).expect("just found").clone())
        }
    }

    /// The order that a refund names, where the member has it.
    fn order_of(&self, event: &Event) -> Option<Subject> {
        if event.kind != EventKind::Refund {
            return None;
        }
        let last = |id: &Text| self.core.member(PROGRAM, id).map(|member| member.last);
        let mut read = self.reader();
        let Ok(found) =
            Subject::find(&event.member, last(&event.member)?, event.order(), &mut Past::default(), &mut read);
        let mut subject = found?;
        for other in subject.others().cloned().collect::<Vec<Text>>() {
            if let Some(last) = last(&other) {
                let Ok(()) = subject.follow(&other, last, &mut read);
            }
        }
        Some(subject)
    }
}

impl Ledger for InMemory {
    fn set_clock(&mut self, now: TimeMs) {
        self.now = now.max(self.now);
        loop {
            let terms = &self.core.compiled(PROGRAM).terms;
            let due = |(key, member): (&MemberKey, &Arc<_>)| Some((next_due(member, terms)?, key.clone()));
            let Some((at, key)) = self.core.state.members.iter().filter_map(due).min() else { break };
            let Some(record) = Some(at).filter(|at| *at <= self.now).and_then(|_| self.core.due(&key, self.now)) else {
                break;
            };
            self.apply(record, &Seen::default());
        }
    }

    fn post(&mut self, event: Event) -> Result<Posted, Reject> {
        self.submit(&Command::Event(Arc::new(event)))
    }

    fn transfer(&mut self, transfer: Transfer) -> Result<Posted, Reject> {
        self.submit(&Command::Transfer(Arc::new(transfer), Text::default()))
    }

    fn resolve(&mut self, member: &str, outcome: Outcome, claw_back: bool) -> Result<Posted, Reject> {
        let filter =
            CaseFilter { open: Some(true), member: Some(Text::new(member)), limit: 1, ..CaseFilter::default() };
        let (found, _) = review::page(&self.core, PROGRAM, &filter);
        let case = found.into_iter().next().ok_or(Reject::UnknownCase(Seq::ZERO))?;
        let (note, author, key) = Default::default();
        let resolution = Resolution { case: case.id, outcome, note, author, claw_back, key };
        let find = |seqs: &[Seq]| self.records.iter().filter(|record| seqs.contains(&record.seq)).cloned().collect();
        let held: Vec<Record> = find(&case.held);
        let counted = if claw_back { find(&review::evidence(held.iter())) } else { Vec::new() };
        let (record, closing) = self.core.close(PROGRAM, &resolution, self.now)?;
        let posted = self.posted(&record, false);
        self.records.push(record);
        for one in held {
            let order = match &one.input {
                Input::Event(event) => self.order_of(event),
                _ => None,
            };
            let record = self.core.release(closing, &one, order.as_ref());
            self.records.push(record);
            self.do_awaited(self.records.len() - 1);
        }
        let last = |id: &Text| self.core.member(PROGRAM, id).map(|member| member.last);
        let mut taint = Taint::of(counted.iter());
        while let Some(id) = taint.wants() {
            let member = self.core.member(PROGRAM, &id).map(AsRef::as_ref);
            let Ok(()) = taint.load(&id, member, &mut self.reader());
        }
        let Ok(subjects) = Subject::of_records(counted, last, &mut self.reader());
        for subject in subjects {
            let record = self.core.claw_back(closing, &subject, &taint);
            self.records.extend(record);
        }
        Ok(posted)
    }

    fn act(&mut self, act: Act) -> Result<Posted, Reject> {
        self.submit(&Command::Act(Arc::new(act), Text::default()))
    }

    fn adjust(&mut self, adjustment: Adjustment) -> Result<Posted, Reject> {
        self.submit(&Command::Adjust(Arc::new(adjustment), Text::default()))
    }

    fn balance(&mut self, member: &str, at: TimeMs) -> Balance {
        let Some(member) = self.core.member(PROGRAM, &Text::new(member)) else { return Balance::default() };
        let member = settled(member, &self.core.compiled(PROGRAM).terms, at);
        let snapshot = member.snapshot(at);
        let pools = snapshot.pools.iter().map(|pool| {
            let balance = PoolBalance {
                available: pool.available.get(),
                pending: pool.pending.get(),
                held: pool.held.get(),
                debt: pool.debt.get(),
            };
            (self.name(pool.pool), balance)
        });
        let perks = rights(&member, &self.core.compiled(PROGRAM).terms, at);
        let perks = perks.into_iter().map(|(name, _)| self.name(name));
        let usable = member.grants.iter().filter(|grant| grant.expires_at.is_none_or(|expires| expires > at));
        Balance {
            pools: pools.collect(),
            cards: snapshot.cards.iter().map(|(card, stamps, _)| (self.name(*card), *stamps)).collect(),
            tier: snapshot.tier.map(|tier| self.name(tier)),
            rewards: usable.map(|grant| (self.name(grant.reward), grant.value)).collect(),
            perks: perks.collect(),
        }
    }
}

#[cfg(test)]
mod tests;

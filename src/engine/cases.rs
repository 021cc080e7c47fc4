//! Merchants' cases on the real core: the same propose, decide and apply as live traffic, in memory, with a clock that the
//! case moves. Each case gets a ledger of its own.

use std::convert::Infallible;
use std::sync::Arc;

use super::core::{About, Core};
use super::handle::Command;
use super::install;
use crate::fraud::Seen;
use crate::ledger::act::Act;
use crate::ledger::decide::{Subject, next_due, settled};
use crate::ledger::event::{Event, EventKind, Transfer};
use crate::ledger::record::{Clipped, Record};
use crate::ledger::reject::Reject;
use crate::ledger::rights::rights;
use crate::ledger::types::{MemberKey, ProgramId, Seq, Text, TimeMs};
use crate::rules::cases::{Balance, Cut, Ledger, PoolBalance, Posted, Report, run};
use crate::rules::{Diagnostic, Program, ProgramFiles};

/// Runs all cases of a program.
///
/// # Errors
/// Where the program or its cases cannot be read: what is wrong, and where.
pub fn run_cases(files: &ProgramFiles) -> Result<Report, Vec<Diagnostic>> {
    let program = Program::compile(files)?;
    run(files, &program, || InMemory::new(files))
}

/// One program in memory.
struct InMemory {
    core: Core,
    now: TimeMs,
    /// Every record, for replays of the same event.
    records: Vec<Record>,
}

/// A core that installs one program has just this one.
const PROGRAM: ProgramId = ProgramId::new(0);

impl InMemory {
    fn new(files: &ProgramFiles) -> Self {
        let mut core = Core::default();
        install::changed(&mut core, std::slice::from_ref(files), TimeMs::EPOCH)
            .expect("cases are run on a program that compiles");
        Self { core, now: TimeMs::EPOCH, records: Vec::new() }
    }

    fn apply(&mut self, mut record: Record, seen: &Seen) -> Posted {
        self.core.apply(&mut record, seen);
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
        let proposal = self.core.propose(PROGRAM, command);
        let seen = self.core.look_up(PROGRAM, command);
        let order = self.order_of(command);
        let about = About { now: self.now, seen: &seen, order: order.as_ref(), earlier: None };
        let record = self.core.decide_about(PROGRAM, command, proposal, about)?;
        let at = self.records.len();
        let posted = self.apply(record, &seen);
        while let Some((order, found)) = self.records.get(at..).and_then(<[Record]>::split_first) {
            let Some(record) = self.core.awaited(order, found, self.now) else { break };
            self.apply(record, &Seen::default());
        }
        Ok(posted)
    }
}

impl InMemory {
    /// The order that a refund names, where the member has it.
    fn order_of(&self, command: &Command) -> Option<Subject> {
        let Command::Event(event) = command else { return None };
        if event.kind != EventKind::Refund {
            return None;
        }
        let last = |id: &Text| self.core.member(PROGRAM, id).map(|member| member.last);
        let mut read = |seq: Seq| -> Result<Record, Infallible> {
            let at = self.records.binary_search_by_key(&seq, |record| record.seq).expect("all records are kept");
            Ok(self.records.get(at).expect("just found").clone())
        };
        let Ok(found) = Subject::find(&event.member, last(&event.member)?, event.order(), &mut read);
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

    fn act(&mut self, act: Act) -> Result<Posted, Reject> {
        self.submit(&Command::Act(Arc::new(act), Text::default()))
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

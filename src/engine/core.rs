//! The ledger in memory: rules propose, fraud judges, the ledger decides and applies. One call after the other, no thread,
//! no disk, no clock: the pipeline, simulations, merchants' cases and verification all drive this.

use std::sync::Arc;

use super::deploy::{Beside, Version, decided_by};
use super::handle::Command;
use super::moments::{self, By};
use crate::fraud::{self, Needed, Rings, Said, Seen};
use crate::ledger::act::{Spend, What};
use crate::ledger::apply::apply;
use crate::ledger::decide::{self, Books, Earlier, Judgement, Kinship, Subject};
use crate::ledger::event::EventKind;
use crate::ledger::member::Member;
use crate::ledger::proposal::Proposal;
use crate::ledger::record::{Input, KeyField, Record};
use crate::ledger::reject::Reject;
use crate::ledger::state::State;
use crate::ledger::terms::Terms;
use crate::ledger::types::{MemberKey, ProgramId, Seq, Text, TimeMs};
use crate::rules::{self, Compiled, ProgramFiles};

/// What a decision needs beside the state: the ledger's time, the rings that were looked up, and of a refund its order.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The ledger's time.
    pub now: TimeMs,
    /// What [`Core::look_up`] said.
    pub seen: &'a Seen,
    /// The order of a refund, where it was found.
    pub order: Option<&'a Subject>,
    /// Of an act, what it refers to.
    pub earlier: Option<&'a Earlier>,
}

/// State, rings and the rules in force.
#[derive(Debug, Default)]
pub struct Core {
    /// The ledger.
    pub state: State,
    /// Velocity.
    pub rings: Rings,
    /// The rules in force, by program.
    pub programs: Vec<Arc<Compiled>>,
    /// The files they were compiled from.
    pub sources: Vec<Arc<ProgramFiles>>,
    /// The versions that run beside those in force.
    pub beside: Vec<Beside>,
    /// Records after this one make a member touched.
    since: Seq,
    /// Members that a record after `since` changed, each once.
    touched: Vec<MemberKey>,
}

impl Core {
    /// The rules in force of a program.
    ///
    /// # Panics
    /// Where the program was never installed: callers hold ids of installed ones.
    #[must_use]
    pub fn compiled(&self, program: ProgramId) -> &Arc<Compiled> {
        self.programs.get(usize::from(program.get())).expect("a program id comes from an installed program")
    }

    /// The rules that decide a command: those in force, or the version that decides for some where this is one of them.
    #[must_use]
    pub fn deciding(&self, program: ProgramId, command: &Command) -> &Arc<Compiled> {
        let (member, store) = decided_by(command);
        self.deciding_for(program, member, store)
    }

    /// The rules that decide for a member, in a store where one is known.
    #[must_use]
    pub fn deciding_for(&self, program: ProgramId, member: &str, store: Option<&str>) -> &Arc<Compiled> {
        let beside = self.beside.get(usize::from(program.get()));
        beside.and_then(|beside| beside.deciding(member, store)).unwrap_or_else(|| self.compiled(program))
    }

    /// The version of a program that runs without effect.
    #[must_use]
    pub fn shadow(&self, program: ProgramId) -> Option<&Arc<Compiled>> {
        self.beside.get(usize::from(program.get()))?.shadow.as_ref().map(|version| &version.compiled)
    }

    /// Every version of a program that runs.
    pub(super) fn versions(&self, program: ProgramId) -> Vec<Version> {
        let at = usize::from(program.get());
        let live = self.programs.get(at).zip(self.sources.get(at));
        let live = live.map(|(compiled, files)| Version { compiled: Arc::clone(compiled), files: Arc::clone(files) });
        let beside = self.beside.get(at);
        let partial = beside.and_then(|beside| beside.partial.as_ref()).map(|(_, version)| version.clone());
        let shadow = beside.and_then(|beside| beside.shadow.clone());
        [live, partial, shadow].into_iter().flatten().collect()
    }

    /// Puts a version in force, of a new program or in place of the one before, and others beside it.
    pub(super) fn install(&mut self, program: ProgramId, live: Version, beside: Beside) {
        let at = usize::from(program.get());
        assert!(at <= self.programs.len(), "programs are installed in order");
        let Version { compiled, files } = live;
        if let (Some(slot), Some(source), Some(others)) =
            (self.programs.get_mut(at), self.sources.get_mut(at), self.beside.get_mut(at))
        {
            (*slot, *source, *others) = (compiled, files, beside);
        } else {
            self.programs.push(compiled);
            self.sources.push(files);
            self.beside.push(beside);
        }
    }

    /// A member in memory.
    #[must_use]
    pub fn member(&self, program: ProgramId, id: &Text) -> Option<&Arc<Member>> {
        self.state.member(&MemberKey { program, id: id.clone() })
    }

    /// Looks up the velocity rings of a command, for [`Core::decide`] and [`Core::apply`].
    pub fn look_up(&self, program: ProgramId, command: &Command) -> Seen {
        let keys = self.rings_of(&self.deciding(program, command).terms, program, command);
        self.rings.look_up(keys)
    }

    /// The velocity rings, and those of identifiers, that a command's decision by some terms reads.
    pub(super) fn rings_of(&self, terms: &Terms, program: ProgramId, command: &Command) -> Vec<Needed> {
        let mut keys = Vec::new();
        self.add_rings(&mut keys, terms, (program, command), (None, true));
        keys
    }

    /// Adds them to those of others; without those that only a sizeable spending is asked about, where it is not. Those of
    /// limits may have been `foreseen`. True where the member is known with all identifiers that the command shows.
    pub(super) fn add_rings(
        &self,
        keys: &mut Vec<Needed>,
        terms: &Terms,
        (program, command): (ProgramId, &Command),
        (foreseen, sizeable): (Option<Vec<Needed>>, bool),
    ) -> bool {
        let input = &command.input();
        match foreseen {
            Some(needed) => keys.extend(needed),
            None => fraud::add_keys(keys, terms, (program, input, Said::by(input)), sizeable),
        }
        let (id, at) = match command {
            Command::Event(event) => (&event.member, event.occurred_at),
            // Of a spending only what is new to its member is looked at, whenever it is.
            Command::Act(act, _) if act.context.is_some() => (&act.member, TimeMs::EPOCH),
            Command::Transfer(transfer, _) if transfer.context.is_some() => (&transfer.from, TimeMs::EPOCH),
            Command::Act(..) | Command::Transfer(..) | Command::Adjust(..) | Command::Review(_) => return false,
        };
        let member = self.member(program, id).map(Arc::as_ref);
        fraud::identity::Asked { program, terms, input, at, member }.add_keys(keys)
            && matches!(command, Command::Event(_))
    }

    /// Begins to look up many members together; see [`Table::begin`](crate::ledger::table::Table::begin).
    pub(super) fn begin(&self, keys: &[MemberKey]) {
        let members = &self.state.members;
        let hashes: Vec<u64> = keys.iter().map(|key| members.hash_of(key)).collect();
        let begun: Vec<&Arc<Member>> = hashes.iter().filter_map(|hash| members.begin(*hash)).collect();
        std::hint::black_box(begun.iter().fold(0, |sum, member| sum ^ member.last.get()));
    }

    /// Reads a little of everything the commands' steps will read, of all of them together: the processor then fetches many
    /// at once, where each step would wait for its own.
    pub(super) fn warm<'a>(&self, commands: impl Iterator<Item = (ProgramId, &'a Command)>) {
        let mut members: Vec<&Member> = Vec::new();
        let mut read = 0;
        for (program, command) in commands {
            let (one, two) = match command {
                Command::Event(event) => {
                    read += event.warm();
                    (&event.member, None)
                }
                Command::Adjust(adjustment, _) => (&adjustment.member, None),
                Command::Transfer(transfer, _) => (&transfer.from, Some(&transfer.to)),
                Command::Review(_) => continue,
                Command::Act(act, _) => (&act.member, None),
            };
            members
                .extend([Some(one), two].into_iter().flatten().filter_map(|id| self.member(program, id)).map(|m| &**m));
        }
        for depth in 0..Member::DEPTH {
            read += members.iter().map(|member| member.warm(depth)).sum::<usize>();
        }
        std::hint::black_box(read);
    }

    /// What the rules want for a command. Reads only; many may run at once.
    #[must_use]
    pub fn propose(&self, program: ProgramId, command: &Command, now: TimeMs) -> Proposal {
        self.propose_by(self.deciding(program, command), (program, command), now)
    }

    fn propose_by(&self, version: &Arc<Compiled>, (program, command): (ProgramId, &Command), now: TimeMs) -> Proposal {
        match command {
            Command::Event(event) => {
                rules::evaluate(version, event, self.member(program, &event.member), event.occurred_at)
            }
            Command::Act(act, _) => moments::redemption(version, act, self.member(program, &act.member), now),
            Command::Adjust(..) | Command::Transfer(..) | Command::Review(_) => Proposal::default(),
        }
    }

    /// [`Core::decide_about`] for what is not a refund of a known order.
    pub fn decide(
        &self,
        program: ProgramId,
        command: &Command,
        proposal: Proposal,
        now: TimeMs,
        seen: &Seen,
    ) -> Result<Record, Reject> {
        self.decide_about(program, command, proposal, About { now, seen, order: None, earlier: None })
    }

    /// The record that would follow the latest one, or why not. Changes nothing.
    pub fn decide_about(
        &self,
        program: ProgramId,
        command: &Command,
        proposal: Proposal,
        about: About<'_>,
    ) -> Result<Record, Reject> {
        let version = self.deciding(program, command);
        let judged = self.judged(&version.terms, (program, command), about.now, about.seen);
        let by = self.by(program, version);
        by.decide_or_hold_out((&self.state.desk, command), proposal, about, judged, None)
    }

    /// The record that a version would make of a command, were it the one to decide. Velocity limits are those of the version
    /// that does decide: only theirs have counted.
    pub fn decide_as(
        &self,
        version: &Arc<Compiled>,
        program: ProgramId,
        command: &Command,
        about: About<'_>,
    ) -> Result<Record, Reject> {
        let judged = self.judged(&self.deciding(program, command).terms, (program, command), about.now, about.seen);
        let proposal = self.propose_by(version, (program, command), about.now);
        let by = self.by(program, version);
        by.decide_or_hold_out((&self.state.desk, command), proposal, about, judged, None)
    }

    /// What velocity limits say of a command.
    pub(super) fn judged(
        &self,
        terms: &Terms,
        (program, command): (ProgramId, &Command),
        now: TimeMs,
        seen: &Seen,
    ) -> Judgement {
        let input = &command.input();
        let question = self.question(terms, (program, command, input), now);
        let (assessment, observed) = fraud::assess_seen(&self.rings, &question, seen);
        let mut judgement = Judgement { assessment, observed, kin: Kinship::default() };
        if matches!(command, Command::Event(_)) {
            fraud::relate(&self.state, &self.rings, &question, seen, &mut judgement);
        } else {
            fraud::spends(&self.state, &question, &mut judgement);
            fraud::tie(&self.state, &self.rings, &question, seen, &mut judgement);
        }
        judgement
    }

    /// What fraud checks are asked of a command.
    pub(super) fn question<'a>(
        &'a self,
        terms: &'a Terms,
        (program, command, input): (ProgramId, &Command, &'a Input),
        now: TimeMs,
    ) -> fraud::Question<'a> {
        let at = match command {
            Command::Event(event) => event.occurred_at,
            Command::Adjust(..) | Command::Transfer(..) | Command::Act(..) | Command::Review(_) => now,
        };
        let member = input.key_field(KeyField::Member).and_then(|id| self.member(program, id)).map(Arc::as_ref);
        let spending = self.spending((program, command), terms, member, now);
        let recipient = input.key_field(KeyField::Recipient).and_then(|id| self.member(program, id));
        let recipient_since = recipient.map(|member| member.enrolled_at);
        let lists = &self.state.desk.lists;
        fraud::Question { program, terms, input, at, now, member, lists, spending, recipient_since }
    }

    /// Whether a command takes more than a crumb of its member's points.
    pub(super) fn is_sizeable(&self, program: ProgramId, command: &Command, now: TimeMs) -> bool {
        let from = match command {
            Command::Transfer(transfer, _) => &transfer.from,
            Command::Act(act, _) => &act.member,
            Command::Event(_) | Command::Adjust(..) | Command::Review(_) => return false,
        };
        let member = self.member(program, from).map(Arc::as_ref);
        let terms = &self.deciding(program, command).terms;
        self.spending((program, command), terms, member, now).is_some_and(fraud::Spending::is_sizeable)
    }

    /// What a command takes from its member's points, and of how many.
    fn spending(
        &self,
        (program, command): (ProgramId, &Command),
        terms: &Terms,
        member: Option<&Member>,
        now: TimeMs,
    ) -> Option<fraud::Spending> {
        let id = |name: &Text| self.state.program(program)?.name_id(name);
        let (pool, amount) = match command {
            Command::Transfer(transfer, _) => (id(&transfer.pool)?, transfer.amount),
            Command::Act(act, _) => match &act.what {
                What::Donate { pool, amount, .. } => (id(pool)?, *amount),
                What::Hold { spend, .. } | What::Redeem { spend, .. } => match spend {
                    Spend::Points { pool, amount } => (id(pool)?, *amount),
                    Spend::Reward(name) => terms.reward(id(name)?)?.price?,
                },
                _ => return None,
            },
            Command::Event(_) | Command::Adjust(..) | Command::Review(_) => return None,
        };
        let available = member?.available(pool, now);
        Some(fraud::Spending { amount: amount.get(), available: available.get(), pool })
    }

    fn by<'a>(&'a self, program: ProgramId, version: &'a Arc<Compiled>) -> By<'a> {
        By { state: &self.state, program, version, terms: &version.terms }
    }

    /// Decides a command on a state.
    pub(super) fn decide_on(
        state: &State,
        terms: &Terms,
        (program, command): (ProgramId, &Command),
        proposal: Proposal,
        About { now, order, earlier, .. }: About<'_>,
        judgement: Judgement,
    ) -> Result<Record, Reject> {
        let books = Books { state, program, terms, now };
        match command {
            Command::Event(event) if event.kind == EventKind::Refund => {
                decide::refund(&books, event, proposal, judgement, order)
            }
            Command::Event(event) => decide::event(&books, event, proposal, judgement),
            Command::Adjust(adjustment, key) => decide::adjust(&books, adjustment, key, judgement),
            Command::Transfer(transfer, key) => decide::transfer(&books, transfer, key, judgement),
            Command::Review(change) => decide::list(&books, change),
            Command::Act(act, key) => {
                decide::act(&books, act, key, (earlier.unwrap_or(&Earlier::default()), proposal), judgement)
            }
        }
    }

    /// The next refund that waited for an order that was recorded just now, with those that have been `found` since.
    #[must_use]
    pub fn awaited(&self, order: &Record, found: &[Record], now: TimeMs) -> Option<Record> {
        let version = self.compiled(order.program);
        let books = Books { state: &self.state, program: order.program, terms: &version.terms, now };
        Some(self.by(order.program, version).also(decide::awaited(&books, order, found)?))
    }

    /// What falls due for a member next, where that is not after `now`.
    #[must_use]
    pub fn due(&self, key: &MemberKey, now: TimeMs) -> Option<Record> {
        let version = self.deciding_for(key.program, &key.id, None);
        let books = Books { state: &self.state, program: key.program, terms: &version.terms, now };
        Some(self.by(key.program, version).also(decide::due(&books, &key.id)?))
    }

    /// Takes a fresh record in and notes in it what it left.
    pub fn apply(&mut self, record: &mut Record, seen: &Seen) {
        apply(&mut self.state, record);
        self.rings.observe_seen(record, seen);
        for party in &mut record.parties {
            let key = MemberKey { program: record.program, id: party.member.clone() };
            let member = self.state.member(&key).expect("a record's parties are in memory");
            party.after = member.snapshot(record.recorded_at);
            if party.previous <= self.since {
                self.touched.push(key);
            }
        }
    }

    /// The members changed since this was asked last, each once. From here on, only later records make a member touched.
    pub(super) fn take_touched(&mut self) -> Vec<MemberKey> {
        self.since = self.state.seq;
        std::mem::take(&mut self.touched)
    }

    /// How many members are touched.
    pub(super) fn touched(&self) -> usize {
        self.touched.len()
    }

    /// Takes a journaled record in.
    ///
    /// # Errors
    /// Says whose balance differs from what the record noted. The state is then worthless.
    pub fn replay(&mut self, record: &Record) -> Result<(), super::Error> {
        apply(&mut self.state, record);
        self.rings.observe(record);
        for party in &record.parties {
            let key = MemberKey { program: record.program, id: party.member.clone() };
            let member = self.state.member(&key).expect("a record's parties are in memory");
            // A member read back from a newer row says nothing about this record.
            if member.last == record.seq && member.snapshot(record.recorded_at) != party.after {
                return Err(super::Error::Diverged { seq: record.seq, member: party.member.to_string() });
            }
            if party.previous <= self.since {
                self.touched.push(key);
            }
        }
        Ok(())
    }

    /// The latest record applied.
    #[must_use]
    pub const fn seq(&self) -> Seq {
        self.state.seq
    }
}

//! Reviews in the pipeline: closing a case with everything it held, and looking cases up.
//!
//! A case is closed in one block: its own record, then one for each record that it held. What was held is read back from the
//! journal, so all before it is brought there first. It never decides what becomes of anything: the ledger does.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Error;
use super::block::{Open, Release};
use super::core::Core;
use super::handle::{Command, JobAnswers, Pending};
use super::item::Item;
use super::pipeline::Pipeline;
use super::reads;
use super::shared::Shared;
use crate::fraud::Seen;
use crate::journal::codec::decode_desk;
use crate::ledger::clusters::KinRow;
use crate::ledger::decide::{self, Books, Subject};
use crate::ledger::desk::{Case, DeskRow, DeskStats};
use crate::ledger::held_out::HeldOut;
use crate::ledger::record::{Input, Record, Status};
use crate::ledger::reject::Reject;
use crate::ledger::review::{CLAW_BACK_SOURCE, Outcome, RELEASE_SOURCE, Resolution, Review};
use crate::ledger::taint::Taint;
use crate::ledger::types::{MemberKey, ProgramId, Seq, Text, TimeMs};
use crate::limits::CLAW_BACK_RECORDS_MAX;
use crate::store::keys::natural_key;

/// Which cases are wanted.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// Only open ones, or only closed ones.
    pub open: Option<bool>,
    /// Only about this entity.
    pub entity: Option<Text>,
    /// Only with records about this member.
    pub member: Option<Text>,
    /// Only those after this one in the list's order: points at risk, id.
    pub after: Option<(i64, Seq)>,
    /// At most so many.
    pub limit: usize,
}

/// A page of cases, and whether more follow.
pub type CasePage = (Vec<Arc<Case>>, bool);

/// How a program's fraud rules have done, and those of their denials that were held instead.
pub type RulesDone = (Arc<DeskStats>, Arc<HeldOut>);

/// The records that a case held, and those that its evidence counted.
type HeldAndCounted = (Vec<Record>, Vec<Record>);

/// Cases that a filter lets through, the most points at risk first.
pub(super) fn page(core: &Core, program: ProgramId, filter: &CaseFilter) -> CasePage {
    let fits = |case: &&Arc<Case>| {
        case.program == program
            && filter.open.is_none_or(|open| case.closed.is_none() == open)
            && filter.entity.as_ref().is_none_or(|entity| case.entity == *entity)
            && filter.member.as_ref().is_none_or(|member| case.members.contains(member))
    };
    let order = |case: &Arc<Case>| (std::cmp::Reverse(case.at_risk), case.id);
    let after = filter.after.map(|(points, id)| (std::cmp::Reverse(points), id));
    let mut found: Vec<&Arc<Case>> = core.state.desk.cases().filter(fits).collect();
    found.retain(|case| after.is_none_or(|after| order(case) > after));
    found.sort_unstable_by_key(|case| order(case));
    let more = found.len() > filter.limit;
    (found.into_iter().take(filter.limit).cloned().collect(), more)
}

/// A case: one in memory, or a closed one that is only in the store.
pub(super) fn find(core: &Core, shared: &Shared, program: ProgramId, id: Seq) -> Result<Option<Arc<Case>>, Error> {
    let known = core.state.desk.case(id).cloned();
    let found = match known {
        Some(case) => Some(case),
        None => match shared.store.desk_row(&case_key(id))? {
            Some(row) => match decode_desk(&row)? {
                DeskRow::Case(case) => Some(case),
                DeskRow::Stats(..) | DeskRow::Entry(_) | DeskRow::Kin(_) | DeskRow::Named(_) | DeskRow::HeldOut(_) => {
                    None
                }
            },
            None => None,
        },
    };
    Ok(found.filter(|case| case.program == program))
}

/// The key of a desk row.
pub(super) fn desk_key(row: &DeskRow) -> Vec<u8> {
    match row {
        DeskRow::Case(case) => case_key(case.id),
        DeskRow::Stats(program, _) => {
            let mut key = b"s".to_vec();
            key.extend_from_slice(&program.get().to_be_bytes());
            key
        }
        DeskRow::HeldOut(held_out) => {
            let mut key = b"o".to_vec();
            key.extend_from_slice(&held_out.program.get().to_be_bytes());
            key
        }
        DeskRow::Kin(row) => kin_key(row),
        DeskRow::Named(named) => {
            let mut key = b"n".to_vec();
            key.extend_from_slice(&named.case.get().to_be_bytes());
            key
        }
        DeskRow::Entry(entry) => {
            let mut key = vec![b'l'];
            key.extend_from_slice(&entry.program.get().to_be_bytes());
            key.push(u8::from(entry.allow));
            key.extend_from_slice(entry.kind.name().as_bytes());
            key.push(0);
            key.extend_from_slice(entry.value.as_bytes());
            key
        }
    }
}

/// The key of a row of who is tied to whom.
fn kin_key(row: &KinRow) -> Vec<u8> {
    let key = |kind: &[u8], program: ProgramId, of: i64| {
        let mut key = kind.to_vec();
        key.extend_from_slice(&program.get().to_be_bytes());
        key.extend_from_slice(&of.to_be_bytes());
        key
    };
    match row {
        KinRow::Cluster(cluster) => key(b"kc", cluster.program, cluster.id),
        KinRow::Hub(hub) => {
            let mut key = key(b"kh", hub.program, hub.ident);
            key.extend_from_slice(hub.kind.name().as_bytes());
            key
        }
        KinRow::Ghost(program, member) => key(b"kg", *program, *member),
        KinRow::Tried(program, member) => key(b"kt", *program, *member),
        KinRow::Circle(circle) => key(b"ks", circle.program, circle.id),
        KinRow::Owes(program, member, _) => key(b"ko", *program, *member),
    }
}

fn case_key(id: Seq) -> Vec<u8> {
    let mut key = b"c".to_vec();
    key.extend_from_slice(&id.get().to_be_bytes());
    key
}

/// How a program's rules have done.
pub(super) fn stats(core: &Core, program: ProgramId) -> RulesDone {
    let desk = &core.state.desk;
    (desk.stats(program).cloned().unwrap_or_default(), desk.held_out(program).cloned().unwrap_or_default())
}

/// Everyone whom the release of a held record may touch.
pub(super) fn touched<'a>(core: &'a Core, held: &'a Record) -> impl Iterator<Item = MemberKey> + 'a {
    let key = |id: &Text| MemberKey { program: held.program, id: id.clone() };
    let parties = held.parties.iter().map(move |party| key(&party.member));
    let named = match &held.input {
        Input::Transfer(transfer, _) => vec![key(&transfer.from), key(&transfer.to)],
        _ => Vec::new(),
    };
    let referrers = held.parties.iter().filter_map(move |party| {
        let member = core.member(held.program, &party.member)?;
        member.profile.referrer.as_ref().map(key)
    });
    parties.chain(named).chain(referrers)
}

/// The earlier events that the evidence of some records names, each once.
pub(super) fn evidence<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<Seq> {
    let mut seqs: Vec<Seq> = records
        .flat_map(|record| &record.fraud.reasons)
        .filter_map(|reason| reason.evidence.as_ref())
        .flat_map(|evidence| evidence.events.iter().copied())
        .collect();
    seqs.sort_unstable();
    seqs.dedup();
    seqs.truncate(CLAW_BACK_RECORDS_MAX);
    seqs
}

/// A case as it is being closed, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    pub(super) program: ProgramId,
    pub(super) case: Seq,
    pub(super) outcome: Outcome,
    pub(super) now: TimeMs,
}

impl Core {
    /// The record that closes a case, applied.
    pub(super) fn close(
        &mut self,
        program: ProgramId,
        resolution: &Resolution,
        now: TimeMs,
    ) -> Result<(Record, Closing), Reject> {
        let terms = Arc::clone(&self.compiled(program).terms);
        let books = Books { state: &self.state, program, terms: &terms, now };
        let (mut record, case) = decide::resolve(&books, resolution)?;
        self.apply(&mut record, &Seen::default());
        Ok((record, Closing { program, case: case.id, outcome: resolution.outcome, now }))
    }

    /// What becomes of a record that a case held. `order` is what a held refund names. What is due for everyone it
    /// touches has been done.
    pub(super) fn release(&self, closing: Closing, held: &Record, order: Option<&Subject>) -> Record {
        let Closing { program, case, outcome, now } = closing;
        let terms = Arc::clone(&self.compiled(program).terms);
        let books = Books { state: &self.state, program, terms: &terms, now };
        decide::release(&books, held, case, outcome, order)
    }

    /// What a record gave is taken back, applied; `None` where there is nothing to take.
    pub(super) fn claw_back(&mut self, closing: Closing, of: &Subject, taint: &Taint) -> Option<Record> {
        let Closing { program, case, now, .. } = closing;
        let terms = Arc::clone(&self.compiled(program).terms);
        let books = Books { state: &self.state, program, terms: &terms, now };
        let mut record = decide::claw_back(&books, of, case, taint)?;
        self.apply(&mut record, &Seen::default());
        Some(record)
    }
}

impl Pipeline {
    /// Closes a case with everything it held.
    pub(super) fn resolve(
        &mut self,
        block: &mut Open,
        program: ProgramId,
        resolution: &Resolution,
        reply: oneshot::Sender<JobAnswers>,
    ) -> Result<(), Error> {
        let step = Arc::new(Review::Resolve(resolution.clone()));
        let input = Input::Review(Arc::clone(&step));
        let items = vec![Item::plain(Command::Review(step))];
        let key = input.natural_key().map(|key| natural_key(program, key.source, key.id));
        if let Some(first) = key.map(|key| self.find_key(key)).transpose()?.flatten() {
            block.releases.push(Release::Work { reply, pending: vec![Pending::Replayed(first)], items });
            return Ok(());
        }
        // What was held a moment ago must be in the journal to be read back.
        self.barrier(std::mem::take(block))?;
        let pending = match self.read_case(program, resolution)? {
            None => Pending::Rejected(self.no_case(program, resolution)?),
            Some((held, counted)) => {
                let now = self.now();
                let everyone: Vec<MemberKey> =
                    held.iter().chain(&counted).flat_map(|record| touched(&self.core, record)).collect();
                self.cache.fetch_members(&mut self.core, &self.shared.store, everyone.iter().cloned())?;
                // Referrers are known once those they brought are in memory.
                let everyone: Vec<MemberKey> =
                    held.iter().chain(&counted).flat_map(|record| touched(&self.core, record)).collect();
                self.cache.fetch_members(&mut self.core, &self.shared.store, everyone.iter().cloned())?;
                for member in &everyone {
                    self.settle(block, member, now);
                }
                match self.core.close(program, resolution, now) {
                    Err(reject) => Pending::Rejected(reject),
                    Ok((record, closing)) => {
                        let first = self.push(block, record);
                        self.follow_up(block, closing, held, counted)?;
                        Pending::Recorded(first)
                    }
                }
            }
        };
        block.releases.push(Release::Work { reply, pending: vec![pending], items });
        Ok(())
    }

    /// What becomes of all that a case held, and of what its evidence counts.
    fn follow_up(
        &mut self,
        block: &mut Open,
        closing: Closing,
        held: Vec<Record>,
        counted: Vec<Record>,
    ) -> Result<(), Error> {
        let Closing { program, now, .. } = closing;
        for one in held {
            let order = match &one.input {
                Input::Event(event) => self.order_of(block, program, event, now)?,
                _ => None,
            };
            let mut record = self.core.release(closing, &one, order.as_ref());
            self.fetch_unobserved(&record)?;
            self.core.apply(&mut record, &Seen::default());
            let at = self.push(block, record);
            self.find_awaited(block, at, now)?;
        }
        let taint = self.taint_of(block, program, &counted, now)?;
        for subject in self.lives_of(block, program, counted)? {
            if let Some(record) = self.core.claw_back(closing, &subject, &taint) {
                self.push(block, record);
            }
        }
        Ok(())
    }

    fn push(&mut self, block: &mut Open, record: Record) -> usize {
        self.note_key(block, &record);
        block.records.push(record);
        block.records.len() - 1
    }

    /// Why there is no open case: none at all, or one that was closed so long ago that only the store knows it.
    fn no_case(&self, program: ProgramId, resolution: &Resolution) -> Result<Reject, Error> {
        let closed = find(&self.core, &self.shared, program, resolution.case)?;
        Ok(closed.map_or(Reject::UnknownCase(resolution.case), |case| Reject::CaseNotOpen(case.id)))
    }

    /// The records that an open case held, and those its evidence counts where they are to be taken back.
    fn read_case(&mut self, program: ProgramId, resolution: &Resolution) -> Result<Option<HeldAndCounted>, Error> {
        let open = |case: &&Arc<Case>| case.program == program && case.closed.is_none();
        let Some(case) = self.core.state.desk.case(resolution.case).filter(open).cloned() else { return Ok(None) };
        let held = self.read(case.held.iter().copied())?;
        if resolution.outcome == Outcome::Cleared || !resolution.claw_back {
            return Ok(Some((held, Vec::new())));
        }
        let referred = self.read(case.referred.iter().copied())?;
        let mut named = evidence(held.iter().chain(&referred));
        named.extend(case.referred.iter().copied().filter(|seq| !named.contains(seq)).collect::<Vec<_>>());
        let mut counted = Vec::new();
        for record in self.read(named.into_iter())? {
            // What was held gave nothing itself, but what released it did.
            let released =
                self.find_key(natural_key(program, RELEASE_SOURCE, &smol_str::format_smolstr!("{}", record.seq)))?;
            let record = match released.filter(|_| record.status == Status::Held) {
                Some(released) => self.read(std::iter::once(released))?.pop().unwrap_or(record),
                None => record,
            };
            let key = natural_key(program, CLAW_BACK_SOURCE, &smol_str::format_smolstr!("{}", record.seq));
            if record.program == program && self.find_key(key)?.is_none() {
                counted.push(record);
            }
        }
        Ok(Some((held, counted)))
    }

    fn read(&self, seqs: impl Iterator<Item = Seq>) -> Result<Vec<Record>, Error> {
        seqs.map(|seq| reads::one(&self.shared.store, seq)).collect()
    }
}

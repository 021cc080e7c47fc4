//! What later writes name: holds, redemptions and rewards that an earlier record made, held records that a case released. In
//! a backtest these are other records; here they are found again by what they are.

use std::sync::Arc;

use super::super::Error;
use super::super::acts::{household_key, latest_row, reversal_key};
use super::super::handle::Command;
use super::super::{reads, review};
use super::Trial;
use crate::fraud::Seen;
use crate::ledger::act::{Act, What};
use crate::ledger::decide::{self, Books, Earlier};
use crate::ledger::record::{Effect, Input, Record, Status};
use crate::ledger::review::{Release, Review};
use crate::ledger::types::{LotId, MemberKey, Seq, Text, TimeMs};

/// What a record made that later writes can name: its kind, and its number within the record.
fn made(record: &Record) -> impl Iterator<Item = (u8, u16)> + '_ {
    record.effects.iter().filter_map(|effect| match effect {
        Effect::Hold { index, .. } => Some((0, *index)),
        Effect::Redeem { id, .. } if id.seq == record.seq => Some((1, id.index)),
        Effect::Grant { index, .. } => Some((2, *index)),
        _ => None,
    })
}

/// The number, in another record of the same write, of what has this number in the one.
fn same(one: &Record, other: &Record, index: u16, kind: u8) -> Option<u16> {
    let of_kind = |record: &Record| made(record).filter(|(known, _)| *known == kind).map(|(_, index)| index).collect();
    let (ours, theirs): (Vec<u16>, Vec<u16>) = (of_kind(one), of_kind(other));
    let place = ours.iter().position(|known| *known == index)?;
    theirs.get(place).copied()
}

impl Trial<'_> {
    /// A record of the backtest, or of the history before it.
    pub(super) fn read(&self, seq: Seq) -> Result<Record, Error> {
        let begun = self.begun.unwrap_or_default();
        let at = seq.get().checked_sub(begun.get()).and_then(|at| usize::try_from(at).ok());
        match at.and_then(|at| self.records.get(at)) {
            Some(record) => Ok(record.clone()),
            None => reads::one(self.store, seq),
        }
    }

    /// The id that something has here; nothing where it was never made.
    fn own(&self, id: LotId, kind: u8) -> Result<Option<LotId>, Error> {
        if self.begun.is_none_or(|begun| id.seq < begun) {
            return Ok(Some(id));
        }
        let Some(seq) = self.seqs.get(&id.seq).copied() else { return Ok(None) };
        let (recorded, here) = (reads::one(self.store, id.seq)?, self.read(seq)?);
        Ok(same(&recorded, &here, id.index, kind).map(|index| LotId { seq, index }))
    }

    /// A write with the ids that it means here; nothing where what it names was never made.
    pub(super) fn translated(&self, command: Command) -> Result<Option<Command>, Error> {
        let Command::Act(act, key) = &command else { return Ok(Some(command)) };
        let what = match &act.what {
            What::Capture { hold, amount } => self.own(*hold, 0)?.map(|hold| What::Capture { hold, amount: *amount }),
            What::Release { hold } => self.own(*hold, 0)?.map(|hold| What::Release { hold }),
            What::Reverse { redemption, amount } => {
                // A redemption is called by the hold it captured, where there was one.
                let redemption = match self.own(*redemption, 1)? {
                    Some(own) => Some(own),
                    None => self.own(*redemption, 0)?,
                };
                redemption.map(|redemption| What::Reverse { redemption, amount: *amount })
            }
            What::Use { grant } => self.own(*grant, 2)?.map(|grant| What::Use { grant }),
            What::Cancel { grant } => self.own(*grant, 2)?.map(|grant| What::Cancel { grant }),
            _ => return Ok(Some(command)),
        };
        let key = key.clone();
        Ok(what.map(|what| Command::Act(Arc::new(Act { what, ..act.as_ref().clone() }), key)))
    }

    /// What an act refers to, as it is here; what is due for whom it touches has been done.
    pub(super) fn earlier(&mut self, act: &Act, now: TimeMs) -> Result<Earlier, Error> {
        let program = self.plan.program;
        let latest = |key: [u8; 16]| self.latest.get(&key).copied();
        let (first, latest) = match &act.what {
            What::Reverse { redemption, .. } => (Some(redemption.seq), latest(reversal_key(program, *redemption))),
            What::Join { household, .. } => (None, latest(household_key(program, household))),
            _ => (None, None),
        };
        let read = |seq: Option<Seq>| seq.map(|seq| self.read(seq).map(Arc::new)).transpose();
        let earlier = Earlier { first: read(first)?, latest: read(latest)? };
        let records = earlier.first.iter().chain(&earlier.latest);
        let mut others: Vec<Text> =
            records.flat_map(|record| &record.parties).map(|party| party.member.clone()).collect();
        let household = self.core.member(program, &act.member).and_then(|member| member.standing()?.household.as_ref());
        others.extend(household.into_iter().flat_map(|household| household.1.iter().cloned()));
        if let What::Join { members, .. } = &act.what {
            others.extend(members.iter().cloned());
        }
        for id in others.into_iter().filter(|id| *id != act.member) {
            self.settle(&MemberKey { program, id }, now);
        }
        Ok(earlier)
    }

    /// Notes a record that reverses a redemption or changes a household, so that the next one finds it.
    pub(super) fn note_latest(&mut self, record: &Record) {
        if let Some((key, _)) = latest_row(record) {
            self.latest.insert(key, record.seq);
        }
    }

    /// A step of a review: what was released or voided is released or voided here too, where it is held here; lists change.
    pub(super) fn review(&mut self, recorded: &Record, step: &Arc<Review>) -> Result<(), Error> {
        match step.as_ref() {
            Review::Resolve(_) => Ok(()),
            Review::Release(release) => self.release(recorded, release),
            Review::List(_) => self.decide(recorded, &Command::Review(Arc::clone(step))),
            Review::ClawBack(_) => {
                self.report.skipped += 1;
                Ok(())
            }
        }
    }

    fn release(&mut self, recorded: &Record, release: &Release) -> Result<(), Error> {
        let here = match self.begun {
            Some(begun) if release.held >= begun => self.seqs.get(&release.held).copied(),
            _ => Some(release.held),
        };
        let Some(held) = here.map(|seq| self.read(seq)).transpose()? else { return Ok(()) };
        if held.status != Status::Held {
            return Ok(());
        }
        let (program, now) = (self.plan.program, recorded.recorded_at);
        let everyone: Vec<MemberKey> = review::touched(&self.core, &held).collect();
        for key in &everyone {
            self.settle(key, now);
        }
        let order = match &held.input {
            Input::Event(event) => self.order_of(&Command::Event(Arc::clone(event)))?,
            _ => None,
        };
        let terms = &self.plan.version.terms;
        let books = Books { state: &self.core.state, program, terms, now };
        let record = decide::release(&books, &held, release.case, release.outcome, order.as_ref());
        self.apply(record, &Seen::default());
        Ok(())
    }
}

//! What other rules make due for members whom nobody touches: where another version decides, everybody is looked at once, a few
//! members between two blocks, and what now falls due for them is noted beside what was.
//!
//! A due row may be stale and never missing, so all this ever does is add rows. It costs one reading of the program's member
//! rows for each change of who decides, and no memory: two seconds of a processor for a million members, measured on 2026-11-22.
//! Until it is through, the scheduler waits, so that due order holds.

use super::Error;
use super::pipeline::Pipeline;
use crate::journal::codec;
use crate::ledger::decide::next_due;
use crate::ledger::rollout::Rollout;
use crate::ledger::types::{MemberKey, ProgramId, Seq, Text};

/// Members looked at between two blocks.
const SLICE: usize = 512;

/// A program whose members are being looked at.
#[derive(Debug)]
pub(super) struct Sweep {
    program: ProgramId,
    /// Who decides, as [`deciders`] says it.
    by: Vec<u8>,
    /// The record since which they do: once the rows reflect it, none is to come whose due time is by what was before.
    since: Seq,
    /// The last member looked at; empty before the first.
    after: Text,
}

/// Which versions decide for whom since when, as bytes to compare.
fn deciders(rollout: &Rollout) -> Vec<u8> {
    format!("{} {:?} {}", rollout.live(), rollout.partial, rollout.deciding_since().get()).into_bytes()
}

impl Pipeline {
    /// Begins to look at the members of programs for which others decide than when all of them were looked at last.
    /// `since` is the record that made it so.
    pub(super) fn begin_sweeps(&mut self, since: Seq) -> Result<(), Error> {
        self.agenda.sweeps.clear();
        for (program, rollout) in (0u16..).map(ProgramId::new).zip(&self.core.state.rollouts) {
            let by = deciders(rollout);
            if self.shared.store.swept_by(program)?.as_deref() != Some(&by) {
                self.agenda.sweeps.push(Sweep { program, by, since, after: Text::default() });
                self.checkpoint.reach(since);
            }
        }
        Ok(())
    }

    /// Whether there are members to look at, and all that was due for them by the versions before is noted.
    pub(super) fn can_sweep(&self) -> bool {
        self.agenda.sweeps.last().is_some_and(|sweep| self.shared.mark() >= sweep.since)
    }

    /// Looks at some members.
    pub(super) fn sweep(&mut self) -> Result<(), Error> {
        let Some(sweep) = self.agenda.sweeps.last_mut() else { return Ok(()) };
        let (program, store) = (sweep.program, &self.shared.store);
        let rows = store.members_from(program, &sweep.after, SLICE)?;
        let mut due = Vec::with_capacity(rows.len());
        for (id, row) in &rows {
            let terms = &self.core.deciding_for(program, id, None).terms;
            let at = next_due(&codec::decode_member(row)?, terms);
            due.extend(at.map(|at| (at, MemberKey { program, id: id.clone() })));
        }
        if let (Some((last, _)), SLICE) = (rows.last(), rows.len()) {
            sweep.after = last.clone();
            store.add_due(&due, None)?;
        } else {
            store.add_due(&due, Some((program, &sweep.by)))?;
            self.agenda.sweeps.pop();
        }
        Ok(())
    }

    /// Looks at all members who are left to look at.
    pub(super) fn finish_sweeps(&mut self) -> Result<(), Error> {
        while !self.agenda.sweeps.is_empty() {
            self.sweep()?;
        }
        Ok(())
    }
}

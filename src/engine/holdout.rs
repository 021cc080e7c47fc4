//! Denials that are held instead: decided as they are, and then once more as held, where the program wants that of them and the
//! day's points allow for it. Whatever is not denied is decided once.

use super::core::About;
use super::differ::at_stake;
use super::handle::Command;
use super::moments::By;
use crate::fraud;
use crate::ledger::calendar::{parts_of, year_of};
use crate::ledger::decide::Judgement;
use crate::ledger::desk::Desk;
use crate::ledger::proposal::Proposal;
use crate::ledger::record::{Record, Status};
use crate::ledger::reject::Reject;
use crate::ledger::types::Text;
use crate::rules::TraceLine;

impl By<'_> {
    /// [`By::decide`], with what is held out.
    pub(super) fn decide_or_hold_out(
        &self,
        (desk, command): (&Desk, &Command),
        proposal: Proposal,
        about: About<'_>,
        judged: Judgement,
        trace: Option<&mut Vec<TraceLine>>,
    ) -> Result<Record, Reject> {
        let Some(instead) = fraud::hold_out(self.terms, || command.input(), &judged.assessment) else {
            return self.decide(command, proposal, about, judged, trace);
        };
        let denied = self.decide(command, proposal.clone(), about, judged.clone(), trace)?;
        if denied.status != Status::Denied {
            return Ok(denied);
        }
        let judged = Judgement { assessment: instead, ..judged };
        let held = self.decide(command, proposal, about, judged, None).ok().filter(|held| held.status == Status::Held);
        let Some(mut held) = held else { return Ok(denied) };
        let day = day(self.terms.zone.day(about.now));
        let before = desk.held_out(self.program).map_or(0, |held_out| held_out.of_day(&day));
        let Some(mark) = fraud::mark_held_out(self.terms, day, before, at_stake(&held)) else { return Ok(denied) };
        held.fraud.reasons.push(mark);
        Ok(held)
    }
}

/// `day=2026-01-05`.
fn day(day: i32) -> Text {
    let (month, of_month, _) = parts_of(day);
    smol_str::format_smolstr!("day={:04}-{month:02}-{of_month:02}", year_of(day))
}

//! Reviews in the ledger's tables: `verdict=hold` at a step opens a case about its member, and these close it.
//!
//! ```text
//! clear A | confirm A        what the open case of A held takes effect, or is void
//! confirm A claw=o           and the points that the order `o` gave are taken back
//! ```

use std::convert::Infallible;
use std::sync::Arc;

use tallystick::ledger::decide::{self, Judgement, Subject};
use tallystick::ledger::desk::Case;
use tallystick::ledger::lists::{ListChange, ListEntry, ListTerms};
use tallystick::ledger::record::{Input, KeyField, Record, Status, Verdict};
use tallystick::ledger::reject::Reject;
use tallystick::ledger::review::{Outcome, Resolution, Review};
use tallystick::ledger::types::{MemberKey, Seq, Text};

use super::{World, option};

/// What the fraud checks are made to say by a line's `verdict`.
pub fn judgement(line: &str) -> Judgement {
    let mut judgement = Judgement::default();
    judgement.assessment.verdict = match option(line, "verdict") {
        Some("hold") => Verdict::Hold,
        Some("step_up") => Verdict::StepUp,
        Some("deny") => Verdict::Deny,
        _ => Verdict::Allow,
    };
    judgement
}

impl World {
    /// Closes the open case about a member, with all that follows; its own record.
    pub(super) fn resolve(&mut self, outcome: &str, member: &str, line: &str) -> Result<Record, Reject> {
        let outcome = if outcome == "clear" { Outcome::Cleared } else { Outcome::Confirmed };
        let open = self.open_case(member);
        let told = option(line, "case").map(|case| Seq::new(case.parse().unwrap()));
        let case = told.or(open.as_ref().map(|case| case.id)).unwrap_or(Seq::ZERO);
        let claw_back = option(line, "claw").is_some();
        let text = Text::default;
        let resolution = Resolution { case, outcome, note: text(), author: text(), claw_back, key: text() };
        let (closing, case) = decide::resolve(&self.books(), &resolution)?;
        self.take(closing.clone());
        for held in case.held.iter().map(|seq| self.read(*seq)).collect::<Vec<_>>() {
            let order = match &held.input {
                Input::Event(event) => self.subject(event),
                _ => None,
            };
            let record = decide::release(&self.books(), &held, case.id, outcome, order.as_ref());
            self.take(record.clone());
            self.find_awaited(&record);
        }
        let of = |order: &str| {
            let of = |record: &&Record| {
                let event = record.input.event();
                record.status == Status::Posted && event.is_some_and(|event| event.order() == order)
            };
            self.records.iter().find(of).unwrap().clone()
        };
        let counted = option(line, "claw").into_iter().flat_map(|names| names.split(',')).map(of).collect();
        let last = |id: &Text| self.state.member(&key(id)).map(|member| member.last);
        let mut read = |seq: Seq| -> Result<Record, Infallible> { Ok(self.read(seq)) };
        let Ok(subjects) = Subject::of_records(counted, last, &mut read);
        for subject in subjects {
            if let Some(record) = decide::claw_back(&self.books(), &subject, case.id) {
                self.take(record);
            }
        }
        Ok(closing)
    }

    /// Puts an address on the deny list.
    pub fn list(&mut self, ip: &str) -> Result<(), Reject> {
        let (allow, kind, value, key) = (false, KeyField::Ip, Text::new(ip), Text::default());
        let change = ListChange { allow, kind, value, put: Some(ListTerms::default()), key };
        let record = decide::list(&self.books(), &Arc::new(Review::List(change)))?;
        self.take(record);
        Ok(())
    }

    /// Fills the lists up to so many entries.
    pub fn fill_lists(&mut self, entries: usize) {
        for number in self.state.desk.lists.len()..entries {
            let (allow, kind, value) = (false, KeyField::Device, Text::from(format!("d:{number}")));
            let (rules, reason, author, expires_at) = (Vec::new(), Text::default(), Text::default(), None);
            let (program, at, seq, gone) = (super::PROGRAM, self.now, self.state.seq, false);
            let entry = ListEntry { program, allow, kind, value, rules, reason, author, at, expires_at, seq, gone };
            self.state.desk.lists.put(Arc::new(entry));
        }
    }

    fn open_case(&self, member: &str) -> Option<Arc<Case>> {
        let about = |case: &&Arc<Case>| case.closed.is_none() && case.members.iter().any(|id| id == member);
        self.state.desk.cases().find(about).cloned()
    }

    fn read(&self, seq: Seq) -> Record {
        self.records[usize::try_from(seq.get() - 1).unwrap()].clone()
    }
}

fn key(id: &Text) -> MemberKey {
    MemberKey { program: super::PROGRAM, id: id.clone() }
}

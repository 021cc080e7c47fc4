//! Reviews in the ledger's tables: `verdict=hold` at a step opens a case about its member, and these close it.
//!
//! ```text
//! clear A | confirm A        what the open case of A held takes effect, or is void
//! confirm A claw=o           and the points that the order `o` gave are taken back
//! trace o = A>B 60 | A 40    what the points of `o` did, and who has what is left of them
//! ```

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use tallystick::ledger::decide::{self, Judgement, Subject};
use tallystick::ledger::desk::Case;
use tallystick::ledger::lists::{ListChange, ListEntry, ListTerms};
use tallystick::ledger::record::{Input, KeyField, Record, Status, Verdict};
use tallystick::ledger::reject::Reject;
use tallystick::ledger::review::{Outcome, Resolution, Review};
use tallystick::ledger::taint::{Taint, Went};
use tallystick::ledger::types::{LotId, MemberKey, Seq, Text, TimeMs};

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
        let names = option(line, "claw").into_iter().flat_map(|names| names.split(','));
        let counted: Vec<Record> = names.map(|order| self.standing_order(order)).collect();
        let taint = self.taint(&counted);
        let last = |id: &Text| self.state.member(&key(id)).map(|member| member.last);
        let mut read = |seq: Seq| -> Result<Record, Infallible> { Ok(self.read(seq)) };
        let Ok(subjects) = Subject::of_records(counted, last, &mut read);
        for subject in subjects {
            if let Some(record) = decide::claw_back(&self.books(), &subject, case.id, &taint) {
                self.take(record);
            }
        }
        Ok(closing)
    }

    /// The record of an order that stands.
    pub fn standing_order(&self, order: &str) -> Record {
        let of = |record: &&Record| {
            let event = record.input.event();
            record.status == Status::Posted && event.is_some_and(|event| event.order() == order)
        };
        self.records.iter().find(of).unwrap().clone()
    }

    /// What the points of an order did, and who has what is left of them.
    pub(super) fn trace(&self, order: &str) -> String {
        let taint = self.taint(&[self.standing_order(order)]);
        let went = |went: Went| match went {
            Went::Redeemed(..) => "redeemed".to_owned(),
            Went::Donated(_) => "donated".to_owned(),
            other => format!("{other:?}").to_lowercase(),
        };
        let moves = taint.moves().iter().map(|step| match &step.to {
            Some(to) => format!("{}>{to} {}", step.from, step.amount),
            None => format!("{} {} {}", step.from, went(step.went), step.amount),
        });
        let moves: Vec<String> = moves.collect();
        let left: Vec<String> = taint.left().map(|left| format!("{} {}", left.member, left.amount)).collect();
        format!("{} | {}", moves.join(", "), left.join(", ")).trim().to_owned()
    }

    /// What every lot holds that is not empty.
    pub fn lots(&self) -> BTreeMap<(String, LotId), i64> {
        let lots = self.state.members.iter().flat_map(|(key, member)| {
            let lots = member.pools.iter().flat_map(|pool| pool.lots.iter());
            lots.map(|lot| ((key.id.to_string(), lot.id), lot.remaining.get()))
        });
        lots.collect()
    }

    /// How much of a lot is kept aside.
    pub fn held_in(&self, member: &Text, lot: LotId) -> i64 {
        let lots = self.state.members[&key(member)].pools.iter().flat_map(|pool| pool.lots.iter());
        lots.filter(|known| known.id == lot).map(|known| known.held.get()).sum()
    }

    /// Whether a member was merged into another.
    pub fn is_merged(&self, member: &str) -> bool {
        let member = &self.state.members[&key(&Text::new(member))];
        member.standing().is_some_and(|standing| standing.merged_into.is_some())
    }

    /// The time.
    pub const fn now(&self) -> TimeMs {
        self.now
    }

    /// All records so far.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Where the points that records gave are.
    pub fn taint(&self, records: &[Record]) -> Taint {
        let mut taint = Taint::of(records.iter());
        while let Some(id) = taint.wants() {
            let member = self.state.member(&key(&id)).map(AsRef::as_ref);
            let mut read = |seq: Seq| -> Result<Record, Infallible> { Ok(self.read(seq)) };
            let Ok(()) = taint.load(&id, member, &mut read);
        }
        taint
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

//! The fraud desk: cases, and how often each rule fired and was right. Built from records alone, so that replay gives the same.
//!
//! A case is opened by a held record, or by one that is referred though it stands, one for each entity (the member, the
//! device … whose count was too high); while it is open, what follows joins it. Nothing here judges or moves points.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub use super::lists::{ListEntry, Lists};

use super::clusters::{Clusters, KinRow};

use super::held_out::{HeldOut, mark};
use super::lists::ListChange;
use super::lots::Lot;
use super::record::{Effect, Input, Record, Status, Verdict};
use super::review::{Outcome, Release, Resolution, Review};
use super::suspects::{Named, Suspects};
use super::types::{ProgramId, Seq, Text, TimeMs};
use crate::limits::{
    CASE_MEMBERS_MAX, CASE_RECORDS_MAX, CASE_RULES_MAX, CASES_KEPT_CLOSED, CASES_OPEN_MAX, RULE_STATS_MAX,
};

/// The entity of what no case of its own can be opened for any more: see [`CASES_OPEN_MAX`].
const OVERFLOW: Text = Text::new_static("overflow");

/// The rule that speaks where points move that an open case looks at.
pub const TAINTED: &str = "tainted";

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The record that closed it.
    pub seq: Seq,
    /// When.
    pub at: TimeMs,
    /// What was found.
    pub outcome: Outcome,
    /// Why, in the reviewer's words.
    pub note: Text,
    /// Who.
    pub author: Text,
}

/// What a person has to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The record that opened it, which is its name.
    pub id: Seq,
    /// Whose program.
    pub program: ProgramId,
    /// What it is about: `member=m-1`, `device=d:77`, `staff=e-4,member=m-1`.
    pub entity: Text,
    /// When it was opened, by the ledger's time.
    pub opened_at: TimeMs,
    /// When something last joined it.
    pub updated_at: TimeMs,
    /// Records that wait for its outcome, in order.
    pub held: Vec<Seq>,
    /// Records that stand and were referred to it, in order; the first ones.
    pub referred: Vec<Seq>,
    /// Members its records are about, in order of appearance; the first ones.
    pub members: Vec<Text>,
    /// Rules that fired and how often; the first ones.
    pub rules: Vec<(Text, u32)>,
    /// Points that wait for it, over all pools.
    pub at_risk: i64,
    /// How it ended, where it has.
    pub closed: Option<Closed>,
}

/// How a rule has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleStats {
    /// Records it had something to say about.
    pub fired: u64,
    /// Of those: records that were held or denied.
    pub stopped: u64,
    /// When it last fired, in the ledger's time.
    pub last_at: TimeMs,
    /// Cases with it that were confirmed.
    pub confirmed: u64,
    /// Cases with it that were cleared.
    pub cleared: u64,
}

/// One program's numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeskStats {
    /// Records that fraud checks looked at or could have.
    pub judged: u64,
    /// Rules that ever fired, by id.
    pub rules: BTreeMap<Text, RuleStats>,
}

/// A row of the desk that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskRow {
    /// A case.
    Case(Arc<Case>),
    /// A program's numbers.
    Stats(ProgramId, Arc<DeskStats>),
    /// An entry of a list, be it gone.
    Entry(Arc<ListEntry>),
    /// Who is one with whom.
    Kin(KinRow),
    /// What the evidence of an open case names.
    Named(Arc<Named>),
    /// A program's denials that were held instead.
    HeldOut(Arc<HeldOut>),
}

/// Whether a record is one that fraud checks looked at or could have.
#[must_use]
pub const fn is_judged(record: &Record) -> bool {
    !matches!(record.input, Input::Review(_) | Input::Due(_) | Input::Ruleset(_))
}

/// All cases in memory, and all numbers.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    cases: BTreeMap<Seq, Arc<Case>>,
    open: BTreeMap<(ProgramId, Text), Seq>,
    suspects: Suspects,
    /// Closed cases in memory, oldest first.
    closed: VecDeque<Seq>,
    stats: Vec<Arc<DeskStats>>,
    held_out: BTreeMap<ProgramId, Arc<HeldOut>>,
    /// Who is allowed and who is not.
    pub lists: Lists,
    /// Who is one person with whom.
    pub clusters: Clusters,
    touched: BTreeMap<Seq, Arc<Case>>,
    touched_entries: Vec<Arc<ListEntry>>,
    touched_held_out: BTreeMap<ProgramId, Arc<HeldOut>>,
    stats_at_mark: Vec<Arc<DeskStats>>,
}

impl Desk {
    /// A case in memory: every open one, and those closed lately.
    #[must_use]
    pub fn case(&self, id: Seq) -> Option<&Arc<Case>> {
        self.cases.get(&id)
    }

    /// All cases in memory, by id.
    pub fn cases(&self) -> impl DoubleEndedIterator<Item = &Arc<Case>> {
        self.cases.values()
    }

    /// A program's numbers.
    #[must_use]
    pub fn stats(&self, program: ProgramId) -> Option<&Arc<DeskStats>> {
        self.stats.get(usize::from(program.get()))
    }

    /// A program's denials that were held instead, where there are any.
    #[must_use]
    pub fn held_out(&self, program: ProgramId) -> Option<&Arc<HeldOut>> {
        self.held_out.get(&program)
    }

    /// The open case that looks at where the points of a member's lot came from, where one does.
    #[must_use]
    pub fn suspected(&self, member: &Text, lot: &Lot) -> Option<&Arc<Case>> {
        let mut cases = self.suspects.cases(lot.id.seq).filter_map(|id| self.cases.get(&id));
        cases.find(|case| lot.received || case.members.contains(member))
    }

    /// Whether any open case names anything.
    #[must_use]
    pub fn suspects_any(&self) -> bool {
        !self.suspects.is_empty()
    }

    /// Takes in what a record means to the desk.
    pub fn take(&mut self, record: &Record) {
        self.clusters.take(record);
        if let Input::Review(review) = &record.input {
            self.review(record, review);
            return;
        }
        if !is_judged(record) {
            return;
        }
        let stats = self.stats_mut(record.program);
        stats.judged += 1;
        let refers = matches!(record.effects.last(), Some(Effect::Refer { .. }));
        if record.fraud.reasons.is_empty() && record.status != Status::Held && !refers {
            return;
        }
        for reason in &record.fraud.reasons {
            if stats.rules.len() >= RULE_STATS_MAX && !stats.rules.contains_key(&reason.rule) {
                continue;
            }
            let rule = stats.rules.entry(reason.rule.clone()).or_default();
            rule.fired += 1;
            rule.stopped += u64::from(record.status != Status::Posted);
            rule.last_at = rule.last_at.max(record.recorded_at);
        }
        if record.status == Status::Held || refers {
            self.join(record);
        }
        self.pass_on(record);
    }

    fn stats_mut(&mut self, program: ProgramId) -> &mut DeskStats {
        let at = usize::from(program.get());
        if self.stats.len() <= at {
            self.stats.resize_with(at + 1, Arc::default);
        }
        Arc::make_mut(self.stats.get_mut(at).expect("just made room"))
    }

    /// Joins a record to the open case of its entity, or opens one.
    fn join(&mut self, record: &Record) {
        let entity = self.entity(record);
        let full = |case: &Case| case.held.len() >= CASE_RECORDS_MAX;
        let key = (record.program, entity);
        let known =
            self.open.get(&key).and_then(|id| self.cases.get(id)).filter(|case| !full(case)).map(|case| case.id);
        let id = known.unwrap_or(record.seq);
        let case = self.cases.entry(id).or_insert_with(|| Arc::new(fresh(record, key.1.clone())));
        let case_mut = Arc::make_mut(case);
        add(case_mut, record);
        self.touched.insert(id, Arc::clone(case));
        self.open.insert(key, id);
        if mark(record).is_some() {
            self.change_held_out(record.program, |held_out| held_out.take(record, id));
        }
        let evidence = record.fraud.reasons.iter().filter_map(|reason| reason.evidence.as_ref());
        let named = evidence.flat_map(|evidence| evidence.events.iter().copied());
        self.suspects.name((id, record.program), named.chain((record.status == Status::Posted).then_some(record.seq)));
    }

    /// A transfer that stands though its points are looked at: the lots it grew are looked at too.
    fn pass_on(&mut self, record: &Record) {
        let tainted =
            record.fraud.reasons.iter().find(|reason| reason.rule == TAINTED && reason.verdict > Verdict::Allow);
        let Some(evidence) =
            tainted.filter(|_| record.status == Status::Posted).and_then(|reason| reason.evidence.as_ref())
        else {
            return;
        };
        let Some(id) = self.open.get(&(record.program, evidence.key.clone())).copied() else { return };
        let grown = record.effects.iter().filter_map(|effect| match effect {
            Effect::Credit(credit) if matches!(record.input, Input::Transfer(..)) => Some(credit.lot.seq),
            _ => None,
        });
        self.suspects.name((id, record.program), grown);
    }

    /// What a record's case is about: the key of the first of its strongest reasons; one that has an open case goes first.
    fn entity(&self, record: &Record) -> Text {
        let member = || {
            let id = record.parties.first().map_or("", |party| party.member.as_str());
            smol_str::format_smolstr!("member={id}")
        };
        let weighty = |verdict: Verdict| verdict >= record.fraud.verdict.min(Verdict::Hold) && verdict > Verdict::Allow;
        let mut candidates = record
            .fraud
            .reasons
            .iter()
            .filter(|reason| weighty(reason.verdict))
            .map(|reason| reason.evidence.as_ref().map_or_else(member, |evidence| evidence.key.clone()))
            .peekable();
        let first = candidates.peek().cloned();
        let mut all = candidates.filter(|entity| self.open.contains_key(&(record.program, entity.clone())));
        let entity = all.next().or(first).unwrap_or_else(member);
        if self.open.len() >= CASES_OPEN_MAX && !self.open.contains_key(&(record.program, entity.clone())) {
            return OVERFLOW;
        }
        entity
    }

    fn change_held_out(&mut self, program: ProgramId, change: impl FnOnce(&mut HeldOut)) {
        let held_out = self.held_out.entry(program).or_default();
        let changed = Arc::make_mut(held_out);
        changed.program = program;
        change(changed);
        self.touched_held_out.insert(program, Arc::clone(held_out));
    }

    fn review(&mut self, record: &Record, review: &Review) {
        match review {
            Review::Resolve(resolution) => self.close(record, resolution),
            // A case that is resolved in parts keeps what is left of it.
            Review::Release(Release { .. }) | Review::ClawBack(_) => {}
            Review::List(change) => self.list(record, change),
        }
    }

    fn list(&mut self, record: &Record, change: &ListChange) {
        let ListChange { allow, kind, value, put, .. } = change;
        let terms = put.clone().unwrap_or_default();
        let entry = Arc::new(ListEntry {
            program: record.program,
            allow: *allow,
            kind: *kind,
            value: value.clone(),
            rules: terms.rules,
            reason: terms.reason,
            author: terms.author,
            at: record.recorded_at,
            expires_at: terms.expires_at,
            seq: record.seq,
            gone: put.is_none(),
        });
        self.lists.put(Arc::clone(&entry));
        self.touched_entries.push(entry);
    }

    fn close(&mut self, record: &Record, resolution: &Resolution) {
        let Some(case) = self.cases.get_mut(&resolution.case) else { return };
        let case = Arc::make_mut(case);
        let Resolution { outcome, note, author, .. } = resolution;
        let (note, author) = (note.clone(), author.clone());
        case.closed = Some(Closed { seq: record.seq, at: record.recorded_at, outcome: *outcome, note, author });
        case.updated_at = record.recorded_at;
        let (rules, entity, id) = (case.rules.clone(), case.entity.clone(), case.id);
        self.touched.insert(id, Arc::new(case.clone()));
        self.suspects.forget(id);
        if self.open.get(&(record.program, entity.clone())) == Some(&id) {
            self.open.remove(&(record.program, entity));
        }
        if self.held_out.get(&record.program).is_some_and(|held_out| held_out.open.contains_key(&id)) {
            self.change_held_out(record.program, |held_out| held_out.close(id, *outcome));
        }
        let stats = self.stats_mut(record.program);
        for (rule, _) in rules {
            let Some(rule) = stats.rules.get_mut(&rule) else { continue };
            match outcome {
                Outcome::Cleared => rule.cleared += 1,
                Outcome::Confirmed => rule.confirmed += 1,
            }
        }
        self.closed.push_back(id);
        while self.closed.len() > CASES_KEPT_CLOSED {
            if let Some(oldest) = self.closed.pop_front() {
                self.cases.remove(&oldest);
            }
        }
    }

    /// The rows that changed since this was asked last, as they are now.
    pub fn take_touched(&mut self) -> Vec<DeskRow> {
        let mut rows: Vec<DeskRow> = std::mem::take(&mut self.touched).into_values().map(DeskRow::Case).collect();
        rows.extend(std::mem::take(&mut self.touched_entries).into_iter().map(DeskRow::Entry));
        rows.extend(self.clusters.take_touched().into_iter().map(DeskRow::Kin));
        rows.extend(self.suspects.take_touched().into_iter().map(DeskRow::Named));
        rows.extend(std::mem::take(&mut self.touched_held_out).into_values().map(DeskRow::HeldOut));
        for (index, stats) in (0u16..).zip(&self.stats) {
            if self.stats_at_mark.get(usize::from(index)) != Some(stats) {
                rows.push(DeskRow::Stats(ProgramId::new(index), Arc::clone(stats)));
            }
        }
        self.stats_at_mark.clone_from(&self.stats);
        rows
    }

    /// Puts in a row that was read from disk. Of closed cases only the latest stay in memory.
    pub fn restore(&mut self, row: DeskRow) {
        match row {
            DeskRow::Case(case) => {
                if case.closed.is_none() {
                    self.open.insert((case.program, case.entity.clone()), case.id);
                } else {
                    self.closed.push_back(case.id);
                    if self.closed.len() > CASES_KEPT_CLOSED
                        && let Some(oldest) = self.closed.pop_front()
                    {
                        self.cases.remove(&oldest);
                    }
                }
                self.cases.insert(case.id, case);
            }
            DeskRow::Entry(entry) => self.lists.put(entry),
            DeskRow::Kin(row) => self.clusters.restore(row),
            DeskRow::Named(named) => self.suspects.restore(named),
            DeskRow::HeldOut(held_out) => drop(self.held_out.insert(held_out.program, held_out)),
            DeskRow::Stats(program, stats) => {
                *self.stats_mut(program) = DeskStats::clone(&stats);
                self.stats_at_mark.clone_from(&self.stats);
            }
        }
    }

    /// Every row of the desk: what a state hash covers and a verification compares. Closed cases are left out: which of them
    /// are in memory depends on when the daemon was started.
    #[must_use]
    pub fn rows(&self) -> Vec<DeskRow> {
        let open = self.cases.values().filter(|case| case.closed.is_none()).cloned().map(DeskRow::Case);
        let stats = (0u16..).zip(&self.stats).map(|(at, stats)| DeskRow::Stats(ProgramId::new(at), Arc::clone(stats)));
        let entries = self.lists.iter().cloned().map(DeskRow::Entry);
        let named = self.suspects.iter().map(DeskRow::Named);
        let held_out = self.held_out.values().cloned().map(DeskRow::HeldOut);
        let rest = entries.chain(self.clusters.rows().map(DeskRow::Kin)).chain(named).chain(held_out);
        open.chain(stats).chain(rest).collect()
    }
}

fn fresh(record: &Record, entity: Text) -> Case {
    Case {
        id: record.seq,
        program: record.program,
        entity,
        opened_at: record.recorded_at,
        updated_at: record.recorded_at,
        held: Vec::new(),
        referred: Vec::new(),
        members: Vec::new(),
        rules: Vec::new(),
        at_risk: 0,
        closed: None,
    }
}

fn add(case: &mut Case, record: &Record) {
    case.updated_at = record.recorded_at;
    let waits = |effect: &Effect| matches!(effect, Effect::Credit(credit) if credit.available_at == TimeMs::NEVER);
    if record.status == Status::Held || record.effects.iter().any(waits) {
        case.held.push(record.seq);
    } else if case.referred.len() < CASE_MEMBERS_MAX {
        case.referred.push(record.seq);
    }
    for effect in &record.effects {
        if let Effect::Credit(credit) = effect {
            case.at_risk = case.at_risk.saturating_add(credit.amount.get());
        }
    }
    if let Input::Transfer(transfer, _) = &record.input {
        case.at_risk = case.at_risk.saturating_add(transfer.amount.get());
    }
    for party in record.parties.iter().take(1) {
        if case.members.len() < CASE_MEMBERS_MAX && !case.members.contains(&party.member) {
            case.members.push(party.member.clone());
        }
    }
    for reason in &record.fraud.reasons {
        if let Some((_, fired)) = case.rules.iter_mut().find(|(rule, _)| *rule == reason.rule) {
            *fired = fired.saturating_add(1);
        } else if case.rules.len() < CASE_RULES_MAX {
            case.rules.push((reason.rule.clone(), 1));
        }
    }
}

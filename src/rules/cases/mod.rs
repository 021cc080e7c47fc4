//! Merchants' own cases: events in, balances out, with a clock that the case moves.
//!
//! ```toml
//! [[case]]
//! name = "The tenth coffee is free"
//!
//! [[case.step]]
//! at = "2026-05-02 09:00"                 # the program's zone; noon where only a day is given
//! post = { type = "purchase", amount = 450, items = [{ category = "coffee", amount = 450 }] }
//! expect = { coffee = 1, points = 4, tier = "bronze" }
//!
//! [[case.step]]                           # only lets time pass
//! at = "2027-05-02 09:00"
//! expect = { points = 0 }
//! ```
//!
//! `post` has an event's fields, each optional but `type`: the member is `A`, the id `e1`, `e2` … by the step's number,
//! `occurred_at` the step's time; an item may be just its amount. `transfer = { from, to, pool, amount }` moves points,
//! `redeem = { reward }` or `{ pool, amount }` (and `order`, `channel`, `store`) spends them, `donate = { pool, amount, charity }` gives them away and
//! `adjust = { pool, amount, staff, store }` corrects by hand, `choose = { NAME = VALUE }` chooses, each with a `member` where it is not `A`.
//! `resolve = { outcome = "cleared", member = "A" }` (or `"confirmed"`, with `claw_back = false` to leave what its evidence counts)
//! closes the open case with something of that member's.
//! `expect` names pools (`points = 3`, or `points = { available = 0, pending = 3, debt = 0 }`), cards (`coffee = 1`) and
//! `member` (whose balance, else the one posted for), `tier` (`"none"` for none), `reward` and `no_reward` (a name, a
//! list, or `{ name, value }`), `perk` and `no_perk`, `clipped` (`{ wanted, given, limit }`, or `false`), `status`
//! (`posted` where not given), `verdict`, `replayed`, `error` (a refusal's code), `fails` (what a failing script says; else none may),
//! and `fires` and `silent` (fraud rules by id: with these the status is left open).
//!
//! A step with `times = 10` and `every = "5m"` happens so often; what it expects is of the last time, `silent` of each. `#` in a member,
//! device, card, employee or store is the number of the time, from 1.
//!
//! Runs against whatever [`Ledger`] it is given, so it never decides anything itself.

mod asks;
mod compare;
mod expect;
mod parse;

use std::fmt;
use std::time::{Duration, Instant};

use super::diagnostic::Diagnostic;
use super::files::{CASES_FOLDER, ProgramFiles};
use super::program::Program;
use super::script::Handled;
use crate::ledger::act::{Act, What};
use crate::ledger::event::{Adjustment, Event, EventKind, Transfer};
use crate::ledger::record::{ScriptFault, Status, Verdict};
use crate::ledger::reject::Reject;
use crate::ledger::review::Outcome;
use crate::ledger::types::{Money, Text, TimeMs};

pub(super) use parse::check;

/// What cases need of a ledger that runs one program from nothing.
pub trait Ledger {
    /// Moves the clock and does everything due by then. Never called with an earlier time.
    fn set_clock(&mut self, now: TimeMs);
    /// Posts an event.
    fn post(&mut self, event: Event) -> Result<Posted, Reject>;
    /// Moves points between members.
    fn transfer(&mut self, transfer: Transfer) -> Result<Posted, Reject>;
    /// Closes the open case with something of a member's.
    fn resolve(&mut self, member: &str, outcome: Outcome, claw_back: bool) -> Result<Posted, Reject>;
    /// Does what a member asks for: a redemption, a gift to a charity, a choice.
    fn act(&mut self, act: Act) -> Result<Posted, Reject>;
    /// Corrects a balance by hand.
    fn adjust(&mut self, adjustment: Adjustment) -> Result<Posted, Reject>;
    /// A member's balance at an instant; an empty one for somebody unknown.
    fn balance(&mut self, member: &str, at: TimeMs) -> Balance;
}

/// What became of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Whether its effects stand.
    pub status: Status,
    /// What the fraud checks said.
    pub verdict: Verdict,
    /// True where it was done before.
    pub replayed: bool,
    /// What limits cut.
    pub clipped: Vec<Cut>,
    /// Scripts that failed.
    pub faults: Vec<ScriptFault>,
    /// Fraud rules that had something to say, by id.
    pub spoke: Vec<Text>,
}

/// Something a limit cut, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The pool or card.
    pub what: Text,
    /// What the rule wanted.
    pub wanted: i64,
    /// What it was given.
    pub given: i64,
    /// The limit's name.
    pub limit: Text,
}

/// A member's balance, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Pools ever touched.
    pub pools: Vec<(Text, PoolBalance)>,
    /// Stamps on cards ever touched.
    pub cards: Vec<(Text, u32)>,
    /// The tier, where there is one.
    pub tier: Option<Text>,
    /// Rewards to use, with their value where they have one.
    pub rewards: Vec<(Text, Option<Money>)>,
    /// Perks in force.
    pub perks: Vec<Text>,
}

/// A pool's four buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolBalance {
    /// What can be spent.
    pub available: i64,
    /// What will become available.
    pub pending: i64,
    /// What holds reserve.
    pub held: i64,
    /// What is owed, as a positive number.
    pub debt: i64,
}

/// How a program's cases went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Cases that went as expected.
    pub passed: usize,
    /// The first step that did not, of every case that did not.
    pub failures: Vec<Failure>,
    /// Every case that ran, in order.
    pub cases: Vec<CaseResult>,
}

/// How a case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// The file within the program's folder.
    pub file: Text,
    /// The case's name.
    pub name: Text,
    /// Whether it went as expected.
    pub passed: bool,
    /// How long it took on this machine.
    pub took: Duration,
}

/// A step that did not go as its case expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The file within the program's folder.
    pub file: Text,
    /// The line the step begins at, from 1.
    pub line: u32,
    /// The case's name.
    pub case: Text,
    /// The step's number, from 1.
    pub step: usize,
    /// The step's time as written.
    pub at: Text,
    /// What was expected and what came.
    pub differences: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}, step {} ({})", self.file, self.line, self.case, self.step, self.at)?;
        for difference in &self.differences {
            write!(f, "\n    {difference}")?;
        }
        Ok(())
    }
}

/// Runs every case of a program, or only those with a text in their names, each on a fresh ledger. `program` must be compiled from the same files, which also
/// proves that the cases can be read.
pub fn run<L: Ledger>(
    files: &ProgramFiles,
    program: &Program,
    only: Option<&str>,
    mut fresh: impl FnMut() -> L,
) -> Result<Report, Vec<Diagnostic>> {
    let mut report = Report::default();
    for (path, content) in &files.files {
        if !path.starts_with(CASES_FOLDER) {
            continue;
        }
        for case in parse::cases(path, content, &program.vocabulary())? {
            if only.is_some_and(|only| !case.name.contains(only)) {
                continue;
            }
            let started = Instant::now();
            let failure = compare::run_case(path, &case, &mut fresh());
            let (file, name, passed) = (path.clone(), case.name.clone(), failure.is_none());
            report.cases.push(CaseResult { file, name, passed, took: started.elapsed() });
            report.passed += usize::from(passed);
            report.failures.extend(failure);
        }
    }
    Ok(report)
}

/// What the cases of a program post.
#[derive(Default)]
pub(super) struct PostedKinds {
    /// How many cases there are.
    pub cases: usize,
    /// The kinds of event, each once.
    kinds: Vec<EventKind>,
    redeems: bool,
    waits: bool,
    expects_tier: bool,
    /// Fraud rules that a case expects to fire, and such that one expects to be silent.
    fires: Vec<Text>,
    silent: Vec<Text>,
}

impl PostedKinds {
    /// Whether a handler of this is tried.
    pub fn tries(&self, of: &Handled) -> bool {
        match of {
            Handled::Event(kind) => self.kinds.contains(kind),
            Handled::Redeem => self.redeems,
            Handled::TierChange => self.expects_tier,
            Handled::Schedule => self.waits,
        }
    }

    /// What is missing of the examples of a fraud rule: one in which it fires, and one in which it does not.
    pub fn lacks(&self, rule: &Text) -> Option<&'static str> {
        match (self.fires.contains(rule), self.silent.contains(rule)) {
            (true, true) => None,
            (true, false) => Some("in which it is silent"),
            (false, true) => Some("in which it fires"),
            (false, false) => Some("in which it fires, nor one in which it is silent"),
        }
    }
}

/// The kinds of event that a program's cases post; files that cannot be read post nothing.
pub(super) fn posted_kinds(files: &ProgramFiles, vocabulary: &Vocabulary<'_>) -> PostedKinds {
    let mut posted = PostedKinds::default();
    for (path, content) in files.files.iter().filter(|(path, _)| path.starts_with(CASES_FOLDER)) {
        let cases = parse::cases(path, content, vocabulary).unwrap_or_default();
        posted.cases += cases.len();
        for step in cases.iter().flat_map(|case| &case.steps) {
            posted.expects_tier |= step.expect.iter().any(expect::Expectation::is_of_tier);
            for expectation in &step.expect {
                match expectation {
                    expect::Expectation::Fires(rule) => posted.fires.push(rule.clone()),
                    expect::Expectation::Silent(rule) => posted.silent.push(rule.clone()),
                    _ => {}
                }
            }
            match &step.action {
                parse::Action::Post(event) if !posted.kinds.contains(&event.kind) => {
                    posted.kinds.push(event.kind.clone());
                }
                parse::Action::Wait => posted.waits = true,
                parse::Action::Act(act) => posted.redeems |= matches!(act.what, What::Redeem { .. }),
                parse::Action::Post(_)
                | parse::Action::Transfer(_)
                | parse::Action::Resolve { .. }
                | parse::Action::Adjust(_) => {}
            }
        }
    }
    posted
}

/// What a case may name: the program's pools and cards, and the zone its times are in.
pub(super) struct Vocabulary<'a> {
    pub pools: Vec<&'a str>,
    pub cards: Vec<&'a str>,
    pub limits: Vec<&'a str>,
    pub zone: &'a str,
}

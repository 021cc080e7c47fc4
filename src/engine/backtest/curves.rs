//! Limit by limit, what other numbers than its own would have stopped, all of them in the one run: a ring counts, and what it
//! counts says of every number whether that stops the input. What people found of it in cases is told beside it.
//!
//! The rings are those of the version as it is: where a limit counts only what was accepted or denied, another number would
//! have changed a little of what it counts later.

use hashbrown::{HashMap, HashSet};

use crate::engine::differ::at_stake;
use crate::fraud::{self, Counted, Question, Rings, Seen};
use crate::ledger::record::{Input, Record, Status, Verdict};
use crate::ledger::review::{Outcome, Review};
use crate::ledger::terms::{LimitTerms, Metric, Terms};
use crate::ledger::types::{Seq, Text};

/// Numbers of a limit on a sum, in tenths of its own.
const TENTHS: i64 = 30;
/// Numbers beyond a limit's own that are told, where nothing went so far.
const BEYOND: i64 = 5;

/// What one number comes to on this history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Threshold {
    /// The most that passes.
    pub limit: i64,
    /// Inputs beyond it.
    pub events: u64,
    /// Of how many keys.
    pub keys: u64,
    /// Of how many members.
    pub members: u64,
    /// Points that those inputs brought or took.
    pub points: i64,
    /// Of the inputs, those that a case held and found honest.
    pub honest: u64,
    /// Those that it found to be fraud, or took back.
    pub fraud: u64,
    /// Of the members, those of whom nothing was ever held but what was found honest.
    pub honest_members: u64,
    /// Those of whom something was found to be fraud.
    pub fraud_members: u64,
}

/// A limit's numbers, lowest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curve {
    /// The limit.
    pub rule: Text,
    /// The most that passes as it is declared.
    pub limit: i64,
    /// Inputs it counted.
    pub counted: u64,
    /// Others, and itself.
    pub thresholds: Vec<Threshold>,
}

/// What an input goes beyond: of each limit that it does, how many of its numbers.
pub(super) type Hits = Vec<(usize, usize)>;

/// A limit while it is being counted: what lies beyond so many of its numbers, and no more.
#[derive(Clone, Debug, Default)]
struct Tried {
    numbers: Vec<i64>,
    counted: u64,
    /// What goes beyond all numbers up to this place, by place.
    beyond: Vec<Threshold>,
    keys: HashMap<Text, usize>,
    members: HashMap<Text, usize>,
}

/// All limits, and what became of what cases looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Curves {
    limits: Vec<Tried>,
    /// Inputs that spoke when they were recorded, and may have gone to a case: what they go beyond.
    spoke: HashMap<Seq, Hits>,
    /// What cases found of records.
    found: HashMap<Seq, Outcome>,
    /// Members of whom a case found something: whether any of it was fraud.
    people: HashMap<Text, Outcome>,
}

impl Curves {
    /// Nothing yet; nothing ever, where they are not wanted.
    pub(super) fn new(terms: &Terms, wanted: bool) -> Self {
        let tried = |limit: &LimitTerms| {
            let numbers = numbers(limit);
            let beyond = numbers.iter().map(|limit| Threshold { limit: *limit, ..Threshold::default() }).collect();
            Tried { numbers, beyond, ..Tried::default() }
        };
        let limits = if wanted { terms.limits.iter().map(tried).collect() } else { Vec::new() };
        Self { limits, ..Self::default() }
    }

    /// What an input goes beyond, before it is counted.
    pub(super) fn count(&mut self, rings: &Rings, question: &Question<'_>, seen: &Seen) -> Hits {
        let mut hits = Hits::new();
        let limits = &mut self.limits;
        let least: Vec<Option<i64>> = limits.iter().map(|tried| tried.numbers.first().copied()).collect();
        fraud::sweep(
            rings,
            question,
            seen,
            |at| *least.get(at)?,
            |at, counted| {
                let Some(tried) = limits.get_mut(at) else { return };
                tried.counted += 1;
                if let Counted::Beyond(counted) = counted {
                    hits.push((at, tried.numbers.partition_point(|number| *number < counted)));
                }
            },
        );
        hits
    }

    /// Notes what an input went beyond: as it was recorded, and as the version decided it.
    pub(super) fn note(&mut self, hits: Hits, terms: &Terms, recorded: &Record, decided: Option<&Record>) {
        if hits.is_empty() {
            return;
        }
        let points = at_stake(recorded).max(decided.map_or(0, at_stake));
        let member = recorded.parties.first().map(|party| &party.member);
        for (at, reached) in &hits {
            let (Some(tried), Some(limit)) = (self.limits.get_mut(*at), terms.limits.get(*at)) else { continue };
            let Some(last) = reached.checked_sub(1).and_then(|last| tried.beyond.get_mut(last)) else { continue };
            last.events += 1;
            last.points = last.points.saturating_add(points);
            let key = limit.key.key_of(|field| recorded.input.key_field(field));
            for (most, of) in [(&mut tried.keys, key), (&mut tried.members, member.cloned())] {
                let Some(of) = of else { continue };
                let most = most.entry(of).or_default();
                *most = (*most).max(*reached);
            }
        }
        if recorded.status != Status::Posted || recorded.fraud.verdict > Verdict::Allow {
            self.spoke.insert(recorded.seq, hits);
        }
    }

    /// Notes what people found.
    pub(super) fn found(&mut self, recorded: &Record) {
        let Input::Review(review) = &recorded.input else { return };
        let (of, outcome) = match review.as_ref() {
            Review::Release(release) => (release.held, release.outcome),
            Review::ClawBack(claw_back) => (claw_back.of, Outcome::Confirmed),
            Review::Resolve(_) | Review::List(_) => return,
        };
        self.found.insert(of, outcome);
        if let Some(party) = recorded.parties.first() {
            let known = self.people.entry(party.member.clone()).or_insert(outcome);
            *known = (*known).max(outcome);
        }
    }

    /// The curves of the limits whose numbers could be tried.
    pub(super) fn finish(mut self, terms: &Terms) -> Vec<Curve> {
        for (seq, hits) in &self.spoke {
            let Some(outcome) = self.found.get(seq) else { continue };
            for (at, reached) in hits {
                let tried = self.limits.get_mut(*at);
                let Some(last) = tried.and_then(|tried| tried.beyond.get_mut(reached.checked_sub(1)?)) else {
                    continue;
                };
                *(if *outcome == Outcome::Confirmed { &mut last.fraud } else { &mut last.honest }) += 1;
            }
        }
        let people = &self.people;
        let tried = self.limits.into_iter().zip(&terms.limits).filter(|(tried, _)| !tried.numbers.is_empty());
        tried.map(|(tried, limit)| tried.finish(limit, people)).collect()
    }
}

impl Tried {
    fn finish(self, limit: &LimitTerms, people: &HashMap<Text, Outcome>) -> Curve {
        let Self { mut beyond, counted, keys, members, .. } = self;
        for reached in keys.into_values() {
            if let Some(last) = reached.checked_sub(1).and_then(|last| beyond.get_mut(last)) {
                last.keys += 1;
            }
        }
        for (member, reached) in members {
            let Some(last) = reached.checked_sub(1).and_then(|last| beyond.get_mut(last)) else { continue };
            last.members += 1;
            match people.get(&member) {
                Some(Outcome::Confirmed) => last.fraud_members += 1,
                Some(Outcome::Cleared) => last.honest_members += 1,
                None => {}
            }
        }
        let mut sum = Threshold::default();
        for threshold in beyond.iter_mut().rev() {
            sum = sum.with(threshold);
            *threshold = Threshold { limit: threshold.limit, ..sum };
        }
        // A list of nothing but zeros says no more than its beginning.
        let told = beyond.iter().rposition(|threshold| threshold.events > 0).map_or(0, |last| last + 2);
        let own = beyond.iter().position(|threshold| threshold.limit >= limit.limit + BEYOND).map(|at| at + 1);
        if limit.metric != Metric::Sum {
            beyond.truncate(told.max(own.unwrap_or(usize::MAX)));
        }
        Curve { rule: limit.id.clone(), limit: limit.limit, counted, thresholds: beyond }
    }
}

impl Threshold {
    /// Both together.
    const fn with(self, other: &Self) -> Self {
        Self {
            limit: self.limit,
            events: self.events + other.events,
            keys: self.keys + other.keys,
            members: self.members + other.members,
            points: self.points.saturating_add(other.points),
            honest: self.honest + other.honest,
            fraud: self.fraud + other.fraud,
            honest_members: self.honest_members + other.honest_members,
            fraud_members: self.fraud_members + other.fraud_members,
        }
    }
}

/// Numbers of a limit that are tried: all that its ring can count to, or, of a sum, tenths of its own.
fn numbers(limit: &LimitTerms) -> Vec<i64> {
    if !fraud::is_swept(limit) {
        return Vec::new();
    }
    match limit.metric {
        Metric::Sum => {
            let part = |tenth: i64| i64::try_from(i128::from(limit.limit) * i128::from(tenth) / 10).unwrap_or(i64::MAX);
            let all: HashSet<i64> = (1..=TENTHS).map(part).collect();
            let mut all: Vec<i64> = all.into_iter().collect();
            all.sort_unstable();
            all
        }
        _ => (limit.limit.clamp(0, 1)..i64::from(limit.capacity)).collect(),
    }
}

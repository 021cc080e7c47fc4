//! The breaker of fraud rules: a rule that stops much more than any fraud could be is a mistake in the rule, so it is silenced
//! for everybody, on record, until a person looks at it. What it would have said is still noted.
//!
//! Counted is by round of so many judged records of a program, and of a rule each key once: one member who hammers at a limit
//! cannot silence it. The round that is under way is read back from the journal at a start, so a restart forgets nothing; that a
//! rule was silenced is in the journal itself.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::Error;
use super::block::Open;
use super::core::Core;
use super::pipeline::Pipeline;
use crate::fraud::Seen;
use crate::journal::block::BlockReader;
use crate::ledger::decide::{self, Books};
use crate::ledger::desk::is_judged;
use crate::ledger::lists::{ListChange, ListTerms};
use crate::ledger::record::{KeyField, Record, Verdict};
use crate::ledger::review::Review;
use crate::ledger::terms::Terms;
use crate::ledger::types::{ProgramId, Seq, Text, TimeMs};
use crate::limits::{FIRE_RATE_DEFAULT, FIRE_RATE_EVENTS, FIRE_RATE_READ_BACK_MAX};
use crate::store::Store;

/// What silences a rule is written by.
const AUTHOR: Text = Text::new_static("breaker");

/// A rule that fires too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tripped {
    /// The rule.
    pub(super) rule: Text,
    /// Of how many different keys it stopped something.
    pub(super) keys: usize,
    /// Records judged in the round so far.
    pub(super) of: u64,
    /// The most it may, of a thousand.
    pub(super) most: u16,
}

/// One program's round.
#[derive(Debug, Default)]
struct Round {
    /// Which one, from 0.
    number: u64,
    /// By rule: the keys of which it stopped something.
    fired: HashMap<Text, HashSet<Text>>,
}

/// The rounds of all programs.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    rounds: HashMap<ProgramId, Round>,
}

impl Breaker {
    /// The rounds that are under way at the end of what was recorded.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub(super) fn restore(core: &Core, store: &Store) -> Result<Self, Error> {
        let programs = (0u16..).zip(&core.state.programs).map(|(number, _)| ProgramId::new(number));
        let judged = |program: ProgramId| core.state.desk.stats(program).map_or(0, |stats| stats.judged);
        let mut left: HashMap<ProgramId, u64> =
            programs.map(|program| (program, judged(program) % FIRE_RATE_EVENTS)).collect();
        let mut noted: Vec<(Record, u64)> = Vec::new();
        let (mut before, mut examined) = (core.seq().next(), 0);
        while left.values().any(|left| *left > 0) && before > Seq::new(1) && examined < FIRE_RATE_READ_BACK_MAX {
            let Some((_, bytes)) = store.block_with(before.get() - 1)? else { break };
            let block = BlockReader::parse(&bytes)?;
            let records: Vec<Record> = block.records().collect::<Result<_, _>>()?;
            before = block.first();
            examined += records.len();
            for record in records.into_iter().rev().filter(is_judged) {
                let Some(left) = left.get_mut(&record.program).filter(|left| **left > 0) else { continue };
                let round = judged(record.program) / FIRE_RATE_EVENTS;
                noted.push((record, round * FIRE_RATE_EVENTS + *left));
                *left -= 1;
            }
        }
        let mut breaker = Self::default();
        for (record, judged) in noted.iter().rev() {
            breaker.note(record, &core.compiled(record.program).terms, *judged);
        }
        Ok(breaker)
    }

    /// Takes a decided record into account, which is the program's `judged`th, from 1; the rule that has passed its share with it.
    pub(super) fn note(&mut self, record: &Record, terms: &Terms, judged: u64) -> Option<Tripped> {
        let round = self.rounds.entry(record.program).or_default();
        let number = judged.saturating_sub(1) / FIRE_RATE_EVENTS;
        if round.number != number {
            *round = Round { number, ..Round::default() };
        }
        let of = judged.saturating_sub(number * FIRE_RATE_EVENTS);
        let mut tripped = None;
        for reason in &record.fraud.reasons {
            let Some(evidence) = &reason.evidence else { continue };
            let declared = terms.limits.iter().find(|limit| limit.id == reason.rule);
            let declared = declared.and_then(|limit| limit.extra.max_per_thousand);
            let counts = reason.verdict >= Verdict::Hold || (declared.is_some() && reason.verdict > Verdict::Allow);
            if !counts {
                continue;
            }
            let most = declared.unwrap_or(FIRE_RATE_DEFAULT);
            let keys = round.fired.entry(reason.rule.clone()).or_default();
            if keys.insert(evidence.key.clone()) && keys.len() as u64 * 1_000 > FIRE_RATE_EVENTS * u64::from(most) {
                tripped = Some(Tripped { rule: reason.rule.clone(), keys: keys.len(), of, most });
            }
        }
        if let Some(tripped) = &tripped {
            round.fired.remove(&tripped.rule);
        }
        tripped
    }
}

impl Pipeline {
    /// Notes a record for the breaker, and silences the rule that it trips with a record of its own.
    pub(super) fn watch_rules(&mut self, block: &mut Open, at: usize, now: TimeMs) {
        let Some(record) = block.records.get(at) else { return };
        let program = record.program;
        let terms = Arc::clone(&self.core.compiled(program).terms);
        let judged = self.core.state.desk.stats(program).map_or(0, |stats| stats.judged);
        // Refunds that had waited for this order have been recorded after it.
        let since = block.records.iter().skip(at + 1).filter(|later| later.program == program && is_judged(later));
        let judged = judged.saturating_sub(since.count() as u64);
        let Some(tripped) = self.breaker.note(record, &terms, judged) else { return };
        let Tripped { rule, keys, of, most } = tripped;
        let reason = format!("stopped {keys} different keys within {of} events; at most {most} of 1,000 are believed");
        let put = ListTerms { rules: Vec::new(), reason: Text::new(reason), author: AUTHOR, expires_at: None };
        let (value, key) = (rule.clone(), Text::default());
        let change = ListChange { allow: true, kind: KeyField::Rule, value, put: Some(put), key };
        let books = Books { state: &self.core.state, program, terms: &terms, now };
        let Ok(mut record) = decide::list(&books, &Arc::new(Review::List(change))) else {
            tracing::error!(program = program.get(), rule = %rule, "the lists are full: a rule that fires too often goes on");
            return;
        };
        self.core.apply(&mut record, &Seen::default());
        block.records.push(record);
        let name = self.core.state.program(program).map_or_else(Text::default, |program| program.name.clone());
        self.shared.metrics.rule_silenced(&name, &rule);
        tracing::warn!(program = %name, rule = %rule, keys, of, "a fraud rule fires too often and is silenced");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::record::{Assessment, Evidence, Input, Reason, Status};

    fn record(key: &str, verdict: Verdict) -> Record {
        let evidence = Evidence {
            key: Text::new(key),
            metric: Text::default(),
            window_ms: 1,
            counted: 2,
            limit: 1,
            events: Vec::new(),
        };
        let reason = Reason { evidence: Some(evidence), ..Reason::plain(Text::new("r"), verdict, 0, String::new()) };
        Record {
            seq: Seq::new(1),
            program: ProgramId::new(0),
            recorded_at: TimeMs::EPOCH,
            occurred_at: TimeMs::EPOCH,
            ruleset: 1,
            input: Input::Due(Text::new("m")),
            status: Status::Posted,
            parties: Vec::new(),
            effects: Vec::new(),
            clipped: Vec::new(),
            fraud: Assessment { verdict, score: 0, reasons: vec![reason] },
            observed: Vec::new(),
            operations: 0,
            faults: Vec::new(),
        }
    }

    /// A breaker that counts what it is shown.
    #[derive(Default)]
    struct Shown {
        breaker: Breaker,
        judged: u64,
    }

    impl Shown {
        fn note(&mut self, record: &Record, terms: &Terms) -> Option<Tripped> {
            self.judged += 1;
            self.breaker.note(record, terms, self.judged)
        }
    }

    #[test]
    fn many_different_keys_trip_it_and_one_that_hammers_or_mere_notes_do_not() {
        let terms = Terms::default();
        let mut breaker = Shown::default();
        let most = FIRE_RATE_EVENTS * u64::from(FIRE_RATE_DEFAULT) / 1_000;
        for number in 0..FIRE_RATE_EVENTS {
            assert_eq!(breaker.note(&record("member=one", Verdict::Hold), &terms), None, "{number}");
        }
        for number in 0..FIRE_RATE_EVENTS {
            let noted = record(&format!("member={number}"), Verdict::Flag);
            assert_eq!(breaker.note(&noted, &terms), None, "{number}");
        }
        for number in 0..most {
            assert_eq!(breaker.note(&record(&format!("member={number}"), Verdict::Deny), &terms), None, "{number}");
        }
        let tripped = breaker.note(&record("member=last", Verdict::Hold), &terms).unwrap();
        assert_eq!((tripped.rule.as_str(), tripped.keys as u64, tripped.of), ("r", most + 1, most + 1));
    }

    #[test]
    fn a_round_forgets_the_one_before() {
        let terms = Terms::default();
        let mut breaker = Shown::default();
        let most = FIRE_RATE_EVENTS * u64::from(FIRE_RATE_DEFAULT) / 1_000;
        for round in 0..3 {
            for number in 0..FIRE_RATE_EVENTS {
                let verdict = if number < most { Verdict::Hold } else { Verdict::Allow };
                let one = record(&format!("member={round}-{number}"), verdict);
                assert_eq!(breaker.note(&one, &terms), None, "{round} {number}");
            }
        }
    }
}

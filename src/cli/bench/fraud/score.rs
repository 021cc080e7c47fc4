//! What the judge's answers come to: attacks stopped by family and level, points leaked, honest members bothered. Whole numbers
//! throughout; a share is in thousandths.

use std::collections::{BTreeMap, BTreeSet};

use super::attacks::{FAMILIES, Level, Written};
use super::judge::{Answer, Fate};
use super::step::{By, Step};

/// Days of a member-month.
const MONTH_DAYS: i64 = 30;

/// Attacks of a family at a level, or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// How many.
    pub attacks: u64,
    /// Those of which a step was held, challenged or denied.
    pub stopped: u64,
    /// Those that no check stopped and that brought nothing: the ledger itself does not pay for them.
    pub fruitless: u64,
    /// Those that were at least noted.
    pub noted: u64,
    /// Points they were after.
    pub stake: i64,
    /// Points they got, had nobody ever looked at a case.
    pub leaked: i64,
    /// Points they got before the first stop.
    pub leaked_before: i64,
    /// At which step each was stopped.
    pub steps_to_stop: Vec<u64>,
}

impl Cell {
    fn add(&mut self, other: &Self) {
        self.attacks += other.attacks;
        self.stopped += other.stopped;
        self.fruitless += other.fruitless;
        self.noted += other.noted;
        self.stake += other.stake;
        self.leaked += other.leaked;
        self.leaked_before += other.leaked_before;
        self.steps_to_stop.extend(&other.steps_to_stop);
    }

    /// Attacks stopped or fruitless, in thousandths of all.
    pub fn recall(&self) -> i64 {
        share(self.stopped + self.fruitless, self.attacks)
    }

    /// Points not leaked before the first stop, in thousandths of those they were after.
    pub fn kept(&self) -> i64 {
        let leaked = self.leaked_before.clamp(0, self.stake);
        if self.stake == 0 { 1_000 } else { (self.stake - leaked) * 1_000 / self.stake }
    }

    /// The median step at which those stopped were stopped.
    pub fn median_steps(&self) -> Option<u64> {
        let mut steps = self.steps_to_stop.clone();
        steps.sort_unstable();
        steps.get(steps.len().checked_sub(1)? / 2).copied()
    }

    /// Mean points leaked before the first stop.
    pub fn mean_leak(&self) -> i64 {
        self.leaked_before / i64::try_from(self.attacks.max(1)).unwrap_or(i64::MAX)
    }
}

/// Thousandths of a whole.
pub fn share(part: u64, whole: u64) -> i64 {
    i64::try_from(part * 1_000 / whole.max(1)).unwrap_or(0)
}

/// What honest members met with.
#[derive(Clone, Debug, Default)]
pub struct Insults {
    /// Honest steps.
    pub steps: u64,
    /// Those that were held or challenged.
    pub held: u64,
    /// Those that were denied.
    pub denied: u64,
    /// Those that were noted.
    pub noted: u64,
    /// Those the ledger refused for another reason.
    pub refused: u64,
    /// Members of whom anything was stopped.
    pub members: BTreeSet<String>,
    /// Rules that stopped an honest step, and how often.
    pub rules: BTreeMap<String, u64>,
    /// Rules that noted one.
    pub notes: BTreeMap<String, u64>,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Score {
    /// By family and level.
    pub cells: Vec<[Cell; 3]>,
    /// By level: families that the first defaults were made by, and those kept apart from them.
    pub totals: [[Cell; 3]; 2],
    /// Honest members.
    pub insults: Insults,
    /// Steps of attacks that were stopped.
    pub true_stops: u64,
    /// Members times days.
    pub member_days: i64,
    /// How often each rule stopped a step of an attack.
    pub rules: BTreeMap<String, u64>,
}

impl Score {
    /// Adds up answers.
    pub fn of(steps: &[Step], answers: &[Answer], attacks: &[Written], member_days: i64) -> Self {
        let mut score = Self {
            cells: vec![<[Cell; 3]>::default(); FAMILIES.len()],
            totals: <[[Cell; 3]; 2]>::default(),
            insults: Insults::default(),
            true_stops: 0,
            member_days,
            rules: BTreeMap::new(),
        };
        let mut each = vec![Cell::default(); attacks.len()];
        let mut taken = vec![0u64; attacks.len()];
        for (step, answer) in steps.iter().zip(answers) {
            match step.by {
                By::Good => score.insults.take(step, answer),
                By::Attack(number) => {
                    if let (Some(cell), Some(taken)) = (each.get_mut(number), taken.get_mut(number)) {
                        *taken += 1;
                        take(cell, *taken, step, answer);
                    }
                    score.true_stops += u64::from(answer.is_stopped());
                    for rule in &answer.rules {
                        *score.rules.entry(rule.clone()).or_default() += 1;
                    }
                }
            }
        }
        for (mut cell, written) in each.into_iter().zip(attacks) {
            cell.attacks = 1;
            cell.fruitless = u64::from(cell.stopped == 0 && cell.leaked <= 0);
            let held_out = FAMILIES.get(written.family).is_some_and(|family| family.held_out);
            let level = written.level as usize;
            let place = score.cells.get_mut(written.family).and_then(|levels| levels.get_mut(level));
            let total = score.totals.get_mut(usize::from(held_out)).and_then(|levels| levels.get_mut(level));
            for sum in [place, total].into_iter().flatten() {
                sum.add(&cell);
            }
        }
        score
    }

    /// A number per 1,000 honest member-months, in tenths.
    pub fn per_thousand_months(&self, number: u64) -> i64 {
        i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(10_000 * MONTH_DAYS) / self.member_days.max(1)
    }

    /// Of all stops, those of attacks, in thousandths.
    pub fn precision(&self) -> i64 {
        share(self.true_stops, self.true_stops + self.insults.held + self.insults.denied)
    }

    /// All attacks of a level, kept apart or not.
    pub fn level(&self, level: Level) -> Cell {
        let mut sum = Cell::default();
        for total in self.totals.iter().filter_map(|levels| levels.get(level as usize)) {
            sum.add(total);
        }
        sum
    }
}

/// Takes a step of an attack into account.
fn take(cell: &mut Cell, number: u64, step: &Step, answer: &Answer) {
    cell.stake += step.stake;
    cell.leaked += answer.gain;
    cell.noted = cell.noted.max(u64::from(answer.noted));
    if answer.is_stopped() && cell.stopped == 0 {
        cell.stopped = 1;
        cell.steps_to_stop.push(number);
    }
    if cell.stopped == 0 {
        cell.leaked_before += answer.gain;
    }
}

impl Insults {
    fn take(&mut self, step: &Step, answer: &Answer) {
        self.steps += 1;
        match answer.fate {
            Fate::Posted => {}
            Fate::Refused => self.refused += 1,
            Fate::Held | Fate::StepUp => self.held += 1,
            Fate::Denied => self.denied += 1,
        }
        self.noted += u64::from(answer.noted);
        if answer.is_stopped() {
            self.members.insert(step.member.clone());
        }
        for rule in &answer.rules {
            *self.rules.entry(rule.clone()).or_default() += 1;
        }
        for rule in &answer.notes {
            *self.notes.entry(rule.clone()).or_default() += 1;
        }
    }
}

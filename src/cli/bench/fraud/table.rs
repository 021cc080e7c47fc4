//! The findings as a table for people and as one JSON object for machines.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::attacks::{FAMILIES, Level};
use super::score::{Cell, Score};
use super::windows::Way;
use crate::cli::bench::report::grouped;

/// What a way to count came to, beside the daemon.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// The way.
    pub way: Way,
    /// Its score.
    pub score: Score,
    /// The highest true count let through, in hundredths of its limit.
    pub worst: i64,
}

/// Everything a run found.
#[derive(Debug)]
pub struct Findings {
    /// What it was drawn from.
    pub seed: u64,
    /// Honest members, and days.
    pub members: i64,
    /// Days.
    pub days: i64,
    /// The program.
    pub program: String,
    /// Steps in all.
    pub steps: usize,
    /// Attacks.
    pub attacks: usize,
    /// The daemon's score.
    pub score: Score,
    /// Limits that other ways to count could be compared by.
    pub limits: usize,
    /// The others.
    pub baselines: Vec<Baseline>,
    /// What the ledger refused by itself, by code.
    pub refused: BTreeMap<String, u64>,
    /// The hash of the newest block.
    pub state_hash: String,
    /// Whether the ledger was verified.
    pub verified: bool,
    /// How long the judge took, in milliseconds.
    pub took_ms: u64,
}

/// Thousandths as a percentage with one decimal.
fn percent(thousandths: i64) -> String {
    format!("{}.{}", thousandths / 10, thousandths % 10)
}

/// Tenths as a decimal.
fn tenths(number: i64) -> String {
    format!("{}.{}", number / 10, number % 10)
}

impl Findings {
    /// Writes the table.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let Self { seed, members, days, program, attacks, .. } = self;
        let (steps, took) = (grouped(self.steps as u64), self.took_ms);
        writeln!(
            out,
            "workload    fraud: program {program}, {members} good members over {days} days, {attacks} attacks of {} families, {steps} steps, seed {seed}",
            FAMILIES.len()
        )?;
        writeln!(
            out,
            "judged      over HTTP in {}.{} s, each step by what came before it",
            took / 1_000,
            took % 1_000 / 100
        )?;
        self.families(out)?;
        self.levels(out)?;
        self.honest(out)?;
        self.compared(out)?;
        writeln!(out, "\nstate hash  {}", self.state_hash)?;
        let verified = if self.verified { "chain, double entry and every balance, from the journal" } else { "NO" };
        writeln!(out, "verified    {verified}")
    }

    fn families(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "\nstopped: attacks with a step that was held, challenged or denied; +n: n more that brought nothing"
        )?;
        writeln!(
            out,
            "leak: mean points before the first stop, of those they were after; at: the median step of the first stop"
        )?;
        writeln!(out, "*: kept apart from the first defaults; the latest were made with a look at it too\n")?;
        write!(out, "{:26}", "family")?;
        for level in Level::ALL {
            write!(out, "{:>11}{:>12}{:>5}", level.name(), "leak", "at")?;
        }
        writeln!(out)?;
        for (family, levels) in FAMILIES.iter().zip(&self.score.cells) {
            write!(out, "{:26}", format!("{}{}", family.name, if family.held_out { " *" } else { "" }))?;
            levels.iter().try_for_each(|cell| row(out, cell))?;
            writeln!(out)?;
        }
        Ok(())
    }

    fn levels(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\n{:26}{:>9}{:>9}{:>9}", "", "naive", "aware", "slow")?;
        let [tuned, apart] = &self.score.totals;
        let all = Level::ALL.map(|level| self.score.level(level));
        for (name, levels, of) in [
            ("recall %", &all, Cell::recall as fn(&Cell) -> i64),
            ("  kept apart %", apart, Cell::recall),
            ("  others %", tuned, Cell::recall),
            ("of the points at stake %", &all, Cell::kept),
        ] {
            write!(out, "{name:26}")?;
            for cell in levels {
                write!(out, "{:>9}", percent(of(cell)))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn honest(&self, out: &mut impl Write) -> io::Result<()> {
        let Score { insults, true_stops, .. } = &self.score;
        let rate = |number: u64| tenths(self.score.per_thousand_months(number));
        writeln!(
            out,
            "\nhonest      {} steps: {} held, {} denied, {} only noted, {} refused by the ledger; {} members were stopped",
            grouped(insults.steps),
            insults.held,
            insults.denied,
            insults.noted - insults.held - insults.denied,
            insults.refused,
            insults.members.len()
        )?;
        writeln!(
            out,
            "per 1,000 good member-months: {} held, {} denied; precision of stops {} % ({true_stops} of attacks)",
            rate(insults.held),
            rate(insults.denied),
            percent(self.score.precision())
        )?;
        for (what, rules) in [("stopped by", &insults.rules), ("noted by", &insults.notes)] {
            for (rule, times) in rules {
                writeln!(out, "  honest steps {what} {rule}: {times}")?;
            }
        }
        Ok(())
    }

    fn compared(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "\nwindows alone, with the same {} limits that hold or deny (counts and sums), on the same steps:",
            self.limits
        )?;
        writeln!(
            out,
            "{:16}{:>9}{:>9}{:>9}{:>12}{:>26}",
            "", "naive %", "aware %", "slow %", "false stops", "worst count let through"
        )?;
        for Baseline { way, score, worst } in &self.baselines {
            write!(out, "{:16}", way.name())?;
            for level in Level::ALL {
                let cell = score.level(level);
                write!(out, "{:>9}", percent(super::score::share(cell.stopped, cell.attacks)))?;
            }
            writeln!(out, "{:>12}{:>20}.{:02} x limit", score.insults.held, worst / 100, worst % 100)?;
        }
        Ok(())
    }

    /// As one object. Shares are in thousandths.
    pub fn json(&self) -> Value {
        let cell = |cell: &Cell| {
            json!({
                "attacks": cell.attacks, "stopped": cell.stopped, "fruitless": cell.fruitless, "noted": cell.noted,
                "stake_points": cell.stake, "leaked_points": cell.leaked,
                "leaked_before_stop_points": cell.leaked_before, "median_step_of_stop": cell.median_steps(),
                "recall_per_mille": cell.recall(), "kept_per_mille": cell.kept(),
            })
        };
        let levels = |levels: &[Cell; 3]| -> Value {
            Level::ALL.iter().zip(levels).map(|(level, one)| (level.name().to_owned(), cell(one))).collect()
        };
        let families: Value = FAMILIES
            .iter()
            .zip(&self.score.cells)
            .map(|(family, cells)| {
                let mut value = levels(cells);
                if let Some(object) = value.as_object_mut() {
                    object.insert("held_out".to_owned(), family.held_out.into());
                }
                (family.name.to_owned(), value)
            })
            .collect();
        let [tuned, apart] = &self.score.totals;
        let insults = &self.score.insults;
        let baselines: Value = self
            .baselines
            .iter()
            .map(|Baseline { way, score, worst }| {
                let all = Level::ALL.map(|level| score.level(level));
                (
                    way.name().to_owned(),
                    json!({"levels": levels(&all), "false_stops": score.insults.held, "worst_percent_of_limit": worst}),
                )
            })
            .collect();
        json!({
            "workload": "fraud", "program": self.program, "seed": self.seed, "members": self.members, "days": self.days,
            "steps": self.steps, "attacks": self.attacks, "families": families,
            "levels": levels(&Level::ALL.map(|level| self.score.level(level))),
            "tuned": levels(tuned), "held_out": levels(apart),
            "honest": {
                "steps": insults.steps, "held": insults.held, "denied": insults.denied, "noted": insults.noted,
                "refused": insults.refused, "members_stopped": insults.members.len(),
                "stopped_by": insults.rules, "noted_by": insults.notes,
            },
            "held_per_1000_member_months_tenths": self.score.per_thousand_months(insults.held),
            "denied_per_1000_member_months_tenths": self.score.per_thousand_months(insults.denied),
            "precision_per_mille": self.score.precision(),
            "stopped_by": self.score.rules, "refused_by_the_ledger": self.refused,
            "limits_compared": self.limits, "windows": baselines,
            "state_hash": self.state_hash, "verified": self.verified, "took_ms": self.took_ms,
        })
    }
}

fn row(out: &mut impl Write, cell: &Cell) -> io::Result<()> {
    let fruitless = if cell.fruitless > 0 { format!("+{}", cell.fruitless) } else { String::new() };
    let leak = format!("{}/{}", cell.mean_leak(), cell.stake / i64::try_from(cell.attacks.max(1)).unwrap_or(1));
    let at = cell.median_steps().map_or_else(|| "-".to_owned(), |at| at.to_string());
    write!(out, "{:>11}{leak:>12}{at:>5}", format!("{}{fruitless}/{}", cell.stopped, cell.attacks))
}

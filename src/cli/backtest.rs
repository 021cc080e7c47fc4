//! `tallystick backtest`: rules against the recorded history of a stopped ledger. The same code as the daemon's; it writes
//! nothing.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{FINE, WRONG, cannot_start, programs_in, progress, say};
use crate::engine::backtest::{self, Closed, Curve, Numbers, Plan, Report, Row, Threshold};
use crate::http::json::Json;
use crate::http::render::{BacktestAsked, backtest as write_json};
use crate::http::time::{parse, parse_day};
use crate::ledger::calendar::Zone;
use crate::ledger::types::{NameId, ProgramId, TimeMs};
use crate::store::{Store, StoreConfig};

/// Rows of a list that are printed.
const ROWS_PRINTED: usize = 10;

/// Flags of `backtest`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the stopped ledger.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The folder of the programs, with the rules to try.
    #[arg(long, value_name = "DIR", default_value = "rules")]
    rules: PathBuf,
    /// The program; needed where the folder has several that the ledger knows.
    #[arg(long, value_name = "NAME", value_parser = super::program_name)]
    program: Option<String>,
    /// Events from this day or instant on.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Events before this day or instant.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Do not try other numbers of the limits.
    #[arg(long)]
    no_curves: bool,
    /// Print one JSON object, the same as the daemon's answer.
    #[arg(long)]
    json: bool,
}

/// Runs a backtest.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    match prepare(args) {
        Ok((store, plan, name, hash)) => tell(args, &store, &plan, (&name, &hash)),
        Err((WRONG, why)) => {
            say(why);
            ExitCode::from(WRONG)
        }
        Err((_, why)) => cannot_start(why),
    }
}

type Prepared = (Store, Plan, String, String);

fn prepare(args: &Args) -> Result<Prepared, (u8, String)> {
    let unable = |why: String| (super::CANNOT_START, why);
    if !Store::is_at(&args.data) {
        return Err(unable(format!("{} is not a ledger's data folder", args.data.display())));
    }
    let files = programs_in(&args.rules).map_err(|wrong| (WRONG, wrong.join("\n")))?;
    let store = Store::open(&args.data, &StoreConfig::default()).map_err(|error| unable(error.to_string()))?;
    let known = backtest::programs(&store).map_err(|error| unable(error.to_string()))?;
    let mut fitting = files.iter().filter_map(|files| {
        let wanted = args.program.as_ref().is_none_or(|name| files.name == name.as_str());
        let at = known.iter().position(|(state, _)| state.name == files.name).filter(|_| wanted)?;
        Some((at, files))
    });
    let (at, files) = fitting.next().ok_or_else(|| {
        let what = args.program.as_ref().map_or_else(|| "program".to_owned(), |name| format!("program {name:?}"));
        unable(format!("there is no {what} that is both in {} and in the ledger", args.rules.display()))
    })?;
    if let Some((_, other)) = fitting.next() {
        return Err(unable(format!("say which with --program: {} or {}", files.name, other.name)));
    }
    let Some((state, _)) = known.get(at) else { return Err(unable("the ledger has no such program".to_owned())) };
    let program = ProgramId::new(u16::try_from(at).unwrap_or(u16::MAX));
    let mut plan = Plan::of_files(program, state, files).map_err(|wrong| {
        let lines: Vec<String> =
            wrong.iter().map(|found| format!("{}/{}/{found}", args.rules.display(), files.name)).collect();
        (WRONG, lines.join("\n"))
    })?;
    let zone = &plan.version.terms.zone;
    let (from, to) = (time(args.from.as_deref(), zone), time(args.to.as_deref(), zone));
    plan.curves = !args.no_curves;
    (plan.from, plan.to) = (from.map_err(unable)?, to.map_err(unable)?);
    if plan.from.zip(plan.to).is_some_and(|(from, to)| from > to) {
        return Err(unable("--to lies before --from".to_owned()));
    }
    Ok((store, plan, files.name.to_string(), files.hash().to_string()))
}

fn time(text: Option<&str>, zone: &Zone) -> Result<Option<TimeMs>, String> {
    let Some(text) = text else { return Ok(None) };
    let day = parse_day(text).map(|day| zone.start_of_day(day));
    let at = day.or_else(|| parse(text));
    at.map(Some).ok_or_else(|| format!("{text:?} is not a time; write 2026-05-02 or 2026-05-02T09:00:00Z"))
}

fn tell(args: &Args, store: &Store, plan: &Plan, (name, hash): (&str, &str)) -> ExitCode {
    let bar = progress::bar("backtest");
    let found = backtest::run(store, plan, &mut |at, end| {
        bar.set_length(end.get());
        bar.set_position(at.get());
    });
    bar.finish_and_clear();
    let report = match found {
        Ok(report) => report,
        Err(error) => return cannot_start(error),
    };
    let currency = plan.version.currency();
    if args.json {
        let asked = BacktestAsked { program: name, version: None, hash, currency, from: plan.from, to: plan.to };
        let mut out = Json::default();
        write_json(&mut out, &asked, &report);
        say(String::from_utf8_lossy(&out.into_bytes()));
    } else {
        print(name, currency, &report);
    }
    ExitCode::from(FINE)
}

fn print(name: &str, currency: &str, report: &Report) {
    let Report { events, changed, refused, .. } = report;
    say(format!("{name}: {events} events, {changed} changed, {} unchanged, {refused} refused", events - changed));
    for (pool, points) in &report.pools {
        let Numbers { recorded, backtest } = points;
        let difference = points.difference();
        let money = report.cost(*pool, difference);
        let money = money.map_or_else(String::new, |money| format!(", {} {currency}", major(money)));
        say(format!("  {}: {recorded} recorded, {backtest} now: {difference:+}{money}", report.name(*pool)));
    }
    for (reward, granted) in report.rewards.iter().filter(|(_, granted)| granted.difference() != 0) {
        say(format!("  reward {}: {:+}", report.name(*reward), granted.difference()));
    }
    rows(report, "by rule", &report.rules);
    rows(report, "by tier", &report.tiers);
    rows(report, "by store", &report.stores);
    let Report { members, winners, losers, .. } = report;
    say(format!("  {members} members: {winners} gain, {losers} lose, {} neither", members - winners - losers));
    for (what, changes) in [("gain", &report.most_gained), ("lose", &report.most_lost)] {
        for (member, change) in changes.iter().take(3) {
            say(format!("    {what} most: {member} {change:+}"));
        }
    }
    for error in &report.new_errors {
        say(format!(
            "  NEW ERROR in {} events, first {}/{}: {}: {}",
            error.events, error.first.0, error.first.1, error.at.0, error.at.1
        ));
    }
    closed(report);
    curves(report);
    let [median, high, most] = report.operations;
    say(format!("  operations: p50 {median}, p99 {high}, max {most}"));
}

/// What it comes to in the end.
fn closed(report: &Report) {
    let Closed { stopped, passed, dependent, balances, members, tiers, .. } = &report.closed;
    say(format!(
        "  in the end: {stopped} writes newly stopped, {passed} newly passed, {dependent} later ones undone; {members} members have something else"
    ));
    for (pool, points) in balances.iter().filter(|(_, points)| points.difference() != 0) {
        say(format!("    members' {}: {:+}", report.name(*pool), points.difference()));
    }
    for ((from, to), count) in tiers {
        let name = |tier: &Option<NameId>| tier.map_or_else(|| "none".into(), |tier| report.name(tier));
        say(format!("    {count} members: tier {} instead of {}", name(to), name(from)));
    }
}

/// What other numbers of the limits would have stopped; of many in a row that stop the same only the first.
fn curves(report: &Report) {
    let fires = |curve: &&Curve| curve.thresholds.iter().any(|one| one.events > 0);
    for curve in report.curves.iter().filter(fires) {
        say(format!("  {} at {}, of {} counted:", curve.rule, curve.limit, curve.counted));
        let mut before = None;
        for one in &curve.thresholds {
            let own = one.limit == curve.limit;
            if before == Some(one.events) && !own {
                continue;
            }
            before = Some(one.events);
            let known = one.honest + one.fraud + one.honest_members + one.fraud_members > 0;
            let known = if known {
                let Threshold { honest, fraud, honest_members, fraud_members, .. } = one;
                format!("; found honest {honest} of {honest_members} members, fraud {fraud} of {fraud_members}")
            } else {
                String::new()
            };
            let Threshold { limit, events, keys, members, points, .. } = one;
            let mark = if own { "*" } else { " " };
            say(format!("   {mark}{limit}: {events} stopped, {keys} keys, {members} members, {points} points{known}"));
        }
    }
}

fn rows(report: &Report, title: &str, rows: &[Row]) {
    let changed: Vec<&Row> = rows.iter().filter(|row| row.points.difference() != 0).collect();
    if changed.is_empty() {
        return;
    }
    say(format!("  {title}:"));
    for row in changed.iter().take(ROWS_PRINTED) {
        let by = if row.by.is_empty() { "none" } else { &row.by };
        let Numbers { recorded, backtest } = row.points;
        say(format!(
            "    {:+} {} {by} ({recorded} recorded, {backtest} now)",
            row.points.difference(),
            report.name(row.pool)
        ));
    }
    if changed.len() > ROWS_PRINTED {
        say(format!("    and {} more", changed.len() - ROWS_PRINTED));
    }
}

/// Minor units as a decimal amount.
fn major(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "+" };
    format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
}

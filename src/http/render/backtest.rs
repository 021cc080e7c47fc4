//! A backtest's findings as JSON. Nothing here adds anything up.

use std::collections::BTreeMap;

use super::rule_lint;
use crate::engine::backtest::{Closed, Numbers, Report, Row};
use crate::http::json::Json;
use crate::ledger::desk::RuleStats;
use crate::ledger::types::{NameId, Text, TimeMs};
use crate::limits::SCRIPT_OPERATIONS_MAX;

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The program.
    pub program: &'a str,
    /// The version, where it has a number.
    pub version: Option<u32>,
    /// The hash of its files.
    pub hash: &'a str,
    /// The currency of money.
    pub currency: &'a str,
    /// From when.
    pub from: Option<TimeMs>,
    /// Until when.
    pub to: Option<TimeMs>,
}

/// Writes a backtest.
pub fn backtest(out: &mut Json, asked: &Asked<'_>, report: &Report) {
    out.begin_object();
    out.field("program", asked.program);
    out.key("version");
    match asked.version {
        Some(version) => out.int(version),
        None => out.null(),
    }
    out.field("hash", asked.hash);
    for (name, at) in [("from", asked.from), ("to", asked.to)] {
        out.key(name);
        match at {
            Some(at) => out.time(at),
            None => out.null(),
        }
    }
    events(out, report);
    by_pool(out, "pools", report, &report.pools);
    out.key("money");
    match report.money {
        Some(money) => {
            out.begin_object();
            out.field("currency", asked.currency);
            numbers(out, money);
            out.end_object();
        }
        None => out.null(),
    }
    out.key("rewards");
    out.begin_array();
    for (reward, granted) in &report.rewards {
        out.begin_object();
        out.field("reward", &report.name(*reward));
        numbers(out, *granted);
        out.end_object();
    }
    out.end_array();
    rows(out, report, "rules", "reason", &report.rules);
    rows(out, report, "tiers", "tier", &report.tiers);
    rows(out, report, "stores", "store", &report.stores);
    members(out, report);
    scripts(out, report);
    closed(out, report);
    curves(out, report);
    out.end_object();
}

fn by_pool(out: &mut Json, key: &'static str, report: &Report, pools: &BTreeMap<NameId, Numbers>) {
    out.key(key);
    out.begin_array();
    for (pool, points) in pools {
        out.begin_object();
        out.field("pool", &report.name(*pool));
        numbers(out, *points);
        money_of(out, report, *pool, *points);
        out.end_object();
    }
    out.end_array();
}

fn numbers(out: &mut Json, numbers: Numbers) {
    out.int_field("recorded", numbers.recorded);
    out.int_field("backtest", numbers.backtest);
    out.int_field("difference", numbers.difference());
}

fn money_of(out: &mut Json, report: &Report, pool: NameId, points: Numbers) {
    out.key("money");
    match report.cost(pool, points.difference()) {
        Some(money) => out.int(money),
        None => out.null(),
    }
}

fn events(out: &mut Json, report: &Report) {
    out.key("events");
    out.begin_object();
    out.int_field("compared", report.events);
    out.int_field("changed", report.changed);
    out.int_field("unchanged", report.events - report.changed);
    out.int_field("refused", report.refused);
    out.int_field("other_writes_refused", report.other_refused);
    out.int_field("passed_over", report.skipped);
    for (name, count) in [("posted", 0), ("held", 1), ("denied", 2)] {
        out.key(name);
        out.begin_object();
        numbers(out, report.statuses.get(count).copied().unwrap_or_default());
        out.end_object();
    }
    out.end_object();
}

fn rows(out: &mut Json, report: &Report, list: &'static str, by: &'static str, rows: &[Row]) {
    out.key(list);
    out.begin_array();
    for row in rows {
        out.begin_object();
        out.key(by);
        out.optional((!row.by.is_empty()).then_some(row.by.as_str()));
        out.field("pool", &report.name(row.pool));
        numbers(out, row.points);
        money_of(out, report, row.pool, row.points);
        out.end_object();
    }
    out.end_array();
}

fn members(out: &mut Json, report: &Report) {
    let changes = |out: &mut Json, list: &'static str, changes: &[(Text, i64)]| {
        out.key(list);
        out.begin_array();
        for (member, difference) in changes {
            out.begin_object();
            out.field("member", member);
            out.int_field("difference", *difference);
            out.end_object();
        }
        out.end_array();
    };
    out.key("members");
    out.begin_object();
    out.int_field("compared", report.members);
    out.int_field("winners", report.winners);
    out.int_field("losers", report.losers);
    out.int_field("unchanged", report.members - report.winners - report.losers);
    changes(out, "most_gained", &report.most_gained);
    changes(out, "most_lost", &report.most_lost);
    out.end_object();
}

/// What it comes to in the end.
fn closed(out: &mut Json, report: &Report) {
    let Closed { stopped, passed, dependent, dependents, balances, members, tiers, .. } = &report.closed;
    out.key("closed_loop");
    out.begin_object();
    out.int_field("newly_stopped", *stopped);
    out.int_field("newly_passed", *passed);
    out.int_field("later_writes_undone", *dependent);
    out.key("undone");
    out.begin_array();
    for one in dependents {
        out.begin_object();
        out.int_field("seq", one.seq.get());
        out.field("member", &one.member);
        out.field("why", &one.why);
        out.end_object();
    }
    out.end_array();
    by_pool(out, "balances", report, balances);
    out.int_field("members_changed", *members);
    out.key("tiers");
    out.begin_array();
    for ((from, to), count) in tiers {
        out.begin_object();
        for (name, tier) in [("from", from), ("to", to)] {
            out.key(name);
            out.optional(tier.map(|tier| report.name(tier)).as_deref());
        }
        out.int_field("members", *count);
        out.end_object();
    }
    out.end_array();
    out.end_object();
}

/// What other numbers of the limits would have stopped.
fn curves(out: &mut Json, report: &Report) {
    out.key("limits");
    out.begin_array();
    for curve in &report.curves {
        out.begin_object();
        out.field("rule", &curve.rule);
        out.int_field("limit", curve.limit);
        out.int_field("counted", curve.counted);
        let own = curve.thresholds.iter().find(|threshold| threshold.limit == curve.limit);
        let fired = RuleStats { fired: own.map_or(0, |threshold| threshold.events), ..RuleStats::default() };
        out.key("lints");
        out.begin_array();
        if let Some(lint) = rule_lint(curve.counted, &fired) {
            out.string(lint);
        }
        out.end_array();
        out.key("thresholds");
        out.begin_array();
        for threshold in &curve.thresholds {
            out.begin_object();
            out.int_field("limit", threshold.limit);
            out.int_field("events", threshold.events);
            out.int_field("keys", threshold.keys);
            out.int_field("members", threshold.members);
            out.int_field("points", threshold.points);
            out.int_field("honest", threshold.honest);
            out.int_field("fraud", threshold.fraud);
            out.int_field("honest_members", threshold.honest_members);
            out.int_field("fraud_members", threshold.fraud_members);
            out.end_object();
        }
        out.end_array();
        out.end_object();
    }
    out.end_array();
}

fn scripts(out: &mut Json, report: &Report) {
    out.key("script_errors");
    out.begin_object();
    numbers(out, report.faulty);
    out.key("new");
    out.begin_array();
    for error in &report.new_errors {
        out.begin_object();
        out.field("at", &error.at.0);
        out.field("message", &error.at.1);
        out.int_field("events", error.events);
        out.field("source", &error.first.0);
        out.field("id", &error.first.1);
        out.end_object();
    }
    out.end_array();
    out.end_object();
    out.key("operations");
    out.begin_object();
    for (name, value) in ["p50", "p99", "max"].into_iter().zip(report.operations) {
        out.int_field(name, value);
    }
    out.int_field("limit", SCRIPT_OPERATIONS_MAX);
    out.key("dearest_event");
    match &report.dearest {
        Some((source, id)) => {
            out.begin_object();
            out.field("source", source);
            out.field("id", id);
            out.end_object();
        }
        None => out.null(),
    }
    out.end_object();
}

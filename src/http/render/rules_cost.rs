//! What merchants' handlers cost, in Prometheus's text format: by program, version and handler.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::engine::ProgramView;
use crate::rules::RuleCost;

/// A metric: its name, what it is, and how its value is read.
type Counter = (&'static str, &'static str, fn(&RuleCost) -> String);

const COUNTERS: [Counter; 5] = [
    ("runs_total", "Runs of a handler since its version was compiled.", |cost| cost.runs.to_string()),
    ("operations_total", "Operations its runs used.", |cost| cost.operations.to_string()),
    ("failures_total", "Runs that failed.", |cost| cost.failures.to_string()),
    ("timed_runs_total", "Runs that were timed: one in sixteen.", |cost| cost.timed.to_string()),
    ("timed_seconds_total", "How long the timed runs took together.", |cost| {
        format!("{}.{:09}", cost.took.as_secs(), cost.took.subsec_nanos())
    }),
];

/// The lines of every running version's handlers.
#[must_use]
pub fn rules_cost(programs: &[Arc<ProgramView>]) -> String {
    let mut out = String::new();
    let mut rows: Vec<(&str, u32, RuleCost)> = Vec::new();
    for view in programs {
        for compiled in view.compiled_versions() {
            rows.extend(compiled.costs_of_rules().map(|cost| (view.state.name.as_str(), compiled.version(), cost)));
        }
    }
    if rows.is_empty() {
        return out;
    }
    for (name, help, value) in COUNTERS {
        let metric = format!("tallystick_rule_{name}");
        let _ = writeln!(out, "# HELP {metric} {help}\n# TYPE {metric} counter");
        for (program, version, cost) in &rows {
            let (rule, value) = (&cost.rule, value(cost));
            let _ = writeln!(out, "{metric}{{program=\"{program}\",rule=\"{rule}\",version=\"{version}\"}} {value}");
        }
    }
    out
}

//! Reports as JSON. A number that there is not, since its divisor is zero, is null.

use std::collections::BTreeMap;

use super::Names;
use crate::http::json::Json;
use crate::ledger::types::NameId;
use crate::reports::formulas::{expected_breakage_bp, liability_expected, quotient};
use crate::reports::{Asked, Collected, Flow, VerdictCounts, metrics};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// What is owed.
    Liability,
    /// What happened.
    Activity,
    /// How customers behave.
    Metrics,
    /// What the fraud checks said.
    Fraud,
}

impl Report {
    /// The report of a path.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "liability" => Some(Self::Liability),
            "activity" => Some(Self::Activity),
            "metrics" => Some(Self::Metrics),
            "fraud" => Some(Self::Fraud),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Liability => "liability",
            Self::Activity => "activity",
            Self::Metrics => "metrics",
            Self::Fraud => "fraud",
        }
    }
}

/// Writes a report.
pub fn report(out: &mut Json, report: Report, collected: &Collected, asked: &Asked, names: Names<'_>) {
    out.begin_object();
    out.field("program", &names.state.name);
    out.field("report", report.name());
    out.time_field("from", asked.from);
    out.time_field("to", asked.to);
    match report {
        Report::Liability => liability(out, collected, names),
        Report::Activity => activity(out, collected, asked, names),
        Report::Metrics => {
            out.int_field("active_window_days", asked.active_ms / DAY_MS);
            let found = metrics(collected, asked, &names.terms.zone);
            for (name, value) in found.rows {
                number(out, name, value);
            }
            out.key("early_value_bp");
            out.begin_array();
            for share in found.early_value_bp {
                match share {
                    Some(share) => out.int(share),
                    None => out.null(),
                }
            }
            out.end_array();
            owed(out, collected, names);
        }
        Report::Fraud => fraud(out, collected, names),
    }
    out.end_object();
}

fn number(out: &mut Json, name: &'static str, value: Option<i64>) {
    out.key(name);
    match value {
        Some(value) => out.int(value),
        None => out.null(),
    }
}

fn wide(out: &mut Json, name: &'static str, value: i128) {
    number(out, name, i64::try_from(value).ok());
}

/// What a pool's units are worth: so much money for so many. The best offer among the rewards that are priced in the pool; where
/// there is none, a unit is a minor unit of money, as in pools that are cash.
fn point_value(pool: NameId, names: Names<'_>) -> (i64, i64) {
    let offers = names.terms.rewards.iter().filter_map(|reward| match (reward.value, reward.price) {
        (Some(value), Some((priced_in, price))) if priced_in == pool && price.is_positive() => {
            Some((value.get(), price.get()))
        }
        _ => None,
    });
    let better = |(a, b): &(i64, i64), (c, d): &(i64, i64)| {
        (i128::from(*a) * i128::from(*d)).cmp(&(i128::from(*c) * i128::from(*b)))
    };
    offers.max_by(better).unwrap_or((1, 1))
}

fn value_of(points: i128, (value, units): (i64, i64)) -> Option<i64> {
    quotient(points.checked_mul(i128::from(value))?, i128::from(units))
}

fn breakage_of(flow: &Flow) -> Option<i64> {
    expected_breakage_bp(flow.issued, flow.redeemed + flow.donated, flow.expired, flow.outstanding())
}

/// The money that all pools together stand for, and what of it is expected to be asked for. A pool of which nothing is settled
/// yet is expected to be asked for whole.
fn owed(out: &mut Json, collected: &Collected, names: Names<'_>) {
    let mut whole = Some(0i64);
    let mut expected = Some(0i64);
    for (pool, flow) in &collected.ever {
        let liability = value_of(flow.outstanding(), point_value(*pool, names));
        let asked_for = liability.and_then(|owed| liability_expected(owed, breakage_of(flow).unwrap_or(0)));
        whole = whole.zip(liability).and_then(|(sum, one)| sum.checked_add(one));
        expected = expected.zip(asked_for).and_then(|(sum, one)| sum.checked_add(one));
    }
    number(out, "liability", whole);
    number(out, "liability_expected", expected);
}

fn flow(out: &mut Json, flow: &Flow) {
    wide(out, "issued", flow.issued);
    wide(out, "redeemed", flow.redeemed);
    wide(out, "expired", flow.expired);
    wide(out, "reversed", flow.reversed);
    wide(out, "adjusted", flow.adjusted);
    wide(out, "donated", flow.donated);
    wide(out, "transferred", flow.transferred);
}

/// Opening, what came and went, closing: for each pool, to the point.
fn liability(out: &mut Json, collected: &Collected, names: Names<'_>) {
    let outstanding: i128 = collected.ever.values().map(Flow::outstanding).sum();
    wide(out, "liability_points", outstanding);
    owed(out, collected, names);
    out.key("pools");
    out.begin_object();
    let nothing = Flow::default();
    for (pool, ever) in &collected.ever {
        let within = collected.within.get(pool).unwrap_or(&nothing);
        let (value, units) = point_value(*pool, names);
        out.text_key(names.state.name_of(*pool));
        out.begin_object();
        wide(out, "opening", ever.outstanding() - within.outstanding());
        flow(out, within);
        wide(out, "closing", ever.outstanding());
        wide(out, "liability_points", ever.outstanding());
        out.key("point_value");
        out.begin_object();
        out.int_field("value", value);
        out.int_field("points", units);
        out.end_object();
        let owed = value_of(ever.outstanding(), (value, units));
        number(out, "liability", owed);
        number(out, "breakage", i64::try_from(within.expired).ok());
        let breakage = breakage_of(ever);
        number(out, "expected_breakage_bp", breakage);
        number(out, "liability_expected", owed.and_then(|owed| liability_expected(owed, breakage.unwrap_or(0))));
        out.end_object();
    }
    out.end_object();
}

fn activity(out: &mut Json, collected: &Collected, asked: &Asked, names: Names<'_>) {
    out.key("events");
    out.begin_object();
    for (kind, [posted, held, denied]) in &collected.events {
        out.text_key(kind);
        out.begin_object();
        out.int_field("posted", *posted);
        out.int_field("held", *held);
        out.int_field("denied", *denied);
        out.end_object();
    }
    out.end_object();
    let found = metrics(collected, asked, &names.terms.zone);
    let shown = ["orders", "revenue", "customers", "members", "members_enrolled"];
    for (name, value) in found.rows.into_iter().filter(|(name, _)| shown.contains(name)) {
        number(out, name, value);
    }
    out.int_field("rewards_granted", collected.granted);
    out.key("pools");
    out.begin_object();
    for (pool, within) in &collected.within {
        out.text_key(names.state.name_of(*pool));
        out.begin_object();
        flow(out, within);
        out.end_object();
    }
    out.end_object();
}

fn fraud(out: &mut Json, collected: &Collected, names: Names<'_>) {
    out.int_field("judged", collected.verdicts.by_verdict.iter().sum::<u64>());
    out.key("verdicts");
    verdicts(out, &collected.verdicts);
    out.key("rules");
    out.begin_object();
    for (rule, counts) in &collected.rules {
        out.text_key(rule);
        verdicts(out, counts);
    }
    out.end_object();
    out.key("held");
    held(out, &collected.held, names);
}

fn held(out: &mut Json, held: &BTreeMap<NameId, i128>, names: Names<'_>) {
    out.begin_object();
    for (pool, points) in held {
        out.text_key(names.state.name_of(*pool));
        match i64::try_from(*points) {
            Ok(points) => out.int(points),
            Err(_) => out.null(),
        }
    }
    out.end_object();
}

fn verdicts(out: &mut Json, counts: &VerdictCounts) {
    let [allow, flag, hold, step_up, deny] = counts.by_verdict;
    out.begin_object();
    out.int_field("allow", allow);
    out.int_field("flag", flag);
    out.int_field("hold", hold);
    out.int_field("step_up", step_up);
    out.int_field("deny", deny);
    out.end_object();
}

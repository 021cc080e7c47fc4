//! What a step expects, read from its short form.

use toml::Value;

use super::Vocabulary;
use crate::ledger::record::{Status, Verdict};
use crate::ledger::types::Text;
use crate::rules::diagnostic::suggestion;

/// One thing a step expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expectation {
    Status(Status),
    Verdict(Verdict),
    Error(Text),
    /// A script fails, and says this.
    Fails(Text),
    Replayed(bool),
    Clipped {
        wanted: i64,
        given: i64,
        limit: Option<Text>,
    },
    NothingClipped,
    Tier(Option<Text>),
    Reward {
        name: Text,
        value: Option<i64>,
    },
    NoReward(Text),
    Perk(Text),
    NoPerk(Text),
    Pool {
        name: Text,
        available: Option<i64>,
        pending: Option<i64>,
        held: Option<i64>,
        debt: Option<i64>,
    },
    Card {
        name: Text,
        stamps: i64,
    },
    /// A fraud rule has something to say.
    Fires(Text),
    /// A fraud rule has nothing to say.
    Silent(Text),
    /// Of all but the last time of a step that happens more than once: it need not be posted.
    AnyStatus,
}

impl Expectation {
    pub(super) const fn is_of_tier(&self) -> bool {
        matches!(self, Self::Tier(_))
    }

    /// Whether a step that expects this says nothing of its status: what a rule stops is told by naming the rule.
    pub(super) const fn leaves_status(&self) -> bool {
        matches!(self, Self::Fires(_) | Self::Silent(_) | Self::AnyStatus)
    }
}

/// Reads one `key = value` of an `expect`. `member` is not one of them.
pub(super) fn read(key: &str, value: &Value, vocabulary: &Vocabulary<'_>) -> Result<Vec<Expectation>, String> {
    let one = |expectation| Ok(vec![expectation]);
    match key {
        "status" => one(Expectation::Status(match text(key, value)?.as_str() {
            "posted" => Status::Posted,
            "held" => Status::Held,
            "denied" => Status::Denied,
            other => return Err(format!("{other:?} is not a status; use \"posted\", \"held\" or \"denied\"")),
        })),
        "verdict" => one(Expectation::Verdict(match text(key, value)?.as_str() {
            "allow" => Verdict::Allow,
            "flag" => Verdict::Flag,
            "hold" => Verdict::Hold,
            "step_up" => Verdict::StepUp,
            "deny" => Verdict::Deny,
            other => return Err(format!("{other:?} is not a verdict")),
        })),
        "error" => one(Expectation::Error(text(key, value)?)),
        "fails" => one(Expectation::Fails(text(key, value)?)),
        "replayed" => one(Expectation::Replayed(value.as_bool().ok_or("replayed is true or false")?)),
        "clipped" => one(clipped(value)?),
        "tier" => one(Expectation::Tier(Some(text(key, value)?).filter(|tier| tier != "none"))),
        "reward" => list(value).iter().map(|value| reward(value)).collect(),
        "no_reward" => list(value).iter().map(|value| text(key, value).map(Expectation::NoReward)).collect(),
        "perk" => list(value).iter().map(|value| text(key, value).map(Expectation::Perk)).collect(),
        "no_perk" => list(value).iter().map(|value| text(key, value).map(Expectation::NoPerk)).collect(),
        "fires" => list(value).iter().map(|value| rule(key, value, vocabulary).map(Expectation::Fires)).collect(),
        "silent" => list(value).iter().map(|value| rule(key, value, vocabulary).map(Expectation::Silent)).collect(),
        name if vocabulary.pools.contains(&name) => one(pool(name, value)?),
        name if vocabulary.cards.contains(&name) => {
            let stamps = value.as_integer().ok_or_else(|| format!("{name} is a card: expect a number of stamps"))?;
            one(Expectation::Card { name: Text::new(name), stamps })
        }
        other => {
            let known =
                KEYS.into_iter().chain(vocabulary.pools.iter().copied()).chain(vocabulary.cards.iter().copied());
            Err(format!("nothing called {other:?} can be expected{}", suggestion(other, known)))
        }
    }
}

const KEYS: [&str; 14] = [
    "member",
    "status",
    "verdict",
    "error",
    "fails",
    "replayed",
    "clipped",
    "tier",
    "reward",
    "no_reward",
    "perk",
    "no_perk",
    "fires",
    "silent",
];

/// The id of a fraud rule. Detectors and scripts have ids that nobody declares; a misspelt limit is one that sounds like another.
fn rule(key: &str, value: &Value, vocabulary: &Vocabulary<'_>) -> Result<Text, String> {
    let id = text(key, value)?;
    let known = || vocabulary.limits.iter().copied();
    let hint = if known().any(|limit| limit == id) { String::new() } else { suggestion(&id, known()) };
    if hint.is_empty() { Ok(id) } else { Err(format!("no limit is called {id:?}{hint}")) }
}

fn text(key: &str, value: &Value) -> Result<Text, String> {
    value.as_str().map(Text::new).ok_or_else(|| format!("{key} is a text"))
}

/// A value, or the values of a list.
fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |values| values.iter().collect())
}

fn number(table: &toml::Table, key: &str) -> Result<Option<i64>, String> {
    table.get(key).map(|value| value.as_integer().ok_or_else(|| format!("{key} is a number"))).transpose()
}

fn only(table: &toml::Table, known: &[&str]) -> Result<(), String> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{key:?} is not expected here{}", suggestion(key, known.iter().copied()))),
        None => Ok(()),
    }
}

fn clipped(value: &Value) -> Result<Expectation, String> {
    if value.as_bool() == Some(false) {
        return Ok(Expectation::NothingClipped);
    }
    let table = value.as_table().ok_or("clipped is { wanted, given } or false")?;
    only(table, &["wanted", "given", "limit"])?;
    Ok(Expectation::Clipped {
        wanted: number(table, "wanted")?.ok_or("clipped says what was wanted")?,
        given: number(table, "given")?.ok_or("clipped says what was given")?,
        limit: table.get("limit").map(|limit| text("limit", limit)).transpose()?,
    })
}

fn reward(value: &Value) -> Result<Expectation, String> {
    let Some(table) = value.as_table() else {
        return Ok(Expectation::Reward { name: text("reward", value)?, value: None });
    };
    only(table, &["name", "value"])?;
    let name = text("name", table.get("name").ok_or("a reward has a name")?)?;
    Ok(Expectation::Reward { name, value: number(table, "value")? })
}

fn pool(name: &str, value: &Value) -> Result<Expectation, String> {
    let name = Text::new(name);
    if let Some(available) = value.as_integer() {
        return Ok(Expectation::Pool { name, available: Some(available), pending: None, held: None, debt: None });
    }
    let table =
        value.as_table().ok_or_else(|| format!("{name} is a pool: expect a number, or {{ available, pending }}"))?;
    only(table, &["available", "pending", "held", "debt"])?;
    Ok(Expectation::Pool {
        name,
        available: number(table, "available")?,
        pending: number(table, "pending")?,
        held: number(table, "held")?,
        debt: number(table, "debt")?,
    })
}

//! A program in short: what it declares, by name.

use super::Names;
use crate::http::json::Json;
use crate::ledger::tiers::threshold;
use crate::ledger::types::TimeMs;

/// Writes a program.
pub fn program(out: &mut Json, names: Names<'_>, now: TimeMs) {
    let Names { state, terms, .. } = names;
    out.begin_object();
    out.field("program", &state.name);
    out.key("ruleset");
    out.begin_object();
    out.int_field("version", state.version);
    out.field("hash", &state.hash);
    out.end_object();
    out.field("time_zone", terms.zone.name());
    out.time_field("now", now);
    out.key("auto_enroll");
    out.bool(terms.auto_enroll);
    out.key("pools");
    out.begin_array();
    for pool in &terms.pools {
        out.begin_object();
        out.field("pool", state.name_of(pool.name));
        out.key("transferable");
        out.bool(pool.transferable);
        out.end_object();
    }
    out.end_array();
    out.key("tiers");
    out.begin_array();
    for level in terms.tiers.iter().flat_map(|tiers| &tiers.levels) {
        out.begin_object();
        out.field("tier", state.name_of(level.name));
        if let Some((_, from)) = threshold(level) {
            out.int_field("from", from);
        }
        out.end_object();
    }
    out.end_array();
    out.key("cards");
    out.begin_array();
    for card in &terms.cards {
        out.begin_object();
        out.field("card", state.name_of(card.name));
        out.int_field("of", card.size);
        out.field("reward", state.name_of(card.reward));
        out.end_object();
    }
    out.end_array();
    out.key("rewards");
    out.begin_array();
    for reward in &terms.rewards {
        out.begin_object();
        out.field("reward", state.name_of(reward.name));
        if let Some(value) = reward.value {
            out.int_field("value", value.get());
        }
        if let Some((pool, price)) = reward.price {
            out.field("pool", state.name_of(pool));
            out.int_field("price", price.get());
        }
        out.end_object();
    }
    out.end_array();
    out.end_object();
}

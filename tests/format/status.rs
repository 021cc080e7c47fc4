//! Samples of what tiers know by days: a record's effects, and a member's part.

use std::sync::Arc;

use tallystick::ledger::member::Member;
use tallystick::ledger::record::{Effect, Input, Record};
use tallystick::ledger::status::{Credits, Landing, Status};

use super::samples::{NOW, bare, full_event, member, name};

const LANDING: Landing = Landing { tier: name(3), until: NOW };

/// A record with every effect on them.
pub fn records() -> Vec<(String, Record)> {
    let qualify = |since| Effect::Qualify { party: 1, counter: name(4), since };
    let effects = vec![qualify(20_345), qualify(-7), Effect::Land { party: 0, landing: LANDING }];
    vec![("record-effects-status".to_owned(), Record { effects, ..bare(Input::Event(Arc::new(full_event()))) })]
}

/// A member whose credit is known by days.
pub fn member_status() -> Member {
    let days = vec![(20_345, 1_299), (20_717, -5), (20_718, 1_000_000)];
    let credits = vec![Credits { counter: name(4), since: 20_340, days }, Credits::default()];
    Member { status: Some(Box::new(Status { credits, landing: Some(LANDING) })), ..member() }
}

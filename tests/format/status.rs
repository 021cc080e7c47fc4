//! Samples of what tiers know by days and of what is known of a person: a record's effects, a member's part, what is sealed.

use std::sync::Arc;

use tallystick::ledger::event::Birthday;
use tallystick::ledger::member::Member;
use tallystick::ledger::private::{Known, Private, PrivateEffect};
use tallystick::ledger::record::{Effect, Input, Record, Reversed, Unobserved};
use tallystick::ledger::status::{Credits, Landing, Status};
use tallystick::ledger::types::{Seq, TimeMs};

use super::samples::{NOW, bare, full_event, member, name, text};

const LANDING: Landing = Landing { tier: name(3), until: NOW };

/// A record with every effect on them.
pub fn records() -> Vec<(String, Record)> {
    let qualify = |since| Effect::Qualify { party: 1, counter: name(4), since };
    let effects = vec![qualify(20_345), qualify(-7), Effect::Land { party: 0, landing: LANDING }];
    vec![("record-effects-status".to_owned(), Record { effects, ..bare(Input::Event(Arc::new(full_event()))) })]
}

/// A record with every effect on what is known of a person.
pub fn private_records() -> Vec<(String, Record)> {
    let known = Known { profile: member().profile.as_ref().clone(), choices: vec![(text("cup"), text("large"))] };
    let effects = vec![
        PrivateEffect::Knows { party: 1, known: Box::new(known) },
        PrivateEffect::Knows { party: 0, known: Box::default() },
        PrivateEffect::Sealed { party: 0, bytes: vec![0, 1, 127, 128, 255] },
    ];
    let effects = effects.into_iter().map(Effect::Private).collect();
    vec![("record-effects-private".to_owned(), Record { effects, ..bare(Input::Event(Arc::new(full_event()))) })]
}

/// A record that gave back what limits had counted, in part and whole.
pub fn unobserved_records() -> Vec<(String, Record)> {
    let gone = |party, key: &str, left| {
        Effect::Unobserve(Unobserved { party, ring: name(5), key: text(key), of: Seq::new(77), left })
    };
    let effects = vec![gone(0, "ana", None), gone(1, "s1\u{1f}ana", Some(1_299)), gone(0, "", Some(-1))];
    vec![("record-effects-unobserved".to_owned(), Record { effects, ..bare(Input::Event(Arc::new(full_event()))) })]
}

/// A record that gave back what limits on that count: a number and an amount.
pub fn reversed_records() -> Vec<(String, Record)> {
    let (ring, of, at) = (name(5), Seq::new(77), TimeMs::new(1_767_225_600_000));
    let back = |party, key: &str, entries, value| {
        Effect::Reverse(Reversed { party, ring, key: text(key), of, at, entries, value })
    };
    let effects = vec![back(0, "ana", 10, 1), back(1, "s1\u{1f}ana", 256, 1_299)];
    vec![("record-effects-reversed".to_owned(), Record { effects, ..bare(Input::Event(Arc::new(full_event()))) })]
}

/// What is sealed of a record.
pub fn private() -> Private {
    Private {
        birthday: Some(Birthday { month: 2, day: 29, year: Some(1984) }),
        attributes: vec![(text("town"), text("Ghent"))],
        choices: vec![(text("cup"), text("large"))],
        known: Some(Known::default()),
    }
}

/// A member whose credit is known by days.
pub fn member_status() -> Member {
    let days = vec![(20_345, 1_299), (20_717, -5), (20_718, 1_000_000)];
    let credits = vec![Credits { counter: name(4), since: 20_340, days }, Credits::default()];
    Member { status: Some(Box::new(Status { credits, landing: Some(LANDING) })), ..member() }
}

//! Samples of who is tied to whom: a record's effects, a member's part, rows of clusters and hubs, and of what a case names.

use std::sync::Arc;

use tallystick::ledger::circles::{Circle, Near};
use tallystick::ledger::clusters::{Cluster, Hub, KinRow, Sighting};
use tallystick::ledger::desk::DeskRow;
use tallystick::ledger::event::EventKind;
use tallystick::ledger::kin::{Friend, Kin, KinEffect, Link};
use tallystick::ledger::member::Member;
use tallystick::ledger::record::{Effect, Input, KeyField, KeyFields, Observation, Record};
use tallystick::ledger::suspects::Named;
use tallystick::ledger::types::{Money, NameId, ProgramId, Seq};

use super::samples::{NOW, bare, event, full_event, member, text};

/// Records with every effect on who is tied to whom.
pub fn records() -> Vec<(String, Record)> {
    let effects = [
        KinEffect::Link {
            party: 0,
            kind: KeyField::Card,
            ident: -7_000_000_000_001,
            others: 2,
            hub: false,
            with: vec![(9_000_000_000_003, Seq::new(999_000))],
        },
        KinEffect::Link { party: 0, kind: KeyField::Device, ident: 77, others: 26, hub: true, with: Vec::new() },
        KinEffect::Descend { party: 0, ancestors: vec![11, -12], quick: 2, slow: 3 },
        KinEffect::Befriend { party: 1, friend: text("m-3"), amount: Money::new(2_005) },
        KinEffect::Forgo { party: 0 },
    ];
    let effects = effects.map(Effect::Kin).into();
    let record = Record { effects, ..bare(Input::Event(Arc::new(full_event()))) };
    let by = |field| KeyFields::of(field);
    let beside = [(KeyField::Campaign, -5), (KeyField::Member, 77)].map(|(field, value)| Observation {
        ring: NameId::new(0xff00 + 35),
        key: by(field),
        capacity: 0x4040,
        value,
    });
    let observed = Record { observed: beside.into(), ..bare(Input::Event(Arc::new(event(EventKind::SocialShare)))) };
    vec![("record-effects-kin".to_owned(), record), ("record-observed-beside".to_owned(), observed)]
}

/// A member who is tied to others.
pub fn member_kin() -> Member {
    let link = Link {
        kind: KeyField::Phone,
        ident: -5,
        others: 3,
        hub: true,
        first: Seq::new(900_000),
        last: Seq::new(1_000_000),
        at: NOW,
    };
    let friend = Friend { member: text("m-3"), seq: Seq::new(999_999), at: NOW, amount: Money::new(2_005) };
    let kin = Kin {
        links: vec![link],
        ancestors: vec![11, -12],
        quick: 1,
        slow: 2,
        paid: Some(Seq::new(950_000)),
        friends: vec![friend],
    };
    Member { kin: Some(Box::new(kin)), ..member() }
}

/// Rows of the desk, by the names of their samples.
pub fn rows() -> [(&'static str, DeskRow); 7] {
    let program = ProgramId::new(1);
    let sighting = |member, seq| Sighting { kind: KeyField::Email, ident: 40, member, seq: Seq::new(seq) };
    let sightings = vec![sighting(11, 900_000), sighting(-12, 1_000_001)];
    let near = |member, seq| Near { kind: KeyField::Device, ident: -41, member, at: NOW, seq: Seq::new(seq) };
    let seen = vec![near(11, 900_000), near(-12, 1_000_001)];
    let named = Named { case: Seq::new(999_990), program, records: vec![Seq::new(900_000), Seq::new(999_980)] };
    let hub = Hub { program, kind: KeyField::Address, ident: -9, seq: Seq::new(1_000_001), members: 26 };
    [
        ("desk-cluster", DeskRow::Kin(KinRow::Cluster(Arc::new(Cluster { program, id: 11, sightings })))),
        ("desk-hub", DeskRow::Kin(KinRow::Hub(hub))),
        ("desk-ghost", DeskRow::Kin(KinRow::Ghost(program, -12))),
        ("desk-tried", DeskRow::Kin(KinRow::Tried(program, 13))),
        ("desk-circle", DeskRow::Kin(KinRow::Circle(Arc::new(Circle { program, id: 11, seen })))),
        ("desk-owes", DeskRow::Kin(KinRow::Owes(program, -12, 2_005))),
        ("desk-named", DeskRow::Named(Arc::new(named))),
    ]
}

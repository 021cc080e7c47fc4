//! The format of who is tied to whom: effects, a member's own part, rows of clusters and hubs.
//!
//! Field orders and tags are frozen; see [`super`]. Rows can be rebuilt from the journal.

use super::wire::{wire_enum, wire_struct};
use crate::ledger::circles::{Circle, Near};
use crate::ledger::clusters::{Cluster, Hub, KinRow, Sighting};
use crate::ledger::kin::{Friend, Kin, KinEffect, Link};

// Tags are never changed and never reused.
wire_enum!(KinEffect, "effect on who is tied to whom" {
    0 = Link { party, kind, ident, others, hub, with },
    1 = Descend { party, ancestors, quick, slow },
    2 = Befriend { party, friend, amount },
    3 = Forgo { party },
});

wire_struct!(Link { kind, ident, others, hub, first, last, at });

wire_struct!(Friend { member, seq, at, amount });

wire_struct!(Kin { links, ancestors, quick, slow, paid, friends });

// Tags are never changed and never reused.
wire_enum!(KinRow, "row of who is tied to whom" {
    0 = Cluster(cluster),
    1 = Hub(hub),
    2 = Ghost(program, member),
    3 = Tried(program, member),
    60 = Circle(circle),
    61 = Owes(program, member, owes),
});

wire_struct!(Circle { program, id, seen });

wire_struct!(Near { kind, ident, member, at, seq });

wire_struct!(Cluster { program, id, sightings });

wire_struct!(Sighting { kind, ident, member, seq });

wire_struct!(Hub { program, kind, ident, seq, members });

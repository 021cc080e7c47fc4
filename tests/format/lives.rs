//! Samples of the wider vocabulary: provenance, spending, cards, plans, the member's own affairs.

use std::sync::Arc;

use tallystick::ledger::act::{Act, Spend, What};
use tallystick::ledger::event::Birthday;
use tallystick::ledger::member::{Lot, Member, PoolState};
use tallystick::ledger::provenance::{
    Back, Condition, Cycle, EarlyRefund, Entitlement, Hold, HoldEnd, Leaving, LineBack, Lines, Mark, PlanPeriod,
    Punched, Window,
};
use tallystick::ledger::record::{Account, Effect, Input, Record};
use tallystick::ledger::standing::{Hanging, Standing};
use tallystick::ledger::types::{Money, Points, Seq};

use super::samples::{NOW, bare, full_context, lot, member, name, some, text};

fn lines_back() -> Vec<LineBack> {
    vec![
        LineBack { line: 1, quantity: 2, amount: Money::new(1_299) },
        LineBack { line: 7, quantity: 0, amount: Money::new(1) },
    ]
}

fn stamps() -> Vec<Punched> {
    vec![
        Punched { line: 1, worth: Money::new(10_001), expires_at: Some(NOW) },
        Punched { line: 0, worth: Money::new(450), expires_at: None },
    ]
}

fn conditions() -> [Condition; 5] {
    let counter = |window| Condition::Counter { counter: name(4), window, at_least: 3_000 };
    [
        counter(Window::Ever),
        counter(Window::Year(2026)),
        counter(Window::Month(680)),
        counter(Window::Day(20_717)),
        Condition::Tier(vec![name(2), name(3)]),
    ]
}

fn spending() -> Vec<Effect> {
    let (party, pool) = (0, name(0));
    let backs = [Back::Share, Back::Quantity, Back::Whole, Back::Below(Money::new(2_000)), Back::With(3), Back::Never];
    let mut effects: Vec<Effect> =
        backs.into_iter().map(|back| Effect::Origin { party, of: 2, lines: Lines::Of(vec![1, 3]), back }).collect();
    effects.push(Effect::Origin { party: 1, of: 300, lines: Lines::All, back: Back::Whole });
    for expires_at in [None, Some(NOW)] {
        let (lot, amount, earned_at) = (lot(9, 1), Points::new(40), NOW);
        effects.push(Effect::Spend { party, pool, lot, amount, earned_at, expires_at, to: Account::Redeemed });
        let (repaid, from) = (Points::new(5), Account::Redeemed);
        effects.push(Effect::Restore { party, pool, lot, amount, repaid, earned_at, expires_at, from });
    }
    let lots = vec![(lot(9, 1), Points::new(40)), (lot(10, 0), Points::new(2))];
    effects.push(Effect::Hold { party, index: 1, pool, lots, until: NOW, reward: Some(name(11)), order: some("o-9") });
    effects.push(Effect::Hold { party, index: 2, pool, lots: vec![], until: NOW, reward: None, order: None });
    for end in [HoldEnd::Captured, HoldEnd::Released, HoldEnd::Lapsed] {
        effects.push(Effect::Unhold { party, hold: lot(20, 1), end });
    }
    for reward in [None, Some((name(11), 4))] {
        effects.push(Effect::Redeem { party, id: lot(20, 1), pool, amount: Points::new(42), reward });
    }
    effects.push(Effect::Reversal { party, of: lot(20, 1), first: Seq::new(20), total: Points::new(10) });
    effects.push(Effect::Gift { party, pool, amount: Points::new(500), to: Account::Donated(name(12)) });
    effects
}

fn returning() -> Vec<Effect> {
    let (party, card) = (0, name(1));
    let mut effects = vec![
        Effect::Refund { party, order: text("o-9"), first: Seq::new(900), lines: lines_back() },
        Effect::Await { party, order: text("o-10"), lines: lines_back(), amount: None },
        Effect::Await { party, order: text("o-11"), lines: vec![], amount: Some(Money::new(60)) },
        Effect::Awaited { party, refund: Seq::new(901) },
        Effect::Punch { party, card, day: 20_717, of: 10, marks: stamps(), repaid: 1, filled: vec![2, 3], stamps: 4 },
        Effect::Unpunch {
            party,
            card,
            marks: vec![lot(99, 0), lot(99, 1)],
            owed: 1,
            reopened: vec![lot(98, 0)],
            stamps: 9,
        },
    ];
    for condition in conditions() {
        let counter = matches!(condition, Condition::Tier(_)).then_some((name(5), 20_717));
        effects.push(Effect::Hangs { party, grant: 2, condition, counter });
    }
    for why in [Leaving::Used, Leaving::Withdrawn, Leaving::Expired, Leaving::Cancelled] {
        effects.push(Effect::Ungrant { party, reward: name(11), grant: lot(98, 0), why });
    }
    effects
}

fn affairs() -> Vec<Effect> {
    let party = 0;
    let mut effects = Vec::new();
    for until in [None, Some(NOW)] {
        effects.push(Effect::Entitle { party, index: 1, entitlement: name(13), from: NOW, until });
        effects.push(Effect::Plan { party, index: 2, plan: name(14), from: NOW, until, paid: Money::new(2_500) });
    }
    effects.extend([
        Effect::Disentitle { party, id: lot(30, 1) },
        Effect::PlanEnd { party, period: lot(30, 2), at: NOW, refunded: true },
        Effect::PlanEnd { party, period: lot(31, 2), at: NOW, refunded: false },
        Effect::PlanSpend { party, period: lot(30, 2), spend: -5_000, credited: -100 },
        Effect::Seen { party, name: name(15), value: text("sku-77") },
        Effect::Since { party, name: name(16) },
        Effect::Told { party },
        Effect::Freeze { party, frozen: true },
        Effect::Freeze { party, frozen: false },
        Effect::Merged { party, into: text("m-2") },
        Effect::Erased { party },
        Effect::Household { party, household: None },
        Effect::Household { party, household: Some((text("smith"), vec![text("m-1"), text("m-2")])) },
    ]);
    effects
}

fn acts() -> Vec<(&'static str, What)> {
    let points = || Spend::Points { pool: text("points"), amount: Points::new(42) };
    let reward = || Spend::Reward(text("free_coffee"));
    let birthday = Some(Birthday { month: 2, day: 29, year: None });
    vec![
        ("hold", What::Hold { spend: points(), ttl_ms: 900_000, order: some("o-9") }),
        ("hold-reward", What::Hold { spend: reward(), ttl_ms: 1, order: None }),
        ("capture", What::Capture { hold: lot(20, 1), amount: Some(Points::new(40)) }),
        ("capture-all", What::Capture { hold: lot(20, 1), amount: None }),
        ("release", What::Release { hold: lot(20, 1) }),
        ("redeem", What::Redeem { spend: reward(), order: some("o-9") }),
        ("reverse", What::Reverse { redemption: lot(20, 1), amount: Some(Points::new(10)) }),
        ("use", What::Use { grant: lot(98, 0) }),
        ("cancel", What::Cancel { grant: lot(98, 0) }),
        ("donate", What::Donate { pool: text("points"), amount: Points::new(100), charity: text("wildlife") }),
        (
            "update",
            What::Update {
                birthday,
                attributes: vec![(text("size"), text("M"))],
                choices: vec![(text("triple_day"), text("2026-06-21"))],
            },
        ),
        ("freeze", What::Freeze { frozen: true, reason: text("asked by phone") }),
        ("merge", What::Merge { into: text("m-2") }),
        ("erase", What::Erase),
        ("join", What::Join { household: text("smith"), members: vec![text("m-1"), text("m-2")] }),
        ("leave", What::Leave),
        ("awaited", What::Awaited { refund: Seq::new(901) }),
    ]
}

/// A record of each act, and three of all effects.
pub fn records() -> Vec<(String, Record)> {
    let act = |what, context| Act { member: text("m-1"), context, what };
    let mut records: Vec<(String, Record)> = acts()
        .into_iter()
        .map(|(name, what)| {
            let context = (name == "hold").then(|| Box::new(full_context()));
            let input = Input::Act(Arc::new(act(what, context)), text("key-1"));
            (format!("record-act-{name}"), bare(input))
        })
        .collect();
    for (name, effects) in [("spending", spending()), ("returning", returning()), ("affairs", affairs())] {
        records.push((format!("record-effects-{name}"), Record { effects, ..bare(Input::Due(text("m-1"))) }));
    }
    records
}

/// A member who has everything.
pub fn member_standing() -> Member {
    let mark = |index| Mark {
        card: name(1),
        id: lot(99, index),
        of: Punched { line: 1, worth: Money::new(450), expires_at: Some(NOW) },
    };
    let hold = Hold {
        id: lot(20, 1),
        pool: name(0),
        lots: vec![(lot(9, 1), Points::new(40))],
        until: NOW,
        reward: Some(name(11)),
        order: some("o-9"),
    };
    let plan = PlanPeriod {
        id: lot(30, 2),
        plan: name(14),
        from: NOW,
        until: Some(NOW.plus_ms(31_536_000_000)),
        paid: Money::new(2_500),
        spend: 120_000,
        credited: 2_400,
        ended: true,
    };
    let hanging = |(index, condition)| Hanging { grant: lot(98, index), condition, counter: Some((name(5), 20_717)) };
    let kept = Lot {
        id: lot(9, 1),
        amount: Points::new(100),
        remaining: Points::new(90),
        held: Points::new(40),
        earned_at: NOW,
        available_at: NOW,
        expires_at: None,
        active: true,
        received: false,
    };
    let early =
        EarlyRefund { refund: Seq::new(901), order: text("o-10"), lines: lines_back(), amount: Some(Money::new(60)) };
    Member {
        pools: vec![PoolState {
            pool: name(0),
            lots: vec![kept].into(),
            debt: Points::ZERO,
            lifetime: Points::new(100),
        }],
        standing: Some(Box::new(Standing {
            holds: vec![hold],
            plans: vec![plan],
            entitlements: vec![Entitlement { id: lot(30, 1), name: name(13), from: NOW, until: None }],
            choices: vec![(text("triple_day"), text("2026-06-21"))],
            marks: vec![mark(0), mark(1)],
            cycles: vec![Cycle { grant: lot(98, 0), marks: vec![mark(2)] }],
            stamps_owed: vec![(name(1), 3)],
            conditions: (0u16..).zip(conditions()).map(hanging).collect(),
            early_refunds: vec![early],
            seen: vec![(name(15), text("sku-77"))],
            since: vec![(name(16), NOW)],
            had_plan: true,
            frozen: true,
            erased: true,
            merged_into: some("m-2"),
            household: Some((text("smith"), vec![text("m-1"), text("m-2")])),
        })),
        ..member()
    }
}

//! Points of fraud that moved on: where they are found, what is taken back of them and from whom. In a trace, `A>B 60` went from
//! one to the other, and who has what is left stands behind the bar.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tallystick::ledger::record::{Account, Effect, Input};
use tallystick::ledger::taint::Went;
use tallystick::ledger::types::LotId;

use crate::support::{World, check};

#[test]
fn what_was_passed_on_is_taken_back_from_where_it_is() {
    // All of it stayed a debt of the first member, who never came back, while the mules spent the points.
    check(
        "pool points transferable",
        "
        at 2026-06-01
        buy A 1000 order=o earn=100
        enroll B
        enroll C
        transfer A B 60
        transfer B C 30
        redeem C 5
        trace o = A>B 60, B>C 30, C redeemed 5 | A 40, B 30, C 25
        buy A 100 earn=1 verdict=hold
        confirm A claw=o
        = A points 0 pending=0 debt=5
        = B points 0 debt=0
        = C points 0 debt=0
        trace o = A>B 60, B>C 30, C redeemed 5, A clawedback 40, B clawedback 30, C clawedback 25, A owed 5 |
        ",
    );
}

#[test]
fn nobody_else_loses_what_is_their_own_or_comes_to_owe() {
    // B has got what they had themselves before it, and spends the oldest first: their own, then what came from A.
    check(
        "pool points transferable",
        "
        at 2026-06-01
        buy A 1000 order=o earn=50
        buy D 1000 earn=200
        enroll B
        enroll C
        transfer D B 20
        transfer A B 30
        transfer D B 40
        redeem B 30
        trace o = A>B 30, B redeemed 10 | A 20, B 20
        transfer B C 25
        trace o = A>B 30, B redeemed 10, B>C 20 | A 20, C 20
        buy A 100 earn=1 verdict=hold
        confirm A claw=o
        = A points 0 debt=10
        = B points 35 debt=0
        = C points 5 debt=0
        = D points 140 debt=0
        ",
    );
    // What a hold of theirs keeps stays kept. It is owed by who earned it.
    check(
        "pool points transferable",
        "
        at 2026-06-01
        buy A 1000 order=o earn=50
        enroll B
        transfer A B 50
        hold B 15
        buy A 100 earn=1 verdict=hold
        confirm A claw=o
        = A points 0 debt=15
        = B points 0 held=15 debt=0
        trace o = A>B 50, B clawedback 35, A owed 15 | B 15
        ",
    );
}

#[test]
fn points_that_came_back_to_their_giver_are_theirs_again() {
    check(
        "pool points transferable
         reward mug 30",
        "
        at 2026-06-01
        buy A 1000 order=o earn=50
        enroll B
        transfer A B 50
        redeem B mug
        transfer B A 20
        reverse B 10
        trace o = A>B 50, B redeemed 30, B>A 20, B returned 10 | B 10, A 20
        buy A 100 earn=1 verdict=hold
        confirm A claw=o
        = A points 0 debt=20
        = B points 0 debt=0
        ",
    );
}

#[test]
fn points_are_followed_through_merges_debts_households_and_gifts() {
    check(
        "pool points transferable
         spending points
         household 3",
        "
        at 2026-06-01
        buy A 1000 order=o earn=100
        enroll B
        enroll C
        enroll D
        transfer A B 50
        merge B C
        owe D 10
        transfer C D 30
        donate D 5 wildlife
        join A home A
        join E home A E -> unknown_member
        enroll E
        join E home A E
        redeem E 8
        trace o = A>B 50, B>C 50, C>D 30, D repaid 10, D donated 5, A redeemed 8 | A 42, C 20, D 15
        buy A 100 earn=1 verdict=hold
        confirm A claw=o
        = A points 0 debt=23
        = C points 0 debt=0
        = D points 0 debt=0
        ",
    );
}

#[test]
fn one_claw_back_never_takes_what_belongs_to_another() {
    // Two frauds sent their points to one receiver, whose lot holds both and honest ones between them.
    check(
        "pool points transferable",
        "
        at 2026-06-01
        buy A 1000 order=o earn=50
        buy B 1000 order=p earn=50
        buy D 1000 earn=50
        enroll C
        transfer A C 50
        transfer D C 50
        transfer B C 50
        redeem C 20
        buy B 100 earn=1 verdict=hold
        confirm B claw=p
        = C points 80
        trace o = A>C 50, C redeemed 20 | C 30
        buy A 100 earn=1 verdict=hold
        confirm A claw=o
        = A points 0 debt=20
        = B points 0 debt=0
        = C points 50 debt=0
        ",
    );
    // Part of the order was refunded before: the rest alone is taken.
    check(
        "pool points transferable",
        "
        at 2026-06-01
        buy A 1000 order=o earn=50
        buy A 1000 earn=50
        enroll C
        transfer A C 50
        refund A order=o amount=600
        = A points 20
        buy A 100 earn=1 verdict=hold
        confirm A claw=o
        = A points 20 debt=0
        = C points 30 debt=0
        ",
    );
}

const MEMBERS: [&str; 4] = ["A", "B", "C", "D"];

/// A step of a life, as a line of a table; members are numbers.
fn step() -> impl Strategy<Value = String> {
    let who = || prop::sample::select(MEMBERS.as_slice());
    prop_oneof![
        4 => (who(), 0usize..1_000, 1i64..60).prop_map(|(a, order, n)| format!("buy {a} {} order=o{order} earn={n}", n * 10)),
        8 => (who(), who(), 1i64..40).prop_map(|(a, b, n)| format!("transfer {a} {b} {n}")),
        2 => (who(), 1i64..30).prop_map(|(a, n)| format!("redeem {a} {n}")),
        1 => who().prop_map(|a| format!("redeem {a} mug")),
        2 => (who(), prop::option::of(1i64..20))
            .prop_map(|(a, n)| n.map_or_else(|| format!("reverse {a}"), |n| format!("reverse {a} {n}"))),
        1 => (who(), 1i64..30).prop_map(|(a, n)| format!("hold {a} {n}")),
        1 => who().prop_map(|a| format!("capture {a}")),
        1 => (who(), 0usize..1_000, 1i64..400).prop_map(|(a, order, n)| format!("refund {a} order=o{order} amount={n}")),
        1 => (who(), 1i64..20).prop_map(|(a, n)| format!("owe {a} {n}")),
        1 => (1i64..60).prop_map(|days| format!("wait {days}")),
        1 => (who(), who()).prop_map(|(a, b)| format!("merge {a} {b}")),
    ]
}

fn lived(steps: &[String]) -> World {
    let mut world = World::new(
        "pool points transferable expires=90d
         reward mug 12",
    );
    for member in MEMBERS {
        world.step(&format!("enroll {member}"));
    }
    let mut bought = Vec::new();
    for (number, line) in steps.iter().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let fresh = format!("order=o{number}");
        let line = match words.as_slice() {
            ["wait", days] => {
                let now = world.now();
                world.set_now(now.plus_ms(days.parse::<i64>().unwrap() * 86_400_000));
                continue;
            }
            ["capture", ..] if !world.has("capture") => continue,
            ["reverse", ..] if !world.has("reverse") => continue,
            ["buy", who, amount, _, earn] => {
                bought.push((*who, number));
                format!("buy {who} {amount} {fresh} {earn}")
            }
            ["refund", _, order, amount] if !bought.is_empty() => {
                let at: usize = order.strip_prefix("order=o").unwrap().parse().unwrap();
                let (who, number) = bought[at % bought.len()];
                format!("refund {who} order=o{number} {amount}")
            }
            ["refund", ..] => continue,
            // Nobody owes beside what they could pay with.
            ["owe", who, _] if world.is_merged(who) || world.buckets(who, world.now())[0] > 0 => continue,
            _ => line.clone(),
        };
        // What is refused is no part of the life.
        let _ = world.attempt(&line);
        let now = world.now();
        world.set_now(now);
    }
    world
}

/// How much of all that was followed is in each lot.
fn found(taint: &tallystick::ledger::taint::Taint) -> BTreeMap<(String, LotId), i64> {
    let mut found = BTreeMap::new();
    for left in taint.left() {
        *found.entry((left.member.to_string(), left.lot)).or_insert(0) += left.amount.get();
    }
    found
}

proptest! {
    /// All points are of some purchase: followed all together, they are what the lots hold, to the point. Followed alone, a
    /// purchase's points are found where they are among all. What went and what is left is what was earned.
    #[test]
    fn everything_is_found_and_nothing_twice(steps in prop::collection::vec(step(), 1..80)) {
        let world = lived(&steps);
        let earned = |record: &&tallystick::ledger::record::Record| {
            let issued = |effect: &Effect| matches!(effect, Effect::Credit(credit) if credit.from == Account::Issued);
            record.effects.iter().any(issued)
        };
        let origins: Vec<_> = world.records().iter().filter(earned).cloned().collect();
        let all = world.taint(&origins);
        prop_assert!(all.is_complete());
        prop_assert_eq!(found(&all), world.lots());
        for (at, source) in all.sources().iter().enumerate() {
            let alone = world.taint(&origins.iter().filter(|record| record.seq == source.origin).cloned().collect::<Vec<_>>());
            let of_all: Vec<_> = all.left().filter(|left| left.source == at).map(|left| (left.lot, left.amount)).collect();
            let mut of_one: Vec<_> = alone.left().map(|left| (left.lot, left.amount)).collect();
            of_one.sort_unstable();
            let mut sorted = of_all.clone();
            sorted.sort_unstable();
            prop_assert_eq!(&sorted, &of_one);
            let gone: i64 = all.moves().iter().filter(|step| step.source == at).map(|step| match step.went {
                Went::Transferred | Went::Merged => 0,
                Went::Returned => -step.amount.get(),
                _ => step.amount.get(),
            }).sum();
            let left: i64 = of_all.iter().map(|(_, amount)| amount.get()).sum();
            prop_assert_eq!(gone + left, source.amount.get());
        }
    }

    /// A claw-back takes from others no more than is left of it with them, brings nobody else into debt, is not done twice, and
    /// replays.
    #[test]
    fn a_claw_back_takes_what_came_of_it_and_no_more(steps in prop::collection::vec(step(), 1..80), which in 0usize..1_000) {
        let mut world = lived(&steps);
        let orders: Vec<_> = world.records().iter().filter_map(|record| match &record.input {
            Input::Event(event) if event.order.is_some() && event.kind.wire_name() == "purchase" => {
                Some((event.member.clone(), event.order().clone()))
            }
            _ => None,
        }).collect();
        prop_assume!(!orders.is_empty());
        let (member, order) = orders[which % orders.len()].clone();
        prop_assume!(!world.is_merged(&member));
        let before = world.taint(&[world.standing_order(&order)]);
        let debts: BTreeMap<&str, i64> = MEMBERS.iter().map(|id| (*id, world.buckets(id, world.now())[3])).collect();
        let lots = world.lots();
        world.step(&format!("buy {member} 10 verdict=hold"));
        world.step(&format!("confirm {member} claw={order}"));
        let record = world.records().last().unwrap().clone();
        let tainted = found(&before);
        for effect in &record.effects {
            let Effect::Debit { party, lot, amount, .. } = effect else { continue };
            let who = record.parties[usize::from(*party)].member.to_string();
            let most = if who == member { &lots } else { &tainted };
            prop_assert!(amount.get() <= most[&(who, *lot)]);
        }
        for id in MEMBERS.iter().filter(|id| **id != member) {
            prop_assert!(world.buckets(id, world.now())[3] <= debts[id], "{} owes more", id);
        }
        let after = world.taint(&[world.standing_order(&order)]);
        let held = |left: &tallystick::ledger::taint::Left| world.held_in(&left.member, left.lot);
        // A refund has asked for a part of it already, which stays where it went.
        let refunded = world.records().iter().flat_map(|record| &record.effects).any(|effect| {
            matches!(effect, Effect::Refund { order: of, .. } if *of == order)
        });
        for left in after.left().filter(|_| !refunded) {
            prop_assert!(left.amount.get() <= held(&left), "what is left is kept by a hold: {:?}", left);
        }
        world.step(&format!("buy {member} 10 verdict=hold"));
        let before = world.lots();
        world.step(&format!("confirm {member} claw={order}"));
        prop_assert_eq!(world.lots(), before, "a second time nothing is left to take");
        world.replay();
    }
}

//! Stamps and points for coffees nobody drank. Writes steps; judges nothing.

use super::Attack;
use crate::cli::bench::fraud::step::{MINUTE, SECOND, Step};
use crate::cli::bench::fraud::town::{TERMINALS, Town};

/// Many punches at one visit.
pub fn burst(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (count, gap, rounds, days) = attack.by((18, 2, 1, 1), (9, 6, 3, 2), (5, 31, 1, 25));
    for day in attack.days(days) {
        for round in 0..rounds {
            for punch in 0..count {
                let step = attack.coffee(&member, Town::at(day, 9 + round * 3, punch * gap), 300);
                attack.send(step);
            }
        }
    }
}

/// One basket as many sales.
pub fn split_sale(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (parts, days) = attack.by((12, 1), (6, 3), (3, 12));
    let card = attack.own("c", 0);
    for day in attack.days(days) {
        let begun = Town::at(day, 12, attack.rng.below(200));
        for part in 0..parts {
            let step = Town::at_till(Step::sale(&member, begun + part * 25 * SECOND, 310), attack.store, 1);
            attack.send(step.card(Some(&card)));
        }
    }
}

/// As many as a fixed hour allows before it ends, and as many after: only a window that rolls sees both.
pub fn window_edge(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (each, days) = attack.by((11, 1), (10, 2), (6, 6));
    for day in attack.days(days) {
        for (first, count) in [(60 - each, each), (60, each)] {
            for punch in 0..count {
                let step = attack.coffee(&member, Town::at(day, 9, first + punch), 300);
                attack.send(step);
            }
        }
    }
}

/// Punches for sales of a cent.
pub fn no_sale(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (count, gap, days) = attack.by((15, 3, 1), (3, 31, 10), (1, 31, 20));
    for day in attack.days(days) {
        for punch in 0..count {
            let step = attack.coffee(&member, Town::at(day, 10, punch * gap), 1);
            attack.send(step);
        }
    }
}

/// In two cities at once: an account that several people use.
pub fn travel(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (hops, minutes, days) = attack.by((6, 10, 1), (4, 45, 2), (3, 110, 6));
    for day in attack.days(days) {
        for hop in 0..hops {
            let store = attack.town.store_in(attack.store + hop);
            let at = Town::at(day, 8, hop * minutes);
            attack.send(Town::at_till(Step::sale(&member, at, 400), store, 0));
        }
    }
}

/// One member's code on many people's phones.
pub fn shared_code(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (people, gap, days) = attack.by((9, 12, 1), (5, 90, 4), (2, 240, 15));
    for day in attack.days(days) {
        for one in 0..people {
            let at = Town::at(day, 9, one * gap) + attack.rng.below(MINUTE);
            let terminal = attack.rng.below(TERMINALS);
            let step = Town::at_till(Step::sale(&member, at, 380), attack.store / 4 * 4 + one % 4, terminal);
            let (device, card) = (attack.own("d-friend", one), attack.own("c-friend", one));
            attack.send(step.with("device", device).card(Some(&card)));
        }
    }
}

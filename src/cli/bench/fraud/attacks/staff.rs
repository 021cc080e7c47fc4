//! Those behind the counter. Writes steps; judges nothing.

use super::Attack;
use crate::cli::bench::fraud::step::{DAY, HOUR, MINUTE, Step};
use crate::cli::bench::fraud::town::Town;

/// A sale to a guest, paid with the guest's card, on somebody else's account.
fn guest(attack: &mut Attack<'_>, member: &str, at: i64, number: i64) {
    let amount = attack.rng.between(400, 2_800);
    let card = attack.own("c-guest", number);
    let step = Town::at_till(Step::sale(member, at, amount), attack.store, 1);
    attack.send(step.card(Some(&card)));
}

/// A cashier's friend gets the guests' points.
pub fn sweetheart(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (count, gap, days) = attack.by((14, 28, 1), (6, 65, 4), (2, 200, 18));
    for day in attack.days(days) {
        for one in 0..count {
            let at = Town::at(day, 7, 10 + one * gap) + attack.rng.below(4) * MINUTE;
            guest(attack, &member, at, day * 100 + one);
        }
    }
}

/// An employee's own account at their own till.
pub fn own_till(attack: &mut Attack<'_>) {
    let member = attack.own("x", 0);
    let staff = Town::cashier(attack.store, 1, Town::at(0, 9, 0));
    let step = attack.enrolment(0, Town::at(-20, 9, 0)).attribute("employee", staff);
    attack.send(step);
    let (count, days) = attack.by((8, 1), (3, 5), (1, 14));
    for day in attack.days(days) {
        for one in 0..count {
            guest(attack, &member, Town::at(day, 8, one * 40), day * 100 + one);
        }
    }
}

/// One account, a new card with every sale, at any till.
pub fn guest_cards(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (count, gap, days) = attack.by((10, 20, 1), (4, 150, 4), (2, 300, 14));
    for day in attack.days(days) {
        for one in 0..count {
            let amount = attack.rng.between(500, 3_000);
            let step = attack.coffee(&member, Town::at(day, 8, one * gap), amount);
            let card = attack.own("c-guest", day * 100 + one);
            attack.send(step.card(Some(&card)));
        }
    }
}

/// Goodwill by hand, always to the same account.
pub fn manual_credit(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (count, points, gap, days) = attack.by((12, 400, 4, 1), (3, 150, 120, 4), (1, 100, 0, 14));
    for day in attack.days(days) {
        for one in 0..count {
            let at = Town::at(day, 11, one * gap);
            let step = Step::adjust(&member, at, points).with("store", Town::name(attack.store));
            attack.send(step.with("staff", Town::cashier(attack.store, 0, at)));
        }
    }
}

/// Sales while the store is shut.
pub fn after_hours(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (count, days) = attack.by((8, 1), (3, 4), (1, 12));
    for day in attack.days(days) {
        for one in 0..count {
            guest(attack, &member, Town::at(day, 2, one * 14), day * 100 + one);
        }
    }
}

/// A cashier with several friends: each gets little.
pub fn circle(attack: &mut Attack<'_>) {
    let friends: Vec<String> = (0..5).map(|number| attack.member(number)).collect();
    let (each, days) = attack.by((5, 1), (2, 5), (1, 12));
    for day in attack.days(days) {
        for round in 0..each {
            for (number, friend) in (0i64..).zip(&friends) {
                let at = Town::at(day, 7, 20 + round * 70 + number * 11);
                guest(attack, friend, at, day * 100 + round * 10 + number);
            }
        }
    }
}

/// A cashier's friend gets the points of guests who pay in cash.
pub fn cash_favour(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (count, gap, days) = attack.by((14, 28, 1), (6, 65, 4), (2, 200, 18));
    for day in attack.days(days) {
        for one in 0..count {
            let at = Town::at(day, 7, 10 + one * gap) + attack.rng.below(4) * MINUTE;
            let amount = attack.rng.between(400, 2_800);
            attack.send(Town::at_till(Step::sale(&member, at, amount), attack.store, 1));
        }
    }
}

/// A cashier spends the points of members who are not there.
pub fn drain(attack: &mut Attack<'_>) {
    let (count, gap, points) = attack.by((6, 10 * MINUTE, 550), (4, 6 * HOUR, 250), (4, 2 * DAY, 120));
    for number in 0..count {
        let victim = attack.victim(number);
        let at = Town::at(attack.day, 9, 30) + number * gap;
        let step = Town::at_till(Step::redeem(&victim, at, points).stake(points), attack.store, 2);
        attack.send(step);
    }
}

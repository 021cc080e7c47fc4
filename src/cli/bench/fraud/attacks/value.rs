//! Points made out of nothing, or washed. Writes steps; judges nothing.

use super::Attack;
use crate::cli::bench::fraud::step::{DAY, HOUR, MINUTE, Step};
use crate::cli::bench::fraud::town::Town;

/// Buys, moves the points on, and brings it all back; with a new account each time once the first is in debt.
pub fn earn_refund(attack: &mut Attack<'_>) {
    let mule = attack.member(99);
    let (loops, gap) = attack.by((6, 2 * HOUR), (5, DAY), (4, 6 * DAY));
    let same_account = attack.by(true, false, false);
    let card = attack.own("c", 0);
    for number in 0..loops {
        let member = if same_account && number > 0 { attack.own("x", 0) } else { attack.member(number) };
        let at = Town::at(attack.day, 9, 0) + number * gap;
        let sale = attack.coffee(&member, at, 20_000).card(Some(&card));
        let order = attack.send(sale);
        attack.send(Step::transfer(&member, &mule, at + 10 * MINUTE, 200));
        let back = Step::refund(&member, at + 40 * MINUTE, &order, 0);
        let back = Town::at_till(back, attack.store, 0);
        attack.send(back);
    }
}

/// Many small accounts into one.
pub fn fan_in(attack: &mut Attack<'_>) {
    let (senders, gap) = attack.by((10, 5 * MINUTE), (8, 6 * HOUR), (8, 2 * DAY));
    let receiver = attack.member(99);
    for number in 0..senders {
        let sender = attack.member(number);
        let at = Town::at(attack.day, 10, 0) + number * gap;
        let step = Attack::subscribes(&sender, at - HOUR).stake(0);
        attack.send(step);
        attack.send(Step::transfer(&sender, &receiver, at, 25).stake(25));
    }
}

/// Stolen points through two accounts, and out.
pub fn pass_through(attack: &mut Attack<'_>) {
    let victim = attack.victim(0);
    let (first, second) = (attack.member(1), attack.member(2));
    let gap = attack.by(10 * MINUTE, 5 * HOUR, 30 * HOUR);
    let at = Town::at(attack.day, 4, 0);
    attack.send(Step::transfer(&victim, &first, at, 500));
    attack.send(Step::transfer(&first, &second, at + gap, 490));
    attack.send(Step::redeem(&second, at + 2 * gap, 480).stake(480));
}

/// Round and round, so that nobody knows where they came from; then out.
pub fn cycle(attack: &mut Attack<'_>) {
    let victim = attack.victim(0);
    let washers: Vec<String> = (1..=3).map(|number| attack.member(number)).collect();
    let gap = attack.by(10 * MINUTE, 4 * HOUR, 20 * HOUR);
    let mut at = Town::at(attack.day, 4, 0);
    let Some(first) = washers.first().cloned() else { return };
    attack.send(Step::transfer(&victim, &first, at, 500));
    let mut from = first;
    for hop in 1..=6 {
        at += gap;
        let Some(to) = washers.get(hop % washers.len()) else { return };
        attack.send(Step::transfer(&from, to, at, 480));
        from.clone_from(to);
    }
    attack.send(Step::redeem(&from, at + gap, 450).stake(450));
}

/// Accounts that have nothing in common take a bonus, wait, and give it to one of them.
pub fn sleepers(attack: &mut Attack<'_>) {
    let (count, waits, gap) = attack.by((10, HOUR, 4 * MINUTE), (8, 3 * DAY, 6 * HOUR), (7, 16 * DAY, DAY));
    let receiver = attack.member(99);
    for number in 0..count {
        let at = Town::at(attack.day, 10, 0) + number * gap;
        let step = attack.enrolment(number, at);
        attack.send(step);
        let name = attack.own("x", number);
        attack.send(Attack::subscribes(&name, at + 3 * MINUTE).stake(0));
        attack.send(Step::transfer(&name, &receiver, at + waits, 25).stake(25));
    }
}

//! Friends who are none. Writes steps; judges nothing.

use super::Attack;
use crate::cli::bench::fraud::step::{DAY, HOUR, MINUTE, Step};
use crate::cli::bench::fraud::town::Town;

/// What both sides get, and the friend's least purchase.
const BONUSES: i64 = 150;
const LEAST: i64 = 500;

/// The purchase that pays the bonuses; its order.
fn qualifies(attack: &mut Attack<'_>, friend: &str, at: i64) -> String {
    let step = attack.coffee(friend, at, LEAST);
    let stake = step.stake + BONUSES;
    attack.send(step.stake(stake))
}

/// A friend joins with what `changed` gives them, and buys an hour later.
fn friend(attack: &mut Attack<'_>, number: i64, referrer: &str, at: i64, changed: impl FnOnce(Step) -> Step) -> String {
    let step = changed(attack.enrolment(number, at).with("referrer", referrer));
    attack.send(step);
    let name = attack.own("x", number);
    qualifies(attack, &name, at + HOUR)
}

/// Oneself, with the same telephone, e-mail or postal address.
pub fn self_hard(attack: &mut Attack<'_>) {
    let shared = attack.own("shared", 0);
    let field = attack.by("email_hash", "phone_hash", "address_hash");
    let referrer = attack.own("x", 0);
    let step = attack.enrolment(0, Town::at(-20, 9, 0)).with(field, &shared);
    attack.send(step);
    let (count, gap) = attack.by((6, HOUR), (4, DAY), (3, 5 * DAY));
    for number in 1..=count {
        let at = Town::at(attack.day, 9, 0) + number * gap;
        friend(attack, number, &referrer, at, |step| step.with(field, &shared));
    }
}

/// Oneself, on the same phone or behind the same network.
pub fn self_soft(attack: &mut Attack<'_>) {
    let referrer = attack.member(0);
    let (device, ip) = (attack.own("d", 0), attack.own("ip", 0));
    let same_device = attack.by(true, true, false);
    let (count, gap) = attack.by((8, 6 * MINUTE), (6, 8 * HOUR), (5, 4 * DAY));
    for number in 1..=count {
        let at = Town::at(attack.day, 9, 0) + number * gap;
        friend(attack, number, &referrer, at, |step| {
            let step = step.with("ip", &ip);
            if same_device { step.with("device", &device) } else { step }
        });
    }
}

/// A brings B, B brings C, C brings A again under another name: each with the telephone of the one two before.
pub fn ring(attack: &mut Attack<'_>) {
    let (count, gap) = attack.by((6, 20 * MINUTE), (6, 10 * HOUR), (5, 3 * DAY));
    let mut referrer = attack.own("x", 0);
    let people = attack.by(2, 3, 3);
    let step = attack.enrolment(0, Town::at(-20, 9, 0)).with("phone_hash", attack.own("person", 0));
    attack.send(step);
    for number in 1..=count {
        let phone = attack.own("person", number % people);
        let at = Town::at(attack.day, 9, 0) + number * gap;
        friend(attack, number, &referrer, at, |step| step.with("phone_hash", phone));
        referrer = attack.own("x", number);
    }
}

/// One referrer and many friends, who buy the least there is and are never seen again.
pub fn star(attack: &mut Attack<'_>) {
    let referrer = attack.member(0);
    let (count, gap) = attack.by((12, 15 * MINUTE), (9, 17 * HOUR), (6, 4 * DAY));
    for number in 1..=count {
        let at = Town::at(attack.day, 9, 0) + number * gap;
        friend(attack, number, &referrer, at, |step| step);
    }
}

/// Everybody brings exactly one, at once.
pub fn chain(attack: &mut Attack<'_>) {
    let mut referrer = attack.member(0);
    let (count, gap) = attack.by((9, 12 * MINUTE), (8, 3 * HOUR), (6, 2 * DAY));
    for number in 1..=count {
        let at = Town::at(attack.day, 9, 0) + number * gap;
        friend(attack, number, &referrer, at, |step| step);
        referrer = attack.own("x", number);
    }
}

/// The friend's purchase comes back as soon as the bonus has been moved on.
pub fn refund_after(attack: &mut Attack<'_>) {
    let (referrer, mule) = (attack.member(0), attack.member(99));
    let (count, gap) = attack.by((6, HOUR), (4, DAY), (3, 5 * DAY));
    for number in 1..=count {
        let at = Town::at(attack.day, 9, 0) + number * gap;
        let order = friend(attack, number, &referrer, at, |step| step);
        let moved = Step::transfer(&referrer, &mule, at + HOUR + 10 * MINUTE, 100);
        attack.send(moved);
        let back = Step::refund(&attack.own("x", number), at + HOUR + 30 * MINUTE, &order, 0);
        let back = Town::at_till(back, attack.store, 0);
        attack.send(back);
    }
}

/// Two referrers take turns, so that neither brings many; every other friend pays with the same card.
pub fn crossed(attack: &mut Attack<'_>) {
    let referrers = [attack.member(80), attack.member(81)];
    let cards = [attack.own("c", 0), attack.own("c", 1)];
    let (count, gap) = attack.by((10, 25 * MINUTE), (8, 11 * HOUR), (6, 3 * DAY));
    for number in 1..=count {
        let turn = usize::from(number % 2 == 0);
        let at = Town::at(attack.day, 9, 0) + number * gap;
        let Some((referrer, card)) = referrers.get(turn).zip(cards.get(1 - turn)) else { return };
        let step = attack.enrolment(number, at).with("referrer", referrer);
        attack.send(step);
        let name = attack.own("x", number);
        let amount = LEAST + attack.rng.below(900);
        let step = attack.coffee(&name, at + HOUR, amount).card(Some(card));
        let stake = step.stake + BONUSES;
        attack.send(step.stake(stake));
    }
}

//! Those who leave little that is theirs alone: phones and networks that are shared in turn, accounts that are thrown away, and
//! patience. Writes steps; judges nothing.

use super::Attack;
use crate::cli::bench::fraud::step::{DAY, HOUR, Kind, MINUTE, Step};
use crate::cli::bench::fraud::town::Town;

/// What both sides of a referral get, and the friend's least purchase.
const BONUSES: i64 = 150;
const LEAST: i64 = 500;

/// An account is made on a phone and a network, and takes the bonus for subscribing with them.
fn subscriber(attack: &mut Attack<'_>, number: i64, at: i64, (device, ip): (&str, &str)) -> String {
    let step = attack.enrolment(number, at).with("device", device).with("ip", ip);
    attack.send(step);
    let name = attack.own("x", number);
    attack.send(Attack::subscribes(&name, at + 5 * MINUTE).with("device", device).with("ip", ip));
    name
}

/// Many accounts on a few phones and networks by turns, so that no phone and no network has many.
pub fn shared_phones(attack: &mut Attack<'_>) {
    let (count, phones, networks, gap) = attack.by((16, 3, 1, 4 * MINUTE), (12, 4, 3, 5 * HOUR), (9, 4, 2, DAY));
    for number in 0..count {
        let at = Town::at(attack.day, 9, 0) + number * gap + attack.rng.below(2 * MINUTE);
        let (device, ip) = (attack.own("farm", number % phones), attack.own("farm-ip", number % networks));
        subscriber(attack, number, at, (&device, &ip));
    }
}

/// The same phone again and again: the bonus is taken and spent, the account erased, and the next one made.
pub fn reborn(attack: &mut Attack<'_>) {
    let (count, gap) = attack.by((7, 30 * MINUTE), (6, 14 * HOUR), (5, 4 * DAY));
    let (device, ip) = (attack.own("d", 0), attack.own("ip", 0));
    for number in 0..count {
        let at = Town::at(attack.day, 9, 0) + number * gap;
        let name = subscriber(attack, number, at, (&device, &ip));
        let spent = Step::redeem(&name, at + 10 * MINUTE, 25).with("channel", "app");
        attack.send(spent.with("device", &device).with("ip", &ip));
        attack.send(Step::erase(&name, at + 20 * MINUTE));
    }
}

/// Buys, spends the points, brings it back, and leaves the account with its debt for the next one on the same card.
pub fn debt_walker(attack: &mut Attack<'_>) {
    let (count, gap, keeps) = attack.by((6, 3 * HOUR, HOUR), (5, 2 * DAY, DAY), (4, 6 * DAY, 5 * DAY));
    let card = attack.own("c", 0);
    for number in 0..count {
        let at = Town::at(attack.day, 9, 0) + number * gap;
        let step = attack.enrolment(number, at);
        attack.send(step);
        let name = attack.own("x", number);
        let sale = attack.coffee(&name, at + 10 * MINUTE, 20_000).card(Some(&card)).stake(0);
        let order = attack.send(sale);
        let device = attack.own("d", number);
        attack.send(Step::redeem(&name, at + HOUR, 190).stake(190).with("channel", "app").with("device", device));
        let back = Town::at_till(Step::refund(&name, at + HOUR + keeps, &order, 0), attack.store, 0);
        attack.send(back);
    }
}

/// The thief has the letters sent elsewhere, and waits until the phone is an old one.
pub fn patient_drain(attack: &mut Attack<'_>) {
    let victim = attack.victim(0);
    let at = Town::at(attack.day, 3, 0);
    let login = attack.thief(Step::login(&victim, at, "success"));
    attack.send(login);
    let changed = Step::new(Kind::Event("profile"), &victim, at + 2 * MINUTE).with("email_hash", attack.own("new", 0));
    let changed = attack.thief(changed);
    attack.send(changed);
    let (times, points, waits) = attack.by((1, 560, HOUR), (2, 270, 4 * DAY), (3, 180, 9 * DAY));
    for time in 0..times {
        let step = attack.thief(Step::redeem(&victim, at + waits + time * DAY, points).stake(points));
        attack.send(step);
    }
}

/// A code in a forum: strangers who share nothing join with it, buy what is asked for, and never come again.
pub fn leaked_code(attack: &mut Attack<'_>) {
    let referrer = attack.member(0);
    let (count, gap) = attack.by((30, 25 * MINUTE), (22, 7 * HOUR), (12, 2 * DAY));
    for number in 1..=count {
        let at = Town::at(attack.day, 8, 0) + number * gap + attack.rng.below(20 * MINUTE);
        let step = attack.enrolment(number, at).with("referrer", &referrer);
        attack.send(step);
        let name = attack.own("x", number);
        let amount = LEAST + attack.rng.below(60);
        let bought = at + attack.rng.between(10, 200) * MINUTE;
        let step = attack.coffee(&name, bought, amount);
        let stake = step.stake + BONUSES;
        attack.send(step.stake(stake));
    }
}

/// A phone of its own for each account, all behind one network.
pub fn one_network(attack: &mut Attack<'_>) {
    let (count, gap) = attack.by((14, 4 * MINUTE), (10, 5 * HOUR), (7, 2 * DAY));
    let ip = attack.own("ip", 0);
    for number in 0..count {
        let at = Town::at(attack.day, 9, 0) + number * gap;
        let device = attack.own("d", number);
        subscriber(attack, number, at, (&device, &ip));
    }
}

/// A stolen account is eaten crumb by crumb.
pub fn nibble(attack: &mut Attack<'_>) {
    let victim = attack.victim(0);
    let at = Town::at(attack.day, 2, 0);
    let login = attack.thief(Step::login(&victim, at, "success"));
    attack.send(login);
    let (times, points, gap) = attack.by((10, 55, 6 * MINUTE), (8, 60, 26 * HOUR), (7, 60, 3 * DAY));
    for time in 0..times {
        let step = attack.thief(Step::redeem(&victim, at + HOUR + time * gap, points).stake(points));
        attack.send(step);
    }
}

/// One member's number is known to a whole office, each with a card of their own.
pub fn office_code(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (people, gap, days) = attack.by((12, 20, 2), (5, 75, 6), (2, 190, 18));
    for day in attack.days(days) {
        for one in 0..people {
            let at = Town::at(day, 8, one * gap) + attack.rng.below(9 * MINUTE);
            let step = attack.coffee(&member, at, 380);
            let card = attack.own("c-colleague", (day * people + one) % 6);
            attack.send(step.card(Some(&card)));
        }
    }
}

/// Two who bring friends to each other's phones: each phone makes a friend of the one and of the other, so that no two friends of one
/// share it, and each friend buys with a phone of their own.
pub fn handed_round(attack: &mut Attack<'_>) {
    let referrers = [attack.member(80), attack.member(81)];
    let (count, gap) = attack.by((8, 20 * MINUTE), (7, 9 * HOUR), (6, 2 * DAY));
    for number in 1..=count {
        let at = Town::at(attack.day, 10, 0) + number * gap;
        let (device, ip) = (attack.own("round", number), attack.own("round-ip", number % 2));
        for (turn, referrer) in (0i64..).zip(&referrers) {
            let friend = number * 10 + turn;
            let step = attack.enrolment(friend, at + turn * 3 * MINUTE).with("device", &device).with("ip", &ip);
            attack.send(step.with("referrer", referrer));
            let (name, phone) = (attack.own("x", friend), attack.own("d", friend));
            let amount = LEAST + 200 + attack.rng.below(900);
            let step = attack.coffee(&name, at + HOUR, amount).with("device", phone);
            let stake = step.stake + BONUSES;
            attack.send(step.stake(stake));
        }
    }
}

//! Members who do not exist. Writes steps; judges nothing.

use super::Attack;
use crate::cli::bench::fraud::step::{DAY, HOUR, Kind, MINUTE, Step};
use crate::cli::bench::fraud::town::Town;

/// An account is made and takes the bonus for subscribing.
fn account(attack: &mut Attack<'_>, number: i64, at: i64, changed: impl Fn(Step) -> Step) {
    let step = changed(attack.enrolment(number, at));
    attack.send(step);
    let name = attack.own("x", number);
    let bonus = Attack::subscribes(&name, at + MINUTE);
    let (device, ip) = (attack.own("d", number), attack.own("ip", number));
    let bonus = changed(bonus.with("device", device).with("ip", ip));
    attack.send(bonus);
}

/// As many accounts as a phone can make.
pub fn signup_burst(attack: &mut Attack<'_>) {
    let (count, gap, a_device) = attack.by((20, 2 * MINUTE, 20), (15, HOUR, 3), (10, 20 * HOUR, 1));
    let ip = attack.own("ip", 0);
    for number in 0..count {
        let device = attack.own("farm", number / a_device);
        let at = Town::at(attack.day, 9, 0) + number * gap;
        account(attack, number, at, |step| step.with("device", &device).with("ip", &ip));
    }
}

/// One person's many addresses: the same flat, then the same telephone, then only the same phone.
pub fn alias_family(attack: &mut Attack<'_>) {
    let (count, gap) = attack.by((10, 10 * MINUTE), (8, 7 * HOUR), (6, 3 * DAY));
    let field = attack.by("address_hash", "phone_hash", "device");
    let shared = attack.own("shared", 0);
    for number in 0..count {
        let at = Town::at(attack.day, 9, 0) + number * gap;
        let step = attack.enrolment(number, at).with(field, &shared);
        attack.send(step);
        let name = attack.own("x", number);
        let bonus = Attack::subscribes(&name, at + MINUTE);
        attack.send(if field == "device" { bonus.with("device", &shared) } else { bonus });
    }
    // What lies in ten accounts buys nothing: it is put together.
    let first = attack.own("x", 0);
    for number in 1..count {
        let at = Town::at(attack.day, 9, 0) + count * gap + number * gap;
        let step = Step::transfer(&attack.own("x", number), &first, at, 25).stake(0);
        attack.send(step);
    }
}

/// Everybody's birthday is next week.
pub fn birthday_farm(attack: &mut Attack<'_>) {
    let (count, gap) = attack.by((12, 5 * MINUTE), (8, 5 * HOUR), (6, 2 * DAY));
    let device = attack.own("farm", 0);
    let same_device = attack.by(true, true, false);
    for number in 0..count {
        let at = Town::at(attack.day, 10, 0) + number * gap;
        let step = attack.enrolment(number, at).with("birthday", format!("03-{:02}", 18 + number % 3));
        attack.send(if same_device { step.with("device", &device) } else { step });
        let name = attack.own("x", number);
        let bonus = Attack::subscribes(&name, at + MINUTE);
        attack.send(bonus.with("device", &device));
    }
}

/// A review a day for each account, all from one phone or one network.
pub fn review_farm(attack: &mut Attack<'_>) {
    let accounts: Vec<String> = (0..attack.by(10, 5, 3)).map(|number| attack.member(number)).collect();
    let (device, ip) = (attack.own("farm", 0), attack.own("farm-ip", 0));
    for day in attack.days(attack.by(4, 8, 20)) {
        for (number, member) in (0i64..).zip(&accounts) {
            let at = Town::at(day, 20, number * attack.by(1, 11, 35));
            let step = Step::new(Kind::Event("review"), member, at).stake(5).with("ip", &ip);
            attack.send(if attack.by(true, true, false) { step.with("device", &device) } else { step });
        }
    }
}

/// Accounts without anything in common that always do the same at the same time.
pub fn lockstep(attack: &mut Attack<'_>) {
    let accounts: Vec<String> = (0..12).map(|number| attack.member(number)).collect();
    let apart = attack.by(4_000, 50_000, 9 * MINUTE);
    for day in attack.days(attack.by(8, 8, 12)) {
        for (number, member) in (0i64..).zip(&accounts) {
            let at = Town::at(day, 21, 5) + number * apart;
            let device = attack.own("d", number);
            attack.send(Step::new(Kind::Event("review"), member, at).stake(5).with("device", device));
        }
    }
}

/// Accounts that each buy one coffee, all on one card, before they take the bonus.
pub fn one_card(attack: &mut Attack<'_>) {
    let (count, gap) = attack.by((12, 20 * MINUTE), (9, 8 * HOUR), (6, 3 * DAY));
    let card = attack.own("c", 0);
    for number in 0..count {
        let at = Town::at(attack.day, 9, 0) + number * gap;
        let step = attack.enrolment(number, at);
        attack.send(step);
        let name = attack.own("x", number);
        let step = attack.coffee(&name, at + 5 * MINUTE, 300).card(Some(&card)).stake(0);
        attack.send(step);
        let bonus = Attack::subscribes(&name, at + 9 * MINUTE);
        let (device, ip) = (attack.own("d", number), attack.own("ip", number));
        attack.send(bonus.with("device", device).with("ip", ip));
    }
}

//! Other people's accounts. Victims are honest and have about 600 points. Writes steps; judges nothing.

use super::Attack;
use crate::cli::bench::fraud::step::{DAY, HOUR, Kind, MINUTE, SECOND, Step};
use crate::cli::bench::fraud::town::Town;

/// Points taken from an account.
fn takes(attack: &mut Attack<'_>, victim: &str, at: i64, points: i64) {
    let step = attack.thief(Step::redeem(victim, at, points).stake(points));
    attack.send(step);
}

/// The thief gets in.
fn gets_in(attack: &mut Attack<'_>, victim: &str, at: i64, failures: i64) {
    for failure in 0..failures {
        let step = attack.thief(Step::login(victim, at - (failures - failure) * 20 * SECOND, "failure"));
        attack.send(step);
    }
    let step = attack.thief(Step::login(victim, at, "success"));
    attack.send(step);
}

/// Passwords are tried until one fits, and the account is emptied.
pub fn guess_drain(attack: &mut Attack<'_>) {
    let victim = attack.victim(0);
    let at = Town::at(attack.day, 20, 0);
    let failures = attack.by(8, 3, 0);
    gets_in(attack, &victim, at, failures);
    let (times, points, after, gap) = attack.by((1, 560, 8 * MINUTE, 0), (2, 200, 2 * HOUR, HOUR), (5, 90, DAY, DAY));
    for time in 0..times {
        takes(attack, &victim, at + after + time * gap, points);
    }
}

/// The address is changed first, so that the member hears nothing.
pub fn change_drain(attack: &mut Attack<'_>) {
    let (victim, mule) = (attack.victim(0), attack.member(1));
    let at = Town::at(attack.day, 3, 0);
    gets_in(attack, &victim, at, 0);
    let changed = Step::new(Kind::Event("profile"), &victim, at + 2 * MINUTE).with("email_hash", attack.own("new", 0));
    let changed = attack.thief(changed.with("phone_hash", attack.own("new", 1)));
    attack.send(changed);
    let (times, points, after) = attack.by((1, 560, 10 * MINUTE), (2, 250, 12 * HOUR), (4, 120, 30 * HOUR));
    for time in 0..times {
        let step = Step::transfer(&victim, &mule, at + after + time * 8 * HOUR, points).stake(points);
        let step = attack.thief(step);
        attack.send(step);
    }
}

/// An account nobody has looked at for months.
pub fn dormant_drain(attack: &mut Attack<'_>) {
    let victim = attack.victim(0);
    let at = Town::at(attack.day, 14, 0);
    let (times, points) = attack.by((1, 590), (2, 230), (6, 90));
    for time in 0..times {
        takes(attack, &victim, at + time * attack.by(HOUR, 20 * HOUR, DAY), points);
    }
}

/// One phone spends for many.
pub fn shared_device(attack: &mut Attack<'_>) {
    let (count, gap) = attack.by((8, 6 * MINUTE), (5, 4 * HOUR), (5, 3 * DAY));
    for number in 0..count {
        let victim = attack.victim(number);
        let at = Town::at(attack.day, 10, 0) + number * gap;
        gets_in(attack, &victim, at, 0);
        takes(attack, &victim, at + 2 * MINUTE, 300);
    }
}

/// Leaked passwords are tried on many accounts from one network; a few fit.
pub fn stuffing(attack: &mut Attack<'_>) {
    let (tried, gap) = attack.by((40, 10 * SECOND), (20, 4 * MINUTE), (15, 70 * MINUTE));
    let at = Town::at(attack.day, 1, 0);
    for number in 0..tried {
        let when = at + number * gap;
        if number % 10 == 9 {
            let victim = attack.victim(number);
            gets_in(attack, &victim, when, 0);
            takes(attack, &victim, when + 2 * HOUR, 400);
        } else {
            let unlucky = attack.own("u", number);
            attack.script.honest(Step::enrol(&unlucky, Town::at(-50, 9, number)));
            let step = attack.thief(Step::login(&unlucky, when, "failure"));
            attack.send(step);
        }
    }
}

/// A session is stolen: the phone looks like the member's own, the network does not. The points go to an account made for it.
pub fn session(attack: &mut Attack<'_>) {
    let victim = attack.victim(0);
    let (device, ip) = (attack.own("vd", 0), attack.own("thief-ip", 0));
    let at = Town::at(attack.day, 2, 30);
    let step = attack.enrolment(1, at - 3 * DAY);
    attack.send(step);
    let mule = attack.own("x", 1);
    let (times, points, gap) = attack.by((1, 560, HOUR), (2, 250, 9 * HOUR), (5, 90, DAY));
    for time in 0..times {
        let step = Step::transfer(&victim, &mule, at + time * gap, points).stake(points).with("channel", "app");
        attack.send(step.with("device", &device).with("ip", &ip));
    }
}

/// What is stolen goes to many accounts at once, and each spends a little.
pub fn fan_out(attack: &mut Attack<'_>) {
    let victim = attack.victim(0);
    let (mules, gap) = attack.by((5, 3 * MINUTE), (5, 5 * HOUR), (4, 2 * DAY));
    let at = Town::at(attack.day, 2, 0);
    gets_in(attack, &victim, at, 0);
    for number in 1..=mules {
        let mule = attack.member(number);
        let at = at + HOUR + number * gap;
        let step = attack.thief(Step::transfer(&victim, &mule, at, 100));
        attack.send(step);
        attack.send(Step::redeem(&mule, at + 2 * HOUR, 90).stake(90));
    }
}

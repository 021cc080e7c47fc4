//! Honest lives that look most like fraud: presents given back after the feast, receipts scanned on Sundays, two bills at one
//! till, families that put their points together, a booth on a campus, a party of friends, two families of one house, who begins
//! anew, a partner who owes, a new phone with a new address.

use super::{Life, Person, amount, some_time};
use crate::cli::bench::fraud::rng::Rng;
use crate::cli::bench::fraud::step::{DAY, HOUR, Kind, MINUTE, SECOND, Step};
use crate::cli::bench::fraud::town::{Script, TERMINALS, Town};

/// Presents that are bought, and those of them that come back.
const PRESENTS: i64 = 8;
const COME_BACK: usize = 6;
/// The day on which they do.
const BACK_ON: i64 = 12;
/// The day on which a campus enrols its new students, and a family puts its points together.
const BOOTH_DAY: i64 = 5;
pub(super) const POOL_DAY: i64 = 20;
/// Friends who come to a party.
const GUESTS: i64 = 5;

/// Buys presents for everybody, and gives most of them back on one day; goes on as before.
pub(super) fn presents(script: &mut Script, rng: &mut Rng, person: &Person, days: i64) {
    let mut orders = Vec::new();
    for day in 1..=PRESENTS {
        let at = some_time(rng, day);
        let paid = rng.between(2_000, 9_000);
        let step = person.sale(rng, person.home, usual_terminal(person), at, paid);
        orders.push(script.add(step));
    }
    for (number, order) in (0i64..).zip(orders.iter().take(COME_BACK)) {
        let at = Town::at(BACK_ON, 11, number * 7);
        script.add(Town::at_till(Step::refund(&person.id, at, order, 0), person.home, usual_terminal(person)));
    }
    for day in (BACK_ON + 1..days).step_by(4) {
        let at = some_time(rng, day);
        let paid = amount(rng);
        let step = person.sale(rng, person.home, usual_terminal(person), at, paid);
        script.add(step);
    }
}

/// The till they usually go to.
const fn usual_terminal(person: &Person) -> i64 {
    person.number % TERMINALS
}

/// Scans the receipts of the weekend on Sunday evening.
pub(super) fn receipts_of_the_week(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    let evening = Town::at(day, 19, rng.below(50));
    for receipt in 0..rng.between(2, 4) {
        let printed_on = day - rng.between(0, 2);
        let printed = some_time(rng, printed_on).min(evening - HOUR);
        let paid = amount(rng);
        let step = Step::sale(&person.id, printed, paid).arrives(evening + receipt * 40 * SECOND);
        let step = step.with("channel", "receipt").with("store", Town::name(person.home)).card(person.card.as_ref());
        script.add(step);
    }
}

/// Two bills at one till, for the firm and for themselves.
pub(super) fn two_bills(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    let mut at = some_time(rng, day);
    for _ in 0..2 {
        let paid = amount(rng);
        let step = person.sale(rng, person.home, usual_terminal(person), at, paid);
        script.add(step);
        at += rng.between(30, 90) * SECOND;
    }
}

/// Three or four times a day: coffee, lunch, something for the evening.
pub(super) fn busy_day(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    for hour in [8, 12, 16, 19] {
        if hour == 16 && rng.chance(60) {
            continue;
        }
        let at = Town::at(day, hour, rng.below(55));
        let (terminal, paid) = (rng.below(TERMINALS), amount(rng));
        let step = person.sale(rng, person.home, terminal, at, paid);
        script.add(step);
    }
}

/// The family's points go to one of them, who spends them.
pub(super) fn pool(script: &mut Script, person: &Person, first: &str) {
    let at = Town::at(POOL_DAY, 18, person.number % 4 * 9);
    if person.id == first {
        let spends = Step::redeem(&person.id, at + DAY, 25).with("store", Town::name(person.home));
        script.add(spends.maybe("device", person.device.as_ref()));
    } else {
        script.add(person.in_app(Step::transfer(&person.id, first, at, 8)));
    }
}

/// Whether a member joins during the days that are judged, and on which of them.
pub(super) fn joins(rng: &mut Rng, person: &Person, days: i64) -> Option<i64> {
    let late = (days * 3 / 4).max(1);
    match person.life {
        Life::Returner | Life::App | Life::Employee | Life::Presents => None,
        // A third of a campus joins at a booth, on one afternoon.
        Life::Campus => (person.number % 3 == 0).then(|| BOOTH_DAY.min(late)),
        // One family in four joins together.
        Life::Family if person.number / super::FAMILY % 4 == 0 => {
            Some((person.number / super::FAMILY).rem_euclid(late))
        }
        _ => (person.number % 8 == 3).then(|| rng.below(late)),
    }
}

/// What some do as soon as they have joined, before they buy anything: subscribe, and say what they think.
pub(super) fn begins(script: &mut Script, rng: &mut Rng, person: &Person, at: i64) {
    let likely = if person.life == Life::Campus { 40 } else { 20 };
    if rng.chance(likely) {
        script.add(person.in_app(Step::new(Kind::Event("newsletter"), &person.id, at + rng.between(1, 50) * MINUTE)));
    }
    if rng.chance(5) {
        for day in 0..2 {
            let at = at + 2 * HOUR + day * DAY;
            script.add(person.in_app(Step::new(Kind::Event("review"), &person.id, at)));
        }
    }
}

/// A clerk makes good for a coffee that was cold.
pub(super) fn goodwill(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    let at = some_time(rng, day);
    let step = Step::adjust(&person.id, at, 20).with("store", Town::name(person.home));
    script.add(step.with("staff", Town::cashier(person.home, usual_terminal(person), at)));
}

/// Friends come to a party, and join there and then; half of them are not seen again.
pub(super) fn party(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    for guest in 0..GUESTS {
        let number = 900_000 + person.number * 100 + guest;
        let friend = super::friend(person, number);
        let at = Town::at(day, 17, rng.below(170));
        let step = Step::enrol(&friend.id, at).with("referrer", &person.id).with("email_hash", format!("e-{number}"));
        script.add(friend.in_app(step));
        let (terminal, paid) = (rng.below(TERMINALS), rng.between(500, 2_800));
        let bought = at + rng.between(60, 2_000) * MINUTE;
        let step = friend.sale(rng, friend.home, terminal, bought, paid);
        script.add(step);
        if rng.chance(50) {
            let again_on = day + rng.between(3, 9);
            let at = some_time(rng, again_on);
            let paid = amount(rng);
            let step = friend.sale(rng, friend.home, terminal, at, paid);
            script.add(step);
        }
    }
}

/// Two families of one house, behind one network, join on a weekend, each on its own tablet, and come to buy in the days after.
pub(super) fn house(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    let name = |what: &str, number: i64| format!("{what}-house-{}-{number}", person.number);
    for (family, size) in [(0, 3), (1, 2)] {
        for one in 0..size {
            let number = 700_000 + person.number * 10 + family * 5 + one;
            let own = super::friend(person, number);
            let kin = Person {
                device: Some(name("tablet", family)),
                ip: Some(name("ip", 0)),
                card: Some(name("c", family)),
                address: Some(name("a", family)),
                ..own
            };
            let at = Town::at(day + family, 18, rng.below(100));
            let step = Step::enrol(&kin.id, at).with("email_hash", format!("e-{number}"));
            script.add(kin.in_app(step).maybe("address_hash", kin.address.as_ref()));
            if rng.chance(60) {
                let at = at + rng.between(1, 9) * MINUTE;
                script.add(kin.in_app(Step::new(Kind::Event("newsletter"), &kin.id, at)));
            }
            let later = day + rng.between(2, 8);
            let (at, paid) = (some_time(rng, later), amount(rng));
            let step = kin.sale(rng, kin.home, usual_terminal(person), at, paid);
            script.add(step);
        }
    }
}

/// Has an account erased, and makes another on the same phone a day later: once.
pub(super) fn begins_anew(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    for (life, on) in [(0, day), (1, day + 2)] {
        let number = 600_000 + person.number * 10;
        let same = super::friend(person, number);
        let again = Person { id: format!("{}-{life}", same.id), ..same };
        let at = some_time(rng, on);
        let step = Step::enrol(&again.id, at).with("email_hash", format!("e-{number}-{life}"));
        script.add(again.in_app(step));
        script.add(again.in_app(Step::new(Kind::Event("newsletter"), &again.id, at + 3 * MINUTE)));
        if life == 0 {
            script.add(Step::erase(&again.id, at + DAY));
        } else {
            let step = again.sale(rng, again.home, usual_terminal(person), at + 3 * HOUR, 450);
            script.add(step);
        }
    }
}

/// Spends what a purchase brought and gives it back, so that points are owed; whoever lives with them goes on buying on the same
/// card.
pub(super) fn partner_owes(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    let partner = |which: i64| {
        let number = 500_000 + person.number * 10;
        let one = super::friend(person, number + which);
        Person { card: Some(format!("c-friend-{number}")), ..one }
    };
    let (owing, other) = (partner(0), partner(1));
    let till = usual_terminal(person);
    for one in [&owing, &other] {
        let at = Town::at(day - 9, 10, rng.below(60));
        script.add(one.in_app(Step::enrol(&one.id, at).with("email_hash", format!("e-{}", one.number))));
        let step = one.sale(rng, one.home, till, at + DAY, 6_000);
        script.add(step);
    }
    let at = Town::at(day, 10, rng.below(60));
    let step = owing.sale(rng, owing.home, till, at, 9_000);
    let order = script.add(step);
    script.add(owing.in_app(Step::redeem(&owing.id, at + HOUR, 140)));
    script.add(Town::at_till(Step::refund(&owing.id, at + 4 * DAY, &order, 0), owing.home, till));
    for later in [5, 8] {
        let at = some_time(rng, day + later);
        let step = other.sale(rng, other.home, till, at, 450);
        script.add(step);
    }
}

/// A new phone, and with the next job a new e-mail address; a week later a coffee is paid with points.
pub(super) fn new_job(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    let phone = format!("d-job-{}", person.number);
    let at = some_time(rng, day);
    script.add(person.in_app(Step::login(&person.id, at, "success")).with("device", &phone));
    let moved = Step::new(Kind::Event("profile"), &person.id, at + 4 * MINUTE);
    let moved = person.in_app(moved.with("email_hash", format!("e-job-{}", person.number)));
    script.add(moved.with("device", &phone));
    let spends = Step::redeem(&person.id, at + rng.between(5, 9) * DAY, rng.between(40, 110));
    script.add(person.in_app(spends).with("device", &phone));
}

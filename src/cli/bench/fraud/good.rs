//! Honest lives: what most of a shop's members do, with all that looks like fraud and is none. Each kind of life is one that
//! has caused false alarms somewhere.

mod hard;

use super::rng::Rng;
use super::step::{DAY, HOUR, Kind, MINUTE, Step};
use super::town::{CLOSES, OPENS, Script, TERMINALS, Town};

/// Days before the first one in which members enrolled and collected.
pub const BEFORE_DAYS: i64 = 100;
/// Members of a family, of a couple, of a campus.
const FAMILY: i64 = 4;
const COUPLE: i64 = 2;
const CAMPUS: i64 = 60;
/// Sales of 80.00 in the months before that make a balance.
const SAVED_SALES: i64 = 8;

/// Kinds of lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// Comes now and then.
    Casual,
    /// The same coffee from the same cashier every working day.
    DailyCoffee,
    /// One of four who share a device, an address, a network and a card, and often come together.
    Family,
    /// One of two who share a card.
    Couple,
    /// One of many behind one network and one postal address.
    Campus,
    /// Buys for a whole office, in bulk or one after the other.
    Office,
    /// In another city every day.
    Traveller,
    /// Says nothing about themself: no device, network, card, store or cashier.
    Nobody,
    /// Brings friends, who stay.
    Referrer,
    /// Works at a store and drinks coffee there.
    Employee,
    /// Was away for months and comes back to spend what was saved.
    Returner,
    /// Buys presents, and gives most of them back after the feast.
    Presents,
    /// Scans the receipts of the week on Sunday.
    Receipts,
    /// Two bills at a time, one of them for the firm.
    TwoBills,
    /// Three or four times a day.
    Busy,
    /// Lives in the app: forgets passwords, changes phones, gives points away, collects for a birthday.
    App,
}

/// Of a hundred members.
const LIVES: [(Life, i64); 16] = [
    (Life::Casual, 19),
    (Life::DailyCoffee, 18),
    (Life::Family, 12),
    (Life::Couple, 6),
    (Life::Campus, 8),
    (Life::Office, 4),
    (Life::Traveller, 4),
    (Life::Nobody, 5),
    (Life::Referrer, 3),
    (Life::Employee, 3),
    (Life::Returner, 4),
    (Life::Presents, 2),
    (Life::Receipts, 2),
    (Life::TwoBills, 2),
    (Life::Busy, 2),
    (Life::App, 6),
];

/// What a member is known by.
struct Person {
    id: String,
    number: i64,
    life: Life,
    /// The store they live near, and their city.
    home: i64,
    device: Option<String>,
    ip: Option<String>,
    card: Option<String>,
    address: Option<String>,
}

/// Writes the lives of so many members over so many days.
pub fn write(script: &mut Script, town: Town, seed: u64, members: i64, days: i64) {
    script.write_for(None);
    for number in 0..members {
        let mut rng = Rng::new(seed, "good", number.unsigned_abs());
        let person = Person::new(town, &mut rng, number, members);
        let joined = enrol(script, &mut rng, &person, days);
        if person.life == Life::Presents {
            hard::presents(script, &mut rng, &person, days);
        }
        for day in joined.max(0)..days {
            live(script, town, &mut rng, &person, day, days);
        }
    }
}

impl Person {
    fn new(town: Town, rng: &mut Rng, number: i64, members: i64) -> Self {
        // Lives follow each other by number, so that those who share something are neighbours.
        let mut place = number * 100 / members.max(1);
        let mut life = Life::Casual;
        for (one, share) in LIVES {
            if place < share {
                life = one;
                break;
            }
            place -= share;
        }
        let group = match life {
            Life::Family => number / FAMILY,
            Life::Couple => number / COUPLE,
            Life::Campus => number / CAMPUS,
            _ => number,
        };
        let of = |what: &str, group: i64| Some(format!("{what}-{group}"));
        let person = Self {
            id: format!("m{number:05}"),
            number,
            life,
            home: Rng::new(0, "home", group.unsigned_abs()).below(town.stores),
            device: if rng.chance(70) { of("d", number) } else { None },
            ip: of("ip", number),
            card: if rng.chance(80) { of("c", number) } else { None },
            address: if rng.chance(50) { of("a", number) } else { None },
        };
        match life {
            Life::Family => Self {
                device: of("d-family", group),
                ip: of("ip-family", group),
                card: of("c-family", group),
                address: of("a-family", group),
                ..person
            },
            Life::Couple => Self { card: of("c-couple", group), address: of("a-couple", group), ..person },
            Life::Campus => Self { ip: of("ip-campus", group), address: of("a-campus", group), ..person },
            Life::Nobody => Self { device: None, ip: None, card: None, address: None, ..person },
            Life::App => Self { device: of("d", number), ..person },
            _ => person,
        }
    }

    /// A sale of theirs: at a till of a store, by card if they have one, with the phone where they show it.
    fn sale(&self, rng: &mut Rng, store: i64, terminal: i64, at: i64, amount: i64) -> Step {
        let step = Step::sale(&self.id, at, amount);
        if self.life == Life::Nobody {
            return step;
        }
        let step = Town::at_till(step, store, terminal).card(self.card.as_ref());
        if rng.chance(40) { step.maybe("device", self.device.as_ref()) } else { step }
    }

    /// Something they do in the app.
    fn in_app(&self, step: Step) -> Step {
        step.with("channel", "app").maybe("device", self.device.as_ref()).maybe("ip", self.ip.as_ref())
    }
}

/// What somebody spends at once: mostly a coffee, sometimes beans.
fn amount(rng: &mut Rng) -> i64 {
    if rng.chance(75) { rng.between(280, 880) } else { rng.between(900, 4_200) }
}

/// A time of a day on which stores are open, more often in the morning.
fn some_time(rng: &mut Rng, day: i64) -> i64 {
    let hour = if rng.chance(45) { rng.between(OPENS, 10) } else { rng.between(11, CLOSES - 1) };
    Town::at(day, hour, rng.below(60)) + rng.below(MINUTE)
}

/// Enrols a member: most did long ago, one in eight does now; a third at the store's tablet. Says on which day.
fn enrol(script: &mut Script, rng: &mut Rng, person: &Person, days: i64) -> i64 {
    let joins = hard::joins(rng, person, days);
    let day = joins.unwrap_or_else(|| -BEFORE_DAYS + rng.below(30));
    let hour = if joins.is_some() && person.life == Life::Campus { 14 } else { OPENS - 1 };
    let at = Town::at(day, hour, rng.below(60));
    let mut step = Step::enrol(&person.id, at).maybe("address_hash", person.address.as_ref());
    if person.life != Life::Nobody {
        step = step.with("email_hash", format!("e-{}", person.number));
        if rng.chance(60) {
            step = step.with("phone_hash", format!("p-{}", person.number));
        }
        if rng.chance(33) {
            let store = Town::name(person.home);
            step =
                step.with("device", format!("tablet-{store}")).with("ip", format!("ip-{store}")).with("store", store);
        } else {
            step = step.maybe("device", person.device.as_ref()).maybe("ip", person.ip.as_ref());
        }
    }
    if person.life == Life::Employee {
        step = step.attribute("employee", Town::cashier(person.home, person.number % TERMINALS, Town::at(0, OPENS, 0)));
    }
    script.add(step);
    hard::begins(script, rng, person, at);
    if matches!(person.life, Life::Returner | Life::App) {
        save(script, rng, person);
    }
    day
}

/// A balance, collected in the months before.
fn save(script: &mut Script, rng: &mut Rng, person: &Person) {
    for sale in 0..SAVED_SALES {
        let at = some_time(rng, -60 + sale * 4);
        let terminal = rng.below(TERMINALS);
        let step = person.sale(rng, person.home, terminal, at, 8_000);
        script.add(step);
    }
}

/// A day of a member who has enrolled.
fn live(script: &mut Script, town: Town, rng: &mut Rng, person: &Person, day: i64, days: i64) {
    let is_workday = day.rem_euclid(7) < 5;
    match person.life {
        Life::DailyCoffee if is_workday && rng.chance(92) => daily_coffee(script, rng, person, day),
        Life::Employee if is_workday && rng.chance(70) => {
            let at = Town::at(day, 11, rng.below(40));
            let step = person.sale(rng, person.home, (person.number + 1) % TERMINALS, at, 320);
            script.add(step);
        }
        Life::Family if rng.chance(12) => {
            let at = Rng::new(7, "family", (person.number / FAMILY * 1_000 + day).unsigned_abs()).between(600, 1_000);
            let at = Town::at(day, 0, at) + person.number % FAMILY * 40_000;
            let amount = amount(rng);
            let step = person.sale(rng, person.home, 0, at, amount);
            script.add(step);
        }
        Life::Office if is_workday && rng.chance(20) => office(script, rng, person, day),
        Life::Traveller if rng.chance(45) => travel(script, town, rng, person, day),
        Life::App if rng.chance(25) => in_app(script, rng, person, day),
        Life::Returner if day == days / 2 => come_back(script, rng, person, day),
        Life::Referrer if day % 4 == 1 && day + 2 < days && rng.chance(70) => bring(script, rng, person, day),
        Life::Receipts if day % 7 == 6 => hard::receipts_of_the_week(script, rng, person, day),
        Life::TwoBills if matches!(day % 7, 1 | 4) => hard::two_bills(script, rng, person, day),
        Life::Busy => hard::busy_day(script, rng, person, day),
        Life::DailyCoffee
        | Life::Employee
        | Life::Returner
        | Life::Office
        | Life::Presents
        | Life::Receipts
        | Life::TwoBills => {}
        _ if rng.chance(22) => visit(script, rng, person, day),
        _ => {}
    }
    others(script, rng, person, day, days);
    // One Saturday everybody is at the city's festival, and many come twice. Travellers are elsewhere, and who works there works.
    let at_work = matches!(person.life, Life::Returner | Life::Employee | Life::Traveller);
    if day == 12 && rng.chance(40) && !at_work {
        for round in 0..rng.between(1, 2) {
            let at = Town::at(day, 11 + round * 2, rng.below(110));
            let terminal = rng.below(TERMINALS);
            let step = person.sale(rng, Town::market(person.home), terminal, at, 450);
            script.add(step);
        }
    }
}

/// What happens once: a clerk's goodwill, a party, a family that puts its points together.
fn others(script: &mut Script, rng: &mut Rng, person: &Person, day: i64, days: i64) {
    match person.life {
        Life::Casual if day == 9 && person.number % 20 == 0 => hard::goodwill(script, rng, person, day),
        Life::Referrer if day == 10 && person.number % 3 == 0 && day * 2 < days => {
            hard::party(script, rng, person, day);
        }
        Life::Casual if day == 6 && person.number % 40 == 1 => hard::house(script, rng, person, day),
        Life::Casual if day == 4 && person.number % 40 == 2 => hard::begins_anew(script, rng, person, day),
        Life::Casual if day == 11 && person.number % 40 == 3 => hard::partner_owes(script, rng, person, day),
        Life::App if day == 8 && person.number % 10 == 7 => hard::new_job(script, rng, person, day),
        Life::Family if day == hard::POOL_DAY => {
            hard::pool(script, person, &format!("m{:05}", person.number - person.number % FAMILY));
        }
        _ => {}
    }
}

/// A visit: now and then something comes back, or a review follows. One terminal in ten was without a network that day.
fn visit(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    let at = some_time(rng, day);
    let terminal = rng.below(TERMINALS);
    let amount = amount(rng);
    let mut step = person.sale(rng, person.home, terminal, at, amount);
    if Rng::new(11, "offline", (person.home * 10_000 + terminal * 1_000 + day).unsigned_abs()).chance(10) {
        step = step.arrives(Town::at(day + 1, OPENS, 30) + person.home * MINUTE);
    }
    let late = step.arrives;
    let order = script.add(step);
    if amount >= 900 && rng.chance(8) {
        let back = if rng.chance(50) { 0 } else { amount / 2 };
        let later = day + rng.between(2, 4);
        let at = some_time(rng, later).max(late + HOUR);
        let step = Step::refund(&person.id, at, &order, back);
        script.add(if person.life == Life::Nobody { step } else { Town::at_till(step, person.home, terminal) });
    } else if rng.chance(6) {
        script.add(person.in_app(Step::new(Kind::Event("review"), &person.id, late + 3 * HOUR)));
    }
}

/// The same coffee at the same terminal at nearly the same time: honest, and always the same cashier.
fn daily_coffee(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    let habit = 7 * 60 + 20 + person.number % 120;
    let at = Town::at(day, 0, habit + rng.between(-8, 8)) + rng.below(MINUTE);
    let step = person.sale(rng, person.home, person.number % TERMINALS, at, 420);
    script.add(step);
    if rng.chance(25) {
        let at = Town::at(day, 13, rng.below(50));
        let step = person.sale(rng, person.home, person.number % TERMINALS, at, 420);
        script.add(step);
    }
}

/// Coffee for the office: in bulk, or four to six in half an hour as colleagues call.
fn office(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    if rng.chance(40) {
        let amount = rng.between(18_000, 45_000);
        let at = Town::at(day, 9, rng.below(60));
        let step = person.sale(rng, person.home, 1, at, amount);
        script.add(step);
        return;
    }
    let mut at = Town::at(day, 14, rng.below(20));
    for _ in 0..rng.between(4, 6) {
        let amount = rng.between(350, 2_400);
        let step = person.sale(rng, person.home, 1, at, amount);
        script.add(step);
        at += rng.between(2, 7) * MINUTE;
    }
}

/// Two cities a day, with the hours between that a train takes.
fn travel(script: &mut Script, town: Town, rng: &mut Rng, person: &Person, day: i64) {
    let city = person.home + day;
    for (store, hour) in [(town.store_in(city), 8), (town.store_in(city + 1), 17)] {
        let at = Town::at(day, hour, rng.below(60));
        let terminal = rng.below(TERMINALS);
        let step = person.sale(rng, store, terminal, at, 450);
        script.add(step);
    }
}

/// Logs in, with a wrong password or two; sometimes with a new phone; sometimes gives points to a friend.
fn in_app(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    let at = some_time(rng, day);
    for wrong in 0..rng.between(0, 2) {
        script.add(person.in_app(Step::login(&person.id, at + wrong * 30_000, "failure")));
    }
    let new_phone = rng.chance(4);
    let phone = format!("d-new-{}-{day}", person.number);
    let mut login = person.in_app(Step::login(&person.id, at + 2 * MINUTE, "success"));
    if new_phone {
        login = login.with("device", phone);
    }
    script.add(login);
    let doing = rng.below(100);
    if doing < 10 {
        let step = Step::redeem(&person.id, at + 10 * MINUTE, rng.between(40, 120));
        script.add(person.in_app(step));
    } else if doing < 16 {
        // A colleague's birthday: the neighbours of a number collect for one of them.
        let to = format!("m{:05}", person.number - person.number % 5);
        if to != person.id {
            script.add(person.in_app(Step::transfer(&person.id, &to, at + 5 * MINUTE, rng.between(5, 30))));
        }
    } else if doing < 20 {
        let moved = Step::new(Kind::Event("profile"), &person.id, at + 4 * MINUTE);
        script.add(person.in_app(moved.with("address_hash", format!("a-new-{}-{day}", person.number))));
    } else if doing < 60 {
        let amount = amount(rng);
        let terminal = rng.below(TERMINALS);
        let step = person.sale(rng, person.home, terminal, at + 20 * MINUTE, amount);
        script.add(step);
    }
}

/// Back after two months: a coffee, and a bag of beans for the points.
fn come_back(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    let at = some_time(rng, day);
    let terminal = rng.below(TERMINALS);
    let step = person.sale(rng, person.home, terminal, at, 450);
    script.add(step);
    let spend = Step::redeem(&person.id, at + 3 * MINUTE, 400);
    let spend = spend.with("store", Town::name(person.home)).maybe("device", person.device.as_ref());
    script.add(spend);
}

/// A friend of a member, with a phone, a network, a card and a home of their own.
fn friend(person: &Person, number: i64) -> Person {
    Person {
        id: format!("f{number:07}"),
        number,
        life: Life::Casual,
        home: person.home,
        device: Some(format!("d-friend-{number}")),
        ip: Some(format!("ip-friend-{number}")),
        card: Some(format!("c-friend-{number}")),
        address: Some(format!("a-friend-{number}")),
    }
}

/// A friend joins, buys the same day and comes again.
fn bring(script: &mut Script, rng: &mut Rng, person: &Person, day: i64) {
    let number = person.number * 100 + day;
    let friend = friend(person, number);
    let at = Town::at(day, rng.between(9, 16), rng.below(60));
    let step = Step::enrol(&friend.id, at).with("referrer", &person.id).with("email_hash", format!("e-{number}"));
    script.add(friend.in_app(step).maybe("address_hash", friend.address.as_ref()));
    for (later, amount) in [(2 * HOUR, 1_200), (DAY + HOUR, 450)] {
        let terminal = rng.below(TERMINALS);
        let step = friend.sale(rng, friend.home, terminal, at + later, amount);
        script.add(step);
    }
}

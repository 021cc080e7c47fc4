//! Attacks: families with a stable name, each at three levels of cunning. The naive take what they can; the aware know the
//! usual limits and stay near them; the slow stay at their edge, or spread what they do over days. They know how such
//! programs usually work, not how the one under test is set up.

mod account;
mod punch;
mod receipts;
mod referral;
mod soft;
mod staff;
mod synthetic;
mod value;

use super::rng::Rng;
use super::step::{Kind, MINUTE, Step};
use super::town::{Script, TERMINALS, Town};

/// How cunning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Takes what there is.
    Naive,
    /// Knows the usual limits.
    Aware,
    /// Stays at their edge for a long time.
    Slow,
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Naive, Self::Aware, Self::Slow];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Aware => "aware",
            Self::Slow => "slow",
        }
    }
}

/// A way to cheat.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Its name, which stays.
    pub name: &'static str,
    /// Whether it was kept apart from the first defaults. The latest were made with a look at it too.
    pub held_out: bool,
    /// Writes one attack.
    pub write: fn(&mut Attack<'_>),
}

const fn family(name: &'static str, write: fn(&mut Attack<'_>)) -> Family {
    Family { name, held_out: false, write }
}

const fn held_out(name: &'static str, write: fn(&mut Attack<'_>)) -> Family {
    Family { name, held_out: true, write }
}

/// All families.
pub const FAMILIES: [Family; 53] = [
    family("punch.burst", punch::burst),
    family("punch.split_sale", punch::split_sale),
    family("punch.window_edge", punch::window_edge),
    family("punch.no_sale", punch::no_sale),
    family("punch.travel", punch::travel),
    family("punch.shared_code", punch::shared_code),
    family("receipt.duplicate", receipts::duplicate),
    family("receipt.stale", receipts::stale),
    family("receipt.harvest", receipts::harvest),
    held_out("receipt.replayed_log", receipts::replayed_log),
    family("staff.sweetheart", staff::sweetheart),
    family("staff.own_till", staff::own_till),
    family("staff.guest_cards", staff::guest_cards),
    family("staff.manual_credit", staff::manual_credit),
    held_out("staff.after_hours", staff::after_hours),
    held_out("staff.circle", staff::circle),
    family("referral.self_hard", referral::self_hard),
    family("referral.self_soft", referral::self_soft),
    family("referral.ring", referral::ring),
    family("referral.star", referral::star),
    held_out("referral.chain", referral::chain),
    family("referral.refund_after", referral::refund_after),
    family("account.guess_drain", account::guess_drain),
    family("account.change_drain", account::change_drain),
    family("account.dormant_drain", account::dormant_drain),
    family("account.shared_device", account::shared_device),
    held_out("account.stuffing", account::stuffing),
    family("value.earn_refund", value::earn_refund),
    family("value.fan_in", value::fan_in),
    held_out("value.pass_through", value::pass_through),
    family("value.cycle", value::cycle),
    family("synthetic.signup_burst", synthetic::signup_burst),
    family("synthetic.alias_family", synthetic::alias_family),
    family("synthetic.birthday_farm", synthetic::birthday_farm),
    family("synthetic.review_farm", synthetic::review_farm),
    held_out("synthetic.lockstep", synthetic::lockstep),
    held_out("synthetic.one_card", synthetic::one_card),
    held_out("staff.cash_favour", staff::cash_favour),
    held_out("staff.drain", staff::drain),
    held_out("account.session", account::session),
    held_out("account.fan_out", account::fan_out),
    held_out("referral.crossed", referral::crossed),
    held_out("receipt.forged", receipts::forged),
    held_out("value.sleepers", value::sleepers),
    family("synthetic.shared_phones", soft::shared_phones),
    family("synthetic.reborn", soft::reborn),
    family("value.debt_walker", soft::debt_walker),
    family("account.patient_drain", soft::patient_drain),
    family("referral.leaked_code", soft::leaked_code),
    held_out("synthetic.one_network", soft::one_network),
    held_out("account.nibble", soft::nibble),
    held_out("punch.office_code", soft::office_code),
    held_out("referral.handed_round", soft::handed_round),
];

/// An attack that is being written.
pub struct Attack<'a> {
    script: &'a mut Script,
    town: Town,
    rng: Rng,
    level: Level,
    /// What its members, devices and cards are called by.
    name: String,
    /// The day it begins on.
    day: i64,
    /// Days there are.
    days: i64,
    /// The store it mostly happens at.
    store: i64,
}

/// What was written: which family and level.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Its place among [`FAMILIES`].
    pub family: usize,
    /// Its level.
    pub level: Level,
}

impl Written {
    /// Family and level.
    pub fn name(&self) -> String {
        let family = FAMILIES.get(self.family).map_or("", |family| family.name);
        format!("{family}/{}", self.level.name())
    }
}

/// Writes every family at every level so many times. Attacks are numbered in the order returned.
pub fn write(script: &mut Script, town: Town, seed: u64, days: i64, times: u64) -> Vec<Written> {
    let mut written = Vec::new();
    for (at, family) in FAMILIES.iter().enumerate() {
        for level in Level::ALL {
            for time in 0..times {
                let mut rng = Rng::new(seed, family.name, time * 3 + level as u64);
                let name = format!("{}-{}-{time}", family.name.replace('.', "-"), level.name());
                let (day, store) = (rng.between(1, (days / 4).max(1)), rng.below(town.stores));
                script.write_for(Some(written.len()));
                written.push(Written { family: at, level });
                (family.write)(&mut Attack { script, town, rng, level, name, day, days, store });
            }
        }
    }
    script.write_for(None);
    written
}

impl Attack<'_> {
    /// One of three, by the level.
    fn by<T>(&self, naive: T, aware: T, slow: T) -> T {
        match self.level {
            Level::Naive => naive,
            Level::Aware => aware,
            Level::Slow => slow,
        }
    }

    /// A name of this attack's own.
    fn own(&self, what: &str, number: i64) -> String {
        format!("{what}-{}-{number}", self.name)
    }

    /// Days on which something is done: so many from the first one on, within the days there are.
    fn days(&self, wanted: i64) -> impl Iterator<Item = i64> + use<> {
        self.day..(self.day + wanted).min(self.days - 1)
    }

    /// Sends a step.
    fn send(&mut self, step: Step) -> String {
        self.script.add(step)
    }

    /// A member who enrols at a time with a device, a network and an e-mail address of their own.
    fn enrolment(&self, number: i64, at: i64) -> Step {
        let step = Step::enrol(&self.own("x", number), at).with("email_hash", self.own("e", number));
        step.with("device", self.own("d", number)).with("ip", self.own("ip", number))
    }

    /// A member of this attack who enrolled long before it.
    fn member(&mut self, number: i64) -> String {
        let at = Town::at(-30 + number.rem_euclid(20), 12, self.rng.below(60));
        let step = self.enrolment(number, at);
        self.send(step);
        self.own("x", number)
    }

    /// A sale of a coffee at this attack's store.
    fn coffee(&mut self, member: &str, at: i64, amount: i64) -> Step {
        let terminal = self.rng.below(TERMINALS);
        Town::at_till(Step::sale(member, at, amount), self.store, terminal)
    }

    /// An honest member with about 600 points, and a phone of their own, who knows nothing of what is to come.
    fn victim(&mut self, number: i64) -> String {
        let name = self.own("v", number);
        let (device, ip, card) = (self.own("vd", number), self.own("vip", number), self.own("vc", number));
        let joined = Town::at(-90, 9, self.rng.below(60));
        let step = Step::enrol(&name, joined).with("email_hash", self.own("ve", number));
        self.script.honest(step.with("device", &device).with("ip", &ip));
        for sale in 0..8 {
            let at = Town::at(-80 + sale * 4, 10, self.rng.below(200));
            let step = Town::at_till(Step::sale(&name, at, 7_500), self.store, 0);
            self.script.honest(step.card(Some(&card)).with("device", &device));
            let login = Step::login(&name, at - 5 * MINUTE, "success");
            self.script.honest(login.with("device", &device).with("ip", &ip));
        }
        name
    }

    /// What a thief does from a device of their own.
    fn thief(&self, step: Step) -> Step {
        step.with("channel", "app").with("device", self.own("thief", 0)).with("ip", self.own("thief-ip", 0))
    }

    /// The bonus for subscribing.
    fn subscribes(member: &str, at: i64) -> Step {
        Step::new(Kind::Event("newsletter"), member, at).stake(25).with("channel", "app")
    }
}

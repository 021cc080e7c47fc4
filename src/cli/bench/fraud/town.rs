//! Where it all happens: cities with stores, terminals and shifts of cashiers; and the script that everybody's steps are
//! written into.

use super::step::{By, DAY, HOUR, Kind, Step};

/// Stores of a city, terminals of a store.
const STORES_A_CITY: i64 = 4;
pub const TERMINALS: i64 = 3;
/// When stores open and close, in hours.
pub const OPENS: i64 = 7;
pub const CLOSES: i64 = 21;
/// When the second shift begins.
const SECOND_SHIFT: i64 = 14;
/// Monday, 2 March 2026, 00:00 UTC: the first day that is judged.
pub const FIRST_DAY: i64 = 1_772_409_600_000;

/// The stores.
#[derive(Clone, Copy, Debug)]
pub struct Town {
    /// How many.
    pub stores: i64,
}

impl Town {
    /// A city's first store; cities lie some 200 km apart.
    pub const fn store_in(self, city: i64) -> i64 {
        (city * STORES_A_CITY).rem_euclid(self.stores)
    }

    /// The first store of the city that a store is in.
    pub const fn market(store: i64) -> i64 {
        store / STORES_A_CITY * STORES_A_CITY
    }

    /// A store's name.
    pub fn name(store: i64) -> String {
        format!("s{store:02}")
    }

    /// Where a store lies, in decimal degrees: those of a city within some 5 km.
    pub fn place(store: i64) -> (String, String) {
        let (city, within) = (store / STORES_A_CITY, store % STORES_A_CITY);
        let degrees = |ten_thousandths: i64| {
            let (sign, size) = if ten_thousandths < 0 { ("-", -ten_thousandths) } else { ("", ten_thousandths) };
            format!("{sign}{}.{:04}", size / 10_000, size % 10_000)
        };
        (degrees(390_000 + city * 15_000 + within * 110), degrees(-800_000 - city * 14_000 - within * 130))
    }

    /// Who works at a terminal at a time: two shifts a day, the same people every day.
    pub fn cashier(store: i64, terminal: i64, at: i64) -> String {
        let hour = at.rem_euclid(DAY) / HOUR;
        let shift = i64::from(hour >= SECOND_SHIFT);
        format!("e{store:02}-{}", terminal + shift * TERMINALS)
    }

    /// A step at a till: store, terminal, whoever works there, and the place.
    pub fn at_till(step: Step, store: i64, terminal: i64) -> Step {
        let staff = Self::cashier(store, terminal, step.at);
        let step = step.with("channel", "store").with("store", Self::name(store)).with("staff", staff);
        step.with("terminal", format!("{terminal}")).place(&Self::place(store))
    }

    /// A time of a day: hour and minute.
    pub const fn at(day: i64, hour: i64, minute: i64) -> i64 {
        FIRST_DAY + day * DAY + hour * HOUR + minute * super::step::MINUTE
    }
}

/// Everybody's steps.
#[derive(Debug, Default)]
pub struct Script {
    /// In the order they were thought of.
    pub steps: Vec<Step>,
    /// Who thinks them up now.
    by: Option<usize>,
}

impl Script {
    /// From here on steps are an attack's, or honest.
    pub const fn write_for(&mut self, attack: Option<usize>) {
        self.by = attack;
    }

    /// Adds a step. A sale at a till that names no receipt has one of its own. Returns the name of its order.
    pub fn add(&mut self, mut step: Step) -> String {
        step.by = self.by.map_or(By::Good, By::Attack);
        let number = self.steps.len();
        let order = format!("o{number}");
        if step.kind == Kind::Event("purchase") {
            if step.field("order").is_none() {
                step = step.with("order", &order);
            }
            if step.field("store").is_some() && step.attribute_of("receipt").is_none() {
                step = step.attribute("receipt", format!("r{number}"));
            }
        }
        let order = step.field("order").map_or(order, str::to_owned);
        self.steps.push(step);
        order
    }

    /// Adds a step that is honest whoever else is writing: a victim's own life.
    pub fn honest(&mut self, step: Step) -> String {
        let by = self.by.take();
        let order = self.add(step);
        self.by = by;
        order
    }

    /// All steps by when they arrive.
    pub fn in_order(mut self) -> Vec<Step> {
        self.steps.sort_by_key(|step| (step.arrives, step.at));
        self.steps
    }
}

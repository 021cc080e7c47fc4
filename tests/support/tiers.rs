//! Tiers once more, as naively as they can be told: every midnight gone through one by one, every earlier day looked at. It
//! knows one counter, in UTC, and shares nothing with the product.

use std::collections::BTreeMap;

use super::model::{DAY_MS, add_months, start_of_year};
use super::{MemberKey, PROGRAM, World, option, span};
use tallystick::ledger::decide::settled;
use tallystick::ledger::terms::{Downgrade, Need, Terms, TierPeriod, TierTerms};
use tallystick::ledger::types::{Text, TimeMs};

/// `tiers period=rolling window=90d downgrade=by_one grace=10d`
pub(super) fn declare(terms: &mut Terms, line: &str) {
    let tiers = terms.tiers.get_or_insert_with(TierTerms::default);
    tiers.period = match option(line, "period") {
        Some("anniversary") => TierPeriod::Anniversary,
        Some("rolling") => TierPeriod::Rolling(span(option(line, "window").unwrap())),
        Some("lifetime") => TierPeriod::Lifetime,
        _ => TierPeriod::CalendarYear,
    };
    tiers.grace = option(line, "grace").map(span);
    if option(line, "downgrade") == Some("by_one") {
        tiers.downgrade = Downgrade::ByOne;
    }
}

/// What a level asks for: `1000` of what was spent, `earned:50` of what points brought, or `credit_card=approved`.
pub(super) fn need(terms: &Terms, from: &str) -> Need {
    if let Some(from) = from.strip_prefix("earned:") {
        return Need::Credit(terms.pools[0].earned.unwrap(), from.parse().unwrap());
    }
    match from.split_once('=') {
        Some((attribute, value)) => Need::Attribute(Text::new(attribute), Text::new(value)),
        None => Need::Credit(terms.spend_counter, from.parse().unwrap()),
    }
}

impl World {
    /// A member's tier, as a read at an instant shows it.
    pub fn tier(&self, member: &str, at: TimeMs) -> &str {
        let member = &self.state.members[&MemberKey { program: PROGRAM, id: Text::new(member) }];
        let tier = settled(member, &self.terms, at).tier;
        tier.map_or("none", |tier| self.names[usize::from(tier.get())].as_str())
    }
}

/// Over which time credit counts.
#[derive(Clone, Copy, Debug)]
pub enum Over {
    /// This calendar year or the last.
    Calendar,
    /// This year of the member's or the last.
    Own,
    /// So many days up to now.
    Days(i64),
    /// So many months up to now.
    Months(i64),
}

/// One member's tier.
#[derive(Clone, Debug)]
pub struct Climb {
    /// Over which time.
    pub over: Over,
    /// Days it falls later.
    pub grace: i64,
    /// Whether it falls one step at a time.
    pub by_one: bool,
    /// The last day gone through.
    pub today: i64,
    /// Credit by day, and the first day of a rolling window without it.
    credit: BTreeMap<i64, (i64, i64)>,
    /// First days of years of its kind.
    years: Vec<i64>,
    /// The level now.
    pub level: usize,
    landing: Option<(usize, i64)>,
}

/// Credit that makes silver and gold.
pub const LEVELS: [(i64, &str); 4] = [(0, "basic"), (100, "silver"), (300, "gold"), (600, "ruby")];

impl Climb {
    /// A member without credit.
    pub fn new(over: Over, grace: i64, by_one: bool, enrolled: i64) -> Self {
        // Lives of some waits reach far: beyond 2039 there was no year once.
        let years = (0..200).map(|turn| match over {
            Over::Own => add_months(enrolled * DAY_MS, 12 * turn) / DAY_MS,
            _ => start_of_year(1970 + turn) / DAY_MS,
        });
        let (years, credit) = (years.collect(), BTreeMap::new());
        Self { over, grace, by_one, today: enrolled, credit, years, level: 0, landing: None }
    }

    /// The name of the level now.
    pub fn tier(&self) -> &'static str {
        LEVELS[self.level].1
    }

    /// Credit comes or goes for a day.
    pub fn count(&mut self, day: i64, amount: i64) {
        let leaves = match self.over {
            Over::Days(days) => day + 1 + days,
            Over::Months(months) => add_months((day + 1) * DAY_MS, months) / DAY_MS,
            Over::Calendar | Over::Own => i64::MAX,
        };
        self.credit.entry(day).or_insert((0, leaves)).0 += amount;
        self.level = self.due(self.today);
    }

    /// Every midnight up to that of a day.
    pub fn pass(&mut self, to: i64) {
        while self.today < to {
            self.today += 1;
            let due = self.due(self.today);
            if self.by_one && due + 1 < self.level {
                self.level -= 1;
                self.landing = Some((self.level, self.landing_ends()));
            } else {
                self.level = due.min(self.level);
            }
        }
    }

    /// The level on a day: by what counts then, by what counted on a day that grace still covers, or by a landing.
    fn due(&self, day: i64) -> usize {
        let graced = (day - self.grace..day).map(|before| self.counting(before));
        let credit = graced.chain([self.counting(day)]).max().unwrap();
        let fits = LEVELS.iter().rposition(|(from, _)| credit >= *from).unwrap_or(0);
        let landed = self.landing.filter(|(_, until)| day < *until).map_or(0, |(level, _)| level);
        fits.max(landed)
    }

    /// What counts on a day.
    fn counting(&self, day: i64) -> i64 {
        let known = self.credit.iter().filter(|(of, _)| **of <= day);
        match self.over {
            Over::Calendar | Over::Own => {
                let (mut this, mut last) = (0, 0);
                for (of, (amount, _)) in known {
                    match self.turn(day) - self.turn(*of) {
                        0 => this += amount,
                        1 => last += amount,
                        _ => {}
                    }
                }
                this.max(last)
            }
            _ => known.map(|(_, (amount, leaves))| if day < *leaves { *amount } else { 0 }).sum(),
        }
    }

    /// Which year of its kind a day lies in.
    fn turn(&self, day: i64) -> usize {
        self.years.iter().rposition(|first| *first <= day).unwrap()
    }

    fn landing_ends(&self) -> i64 {
        let end = match self.over {
            Over::Calendar | Over::Own => self.years[self.turn(self.today) + 1],
            Over::Days(days) => self.today + days,
            Over::Months(months) => add_months(self.today * DAY_MS, months) / DAY_MS,
        };
        end + self.grace
    }
}

/// The same as terms say it.
pub fn words(over: Over, grace: i64, by_one: bool) -> String {
    let over = match over {
        Over::Calendar => "period=calendar_year".to_owned(),
        Over::Own => "period=anniversary".to_owned(),
        Over::Days(days) => format!("period=rolling window={days}d"),
        Over::Months(months) => format!("period=rolling window={months}m"),
    };
    let grace = if grace == 0 { String::new() } else { format!("grace={grace}d") };
    format!("tiers {over} {grace} {}", if by_one { "downgrade=by_one" } else { "" })
}

//! What goes by the calendar in the ledger's tables: schedules, plans, rights, beginnings.
//!
//! ```text
//! schedule cake birthday grant=cake            birthday, anniversary, monthly:31, yearly:7:1, planmonth:club, planend:club
//! schedule pay monthly:5 earn=miles:50 expires=30d      or `expires=month+0`, `convert=points:10>miles:1`, `law=0`, `script`
//!     … tiers=gold,silver plans=club becoming           for whom, and at once where a tier is reached
//! plan club 1000 lasts=1m trial gift=points:5           `lasts=life`; twelve months where nothing is said
//! perk lounge tiers=gold plans=club | begins card attribute=credit_card:approved | requires visit club | bound day
//! enroll A birthday=02-29 tell=credit_card:approved     of an enrolment and a profile
//! books points member:10 issued:-12 expired:2           a pool's accounts in which there is something
//! = A rights=lounge:2026-03-01,parking ends=cake:2026-03-01,gift expire=5@2026-03-01,3@never since=card:2026-01-01
//! ```

use super::words::{option, span};
use super::{World, orders};
use tallystick::ledger::calendar::Span;
use tallystick::ledger::event::{Birthday, EventKind, Personal};
use tallystick::ledger::member::Member;
use tallystick::ledger::record::Account;
use tallystick::ledger::rights::rights;
use tallystick::ledger::terms::{
    Action, ChoiceTerms, Expiry, Period, PerkTerms, PlanTerms, ScheduleTerms, SinceTerms, When,
};
use tallystick::ledger::types::{Money, NameId, Points, Seq, Text, TimeMs};

/// `30d`, or `month+0`: the end of this month.
pub fn expiry(text: &str) -> Expiry {
    let Some((period, after)) = text.split_once('+') else { return Expiry::Rolling(span(text)) };
    let period = match period {
        "day" => Period::Day,
        "month" => Period::Month,
        "quarter" => Period::Quarter,
        "year" => Period::Year,
        other => panic!("a period of {other}"),
    };
    Expiry::EndOf { period, after: after.parse().unwrap() }
}

/// What an event tells of the person.
pub fn personal(line: &str) -> Option<Box<Personal>> {
    let text = |name: &str| option(line, name).map(Text::new);
    let birthday = option(line, "birthday").map(|text| {
        let (month, day) = text.split_once('-').unwrap();
        Birthday { month: month.parse().unwrap(), day: day.parse().unwrap(), year: None }
    });
    let personal = Personal { referrer: text("referrer"), email_hash: text("email"), birthday, ..Personal::default() };
    (personal != Personal::default()).then(|| Box::new(personal))
}

/// `tell=name:value`
pub fn told(line: &str) -> Vec<(Text, Text)> {
    let pair = |text: &str| {
        let (name, value) = text.split_once(':').unwrap();
        (Text::new(name), Text::new(value))
    };
    option(line, "tell").map(pair).into_iter().collect()
}

impl World {
    fn names_of(&mut self, line: &str, option_name: &str) -> Vec<NameId> {
        option(line, option_name).map_or_else(Vec::new, |names| names.split(',').map(|name| self.name(name)).collect())
    }

    /// The terms that go by the calendar; others are for orders.
    pub(super) fn declare_calendar(&mut self, line: &str) {
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["schedule", name, when, ..] => {
                let (when, action) = (self.when(when), self.action(line));
                let schedule = ScheduleTerms {
                    name: self.name(&format!("schedule:{name}")),
                    when,
                    on_becoming: line.contains(" becoming"),
                    tiers: self.names_of(line, "tiers"),
                    plans: self.names_of(line, "plans"),
                    action,
                    reason: Text::new(*name),
                    rule: Text::new(*name),
                };
                self.terms.schedules.push(schedule);
            }
            ["plan", name, price, ..] => {
                let (name, price) = (self.name(name), Money::new(price.parse().unwrap()));
                let lasts = match option(line, "lasts") {
                    Some("life") => None,
                    text => Some(text.map_or(Span::Months(12), span)),
                };
                let gift = option(line, "gift").map(|text| {
                    let (pool, amount) = text.split_once(':').unwrap();
                    (self.name(pool), Points::new(amount.parse().unwrap()), self.name("wildlife"))
                });
                let trial = line.contains(" trial");
                self.terms.plans.push(PlanTerms { name, price, lasts, trial, gift });
            }
            ["perk", name, ..] => {
                let name = self.name(name);
                let (tiers, plans) = (self.names_of(line, "tiers"), self.names_of(line, "plans"));
                self.terms.perks.push(PerkTerms { name, tiers, plans });
            }
            ["begins", name, ..] => {
                let (attribute, value) = option(line, "attribute").unwrap().split_once(':').unwrap();
                let (name, attribute, value) = (self.name(name), Text::new(attribute), Text::new(value));
                self.terms.sinces.push(SinceTerms { name, attribute, value });
            }
            ["requires", kind, plans @ ..] => {
                let plans = plans.iter().map(|plan| self.name(plan)).collect();
                self.terms.requires.push((EventKind::parse(kind).unwrap(), plans));
            }
            ["bound", choice] => self.terms.choices.push(ChoiceTerms { name: Text::new(*choice) }),
            _ => self.declare_more(line),
        }
    }

    fn when(&mut self, text: &str) -> When {
        match text.split(':').collect::<Vec<_>>().as_slice() {
            ["birthday"] => When::Birthday,
            ["anniversary"] => When::Anniversary,
            ["monthly", day] => When::Monthly(day.parse().unwrap()),
            ["yearly", month, day] => When::Yearly(month.parse().unwrap(), day.parse().unwrap()),
            ["planmonth", plan] => When::PlanMonth(self.name(plan)),
            ["planend", plan] => When::PlanEnd(self.name(plan)),
            other => panic!("when: {other:?}"),
        }
    }

    fn action(&mut self, line: &str) -> Action {
        if let Some(text) = option(line, "earn") {
            let (pool, points) = text.split_once(':').unwrap();
            let expires = option(line, "expires").map(expiry);
            return Action::Earn { pool: self.name(pool), points: Points::new(points.parse().unwrap()), expires };
        }
        if let Some(reward) = option(line, "grant") {
            return Action::Grant { reward: self.name(reward) };
        }
        if let Some(text) = option(line, "convert") {
            let mut parts = text.split([':', '>']);
            let mut next = || parts.next().unwrap();
            let (from, per, to, give) = (next(), next(), next(), next());
            let number = |text: &str| Points::new(text.parse().unwrap());
            return Action::Convert { from: self.name(from), per: number(per), to: self.name(to), give: number(give) };
        }
        option(line, "law").map_or(Action::Script, |law| Action::Law(law.parse().unwrap()))
    }

    /// A pool's accounts in which there is something, in order: `member:10 issued:-12 expired:2`.
    pub(super) fn books_of(&mut self, pool: &str) -> String {
        let pool = self.name(pool);
        let books = &self.state.programs[0].books;
        let of = |(account, balance): (&Account, &i64)| {
            let name = match account {
                Account::Donated(charity) => format!("donated/{}", self.names[usize::from(charity.get())]),
                other => format!("{other:?}").to_lowercase(),
            };
            format!("{name}:{balance}")
        };
        let known = books.iter().filter(|((of, _), balance)| *of == pool && **balance != 0);
        known.map(|((_, account), balance)| of((account, balance))).collect::<Vec<_>>().join(" ")
    }

    /// Further words that a balance is compared by.
    pub(super) fn by_calendar(&self, member: &Member, at: TimeMs) -> Vec<(&'static str, String)> {
        let name = |id: NameId| self.names[usize::from(id.get())].to_string();
        let until = |name: String, at: Option<TimeMs>| match at {
            Some(at) => format!("{name}:{}", instant(at)),
            None => name,
        };
        let rights = rights(member, &self.terms, at).into_iter().map(|(right, end)| until(name(right), end));
        let ends = member.grants.iter().map(|grant| until(name(grant.reward), grant.expires_at));
        let lots = member
            .pools
            .iter()
            .flat_map(|pool| &pool.lots)
            .map(|lot| format!("{}@{}", lot.remaining, lot.expires_at.map_or_else(|| "never".to_owned(), instant)));
        let standing = member.standing.as_deref().cloned().unwrap_or_default();
        let since = standing.since.iter().map(|(of, at)| until(name(*of), Some(*at)));
        vec![
            ("rights", orders::joined(rights)),
            ("ends", orders::joined(ends)),
            ("expire", orders::joined(lots)),
            ("since", orders::joined(since)),
        ]
    }
}

/// All there is to a member, with the names left out of what came after a record.
pub fn unnamed(member: &Member, since: Seq) -> String {
    let text = format!("{member:?}");
    let mut parts = text.split("LotId { seq: Seq(");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (seq, rest) = part.split_once(')').unwrap();
        let known = seq.parse::<u64>().unwrap() <= since.get();
        out.extend(["LotId { ", if known { seq } else { "new" }, rest]);
    }
    out
}

/// A day where it is midnight, else the whole time.
fn instant(at: TimeMs) -> String {
    let text = jiff::Timestamp::from_millisecond(at.get()).unwrap().to_string();
    text.strip_suffix("T00:00:00Z").map_or(text.clone(), str::to_owned)
}

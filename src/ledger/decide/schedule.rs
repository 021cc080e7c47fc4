//! What happens to members by the calendar: birthdays, month and year ends, months and ends of paid plans.
//!
//! Works on a member and the terms alone, so that a read at an instant shows what the scheduler will record for it. An instant
//! that lies before what has been settled is past, and so is one before the terms decided: nothing happens twice, and nothing
//! happens for a time before it was declared.

use super::super::apply::{When as Applied, apply_effect};
use super::super::calendar::{Day, civil_day, civil_parts, month_index, year_of};
use super::super::event::Birthday;
use super::super::member::Member;
use super::super::provenance::{Back, Condition, Lines, PlanPeriod};
use super::super::record::{Account, Credit, Effect, Input};
use super::super::terms::{Action, Expiry, LawTerms, LawWindow, ScheduleTerms, Terms, When};
use super::super::types::{AMOUNT_MAX, LotId, NameId, Points, Seq, TimeMs};
use super::laws::formula;
use super::shares::is_order;
use super::{Books, Draft};

/// Occurrences looked at ahead when nothing else is due: what does not happen within them does not happen before something changes.
const LOOK_AHEAD: usize = 4;

/// The next instant at which the calendar does something for a member, looked for until `bound` where something else is due then.
pub(super) fn next(member: &Member, terms: &Terms, bound: Option<TimeMs>) -> Option<TimeMs> {
    let mut found = bound;
    for schedule in &terms.schedules {
        let mut after = member.settled_at.max(terms.since.plus_ms(-1));
        for _ in 0..LOOK_AHEAD {
            let Some(at) = occurrence(schedule, member, terms, after) else { break };
            if found.is_some_and(|found| at >= found) {
                break;
            }
            if happens(schedule, member, terms, at) {
                found = Some(at);
                break;
            }
            after = at;
        }
    }
    if found == bound { None } else { found }
}

/// Adds what the calendar does for a member at an instant. `tier` is the one they have once the instant's falls are done.
pub(super) fn run(
    member: &Member,
    terms: &Terms,
    (at, seq): (TimeMs, Seq),
    tier: Option<NameId>,
    effects: &mut Vec<Effect>,
) {
    for schedule in &terms.schedules {
        if occurrence(schedule, member, terms, TimeMs::new(at.get() - 1)) == Some(at) {
            Doing { member, terms, at, seq, tier }.act(schedule, effects);
        }
    }
}

impl Draft {
    /// What the record in the making brings at once: the first month of a plan, a birthday told on the day, what comes with a
    /// tier just reached. Sees the member as the effects so far leave them.
    pub(super) fn happen_now(
        &mut self,
        books: &Books<'_>,
        member: Option<&Member>,
        (input, at): (&Input, TimeMs),
        birthday: Option<Birthday>,
    ) {
        let terms = books.terms;
        let begins = |effect: &Effect| match effect {
            Effect::Plan { plan, from, .. } if *from <= at => Some(*plan),
            _ => None,
        };
        let begun = self.effects.iter().find_map(begins);
        let moved = self.effects.iter().find_map(|effect| match effect {
            Effect::Tier { party: 0, from, to } => Some((*from, *to)),
            _ => None,
        });
        let told = birthday.filter(|day| is_birthday(terms, (day.month, day.day), at));
        let wanted = |schedule: &ScheduleTerms| match schedule.when {
            When::PlanMonth(plan) => begun == Some(plan),
            When::Birthday => told.is_some(),
            _ => {
                let has = |tier: Option<NameId>| tier.is_some_and(|tier| schedule.tiers.contains(&tier));
                schedule.on_becoming && moved.is_some_and(|(from, to)| has(to) && !has(from))
            }
        };
        if !terms.schedules.iter().any(wanted) {
            return;
        }
        let mut copy = member.cloned().unwrap_or_default();
        let when = Applied { seq: books.seq(), occurred_at: at, recorded_at: books.now };
        for effect in self.effects.iter().filter(|effect| effect.party() == 0) {
            apply_effect(&mut copy, effect, when, Some(input));
        }
        for schedule in terms.schedules.iter().filter(|schedule| wanted(schedule)) {
            let doing = Doing { member: &copy, terms, at, seq: when.seq, tier: copy.tier };
            let from = self.effects.len();
            doing.act(schedule, &mut self.effects);
            if input.event().is_some_and(|event| is_order(&event.kind)) {
                self.count_with_grant(from, schedule.name);
            }
        }
        self.next_index = self.next_index.max(next_index(&self.effects));
    }

    /// That an order brought a reward is forgotten with the reward, and not with the order: one that was used counts as given.
    fn count_with_grant(&mut self, from: usize, counter: NameId) {
        let mut found = (from..).zip(self.effects.iter().skip(from));
        let grant = found.find_map(|(at, effect)| matches!(effect, Effect::Grant { .. }).then_some(at));
        let counts = |effect: &Effect| matches!(effect, Effect::Count { counter: of, .. } if *of == counter);
        let count = found.find_map(|(at, effect)| counts(effect).then_some(at));
        if let (Some(grant), Some(count)) = (grant, count) {
            let with = u16::try_from(grant).expect("the effects of a record are bounded");
            self.origin(0, count, Lines::All, Back::With(with));
        }
    }
}

fn happens(schedule: &ScheduleTerms, member: &Member, terms: &Terms, at: TimeMs) -> bool {
    let mut effects = Vec::new();
    Doing { member, terms, at, seq: Seq::ZERO, tier: member.tier }.act(schedule, &mut effects);
    !effects.is_empty()
}

/// The first instant after `after` at which a schedule runs for a member.
fn occurrence(schedule: &ScheduleTerms, member: &Member, terms: &Terms, after: TimeMs) -> Option<TimeMs> {
    let zone = &terms.zone;
    let today = zone.day(after);
    let (year, month, _) = civil_parts(today);
    let yearly = |month: u8, day: u8| {
        (year..=year + 1).map(|year| zone.start_of_day(civil_day(year, month, day))).find(|at| *at > after)
    };
    match schedule.when {
        When::Birthday => {
            let birthday = member.profile.birthday?;
            yearly(birthday.month, birthday.day)
        }
        When::Anniversary => {
            let (_, month, day) = civil_parts(zone.day(member.enrolled_at));
            yearly(month, day)
        }
        When::Yearly(month, day) => yearly(month, day),
        When::Monthly(day) => {
            let ahead = |months: i32| {
                let index = year * 12 + i32::from(month) - 1 + months;
                let month = u8::try_from(index.rem_euclid(12) + 1).expect("1 to 12");
                zone.start_of_day(civil_day(index.div_euclid(12), month, day))
            };
            [ahead(0), ahead(1)].into_iter().find(|at| *at > after)
        }
        When::PlanMonth(plan) => periods(member, plan).filter_map(|period| month_after(terms, period, after)).min(),
        When::PlanEnd(plan) => periods(member, plan).filter_map(|period| period.until).filter(|at| *at > after).min(),
    }
}

fn periods(member: &Member, plan: NameId) -> impl Iterator<Item = &PlanPeriod> {
    let periods = member.standing().map_or(&[][..], |standing| standing.plans.as_slice());
    periods.iter().filter(move |period| period.plan == plan)
}

/// The start of a period's first month after an instant.
fn month_after(terms: &Terms, period: &PlanPeriod, after: TimeMs) -> Option<TimeMs> {
    if period.ended {
        return None;
    }
    let passed = month_index(terms.zone.day(after)) - month_index(terms.zone.day(period.from));
    let starts = (passed.max(0)..=passed.max(0) + 1).map(|months| month_start(terms, period, months));
    let found = if after < period.from { Some(period.from) } else { starts.into_iter().find(|at| *at > after) };
    found.filter(|at| period.until.is_none_or(|until| *at < until))
}

fn month_start(terms: &Terms, period: &PlanPeriod, months: i32) -> TimeMs {
    let months = u16::try_from(months).unwrap_or(u16::MAX);
    if months == 0 { period.from } else { terms.zone.after(period.from, super::super::calendar::Span::Months(months)) }
}

/// One member at one instant.
struct Doing<'a> {
    member: &'a Member,
    terms: &'a Terms,
    at: TimeMs,
    seq: Seq,
    tier: Option<NameId>,
}

impl Doing<'_> {
    fn act(&self, schedule: &ScheduleTerms, effects: &mut Vec<Effect>) {
        let day = self.terms.zone.day(self.at);
        if !self.is_meant(schedule) || self.was_given(schedule, day) {
            return;
        }
        let before = effects.len();
        let mut hanging = None;
        match &schedule.action {
            Action::Earn { pool, points, expires } => {
                let expires_at = match (schedule.when, expires) {
                    (When::PlanMonth(plan), _) => self.end_of_plan_month(plan),
                    (_, Some(expiry)) => self.ends(*expiry),
                    (_, None) => self.terms.pool(*pool).and_then(|pool| self.ends(pool.expiry)),
                };
                self.credit(schedule, (*pool, *points, expires_at), effects);
            }
            Action::Grant { reward } => hanging = Some(self.grant(schedule, *reward, effects)),
            Action::Convert { from, per, to, give } => self.convert(schedule, (*from, *per), (*to, *give), effects),
            Action::Law(index) => {
                if let Some(law) = self.terms.laws.get(usize::from(*index)) {
                    self.settle_law(schedule, law, effects);
                }
            }
            // That it came round is on record, whatever the scripts give.
            Action::Script => {
                effects.push(Effect::Count { party: 0, counter: schedule.name, day, amount: 1 });
                return;
            }
        }
        if effects.len() == before || !remembers(schedule) {
            return;
        }
        if let Some(grant) = hanging
            && !schedule.tiers.is_empty()
        {
            let (condition, counter) = (Condition::Tier(schedule.tiers.clone()), Some((schedule.name, day)));
            effects.push(Effect::Hangs { party: 0, grant, condition, counter });
        }
        effects.push(Effect::Count { party: 0, counter: schedule.name, day, amount: 1 });
    }

    fn is_meant(&self, schedule: &ScheduleTerms) -> bool {
        let tier = schedule.tiers.is_empty() || self.tier.is_some_and(|tier| schedule.tiers.contains(&tier));
        let runs = |plan: &NameId| periods(self.member, *plan).any(|period| period.covers(self.at) && !period.ended);
        tier && (schedule.plans.is_empty() || schedule.plans.iter().any(runs))
    }

    /// Whether what happens at most once a calendar year has happened in this one.
    fn was_given(&self, schedule: &ScheduleTerms, day: Day) -> bool {
        remembers(schedule) && self.member.counter(schedule.name).is_some_and(|known| known.years.get(year_of(day)) > 0)
    }

    fn ends(&self, expiry: Expiry) -> Option<TimeMs> {
        match expiry {
            Expiry::Rolling(span) => Some(self.terms.zone.after(self.at, span)),
            Expiry::EndOf { period, after } => Some(self.terms.zone.end_of(self.at, period, after)),
            Expiry::Never | Expiry::Inactivity { .. } => None,
        }
    }

    /// The end of the plan's month that begins now: the next month's start, or the period's end.
    fn end_of_plan_month(&self, plan: NameId) -> Option<TimeMs> {
        let period = periods(self.member, plan).find(|period| period.covers(self.at) && !period.ended)?;
        month_after(self.terms, period, self.at).or(period.until)
    }

    fn lot(&self, effects: &[Effect]) -> LotId {
        LotId { seq: self.seq, index: next_index(effects) }
    }

    fn credit(
        &self,
        schedule: &ScheduleTerms,
        (pool, amount, expires_at): (NameId, Points, Option<TimeMs>),
        effects: &mut Vec<Effect>,
    ) {
        let known = self.member.pool(pool);
        let total: i64 = known.map_or(0, |pool| pool.lots.remaining().get());
        let lifetime = known.map_or(0, |pool| pool.lifetime.get());
        // What would pass the largest amount cannot be refused here, so it is not given.
        let fits = total.max(lifetime).checked_add(amount.get()).is_some_and(|sum| sum <= AMOUNT_MAX);
        if !amount.is_positive() || !fits {
            return;
        }
        if let Some(counter) = self.terms.pool(pool).and_then(|pool| pool.earned) {
            let (day, amount) = (self.terms.zone.day(self.at), amount.get());
            effects.push(Effect::Count { party: 0, counter, day, amount });
        }
        let paid = |effect: &Effect| match effect {
            Effect::Activate { pool: of, repaid, .. } if *of == pool => *repaid,
            Effect::Credit(credit) if credit.pool == pool => credit.repaid,
            _ => Points::ZERO,
        };
        let debt = known.map_or(Points::ZERO, |pool| pool.debt) - effects.iter().map(paid).sum::<Points>();
        effects.push(Effect::Credit(Credit {
            party: 0,
            pool,
            lot: self.lot(effects),
            amount,
            repaid: debt.min(amount),
            earned_at: self.at,
            available_at: self.at,
            expires_at,
            from: Account::Issued,
            reason: schedule.reason.clone(),
            rule: schedule.rule.clone(),
        }));
    }

    fn grant(&self, schedule: &ScheduleTerms, reward: NameId, effects: &mut Vec<Effect>) -> u16 {
        let terms = self.terms.reward(reward);
        let index = next_index(effects);
        effects.push(Effect::Grant {
            party: 0,
            index,
            reward,
            value: terms.and_then(|terms| terms.value),
            expires_at: terms.and_then(|terms| self.ends(terms.expires)),
            reason: schedule.reason.clone(),
        });
        index
    }

    fn convert(
        &self,
        schedule: &ScheduleTerms,
        (from, per): (NameId, Points),
        (to, give): (NameId, Points),
        effects: &mut Vec<Effect>,
    ) {
        let Some(pool) = self.member.pool(from) else { return };
        // What another schedule of this instant has taken is not there any more.
        let taken = |id: Option<LotId>| -> i64 {
            let of = |effect: &Effect| match effect {
                Effect::Spend { pool: of, lot, amount, .. } if *of == from && id.is_none_or(|id| id == *lot) => {
                    amount.get()
                }
                _ => 0,
            };
            effects.iter().map(of).sum()
        };
        let units = (pool.available(self.at).get() - taken(None)) / per.get().max(1);
        let (Some(mut left), Some(given)) = (units.checked_mul(per.get()), units.checked_mul(give.get())) else {
            return;
        };
        if units == 0 {
            return;
        }
        let mut spent = Vec::new();
        for lot in pool.lots.iter().filter(|lot| lot.spendable_at(self.at)) {
            let amount = (lot.free().get() - taken(Some(lot.id))).min(left);
            if amount > 0 {
                left -= amount;
                spent.push(Effect::Spend {
                    party: 0,
                    pool: from,
                    lot: lot.id,
                    amount: Points::new(amount),
                    earned_at: lot.earned_at,
                    expires_at: lot.expires_at,
                    to: Account::Redeemed,
                });
            }
        }
        effects.append(&mut spent);
        let expires_at = self.terms.pool(to).and_then(|pool| self.ends(pool.expiry));
        self.credit(schedule, (to, Points::new(given), expires_at), effects);
    }

    /// Pays what a law owes for the calendar year, or the period, that has just ended.
    fn settle_law(&self, schedule: &ScheduleTerms, law: &LawTerms, effects: &mut Vec<Effect>) {
        let expires_at = self.terms.pool(law.pool).and_then(|pool| self.ends(pool.expiry));
        match law.window {
            LawWindow::Plan(plan) => {
                let Some(period) = periods(self.member, plan).find(|period| period.until == Some(self.at)) else {
                    return;
                };
                let owed = formula(law, period.spend) - period.credited;
                if owed > 0 {
                    self.credit(schedule, (law.pool, Points::new(owed), expires_at), effects);
                    effects.push(Effect::PlanSpend { party: 0, period: period.id, spend: 0, credited: owed });
                }
            }
            LawWindow::Year | LawWindow::Ever => {
                let day = match law.window {
                    LawWindow::Year => civil_day(year_of(self.terms.zone.day(self.at)) - 1, 12, 31),
                    LawWindow::Ever | LawWindow::Plan(_) => self.terms.zone.day(self.at),
                };
                let sum = |name: NameId| {
                    self.member.counter(name).map_or(0, |known| match law.window {
                        LawWindow::Year => known.years.get(year_of(day)),
                        LawWindow::Ever | LawWindow::Plan(_) => known.ever,
                    })
                };
                let owed = formula(law, sum(law.counter)) - sum(law.credited);
                if owed > 0 {
                    self.credit(schedule, (law.pool, Points::new(owed), expires_at), effects);
                    effects.push(Effect::Count { party: 0, counter: law.credited, day, amount: owed });
                }
            }
        }
    }
}

/// Whether a schedule happens at most once a calendar year, and so is remembered.
const fn remembers(schedule: &ScheduleTerms) -> bool {
    matches!(schedule.when, When::Birthday | When::Anniversary) || schedule.on_becoming
}

/// The number of the next lot or grant among a record's effects.
pub(super) fn next_index(effects: &[Effect]) -> u16 {
    let used = effects.iter().filter_map(|effect| match effect {
        Effect::Credit(credit) => Some(credit.lot.index),
        Effect::Grant { index, .. } | Effect::Plan { index, .. } | Effect::Hold { index, .. } => Some(*index),
        _ => None,
    });
    used.max().map_or(0, |index| index + 1)
}

/// Whether a birthday is on the civil day of an instant; one of 29 February is on the 28th in common years.
fn is_birthday(terms: &Terms, (month, day): (u8, u8), at: TimeMs) -> bool {
    let today = terms.zone.day(at);
    civil_day(year_of(today), month, day) == today
}

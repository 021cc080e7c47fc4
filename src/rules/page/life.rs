//! The page's part about members' lives: memberships, perks, birthdays and what else the calendar brings, laws over totals.

use super::{Section, by_whom, paid, sentence};
use crate::rules::manifest::Manifest;
use crate::rules::manifest::life::{LawTable, PlanTable, ScheduleTable};
use crate::rules::values::{LawWords, WhenWords};
use crate::rules::words::{amount_of, joined, money, named, number, span, used};

/// Paid memberships and trials.
pub(super) fn plans(m: &Manifest) -> Section {
    let perks = |plan: &str| {
        let mine = m.perks.0.iter().filter(|(_, perk)| perk.plans.0.iter().any(|known| known.0 == plan));
        let mine: Vec<String> = mine.map(|(name, _)| named(&name.get_ref().0)).collect();
        if mine.is_empty() { "–".to_owned() } else { mine.join(", ") }
    };
    let row = |name: &str, plan: &PlanTable| {
        let costs = match plan.price.map_or(0, |price| price.0) {
            0 if plan.trial => "free, once".to_owned(),
            0 => "nothing".to_owned(),
            price => money(price, &m.program.currency.0),
        };
        let lasts = plan.lasts.as_ref().map_or_else(|| "for life".to_owned(), |lasts| span(lasts.0));
        vec![named(name), costs, lasts, perks(name)]
    };
    let gift = |(_, plan): &(toml::Spanned<crate::rules::values::Name>, PlanTable)| {
        let gift = plan.gift.as_ref()?;
        let (amount, charity) = (paid(m, gift.amount.0, &gift.pool.get_ref().0), named(&gift.charity.get_ref().0));
        Some(format!("With each fee we give {amount} to {charity}."))
    };
    let rows = m.plans.0.iter().map(|(name, plan)| row(&name.get_ref().0, plan)).collect();
    let columns = vec!["Membership", "Costs", "A period lasts", "What comes with it"];
    let mut lines: Vec<String> = m.plans.0.iter().filter_map(gift).collect();
    for require in &m.require {
        let plans: Vec<String> = require.get_ref().plans.0.iter().map(|plan| named(&plan.0)).collect();
        let kinds: Vec<String> = require.get_ref().on.0.iter().map(|kind| super::kind_words(&kind.0)).collect();
        lines.push(format!("{} only with {}.", sentence(&joined(&kinds, "and")), joined(&plans, "or")));
    }
    Section { id: "plans", heading: "Memberships", lines, columns, rows }
}

/// What members, tiers and plans have a right to.
pub(super) fn perks(m: &Manifest) -> Section {
    let rows = m.perks.0.iter().map(|(name, perk)| {
        let tiers = perk.tiers.0.iter().map(|tier| named(&tier.0));
        let plans = perk.plans.0.iter().map(|plan| format!("{} membership", named(&plan.0)));
        let whose: Vec<String> = tiers.chain(plans).collect();
        let whose = if whose.is_empty() { "every member".to_owned() } else { joined(&whose, "and") };
        vec![sentence(&named(&name.get_ref().0)), whose]
    });
    let columns = vec!["Perk", "Who has it"];
    Section { id: "perks", heading: "Perks", columns, rows: rows.collect(), ..Section::default() }
}

/// Birthdays.
pub(super) fn birthday(m: &Manifest) -> Section {
    let mine = m.schedule.iter().map(toml::Spanned::get_ref);
    let mine = mine.filter(|schedule| schedule.when.get_ref().0 == WhenWords::Birthday);
    let lines = mine.map(|schedule| schedule_line(m, schedule)).collect();
    Section { id: "birthday", heading: "Your birthday", lines, ..Section::default() }
}

/// What else the calendar brings, and what laws pay.
pub(super) fn schedules(m: &Manifest) -> Section {
    let others = m.schedule.iter().map(toml::Spanned::get_ref);
    let others = others.filter(|schedule| schedule.when.get_ref().0 != WhenWords::Birthday);
    let laws = m.law.iter().map(|law| law_line(m, law.get_ref()));
    let lines = laws.chain(others.map(|schedule| schedule_line(m, schedule))).collect();
    Section { id: "schedules", heading: "Through the year", lines, ..Section::default() }
}

fn schedule_line(m: &Manifest, schedule: &ScheduleTable) -> String {
    let when = when(&schedule.when.get_ref().0);
    let what = if let Some(earn) = &schedule.earn {
        let lasts = earn.expires.as_ref().map(|expires| format!(", to be used {}", used(expires.0)));
        format!("{}{}", paid(m, earn.points.0, &earn.pool.get_ref().0), lasts.unwrap_or_default())
    } else if let Some(reward) = &schedule.grant {
        let name = &reward.get_ref().0;
        let expires = m.rewards.0.iter().find(|(known, _)| known.get_ref().0 == *name);
        let expires = expires.and_then(|(_, reward)| reward.expires.as_ref());
        let within = expires.map(|expires| format!(", to be used {}", used(expires.0)));
        format!("{}{}", named(name), within.unwrap_or_default())
    } else if let Some(convert) = &schedule.convert {
        let (from, to) = (&convert.from.get_ref().0, &convert.to.get_ref().0);
        format!("every full {} become {}", paid(m, convert.per.0, from), paid(m, convert.give.0, to))
    } else if schedule.law.is_some() {
        "what has become due is paid".to_owned()
    } else {
        "a surprise".to_owned()
    };
    let whom = by_whom(&schedule.tiers, &schedule.plans);
    let at_once = if schedule.on_becoming { ", and at once when you become one" } else { "" };
    format!("{}: {what} {when}{whom}{at_once}.", sentence(&schedule.reason.0))
}

fn when(when: &WhenWords) -> String {
    match when {
        WhenWords::Birthday => "on your birthday, once a year".to_owned(),
        WhenWords::Anniversary => "on the anniversary of joining".to_owned(),
        WhenWords::Monthly(day) => format!("on day {day} of each month"),
        WhenWords::Yearly(month, day) => format!("on {day} {} of each year", month_name(*month)),
        WhenWords::PlanMonth(plan) => format!("at the start of each paid month of {}", named(plan)),
        WhenWords::PlanEnd(plan) => format!("at the end of each paid period of {}", named(plan)),
    }
}

fn month_name(month: u8) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    NAMES.get(usize::from(month).saturating_sub(1)).copied().unwrap_or("?")
}

/// "5.00 USD for every full 100.00 USD of purchases since you joined"
fn law_line(m: &Manifest, law: &LawTable) -> String {
    let counter = &law.counter.get_ref().0;
    let unit = match counter.as_str() {
        "spend" => format!("{} of purchases", money(law.per.0, &m.program.currency.0)),
        other => format!("{} {}", number(law.per.0), named(other.trim_start_matches("earned:"))),
    };
    let full = if law.steps { "full " } else { "" };
    let over = match &law.window.get_ref().0 {
        LawWords::Ever => "since you joined".to_owned(),
        LawWords::Year => "of a calendar year".to_owned(),
        LawWords::Plan(plan) => format!("of each paid period of {}", named(plan)),
    };
    let pool = &law.pool.get_ref().0;
    let most = law.most.map(|most| format!(", at most {}", paid(m, most.0, pool))).unwrap_or_default();
    let give = if super::is_money(m, pool) { paid(m, law.give.0, pool) } else { amount_of(law.give.0, pool) };
    format!("{}: {give} for every {full}{unit} {over}{most}.", sentence(&law.reason.0))
}

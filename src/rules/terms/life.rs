//! What the manifest says about members' lives, for the ledger: rights, plans, schedules, laws, and the counters behind them.

use toml::Spanned;

use super::Ids;
use crate::ledger::terms::{
    Action, ChoiceTerms, LawTerms, LawWindow, PerkTerms, PlanTerms, ScheduleTerms, SinceTerms, Terms, When,
};
use crate::ledger::types::{Money, NameId, Points, Text};
use crate::rules::diagnostic::line_and_column;
use crate::rules::files::MANIFEST;
use crate::rules::manifest::Manifest;
use crate::rules::manifest::life::{LawTable, Pays, ScheduleTable};
use crate::rules::values::{LawWords, Name, OneOrMany, WhenWords};

/// The counter of how often a schedule ran for a member.
fn schedule_counter(name: &str) -> Text {
    Text::new(format!("schedule:{name}"))
}

/// The counter of what a law has credited.
fn law_counter(name: &str) -> Text {
    Text::new(format!("law:{name}"))
}

/// The budget that counts a reward's stock.
pub(super) fn stock_counter(reward: &str) -> Text {
    Text::new(format!("stock:{reward}"))
}

/// The counter of how many of a reward a member bought.
pub(super) fn bought_counter(reward: &str) -> Text {
    Text::new(format!("bought:{reward}"))
}

/// The counter of what rules credit to a pool, where the manifest asks for it anywhere.
pub(super) fn earned_counter(m: &Manifest, pool: &str) -> Option<Text> {
    let name = format!("earned:{pool}");
    let levels = m.tiers.iter().flat_map(|tiers| &tiers.levels).flat_map(|level| &level.any);
    let asked = (m.tiers.iter().map(|tiers| &tiers.credit))
        .chain(levels.map(|need| &need.counter))
        .chain(m.law.iter().map(|law| &law.get_ref().counter))
        .chain(m.grant.iter().filter_map(|grant| grant.get_ref().when.as_ref()).map(|when| &when.counter))
        .chain(m.segments.0.iter().flat_map(|(_, segment)| &segment.counters).map(|counted| &counted.counter));
    asked.into_iter().any(|counter| counter.get_ref().0 == name).then(|| Text::new(name))
}

/// The names this part of a manifest declares, in its order.
pub(super) fn names(m: &Manifest) -> Vec<Text> {
    let charities = m.pools.0.iter().flat_map(|(_, pool)| pool.charities.0.iter().map(|name| name.0.clone()));
    let gifts =
        m.plans.0.iter().filter_map(|(_, plan)| plan.gift.as_ref()).map(|gift| gift.charity.get_ref().0.clone());
    let stocks = m.rewards.0.iter().filter(|(_, reward)| reward.stock.is_some());
    let limited = m.rewards.0.iter().filter(|(_, reward)| reward.per_member.is_some());
    (m.perks.names().cloned())
        .chain(m.plans.names().cloned())
        .chain(charities)
        .chain(gifts)
        .chain(m.since.iter().map(|since| since.name.get_ref().0.clone()))
        .chain(m.schedule.iter().map(|table| schedule_counter(&table.get_ref().name.get_ref().0)))
        .chain(m.law.iter().map(|table| law_counter(&table.get_ref().name.get_ref().0)))
        .chain(m.pools.names().filter_map(|pool| earned_counter(m, pool)))
        .chain(stocks.map(|(name, _)| stock_counter(&name.get_ref().0)))
        .chain(limited.map(|(name, _)| bought_counter(&name.get_ref().0)))
        .collect()
}

/// The ids of some names.
pub(in crate::rules) fn ids(names: &OneOrMany<Name>, id: Ids<'_>) -> Vec<NameId> {
    names.0.iter().map(|name| id(&name.0)).collect()
}

/// Adds this part's terms.
pub(super) fn add(terms: &mut Terms, m: &Manifest, text: &str, id: Ids<'_>) {
    let perk = |(name, perk): &(Spanned<Name>, crate::rules::manifest::life::PerkTable)| PerkTerms {
        name: id(&name.get_ref().0),
        tiers: ids(&perk.tiers, id),
        plans: ids(&perk.plans, id),
    };
    terms.perks = m.perks.0.iter().map(perk).collect();
    let plan = |(name, plan): &(Spanned<Name>, crate::rules::manifest::life::PlanTable)| PlanTerms {
        name: id(&name.get_ref().0),
        price: Money::new(plan.price.map_or(0, |price| price.0)),
        lasts: plan.lasts.as_ref().map(|lasts| lasts.0),
        trial: plan.trial,
        gift: plan
            .gift
            .as_ref()
            .map(|gift| (id(&gift.pool.get_ref().0), Points::new(gift.amount.0), id(&gift.charity.get_ref().0))),
    };
    terms.plans = m.plans.0.iter().map(plan).collect();
    terms.laws = m.law.iter().map(|table| law(table, text, id)).collect();
    terms.schedules = m.schedule.iter().map(|table| schedule(table, m, text, id)).collect();
    let requires = m.require.iter().map(Spanned::get_ref);
    terms.requires =
        requires.flat_map(|table| table.on.0.iter().map(|kind| (kind.0.clone(), ids(&table.plans, id)))).collect();
    terms.sinces = m
        .since
        .iter()
        .flat_map(|since| {
            since.attribute.0.iter().map(|(attribute, value)| SinceTerms {
                name: id(&since.name.get_ref().0),
                attribute: attribute.get_ref().0.clone(),
                value: value.0.clone(),
            })
        })
        .collect();
    terms.choices = m.choices.names().map(|name| ChoiceTerms { name: name.clone() }).collect();
}

fn place<T>(table: &Spanned<T>, text: &str) -> Text {
    let (line, _) = line_and_column(text, table.span().start);
    smol_str::format_smolstr!("{MANIFEST}:{line}")
}

fn law(table: &Spanned<LawTable>, text: &str, id: Ids<'_>) -> LawTerms {
    let law = table.get_ref();
    LawTerms {
        credited: id(&law_counter(&law.name.get_ref().0)),
        counter: id(&law.counter.get_ref().0),
        window: match &law.window.get_ref().0 {
            LawWords::Ever => LawWindow::Ever,
            LawWords::Year => LawWindow::Year,
            LawWords::Plan(plan) => LawWindow::Plan(id(plan)),
        },
        pool: id(&law.pool.get_ref().0),
        give: law.give.0,
        per: law.per.0,
        steps: law.steps,
        most: law.most.map(|most| Points::new(most.0)),
        at_once: law.pays == Pays::AtOnce,
        reason: law.reason.0.clone(),
        rule: place(table, text),
    }
}

fn schedule(table: &Spanned<ScheduleTable>, m: &Manifest, text: &str, id: Ids<'_>) -> ScheduleTerms {
    let schedule = table.get_ref();
    ScheduleTerms {
        name: id(&schedule_counter(&schedule.name.get_ref().0)),
        when: match &schedule.when.get_ref().0 {
            WhenWords::Birthday => When::Birthday,
            WhenWords::Anniversary => When::Anniversary,
            WhenWords::Monthly(day) => When::Monthly(*day),
            WhenWords::Yearly(month, day) => When::Yearly(*month, *day),
            WhenWords::PlanMonth(plan) => When::PlanMonth(id(plan)),
            WhenWords::PlanEnd(plan) => When::PlanEnd(id(plan)),
        },
        on_becoming: schedule.on_becoming,
        tiers: ids(&schedule.tiers, id),
        plans: ids(&schedule.plans, id),
        action: action(schedule, m, id),
        reason: schedule.reason.0.clone(),
        rule: place(table, text),
    }
}

/// What a schedule does; a valid one says exactly one thing.
fn action(schedule: &ScheduleTable, m: &Manifest, id: Ids<'_>) -> Action {
    if schedule.script {
        return Action::Script;
    }
    if let Some(earn) = &schedule.earn {
        return Action::Earn {
            pool: id(&earn.pool.get_ref().0),
            points: Points::new(earn.points.0),
            expires: earn.expires.as_ref().map(|expires| expires.0),
        };
    }
    if let Some(reward) = &schedule.grant {
        return Action::Grant { reward: id(&reward.get_ref().0) };
    }
    if let Some(convert) = &schedule.convert {
        return Action::Convert {
            from: id(&convert.from.get_ref().0),
            per: Points::new(convert.per.0),
            to: id(&convert.to.get_ref().0),
            give: Points::new(convert.give.0),
        };
    }
    let named = |table: &Spanned<LawTable>| {
        schedule.law.as_ref().is_some_and(|law| table.get_ref().name.get_ref().0 == law.get_ref().0)
    };
    let index = m.law.iter().position(named).and_then(|at| u16::try_from(at).ok());
    Action::Law(index.unwrap_or(u16::MAX))
}

//! Giving the manifest's rule tables the program's numbers.

use toml::Spanned;

use super::lines::Lines;
use super::{Action, ChosenDay, Of, Rate, Reaches, Rule, Whom};
use crate::ledger::types::Text;
use crate::rules::diagnostic::line_and_column;
use crate::rules::files::MANIFEST;
use crate::rules::manifest::{CountOf, EarnTable, Manifest, RateTable};
use crate::rules::terms::life::ids;
use crate::rules::terms::{Ids, once_name};
use crate::rules::values::{Kind, Name, Named, OneOrMany, Words};

/// All rules of a manifest, in the order count, earn, stamp, grant, and within each in order of declaration: a grant that waits for
/// a counter sees what its own event counts.
pub(in crate::rules) fn bind(manifest: &Manifest, text: &str, id: Ids<'_>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for table in &manifest.count {
        let count = table.get_ref();
        let of = match (&count.rate, count.of) {
            (Some(rate), _) => Of::Rate { give: rate.give.0, per: rate.per.0 },
            (None, Some(CountOf::Quantity)) => Of::Quantity,
            (None, Some(CountOf::Event)) => Of::Event,
            (None, Some(CountOf::Amount) | None) => Of::Amount,
        };
        let action = Action::Count { counter: id(&count.counter.get_ref().0), of };
        let mut rule = rule(table, text, &count.on, action, &STAMP_REASON);
        rule.lines = count.lines.as_ref().map(Lines::bind);
        rule.except = count.except.as_ref().map(Lines::bind);
        rule.whom = whom((&count.tiers, &count.plans, &count.segments), &count.attribute, id);
        rules.push(rule);
    }
    for table in &manifest.earn {
        let earn = table.get_ref();
        let mut rule = rule(table, text, &earn.on, earn_action(earn, id), &earn.reason);
        rule.lines = earn.lines.as_ref().map(Lines::bind);
        rule.except = earn.except.as_ref().map(Lines::bind);
        rule.minimum = earn.minimum.map_or(0, |minimum| minimum.0);
        let counter = once_name(earn).map(|name| id(&name));
        rule.once = earn.once.zip(counter);
        rule.per_day = earn.per_day.map(|most| most.0).zip(counter);
        rule.counts_itself = counter;
        rule.values = earn.once_per.as_ref().map(|name| name.0.clone()).zip(earn.values_name().map(|name| id(&name)));
        rule.cap = earn.cap_name().map(|name| id(&name));
        rule.expires = earn.expires.as_ref().map(|expires| expires.0);
        rule.whom = whom((&earn.tiers, &earn.plans, &earn.segments), &earn.attribute, id);
        rules.push(rule);
    }
    for table in &manifest.stamp {
        let stamp = table.get_ref();
        let count = stamp.count.map_or(1, |count| u32::try_from(count.0).unwrap_or(u32::MAX));
        let action = Action::Stamp { card: id(&stamp.card.get_ref().0), count, per_quantity: stamp.per_quantity };
        let mut rule = rule(table, text, &stamp.on, action, stamp.reason.as_ref().unwrap_or(&STAMP_REASON));
        rule.lines = stamp.lines.as_ref().map(Lines::bind);
        rule.except = stamp.except.as_ref().map(Lines::bind);
        rule.minimum = stamp.minimum.map_or(0, |minimum| minimum.0);
        rule.whom = whom((&stamp.tiers, &stamp.plans, &stamp.segments), &stamp.attribute, id);
        rules.push(rule);
    }
    for table in &manifest.grant {
        let grant = table.get_ref();
        let action = Action::Grant { reward: id(&grant.reward.get_ref().0) };
        let mut rule = rule(table, text, &grant.on, action, &grant.reason);
        rule.lines = grant.lines.as_ref().map(Lines::bind);
        rule.except = grant.except.as_ref().map(Lines::bind);
        rule.minimum = grant.minimum.map_or(0, |minimum| minimum.0);
        rule.once = grant.once.zip(once_name(grant).map(|name| id(&name)));
        rule.whom = whom((&grant.tiers, &grant.plans, &grant.segments), &grant.attribute, id);
        rule.reaches = grant.when.as_ref().map(|when| Reaches {
            counter: id(&when.counter.get_ref().0),
            window: when.window,
            at_least: when.reaches.0,
        });
        rules.push(rule);
    }
    rules
}

/// What a stamp says where the program does not.
static STAMP_REASON: Words = Words(Text::new_static("stamp"));

fn rule<T>(table: &Spanned<T>, text: &str, on: &OneOrMany<Kind>, action: Action, reason: &Words) -> Rule {
    let (line, _) = line_and_column(text, table.span().start);
    Rule {
        kinds: on.0.iter().map(|kind| kind.0.clone()).collect(),
        lines: None,
        except: None,
        minimum: 0,
        once: None,
        per_day: None,
        counts_itself: None,
        values: None,
        cap: None,
        expires: None,
        whom: Whom::default(),
        reaches: None,
        action,
        reason: reason.0.clone(),
        at: smol_str::format_smolstr!("{MANIFEST}:{line}"),
    }
}

fn whom(
    (tiers, plans, segments): (&OneOrMany<Name>, &OneOrMany<Name>, &OneOrMany<Name>),
    attribute: &Named<Words>,
    id: Ids<'_>,
) -> Whom {
    let attributes = attribute.0.iter().map(|(name, value)| (name.get_ref().0.clone(), value.0.clone()));
    let segments = segments.0.iter().map(|name| name.0.clone()).collect();
    Whom { tiers: ids(tiers, id), plans: ids(plans, id), attributes: attributes.collect(), segments }
}

fn earn_action(earn: &EarnTable, id: Ids<'_>) -> Action {
    let pool = id(&earn.pool.get_ref().0);
    if let Some(rate) = &earn.rate {
        let RateTable { give, per, by_tier, steps, boost, chosen_day } = rate;
        return Action::Rate(Box::new(Rate {
            pool,
            give: give.0,
            per: per.0,
            by_tier: by_tier.0.iter().map(|(tier, give)| (id(&tier.get_ref().0), give.0)).collect(),
            steps: *steps,
            boost: boost.as_ref().map(|boost| (id(&boost.since.get_ref().0), boost.lasts.0, boost.give.0)),
            chosen_day: chosen_day.as_ref().map(|day| ChosenDay {
                choice: day.choice.get_ref().0.clone(),
                tiers: ids(&day.tiers, id),
                give: day.give.0,
            }),
        }));
    }
    if let Some(each) = earn.per_quantity {
        return Action::Each { pool, points: each.0 };
    }
    Action::Fixed { pool, points: earn.points.map_or(0, |points| points.0) }
}

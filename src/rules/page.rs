//! A program as a member would read it: how to earn, what tiers give, what rewards cost, how long points last. Made from the
//! manifest, so that it cannot say anything else than what decides.

mod life;

use super::manifest::{
    CapPer, CardTable, CountOf, CountTable, DowngradeText, EarnTable, GrantTable, LinesTable, Manifest, MostPer, Once,
    PeriodText, PoolTable, RateTable, RewardTable, StampTable, TiersTable,
};
use super::script::Script;
use super::values::{Kind, Name, OneOrMany, Words};
use super::words::{amount_of, expiry, joined, length_ms, money, named, number, span, used};
use crate::ledger::event::EventKind;

/// A page: a title and sections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What members know the program as.
    pub title: String,
    /// In the order they are read.
    pub sections: Vec<Section>,
    /// What it says of itself below its title.
    pub about: Option<String>,
    /// Its colour, and that of text on it: `#rrggbb`.
    pub colours: Option<(String, String)>,
}

/// A part of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Its name for programs that read it: `earn`, `cards`, `tiers`, `plans`, `perks`, `rewards`, `birthday`, `schedules`, `referral`,
    /// `points`.
    pub id: &'static str,
    /// Its heading.
    pub heading: &'static str,
    /// Sentences, one each.
    pub lines: Vec<String>,
    /// The heads of a table's columns; empty where there is none.
    pub columns: Vec<&'static str>,
    /// A table's rows, as long as the heads are.
    pub rows: Vec<Vec<String>>,
}

/// The page of a manifest and its scripts.
pub(super) fn page(manifest: &Manifest, scripts: &[Script]) -> Page {
    let all = [
        earn(manifest, scripts),
        cards(manifest),
        tiers(manifest),
        life::plans(manifest),
        life::perks(manifest),
        rewards(manifest),
        life::birthday(manifest),
        life::schedules(manifest),
        referral(manifest),
        points(manifest),
    ];
    let look = manifest.page.as_ref();
    Page {
        about: look.and_then(|look| look.about.as_ref()).map(|about| about.0.to_string()),
        colours: look.and_then(|look| look.colour.as_ref()).map(|colour| {
            let on = look.and_then(|look| look.on_colour.as_ref()).map_or("#ffffff", |on| on.0.as_str());
            (colour.0.to_string(), on.to_owned())
        }),
        title: manifest.program.name.0.to_string(),
        sections: all.into_iter().filter(|section| !section.lines.is_empty() || !section.rows.is_empty()).collect(),
    }
}

fn earn(m: &Manifest, scripts: &[Script]) -> Section {
    let mut lines = Vec::new();
    lines.extend(m.earn.iter().map(|table| earn_line(m, table.get_ref())));
    lines.extend(m.stamp.iter().map(|table| stamp_line(m, table.get_ref())));
    lines.extend(m.grant.iter().map(|table| grant_line(m, table.get_ref())));
    lines
        .extend(scripts.iter().filter(|script| !script.handlers.is_empty()).filter_map(|script| about(&script.source)));
    for cap in &m.caps {
        let per = match cap.per {
            CapPer::Event => "at a time",
            CapPer::Day => "a day",
            CapPer::Month => "a month",
            CapPer::Year => "a year",
            CapPer::Program => "for all members together",
        };
        lines.push(format!("At most {} {per}.", paid(m, cap.limit.0, &cap.pool.get_ref().0)));
    }
    Section { id: "earn", heading: "How to earn", lines, ..Section::default() }
}

/// What a script says of itself: the comment it begins with.
fn about(source: &str) -> Option<String> {
    let comment = source.lines().map(str::trim).skip_while(|line| line.is_empty());
    let words: Vec<&str> =
        comment.take_while(|line| line.starts_with("//")).map(|line| line.trim_start_matches('/').trim()).collect();
    let text = words.join(" ").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn earn_line(m: &Manifest, earn: &EarnTable) -> String {
    let pool = &earn.pool.get_ref().0;
    let what = match (&earn.rate, &earn.points) {
        (Some(rate), _) => rate_words(m, rate, rate.give.0, pool),
        (None, Some(points)) => paid(m, points.0, pool),
        (None, None) => {
            let each = earn.per_quantity.map_or(0, |each| each.0);
            format!("{} for each piece", paid(m, each, pool))
        }
    };
    let tiers = earn.rate.iter().flat_map(|rate| {
        let more = rate.by_tier.0.iter();
        more.map(move |(tier, give)| format!("{} for {}", bare(m, give.0, pool), named(&tier.get_ref().0)))
    });
    let tiers: Vec<String> = tiers.collect();
    let tiers = if tiers.is_empty() { String::new() } else { format!(" ({})", joined(&tiers, "and")) };
    let when = when(m, &earn.on, earn.lines.as_ref(), earn.except.as_ref(), earn.minimum.map(|minimum| minimum.0));
    let mut more = once(earn.once).to_owned();
    more.extend(earn.once_per.as_ref().map(|name| format!(", once for each {}", named(&name.0))));
    more.extend(earn.per_day.map(|most| format!(", at most {} a day", often(most.0))));
    more.extend(earn.cap.as_ref().map(|cap| {
        let per = match cap.per {
            CapPer::Event => "at a time",
            CapPer::Day => "a day",
            CapPer::Month => "a month",
            CapPer::Year => "a year",
            CapPer::Program => "for all members together",
        };
        format!(", at most {} {per}", paid(m, cap.limit.0, pool))
    }));
    if let Some(rate) = &earn.rate {
        more.extend(rate.boost.as_ref().map(|boost| {
            let since = named(&boost.since.get_ref().0);
            format!("; {} for {} from {since} on", bare(m, boost.give.0, pool), span(boost.lasts.0))
        }));
        more.extend(rate.chosen_day.as_ref().map(|day| {
            let whose = by_whom(&day.tiers, &OneOrMany::default());
            format!("; {} on a {} of your choice{whose}", bare(m, day.give.0, pool), named(&day.choice.get_ref().0))
        }));
    }
    let whom = by_whom(&earn.tiers, &earn.plans);
    format!("{}: {what}{tiers} {when}{whom}{more}.", sentence(&earn.reason.0))
}

fn often(times: i64) -> String {
    match times {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{} times", number(more)),
    }
}

/// " for gold and silver members", or nothing where it is for everybody.
fn by_whom(tiers: &OneOrMany<Name>, plans: &OneOrMany<Name>) -> String {
    let tiers = tiers.0.iter().map(|tier| named(&tier.0));
    let plans = plans.0.iter().map(|plan| format!("{} membership", named(&plan.0)));
    let all: Vec<String> = tiers.chain(plans).collect();
    if all.is_empty() { String::new() } else { format!(", for {}", joined(&all, "and")) }
}

/// Whether a pool's points are money.
fn is_money(m: &Manifest, pool: &str) -> bool {
    m.pools.0.iter().any(|(name, table)| name.get_ref().0 == pool && table.money)
}

/// An amount of a pool: `5.00 USD of extrabucks` where its points are money, else `500 points`.
fn paid(m: &Manifest, amount: i64, pool: &str) -> String {
    if is_money(m, pool) {
        return format!("{} of {}", money(amount, &m.program.currency.0), named(pool));
    }
    amount_of(amount, pool)
}

/// The same without the pool's name.
fn bare(m: &Manifest, amount: i64, pool: &str) -> String {
    if is_money(m, pool) { money(amount, &m.program.currency.0) } else { number(amount) }
}

fn rate_words(m: &Manifest, rate: &RateTable, give: i64, pool: &str) -> String {
    let full = if rate.steps { "full " } else { "" };
    format!("{} for every {full}{}", paid(m, give, pool), money(rate.per.0, &m.program.currency.0))
}

fn stamp_line(m: &Manifest, stamp: &StampTable) -> String {
    let card = named(&stamp.card.get_ref().0);
    let count = stamp.count.map_or(1, |count| count.0);
    let what = if stamp.per_quantity {
        format!("a stamp on your {card} card for each one")
    } else {
        format!("{} on your {card} card", if count == 1 { "a stamp".to_owned() } else { format!("{count} stamps") })
    };
    let minimum = stamp.minimum.map(|minimum| minimum.0);
    let when = when(m, &stamp.on, stamp.lines.as_ref(), stamp.except.as_ref(), minimum);
    format!("{} {when}{}.", sentence(&what), by_whom(&stamp.tiers, &stamp.plans))
}

fn grant_line(m: &Manifest, grant: &GrantTable) -> String {
    let reward = named(&grant.reward.get_ref().0);
    let minimum = grant.minimum.map(|minimum| minimum.0);
    let when = when(m, &grant.on, grant.lines.as_ref(), grant.except.as_ref(), minimum);
    let whom = by_whom(&grant.tiers, &grant.plans);
    let reached = grant.when.as_ref().map(|when| {
        let counter = &when.counter.get_ref().0;
        let of_money = |table: &CountTable| {
            let counts_it = table.counter.get_ref().0.as_str() == counter.as_str();
            counts_it && table.rate.is_none() && matches!(table.of, None | Some(CountOf::Amount))
        };
        let far = if counter == "spend" || m.count.iter().any(|table| of_money(table.get_ref())) {
            format!("{} of", money(when.reaches.0, &m.program.currency.0))
        } else {
            number(when.reaches.0)
        };
        let over = match when.window {
            MostPer::Day => " in a day",
            MostPer::Month => " in a month",
            MostPer::Year => " in a year",
            MostPer::Ever => "",
        };
        format!(", once you have come to {far} {}{over}", named(counter.trim_start_matches("earned:")))
    });
    let reached = reached.unwrap_or_default();
    format!("{}: {reward} {when}{whom}{reached}{}.", sentence(&grant.reason.0), once(grant.once))
}

const fn once(once: Option<Once>) -> &'static str {
    match once {
        None => "",
        Some(Once::Ever) => ", once",
        Some(Once::Day) => ", once a day",
        Some(Once::Month) => ", once a month",
        Some(Once::Year) => ", once a year",
    }
}

/// "on purchases of coffee or tea, except gift card, from 5.00 USD on"
fn when(
    m: &Manifest,
    on: &OneOrMany<Kind>,
    lines: Option<&LinesTable>,
    except: Option<&LinesTable>,
    minimum: Option<i64>,
) -> String {
    let kinds: Vec<String> = on.0.iter().map(|kind| kind_words(&kind.0)).collect();
    let mut words = joined(&kinds, "or");
    if let Some(lines) = lines.and_then(|lines| line_words(lines, "and")) {
        words.extend([format!(" of {lines}")]);
    }
    if let Some(except) = except.and_then(|except| line_words(except, "or")) {
        words.extend([format!(", except {except}")]);
    }
    if let Some(minimum) = minimum {
        words.extend([format!(", from {} on", money(minimum, &m.program.currency.0))]);
    }
    words
}

fn kind_words(kind: &EventKind) -> String {
    match kind {
        EventKind::Enroll => "when you join".to_owned(),
        EventKind::Purchase => "on purchases".to_owned(),
        EventKind::Refund => "on refunds".to_owned(),
        EventKind::Visit => "for a visit".to_owned(),
        EventKind::Review => "for a review".to_owned(),
        EventKind::SocialFollow => "for following us".to_owned(),
        EventKind::SocialShare => "for sharing".to_owned(),
        EventKind::Newsletter => "for the newsletter".to_owned(),
        EventKind::Survey => "for a survey".to_owned(),
        EventKind::Activity => "for an activity".to_owned(),
        EventKind::Fee => "with your membership's fee".to_owned(),
        EventKind::Profile => "for completing your profile".to_owned(),
        EventKind::Login => "for signing in".to_owned(),
        EventKind::Custom(name) => format!("for {}", named(name)),
    }
}

fn line_words(lines: &LinesTable, join: &str) -> Option<String> {
    let texts = |words: &OneOrMany<Words>| words.0.iter().map(|word| named(&word.0)).collect::<Vec<_>>();
    let mut parts = Vec::new();
    if !lines.category.0.is_empty() {
        parts.push(joined(&texts(&lines.category), "or"));
    }
    if !lines.brand.0.is_empty() {
        parts.push(format!("the brand {}", joined(&texts(&lines.brand), "or")));
    }
    if !lines.tag.0.is_empty() {
        parts.push(format!("what is marked {}", joined(&texts(&lines.tag), "or")));
    }
    if !lines.sku.0.is_empty() {
        parts.push(format!("article {}", joined(&texts(&lines.sku), "or")));
    }
    (!parts.is_empty()).then(|| joined(&parts, join))
}

fn cards(m: &Manifest) -> Section {
    let row = |name: &str, card: &CardTable| {
        let mut limits = Vec::new();
        limits.extend(card.per_event.map(|most| format!("{} at a time", most.0)));
        limits.extend(card.per_day.map(|most| format!("{} a day", most.0)));
        limits.extend(card.spacing.as_ref().map(|spacing| format!("{} between two", length_ms(spacing.0))));
        let limits = if limits.is_empty() { "none".to_owned() } else { limits.join(", ") };
        vec![named(name), number(card.size.0), named(&card.reward.get_ref().0), limits]
    };
    let rows = m.cards.0.iter().map(|(name, card)| row(&name.get_ref().0, card)).collect();
    let columns = vec!["Card", "Stamps", "A full card gives", "Limits"];
    Section { id: "cards", heading: "Stamp cards", columns, rows, ..Section::default() }
}

/// Over which time tiers are reached, and how long they are kept.
fn tier_times(tiers: &TiersTable) -> (String, String) {
    let window = tiers.window.as_ref().map_or_else(String::new, |window| span(window.get_ref().0));
    let (over, mut kept) = match tiers.period {
        PeriodText::Lifetime => ("in all".to_owned(), "always".to_owned()),
        PeriodText::CalendarYear => {
            ("in a calendar year".to_owned(), "to the end of the next calendar year".to_owned())
        }
        PeriodText::Anniversary => {
            ("in a year from the day of enrolment".to_owned(), "to the end of the next such year".to_owned())
        }
        PeriodText::Rolling => (format!("within {window}"), format!("as long as the last {window} come to as much")),
    };
    if let Some(grace) = &tiers.grace {
        kept = format!("{kept}, and {} more", span(grace.get_ref().0));
    }
    if tiers.downgrade.as_ref().is_some_and(|falls| *falls.get_ref() == DowngradeText::ByOne) {
        kept.push_str("; then one level lower for as long again");
    }
    (over, kept)
}

fn tiers(m: &Manifest) -> Section {
    let Some(tiers) = &m.tiers else { return Section::default() };
    let credit = &tiers.credit.get_ref().0;
    let (over, keeps) = tier_times(tiers);
    let reached = |from: i64| match credit.trim_start_matches("earned:") {
        _ if from == 0 => "from the start".to_owned(),
        "spend" => format!("{} of purchases {over}", money(from, &m.program.currency.0)),
        "purchases" => format!("{} purchases {over}", number(from)),
        other => format!("{} {} {over}", number(from), named(other)),
    };
    let rows = tiers.levels.iter().map(|level| {
        let name = &level.name.get_ref().0;
        let gives = m.earn.iter().filter_map(|table| {
            let earn = table.get_ref();
            let rate = earn.rate.as_ref()?;
            let (_, give) = rate.by_tier.0.iter().find(|(tier, _)| tier.get_ref().0 == *name)?;
            Some(format!("{}: {}", sentence(&earn.reason.0), rate_words(m, rate, give.0, &earn.pool.get_ref().0)))
        });
        let gives: Vec<String> = gives.collect();
        let gives = if gives.is_empty() { "what every member gets".to_owned() } else { gives.join("; ") };
        let lifetime = tiers.period == PeriodText::Lifetime;
        let always = level.from.is_some_and(|from| from.0 == 0) || lifetime;
        let kept = if always { "always".to_owned() } else { keeps.clone() };
        let mut ways: Vec<String> = level.from.iter().map(|from| reached(from.0)).collect();
        ways.extend(
            level.any.iter().map(|need| format!("{} {} {over}", number(need.from.0), named(&need.counter.get_ref().0))),
        );
        ways.extend(level.attribute.0.iter().map(|(what, value)| format!("{}: {}", named(&what.get_ref().0), value.0)));
        vec![named(name), joined(&ways, "or"), gives, kept]
    });
    let columns = vec!["Tier", "How it is reached", "What it gives", "How long it is kept"];
    Section { id: "tiers", heading: "Tiers", columns, rows: rows.collect(), ..Section::default() }
}

fn rewards(m: &Manifest) -> Section {
    let row = |name: &str, reward: &RewardTable| {
        let price = reward.price.as_ref();
        let price = price.map_or_else(|| "a gift".to_owned(), |p| paid(m, p.amount.0, &p.pool.get_ref().0));
        let worth = reward.value.map_or_else(|| "–".to_owned(), |value| money(value.0, &m.program.currency.0));
        let within = reward.expires.as_ref().map_or_else(|| "any time".to_owned(), |expires| used(expires.0));
        vec![named(name), price, worth, within]
    };
    let rows = m.rewards.0.iter().map(|(name, reward)| row(&name.get_ref().0, reward)).collect();
    let columns = vec!["Reward", "Costs", "Worth", "To be used"];
    Section { id: "rewards", heading: "Rewards", columns, rows, ..Section::default() }
}

fn referral(m: &Manifest) -> Section {
    let Some(referral) = &m.referral else { return Section::default() };
    let pool = &referral.pool.get_ref().0;
    let (you, friend) = (paid(m, referral.referrer.0, pool), paid(m, referral.friend.0, pool));
    let minimum = match referral.minimum.0 {
        0 => "with their first purchase".to_owned(),
        some => format!("with their first purchase of {} or more", money(some, &m.program.currency.0)),
    };
    let most = referral.yearly_cap.map(|cap| format!(" You are paid for up to {} friends a year.", cap.0));
    let line = format!("Bring a friend: you get {you}, they get {friend}, {minimum}.{}", most.unwrap_or_default());
    Section { id: "referral", heading: "Bring a friend", lines: vec![line], ..Section::default() }
}

fn points(m: &Manifest) -> Section {
    let mut lines = Vec::new();
    for (name, pool) in &m.pools.0 {
        let name = &name.get_ref().0;
        let least = pool.spend_minimum.filter(|least| least.0 > 0);
        lines.extend(least.map(|least| format!("At least {} are spent at once.", paid(m, least.0, name))));
        if !pool.charities.0.is_empty() {
            let charities: Vec<String> = pool.charities.0.iter().map(|charity| named(&charity.0)).collect();
            let least = pool.donate_minimum.filter(|least| least.0 > 0);
            let least = least.map(|least| format!(", from {} on", paid(m, least.0, name))).unwrap_or_default();
            lines.push(format!("You can give {} to {}{least}.", named(name), joined(&charities, "or")));
        }
    }
    let row = |name: &str, pool: &PoolTable| {
        let lasts = pool.expires.as_ref().map_or_else(|| "for ever".to_owned(), |expires| expiry(expires.0));
        let ready =
            pool.pending.as_ref().map_or_else(|| "at once".to_owned(), |pending| format!("after {}", span(pending.0)));
        vec![named(name), lasts, ready, (if pool.transferable { "yes" } else { "no" }).to_owned()]
    };
    let rows = m.pools.0.iter().map(|(name, pool)| row(&name.get_ref().0, pool)).collect();
    let columns = vec!["Kind", "They last", "They can be spent", "Can be given to another member"];
    Section { id: "points", heading: "Your points", lines, columns, rows }
}

/// With a capital letter in front.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

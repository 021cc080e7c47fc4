//! Reading case files: TOML into steps with complete events and absolute times.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use toml::{Spanned, Value};

use super::Vocabulary;
use super::asks::{self, AdjustTable, ChooseTable, DonateTable, RedeemTable};
use super::expect::{self, Expectation};
use crate::ledger::act::Act;
use crate::ledger::event::{Adjustment, Birthday, Context, Event, EventKind, Item, Personal, Tender, Transfer};
use crate::ledger::review::Outcome;
use crate::ledger::types::{Money, Points, Text, TimeMs};
use crate::limits::{CASE_TIMES_MAX, CASES_MAX};
use crate::rules::diagnostic::{Diagnostic, line_and_column, toml_message};
use crate::rules::values::{ExactMs, Whole};

/// A case, ready to run.
pub(super) struct Case {
    pub name: Text,
    pub steps: Vec<Step>,
}

/// A step, ready to run.
pub(super) struct Step {
    /// Within its case, from 1; the same for each of its times.
    pub number: usize,
    pub line: u32,
    pub at: TimeMs,
    pub at_text: Text,
    pub action: Action,
    /// Whose balance is looked at.
    pub member: Text,
    pub expect: Vec<Expectation>,
}

/// What a step does.
pub(super) enum Action {
    Wait,
    Post(Box<Event>),
    Transfer(Transfer),
    /// Of the step's member.
    Resolve {
        outcome: Outcome,
        claw_back: bool,
    },
    Act(Box<Act>),
    Adjust(Box<Adjustment>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(default)]
    case: Vec<CaseTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseTable {
    name: String,
    #[serde(default)]
    step: Vec<Spanned<StepTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepTable {
    at: Spanned<String>,
    times: Option<Whole<1, CASE_TIMES_MAX>>,
    every: Option<ExactMs>,
    post: Option<Spanned<PostTable>>,
    transfer: Option<TransferTable>,
    resolve: Option<Spanned<ResolveTable>>,
    redeem: Option<Spanned<RedeemTable>>,
    donate: Option<DonateTable>,
    choose: Option<ChooseTable>,
    adjust: Option<AdjustTable>,
    expect: Option<Spanned<BTreeMap<String, Value>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PostTable {
    #[serde(rename = "type")]
    kind: String,
    id: Option<Text>,
    source: Option<Text>,
    member: Option<Text>,
    occurred_at: Option<String>,
    order: Option<Text>,
    currency: Option<Text>,
    amount: Option<i64>,
    #[serde(default)]
    items: Vec<ItemEntry>,
    #[serde(default)]
    tenders: Vec<TenderTable>,
    channel: Option<Text>,
    store: Option<Text>,
    terminal: Option<Text>,
    staff: Option<Text>,
    device: Option<Text>,
    ip: Option<Text>,
    membership: Option<Text>,
    referrer: Option<Text>,
    birthday: Option<String>,
    email_hash: Option<Text>,
    phone_hash: Option<Text>,
    address_hash: Option<Text>,
    #[serde(default)]
    attributes: BTreeMap<Text, Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TenderTable {
    kind: Text,
    amount: i64,
    fingerprint: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResolveTable {
    outcome: String,
    member: Option<Text>,
    claw_back: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TransferTable {
    from: Text,
    to: Text,
    pool: Text,
    amount: i64,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemTable {
    line: Option<u32>,
    sku: Option<Text>,
    category: Option<Text>,
    brand: Option<Text>,
    quantity: Option<u32>,
    /// Only a refund may leave it out.
    amount: Option<i64>,
    #[serde(default)]
    tags: Vec<Text>,
}

/// An item, or just its amount.
struct ItemEntry(ItemTable);

impl<'de> Deserialize<'de> for ItemEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = ItemEntry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item, or its amount")
            }
            fn visit_i64<E: de::Error>(self, amount: i64) -> Result<ItemEntry, E> {
                Ok(ItemEntry(ItemTable { amount: Some(amount), ..ItemTable::default() }))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ItemEntry, A::Error> {
                ItemTable::deserialize(de::value::MapAccessDeserializer::new(map)).map(ItemEntry)
            }
        }
        deserializer.deserialize_any(Entry)
    }
}

impl StepTable {
    fn times(&self) -> i64 {
        self.times.as_ref().map_or(1, |times| times.0)
    }
}

impl Action {
    /// Makes it one of several times: `#` is which one, and later ones of an event have ids of their own.
    fn happens(&mut self, turn: i64, times: i64) {
        let number = (turn + 1).to_string();
        let name = |text: &mut Text| {
            if text.contains('#') {
                *text = Text::new(text.replace('#', &number));
            }
        };
        if times == 1 {
            return;
        }
        match self {
            Self::Post(event) => {
                if turn > 0 {
                    event.id = smol_str::format_smolstr!("{}-{number}", event.id);
                }
                let Context { store, staff, device, .. } = &mut event.context;
                let cards = event.tenders.iter_mut().filter_map(|tender| tender.fingerprint.as_mut());
                let named = [store, staff, device].into_iter().filter_map(Option::as_mut);
                std::iter::once(&mut event.member).chain(named).chain(cards).for_each(name);
            }
            Self::Transfer(transfer) => [&mut transfer.from, &mut transfer.to].into_iter().for_each(name),
            Self::Act(act) => name(&mut act.member),
            Self::Adjust(adjustment) => name(&mut adjustment.member),
            Self::Wait | Self::Resolve { .. } => {}
        }
    }
}

/// What is wrong with a case file.
pub(in crate::rules) fn check(path: &str, content: &str, vocabulary: &Vocabulary<'_>) -> Vec<Diagnostic> {
    cases(path, content, vocabulary).err().unwrap_or_default()
}

/// The cases of a file, or everything that is wrong with it.
pub(super) fn cases(path: &str, content: &str, vocabulary: &Vocabulary<'_>) -> Result<Vec<Case>, Vec<Diagnostic>> {
    let file: CaseFile = toml::from_str(content).map_err(|error| {
        vec![match error.span() {
            Some(span) => Diagnostic::at_offset(path, content, span.start, toml_message(error.message())),
            None => Diagnostic::of_file(path, toml_message(error.message())),
        }]
    })?;
    let steps = file.case.iter().flat_map(|case| &case.step);
    let steps: usize = steps.map(|step| usize::try_from(step.get_ref().times()).unwrap_or(usize::MAX)).sum();
    if file.case.len() > CASES_MAX || steps > CASES_MAX {
        return Err(vec![Diagnostic::of_file(path, format!("at most {CASES_MAX} cases and steps in a file"))]);
    }
    let zone = if vocabulary.zone == "UTC" { Some(TimeZone::UTC) } else { jiff::tz::db().get(vocabulary.zone).ok() };
    let zone = zone.ok_or_else(|| vec![Diagnostic::of_file(path, "the program's time zone is unknown")])?;
    let mut reader = Reader { path, content, vocabulary, zone, wrong: Vec::new() };
    let cases: Vec<_> = file.case.iter().map(|case| reader.case(case)).collect();
    if reader.wrong.is_empty() { Ok(cases) } else { Err(reader.wrong) }
}

struct Reader<'a> {
    path: &'a str,
    content: &'a str,
    vocabulary: &'a Vocabulary<'a>,
    zone: TimeZone,
    wrong: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn wrong(&mut self, offset: usize, message: impl Into<String>) {
        self.wrong.push(Diagnostic::at_offset(self.path, self.content, offset, message));
    }

    fn case(&mut self, case: &CaseTable) -> Case {
        let mut now = TimeMs::new(i64::MIN);
        let mut steps = Vec::with_capacity(case.step.len());
        for (at, step) in case.step.iter().enumerate() {
            for turn in 0..step.get_ref().times() {
                let wrong = self.wrong.len();
                let one = self.step(at + 1, step, turn);
                if turn > 0 {
                    // What is wrong with a step has been said once.
                    self.wrong.truncate(wrong);
                } else if one.at < now {
                    self.wrong(step.span().start, "time goes back here; a step is not before the one above it");
                }
                now = one.at;
                steps.push(one);
            }
        }
        Case { name: Text::new(&case.name), steps }
    }

    /// One of the times that a step happens, the first being 0.
    fn step(&mut self, number: usize, step: &Spanned<StepTable>, turn: i64) -> Step {
        let (line, _) = line_and_column(self.content, step.span().start);
        let table = step.get_ref();
        let at = instant(table.at.get_ref(), &self.zone).unwrap_or_else(|message| {
            self.wrong(table.at.span().start, message);
            TimeMs::EPOCH
        });
        let at =
            TimeMs::new(at.get().saturating_add(table.every.as_ref().map_or(0, |every| every.0).saturating_mul(turn)));
        let mut action = self.action(number, at, step);
        action.happens(turn, table.times());
        let mut member = match &action {
            Action::Wait => Text::new_static("A"),
            Action::Post(event) => event.member.clone(),
            Action::Transfer(transfer) => transfer.from.clone(),
            Action::Act(act) => act.member.clone(),
            Action::Adjust(adjustment) => adjustment.member.clone(),
            Action::Resolve { .. } => {
                table.resolve.as_ref().and_then(|r| r.get_ref().member.clone()).unwrap_or(Text::new_static("A"))
            }
        };
        let mut expectations = Vec::new();
        for (key, value) in table.expect.iter().flat_map(Spanned::get_ref) {
            if let ("member", Some(name)) = (key.as_str(), value.as_str()) {
                member = Text::new(name);
                continue;
            }
            match expect::read(key, value, self.vocabulary) {
                Ok(read) => expectations.extend(read),
                Err(message) => self.wrong(table.expect.as_ref().map_or(0, |expect| expect.span().start), message),
            }
        }
        if turn + 1 < table.times() {
            expectations.retain(|expectation| matches!(expectation, Expectation::Silent(_)));
            expectations.push(Expectation::AnyStatus);
        }
        let at_text = if turn == 0 {
            Text::new(table.at.get_ref())
        } else {
            smol_str::format_smolstr!("{}, time {}", table.at.get_ref(), turn + 1)
        };
        Step { number, line, at, at_text, action, member, expect: expectations }
    }

    fn action(&mut self, number: usize, at: TimeMs, step: &Spanned<StepTable>) -> Action {
        let table = step.get_ref();
        let mut actions = Vec::new();
        if let Some(post) = &table.post {
            match event(number, at, post.get_ref(), &self.zone) {
                Ok(event) => actions.push(Action::Post(Box::new(event))),
                Err(message) => self.wrong(post.span().start, message),
            }
        }
        if let Some(transfer) = &table.transfer {
            actions.push(Action::Transfer(Transfer {
                from: transfer.from.clone(),
                to: transfer.to.clone(),
                pool: transfer.pool.clone(),
                amount: Points::new(transfer.amount),
                context: None,
            }));
        }
        if let Some(ask) = &table.redeem {
            match asks::redeem(ask) {
                Ok(act) => actions.push(Action::Act(Box::new(act))),
                Err(message) => self.wrong(ask.span().start, message),
            }
        }
        let others = table.donate.as_ref().map(asks::donate).into_iter().chain(table.choose.as_ref().map(asks::choose));
        actions.extend(others.map(|act| Action::Act(Box::new(act))));
        actions.extend(table.adjust.as_ref().map(|table| Action::Adjust(Box::new(asks::adjust(table)))));
        if let Some(resolve) = &table.resolve {
            let asked = resolve.get_ref();
            let outcome = if asked.outcome == "confirmed" { Outcome::Confirmed } else { Outcome::Cleared };
            if outcome == Outcome::Cleared && asked.outcome != "cleared" {
                self.wrong(resolve.span().start, "an outcome is \"cleared\" or \"confirmed\"");
            }
            let claw_back = asked.claw_back.unwrap_or(outcome == Outcome::Confirmed);
            actions.push(Action::Resolve { outcome, claw_back });
        }
        if actions.len() > 1 {
            self.wrong(step.span().start, "a step does one thing");
        }
        actions.pop().unwrap_or(Action::Wait)
    }
}

/// A local time of the program's zone: a day (noon), or a day and a time.
fn instant(text: &str, zone: &TimeZone) -> Result<TimeMs, String> {
    let wrong = |_: jiff::Error| format!("{text:?} is not a time; write \"2026-05-02\" or \"2026-05-02 09:00\"");
    let local: DateTime = match text.parse::<Date>() {
        Ok(day) if text.len() == 10 => day.at(12, 0, 0, 0),
        Ok(_) | Err(_) => text.parse().map_err(wrong)?,
    };
    let instant = local.to_zoned(zone.clone()).map_err(wrong)?;
    Ok(TimeMs::new(instant.timestamp().as_millisecond()))
}

fn event(number: usize, at: TimeMs, post: &PostTable, zone: &TimeZone) -> Result<Event, String> {
    let refund = post.kind == EventKind::Refund.name();
    if !refund && post.items.iter().any(|ItemEntry(item)| item.amount.is_none()) {
        return Err("an item has an amount".to_owned());
    }
    let items = post.items.iter().enumerate().map(|(place, ItemEntry(item))| Item {
        line: item.line.unwrap_or_else(|| u32::try_from(place + 1).unwrap_or(u32::MAX)),
        sku: item.sku.clone(),
        category: item.category.clone(),
        brand: item.brand.clone(),
        quantity: item.quantity.unwrap_or(u32::from(!refund)),
        amount: Money::new(item.amount.unwrap_or(0)),
        tags: item.tags.clone(),
    });
    let tenders = post.tenders.iter().map(|tender| Tender {
        kind: tender.kind.clone(),
        amount: Money::new(tender.amount),
        fingerprint: tender.fingerprint.clone(),
    });
    Ok(Event {
        id: post.id.clone().unwrap_or_else(|| smol_str::format_smolstr!("e{number}")),
        source: post.source.clone().unwrap_or_else(|| Text::new_static("case")),
        kind: EventKind::parse(&post.kind).ok_or_else(|| format!("{:?} is not a kind of event", post.kind))?,
        member: post.member.clone().unwrap_or_else(|| Text::new_static("A")),
        occurred_at: post.occurred_at.as_ref().map_or(Ok(at), |text| instant(text, zone))?,
        order: post.order.clone(),
        currency: post.currency.clone(),
        given_amount: post.amount.map(Money::new),
        items: items.collect(),
        tenders: tenders.collect(),
        context: Context {
            channel: post.channel.clone(),
            store: post.store.clone(),
            terminal: post.terminal.clone(),
            staff: post.staff.clone(),
            device: post.device.clone(),
            ip: post.ip.clone(),
            location: None,
        },
        membership: post.membership.clone(),
        personal: personal(post)?,
        attributes: post.attributes.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
    })
}

fn personal(post: &PostTable) -> Result<Option<Box<Personal>>, String> {
    let personal = Personal {
        referrer: post.referrer.clone(),
        birthday: post.birthday.as_deref().map(birthday).transpose()?,
        email_hash: post.email_hash.clone(),
        phone_hash: post.phone_hash.clone(),
        address_hash: post.address_hash.clone(),
    };
    Ok((personal != Personal::default()).then(|| Box::new(personal)))
}

/// `MM-DD` or `YYYY-MM-DD`. 29 February is a birthday in any year.
fn birthday(text: &str) -> Result<Birthday, String> {
    let wrong = || format!("{text:?} is not a birthday; write \"05-17\" or \"1990-05-17\"");
    let (year, day) = match text.len() {
        5 => (None, text),
        _ => (Some(text.get(..4).ok_or_else(wrong)?), text.get(5..).ok_or_else(wrong)?),
    };
    // Any leap year knows every day there is.
    let day: Date = format!("2000-{day}").parse().map_err(|_| wrong())?;
    let year = year.map(str::parse).transpose().map_err(|_| wrong())?;
    Ok(Birthday { month: day.month().unsigned_abs(), day: day.day().unsigned_abs(), year })
}

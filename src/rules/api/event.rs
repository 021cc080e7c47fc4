//! `event`: every field of a posted event, its lines and tenders, and questions about them. What is absent reads as `""` or 0.

use std::rc::Rc;

use rhai::{Dynamic, Engine, ImmutableString};

use super::{Answer, Call, Shared, running, text};
use crate::ledger::calendar::{Day, parts_of, year_of};
use crate::ledger::event::{Event, Item, Tender};
use crate::ledger::terms::Terms;
use crate::ledger::types::{Text, TimeMs};

/// `event`, as a script holds it.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct ScriptEvent;

/// `event.items` or `event.tenders`: how many there are; the running call holds them.
#[derive(Clone, Copy, Debug)]
struct Places<T> {
    next: usize,
    len: usize,
    make: fn(usize) -> T,
}

impl<T> Iterator for Places<T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        let at = self.next;
        self.next += 1;
        (at < self.len).then(|| (self.make)(at))
    }
}

/// One line: its place in the event.
#[derive(Clone, Copy, Debug)]
struct ScriptItem(usize);

/// One tender: its place in the event.
#[derive(Clone, Copy, Debug)]
struct ScriptTender(usize);

type TextField = (&'static str, fn(&Event) -> Option<&Text>);

/// Fields of an event that are kept as text.
const TEXTS: [TextField; 18] = [
    ("id", |e| Some(&e.id)),
    ("source", |e| Some(&e.source)),
    ("member", |e| Some(&e.member)),
    ("order", |e| Some(e.order())),
    ("currency", |e| e.currency.as_ref()),
    ("channel", |e| e.context.channel.as_ref()),
    ("store", |e| e.context.store.as_ref()),
    ("terminal", |e| e.context.terminal.as_ref()),
    ("staff", |e| e.context.staff.as_ref()),
    ("device", |e| e.context.device.as_ref()),
    ("ip", |e| e.context.ip.as_ref()),
    ("latitude", |e| e.context.location.as_ref().map(|location| &location.0)),
    ("longitude", |e| e.context.location.as_ref().map(|location| &location.1)),
    ("membership", |e| e.membership.as_ref()),
    ("referrer", |e| e.personal.as_ref().and_then(|personal| personal.referrer.as_ref())),
    ("email_hash", |e| e.personal.as_ref().and_then(|personal| personal.email_hash.as_ref())),
    ("phone_hash", |e| e.personal.as_ref().and_then(|personal| personal.phone_hash.as_ref())),
    ("address_hash", |e| e.personal.as_ref().and_then(|personal| personal.address_hash.as_ref())),
];

type NumberField = (&'static str, fn(&Event, &Terms) -> i64);

/// The calendar of an instant, in the program's zone.
pub(super) const TIMES: [NumberField; 4] = [
    ("year", |e, terms| i64::from(year_of(local_day(e, terms)))),
    ("month", |e, terms| i64::from(parts_of(local_day(e, terms)).0)),
    ("weekday", |e, terms| i64::from(parts_of(local_day(e, terms)).2)),
    ("hour", |e, terms| i64::from(terms.zone.hour(e.occurred_at))),
];

type WordField = (&'static str, fn(&Event, &Terms) -> String);

/// Texts that are made when asked for.
const WORDS: [WordField; 4] = [
    ("type", |e, _| e.kind.wire_name().to_string()),
    ("day", |e, terms| day_text(local_day(e, terms))),
    ("occurred_at", |e, _| instant_text(e.occurred_at)),
    ("birthday", |e, _| {
        let birthday = e.personal.as_ref().and_then(|personal| personal.birthday);
        birthday.map_or_else(String::new, |birthday| match birthday.year {
            Some(year) => format!("{year:04}-{:02}-{:02}", birthday.month, birthday.day),
            None => format!("{:02}-{:02}", birthday.month, birthday.day),
        })
    }),
];

type Sum = (&'static str, fn(&Item, &str) -> Option<i64>);

/// Sums over the lines that fit a text.
const SUMS: [Sum; 4] = [
    ("spend_in", |item, wanted| (item.category.as_deref() == Some(wanted)).then(|| item.amount.get())),
    ("spend_on", |item, wanted| (item.brand.as_deref() == Some(wanted)).then(|| item.amount.get())),
    ("spend_tagged", |item, wanted| item.tags.iter().any(|tag| tag == wanted).then(|| item.amount.get())),
    ("quantity_of", |item, wanted| (item.sku.as_deref() == Some(wanted)).then(|| i64::from(item.quantity))),
];

/// What a script may read from an event besides [`TEXTS`], [`AMOUNT`], [`TIMES`] and [`WORDS`], and ask besides [`SUMS`].
const OTHERS: [&str; 4] = ["items", "tenders", "attribute", "has_attribute"];

/// Numbers an event has besides those of its time.
const AMOUNT: NumberField = ("amount", |e, _| e.amount().get());

/// Every name that may follow `event.`.
pub(in crate::rules) fn names() -> impl Iterator<Item = &'static str> + Clone {
    (TEXTS.iter().map(|field| field.0))
        .chain(std::iter::once(AMOUNT.0))
        .chain(TIMES.iter().map(|field| field.0))
        .chain(WORDS.iter().map(|field| field.0))
        .chain(SUMS.iter().map(|field| field.0))
        .chain(OTHERS)
}

pub(super) fn instant_text(at: TimeMs) -> String {
    jiff::Timestamp::from_millisecond(at.get()).map_or_else(|_| String::new(), |at| at.to_string())
}

pub(super) fn local_day(event: &Event, terms: &Terms) -> Day {
    terms.zone.day(event.occurred_at)
}

pub(super) fn day_text(day: Day) -> String {
    let (month, date, _) = parts_of(day);
    format!("{:04}-{month:02}-{date:02}", year_of(day))
}

pub(super) fn register(engine: &mut Engine, call: &Shared) {
    engine.register_type_with_name::<ScriptEvent>("Event");
    for (name, read) in TEXTS {
        let call = Rc::clone(call);
        engine.register_get(name, move |_: &mut ScriptEvent| -> Answer<ImmutableString> {
            Ok(text(read(running(&call.borrow())?.1).map(Text::as_str)))
        });
    }
    for (name, read) in std::iter::once(AMOUNT).chain(TIMES) {
        let call = Rc::clone(call);
        engine.register_get(name, move |_: &mut ScriptEvent| -> Answer<i64> {
            let call = call.borrow();
            let (loaded, event) = running(&call)?;
            Ok(read(event, &loaded.compiled.terms))
        });
    }
    for (name, make) in WORDS {
        let call = Rc::clone(call);
        engine.register_get(name, move |_: &mut ScriptEvent| -> Answer<ImmutableString> {
            let call = call.borrow();
            let (loaded, event) = running(&call)?;
            Ok(make(event, &loaded.compiled.terms).into())
        });
    }
    for (name, add) in SUMS {
        let call = Rc::clone(call);
        engine.register_fn(name, move |_: &mut ScriptEvent, wanted: &str| -> Answer<i64> {
            let call = call.borrow();
            let items = &running(&call)?.1.items;
            Ok(items.iter().filter_map(|item| add(item, wanted)).fold(0, i64::saturating_add))
        });
    }
    let shared = Rc::clone(call);
    engine.register_fn("attribute", move |_: &mut ScriptEvent, name: &str| -> Answer<ImmutableString> {
        Ok(text(running(&shared.borrow())?.1.attribute(name).map(Text::as_str)))
    });
    let shared = Rc::clone(call);
    engine.register_fn("has_attribute", move |_: &mut ScriptEvent, name: &str| -> Answer<bool> {
        Ok(running(&shared.borrow())?.1.attribute(name).is_some())
    });
    register_items(engine, call);
    register_tenders(engine, call);
}

/// Reads something of one place of a list of the running event.
fn at<T, R>(call: &Call, list: fn(&Event) -> &[T], place: usize, read: impl Fn(&T) -> R) -> Answer<R> {
    list(running(call)?.1).get(place).map(read).ok_or_else(|| "no such line".into())
}

fn register_items(engine: &mut Engine, call: &Shared) {
    type Field = (&'static str, fn(&Item) -> Dynamic);
    const FIELDS: [Field; 6] = [
        ("line", |item| Dynamic::from_int(i64::from(item.line))),
        ("sku", |item| text(item.sku.as_deref()).into()),
        ("category", |item| text(item.category.as_deref()).into()),
        ("brand", |item| text(item.brand.as_deref()).into()),
        ("quantity", |item| Dynamic::from_int(i64::from(item.quantity))),
        ("amount", |item| Dynamic::from_int(item.amount.get())),
    ];
    engine.register_type_with_name::<ScriptItem>("Item");
    engine.register_type_with_name::<Places<ScriptItem>>("Items");
    engine.register_iterator::<Places<ScriptItem>>();
    let shared = Rc::clone(call);
    engine.register_get("items", move |_: &mut ScriptEvent| -> Answer<Places<ScriptItem>> {
        Ok(Places { next: 0, len: running(&shared.borrow())?.1.items.len(), make: ScriptItem })
    });
    engine.register_fn("len", |items: &mut Places<ScriptItem>| i64::try_from(items.len).unwrap_or(i64::MAX));
    for (name, read) in FIELDS {
        let call = Rc::clone(call);
        engine.register_get(name, move |item: &mut ScriptItem| at(&call.borrow(), |e| &e.items, item.0, read));
    }
    let shared = Rc::clone(call);
    engine.register_fn("has_tag", move |item: &mut ScriptItem, wanted: &str| -> Answer<bool> {
        at(&shared.borrow(), |e| &e.items, item.0, |item: &Item| item.tags.iter().any(|tag| tag == wanted))
    });
    let shared = Rc::clone(call);
    engine.register_get("tags", move |item: &mut ScriptItem| -> Answer<rhai::Array> {
        at(
            &shared.borrow(),
            |e| &e.items,
            item.0,
            |item: &Item| item.tags.iter().map(|tag| Dynamic::from(text(Some(tag)))).collect(),
        )
    });
}

fn register_tenders(engine: &mut Engine, call: &Shared) {
    type Field = (&'static str, fn(&Tender) -> Dynamic);
    const FIELDS: [Field; 3] = [
        ("kind", |tender| text(Some(&tender.kind)).into()),
        ("amount", |tender| Dynamic::from_int(tender.amount.get())),
        ("fingerprint", |tender| text(tender.fingerprint.as_deref()).into()),
    ];
    engine.register_type_with_name::<ScriptTender>("Tender");
    engine.register_type_with_name::<Places<ScriptTender>>("Tenders");
    engine.register_iterator::<Places<ScriptTender>>();
    let shared = Rc::clone(call);
    engine.register_get("tenders", move |_: &mut ScriptEvent| -> Answer<Places<ScriptTender>> {
        Ok(Places { next: 0, len: running(&shared.borrow())?.1.tenders.len(), make: ScriptTender })
    });
    engine.register_fn("len", |tenders: &mut Places<ScriptTender>| i64::try_from(tenders.len).unwrap_or(i64::MAX));
    for (name, read) in FIELDS {
        let call = Rc::clone(call);
        engine.register_get(name, move |tender: &mut ScriptTender| at(&call.borrow(), |e| &e.tenders, tender.0, read));
    }
}

//! The event of `POST …/events`.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::field::{Int, Object, Pairs};
use super::{Wire, check};
use crate::http::problem::{Faults, Problem};
use crate::ledger::event::{Context, Event, EventKind, Item, Personal, Tender};
use crate::ledger::types::{AMOUNT_MAX, Text};
use crate::limits::{EVENT_ITEMS_MAX, EVENT_TENDERS_MAX, ITEM_QUANTITY_MAX, ITEM_TAGS_MAX};

/// An event as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventWire {
    pub(super) id: Text,
    pub(super) source: Text,
    #[serde(rename = "type")]
    pub(super) kind: Text,
    pub(super) member: Text,
    pub(super) occurred_at: Text,
    pub(super) order: Option<Text>,
    pub(super) currency: Option<Text>,
    pub(super) amount: Option<Int>,
    pub(super) items: Option<Vec<Object<ItemWire>>>,
    pub(super) tenders: Option<Vec<Object<TenderWire>>>,
    pub(super) channel: Option<Text>,
    pub(super) store: Option<Text>,
    pub(super) terminal: Option<Text>,
    pub(super) staff: Option<Text>,
    pub(super) device: Option<Text>,
    pub(super) ip: Option<Text>,
    pub(super) location: Option<Object<LocationWire>>,
    pub(super) membership: Option<Text>,
    pub(super) referrer: Option<Text>,
    pub(super) birthday: Option<Text>,
    pub(super) email_hash: Option<Text>,
    pub(super) phone_hash: Option<Text>,
    pub(super) address_hash: Option<Text>,
    pub(super) attributes: Option<Pairs>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemWire {
    pub(super) line: Int,
    pub(super) sku: Option<Text>,
    pub(super) category: Option<Text>,
    pub(super) brand: Option<Text>,
    pub(super) quantity: Option<Int>,
    pub(super) amount: Option<Int>,
    pub(super) tags: Option<Vec<Text>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TenderWire {
    pub(super) kind: Text,
    pub(super) amount: Int,
    pub(super) fingerprint: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LocationWire {
    pub(super) lat: Text,
    pub(super) lon: Text,
}

impl Wire<'_> for EventWire {
    type Input = Event;

    fn quick(body: &str) -> Option<Self> {
        Self::quickly(body)
    }

    fn check(self) -> Result<Event, Problem> {
        self.check_within("")
    }
}

impl EventWire {
    /// Checks an event that lies at a JSON pointer of its body.
    pub fn check_within(self, prefix: &'static str) -> Result<Event, Problem> {
        let mut faults = Faults::within(prefix);
        let kind = kind(&mut faults, &self.kind);
        check::id(&mut faults, "/id", &self.id);
        check::id(&mut faults, "/source", &self.source);
        check::id(&mut faults, "/member", &self.member);
        check::optional_id(&mut faults, "/order", self.order.as_ref());
        check::optional_id(&mut faults, "/membership", self.membership.as_ref());
        if self.currency.as_ref().is_some_and(|c| c.len() != 3 || !c.bytes().all(|b| b.is_ascii_uppercase())) {
            faults.add("/currency", "expected an ISO 4217 code of three capital letters");
        }
        let location = self.location.map(|Object(at)| location(&mut faults, at));
        let context = Context {
            channel: self.channel,
            store: self.store,
            terminal: self.terminal,
            staff: self.staff,
            device: self.device,
            ip: self.ip,
            location,
        };
        check::context(&mut faults, &context);
        let told = Told {
            referrer: self.referrer,
            birthday: self.birthday,
            email_hash: self.email_hash,
            phone_hash: self.phone_hash,
            address_hash: self.address_hash,
        };
        let event = Event {
            occurred_at: check::time(&mut faults, "/occurred_at", &self.occurred_at),
            given_amount: self.amount.map(|amount| check::money(&mut faults, "/amount", amount)),
            items: items(&mut faults, self.items.unwrap_or_default(), &kind),
            tenders: tenders(&mut faults, self.tenders.unwrap_or_default()),
            personal: told.check(&mut faults, &kind),
            attributes: self.attributes.map_or_else(Vec::new, |pairs| check::attributes(&mut faults, pairs)),
            id: self.id,
            source: self.source,
            member: self.member,
            order: self.order,
            currency: self.currency,
            membership: self.membership,
            context,
            kind,
        };
        fits_kind(&mut faults, &event);
        faults.into_result(event)
    }
}

fn kind(faults: &mut Faults, name: &Text) -> EventKind {
    check::id(faults, "/type", name);
    EventKind::parse(name).unwrap_or_else(|| {
        faults.add(
            "/type",
            "is not a kind of event: enroll, purchase, refund, visit, review, social_follow, social_share, newsletter, survey, \
             activity, fee, profile, login, or custom.<name> in lower-case letters, digits and _",
        );
        EventKind::Login
    })
}

pub(super) fn location(faults: &mut Faults, LocationWire { lat, lon }: LocationWire) -> (Text, Text) {
    check::degrees(faults, "/location/lat", &lat, 90);
    check::degrees(faults, "/location/lon", &lon, 180);
    (lat, lon)
}

/// What only certain kinds of event may or must say.
fn fits_kind(faults: &mut Faults, event: &Event) {
    match event.kind {
        EventKind::Refund if event.order.is_none() => faults.add("/order", "a refund names the order it refunds"),
        EventKind::Fee if event.membership.is_none() => faults.add("/membership", "a fee names its plan"),
        EventKind::Purchase if event.given_amount.is_none() && event.items.is_empty() => {
            faults.add("/amount", "a purchase has an amount or items");
        }
        _ => {}
    }
    if event.membership.is_some() && event.kind != EventKind::Fee {
        faults.add("/membership", "only a fee names a plan");
    }
}

fn items(faults: &mut Faults, wires: Vec<Object<ItemWire>>, kind: &EventKind) -> Vec<Item> {
    if wires.len() > EVENT_ITEMS_MAX {
        faults.add("/items", format!("has {} lines; at most {EVENT_ITEMS_MAX} are accepted", wires.len()));
        return Vec::new();
    }
    let refund = *kind == EventKind::Refund;
    let items: Vec<Item> =
        wires.into_iter().enumerate().map(|(at, Object(wire))| item(faults, at, wire, refund)).collect();
    if !items.is_sorted_by(|a, b| a.line < b.line) {
        let mut seen = BTreeSet::new();
        for (at, item) in items.iter().enumerate() {
            if !seen.insert(item.line) {
                faults.add(format_args!("/items/{at}/line"), format!("line {} is given twice", item.line));
            }
        }
    }
    // No sum of 1,000 amounts of 2^53 passes i64, and one that is out of bounds has been reported.
    let sum = items.iter().fold(0i64, |sum, item| sum.saturating_add(item.amount.get()));
    if sum > AMOUNT_MAX {
        faults.add("/items", format!("the amounts sum to more than {AMOUNT_MAX}"));
    }
    items
}

/// A line of a sale. A refund's may leave out the quantity, the amount or both, which the event has as zeros.
fn item(faults: &mut Faults, at: usize, wire: ItemWire, refund: bool) -> Item {
    let line = u32::try_from(wire.line.0).unwrap_or_else(|_| {
        faults.add(format_args!("/items/{at}/line"), format!("must be from 0 to {}", u32::MAX));
        0
    });
    let quantity = match wire.quantity {
        None => u32::from(!refund),
        Some(Int(said)) => {
            u32::try_from(said).ok().filter(|q| (1..=ITEM_QUANTITY_MAX).contains(q)).unwrap_or_else(|| {
                faults.add(format_args!("/items/{at}/quantity"), format!("must be from 1 to {ITEM_QUANTITY_MAX}"));
                1
            })
        }
    };
    check::optional_id(faults, format_args!("/items/{at}/sku"), wire.sku.as_ref());
    check::label(faults, format_args!("/items/{at}/category"), wire.category.as_ref());
    check::label(faults, format_args!("/items/{at}/brand"), wire.brand.as_ref());
    if wire.amount.is_none() && !refund {
        faults.add(format_args!("/items/{at}/amount"), "is missing");
    }
    let amount = check::money(faults, format_args!("/items/{at}/amount"), wire.amount.unwrap_or(Int(0)));
    let tags = wire.tags.unwrap_or_default();
    if tags.len() > ITEM_TAGS_MAX {
        faults.add(
            format_args!("/items/{at}/tags"),
            format!("has {} tags; at most {ITEM_TAGS_MAX} are accepted", tags.len()),
        );
    }
    for (tag_at, tag) in tags.iter().enumerate() {
        check::label(faults, format_args!("/items/{at}/tags/{tag_at}"), Some(tag));
    }
    Item { line, sku: wire.sku, category: wire.category, brand: wire.brand, quantity, amount, tags }
}

fn tenders(faults: &mut Faults, wires: Vec<Object<TenderWire>>) -> Vec<Tender> {
    if wires.len() > EVENT_TENDERS_MAX {
        faults.add("/tenders", format!("has {} entries; at most {EVENT_TENDERS_MAX} are accepted", wires.len()));
        return Vec::new();
    }
    let mut sum = 0i64;
    let mut tenders = Vec::with_capacity(wires.len());
    for (at, Object(wire)) in wires.into_iter().enumerate() {
        check::id(faults, format_args!("/tenders/{at}/kind"), &wire.kind);
        check::optional_id(faults, format_args!("/tenders/{at}/fingerprint"), wire.fingerprint.as_ref());
        let amount = check::money(faults, format_args!("/tenders/{at}/amount"), wire.amount);
        sum = sum.saturating_add(amount.get());
        tenders.push(Tender { kind: wire.kind, amount, fingerprint: wire.fingerprint });
    }
    if sum > AMOUNT_MAX {
        faults.add("/tenders", format!("the amounts sum to more than {AMOUNT_MAX}"));
    }
    tenders
}

/// What an event says about the person, as written.
struct Told {
    referrer: Option<Text>,
    birthday: Option<Text>,
    email_hash: Option<Text>,
    phone_hash: Option<Text>,
    address_hash: Option<Text>,
}

impl Told {
    fn check(self, faults: &mut Faults, kind: &EventKind) -> Option<Box<Personal>> {
        let Self { referrer, birthday, email_hash, phone_hash, address_hash } = self;
        let enrolls = *kind == EventKind::Enroll;
        let tells = enrolls || *kind == EventKind::Profile;
        if referrer.is_some() && !enrolls {
            faults.add("/referrer", "only an enroll event has this field");
        }
        for (pointer, given) in [
            ("/birthday", birthday.as_ref()),
            ("/email_hash", email_hash.as_ref()),
            ("/phone_hash", phone_hash.as_ref()),
            ("/address_hash", address_hash.as_ref()),
        ] {
            if given.is_some() && !tells {
                faults.add(pointer, "only an enroll or profile event has this field");
            }
        }
        check::optional_id(faults, "/referrer", referrer.as_ref());
        check::optional_id(faults, "/email_hash", email_hash.as_ref());
        check::optional_id(faults, "/phone_hash", phone_hash.as_ref());
        check::optional_id(faults, "/address_hash", address_hash.as_ref());
        let birthday = birthday.and_then(|text| check::birthday(faults, "/birthday", &text));
        let personal = Personal { referrer, birthday, email_hash, phone_hash, address_hash };
        (personal != Personal::default()).then(|| Box::new(personal))
    }
}

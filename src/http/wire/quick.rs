//! The quick way to the bodies that come most: events and transfers of plain JSON, read without a table of their fields.
//!
//! What it reads is what serde reads; a test holds it to that. What it does not know, such as a field given twice, it leaves to
//! serde, which says what is wrong.

use super::event::{EventWire, ItemWire, LocationWire, TenderWire};
use super::field::{Int, Object, Pairs};
use super::request::TransferWire;
use super::scan::Scan;
use crate::ledger::types::Text;

/// The fields of an object that were given so far.
#[derive(Default)]
struct Given(u32);

impl Given {
    /// Reads field number `field` into its place; gives up where it was given before.
    fn read<'de, T>(
        &mut self,
        field: u32,
        place: &mut T,
        scan: &mut Scan<'de>,
        read: impl FnOnce(&mut Scan<'de>) -> Option<T>,
    ) -> Option<()> {
        self.once(field)?;
        *place = read(scan)?;
        Some(())
    }

    /// The same for a field that may be null.
    fn or_null<'de, T>(
        &mut self,
        field: u32,
        place: &mut Option<T>,
        scan: &mut Scan<'de>,
        read: impl FnOnce(&mut Scan<'de>) -> Option<T>,
    ) -> Option<()> {
        self.once(field)?;
        *place = if scan.is_null() { None } else { Some(read(scan)?) };
        Some(())
    }

    fn once(&mut self, field: u32) -> Option<()> {
        let bit = 1u32.checked_shl(field)?;
        let is_new = self.0 & bit == 0;
        self.0 |= bit;
        is_new.then_some(())
    }

    /// Gives up unless the first `count` fields were all given.
    fn all_of_first(&self, count: u32) -> Option<()> {
        let first = 1u32.checked_shl(count)? - 1;
        (self.0 & first == first).then_some(())
    }
}

fn text(scan: &mut Scan<'_>) -> Option<Text> {
    scan.text().map(Text::new)
}

fn int(scan: &mut Scan<'_>) -> Option<Int> {
    scan.int().map(Int)
}

impl EventWire {
    /// Reads an event; see the module.
    pub(super) fn quickly(body: &str) -> Option<Self> {
        let mut scan = Scan::new(body);
        let (mut wire, mut given) = (Self::default(), Given::default());
        scan.object(|scan, key| match key {
            "id" => given.read(0, &mut wire.id, scan, text),
            "source" => given.read(1, &mut wire.source, scan, text),
            "type" => given.read(2, &mut wire.kind, scan, text),
            "member" => given.read(3, &mut wire.member, scan, text),
            "occurred_at" => given.read(4, &mut wire.occurred_at, scan, text),
            "amount" => given.or_null(5, &mut wire.amount, scan, int),
            "items" => given.or_null(6, &mut wire.items, scan, |s| s.list(item)),
            "tenders" => given.or_null(7, &mut wire.tenders, scan, |s| s.list(tender)),
            "location" => given.or_null(8, &mut wire.location, scan, location),
            "attributes" => given.or_null(9, &mut wire.attributes, scan, pairs),
            "order" => given.or_null(10, &mut wire.order, scan, text),
            "currency" => given.or_null(11, &mut wire.currency, scan, text),
            "channel" => given.or_null(12, &mut wire.channel, scan, text),
            "store" => given.or_null(13, &mut wire.store, scan, text),
            "terminal" => given.or_null(14, &mut wire.terminal, scan, text),
            "staff" => given.or_null(15, &mut wire.staff, scan, text),
            "device" => given.or_null(16, &mut wire.device, scan, text),
            "ip" => given.or_null(17, &mut wire.ip, scan, text),
            "membership" => given.or_null(18, &mut wire.membership, scan, text),
            "referrer" => given.or_null(19, &mut wire.referrer, scan, text),
            "birthday" => given.or_null(20, &mut wire.birthday, scan, text),
            "email_hash" => given.or_null(21, &mut wire.email_hash, scan, text),
            "phone_hash" => given.or_null(22, &mut wire.phone_hash, scan, text),
            "address_hash" => given.or_null(23, &mut wire.address_hash, scan, text),
            _ => None,
        })?;
        given.all_of_first(5)?;
        scan.end()?;
        Some(wire)
    }
}

fn item(scan: &mut Scan<'_>) -> Option<Object<ItemWire>> {
    let (mut wire, mut given) = (ItemWire::default(), Given::default());
    scan.object(|scan, key| match key {
        "line" => given.read(0, &mut wire.line, scan, int),
        "amount" => given.or_null(1, &mut wire.amount, scan, int),
        "quantity" => given.or_null(2, &mut wire.quantity, scan, int),
        "tags" => given.or_null(3, &mut wire.tags, scan, |s| s.list(text)),
        "sku" => given.or_null(4, &mut wire.sku, scan, text),
        "category" => given.or_null(5, &mut wire.category, scan, text),
        "brand" => given.or_null(6, &mut wire.brand, scan, text),
        _ => None,
    })?;
    given.all_of_first(1)?;
    Some(Object(wire))
}

fn tender(scan: &mut Scan<'_>) -> Option<Object<TenderWire>> {
    let (mut wire, mut given) = (TenderWire::default(), Given::default());
    scan.object(|scan, key| match key {
        "kind" => given.read(0, &mut wire.kind, scan, text),
        "amount" => given.read(1, &mut wire.amount, scan, int),
        "fingerprint" => given.or_null(2, &mut wire.fingerprint, scan, text),
        _ => None,
    })?;
    given.all_of_first(2)?;
    Some(Object(wire))
}

fn location(scan: &mut Scan<'_>) -> Option<Object<LocationWire>> {
    let (mut wire, mut given) = (LocationWire::default(), Given::default());
    scan.object(|scan, key| match key {
        "lat" => given.read(0, &mut wire.lat, scan, text),
        "lon" => given.read(1, &mut wire.lon, scan, text),
        _ => None,
    })?;
    given.all_of_first(2)?;
    Some(Object(wire))
}

fn pairs(scan: &mut Scan<'_>) -> Option<Pairs> {
    let mut pairs = Pairs::default();
    scan.object(|scan, key| {
        pairs.0.push((Text::new(key), text(scan)?));
        Some(())
    })?;
    Some(pairs)
}

impl TransferWire {
    /// Reads a transfer; see the module.
    pub(super) fn quickly(body: &str) -> Option<Self> {
        let mut scan = Scan::new(body);
        let (mut wire, mut given) = (Self::default(), Given::default());
        scan.object(|scan, key| match key {
            "from" => given.read(0, &mut wire.from, scan, text),
            "to" => given.read(1, &mut wire.to, scan, text),
            "pool" => given.read(2, &mut wire.pool, scan, text),
            "amount" => given.read(3, &mut wire.amount, scan, int),
            "channel" => given.or_null(4, &mut wire.channel, scan, text),
            "store" => given.or_null(5, &mut wire.store, scan, text),
            "terminal" => given.or_null(6, &mut wire.terminal, scan, text),
            "staff" => given.or_null(7, &mut wire.staff, scan, text),
            "device" => given.or_null(8, &mut wire.device, scan, text),
            "ip" => given.or_null(9, &mut wire.ip, scan, text),
            _ => None,
        })?;
        given.all_of_first(4)?;
        scan.end()?;
        Some(wire)
    }
}

//! One thing that somebody does: an event, a redemption, a transfer or a correction by hand, with what it says on the wire and
//! who is behind it. The judge never sees the latter.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::ledger::record::KeyField;

/// Milliseconds of a second, a minute, an hour and a day.
pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;
/// What a stamp of ten for a free coffee is worth in points, beside 400 points for a bag of beans of 16.00.
pub const STAMP_POINTS: i64 = 11;

/// Who is behind a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// An honest member.
    Good,
    /// An attack, by its number.
    Attack(usize),
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An event of this type.
    Event(&'static str),
    /// `POST …/redemptions`.
    Redeem,
    /// `POST …/transfers`.
    Transfer,
    /// `POST …/adjustments`.
    Adjust,
    /// `POST …/members/{member}/erase`.
    Erase,
}

/// A step.
#[derive(Clone, Debug)]
pub struct Step {
    /// When it happens.
    pub at: i64,
    /// When it reaches the ledger.
    pub arrives: i64,
    /// Who is behind it.
    pub by: By,
    /// What is sent.
    pub kind: Kind,
    /// Whom it is about.
    pub member: String,
    /// Points that it would bring who is behind it, where it is an attack's.
    pub stake: i64,
    /// Money of a sale, points of an act.
    pub amount: i64,
    category: &'static str,
    fields: BTreeMap<&'static str, String>,
    attributes: BTreeMap<&'static str, String>,
    card: Option<String>,
    place: Option<(String, String)>,
}

impl Step {
    /// A step about a member at a time, that arrives as it happens.
    pub fn new(kind: Kind, member: &str, at: i64) -> Self {
        Self {
            at,
            arrives: at,
            by: By::Good,
            kind,
            member: member.to_owned(),
            stake: 0,
            amount: 0,
            category: "",
            fields: BTreeMap::new(),
            attributes: BTreeMap::new(),
            card: None,
            place: None,
        }
    }

    /// A sale. It earns a point a dollar, and where it is a coffee, a stamp.
    pub fn sale(member: &str, at: i64, amount: i64) -> Self {
        let category = if amount < 900 { "coffee" } else { "food" };
        let stamp = if amount < 900 { STAMP_POINTS } else { 0 };
        Self { amount, category, stake: amount / 100 + stamp, ..Self::new(Kind::Event("purchase"), member, at) }
    }

    /// A refund of an order: of an amount, or of all that is left where that is 0.
    pub fn refund(member: &str, at: i64, order: &str, amount: i64) -> Self {
        Self { amount, ..Self::new(Kind::Event("refund"), member, at) }.with("order", order)
    }

    /// An enrolment, which brings nothing by itself.
    pub fn enrol(member: &str, at: i64) -> Self {
        Self::new(Kind::Event("enroll"), member, at)
    }

    /// A login: success or failure.
    pub fn login(member: &str, at: i64, result: &str) -> Self {
        Self::new(Kind::Event("login"), member, at).attribute("result", result)
    }

    /// A transfer of points.
    pub fn transfer(from: &str, to: &str, at: i64, points: i64) -> Self {
        Self { amount: points, ..Self::new(Kind::Transfer, from, at) }.with("to", to)
    }

    /// Points spent.
    pub fn redeem(member: &str, at: i64, points: i64) -> Self {
        Self { amount: points, ..Self::new(Kind::Redeem, member, at) }
    }

    /// The member has themselves forgotten.
    pub fn erase(member: &str, at: i64) -> Self {
        Self::new(Kind::Erase, member, at)
    }

    /// Points given by hand.
    pub fn adjust(member: &str, at: i64, points: i64) -> Self {
        Self { amount: points, stake: points, ..Self::new(Kind::Adjust, member, at) }
    }

    /// A text field of the request.
    pub fn with(mut self, field: &'static str, value: impl Into<String>) -> Self {
        self.fields.insert(field, value.into());
        self
    }

    /// The same where there is a value.
    pub fn maybe(self, field: &'static str, value: Option<&String>) -> Self {
        match value {
            Some(value) => self.with(field, value),
            None => self,
        }
    }

    /// An attribute of the event.
    pub fn attribute(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.insert(name, value.into());
        self
    }

    /// Paid by card.
    pub fn card(mut self, card: Option<&String>) -> Self {
        self.card = card.cloned();
        self
    }

    /// Where it happens, in decimal degrees.
    pub fn place(mut self, place: &(String, String)) -> Self {
        self.place = Some(place.clone());
        self
    }

    /// Reaches the ledger later than it happens.
    pub const fn arrives(mut self, at: i64) -> Self {
        self.arrives = at;
        self
    }

    /// What it would bring who is behind it.
    pub const fn stake(mut self, points: i64) -> Self {
        self.stake = points;
        self
    }

    /// A field of the request.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// An attribute.
    pub fn attribute_of(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// What a limit may be keyed by.
    pub fn key(&self, field: KeyField) -> Option<&str> {
        match field {
            KeyField::Member => Some(&self.member),
            KeyField::Card => self.card.as_deref(),
            KeyField::Recipient => self.field("to"),
            KeyField::Email => self.field("email_hash"),
            KeyField::Phone => self.field("phone_hash"),
            KeyField::Address => self.field("address_hash"),
            KeyField::Receipt => self.attribute_of("receipt"),
            other => self.field(other.name()),
        }
    }

    /// The path below the program's, and the body.
    pub fn request(&self, number: usize) -> (Cow<'static, str>, Value) {
        let mut body: Map<String, Value> =
            self.fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
        let path: Cow<'static, str> = match self.kind {
            Kind::Event(kind) => {
                put("id", json!(format!("{number}")));
                put(
                    "source",
                    json!(self.field("store").map_or_else(|| "app".to_owned(), |store| format!("store-{store}"))),
                );
                put("type", json!(kind));
                put("member", json!(self.member));
                put("occurred_at", json!(time(self.at)));
                self.sale_fields(kind, &mut put);
                "/events".into()
            }
            Kind::Redeem => {
                put("member", json!(self.member));
                put("pool", json!("points"));
                put("amount", json!(self.amount));
                "/redemptions".into()
            }
            Kind::Transfer => {
                put("from", json!(self.member));
                put("pool", json!("points"));
                put("amount", json!(self.amount));
                "/transfers".into()
            }
            Kind::Adjust => {
                put("member", json!(self.member));
                put("pool", json!("points"));
                put("amount", json!(self.amount));
                put("reason", json!("goodwill"));
                "/adjustments".into()
            }
            Kind::Erase => format!("/members/{}/erase", self.member).into(),
        };
        (path, Value::Object(body))
    }

    fn sale_fields(&self, kind: &str, put: &mut impl FnMut(&str, Value)) {
        if !self.attributes.is_empty() {
            put("attributes", json!(self.attributes));
        }
        if let Some((lat, lon)) = &self.place {
            put("location", json!({"lat": lat, "lon": lon}));
        }
        if kind == "purchase" {
            put("currency", json!("USD"));
            put("amount", json!(self.amount));
            put("items", json!([{"line": 1, "category": self.category, "quantity": 1, "amount": self.amount}]));
            let tender = match &self.card {
                Some(card) => json!({"kind": "card", "amount": self.amount, "fingerprint": card}),
                None => json!({"kind": "cash", "amount": self.amount}),
            };
            put("tenders", json!([tender]));
        } else if kind == "refund" && self.amount > 0 {
            put("amount", json!(self.amount));
        }
    }
}

/// A time as text.
pub fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

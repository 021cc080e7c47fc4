//! The other bodies: adjustments, transfers, enrolment, simulation, rules to check, the clock.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use super::event::{EventWire, LocationWire, location};
use super::field::{Int, Object, Pairs};
use super::{Wire, check};
use crate::http::problem::{Faults, Problem};
use crate::ledger::event::{Adjustment, Context, Event, EventKind, Personal, Transfer};
use crate::ledger::types::{AMOUNT_MAX, Points, Text, TimeMs};
use crate::limits::{NAME_BYTES_MAX, PROGRAM_BYTES_MAX};

/// The body of `POST …/adjustments`. The context is checked and not kept: nothing decides by it yet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdjustmentWire {
    member: Text,
    pool: Text,
    amount: Int,
    reason: Text,
    expires_at: Option<Text>,
    state: Option<Text>,
    channel: Option<Text>,
    store: Option<Text>,
    terminal: Option<Text>,
    staff: Option<Text>,
    device: Option<Text>,
    ip: Option<Text>,
}

impl Wire<'_> for AdjustmentWire {
    type Input = Adjustment;

    fn check(self) -> Result<Adjustment, Problem> {
        let mut faults = Faults::default();
        let Int(amount) = self.amount;
        check::id(&mut faults, "/member", &self.member);
        check::id(&mut faults, "/pool", &self.pool);
        if amount == 0 || !(-AMOUNT_MAX..=AMOUNT_MAX).contains(&amount) {
            faults.add("/amount", format!("must be from -{AMOUNT_MAX} to {AMOUNT_MAX}, and not 0"));
        }
        check::label(&mut faults, "/reason", Some(&self.reason));
        let pending = match self.state.as_deref() {
            None | Some("available") => false,
            Some("pending") => true,
            Some(_) => {
                faults.add("/state", "expected available or pending");
                false
            }
        };
        if amount < 0 && pending {
            faults.add("/state", "only a credit can be pending");
        }
        if amount < 0 && self.expires_at.is_some() {
            faults.add("/expires_at", "only a credit can expire");
        }
        let expires_at = self.expires_at.map(|text| check::time(&mut faults, "/expires_at", &text));
        let given = Context {
            channel: self.channel,
            store: self.store,
            terminal: self.terminal,
            staff: self.staff,
            device: self.device,
            ip: self.ip,
            location: None,
        };
        let context = check::boxed_context(&mut faults, given);
        let amount = Points::new(amount);
        faults.into_result(Adjustment {
            member: self.member,
            pool: self.pool,
            amount,
            reason: self.reason,
            expires_at,
            pending,
            context,
        })
    }
}

/// The body of `POST …/transfers`, and an element of its batch.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferWire {
    pub(super) from: Text,
    pub(super) to: Text,
    pub(super) pool: Text,
    pub(super) amount: Int,
    pub(super) channel: Option<Text>,
    pub(super) store: Option<Text>,
    pub(super) terminal: Option<Text>,
    pub(super) staff: Option<Text>,
    pub(super) device: Option<Text>,
    pub(super) ip: Option<Text>,
}

impl Wire<'_> for TransferWire {
    type Input = Transfer;

    fn quick(body: &str) -> Option<Self> {
        Self::quickly(body)
    }

    fn check(self) -> Result<Transfer, Problem> {
        let mut faults = Faults::default();
        let Int(amount) = self.amount;
        check::id(&mut faults, "/from", &self.from);
        check::id(&mut faults, "/to", &self.to);
        check::id(&mut faults, "/pool", &self.pool);
        if !(1..=AMOUNT_MAX).contains(&amount) {
            faults.add("/amount", format!("must be from 1 to {AMOUNT_MAX}"));
        }
        let given = Context {
            channel: self.channel,
            store: self.store,
            terminal: self.terminal,
            staff: self.staff,
            device: self.device,
            ip: self.ip,
            location: None,
        };
        let context = check::boxed_context(&mut faults, given);
        let amount = Points::new(amount);
        faults.into_result(Transfer { from: self.from, to: self.to, pool: self.pool, amount, context })
    }
}

/// The body of `POST …/members`: an enroll event of which only `member` must be given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberWire {
    id: Option<Text>,
    source: Option<Text>,
    #[serde(rename = "type")]
    kind: Option<Text>,
    member: Text,
    occurred_at: Option<Text>,
    channel: Option<Text>,
    store: Option<Text>,
    terminal: Option<Text>,
    staff: Option<Text>,
    device: Option<Text>,
    ip: Option<Text>,
    location: Option<Object<LocationWire>>,
    referrer: Option<Text>,
    birthday: Option<Text>,
    email_hash: Option<Text>,
    phone_hash: Option<Text>,
    address_hash: Option<Text>,
    attributes: Option<Pairs>,
}

/// An enrolment as it was asked for.
#[derive(Debug)]
pub struct Enrolment {
    /// The event. Where its time was not given, it is 1970 and to be set.
    pub event: Event,
    /// Whether its id or its source was given.
    pub named: bool,
    /// Whether its time was given.
    pub timed: bool,
}

/// The source of enrolments that name none.
const MEMBERS_SOURCE: Text = Text::new_static("members");

impl Wire<'_> for MemberWire {
    type Input = Enrolment;

    fn check(self) -> Result<Enrolment, Problem> {
        let mut faults = Faults::default();
        if self.kind.as_ref().is_some_and(|kind| kind != EventKind::Enroll.name()) {
            faults.add("/type", "must be enroll here, or left out");
        }
        check::id(&mut faults, "/member", &self.member);
        check::optional_id(&mut faults, "/id", self.id.as_ref());
        check::optional_id(&mut faults, "/source", self.source.as_ref());
        let named = self.id.is_some() || self.source.is_some();
        let (id, source) = (self.id.unwrap_or_else(|| self.member.clone()), self.source.unwrap_or(MEMBERS_SOURCE));
        let occurred_at = self.occurred_at.map(|text| check::time(&mut faults, "/occurred_at", &text));
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
        check::optional_id(&mut faults, "/referrer", self.referrer.as_ref());
        check::optional_id(&mut faults, "/email_hash", self.email_hash.as_ref());
        check::optional_id(&mut faults, "/phone_hash", self.phone_hash.as_ref());
        check::optional_id(&mut faults, "/address_hash", self.address_hash.as_ref());
        let personal = Personal {
            referrer: self.referrer,
            birthday: self.birthday.and_then(|text| check::birthday(&mut faults, "/birthday", &text)),
            email_hash: self.email_hash,
            phone_hash: self.phone_hash,
            address_hash: self.address_hash,
        };
        let event = Event {
            id,
            source,
            kind: EventKind::Enroll,
            member: self.member,
            occurred_at: occurred_at.unwrap_or(TimeMs::EPOCH),
            order: None,
            currency: None,
            given_amount: None,
            items: Vec::new(),
            tenders: Vec::new(),
            context,
            membership: None,
            personal: (personal != Personal::default()).then(|| Box::new(personal)),
            attributes: self.attributes.map_or_else(Vec::new, |pairs| check::attributes(&mut faults, pairs)),
        };
        faults.into_result(Enrolment { event, named, timed: occurred_at.is_some() })
    }
}

/// The body of `POST …/simulate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulateWire {
    event: Object<EventWire>,
    at: Option<Text>,
    ruleset: Option<Value>,
    explain: Option<bool>,
}

/// A simulation to run.
#[derive(Debug)]
pub struct Simulation {
    /// The event.
    pub event: Event,
    /// The ledger's time to pretend, where given.
    pub at: Option<TimeMs>,
    /// The version of the rules asked for: a number or a name, as text.
    pub ruleset: Option<String>,
    /// Whether to tell what each handler and rule did.
    pub explain: bool,
}

impl Wire<'_> for SimulateWire {
    type Input = Simulation;

    fn check(self) -> Result<Simulation, Problem> {
        let event = self.event.0.check_within("/event")?;
        let mut faults = Faults::default();
        let at = self.at.map(|text| check::time(&mut faults, "/at", &text));
        let explain = self.explain.unwrap_or(false);
        let ruleset = match self.ruleset {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name),
            Some(Value::Number(number)) if number.is_u64() => Some(number.to_string()),
            Some(_) => {
                faults.add("/ruleset", "expected the number of a version, or \"draft\"");
                None
            }
        };
        faults.into_result(Simulation { event, at, ruleset, explain })
    }
}

/// The body of `POST …/rules/check`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesCheckWire {
    files: Files<String>,
}

/// Files by path.
#[derive(Debug)]
pub struct Files<T>(pub BTreeMap<String, T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Files<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Expected<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Expected<T> {
            type Value = Files<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of file contents by path")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Files<T>, A::Error> {
                let mut files = BTreeMap::new();
                while let Some((path, content)) = map.next_entry::<String, T>()? {
                    if files.insert(path, content).is_some() {
                        return Err(A::Error::custom("a path is given twice"));
                    }
                }
                Ok(Files(files))
            }
        }
        deserializer.deserialize_map(Expected(PhantomData))
    }
}

/// Refuses paths that cannot be a program's, and more bytes than a program may have.
pub fn check_paths<'a>(faults: &mut Faults, files: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut bytes = 0usize;
    for (path, content) in files {
        bytes = bytes.saturating_add(content.len());
        let odd = |step: &str| step.is_empty() || step == "." || step == "..";
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/');
        if path.len() > crate::limits::ID_BYTES_MAX || !path.bytes().all(plain) || path.split('/').any(odd) {
            faults.add("/files", "a path has 1 to 128 letters, digits, _ - . and / between names");
        }
    }
    if bytes > PROGRAM_BYTES_MAX {
        faults.add("/files", format!("the files have {bytes} bytes; at most {PROGRAM_BYTES_MAX} are accepted"));
    }
}

impl Wire<'_> for RulesCheckWire {
    /// Contents by path within the program's folder.
    type Input = BTreeMap<String, String>;

    fn check(self) -> Result<BTreeMap<String, String>, Problem> {
        let mut faults = Faults::default();
        let Files(files) = self.files;
        check_paths(&mut faults, files.iter().map(|(path, content)| (path.as_str(), content.as_str())));
        faults.into_result(files)
    }
}

/// The body of `POST /v1/clock`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockWire {
    now: Text,
}

impl Wire<'_> for ClockWire {
    type Input = TimeMs;

    fn check(self) -> Result<TimeMs, Problem> {
        let mut faults = Faults::default();
        let now = check::time(&mut faults, "/now", &self.now);
        faults.into_result(now)
    }
}

/// The body of `POST /v1/backups`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupWire {
    name: Text,
}

impl Wire<'_> for BackupWire {
    /// A name that is one step of a path, and not hidden.
    type Input = Text;

    fn check(self) -> Result<Text, Problem> {
        let mut faults = Faults::default();
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        let name = &self.name;
        if name.is_empty() || name.len() > NAME_BYTES_MAX || name.starts_with('.') || !name.bytes().all(plain) {
            faults.add(
                "/name",
                format!("expected 1 to {NAME_BYTES_MAX} letters, digits, _ - and ., not beginning with ."),
            );
        }
        faults.into_result(self.name)
    }
}

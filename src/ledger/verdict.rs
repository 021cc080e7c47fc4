//! The fraud side of a record: what was counted, what was said about it, and what velocity rings take in.
//!
//! Only the vocabulary: the counting is done by `fraud`, and nothing here judges.

use smol_str::SmolStrBuilder;

use super::types::{NameId, Seq, Text, TimeMs};

/// How much an event is believed. Ordered: the strongest of all reasons wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing to say.
    #[default]
    Allow,
    /// Posted, and noted.
    Flag,
    /// Effects wait for a case.
    Hold,
    /// The member must prove who they are first.
    StepUp,
    /// Recorded without effects.
    Deny,
}

/// Why a verdict was raised, with what was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The id of the limit or the script rule.
    pub rule: Text,
    /// What this rule alone says.
    pub verdict: Verdict,
    /// How much it adds to the score, 0 to 100.
    pub weight: u8,
    /// In words, with the numbers.
    pub detail: String,
    /// What was counted, where anything was.
    pub evidence: Option<Evidence>,
    /// How the count came to the verdict, where it can be told.
    pub told: Option<Box<Told>>,
}

/// What the detail of a reason begins with that is about earlier decisions, which this input would have changed had it come in time.
pub const CAME_LATE: &str = "came late: ";

/// What the detail of a reason begins with that would have denied, and was held instead to learn whether that was right.
pub const HELD_OUT: &str = "held out, would have denied: ";

impl Reason {
    /// Whether it is about earlier decisions, and not about this input.
    #[must_use]
    pub fn is_retro(&self) -> bool {
        self.detail.starts_with(CAME_LATE)
    }

    /// A reason whose words say it all.
    #[must_use]
    pub const fn plain(rule: Text, verdict: Verdict, weight: u8, detail: String) -> Self {
        Self { rule, verdict, weight, detail, evidence: None, told: None }
    }
}

/// What a rule tells of its verdict beside what it counted: to who looks into it, and to the member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What was compared, with its values: `count(purchase) by member=ana within 1h = 9 > 8`. Empty where nothing was.
    pub expression: String,
    /// How far beyond the limit, in the unit of what is counted; never negative.
    pub margin: i64,
    /// The smallest changes with which this rule would have let it pass, each enough by itself. Empty where none is known.
    pub passes: Vec<Change>,
    /// What the program has the member told; empty where it says nothing of its own.
    pub member: Text,
}

/// A change to an input with which a rule would let it pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The same at this time or later, where nothing else happens until then.
    After(TimeMs),
    /// The same, had it arrived by this time.
    ArrivedBy(TimeMs),
    /// The same with at most this amount.
    AtMost(i64),
    /// The same, done otherwise: `with a store counted already`.
    Otherwise(Text),
}

impl Told {
    /// When the same would pass, where waiting helps.
    #[must_use]
    pub fn retry_after(&self) -> Option<TimeMs> {
        let after = |change: &Change| if let Change::After(at) = change { Some(*at) } else { None };
        self.passes.iter().find_map(after)
    }
}

/// The count behind a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What the count is kept by, such as `device=d:77ab`.
    pub key: Text,
    /// What is counted, such as `count`.
    pub metric: Text,
    /// The window's length.
    pub window_ms: i64,
    /// The count, this event included.
    pub counted: i64,
    /// The most that is allowed.
    pub limit: i64,
    /// Sequences of earlier events that made the count, newest first; capped.
    pub events: Vec<Seq>,
}

/// The fraud side of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// The strongest verdict of all reasons.
    pub verdict: Verdict,
    /// Sum of the weights, at most 100.
    pub score: u8,
    /// Every rule that had something to say, in order of declaration.
    pub reasons: Vec<Reason>,
}

/// One entry a velocity ring gets from this record. The key is read from the record's own input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The ring's declared name.
    pub ring: NameId,
    /// Which fields of the input, in order, make the key.
    pub key: KeyFields,
    /// How many entries the ring keeps, and how: see [`Keep`].
    pub capacity: u16,
    /// The value beside the time: an amount for sums, 1 for counts, what tells one thing from another for distinct ones,
    /// a packed place for speeds, [`MARK`] for what a count begins after.
    pub value: i64,
}

/// What a ring of what is kept counts of an order from here on, part or all of which was given back. The entry stays where it was in
/// time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unobserved {
    /// Whose order.
    pub party: u8,
    /// The ring.
    pub ring: NameId,
    /// The values of its key's fields, as [`KeyFields::key_of`] says.
    pub key: Text,
    /// The record that observed the order.
    pub of: Seq,
    /// What is left of the entry's value; none where nothing is.
    pub left: Option<i64>,
}

/// What a ring of what was given back takes in of an order: at the order's own time, so much as went back of it so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversed {
    /// Whose order.
    pub party: u8,
    /// The ring.
    pub ring: NameId,
    /// The values of its key's fields, as [`KeyFields::key_of`] says.
    pub key: Text,
    /// The record of the order.
    pub of: Seq,
    /// When the order was, in business time.
    pub at: TimeMs,
    /// How many entries the ring keeps.
    pub entries: u16,
    /// 1, or the amount that went back.
    pub value: i64,
}

/// The value of an entry that is no occurrence: counts since it begin after it.
pub const MARK: i64 = i64::MIN;

/// What a ring takes in by the record's status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taken {
    /// Every attempt.
    #[default]
    Attempted,
    /// What was posted or held.
    Accepted,
    /// What was denied.
    Denied,
    /// What was posted or held, less what was given back of it since.
    Kept,
    /// What was given back of it: nothing is taken in before, see [`Reversed`].
    Reversed,
}

/// How a ring keeps what it observes: written into the upper bits of [`Observation::capacity`], which are zero for plain counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// How many entries.
    pub entries: u16,
    /// Whether, of entries with one value, the latest matters most.
    pub distinct: bool,
    /// Whether a value that is there stays as it is.
    pub first: bool,
    /// What is taken in.
    pub taken: Taken,
}

impl Keep {
    const ENTRIES: u16 = 0x0fff;
    const FIRST: u16 = 1 << 12;
    const DENIED: u16 = 1 << 13;
    const ACCEPTED: u16 = 1 << 14;
    const DISTINCT: u16 = 1 << 15;

    /// As a capacity.
    #[must_use]
    pub const fn pack(self) -> u16 {
        let taken = match self.taken {
            Taken::Attempted => 0,
            Taken::Accepted => Self::ACCEPTED,
            Taken::Denied => Self::DENIED,
            // What a ring takes in by a refund is no matter of the order's record.
            Taken::Kept | Taken::Reversed => Self::ACCEPTED | Self::DENIED,
        };
        let distinct = if self.distinct { Self::DISTINCT } else { 0 };
        let first = if self.first { Self::FIRST } else { 0 };
        (self.entries & Self::ENTRIES) | taken | distinct | first
    }

    /// Of a capacity.
    #[must_use]
    pub const fn unpack(capacity: u16) -> Self {
        let taken = match (capacity & Self::ACCEPTED != 0, capacity & Self::DENIED != 0) {
            (true, true) => Taken::Kept,
            (true, false) => Taken::Accepted,
            (false, true) => Taken::Denied,
            (false, false) => Taken::Attempted,
        };
        let (distinct, first) = (capacity & Self::DISTINCT != 0, capacity & Self::FIRST != 0);
        Self { entries: capacity & Self::ENTRIES, distinct, first, taken }
    }
}

/// Between the fields of a key.
const SEPARATOR: char = '\u{1f}';

/// One to [`KeyFields::MAX`] fields that make a key, in order; small enough to be copied with every record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyFields {
    /// One more than the place of each among all fields; 0 after the last. Two keys are compared as one number is.
    places: [u8; Self::MAX],
}

impl std::fmt::Debug for KeyFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl KeyFields {
    /// Fields of a key at most.
    pub const MAX: usize = 4;

    /// One field.
    #[must_use]
    pub const fn of(field: KeyField) -> Self {
        Self { places: [Self::place(field), 0, 0, 0] }
    }

    /// The values of the fields, in order, with U+001F between them; `None` where one is missing or empty.
    #[must_use]
    pub fn key_of<'a>(&self, value: impl Fn(KeyField) -> Option<&'a Text>) -> Option<Text> {
        let value = |field: KeyField| value(field).filter(|value| !value.is_empty());
        let mut fields = self.iter();
        let key = value(fields.next()?)?.clone();
        let Some(second) = fields.next() else { return Some(key) };
        let mut text = SmolStrBuilder::new();
        text.push_str(&key);
        for field in std::iter::once(second).chain(fields) {
            text.push(SEPARATOR);
            text.push_str(value(field)?);
        }
        Some(text.finish())
    }

    /// The fields; `None` where there are none or too many.
    #[must_use]
    pub fn new(fields: &[KeyField]) -> Option<Self> {
        if fields.is_empty() || fields.len() > Self::MAX {
            return None;
        }
        let mut places = [0; Self::MAX];
        for (place, field) in places.iter_mut().zip(fields) {
            *place = Self::place(*field);
        }
        Some(Self { places })
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = KeyField> + '_ {
        self.places.iter().map_while(|place| KeyField::at(usize::from(*place).checked_sub(1)?))
    }

    const fn place(field: KeyField) -> u8 {
        field as u8 + 1
    }
}

/// A field of an input that velocity is kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyField {
    /// The member (of a transfer, the giver).
    Member,
    /// The device.
    Device,
    /// The client address.
    Ip,
    /// The paying card's fingerprint.
    Card,
    /// The store.
    Store,
    /// The terminal, which is only unique within a store.
    Terminal,
    /// The employee.
    Staff,
    /// The referrer named at enrolment.
    Referrer,
    /// The e-mail hash given.
    Email,
    /// The phone hash given.
    Phone,
    /// The address hash given.
    Address,
    /// The receiver of a transfer.
    Recipient,
    /// The receipt's number, `attributes.receipt`.
    Receipt,
    /// The order named.
    Order,
    /// The channel.
    Channel,
    /// No field of an input: on an allow list the id of a rule, which is silenced for everybody.
    Rule,
    /// What a small service is done for: which survey, which network, else its kind. No program names it.
    Campaign,
}

impl KeyField {
    /// All that an input may have.
    pub const ALL: [Self; 15] = [
        Self::Member,
        Self::Device,
        Self::Ip,
        Self::Card,
        Self::Store,
        Self::Terminal,
        Self::Staff,
        Self::Referrer,
        Self::Email,
        Self::Phone,
        Self::Address,
        Self::Recipient,
        Self::Receipt,
        Self::Order,
        Self::Channel,
    ];

    /// The field of a place, which is its number.
    fn at(place: usize) -> Option<Self> {
        match place.checked_sub(Self::ALL.len()) {
            None => Self::ALL.get(place).copied(),
            Some(0) => Some(Self::Rule),
            Some(1) => Some(Self::Campaign),
            Some(_) => None,
        }
    }

    /// Its name in programs, keys of evidence and paths.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Device => "device",
            Self::Ip => "ip",
            Self::Card => "card",
            Self::Store => "store",
            Self::Terminal => "terminal",
            Self::Staff => "staff",
            Self::Referrer => "referrer",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Recipient => "recipient",
            Self::Receipt => "receipt",
            Self::Order => "order",
            Self::Channel => "channel",
            Self::Rule => "rule",
            Self::Campaign => "campaign",
        }
    }

    /// The field of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// The field of a name, or of what the events that carry it call it.
    #[must_use]
    pub fn told(name: &str) -> Option<Self> {
        match name {
            "email_hash" => Some(Self::Email),
            "phone_hash" => Some(Self::Phone),
            "address_hash" => Some(Self::Address),
            "fingerprint" => Some(Self::Card),
            other => Self::named(other),
        }
    }
}

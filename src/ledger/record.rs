//! The record: one decided fact, complete. What was asked, what it did, why, and what it left behind.
//!
//! Records are what the journal keeps and all that [`apply`](super::apply) reads: replaying them needs no script, no
//! manifest and no clock. A record never says "compute"; it says "this lot, this many".

use std::sync::Arc;

use super::event::{Adjustment, Event, Transfer};
use super::types::{LotId, Money, NameId, Points, ProgramId, Seq, Text, TimeMs};

/// What was asked of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A posted event.
    Event(Arc<Event>),
    /// A correction by hand, with its idempotency key.
    Adjust(Arc<Adjustment>, Text),
    /// A move between members, with its idempotency key.
    Transfer(Arc<Transfer>, Text),
    /// Time passed: what fell due for one member. The instant is the record's `occurred_at`.
    Due(Text),
    /// A version of a program's rules took effect.
    Ruleset(Arc<RulesetFiles>),
}

/// A version of a program: its files as they were, and the names it declared that were new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesetFiles {
    /// The program's folder name.
    pub program: Text,
    /// BLAKE3 of the files, hexadecimal.
    pub hash: Text,
    /// Path within the program's folder and content, sorted by path.
    pub files: Vec<(Text, String)>,
    /// Names that follow those the program already had; their ids continue the list.
    pub new_names: Vec<Text>,
}

/// Whether the effects stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// They do.
    Posted,
    /// They wait for a review: credits are pending, everything else is noted and not done.
    Held,
    /// There are none; the attempt is on record.
    Denied,
}

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
    /// How many entries the ring keeps.
    pub capacity: u16,
    /// The value beside the time: an amount for sums, 1 for counts.
    pub value: i64,
}

/// One to [`KeyFields::MAX`] fields that make a key, in order; small enough to be copied with every record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyFields {
    first: KeyField,
    others: [Option<KeyField>; Self::MAX - 1],
}

impl KeyFields {
    /// Fields of a key at most.
    pub const MAX: usize = 4;

    /// The fields; `None` where there are none or too many.
    #[must_use]
    pub fn new(fields: &[KeyField]) -> Option<Self> {
        let (first, rest) = fields.split_first()?;
        if fields.len() > Self::MAX {
            return None;
        }
        let mut others = [None; Self::MAX - 1];
        for (slot, field) in others.iter_mut().zip(rest) {
            *slot = Some(*field);
        }
        Some(Self { first: *first, others })
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = KeyField> + '_ {
        std::iter::once(self.first).chain(self.others.iter().flatten().copied())
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
}

/// An account of the double-entry books: a member's, or one of the system's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What the record's party holds.
    Member,
    /// Where points come from.
    Issued,
    /// Where spent points go.
    Redeemed,
    /// Where expired points go.
    Expired,
    /// Where points taken back by refunds go.
    Reversed,
    /// The other side of corrections by hand.
    Adjusted,
    /// Points given to a charity, by its declared name.
    Donated(NameId),
    /// Points on their way to another partition.
    Transit,
}

/// One consequence of a record. `party` is an index into [`Record::parties`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The party becomes a member; what is known of them is in the event.
    Enroll {
        /// Who.
        party: u8,
        /// Who brought them, where the referral counts.
        referrer: Option<Text>,
    },
    /// A lot comes to be.
    Credit(Credit),
    /// Part of a lot goes.
    Debit {
        /// Whose lot.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// Which lot.
        lot: LotId,
        /// How much of it.
        amount: Points,
        /// Where it goes.
        to: Account,
    },
    /// A debt comes to be, with nothing to pay it.
    Owe {
        /// Who owes.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// How much.
        amount: Points,
        /// To which account it was paid on credit.
        to: Account,
    },
    /// A pending lot becomes available.
    Activate {
        /// Whose lot.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// Which lot.
        lot: LotId,
        /// How much of it repays debt at that moment.
        repaid: Points,
    },
    /// Stamps on a card.
    Stamp {
        /// Whose card.
        party: u8,
        /// Which card.
        card: NameId,
        /// How many were given.
        count: u32,
        /// How many stamps complete the card, as declared then.
        of: u32,
        /// Stamps on the card afterwards.
        stamps: u32,
        /// The civil day it counts for, in the program's zone.
        day: i32,
    },
    /// A reward to use.
    Grant {
        /// Who gets it.
        party: u8,
        /// Its number within the record, for its id.
        index: u16,
        /// Which reward.
        reward: NameId,
        /// What it is worth, where it has a value.
        value: Option<Money>,
        /// Until when it can be used.
        expires_at: Option<TimeMs>,
        /// Why.
        reason: Text,
    },
    /// A change of tier.
    Tier {
        /// Who.
        party: u8,
        /// From which, where there was one.
        from: Option<NameId>,
        /// To which; none where even the lowest tier asks for more.
        to: Option<NameId>,
    },
    /// A named counter of the member's grows.
    Count {
        /// Whose.
        party: u8,
        /// Which counter.
        counter: NameId,
        /// The civil day it counts for, in the program's zone: days since 1970-01-01.
        day: i32,
        /// By how much.
        amount: i64,
    },
    /// A program-wide budget is used.
    Budget {
        /// By whom.
        party: u8,
        /// The cap's counter.
        counter: NameId,
        /// How much of it.
        amount: Points,
    },
    /// What the event says about the person or their attributes replaces what was known.
    Profile {
        /// Whose.
        party: u8,
    },
    /// The friend's first qualifying purchase paid the referral; it will not be paid again.
    ReferralPaid {
        /// The friend.
        party: u8,
        /// The referrer, as a party of the same record.
        referrer: u8,
    },
}

impl Effect {
    /// Whose state it changes: an index into [`Record::parties`].
    #[must_use]
    pub const fn party(&self) -> u8 {
        match self {
            Self::Credit(credit) => credit.party,
            Self::Enroll { party, .. }
            | Self::Debit { party, .. }
            | Self::Owe { party, .. }
            | Self::Activate { party, .. }
            | Self::Stamp { party, .. }
            | Self::Grant { party, .. }
            | Self::Tier { party, .. }
            | Self::Count { party, .. }
            | Self::Budget { party, .. }
            | Self::Profile { party }
            | Self::ReferralPaid { party, .. } => *party,
        }
    }
}

/// A lot coming to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Whose.
    pub party: u8,
    /// In which pool.
    pub pool: NameId,
    /// The lot's id. A received transfer may name a lot that exists and grow it.
    pub lot: LotId,
    /// How much; above zero.
    pub amount: Points,
    /// How much of it repays debt at once (only for lots that are available at once).
    pub repaid: Points,
    /// When it was earned, in business time.
    pub earned_at: TimeMs,
    /// When it can be spent; [`TimeMs::NEVER`] while it waits for a review.
    pub available_at: TimeMs,
    /// When it is lost, where it is.
    pub expires_at: Option<TimeMs>,
    /// Where it comes from.
    pub from: Account,
    /// Why, for the statement.
    pub reason: Text,
    /// The rule that gave it: `earn.rhai:4`, or a manifest key.
    pub rule: Text,
}

/// Something a limit cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    /// Of whom.
    pub party: u8,
    /// The pool or the card.
    pub what: Clipped,
    /// What the rule wanted.
    pub wanted: i64,
    /// What it was given.
    pub given: i64,
    /// The name of the limit: `member_daily`, `spacing` …
    pub limit: Text,
}

/// What kind of thing was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clipped {
    /// A pool's credit.
    Pool(NameId),
    /// A card's stamps.
    Card(NameId),
}

/// A script that failed; its effects are not in the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptFault {
    /// Where: `earn.rhai:12:5`.
    pub at: Text,
    /// What it said.
    pub message: String,
}

/// A member the record touches: its chain of history and what it left them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The caller's id.
    pub member: Text,
    /// The member's record before this one; zero where this is the first.
    pub previous: Seq,
    /// What the member has once this record is applied.
    pub after: Snapshot,
}

/// A member's balance in short, at the record's time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Every pool the member ever touched.
    pub pools: Vec<PoolAfter>,
    /// Every card the member ever touched: name, stamps, size.
    pub cards: Vec<(NameId, u32, u32)>,
    /// The tier, where the program has tiers.
    pub tier: Option<NameId>,
}

/// A pool's four buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolAfter {
    /// Which pool.
    pub pool: NameId,
    /// What can be spent.
    pub available: Points,
    /// What will become available.
    pub pending: Points,
    /// What holds reserve.
    pub held: Points,
    /// What is owed.
    pub debt: Points,
}

/// One decided fact. See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the journal.
    pub seq: Seq,
    /// The program it belongs to.
    pub program: ProgramId,
    /// The ledger's time.
    pub recorded_at: TimeMs,
    /// Business time: windows, days, tiers and expiry go by it.
    pub occurred_at: TimeMs,
    /// The version of the program's rules that decided it; zero before the first.
    pub ruleset: u32,
    /// What was asked.
    pub input: Input,
    /// Whether the effects stand.
    pub status: Status,
    /// Members touched; the first is the one it is about.
    pub parties: Vec<Party>,
    /// What it did, in order.
    pub effects: Vec<Effect>,
    /// What limits cut.
    pub clipped: Vec<Clip>,
    /// What fraud checks said.
    pub fraud: Assessment,
    /// What velocity rings take in.
    pub observed: Vec<Observation>,
    /// Operations the scripts used.
    pub operations: u32,
    /// Scripts that failed.
    pub faults: Vec<ScriptFault>,
}

/// The name under which a write is done only once: who says it, and their id for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NaturalKey<'a> {
    /// The event's source; for other writes [`IDEMPOTENCY_SOURCE`].
    pub source: &'a str,
    /// The event's id, or the `Idempotency-Key`.
    pub id: &'a str,
}

/// The source of writes that carry an `Idempotency-Key`. No event's source may contain a NUL.
pub const IDEMPOTENCY_SOURCE: &str = "\0idempotency-key";

impl Input {
    /// The key under which this is done only once, where it has one.
    #[must_use]
    pub fn natural_key(&self) -> Option<NaturalKey<'_>> {
        match self {
            Self::Event(event) => Some(NaturalKey { source: &event.source, id: &event.id }),
            Self::Adjust(_, key) | Self::Transfer(_, key) if !key.is_empty() => {
                Some(NaturalKey { source: IDEMPOTENCY_SOURCE, id: key })
            }
            Self::Adjust(..) | Self::Transfer(..) | Self::Due(_) | Self::Ruleset(_) => None,
        }
    }

    /// The value of a key field, where the input has it.
    #[must_use]
    pub fn key_field(&self, field: KeyField) -> Option<&Text> {
        match self {
            Self::Event(event) => event_field(event, field),
            Self::Transfer(transfer, _) => match field {
                KeyField::Member => Some(&transfer.from),
                KeyField::Recipient => Some(&transfer.to),
                other => transfer.context.as_deref().and_then(|context| context_field(context, other)),
            },
            Self::Adjust(adjustment, _) => (field == KeyField::Member).then_some(&adjustment.member),
            Self::Due(_) | Self::Ruleset(_) => None,
        }
    }
}

fn event_field(event: &Event, field: KeyField) -> Option<&Text> {
    let personal = event.personal.as_deref();
    match field {
        KeyField::Member => Some(&event.member),
        KeyField::Card => event.card(),
        KeyField::Referrer => personal.and_then(|p| p.referrer.as_ref()),
        KeyField::Email => personal.and_then(|p| p.email_hash.as_ref()),
        KeyField::Phone => personal.and_then(|p| p.phone_hash.as_ref()),
        KeyField::Address => personal.and_then(|p| p.address_hash.as_ref()),
        other => context_field(&event.context, other),
    }
}

fn context_field(context: &super::event::Context, field: KeyField) -> Option<&Text> {
    match field {
        KeyField::Device => context.device.as_ref(),
        KeyField::Ip => context.ip.as_ref(),
        KeyField::Store => context.store.as_ref(),
        KeyField::Terminal => context.terminal.as_ref(),
        KeyField::Staff => context.staff.as_ref(),
        KeyField::Member
        | KeyField::Card
        | KeyField::Referrer
        | KeyField::Email
        | KeyField::Phone
        | KeyField::Address
        | KeyField::Recipient => None,
    }
}

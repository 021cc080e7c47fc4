//! The record: one decided fact, complete. What was asked, what it did, why, and what it left behind.
//!
//! Records are what the journal keeps and all that [`apply`](super::apply) reads: replaying them needs no script, no
//! manifest and no clock. A record never says "compute"; it says "this lot, this many".

use std::sync::Arc;

use super::act::Act;
use super::event::{Adjustment, Event, EventKind, Transfer};
use super::review::{CLAW_BACK_SOURCE, RELEASE_SOURCE, Release, Review};
use super::rollout::RulesChange;
use super::types::{NameId, Points, ProgramId, Seq, Text, TimeMs};

pub use super::effect::Effect;
pub use super::posting::{Account, Clip, Clipped, Credit};
pub use super::verdict::{
    Assessment, CAME_LATE, Change, Evidence, HELD_OUT, Keep, KeyField, KeyFields, MARK, Observation, Reason, Reversed,
    Taken, Told, Unobserved, Verdict,
};

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
    /// A version of a program's rules took effect: the rules folder's, at a start.
    Ruleset(Arc<RulesetFiles>),
    /// Which rules decide was changed, with the write's idempotency key.
    Rules(Arc<RulesChange>, Text),
    /// Spending, its undoing, or the member's own affairs, with its idempotency key.
    Act(Arc<Act>, Text),
    /// A step of a review of what the fraud checks held.
    Review(Arc<Review>),
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
    /// They wait for a review: credits are pending, enrolment with what it says stands, all else is noted and not done.
    Held,
    /// There are none; the attempt is on record.
    Denied,
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

/// The source of keys that name a household and lead to the latest record of who lives in it.
pub const HOUSEHOLD_SOURCE: &str = "\0household";

impl Input {
    /// The key under which this is done only once, where it has one.
    #[must_use]
    pub fn natural_key(&self) -> Option<NaturalKey<'_>> {
        match self {
            Self::Event(event) => Some(NaturalKey { source: &event.source, id: &event.id }),
            Self::Adjust(_, key) | Self::Transfer(_, key) | Self::Act(_, key) | Self::Rules(_, key)
                if !key.is_empty() =>
            {
                Some(NaturalKey { source: IDEMPOTENCY_SOURCE, id: key })
            }
            Self::Review(review) => match review.as_ref() {
                Review::Resolve(resolution) if resolution.key.is_empty() => None,
                Review::Resolve(resolution) => Some(NaturalKey { source: IDEMPOTENCY_SOURCE, id: &resolution.key }),
                Review::List(change) if change.key.is_empty() => None,
                Review::List(change) => Some(NaturalKey { source: IDEMPOTENCY_SOURCE, id: &change.key }),
                Review::Release(release) => Some(NaturalKey { source: RELEASE_SOURCE, id: &release.id }),
                Review::ClawBack(taken) => Some(NaturalKey { source: CLAW_BACK_SOURCE, id: &taken.id }),
            },
            Self::Adjust(..)
            | Self::Transfer(..)
            | Self::Act(..)
            | Self::Due(_)
            | Self::Ruleset(_)
            | Self::Rules(..) => None,
        }
    }

    /// The event this stands for: its own, or a held one that takes effect by this record.
    #[must_use]
    pub fn event(&self) -> Option<&Arc<Event>> {
        match self {
            Self::Event(event) => Some(event),
            Self::Review(review) => review.event(),
            Self::Adjust(..)
            | Self::Transfer(..)
            | Self::Act(..)
            | Self::Due(_)
            | Self::Ruleset(_)
            | Self::Rules(..) => None,
        }
    }

    /// What became of a held record, where this says so.
    #[must_use]
    pub fn release(&self) -> Option<&Release> {
        match self {
            Self::Review(review) => match review.as_ref() {
                Review::Release(release) => Some(release),
                Review::Resolve(_) | Review::ClawBack(_) | Review::List(_) => None,
            },
            _ => None,
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
            Self::Adjust(adjustment, _) => match field {
                KeyField::Member => Some(&adjustment.member),
                other => adjustment.context.as_deref().and_then(|context| context_field(context, other)),
            },
            Self::Act(act, _) => match field {
                KeyField::Member => Some(&act.member),
                other => act.context.as_deref().and_then(|context| context_field(context, other)),
            },
            Self::Due(_) | Self::Ruleset(_) | Self::Rules(..) | Self::Review(_) => None,
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
        KeyField::Receipt => event.attribute("receipt"),
        KeyField::Order => event.order.as_ref(),
        KeyField::Campaign => campaign(event),
        other => context_field(&event.context, other),
    }
}

/// What a small service is done for.
fn campaign(event: &Event) -> Option<&Text> {
    static SURVEY: Text = Text::new_static("survey");
    static FOLLOW: Text = Text::new_static("social_follow");
    static SHARE: Text = Text::new_static("social_share");
    static REVIEW: Text = Text::new_static("review");
    static NEWSLETTER: Text = Text::new_static("newsletter");
    match event.kind {
        EventKind::Survey => event.attribute("survey").or(Some(&SURVEY)),
        EventKind::SocialFollow => event.attribute("network").or(Some(&FOLLOW)),
        EventKind::SocialShare => Some(&SHARE),
        EventKind::Review => Some(&REVIEW),
        EventKind::Newsletter => Some(&NEWSLETTER),
        _ => None,
    }
}

fn context_field(context: &super::event::Context, field: KeyField) -> Option<&Text> {
    match field {
        KeyField::Device => context.device.as_ref(),
        KeyField::Ip => context.ip.as_ref(),
        KeyField::Store => context.store.as_ref(),
        KeyField::Terminal => context.terminal.as_ref(),
        KeyField::Staff => context.staff.as_ref(),
        KeyField::Channel => context.channel.as_ref(),
        KeyField::Member
        | KeyField::Card
        | KeyField::Referrer
        | KeyField::Email
        | KeyField::Phone
        | KeyField::Address
        | KeyField::Recipient
        | KeyField::Receipt
        | KeyField::Order
        | KeyField::Campaign
        | KeyField::Rule => None,
    }
}

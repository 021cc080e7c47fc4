//! Deciding: reading the state, refusing with a [`Reject`] or returning a complete [`Record`].
//!
//! Nothing is changed here, and nothing here is random, timed or read from outside: the same state, terms and input give
//! the same record. One file a command.

mod act;
mod adjust;
mod cards;
mod credit;
mod due;
mod event;
mod kept;
mod laws;
mod plans;
mod reclaim;
mod refund;
mod release;
mod review;
mod schedule;
mod scripted;
mod shares;
mod subject;
mod transfer;

pub use act::{Earlier, act};
pub use adjust::adjust;
pub use due::{due, foresee, inactivity_end, is_due, next_due, settled};
pub use event::event;
pub use refund::{awaited, refund};
pub use release::release;
pub use review::{claw_back, list, resolve};
pub use scripted::{left, scripted};
pub use subject::{Past, Subject};
use transfer::take_held as take_held_transfer;
pub use transfer::transfer;

use std::sync::Arc;

use super::member::Member;
use super::record::{Assessment, Clip, Effect, Input, Observation, Party, Reason, Record, Snapshot, Status, Verdict};
use super::reject::Reject;
use super::state::State;
use super::terms::Terms;
use super::types::{AMOUNT_MAX, LotId, MemberKey, NameId, Points, ProgramId, Seq, Text, TimeMs};

/// What every decision reads.
#[derive(Clone, Copy, Debug)]
pub struct Books<'a> {
    /// The state as the record before this one left it.
    pub state: &'a State,
    /// Which program.
    pub program: ProgramId,
    /// Its terms in force.
    pub terms: &'a Terms,
    /// The ledger's time.
    pub now: TimeMs,
}

/// What the fraud checks said, and what their rings take in if a record comes of it.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// Verdict and reasons.
    pub assessment: Assessment,
    /// Entries for the rings.
    pub observed: Vec<Observation>,
    /// What the member is tied to.
    pub kin: Kinship,
}

/// What the fraud checks made of whom a member is tied to.
#[derive(Clone, Debug, Default)]
pub struct Kinship {
    /// What is noted of it.
    pub effects: Vec<Effect>,
    /// Whether the referrer named at enrolment is the member themselves, under whatever name: the referral does not count.
    pub refuses_referrer: bool,
    /// What becomes of the bonuses, should this event be the one to pay them.
    pub bonus: Bonus,
    /// Why; said only where the bonuses would have been paid. The event itself stands.
    pub about_bonus: Vec<Reason>,
    /// Whether a person has to look at it though it stands.
    pub refers: bool,
}

/// What becomes of the bonuses of a referral.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bonus {
    /// They are paid.
    #[default]
    Pay,
    /// This purchase does not pay them, a later one may.
    Later,
    /// They wait for a case.
    Hold,
    /// They are never paid.
    Forgo,
}

impl<'a> Books<'a> {
    fn member(&self, id: &Text) -> Option<&'a Arc<Member>> {
        self.state.member(&MemberKey { program: self.program, id: id.clone() })
    }

    /// There is not enough of a pool.
    fn insufficient(&self, pool: NameId, wanted: Points, available: Points) -> Reject {
        let program = self.state.program(self.program);
        let pool = program.map_or_else(Text::default, |program| program.name_of(pool).clone());
        Reject::InsufficientBalance { pool, wanted, available }
    }

    /// A member who can act: one that was merged into another is only a name.
    fn known_member(&self, id: &Text) -> Result<&'a Arc<Member>, Reject> {
        let member = self.member(id).ok_or_else(|| Reject::UnknownMember(id.clone()))?;
        not_merged(id, member)?;
        Ok(member)
    }

    fn pool(&self, name: &Text) -> Result<NameId, Reject> {
        self.state
            .program(self.program)
            .and_then(|program| program.name_id(name))
            .filter(|id| self.terms.pool(*id).is_some())
            .ok_or_else(|| Reject::UnknownPool(name.clone()))
    }

    /// The sequence the record will have.
    fn seq(&self) -> Seq {
        self.state.seq.next()
    }
}

/// A record in the making.
#[derive(Debug, Default)]
struct Draft {
    parties: Vec<Party>,
    effects: Vec<Effect>,
    clipped: Vec<Clip>,
    next_index: u16,
    /// Lots that this record frees from a review, each with the rule that gave it.
    vested: Vec<(LotId, Text)>,
}

impl Draft {
    /// The index of a member among the record's parties, added where it is not yet one.
    fn party(&mut self, id: &Text, member: Option<&Arc<Member>>) -> u8 {
        let at = self.parties.iter().position(|party| party.member == *id).unwrap_or_else(|| {
            let previous = member.map_or(Seq::ZERO, |member| member.last);
            self.parties.push(Party { member: id.clone(), previous, after: Snapshot::default() });
            self.parties.len() - 1
        });
        u8::try_from(at).expect("a record touches a handful of members")
    }

    /// A fresh number for a lot or a grant of this record.
    fn index(&mut self) -> u16 {
        let index = self.next_index;
        self.next_index += 1;
        index
    }

    fn record(self, books: &Books<'_>, input: Input, occurred_at: TimeMs, judgement: Judgement) -> Record {
        Record {
            seq: books.seq(),
            program: books.program,
            recorded_at: books.now,
            occurred_at,
            ruleset: books.terms.version,
            input,
            status: Status::Posted,
            parties: self.parties,
            effects: self.effects,
            clipped: self.clipped,
            fraud: judgement.assessment,
            observed: judgement.observed,
            operations: 0,
            faults: Vec::new(),
        }
    }
}

/// Refuses a member who was merged into another.
fn not_merged(id: &Text, member: &Member) -> Result<(), Reject> {
    match member.standing().and_then(|standing| standing.merged_into.as_ref()) {
        Some(into) => Err(Reject::MemberMerged { member: id.clone(), into: into.clone() }),
        None => Ok(()),
    }
}

/// The status a verdict gives a fact that happened anyway. A step-up can only be asked of an act that waits for an answer;
/// a fact is held instead.
fn status_of(verdict: Verdict) -> Status {
    match verdict {
        Verdict::Allow | Verdict::Flag => Status::Posted,
        Verdict::Hold | Verdict::StepUp => Status::Held,
        Verdict::Deny => Status::Denied,
    }
}

/// Refuses a sum past the largest amount the ledger keeps.
fn within(sum: Option<i64>, what: &'static str) -> Result<i64, Reject> {
    sum.filter(|sum| (-AMOUNT_MAX..=AMOUNT_MAX).contains(sum)).ok_or(Reject::AmountOverflow { what, limit: AMOUNT_MAX })
}

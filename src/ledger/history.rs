//! A member as of any past time or sequence, rebuilt from their own records.
//!
//! By time, what counts is business time: a late event belongs to the day it happened, not to the day it was told.

use std::borrow::Borrow;

use super::apply::apply_to_member;
use super::decide::{foresee, settled};
use super::member::Member;
use super::record::{Assessment, Effect, Input, Party, Record, Snapshot, Status};
use super::terms::Terms;
use super::types::{Seq, Text, TimeMs};

/// Up to where history is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Business time, this instant included.
    Time(TimeMs),
    /// A record, itself included.
    Seq(Seq),
}

/// The sequence of what has none yet: see [`unrecorded`].
pub const UNRECORDED: Seq = Seq::new(i64::MAX as u64);

/// The member as they were, with everything due by then done; `None` where they had not enrolled.
///
/// `records` are the member's own, oldest first. Terms are today's: they say what falls due between records.
pub fn member_at<R: Borrow<Record>>(records: &[R], member: &str, terms: &Terms, until: Until) -> Option<Member> {
    let (built, last_at) = built(records, member, until)?;
    let at = match until {
        Until::Time(at) => at,
        Until::Seq(_) => last_at,
    };
    Some(settled(&built, terms, at).into_owned())
}

/// What is due by an instant and not recorded yet, as the records that will say so: each without a sequence, [`UNRECORDED`]
/// instead. `records` are all of the member's own, oldest first.
pub fn unrecorded<R: Borrow<Record>>(records: &[R], member: &str, terms: &Terms, by: TimeMs) -> Vec<Record> {
    let (Some((built, _)), Some(last)) = (built(records, member, Until::Seq(UNRECORDED)), records.last()) else {
        return Vec::new();
    };
    let (id, program, mut due) = (Text::new(member), last.borrow().program, Vec::new());
    let _settled = foresee(&built, terms, by, &mut |at, effects| {
        due.push(Record {
            seq: UNRECORDED,
            program,
            recorded_at: by,
            occurred_at: at,
            ruleset: terms.version,
            input: Input::Due(id.clone()),
            status: Status::Posted,
            parties: vec![Party { member: id.clone(), previous: built.last, after: Snapshot::default() }],
            effects,
            clipped: Vec::new(),
            fraud: Assessment::default(),
            observed: Vec::new(),
            operations: 0,
            faults: Vec::new(),
        });
    });
    due
}

/// The member by their records up to a point, and the ledger's time of the last of them.
fn built<R: Borrow<Record>>(records: &[R], member: &str, until: Until) -> Option<(Member, TimeMs)> {
    let mut built: Option<Member> = None;
    let mut last_at = TimeMs::EPOCH;
    for record in records.iter().map(Borrow::borrow) {
        let counts = match until {
            Until::Time(at) => record.occurred_at <= at,
            Until::Seq(seq) => record.seq <= seq,
        };
        let party = record.parties.iter().position(|party| party.member == member);
        let Some(index) = party.filter(|_| counts).and_then(|at| u8::try_from(at).ok()) else { continue };
        let enrolls = record.effects.iter().any(|e| matches!(e, Effect::Enroll { party, .. } if *party == index));
        if built.is_none() && !enrolls {
            continue;
        }
        // A late event can spend a lot whose own event lies after the time asked for; that part is passed over.
        apply_to_member(built.get_or_insert_default(), record, index, false);
        last_at = record.recorded_at;
    }
    built.map(|member| (member, last_at))
}

//! A member as of any past time or sequence, rebuilt from their own records.
//!
//! By time, what counts is business time: a late event belongs to the day it happened, not to the day it was told.

use std::borrow::Borrow;

use super::apply::apply_to_member;
use super::decide::settled;
use super::member::Member;
use super::record::{Effect, Record};
use super::terms::Terms;
use super::types::{Seq, TimeMs};

/// Up to where history is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Business time, this instant included.
    Time(TimeMs),
    /// A record, itself included.
    Seq(Seq),
}

/// The member as they were, with everything due by then done; `None` where they had not enrolled.
///
/// `records` are the member's own, oldest first. Terms are today's: they say what falls due between records.
pub fn member_at<R: Borrow<Record>>(records: &[R], member: &str, terms: &Terms, until: Until) -> Option<Member> {
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
    let at = match until {
        Until::Time(at) => at,
        Until::Seq(_) => last_at,
    };
    built.map(|member| settled(&member, terms, at).into_owned())
}

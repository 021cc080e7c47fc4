//! What limits count of what is kept: an order that was given back, or never was one, counts for less there. The rings themselves are
//! `fraud`'s; here it is only said.

use std::sync::Arc;

use super::super::event::Event;
use super::super::record::{Effect, Input, Reversed, Taken, Unobserved};
use super::super::terms::LimitTerms;
use super::super::types::Seq;
use super::{Books, Draft};

impl Draft {
    /// Notes for each limit on what is kept how much of an event's entry is left, where `left` says that it changes. `of` is the record
    /// that the limits observed.
    pub(super) fn unobserve(
        &mut self,
        books: &Books<'_>,
        (event, of): (&Arc<Event>, Seq),
        left: impl Fn(&LimitTerms) -> Option<Option<i64>>,
    ) {
        let kept = books.terms.limits.iter().filter(|limit| limit.extra.taken == Taken::Kept);
        let mut input = None;
        for limit in kept {
            let input = input.get_or_insert_with(|| Input::Event(Arc::clone(event)));
            let counts = limit.on.iter().any(|kind| kind.is(input));
            let key = limit.key.key_of(|field| input.key_field(field)).filter(|_| counts);
            let (Some(key), Some(left)) = (key, left(limit)) else { continue };
            let gone = Effect::Unobserve(Unobserved { party: 0, ring: limit.ring, key, of, left });
            if !self.effects.contains(&gone) {
                self.effects.push(gone);
            }
        }
    }

    /// Notes for each limit on what was given back how much of an order that is by now; `back` says it where it changes.
    pub(super) fn reverse(
        &mut self,
        books: &Books<'_>,
        (event, of): (&Arc<Event>, Seq),
        back: impl Fn(&LimitTerms) -> Option<i64>,
    ) {
        let reversed = books.terms.limits.iter().filter(|limit| limit.extra.taken == Taken::Reversed);
        let mut input = None;
        for limit in reversed {
            let input = input.get_or_insert_with(|| Input::Event(Arc::clone(event)));
            let counts = limit.on.iter().any(|kind| kind.is(input)) && limit.extra.has_all(event);
            let key = limit.key.key_of(|field| input.key_field(field)).filter(|_| counts);
            let (Some(key), Some(value)) = (key, back(limit)) else { continue };
            let (at, entries, ring) = (event.occurred_at, limit.capacity, limit.ring);
            let back = Effect::Reverse(Reversed { party: 0, ring, key, of, at, entries, value });
            if !self.effects.contains(&back) {
                self.effects.push(back);
            }
        }
    }
}

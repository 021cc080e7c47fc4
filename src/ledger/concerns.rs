//! Which velocity limits concern which kind of input, worked out once for a version of the rules.

use super::act::What;
use super::event::EventKind;
use super::record::Input;
use super::velocity::{Counted, Feed, LimitTerms};

/// Limits and feeds by the kind of input, so that an input asks only those that can concern it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concerns {
    limits: [Vec<Place>; KINDS],
    feeds: [Vec<Place>; KINDS],
    /// False where nobody has sorted them: then every one is asked.
    sorted: bool,
}

/// Where a limit or a feed stands, and what inputs of a kind are to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    at: u16,
    counts: bool,
    restarts: bool,
}

/// A limit that an input concerns.
#[derive(Clone, Copy, Debug)]
pub struct Concern<'a> {
    /// The limit.
    pub limit: &'a LimitTerms,
    /// Whether it counts such inputs.
    pub counts: bool,
    /// Whether it counts only what came after the latest of such inputs.
    pub restarts: bool,
}

impl<'a> Concern<'a> {
    /// What an input is to a limit.
    #[must_use]
    pub fn of(limit: &'a LimitTerms, input: &Input) -> Self {
        let is_one_of = |kinds: &[Counted]| kinds.iter().any(|kind| kind.is(input));
        let restarts = limit.extra.since.as_ref().is_some_and(|since| is_one_of(&since.on));
        Self { limit, counts: is_one_of(&limit.on), restarts }
    }
}

/// Kinds of input as [`Concerns`] tells them apart: the kinds of event, all custom ones as one, transfers, three kinds of spending and
/// credits by hand.
const KINDS: usize = 19;

/// The place of a kind of event in [`Concerns`].
const fn place_of_event(kind: &EventKind) -> usize {
    match kind {
        EventKind::Enroll => 0,
        EventKind::Purchase => 1,
        EventKind::Refund => 2,
        EventKind::Visit => 3,
        EventKind::Review => 4,
        EventKind::SocialFollow => 5,
        EventKind::SocialShare => 6,
        EventKind::Newsletter => 7,
        EventKind::Survey => 8,
        EventKind::Activity => 9,
        EventKind::Fee => 10,
        EventKind::Profile => 11,
        EventKind::Login => 12,
        EventKind::Custom(_) => 13,
    }
}

const fn place_of(counted: &Counted) -> usize {
    match counted {
        Counted::Event(kind) => place_of_event(kind),
        Counted::Transfer => 14,
        Counted::Redeem => 15,
        Counted::Hold => 16,
        Counted::Donate => 17,
        Counted::Credit => 18,
    }
}

fn place_of_input(input: &Input) -> Option<usize> {
    match input {
        Input::Event(event) => Some(place_of_event(&event.kind)),
        Input::Transfer(..) => Some(place_of(&Counted::Transfer)),
        Input::Adjust(adjustment, _) if adjustment.amount.is_positive() => Some(place_of(&Counted::Credit)),
        Input::Act(act, _) => match act.what {
            What::Redeem { .. } => Some(place_of(&Counted::Redeem)),
            What::Hold { .. } => Some(place_of(&Counted::Hold)),
            What::Donate { .. } => Some(place_of(&Counted::Donate)),
            _ => None,
        },
        _ => None,
    }
}

impl Concerns {
    /// Sorts limits and feeds.
    #[must_use]
    pub fn of(limits: &[LimitTerms], feeds: &[Feed]) -> Self {
        let mut concerns = Self { sorted: true, ..Self::default() };
        for (at, limit) in limits.iter().enumerate() {
            put(&mut concerns.limits, at, &limit.on, |place| place.counts = true);
            if let Some(since) = &limit.extra.since {
                put(&mut concerns.limits, at, &since.on, |place| place.restarts = true);
            }
        }
        for (at, feed) in feeds.iter().enumerate() {
            put(&mut concerns.feeds, at, &feed.on, |place| place.counts = true);
        }
        concerns
    }

    /// Those of the limits that such an input concerns, in their order.
    pub fn limits<'a>(&'a self, all: &'a [LimitTerms], input: &'a Input) -> impl Iterator<Item = Concern<'a>> {
        // Custom kinds share a place, so each limit is asked whether it means this one.
        let custom = matches!(input, Input::Event(event) if matches!(event.kind, EventKind::Custom(_)));
        let known = self.places(&self.limits, input).iter().filter_map(move |place| {
            let limit = all.get(usize::from(place.at))?;
            let Place { counts, restarts, .. } = *place;
            Some(if custom { Concern::of(limit, input) } else { Concern { limit, counts, restarts } })
        });
        let unsorted = if self.sorted { &[] } else { all };
        known.chain(unsorted.iter().map(|limit| Concern::of(limit, input)))
    }

    /// Those of the feeds that such an input may concern, in their order.
    pub fn feeds<'a>(&'a self, all: &'a [Feed], input: &Input) -> impl Iterator<Item = &'a Feed> {
        let unsorted = if self.sorted { &[] } else { all };
        self.places(&self.feeds, input).iter().filter_map(|place| all.get(usize::from(place.at))).chain(unsorted)
    }

    fn places<'a>(&self, lists: &'a [Vec<Place>; KINDS], input: &Input) -> &'a [Place] {
        place_of_input(input).filter(|_| self.sorted).and_then(|kind| lists.get(kind)).map_or(&[], Vec::as_slice)
    }
}

/// Notes what kinds of input are to the limit or feed at a place.
fn put(lists: &mut [Vec<Place>; KINDS], at: usize, kinds: &[Counted], note: impl Fn(&mut Place)) {
    let at = u16::try_from(at).expect("a program declares fewer than 2^16 limits");
    for kind in kinds {
        let list = lists.get_mut(place_of(kind)).expect("a place for each kind");
        if list.last().is_none_or(|last| last.at != at) {
            list.push(Place { at, counts: false, restarts: false });
        }
        list.last_mut().into_iter().for_each(&note);
    }
}

//! Which velocity limits concern which kind of input, worked out once for a version of the rules.

use super::act::What;
use super::event::EventKind;
use super::record::Input;
use super::velocity::{Counted, Feed, LimitTerms};

/// Limits and feeds by the kind of input, so that an input asks only those that can concern it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concerns {
    limits: [Vec<u16>; KINDS],
    feeds: [Vec<u16>; KINDS],
    /// False where nobody has sorted them: then every one is asked.
    sorted: bool,
}

/// Kinds of input as [`Concerns`] tells them apart: the kinds of event, all custom ones as one, transfers, three kinds of spending,
/// and credits by hand.
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
        Counted::Adjust => 18,
    }
}

fn place_of_input(input: &Input) -> Option<usize> {
    match input {
        Input::Event(event) => Some(place_of_event(&event.kind)),
        Input::Transfer(..) => Some(place_of(&Counted::Transfer)),
        Input::Act(act, _) => match act.what {
            What::Redeem { .. } => Some(place_of(&Counted::Redeem)),
            What::Hold { .. } => Some(place_of(&Counted::Hold)),
            What::Donate { .. } => Some(place_of(&Counted::Donate)),
            _ => None,
        },
        Input::Adjust(adjustment, _) if adjustment.amount.is_positive() => Some(place_of(&Counted::Adjust)),
        _ => None,
    }
}

impl Concerns {
    /// Sorts limits and feeds.
    #[must_use]
    pub fn of(limits: &[LimitTerms], feeds: &[Feed]) -> Self {
        let mut concerns = Self { sorted: true, ..Self::default() };
        let mut put = |feed: bool, at: usize, kinds: &[Counted]| {
            let lists = if feed { &mut concerns.feeds } else { &mut concerns.limits };
            let at = u16::try_from(at).unwrap_or(u16::MAX);
            for kind in kinds {
                let list = lists.get_mut(place_of(kind)).expect("a place for each kind");
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
        };
        for (at, limit) in limits.iter().enumerate() {
            let since = limit.extra.since.iter().flat_map(|since| &since.on);
            let kinds: Vec<Counted> = limit.on.iter().chain(since).cloned().collect();
            put(false, at, &kinds);
        }
        for (at, feed) in feeds.iter().enumerate() {
            put(true, at, &feed.on);
        }
        concerns
    }

    /// Those of the limits that may count such an input, in their order.
    pub fn limits<'a>(&'a self, all: &'a [LimitTerms], input: &Input) -> impl Iterator<Item = &'a LimitTerms> {
        Self::some(self.sorted, &self.limits, all, input)
    }

    /// Those of the feeds that such an input may concern, in their order.
    pub fn feeds<'a>(&'a self, all: &'a [Feed], input: &Input) -> impl Iterator<Item = &'a Feed> {
        Self::some(self.sorted, &self.feeds, all, input)
    }

    fn some<'a, T>(
        sorted: bool,
        lists: &'a [Vec<u16>; KINDS],
        all: &'a [T],
        input: &Input,
    ) -> impl Iterator<Item = &'a T> {
        let list = place_of_input(input).and_then(|at| lists.get(at)).map_or(&[][..], Vec::as_slice);
        let every = if sorted { &[][..] } else { all };
        list.iter().filter_map(|at| all.get(usize::from(*at))).chain(every)
    }
}

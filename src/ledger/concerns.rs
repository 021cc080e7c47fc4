//! Which velocity limits concern which kind of input, worked out once for a version of the rules.

use super::act::What;
use super::event::EventKind;
use super::fields::Fields;
use super::record::{Input, KeyField, KeyFields};
use super::types::{NameId, Text};
use super::velocity::{Absent, Counted, Facts, Feed, FeedValue, LimitTerms, Metric, TRAIL_FIELDS};
use crate::limits::GLANCED_RINGS_MAX;

/// Limits and feeds by the kind of input, so that an input asks only those that can concern it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concerns {
    kinds: [Kind; KINDS],
    /// False where nobody has sorted them: then every one is asked.
    sorted: bool,
}

/// What concerns inputs of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Kind {
    limits: Vec<Place>,
    feeds: Vec<Place>,
    /// What any of them asks of such an input.
    facts: Facts,
    /// Rings that every such input reads, whatever it says, each once.
    always: Vec<(NameId, KeyFields)>,
    /// Those of the limits and feeds that may read others.
    limits_beside: Vec<Place>,
    feeds_beside: Vec<Place>,
}

/// Where a limit or a feed stands, and what inputs of a kind are to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    at: u16,
    counts: bool,
    restarts: bool,
    /// It means nothing to an input that lacks one of these.
    needs: Fields,
    glance: Option<Glance>,
}

/// What is enough to know that a limit has nothing to say of an input, without looking at the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Which ring of those of its kind of input is its own; nothing where it has none.
    pub ring: Option<u8>,
    /// It says nothing unless all of these hold …
    pub only: Facts,
    /// … and then its ring takes in nothing for it either.
    pub counts_what_is_meant: bool,
    /// It says nothing before its ring has seen so many entries; 0 where a number of entries tells nothing.
    pub least: u16,
    /// It says nothing while its ring and the input name at most so many values of a field, by its place in
    /// [`TRAIL_FIELDS`].
    pub values: Option<(u8, u16)>,
}

impl Glance {
    /// What can be said of a limit whose ring is the `ring`-th of its kind.
    fn of(limit: &LimitTerms, restarts: bool, ring: Option<u8>) -> Option<Self> {
        let extra = &limit.extra;
        if restarts || limit.absent != Absent::Skip {
            return None;
        }
        let most = u16::try_from(limit.limit).ok().filter(|most| *most > 0);
        let is_number = matches!(limit.metric, Metric::Count | Metric::Distinct(_) | Metric::Favour);
        let values = match limit.metric {
            Metric::Distinct(of) if extra.latest.is_some() => place_in_trail(of).zip(most),
            _ => None,
        };
        Some(Self {
            ring,
            only: extra.only,
            counts_what_is_meant: extra.latest.is_none(),
            least: most.filter(|_| is_number).unwrap_or(0),
            values,
        })
    }
}

/// What an input must have for a limit to say or to observe anything of it.
fn needs_of_limit(limit: &LimitTerms) -> Fields {
    let key = Fields::of_key(&limit.key);
    match limit.metric {
        _ if limit.absent != Absent::Skip || limit.extra.since.is_some() => Fields::NONE,
        // Others read what these do.
        Metric::Cycle | Metric::Passed => Fields::NONE,
        Metric::Distinct(of) if !limit.extra.trail => key.with(of),
        _ => key,
    }
}

/// What an input must have for a feed to take it in.
fn needs_of_feed(feed: &Feed) -> Fields {
    let key = Fields::of_key(&feed.key);
    match feed.value {
        FeedValue::Distinct(of) | FeedValue::Each(of) | FeedValue::First(of) => key.with(of),
        FeedValue::One | FeedValue::Amount | FeedValue::Origins => key,
    }
}

fn place_in_trail(of: KeyField) -> Option<u8> {
    let at = TRAIL_FIELDS.iter().position(|field| *field == of)?;
    u8::try_from(at).ok()
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
    /// What is enough to pass it over.
    pub glance: Option<Glance>,
}

impl<'a> Concern<'a> {
    /// What an input is to a limit.
    #[must_use]
    pub fn of(limit: &'a LimitTerms, input: &Input) -> Self {
        let is_one_of = |kinds: &[Counted]| kinds.iter().any(|kind| kind.is(input));
        let restarts = limit.extra.since.as_ref().is_some_and(|since| is_one_of(&since.on));
        Self { limit, counts: is_one_of(&limit.on), restarts, glance: None }
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
            concerns.put(&limit.on, |kind| place_in(&mut kind.limits, at).counts = true);
            let since = limit.extra.since.as_ref().map_or(&[][..], |since| &since.on);
            concerns.put(since, |kind| place_in(&mut kind.limits, at).restarts = true);
        }
        for (at, feed) in feeds.iter().enumerate() {
            concerns.put(&feed.on, |kind| place_in(&mut kind.feeds, at).counts = true);
        }
        for kind in &mut concerns.kinds {
            for place in &mut kind.limits {
                place.needs = limits.get(usize::from(place.at)).map_or(Fields::NONE, needs_of_limit);
            }
            for place in &mut kind.feeds {
                place.needs = feeds.get(usize::from(place.at)).map_or(Fields::NONE, needs_of_feed);
            }
        }
        for (at, kind) in concerns.kinds.iter_mut().enumerate() {
            // Custom kinds share a place, so nothing is read by all of them.
            let is_one_kind = at != place_of_event(&EventKind::Custom(Text::default()));
            if is_one_kind {
                kind.glance_at(limits);
            }
            kind.find_rings(limits, feeds, is_one_kind);
        }
        concerns
    }

    fn put(&mut self, kinds: &[Counted], note: impl Fn(&mut Kind)) {
        for kind in kinds {
            note(self.kinds.get_mut(place_of(kind)).expect("a place for each kind"));
        }
    }

    /// Those of the limits that such an input concerns, in their order.
    pub fn limits<'a>(&'a self, all: &'a [LimitTerms], input: &'a Input) -> impl Iterator<Item = Concern<'a>> {
        let near = self.near(all, input);
        (0..near.len()).filter_map(move |at| near.concern(at))
    }

    /// The same, to be asked one by one.
    #[must_use]
    pub fn near<'a>(&'a self, all: &'a [LimitTerms], input: &'a Input) -> Near<'a> {
        self.near_of(|kind| &kind.limits, all, input)
    }

    /// Those of the feeds that such an input may concern, in their order, by the fields it has.
    pub fn feeds<'a>(&'a self, all: &'a [Feed], input: &Input, has: Fields) -> impl Iterator<Item = &'a Feed> {
        self.found(|kind| &kind.feeds, all, input, has)
    }

    /// What any limit or feed asks of such an input beside its kind.
    #[must_use]
    pub fn facts(&self, input: &Input) -> Facts {
        self.kind(input).map_or(Facts::ALL, |kind| kind.facts)
    }

    /// The rings that such an input reads, whatever it says, each once.
    #[must_use]
    pub fn always(&self, input: &Input) -> &[(NameId, KeyFields)] {
        self.kind(input).map_or(&[], |kind| &kind.always)
    }

    /// Those of the limits that may read other rings than [`Concerns::always`] tells.
    #[must_use]
    pub fn near_beside<'a>(&'a self, all: &'a [LimitTerms], input: &'a Input) -> Near<'a> {
        self.near_of(|kind| &kind.limits_beside, all, input)
    }

    /// Those of the feeds that may read other rings than [`Concerns::always`] tells.
    pub fn feeds_beside<'a>(&'a self, all: &'a [Feed], input: &Input, has: Fields) -> impl Iterator<Item = &'a Feed> {
        self.found(|kind| &kind.feeds_beside, all, input, has)
    }

    fn kind(&self, input: &Input) -> Option<&Kind> {
        place_of_input(input).filter(|_| self.sorted).and_then(|kind| self.kinds.get(kind))
    }

    fn near_of<'a>(
        &'a self,
        places: impl Fn(&'a Kind) -> &'a [Place],
        all: &'a [LimitTerms],
        input: &'a Input,
    ) -> Near<'a> {
        let is_custom = matches!(input, Input::Event(event) if matches!(event.kind, EventKind::Custom(_)));
        Near { places: self.kind(input).map_or(&[][..], places), all, input, is_custom, sorted: self.sorted }
    }

    fn found<'a>(
        &'a self,
        places: impl Fn(&'a Kind) -> &'a Vec<Place>,
        all: &'a [Feed],
        input: &Input,
        has: Fields,
    ) -> impl Iterator<Item = &'a Feed> {
        let known = self.kind(input).into_iter().flat_map(places).filter(move |place| has.include(place.needs));
        let known = known.filter_map(|place| all.get(usize::from(place.at)));
        known.chain(if self.sorted { &[] } else { all })
    }
}

/// The limits that an input may concern. Most have nothing to do with it or to say of it, which is known before one is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Near<'a> {
    places: &'a [Place],
    all: &'a [LimitTerms],
    input: &'a Input,
    /// Custom kinds share a place, so each limit is asked whether it means this one.
    is_custom: bool,
    /// False where nobody has sorted them: then they are all.
    sorted: bool,
}

impl<'a> Near<'a> {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        if self.sorted { self.places.len() } else { self.all.len() }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether one means nothing to an input that has these fields.
    #[must_use]
    pub fn lacks(&self, at: usize, has: Fields) -> bool {
        self.places.get(at).is_some_and(|place| !has.include(place.needs))
    }

    /// What is enough to pass one over.
    #[must_use]
    pub fn glance(&self, at: usize) -> Option<&'a Glance> {
        self.places.get(at)?.glance.as_ref().filter(|_| !self.is_custom)
    }

    /// One of them.
    #[must_use]
    pub fn concern(&self, at: usize) -> Option<Concern<'a>> {
        let Some(place) = self.places.get(at) else {
            return Some(Concern::of(self.all.get(at).filter(|_| !self.sorted)?, self.input));
        };
        let limit = self.all.get(usize::from(place.at))?;
        if self.is_custom {
            return Some(Concern::of(limit, self.input));
        }
        Some(Concern { limit, counts: place.counts, restarts: place.restarts, glance: place.glance })
    }
}

impl Kind {
    /// Notes of each limit what is enough to pass it over.
    fn glance_at(&mut self, limits: &[LimitTerms]) {
        let mut rings: Vec<(NameId, KeyFields)> = Vec::new();
        for place in &mut self.limits {
            let limit = limits.get(usize::from(place.at)).expect("a place of a limit");
            let own = limit.own_ring();
            let at = limit.metric.has_ring().then(|| {
                rings.iter().position(|ring| *ring == own).unwrap_or_else(|| {
                    rings.push(own);
                    rings.len() - 1
                })
            });
            let ring = at.filter(|at| *at < GLANCED_RINGS_MAX).and_then(|at| u8::try_from(at).ok());
            place.glance = Glance::of(limit, place.restarts, ring);
        }
    }

    /// Works out which rings every input of the kind reads, and who may read others.
    fn find_rings(&mut self, limits: &[LimitTerms], feeds: &[Feed], is_one_kind: bool) {
        let limit = |place: &Place| limits.get(usize::from(place.at)).expect("a place of a limit");
        let feed = |place: &Place| feeds.get(usize::from(place.at)).expect("a place of a feed");
        let of_limits = self.limits.iter().map(limit).filter(|limit| limit.always_reads_its_ring());
        let of_feeds = self.feeds.iter().map(feed).filter(|feed| feed.takes_all());
        let rings = of_limits.map(LimitTerms::own_ring).chain(of_feeds.map(|feed| (feed.ring, feed.key)));
        for ring in rings.filter(|_| is_one_kind) {
            if !self.always.contains(&ring) {
                self.always.push(ring);
            }
        }
        let reads_others = |limit: &LimitTerms| {
            let mut others = !self.always.contains(&limit.own_ring());
            limit.conditions(&mut |ring, key| others |= !self.always.contains(&(ring, *key)));
            others
        };
        let asked = self.limits.iter().map(|place| limit(place).extra.only);
        let asked = asked.chain(self.feeds.iter().map(|place| feed(place).only));
        self.facts = asked.fold(Facts::NONE, Facts::or);
        self.limits_beside = self.limits.iter().filter(|place| reads_others(limit(place))).copied().collect();
        let is_other = |feed: &Feed| !self.always.contains(&(feed.ring, feed.key));
        self.feeds_beside = self.feeds.iter().filter(|place| is_other(feed(place))).copied().collect();
    }
}

/// The place of a limit or feed in a list that it is the latest of.
fn place_in(list: &mut Vec<Place>, at: usize) -> &mut Place {
    let at = u16::try_from(at).expect("a program declares fewer than 2^16 limits");
    if list.last().is_none_or(|last| last.at != at) {
        list.push(Place { at, counts: false, restarts: false, needs: Fields::NONE, glance: None });
    }
    list.last_mut().expect("there is one now")
}

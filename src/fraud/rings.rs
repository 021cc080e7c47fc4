//! The rings in memory, by key. It may hold only some of them at a time: the engine fetches the rings of an input before
//! it is assessed and evicts those that are on disk. It never decides anything.

use super::feeds;
pub use super::held::Slot;
use super::held::{Hash, Held};
use super::said::Said;
use super::window::{Entry, Ring};
use crate::ledger::record::{
    Effect, Input, Keep, KeyField, KeyFields, Observation, Record, Reversed, Status, Taken, Unobserved,
};
use crate::ledger::terms::{Concern, Fact, Facts, Metric, Terms};
use crate::ledger::types::{NameId, ProgramId, Seq, Text};

/// Which ring.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RingKey {
    /// The program whose limit keeps it.
    pub program: ProgramId,
    /// The ring's declared name.
    pub ring: NameId,
    /// The values of the key's fields, in order, with U+001F between them.
    pub key: Text,
}

impl RingKey {
    /// The key of an input; `None` where it lacks one of the fields. An empty field is a field that lacks.
    #[must_use]
    pub fn of(program: ProgramId, ring: NameId, fields: &KeyFields, input: &Input) -> Option<Self> {
        Self::of_values(program, ring, fields, |field| input.key_field(field))
    }

    /// The key of values by field; `None` where one is missing or empty.
    #[must_use]
    pub fn of_values<'a>(
        program: ProgramId,
        ring: NameId,
        fields: &KeyFields,
        value: impl Fn(KeyField) -> Option<&'a Text>,
    ) -> Option<Self> {
        let key = fields.key_of(value)?;
        Some(Self { program, ring, key })
    }
}

/// A ring that is looked for.
#[derive(Clone, Debug)]
pub struct Sought {
    key: RingKey,
    hash: Hash,
    /// Nothing while nothing is known of it.
    slot: Option<Slot>,
}

impl Sought {
    /// Its key.
    #[must_use]
    pub const fn key(&self) -> &RingKey {
        &self.key
    }

    /// True where only the disk can say whether there is one.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.slot.is_none()
    }
}

/// The rings of one input, looked up once for all that is asked of them.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// By name and fields.
    places: Vec<(KeyFields, Sought)>,
    /// The record as of which none of the input's identifiers had to be looked at.
    pub(super) known_as_of: Option<Seq>,
    /// What the input says by itself, where that was worked out before.
    pub(super) said: Option<Said>,
}

impl Seen {
    fn sought(&self, ring: NameId, key: KeyFields) -> Option<&Sought> {
        self.places.iter().find(|(by, sought)| sought.key.ring == ring && *by == key).map(|(_, sought)| sought)
    }

    /// Whether a ring of the input was looked up: not where the input lacks a field of its key.
    #[must_use]
    pub fn has(&self, ring: NameId, key: &KeyFields) -> bool {
        self.sought(ring, *key).is_some()
    }

    /// The same, where all identifiers of the input were known to its member as of a record.
    #[must_use]
    pub const fn knowing_all(mut self, as_of: Seq) -> Self {
        self.known_as_of = Some(as_of);
        self
    }

    /// The same, with what the input says by itself.
    #[must_use]
    pub const fn saying(mut self, said: Said) -> Self {
        self.said = Some(said);
        self
    }
}

/// What is not there counts as this.
static EMPTY: Ring = Ring::empty();

/// Rings by key.
#[derive(Clone, Debug, Default)]
pub struct Rings {
    /// Every key that was asked for; one that has no ring yet holds an empty one.
    held: Held,
    /// Records after this one make a ring touched.
    since: Seq,
    /// Rings that took in a record after `since`, each once, in the order they did.
    touched: Vec<Slot>,
}

impl Rings {
    /// Takes in what a record observed. A ring that has taken in this record or a later one stays as it is, so replaying
    /// a journal over stored rings is harmless. The rings of the record should be in memory: a missing one is made anew.
    pub fn observe(&mut self, record: &Record) {
        self.unobserve(record);
        let mut open = None;
        for observation in &record.observed {
            if let Some(key) = RingKey::of(record.program, observation.ring, &observation.key, &record.input) {
                let slot = self.held.slot_of(self.held.hash_of(&key), &key);
                self.take_in(slot, record, observation, &mut open);
            }
        }
    }

    /// [`Rings::observe`] where the rings of the record's input have been looked up already.
    pub fn observe_seen(&mut self, record: &Record, seen: &Seen) {
        self.unobserve(record);
        let mut open = None;
        for observation in &record.observed {
            if let Some(sought) = seen.sought(observation.ring, observation.key) {
                let slot = sought.slot.unwrap_or_else(|| self.held.slot_of(sought.hash, &sought.key));
                self.take_in(slot, record, observation, &mut open);
            }
        }
    }

    /// Takes out what a record gave back, or takes it in where that is what counts. No record observes the same ring.
    fn unobserve(&mut self, record: &Record) {
        for (key, gone) in unobserved(record) {
            let hash = self.held.hash_of(&key);
            let slot = match gone {
                Gone::Out(_) => self.held.find(hash, &key),
                Gone::In(_) => Some(self.held.slot_of(hash, &key)),
            };
            let Some(slot) = slot else { continue };
            let (_, ring) = self.held.get_mut(slot).expect("a slot is good until rings are evicted");
            if ring.last() >= record.seq {
                continue;
            }
            if ring.last() <= self.since {
                self.touched.push(slot);
            }
            match gone {
                Gone::Out(gone) => ring.leave(gone.of, gone.left, record.seq),
                Gone::In(back) => {
                    ring.grow(back.entries);
                    ring.revise(Entry { at: back.at, value: back.value, seq: back.of }, record.seq);
                }
            }
        }
    }

    /// Takes in one observation. A record may have several for one ring, one after the other: `open` is the ring of the one
    /// before.
    fn take_in(&mut self, slot: Slot, record: &Record, observation: &Observation, open: &mut Option<Slot>) {
        let keep = Keep::unpack(observation.capacity);
        let wanted = match keep.taken {
            Taken::Attempted => true,
            Taken::Accepted | Taken::Kept | Taken::Reversed => record.status != Status::Denied,
            Taken::Denied => record.status == Status::Denied,
        };
        let (_, ring) = self.held.get_mut(slot).expect("a slot is good until rings are evicted");
        if !wanted || (ring.last() >= record.seq && *open != Some(slot)) {
            return;
        }
        *open = Some(slot);
        if ring.last() <= self.since {
            self.touched.push(slot);
        }
        ring.grow(keep.entries);
        let entry = Entry { at: record.occurred_at, value: observation.value, seq: record.seq };
        if keep.first && ring.entries().any(|known| known.value == entry.value) {
            return;
        }
        if keep.distinct {
            ring.insert_distinct(entry);
        } else {
            ring.insert(entry);
        }
    }

    /// Looks up the rings of an input, each once.
    #[must_use]
    pub fn look_up(&self, needed: Vec<Needed>) -> Seen {
        let (by, keys): (Vec<KeyFields>, Vec<RingKey>) = needed.into_iter().map(|Needed { by, key }| (by, key)).unzip();
        self.seen(by.into_iter().zip(self.find(keys)))
    }

    /// The rings of an input that [`Rings::find`] looked for, by the fields that lead to them.
    pub fn seen(&self, places: impl Iterator<Item = (KeyFields, Sought)>) -> Seen {
        Seen { places: places.collect(), known_as_of: None, said: None }
    }

    /// A ring of an input that was looked up, as it is by now; `None` where the input lacks a field of its key.
    #[must_use]
    pub fn of_seen(&self, seen: &Seen, name: NameId, by: &KeyFields) -> Option<&Ring> {
        let Sought { key, hash, slot } = seen.sought(name, *by)?;
        // What nobody had fetched may have been made since.
        let slot = slot.or_else(|| self.held.find(*hash, key));
        Some(slot.and_then(|slot| self.ring(slot)).unwrap_or(&EMPTY))
    }

    /// The rings that took in something since this was asked last, each once. From here on, records after `since`, which is
    /// the latest one observed, make a ring touched.
    pub fn take_touched(&mut self, since: Seq) -> Vec<Slot> {
        self.since = since;
        std::mem::take(&mut self.touched)
    }

    /// Looks for many rings together. A lookup in a large table waits for memory again and again; begun all before any is
    /// finished, they wait at once.
    #[must_use]
    pub fn find(&self, keys: impl IntoIterator<Item = RingKey>) -> Vec<Sought> {
        let unknown = |key: RingKey| Sought { hash: self.held.hash_of(&key), key, slot: None };
        let mut all: Vec<Sought> = keys.into_iter().map(unknown).collect();
        let begun: Vec<Slot> = all.iter().filter_map(|sought| self.held.begin(sought.hash)).collect();
        let read = begun.iter().filter_map(|slot| self.ring(*slot)).fold(0, |sum, ring| sum ^ ring.last().get());
        std::hint::black_box(read);
        for sought in &mut all {
            sought.slot = self.held.find(sought.hash, &sought.key);
        }
        all
    }

    /// Notes what the disk says of a ring that several may look for: what it holds, or that there is none.
    pub fn note(&mut self, of_one_key: &mut [&mut Sought], ring: Option<Ring>) {
        let Some(first) = of_one_key.first() else { return };
        let slot = self.held.slot_of(first.hash, &first.key);
        if let (Some(ring), Some((_, held))) = (ring, self.held.get_mut(slot)) {
            *held = ring;
        }
        for sought in of_one_key {
            sought.slot = Some(slot);
        }
    }

    /// Reads a little of every ring that was looked up, so that all are near the processor when they are needed.
    pub fn warm(&self, seen: &[Seen]) {
        let slots = || seen.iter().flat_map(|seen| &seen.places).filter_map(|(_, sought)| self.ring(sought.slot?));
        let ends = |ring: &Ring| ring.last().get().wrapping_add(u64::from(ring.dropped() == ring.blurred()));
        let mut read: u64 = slots().map(ends).fold(0, u64::wrapping_add);
        read = slots().map(Ring::newest).fold(read, u64::wrapping_add);
        std::hint::black_box(read);
    }

    /// A ring, where it is in memory.
    #[must_use]
    pub fn get(&self, key: &RingKey) -> Option<&Ring> {
        let slot = self.held.find(self.held.hash_of(key), key)?;
        self.ring(slot).filter(|ring| !ring.is_nothing())
    }

    /// The ring in a slot.
    #[must_use]
    pub fn ring(&self, slot: Slot) -> Option<&Ring> {
        self.held.get(slot).map(|(_, ring)| ring)
    }

    /// The key of the ring in a slot.
    #[must_use]
    pub fn key(&self, slot: Slot) -> Option<&RingKey> {
        self.held.get(slot).map(|(key, _)| key)
    }

    /// Takes out every ring whose latest record lies before `before`, and says how many. The caller makes sure that those
    /// are on disk: `before` is at most the sequence after the one its stored rows reflect.
    pub fn evict_before(&mut self, before: Seq) -> usize {
        let known = self.held.len();
        self.held.retain(|ring| ring.last() >= before && !ring.is_nothing());
        known - self.held.len()
    }

    /// How many rings are in memory, with those of which it is known that there are none.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// True where no ring is in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.len() == 0
    }

    /// All rings in memory, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&RingKey, &Ring)> {
        self.held.iter().map(|(key, ring)| (key, ring)).filter(|(_, ring)| !ring.is_nothing())
    }
}

/// A ring an input needs, with the fields of the input that lead to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// The fields.
    pub by: KeyFields,
    /// The ring.
    pub key: RingKey,
}

/// The rings that [`assess`](super::assess()) reads for an input, each once.
#[must_use]
pub fn keys_of(terms: &Terms, program: ProgramId, input: &Input) -> Vec<Needed> {
    let mut keys = Vec::new();
    add_keys(&mut keys, terms, (program, input, Said::by(input)), true);
    keys
}

/// Adds [`keys_of`] an input to the keys of others. Of one that is not sizeable, those that nobody asks for are left out.
pub fn add_keys(
    keys: &mut Vec<Needed>,
    terms: &Terms,
    (program, input, said): (ProgramId, &Input, Said),
    sizeable: bool,
) {
    let from = keys.len();
    let told = said.told;
    let meant = told.with(Fact::Sizeable, sizeable);
    let needed = |(ring, by): (NameId, KeyFields)| RingKey::of(program, ring, &by, input).map(|key| Needed { by, key });
    keys.extend(terms.concerns.always(input).iter().copied().filter_map(needed));
    let mut ask = |ring: NameId, by: &KeyFields| {
        let own = keys.get(from..).unwrap_or_default();
        if own.iter().any(|known| known.key.ring == ring && known.by == *by) {
            return;
        }
        keys.extend(needed((ring, *by)));
    };
    for concern in terms.concerns.limits_beside(&terms.limits, input) {
        if concern.glance.is_some_and(|glance| glance.counts_what_is_meant && !meant.include(glance.only)) {
            continue;
        }
        let limit = concern.limit;
        if limit.extra.latest.is_none() && !concern.restarts && !meant.include(limit.extra.only) {
            continue;
        }
        if counts(concern, input, told) || restarts(concern, input) {
            if limit.metric.has_ring() && (limit.metric != Metric::Speed || is_located(input)) {
                ask(limit.ring, &limit.key);
            }
            if told.include(limit.extra.only) {
                limit.conditions(&mut ask);
            }
        }
    }
    for feed in terms.concerns.feeds_beside(&terms.feeds, input) {
        if feeds::feeds(feed, input, meant) {
            ask(feed.ring, &feed.key);
        }
    }
}

fn is_located(input: &Input) -> bool {
    matches!(input, Input::Event(event) if event.context.location.is_some())
}

/// The rings a record changes.
pub fn keys_observed(record: &Record) -> impl Iterator<Item = RingKey> {
    let observed = record.observed.iter();
    let observed = observed.filter_map(|seen| RingKey::of(record.program, seen.ring, &seen.key, &record.input));
    observed.chain(keys_unobserved(record))
}

/// The rings a record takes something out of.
pub fn keys_unobserved(record: &Record) -> impl Iterator<Item = RingKey> {
    unobserved(record).map(|(key, _)| key)
}

/// What a record that gives something back means to a ring.
enum Gone<'a> {
    Out(&'a Unobserved),
    In(&'a Reversed),
}

fn unobserved(record: &Record) -> impl Iterator<Item = (RingKey, Gone<'_>)> {
    record.effects.iter().filter_map(|effect| {
        let (ring, key, gone) = match effect {
            Effect::Unobserve(gone) => (gone.ring, &gone.key, Gone::Out(gone)),
            Effect::Reverse(back) => (back.ring, &back.key, Gone::In(back)),
            _ => return None,
        };
        Some((RingKey { program: record.program, ring, key: key.clone() }, gone))
    })
}

/// Whether a limit counts an input. One that looks at the latest entries of a plain count lets that count everything.
pub(super) fn counts(concern: Concern<'_>, input: &Input, told: Facts) -> bool {
    let extra = &concern.limit.extra;
    concern.counts
        && (extra.when.is_empty() || has(&extra.when, input))
        && (extra.latest.is_some() || told.include(extra.only))
}

/// Whether a limit counts only what came after an input.
pub(super) fn restarts(concern: Concern<'_>, input: &Input) -> bool {
    concern.restarts && concern.limit.extra.since.as_ref().is_some_and(|since| has(&since.when, input))
}

/// Whether an input has these attributes.
pub(super) fn has(wanted: &[(Text, Text)], input: &Input) -> bool {
    let Input::Event(event) = input else { return wanted.is_empty() };
    wanted.iter().all(|(name, value)| event.attribute(name) == Some(value))
}

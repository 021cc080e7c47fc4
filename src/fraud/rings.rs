//! The rings in memory, by key. It may hold only some of them at a time: the engine fetches the rings of an input before
//! it is assessed and evicts those that are on disk. It never decides anything.

use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use smol_str::SmolStrBuilder;

use super::window::{Entry as RingEntry, Ring};
use crate::ledger::record::{Input, KeyField, KeyFields, Record};
use crate::ledger::terms::{Counted, LimitTerms, Terms};
use crate::ledger::types::{NameId, ProgramId, Seq, Text};

/// Between the fields of a key.
const SEPARATOR: char = '\u{1f}';

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
        let value = |field: KeyField| input.key_field(field).filter(|value| !value.is_empty());
        let mut fields = fields.iter();
        let mut key = value(fields.next()?)?.clone();
        if let Some(second) = fields.next() {
            let mut text = SmolStrBuilder::new();
            text.push_str(&key);
            for field in std::iter::once(second).chain(fields) {
                text.push(SEPARATOR);
                text.push_str(value(field)?);
            }
            key = text.finish();
        }
        Some(Self { program, ring, key })
    }
}

/// Rings by key.
#[derive(Clone, Debug, Default)]
pub struct Rings {
    rings: HashMap<RingKey, Arc<Ring>>,
    /// Records after this one make a ring touched.
    since: Seq,
    /// Rings that took in a record after `since`, each once, in the order they did.
    touched: Vec<RingKey>,
}

impl Rings {
    /// Takes in what a record observed. A ring that has taken in this record or a later one stays as it is, so replaying
    /// a journal over stored rings is harmless. The rings of the record should be in memory: a missing one is made anew.
    pub fn observe(&mut self, record: &Record) {
        for observation in &record.observed {
            let Some(key) = RingKey::of(record.program, observation.ring, &observation.key, &record.input) else {
                continue;
            };
            let ring = match self.rings.entry(key) {
                Entry::Occupied(known) => {
                    if known.get().last() >= record.seq {
                        continue;
                    }
                    if known.get().last() <= self.since {
                        self.touched.push(known.key().clone());
                    }
                    known.into_mut()
                }
                Entry::Vacant(free) => {
                    self.touched.push(free.key().clone());
                    free.insert(Arc::default())
                }
            };
            let ring = Arc::make_mut(ring);
            ring.grow(observation.capacity);
            ring.insert(RingEntry { at: record.occurred_at, value: observation.value, seq: record.seq });
        }
    }

    /// The rings that took in something since this was asked last, each once. From here on, records after `since`, which is
    /// the latest one observed, make a ring touched.
    pub fn take_touched(&mut self, since: Seq) -> Vec<RingKey> {
        self.since = since;
        std::mem::take(&mut self.touched)
    }

    /// How many rings are touched.
    #[must_use]
    pub fn touched(&self) -> usize {
        self.touched.len()
    }

    /// A ring, where it is in memory.
    #[must_use]
    pub fn get(&self, key: &RingKey) -> Option<&Arc<Ring>> {
        self.rings.get(key)
    }

    /// True where the ring is in memory, be it empty.
    #[must_use]
    pub fn contains(&self, key: &RingKey) -> bool {
        self.rings.contains_key(key)
    }

    /// Puts in a ring that was read from disk; an empty one says that there is none there. A ring already in memory is
    /// newer and stays.
    pub fn insert(&mut self, key: RingKey, ring: Arc<Ring>) {
        self.rings.entry(key).or_insert(ring);
    }

    /// Takes a ring out of memory.
    pub fn remove(&mut self, key: &RingKey) -> Option<Arc<Ring>> {
        self.rings.remove(key)
    }

    /// Takes out every ring whose latest record lies before `before`, and says how many. The caller makes sure that those
    /// are on disk: `before` is at most the sequence after the one its stored rows reflect.
    pub fn evict_before(&mut self, before: Seq) -> usize {
        let held = self.rings.len();
        self.rings.retain(|_, ring| ring.last() >= before);
        held - self.rings.len()
    }

    /// How many rings are in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rings.len()
    }

    /// True where no ring is in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rings.is_empty()
    }

    /// All rings in memory, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&RingKey, &Arc<Ring>)> {
        self.rings.iter()
    }
}

/// The rings that [`assess`](super::assess) reads for an input, each once.
#[must_use]
pub fn keys_of(terms: &Terms, program: ProgramId, input: &Input) -> Vec<RingKey> {
    let mut keys: Vec<RingKey> = Vec::new();
    for limit in terms.limits.iter().filter(|limit| counts(limit, input)) {
        if keys.iter().any(|key| key.ring == limit.ring) {
            continue;
        }
        keys.extend(RingKey::of(program, limit.ring, &limit.key, input));
    }
    keys
}

/// The rings a record's observations go into.
pub fn keys_observed(record: &Record) -> impl Iterator<Item = RingKey> {
    record.observed.iter().filter_map(|seen| RingKey::of(record.program, seen.ring, &seen.key, &record.input))
}

/// Whether a limit counts this kind of input.
pub(super) fn counts(limit: &LimitTerms, input: &Input) -> bool {
    limit.on.iter().any(|counted| match (counted, input) {
        (Counted::Event(kind), Input::Event(event)) => *kind == event.kind,
        (Counted::Transfer, Input::Transfer(..)) => true,
        (Counted::Event(_) | Counted::Transfer, _) => false,
    })
}

//! Where rings are in memory: each key once, with its ring, in pages that never move, and an index of places by hash.
//! It knows nothing of records and decides nothing.

use std::hash::BuildHasher as _;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::rings::RingKey;
use super::window::Ring;

/// Where a ring is in memory; good until rings are next evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(u32);

/// What a key hashes to: a table of many millions needs no more, and half of it is half the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hash(u32);

impl Hash {
    /// Spread over all bits, since the index looks at the lowest and the highest.
    const fn spread(self) -> u64 {
        (self.0 as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

/// Rings by key.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    pages: Vec<Vec<(RingKey, Ring)>>,
    /// With the hash of each, so that the index grows without looking at the keys.
    index: HashTable<(Hash, Slot)>,
    hasher: DefaultHashBuilder,
    /// Slots that hold nothing any more.
    free: Vec<Slot>,
}

/// Rings of a page.
const PAGE: usize = 1 << 12;

impl Held {
    pub(super) fn hash_of(&self, key: &RingKey) -> Hash {
        let hash = self.hasher.hash_one(key);
        Hash(u32::try_from(hash >> 32).expect("32 bits are left"))
    }

    /// The slot that a key of this hash would most likely have; nearly always the right one, where there is one. It fetches
    /// what [`Held::find`] will look at, and proves nothing.
    pub(super) fn begin(&self, hash: Hash) -> Option<Slot> {
        self.index.iter_hash(hash.spread()).next().map(|(_, slot)| *slot)
    }

    /// A key's slot.
    pub(super) fn find(&self, hash: Hash, key: &RingKey) -> Option<Slot> {
        let is_it = |(known, slot): &(Hash, Slot)| *known == hash && is_of(&self.pages, *slot, key);
        self.index.find(hash.spread(), is_it).map(|(_, slot)| *slot)
    }

    /// A key's slot, made where there is none: with a ring that has taken in nothing.
    pub(super) fn slot_of(&mut self, hash: Hash, key: &RingKey) -> Slot {
        let Self { pages, index, free, .. } = self;
        let is_it = |(known, slot): &(Hash, Slot)| *known == hash && is_of(pages, *slot, key);
        match index.entry(hash.spread(), is_it, |(known, _)| known.spread()) {
            Entry::Occupied(known) => known.get().1,
            Entry::Vacant(vacant) => {
                let slot = place(pages, free, key);
                vacant.insert((hash, slot));
                slot
            }
        }
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&(RingKey, Ring)> {
        entry(&self.pages, slot)
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut (RingKey, Ring)> {
        self.pages.get_mut(slot.0 as usize / PAGE)?.get_mut(slot.0 as usize % PAGE)
    }

    /// Takes out every ring of which `keep` does not say to keep it.
    pub(super) fn retain(&mut self, keep: impl Fn(&Ring) -> bool) {
        let Self { pages, index, free, .. } = self;
        index.retain(|(_, slot)| {
            let held = pages.get_mut(slot.0 as usize / PAGE).and_then(|page| page.get_mut(slot.0 as usize % PAGE));
            let (_, ring) = held.expect("the index names slots that are there");
            if keep(ring) {
                return true;
            }
            *ring = Ring::default();
            free.push(*slot);
            false
        });
    }

    /// How many keys have a slot.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// All that are held, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(RingKey, Ring)> {
        self.index.iter().filter_map(|(_, slot)| self.get(*slot))
    }
}

fn entry(pages: &[Vec<(RingKey, Ring)>], slot: Slot) -> Option<&(RingKey, Ring)> {
    pages.get(slot.0 as usize / PAGE)?.get(slot.0 as usize % PAGE)
}

fn is_of(pages: &[Vec<(RingKey, Ring)>], slot: Slot, key: &RingKey) -> bool {
    entry(pages, slot).is_some_and(|(known, _)| known == key)
}

/// Puts an empty ring of a key in a free slot, or in a new one.
fn place(pages: &mut Vec<Vec<(RingKey, Ring)>>, free: &mut Vec<Slot>, key: &RingKey) -> Slot {
    if let Some(slot) = free.pop() {
        let held = pages.get_mut(slot.0 as usize / PAGE).and_then(|page| page.get_mut(slot.0 as usize % PAGE));
        held.expect("a freed slot stays").0.clone_from(key);
        return slot;
    }
    if pages.last().is_none_or(|page| page.len() == PAGE) {
        pages.push(Vec::with_capacity(PAGE));
    }
    let full = (pages.len() - 1) * PAGE;
    let page = pages.last_mut().expect("a page with room");
    page.push((key.clone(), Ring::default()));
    Slot(u32::try_from(full + page.len() - 1).expect("fewer than 2^32 rings fit in memory"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::types::{NameId, ProgramId, Seq, Text};

    fn key(number: u64) -> RingKey {
        RingKey { program: ProgramId::new(0), ring: NameId::new(1), key: Text::new(format!("m{number}")) }
    }

    #[test]
    fn every_key_keeps_its_ring_however_many_come_and_go() {
        let mut held = Held::default();
        let many = PAGE as u64 * 3;
        for number in 0..many {
            let slot = held.slot_of(held.hash_of(&key(number)), &key(number));
            held.get_mut(slot).unwrap().1.leave(Seq::ZERO, None, Seq::new(number));
        }
        held.retain(|ring| ring.last().get() % 3 == 0);
        assert_eq!((held.len() as u64, held.iter().count() as u64), (many / 3, many / 3));
        for number in 0..many {
            let found = held.find(held.hash_of(&key(number)), &key(number));
            let last = found.and_then(|slot| held.get(slot)).map(|(_, ring)| ring.last().get());
            assert_eq!(last, (number % 3 == 0).then_some(number), "{number}");
        }
        let before = held.pages.len();
        for number in many..many + many / 2 {
            let slot = held.slot_of(held.hash_of(&key(number)), &key(number));
            assert_eq!(held.get(slot).map(|(known, ring)| (known, ring)), Some((&key(number), &Ring::default())));
        }
        assert_eq!(held.pages.len(), before, "freed slots are used again");
    }
}

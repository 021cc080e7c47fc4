//! A hash map whose lookups can be begun for many keys together. A lookup in a large map waits for memory twice; begun one
//! after the other without looking at what was found, many of them wait at once.
//!
//! What was found lately is found again at once: the steps of a decision ask for the same one or two members again and again.
//! Otherwise it is an ordinary map, with no order of its own.

use std::cell::Cell;
use std::hash::{BuildHasher as _, Hash};

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

/// Values by key.
#[derive(Clone, Debug)]
pub struct Table<K, V> {
    entries: HashTable<(K, V)>,
    hasher: DefaultHashBuilder,
    /// Where the keys were that were found last: hints, which are looked at and never relied on.
    lately: [Cell<usize>; 2],
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { entries: HashTable::new(), hasher: DefaultHashBuilder::default(), lately: Default::default() }
    }
}

impl<K: Hash + Eq, V> Table<K, V> {
    /// The hash a key has in this table.
    pub fn hash_of(&self, key: &K) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The value that a key of this hash would most likely have; nearly always the right one, where there is one. It fetches
    /// what [`Table::get`] will look at, and proves nothing.
    pub fn begin(&self, hash: u64) -> Option<&V> {
        self.entries.iter_hash(hash).next().map(|(_, value)| value)
    }

    /// Where a key is.
    fn find(&self, key: &K) -> Option<usize> {
        let [one, other] = &self.lately;
        let is_there = |at: &Cell<usize>| self.entries.get_bucket(at.get()).is_some_and(|(known, _)| known == key);
        if is_there(one) {
            return Some(one.get());
        }
        if !is_there(other) {
            other.set(self.entries.find_bucket_index(self.hash_of(key), |(known, _)| known == key)?);
        }
        one.swap(other);
        Some(one.get())
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get_bucket(self.find(key)?).map(|(_, value)| value)
    }

    /// The value of a key, to change.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_bucket_mut(self.find(key)?).map(|(_, value)| value)
    }

    /// True where the key has a value.
    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// The value of a key; `make` makes it where there is none.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce(&K) -> V) -> &mut V {
        let Self { entries, hasher, .. } = self;
        match entries.entry(hasher.hash_one(&key), |(known, _)| *known == key, |(known, _)| hasher.hash_one(known)) {
            Entry::Occupied(known) => &mut known.into_mut().1,
            Entry::Vacant(vacant) => {
                let value = make(&key);
                &mut vacant.insert((key, value)).into_mut().1
            }
        }
    }

    /// Gives a key a value, in place of the one it had.
    pub fn insert(&mut self, key: K, value: V) {
        let mut value = Some(value);
        let place = self.get_or_insert_with(key, |_| value.take().expect("it is made at most once"));
        if let Some(value) = value {
            *place = value;
        }
    }

    /// Takes a key out, and gives its value back.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let hash = self.hash_of(key);
        let found = self.entries.find_entry(hash, |(known, _)| known == key).ok()?;
        Some(found.remove().0.1)
    }

    /// Takes out every key of which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.entries.retain(|(key, value)| keep(key, value));
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True where there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }
}

impl<K: Hash + Eq, V: PartialEq> PartialEq for Table<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<K: Hash + Eq, V> std::ops::Index<&K> for Table<K, V> {
    type Output = V;

    fn index(&self, key: &K) -> &V {
        self.get(key).expect("only keys that are there are asked for")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_map() {
        let mut table = Table::default();
        for number in 0..1_000u64 {
            table.insert(number, number);
            table.insert(number, number * 2);
            *table.get_or_insert_with(number, |_| 0) += 1;
        }
        assert_eq!(table.remove(&7), Some(15));
        assert_eq!(table.remove(&7), None);
        table.retain(|key, _| key % 2 == 1);
        assert_eq!((table.len(), table.get(&7), table.get(&8), table.get(&9)), (499, None, None, Some(&19)));
        assert_eq!(table.keys().copied().sum::<u64>(), 250_000 - 7);
        // What was found lately is found again, until it is gone or has moved.
        assert_eq!([9, 11, 9, 11].map(|key| table.get(&key).copied()), [Some(19), Some(23), Some(19), Some(23)]);
        *table.get_mut(&11).unwrap() = 24;
        assert_eq!(table.remove(&11), Some(24));
        assert_eq!(table.get(&11), None);
        (2_000..9_000).for_each(|number| table.insert(number, number));
        assert_eq!((table.get(&9), table.get(&11)), (Some(&19), None));
        (2_000..9_000).for_each(|number| assert_eq!(table.remove(&number), Some(number)));
        table.insert(11, 23);
        assert!(table.keys().all(|key| table.begin(table.hash_of(key)).is_some()));
        let mut other = table.clone();
        assert_eq!(other, table);
        *other.get_mut(&9).unwrap() = 1;
        assert_ne!(other, table);
    }
}

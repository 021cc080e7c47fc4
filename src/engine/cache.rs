//! The bounded memory of members and rings: fetch what a block needs, evict what is clean and cold.
//!
//! Only members whose latest record the store's rows reflect are evicted, so a fetched row is never older than memory was.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashSet;

use super::core::Core;
use crate::fraud::Needed;
use crate::fraud::Seen;
use crate::fraud::rings::{RingKey, Sought};
use crate::fraud::window::{Entry, Ring};
use crate::journal::codec::{self, RingRow};
use crate::ledger::record::KeyFields;
use crate::ledger::types::{MemberKey, Seq};
use crate::store::Store;

/// Which members are in memory, in the order they came or were last spared.
#[derive(Debug)]
pub(super) struct Cache {
    queue: VecDeque<MemberKey>,
    members_max: usize,
    rings_max: usize,
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) evicted: u64,
}

impl Cache {
    pub(super) fn new(members_max: usize, rings_max: usize) -> Self {
        Self { queue: VecDeque::new(), members_max, rings_max, hits: 0, misses: 0, evicted: 0 }
    }

    /// Brings members into memory, where they exist at all.
    pub(super) fn fetch_members(
        &mut self,
        core: &mut Core,
        store: &Store,
        wanted: impl Iterator<Item = MemberKey>,
    ) -> Result<(), super::Error> {
        let mut missing: HashSet<MemberKey> = HashSet::new();
        for key in wanted {
            if core.state.members.contains_key(&key) {
                self.hits += 1;
            } else {
                missing.insert(key);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        self.misses += missing.len() as u64;
        let mut missing: Vec<MemberKey> = missing.into_iter().collect();
        missing.sort_unstable();
        for (key, row) in missing.iter().zip(store.member_rows(&missing)?) {
            if let Some(row) = row {
                core.state.members.insert(key.clone(), Arc::new(codec::decode_member(&row)?));
                self.queue.push_back(key.clone());
            }
        }
        Ok(())
    }

    /// Brings the rings of many inputs into memory and says where each input's are: those of the input at `n` end before
    /// `ends[n]` of the keys.
    pub(super) fn find_rings(
        core: &mut Core,
        store: &Store,
        needed: Vec<Needed>,
        ends: &[usize],
    ) -> Result<Vec<Seen>, super::Error> {
        let (by, keys): (Vec<KeyFields>, Vec<RingKey>) = needed.into_iter().map(|one| (one.by, one.key)).unzip();
        let mut places = by.into_iter().zip(Self::fetch_rings(core, store, keys)?);
        let mut from = 0;
        let seen = ends.iter().map(|end| {
            let own = places.by_ref().take(end - from);
            from = *end;
            core.rings.seen(own)
        });
        Ok(seen.collect())
    }

    /// Brings rings into memory, or the knowledge that there are none.
    pub(super) fn fetch_rings(
        core: &mut Core,
        store: &Store,
        wanted: impl IntoIterator<Item = RingKey>,
    ) -> Result<Vec<Sought>, super::Error> {
        let mut found = core.rings.find(wanted);
        let mut unknown: Vec<&mut Sought> = found.iter_mut().filter(|sought| sought.is_unknown()).collect();
        unknown.sort_unstable_by(|one, other| one.key().cmp(other.key()));
        let of_one = |one: &&mut Sought, other: &&mut Sought| one.key() == other.key();
        let firsts = unknown.chunk_by(of_one).filter_map(<[_]>::first);
        let rows: Vec<Vec<u8>> = firsts.map(|sought| ring_row_key(sought.key())).collect();
        for (same, row) in unknown.chunk_by_mut(of_one).zip(store.ring_rows(&rows)?) {
            core.rings.note(same, row.map(|row| decode_ring(&row)).transpose()?);
        }
        Ok(found)
    }

    /// Notes a member that enrolled, and so is in memory without having been fetched.
    pub(super) fn note_enrolled(&mut self, key: MemberKey) {
        self.queue.push_back(key);
    }

    /// Evicts clean members, coldest first, until the budget is kept or no candidate is left. `mark` is the latest record
    /// that the store's rows reflect.
    pub(super) fn evict(&mut self, core: &mut Core, mark: Seq) {
        let over = core.state.members.len().saturating_sub(self.members_max);
        let mut looks = if over == 0 { 0 } else { over * 4 + 64 };
        let hot_since = core.seq().get().saturating_sub(self.members_max as u64 / 2);
        while looks > 0 && core.state.members.len() > self.members_max {
            looks -= 1;
            let Some(key) = self.queue.pop_front() else { break };
            let Some(member) = core.state.members.get(&key) else { continue };
            // The last looks take what is clean, hot or not: the budget comes first.
            if member.last > mark || (member.last.get() > hot_since && looks > over) {
                self.queue.push_back(key);
            } else {
                core.state.members.remove(&key);
                self.evicted += 1;
            }
        }
        if core.rings.len() > self.rings_max {
            // Rings of records the rows do not reflect yet must stay; of the others the older half goes.
            let recent = core.seq().get().saturating_sub(self.rings_max as u64 / 8);
            core.rings.evict_before(Seq::new(recent.min(mark.get() + 1)));
        }
    }
}

/// The key of a ring's row.
pub(super) fn ring_row_key(key: &RingKey) -> Vec<u8> {
    let mut row = Vec::with_capacity(4 + key.key.len());
    row.extend_from_slice(&key.program.get().to_be_bytes());
    row.extend_from_slice(&key.ring.get().to_be_bytes());
    row.extend_from_slice(key.key.as_bytes());
    row
}

/// The row of a ring.
pub(super) fn encode_ring(ring: &Ring) -> Vec<u8> {
    let entries = ring.entries().map(|entry| (entry.at, entry.value, entry.seq)).collect();
    let (capacity, last, dropped, blurred) = (ring.capacity(), ring.last(), ring.dropped(), ring.blurred());
    codec::encode_ring(&RingRow { capacity, last, dropped, blurred, entries })
}

fn decode_ring(row: &[u8]) -> Result<Ring, super::Error> {
    let RingRow { capacity, last, dropped, blurred, entries } = codec::decode_ring(row)?;
    let entries = entries.into_iter().map(|(at, value, seq)| Entry { at, value, seq }).collect();
    Ok(Ring::restore(capacity, last, dropped, entries).with_blurred(blurred))
}

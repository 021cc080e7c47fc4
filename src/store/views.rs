//! The published views: members as their last durable record left them, for reads that must not wait for the engine.
//!
//! The engine publishes a member after the sync of the record that changed it, so a read never shows what a crash could take
//! back. No lock outlives a call: what goes in and out are `Arc`s.

use std::sync::Arc;

use dashmap::DashMap;
use foldhash::fast::RandomState;

use crate::ledger::member::Member;
use crate::ledger::types::{MemberKey, Seq};

/// Durable members in memory, at most about `capacity` of them.
#[derive(Debug)]
pub struct Views {
    members: DashMap<MemberKey, Arc<Member>, RandomState>,
    capacity: usize,
}

impl Views {
    /// No members yet. The bound is kept by [`Views::shrink`].
    pub fn new(capacity: usize) -> Self {
        Self { members: DashMap::with_hasher(RandomState::default()), capacity }
    }

    /// A member's durable view.
    pub fn get(&self, key: &MemberKey) -> Option<Arc<Member>> {
        self.members.get(key).map(|member| Arc::clone(&member))
    }

    /// Publishes a member, unless a later state of theirs was published before.
    pub fn publish(&self, key: MemberKey, member: Arc<Member>) {
        let mut published = self.members.entry(key).or_insert_with(|| Arc::clone(&member));
        if published.last <= member.last {
            *published = member;
        }
    }

    /// Forgets a member: the next read asks the engine.
    pub fn remove(&self, key: &MemberKey) {
        self.members.remove(key);
    }

    /// How many members are in memory.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// True where no member is in memory.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Where there are more members than the capacity, forgets some whose rows the store has, which are those without a
    /// record after `mark`, spread evenly, until about an eighth of the capacity is free. Returns how many were forgotten.
    pub fn shrink(&self, mark: Seq) -> usize {
        let before = self.len();
        if before <= self.capacity {
            return 0;
        }
        let excess = before - (self.capacity - self.capacity / 8);
        let every = before / excess;
        let (mut seen, mut forgotten) = (0usize, 0usize);
        self.members.retain(|_, member| {
            if forgotten == excess || member.last > mark {
                return true;
            }
            seen += 1;
            let keep = !seen.is_multiple_of(every);
            forgotten += usize::from(!keep);
            keep
        });
        forgotten
    }
}

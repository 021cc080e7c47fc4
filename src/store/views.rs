//! The published views: members as their last durable record left them, for reads that must not wait for the engine.
//!
//! The engine publishes a member after the sync of the record that changed it, so a read never shows what a crash could take
//! back. No lock outlives a call: what goes in and out are `Arc`s.

use std::sync::Arc;

use dashmap::DashMap;
use foldhash::fast::RandomState;

use crate::ledger::member::Member;
use crate::ledger::types::MemberKey;

/// Durable members in memory. Who publishes also forgets: the engine keeps their number within its budget.
#[derive(Debug, Default)]
pub struct Views {
    members: DashMap<MemberKey, Arc<Member>, RandomState>,
}

impl Views {
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
}

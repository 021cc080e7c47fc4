//! Entries and what is due beside them, summed up: what a statement shows is what a balance shows, at every time.

use super::{MemberKey, World};
use tallystick::ledger::decide::next_due;
use tallystick::ledger::history::unrecorded;
use tallystick::ledger::member::Member;
use tallystick::ledger::record::Effect;

impl World {
    /// The entries so far and what is due by now come to what a read shows.
    pub(super) fn add_up(&self, key: &MemberKey, member: &Member) {
        if next_due(&self.state.members[key], &self.terms).is_none_or(|at| at > self.now) {
            return;
        }
        let due = unrecorded(&self.records, &key.id, &self.terms, self.now);
        for pool in &member.pools {
            let moved = due.iter().flat_map(|record| &record.effects).map(|effect| match effect {
                Effect::Credit(credit) if credit.pool == pool.pool => credit.amount.get(),
                Effect::Debit { pool: of, amount, .. } | Effect::Spend { pool: of, amount, .. } if *of == pool.pool => {
                    -amount.get()
                }
                _ => 0,
            });
            let entries = self.entries.get(&(key.id.clone(), pool.pool)).copied().unwrap_or(0);
            assert_eq!(entries + moved.sum::<i64>(), pool.total().get(), "lines of {:?} by {:?}", key.id, self.now);
        }
    }
}

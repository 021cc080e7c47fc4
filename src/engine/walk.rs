//! Walking what is durable, for lists, reports and followers: records forwards and backwards, members by id. Everything here
//! reads the disk where it is called, so callers keep it off the threads that answer requests; nothing runs ahead of the sync.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::handle::{Handle, SubmitError};
use super::reads::failed;
use super::vault;
use crate::journal::block::BlockReader;
use crate::journal::codec;
use crate::ledger::member::Member;
use crate::ledger::record::Record;
use crate::ledger::types::{ProgramId, Seq, Text};

/// What is done with each record of a walk; it says when to end.
pub type Visit<'a> = &'a mut dyn FnMut(Record) -> ControlFlow<()>;

/// A member's id, and their state where it is at hand.
pub type MemberRow = (Text, Option<Arc<Member>>);

impl Handle {
    /// Shows durable records after one, of all programs, oldest first, until `visit` ends the walk or there are no more. Returns
    /// the latest record shown; `after` where there was none.
    pub fn walk(&self, after: Seq, visit: Visit<'_>) -> Result<Seq, SubmitError> {
        let end = self.shared.status().durable_seq;
        let mut shown = after;
        if after >= end {
            return Ok(after);
        }
        for block in self.shared.store.blocks_from(after.next().get()) {
            let (_, bytes) = block.map_err(|error| failed(&error))?;
            let block = BlockReader::parse(&bytes).map_err(|error| failed(&error))?;
            let mut at = block.first().max(shown.next());
            while at < block.next() {
                if at > end {
                    return Ok(shown);
                }
                let record = vault::record(&self.shared.store, &block, at).map_err(|error| failed(&error))?;
                let (record, _) =
                    record.ok_or_else(|| SubmitError::Read(format!("record {at} is not in its block")))?;
                shown = at;
                if visit(record).is_break() {
                    return Ok(shown);
                }
                at = at.next();
            }
        }
        Ok(shown)
    }

    /// Shows durable records before one, of all programs, newest first, until `visit` ends the walk or there are no more.
    /// Returns the earliest record shown; `before` where there was none.
    pub fn walk_back(&self, before: Seq, visit: Visit<'_>) -> Result<Seq, SubmitError> {
        let end = self.shared.status().durable_seq;
        let mut shown = before.min(end.next());
        while shown > Seq::new(1) {
            let last = Seq::new(shown.get() - 1);
            let found = self.shared.store.block_with(last.get()).map_err(|error| failed(&error))?;
            let (_, bytes) = found.ok_or_else(|| SubmitError::Read(format!("record {last} is not in the journal")))?;
            let block = BlockReader::parse(&bytes).map_err(|error| failed(&error))?;
            for at in (block.first().get()..=last.get()).rev().map(Seq::new) {
                let record = vault::record(&self.shared.store, &block, at).map_err(|error| failed(&error))?;
                let (record, _) =
                    record.ok_or_else(|| SubmitError::Read(format!("record {at} is not in its block")))?;
                shown = at;
                if visit(record).is_break() {
                    return Ok(shown);
                }
            }
        }
        Ok(shown)
    }

    /// A program's members whose ids come after one, in the order of the ids' bytes, at most `count`. Each comes with the state
    /// in their row, unless a record came after it; the latest is then to be asked for ([`Handle::member`]), and who is told
    /// not to exist is none.
    pub fn member_rows(&self, program: ProgramId, after: &str, count: usize) -> Result<Vec<MemberRow>, SubmitError> {
        // The mark is read first: rows only become newer after it.
        let mark = self.shared.mark();
        let mut changed: BTreeSet<Text> = BTreeSet::new();
        self.walk(mark, &mut |record| {
            if record.program == program {
                let ids = record.parties.into_iter().map(|party| party.member);
                changed.extend(ids.filter(|id| id.as_str() > after));
                while changed.len() > count {
                    changed.pop_last();
                }
            }
            ControlFlow::Continue(())
        })?;
        let rows = self.shared.store.members_from(program, after, count).map_err(|error| failed(&error))?;
        let mut members: BTreeMap<Text, Option<Arc<Member>>> = BTreeMap::new();
        for (id, row) in rows {
            let member = codec::decode_member(&row).map_err(|error| failed(&error))?;
            members.insert(id, Some(Arc::new(member)));
        }
        members.extend(changed.into_iter().map(|id| (id, None)));
        Ok(members.into_iter().take(count).collect())
    }
}

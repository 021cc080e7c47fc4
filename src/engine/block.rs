//! A block: what one drain of the queue came to, on its way from the engine thread to the committer and the projector.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use tokio::sync::oneshot;

use super::core::Core;
use super::counters::Counter;
use super::handle::{JobAnswers, Pending, ProgramView};
use super::item::Item;
use super::kin::KinView;
use super::review::CasePage;
use super::review::RulesDone;
use super::rulesets::Outcome;
use super::simulate::Simulated;
use crate::fraud::rings::RingKey;
use crate::fraud::window::Ring;
use crate::ledger::desk::DeskRow;
use crate::ledger::lists::ListEntry;
use crate::ledger::member::Member;
use crate::ledger::record::Record;
use crate::ledger::rollout::Rollout;
use crate::ledger::state::ProgramState;
use crate::ledger::types::{MemberKey, Seq, TimeMs};

/// Something to say once the block is on disk.
#[derive(Debug)]
pub(super) enum Release {
    Work {
        reply: oneshot::Sender<JobAnswers>,
        pending: Vec<Pending>,
        items: Vec<Item>,
    },
    Member {
        reply: oneshot::Sender<Option<Arc<Member>>>,
        key: MemberKey,
        member: Option<Arc<Member>>,
    },
    Find {
        reply: oneshot::Sender<Option<Seq>>,
        found: Option<Seq>,
    },
    Simulated {
        reply: oneshot::Sender<Simulated>,
        result: Box<Simulated>,
    },
    Clock {
        reply: oneshot::Sender<Result<(), String>>,
        result: Result<(), String>,
    },
    Rules {
        reply: oneshot::Sender<Outcome>,
        outcome: Outcome,
        views: Option<Vec<Arc<ProgramView>>>,
    },
    /// Programs as they are from here on; nobody asked.
    Programs(Vec<Arc<ProgramView>>),
    Cases {
        reply: oneshot::Sender<CasePage>,
        page: CasePage,
    },
    Kin {
        reply: oneshot::Sender<KinView>,
        view: KinView,
    },
    Entries {
        reply: oneshot::Sender<Vec<Arc<ListEntry>>>,
        entries: Vec<Arc<ListEntry>>,
    },
    Stats {
        reply: oneshot::Sender<RulesDone>,
        stats: RulesDone,
    },
    Counters {
        reply: oneshot::Sender<Vec<Counter>>,
        counters: Vec<Counter>,
    },
}

/// A block in the making.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) records: Vec<Record>,
    pub(super) releases: Vec<Release>,
    pub(super) keys: Vec<([u8; 16], u64)>,
    /// Due rows that were looked at: whatever was due there has been done.
    pub(super) due_seen: Vec<(TimeMs, MemberKey)>,
}

/// A finished block.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) records: Arc<Vec<Record>>,
    pub(super) releases: Vec<Release>,
    pub(super) views: Vec<(MemberKey, Arc<Member>)>,
    /// Members that later blocks publish no more: what was published of them goes once this block has been released.
    pub(super) forgotten: Vec<MemberKey>,
    pub(super) rows: Rows,
    /// Told when the rows of this block and all before it are written.
    pub(super) barrier: Option<Sender<()>>,
}

/// What goes to the derived rows with a block.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) members: Vec<(MemberKey, Arc<Member>)>,
    pub(super) rings: Vec<(RingKey, Ring)>,
    pub(super) keys: Vec<([u8; 16], u64)>,
    pub(super) due_seen: Vec<(TimeMs, MemberKey)>,
    /// The latest record whose key is in `keys` or was before.
    pub(super) keys_until: Seq,
    /// Present where these rows complete a checkpoint.
    pub(super) mark: Option<Mark>,
}

impl Rows {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.members.len() + self.rings.len() + self.keys.len() + self.due_seen.len()
    }

    /// Adds the rows of the next block. Of two rounds that ended, the later one's mark stands for both, with the desk's rows of both.
    pub(super) fn add(&mut self, mut next: Self) {
        self.members.extend(next.members);
        self.rings.extend(next.rings);
        self.keys.extend(next.keys);
        self.due_seen.extend(next.due_seen);
        self.keys_until = next.keys_until;
        if let (Some(ended), Some(mark)) = (&mut self.mark, &mut next.mark) {
            ended.desk.append(&mut mark.desk);
            std::mem::swap(&mut ended.desk, &mut mark.desk);
        }
        self.mark = next.mark.or(self.mark.take());
    }
}

/// A record that all rows reflect, and everything that is not per member exactly as of it.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) seq: Seq,
    pub(super) now: TimeMs,
    pub(super) programs: Vec<Arc<ProgramState>>,
    pub(super) rollouts: Vec<Arc<Rollout>>,
    /// Rows of the desk that changed since the mark before, exactly as of this one.
    pub(super) desk: Vec<DeskRow>,
}

impl Open {
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.releases.is_empty() && self.due_seen.is_empty()
    }
}

/// The viewed ones of the members that records changed, as the last of them left each.
pub(super) fn changed_views(
    core: &Core,
    records: &[Record],
    is_viewed: impl Fn(&MemberKey) -> bool,
) -> Vec<(MemberKey, Arc<Member>)> {
    let mut views = Vec::new();
    for record in records {
        for party in &record.parties {
            let key = MemberKey { program: record.program, id: party.member.clone() };
            if !is_viewed(&key) {
                continue;
            }
            // Of several records in the block, only a member's last one finds itself noted in the member.
            if let Some(member) = core.state.member(&key).filter(|member| member.last == record.seq) {
                views.push((key, Arc::clone(member)));
            }
        }
    }
    views
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::desk::DeskStats;
    use crate::ledger::types::ProgramId;

    /// Two rounds may end before the projector is told of either. The desk's rows of the first were lost then, and views that
    /// said they reflect a record did not.
    #[test]
    fn two_rounds_that_end_together_keep_the_desk_rows_of_both() {
        let round = |seq| Rows {
            mark: Some(Mark {
                seq: Seq::new(seq),
                now: TimeMs::EPOCH,
                programs: Vec::new(),
                rollouts: Vec::new(),
                desk: vec![DeskRow::Stats(
                    ProgramId::new(0),
                    Arc::new(DeskStats { judged: seq, ..DeskStats::default() }),
                )],
            }),
            ..Rows::default()
        };
        let mut rows = round(1);
        rows.add(round(2));
        let mark = rows.mark.unwrap();
        let judged = |row: &DeskRow| if let DeskRow::Stats(_, stats) = row { stats.judged } else { 0 };
        assert_eq!((mark.seq, mark.desk.iter().map(judged).collect::<Vec<_>>()), (Seq::new(2), vec![1, 2]));
    }
}

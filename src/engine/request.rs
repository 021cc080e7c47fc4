//! What reaches the engine thread through its queue, each with the channel of its answer. Nothing here decides.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::counters::Counter;
use super::item::Item;
use super::kin::{KinQuestion, KinView};
use super::review::{CaseFilter, CasePage, RulesDone};
use super::rulesets::{Change, Outcome};
use super::simulate::Simulated;
use crate::ledger::event::Event;
use crate::ledger::lists::ListEntry;
use crate::ledger::member::Member;
use crate::ledger::record::{KeyField, Record};
use crate::ledger::reject::Reject;
use crate::ledger::review::Resolution;
use crate::ledger::types::{MemberKey, ProgramId, Seq, Text, TimeMs};
use crate::rules::Compiled;

/// What a command came to within its block.
#[derive(Debug)]
pub(super) enum Pending {
    Recorded(usize),
    Replayed(Seq),
    Rejected(Reject),
}

/// The answers of a job, with the block they lie in, and the job's items back.
pub(super) type JobAnswers = (Arc<Vec<Record>>, Vec<Pending>, Vec<Item>);

/// All that can reach the engine thread.
#[derive(Debug)]
pub(super) enum Request {
    Work {
        program: ProgramId,
        items: Vec<Item>,
        reply: oneshot::Sender<JobAnswers>,
    },
    Member {
        key: MemberKey,
        reply: oneshot::Sender<Option<Arc<Member>>>,
    },
    Find {
        key: [u8; 16],
        reply: oneshot::Sender<Option<Seq>>,
    },
    Simulate {
        program: ProgramId,
        event: Arc<Event>,
        at: Option<TimeMs>,
        version: Option<Arc<Compiled>>,
        reply: oneshot::Sender<Simulated>,
    },
    SetClock {
        now: TimeMs,
        reply: oneshot::Sender<Result<(), String>>,
    },
    Rules {
        program: ProgramId,
        change: Box<Change>,
        reply: oneshot::Sender<Outcome>,
    },
    Resolve {
        program: ProgramId,
        resolution: Resolution,
        reply: oneshot::Sender<JobAnswers>,
    },
    Cases {
        program: ProgramId,
        filter: CaseFilter,
        reply: oneshot::Sender<CasePage>,
    },
    Case {
        program: ProgramId,
        id: Seq,
        reply: oneshot::Sender<CasePage>,
    },
    Kin {
        program: ProgramId,
        question: KinQuestion,
        reply: oneshot::Sender<KinView>,
    },
    Stats {
        program: ProgramId,
        reply: oneshot::Sender<RulesDone>,
    },
    Entries {
        program: ProgramId,
        reply: oneshot::Sender<Vec<Arc<ListEntry>>>,
    },
    Counters {
        program: ProgramId,
        given: Vec<(KeyField, Text)>,
        single: bool,
        reply: oneshot::Sender<Vec<Counter>>,
    },
    Stop,
}

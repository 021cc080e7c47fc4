//! Rules evaluated ahead of their events' turns, by helper threads and the engine's own, whichever gets to a group first.
//!
//! An evaluation reads one event and its member as they were when the chunk began, and changes nothing, so it may be done
//! anywhere, twice, or in vain. The engine therefore never waits for a helper: a group that a helper is still busy with is
//! evaluated again at its turn, and a member that changed meanwhile makes the engine evaluate anew.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread::JoinHandle;

use crate::ledger::event::Event;
use crate::ledger::member::Member;
use crate::ledger::proposal::Proposal;
use crate::rules::{self, Compiled};

/// Events that one thread evaluates in one go: few, so that the engine seldom meets a busy helper.
pub(super) const GROUP: usize = 16;
/// Chunks that wait for a helper; it is no loss where more are passed over.
const WAITING_CHUNKS: usize = 1;

/// One evaluation: the rules, the event and the member as they were when the chunk began.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) compiled: Arc<Compiled>,
    pub(super) event: Arc<Event>,
    pub(super) member: Option<Arc<Member>>,
}

impl Asked {
    fn evaluate(&self) -> Proposal {
        rules::evaluate(&self.compiled, &self.event, self.member.as_ref(), self.event.occurred_at)
    }
}

#[derive(Debug)]
enum Group {
    Waiting(Vec<Option<Asked>>),
    Done(Vec<Option<Proposal>>),
    Taken,
}

impl Group {
    /// Evaluates what waits. The members are let go at once, so that the engine changes them in place.
    fn evaluate(&mut self) {
        if let Self::Waiting(asked) = self {
            let asked = std::mem::take(asked);
            *self = Self::Done(asked.into_iter().map(|one| one.map(|one| one.evaluate())).collect());
        }
    }
}

/// The evaluations of one chunk, in groups of [`GROUP`].
#[derive(Debug)]
pub(super) struct Ahead {
    groups: Vec<Mutex<Group>>,
}

impl Ahead {
    /// A chunk's evaluations in order; nothing for what has none or must wait for its turn.
    pub(super) fn new(asked: impl Iterator<Item = Option<Asked>>) -> Self {
        let mut asked = asked.peekable();
        let mut groups = Vec::new();
        while asked.peek().is_some() {
            groups.push(Mutex::new(Group::Waiting(asked.by_ref().take(GROUP).collect())));
        }
        Self { groups }
    }

    /// The proposals of a group, evaluated here where nobody has begun; nothing where a helper is busy with them.
    pub(super) fn take(&self, group: usize) -> Vec<Option<Proposal>> {
        let mut group = match self.groups.get(group).map(Mutex::try_lock) {
            Some(Ok(group)) => group,
            Some(Err(TryLockError::Poisoned(poisoned))) => poisoned.into_inner(),
            Some(Err(TryLockError::WouldBlock)) | None => return Vec::new(),
        };
        group.evaluate();
        match std::mem::replace(&mut *group, Group::Taken) {
            Group::Done(proposals) => proposals,
            Group::Waiting(_) | Group::Taken => Vec::new(),
        }
    }

    /// A helper's part: groups from the last, which the engine needs latest, to the first.
    fn help(&self) {
        for group in self.groups.iter().rev() {
            match group.try_lock() {
                Ok(mut group) => group.evaluate(),
                Err(TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned).evaluate(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
    }
}

/// The helper threads. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Helpers {
    queues: Vec<SyncSender<Arc<Ahead>>>,
}

impl Helpers {
    /// Starts so many threads.
    pub(super) fn start(threads: usize) -> std::io::Result<Self> {
        let start = |index: usize| -> std::io::Result<SyncSender<Arc<Ahead>>> {
            let (queue, chunks): (_, Receiver<Arc<Ahead>>) = sync_channel(WAITING_CHUNKS);
            let body = move || chunks.iter().for_each(|chunk| chunk.help());
            let _: JoinHandle<()> = std::thread::Builder::new().name(format!("evaluate-{index}")).spawn(body)?;
            Ok(queue)
        };
        Ok(Self { queues: (0..threads).map(start).collect::<Result<_, _>>()? })
    }

    /// True where there is anybody.
    pub(super) fn are_any(&self) -> bool {
        !self.queues.is_empty()
    }

    /// Tells the helpers of a chunk, as many as it has work for. One who is still busy is left alone.
    pub(super) fn tell(&self, chunk: &Arc<Ahead>) {
        for queue in self.queues.iter().take(chunk.groups.len() / 2) {
            // A helper that has ended (it panicked, which is a bug) is missed by nobody.
            let _ = queue.try_send(Arc::clone(chunk));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::engine::core::Core;
    use crate::engine::install;
    use crate::ledger::event::EventKind;
    use crate::ledger::types::{Money, ProgramId, Text, TimeMs};
    use crate::rules::ProgramFiles;

    fn asked(compiled: &Arc<Compiled>, number: usize) -> Option<Asked> {
        let event = Arc::new(Event {
            id: Text::new(number.to_string()),
            source: Text::new("till"),
            kind: EventKind::Purchase,
            member: Text::new("m"),
            occurred_at: TimeMs::new(1_780_000_000_000),
            order: None,
            currency: None,
            given_amount: Some(Money::new(i64::try_from(number).unwrap() * 100)),
            items: Vec::new(),
            tenders: Vec::new(),
            context: crate::ledger::event::Context::default(),
            membership: None,
            personal: None,
            attributes: Vec::new(),
        });
        // Every third has to wait for its turn.
        (!number.is_multiple_of(3)).then(|| Asked { compiled: Arc::clone(compiled), event, member: None })
    }

    #[test]
    fn whoever_evaluates_a_group_it_comes_out_the_same_and_in_order() {
        let rules = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("rules/corner_coffee");
        let mut core = Core::default();
        install(&mut core, &[ProgramFiles::load(&rules).unwrap()], TimeMs::EPOCH).unwrap();
        let compiled = core.compiled(ProgramId::new(0));
        let count = GROUP * 3 + 5;
        let chunk = || Ahead::new((0..count).map(|number| asked(compiled, number)));
        let expected: Vec<_> = (0..count).map(|n| asked(compiled, n).map(|asked| asked.evaluate())).collect();
        assert!(expected.iter().flatten().all(|proposal| !proposal.intents.is_empty()));
        let all = |chunk: &Ahead| (0..4).flat_map(|group| chunk.take(group)).collect::<Vec<_>>();

        assert_eq!(all(&chunk()), expected, "by the engine");
        let helped = chunk();
        helped.help();
        assert_eq!(all(&helped), expected, "by a helper");
        let busy = chunk();
        let held = busy.groups[1].lock().unwrap();
        busy.help();
        assert_eq!(busy.take(1), [], "a busy helper is not waited for");
        drop(held);
        assert_eq!(all(&busy), expected, "and what it left is done at its turn");
    }
}

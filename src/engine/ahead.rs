//! What a chunk's turns need and no turn can change, found out before them by helper threads, or by the engine's own where no
//! helper has got to it: which records hold its natural keys, and what its rules propose.
//!
//! An evaluation reads one event and its member as they were when the chunk began, and changes nothing, so it may be done
//! anywhere, twice, or in vain. The engine therefore never waits for a helper: what a helper is still busy with is done
//! again at its turn, and a member that changed meanwhile makes the engine evaluate anew.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, TryLockError};
use std::thread::JoinHandle;

use super::Error;
use crate::ledger::event::Event;
use crate::ledger::member::Member;
use crate::ledger::proposal::Proposal;
use crate::ledger::types::Seq;
use crate::rules::{self, Compiled};
use crate::store::Store;

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

/// The natural keys of a chunk's items, and which records before the chunk's block hold them.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) store: Store,
    /// One an item.
    pub(super) keys: Vec<Option<[u8; 16]>>,
}

impl Keys {
    fn find(&self) -> Result<Vec<Option<Seq>>, Error> {
        let keys: Vec<[u8; 16]> = self.keys.iter().copied().flatten().collect();
        let mut found = self.store.key_seqs(&keys)?.into_iter();
        let mut of_key = |_| found.next().flatten().map(Seq::new);
        Ok(self.keys.iter().map(|key| key.and_then(&mut of_key)).collect())
    }
}

#[derive(Debug)]
enum Group {
    Waiting(Vec<Option<Asked>>),
    Done(Vec<Option<Proposal>>),
    Taken,
}

impl Group {
    /// Evaluates what waits and is not known already. The members are let go at once, so that the engine changes them in
    /// place.
    fn evaluate(&mut self, known: &[Option<Seq>]) {
        if let Self::Waiting(asked) = self {
            let asked = std::mem::take(asked).into_iter().enumerate();
            let is_new = |index: usize| known.get(index).is_none_or(Option::is_none);
            *self =
                Self::Done(asked.map(|(index, one)| one.filter(|_| is_new(index)).map(|one| one.evaluate())).collect());
        }
    }
}

/// What is found out ahead about one chunk; the evaluations in groups of [`GROUP`].
#[derive(Debug)]
pub(super) struct Ahead {
    keys: Option<Keys>,
    known: OnceLock<Vec<Option<Seq>>>,
    groups: Vec<Mutex<Group>>,
}

impl Ahead {
    /// A chunk's keys, and its evaluations in order: nothing for what has none or must wait for its turn.
    pub(super) fn new(keys: Option<Keys>, asked: impl Iterator<Item = Option<Asked>>) -> Self {
        let mut asked = asked.peekable();
        let mut groups = Vec::new();
        while asked.peek().is_some() {
            groups.push(Mutex::new(Group::Waiting(asked.by_ref().take(GROUP).collect())));
        }
        Self { keys, known: OnceLock::new(), groups }
    }

    /// For each item, the record on disk that holds its key.
    pub(super) fn known(&self) -> Result<&[Option<Seq>], Error> {
        if self.known.get().is_none() {
            let found = self.keys.as_ref().map_or_else(|| Ok(Vec::new()), Keys::find)?;
            // Whoever was first found the same.
            drop(self.known.set(found));
        }
        Ok(self.known.get().map_or(&[], Vec::as_slice))
    }

    /// What is known of a group's items so far.
    fn known_of(&self, group: usize) -> &[Option<Seq>] {
        self.known.get().and_then(|known| known.get(group * GROUP..)).unwrap_or_default()
    }

    /// The proposals of a group, evaluated here where nobody has begun; nothing where a helper is busy with them.
    pub(super) fn take(&self, index: usize) -> Vec<Option<Proposal>> {
        let mut group = match self.groups.get(index).map(Mutex::try_lock) {
            Some(Ok(group)) => group,
            Some(Err(TryLockError::Poisoned(poisoned))) => poisoned.into_inner(),
            Some(Err(TryLockError::WouldBlock)) | None => return Vec::new(),
        };
        group.evaluate(self.known_of(index));
        match std::mem::replace(&mut *group, Group::Taken) {
            Group::Done(proposals) => proposals,
            Group::Waiting(_) | Group::Taken => Vec::new(),
        }
    }

    /// A helper's part: the keys, then groups from the last, which the engine needs latest, to the first. What cannot be
    /// read is left to the engine, which says why.
    fn help(&self) {
        drop(self.known());
        for (index, group) in self.groups.iter().enumerate().rev() {
            match group.try_lock() {
                Ok(mut group) => group.evaluate(self.known_of(index)),
                Err(TryLockError::Poisoned(poisoned)) => {
                    PoisonError::into_inner(poisoned).evaluate(self.known_of(index));
                }
                Err(TryLockError::WouldBlock) => {}
            }
        }
    }
}

/// The helper threads. They have ended once this is dropped.
#[derive(Debug)]
pub(super) struct Helpers {
    threads: Vec<(SyncSender<Arc<Ahead>>, JoinHandle<()>)>,
}

impl Helpers {
    /// Starts so many threads.
    pub(super) fn start(threads: usize) -> std::io::Result<Self> {
        let start = |index: usize| -> std::io::Result<_> {
            let (queue, chunks): (_, Receiver<Arc<Ahead>>) = sync_channel(WAITING_CHUNKS);
            let body = move || chunks.iter().for_each(|chunk| chunk.help());
            Ok((queue, std::thread::Builder::new().name(format!("evaluate-{index}")).spawn(body)?))
        };
        Ok(Self { threads: (0..threads).map(start).collect::<Result<_, _>>()? })
    }

    /// Tells the helpers of a chunk, as many as it has work for. One who is still busy is left alone.
    pub(super) fn tell(&self, chunk: &Arc<Ahead>) {
        for (queue, _) in self.threads.iter().take(chunk.groups.len() / 2) {
            // A helper that has ended (it panicked, which is a bug) is missed by nobody.
            let _ = queue.try_send(Arc::clone(chunk));
        }
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        for (queue, thread) in self.threads.drain(..) {
            drop(queue);
            // One that panicked has said so.
            drop(thread.join());
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
        let chunk = || Ahead::new(None, (0..count).map(|number| asked(compiled, number)));
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

//! The committer: appends each block with one sync and only then answers, in block order.
//!
//! After a failed append it answers nothing more, ever: nobody knows what is on disk until the journal is read again.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Instant;

use super::block::{Release, Rows, Sealed};
use super::projector::Projection;
use super::shared::Shared;
use super::{Error, vault};
use crate::journal::block::encode_block_in;
use crate::journal::log::Log;
use crate::ledger::record::Record;

/// Rows that are handed to the projector together.
const PROJECTED_ROWS_MIN: usize = 1_024;

/// Runs until the engine is gone or an append fails.
pub(super) fn run(
    mut log: Box<dyn Log>,
    blocks: &Receiver<Sealed>,
    projector: &SyncSender<Projection>,
    shared: &Arc<Shared>,
) {
    let mut buffer = Vec::new();
    let mut waiting = Rows::default();
    while let Ok(sealed) = blocks.recv() {
        if let Err(error) = append(log.as_mut(), &sealed, shared, &mut buffer) {
            shared.fail(error.to_string());
            return;
        }
        let Sealed { records, releases, views, forgotten, rows, barrier } = sealed;
        for (key, member) in views {
            shared.views.publish(key, member);
        }
        for one in releases {
            release(one, &records, shared);
        }
        for key in &forgotten {
            shared.views.remove(key);
        }
        waiting.add(rows);
        // Small blocks come thousands a second; the projector need not wake for each. One without records closes a pause.
        if waiting.len() >= PROJECTED_ROWS_MIN || records.is_empty() || barrier.is_some() {
            let rows = std::mem::take(&mut waiting);
            if projector.send(Projection { rows, barrier }).is_err() {
                return;
            }
        }
    }
    // Whoever stopped the engine has sent a barrier, so that nothing waits; after a failure the journal has it all.
}

fn append(log: &mut dyn Log, sealed: &Sealed, shared: &Shared, buffer: &mut Vec<u8>) -> Result<(), Error> {
    let Some(first) = sealed.records.first() else { return Ok(()) };
    let head = log.head();
    let mut telling = vault::seal_all(&shared.store, &sealed.records)?.into_iter().peekable();
    let written = sealed.records.iter().enumerate().map(|(at, record)| match telling.next_if(|(of, _)| *of == at) {
        Some((_, sealed)) => Cow::Owned(sealed),
        None => Cow::Borrowed(record),
    });
    let block = encode_block_in(std::mem::take(buffer), first.seq, &head.hash, written)?;
    let started = Instant::now();
    let head = log.append(&head, &block)?;
    shared.metrics.block(sealed.records.len(), started.elapsed());
    let last = sealed.records.last().map_or(first.seq, |record| record.seq);
    assert_eq!(head.next, last.next(), "a block ends with its last record");
    shared.note_durable(last, head.hash);
    vault::forget(&shared.store, &sealed.records)?;
    *buffer = block.into_bytes();
    Ok(())
}

/// Says one thing. Whoever asked may be gone; that is theirs to know.
fn release(release: Release, records: &Arc<Vec<Record>>, shared: &Shared) {
    match release {
        Release::Work { reply, pending, items } => drop(reply.send((Arc::clone(records), pending, items))),
        Release::Member { reply, key, member } => {
            if let Some(member) = &member {
                shared.views.publish(key, Arc::clone(member));
            }
            drop(reply.send(member));
        }
        Release::Find { reply, found } => drop(reply.send(found)),
        Release::Simulated { reply, result } => drop(reply.send(*result)),
        Release::Cases { reply, page } => drop(reply.send(page)),
        Release::Entries { reply, entries } => drop(reply.send(entries)),
        Release::Stats { reply, stats } => drop(reply.send(stats)),
        Release::Counters { reply, counters } => drop(reply.send(counters)),
        Release::Kin { reply, view } => drop(reply.send(view)),
        Release::Clock { reply, result } => drop(reply.send(result)),
        Release::Rules { reply, outcome, views } => {
            if let Some(views) = views {
                shared.publish_programs(views);
            }
            drop(reply.send(outcome));
        }
        Release::Programs(views) => shared.publish_programs(views),
    }
}

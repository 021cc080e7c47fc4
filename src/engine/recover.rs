//! Opening a folder: the views as of their mark, then every record after it, with the chain verified on the way.
//!
//! Rows that another version wrote are not gone on with: they may lack what it did not derive, and what a later one would.
//! Replay runs no script. Memory stays within the cache's budget: rows are written as the replay goes.

use std::sync::Arc;

use super::acts::latest_row;
use super::cache::Cache;
use super::checkpoint::Checkpoint;
use super::core::Core;
use super::install;
use super::log::RocksLog;
use super::projector::Projector;
use super::shared::Shared;
use super::{Error, vault};
use crate::fraud::rings::keys_observed;
use crate::journal::chain::follow;
use crate::journal::codec;
use crate::journal::log::Log;
use crate::ledger::record::{Effect, Input, Record};
use crate::ledger::types::{MemberKey, Seq};
use crate::store::keys::natural_key;

/// Brings the core to the journal's end. The projector writes rows as it goes.
pub(super) fn recover(
    core: &mut Core,
    cache: &mut Cache,
    checkpoint: &mut Checkpoint,
    log: &RocksLog,
    shared: &Arc<Shared>,
    progress: &mut dyn FnMut(Seq, Seq),
) -> Result<(), Error> {
    let store = &shared.store;
    if store.formats()?.as_deref() != Some(&codec::ROW_FORMATS) {
        if store.mark()?.is_some() {
            tracing::info!("the views are of another version: they are built again from the journal");
        }
        store.drop_views()?;
        store.note_formats(&codec::ROW_FORMATS)?;
    }
    if let Some((mark, registry)) = store.mark()? {
        let registry = codec::decode_registry(&registry)?;
        core.state.seq = Seq::new(mark);
        core.state.now = registry.now;
        core.state.programs = registry.programs;
        core.state.rollouts = registry.rollouts;
        shared.note_mark(mark);
        for row in store.desk_rows()? {
            core.state.desk.restore(codec::decode_desk(&row)?);
        }
    }
    core.take_touched();
    core.rings.take_touched(core.seq());
    install::recorded(core, store)?;
    shared.publish_programs(install::views(core));
    let head = log.head();
    shared.note_durable(Seq::new(head.next.get() - 1), head.hash);
    let from = core.seq().next();
    if from >= head.next {
        return Ok(());
    }
    let mut projector = Projector::new(Arc::clone(shared));
    let mut failed = None;
    follow(log, from, &mut |block| {
        let opened = vault::records(store, block).and_then(|records| {
            // A stop may have come between an erasure and the end of its key.
            vault::forget(store, &records)?;
            Ok(records)
        });
        let records = opened.map_err(|error| crate::journal::Error::Log(error.to_string()))?;
        let fresh: Vec<Record> = records.into_iter().filter(|record| record.seq >= from).collect();
        progress(core.seq(), head.next);
        let outcome = replay_block(core, cache, shared, &mut projector, checkpoint, &fresh);
        outcome.map_err(|error| {
            let what = error.to_string();
            failed = Some(error);
            crate::journal::Error::Log(what)
        })
    })
    .map_err(|error| failed.take().unwrap_or(Error::Journal(error)))?;
    projector.write()?;
    shared.publish_programs(install::views(core));
    Ok(())
}

fn replay_block(
    core: &mut Core,
    cache: &mut Cache,
    shared: &Arc<Shared>,
    projector: &mut Projector,
    checkpoint: &mut Checkpoint,
    records: &[Record],
) -> Result<(), Error> {
    let store = &shared.store;
    let parties = records.iter().flat_map(|record| {
        record.parties.iter().map(|party| MemberKey { program: record.program, id: party.member.clone() })
    });
    cache.fetch_members(core, store, parties)?;
    Cache::fetch_rings(core, store, records.iter().flat_map(keys_observed))?;
    for record in records {
        core.replay(record)?;
        let enrolled = matches!(record.effects.first(), Some(Effect::Enroll { .. }));
        if let (true, Some(party)) = (enrolled, record.parties.first()) {
            cache.note_enrolled(MemberKey { program: record.program, id: party.member.clone() });
        }
        if matches!(record.input, Input::Ruleset(_) | Input::Rules(..)) {
            // Later records' due times need the version that was in force with them; reading it back is cheap and rare.
            install::recorded(core, store)?;
            shared.publish_programs(install::views(core));
        }
    }
    let mut rows = checkpoint.some(core, true);
    rows.keys = records.iter().flat_map(|record| key_row(record).into_iter().chain(latest_row(record))).collect();
    rows.keys_until = core.seq();
    projector.take(rows);
    projector.write()?;
    cache.evict(core, shared.mark());
    Ok(())
}

/// The natural key's row of a record.
fn key_row(record: &Record) -> Option<([u8; 16], u64)> {
    let key = record.input.natural_key()?;
    Some((natural_key(record.program, key.source, key.id), record.seq.get()))
}

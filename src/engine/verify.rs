//! Verification of a stopped ledger: everything counted again from the journal, and compared with what the views hold.

use super::cache::{encode_ring, ring_row_key};
use super::core::Core;
use super::log::RocksLog;
use super::review::desk_key;
use super::{Error, vault};
use crate::journal::chain::{Walked, follow};
use crate::journal::codec;
use crate::journal::log::Log;
use crate::ledger::audit::audit;
use crate::ledger::desk::DeskRow;
use crate::ledger::record::Record;
use crate::ledger::types::{MemberKey, Seq};
use crate::store::Store;
use crate::store::keys::natural_key;

/// Keys looked up at once.
const LOOKUP: usize = 4_096;

/// What a verification saw.
#[derive(Debug)]
pub struct Verified {
    /// The walk along the chain.
    pub walked: Walked,
    /// Members of all programs.
    pub members: u64,
    /// BLAKE3 of the whole state: the same for the same journal, on any machine.
    pub state_hash: [u8; 32],
    /// Rows of the views that were compared.
    pub rows: u64,
    /// Whether the views are of another version, and so were not compared: the next start builds them again.
    pub outdated_views: bool,
    /// What does not agree, in words; empty where all does.
    pub found: Vec<String>,
}

/// Replays the whole journal in memory, checking each record's balances on the way, recounts the books, and compares every row
/// of the views. `progress` is told the sequence reached and the one to reach.
///
/// # Errors
/// Where the chain is broken, or a record left another balance than it says: what follows could not be trusted.
pub fn verify(store: &Store, progress: &mut dyn FnMut(Seq, Seq)) -> Result<Verified, Error> {
    let written = store.mark()?.map_or(Seq::ZERO, |(mark, _)| Seq::new(mark));
    let outdated_views = written > Seq::ZERO && store.formats()?.as_deref() != Some(&codec::ROW_FORMATS);
    let mark = if outdated_views { Seq::ZERO } else { written };
    let log = RocksLog::open(store.clone())?;
    let end = log.head().next;
    let mut core = Core::default();
    let mut failed = None;
    let mut rows = 0;
    let mut found = Vec::new();
    let walked = follow(&log, Seq::new(1), &mut |block| {
        let records = vault::records(store, block).map_err(|error| crate::journal::Error::Log(error.to_string()))?;
        let replayed = records.iter().try_for_each(|record| {
            core.replay(record)?;
            // The desk's rows are exactly as of the mark, and so are compared when the replay is there.
            if record.seq == mark {
                rows += compare_desk(store, &core, &mut found)?;
            }
            Ok(())
        });
        let outcome = replayed.and_then(|()| compare_keys(store, &records, mark, &mut found));
        progress(core.seq(), end);
        outcome.map(|compared| rows += compared).map_err(|error| {
            let what = error.to_string();
            failed = Some(error);
            crate::journal::Error::Log(what)
        })
    })
    .map_err(|error| failed.take().unwrap_or(Error::Journal(error)))?;
    found.extend(audit(&core.state));
    rows += compare_members(store, &core, mark, &mut found)?;
    rows += compare_rings(store, &core, mark, &mut found)?;
    let members = core.state.members.len() as u64;
    Ok(Verified { walked, members, state_hash: state_hash(&core), rows, outdated_views, found })
}

/// Every case in memory and all numbers must be in their rows.
fn compare_desk(store: &Store, core: &Core, found: &mut Vec<String>) -> Result<u64, Error> {
    let rows = core.state.desk.rows();
    for row in &rows {
        let found_row = store.desk_row(&desk_key(row))?;
        if found_row.as_ref() != Some(&codec::encode_desk(row)) {
            let what = match row {
                DeskRow::Case(case) => format!("of case {}", case.id),
                DeskRow::Entry(entry) => format!("of the list entry {}", entry.value),
                DeskRow::Named(named) => format!("of what case {} names", named.case),
                DeskRow::HeldOut(_) => "of denials that were held instead".to_owned(),
                DeskRow::Kin(row) => format!("of who is tied to whom {row:?}"),
                DeskRow::Stats(program, _) => format!("of the fraud rules of program {}", program.get()),
            };
            found.push(format!("the row {what} is not what the journal says"));
        }
    }
    Ok(rows.len() as u64)
}

/// Every natural key up to the mark must lead to its record.
fn compare_keys(store: &Store, records: &[Record], mark: Seq, found: &mut Vec<String>) -> Result<u64, Error> {
    let keyed: Vec<([u8; 16], Seq)> = records
        .iter()
        .filter(|record| record.seq <= mark)
        .filter_map(|record| {
            let key = record.input.natural_key()?;
            Some((natural_key(record.program, key.source, key.id), record.seq))
        })
        .collect();
    let keys: Vec<[u8; 16]> = keyed.iter().map(|(key, _)| *key).collect();
    for ((_, seq), row) in keyed.iter().zip(store.key_seqs(&keys)?) {
        if row != Some(seq.get()) {
            found.push(format!("the key of record {seq} leads to {row:?}"));
        }
    }
    Ok(keyed.len() as u64)
}

fn compare_members(store: &Store, core: &Core, mark: Seq, found: &mut Vec<String>) -> Result<u64, Error> {
    let keys: Vec<MemberKey> = core.state.members.keys().cloned().collect();
    let mut compared = 0;
    for some in keys.chunks(LOOKUP) {
        for (key, row) in some.iter().zip(store.member_rows(some)?) {
            let Some(member) = core.state.member(key).filter(|member| member.last <= mark) else { continue };
            compared += 1;
            if row.as_ref() != Some(&codec::encode_member(member)) {
                found.push(format!("the row of member {:?} is not what the journal says", key.id));
            }
        }
    }
    Ok(compared)
}

fn compare_rings(store: &Store, core: &Core, mark: Seq, found: &mut Vec<String>) -> Result<u64, Error> {
    let settled: Vec<_> =
        core.rings.iter().filter(|(_, ring)| ring.last() > Seq::ZERO && ring.last() <= mark).collect();
    for some in settled.chunks(LOOKUP) {
        let keys: Vec<Vec<u8>> = some.iter().map(|(key, _)| ring_row_key(key)).collect();
        for ((key, ring), row) in some.iter().zip(store.ring_rows(&keys)?) {
            if row.as_ref() != Some(&encode_ring(ring)) {
                found.push(format!("the ring {:?} is not what the journal says", key.key));
            }
        }
    }
    Ok(settled.len() as u64)
}

/// BLAKE3 of programs, members and rings, each in the order of its key.
#[must_use]
pub fn state_hash(core: &Core) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for program in &core.state.programs {
        hasher.update(&codec::encode_program(program));
    }
    for row in core.state.desk.rows() {
        hasher.update(&desk_key(&row));
        hasher.update(&codec::encode_desk(&row));
    }
    for rollout in &core.state.rollouts {
        hasher.update(&codec::encode_rollout(rollout));
    }
    let mut members: Vec<_> = core.state.members.iter().collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    for (key, member) in members {
        hasher.update(&key.program.get().to_be_bytes());
        hasher.update(key.id.as_bytes());
        hasher.update(&codec::encode_member(member));
    }
    // A ring that was only looked up holds nothing; it is as good as none.
    let mut rings: Vec<_> = core.rings.iter().filter(|(_, ring)| ring.last() > Seq::ZERO).collect();
    rings.sort_unstable_by_key(|(key, _)| *key);
    for (key, ring) in rings {
        hasher.update(&ring_row_key(key));
        hasher.update(&encode_ring(ring));
    }
    *hasher.finalize().as_bytes()
}

//! What people tell of themselves lies in the journal under a key of the member's own: made at random with the first record that
//! needs it, kept beside the blocks, destroyed when the member is erased or becomes another one.
//!
//! The committer seals, whoever reads the journal opens. A key is written before the block that needs it, into the same log of
//! the same database, so that the block's sync covers both. A record whose key is gone is read without what it told.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use super::Error;
use crate::journal::block::BlockReader;
use crate::journal::codec;
use crate::ledger::private::{Private, PrivateEffect};
use crate::ledger::record::{Effect, Record, Status};
use crate::ledger::types::{ProgramId, Seq};
use crate::store::Store;
use crate::store::persons::PersonKey;

const NONCE_BYTES: usize = 24;

/// How much of a record could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// All of it.
    Whole,
    /// What it told of a person is unknown: they were erased.
    Blank,
}

/// The records of a block that tell of a person, by their place in it, as they are written.
pub(super) fn seal_all(store: &Store, records: &[Record]) -> Result<Vec<(usize, Record)>, Error> {
    let mut all = Vec::new();
    let Some(first) = records.first().map(|record| record.seq) else { return Ok(all) };
    for (at, record) in records.iter().enumerate().filter(|(_, record)| Private::is_in(record)) {
        let mut sealed = record.clone();
        let private = Private::take_from(&mut sealed);
        let party = Private::party(record);
        let Some(whose) = record.parties.get(usize::from(party)) else { continue };
        if private == Private::default() {
            continue;
        }
        let row = row_of(record.program, &whose.member);
        // What is told after an erasure of the same block needs a key that the erasure does not destroy.
        let before = records.get(..at).unwrap_or_default();
        let erased = before.iter().rev().find(|known| destroyed(known).any(|gone| gone == row)).map(|known| known.seq);
        let key = key_for(store, &row, (first, erased, record.seq))?;
        let bytes = encrypt(&key, &private, &bound_to(record.seq, &row))?;
        sealed.effects.push(Effect::Private(PrivateEffect::Sealed { party, bytes }));
        all.push((at, sealed));
    }
    Ok(all)
}

/// The key of a member for a record of the block that begins with `first`; made where there is none. One that is left over from a
/// block that never was is not used: nobody could say which erasures destroy it.
fn key_for(store: &Store, row: &[u8], (first, erased, seq): (Seq, Option<Seq>, Seq)) -> Result<PersonKey, Error> {
    let fits = |key: &PersonKey| match erased {
        None => key.since <= first.get(),
        Some(erased) => key.since > erased.get() && key.since <= seq.get(),
    };
    if let Some(known) = store.person_keys(row)?.into_iter().rfind(fits) {
        return Ok(known);
    }
    let mut key = PersonKey { secret: [0; 32], since: erased.map_or(first, |_| seq).get() };
    getrandom::fill(&mut key.secret).map_err(random)?;
    store.put_person_key(row, &key)?;
    Ok(key)
}

fn encrypt(key: &PersonKey, private: &Private, bound_to: &[u8]) -> Result<Vec<u8>, Error> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(random)?;
    let payload = Payload { msg: &codec::encode_private(private), aad: bound_to };
    let cipher = XChaCha20Poly1305::new(&Key::from(key.secret));
    let text = cipher.encrypt(&XNonce::from(nonce), payload).expect("a record is shorter than the cipher can take");
    Ok([nonce.as_slice(), &text].concat())
}

fn random(error: getrandom::Error) -> Error {
    Error::Random(error.to_string())
}

/// Puts back what was sealed of a record, where its key is there still.
pub(super) fn open(store: &Store, record: &mut Record) -> Result<Opened, Error> {
    let Some(Effect::Private(PrivateEffect::Sealed { .. })) = record.effects.last() else { return Ok(Opened::Whole) };
    let Some(Effect::Private(PrivateEffect::Sealed { party, bytes })) = record.effects.pop() else {
        return Ok(Opened::Whole);
    };
    let Some(whose) = record.parties.get(usize::from(party)) else { return Ok(Opened::Blank) };
    let row = row_of(record.program, &whose.member);
    let Some((nonce, text)) = bytes.split_first_chunk::<NONCE_BYTES>() else { return Ok(Opened::Blank) };
    for key in store.person_keys(&row)? {
        let cipher = XChaCha20Poly1305::new(&Key::from(key.secret));
        let payload = Payload { msg: text, aad: &bound_to(record.seq, &row) };
        if let Ok(private) = cipher.decrypt(&XNonce::from(*nonce), payload) {
            codec::decode_private(&private)?.put_into(record);
            return Ok(Opened::Whole);
        }
    }
    Ok(Opened::Blank)
}

/// A record of a block, opened.
pub(super) fn record(store: &Store, block: &BlockReader<'_>, seq: Seq) -> Result<Option<(Record, Opened)>, Error> {
    let Some(mut record) = block.record(seq)? else { return Ok(None) };
    let opened = open(store, &mut record)?;
    Ok(Some((record, opened)))
}

/// All records of a block, opened.
pub(super) fn records(store: &Store, block: &BlockReader<'_>) -> Result<Vec<Record>, Error> {
    block
        .records()
        .map(|record| {
            let mut record = record?;
            open(store, &mut record)?;
            Ok(record)
        })
        .collect()
}

/// Destroys the keys of whom these records erase or make part of another. Keys made later stay.
pub(super) fn forget(store: &Store, records: &[Record]) -> Result<(), Error> {
    for record in records {
        for row in destroyed(record) {
            store.destroy_person_keys(&row, record.seq.get())?;
        }
    }
    Ok(())
}

/// The rows of those whose keys a record destroys.
fn destroyed(record: &Record) -> impl Iterator<Item = Vec<u8>> + '_ {
    let effects = record.effects.iter().filter(|_| record.status == Status::Posted);
    effects.filter_map(|effect| match effect {
        Effect::Erased { party } | Effect::Merged { party, .. } => {
            let whose = record.parties.get(usize::from(*party))?;
            Some(row_of(record.program, &whose.member))
        }
        _ => None,
    })
}

/// Where a member's keys lie. It begins with a length, so that none begins another's.
fn row_of(program: ProgramId, member: &str) -> Vec<u8> {
    let length = u16::try_from(member.len()).unwrap_or(u16::MAX);
    [program.get().to_be_bytes().as_slice(), &length.to_be_bytes(), member.as_bytes()].concat()
}

/// What a sealed text belongs to, so that it cannot be moved to another record.
fn bound_to(seq: Seq, row: &[u8]) -> Vec<u8> {
    [seq.get().to_be_bytes().as_slice(), row].concat()
}

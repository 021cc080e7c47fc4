//! The store against a disk: what was synced is there after any end of the process, and nothing is lost quietly.

mod crash;
mod published;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::ledger::types::{MemberKey, ProgramId, Text, TimeMs};

fn config() -> StoreConfig {
    StoreConfig { cache_bytes: 8 << 20, write_buffer_bytes: 8 << 20 }
}

fn open(dir: &TempDir) -> Result<Store, Error> {
    Store::open(dir.path().join("data"), &config())
}

fn member(id: &str) -> MemberKey {
    MemberKey { program: ProgramId::new(1), id: Text::new(id) }
}

fn write(key: &MemberKey, row: &str, previous_due: Option<i64>, next_due: Option<i64>) -> MemberWrite {
    MemberWrite {
        key: key.clone(),
        row: row.into(),
        previous_due: previous_due.map(TimeMs::new),
        next_due: next_due.map(TimeMs::new),
    }
}

#[test]
fn blocks_are_there_after_reopening() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).unwrap();
    assert!(store.last_block().unwrap().is_none());
    for (first, bytes) in [(1, "one"), (4, "four"), (300, "three hundred")] {
        store.append_block(first, bytes.as_bytes()).unwrap();
    }
    drop(store);
    let store = open(&dir).unwrap();
    assert_eq!(store.last_block().unwrap().unwrap(), (300, b"three hundred".to_vec()));
    assert_eq!(store.block_with(299).unwrap().unwrap().0, 4);
    assert_eq!(store.block_with(4).unwrap().unwrap().0, 4);
    assert!(store.block_with(0).unwrap().is_none());
    assert_eq!(store.read_block(5, |first, bytes| (first, bytes.len())).unwrap(), Some((4, 4)));
    let firsts = |from| store.blocks_from(from).map(|block| block.unwrap().0).collect::<Vec<_>>();
    assert_eq!(firsts(0), [1, 4, 300]);
    assert_eq!(firsts(3), [1, 4, 300]);
    assert_eq!(firsts(4), [4, 300]);
    assert_eq!(firsts(1_000), [300]);
}

#[test]
fn a_block_is_never_written_over() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).unwrap();
    store.append_block(5, b"five").unwrap();
    assert!(matches!(store.append_block(5, b"again"), Err(Error::NotNext { last: 5, found: 5 })));
    assert!(matches!(store.append_block(4, b"before"), Err(Error::NotNext { .. })));
    assert!(store.failed().is_none());
    assert_eq!(store.last_block().unwrap().unwrap().1, b"five");
}

#[test]
fn two_cannot_open_one_folder() {
    let dir = TempDir::new().unwrap();
    let first = open(&dir).unwrap();
    assert!(matches!(open(&dir), Err(Error::InUse(_))));
    drop(first);
    open(&dir).unwrap();
}

#[test]
fn other_formats_are_refused() {
    let dir = TempDir::new().unwrap();
    drop(open(&dir).unwrap());
    let format = dir.path().join("data/FORMAT");
    fs::write(&format, "tallystick 9\n").unwrap();
    let error = open(&dir).unwrap_err().to_string();
    assert!(error.contains("\"tallystick 9\"") && error.contains("\"tallystick 1\""), "{error}");
    fs::remove_file(&format).unwrap();
    assert!(matches!(open(&dir), Err(Error::NotAStore(_))));
}

#[test]
fn views_are_read_as_written() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).unwrap();
    assert_eq!(store.mark().unwrap(), None);
    let (ann, bob) = (member("ann"), member("bob"));
    let key = |id| keys::natural_key(ProgramId::new(1), "pos", id);
    store
        .write_views(ViewBatch {
            mark: Some((7, b"registry".to_vec())),
            members: vec![write(&bob, "bob row", None, Some(50)), write(&ann, "ann row", None, Some(-20))],
            rings: vec![(b"ring".to_vec(), b"ring row".to_vec())],
            due_seen: Vec::new(),
            desk: vec![(b"case".to_vec(), b"older".to_vec()), (b"case".to_vec(), b"case row".to_vec())],
            keys: vec![(key("r-2"), 7), (key("r-1"), 6)],
        })
        .unwrap();
    let rows = store.member_rows(&[member("nobody"), bob.clone(), ann.clone()]).unwrap();
    assert_eq!(rows, [None, Some(b"bob row".to_vec()), Some(b"ann row".to_vec())]);
    assert_eq!(store.ring_rows(&[b"ring".to_vec(), b"no".to_vec()]).unwrap(), [Some(b"ring row".to_vec()), None]);
    assert_eq!(store.key_seqs(&[key("r-1"), key("r-3"), key("r-2")]).unwrap(), [Some(6), None, Some(7)]);
    assert_eq!(store.key_seqs(&[]).unwrap(), []);
    assert_eq!(store.desk_row(b"case").unwrap(), Some(b"case row".to_vec()));
    assert_eq!(store.desk_rows().unwrap(), [b"case row".to_vec()]);
    assert_eq!(store.mark().unwrap(), Some((7, b"registry".to_vec())));

    let due = |at, limit| store.due_until(None, TimeMs::new(at), limit).unwrap();
    assert_eq!(due(49, 9), [(TimeMs::new(-20), ann.clone())]);
    assert_eq!(due(50, 9).len(), 2);
    assert_eq!(due(50, 1), [(TimeMs::new(-20), ann.clone())]);
    assert_eq!(due(i64::MAX, 9).len(), 2);
    let members = vec![write(&ann, "ann", Some(-20), Some(80)), write(&bob, "bob", Some(50), None)];
    store.write_views(ViewBatch { mark: Some((8, Vec::new())), members, ..ViewBatch::default() }).unwrap();
    assert_eq!(due(1_000, 9), [(TimeMs::new(80), ann)]);
}

#[test]
fn a_due_row_that_was_looked_at_goes_unless_it_is_due_again() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).unwrap();
    let (ann, bob) = (member("ann"), member("bob"));
    let due = || store.due_until(None, TimeMs::NEVER, 9).unwrap();
    let members = vec![write(&ann, "ann", None, Some(10)), write(&bob, "bob", None, Some(20))];
    store.write_views(ViewBatch { mark: Some((1, Vec::new())), members, ..ViewBatch::default() }).unwrap();
    let due_seen = vec![(TimeMs::new(10), ann.clone()), (TimeMs::new(20), bob)];
    // Meanwhile something with the same due time came to Ann: the row before and the row after are one.
    let members = vec![write(&ann, "ann", Some(10), Some(10))];
    store.write_views(ViewBatch { mark: Some((2, Vec::new())), members, due_seen, ..ViewBatch::default() }).unwrap();
    assert_eq!(due(), [(TimeMs::new(10), ann)]);
}

#[test]
fn views_survive_a_clean_end_and_can_be_dropped() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).unwrap();
    store.append_block(1, b"block").unwrap();
    let batch = |mark| ViewBatch {
        mark: Some((mark, Vec::new())),
        members: vec![write(&member("ann"), "row", None, Some(5))],
        rings: vec![(vec![0xff; 40], b"ring".to_vec())],
        keys: vec![([0xff; 16], mark)],
        ..ViewBatch::default()
    };
    store.write_views(batch(3)).unwrap();
    drop(store);
    let store = open(&dir).unwrap();
    assert_eq!(store.mark().unwrap().unwrap().0, 3);
    store.drop_views().unwrap();
    let assert_empty = |store: &Store| {
        assert_eq!(store.mark().unwrap(), None);
        assert_eq!(store.member_rows(&[member("ann")]).unwrap(), [None]);
        assert_eq!(store.ring_rows(&[vec![0xff; 40]]).unwrap(), [None]);
        assert_eq!(store.key_seqs(&[[0xff; 16]]).unwrap(), [None]);
        assert_eq!(store.due_until(None, TimeMs::NEVER, 9).unwrap(), []);
        assert_eq!(store.last_block().unwrap().unwrap().0, 1);
    };
    assert_empty(&store);
    drop(store);
    assert_empty(&open(&dir).unwrap());

    let store = open(&dir).unwrap();
    store.write_views(batch(4)).unwrap();
    store.flush_views().unwrap();
    drop(store);
    fs::remove_dir_all(dir.path().join("data/views")).unwrap();
    assert_empty(&open(&dir).unwrap());
}

#[test]
fn a_checkpoint_is_a_store() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).unwrap();
    store.append_block(1, b"one").unwrap();
    store
        .write_views(ViewBatch { mark: Some((1, Vec::new())), keys: vec![([7; 16], 1)], ..ViewBatch::default() })
        .unwrap();
    let copy = dir.path().join("copy");
    store.checkpoint(&copy).unwrap();
    assert!(matches!(store.checkpoint(&copy), Err(Error::Io { .. })));
    store.append_block(2, b"two").unwrap();
    let copied = Store::open(&copy, &config()).unwrap();
    assert_eq!(copied.last_block().unwrap().unwrap(), (1, b"one".to_vec()));
    assert_eq!(copied.key_seqs(&[[7; 16]]).unwrap(), [Some(1)]);
    assert_eq!(copied.mark().unwrap().unwrap().0, 1);
    copied.append_block(2, b"other two").unwrap();
    assert_eq!(store.last_block().unwrap().unwrap().1, b"two");
    assert!(store.sizes().unwrap().memory_bytes > 0);
}

/// The journal's write-ahead log files, oldest first.
fn wal_files(data: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(data.join("journal"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    files.sort();
    files
}

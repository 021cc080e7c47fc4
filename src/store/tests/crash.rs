//! Ends without a goodbye, and disks that lie.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::*;

/// Set for the child process of [`a_killed_process_loses_no_synced_block`].
const CHILD_FOLDER: &str = "TALLYSTICK_TEST_STORE";

/// A block's bytes, told by its first sequence.
fn content(first: u64) -> Vec<u8> {
    let length = 100 + usize::try_from(first % 7_000).unwrap();
    vec![first.to_le_bytes()[0]; length]
}

/// Not a test of its own: the process that is killed. Writes blocks and says after each that it is synced.
#[test]
fn child_writes_until_killed() {
    let Some(data) = std::env::var_os(CHILD_FOLDER) else { return };
    let store = Store::open(data, &config()).unwrap();
    let project = |seq: u64| {
        let keys = vec![(keys::natural_key(ProgramId::new(0), "pos", &seq.to_string()), seq)];
        store.write_views(ViewBatch { mark: Some((seq, Vec::new())), keys, ..ViewBatch::default() }).unwrap();
    };
    let mut first = store.last_block().unwrap().map_or(1, |(last, _)| last + 1);
    let mark = store.mark().unwrap().map_or(0, |(mark, _)| mark);
    (mark + 1..first).for_each(project);
    loop {
        store.append_block(first, &content(first)).unwrap();
        project(first);
        if first.is_multiple_of(64) {
            store.flush_views().unwrap();
        }
        let mut out = std::io::stderr().lock();
        writeln!(out, "synced {first}").unwrap();
        first += 1;
    }
}

#[test]
fn a_killed_process_loses_no_synced_block() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let mut last = 0;
    for round in 1..=6u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::crash::child_writes_until_killed", "--nocapture"])
            .env(CHILD_FOLDER, &data)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut killed = false;
        for line in lines {
            let Some(first) = line.strip_prefix("synced ") else { panic!("the child said: {line}") };
            last = first.parse().unwrap();
            // The kill hits in the middle of some later write; what was said before it arrives still counts.
            if !killed && last >= round * 70 {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        let store = Store::open(&data, &config()).unwrap();
        let blocks: Vec<_> = store.blocks_from(0).map(Result::unwrap).collect();
        assert!(blocks.len() as u64 >= last, "{} of {last} blocks are left", blocks.len());
        for ((first, bytes), expected) in blocks.iter().zip(1..) {
            assert_eq!((*first, bytes), (expected, &content(expected)));
        }
        assert_views_are_whole(&store, blocks.len() as u64);
    }
}

/// Exactly the keys up to the mark are there.
fn assert_views_are_whole(store: &Store, blocks: u64) {
    let mark = store.mark().unwrap().map_or(0, |(mark, _)| mark);
    assert!(mark <= blocks);
    let keys: Vec<_> = (1..=blocks).map(|n| keys::natural_key(ProgramId::new(0), "pos", &n.to_string())).collect();
    for (found, expected) in store.key_seqs(&keys).unwrap().into_iter().zip(1..) {
        assert_eq!(found, (expected <= mark).then_some(expected));
    }
}

/// A folder with ten blocks, as a process leaves it that never closed it.
fn abandoned(dir: &TempDir) -> PathBuf {
    let store = open(dir).unwrap();
    for first in 1..=10 {
        store.append_block(first, &[7; 1_000]).unwrap();
    }
    let copy = dir.path().join("abandoned");
    copy_dir(store.path(), &copy);
    copy
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn an_abandoned_folder_opens_whole() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(abandoned(&dir), &config()).unwrap();
    assert_eq!(store.last_block().unwrap().unwrap().0, 10);
}

/// Without the witness these would open quietly with blocks missing.
#[test]
fn a_vanished_end_is_refused() {
    for lost_bytes in [1, 500, 1_100, 5_000, u64::MAX] {
        let dir = TempDir::new().unwrap();
        let data = abandoned(&dir);
        let wal = wal_files(&data).pop().unwrap();
        let length = fs::metadata(&wal).unwrap().len();
        let file = fs::File::options().write(true).open(&wal).unwrap();
        file.set_len(length.saturating_sub(lost_bytes)).unwrap();
        let error = Store::open(&data, &config()).unwrap_err();
        assert!(matches!(error, Error::LostBlocks { witnessed: 10, .. }), "{lost_bytes}: {error}");
    }
}

#[test]
fn a_torn_write_that_was_never_synced_is_forgiven() {
    let dir = TempDir::new().unwrap();
    let data = abandoned(&dir);
    let wal = wal_files(&data).pop().unwrap();
    let bytes = fs::read(&wal).unwrap();
    // The beginning of one more write, cut short.
    let torn = [bytes.as_slice(), &bytes[..300]].concat();
    fs::write(&wal, torn).unwrap();
    match Store::open(&data, &config()) {
        Ok(store) => assert_eq!(store.last_block().unwrap().unwrap().0, 10),
        // A copy of an earlier write is not what a torn write looks like; refusing it is right too.
        Err(error) => assert!(matches!(error, Error::RocksDb { .. }), "{error}"),
    }
}

#[test]
fn damage_in_the_middle_is_refused() {
    for at in [200, 3_000, 6_500] {
        let dir = TempDir::new().unwrap();
        let data = abandoned(&dir);
        let wal = wal_files(&data).pop().unwrap();
        let mut bytes = fs::read(&wal).unwrap();
        bytes[at] ^= 0x10;
        fs::write(&wal, bytes).unwrap();
        let error = Store::open(&data, &config()).unwrap_err();
        assert!(matches!(error, Error::RocksDb { .. }), "{at}: {error}");
    }
}

#[test]
fn a_vanished_log_is_refused() {
    let dir = TempDir::new().unwrap();
    let data = abandoned(&dir);
    for wal in wal_files(&data) {
        fs::remove_file(wal).unwrap();
    }
    let error = Store::open(&data, &config()).unwrap_err();
    assert!(matches!(error, Error::LostBlocks { .. } | Error::RocksDb { .. }), "{error}");
}

#[test]
fn an_old_witness_says_less_and_a_torn_one_nothing() {
    let dir = TempDir::new().unwrap();
    let data = abandoned(&dir);
    let witness = data.join("WITNESS");
    let mut bytes = fs::read(&witness).unwrap();
    // Block 10 was noted in the second slot; damage there leaves block 9.
    bytes[4_096] ^= 1;
    fs::write(&witness, &bytes).unwrap();
    drop(Store::open(&data, &config()).unwrap());
    fs::remove_file(&witness).unwrap();
    drop(Store::open(&data, &config()).unwrap());
}

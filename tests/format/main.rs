//! The formats on disk, held to bytes that were written before: see `tests/golden/README.md`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod kin;
mod lives;
mod reviews;
mod samples;
mod status;
mod told;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use samples::{block, member, new_ring, program, records, registry, registry_with_plans, registry_with_versions, ring};
use tallystick::journal::block::{BLOCK_VERSION, BlockReader, encode_block};
use tallystick::journal::codec::{
    DESK_VERSION, MEMBER_VERSION, PRIVATE_VERSION, PROGRAM_VERSION, RECORD_VERSION, REGISTRY_VERSION, RING_VERSION,
    decode_desk, decode_member, decode_private, decode_program, decode_record, decode_registry, decode_ring,
    encode_desk, encode_member, encode_private, encode_program, encode_record, encode_registry, encode_ring,
};
use tallystick::ledger::member::Member;
use tallystick::ledger::types::{ProgramId, Seq};
use tallystick::store::keys::natural_key;

/// All samples: name, current version, today's bytes.
fn samples() -> BTreeMap<String, (u8, Vec<u8>)> {
    let mut samples = BTreeMap::new();
    let mut add = |name: &str, version, bytes| {
        assert!(samples.insert(name.to_owned(), (version, bytes)).is_none(), "{name} twice");
    };
    let all = records().into_iter().chain(lives::records()).chain(kin::records());
    let all = all.chain(told::records()).chain(status::records()).chain(status::private_records());
    let all = all.chain(status::unobserved_records()).chain(status::reversed_records());
    for (name, record) in all {
        let mut bytes = Vec::new();
        encode_record(&record, &mut bytes);
        add(&name, RECORD_VERSION, bytes);
    }
    add("member", MEMBER_VERSION, encode_member(&member()));
    add("member-standing", MEMBER_VERSION, encode_member(&lives::member_standing()));
    add("private", PRIVATE_VERSION, encode_private(&status::private()));
    add("member-status", MEMBER_VERSION, encode_member(&status::member_status()));
    add("member-kin", MEMBER_VERSION, encode_member(&kin::member_kin()));
    for (name, row) in kin::rows() {
        add(name, DESK_VERSION, encode_desk(&row));
    }
    add("member-new", MEMBER_VERSION, encode_member(&Member::default()));
    add("program", PROGRAM_VERSION, encode_program(&program()));
    add("registry-plans", REGISTRY_VERSION, encode_registry(&registry_with_plans()));
    add("registry-versions", REGISTRY_VERSION, encode_registry(&registry_with_versions()));
    add("registry", REGISTRY_VERSION, encode_registry(&registry()));
    add("desk-case", DESK_VERSION, encode_desk(&reviews::case()));
    add("desk-stats", DESK_VERSION, encode_desk(&reviews::stats()));
    add("desk-held-out", DESK_VERSION, encode_desk(&reviews::held_out()));
    add("ring", RING_VERSION, encode_ring(&ring()));
    add("ring-new", RING_VERSION, encode_ring(&new_ring()));
    add("block", BLOCK_VERSION, encode_block(Seq::new(1_000_001), &[0xab; 32], &block()).unwrap().bytes().into());
    samples
}

/// Whether bytes of any version decode to the sample of that name.
fn decodes(name: &str, bytes: &[u8]) -> bool {
    match name {
        "member" => decode_member(bytes).unwrap() == member(),
        "member-standing" => decode_member(bytes).unwrap() == lives::member_standing(),
        "member-kin" => decode_member(bytes).unwrap() == kin::member_kin(),
        "private" => decode_private(bytes).unwrap() == status::private(),
        "member-status" => decode_member(bytes).unwrap() == status::member_status(),
        "member-new" => decode_member(bytes).unwrap() == Member::default(),
        "program" => decode_program(bytes).unwrap() == program(),
        "registry" => decode_registry(bytes).unwrap() == registry(),
        "desk-case" => decode_desk(bytes).unwrap() == reviews::case(),
        "desk-held-out" => decode_desk(bytes).unwrap() == reviews::held_out(),
        "desk-stats" => decode_desk(bytes).unwrap() == reviews::stats(),
        "registry-plans" => decode_registry(bytes).unwrap() == registry_with_plans(),
        "registry-versions" => decode_registry(bytes).unwrap() == registry_with_versions(),
        "ring" => decode_ring(bytes).unwrap() == ring(),
        "ring-new" => decode_ring(bytes).unwrap() == new_ring(),
        "block" => {
            let reader = BlockReader::parse(bytes).unwrap();
            let read: Result<Vec<_>, _> = reader.records().collect();
            read.unwrap() == block() && reader.previous() == &[0xab; 32]
        }
        record => {
            if let Some((_, row)) = kin::rows().into_iter().find(|(name, _)| name == &record) {
                return decode_desk(bytes).unwrap() == row;
            }
            let (_, sample) = records()
                .into_iter()
                .chain(lives::records())
                .chain(kin::records())
                .chain(told::records())
                .chain(status::records())
                .chain(status::private_records())
                .chain(status::unobserved_records())
                .chain(status::reversed_records())
                .find(|(name, _)| name == record)
                .expect("a file has a sample");
            decode_record(bytes).unwrap() == (sample, bytes.len())
        }
    }
}

fn golden() -> PathBuf {
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/golden")
}

fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(32) {
        for byte in line {
            write!(text, "{byte:02x}").unwrap();
        }
        text.push('\n');
    }
    text
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}

#[test]
fn todays_bytes_are_the_golden_ones() {
    let add = std::env::var_os("TALLYSTICK_GOLDEN").is_some_and(|value| value == "add");
    for (name, (version, bytes)) in samples() {
        let file = golden().join(format!("{name}.v{version}.hex"));
        if add && !file.exists() {
            fs::write(&file, to_hex(&bytes)).unwrap();
        }
        let expected =
            fs::read_to_string(&file).unwrap_or_else(|_| panic!("no {}: see README.md there", file.display()));
        assert_eq!(to_hex(&bytes), expected, "{name}: the encoding has changed");
    }
}

#[test]
fn golden_bytes_of_every_version_decode() {
    for entry in fs::read_dir(golden()).unwrap() {
        let path = entry.unwrap().path();
        let Some(file) = path.file_name().unwrap().to_str().unwrap().strip_suffix(".hex") else { continue };
        let (name, _version) = file.rsplit_once(".v").expect("files are called <sample>.v<version>.hex");
        assert!(
            decodes(name, &from_hex(&fs::read_to_string(&path).unwrap())),
            "{file} no longer decodes to its sample"
        );
    }
}

#[test]
fn natural_keys_are_frozen() {
    let hex = |program, source, id| to_hex(&natural_key(ProgramId::new(program), source, id));
    assert_eq!(hex(1, "pos-12", "r-1001-0001"), "8b4fea50cc5d6aeed9f0db8c23a000d8\n");
    assert_ne!(hex(1, "pos", "12"), hex(1, "pos1", "2"));
    assert_ne!(hex(1, "pos", "12"), hex(2, "pos", "12"));
}

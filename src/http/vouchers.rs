//! Voucher codes: what a member shows to use a reward. A code names its grant and carries a keyed tag, so it needs no table and
//! cannot be guessed or made up. The key lies in the data folder; who copies the folder copies it too.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::ledger::types::{LotId, ProgramId, Seq};

/// The file in the data folder.
const FILE: &str = "voucher.key";
/// Only the owner may read or write it.
const PRIVATE: u32 = 0o600;
/// Bytes of a tag: nobody finds a code by trying in 2⁶⁴.
const TAG_BYTES: usize = 8;
/// Digits of Crockford's base 32: none is taken for another.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Digits between two hyphens.
const GROUP: usize = 4;

/// Makes codes and reads them.
#[derive(Clone)]
pub struct Vouchers {
    key: [u8; 32],
}

impl std::fmt::Debug for Vouchers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vouchers")
    }
}

impl Vouchers {
    /// Codes under a key.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Codes under the data folder's key, which is made where there is none.
    ///
    /// # Errors
    /// Where the file cannot be read or written, is not a key, or the system gives no randomness.
    pub fn open(data: &Path) -> io::Result<Self> {
        let path = data.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => {
                let key = bytes.try_into().map_err(|_| {
                    io::Error::new(io::ErrorKind::InvalidData, format!("{} is not a key of 32 bytes", path.display()))
                })?;
                return Ok(Self { key });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
        let fresh = path.with_extension("key.new");
        let mut file = File::options().write(true).create(true).truncate(true).mode(PRIVATE).open(&fresh)?;
        file.write_all(&key)?;
        file.sync_all()?;
        fs::rename(&fresh, &path)?;
        File::open(data)?.sync_all()?;
        Ok(Self { key })
    }

    /// The code of a grant.
    #[must_use]
    pub fn code(&self, program: ProgramId, grant: LotId) -> String {
        let mut bytes = Vec::with_capacity(20);
        number(&mut bytes, grant.seq.get());
        number(&mut bytes, u64::from(grant.index));
        let tag = self.tag(program, &bytes);
        bytes.extend_from_slice(&tag);
        write(&bytes)
    }

    /// The grant of a code, however it is grouped and in whichever case; nothing where it is not one of this program's.
    #[must_use]
    pub fn read(&self, program: ProgramId, code: &str) -> Option<LotId> {
        let bytes = parse(code)?;
        let (body, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG_BYTES)?)?;
        // Both are hashed once more, so that how long it takes to compare them says nothing.
        if blake3::hash(tag) != blake3::hash(&self.tag(program, body)) {
            return None;
        }
        let (seq, rest) = take_number(body)?;
        let (index, rest) = take_number(rest)?;
        let id = LotId { seq: Seq::new(seq), index: u16::try_from(index).ok()? };
        rest.is_empty().then_some(id)
    }

    fn tag(&self, program: ProgramId, body: &[u8]) -> [u8; TAG_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&program.get().to_be_bytes());
        hasher.update(body);
        let mut tag = [0; TAG_BYTES];
        hasher.finalize_xof().fill(&mut tag);
        tag
    }
}

/// A number in as few bytes as it has, seven bits each.
fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(lowest(value) | 0x80);
        value >>= 7;
    }
    out.push(lowest(value));
}

const fn lowest(value: u64) -> u8 {
    let [low, ..] = value.to_le_bytes();
    low
}

fn take_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

/// Five bits a digit, from the highest; the last digit is filled up with zeros.
fn write(bytes: &[u8]) -> String {
    let digits = (bytes.len() * 8).div_ceil(5);
    let mut out = String::with_capacity(digits + digits / GROUP);
    for place in 0..digits {
        if place > 0 && place % GROUP == 0 {
            out.push('-');
        }
        let mut digit = 0;
        for bit in place * 5..place * 5 + 5 {
            let set = bytes.get(bit / 8).is_some_and(|byte| byte >> (7 - bit % 8) & 1 == 1);
            digit = digit << 1 | usize::from(set);
        }
        out.push(char::from(*DIGITS.get(digit).expect("five bits are below 32")));
    }
    out
}

fn parse(code: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u64, 0);
    for c in code.bytes().filter(|c| *c != b'-') {
        let digit = match c.to_ascii_uppercase() {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            other => other,
        };
        let value = DIGITS.iter().position(|known| *known == digit)?;
        bits = bits << 5 | u64::try_from(value).ok()?;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(lowest(bits >> count));
            bits &= (1 << count) - 1;
        }
        if bytes.len() > 32 {
            return None;
        }
    }
    // What fills the last digit up is nothing.
    (bits == 0 && count < 5).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_code_leads_back_to_its_grant_and_no_other_program_reads_it(
            seq in 0..u64::MAX >> 1, index: u16, program in 0..100u16, key: [u8; 32], at: usize, to in 0..32usize,
        ) {
            let (vouchers, program) = (Vouchers::new(key), ProgramId::new(program));
            let grant = LotId { seq: Seq::new(seq), index };
            let code = vouchers.code(program, grant);
            prop_assert_eq!(vouchers.read(program, &code), Some(grant));
            prop_assert_eq!(vouchers.read(program, &code.to_ascii_lowercase().replace('-', "")), Some(grant));
            prop_assert_eq!(vouchers.read(ProgramId::new(program.get() + 1), &code), None);
            prop_assert_eq!(Vouchers::new(key.map(|byte| !byte)).read(program, &code), None);
            let mut digits: Vec<char> = code.chars().filter(|c| *c != '-').collect();
            let at = at % digits.len();
            let other = char::from(DIGITS[to]);
            if digits[at] != other {
                digits[at] = other;
                prop_assert_eq!(vouchers.read(program, &digits.iter().collect::<String>()), None, "a digit was changed");
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _: Option<LotId> = Vouchers::new([7; 32]).read(ProgramId::new(0), &text);
        }
    }
}

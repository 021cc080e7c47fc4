//! API keys: who may ask, about which programs, and how much. They lie in `keys.json` of the data folder, beside the journal
//! and not in it, and only as hashes: a token is shown once, when it is made. It never writes or logs a token.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use crate::limits::{API_KEYS_MAX, TEXT_BYTES_MAX};

/// What every token begins with, so that a leaked one is recognised.
pub const TOKEN_PREFIX: &str = "tsk_";
/// Stands for every program in a key's list.
const EVERY: &str = "*";
/// The file in the data folder.
const FILE: &str = "keys.json";
/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;
/// Hexadecimal digits of a key's id.
const ID_DIGITS: usize = 12;
/// Only the owner may read or write it.
const PRIVATE: u32 = 0o600;

/// What can go wrong with the file of keys; it is then as it was.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("{}: {source}", file.display())]
    Io {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what this program writes.
    #[error("{}: {source}", file.display())]
    Format {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The system gave no random bytes.
    #[error("no randomness: {0}")]
    Random(String),
    /// There is no such key, or it was revoked before.
    #[error("there is no key {0} that could be revoked")]
    Unknown(String),
    /// The file holds as many keys as it may.
    #[error("there are {API_KEYS_MAX} keys; no more are kept")]
    Full,
    /// The key's name is too long.
    #[error("a key's name has at most {TEXT_BYTES_MAX} bytes")]
    Name,
}

/// How much a key may do. Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look up and simulate.
    Read,
    /// Post events, and move and spend points.
    Write,
    /// Change rules, correct balances, decide cases, and all that is for operators.
    Admin,
}

impl Scope {
    /// Its name in files, answers and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// What it is called by in lists and for revoking; says nothing about the token.
    pub id: String,
    /// What the operator calls it.
    pub name: String,
    /// BLAKE3 of the token, hexadecimal.
    hash: String,
    /// The programs it belongs to; [`Key::every_program`] where it is all of them.
    pub programs: Vec<String>,
    /// How much it may do.
    pub scope: Scope,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it was revoked, where it was.
    #[serde(default)]
    pub revoked_at: Option<String>,
}

impl Key {
    /// Whether it belongs to a program.
    #[must_use]
    pub fn opens(&self, program: &str) -> bool {
        self.programs.iter().any(|own| own == EVERY || own == program)
    }

    /// Whether it belongs to all programs, those of the future included.
    #[must_use]
    pub fn every_program(&self) -> bool {
        self.programs.iter().any(|own| own == EVERY)
    }
}

/// What a new key is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What the operator calls it.
    pub name: String,
    /// Its programs; none stands for all.
    pub programs: Vec<String>,
    /// How much it may do.
    pub scope: Scope,
    /// Now, RFC 3339.
    pub now: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    keys: Vec<Key>,
}

/// All keys of a data folder, revoked ones included; none where there is no file.
pub fn list(data: &Path) -> Result<Vec<Key>, Error> {
    let file = data.join(FILE);
    let text = match fs::read(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Error::Io { file, source }),
    };
    let contents: Contents = serde_json::from_slice(&text).map_err(|source| Error::Format { file, source })?;
    Ok(contents.keys)
}

/// Makes a key; its token is in the answer and nowhere else. A running daemon takes it within a second.
pub fn create(data: &Path, wanted: Wanted) -> Result<(Key, String), Error> {
    let Wanted { name, programs, scope, now } = wanted;
    if name.len() > TEXT_BYTES_MAX {
        return Err(Error::Name);
    }
    let mut random = [0; TOKEN_BYTES];
    getrandom::fill(&mut random).map_err(|error| Error::Random(error.to_string()))?;
    // The hexadecimal form of 32 bytes is all that is taken from the type.
    let token = format!("{TOKEN_PREFIX}{}", blake3::Hash::from_bytes(random).to_hex());
    let hash = blake3::hash(token.as_bytes()).to_hex().to_string();
    let id = format!("key_{}", hash.get(..ID_DIGITS).unwrap_or(&hash));
    let programs = if programs.is_empty() { vec![EVERY.to_owned()] } else { programs };
    let key = Key { id, name, hash, programs, scope, created_at: now, revoked_at: None };
    change(data, |keys| {
        if keys.len() >= API_KEYS_MAX {
            return Err(Error::Full);
        }
        keys.push(key.clone());
        Ok(())
    })?;
    Ok((key, token))
}

/// Revokes a key. A running daemon refuses it within a second.
pub fn revoke(data: &Path, id: &str, now: String) -> Result<Key, Error> {
    change(data, |keys| {
        let found = keys.iter_mut().find(|key| key.id == id && key.revoked_at.is_none());
        let key = found.ok_or_else(|| Error::Unknown(id.to_owned()))?;
        key.revoked_at = Some(now);
        Ok(key.clone())
    })
}

/// Changes the file under a lock of its own, so that it is there whole, old or new, at every moment.
fn change<T>(data: &Path, change: impl FnOnce(&mut Vec<Key>) -> Result<T, Error>) -> Result<T, Error> {
    let file = data.join(FILE);
    let failed = |source| Error::Io { file: file.clone(), source };
    fs::create_dir_all(data).map_err(failed)?;
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(PRIVATE)
        .open(data.join("keys.lock"))
        .map_err(failed)?;
    lock.lock().map_err(failed)?;
    let mut keys = list(data)?;
    let done = change(&mut keys)?;
    let new = data.join("keys.json.new");
    let write = || {
        let mut out = File::options().create(true).truncate(true).write(true).mode(PRIVATE).open(&new)?;
        serde_json::to_writer_pretty(&mut out, &Contents { keys })?;
        out.write_all(b"\n")?;
        out.sync_all()?;
        fs::rename(&new, &file)?;
        File::open(data)?.sync_all()
    };
    write().map_err(failed)?;
    Ok(done)
}

/// The keys that are valid now, as a running daemon asks for them.
#[derive(Debug)]
pub struct Ring {
    data: PathBuf,
    valid: RwLock<Arc<Vec<Valid>>>,
    /// What the file looked like when it was read last.
    seen: Mutex<Option<Stamp>>,
}

/// The hash of a valid key's token, and the key.
type Valid = (blake3::Hash, Arc<Key>);

/// Inode, length and time of the file; a change makes a new file.
type Stamp = (u64, u64, i64, i64);

impl Ring {
    /// The keys of a data folder.
    pub fn open(data: &Path) -> Result<Self, Error> {
        let ring = Self { data: data.to_owned(), valid: RwLock::default(), seen: Mutex::new(None) };
        ring.refresh()?;
        Ok(ring)
    }

    /// Reads the file again where it is another than before. After an error the keys are those of before.
    pub fn refresh(&self) -> Result<(), Error> {
        let stamp = fs::metadata(self.data.join(FILE))
            .ok()
            .map(|meta| (meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == stamp {
            return Ok(());
        }
        let valid = list(&self.data)?
            .into_iter()
            .filter(|key| key.revoked_at.is_none())
            .filter_map(|key| Some((blake3::Hash::from_hex(&key.hash).ok()?, Arc::new(key))))
            .collect();
        *self.valid.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(valid);
        *seen = stamp;
        Ok(())
    }

    /// The valid key of a token. Every key is compared, each in constant time, so that the time taken tells nothing of
    /// how close a guess was.
    pub fn find(&self, token: &[u8]) -> Option<Arc<Key>> {
        let hash = blake3::hash(token);
        let valid = Arc::clone(&self.valid.read().unwrap_or_else(PoisonError::into_inner));
        let mut found = None;
        for (known, key) in valid.iter() {
            // The equality of hashes is blake3's own, which takes the same time whatever differs.
            if *known == hash {
                found = Some(Arc::clone(key));
            }
        }
        found
    }

    /// Whether a key that was found is valid still.
    pub fn holds(&self, key: &Key) -> bool {
        let valid = self.valid.read().unwrap_or_else(PoisonError::into_inner);
        valid.iter().any(|(_, known)| known.id == key.id)
    }

    /// True where no key is valid.
    pub fn is_empty(&self) -> bool {
        self.valid.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(name: &str, programs: &[&str], scope: Scope) -> Wanted {
        let programs = programs.iter().map(|&name| name.to_owned()).collect();
        Wanted { name: name.to_owned(), programs, scope, now: "2026-01-05T12:00:00Z".to_owned() }
    }

    #[test]
    fn a_key_is_found_until_it_is_revoked_and_its_token_is_nowhere() {
        let folder = tempfile::TempDir::new().unwrap();
        let ring = Ring::open(folder.path()).unwrap();
        assert!(ring.is_empty());
        let (till, token) = create(folder.path(), wanted("till", &["corner_coffee"], Scope::Write)).unwrap();
        let (all, other) = create(folder.path(), wanted("all", &[], Scope::Admin)).unwrap();
        assert_eq!(ring.find(token.as_bytes()), None, "not read yet");
        ring.refresh().unwrap();
        let found = ring.find(token.as_bytes()).unwrap();
        assert!(*found == till && found.opens("corner_coffee") && !found.opens("grocer") && !found.every_program());
        assert!(ring.find(other.as_bytes()).is_some_and(|key| key.opens("grocer") && key.every_program()));
        for wrong in ["", "tsk_", &token[..token.len() - 1], &format!("{token}0"), &token.to_uppercase()] {
            assert_eq!(ring.find(wrong.as_bytes()), None, "{wrong}");
        }
        let written = fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(!written.contains(&token[TOKEN_PREFIX.len()..]) && written.contains(&all.id));
        assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().mode() & 0o777, PRIVATE);

        revoke(folder.path(), &till.id, "2026-01-06T12:00:00Z".to_owned()).unwrap();
        let again = revoke(folder.path(), &till.id, "2026-01-07T12:00:00Z".to_owned());
        assert!(matches!(again, Err(Error::Unknown(_))), "{again:?}");
        ring.refresh().unwrap();
        assert_eq!(ring.find(token.as_bytes()), None);
        let listed = list(folder.path()).unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!(listed.first().unwrap().revoked_at.as_deref(), Some("2026-01-06T12:00:00Z"));
    }

    #[test]
    fn a_damaged_file_changes_nothing() {
        let folder = tempfile::TempDir::new().unwrap();
        let (_, token) = create(folder.path(), wanted("till", &[], Scope::Read)).unwrap();
        let ring = Ring::open(folder.path()).unwrap();
        fs::write(folder.path().join(FILE), "{\"keys\": [").unwrap();
        assert!(matches!(ring.refresh(), Err(Error::Format { .. })));
        assert!(ring.find(token.as_bytes()).is_some());
        assert!(create(folder.path(), wanted("more", &[], Scope::Read)).is_err());
        assert!(Ring::open(folder.path()).is_err());
    }
}

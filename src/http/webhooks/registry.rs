//! The endpoints of a data folder, and how far each has come. It sends nothing.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::sign::new_secret;
use crate::ledger::types::Seq;
use crate::limits::WEBHOOK_ENDPOINTS_MAX;

const FILE: &str = "webhooks.json";
/// Secrets are in the file: only the owner may read it.
const PRIVATE: u32 = 0o600;
/// Hexadecimal digits of an endpoint's id.
const ID_DIGITS: usize = 12;

/// What can go wrong; the endpoints are then as they were.
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
    /// There are as many as there may be.
    #[error("there are {WEBHOOK_ENDPOINTS_MAX} endpoints; no more are served")]
    Full,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random,
}

/// Whether an endpoint is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is.
    Enabled,
    /// It is not: its owner said so, it answered 410, or it failed for days.
    Disabled,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Its id.
    pub id: String,
    /// The program whose records it is sent.
    pub program: String,
    /// Where to.
    pub url: String,
    /// The types it wants: `purchase.posted`, `purchase.*`; none stands for all.
    pub events: Vec<String>,
    /// What its owner calls it.
    pub description: String,
    /// What its messages are signed with.
    pub secret: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// Whether it is sent to.
    pub status: Status,
    /// The request that made it, where it carried an `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// A request with an `Idempotency-Key`, so that it is known again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The key.
    pub key: String,
    /// BLAKE3 of the body, hexadecimal.
    pub body: String,
}

/// What came of asking for an endpoint.
#[derive(Clone, Debug)]
pub enum Created {
    /// It is new.
    New(Arc<Endpoint>),
    /// The same request made it before.
    Before(Arc<Endpoint>),
    /// The key came before with another body.
    KeyReused,
}

/// Whether a pattern, a type or the beginning of one and `*`, covers a type of message.
pub fn covers(pattern: &str, kind: &str) -> bool {
    pattern.strip_suffix('*').map_or(kind == pattern, |start| kind.starts_with(start))
}

/// What a new endpoint is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The program.
    pub program: String,
    /// Where to.
    pub url: String,
    /// The types it wants.
    pub events: Vec<String>,
    /// What its owner calls it.
    pub description: String,
    /// It is sent what comes after this record.
    pub after: Seq,
    /// Now, RFC 3339.
    pub now: String,
    /// The request, where it carries an `Idempotency-Key`.
    pub asked: Option<Asked>,
}

/// How deliveries to an endpoint have gone since the daemon started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Failures in a row.
    pub failures: usize,
    /// What the last one was.
    pub last_error: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    endpoints: Vec<Endpoint>,
}

/// All endpoints. Locks are held for a copy, or for the writing of a small file.
#[derive(Debug)]
pub struct Registry {
    data: PathBuf,
    endpoints: Mutex<Vec<Arc<Endpoint>>>,
    health: Mutex<HashMap<String, Health>>,
}

impl Registry {
    /// The endpoints of a data folder.
    pub fn open(data: &Path) -> Result<Self, Error> {
        let file = data.join(FILE);
        let contents = match fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).map_err(|source| Error::Format { file, source })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Contents::default(),
            Err(source) => return Err(Error::Io { file, source }),
        };
        let endpoints = Mutex::new(contents.endpoints.into_iter().map(Arc::new).collect());
        Ok(Self { data: data.to_owned(), endpoints, health: Mutex::default() })
    }

    /// All endpoints, in the order they were made.
    pub fn all(&self) -> Vec<Arc<Endpoint>> {
        self.lock().clone()
    }

    /// An endpoint of a program.
    pub fn get(&self, program: &str, id: &str) -> Option<Arc<Endpoint>> {
        self.lock().iter().find(|one| one.id == id && one.program == program).cloned()
    }

    /// Makes an endpoint, once for each `Idempotency-Key` of a program for as long as the endpoint is there.
    pub fn create(&self, wanted: Wanted) -> Result<Created, Error> {
        let secret = new_secret().ok_or(Error::Random)?;
        let digest = blake3::hash(secret.as_bytes()).to_hex();
        let id = format!("whe_{}", digest.as_str().get(..ID_DIGITS).unwrap_or_default());
        let Wanted { program, url, events, description, after, now: created_at, asked } = wanted;
        let status = Status::Enabled;
        let endpoint = Endpoint { id, program, url, events, description, secret, created_at, status, asked };
        let endpoint = Arc::new(endpoint);
        let mut endpoints = self.lock();
        if let Some(asked) = &endpoint.asked {
            let same_key = |one: &Arc<Endpoint>| one.asked.as_ref().is_some_and(|before| before.key == asked.key);
            let mut others = endpoints.iter().filter(|one| one.program == endpoint.program);
            if let Some(before) = others.find(|one| same_key(one)) {
                let same = before.asked == endpoint.asked;
                return Ok(if same { Created::Before(Arc::clone(before)) } else { Created::KeyReused });
            }
        }
        if endpoints.len() >= WEBHOOK_ENDPOINTS_MAX {
            return Err(Error::Full);
        }
        self.store_position(&endpoint.id, after)?;
        let mut changed = endpoints.clone();
        changed.push(Arc::clone(&endpoint));
        self.write(&changed)?;
        *endpoints = changed;
        Ok(Created::New(endpoint))
    }

    /// Changes an endpoint; `None` where there is none.
    pub fn change(
        &self,
        program: &str,
        id: &str,
        change: impl FnOnce(&mut Endpoint),
    ) -> Result<Option<Arc<Endpoint>>, Error> {
        let mut endpoints = self.lock();
        let mut changed = endpoints.clone();
        let Some(slot) = changed.iter_mut().find(|one| one.id == id && one.program == program) else { return Ok(None) };
        change(Arc::make_mut(slot));
        let endpoint = Arc::clone(slot);
        self.write(&changed)?;
        *endpoints = changed;
        self.note(id, Health::default());
        Ok(Some(endpoint))
    }

    /// Forgets an endpoint; false where there is none.
    pub fn delete(&self, program: &str, id: &str) -> Result<bool, Error> {
        let mut endpoints = self.lock();
        let mut changed = endpoints.clone();
        changed.retain(|one| one.id != id || one.program != program);
        if changed.len() == endpoints.len() {
            return Ok(false);
        }
        self.write(&changed)?;
        *endpoints = changed;
        // A file that stays behind is of an id that comes never again.
        drop(fs::remove_file(self.position_file(id)));
        Ok(true)
    }

    /// The latest record an endpoint has taken.
    pub fn position(&self, id: &str) -> Seq {
        let text = fs::read_to_string(self.position_file(id)).unwrap_or_default();
        Seq::new(text.trim().parse().unwrap_or(0))
    }

    /// Notes how far an endpoint has come. It is not synced: after a power cut some records are sent again.
    pub fn store_position(&self, id: &str, seq: Seq) -> Result<(), Error> {
        let file = self.position_file(id);
        let new = self.data.join(format!("webhook-{id}.new"));
        let write = || {
            fs::write(&new, format!("{seq}\n"))?;
            fs::rename(&new, &file)
        };
        write().map_err(|source| Error::Io { file: file.clone(), source })
    }

    /// How deliveries have gone.
    pub fn health(&self, id: &str) -> Health {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned().unwrap_or_default()
    }

    /// Notes how a delivery went.
    pub fn note(&self, id: &str, health: Health) {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), health);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Endpoint>>> {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn position_file(&self, id: &str) -> PathBuf {
        self.data.join(format!("webhook-{id}.seq"))
    }

    fn write(&self, endpoints: &[Arc<Endpoint>]) -> Result<(), Error> {
        let file = self.data.join(FILE);
        let contents = Contents { endpoints: endpoints.iter().map(|one| Endpoint::clone(one)).collect() };
        let new = self.data.join("webhooks.json.new");
        let write = || {
            let mut out = File::options().create(true).truncate(true).write(true).mode(PRIVATE).open(&new)?;
            serde_json::to_writer_pretty(&mut out, &contents)?;
            out.write_all(b"\n")?;
            out.sync_all()?;
            fs::rename(&new, &file)?;
            File::open(&self.data)?.sync_all()
        };
        write().map_err(|source| Error::Io { file: file.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_and_their_positions_outlive_the_process() {
        let folder = tempfile::TempDir::new().unwrap();
        let registry = Registry::open(folder.path()).unwrap();
        let wanted = |url: &str| Wanted {
            program: "g".to_owned(),
            url: url.to_owned(),
            events: vec!["purchase.*".to_owned(), "refund.posted".to_owned()],
            description: String::new(),
            after: Seq::new(7),
            now: "2026-01-05T12:00:00Z".to_owned(),
            asked: Some(Asked { key: url.to_owned(), body: "00".to_owned() }),
        };
        let create = |url: &str| match registry.create(wanted(url)).unwrap() {
            Created::New(endpoint) => endpoint,
            other => panic!("{other:?}"),
        };
        let (one, two) = (create("http://a.example/"), create("http://b.example/"));
        registry.store_position(&two.id, Seq::new(9)).unwrap();
        assert!(registry.change("other", &one.id, |_| {}).unwrap().is_none());
        registry.change("g", &one.id, |one| one.status = Status::Disabled).unwrap().unwrap();
        let again = Registry::open(folder.path()).unwrap();
        assert_eq!(again.all(), registry.all());
        assert_eq!(again.get("g", &one.id).unwrap().status, Status::Disabled);
        assert_eq!((again.position(&one.id), again.position(&two.id)), (Seq::new(7), Seq::new(9)));
        assert!(again.delete("g", &two.id).unwrap() && !again.delete("g", &two.id).unwrap());
        assert_eq!(again.position(&two.id), Seq::ZERO);
        for (kind, wants) in [("purchase.posted", true), ("purchase.held", true), ("refund.held", false)] {
            assert_eq!(one.events.iter().any(|pattern| covers(pattern, kind)), wants, "{kind}");
        }
        fs::write(folder.path().join(FILE), "{").unwrap();
        assert!(matches!(Registry::open(folder.path()), Err(Error::Format { .. })));
    }
}

//! The data folder: its format, its lock, its parts. Knows no database.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::Error;

/// What the `FORMAT` file of a store says. A change that an older program would misread changes it.
pub const FORMAT: &str = "tallystick 1\n";

/// The file that says a folder is a store, and of which format.
pub const FORMAT_FILE: &str = "FORMAT";
const LOCK_FILE: &str = "LOCK";
const WITNESS_FILE: &str = "WITNESS";
const JOURNAL_DIR: &str = "journal";
const VIEWS_DIR: &str = "views";

/// An open folder; the lock is held until it is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    lock: File,
}

impl Drop for Folder {
    /// A process that is being started at this moment may hold a copy of the file for a while; the lock goes now all the same.
    fn drop(&mut self) {
        // What cannot be unlocked is when the file is closed.
        drop(self.lock.unlock());
    }
}

impl Folder {
    /// Opens a folder for this process alone, creating it where it does not exist.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(io_error("creating the data folder"))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK_FILE))
            .map_err(io_error("opening the lock file"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::InUse(path.into())),
            Err(TryLockError::Error(source)) => return Err(Error::Io { what: "locking the data folder", source }),
        }
        let folder = Self { path: path.into(), lock };
        folder.check_format()?;
        for dir in [folder.journal(), folder.views()] {
            fs::create_dir_all(dir).map_err(io_error("creating a database folder"))?;
        }
        folder.sync()?;
        Ok(folder)
    }

    /// Whether a folder says that it is a store's, of any format.
    pub(super) fn is_at(path: &Path) -> bool {
        path.join(FORMAT_FILE).is_file()
    }

    /// The folder a copy will be made in; it must not exist.
    pub(super) fn prepare_copy(path: &Path) -> Result<Copy, Error> {
        fs::create_dir(path).map_err(io_error("creating the copy's folder"))?;
        Ok(Copy { path: path.into() })
    }

    /// Copies the files that others keep beside the databases. What is the store's own, or only says that something is under
    /// way, stays behind.
    pub(super) fn take_along(&self, copy: &Copy) -> Result<(), Error> {
        let take = || -> io::Result<()> {
            for entry in fs::read_dir(&self.path)? {
                let entry = entry?;
                let name = entry.file_name();
                let text = name.to_string_lossy();
                let own = [FORMAT_FILE, LOCK_FILE, WITNESS_FILE].contains(&text.as_ref());
                if own || text.ends_with(".lock") || text.ends_with(".new") || !entry.file_type()?.is_file() {
                    continue;
                }
                let target = copy.path.join(&name);
                fs::copy(entry.path(), &target)?;
                File::open(&target)?.sync_all()?;
            }
            Ok(())
        };
        take().map_err(io_error("copying the files beside the databases"))
    }

    fn check_format(&self) -> Result<(), Error> {
        match fs::read_to_string(self.path.join(FORMAT_FILE)) {
            Ok(found) if found == FORMAT => Ok(()),
            Ok(found) => Err(Error::Format {
                path: self.path.clone(),
                found: found.trim_end().into(),
                expected: FORMAT.trim_end(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.journal().exists() || self.views().exists() {
                    return Err(Error::NotAStore(self.path.clone()));
                }
                write_format(&self.path)
            }
            Err(source) => Err(Error::Io { what: "reading FORMAT", source }),
        }
    }

    fn sync(&self) -> Result<(), Error> {
        sync_dir(&self.path)?;
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.path.join(JOURNAL_DIR)
    }

    pub(super) fn views(&self) -> PathBuf {
        self.path.join(VIEWS_DIR)
    }

    pub(super) fn witness(&self) -> PathBuf {
        self.path.join(WITNESS_FILE)
    }
}

/// A copy of a store in the making. Until it is finished it has no `FORMAT`, so it does not open as a store.
pub(super) struct Copy {
    path: PathBuf,
}

impl Copy {
    pub(super) fn journal(&self) -> PathBuf {
        self.path.join(JOURNAL_DIR)
    }

    pub(super) fn views(&self) -> PathBuf {
        self.path.join(VIEWS_DIR)
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        write_format(&self.path)
    }
}

/// Writes `FORMAT` so that it is there whole or not at all.
fn write_format(path: &Path) -> Result<(), Error> {
    let new = path.join("FORMAT.new");
    let write = || {
        fs::write(&new, FORMAT)?;
        File::open(&new)?.sync_all()?;
        fs::rename(&new, path.join(FORMAT_FILE))
    };
    write().map_err(io_error("writing FORMAT"))?;
    sync_dir(path)
}

fn sync_dir(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(io_error("syncing a folder"))
}

fn io_error(what: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { what, source }
}

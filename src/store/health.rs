//! Whether writing still works: the first failure of a write or of `RocksDB`'s own background work, kept for good.

use std::sync::{Arc, OnceLock};

use rocksdb::event_listener::{BackgroundErrorStatus, DBBackgroundErrorReason, EventListener, MutableStatus};

/// The first failure, shared by the store and `RocksDB`'s threads.
#[derive(Clone, Debug, Default)]
pub(super) struct Health(Arc<OnceLock<String>>);

impl Health {
    pub(super) fn failed(&self) -> Option<String> {
        self.0.get().cloned()
    }

    pub(super) fn fail(&self, why: String) {
        // Only the first failure is the cause; later ones follow from it.
        drop(self.0.set(why));
    }
}

impl EventListener for Health {
    fn on_background_error(&self, reason: DBBackgroundErrorReason, status: MutableStatus) {
        if let Err(error) = status.result() {
            self.fail(format!("{reason:?}: {error}"));
        }
    }

    /// `RocksDB` would resume by itself after some errors, such as a full disk; this store never continues after one.
    fn on_error_recovery_begin(&self, _: DBBackgroundErrorReason, _: &BackgroundErrorStatus, auto_recovery: &mut bool) {
        *auto_recovery = false;
    }
}

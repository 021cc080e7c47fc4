//! The only clock of the engine: the system's, or one that tests set. Nothing below the engine reads either.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::ledger::types::TimeMs;

/// Where "now" comes from.
#[derive(Debug)]
pub enum Clock {
    /// The system's clock.
    System,
    /// A clock that moves only when it is told to, and never back.
    Manual(AtomicI64),
}

impl Clock {
    /// A clock that stands at an instant until it is moved.
    #[must_use]
    pub const fn manual(at: TimeMs) -> Self {
        Self::Manual(AtomicI64::new(at.get()))
    }

    /// The clock's time. It may lie before the ledger's, which never goes back.
    #[must_use]
    pub fn now(&self) -> TimeMs {
        match self {
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                TimeMs::new(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Manual(at) => TimeMs::new(at.load(Ordering::Acquire)),
        }
    }

    /// Moves a manual clock; the same instant is fine.
    ///
    /// # Errors
    /// Says why not: the clock is the system's, or would go back.
    pub fn set(&self, to: TimeMs) -> Result<(), String> {
        let Self::Manual(at) = self else {
            return Err("the clock is the system's; start with --clock manual to set it".to_owned());
        };
        let from = at.load(Ordering::Acquire);
        if to.get() < from {
            return Err(format!("the clock never goes back: it stands {} ms after that", from - to.get()));
        }
        at.store(to.get(), Ordering::Release);
        Ok(())
    }
}

//! The pipeline: queue, evaluate, decide, journal, release.
pub mod handle;

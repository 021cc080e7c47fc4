//! Tallystick.
pub mod journal;
pub mod ledger;
pub mod limits;
pub mod store;

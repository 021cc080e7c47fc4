//! Tallystick.
pub mod ledger;
pub mod limits;

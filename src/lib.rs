//! Tallystick.
pub mod ledger;

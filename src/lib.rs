//! Tallystick.
pub mod ledger;
pub mod limits;
pub mod rules;

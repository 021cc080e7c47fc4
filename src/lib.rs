//! Tallystick.
pub mod fraud;
pub mod ledger;
pub mod limits;

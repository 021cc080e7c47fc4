//! Tallystick.
pub mod config;
pub mod fraud;
pub mod ledger;
pub mod limits;
pub mod telemetry;

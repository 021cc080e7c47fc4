//! Tallystick.
pub mod config;
pub mod engine;
pub mod fraud;
pub mod journal;
pub mod ledger;
pub mod limits;
pub mod rules;
pub mod store;
pub mod telemetry;

//! The daemon as its users meet it: the real executable, over HTTP, on a folder of its own. Nothing here knows the inside of
//! the library; what is asserted is what the contract promises.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod bad_requests;
mod client;
mod closed_loop;
mod contract;
mod erasure;
mod grocer;
mod holdouts;
mod investigations;
mod keys;
mod kills;
mod kiosk;
mod lists;
mod mixed;
mod move_out;
mod planned;
mod process;
mod programs;
mod restart;
mod retry_storm;
mod reviews;
mod rule_life;
mod rulesets;
mod session;
mod settings;
mod simulated_fraud;
mod stories;
mod twice;
mod untouched;
mod webhooks;
mod year;

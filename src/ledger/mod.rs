//! The ledger: double entry, lots, cards, counters and tiers. Pure: no input or output, clock, randomness, async,
//! floats, serialization or logging; time and ids come in as arguments.
//!
//! * [`decide`] reads the state and either refuses with a [`Reject`](reject::Reject) or returns a complete
//!   [`Record`](record::Record);
//! * [`apply`] takes a record into the state and cannot fail. Live traffic, recovery, backtests and tests use this one.
//!
//! **Account**: who holds points; a member, or one of the system's ([`record::Account`]). **Posting**: an amount moved between
//! accounts of one pool. **Lot**: one credit with what is left of it and when it is lost. **Pool**: a kind of points.
//! **Stamp**: a mark on a punch card. **Tier**: a status by what a counter reached. **Breakage**: what expired unspent.
//! **Liability**: what members hold.

pub mod act;
pub mod apply;
pub mod audit;
pub mod calendar;
pub mod circles;
pub mod clusters;
mod concerns;
pub mod decide;
pub mod desk;
mod effect;
pub mod event;
mod fact;
mod fields;
pub mod held_out;
pub mod history;
pub mod kin;
pub mod lists;
pub mod lots;
pub mod member;
mod posting;
pub mod private;
pub mod proposal;
pub mod provenance;
pub mod record;
pub mod reject;
pub mod review;
pub mod rights;
pub mod rollout;
pub mod standing;
pub mod state;
pub mod status;
pub mod suspects;
pub mod table;
pub mod taint;
pub mod terms;
pub mod tiers;
pub mod types;
mod velocity;
mod verdict;

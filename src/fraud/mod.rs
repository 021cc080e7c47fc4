//! Fraud: exact velocity windows, and what declared limits say about an event. Pure: no input or output, clock,
//! randomness, async, floats, serialization or logging; it never changes the ledger, it only says what to believe.
//!
//! * [`window::Ring`] keeps the newest entries of one key and counts them exactly, at every edge;
//! * [`rings::Rings`] holds the rings in memory and takes in what records observed;
//! * [`measure`] reads more out of a ring: distinct values, gaps, speeds between [`place`]s; [`extremes`] the largest, smallest,
//!   first and last amount;
//! * [`identity`] says which identifiers an input shows and who else is known with them; [`relate`](relate()) what that makes of its
//!   member, and what the detectors of referrals and made-up accounts say; `tainted` what it means that points move which an open
//!   case looks at;
//! * [`assess`](assess()) reads the rings for an input and returns a verdict with its evidence, and what the rings must take in
//!   once the record is applied; [`combine`] adds what scripts raised, which never lowers it;
//! * `holdout` says which denials are held instead, to learn how often they are right;
//! * `facts`, `feeds`, `flows`, `channel`, `sequence`, `copies` and `trail` are what single metrics and conditions compare, `together` weighs
//!   flags of several kinds, `lists` silences and denies; `said` what an input
//!   says by itself;
//! * `circle` says what of accounts that came about in one place, `lockstep` of those who always do the same at the same time;
//! * `explain` says what a limit that spoke tells of it, `otherwise` what a detector does, `words` in sentences, `late` which decisions a late event would have
//!   changed, `reading` what a ring says to who only looks, `sweep` what every limit counts, whatever it lets pass.
//!
//! **Velocity**: how often, or how much, within a length of event time. **Window**: that length; an earlier entry counts
//! while it is younger than the window. **Evidence**: the entries that made a count.

mod assess;
mod channel;
mod circle;
mod copies;
mod explain;
pub mod extremes;
mod facts;
mod feeds;
mod flows;
mod glance;
mod held;
mod holdout;
pub mod identity;
mod late;
mod lists;
mod lockstep;
pub mod measure;
mod otherwise;
pub mod place;
mod question;
pub mod reading;
mod referral;
mod relate;
pub mod rings;
mod said;
mod sequence;
mod sweep;
mod synthetic;
mod tainted;
mod together;
mod trail;
pub mod window;
mod words;

#[cfg(test)]
mod tests;

pub use assess::{assess, assess_seen, combine};
pub use holdout::{hold_out, mark_held_out};
pub use question::{Question, Spending};
pub use relate::{relate, spends, tie};
pub use rings::{Needed, Rings, Seen, add_keys, keys_of};
pub use said::Said;
pub use sweep::{Counted, is_swept, sweep};

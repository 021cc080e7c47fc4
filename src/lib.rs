//! Tallystick: a fraud-aware loyalty ledger in one binary.
//!
//! Retailers post what happened (a sale, a visit, a referral) over HTTP; merchants' scripts decide what it earns; exact
//! velocity checks decide whether to believe it; a double-entry journal records both, and the answer comes back when it is
//! on disk.
//!
//! # The picture
//!
//! ```text
//!             HTTP (hyper, tokio)                      one engine thread                             RocksDB
//! ┌────────┐  parse, auth, limits  ┌─────────────────────────────────────────────────────────┐  ┌──────────────────┐
//! │ caller │ ───── bounded queue ─▶│ drain ▶ prefetch ▶ EVALUATE ▶ DECIDE/APPLY ▶ block ─────┼─▶│ journal/  synced │
//! └────────┘                       │         members,   rules in     one event     many      │  ├──────────────────┤
//!     ▲                            │         rings,     parallel,    at a time,    events    │  │ views/           │
//!     │                            │         keys       over &State  over &mut               │  │ members  rings   │
//!     │                            └─────────────────────────────────────────────────────────┘  │ keys  due  meta  │
//!     └──── RELEASE: publish views, reply ◀── committer: append, sync, in block order ──────────┤                  │
//!                                                      └──▶ projector: rows, behind the journal▶│ can be rebuilt   │
//! reads ─▶ DashMap of durable member views                                                      └──────────────────┘
//! ```
//!
//! The journal is the ledger. A **record** is one decided fact with all its effects; a **block** is what one drain of the queue
//! came to, with the BLAKE3 hash of the block before it, appended with one write and one sync. Everything else on disk
//! (members, velocity rings, idempotency keys, due times) is derived from it and can be deleted.
//!
//! `decide(&State, …) -> Result<Record, Reject>` refuses; `apply(&mut State, &Record)` cannot fail. Live traffic, recovery,
//! verification, simulations and merchants' cases use the same two functions, and replay never runs a script: a record holds
//! effects, not intentions.
//!
//! The borrow checker is the concurrency control: scripts of one wave run in parallel over `&State`, so nothing can change under
//! them; then events are decided and applied one at a time over `&mut State`. A **wave** is a run of events that touches no
//! member twice, so the outcome is the same as one at a time, however the queue was cut into blocks. While block *n* is being
//! synced, block *n + 1* is evaluated and applied; what it says is released after its own sync, in order.
//!
//! # Code map
//!
//! In reading order.
//!
//! * [`ledger`]: the core. Accounts, lots, cards, tiers; `decide`, `apply`, `due`, `audit`. Knows no clock, disk or network.
//! * [`fraud`]: exact velocity windows and the verdict on an input. As pure as the ledger.
//! * [`rules`]: programs: manifest, sandboxed Rhai scripts, diagnostics, merchants' cases. Proposes, never decides.
//! * [`journal`]: records and blocks as frozen bytes, the hash chain, the seam [`journal::log::Log`].
//! * [`store`]: RocksDB: the journal's blocks and the derived rows, as bytes; the published views. Knows no records.
//! * [`engine`]: the pipeline; the only place where all of these meet.
//! * [`http`]: the edge: wire types, routes, problems, the accept loop. Knows the engine's handle only.
//! * [`cli`]: one file a subcommand. [`config`], [`telemetry`] and [`limits`] stand beside.
//!
//! `http → engine → {rules, fraud, journal, store} → ledger`; siblings do not import each other. A test enforces it.
//!
//! # Invariants
//!
//! 1. Every posting moves an amount from one account of a pool to another, so all accounts of a pool sum to zero, always.
//! 2. A member's balance is their lots less their debt, at every record: each record notes what it left, and replay compares.
//! 3. No answer before the sync. No read of anything that is not synced.
//! 4. The same event twice, in parallel, across a crash: one effect, one answer. The key is in the record.
//! 5. Replaying the journal gives the same state hash, on any machine, without scripts.
//! 6. No script can stop, slow past its budget, crash or look outside its program.
//! 7. Deleting the views and restarting loses nothing.
//! 8. After a failed write or sync the daemon answers nothing more and ends; it never retries a sync.
//!
//! `tallystick verify` checks 1, 2, 5 and the rows of 7 on a stopped ledger; tests check all.
//!
//! # Where to start
//!
//! [`ledger::record`] says what a fact is, [`ledger::decide`] how one comes to be; `engine/pipeline.rs` is the path every
//! event takes.
//!
//! # Seams left for more than one machine
//!
//! A partition is one engine with its journal. Records are self-contained and name members, never positions in memory;
//! transfers go through the `transit` account, debit there and credit here; the engine appends through
//! [`journal::log::Log`], conditionally, and does not know what keeps it.

pub mod cli;
pub mod config;
pub mod engine;
pub mod fraud;
pub mod http;
pub mod journal;
pub mod ledger;
pub mod limits;
pub mod rules;
pub mod store;
pub mod telemetry;

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
//! came to, with the BLAKE3 hash of the block before it, appended with one write and one sync. It is a database of its own,
//! `journal/`, so that its sync never waits for anything else. All the other rows (members, velocity rings, idempotency keys,
//! due times) are derived from it, lie in `views/`, and can be deleted: the next start builds them again.
//!
//! `decide(&State, …) -> Result<Record, Reject>` refuses; `apply(&mut State, &Record)` cannot fail. Live traffic and merchants'
//! cases use both, simulations the first, recovery and verification the second; there is no other way in. Replay never runs a
//! script: a record holds effects, not intentions.
//!
//! Events are decided and applied one at a time, in order of arrival, over `&mut State`. Their rules need not wait for that: a
//! rule reads one event and one member, who is an `Arc` and cannot change under it, so helper threads evaluate **ahead** of the
//! events' turns. At its turn an event takes what was evaluated ahead only where its member is still as it was; else its rules
//! run anew. So the outcome is the same as one at a time, however the queue was cut into blocks, and nobody waits for a helper.
//! A block is done in chunks small enough to stay near the processor: what a chunk touches is fetched first, all of it
//! together. While block *n* is being synced, block *n + 1* is evaluated and applied; what it says is released after its own
//! sync, in order.
//!
//! What people tell of themselves (birthday, attributes, choices) is sealed on its way into a block, under a random key of the
//! member's own that lies beside the blocks and that erasing destroys. Nothing but the member's own profile is made of it, so a
//! replay without the key ends in the same state.
//!
//! Time is an input: what falls due is a record at its due time, found by rows of due times, a bounded part of them with a block.
//! Where other rules begin to decide, what fell due before is recorded first, by the rules before; then each member's row is read
//! once, a few between two blocks, and what the new rules let fall due is noted, so that it reaches also those whom nobody touches.
//!
//! The views are written behind the journal, without a log, in **rounds**: a round takes the list of members and rings changed
//! since the round before, at a record that becomes its **mark**, and their rows travel with the following blocks, a few with
//! each. So a hot member's row is written once a round and not once an event. A row may be ahead of the mark, never behind it:
//! a start reads the mark, replays the journal after it, and passes over what a row already has. Memory is bounded: members and
//! rings live in caches with a budget, and only those whose rows are written are evicted. Rows of another version's formats are
//! built again at a start. Reads are answered from views that are published after the sync; who has not been read lately is asked
//! of the engine, which answers in block order.
//!
//! # Code map
//!
//! In reading order.
//!
//! * [`ledger`]: the core. Accounts, lots, cards, tiers; `decide`, `apply`, `due`, `audit`. Knows no clock, disk or network.
//! * [`fraud`]: exact velocity windows, who is tied to whom, and the verdict on an input. As pure as the ledger.
//! * [`rules`]: programs: manifest, sandboxed Rhai scripts, diagnostics, merchants' cases. Proposes, never decides.
//! * [`journal`]: records and blocks as frozen bytes, the hash chain, the seam [`journal::log::Log`].
//! * [`store`]: RocksDB: the journal's blocks and the derived rows, as bytes; the published views. Knows no records.
//! * [`engine`]: the pipeline; the only place where all of these meet.
//! * [`reports`]: what the records of a period come to. Counts and formulas, no I/O.
//! * [`http`]: the edge: wire types, routes, problems, the accept loop. Knows the engine's handle only.
//! * [`cli`]: one file a subcommand. [`config`], [`email`], [`keys`], [`telemetry`] and [`limits`] stand beside.
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
//! `tallystick verify` replays a stopped ledger: it checks 2 at every record and 1 at the end, prints the hash of 5 and compares
//! the rows of 7. Tests hold the code to 1, 2 and 5 in `tests/ledger.rs`, to 3, 4 and 7 in `tests/daemon`, with kills, damage and
//! the same thing sent at once, to 3, 4, 7 and 8 in `engine/tests.rs`, at random on a disk that fails, and to 6 in `rules`.
//!
//! # Where to start
//!
//! [`ledger::record`] says what a fact is, [`ledger::decide`] how one comes to be; `engine/pipeline.rs` is the path every
//! event takes.
//!
//! # Seams left for more than one machine
//!
//! A partition is one engine with its journal. Records are self-contained and name members, never positions in memory;
//! transfers go through the `transit` account, debit there and credit here; blocks are appended through
//! [`journal::log::Log`], on the condition that the head is the expected one, by a thread that does not know what keeps them.

pub mod cli;
pub mod config;
pub mod email;
pub mod engine;
pub mod fraud;
pub mod http;
pub mod journal;
pub mod keys;
pub mod ledger;
pub mod limits;
pub mod reports;
pub mod rules;
pub mod store;
pub mod telemetry;

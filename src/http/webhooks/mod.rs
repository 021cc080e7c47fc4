//! Webhooks: a program's records sent to endpoints that its merchant named, in order, each until it was taken, signed as
//! Standard Webhooks says.
//!
//! Endpoints lie in `webhooks.json` of the data folder, beside the journal and not in it; how far each has come lies in a file of
//! its own, written after each delivery. So a record is sent at least once, also across a crash: receivers know a second one
//! by its `webhook-id`, which is the same for ever.

mod deliver;
mod registry;
mod sign;
mod target;

pub use deliver::run;
pub use registry::{Asked, Created, Endpoint, Error, Registry, Status, Wanted};
pub use target::{Target, is_public};

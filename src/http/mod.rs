//! The edge: HTTP in, the engine asked, JSON out. It parses, checks, authenticates and renders; it decides nothing.
//!
//! * [`serve`] runs the accept loop; [`Entry::answer`] answers one request without a socket.
//! * `wire` turns bodies into the ledger's inputs, `render` turns records into answers, `routes` joins the two.
//! * What goes wrong is a [`problem`]: one closed list of codes, each with its page.

pub mod problem;

mod auth;
mod body;
mod console;
mod edge;
mod follow;
mod io;
pub(crate) mod json;
mod openapi;
mod query;
mod refusal;
pub(crate) mod render;
mod routes;
mod server;
mod tally;
pub(crate) mod time;
mod unread;
mod vouchers;
pub mod webhooks;
mod wire;

pub use auth::Auth;
pub use edge::{Edge, Entry, Settings};
pub use openapi::describe;
pub use server::serve;
pub use vouchers::Vouchers;

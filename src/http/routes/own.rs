//! Members' own affairs: what they tell and choose, freezing, erasing.

use axum::body::Body;
use axum::response::Response;

use super::Ask;
use super::spending::act;
use crate::http::problem::{Faults, Problem};
use crate::http::wire::{Affair, AffairWire, UpdateWire};
use crate::ledger::act::{Act, What};
use crate::ledger::types::Text;
use crate::limits::ID_BYTES_MAX;

/// The member in the path.
fn member(ask: &Ask) -> Result<Text, Problem> {
    let id = ask.param("member");
    if id.is_empty() || id.len() > ID_BYTES_MAX {
        return Err(Problem::unknown_member(id));
    }
    Ok(Text::new(id))
}

/// `PATCH …/members/{member}`.
pub async fn update(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let (what, context) = ask.read::<UpdateWire, _>(body).await?;
    act(&call, &view, Act { member: member(&ask)?, context, what }).await
}

/// Reads the body of an affair that merges nobody.
async fn read(ask: &Ask, body: Body) -> Result<Affair, Problem> {
    let affair = ask.read_or_nothing::<AffairWire, _>(body).await?;
    let mut faults = Faults::default();
    if affair.into.is_some() {
        faults.add("/into", "is not a known field");
    }
    faults.into_result(affair)
}

/// `POST …/members/{member}/freeze`.
pub async fn freeze(ask: Ask, body: Body) -> Result<Response, Problem> {
    set_frozen(&ask, body, true).await
}

/// `POST …/members/{member}/unfreeze`.
pub async fn unfreeze(ask: Ask, body: Body) -> Result<Response, Problem> {
    set_frozen(&ask, body, false).await
}

async fn set_frozen(ask: &Ask, body: Body, frozen: bool) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let Affair { reason, context, .. } = read(ask, body).await?;
    act(&call, &view, Act { member: member(ask)?, context, what: What::Freeze { frozen, reason } }).await
}

/// `POST …/members/{member}/erase`.
pub async fn erase(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let Affair { context, .. } = read(&ask, body).await?;
    act(&call, &view, Act { member: member(&ask)?, context, what: What::Erase }).await
}

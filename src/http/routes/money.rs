//! Adjustments and single transfers.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;

use super::events::{respond, submit_one};
use super::{Ask, cases};
use crate::engine::handle::Command;
use crate::http::problem::Problem;
use crate::http::render::{self, Names};
use crate::http::wire::{AdjustmentWire, TransferWire};
use crate::limits::ID_BYTES_MAX;

/// `POST …/adjustments`.
pub async fn adjust(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let key = call.idempotency_key(ID_BYTES_MAX)?;
    let asked = Arc::new(ask.read::<AdjustmentWire, _>(body).await?);
    let answer = submit_one(&call, &view, Command::Adjust(Arc::clone(&asked), key)).await?;
    let view = call.view()?;
    let known = cases::evidence_of(&call.edge.handle, std::slice::from_ref(&answer))?;
    let names = Names { events: Some(&known), ..Names::of(&view) };
    respond(&call, &answer, |out, record| render::adjustment(out, record, &asked, names, false))
}

/// `POST …/transfers`.
pub async fn transfer(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let key = call.idempotency_key(ID_BYTES_MAX)?;
    let asked = Arc::new(ask.read::<TransferWire, _>(body).await?);
    let answer = submit_one(&call, &view, Command::Transfer(Arc::clone(&asked), key)).await?;
    let view = call.view()?;
    let known = cases::evidence_of(&call.edge.handle, std::slice::from_ref(&answer))?;
    let names = Names { events: Some(&known), ..Names::of(&view) };
    respond(&call, &answer, |out, record| render::transfer(out, record, &asked, names, false))
}

//! Spending: holds, redemptions and their reversal, vouchers, donations.
//!
//! A path names a hold or a redemption by the record that made it; whose it is, is read there.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;

use super::events::{respond, submit_one};
use super::{Ask, Call, cases, json};
use crate::engine::handle::{Command, ProgramView};
use crate::http::json::Json;
use crate::http::problem::{Code, Problem};
use crate::http::render::{self, Names};
use crate::http::wire::{self, AmountWire, DonationWire, HoldWire, RedemptionWire, Wire};
use crate::ledger::act::{Act, What};
use crate::ledger::record::{Effect, Record, Status};
use crate::ledger::types::{LotId, Seq, Text};
use crate::limits::ID_BYTES_MAX;

/// Does an act and answers it.
pub async fn act(call: &Call<'_>, view: &ProgramView, asked: Act) -> Result<Response, Problem> {
    let key = call.idempotency_key(ID_BYTES_MAX)?;
    // A PATCH makes nothing new.
    let patches = matches!(asked.what, What::Update { .. });
    let answer = submit_one(call, view, Command::Act(Arc::new(asked), key)).await?;
    let view = call.view()?;
    let known = cases::evidence_of(&call.edge.handle, std::slice::from_ref(&answer))?;
    let vouchers = Some((view.id, &call.edge.vouchers));
    let names = Names { vouchers, events: Some(&known), ..Names::new(&view.state, &view.compiled.terms) };
    let mut response = respond(call, &answer, |out, record| render::act(out, record, names))?;
    if patches && response.status() == StatusCode::CREATED {
        *response.status_mut() = StatusCode::OK;
    }
    Ok(response)
}

impl Ask {
    /// Reads a body that may be left out, where all its fields may.
    pub async fn read_or_nothing<W, I>(&self, body: Body) -> Result<I, Problem>
    where
        W: for<'de> Wire<'de, Input = I>,
    {
        let whole = self.call().body(body).await?;
        let bytes: &[u8] = if whole.bytes.trim_ascii().is_empty() { b"{}" } else { &whole.bytes };
        wire::read::<W>(bytes)
    }
}

/// `POST …/holds`.
pub async fn hold(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let asked = ask.read::<HoldWire, _>(body).await?;
    act(&call, &view, asked).await
}

/// `POST …/redemptions`.
pub async fn redeem(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let asked = ask.read::<RedemptionWire, _>(body).await?;
    act(&call, &view, asked).await
}

/// `POST …/donations`.
pub async fn donate(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let asked = ask.read::<DonationWire, _>(body).await?;
    act(&call, &view, asked).await
}

/// The number of a record and of something in it: `hold_12_0`.
fn id_of(text: &str, prefix: &str) -> Option<LotId> {
    let (seq, index) = text.strip_prefix(prefix)?.strip_prefix('_')?.split_once('_')?;
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let id = LotId { seq: Seq::new(seq.parse().ok()?), index: index.parse().ok()? };
    (plain(seq) && plain(index)).then_some(id)
}

/// The record that made something, where it is of this program.
async fn record_of(call: &Call<'_>, view: &ProgramView, id: LotId) -> Result<Option<Arc<Record>>, Problem> {
    let record = call.edge.handle.record(id.seq).await?;
    Ok(record.filter(|record| record.program == view.id && record.status != Status::Denied))
}

/// Whose effect it is.
fn party_of(record: &Record, effect: &Effect) -> Option<Text> {
    record.parties.get(usize::from(effect.party())).map(|party| party.member.clone())
}

/// A hold and whose it is.
async fn find_hold(ask: &Ask, call: &Call<'_>, view: &ProgramView) -> Result<(LotId, Text), Problem> {
    let text = ask.param("hold");
    let unknown = || Problem::new(Code::UnknownHold, format!("no hold {text:?} was made"));
    let id = id_of(text, "hold").ok_or_else(unknown)?;
    let record = record_of(call, view, id).await?.ok_or_else(unknown)?;
    let made = |effect: &&Effect| matches!(effect, Effect::Hold { index, .. } if *index == id.index);
    let member = record.effects.iter().find(made).and_then(|effect| party_of(&record, effect));
    Ok((id, member.ok_or_else(unknown)?))
}

/// `POST …/holds/{hold}/capture`.
pub async fn capture(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let (amount, context) = ask.read_or_nothing::<AmountWire, _>(body).await?;
    let (hold, member) = find_hold(&ask, &call, &view).await?;
    act(&call, &view, Act { member, context, what: What::Capture { hold, amount } }).await
}

/// `POST …/holds/{hold}/release`.
pub async fn release(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let (amount, context) = ask.read_or_nothing::<AmountWire, _>(body).await?;
    no_amount(amount.is_some())?;
    let (hold, member) = find_hold(&ask, &call, &view).await?;
    act(&call, &view, Act { member, context, what: What::Release { hold } }).await
}

fn no_amount(given: bool) -> Result<(), Problem> {
    if given {
        let mut faults = crate::http::problem::Faults::default();
        faults.add("/amount", "is not a known field");
        return faults.into_result(());
    }
    Ok(())
}

/// `GET …/holds/{hold}`.
pub async fn show_hold(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let (id, member) = find_hold(&ask, &call, &view).await?;
    let record = record_of(&call, &view, id).await?;
    let known = call.edge.handle.member(view.id, &member).await?;
    let view = call.view()?;
    let now = call.edge.handle.now();
    let known = known.as_ref().map(|known| crate::ledger::decide::settled(known, &view.compiled.terms, now));
    let mut out = Json::with_capacity(512);
    if let Some(record) = record {
        let names = Names::new(&view.state, &view.compiled.terms);
        render::hold(&mut out, &record, id, known.as_deref().and_then(|known| known.hold(id)), names);
    }
    Ok(json(StatusCode::OK, out))
}

/// `POST …/redemptions/{redemption}/reverse`.
pub async fn reverse(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let (amount, context) = ask.read_or_nothing::<AmountWire, _>(body).await?;
    let text = ask.param("redemption");
    let unknown = || Problem::new(Code::UnknownRedemption, format!("no redemption {text:?} was recorded"));
    let redemption = id_of(text, "redemption").ok_or_else(unknown)?;
    let record = record_of(&call, &view, redemption).await?.ok_or_else(unknown)?;
    let made = |effect: &&Effect| match effect {
        Effect::Redeem { id, .. } => *id == redemption,
        Effect::Hold { index, .. } => record.status == Status::Held && *index == redemption.index,
        _ => false,
    };
    let member = record.effects.iter().find(made).and_then(|effect| party_of(&record, effect));
    let member = member.ok_or_else(unknown)?;
    act(&call, &view, Act { member, context, what: What::Reverse { redemption, amount } }).await
}

/// A voucher's grant, its record, and whose it is.
async fn find_voucher(ask: &Ask, call: &Call<'_>, view: &ProgramView) -> Result<(LotId, Text, Arc<Record>), Problem> {
    let unknown = || Problem::new(Code::UnknownVoucher, "no voucher with this code was issued");
    let id = call.edge.vouchers.read(view.id, ask.param("code")).ok_or_else(unknown)?;
    let record = record_of(call, view, id).await?.ok_or_else(unknown)?;
    let made = |effect: &&Effect| matches!(effect, Effect::Grant { index, .. } if *index == id.index);
    let member = record.effects.iter().find(made).and_then(|effect| party_of(&record, effect));
    Ok((id, member.ok_or_else(unknown)?, record))
}

/// `POST …/vouchers/{code}/use`.
pub async fn use_voucher(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let (amount, context) = ask.read_or_nothing::<AmountWire, _>(body).await?;
    no_amount(amount.is_some())?;
    let (grant, member, _) = find_voucher(&ask, &call, &view).await?;
    act(&call, &view, Act { member, context, what: What::Use { grant } }).await
}

/// `POST …/vouchers/{code}/cancel`.
pub async fn cancel_voucher(ask: Ask, body: Body) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    let (amount, context) = ask.read_or_nothing::<AmountWire, _>(body).await?;
    no_amount(amount.is_some())?;
    let (grant, member, _) = find_voucher(&ask, &call, &view).await?;
    act(&call, &view, Act { member, context, what: What::Cancel { grant } }).await
}

/// `GET …/vouchers/{code}`: what it is, and whether it can be used.
pub async fn show_voucher(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let (id, member, record) = find_voucher(&ask, &call, &view).await?;
    let known = call.edge.handle.member(view.id, &member).await?;
    let view = call.view()?;
    let now = call.edge.handle.now();
    let here = known.as_ref().is_some_and(|known| known.grant(id).is_some());
    let mut out = Json::with_capacity(512);
    let names =
        Names { vouchers: Some((view.id, &call.edge.vouchers)), ..Names::new(&view.state, &view.compiled.terms) };
    render::voucher(&mut out, &record, id, (here, now), names);
    Ok(json(StatusCode::OK, out))
}

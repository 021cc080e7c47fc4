//! Whom a member is tied to, and the identifiers that tie nobody.
//!
//! The ledger keeps identifiers and members here as fingerprints; the records that saw them have their names, and are read for
//! whoever asks. A page reads a bounded number of records.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;

use super::{Ask, Call, json, members};
use crate::email;
use crate::engine::kin::{KinQuestion, KinView, SeenWith};
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::http::wire::EmailWire;
use crate::ledger::clusters::Cluster;
use crate::ledger::kin::{Kin, Link, fingerprint, is_hard};
use crate::ledger::record::{Input, KeyField, Record};
use crate::ledger::types::{Seq, Text};
use crate::limits::{LINK_MEMBERS_SHOWN, LINK_RECORDS_READ};

/// What an identifier of a kind weighs, of 100, where it ties anybody.
const fn weight(kind: KeyField) -> u8 {
    match kind {
        KeyField::Device => 50,
        KeyField::Address => 30,
        KeyField::Ip => 20,
        _ => 100,
    }
}

/// Records read for one answer, each once.
struct Records<'a> {
    call: &'a Call<'a>,
    read: HashMap<Seq, Option<Arc<Record>>>,
}

impl Records<'_> {
    async fn get(&mut self, seq: Seq) -> Result<Option<Arc<Record>>, Problem> {
        if let Some(known) = self.read.get(&seq) {
            return Ok(known.clone());
        }
        if self.read.len() >= LINK_RECORDS_READ {
            return Ok(None);
        }
        let record = self.call.edge.handle.record(seq).await?;
        self.read.insert(seq, record.clone());
        Ok(record)
    }

    /// The member of a fingerprint, by a record that is about them.
    async fn name(&mut self, member: i64, seq: Seq) -> Result<Option<Text>, Problem> {
        let record = self.get(seq).await?;
        let parties = record.iter().flat_map(|record| &record.parties);
        Ok(parties.map(|party| &party.member).find(|id| fingerprint(id) == member).cloned())
    }

    /// The value of an identifier, by a record that shows it.
    async fn value(&mut self, kind: KeyField, ident: i64, seq: Seq) -> Result<Option<Text>, Problem> {
        let record = self.get(seq).await?;
        let value = record.as_ref().and_then(|record| record.input.key_field(kind));
        Ok(value.filter(|value| fingerprint(value) == ident).cloned())
    }
}

/// `GET …/members/{member}/links`.
pub async fn show(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let id = ask.param("member");
    let member = members::find(&call, &view, id).await?;
    let none = Kin::default();
    let kin = member.kin.as_deref().unwrap_or(&none);
    let mut records = Records { call: &call, read: HashMap::new() };
    let mut known: Vec<(&Link, Option<Text>)> = Vec::with_capacity(kin.links.len());
    for link in &kin.links {
        known.push((link, records.value(link.kind, link.ident, link.first).await?));
    }
    let idents = known.iter().filter_map(|(link, value)| Some((link.kind, value.clone()?))).collect();
    let question = KinQuestion { member: Some(Text::new(id)), idents, hubs: false };
    let KinView { cluster, seen, .. } = call.edge.handle.kin(view.id, question).await?;
    let mut seen = seen.into_iter();
    let mut out = Json::with_capacity(2_048);
    out.begin_object();
    out.field("member", id);
    out.key("referrer");
    out.optional(member.profile.referrer.as_deref());
    out.key("cluster");
    match &cluster {
        Some(cluster) => write_cluster(&mut out, cluster, &mut records).await?,
        None => out.null(),
    }
    out.key("links");
    out.begin_array();
    for (link, value) in &known {
        let with = if value.is_some() { seen.next().unwrap_or_default() } else { Vec::new() };
        write_link(&mut out, (link, value.as_ref()), &with, fingerprint(id), &mut records).await?;
    }
    out.end_array();
    out.key("referred");
    out.begin_array();
    for friend in &kin.friends {
        out.begin_object();
        out.field("member", &friend.member);
        out.time_field("paid_at", friend.at);
        out.int_field("seq", friend.seq.get());
        out.int_field("amount", friend.amount.get());
        out.end_object();
    }
    out.end_array();
    out.end_object();
    Ok(json(StatusCode::OK, out))
}

async fn write_link(
    out: &mut Json,
    (link, value): (&Link, Option<&Text>),
    with: &SeenWith,
    own: i64,
    records: &mut Records<'_>,
) -> Result<(), Problem> {
    out.begin_object();
    out.field("kind", link.kind.name());
    out.key("value");
    out.optional(value.map(Text::as_str));
    out.field("strength", if is_hard(link.kind) { "hard" } else { "soft" });
    out.int_field("weight", if link.hub { 0 } else { weight(link.kind) });
    out.key("suppressed");
    out.bool(link.hub);
    out.int_field("first_seq", link.first.get());
    out.time_field("last_seen", link.at);
    let others: Vec<_> = with.iter().filter(|(member, ..)| *member != own).collect();
    out.int_field("others", others.len());
    out.key("members");
    out.begin_array();
    for (member, seq, at) in others.into_iter().take(LINK_MEMBERS_SHOWN) {
        let Some(name) = records.name(*member, *seq).await? else { continue };
        out.begin_object();
        out.field("member", &name);
        out.int_field("seq", seq.get());
        out.time_field("last_seen", *at);
        out.end_object();
    }
    out.end_array();
    out.end_object();
    Ok(())
}

/// Writes a cluster: its members, and the sightings that make them one.
async fn write_cluster(out: &mut Json, cluster: &Cluster, records: &mut Records<'_>) -> Result<(), Problem> {
    let name_of = |member: i64| {
        let sighting = cluster.sightings.iter().find(|s| s.member == member);
        sighting.map_or(Seq::ZERO, |s| s.seq)
    };
    let members = cluster.members();
    out.begin_object();
    out.field("id", &format!("{:016x}", cluster.id.cast_unsigned()));
    out.int_field("size", members.len());
    out.key("members");
    out.begin_array();
    for member in members.iter().take(LINK_MEMBERS_SHOWN) {
        if let Some(name) = records.name(*member, name_of(*member)).await? {
            out.string(&name);
        }
    }
    out.end_array();
    out.key("because");
    out.begin_array();
    for sighting in cluster.sightings.iter().take(LINK_MEMBERS_SHOWN) {
        out.begin_object();
        out.field("kind", sighting.kind.name());
        let value = records.value(sighting.kind, sighting.ident, sighting.seq).await?;
        out.key("value");
        out.optional(value.as_deref());
        let name = records.name(sighting.member, sighting.seq).await?;
        out.key("member");
        out.optional(name.as_deref());
        out.int_field("seq", sighting.seq.get());
        if let Some(record) = records.get(sighting.seq).await?
            && let Input::Event(event) = &record.input
        {
            out.field("source", &event.source);
            out.field("id", &event.id);
        }
        out.end_object();
    }
    out.end_array();
    out.end_object();
    Ok(())
}

/// `GET …/fraud/hubs`: identifiers that tie nobody, since too many share them.
pub async fn hubs(ask: Ask) -> Result<Response, Problem> {
    let call = ask.call();
    let view = call.view()?;
    call.query(&[])?;
    let question = KinQuestion { hubs: true, ..KinQuestion::default() };
    let KinView { hubs, .. } = call.edge.handle.kin(view.id, question).await?;
    let mut records = Records { call: &call, read: HashMap::new() };
    let mut out = Json::with_capacity(1_024);
    out.begin_object();
    out.key("data");
    out.begin_array();
    for hub in &hubs {
        let value = records.value(hub.kind, hub.ident, hub.seq).await?;
        out.begin_object();
        out.field("kind", hub.kind.name());
        out.key("value");
        out.optional(value.as_deref());
        out.int_field("members", hub.members);
        out.int_field("seq", hub.seq.get());
        out.end_object();
    }
    out.end_array();
    super::end_page(&mut out, None);
    Ok(json(StatusCode::OK, out))
}

/// `POST …/normalise-email`: the one name of a mailbox, and the hash that events bring.
pub async fn normalise_email(ask: Ask, body: Body) -> Result<Response, Problem> {
    ask.call().view()?;
    let name = ask.read::<EmailWire, _>(body).await?;
    let mut out = Json::with_capacity(160);
    out.begin_object();
    out.field("normalised", &name);
    out.field("email_hash", &email::hash(&name));
    out.end_object();
    Ok(json(StatusCode::OK, out))
}

//! Accounts that came about in one place and were made to take: more of them than the devices they were made on, which share
//! client addresses; one after another of a device erased; the debt of one left for the next. It reads and never changes.
//!
//! A family makes its accounts on one device, or two; a farm that spreads them over several has more accounts than devices, and the
//! addresses tie the devices. A campus has a device for everybody. Who has bought anything is nobody's farm.

use super::facts::{bought, is_birthday_soon};
use super::identity::SIGNUPS_RING;
use super::measure::within;
use super::question::Question;
use super::relate::{Counted, Scene, reason};
use super::synthetic::is_benefit;
use crate::ledger::circles::{CIRCLE_MS, Near, Shape};
use crate::ledger::clusters::Clusters;
use crate::ledger::event::EventKind;
use crate::ledger::kin::{fingerprint, is_hard};
use crate::ledger::record::{KeyField, Reason, Verdict};
use crate::ledger::types::{Seq, Text};
use crate::limits::EVIDENCE_EVENTS_MAX;

/// Devices from which on accounts of a circle are compared with them: a family has one that is shared.
const DEVICES_LEAST: usize = 2;
/// More accounts than devices, at most; of those who tell a birthday within the week.
const SURPLUS_MOST: usize = 3;
const SURPLUS_BIRTHDAY_MOST: usize = 1;
/// Accounts made on one device and erased, at most, before the next one waits.
const ERASED_MOST: usize = 1;

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What an event says of where its member came about.
pub(super) fn seen(scene: &Scene<'_>) -> Vec<Reason> {
    let mut found = Vec::new();
    let event = scene.event;
    let enrols = event.kind == EventKind::Enroll && scene.member.is_none();
    if enrols {
        found.extend(reborn(scene));
    }
    if bought(scene.question) > 0 {
        return found;
    }
    if enrols || is_benefit(&event.kind) {
        let birthday = is_birthday_soon(scene.question.input);
        let most = if birthday { SURPLUS_BIRTHDAY_MOST } else { SURPLUS_MOST };
        found.extend(crowded(scene.question, &scene.person.circle(scene.question.now), most));
    }
    if event.kind == EventKind::Purchase {
        found.extend(debt(scene));
    }
    found
}

/// What is said where points leave a member of a circle who has bought nothing.
pub(super) fn spends(question: &Question<'_>, clusters: &Clusters) -> Option<Reason> {
    let own = fingerprint(question.input.key_field(KeyField::Member)?);
    let circle = clusters.circles.of(question.program, own).filter(|_| bought(question) == 0)?;
    crowded(question, &circle.seen, SURPLUS_MOST)
}

/// More accounts than devices.
fn crowded(question: &Question<'_>, seen: &[Near], most: usize) -> Option<Reason> {
    let shape = Shape::of(seen, question.now);
    if shape.devices < DEVICES_LEAST || shape.surplus() <= most {
        return None;
    }
    let Shape { accounts, devices } = shape;
    let detail = format!(
        "{accounts} accounts were made within 30d on {devices} devices tied by client addresses, which is {} more than devices, at most \
         {most} of members who have bought nothing",
        shape.surplus()
    );
    let device = question.input.key_field(KeyField::Device).filter(|value| !value.is_empty());
    let member = || question.input.key_field(KeyField::Member).cloned().unwrap_or_default();
    let key: Text = device.map_or_else(
        || smol_str::format_smolstr!("member={}", member()),
        |device| smol_str::format_smolstr!("device={device}"),
    );
    let mut events: Vec<Seq> = seen.iter().map(|near| near.seq).filter(|seq| *seq > Seq::ZERO).collect();
    events.sort_unstable_by(|a, b| b.cmp(a));
    events.dedup();
    let (found, limit) = (count(shape.surplus()), count(most));
    let counted = Counted { key, metric: "distinct", window_ms: CIRCLE_MS, found, limit, events };
    Some(reason("synthetic_circle", (Verdict::Hold, 50), detail, counted))
}

/// A device on which one account after another is made and erased.
fn reborn(scene: &Scene<'_>) -> Option<Reason> {
    let ring = scene.ring(SIGNUPS_RING, KeyField::Device)?;
    let (at, clusters) = (scene.question.at, scene.person.clusters);
    let mut gone: Vec<(i64, Seq)> = Vec::new();
    for entry in within(ring, at, CIRCLE_MS) {
        let is_new = !gone.iter().any(|(known, _)| *known == entry.value);
        if is_new && clusters.is_ghost(scene.question.program, entry.value) {
            gone.push((entry.value, entry.seq));
        }
    }
    let hub = scene.person.looks.iter().any(|look| look.kind == KeyField::Device && look.hub);
    if gone.len() <= ERASED_MOST || hub || super::channel::is_in_person(scene.question.input) {
        return None;
    }
    let number = gone.len();
    let detail =
        format!("{number} accounts made on this device within 30d were erased before this one, at most {ERASED_MOST}");
    let key = smol_str::format_smolstr!("device={}", scene.question.input.key_field(KeyField::Device)?);
    let events = gone.into_iter().map(|(_, seq)| seq).take(EVIDENCE_EVENTS_MAX).collect();
    let (found, limit) = (count(number), count(ERASED_MOST));
    let counted = Counted { key, metric: "distinct", window_ms: CIRCLE_MS, found, limit, events };
    Some(reason("synthetic_reborn", (Verdict::Hold, 50), detail, counted))
}

/// The first purchase of somebody who owes points under another name.
fn debt(scene: &Scene<'_>) -> Option<Reason> {
    let (program, person) = (scene.question.program, &scene.person);
    let clusters = person.clusters;
    if !clusters.owes_any() {
        return None;
    }
    let debtors: Vec<i64> = person.one_with().into_iter().filter(|other| clusters.owes(program, *other)).collect();
    if debtors.is_empty() {
        return None;
    }
    let shown = person.looks.iter().filter(|look| is_hard(look.kind)).flat_map(|look| &look.others);
    let known = clusters.of(program, person.own).map_or(&[][..], |cluster| cluster.sightings.as_slice());
    let known = known.iter().map(|sighting| (sighting.member, sighting.seq));
    let all = shown.map(|(member, seq, _)| (*member, *seq)).chain(known);
    let mut events: Vec<Seq> = all.filter(|(member, _)| debtors.contains(member)).map(|(_, seq)| seq).collect();
    events.sort_unstable();
    events.dedup();
    let number = debtors.len();
    let detail = format!(
        "{number} who are one with this member by card, e-mail address or phone number owe points; the first purchase waits"
    );
    let key = smol_str::format_smolstr!("member={}", scene.event.member);
    let counted = Counted { key, metric: "distinct", window_ms: 0, found: count(number), limit: 0, events };
    Some(reason("synthetic_debt", (Verdict::Hold, 50), detail, counted))
}

/// Whether a purchase has to be looked at whatever it shows: somebody owes points, and its member has never bought.
pub(super) fn may_owe(question: &Question<'_>, clusters: &Clusters, kind: &EventKind) -> bool {
    clusters.owes_any()
        && *kind == EventKind::Purchase
        && question.member.is_some_and(|member| member.kin.is_some())
        && bought(question) == 0
}

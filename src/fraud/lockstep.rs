//! Accounts that always do the same within the same minutes: at one till, or in one campaign. One meeting is chance; the same
//! accounts beside each other time and again, while none has bought anything, or none shows a card, are one hand. Only noted: people
//! who know each other come together too.
//!
//! A ring holds who did it lately at each place, and one of each member whom they were beside: both of a fixed size, so it costs two
//! rings where it is asked, and nothing where it is not. It counts exactly; of a crowd, and of what is no longer kept, it says nothing.

use super::assess::raise;
use super::channel::is_in_person;
use super::facts::{bought, has};
use super::identity::Asked;
use super::lists::heard;
use super::measure::within;
use super::question::Question;
use super::relate::{Counted, reason};
use super::rings::{Needed, RingKey, Rings, Seen};
use super::synthetic::is_benefit;
use super::together;
use super::window::Ring;
use crate::ledger::decide::Judgement;
use crate::ledger::event::EventKind;
use crate::ledger::kin::fingerprint;
use crate::ledger::record::{Input, Keep, KeyField, KeyFields, Observation, Reason, Taken, Verdict};
use crate::ledger::types::{NameId, Seq, Text, TimeMs};

/// Who did it lately, by campaign and by till.
const CAMPAIGN_RING: NameId = NameId::new(0xff00 + 35);
const TILL_RING: NameId = NameId::new(0xff00 + 36);
/// Whom a member was beside.
const BESIDE_RING: NameId = NameId::new(0xff00 + 37);
/// Entries they keep.
const PLACE_KEPT: u16 = 64;
const BESIDE_KEPT: u16 = 96;

const MINUTE_MS: i64 = 60_000;
/// Who does the same within so much time is beside the other.
const SLOT_MS: i64 = 5 * MINUTE_MS;
/// More than so many at once are a crowd.
const CROWD: usize = 24;
/// Of those beside a member, the nearest in time that are remembered.
const BESIDE_MOST: usize = 12;
/// One occasion is as long as this.
const OCCASION_MS: i64 = 60 * MINUTE_MS;
/// How long an occasion counts.
const LOCKSTEP_MS: i64 = 14 * 24 * OCCASION_MS;
/// On so many occasions they were beside each other, this one included …
const OCCASIONS_LEAST: usize = 3;
/// … each of more others than these: more than a family.
const COMPANIONS_MOST: usize = 3;
/// Where weak signals are gathered, it is one kind of them.
const FAMILY: &str = "lockstep";
/// At a till only who joined so lately is looked at.
const TILL_NEW_MS: i64 = 60 * 24 * OCCASION_MS;

/// The place where an input is compared with others: its campaign, or the till of a sale without a card.
fn place(input: &Input) -> Option<(NameId, KeyFields)> {
    let Input::Event(event) = input else { return None };
    if is_benefit(&event.kind) {
        return (!is_in_person(input)).then_some((CAMPAIGN_RING, KeyFields::of(KeyField::Campaign)));
    }
    let is_sale = matches!(event.kind, EventKind::Purchase | EventKind::Visit);
    let at_till = is_sale && has(input, KeyField::Terminal) && !has(input, KeyField::Card) && is_in_person(input);
    let till = KeyFields::new(&[KeyField::Store, KeyField::Terminal])?;
    at_till.then_some((TILL_RING, till))
}

/// Adds the rings that [`note`] reads of an input.
pub(super) fn add_keys(asked: &Asked<'_>, keys: &mut Vec<Needed>) {
    let Some((ring, by)) = place(asked.input).filter(|_| asked.terms.identity.detects) else { return };
    let both = [(ring, by), (BESIDE_RING, KeyFields::of(KeyField::Member))];
    let needed = |(ring, by)| Some(Needed { by, key: RingKey::of(asked.program, ring, &by, asked.input)? });
    keys.extend(both.into_iter().filter_map(needed));
}

/// Whether a member is one of those who are compared.
fn is_compared(question: &Question<'_>, ring: NameId) -> bool {
    let Some(member) = question.member else { return false };
    if ring == CAMPAIGN_RING {
        return bought(question) == 0;
    }
    question.at.since(member.enrolled_at) < TILL_NEW_MS
}

/// Others at a place within minutes, the nearest first, each once; nothing of a crowd.
fn beside(ring: &Ring, at: TimeMs, own: i64) -> Vec<(i64, Seq)> {
    let until = TimeMs::new(at.get().saturating_add(SLOT_MS));
    let mut near: Vec<(i64, i64, Seq)> = within(ring, until, 2 * SLOT_MS)
        .filter(|entry| entry.value != own)
        .map(|entry| (at.since(entry.at).saturating_abs(), entry.value, entry.seq))
        .collect();
    near.sort_unstable();
    let mut found: Vec<(i64, Seq)> = Vec::new();
    for (_, member, seq) in near {
        if !found.iter().any(|(known, _)| *known == member) {
            found.push((member, seq));
        }
    }
    if found.len() > CROWD {
        found.clear();
    }
    found
}

/// The occasions before this one on which a member was beside another, newest first.
fn occasions(ring: &Ring, at: TimeMs, other: i64) -> Vec<Seq> {
    let (mut last, mut found) = (at, Vec::new());
    for entry in within(ring, at, LOCKSTEP_MS).filter(|entry| entry.value == other) {
        if last.since(entry.at) >= OCCASION_MS {
            last = entry.at;
            found.push(entry.seq);
        }
    }
    found
}

/// Adds to a judgement whom an input's member is always beside, and what the rings take in of it.
pub(super) fn note(rings: &Rings, question: &Question<'_>, seen: &Seen, judgement: &mut Judgement) {
    let Some((ring, by)) = place(question.input).filter(|(ring, _)| is_compared(question, *ring)) else { return };
    let member = KeyFields::of(KeyField::Member);
    let Some(id) = question.input.key_field(KeyField::Member) else { return };
    let (Some(there), Some(mine)) = (rings.of_seen(seen, ring, &by), rings.of_seen(seen, BESIDE_RING, &member)) else {
        return;
    };
    let own = fingerprint(id);
    let keep = |entries: u16| Keep { entries, distinct: false, first: false, taken: Taken::Accepted }.pack();
    judgement.observed.push(Observation { ring, key: by, capacity: keep(PLACE_KEPT), value: own });
    let (mut steady, mut events): (usize, Vec<Seq>) = (0, Vec::new());
    for (other, seq) in beside(there, question.at, own).into_iter().take(BESIDE_MOST) {
        let just_now = within(mine, question.at, OCCASION_MS).any(|entry| entry.value == other);
        let before = occasions(mine, question.at, other);
        if before.len() + 1 >= OCCASIONS_LEAST {
            steady += 1;
            events.push(seq);
            events.extend(before);
        }
        if !just_now {
            let capacity = keep(BESIDE_KEPT);
            judgement.observed.push(Observation { ring: BESIDE_RING, key: member, capacity, value: other });
        }
    }
    let Some(reason) = said(question, id, steady, events) else { return };
    let reason = heard(reason, false, question);
    let hold = together::beside(question, &judgement.assessment, &reason, FAMILY);
    raise(&mut judgement.assessment, reason);
    if let Some(hold) = hold {
        raise(&mut judgement.assessment, hold);
    }
}

fn said(question: &Question<'_>, id: &Text, steady: usize, mut events: Vec<Seq>) -> Option<Reason> {
    if steady <= COMPANIONS_MOST {
        return None;
    }
    events.sort_unstable_by(|a, b| b.cmp(a));
    events.dedup();
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let what = match question.input.key_field(KeyField::Campaign) {
        Some(campaign) => format!("in {campaign}, without having bought anything"),
        None => "at one till, without a card".to_owned(),
    };
    let detail = format!(
        "{steady} other members did the same within 5min {what}, each on {OCCASIONS_LEAST} occasions or more within 14d; at most \
         {COMPANIONS_MOST} do who know each other"
    );
    let key = smol_str::format_smolstr!("member={id}");
    let (found, limit) = (number(steady), number(COMPANIONS_MOST));
    let counted = Counted { key, metric: "lockstep", window_ms: LOCKSTEP_MS, found, limit, events };
    Some(reason("synthetic_lockstep", (Verdict::Flag, 35), detail, counted))
}

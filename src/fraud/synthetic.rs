//! Made-up accounts: many enrolments at once, one mailbox or phone for many members, benefits and trials taken again under another
//! name, and accounts that only ever spend what they were given.
//!
//! Sharing alone is a family. What is held here needs more: numbers no household has, or points leaving an account that never
//! bought anything. An enrolment in a shop says nothing about the device, which is the shop's.

use super::channel::is_in_person;
use super::facts::bought;
use super::identity::{Look, Person, SIGNUPS_IP_RING, SIGNUPS_RING};
use super::measure;
use super::question::Question;
use super::relate::{Counted, Scene, reason};
use crate::ledger::act::What;
use crate::ledger::clusters::Clusters;
use crate::ledger::event::EventKind;
use crate::ledger::kin::{fingerprint, is_hard};
use crate::ledger::member::Member;
use crate::ledger::record::{Input, KeyField, Reason, Verdict};
use crate::ledger::types::{NameId, Seq, Text};

const DAY_MS: i64 = 86_400_000;
/// Enrolments in a day from a device, and from a client address: from more on it is said, and from more on held, where it ever is.
/// A family enrols on one phone in an evening; in a shop the device is the shop's, and behind one address may be a campus.
const DEVICE_DAY: (i64, i64) = (3, 6);
const IP_DAY: (i64, i64) = (10, i64::MAX);
/// Other members with the same e-mail address or phone number: from so many on it is said, and from so many on held.
const MAILBOX: (usize, usize) = (1, 3);
const PHONE: (usize, usize) = (2, 5);
/// Others one is made one with, at most, where a birthday is given.
const BIRTHDAYS_ONE: usize = 4;
/// Other members on one device or at one address, at most, where a birthday is given.
const BIRTHDAYS_NEAR: usize = 5;
/// An account is new for so long.
const NEW_MS: i64 = 7 * DAY_MS;
/// Others who are one with an account that spends without having bought, and others on its device, at most: a family of four. Of a
/// new account that bought once: more than a family.
const SPENDS_UNPROVEN: (usize, usize) = (3, 3);
const SPENDS_NEW: (usize, usize) = (4, 4);
/// Others at the address of an account that spends without having bought, at most.
const SPENDS_ADDRESS: usize = 4;
/// Others who enrolled at one address within a day, from so many on it is said where so many in a hundred came from other networks.
const ADDRESS_DAY: usize = 5;
const ADDRESS_APART: usize = 80;
/// Others who pay with the card of somebody's first purchase, at most, and how long somebody is new to it.
const CARD_OTHERS: usize = 4;
const CARD_NEW_MS: i64 = 14 * DAY_MS;

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What an event says of whether its member is made up.
pub(super) fn seen(scene: &Scene<'_>) -> Vec<Reason> {
    let mut found = Vec::new();
    let event = scene.event;
    if event.kind == EventKind::Enroll && scene.member.is_none() {
        found.extend(burst(scene, (SIGNUPS_RING, KeyField::Device, DEVICE_DAY)));
        found.extend(burst(scene, (SIGNUPS_IP_RING, KeyField::Ip, IP_DAY)));
        found.extend(contact(scene, KeyField::Email, MAILBOX));
        found.extend(contact(scene, KeyField::Phone, PHONE));
        found.extend(address(scene));
    }
    if event.personal.as_deref().is_some_and(|personal| personal.birthday.is_some()) {
        found.extend(birthdays(scene));
    }
    if event.kind == EventKind::Purchase {
        found.extend(card(scene));
    }
    if is_benefit(&event.kind) {
        found.extend(benefit(scene));
    }
    if event.kind == EventKind::Fee && event.membership.is_some() && event.amount().is_zero() {
        found.extend(trial(scene));
    }
    found
}

/// More enrolments in a day than people make with one device or from one address.
fn burst(scene: &Scene<'_>, (ring, kind, (most, held)): (NameId, KeyField, (i64, i64))) -> Option<Reason> {
    let ring = scene.ring(ring, kind)?;
    let value = scene.question.input.key_field(kind)?;
    let at = scene.question.at;
    let day = measure::distinct(ring, at, DAY_MS, Some(scene.person.own)).value;
    let owned = scene.question.terms.identity.owned.iter().any(|(of, known)| *of == kind && known == value);
    if day <= most || owned {
        return None;
    }
    let events = measure::distinct_records(ring, at, DAY_MS, usize::try_from(day).unwrap_or(0));
    let detail = format!(
        "{day} enrolments by {} within 1d, at most {most}; {} fewer would have passed",
        kind.name(),
        day - most
    );
    let key = smol_str::format_smolstr!("{}={value}", kind.name());
    let counted = Counted { key, metric: "distinct", window_ms: DAY_MS, found: day, limit: most, events };
    let holds = day > held && !is_in_person(scene.question.input);
    let verdict = if holds { (Verdict::Hold, 60) } else { (Verdict::Flag, 20) };
    Some(reason("synthetic_signup_burst", verdict, detail, counted))
}

fn look(scene: &Scene<'_>, kind: KeyField) -> Option<Look> {
    scene.person.looks.iter().find(|look| look.kind == kind && !look.hub).cloned()
}

fn records(look: &Look) -> Vec<Seq> {
    look.others.iter().map(|(_, seq, _)| *seq).collect()
}

/// One mailbox or telephone for many members.
fn contact(scene: &Scene<'_>, kind: KeyField, (said, held): (usize, usize)) -> Option<Reason> {
    let look = look(scene, kind).filter(|look| look.others.len() >= said)?;
    let (value, number) = (scene.question.input.key_field(kind)?, look.others.len());
    let verdict = if number >= held { (Verdict::Hold, 60) } else { (Verdict::Flag, 15) };
    let detail = format!("{number} other members have this {}, fewer than {held} pass", kind.name());
    let key = smol_str::format_smolstr!("{}={value}", kind.name());
    let limit = count(held) - 1;
    let counted =
        Counted { key, metric: "distinct", window_ms: 0, found: count(number), limit, events: records(&look) };
    Some(reason("synthetic_same_contact", verdict, detail, counted))
}

/// Many enrolments of one day at one address, each from another network: a farm, or a hall of residence on the day of arrival. So
/// nobody waits for it; but what such accounts were given goes nowhere before they have bought, see [`spends`].
fn address(scene: &Scene<'_>) -> Option<Reason> {
    let (at, home) = (scene.question.at, look(scene, KeyField::Address)?);
    let network = scene.person.looks.iter().find(|look| look.kind == KeyField::Ip)?;
    let near = |member: i64| network.others.iter().any(|(other, ..)| *other == member);
    let today = home.others.iter().filter(|(.., seen)| at.since(*seen).saturating_abs() < DAY_MS);
    let today: Vec<(i64, Seq)> = today.map(|(other, seq, _)| (*other, *seq)).collect();
    let apart = today.iter().filter(|(other, _)| !near(*other)).count();
    if today.len() < ADDRESS_DAY || apart * 100 < today.len() * ADDRESS_APART {
        return None;
    }
    let value = scene.question.input.key_field(KeyField::Address)?;
    let number = today.len();
    let detail = format!(
        "{number} other members enrolled at this address within 1d, {apart} of them from other networks, fewer than {ADDRESS_DAY} usually"
    );
    let key = smol_str::format_smolstr!("address={value}");
    let events = today.iter().map(|(_, seq)| *seq).collect();
    let (found, limit) = (count(number), count(ADDRESS_DAY) - 1);
    let counted = Counted { key, metric: "distinct", window_ms: DAY_MS, found, limit, events };
    Some(reason("synthetic_same_address", (Verdict::Flag, 20), detail, counted))
}

/// The first purchase of a new member is paid with the card of more others than a family has.
fn card(scene: &Scene<'_>) -> Option<Reason> {
    let member = scene.member?;
    let look = look(scene, KeyField::Card).filter(|look| look.others.len() > CARD_OTHERS)?;
    if bought(scene.question) > 0 || scene.question.at.since(member.enrolled_at) >= CARD_NEW_MS {
        return None;
    }
    let number = look.others.len();
    let detail =
        format!("a new member's first purchase is on the card of {number} other members, at most {CARD_OTHERS}");
    let key = smol_str::format_smolstr!("card={}", scene.question.input.key_field(KeyField::Card)?);
    let (found, limit) = (count(number), count(CARD_OTHERS));
    let counted = Counted { key, metric: "distinct", window_ms: 0, found, limit, events: records(&look) };
    Some(reason("synthetic_one_card", (Verdict::Hold, 50), detail, counted))
}

/// What is given for small services.
pub(super) const fn is_benefit(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Newsletter
            | EventKind::Survey
            | EventKind::Review
            | EventKind::SocialFollow
            | EventKind::SocialShare
    )
}

/// A benefit for a member who hardly bought anything and is one with more others than a family has.
fn benefit(scene: &Scene<'_>) -> Option<Reason> {
    let one = scene.person.size();
    if one <= SPENDS_NEW.0 || bought(scene.question) > 1 {
        return None;
    }
    let detail = format!(
        "a benefit for one who is {one} other members too and hardly bought anything, at most {}",
        SPENDS_NEW.0
    );
    let key = smol_str::format_smolstr!("member={}", scene.event.member);
    let events = scene.person.looks.iter().filter(|look| is_hard(look.kind)).flat_map(records).collect();
    let counted =
        Counted { key, metric: "distinct", window_ms: 0, found: count(one), limit: count(SPENDS_NEW.0), events };
    Some(reason("synthetic_benefit", (Verdict::Hold, 50), detail, counted))
}

/// Many birthdays of one person, of one device, at one address.
fn birthdays(scene: &Scene<'_>) -> Option<Reason> {
    let one = scene.person.size();
    let near = [KeyField::Device, KeyField::Address].into_iter().filter_map(|kind| look(scene, kind));
    let near = near.max_by_key(|look| look.others.len());
    let key = smol_str::format_smolstr!("member={}", scene.event.member);
    if one > BIRTHDAYS_ONE {
        let detail = format!("a birthday for one who is {one} other members too, at most {BIRTHDAYS_ONE}");
        let events: Vec<Seq> = scene.person.looks.iter().filter(|look| is_hard(look.kind)).flat_map(records).collect();
        let (found, limit) = (count(one), count(BIRTHDAYS_ONE));
        let counted = Counted { key, metric: "distinct", window_ms: 0, found, limit, events };
        return Some(reason("synthetic_birthdays", (Verdict::Hold, 50), detail, counted));
    }
    let look = near.filter(|look| look.others.len() > BIRTHDAYS_NEAR)?;
    let number = look.others.len();
    let detail = format!("a birthday on the {} of {number} other members, at most {BIRTHDAYS_NEAR}", look.kind.name());
    let (found, limit) = (count(number), count(BIRTHDAYS_NEAR));
    let counted = Counted { key, metric: "distinct", window_ms: 0, found, limit, events: records(&look) };
    Some(reason("synthetic_birthdays", (Verdict::Flag, 20), detail, counted))
}

/// A trial for one who has had it under another name.
fn trial(scene: &Scene<'_>) -> Option<Reason> {
    let Person { program, own, clusters, looks } = scene.person;
    let tried = |member: &i64| *member != own && clusters.has_tried(program, *member);
    let mut one: Vec<i64> = clusters.of(program, own).map_or_else(Vec::new, |cluster| cluster.members());
    one.extend(looks.iter().filter(|look| is_hard(look.kind) && !look.hub).flat_map(|look| &look.others).map(|o| o.0));
    one.retain(tried);
    one.sort_unstable();
    one.dedup();
    let device = look(scene, KeyField::Device);
    let near: Vec<Seq> = device
        .iter()
        .flat_map(|look| &look.others)
        .filter(|(member, ..)| tried(member))
        .map(|(_, seq, _)| *seq)
        .collect();
    let key = smol_str::format_smolstr!("member={}", scene.event.member);
    let (verdict, detail) = if !one.is_empty() {
        ((Verdict::Hold, 60), format!("{} who are one with this member have had a trial", one.len()))
    } else if near.len() > 1 {
        ((Verdict::Hold, 50), format!("{} other members on this device have had a trial, at most 1", near.len()))
    } else if near.len() == 1 {
        ((Verdict::Flag, 20), "another member on this device has had a trial".to_owned())
    } else {
        return None;
    };
    let found = count(one.len().max(near.len()));
    let counted = Counted { key, metric: "distinct", window_ms: 0, found, limit: 0, events: near };
    Some(reason("synthetic_trial", verdict, detail, counted))
}

/// What is said where a member spends who has bought at most once: whether they are one of many that were made to.
pub(super) fn spends(question: &Question<'_>, clusters: &Clusters) -> Option<Reason> {
    let spends = match question.input {
        Input::Transfer(..) => true,
        Input::Act(act, _) => matches!(act.what, What::Redeem { .. } | What::Hold { .. } | What::Donate { .. }),
        _ => false,
    };
    let member = question.member.filter(|_| spends)?;
    let kin = member.kin.as_deref()?;
    let bought = bought(question);
    let is_new = question.at.since(member.enrolled_at) < NEW_MS;
    let (hard_most, near_most) = match bought {
        ..=0 => SPENDS_UNPROVEN,
        1 if is_new => SPENDS_NEW,
        _ => return None,
    };
    let id = question.input.key_field(KeyField::Member)?;
    let cluster = clusters.of(question.program, fingerprint(id));
    let one = cluster.map_or(0, |cluster| cluster.members().len().saturating_sub(1));
    let most_on = |kind: KeyField| {
        let link = kin.links.iter().filter(|link| link.kind == kind && !link.hub).max_by_key(|link| link.others);
        (link, link.map_or(0, |link| usize::from(link.others)))
    };
    let (device, on_device) = most_on(KeyField::Device);
    let (home, at_home) = most_on(KeyField::Address);
    let (near, number, most, how) = if one > hard_most {
        (None, one, hard_most, "members are one with")
    } else if on_device > near_most {
        (device, on_device, near_most, "other members use the device of")
    } else if bought == 0 && at_home > SPENDS_ADDRESS {
        (home, at_home, SPENDS_ADDRESS, "other members have the address of")
    } else {
        return None;
    };
    let age = if is_new { "a member of less than 7d" } else { "a member" };
    let detail = format!("points leave {age} with {bought} purchases; {number} {how} them, at most {most}");
    let events = match cluster.filter(|_| one > hard_most) {
        Some(cluster) => cluster.sightings.iter().map(|sighting| sighting.seq).collect(),
        None => near.map(|link| link.last).into_iter().collect(),
    };
    let key: Text = smol_str::format_smolstr!("member={id}");
    let counted = Counted { key, metric: "distinct", window_ms: 0, found: count(number), limit: count(most), events };
    Some(reason("synthetic_spending", (Verdict::Hold, 50), detail, counted))
}

/// Whether a member has anything that [`spends`] looks at.
pub(super) fn is_tied(member: Option<&Member>) -> bool {
    member.is_some_and(|member| member.kin.is_some())
}

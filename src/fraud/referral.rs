//! Abuse of referrals: who brings themselves, rings, chains, stars, friends that are one another's, and friends that buy only
//! what the bonus asks for.
//!
//! What two people share never stops an event: the friend's purchase stands and earns, only the bonuses are withheld or wait for
//! a case. A pattern of many accounts holds the purchase that would pay them. Each reason says what was found, and what would
//! have passed.

mod friends;

use super::identity::{FRIENDS_RING, IP_WINDOW_MS};
use super::measure;
use super::relate::{Counted, Scene, reason};
use super::window::Ring;
use super::words::duration;
use crate::ledger::decide::Bonus;
use crate::ledger::event::{Event, EventKind};
use crate::ledger::kin::{Friend, Kin, KinEffect, Link, fingerprint};
use crate::ledger::member::Member;
use crate::ledger::record::{Effect, KeyField, Reason, Verdict};
use crate::ledger::terms::{ReferralTerms, Terms};
use crate::ledger::types::{Seq, Text, TimeMs};
use crate::limits::KIN_ANCESTORS_MAX;

const DAY_MS: i64 = 86_400_000;
/// Referrals in a row count as quick where each comes at most so long after the one before, and as slow where at most so long.
const QUICK_MS: i64 = DAY_MS;
const SLOW_MS: i64 = 7 * DAY_MS;
/// The longest row of quick and of slow referrals that passes.
const QUICK_MOST: u8 = 3;
const SLOW_MOST: u8 = 3;
/// Friends a referrer may bring in a week without a word, and without their bonuses being looked at.
const WEEK_FLAG: i64 = 5;
const WEEK_HOLD: i64 = 10;
/// Earlier friends who turned out to be the referrer, at most, before an enrolment waits: by e-mail or phone, and by those or the
/// address, which a family shares.
const SELF_MOST: (usize, usize) = (1, 3);
/// Other friends of the same referrer with the same device or card, at most; the first is flagged.
const SHARED_MOST: usize = 1;
/// What shared soft identifiers weigh, and from which weight the bonuses wait.
const WEIGHTS: [(KeyField, u8); 3] = [(KeyField::Device, 50), (KeyField::Address, 30), (KeyField::Ip, IP_WEIGHT)];
const IP_WEIGHT: u8 = 20;
const SOFT_HOLD: u8 = 50;

/// Tenders that are no money of the member's.
const NOT_REAL: [&str; 9] =
    ["points", "voucher", "gift_card", "giftcard", "reward", "credit", "store_credit", "coupon", "promo"];

/// What was found at an enrolment.
pub(super) struct Enrolled {
    pub(super) refuses: bool,
    pub(super) descend: Option<Effect>,
    pub(super) reasons: Vec<Reason>,
}

/// Whether an event may pay the referral that brought its member.
pub(super) fn is_owed(terms: &Terms, event: &Event, member: Option<&Member>) -> bool {
    let Some(terms) = &terms.referral else { return false };
    let owed = |member: &Member| !member.referral_paid && member.profile.referrer.is_some();
    event.kind == EventKind::Purchase && event.amount() >= terms.minimum && member.is_some_and(owed)
}

fn key(member: &Text) -> Text {
    smol_str::format_smolstr!("member={member}")
}

/// Whether a rule speaks of a pattern of many accounts, and not of two people who share something.
pub(super) fn is_pattern(rule: &str) -> bool {
    !matches!(rule, "referral_self" | "referral_shared" | "referral_no_money")
}

/// What an enrolment with a referrer says.
pub(super) fn enrolled(scene: &Scene<'_>) -> Enrolled {
    let mut found = Enrolled { refuses: false, descend: None, reasons: Vec::new() };
    let personal = scene.event.personal.as_deref();
    let Some(id) = personal.and_then(|personal| personal.referrer.as_ref()) else { return found };
    let known = scene.member_named(id);
    if let Some((how, events)) = own_referral(scene, id, known) {
        let again = same_friends(scene, &[KeyField::Email, KeyField::Phone, KeyField::Address]);
        let hard = same_friends(scene, &[KeyField::Email, KeyField::Phone]);
        let times = i64::try_from(again).unwrap_or(i64::MAX).saturating_add(1);
        let counted = Counted { key: key(id), metric: "identity", window_ms: 0, found: times, limit: 0, events };
        let often = if again > 0 { format!(", as {again} before were") } else { String::new() };
        let detail = format!("the referrer {id} is the friend: {how}{often}; the referral does not count");
        // Once is a family; again and again is a habit.
        let verdict = if hard > SELF_MOST.0 || again > SELF_MOST.1 { (Verdict::Hold, 60) } else { (Verdict::Flag, 40) };
        found.reasons.push(reason("referral_self", verdict, detail, counted));
        found.refuses = true;
        return found;
    }
    let Some(referrer) = known else { return found };
    found.reasons.extend(burst(scene, id));
    let at = scene.question.at;
    let (kin, none) = (referrer.kin.as_deref(), Kin::default());
    let kin = kin.unwrap_or(&none);
    let gap = at.since(referrer.enrolled_at).saturating_abs();
    let next = |row: u8, most_ms: i64| if gap <= most_ms { row.saturating_add(1) } else { 0 };
    let (quick, slow) = (next(kin.quick, QUICK_MS), next(kin.slow, SLOW_MS));
    let mut ancestors = vec![fingerprint(id)];
    ancestors.extend(kin.ancestors.iter().copied().take(KIN_ANCESTORS_MAX - 1));
    found.descend = Some(Effect::Kin(KinEffect::Descend { party: 0, ancestors, quick, slow }));
    found
}

/// Whether who enrols is their referrer: the same id, or the same e-mail, phone or address, theirs or that of somebody they are
/// one with.
fn own_referral(scene: &Scene<'_>, id: &Text, referrer: Option<&Member>) -> Option<(&'static str, Vec<Seq>)> {
    if *id == scene.event.member {
        return Some(("they have the same id", Vec::new()));
    }
    let (referrer, personal) = (referrer?, scene.event.personal.as_deref()?);
    let profile = &referrer.profile;
    let fields = [
        (KeyField::Email, "they share an e-mail address", &personal.email_hash, &profile.email_hash),
        (KeyField::Phone, "they share a phone number", &personal.phone_hash, &profile.phone_hash),
        (KeyField::Address, "they share an address", &personal.address_hash, &profile.address_hash),
    ];
    let shared = fields.into_iter().find(|(_, _, own, theirs)| own.is_some() && own == theirs);
    if let Some((kind, how, value, _)) = shared {
        let ident = value.as_ref().map_or(0, |value| fingerprint(value));
        let link = referrer.kin.as_deref().and_then(|kin| kin.link(kind, ident));
        return Some((how, link.map(|link| link.first).into_iter().collect()));
    }
    let path = scene.person.is_one_with(fingerprint(id), &[KeyField::Email, KeyField::Phone])?;
    Some(("they are one by e-mail addresses and phone numbers they share with others", path))
}

/// How many earlier friends of the referrer are this one too, by identifiers of some kinds.
fn same_friends(scene: &Scene<'_>, kinds: &[KeyField]) -> usize {
    let Some(ring) = scene.ring(FRIENDS_RING, KeyField::Referrer) else { return 0 };
    let person = &scene.person;
    let looks = person.looks.iter().filter(|look| kinds.contains(&look.kind) && !look.hub);
    let mut same: Vec<i64> = looks.flat_map(|look| &look.others).map(|(other, ..)| *other).collect();
    same.retain(|other| *other != person.own && ring.entries().any(|entry| entry.value == *other));
    same.sort_unstable();
    same.dedup();
    same.len()
}

/// Whether who enrols shares anything with an earlier friend of the referrer: two people of a crowd do not.
fn is_like_a_friend(scene: &Scene<'_>, friends: &Ring) -> bool {
    let others = scene.person.looks.iter().filter(|look| !look.hub).flat_map(|look| &look.others);
    others.into_iter().any(|(other, ..)| friends.entries().any(|entry| entry.value == *other))
}

/// More friends in a week than people bring. Who is widely known brings hundreds, each of them somebody else: that is noted, and
/// waits only where this friend is tied to another.
fn burst(scene: &Scene<'_>, id: &Text) -> Option<Reason> {
    let ring = scene.ring(FRIENDS_RING, KeyField::Referrer)?;
    let at = scene.question.at;
    let week = measure::distinct(ring, at, 7 * DAY_MS, Some(scene.person.own)).value;
    if week <= WEEK_FLAG {
        return None;
    }
    let events = measure::distinct_records(ring, at, 7 * DAY_MS, usize::try_from(week).unwrap_or(0));
    let detail = format!(
        "{week} friends of {id} enrolled within 7d, at most {WEEK_FLAG}; {} fewer would have passed",
        week - WEEK_FLAG
    );
    let counted =
        Counted { key: key(id), metric: "distinct", window_ms: 7 * DAY_MS, found: week, limit: WEEK_FLAG, events };
    let holds = week > WEEK_HOLD && is_like_a_friend(scene, ring);
    let verdict = if holds { (Verdict::Hold, 60) } else { (Verdict::Flag, 20) };
    Some(reason("referral_burst", verdict, detail, counted))
}

/// What is said where the bonuses would be paid, each with what becomes of them by it.
pub(super) fn paying(scene: &Scene<'_>) -> Vec<(Bonus, Reason)> {
    let mut found = Vec::new();
    let Some(member) = scene.member else { return found };
    let (Some(terms), Some(id)) = (&scene.question.terms.referral, &member.profile.referrer) else { return found };
    let Some(referrer) = scene.member_named(id) else { return found };
    if let Some(unreal) = unreal(scene, terms) {
        found.push(unreal);
        return found;
    }
    let case = Case { scene, terms, id, member, referrer };
    found.extend(case.oneself());
    found.extend(case.ring());
    found.extend(case.soft());
    found.extend(case.chain());
    found.extend(case.siblings());
    found.extend(case.one_circle());
    found.extend(case.neighbours());
    // How friends behave is no proof by itself: many an honest friend buys once. With something shared it is.
    let ties = !found.is_empty();
    found.extend(case.empty_friends(ties));
    found.extend(case.cheap_friends());
    // A café's network and a short menu tie nobody: many friends joined there, and had what it is known for.
    let strong = found.iter().any(|(_, reason)| !is_network_alone(reason));
    found.extend(case.same_basket(strong));
    found.extend(case.paid_burst(strong));
    found
}

/// Whether all that a reason says is shared is a client address.
fn is_network_alone(reason: &Reason) -> bool {
    match reason.rule.as_str() {
        "referral_same_network" => true,
        "referral_shared" => reason.weight <= IP_WEIGHT,
        _ => false,
    }
}

/// A purchase whose money is not the member's does not pay a referral, nor does it use up the chance.
fn unreal(scene: &Scene<'_>, terms: &ReferralTerms) -> Option<(Bonus, Reason)> {
    let tenders = &scene.event.tenders;
    let real: i64 = tenders
        .iter()
        .filter(|tender| !NOT_REAL.contains(&tender.kind.as_str()))
        .fold(0, |sum, tender| sum.saturating_add(tender.amount.get()));
    if tenders.is_empty() || real >= terms.minimum.get() || !tenders.iter().any(|t| NOT_REAL.contains(&t.kind.as_str()))
    {
        return None;
    }
    let least = terms.minimum.get();
    let detail =
        format!("{real} of the purchase is real money, a referral asks for {least}; this purchase does not pay it");
    let key = key(&scene.event.member);
    let counted = Counted { key, metric: "sum", window_ms: 0, found: real, limit: least, events: Vec::new() };
    Some((Bonus::Later, reason("referral_no_money", (Verdict::Flag, 10), detail, counted)))
}

/// A referral about to be paid.
struct Case<'a> {
    scene: &'a Scene<'a>,
    terms: &'a ReferralTerms,
    id: &'a Text,
    member: &'a Member,
    referrer: &'a Member,
}

impl Case<'_> {
    fn at(&self) -> TimeMs {
        self.scene.question.at
    }

    fn friends(&self) -> &[Friend] {
        self.referrer.kin.as_deref().map_or(&[], |kin| kin.friends.as_slice())
    }

    /// What is said of the referrer, whose case it is.
    fn say(
        &self,
        rule: &'static str,
        verdict: (Verdict, u8),
        detail: String,
        numbers: [i64; 3],
        events: Vec<Seq>,
    ) -> Reason {
        let [found, limit, window_ms] = numbers;
        reason(
            rule,
            verdict,
            detail,
            Counted { key: key(self.id), metric: "referral", window_ms, found, limit, events },
        )
    }

    /// Friend and referrer are one by a hard identifier.
    fn oneself(&self) -> Option<(Bonus, Reason)> {
        const CARDS: [KeyField; 3] = [KeyField::Email, KeyField::Phone, KeyField::Card];
        let other = fingerprint(self.id);
        if let Some(path) = self.scene.person.is_one_with(other, &[KeyField::Email, KeyField::Phone]) {
            let detail = format!("the referrer {} is the friend by e-mail or phone; no bonus is paid", self.id);
            return Some((Bonus::Forgo, self.say("referral_self", (Verdict::Flag, 60), detail, [1, 0, 0], path)));
        }
        let path = self.scene.person.is_one_with(other, &CARDS)?;
        let detail = format!("the referrer {} and the friend pay with the same card; the bonuses wait", self.id);
        Some((Bonus::Hold, self.say("referral_self", (Verdict::Hold, 50), detail, [1, 0, 0], path)))
    }

    /// Somebody up the row of referrers is the friend.
    fn ring(&self) -> Option<(Bonus, Reason)> {
        const ALL: [KeyField; 3] = [KeyField::Email, KeyField::Phone, KeyField::Card];
        let ancestors = self.member.kin.as_deref().map_or(&[][..], |kin| kin.ancestors.as_slice());
        let (steps, path) = ancestors
            .iter()
            .enumerate()
            .skip(1)
            .find_map(|(at, ancestor)| Some((at + 1, self.scene.person.is_one_with(*ancestor, &ALL)?)))?;
        let detail = format!("referrals lead back to the friend after {steps} steps; the bonuses wait");
        let steps = i64::try_from(steps).unwrap_or(i64::MAX);
        Some((Bonus::Hold, self.say("referral_ring", (Verdict::Hold, 60), detail, [steps, 0, 0], path)))
    }

    /// Friend and referrer share devices, addresses, client addresses.
    fn soft(&self) -> Option<(Bonus, Reason)> {
        let theirs = self.referrer.kin.as_deref()?;
        let (mut weight, mut shared, mut events): (u8, Vec<&str>, Vec<Seq>) = (0, Vec::new(), Vec::new());
        for (kind, weighs) in WEIGHTS {
            let common = self.shown(kind).into_iter().find_map(|(ident, at, hub)| {
                let link = theirs.link(kind, ident).filter(|link| !hub && !link.hub)?;
                (kind != KeyField::Ip || at.since(link.at).saturating_abs() < IP_WINDOW_MS).then_some(link)
            });
            if let Some(link) = common {
                weight = weight.saturating_add(weighs);
                shared.push(kind.name());
                events.extend([link.first, link.last]);
            }
        }
        events.sort_unstable();
        events.dedup();
        if weight == 0 {
            return None;
        }
        let holds = weight >= SOFT_HOLD;
        let detail = format!(
            "friend and referrer share {}, which weighs {weight} of {SOFT_HOLD}{}",
            shared.join(" and "),
            if holds { "; the bonuses wait" } else { "" }
        );
        let (bonus, verdict) = if holds { (Bonus::Hold, Verdict::Hold) } else { (Bonus::Pay, Verdict::Flag) };
        let numbers = [i64::from(weight), i64::from(SOFT_HOLD) - 1, 0];
        Some((bonus, self.say("referral_shared", (verdict, weight.min(60)), detail, numbers, events)))
    }

    /// The friend's identifiers of a kind: those they are known with, and those of this event.
    fn shown(&self, kind: KeyField) -> Vec<(i64, TimeMs, bool)> {
        let links = self.member.kin.as_deref().map_or(&[][..], |kin| kin.links.as_slice());
        let known = links.iter().filter(|link| link.kind == kind).map(|link: &Link| (link.ident, link.at, link.hub));
        let looks = self.scene.person.looks.iter().filter(|look| look.kind == kind);
        known.chain(looks.map(|look| (look.ident, self.at(), look.hub))).collect()
    }

    /// Each friend brings the next one soon after joining.
    fn chain(&self) -> Option<(Bonus, Reason)> {
        let kin = self.member.kin.as_deref()?;
        let (row, most, gap) = if kin.quick > QUICK_MOST {
            (kin.quick, QUICK_MOST, QUICK_MS)
        } else if kin.slow > SLOW_MOST {
            (kin.slow, SLOW_MOST, SLOW_MS)
        } else {
            return None;
        };
        let detail = format!(
            "{row} referrals in a row, each within {} of joining, at most {most}; the bonuses wait",
            duration(gap)
        );
        // What paid for the referrer, and what first showed who this is: as a rule the enrolment that named the referrer.
        let first = kin.links.iter().map(|link| link.first).min();
        let paid = self.referrer.kin.as_deref().and_then(|kin| kin.paid);
        let events: Vec<Seq> = paid.into_iter().chain(first).collect();
        let numbers = [i64::from(row), i64::from(most), gap];
        Some((Bonus::Hold, self.say("referral_chain", (Verdict::Hold, 50), detail, numbers, events)))
    }

    /// Friends of one referrer who share a device or a card with each other.
    fn siblings(&self) -> Option<(Bonus, Reason)> {
        let kinds = [KeyField::Device, KeyField::Card];
        let own: Vec<(KeyField, i64)> = kinds
            .into_iter()
            .flat_map(|kind| {
                self.shown(kind).into_iter().filter(|(.., hub)| !hub).map(move |(ident, ..)| (kind, ident))
            })
            .collect();
        let shares = |friend: &&Friend| {
            let kin = self.scene.member_named(&friend.member).and_then(|member| member.kin.as_deref());
            friend.member != self.scene.event.member
                && kin.is_some_and(|kin| {
                    own.iter().any(|(kind, ident)| kin.link(*kind, *ident).is_some_and(|link| !link.hub))
                })
        };
        let events: Vec<Seq> = self.friends().iter().filter(shares).map(|friend| friend.seq).collect();
        let (bonus, verdict) = match events.len() {
            0 => return None,
            n if n <= SHARED_MOST => (Bonus::Pay, (Verdict::Flag, 20)),
            _ => (Bonus::Hold, (Verdict::Hold, 60)),
        };
        let count = events.len();
        let waits = if bonus == Bonus::Hold { "; the bonuses wait" } else { "" };
        let detail = format!(
            "{count} other friends of {} share a device or a card with this one, at most {SHARED_MOST}{waits}",
            self.id
        );
        let numbers = [i64::try_from(count).unwrap_or(i64::MAX), i64::try_from(SHARED_MOST).unwrap_or(0), 0];
        Some((bonus, self.say("referral_fan_in", verdict, detail, numbers, events)))
    }

    /// More friends paid for in a week than people bring, of whom this one is tied to another or to the referrer.
    fn paid_burst(&self, ties: bool) -> Option<(Bonus, Reason)> {
        let week = 7 * DAY_MS;
        let near = |friend: &&Friend| self.at().since(friend.at).saturating_abs() < week;
        let events: Vec<Seq> = self.friends().iter().rev().filter(near).map(|friend| friend.seq).collect();
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX).saturating_add(1);
        if count <= WEEK_HOLD {
            return None;
        }
        let (bonus, verdict, waits) = if ties {
            (Bonus::Hold, (Verdict::Hold, 50), "; this one is tied to another, so the bonuses wait")
        } else {
            (Bonus::Pay, (Verdict::Flag, 20), "")
        };
        let detail = format!("{} was paid for {} friends within 7d, at most {WEEK_HOLD}{waits}", self.id, count - 1);
        Some((bonus, self.say("referral_burst", verdict, detail, [count, WEEK_HOLD, week], events)))
    }
}

/// A referral that was paid turns out to have been to oneself: what this event shows makes friend and referrer one.
pub(super) fn joined(scene: &Scene<'_>) -> Option<Reason> {
    let kin = scene.member?.kin.as_deref()?;
    let fresh = |other: i64| {
        let known = scene.person.clusters.of(scene.person.program, scene.person.own);
        let already = known.is_some_and(|cluster| cluster.sightings.iter().any(|s| s.member == other));
        if already {
            None
        } else {
            scene.person.is_one_with(other, &[KeyField::Email, KeyField::Phone, KeyField::Card])
        }
    };
    if scene.person.looks.iter().all(|look| look.others.is_empty()) {
        return None;
    }
    let brought = kin.paid.zip(kin.ancestors.first()).and_then(|(paid, referrer)| Some((paid, fresh(*referrer)?)));
    let friend = || kin.friends.iter().find_map(|friend| Some((friend.seq, fresh(fingerprint(&friend.member))?)));
    let (paid, path) = brought.or_else(friend)?;
    let mut events = vec![paid];
    events.extend(path);
    let detail =
        "this event shows that a referral which was paid was to oneself; confirming the case takes the bonuses back";
    let key = key(&scene.event.member);
    let counted = Counted { key, metric: "referral", window_ms: 0, found: 1, limit: 0, events };
    Some(reason("referral_joined", (Verdict::Flag, 50), detail.to_owned(), counted))
}

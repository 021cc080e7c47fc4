//! Whom an event ties its member to, and what the detectors of referrals say of it. It reads and never changes; what the rings,
//! the member and the clusters take in becomes part of the record.

use super::Seen;
use super::assess::raise;
use super::identity::{Asked, Person, count_enrolment, leave, looks};
use super::lists::heard;
use super::question::Question;
use super::rings::Rings;
use super::window::Ring;
use super::{circle, lockstep, otherwise, referral, synthetic, tainted};
use crate::ledger::decide::{Bonus, Judgement};
use crate::ledger::event::{Event, EventKind};
use crate::ledger::kin::fingerprint;
use crate::ledger::member::Member;
use crate::ledger::record::{Evidence, Input, KeyField, KeyFields, Reason, Verdict};
use crate::ledger::state::State;
use crate::ledger::types::{MemberKey, NameId, Seq, Text};
use crate::limits::EVIDENCE_EVENTS_MAX;

/// All that the detectors of one event read.
pub(super) struct Scene<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) event: &'a Event,
    pub(super) member: Option<&'a Member>,
    pub(super) state: &'a State,
    pub(super) rings: &'a Rings,
    pub(super) seen: &'a Seen,
    pub(super) person: Person<'a>,
}

impl<'a> Scene<'a> {
    /// A ring of the event's; nothing where it lacks the field.
    pub(super) fn ring(&self, ring: NameId, by: KeyField) -> Option<&'a Ring> {
        self.rings.of_seen(self.seen, ring, &KeyFields::of(by))
    }

    /// Another member of the program, where they are in memory.
    pub(super) fn member_named(&self, id: &Text) -> Option<&'a Member> {
        let key = MemberKey { program: self.question.program, id: id.clone() };
        self.state.member(&key).map(AsRef::as_ref)
    }
}

/// What a detector counted.
pub(super) struct Counted {
    pub(super) key: Text,
    pub(super) metric: &'static str,
    pub(super) window_ms: i64,
    pub(super) found: i64,
    pub(super) limit: i64,
    pub(super) events: Vec<Seq>,
}

/// A reason of a detector, before lists were heard.
pub(super) fn reason(rule: &'static str, (verdict, weight): (Verdict, u8), detail: String, counted: Counted) -> Reason {
    let Counted { key, metric, window_ms, found, limit, mut events } = counted;
    events.truncate(EVIDENCE_EVENTS_MAX);
    let metric = Text::new_static(metric);
    let evidence = Evidence { key, metric, window_ms, counted: found, limit, events };
    let told = Some(Box::new(otherwise::told(rule, &evidence)));
    Reason { evidence: Some(evidence), told, ..Reason::plain(Text::new_static(rule), verdict, weight, detail) }
}

/// Adds to a judgement what an event says about whom its member is tied to.
pub fn relate(state: &State, rings: &Rings, question: &Question<'_>, seen: &Seen, judgement: &mut Judgement) {
    let Input::Event(event) = question.input else { return };
    if question.terms.identity.detects {
        lockstep::note(rings, question, seen, judgement);
    }
    let Question { program, terms, input, at, member, .. } = *question;
    let asked = Asked { program, terms, input, at, member };
    let clusters = &state.desk.clusters;
    let enrols = event.kind == EventKind::Enroll && member.is_none();
    let owed = referral::is_owed(terms, event, member);
    // A trial is asked about by who its member is, whatever the event shows.
    let benefits = synthetic::is_benefit(&event.kind) && synthetic::is_tied(member);
    let in_debt = circle::may_owe(question, clusters, &event.kind);
    let matters = enrols || owed || benefits || in_debt || event.kind == EventKind::Fee;
    let known = |as_of: Seq| member.is_some_and(|member| member.last <= as_of);
    if !matters && seen.known_as_of.is_some_and(known) {
        return;
    }
    let own = fingerprint(&event.member);
    let looks = looks(&asked, own, clusters, rings, seen);
    if looks.is_empty() && !matters {
        return;
    }
    let person = Person { program, own, clusters, looks: &looks };
    let scene = Scene { question, event, member, state, rings, seen, person };
    let kin = &mut judgement.kin;
    for reason in synthetic::seen(&scene).into_iter().chain(circle::seen(&scene)) {
        raise(&mut judgement.assessment, heard(reason, !terms.identity.detects, question));
    }
    if enrols {
        let found = referral::enrolled(&scene);
        kin.refuses_referrer = found.refuses;
        kin.effects.extend(found.descend);
        for reason in found.reasons {
            raise(&mut judgement.assessment, heard(reason, !terms.identity.detects, question));
        }
        count_enrolment(&asked, own, seen, &mut judgement.observed);
    } else {
        if owed {
            for (bonus, reason) in referral::paying(&scene) {
                let shadow = bonus != Bonus::Forgo && !terms.identity.detects;
                let reason = heard(reason, shadow, question);
                if reason.verdict == Verdict::Hold && referral::is_pattern(&reason.rule) {
                    // What many accounts do together is no private matter of two: the event itself waits.
                    raise(&mut judgement.assessment, reason);
                    continue;
                }
                if reason.verdict > Verdict::Allow {
                    kin.bonus = kin.bonus.max(bonus);
                }
                kin.about_bonus.push(reason);
            }
        }
        if let Some(reason) = referral::joined(&scene) {
            let reason = heard(reason, !terms.identity.detects, question);
            kin.refers |= reason.verdict > Verdict::Allow;
            raise(&mut judgement.assessment, reason);
        }
    }
    let (effects, observed) = leave(&asked, own, &looks, clusters, seen);
    kin.effects.extend(effects);
    judgement.observed.extend(observed);
}

/// Adds to a judgement whom a spending ties its member to: who uses one device with others, or one address, is known by it however
/// they use it.
pub fn tie(state: &State, rings: &Rings, question: &Question<'_>, seen: &Seen, judgement: &mut Judgement) {
    let Question { program, terms, input, at, member, .. } = *question;
    let Some(id) = input.key_field(KeyField::Member) else { return };
    let asked = Asked { program, terms, input, at, member };
    if !asked.shows_any() {
        return;
    }
    let (own, clusters) = (fingerprint(id), &state.desk.clusters);
    let looks = looks(&asked, own, clusters, rings, seen);
    let (effects, observed) = leave(&asked, own, &looks, clusters, seen);
    judgement.kin.effects.extend(effects);
    judgement.observed.extend(observed);
}

/// Adds to a judgement what is said where a member spends: of points that an open case looks at, and of who was tied to others
/// and hardly bought anything.
pub fn spends(state: &State, question: &Question<'_>, judgement: &mut Judgement) {
    if state.desk.suspects_any()
        && let Some(reason) = tainted::moves(question, &state.desk, &judgement.assessment)
    {
        raise(&mut judgement.assessment, heard(reason, !question.terms.identity.detects, question));
    }
    if !synthetic::is_tied(question.member) {
        return;
    }
    let clusters = &state.desk.clusters;
    for reason in [synthetic::spends(question, clusters), circle::spends(question, clusters)].into_iter().flatten() {
        raise(&mut judgement.assessment, heard(reason, !question.terms.identity.detects, question));
    }
}

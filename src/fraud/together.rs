//! Weak signals: flags of several kinds of evidence, which together may weigh as much as one that holds. Of one kind only the
//! heaviest counts, since a family of flags tells the same story.

use super::question::Question;
use crate::ledger::record::{Assessment, Change, Evidence, KeyField, Reason, Told, Verdict};
use crate::ledger::terms::LimitTerms;
use crate::ledger::types::{Seq, Text};
use crate::limits::EVIDENCE_EVENTS_MAX;

/// The flags of families so far: family, weight, rule.
#[derive(Default)]
pub(super) struct Together {
    flags: Vec<(Text, u8, Text)>,
}

impl Together {
    /// Takes a reason into account, where it is a flag of a family.
    pub(super) fn add(&mut self, limit: &LimitTerms, reason: &Reason) {
        let Some(family) = limit.extra.family.as_ref().filter(|_| reason.verdict == Verdict::Flag) else { return };
        self.flags.push((family.clone(), reason.weight, reason.rule.clone()));
    }

    /// The heaviest flag of each family, but for one rule's.
    fn heaviest(&self, but: Option<&Text>) -> Vec<&(Text, u8, Text)> {
        let mut heaviest: Vec<&(Text, u8, Text)> = Vec::new();
        for flag in self.flags.iter().filter(|(.., rule)| Some(rule) != but) {
            match heaviest.iter_mut().find(|(family, ..)| *family == flag.0) {
                Some(known) if known.1 < flag.1 => *known = flag,
                Some(_) => {}
                None => heaviest.push(flag),
            }
        }
        heaviest
    }

    /// What the flags weigh together, but for one rule's; nothing where they are of one family.
    fn weight(&self, but: Option<&Text>) -> u32 {
        let heaviest = self.heaviest(but);
        if heaviest.len() < 2 { 0 } else { heaviest.iter().map(|(_, weight, _)| u32::from(*weight)).sum() }
    }

    /// The reason to hold that the flags come to, where nothing else holds.
    pub(super) fn hold(&self, question: &Question<'_>, assessment: &Assessment) -> Option<Reason> {
        let most = question.terms.together;
        if most == 0 || self.flags.len() < 2 || assessment.verdict >= Verdict::Hold {
            return None;
        }
        let weight = self.weight(None);
        if weight < u32::from(most) {
            return None;
        }
        let member = question.input.key_field(KeyField::Member).map_or("", |member| member.as_str());
        let evidence = Evidence {
            key: smol_str::format_smolstr!("member={member}"),
            metric: Text::new_static("weight"),
            window_ms: 0,
            counted: i64::from(weight),
            limit: i64::from(most) - 1,
            events: named(assessment, &self.flags),
        };
        let heaviest = self.heaviest(None);
        let rules: Vec<&str> = heaviest.iter().map(|(_, _, rule)| rule.as_str()).collect();
        // Where one of them less is enough, what it says would have passed would have been enough here too.
        let needless = rules.iter().filter(|rule| self.weight(Some(&Text::new(**rule))) < u32::from(most));
        let passes =
            needless.map(|rule| Change::Otherwise(smol_str::format_smolstr!("without what {rule} notes"))).collect();
        let expression = format!("weight({}) by member={member} = {weight} > {}", rules.join(" + "), most - 1);
        let margin = i64::from(weight) - i64::from(most) + 1;
        let told = Some(Box::new(Told { expression, margin, passes, member: Text::default() }));
        let detail = format!("{} weigh {weight} together, at most {}", rules.join(" and "), most - 1);
        let reason = Reason::plain(Text::new_static("weak_signals"), Verdict::Hold, 0, detail);
        Some(Reason { evidence: Some(evidence), told, ..reason })
    }
}

/// What the flags of limits come to beside what a detector notes of a family of its own.
pub(super) fn beside(
    question: &Question<'_>,
    assessment: &Assessment,
    noted: &Reason,
    family: &'static str,
) -> Option<Reason> {
    if noted.verdict != Verdict::Flag {
        return None;
    }
    let mut together = Together::default();
    for reason in assessment.reasons.iter().filter(|reason| reason.verdict == Verdict::Flag) {
        if let Some(limit) = question.terms.limits.iter().find(|limit| limit.id == reason.rule) {
            together.add(limit, reason);
        }
    }
    together.flags.push((Text::new_static(family), noted.weight, noted.rule.clone()));
    let hold = together.hold(question, assessment)?;
    Some(with_events(hold, noted))
}

/// A reason that names the records of another one too, which come first.
fn with_events(mut hold: Reason, noted: &Reason) -> Reason {
    let more = noted.evidence.as_ref().map_or(&[][..], |evidence| evidence.events.as_slice());
    if let Some(evidence) = &mut hold.evidence {
        let fresh: Vec<Seq> = evidence.events.iter().copied().filter(|seq| !more.contains(seq)).collect();
        evidence.events = more.iter().copied().chain(fresh).take(EVIDENCE_EVENTS_MAX).collect();
    }
    hold
}

/// The records that the flags name, each once.
fn named(assessment: &Assessment, flags: &[(Text, u8, Text)]) -> Vec<Seq> {
    let of_flag = |reason: &&Reason| flags.iter().any(|(.., rule)| *rule == reason.rule);
    let evidence = assessment.reasons.iter().filter(of_flag).filter_map(|reason| reason.evidence.as_ref());
    let mut events: Vec<Seq> = evidence.flat_map(|evidence| evidence.events.iter().copied()).collect();
    events.sort_unstable();
    events.dedup();
    events.truncate(EVIDENCE_EVENTS_MAX);
    events
}

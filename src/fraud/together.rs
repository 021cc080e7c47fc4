//! Weak signals: flags of several kinds of evidence, which together may weigh as much as one that holds. Of one kind only the
//! heaviest counts, since a family of flags tells the same story.

use super::question::Question;
use crate::ledger::record::{Assessment, Evidence, KeyField, Reason, Verdict};
use crate::ledger::terms::LimitTerms;
use crate::ledger::types::Text;

/// The heaviest flag of each family so far: family, weight, rule.
#[derive(Default)]
pub(super) struct Together {
    heaviest: Vec<(Text, u8, Text)>,
}

impl Together {
    /// Takes a reason into account, where it is a flag of a family.
    pub(super) fn add(&mut self, limit: &LimitTerms, reason: &Reason) {
        let Some(family) = limit.extra.family.as_ref().filter(|_| reason.verdict == Verdict::Flag) else { return };
        match self.heaviest.iter_mut().find(|(known, _, _)| known == family) {
            Some((_, weight, rule)) if *weight < reason.weight => {
                (*weight, *rule) = (reason.weight, reason.rule.clone());
            }
            Some(_) => {}
            None => self.heaviest.push((family.clone(), reason.weight, reason.rule.clone())),
        }
    }

    /// The reason to hold that the flags come to, where nothing else holds.
    pub(super) fn hold(&self, question: &Question<'_>, assessment: &Assessment) -> Option<Reason> {
        let most = question.terms.together;
        let weight: u32 = self.heaviest.iter().map(|(_, weight, _)| u32::from(*weight)).sum();
        if most == 0 || self.heaviest.len() < 2 || weight < u32::from(most) || assessment.verdict >= Verdict::Hold {
            return None;
        }
        let member = question.input.key_field(KeyField::Member).map_or("", |member| member.as_str());
        let evidence = Evidence {
            key: smol_str::format_smolstr!("member={member}"),
            metric: Text::new_static("weight"),
            window_ms: 0,
            counted: i64::from(weight),
            limit: i64::from(most) - 1,
            events: Vec::new(),
        };
        let rules: Vec<&str> = self.heaviest.iter().map(|(_, _, rule)| rule.as_str()).collect();
        let detail = format!("{} weigh {weight} together, at most {}", rules.join(" and "), most - 1);
        let reason = Reason::plain(Text::new_static("weak_signals"), Verdict::Hold, 0, detail);
        Some(Reason { evidence: Some(evidence), ..reason })
    }
}

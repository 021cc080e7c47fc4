//! What lists and shadows make of a reason: an allow list silences rules for a key, a deny list denies a key, a rule in shadow
//! only notes. Nothing here counts.

use super::question::Question;
use crate::ledger::desk::ListEntry;
use crate::ledger::record::{Input, KeyField, Reason, Verdict};
use crate::ledger::types::Text;

/// A reason as it is heard: noted without consequence where its rule is in shadow, or silenced by an allow list.
pub(super) fn heard(mut reason: Reason, shadow: bool, question: &Question<'_>) -> Reason {
    let silenced = if question.lists.is_empty() { None } else { silencer(&reason.rule, question) };
    let why = match silenced {
        Some(by) => format!("allowed by list, {by}: would have said "),
        None if shadow => "in shadow: would have said ".to_owned(),
        None => return reason,
    };
    let would = match reason.verdict {
        Verdict::Allow => "allow",
        Verdict::Flag => "flag",
        Verdict::Hold => "hold",
        Verdict::StepUp => "step_up",
        Verdict::Deny => "deny",
    };
    reason.detail = format!("{why}{would}: {}", reason.detail);
    (reason.verdict, reason.weight) = (Verdict::Allow, 0);
    reason
}

/// The entry of an allow list that silences a rule for this input, in words.
fn silencer(rule: &Text, question: &Question<'_>) -> Option<String> {
    let whole = question.lists.get(question.program, true, KeyField::Rule, rule);
    if whole.is_some_and(|entry| entry.expires_at.is_none_or(|end| end > question.now)) {
        return Some(format!("rule={rule}"));
    }
    question.lists.matching(question.program, true, question.input, question.now).find_map(|(kind, entry)| {
        let named = entry.rules.is_empty() || entry.rules.contains(rule);
        named.then(|| format!("{}={}", kind.name(), entry.value))
    })
}

/// What the deny list says about an input.
pub(super) fn denied(question: &Question<'_>) -> Vec<Reason> {
    let found = question.lists.matching(question.program, false, question.input, question.now);
    // Whoever is denied can still be set right by hand; who may do that is another question.
    let corrects = matches!(question.input, Input::Adjust(..));
    let found = found.filter(|(kind, _)| !corrects || *kind != KeyField::Member);
    let reason = |(kind, entry): (KeyField, &ListEntry)| {
        let why = if entry.reason.is_empty() { String::new() } else { format!(": {}", entry.reason) };
        let detail = format!("{} {} is on the deny list{why}", kind.name(), entry.value);
        Reason::plain(Text::new_static("deny_list"), Verdict::Deny, 100, detail)
    };
    found.map(reason).collect()
}

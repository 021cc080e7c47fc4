//! Holdouts: of what declared limits would deny, a small part that a program chooses is held for a person instead, so that it
//! comes to be known how often they are right. Which part is a matter of the input's own name alone: the same every time.

use crate::ledger::held_out::{HELD_OUT_POINTS, HOLDOUT};
use crate::ledger::kin::fingerprint;
use crate::ledger::record::{Assessment, Evidence, HELD_OUT, Input, Reason, Verdict};
use crate::ledger::terms::Terms;
use crate::ledger::types::Text;

/// A day, in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// What is said of an input that would be denied, were it held instead; nothing where it is denied: the program holds none out, the
/// input is not one of those, or more than declared limits deny it.
#[must_use]
pub fn hold_out(terms: &Terms, input: impl FnOnce() -> Input, said: &Assessment) -> Option<Assessment> {
    let holdout = terms.holdout.filter(|_| said.verdict == Verdict::Deny)?;
    let denies = |reason: &&Reason| reason.verdict == Verdict::Deny;
    let is_limit = |reason: &Reason| terms.limits.iter().any(|limit| limit.id == reason.rule);
    if !said.reasons.iter().filter(denies).all(is_limit) || !is_one(&input(), holdout.per_thousand) {
        return None;
    }
    let mut instead = said.clone();
    instead.verdict = Verdict::Hold;
    for reason in &mut instead.reasons {
        if reason.verdict == Verdict::Deny {
            reason.verdict = Verdict::Hold;
            reason.detail.insert_str(0, HELD_OUT);
        }
        // Neither is asked for now.
        reason.verdict = reason.verdict.min(Verdict::Hold);
    }
    Some(instead)
}

/// Whether an input is one of so many in a thousand; never one that has no name of its own.
fn is_one(input: &Input, per_thousand: u16) -> bool {
    let Some(key) = input.natural_key() else { return false };
    let name = fingerprint(&smol_str::format_smolstr!("{}\u{1f}{}", key.source, key.id));
    name.rem_euclid(1_000) < i64::from(per_thousand)
}

/// The reason that marks a record as held out, where the day's points allow for it. `before` are those held out so far that day.
#[must_use]
pub fn mark_held_out(terms: &Terms, day: Text, before: i64, points: i64) -> Option<Reason> {
    let holdout = terms.holdout?;
    let counted = before.checked_add(points).filter(|counted| *counted <= holdout.points_per_day)?;
    let detail = format!(
        "{} of 1,000 denials are held for a person instead; {counted} points of the {} that a day may have",
        holdout.per_thousand, holdout.points_per_day
    );
    let evidence = Evidence {
        key: day,
        metric: Text::new_static(HELD_OUT_POINTS),
        window_ms: DAY_MS,
        counted,
        limit: holdout.points_per_day,
        events: Vec::new(),
    };
    let reason = Reason::plain(Text::new_static(HOLDOUT), Verdict::Hold, 0, detail);
    Some(Reason { evidence: Some(evidence), ..reason })
}

//! Points that move while an open case looks at where they came from. It reads the member's lots and the desk, and changes neither.

use super::question::{Question, Spending};
use super::relate::{Counted, reason};
use crate::ledger::desk::{Desk, TAINTED};
use crate::ledger::record::{Assessment, KeyField, Reason, Verdict};
use crate::ledger::types::{Seq, Text};

/// What is said where a spending takes points of a lot that came of what an open case names: of the member's own events, where the
/// case is about them, or received while it was open. By itself it is only noted, since the points stand until the case is
/// decided; beside any other sign it waits for the same case.
pub(super) fn moves(question: &Question<'_>, desk: &Desk, said: &Assessment) -> Option<Reason> {
    let Spending { amount, pool, .. } = question.spending?;
    let (member, id) = (question.member?, question.input.key_field(KeyField::Member)?);
    let (mut left, mut tainted) = (amount, 0i64);
    let mut events: Vec<Seq> = Vec::new();
    let mut case = None;
    let lots = member.pool(pool).map_or(&[][..], |pool| &pool.lots);
    for lot in lots.iter().filter(|lot| lot.spendable_at(question.now)) {
        if left <= 0 {
            break;
        }
        let part = lot.free().get().min(left);
        left -= part;
        let Some(of) = desk.suspected(id, lot).filter(|of| part > 0 && of.program == question.program) else {
            continue;
        };
        tainted += part;
        events.push(lot.id.seq);
        case.get_or_insert(of);
    }
    let case = case?;
    let detail = format!("{tainted} of {amount} points are of what case_{} looks at", case.id);
    let key: Text = case.entity.clone();
    let counted = Counted { key, metric: "sum", window_ms: 0, found: tainted, limit: 0, events };
    let verdict = if said.verdict == Verdict::Flag { Verdict::Hold } else { Verdict::Flag };
    Some(reason(TAINTED, (verdict, 35), detail, counted))
}

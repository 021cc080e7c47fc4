//! Generated verdicts, with all that their reasons may tell.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::strategies::{number, seq, text, time};
use crate::ledger::record::{Assessment, Change, Evidence, Reason, Told, Verdict};

fn verdict() -> impl Strategy<Value = Verdict> {
    use Verdict::*;
    proptest::sample::select(vec![Allow, Flag, Hold, StepUp, Deny])
}
pub(super) fn assessment() -> BoxedStrategy<Assessment> {
    let evidence = (text(), text(), number(), number(), number(), vec(seq(), 0..4)).prop_map(
        |(key, metric, window_ms, counted, limit, events)| Evidence { key, metric, window_ms, counted, limit, events },
    );
    let change = prop_oneof![
        time().prop_map(Change::After),
        time().prop_map(Change::ArrivedBy),
        number().prop_map(Change::AtMost),
        text().prop_map(Change::Otherwise)
    ];
    let told = ("\\PC{0,40}", number(), vec(change, 0..3), text())
        .prop_map(|(expression, margin, passes, member)| Box::new(Told { expression, margin, passes, member }));
    let reason = (text(), verdict(), any::<u8>(), "\\PC{0,40}", of(evidence), of(told)).prop_map(
        |(rule, verdict, weight, detail, evidence, told)| Reason { rule, verdict, weight, detail, evidence, told },
    );
    (verdict(), any::<u8>(), vec(reason, 0..3))
        .prop_map(|(verdict, score, reasons)| Assessment { verdict, score, reasons })
        .boxed()
}

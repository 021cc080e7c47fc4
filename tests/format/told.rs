//! A sample of what rules tell of their verdicts.

use std::sync::Arc;

use tallystick::ledger::record::{Assessment, Change, Evidence, Input, Reason, Record, Told, Verdict};
use tallystick::ledger::types::Seq;

use super::samples::{NOW, bare, full_event, text};

/// A record with reasons that tell all they can, and one that only has something to say to the member.
pub fn records() -> Vec<(String, Record)> {
    let evidence = Evidence {
        key: text("member=m-1"),
        metric: text("sum"),
        window_ms: 3_600_000,
        counted: 700,
        limit: 500,
        events: vec![Seq::new(999_000)],
    };
    let passes =
        vec![Change::After(NOW), Change::ArrivedBy(NOW), Change::AtMost(300), Change::Otherwise(text("with a store"))];
    let told = Told { expression: "sum = 700 > 500".to_owned(), margin: 200, passes, member: text("ask us") };
    let alone = Told { member: text("scan your card"), ..Told::default() };
    let reason = |told: Told| Reason {
        told: Some(Box::new(told)),
        ..Reason::plain(text("spent_hour"), Verdict::Hold, 40, "700 in an hour".to_owned())
    };
    let reasons = vec![Reason { evidence: Some(evidence), ..reason(told) }, reason(alone)];
    let fraud = Assessment { verdict: Verdict::Hold, score: 80, reasons };
    vec![("record-told".to_owned(), Record { fraud, ..bare(Input::Event(Arc::new(full_event()))) })]
}

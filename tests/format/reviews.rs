//! Samples of reviews: what a person decided, what came of it, and the desk's rows.

use std::sync::Arc;

use tallystick::ledger::calendar::Span;
use tallystick::ledger::desk::{Case, Closed, DeskRow, DeskStats, RuleStats};
use tallystick::ledger::event::{Adjustment, Context};
use tallystick::ledger::held_out::{HeldOut, RuleHeldOut};
use tallystick::ledger::record::{Effect, Input, Record};
use tallystick::ledger::review::{ClawBack, Outcome, Release, Resolution, Review, Vest};
use tallystick::ledger::types::{Points, ProgramId, Seq};

use super::samples::{NOW, bare, full_event, lot, name, text};

fn review(review: Review) -> Record {
    bare(Input::Review(Arc::new(review)))
}

/// Records of reviews, by the name of their sample.
pub fn records() -> Vec<(String, Record)> {
    let resolve = Resolution {
        case: Seq::new(999_990),
        outcome: Outcome::Confirmed,
        note: text("the same phone"),
        author: text("kim"),
        claw_back: true,
        key: text("key-9"),
    };
    let release = Release {
        case: Seq::new(999_990),
        held: Seq::new(999_995),
        outcome: Outcome::Cleared,
        event: Some(Arc::new(full_event())),
        id: text("999995"),
    };
    let void = Release { outcome: Outcome::Confirmed, event: None, ..release.clone() };
    let taken = ClawBack { case: Seq::new(999_990), of: Seq::new(999_000), id: text("999000") };
    let effects = vec![
        Effect::Vest(Vest {
            party: 0,
            pool: name(3),
            lot: lot(999_995, 1),
            amount: Points::new(40),
            available_at: NOW.plus_ms(250),
            expires_at: Some(NOW.plus_ms(9_000_000)),
            repaid: Points::new(2),
        }),
        Effect::HeldTerms {
            party: 0,
            lot: lot(1_000_001, 0),
            pending: Some(Span::Days(30)),
            expires: Some(Span::Months(12)),
        },
        Effect::HeldTerms { party: 1, lot: lot(1_000_001, 1), pending: Some(Span::Exact(-5)), expires: None },
        Effect::Refer { party: 0 },
    ];
    let samples = [
        ("resolve", review(Review::Resolve(resolve))),
        ("release", Record { effects, ..review(Review::Release(release)) }),
        ("void", review(Review::Release(void.clone()))),
        ("claw-back", review(Review::ClawBack(taken))),
    ];
    let held = vec![
        Effect::Extend { party: 0, hold: lot(999_995, 1), until: NOW.plus_ms(3_600_000) },
        Effect::HeldCap { party: 0, lot: lot(1_000_001, 3), cap: name(21) },
    ];
    let release = Release { event: None, outcome: Outcome::Cleared, ..void };
    let extends = Record { effects: held, ..review(Review::Release(release)) };
    let choices = vec![(text("charity"), text("wildlife")), (text("day"), text("2026-12-24"))];
    let moved = vec![
        Effect::Lifetime { party: 1, pool: name(3), amount: Points::new(4_200) },
        Effect::Chose { party: 1, choices },
    ];
    let moved = Record { effects: moved, ..bare(Input::Due(text("m-1"))) };
    let adjustment = Adjustment {
        member: text("m-1"),
        pool: text("points"),
        amount: Points::new(-40),
        reason: text("counted twice"),
        expires_at: None,
        pending: false,
        context: Some(Box::new(Context { staff: Some(text("kim")), ..Context::default() })),
    };
    let adjusted = bare(Input::Adjust(Arc::new(adjustment), text("key-2")));
    let samples = samples.into_iter().chain([("extend", extends), ("moved", moved), ("adjust-by", adjusted)]);
    samples.map(|(sample, record)| (format!("record-{sample}"), record)).collect()
}

/// A closed case with everything in it.
pub fn case() -> DeskRow {
    let closed = Closed {
        seq: Seq::new(1_000_001),
        at: NOW,
        outcome: Outcome::Cleared,
        note: text("a wedding"),
        author: text("kim"),
    };
    DeskRow::Case(Arc::new(Case {
        id: Seq::new(999_990),
        program: ProgramId::new(1),
        entity: text("device=d:77ab"),
        opened_at: NOW.plus_ms(-60_000),
        updated_at: NOW,
        held: vec![Seq::new(999_990), Seq::new(999_995)],
        referred: vec![Seq::new(999_991)],
        members: vec![text("m-1"), text("m-2")],
        rules: vec![(text("device_hour"), 2)],
        at_risk: 4_200,
        closed: Some(closed),
    }))
}

/// Denials that were held instead, some of them in an open case.
pub fn held_out() -> DeskRow {
    let rule = RuleHeldOut { held: 12, confirmed: 5, cleared: 300 };
    let held_out = HeldOut {
        program: ProgramId::new(1),
        day: text("day=2026-01-05"),
        points: 4_200,
        rules: [(text("device_hour"), rule), (text("never"), RuleHeldOut::default())].into(),
        open: [(Seq::new(999_990), vec![text("device_hour"), text("device_hour")])].into(),
    };
    DeskRow::HeldOut(Arc::new(held_out))
}

/// A program's numbers.
pub fn stats() -> DeskRow {
    let rule = RuleStats { fired: 300, stopped: 7, last_at: NOW, confirmed: 3, cleared: 4 };
    let rules = [(text("device_hour"), rule), (text("never"), RuleStats::default())].into();
    DeskRow::Stats(ProgramId::new(1), Arc::new(DeskStats { judged: 70_000, rules }))
}

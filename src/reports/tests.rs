//! A small shop's records, and what the reports make of them, worked out by hand.

use std::sync::Arc;

use super::*;
use crate::ledger::calendar::Zone;
use crate::ledger::event::{Context, Event, EventKind};
use crate::ledger::provenance::LineBack;
use crate::ledger::record::{Account, Assessment, Credit, Effect, Input, Party, Record, Snapshot, Status};
use crate::ledger::review::{Outcome, Release, Review};
use crate::ledger::types::{LotId, Money, NameId, Points, ProgramId, Seq, Text, TimeMs};

const DAY: i64 = 86_400_000;
const POINTS: NameId = NameId::new(0);

fn event(kind: EventKind, id: &str, member: &str, day: i64) -> Event {
    Event {
        id: id.into(),
        source: "t".into(),
        kind,
        member: member.into(),
        occurred_at: TimeMs::new(day * DAY),
        order: None,
        currency: None,
        given_amount: None,
        items: Vec::new(),
        tenders: Vec::new(),
        context: Context::default(),
        membership: None,
        personal: None,
        attributes: Vec::new(),
    }
}

fn record(event: Event, status: Status, effects: Vec<Effect>) -> Record {
    Record {
        seq: Seq::new(1),
        program: ProgramId::new(0),
        recorded_at: event.occurred_at,
        occurred_at: event.occurred_at,
        ruleset: 1,
        parties: vec![Party { member: event.member.clone(), previous: Seq::ZERO, after: Snapshot::default() }],
        input: Input::Event(Arc::new(event)),
        status,
        effects,
        clipped: Vec::new(),
        fraud: Assessment::default(),
        observed: Vec::new(),
        operations: 0,
        faults: Vec::new(),
    }
}

fn earn(amount: i64) -> Effect {
    Effect::Credit(Credit {
        party: 0,
        pool: POINTS,
        lot: LotId::default(),
        amount: Points::new(amount),
        repaid: Points::ZERO,
        earned_at: TimeMs::EPOCH,
        available_at: TimeMs::EPOCH,
        expires_at: None,
        from: Account::Issued,
        reason: Text::default(),
        rule: Text::default(),
    })
}

fn spend(amount: i64, to: Account) -> Effect {
    Effect::Debit { party: 0, pool: POINTS, lot: LotId::default(), amount: Points::new(amount), to }
}

fn purchase(id: &str, member: &str, day: i64, amount: i64, effects: Vec<Effect>) -> Record {
    let sale = Event { given_amount: Some(Money::new(amount)), ..event(EventKind::Purchase, id, member, day) };
    record(sale, Status::Posted, effects)
}

/// A refund that leaves so much of its order's lines given back; the order is named by its place among the records, from 1.
fn refund(id: &str, member: &str, day: i64, first: u64, lines: &[(u32, i64)]) -> Record {
    let line = |(line, amount): &(u32, i64)| LineBack { line: *line, quantity: 0, amount: Money::new(*amount) };
    let (party, order) = (0, Text::default());
    let back = Effect::Refund { party, order, first: Seq::new(first), lines: lines.iter().map(line).collect() };
    record(event(EventKind::Refund, id, member, day), Status::Posted, vec![back])
}

/// A review clears the event of an earlier record.
fn cleared(held: &Record, day: i64, effects: Vec<Effect>) -> Record {
    let event = held.input.event().cloned();
    let id = smol_str::format_smolstr!("{}", held.seq);
    let release = Release { case: Seq::new(1), held: held.seq, outcome: Outcome::Cleared, event, id };
    Record {
        input: Input::Review(Arc::new(Review::Release(release))),
        occurred_at: TimeMs::new(day * DAY),
        recorded_at: TimeMs::new(day * DAY),
        status: Status::Posted,
        effects,
        fraud: Assessment::default(),
        ..held.clone()
    }
}

fn survey(id: &str, kind: &str, score: &str) -> Record {
    let attributes = vec![("kind".into(), kind.into()), ("score".into(), score.into())];
    record(Event { attributes, ..event(EventKind::Survey, id, "ann", 150) }, Status::Posted, Vec::new())
}

const ENROLL: Effect = Effect::Enroll { party: 0, referrer: None };

/// Ann bought before and in the period, Ben only before, Cid only in it, Dan gave all back, Eve was held, Fay was held and cleared.
fn shop() -> Vec<Record> {
    let mut held = purchase("e1", "eve", 120, 9_999, vec![ENROLL, earn(99)]);
    held.status = Status::Held;
    let mut doubted = purchase("f1", "fay", 125, 900, vec![ENROLL]);
    (doubted.status, doubted.seq) = (Status::Held, Seq::new(18));
    let mut records = vec![
        purchase("a1", "ann", 60, 1_000, vec![ENROLL, earn(10)]),
        purchase("b1", "ben", 80, 3_000, vec![ENROLL, earn(30)]),
        purchase("d1", "dan", 98, 700, vec![ENROLL]),
        refund("r0", "dan", 99, 3, &[(0, 700)]),
        held,
        purchase("a2", "ann", 110, 500, vec![earn(5)]),
        purchase("c1", "cid", 130, 250, vec![ENROLL, earn(2), spend(1, Account::Redeemed)]),
        refund("r3", "cid", 139, 7, &[(1, 30), (2, 0)]),
        refund("r4", "cid", 140, 7, &[(1, 30), (2, 20)]),
        refund("r5", "ann", 150, 6, &[(0, 100)]),
        record(event(EventKind::Activity, "x1", "ann", 160), Status::Posted, vec![spend(4, Account::Expired)]),
        survey("s1", "nps", "9"),
        survey("s2", "nps", "10"),
        survey("s3", "nps", "6"),
        survey("s4", "nps", "11"),
        survey("s5", "ces", "5"),
        survey("s6", "ces", "6"),
        doubted.clone(),
        cleared(&doubted, 170, Vec::new()),
        refund("r6", "fay", 180, 18, &[(0, 800)]),
        purchase("a3", "ann", 200, 7_777, vec![earn(77)]),
    ];
    for (record, seq) in records.iter_mut().zip(1..) {
        record.seq = Seq::new(seq);
    }
    records
}

fn collected(asked: &Asked) -> Collected {
    let mut collector = Collector::new(*asked);
    for record in shop() {
        collector.take(&record);
    }
    collector.finish()
}

#[test]
fn a_small_shop() {
    let asked = Asked { from: TimeMs::new(100 * DAY), to: TimeMs::new(200 * DAY), active_ms: 90 * DAY };
    let collected = collected(&asked);
    let Metrics { rows, early_value_bp } = metrics(&collected, &asked, &Zone::utc());
    let expected = [
        // Ann's second, Cid's and Fay's, less what came back; Dan's order came back whole, Eve's is not posted, Ann's third is late.
        ("orders", Some(3)),
        ("revenue", Some(400 + 200 + 100)),
        ("customers", Some(3)),
        ("average_order_value", Some(700 / 3)),
        ("purchase_frequency_bp", Some(10_000)),
        ("customer_value", Some(700 / 3)),
        // Only Ann bought twice: 50 days from first to last and a gap of 50.
        ("average_lifespan_days", Some(100)),
        ("mean_gap_days", Some(50)),
        ("customer_lifetime_value", Some(700 / 3)),
        ("one_time_buyers_bp", Some(7_500)),
        ("members", Some(6)),
        ("members_enrolled", Some(3)),
        ("adoption_rate_bp", Some(10_000)),
        // Ann, Cid, and Eve, whose points wait for their review.
        ("participation_rate_bp", Some(5_000)),
        ("offers_granted", Some(0)),
        ("offers_used", Some(0)),
        ("response_rate_bp", None),
        ("never_redeemed_bp", Some(7_500)),
        // Ann and Ben were active, of whom Ann still is; Cid and Fay are new.
        ("active_at_start", Some(2)),
        ("active_at_end", Some(3)),
        ("active_new", Some(2)),
        ("churned_customers", Some(1)),
        ("churn_rate_bp", Some(5_000)),
        ("churned_value", Some(3_000)),
        ("churned_value_bp", Some(7_500)),
        ("retention_rate_bp", Some(5_000)),
        ("points_issued", Some(99 + 5 + 2)),
        ("points_redeemed", Some(1)),
        ("redemption_rate_bp", Some(10_000 / 106)),
        ("liability_points", Some(10 + 30 + 99 + 5 + 2 - 1 - 4)),
        ("breakage", Some(4)),
        ("breakage_rate_bp", Some(40_000 / 106)),
        // 146 issued, 1 spent, 4 expired, 141 left, of which a fifth will be spent: 29.2 of 146.
        ("expected_breakage_bp", Some(8_000)),
        ("net_promoter_score", Some(33)),
        ("customer_effort_score_milli", Some(5_500)),
    ];
    assert_eq!(rows, expected);
    // First days: Ann 1000, Ben 3000, Cid 200, Fay 100 of 1000 + 400 + 3000 + 200 + 100 in all; Ann's second came 50 days later.
    assert_eq!(early_value_bp, [Some(43_000_000 / 4_700), Some(43_000_000 / 4_700), Some(10_000)]);
    assert_eq!(collected.events.get("purchase"), Some(&[2, 2, 0]));
    assert_eq!(collected.held.get(&POINTS), Some(&99));
    assert_eq!(collected.verdicts.by_verdict, [16, 0, 0, 0, 0]);
}

#[test]
fn an_empty_period_has_no_rates() {
    let asked = Asked { from: TimeMs::EPOCH, to: TimeMs::EPOCH, active_ms: 90 * DAY };
    let collected = collected(&asked);
    let Metrics { rows, early_value_bp } = metrics(&collected, &asked, &Zone::utc());
    assert_eq!(early_value_bp, [None; 3]);
    for (name, value) in rows {
        let is_count = !(name.ends_with("_bp") || name.starts_with("average") || name.starts_with("customer_"));
        let is_mean = matches!(name, "mean_gap_days" | "net_promoter_score");
        assert_eq!(value, (is_count && !is_mean).then_some(0), "{name}");
    }
}

#[test]
fn points_come_from_somewhere_and_go_somewhere() {
    let asked = Asked { from: TimeMs::EPOCH, to: TimeMs::new(1_000 * DAY), active_ms: DAY };
    let mut collector = Collector::new(asked);
    let moves = vec![
        earn(1_000),
        spend(100, Account::Redeemed),
        spend(30, Account::Expired),
        spend(40, Account::Reversed),
        spend(7, Account::Adjusted),
        spend(9, Account::Donated(NameId::new(1))),
        Effect::Owe { party: 0, pool: POINTS, amount: Points::new(20), to: Account::Reversed },
        Effect::Credit(Credit {
            from: Account::Redeemed,
            amount: Points::new(25),
            ..match earn(1) {
                Effect::Credit(credit) => credit,
                _ => unreachable!(),
            }
        }),
    ];
    collector.take(&purchase("m", "ann", 1, 1, moves));
    let flow = *collector.finish().ever.get(&POINTS).unwrap();
    let expected =
        Flow { issued: 1_000, redeemed: 75, expired: 30, reversed: 60, adjusted: -7, donated: 9, transferred: 0 };
    assert_eq!(flow, expected);
    assert_eq!(flow.outstanding(), 1_000 - 75 - 30 - 60 - 7 - 9);
}

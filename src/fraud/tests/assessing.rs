//! What limits say, row by row.

use std::sync::Arc;

use super::{HOUR, PROGRAM, limit, post, purchase, record, terms, transfer};
use crate::fraud::rings::{RingKey, Rings, keys_observed, keys_of};
use crate::fraud::{Question, assess, combine};
use crate::ledger::event::{Event, EventKind};
use crate::ledger::lists::{ListEntry, Lists};
use crate::ledger::record::{Assessment, Input, KeyField, Reason, Record, Status, Taken, Verdict};
use crate::ledger::terms::{Absent, CalendarWindow, Counted, Metric, Since};
use crate::ledger::types::{Money, NameId, Seq, Text, TimeMs};

fn event(event: Event) -> Input {
    Input::Event(Arc::new(event))
}

#[test]
fn the_limit_passes_and_one_more_does_not_until_the_window_has_gone() {
    let terms = terms(vec![limit("member_hourly", 2, &[KeyField::Member], 2)]);
    let mut rings = Rings::default();
    let input = event(purchase());
    let rows = [
        (0, Verdict::Allow),
        (10, Verdict::Allow),
        (HOUR - 1, Verdict::Hold),
        // The first is exactly an hour old and no longer counts; two others do.
        (HOUR, Verdict::Hold),
        (2 * HOUR - 2, Verdict::Hold),
        (3 * HOUR, Verdict::Allow),
    ];
    for (seq, (at, expected)) in (1u64..).zip(rows) {
        let verdict = post(&mut rings, &terms, seq, at, &input).verdict;
        assert_eq!(verdict, expected, "purchase {seq} at {at}");
    }
}

#[test]
fn a_reason_carries_its_numbers_and_the_events_that_made_them() {
    let terms = terms(vec![limit("member_hourly", 2, &[KeyField::Member], 2)]);
    let mut rings = Rings::default();
    let input = event(purchase());
    post(&mut rings, &terms, 7, 0, &input);
    post(&mut rings, &terms, 8, 60_000, &input);
    let said = post(&mut rings, &terms, 9, 120_000, &input);
    assert_eq!((said.verdict, said.score, said.reasons.len()), (Verdict::Hold, 40, 1));
    let reason = &said.reasons[0];
    assert_eq!(reason.rule, "member_hourly");
    assert_eq!(reason.detail, "3 purchases by member within 1h, at most 2");
    let evidence = reason.evidence.as_ref().unwrap();
    assert_eq!((evidence.key.as_str(), evidence.metric.as_str()), ("member=M1", "count"));
    assert_eq!((evidence.counted, evidence.limit, evidence.window_ms), (3, 2, HOUR));
    assert_eq!(evidence.events, vec![Seq::new(8), Seq::new(7)]);
}

#[test]
fn a_missing_field_means_what_the_limit_says() {
    let mut strict = limit("device_hourly", 2, &[KeyField::Device, KeyField::Card], 5);
    strict.absent = Absent::Verdict(Verdict::StepUp);
    let lenient = limit("store_hourly", 3, &[KeyField::Store], 5);
    let terms = terms(vec![strict, lenient]);
    for missing in [None, Some(Text::default())] {
        let mut without = purchase();
        without.context.device = missing;
        let (said, observed) =
            assess(&Rings::default(), &Question::of(PROGRAM, &terms, &event(without), TimeMs::EPOCH));
        assert_eq!((said.verdict, said.score), (Verdict::StepUp, 40));
        assert_eq!(said.reasons[0].detail, "no device given; purchases by device and card are limited to 5 within 1h");
        assert!(said.reasons[0].evidence.is_none());
        assert!(observed.is_empty());
    }
}

#[test]
fn every_limit_speaks_the_strongest_wins_and_the_score_stays_below_its_top() {
    let mut by_member = limit("member_hourly", 2, &[KeyField::Member], 1);
    by_member.verdict = Verdict::Flag;
    let mut by_device = limit("device_hourly", 3, &[KeyField::Device], 1);
    (by_device.verdict, by_device.weight) = (Verdict::Deny, 90);
    let terms = terms(vec![by_member, by_device]);
    let mut rings = Rings::default();
    let input = event(purchase());
    post(&mut rings, &terms, 1, 0, &input);
    let said = post(&mut rings, &terms, 2, 1, &input);
    assert_eq!((said.verdict, said.score, said.reasons.len()), (Verdict::Deny, 100, 2));
    assert_eq!(said.reasons[0].rule, "member_hourly");
    // A denied attempt was an attempt: the next one counts it.
    let said = post(&mut rings, &terms, 3, 2, &input);
    assert_eq!(said.reasons[1].evidence.as_ref().unwrap().counted, 3);
}

#[test]
fn limits_that_share_a_ring_read_one_and_observe_once() {
    let hourly = limit("member_hourly", 2, &[KeyField::Member], 2);
    let mut daily = limit("member_daily", 2, &[KeyField::Member], 2);
    daily.window_ms = 24 * HOUR;
    let pair = limit("pair", 3, &[KeyField::Member, KeyField::Device], 9);
    let terms = terms(vec![hourly, daily, pair]);
    let input = event(purchase());
    let mut rings = Rings::default();
    post(&mut rings, &terms, 1, 0, &input);
    post(&mut rings, &terms, 2, HOUR, &input);
    let said = post(&mut rings, &terms, 3, 2 * HOUR, &input);
    assert_eq!(said.reasons.len(), 1);
    assert_eq!(said.reasons[0].detail, "3 purchases by member within 1d, at most 2");

    let keys = keys_of(&terms, PROGRAM, &input);
    let expected = [(2, "M1"), (3, "M1\u{1f}D1")].map(|(ring, key)| RingKey {
        program: PROGRAM,
        ring: NameId::new(ring),
        key: Text::new(key),
    });
    assert_eq!(keys.into_iter().map(|needed| needed.key).collect::<Vec<_>>(), expected);
    let (_, observed) = assess(&rings, &Question::of(PROGRAM, &terms, &input, TimeMs::EPOCH));
    assert_eq!(keys_observed(&record(4, 0, input, observed)).collect::<Vec<_>>(), expected);
    assert_eq!(rings.len(), 2);
}

#[test]
fn sums_add_amounts_and_name_them() {
    let mut sum = limit("transfer_daily", 2, &[KeyField::Member], 500);
    (sum.on, sum.metric, sum.capacity) = (vec![Counted::Transfer], Metric::Sum, 8);
    let mut recipient = limit("received", 3, &[KeyField::Recipient], 1);
    recipient.on = vec![Counted::Transfer];
    let terms = terms(vec![sum, recipient]);
    let mut rings = Rings::default();
    assert_eq!(post(&mut rings, &terms, 1, 0, &transfer(500)).verdict, Verdict::Allow);
    let said = post(&mut rings, &terms, 2, 1, &transfer(1));
    assert_eq!(said.reasons[0].detail, "transfers worth 501 by member within 1h, at most 500");
    assert_eq!(said.reasons[0].evidence.as_ref().unwrap().metric, "sum");
    assert_eq!(said.reasons[1].evidence.as_ref().unwrap().key, "recipient=M2");
    // A purchase is none of their business.
    let (said, observed) = assess(&rings, &Question::of(PROGRAM, &terms, &event(purchase()), TimeMs::new(2)));
    assert_eq!((said, observed.len()), (Assessment::default(), 0));
}

#[test]
fn a_sum_cannot_be_hidden_behind_many_small_amounts() {
    let mut sum = limit("spend", 2, &[KeyField::Member], 1_000);
    (sum.metric, sum.capacity) = (Metric::Sum, 4);
    let terms = terms(vec![sum]);
    let mut rings = Rings::default();
    assert_eq!(post(&mut rings, &terms, 1, 0, &event(purchase())).verdict, Verdict::Allow);
    for seq in 2..=4 {
        let small = event(Event { given_amount: Some(Money::ZERO), ..purchase() });
        post(&mut rings, &terms, seq, 0, &small);
    }
    let small = event(Event { given_amount: Some(Money::ZERO), ..purchase() });
    assert_eq!(post(&mut rings, &terms, 5, 0, &small).verdict, Verdict::Allow);
    let said = post(&mut rings, &terms, 6, 0, &event(purchase()));
    assert_eq!(said.verdict, Verdict::Hold);
    assert_eq!(
        said.reasons[0].detail,
        "purchases worth at least 1000 by member within 1h, at most 1000; more happened than is kept, so it cannot be told \
         exactly"
    );
}

#[test]
fn a_late_event_counts_at_its_own_time_and_an_overtaken_one_is_only_noted() {
    let terms = terms(vec![limit("member_hourly", 2, &[KeyField::Member], 2)]);
    let mut rings = Rings::default();
    let input = event(purchase());
    post(&mut rings, &terms, 1, 0, &input);
    post(&mut rings, &terms, 2, 10 * HOUR, &input);
    // Two were there before; at its own time this is the second of its hour.
    assert_eq!(post(&mut rings, &terms, 3, 5, &input).verdict, Verdict::Allow);
    let said = post(&mut rings, &terms, 4, 6, &input);
    assert_eq!((said.verdict, said.score), (Verdict::Hold, 40));
    for (seq, hour) in [(5, 11), (6, 12), (7, 13)] {
        post(&mut rings, &terms, seq, hour * HOUR, &input);
    }
    let said = post(&mut rings, &terms, 8, 7, &input);
    assert_eq!((said.verdict, said.score), (Verdict::Flag, 0));
    assert_eq!(
        said.reasons[0].detail,
        "at least 1 purchases by member within 1h, at most 2; more happened than is kept, so it cannot be told exactly"
    );
}

#[test]
fn a_record_is_taken_in_once() {
    let terms = terms(vec![limit("member_hourly", 2, &[KeyField::Member], 2)]);
    let mut rings = Rings::default();
    let input = event(purchase());
    let (_, observed) = assess(&rings, &Question::of(PROGRAM, &terms, &input, TimeMs::EPOCH));
    let first = record(1, 0, input, observed);
    for _ in 0..3 {
        rings.observe(&first);
    }
    let key = keys_observed(&first).next().unwrap();
    assert_eq!(rings.get(&key).unwrap().entries().len(), 1);
    assert_eq!(rings.evict_before(Seq::new(1)), 0);
    assert_eq!(rings.evict_before(Seq::new(2)), 1);
    assert!(rings.is_empty());
}

#[test]
fn scripts_raise_and_never_lower() {
    let raised = |verdict, weight| Reason::plain(Text::new_static("script"), verdict, weight, "said so".to_owned());
    let held = combine(Assessment::default(), vec![raised(Verdict::Hold, 70)]);
    assert_eq!((held.verdict, held.score), (Verdict::Hold, 70));
    let both = combine(held, vec![raised(Verdict::Flag, 70), raised(Verdict::Allow, 0)]);
    assert_eq!((both.verdict, both.score, both.reasons.len()), (Verdict::Hold, 100, 3));
}

#[test]
fn words_name_what_is_counted() {
    let kinds = [
        (EventKind::Visit, 90_000, "visits", "90s"),
        (EventKind::Custom(Text::new_static("wish")), 7 * 24 * HOUR, "wish events", "7d"),
        (EventKind::Login, 1_500, "logins", "1500ms"),
    ];
    for (kind, window_ms, what, window) in kinds {
        let mut counted = limit("x", 2, &[KeyField::Member], 0);
        (counted.on, counted.window_ms) = (vec![Counted::Event(kind.clone())], window_ms);
        let input = event(Event { kind, ..purchase() });
        let (said, _) = assess(&Rings::default(), &Question::of(PROGRAM, &terms(vec![counted]), &input, TimeMs::EPOCH));
        assert_eq!(said.reasons[0].detail, format!("1 {what} by member within {window}, at most 0"));
    }
}

#[test]
fn extra_metrics_row_by_row() {
    let mut cards = limit("cards", 2, &[KeyField::Member], 2);
    (cards.metric, cards.capacity) = (Metric::Distinct(KeyField::Card), 8);
    let mut gap = limit("spacing", 3, &[KeyField::Member], 0);
    (gap.metric, gap.window_ms, gap.verdict) = (Metric::Gap, 60_000, Verdict::Flag);
    let terms = terms(vec![cards, gap]);
    let mut rings = Rings::default();
    let rows = [
        (0, "c1", vec![]),
        (60_000, "c2", vec![]),
        (119_999, "c2", vec!["2 purchases by member 59999ms apart, at least 1min"]),
        (200_000, "c1", vec![]),
        (300_000, "c3", vec!["purchases with 3 different cards by member within 1h, at most 2"]),
        // A late one between two others: the nearest neighbour counts, be it later.
        (250_001, "c1", vec!["2 purchases by member 49999ms apart, at least 1min"]),
        // The first card was last seen at 250,001.
        (HOUR + 200_000, "c4", vec!["purchases with 3 different cards by member within 1h, at most 2"]),
        (HOUR + 300_001, "c4", vec![]),
    ];
    for (seq, (at, card, expected)) in (1u64..).zip(rows) {
        let mut event = purchase();
        event.tenders[0].fingerprint = Some(Text::new_static(card));
        let said = post(&mut rings, &terms, seq, at, &Input::Event(Arc::new(event)));
        let details: Vec<_> = said.reasons.iter().map(|reason| reason.detail.as_str()).collect();
        assert_eq!(details, expected, "at {at}");
    }
}

#[test]
fn a_count_since_begins_anew_and_its_calendar_day_is_the_zones() {
    let login = |result: &'static str| {
        let attributes = vec![(Text::new_static("result"), Text::new_static(result))];
        event(Event { kind: EventKind::Login, attributes, ..purchase() })
    };
    let pair = |result: &'static str| vec![(Text::new_static("result"), Text::new_static(result))];
    let logins = vec![Counted::Event(EventKind::Login)];
    let mut failures = limit("failures", 2, &[KeyField::Member], 2);
    (failures.on, failures.capacity) = (logins.clone(), 20);
    failures.extra.when = pair("failure");
    failures.extra.since = Some(Since { on: logins, when: pair("success") });
    let mut daily = limit("daily", 3, &[KeyField::Member], 1);
    (daily.extra.calendar, daily.extra.excludes_current) = (Some(CalendarWindow::Day), true);
    let terms = terms(vec![failures, daily]);
    let mut rings = Rings::default();
    let day = 24 * HOUR;
    let buys = event(purchase());
    let rows = [
        (1, login("failure"), 0),
        (2, login("failure"), 0),
        (3, login("failure"), 1),
        (4, login("success"), 0),
        (5, login("failure"), 0),
        (6, login("failure"), 0),
        (7, login("failure"), 1),
        // Before the success, in the order of events: two failures and this one.
        (3, login("failure"), 1),
        (day - 1, buys.clone(), 0),
        (day - 1, buys.clone(), 0),
        (day - 1, buys.clone(), 1),
        (day, buys.clone(), 0),
    ];
    for (seq, (at, input, fired)) in (1u64..).zip(rows) {
        let said = post(&mut rings, &terms, seq, at, &input);
        assert_eq!(said.reasons.len(), fired, "{seq} at {at}: {said:?}");
    }
}

#[test]
fn only_accepted_ones_are_counted_where_a_limit_says_so() {
    let mut receipts = limit("receipt", 2, &[KeyField::Store, KeyField::Receipt], 1);
    (receipts.window_ms, receipts.verdict, receipts.extra.taken) = (i64::MAX, Verdict::Deny, Taken::Accepted);
    let terms = terms(vec![receipts]);
    let mut used = purchase();
    used.context.store = Some(Text::new_static("7"));
    used.attributes = vec![(Text::new_static("receipt"), Text::new_static("0004"))];
    let input = event(used);
    let mut rings = Rings::default();
    assert_eq!(post(&mut rings, &terms, 1, 0, &input).verdict, Verdict::Allow);
    let far = 4_000 * 24 * HOUR;
    let (said, observed) = assess(&rings, &Question::of(PROGRAM, &terms, &input, TimeMs::new(far)));
    assert_eq!(said.reasons[0].detail, "2 purchases by store and receipt ever, at most 1");
    let denied = Record { status: Status::Denied, ..record(2, far, input, observed) };
    rings.observe(&denied);
    let key = keys_observed(&denied).next().unwrap();
    assert_eq!(rings.get(&key).unwrap().entries().len(), 1, "the denied attempt is not a use");
}

#[test]
fn a_journey_no_car_makes_is_seen_in_both_directions_of_time() {
    let mut travel = limit("travel", 2, &[KeyField::Member], 130);
    (travel.metric, travel.capacity, travel.extra.ignore_m) = (Metric::Speed, 8, 2_000);
    let terms = terms(vec![travel]);
    let at_place = |lat: &'static str, lon: &'static str| {
        let mut event = purchase();
        event.context.location = Some((Text::new_static(lat), Text::new_static(lon)));
        Input::Event(Arc::new(event))
    };
    let (london, nearby, paris) =
        (at_place("51.5072", "-0.1276"), at_place("51.51", "-0.12"), at_place("48.8566", "2.3522"));
    let mut rings = Rings::default();
    let minute = 60_000;
    let rows = [
        (0, &london, 0),
        (minute, &nearby, 0),
        (10 * minute, &paris, 1),
        (11 * minute, &event(purchase()), 0),
        // In time, but between two visits to Paris.
        (9 * minute, &london, 1),
        (300 * minute, &london, 0),
    ];
    for (seq, (at, input, fired)) in (1u64..).zip(rows) {
        let said = post(&mut rings, &terms, seq, at, input);
        assert_eq!(said.reasons.len(), fired, "{seq}: {said:?}");
    }
}

#[test]
fn lists_and_shadows_change_what_is_heard_not_what_is_counted() {
    use Verdict::{Allow, Deny, Hold};
    let mut shadowed = limit("shadowed", 2, &[KeyField::Member], 0);
    shadowed.extra.shadow = true;
    let loud = limit("loud", 2, &[KeyField::Member], 0);
    let terms = terms(vec![shadowed, loud]);
    let input = event(purchase());
    let entry = |allow, kind, value: &'static str, rules: Vec<Text>, end: Option<i64>| {
        Arc::new(ListEntry {
            program: PROGRAM,
            allow,
            kind,
            value: Text::new_static(value),
            rules,
            reason: Text::new_static("said so"),
            author: Text::default(),
            at: TimeMs::EPOCH,
            expires_at: end.map(TimeMs::new),
            seq: Seq::new(1),
            gone: false,
        })
    };
    let ask = |entries: Vec<Arc<ListEntry>>| {
        let mut lists = Lists::new();
        for entry in entries {
            lists.put(entry);
        }
        let question = Question { lists: &lists, ..Question::of(PROGRAM, &terms, &input, TimeMs::new(5)) };
        let (said, observed) = assess(&Rings::default(), &question);
        assert_eq!(observed.len(), 1, "what is silenced is still counted");
        (said.verdict, said.reasons.iter().map(|r| r.verdict).collect::<Vec<_>>())
    };
    assert_eq!(ask(vec![]), (Hold, vec![Allow, Hold]));
    assert_eq!(ask(vec![entry(true, KeyField::Device, "D1", vec![], None)]), (Allow, vec![Allow, Allow]));
    assert_eq!(ask(vec![entry(true, KeyField::Device, "D1", vec![], Some(5))]), (Hold, vec![Allow, Hold]));
    let other = vec![Text::new_static("other")];
    assert_eq!(ask(vec![entry(true, KeyField::Card, "C1", other, None)]), (Hold, vec![Allow, Hold]));
    assert_eq!(ask(vec![entry(true, KeyField::Device, "D2", vec![], None)]), (Hold, vec![Allow, Hold]));
    let both =
        vec![entry(true, KeyField::Member, "M1", vec![], None), entry(false, KeyField::Card, "C1", vec![], Some(6))];
    assert_eq!(ask(both), (Deny, vec![Allow, Allow, Deny]), "the deny list is not silenced");
}

//! What limits tell of their verdicts: row by row, and against what they say at the times they name.

use std::sync::Arc;

use super::{HOUR, PROGRAM, limit, post, purchase, record, terms};
use crate::fraud::Question;
use crate::fraud::assess;
use crate::fraud::rings::Rings;
use crate::ledger::event::Event;
use crate::ledger::record::{Assessment, Change, Input, KeyField, Record, Status, Taken, Told, Verdict};
use crate::ledger::terms::{CalendarWindow, LimitTerms, Metric, Terms};
use crate::ledger::types::{Money, Text, TimeMs};

fn bought(amount: i64, store: usize) -> Input {
    let mut event = Event { given_amount: Some(Money::new(amount)), ..purchase() };
    event.context.store = Some(Text::new(format!("s{store}")));
    Input::Event(Arc::new(event))
}

fn told(said: &Assessment) -> Option<&Told> {
    said.reasons.first().and_then(|reason| reason.told.as_deref())
}

fn by_member(metric: Metric, most: i64) -> LimitTerms {
    LimitTerms { metric, capacity: 64, ..limit("rule", 2, &[KeyField::Member], most) }
}

#[test]
fn each_kind_of_limit_tells_how_it_came_to_its_verdict() {
    use Change::{After, AtMost, Otherwise};
    let after = |at: i64| After(TimeMs::new(at));
    let calendar = |mut limit: LimitTerms, period| {
        limit.extra.calendar = Some(period);
        limit
    };
    let (count, sum, stores) = (Metric::Count, Metric::Sum, Metric::Distinct(KeyField::Store));
    let forever = LimitTerms { window_ms: i64::MAX, ..by_member(count, 2) };
    let rows: Vec<(LimitTerms, &str, i64, Vec<Change>)> = vec![
        // Purchases of 100 at three stores, at 0, 10 and 20 minutes; what is asked about is the last. It counts itself, so
        // two must have gone before the same passes again.
        (by_member(count, 2), "count(purchase) by member=M1 within 1h = 3 > 2", 1, vec![after(HOUR + HOUR / 6)]),
        (by_member(count, 1), "count(purchase) by member=M1 within 1h = 3 > 1", 2, vec![after(HOUR + HOUR / 3)]),
        (by_member(count, 0), "count(purchase) by member=M1 within 1h = 3 > 0", 3, vec![]),
        (
            by_member(sum, 250),
            "sum(purchase) by member=M1 within 1h = 300 > 250",
            50,
            vec![after(HOUR + HOUR / 6), AtMost(50)],
        ),
        (
            by_member(stores, 2),
            "distinct(store of purchase) by member=M1 within 1h = 3 > 2",
            1,
            vec![after(HOUR), Otherwise("with a store counted already".into())],
        ),
        (
            by_member(Metric::Gap, 0),
            "gap(purchase) by member=M1 = 10min < 1h",
            50 * 60_000,
            vec![after(HOUR + HOUR / 3)],
        ),
        (
            calendar(by_member(count, 2), CalendarWindow::Day),
            "count(purchase) by member=M1 in the local day = 3 > 2",
            1,
            vec![after(24 * HOUR)],
        ),
        (
            // 1 January 1970 was a Thursday.
            calendar(by_member(count, 2), CalendarWindow::Week),
            "count(purchase) by member=M1 in the local week = 3 > 2",
            1,
            vec![after(4 * 24 * HOUR)],
        ),
        (
            calendar(by_member(count, 2), CalendarWindow::Month),
            "count(purchase) by member=M1 in the local month = 3 > 2",
            1,
            vec![after(31 * 24 * HOUR)],
        ),
        (forever, "count(purchase) by member=M1 ever = 3 > 2", 1, vec![]),
    ];
    for (limit, expression, margin, passes) in rows {
        let terms = terms(vec![limit]);
        let mut rings = Rings::default();
        let said = (1..=3).map(|turn: i64| {
            let store = usize::try_from(turn).unwrap();
            post(&mut rings, &terms, turn.unsigned_abs(), (turn - 1) * HOUR / 6, &bought(100, store))
        });
        let said = said.last().unwrap();
        let told = told(&said).unwrap_or_else(|| panic!("{expression}: {said:?}"));
        assert_eq!((told.expression.as_str(), told.margin), (expression, margin));
        assert_eq!(told.passes, passes, "{expression}");
    }
}

/// Numbers that look drawn, the same each time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % end).unwrap()
    }
}

fn would_say(rings: &Rings, terms: &Terms, at: i64, input: &Input) -> Verdict {
    assess(rings, &Question::of(PROGRAM, terms, input, TimeMs::new(at))).0.verdict
}

#[test]
fn at_the_time_named_the_same_passes_and_a_moment_before_it_does_not() {
    let mut draw = Draw(7);
    let mut named = 0;
    for round in 0..400u64 {
        let metrics = [Metric::Count, Metric::Sum, Metric::Distinct(KeyField::Store), Metric::Gap];
        let metric = metrics[usize::try_from(draw.below(4)).unwrap()];
        let most = if metric == Metric::Sum { 40 + draw.below(400) } else { draw.below(6) };
        let mut limit = LimitTerms { window_ms: HOUR * (1 + draw.below(3)), ..by_member(metric, most) };
        // Small rings of sums, whose windows can hold more than is kept.
        limit.capacity = if metric == Metric::Sum && round % 2 == 0 { 6 } else { 64 };
        limit.extra.taken = [Taken::Attempted, Taken::Accepted][usize::try_from(draw.below(2)).unwrap()];
        limit.verdict = [Verdict::Hold, Verdict::Deny][usize::try_from(draw.below(2)).unwrap()];
        limit.extra.excludes_current = matches!(metric, Metric::Count) && draw.below(3) == 0;
        let terms = terms(vec![limit]);
        let (mut rings, mut at) = (Rings::default(), 0);
        for seq in 1..40 {
            at += draw.below(40) * 60_000;
            let input = bought(1 + draw.below(100), usize::try_from(draw.below(6)).unwrap());
            let question = Question::of(PROGRAM, &terms, &input, TimeMs::new(at));
            let (said, observed) = assess(&rings, &question);
            let status = if said.verdict == Verdict::Deny { Status::Denied } else { Status::Posted };
            rings.observe(&Record { status, ..record(seq, at, input.clone(), observed) });
            let Some(then) = told(&said).and_then(Told::retry_after) else { continue };
            let verdict = |at: i64| would_say(&rings, &terms, at, &input);
            assert_eq!(verdict(then.get()), Verdict::Allow, "round {round}, {seq}: {said:?}");
            assert!(verdict(then.get() - 1) > Verdict::Allow, "round {round}, {seq}: {said:?}");
            named += 1;
        }
    }
    assert!(named > 2_000, "{named}");
}

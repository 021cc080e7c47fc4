//! Tiers over other times than calendar years: the member's own years, rolling windows, grace, one step at a time. Stories
//! first, then random lives against a naive model.

use proptest::prelude::*;

use crate::support::model::DAY_MS;
use crate::support::tiers::{Climb, Over, words};
use crate::support::{World, check};
use tallystick::ledger::types::TimeMs;

const FOUR: &str = "
    pool points
    tier basic 0
    tier silver 100
    tier gold 300
    tier ruby 600
";

fn with(tiers: &str, steps: &str) {
    check(&format!("{FOUR}\n{tiers}"), steps);
}

#[test]
fn a_member_s_own_year_begins_on_the_day_they_enrolled() {
    // By calendar years, what was bought in November would have been forgotten fourteen months later.
    with(
        "tiers period=anniversary",
        "
        at 2026-11-10T15:00:00Z
        enroll A
        at 2026-11-20
        buy A 300
        = A tier=gold
        = A tier=gold at=2028-11-09T23:59:59Z
        = A tier=basic at=2028-11-10
        at 2028-03-01
        buy A 150
        = A tier=gold
        = A tier=silver at=2028-11-10
        at 2030-01-01
        = A tier=basic
        ",
    );
}

#[test]
fn who_enrolled_on_29_february_begins_years_on_the_28th() {
    with(
        "tiers period=anniversary",
        "
        at 2024-02-29T09:00:00Z
        enroll A
        at 2025-02-27T23:59:59Z
        buy A 100
        = A tier=silver at=2026-02-27T23:59:59Z
        = A tier=basic at=2026-02-28
        at 2025-02-28
        buy A 100
        = A tier=silver at=2027-02-27T23:59:59Z
        = A tier=basic at=2027-02-28
        ",
    );
}

#[test]
fn a_rolling_window_forgets_day_by_day() {
    // Each day's credit counts to the end of the same day a year later, and two purchases apart never meet.
    with(
        "tiers period=rolling window=12m",
        "
        at 2026-01-31T10:00:00Z
        enroll A
        buy A 200
        at 2026-06-15
        buy A 150
        = A tier=gold
        = A tier=gold at=2027-01-31T23:59:59Z
        = A tier=silver at=2027-02-01
        = A tier=silver at=2027-06-15T23:59:59Z
        = A tier=basic at=2027-06-16
        at 2027-02-02
        buy A 160
        = A tier=gold
        at 2027-06-16
        = A tier=silver
        at 2028-02-03
        = A tier=basic
        ",
    );
}

#[test]
fn what_is_refunded_was_never_credit_whenever_it_was_bought() {
    with(
        "tiers period=rolling window=90d grace=30d",
        "
        at 2026-01-10
        enroll A
        buy A 300 order=o1
        = A tier=gold
        at 2026-02-10
        refund A order=o1 amount=1
        = A tier=silver
        = A tier=silver at=2026-05-10T23:59:59Z
        = A tier=basic at=2026-05-11
        refund A order=o1
        = A tier=basic
        ",
    );
}

#[test]
fn grace_keeps_a_tier_past_the_end_and_a_purchase_in_it_keeps_it_on() {
    with(
        "tiers grace=2m",
        "
        at 2026-05-01
        enroll A
        buy A 300
        buy B 300
        = A tier=gold at=2028-02-29T23:59:59Z
        = A tier=basic at=2028-03-01
        at 2028-02-01
        = A tier=gold
        buy A 300
        at 2028-03-01
        = A tier=gold
        = B tier=basic
        = A tier=gold at=2030-02-28T23:59:59Z
        = A tier=basic at=2030-03-01
        ",
    );
}

#[test]
fn one_step_at_a_time_each_kept_for_a_period() {
    with(
        "tiers downgrade=by_one",
        "
        at 2026-05-01
        enroll A
        buy A 600
        = A tier=ruby at=2027-12-31T23:59:59Z
        at 2028-01-01
        = A tier=gold
        = A tier=gold at=2028-12-31T23:59:59Z
        = A tier=silver at=2029-01-01
        = A tier=basic at=2030-01-01
        at 2029-06-01
        = A tier=silver
        buy A 300
        = A tier=gold at=2030-12-31T23:59:59Z
        = A tier=silver at=2031-01-01
        ",
    );
}

#[test]
fn a_refund_takes_a_tier_at_once_to_what_is_left_even_where_time_takes_one_step() {
    with(
        "tiers period=anniversary downgrade=by_one",
        "
        at 2026-05-01
        enroll A
        buy A 600 order=o1
        buy A 100 order=o2
        = A tier=ruby
        refund A order=o1
        = A tier=silver
        at 2028-05-01
        = A tier=basic
        ",
    );
}

#[test]
fn a_late_purchase_counts_for_its_own_day() {
    // The till was offline: what it tells in June was bought in February, and leaves the window with February.
    with(
        "tiers period=rolling window=6m",
        "
        at 2026-01-10
        enroll A
        at 2026-06-10
        buy A 200
        buy A 150 on=2026-02-20
        = A tier=gold
        = A tier=gold at=2026-08-20T23:59:59Z
        = A tier=silver at=2026-08-21
        buy A 500 on=2025-11-30
        = A tier=gold
        ",
    );
}

#[test]
fn who_is_merged_brings_their_days_along() {
    with(
        "tiers period=rolling window=6m",
        "
        at 2026-01-10
        enroll A
        enroll B
        buy A 200
        at 2026-03-01
        buy A 100
        buy B 10
        merge A B
        = B tier=gold
        = B tier=gold at=2026-07-10T23:59:59Z
        = B tier=silver at=2026-07-11
        ",
    );
}

#[test]
fn after_years_off_every_step_has_happened_at_its_own_time() {
    // Nobody looked for four years: three falls are recorded, each at the end of its period, and nothing twice.
    with(
        "zone America/New_York
         tiers period=anniversary downgrade=by_one grace=10d",
        "
        at 2026-05-01T16:00:00Z
        enroll A
        buy A 600
        = A tier=ruby at=2028-05-11T03:59:59Z
        = A tier=gold at=2028-05-11T04:00:00Z
        = A tier=silver at=2029-05-11T04:00:00Z
        at 2032-01-01
        = A tier=basic
        ",
    );
}

#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    ToNextDue(i64),
    Buy { amount: i64, days_ago: i64 },
    Refund { which: usize, amount: Option<i64> },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop_oneof![Just(0i64), 1i64..40, 1i64..300].prop_map(Step::Wait),
        2 => (0i64..2).prop_map(Step::ToNextDue),
        6 => (1i64..350, prop_oneof![3 => Just(0i64), 1 => 1i64..200])
            .prop_map(|(amount, days_ago)| Step::Buy { amount, days_ago }),
        3 => (0usize..20, prop::option::of(1i64..200)).prop_map(|(which, amount)| Step::Refund { which, amount }),
    ]
}

fn terms() -> impl Strategy<Value = (Over, i64, bool)> {
    let over = prop_oneof![
        Just(Over::Calendar),
        Just(Over::Own),
        (20i64..400).prop_map(Over::Days),
        (1i64..15).prop_map(Over::Months),
    ];
    (over, prop_oneof![Just(0i64), 1i64..60], any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Purchases, also late ones, refunds and much time: the tier now, and as far ahead as a read may look.
    #[test]
    fn random_tiers_agree_with_a_naive_model(
        (over, grace, by_one) in terms(),
        begin in 19_358i64..21_500,
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut world = World::new(&format!("{FOUR}\n{}", words(over, grace, by_one)));
        let mut model = Climb::new(over, grace, by_one, begin);
        let mut now = begin * DAY_MS + 40_000_000;
        world.set_now(TimeMs::new(now));
        world.attempt("enroll A").unwrap();
        let mut left: Vec<(i64, i64)> = Vec::new();
        for step in steps {
            match step {
                Step::Wait(days) => now += days * DAY_MS,
                Step::ToNextDue(before_ms) => {
                    now = world.next_instant().map_or(now, |at| at.get() - before_ms).max(now);
                }
                Step::Buy { amount, days_ago } => {
                    let day = (now / DAY_MS - days_ago).max(begin);
                    let on = jiff::Timestamp::from_millisecond(now.min(day * DAY_MS + 50_000_000)).unwrap();
                    let order = left.len();
                    world.attempt(&format!("buy A {amount} order=o{order} on={on}")).unwrap();
                    left.push((day, amount));
                    model.count(day, amount);
                }
                Step::Refund { which, amount } => {
                    let Some(order) = which.checked_rem(left.len()) else { continue };
                    let (day, rest) = left[order];
                    let amount = amount.unwrap_or(rest).min(rest);
                    if amount > 0 {
                        world.attempt(&format!("refund A order=o{order} amount={amount}")).unwrap();
                        left[order].1 -= amount;
                        model.count(day, -amount);
                    }
                }
            }
            world.set_now(TimeMs::new(now));
            model.pass(now / DAY_MS);
            for ahead in [0, 1, 400] {
                let mut then = model.clone();
                then.pass(now / DAY_MS + ahead);
                let found = world.tier("A", TimeMs::new(now + ahead * DAY_MS));
                prop_assert_eq!(found, then.tier(), "{} days ahead of day {}", ahead, now / DAY_MS);
            }
        }
        world.replay();
    }
}

#[test]
fn a_tier_by_what_is_known_follows_it() {
    // Another attribute's value, or the same attribute's other one, was as good; and what was told in the event came too late.
    check(
        "pool points
         tier basic 0
         tier gold credit_card=approved",
        "
        at 2026-01-10
        enroll A
        = A tier=basic
        tell A credit_card=asked
        = A tier=basic
        tell A other=approved
        = A tier=basic
        tell A credit_card=approved
        = A tier=gold
        tell A other=asked
        = A tier=gold
        tell A credit_card=ended
        = A tier=basic
        ",
    );
}

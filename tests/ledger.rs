//! The ledger's semantics as text tables: [`check`] runs a script of postings and compares what each line says.
//!
//! ```text
//! at 2026-01-31                       moves the clock (UTC; midnight where no time is given), doing what falls due
//! buy A 1000 earn=10                  a purchase of 1000 that wants 10 points
//! adjust A -5 -> insufficient_balance a refusal by its code
//! owe A 5                             a debt, as if a refund had found nothing to take
//! = A points 10 pending=0 debt=0      the balance now
//! ```

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "ledger/affairs.rs"]
mod affairs;
#[path = "ledger/calendar.rs"]
mod calendar;
#[path = "ledger/caps.rs"]
mod caps;
#[path = "ledger/cards.rs"]
mod cards;
#[path = "ledger/dividends.rs"]
mod dividends;
#[path = "ledger/edges.rs"]
mod edges;
#[path = "ledger/merged.rs"]
mod merged;
#[path = "ledger/origins.rs"]
mod origins;
#[path = "ledger/plans.rs"]
mod plans;
#[path = "ledger/refunds.rs"]
mod refunds;
#[path = "ledger/rejects.rs"]
mod rejects;
#[path = "ledger/reviews.rs"]
mod reviews;
#[path = "ledger/several.rs"]
mod several;
#[path = "ledger/soup.rs"]
mod soup;
#[path = "ledger/spending.rs"]
mod spending;
mod support;
#[path = "ledger/taint.rs"]
mod taint;
#[path = "ledger/tiers.rs"]
mod tiers;
#[path = "ledger/whole.rs"]
mod whole;

use proptest::prelude::*;
use support::check;
use support::random::{life, live};

proptest! {
    /// Available, pending, debt and every refusal, against lots kept in the plainest way.
    #[test]
    fn random_lives_agree_with_a_naive_model((expiry, pending_days, begin, steps) in life()) {
        live(expiry, pending_days, begin, &steps);
    }
}

#[test]
fn earning_and_spending_order() {
    // Points that expire first are spent first, whatever their age; those that never expire come last.
    check(
        "pool points expires=12m",
        "
        at 2026-01-10
        buy A 1000 earn=10
        at 2026-02-10
        buy A 1000 earn=20
        adjust A -5
        = A points 25
        at 2027-01-10
        = A points 20
        at 2027-02-10
        = A points 0
        ",
    );
}

#[test]
fn an_expiry_falls_due_at_its_instant_even_if_nobody_looked() {
    check(
        "pool points expires=30d",
        "
        at 2026-01-01
        buy A 100 earn=1
        = A points 1 at=2026-01-30T23:59:59Z
        = A points 0 at=2026-01-31T00:00:00Z
        = A points 0 at=2027-01-31T00:00:00Z
        ",
    );
}

#[test]
fn month_arithmetic_clamps_to_the_last_day() {
    check(
        "pool points expires=1m",
        "
        at 2026-01-31
        buy A 100 earn=7
        = A points 7 at=2026-02-27T23:59:59Z
        = A points 0 at=2026-02-28T00:00:00Z
        ",
    );
}

#[test]
fn the_end_of_next_year_is_the_first_instant_of_the_year_after() {
    check(
        "pool points expires=year+1",
        "
        at 2026-03-05
        buy A 100 earn=3
        = A points 3 at=2027-12-31T23:59:59Z
        = A points 0 at=2028-01-01T00:00:00Z
        ",
    );
}

#[test]
fn inactivity_moves_all_lots_together_and_a_purchase_keeps_them() {
    check(
        "pool points expires=inactive6m",
        "
        at 2026-01-01
        buy A 100 earn=3
        at 2026-06-30
        buy A 100 earn=4
        = A points 7
        at 2026-12-29
        = A points 7
        at 2026-12-30
        = A points 0
        ",
    );
}

#[test]
fn pending_lots_wait_and_their_expiry_starts_when_they_activate() {
    check(
        "pool points pending=15d expires=1m",
        "
        at 2026-01-01
        buy A 100 earn=9
        = A points 0 pending=9
        adjust A -1 -> insufficient_balance
        at 2026-01-16
        = A points 9 pending=0
        = A points 9 at=2026-02-15T23:59:59Z
        at 2026-02-16
        = A points 0
        ",
    );
}

#[test]
fn a_transfer_keeps_the_expiry_and_merges_only_equal_ones() {
    check(
        "pool points expires=12m transferable",
        "
        at 2026-01-10
        buy A 100 earn=10
        at 2026-02-10
        buy A 100 earn=10
        buy B 100 earn=1
        transfer A B 15
        = A points 5
        = B points 16
        transfer A B 6 -> insufficient_balance
        transfer A A 1 -> not_transferable
        transfer A C 1 -> unknown_member
        at 2027-01-10
        = B points 6
        = A points 5
        at 2027-02-10
        = B points 0
        = A points 0
        ",
    );
}

#[test]
fn a_pool_that_is_not_transferable_stays_where_it_is() {
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 100 earn=10
        buy B 100 earn=1
        transfer A B 1 -> not_transferable
        ",
    );
}

#[test]
fn debt_is_repaid_by_whatever_becomes_available_next() {
    check(
        "pool points pending=15d transferable",
        "
        at 2026-01-10
        enroll A
        enroll B
        owe A 9
        adjust A 2
        = A points 0 debt=7
        adjust B 20
        transfer B A 3
        = A points 0 debt=4
        buy A 100 earn=10
        = A points 0 pending=10 debt=4
        at 2026-01-25
        = A points 6 pending=0 debt=0
        ",
    );
}

#[test]
fn days_end_at_the_same_local_time_whatever_the_clocks_did() {
    // On 2026-03-08 New York's clocks went forward by an hour, on 2026-11-01 back.
    check(
        "zone America/New_York
         pool points expires=30d",
        "
        at 2026-02-20T15:00:00Z
        buy A 100 earn=3
        = A points 3 at=2026-03-22T13:59:59Z
        = A points 0 at=2026-03-22T14:00:00Z
        at 2026-10-20T14:00:00Z
        buy A 100 earn=4
        = A points 4 at=2026-11-19T14:59:59Z
        = A points 0 at=2026-11-19T15:00:00Z
        ",
    );
    check(
        "zone America/New_York
         pool points expires=year+1",
        "
        at 2027-01-01T04:59:59Z
        buy A 100 earn=3
        at 2027-01-01T05:00:00Z
        buy A 100 earn=4
        = A points 7 at=2028-01-01T04:59:59Z
        = A points 4 at=2028-01-01T05:00:00Z
        ",
    );
}

#[test]
fn a_bonus_by_hand_or_by_referral_is_available_at_once() {
    check(
        "pool points pending=15d
         referral friend=100 referrer=200 minimum=2500 cap=9",
        "
        at 2026-05-01
        enroll R
        enroll F referrer=R
        buy F 2500 earn=25
        = F points 100 pending=25
        = R points 200
        adjust R 7
        = R points 207 pending=0
        ",
    );
}

#[test]
fn a_pending_lot_may_be_lost_before_it_was_ever_available() {
    check(
        "pool points",
        "
        at 2026-05-01
        enroll A
        adjust A 5 pending expires=2026-06-01
        = A points 0 pending=5
        = A pending=5 at=2026-05-31T23:59:59Z
        = A pending=0 at=2026-06-01T00:00:00Z
        at 2026-06-02
        = A points 0 pending=0
        ",
    );
}

#[test]
fn tiers_rise_with_the_event_and_last_to_the_end_of_next_year() {
    check(
        "pool points
         tier silver 500
         tier gold 1500",
        "
        at 2026-05-01
        buy A 499
        = A tier=none
        buy A 1
        = A tier=silver
        buy A 1000
        = A tier=gold
        at 2027-01-01
        buy A 600
        = A tier=gold at=2027-12-31T23:59:59Z
        = A tier=silver at=2028-01-01T00:00:00Z
        at 2028-01-01
        = A tier=silver
        = A tier=none at=2029-01-01T00:00:00Z
        at 2030-06-01
        = A tier=none
        ",
    );
}

#[test]
fn a_late_purchase_counts_for_its_own_year() {
    check(
        "pool points
         tier basic 0
         tier silver 500",
        "
        at 2027-01-02
        enroll A
        = A tier=basic
        buy A 0
        buy A 600 on=2026-12-31
        = A tier=silver at=2027-12-31T23:59:59Z
        = A tier=basic at=2028-01-01T00:00:00Z
        buy A 500
        = A tier=silver at=2028-12-31T23:59:59Z
        at 2029-01-01
        = A tier=basic
        ",
    );
}

#[test]
fn whom_a_held_event_enrols_has_the_lowest_tier() {
    check(
        "pool points
         tier basic 0
         tier silver 500",
        "
        at 2026-05-01
        buy A 600 verdict=hold status=held
        = A tier=basic
        buy A 600
        = A tier=silver
        ",
    );
}

#[test]
fn a_full_card_grants_and_starts_again_with_what_is_left_over() {
    check(
        "pool points
         card coffee 10 spacing=30m per_day=3",
        "
        at 2026-05-01T09:00:00Z
        buy A 100 stamp=1
        = A coffee=1
        at 2026-05-01T09:29:59Z
        buy A 100 stamp=1 clipped=1:0:spacing
        at 2026-05-01T09:30:00Z
        buy A 100 stamp=9 clipped=9:2:per_day
        = A coffee=3
        at 2026-05-02T09:00:00Z
        buy A 100 stamp=3
        at 2026-05-03T09:00:00Z
        buy A 100 stamp=3
        = A coffee=9 rewards=0
        at 2026-05-04T09:00:00Z
        buy A 100 stamp=3
        = A coffee=2 rewards=1
        ",
    );
}

#[test]
fn a_held_event_pends_and_a_denied_one_leaves_only_its_trace() {
    check(
        "pool points
         card coffee 10",
        "
        at 2026-05-01
        buy A 100 earn=10 stamp=1 verdict=hold status=held
        = A points 0 pending=10 coffee=0
        buy A 100 earn=10 verdict=deny status=denied
        = A points 0 pending=10
        buy B 100 earn=10 verdict=deny status=denied
        = B unknown
        ",
    );
}

#[test]
fn late_events_are_held_and_future_ones_refused() {
    check(
        "pool points
         lateness 72h",
        "
        at 2026-05-10
        buy A 100 earn=1 on=2026-05-07 status=posted
        buy A 100 earn=1 on=2026-05-06T23:59:59Z status=held
        buy A 100 earn=1 on=2026-05-10T00:05:00Z status=posted
        buy A 100 earn=1 on=2026-05-10T00:05:01Z -> occurred_in_future
        ",
    );
}

#[test]
fn a_referral_pays_both_once_at_the_first_purchase_of_enough() {
    check(
        "pool points
         referral friend=100 referrer=200 minimum=2500 cap=1",
        "
        at 2026-05-01
        enroll R
        enroll F referrer=R
        buy F 1000
        = F points 0
        buy F 4000
        = F points 100
        = R points 200
        buy F 4000
        = F points 100
        enroll G referrer=R
        buy G 2500
        = G points 100
        = R points 200
        enroll S referrer=S
        buy S 9000
        = S points 0
        enroll T referrer=nobody
        buy T 9000
        = T points 0
        ",
    );
}

#[test]
fn a_shared_identity_never_pays_a_referral() {
    check(
        "pool points
         referral friend=100 referrer=200 minimum=1 cap=9",
        "
        at 2026-05-01
        enroll R email=e1
        enroll F referrer=R email=e1
        buy F 4000
        = F points 0
        = R points 0
        ",
    );
}

#[test]
fn adjustments_expire_by_the_pool_or_as_they_say_and_may_wait() {
    check(
        "pool points expires=12m",
        "
        at 2026-05-01
        enroll A
        adjust A 10
        adjust A 5 expires=2026-06-01
        adjust A 3 pending
        = A points 15 pending=3
        at 2026-06-01
        = A points 10 pending=3
        adjust Z 1 -> unknown_member
        ",
    );
}

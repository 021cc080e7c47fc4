//! Spending and its undoing: holds, redemptions, reversals, vouchers, gifts, freezing. Each table tells the mistake it prevents.

use crate::support::check;

#[test]
fn what_is_held_is_not_available_to_anybody() {
    // Ledgers that count holds nowhere let the same points be spent twice.
    check(
        "pool points transferable",
        "
        at 2026-01-01
        enroll B
        buy A 100 earn=100
        hold A 60
        = A points 40 held=60
        redeem A 41 -> insufficient_balance
        hold A 41 -> insufficient_balance
        transfer A B 41 -> insufficient_balance
        adjust A -41 -> insufficient_balance
        donate A 41 wildlife -> unknown_charity
        redeem A 40
        = A points 0 held=60
        ",
    );
}

#[test]
fn a_capture_of_less_frees_the_rest() {
    check(
        "pool points",
        "
        at 2026-01-01
        buy A 100 earn=100
        hold A 60
        capture A 61 -> insufficient_balance
        capture A 20
        = A points 80 held=0
        capture A -> hold_not_active
        release A -> hold_not_active
        hold A 80
        release A
        = A points 80 held=0
        ",
    );
}

#[test]
fn a_hold_ends_at_its_time_even_if_nobody_looked() {
    check(
        "pool points",
        "
        at 2026-01-01
        buy A 100 earn=100
        hold A 60 ttl=2h
        = A points 40 held=60 at=2026-01-01T01:59:59Z
        = A points 100 held=0 at=2026-01-01T02:00:00Z
        at 2026-03-01
        capture A -> hold_not_active
        = A points 100 held=0
        ",
    );
}

#[test]
fn held_points_outlive_their_expiry_and_expire_when_the_hold_ends() {
    check(
        "pool points expires=30d",
        "
        at 2026-01-01
        buy A 100 earn=100
        at 2026-01-30
        hold A 60 ttl=9d
        at 2026-02-02
        = A points 0 held=60
        capture A 25
        = A points 0 held=0
        ",
    );
    check(
        "pool points expires=30d",
        "
        at 2026-01-01
        buy A 100 earn=100
        hold A 60 ttl=40d
        at 2026-02-09
        = A points 0 held=60
        = A points 0 held=0 at=2026-02-10
        at 2026-02-10
        = A points 0 held=0
        ",
    );
    check(
        "pool points expires=inactive1m",
        "
        at 2026-01-01
        buy A 100 earn=100
        hold A 60 ttl=50d
        at 2026-02-15
        = A points 0 held=60
        release A
        = A points 0 held=0
        ",
    );
}

#[test]
fn what_a_hold_frees_repays_debt_first() {
    check(
        "pool points",
        "
        at 2026-01-01
        buy A 100 earn=100
        hold A 100
        owe A 30
        = A points 0 held=100 debt=30
        capture A 20
        = A points 50 held=0 debt=0
        ",
    );
}

#[test]
fn what_a_hold_keeps_past_its_time_is_owed_by_a_refund_and_pays_it() {
    // Earn, hold until the points would be lost, return the goods, capture: what was kept aside counted as lost already.
    check(
        "pool points expires=30d",
        "
        at 2026-01-01
        buy A 100 order=o earn=10
        hold A 10 ttl=60d
        at 2026-02-05
        refund A order=o
        = A points 0 held=10 debt=10
        capture A 4
        = A points 0 held=0 debt=4
        ",
    );
}

#[test]
fn a_reversal_puts_points_back_with_the_expiry_they_had() {
    // A common mistake: points that come back as a new lot live longer than they would have.
    check(
        "pool points expires=60d",
        "
        at 2026-01-01
        buy A 100 earn=10
        at 2026-01-11
        buy A 100 earn=20
        redeem A 25
        reverse A 3
        reverse A
        = A points 30
        reverse A -> exceeds_redemption
        at 2026-03-02
        = A points 20
        at 2026-03-12
        = A points 0
        ",
    );
}

#[test]
fn parts_of_a_reversal_never_come_to_more_than_the_whole() {
    check(
        "pool points",
        "
        at 2026-01-01
        buy A 100 earn=100
        redeem A 30
        reverse A 20
        reverse A 11 -> exceeds_redemption
        = A points 90
        reverse A 10
        = A points 100
        reverse A 1 -> exceeds_redemption
        ",
    );
}

#[test]
fn points_whose_time_has_passed_come_back_for_a_grace_period() {
    check(
        "pool points expires=30d",
        "
        at 2026-01-01
        buy A 100 earn=10
        redeem A 10
        at 2026-06-01
        reverse A 4
        = A points 4
        at 2026-06-11
        reverse A
        = A points 10
        = A points 6 at=2026-07-01
        at 2026-07-11
        = A points 0
        ",
    );
}

#[test]
fn a_reversal_repays_debt_first() {
    check(
        "pool points",
        "
        at 2026-01-01
        buy A 100 earn=10
        redeem A 10
        owe A 4
        reverse A
        = A points 6 debt=0
        ",
    );
}

#[test]
fn a_reward_is_bought_used_once_or_given_back() {
    check(
        "pool points
         reward mug 30 value=500 expires=10d",
        "
        at 2026-01-01
        buy A 100 earn=100
        redeem A cup -> reward_unavailable
        redeem A mug
        = A points 70 rewards=1
        use A
        = A points 70 rewards=0
        use A -> voucher_used
        cancel A -> voucher_used
        reverse A -> reward_unavailable
        redeem A mug
        reverse A 10
        = A points 50 rewards=1
        reverse A
        = A points 70 rewards=0
        redeem A mug
        at 2026-01-11
        use A -> voucher_expired
        ",
    );
}

#[test]
fn stock_is_never_oversold_and_comes_back() {
    // The last one is kept for who holds it; else both would be told that they have it.
    check(
        "pool points
         reward mug 30 stock=2",
        "
        at 2026-01-01
        buy A 100 earn=100
        buy B 100 earn=100
        redeem A mug
        hold B mug ttl=1h
        redeem A mug -> reward_unavailable
        at 2026-01-01T01:00:00Z
        redeem A mug
        hold B mug -> reward_unavailable
        reverse A
        hold B mug
        capture B 29 -> reward_unavailable
        capture B
        = B points 70 rewards=1
        redeem A mug -> reward_unavailable
        reverse B
        redeem A mug
        ",
    );
}

#[test]
fn limits_of_a_member_count_by_their_year_and_reserve_what_is_held() {
    check(
        "pool points
         reward mug 10 yearly=1",
        "
        at 2026-06-01
        buy A 100 earn=100
        hold A mug
        redeem A mug -> limit_reached
        release A
        redeem A mug
        redeem A mug -> limit_reached
        reverse A
        redeem A mug
        at 2027-01-01
        redeem A mug
        ",
    );
}

#[test]
fn a_reward_is_offered_to_its_tiers() {
    check(
        "pool points
         tier silver 0
         tier gold 1000
         reward mug 10 tier=gold",
        "
        at 2026-06-01
        buy A 100 earn=100
        redeem A mug -> reward_unavailable
        buy A 900 earn=1
        redeem A mug
        ",
    );
}

#[test]
fn minimums_are_checked_before_the_balance() {
    check(
        "pool points
         spending points minimum=50 gifts=100",
        "
        at 2026-06-01
        buy A 100 earn=10
        redeem A 49 -> below_minimum
        hold A 49 -> below_minimum
        redeem A 50 -> insufficient_balance
        donate A 99 wildlife -> below_minimum
        donate A 100 circus -> unknown_charity
        donate A 100 wildlife -> insufficient_balance
        buy A 100 earn=200
        donate A 120 wildlife
        = A points 90
        ",
    );
}

#[test]
fn a_frozen_member_earns_and_does_not_spend() {
    check(
        "pool points transferable
         spending points
         reward mug 10",
        "
        at 2026-06-01
        enroll B
        buy A 100 earn=100
        hold A 10
        redeem A mug
        freeze A
        buy A 100 earn=10
        redeem A 1 -> member_frozen
        redeem A mug -> member_frozen
        hold A 1 -> member_frozen
        capture A -> member_frozen
        donate A 1 wildlife -> member_frozen
        use A -> member_frozen
        transfer A B 1 -> member_frozen
        release A
        reverse A
        unfreeze A
        redeem A 110
        = A points 0
        ",
    );
}

#[test]
fn a_spending_in_doubt_keeps_its_points_aside() {
    check(
        "pool points
         spending points
         reward mug 10 stock=1",
        "
        at 2026-06-01
        buy A 100 earn=100
        redeem A 60 verdict=hold status=held
        = A points 40 held=60
        capture A -> hold_not_active
        redeem A 41 -> insufficient_balance
        redeem A mug verdict=hold status=held
        donate A 5 wildlife verdict=hold status=held
        = A points 25 held=75 rewards=0
        redeem A 5 verdict=deny status=denied
        redeem A 5 verdict=step_up -> step_up_required
        redeem A cup verdict=step_up -> reward_unavailable
        at 2027-06-01
        = A points 25 held=75
        ",
    );
}

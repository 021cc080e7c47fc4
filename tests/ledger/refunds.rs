//! Refunds by provenance: each table is a rule, with the story of the bug it prevents.

#[path = "parts.rs"]
mod parts;

use crate::support::{World, check};

#[test]
fn what_an_order_gave_goes_back_at_the_rate_it_earned_at() {
    // A shop refunded by today's rules: a double-points order went back at single points, and half was kept.
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 1000 order=o earn=20
        buy A 1000 earn=10
        refund A order=o
        = A points 10 counters=purchases:1,spend:1000
        refund A order=o -> refund_exceeds_order
        ",
    );
}

#[test]
fn parts_of_a_refund_sum_to_the_whole_whatever_the_rounding() {
    // Rounding each part down leaked a point a part: ten refunds of a tenth took nothing of 7 points.
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 100 order=o earn=7
        refund A order=o amount=10
        = A points 7
        refund A order=o amount=10
        = A points 6
        refund A order=o amount=50
        = A points 3
        refund A order=o amount=31 -> refund_exceeds_order
        = A points 3
        refund A order=o amount=30
        = A points 0 debt=0 counters=purchases:0,spend:0
        ",
    );
}

#[test]
fn a_line_takes_back_its_own_share_by_largest_remainders() {
    // 10 points over lines of 50, 25 and 25: floors 5, 2, 2, and the one left over to the lower of the two equal remainders.
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 100 order=o lines=1:50,2:25,3:25 earn=10
        refund A order=o lines=3:25
        = A points 8
        refund A order=o lines=2:25
        = A points 5
        refund A order=o lines=2:1 -> refund_exceeds_order
        refund A order=o lines=9:1 -> refund_exceeds_order
        refund A order=o lines=1
        = A points 0
        ",
    );
}

#[test]
fn only_the_lines_that_earned_give_back() {
    // Returning the milk took the points of the coffee.
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 300 order=o lines=1:100,2:200 earn=50@2 earn=10@1
        refund A order=o lines=1
        = A points 50
        refund A order=o lines=2:100
        = A points 25
        refund A order=o
        = A points 0
        ",
    );
}

#[test]
fn an_amount_is_spread_over_what_is_left_of_the_lines() {
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 300 order=o lines=1:100,2:200 earn=60@2
        refund A order=o lines=1
        refund A order=o amount=100
        = A points 30
        refund A order=o amount=101 -> refund_exceeds_order
        refund A order=o amount=100
        = A points 0
        ",
    );
}

#[test]
fn a_quantity_alone_or_an_amount_alone_is_enough() {
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 90 order=o lines=1:90:3 earn=9 count=days:3@1/q
        refund A order=o lines=1:0:1
        = A points 6 counters=days:2,purchases:1,spend:60
        refund A order=o lines=1:30
        = A points 3 counters=days:1,purchases:1,spend:30
        refund A order=o lines=1:0:2 -> refund_exceeds_order
        refund A order=o lines=1:31:1 -> refund_exceeds_order
        refund A order=o lines=1:0:1
        = A points 0 counters=days:0,purchases:0,spend:0
        ",
    );
}

#[test]
fn where_a_voucher_paid_a_part_the_order_still_goes_back_whole() {
    // 100 of goods, 80 paid: refunding the 80 is all of it, and 40 is half.
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 80 order=o lines=1:60,2:40 earn=8
        refund A order=o amount=40
        = A points 5 counters=purchases:1,spend:40
        refund A order=o amount=41 -> refund_exceeds_order
        refund A order=o amount=40
        = A points 0 counters=purchases:0,spend:0
        ",
    );
}

#[test]
fn own_lots_go_first_then_others_then_a_debt() {
    // Points of the order that were spent are owed; its pending lot goes before anything that can be spent.
    check(
        "pool points pending=15d",
        "
        at 2026-01-10
        buy A 100 earn=5
        at 2026-01-25
        buy A 100 order=o earn=10
        = A points 5 pending=10
        refund A order=o amount=60
        = A points 5 pending=4 debt=0
        at 2026-02-09
        adjust A -7
        = A points 2
        refund A order=o
        = A points 0 debt=2
        adjust A 3
        = A points 1 debt=0
        ",
    );
}

#[test]
fn what_has_expired_of_an_order_is_not_asked_for_again() {
    // A member lost 60 points to expiry and then, by the refund, 60 more of another order.
    check(
        "pool points expires=30d",
        "
        at 2026-01-10
        buy A 100 order=o earn=100
        adjust A -40
        at 2026-02-09
        buy A 100 earn=50
        refund A order=o amount=50
        = A points 50 debt=0
        refund A order=o
        = A points 10 debt=0
        ",
    );
    // Asked before it expired, then the rest: not again.
    check(
        "pool points expires=30d",
        "
        at 2026-01-10
        buy A 100 order=o earn=100
        refund A order=o amount=50
        = A points 50
        at 2026-02-09
        buy A 100 earn=20
        refund A order=o
        = A points 20 debt=0
        ",
    );
}

#[test]
fn a_pool_may_stop_short_of_a_debt() {
    check(
        "pool points refund=within_balance",
        "
        at 2026-01-10
        buy A 100 order=o earn=100
        adjust A -70
        refund A order=o
        = A points 0 debt=0
        buy A 100 earn=5
        = A points 5
        ",
    );
    check(
        "pool points pending=15d refund=pending_only",
        "
        at 2026-01-10
        buy A 100 order=o earn=10
        buy A 100 order=p earn=10
        refund A order=o
        = A points 0 pending=10
        at 2026-01-25
        refund A order=p
        = A points 10 debt=0
        ",
    );
}

#[test]
fn counters_fall_in_the_period_of_the_purchase() {
    // A refund in January was booked against January's spend: last year's status stayed, this year's started below zero.
    check(
        "pool points earned=gained
         tier basic 0
         tier silver 500",
        "
        at 2026-12-31
        buy A 600 order=o earn=6
        buy A 100 earn=1
        = A tier=silver counters=gained:7,purchases:2,spend:700
        at 2027-01-05
        buy A 100 earn=1
        refund A order=o amount=201
        = A tier=basic counters=gained:6,purchases:3,spend:599
        ",
    );
}

#[test]
fn caps_give_back_the_room_that_was_used() {
    // The example of the pharmacy: 300 back, and the next purchase may use them again, and no more.
    check(
        "pool points
         cap scripts points year 5000 own
         cap pot points program 9000",
        "
        at 2026-02-01
        buy A 32000 order=o lines=1:32000:16 earn=4800@1/q own=scripts
        = A points 4800
        buy A 10 earn=77
        buy A 2000 earn=300 own=scripts clipped=300:200:scripts
        = A points 5077
        refund A order=o lines=1:2000
        = A points 4777
        buy A 4000 earn=600 own=scripts clipped=600:300:scripts
        = A points 5077
        buy B 10 order=last earn=9000 clipped=9000:3923:pot
        refund B order=last
        buy C 10 earn=9000 clipped=9000:3923:pot
        ",
    );
}

#[test]
fn a_law_never_credits_more_than_its_formula_on_the_net_total() {
    // 5.00 for every full 100.00: what matters is the total, not which order is refunded.
    check(
        "pool points
         law step kids spend points 500 10000",
        "
        at 2026-03-02
        buy A 8000 order=o
        = A points 0
        buy A 2500
        = A points 500
        refund A order=o amount=600
        = A points 0
        buy A 100
        = A points 500
        adjust A -500
        refund A order=o
        = A points 0 debt=500
        buy A 10000
        = A points 0 debt=0
        ",
    );
}

#[test]
fn a_refund_that_takes_a_first_purchase_below_the_minimum_takes_both_bonuses() {
    // Buy for the minimum, cash both bonuses, return it all but a cent: the oldest trick of referrals.
    check(
        "pool points
         referral friend=500 referrer=1000 minimum=2000 cap=1",
        "
        at 2026-05-01
        enroll R
        enroll F referrer=R
        enroll G referrer=R
        buy F 2005 order=o earn=200
        = F points 700
        = R points 1000
        adjust R -600
        refund F order=o amount=5
        = F points 700
        = R points 400
        refund F order=o amount=1
        = F points 200
        = R points 0 debt=600
        buy F 9000
        = F points 200
        buy G 2000
        = G points 500
        = R points 400 debt=0
        ",
    );
}

#[test]
fn a_free_reward_is_withdrawn_with_what_it_hung_on_and_counts_as_never_given() {
    check(
        "pool points
         reward gift",
        "
        at 2026-02-02
        buy A 2000 order=o
        buy A 1000 grant=gift if=spend:month:3000 once=gifts
        = A rewards=1
        refund A order=o amount=1
        = A rewards=0 counters=gifts:0,purchases:2,spend:2999
        buy A 500 order=p grant=gift once=firsts
        = A rewards=1
        refund A order=p amount=499
        = A rewards=1
        refund A order=p
        = A rewards=0 counters=firsts:0,gifts:0,purchases:2,spend:2999
        ",
    );
    check(
        "pool points
         tier basic 0
         tier gold 500
         reward gift",
        "
        at 2026-02-02
        buy A 500 order=o
        buy A 1 grant=gift if=tier:gold
        = A rewards=1 tier=gold
        refund A order=o amount=2
        = A rewards=0 tier=basic
        ",
    );
    // The order that brought it was returned whole; it was withdrawn though another order held the month's spend up.
    check(
        "pool points
         reward gift",
        "
        at 2026-02-02
        buy A 3000 order=o grant=gift if=spend:month:3000 once=gifts
        = A rewards=1
        buy A 3000 order=p
        refund A order=o
        = A rewards=1 counters=gifts:1,purchases:1,spend:3000
        refund A order=p amount=1
        = A rewards=0 counters=gifts:0,purchases:1,spend:2999
        ",
    );
}

#[test]
fn a_refund_before_its_sale_waits_and_takes_at_most_what_the_sale_gave() {
    // Tills post when they are online again: the return came before the sale, was refused, and was never posted again.
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        refund A order=o amount=60
        refund A order=p
        = A points 0 waiting=2
        buy A 100 order=o earn=10
        = A points 4 waiting=1 counters=purchases:1,spend:40
        refund A order=o amount=41 -> refund_exceeds_order
        buy B 100 order=p earn=10
        = B points 10
        buy A 50 order=p earn=5
        = A points 4 waiting=0
        refund A order=q amount=500
        refund A order=q lines=2:7,9:1
        buy A 30 order=q lines=2:20,3:10 earn=3
        = A points 4 waiting=0
        refund A order=q -> refund_exceeds_order
        ",
    );
}

#[test]
fn a_held_order_is_no_sale_yet_and_a_denied_one_gave_nothing() {
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        buy A 100 order=h earn=10 verdict=hold status=held
        refund A order=h
        = A pending=10 waiting=1
        buy A 100 order=d earn=10 verdict=deny status=denied
        refund A order=d amount=60
        refund A order=d amount=41 -> refund_exceeds_order
        = A points 0 debt=0
        buy A 100 order=o earn=10
        refund A order=o verdict=hold status=held
        refund A order=o verdict=deny status=denied
        = A points 10
        ",
    );
}

#[test]
fn another_members_order_is_not_there() {
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 100 order=o earn=10
        buy B 100 earn=10
        refund B order=o
        = A points 10
        = B points 10 waiting=1
        ",
    );
}

#[test]
fn only_so_many_refunds_wait() {
    let refunds: Vec<String> = (0..64).map(|n| format!("refund A order=x{n}\n")).collect();
    let refused = "refund A order=y -> unknown_order\n= A waiting=64";
    check("pool points", &format!("at 2026-01-10\nenroll A\n{}{refused}", refunds.concat()));
}

#[test]
fn a_fee_that_no_longer_pays_its_price_ends_its_period_at_once() {
    // Fees refunded after the perks: the year went on.
    check(
        "pool points
         plan annual 2500",
        "
        at 2026-01-10
        fee A 2500 order=f plan=annual
        = A plans=1
        at 2026-03-01
        refund A order=f
        = A plans=0
        ",
    );
}

#[test]
fn a_late_refund_of_points_given_away_is_owed() {
    check(
        "pool points transferable",
        "
        at 2026-01-10
        buy A 120 order=o earn=120
        buy B 1 earn=1
        transfer A B 100
        refund A order=o
        = A points 0 debt=100
        = B points 101
        ",
    );
}

/// A till that refunded orders nobody knows slowed everything: each such refund read the member's whole history, and the more they
/// had bought the longer all others waited.
#[test]
fn an_order_nobody_knows_is_looked_for_in_a_history_once() {
    let mut world = World::new("pool points");
    world.step("at 2026-01-10");
    (0..200).for_each(|n| world.step(&format!("buy A 100 order=o{n} earn=1")));
    let mut read_by = |step: &str| {
        world.step(step);
        world.take_read()
    };
    assert_eq!(read_by("refund A order=x1"), 200);
    // Beside the refund before, nothing is new.
    assert_eq!(read_by("refund A order=x2"), 1);
    assert_eq!(read_by("buy A 100 order=o200 earn=1"), 0);
    assert_eq!(read_by("refund A order=x3"), 2);
    // What is there is found as before, however old; what came after the looks, too.
    assert_eq!(read_by("refund A order=o0"), 204);
    assert_eq!(read_by("refund A order=o200"), 3);
    assert_eq!(read_by("buy A 50 order=x1 earn=1"), 0);
    world.step("= A points 199");
}

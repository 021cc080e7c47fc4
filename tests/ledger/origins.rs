//! Where what an order gave came from, and that a cleared order's refund, its rewards and its cards know it as well: what was
//! noted while it waited counts as if it had been done at once.

use crate::support::check;

/// The same steps for an order that stands at once and for one that was held and cleared.
#[track_caller]
fn check_both(terms: &str, steps: &str) {
    check(terms, &steps.replace("HELD", "").replace("CLEAR", ""));
    check(terms, &steps.replace("HELD", "verdict=hold status=held").replace("CLEAR", "clear A"));
}

#[test]
fn an_order_without_lines_is_refunded_by_what_its_refund_s_lines_cost() {
    check_both(
        "pool points",
        "
        at 2026-01-10
        buy A 100 order=o earn=10 HELD
        CLEAR
        refund A order=o lines=3:20,7:10
        = A points 7
        refund A order=o lines=3:71 -> refund_exceeds_order
        refund A order=o lines=3
        = A points 0 counters=purchases:0,spend:0
        refund A order=o lines=3 -> refund_exceeds_order
        ",
    );
    // A line number 0 is a line like another where there are several.
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 100 order=o lines=0:40,1:60 earn=10@1 earn=4@0
        refund A order=o lines=0
        = A points 10
        refund A order=o lines=5:1 -> refund_exceeds_order
        refund A order=o lines=1:30
        = A points 5
        ",
    );
}

#[test]
fn lines_that_cost_nothing_go_back_by_quantity() {
    // A free line was whole at once, or never: its points stayed, and so did its stamp.
    check_both(
        "pool points
         card coffee 10",
        "
        at 2026-01-10
        buy A 100 order=o lines=1:100:1,2:0:4 earn=9@2 stamp=1@2 HELD
        CLEAR
        = A points 9 coffee=1
        refund A order=o lines=2:0:1
        = A points 7 coffee=1
        refund A order=o lines=1
        = A points 7 coffee=1
        refund A order=o lines=2:0:2
        = A points 3 coffee=1
        refund A order=o lines=2:0:2 -> refund_exceeds_order
        refund A order=o lines=2:0:1
        = A points 0 coffee=0
        refund A order=o lines=2:0:1 -> refund_exceeds_order
        ",
    );
    // What cost something has an end of its own: nothing is left of it once its money is back.
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 100 order=o lines=1:100:3 earn=9@1/q
        refund A order=o lines=1:40
        = A points 6
        refund A order=o lines=1:60
        = A points 0
        refund A order=o lines=1:0:1 -> refund_exceeds_order
        refund A order=o lines=1 -> refund_exceeds_order
        ",
    );
    // Both cups came back for half their price: the line is whole with the rest of its money, which can still be asked for.
    check(
        "card coffee 10",
        "
        at 2026-01-10
        buy A 100 order=o lines=1:100:2 stamp=1@1
        refund A order=o lines=1:50:2
        = A coffee=1
        refund A order=o lines=1
        = A coffee=0 counters=purchases:0,spend:0
        ",
    );
}

#[test]
fn a_purchase_of_nothing_can_be_refunded_too() {
    check_both(
        "pool points",
        "
        at 2026-01-10
        buy A 0 order=o earn=5 count=visits:1 HELD
        CLEAR
        = A points 5 counters=purchases:1,spend:0,visits:1
        refund A order=o
        = A points 0 counters=purchases:0,spend:0,visits:0
        refund A order=o -> refund_exceeds_order
        ",
    );
}

#[test]
fn counts_below_zero_go_back_as_well() {
    check_both(
        "pool points",
        "
        at 2026-01-10
        buy A 0 count=days:10
        buy A 100 order=o lines=1:50,2:50 count=days:-4@1 HELD
        CLEAR
        = A counters=days:6,purchases:2,spend:100
        refund A order=o lines=1:25
        = A counters=days:8,purchases:2,spend:75
        refund A order=o
        = A counters=days:10,purchases:1,spend:0
        ",
    );
}

#[test]
fn each_lot_of_an_order_is_lost_by_its_own_time() {
    // What had expired of one lot was counted against the others of the order, and they stayed.
    check_both(
        "pool points expires=30d
         pool miles",
        "
        at 2026-01-10
        buy A 100 order=o earn=10 miles=6 plain=8 HELD
        CLEAR
        at 2026-02-20
        = A pools=points:0/0,miles:6/0
        refund A order=o amount=50
        = A pools=points:0/0,miles:3/0
        refund A order=o
        = A pools=points:0/0,miles:0/0
        ",
    );
}

#[test]
fn what_was_lost_by_time_and_what_was_spent_of_a_lot_are_told_apart() {
    // Six of ten expired, four were spent: the four are owed, however the refund is cut.
    for refunds in [
        "refund A order=o",
        "refund A order=o amount=50\n refund A order=o",
        "refund A order=o amount=90\n refund A order=o",
    ] {
        check_both(
            "pool points expires=30d",
            &format!(
                "
                at 2026-01-10
                buy A 100 order=o earn=10 HELD
                CLEAR
                redeem A 4
                at 2026-02-20
                {refunds}
                = A points 0 debt=4
                books points member:-4 issued:-10 redeemed:4 expired:6 reversed:4
                "
            ),
        );
    }
    // Refunded before, what is left expires; nothing is asked for twice.
    check_both(
        "pool points expires=30d",
        "
        at 2026-01-10
        buy A 100 order=o earn=10 HELD
        CLEAR
        refund A order=o amount=30
        = A points 7
        at 2026-02-20
        refund A order=o
        = A points 0 debt=0
        books points issued:-10 expired:7 reversed:3
        ",
    );
}

#[test]
fn a_refund_that_earns_repays_what_the_same_refund_left_owing() {
    // What a rule gives for a refund stood beside the debt that the refund made.
    check(
        "pool points
         pool miles",
        "
        at 2026-01-10
        buy A 100 order=o earn=10 miles=4
        redeem A 10
        refund A order=o plain=3 miles=1
        = A pools=points:0/7,miles:1/0
        ",
    );
}

#[test]
fn a_reward_that_hangs_on_a_month_asks_for_that_month() {
    let terms = "reward gift";
    check_both(
        terms,
        "
        at 2026-01-10
        buy A 500 order=old
        at 2026-02-10
        buy A 3000 order=o grant=gift if=spend:month:3000 once=gifts HELD
        CLEAR
        = A rewards=1
        refund A order=old
        = A rewards=1
        refund A order=o amount=1
        = A rewards=0 counters=gifts:0,purchases:1,spend:2999
        refund A order=o
        = A rewards=0 counters=gifts:0,purchases:0,spend:0
        ",
    );
    // A refund that waits for its own review takes it once it is cleared.
    check(
        terms,
        "
        at 2026-02-10
        buy A 3000 order=o grant=gift if=spend:month:3000
        refund A order=o amount=1 verdict=hold
        = A rewards=1
        clear A
        = A rewards=0
        ",
    );
}

#[test]
fn what_is_given_with_an_order_once_is_forgotten_with_it_and_not_with_its_part() {
    check_both(
        "reward gift",
        "
        at 2026-01-10
        buy A 100 order=o grant=gift once=gifts HELD
        CLEAR
        = A rewards=1 counters=gifts:1,purchases:1,spend:100
        refund A order=o amount=50
        = A rewards=1 counters=gifts:1,purchases:1,spend:50
        refund A order=o
        = A rewards=0 counters=gifts:0,purchases:0,spend:0
        ",
    );
    // A gift that was used was given.
    check_both(
        "reward gift",
        "
        at 2026-01-10
        buy A 100 order=o grant=gift once=gifts HELD
        CLEAR
        use A
        refund A order=o
        = A rewards=0 counters=gifts:1,purchases:0,spend:0
        ",
    );
}

#[test]
fn a_card_that_an_order_filled_opens_again_with_its_refund() {
    check_both(
        "card coffee 3
         reward gift",
        "
        at 2026-01-10
        buy A 10 stamp=2
        buy A 10 order=o stamp=2 grant=gift HELD
        CLEAR
        = A coffee=1 rewards=2
        refund A order=o
        = A coffee=2 rewards=0 owed=0
        buy A 10 stamp=1
        = A coffee=0 rewards=1
        ",
    );
    // By the unit: each night its own.
    check_both(
        "card coffee 3",
        "
        at 2026-01-10
        buy A 30 order=o lines=1:20:2,2:10:2 nights HELD
        CLEAR
        = A coffee=1 rewards=1
        refund A order=o lines=2
        = A coffee=2 rewards=0
        refund A order=o
        = A coffee=0
        ",
    );
}

#[test]
fn what_a_rule_has_seen_it_has_seen_once_the_event_stands() {
    check_both(
        "pool points",
        "
        at 2026-01-10
        enroll A
        visit A earn=5 seen=sku:77 HELD
        CLEAR
        = A seen=sku:77 points 5
        ",
    );
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        visit A earn=5 seen=sku:77 verdict=hold
        = A seen= points 0
        confirm A
        = A seen= points 0
        ",
    );
}

#[test]
fn a_rule_s_own_delay_and_expiry_are_those_of_its_own_lot() {
    // The expiry of one lot of a held purchase became that of all, or of none.
    check(
        "pool points expires=100d",
        "
        at 2026-01-10
        buy A 100 brief=1:10d slow=2:5d earn=4
        = A points 5 pending=2 expire=1@2026-01-20,4@2026-04-20,2@2026-04-25
        ",
    );
    check(
        "pool points expires=100d",
        "
        at 2026-01-10
        buy A 100 brief=1:10d slow=2:5d earn=4 brief=8:20d verdict=hold
        at 2026-01-12
        clear A
        = A points 13 pending=2 expire=1@2026-01-22,8@2026-02-01,4@2026-04-22,2@2026-04-25
        at 2026-01-15
        = A points 15 pending=0
        ",
    );
}

#[test]
fn a_cap_cuts_what_several_rules_give_of_a_cleared_order_together() {
    check_both(
        "pool points
         cap day points day 15
         cap scripts points day 12 own",
        "
        at 2026-01-10
        buy A 100 earn=10 own=scripts plain=4 HELD
        CLEAR
        = A points 14
        ",
    );
    for (steps, points) in [
        ("buy A 100 earn=10 own=scripts plain=10 verdict=hold clipped=10:5:day\n clear A", 15),
        ("buy A 100 plain=10 earn=10 own=scripts verdict=hold clipped=10:5:day\n clear A", 15),
        // What had room when it was held, and has less when it is cleared.
        ("buy A 100 earn=10 own=scripts verdict=hold\n buy A 100 plain=8\n clear A", 15),
        ("buy A 100 earn=5 own=scripts plain=5 verdict=hold\n buy A 100 plain=8\n clear A", 15),
        ("buy A 100 earn=10 own=scripts verdict=hold\n buy A 100 earn=6 own=scripts\n clear A", 12),
        ("buy A 100 earn=13 own=scripts verdict=hold clipped=13:12:scripts\n clear A", 12),
    ] {
        check(
            "pool points
             cap day points day 15
             cap scripts points day 12 own",
            &format!(
                "
                at 2026-01-10
                {steps}
                = A points {points}
                "
            ),
        );
    }
}

#[test]
fn what_waits_of_a_correction_repays_debt_when_it_is_cleared() {
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        adjust A 10 verdict=hold status=held
        owe A 4
        = A points 0 pending=10 debt=4
        clear A
        = A points 6 pending=0 debt=0
        ",
    );
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        adjust A 10 pending
        owe A 4
        clear A
        = A points 6 pending=0 debt=0
        ",
    );
}

#[test]
fn what_is_void_and_is_no_order_leaves_refunds_waiting_for_theirs() {
    // A visit that was fraud let go of the refund that waited for the purchase it named.
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        refund A order=o
        visit A order=o verdict=hold
        confirm A
        = A waiting=1
        buy A 100 order=o earn=10
        = A points 0 waiting=0
        ",
    );
}

#[test]
fn a_law_takes_back_what_it_gave_with_this_very_order() {
    // Of two credits by law the older one went, whichever order was refunded.
    check(
        "pool credit expires=90d
         law rate back spend credit 10 100",
        "
        at 2026-01-10
        buy A 100 order=a
        at 2026-01-20
        buy A 200 order=b
        = A expire=10@2026-04-10,20@2026-04-20
        refund A order=b amount=100
        = A expire=10@2026-04-10,10@2026-04-20
        refund A order=a
        = A expire=10@2026-04-20
        ",
    );
    check(
        "pool credit expires=90d
         pool points
         law rate back spend credit 10 100",
        "
        at 2026-01-10
        buy A 100 order=a earn=7
        at 2026-01-20
        buy A 200 order=b earn=9
        refund A order=b
        = A expire=7@never,10@2026-04-10
        ",
    );
}

#[test]
fn every_account_has_its_own_points() {
    check(
        "pool points expires=30d transferable
         spending points",
        "
        at 2026-01-10
        buy A 100 order=o earn=100
        enroll B
        redeem A 10
        donate A 20 wildlife
        transfer A B 5
        adjust A -3
        adjust A 1
        refund A order=o amount=25
        books points member:43 issued:-100 redeemed:10 reversed:25 adjusted:2 donated/wildlife:20
        at 2026-02-09
        books points issued:-100 redeemed:10 expired:43 reversed:25 adjusted:2 donated/wildlife:20
        ",
    );
}

//! Reviews of what the fraud checks held, with everything that can come between: refunds, spending, debts. Each table tells the
//! mistake it prevents.

use crate::support::check;

#[test]
fn a_cleared_order_is_an_order_and_its_refund_takes_what_it_gave() {
    // The walk back from a refund met the held record first, took it for one that still waits, and the refund waited for ever.
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        buy A 100 order=o earn=10 verdict=hold status=held
        = A points 0 pending=10
        clear A
        = A points 10 pending=0 counters=purchases:1,spend:100
        refund A order=o amount=40
        = A points 6 counters=purchases:1,spend:60
        refund A order=o
        = A points 0 debt=0 waiting=0 counters=purchases:0,spend:0
        refund A order=o -> refund_exceeds_order
        ",
    );
}

#[test]
fn a_cleared_order_keeps_the_lines_its_effects_came_from() {
    // What a release did was noted without the lines: a refund of the line without points took half of them.
    check(
        "pool points earned=gained
         card coffee 10
         reward gift
         cap scripts points year 50 own
         cap day points day 60",
        "
        at 2026-01-10
        enroll A
        buy A 300 order=o lines=1:100,2:200:2 earn=30@2 nights count=days:2@2/q grant=gift once=gifts verdict=hold
        buy A 50 order=p lines=1:20,2:30 earn=90@1 own=scripts verdict=hold clipped=90:50:scripts
        = A points 0 pending=80 coffee=0 rewards=0
        clear A
        = A points 60 coffee=3 rewards=1 counters=cap:points:day:60,cap:points:scripts:30,days:2,gained:60,gifts:1,purchases:2,spend:350
        refund A order=o lines=1:100
        = A points 60 coffee=2 rewards=1
        refund A order=o lines=2:100:1
        = A points 45 coffee=1 rewards=1
        refund A order=o
        = A points 30 coffee=0 rewards=0 counters=cap:points:day:30,cap:points:scripts:30,days:0,gained:30,gifts:0,purchases:1,spend:50
        refund A order=p lines=2:30
        = A points 30
        refund A order=p
        = A points 0 counters=cap:points:day:0,cap:points:scripts:0,days:0,gained:0,gifts:0,purchases:0,spend:0
        ",
    );
}

#[test]
fn a_refund_while_its_order_is_held_happens_when_the_order_is_cleared() {
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        buy A 100 order=o earn=10 verdict=hold
        refund A order=o amount=60
        refund A order=o amount=30
        = A points 0 pending=10 waiting=2
        clear A
        = A points 1 pending=0 waiting=0 counters=purchases:1,spend:10
        refund A order=o amount=11 -> refund_exceeds_order
        refund A order=o
        = A points 0 debt=0 counters=purchases:0,spend:0
        ",
    );
}

#[test]
fn a_held_refund_takes_effect_once_it_is_cleared_whatever_was_cleared_first() {
    // Clearing it did nothing at all: it had been noted as one that waits, and nothing ever looked for its order again.
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        buy A 100 order=o earn=10
        refund A order=o amount=60 verdict=hold status=held
        = A points 10 waiting=0
        clear A
        = A points 4 waiting=0
        refund A order=o amount=30 verdict=hold
        refund A order=o
        = A points 0
        clear A
        = A points 0 debt=0 counters=purchases:0,spend:0
        ",
    );
    // Both wait, in one case: the order goes first, as it came first.
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        buy A 100 order=o earn=10 verdict=hold
        refund A order=o amount=60 verdict=hold
        = A pending=10 waiting=0
        clear A
        = A points 4 waiting=0 counters=purchases:1,spend:40
        ",
    );
    // The refund came before its sale, and both are held.
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        refund A order=o amount=60 verdict=hold
        clear A
        = A waiting=1
        buy A 100 order=o earn=10 verdict=hold
        = A pending=10 waiting=1
        clear A
        = A points 4 waiting=0 counters=purchases:1,spend:40
        ",
    );
    // A refund that turns out to be fraud does nothing.
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 100 order=o earn=10
        refund A order=o verdict=hold
        confirm A
        = A points 10 waiting=0
        refund A order=o
        = A points 0
        ",
    );
}

#[test]
fn a_confirmed_order_gave_nothing_and_its_refunds_take_nothing() {
    // The refund of a fraudulent order took points that honest orders had given.
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 100 earn=7
        buy A 100 order=o earn=10 verdict=hold
        refund A order=o amount=60
        = A points 7 pending=10 waiting=1
        confirm A
        = A points 7 pending=0 waiting=0 counters=purchases:1,spend:100
        refund A order=o amount=60
        refund A order=o amount=41 -> refund_exceeds_order
        = A points 7 debt=0 waiting=0
        ",
    );
}

#[test]
fn a_cleared_fee_starts_its_plan_and_a_cleared_purchase_keeps_the_laws() {
    // Only lots, stamps and counters were done at a release: who had paid for a membership never got it.
    check(
        "pool points
         plan annual 2500",
        "
        at 2026-01-10
        enroll A
        fee A 2500 order=f plan=annual verdict=hold status=held
        = A plans=0
        clear A
        = A plans=1
        refund A order=f
        = A plans=0
        ",
    );
    check(
        "pool points
         law step kids spend points 500 10000",
        "
        at 2026-03-02
        enroll A
        buy A 12000 order=o verdict=hold
        = A points 0
        clear A
        = A points 500
        refund A order=o amount=2001
        = A points 0
        ",
    );
}

#[test]
fn what_a_late_release_pays_is_earned_when_it_is_cleared() {
    // The bonus was dated back to the purchase, and lost on the day it was given.
    check(
        "pool points expires=30d
         law step kids spend points 500 10000
         referral friend=50 referrer=60 minimum=2000 cap=1",
        "
        at 2026-03-02
        enroll R
        enroll A referrer=R
        buy A 12000 order=o earn=7 verdict=hold
        at 2026-06-02
        clear A
        = A points 557
        = R points 60
        = A points 557 at=2026-07-01T23:59:59Z
        = A points 0 at=2026-07-02
        ",
    );
}

#[test]
fn a_referral_paid_by_a_cleared_purchase_goes_back_with_it() {
    check(
        "pool points
         referral friend=500 referrer=1000 minimum=2000 cap=1",
        "
        at 2026-05-01
        enroll R
        enroll F referrer=R
        buy F 2005 order=o earn=200 verdict=hold
        = F points 0 pending=200
        = R points 0
        clear F
        = F points 700
        = R points 1000
        adjust R -600
        refund F order=o amount=6
        = F points 200
        = R points 0 debt=600
        ",
    );
}

#[test]
fn what_expired_of_a_cleared_order_is_not_asked_for_again() {
    check(
        "pool points expires=10d",
        "
        at 2026-01-10
        enroll A
        buy A 100 order=o earn=10 verdict=hold
        at 2026-02-10
        clear A
        = A points 10
        redeem A 4
        at 2026-02-20
        = A points 0
        buy A 100 earn=10
        refund A order=o
        = A points 6 debt=0
        ",
    );
}

#[test]
fn what_waits_for_a_review_is_not_lost_by_inactivity() {
    // The case took longer than the points lived: they were gone before anybody had looked, and clearing it gave nothing.
    check(
        "pool points expires=inactive1m",
        "
        at 2026-01-10
        enroll A
        buy A 100 order=o earn=10 verdict=hold
        at 2026-06-10
        = A points 0 pending=10
        clear A
        = A points 10 at=2026-07-09T23:59:59Z
        = A points 0 at=2026-07-10
        redeem A 4
        at 2026-12-01
        = A points 0
        reverse A
        = A points 4 at=2026-12-30
        = A points 0 at=2026-12-31
        ",
    );
}

#[test]
fn a_cleared_spending_happens_once_under_its_own_id() {
    // Closing a case left the points aside for ever: neither spent nor free.
    check(
        "pool points
         spending points
         reward mug 10 stock=1",
        "
        at 2026-06-01
        buy A 100 earn=100
        redeem A 60 verdict=hold status=held
        = A points 40 held=60
        clear A
        = A points 40 held=0
        reverse A 20
        = A points 60
        reverse A
        = A points 100
        redeem A mug verdict=hold
        donate A 5 wildlife verdict=hold
        = A points 85 held=15 rewards=0
        clear A
        = A points 85 held=0 rewards=1
        use A
        clear A -> unknown_case
        ",
    );
}

#[test]
fn a_confirmed_spending_gives_its_points_back_to_their_lots() {
    check(
        "pool points expires=30d
         spending points
         reward mug 10",
        "
        at 2026-06-01
        buy A 100 earn=30
        at 2026-06-11
        buy A 100 earn=30
        redeem A 40 verdict=hold
        hold A mug verdict=hold
        = A points 10 held=50
        confirm A
        = A points 60 held=0 rewards=0
        = A points 30 at=2026-07-01
        donate A 35 wildlife verdict=hold
        at 2026-07-02
        = A points 25 held=35
        confirm A
        = A points 30 held=0
        capture A -> hold_not_active
        ",
    );
}

#[test]
fn a_cleared_hold_begins_then_and_can_be_captured_or_lapses() {
    check(
        "pool points
         reward mug 10 stock=1 yearly=1",
        "
        at 2026-06-01
        buy A 100 earn=100
        buy B 100 earn=100
        hold A 30 ttl=2h verdict=hold status=held
        at 2026-06-05
        capture A -> hold_not_active
        release A -> hold_not_active
        clear A
        = A points 70 held=30
        capture A 20
        = A points 80 held=0
        hold A 30 ttl=2h verdict=hold
        at 2026-06-06
        clear A
        = A points 50 held=30 at=2026-06-06T01:59:59Z
        = A points 80 held=0 at=2026-06-06T02:00:00Z
        hold A mug verdict=hold
        clear A
        redeem B mug -> reward_unavailable
        release A
        redeem B mug
        hold A mug verdict=step_up -> reward_unavailable
        ",
    );
}

#[test]
fn a_reward_that_is_sold_out_when_its_case_is_cleared_costs_nothing() {
    check(
        "pool points
         reward mug 10 stock=1",
        "
        at 2026-06-01
        buy A 100 earn=100
        buy B 100 earn=100
        redeem A mug verdict=hold
        redeem B mug
        clear A
        = A points 100 held=0 rewards=0
        = B points 90 rewards=1
        ",
    );
}

#[test]
fn a_held_transfer_keeps_its_points_aside_until_its_review() {
    // Nothing was kept aside: the giver spent the points, and the cleared transfer found none.
    check(
        "pool points expires=30d transferable",
        "
        at 2026-06-01
        buy A 100 earn=50
        enroll B
        transfer A B 51 verdict=hold -> insufficient_balance
        transfer A B 30 verdict=hold status=held
        = A points 20 held=30
        = B points 0
        redeem A 21 -> insufficient_balance
        clear A
        = A points 20 held=0
        = B points 30
        = B points 0 at=2026-07-01
        transfer A B 20 verdict=hold
        confirm A
        = A points 20 held=0
        = B points 30
        transfer A B 20 verdict=hold
        at 2026-07-02
        = A points 0 held=20
        clear A
        = A points 0 held=0
        = B points 20
        = B points 0 at=2026-08-01
        ",
    );
}

#[test]
fn what_a_review_frees_repays_debt_first() {
    // Points stood beside a debt: the next purchase repaid it while the freed ones could be spent.
    check(
        "pool points transferable",
        "
        at 2026-06-01
        buy A 100 order=o earn=100
        enroll B
        redeem A 60 verdict=hold
        transfer A B 40 verdict=hold
        refund A order=o amount=70
        = A points 0 held=100 debt=70
        confirm A
        = A points 30 held=0 debt=0
        hold A 30
        owe A 10
        release A
        = A points 20 held=0 debt=0
        ",
    );
}

#[test]
fn a_claw_back_and_a_refund_never_take_the_same_points_twice() {
    // Each took all that the order had given, whatever the other had taken; and one that met points of a hold stopped the ledger.
    check(
        "pool points",
        "
        at 2026-06-01
        buy A 100 earn=50
        buy A 100 order=o earn=10
        refund A order=o amount=40
        = A points 56
        buy A 100 earn=1 verdict=hold
        confirm A claw=o
        = A points 50 debt=0
        refund A order=o
        = A points 50 debt=0
        ",
    );
    // The reward that came with the points stayed with the member.
    check(
        "pool points
         reward gift",
        "
        at 2026-06-01
        buy A 100 order=o earn=10 grant=gift
        = A points 10 rewards=1
        buy A 100 earn=1 verdict=hold
        confirm A claw=o
        = A points 0 debt=0 rewards=0
        refund A order=o
        = A points 0 debt=0 rewards=0
        ",
    );
    check(
        "pool points",
        "
        at 2026-06-01
        buy A 100 order=o earn=10
        hold A 8
        buy A 100 earn=1 verdict=hold
        confirm A claw=o
        = A points 0 held=8 debt=8
        release A
        = A points 0 held=0 debt=0
        ",
    );
}

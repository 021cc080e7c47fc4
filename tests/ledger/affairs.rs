//! Members' own affairs: what they tell, merging, households. Each table tells the mistake it prevents.

use crate::support::check;

#[test]
fn a_merged_member_leaves_lots_debts_rewards_and_credit_to_the_other() {
    // A merge that makes one new lot of everything changes when points are lost.
    check(
        "pool points expires=60d
         tier bronze 0
         tier gold 1000
         card coffee 10
         reward mug 5",
        "
        at 2026-01-01
        buy A 600 earn=10 stamp=6
        buy B 500 earn=20 stamp=6
        redeem A mug
        at 2026-01-11
        buy A 100 earn=7
        = B points 20 tier=bronze
        merge A A -> member_busy
        merge A B
        = B points 32 tier=gold coffee=2 rewards=2
        = A points 0 rewards=0 coffee=0
        = B points 7 at=2026-03-02
        buy A 100 earn=1 -> member_merged
        redeem A 1 -> member_merged
        adjust A 1 -> member_merged
        merge B A -> member_merged
        use A -> member_merged
        ",
    );
}

#[test]
fn a_merge_settles_debts_between_the_two() {
    check(
        "pool points pending=10d",
        "
        at 2026-01-01
        enroll A
        enroll B
        owe A 30
        adjust B 20
        merge A B
        = B points 0 debt=10
        = A points 0 debt=0
        enroll C
        adjust C 25
        merge C B
        = B points 15 debt=0
        ",
    );
    check(
        "pool points pending=10d",
        "
        at 2026-01-01
        enroll A
        enroll B
        owe B 5
        buy A 100 earn=40
        merge A B
        = B points 0 pending=40 debt=5
        at 2026-01-11
        = B points 35 pending=0 debt=0
        ",
    );
}

#[test]
fn a_merge_brings_what_was_ever_earned_and_chosen() {
    // "Ten thousand points in all" was lost with the second account, and so was the charity that only it had chosen.
    check(
        "pool points",
        "
        at 2026-01-01
        buy A 100 earn=10
        redeem A 4
        buy B 100 earn=20
        choose A charity=wildlife
        choose A size=L
        choose B size=M
        merge A B
        = B points 26 ever=30 chose=charity:wildlife,size:M
        ",
    );
}

#[test]
fn what_waits_cannot_be_merged() {
    check(
        "pool points
         household 3",
        "
        at 2026-01-01
        buy A 100 earn=10
        enroll B
        hold A 5
        merge A B -> member_busy
        release A
        buy A 100 earn=5 verdict=hold
        merge A B -> member_busy
        buy C 100 earn=5
        join C home C
        merge C B -> member_busy
        leave C
        merge C B
        = B points 5
        ",
    );
}

#[test]
fn a_household_spends_together_and_each_keeps_their_own() {
    // Pools without owners leave nothing to who moves out.
    check(
        "pool points expires=60d transferable
         household 2",
        "
        at 2026-01-01
        buy A 100 earn=10
        at 2026-01-11
        buy B 100 earn=20
        enroll C
        redeem B 25 -> insufficient_balance
        join B home A B
        redeem B 25
        = A points 0
        = B points 5
        reverse B
        = A points 10
        = B points 20
        transfer B C 21 -> insufficient_balance
        join C home A B C -> limit_reached
        freeze A
        redeem B 25 -> insufficient_balance
        unfreeze A
        leave A
        redeem B 25 -> insufficient_balance
        = A points 10
        redeem A 10
        leave A -> member_busy
        ",
    );
}

#[test]
fn a_hold_of_a_household_draws_on_its_lots() {
    // A hold looked at the member's own points only: what could be redeemed at once could not be reserved. Then the ledger
    // panicked where somebody captured what another of the household had reserved with their points.
    check(
        "pool points expires=60d
         household 2
         reward mug 25 stock=1",
        "
        at 2026-01-01
        buy A 100 earn=10
        at 2026-01-11
        buy B 100 earn=20
        join B home A B
        hold B 31 -> insufficient_balance
        hold B 25
        = A points 0 held=10
        = B points 5 held=15
        redeem A 6 -> insufficient_balance
        capture A 1 -> hold_not_active
        release A -> hold_not_active
        capture B 12
        = A points 0 held=0
        = B points 18 held=0
        reverse B
        = A points 10
        = B points 20
        hold B mug
        redeem A mug -> reward_unavailable
        leave A
        release B
        = A points 10 held=0
        = B points 20 held=0
        join A home B A
        hold B mug ttl=1h
        = A points 0 held=10
        = A points 10 held=0 at=2026-01-11T01:00:00Z
        at 2026-01-11T01:00:00Z
        = B points 20 held=0
        redeem A mug
        = A points 0 held=0 rewards=1
        = B points 5
        ",
    );
    check(
        "pool points
         household 2",
        "
        at 2026-01-01
        buy A 100 earn=10
        buy B 100 earn=20
        join B home A B
        redeem B 25 verdict=hold status=held
        = A points 0 held=10
        confirm B
        = A points 10 held=0
        = B points 20 held=0
        redeem B 25 verdict=hold
        clear B
        = A points 0 held=0
        = B points 5 held=0
        ",
    );
}

#[test]
fn a_household_is_joined_by_its_name_once() {
    check(
        "pool points
         household 9",
        "
        at 2026-01-01
        enroll A
        enroll B
        enroll C
        join A home A
        join A home A -> member_busy
        join C home C -> member_busy
        join B home C B -> member_busy
        join B home A B
        join C away A C -> member_busy
        join C home A C -> member_busy
        join C home A B C
        leave A
        leave B
        leave C
        join B home B
        ",
    );
    check(
        "pool points",
        "
        at 2026-01-01
        enroll A
        join A home A -> limit_reached
        ",
    );
}

#[test]
fn a_pending_adjustment_waits_in_a_case() {
    // It used to wait for ever: no case knew of it, so nobody could clear it.
    check(
        "pool points expires=12m",
        "
        at 2026-01-05
        buy A 10 earn=1
        adjust A 50 pending
        adjust A 7 pending
        = A points 1 pending=57
        clear A
        = A points 58 pending=0
        adjust A 20 pending
        confirm A
        = A points 58 pending=0
        ",
    );
}

#[test]
fn a_merge_pays_the_stamps_owed_on_each_card_and_fills_it_on() {
    // One card's debt was paid with the other's stamps, and what came on top of a card did not fill it.
    check(
        "pool points
         card coffee 3
         card tea 3",
        "
        at 2026-05-10
        buy B 100 order=o stamp=3
        use B
        buy B 100 order=q tea=3
        use B
        refund B order=o
        refund B order=q
        buy A 100 stamp=2 tea=1
        merge A B
        = A cards=coffee:0,tea:0 rewards=0
        = B cards=coffee:0,tea:0 owed=3 rewards=0
        buy B 100 stamp=2 tea=2
        = B cards=coffee:1,tea:0 owed=0
        buy C 100 stamp=2 tea=2
        merge C B
        = B cards=coffee:0,tea:2 owed=0 rewards=1
        = C cards=coffee:0,tea:0 rewards=0
        ",
    );
}

#[test]
fn a_merge_brings_what_is_left_of_plans() {
    // Who had paid for a year with the account that went was a member no longer.
    check(
        "pool points
         plan annual 2500",
        "
        at 2026-01-10
        fee A 2500 order=f plan=annual
        enroll B
        at 2026-03-01
        merge A B
        = A plans=0
        = B plans=1
        at 2027-01-09
        = B plans=1
        at 2027-01-10
        = B plans=0
        ",
    );
}

#[test]
fn a_merge_brings_what_was_used_of_the_room_of_a_month_and_a_day() {
    // Two accounts had the room of two, and kept it when they became one; or a month's use was taken for that of another.
    check(
        "pool points
         cap monthly points month 50
         cap daily points day 20",
        "
        at 2026-04-10
        buy A 100 earn=20
        at 2026-05-09
        buy A 100 earn=20
        buy B 100 earn=5
        at 2026-05-10
        buy A 100 earn=10
        buy B 100 earn=2
        merge A B
        buy B 100 earn=20 clipped=20:8:daily
        at 2026-05-11
        buy B 100 earn=9 clipped=9:5:monthly
        at 2026-06-01
        buy B 100 earn=21 clipped=21:20:daily
        = B points 90
        ",
    );
}

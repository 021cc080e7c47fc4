//! Several pools, members and lots in one record: what is worked out for one of them never counts for another. Mutation testing
//! found each of these unproved; the tables say what would have gone wrong.

use crate::support::check;

#[test]
fn each_pool_repays_its_own_debt_and_each_credit_what_the_ones_before_left() {
    // The second credit of a purchase repaid the whole debt once more, or the miles paid what was owed in points.
    check(
        "pool points
         pool miles",
        "
        at 2026-01-10
        enroll A
        owe A 15
        owe A 4 pool=miles
        buy A 100 earn=10 miles=3 plain=10 miles=3
        = A pools=points:5/0,miles:2/0
        ",
    );
    check(
        "pool points
         pool miles",
        "
        at 2026-01-10
        enroll A
        owe A 15
        owe A 4 pool=miles
        buy A 100 earn=10 miles=3 plain=10 miles=3 verdict=hold
        = A pools=points:0/15,miles:0/4
        clear A
        = A pools=points:5/0,miles:2/0
        ",
    );
}

#[test]
fn both_sides_of_a_referral_repay_what_they_owe_themselves() {
    // What the friend's bonus repaid was taken off the referrer's debt too.
    for verdict in ["", "verdict=hold"] {
        check(
            "pool points
             referral friend=50 referrer=100 minimum=200 cap=2",
            &format!(
                "
                at 2026-01-10
                enroll R
                enroll F referrer=R
                owe R 120
                owe F 30
                buy F 200 {verdict}
                {}
                = F points 20 debt=0
                = R points 0 debt=20
                ",
                if verdict.is_empty() { "" } else { "clear F" }
            ),
        );
    }
}

#[test]
fn a_cap_counts_what_this_record_gives_to_this_member_in_this_pool() {
    // The referrer's room was less by what the friend had got, and points left no room for miles.
    for verdict in ["", "verdict=hold"] {
        check(
            "pool points
             pool miles
             cap daily points day 120
             cap daily miles day 120
             referral friend=50 referrer=100 minimum=200 cap=2",
            &format!(
                "
                at 2026-01-10
                enroll R
                enroll F referrer=R
                buy F 200 miles=100 earn=60 {verdict}
                {}
                = F pools=miles:100/0,points:110/0
                = R points 100
                ",
                if verdict.is_empty() { "" } else { "clear F" }
            ),
        );
    }
}

#[test]
fn credits_of_one_record_share_the_room_of_a_cap() {
    // Two rules of one purchase each filled the day's whole cap.
    check(
        "pool points
         cap daily points day 120",
        "
        at 2026-01-10
        buy A 100 earn=100 plain=50 clipped=50:20:daily
        = A points 120
        buy B 100 earn=100 plain=50 verdict=hold clipped=50:20:daily
        clear B
        = B points 120
        ",
    );
    // And a cap of one rule's own is not filled by the others; once a review had cleared a purchase, it was.
    check(
        "pool points
         cap scripts points event 30 own",
        "
        at 2026-01-10
        buy A 100 plain=25 earn=20 own=scripts
        buy A 100 earn=20 earn=20 own=scripts clipped=20:10:scripts
        = A points 75
        buy B 100 plain=25 earn=20 earn=20 own=scripts verdict=hold clipped=20:10:scripts
        clear B
        = B points 55
        ",
    );
}

#[test]
fn points_come_back_into_the_lot_they_were_taken_from() {
    // Any lot with the same end took them, so that the refund of its order could not find them.
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 100 earn=10
        buy A 100 earn=10
        redeem A 15
        = A lots=3:5
        reverse A
        = A lots=2:10,3:10
        ",
    );
    // A lot that came back for a grace period is not the one that comes back later, with an end of its own.
    check(
        "pool points expires=10d",
        "
        at 2026-01-01
        buy A 100 earn=10
        redeem A 10
        at 2026-02-01
        reverse A 4
        at 2026-02-11
        reverse A 6
        = A points 10
        = A points 6 at=2026-03-03
        = A points 0 at=2026-03-13
        ",
    );
}

#[test]
fn what_a_line_no_longer_has_comes_from_its_order_once() {
    // What the order's other lot gave was not taken off what was asked, and all other lots paid it again.
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 300 order=o lines=1:100,2:200 earn=10@1 plain=20@2
        buy A 500 earn=50
        redeem A 10
        refund A order=o lines=1
        = A points 60 debt=0 lots=2:10,3:50
        refund A order=o
        = A points 40 debt=0 lots=3:40
        ",
    );
}

#[test]
fn a_law_whose_points_stay_still_counts_them_as_given() {
    // The law forgot what the pool would not give up: bought, refunded and bought again, it paid 50 points each time.
    check(
        "pool points refund=pending_only
         law step kids spend points 50 1000",
        "
        at 2026-01-10
        buy A 1000 order=o
        = A points 50
        refund A order=o
        = A points 50 counters=kids:50,purchases:0,spend:0
        buy A 1000
        = A points 50 counters=kids:50,purchases:1,spend:1000
        ",
    );
    check(
        "pool points refund=within_balance
         law step kids spend points 50 1000",
        "
        at 2026-01-10
        buy A 1000 order=o
        redeem A 20
        refund A order=o
        = A points 0 debt=0 counters=kids:20,purchases:0,spend:0
        buy A 1000
        = A points 30 counters=kids:50,purchases:1,spend:1000
        ",
    );
}

#[test]
fn what_two_of_a_household_reserved_is_freed_for_each() {
    // After a capture of less, what the second one had kept past its time stayed although it had expired.
    check(
        "pool points expires=10d
         household 2",
        "
        at 2026-01-01
        buy A 100 earn=10
        buy B 100 earn=20
        join B home A B
        hold B 25 ttl=400h
        at 2026-01-12
        = A points 0 held=10
        = B points 0 held=15
        capture B 12
        = A points 0 held=0
        = B points 0 held=0
        ",
    );
}

#[test]
fn what_time_took_of_the_referrer_s_bonus_is_not_asked_of_them_again() {
    // The friend returned the purchase after the referrer's bonus had expired: the referrer owed what they never had.
    for verdict in ["", "verdict=hold"] {
        check(
            "pool points expires=30d
             referral friend=50 referrer=100 minimum=200 cap=2",
            &format!(
                "
                at 2026-01-10
                enroll R
                enroll F referrer=R
                buy F 200 order=o {verdict}
                {}
                redeem R 30
                redeem F 10
                at 2026-02-09
                = R points 0
                refund F order=o
                = F points 0 debt=10
                = R points 0 debt=30
                ",
                if verdict.is_empty() { "" } else { "clear F" }
            ),
        );
    }
}

#[test]
fn a_capture_of_a_household_s_hold_frees_what_each_of_them_had_put_in() {
    // What one of them had freed was worked out from what the other one spent.
    let terms = "pool points expires=30d
         household 3";
    let begin = "
        at 2026-01-10
        buy A 100 earn=10
        at 2026-01-11
        buy B 100 earn=10
        join B home A B
        hold A 18 ttl=900h
        at 2026-02-11";
    for (how, books) in [
        ("capture A 12", "issued:-20 redeemed:12 expired:8"),
        ("capture A 3", "issued:-20 redeemed:3 expired:17"),
        ("capture A", "issued:-20 redeemed:18 expired:2"),
        ("release A", "issued:-20 expired:20"),
    ] {
        check(terms, &format!("{begin}\n {how}\n = A points 0 held=0\n = B points 0 held=0\n books points {books}"));
    }
}

#[test]
fn points_received_never_lie_with_points_earned() {
    // A lot that was given joined one that was earned with the same end: a refund then took the giver's points.
    check(
        "pool points expires=30d transferable",
        "
        at 2026-01-10
        buy A 100 earn=10
        buy B 100 earn=10 order=o
        transfer A B 4
        transfer A B 3
        = B points 17 lots=3:10,4:7
        refund B order=o
        = B points 7 lots=4:7
        at 2026-01-11
        buy A 100 earn=5
        transfer A B 4
        = B points 11 lots=4:10,8:1
        ",
    );
}

//! What happens to members by the calendar: when, how often, for whom, and what it gives. Birthdays and month ends are where
//! loyalty programs are caught: a gift twice a year for a changed date, none in a common year, one for the months before joining.

use crate::support::check;

#[test]
fn a_birthday_is_a_local_day_and_the_29th_of_february_has_one_every_year() {
    // Whoever is born on a leap day got a cake every fourth year, or on the wrong side of midnight.
    check(
        "zone America/New_York
         reward cake free value=300 expires=7d
         schedule cake birthday grant=cake",
        "
        at 2027-01-05
        enroll A birthday=02-29
        enroll B birthday=12-31
        = A named= at=2027-02-28T04:59:59Z
        = A ends=cake:2027-03-07T05:00:00Z worth=300 at=2027-02-28T05:00:00Z
        = A rewards=1 at=2028-02-29T04:59:59Z
        = A rewards=2 at=2028-02-29T05:00:00Z
        = B rewards=0 at=2027-12-31T04:59:59Z
        = B ends=cake:2028-01-07T05:00:00Z at=2027-12-31T05:00:00Z
        at 2029-01-01T12:00:00Z
        = A counters=schedule:cake:2
        = B counters=schedule:cake:2 ends=cake:2028-01-07T05:00:00Z,cake:2029-01-07T05:00:00Z
        ",
    );
}

#[test]
fn a_birthday_comes_once_a_year_however_often_the_date_is_changed() {
    // Three cakes a year for who moves their birthday to tomorrow three times.
    check(
        "reward cake free
         schedule cake birthday grant=cake",
        "
        at 2027-03-01
        enroll A birthday=03-10
        at 2027-03-20
        = A rewards=1
        profile A birthday=03-25
        at 2027-03-25
        = A rewards=1
        profile A birthday=03-25
        = A rewards=1
        at 2028-03-24
        = A rewards=1
        at 2028-03-25
        = A rewards=2
        at 2028-12-31
        = A rewards=2 counters=schedule:cake:2
        ",
    );
}

#[test]
fn a_birthday_told_on_the_day_is_given_at_once_and_one_told_later_waits_a_year() {
    check(
        "zone America/New_York
         reward cake free
         schedule cake birthday grant=cake",
        "
        at 2027-05-04T03:59:00Z
        enroll A birthday=05-03
        = A rewards=1
        at 2027-05-04T04:00:00Z
        enroll B birthday=05-03
        = B rewards=0
        enroll C
        = C rewards=0
        profile C birthday=05-04
        = C rewards=1
        profile C birthday=05-04
        = C rewards=1
        enroll D birthday=05-05
        = D rewards=0
        at 2027-05-06
        = A rewards=1
        = B rewards=0
        = D rewards=1
        at 2028-05-05T03:59:59Z
        = A rewards=2
        = B rewards=1
        = C rewards=2
        = D rewards=1
        ",
    );
}

#[test]
fn what_is_held_gives_no_birthday_until_it_is_cleared() {
    // A profile in review was a birthday in hand.
    check(
        "reward cake free
         schedule cake birthday grant=cake",
        "
        at 2027-05-04
        enroll A
        profile A birthday=05-04 verdict=hold
        = A rewards=0
        clear A
        = A rewards=0
        at 2028-05-04
        = A rewards=1
        ",
    );
}

#[test]
fn an_anniversary_is_in_later_years_only_and_once_a_year() {
    check(
        "pool points expires=30d
         schedule years anniversary earn=points:10",
        "
        at 2024-02-29T15:00:00Z
        enroll A
        = A points 0
        = A points 0 at=2025-02-27T23:59:59Z
        = A points 10 at=2025-02-28
        = A points 0 at=2025-03-30
        = A expire=10@2025-03-30 at=2025-03-01
        = A points 10 at=2028-02-29
        at 2028-12-31
        = A counters=schedule:years:4
        ",
    );
}

#[test]
fn a_day_of_every_month_is_its_last_day_where_it_is_too_short() {
    // The 31st came in seven months a year.
    check(
        "zone Europe/Berlin
         pool points
         schedule pay monthly:31 earn=points:1",
        "
        at 2027-01-31T22:59:59Z
        enroll A
        = A points 0 at=2027-02-27T22:59:59Z
        = A points 1 at=2027-02-27T23:00:00Z
        = A points 1 at=2027-03-30T21:59:59Z
        = A points 2 at=2027-03-30T22:00:00Z
        = A points 3 at=2027-04-29T22:00:00Z
        = A points 11 at=2027-12-30T23:00:00Z
        = A points 12 at=2028-01-30T23:00:00Z
        = A points 13 at=2028-02-28T23:00:00Z
        at 2028-12-31
        = A points 23
        ",
    );
}

#[test]
fn nothing_is_given_for_months_before_the_member_came() {
    check(
        "pool points
         schedule pay monthly:5 earn=points:1
         schedule summer yearly:7:1 earn=points:100",
        "
        at 2027-07-05
        enroll A
        = A points 0
        at 2027-08-04T23:59:59Z
        = A points 0
        at 2027-08-05
        = A points 1
        at 2028-06-30
        = A points 11
        at 2028-07-01
        = A points 111
        ",
    );
}

#[test]
fn after_years_off_everything_comes_once_each_at_its_own_time() {
    // The daemon was off for forty days: one month's points, or all of them with today's expiry.
    check(
        "pool points
         reward cake free expires=7d
         schedule cake birthday grant=cake
         schedule pay monthly:1 earn=points:5 expires=month+0
         schedule bonus yearly:2:10 earn=points:100 expires=20d",
        "
        at 2027-01-20
        enroll A birthday=02-09
        at 2027-02-11
        = A points 105 expire=5@2027-03-01,100@2027-03-02 ends=cake:2027-02-16
        at 2027-03-01
        = A points 105 expire=100@2027-03-02,5@2027-04-01
        at 2029-06-15
        = A points 5 expire=5@2029-07-01 ever=445
        = A counters=schedule:cake:3
        ",
    );
}

#[test]
fn the_ends_of_days_quarters_and_years_are_local_and_of_the_instant_itself() {
    check(
        "zone America/New_York
         pool points
         schedule day monthly:10 earn=points:1 expires=day+0
         schedule quarter monthly:10 earn=points:2 expires=quarter+0
         schedule year monthly:10 earn=points:4 expires=year+1",
        "
        at 2027-03-01
        enroll A
        = A expire=1@2027-03-11T05:00:00Z,2@2027-04-01T04:00:00Z,4@2029-01-01T05:00:00Z at=2027-03-10T12:00:00Z
        ",
    );
}

#[test]
fn a_schedule_for_a_tier_asks_for_the_tier_of_that_moment() {
    // Silver's gift came on New Year's Day to who had ceased to be silver at that very midnight.
    let terms = "pool points
         tier basic 0
         tier silver 300
         reward gift free
         schedule gift yearly:1:1 earn=points:7 tiers=silver
         schedule all yearly:1:1 earn=points:1";
    check(
        terms,
        "
        at 2027-05-01
        buy A 300
        buy B 10
        = A tier=silver
        at 2028-01-01
        = A points 8 tier=silver
        = B points 1
        at 2029-01-01
        = A points 9 tier=basic
        = B points 2
        ",
    );
}

#[test]
fn what_comes_with_a_tier_comes_at_once_and_once_a_year_and_goes_with_the_refund() {
    let terms = "tier basic 0
         tier silver 300
         tier gold 1000
         reward gift free
         schedule gift yearly:1:1 grant=gift tiers=silver,gold becoming";
    check(
        terms,
        "
        at 2027-05-01
        buy A 299
        = A rewards=0
        buy A 1 order=last
        = A tier=silver rewards=1
        buy A 700
        = A tier=gold rewards=1
        at 2027-12-31
        = A rewards=1
        at 2028-01-01
        = A rewards=2 counters=purchases:3,schedule:gift:2,spend:1000
        ",
    );
    check(
        terms,
        "
        at 2027-05-01
        buy A 300 order=o
        = A rewards=1 counters=purchases:1,schedule:gift:1,spend:300
        refund A order=o amount=1
        = A tier=basic rewards=0 counters=purchases:1,schedule:gift:0,spend:299
        buy A 1
        = A tier=silver rewards=1
        ",
    );
    // Given on New Year's Day it hangs on the tier as well.
    check(
        terms,
        "
        at 2027-05-01
        buy A 300 order=o
        use A
        at 2028-01-01
        = A rewards=1
        refund A order=o
        = A tier=basic rewards=0 counters=purchases:0,schedule:gift:1,spend:0
        ",
    );
}

#[test]
fn a_gift_that_was_used_is_not_given_again_for_a_tier_that_was_refunded() {
    // Buy, use the gift, refund, buy again: a gift each round, since the refund of the order took back that it was given.
    let terms = "tier basic 0
         tier silver 300
         reward gift free
         schedule gift yearly:1:1 grant=gift tiers=silver becoming";
    for verdict in ["", "verdict=hold"] {
        let cleared = if verdict.is_empty() { "" } else { "clear A" };
        check(
            terms,
            &format!(
                "
                at 2027-05-01
                buy A 300 order=o {verdict}
                {cleared}
                use A
                refund A order=o
                = A tier=basic counters=purchases:0,schedule:gift:1,spend:0
                buy A 300 order=p
                = A tier=silver rewards=0
                "
            ),
        );
        // One that is withdrawn counts as never given, once: the rest of the order took it back once more.
        check(
            terms,
            &format!(
                "
                at 2027-05-01
                buy A 300 order=o {verdict}
                {cleared}
                refund A order=o amount=1
                = A tier=basic rewards=0 counters=purchases:1,schedule:gift:0,spend:299
                refund A order=o
                = A rewards=0 counters=purchases:0,schedule:gift:0,spend:0
                buy A 300 order=p
                = A rewards=1 counters=purchases:1,schedule:gift:1,spend:300
                refund A order=p
                = A rewards=0 counters=purchases:0,schedule:gift:0,spend:0
                "
            ),
        );
    }
}

#[test]
fn what_the_calendar_gives_repays_debt_and_counts_as_earned() {
    check(
        "pool points earned=earnings
         tier basic earned:0
         tier silver earned:50
         schedule pay monthly:1 earn=points:30
         schedule more monthly:1 earn=points:5",
        "
        at 2027-01-10
        enroll A
        owe A 32
        at 2027-02-01
        = A points 3 debt=0 ever=35 counters=earnings:35
        at 2027-03-01
        = A points 38 ever=70 counters=earnings:70
        ",
    );
}

#[test]
fn pending_points_that_repay_debt_at_the_same_instant_leave_less_for_what_the_calendar_gives() {
    // The month's points repaid what the points of that midnight had repaid already.
    check(
        "pool points pending=22d
         schedule pay monthly:1 earn=points:30",
        "
        at 2027-01-10
        buy A 100 earn=20
        owe A 25
        = A points 0 pending=20 debt=25
        at 2027-02-01
        = A points 25 pending=0 debt=0
        ",
    );
}

#[test]
fn a_schedule_that_only_scripts_know_is_on_record_once() {
    check(
        "schedule tick birthday script
         schedule year yearly:6:1 script",
        "
        at 2027-05-01
        enroll A birthday=05-20
        at 2027-05-21
        = A counters=schedule:tick:1
        profile A birthday=05-25
        at 2028-05-01
        = A counters=schedule:tick:1,schedule:year:1
        at 2028-06-02
        = A counters=schedule:tick:2,schedule:year:2
        ",
    );
}

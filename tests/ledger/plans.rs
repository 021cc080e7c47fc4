//! Paid memberships: what a fee starts, extends and ends, what comes with each month of it, and the rights of members.

use crate::support::check;

const CLUB: &str = "pool points
    plan club 500 lasts=1m
    plan year 5000 lasts=12m
    plan life 50000 lasts=life
    plan taste 0 lasts=14d trial
    perk lounge plans=club,year,life,taste
    perk parking plans=year,life
    requires visit club year life taste";

#[test]
fn a_fee_pays_for_a_month_and_the_next_one_for_the_month_after() {
    // Who renewed a day early lost that day, or had two months at once.
    check(
        CLUB,
        "
        at 2027-01-31
        enroll A
        = A rights=
        fee A 500 plan=club
        = A rights=lounge:2027-02-28
        at 2027-02-27
        fee A 500 plan=club
        = A rights=lounge:2027-03-28
        = A rights=lounge:2027-03-28 at=2027-02-28
        = A rights= at=2027-03-28
        at 2027-03-27
        fee A 5000 plan=year
        = A rights=lounge:2028-03-28
        = A rights=lounge:2028-03-28,parking:2028-03-28 at=2027-03-28
        at 2028-03-28
        = A rights= plans=0
        ",
    );
}

#[test]
fn a_plan_for_life_never_ends_and_nothing_is_bought_after_it() {
    check(
        CLUB,
        "
        at 2027-01-31
        fee A 500 plan=club
        fee A 50000 plan=life
        = A rights=lounge
        at 2027-03-01
        = A rights=lounge,parking
        fee A 500 plan=club status=denied
        at 2050-01-01
        = A rights=lounge,parking
        ",
    );
}

#[test]
fn a_fee_that_is_too_low_or_for_no_plan_is_on_record_and_gives_nothing() {
    check(
        CLUB,
        "
        at 2027-01-31
        enroll A
        fee A 499 plan=club status=denied
        fee A 500 status=denied
        fee A 500 plan=nothing status=denied
        = A rights= plans=0
        fee A 700 plan=club
        = A plans=1
        ",
    );
}

#[test]
fn a_trial_is_for_who_had_no_plan_yet() {
    check(
        CLUB,
        "
        at 2027-01-01
        fee A 0 plan=taste
        = A rights=lounge:2027-01-15
        fee A 0 plan=taste status=denied
        at 2027-01-15
        = A rights=
        fee A 0 plan=taste status=denied
        fee B 500 plan=club
        at 2027-05-01
        fee B 0 plan=taste status=denied
        fee A 500 plan=club
        = A rights=lounge:2027-06-01
        ",
    );
}

#[test]
fn a_paid_month_follows_the_trial_that_runs() {
    check(
        CLUB,
        "
        at 2027-01-01
        fee A 0 plan=taste
        at 2027-01-03
        fee A 500 plan=club
        = A rights=lounge:2027-02-15
        at 2027-02-15
        = A rights=
        ",
    );
}

#[test]
fn what_needs_a_plan_is_denied_without_one_at_that_time() {
    check(
        CLUB,
        "
        at 2027-01-05
        enroll A
        visit A status=denied
        fee A 500 plan=club
        visit A
        at 2027-02-04T23:59:59Z
        visit A
        at 2027-02-05
        visit A status=denied
        visit A on=2027-02-04
        visit A on=2027-01-04 status=denied
        buy A 100
        ",
    );
}

#[test]
fn a_refund_of_the_fee_ends_the_plan_that_it_paid_for() {
    check(
        CLUB,
        "
        at 2027-01-05
        fee A 700 plan=club order=a
        refund A order=a amount=200
        = A rights=lounge:2027-02-05
        refund A order=a amount=1
        = A rights= plans=0
        visit A status=denied
        refund A order=a
        = A plans=0
        fee A 500 plan=club
        = A rights=lounge:2027-02-05
        ",
    );
    // A period that is over is not ended again, and a free trial is nothing to refund.
    check(
        CLUB,
        "
        at 2027-01-05
        fee A 500 plan=club order=a
        fee A 500 plan=club order=b
        at 2027-02-10
        refund A order=a
        = A rights=lounge:2027-03-05
        refund A order=b
        = A rights=
        fee B 0 plan=taste order=t
        refund B order=t
        = B rights=lounge:2027-02-24
        fee C 100 plan=taste order=t
        refund C order=t
        = C rights=
        ",
    );
}

#[test]
fn a_fee_in_review_starts_nothing_and_once_cleared_what_it_paid_for() {
    check(
        CLUB,
        "
        at 2027-01-05
        fee A 500 plan=club verdict=hold status=held
        = A rights=
        at 2027-01-20
        clear A
        = A rights=lounge:2027-02-05
        fee B 500 plan=club verdict=hold status=held
        confirm B
        = B rights= plans=0
        ",
    );
}

#[test]
fn each_month_of_a_plan_brings_its_points_which_end_with_it() {
    // Points for thirteen months of a year; or for a month that was refunded.
    check(
        "pool points
         plan club 500 lasts=1m
         plan year 5000 lasts=12m
         schedule monthly planmonth:year earn=points:100",
        "
        at 2027-01-31T10:00:00Z
        fee A 5000 plan=year order=fee
        = A points 100 expire=100@2027-02-28T10:00:00Z
        = A points 100 expire=100@2027-03-31T10:00:00Z at=2027-02-28T10:00:00Z
        = A points 100 expire=100@2027-04-30T10:00:00Z at=2027-04-01
        = A points 100 expire=100@2028-01-31T10:00:00Z at=2027-12-31T10:00:00Z
        = A points 0 ever=1200 at=2028-01-31T10:00:00Z
        at 2027-06-01
        = A ever=500
        refund A order=fee
        at 2028-06-01
        = A points 0 ever=500
        fee A 500 plan=club
        = A points 0
        ",
    );
}

#[test]
fn a_period_paid_ahead_brings_nothing_before_it_begins() {
    check(
        "pool points
         plan club 500 lasts=1m
         schedule monthly planmonth:club earn=points:10",
        "
        at 2027-01-10
        fee A 500 plan=club
        fee A 500 plan=club
        = A points 10 ever=10 expire=10@2027-02-10
        at 2027-02-10
        = A points 10 ever=20 expire=10@2027-03-10
        at 2027-06-01
        = A points 0 ever=20
        ",
    );
}

#[test]
fn a_schedule_for_a_plan_asks_whether_it_runs_then() {
    check(
        "pool points
         plan club 500 lasts=1m
         plan other 500 lasts=12m
         schedule first monthly:1 earn=points:1 plans=club",
        "
        at 2027-01-10
        fee A 500 plan=club order=fee
        fee B 500 plan=other
        fee C 500 plan=club order=fee
        at 2027-01-20
        refund C order=fee
        at 2027-02-01
        = A points 1
        = B points 0
        = C points 0
        at 2027-03-01
        = A points 1
        ",
    );
}

#[test]
fn a_plan_gives_to_its_charity() {
    check(
        "pool points
         plan club 500 lasts=1m gift=points:0",
        "
        at 2027-01-10
        fee A 500 plan=club
        = A plans=1
        books points
        ",
    );
    check(
        "pool points
         plan club 500 lasts=1m gift=points:25",
        "
        at 2027-01-10
        fee A 500 plan=club
        = A points 0 plans=1
        books points issued:-25 donated/wildlife:25
        ",
    );
}

#[test]
fn rights_come_by_membership_tier_or_plan_and_the_longest_counts() {
    check(
        "tier basic 0
         tier gold 100
         plan club 500 lasts=1m
         plan other 500 lasts=2m
         perk all
         perk lounge tiers=gold plans=club
         perk desk plans=club,other
         perk none tiers=gold",
        "
        at 2027-01-10
        enroll A
        = A rights=all
        fee A 500 plan=club
        = A rights=all,lounge:2027-02-10,desk:2027-02-10
        fee A 500 plan=other
        = A rights=all,lounge:2027-02-10,desk:2027-04-10
        buy A 100
        = A rights=all,lounge,desk:2027-04-10,none
        = A rights=all,lounge,desk:2027-04-10,none at=2027-02-10
        = A rights=all,lounge,none at=2027-04-10
        = A rights=all at=2029-01-01
        ",
    );
}

#[test]
fn what_an_attribute_begins_begins_once() {
    check(
        "begins card attribute=credit_card:approved
         begins app attribute=app:yes",
        "
        at 2027-01-10
        enroll A tell=credit_card:asked
        = A since=
        at 2027-01-11
        profile A tell=credit_card:approved
        = A since=card:2027-01-11
        at 2027-01-12
        profile A tell=credit_card:lost
        at 2027-01-13
        profile A tell=credit_card:approved
        tell A credit_card=approved
        tell A app=yes
        = A since=card:2027-01-11,app:2027-01-13
        enroll B tell=credit_card:approved
        = B since=card:2027-01-13
        visit C tell=credit_card:approved
        = C since=
        ",
    );
}

#[test]
fn a_day_that_is_bound_is_chosen_ahead_and_once_a_year() {
    // Double points on a chosen day, chosen each morning anew.
    check(
        "bound day",
        "
        at 2027-05-10T12:00:00Z
        enroll A
        choose A day=soon -> limit_reached
        choose A day=2027-05-10 -> limit_reached
        choose A day=2027-05-11
        choose A day=2027-05-20
        at 2027-05-19T23:00:00Z
        choose A day=2027-06-01
        choose A day=2027-05-20
        at 2027-05-20
        choose A day=2027-06-01 -> limit_reached
        choose A day=2028-06-01
        choose A colour=red
        = A chose=colour:red,day:2028-06-01
        at 2028-05-01
        choose A day=2028-05-02
        ",
    );
}

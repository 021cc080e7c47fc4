//! What the calendar turns into something else or pays on what was spent: conversions, dividends of a year, of a life, of a
//! paid period. Each is on the net, each once.

use crate::support::check;

#[test]
fn conversions_take_whole_units_soonest_expiring_first() {
    check(
        "pool points expires=30d
         pool miles
         schedule turn monthly:1 convert=points:10>miles:3",
        "
        at 2027-01-10
        buy A 100 earn=7
        at 2027-01-20
        buy A 100 earn=18
        hold A 3 ttl=600h
        = A pools=points:22/0
        = A pools=points:2/0,miles:6/0 at=2027-02-01
        at 2027-02-01
        = A expire=3@2027-02-09,2@2027-02-19,6@never
        ",
    );
    check(
        "pool points
         pool miles expires=7d
         schedule turn monthly:1 convert=points:10>miles:3",
        "
        at 2027-01-10
        buy A 100 earn=9
        enroll B
        at 2027-02-01
        = A pools=points:9/0
        = B pools=
        owe A 15 pool=miles
        adjust A 51
        at 2027-03-01
        = A pools=points:0/0,miles:3/0 ever=27 expire=3@2027-03-08
        ",
    );
}

#[test]
fn two_conversions_of_one_day_do_not_spend_the_same_points() {
    // Both took the same lot: more was spent than was there.
    check(
        "pool points
         pool miles
         pool coins
         schedule large monthly:1 convert=points:100>miles:1
         schedule small monthly:1 convert=points:10>coins:1",
        "
        at 2027-01-10
        buy A 100 earn=125
        buy A 100 earn=100
        at 2027-02-01
        = A pools=points:5/0,miles:2/0,coins:2/0
        ",
    );
}

#[test]
fn a_dividend_of_a_year_whose_total_is_no_longer_kept_is_left_alone() {
    // Counters keep two years. Of the third the total read as nothing, and a refund of any of its orders took the whole dividend.
    check(
        "pool points
         pool credit
         law rate dividend spend credit 10 100 later year
         schedule dividend yearly:3:1 law=0",
        "
        at 2027-02-01
        buy A 1000 order=a
        buy A 2000 order=b
        at 2028-04-01
        buy A 500 order=c
        = A pools=credit:300/0
        refund A order=b amount=1000
        = A pools=credit:200/0
        at 2029-04-01
        buy A 10
        = A pools=credit:250/0
        refund A order=b
        = A pools=credit:250/0
        ",
    );
}

#[test]
fn a_dividend_is_paid_on_the_net_spend_of_the_year_that_ended() {
    // What was refunded meanwhile was paid as well, or the dividend of a year was taken as that of the next.
    check(
        "pool points
         pool credit expires=6m
         law rate dividend spend credit 10 100 later year
         schedule dividend yearly:3:1 law=0",
        "
        at 2027-02-01
        buy A 1005 order=a
        buy A 2000 order=b
        buy B 9
        at 2027-12-31T23:59:59Z
        refund A order=b amount=500
        at 2028-01-15
        buy A 4000 order=c
        refund A order=a amount=100
        at 2028-02-29T23:59:59Z
        = A pools=
        at 2028-03-01
        = A pools=credit:240/0 expire=240@2028-09-01
        = B pools=
        refund A order=b amount=50
        = A pools=credit:235/0 counters=dividend:235,purchases:3,spend:6355
        at 2029-03-01
        = A pools=credit:400/0
        at 2030-03-01
        = A pools=credit:0/0
        ",
    );
}

#[test]
fn a_dividend_of_a_whole_life_pays_what_is_new() {
    check(
        "pool credit
         law step reach spend credit 5 1000 most=15 later
         schedule reach monthly:1 law=0",
        "
        at 2027-01-10
        buy A 2999 order=a
        at 2027-02-01
        = A pools=credit:10/0
        buy A 1
        at 2027-03-01
        = A pools=credit:15/0
        buy A 9000
        at 2027-04-01
        = A pools=credit:15/0 counters=purchases:3,reach:15,spend:12000
        refund A order=a
        = A pools=credit:15/0
        ",
    );
}

#[test]
fn the_end_of_a_paid_period_pays_its_dividend() {
    // Spend of a period was paid twice, or that of two periods together.
    check(
        "pool credit
         plan club 500 lasts=1m
         law rate back spend credit 10 100 plan=club later
         schedule back planend:club law=0",
        "
        at 2027-01-10
        buy A 900
        fee A 500 plan=club
        fee A 500 plan=club
        buy A 1000 order=one
        at 2027-02-09
        refund A order=one amount=200
        = A pools=
        at 2027-02-10
        = A pools=credit:80/0
        buy A 300
        refund A order=one amount=100
        = A pools=credit:70/0
        at 2027-03-10
        = A pools=credit:100/0
        buy A 5000
        at 2027-06-10
        = A pools=credit:100/0
        ",
    );
}

#[test]
fn what_was_spent_of_a_paid_period_moves_with_who_is_merged() {
    // The other one's dividend forgot what the merged one had spent in the period that both now are one in.
    check(
        "pool credit
         plan club 500 lasts=1m
         law rate back spend credit 10 100 plan=club later
         schedule back planend:club law=0",
        "
        at 2027-01-10
        fee A 500 plan=club
        buy A 1000
        enroll B
        merge A B
        = B plans=1
        buy B 500
        at 2027-02-10
        = B pools=credit:150/0 plans=0
        ",
    );
}

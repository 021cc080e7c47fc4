//! Two members who become one: what each owed, was counted, had stamped and was entitled to is the other's, once.

use crate::support::check;

#[test]
fn debts_of_both_are_repaid_once_by_the_lots_of_both() {
    // The second lot repaid what the first had repaid already.
    check(
        "pool points expires=300d",
        "
        at 2026-01-10
        buy A 100 earn=10
        at 2026-01-20
        buy A 100 earn=10
        enroll B
        owe B 15
        merge A B
        = B points 5 debt=0 lots=6:5
        ",
    );
    check(
        "pool points
         pool miles",
        "
        at 2026-01-10
        buy B 100 earn=10 plain=10 miles=7
        enroll A
        owe A 15
        merge A B
        = B pools=points:5/0,miles:7/0
        ",
    );
    // Those of one alone, where the other has nothing, and where both owe.
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        enroll B
        owe A 15
        owe B 4
        merge A B
        = B points 0 debt=19
        buy B 100 earn=20
        = B points 1 debt=0
        ",
    );
}

#[test]
fn pending_points_of_the_merged_repay_nothing_before_their_time() {
    check(
        "pool points pending=5d",
        "
        at 2026-01-10
        buy A 100 earn=10
        enroll B
        owe B 4
        merge A B
        = B points 0 pending=10 debt=4
        at 2026-01-15
        = B points 6 pending=0 debt=0
        ",
    );
}

#[test]
fn what_a_month_has_given_is_counted_in_that_month_of_the_other() {
    // Three days of a month were a month of the year 1970: the other one's monthly cap had room again.
    let terms = "pool points
         cap monthly points month 100
         cap yearly points year 150";
    check(
        terms,
        "
        at 2026-11-02
        buy A 100 earn=20
        at 2026-11-03
        buy A 100 earn=20
        at 2026-11-04
        buy A 100 earn=20
        at 2026-11-10
        enroll B
        merge A B
        buy B 100 earn=60 clipped=60:40:monthly
        at 2026-12-01
        buy B 100 earn=60 clipped=60:50:yearly
        at 2027-01-01
        buy B 100 earn=60
        = B points 210
        ",
    );
    // Also of months and years that are over, for orders that come late, and with what the other one had.
    check(
        terms,
        "
        at 2026-10-30
        buy A 100 earn=30
        at 2026-11-01
        buy A 100 earn=5
        at 2026-11-02
        buy A 100 earn=5
        at 2026-11-03
        buy A 100 earn=5
        buy B 100 earn=10
        merge A B
        buy B 100 earn=80 on=2026-10-30 clipped=80:70:monthly
        buy B 100 earn=80 clipped=80:25:yearly
        ",
    );
    check(
        terms,
        "
        at 2026-01-30
        buy A 100 earn=30
        at 2026-02-10
        buy A 100 earn=5
        at 2026-12-03
        buy A 100 earn=5
        at 2026-12-04
        enroll B
        merge A B
        buy B 100 earn=99 clipped=99:95:monthly
        = B points 135
        at 2026-12-05
        buy B 100 earn=99 clipped=99:0:monthly
        ",
    );
}

#[test]
fn what_was_counted_long_ago_counts_for_a_life_and_for_no_year() {
    check(
        "pool credit
         law step reach spend credit 5 1000
         tier basic 0
         tier silver 300",
        "
        at 2020-05-01
        buy A 900
        at 2024-05-01
        buy A 50
        at 2026-05-01
        buy A 40
        enroll B
        merge A B
        = B tier=basic counters=purchases:3,spend:990
        buy B 10
        = B pools=credit:5/0 tier=basic
        ",
    );
}

#[test]
fn stamps_owed_on_one_card_are_not_taken_from_another() {
    check(
        "card coffee 10
         card tea 10",
        "
        at 2026-01-10
        buy B 10 order=o tea=10
        use B
        refund B order=o
        = B owed=10
        buy A 10 stamp=3 tea=4
        merge A B
        = B cards=tea:0,coffee:3 owed=6
        ",
    );
}

#[test]
fn a_card_that_both_have_is_filled_by_both() {
    check(
        "card coffee 5",
        "
        at 2026-01-10
        buy A 10 stamp=4
        buy B 10 stamp=3
        merge A B
        = B coffee=2 rewards=1
        = A coffee=0 rewards=0
        buy B 10 stamp=3
        = B coffee=0 rewards=2
        ",
    );
    // An empty card moves nothing.
    check(
        "card coffee 5",
        "
        at 2026-01-10
        buy A 10 stamp=5
        buy B 10 stamp=3
        merge A B
        = B coffee=3 rewards=1
        ",
    );
}

#[test]
fn a_plan_that_runs_goes_on_with_the_other() {
    check(
        "plan club 500 lasts=1m
         plan taste 0 lasts=14d trial
         perk lounge plans=club,taste",
        "
        at 2026-01-10
        fee A 500 plan=club
        fee A 500 plan=club
        enroll B
        at 2026-01-20
        merge A B
        = A rights= plans=0
        = B rights=lounge:2026-03-10
        fee B 0 plan=taste status=denied
        at 2026-03-10
        = B rights=
        ",
    );
    // Who had a trial that is over had one, whoever they become.
    check(
        "plan taste 0 lasts=14d trial
         perk lounge plans=taste",
        "
        at 2026-01-10
        fee A 0 plan=taste
        enroll B
        at 2026-02-20
        merge A B
        = B rights=
        fee B 0 plan=taste status=denied
        ",
    );
}

#[test]
fn what_a_rule_has_seen_of_one_it_has_seen_of_the_other() {
    // A review of the same thing was paid once more, to who they had become.
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        visit A seen=sku:77 seen=sku:78
        visit B seen=sku:77 seen=shop:3
        merge A B
        = B seen=sku:77,shop:3,sku:78
        ",
    );
}

#[test]
fn stamps_owed_are_owed_by_the_other() {
    // The free coffee was drunk, its purchases were refunded, and the debt ended with the name.
    check(
        "card coffee 3",
        "
        at 2026-01-10
        buy A 10 order=o stamp=3
        use A
        refund A order=o
        = A owed=3
        buy B 10 stamp=1
        merge A B
        = B coffee=1 owed=3
        buy B 10 stamp=3
        = B coffee=1 owed=0
        buy B 10 stamp=2
        = B coffee=0 rewards=1
        ",
    );
}

#[test]
fn a_card_filled_by_a_merge_is_worth_what_its_stamps_were() {
    // Eleven nights by mean of the ten: the reward of a merged card was worth nothing.
    check(
        "card coffee 3 worth=mean",
        "
        at 2026-01-10
        buy B 100 stamp=2
        buy A 400 stamp=2
        merge A B
        = B coffee=1 rewards=1 worth=200
        buy B 1000 stamp=2
        = B coffee=0 worth=200+800
        ",
    );
    check(
        "card coffee 3 worth=least",
        "
        at 2026-01-10
        buy B 90 stamp=1
        buy A 400 stamp=2
        merge A B
        = B coffee=0 worth=90
        ",
    );
}

//! Stamp cards: what fills them, what their rewards are worth, and what goes back with a refund.

use crate::support::check;

#[test]
fn a_night_refunded_opens_the_card_again() {
    check(
        "pool points
         card coffee 10 worth=mean",
        "
        at 2026-05-05
        buy A 90000 lines=1:90000:9 nights
        = A coffee=9
        buy A 20000 order=o lines=1:20000:1 nights
        = A coffee=0 rewards=1 worth=11000
        refund A order=o
        = A coffee=9 rewards=0
        ",
    );
}

#[test]
fn the_tenth_night_fills_the_card_and_the_rest_stays() {
    check(
        "pool points
         card coffee 10 worth=mean",
        "
        at 2026-05-05
        buy A 80000 lines=1:80000:8 nights
        buy A 30002 order=o lines=1:30002:3 nights
        = A coffee=1 rewards=1 worth=10000
        refund A order=o lines=1:0:1
        = A coffee=0 rewards=1
        refund A order=o lines=1:0:1
        = A coffee=9 rewards=0
        refund A order=o lines=1:0:1
        = A coffee=8
        ",
    );
}

#[test]
fn a_stamp_for_a_purchase_goes_back_once_its_lines_are_refunded_whole() {
    check(
        "pool points
         card coffee 10",
        "
        at 2026-05-05
        buy A 300 order=o lines=1:100,2:200 stamp=1@2
        refund A order=o lines=1
        = A coffee=1
        refund A order=o lines=2:199
        = A coffee=1
        refund A order=o
        = A coffee=0 owed=0
        ",
    );
}

#[test]
fn a_card_that_opens_again_beside_a_newer_one_is_full_again_at_once() {
    // 10 stamps filled a card, 5 lie on the next; one of the ten goes back: fourteen are a full card and four.
    check(
        "pool points
         card coffee 10",
        "
        at 2026-05-05
        buy A 100 order=o stamp=1
        buy A 100 stamp=9
        buy A 100 stamp=5
        = A coffee=5 rewards=1
        refund A order=o
        = A coffee=4 rewards=1 owed=0
        ",
    );
}

#[test]
fn the_least_of_the_stamps_worth_is_the_rewards() {
    check(
        "pool points
         card coffee 3 worth=least",
        "
        at 2026-05-05
        buy A 700 stamp=1
        buy A 500 stamp=1
        buy A 900 stamp=1
        = A coffee=0 rewards=1 worth=500
        buy A 900 stamp=3
        = A coffee=0 rewards=2 worth=500+900
        ",
    );
}

#[test]
fn stamps_are_lost_by_time_and_then_not_asked_for() {
    check(
        "pool points
         card coffee 10 stamps_expire=30d",
        "
        at 2026-05-05
        buy A 100 order=o stamp=2
        at 2026-05-20
        buy A 100 stamp=1
        = A coffee=3
        at 2026-06-04
        = A coffee=1
        refund A order=o
        = A coffee=1 owed=0
        ",
    );
}

#[test]
fn stamps_owed_are_owed_card_by_card() {
    // One card's debt was paid with the other's stamps; a second debt of one card took the place of the first.
    check(
        "pool points
         card coffee 3
         card tea 3",
        "
        at 2026-05-10
        buy A 100 order=o stamp=3
        use A
        buy A 100 order=q tea=3
        use A
        refund A order=o
        refund A order=q
        = A cards=coffee:0,tea:0 owed=6 rewards=0
        buy A 100 order=p stamp=6
        = A cards=coffee:0,tea:0 owed=3 rewards=1
        use A
        refund A order=p
        = A owed=9
        buy A 100 tea=2
        = A cards=coffee:0,tea:0 owed=7
        buy A 100 stamp=2 tea=2 stamp=6
        = A cards=coffee:2,tea:1 owed=0 rewards=0
        ",
    );
    check(
        "pool points
         card coffee 3",
        "
        at 2026-05-10
        buy A 100 order=o stamp=3
        use A
        buy A 100 order=p stamp=3
        use A
        refund A order=o
        refund A order=p
        = A coffee=0 owed=6
        ",
    );
}

#[test]
fn a_day_has_room_for_so_many_stamps() {
    // Stamps of the day before took the room of this one, or those of the same day did not.
    check(
        "pool points
         card coffee 10 per_day=2",
        "
        at 2026-05-10
        buy A 100 stamp=1
        buy A 100 stamp=1 stamp=1 clipped=1:0:per_day
        = A coffee=2
        at 2026-05-11
        buy A 100 stamp=1
        buy A 100 stamp=1
        buy A 100 stamp=1 clipped=1:0:per_day
        = A coffee=4
        at 2026-05-12
        buy A 100 stamp=3 clipped=3:2:per_day
        = A coffee=6
        ",
    );
}

#[test]
fn a_card_that_opens_again_leaves_the_others_as_they_are() {
    // Taking back a stamp of one full card opened another one, or put its stamps on the wrong card.
    check(
        "pool points
         card coffee 3 worth=mean
         card tea 3",
        "
        at 2026-05-10
        buy A 300 order=o stamp=1
        buy A 600 stamp=2 tea=3
        buy A 900 order=p stamp=3
        = A cards=coffee:0,tea:0 rewards=3 worth=500+900
        refund A order=o
        = A cards=coffee:2,tea:0 rewards=2 worth=900
        refund A order=p
        = A cards=coffee:2,tea:0 rewards=1 owed=0
        buy A 900 stamp=1
        = A cards=coffee:0,tea:0 rewards=2 worth=700
        ",
    );
}

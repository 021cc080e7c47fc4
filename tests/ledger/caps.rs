//! Caps, budgets and the largest amounts: what is cut is said, what would pass a sum is refused.

use crate::support::check;

#[test]
fn caps_cut_to_the_room_left_and_say_so() {
    check(
        "pool points
         cap member_daily points day 100
         cap per_event points event 80",
        "
        at 2026-01-10
        buy A 100 earn=90 clipped=90:80:per_event
        = A points 80
        buy A 100 earn=30 clipped=30:20:member_daily
        buy A 100 earn=1 clipped=1:0:member_daily
        = A points 100
        at 2026-01-11
        buy A 100 earn=5
        = A points 105
        buy A 100 earn=120 clipped=120:80:per_event
        buy A 100 earn=120 clipped=120:15:member_daily
        ",
    );
}

#[test]
fn a_program_budget_is_shared_by_all_members() {
    check(
        "pool points
         cap budget points program 100",
        "
        at 2026-01-10
        buy A 100 earn=70
        buy B 100 earn=70 clipped=70:30:budget
        buy C 100 earn=1 clipped=1:0:budget
        = B points 30
        = C points 0
        ",
    );
}

#[test]
fn sums_past_the_largest_amount_are_refused() {
    check(
        "pool points transferable",
        "
        at 2026-05-01
        enroll A
        enroll B
        adjust A 9007199254740991
        adjust A 1 -> amount_overflow
        adjust B 1
        transfer A B 9007199254740991 -> amount_overflow
        buy A 9007199254740991
        buy A 1 -> amount_overflow
        = A points 9007199254740991
        ",
    );
}

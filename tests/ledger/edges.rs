//! Where one step more or less decides: the largest sums, the last attribute, the cent that still pays for a plan, the hold that
//! ends with others. Mutation testing found most of these unproved.

use crate::support::check;

#[test]
fn the_largest_balance_is_reached_and_not_passed_by_several_credits() {
    // Each credit of a purchase was compared with the balance before the purchase.
    check(
        "pool points",
        "
        at 2026-01-10
        enroll A
        adjust A 9007199254740989
        buy A 100 earn=1 plain=1
        = A points 9007199254740991
        enroll B
        adjust B 9007199254740990
        buy B 100 earn=1 plain=1 -> amount_overflow
        = B points 9007199254740990
        ",
    );
    // What the friend gets does not fill the referrer's balance.
    check(
        "pool points
         referral friend=50 referrer=100 minimum=200 cap=2",
        "
        at 2026-01-10
        enroll R
        adjust R 9007199254740891
        enroll F referrer=R
        buy F 200
        = F points 50
        = R points 9007199254740991
        ",
    );
}

#[test]
fn a_member_has_room_for_just_so_many_attributes_and_choices() {
    let all = |verb: &str| (1..=64).map(|n| format!("{verb} A a{n}=1\n")).collect::<Vec<_>>().concat();
    check(
        "pool points",
        &format!(
            "
            at 2026-01-10
            enroll A
            {}
            tell A a65=1 -> limit_reached
            tell A a64=2
            {}
            choose A a65=1 -> limit_reached
            choose A a64=2
            ",
            all("tell"),
            all("choose")
        ),
    );
}

#[test]
fn a_plan_lasts_while_what_is_left_of_its_fee_pays_for_it() {
    // A courtesy refund of a part took the membership away, or a whole refund left it.
    check(
        "pool points
         plan annual 2500
         plan free 0",
        "
        at 2026-01-10
        fee A 3000 plan=annual order=f
        refund A order=f amount=500
        = A plans=1
        refund A order=f amount=1
        = A plans=0
        fee B 500 plan=free order=g
        refund B order=g amount=499
        = B plans=1
        refund B order=g
        = B plans=0
        ",
    );
}

#[test]
fn holds_that_end_together_repay_a_debt_once() {
    // Each of them repaid all that was owed.
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 100 earn=10 order=o
        hold A 5 ttl=1h
        hold A 5 ttl=1h
        refund A order=o amount=70
        = A points 0 held=10 debt=7
        at 2026-01-10T01:00:00Z
        = A points 3 held=0 debt=0
        ",
    );
    // And so did each lot that came back with a redemption.
    check(
        "pool points",
        "
        at 2026-01-10
        buy A 100 earn=10
        buy A 100 earn=10
        redeem A 20
        owe A 12
        reverse A
        = A points 8 debt=0
        ",
    );
}

#[test]
fn a_capture_of_several_lots_frees_only_what_it_left() {
    // What was freed of a hold was counted anew for each lot: what had expired meanwhile stayed.
    check(
        "pool points expires=10d",
        "
        at 2026-01-01
        buy A 100 earn=10
        buy A 100 earn=20
        hold A 25 ttl=400h
        at 2026-01-12
        = A points 0 held=25
        capture A 12
        = A points 0 held=0
        = A points 0 at=2026-02-12
        ",
    );
    // To spend is an activity, so what is left lives on; to give up is none.
    check(
        "pool points expires=inactive2m",
        "
        at 2026-01-01
        buy A 100 earn=10
        hold A 10 ttl=2000h
        buy B 100 earn=10
        hold B 10 ttl=2000h
        at 2026-03-05
        capture A 4 of=3:0
        release B of=5:0
        = A points 6
        = B points 0
        ",
    );
}

#[test]
fn a_reward_for_a_period_hangs_on_that_period() {
    // A refund of a later purchase withdrew the reward of an earlier day, month or year.
    for (window, later) in [("day", "2026-05-11"), ("month", "2026-06-01"), ("year", "2027-01-01")] {
        check(
            "pool points
             reward gift",
            &format!(
                "
                at 2026-05-10
                buy A 600 order=o grant=gift if=spend:{window}:500 once=gifts
                at {later}
                buy A 600 order=p
                refund A order=p
                = A rewards=1
                refund A order=o amount=100
                = A rewards=1
                refund A order=o amount=1
                = A rewards=0
                ",
            ),
        );
    }
}

#[test]
fn cards_fill_side_by_side() {
    // Stamps of one event on the other card counted for this one, or each rule saw the card as it was before the event.
    check(
        "pool points
         card coffee 3
         card tea 3",
        "
        at 2026-05-10
        buy A 100 stamp=2 tea=2 stamp=2 order=o
        = A cards=coffee:1,tea:2 rewards=1
        use A
        buy A 100 tea=2
        = A cards=coffee:1,tea:1 rewards=1
        refund A order=o
        = A cards=coffee:0,tea:2 owed=3 rewards=0
        buy A 100 stamp=3 tea=3
        = A cards=coffee:0,tea:2 owed=0 rewards=1
        ",
    );
}

#[test]
fn a_merge_keeps_what_was_spent_in_each_year() {
    // All that the other one had ever spent counted for the year of the merge.
    check(
        "pool points
         tier bronze 0
         tier silver 500
         tier gold 1000",
        "
        at 2025-03-10
        buy A 300
        at 2025-06-10
        buy A 300
        at 2026-02-01
        buy A 200
        at 2026-06-10
        buy A 100
        buy B 450
        = B tier=bronze
        merge A B
        = B tier=silver counters=purchases:5,spend:1350
        buy B 249
        = B tier=silver
        buy B 1
        = B tier=gold
        = B tier=gold at=2027-12-31T23:59:59Z
        = B tier=bronze at=2028-01-01
        ",
    );
}

#[test]
fn a_reward_of_a_month_that_is_no_longer_kept_is_left_alone() {
    // Counters keep two months. The third read as nothing, and a refund of any order withdrew its reward.
    check(
        "pool points
         reward gift",
        "
        at 2026-02-02
        buy A 3000 grant=gift if=spend:month:3000 once=gifts
        at 2026-03-02
        buy A 10
        at 2026-04-02
        buy A 10 order=q
        refund A order=q
        = A rewards=1 counters=gifts:1,purchases:2,spend:3010
        ",
    );
}

//! Detectors of referral abuse: each with what it must say something about, and what it must let pass.

use super::{check, many};

#[test]
fn nobody_is_paid_for_bringing_themselves() {
    check(
        "",
        "
        at 2026-05-01
        enroll R email=e1 phone=p1 address=h1
        enroll X phone=p1 email=e7
        at 2026-05-02
        # Directly, and by way of X, who is R by phone.
        enroll F1 referrer=R email=e1 -> posted synthetic_same_contact:flag referral_self:flag
        enroll F2 referrer=R address=h1 -> posted referral_self:flag
        enroll F3 referrer=R email=e7 -> posted synthetic_same_contact:flag referral_self:flag
        enroll F4 referrer=F4 -> posted referral_self:flag
        enroll F5 referrer=R email=e5 phone=p5 address=h5 -> posted
        buy F1 2000 -> posted
        buy F3 2000 -> posted
        buy F5 2000 -> posted
        = F1 0
        = F3 0
        = F5 500
        = R 1000
        ",
    );
}

#[test]
fn who_shows_later_that_they_are_the_referrer_is_not_paid() {
    check(
        "",
        "
        at 2026-05-01
        enroll R email=e1
        enroll F referrer=R -> posted
        profile F email=e1
        buy F 2000 -> posted referral_self:flag
        = F 0
        = R 0
        # The chance is gone, and it is said once.
        buy F 2000 -> posted
        = R 0
        ",
    );
}

#[test]
fn a_shared_card_lets_the_bonuses_wait_and_the_purchase_stand() {
    let begin = "
        at 2026-05-01
        enroll R
        buy R 100 card=c1
        enroll F referrer=R
        buy F 2000 card=c1 -> posted referral_self:hold
        = F 0 pending=500
        = R 0 pending=1000
        ";
    check("", &format!("{begin}\nclear R\n= F 500 pending=0\n= R 1000 pending=0\n"));
    check("", &format!("{begin}\nconfirm R\n= F 0 pending=0\n= R 0 pending=0\n"));
}

#[test]
fn a_family_on_one_wifi_is_only_noted() {
    check(
        "",
        "
        at 2026-05-01T10:00
        enroll R ip=10.0.0.1 device=phone-r
        at 2026-05-01T12:00
        enroll F referrer=R ip=10.0.0.1 device=phone-f
        buy F 2000 ip=10.0.0.1 device=phone-f -> posted referral_shared:flag
        = F 500
        = R 1000
        ",
    );
}

#[test]
fn a_shared_device_lets_the_bonuses_wait() {
    check(
        "",
        "
        at 2026-05-01
        enroll R device=d1
        enroll F referrer=R device=d1
        buy F 2000 device=d2 -> posted referral_shared:hold
        = F 0 pending=500
        ",
    );
}

#[test]
fn the_tablet_of_a_shop_ties_nobody() {
    check(
        "",
        "
        at 2026-05-01
        enroll R device=tablet store=s1 staff=t1 ip=10.0.0.9
        enroll F referrer=R device=tablet store=s1 staff=t1 ip=10.0.0.9
        buy F 2000 card=cf store=s1 -> posted
        = R 1000
        ",
    );
}

#[test]
fn a_ring_is_found_though_its_last_link_has_another_name() {
    check(
        "",
        "
        at 2026-05-01
        enroll A email=e1
        at 2026-05-10
        enroll B referrer=A
        buy B 2000 -> posted
        at 2026-05-20
        enroll C referrer=B
        buy C 2000 -> posted
        at 2026-05-30
        enroll A2 referrer=C email=e1
        buy A2 2000 -> held referral_ring:hold
        = A2 0 pending=0
        clear C
        = A2 500
        = C 1500
        ",
    );
}

#[test]
fn quick_chains_wait_and_slow_families_do_not() {
    check(
        "",
        "
        at 2026-05-01T10:00
        enroll A
        at 2026-05-01T10:20
        enroll B referrer=A
        buy B 2000 -> posted
        at 2026-05-01T10:40
        enroll C referrer=B
        buy C 2100 -> posted
        at 2026-05-01T11:00
        enroll D referrer=C
        buy D 2200 -> posted
        at 2026-05-01T11:20
        enroll E referrer=D
        buy E 2300 -> held referral_chain:hold
        ",
    );
    check(
        "",
        "
        at 2026-01-01
        enroll A
        at 2026-02-01
        enroll B referrer=A
        buy B 2000 -> posted
        at 2026-03-01
        enroll C referrer=B
        buy C 2100 -> posted
        at 2026-04-01
        enroll D referrer=C
        buy D 2200 -> posted
        at 2026-05-01
        enroll E referrer=D
        buy E 2300 -> posted
        ",
    );
}

#[test]
fn friends_on_one_device_are_one_friend() {
    check(
        "",
        "
        at 2026-05-01
        enroll R
        enroll F1 referrer=R device=d1
        buy F1 2000 device=d1 -> posted
        at 2026-05-03
        # Two who live together.
        enroll F2 referrer=R device=d1
        buy F2 3000 device=d1 -> posted referral_fan_in:flag
        at 2026-05-05
        enroll F3 referrer=R device=d1
        buy F3 4000 device=d1 -> held referral_fan_in:hold
        = R 2000 pending=0
        clear R
        = R 3000
        ",
    );
}

#[test]
fn friends_who_never_come_back_and_friends_who_do() {
    let brought = |and: &str| {
        let mut steps = String::from("at 2026-05-01\nenroll R\n");
        steps += &many(1..=4, |friend| {
            format!("enroll F{friend} referrer=R\nbuy F{friend} {} -> posted\n", 2000 + friend * 150)
        });
        format!("{steps}\n{and}\n")
    };
    let later = "at 2026-05-20\nenroll G referrer=R\n";
    check("", &brought(&format!("{later}\nbuy G 5000 -> posted referral_star:flag\n= R 5000")));
    let regular = "at 2026-05-10\nbuy F1 900\nbuy F3 900\n";
    check("", &brought(&format!("{regular}{later}\nbuy G 5000 -> posted\n= R 5000")));
    // With something in common it is no chance any more.
    let near = later.replace("referrer=R", "referrer=R device=d9").replace("enroll G", "enroll H device=d9\nenroll G");
    let shared = "buy R 100 device=d9\n";
    let said = "referral_star:hold referral_shared:hold";
    check("", &brought(&format!("{shared}{near}\nbuy G 5000 -> held {said}\n= R 4000 pending=0")));
}

#[test]
fn bonuses_of_friends_who_give_back_wait_and_go() {
    check(
        "",
        "
        at 2026-05-01
        enroll R
        enroll F1 referrer=R
        buy F1 2000 id=o1 -> posted
        enroll F2 referrer=R
        buy F2 2100 id=o2 -> posted
        refund F1 order=o1
        = R 1000
        = F1 0
        refund F2 order=o2
        = R 0
        enroll F3 referrer=R
        buy F3 2200 id=o3 -> held referral_refund_after:hold
        = R 0 pending=0
        ",
    );
}

#[test]
fn a_refund_takes_a_bonus_that_waits_and_one_that_vests() {
    check(
        "",
        "
        at 2026-05-01
        enroll R device=d1
        enroll F referrer=R device=d1
        buy F 2000 id=o1 -> posted referral_shared:hold
        = R 0 pending=1000
        refund F order=o1
        = R 0 pending=0 debt=0
        = F 0 pending=0 debt=0
        ",
    );
}

#[test]
fn the_same_small_basket_again_and_again() {
    check(
        "",
        "
        at 2026-05-01
        enroll R
        enroll F1 referrer=R
        buy F1 2000 -> posted
        enroll F2 referrer=R
        buy F2 2000 -> posted
        enroll F3 referrer=R
        buy F3 2000 -> posted
        enroll F4 referrer=R
        buy F4 2000 -> posted
        at 2026-05-03
        buy F2 900 -> posted
        at 2026-05-09
        enroll F5 referrer=R
        buy F5 2000 -> posted referral_same_basket:flag
        = R 5000
        ",
    );
}

#[test]
fn friends_who_pay_what_is_asked_and_never_come_again() {
    let friend = |n: i64| format!("enroll F{n} referrer=R\nbuy F{n} {} -> posted\n", 2_000 + n * 90);
    let friends = [(1, "05-02"), (2, "05-06"), (3, "05-10")].map(|(n, day)| format!("at 2026-{day}\n{}", friend(n)));
    let steps = format!("at 2026-05-01\nenroll R\n{}", friends.concat());
    let held = "at 2026-05-18\nenroll F4 referrer=R\nbuy F4 2400 -> held referral_cheap_friends:hold\n= R 3000\n";
    check("", &format!("{steps}{held}"));
    // Somebody came again, or paid more: then they are friends.
    let posted = "at 2026-05-18\nenroll F4 referrer=R\nbuy F4 2400 -> posted\n= R 4000\n";
    check("", &format!("{steps}at 2026-05-11\nbuy F2 100\n{posted}"));
    check("", &format!("{}{posted}", steps.replace("buy F2 2180", "buy F2 2600")));
    // So is who pays more now.
    check("", &format!("{steps}at 2026-05-18\nenroll F4 referrer=R\nbuy F4 2600 -> posted\n"));
}

#[test]
fn five_friends_within_a_day_who_pay_what_is_asked() {
    let friends = (1..=5).map(|n| format!("enroll F{n} referrer=R\nbuy F{n} {} -> posted\n", 2_000 + n * 90));
    let mut steps = format!("at 2026-05-01\nenroll R\n{}", friends.collect::<String>());
    steps += "enroll F6 referrer=R\nbuy F6 2450 -> held referral_cheap_friends:hold\n";
    check("", &steps);
}

#[test]
fn one_who_is_five_friends() {
    check(
        "",
        "
        at 2026-05-01
        enroll R address=h
        # The mother of a family brings them all.
        at 2026-05-05
        enroll F1 referrer=R address=h -> posted referral_self:flag
        at 2026-05-10
        enroll F2 referrer=R address=h -> posted referral_self:flag
        enroll F3 referrer=R address=h -> posted referral_self:flag
        at 2026-05-20
        enroll F4 referrer=R address=h -> posted referral_self:flag
        at 2026-05-30
        enroll F5 referrer=R address=h -> held referral_self:hold
        = R 0
        ",
    );
}

#[test]
fn friends_behind_one_address_who_never_come_again() {
    let friend = |n: i64, said: &str| format!("enroll F{n} referrer=R ip=i\nbuy F{n} 2{n}00 ip=i -> {said}\n");
    let days = [(3, "05-02", "posted"), (4, "05-06", "posted"), (5, "05-10", "posted referral_same_network:flag")];
    let friends = days.map(|(n, day, said)| format!("at 2026-{day}\n{}", friend(n, said)));
    let steps = format!("at 2026-05-01\nenroll R\n{}", friends.concat());
    let last = "at 2026-05-18\n".to_owned();
    let held = friend(6, "held referral_star:hold referral_same_network:flag");
    check("", &format!("{steps}{last}{held}"));
    // Colleagues come again.
    let posted = friend(6, "posted referral_same_network:flag");
    check("", &format!("{steps}at 2026-05-11\nbuy F3 300\n{last}{posted}"));
}

#[test]
fn a_purchase_on_a_gift_card_neither_pays_nor_uses_up_the_chance() {
    check(
        "",
        "
        at 2026-05-01
        enroll R
        enroll F referrer=R
        buy F 2500 paid=gift_card -> posted referral_no_money:flag
        = F 0
        buy F 2500 paid=cash -> posted
        = F 500
        ",
    );
}

#[test]
fn five_friends_a_week_pass_and_eleven_do_if_nothing_ties_them() {
    let mut steps = String::from("at 2026-05-01\nenroll R\n");
    steps += &many(1..=5, |friend| {
        format!("enroll F{friend} referrer=R -> posted\nbuy F{friend} {} -> posted\n", 3000 + friend * 100)
    });
    steps += &many(6..=10, |friend| format!("enroll F{friend} referrer=R -> posted referral_burst:flag\n"));
    steps += "enroll F11 referrer=R device=d1 -> posted referral_burst:flag\n";
    steps += "enroll F12 referrer=R device=d2 -> posted referral_burst:flag\n";
    steps += "enroll F13 referrer=R device=d1 -> held referral_burst:hold\n";
    check("", &steps);
}

#[test]
fn bonuses_vest_where_the_program_says_so() {
    check(
        "vest = \"31 days\"",
        "
        at 2026-05-01
        enroll R
        enroll F referrer=R
        buy F 2000 id=o1 -> posted
        = R 0 pending=1000
        = F 0 pending=500
        refund F order=o1
        = R 0 pending=0 debt=0
        ",
    );
}

#[test]
fn a_referral_that_was_to_oneself_is_found_out_later() {
    check(
        "",
        "
        at 2026-05-01
        enroll R
        enroll F referrer=R
        buy F 2000 card=c1 -> posted
        = R 1000
        at 2026-05-03
        buy R 700 card=c1 -> posted referral_joined:flag
        confirm R
        = R 0
        = F 0
        ",
    );
}

/// No two of the friends were seen on one device together; the phones and the address they were made on tie them all.
#[test]
fn friends_that_came_about_in_one_place_wait() {
    let friend = |number: u32, device: u32, ip: u32| {
        format!(
            "enroll F{number} referrer=R device=h{device} ip=10.0.0.{ip}\nenroll X{number} device=h{device} ip=10.0.0.{ip}\n"
        )
    };
    let friends = many(1..=4, |number| format!("at 2026-05-0{}\n{}", number + 1, friend(number, number, 1)));
    let steps = format!(
        "at 2026-05-01\nenroll R device=own\nbuy R 500\n{friends}at 2026-05-06\nbuy F1 5000 device=f1 -> posted\n\
         buy F2 6000 device=f2 -> posted\nbuy F3 5500 device=f3 -> posted referral_same_network:flag\n"
    );
    let waits = "held referral_circle:hold referral_same_network:flag";
    check("", &format!("{steps}buy F4 7000 device=f4 -> {waits}\n"));
    // Behind an address each they are four strangers who let somebody else use their phones.
    let apart = steps.replace("10.0.0.1", "IP").replace(" referral_same_network:flag", "");
    let apart = (1..=4).fold(apart, |text, number| text.replacen("IP", &format!("10.1.0.{number}"), 2));
    check("", &format!("{apart}buy F4 7000 device=f4 -> posted\n"));
}

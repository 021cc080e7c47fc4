//! Detectors of made-up accounts: each with what it must say something about, and what it must let pass.

use super::{check, many};

#[test]
fn a_family_enrols_on_one_phone_and_a_farm_does() {
    check(
        "",
        "
        at 2026-05-01T10:00
        enroll A device=d1 -> posted
        enroll B device=d1 -> posted
        enroll C device=d1 -> posted
        enroll D device=d1 -> posted synthetic_signup_burst:flag
        enroll E device=d1 -> posted synthetic_signup_burst:flag
        enroll F device=d1 -> held synthetic_signup_burst:flag
        enroll G device=d1 -> held synthetic_signup_burst:hold
        # A month later: another family has the phone.
        at 2026-06-02T10:00
        enroll H device=d1 -> posted
        enroll I device=d1 -> posted
        enroll J device=d1 -> posted
        ",
    );
}

#[test]
fn the_tablet_of_a_shop_enrols_everybody() {
    let mut steps = String::from("at 2026-05-01T10:00\n");
    steps += &many(1..=3, |member| format!("enroll M{member} device=tablet store=s1 -> posted\n"));
    steps += &many(4..=9, |member| {
        format!("enroll M{member} device=tablet store=s1 -> posted synthetic_signup_burst:flag\n")
    });
    check("", &steps);
    let owned = "[identity]\nowned = { device = [\"tablet\"] }\n";
    check(owned, &steps.replace(" synthetic_signup_burst:flag", "").replace(" store=s1", ""));
}

#[test]
fn couples_share_a_mailbox_and_farms_do() {
    check(
        "",
        "
        at 2026-05-01
        enroll A email=e1 phone=p1 -> posted
        enroll B email=e1 phone=p2 -> posted synthetic_same_contact:flag
        enroll C email=e1 phone=p3 -> posted synthetic_same_contact:flag
        enroll D email=e1 phone=p4 -> held synthetic_same_contact:hold
        ",
    );
}

#[test]
fn a_family_has_birthdays_and_one_person_has_one() {
    let mut steps = String::from("at 2026-05-01\n");
    steps +=
        &many(1..=4, |member| format!("enroll M{member} birthday=06-0{member}\nbuy M{member} 100 card=c1 -> posted\n"));
    // A card of five is a family.
    steps += "enroll M5\nbuy M5 100 card=c1 -> posted\nprofile M5 birthday=06-07 -> posted\n";
    check("", &steps);
    check(
        "",
        "
        at 2026-05-01
        enroll A phone=p1
        enroll B phone=p1 email=b
        enroll C email=b
        at 2026-05-03
        enroll D phone=p1
        enroll E email=b
        at 2026-05-05
        enroll F phone=p1 birthday=06-07 -> held synthetic_same_contact:flag synthetic_birthdays:hold
        ",
    );
}

#[test]
fn many_at_one_address_come_from_one_network_or_from_none() {
    let farm = |ip: &str| {
        let mut steps = String::from("at 2026-05-01T10:00\n");
        steps += &many(1..=5, |member| {
            format!(
                "enroll M{member} address=a1 device=d{member} ip={} -> posted\n",
                ip.replace('#', &member.to_string())
            )
        });
        steps
    };
    check(
        "",
        &(farm("198.51.100.#")
            + "enroll M6 address=a1 device=d6 ip=198.51.100.6 -> posted synthetic_same_address:flag\n"),
    );
    // What such accounts were given is not spent before they bought something; of the first of them nothing was known yet.
    let gift = "[[earn]]\non = \"enroll\"\npool = \"points\"\npoints = 300\nreason = \"welcome\"\n";
    check(
        gift,
        &(farm("198.51.100.#")
            + "enroll M6 address=a1 device=d6 ip=198.51.100.6 -> posted synthetic_same_address:flag
               redeem M1 100 -> posted
               redeem M6 100 -> held synthetic_spending:hold
               enroll M7 address=a1 device=d7 ip=198.51.100.7 -> posted synthetic_same_address:flag
               buy M7 2000 -> posted
               redeem M7 100 -> posted\n"),
    );
    // A hall of residence on its first day, behind its own network; and a house whose tenants join on other days.
    check("", &(farm("192.0.2.1") + "enroll M6 address=a1 device=d6 ip=192.0.2.1 -> posted\n"));
    check("", &(farm("198.51.100.#") + "at 2026-05-03\nenroll M6 address=a1 device=d6 ip=198.51.100.6 -> posted\n"));
}

#[test]
fn one_card_opens_the_accounts_of_a_family_and_not_of_a_farm() {
    let mut steps = String::from("at 2026-05-01\n");
    steps += &many(1..=5, |member| format!("enroll M{member}\nbuy M{member} 300 card=c1 -> posted\n"));
    steps += "enroll M6\nbuy M6 300 card=c1 -> held synthetic_one_card:hold\n";
    // Who has bought before shows a friend's card: no matter.
    steps += "enroll M8\nbuy M8 300 -> posted\nbuy M8 300 card=c1 -> posted\n";
    // What is given for a small service waits for those who are one with so many and hardly bought.
    steps += "enroll M7 -> posted\nbuy M7 300 -> posted\nbuy M7 300 card=c1 -> posted\nnewsletter M5 -> held synthetic_benefit:hold\n";
    check("", &steps);
}

#[test]
fn a_trial_is_had_once_by_a_person() {
    let plan = "[plans.trial]\nprice = 0\nlasts = \"30 days\"\ntrial = true\n";
    check(
        plan,
        "
        at 2026-05-01
        enroll A phone=p1 device=d1
        fee A 0 membership=trial -> posted
        enroll B phone=p1 device=d2
        fee B 0 membership=trial -> held synthetic_trial:hold
        # A flatmate on the same device is noted, a third is not believed.
        enroll C phone=p3 device=d1
        fee C 0 membership=trial device=d1 -> posted synthetic_trial:flag
        enroll D phone=p4 device=d1
        fee D 0 membership=trial device=d1 -> held synthetic_trial:hold
        ",
    );
}

#[test]
fn accounts_that_only_spend_what_they_were_given() {
    let gift = "[[earn]]\non = \"enroll\"\npool = \"points\"\npoints = 300\nreason = \"welcome\"\n";
    check(
        gift,
        "
        at 2026-05-01T10:00
        enroll A device=d1
        enroll B device=d1
        enroll C device=d1
        at 2026-05-02T10:00
        enroll D device=d1
        # A family of four shares a telephone and spends what it was given for coming.
        redeem D 300 -> posted
        at 2026-05-03T10:00
        enroll F device=d1
        redeem F 300 -> held synthetic_spending:hold
        # Who buys is a customer, whoever else uses the device.
        buy C 2000 -> posted
        buy C 2100 -> posted
        redeem C 300 -> posted
        # Alone on their device: any time.
        enroll E device=d5
        redeem E 300 -> posted
        ",
    );
}

#[test]
fn who_spends_on_one_device_is_known_by_it() {
    let gift = "[[earn]]\non = \"enroll\"\npool = \"points\"\npoints = 300\nreason = \"welcome\"\n";
    let mut steps = String::from("at 2026-05-01T10:00\n");
    steps += &many(1..=4, |member| format!("enroll V{member} device=v{member}\nbuy V{member} 9000\n"));
    steps += &many(1..=4, |day| format!("at 2026-05-1{day}\nredeem V{day} 200 device=thief -> posted\n"));
    // The thief's own account never bought anything; nobody enrolled or bought on that device but them.
    steps += "at 2026-05-20\nenroll X device=thief\nredeem X 300 -> held synthetic_spending:hold\n";
    check(gift, &steps);
    check(
        gift,
        &steps.replace(" device=thief -> posted", " -> posted").replace("held synthetic_spending:hold", "posted"),
    );
}

#[test]
fn points_given_by_hand_wait_where_a_limit_holds_them() {
    let mut steps = String::from("at 2026-05-01\nenroll A\n");
    steps += &many(2..=3, |day| format!("at 2026-05-0{day}\ncredit A 50 staff=eva -> posted\n"));
    steps += "at 2026-05-05\ncredit A 50 staff=eva -> held\n= A 100 pending=50\n";
    check("", &format!("{steps}clear A\n= A 150 pending=0\n"));
    check("", &format!("{steps}confirm A\n= A 100 pending=0\n"));
    // Taking points away by hand is nobody's gain.
    check("", &format!("{steps}credit A -20 staff=eva -> posted\n= A 80 pending=50\n"));
}

#[test]
fn more_accounts_than_phones_behind_one_address() {
    let on = |member: u32, phones: u32, networks: u32| {
        format!("enroll M{member} device=d{} ip=198.51.100.{} -> ", member % phones, member % networks)
    };
    let farm = |upto: u32, by: (u32, u32)| {
        many(1..=upto, |member| format!("at 2026-05-0{member}T10:00\n{}posted\n", on(member, by.0, by.1)))
    };
    // Three phones by turns, and two networks: neither a phone nor a network has more than a family's.
    let mut steps = farm(6, (3, 2));
    steps += "at 2026-05-07T10:00\n";
    steps += &on(7, 3, 2);
    steps += "held synthetic_circle:hold\n";
    // Of those it is told of only who has bought nothing.
    steps += "buy M1 500 -> posted\nnewsletter M1 device=d1 -> posted\nnewsletter M2 device=d2 -> held synthetic_circle:hold\n";
    // Where nothing ties the phones, they are three families.
    check("", &steps);
    let apart = many(1..=8, |member| {
        format!("at 2026-05-0{member}T10:00\nenroll M{member} device=d{} ip=10.0.{member}.1 -> posted\n", member % 3)
    });
    check("", &apart);
    // A month later it is forgotten.
    check("", &format!("{}at 2026-07-01\n{}posted\n", farm(6, (3, 2)), on(7, 3, 2)));
    // Birthdays of next week make it sooner.
    let birthdays = many(1..=5, |member| {
        let said = if member < 5 { "posted" } else { "held synthetic_circle:hold" };
        let step = on(member, 3, 2).replace(" -> ", " birthday=05-09 -> ");
        format!("at 2026-05-0{member}T10:00\n{step}{said}\n")
    });
    check("", &birthdays);
}

#[test]
fn families_of_one_house_and_students_of_one_hall_are_no_circle() {
    // Two families on a tablet each, behind one network, on one evening.
    let mut steps = String::from("at 2026-05-01T19:00\n");
    steps += &many(1..=3, |member| format!("enroll A{member} device=t1 ip=192.0.2.1 -> posted\n"));
    steps += &many(1..=2, |member| format!("enroll B{member} device=t2 ip=192.0.2.1 -> posted\n"));
    steps += "newsletter A1 device=t1 -> posted\nnewsletter B2 device=t2 -> posted\n";
    check("", &steps);
    // A hall: a phone for everybody, and a friend who enrols on another's.
    let mut steps = String::from("at 2026-05-01T08:00\n");
    steps += &many(1..=9, |member| format!("enroll S{member} device=d{member} ip=192.0.2.1 -> posted\n"));
    steps += "enroll S10 device=d3 ip=192.0.2.1 -> posted\nnewsletter S10 device=d3 -> posted\n";
    check("", &steps);
}

#[test]
fn one_phone_whose_accounts_are_erased_one_after_the_other() {
    let gift = "[[earn]]\non = \"enroll\"\npool = \"points\"\npoints = 300\nreason = \"welcome\"\n";
    check(
        gift,
        "
        at 2026-05-01T10:00
        enroll A device=d1 -> posted
        erase A
        # Once is somebody who begins anew.
        at 2026-05-02T10:00
        enroll B device=d1 -> posted
        erase B
        at 2026-05-03T10:00
        enroll C device=d1 -> held synthetic_reborn:hold
        at 2026-07-03T10:00
        enroll D device=d1 -> posted
        ",
    );
}

#[test]
fn a_debt_follows_the_person() {
    check(
        "[[earn]]\non = \"purchase\"\npool = \"points\"\nrate = { give = 1, per = 1 }\nreason = \"a point a cent\"\n",
        "
        at 2026-05-01
        enroll A
        enroll P
        buy P 3000 card=c1 -> posted
        buy A 3000 card=c1 id=o1 -> posted
        redeem A 3000 -> posted
        refund A order=o1
        = A 0 debt=3000
        # Who lives with them and has bought before goes on buying.
        buy P 3000 card=c1 -> posted
        # The next account on the same card, and one that shares the telephone of that one.
        enroll B phone=p1 -> posted
        buy B 3000 card=c1 -> held synthetic_debt:hold
        buy B 3000 -> held synthetic_debt:hold
        enroll C phone=p1 -> posted
        buy C 3000 -> held synthetic_debt:hold
        # Once it is paid, it is no more.
        buy A 3000 card=c2 -> posted
        = A 0 debt=0
        enroll D phone=p1
        buy D 3000 -> posted
        ",
    );
}

/// Some enrol.
fn enrolled(most: u32) -> String {
    format!("at 2026-05-01\n{}", many(1..=most, |member| format!("enroll M{member}\n")))
}

/// Everybody of some numbers does something, a few seconds after each other, from a phone of their own.
fn together(at: &str, kind: &str, range: std::ops::RangeInclusive<u32>, said: impl Fn(u32) -> &'static str) -> String {
    let all = many(range, |member| format!("{kind} M{member} device=d{member} -> posted{}\n", said(member)));
    format!("at {at}\n{all}")
}

#[test]
fn accounts_that_always_do_the_same_at_the_same_time_are_noted() {
    let mut steps = enrolled(6);
    steps += &together("2026-05-02T20:00", "review", 1..=6, |_| "");
    steps += &together("2026-05-04T09:30", "review", 1..=6, |_| "");
    // The third time four were beside the fifth, and five beside the sixth.
    let noted = |member| if member > 4 { " synthetic_lockstep:flag" } else { "" };
    steps += &together("2026-05-05T21:10", "review", 1..=6, noted);
    // Who has bought is asked no more, and half an hour later nobody is beside anybody.
    steps += "buy M6 500\n";
    steps += &together("2026-05-06T20:00", "review", 6..=6, |_| "");
    steps += &together("2026-05-06T20:30", "review", 5..=5, |_| "");
    check("", &steps);
    // It is one sign: with another, of an account that took much and bought nothing, the next one waits.
    let more = many(1..=4, |_| "survey M5 device=d5\nsurvey M6 device=d6\n".to_owned());
    let (before, _) = steps.split_once("at 2026-05-05").unwrap();
    let others = many(1..=4, |member| {
        format!(
            "review M{member} device=d{member} -> posted
"
        )
    });
    let held = format!(
        "at 2026-05-05T21:10
{others}review M5 device=d5 -> held synthetic_lockstep:flag
"
    );
    check("", &format!("{before}{more}{held}"));
    check("[identity]\ndetect = false", &steps.replace(" synthetic_lockstep:flag", ""));
}

#[test]
fn who_comes_together_by_chance_or_is_one_of_a_crowd_is_not_noted() {
    // A family of four, day after day.
    let mut steps = enrolled(4);
    for day in 2..=9 {
        steps += &together(&format!("2026-05-0{day}T20:00"), "social_share", 1..=4, |_| "");
    }
    check("", &steps);
    // Thirty at once, whenever the letter comes.
    let mut steps = enrolled(30);
    for day in 2..=3 {
        steps += &together(&format!("2026-05-0{day}T20:00"), "review", 1..=30, |_| "");
    }
    steps += &together("2026-05-04T20:00", "review", 30..=30, |_| "");
    check("", &steps);
    // The same six, but twice within the hour: that is one occasion.
    let mut steps = enrolled(6);
    for time in ["20:00", "20:20", "20:40"] {
        steps += &together(&format!("2026-05-02T{time}"), "review", 1..=6, |_| "");
    }
    check("", &steps);
}

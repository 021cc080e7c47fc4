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
    steps += &"credit A 50 staff=eva -> posted\n".repeat(3);
    steps += "credit A 50 staff=eva -> held\n= A 150 pending=50\n";
    check("", &format!("{steps}clear A\n= A 200 pending=0\n"));
    check("", &format!("{steps}confirm A\n= A 150 pending=0\n"));
    // Taking points away by hand is nobody's gain.
    check("", &format!("{steps}credit A -20 staff=eva -> posted\n= A 130 pending=50\n"));
}

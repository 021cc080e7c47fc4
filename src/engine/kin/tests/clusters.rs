//! Clusters, hubs and forgetting.

use super::{World, check};

#[test]
fn hard_identifiers_make_members_one_and_soft_ones_do_not() {
    check(
        "",
        "
        at 2026-05-01
        enroll A email=e1 device=d1 address=h1 ip=10.0.0.1
        enroll B email=e1
        enroll C phone=p1 device=d1 address=h1 ip=10.0.0.1
        enroll D phone=p1
        one A B
        one C D
        two A C
        buy B 100 card=c1
        two B C
        buy D 100 card=c1
        # B is A by e-mail, D is C by phone, and now B pays with the card of D: all four are one.
        one A C
        profile A email=e9
        one A C
        ",
    );
}

#[test]
fn an_identifier_of_too_many_ties_nobody_and_what_it_joined_comes_apart() {
    check(
        "[identity]\nhub = 4\n",
        "
        at 2026-05-01
        enroll A phone=shop email=x
        enroll B phone=shop email=x
        enroll C phone=shop
        enroll D phone=shop
        one A D
        # The fifth shows that this is the shop's number. A and B stay one by their e-mail address.
        enroll E phone=shop
        hub phone shop
        two A D
        two A E
        one A B
        enroll F phone=shop
        two F E
        ",
    );
}

#[test]
fn what_the_program_owns_ties_nobody() {
    check(
        "[identity]\nowned = { card = [\"corporate\"] }\n",
        "
        at 2026-05-01
        enroll A
        enroll B
        buy A 100 card=corporate
        buy B 100 card=corporate
        two A B
        ",
    );
}

#[test]
fn who_is_erased_is_forgotten() {
    check(
        "",
        "
        at 2026-05-01
        enroll A phone=p1
        enroll B phone=p1 email=e1
        enroll C email=e1
        one A C
        erase B
        two A C
        two A B
        # B's own traces join nobody any more.
        enroll D email=e1
        one C D
        two D A
        ",
    );
}

#[test]
fn a_known_identifier_is_not_written_again() {
    let mut world = World::new("");
    for line in ["at 2026-05-01", "enroll A", "buy A 100 card=c1 device=d1"] {
        world.step(line);
    }
    let first = world.records.last().unwrap();
    assert_eq!(first.effects.iter().filter(|e| matches!(e, crate::ledger::record::Effect::Kin(_))).count(), 2);
    world.step("buy A 100 card=c1 device=d1");
    let second = world.records.last().unwrap();
    assert!(!second.effects.iter().any(|e| matches!(e, crate::ledger::record::Effect::Kin(_))), "{second:#?}");
    assert!(!second.observed.iter().any(|seen| seen.ring.get() >= 0xff00), "{second:#?}");
    let links = world.core.state.members[&World::key("A")].kin.as_ref().unwrap().links.len();
    assert_eq!(links, 2);
}

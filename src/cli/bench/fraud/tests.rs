//! The simulator itself: the same seed gives the same steps, and every family writes something at every level.

use std::collections::BTreeSet;

use super::attacks::FAMILIES;
use super::script;
use super::step::By;

#[test]
fn a_seed_gives_the_same_steps_and_another_seed_others() {
    let text = |seed: u64| {
        let (steps, _) = script(seed, 60, 10, 1);
        let lines = (0..).zip(&steps).map(|(number, step)| format!("{} {}", step.arrives, step.request(number).1));
        lines.collect::<Vec<_>>()
    };
    assert_eq!(text(1), text(1));
    assert_ne!(text(1), text(2));
}

#[test]
fn every_family_attacks_at_every_level_and_is_after_something() {
    let (steps, attacks) = script(1, 60, 30, 2);
    let names: BTreeSet<&str> = FAMILIES.iter().map(|family| family.name).collect();
    assert_eq!(names.len(), FAMILIES.len(), "a name is used twice");
    for (number, written) in attacks.iter().enumerate() {
        let own: Vec<_> = steps.iter().filter(|step| step.by == By::Attack(number)).collect();
        let stake: i64 = own.iter().map(|step| step.stake).sum();
        let name = FAMILIES[written.family].name;
        assert!(stake > 0, "{name} {} is after nothing, with {} steps", written.level.name(), own.len());
    }
    assert!(steps.iter().all(|step| step.arrives >= step.at), "nothing arrives before it happens");
}

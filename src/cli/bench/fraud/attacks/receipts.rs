//! Receipts of others, of long ago, or twice. Writes steps; judges nothing.

use super::Attack;
use crate::cli::bench::fraud::step::{DAY, HOUR, MINUTE, Step};
use crate::cli::bench::fraud::town::Town;

/// A receipt of a store that somebody scans later than it was printed.
fn scanned(member: &str, store: i64, receipt: &str, (printed, scanned): (i64, i64), amount: i64) -> Step {
    let step = Step::sale(member, printed, amount).arrives(scanned);
    step.with("channel", "receipt").with("store", Town::name(store)).attribute("receipt", receipt)
}

/// The same receipt again: at once, by friends, or after more than a week. The first scan is honest.
pub fn duplicate(attack: &mut Attack<'_>) {
    let members: Vec<String> = (0..attack.by(1, 4, 3)).map(|number| attack.member(number)).collect();
    let (again, gap) = attack.by((6, 2 * MINUTE), (4, 90 * MINUTE), (3, DAY));
    let rounds = attack.by(1, 2, 2);
    for round in 0..rounds {
        let at = Town::at(attack.day + round, 12, attack.rng.below(50));
        let receipt = attack.own("r", round);
        let store = attack.store;
        let mut member = members.iter().cycle();
        let Some(first) = member.next() else { return };
        attack.script.honest(scanned(first, store, &receipt, (at, at), 2_400));
        for scan in 1..=again {
            let Some(member) = member.next() else { return };
            // Scanned as the sale of the moment: a till's clock is not on a receipt's bar code.
            let at = at + scan * gap;
            attack.send(scanned(member, store, &receipt, (at, at), 2_400));
        }
    }
}

/// Receipts of the last days, found and scanned together.
pub fn stale(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (count, oldest, days) = attack.by((12, 60, 1), (5, 30, 3), (2, 6, 10));
    for day in attack.days(days) {
        let now = Town::at(day + 2, 18, 0);
        for one in 0..count {
            let printed = now - (one + 1) * oldest * HOUR / count;
            let receipt = attack.own("r", day * 100 + one);
            let store = attack.store;
            let amount = attack.rng.between(900, 3_000);
            attack.send(scanned(&member, store, &receipt, (printed, now + one * MINUTE), amount));
        }
    }
}

/// Receipts from the floors of many stores, each paid by somebody else.
pub fn harvest(attack: &mut Attack<'_>) {
    let member = attack.member(0);
    let (count, days) = attack.by((10, 1), (4, 3), (2, 10));
    for day in attack.days(days) {
        for one in 0..count {
            let printed = Town::at(day, 9, one * 35);
            let receipt = attack.own("r", day * 100 + one);
            let card = attack.own("c", day * 100 + one);
            let store = (attack.store + one) % attack.town.stores;
            let amount = attack.rng.between(600, 2_500);
            let at = (printed, Town::at(day, 19, one));
            attack.send(scanned(&member, store, &receipt, at, amount).card(Some(&card)));
        }
    }
}

/// A terminal's log of the day is sent again under new names, with the numbers of its receipts as they were, or new ones.
pub fn replayed_log(attack: &mut Attack<'_>) {
    let members: Vec<String> = (0..5).map(|number| attack.member(number)).collect();
    let (count, days) = attack.by((10, 1), (6, 2), (2, 8));
    let renumbered = attack.by(false, false, true);
    for day in attack.days(days) {
        for (one, member) in (0..count).zip(members.iter().cycle()) {
            let at = Town::at(day, 8, one * 45);
            let receipt = attack.own("r", day * 100 + one);
            let terminal = 2;
            let sale = |receipt: &str| Step::sale(member, at, 800).attribute("receipt", receipt);
            let store = attack.store;
            attack.script.honest(Town::at_till(sale(&receipt), store, terminal));
            let again = if renumbered { attack.own("n", day * 100 + one) } else { receipt };
            let late = Town::at(day + 1, 7, one);
            attack.send(Town::at_till(sale(&again), store, terminal).arrives(late));
        }
    }
}

/// One receipt copied with other numbers, for several accounts: the same store, amount and minute.
pub fn forged(attack: &mut Attack<'_>) {
    let members: Vec<String> = (0..attack.by(1, 3, 3)).map(|number| attack.member(number)).collect();
    let (copies, gap, days) = attack.by((9, 2 * MINUTE, 1), (6, 3 * HOUR, 2), (2, 9 * HOUR, 8));
    for day in attack.days(days) {
        let printed = Town::at(day, 12, 13);
        for copy in 0..copies {
            let member = members.iter().cycle().nth(usize::try_from(copy).unwrap_or(0)).cloned().unwrap_or_default();
            let receipt = attack.own("copy", day * 100 + copy);
            let store = attack.store;
            attack.send(scanned(&member, store, &receipt, (printed, printed + (copy + 1) * gap), 2_750));
        }
    }
}

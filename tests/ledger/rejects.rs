//! Every refusal of the ledger is reached: one row a code, each run; a code without a row fails the test, and so does a row
//! without a code.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::check;

/// Terms in which all of it can be refused.
const TERMS: &str = "
    currency USD
    pool points transferable expires=10d
    spending points minimum=2 gifts=5
    reward mug 10 stock=1 expires=1d
    household 2";

/// The code, and the steps that lead to it; the last one is refused.
const ROWS: &[(&str, &str)] = &[
    ("unknown_member", "adjust Z 1"),
    ("unknown_pool", "enroll A; adjust A 1 pool=gold"),
    ("occurred_in_future", "buy A 1 on=2027-01-01"),
    ("currency_mismatch", "visit A currency=EUR"),
    ("expiry_passed", "enroll A; adjust A 5 expires=2026-06-01"),
    ("insufficient_balance", "enroll A; adjust A -1"),
    ("amount_overflow", "enroll A; adjust A 9007199254740991; adjust A 1"),
    ("not_transferable", "enroll A; transfer A A 1"),
    ("member_frozen", "enroll A; freeze A; redeem A 5"),
    ("member_merged", "enroll A; enroll B; merge A B; adjust A 1"),
    ("member_busy", "enroll A; leave A"),
    ("hold_not_active", "buy A 1 earn=9; hold A 5; release A; capture A"),
    ("unknown_redemption", "enroll A; reverse A of=1:0"),
    ("exceeds_redemption", "buy A 1 earn=9; redeem A 5; reverse A 6"),
    ("reward_unavailable", "buy A 1 earn=9; redeem A cup"),
    ("voucher_used", "buy A 1 earn=10; redeem A mug; use A; use A"),
    ("voucher_expired", "buy A 1 earn=10; redeem A mug; at 2026-06-02; use A"),
    ("below_minimum", "buy A 1 earn=9; redeem A 1"),
    ("limit_reached", "enroll A; enroll B; enroll C; join A home A B C"),
    ("unknown_charity", "buy A 1 earn=9; donate A 5 circus"),
    ("step_up_required", "buy A 1 earn=9; redeem A 5 verdict=step_up"),
    ("unknown_case", "enroll A; clear A"),
    ("case_not_open", "enroll A; buy A 1 verdict=hold; clear A; clear A case=3"),
    ("refund_exceeds_order", "buy A 1 order=o; refund A order=o; refund A order=o"),
];

/// Codes that other tests reach, with the file that asserts them: what only the engine can refuse, and what takes many steps.
const ELSEWHERE: &[(&str, &str)] = &[
    ("idempotency_key_reused", "tests/daemon/twice.rs"),
    ("unknown_order", "tests/ledger/refunds.rs"),
    ("list_full", "tests/ledger/rejects.rs"),
];

fn source(path: &str) -> String {
    fs::read_to_string(Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join(path)).unwrap()
}

#[test]
fn every_refusal_is_reached() {
    for (code, steps) in ROWS {
        let (before, last) = steps.rsplit_once(';').unwrap_or(("", steps));
        check(TERMS, &format!("at 2026-06-01\n{}\n{last} -> {code}", before.replace(';', "\n")));
    }
    for (code, path) in ELSEWHERE {
        assert!(source(path).contains(code), "{path} asserts {code}");
    }
    let told: BTreeSet<String> = ROWS.iter().chain(ELSEWHERE).map(|(code, _)| (*code).to_owned()).collect();
    let text = source("src/ledger/reject.rs");
    let code = |line: &str| Some(line.split_once("=> \"")?.1.split_once('"')?.0.to_owned());
    let all: BTreeSet<String> = text.lines().filter_map(code).collect();
    assert_eq!(told, all, "the codes of `Reject`");
}

#[test]
fn lists_take_only_so_many_entries() {
    // Entries stay in memory for ever: without a bound, list_full, a script that denies every address it sees fills it.
    use crate::support::World;
    use tallystick::ledger::reject::Reject;
    use tallystick::limits::LIST_ENTRIES_MAX;
    let mut world = World::new(TERMS);
    assert!(world.list("198.51.100.1").is_ok());
    world.fill_lists(LIST_ENTRIES_MAX);
    assert_eq!(world.list("198.51.100.2"), Err(Reject::ListFull(LIST_ENTRIES_MAX)));
}

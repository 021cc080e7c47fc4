//! Schedules that a later version of the rules brings: they reach members whom nobody touches, once, from the instant on at which
//! the version decides and for no time before it. Also members who are not in memory, over kills, and after a long time off.

use std::fs;

use serde_json::{Value, json};

use super::client::Client;
use super::process::Ledger;

const PROGRAM: &str = "/v1/programs/club";
const BEFORE: &str = r#"
[program]
name = "Club"
zone = "UTC"
auto_enroll = true
max_lateness = "none"
[pools.points]
[pools.gifts]
[fraud]
pack = "none"
[[earn]]
on = "purchase"
pool = "points"
points = 100
reason = "for a purchase"
"#;
const GIFT: &str = r#"
[[schedule]]
name = "gift"
when = "monthly 1"
earn = { pool = "gifts", points = 5 }
reason = "a gift"
"#;
/// Members who came on one day and are not heard of since; a small cache forgets most of them.
const MEMBERS: usize = 2_300;
const SMALL_CACHE: &str = "[cache]\nmembers = 1024\n";

fn set_clock(client: &mut Client, day: &str) {
    client.post("/v1/clock", &json!({"now": format!("{day}T00:00:00Z")})).expect_status(200);
}

/// Each of so many members buys once, on a day.
fn buy(client: &mut Client, members: usize, day: &str) {
    set_clock(client, day);
    let event = |n: usize| {
        json!({"id": format!("{day}-{n}"), "source": "till", "type": "purchase", "member": format!("m{n}"),
            "amount": 100, "occurred_at": format!("{day}T00:00:00Z")})
    };
    let events: Vec<Value> = (0..members).map(event).collect();
    for some in events.chunks(500) {
        client.post(&format!("{PROGRAM}/events/batch"), &json!(some)).expect_status(200);
    }
}

fn draft(client: &mut Client, manifest: &str) -> u64 {
    let files = json!({"files": {"program.toml": manifest}});
    client.post(&format!("{PROGRAM}/rulesets"), &files).expect_status(201).json()["version"].as_u64().unwrap()
}

fn activate(client: &mut Client, version: u64, body: &Value) {
    client.post(&format!("{PROGRAM}/rulesets/{version}/activate"), body).expect_status(200);
}

/// The days on which something happened that mentions a text, with how many members it happened to; in the journal's order, which
/// is due order.
fn days_of(client: &mut Client, mentions: &str) -> Vec<(String, usize)> {
    let (mut days, mut after): (Vec<(String, usize)>, u64) = (Vec::new(), 0);
    loop {
        let page = client.get(&format!("{PROGRAM}/journal?after_seq={after}")).expect_status(200).text().to_owned();
        let Some(last) = page.lines().last() else { return days };
        after = serde_json::from_str::<Value>(last).unwrap()["seq"].as_u64().unwrap();
        for line in page.lines().filter(|line| line.contains(mentions)) {
            let record: Value = serde_json::from_str(line).unwrap();
            let day = record["occurred_at"].as_str().unwrap().trim_end_matches("T00:00:00Z").to_owned();
            match days.last_mut() {
                Some((last, count)) if *last == day => *count += 1,
                _ => days.push((day, 1)),
            }
        }
    }
}

fn each(days: &[&str], members: usize) -> Vec<(String, usize)> {
    days.iter().map(|day| ((*day).to_owned(), members)).collect()
}

/// A month's gift was given to nobody before they bought again, and then for all the months since they had come.
#[test]
fn a_new_schedule_reaches_members_nobody_touches_and_no_month_before_it() {
    let ledger = Ledger::with_program("club", BEFORE);
    ledger.configure(SMALL_CACHE);
    let daemon = ledger.start();
    let client = &mut daemon.client();
    buy(client, MEMBERS, "2026-01-15");
    let gift = draft(client, &format!("{BEFORE}{GIFT}"));
    set_clock(client, "2026-06-10");
    activate(client, gift, &json!({}));
    // At once, before anybody was looked at.
    daemon.kill();
    let daemon = ledger.start();
    let client = &mut daemon.client();
    // A touch gives nothing for the months before, and a view that is read shows nothing of them.
    buy(client, 3, "2026-06-11");
    let balance = client.get(&format!("{PROGRAM}/members/m0/balance")).expect_status(200).json();
    assert_eq!(balance["pools"]["gifts"]["available"], 0, "{balance}");
    set_clock(client, "2026-08-02");
    assert_eq!(days_of(client, "a gift"), each(&["2026-07-01", "2026-08-01"], MEMBERS));
    daemon.kill();
    fs::remove_dir_all(ledger.data().join("views")).unwrap();
    // Forty days off, and all that was derived is gone.
    let daemon = ledger.start();
    let client = &mut daemon.client();
    set_clock(client, "2026-09-12");
    assert_eq!(days_of(client, "a gift"), each(&["2026-07-01", "2026-08-01", "2026-09-01"], MEMBERS));
    let balance = client.get(&format!("{PROGRAM}/members/m7/balance")).expect_status(200).json();
    assert_eq!(balance["pools"]["gifts"]["available"], 15, "{balance}");
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
}

/// The folder's rules changed while the daemon was off: what fell due by the old ones before is theirs, at its time.
#[test]
fn what_fell_due_before_the_folder_changed_is_by_the_rules_before() {
    let ledger = Ledger::with_program("club", &format!("{BEFORE}{GIFT}"));
    let daemon = ledger.start();
    let client = &mut daemon.client();
    buy(client, 5, "2026-01-15");
    set_clock(client, "2026-02-10");
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.write_rules(
        "club/program.toml",
        &format!("{BEFORE}{}", GIFT.replace("a gift", "a present").replace("monthly 1", "monthly 20")),
    );
    let daemon = ledger.start();
    let client = &mut daemon.client();
    set_clock(client, "2026-04-05");
    assert_eq!(days_of(client, "a gift"), each(&["2026-02-01"], 5));
    assert_eq!(days_of(client, "a present"), each(&["2026-02-20", "2026-03-20"], 5));
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
}

/// A version that is left and comes back owes nothing for the time between; one that decides for some gives to them alone; each
/// gives for its own time, down to the instant, and what is planned does so too.
#[test]
fn every_version_gives_for_its_own_time_alone() {
    let ledger = Ledger::with_program("club", BEFORE);
    let daemon = ledger.start();
    let client = &mut daemon.client();
    buy(client, 40, "2026-01-15");
    let gift = draft(client, &format!("{BEFORE}{GIFT}"));
    activate(client, gift, &json!({"at": "2026-02-01"}));
    activate(client, 1, &json!({"at": "2026-03-01"}));
    set_clock(client, "2026-05-20");
    assert_eq!(days_of(client, "a gift"), each(&["2026-02-01"], 40));
    activate(client, gift, &json!({"share": 50}));
    set_clock(client, "2026-06-02");
    let given = days_of(client, "a gift");
    let some = given.last().unwrap().1;
    assert!(given.len() == 2 && 0 < some && some < 40, "{given:?}");
    activate(client, gift, &json!({}));
    set_clock(client, "2026-07-02");
    assert_eq!(days_of(client, "a gift").last(), each(&["2026-07-01"], 40).last());
    client.post(&format!("{PROGRAM}/rulesets/{gift}/rollback"), &json!({})).expect_status(200);
    set_clock(client, "2026-10-02");
    assert_eq!(days_of(client, "a gift").len(), 3);
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
}

/// Points that a new version lets end, and a tier that it no longer gives, go when it comes and not before.
#[test]
fn what_a_new_version_ends_ends_when_it_decides() {
    let ledger = Ledger::with_program("club", BEFORE);
    let daemon = ledger.start();
    let client = &mut daemon.client();
    buy(client, 4, "2024-01-15");
    let ends = BEFORE.replace("[pools.points]", "[pools.points]\nexpires = \"inactivity 12 months\"");
    let version = draft(client, &ends);
    set_clock(client, "2026-06-10");
    activate(client, version, &json!({}));
    set_clock(client, "2026-06-11");
    assert_eq!(days_of(client, "\"expire\""), each(&["2026-06-10"], 4));
    assert_eq!(daemon.stop().code(), Some(0));
    ledger.expect_verified();
}

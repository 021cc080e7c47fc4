//! A short run of the fraud benchmark: the shipped program judges a small town. What must hold of any run holds here: honest
//! members are left alone, the plainest attacks are stopped, exact windows let through what their limits say and others more.

use std::process::Command;

use serde_json::Value;

use super::process::{shipped_rules, take_turn};

/// Families that no program with an hourly limit may miss when they are done naively.
const PLAIN: [&str; 3] = ["punch.burst", "punch.window_edge", "punch.no_sale"];

#[test]
fn honest_members_are_left_alone_and_plain_attacks_are_stopped() {
    let _turn = take_turn();
    let words = ["bench", "--workload", "fraud", "--members", "150", "--days", "14", "--attacks", "1", "--json"];
    let output =
        Command::new(env!("CARGO_BIN_EXE_tallystick")).args(words).arg("--rules").arg(shipped_rules()).output();
    let output = output.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();

    assert_eq!(found["verified"], true);
    let honest = &found["honest"];
    assert_eq!((&honest["held"], &honest["denied"], &honest["refused"]), (&0.into(), &0.into(), &0.into()), "{honest}");
    assert!(honest["steps"].as_u64().unwrap() > 1_000, "{honest}");
    for family in PLAIN {
        assert_eq!(found["families"][family]["naive"]["stopped"], 1, "{family}: {}", found["families"][family]);
    }
    let worst = |way: &str| found["windows"][way]["worst_percent_of_limit"].as_i64().unwrap();
    assert!(worst("exact") <= 100, "{}", found["windows"]);
    assert!(worst("tumbling") > 150, "{}", found["windows"]);
    let kept = |level: &str| found["levels"][level]["kept_per_mille"].as_i64().unwrap();
    assert!(kept("naive") > 50, "{}", found["levels"]);
}

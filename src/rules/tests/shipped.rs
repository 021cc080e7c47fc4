//! The programs that ship compile, and the door cases go through says what differs.

use std::path::Path;

use super::super::cases::{self, Balance, Ledger, PoolBalance, Posted};
use super::super::{Program, evaluate, load_all};
use super::{SHOP, bind, compiled, files, item, purchase, run, words};
use crate::ledger::act::Act;
use crate::ledger::event::{Adjustment, Event, Transfer};
use crate::ledger::proposal::Intent;
use crate::ledger::record::{Status, Verdict};
use crate::ledger::reject::Reject;
use crate::ledger::review::Outcome;
use crate::ledger::types::{Money, Seq, Text, TimeMs};

#[test]
fn every_program_of_the_rules_folder_compiles() {
    let rules = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("rules");
    let programs = load_all(&rules).unwrap();
    assert!(programs.iter().any(|files| files.name == "grocer"));
    for files in &programs {
        let compiled = Program::compile(files).map(|program| bind(&program));
        assert!(compiled.is_ok(), "{}: {compiled:?}", files.name);
    }
}

#[test]
fn corner_coffee_earns_by_tables_and_script() {
    let rules = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("rules");
    let programs = load_all(&rules).unwrap();
    let files = programs.iter().find(|files| files.name == "corner_coffee").unwrap();
    let compiled = bind(&Program::compile(files).unwrap());
    let mut event = purchase();
    event.items.push(item("beans", 1650));
    let said = words(&compiled, &run(&compiled, event, None));
    assert_eq!(
        said,
        "earn points 16 \"double points on beans\" program.toml:47; stamp coffee 1 program.toml:41; \
         earn points 35 \"points for your purchase\" earn.rhai:14"
    );
    assert_eq!(compiled.terms.limits.iter().filter(|limit| !limit.extra.standard).count(), 5);
}

/// A ledger that credits what the rules propose and does nothing else.
struct Plain {
    compiled: std::sync::Arc<super::Compiled>,
    now: TimeMs,
    points: i64,
}

impl Ledger for Plain {
    fn set_clock(&mut self, now: TimeMs) {
        assert!(now >= self.now);
        self.now = now;
    }

    fn post(&mut self, event: Event) -> Result<Posted, Reject> {
        if event.amount() > Money::new(1_000_000) {
            return Err(Reject::UnknownMember(event.member));
        }
        let proposal = evaluate(&self.compiled, &event.into(), None, self.now);
        for intent in &proposal.intents {
            if let Intent::Earn { amount, .. } = intent {
                self.points += amount.get();
            }
        }
        let faults = proposal.faults;
        let (status, verdict) = (Status::Posted, Verdict::Allow);
        Ok(Posted { status, verdict, replayed: false, clipped: vec![], faults, spoke: vec![] })
    }

    fn transfer(&mut self, _: Transfer) -> Result<Posted, Reject> {
        Err(Reject::NotTransferable("points stay"))
    }

    fn resolve(&mut self, _: &str, _: Outcome, _: bool) -> Result<Posted, Reject> {
        Err(Reject::UnknownCase(Seq::ZERO))
    }

    fn adjust(&mut self, _: Adjustment) -> Result<Posted, Reject> {
        Err(Reject::NotTransferable("points stay"))
    }

    fn act(&mut self, _: Act) -> Result<Posted, Reject> {
        Err(Reject::RewardUnavailable("x".into()))
    }

    fn balance(&mut self, _: &str, _: TimeMs) -> Balance {
        let points = PoolBalance { available: self.points, ..PoolBalance::default() };
        let rewards = vec![(Text::new("mug"), Some(Money::new(450)))];
        Balance { pools: vec![(Text::new("points"), points)], rewards, ..Balance::default() }
    }
}

#[test]
fn a_case_that_differs_says_how() {
    let script = "fn on_purchase(event, member) { earn(\"points\", event.amount / 100, \"x\") }\nfn on_visit(e, m) { throw \"no\" }";
    let step = |what: &str| {
        format!(
            "[[case]]\nname = \"c\"\n[[case.step]]\nat = \"2026-05-02\"\npost = {{ type = \"purchase\", items = [130, 120] }}\nexpect = {{ points = 2 }}\n[[case.step]]\nat = \"2026-05-02 21:30\"\n{what}\n"
        )
    };
    for (what, expected) in [
        (
            "expect = { points = 2, coffee = 0, tier = \"none\", reward = [\"mug\", { name = \"mug\", value = 450 }], no_reward = \"cup\", no_perk = \"x\" }",
            "",
        ),
        (
            "post = { type = \"purchase\", amount = 900 }\nexpect = { points = { available = 11, pending = 0 }, clipped = false, status = \"posted\", verdict = \"allow\", replayed = false }",
            "",
        ),
        ("post = { type = \"purchase\", amount = 1000001 }\nexpect = { error = \"unknown_member\" }", ""),
        (
            "transfer = { from = \"A\", to = \"B\", pool = \"points\", amount = 1 }\nexpect = { error = \"not_transferable\" }",
            "",
        ),
        (
            "expect = { points = 3, coffee = 1, tier = \"gold\" }",
            "expected coffee = 1, got 0|expected points = 3, got 2|expected tier \"gold\", got none",
        ),
        (
            "expect = { reward = { name = \"mug\", value = 9 }, no_reward = \"mug\", perk = \"x\" }",
            "expected no reward \"mug\", got \"mug\" worth 450|expected perk \"x\", got []|expected reward \"mug\" worth 9, got \"mug\" worth 450",
        ),
        (
            "post = { type = \"purchase\", amount = 1 }\nexpect = { status = \"held\", verdict = \"hold\" }",
            "expected status held, got posted (verdict allow)|expected verdict hold, got allow",
        ),
        (
            "post = { type = \"purchase\", amount = 1 }\nexpect = { clipped = { wanted = 3, given = 2 } }",
            "expected 3 cut to 2, got nothing cut",
        ),
        (
            "post = { type = \"purchase\", amount = 1000001 }",
            "refused: \"unknown_member\": member \"A\" is not enrolled in this program",
        ),
        ("post = { type = \"visit\" }", "a script failed at a.rhai:2:21: no"),
        ("expect = { status = \"posted\" }", "this step posts nothing, so nothing can be expected of the answer"),
    ] {
        let files = files(SHOP, script).with([(Text::new("tests/a.toml"), step(what))]);
        let program = Program::compile(&files).unwrap();
        let fresh = || Plain { compiled: compiled(SHOP, script), now: TimeMs::EPOCH, points: 0 };
        let report = cases::run(&files, &program, None, fresh).unwrap();
        let said: Vec<_> = report.failures.iter().map(|failure| failure.differences.join("|")).collect();
        assert_eq!(said.join("\n"), expected, "{what}");
        if let Some(failure) = report.failures.first() {
            assert!(failure.to_string().starts_with("tests/a.toml:7: c, step 2 (2026-05-02 21:30)\n    "), "{failure}");
        }
    }
}

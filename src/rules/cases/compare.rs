//! Running one case, and saying in words where it went another way than expected.

use super::expect::Expectation;
use super::parse::{Action, Case, Step};
use super::{Balance, Failure, Ledger, PoolBalance, Posted};
use crate::ledger::record::{Status, Verdict};
use crate::ledger::reject::Reject;
use crate::ledger::types::{Money, Text};

/// Runs a case; the first step that goes another way ends it.
pub(super) fn run_case(file: &Text, case: &Case, ledger: &mut impl Ledger) -> Option<Failure> {
    for step in &case.steps {
        let differences = run_step(step, ledger);
        if !differences.is_empty() {
            return Some(Failure {
                file: file.clone(),
                line: step.line,
                case: case.name.clone(),
                step: step.number,
                at: step.at_text.clone(),
                differences,
            });
        }
    }
    None
}

fn run_step(step: &Step, ledger: &mut impl Ledger) -> Vec<String> {
    ledger.set_clock(step.at);
    let outcome = match &step.action {
        Action::Wait => None,
        Action::Post(event) => Some(ledger.post((**event).clone())),
        Action::Transfer(transfer) => Some(ledger.transfer(transfer.clone())),
        Action::Resolve { outcome, claw_back } => Some(ledger.resolve(&step.member, *outcome, *claw_back)),
        Action::Act(act) => Some(ledger.act((**act).clone())),
        Action::Adjust(adjustment) => Some(ledger.adjust((**adjustment).clone())),
    };
    let mut differences = Vec::new();
    if let Some(outcome) = &outcome {
        compare_outcome(&step.expect, outcome, &mut differences);
    }
    let balance = ledger.balance(&step.member, step.at);
    for expectation in &step.expect {
        compare_balance(expectation, &balance, &mut differences);
    }
    if outcome.is_none() && step.expect.iter().any(about_outcome) {
        differences.push("this step posts nothing, so nothing can be expected of the answer".to_owned());
    }
    differences
}

const fn about_outcome(expectation: &Expectation) -> bool {
    matches!(
        expectation,
        Expectation::Status(_)
            | Expectation::Verdict(_)
            | Expectation::Error(_)
            | Expectation::Replayed(_)
            | Expectation::Clipped { .. }
            | Expectation::NothingClipped
            | Expectation::Fires(_)
            | Expectation::Silent(_)
    )
}

fn compare_outcome(expect: &[Expectation], outcome: &Result<Posted, Reject>, differences: &mut Vec<String>) {
    let error = expect.iter().find_map(|expectation| match expectation {
        Expectation::Error(code) => Some(code.as_str()),
        _ => None,
    });
    let posted = match (outcome, error) {
        (Err(reject), Some(code)) if reject.code() == code => return,
        (Err(reject), Some(code)) => {
            return differences.push(format!("expected error {code:?}, got {:?}: {reject}", reject.code()));
        }
        (Err(reject), None) => return differences.push(format!("refused: {:?}: {reject}", reject.code())),
        (Ok(posted), Some(code)) => {
            return differences.push(format!("expected error {code:?}, but it was {}", status(posted.status)));
        }
        (Ok(posted), None) => posted,
    };
    let own = |expectation: &Expectation| matches!(expectation, Expectation::Status(_)) || expectation.leaves_status();
    if !expect.iter().any(own) {
        compare_status(Status::Posted, posted, differences);
    }
    let fails = |message: &str| {
        let said = |expectation: &Expectation| matches!(expectation, Expectation::Fails(text) if message.contains(text.as_str()));
        expect.iter().any(said)
    };
    for fault in posted.faults.iter().filter(|fault| !fails(&fault.message)) {
        differences.push(format!("a script failed at {}: {}", fault.at, fault.message));
    }
    for expectation in expect {
        compare_posted(expectation, posted, differences);
    }
}

fn compare_posted(expectation: &Expectation, posted: &Posted, differences: &mut Vec<String>) {
    match expectation {
        Expectation::Status(wanted) => compare_status(*wanted, posted, differences),
        Expectation::Verdict(wanted) if *wanted != posted.verdict => {
            differences.push(format!("expected verdict {}, got {}", verdict(*wanted), verdict(posted.verdict)));
        }
        Expectation::Replayed(wanted) if *wanted != posted.replayed => {
            differences.push(format!("expected replayed = {wanted}, got {}", posted.replayed));
        }
        Expectation::Clipped { wanted, given, limit } => {
            let fits = posted.clipped.iter().any(|cut| {
                cut.wanted == *wanted && cut.given == *given && limit.as_ref().is_none_or(|limit| *limit == cut.limit)
            });
            if !fits {
                differences.push(format!("expected {wanted} cut to {given}, got {}", cuts(posted)));
            }
        }
        Expectation::Fails(text) if !posted.faults.iter().any(|fault| fault.message.contains(text.as_str())) => {
            differences.push(format!("expected a script to fail with {text:?}"));
        }
        Expectation::Fires(rule) if !posted.spoke.contains(rule) => {
            differences.push(format!("expected {rule} to fire, got {}", spoke(posted)));
        }
        Expectation::Silent(rule) if posted.spoke.contains(rule) => {
            differences.push(format!("expected {rule} to be silent, got {}", spoke(posted)));
        }
        Expectation::NothingClipped if !posted.clipped.is_empty() => {
            differences.push(format!("expected nothing cut, got {}", cuts(posted)));
        }
        _ => {}
    }
}

fn compare_status(wanted: Status, posted: &Posted, differences: &mut Vec<String>) {
    if wanted != posted.status {
        let (wanted, came) = (status(wanted), status(posted.status));
        differences.push(format!("expected status {wanted}, got {came} (verdict {})", verdict(posted.verdict)));
    }
}

fn compare_balance(expectation: &Expectation, balance: &Balance, differences: &mut Vec<String>) {
    match expectation {
        Expectation::Pool { name, available, pending, held, debt } => {
            let came =
                balance.pools.iter().find(|(pool, _)| pool == name).map_or_else(PoolBalance::default, |pool| pool.1);
            let buckets = [
                ("", available, came.available),
                (" pending", pending, came.pending),
                (" held", held, came.held),
                (" debt", debt, came.debt),
            ];
            for (bucket, wanted, came) in buckets {
                if wanted.is_some_and(|wanted| wanted != came) {
                    differences.push(format!("expected {name}{bucket} = {}, got {came}", wanted.unwrap_or_default()));
                }
            }
        }
        Expectation::Card { name, stamps } => {
            let came = balance.cards.iter().find(|(card, _)| card == name).map_or(0, |card| card.1);
            if *stamps != i64::from(came) {
                differences.push(format!("expected {name} = {stamps}, got {came}"));
            }
        }
        Expectation::Tier(wanted) if *wanted != balance.tier => {
            let word =
                |tier: &Option<Text>| tier.as_ref().map_or_else(|| "none".to_owned(), |tier| format!("{tier:?}"));
            differences.push(format!("expected tier {}, got {}", word(wanted), word(&balance.tier)));
        }
        Expectation::Reward { name, value } => {
            let fits = |(reward, worth): &(Text, Option<Money>)| {
                reward == name && value.is_none_or(|value| *worth == Some(Money::new(value)))
            };
            if !balance.rewards.iter().any(fits) {
                let worth = value.map_or_else(String::new, |value| format!(" worth {value}"));
                differences.push(format!("expected reward {name:?}{worth}, got {}", rewards(balance)));
            }
        }
        Expectation::NoReward(name) if balance.rewards.iter().any(|(reward, _)| reward == name) => {
            differences.push(format!("expected no reward {name:?}, got {}", rewards(balance)));
        }
        Expectation::Perk(name) if !balance.perks.contains(name) => {
            differences.push(format!("expected perk {name:?}, got {:?}", balance.perks));
        }
        Expectation::NoPerk(name) if balance.perks.contains(name) => {
            differences.push(format!("expected no perk {name:?}, but it is there"));
        }
        _ => {}
    }
}

fn rewards(balance: &Balance) -> String {
    let all = balance.rewards.iter().map(|(name, value)| match value {
        Some(value) => format!("{name:?} worth {value}"),
        None => format!("{name:?}"),
    });
    let all: Vec<_> = all.collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn spoke(posted: &Posted) -> String {
    if posted.spoke.is_empty() { "no rule".to_owned() } else { posted.spoke.join(", ") }
}

fn cuts(posted: &Posted) -> String {
    let all =
        posted.clipped.iter().map(|cut| format!("{} {} cut to {} by {}", cut.what, cut.wanted, cut.given, cut.limit));
    let all: Vec<_> = all.collect();
    if all.is_empty() { "nothing cut".to_owned() } else { all.join(", ") }
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Posted => "posted",
        Status::Held => "held",
        Status::Denied => "denied",
    }
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Flag => "flag",
        Verdict::Hold => "hold",
        Verdict::StepUp => "step_up",
        Verdict::Deny => "deny",
    }
}

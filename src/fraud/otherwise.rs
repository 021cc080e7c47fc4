//! What would have passed where no limit can be asked: of each detector, the smallest change with which it says nothing, in words.
//! It judges nothing; what is said here is what the detectors themselves compare.

use super::words::duration;
use crate::ledger::record::{Change, Evidence, Told};
use crate::ledger::types::Text;

/// What a detector tells of a reason beside its evidence.
pub(super) fn told(rule: &str, evidence: &Evidence) -> Told {
    let Evidence { key, metric, window_ms, counted, limit, .. } = evidence;
    let within = if *window_ms > 0 { format!(" within {}", duration(*window_ms)) } else { String::new() };
    let compared = if counted > limit { ">" } else { "<" };
    Told {
        expression: format!("{metric} by {key}{within} = {counted} {compared} {limit}"),
        margin: counted.saturating_sub(*limit).max(0),
        passes: passes(rule, evidence).into_iter().map(|way| Change::Otherwise(Text::new(way))).collect(),
        member: Text::default(),
    }
}

/// The ways, each enough by itself.
fn passes(rule: &str, Evidence { key, limit, window_ms, .. }: &Evidence) -> Vec<String> {
    let kind = key.split_once('=').map_or("", |(kind, _)| kind);
    let own = || match kind {
        "ip" => "from another client address".to_owned(),
        "email" => "with an e-mail address of their own".to_owned(),
        "" => "with an identifier of their own".to_owned(),
        kind => format!("with another {kind}"),
    };
    let ways: &[&str] = match rule {
        "synthetic_signup_burst" | "synthetic_same_contact" | "synthetic_same_address" | "synthetic_reborn" => {
            return vec![own()];
        }
        "synthetic_one_card" => &["with another card", "after a purchase with another card"],
        "synthetic_benefit" | "synthetic_spending" => &["after two purchases"],
        "synthetic_birthdays" => &["without a birthday"],
        "synthetic_trial" => &["as a plan that is paid for"],
        "synthetic_circle" => &["after a purchase", "enrolled on a device that nobody else enrols on"],
        "synthetic_lockstep" => &["at another time than the others", "after a purchase"],
        "synthetic_debt" => &["once what is owed is paid back"],
        "referral_self" => &["brought by somebody else"],
        "referral_burst" => return vec![format!("with at most {limit} friends within {}", duration(*window_ms))],
        "referral_shared" => &["where friend and referrer share no device, address or client address"],
        "referral_no_money" => return vec![format!("with at least {limit} in money")],
        "referral_ring" => &["brought by somebody whom the friend did not bring"],
        "referral_chain" => &["joining more than 7d after who brought them"],
        "referral_fan_in" => &["with a device and a card that no other friend has"],
        "referral_circle" => &["enrolled on a device that nobody else enrols on", "brought by somebody else"],
        "referral_same_network" => &["from another client address"],
        "referral_cheap_friends" => &["with a purchase of more than a quarter above what is asked"],
        "referral_star" => &["once more of the friends come again"],
        "referral_refund_after" => &["where no more than one friend gave back what was asked"],
        "referral_same_basket" => &["with a purchase of another amount"],
        "referral_joined" => &["where what this event shows is not what the other showed"],
        "tainted" => &["once the case is decided"],
        _ => &[],
    };
    ways.iter().map(|way| (*way).to_owned()).collect()
}

//! A kiosk that gives a point per dollar and counts purchases by the hour, for tests of what limits do.

use serde_json::json;

use super::client::{Answer, Client};
use super::process::Ledger;

/// Its manifest; how many purchases an hour may have and what becomes of the others is said by `limit`.
pub fn program(limit: &str) -> String {
    format!(
        r#"
[program]
name = "Kiosk"
zone = "UTC"
currency = "USD"
auto_enroll = true

[pools.points]
expires = "never"

[tiers]
credit = "spend"
levels = [{{ name = "guest", from = 0 }}, {{ name = "friend", from = 2000 }}]

[[earn]]
on = "purchase"
pool = "points"
rate = {{ give = 1, per = 100 }}
reason = "a point per dollar"

[[limits]]
id = "hourly"
on = "purchase"
key = "member"
window = "1h"
{limit}
"#
    )
}

/// An empty ledger with it.
pub fn ledger(limit: &str) -> Ledger {
    Ledger::with_program("kiosk", &program(limit))
}

/// A path of it.
pub fn at(rest: &str) -> String {
    format!("/v1/programs/kiosk{rest}")
}

/// A member buys for 5.00 at a minute past nine.
pub fn buys(client: &mut Client, member: &str, minute: u32) -> Answer {
    let event = json!({
        "id": format!("{member}-{minute}"), "source": "till", "type": "purchase", "member": member, "amount": 500,
        "occurred_at": format!("2026-01-05T09:{minute:02}:00Z"),
    });
    client.post(&at("/events"), &event)
}

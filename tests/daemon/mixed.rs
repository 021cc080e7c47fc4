//! All commands over HTTP, mixed: events of every kind in batches, and between them everything that is spent, undone, reviewed
//! and told, while the clock moves. In the end the ledger is verified.
//!
//! `TALLYSTICK_MIXED=1000000 cargo test --release --test daemon mixed` runs a million of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::client::{Client, Request};
use super::process::{Ledger, say, take_turn};

const PROGRAM: &str = "/v1/programs/shop";
/// Events of a batch, and single commands after each.
const BATCH: usize = 500;
const SINGLES: usize = 60;
/// Members; a few of them join, merge and are erased, so that most stay themselves.
const MEMBERS: u64 = 400;
/// Households that members join; each has room for three.
const HOUSEHOLDS: u64 = 80;
const START_MS: i64 = 1_767_225_600_000;
/// By how much the clock moves after each round.
const ROUND_MS: i64 = 6 * 3_600_000;

/// Random numbers from a seed: the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let a = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let b = (a ^ (a >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (b ^ (b >> 31)) % sides
    }
}

struct Life {
    client: Client,
    dice: Dice,
    now_ms: i64,
    number: u64,
    /// Orders with their members, the latest last.
    orders: Vec<(u64, u64)>,
    holds: Vec<String>,
    redemptions: Vec<String>,
    vouchers: Vec<String>,
    taken: u64,
    refused: u64,
    /// Single commands that were taken, by the words of their path.
    doors: BTreeMap<String, u64>,
}

impl Life {
    fn member(&mut self) -> u64 {
        self.dice.roll(MEMBERS)
    }

    fn time(&self) -> String {
        jiff::Timestamp::from_millisecond(self.now_ms).unwrap().to_string()
    }

    fn event(&mut self, out: &mut String) {
        self.number += 1;
        let (number, member, time) = (self.number, self.member(), self.time());
        let mut head = |kind: &str, member: u64, more: &str| {
            writeln!(
                out,
                r#"{{"id":"e{number}","source":"mixed","type":"{kind}","member":"m{member}","occurred_at":"{time}"{more}}}"#
            )
            .unwrap();
        };
        match self.dice.roll(20) {
            0..=10 => {
                self.orders.push((number, member));
                let (coffee, beans) = (100 + self.dice.roll(900), 100 + self.dice.roll(3_000));
                let device = match self.dice.roll(200) {
                    0 => format!(r#","device":"d:{}""#, self.dice.roll(5)),
                    _ => String::new(),
                };
                let items = format!(
                    r#","items":[{{"line":1,"category":"coffee","quantity":1,"amount":{coffee}}},{{"line":2,"category":"beans","quantity":2,"amount":{beans}}}]{device}"#
                );
                head("purchase", member, &items);
            }
            11..=14 => {
                let back = self.dice.roll(2_000).min(self.orders.len() as u64);
                let at = self.orders.len() - usize::try_from(back).unwrap();
                let (order, member) = self.orders.get(at).copied().unwrap_or((number, member));
                let part = match self.dice.roll(3) {
                    0 => format!(r#","amount":{}"#, 1 + self.dice.roll(2_000)),
                    1 => r#","items":[{"line":2,"quantity":1}]"#.to_owned(),
                    _ => String::new(),
                };
                head("refund", member, &format!(r#","order":"e{order}"{part}"#));
            }
            // The sale comes later, or never.
            15 => head("refund", member, &format!(r#","order":"e{}","amount":500"#, number + 1 + self.dice.roll(3))),
            16 => head("enroll", member, &format!(r#","referrer":"m{}","birthday":"02-29""#, self.dice.roll(MEMBERS))),
            17 => head("profile", member, r#","attributes":{"city":"Ghent"}"#),
            18 => {
                let kinds = ["visit", "review", "newsletter", "survey", "activity", "login", "custom.party"];
                let kind = kinds[usize::try_from(self.dice.roll(kinds.len() as u64)).unwrap()];
                head(kind, member, if kind == "login" { r#","attributes":{"result":"failure"}"# } else { "" });
            }
            _ => head("fee", member, r#","membership":"annual","amount":2500"#),
        }
    }

    /// A batch of events; each is taken or refused, and none fails.
    fn events(&mut self) {
        let mut body = String::new();
        (0..BATCH).for_each(|_| self.event(&mut body));
        let headers = [("content-type", "application/x-ndjson"), ("prefer", "return=minimal")];
        let path = format!("{PROGRAM}/events/batch");
        let request = Request { method: "POST", path: &path, headers: &headers, body: body.as_bytes() };
        let answer = self.client.send(&request).unwrap().expect_status(200).json();
        for result in answer["results"].as_array().unwrap() {
            match result["problem"]["status"].as_u64() {
                None => self.taken += 1,
                Some(status) => {
                    assert!(status < 500, "{result}");
                    self.refused += 1;
                }
            }
        }
    }

    /// One command; its answer where it was taken.
    fn ask(&mut self, method: &str, path: &str, body: &Value) -> Option<Value> {
        self.number += 1;
        let (path, key) = (format!("{PROGRAM}/{path}"), format!("k{}", self.number));
        let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
        let body = body.to_string();
        let request = Request { method, path: &path, headers: &headers, body: body.as_bytes() };
        let answer = self.client.send(&request).unwrap();
        assert!(answer.status < 500 && answer.status != 400, "{method} {path} {body}: {}", answer.text());
        let taken = answer.status < 300;
        if taken {
            self.taken += 1;
            let words: Vec<_> =
                path.split('/').skip(4).filter(|word| !word.contains(|c: char| c.is_ascii_digit())).collect();
            *self.doors.entry(words.join("/")).or_default() += 1;
        } else {
            self.refused += 1;
        }
        taken.then(|| answer.json())
    }

    fn pick(&mut self, from: fn(&mut Self) -> &mut Vec<String>) -> Option<String> {
        let all = u64::try_from(from(self).len()).unwrap();
        let at = usize::try_from(self.dice.roll(all.max(1))).unwrap();
        (all > 0).then(|| from(self).swap_remove(at))
    }

    fn single(&mut self) {
        let (a, b) = (self.member(), self.member());
        let (one, two) = (format!("m{a}"), format!("m{b}"));
        let amount = 1 + self.dice.roll(30);
        match self.dice.roll(30) {
            0..=3 => {
                let asked = json!({"member": one, "pool": "points", "amount": amount, "ttl_seconds": 40_000});
                let made = self.ask("POST", "holds", &asked);
                self.holds.extend(made.and_then(|made| made["id"].as_str().map(str::to_owned)));
            }
            4 | 5 => {
                let Some(hold) = self.pick(|life| &mut life.holds) else { return };
                let made = self.ask("POST", &format!("holds/{hold}/capture"), &json!({}));
                self.redemptions.extend(made.and_then(|made| made["id"].as_str().map(str::to_owned)));
            }
            6 => {
                let Some(hold) = self.pick(|life| &mut life.holds) else { return };
                self.ask("POST", &format!("holds/{hold}/release"), &json!({}));
            }
            7..=9 => self.redeem(&json!({"member": one, "pool": "points", "amount": amount})),
            10 | 11 => self.redeem(&json!({"member": one, "reward": "mug"})),
            12 | 13 => {
                let Some(redemption) = self.pick(|life| &mut life.redemptions) else { return };
                self.ask("POST", &format!("redemptions/{redemption}/reverse"), &json!({}));
            }
            14 => {
                let Some(code) = self.pick(|life| &mut life.vouchers) else { return };
                self.ask("POST", &format!("vouchers/{code}/use"), &json!({}));
            }
            15 => drop(self.ask(
                "POST",
                "donations",
                &json!({"member": one, "pool": "points", "amount": amount, "charity": "wildlife"}),
            )),
            16 | 17 => drop(self.ask(
                "POST",
                "transfers",
                &json!({"from": one, "to": two, "pool": "points", "amount": amount}),
            )),
            18 => {
                let asked =
                    json!({"member": one, "pool": "points", "amount": amount, "reason": "sorry", "staff": "s-1"});
                self.ask("POST", "adjustments", &asked);
            }
            19 => drop(self.ask("PATCH", &format!("members/{one}"), &json!({"attributes": {"city": "Bruges"}}))),
            20 => self.freeze(&one),
            21 => self.review(),
            22 => self.affair(a, &two),
            23..=28 => self.rarer(a, &two, amount),
            _ => {
                let path = format!("{PROGRAM}/members/{one}/balance");
                assert!(self.client.get(&path).status < 500);
                self.taken += 1;
            }
        }
    }

    /// The same doors with what is asked less often.
    fn rarer(&mut self, who: u64, other: &str, amount: u64) {
        let (one, home) = (format!("m{who}"), format!("h{}", who % HOUSEHOLDS));
        let points = json!({"member": one, "pool": "points", "amount": amount, "reason": "sorry"});
        let with = |name: &str, value: Value| {
            let mut asked = points.clone();
            asked[name] = value;
            asked
        };
        match self.dice.roll(12) {
            0 | 1 => drop(self.ask("POST", "households", &json!({"household": home, "members": [one]}))),
            2 => drop(self.ask("POST", &format!("households/{home}/members"), &json!({"members": [one]}))),
            3 => {
                // Few are at home: who leaves has come just before, or was there.
                self.ask("POST", &format!("households/{home}/members"), &json!({"members": [one]}));
                self.ask("POST", &format!("households/{home}/leave"), &json!({"members": [one]}));
            }
            4 => {
                let made = self.ask("POST", "holds", &json!({"member": one, "reward": "mug"}));
                self.holds.extend(made.and_then(|made| made["id"].as_str().map(str::to_owned)));
            }
            5 => {
                let Some(hold) = self.pick(|life| &mut life.holds) else { return };
                let made = self.ask("POST", &format!("holds/{hold}/capture"), &json!({"amount": 1 + amount / 8}));
                self.redemptions.extend(made.and_then(|made| made["id"].as_str().map(str::to_owned)));
            }
            6 => {
                let Some(redemption) = self.pick(|life| &mut life.redemptions) else { return };
                let path = format!("redemptions/{redemption}/reverse");
                // All but the first part may be more than is left.
                for part in [1, 2] {
                    self.ask("POST", &path, &json!({"amount": part}));
                }
            }
            7 => {
                let Some(code) = self.pick(|life| &mut life.vouchers) else { return };
                self.ask("POST", &format!("vouchers/{code}/cancel"), &json!({}));
            }
            8 => {
                let moved = |from, to| json!({"from": from, "to": to, "pool": "points", "amount": amount});
                let both = json!([moved(one.as_str(), other), moved(other, one.as_str())]);
                let answer = self.ask("POST", "transfers/batch", &both).expect("a batch is taken");
                assert!(answer["results"].as_array().unwrap().iter().all(|result| result["problem"]["status"] != 500));
            }
            9 => drop(self.ask("POST", "adjustments", &with("amount", json!(-3)))),
            10 => drop(self.ask("POST", "adjustments", &with("state", json!("pending")))),
            _ => {
                let soon = jiff::Timestamp::from_millisecond(self.now_ms + 10 * ROUND_MS).unwrap().to_string();
                self.ask("POST", "adjustments", &with("expires_at", json!(soon)));
            }
        }
    }

    fn redeem(&mut self, asked: &Value) {
        let Some(made) = self.ask("POST", "redemptions", asked) else { return };
        self.redemptions.extend(made["id"].as_str().map(str::to_owned));
        self.vouchers.extend(made["code"].as_str().map(str::to_owned));
    }

    fn freeze(&mut self, who: &str) {
        self.ask("POST", &format!("members/{who}/freeze"), &json!({"reason": "a look"}));
        self.ask("POST", &format!("members/{who}/unfreeze"), &json!({"reason": "a look"}));
    }

    /// Closes the case with the most points at risk.
    fn review(&mut self) {
        let open = self.client.get(&format!("{PROGRAM}/cases?status=open&limit=1")).expect_status(200).json();
        let Some(case) = open["data"][0]["id"].as_str() else { return };
        let outcome = match self.dice.roll(3) {
            0 => json!({"outcome": "confirmed", "note": "", "claw_back": true}),
            1 => json!({"outcome": "confirmed", "note": "", "claw_back": false}),
            _ => json!({"outcome": "cleared", "note": ""}),
        };
        self.ask("POST", &format!("cases/{case}/resolve"), &outcome);
    }

    /// Rare things: only the last members merge or are erased.
    fn affair(&mut self, who: u64, other: &str) {
        let rare = MEMBERS - 1 - who % 40;
        match self.dice.roll(40) {
            0 => drop(self.ask("POST", &format!("members/m{rare}/merge"), &json!({"into": other}))),
            1 => drop(self.ask("POST", &format!("members/m{rare}/erase"), &json!({}))),
            _ => drop(self.ask("POST", &format!("members/m{who}/unfreeze"), &json!({"reason": "none"}))),
        }
    }
}

#[test]
fn all_commands_mixed_over_http_verify() {
    let wanted: u64 = std::env::var("TALLYSTICK_MIXED").ok().and_then(|wanted| wanted.parse().ok()).unwrap_or(6_000);
    let _turn = take_turn();
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let ledger = Ledger::with_rules(Path::new(&root).join("tests/stories"));
    let daemon = ledger.start();
    let mut life = Life {
        client: daemon.client(),
        dice: Dice(7),
        now_ms: START_MS,
        number: 0,
        orders: Vec::new(),
        holds: Vec::new(),
        redemptions: Vec::new(),
        vouchers: Vec::new(),
        taken: 0,
        refused: 0,
        doors: BTreeMap::new(),
    };
    let began = Instant::now();
    while life.taken + life.refused < wanted {
        life.now_ms += ROUND_MS;
        let now = life.time();
        life.client.post("/v1/clock", &json!({"now": now})).expect_status(200);
        life.events();
        (0..SINGLES).for_each(|_| life.single());
    }
    let (taken, refused) = (life.taken, life.refused);
    say(format_args!("{taken} mixed commands were taken and {refused} refused in {:.1?}", began.elapsed()));
    say(format_args!("beside events: {:?}", life.doors));
    assert!(life.doors.len() > 18, "all kinds of commands are among them");
    assert!(taken > 3 * refused, "most commands of a life are taken");
    daemon.stop();
    let began = Instant::now();
    let said = ledger.expect_verified();
    say(format_args!("verified in {:.1?}: {}", began.elapsed(), said.lines().collect::<Vec<_>>().join(" · ")));
}

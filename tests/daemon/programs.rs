//! The merchants' own cases of every program that ships, over HTTP: all of them at once, on one daemon with one clock. Steps
//! are taken in the order of their times, and each case has members and events of its own. What is expected is read from
//! the answers of the contract alone.

use std::fs;
use std::path::Path;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use toml::Table;

use super::client::{Answer, Client, Request};
use super::process::{Ledger, say, shipped_rules};

/// A step of a case, ready to be taken.
struct Step {
    /// When, in milliseconds and as it is sent.
    at: (i64, String),
    /// `nine_west/points.toml: Same event twice, step 3`.
    place: String,
    program: String,
    /// What the members and events of its case begin with.
    prefix: String,
    zone: TimeZone,
    /// Its number, from 1.
    number: (usize, i64),
    table: Table,
}

#[test]
fn every_case_of_every_program_that_ships_holds_over_http() {
    let mut steps = Vec::new();
    for entry in fs::read_dir(shipped_rules()).unwrap() {
        let folder = entry.unwrap().path();
        if folder.join("program.toml").exists() {
            read_program(&folder, &mut steps);
        }
    }
    steps.sort_by(|a, b| (a.at.0, &a.prefix, a.number).cmp(&(b.at.0, &b.prefix, b.number)));
    let ledger = Ledger::new();
    let daemon = ledger.start();
    let mut client = daemon.client();
    let mut wrong = Vec::new();
    let mut now = None;
    for step in &steps {
        if now != Some(step.at.0) {
            client.post("/v1/clock", &json!({ "now": step.at.1 })).expect_status(200);
            now = Some(step.at.0);
        }
        take(&mut client, step, &mut wrong);
    }
    say(format!("{} steps of the shipped programs over HTTP", steps.len()));
    assert!(wrong.is_empty(), "{} things went another way:\n{}", wrong.len(), wrong.join("\n"));
    assert!(daemon.stop().success());
    ledger.expect_verified();
}

fn read_program(folder: &Path, steps: &mut Vec<Step>) {
    let program = folder.file_name().unwrap().to_str().unwrap().to_owned();
    let manifest: Table = fs::read_to_string(folder.join("program.toml")).unwrap().parse().unwrap();
    let zone = TimeZone::get(manifest["program"]["zone"].as_str().unwrap()).unwrap();
    let mut files: Vec<_> = fs::read_dir(folder.join("tests")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let cases: Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        for (case_number, case) in cases["case"].as_array().unwrap().iter().enumerate() {
            for (number, step) in case["step"].as_array().unwrap().iter().enumerate() {
                let table = step.as_table().unwrap();
                let times = table.get("times").map_or(1, |times| times.as_integer().unwrap());
                for turn in 0..times {
                    steps.push(Step {
                        at: later(&instant(table["at"].as_str().unwrap(), &zone), table.get("every"), turn),
                        place: format!("{program}/{file}: {}, step {}, time {turn}", case["name"], number + 1),
                        program: program.clone(),
                        prefix: format!("{file}-{case_number:03}-"),
                        zone: zone.clone(),
                        number: (number + 1, turn),
                        table: one_of(table, turn, times),
                    });
                }
            }
        }
    }
}

/// A local time of the program's zone; noon where only a day is given.
fn instant(text: &str, zone: &TimeZone) -> (i64, String) {
    let local = if text.len() == 10 {
        text.parse::<Date>().unwrap().at(12, 0, 0, 0)
    } else {
        text.parse::<DateTime>().unwrap()
    };
    let instant = local.to_zoned(zone.clone()).unwrap().timestamp();
    (instant.as_millisecond(), instant.to_string())
}

/// So many times so many minutes later.
fn later(at: &(i64, String), every: Option<&toml::Value>, turn: i64) -> (i64, String) {
    let minutes = every.map_or(0, |every| every.as_str().unwrap().strip_suffix('m').unwrap().parse::<i64>().unwrap());
    let at = jiff::Timestamp::from_millisecond(at.0 + minutes * 60_000 * turn).unwrap();
    (at.as_millisecond(), at.to_string())
}

/// A step that happens several times, at one of them: `#` is which one, and what is expected holds after the last of them, but
/// for limits that stay silent.
fn one_of(step: &Table, turn: i64, times: i64) -> Table {
    if times == 1 {
        return step.clone();
    }
    let mut one: Table = toml::to_string(step).unwrap().replace('#', &(turn + 1).to_string()).parse().unwrap();
    if turn + 1 < times
        && let Some(expect) = one.get_mut("expect").and_then(toml::Value::as_table_mut)
    {
        expect.retain(|key, _| key == "silent");
        expect.insert("any_status".to_owned(), true.into());
    }
    one
}

/// A table of a case as JSON.
fn json_of(value: &toml::Value) -> Value {
    serde_json::to_value(value).unwrap()
}

impl Step {
    /// A name that is this case's alone.
    fn own(&self, name: &Value) -> Value {
        json!(format!("{}{}", self.prefix, name.as_str().unwrap()))
    }

    /// The request's fields, with the names of members and orders made this case's own.
    fn fields(&self, of: &toml::Value) -> Map<String, Value> {
        let mut fields = json_of(of).as_object().unwrap().clone();
        fields.entry("member").or_insert(json!("A"));
        for key in ["member", "referrer", "order", "id", "from", "to"] {
            if let Some(name) = fields.get(key).cloned() {
                fields.insert(key.to_owned(), self.own(&name));
            }
        }
        fields
    }

    fn event(&self, post: &toml::Value) -> Value {
        let mut event = self.fields(post);
        let refund = event["type"] == "refund";
        event.entry("id").or_insert(json!(match self.number {
            (number, 0) => format!("{}e{number}", self.prefix),
            (number, turn) => format!("{}e{number}-{turn}", self.prefix),
        }));
        event.entry("source").or_insert(json!("case"));
        let occurred_at = event.get("occurred_at").and_then(Value::as_str).map(|text| instant(text, &self.zone).1);
        event.insert("occurred_at".to_owned(), json!(occurred_at.unwrap_or_else(|| self.at.1.clone())));
        for (place, item) in event.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
            if item.is_number() {
                *item = json!({ "amount": item });
            }
            let item = item.as_object_mut().unwrap();
            item.entry("line").or_insert(json!(place + 1));
            if !refund {
                item.entry("quantity").or_insert(json!(1));
            }
        }
        Value::Object(event)
    }

    /// The member it is about, as the case calls them.
    fn member(&self) -> String {
        let tables = ["expect", "post", "transfer", "redeem", "donate", "choose", "resolve"].iter();
        let of = tables
            .filter_map(|key| self.table.get(*key))
            .find_map(|of| of.get("member").or_else(|| of.get("from"))?.as_str());
        format!("{}{}", self.prefix, of.unwrap_or("A"))
    }
}

/// Takes a step and notes what is not as expected.
fn take(client: &mut Client, step: &Step, wrong: &mut Vec<String>) {
    let program = &step.program;
    let path = |rest: &str| format!("/v1/programs/{program}/{rest}");
    let no_expectation = Table::new();
    let expect = step.table.get("expect").map_or(&no_expectation, |expect| expect.as_table().unwrap());
    let answer = if let Some(post) = step.table.get("post") {
        Some(client.post(&path("events"), &step.event(post)))
    } else if let Some(ask) = step.table.get("redeem") {
        Some(client.post(&path("redemptions"), &Value::Object(step.fields(ask))))
    } else if let Some(ask) = step.table.get("donate") {
        Some(client.post(&path("donations"), &Value::Object(step.fields(ask))))
    } else if let Some(transfer) = step.table.get("transfer") {
        let mut fields = step.fields(transfer);
        fields.remove("member");
        Some(client.post(&path("transfers"), &Value::Object(fields)))
    } else if let Some(resolve) = step.table.get("resolve") {
        // The member's open case; where there is none, one that never was.
        let open = client.get(&path(&format!("cases?status=open&limit=1&member={}", step.member())));
        let open = open.expect_status(200).json();
        let case = open["data"][0]["id"].as_str().unwrap_or("case_0").to_owned();
        let mut asked = json_of(resolve);
        asked.as_object_mut().unwrap().remove("member");
        Some(client.post(&path(&format!("cases/{case}/resolve")), &asked))
    } else {
        step.table.get("choose").map(|choices| {
            let mut choices = json_of(choices);
            choices.as_object_mut().unwrap().remove("member");
            let body = json!({ "choices": choices }).to_string();
            let path = path(&format!("members/{}", step.member()));
            let headers = &[("content-type", "application/json")];
            client.send(&Request { method: "PATCH", path: &path, headers, body: body.as_bytes() }).unwrap()
        })
    };
    let mut say_wrong = |what: String| wrong.push(format!("{}: {what}", step.place));
    if let Some(answer) = &answer {
        compare_answer(answer, expect, &mut say_wrong);
    }
    let balance = client.get(&path(&format!("members/{}/balance", step.member())));
    let balance = if balance.status == 404 { json!({}) } else { balance.expect_status(200).json() };
    for (key, wanted) in expect {
        compare_balance(key, &json_of(wanted), &balance, &mut say_wrong);
    }
}

fn compare_answer(answer: &Answer, expect: &Table, say_wrong: &mut impl FnMut(String)) {
    let body = answer.json();
    if let Some(code) = expect.get("error") {
        if body["code"] != json_of(code) || answer.status < 400 {
            say_wrong(format!("expected error {code}, got {} {body}", answer.status));
        }
        return;
    }
    if answer.status >= 300 {
        return say_wrong(format!("refused with {}: {body}", answer.status));
    }
    // Members and choices have no status of their own.
    let status = body.get("status").cloned().unwrap_or(json!("posted"));
    let wanted = expect.get("status").map_or(json!("posted"), json_of);
    let any = ["any_status", "fires", "silent"].iter().any(|key| expect.contains_key(*key));
    if !any && ["posted", "held", "denied"].iter().any(|word| status == *word) && status != wanted {
        say_wrong(format!("expected status {wanted}, got {body}"));
    }
    if let Some(replayed) = expect.get("replayed") {
        let came = answer.header("idempotent-replayed") == Some("true");
        if Some(came) != replayed.as_bool() {
            say_wrong(format!("expected replayed {replayed}, got {came}"));
        }
    }
    let reasons = body["fraud"]["reasons"].as_array().cloned().unwrap_or_default();
    for (key, fires) in [("fires", true), ("silent", false)] {
        for rule in expect.get(key).map(json_of).iter().flat_map(list) {
            if reasons.iter().any(|reason| reason["rule"] == *rule) != fires {
                say_wrong(format!("expected {key} {rule}, got {reasons:?}"));
            }
        }
    }
    if let Some(verdict) = expect.get("verdict")
        && body["fraud"]["verdict"] != json_of(verdict)
    {
        say_wrong(format!("expected verdict {verdict}, got {}", body["fraud"]));
    }
    let cuts = body["clipped"].as_array().cloned().unwrap_or_default();
    let cut_as = |wanted: &toml::Value| {
        let wanted = json_of(wanted);
        let same = |cut: &Value| wanted.as_object().unwrap().iter().all(|(key, value)| cut[key] == *value);
        cuts.iter().any(same)
    };
    match expect.get("clipped") {
        Some(toml::Value::Boolean(_)) if !cuts.is_empty() => say_wrong(format!("expected nothing cut, got {cuts:?}")),
        Some(wanted) if wanted.is_table() && !cut_as(wanted) => {
            say_wrong(format!("expected cut {wanted}, got {cuts:?}"));
        }
        _ => {}
    }
}

/// A value, or the values of a list.
fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |values| values.iter().collect())
}

fn compare_balance(key: &str, wanted: &Value, balance: &Value, say_wrong: &mut impl FnMut(String)) {
    let names = |of: &str, field: &str| -> Vec<Value> {
        balance[of].as_array().into_iter().flatten().map(|one| one[field].clone()).collect()
    };
    match key {
        "member" | "error" | "status" | "verdict" | "replayed" | "clipped" | "fires" | "silent" | "any_status" => {}
        "tier" => {
            let wanted = if wanted == "none" { &Value::Null } else { wanted };
            if balance["tier"] != *wanted {
                say_wrong(format!("expected tier {wanted}, got {}", balance["tier"]));
            }
        }
        "reward" => {
            for wanted in list(wanted) {
                let (name, value) =
                    if wanted.is_string() { (wanted, None) } else { (&wanted["name"], wanted.get("value")) };
                let fits = |one: &Value| one["reward"] == *name && value.is_none_or(|value| one["value"] == *value);
                if !balance["rewards"].as_array().into_iter().flatten().any(fits) {
                    say_wrong(format!("expected reward {wanted}, got {}", balance["rewards"]));
                }
            }
        }
        "no_reward" | "no_perk" | "perk" => {
            let come =
                if key == "no_reward" { names("rewards", "reward") } else { names("entitlements", "entitlement") };
            for wanted in list(wanted) {
                if come.contains(wanted) != (key == "perk") {
                    say_wrong(format!("expected {key} {wanted}, got {come:?}"));
                }
            }
        }
        card if balance["cards"].get(card).is_some() => {
            if balance["cards"][card]["stamps"] != *wanted {
                say_wrong(format!("expected {card} {wanted}, got {}", balance["cards"][card]));
            }
        }
        pool => {
            let come = &balance["pools"][pool];
            let available = json!({ "available": wanted });
            let buckets = if wanted.is_number() { &available } else { wanted };
            for (bucket, wanted) in buckets.as_object().unwrap() {
                // A pool or card never touched may be absent, and then it is zero.
                if come.get(bucket).unwrap_or(&json!(0)) != wanted {
                    say_wrong(format!("expected {pool} {bucket} {wanted}, got {come}"));
                }
            }
        }
    }
}

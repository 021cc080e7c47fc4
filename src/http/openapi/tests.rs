//! The description against what it describes: the table of routes, and the types that bodies are read into.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::http::problem::Problem;
use crate::http::wire::{
    self, ActivateWire, AdjustmentWire, AffairWire, AmountWire, BacktestWire, BackupWire, ClockWire, DonationWire,
    DraftWire, EventWire, HoldWire, HouseholdWire, MemberWire, RedemptionWire, ResolveWire, RulesCheckWire, SignedWire,
    SimulateWire, TransferWire, UpdateWire, WebhookChangeWire, WebhookWire,
};

fn document() -> Value {
    serde_json::from_str(&describe()).unwrap()
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let document = document();
    let (_, operations) = routes::router();
    let known: Known = serde_json::from_str(SCHEMAS).unwrap();
    let mut names = BTreeSet::new();
    for operation in &operations {
        let path = described(operation);
        let method = operation.method.as_str().to_ascii_lowercase();
        let described = &document["paths"][&path][&method];
        assert_eq!(described["summary"], operation.summary, "{method} {path}");
        names.insert(format!("{} {}", operation.method, operation.path));
    }
    let described = document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len());
    assert_eq!(described.sum::<usize>(), operations.len());
    let told = |name: &&String| known.operations.get(*name).is_some_and(|bodies| bodies.1.is_some());
    let untold: Vec<&String> = names.iter().filter(|name| !told(name) && !name.contains("/fraud/")).collect();
    assert!(untold.is_empty(), "answers of these are not described: {untold:?}");
    let stale: Vec<&String> = known.operations.keys().filter(|name| !names.contains(*name)).collect();
    assert!(stale.is_empty(), "schemas of routes that do not exist: {stale:?}");
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let text = describe();
    let document = document();
    let mut used = BTreeSet::new();
    for at in text.split("\"#/components/schemas/").skip(1) {
        let name = at.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} is not described");
        used.insert(name.to_owned());
    }
    let unused: Vec<&String> =
        document["components"]["schemas"].as_object().unwrap().keys().filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// A value that a schema allows; of an object, the required properties and those of `also`.
fn example(document: &Value, schema: &Value, also: &[&str]) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.trim_start_matches("#/components/schemas/");
        return example(document, &document["components"]["schemas"][name], also);
    }
    if let Some(first) = schema["enum"].get(0).or(schema["examples"].get(0)) {
        return first.clone();
    }
    let kind = schema["type"].as_str().or(schema["type"][0].as_str());
    match kind.unwrap_or_default() {
        "object" => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let names: BTreeSet<&str> = required.chain(also.iter().copied()).collect();
            let of = |name: &str| (name.to_owned(), example(document, &schema["properties"][name], &[]));
            Value::Object(names.into_iter().map(of).collect())
        }
        "array" => json!([example(document, &schema["items"], &[])]),
        "string" if schema["format"] == "date-time" => json!("2026-01-05T12:00:00Z"),
        "string" => json!("1"),
        "integer" => json!(1),
        "boolean" => json!(true),
        other => panic!("no example of {other:?}: {schema}"),
    }
}

/// Reads a body as a route would.
type Read = fn(&str) -> Result<(), Problem>;

/// The bodies that are described, with what reads them.
const BODIES: [(&str, Read); 16] = [
    ("Event", |body| wire::read::<EventWire>(body.as_bytes()).map(drop)),
    ("Simulation", |body| wire::read::<SimulateWire>(body.as_bytes()).map(drop)),
    ("Member", |body| wire::read::<MemberWire>(body.as_bytes()).map(drop)),
    ("Adjustment", |body| wire::read::<AdjustmentWire>(body.as_bytes()).map(drop)),
    ("Transfer", |body| wire::read::<TransferWire>(body.as_bytes()).map(drop)),
    ("RulesCheck", |body| wire::read::<RulesCheckWire>(body.as_bytes()).map(drop)),
    ("Backup", |body| wire::read::<BackupWire>(body.as_bytes()).map(drop)),
    ("Webhook", |body| wire::read::<WebhookWire>(body.as_bytes()).map(drop)),
    ("WebhookChange", |body| wire::read::<WebhookChangeWire>(body.as_bytes()).map(drop)),
    ("Clock", |body| wire::read::<ClockWire>(body.as_bytes()).map(drop)),
    ("Donation", |body| wire::read::<DonationWire>(body.as_bytes()).map(drop)),
    ("Draft", |body| wire::read::<DraftWire>(body.as_bytes()).map(drop)),
    ("Activation", |body| wire::read::<ActivateWire>(body.as_bytes()).map(drop)),
    ("Signed", |body| wire::read::<SignedWire>(body.as_bytes()).map(drop)),
    ("BacktestWindow", |body| wire::read::<BacktestWire>(body.as_bytes()).map(drop)),
    ("Resolution", |body| wire::read::<ResolveWire>(body.as_bytes()).map(drop)),
];

#[test]
fn bodies_are_read_as_they_are_described() {
    let document = document();
    for (name, read) in BODIES {
        let schema = &document["components"]["schemas"][name];
        let least = example(&document, schema, &[]);
        // A field that is only for some types of events is refused by its value, never as unknown.
        let unknown = |body: &Value| match read(&body.to_string()) {
            Ok(()) => false,
            Err(problem) => problem.errors().iter().any(|error| error.detail.contains("not a known field")),
        };
        assert!(read(&least.to_string()).is_ok(), "{name}: {least}");
        for property in schema["properties"].as_object().unwrap().keys() {
            let more = example(&document, schema, &[property]);
            assert!(!unknown(&more), "{name}: {property} is described and not known");
        }
        for required in schema["required"].as_array().unwrap() {
            let mut less = least.clone();
            less.as_object_mut().unwrap().remove(required.as_str().unwrap());
            assert!(read(&less.to_string()).is_err(), "{name}: {required} is described as required and is not");
        }
        let mut odd = least.clone();
        odd["odd_field"] = json!(1);
        assert!(unknown(&odd), "{name}");
    }
}

/// The names of serde's own list of a type's fields, out of what it says about one that it does not know.
fn fields(name: &str, said: &str) -> BTreeSet<String> {
    let list = said.split_once("expected ").unwrap_or_else(|| panic!("{name}: {said}")).1;
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_field_that_is_read_is_described() {
    fn said<T: for<'de> Deserialize<'de> + std::fmt::Debug>(name: &str) -> (String, BTreeSet<String>) {
        let error = serde_json::from_str::<T>(r#"{"odd_field":1}"#).unwrap_err().to_string();
        (name.to_owned(), fields(name, &error))
    }
    let document = document();
    for (name, read) in [
        said::<EventWire>("Event"),
        said::<SimulateWire>("Simulation"),
        said::<MemberWire>("Member"),
        said::<AdjustmentWire>("Adjustment"),
        said::<TransferWire>("Transfer"),
        said::<RulesCheckWire>("RulesCheck"),
        said::<BackupWire>("Backup"),
        said::<WebhookWire>("Webhook"),
        said::<WebhookChangeWire>("WebhookChange"),
        said::<ClockWire>("Clock"),
        said::<HoldWire>("Hold"),
        said::<RedemptionWire>("Redemption"),
        said::<DonationWire>("Donation"),
        said::<AmountWire>("Part"),
        said::<UpdateWire>("Update"),
        said::<AffairWire>("Affair"),
        said::<HouseholdWire>("Household"),
        said::<DraftWire>("Draft"),
        said::<ActivateWire>("Activation"),
        said::<SignedWire>("Signed"),
        said::<BacktestWire>("BacktestWindow"),
        said::<ResolveWire>("Resolution"),
    ] {
        let described = document["components"]["schemas"][&name]["properties"].as_object().unwrap();
        let described: BTreeSet<String> = described.keys().cloned().collect();
        assert_eq!(described, read, "{name}");
    }
}

//! The description of the interface as `OpenAPI` 3.1, made of the table of routes and of `schemas.json`, which says what each
//! takes and gives. It knows no route that is not in the table; tests hold the schemas to the types of `wire`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::auth::Access;
use super::routes::{self, Operation};
use crate::limits::LIST_LIMIT_MAX;

const SCHEMAS: &str = include_str!("schemas.json");

/// The whole description, as JSON.
#[must_use]
pub fn describe() -> String {
    let (_, operations) = routes::router();
    let known: Known = serde_json::from_str(SCHEMAS).expect("a test reads the shipped file");
    let mut paths: Map<String, Value> = Map::new();
    for operation in &operations {
        let path = described(operation);
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            methods
                .insert(operation.method.as_str().to_ascii_lowercase(), describe_one(operation, known.of(operation)));
        }
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tallystick",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A fraud-aware loyalty ledger. Amounts are integers in minor units; times are RFC 3339 with an \
                            offset; a 2xx answer to a write means that it is on disk.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "tsk_…"}},
            "schemas": known.schemas,
        },
    });
    format!("{document:#}\n")
}

/// A path as it is described: what stands for the rest of a path is an event's source and its id.
fn described(operation: &Operation) -> String {
    operation.path.replace("{*key}", "{source}/{id}")
}

/// What operations take and give, and the types they name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    /// By method and path.
    operations: BTreeMap<String, Bodies>,
    schemas: Value,
}

/// The schemas of an operation's body and of its answer, where they have one; of an answer that is text its media type.
type Bodies = (Option<String>, Option<String>);

impl Known {
    fn of(&self, operation: &Operation) -> Bodies {
        self.operations.get(&format!("{} {}", operation.method, operation.path)).cloned().unwrap_or_default()
    }
}

/// A body of a schema, or text of a media type.
fn content(schema: &str) -> Value {
    if schema.contains('/') {
        return json!({schema: {"schema": {"type": "string"}}});
    }
    let schema = json!({"schema": {"$ref": format!("#/components/schemas/{schema}")}});
    json!({"application/json": schema})
}

fn describe_one(operation: &Operation, (takes, gives): Bodies) -> Value {
    let mut parameters: Vec<Value> = Vec::new();
    for name in described(operation).split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        parameters.push(json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    }
    for name in operation.query {
        let schema = match *name {
            "limit" if operation.path.ends_with("/journal") => json!({"type": "integer", "minimum": 1}),
            "limit" => json!({"type": "integer", "minimum": 1, "maximum": LIST_LIMIT_MAX}),
            _ => json!({"type": "string"}),
        };
        parameters.push(json!({"name": name, "in": "query", "required": false, "schema": schema}));
    }
    if operation.keyed {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false, "schema": {"type": "string", "maxLength": 128},
        }));
    }
    let id = format!("{} {}", operation.method, operation.path);
    let done = match gives {
        Some(gives) => json!({"description": operation.summary, "content": content(&gives)}),
        None => json!({"description": operation.summary}),
    };
    let mut described = json!({
        "operationId": id,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {
            "default": {
                "description": "A problem (RFC 9457)",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
            "2XX": done,
        },
    });
    if let Some(object) = described.as_object_mut() {
        let security = match operation.access {
            Access::Public => json!([]),
            Access::Program(scope) | Access::Any(scope) | Access::Operator(scope) => {
                object.insert("x-scope".to_owned(), json!(scope.name()));
                json!([{"key": []}])
            }
        };
        object.insert("security".to_owned(), security);
        if let Some(takes) = takes {
            object.insert("requestBody".to_owned(), json!({"required": true, "content": content(&takes)}));
        }
    }
    described
}

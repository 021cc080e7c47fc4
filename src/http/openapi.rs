//! The description of the interface as `OpenAPI` 3.1, made of the table of routes. It knows no route that is not in the table.

use hyper::Method;
use serde_json::{Map, Value, json};

use super::auth::Access;
use super::routes::{self, Operation};

/// The whole description, as JSON.
#[must_use]
pub fn describe() -> String {
    let (_, operations) = routes::router();
    let mut paths: Map<String, Value> = Map::new();
    for operation in &operations {
        let path = operation.path.replace("{*", "{");
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            methods.insert(operation.method.as_str().to_ascii_lowercase(), describe_one(operation));
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
        },
    });
    format!("{document:#}\n")
}

fn describe_one(operation: &Operation) -> Value {
    let mut parameters: Vec<Value> = Vec::new();
    for name in operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let name = name.trim_start_matches('*');
        parameters.push(json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    }
    for name in operation.query {
        let schema = if *name == "limit" { json!({"type": "integer"}) } else { json!({"type": "string"}) };
        parameters.push(json!({"name": name, "in": "query", "required": false, "schema": schema}));
    }
    if operation.keyed {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false, "schema": {"type": "string", "maxLength": 128},
        }));
    }
    let id = format!("{} {}", operation.method, operation.path);
    let mut described = json!({
        "operationId": id,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {
            "default": {
                "description": "A problem (RFC 9457)",
                "content": {"application/problem+json": {"schema": {"type": "object"}}},
            },
            "2XX": {"description": "Done"},
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
        if operation.method != Method::GET {
            object.insert(
                "requestBody".to_owned(),
                json!({"content": {"application/json": {"schema": {"type": "object"}}}}),
            );
        }
    }
    described
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described() {
        let document: Value = serde_json::from_str(&describe()).unwrap();
        let (_, operations) = routes::router();
        for operation in &operations {
            let path = operation.path.replace("{*", "{");
            let method = operation.method.as_str().to_ascii_lowercase();
            let described = &document["paths"][&path][&method];
            assert_eq!(described["summary"], operation.summary, "{method} {path}");
        }
        let described = document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len());
        assert_eq!(described.sum::<usize>(), operations.len());
    }
}

//! Lists and maps within a script: a few functions whose work is bounded by the sizes the sandbox allows.
//!
//! The language's own packages for them are left out: they compare and sort by calling back into the interpreter, which
//! lets one operation do the work of thousands.

use rhai::{Array, Dynamic, Engine, ImmutableString, Map};

pub(super) fn register(engine: &mut Engine) {
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    engine.register_fn("len", move |list: &mut Array| count(list.len()));
    engine.register_fn("is_empty", |list: &mut Array| list.is_empty());
    engine.register_fn("push", |list: &mut Array, value: Dynamic| list.push(value));
    engine.register_fn("pop", |list: &mut Array| list.pop().unwrap_or(Dynamic::UNIT));
    engine.register_fn("contains", |list: &mut Array, value: Dynamic| list.iter().any(|other| same(other, &value)));
    engine.register_fn("len", move |map: &mut Map| count(map.len()));
    engine.register_fn("is_empty", |map: &mut Map| map.is_empty());
    engine.register_fn("contains", |map: &mut Map, name: &str| map.contains_key(name));
    engine.register_fn("keys", |map: &mut Map| -> Array {
        map.keys().map(|name| Dynamic::from(ImmutableString::from(name.as_str()))).collect()
    });
}

/// Whether two plain values are equal; anything else is not.
fn same(a: &Dynamic, b: &Dynamic) -> bool {
    if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
        return a == b;
    }
    if let (Ok(a), Ok(b)) = (a.as_immutable_string_ref(), b.as_immutable_string_ref()) {
        return *a == *b;
    }
    matches!((a.as_bool(), b.as_bool()), (Ok(a), Ok(b)) if a == b)
}

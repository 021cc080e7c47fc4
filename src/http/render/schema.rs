//! What rules may say, as JSON for editors. It is the same reference as the merchant's guide.

use crate::http::json::Json;
use crate::rules::reference::{CALL_DOCS, MEMBER_DOCS, ScriptDoc, bounds, event_fields, handlers, occasions, tables};

/// Writes the reference.
pub fn schema(out: &mut Json) {
    out.begin_object();
    out.key("manifest");
    out.begin_array();
    for table in tables() {
        out.begin_object();
        out.field("table", &table.name);
        out.key("keys");
        out.begin_array();
        for key in &table.keys {
            out.begin_object();
            out.field("key", &key.name);
            out.field("value", &key.value);
            out.key("required");
            out.bool(key.required);
            out.field("about", &key.about);
            out.end_object();
        }
        out.end_array();
        out.end_object();
    }
    out.end_array();
    names(out, "handlers", &handlers());
    docs(out, "calls", CALL_DOCS);
    names(out, "event", &event_fields());
    for (what, fields) in occasions() {
        names(out, what, &fields);
    }
    docs(out, "member", MEMBER_DOCS);
    out.key("bounds");
    out.begin_array();
    for (what, most) in bounds() {
        out.begin_object();
        out.field("what", what);
        out.int_field("most", most);
        out.end_object();
    }
    out.end_array();
    out.end_object();
}

fn names(out: &mut Json, list: &'static str, names: &[&str]) {
    out.key(list);
    out.begin_array();
    for name in names {
        out.string(name);
    }
    out.end_array();
}

fn docs(out: &mut Json, list: &'static str, docs: &[ScriptDoc]) {
    out.key(list);
    out.begin_array();
    for doc in docs {
        out.begin_object();
        out.field("form", doc.form);
        out.field("about", doc.about);
        out.end_object();
    }
    out.end_array();
}

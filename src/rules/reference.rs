//! What merchants may write, told by the code that reads it: every table and key of a manifest out of the types it is read
//! into, every handler, field and call of a script out of the lists the checker uses. `rules/README.md` and
//! `GET …/rules/schema` are made of this, so neither can say what is not so.

use super::api::{event, occasion};
use super::lint::STANDARD;
use super::script::HANDLERS;
use crate::limits::{
    INTENTS_MAX, PROGRAM_BYTES_MAX, PROGRAM_FILES_MAX, RING_CAPACITY_MAX, SCRIPT_ARRAY_MAX, SCRIPT_BYTES_MAX,
    SCRIPT_CALL_LEVELS_MAX, SCRIPT_MAP_MAX, SCRIPT_OPERATIONS_MAX, SCRIPT_STRING_BYTES_MAX,
};

/// The sources the manifest's types stand in.
const SOURCES: [&str; 6] = [
    include_str!("manifest.rs"),
    include_str!("household.rs"),
    include_str!("manifest/fraud.rs"),
    include_str!("manifest/rules.rs"),
    include_str!("manifest/life.rs"),
    include_str!("manifest/segments.rs"),
];

/// A table of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// As it is written: `[pools.<name>]`.
    pub name: String,
    /// Its keys, in order.
    pub keys: Vec<KeyDoc>,
}

/// A key of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDoc {
    /// Its name.
    pub name: String,
    /// What may be written.
    pub value: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it means.
    pub about: String,
}

/// A call or a field of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScriptDoc {
    /// As it is written.
    pub form: &'static str,
    /// What it does or says.
    pub about: &'static str,
}

/// The calls a script makes to ask for something, and arithmetic.
pub const CALL_DOCS: &[ScriptDoc] = &[
    ScriptDoc { form: "earn(pool, amount, reason)", about: "credits points; 0 is nothing" },
    ScriptDoc {
        form: "earn(pool, amount, reason, #{pending: \"30d\", expires: \"12m\"})",
        about: "the same, waiting and expiring by its own terms",
    },
    ScriptDoc { form: "stamp(card, count, reason)", about: "stamps, within the card's limits" },
    ScriptDoc { form: "grant(reward, reason)", about: "gives a reward" },
    ScriptDoc { form: "count(counter, amount)", about: "moves one of the program's own counters" },
    ScriptDoc { form: "flag(code, weight, reason)", about: "notes a suspicion, weight 0 to 100; nothing lowers it" },
    ScriptDoc { form: "hold(reason)", about: "keeps the effects for a review" },
    ScriptDoc { form: "price(amount)", about: "in on_redeem: what it costs, instead of what is declared" },
    ScriptDoc { form: "deny(reason)", about: "in on_redeem: no; the answer is reward_unavailable, with the reason" },
    ScriptDoc {
        form: "mul_div(a, b, c)", about: "floor(a × b / c), without passing the range of a number in between"
    },
    ScriptDoc { form: "bps(amount, rate)", about: "floor(amount × rate / 10,000)" },
    ScriptDoc { form: "clamp(value, low, high)", about: "value, not below low and not above high" },
];

/// What `member` answers.
pub const MEMBER_DOCS: &[ScriptDoc] = &[
    ScriptDoc { form: "member.id", about: "their id" },
    ScriptDoc { form: "member.tier", about: "their tier before the event, \"\" for none" },
    ScriptDoc { form: "member.enrolled_days", about: "whole days since they enrolled" },
    ScriptDoc { form: "member.is_birthday", about: "whether the event's day is their birthday" },
    ScriptDoc { form: "member.birthday_month", about: "1 to 12, 0 where it is not known" },
    ScriptDoc { form: "member.balance(pool)", about: "available points" },
    ScriptDoc { form: "member.lifetime(pool)", about: "points ever earned" },
    ScriptDoc {
        form: "member.count(counter, window)",
        about: "a counter over \"day\", \"month\", \"year\" or \"ever\"",
    },
    ScriptDoc { form: "member.stamps(card)", about: "stamps on a card" },
    ScriptDoc { form: "member.attribute(name)", about: "an attribute of theirs, \"\" for none" },
    ScriptDoc { form: "member.has(entitlement)", about: "whether they have a perk" },
    ScriptDoc { form: "member.choice(name)", about: "what they chose" },
    ScriptDoc { form: "member.membership(plan)", about: "whether they have a paid plan" },
    ScriptDoc { form: "member.segment(name)", about: "whether they are in a segment" },
];

/// Every table of a manifest.
#[must_use]
pub fn tables() -> Vec<Table> {
    SOURCES.iter().flat_map(|source| tables_of(source)).collect()
}

/// Reads the types of a source: a doc comment, `struct Name {`, and fields with theirs.
fn tables_of(source: &str) -> Vec<Table> {
    let mut tables = Vec::new();
    let mut about: Vec<&str> = Vec::new();
    let mut attributes = String::new();
    let (mut table, mut all_optional): (Option<Table>, bool) = (None, false);
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            about.push(text);
        } else if line.starts_with("#[") {
            attributes.push_str(line);
        } else if line.contains(" struct ") && line.ends_with('{') {
            let name = about.join(" ");
            let name = name.split_once(": either").map_or(name.clone(), |(name, _)| name.to_owned());
            table = Some(Table { name: plain(&name), keys: Vec::new() });
            all_optional = attributes.contains(", default)");
            (about, attributes) = (Vec::new(), String::new());
        } else if line == "}" {
            tables.extend(table.take().filter(|table| !table.keys.is_empty()));
            (about, attributes) = (Vec::new(), String::new());
        } else if let (Some(table), Some((name, kind))) = (table.as_mut(), field(line)) {
            if attributes.contains("serde(skip") {
                (about, attributes) = (Vec::new(), String::new());
                continue;
            }
            let name = renamed(&attributes).unwrap_or_else(|| name.to_owned());
            let optional = all_optional || kind.starts_with("Option<") || attributes.contains("serde(default");
            table.keys.push(KeyDoc { name, value: value(kind), required: !optional, about: plain(&about.join(" ")) });
            (about, attributes) = (Vec::new(), String::new());
        } else if !line.is_empty() {
            (about, attributes) = (Vec::new(), String::new());
        }
    }
    // Words of the whole file are told by its tables.
    tables.into_iter().filter(|table| table.name != "The whole file.").collect()
}

/// `pub name: Type,`
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, kind) = line.strip_prefix("pub ")?.trim_end_matches(',').split_once(": ")?;
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_').then_some((name, kind))
}

fn renamed(attributes: &str) -> Option<String> {
    let (_, rest) = attributes.split_once("rename = \"")?;
    rest.split_once('"').map(|(name, _)| name.to_owned())
}

/// What may be written for a type, in words.
fn value(kind: &str) -> String {
    let bare = kind.trim_start_matches("Option<").trim_start_matches("Spanned<").trim_end_matches('>');
    if let Some(inner) = bare.strip_prefix("OneOrMany<") {
        return format!("{}, or a list", value(inner));
    }
    if bare.starts_with("Named<") {
        return "tables by name".to_owned();
    }
    if bare.starts_with("Vec<") {
        return "a list of tables".to_owned();
    }
    match bare {
        "Name" => "a declared name",
        "Words" => "words",
        "bool" => "true or false",
        "Amount" => "a whole number from 0",
        "Positive" | "Count" => "a whole number from 1",
        "Length" | "Lasting" | "ExactMs" => "a length of time",
        "Lateness" => "a length of time, or \"none\"",
        "Expires" => "when points are lost",
        "Kind" => "a kind of event",
        "CountedKind" => "a kind of event, or \"transfer\"",
        "Key" => "a field to count by",
        "RaisedVerdict" => "\"flag\", \"hold\", \"step_up\" or \"deny\"",
        "AbsentText" => "\"skip\", or a verdict",
        "ZoneName" => "an IANA time zone",
        "Currency" => "an ISO 4217 code",
        other if other.starts_with("Whole<") => "a whole number",
        other if other.ends_with("Table") => "a table",
        other => return words_of(other),
    }
    .to_owned()
}

/// The words of an enumeration of the sources: `OnPurchase` is written `"on_purchase"`.
fn words_of(name: &str) -> String {
    let head = format!("enum {name} {{");
    let body = SOURCES.iter().find_map(|source| source.split_once(&head)).map_or("", |(_, rest)| rest);
    let body = body.split_once('}').map_or("", |(body, _)| body);
    let words = body.lines().map(str::trim).filter(|line| line.bytes().next().is_some_and(|b| b.is_ascii_uppercase()));
    let snake = words.map(|word| {
        let mut out = String::new();
        for (at, c) in word.trim_end_matches(',').char_indices() {
            if c.is_ascii_uppercase() && at > 0 {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        }
        format!("\"{out}\"")
    });
    let snake: Vec<String> = snake.collect();
    if snake.is_empty() { "a value".to_owned() } else { snake.join(", ") }
}

/// Without the signs of documentation in code.
fn plain(text: &str) -> String {
    text.replace("<name>", "NAME").replace('`', "").trim().to_owned()
}

/// The reference in Markdown, as `rules/README.md` holds it.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from("### Tables and keys of `program.toml`\n");
    for table in tables() {
        out.extend([format!("\n`{}`\n\n| key | value | needed | |\n|---|---|---|---|\n", table.name)]);
        for KeyDoc { name, value, required, about } in table.keys {
            let needed = if required { "yes" } else { "" };
            out.extend([format!("| `{name}` | {} | {needed} | {} |\n", cell(&value), cell(&about))]);
        }
    }
    let list =
        |names: &mut dyn Iterator<Item = &str>| names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    out.extend([format!(
        "\n### Handlers\n\n{}, and `on_custom_NAME` for `custom.NAME`.\n",
        list(&mut HANDLERS.into_iter())
    )]);
    out.push_str(BESIDE);
    out.push_str("\n### Calls\n\n| call | does |\n|---|---|\n");
    out.extend(CALL_DOCS.iter().map(|doc| format!("| `{}` | {} |\n", cell(doc.form), cell(doc.about))));
    out.extend([format!("\nOf the language: {}.\n", list(&mut STANDARD.into_iter()))]);
    out.extend([format!("\n### `event`\n\n{}.\n", list(&mut event::names()))]);
    for (what, names) in occasions() {
        out.extend([format!("\n### `{what}`\n\n{}.\n", list(&mut names.into_iter()))]);
    }
    out.push_str("\n### `member`\n\n| | says |\n|---|---|\n");
    out.extend(MEMBER_DOCS.iter().map(|doc| format!("| `{}` | {} |\n", cell(doc.form), cell(doc.about))));
    out.push_str("\n### Bounds\n\n| what | at most |\n|---|---|\n");
    out.extend(bounds().iter().map(|(what, most)| format!("| {what} | {most} |\n")));
    out
}

/// What the handlers beside events are for.
const BESIDE: &str = "
Beside events, `on_redeem(request, member)` is asked before points are spent or kept aside, `on_tier_change(change, member)` when a
record has moved a member's tier, `on_schedule(tick, member)` when a `[[schedule]]` with `script = true` has come round. There `member`
is as the record leaves them, and what the handler gives belongs to that record; of an order, it goes back with the order.
";

/// What the handlers beside events are given, and every name that may follow it.
#[must_use]
pub fn occasions() -> [(&'static str, Vec<&'static str>); 3] {
    [
        ("request", occasion::request_names().collect()),
        ("change", occasion::change_names().collect()),
        ("tick", occasion::tick_names().collect()),
    ]
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The bounds of programs and scripts.
#[must_use]
pub fn bounds() -> [(&'static str, u64); 10] {
    [
        ("operations of a handler call", SCRIPT_OPERATIONS_MAX),
        ("calls within calls", SCRIPT_CALL_LEVELS_MAX as u64),
        ("bytes of a text in a script", SCRIPT_STRING_BYTES_MAX as u64),
        ("elements of a list", SCRIPT_ARRAY_MAX as u64),
        ("entries of a map", SCRIPT_MAP_MAX as u64),
        ("things an event gives", INTENTS_MAX as u64),
        ("bytes of a script", SCRIPT_BYTES_MAX as u64),
        ("bytes of a program's files together", PROGRAM_BYTES_MAX as u64),
        ("files of a program", PROGRAM_FILES_MAX as u64),
        ("a limit on a count", u64::from(RING_CAPACITY_MAX) - 1),
    ]
}

/// The names of all handlers, but those of custom events.
#[must_use]
pub fn handlers() -> Vec<&'static str> {
    HANDLERS.to_vec()
}

/// The names of an event's fields and questions.
#[must_use]
pub fn event_fields() -> Vec<&'static str> {
    event::names().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::rules::api::member;
    use crate::rules::lint::CALLS;

    const BEGIN: &str = "<!-- the reference begins: it is generated, see the end of this file -->\n";
    const END: &str = "<!-- the reference ends -->";

    fn called(docs: &[ScriptDoc], prefix: &str) -> BTreeSet<String> {
        let name = |doc: &ScriptDoc| doc.form.trim_start_matches(prefix).split('(').next().unwrap().to_owned();
        docs.iter().map(name).collect()
    }

    #[test]
    fn every_call_and_field_is_told_and_nothing_else() {
        let calls: BTreeSet<String> = CALLS.iter().map(|call| call.0.to_owned()).collect();
        assert_eq!(called(CALL_DOCS, ""), calls);
        let fields: BTreeSet<String> = member::NAMES.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(called(MEMBER_DOCS, "member."), fields);
    }

    #[test]
    fn every_key_of_a_table_is_told() {
        let tables = tables();
        let pools = tables.iter().find(|table| table.name == "[pools.NAME]").expect("pools are declared");
        let keys: Vec<_> = pools.keys.iter().map(|key| key.name.as_str()).collect();
        assert!(keys.starts_with(&["expires", "pending", "transferable"]) && keys.contains(&"cost"), "{keys:?}");
        let program = tables.iter().find(|table| table.name == "[program]").expect("a program is declared");
        assert!(program.keys.iter().any(|key| key.name == "zone" && key.required && !key.about.is_empty()));
        assert!(tables.iter().flat_map(|table| &table.keys).all(|key| !key.about.is_empty()));
    }

    /// `rules/README.md` holds the reference as it is generated. With `TALLYSTICK_REFERENCE=write` in the environment this
    /// test writes it.
    #[test]
    fn the_merchants_guide_holds_this_reference() {
        let file = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("rules/README.md");
        let text = fs::read_to_string(&file).unwrap();
        let (before, rest) = text.split_once(BEGIN).expect("the guide has a place for the reference");
        let (held, after) = rest.split_once(END).expect("the reference ends");
        let now = format!("\n{}\n", markdown());
        if std::env::var_os("TALLYSTICK_REFERENCE").is_some_and(|value| value == "write") {
            fs::write(&file, format!("{before}{BEGIN}{now}{END}{after}")).unwrap();
            return;
        }
        assert_eq!(held, now, "run this test with TALLYSTICK_REFERENCE=write");
    }
}

//! Limits that are seldom meant, each with a neighbour that is.

use super::super::{Program, warnings};
use super::{SHOP, files};

/// The codes of what is said about limits of a program.
fn said(limits: &str) -> Vec<&'static str> {
    let files = files(&format!("{SHOP}{limits}"), "");
    let program = Program::compile(&files).unwrap_or_else(|wrong| panic!("{limits}\n{wrong:?}"));
    let codes = warnings(&files, &program, None).into_iter().map(|warning| warning.code);
    let of_limits = ["unreachable_rule", "always_fires", "no_absent"];
    codes.filter(|code| of_limits.contains(code)).collect()
}

/// A limit of three purchases an hour by member, changed as the words say.
fn limit(id: &str, words: &str) -> String {
    let mut table = format!("[[limits]]\nid = \"{id}\"\n");
    let usual =
        [("on", "\"purchase\""), ("key", "\"member\""), ("window", "\"1h\""), ("limit", "3"), ("verdict", "\"hold\"")];
    for (key, value) in usual {
        if !words.split("; ").any(|word| word.starts_with(&format!("{key} ="))) {
            table.extend([key, " = ", value, "\n"]);
        }
    }
    table.push_str(&words.replace("; ", "\n"));
    table.push('\n');
    table
}

#[test]
fn limits_that_are_seldom_meant_are_remarked_upon() {
    for (words, expected) in [
        ("about = \"as it should be\"", None),
        // Nothing of the kind has the field.
        ("key = \"referrer\"; absent = \"skip\"", Some("unreachable_rule")),
        ("on = \"enroll\"; key = \"referrer\"; absent = \"skip\"", None),
        ("key = \"referrer\"; absent = \"flag\"", None),
        ("on = [\"purchase\", \"enroll\"]; key = \"phone\"; absent = \"skip\"", None),
        ("on = \"visit\"; metric = \"distinct\"; of = \"email\"", Some("unreachable_rule")),
        ("on = \"visit\"; metric = \"distinct\"; of = \"device\"", None),
        ("on = \"transfer\"; key = \"card\"; absent = \"skip\"", Some("unreachable_rule")),
        ("on = \"transfer\"; key = \"device\"; absent = \"skip\"", None),
        ("on = \"redeem\"; metric = \"share\"; limit = 100", Some("unreachable_rule")),
        ("on = \"redeem\"; metric = \"share\"; limit = 99", None),
        ("on = \"enroll\"; counts = \"accepted\"; limit = 1", Some("unreachable_rule")),
        // The first one is too many.
        ("limit = 0", Some("always_fires")),
        ("limit = 0; verdict = \"flag\"", None),
        ("limit = 0; current = false", None),
        ("limit = 0; only = \"trifling\"", None),
        ("limit = 0; when = { kind = \"gift\" }", None),
        // Who leaves it out gets round.
        ("key = \"device\"", Some("no_absent")),
        ("key = [\"member\", \"staff\"]", Some("no_absent")),
        ("key = \"device\"; absent = \"skip\"", None),
        ("key = \"device\"; absent = \"hold\"", None),
        ("key = \"device\"; verdict = \"flag\"", None),
        ("on = \"transfer\"; key = [\"member\", \"recipient\"]", None),
    ] {
        assert_eq!(said(&limit("a", words)), expected.into_iter().collect::<Vec<_>>(), "{words}");
    }
}

#[test]
fn a_limit_that_another_makes_needless_is_remarked_upon() {
    let usual = "about = \"as it should be\"";
    for (other, expected) in [
        ("limit = 2; window = \"2h\"", true),
        ("limit = 2; window = \"2h\"; verdict = \"deny\"", true),
        (usual, true),
        ("limit = 2; window = \"2h\"; verdict = \"flag\"", false),
        ("limit = 2; window = \"30m\"", false),
        ("limit = 4; window = \"2h\"", false),
        ("limit = 2; window = \"2h\"; shadow = true", false),
        ("limit = 2; window = \"2h\"; metric = \"sum\"", false),
    ] {
        let both = format!("{}{}", limit("a", usual), limit("b", other));
        assert_eq!(said(&both) == ["unreachable_rule"], expected, "{other}: {:?}", said(&both));
    }
}

//! What is said about a program that is not right, and where.

use super::super::{Program, check};
use super::{SHOP, files};
use crate::ledger::record::{KeyField, KeyFields, Verdict};
use crate::ledger::terms::{Absent, CapPeriod, Expiry, Metric, Period};
use crate::ledger::types::Text;

/// All diagnostics of a manifest and a script, one a line.
fn said(manifest: &str, script: &str) -> String {
    let lines: Vec<_> = check(&files(manifest, script)).iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn manifests() {
    let after = |tables: &str| format!("{SHOP}{tables}");
    for (manifest, expected) in [
        ("[program]\nname = \"x\"\n", "program.toml:1:1: the key \"zone\" is missing"),
        ("[program]\nname = \"x\"\nzone = \"Mars\"\n", "program.toml:3:8: \"Mars\" is not a time zone"),
        (
            "[program]\nname = \"x\"\nzone = \"UTC\"\nzonk = 1\n",
            "program.toml:4:1: there is no key \"zonk\" here (did you mean \"zone\"?)",
        ),
        ("[program\n", "program.toml:1:9: "),
        (
            "[program]\nname = \"x\"\nzone = \"UTC\"\nmax_lateness = \"1 month\"\n",
            "program.toml:4:16: \"1 month\" has no fixed",
        ),
        (
            "[program]\nname = \"x\"\nzone = \"UTC\"\ncurrency = \"dollars\"\n",
            "program.toml:4:12: \"dollars\" is not a currency",
        ),
        (&after("[pools.Points]\n"), "program.toml:16:8: \"Points\" is not a name"),
        (&after("[pools.x]\nexpires = \"soon\"\n"), "program.toml:17:11: \"soon\" is not a length"),
        (&after("[pools.x]\nexpires = 5\n"), "program.toml:17:11: invalid type"),
        (&after("[cards.x]\nsize = 0\nreward = \"free_coffee\"\n"), "program.toml:17:8: 0 is out of range"),
        (
            &after("[cards.x]\nsize = 5\nreward = \"free_cofee\"\n"),
            "program.toml:18:10: no reward \"free_cofee\" is declared (did you mean \"free_coffee\"?)",
        ),
        (&after("[rewards.x]\nprice = { pool = \"pints\", amount = 5 }\n"), "program.toml:17:18: no pool \"pints\""),
        (&after("[rewards.x]\nvalue = -1\n"), "program.toml:17:9: -1 is out of range"),
        (&after("[rewards.x]\nvalue = 1.5\n"), "program.toml:17:9: invalid type: floating point"),
        (&after("[counters.spend]\n"), "program.toml:16:11: the counter \"spend\" is built in"),
        (&after("[referral]\npool = \"x\"\nfriend = 1\nreferrer = 1\n"), "program.toml:17:8: no pool \"x\""),
        (
            &after("[[caps]]\nname = \"a\"\npool = \"points\"\nper = \"week\"\nlimit = 5\n"),
            "program.toml:19:7: there is no value \"week\" here",
        ),
        (&after("[[earn]]\non = \"buy\"\n"), "program.toml:17:6: \"buy\" is not a kind of event"),
        (
            &after("[[earn]]\non = \"visit\"\npool = \"points\"\nreason = \"x\"\n"),
            "program.toml:16:1: [[earn]] gives points, a rate or points per_quantity",
        ),
        (
            &after(
                "[[earn]]\non = \"visit\"\npool = \"points\"\nreason = \"x\"\nrate = { give = 1, per = 1, by_tier = { glod = 2 } }\n",
            ),
            "program.toml:20:41: no tier \"glod\" is declared (did you mean \"gold\"?)",
        ),
        (&after("[[stamp]]\non = \"visit\"\ncard = \"tea\"\n"), "program.toml:18:8: no card \"tea\""),
    ] {
        let said = said(manifest, "");
        assert!(said.starts_with(expected), "{manifest}\n{said}");
    }
}

#[test]
fn tiers_fall_as_their_period_lets_them() {
    let tiers = |what: &str| {
        let levels = "credit = \"spend\"\nlevels = [{ name = \"silver\", from = 1000 }";
        said(&SHOP.replace(levels, &format!("{what}\n{levels}")), "")
    };
    for right in [
        "period = \"anniversary\"",
        "period = \"rolling\"\nwindow = \"12 months\"",
        "period = \"rolling\"\nwindow = \"90 days\"\ngrace = \"2 weeks\"\ndowngrade = \"by_one\"",
        "grace = \"1 month\"\ndowngrade = \"to_fit\"",
        "period = \"lifetime\"",
    ] {
        assert_eq!(tiers(right), "", "{right}");
    }
    for (wrong, expected) in [
        ("period = \"rolling\"", "program.toml:14:10: period = \"rolling\" needs a window, such as"),
        ("window = \"12 months\"", "program.toml:13:10: a window is for period = \"rolling\""),
        (
            "period = \"rolling\"\nwindow = \"36 hours\"",
            "program.toml:14:10: a window is of days, weeks, months or years",
        ),
        (
            "period = \"rolling\"\nwindow = \"6 years\"",
            "program.toml:14:10: a window is of days, weeks, months or years",
        ),
        ("grace = \"0 days\"", "program.toml:13:9: grace is of days, weeks, months or years, at most 12 months"),
        ("period = \"lifetime\"\ngrace = \"1 month\"", "program.toml:14:9: a tier by period = \"lifetime\" does not"),
        ("period = \"lifetime\"\ndowngrade = \"by_one\"", "program.toml:14:13: a tier by period = \"lifetime\" does"),
        ("period = \"anual\"", "program.toml:13:10: there is no value \"anual\" here"),
        ("downgrade = \"by_two\"", "program.toml:13:13: there is no value \"by_two\" here"),
    ] {
        let said = tiers(wrong);
        assert!(said.starts_with(expected), "{wrong}\n{said}");
    }
}

#[test]
fn limits_fit_their_rings() {
    let limit = |what: &str| {
        let text = format!(
            "{SHOP}[[limits]]\nid = \"a\"\non = \"purchase\"\nkey = \"member\"\nwindow = \"1h\"\nverdict = \"hold\"\n{what}"
        );
        said(&text, "")
    };
    assert_eq!(limit("limit = 1023"), "");
    assert_eq!(limit("limit = 1024"), "program.toml:22:9: a limit on a count is at most 1023");
    assert_eq!(limit("limit = 100000\nmetric = \"sum\""), "");
    assert_eq!(limit("limit = 511\ncounts = \"kept\""), "");
    assert_eq!(limit("limit = 512\ncounts = \"kept\""), "program.toml:22:9: a limit on a count is at most 511");
    assert_eq!(limit("limit = 9\nmetric = \"sum\"\ncounts = \"kept\""), "");
    assert!(limit("metric = \"gap\"\ncounts = \"kept\"").contains("what is kept or reversed is a count or a sum"));
    assert_eq!(limit("limit = 1023\ncounts = \"reversed\""), "");
    assert_eq!(limit("limit = 1024\ncounts = \"reversed\""), "program.toml:22:9: a limit on a count is at most 1023");
    for metric in ["max", "min", "last"] {
        assert_eq!(limit(&format!("limit = 100000\nmetric = \"{metric}\"\nunevaluable = \"skip\"")), "");
        assert!(limit(&format!("metric = \"{metric}\"")).contains("a limit says the most that passes"));
    }
    let first = "program.toml:20:10: the first amount is that of a `day`, `week`, `month` or `ever`";
    assert!(limit("limit = 5\nmetric = \"first\"").starts_with(first));
    assert!(limit("limit = 5\nunevaluable = \"zero\"").contains("\"zero\" is not a verdict"));
    assert!(limit("limit = 5\nentries = 10").contains("only a sum needs"));
    assert!(limit("limit = 5\nabsent = \"zero\"").contains("\"zero\" is not a verdict"));
}

#[test]
fn everything_wrong_is_said_at_once() {
    let manifest = format!(
        "{SHOP}[[caps]]\nname = \"a\"\npool = \"x\"\nper = \"day\"\nlimit = 5\n[[caps]]\nname = \"a\"\npool = \"y\"\nper = \"day\"\nlimit = 5\n"
    );
    let said = said(&manifest, "fn on_purchase(event, member) { earn(\"pionts\", 1, \"x\") }\nfn on_visit() {}");
    let lines: Vec<_> = said.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(lines, ["program.toml:22:8", "program.toml:18:8", "program.toml:23:8", "a.rhai:2:4", "a.rhai:1:38"]);
}

#[test]
fn scripts() {
    for (script, expected) in [
        ("fn on_purchase(event, member) { let x = ; }", "a.rhai:1:41: "),
        (
            "fn on_purchase(event, member) {\n  earn(\"pionts\", 1, \"x\")\n}",
            "a.rhai:2:8: no pool \"pionts\" is declared (did you mean \"points\"?)",
        ),
        (
            "fn on_purchase(event, member) { stamp(\"tea\", 1, \"x\") }",
            "a.rhai:1:39: no card \"tea\" is declared (there is \"coffee\")",
        ),
        (
            "fn on_purchase(event, member) { count(\"spend\", 1) }",
            "a.rhai:1:39: no counter \"spend\" is declared (there is \"beauty\")",
        ),
        ("fn on_purchase(event, member) { earn(\"points\", 1) }", "a.rhai:1:33: earn takes 3 values, 2 are given"),
        (
            "fn on_purchase(event, member) { ern(\"points\", 1, \"x\") }",
            "a.rhai:1:33: there is no function ern (did you mean \"earn\"?)",
        ),
        (
            "fn on_purchase(event, member) { event.amonut }",
            "a.rhai:1:39: an event has no \"amonut\" (did you mean \"amount\"?)",
        ),
        ("fn on_purchase(e, m) { m.balance(\"pints\") }", "a.rhai:1:34: no pool \"pints\""),
        ("fn on_purchase(e, m) { m.count(\"spend\", \"week\") }", "a.rhai:1:41: \"week\" is nothing to count over"),
        ("fn on_purchse(event, member) { }", "a.rhai:1:4: no event calls on_purchse (did you mean \"on_purchase\"?)"),
        ("fn on_purchase(event) { }", "a.rhai:1:4: on_purchase takes two values: fn on_purchase(event, member)"),
        (
            "fn on_redeem(request, member) { request.amonut }",
            "a.rhai:1:41: a request has no \"amonut\" (did you mean \"amount\"?)",
        ),
        ("fn on_redeem(request) { }", "a.rhai:1:4: on_redeem takes two values: fn on_redeem(request, member)"),
        (
            "fn on_tier_change(change, member) { price(3) }",
            "a.rhai:1:37: price belongs in on_redeem: nothing is bought here",
        ),
        (
            "fn on_visit(event, member) { deny(\"no\") }",
            "a.rhai:1:30: deny belongs in on_redeem: nothing is bought here",
        ),
        ("fn on_visit(event, member) { member.segment(\"vips\") }", "a.rhai:1:45: no segment \"vips\" is declared"),
        (
            "fn on_schedule(tick, member) { }",
            "a.rhai:1:4: nothing calls on_schedule: declare a [[schedule]] with script = true",
        ),
        ("let x = 5;", "a.rhai:1:1: only functions and constants stand here"),
        ("fn on_purchase(event, member) { earn(\"points\", x, \"x\") }", "a.rhai:1:48: Undefined variable: x"),
    ] {
        let said = said(SHOP, script);
        assert!(said.starts_with(expected), "{script}\n{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn what_is_right_is_left_alone() {
    let script = r#"
        // earn("nothing", 1)
        const POOL = "points";
        private fn half(x) { x / 2 }
        fn on_purchase(event, member) {
            let pool = if member.tier == "gold" { "points" } else { "promo" };
            earn(pool, half(event.amount), `it's ${event.amount}, "ok"`);
            earn(POOL, 1, "a, b", #{ expires: "12m", });
            let names = ["a", "b"];
            if names.contains(event.store) || "a" in names { flag("x", 1, event.day.to_upper()) }
            switch event.weekday { 1..=5 => stamp("coffee", 1, "x"), _ => () }
            for i in 0..len(names) { names[i].len(); }
        }
        fn on_custom_wishlist_add(e, m) { if m.count("spend", "year") > 5 { hold("x") } }
    "#;
    assert_eq!(said(SHOP, script), "");
}

#[test]
fn files_that_are_missing_or_too_many() {
    let empty = super::ProgramFiles::new("shop", vec![]);
    assert_eq!(check(&empty)[0].to_string(), "program.toml: is missing: it declares the program");
    let many = (0..70).map(|n| (Text::new(format!("f{n}.rhai")), String::new()));
    assert!(check(&files(SHOP, "").with(many))[0].message.contains("at most"));
    assert!(!check(&super::ProgramFiles::new("No", files(SHOP, "").files)).is_empty());
}

#[test]
fn case_files_are_read_when_a_program_is_checked() {
    for (content, expected) in [
        (
            "[[case]]\nname = \"x\"\n[[case.step]]\nat = \"yesterday\"\n",
            "tests/a.toml:4:6: \"yesterday\" is not a time",
        ),
        (
            "[[case]]\nname = \"x\"\n[[case.step]]\nat = \"2026-05-02\"\nexpect = { pionts = 1 }\n",
            "tests/a.toml:5:10: nothing called \"pionts\" can be expected (did you mean \"points\"?)",
        ),
        (
            "[[case]]\nname = \"x\"\n[[case.step]]\nat = \"2026-05-02\"\npost = { type = \"buy\" }\n",
            "tests/a.toml:5:8: \"buy\" is not a kind",
        ),
        (
            "[[case]]\nname = \"x\"\n[[case.step]]\nat = \"2026-05-02\"\n[[case.step]]\nat = \"2026-05-01\"\n",
            "tests/a.toml:5:1: time goes back",
        ),
        ("[[case]]\nnome = \"x\"\n", "tests/a.toml:2:1: there is no key \"nome\" here"),
    ] {
        let shop = files(SHOP, "").with([(Text::new("tests/a.toml"), content.to_owned())]);
        let said = check(&shop).first().map(ToString::to_string).unwrap_or_default();
        assert!(said.starts_with(expected), "{content}\n{said}");
    }
}

#[test]
fn terms_say_what_was_declared() {
    let manifest = r#"
[program]
name = "x"
zone = "UTC"
max_lateness = "none"
[pools.points]
expires = "end of year + 1"
pending = "15d"
transferable = true
[cards.coffee]
size = 8
spacing = "30m"
per_day = 2
reward = "mug"
[rewards.mug]
value = 500
price = { pool = "points", amount = 300 }
[[caps]]
name = "monthly"
pool = "points"
per = "month"
limit = 900
[referral]
pool = "points"
friend = 50
referrer = 100
[[limits]]
id = "hour"
on = ["purchase", "enroll"]
key = ["store", "staff"]
window = "1h"
limit = 5
verdict = "flag"
[[limits]]
id = "day"
on = ["enroll", "purchase"]
key = ["store", "staff"]
window = "1d"
limit = 30
verdict = "deny"
absent = "flag"
[[limits]]
id = "moved"
on = "transfer"
key = "recipient"
metric = "sum"
window = "24h"
limit = 100000
verdict = "step_up"
weight = 5
"#;
    let compiled = super::bind(&Program::compile(&files(manifest, "")).unwrap());
    let terms = &compiled.terms;
    assert_eq!((terms.max_lateness_ms, terms.auto_enroll, terms.version), (None, false, 1));
    assert_eq!(terms.pools[0].expiry, Expiry::EndOf { period: Period::Year, after: 1 });
    assert_eq!((terms.cards[0].spacing_ms, terms.cards[0].per_day), (1_800_000, Some(2)));
    assert_eq!(terms.rewards[0].price.unwrap().1.get(), 300);
    assert_eq!(terms.caps[0].period, CapPeriod::Member(Period::Month));
    assert_eq!(compiled.name(terms.caps[0].counter), "cap:monthly");
    assert_eq!(compiled.name(terms.referral.as_ref().unwrap().counter), "referrals");
    let [hour, day, moved, ..] = terms.limits.as_slice() else { panic!("{:?}", terms.limits) };
    assert_eq!((hour.ring, hour.capacity, hour.weight), (day.ring, 63, 20));
    assert_eq!(compiled.name(day.ring), "ring:store+staff:count:enroll+purchase");
    assert_eq!((day.capacity, day.weight, day.absent), (63, 100, Absent::Verdict(Verdict::Flag)));
    assert_eq!(hour.absent, Absent::Skip);
    assert_eq!(Some(hour.key), KeyFields::new(&[KeyField::Store, KeyField::Staff]));
    assert_eq!((moved.metric, moved.capacity, moved.weight), (Metric::Sum, 256, 5));
    assert_eq!(compiled.name(moved.ring), "ring:recipient:sum:transfer");
}

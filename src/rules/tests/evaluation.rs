//! What tables and scripts ask for.

use std::sync::Arc;

use super::super::{Program, ProgramFiles, TraceLine, evaluate_traced};
use super::{AT, SHOP, bind, compiled, files, item, purchase, run, words};
use crate::ledger::calendar::year_of;
use crate::ledger::event::{Birthday, Event, EventKind};
use crate::ledger::member::{Buckets, Counter, Lot, Member, PoolState, Profile};
use crate::ledger::types::{LotId, Money, Points, Text, TimeMs};

/// Runs the body of `on_purchase` of a script against a table of expected proposals.
#[track_caller]
fn bodies(member: Option<&Member>, table: &[(&str, &str)]) {
    for (body, expected) in table {
        let script = format!("fn on_purchase(event, member) {{ {body} }}");
        let compiled = compiled(SHOP, &script);
        assert_eq!(words(&compiled, &run(&compiled, purchase(), member.cloned())), *expected, "{body}");
    }
}

#[test]
fn calls_become_intents_with_their_place() {
    bodies(
        None,
        &[
            ("earn(\"points\", 3, \"why\")", "earn points 3 \"why\" a.rhai:1"),
            ("earn(\"points\", 0, \"why\")", ""),
            (
                "earn(\"promo\", 3, \"why\", #{pending: \"30d\", expires: \"12m\"})",
                "earn promo 3 \"why\" a.rhai:1 (Some(Days(30)), Some(Months(12)))",
            ),
            ("stamp(\"coffee\", 2, \"why\")", "stamp coffee 2 a.rhai:1"),
            ("grant(\"free_coffee\", \"why\")", "grant free_coffee a.rhai:1"),
            ("count(\"beauty\", 1350)", "count beauty 1350"),
            ("flag(\"odd\", 30, \"why\")", "Flag odd 30 \"why\""),
            ("hold(\"why\")", "Hold a.rhai:1 50 \"why\""),
            ("return 5;", ""),
        ],
    );
}

#[test]
fn an_event_shows_what_was_posted() {
    let number = |expression: &str, expected: i64| {
        let script = format!("fn on_purchase(event, member) {{ earn(\"points\", {expression}, \"x\") }}");
        let compiled = compiled(SHOP, &script);
        let expected = if expected == 0 { String::new() } else { format!("earn points {expected} \"x\" a.rhai:1") };
        assert_eq!(words(&compiled, &run(&compiled, purchase(), None)), expected, "{expression}");
    };
    number("event.amount", 1850);
    number("event.spend_in(\"coffee\")", 500);
    number("event.spend_on(\"own\")", 50);
    number("event.spend_tagged(\"sale\")", 1350);
    number("event.quantity_of(\"77\")", 1);
    number("event.items.len()", 3);
    number("{ let n = 0; for item in event.items { n += item.quantity * item.line; } n }", 10);
    number("{ let n = 0; for item in event.items { if item.has_tag(\"sale\") { n += item.amount; } } n }", 1350);
    number("{ let n = 0; for item in event.items { if \"sale\" in item.tags { n += 1; } } n }", 1);
    number("event.tenders.len() + 1", 1);
    number("event.weekday", 6);
    number("event.month * 10000 + event.year", 52026);
    number("event.hour", 21);
    number("mul_div(event.amount, 550, 100000)", 10);
    number("bps(event.amount, 125) + clamp(-5, 1, 9) + max(1, 2) + abs(-3)", 29);
    number("mul_div(-1, 1, 2) + 2", 1);
    number("if event.day == \"2026-05-02\" { 1 } else { 2 }", 1);
    number("if event.type == \"purchase\" && event.store == \"330\" && event.device == \"\" { 1 } else { 2 }", 1);
    number("if event.order == event.id && event.occurred_at == \"2026-05-03T01:30:00Z\" { 1 } else { 2 }", 1);
    number("if event.attribute(\"receipt\") == \"r-1\" && !event.has_attribute(\"none\") { 1 } else { 2 }", 1);
}

/// Silver since last year, with 40 points to spend and 9 to come, and a birthday today.
fn regular() -> Member {
    let year = year_of(20_575);
    let spend = Buckets([(year - 1, 1500), (0, 0)]);
    let lot = |index, remaining, available_at| Lot {
        held: Points::ZERO,
        id: LotId { index, ..LotId::default() },
        amount: Points::new(remaining),
        remaining: Points::new(remaining),
        earned_at: TimeMs::EPOCH,
        available_at,
        expires_at: None,
        active: true,
        received: false,
    };
    let names = Program::compile(&files(SHOP, "")).unwrap();
    let names = bind(&names);
    let id = |name: &str| names.id(name).unwrap();
    let points = PoolState {
        pool: id("points"),
        lots: vec![lot(0, 40, TimeMs::EPOCH), lot(1, 9, TimeMs::NEVER)].into(),
        lifetime: Points::new(70),
        ..PoolState::default()
    };
    let mut beauty = Counter { name: id("beauty"), ..Counter::default() };
    beauty.add(20_575, 300);
    Member {
        enrolled_at: AT.plus_ms(-5 * 86_400_000),
        profile: Arc::new(Profile {
            birthday: Some(Birthday { month: 5, day: 2, year: None }),
            attributes: vec![(Text::new("credit_card"), Text::new("approved"))],
            ..Profile::default()
        }),
        pools: vec![points],
        counters: vec![Counter { name: id("spend"), ever: 1500, years: spend, ..Counter::default() }, beauty],
        ..Member::default()
    }
}

#[test]
fn a_member_shows_how_they_stood_before() {
    let say = |expression: &str| format!("flag(`${{{expression}}}`, 0, \"\")");
    let check = |member: Option<&Member>, expression: &str, expected: &str| {
        bodies(member, &[(&say(expression), &format!("Flag {expected} 0 \"\""))]);
    };
    let regular = regular();
    for (expression, expected) in [
        ("member.id + \"/\" + member.tier", "A/silver"),
        ("member.balance(\"points\") * 1000 + member.lifetime(\"points\")", "40070"),
        ("member.count(\"beauty\", \"day\") + member.count(\"beauty\", \"month\")", "600"),
        ("member.count(\"beauty\", \"year\") + member.count(\"beauty\", \"ever\")", "600"),
        ("member.count(\"spend\", \"ever\") + member.count(\"spend\", \"year\")", "1500"),
        ("member.enrolled_days", "5"),
        ("`${member.is_birthday} ${member.birthday_month}`", "true 5"),
        ("member.attribute(\"credit_card\")", "approved"),
        ("member.stamps(\"coffee\")", "0"),
        ("`${member.has(\"x\")}${member.membership(\"x\")}${member.choice(\"x\")}`", "falsefalse"),
    ] {
        check(Some(&regular), expression, expected);
    }
    let nobody =
        "`${member.id}/${member.tier}/${member.balance(\"points\")}/${member.enrolled_days}/${member.is_birthday}`";
    check(None, nobody, "A//0/0/false");
}

#[test]
fn what_cannot_be_asked_for_is_a_fault_with_its_place() {
    bodies(
        None,
        &[
            (
                "earn(\"po\" + \"nts\", 1, \"x\")",
                "fault a.rhai:1:33 no pool \"ponts\" is declared (did you mean \"points\"?)",
            ),
            ("earn(\"points\", -1, \"x\")", "fault a.rhai:1:33 -1 cannot be earned: from 0 to 9007199254740991"),
            (
                "earn(\"points\", 9007199254740992, \"x\")",
                "fault a.rhai:1:33 9007199254740992 cannot be earned: from 0 to 9007199254740991",
            ),
            ("stamp(\"coffee\", -1, \"x\")", "fault a.rhai:1:33 -1 stamps cannot be given: from 0 to 10000"),
            ("flag(\"x\", 101, \"x\")", "fault a.rhai:1:33 101 is not a weight: from 0 to 100"),
            (
                "earn(\"points\", 1, \"x\", #{when: \"30d\"})",
                "fault a.rhai:1:33 no option \"when\" is declared (there is \"pending\", \"expires\", \"lines\", \"category\", \"brand\", \"tag\", \"sku\", \"back\")",
            ),
            ("earn(\"points\", 1, \"x\"); throw \"no\"", "fault a.rhai:1:57 no"),
            ("hold(\"first\"); throw \"no\"", "Hold a.rhai:1 50 \"first\"; fault a.rhai:1:48 no"),
            ("for i in 0..65 { earn(\"points\", 1, \"x\") }", "fault a.rhai:1:50 an event gives at most 64 things"),
            ("let x = 9223372036854775807; x + 1", "fault a.rhai:1:64 Addition overflow: 9223372036854775807 + 1"),
        ],
    );
}

#[test]
fn constants_at_the_top_are_known_in_functions() {
    let script = "const RATE = 3 * 2;\nconst POOL = \"points\";\nfn twice(x) { x * 2 }\n\
                  fn on_purchase(event, member) { earn(POOL, twice(RATE), \"x\") }";
    let compiled = compiled(SHOP, script);
    assert_eq!(words(&compiled, &run(&compiled, purchase(), None)), "earn points 12 \"x\" a.rhai:4");
}

#[test]
fn every_file_runs_and_a_fault_takes_only_its_own_effects() {
    let mut shop = files(
        SHOP,
        "fn on_purchase(event, member) { earn(\"points\", 1, \"a\"); inner() }\nfn inner() { throw \"no\" }",
    );
    shop =
        shop.with([(Text::new("b.rhai"), "fn on_purchase(event, member) { earn(\"points\", 2, \"b\") }".to_owned())]);
    let compiled = bind(&Program::compile(&shop).unwrap());
    let proposal = run(&compiled, purchase(), None);
    assert_eq!(words(&compiled, &proposal), "earn points 2 \"b\" b.rhai:1; fault a.rhai:2:14 no");
    assert!(proposal.operations > 0);
    let held = shop.with([(Text::new("program.toml"), SHOP.replace("zone =", "on_error = \"hold\"\nzone ="))]);
    let compiled = bind(&Program::compile(&held).unwrap());
    let expected = "earn points 2 \"b\" b.rhai:1; \
                    Hold a.rhai:2:14 0 \"a script failed, and the program holds such events: no\"; fault a.rhai:2:14 no";
    assert_eq!(words(&compiled, &run(&compiled, purchase(), None)), expected);
}

#[test]
fn handlers_are_called_by_kind() {
    let compiled = compiled(
        SHOP,
        "fn on_custom_wishlist_add(e, m) { earn(\"points\", 5, \"wish\") }\nfn on_visit(e, m) { earn(\"points\", 1, \"visit\") }",
    );
    let of_kind = |kind| words(&compiled, &run(&compiled, Event { kind, ..purchase() }, None));
    assert_eq!(of_kind(EventKind::Custom(Text::new("wishlist_add"))), "earn points 5 \"wish\" a.rhai:1");
    assert_eq!(of_kind(EventKind::Visit), "earn points 1 \"visit\" a.rhai:2");
    assert_eq!(of_kind(EventKind::Purchase), "");
    assert_eq!(of_kind(EventKind::Custom(Text::new("other"))), "");
}

/// Runs a table of the manifest, for somebody and for a regular.
#[track_caller]
fn table(tables: &str, event: &Event, expected: &str, expected_regular: &str) {
    let compiled = compiled(&format!("{SHOP}\n{tables}"), "");
    let regular = regular();
    assert_eq!(words(&compiled, &run(&compiled, event.clone(), None)), expected, "{tables}");
    assert_eq!(words(&compiled, &run(&compiled, event.clone(), Some(regular))), expected_regular, "{tables}");
}

#[test]
fn tables_need_no_script() {
    let earn = |what: &str| format!("[[earn]]\non = \"purchase\"\npool = \"points\"\nreason = \"x\"\n{what}");
    let points = |points: i64| format!("earn points {points} \"x\" program.toml:17");
    let same = |what: &str, expected: &str| table(&earn(what), &purchase(), expected, expected);
    same("points = 5", &points(5));
    same("rate = { give = 1, per = 100 }", &points(18));
    same("rate = { give = 1, per = 10000 }", "");
    same("rate = { give = 9007199254740991, per = 1 }", &points(9_007_199_254_740_991));
    same("rate = { give = 2, per = 100 }\nlines = { category = \"coffee\" }", &points(10));
    same("rate = { give = 2, per = 100 }\nlines = { category = [\"coffee\", \"tea\"], brand = \"own\" }", &points(1));
    same("rate = { give = 1, per = 100 }\nexcept = { tag = \"sale\", category = \"tea\" }", &points(5));
    same("points = 5\nlines = { category = \"tea\" }", "");
    same("points = 5\nlines = { sku = \"77\" }\nminimum = 450", &points(5));
    same("points = 5\nlines = { sku = \"77\" }\nminimum = 451", "");
    table(&earn("rate = { give = 1, per = 100, by_tier = { silver = 2 } }"), &purchase(), &points(18), &points(37));
    let plain = Event { items: vec![], given_amount: Some(Money::new(900)), ..purchase() };
    table(&earn("points = 5\nexcept = { tag = \"sale\" }"), &plain, &points(5), &points(5));
    table(&earn("points = 5\nlines = { tag = \"sale\" }"), &plain, "", "");
    table(&earn("points = 5"), &Event { kind: EventKind::Visit, ..purchase() }, "", "");
    let once = format!("{}\nonce = \"ever\"", earn("points = 5"));
    let paid = format!("{}; count once:earn:points:purchase 1", points(5));
    table(&once, &purchase(), &paid, &paid);
    let stamp = |what: &str| format!("[[stamp]]\non = [\"purchase\", \"visit\"]\ncard = \"coffee\"\n{what}");
    table(
        &stamp("lines = { category = \"coffee\" }"),
        &purchase(),
        "stamp coffee 1 program.toml:17",
        "stamp coffee 1 program.toml:17",
    );
    let each = stamp("lines = { category = \"coffee\" }\nper_quantity = true");
    table(&each, &purchase(), "stamp coffee 4 program.toml:17", "stamp coffee 4 program.toml:17");
    let grant = "[[grant]]\non = \"purchase\"\nreward = \"free_coffee\"\nreason = \"x\"";
    table(grant, &purchase(), "grant free_coffee program.toml:17", "grant free_coffee program.toml:17");
    let count =
        "[[count]]\non = \"purchase\"\ncounter = \"beauty\"\nof = \"amount\"\nlines = { category = \"beauty\" }";
    table(count, &purchase(), "count beauty 1350", "count beauty 1350");
}

#[test]
fn what_pays_once_is_remembered() {
    for (once, day, pays) in [("ever", 20_000, false), ("day", 20_575, false), ("day", 20_574, true)] {
        let tables = format!(
            "{SHOP}\n[[earn]]\non = \"purchase\"\npool = \"points\"\npoints = 5\nid = \"hello\"\nonce = \"{once}\"\nreason = \"x\""
        );
        let compiled = compiled(&tables, "");
        let mut counter = Counter { name: compiled.id("once:hello").unwrap(), ..Counter::default() };
        counter.add(day, 1);
        let member = Member { counters: vec![counter], ..Member::default() };
        assert_eq!(!run(&compiled, purchase(), Some(member)).intents.is_empty(), pays, "{once} {day}");
    }
}

#[test]
fn a_trace_says_what_fired_and_why_not() {
    let tables = format!("{SHOP}\n[[earn]]\non = \"visit\"\npool = \"points\"\npoints = 5\nreason = \"x\"");
    let compiled = compiled(
        &tables,
        "fn on_purchase(event, member) { earn(\"points\", 1, \"x\") }\nfn on_visit(event, member) {}",
    );
    let (proposal, trace) = evaluate_traced(&compiled, &Arc::new(purchase()), None, AT);
    assert_eq!(proposal, run(&compiled, purchase(), None));
    let words = |line: &TraceLine| {
        let TraceLine { rule, file, line, fired, detail, operations } = line;
        format!(
            "{rule} {file}:{line} {fired} {detail}{}",
            operations.map_or("", |used| if used > 0 { ", counted" } else { "" })
        )
    };
    let trace: Vec<_> = trace.iter().map(words).collect();
    assert_eq!(
        trace,
        [
            "program.toml:17 program.toml:17 false not for this kind of event",
            "a.rhai:on_purchase a.rhai:1 true earn 1 points (x, a.rhai:1), counted",
            "a.rhai:on_visit a.rhai:2 false not for purchase events",
        ]
    );
}

#[test]
fn many_programs_on_one_thread_keep_apart_and_nothing_is_kept() {
    let programs: Vec<_> = (1..=80)
        .map(|points| compiled(SHOP, &format!("fn on_purchase(e, m) {{ earn(\"points\", {points}, \"x\") }}")))
        .collect();
    let event = Arc::new(Event { items: vec![item("coffee", 1)], ..purchase() });
    let member = Arc::new(Member::default());
    for _ in 0..2 {
        for (at, compiled) in programs.iter().enumerate() {
            let proposal = super::evaluate(compiled, &event, Some(&member), AT);
            assert_eq!(words(compiled, &proposal), format!("earn points {} \"x\" a.rhai:1", at + 1));
        }
    }
    assert_eq!((Arc::strong_count(&event), Arc::strong_count(&member)), (1, 1));
}

#[test]
fn names_come_in_one_order_each_once() {
    let program = Program::compile(&ProgramFiles::new("shop", files(SHOP, "").files)).unwrap();
    assert_eq!(
        program.names().into_iter().filter(|name| !name.contains(':')).collect::<Vec<_>>().join(" "),
        "points promo coffee free_coffee silver gold spend purchases referrals beauty"
    );
}

//! Scripts that loop, recurse, allocate or reach out: each ends within its budget, as a fault or before it ever runs.

use std::time::{Duration, Instant};

use super::super::check;
use super::{SHOP, compiled, files, purchase, run, words};

/// Runs the body of `on_purchase`; the fault's message.
fn fault(functions: &str, body: &str) -> String {
    let compiled = compiled(SHOP, &format!("{functions}\nfn on_purchase(event, member) {{ {body} }}"));
    let started = Instant::now();
    let proposal = run(&compiled, purchase(), None);
    // Its budget is a few milliseconds of work; a busy machine may take its time.
    assert!(started.elapsed() < Duration::from_secs(20), "{body} ran too long");
    assert!(proposal.intents.is_empty(), "{body} kept its effects");
    assert_eq!(proposal.faults.len(), 1, "{body} did not fail");
    words(&compiled, &proposal)
}

#[test]
fn what_does_not_end_is_ended() {
    for (functions, body, expected) in [
        ("", "earn(\"points\", 1, \"x\"); loop { }", "Too many operations"),
        ("", "while true { let x = 1; }", "Too many operations"),
        ("", "for i in 0..9223372036854775807 { i + 1; }", "Too many operations"),
        ("fn f(n) { f(n + 1) }", "f(0)", "Stack overflow"),
        ("fn f(n) { f(n - 1) + f(n - 1) }", "f(0)", "Stack overflow"),
        ("", "let s = \"xxxxxxxx\"; loop { s += s; }", "Length of string too large"),
        ("", "let a = [0]; loop { a.push(0); }", "Size of array/BLOB too large"),
        ("", "let a = [0]; loop { a += a; }", "Size of array/BLOB too large"),
        ("", "let a = []; for i in 0..250 { a.push(i); } loop { a.contains(-1); }", "Too many operations"),
        (
            "",
            "let a = []; for i in 0..250 { a.push(i); } let m = #{}; let i = 0; loop { m[`${i}`] = a; i += 1; }",
            "Too many operations",
        ),
        (
            "",
            "let s = \"x\"; for i in 0..11 { s += s; } loop { s.replace(\"x\", \"y\"); s.replace(\"y\", \"x\"); }",
            "Too many operations",
        ),
        (
            "fn f(n) { 1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + (1 + f(n + 1))))))))))))) }",
            "f(0)",
            "Stack overflow",
        ),
        ("", "let m = #{}; let i = 0; loop { m[`${i}`] = i; i += 1; }", "Too many operations"),
        ("", "let a = []; a.pad(1000000000, 0);", "Function not found"),
        ("", "let s = \"x\"; s.pad(1000000000, \"y\");", "Length of string too large"),
        ("", "event.amount = 5;", "No writable property 'amount'"),
        ("", "event.items[0]", "Items"),
        ("", "1 / 0", "Division by zero"),
        ("", "9223372036854775807 + event.amount", "overflow"),
        ("", "-9223372036854775807 - event.amount - 2", "overflow"),
        ("", "event.amount * 9223372036854775807", "overflow"),
        ("fn a(n) { b(n) } fn b(n) { a(n) }", "a(1)", "Stack overflow"),
        ("", "let a = []; loop { a = [a]; }", "too large"),
        ("", "let m = #{}; loop { m = #{a: m}; }", "too large"),
        ("", "let s = `x`; loop { s = `${s}${s}`; }", "Length of string too large"),
        ("", "earn(\"points\", 9007199254740992, \"x\")", "cannot be earned"),
        ("", "throw \"stop\"", "stop"),
        ("", "try { loop { } } catch { earn(\"points\", 1, \"x\") }", "Too many operations"),
    ] {
        let fault = fault(functions, body);
        assert!(fault.contains(expected), "{body}: {fault}");
        assert!(fault.starts_with("fault a.rhai"), "{body}: {fault}");
    }
}

#[test]
fn what_only_wastes_is_ended() {
    for (functions, body, expected) in [
        ("", "do { let x = 1; } while true", "Too many operations"),
        ("", "do { } until false", "Too many operations"),
        ("", "let n = 0; for c in \"xxxxxxxxxx\".chars() { for d in 0..1000000000 { n = d; } }", "Too many operations"),
        (
            "",
            "let s = `x`; for i in 0..11 { s += s; } loop { s.index_of(\"xxxxxxxxy\"); s.contains(\"xxxxxy\"); }",
            "Too many operations",
        ),
        (
            "",
            "let s = `x`; for i in 0..11 { s += s; } loop { s.to_upper(); s.trim(); s.sub_string(1); }",
            "Too many operations",
        ),
        (
            "",
            "let m = #{}; for i in 0..127 { m[`${i}`] = i; } loop { m.keys(); m.contains(\"none\"); }",
            "Too many operations",
        ),
        ("", "let s = \"\"; loop { s += event.id + event.source + member.id; }", "Length of string too large"),
        ("", "let s = `x`; for i in 0..11 { s += s; } s.split(\"x\")", "too large"),
        ("fn f(s) { f(s + s) }", "f(\"x\")", "too large"),
        ("", "loop { earn(\"points\", 1, \"x\"); }", "at most 64 things"),
        ("", "loop { flag(\"a\", 1, \"x\"); }", "at most 64 times"),
        ("", "loop { member.balance(\"points\"); }", "Too many operations"),
        ("", "loop { event.spend_in(\"coffee\"); }", "Too many operations"),
        ("", "let n = 1; loop { n *= 2; }", "overflow"),
        ("", "parse_int(\"99999999999999999999\")", "parsing"),
        ("", "mul_div(9223372036854775807, 9223372036854775807, 1)", "too large a number"),
    ] {
        let fault = fault(functions, body);
        assert!(fault.contains(expected), "{body}: {fault}");
    }
}

#[test]
fn what_reaches_out_does_not_compile() {
    for body in [
        "eval(\"1\")",
        "import \"x\" as y;",
        "print(1)",
        "debug(1)",
        "sleep(1)",
        "timestamp()",
        "rand()",
        "exit()",
        "let f = |x| x + 1; f.call(1)",
        "Fn(\"on_purchase\")",
        "let x = 1.5;",
        "undeclared",
        "export let x = 1;",
        "let f = |a| a; f(1)",
        "call(\"earn\")",
        "1e3",
        "99999999999999999999",
        "let earn = 5; earn(\"points\", 1, \"x\") +",
        "private fn f() { }",
        "fn inner() { }",
    ] {
        let wrong = check(&files(SHOP, &format!("fn on_purchase(event, member) {{ {body} }}")));
        assert!(!wrong.is_empty(), "{body} compiled");
        assert!(wrong.iter().all(|wrong| wrong.line == 1 && wrong.file == "a.rhai"), "{body}: {wrong:?}");
    }
}

/// The list of known functions is not what keeps them out: they are not there.
#[test]
fn nothing_that_waits_is_in_the_engine() {
    for call in ["sleep(1)", "timestamp()", "exit(1)"] {
        let sneaky = format!("fn on_purchase(event, member) {{ 1.{call} }}");
        let wrong = check(&files(SHOP, &sneaky));
        if wrong.is_empty() {
            let compiled = compiled(SHOP, &sneaky);
            assert!(words(&compiled, &run(&compiled, purchase(), None)).contains("Function not found"), "{call}");
        }
    }
}

/// A variable may have a call's or an argument's name: the call is still the call, the argument is the script's to lose.
#[test]
fn shadowed_names_change_nothing_else() {
    for (body, expected) in [
        ("let earn = 5; earn(\"points\", earn, \"x\")", "earn points 5 \"x\" a.rhai:2"),
        ("let event = 7; earn(\"points\", event, \"x\")", "earn points 7 \"x\" a.rhai:2"),
    ] {
        let compiled = compiled(SHOP, &format!("\nfn on_purchase(event, member) {{ {body} }}"));
        assert_eq!(words(&compiled, &run(&compiled, purchase(), None)), expected, "{body}");
    }
}

/// What one program's script does to its budget is its own: the next program on the same thread is asked as if nothing had been.
#[test]
fn a_hostile_program_leaves_the_next_one_alone() {
    let hostile = compiled(SHOP, "fn on_purchase(event, member) { let s = \"x\"; loop { s.len(); } }");
    let honest = compiled(SHOP, "fn on_purchase(event, member) { earn(\"points\", 1, \"x\") }");
    let alone = run(&honest, purchase(), None);
    assert_eq!(words(&honest, &alone), "earn points 1 \"x\" a.rhai:1");
    for _ in 0..50 {
        let fault = run(&hostile, purchase(), None);
        assert!(fault.operations > 40_000 && fault.operations <= 50_001, "{}", fault.operations);
        assert_eq!(run(&honest, purchase(), None), alone, "operations included");
    }
}

/// A function of a script's own would take the place of the call, silently.
#[test]
fn the_names_of_calls_are_taken() {
    for name in ["earn", "grant", "hold", "len", "clamp"] {
        let source =
            format!("fn {name}(a, b, c) {{ }}\nfn on_purchase(event, member) {{ earn(\"points\", 1, \"x\"); }}");
        let wrong = check(&files(SHOP, &source));
        assert!(
            wrong.iter().any(|wrong| wrong.line == 1 && wrong.message.contains("another name")),
            "{name}: {wrong:?}"
        );
    }
}

#[test]
fn sources_that_hurt_a_parser_are_diagnosed() {
    let deep = format!("fn on_purchase(event, member) {{ {}1{} }}", "(".repeat(10_000), ")".repeat(10_000));
    let nested = format!("fn on_purchase(event, member) {}{}", "{".repeat(5_000), "}".repeat(5_000));
    let large = format!("// {}", "x".repeat(40_000));
    let many = (0..100).fold(String::new(), |text, n| text + format!("fn f{n}() {{}}\n").as_str());
    let variables = (0..100).fold(String::new(), |text, n| text + format!("let v{n} = 1;").as_str());
    for source in [deep, nested, large, many, "fn on_purchase(".to_owned(), "\u{0}\u{1}{{{".to_owned(), "\"".to_owned()]
    {
        let wrong = check(&files(SHOP, &source));
        assert!(!wrong.is_empty(), "{}", source.get(..60).unwrap_or(&source));
    }
    let compiled_or_not = format!("fn on_purchase(event, member) {{ {variables} }}");
    if check(&files(SHOP, &compiled_or_not)).is_empty() {
        assert!(fault("", &variables).contains("Too many variables"));
    }
}

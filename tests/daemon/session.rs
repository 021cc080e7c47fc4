//! A merchant's session, command by command: from a typo to activation and rollback. What is printed is what `rules/README.md`
//! shows; with `TALLYSTICK_REFERENCE=write` in the environment the test writes it there.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::client::Client;
use super::process::Ledger;

const BEGIN: &str = "<!-- the session begins: it is written by a test, see tests/daemon/session.rs -->\n";
const END: &str = "<!-- the session ends -->";

const DOUBLE: &str = "// Twice the points on produce.\nfn on_purchase(event, member) {\n    earn(\"points\", event.spend_in(\"produce\") / 100, \"produce counts twice\");\n}\n";

/// What the session has shown so far.
struct Session {
    folder: tempfile::TempDir,
    shown: String,
}

impl Session {
    fn say(&mut self, command: &str, output: &str) {
        self.shown.extend(["$ ", command, "\n"]);
        for line in output.lines() {
            self.shown.push_str(line.trim_end());
            self.shown.push('\n');
        }
    }

    /// Runs a subcommand in the session's folder; it must end as expected.
    fn run(&mut self, words: &str, code: i32) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tallystick"));
        let done = command.args(words.split(' ')).current_dir(self.folder.path()).output().unwrap();
        let said = String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(code), "{words}: {said}");
        let note = if code == 0 { String::new() } else { format!("    # exit {code}") };
        self.say(&format!("tallystick {words}{note}"), &without_times(&said));
    }

    fn edit(&mut self, file: &str, from: &str, to: &str) {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
        self.say(&format!("sed -i 's/{from}/{to}/' {file}"), "");
    }

    /// Sends a request, and shows some of what is answered.
    fn ask(&mut self, client: &mut Client, (method, path): (&str, &str), body: (&str, &Value), show: &[&str]) -> Value {
        let at = format!("/v1/programs/bakery{path}");
        let answer = if method == "GET" { client.get(&at) } else { client.post(&at, body.1) };
        assert!(answer.status < 300, "{path}: {}", answer.text());
        let answer = answer.json();
        let shown: Vec<String> = show
            .iter()
            .map(|pointer| {
                let (name, pointer) = pointer.split_once('=').unwrap_or((pointer.rsplit('/').next().unwrap(), pointer));
                format!("{name}: {}", answer.pointer(pointer).unwrap_or(&Value::Null))
            })
            .collect();
        let data = if method == "GET" { String::new() } else { format!(" --json {}", body.0) };
        self.say(&format!("curl -s $P{path}{data}"), &format!("  {}", shown.join(", ")));
        answer
    }
}

/// How long something took is another thing each time.
fn without_times(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        for (at, word) in words.iter().enumerate() {
            let unit = words.get(at + 1).is_some_and(|next| ["ms", "s"].contains(&next.trim_end_matches(')')));
            let number = word.trim_start_matches('(');
            let timed = unit && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            out.push_str(if at > 0 { " " } else { "" });
            out.push_str(&if timed { word.replace(number, "…") } else { (*word).to_owned() });
        }
        out.push('\n');
    }
    out
}

fn purchase(id: &str) -> Value {
    json!({"id": id, "source": "till-1", "type": "purchase", "member": "ana", "occurred_at": "1970-01-01T00:00:00Z",
        "items": [{"line": 1, "category": "produce", "amount": 1000}, {"line": 2, "category": "bread", "amount": 550}]})
}

#[test]
fn a_merchants_session_is_as_the_guide_shows_it() {
    let folder = tempfile::TempDir::new().unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    let mut session = Session { folder, shown: String::new() };
    session.run("new points rules/bakery", 0);
    session.edit("rules/bakery/program.toml", "pool = \"points\"", "pool = \"ponts\"");
    session.run("check --frames", 1);
    session.edit("rules/bakery/program.toml", "pool = \"ponts\"", "pool = \"points\"");
    session.run("check", 0);
    session.run("test -v", 0);
    let rules = session.folder.path().join("rules");
    let ledger = Ledger::with_rules(rules);
    session.say("tallystick serve --insecure-no-auth &", "");
    session.say("P=http://localhost:7070/v1/programs/bakery", "");
    let daemon = ledger.start();
    drafted(&mut session, &mut daemon.client());
    activated(&mut session, &mut daemon.client());
    drop(daemon);
    ledger.expect_verified();
    shown(&session.shown);
}

fn drafted(session: &mut Session, client: &mut Client) {
    let version = "version=/ruleset/version";
    session.ask(
        client,
        ("POST", "/events"),
        ("@basket-1.json", &purchase("b-1")),
        &["/status", "amount=/effects/1/amount", version],
    );
    session.say("cat double.rhai", DOUBLE);
    let typo = json!({"files": {"double.rhai": DOUBLE.replace("spend_in", "spent_in")}});
    let refused = client.post("/v1/programs/bakery/rulesets", &typo).expect_status(422).json();
    assert!(refused["diagnostics"][0]["message"].as_str().unwrap().contains("did you mean \"spend_in\""), "{refused}");
    let files = json!({"files": {"double.rhai": DOUBLE}, "author": "ana", "message": "produce counts twice"});
    session.ask(client, ("POST", "/rulesets"), ("@draft.json", &files), &["/version", "/state", "/author", "/message"]);
    let simulated = json!({"event": purchase("b-2"), "ruleset": "draft", "explain": true});
    session.ask(
        client,
        ("POST", "/simulate"),
        ("@simulate.json", &simulated),
        &[
            "would_earn=/effects/1/amount",
            "rule=/effects/1/rule",
            "live=/live/balance/pools/points/available",
            "draft=/balance/pools/points/available",
            "/changed",
            "operations=/cost/operations",
        ],
    );
    session.ask(client, ("POST", "/rulesets/2/shadow"), ("'{}'", &json!({})), &["/state"]);
    session.ask(client, ("POST", "/events"), ("@basket-3.json", &purchase("b-3")), &["/status", version]);
    session.ask(
        client,
        ("GET", "/rulesets/2"),
        ("", &Value::Null),
        &["events=/shadow/events", "changed=/shadow/changed", "points=/shadow/pools/points"],
    );
    session.ask(
        client,
        ("POST", "/rulesets/2/backtest"),
        ("'{}'", &json!({})),
        &[
            "compared=/events/compared",
            "changed=/events/changed",
            "points=/pools/0/difference",
            "winners=/members/winners",
        ],
    );
}

fn activated(session: &mut Session, client: &mut Client) {
    let version = "version=/ruleset/version";
    session.ask(
        client,
        ("POST", "/rulesets/2/activate"),
        ("'{\"stores\": [\"330\"]}'", &json!({"stores": ["330"]})),
        &["/state", "/stores"],
    );
    session.ask(client, ("POST", "/rulesets/2/activate"), ("'{}'", &json!({})), &["/state", "/activated_at"]);
    session.ask(
        client,
        ("POST", "/events"),
        ("@basket-4.json", &purchase("b-4")),
        &["/effects/0/amount", "and=/effects/1/amount", version],
    );
    session.ask(
        client,
        ("POST", "/rulesets/2/rollback"),
        ("'{\"message\": \"too dear\"}'", &json!({"message": "too dear"})),
        &["/version", "/state"],
    );
    session.ask(client, ("POST", "/events"), ("@basket-5.json", &purchase("b-5")), &["/effects/0/amount", version]);
    session.ask(
        client,
        ("POST", "/rulesets/2/activate"),
        ("'{\"at\": \"1970-12-24\"}'", &json!({"at": "1970-12-24"})),
        &["/state", "at=/planned/0/at"],
    );
    session.ask(
        client,
        ("GET", "/rulesets"),
        ("", &Value::Null),
        &[
            "newest=/data/0/version",
            "is=/data/0/state",
            "before=/data/1/version",
            "is=/data/1/state",
            "left_because=/data/0/left_because",
        ],
    );
}

/// The guide holds what the session has shown.
fn shown(session: &str) {
    let file = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("rules/README.md");
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the guide has a place for the session");
    let (held, after) = rest.split_once(END).expect("the session ends");
    let now = format!("\n```\n{session}```\n");
    if std::env::var_os("TALLYSTICK_REFERENCE").is_some_and(|value| value == "write") {
        fs::write(&file, format!("{before}{BEGIN}{now}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(held, now, "run this test with TALLYSTICK_REFERENCE=write");
}

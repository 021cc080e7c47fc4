//! Tests of programs through one door: files in, a proposal or diagnostics out, as text.

mod catalogue;
mod diagnostics;
mod doubtful;
mod evaluation;
mod hostile;
mod shipped;

use std::sync::Arc;

use super::{Compiled, Program, ProgramFiles, evaluate};
use crate::ledger::event::{Context, Event, EventKind, Item};
use crate::ledger::member::Member;
use crate::ledger::proposal::{Intent, Proposal};
use crate::ledger::types::{Money, NameId, Text, TimeMs};

/// A program with something of everything.
const SHOP: &str = r#"
[program]
name = "Shop"
zone = "America/New_York"
[pools.points]
expires = "12 months"
[pools.promo]
[cards.coffee]
size = 10
reward = "free_coffee"
[rewards.free_coffee]
[tiers]
credit = "spend"
levels = [{ name = "silver", from = 1000 }, { name = "gold", from = 2000 }]
[counters.beauty]
"#;

/// 2026-05-02 21:30 in New York: a Saturday there, a Sunday in Greenwich.
const AT: TimeMs = TimeMs::new(1_777_771_800_000);

fn files(manifest: &str, script: &str) -> ProgramFiles {
    let mut files = vec![(Text::new("program.toml"), manifest.to_owned())];
    if !script.is_empty() {
        files.push((Text::new("a.rhai"), script.to_owned()));
    }
    ProgramFiles::new("shop", files)
}

/// Binds names to their place in the program's own list.
fn bind(program: &Program) -> Arc<Compiled> {
    let names = program.names();
    let id = |name: &str| Some(NameId::new(u16::try_from(names.iter().position(|known| known == name)?).unwrap()));
    Arc::new(program.bind(1, id))
}

fn compiled(manifest: &str, script: &str) -> Arc<Compiled> {
    bind(&Program::compile(&files(manifest, script)).unwrap())
}

fn item(category: &str, amount: i64) -> Item {
    Item { line: 1, category: Some(Text::new(category)), quantity: 1, amount: Money::new(amount), ..Item::default() }
}

/// A purchase of 18.50: 5.00 of coffee in two lines, 13.50 of beauty.
fn purchase() -> Event {
    Event {
        id: Text::new("e1"),
        source: Text::new("till"),
        kind: EventKind::Purchase,
        member: Text::new("A"),
        occurred_at: AT,
        order: None,
        currency: None,
        given_amount: None,
        items: vec![
            Item { sku: Some(Text::new("77")), ..item("coffee", 450) },
            Item { line: 2, quantity: 3, brand: Some(Text::new("own")), ..item("coffee", 50) },
            Item { line: 3, tags: vec![Text::new("sale")], ..item("beauty", 1350) },
        ],
        tenders: vec![],
        context: Context { store: Some(Text::new("330")), ..Context::default() },
        membership: None,
        personal: None,
        attributes: vec![(Text::new("network"), Text::new("x")), (Text::new("receipt"), Text::new("r-1"))],
    }
}

fn run(compiled: &Arc<Compiled>, event: Event, member: Option<Member>) -> Proposal {
    evaluate(compiled, &Arc::new(event), member.map(Arc::new).as_ref(), AT)
}

/// A proposal in a few words.
fn words(compiled: &Compiled, proposal: &Proposal) -> String {
    let mut words = Vec::new();
    for intent in &proposal.intents {
        words.push(match intent {
            Intent::Earn { pool, amount, reason, rule, pending, expires, .. } => {
                let own = match (pending, expires) {
                    (None, None) => String::new(),
                    own => format!(" {own:?}"),
                };
                format!("earn {} {amount} {reason:?} {rule}{own}", compiled.name(*pool))
            }
            Intent::Stamp { card, marks, rule, .. } => format!("stamp {} {} {rule}", compiled.name(*card), marks.len()),
            Intent::Grant { reward, rule, .. } => format!("grant {} {rule}", compiled.name(*reward)),
            Intent::Seen { name, value } => format!("once for {} {value}", compiled.name(*name)),
            Intent::Count { counter, amount, .. } => format!("count {} {amount}", compiled.name(*counter)),
        });
    }
    for reason in &proposal.raised {
        words.push(format!("{:?} {} {} {:?}", reason.verdict, reason.rule, reason.weight, reason.detail));
    }
    for fault in &proposal.faults {
        words.push(format!("fault {} {}", fault.at, fault.message));
    }
    words.join("; ")
}

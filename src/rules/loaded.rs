//! A program as one thread runs it: its scripts parsed, and the texts its calls keep producing.
//!
//! Parsed scripts cannot be shared between threads, so every thread that evaluates parses them once. Never leaves its
//! thread.

use std::cell::RefCell;
use std::sync::Arc;

use rhai::{AST, Engine, ImmutableString, Position};

use super::bound::Compiled;
use super::sandbox;
use crate::ledger::types::{NameId, Text};

/// Call sites whose texts are kept; a program has a handful.
const CALL_SITES_MAX: usize = 256;

/// A compiled program on its thread.
pub(super) struct Loaded {
    pub compiled: Arc<Compiled>,
    pub scripts: Vec<AST>,
    tiers: Vec<(NameId, ImmutableString)>,
    no_tier: ImmutableString,
    sites: RefCell<Vec<Site>>,
}

/// A place in a script that asked for something, and what it said last time: nearly always the same.
struct Site {
    script: usize,
    line: usize,
    rule: Text,
    reason: Text,
}

impl Loaded {
    /// Parses a program's scripts on this thread.
    pub fn new(engine: &mut Engine, compiled: &Arc<Compiled>) -> Self {
        let parse = |script: &super::script::Script| {
            sandbox::compile(engine, &script.source).expect("the same source compiled when the program was checked")
        };
        let scripts = compiled.scripts().iter().map(parse).collect();
        let levels = compiled.terms.tiers.iter().flat_map(|tiers| &tiers.levels);
        let tiers = levels.map(|level| (level.name, compiled.name(level.name).as_str().into())).collect();
        let (no_tier, sites) = (ImmutableString::new(), RefCell::default());
        Self { compiled: Arc::clone(compiled), scripts, tiers, no_tier, sites }
    }

    /// A tier as scripts see it: `""` for none.
    pub fn tier_name(&self, tier: Option<NameId>) -> ImmutableString {
        let named = self.tiers.iter().find(|(known, _)| Some(*known) == tier);
        named.map_or_else(|| self.no_tier.clone(), |(_, name)| name.clone())
    }

    /// The rule (`earn.rhai:4`) and reason of a call, without making them anew for every event.
    pub fn noted(&self, script: usize, position: Position, reason: &str) -> (Text, Text) {
        let line = position.line().unwrap_or(0);
        let mut sites = self.sites.borrow_mut();
        if let Some(site) = sites.iter_mut().find(|site| site.line == line && site.script == script) {
            if site.reason != reason {
                site.reason = Text::new(reason);
            }
            return (site.rule.clone(), site.reason.clone());
        }
        let file = self.compiled.scripts().get(script).map_or("?", |script| script.file.as_str());
        let (rule, reason) = (smol_str::format_smolstr!("{file}:{line}"), Text::new(reason));
        if sites.len() < CALL_SITES_MAX {
            sites.push(Site { script, line, rule: rule.clone(), reason: reason.clone() });
        }
        (rule, reason)
    }
}

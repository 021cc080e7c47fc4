//! A version of a program, ready to evaluate: terms, names in both directions, rules of the manifest and script sources.
//!
//! Immutable and shared between threads; what cannot be shared (parsed scripts) each thread makes for itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::manifest::{ErrorLimitTable, Manifest, OnError};
use super::meter::{Meter, RuleCost};
use super::page::{Page, page};
use super::script::{Handled, Script};
use super::segments::Segments;
use super::tables::{self, Rule};
use super::terms::{self, Ids};
use super::validate::BUILT_IN_COUNTERS;
use crate::ledger::event::EventKind;
use crate::ledger::terms::Terms;
use crate::ledger::types::{NameId, Text, TimeMs};

/// A program whose names have their numbers.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What the ledger decides by.
    pub terms: Arc<Terms>,
    /// Tells compiled programs apart within this process, also after one is dropped. Of one identity all is the same but the
    /// instant since which it decides.
    pub(super) identity: u64,
    pub(super) names: Names,
    pub(super) rules: Vec<Rule>,
    pub(super) segments: Segments,
    pub(super) hold_on_error: bool,
    error_limit: ErrorLimit,
    scripts: Arc<Vec<Script>>,
    /// Which script handles which event, by which function.
    handlers: Arc<Vec<Handler>>,
    /// All declared names, by number.
    by_id: Vec<(NameId, Text)>,
    page: Page,
    title: Text,
    currency: Text,
    /// Pool, minor units, and how many points cost them.
    costs: Vec<(NameId, i64, i64)>,
}

/// A handler: what calls it, where it is, and what it has cost.
#[derive(Debug)]
pub(super) struct Handler {
    of: Handled,
    /// Which of the program's scripts.
    pub script: usize,
    pub function: Text,
    pub meter: Meter,
}

/// How often scripts of a version may fail: in at most `errors` of any `events` events one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorLimit {
    /// Events in which a script failed.
    pub errors: u32,
    /// Events.
    pub events: u32,
}

fn error_limit(table: &ErrorLimitTable) -> ErrorLimit {
    let small = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    ErrorLimit { errors: small(table.errors.0), events: small(table.events.0) }
}

fn costs(manifest: &Manifest, id: Ids<'_>) -> Vec<(NameId, i64, i64)> {
    let costs = manifest.pools.0.iter().filter_map(|(name, pool)| {
        let cost = pool.cost?;
        Some((id(&name.get_ref().0), cost.money.0, cost.points.0))
    });
    costs.collect()
}

static NEXT_IDENTITY: AtomicU64 = AtomicU64::new(1);

impl Compiled {
    pub(super) fn new(manifest: &Manifest, text: &str, scripts: &Arc<Vec<Script>>, version: u32, id: Ids<'_>) -> Self {
        let handlers = scripts.iter().enumerate().flat_map(|(at, script)| {
            script.handlers.iter().map(move |(of, function)| Handler {
                of: of.clone(),
                script: at,
                function: function.clone(),
                meter: Meter::default(),
            })
        });
        let mut by_id: Vec<_> = terms::names(manifest).into_iter().map(|name| (id(&name), name)).collect();
        by_id.sort();
        Self {
            terms: Arc::new(terms::terms(manifest, text, version, id)),
            identity: NEXT_IDENTITY.fetch_add(1, Ordering::Relaxed),
            names: Names::new(manifest, id),
            rules: tables::bind(manifest, text, id),
            segments: Segments::bind(manifest, id),
            hold_on_error: manifest.program.on_error == OnError::Hold,
            error_limit: error_limit(&manifest.program.error_limit),
            handlers: Arc::new(handlers.collect()),
            scripts: Arc::clone(scripts),
            by_id,
            title: manifest.program.name.0.clone(),
            currency: manifest.program.currency.0.clone(),
            page: page(manifest, scripts),
            costs: costs(manifest, id),
        }
    }

    /// The same, deciding since an instant. What its handlers have cost goes on; scripts do not see the difference.
    #[must_use]
    pub fn deciding_since(self: &Arc<Self>, since: TimeMs) -> Arc<Self> {
        if self.terms.since == since {
            return Arc::clone(self);
        }
        let terms = Arc::new(Terms { since, ..Terms::clone(&self.terms) });
        Arc::new(Self { terms, ..Self::clone(self) })
    }

    /// Tells compiled programs apart within this process: of one identity all is the same but [`Terms::since`]. No program's
    /// is zero.
    #[must_use]
    pub const fn identity(&self) -> u64 {
        self.identity
    }

    /// The version of the rules this is.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.terms.version
    }

    /// How often its scripts may fail.
    #[must_use]
    pub const fn error_limit(&self) -> ErrorLimit {
        self.error_limit
    }

    /// What members know the program as.
    #[must_use]
    pub fn title(&self) -> &Text {
        &self.title
    }

    /// The ISO 4217 code of its amounts.
    #[must_use]
    pub fn currency(&self) -> &Text {
        &self.currency
    }

    /// The program as a member would read it.
    #[must_use]
    pub const fn page(&self) -> &Page {
        &self.page
    }

    /// What points cost, for pools that say so: the pool, minor units, and how many points cost them.
    #[must_use]
    pub fn costs(&self) -> Vec<(NameId, i64, i64)> {
        self.costs.clone()
    }

    /// A name this version declares; `?` for a number it does not.
    #[must_use]
    pub fn name(&self, id: NameId) -> &Text {
        const UNKNOWN: &Text = &Text::new_static("?");
        let at = self.by_id.binary_search_by_key(&id, |(known, _)| *known).ok();
        at.and_then(|at| self.by_id.get(at)).map_or(UNKNOWN, |(_, name)| name)
    }

    /// The number of a name this version declares.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<NameId> {
        self.by_id.iter().find(|(_, known)| known == name).map(|(id, _)| *id)
    }

    pub(super) fn scripts(&self) -> &[Script] {
        &self.scripts
    }

    /// The handlers of a kind of event.
    pub(super) fn handlers<'a>(&'a self, kind: &'a EventKind) -> impl Iterator<Item = &'a Handler> {
        self.handlers.iter().filter(move |handler| matches!(&handler.of, Handled::Event(of) if of == kind))
    }

    /// The handlers of something beside events.
    pub(super) fn handlers_of<'a>(&'a self, of: &'a Handled) -> impl Iterator<Item = &'a Handler> {
        self.handlers.iter().filter(move |handler| handler.of == *of)
    }

    /// What each of its handlers has cost on this daemon.
    pub fn costs_of_rules(&self) -> impl Iterator<Item = RuleCost> + '_ {
        self.handlers.iter().map(|handler| {
            let file = self.scripts.get(handler.script).map_or("?", |script| script.file.as_str());
            handler.meter.cost(smol_str::format_smolstr!("{file}:{}", handler.function))
        })
    }

    /// Whether any script is asked about redemptions.
    #[must_use]
    pub fn asks_redeem(&self) -> bool {
        self.handlers_of(&Handled::Redeem).next().is_some()
    }

    /// Whether any script is asked about changes of tiers or about schedules.
    #[must_use]
    pub fn asks_beside(&self) -> bool {
        self.handlers.iter().any(|handler| matches!(handler.of, Handled::TierChange | Handled::Schedule))
    }
}

/// The names scripts may use, by what they name. Few of each, so they are simply gone through.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pools: Vec<(Text, NameId)>,
    cards: Vec<(Text, NameId)>,
    rewards: Vec<(Text, NameId)>,
    /// Those of the program first, then the built-in ones.
    counters: Vec<(Text, NameId)>,
    own_counters: usize,
}

impl Names {
    fn new(manifest: &Manifest, id: Ids<'_>) -> Self {
        fn table<'a>(names: impl Iterator<Item = &'a Text>, id: Ids<'_>) -> Vec<(Text, NameId)> {
            names.map(|name| (name.clone(), id(name))).collect()
        }
        let mut counters = table(manifest.counters.names(), id);
        let own_counters = counters.len();
        counters.extend(BUILT_IN_COUNTERS.into_iter().map(|name| (Text::new_static(name), id(name))));
        Self {
            pools: table(manifest.pools.names(), id),
            cards: table(manifest.cards.names(), id),
            rewards: table(manifest.rewards.names(), id),
            counters,
            own_counters,
        }
    }

    pub fn pool(&self, name: &str) -> Option<NameId> {
        find(&self.pools, name)
    }

    pub fn card(&self, name: &str) -> Option<NameId> {
        find(&self.cards, name)
    }

    pub fn reward(&self, name: &str) -> Option<NameId> {
        find(&self.rewards, name)
    }

    pub fn counter(&self, name: &str) -> Option<NameId> {
        find(&self.counters, name)
    }

    /// A counter that scripts may add to.
    pub fn own_counter(&self, name: &str) -> Option<NameId> {
        self.counters.iter().take(self.own_counters).find(|(known, _)| known == name).map(|(_, id)| *id)
    }

    pub fn pools(&self) -> impl Iterator<Item = &str> + Clone {
        self.pools.iter().map(|(name, _)| name.as_str())
    }

    pub fn cards(&self) -> impl Iterator<Item = &str> + Clone {
        self.cards.iter().map(|(name, _)| name.as_str())
    }

    pub fn rewards(&self) -> impl Iterator<Item = &str> + Clone {
        self.rewards.iter().map(|(name, _)| name.as_str())
    }

    pub fn counters(&self) -> impl Iterator<Item = &str> + Clone {
        self.counters.iter().map(|(name, _)| name.as_str())
    }

    pub fn own_counters(&self) -> impl Iterator<Item = &str> + Clone {
        self.counters().take(self.own_counters)
    }
}

fn find(table: &[(Text, NameId)], name: &str) -> Option<NameId> {
    table.iter().find(|(known, _)| known == name).map(|(_, id)| *id)
}

//! The default pack: limits that every program begins with, written in the language merchants write theirs in. A program
//! changes one by its id, goes without it, or goes without all of them.

use serde::Deserialize;
use toml::Spanned;

use super::diagnostic::{Diagnostic, suggestion};
use super::files::MANIFEST;
use super::limits::{ring_name, ring_names};
use super::manifest::fraud::OverrideTable;
use super::manifest::{LimitTable, Manifest, PackText};
use super::values::{Name, WindowOf};
use crate::ledger::record::Verdict;
use crate::ledger::types::Text;

/// The pack as it is written.
pub const STANDARD: &str = include_str!("pack/standard.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    limits: Vec<LimitTable>,
}

fn standard() -> Vec<LimitTable> {
    let pack: Pack = toml::from_str(STANDARD).expect("a test reads the pack");
    pack.limits
}

/// Adds the pack to a manifest, changed as the manifest says. What is wrong with the changes is returned.
pub(super) fn add(manifest: &mut Manifest, text: &str) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    let pack = if manifest.fraud.pack == PackText::None { Vec::new() } else { standard() };
    for (name, _) in &manifest.fraud.rules.0 {
        let id = &name.get_ref().0;
        if !pack.iter().any(|limit| limit.id.get_ref().0 == *id) {
            let hint = suggestion(id, pack.iter().map(|limit| limit.id.get_ref().0.as_str()));
            let message = format!("the default pack has no rule {id:?}{hint}");
            wrong.push(Diagnostic::at_offset(MANIFEST, text, name.span().start, message));
        }
    }
    for mut limit in pack {
        let id = limit.id.get_ref().0.clone();
        let declared = || manifest.limits.iter().filter(|own| !own.standard);
        let own = declared().any(|own| own.id.get_ref().0 == id || takes_the_place(own, &limit));
        let change = manifest.fraud.rules.0.iter().find(|(name, _)| name.get_ref().0 == id);
        if own || change.is_some_and(|(_, change)| change.off) {
            continue;
        }
        if let Some((name, change)) = change {
            apply(&mut limit, name, change);
        }
        limit.standard = true;
        manifest.limits.push(limit);
    }
    wrong
}

/// Whether a program's own limit stands for one of the pack: it stops something by the same count over the same time.
fn takes_the_place(own: &LimitTable, of: &LimitTable) -> bool {
    let rolling = |limit: &LimitTable| match limit.window.get_ref().0 {
        WindowOf::Rolling(ms) => Some(ms),
        WindowOf::Calendar(_) => None,
    };
    own.verdict.0 >= Verdict::Hold
        && !own.shadow
        && of.latest.is_none()
        && ring_name(own) == ring_name(of)
        && own.metric == of.metric
        && rolling(own) == rolling(of)
}

fn apply(limit: &mut LimitTable, name: &Spanned<Name>, change: &OverrideTable) {
    limit.id = Spanned::new(name.span(), limit.id.get_ref().clone());
    if let Some(verdict) = &change.verdict {
        limit.verdict = verdict.clone();
        limit.weight = None;
    }
    limit.weight = change.weight.or(limit.weight);
    if change.limit.is_some() {
        limit.limit.clone_from(&change.limit);
    }
    if let Some(window) = &change.window {
        limit.window = window.clone();
    }
    if change.member_reason.is_some() {
        limit.member_reason.clone_from(&change.member_reason);
    }
    limit.shadow |= change.shadow;
}

/// A manifest without those of the pack whose names a journal does not know yet: one written before the pack was.
pub(super) fn known(manifest: &Manifest, is_known: impl Fn(&Text) -> bool) -> Manifest {
    let mut manifest = manifest.clone();
    manifest.limits.retain(|limit| !limit.standard || ring_names(limit).iter().all(&is_known));
    manifest
}

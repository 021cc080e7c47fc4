//! A version of a program's rules: what it is, what it does, and how it does on live traffic.

use std::collections::BTreeMap;

use crate::engine::handle::ProgramView;
use crate::engine::tally::{ShadowTally, Tally};
use crate::http::json::Json;
use crate::ledger::rollout::{Reach, Version};
use crate::ledger::types::NameId;
use crate::rules::ProgramFiles;

/// What is known of a version besides what the journal says.
#[derive(Debug, Default)]
pub struct Known {
    /// Its files, where they are wanted.
    pub files: Option<ProgramFiles>,
    /// What it decided since the daemon started.
    pub live: Option<Tally>,
    /// What it would have decided since then.
    pub shadow: Option<ShadowTally>,
}

/// What a version is at: `draft`, `planned`, `shadow`, `partial`, `active`, or `retired` where it has decided and does no more.
fn state(view: &ProgramView, version: &Version) -> &'static str {
    let rollout = &view.rollout;
    let number = version.version;
    if rollout.live() == number {
        "active"
    } else if rollout.partial.as_ref().is_some_and(|partial| partial.version == number) {
        "partial"
    } else if rollout.shadow == Some(number) {
        "shadow"
    } else if rollout.planned.iter().any(|planned| planned.version == number) {
        "planned"
    } else if version.activated_at.is_some() {
        "retired"
    } else {
        "draft"
    }
}

/// Writes a version.
pub fn ruleset(out: &mut Json, view: &ProgramView, version: &Version, known: &Known) {
    out.begin_object();
    out.int_field("version", version.version);
    out.field("hash", &version.hash);
    out.field("state", state(view, version));
    out.field("origin", if version.from_folder { "folder" } else { "http" });
    out.field("author", &version.by.author);
    out.field("message", &version.by.message);
    out.int_field("seq", version.seq.get());
    out.time_field("created_at", version.created_at);
    out.key("activated_at");
    match version.activated_at {
        Some(at) => out.time(at),
        None => out.null(),
    }
    if let Some(partial) = view.rollout.partial.as_ref().filter(|partial| partial.version == version.version) {
        reach(out, &partial.reach);
    }
    planned(out, view, version.version);
    if view.rollout.shadow == Some(version.version) {
        out.key("shadowing");
        out.bool(true);
    }
    out.key("left_because");
    out.optional(version.left.as_deref());
    if let Some(files) = &known.files {
        out.key("files");
        out.begin_object();
        for (path, content) in &files.files {
            out.text_key(path);
            out.string(content);
        }
        out.end_object();
    }
    if let Some(live) = &known.live {
        out.key("live");
        out.begin_object();
        tally(out, live);
        out.end_object();
    }
    if let Some(shadow) = &known.shadow {
        out.key("shadow");
        write_shadow(out, view, shadow);
    }
    out.end_object();
}

/// The times from which on it will decide, where there are any.
fn planned(out: &mut Json, view: &ProgramView, version: u32) {
    let mine = view.rollout.planned.iter().filter(|planned| planned.version == version);
    let mine: Vec<_> = mine.collect();
    if mine.is_empty() {
        return;
    }
    out.key("planned");
    out.begin_array();
    for planned in mine {
        out.begin_object();
        out.time_field("at", planned.at);
        reach(out, &planned.reach);
        out.field("author", &planned.by.author);
        out.field("message", &planned.by.message);
        out.end_object();
    }
    out.end_array();
}

fn reach(out: &mut Json, reach: &Reach) {
    match reach {
        Reach::All => {}
        Reach::Share(share) => out.int_field("share", share / 100),
        Reach::Stores(stores) => {
            out.key("stores");
            out.begin_array();
            for store in stores {
                out.string(store);
            }
            out.end_array();
        }
    }
}

fn tally(out: &mut Json, tally: &Tally) {
    out.int_field("events", tally.events);
    out.int_field("script_errors", tally.faulty);
    out.int_field("operations", tally.operations);
    out.int_field("operations_max", tally.operations_max);
    out.key("last_error");
    match &tally.last_fault {
        Some(fault) => {
            out.begin_object();
            out.field("at", &fault.at);
            out.field("message", &fault.message);
            out.end_object();
        }
        None => out.null(),
    }
}

fn write_shadow(out: &mut Json, view: &ProgramView, shadow: &ShadowTally) {
    out.begin_object();
    out.time_field("since", shadow.since);
    tally(out, &shadow.run);
    out.int_field("changed", shadow.changed);
    out.int_field("unchanged", shadow.run.events - shadow.changed);
    out.int_field("refused", shadow.refused);
    pools(out, view, &shadow.pools);
    out.key("samples");
    out.begin_array();
    for sample in &shadow.samples {
        out.begin_object();
        out.int_field("seq", sample.seq.get());
        out.field("source", &sample.event.0);
        out.field("id", &sample.event.1);
        pools(out, view, &sample.pools);
        out.end_object();
    }
    out.end_array();
    out.end_object();
}

fn pools(out: &mut Json, view: &ProgramView, pools: &BTreeMap<NameId, (i64, i64)>) {
    out.key("pools");
    out.begin_object();
    for (pool, (was, would)) in pools {
        out.text_key(view.state.name_of(*pool));
        out.begin_object();
        out.int_field("live", *was);
        out.int_field("shadow", *would);
        out.int_field("difference", would.saturating_sub(*was));
        out.end_object();
    }
    out.end_object();
}

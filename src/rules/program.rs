//! From files to a program: the manifest read and checked, every script parsed once to find what is wrong with it.
//!
//! A [`Program`] has names; [`Program::bind`] gives them the numbers the journal has for them.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use super::api::Shared;
use super::bound::Compiled;
use super::cases::{self, Vocabulary};
use super::diagnostic::{Diagnostic, toml_message};
use super::files::{CASES_FOLDER, MANIFEST, ProgramFiles, has_extension, is_name};
use super::lint::{Declared, lint};
use super::manifest::Manifest;
use super::marks::marked;
use super::script::{Handled, Script};
use super::validate::{BUILT_IN_COUNTERS, validate};
use super::{pack, sandbox, terms};
use crate::ledger::calendar::Day;
use crate::ledger::types::{NameId, Text, TimeMs};
use crate::limits::{DIAGNOSTICS_MAX, NAMES_MAX};

/// A program that was found right.
#[derive(Clone, Debug)]
pub struct Program {
    manifest: Manifest,
    manifest_text: String,
    scripts: Arc<Vec<Script>>,
}

impl Program {
    /// Reads and checks everything: manifest, scripts and the merchant's cases.
    pub fn compile(files: &ProgramFiles) -> Result<Self, Vec<Diagnostic>> {
        let mut wrong = Vec::new();
        wrong.extend(files.check_size());
        if !is_name(&files.name) {
            let message = "a program is named with lower-case letters, digits and _, at most 64";
            wrong.push(Diagnostic::of_file(&files.name, message));
        }
        let Some(text) = files.get(MANIFEST) else {
            wrong.push(Diagnostic::of_file(MANIFEST, "is missing: it declares the program"));
            return Err(wrong);
        };
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let mut manifest = match toml::from_str::<Manifest>(text) {
            Ok(manifest) => manifest,
            // Without names nothing in the scripts can be judged but their form.
            Err(error) => {
                wrong.push(manifest_error(text, &error));
                scripts(files, None, &mut wrong);
                return Err(wrong);
            }
        };
        wrong.extend(pack::add(&mut manifest, text));
        wrong.extend(validate(&manifest, text));
        if terms::names(&manifest).len() > NAMES_MAX {
            wrong.push(Diagnostic::of_file(MANIFEST, format!("a program declares at most {NAMES_MAX} names")));
        }
        let scripts = scripts(files, Some(&manifest), &mut wrong);
        wrong.extend(unasked(&manifest, text, &scripts));
        for (path, content) in &files.files {
            if path.starts_with(CASES_FOLDER) {
                wrong.extend(cases::check(path, content, &vocabulary(&manifest)));
            }
        }
        wrong.truncate(DIAGNOSTICS_MAX);
        if wrong.is_empty() {
            Ok(Self { manifest, manifest_text: text.to_owned(), scripts: Arc::new(scripts) })
        } else {
            Err(wrong)
        }
    }

    /// Every name the program declares, each once, in an order that depends on nothing but the manifest: pools, cards,
    /// rewards, tiers, counters (`spend`, `purchases` and `referrals` are always there), and the counters of caps, of
    /// rules that pay once, and rings.
    #[must_use]
    pub fn names(&self) -> Vec<Text> {
        terms::names(&self.manifest)
    }

    /// Gives every name its number. `name_of` must know all of [`Program::names`], since the journal declares them first; but for
    /// rings of the default pack: a journal that was written by an older daemon does not know the later ones, and goes without.
    #[must_use]
    pub fn bind(&self, version: u32, name_of: impl Fn(&str) -> Option<NameId>) -> Compiled {
        let id = |name: &str| name_of(name).expect("a program's names are declared before it is bound");
        let known = pack::known(&self.manifest, |name| name_of(name).is_some());
        Compiled::new(&known, &self.manifest_text, &self.scripts, version, &id)
    }

    /// The same program with scripts that tell which of their lines run, and those lines by file. A script that cannot be marked
    /// stays as it is.
    #[must_use]
    pub fn marked(&self) -> (Self, Vec<(Text, BTreeSet<u32>)>) {
        let mut engine = sandbox::engine(&Shared::default(), &Rc::new(Cell::new(0)));
        let mut lines = Vec::new();
        let scripts = self.scripts.iter().map(|script| {
            let (source, marked) = marked(&script.source);
            if sandbox::compile(&mut engine, &source).is_err() {
                return script.clone();
            }
            lines.push((script.file.clone(), marked));
            Script { source, ..script.clone() }
        });
        let scripts = Arc::new(scripts.collect());
        (Self { scripts, ..self.clone() }, lines)
    }

    /// The day of an instant in the program's zone.
    #[must_use]
    pub fn day_of(&self, at: TimeMs) -> Day {
        self.manifest.program.zone.0.day(at)
    }

    /// The manifest, and its text.
    pub(super) fn source(&self) -> (&Manifest, &str) {
        (&self.manifest, &self.manifest_text)
    }

    /// Every handler: its script, what calls it, its name.
    pub(super) fn handlers(&self) -> impl Iterator<Item = (&Text, &Handled, &Text)> {
        self.scripts
            .iter()
            .flat_map(|script| script.handlers.iter().map(move |(kind, name)| (&script.file, kind, name)))
    }

    /// What its cases may name.
    pub(super) fn vocabulary(&self) -> Vocabulary<'_> {
        vocabulary(&self.manifest)
    }
}

/// Everything that is wrong with a program's files; nothing where they would compile.
#[must_use]
pub fn check(files: &ProgramFiles) -> Vec<Diagnostic> {
    Program::compile(files).err().unwrap_or_default()
}

/// Schedules that ask scripts which do not answer, and the other way round.
fn unasked(manifest: &Manifest, text: &str, scripts: &[Script]) -> Option<Diagnostic> {
    let of_schedules = |script: &&Script| script.handlers.iter().any(|(of, _)| *of == Handled::Schedule);
    let asks = manifest.schedule.iter().find(|table| table.get_ref().script);
    match (asks, scripts.iter().find(of_schedules)) {
        (Some(table), None) => {
            let message = "this asks the scripts, and none has on_schedule(tick, member)";
            Some(Diagnostic::at_offset(MANIFEST, text, table.span().start, message))
        }
        (None, Some(script)) => {
            let line = script.line_of("on_schedule");
            let message = "nothing calls on_schedule: declare a [[schedule]] with script = true".to_owned();
            Some(Diagnostic { file: script.file.clone(), line, column: 4, message })
        }
        (Some(_), Some(_)) | (None, None) => None,
    }
}

fn manifest_error(text: &str, error: &toml::de::Error) -> Diagnostic {
    let message = toml_message(error.message());
    match error.span() {
        Some(span) => Diagnostic::at_offset(MANIFEST, text, span.start, message),
        None => Diagnostic::of_file(MANIFEST, message),
    }
}

/// The scripts of a program, with what is wrong with them.
fn scripts(files: &ProgramFiles, manifest: Option<&Manifest>, wrong: &mut Vec<Diagnostic>) -> Vec<Script> {
    let mut engine = sandbox::engine(&Shared::default(), &Rc::new(Cell::new(0)));
    let declared = manifest.map(declared);
    let mut scripts = Vec::new();
    for (path, source) in &files.files {
        if !has_extension(path, "rhai") {
            continue;
        }
        if let Some(diagnostic) = sandbox::diagnose(&mut engine, path, source) {
            wrong.push(diagnostic);
            continue;
        }
        let Some(declared) = &declared else { continue };
        let (handlers, found) = lint(path, source, declared);
        wrong.extend(found);
        scripts.push(Script { file: path.clone(), source: source.clone(), handlers });
    }
    scripts
}

fn vocabulary(manifest: &Manifest) -> Vocabulary<'_> {
    Vocabulary {
        pools: manifest.pools.names().map(Text::as_str).collect(),
        cards: manifest.cards.names().map(Text::as_str).collect(),
        limits: manifest.limits.iter().map(|limit| limit.id.get_ref().0.as_str()).collect(),
        zone: manifest.program.zone.0.name(),
    }
}

fn declared(manifest: &Manifest) -> Declared<'_> {
    let own_counters: Vec<_> = manifest.counters.names().map(Text::as_str).collect();
    Declared {
        pools: manifest.pools.names().map(Text::as_str).collect(),
        cards: manifest.cards.names().map(Text::as_str).collect(),
        rewards: manifest.rewards.names().map(Text::as_str).collect(),
        counters: own_counters.iter().copied().chain(BUILT_IN_COUNTERS).collect(),
        own_counters,
        segments: manifest.segments.names().map(Text::as_str).collect(),
    }
}

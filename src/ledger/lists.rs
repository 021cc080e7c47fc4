//! Who is allowed and who is not, whatever is counted: lists by key, with an end and an author.
//!
//! Built from records alone. Nothing here judges: [`Lists::matching`] says which entries an input meets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::record::{Input, KeyField};
use super::types::{ProgramId, Seq, Text, TimeMs};

/// A change of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListChange {
    /// True for the allow list.
    pub allow: bool,
    /// Which field of an input.
    pub kind: KeyField,
    /// Its value.
    pub value: Text,
    /// What to put there; nothing takes the entry away.
    pub put: Option<ListTerms>,
    /// The `Idempotency-Key`, empty where none was sent.
    pub key: Text,
}

/// What an entry says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListTerms {
    /// On an allow list: the rules it silences; all declared ones where none is named.
    pub rules: Vec<Text>,
    /// Why.
    pub reason: Text,
    /// Who.
    pub author: Text,
    /// Until when, by the ledger's time.
    pub expires_at: Option<TimeMs>,
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEntry {
    /// The program.
    pub program: ProgramId,
    /// True for the allow list.
    pub allow: bool,
    /// Which field of an input.
    pub kind: KeyField,
    /// Its value.
    pub value: Text,
    /// On an allow list: the rules it silences; all where none is named.
    pub rules: Vec<Text>,
    /// Why.
    pub reason: Text,
    /// Who.
    pub author: Text,
    /// Since when.
    pub at: TimeMs,
    /// Until when.
    pub expires_at: Option<TimeMs>,
    /// The record that put it there, or took it away.
    pub seq: Seq,
    /// Whether it was taken away.
    pub gone: bool,
}

/// Program, list, kind, value.
type Place = (ProgramId, bool, KeyField, Text);

/// All lists of all programs.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    entries: BTreeMap<Place, Arc<ListEntry>>,
}

impl Lists {
    /// Lists without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: BTreeMap::new() }
    }

    /// True where there is no entry in any list.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// An entry.
    #[must_use]
    pub fn get(&self, program: ProgramId, allow: bool, kind: KeyField, value: &Text) -> Option<&Arc<ListEntry>> {
        self.entries.get(&(program, allow, kind, value.clone()))
    }

    /// All entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ListEntry>> {
        self.entries.values()
    }

    /// The entries of a list that an input meets and that have not ended.
    pub fn matching<'a>(
        &'a self,
        program: ProgramId,
        allow: bool,
        input: &'a Input,
        now: TimeMs,
    ) -> impl Iterator<Item = (KeyField, &'a ListEntry)> {
        KeyField::ALL.into_iter().filter_map(move |kind| {
            let entry = self.get(program, allow, kind, input.key_field(kind)?)?;
            entry.expires_at.is_none_or(|end| end > now).then_some((kind, entry.as_ref()))
        })
    }

    /// Puts an entry in, or takes away the one it stands for.
    pub fn put(&mut self, entry: Arc<ListEntry>) {
        let place = (entry.program, entry.allow, entry.kind, entry.value.clone());
        if entry.gone {
            self.entries.remove(&place);
        } else {
            self.entries.insert(place, entry);
        }
    }
}

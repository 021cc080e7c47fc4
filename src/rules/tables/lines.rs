//! Which lines of a sale a rule means.

use crate::ledger::event::Item;
use crate::ledger::types::Text;
use crate::rules::manifest::LinesTable;
use crate::rules::values::{OneOrMany, Words};

/// Which lines are meant; an empty list means any.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    category: Vec<Text>,
    brand: Vec<Text>,
    tag: Vec<Text>,
    sku: Vec<Text>,
}

impl Lines {
    pub(super) fn bind(table: &LinesTable) -> Self {
        let texts = |words: &OneOrMany<Words>| words.0.iter().map(|word| word.0.clone()).collect();
        Self {
            category: texts(&table.category),
            brand: texts(&table.brand),
            tag: texts(&table.tag),
            sku: texts(&table.sku),
        }
    }

    fn checks<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = bool> + 'a {
        let one = |wanted: &'a [Text], has: &'a Option<Text>| {
            (!wanted.is_empty()).then(|| has.as_ref().is_some_and(|has| wanted.contains(has)))
        };
        let tag = (!self.tag.is_empty()).then(|| item.tags.iter().any(|tag| self.tag.contains(tag)));
        [one(&self.category, &item.category), one(&self.brand, &item.brand), one(&self.sku, &item.sku), tag]
            .into_iter()
            .flatten()
    }

    pub(super) fn all(&self, item: &Item) -> bool {
        self.checks(item).all(|fits| fits)
    }

    pub(super) fn any(&self, item: &Item) -> bool {
        self.checks(item).any(|fits| fits)
    }
}

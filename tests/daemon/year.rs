//! A grocer's year of baskets, read from a data set that may lie beside the working copy, and what its members must come to,
//! counted from the file alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use serde::Deserialize;

use super::process::say;

/// Where the data set lies, from the repository's root.
const FILE: &str = "../shared/data/grocer-year.ndjson.zst";
/// Spend in a calendar year from which a member is silver, and gold, in cents: what `rules/grocer/program.toml` declares.
const SILVER_FROM: i64 = 50_000;
const GOLD_FROM: i64 = 150_000;
/// The first instant that is not of the year.
const YEAR_END: &str = "2018-01-01T00:00:00Z";

/// The fields of a basket that are counted.
#[derive(Debug, Deserialize)]
pub struct Basket {
    /// The event's id.
    pub id: &'static str,
    /// The household.
    pub member: &'static str,
    /// RFC 3339 in UTC.
    pub occurred_at: &'static str,
    amount: i64,
}

/// What a member has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Points to spend.
    pub points: i64,
    /// The tier, where they have one, at the end of the year.
    pub tier: Option<String>,
}

/// The year.
#[derive(Debug)]
pub struct Year {
    text: &'static str,
    /// Where each line begins in the text, and where the last one ends.
    starts: Vec<usize>,
    /// In the order of the file, which is that of time.
    pub baskets: Vec<Basket>,
}

impl Year {
    /// The year, read once; nothing where the data set is absent, and then it is said that the test was skipped.
    pub fn load(test: &str) -> Option<&'static Self> {
        static YEAR: OnceLock<Option<Year>> = OnceLock::new();
        let year = YEAR.get_or_init(|| {
            let file = File::open(Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join(FILE)).ok()?;
            let baskets = String::from_utf8(zstd::stream::decode_all(file).unwrap()).unwrap();
            Some(Self::read(baskets.leak()))
        });
        if year.is_none() {
            say(format!("{test}: SKIPPED, because the data set {FILE} is absent"));
        }
        year.as_ref()
    }

    fn read(text: &'static str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        let baskets = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Self { text, starts, baskets }
    }

    /// The lines of some baskets, as they are in the file.
    pub fn lines(&self, of: &Range<usize>) -> &'static str {
        &self.text[self.starts[of.start]..self.starts[of.end]]
    }

    /// The first `count` baskets in batches of `size`.
    pub fn batches(count: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
        (0..count).step_by(size).map(move |start| start..count.min(start + size))
    }

    /// What the first `count` baskets come to, member by member: a point for each whole dollar of a basket.
    pub fn standings(&self, count: usize) -> BTreeMap<&'static str, Standing> {
        let mut spent: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for basket in &self.baskets[..count] {
            let sums = spent.entry(basket.member).or_default();
            sums.0 += basket.amount / 100;
            if basket.occurred_at < YEAR_END {
                sums.1 += basket.amount;
            }
        }
        let standing = |(points, spend): (i64, i64)| {
            let tier = match spend {
                GOLD_FROM.. => Some("gold".to_owned()),
                SILVER_FROM.. => Some("silver".to_owned()),
                _ => None,
            };
            Standing { points, tier }
        };
        spent.into_iter().map(|(member, spent)| (member, standing(spent))).collect()
    }
}

//! What rings take in beside what limits count: the values a limit's conditions look up later.

use super::facts::{self, Find};
use super::measure;
use super::question::Question;
use super::rings::has_attributes;
use crate::ledger::record::{Input, Keep, KeyField, KeyFields, Observation, Taken};
use crate::ledger::terms::{Facts, Feed, FeedValue};
use crate::limits::{CYCLE_HOPS_MAX, ORIGINS_MAX};

/// Bits of an origin that say how many hops away it is.
const HOPS: i64 = 0b111;

/// Whether a feed takes in this input, as far as it says so itself.
pub(super) fn feeds(feed: &Feed, input: &Input, told: Facts) -> bool {
    feed.on.iter().any(|kind| kind.is(input))
        && (feed.when.is_empty() || has_attributes(&feed.when, input))
        && told.include(feed.only)
        && match feed.value {
            FeedValue::Distinct(of) | FeedValue::Each(of) | FeedValue::First(of) => {
                input.key_field(of).is_some_and(|value| !value.is_empty())
            }
            FeedValue::One | FeedValue::Amount | FeedValue::Origins => true,
        }
}

/// Adds what a feed's ring takes in.
pub(super) fn feed<'a>(observed: &mut Vec<Observation>, feed: &Feed, question: &Question<'_>, find: &impl Find<'a>) {
    let Some(ring) = find(feed.ring, &feed.key) else { return };
    let (input, mut keep) = (question.input, Keep { entries: feed.entries, taken: Taken::Accepted, ..Keep::default() });
    let value = match feed.value {
        FeedValue::One => 1,
        FeedValue::Amount => question.amount(),
        FeedValue::Each(of) | FeedValue::Distinct(of) | FeedValue::First(of) => {
            let Some(value) = facts::value_of(of, input) else { return };
            keep.distinct = matches!(feed.value, FeedValue::Distinct(_));
            keep.first = matches!(feed.value, FeedValue::First(_));
            if keep.first && ring.is_some_and(|ring| ring.entries().any(|entry| entry.value == value)) {
                return;
            }
            value
        }
        FeedValue::Origins => {
            for origin in origins(feed, question, find) {
                observed.push(Observation { ring: feed.ring, key: feed.key, capacity: keep.pack(), value: origin });
            }
            return;
        }
    };
    observed.push(Observation { ring: feed.ring, key: feed.key, capacity: keep.pack(), value });
}

/// Where the points of a transfer come from: the giver, one hop away, and whoever they came from to the giver.
fn origins<'a>(feed: &Feed, question: &Question<'_>, find: &impl Find<'a>) -> Vec<i64> {
    let Some(giver) = question.input.key_field(KeyField::Member) else { return Vec::new() };
    let mut origins = vec![origin(measure::fingerprint(giver), 1)];
    if let Some(Some(ring)) = find(feed.ring, &KeyFields::of(KeyField::Member)) {
        let before = measure::within(ring, question.at, ORIGINS_MS);
        for value in before.map(|entry| entry.value).filter(|value| value & HOPS < CYCLE_HOPS_MAX - 1) {
            let further = value + 1;
            if !origins.contains(&further) && origins.len() < usize::from(ORIGINS_MAX) / 2 {
                origins.push(further);
            }
        }
    }
    origins
}

/// How long the origin of points is of interest: 7 days.
const ORIGINS_MS: i64 = 7 * 86_400_000;

const fn origin(member: i64, hops: i64) -> i64 {
    member & !HOPS | hops
}

/// How many hops it is from a member back to the same, where an origin says so.
pub(super) fn hops_to(member: i64, value: i64) -> Option<i64> {
    (value & !HOPS == member & !HOPS).then_some((value & HOPS) + 1)
}

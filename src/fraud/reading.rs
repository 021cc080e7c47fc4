//! What a limit's ring says at an instant, for those who look: nothing is asked and nothing is counted.

use super::measure;
use super::window::{Ring, Tally};
use crate::ledger::record::Input;
use crate::ledger::terms::{LimitTerms, Metric};
use crate::ledger::types::TimeMs;

/// What the rolling window that ends at `at` holds: a sum, a number of different values, else a number of entries.
#[must_use]
pub fn reading(limit: &LimitTerms, ring: &Ring, at: TimeMs) -> Tally {
    match limit.metric {
        Metric::Sum => ring.sum(at, limit.window_ms),
        Metric::Distinct(_) if limit.extra.latest.is_none() => measure::distinct(ring, at, limit.window_ms, None),
        _ => ring.count(at, limit.window_ms),
    }
}

/// What a limit counts for an input, the input included; nothing where it lacks what is counted, or where the limit is not on
/// a number over a rolling window.
#[must_use]
pub fn counted(limit: &LimitTerms, ring: Option<&Ring>, input: &Input, at: TimeMs) -> Option<i64> {
    let empty = Ring::default();
    let ring = ring.unwrap_or(&empty);
    Some(match limit.metric {
        Metric::Count => ring.count(at, limit.window_ms).value.saturating_add(1),
        Metric::Sum => {
            let own = match input {
                Input::Event(event) => event.amount().get(),
                Input::Transfer(transfer, _) => transfer.amount.get(),
                _ => return None,
            };
            ring.sum(at, limit.window_ms).value.saturating_add(own)
        }
        Metric::Distinct(of) => {
            let own = input.key_field(of).filter(|value| !value.is_empty()).map(measure::fingerprint)?;
            measure::distinct(ring, at, limit.window_ms, Some(own)).value
        }
        _ => return None,
    })
}

/// Whether a limit counts this kind of input.
#[must_use]
pub fn is_counted(limit: &LimitTerms, input: &Input) -> bool {
    super::rings::counts(limit, input)
}

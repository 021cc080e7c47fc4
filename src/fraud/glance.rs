//! Passing over limits that have nothing to say of an input: most have not, and a glance at what was noted of them beforehand
//! and at their rings is enough. Whatever it passes over would have said nothing and observed nothing; it decides nothing else.

use super::question::Question;
use super::trail;
use super::window::Ring;
use crate::ledger::terms::{Concern, Facts, Glance, TRAIL_FIELDS};
use crate::ledger::types::TimeMs;
use crate::limits::GLANCED_RINGS_MAX;

/// What is known of a ring that a limit before has looked at.
#[derive(Clone, Copy)]
enum Glimpse<'a> {
    /// The input lacks a field of its key.
    Lacking,
    /// The ring takes in the input.
    Seen {
        ring: Option<&'a Ring>,
        /// How many entries it has seen; nothing where that tells less than all: some were dropped, or are later than the input.
        entries: Option<usize>,
        /// Different values of each field, the input's included, once somebody asked.
        values: [Option<u16>; TRAIL_FIELDS.len()],
    },
}

/// The rings of an input that its limits have looked at so far.
pub(super) struct Glances<'a> {
    rings: [Option<Glimpse<'a>>; GLANCED_RINGS_MAX],
}

impl<'a> Glances<'a> {
    pub(super) const fn new() -> Self {
        Self { rings: [None; GLANCED_RINGS_MAX] }
    }

    /// Notes what a limit found where it looked for its ring: whether the input has its key, and the ring, where it exists.
    pub(super) fn note(&mut self, concern: Concern<'_>, has_key: bool, ring: Option<&'a Ring>, at: TimeMs) {
        let place = concern.glance.and_then(|glance| glance.ring);
        let Some(place) = place.and_then(|place| self.rings.get_mut(usize::from(place))) else { return };
        let entries = ring.map_or(Some(0), |ring| ring.seen_by(at));
        let seen = Glimpse::Seen { ring, entries, values: [None; TRAIL_FIELDS.len()] };
        *place = Some(if has_key { seen } else { Glimpse::Lacking });
    }

    /// Whether a limit has nothing to say, and nothing to observe that is not observed already.
    pub(super) fn pass_over(&mut self, glance: &Glance, known: Facts, question: &Question<'_>) -> bool {
        let is_meant = known.include(glance.only);
        if !is_meant && glance.counts_what_is_meant {
            return true;
        }
        let place = glance.ring.and_then(|at| self.rings.get_mut(usize::from(at))?.as_mut());
        let Some(Glimpse::Seen { ring, entries, values }) = place else { return place.is_some() };
        if !is_meant {
            return true;
        }
        let Some(entries) = *entries else { return false };
        if entries < usize::from(glance.least) {
            return true;
        }
        let Some((field, most)) = glance.values else { return false };
        let field = usize::from(field);
        let (Some(count), Some(of), Some(ring)) = (values.get_mut(field), TRAIL_FIELDS.get(field), *ring) else {
            return false;
        };
        *count.get_or_insert_with(|| trail::values(ring, question.input, *of)) <= most
    }
}

//! Segments: groups of members that a program names, by tier, plan, attributes, counters, and how lately they did something.
//!
//! Who is in one is a question to a member at an instant; nothing is kept, so nobody is in one for too long.

use super::manifest::segments::SegmentTable;
use super::manifest::{Manifest, MostPer};
use super::terms::Ids;
use super::terms::life::ids;
use crate::ledger::calendar::{Span, month_index, year_of};
use crate::ledger::member::Member;
use crate::ledger::terms::Terms;
use crate::ledger::tiers::tier_at;
use crate::ledger::types::{NameId, Text, TimeMs};

/// All segments of a program.
#[derive(Clone, Debug, Default)]
pub(super) struct Segments(Vec<(Text, Segment)>);

/// What members of a segment have in common; what is not said does not matter.
#[derive(Clone, Debug)]
struct Segment {
    tiers: Vec<NameId>,
    plans: Vec<NameId>,
    attributes: Vec<(Text, Text)>,
    /// Counter, window, at least, less than.
    counters: Vec<(NameId, MostPer, i64, i64)>,
    active_within: Option<Span>,
    inactive_for: Option<Span>,
    enrolled_within: Option<Span>,
    enrolled_for: Option<Span>,
}

impl Segments {
    pub fn bind(manifest: &Manifest, id: Ids<'_>) -> Self {
        let all = manifest.segments.0.iter().map(|(name, table)| (name.get_ref().0.clone(), Segment::bind(table, id)));
        Self(all.collect())
    }

    /// Their names, in order of declaration.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Whether a member is in a segment at an instant; nothing where there is no such segment.
    pub fn is_in(&self, name: &str, member: &Member, terms: &Terms, at: TimeMs) -> Option<bool> {
        let (_, segment) = self.0.iter().find(|(known, _)| known == name)?;
        Some(segment.has(member, terms, at))
    }
}

impl Segment {
    fn bind(table: &SegmentTable, id: Ids<'_>) -> Self {
        let counters = table.counters.iter().map(|counted| {
            let (from, below) = (counted.from.map_or(i64::MIN, |from| from.0), counted.below.map_or(i64::MAX, |b| b.0));
            (id(&counted.counter.get_ref().0), counted.window, from, below)
        });
        let attributes = table.attribute.0.iter().map(|(name, value)| (name.get_ref().0.clone(), value.0.clone()));
        let span = |lasting: &Option<super::values::Lasting>| lasting.as_ref().map(|lasting| lasting.0);
        Self {
            tiers: ids(&table.tiers, id),
            plans: ids(&table.plans, id),
            attributes: attributes.collect(),
            counters: counters.collect(),
            active_within: span(&table.active_within),
            inactive_for: span(&table.inactive_for),
            enrolled_within: span(&table.enrolled_within),
            enrolled_for: span(&table.enrolled_for),
        }
    }

    fn has(&self, member: &Member, terms: &Terms, at: TimeMs) -> bool {
        let zone = &terms.zone;
        let day = zone.day(at);
        let runs = |plan: &NameId| {
            member.standing().and_then(|standing| standing.running(*plan, at)).is_some_and(|period| !period.ended)
        };
        let counted = |(counter, window, from, below): &(NameId, MostPer, i64, i64)| {
            let sum = member.counter(*counter).map_or(0, |known| match window {
                MostPer::Day => known.days.get(day),
                MostPer::Month => known.months.get(month_index(day)),
                MostPer::Year => known.years.get(year_of(day)),
                MostPer::Ever => known.ever,
            });
            (*from..*below).contains(&sum)
        };
        // Somebody who never bought anything has been inactive since they enrolled.
        let never = member.active_at < member.enrolled_at || member.active_at == TimeMs::default();
        let latest = member.active_at.max(member.enrolled_at);
        let over = |from: TimeMs, span: Span| zone.after(from, span) <= at;
        (self.tiers.is_empty() || tier_at(member, terms, at).is_some_and(|tier| self.tiers.contains(&tier)))
            && (self.plans.is_empty() || self.plans.iter().any(runs))
            && self.attributes.iter().all(|(name, value)| member.profile.attribute(name) == Some(value))
            && self.counters.iter().all(counted)
            && self.active_within.is_none_or(|span| !never && !over(member.active_at, span))
            && self.inactive_for.is_none_or(|span| over(latest, span))
            && self.enrolled_within.is_none_or(|span| !over(member.enrolled_at, span))
            && self.enrolled_for.is_none_or(|span| over(member.enrolled_at, span))
    }
}

//! What must agree within limits: their numbers fit their rings, and each looks at what there is.

use super::Check;
use crate::ledger::event::EventKind;
use crate::ledger::record::{KeyField, KeyFields};
use crate::ledger::terms::{Counted, TRAIL_FIELDS};
use crate::limits::{DISTINCT_LIMIT_MAX, LATEST_MAX, RING_CAPACITY_MAX};
use crate::rules::limits::places;
use crate::rules::manifest::{CountsText, LimitTable, MetricText};
use crate::rules::values::{CountedKind, WindowOf};

impl Check<'_> {
    pub(super) fn limits(&mut self) {
        self.unique(self.manifest.limits.iter().map(|limit| &limit.id), "limit");
        for limit in &self.manifest.limits {
            self.limit(limit);
        }
    }

    fn limit(&mut self, limit: &LimitTable) {
        self.limit_number(limit);
        self.looks_at(limit);
        if matches!(limit.window.get_ref().0, WindowOf::Rolling(ms) if ms < 1) {
            self.wrong(limit.window.span(), "a window has a length");
        }
        if (limit.metric == MetricText::Distinct) != limit.of.is_some() {
            self.wrong(limit.id.span(), "distinct values are `of` a field, and nothing else is");
        }
        if limit.metric == MetricText::Gap && !matches!(limit.window.get_ref().0, WindowOf::Rolling(_)) {
            self.wrong(limit.window.span(), "a gap is a length of time");
        }
        if matches!(limit.metric, MetricText::Gap | MetricText::Speed) && (limit.since.is_some() || !limit.current) {
            self.wrong(limit.id.span(), "a gap or a speed is between this event and its neighbours");
        }
        let events = limit.on.0.iter().all(|kind| matches!(kind.0, Counted::Event(_)));
        if matches!(limit.metric, MetricText::Sequence | MetricText::Copies)
            && (!events || limit.since.is_some() || !limit.current)
        {
            self.wrong(limit.id.span(), "a sequence and copies are of events, between this one and its neighbours");
        }
        if limit.often.is_some() && limit.metric != MetricText::Speed {
            self.wrong(limit.id.span(), "how often is asked of a speed");
        }
        if let Some(entries) = limit.entries.as_ref().filter(|_| limit.metric != MetricText::Sum) {
            self.wrong(entries.span(), "only a sum needs to say how many events it remembers");
        }
        let is_rolling = matches!(limit.window.get_ref().0, WindowOf::Rolling(ms) if ms != i64::MAX);
        if limit.metric == MetricText::First && (is_rolling || limit.since.is_some()) {
            self.wrong(
                limit.window.span(),
                "the first amount is that of a `day`, `week`, `month` or `ever`: of a window that moves every event may become the \
                 first, and no ring keeps them all",
            );
        }
        if limit.around && !matches!(limit.metric, MetricText::Count | MetricText::Sum) {
            self.wrong(limit.id.span(), "only counts and sums look around an event");
        }
        let is_plain = matches!(limit.metric, MetricText::Count | MetricText::Sum) && limit.latest.is_none();
        let is_order = |kind: &CountedKind| matches!(kind.0, Counted::Event(EventKind::Purchase | EventKind::Fee));
        if matches!(limit.counts, CountsText::Kept | CountsText::Reversed)
            && !(is_plain && limit.on.0.iter().all(is_order))
        {
            self.wrong(
                limit.id.span(),
                "what is kept or reversed is a count or a sum of purchases or fees, which a refund gives back",
            );
        }
        if limit.key.0.len() > KeyFields::MAX {
            self.wrong(limit.id.span(), format!("a key has at most {} fields", KeyFields::MAX));
        }
        let counts_transfers = limit.on.0.iter().any(|kind| kind.0 == Counted::Transfer);
        if !counts_transfers && limit.key.0.iter().any(|key| key.0 == KeyField::Recipient) {
            self.wrong(limit.id.span(), "only a transfer has a recipient");
        }
    }

    /// A number that no ring could count to would never fire.
    fn limit_number(&mut self, limit: &LimitTable) {
        let highest = match limit.metric {
            MetricText::Count => i64::from(RING_CAPACITY_MAX) / i64::from(places(limit)) - 1,
            MetricText::Distinct => DISTINCT_LIMIT_MAX,
            MetricText::Favour => LATEST_MAX - 1,
            _ => i64::MAX,
        };
        let highest = limit.latest.as_ref().map_or(highest, |latest| highest.min(latest.get_ref().0 - 1));
        let has_none = matches!(limit.metric, MetricText::Gap | MetricText::Age);
        match &limit.limit {
            Some(number) if has_none => {
                self.wrong(number.span(), format!("a limit on a {} has no number but its window", limit.metric.name()));
            }
            Some(number) if number.get_ref().0 > highest => {
                self.wrong(number.span(), format!("a limit on a {} is at most {highest}", limit.metric.name()));
            }
            None if !has_none => self.wrong(limit.id.span(), "a limit says the most that passes"),
            Some(_) | None => {}
        }
    }

    /// What a limit looks at beside a number.
    fn looks_at(&mut self, limit: &LimitTable) {
        let spends = |kind: &CountedKind| !matches!(kind.0, Counted::Event(_) | Counted::Credit);
        let transfers = |kind: &CountedKind| kind.0 == Counted::Transfer;
        let member = limit.key.0.iter().all(|key| key.0 == KeyField::Member);
        let (metric, kinds) = (limit.metric, &limit.on.0);
        if metric == MetricText::Share && !(member && kinds.iter().all(spends)) {
            self.wrong(limit.id.span(), "a share is of what a member's transfers and spendings take");
        }
        if matches!(metric, MetricText::Passed | MetricText::Cycle) && !(member && kinds.iter().all(transfers)) {
            self.wrong(limit.id.span(), "only transfers by member are passed on or lead in a circle");
        }
        if (metric == MetricText::Favour) != limit.favour.is_some() {
            self.wrong(limit.id.span(), "a favour says what is out of proportion, and nothing else does");
        }
        if metric == MetricText::Favour && (limit.latest.is_none() || !member) {
            self.wrong(limit.id.span(), "a favour looks at the latest entries of a member");
        }
        if !matches!(limit.window.get_ref().0, WindowOf::Rolling(_)) && limit.latest.is_some() {
            self.wrong(limit.window.span(), "what looks at the latest entries has a window of some length");
        }
        let told = |of: KeyField| TRAIL_FIELDS.contains(&of);
        if let Some(latest) = &limit.latest {
            let counts = matches!(metric, MetricText::Count | MetricText::Favour);
            let tells = metric == MetricText::Distinct && limit.of.as_ref().is_some_and(|of| told(of.get_ref().0));
            if !counts && !tells {
                self.wrong(latest.span(), "the latest entries tell staff, card and store apart, and nothing else");
            }
        }
        if limit.apart.is_some() && limit.quick.is_none() {
            self.wrong(limit.id.span(), "what is apart is told of what came quickly");
        }
        let tells_quick = matches!(metric, MetricText::Count | MetricText::Favour);
        if limit.quick.is_some() && (limit.latest.is_none() || !tells_quick) {
            self.wrong(limit.id.span(), "only a count of the latest entries, or a favour, tells which came quickly");
        }
        if limit.after.iter().any(|prior| prior.key.as_ref().is_some_and(|key| key.0.len() > KeyFields::MAX)) {
            self.wrong(limit.id.span(), format!("a key has at most {} fields", KeyFields::MAX));
        }
    }
}

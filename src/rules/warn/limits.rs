//! Limits that are seldom meant: one that can never fire, one that always does, one that another makes needless, and one that
//! who leaves something out gets round.

use super::Look;
use crate::ledger::event::EventKind;
use crate::ledger::record::{KeyField, Verdict};
use crate::ledger::terms::Counted;
use crate::rules::limits::ring_name;
use crate::rules::manifest::{CountsText, LimitTable, MetricText};
use crate::rules::values::{CountedKind, WindowOf};

impl Look<'_> {
    /// Looks at the program's own: those of the default pack are no matter of its.
    pub(super) fn limits(&mut self) {
        let own: Vec<&LimitTable> = self.manifest.limits.iter().filter(|limit| !limit.standard).collect();
        for (at, limit) in own.iter().enumerate() {
            let offset = limit.id.span().start;
            let covers =
                |(other_at, other): (usize, &&LimitTable)| other_at != at && is_covered(limit, other, other_at < at);
            if own.iter().enumerate().any(covers) {
                self.warn("unreachable_rule", offset, "another limit raises at least as much, and sooner");
            }
            if let Some(why) = never_fires(limit) {
                self.warn("unreachable_rule", offset, why);
            }
            if always_fires(limit) {
                let message = "this speaks of every event it counts: the first one is more than `limit` lets pass";
                self.warn("always_fires", offset, message);
            }
            if let Some(field) = left_out(limit) {
                let message = format!(
                    "whoever leaves out the {} is not counted; say what that means: absent = \"skip\", or a verdict",
                    field.name()
                );
                self.warn("no_absent", offset, message);
            }
        }
    }
}

/// Whether another limit raises at least as much, and sooner; of two that are alike the later one is needless.
fn is_covered(limit: &LimitTable, other: &LimitTable, is_earlier: bool) -> bool {
    let same = other.on == limit.on
        && other.key == limit.key
        && other.metric == limit.metric
        && ring_name(other) == ring_name(limit)
        && (other.shadow, other.current) == (limit.shadow, limit.current);
    let (WindowOf::Rolling(others), WindowOf::Rolling(own)) = (other.window.get_ref().0, limit.window.get_ref().0)
    else {
        return false;
    };
    let (Some(others_most), Some(most)) = (&other.limit, &limit.limit) else { return false };
    let (others_most, most) = (others_most.get_ref().0, most.get_ref().0);
    let covers = others >= own && others_most <= most && other.verdict.0 >= limit.verdict.0;
    let twins = others == own && others_most == most && other.verdict.0 == limit.verdict.0;
    same && covers && (!twins || is_earlier)
}

/// Why a limit can never fire, where it cannot.
fn never_fires(limit: &LimitTable) -> Option<String> {
    let kinds = &limit.on.0;
    let is_skipped = limit.absent.as_ref().is_none_or(|absent| absent.0.is_none());
    let lacks = |field: KeyField| !kinds.iter().any(|kind| may_have(&kind.0, field));
    let of = limit.of.as_ref().map(|of| of.get_ref().0);
    let fields = limit.key.0.iter().map(|key| key.0).chain(of);
    if let Some(field) = fields.into_iter().find(|field| is_skipped && lacks(*field)) {
        return Some(format!("nothing this counts ever has a {}", field.name()));
    }
    let enrols = kinds.iter().all(|kind| kind.0 == Counted::Event(EventKind::Enroll));
    let by_member = limit.key.0.iter().any(|key| key.0 == KeyField::Member);
    let most = limit.limit.as_ref().map_or(0, |most| most.get_ref().0);
    if enrols && by_member && limit.metric == MetricText::Count && most > 0 && limit.counts == CountsText::Accepted {
        return Some("a member enrols once".to_owned());
    }
    (limit.metric == MetricText::Share && most >= 100).then(|| "no more than 100 % can go".to_owned())
}

/// Whether inputs of a kind may have a field.
fn may_have(kind: &Counted, field: KeyField) -> bool {
    let event = match kind {
        Counted::Event(kind) => Some(kind),
        _ => None,
    };
    match field {
        KeyField::Recipient => *kind == Counted::Transfer,
        KeyField::Referrer => event == Some(&EventKind::Enroll),
        KeyField::Email | KeyField::Phone | KeyField::Address => {
            matches!(event, Some(EventKind::Enroll | EventKind::Profile))
        }
        KeyField::Card | KeyField::Receipt | KeyField::Order => event.is_some(),
        _ => true,
    }
}

/// Whether a limit speaks of everything it counts.
fn always_fires(limit: &LimitTable) -> bool {
    let nothing = limit.limit.as_ref().is_some_and(|most| most.get_ref().0 == 0);
    let unasked = limit.when.is_empty()
        && limit.only.0.is_empty()
        && limit.after.is_empty()
        && limit.fresh.is_none()
        && limit.newer_than.is_none()
        && limit.idle_for.is_none()
        && limit.latest.is_none();
    let counts = matches!(limit.metric, MetricText::Count | MetricText::Distinct);
    let plain = |kind: &CountedKind| !matches!(kind.0, Counted::Event(EventKind::Custom(_)));
    let common = limit.on.0.iter().all(plain) && limit.counts == CountsText::Attempted;
    nothing && unasked && counts && limit.current && common && limit.verdict.0 >= Verdict::Hold
}

/// The field of a key that may be missing, of a limit that stops something and does not say what that means.
fn left_out(limit: &LimitTable) -> Option<KeyField> {
    if limit.absent.is_some() || limit.shadow || limit.verdict.0 < Verdict::Hold {
        return None;
    }
    let always = |field: &KeyField| matches!(field, KeyField::Member | KeyField::Recipient);
    limit.key.0.iter().map(|key| key.0).find(|field| !always(field))
}

//! Deciding a refund: exactly what the order gave goes back, by its own record, never by today's rules.
//!
//! What goes back in all is worked out from what has been refunded in all; this refund takes the difference to what was taken
//! before. So parts sum to the whole, whatever their order. A refund that comes before its sale waits for it.
//!
//! * An order that waits for a review is not yet a sale: its refund waits too. One that was denied gave nothing: nothing is
//!   taken, and what is left of it is kept.
//! * A refund that is held does nothing until it is cleared: it then waits for its order like one that came too early.
//! * Another member's order is an order this member does not have.

use std::sync::Arc;

use super::super::act::{Act, What};
use super::super::calendar::{month_index, year_of};
use super::super::event::Event;
use super::super::member::Member;
use super::super::proposal::Proposal;
use super::super::provenance::{Back, Condition, Leaving, LineBack, Lines, Window};
use super::super::record::{Account, Effect, Input, Record, Status};
use super::super::reject::Reject;
use super::super::terms::{LimitTerms, Metric};
use super::super::types::{LotId, NameId, Points, Text, TimeMs};
use super::cards::Unstamp;
use super::event::{Opened, Work};
use super::laws::{self, Moved};
use super::reclaim::{Reclaim, policy_of};
use super::shares::{Asked, Order, Progress};
use super::subject::{Gave, Since, Subject, gave};
use super::{Books, Draft, Judgement, Kinship};
use crate::limits::EARLY_REFUNDS_MAX;

/// Decides a refund of an order, or one that waits where there is none.
///
/// # Errors
/// As [`event`](super::event()); refuses more than is left of the order or of a line, and a refund of an unknown order of a
/// member for whom too many wait already.
pub fn refund(
    books: &Books<'_>,
    event: &Arc<Event>,
    proposal: Proposal,
    judgement: Judgement,
    subject: Option<&Subject>,
) -> Result<Record, Reject> {
    let Opened { mut draft, member, status, judgement } = super::event::open(books, event, judgement)?;
    if status != Status::Denied {
        let (day, earned_at) = (books.terms.zone.day(event.occurred_at), event.occurred_at);
        let work = Work { books, event, member, day, status, earned_at };
        work.enroll(&mut draft, &Kinship::default());
        let asked = Asked::of(event);
        let found = subject.filter(|_| status == Status::Posted).zip(member);
        match found {
            Some((subject, member)) => {
                let giving = Giving::new(books, subject, member, event.occurred_at);
                giving.take_back(&mut draft, &asked, false)?;
            }
            None => wait(&mut draft, member, event.order(), asked)?,
        }
        work.follow(&mut draft, &proposal.intents)?;
        work.move_tier(&mut draft);
        if let Some((_, member)) = found {
            recheck(&mut draft, member);
        }
    }
    let mut record = draft.record(books, Input::Event(Arc::clone(event)), event.occurred_at, judgement);
    record.status = status;
    record.operations = proposal.operations;
    record.faults = proposal.faults;
    Ok(record)
}

/// What a refund that was held does once it is cleared, of an order that stands by then; else it waits for it. It takes at most
/// what is left: nobody is there any more to be refused.
///
/// # Errors
/// Refuses a refund of an unknown order of a member for whom too many wait already.
pub(super) fn cleared(
    books: &Books<'_>,
    draft: &mut Draft,
    (event, member): (&Event, &Member),
    subject: Option<&Subject>,
) -> Result<(), Reject> {
    let asked = Asked::of(event);
    match subject {
        Some(subject) => Giving::new(books, subject, member, event.occurred_at).take_back(draft, &asked, true),
        None => wait(draft, Some(member), event.order(), asked),
    }
}

/// What is left of each lot that a record gave: what no refund has asked for, and what was not lost by time.
pub(super) fn left_of(books: &Books<'_>, subject: &Subject) -> Vec<(Gave, Points)> {
    let first = subject.order.parties.first().and_then(|party| books.member(&party.member));
    let sale = subject.event().zip(first);
    let giving = sale.map(|(_, member)| Giving::new(books, subject, member, books.now));
    let expired = |lot: LotId| {
        let of_lot = |since: &Since| match since {
            Since::Expired { lot: of, amount } if *of == lot => amount.get(),
            _ => 0,
        };
        subject.since.iter().map(of_lot).sum::<i64>()
    };
    let issued = |effect: &Effect| !matches!(effect, Effect::Credit(credit) if credit.from != Account::Issued);
    let lots = subject.order.effects.iter().enumerate().filter(|(_, effect)| issued(effect));
    lots.filter_map(|(at, effect)| {
        let gave = gave(effect)?;
        let (asked, lost) =
            giving.as_ref().map_or_else(|| (0, expired(gave.lot)), |giving| giving.asked_before(at, gave));
        Some((gave, Points::new(gave.amount.get() - asked - lost)))
    })
    .collect()
}

/// Decides the next refund that waited for an order that was recorded just now, with those found since; it takes at most what
/// the order gave. `None` where none waits, or the order is not one that stands.
#[must_use]
pub fn awaited(books: &Books<'_>, order: &Record, found: &[Record]) -> Option<Record> {
    if order.status == Status::Held {
        return None;
    }
    let sale = super::subject::sale(order)?;
    let member = books.member(&sale.member)?;
    let early = member.standing()?.early_refunds.iter().find(|early| early.order == *sale.order())?;
    let subject = Subject::fresh(order.clone(), found);
    let mut draft = Draft::default();
    draft.party(&sale.member, Some(member));
    draft.keep_days(books, (0, member));
    draft.effects.push(Effect::Awaited { party: 0, refund: early.refund });
    let asked = Asked { lines: early.lines.clone(), amount: early.amount };
    let giving = Giving::new(books, &subject, member, books.now);
    let taken = giving.take_back(&mut draft, &asked, true);
    assert!(taken.is_ok(), "what takes at most what is left is never refused");
    draft.move_tier(books, member, (Status::Posted, books.now), &[]);
    recheck(&mut draft, member);
    let act = Act { member: sale.member.clone(), context: None, what: What::Awaited { refund: early.refund } };
    Some(draft.record(books, Input::Act(Arc::new(act), Text::default()), books.now, Judgement::default()))
}

/// A refund of an order that is not there waits for it.
fn wait(draft: &mut Draft, member: Option<&Member>, order: &Text, asked: Asked) -> Result<(), Reject> {
    let waiting = member.and_then(Member::standing).map_or(0, |standing| standing.early_refunds.len());
    if waiting >= EARLY_REFUNDS_MAX {
        return Err(Reject::UnknownOrder(order.clone()));
    }
    let Asked { lines, amount } = asked;
    draft.effects.push(Effect::Await { party: 0, order: order.clone(), lines, amount });
    Ok(())
}

/// What an order gave, and what of it has been asked back.
struct Giving<'a> {
    books: &'a Books<'a>,
    subject: &'a Subject,
    order: Order,
    member: &'a Member,
    /// The refund's business time.
    at: TimeMs,
}

impl<'a> Giving<'a> {
    fn new(books: &'a Books<'a>, subject: &'a Subject, member: &'a Member, at: TimeMs) -> Self {
        let order = Order::of(subject.event().expect("a subject is a sale"));
        Self { books, subject, order, member, at }
    }

    /// What has been refunded before: what the latest refund says of all.
    fn before(&self) -> Progress {
        let said = self.subject.since.iter().rev().find_map(|since| match since {
            Since::Refunded(lines) => Some(lines.as_slice()),
            Since::Expired { .. } | Since::Faded(_) | Since::Clawed(_) => None,
        });
        self.order.progress(said.unwrap_or(&[]))
    }

    fn take_back(&self, draft: &mut Draft, asked: &Asked, at_most: bool) -> Result<(), Reject> {
        let before = self.before();
        let after = self.order.refund(&before, asked, at_most)?;
        let record = &self.subject.order;
        let lines: Vec<LineBack> = self.order.said(&after);
        let name = self.subject.event().map_or_else(Text::default, |event| event.order().clone());
        draft.effects.push(Effect::Refund { party: 0, order: name, first: record.seq, lines });
        if record.status != Status::Posted {
            return Ok(());
        }
        for (index, party) in record.parties.iter().enumerate() {
            let Some(member) = self.books.member(&party.member) else { continue };
            let own = draft.party(&party.member, Some(member));
            let theirs = u8::try_from(index).unwrap_or(u8::MAX);
            self.reclaim_points(draft, (theirs, own), member, &after);
        }
        self.uncount(draft, (&before, &after));
        self.unstamp(draft, (&before, &after));
        self.end_rights(draft, (&before, &after));
        self.unobserve(draft, (&before, &after));
        let moved = Moved {
            member: Some(self.member),
            at: record.occurred_at,
            earned_at: record.occurred_at,
            day: self.books.terms.zone.day(record.occurred_at),
            refund_of: Some(self.subject),
        };
        laws::after_counts(self.books, draft, &moved)
    }

    /// From which lines an effect of the order came, and how it goes back.
    fn origin(&self, at: usize) -> (Lines, Back) {
        let record = &self.subject.order;
        let said = record.effects.iter().find_map(|effect| match effect {
            Effect::Origin { of, lines, back, .. } if usize::from(*of) == at => Some((lines.clone(), back.clone())),
            _ => None,
        });
        said.unwrap_or_else(|| {
            let whole = match record.effects.get(at) {
                Some(Effect::Count { counter, .. }) => *counter == self.books.terms.purchases_counter,
                Some(Effect::Credit(_) | Effect::Vest(_) | Effect::Budget { .. }) => false,
                _ => true,
            };
            (Lines::All, if whole { Back::Whole } else { Back::Share })
        })
    }

    /// How much of an effect has gone back in all.
    fn back(&self, at: usize, amount: i64, progress: &Progress) -> i64 {
        let (lines, back) = self.origin(at);
        let Back::With(other) = back else { return self.order.back(amount, (&lines, &back), progress) };
        // What goes back with a later effect, or with itself, would be a circle.
        let other = usize::from(other);
        let effect = self.subject.order.effects.get(other).filter(|_| other < at);
        match effect {
            Some(effect @ (Effect::Credit(_) | Effect::Vest(_))) => {
                let given = gave(effect).map_or(0, |gave| gave.amount.get());
                self.back(other, given, progress).min(amount)
            }
            Some(Effect::Count { amount: of, .. }) => self.back(other, *of, progress).min(amount),
            Some(Effect::Grant { .. }) => self.back(other, amount, progress),
            _ => 0,
        }
    }

    /// What of a lot has been asked for once all refunds so far are done: never what was lost by time before it was asked.
    fn asked_before(&self, at: usize, gave: Gave) -> (i64, i64) {
        let (mut asked, mut expired) = (0i64, 0i64);
        for since in &self.subject.since {
            match since {
                Since::Expired { lot, amount } if *lot == gave.lot => expired += amount.get(),
                Since::Refunded(lines) => {
                    let back = self.back(at, gave.amount.get(), &self.order.progress(lines));
                    asked = asked.max(back - expired);
                }
                Since::Clawed(_) => asked = asked.max(gave.amount.get() - expired),
                Since::Expired { .. } | Since::Faded(_) => {}
            }
        }
        (asked, expired)
    }

    /// Takes the points that the order gave to one of its parties, pool by pool.
    fn reclaim_points(&self, draft: &mut Draft, (theirs, own): (u8, u8), member: &Member, after: &Progress) {
        let mut pools: Vec<Reclaim> = Vec::new();
        for (at, effect) in self.subject.order.effects.iter().enumerate() {
            let Some(gave) = gave(effect).filter(|gave| gave.party == theirs) else { continue };
            let (asked, expired) = self.asked_before(at, gave);
            // A lot that is past its time, and not yet taken off the books, is lost too, but for what a hold keeps.
            let lot = member.pool(gave.pool).and_then(|pool| pool.lots.iter().find(|lot| lot.id == gave.lot));
            let late = lot.filter(|lot| lot.expired_at(self.books.now)).map_or(0, |lot| lot.free().get());
            let amount = Points::new(self.back(at, gave.amount.get(), after) - expired - late - asked);
            if !amount.is_positive() {
                continue;
            }
            match pools.iter_mut().find(|known| known.pool == gave.pool) {
                Some(known) => known.own.push((gave.lot, amount)),
                None => pools.push(Reclaim {
                    party: own,
                    pool: gave.pool,
                    own: vec![(gave.lot, amount)],
                    went: Vec::new(),
                    order: self.subject.seqs(),
                    policy: policy_of(self.books, gave.pool),
                }),
            }
        }
        for asked in &pools {
            draft.reclaim(self.books, member, asked);
        }
    }

    /// Takes back counts and the room of budgets, in the periods they were counted for.
    fn uncount(&self, draft: &mut Draft, (before, after): (&Progress, &Progress)) {
        let record = &self.subject.order;
        for (at, effect) in record.effects.iter().enumerate() {
            match effect {
                Effect::Count { party, counter, day, amount } => {
                    if self.goes_with_grant(at).is_some_and(|grant| !self.is_withdrawn(draft, grant, after)) {
                        continue;
                    }
                    let gone = self.back(at, *amount, after) - self.back(at, *amount, before);
                    if let (true, Some(party)) = (gone != 0, self.party_of(draft, *party)) {
                        draft.effects.push(Effect::Count { party, counter: *counter, day: *day, amount: -gone });
                    }
                }
                Effect::Budget { party, counter, amount } => {
                    let gone = self.back(at, amount.get(), after) - self.back(at, amount.get(), before);
                    if let (true, Some(party)) = (gone != 0, self.party_of(draft, *party)) {
                        let amount = Points::new(-gone);
                        draft.effects.push(Effect::Budget { party, counter: *counter, amount });
                    }
                }
                _ => {}
            }
        }
    }

    /// Takes the order out of what limits count of what is kept, or so much of it as went back.
    fn unobserve(&self, draft: &mut Draft, (before, after): (&Progress, &Progress)) {
        let Some(event) = self.subject.order.input.event() else { return };
        let all = event.amount().get();
        let left = |progress: &Progress| all - self.order.back(all, (&Lines::All, &Back::Share), progress);
        let is_whole = |progress: &Progress| self.order.back(1, (&Lines::All, &Back::Whole), progress) == 1;
        let what = |limit: &LimitTerms| match limit.metric {
            _ if is_whole(after) => (!is_whole(before)).then_some(None),
            Metric::Sum => (left(before) != left(after)).then_some(Some(left(after))),
            _ => None,
        };
        let [_, of] = self.subject.seqs();
        draft.unobserve(self.books, (event, of), what);
        let is_back = |progress: &Progress| is_whole(progress) || left(progress) < all;
        let back = |limit: &LimitTerms| match limit.metric {
            Metric::Sum => (left(before) != left(after)).then_some(all - left(after)),
            _ => (is_back(after) && !is_back(before)).then_some(1),
        };
        draft.reverse(self.books, (event, of), back);
    }

    /// A party of the order as a party of the refund.
    fn party_of(&self, draft: &mut Draft, theirs: u8) -> Option<u8> {
        let id = &self.subject.order.parties.get(usize::from(theirs))?.member;
        let member = self.books.member(id)?;
        Some(draft.party(id, Some(member)))
    }

    /// The grant that a count of the order goes back with.
    fn goes_with_grant(&self, at: usize) -> Option<usize> {
        let (_, Back::With(other)) = self.origin(at) else { return None };
        let other = usize::from(other);
        matches!(self.subject.order.effects.get(other), Some(Effect::Grant { .. })).then_some(other)
    }

    /// Whether a grant of the order goes back now: refunded whole, and unused. One that hangs on a condition goes with that
    /// alone: other orders may hold it up.
    fn is_withdrawn(&self, draft: &Draft, at: usize, after: &Progress) -> bool {
        let effects = &self.subject.order.effects;
        let Some(Effect::Grant { index, .. }) = effects.get(at) else { return false };
        if effects.iter().any(|effect| matches!(effect, Effect::Hangs { party: 0, grant, .. } if grant == index)) {
            return false;
        }
        let id = LotId { seq: self.subject.order.seq, index: *index };
        let gone = |effect: &Effect| matches!(effect, Effect::Ungrant { grant, .. } if *grant == id);
        self.back(at, 1, after) == 1 && self.member.grant(id).is_some() && !draft.effects.iter().any(gone)
    }

    /// Takes stamps back, a line's last ones first, and those of whole lines once they are refunded whole.
    fn unstamp(&self, draft: &mut Draft, (before, after): (&Progress, &Progress)) {
        let record = &self.subject.order;
        let faded: Vec<LotId> = self
            .subject
            .since
            .iter()
            .filter_map(|since| if let Since::Faded(mark) = since { Some(*mark) } else { None })
            .collect();
        for (at, effect) in record.effects.iter().enumerate() {
            let Effect::Punch { party: 0, card, of, marks, .. } = effect else { continue };
            let lines: Vec<u32> = marks.iter().map(|mark| mark.line).collect();
            let gone_before = self.marks_back(at, &lines, before);
            let fresh: Vec<LotId> = (0u16..)
                .zip(self.marks_back(at, &lines, after))
                .zip(gone_before)
                .filter(|((_, now), then)| *now && !*then)
                .map(|((index, _), _)| LotId { seq: record.seq, index })
                .collect();
            if fresh.is_empty() {
                continue;
            }
            let asked = Unstamp { party: 0, card: *card, of: *of, marks: &fresh, faded: &faded, at: self.at };
            draft.unstamp(self.books, self.member, &asked);
        }
    }

    /// Which stamps of an effect have gone back.
    fn marks_back(&self, at: usize, lines: &[u32], progress: &Progress) -> Vec<bool> {
        let (from, back) = self.origin(at);
        let whole = back != Back::Never && self.order.are_whole(&from, progress);
        let mut seen: Vec<u32> = Vec::new();
        let of_mark = |line: &u32| {
            if *line == 0 {
                return whole;
            }
            let place = seen.iter().filter(|known| *known == line).count() + 1;
            seen.push(*line);
            u32::try_from(place).unwrap_or(u32::MAX) > self.order.quantity_left(*line, progress)
        };
        lines.iter().map(of_mark).collect()
    }

    /// Withdraws unused rewards that came with whole lines, ends rights, and the period of a fee that no longer pays for it.
    fn end_rights(&self, draft: &mut Draft, (before, after): (&Progress, &Progress)) {
        let record = &self.subject.order;
        let of_cards: Vec<u16> = record
            .effects
            .iter()
            .flat_map(|effect| if let Effect::Punch { filled, .. } = effect { filled.as_slice() } else { &[] })
            .copied()
            .collect();
        for (at, effect) in record.effects.iter().enumerate() {
            match effect {
                Effect::Grant { party: 0, index, reward, .. }
                    if !of_cards.contains(index) && self.is_withdrawn(draft, at, after) =>
                {
                    let grant = LotId { seq: record.seq, index: *index };
                    let (party, reward, why) = (0, *reward, Leaving::Withdrawn);
                    draft.effects.push(Effect::Ungrant { party, reward, grant, why });
                }
                Effect::Entitle { party: 0, index, .. } if self.back(at, 1, after) > self.back(at, 1, before) => {
                    let id = LotId { seq: record.seq, index: *index };
                    draft.effects.push(Effect::Disentitle { party: 0, id });
                }
                Effect::Plan { party: 0, index, plan, paid, .. } => {
                    let period = LotId { seq: record.seq, index: *index };
                    let price =
                        self.books.terms.plan(*plan).map_or(paid.get(), |plan| plan.price.get().min(paid.get()));
                    let pays = |progress| self.order.net(progress) >= price && self.order.net(progress) > 0;
                    let known = self.member.standing().and_then(|s| s.plans.iter().find(|known| known.id == period));
                    let lasts = known.is_some_and(|known| known.until.is_none_or(|until| until > self.at));
                    if lasts && pays(before) && !pays(after) {
                        draft.effects.push(Effect::PlanEnd { party: 0, period, at: self.at, refunded: true });
                    }
                }
                _ => {}
            }
        }
    }
}

/// Withdraws unused free rewards whose condition no longer holds; they count as never given.
pub(super) fn recheck(draft: &mut Draft, member: &Member) {
    let Some(standing) = member.standing() else { return };
    let tier = draft.effects.iter().rev().find_map(|effect| match effect {
        Effect::Tier { party: 0, to, .. } => Some(*to),
        _ => None,
    });
    let tier = tier.unwrap_or(member.tier);
    for hanging in &standing.conditions {
        let holds = match &hanging.condition {
            // A tier that time or a closed card took before took nothing with it: only a refund that ends it does.
            Condition::Tier(tiers) => {
                let among = |tier: Option<NameId>| tier.is_some_and(|tier| tiers.contains(&tier));
                among(tier) || !among(member.tier)
            }
            Condition::Counter { counter, window, at_least } => {
                let moved = moved_within(draft, *counter, *window);
                // A sum that is no longer kept was enough when it was: nothing says that it is not.
                let known = member.counter(*counter).map_or(Some(0), |known| known.sum(*window));
                known.is_none_or(|known| known.saturating_add(moved) >= *at_least)
            }
        };
        let gone = |effect: &Effect| matches!(effect, Effect::Ungrant { grant, .. } if *grant == hanging.grant);
        let unused = member.grant(hanging.grant).filter(|_| !holds && !draft.effects.iter().any(gone));
        let Some(grant) = unused else { continue };
        let (party, reward, why) = (0, grant.reward, Leaving::Withdrawn);
        draft.effects.push(Effect::Ungrant { party, reward, grant: grant.id, why });
        if let Some((counter, day)) = hanging.counter {
            draft.effects.push(Effect::Count { party, counter, day, amount: -1 });
        }
    }
}

/// What the draft adds to a counter within a window.
fn moved_within(draft: &Draft, name: NameId, window: Window) -> i64 {
    let of_effect = |effect: &Effect| match effect {
        Effect::Count { party: 0, counter, day, amount } if *counter == name && within(window, *day) => *amount,
        _ => 0,
    };
    draft.effects.iter().map(of_effect).sum()
}

/// Whether a day's counts lie in a window.
fn within(window: Window, day: i32) -> bool {
    match window {
        Window::Ever => true,
        Window::Year(year) => year_of(day) == year,
        Window::Month(month) => month_index(day) == month,
        Window::Day(of) => day == of,
    }
}

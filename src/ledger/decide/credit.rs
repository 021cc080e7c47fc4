//! Making credits: when a lot becomes available and is lost, what limits cut from it, what debt it repays.

use super::super::calendar::{Span, month_index, year_of};
use super::super::member::Member;
use super::super::record::{Account, Clip, Clipped, Credit, Effect};
use super::super::reject::Reject;
use super::super::review::Vest;
use super::super::terms::{CapPeriod, CapTerms, Expiry, Period, PoolTerms};
use super::super::types::{LotId, NameId, Points, Text, TimeMs};
use super::{Books, Draft, within};

/// A credit as a rule wants it.
pub(super) struct Wanted {
    pub(super) party: u8,
    pub(super) pool: NameId,
    pub(super) amount: Points,
    pub(super) earned_at: TimeMs,
    /// How long it is pending; available at once where nothing is said.
    pub(super) pending: Option<Span>,
    pub(super) expires: Option<Span>,
    pub(super) from: Account,
    pub(super) reason: Text,
    pub(super) rule: Text,
    /// True where the record is held: the lot then waits for a review.
    pub(super) held: bool,
}

impl Draft {
    /// Adds a credit of what the caps leave of it, the rule's `own` among them, pending as its pool says where the rule does
    /// not. A credit of nothing leaves no effect: the record itself is the trace.
    pub(super) fn earn(
        &mut self,
        books: &Books<'_>,
        member: Option<&Member>,
        mut wanted: Wanted,
        own: Option<NameId>,
    ) -> Result<(), Reject> {
        self.cap(books, member, &mut wanted, own);
        if !wanted.amount.is_positive() {
            return Ok(());
        }
        let terms = books.terms.pool(wanted.pool);
        if let (Some(counter), false) = (terms.and_then(|terms| terms.earned), wanted.held) {
            let (party, day, amount) = (wanted.party, books.terms.zone.day(wanted.earned_at), wanted.amount.get());
            self.effects.push(Effect::Count { party, counter, day, amount });
        }
        wanted.pending = wanted.pending.or_else(|| terms?.pending);
        let noted = own.filter(|_| wanted.held).map(|cap| (wanted.party, cap));
        self.credit(books, member, wanted)?;
        if let (Some((party, cap)), Some(index)) = (noted, self.next_index.checked_sub(1)) {
            self.effects.push(Effect::HeldCap { party, lot: LotId { seq: books.seq(), index }, cap });
        }
        Ok(())
    }

    /// Adds a credit that no cap cuts and no pool delays: corrections, bonuses of a referral.
    pub(super) fn credit(&mut self, books: &Books<'_>, member: Option<&Member>, wanted: Wanted) -> Result<(), Reject> {
        let Wanted { party, pool, amount, earned_at, pending, expires, from, reason, rule, held } = wanted;
        self.room_for(member, party, pool, amount)?;
        let terms = books.terms.pool(pool).ok_or(Reject::UnknownPool(Text::new_static("?")))?;
        let available_at = if held {
            TimeMs::NEVER
        } else {
            pending.map_or(earned_at.min(books.now), |span| books.terms.zone.after(earned_at, span))
        };
        let expires_at = if held { None } else { expiry(books, terms, available_at, expires) };
        let repaid = if available_at <= books.now { self.debt(member, party, pool).min(amount) } else { Points::ZERO };
        let lot = LotId { seq: books.seq(), index: self.index() };
        self.effects.push(Effect::Credit(Credit {
            party,
            pool,
            lot,
            amount,
            repaid,
            earned_at,
            available_at,
            expires_at,
            from,
            reason,
            rule,
        }));
        if held && (pending.is_some() || expires.is_some()) {
            self.effects.push(Effect::HeldTerms { party, lot, pending, expires });
        }
        Ok(())
    }

    /// What a member will owe in a pool once the effects so far are done.
    pub(super) fn debt(&self, member: Option<&Member>, party: u8, pool: NameId) -> Points {
        let owed = member.and_then(|m| m.pool(pool)).map_or(Points::ZERO, |pool| pool.debt);
        self.effects.iter().fold(owed, |owed, effect| match effect {
            Effect::Credit(c) if c.party == party && c.pool == pool => owed - c.repaid,
            Effect::Vest(Vest { party: whose, pool: of, repaid, .. }) if *whose == party && *of == pool => {
                owed - *repaid
            }
            Effect::Owe { party: whose, pool: of, amount, .. } if *whose == party && *of == pool => owed + *amount,
            _ => owed,
        })
    }

    /// Refuses a credit that would take the pool past the largest amount.
    fn room_for(&self, member: Option<&Member>, party: u8, pool: NameId, amount: Points) -> Result<(), Reject> {
        let has = member.and_then(|m| m.pool(pool));
        let total = has.map_or(0, |pool| pool.lots.remaining().get());
        let lifetime = has.map_or(0, |pool| pool.lifetime.get());
        let added = self.effects.iter().fold(amount.get(), |sum, effect| match effect {
            Effect::Credit(c) if c.party == party && c.pool == pool => sum.saturating_add(c.amount.get()),
            _ => sum,
        });
        within(total.max(lifetime).checked_add(added), "pool's balance").map(drop)
    }

    /// Cuts a credit to the room its caps leave, notes the cut, and counts what is given.
    pub(super) fn cap(&mut self, books: &Books<'_>, member: Option<&Member>, wanted: &mut Wanted, own: Option<NameId>) {
        let day = books.terms.zone.day(wanted.earned_at);
        let asked = wanted.amount;
        let mut tightest = None;
        let pool = wanted.pool;
        let limits = |cap: &&CapTerms| cap.pool == pool && (!cap.own || Some(cap.counter) == own);
        for cap in books.terms.caps.iter().filter(limits) {
            let used = self.used(books, member, cap, (wanted.party, &wanted.rule), day);
            let room = Points::new(cap.limit.get().saturating_sub(used).max(0));
            if wanted.amount > room {
                wanted.amount = room;
                tightest = Some(cap);
            }
        }
        if let Some(cap) = tightest {
            self.clipped.push(Clip {
                party: wanted.party,
                what: Clipped::Pool(wanted.pool),
                wanted: asked.get(),
                given: wanted.amount.get(),
                limit: cap.name.clone(),
            });
        }
        if !wanted.amount.is_positive() || wanted.held {
            return;
        }
        for cap in books.terms.caps.iter().filter(limits) {
            let (party, counter, amount) = (wanted.party, cap.counter, wanted.amount);
            match cap.period {
                CapPeriod::Event => {}
                CapPeriod::Member(_) => self.effects.push(Effect::Count { party, counter, day, amount: amount.get() }),
                CapPeriod::Program => self.effects.push(Effect::Budget { party, counter, amount }),
            }
        }
    }

    /// What a cap has given so far, this record's effects included.
    fn used(
        &self,
        books: &Books<'_>,
        member: Option<&Member>,
        cap: &CapTerms,
        (party, rule): (u8, &Text),
        day: i32,
    ) -> i64 {
        let counts = |c: &Credit| c.pool == cap.pool && c.party == party && (!cap.own || c.rule == *rule);
        let gave = |lot: LotId| self.vested.iter().any(|(vested, by)| *vested == lot && by == rule);
        let here = |effect: &Effect| match effect {
            Effect::Credit(c) if counts(c) => c.amount.get(),
            Effect::Vest(Vest { party: whose, pool, lot, amount, .. })
                if *pool == cap.pool && *whose == party && (!cap.own || gave(*lot)) =>
            {
                amount.get()
            }
            _ => 0,
        };
        let now: i64 = self.effects.iter().map(here).sum();
        let counter = member.and_then(|m| m.counter(cap.counter));
        let before = match cap.period {
            CapPeriod::Event => 0,
            CapPeriod::Member(period) => counter.map_or(0, |c| match period {
                Period::Day => c.days.get(day),
                Period::Month => c.months.get(month_index(day)),
                Period::Quarter | Period::Year => c.years.get(year_of(day)),
            }),
            CapPeriod::Program => {
                books.state.program(books.program).and_then(|p| p.budgets.get(&cap.counter)).copied().unwrap_or(0)
            }
        };
        before.saturating_add(now)
    }
}

/// When a lot that becomes available at an instant is lost.
pub(super) fn expiry(books: &Books<'_>, pool: &PoolTerms, available_at: TimeMs, own: Option<Span>) -> Option<TimeMs> {
    ends(books, own.map_or(pool.expiry, Expiry::Rolling), available_at)
}

/// When something that can be used from an instant on is lost.
pub(super) fn ends(books: &Books<'_>, expiry: Expiry, from: TimeMs) -> Option<TimeMs> {
    let zone = &books.terms.zone;
    match expiry {
        Expiry::Rolling(span) => Some(zone.after(from, span)),
        Expiry::EndOf { period, after } => Some(zone.end_of(from, period, after)),
        // Inactivity moves all lots together, so it is kept by the pool and not by its lots.
        Expiry::Never | Expiry::Inactivity { .. } => None,
    }
}

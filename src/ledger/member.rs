//! A member: lots, cards, counters, tier, profile, as the records have left them.
//!
//! Members change only in [`apply`](super::apply). Questions about an instant (what is available at t) take the instant;
//! no answer depends on whether a sweep has run.

use std::sync::Arc;

use super::calendar::{Day, month_index, year_of};
use super::event::Birthday;
use super::kin::Kin;
pub use super::lots::{Lot, Lots};
use super::provenance::{Hold, Window};
use super::record::{PoolAfter, Snapshot};
use super::standing::Standing;
use super::status::Status;
use super::types::{LotId, Money, NameId, Points, Seq, Text, TimeMs};

/// What a member has in one pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolState {
    /// Which pool.
    pub pool: NameId,
    /// Lots with something left, in spending order.
    pub lots: Lots,
    /// What is owed: paid by the next credits.
    pub debt: Points,
    /// Everything rules ever credited, not reduced by spending.
    pub lifetime: Points,
}

impl PoolState {
    /// What can be spent at an instant: active lots less what holds keep aside.
    #[must_use]
    pub fn available(&self, at: TimeMs) -> Points {
        self.lots.available(at)
    }

    /// What holds keep aside.
    #[must_use]
    pub fn held(&self) -> Points {
        self.lots.held()
    }

    /// What is still to become available.
    #[must_use]
    pub fn pending(&self, at: TimeMs) -> Points {
        self.lots.pending(at)
    }

    /// What the member holds in the books: all lots less the debt.
    #[must_use]
    pub fn total(&self) -> Points {
        self.lots.remaining() - self.debt
    }
}

/// A stamp card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardState {
    /// Which card.
    pub card: NameId,
    /// Stamps on it now.
    pub stamps: u32,
    /// The size it was last stamped with.
    pub of: u32,
    /// When the last stamp was given.
    pub last_at: Option<TimeMs>,
    /// The local day of the last stamp.
    pub day: Day,
    /// Stamps given on that day.
    pub day_count: u32,
}

/// A named counter of the member's: its whole life, and the two latest years, months and days it moved in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// Which counter.
    pub name: NameId,
    /// Since enrolment.
    pub ever: i64,
    /// Calendar years (the year).
    pub years: Buckets,
    /// Calendar months (months since January 1970).
    pub months: Buckets,
    /// Days since 1970-01-01.
    pub days: Buckets,
}

/// The two latest periods a counter moved in, newest first: (period, sum). Older periods are forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buckets(pub [(i32, i64); 2]);

impl Buckets {
    /// The sum of a period; zero where it is not (or no longer) kept.
    #[must_use]
    pub fn get(&self, period: i32) -> i64 {
        self.0.iter().find(|(kept, _)| *kept == period).map_or(0, |(_, sum)| *sum)
    }

    /// The sum of a period; nothing where later ones have taken its place.
    #[must_use]
    pub fn kept(&self, period: i32) -> Option<i64> {
        let forgotten = self.0.iter().all(|(kept, _)| *kept != 0 && *kept > period);
        (!forgotten).then(|| self.get(period))
    }

    /// The latest period it moved in; zero where it never did.
    #[must_use]
    pub const fn latest(&self) -> i32 {
        let [(newest, _), _] = self.0;
        newest
    }

    fn add(&mut self, period: i32, amount: i64) {
        const NEVER_USED: (i32, i64) = (0, 0);
        let [newest, older] = &mut self.0;
        if newest.0 == period {
            newest.1 = newest.1.saturating_add(amount);
        } else if older.0 == period {
            older.1 = older.1.saturating_add(amount);
        } else if period > newest.0 || *newest == NEVER_USED {
            *older = *newest;
            *newest = (period, amount);
        } else if period > older.0 || *older == NEVER_USED {
            *older = (period, amount);
        }
    }
}

impl Counter {
    /// The sum within a window; nothing where it is no longer kept, since two later periods have moved.
    #[must_use]
    pub fn sum(&self, window: Window) -> Option<i64> {
        match window {
            Window::Ever => Some(self.ever),
            Window::Year(year) => self.years.kept(year),
            Window::Month(month) => self.months.kept(month),
            Window::Day(day) => self.days.kept(day),
        }
    }

    /// Adds to every period the day lies in. Sums stay within `i64`: `decide` refuses what would pass it.
    pub fn add(&mut self, day: Day, amount: i64) {
        self.ever = self.ever.saturating_add(amount);
        self.years.add(year_of(day), amount);
        self.months.add(month_index(day), amount);
        self.days.add(day, amount);
    }
}

/// A reward the member can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The record that granted it, and where in it.
    pub id: LotId,
    /// Which reward.
    pub reward: NameId,
    /// What it is worth.
    pub value: Option<Money>,
    /// Until when it can be used.
    pub expires_at: Option<TimeMs>,
}

/// What is known of the person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Who brought this member.
    pub referrer: Option<Text>,
    /// The birthday.
    pub birthday: Option<Birthday>,
    /// A hash of the e-mail address.
    pub email_hash: Option<Text>,
    /// A hash of the phone number.
    pub phone_hash: Option<Text>,
    /// A hash of the postal address.
    pub address_hash: Option<Text>,
    /// The merchant's own facts, sorted by name.
    pub attributes: Vec<(Text, Text)>,
}

impl Profile {
    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Text> {
        let at = self.attributes.binary_search_by(|(key, _)| key.as_str().cmp(name)).ok()?;
        self.attributes.get(at).map(|(_, value)| value)
    }

    /// True where both name the same e-mail, phone or address.
    #[must_use]
    pub fn shares_identity(&self, other: &Self) -> bool {
        let same = |a: &Option<Text>, b: &Option<Text>| a.is_some() && a == b;
        same(&self.email_hash, &other.email_hash)
            || same(&self.phone_hash, &other.phone_hash)
            || same(&self.address_hash, &other.address_hash)
    }
}

/// Reads both ends of a lot, which may lie on two lines of the processor's cache.
fn warm_lot(lot: &Lot) -> usize {
    usize::from(lot.active) + usize::from(lot.id.index) + usize::from(lot.expires_at.is_some())
}

/// A member, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The member's latest record.
    pub last: Seq,
    /// When they enrolled, in business time.
    pub enrolled_at: TimeMs,
    /// The latest business time of a posted purchase or redemption; inactivity expiry counts from it.
    pub active_at: TimeMs,
    /// What is known of them.
    pub profile: Arc<Profile>,
    /// Whether the referral that brought them has been paid.
    pub referral_paid: bool,
    /// The tier last recorded.
    pub tier: Option<NameId>,
    /// Pools ever touched, in order of first touch.
    pub pools: Vec<PoolState>,
    /// Cards ever touched.
    pub cards: Vec<CardState>,
    /// Counters ever moved.
    pub counters: Vec<Counter>,
    /// Rewards not used.
    pub grants: Vec<Grant>,
    /// Everything due by this instant has been done.
    pub settled_at: TimeMs,
    /// What few members have; absent for most.
    pub standing: Option<Box<Standing>>,
    /// Whom they are tied to; absent where nothing is known.
    pub kin: Option<Box<Kin>>,
    /// What tiers must know of them by days; absent where the program's tiers go by calendar years alone.
    pub status: Option<Box<Status>>,
}

impl Member {
    /// How many reads one after the other lead to everything a member holds; see [`Member::warm`].
    pub const DEPTH: u8 = 3;

    /// Reads a little of what lies `depth` reads away, so that it is near the processor when it is needed. What it returns
    /// means nothing; it must be used, or nothing is read.
    #[must_use]
    pub fn warm(&self, depth: u8) -> usize {
        match depth {
            0 => {
                let flags = usize::from(self.referral_paid) + usize::from(self.standing.is_some());
                flags + self.grants.len() + self.counters.len() + usize::from(self.settled_at == self.active_at)
            }
            1 => {
                let pools: usize = self.pools.iter().map(|pool| pool.lots.len()).sum();
                let cards: usize = self.cards.iter().map(|card| usize::from(card.card.get())).sum();
                let counters = self.counters.iter().map(|counter| {
                    usize::from(counter.name.get()) + usize::from(counter.days.latest() == counter.years.latest())
                });
                let standing = self.standing().map_or(0, Standing::warm);
                let kin = self.kin.as_deref().map_or(0, |kin| kin.links.len() + usize::from(kin.quick));
                let referred = usize::from(self.profile.referrer.is_some());
                pools + cards + counters.sum::<usize>() + standing + kin + referred
            }
            _ => {
                // The first is spent and lost next, the last is where the next one goes.
                let ends =
                    |pool: &'_ PoolState| [pool.lots.first(), pool.lots.last()].map(|lot| lot.map_or(0, warm_lot));
                let marks = self.standing().and_then(|standing| standing.marks.last());
                let links = self.kin.as_deref().and_then(|kin| kin.links.first());
                let others = marks.map_or(0, |mark| mark.card.get()) + links.map_or(0, |link| u16::from(link.hub));
                self.pools.iter().flat_map(ends).sum::<usize>() + usize::from(others)
            }
        }
    }

    /// A pool, where it was ever touched.
    #[must_use]
    pub fn pool(&self, name: NameId) -> Option<&PoolState> {
        self.pools.iter().find(|pool| pool.pool == name)
    }

    /// A card, where it was ever touched.
    #[must_use]
    pub fn card(&self, name: NameId) -> Option<&CardState> {
        self.cards.iter().find(|card| card.card == name)
    }

    /// A counter, where it ever moved.
    #[must_use]
    pub fn counter(&self, name: NameId) -> Option<&Counter> {
        self.counters.iter().find(|counter| counter.name == name)
    }

    /// What few members have, where this one does.
    #[must_use]
    pub fn standing(&self) -> Option<&Standing> {
        self.standing.as_deref()
    }

    /// A hold that is active.
    #[must_use]
    pub fn hold(&self, id: LotId) -> Option<&Hold> {
        self.standing()?.hold(id)
    }

    /// A reward that is not used.
    #[must_use]
    pub fn grant(&self, id: LotId) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.id == id)
    }

    /// What can be spent from a pool at an instant.
    #[must_use]
    pub fn available(&self, pool: NameId, at: TimeMs) -> Points {
        self.pool(pool).map_or(Points::ZERO, |pool| pool.available(at))
    }

    /// The balance in short, at an instant.
    #[must_use]
    pub fn snapshot(&self, at: TimeMs) -> Snapshot {
        Snapshot {
            pools: self
                .pools
                .iter()
                .map(|pool| PoolAfter {
                    pool: pool.pool,
                    available: pool.available(at),
                    pending: pool.pending(at),
                    held: pool.held(),
                    debt: pool.debt,
                })
                .collect(),
            cards: self.cards.iter().map(|card| (card.card, card.stamps, card.of)).collect(),
            tier: self.tier,
        }
    }
}

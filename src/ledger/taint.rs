//! Where points went: followed from the lots that some records gave, through transfers, merges, redemptions and what was
//! reversed of them, to where they are now. It changes nothing, and reads only what it is brought.
//!
//! Every record says from which lots it took and which it grew. Only a lot that received from several leaves a question: it
//! gives first what it got first. A redemption brings back first what it took last, as its reversal does. So no lot is ever
//! found to hold more of something than came to it, and the same records give the same answer.
//!
//! It asks for one member's records after the other ([`Taint::wants`]), only from where the points came to them on. A bound ends
//! it: what went further is out of sight, and [`Taint::is_complete`] says so.

mod follow;
mod queue;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::member::Member;
use super::posting::{Account, Credit};
use super::record::{Effect, Record, Status};
use super::review::Vest;
use super::types::{LotId, NameId, Points, Seq, Text, TimeMs};
use crate::limits::{TAINT_MEMBERS_MAX, TAINT_RECORDS_MAX};
use follow::{grew, name};
use queue::{Queue, Segment};

/// A lot that is followed: what a record gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The record that gave it.
    pub origin: Seq,
    /// To whom.
    pub owner: Text,
    /// In which pool.
    pub pool: NameId,
    /// Which lot.
    pub lot: LotId,
    /// How much, what it repaid at once included.
    pub amount: Points,
}

/// Where a part of a source went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// To another member, by a transfer.
    Transferred,
    /// To another member, into whom the first was merged.
    Merged,
    /// It was spent on this redemption, and on this reward where it bought one.
    Redeemed(LotId, Option<NameId>),
    /// It was spent otherwise: what was kept aside before redemptions had names.
    Spent,
    /// A redemption was reversed: it came back.
    Returned,
    /// It was given to a charity.
    Donated(NameId),
    /// It was lost by time.
    Expired,
    /// A refund took it.
    Refunded,
    /// A correction by hand took it.
    Adjusted,
    /// It paid what the member owed.
    Repaid,
    /// It was taken back, since a case that counts on its origin was confirmed.
    ClawedBack,
    /// It was not to be found and was taken from other points of who had earned it.
    MadeGood,
    /// It was not to be found, and who had earned it owes it.
    Owed,
}

/// A step of a part of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Which source, by its place in [`Taint::sources`].
    pub source: usize,
    /// What became of it.
    pub went: Went,
    /// By which record.
    pub seq: Seq,
    /// When, by the ledger's time.
    pub at: TimeMs,
    /// Who had it; of what came back, who has it.
    pub from: Text,
    /// Who has it then, where it went to a member.
    pub to: Option<Text>,
    /// How much.
    pub amount: Points,
}

/// What is left of a source in a lot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Which source, by its place in [`Taint::sources`].
    pub source: usize,
    /// Who has it.
    pub member: Text,
    /// In which pool.
    pub pool: NameId,
    /// In which lot.
    pub lot: LotId,
    /// How much.
    pub amount: Points,
    /// When the lot is lost, where it is.
    pub expires_at: Option<TimeMs>,
}

/// A lot as it is now: pool, name, what is left, end.
type LotNow = (NameId, LotId, Points, Option<TimeMs>);

/// A member whose records have been brought.
#[derive(Debug, Default)]
struct Known {
    /// Those after this one.
    since: Seq,
    records: Vec<Arc<Record>>,
    lots: Vec<LotNow>,
    /// Nothing was brought: what comes here is out of sight.
    unseen: bool,
}

/// A lot in which something of a source is, or was.
#[derive(Debug)]
struct Tracked {
    member: Text,
    pool: NameId,
    lot: LotId,
    queue: Queue,
}

/// What is being followed. See the module's documentation.
#[derive(Debug, Default)]
pub struct Taint {
    sources: Vec<Source>,
    /// What sources begin with, by their record: the lot, and what is in it once debts are paid.
    seeds: BTreeMap<Seq, Vec<(usize, Points)>>,
    wanted: BTreeMap<Text, Seq>,
    members: BTreeMap<Text, Known>,
    agenda: BTreeMap<Seq, Arc<Record>>,
    /// In the order in which something first came to them.
    tracked: Vec<Tracked>,
    places: BTreeMap<(Text, NameId, LotId), usize>,
    /// What redemptions took, by their records.
    redeemed: BTreeMap<Seq, Queue>,
    moves: Vec<Move>,
    records_read: usize,
    out_of_sight: bool,
}

impl Taint {
    /// Follows what these records gave: points that came of nothing else.
    #[must_use]
    pub fn of<'a>(origins: impl Iterator<Item = &'a Record>) -> Self {
        let mut taint = Self::default();
        for record in origins.filter(|record| record.status == Status::Posted) {
            for effect in &record.effects {
                taint.seed(record, effect);
            }
        }
        taint
    }

    fn seed(&mut self, record: &Record, effect: &Effect) {
        let (party, pool, lot, amount, repaid) = match effect {
            Effect::Credit(Credit { party, pool, lot, amount, repaid, from: Account::Issued, .. })
            | Effect::Vest(Vest { party, pool, lot, amount, repaid, .. }) => (*party, *pool, *lot, *amount, *repaid),
            _ => return,
        };
        let Some(owner) = record.parties.get(usize::from(party)).map(|party| party.member.clone()) else { return };
        let since = self.wanted.entry(owner.clone()).or_insert(record.seq);
        *since = record.seq.min(*since);
        let source = self.sources.len();
        if repaid.is_positive() {
            self.note(record, (source, Went::Repaid), (&owner, None), repaid);
        }
        self.sources.push(Source { origin: record.seq, owner, pool, lot, amount });
        self.seeds.entry(record.seq).or_default().push((source, amount - repaid));
    }

    /// What is followed.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// What became of it, in the order of the journal.
    #[must_use]
    pub fn moves(&self) -> &[Move] {
        &self.moves
    }

    /// Whether nothing went out of sight.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        !self.out_of_sight
    }

    /// What is left, in the order in which it came to where it is.
    pub fn left(&self) -> impl Iterator<Item = Left> + '_ {
        self.tracked.iter().flat_map(|tracked| {
            let Tracked { member, pool, lot, queue } = tracked;
            let now = self.lot_now(member, *pool, *lot);
            queue.sums().into_iter().map(move |(source, amount)| Left {
                source,
                member: member.clone(),
                pool: *pool,
                lot: *lot,
                amount,
                expires_at: now.and_then(|(.., expires_at)| *expires_at),
            })
        })
    }

    /// What is left of the source that a lot is, in lots other than itself.
    pub fn left_elsewhere(&self, of: LotId) -> impl Iterator<Item = Left> + '_ {
        let is_of = move |left: &Left| self.sources.get(left.source).is_some_and(|source| source.lot == of);
        self.left().filter(move |left| left.lot != of && is_of(left))
    }

    /// Goes on as far as the records that were brought allow. The member of whom more are wanted, to be brought by
    /// [`Taint::load`], or `None` at the end.
    pub fn wants(&mut self) -> Option<Text> {
        loop {
            let bounded = self.members.len() >= TAINT_MEMBERS_MAX || self.records_read >= TAINT_RECORDS_MAX;
            if bounded {
                for (member, since) in std::mem::take(&mut self.wanted) {
                    self.out_of_sight = true;
                    self.members.insert(member, Known { since, unseen: true, ..Known::default() });
                }
            }
            if let Some(member) = self.wanted.keys().next() {
                return Some(member.clone());
            }
            let next = self.agenda.first_key_value().map(|(seq, _)| *seq);
            let ripe = |seed: &Seq| next.is_none_or(|next| *seed < next);
            if let Some((_, seeds)) = self.seeds.first_key_value().filter(|(seq, _)| ripe(seq)) {
                let seeds = seeds.clone();
                self.seeds.pop_first();
                self.plant(&seeds);
                continue;
            }
            let (seq, record) = self.agenda.pop_first()?;
            if self.knows_all(&record) {
                self.follow(&record);
                let seeds = self.seeds.remove(&seq).unwrap_or_default();
                self.plant(&seeds);
            } else {
                self.agenda.insert(seq, record);
            }
        }
    }

    /// Brings the records of the member who is wanted, from their latest back.
    ///
    /// # Errors
    /// Passes on why a record could not be read.
    pub fn load<E>(
        &mut self,
        id: &Text,
        member: Option<&Member>,
        read: &mut dyn FnMut(Seq) -> Result<Record, E>,
    ) -> Result<(), E> {
        let Some(since) = self.wanted.remove(id) else { return Ok(()) };
        let mut known = Known { since, unseen: member.is_none(), ..Known::default() };
        let mut at = member.map_or(Seq::ZERO, |member| member.last);
        while at > since {
            if self.records_read >= TAINT_RECORDS_MAX {
                (known.unseen, self.out_of_sight) = (true, true);
                break;
            }
            self.records_read += 1;
            let record = read(at)?;
            let Some(party) = record.parties.iter().find(|party| party.member == *id) else { break };
            at = party.previous;
            known.records.push(Arc::new(record));
        }
        if !known.unseen {
            self.agenda.extend(known.records.iter().map(|record| (record.seq, Arc::clone(record))));
            for pool in member.iter().flat_map(|member| &member.pools) {
                let now = pool.lots.iter().map(|lot| (pool.pool, lot.id, lot.remaining, lot.expires_at));
                known.lots.extend(now);
            }
        }
        self.members.insert(id.clone(), known);
        Ok(())
    }

    /// Asks for the records of everyone to whom a record moves something that is followed.
    fn knows_all(&mut self, record: &Record) -> bool {
        let moves = |effect: &Effect| {
            let Effect::Debit { party, pool, lot, to: Account::Transit, .. } = effect else { return false };
            let place = self.place_of(name(record, *party), *pool, *lot);
            place.and_then(|at| self.tracked.get(at)).is_some_and(|tracked| tracked.queue.is_tainted())
        };
        if record.effects.iter().any(moves) {
            let known = |id: &Text| self.members.get(id).is_some_and(|known| known.since < record.seq);
            let missing = record.parties.iter().map(|party| &party.member).filter(|id| !known(id));
            let before = Seq::new(record.seq.get().saturating_sub(1));
            let missing: Vec<(Text, Seq)> = missing.map(|id| (id.clone(), before)).collect();
            self.wanted.extend(missing);
        }
        self.wanted.is_empty()
    }

    /// Puts what a record gave into its lots.
    fn plant(&mut self, seeds: &[(usize, Points)]) {
        for (at, amount) in seeds {
            let Some(source) = self.sources.get(*at).cloned() else { continue };
            if self.members.get(&source.owner).is_some_and(|known| known.unseen) {
                continue;
            }
            let key = (source.owner.clone(), source.pool, source.lot);
            let place = self.track(key, Points::ZERO);
            self.put(place, Queue::one(Segment { source: Some(*at), amount: *amount }));
        }
    }

    fn place_of(&self, member: &Text, pool: NameId, lot: LotId) -> Option<usize> {
        self.places.get(&(member.clone(), pool, lot)).copied()
    }

    /// The place of a lot, tracked from now on with so much in it that is of no source.
    fn track(&mut self, key: (Text, NameId, LotId), before: Points) -> usize {
        if let Some(at) = self.places.get(&key) {
            return *at;
        }
        let (member, pool, lot) = key.clone();
        self.places.insert(key, self.tracked.len());
        self.tracked.push(Tracked { member, pool, lot, queue: Queue::one(Segment { source: None, amount: before }) });
        self.tracked.len() - 1
    }

    fn put(&mut self, place: usize, what: Queue) {
        if let Some(tracked) = self.tracked.get_mut(place) {
            tracked.queue.append(what);
        }
    }

    fn lot_now(&self, member: &Text, pool: NameId, lot: LotId) -> Option<&LotNow> {
        self.members.get(member)?.lots.iter().find(|(of, known, ..)| (*of, *known) == (pool, lot))
    }

    /// What was in a lot before a record: what is in it now, less what came and went since. `None` out of sight.
    fn before(&self, key: &(Text, NameId, LotId), record: &Record) -> Option<Points> {
        let (id, pool, lot) = key;
        let known = self.members.get(id).filter(|known| !known.unseen)?;
        if lot.seq == record.seq {
            return Some(Points::ZERO);
        }
        let now = self.lot_now(id, *pool, *lot).map_or(0, |(_, _, left, _)| left.get());
        let since = known.records.iter().filter(|known| known.seq >= record.seq && known.status == Status::Posted);
        let came = since.map(|record| {
            let own = |effect: &&Effect| name(record, effect.party()) == id;
            record.effects.iter().filter(own).map(|effect| grew(effect, *pool, *lot)).sum::<i64>()
        });
        Some(Points::new(now.saturating_sub(came.sum()).max(0)))
    }

    /// Takes an amount out of a lot: of what is followed only where the lot is tracked.
    fn take(&mut self, key: (&Text, NameId, LotId), amount: Points, claws: Option<Seq>) -> Queue {
        let (member, pool, lot) = key;
        let place = self.place_of(member, pool, lot);
        let sources = &self.sources;
        let Some(tracked) = place.and_then(|at| self.tracked.get_mut(at)) else {
            return Queue::one(Segment { source: None, amount });
        };
        let Some(of) = claws else { return tracked.queue.take(amount) };
        // What is taken back is of its own origin first, and never of another that is followed, if there is anything else.
        let own =
            |segment: &Segment| segment.source.and_then(|at| sources.get(at)).is_some_and(|source| source.origin == of);
        let mut taken = tracked.queue.take_of(amount, own);
        let rest = tracked.queue.take_of(amount - taken.sum(), |segment| segment.source.is_none());
        taken.append(rest);
        let rest = tracked.queue.take(amount - taken.sum());
        taken.append(rest);
        taken
    }
}

//! What the friends of a referrer did: whether they came again, what they paid, where they came from. How friends behave is no
//! proof by itself, so most of it counts only together with something else. It pays nothing and changes nothing.

use super::{Case, DAY_MS};
use crate::ledger::circles::{CIRCLE_MS, Near};
use crate::ledger::decide::Bonus;
use crate::ledger::kin::{Friend, fingerprint};
use crate::ledger::member::Member;
use crate::ledger::record::{KeyField, Reason, Verdict};
use crate::ledger::types::{Money, Seq};

/// Friends are judged by what came after their bonus once so much time has passed.
const SETTLED_MS: i64 = 10 * DAY_MS;
/// So many friends of a referrer must be judged before their share counts.
const JUDGED_LEAST: usize = 4;
/// The largest share of friends with nothing after the bonus, in percent.
const EMPTY_MOST: usize = 80;
/// So many friends of whom so few do anything say enough by themselves.
const JUDGED_ENOUGH: usize = 15;
/// With something that ties them to each other, friends are judged sooner, and fewer are enough.
const TIED_SETTLED_MS: i64 = 7 * DAY_MS;
const TIED_LEAST: usize = 3;
/// Friends whose purchase was given back, at most.
const RETURNED_MOST: usize = 1;
/// Earlier friends behind the same client address, at most.
const NETWORK_MOST: usize = 1;
/// So many friends who paid hardly more than was asked, and came once, after so long: few after a week, more after three days; and so
/// many within a day, and within a week.
const CHEAP: [(i64, usize); 2] = [(8 * DAY_MS, 3), (3 * DAY_MS, 4)];
const CHEAP_QUICK: [(i64, usize); 2] = [(DAY_MS, 5), (7 * DAY_MS, 6)];
/// Hardly more than was asked, in percent of it.
const CHEAP_PERCENT: i64 = 125;
/// Earlier friends who paid exactly the same, at most.
const SAME_MOST: usize = 3;

/// Of the referrer's, so many may have come about in one place with a friend: a family of four.
const CIRCLE_MOST: usize = 2;

/// What follows from how friends behave, with and without something that ties them to each other or to the referrer.
const fn behaved(is_enough: bool) -> (Bonus, (Verdict, u8)) {
    if is_enough { (Bonus::Hold, (Verdict::Hold, 50)) } else { (Bonus::Pay, (Verdict::Flag, 20)) }
}

impl Case<'_> {
    /// Friends of one referrer behind one client address: colleagues, or one person. It only ties them.
    pub(super) fn neighbours(&self) -> Option<(Bonus, Reason)> {
        let own: Vec<i64> =
            self.shown(KeyField::Ip).into_iter().filter(|(.., hub)| !hub).map(|(ident, ..)| ident).collect();
        let near = |friend: &&Friend| {
            let kin = self.scene.member_named(&friend.member).and_then(|member| member.kin.as_deref());
            friend.member != self.scene.event.member
                && kin.is_some_and(|kin| own.iter().any(|ident| kin.link(KeyField::Ip, *ident).is_some()))
        };
        let events: Vec<Seq> = self.friends().iter().filter(near).map(|friend| friend.seq).collect();
        if events.len() <= NETWORK_MOST {
            return None;
        }
        let (count, id) = (events.len(), self.id);
        let detail =
            format!("{count} other friends of {id} came from the client address of this one, at most {NETWORK_MOST}");
        let numbers = [i64::try_from(count).unwrap_or(i64::MAX), i64::try_from(NETWORK_MOST).unwrap_or(0), 0];
        Some((Bonus::Pay, self.say("referral_same_network", (Verdict::Flag, 20), detail, numbers, events)))
    }

    /// The referrer, those who brought them and their other friends, of whom too many came about in one place with this friend: on
    /// devices that were shared, behind addresses that were. One device may tie none of them to another.
    pub(super) fn one_circle(&self) -> Option<(Bonus, Reason)> {
        let person = &self.scene.person;
        let circle = person.clusters.circles.of(person.program, person.own)?;
        let ancestors = self.member.kin.as_deref().map_or(&[][..], |kin| kin.ancestors.as_slice());
        let friends = self.friends().iter().map(|friend| fingerprint(&friend.member));
        let tied: Vec<i64> = ancestors.iter().copied().chain(friends).filter(|other| *other != person.own).collect();
        let now = self.scene.question.now;
        let of_those = |near: &&Near| now.since(near.at) < CIRCLE_MS && tied.contains(&near.member);
        let mut found: Vec<(i64, Seq)> =
            circle.seen.iter().filter(of_those).map(|near| (near.member, near.seq)).collect();
        found.sort_unstable();
        found.dedup_by_key(|(member, _)| *member);
        let count = found.len();
        if count <= CIRCLE_MOST {
            return None;
        }
        let detail = format!(
            "{count} of the referrer {}, who brought them and their other friends came about in one place with this friend within \
             30d, at most {CIRCLE_MOST}; the bonuses wait",
            self.id
        );
        let events = found.into_iter().map(|(_, seq)| seq).filter(|seq| *seq > Seq::ZERO).collect();
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let numbers = [number(count), number(CIRCLE_MOST), CIRCLE_MS];
        Some((Bonus::Hold, self.say("referral_circle", (Verdict::Hold, 50), detail, numbers, events)))
    }

    /// Friends who all paid hardly more than the bonus asks for, and never came again: within a day, or after some.
    pub(super) fn cheap_friends(&self) -> Option<(Bonus, Reason)> {
        let counter = self.scene.question.terms.purchases_counter;
        let most = self.terms.minimum.get().saturating_mul(CHEAP_PERCENT) / 100;
        if self.terms.minimum.is_zero() || self.scene.event.amount().get() > most {
            return None;
        }
        let came_again = |friend: &Friend| {
            let member = self.scene.member_named(&friend.member);
            member.and_then(|member| member.counter(counter)).is_some_and(|counter| counter.ever > 1)
        };
        let age = |friend: &&Friend| self.at().since(friend.at);
        let is_cheap =
            |friends: &[&Friend]| friends.iter().all(|friend| friend.amount.get() <= most && !came_again(friend));
        let of =
            |keep: &dyn Fn(&&Friend) -> bool| self.friends().iter().filter(|friend| keep(friend)).collect::<Vec<_>>();
        let settled = CHEAP.into_iter().find_map(|(after_ms, least)| {
            let friends = of(&|friend| age(friend) >= after_ms);
            (friends.len() >= least && is_cheap(&friends)).then_some((friends, least, after_ms))
        });
        let quick = || {
            CHEAP_QUICK.into_iter().find_map(|(within_ms, least)| {
                let friends = of(&|friend| age(friend) < within_ms);
                (friends.len() >= least && is_cheap(&friends)).then_some((friends, least, within_ms))
            })
        };
        let (friends, least, window_ms) = settled.or_else(quick)?;
        let (count, id) = (friends.len(), self.id);
        let detail = format!(
            "{count} friends of {id} each came once and paid at most {most}, as this one does, where {} is asked; fewer than {least} \
             pass; the bonuses wait",
            self.terms.minimum.get()
        );
        let events = friends.iter().map(|friend| friend.seq).collect();
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let numbers = [number(count), number(least) - 1, window_ms];
        Some((Bonus::Hold, self.say("referral_cheap_friends", (Verdict::Hold, 50), detail, numbers, events)))
    }

    /// Friends who gave back what paid their bonus, or did nothing after it.
    pub(super) fn empty_friends(&self, ties: bool) -> Option<(Bonus, Reason)> {
        let terms = self.scene.question.terms;
        let ever = |member: &Member, counter| member.counter(counter).map_or(0, |counter| counter.ever);
        let (mut judged, mut empty, mut returned): (usize, Vec<Seq>, Vec<Seq>) = (0, Vec::new(), Vec::new());
        let (settled_ms, least) = if ties { (TIED_SETTLED_MS, TIED_LEAST) } else { (SETTLED_MS, JUDGED_LEAST) };
        for friend in self.friends() {
            let Some(member) = self.scene.member_named(&friend.member) else { continue };
            let gave_back = ever(member, terms.spend_counter) < self.terms.minimum.get();
            if gave_back {
                returned.push(friend.seq);
            }
            if gave_back || self.at().since(friend.at) >= settled_ms {
                judged += 1;
                if gave_back || ever(member, terms.purchases_counter) <= 1 {
                    empty.push(friend.seq);
                }
            }
        }
        if returned.len() > RETURNED_MOST {
            let count = returned.len();
            let detail = format!(
                "{count} friends of {} gave back what paid their bonus, at most {RETURNED_MOST}; the bonuses wait",
                self.id
            );
            let numbers = [i64::try_from(count).unwrap_or(i64::MAX), i64::try_from(RETURNED_MOST).unwrap_or(0), 0];
            return Some((
                Bonus::Hold,
                self.say("referral_refund_after", (Verdict::Hold, 60), detail, numbers, returned),
            ));
        }
        let share = empty.len() * 100 / judged.max(1);
        if judged < least || share < EMPTY_MOST {
            return None;
        }
        let count = empty.len();
        let (bonus, verdict) = behaved(ties || judged >= JUDGED_ENOUGH);
        let detail = format!(
            "{count} of {judged} friends of {} bought nothing after their bonus, which is {share} %; below {EMPTY_MOST} % passes",
            self.id
        );
        let numbers = [i64::try_from(share).unwrap_or(100), i64::try_from(EMPTY_MOST).unwrap_or(0), settled_ms];
        Some((bonus, self.say("referral_star", verdict, detail, numbers, empty)))
    }

    /// Friends who all paid exactly the same small amount.
    pub(super) fn same_basket(&self, ties: bool) -> Option<(Bonus, Reason)> {
        let amount = self.scene.event.amount();
        let small = Money::new(self.terms.minimum.get().saturating_mul(2));
        let same: Vec<Seq> =
            self.friends().iter().filter(|friend| friend.amount == amount).map(|friend| friend.seq).collect();
        if same.len() <= SAME_MOST || amount >= small || self.terms.minimum.is_zero() {
            return None;
        }
        let count = same.len();
        let detail = format!(
            "{count} friends of {} paid exactly {} before, as this one does; at most {SAME_MOST} do by chance",
            self.id,
            amount.get()
        );
        let numbers = [i64::try_from(count).unwrap_or(i64::MAX), i64::try_from(SAME_MOST).unwrap_or(0), 0];
        let (bonus, verdict) = behaved(ties);
        Some((bonus, self.say("referral_same_basket", verdict, detail, numbers, same)))
    }
}

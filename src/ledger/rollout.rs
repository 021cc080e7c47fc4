//! Which version of a program's rules decides: drafts, activations for all or for some, rollbacks, shadows.
//!
//! A version never changes once it is recorded; what changes is whom it decides for. This is what records say and what they
//! come to. Nothing here compiles or runs a rule.

use std::sync::Arc;

use super::record::RulesetFiles;
use super::types::{Seq, Text, TimeMs};

/// The whole of a share, in hundredths of a percent.
pub const SHARE_WHOLE: u16 = 10_000;

/// Whom a version decides for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Everybody.
    #[default]
    All,
    /// Members by a stable hash of their id: so many of [`SHARE_WHOLE`].
    Share(u16),
    /// What happens in these stores.
    Stores(Vec<Text>),
}

impl Reach {
    /// Whether it takes in what a member does, in a store where one is known. A larger share takes in all of a smaller one.
    #[must_use]
    pub fn includes(&self, member: &str, store: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Share(share) => bucket(member) < *share,
            Self::Stores(stores) => store.is_some_and(|store| stores.iter().any(|known| known == store)),
        }
    }
}

/// A member's place within [`SHARE_WHOLE`]: FNV-1a over the id with its bits mixed at the end. Frozen, since it says who was
/// decided by which version.
#[must_use]
pub fn bucket(member: &str) -> u16 {
    let mut hash = member
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    u16::try_from(hash % u64::from(SHARE_WHOLE)).unwrap_or_default()
}

/// Who changed something, and what they said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// Who; empty where nobody said.
    pub author: Text,
    /// Why; empty where nobody said.
    pub message: String,
}

/// A change to which rules decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RulesChange {
    /// A version was written down. It decides nothing yet.
    Draft {
        /// Its files, and the names it declares that are new.
        files: Arc<RulesetFiles>,
        /// Whose it is.
        by: Signature,
    },
    /// A version decides from here on, for all or for some.
    Activate {
        /// Which.
        version: u32,
        /// For whom.
        reach: Reach,
        /// Who said so.
        by: Signature,
    },
    /// A version will decide from a time on, for all or for some.
    Plan {
        /// Which.
        version: u32,
        /// For whom.
        reach: Reach,
        /// From when on.
        at: TimeMs,
        /// Who said so.
        by: Signature,
    },
    /// Nothing is planned for a version any more.
    Unplan {
        /// Which.
        version: u32,
        /// Who said so.
        by: Signature,
    },
    /// A version that decided before decides again, for all.
    Rollback {
        /// The version that is left.
        from: u32,
        /// The version that decides again.
        to: u32,
        /// True where the daemon did it because scripts of `from` failed too often.
        automatic: bool,
        /// Who said so, and why.
        by: Signature,
    },
    /// A version begins or ends to run beside live traffic, without effect.
    Shadow {
        /// Which.
        version: u32,
        /// Whether it begins.
        on: bool,
        /// Who said so.
        by: Signature,
    },
}

impl RulesChange {
    /// What is changed, in a word, and who said so.
    #[must_use]
    pub const fn told(&self) -> (&'static str, &Signature) {
        match self {
            Self::Draft { by, .. } => ("draft", by),
            Self::Activate { by, .. } => ("activate", by),
            Self::Plan { by, .. } => ("plan", by),
            Self::Unplan { by, .. } => ("plan_cancelled", by),
            Self::Rollback { by, .. } => ("rollback", by),
            Self::Shadow { by, on: true, .. } => ("shadow", by),
            Self::Shadow { by, on: false, .. } => ("shadow_ended", by),
        }
    }

    /// The version it is about.
    #[must_use]
    pub fn version(&self, recorded: u32) -> u32 {
        match self {
            Self::Draft { .. } => recorded,
            Self::Activate { version, .. }
            | Self::Shadow { version, .. }
            | Self::Plan { version, .. }
            | Self::Unplan { version, .. } => *version,
            Self::Rollback { to, .. } => *to,
        }
    }
}

/// A version as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// Its number, from 1.
    pub version: u32,
    /// BLAKE3 of its files, hexadecimal.
    pub hash: Text,
    /// The record that holds its files.
    pub seq: Seq,
    /// When it was recorded.
    pub created_at: TimeMs,
    /// True where it came from the rules folder at a start.
    pub from_folder: bool,
    /// Who wrote it, and why.
    pub by: Signature,
    /// When it last began to decide, where it ever did.
    pub activated_at: Option<TimeMs>,
    /// Why it was left, where it was: the message of the rollback.
    pub left: Option<String>,
}

/// A version that decides for some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    /// Which.
    pub version: u32,
    /// For whom.
    pub reach: Reach,
}

/// An activation that waits for its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// From when on.
    pub at: TimeMs,
    /// Which version.
    pub version: u32,
    /// For whom.
    pub reach: Reach,
    /// Who said so.
    pub by: Signature,
}

/// What all changes of a program's rules have come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollout {
    /// Every version, in order.
    pub versions: Vec<Version>,
    /// Versions that decided for all, one after the other; the last one does.
    pub in_force: Vec<u32>,
    /// The version that decides for some, where there is one.
    pub partial: Option<Partial>,
    /// The version that runs without effect, where there is one.
    pub shadow: Option<u32>,
    /// The hash of the version that the rules folder gave last: the folder speaks again when it differs from this.
    pub folder_hash: Text,
    /// Activations that wait for their time, the next one first.
    pub planned: Vec<Planned>,
}

impl Rollout {
    /// A version.
    #[must_use]
    pub fn version(&self, version: u32) -> Option<&Version> {
        self.versions.iter().find(|known| known.version == version)
    }

    /// The hash of a version; `None` where it is not known.
    #[must_use]
    pub fn hash_of(&self, version: u32) -> Option<&Text> {
        self.version(version).map(|known| &known.hash)
    }

    /// The number of the newest version, whatever it does.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.versions.last().map_or(0, |known| known.version)
    }

    /// The newest version that never decided anything.
    #[must_use]
    pub fn draft(&self) -> Option<u32> {
        self.versions.iter().rev().find(|known| known.activated_at.is_none()).map(|known| known.version)
    }

    /// The version that decides for all.
    #[must_use]
    pub fn live(&self) -> u32 {
        self.in_force.last().copied().unwrap_or(0)
    }

    /// The version that decided for all before the one that does.
    #[must_use]
    pub fn before(&self) -> Option<u32> {
        let at = self.in_force.len().checked_sub(2)?;
        self.in_force.get(at).copied()
    }

    /// When who decides changed last.
    #[must_use]
    pub fn deciding_since(&self) -> TimeMs {
        self.versions.iter().filter_map(|version| version.activated_at).max().unwrap_or_default()
    }

    /// Whether a version ever decided anything.
    #[must_use]
    pub fn has_decided(&self, version: u32) -> bool {
        self.version(version).is_some_and(|known| known.activated_at.is_some())
    }

    /// Whether a version was left by a rollback, and has not been activated since.
    #[must_use]
    pub fn was_left(&self, version: u32) -> bool {
        let decides = self.live() == version || self.partial.as_ref().is_some_and(|partial| partial.version == version);
        !decides && self.version(version).is_some_and(|known| known.left.is_some())
    }

    /// Notes a version that the rules folder gave, which decides at once.
    pub(super) fn install(&mut self, version: u32, seq: Seq, at: TimeMs, hash: &Text) {
        let from_folder = true;
        let activated_at = Some(at);
        let hash = hash.clone();
        self.folder_hash.clone_from(&hash);
        self.versions.push(Version {
            version,
            hash,
            seq,
            created_at: at,
            from_folder,
            activated_at,
            ..Version::default()
        });
        self.put_in_force(version);
    }

    /// Takes a change in. `recorded` is the version its record names.
    pub(super) fn change(&mut self, change: &RulesChange, recorded: u32, seq: Seq, at: TimeMs) {
        match change {
            RulesChange::Draft { files, by } => {
                let (hash, by) = (files.hash.clone(), by.clone());
                self.versions.push(Version { version: recorded, hash, seq, created_at: at, by, ..Version::default() });
            }
            RulesChange::Activate { version, reach, .. } => {
                if self.shadow == Some(*version) {
                    self.shadow = None;
                }
                self.planned.retain(|planned| planned.version != *version || planned.at > at);
                match reach {
                    Reach::All => self.put_in_force(*version),
                    some => self.partial = Some(Partial { version: *version, reach: some.clone() }),
                }
                self.began(*version, at);
            }
            RulesChange::Plan { version, reach, at, by } => {
                let (version, reach, by) = (*version, reach.clone(), by.clone());
                self.planned.push(Planned { at: *at, version, reach, by });
                self.planned.sort_by_key(|planned| planned.at);
            }
            RulesChange::Unplan { version, .. } => self.planned.retain(|planned| planned.version != *version),
            RulesChange::Rollback { from, to, by, .. } => {
                self.partial = None;
                if let Some(place) = self.in_force.iter().rposition(|known| known == to) {
                    self.in_force.truncate(place + 1);
                } else {
                    self.in_force.push(*to);
                }
                if let Some(left) = self.versions.iter_mut().find(|known| known.version == *from) {
                    left.left = Some(by.message.clone());
                }
                if *to != *from {
                    self.began(*to, at);
                }
            }
            RulesChange::Shadow { version, on, .. } => self.shadow = on.then_some(*version),
        }
    }

    fn put_in_force(&mut self, version: u32) {
        self.partial = None;
        if self.live() != version {
            self.in_force.push(version);
        }
    }

    fn began(&mut self, version: u32, at: TimeMs) {
        if let Some(known) = self.versions.iter_mut().find(|known| known.version == version) {
            known.activated_at = Some(at);
            known.left = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who is in a share must never change: these are the buckets of the first release.
    #[test]
    fn buckets_are_frozen_and_even() {
        let some: Vec<u16> = ["", "ana", "household-900", "m-000042"].into_iter().map(bucket).collect();
        assert_eq!(some, [7458, 6557, 7115, 9597]);
        let tenth = (0..20_000).filter(|n| Reach::Share(1_000).includes(&format!("m{n}"), None)).count();
        assert!((1_800..2_200).contains(&tenth), "{tenth}");
        assert!(Reach::Share(SHARE_WHOLE).includes("anybody", None));
        assert!(!Reach::Stores(vec!["1".into()]).includes("anybody", None));
    }

    #[test]
    fn versions_come_and_go() {
        let mut rollout = Rollout::default();
        let (at, seq) = (TimeMs::new(5), Seq::new(1));
        rollout.install(1, seq, at, &"h1".into());
        let files = |hash: &str| {
            Arc::new(RulesetFiles { program: "p".into(), hash: hash.into(), files: vec![], new_names: vec![] })
        };
        let by = Signature::default;
        for version in [2, 3] {
            rollout.change(&RulesChange::Draft { files: files("h"), by: by() }, version, seq, at);
        }
        assert_eq!((rollout.live(), rollout.draft(), rollout.newest()), (1, Some(3), 3));
        rollout.change(&RulesChange::Shadow { version: 2, on: true, by: by() }, 2, seq, at);
        rollout.change(&RulesChange::Activate { version: 2, reach: Reach::Share(100), by: by() }, 2, seq, at);
        assert_eq!((rollout.live(), rollout.shadow, rollout.partial.is_some()), (1, None, true));
        rollout.change(&RulesChange::Activate { version: 2, reach: Reach::All, by: by() }, 2, seq, at);
        rollout.change(&RulesChange::Activate { version: 3, reach: Reach::All, by: by() }, 3, seq, at);
        assert_eq!((rollout.live(), rollout.before(), rollout.partial.is_none()), (3, Some(2), true));
        rollout.change(&RulesChange::Rollback { from: 3, to: 2, automatic: false, by: by() }, 2, seq, at);
        assert_eq!((rollout.live(), rollout.before()), (2, Some(1)));
        assert_eq!(rollout.version(3).unwrap().left.as_deref(), Some(""));
    }

    #[test]
    fn what_is_planned_waits_in_order_and_goes_once_it_is_done() {
        let mut rollout = Rollout::default();
        let (seq, by) = (Seq::new(1), Signature::default);
        rollout.install(1, seq, TimeMs::EPOCH, &"h1".into());
        let plan = |version, at| RulesChange::Plan { version, reach: Reach::All, at: TimeMs::new(at), by: by() };
        for (version, at) in [(3, 30), (2, 10), (3, 20), (4, 40)] {
            rollout.change(&plan(version, at), version, seq, TimeMs::new(5));
        }
        let waiting = |rollout: &Rollout| rollout.planned.iter().map(|p| (p.at.get(), p.version)).collect::<Vec<_>>();
        assert_eq!(waiting(&rollout), [(10, 2), (20, 3), (30, 3), (40, 4)]);
        rollout.change(&RulesChange::Activate { version: 3, reach: Reach::All, by: by() }, 3, seq, TimeMs::new(20));
        assert_eq!((rollout.live(), waiting(&rollout)), (3, vec![(10, 2), (30, 3), (40, 4)]));
        rollout.change(&RulesChange::Unplan { version: 3, by: by() }, 3, seq, TimeMs::new(20));
        assert_eq!(waiting(&rollout), [(10, 2), (40, 4)]);
    }
}

//! Whom a member is tied to: identifiers they were seen with, who brought them, and whom they were paid for bringing.
//!
//! Only what records say. What a tie means is judged by `fraud`; who is one person with whom is kept by
//! [`clusters`](super::clusters). Identifiers and other members are kept as fingerprints, so that nothing here names them.

use super::types::{Money, Seq, Text, TimeMs};
use super::verdict::KeyField;
use crate::limits::{KIN_ANCESTORS_MAX, KIN_FRIENDS_MAX, KIN_LINKS_MAX};

/// A number that tells one text from another: FNV-1a, mixed once more. It is never `i64::MIN`.
#[must_use]
pub fn fingerprint(text: &str) -> i64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (hash ^ hash >> 29).cast_signed().max(i64::MIN + 1)
}

/// Whether an identifier of this kind makes those who share it one: a paying card, an e-mail address, a phone number.
/// Devices, client addresses and postal addresses are shared by people, so they only weigh.
#[must_use]
pub const fn is_hard(kind: KeyField) -> bool {
    matches!(kind, KeyField::Card | KeyField::Email | KeyField::Phone)
}

/// An identifier a member was seen with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is.
    pub kind: KeyField,
    /// Its fingerprint.
    pub ident: i64,
    /// How many other members it was known with when this was last looked at.
    pub others: u16,
    /// Whether it ties nobody: too many share it, or the program owns it.
    pub hub: bool,
    /// The record that first saw them together: its input has the identifier itself.
    pub first: Seq,
    /// The record that looked last.
    pub last: Seq,
    /// The business time of that record.
    pub at: TimeMs,
}

/// A consequence of a record for who is tied to whom. `party` is as in [`Effect`](super::record::Effect).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KinEffect {
    /// A member was seen with an identifier.
    Link {
        /// Who.
        party: u8,
        /// What kind of identifier.
        kind: KeyField,
        /// Its fingerprint.
        ident: i64,
        /// How many other members are known with it.
        others: u16,
        /// Whether it ties nobody.
        hub: bool,
        /// The others it makes one with this member, each with the record that saw them; of one that only weighs, those whose
        /// accounts were made with it lately; of a new hub, those it had joined.
        with: Vec<(i64, Seq)>,
    },
    /// A member was brought by another.
    Descend {
        /// Who.
        party: u8,
        /// Fingerprints of who brought them, of who brought those, and so on.
        ancestors: Vec<i64>,
        /// Referrals in a row, each at most a day after the one before.
        quick: u8,
        /// Referrals in a row, each at most a week after the one before.
        slow: u8,
    },
    /// A referrer was paid for a friend, who paid so much then.
    Befriend {
        /// The referrer.
        party: u8,
        /// The friend.
        friend: Text,
        /// What the friend paid.
        amount: Money,
    },
    /// The referral that brought the member will never be paid.
    Forgo {
        /// The friend.
        party: u8,
    },
}

impl KinEffect {
    /// Whose state it changes.
    #[must_use]
    pub const fn party(&self) -> u8 {
        match self {
            Self::Link { party, .. }
            | Self::Descend { party, .. }
            | Self::Befriend { party, .. }
            | Self::Forgo { party } => *party,
        }
    }
}

/// A friend for whom a referrer was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Friend {
    /// Who.
    pub member: Text,
    /// The record that paid.
    pub seq: Seq,
    /// Its business time.
    pub at: TimeMs,
    /// What the friend paid then.
    pub amount: Money,
}

/// See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kin {
    /// Identifiers, in order of their first sight; of more than are kept, those not seen for longest go.
    pub links: Vec<Link>,
    /// Fingerprints of who brought them, of who brought those, and so on.
    pub ancestors: Vec<i64>,
    /// Referrals in a row, up to this member, each at most a day after the one before.
    pub quick: u8,
    /// Referrals in a row, each at most a week after the one before.
    pub slow: u8,
    /// The record that paid the referral which brought them.
    pub paid: Option<Seq>,
    /// Friends they were paid for, oldest first; the latest ones.
    pub friends: Vec<Friend>,
}

impl Kin {
    /// An identifier they were seen with.
    #[must_use]
    pub fn link(&self, kind: KeyField, ident: i64) -> Option<&Link> {
        self.links.iter().find(|link| link.ident == ident && link.kind == kind)
    }

    /// Notes an identifier, in place of what was known of it.
    pub(super) fn note(&mut self, link: Link) {
        if let Some(known) = self.links.iter_mut().find(|known| known.ident == link.ident && known.kind == link.kind) {
            let first = known.first;
            *known = Link { first, ..link };
            return;
        }
        if self.links.len() >= KIN_LINKS_MAX
            && let Some(oldest) =
                (0..self.links.len()).min_by_key(|at| self.links.get(*at).map(|link| (link.at, link.last)))
        {
            self.links.remove(oldest);
        }
        self.links.push(link);
    }

    /// Notes who brought them.
    pub(super) fn descend(&mut self, ancestors: &[i64], quick: u8, slow: u8) {
        self.ancestors = ancestors.iter().copied().take(KIN_ANCESTORS_MAX).collect();
        (self.quick, self.slow) = (quick, slow);
    }

    /// Notes a friend they were paid for.
    pub(super) fn befriend(&mut self, friend: Friend) {
        if self.friends.len() >= KIN_FRIENDS_MAX {
            self.friends.remove(0);
        }
        self.friends.push(friend);
    }
}

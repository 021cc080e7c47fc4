//! The format of what was asked: events, corrections, transfers, versions of rules.
//!
//! Field orders and tags are frozen; see [`super`].

use std::sync::Arc;

use super::wire::{Reader, Wire, Writer, wire_enum, wire_struct};
use crate::journal::Error;
use crate::ledger::event::{Adjustment, Birthday, Context, Event, EventKind, Item, Personal, Tender, Transfer};
use crate::ledger::record::{Input, RulesetFiles};
use crate::ledger::types::Text;

// Tags are never changed and never reused. A correction that says by whom it was made has a tag of its own, since those of the
// first version did not.
impl Wire for Input {
    #[inline]
    fn put(&self, out: &mut Writer<'_>) {
        let mut keyed = |tag: u8, asked: &dyn Fn(&mut Writer<'_>), key: &Text| {
            out.byte(tag);
            asked(out);
            key.put(out);
        };
        match self {
            Self::Event(event) => {
                out.byte(0);
                event.put(out);
            }
            Self::Adjust(adjustment, key) => match &adjustment.context {
                None => keyed(1, &|out| adjustment.put(out), key),
                Some(context) => {
                    keyed(21, &|out| adjustment.put(out), key);
                    context.put(out);
                }
            },
            Self::Transfer(transfer, key) => keyed(2, &|out| transfer.put(out), key),
            Self::Due(member) => {
                out.byte(3);
                member.put(out);
            }
            Self::Ruleset(files) => {
                out.byte(4);
                files.put(out);
            }
            Self::Act(act, key) => keyed(20, &|out| act.put(out), key),
            Self::Review(review) => {
                out.byte(60);
                review.put(out);
            }
            Self::Rules(change, key) => keyed(100, &|out| change.put(out), key),
        }
    }
    #[inline]
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        match from.byte()? {
            0 => Ok(Self::Event(Wire::take(from)?)),
            1 => Ok(Self::Adjust(Wire::take(from)?, Wire::take(from)?)),
            2 => Ok(Self::Transfer(Wire::take(from)?, Wire::take(from)?)),
            3 => Ok(Self::Due(Wire::take(from)?)),
            4 => Ok(Self::Ruleset(Wire::take(from)?)),
            20 => Ok(Self::Act(Wire::take(from)?, Wire::take(from)?)),
            21 => {
                let (adjustment, key): (Adjustment, Text) = (Wire::take(from)?, Wire::take(from)?);
                let context = Some(Wire::take(from)?);
                Ok(Self::Adjust(Arc::new(Adjustment { context, ..adjustment }), key))
            }
            60 => Ok(Self::Review(Wire::take(from)?)),
            100 => Ok(Self::Rules(Wire::take(from)?, Wire::take(from)?)),
            tag => Err(Error::UnknownTag { what: "input", tag }),
        }
    }
}

// Tags are never changed and never reused.
wire_enum!(EventKind, "event kind" {
    0 = Enroll,
    1 = Purchase,
    2 = Refund,
    3 = Visit,
    4 = Review,
    5 = SocialFollow,
    6 = SocialShare,
    7 = Newsletter,
    8 = Survey,
    9 = Activity,
    10 = Fee,
    11 = Profile,
    12 = Login,
    13 = Custom(name),
});

wire_struct!(Event {
    id,
    source,
    kind,
    member,
    occurred_at,
    order,
    currency,
    given_amount,
    items,
    tenders,
    context,
    membership,
    personal,
    attributes,
});

wire_struct!(Item { line, sku, category, brand, quantity, amount, tags });

wire_struct!(Tender { kind, amount, fingerprint });

wire_struct!(Context { channel, store, terminal, staff, device, ip, location });

wire_struct!(Personal { referrer, birthday, email_hash, phone_hash, address_hash });

wire_struct!(Birthday { month, day, year });

impl Wire for Adjustment {
    /// Without its context, which the input's own tag brings.
    fn put(&self, out: &mut Writer<'_>) {
        let Self { member, pool, amount, reason, expires_at, pending, context: _ } = self;
        member.put(out);
        pool.put(out);
        amount.put(out);
        reason.put(out);
        expires_at.put(out);
        pending.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            member: Wire::take(from)?,
            pool: Wire::take(from)?,
            amount: Wire::take(from)?,
            reason: Wire::take(from)?,
            expires_at: Wire::take(from)?,
            pending: Wire::take(from)?,
            context: None,
        })
    }
}

wire_struct!(Transfer { from, to, pool, amount, context });

wire_struct!(RulesetFiles { program, hash, files, new_names });

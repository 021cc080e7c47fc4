//! The format of what was asked: events, corrections, transfers, versions of rules.
//!
//! Field orders and tags are frozen; see [`super`].

use super::wire::{wire_enum, wire_struct};
use crate::ledger::event::{Adjustment, Birthday, Context, Event, EventKind, Item, Personal, Tender, Transfer};
use crate::ledger::record::{Input, RulesetFiles};

// Tags are never changed and never reused.
wire_enum!(Input, "input" {
    0 = Event(event),
    1 = Adjust(adjustment, key),
    2 = Transfer(transfer, key),
    3 = Due(member),
    4 = Ruleset(files),
    20 = Act(act, key),
    100 = Rules(change, key),
});

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

wire_struct!(Adjustment { member, pool, amount, reason, expires_at, pending });

wire_struct!(Transfer { from, to, pool, amount, context });

wire_struct!(RulesetFiles { program, hash, files, new_names });

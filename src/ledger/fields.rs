//! Which fields an input has: a set, made once for all that is asked by them. It tells no values and decides nothing.

use super::record::{Input, KeyField, KeyFields};
use super::types::Text;

/// Fields of an input, each there or not. Of what no program names ([`KeyField::Rule`], [`KeyField::Campaign`]) it tells nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields(u16);

const _: () = assert!(KeyField::ALL.len() <= 16, "a place for each field");

impl Fields {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// Those that an input has, and that are not empty.
    #[must_use]
    pub fn of(input: &Input) -> Self {
        let Input::Event(event) = input else {
            let each = KeyField::ALL.into_iter();
            return each.fold(Self::NONE, |all, field| all.with_text(field, input.key_field(field)));
        };
        let context = &event.context;
        let mut all = Self::NONE
            .with_text(KeyField::Member, Some(&event.member))
            .with_text(KeyField::Card, event.card())
            .with_text(KeyField::Order, event.order.as_ref())
            .with_text(KeyField::Device, context.device.as_ref())
            .with_text(KeyField::Ip, context.ip.as_ref())
            .with_text(KeyField::Store, context.store.as_ref())
            .with_text(KeyField::Terminal, context.terminal.as_ref())
            .with_text(KeyField::Staff, context.staff.as_ref())
            .with_text(KeyField::Channel, context.channel.as_ref());
        if !event.attributes.is_empty() {
            all = all.with_text(KeyField::Receipt, event.attribute("receipt"));
        }
        if let Some(personal) = event.personal.as_deref() {
            all = all
                .with_text(KeyField::Referrer, personal.referrer.as_ref())
                .with_text(KeyField::Email, personal.email_hash.as_ref())
                .with_text(KeyField::Phone, personal.phone_hash.as_ref())
                .with_text(KeyField::Address, personal.address_hash.as_ref());
        }
        all
    }

    /// Those of a key.
    #[must_use]
    pub fn of_key(key: &KeyFields) -> Self {
        key.iter().fold(Self::NONE, Self::with)
    }

    /// The same with one more.
    #[must_use]
    pub const fn with(self, field: KeyField) -> Self {
        // Those that no program names come last, and have no place.
        if (field as usize) < KeyField::ALL.len() { Self(self.0 | 1 << field as u16) } else { self }
    }

    fn with_text(self, field: KeyField, text: Option<&Text>) -> Self {
        if text.is_some_and(|text| !text.is_empty()) { self.with(field) } else { self }
    }

    /// Whether one is there.
    #[must_use]
    pub const fn has(self, field: KeyField) -> bool {
        (field as usize) < KeyField::ALL.len() && self.0 & 1 << field as u16 != 0
    }

    /// Whether all of others are there.
    #[must_use]
    pub const fn include(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ledger::event::{Context, Event, EventKind, Personal, Tender};
    use crate::ledger::types::{Money, TimeMs};

    /// An event that says something of every field that is told in a text of so many letters.
    fn event(says: impl Fn(KeyField) -> Option<&'static str>) -> Input {
        let text = |field| says(field).map(Text::new_static);
        let personal = Personal {
            referrer: text(KeyField::Referrer),
            email_hash: text(KeyField::Email),
            phone_hash: text(KeyField::Phone),
            address_hash: text(KeyField::Address),
            ..Personal::default()
        };
        let receipt = text(KeyField::Receipt).map(|value| (Text::new_static("receipt"), value));
        Input::Event(Arc::new(Event {
            id: Text::new_static("e"),
            source: Text::new_static("till"),
            kind: EventKind::Purchase,
            member: text(KeyField::Member).unwrap_or_default(),
            occurred_at: TimeMs::EPOCH,
            order: text(KeyField::Order),
            currency: None,
            given_amount: None,
            items: Vec::new(),
            tenders: vec![Tender {
                kind: Text::new_static("card"),
                amount: Money::new(1),
                fingerprint: text(KeyField::Card),
            }],
            context: Context {
                device: text(KeyField::Device),
                ip: text(KeyField::Ip),
                store: text(KeyField::Store),
                terminal: text(KeyField::Terminal),
                staff: text(KeyField::Staff),
                channel: text(KeyField::Channel),
                ..Context::default()
            },
            membership: None,
            personal: Some(Box::new(personal)),
            attributes: receipt.into_iter().collect(),
        }))
    }

    #[test]
    fn a_field_is_there_where_the_input_says_it_has_it() {
        for field in KeyField::ALL {
            for says in [None, Some(""), Some("x")] {
                let one = event(|other| if other == field { says } else { None });
                let all_but = event(|other| if other == field { says } else { Some("y") });
                for input in [one, all_but] {
                    for asked in KeyField::ALL {
                        let has = input.key_field(asked).is_some_and(|value| !value.is_empty());
                        assert_eq!(
                            Fields::of(&input).has(asked),
                            has,
                            "{asked:?} of one that says {says:?} of {field:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn every_field_that_a_program_names_has_a_place_of_its_own() {
        for (at, field) in KeyField::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, at, "{field:?}");
            assert!(Fields::NONE.with(field).include(Fields::of_key(&KeyFields::of(field))));
            assert!(!Fields::NONE.include(Fields::of_key(&KeyFields::of(field))));
        }
    }
}

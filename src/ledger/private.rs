//! What of a record is personal: what people tell of themselves and choose. It is taken out of a record before the record is
//! written, put back when it is read, and unknown once the member is erased.
//!
//! Only what nothing but [`apply`](super::apply) of the same member reads is personal here, so that a replay without it ends in
//! the same state. How it is kept is no affair of the ledger's.

use std::sync::Arc;

use super::act::What;
use super::event::{Birthday, Event, EventKind};
use super::member::Profile;
use super::record::{Effect, Input, Record};
use super::review::Review;
use super::types::Text;

/// An effect on what is known of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrivateEffect {
    /// What is known of them is now this, and nothing else.
    Knows {
        /// Of whom.
        party: u8,
        /// What.
        known: Box<Known>,
    },
    /// What of the record is personal, under the party's key. Only in the bytes of a journal; the last of a record's effects.
    Sealed {
        /// Whose.
        party: u8,
        /// A nonce, and what was encrypted with it.
        bytes: Vec<u8>,
    },
}

impl PrivateEffect {
    /// Whose it is.
    #[must_use]
    pub const fn party(&self) -> u8 {
        match self {
            Self::Knows { party, .. } | Self::Sealed { party, .. } => *party,
        }
    }
}

/// All that is known of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Who brought them, when they were born, the merchant's facts.
    pub profile: Profile,
    /// What they chose, sorted by name.
    pub choices: Vec<(Text, Text)>,
}

/// What was taken out of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Private {
    /// The birthday that was told.
    pub birthday: Option<Birthday>,
    /// The attributes that were told.
    pub attributes: Vec<(Text, Text)>,
    /// The choices that were told.
    pub choices: Vec<(Text, Text)>,
    /// What a member who was merged has left to the other.
    pub known: Option<Known>,
}

/// Attributes that are keys of fraud's counters, and so stay.
const COUNTED: &str = "receipt";

impl Private {
    /// Whether a record has anything personal; it costs a plain purchase one comparison.
    #[must_use]
    pub fn is_in(record: &Record) -> bool {
        match &record.input {
            Input::Event(event) => tells(event),
            Input::Review(review) => review.event().is_some_and(|event| tells(event)),
            Input::Act(act, _) => matches!(act.what, What::Update { .. } | What::Merge { .. }),
            _ => false,
        }
    }

    /// The party whose it is: of a merge, the one who is left.
    #[must_use]
    pub fn party(record: &Record) -> u8 {
        match &record.input {
            Input::Act(act, _) => u8::from(matches!(act.what, What::Merge { .. })),
            _ => 0,
        }
    }

    /// Takes it out of a record.
    #[must_use]
    pub fn take_from(record: &mut Record) -> Self {
        let mut taken = Self::take(&mut record.input);
        let party = Self::party(record);
        for effect in &mut record.effects {
            if let Effect::Private(PrivateEffect::Knows { party: whose, known }) = effect
                && *whose == party
            {
                taken.known = Some(std::mem::take(known.as_mut()));
            }
        }
        taken
    }

    /// An input without what is personal.
    #[must_use]
    pub fn blank(input: &Input) -> Input {
        let mut blank = input.clone();
        drop(Self::take(&mut blank));
        blank
    }

    fn take(input: &mut Input) -> Self {
        let mut taken = Self::default();
        if let Some(event) = event_of(input).filter(|event| tells(event)) {
            taken.birthday = event.personal.as_deref_mut().and_then(|personal| personal.birthday.take());
            let kept = event.attributes.iter().filter(|(name, _)| name == COUNTED).cloned().collect();
            taken.attributes = std::mem::replace(&mut event.attributes, kept);
        } else if let Some((birthday, attributes, choices)) = update_of(input) {
            taken.birthday = birthday.take();
            taken.attributes = std::mem::take(attributes);
            taken.choices = std::mem::take(choices);
        }
        taken
    }

    /// Puts it back.
    pub fn put_into(self, record: &mut Record) {
        let Self { birthday, attributes, choices, known } = self;
        let party = Self::party(record);
        if let Some(event) = event_of(&mut record.input) {
            if let Some(personal) = event.personal.as_deref_mut() {
                personal.birthday = birthday;
            }
            event.attributes = attributes;
        } else if let Some((told, named, chosen)) = update_of(&mut record.input) {
            (*told, *named, *chosen) = (birthday, attributes, choices);
        }
        let Some(known) = known else { return };
        for effect in &mut record.effects {
            if let Effect::Private(PrivateEffect::Knows { party: whose, known: place }) = effect
                && *whose == party
            {
                **place = known;
                return;
            }
        }
    }
}

/// Whether an event says something of a person.
fn tells(event: &Event) -> bool {
    matches!(event.kind, EventKind::Enroll | EventKind::Profile)
}

/// The event of an input, to change.
fn event_of(input: &mut Input) -> Option<&mut Event> {
    match input {
        Input::Event(event) => Some(Arc::make_mut(event)),
        Input::Review(review) => match Arc::make_mut(review) {
            Review::Release(release) => release.event.as_mut().map(Arc::make_mut),
            Review::Resolve(_) | Review::ClawBack(_) | Review::List(_) => None,
        },
        _ => None,
    }
}

type Told<'a> = (&'a mut Option<Birthday>, &'a mut Vec<(Text, Text)>, &'a mut Vec<(Text, Text)>);

/// What an update tells, to change.
fn update_of(input: &mut Input) -> Option<Told<'_>> {
    let Input::Act(act, _) = input else { return None };
    match &mut Arc::make_mut(act).what {
        What::Update { birthday, attributes, choices } => Some((birthday, attributes, choices)),
        _ => None,
    }
}

//! What happened, as the caller told it: the event of `POST …/events` and the commands beside it, validated and typed.
//!
//! An [`Event`] is what scripts read, what the journal keeps and what a retry is compared with. It holds no
//! conclusion; those are effects of the [`Record`](super::record::Record).

use super::types::{Money, Points, Text, TimeMs};

/// What kind of fact an event reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A member joins.
    Enroll,
    /// A sale.
    Purchase,
    /// A sale given back, whole or in part.
    Refund,
    /// A visit without a sale of its own.
    Visit,
    /// A product review.
    Review,
    /// A follow on a social network.
    SocialFollow,
    /// A share on a social network.
    SocialShare,
    /// A subscription to the newsletter.
    Newsletter,
    /// An answered survey.
    Survey,
    /// Any tracked activity, such as fitness.
    Activity,
    /// A paid membership's charge.
    Fee,
    /// A change of what is known about the member.
    Profile,
    /// A login, successful or not.
    Login,
    /// `custom.<name>`: the merchant's own kind; holds the name.
    Custom(Text),
}

impl EventKind {
    /// The kind's name on the wire, without a custom event's own name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Enroll => "enroll",
            Self::Purchase => "purchase",
            Self::Refund => "refund",
            Self::Visit => "visit",
            Self::Review => "review",
            Self::SocialFollow => "social_follow",
            Self::SocialShare => "social_share",
            Self::Newsletter => "newsletter",
            Self::Survey => "survey",
            Self::Activity => "activity",
            Self::Fee => "fee",
            Self::Profile => "profile",
            Self::Login => "login",
            Self::Custom(_) => "custom",
        }
    }

    /// The kind of a wire name such as `purchase` or `custom.wishlist_add`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "enroll" => Self::Enroll,
            "purchase" => Self::Purchase,
            "refund" => Self::Refund,
            "visit" => Self::Visit,
            "review" => Self::Review,
            "social_follow" => Self::SocialFollow,
            "social_share" => Self::SocialShare,
            "newsletter" => Self::Newsletter,
            "survey" => Self::Survey,
            "activity" => Self::Activity,
            "fee" => Self::Fee,
            "profile" => Self::Profile,
            "login" => Self::Login,
            other => {
                let name = other.strip_prefix("custom.")?;
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
                if name.is_empty() || !name.bytes().all(plain) {
                    return None;
                }
                Self::Custom(Text::new(name))
            }
        })
    }

    /// The full wire name: `purchase`, `custom.wishlist_add`.
    #[must_use]
    pub fn wire_name(&self) -> Text {
        match self {
            Self::Custom(name) => smol_str::format_smolstr!("custom.{name}"),
            Self::Enroll
            | Self::Purchase
            | Self::Refund
            | Self::Visit
            | Self::Review
            | Self::SocialFollow
            | Self::SocialShare
            | Self::Newsletter
            | Self::Survey
            | Self::Activity
            | Self::Fee
            | Self::Profile
            | Self::Login => Text::new_static(self.name()),
        }
    }
}

/// One line of a sale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// The line's number, unique within the order.
    pub line: u32,
    /// The merchant's article number.
    pub sku: Option<Text>,
    /// The article's category.
    pub category: Option<Text>,
    /// The article's brand.
    pub brand: Option<Text>,
    /// How many, at least 1.
    pub quantity: u32,
    /// What the line cost after its discounts.
    pub amount: Money,
    /// Labels such as `sale`.
    pub tags: Vec<Text>,
}

/// One way a sale was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tender {
    /// `card`, `cash`, `points`, `voucher`, `gift_card` …
    pub kind: Text,
    /// How much it paid.
    pub amount: Money,
    /// A stable hash of the card, where one paid.
    pub fingerprint: Option<Text>,
}

/// Where and how something was done; what fraud limits are keyed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// `store`, `web`, `app` …
    pub channel: Option<Text>,
    /// The store's id.
    pub store: Option<Text>,
    /// The terminal's id within the store.
    pub terminal: Option<Text>,
    /// The id of the employee who served.
    pub staff: Option<Text>,
    /// A stable id of the device.
    pub device: Option<Text>,
    /// The client's address as text.
    pub ip: Option<Text>,
    /// Latitude and longitude as decimal text.
    pub location: Option<(Text, Text)>,
}

/// What an event says about the person: given at enrolment or by `profile`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Personal {
    /// The member id or referral code of who brought this one.
    pub referrer: Option<Text>,
    /// The birthday.
    pub birthday: Option<Birthday>,
    /// A hash of the normalised e-mail address.
    pub email_hash: Option<Text>,
    /// A hash of the phone number.
    pub phone_hash: Option<Text>,
    /// A hash of the postal address.
    pub address_hash: Option<Text>,
}

/// A day of the year, with the year where it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birthday {
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31, valid for the month (29 February always is).
    pub day: u8,
    /// The year of birth, where known.
    pub year: Option<u16>,
}

/// One fact posted by a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The caller's id, unique within `source` for ever.
    pub id: Text,
    /// Who posts: a till, a shop.
    pub source: Text,
    /// What happened.
    pub kind: EventKind,
    /// The member it happened to.
    pub member: Text,
    /// When it happened, in business time.
    pub occurred_at: TimeMs,
    /// The order's name where it differs from `id`.
    pub order: Option<Text>,
    /// ISO 4217 code where given.
    pub currency: Option<Text>,
    /// What was paid in real tender, where given; see [`Event::amount`].
    pub given_amount: Option<Money>,
    /// The lines of the sale.
    pub items: Vec<Item>,
    /// How it was paid.
    pub tenders: Vec<Tender>,
    /// Where and how.
    pub context: Context,
    /// A fee's plan.
    pub membership: Option<Text>,
    /// What it says about the person, boxed because most events say nothing.
    pub personal: Option<Box<Personal>>,
    /// Further facts, sorted by name.
    pub attributes: Vec<(Text, Text)>,
}

impl Event {
    /// Reads a little of every part, so that it is near the processor when it is needed. What it returns means nothing; it must
    /// be used, or nothing is read.
    #[must_use]
    pub fn warm(&self) -> usize {
        let items: usize = self.items.iter().map(|item| item.tags.len()).sum();
        let tenders = self.tenders.first().map_or(0, |tender| tender.kind.len());
        // The event itself lies on several lines.
        let Context { channel, store, staff, device, .. } = &self.context;
        let texts: usize = [channel, store, staff, device].into_iter().flatten().map(Text::len).sum();
        let own = self.member.len() + self.source.len() + usize::from(self.given_amount.is_some());
        items + tenders + texts + own + self.attributes.len() + usize::from(self.personal.is_some())
    }

    /// The amount the member paid: what was given, else the sum of the lines. Saturates, since a sum that large is refused at the edge.
    #[must_use]
    pub fn amount(&self) -> Money {
        self.given_amount.unwrap_or_else(|| {
            Money::new(self.items.iter().fold(0i64, |sum, item| sum.saturating_add(item.amount.get())))
        })
    }

    /// The order's name: what a later refund names.
    #[must_use]
    pub fn order(&self) -> &Text {
        self.order.as_ref().unwrap_or(&self.id)
    }

    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Text> {
        let at = self.attributes.binary_search_by(|(key, _)| key.as_str().cmp(name)).ok()?;
        self.attributes.get(at).map(|(_, value)| value)
    }

    /// The fingerprint of the first card that paid.
    #[must_use]
    pub fn card(&self) -> Option<&Text> {
        self.tenders.iter().find_map(|tender| tender.fingerprint.as_ref())
    }
}

/// A correction by hand: `POST …/adjustments`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// Whose balance.
    pub member: Text,
    /// Which pool, by name.
    pub pool: Text,
    /// Signed; never zero.
    pub amount: Points,
    /// Why, in the operator's words.
    pub reason: Text,
    /// When a credit expires, instead of the pool's own rule.
    pub expires_at: Option<TimeMs>,
    /// True for a credit that waits for review.
    pub pending: bool,
    /// Where and by whom, where it was said.
    pub context: Option<Box<Context>>,
}

/// A move between two members of one program: `POST …/transfers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Who gives.
    pub from: Text,
    /// Who receives.
    pub to: Text,
    /// Which pool, by name.
    pub pool: Text,
    /// Above zero.
    pub amount: Points,
    /// Where and how, for the fraud checks.
    pub context: Option<Box<Context>>,
}

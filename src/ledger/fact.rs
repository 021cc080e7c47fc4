//! What a limit may ask of an input beside its kind: names of facts, and sets of them. It knows no input, so it decides nothing.

/// What an input must be, beside its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Done where the merchant could see the member: a store's channel, or a terminal or an employee is named.
    InPerson,
    /// Anything else.
    Remote,
    /// Served by the member's own hand: their attribute `employee` is the staff id.
    OwnTill,
    /// Names no order.
    Unlinked,
    /// Names no store.
    NoStore,
    /// Tells a new e-mail, phone or address.
    Contact,
    /// Takes at least a fiftieth of what the member can spend.
    Sizeable,
    /// Of a member who has bought nothing, or has given all of it back.
    Unproven,
    /// Of a member who has bought at most once.
    Passing,
    /// Costs next to nothing: at most ten of the smallest coins, and at least one.
    Trifling,
    /// With a receipt's number.
    Receipt,
    /// A receipt that arrives more than a day after its sale.
    LateReceipt,
    /// Of a member who owes points: what was spent came back.
    Indebted,
    /// Of a member who neither bought nor redeemed for 30 days.
    Asleep,
    /// Goes to a member who enrolled less than two weeks ago.
    ToNewcomer,
    /// Of a till that numbers its own events, and arrives more than an hour after it happened.
    Late,
    /// Tells a birthday that is at most a week away.
    BirthdaySoon,
    /// Tells a new e-mail address.
    Mailbox,
}

impl Fact {
    /// Every one.
    const ALL: [Self; 18] = [
        Self::InPerson,
        Self::Remote,
        Self::OwnTill,
        Self::Unlinked,
        Self::NoStore,
        Self::Contact,
        Self::Sizeable,
        Self::Unproven,
        Self::Passing,
        Self::Trifling,
        Self::Receipt,
        Self::LateReceipt,
        Self::Indebted,
        Self::Asleep,
        Self::ToNewcomer,
        Self::Late,
        Self::BirthdaySoon,
        Self::Mailbox,
    ];

    /// Its name in programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InPerson => "in_person",
            Self::Remote => "remote",
            Self::OwnTill => "own_till",
            Self::Unlinked => "unlinked",
            Self::NoStore => "no_store",
            Self::Contact => "contact",
            Self::Sizeable => "sizeable",
            Self::Unproven => "unproven",
            Self::Passing => "passing",
            Self::Trifling => "trifling",
            Self::Receipt => "receipt",
            Self::Asleep => "asleep",
            Self::LateReceipt => "late_receipt",
            Self::Indebted => "indebted",
            Self::ToNewcomer => "to_newcomer",
            Self::Late => "late",
            Self::BirthdaySoon => "birthday_soon",
            Self::Mailbox => "mailbox",
        }
    }
}

const _: () = assert!(Fact::ALL.len() == Fact::Mailbox as usize + 1, "every fact is listed");

/// Facts, each there or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts(u32);

impl Facts {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// All of them.
    pub const ALL: Self = Self((1 << Fact::ALL.len()) - 1);

    /// The same with this one as it is.
    #[must_use]
    pub const fn with(self, fact: Fact, is_so: bool) -> Self {
        Self(self.0 & !(1 << fact as u32) | (is_so as u32) << fact as u32)
    }

    /// Whether one is there.
    #[must_use]
    pub const fn has(self, fact: Fact) -> bool {
        self.0 & 1 << fact as u32 != 0
    }

    /// Whether all of others are there.
    #[must_use]
    pub const fn include(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Those that are both here and there.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Those that are there or there.
    #[must_use]
    pub const fn or(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are there.
    pub fn iter(self) -> impl Iterator<Item = Fact> {
        Fact::ALL.into_iter().filter(move |fact| self.has(*fact))
    }
}

impl FromIterator<Fact> for Facts {
    fn from_iter<T: IntoIterator<Item = Fact>>(facts: T) -> Self {
        facts.into_iter().fold(Self::NONE, |all, fact| all.with(fact, true))
    }
}

//! What a record did. An effect is complete: it names its lot, its account, its instant. It never says how it was worked out.

mod party;
use super::posting::{Account, Credit};
use super::provenance::{Back, Condition, HoldEnd, Leaving, LineBack, Lines, Punched};
use super::types::{LotId, Money, NameId, Points, Seq, Text, TimeMs};
use super::{calendar, kin, private, review, status, verdict};

/// One consequence of a record. `party` is an index into [`Record::parties`](super::record::Record::parties).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The party becomes a member; what is known of them is in the event.
    Enroll {
        /// Who.
        party: u8,
        /// Who brought them, where the referral counts.
        referrer: Option<Text>,
    },
    /// A lot comes to be.
    Credit(Credit),
    /// Part of a lot goes.
    Debit {
        /// Whose lot.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// Which lot.
        lot: LotId,
        /// How much of it.
        amount: Points,
        /// Where it goes.
        to: Account,
    },
    /// A debt comes to be, with nothing to pay it.
    Owe {
        /// Who owes.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// How much.
        amount: Points,
        /// To which account it was paid on credit.
        to: Account,
    },
    /// A pending lot becomes available.
    Activate {
        /// Whose lot.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// Which lot.
        lot: LotId,
        /// How much of it repays debt at that moment.
        repaid: Points,
    },
    /// Stamps on a card.
    Stamp {
        /// Whose card.
        party: u8,
        /// Which card.
        card: NameId,
        /// How many were given.
        count: u32,
        /// How many stamps complete the card, as declared then.
        of: u32,
        /// Stamps on the card afterwards.
        stamps: u32,
        /// The civil day it counts for, in the program's zone.
        day: i32,
    },
    /// A reward to use.
    Grant {
        /// Who gets it.
        party: u8,
        /// Its number within the record, for its id.
        index: u16,
        /// Which reward.
        reward: NameId,
        /// What it is worth, where it has a value.
        value: Option<Money>,
        /// Until when it can be used.
        expires_at: Option<TimeMs>,
        /// Why.
        reason: Text,
    },
    /// A change of tier.
    Tier {
        /// Who.
        party: u8,
        /// From which, where there was one.
        from: Option<NameId>,
        /// To which; none where even the lowest tier asks for more.
        to: Option<NameId>,
    },
    /// A named counter of the member's grows.
    Count {
        /// Whose.
        party: u8,
        /// Which counter.
        counter: NameId,
        /// The civil day it counts for, in the program's zone: days since 1970-01-01.
        day: i32,
        /// By how much.
        amount: i64,
    },
    /// A program-wide budget is used.
    Budget {
        /// By whom.
        party: u8,
        /// The cap's counter.
        counter: NameId,
        /// How much of it.
        amount: Points,
    },
    /// What the event says about the person or their attributes replaces what was known.
    Profile {
        /// Whose.
        party: u8,
    },
    /// The friend's first qualifying purchase paid the referral; it will not be paid again.
    ReferralPaid {
        /// The friend.
        party: u8,
        /// The referrer, as a party of the same record.
        referrer: u8,
    },
    /// Where an earlier effect of this record came from, for refunds: without one, from all lines, by their amounts.
    Origin {
        /// Whose effect.
        party: u8,
        /// Its place among the record's effects.
        of: u16,
        /// From which lines.
        lines: Lines,
        /// How it goes back.
        back: Back,
    },
    /// Part of a lot goes, with all that is needed to bring it back.
    Spend {
        /// Whose lot.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// Which lot.
        lot: LotId,
        /// How much of it.
        amount: Points,
        /// When the lot was earned.
        earned_at: TimeMs,
        /// When it is lost.
        expires_at: Option<TimeMs>,
        /// Where the points go.
        to: Account,
    },
    /// Points go back into the lot they came from, which is made anew where nothing was left of it.
    Restore {
        /// Whose lot.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// Which lot.
        lot: LotId,
        /// How much.
        amount: Points,
        /// How much of it repays debt at once.
        repaid: Points,
        /// When the lot was earned.
        earned_at: TimeMs,
        /// When it is lost: as before, or at the end of a grace period.
        expires_at: Option<TimeMs>,
        /// Where the points come from.
        from: Account,
    },
    /// Points are kept aside.
    Hold {
        /// Whose.
        party: u8,
        /// Its number within the record, for its id.
        index: u16,
        /// Which pool.
        pool: NameId,
        /// How much of which lots.
        lots: Vec<(LotId, Points)>,
        /// When it is released by itself.
        until: TimeMs,
        /// The reward it will buy.
        reward: Option<NameId>,
        /// The order it is for.
        order: Option<Text>,
    },
    /// A hold ends; what it captured follows as spends.
    Unhold {
        /// Whose.
        party: u8,
        /// Which hold.
        hold: LotId,
        /// How it ends.
        end: HoldEnd,
    },
    /// A redemption: what was bought. The points are in the spends beside it.
    Redeem {
        /// Who redeems.
        party: u8,
        /// Its id: that of the hold it captured, or its own.
        id: LotId,
        /// Which pool paid.
        pool: NameId,
        /// How much.
        amount: Points,
        /// The reward bought, and its grant's number within the record.
        reward: Option<(NameId, u16)>,
    },
    /// A redemption was given back, all or in part.
    Reversal {
        /// Who redeemed.
        party: u8,
        /// The redemption's id.
        of: LotId,
        /// The record of the redemption.
        first: Seq,
        /// How much of it has been given back, this time included.
        total: Points,
    },
    /// An order was refunded, all or in part; what goes back follows.
    Refund {
        /// Whose order.
        party: u8,
        /// The order's name.
        order: Text,
        /// The record of the order.
        first: Seq,
        /// What has been refunded of each line so far, this time included.
        lines: Vec<LineBack>,
    },
    /// A refund of an order that is not known yet waits for it.
    Await {
        /// Whose order.
        party: u8,
        /// The order's name.
        order: Text,
        /// The lines given back; empty for an amount or for all.
        lines: Vec<LineBack>,
        /// The amount given back, where no lines are named.
        amount: Option<Money>,
    },
    /// A refund that waited has found its order.
    Awaited {
        /// Whose order.
        party: u8,
        /// The record of the refund.
        refund: Seq,
    },
    /// Stamps on a card, each with what it was for. Full cards become rewards.
    Punch {
        /// Whose card.
        party: u8,
        /// Which card.
        card: NameId,
        /// The civil day it counts for, in the program's zone.
        day: i32,
        /// Stamps that fill the card, as declared then.
        of: u32,
        /// The stamps that were given.
        marks: Vec<Punched>,
        /// How many of them paid stamps that were owed.
        repaid: u32,
        /// The grants of cards filled by them: their numbers within the record.
        filled: Vec<u16>,
        /// Stamps on the card afterwards.
        stamps: u32,
    },
    /// Stamps leave a card.
    Unpunch {
        /// Whose card.
        party: u8,
        /// Which card.
        card: NameId,
        /// The stamps.
        marks: Vec<LotId>,
        /// Stamps that were spent already and so are owed.
        owed: u32,
        /// Full cards that are open again because their reward was withdrawn.
        reopened: Vec<LotId>,
        /// Stamps on the card afterwards.
        stamps: u32,
    },
    /// What a free reward of this record hangs on.
    Hangs {
        /// Whose reward.
        party: u8,
        /// The grant's number within the record.
        grant: u16,
        /// On what.
        condition: Condition,
        /// The counter that remembers that it was given, and the civil day it counted for.
        counter: Option<(NameId, i32)>,
    },
    /// A reward leaves the member's list.
    Ungrant {
        /// Whose.
        party: u8,
        /// Which reward it was.
        reward: NameId,
        /// Which grant.
        grant: LotId,
        /// Why.
        why: Leaving,
    },
    /// A right for a time.
    Entitle {
        /// Whose.
        party: u8,
        /// Its number within the record, for its id.
        index: u16,
        /// Which.
        entitlement: NameId,
        /// From when.
        from: TimeMs,
        /// Until when, where it ends.
        until: Option<TimeMs>,
    },
    /// A right ends.
    Disentitle {
        /// Whose.
        party: u8,
        /// Which one.
        id: LotId,
    },
    /// A plan's period is paid, or tried.
    Plan {
        /// Whose.
        party: u8,
        /// Its number within the record, for its id.
        index: u16,
        /// Which plan.
        plan: NameId,
        /// Its first instant.
        from: TimeMs,
        /// The first instant after it.
        until: Option<TimeMs>,
        /// What was paid.
        paid: Money,
    },
    /// A plan's period is over: by time, or at once because its fee was refunded.
    PlanEnd {
        /// Whose.
        party: u8,
        /// Which period.
        period: LotId,
        /// Its end.
        at: TimeMs,
        /// Whether its fee was refunded.
        refunded: bool,
    },
    /// Spend within a plan's period, and what the period's law has credited on it.
    PlanSpend {
        /// Whose.
        party: u8,
        /// Which period.
        period: LotId,
        /// How much the net spend grows.
        spend: i64,
        /// How much what was credited grows.
        credited: i64,
    },
    /// Something that counts once for each value of an attribute (a review for an article) has been counted for this one.
    Seen {
        /// For whom.
        party: u8,
        /// The rule's name.
        name: NameId,
        /// The value.
        value: Text,
    },
    /// Something that only ever begins once has begun.
    Since {
        /// For whom.
        party: u8,
        /// Its declared name.
        name: NameId,
    },
    /// What the member told or chose (birthday, attributes, choices) replaces what was known; the act says what.
    Told {
        /// Who.
        party: u8,
    },
    /// The member may not spend, or may again.
    Freeze {
        /// Who.
        party: u8,
        /// Whether they may not.
        frozen: bool,
    },
    /// The member is now another one; what they had moves beside this.
    Merged {
        /// Who.
        party: u8,
        /// Into whom.
        into: Text,
    },
    /// What is known of the person is destroyed.
    Erased {
        /// Whose.
        party: u8,
    },
    /// The member's household: its name and its members in order of joining; none where they left.
    Household {
        /// Whose.
        party: u8,
        /// The household.
        household: Option<(Text, Vec<Text>)>,
    },
    /// The program itself gives to a system account, such as a charity; no balance of a member moves.
    Gift {
        /// On whose occasion.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// How much.
        amount: Points,
        /// To whom.
        to: Account,
    },
    /// A lot that waited for a review gets its instants.
    Vest(review::Vest),
    /// The terms of its own that a rule asked for a lot which waits for a review; only noted.
    HeldTerms {
        /// Whose lot.
        party: u8,
        /// Which lot.
        lot: LotId,
        /// How long it is to be pending, where the rule said so.
        pending: Option<calendar::Span>,
        /// How long it is to last, where the rule said so.
        expires: Option<calendar::Span>,
    },
    /// The record is referred to a case, though it stands. The last of a record's effects.
    Refer {
        /// Whose.
        party: u8,
    },
    /// A hold that waited for a review is certain now, and ends by itself at this instant.
    Extend {
        /// Whose.
        party: u8,
        /// Which hold.
        hold: LotId,
        /// Its end.
        until: TimeMs,
    },
    /// What rules ever credited to a member who was merged counts for this one.
    Lifetime {
        /// Whose.
        party: u8,
        /// Which pool.
        pool: NameId,
        /// How much.
        amount: Points,
    },
    /// Choices of a member who was merged, where this one had made none; sorted by name.
    Chose {
        /// Who.
        party: u8,
        /// Name and value.
        choices: Vec<(Text, Text)>,
    },
    /// The cap of its own under which a rule wanted a lot that waits for a review; only noted.
    HeldCap {
        /// Whose lot.
        party: u8,
        /// Which lot.
        lot: LotId,
        /// The cap's counter.
        cap: NameId,
    },
    /// A counter that qualifies for tiers is kept by days from here on; earlier days are forgotten.
    Qualify {
        /// Whose.
        party: u8,
        /// Which counter.
        counter: NameId,
        /// The first civil day that is kept, in the program's zone.
        since: i32,
    },
    /// A tier has fallen one level only, which is kept for a time.
    Land {
        /// Whose.
        party: u8,
        /// Which level, and until when.
        landing: status::Landing,
    },
    /// An order counts for less in a ring, or for nothing.
    Unobserve(verdict::Unobserved),
    /// An order is counted where what was given back is.
    Reverse(verdict::Reversed),
    /// Who is tied to whom.
    Kin(kin::KinEffect),
    /// What is known of a person, and what of it is sealed.
    Private(private::PrivateEffect),
}

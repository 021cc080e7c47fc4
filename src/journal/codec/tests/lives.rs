//! Generated effects, acts and standings of the wider vocabulary: provenance, spending, cards, plans, the member's own affairs.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::strategies::{account, birthday, context, lot_id, money, name, number, points, seq, text, time};
use crate::ledger::act::{Act, Spend, What};
use crate::ledger::member::{Buckets, CardState, Counter};
use crate::ledger::provenance::*;
use crate::ledger::record::{Effect, Input, Reversed, Unobserved};
use crate::ledger::standing::{Hanging, Standing};
use crate::ledger::types::{NameId, Text};

fn party() -> impl Strategy<Value = u8> {
    any::<u8>()
}
fn index() -> impl Strategy<Value = u16> {
    any::<u16>()
}
fn lines() -> impl Strategy<Value = Lines> {
    prop_oneof![Just(Lines::All), vec(any::<u32>(), 0..4).prop_map(Lines::Of)]
}
fn back() -> impl Strategy<Value = Back> {
    prop_oneof![
        Just(Back::Share),
        Just(Back::Quantity),
        Just(Back::Whole),
        money().prop_map(Back::Below),
        index().prop_map(Back::With),
        Just(Back::Never),
    ]
}
fn line_backs() -> impl Strategy<Value = Vec<LineBack>> {
    let one = (any::<u32>(), any::<u32>(), money());
    vec(one.prop_map(|(line, quantity, amount)| LineBack { line, quantity, amount }), 0..4)
}
fn punched() -> impl Strategy<Value = Punched> {
    (any::<u32>(), money(), of(time())).prop_map(|(line, worth, expires_at)| Punched { line, worth, expires_at })
}
fn mark() -> impl Strategy<Value = Mark> {
    (name(), lot_id(), punched()).prop_map(|(card, id, of)| Mark { card, id, of })
}
fn condition() -> impl Strategy<Value = Condition> {
    let window = prop_oneof![
        Just(Window::Ever),
        any::<i32>().prop_map(Window::Year),
        any::<i32>().prop_map(Window::Month),
        any::<i32>().prop_map(Window::Day),
    ];
    prop_oneof![
        (name(), window, number()).prop_map(|(counter, window, at_least)| Condition::Counter {
            counter,
            window,
            at_least
        }),
        vec(name(), 0..3).prop_map(Condition::Tier),
    ]
}
fn counted() -> impl Strategy<Value = Option<(NameId, i32)>> {
    of((name(), any::<i32>()))
}
fn lots() -> impl Strategy<Value = Vec<(crate::ledger::types::LotId, crate::ledger::types::Points)>> {
    vec((lot_id(), points()), 0..3)
}
fn household() -> impl Strategy<Value = Option<(Text, Vec<Text>)>> {
    of((text(), vec(text(), 0..3)))
}

/// Any effect of provenance and spending.
fn spending() -> impl Strategy<Value = Effect> {
    let spend = (party(), name(), lot_id(), points(), time(), of(time()), account());
    let restore = (party(), name(), lot_id(), points(), points(), (time(), of(time())), account());
    let hold = (party(), index(), name(), lots(), time(), of(name()), of(text()));
    let end = proptest::sample::select(vec![HoldEnd::Captured, HoldEnd::Released, HoldEnd::Lapsed]);
    prop_oneof![
        (party(), index(), lines(), back()).prop_map(|(party, of, lines, back)| Effect::Origin {
            party,
            of,
            lines,
            back
        }),
        spend.prop_map(|(party, pool, lot, amount, earned_at, expires_at, to)| Effect::Spend {
            party,
            pool,
            lot,
            amount,
            earned_at,
            expires_at,
            to
        }),
        restore.prop_map(|(party, pool, lot, amount, repaid, (earned_at, expires_at), from)| Effect::Restore {
            party,
            pool,
            lot,
            amount,
            repaid,
            earned_at,
            expires_at,
            from
        }),
        hold.prop_map(|(party, index, pool, lots, until, reward, order)| Effect::Hold {
            party,
            index,
            pool,
            lots,
            until,
            reward,
            order
        }),
        (party(), lot_id(), end).prop_map(|(party, hold, end)| Effect::Unhold { party, hold, end }),
        (party(), lot_id(), time()).prop_map(|(party, hold, until)| Effect::Extend { party, hold, until }),
        (party(), lot_id(), name()).prop_map(|(party, lot, cap)| Effect::HeldCap { party, lot, cap }),
        (party(), name(), points()).prop_map(|(party, pool, amount)| Effect::Lifetime { party, pool, amount }),
        (party(), vec((text(), text()), 0..3)).prop_map(|(party, choices)| Effect::Chose { party, choices }),
        (party(), name(), any::<i32>()).prop_map(|(party, counter, since)| Effect::Qualify { party, counter, since }),
        (party(), name(), text(), seq(), of(any::<i64>()))
            .prop_map(|(party, ring, key, of, left)| Effect::Unobserve(Unobserved { party, ring, key, of, left })),
        (party(), name(), text(), seq(), time(), any::<u16>(), any::<i64>()).prop_map(
            |(party, ring, key, of, at, entries, value)| {
                Effect::Reverse(Reversed { party, ring, key, of, at, entries, value })
            }
        ),
        (party(), super::kin::landing()).prop_map(|(party, landing)| Effect::Land { party, landing }),
        (party(), lot_id(), name(), points(), of((name(), index())))
            .prop_map(|(party, id, pool, amount, reward)| Effect::Redeem { party, id, pool, amount, reward }),
        (party(), lot_id(), seq(), points()).prop_map(|(party, of, first, total)| Effect::Reversal {
            party,
            of,
            first,
            total
        }),
        (party(), name(), points(), account()).prop_map(|(party, pool, amount, to)| Effect::Gift {
            party,
            pool,
            amount,
            to
        }),
    ]
}

/// Any effect of refunds, cards and free rewards.
fn returning() -> impl Strategy<Value = Effect> {
    let punch = (
        party(),
        name(),
        any::<i32>(),
        any::<u32>(),
        vec(punched(), 0..4),
        any::<u32>(),
        vec(index(), 0..2),
        any::<u32>(),
    );
    let unpunch = (party(), name(), vec(lot_id(), 0..4), any::<u32>(), vec(lot_id(), 0..2), any::<u32>());
    let why = proptest::sample::select(vec![Leaving::Used, Leaving::Withdrawn, Leaving::Expired, Leaving::Cancelled]);
    prop_oneof![
        (party(), text(), seq(), line_backs()).prop_map(|(party, order, first, lines)| Effect::Refund {
            party,
            order,
            first,
            lines
        }),
        (party(), text(), line_backs(), of(money())).prop_map(|(party, order, lines, amount)| Effect::Await {
            party,
            order,
            lines,
            amount
        }),
        (party(), seq()).prop_map(|(party, refund)| Effect::Awaited { party, refund }),
        punch.prop_map(|(party, card, day, of, marks, repaid, filled, stamps)| Effect::Punch {
            party,
            card,
            day,
            of,
            marks,
            repaid,
            filled,
            stamps
        }),
        unpunch.prop_map(|(party, card, marks, owed, reopened, stamps)| Effect::Unpunch {
            party,
            card,
            marks,
            owed,
            reopened,
            stamps
        }),
        (party(), index(), condition(), counted()).prop_map(|(party, grant, condition, counter)| Effect::Hangs {
            party,
            grant,
            condition,
            counter
        }),
        (party(), name(), lot_id(), why).prop_map(|(party, reward, grant, why)| Effect::Ungrant {
            party,
            reward,
            grant,
            why
        }),
    ]
}

/// Any effect on rights, plans and the member's own affairs.
fn affairs() -> impl Strategy<Value = Effect> {
    prop_oneof![
        (party(), index(), name(), time(), of(time())).prop_map(|(party, index, entitlement, from, until)| {
            Effect::Entitle { party, index, entitlement, from, until }
        }),
        (party(), lot_id()).prop_map(|(party, id)| Effect::Disentitle { party, id }),
        (party(), index(), name(), time(), of(time()), money()).prop_map(|(party, index, plan, from, until, paid)| {
            Effect::Plan { party, index, plan, from, until, paid }
        }),
        (party(), lot_id(), time(), any::<bool>()).prop_map(|(party, period, at, refunded)| Effect::PlanEnd {
            party,
            period,
            at,
            refunded
        }),
        (party(), lot_id(), number(), number()).prop_map(|(party, period, spend, credited)| Effect::PlanSpend {
            party,
            period,
            spend,
            credited
        }),
        (party(), name(), text()).prop_map(|(party, name, value)| Effect::Seen { party, name, value }),
        (party(), name()).prop_map(|(party, name)| Effect::Since { party, name }),
        party().prop_map(|party| Effect::Told { party }),
        (party(), any::<bool>()).prop_map(|(party, frozen)| Effect::Freeze { party, frozen }),
        (party(), text()).prop_map(|(party, into)| Effect::Merged { party, into }),
        party().prop_map(|party| Effect::Erased { party }),
        (party(), household()).prop_map(|(party, household)| Effect::Household { party, household }),
    ]
}

/// Any effect of the wider vocabulary.
pub(crate) fn effect() -> impl Strategy<Value = Effect> {
    prop_oneof![spending().boxed(), returning().boxed(), affairs().boxed()]
}

fn pairs() -> impl Strategy<Value = Vec<(Text, Text)>> {
    vec((text(), text()), 0..3)
}

fn what() -> impl Strategy<Value = What> {
    let spend = || {
        prop_oneof![
            (text(), points()).prop_map(|(pool, amount)| Spend::Points { pool, amount }),
            text().prop_map(Spend::Reward),
        ]
    };
    prop_oneof![
        (spend(), number(), of(text())).prop_map(|(spend, ttl_ms, order)| What::Hold { spend, ttl_ms, order }),
        (lot_id(), of(points())).prop_map(|(hold, amount)| What::Capture { hold, amount }),
        lot_id().prop_map(|hold| What::Release { hold }),
        (spend(), of(text())).prop_map(|(spend, order)| What::Redeem { spend, order }),
        (lot_id(), of(points())).prop_map(|(redemption, amount)| What::Reverse { redemption, amount }),
        lot_id().prop_map(|grant| What::Use { grant }),
        lot_id().prop_map(|grant| What::Cancel { grant }),
        (text(), points(), text()).prop_map(|(pool, amount, charity)| What::Donate { pool, amount, charity }),
        (of(birthday()), pairs(), pairs()).prop_map(|(birthday, attributes, choices)| What::Update {
            birthday,
            attributes,
            choices
        }),
        (any::<bool>(), text()).prop_map(|(frozen, reason)| What::Freeze { frozen, reason }),
        text().prop_map(|into| What::Merge { into }),
        Just(What::Erase),
        (text(), vec(text(), 0..3)).prop_map(|(household, members)| What::Join { household, members }),
        Just(What::Leave),
        seq().prop_map(|refund| What::Awaited { refund }),
    ]
}

/// Any act, as a record's input.
pub(crate) fn act() -> impl Strategy<Value = Input> {
    let act = (text(), of(context().prop_map(Box::new)), what().boxed());
    (act.prop_map(|(member, context, what)| Act { member, context, what }), text())
        .prop_map(|(act, key)| Input::Act(Arc::new(act), key))
}

/// Any standing.
pub(crate) fn standing() -> impl Strategy<Value = Standing> {
    let hold = (lot_id(), name(), lots(), time(), of(name()), of(text()))
        .prop_map(|(id, pool, lots, until, reward, order)| Hold { id, pool, lots, until, reward, order });
    let plan = (lot_id(), name(), time(), of(time()), money(), (number(), number(), any::<bool>())).prop_map(
        |(id, plan, from, until, paid, (spend, credited, ended))| PlanPeriod {
            id,
            plan,
            from,
            until,
            paid,
            spend,
            credited,
            ended,
        },
    );
    let entitlement = (lot_id(), name(), time(), of(time())).prop_map(|(id, name, from, until)| Entitlement {
        id,
        name,
        from,
        until,
    });
    let cycle = (lot_id(), vec(mark(), 0..3)).prop_map(|(grant, marks)| Cycle { grant, marks });
    let hanging = (lot_id(), condition(), counted()).prop_map(|(grant, condition, counter)| Hanging {
        grant,
        condition,
        counter,
    });
    let early = (seq(), text(), line_backs(), of(money())).prop_map(|(refund, order, lines, amount)| EarlyRefund {
        refund,
        order,
        lines,
        amount,
    });
    let first =
        (vec(hold, 0..2), vec(plan, 0..2), vec(entitlement, 0..2), pairs(), vec(mark(), 0..3), vec(cycle, 0..2));
    let second = (
        vec((name(), any::<u32>()), 0..2),
        vec(hanging, 0..2),
        vec(early, 0..2),
        vec((name(), text()), 0..2),
        vec((name(), time()), 0..2),
        any::<[bool; 3]>(),
        of(text()),
        household(),
    );
    (first.boxed(), second.boxed()).prop_map(|(first, second)| {
        let (holds, plans, entitlements, choices, marks, cycles) = first;
        let (stamps_owed, conditions, early_refunds, seen, since, [had_plan, frozen, erased], merged_into, household) =
            second;
        Standing {
            holds,
            plans,
            entitlements,
            choices,
            marks,
            cycles,
            stamps_owed,
            conditions,
            early_refunds,
            seen,
            since,
            had_plan,
            frozen,
            erased,
            merged_into,
            household,
        }
    })
}
pub(super) fn card_state() -> impl Strategy<Value = CardState> {
    (name(), any::<u32>(), any::<u32>(), of(time()), any::<i32>(), any::<u32>())
        .prop_map(|(card, stamps, of, last_at, day, day_count)| CardState { card, stamps, of, last_at, day, day_count })
}
pub(super) fn counter() -> impl Strategy<Value = Counter> {
    let buckets = || [(any::<i32>(), number()), (any::<i32>(), number())].prop_map(Buckets);
    (name(), number(), buckets(), buckets(), buckets()).prop_map(|(name, ever, years, months, days)| Counter {
        name,
        ever,
        years,
        months,
        days,
    })
}

//! Generated records, members and programs: every variant, every option, lists from empty, numbers from end to end.

use std::sync::Arc;

use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;

use super::lives::{card_state, counter, standing};
use crate::ledger::calendar::Span;
use crate::ledger::event::{Adjustment, Birthday, Context, Event, EventKind, Item, Personal, Tender, Transfer};
use crate::ledger::member::{Grant, Lot, Member, PoolState, Profile};
use crate::ledger::record::*;
use crate::ledger::review::{ClawBack, Outcome, Release, Resolution, Review, Vest};
use crate::ledger::rollout::{Partial, Planned, Reach, Rollout, RulesChange, Signature, Version};
use crate::ledger::state::ProgramState;
use crate::ledger::types::{LotId, Money, NameId, Points, ProgramId, Seq, Text, TimeMs};

/// Generators are kept on the heap: together they are larger than a test thread's stack.
pub(super) fn text() -> BoxedStrategy<Text> {
    prop_oneof![4 => "[a-z0-9:_-]{0,12}", 1 => "\\PC{0,40}", 1 => Just("x".repeat(300))].prop_map(Text::from).boxed()
}
pub(super) fn time() -> BoxedStrategy<TimeMs> {
    prop_oneof![
        3 => (1_700_000_000_000i64..1_800_000_000_000).prop_map(TimeMs::new),
        1 => any::<i64>().prop_map(TimeMs::new),
        1 => Just(TimeMs::NEVER),
    ]
    .boxed()
}
pub(super) fn number() -> BoxedStrategy<i64> {
    prop_oneof![3 => -5_000i64..50_000, 1 => any::<i64>()].boxed()
}
pub(super) fn points() -> impl Strategy<Value = Points> {
    number().prop_map(Points::new)
}
pub(super) fn money() -> impl Strategy<Value = Money> {
    number().prop_map(Money::new)
}
pub(super) fn seq() -> BoxedStrategy<Seq> {
    prop_oneof![3 => 0u64..1_000_000, 1 => any::<u64>()].prop_map(Seq::new).boxed()
}
pub(super) fn name() -> impl Strategy<Value = NameId> {
    any::<u16>().prop_map(NameId::new)
}
pub(super) fn lot_id() -> impl Strategy<Value = LotId> {
    (seq(), any::<u16>()).prop_map(|(seq, index)| LotId { seq, index })
}

fn kind() -> impl Strategy<Value = EventKind> {
    use EventKind::*;
    let plain = vec![
        Enroll,
        Purchase,
        Refund,
        Visit,
        Review,
        SocialFollow,
        SocialShare,
        Newsletter,
        Survey,
        Activity,
        Fee,
        Profile,
        Login,
    ];
    prop_oneof![proptest::sample::select(plain), text().prop_map(Custom)]
}
fn item() -> impl Strategy<Value = Item> {
    (any::<u32>(), of(text()), of(text()), of(text()), any::<u32>(), money(), vec(text(), 0..3)).prop_map(
        |(line, sku, category, brand, quantity, amount, tags)| Item {
            line,
            sku,
            category,
            brand,
            quantity,
            amount,
            tags,
        },
    )
}
fn tender() -> impl Strategy<Value = Tender> {
    (text(), money(), of(text())).prop_map(|(kind, amount, fingerprint)| Tender { kind, amount, fingerprint })
}
pub(super) fn context() -> BoxedStrategy<Context> {
    (of(text()), of(text()), of(text()), of(text()), of(text()), of(text()), of((text(), text())))
        .prop_map(|(channel, store, terminal, staff, device, ip, location)| Context {
            channel,
            store,
            terminal,
            staff,
            device,
            ip,
            location,
        })
        .boxed()
}
pub(super) fn birthday() -> impl Strategy<Value = Birthday> {
    (1u8..13, 1u8..32, of(any::<u16>())).prop_map(|(month, day, year)| Birthday { month, day, year })
}
fn personal() -> impl Strategy<Value = Personal> {
    (of(text()), of(birthday()), of(text()), of(text()), of(text())).prop_map(
        |(referrer, birthday, email_hash, phone_hash, address_hash)| Personal {
            referrer,
            birthday,
            email_hash,
            phone_hash,
            address_hash,
        },
    )
}
fn event() -> BoxedStrategy<Event> {
    let head = (text(), text(), kind(), text(), time(), of(text()), of(text()), of(money()));
    let tail = (
        vec(item().boxed(), 0..4),
        vec(tender().boxed(), 0..3),
        context().boxed(),
        of(text()),
        of(personal().prop_map(Box::new).boxed()),
        vec((text(), text()), 0..3),
    );
    (head, tail)
        .prop_map(|((id, source, kind, member, occurred_at, order, currency, given_amount), tail)| {
            let (items, tenders, context, membership, personal, attributes) = tail;
            Event {
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
            }
        })
        .boxed()
}
fn adjustment() -> impl Strategy<Value = Adjustment> {
    let asked = (text(), text(), points(), text(), of(time()), any::<bool>(), of(context().prop_map(Box::new)));
    asked.prop_map(|(member, pool, amount, reason, expires_at, pending, context)| Adjustment {
        member,
        pool,
        amount,
        reason,
        expires_at,
        pending,
        context,
    })
}
fn transfer() -> impl Strategy<Value = Transfer> {
    (text(), text(), text(), points(), of(context().prop_map(Box::new)))
        .prop_map(|(from, to, pool, amount, context)| Transfer { from, to, pool, amount, context })
}
fn ruleset() -> impl Strategy<Value = RulesetFiles> {
    let content = "\\PC{0,60}";
    (text(), text(), vec((text(), content), 0..3), vec(text(), 0..3))
        .prop_map(|(program, hash, files, new_names)| RulesetFiles { program, hash, files, new_names })
}
fn signature() -> BoxedStrategy<Signature> {
    (text(), "\\PC{0,20}").prop_map(|(author, message)| Signature { author, message }).boxed()
}
fn reach() -> BoxedStrategy<Reach> {
    prop_oneof![Just(Reach::All), any::<u16>().prop_map(Reach::Share), vec(text(), 0..3).prop_map(Reach::Stores)]
        .boxed()
}
/// Boxed, as the others here: a strategy lies on the stack with all that it is made of.
fn rules_change() -> BoxedStrategy<RulesChange> {
    let draft = (ruleset(), signature()).prop_map(|(files, by)| RulesChange::Draft { files: Arc::new(files), by });
    let activate = (any::<u32>(), reach(), signature()).prop_map(|(version, reach, by)| RulesChange::Activate {
        version,
        reach,
        by,
    });
    let rollback = (any::<[u32; 2]>(), any::<bool>(), signature())
        .prop_map(|([from, to], automatic, by)| RulesChange::Rollback { from, to, automatic, by });
    let shadow = (any::<u32>(), any::<bool>(), signature()).prop_map(|(version, on, by)| RulesChange::Shadow {
        version,
        on,
        by,
    });
    prop_oneof![draft.boxed(), activate.boxed(), rollback.boxed(), shadow.boxed()].boxed()
}
fn version() -> impl Strategy<Value = Version> {
    let head = (any::<u32>(), text(), any::<u64>(), time(), any::<bool>());
    (head, signature(), of(time()), of("\\PC{0,20}")).prop_map(
        |((version, hash, seq, created_at, from_folder), by, activated_at, left)| {
            let seq = Seq::new(seq);
            Version { version, hash, seq, created_at, from_folder, by, activated_at, left }
        },
    )
}
pub fn rollout() -> impl Strategy<Value = Rollout> {
    let partial = (any::<u32>(), reach()).prop_map(|(version, reach)| Partial { version, reach });
    let planned = (any::<i64>(), any::<u32>(), reach(), signature());
    let planned = planned.prop_map(|(at, version, reach, by)| Planned { at: TimeMs::new(at), version, reach, by });
    (vec(version(), 0..3), vec(any::<u32>(), 0..3), of(partial), of(any::<u32>()), text(), vec(planned, 0..3)).prop_map(
        |(versions, in_force, partial, shadow, folder_hash, planned)| Rollout {
            versions,
            in_force,
            partial,
            shadow,
            folder_hash,
            planned,
        },
    )
}
fn input() -> BoxedStrategy<Input> {
    prop_oneof![
        4 => event().prop_map(|event| Input::Event(Arc::new(event))).boxed(),
        1 => (adjustment(), text()).prop_map(|(adjustment, key)| Input::Adjust(Arc::new(adjustment), key)).boxed(),
        1 => (transfer(), text()).prop_map(|(transfer, key)| Input::Transfer(Arc::new(transfer), key)).boxed(),
        1 => text().prop_map(Input::Due).boxed(),
        1 => ruleset().prop_map(|files| Input::Ruleset(Arc::new(files))).boxed(),
        1 => (rules_change(), text()).prop_map(|(change, key)| Input::Rules(Arc::new(change), key)).boxed(),
        1 => review().prop_map(|review| Input::Review(Arc::new(review))).boxed(),
        2 => super::lives::act(),
    ]
    .boxed()
}
fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![Just(Outcome::Cleared), Just(Outcome::Confirmed)]
}
/// An event in a review is plain: generated ones within another generator are too large for a test thread's stack.
fn reviewed() -> Arc<Event> {
    let id = Text::new_static("e-1");
    Arc::new(Event {
        id: id.clone(),
        source: id.clone(),
        kind: EventKind::Purchase,
        member: id,
        occurred_at: TimeMs::EPOCH,
        order: None,
        currency: None,
        given_amount: Some(Money::new(-5)),
        items: Vec::new(),
        tenders: Vec::new(),
        context: Context::default(),
        membership: None,
        personal: None,
        attributes: Vec::new(),
    })
}
fn review() -> BoxedStrategy<Review> {
    let plain = (seq(), seq(), outcome(), text()).boxed();
    (plain, text(), any::<bool>(), 0..3u8)
        .prop_map(|((case, held, outcome, note), key, flag, which)| match which {
            0 => Review::Resolve(Resolution { case, outcome, author: note.clone(), note, claw_back: flag, key }),
            1 => Review::Release(Release { case, held, outcome, event: flag.then(reviewed), id: key }),
            _ => Review::ClawBack(ClawBack { case, of: held, id: key }),
        })
        .boxed()
}
fn span() -> impl Strategy<Value = Span> {
    prop_oneof![number().prop_map(Span::Exact), any::<u16>().prop_map(Span::Days), any::<u16>().prop_map(Span::Months)]
}

pub(super) fn account() -> impl Strategy<Value = Account> {
    use Account::*;
    let plain = vec![Member, Issued, Redeemed, Expired, Reversed, Adjusted, Transit];
    prop_oneof![proptest::sample::select(plain), name().prop_map(Donated)]
}
fn credit() -> BoxedStrategy<Credit> {
    let head = (any::<u8>(), name(), lot_id(), points(), points(), time());
    (head, time(), of(time()), account(), text(), text())
        .prop_map(|((party, pool, lot, amount, repaid, earned_at), available_at, expires_at, from, reason, rule)| {
            Credit { party, pool, lot, amount, repaid, earned_at, available_at, expires_at, from, reason, rule }
        })
        .boxed()
}
fn effect() -> BoxedStrategy<Effect> {
    let party = || any::<u8>();
    prop_oneof![
        (party(), of(text())).prop_map(|(party, referrer)| Effect::Enroll { party, referrer }),
        credit().prop_map(Effect::Credit),
        (party(), name(), lot_id(), points(), account()).prop_map(|(party, pool, lot, amount, to)| Effect::Debit {
            party,
            pool,
            lot,
            amount,
            to
        }),
        (party(), name(), points(), account()).prop_map(|(party, pool, amount, to)| Effect::Owe {
            party,
            pool,
            amount,
            to
        }),
        (party(), name(), lot_id(), points()).prop_map(|(party, pool, lot, repaid)| Effect::Activate {
            party,
            pool,
            lot,
            repaid
        }),
        (party(), name(), any::<u32>(), any::<u32>(), any::<u32>(), any::<i32>())
            .prop_map(|(party, card, count, of, stamps, day)| Effect::Stamp { party, card, count, of, stamps, day }),
        (party(), any::<u16>(), name(), of(money()), of(time()), text()).prop_map(
            |(party, index, reward, value, expires_at, reason)| Effect::Grant {
                party,
                index,
                reward,
                value,
                expires_at,
                reason,
            }
        ),
        (party(), of(name()), of(name())).prop_map(|(party, from, to)| Effect::Tier { party, from, to }),
        (party(), name(), any::<i32>(), number()).prop_map(|(party, counter, day, amount)| Effect::Count {
            party,
            counter,
            day,
            amount
        }),
        (party(), name(), points()).prop_map(|(party, counter, amount)| Effect::Budget { party, counter, amount }),
        party().prop_map(|party| Effect::Profile { party }),
        (party(), party()).prop_map(|(party, referrer)| Effect::ReferralPaid { party, referrer }),
        (party(), name(), lot_id(), points(), time(), of(time()), points()).prop_map(
            |(party, pool, lot, amount, available_at, expires_at, repaid)| Effect::Vest(Vest {
                party,
                pool,
                lot,
                amount,
                available_at,
                expires_at,
                repaid,
            })
        ),
        (party(), lot_id(), of(span()), of(span())).prop_map(|(party, lot, pending, expires)| Effect::HeldTerms {
            party,
            lot,
            pending,
            expires
        }),
        party().prop_map(|party| Effect::Refer { party }),
        super::kin::effect().prop_map(Effect::Kin),
    ]
    .boxed()
}
fn snapshot() -> BoxedStrategy<Snapshot> {
    let pool = (name(), points(), points(), points(), points())
        .prop_map(|(pool, available, pending, held, debt)| PoolAfter { pool, available, pending, held, debt });
    (vec(pool, 0..3), vec((name(), any::<u32>(), any::<u32>()), 0..3), of(name()))
        .prop_map(|(pools, cards, tier)| Snapshot { pools, cards, tier })
        .boxed()
}
fn party() -> impl Strategy<Value = Party> {
    (text(), seq(), snapshot()).prop_map(|(member, previous, after)| Party { member, previous, after })
}
fn clip() -> BoxedStrategy<Clip> {
    let what = prop_oneof![name().prop_map(Clipped::Pool), name().prop_map(Clipped::Card)];
    (any::<u8>(), what, number(), number(), text())
        .prop_map(|(party, what, wanted, given, limit)| Clip { party, what, wanted, given, limit })
        .boxed()
}
fn verdict() -> impl Strategy<Value = Verdict> {
    use Verdict::*;
    proptest::sample::select(vec![Allow, Flag, Hold, StepUp, Deny])
}
fn assessment() -> BoxedStrategy<Assessment> {
    let evidence = (text(), text(), number(), number(), number(), vec(seq(), 0..4)).prop_map(
        |(key, metric, window_ms, counted, limit, events)| Evidence { key, metric, window_ms, counted, limit, events },
    );
    let reason = (text(), verdict(), any::<u8>(), "\\PC{0,40}", of(evidence))
        .prop_map(|(rule, verdict, weight, detail, evidence)| Reason { rule, verdict, weight, detail, evidence });
    (verdict(), any::<u8>(), vec(reason, 0..3))
        .prop_map(|(verdict, score, reasons)| Assessment { verdict, score, reasons })
        .boxed()
}
fn observation() -> BoxedStrategy<Observation> {
    use KeyField::*;
    let fields = vec![Member, Device, Ip, Card, Store, Terminal, Staff, Referrer, Email, Phone, Address, Recipient];
    let key = vec(proptest::sample::select(fields), 1..=KeyFields::MAX)
        .prop_map(|fields| KeyFields::new(&fields).expect("one to four"));
    (name(), key, any::<u16>(), number())
        .prop_map(|(ring, key, capacity, value)| Observation { ring, key, capacity, value })
        .boxed()
}

/// Any record.
pub(crate) fn record() -> impl Strategy<Value = Record> {
    let status = proptest::sample::select(vec![Status::Posted, Status::Held, Status::Denied]);
    let fault = (text(), "\\PC{0,40}").prop_map(|(at, message)| ScriptFault { at, message });
    // On the heap: together they are too large for a test thread's stack.
    let head = (seq(), any::<u16>(), time(), time(), any::<u32>(), input(), status).boxed();
    let tail = (
        vec(party().boxed(), 0..3),
        vec(prop_oneof![effect(), super::lives::effect()], 0..6).boxed(),
        vec(clip().boxed(), 0..3),
        assessment().boxed(),
        vec(observation().boxed(), 0..4),
        any::<u32>(),
        vec(fault, 0..2),
    )
        .boxed();
    (head, tail).prop_map(|((seq, program, recorded_at, occurred_at, ruleset, input, status), tail)| {
        let (parties, effects, clipped, fraud, observed, operations, faults) = tail;
        Record {
            seq,
            program: ProgramId::new(program),
            recorded_at,
            occurred_at,
            ruleset,
            input,
            status,
            parties,
            effects,
            clipped,
            fraud,
            observed,
            operations,
            faults,
        }
    })
}

fn profile() -> impl Strategy<Value = Profile> {
    (personal(), vec((text(), text()), 0..3)).prop_map(|(personal, attributes)| {
        let Personal { referrer, birthday, email_hash, phone_hash, address_hash } = personal;
        Profile { referrer, birthday, email_hash, phone_hash, address_hash, attributes }
    })
}
fn pool_state() -> impl Strategy<Value = PoolState> {
    let lot = (lot_id(), points(), points(), time(), time(), of(time()), any::<[bool; 2]>()).prop_map(
        |(id, amount, remaining, earned_at, available_at, expires_at, [active, received])| Lot {
            held: Points::ZERO,
            id,
            amount,
            remaining,
            earned_at,
            available_at,
            expires_at,
            active,
            received,
        },
    );
    (name(), vec(lot, 0..4), points(), points()).prop_map(|(pool, lots, debt, lifetime)| PoolState {
        pool,
        lots: lots.into(),
        debt,
        lifetime,
    })
}
/// Any member.
pub(crate) fn member() -> BoxedStrategy<Member> {
    let grant = (lot_id(), name(), of(money()), of(time()));
    let grant = grant.prop_map(|(id, reward, value, expires_at)| Grant { id, reward, value, expires_at });
    let (kin, status) = (super::kin::kin().prop_map(Box::new), super::kin::status().prop_map(Box::new));
    let lives = (of(name()), time(), of(standing().prop_map(Box::new)), of(kin), of(status));
    let head = (seq(), time(), time(), profile().prop_map(Arc::new), any::<bool>(), lives);
    (head, vec(pool_state(), 0..3), vec(card_state(), 0..3), vec(counter(), 0..3), vec(grant, 0..3))
        .prop_map(
            |(
                (last, enrolled_at, active_at, profile, referral_paid, (tier, settled_at, standing, kin, status)),
                pools,
                cards,
                counters,
                grants,
            )| Member {
                last,
                enrolled_at,
                active_at,
                profile,
                referral_paid,
                tier,
                pools,
                cards,
                counters,
                grants,
                settled_at,
                standing,
                kin,
                status,
            },
        )
        .boxed()
}

/// Any program.
pub(crate) fn program() -> impl Strategy<Value = ProgramState> {
    let head = (text(), any::<u32>(), text(), seq(), vec(text(), 0..4));
    (head, btree_map((name(), account()), number(), 0..5), btree_map(name(), number(), 0..4), any::<u64>()).prop_map(
        |((name, version, hash, ruleset_seq, names), books, budgets, members)| ProgramState {
            name,
            version,
            hash,
            ruleset_seq,
            names,
            books,
            budgets,
            members,
        },
    )
}

//! What the golden files hold: a sample of everything that is ever written, with every variant and every option.

use std::collections::BTreeMap;
use std::sync::Arc;

use tallystick::journal::codec::{Registry, RingRow};
use tallystick::ledger::event::{Adjustment, Birthday, Context, Event, EventKind, Item, Personal, Tender, Transfer};
use tallystick::ledger::member::{Buckets, CardState, Counter, Grant, Lot, Member, PoolState, Profile};
use tallystick::ledger::record::{
    Account, Assessment, Clip, Clipped, Credit, Effect, Evidence, Input, KeyField, KeyFields, Observation, Party,
    PoolAfter, Reason, Record, RulesetFiles, ScriptFault, Snapshot, Status, Verdict,
};
use tallystick::ledger::rollout::{Partial, Planned, Reach, Rollout, RulesChange, Signature, Version};
use tallystick::ledger::state::ProgramState;
use tallystick::ledger::types::{LotId, Money, NameId, Points, ProgramId, Seq, Text, TimeMs};

pub const NOW: TimeMs = TimeMs::new(1_790_000_000_000);

pub fn text(text: &str) -> Text {
    Text::new(text)
}
#[expect(clippy::unnecessary_wraps, reason = "most texts of a sample are optional fields")]
pub fn some(value: &str) -> Option<Text> {
    Some(text(value))
}
pub const fn name(raw: u16) -> NameId {
    NameId::new(raw)
}
pub fn lot(seq: u64, index: u16) -> LotId {
    LotId { seq: Seq::new(seq), index }
}

fn item(line: u32, sku: &str, amount: i64) -> Item {
    Item {
        line,
        sku: some(sku),
        category: some("coffee"),
        brand: None,
        quantity: line,
        amount: Money::new(amount),
        tags: vec![],
    }
}

pub fn event(kind: EventKind) -> Event {
    Event {
        id: text("r-1001-0001"),
        source: text("pos-12"),
        kind,
        member: text("m-000042"),
        occurred_at: NOW,
        order: None,
        currency: None,
        given_amount: None,
        items: vec![],
        tenders: vec![],
        context: Context::default(),
        membership: None,
        personal: None,
        attributes: vec![],
    }
}

pub fn full_context() -> Context {
    Context {
        channel: some("store"),
        store: some("s-07"),
        terminal: some("t-2"),
        staff: some("e-113"),
        device: some("d:77ab"),
        ip: some("203.0.113.7"),
        location: Some((text("51.5072"), text("-0.1276"))),
    }
}

pub fn full_event() -> Event {
    Event {
        order: some("o-9"),
        currency: some("EUR"),
        given_amount: Some(Money::new(4_599)),
        items: vec![
            Item { brand: some("Aroma"), tags: vec![text("sale"), text("organic")], ..item(1, "GRD-WHOLE", 1_299) },
            Item { line: 2, quantity: 1_000_000, amount: Money::new(-5), ..Item::default() },
        ],
        tenders: vec![
            Tender { kind: text("card"), amount: Money::new(4_000), fingerprint: some("fp:9c1") },
            Tender { kind: text("cash"), amount: Money::new(599), fingerprint: None },
        ],
        context: full_context(),
        membership: some("gold-yearly"),
        personal: Some(Box::new(Personal {
            referrer: some("m-000007"),
            birthday: Some(Birthday { month: 2, day: 29, year: Some(1996) }),
            email_hash: some("e:1f"),
            phone_hash: some("p:2e"),
            address_hash: some("a:3d"),
        })),
        attributes: vec![(text("colour"), text("grün ✓")), (text("size"), text("M"))],
        ..event(EventKind::Purchase)
    }
}

pub fn bare(input: Input) -> Record {
    Record {
        seq: Seq::new(1_000_001),
        program: ProgramId::new(1),
        recorded_at: NOW.plus_ms(250),
        occurred_at: NOW,
        ruleset: 3,
        input,
        status: Status::Posted,
        parties: vec![],
        effects: vec![],
        clipped: vec![],
        fraud: Assessment::default(),
        observed: vec![],
        operations: 0,
        faults: vec![],
    }
}

fn credit() -> Credit {
    Credit {
        party: 0,
        pool: name(0),
        lot: lot(1_000_001, 0),
        amount: Points::new(45),
        repaid: Points::ZERO,
        earned_at: NOW,
        available_at: NOW,
        expires_at: Some(NOW.plus_ms(31_536_000_000)),
        from: Account::Issued,
        reason: text("1 per whole euro"),
        rule: text("earn.rhai:4"),
    }
}

/// What most records are: a purchase of five lines that earns points and a stamp.
fn purchase() -> Record {
    let items = (1..=5).map(|line| item(line, "GRD-WHOLE", i64::from(line) * 250)).collect();
    let context = Context { channel: some("store"), store: some("s-07"), terminal: some("t-2"), ..Context::default() };
    let tenders = vec![Tender { kind: text("card"), amount: Money::new(3_750), fingerprint: some("fp:9c1") }];
    let pool = PoolAfter {
        pool: name(0),
        available: Points::new(1_234),
        pending: Points::ZERO,
        held: Points::ZERO,
        debt: Points::ZERO,
    };
    let after = Snapshot { pools: vec![pool], cards: vec![(name(1), 4, 10)], tier: Some(name(2)) };
    let ring = |ring, key: &[KeyField], value| Observation {
        ring: name(ring),
        key: KeyFields::new(key).expect("one to four"),
        capacity: 16,
        value,
    };
    Record {
        parties: vec![Party { member: text("m-000042"), previous: Seq::new(999_990), after }],
        effects: vec![
            Effect::Credit(credit()),
            Effect::Stamp { party: 0, card: name(1), count: 1, of: 10, stamps: 4, day: 20_717 },
            Effect::Count { party: 0, counter: name(4), day: 20_717, amount: 3_750 },
            Effect::Count { party: 0, counter: name(5), day: 20_717, amount: 1 },
        ],
        observed: vec![
            ring(6, &[KeyField::Member], 1),
            ring(7, &[KeyField::Card], 3_750),
            ring(8, &[KeyField::Store, KeyField::Terminal], 1),
        ],
        operations: 212,
        ..bare(Input::Event(Arc::new(Event { items, context, tenders, ..event(EventKind::Purchase) })))
    }
}

/// Every effect, account and option there is.
fn everything() -> Record {
    let (party, pool, amount) = (1, name(300), Points::new(70_000));
    let accounts = [
        Account::Member,
        Account::Issued,
        Account::Redeemed,
        Account::Expired,
        Account::Reversed,
        Account::Adjusted,
        Account::Donated(name(9)),
        Account::Transit,
    ];
    let debits = accounts.into_iter().map(|to| Effect::Debit { party, pool, lot: lot(77, 2), amount, to });
    let mut effects = vec![
        Effect::Enroll { party, referrer: None },
        Effect::Enroll { party, referrer: some("m-000007") },
        Effect::Credit(Credit { available_at: TimeMs::NEVER, expires_at: None, ..credit() }),
        Effect::Owe { party, pool, amount, to: Account::Reversed },
        Effect::Activate { party, pool, lot: lot(1_000_001, 65_535), repaid: Points::new(-1) },
        Effect::Stamp { party, card: name(1), count: 2, of: 10, stamps: 10, day: -1 },
        Effect::Grant {
            party,
            index: 3,
            reward: name(11),
            value: Some(Money::new(500)),
            expires_at: Some(NOW.plus_ms(1)),
            reason: text("full card"),
        },
        Effect::Grant { party, index: 4, reward: name(12), value: None, expires_at: None, reason: text("") },
        Effect::Tier { party, from: None, to: Some(name(13)) },
        Effect::Tier { party, from: Some(name(13)), to: None },
        Effect::Count { party, counter: name(15), day: -1, amount: i64::MIN },
        Effect::Budget { party, counter: name(17), amount },
        Effect::Profile { party },
        Effect::ReferralPaid { party, referrer: 255 },
    ];
    effects.extend(debits);
    let clip = |what| Clip { party, what, wanted: 1_000_000, given: 0, limit: text("member_daily") };
    Record {
        status: Status::Held,
        effects,
        clipped: vec![clip(Clipped::Pool(pool)), clip(Clipped::Card(name(1)))],
        fraud: verdicts(),
        observed: observed(),
        operations: u32::MAX,
        faults: vec![ScriptFault { at: text("earn.rhai:12:5"), message: "out of operations".into() }],
        ..bare(Input::Event(Arc::new(full_event())))
    }
}

fn verdicts() -> Assessment {
    let evidence = Evidence {
        key: text("device=d:77ab"),
        metric: text("count"),
        window_ms: 3_600_000,
        counted: 6,
        limit: 5,
        events: vec![Seq::new(1_000_000), Seq::new(999_000), Seq::new(3)],
    };
    let reason = |verdict, evidence| Reason {
        rule: text("device_hourly"),
        verdict,
        weight: 40,
        detail: "6 in an hour, at most 5".into(),
        evidence,
        told: None,
    };
    let reasons = vec![
        reason(Verdict::Allow, None),
        reason(Verdict::Flag, Some(evidence)),
        reason(Verdict::Hold, None),
        reason(Verdict::StepUp, None),
        reason(Verdict::Deny, None),
    ];
    Assessment { verdict: Verdict::Deny, score: 100, reasons }
}

/// Every key field there is.
fn observed() -> Vec<Observation> {
    use KeyField::{Address, Card, Device, Email, Ip, Member, Phone, Recipient, Referrer, Staff, Store, Terminal};
    let keys = [[Member, Device, Ip, Card], [Store, Terminal, Staff, Referrer], [Email, Phone, Address, Recipient]];
    keys.map(|key| Observation {
        ring: name(16),
        key: KeyFields::new(&key).expect("one to four"),
        capacity: 1_024,
        value: i64::MAX,
    })
    .into()
}

pub fn records() -> Vec<(String, Record)> {
    use EventKind::{
        Activity, Custom, Enroll, Fee, Login, Newsletter, Profile, Refund, Review, SocialFollow, SocialShare, Survey,
        Visit,
    };
    let adjustment = Adjustment {
        member: text("m-1"),
        pool: text("points"),
        amount: Points::new(-50),
        reason: text("goodwill"),
        expires_at: Some(NOW),
        pending: true,
        context: None,
    };
    let transfer = Transfer {
        from: text("m-1"),
        to: text("m-2"),
        pool: text("points"),
        amount: Points::new(10),
        context: Some(Box::new(full_context())),
    };
    let ruleset = RulesetFiles {
        program: text("corner_coffee"),
        hash: text("af13"),
        files: vec![(text("program.toml"), "[pools.points]\n".into())],
        new_names: vec![text("points"), text("card")],
    };
    let mut records = vec![
        ("purchase", purchase()),
        ("everything", everything()),
        ("denied", Record { status: Status::Denied, ..bare(Input::Event(Arc::new(full_event()))) }),
        ("adjust", bare(Input::Adjust(Arc::new(adjustment), text("key-1")))),
        ("transfer", bare(Input::Transfer(Arc::new(transfer), text("")))),
        ("due", bare(Input::Due(text("m-1")))),
        ("ruleset", bare(Input::Ruleset(Arc::new(ruleset.clone())))),
    ];
    records.extend(rules_changes(ruleset));
    let kinds = [
        ("enroll", Enroll),
        ("refund", Refund),
        ("visit", Visit),
        ("review", Review),
        ("social-follow", SocialFollow),
        ("social-share", SocialShare),
        ("newsletter", Newsletter),
        ("survey", Survey),
        ("activity", Activity),
        ("fee", Fee),
        ("profile", Profile),
        ("login", Login),
        ("custom", Custom(text("wishlist_add"))),
    ];
    records.extend(kinds.map(|(sample, kind)| (sample, bare(Input::Event(Arc::new(event(kind)))))));
    let records = records.into_iter().map(|(sample, record)| (format!("record-{sample}"), record));
    records.chain(super::reviews::records()).collect()
}

/// One of each change to which rules decide.
fn rules_changes(files: RulesetFiles) -> [(&'static str, Record); 8] {
    let by = Signature { author: text("ana"), message: "double points".into() };
    let activate = |reach| RulesChange::Activate { version: 2, reach, by: by.clone() };
    let stores = Reach::Stores(vec![text("330"), text("7")]);
    [
        ("rules-draft", RulesChange::Draft { files: Arc::new(files), by: by.clone() }),
        ("rules-activate", activate(Reach::All)),
        ("rules-activate-share", activate(Reach::Share(2_500))),
        ("rules-activate-stores", activate(stores)),
        ("rules-rollback", RulesChange::Rollback { from: 3, to: 2, automatic: true, by: by.clone() }),
        ("rules-plan", RulesChange::Plan { version: 3, reach: Reach::All, at: NOW, by: by.clone() }),
        ("rules-unplan", RulesChange::Unplan { version: 3, by: by.clone() }),
        ("rules-shadow", RulesChange::Shadow { version: 4, on: true, by: by.clone() }),
    ]
    .map(|(sample, change)| (sample, bare(Input::Rules(Arc::new(change), text("key-2")))))
}

pub fn member() -> Member {
    let lots = [Some(NOW.plus_ms(5)), None].map(|expires_at| Lot {
        id: lot(99, 1),
        amount: Points::new(500),
        remaining: Points::new(1),
        held: Points::ZERO,
        earned_at: NOW,
        available_at: TimeMs::NEVER,
        expires_at,
        active: expires_at.is_none(),
        received: expires_at.is_some(),
    });
    let buckets = |period| Buckets([(period, 5_000), (period - 1, -3)]);
    let event = full_event();
    let personal = *event.personal.unwrap();
    Member {
        last: Seq::new(1_000_001),
        enrolled_at: NOW.plus_ms(-9_000_000_000),
        active_at: NOW,
        profile: Arc::new(Profile {
            referrer: personal.referrer,
            birthday: personal.birthday,
            email_hash: personal.email_hash,
            phone_hash: None,
            address_hash: personal.address_hash,
            attributes: event.attributes,
        }),
        referral_paid: true,
        tier: Some(name(2)),
        pools: vec![PoolState {
            pool: name(0),
            lots: Vec::from(lots).into(),
            debt: Points::new(3),
            lifetime: Points::new(90_000),
        }],
        cards: vec![CardState { card: name(1), stamps: 4, of: 10, last_at: Some(NOW), day: 20_717, day_count: 1 }],
        counters: vec![Counter {
            name: name(4),
            ever: 12_345,
            years: buckets(2026),
            months: buckets(680),
            days: buckets(20_717),
        }],
        grants: vec![Grant { id: lot(98, 0), reward: name(11), value: Some(Money::new(500)), expires_at: Some(NOW) }],
        settled_at: NOW,
        standing: None,
        kin: None,
        status: None,
    }
}

pub fn program() -> ProgramState {
    ProgramState {
        name: text("corner_coffee"),
        version: 3,
        hash: text("af13"),
        ruleset_seq: Seq::new(17),
        names: vec![text("points"), text("card")],
        books: BTreeMap::from([
            ((name(0), Account::Member), 500),
            ((name(0), Account::Issued), -510),
            ((name(0), Account::Donated(name(9))), 10),
        ]),
        budgets: BTreeMap::from([(name(4), 510)]),
        members: 42,
    }
}

/// As the first version of the row had it.
pub fn registry() -> Registry {
    Registry { now: NOW, programs: vec![Arc::new(program()), Arc::default()], rollouts: vec![] }
}

pub fn registry_with_versions() -> Registry {
    let by = Signature { author: text("ana"), message: "double points".into() };
    let version = Version {
        version: 2,
        hash: text("b7"),
        seq: Seq::new(19),
        created_at: NOW,
        from_folder: false,
        by,
        activated_at: Some(NOW),
        left: Some("too dear".into()),
    };
    let rollout = Rollout {
        versions: vec![version, Version { from_folder: true, ..Version::default() }],
        in_force: vec![1, 2],
        partial: Some(Partial { version: 3, reach: Reach::Share(1_000) }),
        shadow: Some(4),
        folder_hash: text("af13"),
        planned: vec![],
    };
    Registry { rollouts: vec![Arc::new(rollout), Arc::default()], ..registry() }
}

pub fn registry_with_plans() -> Registry {
    let mut registry = registry_with_versions();
    let by = Signature { author: text("ana"), message: "for the weekend".into() };
    let plan = |version, reach, days: i64| Planned {
        at: TimeMs::new(NOW.get() + days * 86_400_000),
        version,
        reach,
        by: by.clone(),
    };
    for rollout in &mut registry.rollouts {
        Arc::make_mut(rollout).planned = vec![plan(3, Reach::All, 1), plan(2, Reach::Share(2_500), 3)];
    }
    registry
}

pub fn ring() -> RingRow {
    RingRow {
        capacity: 16,
        last: Seq::new(1_000_001),
        blurred: None,
        dropped: Some(NOW.plus_ms(-86_400_000)),
        entries: vec![
            (NOW, 1, Seq::new(1_000_001)),
            (NOW.plus_ms(-90_000), 3_750, Seq::new(999_990)),
            (TimeMs::EPOCH, -1, Seq::ZERO),
        ],
    }
}

pub fn new_ring() -> RingRow {
    RingRow { capacity: 3, last: Seq::ZERO, dropped: None, blurred: None, entries: Vec::new() }
}

pub fn block() -> Vec<Record> {
    vec![purchase(), Record { seq: Seq::new(1_000_002), ..everything() }]
}

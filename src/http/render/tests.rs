//! Answers against their golden JSON.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::engine::handle::Trace;
use crate::http::json::Json;
use crate::http::wire::{self, EventWire};
use crate::ledger::calendar::{Zone, first_day_of_year};
use crate::ledger::event::{Adjustment, Birthday, Event, Transfer};
use crate::ledger::member::{CardState, Counter, Grant, Lot, Member, PoolState, Profile};
use crate::ledger::record::{
    Account, Assessment, Clip, Clipped, Credit, Effect, Evidence, Input, Party, PoolAfter, Reason, ScriptFault,
    Snapshot,
};
use crate::ledger::terms::{CardTerms, LevelTerms, Need, PoolTerms, RewardTerms, TierTerms};
use crate::ledger::types::{LotId, Money, NameId, Points, ProgramId, TimeMs};

const NAMES: [&str; 9] = ["points", "miles", "coffee", "free_coffee", "spend", "purchases", "silver", "gold", "visits"];
const POINTS: NameId = NameId::new(0);
const MILES: NameId = NameId::new(1);
const COFFEE: NameId = NameId::new(2);
const FREE_COFFEE: NameId = NameId::new(3);
const SPEND: NameId = NameId::new(4);
const PURCHASES: NameId = NameId::new(5);
const SILVER: NameId = NameId::new(6);
const GOLD: NameId = NameId::new(7);
const VISITS: NameId = NameId::new(8);
/// 2017-01-01T11:53:26Z.
const AT: TimeMs = TimeMs::new(1_483_271_606_000);
const LATER: TimeMs = TimeMs::new(1_483_271_606_000 + 86_400_000);

fn state() -> ProgramState {
    ProgramState {
        name: "g".into(),
        version: 12,
        hash: "abc".into(),
        names: NAMES.map(Text::new_static).to_vec(),
        ..ProgramState::default()
    }
}

fn terms() -> Terms {
    let pool = |name| PoolTerms { name, transferable: name == POINTS, ..PoolTerms::default() };
    Terms {
        version: 12,
        zone: Zone::utc(),
        auto_enroll: true,
        max_lateness_ms: None,
        pools: vec![pool(POINTS), pool(MILES)],
        cards: vec![CardTerms { name: COFFEE, size: 10, reward: FREE_COFFEE, ..CardTerms::default() }],
        rewards: vec![RewardTerms { name: FREE_COFFEE, value: Some(Money::new(450)), ..RewardTerms::default() }],
        tiers: Some(TierTerms { levels: vec![level(SILVER, 0), level(GOLD, 50_000)], ..TierTerms::default() }),
        spend_counter: SPEND,
        purchases_counter: PURCHASES,
        ..Terms::default()
    }
}

fn level(name: NameId, from: i64) -> LevelTerms {
    LevelTerms { name, any: vec![Need::Credit(SPEND, from)] }
}

fn lot(seq: u64, index: u16) -> LotId {
    LotId { seq: Seq::new(seq), index }
}

fn credit(party: u8, from: Account, available_at: TimeMs) -> Effect {
    Effect::Credit(Credit {
        party,
        pool: POINTS,
        lot: lot(7, 0),
        amount: Points::new(5),
        repaid: Points::new(2),
        earned_at: AT,
        available_at,
        expires_at: Some(LATER),
        from,
        reason: "1 point per \"dollar\"".into(),
        rule: "earn.rhai:4".into(),
    })
}

fn event_of(member: &str) -> Event {
    let body = json!({"id": "1", "source": "till", "type": "purchase", "member": member,
        "occurred_at": "2017-01-01T11:53:26Z", "amount": 499});
    wire::read::<EventWire>(body.to_string().as_bytes()).unwrap()
}

fn record(effects: Vec<Effect>) -> Record {
    let after = Snapshot {
        pools: vec![PoolAfter {
            pool: POINTS,
            available: Points::new(3),
            pending: Points::new(1),
            held: Points::ZERO,
            debt: Points::new(4),
        }],
        cards: vec![(COFFEE, 3, 10)],
        tier: Some(SILVER),
    };
    let party = |member: &str| Party { member: member.into(), previous: Seq::ZERO, after: after.clone() };
    Record {
        seq: Seq::new(7),
        program: ProgramId::new(0),
        recorded_at: AT,
        occurred_at: AT,
        ruleset: 12,
        input: Input::Event(Arc::new(event_of("ann"))),
        status: Status::Posted,
        parties: vec![party("ann"), party("bob")],
        effects,
        clipped: Vec::new(),
        fraud: Assessment::default(),
        observed: Vec::new(),
        operations: 61,
        faults: Vec::new(),
    }
}

fn written(write: impl FnOnce(&mut Json, Names<'_>)) -> Value {
    let (state, terms) = (state(), terms());
    let mut out = Json::default();
    write(&mut out, Names::new(&state, &terms));
    let bytes = out.into_bytes();
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&bytes)))
}

#[test]
fn an_event_s_answer_has_the_shape_of_the_contract() {
    let record = record(vec![credit(0, Account::Issued, AT)]);
    let balance = json!({"pools": {"points": {"available": 3, "pending": 1, "held": 0, "debt": 4}},
        "cards": {"coffee": {"stamps": 3, "of": 10}}, "tier": "silver"});
    let expected = json!({
        "id": "1", "source": "till", "status": "posted", "seq": 7, "recorded_at": "2017-01-01T11:53:26Z",
        "effects": [{"kind": "earn", "pool": "points", "amount": 5, "state": "available", "lot": "lot_7_0",
            "expires_at": "2017-01-02T11:53:26Z", "repaid_debt": 2, "reason": "1 point per \"dollar\"",
            "rule": "earn.rhai:4"}],
        "clipped": [], "balance": balance, "fraud": {"verdict": "allow", "score": 0, "reasons": []},
        "ruleset": {"version": 12, "hash": "abc"}, "cost": {"operations": 61}
    });
    assert_eq!(written(|out, names| event(out, &record, names, false)), expected);
    let mut replayed = expected;
    replayed["replayed"] = json!(true);
    assert_eq!(written(|out, names| event(out, &record, names, true)), replayed);
    assert_eq!(
        written(|out, _| event_minimal(out, &record, false)),
        json!({"id": "1", "status": "posted", "seq": 7, "verdict": "allow"})
    );
}

fn effects_of(record: &Record) -> Value {
    written(|out, names| event(out, record, names, false))["effects"].take()
}

#[test]
fn every_effect_has_its_object() {
    let debit = |to| Effect::Debit { party: 0, pool: POINTS, lot: lot(2, 1), amount: Points::new(4), to };
    let record = record(vec![
        Effect::Enroll { party: 1, referrer: Some("ann".into()) },
        debit(Account::Redeemed),
        debit(Account::Donated(MILES)),
        Effect::Owe { party: 0, pool: POINTS, amount: Points::new(4), to: Account::Reversed },
        Effect::Activate { party: 0, pool: POINTS, lot: lot(2, 1), repaid: Points::ZERO },
        Effect::Stamp { party: 0, card: COFFEE, count: 1, of: 10, stamps: 3, day: 17_167 },
        Effect::Grant {
            party: 0,
            index: 4,
            reward: FREE_COFFEE,
            value: Some(Money::new(450)),
            expires_at: None,
            reason: "full".into(),
        },
        Effect::Tier { party: 0, from: None, to: Some(GOLD) },
        Effect::Count { party: 0, counter: SPEND, day: 17_167, amount: 499 },
        Effect::Count { party: 0, counter: VISITS, day: 17_167, amount: 1 },
        Effect::Budget { party: 0, counter: VISITS, amount: Points::new(1) },
        Effect::Profile { party: 0 },
        Effect::ReferralPaid { party: 1, referrer: 0 },
        credit(1, Account::Transit, LATER),
        credit(0, Account::Issued, TimeMs::NEVER),
    ]);
    let expected = json!([
        {"kind": "enroll", "member": "bob", "referrer": "ann"},
        {"kind": "redeem", "pool": "points", "amount": 4, "lot": "lot_2_1"},
        {"kind": "donate", "pool": "points", "amount": 4, "charity": "miles", "lot": "lot_2_1"},
        {"kind": "debt", "pool": "points", "amount": 4},
        {"kind": "activate", "pool": "points", "lot": "lot_2_1"},
        {"kind": "stamp", "card": "coffee", "count": 1, "stamps": 3, "of": 10},
        {"kind": "reward", "reward": "free_coffee", "grant": "grant_7_4", "value": 450, "reason": "full"},
        {"kind": "tier", "from": null, "to": "gold"},
        {"kind": "count", "counter": "visits", "amount": 1},
        {"kind": "profile"},
        {"kind": "referral_paid", "member": "bob", "referrer": "ann"},
        {"kind": "transfer_in", "member": "bob", "pool": "points", "amount": 5, "state": "pending", "lot": "lot_7_0",
            "available_at": "2017-01-02T11:53:26Z", "expires_at": "2017-01-02T11:53:26Z", "repaid_debt": 2,
            "reason": "1 point per \"dollar\"", "rule": "earn.rhai:4"},
        {"kind": "earn", "pool": "points", "amount": 5, "state": "held", "lot": "lot_7_0",
            "expires_at": "2017-01-02T11:53:26Z", "repaid_debt": 2, "reason": "1 point per \"dollar\"",
            "rule": "earn.rhai:4"},
    ]);
    assert_eq!(effects_of(&record), expected);
}

#[test]
fn what_a_held_record_only_notes_says_so() {
    let mut record = record(vec![Effect::Stamp { party: 0, card: COFFEE, count: 1, of: 10, stamps: 3, day: 17_167 }]);
    record.status = Status::Held;
    assert_eq!(effects_of(&record)[0]["state"], "held");
}

#[test]
fn reasons_carry_their_evidence() {
    let mut record = record(Vec::new());
    record.status = Status::Denied;
    record.ruleset = 11;
    record.clipped = vec![
        Clip { party: 0, what: Clipped::Pool(POINTS), wanted: 900, given: 500, limit: "member_daily".into() },
        Clip { party: 1, what: Clipped::Card(COFFEE), wanted: 1, given: 0, limit: "spacing".into() },
    ];
    record.faults = vec![ScriptFault { at: "earn.rhai:12:5".into(), message: "too many operations".into() }];
    let evidence = Evidence {
        key: "device=d:77ab".into(),
        metric: "count".into(),
        window_ms: 3_600_000,
        counted: 3,
        limit: 2,
        events: vec![Seq::new(6), Seq::new(5)],
    };
    let reason = |evidence| Reason {
        rule: "device_hour".into(),
        verdict: Verdict::StepUp,
        weight: 40,
        detail: "3 in 1 h, at most 2".into(),
        evidence,
    };
    record.fraud =
        Assessment { verdict: Verdict::Deny, score: 80, reasons: vec![reason(Some(evidence)), reason(None)] };
    let known = HashMap::from([(Seq::new(5), (Text::new("till"), Text::new("0")))]);
    let answer = written(|out, names| event(out, &record, Names { events: Some(&known), ..names }, false));
    assert_eq!(answer["status"], "denied");
    assert_eq!(
        answer["clipped"],
        json!([{"pool": "points", "wanted": 900, "given": 500, "limit": "member_daily"},
            {"member": "bob", "card": "coffee", "wanted": 1, "given": 0, "limit": "spacing"}])
    );
    assert_eq!(
        answer["fraud"],
        json!({"verdict": "deny", "score": 80, "reasons": [
            {"rule": "device_hour", "verdict": "step_up", "weight": 40, "detail": "3 in 1 h, at most 2", "evidence":
                {"key": "device=d:77ab", "metric": "count", "window_ms": 3_600_000, "counted": 3, "limit": 2,
                    "events": [{"seq": 6}, {"seq": 5, "source": "till", "id": "0"}]}},
            {"rule": "device_hour", "verdict": "step_up", "weight": 40, "detail": "3 in 1 h, at most 2",
                "evidence": null}]})
    );
    assert_eq!(answer["faults"], json!([{"at": "earn.rhai:12:5", "message": "too many operations"}]));
    assert_eq!(answer["ruleset"], json!({"version": 11, "hash": null}));
}

#[test]
fn a_simulation_has_no_ids() {
    let record = record(vec![credit(0, Account::Issued, AT)]);
    let (rule, file) = ("earn.rhai:on_purchase".into(), "earn.rhai".into());
    let trace = [Trace { rule, file, line: 4, fired: true, detail: "earn 1 points".into(), operations: Some(61) }];
    let answer = written(|out, names| {
        simulation(out, &record, Names { simulated: true, ..names }, Some(trace.as_slice()), None);
    });
    assert_eq!((&answer["seq"], &answer["effects"][0]["lot"]), (&Value::Null, &Value::Null));
    assert_eq!(
        answer["trace"],
        json!([{"rule": "earn.rhai:on_purchase", "file": "earn.rhai", "line": 4, "fired": true, "detail": "earn 1 points",
            "operations": 61, "limit": crate::limits::SCRIPT_OPERATIONS_MAX}])
    );
}

#[test]
fn moves_and_corrections_say_what_was_asked() {
    let mut record = record(Vec::new());
    let asked =
        Transfer { from: "ann".into(), to: "bob".into(), pool: "points".into(), amount: Points::new(4), context: None };
    record.input = Input::Transfer(Arc::new(asked.clone()), Text::default());
    let answer = written(|out, names| transfer(out, &record, &asked, names, false));
    assert_eq!(
        [&answer["id"], &answer["from"], &answer["to"], &answer["pool"], &answer["amount"], &answer["seq"]],
        [&json!("txn_7"), &json!("ann"), &json!("bob"), &json!("points"), &json!(4), &json!(7)]
    );
    assert_eq!(answer["balance"]["pools"]["points"]["available"], 3);
    assert_eq!(
        written(|out, _| event_minimal(out, &record, true)),
        json!({"id": "txn_7", "status": "posted", "seq": 7, "verdict": "allow", "replayed": true})
    );
    let asked = Adjustment {
        member: "ann".into(),
        pool: "points".into(),
        amount: Points::new(-4),
        reason: "a mistake".into(),
        expires_at: None,
        pending: false,
        context: None,
    };
    let answer = written(|out, names| adjustment(out, &record, &asked, names, false));
    assert_eq!((&answer["amount"], &answer["reason"]), (&json!(-4), &json!("a mistake")));
}

fn ann() -> Member {
    let lot = |id, remaining, available_at, expires_at| Lot {
        held: Points::ZERO,
        id,
        amount: Points::new(10),
        remaining: Points::new(remaining),
        earned_at: AT,
        available_at,
        expires_at,
        active: true,
        received: false,
    };
    let lots = vec![
        lot(lot_id(2), 3, AT, Some(LATER)),
        lot(lot_id(3), 4, AT, Some(LATER)),
        lot(lot_id(4), 5, LATER, None),
        lot(lot_id(5), 6, TimeMs::NEVER, None),
    ];
    let mut spend = Counter { name: SPEND, ..Counter::default() };
    spend.add(first_day_of_year(2017), 20_000);
    Member {
        enrolled_at: AT,
        last: Seq::new(5),
        tier: Some(SILVER),
        profile: Arc::new(Profile {
            birthday: Some(Birthday { month: 2, day: 29, year: Some(1984) }),
            attributes: vec![("a\"".into(), "b\n".into())],
            ..Profile::default()
        }),
        pools: vec![PoolState { pool: POINTS, lots: lots.into(), debt: Points::ZERO, lifetime: Points::new(40) }],
        cards: vec![CardState { card: COFFEE, stamps: 2, of: 10, ..CardState::default() }],
        counters: vec![spend],
        grants: vec![
            Grant { id: lot_id(4), reward: FREE_COFFEE, value: Some(Money::new(450)), expires_at: Some(LATER) },
            Grant { id: lot_id(5), reward: FREE_COFFEE, value: None, expires_at: Some(AT) },
        ],
        ..Member::default()
    }
}

const fn lot_id(seq: u64) -> LotId {
    LotId { seq: Seq::new(seq), index: 0 }
}

#[test]
fn a_whole_balance() {
    let expected = json!({
        "member": "ann", "at": "2017-01-01T11:53:26Z",
        "pools": {"points": {"available": 7, "pending": 11, "held": 0, "debt": 0},
            "miles": {"available": 0, "pending": 0, "held": 0, "debt": 0}},
        "cards": {"coffee": {"stamps": 2, "of": 10}}, "tier": "silver",
        "rewards": [{"reward": "free_coffee", "grant": "grant_4_0", "value": 450, "expires_at": "2017-01-02T11:53:26Z"}],
        "expiring": [{"pool": "points", "amount": 7, "expires_at": "2017-01-02T11:53:26Z"}],
        "tier_progress": {"tier": "silver", "next": "gold", "credit": 20_000, "missing": 30_000},
        "entitlements": [], "memberships": [], "holds": []
    });
    assert_eq!(written(|out, names| balance(out, "ann", (&ann(), &[]), names, AT)), expected);
    let top = Member { tier: Some(GOLD), ..ann() };
    let progress = written(|out, names| balance(out, "ann", (&top, &[]), names, AT))["tier_progress"].take();
    let expected = json!({
        "tier": "gold", "next": null, "credit": 20_000, "missing": null,
        "kept_until": "2018-01-01T00:00:00Z", "then": "silver", "missing_to_keep": 30_000
    });
    assert_eq!(progress, expected);
}

#[test]
fn a_member_and_their_lots() {
    let ann = ann();
    let answer = written(|out, names| member(out, "ann", &ann, names, AT));
    assert_eq!((&answer["birthday"], &answer["attributes"]), (&json!("1984-02-29"), &json!({"a\"": "b\n"})));
    assert_eq!((&answer["counters"], &answer["last_seq"]), (&json!({"spend": 20_000}), &json!(5)));
    let rows: Vec<(NameId, &Lot)> = ann.pools[0].lots.iter().map(|lot| (POINTS, lot)).collect();
    let answer = written(|out, names| {
        out.begin_array();
        lots(out, &rows, names, AT);
        out.end_array();
    });
    let states: Vec<&Value> = answer.as_array().unwrap().iter().map(|row| &row["state"]).collect();
    assert_eq!(states, ["available", "available", "pending", "held"]);
    assert_eq!((&answer[3]["available_at"], &answer[0]["expires_at"]), (&Value::Null, &json!("2017-01-02T11:53:26Z")));
}

#[test]
fn a_statement_opens_runs_and_closes() {
    let debit = Effect::Debit { party: 0, pool: POINTS, lot: lot(7, 0), amount: Points::new(2), to: Account::Redeemed };
    let first = record(vec![credit(0, Account::Issued, AT), credit(1, Account::Issued, AT)]);
    let mut second = record(vec![debit, credit(0, Account::Issued, AT)]);
    (second.seq, second.occurred_at) = (Seq::new(8), LATER);
    let mut denied = record(vec![credit(0, Account::Issued, AT)]);
    (denied.seq, denied.status) = (Seq::new(9), Status::Denied);
    let records: Vec<Arc<Record>> = [first, second, denied].map(Arc::new).to_vec();
    let asked = |from, after, limit| Statement { member: "ann", from, to: None, after, limit };
    let mut next = None;
    let mut tell = |asked: Statement<'_>| {
        let told = written(|out, names| {
            next = statement(out, &records, &asked, names);
            out.end_object();
        });
        (told, next)
    };
    let rows = |told: &Value| -> Vec<(i64, i64)> {
        let row = |row: &Value| (row["amount"].as_i64().unwrap(), row["balance"].as_i64().unwrap());
        told["entries"].as_array().unwrap().iter().map(row).collect()
    };
    let (told, next) = tell(asked(None, None, 50));
    assert_eq!((rows(&told), next), (vec![(5, 5), (-2, 3), (5, 8)], None));
    assert_eq!((&told["opening"]["points"], &told["closing"]["points"]), (&json!(0), &json!(8)));
    let (told, next) = tell(asked(Some(LATER), None, 1));
    assert_eq!((rows(&told), next), (vec![(-2, 3)], Some((LATER, Seq::new(8), 0))));
    assert_eq!((&told["opening"]["points"], &told["closing"]["points"]), (&json!(5), &json!(8)));
    let (told, next) = tell(asked(Some(LATER), next, 1));
    assert_eq!((rows(&told), next), (vec![(5, 8)], None));
    assert_eq!(told["entries"][0]["event"], json!({"source": "till", "id": "1"}));
}

#[test]
fn a_program_by_name() {
    let files = vec![("program.toml".into(), "[program]\nname = \"Shop\"\nzone = \"UTC\"\n".to_owned())];
    let rules = crate::rules::Program::compile(&crate::rules::ProgramFiles::new("shop", files)).unwrap();
    let rules = rules.bind(1, |_| Some(POINTS));
    let told = written(|out, names| program(out, names, &rules, AT));
    assert_eq!(
        told["pools"],
        json!([{"pool": "points", "transferable": true}, {"pool": "miles", "transferable": false}])
    );
    assert_eq!(told["tiers"], json!([{"tier": "silver", "from": 0}, {"tier": "gold", "from": 50_000}]));
    assert_eq!(told["cards"], json!([{"card": "coffee", "of": 10, "reward": "free_coffee"}]));
}

proptest! {
    #[test]
    fn any_text_of_an_answer_comes_back(text in any::<String>(), seq in any::<u64>(), at in any::<i64>(), wanted in any::<i64>()) {
        let mut record = record(vec![credit(0, Account::Issued, TimeMs::new(at))]);
        (record.seq, record.recorded_at) = (Seq::new(seq), TimeMs::new(at));
        record.clipped = vec![Clip { party: 0, what: Clipped::Pool(POINTS), wanted, given: 0, limit: Text::new(&text) }];
        record.faults = vec![ScriptFault { at: Text::new(&text), message: text.clone() }];
        if let Input::Event(event) = &mut record.input {
            Arc::make_mut(event).id = Text::new(&text);
        }
        let answer = written(|out, names| event(out, &record, names, false));
        prop_assert_eq!((&answer["id"], &answer["seq"]), (&json!(text), &json!(seq)));
        prop_assert_eq!(&answer["clipped"][0], &json!({"pool": "points", "wanted": wanted, "given": 0, "limit": text}));
        prop_assert_eq!(&answer["faults"], &json!([{"at": text, "message": text}]));
    }
}

//! The one door of the ledger's tables: terms and steps as text, run against `decide` and `apply`. After every record the books
//! are audited; whenever time has passed, members are what [`settled`] foretold; at the end all records are written as the
//! journal would, read back and replayed into a fresh state, which must be equal.

mod acts;
mod calendar;
mod lines;
pub mod model;
pub mod orders;
pub mod random;
mod reviews;
pub mod shares;
pub mod tiers;
pub mod whole;
mod words;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use tallystick::journal::codec::{decode_record, encode_record};
use tallystick::ledger::apply::{apply, takes_effect};
use tallystick::ledger::audit::audit;
use tallystick::ledger::calendar::{Span, Zone};
use tallystick::ledger::decide::{self, Books, Past, next_due, settled};
use tallystick::ledger::event::{Adjustment, Event, EventKind, Transfer};
use tallystick::ledger::member::Member;
use tallystick::ledger::record::{Account, Assessment, Effect, Input, Party, Record, RulesetFiles, Snapshot, Status};
use tallystick::ledger::reject::Reject;
use tallystick::ledger::state::State;
use tallystick::ledger::terms::{
    CapPeriod, CapTerms, CardTerms, Expiry, LevelTerms, Period, PoolTerms, ReferralTerms, RewardTerms, Terms, TierTerms,
};
use tallystick::ledger::types::{MemberKey, Money, NameId, Points, ProgramId, Text, TimeMs};

use words::{lines, option, span, time};

/// A program and the steps taken on it.
pub struct World {
    names: Vec<Text>,
    terms: Terms,
    state: State,
    records: Vec<Record>,
    now: TimeMs,
    events: u32,
    /// What postings came to, by member and pool: counted from the effects alone.
    entries: BTreeMap<(Text, NameId), i64>,
    /// Which orders members have, as far as it was found out, and how many records were read for it.
    pasts: RefCell<BTreeMap<Text, Past>>,
    read: Cell<usize>,
}

const PROGRAM: ProgramId = ProgramId::new(0);

/// Runs `steps` on a program with `terms`; panics with the line that does not hold.
#[track_caller]
pub fn check(terms: &str, steps: &str) {
    let mut world = World::new(terms);
    for line in lines(steps) {
        world.step(line);
    }
    world.replay();
}

impl World {
    /// A program with these terms and no member yet.
    pub fn new(text: &str) -> Self {
        let terms = Terms {
            version: 1,
            auto_enroll: true,
            spend_counter: NameId::new(0),
            purchases_counter: NameId::new(1),
            ..Terms::default()
        };
        let names = vec![Text::new("spend"), Text::new("purchases")];
        let state = State::default();
        let (records, entries) = (Vec::new(), BTreeMap::new());
        let (pasts, read) = (RefCell::default(), Cell::default());
        let mut world = Self { names, terms, state, records, now: TimeMs::EPOCH, events: 0, entries, pasts, read };
        lines(text).for_each(|line| world.declare(line));
        let files = RulesetFiles {
            program: Text::new("test"),
            hash: Text::default(),
            files: Vec::new(),
            new_names: world.names.clone(),
        };
        world.take(world.record(Input::Ruleset(Arc::new(files))));
        world
    }

    /// A record without effects.
    fn record(&self, input: Input) -> Record {
        Record {
            seq: self.state.seq.next(),
            program: PROGRAM,
            recorded_at: self.now,
            occurred_at: self.now,
            ruleset: 1,
            input,
            status: Status::Posted,
            parties: Vec::new(),
            effects: Vec::new(),
            clipped: Vec::new(),
            fraud: Assessment::default(),
            observed: Vec::new(),
            operations: 0,
            faults: Vec::new(),
        }
    }

    fn name(&mut self, name: &str) -> NameId {
        let at = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(Text::new(name));
            self.names.len() - 1
        });
        NameId::new(u16::try_from(at).unwrap())
    }

    fn declare(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["pool", name, ..] => {
                let expiry = match option(line, "expires") {
                    None => Expiry::Never,
                    Some(text) => match text.strip_prefix("inactive").map(span) {
                        Some(Span::Months(months)) => Expiry::Inactivity { months },
                        Some(other) => panic!("inactivity of {other:?}"),
                        None => calendar::expiry(text),
                    },
                };
                let pending = option(line, "pending").map(span);
                let transferable = words.contains(&"transferable");
                let refund = orders::policy(line);
                let (name, earned) = (self.name(name), option(line, "earned").map(|name| self.name(name)));
                let terms = PoolTerms { name, expiry, pending, transferable, refund, earned, ..PoolTerms::default() };
                self.terms.pools.push(terms);
            }
            ["cap", cap, pool, period, limit, own @ ..] => {
                let period = match *period {
                    "event" => CapPeriod::Event,
                    "day" => CapPeriod::Member(Period::Day),
                    "year" => CapPeriod::Member(Period::Year),
                    "month" => CapPeriod::Member(Period::Month),
                    "program" => CapPeriod::Program,
                    other => panic!("a cap over {other}"),
                };
                let (pool, counter) = (self.name(pool), self.name(&format!("cap:{pool}:{cap}")));
                let limit = Points::new(limit.parse().unwrap());
                let own = own.contains(&"own");
                self.terms.caps.push(CapTerms { name: Text::new(cap), pool, period, limit, counter, own });
            }
            ["tier", name, from] => {
                let level = LevelTerms { name: self.name(name), any: vec![tiers::need(&self.terms, from)] };
                self.terms.tiers.get_or_insert_with(TierTerms::default).levels.push(level);
            }
            ["tiers", ..] => tiers::declare(&mut self.terms, line),
            ["card", name, size, ..] => {
                let (card, reward) = (self.name(name), self.name("free"));
                self.terms.rewards.push(RewardTerms { name: reward, ..RewardTerms::default() });
                self.terms.cards.push(CardTerms {
                    name: card,
                    size: size.parse().unwrap(),
                    spacing_ms: option(line, "spacing").map_or(0, |_| 30 * 60_000),
                    per_day: option(line, "per_day").map(|n| n.parse().unwrap()),
                    worth: orders::worth(line),
                    stamps_expire: option(line, "stamps_expire").map(span),
                    reward,
                    ..CardTerms::default()
                });
            }
            ["referral", ..] => {
                let number = |name: &str| option(line, name).unwrap().parse::<i64>().unwrap();
                self.terms.referral = Some(ReferralTerms {
                    pool: self.name("points"),
                    friend: Points::new(number("friend")),
                    referrer: Points::new(number("referrer")),
                    minimum: Money::new(number("minimum")),
                    yearly_cap: Some(u32::try_from(number("cap")).unwrap()),
                    counter: self.name("referred"),
                    vest: option(line, "vest").map(span),
                });
            }
            ["zone", zone] => self.terms.zone = Zone::named(zone).unwrap(),
            ["currency", code] => self.terms.currency = Text::new(*code),
            ["lateness", _] => self.terms.max_lateness_ms = Some(72 * 3_600_000),
            other => self.declare_spending(other, line),
        }
    }

    fn books(&self) -> Books<'_> {
        Books { state: &self.state, program: PROGRAM, terms: &self.terms, now: self.now }
    }

    fn take(&mut self, mut record: Record) {
        apply(&mut self.state, &record);
        for party in &mut record.parties {
            let key = MemberKey { program: PROGRAM, id: party.member.clone() };
            party.after = self.state.members[&key].snapshot(record.recorded_at);
        }
        self.enter(&record);
        self.records.push(record);
        let found = audit(&self.state);
        assert!(found.is_empty(), "the books after record {}: {found:?}\n{:?}", self.state.seq, self.records.last());
    }

    /// Adds a record's entries, and compares their sum with what its members hold.
    fn enter(&mut self, record: &Record) {
        for effect in record.effects.iter().filter(|effect| takes_effect(record.status, effect)) {
            let (pool, amount) = match effect {
                Effect::Credit(credit) => (credit.pool, credit.amount.get()),
                Effect::Restore { pool, amount, .. } => (*pool, amount.get()),
                Effect::Debit { pool, amount, .. }
                | Effect::Spend { pool, amount, .. }
                | Effect::Owe { pool, amount, .. } => (*pool, -amount.get()),
                // What repays a debt with points that are there already moves nothing.
                _ => continue,
            };
            let member = record.parties[usize::from(effect.party())].member.clone();
            *self.entries.entry((member, pool)).or_default() += amount;
        }
        for party in &record.parties {
            let member = &self.state.members[&MemberKey { program: PROGRAM, id: party.member.clone() }];
            for pool in &member.pools {
                let entries = self.entries.get(&(party.member.clone(), pool.pool)).copied().unwrap_or(0);
                assert_eq!(pool.total().get(), entries, "entries of {} after record {}", party.member, record.seq);
            }
        }
    }

    /// How many records there are beside the first, which declares the program.
    pub fn commands(&self) -> usize {
        self.records.len() - 1
    }

    /// Whether there is something that a step such as `capture` or `reverse` can name.
    pub fn has(&self, verb: &str) -> bool {
        let fits = |effect: &Effect| match verb {
            "capture" => matches!(effect, Effect::Hold { .. }),
            "reverse" => matches!(effect, Effect::Redeem { .. }),
            _ => matches!(effect, Effect::Grant { .. }),
        };
        self.records.iter().flat_map(|record| &record.effects).any(fits)
    }

    /// Whether an order of a name is recorded and stands.
    pub fn stands(&self, order: &str) -> bool {
        let of = |record: &Record| record.input.event().is_some_and(|event| event.order() == order);
        self.records.iter().any(|record| record.status == Status::Posted && of(record))
    }

    /// The counters of a member by name, over their whole life.
    pub fn counted(&self, member: &str) -> Vec<(String, i64)> {
        let member = &self.state.members[&MemberKey { program: PROGRAM, id: Text::new(member) }];
        let name = |id: NameId| self.names[usize::from(id.get())].to_string();
        member.counters.iter().map(|counter| (name(counter.name), counter.ever)).collect()
    }

    /// Moves the clock; everything due is recorded.
    pub fn set_now(&mut self, now: TimeMs) {
        self.now = now;
        self.catch_up();
    }

    /// When something falls due next.
    pub fn next_instant(&self) -> Option<TimeMs> {
        self.next_due().map(|(at, _)| at)
    }

    /// Does what a line of a table says.
    #[track_caller]
    pub fn step(&mut self, line: &str) {
        let (todo, code) = line.split_once("->").map_or((line, None), |(todo, code)| (todo, Some(code.trim())));
        match todo.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["at", when] => self.now = time(when),
            ["=", member, ..] => self.compare(member, todo),
            ["books", pool, said @ ..] => assert_eq!(self.books_of(pool), said.join(" "), "{line}"),
            ["trace", order, "=", ..] => {
                let (_, told) = todo.split_once("= ").unwrap();
                assert_eq!(self.trace(order), told.trim(), "{line}");
            }
            _ => match (self.attempt(todo), code) {
                (Ok(record), None) => expect_record(&record, todo),
                (Err(reject), Some(code)) => assert_eq!(reject.code(), code, "{line}"),
                (decided, _) => panic!("{line}: got {decided:?}"),
            },
        }
        self.catch_up();
    }

    /// Decides a step and takes its record in.
    pub fn attempt(&mut self, line: &str) -> Result<Record, Reject> {
        let record = match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["buy", member, amount, ..] => self.event(&EventKind::Purchase, member, amount, line),
            ["enroll", member, ..] => self.event(&EventKind::Enroll, member, "0", line),
            ["adjust", member, amount, ..] => self.adjust(member, amount, line),
            ["transfer", from, to, amount, ..] => self.transfer(from, to, amount, line),
            ["owe", member, amount, ..] => Ok(self.owe(member, amount, option(line, "pool").unwrap_or("points"))),
            ["refund", member, ..] => {
                self.event(&EventKind::Refund, member, option(line, "amount").unwrap_or(""), line)
            }
            ["fee", member, amount, ..] => self.event(&EventKind::Fee, member, amount, line),
            ["visit", member, ..] => self.event(&EventKind::Visit, member, "0", line),
            ["profile", member, ..] => self.event(&EventKind::Profile, member, "0", line),
            [outcome @ ("clear" | "confirm"), member, ..] => return self.resolve(outcome, member, line),
            other => self.act(other, line),
        }?;
        self.take(record.clone());
        self.find_awaited(&record);
        Ok(record)
    }

    /// Everything due is recorded, in due order. What comes of it is what reading at this time said before.
    fn catch_up(&mut self) {
        let settle = |(key, member): (&MemberKey, &Arc<Member>)| {
            (key.clone(), settled(member, &self.terms, self.now).into_owned())
        };
        let foretold: Vec<(MemberKey, Member)> = self.state.members.iter().map(settle).collect();
        for (key, member) in &foretold {
            self.add_up(key, member);
        }
        while let Some((at, key)) = self.next_due().filter(|(at, _)| *at <= self.now) {
            let record = decide::due(&self.books(), &key.id).expect("something is due");
            assert_eq!(record.occurred_at, at, "it is recorded at its due time");
            self.take(record);
        }
        for (key, member) in foretold {
            let since = member.last;
            let (now, foretold) =
                (&*self.state.members[&key], Member { last: self.state.members[&key].last, ..member });
            // What time gives has the name of its record, which a read cannot know.
            if *now != foretold {
                assert_eq!(calendar::unnamed(now, since), calendar::unnamed(&foretold, since), "{:?} by now", key.id);
            }
        }
    }

    /// What falls due first, and for whom.
    fn next_due(&self) -> Option<(TimeMs, MemberKey)> {
        let due = |(key, member): (&MemberKey, &Arc<Member>)| Some((next_due(member, &self.terms)?, key.clone()));
        self.state.members.iter().filter_map(due).min()
    }

    /// What a read at an instant shows: available, pending, held, debt.
    pub fn buckets(&self, member: &str, at: TimeMs) -> [i64; 4] {
        let key = MemberKey { program: PROGRAM, id: Text::new(member) };
        let Some(member) = self.state.member(&key) else { return [0; 4] };
        let member = settled(member, &self.terms, at);
        let points = self.names.iter().position(|name| name == "points").unwrap();
        let pool = member.pool(NameId::new(u16::try_from(points).unwrap()));
        pool.map_or([0; 4], |pool| [pool.available(at), pool.pending(at), pool.held(), pool.debt].map(Points::get))
    }

    /// Tier, rewards, refunds that wait, purchases and spend of a member now.
    pub fn standing(&self, member: &str) -> (&str, usize, usize, i64, i64) {
        let member = &self.state.members[&MemberKey { program: PROGRAM, id: Text::new(member) }];
        let tier = member.tier.map_or("none", |tier| self.names[usize::from(tier.get())].as_str());
        let waiting = member.standing().map_or(0, |standing| standing.early_refunds.len());
        let ever = |counter| member.counter(counter).map_or(0, |known| known.ever);
        let (purchases, spend) = (ever(self.terms.purchases_counter), ever(self.terms.spend_counter));
        (tier, member.grants.len(), waiting, purchases, spend)
    }

    /// What all records give once more, through the journal's bytes.
    pub fn replay(&self) {
        let mut again = State::default();
        for record in &self.records {
            let mut bytes = Vec::new();
            encode_record(record, &mut bytes);
            let (read, length) = decode_record(&bytes).unwrap();
            assert_eq!((&read, length), (record, bytes.len()), "the journal gives back what it was given");
            apply(&mut again, &read);
            for party in &read.parties {
                let key = MemberKey { program: PROGRAM, id: party.member.clone() };
                assert_eq!(again.members[&key].snapshot(read.recorded_at), party.after, "after record {}", read.seq);
            }
        }
        assert_eq!(again.members, self.state.members, "replaying the records gives the same members");
        assert_eq!(again.programs, self.state.programs, "replaying the records gives the same books");
    }

    /// A debt, as a refund leaves it that finds nothing to take.
    fn owe(&mut self, member: &str, amount: &str, pool: &str) -> Record {
        let (id, pool, amount) = (Text::new(member), self.name(pool), Points::new(amount.parse().unwrap()));
        let previous = self.state.members[&MemberKey { program: PROGRAM, id: id.clone() }].last;
        Record {
            parties: vec![Party { member: id.clone(), previous, after: Snapshot::default() }],
            effects: vec![Effect::Owe { party: 0, pool, amount, to: Account::Reversed }],
            ..self.record(Input::Due(id))
        }
    }

    fn event(&mut self, kind: &EventKind, member: &str, amount: &str, line: &str) -> Result<Record, Reject> {
        self.events += 1;
        let text = |name: &str| option(line, name).map(Text::new);
        let event = Arc::new(Event {
            id: Text::new(format!("e{}", self.events)),
            source: Text::new("test"),
            kind: kind.clone(),
            member: Text::new(member),
            occurred_at: option(line, "on").map_or(self.now, time),
            order: text("order"),
            currency: text("currency"),
            given_amount: amount.parse().ok().map(Money::new),
            items: orders::items(line, kind),
            tenders: Vec::new(),
            context: tallystick::ledger::event::Context::default(),
            membership: text("plan"),
            personal: calendar::personal(line),
            attributes: calendar::told(line),
        });
        let proposal = self.proposal(&event, line);
        let judgement = reviews::judgement(line);
        if event.kind == EventKind::Refund {
            let subject = self.subject(&event);
            return decide::refund(&self.books(), &event, proposal, judgement, subject.as_ref());
        }
        decide::event(&self.books(), &event, proposal, judgement)
    }

    fn adjust(&self, member: &str, amount: &str, line: &str) -> Result<Record, Reject> {
        let adjustment = Adjustment {
            member: Text::new(member),
            pool: Text::new(option(line, "pool").unwrap_or("points")),
            amount: Points::new(amount.parse().unwrap()),
            reason: Text::new("test"),
            expires_at: option(line, "expires").map(time),
            pending: line.contains("pending"),
            context: None,
        };
        decide::adjust(&self.books(), &Arc::new(adjustment), &Text::default(), reviews::judgement(line))
    }

    fn transfer(&self, from: &str, to: &str, amount: &str, line: &str) -> Result<Record, Reject> {
        let transfer = Transfer {
            from: Text::new(from),
            to: Text::new(to),
            pool: Text::new("points"),
            amount: Points::new(amount.parse().unwrap()),
            context: None,
        };
        decide::transfer(&self.books(), &Arc::new(transfer), &Text::default(), reviews::judgement(line))
    }

    #[track_caller]
    fn compare(&mut self, member: &str, line: &str) {
        let at = option(line, "at").map_or(self.now, time);
        let key = MemberKey { program: PROGRAM, id: Text::new(member) };
        if line.contains("unknown") {
            assert!(self.state.member(&key).is_none(), "{line}");
            return;
        }
        let points = self.name("points");
        let coffee = self.name("coffee");
        let member = settled(&self.state.members[&key], &self.terms, at).into_owned();
        let pool = member.pool(points).cloned().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some(at_word) = words.iter().position(|word| *word == "points") {
            assert_eq!(pool.available(at).to_string(), words[at_word + 1], "{line}");
        }
        let tier = member.tier.map_or("none", |tier| self.names[usize::from(tier.get())].as_str());
        let card = member.card(coffee).map_or(0, |card| card.stamps);
        for (name, value) in [
            ("pending", pool.pending(at).to_string()),
            ("debt", pool.debt.to_string()),
            ("held", pool.held().to_string()),
            ("tier", tier.to_owned()),
            ("coffee", card.to_string()),
            ("rewards", member.grants.len().to_string()),
            (
                "worth",
                member.grants.iter().filter_map(|g| g.value).map(|v| v.to_string()).collect::<Vec<_>>().join("+"),
            ),
        ]
        .into_iter()
        .chain(self.more(&member, at))
        .chain(self.by_calendar(&member, at))
        .collect::<Vec<_>>()
        {
            if let Some(expected) = option(line, name) {
                assert_eq!(value, expected, "{name} in: {line}");
            }
        }
    }
}

#[track_caller]
fn expect_record(record: &Record, line: &str) {
    if let Some(status) = option(line, "status") {
        assert_eq!(format!("{:?}", record.status).to_lowercase(), status, "{line}");
    }
    let clipped: Vec<String> =
        record.clipped.iter().map(|clip| format!("{}:{}:{}", clip.wanted, clip.given, clip.limit)).collect();
    let expected: Vec<&str> = option(line, "clipped").into_iter().collect();
    assert_eq!(clipped, expected, "{line}");
}

//! Acts in the ledger's tables, and the terms that only spending asks for.
//!
//! ```text
//! pool points minimum=50 gifts=100    the least that is spent, and given to the charity `wildlife`
//! reward mug 30 value=500 stock=2 yearly=1 expires=10d tier=gold
//! hold A 30 ttl=1h | hold A mug       keeps points aside; `capture A 20`, `release A` mean the latest hold
//! redeem A 30 | redeem A mug          `reverse A 10` means the latest redemption, `use A` and `cancel A` the latest grant
//! household 3                         points are spent in common, by at most three
//! merge A B | join B home A B | leave B
//! release A of=12:0                   of a hold, a redemption or a grant that is not the latest, by its record and place
//! donate A 120 wildlife | freeze A | unfreeze A | tell A credit_card=approved | erase A
//! ```

use std::sync::Arc;

use tallystick::ledger::act::{Act, Spend, What};
use tallystick::ledger::calendar::Span;
use tallystick::ledger::decide::{self, Earlier};
use tallystick::ledger::proposal::Proposal;
use tallystick::ledger::record::{Effect, Record};
use tallystick::ledger::reject::Reject;
use tallystick::ledger::terms::{CapPeriod, Expiry, HouseholdTerms, Period, PoolTerms, RewardTerms};
use tallystick::ledger::types::{LotId, Money, Points, Seq, Text};

use super::{World, option, span};

impl World {
    pub(super) fn declare_spending(&mut self, words: &[&str], line: &str) {
        match words {
            ["spending", pool, ..] => {
                let (pool, wildlife) = (self.name(pool), self.name("wildlife"));
                let number = |name: &str| Points::new(option(line, name).map_or(0, |n| n.parse().unwrap()));
                let known: &mut PoolTerms = self.terms.pools.iter_mut().find(|known| known.name == pool).unwrap();
                (known.spend_minimum, known.donate_minimum) = (number("minimum"), number("gifts"));
                known.charities.push(wildlife);
            }
            ["reward", reward, price, ..] => {
                let (name, pool) = (self.name(reward), self.name("points"));
                let stock = option(line, "stock").map(|n| (self.name(&format!("stock:{reward}")), n.parse().unwrap()));
                let counter = self.name(&format!("bought:{reward}"));
                let yearly = |n: &str| (counter, CapPeriod::Member(Period::Year), n.parse().unwrap());
                let tiers = option(line, "tier").map(|tier| self.name(tier)).into_iter().collect();
                self.terms.rewards.push(RewardTerms {
                    name,
                    value: option(line, "value").map(|n| Money::new(n.parse().unwrap())),
                    expires: option(line, "expires").map_or(Expiry::Never, super::calendar::expiry),
                    price: price.parse().ok().map(|price| (pool, Points::new(price))),
                    stock,
                    per_member: option(line, "yearly").map(yearly),
                    tiers,
                });
            }
            ["household", most] => {
                let pools = vec![self.name("points")];
                self.terms.household = Some(HouseholdTerms { pools, members_max: most.parse().unwrap() });
            }
            _ => self.declare_calendar(line),
        }
    }

    /// Decides an act and takes its record in.
    pub(super) fn act(&mut self, words: &[&str], line: &str) -> Result<Record, Reject> {
        let [verb, member, rest @ ..] = words else { panic!("step: {words:?}") };
        let amount = || rest.first().and_then(|n| n.parse().ok()).map(Points::new);
        let told = option(line, "of").map(|id| {
            let (seq, index) = id.split_once(':').unwrap();
            LotId { seq: Seq::new(seq.parse().unwrap()), index: index.parse().unwrap() }
        });
        let latest = |of: fn(&Record, &Effect) -> Option<LotId>| told.unwrap_or_else(|| self.latest(of));
        let (verb, member) = (*verb, Text::new(member));
        let what = match verb {
            "hold" => {
                let ttl_ms = option(line, "ttl").map_or(3_600_000, |text| match span(text) {
                    Span::Exact(ms) => ms,
                    Span::Days(days) => i64::from(days) * 86_400_000,
                    Span::Months(months) => panic!("a ttl of {months} months"),
                });
                What::Hold { spend: spend(rest), ttl_ms, order: None }
            }
            "capture" => What::Capture { hold: latest(hold_of), amount: amount() },
            "release" => What::Release { hold: latest(hold_of) },
            "redeem" => What::Redeem { spend: spend(rest), order: None },
            "reverse" => What::Reverse { redemption: latest(redemption_of), amount: amount() },
            "use" => What::Use { grant: latest(grant_of) },
            "cancel" => What::Cancel { grant: latest(grant_of) },
            "donate" => {
                What::Donate { pool: Text::new("points"), amount: amount().unwrap(), charity: Text::new(rest[1]) }
            }
            "freeze" | "unfreeze" => What::Freeze { frozen: verb == "freeze", reason: Text::default() },
            "tell" => {
                let (name, value) = rest[0].split_once('=').unwrap();
                let attributes = vec![(Text::new(name), Text::new(value))];
                What::Update { birthday: None, attributes, choices: Vec::new() }
            }
            "choose" => {
                let (name, value) = rest[0].split_once('=').unwrap();
                let choices = vec![(Text::new(name), Text::new(value))];
                What::Update { birthday: None, attributes: Vec::new(), choices }
            }
            "erase" => What::Erase,
            "merge" => What::Merge { into: Text::new(rest[0]) },
            "join" => What::Join {
                household: Text::new(rest[0]),
                members: rest[1..].iter().map(|id| Text::new(*id)).collect(),
            },
            "leave" => What::Leave,
            other => panic!("step: {other:?}"),
        };
        let earlier = match &what {
            What::Reverse { redemption, .. } => self.earlier(*redemption),
            What::Capture { hold, .. } | What::Release { hold } => {
                let first = self.records.iter().find(|record| record.seq == hold.seq);
                Earlier { first: first.cloned().map(Arc::new), latest: None }
            }
            What::Join { household, .. } => Earlier { first: None, latest: self.latest_of(household) },
            _ => Earlier::default(),
        };
        let judgement = super::reviews::judgement(line);
        let act = Arc::new(Act { member, context: None, what });
        decide::act(&self.books(), &act, &Text::default(), (&earlier, Proposal::default()), judgement)
    }

    /// What the engine would read back: the redemption's record and its latest reversal.
    fn earlier(&self, redemption: LotId) -> Earlier {
        let of = |record: &&Record, wanted: &dyn Fn(&Effect) -> bool| record.effects.iter().any(wanted);
        let redeems = |effect: &Effect| matches!(effect, Effect::Redeem { id, .. } if *id == redemption);
        let first = self.records.iter().find(|record| of(record, &redeems));
        let reverses = |effect: &Effect| matches!(effect, Effect::Reversal { of, .. } if *of == redemption);
        let latest = self.records.iter().rev().find(|record| of(record, &reverses));
        Earlier { first: first.cloned().map(Arc::new), latest: latest.cloned().map(Arc::new) }
    }

    /// The reward that a redemption bought, once it has.
    pub fn grant_of(&self, redemption: LotId) -> Option<LotId> {
        let bought = |record: &Record| {
            record.effects.iter().find_map(|effect| match effect {
                Effect::Redeem { id, reward: Some((_, index)), .. } if *id == redemption => {
                    Some(LotId { seq: record.seq, index: *index })
                }
                _ => None,
            })
        };
        self.records.iter().find_map(bought)
    }

    /// The latest record of who lives in a household.
    fn latest_of(&self, household: &Text) -> Option<Arc<Record>> {
        let of = |effect: &Effect| matches!(effect, Effect::Household { household: Some((name, _)), .. } if name == household);
        self.records.iter().rev().find(|record| record.effects.iter().any(of)).cloned().map(Arc::new)
    }

    fn latest(&self, id: fn(&Record, &Effect) -> Option<LotId>) -> LotId {
        let of = |record: &Record| record.effects.iter().rev().find_map(|effect| id(record, effect));
        self.records.iter().rev().find_map(of).expect("there is one")
    }
}

fn spend(words: &[&str]) -> Spend {
    match words[0].parse() {
        Ok(amount) => Spend::Points { pool: Text::new("points"), amount: Points::new(amount) },
        Err(_) => Spend::Reward(Text::new(words[0])),
    }
}

fn hold_of(record: &Record, effect: &Effect) -> Option<LotId> {
    match effect {
        Effect::Hold { index, .. } => Some(LotId { seq: record.seq, index: *index }),
        _ => None,
    }
}

fn redemption_of(_: &Record, effect: &Effect) -> Option<LotId> {
    match effect {
        Effect::Redeem { id, .. } => Some(*id),
        _ => None,
    }
}

fn grant_of(record: &Record, effect: &Effect) -> Option<LotId> {
    match effect {
        Effect::Grant { index, .. } => Some(LotId { seq: record.seq, index: *index }),
        _ => None,
    }
}

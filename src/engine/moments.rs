//! What scripts are asked beside events: what a redemption costs, what a change of tier or a schedule brings. Their answers become
//! effects of the record that brought it, so replay asks nobody.

use std::sync::Arc;

use super::core::{About, Core};
use super::handle::Command;
use crate::fraud;
use crate::ledger::act::{Act, Spend, What};
use crate::ledger::decide::{self, Books, Judgement};
use crate::ledger::member::Member;
use crate::ledger::proposal::{Intent, Proposal};
use crate::ledger::provenance::Condition;
use crate::ledger::record::{Effect, Input, Record, ScriptFault, Status};
use crate::ledger::reject::Reject;
use crate::ledger::state::State;
use crate::ledger::terms::{Action, Terms};
use crate::ledger::tiers::rank;
use crate::ledger::types::{ProgramId, Text, TimeMs};
use crate::rules::{self, Asked, Compiled, Occasion, RedeemAsked, TraceLine};

/// By what something is decided.
#[derive(Clone, Copy)]
pub(super) struct By<'a> {
    pub(super) state: &'a State,
    pub(super) program: ProgramId,
    pub(super) version: &'a Arc<Compiled>,
    /// The version's own, but where somebody unknown is taken for one who enrols.
    pub(super) terms: &'a Terms,
}

impl By<'_> {
    fn books(&self, now: TimeMs) -> Books<'_> {
        Books { state: self.state, program: self.program, terms: self.terms, now }
    }

    /// Decides a command, and asks the scripts about what it brings. An event is then decided anew with what they want, so that all
    /// of it goes back with its order.
    pub(super) fn decide(
        &self,
        command: &Command,
        mut proposal: Proposal,
        about: About<'_>,
        judged: Judgement,
        trace: Option<&mut Vec<TraceLine>>,
    ) -> Result<Record, Reject> {
        let on = |mut proposal: Proposal, judged: Judgement| {
            let assessment = fraud::combine(judged.assessment, std::mem::take(&mut proposal.raised));
            let judged = Judgement { assessment, ..judged };
            Core::decide_on(self.state, self.terms, (self.program, command), proposal, about, judged)
        };
        if !self.version.asks_beside() {
            return on(proposal, judged);
        }
        let mut first = on(proposal.clone(), judged.clone())?;
        let Some(given) = self.asked_about(&first, trace) else { return Ok(first) };
        if !matches!(command, Command::Event(_)) {
            decide::scripted(&self.books(about.now), &mut first, given);
            return Ok(first);
        }
        let faults = given.faults.clone();
        add(&mut proposal, given);
        Ok(on(proposal, judged).unwrap_or_else(|reject| {
            let message = format!("what the scripts gave was left out: {reject}");
            first.faults.extend(faults);
            first.faults.push(ScriptFault { at: Text::new_static("scripts"), message });
            first
        }))
    }

    /// Adds to a record that no command asked for what scripts give for what it brings.
    pub(super) fn also(&self, mut record: Record) -> Record {
        if let Some(given) = self.asked_about(&record, None).filter(|_| self.version.asks_beside()) {
            decide::scripted(&self.books(record.recorded_at), &mut record, given);
        }
        record
    }

    /// What the scripts want for what a record brings; nothing where it brings nothing they are asked about.
    fn asked_about(&self, record: &Record, mut trace: Option<&mut Vec<TraceLine>>) -> Option<Proposal> {
        let occasions = self.occasions(record);
        let party = record.parties.first().filter(|_| !occasions.is_empty())?;
        let member = decide::left(&self.books(record.recorded_at), record).map(Arc::new);
        let mut all = Proposal::default();
        for occasion in occasions {
            let asked = Asked::new(occasion, &party.member, record.occurred_at, (None, None));
            let mut given = rules::ask(self.version, &asked, member.as_ref(), trace.as_deref_mut());
            self.hang(&asked, &mut given.intents);
            add(&mut all, given);
        }
        Some(all)
    }

    /// A reward that came with a tier hangs on it while it is unused: a refund that ends the tier withdraws it.
    fn hang(&self, asked: &Asked, intents: &mut [Intent]) {
        let (Some(to), Some(tiers)) = (asked.reached(), &self.terms.tiers) else { return };
        let from = tiers.levels.iter().skip_while(|level| level.name != to);
        let levels: Vec<_> = from.map(|level| level.name).collect();
        for intent in intents {
            if let Intent::Grant { condition: condition @ None, .. } = intent {
                *condition = Some(Condition::Tier(levels.clone()));
            }
        }
    }

    fn occasions(&self, record: &Record) -> Vec<Occasion> {
        if record.status != Status::Posted {
            return Vec::new();
        }
        let schedules = &self.terms.schedules;
        let found = record.effects.iter().filter_map(|effect| match effect {
            Effect::Tier { party: 0, from, to } if from != to => {
                let rank = |tier| self.terms.tiers.as_ref().map_or(0, |tiers| rank(tiers, tier));
                let (cause, up) = (cause(&record.input), rank(*to) > rank(*from));
                Some(Occasion::TierChange { from: *from, to: *to, up, cause })
            }
            Effect::Count { party: 0, counter, .. } => {
                let asks = schedules.iter().find(|s| s.name == *counter && s.action == Action::Script)?;
                let name = self.version.name(asks.name);
                Some(Occasion::Schedule { name: Text::new(name.strip_prefix("schedule:").unwrap_or(name)) })
            }
            _ => None,
        });
        found.collect()
    }
}

/// What moved a tier, in a word.
fn cause(input: &Input) -> Text {
    match input {
        Input::Event(event) => event.kind.wire_name(),
        Input::Act(act, _) => Text::new_static(act.what.name()),
        Input::Due(_) => Text::new_static("due"),
        Input::Review(_) => Text::new_static("review"),
        Input::Adjust(..) => Text::new_static("adjustment"),
        Input::Transfer(..) => Text::new_static("transfer"),
        Input::Ruleset(_) | Input::Rules(..) => Text::new_static("rules"),
    }
}

fn add(all: &mut Proposal, more: Proposal) {
    all.intents.extend(more.intents);
    all.raised.extend(more.raised);
    all.faults.extend(more.faults);
    all.operations = all.operations.saturating_add(more.operations);
}

/// What the scripts say of a redemption, or of a hold for one.
pub(super) fn redemption(version: &Arc<Compiled>, act: &Act, member: Option<&Arc<Member>>, now: TimeMs) -> Proposal {
    let (spend, order, hold) = match &act.what {
        What::Redeem { spend, order } => (spend, order, false),
        What::Hold { spend, order, .. } => (spend, order, true),
        _ => return Proposal::default(),
    };
    if !version.asks_redeem() || member.is_none() {
        return Proposal::default();
    }
    let asked = match spend {
        Spend::Points { pool, amount } => RedeemAsked { hold, reward: None, pool: pool.clone(), amount: *amount },
        Spend::Reward(name) => {
            let price = version.id(name).and_then(|id| version.terms.reward(id)?.price);
            let (pool, amount) = price.unwrap_or_default();
            let pool = price.map_or_else(Text::default, |_| version.name(pool).clone());
            RedeemAsked { hold, reward: Some(name.clone()), pool, amount }
        }
    };
    let asked = Asked::new(Occasion::Redeem(asked), &act.member, now, (act.context.as_deref(), order.as_ref()));
    rules::ask(version, &asked, member, None)
}
